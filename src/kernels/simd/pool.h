// SPDX-License-Identifier: MIT
/* Pooling over a window, a vector of channels at a time: the bits of ref.              */
#ifndef HGK_SIMD_POOL_H
#define HGK_SIMD_POOL_H

#include "kernels/simd/template.h"

/* Where the window's best value of each lane is, so far. */
typedef struct lanes_best {
    vf value, at;
} lanes_best;

/* x is taken unless it is at most the best, or the best is a NaN already. */
ALWAYS lanes_best better(lanes_best b, vf x, int64_t tap)
{
    vm no_more = v_le(x, b.value), number = v_le(b.value, b.value);
    vf value = v_select(no_more, b.value, x);
    vf at = v_select(no_more, b.at, v_set1((float)tap));
    return (lanes_best){v_select(number, value, b.value), v_select(number, at, b.at)};
}

static void max_pool(int64_t h, int64_t w, int64_t C, const float *x, int64_t ldx,
                     float *y, float *which)
{
    for (int64_t c = 0; c < C; c += VL) {
        int64_t n = C - c < VL ? C - c : VL;
        lanes_best b = {v_load_n(x + c, n), v_zero()};
        for (int64_t i = 0; i < h; i++)
            for (int64_t j = i == 0; j < w; j++) {
                const float *p = x + i * ldx + j * C + c;
                b = better(b, n == VL ? v_load(p) : v_load_n(p, n), i * w + j);
            }
        v_store_n(y + c, b.value, n);
        if (which != NULL) v_store_n(which + c, b.at, n);
    }
}

static void max_pool_back(int add, int64_t h, int64_t w, int64_t C, const float *which,
                          const float *gy, float *gx, int64_t ldx)
{
    const vf half = v_set1(0.5f); /* places are whole numbers */
    for (int64_t c = 0; c < C; c += VL) {
        int64_t n = C - c < VL ? C - c : VL;
        vf at = v_load_n(which + c, n), g = v_load_n(gy + c, n);
        for (int64_t t = 0, i = 0; i < h; i++)
            for (int64_t j = 0; j < w; j++, t++) {
                float *p = gx + i * ldx + j * C + c;
                vm here = v_lt(v_abs(v_sub(at, v_set1((float)t))), half);
                vf out = v_select(here, g, v_zero());
                if (add) out = v_add(v_load_n(p, n), out);
                v_store_n(p, out, n);
            }
    }
}

#endif
