// SPDX-License-Identifier: MIT
/* Global average pool: y[c] = mean over positions of x[.,c].      x [positions, C]  y [C]
 *
 * Positions are added in order.  Backward: gx[.,c] = gy[c] / positions.
 * Source: tf.keras.layers.GlobalAveragePooling2D, ...1D. */
#include "model/layer.h"

static const hgi_opt_decl options[] = {{.name = NULL}};

static const hgi_example examples[] = {
    {"gap", {3, {3, 2, 2}}},
    {"gap", {3, {1, 1, 5}}},
    {"gap", {2, {5, 3}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t h, w, c;
    HGI_TRY(hgi_layer_plane(ctx, l, &h, &w, &c));
    l->out = (hgi_shape){1, {c, 0, 0}};
    l->flops = l->d_in;
    return HG_OK;
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t C = l->d_out, per = l->d_in / C;
    for (int64_t r = r0; r < r1; r++) {
        const hgi_real *x = s->x + r * l->d_in;
        hgi_real *y = s->y + r * C;
        p->k->column_sum(0, per, C, x, C, y);
        for (int64_t c = 0; c < C; c++) y[c] /= (hgi_real)per;
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t C = l->d_out, per = l->d_in / C;
    if (s->gx == NULL) return;
    for (int64_t r = r0; r < r1; r++)
        for (int64_t i = 0; i < per; i++)
            for (int64_t c = 0; c < C; c++)
                s->gx[r * l->d_in + i * C + c] = s->gy[r * C + c] / (hgi_real)per;
}

const hgi_layer_kind hgi_layer_gap = {
    .name = "gap",
    .brief = "global average pool: each channel's mean over all positions",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
