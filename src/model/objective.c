// SPDX-License-Identifier: MIT
/* The loss of rows.  A row whose code was drawn S times has S outputs, each held against
 * the one target; the code then says what share of the gradient each of them has.
 *
 *     objective = mean over rows of  recon + penalty,   recon = loss / recon_divisor  */
#include "model/objective.h"

#include "model/table.h"

static void samples_of_row(const hgi_net *net, const hgi_pass *p, int64_t r,
                           hgi_real scale, const hgi_real *target, bool gradient,
                           double *loss)
{
    const hgi_slot *last = &p->slot[net->count - 1];
    int64_t d = net->outputs, S = p->samples, at = r * S * d;
    /* A distance of 0 between rows of the target: the same for all samples. */
    hgi_rows_loss(net, p->k, scale, S, last->y + at, target + r * d, 0,
                  gradient ? last->gy + at : NULL, loss + r * S);
}

static void share_out(const hgi_net *net, const hgi_pass *p, int64_t r)
{
    const hgi_slot *last = &p->slot[net->count - 1];
    int64_t d = net->outputs, S = p->samples;
    for (int64_t m = r * S; m < (r + 1) * S; m++)
        for (int64_t c = 0; c < d; c++) last->gy[m * d + c] *= p->share[m];
}

void hgi_objective_rows(const hgi_net *net, const hgi_pass *p, int64_t r0, int64_t r1,
                        const hgi_real *target, bool gradient, double *loss)
{
    const hgi_slot *last = &p->slot[net->count - 1];
    const hgi_layer *code = &net->layer[net->code];
    int64_t d = net->outputs, at = r0 * d;
    hgi_real scale = (hgi_real)(1.0 / ((double)p->n * net->recon_divisor));
    if (p->samples == 1) {
        hgi_rows_loss(net, p->k, scale, r1 - r0, last->y + at, target + at, d,
                      gradient ? last->gy + at : NULL, loss + r0);
        return;
    }
    for (int64_t r = r0; r < r1; r++)
        samples_of_row(net, p, r, scale, target, gradient, loss);
    code->kind->weigh(code, p, r0, r1, loss);
    for (int64_t r = r0; gradient && r < r1; r++) share_out(net, p, r);
}

void hgi_likelihood_rows(const hgi_net *net, const hgi_pass *p, int64_t n,
                         const hgi_real *target, double *loss)
{
    for (int64_t r = 0; r < n; r++) samples_of_row(net, p, r, 1, target, false, loss);
}

double hgi_objective_mean(const hgi_pass *p, const double *loss, int64_t row)
{
    double sum = 0;
    for (int64_t m = 0; m < p->samples; m++) sum += loss[row * p->samples + m];
    return sum / (double)p->samples;
}
