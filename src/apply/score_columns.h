// SPDX-License-Identifier: MIT
/* Scores that are a mean over columns: of u / v, u being what a column costs in a row (its
 * squared error, say) and v what it costs in normal rows on average.  1 is what a normal
 * row has, and a column that the net rebuilds badly in every row does not drown one that it
 * rebuilds well.
 *
 * Gaps.  The mean over fewer columns varies more from row to row, so that gaps alone would
 * raise alarms.  A row's mean over the o columns that were observed is therefore drawn
 * towards 1 by how much wider it varies:
 *     score = 1 + (mean - 1) sd(all) / sd(observed)
 *     var(o columns) = (sum s_i^2 + q ((sum s_i)^2 - sum s_i^2)) / o^2
 * where s_i is the standard deviation of u / v in column i among normal rows, and q their
 * mean correlation, which follows from the variance of the complete mean. */
#ifndef HGI_SCORE_COLUMNS_H
#define HGI_SCORE_COLUMNS_H

#include "apply/score.h"

/* u [c] of row i; NaN where nothing was observed. */
typedef void (*hgi_cost_fn)(const hgi_score_rows *rows, int64_t i, double *u);

/* fit, check, scratch and score of such a kind. */
hg_status hgi_columns_fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_cost_fn cost,
                          hgi_score_state *out);
const char *hgi_columns_check(const hgi_score_state *s, const hgi_score_rows *rows);
int64_t hgi_columns_scratch(const hgi_score_state *s, const hgi_score_rows *rows);
void hgi_columns_score(const hgi_score_state *s, const hgi_score_rows *rows,
                       hgi_cost_fn cost, double *scratch, double *score);

#endif
