// SPDX-License-Identifier: MIT
/* The loss of rows.  A row whose code was drawn S times has S outputs, each held against
 * the one target; the code then says what share of the gradient each of them has.
 *
 *     objective = mean over rows of  recon + penalty,   recon = loss / recon_divisor  */
#include "model/objective.h"
#include "model/sigma.h"
#include "model/table.h"

#include <math.h>

hgi_loss_call hgi_net_loss(const hgi_net *net, const hgi_pass *p, int64_t R,
                           const hgi_real *y, const hgi_real *t)
{
    int64_t d = net->outputs;
    hgi_loss_call c = {.k = p->k,
                       .delta = net->huber_delta,
                       .scale = 1,
                       .R = R,
                       .C = d,
                       .y = y,
                       .t = t,
                       .ldy = d,
                       .ldt = d,
                       .ldg = d};
    if (net->sigma != NULL)
        c.sigma = hgi_sigma_of(net->sigma, p);
    else if (net->loss->has_sigma)
        c.sigma = (hgi_sigma){1, &net->inverse_sigma, net->log_sigma * (double)d};
    return c;
}

void hgi_net_loss_rows(const hgi_net *net, const hgi_loss_call *c, double *row_loss)
{
    /* Rows of numbers without a gap are most rows: the kernel shows the others by their
     * sums, which are NaN, and they are taken again. */
    const bool table = net->schema != NULL;
    if (table && (!net->schema->numbers || net->loss->grouped || c->g == c->y)) {
        hgi_table_loss(net, c->scale, c->R, c->y, c->t, c->ldt, c->g, row_loss);
        return;
    }
    hgi_loss_rows(net->loss, c, row_loss);
    for (int64_t r = 0; table && r < c->R; r++)
        if (isnan(row_loss[r]))
            hgi_table_loss(net, c->scale, 1, c->y + r * c->ldy, c->t + r * c->ldt, 0,
                           c->g != NULL ? c->g + r * c->ldg : NULL, row_loss + r);
}

/* Where the loss of row `at` (of samples) and those behind it leaves its gradient. */
static void want_gradient(const hgi_net *net, const hgi_pass *p, int64_t at,
                          hgi_real scale, hgi_loss_call *c)
{
    const hgi_slot *last = &p->slot[net->count - 1];
    c->scale = scale;
    c->g = last->gy + at * net->outputs;
    if (net->sigma != NULL) c->gs = last->saved + at * net->sigma->saved;
}

static void samples_of_row(const hgi_net *net, const hgi_pass *p, int64_t r,
                           hgi_real scale, const hgi_real *target, bool gradient,
                           double *loss)
{
    const hgi_slot *last = &p->slot[net->count - 1];
    int64_t d = net->outputs, S = p->samples;
    hgi_loss_call c = hgi_net_loss(net, p, S, last->y + r * S * d, target + r * d);
    c.ldt = 0; /* the same row of the target for all samples */
    if (gradient) want_gradient(net, p, r * S, scale, &c);
    hgi_net_loss_rows(net, &c, loss + r * S);
}

static void share_out(const hgi_net *net, const hgi_pass *p, int64_t r)
{
    const hgi_slot *last = &p->slot[net->count - 1];
    int64_t d = net->outputs, S = p->samples;
    int64_t sigmas = net->sigma != NULL ? net->sigma->saved : 0;
    for (int64_t m = r * S; m < (r + 1) * S; m++) {
        for (int64_t c = 0; c < d; c++) last->gy[m * d + c] *= p->share[m];
        for (int64_t c = 0; c < sigmas; c++) last->saved[m * sigmas + c] *= p->share[m];
    }
}

void hgi_objective_rows(const hgi_net *net, const hgi_pass *p, int64_t r0, int64_t r1,
                        const hgi_real *target, bool gradient, double *loss)
{
    const hgi_slot *last = &p->slot[net->count - 1];
    const hgi_layer *code = &net->layer[net->code];
    int64_t d = net->outputs, at = r0 * d;
    hgi_real scale = (hgi_real)(1.0 / ((double)p->n * net->recon_divisor));
    if (p->samples == 1) {
        hgi_loss_call c = hgi_net_loss(net, p, r1 - r0, last->y + at, target + at);
        if (gradient) want_gradient(net, p, r0, scale, &c);
        hgi_net_loss_rows(net, &c, loss + r0);
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
    for (int64_t r = 0; r < n; r++) {
        samples_of_row(net, p, r, 1, target, false, loss);
        double more = hgi_net_constant(net, target + r * net->outputs);
        for (int64_t m = 0; m < p->samples; m++) loss[r * p->samples + m] += more;
    }
}

double hgi_net_constant(const hgi_net *net, const hgi_real *t)
{
    return net->loss->constant != NULL ? net->loss->constant(net->outputs, t) : 0;
}

double hgi_net_sigma(const hgi_net *net, const hgi_real *theta)
{
    double sum = 0;
    if (net->sigma == NULL) return exp(net->log_sigma);
    for (int64_t c = 0; c < net->outputs; c++)
        sum += exp(2 * hgi_sigma_log(net->sigma, theta, c));
    return sqrt(sum / (double)net->outputs);
}

double hgi_objective_mean(const hgi_pass *p, const double *loss, int64_t row)
{
    double sum = 0;
    for (int64_t m = 0; m < p->samples; m++) sum += loss[row * p->samples + m];
    return sum / (double)p->samples;
}
