// SPDX-License-Identifier: MIT
/* Bins for scores: the threshold is an edge of them, and far rows do not stretch them. */
#include "test.h"

#include "apply/plot_bins.h"

#include <math.h>

enum { ROWS = 2000 };

/* Normal scores from 1 to 2, every twentieth row an anomaly from 2 to 4; the first of those
 * has the score `far`. */
static hg_detection *make(hg_ctx *ctx, double far, double threshold)
{
    static double score[ROWS];
    static unsigned char label[ROWS];
    const hg_detection_options o = {
        .size = sizeof o, .threshold = threshold, .resamples = -1};
    hg_detection *d;
    for (int i = 0; i < ROWS; i++) {
        label[i] = i % 20 == 7;
        score[i] = label[i] ? 2 + (i % 97) / 48.0 : 1 + (i * 7 % 1000) / 1000.0;
    }
    score[7] = far;
    CHECK_OK(ctx, hg_detection_new(ctx, score, label, ROWS, &o, &d));
    return d;
}

static double sum(const hgi_bins *b, int kind, int from, int to)
{
    double s = 0;
    for (int i = from; i < to; i++) s += b->share[kind][i];
    return s;
}

static int filled(const hgi_bins *b)
{
    int n = 0;
    for (int i = 0; i < b->count; i++) n += b->share[0][i] > 0;
    return n;
}

TEST(a_far_anomaly_leaves_the_normal_rows_their_bins)
{
    hg_ctx *ctx = test_ctx();
    static const double far[] = {4.1, 30, 1e6, 1e30};
    for (int i = 0; i < 4; i++) {
        hgi_bins b;
        test_where("far %g", far[i]);
        hg_detection *d = make(ctx, far[i], 1.983);
        hgi_bins_count(d, &b);
        /* A seventh of the bins, but for what rounding takes. */
        CHECK(filled(&b) >= b.count / 7);
        CHECK(b.count <= HGI_BINS);
        CHECK_INT(b.above, i > 0);
        CHECK_INT(b.below, 0);
        for (int k = 0; k < 2; k++) CHECK_NEAR(sum(&b, k, 0, b.count), 100, 1e-9);
        if (i > 0) CHECK(b.share[1][b.count - 1] > 0);
        hg_detection_free(&d);
    }
    test_where(NULL);
}

TEST(the_threshold_is_an_edge_and_the_bins_above_it_are_the_alarms)
{
    hg_ctx *ctx = test_ctx();
    /* A score that rows have, some between scores, one among the anomalies. */
    static const double t[] = {1.5, 1.0005, 1.98345, 3.0001};
    for (int i = 0; i < 4; i++) {
        hgi_bins b;
        double above[2] = {0, 0};
        test_where("threshold %g", t[i]);
        hg_detection *d = make(ctx, 1e4, t[i]);
        hgi_bins_count(d, &b);
        CHECK(b.threshold > 0 && b.threshold < b.count);
        CHECK(hgi_bins_edge(&b, d, b.threshold) == t[i]);
        for (int k = 0; k < b.count; k++)
            CHECK(hgi_bins_edge(&b, d, k) < hgi_bins_edge(&b, d, k + 1));
        for (int64_t r = 0; r < d->n; r++)
            above[(d->row[r] & HGI_RANKED_ANOMALY) ? 1 : 0] += d->score[r] > t[i];
        CHECK_NEAR(sum(&b, 0, b.threshold, b.count), above[0] / 19, 1e-9);
        CHECK_NEAR(sum(&b, 1, b.threshold, b.count), above[1], 1e-9);
        hg_detection_free(&d);
    }
    test_where(NULL);
}

/* Without a threshold, and with one that no score is near, bins are as they come. */
TEST(a_threshold_beyond_all_scores_is_no_edge)
{
    hg_ctx *ctx = test_ctx();
    static const double t[] = {NAN, -3, 1e9};
    for (int i = 0; i < 3; i++) {
        hgi_bins b;
        hg_detection *d = make(ctx, 5, t[i]);
        hgi_bins_count(d, &b);
        CHECK_INT(b.threshold, -1);
        CHECK_NEAR(sum(&b, 0, 0, b.count), 100, 1e-9);
        hg_detection_free(&d);
    }
}
