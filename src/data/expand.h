// SPDX-License-Identifier: MIT
/* Rows of a table as a net has them: see schema.h for what becomes of a column.        */
#ifndef HGI_EXPAND_H
#define HGI_EXPAND_H

#include "data/data.h"

/* Learn what a schema knows of rows (their gaps, weights of columns, latest dates), and the
 * scaler of its numbers.  The scaler owns the schema from then on.
 * Errors: HG_EUNKNOWN word; HG_EINVAL a scale for images; HG_ERANGE; HG_EIO.           */
hg_status hgi_table_fit(hg_ctx *ctx, const char *word, const hg_dataset *rows,
                        hgi_scaler *out);

/* A raw row as targets [features], NaN where a value is missing.                       */
void hgi_expand(const hgi_scaler *s, const float *raw, hgi_real *target);
/* n rows of targets as a net's input: nothing is where a value is missing, yes and no are
 * 1 and -1.  x == target allowed.                                                      */
void hgi_expand_input(const hgi_scaler *s, int64_t n, const hgi_real *target,
                      hgi_real *x);
/* A net's prediction as a raw row: the most probable word, the nearer of yes and no.   */
void hgi_collapse(const hgi_scaler *s, const hgi_real *y, float *raw);
/* Rows index[0..n-1] of a table, or first.. when index is NULL, as targets; scratch has
 * room for a row.                                                                      */
void hgi_batch_targets(const hg_dataset *d, const hgi_scaler *s, const int64_t *index,
                       int64_t first, int64_t n, float *scratch, hgi_real *target);

#endif
