// SPDX-License-Identifier: MIT
/* Detectors: what rules promise, that a score is the same wherever it is made, model files
 * that hold one, splits. */
#include "test_models.h"

#include "apply/detect.h"
#include "apply/rule.h"
#include "apply/score.h"
#include "metrics/tail.h"
#include "model/container.h"

#include <math.h>

/* ---- data ------------------------------------------------------------------------ */

static double normal(uint64_t *seed)
{
    double u = 1 - test_uniform(seed, 0, 1), v = test_uniform(seed, 0, 1);
    return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

enum { D = 5 };

/* Two hidden numbers seen through five columns, with noise; the last `odd` rows break the
 * tie between the columns. */
static float *rows_with(uint64_t seed, int64_t n, int64_t odd)
{
    static const double look[D][2] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}, {2, 1}};
    float *x = malloc((size_t)(n * D) * sizeof *x);
    for (int64_t r = 0; r < n; r++) {
        double a = normal(&seed), b = normal(&seed);
        for (int j = 0; j < D; j++) {
            double v = look[j][0] * a + look[j][1] * b + 0.1 * normal(&seed);
            x[r * D + j] = (float)(r >= n - odd ? 2 * normal(&seed) : v);
        }
    }
    return x;
}

static hg_config *config_of(hg_ctx *ctx, const char *const *pairs)
{
    hg_config *cfg;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (; *pairs != NULL; pairs += 2)
        CHECK_OK(ctx, hg_config_set(cfg, *pairs, pairs[1]));
    return cfg;
}

/* The next kind of score for rows of any sort; that of images is in test_score_image.c. */
static bool next_kind(int *k, hg_fact *kind)
{
    while (hg_list("scores", *k, kind))
        if (++*k, strcmp(kind->name, "image") != 0) return true;
    return false;
}

/* The kind of code that a score asks for. */
static const char *code_for(const char *score)
{
    return strcmp(score, "probability") == 0 ? "variational beta=0.01" : "plain";
}

/* A linear net of two latents, trained for a moment. */
static hg_model *train_with(hg_ctx *ctx, const float *x, int64_t n, const char *key,
                            const char *value)
{
    const char *code = code_for(strcmp(key, "score") == 0 ? value : "");
    hg_config *cfg = config_of(
        ctx, (const char *const[]){"code",     "2",    "activation", "linear",    "scale",
                                   "standard", "loss", "mse",        "epochs",    "20",
                                   "lr",       "0.01", "batch-size", "32",        "score",
                                   "residual", key,    value,        "code-kind", code,
                                   NULL});
    hg_dataset *data = rows_of(ctx, x, n, D);
    hg_model *m;
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m));
    hg_dataset_free(&data);
    hg_config_free(&cfg);
    return m;
}

/* ---- tails and rates --------------------------------------------------------------- */

TEST(a_generalised_pareto_tail_comes_back_with_its_shape)
{
    static const double shapes[] = {-0.2, 0, 0.3};
    enum { N = 20000 };
    double *v = malloc(N * sizeof *v);
    for (int s = 0; s < 3; s++) {
        double xi = shapes[s];
        test_where("shape %g", xi);
        /* Quantiles at even steps: a sample without chance. */
        for (int i = 0; i < N; i++) {
            double p = 1 - (i + 0.5) / N;
            v[i] = s == 1 ? -log(p) : (pow(p, -xi) - 1) / xi;
        }
        hgi_gpd g = hgi_gpd_fit(N, v);
        CHECK_INT(g.rows, 2000);
        /* The moments' bias at 2,000 even steps is of the order of 1 / 2,000. */
        CHECK_NEAR(g.shape, xi, 0.01);
        for (double rate = 1e-2; rate > 1e-6; rate /= 10) {
            double q = hgi_gpd_quantile(&g, rate);
            double want = s == 1 ? -log(rate) : (pow(rate, -xi) - 1) / xi;
            /* A shape off by 0.004 moves the farthest, four decades out, by 3 %. */
            CHECK_NEAR(q / want, 1, 0.04);
            CHECK_NEAR(hgi_gpd_share(&g, q) / rate, 1, 1e-9);
        }
    }
    test_where(NULL);
    free(v);
}

TEST(no_tail_is_fitted_to_few_scores_or_to_equal_ones)
{
    double v[1000];
    for (int i = 0; i < 1000; i++) v[i] = i;
    CHECK_INT(hgi_gpd_fit(199, v).rows, 0);
    CHECK(hgi_gpd_fit(200, v).rows >= 20);
    for (int i = 0; i < 1000; i++) v[i] = 3;
    CHECK_INT(hgi_gpd_fit(1000, v).rows, 0);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

TEST(a_threshold_is_exceeded_as_often_as_promised_whatever_the_distribution)
{
    /* The expected share above a threshold taken from n values, over many samples. */
    static const struct {
        int n;
        double rate;
    } rows[] = {{99, 0.01}, {150, 0.01}, {1234, 0.005}, {47, 0.1}, {333, 0.0137}};
    enum { TIMES = 2000 };
    uint64_t seed = 7;
    double v[1234];
    for (int k = 0; k < HGI_COUNT(rows); k++)
        for (int heavy = 0; heavy < 2; heavy++) {
            double sum = 0, square = 0;
            test_where("%d rows, rate %g, %s tail", rows[k].n, rows[k].rate,
                       heavy ? "a heavy" : "an exponential");
            for (int t = 0; t < TIMES; t++) {
                for (int i = 0; i < rows[k].n; i++) v[i] = 1 - test_uniform(&seed, 0, 1);
                /* Scores whose share above them is v: sorted by falling v. */
                for (int i = 0; i < rows[k].n; i++)
                    v[i] = heavy ? pow(v[i], -0.3) : -log(v[i]);
                qsort(v, (size_t)rows[k].n, sizeof *v, ascending);
                double s = hgi_rate_threshold(rows[k].n, v, rows[k].rate);
                double share = heavy ? pow(s, -1 / 0.3) : exp(-s);
                sum += share;
                square += share * share;
            }
            double mean = sum / TIMES;
            double error = sqrt((square / TIMES - mean * mean) / TIMES);
            /* Four standard errors: one test of ten in 3,000 would fail by chance, and the
             * seed is fixed.  A heavy tail is not log-linear between two values: 2 %. */
            CHECK_NEAR(mean, rows[k].rate, 4 * error + (heavy ? 0.02 : 0) * rows[k].rate);
        }
    test_where(NULL);
}

TEST(p_values_count_equal_scores_as_higher)
{
    hg_ctx *ctx = test_ctx();
    float *x = rows_with(1, 100, 0);
    hg_model *m = train_with(ctx, x, 100, "calibrate", "0.05");
    hgi_detector *d = &m->detector;
    CHECK_INT(d->calibrated, 5);
    const double scores[5] = {1, 2, 2, 2, 3};
    memcpy(d->calibration, scores, sizeof scores);
    CHECK_NEAR(hg_p_value(m, 4), 1.0 / 6, 1e-15);
    CHECK_NEAR(hg_p_value(m, 3), 2.0 / 6, 1e-15);
    CHECK_NEAR(hg_p_value(m, 2), 5.0 / 6, 1e-15);
    CHECK_NEAR(hg_p_value(m, 2.5), 2.0 / 6, 1e-15);
    CHECK_NEAR(hg_p_value(m, 0), 1, 1e-15);
    CHECK(isnan(hg_p_value(NULL, 1)));
    hg_model_free(&m);
    free(x);
}

/* ---- rules ------------------------------------------------------------------------- */

/* A model whose calibration scores are 1 .. n. */
static hg_model *counting(hg_ctx *ctx, int64_t n)
{
    float *x = rows_with(1, 40, 0);
    hg_model *m = train_with(ctx, x, 40, "calibrate", "0.1");
    hgi_detector *d = &m->detector;
    hgi_free(&ctx->mem, d->calibration);
    d->calibration = hgi_calloc(&ctx->mem, (size_t)n, sizeof(double));
    d->calibrated = n;
    for (int64_t i = 0; i < n; i++) d->calibration[i] = (double)(i + 1);
    hgi_gpd g = hgi_gpd_fit(n, d->calibration);
    d->tail = (hgi_tail){g.from, g.shape, g.scale, g.share, (double)g.rows};
    free(x);
    return m;
}

TEST(rules_decide_as_they_say)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = counting(ctx, 99);
    double score[100];
    unsigned char anomaly[100];
    hg_decision d = {.size = sizeof d};
    hg_rule rule;
    for (int i = 0; i < 100; i++) score[i] = i + 0.5;
    static const struct {
        const char *kind, *text;
        int64_t anomalies;
    } rows[] = {
        {"false-alarms", "1/10", 10}, /* above 90, the tenth highest: 90.5 .. 99.5 */
        {"quantile", "0.9", 10},       {"quantile", "90%", 10},
        {"false-alarms", "1%", 1},     {"threshold", "97.4", 3},
        {"contamination", "0.25", 25},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s %s", rows[i].kind, rows[i].text);
        CHECK_OK(ctx, hg_rule_parse(ctx, rows[i].kind, rows[i].text, &rule));
        CHECK_OK(ctx, hg_decide(ctx, m, &rule, score, 100, anomaly, &d));
        CHECK_INT(d.anomalies, rows[i].anomalies);
        CHECK_INT(d.extrapolated, 0);
        for (int k = 0; k < 100; k++) CHECK_INT(anomaly[k], score[k] > d.threshold);
    }
    test_where(NULL);
    /* Equal scores are not parted. */
    for (int i = 0; i < 100; i++) score[i] = i < 90 ? 1 : 2;
    CHECK_OK(ctx, hg_rule_parse(ctx, "contamination", "0.05", &rule));
    CHECK_OK(ctx, hg_decide(ctx, m, &rule, score, 100, NULL, &d));
    CHECK_INT(d.anomalies, 0);
    /* Too rare for 99 rows, which are too few for a tail. */
    CHECK_OK(ctx, hg_rule_parse(ctx, "false-alarms", "1/1000", &rule));
    CHECK_FAILS(ctx, hg_decide(ctx, m, &rule, NULL, 0, NULL, &d), HG_ERANGE,
                "at least 999 calibration rows, the model has 99");
    CHECK_OK(ctx, hg_rule_parse(ctx, "fdr", "0.1", &rule));
    CHECK_FAILS(ctx, hg_decide(ctx, m, &rule, NULL, 0, NULL, &d), HG_EINVAL,
                "fdr is about all rows");
    hg_model_free(&m);
}

TEST(rarer_than_the_calibration_rows_is_extrapolated_and_said_so_or_refused)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = counting(ctx, 999);
    hg_decision d = {.size = sizeof d};
    hg_rule rule = {sizeof rule, "false-alarms", 1e-3};
    CHECK_OK(ctx, hg_decide(ctx, m, &rule, NULL, 0, NULL, &d));
    CHECK_INT(d.extrapolated, 0);
    CHECK_NEAR(d.threshold, 999, 0);
    rule.value = 2e-4;
    CHECK_OK(ctx, hg_decide(ctx, m, &rule, NULL, 0, NULL, &d));
    CHECK_INT(d.extrapolated, 1);
    CHECK(d.threshold >= 999);
    rule.value = 9e-6;
    CHECK_FAILS(ctx, hg_decide(ctx, m, &rule, NULL, 0, NULL, &d), HG_ERANGE,
                "even for their fitted tail");
    hg_model_free(&m);
}

TEST(benjamini_and_hochberg_on_their_own_example)
{
    /* The 15 p-values of their paper's section 3, at 0.05: the first four are called.  Here
     * as scores among 9,999 calibration rows. */
    static const double p[15] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201,
                                 0.0278, 0.0298, 0.0344, 0.0459, 0.3240,
                                 0.4262, 0.5719, 0.6528, 0.7590, 1.0};
    hg_ctx *ctx = test_ctx();
    hg_model *m = counting(ctx, 9999);
    hg_rule rule = {sizeof rule, "fdr", 0.05};
    hg_decision d = {.size = sizeof d};
    unsigned char anomaly[15];
    double score[15];
    for (int i = 0; i < 15; i++) {
        /* 1 + how many of 1 .. 9999 are as high = 10000 p */
        score[14 - i] = 9999 - round(10000 * p[i] - 1) + 0.5;
        CHECK_NEAR(hg_p_value(m, score[14 - i]), p[i], 1e-12);
    }
    CHECK_OK(ctx, hg_decide(ctx, m, &rule, score, 15, anomaly, &d));
    CHECK_INT(d.anomalies, 4);
    CHECK(anomaly[14] && anomaly[11] && !anomaly[10]);
    rule.value = 0.0001;
    CHECK_OK(ctx, hg_decide(ctx, m, &rule, score, 15, anomaly, &d));
    CHECK_INT(d.anomalies, 0);
    hg_model_free(&m);
}

TEST(rules_that_are_none_are_refused_with_what_was_expected)
{
    hg_ctx *ctx = test_ctx();
    hg_rule r;
    CHECK_FAILS(ctx, hg_rule_parse(ctx, "false-alarm", "1/10", &r), HG_EUNKNOWN,
                "'false-alarms'");
    CHECK_FAILS(ctx, hg_rule_parse(ctx, "fdr", "x", &r), HG_EINVAL, "1/1000 or 1%");
    CHECK_FAILS(ctx, hg_rule_parse(ctx, "fdr", "1/0", &r), HG_EINVAL, "1/1000");
    CHECK_FAILS(ctx, hg_rule_parse(ctx, "fdr", "", &r), HG_EINVAL, "1/1000");
    CHECK_FAILS(ctx, hg_rule_parse(ctx, "fdr", "%", &r), HG_EINVAL, "1/1000");
    CHECK_FAILS(ctx, hg_rule_parse(ctx, "fdr", "1", &r), HG_ERANGE, "below 1");
    CHECK_FAILS(ctx, hg_rule_parse(ctx, "quantile", "100%", &r), HG_ERANGE, "below 1");
    CHECK_FAILS(ctx, hg_rule_parse(ctx, "threshold", "nan", &r), HG_EINVAL, "number");
    CHECK_OK(ctx, hg_rule_parse(ctx, "threshold", "-3.5", &r));
    CHECK_NEAR(r.value, -3.5, 0);
}

/* ---- scores ------------------------------------------------------------------------ */

TEST(rows_that_break_the_ties_between_columns_score_higher_by_every_kind)
{
    enum { N = 1000, ODD = 50 };
    hg_ctx *ctx = test_ctx();
    float *x = rows_with(3, N, 0), *y = rows_with(4, 2 * ODD, ODD);
    hg_fact kind;
    for (int k = 0; next_kind(&k, &kind);) {
        test_where("score %s", kind.name);
        hg_model *m = train_with(ctx, x, N, "score", kind.name);
        double score[2 * ODD];
        int pairs = 0;
        CHECK_OK(ctx, hg_score(ctx, m, y, 2 * ODD, score));
        for (int i = 0; i < ODD; i++)
            for (int j = ODD; j < 2 * ODD; j++) pairs += score[j] > score[i];
        /* Odd rows are 20 standard deviations of the noise off: nearly all pairs. */
        CHECK(pairs > 0.97 * ODD * ODD);
        hg_model_free(&m);
    }
    test_where(NULL);
    free(x);
    free(y);
}

TEST(a_row_has_one_score_in_a_dataset_in_a_session_and_after_loading)
{
    enum { N = 400 };
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    test_path(path, "m.safetensors");
    float *x = rows_with(5, N, 20);
    hg_fact kind;
    for (int k = 0; next_kind(&k, &kind);)
        for (int nets = 1; nets <= 2; nets++) {
            double a[N], b[N], c[N];
            hg_model *m, *back;
            hg_session *s;
            hg_config *cfg =
                config_of(ctx, (const char *const[]){"hidden", "4", "code", "2", "epochs",
                                                     "3", "score", kind.name, "ensemble",
                                                     nets == 1 ? "1" : "2", "code-kind",
                                                     code_for(kind.name), NULL});
            hg_dataset *data = rows_of(ctx, x, N, D);
            test_where("score %s, %d nets", kind.name, nets);
            CHECK_OK(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m));
            CHECK_INT(m->detector.nets, nets);
            CHECK_OK(ctx, hg_score_dataset(ctx, m, data, a));
            CHECK_OK(ctx, hg_model_save(ctx, m, path));
            CHECK_OK(ctx, hg_model_load(ctx, path, &back));
            CHECK_OK(ctx, hg_score(ctx, back, x, N, b));
            CHECK(memcmp(a, b, sizeof a) == 0);
            CHECK_INT(back->detector.calibrated, m->detector.calibrated);
            CHECK_STR(back->detector.rule, m->detector.rule);
            for (int rows = 1; rows <= 7; rows += 6) {
                hg_session_options o = {.size = sizeof o, .rows = rows};
                CHECK_OK(ctx, hg_session_new(ctx, back, &o, &s));
                int64_t before = test_alloc_count();
                CHECK_INT(hg_session_score(s, x, N, c), HG_OK);
                CHECK_INT(test_alloc_count(), before); /* a row takes no memory */
                CHECK(memcmp(a, c, sizeof a) == 0);
                hg_session_free(&s);
            }
            hg_model_free(&m);
            hg_model_free(&back);
            hg_dataset_free(&data);
            hg_config_free(&cfg);
        }
    test_where(NULL);
    free(x);
}

TEST(detectors_are_the_same_bits_for_any_number_of_threads)
{
    enum { N = 700 };
    float *x = rows_with(6, N, 0);
    double first[N], other[N];
    for (int threads = 1; threads <= 3; threads++) {
        hg_ctx *ctx = context_of(threads);
        hg_model *m = train_with(ctx, x, N, "trim", "0.05");
        CHECK_OK(ctx, hg_score(ctx, m, x, N, threads == 1 ? first : other));
        if (threads > 1) CHECK(memcmp(first, other, sizeof first) == 0);
        hg_model_free(&m);
    }
    free(x);
}

TEST(a_row_of_huge_values_has_a_score_and_it_is_the_highest)
{
    hg_ctx *ctx = test_ctx();
    float *x = rows_with(8, 200, 0);
    hg_fact kind;
    for (int k = 0; next_kind(&k, &kind);) {
        hg_model *m = train_with(ctx, x, 200, "score", kind.name);
        double score[2];
        float y[2 * D] = {3e38f, -3e38f, 3e38f, 3e38f, 3e38f};
        test_where("score %s", kind.name);
        CHECK_OK(ctx, hg_score(ctx, m, y, 2, score));
        double usual[200];
        CHECK_OK(ctx, hg_score(ctx, m, x, 200, usual));
        CHECK(score[0] <= HGI_SCORE_MOST && score[0] > score[1]);
        for (int i = 0; i < 200; i++) CHECK(score[0] > 10 * fabs(usual[i]));
        hg_model_free(&m);
    }
    test_where(NULL);
    free(x);
}

TEST(gaps_neither_hide_a_row_nor_raise_an_alarm)
{
    /* Errors of c columns, half of them not observed: the score's mean and spread are those
     * of complete rows. */
    enum { N = 4000, C = 6 };
    hg_ctx *ctx = test_ctx();
    uint64_t seed = 2;
    hgi_real *r = malloc(N * C * sizeof *r);
    hgi_score_state state = {.tensors = 0};
    hgi_score_rows rows = {.n = N, .d = C, .k = 1, .c = C, .samples = 1, .r = r};
    double score[2][N], mean[2] = {0}, square[2] = {0};
    for (int i = 0; i < N; i++) {
        double common = fabs(normal(&seed)); /* columns go together a little */
        for (int j = 0; j < C; j++)
            r[i * C + j] = (hgi_real)((1 + j) * (0.5 + common) * normal(&seed));
    }
    const hgi_score_kind *kind;
    CHECK_OK(ctx, hgi_score_find(ctx, "residual", &kind));
    CHECK_OK(ctx, kind->fit(ctx, &rows, &state));
    CHECK(kind->check(&state, &rows) == NULL);
    double scratch[C];
    kind->score(&state, &rows, scratch, score[0]);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < C / 2; j++) r[i * C + (i + 2 * j) % C] = (hgi_real)NAN;
    kind->score(&state, &rows, scratch, score[1]);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < N; i++) {
            mean[k] += score[k][i] / N;
            square[k] += score[k][i] * score[k][i] / N;
        }
    }
    /* Standard errors of 4,000 scores with a spread of 1: 0.016 of the mean; of the spread,
     * whose squares have heavy tails, 0.06: three of each. */
    CHECK_NEAR(mean[0], 1, 1e-6);
    CHECK_NEAR(mean[1], 1, 0.05);
    CHECK_NEAR(sqrt(square[1] - mean[1] * mean[1]) / sqrt(square[0] - 1), 1, 0.18);
    for (int i = 0; i < C; i++) r[i] = (hgi_real)NAN;
    kind->score(&state, &rows, scratch, score[1]);
    CHECK_NEAR(score[1][0], 1, 0); /* nothing observed, nothing known */
    hgi_score_state_free(&ctx->mem, &state);
    free(r);
}

/* Rows of a colour and three numbers that go with it, as CSV; a share `gap` of the cells is
 * empty. */
static void write_table(char path[TEST_PATH], const char *name, uint64_t seed, int rows,
                        double gap)
{
    static const char *const colour[3] = {"red", "green", "blue"};
    char *text = malloc((size_t)rows * 64 + 64), *at = text;
    at += sprintf(at, "colour,a,b,c\n");
    for (int r = 0; r < rows; r++) {
        int k = (int)test_uniform(&seed, 0, 3);
        double a = 3 * k + 0.3 * normal(&seed), b = 2 * a + 0.3 * normal(&seed);
        double v[3] = {a, b, a - b + 0.3 * normal(&seed)};
        if (test_uniform(&seed, 0, 1) >= gap) at += sprintf(at, "%s", colour[k]);
        for (int j = 0; j < 3; j++) {
            *at++ = ',';
            if (test_uniform(&seed, 0, 1) >= gap) at += sprintf(at, "%.3f", v[j]);
        }
        *at++ = '\n';
    }
    test_write(path, name, text, (size_t)(at - text));
    free(text);
}

TEST(false_alarms_are_as_promised_with_any_share_of_gaps_in_a_table)
{
    enum { N = 3000 };
    static const double share[3] = {0, 0.1, 0.5};
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_dataset *train, *data;
    hg_fact kind;
    write_table(path, "train.csv", 1, 4000, 0.1);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &train));
    for (int k = 0; next_kind(&k, &kind);) {
        if (strcmp(kind.name, "probability") == 0) continue; /* its code: see above */
        hg_model *m, *back;
        hg_session *s;
        hg_config *cfg =
            config_of(ctx, (const char *const[]){"hidden", "8", "code", "2", "epochs",
                                                 "10", "lr", "0.01", "batch-size", "32",
                                                 "score", kind.name, NULL});
        CHECK_OK(ctx, hg_detector_train(ctx, cfg, train, NULL, NULL, NULL, &m));
        CHECK(m->detector.gap_levels >= 3);
        test_path(path, "m.safetensors");
        CHECK_OK(ctx, hg_model_save(ctx, m, path));
        CHECK_OK(ctx, hg_model_load(ctx, path, &back));
        CHECK_OK(ctx, hg_session_new(ctx, back, NULL, &s));
        for (int i = 0; i < 3; i++) {
            static double score[N], other[N];
            static float row[4];
            hg_data_options o = {.size = sizeof o, .schema = hg_model_schema(back)};
            hg_rule rule = {sizeof rule, "false-alarms", 0.05};
            hg_decision d = {.size = sizeof d};
            test_where("score %s, %g of the cells empty", kind.name, share[i]);
            write_table(path, "rows.csv", 2, N, share[i]);
            CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &data));
            CHECK_OK(ctx, hg_score_dataset(ctx, m, data, score));
            for (int r = 0; r < N; r++) {
                CHECK_OK(ctx, hg_dataset_read(ctx, data, r, 1, row));
                CHECK_INT(hg_session_score(s, row, 1, &other[r]), HG_OK);
            }
            CHECK(memcmp(score, other, sizeof score) == 0);
            CHECK_OK(ctx, hg_decide(ctx, m, &rule, score, N, NULL, &d));
            /* Rates of 800 calibration rows spread by 0.008, of 3,000 by 0.004: three of
             * both, and as much for quantiles of samples.  Without what was learnt of gaps
             * half the cells empty raise five times as many alarms as promised. */
            CHECK_NEAR((double)d.anomalies / N, 0.05, 0.045);
            hg_dataset_free(&data);
        }
        hg_session_free(&s);
        hg_model_free(&m);
        hg_model_free(&back);
        hg_config_free(&cfg);
    }
    test_where(NULL);
    hg_dataset_free(&train);
}

/* ---- training ---------------------------------------------------------------------- */

TEST(trimming_leaves_out_the_rows_that_do_not_belong)
{
    enum { N = 600, ODD = 90, T = 200 };
    hg_ctx *ctx = test_ctx();
    float *x = rows_with(9, N, ODD), *y = rows_with(10, T, T / 2);
    int pairs[2] = {0};
    for (int k = 0; k < 2; k++) {
        hg_model *m = train_with(ctx, x, N, "trim", k == 0 ? "0" : "0.2");
        double score[T];
        CHECK_OK(ctx, hg_score(ctx, m, y, T, score));
        for (int i = 0; i < T / 2; i++)
            for (int j = T / 2; j < T; j++) pairs[k] += score[j] > score[i];
        CHECK_INT(m->trained.rows, k == 0 ? 480 : 384); /* 80 %, and 80 % of it */
        hg_model_free(&m);
    }
    CHECK(pairs[1] > pairs[0]);
    free(x);
    free(y);
}

static hg_status split(hg_ctx *ctx, const float *key, int64_t n, bool group,
                       hg_dataset **train, hg_dataset **held)
{
    static float x[100 * D];
    for (int i = 0; i < 100 * D; i++) x[i] = (float)(i / D);
    hg_dataset *data = rows_of(ctx, x, 100, D), *keys = rows_of(ctx, key, n, 1);
    hg_detector_options o = {.size = sizeof o};
    *(group ? &o.group : &o.time) = keys;
    hg_status status = hgi_detect_split(ctx, data, 0.2, 1, &o, train, held);
    if (status != HG_OK) {
        hg_dataset_free(&data);
        hg_dataset_free(&keys);
        return status;
    }
    /* They refer to data: read what is wanted now. */
    CHECK_INT(hg_dataset_rows(*train) + hg_dataset_rows(*held), 100);
    double latest = -1, earliest = 1e9;
    int64_t mixed = 0;
    float row[D], other[D];
    for (int64_t i = 0; i < hg_dataset_rows(*train); i++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, *train, i, 1, row));
        latest = fmax(latest, (double)key[(int)row[0]]);
        for (int64_t k = 0; k < hg_dataset_rows(*held); k++) {
            CHECK_OK(ctx, hg_dataset_read(ctx, *held, k, 1, other));
            earliest = fmin(earliest, (double)key[(int)other[0]]);
            mixed += fabsf(key[(int)row[0]] - key[(int)other[0]]) < 0.5f;
        }
    }
    CHECK_INT(mixed, 0); /* a value of the key is on one side */
    if (!group) CHECK(latest < earliest);
    hg_dataset_free(&data);
    hg_dataset_free(&keys);
    return HG_OK;
}

TEST(rows_are_held_apart_by_group_and_by_time)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *train, *held;
    float key[100];
    for (int i = 0; i < 100; i++) key[i] = (float)(i * 37 % 12);
    CHECK_OK(ctx, split(ctx, key, 100, true, &train, &held));
    CHECK(hg_dataset_rows(held) >= 20 && hg_dataset_rows(held) < 30);
    hg_dataset_free(&train);
    hg_dataset_free(&held);
    CHECK_OK(ctx, split(ctx, key, 100, false, &train, &held));
    CHECK(hg_dataset_rows(held) > 8 && hg_dataset_rows(held) <= 20);
    hg_dataset_free(&train);
    hg_dataset_free(&held);
    for (int i = 0; i < 100; i++) key[i] = 4;
    CHECK_FAILS(ctx, split(ctx, key, 100, true, &train, &held), HG_ERANGE, "one group");
    CHECK_FAILS(ctx, split(ctx, key, 100, false, &train, &held), HG_ERANGE, "one time");
    CHECK_FAILS(ctx, split(ctx, key, 99, true, &train, &held), HG_ESHAPE,
                "one value for each of the 100 rows");
}

TEST(detectors_of_too_little_are_refused_in_words)
{
    hg_ctx *ctx = test_ctx();
    float *x = rows_with(1, 10, 0);
    hg_dataset *one = rows_of(ctx, x, 1, D), *ten = rows_of(ctx, x, 10, D);
    hg_config *cfg = config_of(ctx, (const char *const[]){"code", "1", "epochs", "1",
                                                          "score", "residuel", NULL});
    hg_model *m;
    double score;
    CHECK_FAILS(ctx, hg_detector_train(ctx, cfg, ten, NULL, NULL, NULL, &m), HG_EUNKNOWN,
                "'residual'");
    CHECK_OK(ctx, hg_config_set(cfg, "score", "residual"));
    CHECK_FAILS(ctx, hg_detector_train(ctx, cfg, one, NULL, NULL, NULL, &m), HG_ERANGE,
                "at least 2");
    CHECK_OK(ctx, hg_train(ctx, cfg, ten, NULL, NULL, &m));
    CHECK_FAILS(ctx, hg_score(ctx, m, x, 1, &score), HG_EINVAL, "no detector");
    CHECK_OK(ctx, hg_detector_fit(ctx, m, ten, ten, NULL));
    CHECK_OK(ctx, hg_score(ctx, m, x, 1, &score));
    hg_model_free(&m);
    hg_config_free(&cfg);
    hg_dataset_free(&one);
    hg_dataset_free(&ten);
    free(x);
}

TEST(out_of_memory_anywhere_in_a_detector_leaks_nothing)
{
    hg_ctx *ctx = test_ctx();
    float *x = rows_with(1, 60, 0);
    hg_dataset *data = rows_of(ctx, x, 60, D);
    hg_config *cfg = config_of(ctx, (const char *const[]){"code", "2", "epochs", "1",
                                                          "score", "combined", "ensemble",
                                                          "2", "trim", "0.1", NULL});
    hg_model *m = NULL;
    int64_t n = 0;
    hg_status status = HG_ENOMEM;
    for (; status != HG_OK && n < 5000; n++) {
        test_fail_alloc(n);
        status = hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m);
        if (status == HG_OK) break;
        CHECK_INT(status, HG_ENOMEM);
        CHECK(m == NULL);
    }
    test_fail_alloc(-1);
    CHECK(n > 50 && m != NULL);
    hg_model_free(&m);
    hg_config_free(&cfg);
    hg_dataset_free(&data);
    free(x);
}

TEST(a_detector_is_calibrated_anew_and_keeps_the_rule_that_was_set)
{
    enum { N = 300 };
    hg_ctx *ctx = test_ctx();
    float *x = rows_with(11, N, 0), *y = rows_with(12, N, N);
    hg_model *m = train_with(ctx, x, N, "calibrate", "0.3");
    hg_dataset *other = rows_of(ctx, y, N, D);
    hg_detector_info before = {.size = sizeof before}, after = before;
    hg_rule rule = {sizeof rule, "quantile", 0.75};
    hg_decision d = {.size = sizeof d};
    double score[N];
    CHECK_OK(ctx, hg_detector_get_info(ctx, m, &before));
    CHECK_INT(before.calibration_rows, 90);
    CHECK_NEAR(before.finest, 1.0 / 91, 1e-15);
    CHECK_STR(before.rule.kind, "false-alarms");
    CHECK_OK(ctx, hg_detector_set_rule(ctx, m, &rule));
    CHECK_OK(ctx, hg_score_dataset(ctx, m, other, score));
    /* Rows of another kind are all alarms, until they are what is usual. */
    CHECK_OK(ctx, hg_decide(ctx, m, NULL, score, N, NULL, &d));
    CHECK(10 * d.anomalies > 9 * N);
    CHECK_OK(ctx, hg_detector_calibrate(ctx, m, other));
    CHECK_OK(ctx, hg_detector_get_info(ctx, m, &after));
    CHECK_INT(after.calibration_rows, N);
    CHECK(after.median > before.highest);
    CHECK_STR(after.rule.kind, "quantile");
    CHECK_OK(ctx, hg_decide(ctx, m, NULL, score, N, NULL, &d));
    CHECK_NEAR(d.anomalies, 0.25 * N, 1); /* its own rows: the quantile, exactly */
    hg_detector_info small = {.size = 8};
    CHECK_FAILS(ctx, hg_detector_get_info(ctx, m, &small), HG_EINVAL, "size");
    hg_dataset_free(&other);
    hg_model_free(&m);
    free(x);
    free(y);
}

/* ---- files -------------------------------------------------------------------------- */

/* The same file with one tensor replaced, left out (no data) or added, or another text. */
static hg_status edited(hg_ctx *ctx, const char *from, const hgi_entry *edit,
                        const char *text, hg_model **m)
{
    char path[TEST_PATH];
    hgi_container *c, *out;
    bool seen = false;
    test_path(path, "hostile.safetensors");
    CHECK_OK(ctx, hgi_container_read(ctx, from, &c));
    CHECK_OK(ctx, hgi_container_new(ctx, &out));
    if (text == NULL) text = hgi_container_text(c, "hourglass");
    CHECK_OK(ctx, hgi_container_put_text(out, "hourglass", text));
    for (int64_t i = 0; i < hgi_container_count(c); i++) {
        const hgi_entry *e = hgi_container_at(c, i);
        if (edit != NULL && strcmp(e->name, edit->name) == 0) e = edit, seen = true;
        if (e->data == NULL) continue;
        CHECK_OK(ctx,
                 hgi_container_put(out, e->name, e->dtype, e->rank, e->shape, e->data));
    }
    if (edit != NULL && !seen)
        CHECK_OK(ctx, hgi_container_put(out, edit->name, edit->dtype, edit->rank,
                                        edit->shape, edit->data));
    CHECK_OK(ctx, hgi_container_write(out, path));
    hg_status status = hg_model_load(ctx, path, m);
    hgi_container_free(&out);
    hgi_container_free(&c);
    return status;
}

TEST(detectors_that_were_tampered_with_are_refused)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    float *x = rows_with(1, 300, 0);
    hg_model *m = train_with(ctx, x, 300, "ensemble", "2"), *back;
    static const double nan5[] = {1, 1, (double)NAN, 1, 1}, down[] = {3, 2, 1},
                        tail[] = {1, 5, 1, 0.1, 20}, ones[] = {1, 1, 1, 1, 1},
                        zero[] = {1, 0, 1, 1, 1};
    static const int64_t whole[] = {1};
    static double gaps[2 * HGI_GAP_NUMBERS];
    static const double beside[] = {2, 1.5, 0.5, 0, 0, -1, -1};
    const struct {
        hgi_entry edit;
        const char *part;
    } rows[] = {
        {{"detector.gaps", HGI_DT_F64, 2, {2, HGI_GAP_NUMBERS}, gaps, 2 * HGI_GAP_NUMBERS},
         "ascend"},
        {{"detector.gaps", HGI_DT_F64, 1, {3}, down, 3}, "ascend"},
        {{"detector.beside", HGI_DT_F64, 1, {7}, beside, 7}, "two areas"},
        {{"detector.beside", HGI_DT_F64, 1, {3}, down, 3}, "'detector.beside'"},
        {{"detector.calibration", HGI_DT_F64, 1, {3}, down, 3}, "ascending"},
        {{"detector.calibration", HGI_DT_F64, 1, {5}, nan5, 5}, "ascending"},
        {{"detector.calibration", HGI_DT_F64, 1, {0}, ones, 0}, "list of doubles"},
        {{"detector.calibration", HGI_DT_I64, 1, {1}, whole, 1}, "list of doubles"},
        {{"detector.calibration", HGI_DT_F64, 1, {0}, NULL, 0}, "list of doubles"},
        {{"detector.tail", HGI_DT_F64, 1, {5}, tail, 5}, "a shape"},
        {{"detector.tail", HGI_DT_F64, 1, {3}, down, 3}, "'detector.tail'"},
        {{"detector.0.mean_cost", HGI_DT_F64, 1, {5}, nan5, 5}, "finite"},
        {{"detector.0.mean_cost", HGI_DT_I64, 1, {1}, whole, 1}, "doubles"},
        {{"detector.2.mean_cost", HGI_DT_F64, 1, {5}, ones, 5}, "no net"},
        {{"detector.colour", HGI_DT_F64, 1, {5}, ones, 5}, "no net"},
        {{"detector.-1.mean_cost", HGI_DT_F64, 1, {5}, ones, 5}, "no net"},
        {{"detector.0.", HGI_DT_F64, 1, {5}, ones, 5}, "no net"},
        {{"net.1.decoder.0.bias", HGI_DT_F64, 1, {0}, NULL, 0}, "net.1.decoder.0.bias"},
    };
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s, row %d", rows[i].edit.name, i);
        CHECK_FAILS(ctx, edited(ctx, path, &rows[i].edit, NULL, &back), HG_EFORMAT,
                    rows[i].part);
    }
    /* What only the kind knows is told when it is used. */
    const hgi_entry spread = {"detector.0.mean_cost", HGI_DT_F64, 1, {5}, zero, 5};
    double score;
    test_where("a variance of 0");
    CHECK_OK(ctx, edited(ctx, path, &spread, NULL, &back));
    CHECK_FAILS(ctx, hg_score(ctx, back, x, 1, &score), HG_EFORMAT, "above 0");
    hg_session *s;
    CHECK_OK(ctx, hg_session_new(ctx, back, NULL, &s));
    CHECK_INT(hg_session_score(s, x, 1, &score), HG_EINVAL);
    hg_session_free(&s);
    hg_model_free(&back);
    test_where(NULL);
    hg_model_free(&m);
    free(x);
}
