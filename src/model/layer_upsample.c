// SPDX-License-Identifier: MIT
/* Upsampling: an image `size` times as large.      x [h,w,c]  y [h fy, w fx, c]
 *
 * nearest    y[p,q] = x[p / fy, q / fx], rounded down
 * bilinear   along each axis place p of y lies at s = (p + 1/2) / f - 1/2 of x, and is
 *            (1 - t) x[i] + t x[i + 1], i = floor(s), t = s - i; past an end it is the end
 * Backward adds each gy to the places it came from, with the same weights.  A sequence
 * [length,c] grows along its length.
 * Source: tf.keras.layers.UpSampling2D: half-pixel centres, align_corners false. */
#include "model/window.h"

#include <math.h>
#include <string.h>

enum { O_SIZE, O_METHOD };
enum { NEAREST, BILINEAR };

static const char *const methods[] = {"nearest", "bilinear", NULL};

static const hgi_opt_decl options[] = {
    {.name = "size",
     .type = HGI_OPT_SIZE,
     .positional = true,
     .lo = 1,
     .hi = 999,
     .initial = 2,
     .help = "times as large: 2, or 2x3"},
    {.name = "method",
     .type = HGI_OPT_WORD,
     .positional = true,
     .words = methods,
     .initial = NEAREST,
     .help = "nearest repeats values, bilinear blends them"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"upsample", {3, {2, 3, 2}}},
    {"upsample 3x1 nearest", {3, {2, 1, 3}}},
    {"upsample 2 bilinear", {3, {3, 2, 2}}},
    {"upsample 3x2 bilinear", {3, {2, 3, 1}}},
    {"upsample 2 bilinear", {3, {1, 2, 2}}},
    {"upsample 3", {2, {3, 2}}},
    {"upsample 2 bilinear", {2, {4, 1}}},
    {NULL, {0, {0}}},
};

typedef struct grown {
    int64_t h, w, c, fy, fx;
} grown;

static grown grown_of(const hgi_layer *l)
{
    const int64_t *size = l->line.size[O_SIZE];
    bool two = l->line.value[O_SIZE] > 1, image = l->in.rank == 3;
    return (grown){
        .h = l->in.dim[0],
        .w = image ? l->in.dim[1] : 1,
        .c = l->in.dim[l->in.rank - 1],
        .fy = size[0],
        .fx = image ? size[two ? 1 : 0] : 1,
    };
}

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t h, w, c;
    HGI_TRY(hgi_layer_plane(ctx, l, &h, &w, &c));
    int axes = l->in.rank - 1;
    if (l->line.value[O_SIZE] > axes) {
        char where[HGI_WHERE_MAX], shape[HGI_SHAPE_MAX];
        return hgi_fail(ctx, HG_ESHAPE, "%s: size has %d sizes, but the input is %s",
                        hgi_layer_where(l, where), (int)l->line.value[O_SIZE],
                        hgi_shape_text(&l->in, shape));
    }
    grown g = grown_of(l);
    l->out = hgi_layer_resized(l, h * g.fy, w * g.fx);
    if (l->line.value[O_METHOD] == BILINEAR) l->flops = 7 * hgi_shape_count(&l->out);
    return HG_OK;
}

/* ---- nearest ---------------------------------------------------------------------- */

static void repeat(const grown *g, const hgi_real *x, hgi_real *y)
{
    int64_t line = g->w * g->fx * g->c;
    for (int64_t i = 0; i < g->h; i++) {
        hgi_real *first = y;
        for (int64_t j = 0; j < g->w; j++, x += g->c)
            for (int64_t k = 0; k < g->fx; k++, y += g->c)
                memcpy(y, x, sizeof *y * (size_t)g->c);
        for (int64_t k = 1; k < g->fy; k++, y += line)
            memcpy(y, first, sizeof *y * (size_t)line);
    }
}

static void repeat_back(const grown *g, const hgi_kernels *k, const hgi_real *gy,
                        hgi_real *gx)
{
    int64_t line = g->w * g->fx * g->c;
    for (int64_t i = 0; i < g->h; i++)
        for (int64_t j = 0; j < g->w; j++, gx += g->c) {
            const hgi_real *from = gy + i * g->fy * line + j * g->fx * g->c;
            for (int64_t m = 0; m < g->fy; m++)
                k->column_sum(m > 0, g->fx, g->c, from + m * line, g->c, gx);
        }
}

/* ---- bilinear --------------------------------------------------------------------- */

/* The two places of x that place p of y lies between, and how far it is to the second. */
typedef struct between {
    int64_t low, high;
    hgi_real t;
} between;

static between between_of(int64_t p, int64_t f, int64_t n)
{
    double s = ((double)p + 0.5) / (double)f - 0.5, low = floor(s);
    return (between){
        .low = hgi_max((int64_t)low, 0),
        .high = hgi_min((int64_t)low + 1, n - 1),
        .t = (hgi_real)(s - low),
    };
}

/* The four places of x behind place (p, q) of y, and their weights. */
typedef struct corners {
    int64_t at[4];
    hgi_real weight[4];
} corners;

static corners corners_of(const grown *g, int64_t p, int64_t q)
{
    between y = between_of(p, g->fy, g->h), x = between_of(q, g->fx, g->w);
    return (corners){
        .at = {(y.low * g->w + x.low) * g->c, (y.low * g->w + x.high) * g->c,
               (y.high * g->w + x.low) * g->c, (y.high * g->w + x.high) * g->c},
        .weight = {(1 - y.t) * (1 - x.t), (1 - y.t) * x.t, y.t * (1 - x.t), y.t * x.t},
    };
}

static void blend(const grown *g, const hgi_real *x, hgi_real *y)
{
    for (int64_t p = 0; p < g->h * g->fy; p++)
        for (int64_t q = 0; q < g->w * g->fx; q++, y += g->c) {
            corners k = corners_of(g, p, q);
            for (int64_t c = 0; c < g->c; c++)
                y[c] = k.weight[0] * x[k.at[0] + c] + k.weight[1] * x[k.at[1] + c] +
                       k.weight[2] * x[k.at[2] + c] + k.weight[3] * x[k.at[3] + c];
        }
}

static void blend_back(const grown *g, const hgi_real *gy, hgi_real *gx)
{
    memset(gx, 0, sizeof *gx * (size_t)(g->h * g->w * g->c));
    for (int64_t p = 0; p < g->h * g->fy; p++)
        for (int64_t q = 0; q < g->w * g->fx; q++, gy += g->c) {
            corners k = corners_of(g, p, q);
            for (int i = 0; i < 4; i++)
                for (int64_t c = 0; c < g->c; c++) gx[k.at[i] + c] += k.weight[i] * gy[c];
        }
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    grown g = grown_of(l);
    for (int64_t r = r0; r < r1; r++) {
        const hgi_real *x = s->x + r * l->d_in;
        hgi_real *y = s->y + r * l->d_out;
        if (l->line.value[O_METHOD] == BILINEAR)
            blend(&g, x, y);
        else
            repeat(&g, x, y);
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    grown g = grown_of(l);
    if (s->gx == NULL) return;
    for (int64_t r = r0; r < r1; r++) {
        const hgi_real *gy = s->gy + r * l->d_out;
        hgi_real *gx = s->gx + r * l->d_in;
        if (l->line.value[O_METHOD] == BILINEAR)
            blend_back(&g, gy, gx);
        else
            repeat_back(&g, p->k, gy, gx);
    }
}

const hgi_layer_kind hgi_layer_upsample = {
    .name = "upsample",
    .brief = "an image or a sequence so many times as large: upsample 2 bilinear",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
