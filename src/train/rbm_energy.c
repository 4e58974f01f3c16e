// SPDX-License-Identifier: MIT
/* What an RBM says of rows: free energy and pseudo-likelihood.
 *
 *     F(v) = V(v) - sum_j f(x_j),   x = b + W v
 *     f:  binary log(1 + e^x),  gaussian x^2 / 2,
 *         relu -Li2(-e^x), whose derivative is log(1 + e^x), the mean of so many units
 *
 * F differs from -log p(v) by a constant alone, the log partition function: so the mean F
 * of validation rows less that of training rows is what the model over-fits by (section 4
 * of Hinton's guide), and F(v with bit i turned) - F(v) is the log-odds of that bit given
 * the others.  These are watched once an epoch on few rows: plain loops in double. */
#include "train/rbm.h"

#include <math.h>

enum { FLIPS = 2, ROWS = 16 };

static double softplus(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }

/* -Li2(-e^x): by its series for x <= 0; above, by Li2(z) + Li2(1/z) =
 * -pi^2/6 - log(-z)^2 / 2 (Lewin, "Polylogarithms", 1981, section 1.2). */
static double many_softplus(double x)
{
    const double sixth = 1.64493406684822643647; /* pi^2 / 6 */
    double q = exp(-fabs(x)), power = q, sum = 0;
    /* Alternating: the error is at most the first term left out, 1 / 401^2 at x = 0. */
    for (int k = 1; k <= 400 && power > 1e-12; k++, power *= q)
        sum += (k % 2 ? power : -power) / ((double)k * (double)k);
    return x <= 0 ? sum : sixth + x * x / 2 - sum;
}

static double hidden_term(hgi_rbm_unit kind, double x)
{
    return kind == HGI_UNIT_BINARY     ? softplus(x)
           : kind == HGI_UNIT_GAUSSIAN ? x * x / 2
                                       : many_softplus(x);
}

static double visible_term(const hgi_rbm *r, const hgi_real *v)
{
    double sum = 0;
    for (int64_t i = 0; i < r->o.d; i++) {
        double a = (double)r->a[i], x = (double)v[i];
        sum += r->o.visible == HGI_UNIT_BINARY ? -a * x : (x - a) * (x - a) / 2;
    }
    return sum;
}

/* Rows are looked at in groups that fit the buffers of a step, which hold nothing between
 * two steps: state the units' inputs, v what is made of the rows. */
typedef struct looker {
    hgi_rbm *r;
    const hgi_real *v;
    int64_t n;
    uint32_t epoch;
    bool pseudo;
} looker;

static double free_energy(const hgi_rbm *r, const hgi_real *v, const hgi_real *x)
{
    double sum = visible_term(r, v);
    for (int64_t j = 0; j < r->o.h; j++) sum -= hidden_term(r->o.hidden, (double)x[j]);
    return sum;
}

/* -F of the row with bit i turned, plus F as it is: log p of bit i, before the sigmoid. */
static double log_odds(const hgi_rbm *r, const hgi_real *v, const hgi_real *x, int64_t i)
{
    double turn = 1 - 2 * (double)v[i], sum = -turn * (double)r->a[i];
    for (int64_t j = 0; j < r->o.h; j++) {
        double was = (double)x[j], is = was + turn * (double)r->o.W[j * r->o.d + i];
        sum += hidden_term(r->o.hidden, was) - hidden_term(r->o.hidden, is);
    }
    return sum;
}

static double pseudo(const looker *l, int64_t row, const hgi_real *v, const hgi_real *x)
{
    const hgi_rbm *r = l->r;
    hgi_rng rng = {r->o.seed, HGI_USE_RBM, l->epoch};
    rng.use += 256 * (uint32_t)(r->o.level * 4 * HGI_RBM_STEPS + 2 * HGI_RBM_STEPS + 2);
    uint32_t word[4];
    double sum = 0;
    hgi_philox(&rng, (uint64_t)row, 0, word);
    for (int f = 0; f < FLIPS; f++) {
        int64_t i = (int64_t)((uint64_t)word[f] * (uint64_t)r->o.d >> 32);
        sum -= softplus(-log_odds(r, v, x, i));
    }
    return sum * (double)r->o.d / FLIPS;
}

static void run_look(void *arg, int64_t item, int worker)
{
    const looker *l = arg;
    hgi_rbm *r = l->r;
    int64_t d = r->o.d, r0 = item * ROWS, n = hgi_min(ROWS, l->n - r0);
    hgi_real *x = r->state + r0 * r->o.h, *bits = r->v + r0 * d;
    const hgi_real *v = l->v + r0 * d;
    (void)worker;
    if (l->pseudo) {
        for (int64_t i = 0; i < n * d; i++) bits[i] = v[i] > (hgi_real)0.5 ? 1 : 0;
        v = bits;
    }
    hgi_rbm_inputs(r, n, v, x);
    for (int64_t i = 0; i < n; i++)
        r->error[r0 + i] = l->pseudo ? pseudo(l, r0 + i, v + i * d, x + i * r->o.h)
                                     : free_energy(r, v + i * d, x + i * r->o.h);
}

static double look(hgi_rbm *r, const hgi_real *v, int64_t n, uint32_t epoch, bool pseudo)
{
    double sum = 0;
    hgi_rbm_pack(r);
    for (int64_t at = 0; at < n; at += r->o.rows) {
        looker l = {r, v + at * r->o.d, hgi_min(r->o.rows, n - at), epoch, pseudo};
        const hgi_stage stage = {run_look, &l, hgi_ceil_div(l.n, ROWS)};
        hgi_team_run(r->o.team, &stage, 1);
        for (int64_t i = 0; i < l.n; i++) sum += r->error[i];
    }
    return sum / (double)n;
}

double hgi_rbm_free_energy(hgi_rbm *r, const hgi_real *v, int64_t n)
{
    return look(r, v, n, 0, false);
}

double hgi_rbm_pseudo(hgi_rbm *r, const hgi_real *v, int64_t n, uint32_t epoch)
{
    if (r->o.visible != HGI_UNIT_BINARY) return (double)NAN;
    return look(r, v, n, epoch, true);
}
