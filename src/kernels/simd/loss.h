// SPDX-License-Identifier: MIT
/* Losses and the L1 penalty for any vector set.
 *
 * A row's sum is taken lane by lane in float over GROUP vectors, then added to sums in
 * double: an order given by the number of columns alone.                               */
#ifndef HGK_SIMD_LOSS_H
#define HGK_SIMD_LOSS_H

#include "kernels/simd/math.h"
#include "kernels/simd/template.h"

#define GROUP 8    /* vectors summed in float */
#define FACTORS 64 /* vectors whose cross-entropies share a logarithm */

/* `kind` is a constant where this is used.  The value, and in *slope the derivative.   */
ALWAYS vf loss_value(const hgi_loss_kind kind, vf delta, vf y, vf t, vf *slope)
{
    vf e = v_sub(y, t), size = v_abs(e);
    switch (kind) {
    case HGI_LOSS_MAE: *slope = v_signed(v_set1(1.0f), e); return size;
    case HGI_LOSS_HUBER: {
        /* With c = min(delta, |e|) both branches are c (|e| - c/2).                    */
        vf c = v_min(delta, size);
        *slope = v_copysign(c, e);
        return v_mul(c, v_fnma(v_set1(0.5f), c, size));
    }
    case HGI_LOSS_MSE:
    case HGI_LOSS_BCE_LOGITS:
    case HGI_LOSS_COUNT: break;
    }
    *slope = v_add(e, e);
    return v_mul(e, e);
}

ALWAYS double loss_row(const hgi_loss_kind kind, vf delta, vf scale, int64_t C,
                       const float *y, const float *t, float *g)
{
    vs sum = vs_zero();
    vf part = v_zero(), slope;
    int64_t c = 0, group = 0;
    for (; c + VL <= C; c += VL) {
        part = v_add(part, loss_value(kind, delta, v_load(y + c), v_load(t + c), &slope));
        if (g) v_store(g + c, v_mul(scale, slope));
        if (++group < GROUP) continue;
        sum = vs_add(sum, part);
        part = v_zero();
        group = 0;
    }
    if (c < C) {
        int64_t n = C - c;
        vf value =
            loss_value(kind, delta, v_load_n(y + c, n), v_load_n(t + c, n), &slope);
        part = v_add(part, v_keep(value, n));
        if (g) v_store_n(g + c, v_mul(scale, slope), n);
    }
    return vs_total(vs_add(sum, part));
}

/* Up to VL terms of the cross-entropy of logits, max(z,0) - z t + log(1 + e) where e is
 * exp(-|z|): *linear takes the first two, *product is multiplied by 1 + e.  The slope is
 * sigmoid(z) - t; sigmoid is 1 / (1 + e), times e for z < 0.                           */
ALWAYS void bce_step(bool gradient, int64_t n, vf minus_scale, vf z, vf t, float *g,
                     vf *linear, vf *product)
{
    vf one = v_set1(1.0f), zero = v_zero();
    vf e = v_exp_minus(v_abs(z));
    *linear = v_add(*linear, v_fnma(z, t, v_max(zero, z)));
    if (gradient) {
        vf sigmoid = v_div(one, v_add(e, one));
        vf top = v_select(v_lt(z, zero), e, one);
        vf slope = v_mul(minus_scale, v_fnma(top, sigmoid, t));
        if (n == VL)
            v_store(g, slope);
        else
            v_store_n(g, slope, n);
    }
    if (n < VL) e = v_keep(e, n);
    *product = v_fma(*product, e, *product);
}

/* The logarithms of FACTORS vectors are taken as one, of their product, which stays below
 * 2^FACTORS as 1 + e <= 2.  A factor enters with one rounding, at most 6e-8 of the sum: a
 * loss that small is lost, which no mean over columns shows, and a logarithm for every
 * element would be half of the work.  NaN goes through in `linear`.                    */
ALWAYS double bce_row(bool gradient, vf minus_scale, int64_t C, const float *z,
                      const float *t, float *g)
{
    vs sum = vs_zero();
    int64_t c = 0;
    while (c < C) {
        vf product = v_set1(1.0f);
        int64_t stop = hgi_min(C, c + FACTORS * VL);
        while (c < stop) {
            vf linear = v_zero();
            int64_t end = hgi_min(stop, c + GROUP * VL);
            for (; c + VL <= end; c += VL)
                bce_step(gradient, VL, minus_scale, v_load(z + c), v_load(t + c), g + c,
                         &linear, &product);
            if (c < end) {
                int64_t n = end - c;
                bce_step(gradient, n, minus_scale, v_load_n(z + c, n), v_load_n(t + c, n),
                         g + c, &linear, &product);
                c = end;
            }
            sum = vs_add(sum, linear);
        }
        sum = vs_add(sum, v_log_up(product));
    }
    return vs_total(sum);
}

ALWAYS void bce_rows(bool gradient, float scale, int64_t R, int64_t C, const float *y,
                     int64_t ldy, const float *t, int64_t ldt, float *g, int64_t ldg,
                     double *row_loss)
{
    for (int64_t r = 0; r < R; r++)
        row_loss[r] = bce_row(gradient, v_set1(-scale), C, y + r * ldy, t + r * ldt,
                              gradient ? g + r * ldg : NULL);
}

ALWAYS void loss_rows(const hgi_loss_kind kind, float delta, float scale, int64_t R,
                      int64_t C, const float *y, int64_t ldy, const float *t, int64_t ldt,
                      float *g, int64_t ldg, double *row_loss)
{
    vf d = v_set1(delta), s = v_set1(scale);
    for (int64_t r = 0; r < R; r++)
        row_loss[r] =
            loss_row(kind, d, s, C, y + r * ldy, t + r * ldt, g ? g + r * ldg : NULL);
}

static void loss(hgi_loss_kind kind, float delta, float scale, int64_t R, int64_t C,
                 const float *y, int64_t ldy, const float *t, int64_t ldt, float *g,
                 int64_t ldg, double *row_loss)
{
    switch (kind) {
#define CASE(name)                                                                       \
    case name:                                                                           \
        loss_rows(name, delta, scale, R, C, y, ldy, t, ldt, g, ldg, row_loss);           \
        break;
        CASE(HGI_LOSS_MSE)
        CASE(HGI_LOSS_MAE)
        CASE(HGI_LOSS_HUBER)
#undef CASE
    case HGI_LOSS_BCE_LOGITS:
        if (g)
            bce_rows(true, scale, R, C, y, ldy, t, ldt, g, ldg, row_loss);
        else
            bce_rows(false, scale, R, C, y, ldy, t, ldt, NULL, 0, row_loss);
        break;
    case HGI_LOSS_COUNT: break;
    }
}

static double l1_row(vf scale, int64_t C, const float *z, float *g)
{
    vs sum = vs_zero();
    int64_t c = 0;
    for (; c + VL <= C; c += VL) {
        vf x = v_load(z + c);
        sum = vs_add(sum, v_abs(x));
        if (g) v_store(g + c, v_add(v_load(g + c), v_signed(scale, x)));
    }
    if (c < C) {
        int64_t n = C - c;
        vf x = v_load_n(z + c, n);
        sum = vs_add(sum, v_abs(x));
        if (g) v_store_n(g + c, v_add(v_load_n(g + c, n), v_signed(scale, x)), n);
    }
    return vs_total(sum);
}

static void l1(float scale, int64_t R, int64_t C, const float *z, int64_t ldz, float *g,
               int64_t ldg, double *row_sum)
{
    for (int64_t r = 0; r < R; r++)
        row_sum[r] = l1_row(v_set1(scale), C, z + r * ldz, g ? g + r * ldg : NULL);
}

#endif
