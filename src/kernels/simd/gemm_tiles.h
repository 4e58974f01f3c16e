// SPDX-License-Identifier: MIT
/* Matrix product in bf16 on a unit that multiplies whole tiles (AMX):
 * C[M,N] = init + A[M,K] B[K,N].
 *
 * A tile is 16 rows of 16 words.  t_dot() adds to a 16 x 16 tile of C the product of 16
 * rows of A, 16 pairs of k each, and 16 rows of B, one row a pair of k, one word a column:
 * B is packed as for gemm_bf16.h, in panels of 32 columns, with k padded by zeros to whole
 * tiles.  A block of A is rounded to words, rows by k, in memory on the stack.  Four tiles
 * of C stay in the unit while k runs, so that each tile of A and of B that is loaded is
 * used twice.
 *
 * Words of the unit, from tiles.h or from a model of it in plain C; the first argument is
 * a constant:  t_begin() configures all eight tiles and is what a thread calls first,
 * t_zero(c), t_load(c, p, row in floats), t_store(c, p, row), t_dot(c, a, b), t_end().
 *
 * An element is a chain over tiles of k in ascending order, so M and N may be cut anywhere
 * and K at multiples of 32.  Source: Intel 64 and IA-32 Software Developer's Manual,
 * vol. 2, TDPBF16PS.                                                                   */
#ifndef HGK_SIMD_GEMM_TILES_H
#define HGK_SIMD_GEMM_TILES_H

#include "kernels/simd/pairs.h"

#define SIDE 16         /* rows, and words of a row, of a tile                      */
#define TILES_PANEL 32  /* columns of a panel of B                                  */
#define TILES_ROWS 64   /* of A in a block, 64 KiB of it on the stack                */
#define TILES_WORDS 256 /* of k in a block                                          */

/* Words of K numbers, padded to whole tiles.                                           */
static inline int64_t whole_words(int64_t K) { return hgi_ceil_div(K, 2 * SIDE) * SIDE; }

static int64_t packed_size_tiles(int64_t K, int64_t N)
{
    return whole_words(K) * hgi_ceil_div(N, SIDE) * SIDE;
}

static void pack_tiles(int64_t K, int64_t N, const float *src, int64_t row, int64_t col,
                       float *dst)
{
    int64_t words = whole_words(K);
    for (int64_t n = 0; n < N; n += TILES_PANEL) {
        int64_t wide = hgi_min(TILES_PANEL, N - n);
        pair_matrix(K, wide, src + n * col, row, col, words, dst + words * n,
                    hgi_ceil_div(wide, SIDE) * SIDE);
    }
}

/* SIDE rows of SIDE words from 2 SIDE rows of numbers, `n` of them each, NULL for zeros:
 * pairs of rows interleave to words that run over m, and the square's transpose makes
 * them run over k.                                                                     */
static void turn_square(const float *const *from, int64_t n, float *dst, int64_t row)
{
    vf square[SIDE];
    for (int64_t i = 0; i < SIDE; i++) {
        const float *even = from[2 * i], *odd = from[2 * i + 1];
        square[i] = v_interleave(even ? v_load_n(even, n) : v_zero(),
                                 odd ? v_load_n(odd, n) : v_zero());
    }
    v_transpose(square);
    for (int64_t i = 0; i < SIDE; i++) v_store(dst + i * row, square[i]);
}

/* Rows of words from an A that lies by columns.                                        */
static void turn_pairs(int64_t K, int64_t rows, const float *src, int64_t src_row,
                       int64_t words, float *dst)
{
    for (int64_t m = 0; m < rows; m += SIDE)
        for (int64_t j = 0; j < words; j += SIDE) {
            const float *from[2 * SIDE];
            for (int64_t i = 0, k = 2 * j; i < 2 * SIDE; i++, k++)
                from[i] = k < K ? src + k * src_row + m : NULL;
            turn_square(from, hgi_min(SIDE, rows - m), dst + m * words + j, words);
        }
}

/* A block of A as rows of `words` words; rows up to a multiple of SIDE are filled, with
 * anything finite beyond M: what they give is not stored.                              */
static void take_block(const hgi_gemm *g, int64_t m, int64_t rows, int64_t k0, int64_t K,
                       int64_t words, float *dst)
{
    const float *A = g->A + m * g->a_row + k0 * g->a_col;
    if (g->a_col != 1 && g->a_row == 1) {
        turn_pairs(K, rows, A, g->a_col, words, dst);
        return;
    }
    int64_t padded = hgi_ceil_div(rows, SIDE) * SIDE;
    for (int64_t i = 0; i < padded; i++) {
        float line[2 * TILES_WORDS];
        const float *from = A + hgi_min(i, rows - 1) * g->a_row;
        if (g->a_col != 1) {
            for (int64_t k = 0; k < K; k++) line[k] = from[k * g->a_col];
            from = line;
        }
        pair_row(K, from, words, dst + i * words);
    }
}

/* A tile of C that is not whole, or whose init does not lie like it, goes through this. */
typedef struct side_tile {
    float v[SIDE * SIDE];
} side_tile;

typedef struct corner {
    const float *init; /* NULL: zeros                                                   */
    int64_t init_row;
    float *C;
    int64_t c_row;
    int64_t rows, columns; /* of the tile that exist, 0 to SIDE                         */
} corner;

static corner corner_of(const corner *block, int64_t m, int64_t n)
{
    corner c = *block;
    c.rows = hgi_max(0, hgi_min(SIDE, block->rows - m));
    c.columns = hgi_max(0, hgi_min(SIDE, block->columns - n));
    bool exists = c.rows > 0 && c.columns > 0;
    if (!exists) c.rows = c.columns = 0;
    if (c.init) c.init = exists ? block->init + m * block->init_row + n : NULL;
    c.C = exists ? block->C + m * block->c_row + n : NULL;
    return c;
}

static inline bool is_whole(const corner *c)
{
    return c->rows == SIDE && c->columns == SIDE;
}

static void gather(const corner *c, side_tile *t)
{
    for (int64_t i = 0; i < SIDE; i++) {
        bool there = c->init && i < c->rows;
        vf x = there ? v_load_n(c->init + i * c->init_row, c->columns) : v_zero();
        v_store(t->v + i * SIDE, x);
    }
}

static void scatter(const side_tile *t, const corner *c)
{
    for (int64_t i = 0; i < c->rows; i++)
        v_store_n(c->C + i * c->c_row, v_load(t->v + i * SIDE), c->columns);
}

#define START(number, at)                                                                \
    do {                                                                                 \
        side_tile start_;                                                                \
        if (!(at).init)                                                                  \
            t_zero(number);                                                              \
        else if (is_whole(&(at)))                                                        \
            t_load(number, (at).init, (at).init_row);                                    \
        else {                                                                           \
            gather(&(at), &start_);                                                      \
            t_load(number, start_.v, SIDE);                                              \
        }                                                                                \
    } while (0)

#define FINISH(number, at)                                                               \
    do {                                                                                 \
        side_tile end_;                                                                  \
        if (is_whole(&(at)))                                                             \
            t_store(number, (at).C, (at).c_row);                                         \
        else if ((at).rows > 0) {                                                        \
            t_store(number, end_.v, SIDE);                                               \
            scatter(&end_, &(at));                                                       \
        }                                                                                \
    } while (0)

/* Up to 32 x 32 of C: tiles 0 to 3; 4 and 5 hold A, 6 and 7 hold B.                    */
static void run_corners(const corner *block, const float *A, int64_t words, int64_t used,
                        const float *B, int64_t width)
{
    corner c00 = corner_of(block, 0, 0), c01 = corner_of(block, 0, SIDE);
    corner c10 = corner_of(block, SIDE, 0), c11 = corner_of(block, SIDE, SIDE);
    bool low = block->rows > SIDE, right = width > SIDE;
    START(0, c00);
    START(1, c01);
    START(2, c10);
    START(3, c11);
    for (int64_t k = 0; k < used; k += SIDE) {
        t_load(4, A + k, words);
        t_load(6, B + k * width, width);
        t_dot(0, 4, 6);
        if (right) {
            t_load(7, B + k * width + SIDE, width);
            t_dot(1, 4, 7);
        }
        if (!low) continue;
        t_load(5, A + SIDE * words + k, words);
        t_dot(2, 5, 6);
        if (right) t_dot(3, 5, 7);
    }
    FINISH(0, c00);
    FINISH(1, c01);
    FINISH(2, c10);
    FINISH(3, c11);
}

static void run_panels(const hgi_gemm *g, const corner *block, const float *A,
                       int64_t words, int64_t k0, int64_t K)
{
    float strip[TILES_WORDS * TILES_PANEL] __attribute__((aligned(64)));
    for (int64_t n = 0; n < g->N; n += TILES_PANEL) {
        int64_t wide = hgi_min(TILES_PANEL, g->N - n);
        int64_t width = hgi_ceil_div(wide, SIDE) * SIDE;
        const float *B = strip;
        if (g->b_row == HGI_PACKED)
            B = g->B + whole_words(g->K) * n + k0 / 2 * width;
        else
            pair_rows(K, wide, g->B + k0 * g->b_row + n, g->b_row, words, strip, width);
        for (int64_t m = 0; m < block->rows; m += 2 * SIDE) {
            corner c = *block;
            c.rows = hgi_min(2 * SIDE, block->rows - m);
            c.columns = wide;
            c.C += m * block->c_row + n;
            if (c.init) c.init += m * block->init_row + n;
            run_corners(&c, A + m * words, words, words, B, width);
        }
    }
}

static void gemm_tiles(const hgi_gemm *g)
{
    float A[TILES_ROWS * TILES_WORDS] __attribute__((aligned(64)));
    if (g->M == 0 || g->N == 0) return;
    t_begin();
    for (int64_t m = 0; m < g->M; m += TILES_ROWS) {
        int64_t rows = hgi_min(TILES_ROWS, g->M - m), k = 0;
        corner c = {.init = g->init ? g->init + m * g->init_row : NULL,
                    .init_row = g->init_row,
                    .C = g->C + m * g->c_row,
                    .c_row = g->c_row,
                    .rows = rows};
        do {
            int64_t K = hgi_min(2 * TILES_WORDS, g->K - k), words = whole_words(K);
            take_block(g, m, rows, k, K, words, A);
            run_panels(g, &c, A, words, k, K);
            c.init = c.C;
            c.init_row = c.c_row;
            k += 2 * TILES_WORDS;
        } while (k < g->K);
    }
    t_end();
}

#endif
