// SPDX-License-Identifier: MIT
/* The plain bottleneck: the encoder's output is the code.      z [n,d]
 *
 * l1: activity penalty, added to the objective: l1 sum_j |z_j|, mean over rows, which is
 * what tf.keras's activity_regularizer=l1(l1) adds (Keras 3 before its fix did not divide
 * by the batch).  The network can evade it by shrinking z and growing the decoder; with
 * unit-decoder each code unit's column of the decoder's first weight is scaled back to
 * unit norm after every step, so that z cannot shrink for free. */
#include "model/layer.h"

enum { O_L1, O_UNIT };

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
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"plain", {1, {4}}},
    {"plain l1=0.01", {1, {9}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)ctx;
    (void)inputs;
    l->out = l->in;
    return HG_OK;
}

static void nothing(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    (void)l;
    (void)p;
    (void)r0;
    (void)r1;
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

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    activity(l, p, r0, r1, true);
}

static void penalty(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    activity(l, p, r0, r1, false);
}

static int64_t project_items(const hgi_layer *l)
{
    return l->line.value[O_UNIT] != 0 ? hgi_unit_items(l) : 0;
}

const hgi_layer_kind hgi_code_plain = {
    .name = "plain",
    .brief = "the encoder's output as it is; l1= for a sparse code",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .identity = true,
    .elementwise = true,
    .plan = plan,
    .forward = nothing,
    .backward = backward,
    .penalty = penalty,
    .project_items = project_items,
    .project = hgi_unit_project,
};
