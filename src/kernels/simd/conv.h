// SPDX-License-Identifier: MIT
/* Convolution and the sum of its weight's gradient, for any vector set.
 *
 * Both keep a tile of C in registers as the matrix product does (gemm.h), and every
 * element is one chain of fused multiply-adds in the order of the contract, so that cuts
 * and instruction sets do not change bits.
 *
 * conv: no columns are copied out of the image.  A tile is V_TILE_ROWS neighbouring
 * positions; at each tap the places that they meet are looked up once, then the channels,
 * which lie side by side, run as the k of a matrix product.  A place outside points to a
 * row of zeros.  Idea: Dukhan, "The Indirect Convolution Algorithm", arXiv:1907.02129;
 * its table of pointers is replaced by arithmetic, which costs a few cycles a tap.     */
#ifndef HGK_SIMD_CONV_H
#define HGK_SIMD_CONV_H

#include "kernels/simd/conv_place.h"

/* Bytes of B that stay in the second-level cache while all tiles pass over them: it streams
 * fast enough from there, and coming back to a tile of C costs more.                   */
#define CONV_BLOCK (256 * 1024)
/* Channels that run between two look-ups, and as many zeros.                           */
#define CONV_RUN 256
static const float conv_zeros[CONV_RUN];

typedef struct conv_tile {
    const hgi_conv *g;
    int64_t tap0, tap1; /* i * x.taps + j                                               */
    int64_t width, last;
    conv_rows at;
} conv_tile;

typedef void (*conv_fn)(const conv_tile *t);

ALWAYS void conv_run(const conv_tile *t, const int rows, const int vecs)
{
    const hgi_conv *g = t->g;
    const int64_t width = t->width, last = t->last, channels = g->channels;
    vf c[V_TILE_ROWS][V_TILE_VECS];
#pragma GCC unroll 8
    for (int m = 0; m < rows; m++) {
        const float *from = t->tap0 > 0 ? t->at.C[m] : g->init;
#pragma GCC unroll 8
        for (int v = 0; v < vecs; v++)
            c[m][v] = !from          ? v_zero()
                      : v < vecs - 1 ? v_load(from + v * VL)
                                     : v_load_n(from + v * VL, last);
    }
    for (int64_t tap = t->tap0; tap < t->tap1; tap++) {
        int64_t i = tap / g->x.taps, j = tap - i * g->x.taps;
        int64_t block = i * g->y.b_tap + j * g->x.b_tap;
        const float *b = g->B + block * channels * width;
        for (int64_t c0 = 0; c0 < channels; c0 += CONV_RUN) {
            const float *a[V_TILE_ROWS];
#pragma GCC unroll 8
            for (int m = 0; m < rows; m++) {
                const float *place = conv_at(&t->at, g, m, i, j);
                a[m] = place ? place + c0 : conv_zeros;
            }
            int64_t run = hgi_min(CONV_RUN, channels - c0);
            for (int64_t k = 0; k < run; k++, b += width) {
                vf row[V_TILE_VECS];
#pragma GCC unroll 8
                for (int v = 0; v < vecs; v++) row[v] = v_load(b + v * VL);
#pragma GCC unroll 8
                for (int m = 0; m < rows; m++) {
                    vf x = v_set1(a[m][k]);
#pragma GCC unroll 8
                    for (int v = 0; v < vecs; v++) c[m][v] = v_fma(x, row[v], c[m][v]);
                }
            }
        }
    }
#pragma GCC unroll 8
    for (int m = 0; m < rows; m++) {
#pragma GCC unroll 8
        for (int v = 0; v < vecs - 1; v++) v_store(t->at.C[m] + v * VL, c[m][v]);
        v_store_n(t->at.C[m] + (vecs - 1) * VL, c[m][vecs - 1], last);
    }
}

/* ---- the sum of a weight's gradient ------------------------------------------------ */

typedef struct outer_tile {
    const hgi_outer *g;
    const float *A, *B, *init;
    float *C;
    int64_t last;
} outer_tile;

typedef void (*outer_fn)(const outer_tile *t);

ALWAYS void outer_run(const outer_tile *t, const int rows, const int vecs)
{
    const hgi_outer *g = t->g;
    const int64_t last = t->last, a_step = g->a[2], b_step = g->b[2];
    vf c[V_TILE_ROWS][V_TILE_VECS];
#pragma GCC unroll 8
    for (int m = 0; m < rows; m++) {
        const float *init = t->init ? t->init + m * g->init_row : NULL;
#pragma GCC unroll 8
        for (int v = 0; v < vecs; v++)
            c[m][v] = !init          ? v_zero()
                      : v < vecs - 1 ? v_load(init + v * VL)
                                     : v_load_n(init + v * VL, last);
    }
    for (int64_t i = 0; i < g->count[0]; i++)
        for (int64_t j = 0; j < g->count[1]; j++) {
            const float *a = t->A + i * g->a[0] + j * g->a[1];
            const float *b = t->B + i * g->b[0] + j * g->b[1];
            for (int64_t k = g->count[2]; k > 0; k--, a += a_step, b += b_step) {
                vf row[V_TILE_VECS];
#pragma GCC unroll 8
                for (int v = 0; v < vecs - 1; v++) row[v] = v_load(b + v * VL);
                row[vecs - 1] = v_load_n(b + (vecs - 1) * VL, last);
#pragma GCC unroll 8
                for (int m = 0; m < rows; m++) {
                    vf x = v_set1(a[m]);
#pragma GCC unroll 8
                    for (int v = 0; v < vecs; v++) c[m][v] = v_fma(x, row[v], c[m][v]);
                }
            }
        }
#pragma GCC unroll 8
    for (int m = 0; m < rows; m++) {
        float *to = t->C + m * g->c_row;
#pragma GCC unroll 8
        for (int v = 0; v < vecs - 1; v++) v_store(to + v * VL, c[m][v]);
        v_store_n(to + (vecs - 1) * VL, c[m][vecs - 1], last);
    }
}

/* ---- one function a tile size ------------------------------------------------ */

#define CONV_TILE(rows, vecs)                                                            \
    static void conv_##rows##x##vecs(const conv_tile *t) { conv_run(t, rows, vecs); }    \
    static void outer_##rows##x##vecs(const outer_tile *t) { outer_run(t, rows, vecs); }
#if V_TILE_VECS == 2
#define CONV_TILES(rows) CONV_TILE(rows, 1) CONV_TILE(rows, 2)
#define CONV_ROW(what, rows) what##_##rows##x1, what##_##rows##x2
#else
#define CONV_TILES(rows) CONV_TILE(rows, 1) CONV_TILE(rows, 2) CONV_TILE(rows, 3)
#define CONV_ROW(what, rows) what##_##rows##x1, what##_##rows##x2, what##_##rows##x3
#endif

CONV_TILES(1)
CONV_TILES(2)
CONV_TILES(3)
CONV_TILES(4)
CONV_TILES(5)
CONV_TILES(6)
#if V_TILE_ROWS == 8
CONV_TILES(7)
CONV_TILES(8)
#endif

/* By rows - 1 and vectors - 1.                                                         */
static const conv_fn conv_table[V_TILE_ROWS][V_TILE_VECS] = {
    {CONV_ROW(conv, 1)}, {CONV_ROW(conv, 2)}, {CONV_ROW(conv, 3)},
    {CONV_ROW(conv, 4)}, {CONV_ROW(conv, 5)}, {CONV_ROW(conv, 6)},
#if V_TILE_ROWS == 8
    {CONV_ROW(conv, 7)}, {CONV_ROW(conv, 8)},
#endif
};
static const outer_fn outer_table[V_TILE_ROWS][V_TILE_VECS] = {
    {CONV_ROW(outer, 1)}, {CONV_ROW(outer, 2)}, {CONV_ROW(outer, 3)},
    {CONV_ROW(outer, 4)}, {CONV_ROW(outer, 5)}, {CONV_ROW(outer, 6)},
#if V_TILE_ROWS == 8
    {CONV_ROW(outer, 7)}, {CONV_ROW(outer, 8)},
#endif
};

/* ---- the loops ------------------------------------------------ */

static void conv(const hgi_conv *g)
{
    int64_t positions = g->images * g->y.count * g->x.count;
    int64_t taps = g->y.taps * g->x.taps;
    if (positions == 0 || g->N == 0) return;
    int64_t vecs = hgi_ceil_div(g->N, VL), tiles = hgi_ceil_div(positions, V_TILE_ROWS);
    conv_tile t = {.g = g, .width = vecs * VL, .last = g->N - (vecs - 1) * VL};
    int64_t bytes = hgi_max(1, g->channels * t.width * (int64_t)sizeof(float));
    int64_t group = hgi_max(1, CONV_BLOCK / bytes);
    do {
        t.tap1 = hgi_min(t.tap0 + group, taps);
        for (int64_t i = 0; i < tiles; i++) {
            int64_t m = positions * i / tiles, rows = positions * (i + 1) / tiles - m;
            conv_place(&t.at, g, m, rows);
            conv_table[rows - 1][vecs - 1](&t);
        }
        t.tap0 = t.tap1;
    } while (t.tap0 < taps);
}

static void outer(const hgi_outer *g)
{
    int64_t tiles = hgi_ceil_div(g->M, V_TILE_ROWS);
    for (int64_t n = 0; n < g->N; n += V_TILE_VECS * VL) {
        int64_t wide = hgi_min(V_TILE_VECS * VL, g->N - n), vecs = hgi_ceil_div(wide, VL);
        outer_tile t = {.g = g, .B = g->B + n, .last = wide - (vecs - 1) * VL};
        for (int64_t i = 0; i < tiles; i++) {
            int64_t m = g->M * i / tiles, rows = g->M * (i + 1) / tiles - m;
            t.A = g->A + m;
            t.init = g->init ? g->init + m * g->init_row + n : NULL;
            t.C = g->C + m * g->c_row + n;
            outer_table[rows - 1][vecs - 1](&t);
        }
    }
}

#endif
