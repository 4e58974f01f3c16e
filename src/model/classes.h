// SPDX-License-Identifier: MIT
/* The classes that a conditional model knows, and rows' labels as numbers of classes.
 *
 * A class is a number, any one; or a name: then its label is its place in the list of
 * names, and rows' labels are held against it by name where they have names themselves. */
#ifndef HGI_CLASSES_H
#define HGI_CLASSES_H

#include "data/data.h"
#include "data/names.h"

typedef struct hgi_classes {
    double *label;    /* [count], ascending */
    int64_t count;    /* 0: not conditional */
    hgi_names *names; /* [count], labels being 0, 1, ...; NULL: classes are numbers */
} hgi_classes;

/* The different ones of these labels.  Errors: HG_EINVAL there are none (count 0);
 * HG_ERANGE more than HGI_CLASSES_MOST. */
hg_status hgi_classes_find(hg_ctx *ctx, const hgi_labels *l, hgi_classes *out);
/* Names are shared.  Errors: HG_ENOMEM. */
hg_status hgi_classes_copy(hg_ctx *ctx, const hgi_classes *c, hgi_classes *out);
void hgi_classes_free(const hgi_mem *mem, hgi_classes *c);
/* The class of a label; -1: there is none. */
int64_t hgi_classes_place(const hgi_classes *c, double label);
/* "0, 1, 2, ... 9" into out. */
void hgi_classes_print(const hgi_classes *c, char *out, size_t n);
/* A class as people call it. */
void hgi_classes_name(const hgi_classes *c, int64_t class, char *out, size_t n);
/* The class that a label of l stands for; -1: none. */
int64_t hgi_classes_match(const hgi_classes *c, const hgi_labels *l, double value);
/* *out [labels]: the class of each row, for who frees it.  Errors: HG_EINVAL there are no
 * labels; HG_ERANGE a label that is not among the classes, with its row. */
hg_status hgi_classes_of(hg_ctx *ctx, const hgi_classes *c, const hgi_labels *l,
                         int32_t **out);

#endif
