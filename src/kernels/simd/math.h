// SPDX-License-Identifier: MIT
/* Elementary functions for any vector set, to about 2 units in the last place.
 *
 * Each is one path without branches.  NaN goes through; large arguments saturate.  The
 * polynomials are minimax fits by Remez's exchange in 40 digits, rounded to float; what
 * each approximates, where, and its error stand beside it.                             */
#ifndef HGK_SIMD_MATH_H
#define HGK_SIMD_MATH_H

#include "kernels/simd/template.h"

/* x = n ln 2 + r with |r| <= ln 2 / 2.  Returns p = exp(r) - 1 = r + r^2 Q(r), accurate
 * relative to p itself.  Q on [-0.3468, 0.3468]: error of p 1.3e-8.                    */
static inline vf exp_reduced(vf x, vf *n)
{
    *n = v_round(v_mul(x, v_set1(0x1.715476p+0f)));
    vf r = v_fnma(*n, v_set1(0x1.62e43p-1f), x); /* ln 2 in two parts */
    r = v_fnma(*n, v_set1(-0x1.05c61p-29f), r);
    vf q = v_set1(1.38825155e-3f);
    q = v_fma(q, r, v_set1(8.36655731e-3f));
    q = v_fma(q, r, v_set1(4.16672010e-2f));
    q = v_fma(q, r, v_set1(1.66665433e-1f));
    q = v_fma(q, r, v_set1(4.99999981e-1f));
    return v_fma(v_mul(r, r), q, r);
}

/* Beyond the limits lie 0 and Inf; inside, subnormal results are kept.                 */
static inline vf v_exp(vf x)
{
    vf n, p = exp_reduced(v_max(v_set1(-104.0f), v_min(v_set1(89.0f), x)), &n);
    return v_ldexp(v_add(p, v_set1(1.0f)), n);
}

/* exp(-a) for a >= 0 in few operations, 1.1e-7 of itself; 0 from 87.7 on.  -a = n ln 2 - s
 * with |s| <= ln 2 / 2.  Adding 1.5 2^23 rounds to an integer, which stands in the low bits
 * of the sum, here + 127: the exponent of 2^n.  One part of ln 2 is enough: its error is
 * 1.9e-9 n.  exp(-s) = 1 - s Q(s), Q(0) = 1.                                           */
static inline vf v_exp_minus(vf a)
{
    vf magic = v_set1(0x1.8p+23f + 127), x = v_min(v_set1(88.0f), a);
    vf m = v_fnma(x, v_set1(0x1.715476p+0f), magic), power = v_power_low(m);
    vf s = v_fma(v_sub(m, magic), v_set1(0x1.62e43p-1f), x);
    vf q = v_set1(8.312493563e-3f);
    q = v_fma(q, s, v_set1(-4.189039767e-2f));
    q = v_fma(q, s, v_set1(1.666711569e-1f));
    q = v_fma(q, s, v_set1(-4.999923110e-1f));
    q = v_fma(q, s, v_set1(1.0f));
    return v_fnma(q, v_mul(power, s), power);
}

/* exp(x) - 1 for x <= 25, accurate near 0 too; -1 below -25.                           */
static inline vf v_expm1(vf x)
{
    vf n, p = exp_reduced(v_max(v_set1(-25.0f), v_min(v_set1(25.0f), x)), &n);
    vf power = v_ldexp(v_set1(1.0f), n);
    return v_fma(power, p, v_sub(power, v_set1(1.0f)));
}

/* log((1 + s) / (1 - s)) = 2 s + s^3 L(s^2) for s in [0, 1/3]: error 4.6e-9.           */
static inline vf log_ratio(vf s)
{
    vf u = v_mul(s, s);
    vf q = v_set1(2.80244604e-1f);
    q = v_fma(q, u, v_set1(2.79991408e-1f));
    q = v_fma(q, u, v_set1(4.00216991e-1f));
    q = v_fma(q, u, v_set1(6.66664131e-1f));
    return v_fma(v_mul(s, u), q, v_add(s, s));
}

/* log(1 + e) for e in [0, 1].                                                          */
static inline vf v_log1p(vf e) { return log_ratio(v_div(e, v_add(e, v_set1(2.0f)))); }

/* log x for a normal x >= 1: error 1e-7 of itself, as both parts are positive.         */
static inline vf v_log_up(vf x)
{
    vf m = v_mantissa(x), one = v_set1(1.0f);
    vf log = log_ratio(v_div(v_sub(m, one), v_add(m, one)));
    return v_fma(v_exponent(x), v_set1(0x1.62e43p-1f), log);
}

static inline vf v_sigmoid(vf x)
{
    vf one = v_set1(1.0f);
    return v_div(one, v_add(one, v_exp(v_sub(v_zero(), x))));
}

/* tanh a = (exp(2a) - 1) / (exp(2a) + 1); it is 1 in float from a = 9.02 on.           */
static inline vf v_tanh(vf x)
{
    vf a = v_min(v_set1(10.0f), v_abs(x));
    vf t = v_expm1(v_add(a, a));
    return v_copysign(v_div(t, v_add(t, v_set1(2.0f))), x);
}

static inline vf v_softplus(vf x)
{
    vf e = v_exp(v_sub(v_zero(), v_abs(x)));
    return v_add(v_max(v_zero(), x), v_log1p(e));
}

/* exp(-x^2/2), with what the rounding of x^2 loses put back: the exponent is large where
 * the result is small.  Returns Phi(x), the normal distribution, accurate in both tails:
 * Phi(-a) = exp(-a^2/2) G(a), G(a) = t P(t), t = 1 / (1 + 0.35 a), for a in [0, 14.5].
 * G is erfcx(a / sqrt 2) / 2; error 3.2e-8.                                            */
static inline vf v_normal_cdf(vf x, vf *gauss)
{
    vf one = v_set1(1.0f), a = v_min(v_set1(14.5f), v_abs(x));
    vf square = v_mul(a, a), lost = v_fma(a, a, v_sub(v_zero(), square));
    vf e = v_exp(v_mul(v_set1(-0.5f), square));
    e = v_fma(v_mul(v_set1(-0.5f), lost), e, e);
    *gauss = e;

    vf t = v_div(one, v_fma(a, v_set1(0.35f), one));
    vf q = v_set1(-2.916378774e-2f);
    q = v_fma(q, t, v_set1(1.440601535e-1f));
    q = v_fma(q, t, v_set1(-2.559005765e-1f));
    q = v_fma(q, t, v_set1(1.593915102e-1f));
    q = v_fma(q, t, v_set1(-2.32629228e-2f));
    q = v_fma(q, t, v_set1(1.055744399e-1f));
    q = v_fma(q, t, v_set1(1.198155832e-1f));
    q = v_fma(q, t, v_set1(1.398643253e-1f));
    q = v_fma(q, t, v_set1(1.396212589e-1f));
    vf tail = v_mul(v_mul(q, t), e);
    return v_select(v_lt(x, v_zero()), tail, v_sub(one, tail));
}

/* -size, 0 or size by the sign of x; NaN for NaN.  size >= 0.                          */
static inline vf v_signed(vf size, vf x)
{
    return v_select(v_gt(v_abs(x), v_zero()), v_copysign(size, x), x);
}

#endif
