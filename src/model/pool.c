// SPDX-License-Identifier: MIT
/* Planning the windows of a pooling layer. */
#include "model/pool.h"

enum { O_SIZE, O_STRIDE, O_PADDING };

const hgi_opt_decl hgi_pool_options[] = {
    {.name = "size",
     .type = HGI_OPT_SIZE,
     .positional = true,
     .lo = 1,
     .hi = 999,
     .initial = 2,
     .help = "of the window: 2, or 3x2"},
    {.name = "stride",
     .type = HGI_OPT_SIZE,
     .lo = 1,
     .hi = 999,
     .help = "places from one window to the next; else the window's size"},
    {.name = "padding",
     .type = HGI_OPT_CHOICE,
     .words = hgi_padding_words,
     .lo = 0,
     .hi = 998,
     .initial = HGI_PADDING_VALID,
     .help = "valid, same, or places on either side"},
    {.name = NULL},
};

/* Option's number for axis 0 or 1: one number counts for both. */
static int64_t size_of(const hgi_line *line, int option, int axis)
{
    return line->size[option][line->value[option] > 1 ? axis : 0];
}

/* How the window lies along axis 0 or 1; all but what the padding makes of it. */
static hgi_window window_of(const hgi_layer *l, int axis)
{
    const hgi_line *line = &l->line;
    int64_t kernel = size_of(line, O_SIZE, axis);
    return (hgi_window){
        .in = l->in.dim[axis],
        .kernel = kernel,
        .stride = line->given[O_STRIDE] ? size_of(line, O_STRIDE, axis) : kernel,
        .dilation = 1,
    };
}

static int axes_of(const hgi_layer *l) { return l->in.rank == 3 ? 2 : 1; }

hg_status hgi_pool_plan(hg_ctx *ctx, hgi_layer *l)
{
    const hgi_line *line = &l->line;
    char where[HGI_WHERE_MAX], shape[HGI_SHAPE_MAX];
    int axes = axes_of(l);
    hgi_layer_where(l, where);
    l->out = l->in;
    for (int option = O_SIZE; option <= O_STRIDE; option++)
        if (line->value[option] > axes)
            return hgi_fail(ctx, HG_ESHAPE, "%s: %s has %d sizes, but the input is %s",
                            where, line->decl[option].name, (int)line->value[option],
                            hgi_shape_text(&l->in, shape));
    for (int i = 0; i < axes; i++) {
        hgi_window w = window_of(l, i);
        int64_t padding = (int64_t)line->value[O_PADDING];
        if (padding >= w.kernel)
            return hgi_fail(ctx, HG_EINVAL,
                            "%s: padding is %lld, expected less than the window, %lld",
                            where, (long long)padding, (long long)w.kernel);
        HGI_TRY(hgi_window_plan(ctx, where, padding, &w));
        l->out.dim[i] = w.out;
    }
    return HG_OK;
}

static bool tiles(const hgi_window *w)
{
    return w->stride == w->kernel && w->out * w->stride - w->before >= w->in;
}

hgi_pool hgi_pool_of(const hgi_layer *l)
{
    int axes = axes_of(l);
    int64_t padding = (int64_t)l->line.value[O_PADDING];
    hgi_pool pool = {.x = {1, 1, 1, 1, 1, 0, 0}, .channels = 1};
    if (l->in.rank > axes) pool.channels = l->in.dim[axes];
    for (int i = 0; i < axes; i++) {
        hgi_window *w = i == 0 ? &pool.y : &pool.x;
        *w = window_of(l, i);
        hg_status status = hgi_window_plan(NULL, "", padding, w);
        assert(status == HG_OK); /* it was when the layer was planned */
        (void)status;
    }
    pool.tiles = tiles(&pool.y) && tiles(&pool.x);
    return pool;
}

/* Where the part of window number `i` inside the input starts, and its length. */
static int64_t inside(const hgi_window *w, int64_t i, int64_t *length)
{
    int64_t from = i * w->stride - w->before, to = hgi_min(from + w->kernel, w->in);
    from = hgi_max(from, 0);
    *length = to - from;
    return from;
}

hgi_pool_window hgi_pool_at(const hgi_pool *pool, int64_t p, int64_t q)
{
    hgi_pool_window window;
    int64_t y = inside(&pool->y, p, &window.h), x = inside(&pool->x, q, &window.w);
    window.at = (y * pool->x.in + x) * pool->channels;
    return window;
}
