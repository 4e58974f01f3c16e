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

#include "kernels/simd/template.h"

#define PANEL (V_TILE_VECS * VL)
#define ROWS 96
#define DEPTH 256

typedef struct tile {
    int64_t K;
    const float *A;
    int64_t a_row, a_col;
    const float *B; /* whole vectors can be read                                        */
    int64_t b_row;
    const float *init;
    int64_t init_row;
    float *C;
    int64_t c_row;
    int64_t last; /* columns in the last vector, 1..VL                                  */
} tile;

typedef void (*tile_fn)(const tile *t);

/* rows and vecs are constants at each place of use, so that c[][] becomes registers.   */
ALWAYS void tile_run(const tile *t, const int rows, const int vecs)
{
    vf c[V_TILE_ROWS][V_TILE_VECS];
    const float *a[V_TILE_ROWS], *b = t->B, *init = t->init;
    const int64_t a_col = t->a_col, b_row = t->b_row, init_row = t->init_row;
    float *C = t->C;
    const int64_t c_row = t->c_row, last = t->last;
    UNROLL
    for (int m = 0; m < rows; m++) {
        a[m] = t->A + m * t->a_row;
        UNROLL
        for (int v = 0; v < vecs; v++)
            c[m][v] = !init          ? v_zero()
                      : v < vecs - 1 ? v_load(init + m * init_row + v * VL)
                                     : v_load_n(init + m * init_row + v * VL, last);
    }
    int64_t at = 0;
    for (int64_t k = t->K; k > 0; k--) {
        vf row[V_TILE_VECS];
        UNROLL
        for (int v = 0; v < vecs; v++) row[v] = v_load(b + v * VL);
        UNROLL
        for (int m = 0; m < rows; m++) {
            vf x = v_set1(a[m][at]);
            UNROLL
            for (int v = 0; v < vecs; v++) c[m][v] = v_fma(x, row[v], c[m][v]);
        }
        at += a_col;
        b += b_row;
    }
    UNROLL
    for (int m = 0; m < rows; m++) {
        float *to = C + m * c_row;
        UNROLL
        for (int v = 0; v < vecs - 1; v++) v_store(to + v * VL, c[m][v]);
        v_store_n(to + (vecs - 1) * VL, c[m][vecs - 1], last);
    }
}

/* One function a tile size, so that a remainder runs as fast as a whole tile.          */
#define TILE(rows, vecs)                                                                 \
    static void tile_##rows##x##vecs(const tile *t) { tile_run(t, rows, vecs); }
#if V_TILE_VECS == 2
#define TILES(rows) TILE(rows, 1) TILE(rows, 2)
#define TILE_ROW(rows) tile_##rows##x1, tile_##rows##x2
#else
#define TILES(rows) TILE(rows, 1) TILE(rows, 2) TILE(rows, 3)
#define TILE_ROW(rows) tile_##rows##x1, tile_##rows##x2, tile_##rows##x3
#endif

TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)
#if V_TILE_ROWS == 8
TILES(7)
TILES(8)
#endif

/* By rows - 1 and vectors - 1.                                                         */
static const tile_fn tile_table[V_TILE_ROWS][V_TILE_VECS] = {
    {TILE_ROW(1)}, {TILE_ROW(2)}, {TILE_ROW(3)},
    {TILE_ROW(4)}, {TILE_ROW(5)}, {TILE_ROW(6)},
#if V_TILE_ROWS == 8
    {TILE_ROW(7)}, {TILE_ROW(8)},
#endif
};

/* ---- B in panels ------------------------------------------------------------------- */

/* A panel is K rows of a whole number of vectors, padded with zeros: the last one is only
 * as many vectors wide as it needs.                                                    */
static inline int64_t panel_width(int64_t wide) { return hgi_ceil_div(wide, VL) * VL; }

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

/* dst[k*row + n] = src[k*src_row + n*src_col], zeros up to `row`: VL columns at a time,
 * by squares where k is contiguous (B^T of a row-major matrix), else one by one.       */
static void transpose_rows(int64_t K, int64_t wide, const float *src, int64_t src_row,
                           int64_t src_col, float *dst, int64_t row)
{
    for (int64_t n = 0; n < row; n += VL, src += VL * src_col, dst += VL) {
        int64_t columns = hgi_min(VL, wide - n), k = 0;
        for (; src_row == 1 && k < K; k += VL) {
            vf square[VL];
            int64_t rows = hgi_min(VL, K - k);
            for (int64_t i = 0; i < columns; i++)
                square[i] = v_load_n(src + i * src_col + k, rows);
            for (int64_t i = columns; i < VL; i++) square[i] = v_zero();
            v_transpose(square);
            for (int64_t i = 0; i < rows; i++) v_store(dst + (k + i) * row, square[i]);
        }
        for (; k < K; k++) {
            v_store(dst + k * row, v_zero());
            for (int64_t i = 0; i < columns; i++)
                dst[k * row + i] = src[k * src_row + i * src_col];
        }
    }
}

static void pack(int64_t K, int64_t N, const float *src, int64_t row, int64_t col,
                 float *dst)
{
    for (int64_t n = 0; n < N; n += PANEL) {
        int64_t wide = hgi_min(PANEL, N - n), width = panel_width(wide);
        if (col == 1)
            copy_rows(K, wide, src + n, row, dst + K * n, width);
        else
            transpose_rows(K, wide, src + n * col, row, col, dst + K * n, width);
    }
}

/* ---- the loops ---------------------------------------------------------------------- */

/* All tiles of `rows` rows in one panel, as equal in height as can be.                 */
static void run_panel(tile t, int64_t rows, int64_t wide)
{
    int64_t vecs = hgi_ceil_div(wide, VL), tiles = hgi_ceil_div(rows, V_TILE_ROWS);
    t.last = wide - (vecs - 1) * VL;
    const float *A = t.A, *init = t.init;
    float *C = t.C;
    for (int64_t i = 0; i < tiles; i++) {
        int64_t m = rows * i / tiles, height = rows * (i + 1) / tiles - m;
        t.A = A + m * t.a_row;
        t.init = init ? init + m * t.init_row : NULL;
        t.C = C + m * t.c_row;
        tile_table[height - 1][vecs - 1](&t);
    }
}

/* Steps k0 .. k0+depth of `rows` rows of C; t points to the first of these rows.       */
static void run_block(const hgi_gemm *g, tile t, int64_t rows, int64_t k0)
{
    float strip[DEPTH * PANEL];
    const tile block = t;
    for (int64_t n = 0; n < g->N; n += PANEL) {
        int64_t wide = hgi_min(PANEL, g->N - n), width = panel_width(wide);
        t.B = g->B + g->K * n + k0 * width;
        t.b_row = width;
        if (g->b_row != HGI_PACKED) {
            t.B = g->B + k0 * g->b_row + n;
            t.b_row = g->b_row;
            if (wide < width) {
                copy_rows(t.K, wide, t.B, t.b_row, strip, width);
                t.B = strip;
                t.b_row = width;
            }
        }
        t.init = block.init ? block.init + n : NULL;
        t.C = block.C + n;
        run_panel(t, rows, wide);
    }
}

static void gemm(const hgi_gemm *g)
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

#endif
