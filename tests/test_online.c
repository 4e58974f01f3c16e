// SPDX-License-Identifier: MIT
/* False discoveries of a stream: LORD++ by simulation, with p-values that are exact and
 * with those that a detector's calibration scores and tail give. */
#include "apply/rule.h"
#include "metrics/online.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

static double normal(uint64_t *seed)
{
    double u = 1 - test_uniform(seed, 0, 1), v = test_uniform(seed, 0, 1);
    return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

TEST(the_levels_shares_fall_and_add_up_to_one)
{
    enum { N = 1000000 };
    double sum = 0, last = 1;
    for (int64_t j = 1; j <= N; j++) {
        double g = hgi_lord_gamma(j);
        /* log(j) of 2 and 3 is nearly the same part of both: from 2 on it falls. */
        if (j != 2) CHECK(g < last);
        last = g;
        sum += g;
    }
    /* What is left: the integral of u exp(-sqrt(u)) from log N, by parts. */
    double s = sqrt(log(N)), rest = 2 * exp(-s) * (((s + 3) * s + 6) * s + 6);
    sum += 0.07908 * rest;
    /* The constant has four digits, rounded down. */
    CHECK_NEAR(sum, 1, 1e-4);
    CHECK(sum <= 1);
}

TEST(levels_grow_with_discoveries_and_shrink_without)
{
    hgi_lord l = {.rate = 0.05};
    double before = hgi_lord_level(&l);
    for (int i = 0; i < 100; i++) CHECK(!hgi_lord_next(&l, 0.9));
    double quiet = hgi_lord_level(&l);
    CHECK(quiet < before / 10);
    CHECK(hgi_lord_next(&l, 0));
    CHECK(hgi_lord_level(&l) > 10 * quiet);
    CHECK_INT(l.found, 1);
    /* The sum of all levels stays within what discoveries allow. */
    double sum = 0;
    hgi_lord m = {.rate = 0.05};
    uint64_t seed = 3;
    for (int i = 0; i < 3000; i++) {
        sum += hgi_lord_level(&m);
        hgi_lord_next(&m, test_uniform(&seed, 0, 1) < 0.1 ? 0 : 1);
        CHECK(sum <= 0.05 * (double)(m.found > 1 ? m.found : 1));
    }
    CHECK(m.found > 250); /* far more than are remembered */
}

/* Share of false among those found, and of anomalies that were found. */
typedef struct outcome {
    double false_share, power;
} outcome;

/* Mean and three standard errors over runs. */
static void check_controlled(const double *share, int runs, double rate)
{
    double mean = 0, squares = 0;
    for (int i = 0; i < runs; i++) mean += share[i] / runs;
    for (int i = 0; i < runs; i++) squares += (share[i] - mean) * (share[i] - mean);
    double error = sqrt(squares / (runs - 1) / runs);
    test_where("false among found %.4f +- %.4f, promised %g", mean, error, rate);
    CHECK(mean <= rate + 3 * error);
}

TEST(of_what_lord_finds_no_more_is_false_than_promised)
{
    enum { RUNS = 400, ROWS = 2000 };
    static const double rates[] = {0.05, 0.2};
    double share[RUNS];
    uint64_t seed = 11;
    for (int k = 0; k < 2; k++) {
        double power = 0;
        test_where("rate %g", rates[k]);
        for (int run = 0; run < RUNS; run++) {
            hgi_lord l = {.rate = rates[k]};
            int wrong = 0, right = 0, odd = 0;
            for (int i = 0; i < ROWS; i++) {
                /* Two-sided would not matter: p of z above a normal score. */
                bool anomaly = test_uniform(&seed, 0, 1) < 0.05;
                double z = normal(&seed) + (anomaly ? 4 : 0);
                bool found = hgi_lord_next(&l, erfc(z / sqrt(2)) / 2);
                wrong += found && !anomaly;
                right += found && anomaly;
                odd += anomaly;
            }
            share[run] = wrong / fmax(1, wrong + right);
            power += (double)right / fmax(1, odd) / RUNS;
        }
        check_controlled(share, RUNS, rates[k]);
        CHECK(power > 0.3); /* it does find them: half at 4 standard deviations */
    }
    test_where(NULL);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

TEST(a_stream_judged_by_calibration_scores_and_their_tail_keeps_the_promise)
{
    enum { RUNS = 300, ROWS = 1000, CALIBRATION = 1000 };
    double share[RUNS], score[CALIBRATION], power = 0;
    uint64_t seed = 17;
    for (int run = 0; run < RUNS; run++) {
        /* A new model each time: its tail is off by chance, now this way, now that. */
        for (int i = 0; i < CALIBRATION; i++) score[i] = fabs(normal(&seed));
        qsort(score, CALIBRATION, sizeof *score, ascending);
        hgi_gpd g = hgi_gpd_fit(CALIBRATION, score);
        hgi_detector d = {.calibrated = CALIBRATION, .calibration = score};
        d.tail = (hgi_tail){.from = g.from,
                            .shape = g.shape,
                            .scale = g.scale,
                            .share = g.share,
                            .rows = (double)g.rows};
        hgi_lord l = {.rate = 0.1};
        int wrong = 0, right = 0, odd = 0;
        for (int i = 0; i < ROWS; i++) {
            bool anomaly = test_uniform(&seed, 0, 1) < 0.05, beyond;
            double s = anomaly ? 8 + normal(&seed) : fabs(normal(&seed));
            bool found = hgi_lord_next(&l, hgi_rule_share(&d, s, &beyond));
            wrong += found && !anomaly;
            right += found && anomaly;
            odd += anomaly;
        }
        share[run] = wrong / fmax(1, wrong + right);
        power += (double)right / fmax(1, odd) / RUNS;
    }
    check_controlled(share, RUNS, 0.1);
    CHECK(power > 0.5);
}
