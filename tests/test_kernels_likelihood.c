// SPDX-License-Identifier: MIT
/* Gaussian and multinomial likelihoods and the softmax, every instruction set, against
 * their formulas in double. */
#include "test_kernels.h"

/* What R rows of C numbers need, with a distance between rows that is theirs alone. */
typedef struct rows_under_test {
    int64_t R, C, ld, n;
    fence y, t, g;
} rows_under_test;

static rows_under_test make_rows(uint64_t *seed, int64_t most, double reach, double low)
{
    rows_under_test u = {.R = pick_int(seed, 0, 5), .C = pick_int(seed, 0, most)};
    u.ld = u.C + pick_int(seed, 0, 3);
    u.n = u.R > 0 ? (u.R - 1) * u.ld + u.C : 0;
    u.y = fence_random(u.n, seed, -reach, reach);
    u.t = fence_random(u.n, seed, low, 3);
    u.g = fence_random(u.n, seed, 8, 9);
    return u;
}

static void free_rows(rows_under_test *u)
{
    fence_free(&u->y, u->n);
    fence_free(&u->t, u->n);
    fence_free(&u->g, u->n);
}

/* y - t is rounded at the size of both; the rest are a few roundings of each product. */
static void check_gaussian(const hgi_kernels *k, uint64_t *seed, int64_t most)
{
    rows_under_test u = make_rows(seed, most, 4, -3);
    fence inverse = fence_random(u.C, seed, 0.1, 5),
          gs = fence_random(u.R * u.C, seed, 1, 2);
    double sums[8], alone[8];
    k->gaussian(0.5f, u.R, u.C, u.y.p, u.ld, u.t.p, u.ld, inverse.p, u.g.p, u.ld, gs.p,
                u.C, sums);
    k->gaussian(0.5f, u.R, u.C, u.y.p, u.ld, u.t.p, u.ld, inverse.p, NULL, 0, NULL, 0,
                alone);
    for (int64_t r = 0; r < u.R; r++) {
        double want = 0, slack = 0;
        for (int64_t c = 0; c < u.C; c++) {
            int64_t i = r * u.ld + c;
            double w = (double)inverse.p[c], y = (double)u.y.p[i], t = (double)u.t.p[i];
            double e = (y - t) * w, size = (fabs(y) + fabs(t)) * w;
            want += e * e;
            slack += (fabs(e) + size) * size;
            CHECK_NEAR(u.g.p[i], 0.5 * e * w, 4 * ROUNDING * size * w);
            CHECK_NEAR(gs.p[r * u.C + c], 0.5 * (1 - e * e),
                       4 * ROUNDING * (1 + (fabs(e) + size) * size));
        }
        CHECK_NEAR(sums[r], want, 4 * ROUNDING * slack);
        CHECK(sums[r] == alone[r]);
    }
    k->gaussian(0.5f, u.R, u.C, u.y.p, u.ld, u.t.p, u.ld, inverse.p, u.y.p, u.ld, NULL, 0,
                alone);
    for (int64_t r = 0; r < u.R; r++)
        CHECK_INT(first_difference(u.y.p + r * u.ld, u.g.p + r * u.ld, u.C), u.C);
    fence_free(&inverse, u.C);
    fence_free(&gs, u.R * u.C);
    free_rows(&u);
}

TEST_ON_ALL(a_gaussian_row_matches_its_formula)
{
    uint64_t seed = 61;
    for (int i = 0; i < 80; i++) {
        test_where("%s case %d", k->name, i);
        check_gaussian(k, &seed, i % 3 ? 50 : 900);
    }
}

/* -log p of each place, and S. */
static double log_sum(const rows_under_test *u, int64_t r)
{
    double top = -(double)INFINITY, sum = 0;
    const float *y = u->y.p + r * u->ld;
    /* Written out: fmax() here ends gcc 12 for aarch64 in an internal error. */
    for (int64_t c = 0; c < u->C; c++)
        if ((double)y[c] > top) top = (double)y[c];
    for (int64_t c = 0; c < u->C; c++) sum += exp((double)y[c] - top);
    return top + log(sum);
}

/* exp() is good to 1.1e-7 of itself, and the logarithm and each difference are rounded at
 * the size of the values, up to `reach`; so is a probability, relative to itself.      */
static void check_multinomial(const hgi_kernels *k, uint64_t *seed, int64_t most,
                              double reach)
{
    rows_under_test u = make_rows(seed, most, reach, 0);
    const double near = 8 * ROUNDING * (1 + 2 * reach + log(1 + (double)u.C));
    double sums[8], alone[8], total[8] = {0};
    k->multinomial(0.5f, u.R, u.C, u.y.p, u.ld, u.t.p, u.ld, u.g.p, u.ld, sums);
    k->multinomial(0.5f, u.R, u.C, u.y.p, u.ld, u.t.p, u.ld, NULL, 0, alone);
    for (int64_t r = 0; r < u.R; r++) {
        double want = 0, L = log_sum(&u, r);
        for (int64_t c = 0; c < u.C; c++) {
            int64_t i = r * u.ld + c;
            total[r] += (double)u.t.p[i];
            want += (double)u.t.p[i] * (L - (double)u.y.p[i]);
        }
        for (int64_t c = 0; c < u.C; c++) {
            int64_t i = r * u.ld + c;
            double mean = total[r] * exp((double)u.y.p[i] - L);
            CHECK_NEAR(u.g.p[i], 0.5 * (mean - (double)u.t.p[i]),
                       near * mean + 4 * ROUNDING * (double)u.t.p[i] + (double)FLT_MIN);
        }
        CHECK_NEAR(sums[r], want, near * (want + total[r]));
        CHECK(sums[r] == alone[r]);
    }
    fence p = fence_copy(&u.g, u.n);
    k->softmax(u.R, u.C, u.y.p, u.ld, total, p.p, u.ld);
    for (int64_t r = 0; r < u.R; r++)
        for (int64_t c = 0; c < u.C; c++) {
            int64_t i = r * u.ld + c;
            double mean = total[r] * exp((double)u.y.p[i] - log_sum(&u, r));
            CHECK_NEAR(p.p[i], mean, near * mean + (double)FLT_MIN);
        }
    k->softmax(u.R, u.C, u.y.p, u.ld, NULL, p.p, u.ld);
    for (int64_t r = 0; r < u.R && u.C > 0; r++) {
        double sum = 0;
        for (int64_t c = 0; c < u.C; c++) sum += (double)p.p[r * u.ld + c];
        CHECK_NEAR(sum, 1, near);
    }
    k->multinomial(0.5f, u.R, u.C, u.y.p, u.ld, u.t.p, u.ld, u.y.p, u.ld, alone);
    for (int64_t r = 0; r < u.R; r++)
        CHECK_INT(first_difference(u.y.p + r * u.ld, u.g.p + r * u.ld, u.C), u.C);
    fence_free(&p, u.n);
    free_rows(&u);
}

TEST_ON_ALL(a_multinomial_row_matches_its_formula)
{
    uint64_t seed = 62;
    for (int i = 0; i < 80; i++) {
        test_where("%s case %d", k->name, i);
        check_multinomial(k, &seed, i % 3 ? 50 : 900, i % 2 ? 3 : 30);
    }
}

/* Logits far beyond what exp() takes: the largest has all of the mass. */
TEST_ON_ALL(a_softmax_does_not_overflow)
{
    float z[19], t[19] = {0}, g[19], p[19];
    double sum;
    for (int i = 0; i < 19; i++) z[i] = i == 11 ? 3e4f : -3e4f + (float)i;
    t[11] = 4;
    k->multinomial(1, 1, 19, z, 19, t, 19, g, 19, &sum);
    CHECK(sum == 0);
    for (int i = 0; i < 19; i++) CHECK(g[i] == 0);
    k->softmax(1, 19, z, 19, NULL, p, 19);
    for (int i = 0; i < 19; i++) CHECK(p[i] == (i == 11 ? 1 : 0));
}

TEST_ON_ALL(likelihoods_let_nan_through)
{
    for (int at = 0; at < 37; at++)
        for (int which = 0; which < 2; which++) {
            float y[37] = {0}, t[37] = {0}, g[37], one[37];
            double sum;
            test_where("%s at %d of %s", k->name, at, which ? "y" : "t");
            for (int i = 0; i < 37; i++) t[i] = one[i] = 1;
            (which ? y : t)[at] = NAN;
            k->multinomial(1, 1, 37, y, 37, t, 37, g, 37, &sum);
            CHECK(isnan(sum) && isnan(g[at]));
            k->gaussian(1, 1, 37, y, 37, t, 37, one, g, 37, NULL, 0, &sum);
            CHECK(isnan(sum));
            for (int i = 0; i < 37; i++) CHECK(i == at ? isnan(g[i]) : isfinite(g[i]));
        }
}

/* ---- speed ------------------------------------------------------------------------- */

#define ROWS 16
#define COLUMNS 784

typedef struct likelihood_run {
    const hgi_kernels *k;
    float y[ROWS * COLUMNS], t[ROWS * COLUMNS], g[ROWS * COLUMNS], gs[ROWS * COLUMNS];
    float inverse[COLUMNS];
    double sums[ROWS];
} likelihood_run;

static void run_gaussian(void *arg)
{
    likelihood_run *r = arg;
    r->k->gaussian(1, ROWS, COLUMNS, r->y, COLUMNS, r->t, COLUMNS, r->inverse, r->g,
                   COLUMNS, r->gs, COLUMNS, r->sums);
}

static void run_multinomial(void *arg)
{
    likelihood_run *r = arg;
    r->k->multinomial(1, ROWS, COLUMNS, r->y, COLUMNS, r->t, COLUMNS, r->g, COLUMNS,
                      r->sums);
}

BENCH(speed_of_likelihoods)
{
    static likelihood_run r;
    uint64_t seed = 63;
    void (*const runs[])(void *) = {run_gaussian, run_multinomial};
    static const char *const names[] = {"gaussian", "multinomial"};
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        r.y[i] = (float)test_uniform(&seed, -4, 4);
        r.t[i] = (float)test_uniform(&seed, 0, 1);
        r.inverse[i % COLUMNS] = 1;
    }
    for (int i = 0; i < 2; i++) {
        printf("%-12s", names[i]);
        for (int j = 0; (r.k = hgi_kernels_at(j)) != NULL; j++)
            printf("  %s %6.3f ns", r.k->name,
                   seconds_of(runs[i], &r) * 1e9 / (ROWS * COLUMNS));
        printf("\n");
    }
}
