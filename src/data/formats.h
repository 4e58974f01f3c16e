// SPDX-License-Identifier: MIT
/* Every reader and writer there is: a new one is its file, a line here, a row in open.c
 * or save.c.                                                                           */
#ifndef HGI_FORMATS_H
#define HGI_FORMATS_H

#include "data/data.h"

extern const hgi_reader hgi_reader_idx, hgi_reader_npy, hgi_reader_npz, hgi_reader_csv,
    hgi_reader_images;
/* Is a file with this beginning CSV, if nobody says what it is?                        */
bool hgi_reads_as_csv(const unsigned char *head, size_t n, const char *path);
/* The version of the library that reads NPZ archives; NULL when it is not built in.    */
const char *hgi_zip_version(void);
extern const hgi_writer hgi_writer_npy, hgi_writer_csv, hgi_writer_idx, hgi_writer_png;

/* Rows as PNG files.  rows -1: not known.  like must outlive it, and says what a row is,
 * and which pictures rows were.                                                        */
struct hgi_save_pictures;
hg_status hgi_save_pictures_open(hg_ctx *ctx, const char *path, const hg_dataset *like,
                                 int64_t rows, struct hgi_save_pictures **out);
/* Row by row, in order.                                                                */
hg_status hgi_save_pictures_row(struct hgi_save_pictures *s, int64_t row, const float *x);
/* A whole picture under the name of one of those that rows were.                       */
struct hgi_picture_item;
hg_status hgi_save_pictures_whole(struct hgi_save_pictures *s,
                                  const struct hgi_picture_item *item, const float *x,
                                  const int64_t size[2]);
void hgi_save_pictures_close(struct hgi_save_pictures **save);

#endif
