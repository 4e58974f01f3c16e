// SPDX-License-Identifier: MIT
/* Calibration rows that are not all normal: what trim makes of them, and of the promise. */
#include "test_models.h"

#include "apply/rule.h"
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 4 };

static double normal(uint64_t *seed)
{
    double u = 1 - test_uniform(seed, 0, 1), v = test_uniform(seed, 0, 1);
    return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

/* One hidden number seen four times; every `each`-th row (0: none) is far from all that. */
static float *rows_with(uint64_t seed, int64_t n, int64_t each)
{
    float *x = malloc((size_t)(n * D) * sizeof *x);
    for (int64_t r = 0; r < n; r++) {
        double a = normal(&seed);
        bool odd = each > 0 && r % each == 0;
        for (int j = 0; j < D; j++)
            x[r * D + j] = (float)(odd ? 6 * normal(&seed) : a + 0.2 * normal(&seed));
    }
    return x;
}

static hg_model *train(hg_ctx *ctx, const float *x, int64_t n, const char *trim)
{
    static const char *const set[][2] = {
        {"code", "1"},     {"activation", "linear"}, {"epochs", "15"},     {"lr", "0.01"},
        {"loss", "huber"}, {"batch-size", "32"},     {"score", "residual"}};
    hg_config *cfg;
    hg_model *m;
    hg_dataset *data = rows_of(ctx, x, n, D);
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (int i = 0; i < HGI_COUNT(set); i++)
        CHECK_OK(ctx, hg_config_set(cfg, set[i][0], set[i][1]));
    CHECK_OK(ctx, hg_config_set(cfg, "trim", trim));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m));
    hg_dataset_free(&data);
    hg_config_free(&cfg);
    return m;
}

/* Share of rows above the threshold of one false alarm in 50. */
static double alarms(hg_ctx *ctx, const hg_model *m, const float *x, int64_t n)
{
    hg_rule rule;
    hg_decision d = {.size = sizeof d};
    double *score = malloc((size_t)n * sizeof *score);
    CHECK_OK(ctx, hg_rule_parse(ctx, "false-alarms", "1/50", &rule));
    CHECK_OK(ctx, hg_score(ctx, m, x, n, score));
    CHECK_OK(ctx, hg_decide(ctx, m, &rule, score, n, NULL, &d));
    free(score);
    return (double)d.anomalies / (double)n;
}

TEST(trimmed_calibration_promises_its_rate_for_normal_rows)
{
    enum { N = 5000, T = 4000 };
    hg_ctx *ctx = test_ctx();
    float *mixed = rows_with(1, N, 20), *clean = rows_with(2, T, 0),
          *odd = rows_with(3, T, 1);
    double normals[2], found[2];
    for (int k = 0; k < 2; k++) {
        hg_model *m = train(ctx, mixed, N, k == 0 ? "0" : "0.05");
        hg_detector_info info = {.size = sizeof info};
        CHECK_OK(ctx, hg_detector_get_info(ctx, m, &info));
        /* A fifth of the rows calibrates, of which trim leaves out 5 %. */
        CHECK_INT(info.calibration_rows, k == 0 ? 1000 : 950);
        CHECK_INT(info.trimmed_rows, k == 0 ? 0 : 50);
        normals[k] = alarms(ctx, m, clean, T);
        found[k] = alarms(ctx, m, odd, T);
        hg_model_free(&m);
    }
    /* One row in 20 is abnormal: without trim the threshold of 1/50 lies among them, and
     * hardly a normal row is above it.  With trim it is that of the normal rows: of 950 of
     * them, and of 4,000 others, the share above it has a standard error of
     * sqrt(0.02 * 0.98 * (1/950 + 1/4000)) = 0.0050, of which four are allowed, and what
     * the abnormal rows that score as low as normal ones push it by: a few in 1000.    */
    CHECK(normals[0] < 0.002);
    CHECK(normals[1] > 0.005 && normals[1] < 0.045);
    CHECK(found[1] > found[0] + 0.2);
    free(mixed);
    free(clean);
    free(odd);
}

TEST(trimming_clean_calibration_rows_costs_at_most_the_share_that_was_trimmed)
{
    enum { N = 3000, T = 4000 };
    hg_ctx *ctx = test_ctx();
    float *x = rows_with(4, N, 0), *clean = rows_with(5, T, 0);
    hg_model *m = train(ctx, x, N, "0.05");
    double share = alarms(ctx, m, clean, T);
    /* 0.02 of what is left and the 0.05 that are gone; the standard error is that of 600
     * and 4,000 rows: 0.011, of which four.                                            */
    CHECK(share > 0.02 && share < 0.05 + 0.02 + 0.044);
    hg_model_free(&m);
    free(x);
    free(clean);
}

TEST(trimmed_scores_stay_in_the_file_for_drift_alone)
{
    enum { N = 600 };
    hg_ctx *ctx = test_ctx();
    float *x = rows_with(6, N, 10);
    hg_model *m = train(ctx, x, N, "0.1"), *back;
    char path[TEST_PATH];
    test_path(path, "trimmed.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &back));
    CHECK_INT(back->detector.calibrated, 108);
    CHECK_INT(back->detector.trimmed, 12);
    CHECK_INT(
        memcmp(back->detector.calibration, m->detector.calibration, 120 * sizeof(double)),
        0);
    CHECK(hg_p_value(back, 1e30) * 109 > 0.999);
    /* Other rows are as normal as whoever calibrates with them says. */
    hg_dataset *rows = rows_of(ctx, x, 200, D);
    CHECK_OK(ctx, hg_detector_calibrate(ctx, back, rows));
    CHECK_INT(back->detector.calibrated, 200);
    CHECK_INT(back->detector.trimmed, 0);
    hg_dataset_free(&rows);
    hg_model_free(&m);
    hg_model_free(&back);
    free(x);
}
