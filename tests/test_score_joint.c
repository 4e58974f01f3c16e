// SPDX-License-Identifier: MIT
/* The preset anomaly and its score: what it takes rows and their surroundings for. */
#include "test_models.h"

#include "apply/score.h"

#include <math.h>

enum { D = 3 };

static double normal(uint64_t *seed)
{
    double u = 1 - test_uniform(seed, 0, 1), v = test_uniform(seed, 0, 1);
    return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

/* Two columns that go together, and one by itself. */
static float *pairs(uint64_t seed, int64_t n)
{
    float *x = malloc((size_t)(n * D) * sizeof *x);
    for (int64_t r = 0; r < n; r++) {
        double a = normal(&seed);
        x[r * D] = (float)a;
        x[r * D + 1] = (float)(2 * a + 0.2 * normal(&seed));
        x[r * D + 2] = (float)(5 + normal(&seed));
    }
    return x;
}

static hg_model *train_on(hg_ctx *ctx, const float *x, int64_t n, const char *trim)
{
    hg_config *cfg;
    hg_model *m;
    hg_dataset *data = rows_of(ctx, x, n, D);
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    CHECK_OK(ctx, hg_config_preset(cfg, "anomaly"));
    CHECK_OK(ctx, hg_config_set(cfg, "min-steps", "100")); /* not good, but quick */
    CHECK_OK(ctx, hg_config_set(cfg, "trim", trim));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m));
    hg_config_free(&cfg);
    hg_dataset_free(&data);
    return m;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The score that so great a share of the rows does not exceed. */
static double quantile(hg_ctx *ctx, const hg_model *m, const float *x, int64_t n,
                       double share)
{
    double *s = malloc((size_t)n * sizeof *s);
    CHECK_OK(ctx, hg_score(ctx, m, x, n, s));
    qsort(s, (size_t)n, sizeof *s, ascending);
    double q = s[(int64_t)(share * (double)(n - 1))];
    free(s);
    return q;
}

static double score_of(hg_ctx *ctx, const hg_model *m, float a, float b, float c)
{
    double s;
    CHECK_OK(ctx, hg_score(ctx, m, (float[]){a, b, c}, 1, &s));
    return s;
}

TEST(rows_of_the_training_score_like_new_ones_because_none_vouches_for_itself)
{
    hg_ctx *ctx = test_ctx();
    enum { N = 400 }; /* fewer than are kept: each row is a reference row */
    float *x = pairs(1, N), *fresh = pairs(2, N);
    hg_model *m = train_on(ctx, x, N, "0");
    /* Medians of 400 scores that vary by half of themselves: 3 % of standard error each.
     * Counted as their own neighbours, rows are a tenth nearer: 0.9 with nothing else. */
    CHECK_NEAR(quantile(ctx, m, x, N, 0.5) / quantile(ctx, m, fresh, N, 0.5), 1, 0.08);
    CHECK_NEAR(quantile(ctx, m, fresh, N, 0.5), 1, 0.15); /* the unit */
    hg_model_free(&m);
    free(fresh);
    free(x);
}

TEST(a_row_whose_values_do_not_go_together_scores_high_though_each_is_usual)
{
    hg_ctx *ctx = test_ctx();
    enum { N = 400 };
    float *x = pairs(1, N), *fresh = pairs(2, N);
    hg_model *m = train_on(ctx, x, N, "0");
    CHECK(score_of(ctx, m, 1, -1, 5) > quantile(ctx, m, fresh, N, 0.99));
    CHECK(score_of(ctx, m, 1, 2, 5) < quantile(ctx, m, fresh, N, 0.9));
    hg_model_free(&m);
    free(fresh);
    free(x);
}

TEST(wild_values_in_the_training_do_not_stretch_their_column)
{
    hg_ctx *ctx = test_ctx();
    enum { N = 400 };
    float *x = pairs(1, N), *fresh = pairs(2, N);
    for (int64_t r = 0; r < 4; r++) x[r * 100 * D + 2] = 1e6F;
    hg_model *m = train_on(ctx, x, N, "0");
    /* Eight deviations, though the column's own is now 1e5. */
    CHECK(score_of(ctx, m, 0, 0, 13) > quantile(ctx, m, fresh, N, 0.99));
    hg_model_free(&m);
    free(fresh);
    free(x);
}

TEST(dense_and_thin_regions_have_their_own_measure)
{
    hg_ctx *ctx = test_ctx();
    enum { N = 600 };
    uint64_t seed = 3;
    float *x = malloc(N * D * sizeof *x), *thin = x + N / 2 * D;
    for (int64_t i = 0; i < N * D; i++)
        x[i] = (float)(i < N / 2 * D ? 0.05 * normal(&seed) - 4 : normal(&seed) + 4);
    hg_model *m = train_on(ctx, x, N, "0");
    /* As far from the dense ones as thin ones are from each other. */
    CHECK(score_of(ctx, m, -4, -4, -3.2F) > quantile(ctx, m, thin, N / 2, 0.9));
    hg_model_free(&m);
    free(x);
}

TEST(tables_of_few_different_rows_have_scores)
{
    hg_ctx *ctx = test_ctx();
    enum { N = 300 };
    float *x = malloc(N * D * sizeof *x);
    for (int64_t r = 0; r < N; r++) {
        x[r * D] = (float)(r % 2);
        x[r * D + 1] = (float)(r / 2 % 2);
        x[r * D + 2] = 7; /* constant */
    }
    hg_model *m = train_on(ctx, x, N, "0");
    double usual = score_of(ctx, m, 1, 0, 7);
    CHECK(usual < score_of(ctx, m, 1, 0, 8));
    CHECK(usual < score_of(ctx, m, 3, 0, 7));
    hg_model_free(&m);
    for (int64_t i = 0; i < N * D; i++) x[i] = 7;
    m = train_on(ctx, x, N, "0"); /* all rows are equal */
    CHECK(isfinite(score_of(ctx, m, 7, 7, 7)));
    CHECK(score_of(ctx, m, 7, 7, 7) < score_of(ctx, m, 7, 9, 7));
    hg_model_free(&m);
    free(x);
}

TEST(anomalies_that_resemble_each_other_are_found_after_trimming)
{
    hg_ctx *ctx = test_ctx();
    enum { N = 400, ODD = 24 };
    uint64_t seed = 9;
    float *x = pairs(1, N);
    for (int64_t i = 0; i < ODD * D; i++) x[i] = (float)(0.2 * normal(&seed) - 5);
    hg_model *plain = train_on(ctx, x, N, "0"), *m = train_on(ctx, x, N, "0.2");
    /* Ten neighbours of their own kind make them usual; trimmed away they are the highest:
     * most of them above nearly all normal rows. */
    double limit = quantile(ctx, m, x + ODD * D, N - ODD, 0.98);
    CHECK(quantile(ctx, m, x, ODD, 0.1) > limit);
    limit = quantile(ctx, plain, x + ODD * D, N - ODD, 0.98);
    CHECK(quantile(ctx, plain, x, ODD, 0.5) < limit);
    hg_model_free(&plain);
    hg_model_free(&m);
    free(x);
}

TEST(a_joint_score_that_was_tampered_with_is_refused)
{
    hg_ctx *ctx = test_ctx();
    float *x = pairs(1, 200);
    hg_model *m = train_on(ctx, x, 200, "0.1");
    static const struct {
        const char *tensor;
        int64_t at;
        double value;
        const char *part;
    } rows[] = {
        {"rule", 0, 0, "rule"},       {"rule", 0, 1e9, "rule"},
        {"rule", 1, 2, "rule"},       {"rule", 2, 0, "rule"},
        {"own", 3, -1, "below 0"},    {"space", 0, 1e31, "out of range"},
        {"space", 6, 0, "out of"},    {"space", 18, -1, "out of"},
        {"factor", 0, 0, "diagonal"},
    };
    double score;
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        hgi_score_state *s = &m->detector.state[0];
        test_where("%s %d", rows[i].tensor, (int)rows[i].at);
        for (int t = 0; t < s->tensors; t++) {
            if (strcmp(s->tensor[t].name, rows[i].tensor) != 0) continue;
            double *v = &s->tensor[t].v[rows[i].at], was = *v;
            *v = rows[i].value;
            CHECK_FAILS(ctx, hg_score(ctx, m, x, 1, &score), HG_EFORMAT, rows[i].part);
            *v = was;
        }
        CHECK_OK(ctx, hg_score(ctx, m, x, 1, &score));
        for (int t = 0; t < s->tensors; t++) { /* and without it */
            if (strcmp(s->tensor[t].name, rows[i].tensor) != 0) continue;
            s->tensor[t].name[0]++;
            CHECK_FAILS(ctx, hg_score(ctx, m, x, 1, &score), HG_EFORMAT, "expected");
            s->tensor[t].name[0]--;
        }
    }
    test_where(NULL);
    hg_model_free(&m);
    free(x);
}

TEST(short_tables_are_trained_for_as_many_steps_as_asked_for)
{
    hg_ctx *ctx = test_ctx();
    hg_config *cfg;
    hg_model *m;
    hg_model_info info = {.size = sizeof info};
    float *x = pairs(1, 100);
    hg_dataset *data = rows_of(ctx, x, 100, D);
    static const char *const steps[] = {"1", "30", "33"};
    static const int epochs[] = {2, 8, 9}; /* of four steps each, at least two */
    for (int i = 0; i < 3; i++) {
        CHECK_OK(ctx, hg_config_new(ctx, &cfg));
        CHECK_OK(ctx, hg_config_set(cfg, "code", "2"));
        CHECK_OK(ctx, hg_config_set(cfg, "batch-size", "32"));
        CHECK_OK(ctx, hg_config_set(cfg, "epochs", "2"));
        CHECK_OK(ctx, hg_config_set(cfg, "min-steps", steps[i]));
        CHECK_OK(ctx, hg_train(ctx, cfg, data, NULL, NULL, &m));
        CHECK_OK(ctx, hg_model_get_info(ctx, m, &info));
        CHECK_INT(info.epochs, epochs[i]);
        hg_model_free(&m);
        hg_config_free(&cfg);
    }
    hg_dataset_free(&data);
    free(x);
}

/* Most rows have twins, at a distance of 0: the others say what 1 is. */
TEST(scores_of_rows_that_mostly_have_twins_are_of_the_order_of_1)
{
    enum { N = 400 };
    hg_ctx *ctx = test_ctx();
    static float x[N * D];
    static double score[N];
    uint64_t seed = 3;
    double sum = 0;
    for (int i = 0; i < N * D; i++)
        x[i] = i / D % 10 == 0 ? (float)normal(&seed) : (float)(i / D % 2);
    hg_model *m = train_on(ctx, x, N, "0");
    CHECK_OK(ctx, hg_score(ctx, m, x, N, score));
    for (int i = 0; i < N; i++) sum += score[i];
    /* In units of a thousandth of a deviation it would be some hundreds. */
    CHECK(sum / N > 0.1 && sum / N < 10);
    hg_model_free(&m);
}
