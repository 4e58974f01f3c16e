// SPDX-License-Identifier: MIT
/* The losses of tables: gaps left out, words by softmax, each column weighing the same. */
#ifndef HGI_TABLE_H
#define HGI_TABLE_H

#include "model/net.h"

/* As the kernel `loss`, of a net with a schema, for R rows of outputs y [R, outputs]
 * against targets that may be NaN (see data/expand.h): these have no loss, and their
 * gradient is 0.  ldt 0: one target for all rows.  g == y allowed; NULL: no gradient.  */
void hgi_table_loss(const hgi_net *net, hgi_real scale, int64_t R, const hgi_real *y,
                    const hgi_real *t, int64_t ldt, hgi_real *g, double *row_loss);
/* Where a loss takes words by softmax: its outputs to probabilities, in place.         */
void hgi_table_predict(const hgi_net *net, int64_t n, hgi_real *y);
/* The loss of each column of one row, [columns], before predictions are made of y; NaN
 * where the value is missing.  By the loss `table` each is divided by what the best
 * constant costs, so that 1 is "no better than that".                                  */
void hgi_table_columns(const hgi_net *net, const hgi_real *y, const hgi_real *t,
                       double *column);
/* How far each column of n rows of targets t is from the predictions y, which
 * hgi_predict() made: t - y of a number, sqrt(-log p) of a word, the root of the sum of
 * squares of a column that has several features otherwise; NaN where a value is missing.
 * What is not finite is as far off as can be.                                          */
void hgi_table_errors(const hgi_net *net, int64_t n, const hgi_real *t, const hgi_real *y,
                      hgi_real *r);
#endif
