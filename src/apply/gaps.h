// SPDX-License-Identifier: MIT
/* Scores of rows with gaps, brought to the scale of rows with the fewest. */
#ifndef HGI_GAPS_H
#define HGI_GAPS_H

#include "apply/score.h"

enum { HGI_GAPS_FEWEST = 100 }; /* rows for quantiles to mean anything */

/* Learn, for a model of a table whose nets and states are there, from normal rows with more
 * and more of their values taken away.  Nothing for models of numbers alone. */
hg_status hgi_gaps_learn(hg_ctx *ctx, hg_model *m, const hg_dataset *rows);
/* The score of a row without `missing` of its values. */
double hgi_gaps_adjust(const hgi_detector *d, double score, int64_t missing);
/* Of n values. */
int64_t hgi_gaps_count(const float *x, int64_t n);

#endif
