// SPDX-License-Identifier: MIT
/* What conv and convt share: one window slides over the larger of two images and meets one
 * place of the smaller each time.  conv gathers the larger into the smaller, convt
 * scatters the smaller into the larger; each one's backward is the other's forward, and
 * the weight's gradient is one sum for both.
 *
 * Shapes  large [H, W, cl], small [P, Q, cs], weight [kh, kw, cl, cs]: Keras's order of a
 * Conv2D kernel and of a Conv2DTranspose kernel.  With a stride s, dilation d and `before`
 * places of padding, position (p, q) and tap (i, j) meet at large
 * (p s + i d - before, q s + j d - before):
 *     gather    small[p,q,:] = sum over i, j of large[..] W[i,j]
 *     scatter   large[y,x,:] = sum over p, q, i, j that meet there of small[p,q] W[i,j]^T
 *     gradient  gW[i,j] = sum over rows, p, q of large[..]^T small[p,q]
 * A kernel of one size slides along the length of [length, channels]: H, P, kh are 1. */
#ifndef HGI_CONV_H
#define HGI_CONV_H

#include "model/window.h"

enum {
    HGI_CONV_FILTERS,
    HGI_CONV_KERNEL,
    HGI_CONV_ACT,
    HGI_CONV_ALPHA,
    HGI_CONV_STRIDE,
    HGI_CONV_DILATION,
    HGI_CONV_PADDING,
    HGI_CONV_NO_BIAS,
    HGI_CONV_OUTPUT /* convt alone */
};

/* clang-format off */
#define HGI_CONV_OPTIONS                                                                 \
    {.name = "filters", .type = HGI_OPT_INT, .positional = true, .required = true,       \
     .lo = 1, .hi = 1 << 20, .help = "channels of the output"},                          \
    {.name = "kernel", .type = HGI_OPT_SIZE, .positional = true, .required = true,       \
     .lo = 1, .hi = 999, .help = "5 along a length, 3x3 over an image"},                 \
    {.name = "activation", .type = HGI_OPT_WORD, .positional = true,                     \
     .words = hgi_act_words, .initial = HGI_ACT_LINEAR,                                  \
     .help = "applied to the outputs"},                                                  \
    {.name = "alpha", .type = HGI_OPT_REAL, .lo = 0, .hi = 100, .initial = -1,           \
     .help = "slope of leaky (0.01), scale of elu (1)"},                                 \
    {.name = "stride", .type = HGI_OPT_SIZE, .lo = 1, .hi = 999, .initial = 1,           \
     .help = "places from one window to the next: 2, or 2x1"},                           \
    {.name = "dilation", .type = HGI_OPT_SIZE, .lo = 1, .hi = 999, .initial = 1,         \
     .help = "places from one tap of the kernel to the next"},                           \
    {.name = "padding", .type = HGI_OPT_CHOICE, .words = hgi_padding_words,              \
     .lo = 0, .hi = 65535, .initial = HGI_PADDING_SAME,                                  \
     .help = "same, valid, or places on either side"},                                   \
    {.name = "nobias", .type = HGI_OPT_FLAG, .help = "no bias"}
/* clang-format on */

typedef struct hgi_geometry {
    bool transposed;      /* convt */
    int axes;             /* 1: along a length, 2: over an image */
    hgi_window y, x;      /* in: places of the large image, out: of the small one */
    int64_t large, small; /* channels */
    int64_t taps;
    int64_t large_places, small_places;
    /* Few channels of the large image: its windows are copied out into columns and go
     * through the matrix product, because a run of channels is too short for conv. */
    bool narrow;
} hgi_geometry;

/* Of a planned layer. */
hgi_geometry hgi_geometry_of(const hgi_layer *l);

/* ---- the members of both kinds ------------------------------------------------ */

hg_status hgi_conv_plan(hg_ctx *ctx, hgi_layer *l, bool transposed);
void hgi_conv_init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                   hgi_real *state);
int64_t hgi_conv_prepare_items(const hgi_layer *l, const hgi_kernels *k);
void hgi_conv_prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                      int64_t item);
void hgi_conv_forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                      int worker);
void hgi_conv_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                       int worker);
int64_t hgi_conv_gradient_items(const hgi_layer *l);
void hgi_conv_gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker);

static inline const hgi_tensor *hgi_conv_bias(const hgi_layer *l)
{
    return l->line.value[HGI_CONV_NO_BIAS] == 0 ? &l->tensor[1] : NULL;
}

/* ---- few channels: conv_columns.c ------------------------------------------------ */

/* A piece of one image's positions: rows p0 .. p0+rows of the small image. */
typedef struct hgi_band {
    int64_t p0, rows;
} hgi_band;

/* Rows of a band, so that `depth` columns of it stay in the first two caches. */
int64_t hgi_band_rows(const hgi_geometry *g, int64_t depth);
/* Reals of scratch that the functions below need. */
int64_t hgi_columns_work(const hgi_geometry *g);
/* out[k - k0][p, q] = large at position (p, q) and tap, channel of k = tap * cl + channel;
 * zeros outside. */
void hgi_columns(const hgi_geometry *g, hgi_band band, const hgi_real *large, int64_t k0,
                 int64_t k1, hgi_real *out);
/* Gather and scatter of whole images, from W as it is stored and from W^T packed. */
void hgi_gather_columns(const hgi_geometry *g, const hgi_kernels *k, int64_t images,
                        const hgi_real *large, const hgi_real *W, const hgi_real *init,
                        hgi_real *small, hgi_real *work);
void hgi_scatter_columns(const hgi_geometry *g, const hgi_kernels *k, int64_t images,
                         const hgi_real *small, const hgi_real *packed,
                         const hgi_real *init, hgi_real *large, hgi_real *work);

#endif
