// SPDX-License-Identifier: MIT
/* Multinomial likelihood of a row of counts t, N = sum t: p = softmax(y) over the row's
 * features,      loss = -sum_c t_c log p_c          dloss/dy = N p - t
 * -log p(t) has log(t_1! ... t_d! / N!) beside it, which no weight changes: it is left out
 * of the loss, as in the paper, and added where a likelihood is printed.
 *
 * Source: Liang, Krishnan, Hoffman, Jebara, "Variational Autoencoders for Collaborative
 * Filtering", WWW 2018 (Mult-VAE). */
#include "model/loss.h"

#include <math.h>

static void rows(const hgi_loss_call *c, double *row_loss)
{
    c->k->multinomial(c->scale, c->R, c->C, c->y, c->ldy, c->t, c->ldt, c->g, c->ldg,
                      row_loss);
}

/* log n!, by Stirling's series from 12 on, where its next term is below 2e-11; lgamma() of
 * the C library writes a global. */
static double log_factorial(double n)
{
    double product = 1;
    if (n >= 12)
        return (n + 0.5) * log(n) - n + 0.91893853320467274178 + 1 / (12 * n) -
               1 / (360 * n * n * n) + 1 / (1260 * n * n * n * n * n);
    for (double k = 2; k <= n; k++) product *= k;
    return log(product);
}

static double constant(int64_t d, const hgi_real *t)
{
    double total = 0, sum = 0;
    for (int64_t c = 0; c < d; c++) {
        total += (double)t[c];
        if (t[c] > 1) sum += log_factorial((double)t[c]);
    }
    return sum - log_factorial(total);
}

const hgi_loss hgi_loss_multinomial = {
    .name = "multinomial",
    .brief = "-log of a softmax over the row's features, for counts",
    .output = "linear",
    .kind = HGI_LOSS_COUNT,
    .rows = rows,
    .likelihood = true,
    .counts = true,
    .softmax = true,
    .constant = constant,
};
