// SPDX-License-Identifier: MIT
/* Sessions with weights in bf16 or in bytes: half or a quarter of the memory that a row
 * has to read, which is what a net larger than a cache waits for.
 *
 * bf16: weights are rounded to 8 bits of fraction; rows and sums stay float.
 * int8: each output's weights are steps of a 127th of their largest, each layer's input
 * steps of a 127th of its largest value in that row; sums are exact integers.
 * Biases and activations stay float. */
#include "apply/session.h"

#include <string.h>

const char *const hgi_weights_words[] = {"f32", "bf16", "int8", NULL};

static void *take(hg_ctx *ctx, hg_session *s, size_t n, size_t size)
{
    void *p = hgi_calloc(&ctx->mem, n, size);
    if (p != NULL) s->bytes_held += (int64_t)(n * size);
    return p;
}

static hg_status make_layer(hg_ctx *ctx, hg_session *s, int64_t i, bool *bare)
{
    const hgi_layer *l = &s->model->net.layer[i];
    hgi_narrow_layer *to = &s->narrow[i];
    bool bytes = s->weights == HGI_WEIGHTS_INT8;
    /* Rows given by a few places are read by those places, not as a whole. */
    if (l->kind->product == NULL || l->x_listed > 0) return HG_OK;
    l->kind->product(l, &to->product);
    const hgi_product *p = &to->product;
    if (bytes && p->K > HGI_NARROW_MOST) return HG_OK;
    const hgi_real *w = s->model->theta + p->weight;
    size_t size = hgi_narrow_bytes(bytes ? HGI_NARROW_INT8 : HGI_NARROW_BF16, p->K, p->N);
    to->W = take(ctx, s, size, 1);
    if (to->W == NULL) return hgi_fail_mem(ctx, size, "narrow weights");
    bare[i] = true;
    if (!bytes) {
        hgi_narrow_pack_bf16(p->K, p->N, w, p->row, p->col, to->W);
        return HG_OK;
    }
    to->scale = take(ctx, s, (size_t)p->N, sizeof *to->scale);
    if (to->scale == NULL) return hgi_fail_mem(ctx, (size_t)p->N, "scales of weights");
    hgi_narrow_pack_int8(p->K, p->N, w, p->row, p->col, to->W, to->scale);
    return HG_OK;
}

hg_status hgi_narrow_make(hg_ctx *ctx, hg_session *s, bool *bare)
{
    const hgi_net *net = &s->model->net;
    size_t widest = 0, layers = (size_t)net->count;
    for (int64_t i = 0; i < net->count; i++)
        widest = (size_t)hgi_max((int64_t)widest, net->layer[i].d_in);
    s->narrow = take(ctx, s, layers, sizeof *s->narrow);
    s->bytes = take(ctx, s, widest + sizeof(uint32_t), 1);
    if (s->narrow == NULL || s->bytes == NULL)
        return hgi_fail_mem(ctx, layers * sizeof *s->narrow, "narrow weights");
    for (int64_t i = 0; i < net->count; i++) HGI_TRY(make_layer(ctx, s, i, bare));
    return HG_OK;
}

void hgi_narrow_free(hg_session *s)
{
    for (int64_t i = 0; s->narrow != NULL && i < s->model->net.count; i++) {
        hgi_free(&s->mem, s->narrow[i].W);
        hgi_free(&s->mem, s->narrow[i].scale);
    }
    hgi_free(&s->mem, s->narrow);
    hgi_free(&s->mem, s->bytes);
}

/* Bytes behind the last of a row are 0, up to a whole word. */
static void quantise(hg_session *s, int64_t K, const hgi_real *x, hgi_narrow *g)
{
    g->step = s->ws.pass.k->quantise(K, x, s->bytes);
    memset(s->bytes + K, 0, (size_t)(-K & 3));
    g->bytes = s->bytes;
}

bool hgi_narrow_forward(hg_session *s, int64_t i, int64_t n)
{
    const hgi_narrow_layer *l = &s->narrow[i];
    const hgi_product *p = &l->product;
    const hgi_kernels *k = s->ws.pass.k;
    const hgi_slot *slot = &s->ws.pass.slot[i];
    if (l->W == NULL) return false;
    hgi_narrow g = {.K = p->K, .N = p->N, .W = l->W, .scale = l->scale};
    g.init = p->bias >= 0 ? s->model->theta + p->bias : NULL;
    for (int64_t r = 0; r < n; r++) {
        g.x = slot->x + r * p->K;
        g.y = slot->y + r * p->N;
        if (s->weights == HGI_WEIGHTS_INT8) {
            quantise(s, p->K, g.x, &g);
            k->narrow_int8(&g);
        } else {
            k->narrow_bf16(&g);
        }
    }
    k->act_forward(p->act, p->alpha, n, p->N, slot->y, p->N, slot->y, p->N);
    return true;
}
