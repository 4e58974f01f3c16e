// SPDX-License-Identifier: MIT
/* Reshape: the same values in the same order under another shape, "reshape 4x4x128".
 *
 * Source of the order: tf.keras.layers.Reshape, channels last. */
#include "model/window.h"

enum { O_SHAPE };

static const hgi_opt_decl options[] = {
    {.name = "shape",
     .type = HGI_OPT_SIZE,
     .positional = true,
     .required = true,
     .lo = 1,
     .hi = 1 << 24,
     .help = "sizes, as many values as come in: 4x4x128"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"reshape 3x2x2", {1, {12}}},
    {"reshape 6x2", {3, {2, 3, 2}}},
    {"reshape 10", {2, {5, 2}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    double count = 1; /* three sizes of 2^24 are too much for 64 bits, not for this */
    l->out = (hgi_shape){.rank = (int)l->line.value[O_SHAPE]};
    for (int i = 0; i < l->out.rank; i++)
        count *= (double)(l->out.dim[i] = l->line.size[O_SHAPE][i]);
    if (count == (double)l->d_in) return HG_OK;
    char where[HGI_WHERE_MAX], to[HGI_SHAPE_MAX], from[HGI_SHAPE_MAX];
    return hgi_fail(ctx, HG_ESHAPE,
                    "%s: %s has %.0f values, but %s comes in, which has %lld",
                    hgi_layer_where(l, where), hgi_shape_text(&l->out, to), count,
                    hgi_shape_text(&l->in, from), (long long)l->d_in);
}

const hgi_layer_kind hgi_layer_reshape = {
    .name = "reshape",
    .brief = "the same values under another shape: reshape 4x4x128",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .identity = true,
    .elementwise = true,
    .moves = true,
    .plan = plan,
    .forward = hgi_identity_forward,
    .backward = hgi_identity_backward,
};
