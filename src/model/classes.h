// SPDX-License-Identifier: MIT
/* The classes that a conditional model knows, and rows' labels as numbers of classes. */
#ifndef HGI_CLASSES_H
#define HGI_CLASSES_H

#include "data/data.h"

typedef struct hgi_classes {
    double *label; /* [count], ascending */
    int64_t count; /* 0: not conditional */
} hgi_classes;

/* The different labels of a dataset that has them.  Errors: HG_EINVAL it has none;
 * HG_ERANGE more than HGI_CLASSES_MOST. */
hg_status hgi_classes_find(hg_ctx *ctx, const hg_dataset *data, hgi_classes *out);
void hgi_classes_free(const hgi_mem *mem, hgi_classes *c);
/* The class of a label; -1: there is none. */
int64_t hgi_classes_place(const hgi_classes *c, double label);
/* "0, 1, 2, ... 9" into out. */
void hgi_classes_print(const hgi_classes *c, char *out, size_t n);
/* *out [data's labels]: the class of each row, for who frees it.  Errors: HG_EINVAL the
 * rows have no labels; HG_ERANGE a label that is not among the classes, with its row. */
hg_status hgi_classes_of(hg_ctx *ctx, const hgi_classes *c, const hg_dataset *data,
                         int32_t **out);

#endif
