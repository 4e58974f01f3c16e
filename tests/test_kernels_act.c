// SPDX-License-Identifier: MIT
/* Activations and their derivatives, every instruction set, held against the formulas in
 * double.  That is stricter than holding them against ref, and shows ref's own error.  */
#include "test_kernels.h"

#define SELU_SCALE 1.0507009873554804934
#define SELU_ALPHA 1.6732632423543772848

static double phi(double x) { return 0.5 * erfc(-x * 0.70710678118654752440); }
static double density(double x) { return 0.39894228040143267794 * exp(-0.5 * x * x); }

static double value(hgi_act act, double alpha, double x)
{
    switch (act) {
    case HGI_ACT_RELU: return x > 0 ? x : 0;
    case HGI_ACT_LEAKY: return x > 0 ? x : alpha * x;
    case HGI_ACT_ELU: return x > 0 ? x : alpha * expm1(x);
    case HGI_ACT_SELU: return SELU_SCALE * (x > 0 ? x : SELU_ALPHA * expm1(x));
    case HGI_ACT_GELU: return x * phi(x);
    case HGI_ACT_TANH: return tanh(x);
    case HGI_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case HGI_ACT_SOFTPLUS: return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
    default: return x;
    }
}

/* The derivative in terms of what act_backward() is given; *size is the sum of its terms'
 * magnitudes, of which rounding errors are a part.                                     */
static double derivative(hgi_act act, double alpha, double y, double *size)
{
    double d = 1;
    *size = 0;
    switch (act) {
    case HGI_ACT_RELU: d = y > 0; break;
    case HGI_ACT_LEAKY: d = y > 0 ? 1 : alpha; break;
    case HGI_ACT_ELU: d = y > 0 ? 1 : y + alpha; break;
    case HGI_ACT_SELU: d = y > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA; break;
    case HGI_ACT_GELU:
        d = phi(y) + y * density(y);
        *size = phi(y) + fabs(y) * density(y);
        break;
    case HGI_ACT_TANH: d = 1 - y * y; break;
    case HGI_ACT_SIGMOID: d = y * (1 - y); break;
    case HGI_ACT_SOFTPLUS: d = -expm1(-y); break;
    default: break;
    }
    if (*size < fabs(d)) *size = fabs(d);
    return d;
}

/* Numbers that have gone wrong somewhere, and a dense sweep of all sizes.              */
#define SWEEP 4001
static void sweep(float x[SWEEP])
{
    static const float special[] = {
        0.0f,      -0.0f,  1e-45f, -1e-45f, FLT_MIN, -FLT_MIN, 0.34657f,
        -0.34658f, 0.625f, 1,      -1,      10,      -10,      88.7f,
        -88.7f,    104,    -104,   1e4f,    -1e4f,   FLT_MAX,  -FLT_MAX};
    int n = (int)HGI_COUNT(special);
    memcpy(x, special, sizeof special);
    uint64_t seed = 11;
    for (int i = n; i < SWEEP; i++) {
        double size = pow(10, test_uniform(&seed, -9, 2.1));
        x[i] = (float)(i % 2 ? size : -size);
        if (i % 4 == 0) x[i] = (float)test_uniform(&seed, -12, 12);
    }
}

/* 5 ROUNDINGs are two and a half units in the last place at worst.  The smallest normal
 * number covers results that are flushed or subnormal.  GELU's variable t = 1/(1 + 0.35 a)
 * is rounded twice, which near a = 0 counts 2.3 times in Phi: 3 more.  ref's GELU takes
 * erfcf() of a rounded argument u, whose error is 2 u^2 = x^2 times as large there. */
static double tolerance(const hgi_kernels *k, hgi_act act, double x, double size)
{
    double units = act == HGI_ACT_GELU ? 8 : 5;
    if (act == HGI_ACT_GELU && strcmp(k->name, "ref") == 0) units += 2 * fmin(x * x, 250);
    return units * ROUNDING * size + (double)FLT_MIN;
}

TEST_ON_ALL(activations_match_their_formulas)
{
    static float x[SWEEP], y[SWEEP];
    sweep(x);
    for (int a = 0; a < HGI_ACT_COUNT; a++) {
        k->act_forward((hgi_act)a, 0.3f, 1, SWEEP, x, SWEEP, y, SWEEP);
        for (int i = 0; i < SWEEP; i++) {
            double want = value((hgi_act)a, (double)0.3f, (double)x[i]);
            test_where("%s %s(%.9g)", k->name, hgi_act_name((hgi_act)a), (double)x[i]);
            if (fabs(want) > (double)FLT_MAX)
                CHECK(y[i] == (want > 0 ? INFINITY : -INFINITY));
            else
                CHECK_NEAR(y[i], want,
                           tolerance(k, (hgi_act)a, (double)x[i], fabs(want)));
        }
    }
}

TEST_ON_ALL(derivatives_match_their_formulas)
{
    static float x[SWEEP], y[SWEEP], g[SWEEP];
    sweep(x);
    for (int a = 0; a < HGI_ACT_COUNT; a++) {
        hgi_act act = (hgi_act)a;
        k->act_forward(act, 0.3f, 1, SWEEP, x, SWEEP, y, SWEEP);
        if (hgi_act_needs_input(act)) memcpy(y, x, sizeof y);
        for (int i = 0; i < SWEEP; i++) g[i] = i % 3 == 0 ? -1.5f : 1;
        k->act_backward(act, 0.3f, 1, SWEEP, y, SWEEP, g, SWEEP);
        for (int i = 0; i < SWEEP; i++) {
            double size, by = i % 3 == 0 ? -1.5 : 1;
            double want = by * derivative(act, (double)0.3f, (double)y[i], &size);
            test_where("%s %s at %.9g", k->name, hgi_act_name(act), (double)y[i]);
            /* ELU and SELU add alpha to y: the error is one of alpha.                  */
            if (act == HGI_ACT_ELU || act == HGI_ACT_SELU) size = 2;
            /* 1 - y^2 near 1 is a difference of rounded terms of size 1.               */
            CHECK_NEAR(g[i], want, 1.5 * tolerance(k, act, (double)y[i], size));
        }
    }
}

TEST_ON_ALL(activations_let_nan_and_inf_through)
{
    float z[37], y[37], g[37];
    for (int a = 0; a < HGI_ACT_COUNT; a++) {
        hgi_act act = (hgi_act)a;
        test_where("%s %s", k->name, hgi_act_name(act));
        for (int i = 0; i < 37; i++) z[i] = i % 2 ? NAN : INFINITY;
        k->act_forward(act, 0.3f, 1, 37, z, 37, y, 37);
        for (int i = 0; i < 37; i++) {
            bool flat = act == HGI_ACT_TANH || act == HGI_ACT_SIGMOID;
            if (i % 2) CHECK(isnan(y[i]));
            if (i % 2 == 0) CHECK(y[i] == (flat ? 1 : INFINITY));
        }
        if (act == HGI_ACT_LINEAR) continue;
        for (int i = 0; i < 37; i++) g[i] = 1;
        k->act_backward(act, 0.3f, 1, 37, y, 37, g, 37);
        for (int i = 1; i < 37; i += 2) CHECK(isnan(g[i]));
        for (int i = 0; i < 37; i++) y[i] = i % 2 ? 0.5f : -0.5f;
        for (int i = 0; i < 37; i++) g[i] = NAN;
        k->act_backward(act, 0.3f, 1, 37, y, 37, g, 37);
        for (int i = 0; i < 37; i++) CHECK(isnan(g[i]));
    }
}

/* Rows with gaps, in place or not, on fenced memory: each element has the bits that it has
 * alone, and nothing between the rows is touched.                                      */
TEST_ON_ALL(activations_of_rows_are_those_of_each_element)
{
    uint64_t seed = 12;
    for (int i = 0; i < 40 * HGI_ACT_COUNT; i++) {
        hgi_act act = (hgi_act)(i % HGI_ACT_COUNT);
        int64_t R = pick_int(&seed, 0, 4), C = pick_int(&seed, 0, 40),
                ld = C + pick_int(&seed, 0, 3);
        int64_t n = R > 0 ? (R - 1) * ld + C : 0;
        test_where("%s %s R %lld C %lld", k->name, hgi_act_name(act), (long long)R,
                   (long long)C);
        fence z = fence_random(n, &seed, -4, 4), y = fence_random(n, &seed, -1, 1);
        fence want = fence_copy(&y, n), slopes = fence_copy(&y, n), g = fence_copy(&y, n);
        for (int64_t r = 0; r < R; r++)
            for (int64_t c = r * ld; c < r * ld + C; c++) {
                k->act_forward(act, 0.3f, 1, 1, z.p + c, 1, want.p + c, 1);
                k->act_backward(act, 0.3f, 1, 1, z.p + c, 1, slopes.p + c, 1);
            }
        k->act_backward(act, 0.3f, R, C, z.p, ld, g.p, ld);
        CHECK_INT(first_difference(g.p, slopes.p, n), n);
        k->act_forward(act, 0.3f, R, C, z.p, ld, y.p, ld);
        CHECK_INT(first_difference(y.p, want.p, n), n);
        k->act_forward(act, 0.3f, R, C, z.p, ld, z.p, ld);
        for (int64_t r = 0; r < R; r++)
            CHECK_INT(first_difference(z.p + r * ld, want.p + r * ld, C), C);
        fence_free(&z, n);
        fence_free(&y, n);
        fence_free(&want, n);
        fence_free(&slopes, n);
        fence_free(&g, n);
    }
}

/* ---- speed ------------------------------------------------------------------------- */

typedef struct act_run {
    const hgi_kernels *k;
    hgi_act act;
    float x[4096], y[4096];
} act_run;

static void run_forward(void *arg)
{
    act_run *r = arg;
    r->k->act_forward(r->act, 0.3f, 1, 4096, r->x, 4096, r->y, 4096);
}

static void run_backward(void *arg)
{
    act_run *r = arg;
    for (int i = 0; i < 4096; i++) r->y[i] = 1;
    r->k->act_backward(r->act, 0.3f, 1, 4096, r->x, 4096, r->y, 4096);
}

BENCH(speed_of_activations)
{
    static act_run r;
    uint64_t seed = 13;
    for (int i = 0; i < 4096; i++) r.x[i] = (float)test_uniform(&seed, -4, 4);
    for (int a = 1; a < HGI_ACT_COUNT; a++) {
        r.act = (hgi_act)a;
        printf("%-10s", hgi_act_name(r.act));
        for (int j = 0; (r.k = hgi_kernels_at(j)) != NULL; j++) {
            double there = seconds_of(run_forward, &r),
                   back = seconds_of(run_backward, &r);
            printf("  %s %6.3f ns, backward %6.3f ns", r.k->name, there * 1e9 / 4096,
                   back * 1e9 / 4096);
        }
        printf("\n");
    }
}
