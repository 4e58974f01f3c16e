// SPDX-License-Identifier: MIT
/* Products with rows that are mostly zeros, for any vector set.
 *
 * Images of writing are four fifths zeros.  A multiply-add with 0 changes nothing, so a
 * product may skip it and still give every element the same chain of multiply-adds, with
 * the same bits, as gemm: only a B that is not finite would show (0 times infinity).
 *
 * find_nonzeros() lists where each row is not 0.  sparse_gemm() runs four rows at a time,
 * because one row is a chain that waits for itself.  sparse_outer() makes lists of rows
 * for each column, so that a column's sum stays in registers: added row by row it would
 * be stored and loaded again for each value.                                           */
#ifndef HGK_SIMD_SPARSE_H
#define HGK_SIMD_SPARSE_H

#include "kernels/simd/template.h"

#define SPARSE_ROWS 4
#define OUTER_VECS 4
#define OUTER_ROWS 128 /* their part of y stays in the first-level cache */
#define OUTER_COLUMNS 2

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
    UNROLL
    for (int i = 0; i < rows; i++) {
        const float *init = g->init ? g->init + (m + i) * g->init_row + n : NULL;
        x[i] = g->A + (m + i) * g->a_row;
        at[i] = s->index + (m + i) * s->ld_index;
        count[i] = s->start[(m + i) * s->ld_start + tiles];
        least = count[i] < least ? count[i] : least;
        UNROLL
        for (int v = 0; v < vecs; v++)
            c[i][v] = !init          ? v_zero()
                      : v < vecs - 1 ? v_load(init + v * VL)
                                     : v_load_n(init + v * VL, last);
    }
    for (int32_t k = 0; k < least; k++) {
        UNROLL
        for (int i = 0; i < rows; i++) {
            const float *b = B + at[i][k] * width;
            vf a = v_set1(x[i][at[i][k]]);
            UNROLL
            for (int v = 0; v < vecs; v++)
                c[i][v] = v_fma(a, v_load(b + v * VL), c[i][v]);
        }
    }
    UNROLL
    for (int i = 0; i < rows; i++) {
        float *C = g->C + (m + i) * g->c_row + n;
        for (int32_t k = least; k < count[i]; k++) {
            const float *b = B + at[i][k] * width;
            vf a = v_set1(x[i][at[i][k]]);
            UNROLL
            for (int v = 0; v < vecs; v++)
                c[i][v] = v_fma(a, v_load(b + v * VL), c[i][v]);
        }
        UNROLL
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

/* Sums of `columns` columns of the result, a row of `vecs` vectors each, over the rows of
 * their lists: several chains at a time, because one waits for itself.  Values lie at
 * x[row*ldx + column].                                                                 */
ALWAYS void outer_columns(const int32_t *const *list, const int32_t *count,
                          const float *x, int64_t ldx, const float *y, int64_t ldy,
                          int64_t last, float *acc, const int columns, const int vecs)
{
    vf sum[OUTER_COLUMNS][OUTER_VECS];
    int32_t least = count[0];
    UNROLL
    for (int j = 0; j < columns; j++) {
        least = count[j] < least ? count[j] : least;
        UNROLL
        for (int v = 0; v < vecs; v++) sum[j][v] = v_load(acc + (j * vecs + v) * VL);
    }
    for (int32_t k = 0; k < least; k++) {
        UNROLL
        for (int j = 0; j < columns; j++) {
            const float *from = y + list[j][k] * ldy;
            vf a = v_set1(x[list[j][k] * ldx + j]);
            UNROLL
            for (int v = 0; v < vecs; v++)
                sum[j][v] = v_fma(a,
                                  v == vecs - 1 ? v_load_n(from + v * VL, last)
                                                : v_load(from + v * VL),
                                  sum[j][v]);
        }
    }
    UNROLL
    for (int j = 0; j < columns; j++) {
        for (int32_t k = least; k < count[j]; k++) {
            const float *from = y + list[j][k] * ldy;
            vf a = v_set1(x[list[j][k] * ldx + j]);
            UNROLL
            for (int v = 0; v < vecs; v++)
                sum[j][v] = v_fma(a,
                                  v == vecs - 1 ? v_load_n(from + v * VL, last)
                                                : v_load(from + v * VL),
                                  sum[j][v]);
        }
        UNROLL
        for (int v = 0; v < vecs; v++) v_store(acc + (j * vecs + v) * VL, sum[j][v]);
    }
}

/* acc[c][0..vecs) += x(r, c) y(r, these), rows ascending, for C <= VL columns of a block of
 * rows: bits say where x is not 0, and each column's bits become its list of rows.     */
ALWAYS void outer_block(int64_t rows, int64_t C, const float *x, int64_t ldx,
                        const float *y, int64_t ldy, int64_t last, float *acc,
                        const int vecs)
{
    uint16_t bits[OUTER_ROWS], any = 0;
    int32_t list[OUTER_COLUMNS][OUTER_ROWS + 16];
    const int32_t *lists[OUTER_COLUMNS];
    int32_t count[OUTER_COLUMNS];
    for (int64_t r = 0; r < rows; r++) {
        const float *from = x + r * ldx;
        bits[r] = v_nonzero_bits(C == VL ? v_load(from) : v_load_n(from, C));
        any |= bits[r];
    }
    if (any == 0) return;
    int64_t padded = hgi_ceil_div(rows, 16) * 16;
    for (int64_t r = rows; r < padded; r++) bits[r] = 0;
    for (int64_t c = 0; c < C; c += OUTER_COLUMNS) {
        int64_t columns = hgi_min(OUTER_COLUMNS, C - c);
        for (int64_t j = 0; j < columns; j++) {
            lists[j] = list[j];
            count[j] = v_list_bit(bits, padded, (int)(c + j), list[j]);
        }
        if (columns == OUTER_COLUMNS)
            outer_columns(lists, count, x + c, ldx, y, ldy, last, acc + c * vecs * VL,
                          OUTER_COLUMNS, vecs);
        else
            for (int64_t j = 0; j < columns; j++)
                outer_columns(lists + j, count + j, x + c + j, ldx, y, ldy, last,
                              acc + (c + j) * vecs * VL, 1, vecs);
    }
}

ALWAYS void outer_rows(int64_t R, int64_t C, const float *x, int64_t ldx, const float *y,
                       int64_t ldy, int64_t last, float *acc, const int vecs)
{
    for (int64_t r = 0; r < R; r += OUTER_ROWS)
        for (int64_t c = 0; c < C; c += VL)
            outer_block(hgi_min(OUTER_ROWS, R - r), hgi_min(VL, C - c), x + r * ldx + c,
                        ldx, y + r * ldy, ldy, last, acc + c * vecs * VL, vecs);
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
    (void)s; /* rows as lists do not help where columns are wanted */
    x += block * HGI_SPARSE_TILE;
    for (int64_t h = 0; h < H; h += OUTER_VECS * VL) {
        int64_t wide = hgi_min(OUTER_VECS * VL, H - h), vecs = hgi_ceil_div(wide, VL);
        int64_t last = wide - (vecs - 1) * VL;
        for (int64_t i = 0; i < C * vecs * VL; i += VL) v_store(acc + i, v_zero());
        if (vecs == 1) outer_rows(R, C, x, ldx, y + h, ldy, last, acc, 1);
        if (vecs == 2) outer_rows(R, C, x, ldx, y + h, ldy, last, acc, 2);
        if (vecs == 3) outer_rows(R, C, x, ldx, y + h, ldy, last, acc, 3);
        if (vecs == 4) outer_rows(R, C, x, ldx, y + h, ldy, last, acc, 4);
        outer_store(C, wide, acc, vecs * VL, out + h * ldo, ldo);
    }
}

#endif
