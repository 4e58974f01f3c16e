// SPDX-License-Identifier: MIT
/* Matrices as pairs of bf16 numbers, for the product's two factors.
 *
 * bf16 is the upper half of a float: 8 bits of exponent, 8 of fraction with the hidden
 * one.  The dot-product instructions take two of them a lane, so k runs in pairs: A(m,
 * 2j) and A(m, 2j + 1) lie in one 32-bit word, and so do B(2j, n) and B(2j + 1, n).  An
 * odd K ends with a pair whose second half is 0.  Words are kept in float arrays, whose
 * bits nobody looks at as a number.
 *
 * A set that has bf16 says in its vec_<isa>.h:
 *   v_pairs(a, b)       words of a[0] a[1], a[2] a[3], ..., then of b
 *   v_interleave(a, b)  words of a[0] b[0], a[1] b[1], ...
 * Both round to nearest, ties to even, and take denormals as 0.                        */
#ifndef HGK_SIMD_PAIRS_H
#define HGK_SIMD_PAIRS_H

#include "kernels/simd/template.h"

/* K numbers that lie in a row as ceil(K / 2) words, then zeros up to `words`.          */
static void pair_row(int64_t K, const float *src, int64_t words, float *dst)
{
    int64_t k = 0, w = 0;
    for (; k + 2 * VL <= K; k += 2 * VL, w += VL)
        v_store(dst + w, v_pairs(v_load(src + k), v_load(src + k + VL)));
    for (; w < words; k += 2 * VL, w += VL) {
        int64_t rest = hgi_max(K - k, 0), first = hgi_min(rest, VL);
        vf a = v_load_n(src + (first > 0 ? k : 0), first);
        vf b = rest > VL ? v_load_n(src + k + VL, rest - VL) : v_zero();
        v_store_n(dst + w, v_pairs(a, b), hgi_min(VL, words - w));
    }
}

/* One row of words: lane by lane (even[n], odd[n]) for n < wide, then zeros up to `row`.
 * NULL stands for zeros.                                                               */
static void pair_two(const float *even, const float *odd, int64_t wide, float *dst,
                     int64_t row)
{
    int64_t n = 0;
    for (; even && odd && n + VL <= wide; n += VL)
        v_store(dst + n, v_interleave(v_load(even + n), v_load(odd + n)));
    for (; n < row; n += VL) {
        int64_t left = hgi_min(VL, hgi_max(wide - n, 0));
        vf a = even && left > 0 ? v_load_n(even + n, left) : v_zero();
        vf b = odd && left > 0 ? v_load_n(odd + n, left) : v_zero();
        v_store_n(dst + n, v_interleave(a, b), hgi_min(VL, row - n));
    }
}

/* dst[j*row + n] = (src(2j, n), src(2j + 1, n)) for rows of `wide` numbers at distance
 * src_row; zeros up to `row` words, and up to `words` rows.                            */
static void pair_rows(int64_t K, int64_t wide, const float *src, int64_t src_row,
                      int64_t words, float *dst, int64_t row)
{
    for (int64_t j = 0; j < words; j++, dst += row) {
        const float *even = src + 2 * j * src_row;
        pair_two(2 * j < K ? even : NULL, 2 * j + 1 < K ? even + src_row : NULL, wide,
                 dst, row);
    }
}

/* The same from a source whose k is contiguous: src(k, n) = src[k + n*src_col].  Squares
 * of VL words: a lane of a row is a pair of k, and the transpose puts n into lanes.    */
static void pair_columns(int64_t K, int64_t wide, const float *src, int64_t src_col,
                         int64_t words, float *dst, int64_t row)
{
    for (int64_t j = 0; j < words; j += VL) {
        int64_t rows = hgi_min(VL, words - j), k = 2 * j;
        int64_t rest = hgi_min(2 * VL, hgi_max(K - k, 0));
        for (int64_t n = 0; n < row; n += VL) {
            vf square[VL];
            for (int64_t i = 0; i < VL; i++) {
                square[i] = v_zero();
                if (n + i >= wide || rest == 0) continue;
                const float *from = src + (n + i) * src_col + k;
                vf a = v_load_n(from, hgi_min(VL, rest));
                vf b = rest > VL ? v_load_n(from + VL, rest - VL) : v_zero();
                square[i] = v_pairs(a, b);
            }
            v_transpose(square);
            for (int64_t i = 0; i < rows; i++)
                v_store_n(dst + (j + i) * row + n, square[i], hgi_min(VL, row - n));
        }
    }
}

/* From any strides: columns are gathered into rows first.                              */
static void pair_any(int64_t K, int64_t wide, const float *src, int64_t src_row,
                     int64_t src_col, int64_t words, float *dst, int64_t row)
{
    for (int64_t j = 0; j < words; j++)
        for (int64_t n = 0; n < row; n += VL) {
            float even[VL] = {0}, odd[VL] = {0};
            for (int64_t i = 0; i < hgi_min(VL, wide - n); i++) {
                const float *from = src + 2 * j * src_row + (n + i) * src_col;
                if (2 * j < K) even[i] = from[0];
                if (2 * j + 1 < K) odd[i] = from[src_row];
            }
            v_store_n(dst + j * row + n, v_interleave(v_load(even), v_load(odd)),
                      hgi_min(VL, row - n));
        }
}

static void pair_matrix(int64_t K, int64_t wide, const float *src, int64_t src_row,
                        int64_t src_col, int64_t words, float *dst, int64_t row)
{
    if (src_col == 1)
        pair_rows(K, wide, src, src_row, words, dst, row);
    else if (src_row == 1)
        pair_columns(K, wide, src, src_col, words, dst, row);
    else
        pair_any(K, wide, src, src_row, src_col, words, dst, row);
}

#endif
