// SPDX-License-Identifier: MIT
/* Rows given by a few places and values, for any vector set: finding the places (the
 * largest values of a row), and products that touch only them.
 *
 * top_offer() compares with a limit that rises: after the first few hundred values almost
 * none is above it, so that a row costs little more than reading it once.  The products
 * read whole rows of a matrix, one after the other.                                    */
#ifndef HGK_SIMD_LISTED_H
#define HGK_SIMD_LISTED_H

#include "kernels/simd/template.h"

#include <string.h>

/* How many values are not <= limit: a NaN is above everything.                         */
static int64_t count_above(const hgi_top *t, float limit)
{
    float lane[VL];
    vf above = v_zero(), most = v_set1(limit), one = v_set1(1);
    for (int64_t i = 0; i < t->count; i += VL) {
        vf v = t->count - i >= VL ? v_load(t->value + i)
                                  : v_load_n(t->value + i, t->count - i);
        above = v_add(above, v_select(v_le(v, most), v_zero(), one));
    }
    v_store(lane, above); /* lanes that v_load_n made 0 are not above a limit >= 0      */
    float total = 0;
    for (int i = 0; i < VL; i++) total += lane[i];
    return (int64_t)total;
}

static float of_bits(int32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Values above 0 are ordered as the integers with their bits: the k-th largest lies
 * between the old limit and infinity, and is found by halving.                         */
static void top_cut(hgi_top *t)
{
    int32_t lo, hi = 0x7f800000; /* infinity: more than k above it are NaN */
    int64_t kept = 0;
    if (t->count <= t->k) return;
    memcpy(&lo, &t->limit, sizeof lo);
    if (count_above(t, of_bits(hi)) >= t->k) lo = hi;
    while (hi - lo > 1) {
        int32_t middle = lo + (hi - lo) / 2;
        int64_t above = count_above(t, of_bits(middle));
        if (above > t->k)
            lo = middle;
        else
            hi = middle;
        if (above == t->k) break;
    }
    int64_t ties =
        t->k - count_above(t, of_bits(hi)); /* that stay of those at the limit */
    t->limit = of_bits(hi);
    for (int64_t i = 0; i < t->count && kept < t->k; i++) {
        float x = t->value[i];
        bool equal = x >= t->limit && x <= t->limit;
        t->index[kept] = t->index[i];
        t->value[kept] = x;
        kept += !(x <= t->limit) || (equal && ties > 0);
        ties -= equal;
    }
    t->count = kept;
}

static void top_offer(hgi_top *t, int64_t C, int32_t first, const float *z)
{
    vf one = v_set1(1), limit = v_set1(t->limit);
    for (int64_t c = 0; c < C; c += VL) {
        int64_t n = hgi_min(VL, C - c);
        if (t->count + VL > t->room) {
            top_cut(t);
            limit = v_set1(t->limit);
        }
        vf v = n == VL ? v_load(z + c) : v_load_n(z + c, n);
        vf above = v_select(v_le(v, limit), v_zero(), one);
        int32_t *at = t->index + t->count;
        int32_t found = v_store_nonzero(above, first + (int32_t)c, at);
        for (int32_t i = 0; i < found; i++) t->value[t->count + i] = z[at[i] - first];
        t->count += found;
    }
}

/* One column block of one list: vecs is a constant where this is used.                 */
ALWAYS void sum_block(int64_t from, int64_t to, const int32_t *row, const float *value,
                      const float *y, int64_t ldy, const float *init, float *out,
                      int64_t last, const int vecs)
{
    vf acc[8];
    UNROLL
    for (int v = 0; v < vecs; v++)
        acc[v] = !init          ? v_zero()
                 : v < vecs - 1 ? v_load(init + v * VL)
                                : v_load_n(init + v * VL, last);
    for (int64_t i = from; i < to; i++) {
        const float *x = y + row[i] * ldy;
        vf a = v_set1(value[i]);
        UNROLL
        for (int v = 0; v < vecs; v++)
            acc[v] =
                v_fma(a, v < vecs - 1 ? v_load(x + v * VL) : v_load_n(x + v * VL, last),
                      acc[v]);
    }
    UNROLL
    for (int v = 0; v < vecs - 1; v++) v_store(out + v * VL, acc[v]);
    v_store_n(out + (vecs - 1) * VL, acc[vecs - 1], last);
}

static void sum_rows(int64_t C, const int64_t *start, const int32_t *row,
                     const float *value, int64_t J, const float *y, int64_t ldy,
                     const float *init, float *out, int64_t ldo)
{
    for (int64_t c = 0; c < C; c++, out += ldo)
        for (int64_t j = 0, wide; j < J; j += wide) {
            const float *begin = init ? init + j : NULL;
            int64_t from = start[c], to = start[c + 1], left = J - j;
            wide = left >= 8 * VL ? 8 * VL : hgi_min(left, left > VL ? 2 * VL : VL);
            if (wide == 8 * VL)
                sum_block(from, to, row, value, y + j, ldy, begin, out + j, VL, 8);
            else if (wide > VL)
                sum_block(from, to, row, value, y + j, ldy, begin, out + j, wide - VL, 2);
            else
                sum_block(from, to, row, value, y + j, ldy, begin, out + j, wide, 1);
        }
}

/* VL products side by side, a vector of partial sums each, which a transpose brings under
 * each other.  The last ones repeat a row where there are fewer.                       */
static void dot_rows(int64_t n, const int32_t *row, int64_t J, const float *a,
                     const float *y, int64_t ldy, float *out)
{
    for (int64_t i = 0; i < n; i += VL) {
        const float *x[VL];
        vf acc[VL];
        UNROLL
        for (int v = 0; v < VL; v++) {
            x[v] = y + row[hgi_min(i + v, n - 1)] * ldy;
            acc[v] = v_zero();
        }
        for (int64_t j = 0; j + VL <= J; j += VL) {
            vf b = v_load(a + j);
            UNROLL
            for (int v = 0; v < VL; v++) acc[v] = v_fma(b, v_load(x[v] + j), acc[v]);
        }
        int64_t tail = J % VL, j = J - tail;
        UNROLL
        for (int v = 0; v < VL && tail > 0; v++)
            acc[v] = v_fma(v_load_n(a + j, tail), v_load_n(x[v] + j, tail), acc[v]);
        v_transpose(acc);
        UNROLL
        for (int v = 1; v < VL; v++) acc[0] = v_add(acc[0], acc[v]);
        v_store_n(out + i, acc[0], hgi_min(VL, n - i));
    }
}

/* Of rows x columns at most VL each; both are VL, as constants, nearly always.         */
ALWAYS void transpose_square(int64_t rows, int64_t columns, const float *x, int64_t ldx,
                             float *out, int64_t ldo)
{
    vf square[VL];
    UNROLL
    for (int i = 0; i < VL; i++)
        square[i] = columns == VL && rows == VL ? v_load(x + i * ldx)
                    : i < rows                  ? v_load_n(x + i * ldx, columns)
                                                : v_zero();
    v_transpose(square);
    UNROLL
    for (int i = 0; i < VL; i++) {
        if (rows == VL && columns == VL)
            v_store(out + i * ldo, square[i]);
        else if (i < columns)
            v_store_n(out + i * ldo, square[i], rows);
    }
}

static void transpose(int64_t R, int64_t C, const float *x, int64_t ldx, float *out,
                      int64_t ldo)
{
    for (int64_t r = 0; r < R; r += VL)
        for (int64_t c = 0; c < C; c += VL) {
            int64_t rows = hgi_min(VL, R - r), columns = hgi_min(VL, C - c);
            const float *from = x + r * ldx + c;
            float *to = out + c * ldo + r;
            if (rows == VL && columns == VL)
                transpose_square(VL, VL, from, ldx, to, ldo);
            else
                transpose_square(rows, columns, from, ldx, to, ldo);
        }
}

#endif
