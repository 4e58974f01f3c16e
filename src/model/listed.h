// SPDX-License-Identifier: MIT
/* Products with rows that are given by k places and values (hgi_listed), in the place of a
 * code [n,d] that is 0 nearly everywhere.
 *
 * Their cost grows with k, not with d:  z = a W^T is a sum of k rows of W^T; dL/da is
 * wanted at k places, k products of gz with rows of W^T; and the gradient of W, column by
 * column, sums over the rows that have the column, which hgi_listed_collect() finds. */
#ifndef HGI_LISTED_H
#define HGI_LISTED_H

#include "model/layer.h"

/* The lists by rows once more by columns, of which there are `columns`; n rows.  First
 * start[c + 1] becomes the number of values in column c; then the lists are made, with
 * those of dead units, aux a row, behind. */
void hgi_listed_start(const hgi_listed *s, int64_t n, int64_t columns);
void hgi_listed_collect(const hgi_listed *s, int64_t n, int64_t columns, int64_t aux);
/* out [r1 - r0, h] = init + the rows' values times rows of B [d,h]; init [h] or NULL. */
void hgi_listed_product(const hgi_pass *p, const hgi_listed *s, int64_t r0, int64_t r1,
                        int64_t h, const hgi_real *B, const hgi_real *init,
                        hgi_real *out);

/* Of a layer whose x is listed and whose first tensor is W [h,d]: the slot's packed matrix
 * becomes W^T; dL/dvalue from gy; tiles of the gradient of W. */
void hgi_listed_prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                        int64_t item);
void hgi_listed_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1);
int64_t hgi_listed_items(const hgi_layer *l);
void hgi_listed_gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker);

#endif
