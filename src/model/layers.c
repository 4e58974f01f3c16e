// SPDX-License-Identifier: MIT
/* The lists of layer and code kinds, and what their files share. */
#include "model/window.h"

#include <math.h>
#include <string.h>

extern const hgi_layer_kind hgi_layer_dense, hgi_layer_conv, hgi_layer_convt,
    hgi_layer_maxpool, hgi_layer_avgpool, hgi_layer_gap, hgi_layer_upsample,
    hgi_layer_crop, hgi_layer_pad, hgi_layer_flatten, hgi_layer_reshape,
    hgi_layer_activation, hgi_layer_dropout, hgi_layer_batchnorm, hgi_layer_layernorm,
    hgi_layer_residual, hgi_layer_condition, hgi_layer_sigma;
extern const hgi_layer_kind hgi_code_plain, hgi_code_variational, hgi_code_topk,
    hgi_code_batchtopk, hgi_code_jumprelu, hgi_code_binary, hgi_code_vq;

/* clang-format off */
const hgi_layer_kind *const hgi_layer_kinds[] = {
    &hgi_layer_dense,
    &hgi_layer_conv,
    &hgi_layer_convt,
    &hgi_layer_maxpool,
    &hgi_layer_avgpool,
    &hgi_layer_gap,
    &hgi_layer_upsample,
    &hgi_layer_crop,
    &hgi_layer_pad,
    &hgi_layer_flatten,
    &hgi_layer_reshape,
    &hgi_layer_activation,
    &hgi_layer_dropout,
    &hgi_layer_batchnorm,
    &hgi_layer_layernorm,
    &hgi_layer_residual,
    &hgi_layer_condition,
    &hgi_layer_sigma,
    NULL,
};
/* clang-format on */

/* clang-format off */
const hgi_layer_kind *const hgi_code_kinds[] = {
    &hgi_code_plain,
    &hgi_code_variational,
    &hgi_code_topk,
    &hgi_code_batchtopk,
    &hgi_code_jumprelu,
    &hgi_code_binary,
    &hgi_code_vq,
    NULL,
};
/* clang-format on */

enum { PACK_PANELS = 4, UNIT_BLOCK = 64 }; /* of an item */

const char *const hgi_act_words[] = {
#define ROW(name, word, help) word,
    HGI_ACT_MAP(ROW)
#undef ROW
        NULL,
};

hgi_real hgi_layer_alpha(const hgi_layer *l, int option)
{
    if (l->line.given[option]) return (hgi_real)l->line.value[option];
    return l->act == HGI_ACT_LEAKY ? (hgi_real)0.01 : 1;
}

hg_status hgi_layer_plane(hg_ctx *ctx, const hgi_layer *l, int64_t *h, int64_t *w,
                          int64_t *c)
{
    char where[HGI_WHERE_MAX];
    if (l->in.rank < 2)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: needs an image or a sequence, but gets %lld values; reshape "
                        "them, or say what a row is with --shape 28x28x1",
                        hgi_layer_where(l, where), (long long)l->d_in);
    *h = l->in.dim[0];
    *w = l->in.rank == 3 ? l->in.dim[1] : 1;
    *c = l->in.dim[l->in.rank - 1];
    return HG_OK;
}

hgi_shape hgi_layer_resized(const hgi_layer *l, int64_t h, int64_t w)
{
    hgi_shape s = l->in;
    s.dim[0] = h;
    if (s.rank == 3) s.dim[1] = w;
    return s;
}

void hgi_identity_forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                          int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    if (s->y != s->x)
        memcpy(s->y + r0 * d, s->x + r0 * d, sizeof(hgi_real) * (size_t)((r1 - r0) * d));
}

void hgi_identity_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                           int worker)
{
    (void)l, (void)p, (void)r0, (void)r1, (void)worker;
}

hgi_tensor *hgi_layer_tensor(hgi_layer *l, const char *name, hgi_role role, int rank,
                             const int64_t *dim)
{
    assert(l->tensors < HGI_LAYER_TENSORS);
    hgi_tensor *t = &l->tensor[l->tensors++];
    *t = (hgi_tensor){.name = name, .role = role, .rank = rank, .count = 1};
    for (int i = 0; i < rank; i++) t->count *= t->dim[i] = dim[i];
    return t;
}

void hgi_init_uniform(const hgi_tensor *t, int64_t fan_in, int64_t fan_out, bool he,
                      uint64_t seed, hgi_real *theta)
{
    double fan = (double)fan_in + (he ? 0.0 : (double)fan_out);
    float limit = (float)sqrt(6.0 / fan);
    /* The counter is the element's place in the block: moving a layer's number in the file
     * does not change what it draws, and no two tensors share a draw. */
    hgi_rng rng = {.seed = seed, .use = HGI_USE_INIT, .epoch = 0};
    for (int64_t i = 0; i < t->count; i++) {
        uint64_t at = (uint64_t)(t->offset + i);
        uint32_t w[4];
        hgi_philox(&rng, at / 4, 0, w);
        float u = (hgi_unit(w[at % 4]) - 0.5f) * 2.0f;
        theta[t->offset + i] = (hgi_real)(u * limit);
    }
}

int64_t hgi_pack_items(const hgi_layer *l, const hgi_kernels *k)
{
    return hgi_ceil_div(l->packed_columns, k->panel * PACK_PANELS);
}

void hgi_pack_item(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                   const hgi_real *W, int64_t item)
{
    int64_t K = l->packed_rows, step = p->k->panel * PACK_PANELS, n = item * step;
    int64_t N = hgi_min(step, l->packed_columns - n);
    p->k->pack(K, N, W + n * K, 1, K, s->packed + p->k->packed_size(K, n));
}

void hgi_pack_part(const hgi_kernels *k, const hgi_part *a, const hgi_real *src,
                   int64_t row, int64_t col, hgi_real *packed)
{
    src += a->k0 * row;
    for (int64_t n = a->n0; n < a->n1; n += k->panel) {
        int64_t wide = hgi_min(k->panel, a->n1 - n);
        k->pack(a->k1 - a->k0, wide, src + n * col, row, col,
                packed + k->packed_size(a->K, n) + k->packed_size(a->k0, wide));
    }
}

int64_t hgi_unit_items(const hgi_layer *l) { return hgi_ceil_div(l->d_out, UNIT_BLOCK); }

void hgi_unit_project(const hgi_layer *l, const hgi_layer *next, hgi_real *theta,
                      int64_t item)
{
    const hgi_tensor *w = &next->tensor[0];
    int64_t d = l->d_out, c0 = item * UNIT_BLOCK, n = hgi_min(UNIT_BLOCK, d - c0);
    hgi_real *W = theta + w->offset + c0;
    double square[UNIT_BLOCK] = {0};
    for (int64_t r = 0; r < w->dim[0]; r++)
        for (int64_t c = 0; c < n; c++)
            square[c] += (double)W[r * d + c] * (double)W[r * d + c];
    hgi_real factor[UNIT_BLOCK];
    for (int64_t c = 0; c < n; c++)
        factor[c] = square[c] > 0 ? (hgi_real)(1 / sqrt(square[c])) : 1;
    for (int64_t r = 0; r < w->dim[0]; r++)
        for (int64_t c = 0; c < n; c++) W[r * d + c] *= factor[c];
}

hgi_grad hgi_grad_begin(const hgi_pass *p, const hgi_tensor *t, int64_t width, int64_t r,
                        int64_t c, int64_t C, int worker)
{
    if (p->grad != NULL) return (hgi_grad){p->grad + t->offset + r * width + c, width};
    return (hgi_grad){p->scratch[worker], C};
}

void hgi_grad_end(const hgi_pass *p, const hgi_tensor *t, int64_t width, int64_t r,
                  int64_t R, int64_t c, int64_t C, hgi_grad g)
{
    if (p->grad != NULL) return;
    int64_t at = t->offset + r * width + c;
    if (C == width) { /* the tile is whole rows: one contiguous piece of the tensor */
        p->emit(p->emit_arg, at, R * C, g.g);
        return;
    }
    for (int64_t i = 0; i < R; i++) p->emit(p->emit_arg, at + i * width, C, g.g + i * C);
}
