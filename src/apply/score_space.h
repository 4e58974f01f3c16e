// SPDX-License-Identifier: MIT
/* Rows as places: their values and errors as coordinates that are alike (score_neighbours.c
 * says how and why), and distances from the whole of normal rows there. */
#ifndef HGI_SCORE_SPACE_H
#define HGI_SCORE_SPACE_H

#include "apply/score.h"

/* Coordinate j: (asinh((u - middle) inverse) - shift) scale; d of values, c of errors.  A
 * column of several values, as of words, weighs as much as one of a single value. */
typedef struct hgi_space {
    int64_t W;                                      /* d + c */
    const double *middle, *inverse, *shift, *scale; /* [W] */
} hgi_space;
/* The tensor "space" of a state that rows are the normal rows of. */
hg_status hgi_space_fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *state,
                        hgi_space *out);
/* NULL, or what is wrong with it. */
const char *hgi_space_read(const hgi_score_state *state, const hgi_score_rows *rows,
                           hgi_space *out);
/* v [W] of row i; NaN: not observed. */
void hgi_space_place(const hgi_space *s, const hgi_score_rows *rows, int64_t i,
                     hgi_real *v);

/* Mean and covariance of places: the tensors "mean" [W] and "factor", L [W,W] of
 * L L^T = covariance, or [W] of its diagonal alone in a space that is too wide. */
typedef struct hgi_whitening {
    int64_t W;
    bool full;
    const double *mean, *factor;
} hgi_whitening;
hg_status hgi_whitening_fit(hg_ctx *ctx, const hgi_score_rows *rows,
                            const hgi_space *space, hgi_score_state *state);
const char *hgi_whitening_read(const hgi_score_state *state, int64_t W,
                               hgi_whitening *out);
/* sqrt(|L^-1 (v - mean)|^2 / W): about 1 of normal rows.  scratch [W] */
double hgi_whitening_distance(const hgi_whitening *w, const hgi_real *v, double *scratch);

#endif
