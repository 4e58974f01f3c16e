// SPDX-License-Identifier: MIT
/* Filling the batch, plain C: stored bytes and floats become scaled inputs.            */
#include "kernels/ref/ref.h"

#include <math.h>

void hgk_widen_u8_ref(int64_t n, const uint8_t *src, hgi_real shift, hgi_real scale,
                      hgi_real *dst)
{
    for (int64_t i = 0; i < n; i++) dst[i] = ((hgi_real)src[i] - shift) * scale;
}

void hgk_affine_ref(int64_t n, const float *src, const hgi_real *shift,
                    const hgi_real *scale, hgi_real *dst)
{
    for (int64_t i = 0; i < n; i++) dst[i] = ((hgi_real)src[i] - shift[i]) * scale[i];
}

bool hgk_ends_ref(int64_t n, const hgi_real *x, hgi_real *lo, hgi_real *hi)
{
    bool finite = true;
    *lo = INFINITY;
    *hi = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        finite = finite && isfinite(x[i]);
        *lo = x[i] < *lo ? x[i] : *lo;
        *hi = x[i] > *hi ? x[i] : *hi;
    }
    return finite;
}
