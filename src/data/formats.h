// SPDX-License-Identifier: MIT
/* Every reader and writer there is: a new one is its file, a line here, a row in open.c
 * or save.c.                                                                           */
#ifndef HGI_FORMATS_H
#define HGI_FORMATS_H

#include "data/data.h"

extern const hgi_reader hgi_reader_idx, hgi_reader_npy, hgi_reader_npz, hgi_reader_csv;
/* The version of the library that reads NPZ archives; NULL when it is not built in.    */
const char *hgi_zip_version(void);
extern const hgi_writer hgi_writer_npy, hgi_writer_csv, hgi_writer_idx;

#endif
