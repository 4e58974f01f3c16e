// SPDX-License-Identifier: MIT
/* Sums of columns and of squares, for any vector set.                                  */
#ifndef HGK_SIMD_SUMS_H
#define HGK_SIMD_SUMS_H

#include "kernels/simd/template.h"

/* `vecs` vectors of columns at once; each column is one chain over ascending rows, begun
 * from out, so rows can be cut and the bits are those of ref.                          */
ALWAYS void sum_columns(const int vecs, int add, int64_t R, const float *x, int64_t ldx,
                        float *out)
{
    vf sum[4];
    for (int v = 0; v < vecs; v++) sum[v] = add ? v_load(out + v * VL) : v_zero();
    for (int64_t r = 0; r < R; r++, x += ldx) UNROLL
    for (int v = 0; v < vecs; v++) sum[v] = v_add(sum[v], v_load(x + v * VL));
    for (int v = 0; v < vecs; v++) v_store(out + v * VL, sum[v]);
}

static void column_sum(int add, int64_t R, int64_t C, const float *x, int64_t ldx,
                       float *out)
{
    int64_t c = 0;
    for (; c + 4 * VL <= C; c += 4 * VL) sum_columns(4, add, R, x + c, ldx, out + c);
    for (; c + VL <= C; c += VL) sum_columns(1, add, R, x + c, ldx, out + c);
    if (c == C) return;
    vf sum = add ? v_load_n(out + c, C - c) : v_zero();
    for (int64_t r = 0; r < R; r++) sum = v_add(sum, v_load_n(x + r * ldx + c, C - c));
    v_store_n(out + c, sum, C - c);
}

/* Squared in double, where no float can overflow; two sums, so that one addition need not
 * wait for the one before.                                                             */
static double sum_squares(int64_t n, const float *x)
{
    vs even = vs_zero(), odd = vs_zero();
    int64_t i = 0;
    for (; i + 2 * VL <= n; i += 2 * VL) {
        even = vs_add_square(even, v_load(x + i));
        odd = vs_add_square(odd, v_load(x + i + VL));
    }
    if (i + VL <= n) {
        even = vs_add_square(even, v_load(x + i));
        i += VL;
    }
    if (i < n) odd = vs_add_square(odd, v_load_n(x + i, n - i));
    return vs_total(even) + vs_total(odd);
}

#endif
