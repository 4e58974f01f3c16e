// SPDX-License-Identifier: MIT
/* The JumpReLU bottleneck: a value passes whole above its unit's learnt threshold.
 *                                          a [n,d] (x)   z [n,d]   t = ln theta [d]
 *     z = a where a > theta, else 0       penalty = l0 times the values of z that are not 0
 *
 * Backward, with K(u) = 1 for |u| < 1/2, else 0, and the bandwidth e:
 *     ga = gz where a > theta, else 0                                 (exact)
 *     gtheta = -sum_n (gz theta + l0 / n) K((a - theta) / e) / e      (straight-through)
 *     gt = theta gtheta
 * The step that z makes at theta has no derivative that says anything; the kernel puts in
 * its place an estimate of the derivative of the expected loss, from the values within e/2
 * of the threshold.  Penalty and thresholds are as in the paper; t is learnt so that
 * theta stays above 0.  The layer before it is linear: this is its activation.
 *
 * Source: Rajamanoharan et al., "Jumping Ahead: Improving Reconstruction Fidelity with
 * JumpReLU Sparse Autoencoders", arXiv:2407.14435, 2024, equations 11 and 12. */
#include "model/layer.h"

#include <math.h>

enum { O_L0, O_THRESHOLD, O_BANDWIDTH, O_UNIT };
enum { T_LOG = 0, BLOCK = 64 };

static const hgi_opt_decl options[] = {
    {.name = "l0",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1e6,
     .initial = 0,
     .help = "penalty: times the number of values of a row that are not 0"},
    {.name = "threshold",
     .type = HGI_OPT_REAL,
     .lo = 1e-6,
     .hi = 1e3,
     .initial = 0.01,
     .help = "where every unit's threshold starts"},
    {.name = "bandwidth",
     .type = HGI_OPT_REAL,
     .lo = 1e-6,
     .hi = 1e3,
     .initial = 0.05,
     .help = "values this far from a threshold, half on each side, move it"},
    {.name = "unit-decoder",
     .type = HGI_OPT_FLAG,
     .help = "hold the decoder's columns, one a code unit, at norm 1"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"jumprelu", {1, {5}}},
    {"jumprelu l0=0.02 threshold=0.3 bandwidth=0.5", {1, {9}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)ctx;
    (void)inputs;
    l->out = l->in;
    hgi_layer_tensor(l, "log_threshold", HGI_BIAS, 1, &l->d_in)->surrogate = true;
    l->x_for = "jumprelu";
    l->x_act = HGI_ACT_LINEAR;
    l->work = l->d_in;
    l->flops = l->d_in;
    return HG_OK;
}

static void init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state)
{
    (void)he, (void)seed, (void)state;
    for (int64_t j = 0; j < l->d_in; j++)
        theta[l->tensor[T_LOG].offset + j] = (hgi_real)log(l->line.value[O_THRESHOLD]);
}

static hgi_real threshold(const hgi_layer *l, const hgi_real *theta,
                          const hgi_real *state, int64_t j)
{
    (void)state;
    return (hgi_real)exp((double)theta[l->tensor[T_LOG].offset + j]);
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    hgi_real *limit = hgi_work(p, worker);
    for (int64_t j = 0; j < d; j++) limit[j] = threshold(l, p->theta, p->state, j);
    for (int64_t r = r0; r < r1; r++) {
        const hgi_real *a = s->x + r * d;
        hgi_real *z = s->y + r * d;
        /* What is not a number is not hidden. */
        for (int64_t j = 0; j < d; j++) z[j] = a[j] <= limit[j] ? 0 : a[j];
    }
}

static void penalty(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    const hgi_slot *s = &p->slot[l->index];
    double l0 = l->line.value[O_L0];
    if (p->penalty == NULL || l0 == 0) return;
    for (int64_t r = r0; r < r1; r++) {
        int64_t active = 0;
        for (int64_t j = 0; j < l->d_in; j++) active += s->y[r * l->d_in + j] != 0;
        p->penalty[r] += l0 * (double)active;
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    penalty(l, p, r0, r1);
    if (s->gx == NULL) return;
    for (int64_t i = r0 * l->d_in; i < r1 * l->d_in; i++)
        s->gx[i] = s->y[i] != 0 ? s->gy[i] : 0;
}

static int64_t gradient_items(const hgi_layer *l) { return hgi_ceil_div(l->d_in, BLOCK); }

static void gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in, c0 = item * BLOCK, n = hgi_min(BLOCK, d - c0);
    double limit[BLOCK], sum[BLOCK] = {0}, half = l->line.value[O_BANDWIDTH] / 2;
    double l0 = l->line.value[O_L0] / (double)p->n;
    for (int64_t i = 0; i < n; i++)
        limit[i] = (double)threshold(l, p->theta, p->state, c0 + i);
    for (int64_t r = 0; r < p->n; r++)
        for (int64_t i = 0; i < n; i++) {
            int64_t at = r * d + c0 + i;
            if (fabs((double)s->x[at] - limit[i]) < half)
                sum[i] += (double)s->gy[at] * limit[i] + l0;
        }
    hgi_grad out = hgi_grad_begin(p, &l->tensor[T_LOG], 1, c0, 0, 1, worker);
    for (int64_t i = 0; i < n; i++)
        out.g[i] = (hgi_real)(-limit[i] * sum[i] / (2 * half));
    hgi_grad_end(p, &l->tensor[T_LOG], 1, c0, n, 0, 1, out);
}

static int64_t project_items(const hgi_layer *l)
{
    return l->line.value[O_UNIT] != 0 ? hgi_unit_items(l) : 0;
}

const hgi_layer_kind hgi_code_jumprelu = {
    .name = "jumprelu",
    .brief = "values above learnt thresholds, all others 0; l0= weighs their number",
    .options = options,
    .examples = examples,
    .example_act = "linear",
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_Y | HGI_GRADIENT_X | HGI_GRADIENT_GY,
    .takes_linear = true,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
    .penalty = penalty,
    .gradient_items = gradient_items,
    .gradient = gradient,
    .threshold = threshold,
    .project_items = project_items,
    .project = hgi_unit_project,
};
