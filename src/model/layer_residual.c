// SPDX-License-Identifier: MIT
/* Residual connection: y = act(x + s), s the input of the layer `lines` lines before.
 *
 *     conv 32 3x3 relu same; conv 32 3x3 same; residual 2 relu
 *
 * adds what went into the first conv.  Backward, gz = gy act'(z), in place, is dL/dx, and
 * dL/ds gets the same: hgi_layer_backward() adds it to that layer's gx once that is there,
 * which is why gx is a copy here and gy is left alone.
 * Source: He et al., arXiv:1512.03385. */
#include "model/layer.h"

#include <string.h>

enum { O_LINES, O_ACT, O_ALPHA };

static const hgi_opt_decl options[] = {
    {.name = "lines",
     .type = HGI_OPT_INT,
     .positional = true,
     .required = true,
     .lo = 1,
     .hi = 1024,
     .help = "how many lines before this one the layer stands whose input is added"},
    {.name = "activation",
     .type = HGI_OPT_WORD,
     .positional = true,
     .words = hgi_act_words,
     .initial = HGI_ACT_LINEAR,
     .help = "applied to the sum"},
    {.name = "alpha",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 100,
     .initial = -1,
     .help = "slope of leaky (0.01), scale of elu (1)"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"residual 1", {1, {7}}},
    {"residual 1 softplus", {3, {2, 3, 2}}},
    {"residual 1 gelu", {1, {5}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)ctx;
    (void)inputs;
    l->out = l->in;
    l->reach = (int64_t)l->line.value[O_LINES];
    l->act = (hgi_act)l->line.value[O_ACT];
    l->alpha = hgi_layer_alpha(l, O_ALPHA);
    l->saved = hgi_act_needs_input(l->act) ? l->d_in : 0;
    l->flops = (l->act == HGI_ACT_LINEAR ? 1 : 2) * l->d_in;
    return HG_OK;
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    const hgi_real *more = p->slot[l->index - l->reach].x;
    int64_t d = l->d_in, n = (r1 - r0) * d;
    hgi_real *z = l->saved > 0 ? s->saved : s->y;
    memcpy(z + r0 * d, s->x + r0 * d, sizeof *z * (size_t)n);
    p->k->column_sum(1, 1, n, more + r0 * d, n, z + r0 * d); /* one row of n */
    if (l->defer_act || (l->act == HGI_ACT_LINEAR && l->saved == 0)) return;
    p->k->act_forward(l->act, l->alpha, r1 - r0, d, z + r0 * d, d, s->y + r0 * d, d);
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    if (s->gx == NULL) return;
    if (!l->defer_act && l->act != HGI_ACT_LINEAR) {
        const hgi_real *from = l->saved > 0 ? s->saved : s->y;
        p->k->act_backward(l->act, l->alpha, r1 - r0, d, from + r0 * d, d, s->gy + r0 * d,
                           d);
    }
    memcpy(s->gx + r0 * d, s->gy + r0 * d, sizeof(hgi_real) * (size_t)((r1 - r0) * d));
}

const hgi_layer_kind hgi_layer_residual = {
    .name = "residual",
    .brief = "adds the input of the layer so many lines before",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_ACT,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
