// SPDX-License-Identifier: MIT
/* Activations, plain C.  Formulas stand in HGI_ACT_MAP.
 *
 * SELU's constants: Klambauer et al., "Self-Normalizing Neural Networks", 2017, to double.
 * Derivatives are written in the output y, which spares keeping the input; GELU has no
 * inverse, so its derivative takes the input.  Comparisons are arranged so that NaN falls
 * through to a branch that returns NaN.                                                */
#include "kernels/ref/ref.h"

#include <tgmath.h>

#define SELU_SCALE ((hgi_real)1.0507009873554804934193349852946)
#define SELU_ALPHA ((hgi_real)1.6732632423543772848170429916717)

/* Phi(x), the normal distribution: by erfc, which keeps its digits where Phi is small. */
static hgi_real normal_cdf(hgi_real x)
{
    return (hgi_real)0.5 * erfc(-x * (hgi_real)0.70710678118654752440);
}

static hgi_real normal_density(hgi_real x)
{
    return (hgi_real)0.39894228040143267794 * exp((hgi_real)-0.5 * x * x);
}

static hgi_real act_value(hgi_act act, hgi_real alpha, hgi_real x)
{
    switch (act) {
    case HGI_ACT_RELU: return x < 0 ? 0 : x;
    case HGI_ACT_LEAKY: return x > 0 ? x : alpha * x;
    case HGI_ACT_ELU: return x > 0 ? x : alpha * expm1(x);
    case HGI_ACT_SELU: return SELU_SCALE * (x > 0 ? x : SELU_ALPHA * expm1(x));
    case HGI_ACT_GELU: return x * normal_cdf(x);
    case HGI_ACT_TANH: return tanh(x);
    case HGI_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case HGI_ACT_SOFTPLUS: return (x < 0 ? 0 : x) + log1p(exp(-fabs(x)));
    case HGI_ACT_LINEAR:
    case HGI_ACT_COUNT: break;
    }
    return x;
}

/* `low` where y <= 0, 1 where y > 0, NaN where y is NaN.                              */
static hgi_real slope(hgi_real y, hgi_real low, hgi_real high)
{
    if (y > 0) return high;
    return y <= 0 ? low : y;
}

static hgi_real act_slope(hgi_act act, hgi_real alpha, hgi_real y)
{
    switch (act) {
    case HGI_ACT_RELU: return slope(y, 0, 1);
    case HGI_ACT_LEAKY: return slope(y, alpha, 1);
    case HGI_ACT_ELU: return slope(y, y + alpha, 1);
    case HGI_ACT_SELU: return slope(y, y + SELU_SCALE * SELU_ALPHA, SELU_SCALE);
    case HGI_ACT_GELU: return normal_cdf(y) + y * normal_density(y);
    case HGI_ACT_TANH: return (1 - y) * (1 + y);
    case HGI_ACT_SIGMOID: return y * (1 - y);
    case HGI_ACT_SOFTPLUS: return -expm1(-y);
    case HGI_ACT_LINEAR:
    case HGI_ACT_COUNT: break;
    }
    return 1;
}

void hgk_act_forward_ref(hgi_act act, hgi_real alpha, int64_t R, int64_t C,
                         const hgi_real *z, int64_t ldz, hgi_real *y, int64_t ldy)
{
    for (int64_t r = 0; r < R; r++)
        for (int64_t c = 0; c < C; c++)
            y[r * ldy + c] = act_value(act, alpha, z[r * ldz + c]);
}

void hgk_act_backward_ref(hgi_act act, hgi_real alpha, int64_t R, int64_t C,
                          const hgi_real *y, int64_t ldy, hgi_real *g, int64_t ldg)
{
    if (act == HGI_ACT_LINEAR) return;
    for (int64_t r = 0; r < R; r++)
        for (int64_t c = 0; c < C; c++)
            g[r * ldg + c] *= act_slope(act, alpha, y[r * ldy + c]);
}
