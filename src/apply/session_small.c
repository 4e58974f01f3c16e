// SPDX-License-Identifier: MIT
/* Sessions of a net that is nothing but small fully connected layers: one kernel takes rows
 * through all of them, with the bits that layer by layer would give. */
#include "apply/session.h"
#include "model/loss.h"

#include <float.h>

/* Weights that stay in the first-level cache, or come from the second while each is used
 * for a block of rows: 64 KiB.  Larger nets fill the matrix product's tiles alone. */
enum { MOST_REALS = 16384 };

/* A layer as one product; false when it is none.  The activation of the last may have been
 * left to the loss, but predictions are what comes out here. */
static bool product_of(const hgi_net *net, const hgi_layer *l, hgi_product *p)
{
    if (l->kind->product == NULL || l->x_listed > 0 || l->reach > 0) return false;
    l->kind->product(l, p);
    if (l->defer_act && l->index + 1 < net->count) return false;
    if (l->defer_act) p->act = net->output_act;
    return p->K <= HGI_STACK_WIDE && p->N <= HGI_STACK_WIDE;
}

static int64_t reals_of(const hgi_product *p)
{
    return (1 + p->K) * hgi_strip_width(p->N);
}

/* How many layers and weights; 0 layers: not that kind of net. */
static int64_t count_layers(const hgi_net *net, int64_t *reals)
{
    int64_t count = 0;
    hgi_product p;
    *reals = 0;
    if (net->loss->softmax) return 0; /* shares are made behind the last layer */
    for (int64_t i = 0; i < net->count; i++) {
        if (net->layer[i].kind->identity) continue;
        if (!product_of(net, &net->layer[i], &p)) return 0;
        *reals += reals_of(&p);
        count++;
    }
    return *reals <= MOST_REALS ? count : 0;
}

static void fill(const hgi_product *p, const hgi_real *theta, hgi_real *W,
                 hgi_stack_layer *out)
{
    int64_t row = hgi_strip_width(p->N);
    *out = (hgi_stack_layer){.K = p->K, .N = p->N, .W = W, .act = p->act};
    out->alpha = p->alpha;
    for (int64_t n = 0; n < p->N; n++) {
        W[n] = p->bias >= 0 ? theta[p->bias + n] : 0;
        for (int64_t k = 0; k < p->K; k++)
            W[(1 + k) * row + n] = theta[p->weight + k * p->row + n * p->col];
    }
}

hg_status hgi_small_make(hg_ctx *ctx, hg_session *s)
{
    const hgi_net *net = &s->model->net;
    hgi_small *to = &s->small;
    int64_t reals, layers = count_layers(net, &reals), at = 0;
    hgi_product p;
    /* The kernel scales by one pair a column. */
    if (layers == 0 || s->model->scaler.bend != NULL) return HG_OK;
    to->layer = hgi_calloc(&ctx->mem, (size_t)layers, sizeof *to->layer);
    to->W = hgi_calloc(&ctx->mem, (size_t)reals, sizeof *to->W);
    size_t bytes = (size_t)layers * sizeof *to->layer + (size_t)reals * sizeof *to->W;
    if (to->layer == NULL || to->W == NULL)
        return hgi_fail_mem(ctx, bytes, "a small net's weights");
    s->bytes_held += (int64_t)bytes;
    hgi_real *W = to->W;
    for (int64_t i = 0; i < net->count; i++) {
        if (!net->layer[i].kind->identity && product_of(net, &net->layer[i], &p)) {
            fill(&p, s->model->theta, W, &to->layer[at++]);
            W += reals_of(&p);
        }
        if (i == net->code) to->coded = at;
    }
    to->count = at;
    return HG_OK;
}

void hgi_small_free(hg_session *s)
{
    hgi_free(&s->mem, s->small.layer);
    hgi_free(&s->mem, s->small.W);
}

int64_t hgi_small_run(const hg_session *s, bool encode, bool decode, int64_t n,
                      const float *in, hgi_real *y, double *error)
{
    const hgi_scaler *scaler = &s->model->scaler;
    int64_t first = encode ? 0 : s->small.coded;
    int64_t last = decode ? s->small.count : s->small.coded;
    bool scaled = encode && scaler->kind != HGI_SCALE_NONE;
    bool held = encode && s->range.check;
    hgi_stack stack = {
        .layers = last - first,
        .layer = s->small.layer + first,
        .shift = scaled ? scaler->shift_r : NULL,
        .scale = scaled ? scaler->scale_r : NULL,
        .lo = (hgi_real)(held ? s->range.lo : -(double)FLT_MAX),
        .hi = (hgi_real)(held ? s->range.hi : (double)FLT_MAX),
    };
    if (stack.layers == 0) return 0;
    return s->ws.pass.k->stack(&stack, n, in, y, error);
}
