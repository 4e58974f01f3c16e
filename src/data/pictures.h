// SPDX-License-Identifier: MIT
/* The pictures that a dataset's rows were made of: their names, classes and sizes, and how
 * they became rows.  A picture gives one row, or one for each tile.                    */
#ifndef HGI_PICTURES_H
#define HGI_PICTURES_H

#include "data/data.h"
#include "data/picture.h"

typedef struct hgi_picture_item {
    char *path; /* below the folder */
    int64_t first, rows;
    int64_t label; /* class, or -1 */
    int64_t area[2];
    hgi_picture_head head;
} hgi_picture_item;

/* How rows were made of pictures, as a model keeps it.                                 */
struct hg_pictures {
    hgi_prep prep; /* channels are never 0 here */
    int bits;
};

struct hgi_pictures {
    hgi_mem mem;
    struct hg_pictures how;
    char *root;    /* the folder; NULL: one picture, whose path is its name */
    hgi_text text; /* the paths, and the names of classes */
    hgi_picture_item *item;
    int64_t count, room;
    char **class_name; /* [classes] */
    int64_t classes;
    int64_t others; /* files that are not called as pictures are */
    char other[64]; /* the first of those */
};

/* The pictures of a folder, in the order of their names, byte by byte; those of its folders
 * are of a class of that name, whatever folders lie in there.                          */
hg_status hgi_pictures_list(hg_ctx *ctx, const char *folder, struct hgi_pictures **out);
/* One picture. */
hg_status hgi_pictures_one(hg_ctx *ctx, const char *path, struct hgi_pictures **out);
void hgi_pictures_free(struct hgi_pictures **p);
/* Rows in folders of their own have those as labels; where one has none, none has. */
hg_status hgi_pictures_label(hg_ctx *ctx, hg_dataset *d);
/* The picture of a row as it is stored.                                                */
const hgi_picture_item *hgi_pictures_of(const struct hgi_pictures *p, int64_t stored);
/* "folder/path" into out. */
void hgi_pictures_path(const struct hgi_pictures *p, const hgi_picture_item *i, char *out,
                       size_t n);

#endif
