// SPDX-License-Identifier: MIT
/* Convolution and the sum of its weight's gradient in bf16 on a unit that multiplies whole
 * tiles (AMX), in the words of gemm_tiles.h.
 *
 * conv: 16 neighbouring positions are the rows of a tile of C, one or two tiles wide.
 * What they meet at a tap is rounded to words on the stack, 16 rows of channels, and
 * multiplied with the tap's block of B while C stays in the unit.
 * outer: rows of A and B are paired along k; A's words are turned, so that they run along
 * k as the unit wants them.                                                            */
#ifndef HGK_SIMD_CONV_TILES_H
#define HGK_SIMD_CONV_TILES_H

#include "kernels/simd/conv_place.h"
#include "kernels/simd/gemm_tiles.h"
#include "kernels/simd/outer_walk.h"

/* Channels that run between two look-ups: 16 KiB of words.                             */
#define RUN_TILES 512

/* Words of one run of channels at one tap, for `rows` positions; other rows are zeros. */
static int64_t take_tap(const hgi_conv *g, const conv_rows *at, int64_t rows, int64_t i,
                        int64_t j, int64_t c0, float *words)
{
    int64_t run = hgi_min(RUN_TILES, g->channels - c0), n = whole_words(run);
    for (int64_t m = 0; m < SIDE; m++) {
        const float *place = m < rows ? conv_at(at, g, m, i, j) : NULL;
        if (place)
            pair_row(run, place + c0, n, words + m * n);
        else
            for (int64_t k = 0; k < n; k += SIDE) v_store(words + m * n + k, v_zero());
    }
    return n;
}

static void conv_corner(const hgi_conv *g, const conv_rows *at, int64_t rows)
{
    float words[SIDE * RUN_TILES / 2] __attribute__((aligned(64)));
    float bias[TILES_PANEL] = {0};
    side_tile end[2];
    int64_t width = hgi_ceil_div(g->N, SIDE) * SIDE, block = whole_words(g->channels);
    bool right = width > SIDE;
    for (int64_t n = 0; g->init && n < g->N; n++) bias[n] = g->init[n];
    t_load(0, bias, (int64_t)0);
    t_load(1, bias + SIDE, (int64_t)0);
    for (int64_t i = 0; i < g->y.taps; i++)
        for (int64_t j = 0; j < g->x.taps; j++) {
            int64_t number = i * g->y.b_tap + j * g->x.b_tap;
            const float *B = g->B + number * block * width;
            for (int64_t c0 = 0; c0 < g->channels; c0 += RUN_TILES) {
                int64_t n = take_tap(g, at, rows, i, j, c0, words);
                for (int64_t k = 0; k < n; k += SIDE, B += SIDE * width) {
                    t_load(4, words + k, n);
                    t_load(6, B, width);
                    t_dot(0, 4, 6);
                    if (!right) continue;
                    t_load(7, B + SIDE, width);
                    t_dot(1, 4, 7);
                }
            }
        }
    t_store(0, end[0].v, (int64_t)SIDE);
    t_store(1, end[1].v, (int64_t)SIDE);
    for (int64_t m = 0; m < rows; m++)
        for (int64_t n = 0; n < g->N; n += SIDE)
            v_store_n(at->C[m] + n, v_load(end[n / SIDE].v + m * SIDE),
                      hgi_min(SIDE, g->N - n));
}

static void conv_tiles(const hgi_conv *g)
{
    int64_t positions = g->images * g->y.count * g->x.count;
    if (positions == 0 || g->N == 0) return;
    t_begin();
    for (int64_t m = 0; m < positions; m += SIDE) {
        conv_rows at;
        int64_t rows = hgi_min(SIDE, positions - m);
        conv_place(&at, g, m, rows);
        conv_corner(g, &at, rows);
    }
    t_end();
}

/* Rows of words along k from rows of A that run over m: see turn_square().             */
static void turn_walk(const float *const *a, int64_t n, int64_t m0, int64_t rows,
                      int64_t words, float *dst)
{
    for (int64_t m = 0; m < rows; m += SIDE)
        for (int64_t j = 0; j < words; j += SIDE) {
            const float *from[2 * SIDE];
            for (int64_t i = 0, k = 2 * j; i < 2 * SIDE; i++, k++)
                from[i] = k < n ? a[k] + m0 + m : NULL;
            turn_square(from, hgi_min(SIDE, rows - m), dst + m * words + j, words);
        }
}

static void outer_block(const hgi_outer *g, const outer_walk *w, int64_t n,
                        const float *init, int64_t init_row)
{
    float A[TILES_ROWS * WALK_ROWS / 2] __attribute__((aligned(64)));
    float strip[WALK_ROWS / 2 * TILES_PANEL] __attribute__((aligned(64)));
    int64_t words = whole_words(n);
    for (int64_t m = 0; m < g->M; m += TILES_ROWS) {
        int64_t rows = hgi_min(TILES_ROWS, g->M - m);
        turn_walk(w->a, n, m, rows, words, A);
        for (int64_t c = 0; c < g->N; c += TILES_PANEL) {
            int64_t wide = hgi_min(TILES_PANEL, g->N - c);
            int64_t width = hgi_ceil_div(wide, SIDE) * SIDE;
            for (int64_t j = 0; j < words; j++)
                pair_two(2 * j < n ? w->b[2 * j] + c : NULL,
                         2 * j + 1 < n ? w->b[2 * j + 1] + c : NULL, wide,
                         strip + j * width, width);
            for (int64_t i = 0; i < rows; i += 2 * SIDE) {
                corner at = {
                    .init = init ? init + (m + i) * init_row + c : NULL,
                    .init_row = init_row,
                    .C = g->C + (m + i) * g->c_row + c,
                    .c_row = g->c_row,
                    .rows = hgi_min(2 * SIDE, rows - i),
                    .columns = wide,
                };
                run_corners(&at, A + i * words, words, words, strip, width);
            }
        }
    }
}

static void outer_tiles(const hgi_outer *g)
{
    outer_walk w = {.g = g};
    const float *init = g->init;
    int64_t init_row = g->init_row, n = walk_on(&w);
    if (g->M == 0 || g->N == 0) return;
    t_begin();
    do {
        outer_block(g, &w, n, init, init_row);
        init = g->C;
        init_row = g->c_row;
        n = walk_on(&w);
    } while (n > 0);
    t_end();
}

#endif
