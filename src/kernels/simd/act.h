// SPDX-License-Identifier: MIT
/* Activations for any vector set.  Formulas stand in HGI_ACT_MAP; SELU's constants and the
 * way NaN passes are those of ref/act_ref.c.                                           */
#ifndef HGK_SIMD_ACT_H
#define HGK_SIMD_ACT_H

#include "kernels/simd/math.h"
#include "kernels/simd/template.h"

#define SELU_SCALE 1.0507009873554805f
#define SELU_ALPHA 1.6732632423543773f
/* `act` is a constant where these are used, so one case is left of each switch.        */
ALWAYS vf act_value(const hgi_act act, vf alpha, vf x)
{
    vf zero = v_zero();
    switch (act) {
    case HGI_ACT_RELU: return v_max(zero, x);
    case HGI_ACT_LEAKY: return v_select(v_gt(x, zero), x, v_mul(alpha, x));
    case HGI_ACT_ELU: return v_select(v_gt(x, zero), x, v_mul(alpha, v_expm1(x)));
    case HGI_ACT_SELU: {
        vf low = v_mul(v_set1(SELU_ALPHA), v_expm1(x));
        return v_mul(v_set1(SELU_SCALE), v_select(v_gt(x, zero), x, low));
    }
    case HGI_ACT_GELU: {
        vf gauss;
        return v_mul(x, v_normal_cdf(x, &gauss));
    }
    case HGI_ACT_TANH: return v_tanh(x);
    case HGI_ACT_SIGMOID: return v_sigmoid(x);
    case HGI_ACT_SOFTPLUS: return v_softplus(x);
    case HGI_ACT_LINEAR:
    case HGI_ACT_COUNT: break;
    }
    return x;
}

/* high where y > 0, low where y <= 0, NaN where y is NaN.                              */
ALWAYS vf slope(vf y, vf low, vf high)
{
    vf other = v_select(v_le(y, v_zero()), low, y);
    return v_select(v_gt(y, v_zero()), high, other);
}

ALWAYS vf act_slope(const hgi_act act, vf alpha, vf y)
{
    vf one = v_set1(1.0f);
    switch (act) {
    case HGI_ACT_RELU: return slope(y, v_zero(), one);
    case HGI_ACT_LEAKY: return slope(y, alpha, one);
    case HGI_ACT_ELU: return slope(y, v_add(y, alpha), one);
    case HGI_ACT_SELU: {
        vf low = v_add(y, v_set1(SELU_SCALE * SELU_ALPHA));
        return slope(y, low, v_set1(SELU_SCALE));
    }
    case HGI_ACT_GELU: {
        vf gauss, phi = v_normal_cdf(y, &gauss);
        return v_fma(y, v_mul(v_set1(0.3989422804f), gauss), phi);
    }
    case HGI_ACT_TANH: return v_mul(v_sub(one, y), v_add(one, y));
    case HGI_ACT_SIGMOID: return v_mul(y, v_sub(one, y));
    case HGI_ACT_SOFTPLUS: return v_sub(v_zero(), v_expm1(v_sub(v_zero(), y)));
    case HGI_ACT_LINEAR:
    case HGI_ACT_COUNT: break;
    }
    return one;
}

ALWAYS void forward_rows(const hgi_act act, float alpha, int64_t R, int64_t C,
                         const float *z, int64_t ldz, float *y, int64_t ldy)
{
    vf al = v_set1(alpha);
    for (int64_t r = 0; r < R; r++, z += ldz, y += ldy) {
        int64_t c = 0;
        for (; c + VL <= C; c += VL) v_store(y + c, act_value(act, al, v_load(z + c)));
        if (c < C) v_store_n(y + c, act_value(act, al, v_load_n(z + c, C - c)), C - c);
    }
}

ALWAYS void backward_rows(const hgi_act act, float alpha, int64_t R, int64_t C,
                          const float *y, int64_t ldy, float *g, int64_t ldg)
{
    vf al = v_set1(alpha);
    for (int64_t r = 0; r < R; r++, y += ldy, g += ldg) {
        int64_t c = 0;
        for (; c + VL <= C; c += VL)
            v_store(g + c, v_mul(v_load(g + c), act_slope(act, al, v_load(y + c))));
        if (c == C) continue;
        vf slopes = act_slope(act, al, v_load_n(y + c, C - c));
        v_store_n(g + c, v_mul(v_load_n(g + c, C - c), slopes), C - c);
    }
}

static void act_forward(hgi_act act, float alpha, int64_t R, int64_t C, const float *z,
                        int64_t ldz, float *y, int64_t ldy)
{
    if (act == HGI_ACT_LINEAR && z == y && ldz == ldy) return;
    if (ldz == C && ldy == C) {
        C *= R;
        R = 1;
    }
    switch (act) {
#define ROW(name, word, help)                                                            \
    case HGI_ACT_##name: forward_rows(HGI_ACT_##name, alpha, R, C, z, ldz, y, ldy); break;
        HGI_ACT_MAP(ROW)
#undef ROW
    case HGI_ACT_COUNT: break;
    }
}

static void act_backward(hgi_act act, float alpha, int64_t R, int64_t C, const float *y,
                         int64_t ldy, float *g, int64_t ldg)
{
    if (act == HGI_ACT_LINEAR) return;
    if (ldy == C && ldg == C) {
        C *= R;
        R = 1;
    }
    switch (act) {
#define ROW(name, word, help)                                                            \
    case HGI_ACT_##name:                                                                 \
        backward_rows(HGI_ACT_##name, alpha, R, C, y, ldy, g, ldg);                      \
        break;
        HGI_ACT_MAP(ROW)
#undef ROW
    case HGI_ACT_COUNT: break;
    }
}

#endif
