// SPDX-License-Identifier: MIT
/* Planning, forward and backward of conv and convt: see conv.h.
 *
 * Many channels run through the kernel `conv`, one panel of the packed weight after the
 * other over all images of the chunk.  A scatter with strides is cut by the remainders of
 * the large image's places by the stride: those of one remainder meet the same taps. */
#include "model/conv.h"

enum { NARROW = 8 };

#define VALUES_MAX ((double)((int64_t)1 << 40))

/* ---- geometry --------------------------------------------------------------------- */

static hgi_window axis_of(const hgi_line *line, int axis, int axes)
{
    const int64_t *stride = line->size[HGI_CONV_STRIDE];
    const int64_t *dilation = line->size[HGI_CONV_DILATION];
    bool one_stride = line->value[HGI_CONV_STRIDE] < 2;
    bool one_dilation = line->value[HGI_CONV_DILATION] < 2;
    assert(axis < axes);
    return (hgi_window){.kernel = line->size[HGI_CONV_KERNEL][axis],
                        .stride = stride[one_stride ? 0 : axis],
                        .dilation = dilation[one_dilation ? 0 : axis]};
}

static const hgi_window no_axis = {1, 1, 1, 1, 1, 0, 0};

static int64_t channels_of(const hgi_shape *s, int axes)
{
    return s->rank > axes ? s->dim[axes] : 1;
}

static void set_counts(hgi_geometry *g)
{
    g->taps = g->y.kernel * g->x.kernel;
    g->large_places = g->y.in * g->x.in;
    g->small_places = g->y.out * g->x.out;
    g->narrow = g->large < NARROW;
}

hgi_geometry hgi_geometry_of(const hgi_layer *l)
{
    const hgi_line *line = &l->line;
    hgi_geometry g = {.transposed = line->decl[HGI_CONV_OUTPUT].name != NULL,
                      .axes = (int)line->value[HGI_CONV_KERNEL],
                      .y = no_axis};
    const hgi_shape *large = g.transposed ? &l->out : &l->in;
    int64_t in = channels_of(&l->in, g.axes), out = channels_of(&l->out, g.axes);
    for (int i = 0; i < g.axes; i++) {
        hgi_window *w = i == g.axes - 1 ? &g.x : &g.y;
        *w = axis_of(line, i, g.axes);
        w->in = large->dim[i];
        hg_status status =
            hgi_window_plan(NULL, "", (int64_t)line->value[HGI_CONV_PADDING], w);
        assert(status == HG_OK);
        (void)status;
    }
    g.large = g.transposed ? out : in;
    g.small = g.transposed ? in : out;
    set_counts(&g);
    return g;
}

/* ---- planning --------------------------------------------------------------------- */

/* How many sizes the kernel, stride and dilation have, and that the input has as many. */
static hg_status check_axes(hg_ctx *ctx, const hgi_layer *l, const char *where)
{
    static const int sized[] = {HGI_CONV_STRIDE, HGI_CONV_DILATION};
    int axes = (int)l->line.value[HGI_CONV_KERNEL];
    char row[HGI_SHAPE_MAX];
    if (axes > 2)
        return hgi_fail(ctx, HG_ESHAPE, "%s: a kernel of %d sizes, expected 1 or 2",
                        where, axes);
    if (l->in.rank < axes || l->in.rank > axes + 1)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: a kernel of %d size%s slides over %s, but the input is %s%s",
                        where, axes, axes > 1 ? "s" : "",
                        axes > 1 ? "an image, 28x28x1" : "a length, 100 or 100x8",
                        hgi_shape_text(&l->in, row),
                        axes == 1 && l->in.dim[2] == 1
                            ? "; reshape to two sizes, as in reshape 100x8"
                            : "");
    for (int i = 0; i < HGI_COUNT(sized); i++)
        if (l->line.value[sized[i]] > 1 && (int)l->line.value[sized[i]] != axes)
            return hgi_fail(ctx, HG_ESHAPE, "%s: %s has %d sizes, but the kernel has %d",
                            where, l->line.decl[sized[i]].name,
                            (int)l->line.value[sized[i]], axes);
    return HG_OK;
}

/* output=match: the large image is what the mirrored layer of the encoder took, where the
 * same window, put over that, gives the size that comes in here. */
static hg_status match_output(hg_ctx *ctx, const hgi_layer *l, const char *where,
                              int axis, hgi_window *w)
{
    const hgi_layer *mirror = hgi_layer_mirror(l);
    char there[HGI_WHERE_MAX];
    if (mirror == NULL || mirror->in.rank <= axis)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: output=match, but no layer of the encoder that makes its "
                        "input smaller is left to mirror",
                        where);
    int64_t in = w->out;
    w->in = mirror->in.dim[axis];
    HGI_TRY(hgi_window_plan(ctx, where, (int64_t)l->line.value[HGI_CONV_PADDING], w));
    if (w->out == in) return HG_OK;
    return hgi_fail(ctx, HG_ESHAPE,
                    "%s: output=match asks for %lld places, as %s takes; with stride "
                    "%lld that comes from %lld, but the input has %lld",
                    where, (long long)w->in, hgi_layer_where(mirror, there),
                    (long long)w->stride, (long long)w->out, (long long)in);
}

static hg_status plan_axis(hg_ctx *ctx, hgi_layer *l, const char *where, bool transposed,
                           int axis, hgi_window *w)
{
    int64_t padding = (int64_t)l->line.value[HGI_CONV_PADDING];
    *w = axis_of(&l->line, axis, (int)l->line.value[HGI_CONV_KERNEL]);
    if (!transposed) {
        w->in = l->in.dim[axis];
        HGI_TRY(hgi_window_plan(ctx, where, padding, w));
        l->out.dim[axis] = w->out;
        return HG_OK;
    }
    w->out = l->in.dim[axis];
    if (l->line.given[HGI_CONV_OUTPUT])
        HGI_TRY(match_output(ctx, l, where, axis, w));
    else
        HGI_TRY(hgi_window_unplan(ctx, where, padding, w));
    l->out.dim[axis] = w->in;
    return HG_OK;
}

/* Scratch, and the sizes of the packed weight for either direction. */
static void plan_memory(hgi_layer *l, const hgi_geometry *g)
{
    struct {
        int64_t rows, columns, taps;
    } gather = {g->large, g->small, g->taps}, scatter = {g->small, g->large, g->taps};
    if (g->narrow) {
        gather.rows = 0; /* takes the weight as it is stored */
        scatter.columns = g->taps * g->large;
        scatter.taps = 0;
    }
    l->packed_rows = g->transposed ? scatter.rows : gather.rows;
    l->packed_columns = g->transposed ? scatter.columns : gather.columns;
    l->packed_taps = g->transposed ? scatter.taps : gather.taps;
    l->back_rows = g->transposed ? gather.rows : scatter.rows;
    l->back_columns = g->transposed ? gather.columns : scatter.columns;
    l->back_taps = g->transposed ? gather.taps : scatter.taps;
    l->work = g->narrow ? hgi_columns_work(g) : 0;
}

hg_status hgi_conv_plan(hg_ctx *ctx, hgi_layer *l, bool transposed)
{
    char where[HGI_WHERE_MAX];
    hgi_layer_where(l, where);
    HGI_TRY(check_axes(ctx, l, where));
    int axes = (int)l->line.value[HGI_CONV_KERNEL];
    int64_t filters = (int64_t)l->line.value[HGI_CONV_FILTERS];
    l->act = (hgi_act)l->line.value[HGI_CONV_ACT];
    l->alpha = hgi_layer_alpha(l, HGI_CONV_ALPHA);
    l->out = (hgi_shape){.rank = axes + 1};
    l->out.dim[axes] = filters;
    double values = (double)filters, taps = 1;
    for (int i = 0; i < axes; i++) {
        hgi_window w;
        HGI_TRY(plan_axis(ctx, l, where, transposed, i, &w));
        values *= (double)l->out.dim[i];
        taps *= (double)w.kernel;
    }
    double weights = taps * (double)filters * (double)channels_of(&l->in, axes);
    if (values > VALUES_MAX || weights > VALUES_MAX)
        return hgi_fail(ctx, HG_ERANGE, "%s: %.0f outputs from %.0f weights are too many",
                        where, values, weights);
    hgi_geometry g = hgi_geometry_of(l);
    int64_t dim[4] = {g.y.kernel, g.x.kernel, g.large, g.small};
    hgi_layer_tensor(l, "weight", HGI_WEIGHT, axes + 2, dim + 2 - axes);
    if (l->line.value[HGI_CONV_NO_BIAS] == 0)
        hgi_layer_tensor(l, "bias", HGI_BIAS, 1, &filters);
    l->flops = 2 * g.small_places * g.taps * g.large * g.small;
    if (hgi_conv_bias(l) != NULL) l->flops += hgi_shape_count(&l->out);
    l->saved = hgi_act_needs_input(l->act) ? hgi_shape_count(&l->out) : 0;
    plan_memory(l, &g);
    return HG_OK;
}

void hgi_conv_init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                   hgi_real *state)
{
    (void)state;
    hgi_geometry g = hgi_geometry_of(l);
    int64_t in = g.transposed ? g.small : g.large, out = g.transposed ? g.large : g.small;
    hgi_init_uniform(&l->tensor[0], g.taps * in, g.taps * out, he, seed, theta);
    const hgi_tensor *b = hgi_conv_bias(l);
    for (int64_t i = 0; b != NULL && i < b->count; i++) theta[b->offset + i] = 0;
}

/* ---- packing ---------------------------------------------------------------------- */

/* Panel after panel of columns, each with a block for each tap. */
static int64_t panels_of(const hgi_kernels *k, int64_t N)
{
    return hgi_ceil_div(N, hgi_conv_cut(k, N));
}

/* Where the panel of columns n, n + 1, ... begins. */
static int64_t panel_at(const hgi_geometry *g, const hgi_kernels *k, int64_t channels,
                        int64_t N, int64_t n)
{
    int64_t step = hgi_conv_cut(k, N);
    return n / step * g->taps * k->conv_size(channels, step);
}

/* Gather multiplies by [cl, cs] at each tap, as the weight is stored. */
static void pack_gather(const hgi_geometry *g, const hgi_kernels *k, const hgi_real *W,
                        int64_t panel, hgi_real *packed)
{
    int64_t step = hgi_conv_cut(k, g->small), n = panel * step;
    int64_t wide = hgi_min(step, g->small - n), size = k->conv_size(g->large, wide);
    hgi_real *to = packed + panel_at(g, k, g->large, g->small, n);
    for (int64_t t = 0; t < g->taps; t++)
        k->conv_pack(g->large, wide, W + t * g->large * g->small + n, g->small, 1,
                     to + t * size);
}

/* Scatter multiplies by [cs, cl] at each tap: transposed. */
static void pack_scatter(const hgi_geometry *g, const hgi_kernels *k, const hgi_real *W,
                         int64_t panel, hgi_real *packed)
{
    int64_t step = hgi_conv_cut(k, g->large), n = panel * step;
    int64_t wide = hgi_min(step, g->large - n), size = k->conv_size(g->small, wide);
    hgi_real *to = packed + panel_at(g, k, g->small, g->large, n);
    for (int64_t t = 0; t < g->taps; t++)
        k->conv_pack(g->small, wide, W + (t * g->large + n) * g->small, 1, g->small,
                     to + t * size);
}

int64_t hgi_conv_prepare_items(const hgi_layer *l, const hgi_kernels *k)
{
    hgi_geometry g = hgi_geometry_of(l);
    return g.narrow ? 1 : panels_of(k, g.small) + panels_of(k, g.large);
}

void hgi_conv_prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                      int64_t item)
{
    hgi_geometry g = hgi_geometry_of(l);
    const hgi_real *W = p->theta + l->tensor[0].offset;
    hgi_real *gather = g.transposed ? s->back : s->packed;
    hgi_real *scatter = g.transposed ? s->packed : s->back;
    int64_t first = g.narrow ? 0 : panels_of(p->k, g.small);
    if (g.narrow && scatter != NULL)
        p->k->pack(g.small, g.taps * g.large, W, 1, g.small, scatter);
    else if (item < first && gather != NULL)
        pack_gather(&g, p->k, W, item, gather);
    else if (item >= first && !g.narrow && scatter != NULL)
        pack_scatter(&g, p->k, W, item - first, scatter);
}

/* ---- gather and scatter ------------------------------------------------------------ */

static void gather(const hgi_geometry *g, const hgi_kernels *k, int64_t images,
                   const hgi_real *large, const hgi_real *packed, const hgi_real *init,
                   hgi_real *small)
{
    int64_t step = hgi_conv_cut(k, g->small);
    hgi_conv c = {.images = images, .channels = g->large, .A = large};
    c.y = (hgi_conv_axis){g->y.out,      g->y.in,      g->y.kernel, g->y.stride,
                          g->y.dilation, -g->y.before, g->x.kernel, g->x.out * g->small};
    c.x = (hgi_conv_axis){g->x.out,      g->x.in,      g->x.kernel, g->x.stride,
                          g->x.dilation, -g->x.before, 1,           g->small};
    c.a_image = g->large_places * g->large;
    c.c_image = g->small_places * g->small;
    for (int64_t n = 0; n < g->small; n += step) {
        c.N = hgi_min(step, g->small - n);
        c.B = packed + panel_at(g, k, g->large, g->small, n);
        c.init = init != NULL ? init + n : NULL;
        c.C = small + n;
        k->conv(&c);
    }
}

/* Places f, f + stride, ... of the large axis.  Tap t meets them where
 * f + before - t dilation is a multiple of the stride: every (stride / gcd)-th tap from
 * *tap0 on, or none.  b_tap and c_step are for one tap and one place. */
static hgi_conv_axis phase_of(const hgi_window *w, int64_t f, int64_t b_tap,
                              int64_t c_step, int64_t *tap0)
{
    int64_t gcd = w->stride, rest = w->dilation;
    while (rest != 0) {
        int64_t next = gcd % rest;
        gcd = rest;
        rest = next;
    }
    int64_t every = w->stride / gcd, t = 0;
    while (t < hgi_min(every, w->kernel) &&
           (f + w->before - t * w->dilation) % w->stride != 0)
        t++;
    hgi_conv_axis a = {.count = hgi_ceil_div(w->in - f, w->stride),
                       .size = w->out,
                       .step = 1,
                       .tap = -(w->dilation / gcd),
                       .b_tap = every * b_tap,
                       .c_step = w->stride * c_step};
    *tap0 = 0;
    if (t == every || t >= w->kernel) return a;
    *tap0 = t;
    a.taps = hgi_ceil_div(w->kernel - t, every);
    a.first = (f + w->before - t * w->dilation) / w->stride;
    return a;
}

static void scatter_phase(const hgi_geometry *g, const hgi_kernels *k, hgi_conv *c,
                          const hgi_real *packed, const hgi_real *init, hgi_real *large,
                          int64_t block)
{
    int64_t step = hgi_conv_cut(k, g->large);
    for (int64_t n = 0; n < g->large; n += step) {
        c->N = hgi_min(step, g->large - n);
        c->B = packed + panel_at(g, k, g->small, g->large, n) +
               block * k->conv_size(g->small, c->N);
        c->init = init != NULL ? init + n : NULL;
        c->C = large + n;
        k->conv(c);
    }
}

static void scatter(const hgi_geometry *g, const hgi_kernels *k, int64_t images,
                    const hgi_real *small, const hgi_real *packed, const hgi_real *init,
                    hgi_real *large)
{
    hgi_conv c = {.images = images,
                  .channels = g->small,
                  .A = small,
                  .a_image = g->small_places * g->small,
                  .c_image = g->large_places * g->large};
    int64_t line = g->x.in * g->large, i, j;
    for (int64_t fy = 0; fy < hgi_min(g->y.stride, g->y.in); fy++)
        for (int64_t fx = 0; fx < hgi_min(g->x.stride, g->x.in); fx++) {
            c.y = phase_of(&g->y, fy, g->x.kernel, line, &i);
            c.x = phase_of(&g->x, fx, 1, g->large, &j);
            scatter_phase(g, k, &c, packed, init, large + fy * line + fx * g->large,
                          i * g->x.kernel + j);
        }
}

/* ---- forward and backward ---------------------------------------------------------- */

void hgi_conv_forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                      int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_tensor *b = hgi_conv_bias(l);
    const hgi_real *W = p->theta + l->tensor[0].offset;
    const hgi_real *init = b != NULL ? p->theta + b->offset : NULL;
    const hgi_real *x = s->x + r0 * l->d_in;
    hgi_geometry g = hgi_geometry_of(l);
    hgi_real *y = s->y + r0 * l->d_out, *z = l->saved > 0 ? s->saved + r0 * l->d_out : y;
    int64_t n = r1 - r0;
    if (g.narrow && !g.transposed)
        hgi_gather_columns(&g, p->k, n, x, W, init, z, hgi_work(p, worker));
    else if (g.narrow)
        hgi_scatter_columns(&g, p->k, n, x, s->packed, init, z, hgi_work(p, worker));
    else if (!g.transposed)
        gather(&g, p->k, n, x, s->packed, init, z);
    else
        scatter(&g, p->k, n, x, s->packed, init, z);
    if (l->defer_act || (l->act == HGI_ACT_LINEAR && l->saved == 0)) return;
    p->k->act_forward(l->act, l->alpha, n, l->d_out, z, l->d_out, y, l->d_out);
}

void hgi_conv_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                       int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_real *W = p->theta + l->tensor[0].offset;
    hgi_geometry g = hgi_geometry_of(l);
    int64_t n = r1 - r0, h = l->d_out;
    hgi_real *gy = s->gy + r0 * h;
    if (!l->defer_act && l->act != HGI_ACT_LINEAR) {
        const hgi_real *from = l->saved > 0 ? s->saved + r0 * h : s->y + r0 * h;
        p->k->act_backward(l->act, l->alpha, n, h, from, h, gy, h);
    }
    if (s->gx == NULL) return;
    hgi_real *gx = s->gx + r0 * l->d_in;
    if (g.narrow && g.transposed)
        hgi_gather_columns(&g, p->k, n, gy, W, NULL, gx, hgi_work(p, worker));
    else if (g.narrow)
        hgi_scatter_columns(&g, p->k, n, gy, s->back, NULL, gx, hgi_work(p, worker));
    else if (g.transposed)
        gather(&g, p->k, n, gy, s->back, NULL, gx);
    else
        scatter(&g, p->k, n, gy, s->back, NULL, gx);
}
