// SPDX-License-Identifier: MIT
/* Score `probability`: how improbable a row is under the reconstructions of its own code's
 * distribution, for codes that are drawn:
 *     - 1/L sum_l log p(x | z_l),   z_l ~ q(z | x),   l = 1 .. L
 * An error that the code's own uncertainty explains counts for less than with the mean of
 * the code alone.  log p is Bernoulli's under a bce loss, else a normal distribution's
 * whose
 * variance in a column is that of normal rows.  Up to the scale and what is the same for
 * all rows this is a mean over columns, see score_columns.h.  The L draws are the same for
 * every row, so that a row has one score.
 * Source: An & Cho, "Variational autoencoder based anomaly detection using reconstruction
 * probability", 2015. */
#include "apply/score_columns.h"

#include <math.h>

enum { DRAWS = 16 };
/* Keras's bound of a probability: no single pixel is infinitely improbable. */
#define LEAST 1e-7

static double bernoulli(double x, double p)
{
    p = fmin(fmax(p, LEAST), 1 - LEAST);
    return -x * log(p) - (1 - x) * log(1 - p);
}

static void cost(const hgi_score_rows *rows, int64_t i, double *u)
{
    const int64_t c = rows->c, S = rows->samples;
    const bool bits = rows->loss->unit_range && c == rows->d;
    for (int64_t j = 0; j < c; j++) {
        double sum = 0;
        for (int64_t l = i * S; l < (i + 1) * S; l++) {
            double r = (double)rows->r[l * c + j];
            sum += bits && isfinite(r)
                       ? bernoulli((double)rows->x[i * c + j], (double)rows->y[l * c + j])
                       : r * r;
        }
        u[j] = sum / (double)S;
    }
}

static hg_status fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out)
{
    return hgi_columns_fit(ctx, rows, cost, out);
}

static void score(const hgi_score_state *s, const hgi_score_rows *rows, double *scratch,
                  double *out)
{
    hgi_columns_score(s, rows, cost, scratch, out);
}

const hgi_score_kind hgi_score_probability = {
    .name = "probability",
    .brief = "improbability under what a variational code's draws rebuild",
    .samples = DRAWS,
    .fit = fit,
    .check = hgi_columns_check,
    .scratch = hgi_columns_scratch,
    .score = score,
};
