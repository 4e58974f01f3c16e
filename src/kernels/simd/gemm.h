// SPDX-License-Identifier: MIT
/* Matrix product, for any vector set:  C[M,N] = init + A[M,K] B[K,N].
 *
 * C is cut in tiles of at most V_TILE_ROWS x V_TILE_VECS vectors.  A tile stays in
 * registers while k runs: each step loads one row of B, and for each row of the tile one
 * element of A in all lanes.  Every element of C is then one chain of fused multiply-adds
 * in ascending k, whatever tile it falls in: cutting M, N or K elsewhere, packing B or
 * not, AVX2 or AVX-512, all give the same bits.
 *
 * Order of the loops, from outside: blocks of ROWS rows (their A stays in the second-level
 * cache), blocks of DEPTH steps of k, panels of B (the panel's block stays in the first
 * level), tiles of the panel.  Idea: Goto & van de Geijn, "Anatomy of High-Performance
 * Matrix Multiplication", 2008; with so few rows a batch, A need not be packed.        */
#ifndef HGK_SIMD_GEMM_H
#define HGK_SIMD_GEMM_H

#include "kernels/simd/tile.h"

#define ROWS 96
#define DEPTH 256

/* ---- B in panels ------------------------------------------------------------------- */

/* A panel is K rows of a whole number of vectors, padded with zeros: the last one is only
 * as many vectors wide as it needs.                                                    */
static int64_t packed_size(int64_t K, int64_t N) { return K * panel_width(N); }

/* dst[k*row + n] = src[k*src_row + n] for n < wide, zeros up to `row`.                 */
static void copy_rows(int64_t K, int64_t wide, const float *src, int64_t src_row,
                      float *dst, int64_t row)
{
    int64_t whole = wide / VL * VL;
    for (int64_t k = 0; k < K; k++, src += src_row, dst += row) {
        for (int64_t n = 0; n < whole; n += VL) v_store(dst + n, v_load(src + n));
        if (whole < wide) v_store(dst + whole, v_load_n(src + whole, wide - whole));
    }
}

/* dst[k*row + n] = src[k + n*src_col], zeros up to `row`: by squares, those of the same k
 * one after the other, because that writes dst as it lies.                             */
static void transpose_rows(int64_t K, int64_t wide, const float *src, int64_t src_col,
                           float *dst, int64_t row)
{
    for (int64_t k = 0; k < K; k += VL, dst += VL * row) {
        int64_t rows = hgi_min(VL, K - k);
        for (int64_t n = 0; n < row; n += VL) {
            vf square[VL];
            int64_t columns = hgi_min(VL, wide - n);
            const float *from = src + n * src_col + k;
            for (int64_t i = 0; i < columns; i++)
                square[i] = v_load_n(from + i * src_col, rows);
            for (int64_t i = columns; i < VL; i++) square[i] = v_zero();
            v_transpose(square);
            for (int64_t i = 0; i < rows; i++) v_store(dst + i * row + n, square[i]);
        }
    }
}

/* The same for any strides, one by one.                                                */
static void gather_rows(int64_t K, int64_t wide, const float *src, int64_t src_row,
                        int64_t src_col, float *dst, int64_t row)
{
    for (int64_t k = 0; k < K; k++, src += src_row, dst += row)
        for (int64_t n = 0; n < row; n++) dst[n] = n < wide ? src[n * src_col] : 0;
}

static void pack(int64_t K, int64_t N, const float *src, int64_t row, int64_t col,
                 float *dst)
{
    for (int64_t n = 0; n < N; n += PANEL) {
        int64_t wide = hgi_min(PANEL, N - n), width = panel_width(wide);
        if (col == 1)
            copy_rows(K, wide, src + n, row, dst + K * n, width);
        else if (row == 1)
            transpose_rows(K, wide, src + n * col, col, dst + K * n, width);
        else
            gather_rows(K, wide, src + n * col, row, col, dst + K * n, width);
    }
}

/* ---- the loops ---------------------------------------------------------------------- */

/* A panel of `wide` columns of a B that is not packed.  A tile reads whole vectors, which
 * in the last panel may reach into the row behind: `whole` rows of B, those that have one,
 * are read in place when that is cheaper than to copy the panel, the others from a copy. */
static void run_unpacked(tile t, int64_t rows, int64_t wide, int64_t whole)
{
    float strip[DEPTH * PANEL];
    int64_t width = panel_width(wide), K = t.K;
    if (width - wide > t.b_row || K <= rows) whole = 0;
    if (wide == width) whole = K;
    if (whole > 0) {
        t.K = whole;
        run_panel(t, rows, wide);
        if (whole == K) return;
        t.A += whole * t.a_col;
        t.B += whole * t.b_row;
        t.K = K - whole;
        t.init = t.C;
        t.init_row = t.c_row;
    }
    copy_rows(t.K, wide, t.B, t.b_row, strip, width);
    t.B = strip;
    t.b_row = width;
    run_panel(t, rows, wide);
}

/* Steps k0 .. k0+depth of `rows` rows of C; t points to the first of these rows.       */
static void run_block(const hgi_gemm *g, tile t, int64_t rows, int64_t k0)
{
    const tile block = t;
    for (int64_t n = 0; n < g->N; n += PANEL) {
        int64_t wide = hgi_min(PANEL, g->N - n), width = panel_width(wide);
        t.init = block.init ? block.init + n : NULL;
        t.C = block.C + n;
        if (g->b_row != HGI_PACKED) {
            t.B = g->B + k0 * g->b_row + n;
            t.b_row = g->b_row;
            run_unpacked(t, rows, wide, hgi_min(t.K, g->K - 1 - k0));
        } else {
            t.B = g->B + g->K * n + k0 * width;
            t.b_row = width;
            run_panel(t, rows, wide);
        }
    }
}

/* ---- one row ------------------------------------------------------------------------ */

/* A tile of one row has no more chains than a panel has vectors, and would wait for each
 * multiply-add: panels run side by side, so that memory is what is waited for.         */
#define ASIDE (9 / V_TILE_VECS)

/* All of k for `panels` whole panels, `panel` floats apart; both counts are constants
 * where this is used.                                                                  */
ALWAYS void row_panels(const hgi_gemm *g, const float *b, int64_t b_row, int64_t panel,
                       int64_t n, const int panels)
{
    vf c[ASIDE][V_TILE_VECS];
    const float *a = g->A;
#pragma GCC unroll 4
    for (int p = 0; p < panels; p++)
#pragma GCC unroll 3
        for (int v = 0; v < V_TILE_VECS; v++)
            c[p][v] = g->init ? v_load(g->init + n + p * PANEL + v * VL) : v_zero();
    for (int64_t k = g->K; k > 0; k--, a += g->a_col, b += b_row) {
        vf x = v_set1(*a);
#pragma GCC unroll 4
        for (int p = 0; p < panels; p++)
#pragma GCC unroll 3
            for (int v = 0; v < V_TILE_VECS; v++)
                c[p][v] = v_fma(x, v_load(b + p * panel + v * VL), c[p][v]);
    }
#pragma GCC unroll 4
    for (int p = 0; p < panels; p++)
#pragma GCC unroll 3
        for (int v = 0; v < V_TILE_VECS; v++)
            v_store(g->C + n + p * PANEL + v * VL, c[p][v]);
}

/* The whole panels of a product with one row; returns how many columns that are.       */
static int64_t gemm_row(const hgi_gemm *g)
{
    bool packed = g->b_row == HGI_PACKED;
    int64_t whole = g->N / PANEL * PANEL, step = packed ? g->K : 1, n = 0;
    int64_t b_row = packed ? PANEL : g->b_row, panel = step * PANEL;
    for (; n + ASIDE * PANEL <= whole; n += ASIDE * PANEL)
        row_panels(g, g->B + step * n, b_row, panel, n, ASIDE);
    for (; n + 2 * PANEL <= whole; n += 2 * PANEL)
        row_panels(g, g->B + step * n, b_row, panel, n, 2);
    return n;
}

static void gemm_rows(const hgi_gemm *g)
{
    for (int64_t m = 0; m < g->M; m += ROWS) {
        int64_t rows = hgi_min(ROWS, g->M - m), k = 0;
        tile t = {
            .a_row = g->a_row,
            .a_col = g->a_col,
            .init = g->init ? g->init + m * g->init_row : NULL,
            .init_row = g->init_row,
            .C = g->C + m * g->c_row,
            .c_row = g->c_row,
        };
        do {
            t.A = g->A + m * g->a_row + k * g->a_col;
            t.K = hgi_min(DEPTH, g->K - k);
            run_block(g, t, rows, k);
            t.init = t.C;
            t.init_row = t.c_row;
            k += DEPTH;
        } while (k < g->K);
    }
}

static void gemm(const hgi_gemm *g)
{
    hgi_gemm rest = *g;
    if (g->M == 1) {
        int64_t n = gemm_row(g);
        rest.N -= n;
        rest.B += g->b_row == HGI_PACKED ? g->K * n : n;
        rest.init = g->init ? g->init + n : NULL;
        rest.C += n;
        if (rest.N == 0) return;
    }
    gemm_rows(&rest);
}

#endif
