// SPDX-License-Identifier: MIT
/* Layer normalisation: y = gamma xhat + beta, xhat = (x - mean) / sqrt(var + epsilon),
 * mean and var (biased) over the last axis: all features of a plain row, the channels of
 * each position of an image.      x, y [n, positions, C]   gamma, beta [C]
 *
 * Backward, u = gamma gy:
 *     gx = (u - mean_C(u) - xhat mean_C(u xhat)) / sqrt(var + epsilon)
 *     ggamma = sum gy xhat        gbeta = sum gy        over rows and positions
 * saved [2 positions]: mean and 1 / sqrt(var + epsilon) of each.  Sums run in double and in
 * row order, one channel in one worker.  Defaults are Keras's: axis -1, epsilon 1e-3.
 * Source: Ba, Kiros & Hinton, arXiv:1607.06450. */
#include "model/layer.h"

#include <math.h>

enum { O_EPSILON, BLOCK = 32 };
enum { T_GAMMA, T_BETA };

static const hgi_opt_decl options[] = {
    {.name = "epsilon",
     .type = HGI_OPT_REAL,
     .lo = 1e-12,
     .hi = 1,
     .initial = 1e-3,
     .help = "added to the variance"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"layernorm", {1, {7}}},
    {"layernorm epsilon=0.01", {1, {37}}},
    {"layernorm", {3, {2, 3, 4}}},
    {"layernorm", {2, {5, 2}}},
    {NULL, {0, {0}}},
};

static int64_t channels(const hgi_layer *l) { return l->tensor[T_GAMMA].count; }

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)ctx;
    (void)inputs;
    l->out = l->in;
    int64_t c = l->in.dim[l->in.rank - 1];
    hgi_layer_tensor(l, "gamma", HGI_BIAS, 1, &c);
    hgi_layer_tensor(l, "beta", HGI_BIAS, 1, &c);
    l->saved = 2 * (l->d_in / c);
    l->flops = 8 * l->d_in; /* two sums of two operations each, then four */
    return HG_OK;
}

static void init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state)
{
    (void)he;
    (void)seed;
    (void)state;
    for (int64_t c = 0; c < channels(l); c++) {
        theta[l->tensor[T_GAMMA].offset + c] = 1;
        theta[l->tensor[T_BETA].offset + c] = 0;
    }
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    const hgi_real *gamma = p->theta + l->tensor[T_GAMMA].offset;
    const hgi_real *beta = p->theta + l->tensor[T_BETA].offset;
    int64_t C = channels(l), per = l->d_in / C;
    for (int64_t i = r0 * per; i < r1 * per; i++) {
        const hgi_real *x = s->x + i * C;
        double sum = 0, square = 0;
        for (int64_t c = 0; c < C; c++) sum += (double)x[c];
        double mean = sum / (double)C;
        for (int64_t c = 0; c < C; c++)
            square += ((double)x[c] - mean) * ((double)x[c] - mean);
        double factor = 1 / sqrt(square / (double)C + l->line.value[O_EPSILON]);
        hgi_real m = s->saved[2 * i] = (hgi_real)mean;
        hgi_real f = s->saved[2 * i + 1] = (hgi_real)factor;
        for (int64_t c = 0; c < C; c++)
            s->y[i * C + c] = gamma[c] * ((x[c] - m) * f) + beta[c];
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    if (s->gx == NULL) return;
    const hgi_real *gamma = p->theta + l->tensor[T_GAMMA].offset;
    int64_t C = channels(l), per = l->d_in / C;
    for (int64_t i = r0 * per; i < r1 * per; i++) {
        const hgi_real *x = s->x + i * C, *gy = s->gy + i * C;
        hgi_real mean = s->saved[2 * i], f = s->saved[2 * i + 1];
        double sum = 0, dot = 0;
        for (int64_t c = 0; c < C; c++) {
            double u = (double)gamma[c] * (double)gy[c];
            sum += u;
            dot += u * (double)((x[c] - mean) * f);
        }
        hgi_real su = (hgi_real)(sum / (double)C), sd = (hgi_real)(dot / (double)C);
        for (int64_t c = 0; c < C; c++)
            s->gx[i * C + c] = f * (gamma[c] * gy[c] - su - (x[c] - mean) * f * sd);
    }
}

static int64_t gradient_items(const hgi_layer *l)
{
    return hgi_ceil_div(channels(l), BLOCK);
}

static void gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t C = channels(l), c0 = item * BLOCK, n = hgi_min(BLOCK, C - c0);
    double ggamma[BLOCK] = {0}, gbeta[BLOCK] = {0};
    for (int64_t i = 0; i < p->n * (l->d_in / C); i++) {
        const hgi_real *x = s->x + i * C + c0, *gy = s->gy + i * C + c0;
        hgi_real mean = s->saved[2 * i], f = s->saved[2 * i + 1];
        for (int64_t c = 0; c < n; c++) {
            ggamma[c] += (double)gy[c] * (double)((x[c] - mean) * f);
            gbeta[c] += (double)gy[c];
        }
    }
    for (int k = 0; k < 2; k++) {
        const hgi_tensor *t = &l->tensor[k == 0 ? T_GAMMA : T_BETA];
        const double *from = k == 0 ? ggamma : gbeta;
        hgi_grad out = hgi_grad_begin(p, t, 1, c0, 0, 1, worker);
        for (int64_t c = 0; c < n; c++) out.g[c] = (hgi_real)from[c];
        hgi_grad_end(p, t, 1, c0, n, 0, 1, out);
    }
}

const hgi_layer_kind hgi_layer_layernorm = {
    .name = "layernorm",
    .brief = "centres and scales each row, or each position's channels",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_X | HGI_BACK_SAVED | HGI_GRADIENT_X | HGI_GRADIENT_GY |
             HGI_GRADIENT_SAVED,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
    .gradient_items = gradient_items,
    .gradient = gradient,
};
