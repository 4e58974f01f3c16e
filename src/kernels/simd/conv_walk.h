// SPDX-License-Identifier: MIT
/* Convolution in tiles of neighbouring positions, which stay in registers while taps and
 * channels run: what the float and the bf16 kernel share.  Each says what a tap is.    */
#ifndef HGK_SIMD_CONV_WALK_H
#define HGK_SIMD_CONV_WALK_H

#include "kernels/simd/conv_place.h"
#include "kernels/simd/sizes.h"

typedef struct conv_tile {
    const hgi_conv *g;
    int64_t tap0, tap1;   /* i * x.taps + j                                             */
    int64_t width, depth; /* of a tap's block of B: floats of a row, rows               */
    int64_t last;         /* columns in the last vector, 1..VL                          */
    conv_rows at;
} conv_tile;

typedef void (*conv_fn)(const conv_tile *t);

/* rows and vecs are constants at each place of use, so that c[][] becomes registers.   */
ALWAYS void conv_begin(const conv_tile *t, const int rows, const int vecs,
                       vf c[V_TILE_ROWS][V_TILE_VECS])
{
    UNROLL
    for (int m = 0; m < rows; m++) {
        const float *from = t->tap0 > 0 ? t->at.C[m] : t->g->init;
        UNROLL
        for (int v = 0; v < vecs; v++)
            c[m][v] = !from          ? v_zero()
                      : v < vecs - 1 ? v_load(from + v * VL)
                                     : v_load_n(from + v * VL, t->last);
    }
}

ALWAYS void conv_end(const conv_tile *t, const int rows, const int vecs,
                     vf c[V_TILE_ROWS][V_TILE_VECS])
{
    UNROLL
    for (int m = 0; m < rows; m++) {
        UNROLL
        for (int v = 0; v < vecs - 1; v++) v_store(t->at.C[m] + v * VL, c[m][v]);
        v_store_n(t->at.C[m] + (vecs - 1) * VL, c[m][vecs - 1], t->last);
    }
}

/* The block of B at a tap.                                                             */
static inline const float *conv_block(const conv_tile *t, int64_t i, int64_t j)
{
    int64_t block = i * t->g->y.b_tap + j * t->g->x.b_tap;
    return t->g->B + block * t->depth * t->width;
}

/* All tiles over so many taps that their blocks of B are `bytes`, then the next taps.  */
static void conv_walk(const hgi_conv *g, int64_t depth, int64_t bytes,
                      const conv_fn table[V_TILE_ROWS][V_TILE_VECS])
{
    int64_t positions = g->images * g->y.count * g->x.count;
    int64_t taps = g->y.taps * g->x.taps;
    if (positions == 0 || g->N == 0) return;
    int64_t vecs = hgi_ceil_div(g->N, VL), tiles = hgi_ceil_div(positions, V_TILE_ROWS);
    conv_tile t = {
        .g = g, .width = vecs * VL, .depth = depth, .last = g->N - (vecs - 1) * VL};
    int64_t block = hgi_max(1, depth * t.width * (int64_t)sizeof(float));
    int64_t group = hgi_max(1, bytes / block);
    do {
        t.tap1 = hgi_min(t.tap0 + group, taps);
        for (int64_t i = 0; i < tiles; i++) {
            int64_t m = positions * i / tiles, rows = positions * (i + 1) / tiles - m;
            conv_place(&t.at, g, m, rows);
            table[rows - 1][vecs - 1](&t);
        }
        t.tap0 = t.tap1;
    } while (t.tap0 < taps);
}

#endif
