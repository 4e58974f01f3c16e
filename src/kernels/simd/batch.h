// SPDX-License-Identifier: MIT
/* Filling the batch, for any vector set: the same bits as ref.                         */
#ifndef HGK_SIMD_BATCH_H
#define HGK_SIMD_BATCH_H

#include "kernels/simd/template.h"

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

#endif
