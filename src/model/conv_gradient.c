// SPDX-License-Identifier: MIT
/* The weight's gradient of conv and convt, and the bias's: see conv.h.
 *
 * An item is a piece of the weight: some taps, some channels of either side.  It goes over
 * the batch in blocks of images (of rows of a large image) that stay in the second-level
 * cache while all of its taps pass over them.  Each element is one chain over images, rows
 * and columns in order, so neither items nor blocks change bits.  The bias's sums are taken
 * on the way, by the items that stand first in their channels. */
#include "model/conv.h"

#include <string.h>

enum {
    LARGE_BLOCK = 64,         /* channels of the large image in an item */
    SMALL_BLOCK = 48,         /* ... of the small one: at most */
    COLUMN_BLOCK = 128,       /* few channels: taps times channels */
    CACHE_REALS = 96 * 1024,  /* of both images, of the 1 MiB and more of that cache */
    ITEM_FLOPS = 1600 * 1000, /* a row: small enough that threads end together */
};

/* How the weight is cut: item = (group * large_blocks + m) * small_blocks + n. */
typedef struct cut {
    int64_t group_taps, groups, large_block, large_blocks, small_block, small_blocks;
} cut;

static int64_t even_block(int64_t n, int64_t most)
{
    enum { VECTOR = 16 };
    int64_t even = hgi_ceil_div(n, hgi_ceil_div(n, most));
    return hgi_min(most, hgi_ceil_div(even, VECTOR) * VECTOR);
}

static cut cut_of(const hgi_geometry *g)
{
    cut c = {.small_block = even_block(g->small, SMALL_BLOCK)};
    c.small_blocks = hgi_ceil_div(g->small, c.small_block);
    if (g->narrow) {
        c.group_taps = g->taps;
        c.groups = 1;
        c.large_block = COLUMN_BLOCK;
        c.large_blocks = hgi_ceil_div(g->taps * g->large, COLUMN_BLOCK);
        return c;
    }
    c.large_block = even_block(g->large, LARGE_BLOCK);
    c.large_blocks = hgi_ceil_div(g->large, c.large_block);
    int64_t tile = c.large_block * c.small_block;
    int64_t most = hgi_min(HGI_TILE_REALS / tile,
                           hgi_max(1, ITEM_FLOPS / (2 * tile * g->small_places)));
    c.groups = hgi_ceil_div(g->taps, most);
    c.group_taps = hgi_ceil_div(g->taps, c.groups);
    return c;
}

int64_t hgi_conv_gradient_items(const hgi_layer *l)
{
    hgi_geometry g = hgi_geometry_of(l);
    cut c = cut_of(&g);
    return c.groups * c.large_blocks * c.small_blocks;
}

/* A piece of the weight under way. */
typedef struct piece {
    const hgi_geometry *g;
    const hgi_pass *p;
    const hgi_real *large, *small;
    int64_t tap0, taps; /* many channels */
    int64_t m, M, n, N; /* channels; few channels: m is tap * channels + channel */
    hgi_grad out;
    int64_t out_tap; /* from one tap to the next */
    hgi_real *work;
} piece;

/* One tap's product over some images and rows. */
static void add_tap(const piece *w, int64_t t, int64_t r0, int64_t images, hgi_band band)
{
    const hgi_geometry *g = w->g;
    int64_t tap = w->tap0 + t, i = tap / g->x.kernel, j = tap % g->x.kernel;
    int64_t p0, p1, q0, q1, line = g->x.in * g->large;
    hgi_window_range(&g->y, i, &p0, &p1);
    hgi_window_range(&g->x, j, &q0, &q1);
    p0 = hgi_max(p0, band.p0);
    p1 = hgi_min(p1, band.p0 + band.rows);
    if (p0 >= p1 || q0 >= q1) return;
    int64_t y = p0 * g->y.stride + i * g->y.dilation - g->y.before;
    int64_t x = q0 * g->x.stride + j * g->x.dilation - g->x.before;
    hgi_outer o = {
        .M = w->M,
        .N = w->N,
        .count = {images, p1 - p0, q1 - q0},
        .a = {g->large_places * g->large, g->y.stride * line, g->x.stride * g->large},
        .b = {g->small_places * g->small, g->x.out * g->small, g->small},
        .C = w->out.g + t * w->out_tap,
        .init_row = w->out.ld,
        .c_row = w->out.ld,
    };
    o.init = o.C;
    o.A = w->large + r0 * o.a[0] + y * line + x * g->large + w->m;
    o.B = w->small + r0 * o.b[0] + (p0 * g->x.out + q0) * g->small + w->n;
    w->p->k->outer(&o);
}

/* The same for few channels, one image: columns of it times the small image. */
static void add_columns(const piece *w, int64_t r, hgi_band band)
{
    const hgi_geometry *g = w->g;
    int64_t places = band.rows * g->x.out;
    hgi_columns(g, band, w->large + r * g->large_places * g->large, w->m, w->m + w->M,
                w->work);
    hgi_gemm m = {
        .M = w->M,
        .N = w->N,
        .K = places,
        .A = w->work,
        .a_row = places,
        .a_col = 1,
        .B = w->small + (r * g->small_places + band.p0 * g->x.out) * g->small + w->n,
        .b_row = g->small,
        .init = w->out.g,
        .init_row = w->out.ld,
        .C = w->out.g,
        .c_row = w->out.ld,
    };
    w->p->k->gemm(&m);
}

/* The bias's gradient is the sum of the output's over rows and places. */
typedef struct bias_sum {
    const hgi_real *gy;
    int64_t places, channels, c, C; /* C 0: another item has it */
    hgi_real sum[COLUMN_BLOCK];
} bias_sum;

static void add_bias(const piece *w, bias_sum *b, int64_t r0, int64_t images)
{
    if (b->C == 0) return;
    w->p->k->column_sum(1, images * b->places, b->C,
                        b->gy + r0 * b->places * b->channels + b->c, b->channels, b->sum);
}

static void run_blocks(const piece *w, bias_sum *b)
{
    const hgi_geometry *g = w->g;
    int64_t row = (g->large_places * g->large + g->small_places * g->small) /
                  hgi_max(1, g->y.out); /* reals of one row of positions */
    int64_t rows = hgi_max(1, hgi_min(g->y.out, CACHE_REALS / hgi_max(1, row)));
    if (g->narrow) rows = hgi_band_rows(g, g->taps * g->large);
    int64_t images = hgi_max(1, CACHE_REALS / hgi_max(1, row * g->y.out));
    if (rows < g->y.out || g->narrow) images = 1;
    for (int64_t r = 0; r < w->p->n; r += images) {
        int64_t n = hgi_min(images, w->p->n - r);
        for (int64_t p = 0; p < g->y.out; p += rows) {
            hgi_band band = {p, hgi_min(rows, g->y.out - p)};
            if (g->narrow) add_columns(w, r, band);
            for (int64_t t = 0; t < w->taps; t++) add_tap(w, t, r, n, band);
        }
        add_bias(w, b, r, n);
    }
}

static void end_bias(const hgi_layer *l, const hgi_pass *p, const bias_sum *b)
{
    if (b->C == 0) return;
    int64_t at = hgi_conv_bias(l)->offset + b->c;
    if (p->grad != NULL)
        memcpy(p->grad + at, b->sum, (size_t)b->C * sizeof *b->sum);
    else
        p->emit(p->emit_arg, at, b->C, b->sum);
}

/* Items of the first group that stand first in the other side's channels have the bias of
 * theirs; few channels of the output fit into one. */
static bias_sum bias_of(const hgi_layer *l, const hgi_pass *p, const piece *w, bool first)
{
    const hgi_geometry *g = w->g;
    bias_sum b = {.gy = p->slot[l->index].gy,
                  .places = g->transposed ? g->large_places : g->small_places,
                  .channels = g->transposed ? g->large : g->small};
    if (!first || hgi_conv_bias(l) == NULL) return b;
    if (!g->transposed && w->m == 0) {
        b.c = w->n;
        b.C = w->N;
    } else if (g->transposed && w->n == 0 && (!g->narrow || w->m == 0)) {
        b.c = w->m;
        b.C = g->narrow ? g->large : w->M;
    }
    return b;
}

void hgi_conv_gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_tensor *t = &l->tensor[0];
    hgi_geometry g = hgi_geometry_of(l);
    cut c = cut_of(&g);
    int64_t n = item % c.small_blocks * c.small_block;
    int64_t m = item / c.small_blocks % c.large_blocks * c.large_block;
    int64_t group = item / (c.small_blocks * c.large_blocks);
    piece w = {.g = &g, .p = p, .m = m, .n = n, .work = hgi_work(p, worker)};
    w.large = g.transposed ? s->gy : s->x;
    w.small = g.transposed ? s->x : s->gy;
    w.N = hgi_min(c.small_block, g.small - n);
    w.M = hgi_min(c.large_block, (g.narrow ? g.taps * g.large : g.large) - m);
    w.tap0 = group * c.group_taps;
    w.taps = g.narrow ? 0 : hgi_min(c.group_taps, g.taps - w.tap0);
    w.out = hgi_grad_begin(p, t, g.small, w.tap0 * g.large + m, n, w.N, worker);
    w.out_tap = (p->grad != NULL ? g.large : w.M) * w.out.ld;
    int64_t pieces = g.narrow ? 1 : w.taps;
    for (int64_t i = 0; i < pieces; i++)
        for (int64_t r = 0; r < w.M; r++)
            memset(w.out.g + i * w.out_tap + r * w.out.ld, 0,
                   (size_t)w.N * sizeof *w.out.g);
    bias_sum b = bias_of(l, p, &w, group == 0);
    run_blocks(&w, &b);
    for (int64_t i = 0; i < pieces; i++) {
        hgi_grad out = {w.out.g + i * w.out_tap, w.out.ld};
        hgi_grad_end(p, t, g.small, (w.tap0 + i) * g.large + m, w.M, n, w.N, out);
    }
    end_bias(l, p, &b);
}
