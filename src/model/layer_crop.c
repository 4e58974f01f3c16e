// SPDX-License-Identifier: MIT
/* Crop: y is x without its border.      x [h,w,c]  y [h-top-bottom, w-left-right, c]
 *
 * Backward puts a border of zeros around gy.
 * Source: tf.keras.layers.Cropping2D, Cropping1D. */
#include "model/border.h"
#include "model/window.h"

static const hgi_example examples[] = {
    {"crop 1", {3, {4, 5, 2}}},
    {"crop 0x2", {3, {3, 5, 1}}},
    {"crop top=1 right=2", {3, {3, 4, 3}}},
    {"crop 1 bottom=2", {2, {7, 2}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t h, w, c;
    hgi_border b;
    HGI_TRY(hgi_layer_plane(ctx, l, &h, &w, &c));
    HGI_TRY(hgi_border_read(ctx, l, &b));
    if (b.top + b.bottom >= h || b.left + b.right >= w) {
        char where[HGI_WHERE_MAX], shape[HGI_SHAPE_MAX];
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: nothing is left of %s after %lld + %lld rows and "
                        "%lld + %lld columns",
                        hgi_layer_where(l, where), hgi_shape_text(&l->in, shape),
                        (long long)b.top, (long long)b.bottom, (long long)b.left,
                        (long long)b.right);
    }
    l->out = hgi_layer_resized(l, h - b.top - b.bottom, w - b.left - b.right);
    return HG_OK;
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    hgi_border b = hgi_border_of(l);
    for (int64_t r = r0; r < r1; r++)
        hgi_border_inward(&b, &l->in, s->x + r * l->d_in, s->y + r * l->d_out);
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    hgi_border b = hgi_border_of(l);
    if (s->gx == NULL) return;
    for (int64_t r = r0; r < r1; r++)
        hgi_border_outward(&b, &l->in, s->gy + r * l->d_out, s->gx + r * l->d_in);
}

const hgi_layer_kind hgi_layer_crop = {
    .name = "crop",
    .brief = "takes the border off an image or a sequence",
    .options = hgi_border_options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .moves = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
