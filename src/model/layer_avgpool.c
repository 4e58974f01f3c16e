// SPDX-License-Identifier: MIT
/* Average pooling: y[p,q,c] = mean of x[.,.,c] in window (p, q), over the places that lie
 * inside the input.      x [h,w,c]  y [h',w',c]; a sequence [length,c]; a row [length].
 *
 * A window's places are added in order, row by row.  Backward: each of its n places gets
 * gy / n.
 * Source: tf.keras.layers.AveragePooling2D, AveragePooling1D; like there, padding does not
 * count (in PyTorch it does unless count_include_pad is off). */
#include "model/pool.h"

#include <string.h>

static const hgi_example examples[] = {
    {"avgpool", {3, {4, 6, 3}}},
    {"avgpool 2", {3, {5, 4, 1}}},
    {"avgpool 2 padding=same", {3, {7, 5, 2}}},
    {"avgpool 3 stride=2 padding=same", {3, {6, 5, 2}}},
    {"avgpool 3x2 stride=1x2", {3, {5, 4, 2}}},
    {"avgpool 3 stride=2 padding=2", {3, {5, 6, 2}}},
    {"avgpool 3 padding=same", {2, {7, 3}}},
    {"avgpool 2", {1, {9}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    HGI_TRY(hgi_pool_plan(ctx, l));
    hgi_pool pool = hgi_pool_of(l);
    l->flops = hgi_shape_count(&l->out) * pool.y.kernel * pool.x.kernel;
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
        hgi_real *y = s->y + r * l->d_out;
        for (int64_t i = 0; i < pool.y.out; i++)
            for (int64_t j = 0; j < pool.x.out; j++, y += C) {
                hgi_pool_window w = hgi_pool_at(&pool, i, j);
                for (int64_t k = 0; k < w.h; k++)
                    p->k->column_sum(k > 0, w.w, C, x + w.at + k * line, C, y);
                hgi_real share = 1 / (hgi_real)(w.h * w.w);
                for (int64_t c = 0; c < C; c++) y[c] *= share;
            }
    }
}

/* One row's gx += its share of one window's gy. */
static void give_back(const hgi_pool_window *w, int64_t C, int64_t line,
                      const hgi_real *gy, hgi_real *gx)
{
    hgi_real share = 1 / (hgi_real)(w->h * w->w);
    for (int64_t k = 0; k < w->h; k++)
        for (int64_t m = 0; m < w->w; m++) {
            hgi_real *to = gx + w->at + k * line + m * C;
            for (int64_t c = 0; c < C; c++) to[c] += gy[c] * share;
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
        const hgi_real *gy = s->gy + r * l->d_out;
        hgi_real *gx = s->gx + r * l->d_in;
        memset(gx, 0, sizeof *gx * (size_t)l->d_in);
        for (int64_t i = 0; i < pool.y.out; i++)
            for (int64_t j = 0; j < pool.x.out; j++, gy += C) {
                hgi_pool_window w = hgi_pool_at(&pool, i, j);
                give_back(&w, C, line, gy, gx);
            }
    }
}

const hgi_layer_kind hgi_layer_avgpool = {
    .name = "avgpool",
    .brief = "the mean of each window: avgpool 2, avgpool 3x3 stride=2",
    .options = hgi_pool_options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
