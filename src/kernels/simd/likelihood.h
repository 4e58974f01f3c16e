// SPDX-License-Identifier: MIT
/* Gaussian and multinomial likelihoods for any vector set; the formulas are in
 * ref/likelihood_ref.c.  Sums are lane by lane, in double from vector to vector: an order
 * given by the number of columns alone.                                                */
#ifndef HGK_SIMD_LIKELIHOOD_H
#define HGK_SIMD_LIKELIHOOD_H

#include "kernels/simd/math.h"
#include "kernels/simd/template.h"

#include <math.h>

ALWAYS vf gaussian_step(vf scale, vf y, vf t, vf inverse, vf *g, vf *gs)
{
    vf e = v_mul(v_sub(y, t), inverse), square = v_mul(e, e);
    *gs = v_mul(scale, v_sub(v_set1(1.0f), square));
    *g = v_mul(v_mul(scale, e), inverse);
    return square;
}

static double gaussian_row(vf scale, int64_t C, const float *y, const float *t,
                           const float *inverse, float *g, float *gs)
{
    vs sum = vs_zero();
    int64_t c = 0;
    vf slope, spread;
    for (; c + VL <= C; c += VL) {
        sum = vs_add(sum, gaussian_step(scale, v_load(y + c), v_load(t + c),
                                        v_load(inverse + c), &slope, &spread));
        if (gs) v_store(gs + c, spread);
        if (g) v_store(g + c, slope);
    }
    if (c < C) { /* lanes beyond the row are 0 everywhere, and add 0 */
        int64_t n = C - c;
        sum = vs_add(sum, gaussian_step(scale, v_load_n(y + c, n), v_load_n(t + c, n),
                                        v_load_n(inverse + c, n), &slope, &spread));
        if (gs) v_store_n(gs + c, spread, n);
        if (g) v_store_n(g + c, slope, n);
    }
    return vs_total(sum);
}

static void gaussian(float scale, int64_t R, int64_t C, const float *y, int64_t ldy,
                     const float *t, int64_t ldt, const float *inverse, float *g,
                     int64_t ldg, float *gs, int64_t lds, double *row_square)
{
    for (int64_t r = 0; r < R; r++)
        row_square[r] = gaussian_row(v_set1(scale), C, y + r * ldy, t + r * ldt, inverse,
                                     g ? g + r * ldg : NULL, gs ? gs + r * lds : NULL);
}

/* The largest of a row.  A NaN may be passed over: it comes back in the sum of exp. */
static float row_top(int64_t C, const float *z)
{
    float lane[VL], top = -INFINITY;
    vf most = v_set1(top);
    int64_t c = 0;
    for (; c + VL <= C; c += VL) most = v_max(most, v_load(z + c));
    v_store(lane, most);
    for (int i = 0; i < VL; i++) top = lane[i] > top ? lane[i] : top;
    for (; c < C; c++) top = z[c] > top ? z[c] : top;
    return top;
}

/* Sum of exp(z - top). */
static double row_exp(int64_t C, const float *z, float top)
{
    vs sum = vs_zero();
    vf most = v_set1(top);
    int64_t c = 0;
    for (; c + VL <= C; c += VL)
        sum = vs_add(sum, v_exp_minus(v_sub(most, v_load(z + c))));
    if (c < C)
        sum =
            vs_add(sum, v_keep(v_exp_minus(v_sub(most, v_load_n(z + c, C - c))), C - c));
    return vs_total(sum);
}

static double row_total(int64_t C, const float *t)
{
    vs sum = vs_zero();
    int64_t c = 0;
    for (; c + VL <= C; c += VL) sum = vs_add(sum, v_load(t + c));
    if (c < C) sum = vs_add(sum, v_load_n(t + c, C - c));
    return vs_total(sum);
}

/* What a row's elements share. */
typedef struct multinomial_row {
    vf top, rest, each, scale;
} multinomial_row;

ALWAYS vf multinomial_step(const multinomial_row *m, vf z, vf t, vf *slope)
{
    vf below = v_sub(m->top, z);
    vf mean = v_mul(m->each, v_exp_minus(below));
    *slope = v_mul(m->scale, v_sub(mean, t));
    return v_mul(t, v_add(below, m->rest));
}

static double multinomial_sum(const multinomial_row *m, int64_t C, const float *z,
                              const float *t, float *g)
{
    vs sum = vs_zero();
    vf slope;
    int64_t c = 0;
    for (; c + VL <= C; c += VL) {
        sum = vs_add(sum, multinomial_step(m, v_load(z + c), v_load(t + c), &slope));
        if (g) v_store(g + c, slope);
    }
    if (c < C) {
        int64_t n = C - c;
        vf value = multinomial_step(m, v_load_n(z + c, n), v_load_n(t + c, n), &slope);
        sum = vs_add(sum, v_keep(value, n));
        if (g) v_store_n(g + c, slope, n);
    }
    return vs_total(sum);
}

static void multinomial(float scale, int64_t R, int64_t C, const float *z, int64_t ldz,
                        const float *t, int64_t ldt, float *g, int64_t ldg,
                        double *row_loss)
{
    for (int64_t r = 0; r < R; r++) {
        const float *zr = z + r * ldz, *tr = t + r * ldt;
        float top = row_top(C, zr);
        double sum = row_exp(C, zr, top), total = row_total(C, tr);
        multinomial_row m = {.top = v_set1(top),
                             .rest = v_set1((float)log(sum)),
                             .each = v_set1((float)(total / sum)),
                             .scale = v_set1(scale)};
        row_loss[r] = multinomial_sum(&m, C, zr, tr, g ? g + r * ldg : NULL);
    }
}

static void softmax(int64_t R, int64_t C, const float *z, int64_t ldz,
                    const double *total, float *y, int64_t ldy)
{
    for (int64_t r = 0; r < R; r++) {
        const float *from = z + r * ldz;
        float *to = y + r * ldy, top = row_top(C, from);
        double sum = row_exp(C, from, top);
        vf most = v_set1(top), each = v_set1((float)((total ? total[r] : 1) / sum));
        int64_t c = 0;
        for (; c + VL <= C; c += VL)
            v_store(to + c, v_mul(each, v_exp_minus(v_sub(most, v_load(from + c)))));
        if (c < C) {
            vf last = v_exp_minus(v_sub(most, v_load_n(from + c, C - c)));
            v_store_n(to + c, v_mul(each, last), C - c);
        }
    }
}

#endif
