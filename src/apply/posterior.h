// SPDX-License-Identifier: MIT
/* Measuring the distributions that a variational code gives rows. */
#ifndef HGI_POSTERIOR_H
#define HGI_POSTERIOR_H

#include "model/model.h"
#include "model/pass.h"

/* Rows as a model is to see them, and what each chunk of them is held against. */
typedef struct hgi_measured {
    int64_t rows, base; /* base: number of the first one in all data */
    void (*fill)(void *arg, int64_t first, int64_t n, hgi_real *x, int worker);
    const hgi_real *(*target)(const void *arg, const hgi_chunk *c);
    void *arg;
    const int32_t *classes; /* of all data, of a conditional model, or NULL */
} hgi_measured;

/* Add to sums [3,d], of each latent: the KL divergence from N(0, 1), the mean and its
 * square, over rows. */
hg_status hgi_latents_measure(hg_ctx *ctx, const hg_model *m, const hgi_measured *in,
                              double *sums);
/* Make of the sums over all rows, in nats and squared units of the code: [0,d] the mean
 * over rows of the KL divergence; [1,d] the variance over rows of its mean, divided by
 * rows - 1.  A latent is active when that is over HGI_ACTIVE (Burda et al. 2016). */
#define HGI_ACTIVE 0.01
void hgi_latents_finish(int64_t rows, int64_t d, double *sums);

/* bound [rows]: of each row log(1/K sum_k p(x|z_k) p(z_k) / q(z_k|x)), nats, a lower bound
 * of log p(x).  Draws are keyed by the model's seed, the row and k. */
hg_status hgi_iwae_measure(hg_ctx *ctx, const hg_model *m, const hgi_measured *in,
                           int64_t samples, double *bound);

#endif
