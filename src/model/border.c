// SPDX-License-Identifier: MIT
/* Reading and moving the border of crop and pad. */
#include "model/border.h"
#include "model/window.h"

#include <string.h>

enum { O_ALL, O_TOP, O_BOTTOM, O_LEFT, O_RIGHT };
enum { MOST = 1 << 16 };

#define SIDE(side)                                                                       \
    {                                                                                    \
        .name = side, .type = HGI_OPT_INT, .lo = 0, .hi = MOST, .help = "this side"      \
    }

const hgi_opt_decl hgi_border_options[] = {
    {.name = "size",
     .type = HGI_OPT_SIZE,
     .positional = true,
     .lo = 0,
     .hi = MOST,
     .help = "every side, or 1x2: one row above and below, two columns left and right"},
    SIDE("top"),
    SIDE("bottom"),
    SIDE("left"),
    SIDE("right"),
    {.name = NULL},
};

/* A side has its own number, else the one given for all. */
static int64_t side(const hgi_line *line, int option, int axis)
{
    if (line->given[option]) return (int64_t)line->value[option];
    if (!line->given[O_ALL]) return 0;
    return line->size[O_ALL][line->value[O_ALL] > 1 ? axis : 0];
}

hgi_border hgi_border_of(const hgi_layer *l)
{
    hgi_border b = {.top = side(&l->line, O_TOP, 0),
                    .bottom = side(&l->line, O_BOTTOM, 0)};
    if (l->in.rank < 3) return b;
    b.left = side(&l->line, O_LEFT, 1);
    b.right = side(&l->line, O_RIGHT, 1);
    return b;
}

hg_status hgi_border_read(hg_ctx *ctx, const hgi_layer *l, hgi_border *out)
{
    const hgi_line *line = &l->line;
    char where[HGI_WHERE_MAX];
    bool columns = line->given[O_LEFT] || line->given[O_RIGHT] || line->value[O_ALL] > 1;
    bool any =
        columns || line->given[O_ALL] || line->given[O_TOP] || line->given[O_BOTTOM];
    *out = (hgi_border){0, 0, 0, 0};
    if (!any)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: how many? %s 2, %s 1x2, or top= bottom= left= right=",
                        hgi_layer_where(l, where), l->kind->name, l->kind->name);
    if (line->value[O_ALL] > 2)
        return hgi_fail(ctx, HG_EINVAL, "%s: three sizes, expected 2 or 1x2",
                        hgi_layer_where(l, where));
    if (columns && l->in.rank == 2)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: a sequence has a start (top) and an end (bottom), no "
                        "left and right",
                        hgi_layer_where(l, where));
    *out = hgi_border_of(l);
    return HG_OK;
}

/* Rows of the inner image, each of `n` values at `from`, `stride` apart in the outer. */
typedef struct plane {
    int64_t rows, n, skip, stride, total;
} plane;

static plane inside(const hgi_border *b, const hgi_shape *outer)
{
    int64_t c = outer->dim[outer->rank - 1], w = outer->rank == 3 ? outer->dim[1] : 1;
    return (plane){
        .rows = outer->dim[0] - b->top - b->bottom,
        .n = (w - b->left - b->right) * c,
        .skip = (b->top * w + b->left) * c,
        .stride = w * c,
        .total = outer->dim[0] * w * c,
    };
}

void hgi_border_inward(const hgi_border *b, const hgi_shape *outer, const hgi_real *from,
                       hgi_real *inner)
{
    plane p = inside(b, outer);
    for (int64_t r = 0; r < p.rows; r++)
        memcpy(inner + r * p.n, from + p.skip + r * p.stride,
               sizeof(hgi_real) * (size_t)p.n);
}

void hgi_border_outward(const hgi_border *b, const hgi_shape *outer,
                        const hgi_real *inner, hgi_real *to)
{
    plane p = inside(b, outer);
    int64_t at = 0; /* all before this is written */
    for (int64_t r = 0; r < p.rows; r++) {
        int64_t next = p.skip + r * p.stride;
        for (; at < next; at++) to[at] = 0;
        memcpy(to + at, inner + r * p.n, sizeof(hgi_real) * (size_t)p.n);
        at += p.n;
    }
    for (; at < p.total; at++) to[at] = 0;
}
