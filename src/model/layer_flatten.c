// SPDX-License-Identifier: MIT
/* Flatten: [h, w, c] becomes [h w c]; values stay where they are.
 *
 * Source of the order: tf.keras.layers.Flatten, channels last. */
#include "model/layer.h"

static const hgi_opt_decl options[] = {{.name = NULL}};

static const hgi_example examples[] = {
    {"flatten", {3, {3, 2, 2}}},
    {"flatten", {2, {5, 2}}},
    {"flatten", {1, {4}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)ctx;
    (void)inputs;
    l->out = (hgi_shape){1, {l->d_in, 0, 0}};
    return HG_OK;
}

const hgi_layer_kind hgi_layer_flatten = {
    .name = "flatten",
    .brief = "all values in one row, without a shape",
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
