// SPDX-License-Identifier: MIT
/* Activation as a layer of its own: y = act(x).      x, y [n,d] */
#include "model/layer.h"

enum { O_ACT, O_ALPHA };

static const hgi_opt_decl options[] = {
    {.name = "function",
     .type = HGI_OPT_WORD,
     .positional = true,
     .required = true,
     .words = hgi_act_words,
     .help = "which one"},
    {.name = "alpha",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 100,
     .initial = -1,
     .help = "slope of leaky (0.01), scale of elu (1)"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"activation relu", {1, {9}}},
    {"activation gelu", {1, {9}}},
    {"activation sigmoid", {1, {5}}},
    {"activation leaky alpha=0.2", {3, {2, 3, 2}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)ctx;
    (void)inputs;
    l->out = l->in;
    l->act = (hgi_act)l->line.value[O_ACT];
    l->alpha = hgi_layer_alpha(l, O_ALPHA);
    l->flops = l->d_in;
    return HG_OK;
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    hgi_act act = l->defer_act ? HGI_ACT_LINEAR : l->act;
    p->k->act_forward(act, l->alpha, r1 - r0, d, s->x + r0 * d, d, s->y + r0 * d, d);
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    if (s->gx == NULL || l->defer_act) return;
    const hgi_real *from = hgi_act_needs_input(l->act) ? s->x : s->y;
    p->k->act_backward(l->act, l->alpha, r1 - r0, d, from + r0 * d, d, s->gy + r0 * d, d);
}

const hgi_layer_kind hgi_layer_activation = {
    .name = "activation",
    .brief = "y = f(x), one of the activations",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_ACT,
    .elementwise = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
