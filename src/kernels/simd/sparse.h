// SPDX-License-Identifier: MIT
/* Products with rows that are mostly zeros, for any vector set.
 *
 * Images of writing are four fifths zeros.  A multiply-add with 0 changes nothing, so a
 * product may skip it and still give every element the same chain of multiply-adds, with
 * the same bits, as gemm: only a B that is not finite would show (0 times infinity).
 *
 * find_nonzeros() lists where each row is not 0.  sparse_gemm() runs four rows at a time,
 * because one row is a chain that waits for itself.  sparse_outer() keeps a transposed
 * tile of the result in the first-level cache and adds a row's part where its pixels
 * are.     */
#ifndef HGK_SIMD_SPARSE_H
#define HGK_SIMD_SPARSE_H

#include "kernels/simd/template.h"

#define SPARSE_ROWS 4
#define OUTER_VECS 4

static void find_nonzeros(int64_t R, int64_t C, const float *x, int64_t ldx,
                          const hgi_sparse *s)
{
    for (int64_t r = 0; r < R; r++, x += ldx) {
        int32_t *out = s->index + r * s->ld_index, *start = s->start + r * s->ld_start;
        int32_t n = 0;
        for (int64_t c = 0; c < C; c += VL) {
            if (c % HGI_SPARSE_TILE == 0) *start++ = n;
            vf v = C - c >= VL ? v_load(x + c) : v_load_n(x + c, C - c);
            n += v_store_nonzero(v, (int32_t)c, out + n);
        }
        *start = n;
    }
}

/* Some rows of one panel: rows and vecs are constants where this is used.
 *  */
ALWAYS void sparse_tile(const hgi_gemm *g, const hgi_sparse *s, int64_t m, int64_t n,
                        const float *B, int64_t last, const int rows, const int vecs)
{
    const int64_t width = (int64_t)vecs * VL, tiles = hgi_ceil_div(g->K, HGI_SPARSE_TILE);
    vf c[SPARSE_ROWS][V_TILE_VECS];
    const float *x[SPARSE_ROWS];
    const int32_t *at[SPARSE_ROWS];
    int32_t count[SPARSE_ROWS], least = INT32_MAX;
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        const float *init = g->init ? g->init + (m + i) * g->init_row + n : NULL;
        x[i] = g->A + (m + i) * g->a_row;
        at[i] = s->index + (m + i) * s->ld_index;
        count[i] = s->start[(m + i) * s->ld_start + tiles];
        least = count[i] < least ? count[i] : least;
#pragma GCC unroll 3
        for (int v = 0; v < vecs; v++)
            c[i][v] = !init          ? v_zero()
                      : v < vecs - 1 ? v_load(init + v * VL)
                                     : v_load_n(init + v * VL, last);
    }
    for (int32_t k = 0; k < least; k++) {
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) {
            const float *b = B + at[i][k] * width;
            vf a = v_set1(x[i][at[i][k]]);
#pragma GCC unroll 3
            for (int v = 0; v < vecs; v++)
                c[i][v] = v_fma(a, v_load(b + v * VL), c[i][v]);
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        float *C = g->C + (m + i) * g->c_row + n;
        for (int32_t k = least; k < count[i]; k++) {
            const float *b = B + at[i][k] * width;
            vf a = v_set1(x[i][at[i][k]]);
#pragma GCC unroll 3
            for (int v = 0; v < vecs; v++)
                c[i][v] = v_fma(a, v_load(b + v * VL), c[i][v]);
        }
#pragma GCC unroll 3
        for (int v = 0; v < vecs - 1; v++) v_store(C + v * VL, c[i][v]);
        v_store_n(C + (vecs - 1) * VL, c[i][vecs - 1], last);
    }
}

ALWAYS void sparse_panel(const hgi_gemm *g, const hgi_sparse *s, int64_t n,
                         const float *B, int64_t last, const int vecs)
{
    int64_t m = 0;
    for (; m + SPARSE_ROWS <= g->M; m += SPARSE_ROWS)
        sparse_tile(g, s, m, n, B, last, SPARSE_ROWS, vecs);
    for (; m < g->M; m++) sparse_tile(g, s, m, n, B, last, 1, vecs);
}

static void sparse_gemm(const hgi_gemm *g, const hgi_sparse *s)
{
    for (int64_t n = 0; n < g->N; n += PANEL) {
        int64_t wide = hgi_min(PANEL, g->N - n), vecs = hgi_ceil_div(wide, VL);
        const float *B = g->B + packed_size(g->K, n);
        int64_t last = wide - (vecs - 1) * VL;
        if (vecs == 1) sparse_panel(g, s, n, B, last, 1);
        if (vecs == 2) sparse_panel(g, s, n, B, last, 2);
#if V_TILE_VECS == 3
        if (vecs == 3) sparse_panel(g, s, n, B, last, 3);
#endif
    }
}

/* acc[c][0..vecs) += x(r,c) y(r, these), rows ascending.
 *   */
ALWAYS void outer_rows(int64_t R, const hgi_sparse *s, int64_t block, const float *x,
                       int64_t ldx, const float *y, int64_t ldy, int64_t last, float *acc,
                       const int vecs)
{
    const int64_t width = (int64_t)vecs * VL;
    float *base = acc - block * HGI_SPARSE_TILE * width;
    for (int64_t r = 0; r < R; r++, x += ldx, y += ldy) {
        const int32_t *start = s->start + r * s->ld_start + block;
        const int32_t *at = s->index + r * s->ld_index + start[0];
        const int32_t *end = at + (start[1] - start[0]);
        vf row[OUTER_VECS];
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++)
            row[v] = v < vecs - 1 ? v_load(y + v * VL) : v_load_n(y + v * VL, last);
        for (; at < end; at++) {
            float *to = base + *at * width;
            vf a = v_set1(x[*at]);
#pragma GCC unroll 4
            for (int v = 0; v < vecs; v++)
                v_store(to + v * VL, v_fma(a, row[v], v_load(to + v * VL)));
        }
    }
}

/* out(h, c) = acc[c][h] for h < H, c < C.
 *   */
static void outer_store(int64_t C, int64_t H, const float *acc, int64_t width, float *out,
                        int64_t ldo)
{
    for (int64_t c = 0; c < C; c += VL)
        for (int64_t h = 0; h < H; h += VL) {
            vf square[VL];
            int64_t rows = hgi_min(VL, H - h), columns = hgi_min(VL, C - c);
            for (int64_t i = 0; i < VL; i++)
                square[i] = i < columns ? v_load(acc + (c + i) * width + h) : v_zero();
            v_transpose(square);
            for (int64_t i = 0; i < rows; i++)
                v_store_n(out + (h + i) * ldo + c, square[i], columns);
        }
}

static void sparse_outer(int64_t R, int64_t C, int64_t H, const hgi_sparse *s,
                         int64_t block, const float *x, int64_t ldx, const float *y,
                         int64_t ldy, float *out, int64_t ldo)
{
    float acc[HGI_SPARSE_TILE * OUTER_VECS * VL] __attribute__((aligned(64)));
    for (int64_t h = 0; h < H; h += OUTER_VECS * VL) {
        int64_t wide = hgi_min(OUTER_VECS * VL, H - h), vecs = hgi_ceil_div(wide, VL);
        int64_t last = wide - (vecs - 1) * VL;
        for (int64_t i = 0; i < C * vecs * VL; i += VL) v_store(acc + i, v_zero());
        if (vecs == 1) outer_rows(R, s, block, x, ldx, y + h, ldy, last, acc, 1);
        if (vecs == 2) outer_rows(R, s, block, x, ldx, y + h, ldy, last, acc, 2);
        if (vecs == 3) outer_rows(R, s, block, x, ldx, y + h, ldy, last, acc, 3);
        if (vecs == 4) outer_rows(R, s, block, x, ldx, y + h, ldy, last, acc, 4);
        outer_store(C, wide, acc, vecs * VL, out + h * ldo, ldo);
    }
}

#endif
