// SPDX-License-Identifier: MIT
/* The largest value of a window, and the way back of its gradient.                    */
#include "kernels/ref/ref.h"

void hgk_max_pool_ref(int64_t h, int64_t w, int64_t C, const hgi_real *x, int64_t ldx,
                      hgi_real *y, hgi_real *which)
{
    for (int64_t c = 0; c < C; c++) {
        hgi_real best = x[c], at = 0;
        for (int64_t t = 1; t < h * w; t++) {
            hgi_real v = x[t / w * ldx + t % w * C + c];
            /* Not "v > best": a NaN is taken, and nothing is taken after it. */
            if (v <= best || best != best) continue;
            best = v;
            at = (hgi_real)t;
        }
        y[c] = best;
        if (which != NULL) which[c] = at;
    }
}

void hgk_max_pool_back_ref(int add, int64_t h, int64_t w, int64_t C,
                           const hgi_real *which, const hgi_real *gy, hgi_real *gx,
                           int64_t ldx)
{
    for (int64_t t = 0; t < h * w; t++) {
        hgi_real *to = gx + t / w * ldx + t % w * C;
        for (int64_t c = 0; c < C; c++) {
            hgi_real g = which[c] == (hgi_real)t ? gy[c] : 0;
            to[c] = add ? to[c] + g : g;
        }
    }
}
