// SPDX-License-Identifier: MIT
/* Gaussian likelihood, in nats, e = y - t:
 *     -log N(t; y, sigma^2) = e^2 / (2 sigma^2) + log sigma + log(2 pi) / 2
 * With s = log sigma, which may be learnt (layer_sigma.c):
 *     dloss/dy = e / sigma^2          dloss/ds = 1 - e^2 / sigma^2
 * so that the best sigma is the root mean square of what is left over.
 *
 * It is a density, of the scaled data: it may be above 1, and the loss below 0.
 * Source: Rybkin, Daniilidis, Levine, "Simple and Effective VAE Training with Calibrated
 * Decoders", ICML 2021. */
#include "model/loss.h"

#define HALF_LOG_2PI 0.91893853320467274178

/* One sigma for all: mse's kernel, which is (1 / (2 sigma^2)) e^2 with another scale. */
static void by_one(const hgi_loss_call *c, double *row_loss)
{
    double inverse = (double)c->sigma.inverse[0], weight = inverse * inverse / 2;
    c->k->loss(HGI_LOSS_MSE, 0, (hgi_real)((double)c->scale * weight), c->R, c->C, c->y,
               c->ldy, c->t, c->ldt, c->g, c->ldg, row_loss);
    for (int64_t r = 0; r < c->R; r++) {
        row_loss[r] *= weight;
        if (c->gs != NULL)
            c->gs[r] = (hgi_real)((double)c->scale * ((double)c->C - 2 * row_loss[r]));
    }
}

static void by_feature(const hgi_loss_call *c, double *row_loss)
{
    c->k->gaussian(c->scale, c->R, c->C, c->y, c->ldy, c->t, c->ldt, c->sigma.inverse,
                   c->g, c->ldg, c->gs, c->C, row_loss);
    for (int64_t r = 0; r < c->R; r++) row_loss[r] /= 2;
}

static void rows(const hgi_loss_call *c, double *row_loss)
{
    if (c->sigma.count == 1)
        by_one(c, row_loss);
    else
        by_feature(c, row_loss);
    for (int64_t r = 0; r < c->R; r++)
        row_loss[r] += c->sigma.log_sum + (double)c->C * HALF_LOG_2PI;
}

const hgi_loss hgi_loss_gaussian = {
    .name = "gaussian",
    .brief = "-log of a normal density, sigma fixed or learnt",
    .output = "linear",
    .kind = HGI_LOSS_COUNT,
    .rows = rows,
    .likelihood = true,
    .has_sigma = true,
};
