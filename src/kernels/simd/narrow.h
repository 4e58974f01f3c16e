// SPDX-License-Identifier: MIT
/* One row by weights that are kept narrow, for any vector set: see hgi_narrow.
 *
 * With one row every weight is used once, so the time is that of reading them.  Two words
 * (32 bits) a lane: pairs of bf16 numbers become floats by a shift and a mask; four bytes
 * meet four bytes of the row in one dot product.  Four vectors run side by side, bf16 in
 * two chains each, so that nothing waits for itself.                                   */
#ifndef HGK_SIMD_NARROW_H
#define HGK_SIMD_NARROW_H

#include "kernels/simd/narrow_int8.h"

#include <math.h>

static inline vf low_bf16(vf words) { return v_bits(i_left(i_bits(words), 16)); }

/* vecs is a constant where this is used; the last vector has `last` columns in y.    */
ALWAYS void bf16_columns(const hgi_narrow *g, const float *w, int64_t row, int64_t n,
                         int64_t last, const int vecs)
{
    vf even[NARROW_VECS], odd[NARROW_VECS];
    const float *x = g->x;
#pragma GCC unroll 4
    for (int v = 0; v < vecs; v++) {
        const float *init = g->init ? g->init + n + v * VL : NULL;
        odd[v] = v_zero();
        even[v] = !init ? v_zero() : v < vecs - 1 ? v_load(init) : v_load_n(init, last);
    }
    for (int64_t k = g->K / 2; k > 0; k--, x += 2, w += row) {
        vf x0 = v_set1(x[0]), x1 = v_set1(x[1]);
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++) {
            vf words = v_load(w + v * VL);
            even[v] = v_fma(x0, low_bf16(words), even[v]);
            odd[v] = v_fma(x1, v_high_bf16(words), odd[v]);
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < vecs; v++) {
        if (g->K % 2 != 0)
            even[v] = v_fma(v_set1(*x), low_bf16(v_load(w + v * VL)), even[v]);
        vf y = v_add(even[v], odd[v]);
        if (v < vecs - 1)
            v_store(g->y + n + v * VL, y);
        else
            v_store_n(g->y + n + v * VL, y, last);
    }
}

COLUMNS(bf16, 1)
COLUMNS(bf16, 2)
COLUMNS(bf16, 3)
COLUMNS(bf16, 4)

static void narrow_bf16(const hgi_narrow *g)
{
    static const columns_fn fn[NARROW_VECS] = {bf16_1, bf16_2, bf16_3, bf16_4};
    all_columns(g, hgi_ceil_div(g->K, 2), fn);
}

/* Adding 1.5 2^23 rounds to an integer, whose low byte is then the number's.           */
static void bytes_of(int64_t n, const float *x, float factor, int8_t *out)
{
    vf magic = v_set1(0x1.8p+23f), f = v_set1(factor);
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        i_store_bytes(out + i, i_bits(v_add(v_mul(v_load(x + i), f), magic)));
    if (i == n) return;
    int8_t rest[VL];
    i_store_bytes(rest, i_bits(v_add(v_mul(v_load_n(x + i, n - i), f), magic)));
    for (int64_t j = 0; i + j < n; j++) out[i + j] = rest[j];
}

static float quantise(int64_t n, const float *x, int8_t *out)
{
    vf top = v_zero(), finite = v_zero();
    float tops[VL], bad[VL], most = 0, sum = 0;
    for (int64_t i = 0; i < n; i += VL) {
        vf v = v_abs(v_load_n(x + i, hgi_min(VL, n - i)));
        top = v_max(top, v);
        finite = v_fma(v, v_zero(), finite);
    }
    v_store(tops, top);
    v_store(bad, finite);
    for (int i = 0; i < VL; i++) {
        most = tops[i] > most ? tops[i] : most;
        sum += bad[i];
    }
    bool some = isfinite(sum) && most >= HGI_BYTES_LEAST;
    bytes_of(n, x, some ? 127.0f / most : 0.0f, out);
    return isfinite(sum) ? (some ? most / 127.0f : 0.0f) : sum;
}

#endif
