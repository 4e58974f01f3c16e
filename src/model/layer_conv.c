// SPDX-License-Identifier: MIT
/* Convolution: y[p,q] = act(sum over taps i, j of x[p s + i d - before, ...] W[i,j] + b).
 * x [h, w, c]  W [kh, kw, c, filters]  b [filters]  y [h', w', filters], channels last.
 *
 * A kernel of two sizes (3x3) slides over an image [h, w, c].  A kernel of one size slides
 * along a length: [length, c], which `reshape 100x8` makes, or [length] as one channel;
 * then y is [length', filters] and W [k, c, filters].
 * The formulas of both directions are in conv.h, sizes and padding in window.h. */
#include "model/conv.h"

static const hgi_opt_decl options[] = {HGI_CONV_OPTIONS, {.name = NULL}};

static const hgi_example examples[] = {
    {"conv 3 3x3 tanh", {3, {4, 3, 2}}},
    {"conv 2 3x3 stride=2 tanh", {3, {6, 5, 1}}},
    {"conv 9 3x2 stride=2x1 gelu", {3, {2, 2, 8}}},
    {"conv 2 2x2 padding=valid sigmoid nobias", {3, {2, 2, 9}}},
    {"conv 2 3x3 padding=2 dilation=2 stride=3 elu alpha=0.5", {3, {3, 4, 2}}},
    {"conv 2 3x2 dilation=2 stride=2 tanh", {3, {3, 1, 8}}},
    {"conv 2 3x3 dilation=2 stride=4 padding=2 softplus", {3, {5, 1, 8}}},
    {"conv 3 1x1 stride=2", {3, {2, 2, 8}}},
    {"conv 3 4 tanh", {1, {9}}},
    {"conv 2 5 stride=2 tanh", {2, {4, 8}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    return hgi_conv_plan(ctx, l, false);
}

const hgi_layer_kind hgi_layer_conv = {
    .name = "conv",
    .brief = "convolution: a kernel slides over an image or a length",
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
