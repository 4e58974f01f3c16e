// SPDX-License-Identifier: MIT
/* The plain bottleneck: the encoder's output is the code.      z [n,d]
 *
 * l1: activity penalty, added to the objective: l1 sum_j |z_j|, mean over rows, which is
 * what tf.keras's activity_regularizer=l1(l1) adds (Keras 3 before its fix did not divide
 * by the batch).  The network can evade it by shrinking z and growing the decoder; with
 * unit-decoder each code unit's column of the decoder's first weight is scaled back to
 * unit norm after every step, so that z cannot shrink for free.
 *
 * kl, rate: of a sigmoid code, whose values are rates.  q_j is the batch's mean of z_j:
 *     penalty = kl sum_j (rate ln(rate / q_j) + (1 - rate) ln((1 - rate) / (1 - q_j)))
 *     dL/dz_nj = kl / n ((1 - rate) / (1 - q_j) - rate / q_j)
 * Source: Ng, "Sparse autoencoder", CS294A lecture notes, 2011; Lee, Ekanadham & Ng, NIPS
 * 2007.  q_j is held off 0 and 1 by EDGE, where a saturated sigmoid would make the penalty
 * infinite.  Outside training it is the running mean of training (tensor `rate`), because
 * no number of a row depends on the rows that come with it.
 *
 * contractive: the encoder's layers have it, see model/contract.h. */
#include "model/layer.h"

#include <math.h>

enum { O_L1, O_UNIT, O_KL, O_RATE };
enum { T_RATE, BLOCK = 16 };
/* What a batch adds to the running mean: some twenty batches count. */
#define MOMENTUM 0.95
#define EDGE 1e-6

static const hgi_opt_decl options[] = {
    {.name = "l1",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1e6,
     .initial = 0,
     .help = "activity penalty: times the sum of |code|, mean over rows"},
    {.name = "unit-decoder",
     .type = HGI_OPT_FLAG,
     .help = "hold the decoder's columns, one a code unit, at norm 1"},
    {.name = "kl",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1e6,
     .initial = 0,
     .help = "of a sigmoid code: times the KL divergence of mean activities from rate"},
    {.name = "rate",
     .type = HGI_OPT_REAL,
     .lo = 1e-4,
     .hi = 0.9999,
     .initial = 0.05,
     .help = "the mean activity that kl pulls each unit to"},
    {.name = "contractive",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1e6,
     .initial = 0,
     .help = "penalty on the encoder's Jacobian: times its squared Frobenius norm"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"plain", {1, {4}}},
    {"plain l1=0.01", {1, {9}}},
    {"plain kl=0.3 rate=0.1", {1, {7}}},
    {"plain kl=0.5 l1=0.01", {1, {19}}},
    {"plain contractive=0.2", {1, {5}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)ctx;
    (void)inputs;
    l->out = l->in;
    if (l->line.value[O_KL] == 0) return HG_OK;
    l->x_for = "kl-sparsity";
    l->x_act = HGI_ACT_SIGMOID;
    hgi_layer_tensor(l, "rate", HGI_STATE, 1, &l->d_in)->positive = true;
    l->cache = 2 * l->d_in;
    return HG_OK;
}

/* Half: what a sigmoid of small weights gives. */
static void init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state)
{
    (void)he, (void)seed, (void)theta;
    for (int64_t j = 0; l->tensors > 0 && j < l->d_in; j++)
        state[l->tensor[T_RATE].offset + j] = (hgi_real)0.5;
}

static double edged(double q) { return fmin(fmax(q, EDGE), 1 - EDGE); }

/* The KL divergence of a unit's mean activity from the target. */
static double divergence(const hgi_layer *l, double q)
{
    double rate = l->line.value[O_RATE], p = edged(q);
    return rate * log(rate / p) + (1 - rate) * log((1 - rate) / (1 - p));
}

static int64_t statistics_items(const hgi_layer *l)
{
    return l->line.value[O_KL] != 0 ? hgi_ceil_div(l->d_in, BLOCK) : 0;
}

/* cache [2d]: each unit's divergence, and dL/dz, which is the same for every row. */
static void forward_statistics(const hgi_layer *l, const hgi_pass *p, int64_t item)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in, c0 = item * BLOCK, n = hgi_min(BLOCK, d - c0);
    double sum[BLOCK] = {0}, kl = l->line.value[O_KL], rate = l->line.value[O_RATE];
    for (int64_t r = 0; r < p->n; r++)
        for (int64_t i = 0; i < n; i++) sum[i] += (double)s->x[r * d + c0 + i];
    hgi_real *running = p->state + l->tensor[T_RATE].offset + c0;
    for (int64_t i = 0; i < n; i++) {
        double q = sum[i] / (double)p->n, e = edged(q);
        double slope = kl / (double)p->n * ((1 - rate) / (1 - e) - rate / e);
        s->cache[c0 + i] = (hgi_real)divergence(l, q);
        s->cache[d + c0 + i] = (hgi_real)slope;
        running[i] = (hgi_real)(MOMENTUM * (double)running[i] + (1 - MOMENTUM) * q);
    }
}

static void backward_statistics(const hgi_layer *l, const hgi_pass *p, int64_t item)
{
    (void)l, (void)p, (void)item; /* all is known before */
}

static void nothing(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)l, (void)p, (void)r0, (void)r1, (void)worker;
}

/* x, y and gx, gy are the same memory here (identity): only the penalty is to be done. */
static void activity(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     bool gradient)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    double l1 = l->line.value[O_L1];
    if (l1 == 0) return;
    hgi_real scale = (hgi_real)(l1 / (double)p->n);
    for (int64_t r = r0; r < r1; r++) {
        double sum = 0;
        p->k->l1(scale, 1, d, s->x + r * d, d, gradient ? s->gy + r * d : NULL, d, &sum);
        if (p->penalty != NULL) p->penalty[r] += l1 * sum;
    }
}

/* Each row carries the whole batch's penalty: their mean is it. */
static void add_rates(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                      double sum)
{
    for (int64_t r = r0; p->penalty != NULL && r < r1; r++)
        p->penalty[r] += l->line.value[O_KL] * sum;
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    double sum = 0;
    activity(l, p, r0, r1, true);
    if (l->line.value[O_KL] == 0) return;
    for (int64_t j = 0; j < d; j++) sum += (double)s->cache[j];
    add_rates(l, p, r0, r1, sum);
    for (int64_t r = r0; r < r1; r++)
        for (int64_t j = 0; j < d; j++) s->gy[r * d + j] += s->cache[d + j];
}

static void penalty(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    double sum = 0;
    activity(l, p, r0, r1, false);
    if (l->line.value[O_KL] == 0) return;
    const hgi_real *running = p->state + l->tensor[T_RATE].offset;
    for (int64_t j = 0; j < l->d_in; j++) sum += divergence(l, (double)running[j]);
    add_rates(l, p, r0, r1, sum);
}

static int64_t project_items(const hgi_layer *l)
{
    return l->line.value[O_UNIT] != 0 ? hgi_unit_items(l) : 0;
}

const hgi_layer_kind hgi_code_plain = {
    .name = "plain",
    .brief = "the encoder's output as it is; l1=, or kl= and rate=, for a sparse code",
    .options = options,
    .examples = examples,
    .example_act = "sigmoid",
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_X,
    .identity = true,
    .elementwise = true,
    .plan = plan,
    .init = init,
    .forward = nothing,
    .backward = backward,
    .penalty = penalty,
    .statistics_items = statistics_items,
    .forward_statistics = forward_statistics,
    .backward_statistics = backward_statistics,
    .project_items = project_items,
    .project = hgi_unit_project,
};
