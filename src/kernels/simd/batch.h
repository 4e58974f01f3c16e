// SPDX-License-Identifier: MIT
/* Filling the batch, for any vector set: the same bits as ref.                         */
#ifndef HGK_SIMD_BATCH_H
#define HGK_SIMD_BATCH_H

#include "kernels/simd/template.h"

#include <math.h>

static void widen_u8(int64_t n, const uint8_t *src, float shift, float scale, float *dst)
{
    vf sh = v_set1(shift), sc = v_set1(scale);
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        v_store(dst + i, v_mul(v_sub(v_load_u8(src + i), sh), sc));
    if (i < n)
        v_store_n(dst + i, v_mul(v_sub(v_load_u8_n(src + i, n - i), sh), sc), n - i);
}

static void affine(int64_t n, const float *src, const float *shift, const float *scale,
                   float *dst)
{
    int64_t i = 0;
    for (; i + VL <= n; i += VL) {
        vf x = v_sub(v_load(src + i), v_load(shift + i));
        v_store(dst + i, v_mul(x, v_load(scale + i)));
    }
    if (i < n) {
        vf x = v_sub(v_load_n(src + i, n - i), v_load_n(shift + i, n - i));
        v_store_n(dst + i, v_mul(x, v_load_n(scale + i, n - i)), n - i);
    }
}

/* v_min and v_max give the second where there is a NaN.                                */
static bool ends(int64_t n, const float *x, float *lo, float *hi)
{
    vf least = v_set1(INFINITY), most = v_set1(-INFINITY), finite = v_zero();
    float part[VL], lows[VL], highs[VL];
    if (n < VL) {
        for (int64_t j = 0; j < VL; j++) part[j] = x[hgi_min(j, n - 1)];
        x = part;
        n = VL;
    }
    for (int64_t i = 0; i < n; i += VL) {
        vf v = v_load(x + hgi_min(i, n - VL)); /* the last may see some twice */
        least = v_min(v, least);
        most = v_max(v, most);
        finite = v_fma(v, v_zero(), finite);
    }
    v_store(lows, least);
    v_store(highs, most);
    for (int half = VL / 2; half > 0; half /= 2)
        for (int j = 0; j < half; j++) {
            lows[j] = lows[j + half] < lows[j] ? lows[j + half] : lows[j];
            highs[j] = highs[j + half] > highs[j] ? highs[j + half] : highs[j];
        }
    *lo = lows[0];
    *hi = highs[0];
    return v_nonzero_bits(finite) == 0;
}

#endif
