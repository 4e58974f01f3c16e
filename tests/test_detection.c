// SPDX-License-Identifier: MIT
/* Scores beside labels: measures as scikit-learn has them, intervals, labels as files have
 * them, drift, pictures. */
#include "test.h"

#include "data/schema.h"

#include "metrics/drift.h"
#include "metrics/ranking.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { N = 500 };

/* 97 different scores, so that there are ties; every eleventh row is an anomaly, and the
 * scores of most of them are raised.  The numbers below are scikit-learn 1.2's of these. */
static void make_scores(double *score, unsigned char *label)
{
    for (int i = 0; i < N; i++) {
        label[i] = i % 11 == 3;
        score[i] = (double)(i * 7919 % 97) / 10.0 + (label[i] ? i * 31 % 5 : 0);
    }
}

static hg_detection *detect(hg_ctx *ctx, const double *score, const unsigned char *label,
                            double threshold, int64_t resamples, uint64_t seed)
{
    hg_detection_options o = {sizeof o, threshold, resamples, seed};
    hg_detection *d;
    CHECK_OK(ctx, hg_detection_new(ctx, score, label, N, &o, &d));
    return d;
}

static hg_detection_measure measure_of(const hg_detection *d, const char *name)
{
    hg_detection_measure m = {.size = sizeof m};
    for (int i = 0; hg_detection_at(d, i, &m); i++)
        if (strcmp(m.name, name) == 0) return m;
    CHECK_STR(name, "a measure");
    return m;
}

/* ---- measures ------------------------------------------------------------------------ */

TEST(measures_of_scores_with_ties_are_those_of_scikit_learn)
{
    hg_ctx *ctx = test_ctx();
    double score[N];
    unsigned char label[N];
    make_scores(score, label);
    hg_detection *d = detect(ctx, score, label, 8.05, -1, 0);
    static const struct {
        const char *name;
        double value;
    } rows[] = {
        {"roc_auc", 0.6168119134265466},
        {"average_precision", 0.3129494607377895},
        /* Of 46 rows 43 are above the cut and 5 at it: the mean over their orders. */
        {"precision_at_n", 0.2391304347826087},
        {"precision", 0.16666666666666666},
        {"recall", 0.32608695652173914},
        {"f1", 0.22058823529411767},
        {"false_alarm_rate", 0.16519823788546256},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s", rows[i].name);
        /* Sums of 500 doubles: rounding alone. */
        CHECK_NEAR(measure_of(d, rows[i].name).value, rows[i].value, 1e-13);
        CHECK_NEAR(hg_detection_get(d, rows[i].name), rows[i].value, 1e-13);
        CHECK(isnan(measure_of(d, rows[i].name).low)); /* no resamples were asked for */
    }
    test_where(NULL);
    CHECK(isnan(hg_detection_get(d, "auc")));
    hg_detection_free(&d);
    /* Without a threshold, what needs one is not there. */
    d = detect(ctx, score, label, (double)NAN, -1, 0);
    CHECK(isnan(measure_of(d, "f1").value));
    CHECK_NEAR(measure_of(d, "roc_auc").value, rows[0].value, 1e-13);
    hg_detection_free(&d);
}

TEST(perfect_useless_and_reversed_scores_have_the_measures_they_must)
{
    hg_ctx *ctx = test_ctx();
    double score[N];
    unsigned char label[N];
    make_scores(score, label);
    for (int i = 0; i < N; i++) score[i] = label[i];
    hg_detection *d = detect(ctx, score, label, 0.5, 100, 0);
    for (int i = 0; i < 6; i++) {
        hg_detection_measure m = {.size = sizeof m};
        CHECK(hg_detection_at(d, i, &m));
        CHECK_NEAR(m.value, 1, 0);
        CHECK_NEAR(m.low, 1, 0);
        CHECK_NEAR(m.high, 1, 0);
    }
    CHECK_NEAR(measure_of(d, "false_alarm_rate").value, 0, 0);
    hg_detection_free(&d);
    for (int i = 0; i < N; i++) score[i] = 7;
    d = detect(ctx, score, label, 7, -1, 0);
    CHECK_NEAR(measure_of(d, "roc_auc").value, 0.5, 1e-15);
    CHECK_NEAR(measure_of(d, "average_precision").value, 46.0 / N, 1e-15);
    CHECK_NEAR(measure_of(d, "precision_at_n").value, 46.0 / N, 1e-15);
    CHECK_NEAR(measure_of(d, "f1").value, 0, 0);
    CHECK_NEAR(measure_of(d, "precision").value, 0, 0);
    hg_detection_free(&d);
    for (int i = 0; i < N; i++) score[i] = -label[i];
    d = detect(ctx, score, label, -2, -1, 0);
    CHECK_NEAR(measure_of(d, "roc_auc").value, 0, 0);
    CHECK_NEAR(measure_of(d, "recall").value, 1, 0);
    CHECK_NEAR(measure_of(d, "precision").value, 46.0 / N, 1e-15);
    hg_detection_free(&d);
}

TEST(intervals_are_those_of_a_stratified_bootstrap)
{
    /* 4,000 resamples by numpy of the same strata.  A quantile of 4,000 and one of 2,000
     * values each vary by some 3 % of the interval's width, and so do these: 6 %. */
    static const struct {
        const char *name;
        double low, high;
    } rows[] = {{"roc_auc", 0.52860862, 0.70561794},
                {"average_precision", 0.19499779, 0.43957027},
                {"f1", 0.13740458, 0.30771812}};
    hg_ctx *ctx = test_ctx();
    double score[N];
    unsigned char label[N];
    make_scores(score, label);
    hg_detection *d = detect(ctx, score, label, 8.05, 2000, 1);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s", rows[i].name);
        hg_detection_measure m = measure_of(d, rows[i].name);
        double room = 0.06 * (rows[i].high - rows[i].low);
        CHECK_NEAR(m.low, rows[i].low, room);
        CHECK_NEAR(m.high, rows[i].high, room);
        CHECK(m.low < m.value && m.value < m.high);
    }
    test_where(NULL);
    hg_detection_free(&d);
}

TEST(intervals_have_the_same_bits_for_any_number_of_threads)
{
    double score[N];
    unsigned char label[N];
    make_scores(score, label);
    hg_detection_measure first = {.size = sizeof first};
    for (int threads = 1; threads <= 3; threads++) {
        hg_ctx_options o = {.size = sizeof o, .threads = threads};
        hg_ctx *ctx = test_ctx_with(&o);
        hg_detection *d = detect(ctx, score, label, 8.05, 0, 5);
        hg_detection_measure m = measure_of(d, "average_precision");
        if (threads == 1) first = m;
        CHECK_NEAR(m.low, first.low, 0);
        CHECK_NEAR(m.high, first.high, 0);
        hg_detection_free(&d);
        d = detect(ctx, score, label, 8.05, 0, 6);
        CHECK(measure_of(d, "average_precision").low != first.low); /* another seed */
        hg_detection_free(&d);
    }
}

TEST(two_detectors_are_compared_on_the_same_resamples)
{
    hg_ctx *ctx = test_ctx();
    double score[N], other[N];
    unsigned char label[N];
    make_scores(score, label);
    /* Hardly another order: each interval alone is wide, that of the difference is not. */
    for (int i = 0; i < N; i++) other[i] = score[i] + (label[i] ? 0.25 : 0);
    hg_detection *a = detect(ctx, other, label, 8, 0, 0);
    hg_detection *b = detect(ctx, score, label, 8, 0, 0);
    hg_detection_measure m = {.size = sizeof m}, one = measure_of(b, "roc_auc");
    CHECK_OK(ctx, hg_detection_compare(ctx, a, b, "roc_auc", &m));
    CHECK_NEAR(m.value, hg_detection_get(a, "roc_auc") - one.value, 1e-15);
    CHECK(m.low > 0 && m.high - m.low < 0.2 * (one.high - one.low));
    CHECK_FAILS(ctx, hg_detection_compare(ctx, a, b, "auc", &m), HG_EUNKNOWN,
                "known: roc_auc");
    hg_detection_free(&b);
    b = detect(ctx, score, label, 8, 0, 1);
    CHECK_FAILS(ctx, hg_detection_compare(ctx, a, b, "f1", &m), HG_EINVAL, "in pairs");
    hg_detection_free(&a);
    hg_detection_free(&b);
}

TEST(scores_that_cannot_be_judged_are_refused)
{
    hg_ctx *ctx = test_ctx();
    double score[N];
    unsigned char label[N];
    hg_detection *d;
    make_scores(score, label);
    score[3] = (double)NAN;
    CHECK_FAILS(ctx, hg_detection_new(ctx, score, label, N, NULL, &d), HG_ENONFINITE,
                "row 4");
    CHECK(d == NULL);
    score[3] = 0;
    memset(label, 0, sizeof label);
    CHECK_FAILS(ctx, hg_detection_new(ctx, score, label, N, NULL, &d), HG_ERANGE,
                "0 anomalies and 500 normal");
    memset(label, 1, sizeof label);
    CHECK_FAILS(ctx, hg_detection_new(ctx, score, label, N, NULL, &d), HG_ERANGE,
                "500 anomalies and 0 normal");
}

TEST(judging_scores_without_memory_fails_cleanly)
{
    hg_ctx *ctx = test_ctx();
    double score[N];
    unsigned char label[N];
    make_scores(score, label);
    hg_detection *d = detect(ctx, score, label, 1, 20, 0); /* the team is made now */
    hg_detection_free(&d);
    for (int64_t n = 0;; n++) {
        test_fail_alloc(n);
        hg_detection_options o = {sizeof o, 1, 20, 0};
        hg_status status = hg_detection_new(ctx, score, label, N, &o, &d);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (!failed) {
            CHECK_INT(status, HG_OK);
            break;
        }
        CHECK_INT(status, HG_ENOMEM);
        CHECK(d == NULL);
    }
    hg_detection_free(&d);
}

/* ---- labels -------------------------------------------------------------------------- */

static hg_status read_labels(hg_ctx *ctx, const char *text, const char *normal,
                             const char *anomaly, unsigned char *label)
{
    char path[TEST_PATH];
    hg_dataset *d;
    test_write(path, "labels.csv", text, strlen(text));
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    hg_status status = hg_labels_read(ctx, d, normal, anomaly, label);
    hg_dataset_free(&d);
    return status;
}

TEST(labels_are_words_or_numbers_and_one_is_an_anomaly)
{
    hg_ctx *ctx = test_ctx();
    static const struct {
        const char *text, *normal, *anomaly;
        unsigned char want[4];
    } rows[] = {
        {"y\n0\n1\n0\n1\n", NULL, NULL, {0, 1, 0, 1}},
        {"y\nno\nyes\nyes\nno\n", NULL, NULL, {0, 1, 1, 0}},
        {"y\n1\n-1\n1\n1\n", "1", NULL, {0, 1, 0, 0}},
        {"y\nok\ncrack\nok\ndent\n", "ok", NULL, {0, 1, 0, 1}},
        {"y\nok\ncrack\nok\ndent\n", NULL, "crack", {0, 1, 0, 0}},
        {"y\nok\ncrack\nfine\ndent\n", "ok, fine", NULL, {0, 1, 0, 1}},
        {"y\n2\n3\n7\n2\n", NULL, "3,7", {0, 1, 1, 0}},
        {"y\nno\nyes\nyes\nno\n", "yes", NULL, {1, 0, 0, 1}},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        unsigned char label[4] = {9, 9, 9, 9};
        test_where("row %d", i);
        CHECK_OK(ctx,
                 read_labels(ctx, rows[i].text, rows[i].normal, rows[i].anomaly, label));
        for (int k = 0; k < 4; k++) CHECK_INT(label[k], rows[i].want[k]);
    }
    test_where(NULL);
}

TEST(labels_that_say_nothing_are_refused_with_what_would)
{
    hg_ctx *ctx = test_ctx();
    unsigned char label[4];
    /* Those of scikit-learn's outlier detectors mean the opposite. */
    CHECK_FAILS(ctx, read_labels(ctx, "y\n1\n-1\n", NULL, NULL, label), HG_ERANGE,
                "row 2: label -1, expected 0 (normal) or 1");
    CHECK_FAILS(ctx, read_labels(ctx, "y\na\nb\n", NULL, NULL, label), HG_ERANGE,
                "row 1: label 'a'");
    CHECK_FAILS(ctx, read_labels(ctx, "y\na\nb\n", "c", NULL, label), HG_EUNKNOWN,
                "no row has the label 'c'");
    CHECK_FAILS(ctx, read_labels(ctx, "y\na\nb\n", "a,,b", NULL, label), HG_EINVAL,
                "empty word");
    CHECK_FAILS(ctx, read_labels(ctx, "y\na\nb\n", "a", "b", label), HG_EINVAL,
                "not both");
    CHECK_FAILS(ctx, read_labels(ctx, "x,y\n1,1\n2,0\n", NULL, NULL, label), HG_ESHAPE,
                "2 values a row");
    CHECK_FAILS(ctx, read_labels(ctx, "x,y\n1,1\n2,\n", NULL, NULL, label), HG_ESHAPE,
                "one value a row");
    hg_schema *gaps;
    hg_dataset *none;
    const float nan[2] = {(float)NAN, (float)NAN};
    CHECK_OK(ctx, hgi_schema_new(ctx, 1, &gaps));
    CHECK_OK(ctx, hgi_schema_settle(ctx, gaps));
    hg_view v = {sizeof v,  .data = nan,  .rows = 2,
                 .rank = 1, .shape = {1}, .schema = gaps};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &none));
    CHECK_FAILS(ctx, hg_labels_read(ctx, none, NULL, NULL, label), HG_ERANGE,
                "no row has a label");
    hg_dataset_free(&none);
    hgi_schema_free(&gaps);
}

TEST(rows_without_a_label_are_left_out_of_all_measures)
{
    hg_ctx *ctx = test_ctx();
    static const char *const text[] = {"y,x\n0,a\n,a\n1,a\nNA,a\n",
                                       "y,x\nok,a\n,a\nbad,a\n,a\n",
                                       "y,x\nno,a\n,a\nyes,a\n,a\n"};
    unsigned char label[2 * N];
    for (int i = 0; i < HGI_COUNT(text); i++) {
        char path[TEST_PATH];
        hg_data_options o = {.size = sizeof o, .columns = "y"};
        hg_dataset *d;
        test_where("%s", text[i]);
        test_write(path, "labels.csv", text[i], strlen(text[i]));
        CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
        CHECK_OK(ctx, hg_labels_read(ctx, d, i == 1 ? "ok" : NULL, NULL, label));
        CHECK(label[0] == 0 && label[2] == 1);
        CHECK(label[1] == HG_UNLABELLED && label[3] == HG_UNLABELLED);
        hg_dataset_free(&d);
    }
    test_where(NULL);
    /* Rows beside the labelled ones change nothing, whatever they score. */
    double score[2 * N];
    unsigned char few[N];
    hg_detection *some, *all;
    hg_detection_options o = {.size = sizeof o, .threshold = 0.5, .resamples = 50};
    make_scores(score, few);
    CHECK_OK(ctx, hg_detection_new(ctx, score, few, N, &o, &all));
    for (int i = N - 1; i >= 0; i--) {
        score[2 * i + 1] = score[i], label[2 * i + 1] = few[i];
        score[2 * i] = i % 3 == 0 ? (double)NAN : 100.0 * i, label[2 * i] = HG_UNLABELLED;
    }
    CHECK_OK(ctx, hg_detection_new(ctx, score, label, 2 * N, &o, &some));
    hg_detection_measure a = {.size = sizeof a}, b = a;
    for (int i = 0; hg_detection_at(all, i, &a); i++) {
        CHECK(hg_detection_at(some, i, &b));
        test_where("%s", a.name);
        CHECK_NEAR(a.value, b.value, 0);
        CHECK_NEAR(a.low, b.low, 0);
        CHECK_NEAR(a.high, b.high, 0);
    }
    test_where(NULL);
    hg_detection_free(&some);
    hg_detection_free(&all);
}

/* ---- drift --------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

TEST(the_distance_and_p_value_are_those_of_kolmogorov_and_smirnov)
{
    double x[200], y[300];
    hgi_drift d;
    for (int i = 0; i < 200; i++) x[i] = (double)(i * 37 % 211) / 10;
    for (int i = 0; i < 300; i++) y[i] = (double)(i * 53 % 307) / 12;
    qsort(x, 200, sizeof *x, ascending);
    hgi_drift_open(&d, 200, x);
    CHECK_INT(d.points, 200);
    hgi_drift_add(&d, 100, y); /* in pieces */
    hgi_drift_add(&d, 200, y + 100);
    /* scipy.stats.ks_2samp: distance 0.175, p 0.001156 exactly and 0.001101 by its
     * asymptotic formula, which has no correction for small samples. */
    CHECK_NEAR(hgi_drift_distance(&d), 0.175, 1e-12);
    CHECK_NEAR(hgi_ks_p_value(0.175, 200, 300), 0.00110, 1.5e-4);
    CHECK_NEAR(hgi_ks_p_value(0.1, 40000, 50000) / hgi_ks_p_value(0.1, 50000, 40000), 1,
               1e-12);
    CHECK_NEAR(hgi_ks_p_value(0.02, 100, 100), 1, 1e-6);
    CHECK_NEAR(hgi_ks_p_value(1, 100000, 100000), 0, 0);
    /* Large samples: scipy.stats.kstwobign.sf(1.4907), hardly moved by the correction. */
    CHECK_NEAR(hgi_ks_p_value(0.005, 160000, 200000), 0.0234872, 1e-4);
}

TEST(rows_like_the_calibration_rows_raise_an_alarm_no_more_often_than_promised)
{
    enum { TIMES = 2000, CALIBRATION = 3000, ROWS = 150 };
    static double x[CALIBRATION], y[ROWS];
    uint64_t seed = 3;
    int below[2] = {0, 0};
    for (int t = 0; t < TIMES; t++) {
        hgi_drift d;
        for (int i = 0; i < CALIBRATION; i++) x[i] = test_uniform(&seed, 0, 1);
        for (int i = 0; i < ROWS; i++) y[i] = test_uniform(&seed, 0, 1);
        qsort(x, CALIBRATION, sizeof *x, ascending);
        hgi_drift_open(&d, CALIBRATION, x);
        CHECK_INT(d.points, HGI_DRIFT_POINTS);
        hgi_drift_add(&d, ROWS, y);
        double p = hgi_ks_p_value(hgi_drift_distance(&d), CALIBRATION, ROWS);
        below[0] += p < 0.05;
        below[1] += p < 0.01;
    }
    /* 4 standard errors above; and the test is not so careful that it is of no use. */
    CHECK(below[0] < 0.05 * TIMES + 4 * sqrt(0.05 * 0.95 * TIMES));
    CHECK(below[1] < 0.01 * TIMES + 4 * sqrt(0.01 * 0.99 * TIMES));
    CHECK(below[0] > 0.03 * TIMES);
}

TEST(equal_calibration_scores_are_one_point)
{
    double x[4] = {1, 1, 1, 1}, y[4] = {1, 1, 1, 1}, z[4] = {0, 1, 2, 3};
    hgi_drift d;
    hgi_drift_open(&d, 4, x);
    CHECK_INT(d.points, 1);
    hgi_drift_add(&d, 4, y);
    CHECK_NEAR(hgi_drift_distance(&d), 0, 0);
    hgi_drift_open(&d, 4, x);
    hgi_drift_add(&d, 4, z);
    CHECK_NEAR(hgi_drift_distance(&d), 0.5, 0);
}

/* ---- pictures ------------------------------------------------------------------------ */

TEST(curves_are_drawn_or_the_reason_is_said)
{
    hg_ctx *ctx = test_ctx();
    double score[N];
    unsigned char label[N];
    char path[TEST_PATH];
    hg_fact fact;
    bool cairo = false;
    for (int i = 0; hg_info(ctx, i, &fact); i++)
        cairo |= strcmp(fact.name, "cairo") == 0 && strstr(fact.value, "not") == NULL;
    if (!cairo) SKIP("built without cairo");
    make_scores(score, label);
    static const char *const kinds[] = {"roc", "pr", "scores"};
    /* No threshold, one below all scores, one above all, one among them. */
    static const double thresholds[] = {NAN, -1, 1e9, 8.05};
    for (int k = 0; k < 3; k++)
        for (int t = 0; t < 4; t++) {
            size_t n;
            test_where("%s, threshold %g", kinds[k], thresholds[t]);
            hg_detection *d = detect(ctx, score, label, thresholds[t], -1, 0);
            test_path(path, "a.svg");
            CHECK_OK(ctx, hg_plot_detection(ctx, d, kinds[k], path, NULL));
            char *svg = test_read(path, &n);
            CHECK(strstr(svg, "<svg") != NULL);
            free(svg);
            hg_detection_free(&d);
        }
    test_where(NULL);
    hg_detection *d = detect(ctx, score, label, 8, -1, 0);
    CHECK_FAILS(ctx, hg_plot_detection(ctx, d, "rocs", path, NULL), HG_EUNKNOWN, "'roc'");
    /* One score for all rows has a picture, too. */
    hg_detection_free(&d);
    for (int i = 0; i < N; i++) score[i] = 2;
    d = detect(ctx, score, label, 2, -1, 0);
    for (int k = 0; k < 3; k++)
        CHECK_OK(ctx, hg_plot_detection(ctx, d, kinds[k], path, NULL));
    hg_detection_free(&d);
}
