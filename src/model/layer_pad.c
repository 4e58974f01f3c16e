// SPDX-License-Identifier: MIT
/* Pad: y is x with a border of zeros.      x [h,w,c]  y [h+top+bottom, w+left+right, c]
 *
 * Backward takes the border off gy.
 * Source: tf.keras.layers.ZeroPadding2D, ZeroPadding1D. */
#include "model/border.h"

static const hgi_example examples[] = {
    {"pad 1", {3, {2, 3, 2}}},
    {"pad 0x2", {3, {3, 1, 1}}},
    {"pad top=1 right=2", {3, {3, 2, 3}}},
    {"pad 1 bottom=2", {2, {3, 2}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t h, w, c;
    hgi_border b;
    HGI_TRY(hgi_layer_plane(ctx, l, &h, &w, &c));
    HGI_TRY(hgi_border_read(ctx, l, &b));
    l->out = hgi_layer_resized(l, h + b.top + b.bottom, w + b.left + b.right);
    return HG_OK;
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    hgi_border b = hgi_border_of(l);
    for (int64_t r = r0; r < r1; r++)
        hgi_border_outward(&b, &l->out, s->x + r * l->d_in, s->y + r * l->d_out);
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    hgi_border b = hgi_border_of(l);
    if (s->gx == NULL) return;
    for (int64_t r = r0; r < r1; r++)
        hgi_border_inward(&b, &l->out, s->gy + r * l->d_out, s->gx + r * l->d_in);
}

const hgi_layer_kind hgi_layer_pad = {
    .name = "pad",
    .brief = "puts a border of zeros around an image or a sequence",
    .options = hgi_border_options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
