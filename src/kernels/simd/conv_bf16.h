// SPDX-License-Identifier: MIT
/* Convolution and the sum of its weight's gradient with factors rounded to bf16, on
 * vector dot products.
 *
 * conv: the tiles of conv.h, with pairs of channels in a word.  What a tile's rows meet at
 * a tap is rounded into a few KiB on the stack just before it is used: each word then
 * serves up to 48 columns, so rounding the same place again at the next tap costs less
 * than a rounded copy of the image would.
 *
 * outer: rows of A and of B are paired along k into blocks of words, which the tiles of the
 * matrix product take.                                                                 */
#ifndef HGK_SIMD_CONV_BF16_H
#define HGK_SIMD_CONV_BF16_H

#include "kernels/simd/conv_walk.h"
#include "kernels/simd/gemm_bf16.h"
#include "kernels/simd/outer_walk.h"

/* Channels that run between two look-ups, and bytes of B that stay in the first level. */
#define CONV_RUN_BF16 256
#define CONV_BLOCK_BF16 (24 * 1024)

ALWAYS void conv_run(const conv_tile *t, const int rows, const int vecs)
{
    const hgi_conv *g = t->g;
    const int64_t width = t->width;
    float words[V_TILE_ROWS][CONV_RUN_BF16 / 2] __attribute__((aligned(64)));
    vf c[V_TILE_ROWS][V_TILE_VECS];
    conv_begin(t, rows, vecs, c);
    for (int64_t tap = t->tap0; tap < t->tap1; tap++) {
        int64_t i = tap / g->x.taps, j = tap - i * g->x.taps;
        const float *b = conv_block(t, i, j);
        for (int64_t c0 = 0; c0 < g->channels; c0 += CONV_RUN_BF16) {
            int64_t run = hgi_min(CONV_RUN_BF16, g->channels - c0);
            int64_t pairs = hgi_ceil_div(run, 2);
            for (int m = 0; m < rows; m++) {
                const float *place = conv_at(&t->at, g, m, i, j);
                if (place)
                    pair_row(run, place + c0, pairs, words[m]);
                else
                    for (int64_t k = 0; k < pairs; k += VL)
                        v_store(words[m] + k, v_zero());
            }
            for (int64_t k = 0; k < pairs; k++, b += width) {
                vf row[V_TILE_VECS];
                UNROLL
                for (int v = 0; v < vecs; v++) row[v] = v_load(b + v * VL);
                UNROLL
                for (int m = 0; m < rows; m++) {
                    vf x = v_set1(words[m][k]);
                    UNROLL
                    for (int v = 0; v < vecs; v++)
                        c[m][v] = TILE_STEP(x, row[v], c[m][v]);
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

static void conv_bf16(const hgi_conv *g)
{
    conv_walk(g, hgi_ceil_div(g->channels, 2), CONV_BLOCK_BF16, conv_table);
}

/* One block of k: `n` rows of A and B.                                                 */
static void outer_block(const hgi_outer *g, const outer_walk *w, int64_t n,
                        const float *init, int64_t init_row)
{
    float A[ROWS_BF16 * WORDS] __attribute__((aligned(64)));
    float strip[WORDS * PANEL] __attribute__((aligned(64)));
    int64_t words = hgi_ceil_div(n, 2);
    for (int64_t m = 0; m < g->M; m += ROWS_BF16) {
        int64_t rows = hgi_min(ROWS_BF16, g->M - m), row = hgi_ceil_div(rows, VL) * VL;
        for (int64_t j = 0; j < words; j++)
            pair_two(w->a[2 * j] + m, 2 * j + 1 < n ? w->a[2 * j + 1] + m : NULL, rows,
                     A + j * row, row);
        for (int64_t c = 0; c < g->N; c += PANEL) {
            int64_t wide = hgi_min(PANEL, g->N - c), width = panel_width(wide);
            for (int64_t j = 0; j < words; j++)
                pair_two(w->b[2 * j] + c, 2 * j + 1 < n ? w->b[2 * j + 1] + c : NULL,
                         wide, strip + j * width, width);
            tile t = {.K = words,
                      .A = A,
                      .a_row = 1,
                      .a_col = row,
                      .B = strip,
                      .b_row = width,
                      .init = init ? init + m * init_row + c : NULL,
                      .init_row = init_row,
                      .C = g->C + m * g->c_row + c,
                      .c_row = g->c_row};
            run_panel(t, rows, wide);
        }
    }
}

static void outer_bf16(const hgi_outer *g)
{
    outer_walk w = {.g = g};
    const float *init = g->init;
    int64_t init_row = g->init_row, n = walk_on(&w);
    do {
        outer_block(g, &w, n, init, init_row);
        init = g->C;
        init_row = g->c_row;
        n = walk_on(&w);
    } while (n > 0);
}

#endif
