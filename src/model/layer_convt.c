// SPDX-License-Identifier: MIT
/* Transposed convolution: exactly what a convolution's backward does to its gradient, so
 * that a stride makes the image larger.
 * x [h, w, c]  W [kh, kw, filters, c]  b [filters]  y [h', w', filters], channels last;
 * one size instead of two along a length, as in layer_conv.c.
 *
 * Sizes  same: h' = h stride; valid: h' = (h - 1) stride + max(kernel, stride); N: (h - 1)
 * stride + kernel - 2 N.  output=match takes the size that the mirrored encoder layer has
 * for its input, because several sizes (13 and 14 by stride 2) shrink to the same one. */
#include "model/conv.h"

static const char *const output_words[] = {"match", NULL};

static const hgi_opt_decl options[] = {
    HGI_CONV_OPTIONS,
    {.name = "output",
     .type = HGI_OPT_WORD,
     .words = output_words,
     .help = "match: the size of the mirrored encoder layer's input"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"convt 8 3x3 stride=2 tanh", {3, {2, 3, 3}}},
    {"convt 9 3x3 stride=3 tanh", {3, {2, 2, 3}}},
    {"convt 1 3x3 stride=2 sigmoid", {3, {3, 2, 4}}},
    {"convt 2 4x3 tanh", {3, {3, 3, 2}}},
    {"convt 8 2x2 stride=3 padding=valid gelu", {3, {2, 2, 2}}},
    {"convt 8 4x4 stride=2 padding=1 nobias leaky", {3, {2, 3, 2}}},
    {"convt 8 3x3 stride=2 dilation=2 tanh", {3, {3, 2, 2}}},
    {"convt 2 4 stride=2 tanh", {1, {5}}},
    {"convt 8 5 stride=2 padding=valid tanh", {2, {3, 2}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    return hgi_conv_plan(ctx, l, true);
}

const hgi_layer_kind hgi_layer_convt = {
    .name = "convt",
    .brief = "transposed convolution: makes an image or a length larger by its stride",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_ACT | HGI_GRADIENT_X | HGI_GRADIENT_GY,
    .plan = plan,
    .init = hgi_conv_init,
    .prepare_items = hgi_conv_prepare_items,
    .prepare = hgi_conv_prepare,
    .forward = hgi_conv_forward,
    .backward = hgi_conv_backward,
    .gradient_items = hgi_conv_gradient_items,
    .gradient = hgi_conv_gradient,
};
