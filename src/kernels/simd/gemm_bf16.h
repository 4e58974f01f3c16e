// SPDX-License-Identifier: MIT
/* Matrix product with both factors rounded to bf16 and sums in float, on vector dot
 * products:  C[M,N] = init + A[M,K] B[K,N].
 *
 * The tiles and loops are those of gemm.h, with a word of two bf16 numbers where that has
 * a float.  A block of A is rounded into words on the stack, which costs a few hundredths
 * of the product; B comes packed as words, or is rounded panel by panel.  An element is
 * one chain over pairs of k, ascending, so M and N may be cut anywhere and K at even
 * places.                                                                              */
#ifndef HGK_SIMD_GEMM_BF16_H
#define HGK_SIMD_GEMM_BF16_H

#include "kernels/simd/pairs.h"
#include "kernels/simd/tile.h"

/* In words: of k, and rows of A.  64 KiB of A and 24 KiB of B lie on the stack.        */
#define WORDS 128
#define ROWS_BF16 128

static int64_t packed_size_bf16(int64_t K, int64_t N)
{
    return hgi_ceil_div(K, 2) * panel_width(N);
}

static void pack_bf16(int64_t K, int64_t N, const float *src, int64_t row, int64_t col,
                      float *dst)
{
    int64_t words = hgi_ceil_div(K, 2);
    for (int64_t n = 0; n < N; n += PANEL) {
        int64_t wide = hgi_min(PANEL, N - n);
        pair_matrix(K, wide, src + n * col, row, col, words, dst + words * n,
                    panel_width(wide));
    }
}

/* Words of k0.. for `rows` rows of A, and how the tiles find them.                     */
static void take_rows(const hgi_gemm *g, int64_t m, int64_t rows, int64_t k0, int64_t K,
                      float *words, tile *t)
{
    const float *A = g->A + m * g->a_row + k0 * g->a_col;
    t->A = words;
    t->K = hgi_ceil_div(K, 2);
    if (g->a_col == 1) {
        t->a_row = hgi_ceil_div(t->K, VL) * VL;
        t->a_col = 1;
        for (int64_t i = 0; i < rows; i++)
            pair_row(K, A + i * g->a_row, t->K, words + i * t->a_row);
    } else {
        t->a_row = 1;
        t->a_col = hgi_ceil_div(rows, VL) * VL;
        pair_matrix(K, rows, A, g->a_col, g->a_row, t->K, words, t->a_col);
    }
}

static void run_block_bf16(const hgi_gemm *g, tile t, int64_t rows, int64_t k0, int64_t K)
{
    float strip[WORDS * PANEL];
    const tile block = t;
    for (int64_t n = 0; n < g->N; n += PANEL) {
        int64_t wide = hgi_min(PANEL, g->N - n), width = panel_width(wide);
        t.b_row = width;
        if (g->b_row == HGI_PACKED) {
            t.B = g->B + hgi_ceil_div(g->K, 2) * n + k0 / 2 * width;
        } else {
            pair_rows(K, wide, g->B + k0 * g->b_row + n, g->b_row, t.K, strip, width);
            t.B = strip;
        }
        t.init = block.init ? block.init + n : NULL;
        t.C = block.C + n;
        run_panel(t, rows, wide);
    }
}

static void gemm_bf16(const hgi_gemm *g)
{
    float words[ROWS_BF16 * WORDS] __attribute__((aligned(64)));
    for (int64_t m = 0; m < g->M; m += ROWS_BF16) {
        int64_t rows = hgi_min(ROWS_BF16, g->M - m), k = 0;
        tile t = {
            .init = g->init ? g->init + m * g->init_row : NULL,
            .init_row = g->init_row,
            .C = g->C + m * g->c_row,
            .c_row = g->c_row,
        };
        do {
            int64_t K = hgi_min(2 * WORDS, g->K - k);
            take_rows(g, m, rows, k, K, words, &t);
            run_block_bf16(g, t, rows, k, K);
            t.init = t.C;
            t.init_row = t.c_row;
            k += 2 * WORDS;
        } while (k < g->K);
    }
}

#endif
