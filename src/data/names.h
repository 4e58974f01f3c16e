// SPDX-License-Identifier: MIT
/* Names of classes: a list that does not change, shared by the datasets and the model that
 * refer to it.  Whoever keeps it counts as a user; the last one frees it.              */
#ifndef HGI_NAMES_H
#define HGI_NAMES_H

#include "base/base.h"

#include <stdatomic.h>

typedef struct hgi_names {
    hgi_mem mem;
    atomic_int users;
    int64_t count;
    char **name; /* [count], in the order in which numbers stand for them */
} hgi_names;

/* With room for `count` names, NULL ones, and one user. */
hg_status hgi_names_new(hg_ctx *ctx, int64_t count, hgi_names **out);
/* A copy of this text at a place, as UTF-8.  Errors  HG_ENOMEM. */
hg_status hgi_names_set(hg_ctx *ctx, hgi_names *n, int64_t at, const char *text);
/* One user more; takes NULL, and returns it. */
hgi_names *hgi_names_share(hgi_names *n);
/* One user less; takes NULL. */
void hgi_names_free(hgi_names **n);
/* The number of a name, the same to the letter, or else but for upper and lower case; -1:
 * there is none. */
int64_t hgi_names_find(const hgi_names *n, const char *text);

#endif
