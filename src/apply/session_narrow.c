// SPDX-License-Identifier: MIT
/* Sessions that lay out products' weights themselves.  In bf16 or in bytes they are half or
 * a quarter of the memory that a row has to read, which is what a net larger than a cache
 * waits for.  With several threads each takes the same columns of a layer in every call, so
 * that it finds them in its own cache; a column is computed as it is by one thread.
 *
 * f32: in the matrix product's panels.
 * bf16: weights are rounded to 8 bits of fraction; rows and sums stay float.
 * int8: each output's weights are steps of a 127th of their largest, each layer's input
 * steps of a 127th of its largest value in that row; sums are exact integers.
 * Biases and activations stay float. */
#include "apply/session.h"

#include <string.h>

/* Fewer weights are read sooner than threads have met: half a microsecond. */
enum { LEAST_CUT = 32768 };

const char *const hgi_weights_words[] = {"f32", "bf16", "int8", NULL};

static void *take(hg_ctx *ctx, hg_session *s, size_t n, size_t size)
{
    void *p = hgi_calloc(&ctx->mem, n, size);
    if (p != NULL) s->bytes_held += (int64_t)(n * size);
    return p;
}

static size_t weight_bytes(const hg_session *s, const hgi_kernels *k,
                           const hgi_product *p)
{
    if (s->weights == HGI_WEIGHTS_F32)
        return (size_t)k->packed_size(p->K, p->N) * sizeof(hgi_real);
    return hgi_narrow_bytes(
        s->weights == HGI_WEIGHTS_INT8 ? HGI_NARROW_INT8 : HGI_NARROW_BF16, p->K, p->N);
}

static hg_status make_layer(hg_ctx *ctx, hg_session *s, int64_t i, bool *bare)
{
    const hgi_layer *l = &s->model->net.layer[i];
    hgi_own_layer *to = &s->own[i];
    /* Rows given by a few places are read by those places, not as a whole. */
    if (l->kind->product == NULL || l->x_listed > 0) return HG_OK;
    l->kind->product(l, &to->product);
    const hgi_product *p = &to->product;
    bool bytes = s->weights == HGI_WEIGHTS_INT8 && p->K <= HGI_NARROW_MOST;
    if (s->weights == HGI_WEIGHTS_INT8 && !bytes) return HG_OK;
    const hgi_real *w = s->model->theta + p->weight;
    size_t size = weight_bytes(s, ctx->kernels, p);
    to->W = take(ctx, s, size, 1);
    if (to->W == NULL) return hgi_fail_mem(ctx, size, "a session's weights");
    bare[i] = true;
    if (s->weights == HGI_WEIGHTS_F32) {
        ctx->kernels->pack(p->K, p->N, w, p->row, p->col, to->W);
        return HG_OK;
    }
    if (!bytes) {
        hgi_narrow_pack_bf16(p->K, p->N, w, p->row, p->col, to->W);
        return HG_OK;
    }
    to->scale = take(ctx, s, (size_t)p->N, sizeof *to->scale);
    if (to->scale == NULL) return hgi_fail_mem(ctx, (size_t)p->N, "scales of weights");
    hgi_narrow_pack_int8(p->K, p->N, w, p->row, p->col, to->W, to->scale);
    return HG_OK;
}

hg_status hgi_own_make(hg_ctx *ctx, hg_session *s, bool *bare)
{
    const hgi_net *net = &s->model->net;
    size_t widest = 0, layers = (size_t)net->count;
    size_t threads = s->team != NULL ? (size_t)hgi_team_size(s->team) : 1;
    for (int64_t i = 0; i < net->count; i++)
        widest = (size_t)hgi_max((int64_t)widest, net->layer[i].d_in);
    s->bytes_each = hgi_ceil_div((int64_t)widest + 1, HGI_ALIGN) * HGI_ALIGN;
    s->own = take(ctx, s, layers, sizeof *s->own);
    s->bytes = take(ctx, s, threads, (size_t)s->bytes_each);
    if (s->own == NULL || s->bytes == NULL)
        return hgi_fail_mem(ctx, layers * sizeof *s->own, "a session's weights");
    for (int64_t i = 0; i < net->count; i++) HGI_TRY(make_layer(ctx, s, i, bare));
    return HG_OK;
}

void hgi_own_free(hg_session *s)
{
    for (int64_t i = 0; s->own != NULL && i < s->model->net.count; i++) {
        hgi_free(&s->mem, s->own[i].W);
        hgi_free(&s->mem, s->own[i].scale);
    }
    hgi_free(&s->mem, s->own);
    hgi_free(&s->mem, s->bytes);
}

/* Columns that a layer can be cut at: where its words' strips, or its panels, begin. */
static int64_t unit_of(const hg_session *s)
{
    return s->weights == HGI_WEIGHTS_F32 ? s->ws.pass.k->panel : HGI_STRIP;
}

int64_t hgi_own_items(const hg_session *s, int64_t i)
{
    const hgi_product *p = &s->own[i].product;
    if (s->own[i].W == NULL || p->K * p->N < LEAST_CUT) return 1;
    return hgi_min(hgi_team_size(s->team), hgi_ceil_div(p->N, unit_of(s)));
}

/* Columns [n0, n1) of one row by narrow weights.  Bytes behind the last of a row are 0, up
 * to a whole word; every worker makes them for itself, which is cheaper than to wait. */
static void narrow_row(hg_session *s, const hgi_own_layer *l, const hgi_real *x,
                       int64_t n0, int64_t n1, hgi_real *y, int worker)
{
    const hgi_product *p = &l->product;
    const hgi_kernels *k = s->ws.pass.k;
    bool bytes = s->weights == HGI_WEIGHTS_INT8;
    int64_t words = hgi_ceil_div(p->K, bytes ? 4 : 2) * n0;
    hgi_narrow g = {.K = p->K, .N = n1 - n0, .x = x, .y = y + n0};
    g.W = (const uint32_t *)l->W + words;
    g.init = p->bias >= 0 ? s->model->theta + p->bias + n0 : NULL;
    if (!bytes) {
        k->narrow_bf16(&g);
        return;
    }
    int8_t *row = s->bytes + worker * s->bytes_each;
    g.step = k->quantise(p->K, x, row);
    memset(row + p->K, 0, (size_t)(-p->K & 3));
    g.bytes = row;
    g.scale = l->scale + n0;
    k->narrow_int8(&g);
}

void hgi_own_forward(hg_session *s, int64_t i, int64_t n, int64_t item, int64_t items,
                     int worker)
{
    const hgi_own_layer *l = &s->own[i];
    const hgi_product *p = &l->product;
    const hgi_kernels *k = s->ws.pass.k;
    const hgi_slot *slot = &s->ws.pass.slot[i];
    const hgi_layer *layer = &s->model->net.layer[i];
    if (l->W == NULL) {
        layer->kind->forward(layer, &s->ws.pass, 0, n, 0);
        return;
    }
    int64_t n0 = 0, n1 = p->N;
    if (items > 1) {
        int64_t unit = unit_of(s), units = hgi_ceil_div(p->N, unit);
        n0 = units * item / items * unit;
        n1 = hgi_min(n1, units * (item + 1) / items * unit);
    }
    hgi_real *y = slot->y + n0;
    if (s->weights == HGI_WEIGHTS_F32) {
        hgi_gemm g = {.M = n, .N = n1 - n0, .K = p->K, .A = slot->x, .a_row = p->K};
        g.a_col = 1;
        g.B = (const hgi_real *)l->W + k->packed_size(p->K, n0);
        g.b_row = HGI_PACKED;
        g.init = p->bias >= 0 ? s->model->theta + p->bias + n0 : NULL;
        g.C = y;
        g.c_row = p->N;
        k->gemm(&g);
    } else {
        for (int64_t r = 0; r < n; r++)
            narrow_row(s, l, slot->x + r * p->K, n0, n1, slot->y + r * p->N, worker);
    }
    k->act_forward(p->act, p->alpha, n, n1 - n0, y, p->N, y, p->N);
}
