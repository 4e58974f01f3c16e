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

#include "kernels/simd/conv_walk.h"

/* Bytes of B that stay in the second-level cache while all tiles pass over them: it streams
 * fast enough from there, and coming back to a tile of C costs more.                   */
#define CONV_BLOCK (256 * 1024)
/* Channels that run between two look-ups, and as many zeros.                           */
#define CONV_RUN 256
static const float conv_zeros[CONV_RUN];

ALWAYS void conv_run(const conv_tile *t, const int rows, const int vecs)
{
    const hgi_conv *g = t->g;
    const int64_t width = t->width, channels = g->channels;
    vf c[V_TILE_ROWS][V_TILE_VECS];
    conv_begin(t, rows, vecs, c);
    for (int64_t tap = t->tap0; tap < t->tap1; tap++) {
        int64_t i = tap / g->x.taps, j = tap - i * g->x.taps;
        const float *b = conv_block(t, i, j);
        for (int64_t c0 = 0; c0 < channels; c0 += CONV_RUN) {
            const float *a[V_TILE_ROWS];
            UNROLL
            for (int m = 0; m < rows; m++) {
                const float *place = conv_at(&t->at, g, m, i, j);
                a[m] = place ? place + c0 : conv_zeros;
            }
            int64_t run = hgi_min(CONV_RUN, channels - c0);
            for (int64_t k = 0; k < run; k++, b += width) {
                vf row[V_TILE_VECS];
                UNROLL
                for (int v = 0; v < vecs; v++) row[v] = v_load(b + v * VL);
                UNROLL
                for (int m = 0; m < rows; m++) {
                    vf x = v_set1(a[m][k]);
                    UNROLL
                    for (int v = 0; v < vecs; v++) c[m][v] = v_fma(x, row[v], c[m][v]);
                }
            }
        }
    }
    conv_end(t, rows, vecs, c);
}

#define CONV(rows, vecs)                                                                 \
    static void conv_##rows##x##vecs(const conv_tile *t) { conv_run(t, rows, vecs); }
EACH_SIZE(CONV)
static const conv_fn conv_table[V_TILE_ROWS][V_TILE_VECS] = SIZE_TABLE(conv);

static void conv(const hgi_conv *g) { conv_walk(g, g->channels, CONV_BLOCK, conv_table); }

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
    UNROLL
    for (int m = 0; m < rows; m++) {
        const float *init = t->init ? t->init + m * g->init_row : NULL;
        UNROLL
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
                UNROLL
                for (int v = 0; v < vecs - 1; v++) row[v] = v_load(b + v * VL);
                row[vecs - 1] = v_load_n(b + (vecs - 1) * VL, last);
                UNROLL
                for (int m = 0; m < rows; m++) {
                    vf x = v_set1(a[m]);
                    UNROLL
                    for (int v = 0; v < vecs; v++) c[m][v] = v_fma(x, row[v], c[m][v]);
                }
            }
        }
    UNROLL
    for (int m = 0; m < rows; m++) {
        float *to = t->C + m * g->c_row;
        UNROLL
        for (int v = 0; v < vecs - 1; v++) v_store(to + v * VL, c[m][v]);
        v_store_n(to + (vecs - 1) * VL, c[m][vecs - 1], last);
    }
}

#define OUTER(rows, vecs)                                                                \
    static void outer_##rows##x##vecs(const outer_tile *t) { outer_run(t, rows, vecs); }
EACH_SIZE(OUTER)
static const outer_fn outer_table[V_TILE_ROWS][V_TILE_VECS] = SIZE_TABLE(outer);

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
