// SPDX-License-Identifier: MIT
/* Max pooling: y[p,q,c] = the largest x[.,.,c] in window (p, q).
 * x [h,w,c]  y [h',w',c]; a sequence [length,c]; a row [length].
 *
 * Backward: all of gy[p,q,c] goes to the first place of the window, row by row, that has
 * the largest value, as in TensorFlow.  saved [h',w',c]: which place that is.
 * Source: tf.keras.layers.MaxPooling2D, MaxPooling1D. */
#include "model/pool.h"

#include <string.h>

static const hgi_example examples[] = {
    {"maxpool", {3, {4, 6, 3}}},
    {"maxpool 2", {3, {5, 4, 1}}},
    {"maxpool 2 padding=same", {3, {7, 5, 2}}},
    {"maxpool 3 stride=2 padding=same", {3, {6, 5, 2}}},
    {"maxpool 3x2 stride=1x2", {3, {5, 4, 2}}},
    {"maxpool 3 stride=2 padding=1", {3, {5, 6, 2}}},
    {"maxpool 2 stride=3", {3, {6, 7, 1}}},
    {"maxpool 3 padding=same", {2, {7, 3}}},
    {"maxpool 2", {1, {9}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    HGI_TRY(hgi_pool_plan(ctx, l));
    hgi_pool pool = hgi_pool_of(l);
    l->saved = hgi_shape_count(&l->out);
    l->flops = l->saved * pool.y.kernel * pool.x.kernel;
    return HG_OK;
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    hgi_pool pool = hgi_pool_of(l);
    int64_t C = pool.channels, line = pool.x.in * C;
    for (int64_t r = r0; r < r1; r++) {
        const hgi_real *x = s->x + r * l->d_in;
        int64_t at = r * l->d_out;
        for (int64_t i = 0; i < pool.y.out; i++)
            for (int64_t j = 0; j < pool.x.out; j++, at += C) {
                hgi_pool_window w = hgi_pool_at(&pool, i, j);
                p->k->max_pool(w.h, w.w, C, x + w.at, line, s->y + at,
                               p->training ? s->saved + at : NULL);
            }
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    if (s->gx == NULL) return;
    hgi_pool pool = hgi_pool_of(l);
    int64_t C = pool.channels, line = pool.x.in * C;
    for (int64_t r = r0; r < r1; r++) {
        hgi_real *gx = s->gx + r * l->d_in;
        int64_t at = r * l->d_out;
        if (!pool.tiles) memset(gx, 0, sizeof *gx * (size_t)l->d_in);
        for (int64_t i = 0; i < pool.y.out; i++)
            for (int64_t j = 0; j < pool.x.out; j++, at += C) {
                hgi_pool_window w = hgi_pool_at(&pool, i, j);
                p->k->max_pool_back(!pool.tiles, w.h, w.w, C, s->saved + at, s->gy + at,
                                    gx + w.at, line);
            }
    }
}

const hgi_layer_kind hgi_layer_maxpool = {
    .name = "maxpool",
    .brief = "the largest value of each window: maxpool 2, maxpool 3x3 stride=2",
    .options = hgi_pool_options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_SAVED,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
