// SPDX-License-Identifier: MIT
/* Likelihoods whose values hang together over a row or have a scale of their own, plain C.
 * Row sums are kept in double.
 *
 * Multinomial: with top = max z and S = sum exp(z - top), -log softmax(z)_c is
 * (top - z_c) + log S: two parts that are not negative, so that none is lost in the sum. */
#include "kernels/ref/ref.h"

#include <tgmath.h>

void hgk_gaussian_ref(hgi_real scale, int64_t R, int64_t C, const hgi_real *y,
                      int64_t ldy, const hgi_real *t, int64_t ldt,
                      const hgi_real *inverse, hgi_real *g, int64_t ldg, hgi_real *gs,
                      int64_t lds, double *row_square)
{
    for (int64_t r = 0; r < R; r++) {
        double sum = 0;
        for (int64_t c = 0; c < C; c++) {
            hgi_real e = (y[r * ldy + c] - t[r * ldt + c]) * inverse[c];
            sum += (double)(e * e);
            if (gs) gs[r * lds + c] = scale * (1 - e * e);
            if (g) g[r * ldg + c] = scale * e * inverse[c];
        }
        row_square[r] = sum;
    }
}

/* Returns S.  A NaN may be passed over here, and comes back in S. */
static double row_sum(int64_t C, const hgi_real *z, hgi_real *top)
{
    double sum = 0;
    *top = -(hgi_real)INFINITY;
    for (int64_t c = 0; c < C; c++) *top = z[c] > *top ? z[c] : *top;
    for (int64_t c = 0; c < C; c++) sum += (double)exp(z[c] - *top);
    return sum;
}

void hgk_multinomial_ref(hgi_real scale, int64_t R, int64_t C, const hgi_real *z,
                         int64_t ldz, const hgi_real *t, int64_t ldt, hgi_real *g,
                         int64_t ldg, double *row_loss)
{
    for (int64_t r = 0; r < R; r++) {
        const hgi_real *zr = z + r * ldz, *tr = t + r * ldt;
        hgi_real top;
        double S = row_sum(C, zr, &top), total = 0, sum = 0;
        for (int64_t c = 0; c < C; c++) total += (double)tr[c];
        hgi_real rest = (hgi_real)log(S), each = (hgi_real)(total / S);
        for (int64_t c = 0; c < C; c++) {
            hgi_real below = top - zr[c];
            sum += (double)(tr[c] * (below + rest));
            if (g) g[r * ldg + c] = scale * (each * exp(-below) - tr[c]);
        }
        row_loss[r] = sum;
    }
}

void hgk_softmax_ref(int64_t R, int64_t C, const hgi_real *z, int64_t ldz,
                     const double *total, hgi_real *y, int64_t ldy)
{
    for (int64_t r = 0; r < R; r++) {
        hgi_real top;
        double S = row_sum(C, z + r * ldz, &top);
        hgi_real each = (hgi_real)((total != NULL ? total[r] : 1) / S);
        for (int64_t c = 0; c < C; c++) y[r * ldy + c] = each * exp(z[r * ldz + c] - top);
    }
}
