// SPDX-License-Identifier: MIT
/* Columns with a long tail: which are found, how they are scaled and come back, and what
 * that is good for. */
#include "test_models.h"

#include "data/bends.h"
#include "model/container.h"

#include <float.h>
#include <math.h>

enum { ROWS = 3000, TEST_ROWS = 400, MONEY = 3 };

/* Box and Muller. */
static double normal(uint64_t *seed)
{
    double u = test_uniform(seed, 1e-12, 1), v = test_uniform(seed, 0, 6.283185307179586);
    return sqrt(-2 * log(u)) * cos(v);
}

static float column_value(int c, int r, uint64_t *seed)
{
    double z = normal(seed), u = test_uniform(seed, 1e-9, 1);
    switch (c) {
    case 0: return (float)exp(2 * z);
    case 1: return (float)(-200 * exp(2 * z));             /* all below 0 */
    case 2: return u < 0.6 ? 0.0f : (float)exp(9 + 2 * z); /* most are 0 */
    case 3: return (float)(1e6 * exp(1.8 * z));
    case 4: return (float)(100 + 5 * z);
    case 5: return (float)-log(u); /* exponential: the limit of a tail */
    case 6: return (float)(exp(2 * z) * (u < 0.5 ? 1 : -1)); /* no ratios */
    case 7: return (float)(5000 + exp(2 * z)); /* long, but logarithms are a line there */
    case 8: return (float)(100000 + r);
    case 9: return (float)floor(4 * -log(u));
    case 10: return u < 0.97 ? 0.0f : (float)exp(2 * z); /* a rare event */
    case 11: return 7;
    case 12: return (float)exp(z); /* two decades: little is won */
    default: return u < 0.5 ? 0.0f : 1.0f;
    }
}
enum { KINDS = 14, LONG = 4 }; /* the first LONG have tails */

static float *kinds(int rows)
{
    uint64_t seed = 3;
    float *x = malloc((size_t)(rows * KINDS) * sizeof *x);
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < KINDS; c++) x[r * KINDS + c] = column_value(c, r, &seed);
    return x;
}

TEST(long_tails_are_found_where_logarithms_tell_more_and_nowhere_else)
{
    hg_ctx *ctx = test_ctx();
    double bend[KINDS];
    float *x = kinds(6000);
    hg_dataset *d = rows_of(ctx, x, 6000, KINDS);
    CHECK_OK(ctx, hgi_bends_fit(ctx, d, bend));
    for (int c = 0; c < KINDS; c++) {
        test_where("column %d", c);
        CHECK((bend[c] > 0) == (c < LONG));
    }
    /* Percentile 1 of a log-normal is exp(-2.326 2) = 0.0095; of 4,096 rows it is found
     * within three deviations, 12 % each. */
    CHECK_NEAR(bend[0], 0.0095, 3 * 0.12 * 0.0095);
    hg_dataset_free(&d);
    /* 99 rows have no percentile 99. */
    d = rows_of(ctx, x, 99, KINDS);
    CHECK_OK(ctx, hgi_bends_fit(ctx, d, bend));
    for (int c = 0; c < KINDS; c++) CHECK_NEAR(bend[c], 0, 0);
    hg_dataset_free(&d);
    free(x);
}

/* amount, and a fee and a balance that go with it. */
static float *money(int rows, uint64_t seed, bool odd)
{
    float *x = malloc((size_t)(rows * MONEY) * sizeof *x);
    for (int r = 0; r < rows; r++) {
        double amount = exp(5 + 2 * normal(&seed));
        double fee = 0.0025 * amount * exp(0.1 * normal(&seed));
        if (odd && r % 2 == 1) fee *= r % 4 == 1 ? 5 : 0.2;
        x[r * MONEY] = (float)amount;
        x[r * MONEY + 1] = (float)fee;
        x[r * MONEY + 2] = (float)(3 * amount * exp(0.3 * normal(&seed)));
    }
    return x;
}

static hg_model *train(hg_ctx *ctx, const hg_dataset *d, const char *scale)
{
    hg_config *cfg;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    CHECK_OK(ctx, hg_config_preset(cfg, "anomaly"));
    CHECK_OK(ctx, hg_config_set(cfg, "scale", scale));
    CHECK_OK(ctx, hg_config_set(cfg, "min-steps", "300"));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, d, NULL, NULL, NULL, &m));
    hg_config_free(&cfg);
    return m;
}

/* Area under the ROC curve where every second row is an anomaly. */
static double roc_auc(hg_ctx *ctx, const hg_model *m, const float *x)
{
    static double s[TEST_ROWS];
    double pairs = 0;
    CHECK_OK(ctx, hg_score(ctx, m, x, TEST_ROWS, s));
    for (int i = 0; i < TEST_ROWS; i += 2)
        for (int j = 1; j < TEST_ROWS; j += 2) pairs += s[j] > s[i];
    return pairs / (TEST_ROWS / 2.0) / (TEST_ROWS / 2.0);
}

TEST(a_fee_that_does_not_go_with_its_amount_is_found_in_logarithms)
{
    hg_ctx *ctx = test_ctx();
    float *x = money(ROWS, 1, false), *t = money(TEST_ROWS, 2, true);
    hg_dataset *d = rows_of(ctx, x, ROWS, MONEY);
    hg_model *plain = train(ctx, d, "standard"), *logs = train(ctx, d, "log");
    CHECK(plain->scaler.kind == HGI_SCALE_STANDARD && plain->scaler.bend == NULL);
    CHECK(logs->scaler.kind == HGI_SCALE_LOG);
    /* The factor of 5 is 16 deviations of the fee beside its amount. */
    double found = roc_auc(ctx, logs, t), without = roc_auc(ctx, plain, t);
    CHECK(found > 0.98);
    CHECK(without < found - 0.05);
    hg_model_free(&plain);
    hg_model_free(&logs);
    hg_dataset_free(&d);
    free(x);
    free(t);
}

/* ---- one number by every way --------------------------------------------------------- */

static void check_ways(hg_ctx *ctx, const hg_model *m, const hg_dataset *d,
                       const float *x, int columns)
{
    static double a[TEST_ROWS], b[TEST_ROWS], c[TEST_ROWS];
    char path[TEST_PATH];
    hg_model *back;
    hg_session *s;
    float *y = malloc((size_t)(TEST_ROWS * columns) * sizeof *y);
    float *z = malloc((size_t)(TEST_ROWS * columns) * sizeof *z);
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &back));
    CHECK(back->scaler.kind == HGI_SCALE_LOG);
    CHECK_OK(ctx, hg_score_dataset(ctx, m, d, a));
    CHECK_OK(ctx, hg_score_dataset(ctx, back, d, b));
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK_OK(ctx, hg_session_new(ctx, back, NULL, &s));
    CHECK_INT(hg_session_score(s, x, TEST_ROWS, c), HG_OK);
    CHECK(memcmp(a, c, sizeof a) == 0);
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, TEST_ROWS, y));
    CHECK_INT(hg_session_reconstruct(s, x, TEST_ROWS, z), HG_OK);
    for (int i = 0; i < TEST_ROWS * columns; i++) {
        CHECK(isfinite(y[i]));
        /* A session's products are the same sums in another order: as test_session.c. */
        CHECK_NEAR(z[i], y[i], 1e-4 * fabs((double)y[i]) + 1e-6);
    }
    hg_session_free(&s);
    hg_model_free(&back);
    free(y);
    free(z);
}

/* A table of x, of which a value is taken away in one row of `each`. */
static hg_dataset *with_gaps(hg_ctx *ctx, float *x, int rows, int each)
{
    char *text = malloc((size_t)rows * 64 + 64), *at = text, path[TEST_PATH];
    hg_dataset *d;
    at += sprintf(at, "amount,fee,balance\n");
    for (int r = 0; r < rows; r++)
        for (int c = 0; c < MONEY; c++) {
            float *v = &x[r * MONEY + c];
            if (r % each == 0 && r % MONEY == c) *v = NAN;
            if (!isnan(*v)) at += sprintf(at, "%.9g", (double)*v);
            *at++ = c + 1 < MONEY ? ',' : '\n';
        }
    test_write(path, each == 17 ? "train.csv" : "test.csv", text, (size_t)(at - text));
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    free(text);
    return d;
}

TEST(a_model_of_logarithms_is_the_same_from_a_file_and_in_a_session)
{
    hg_ctx *ctx = test_ctx();
    float *x = money(ROWS, 1, false), *t = money(TEST_ROWS, 2, true);
    hg_dataset *d = rows_of(ctx, x, ROWS, MONEY), *test;
    hg_model *m = train(ctx, d, "log");
    test = rows_of(ctx, t, TEST_ROWS, MONEY);
    check_ways(ctx, m, test, t, MONEY);
    hg_model_free(&m);
    hg_dataset_free(&d);
    hg_dataset_free(&test);
    /* With gaps, so that there is a schema. */
    d = with_gaps(ctx, x, ROWS, 17);
    test = with_gaps(ctx, t, TEST_ROWS, 13);
    CHECK(d->schema != NULL);
    m = train(ctx, d, "log");
    check_ways(ctx, m, test, t, MONEY);
    hg_model_free(&m);
    hg_dataset_free(&d);
    hg_dataset_free(&test);
    free(x);
    free(t);
}

TEST(a_cause_in_a_column_with_a_long_tail_is_expected_in_units_of_the_data)
{
    hg_ctx *ctx = test_ctx();
    float *x = money(ROWS, 1, false);
    hg_dataset *d = rows_of(ctx, x, ROWS, MONEY), *odd;
    hg_model *m = train(ctx, d, "log");
    const float row[] = {150, 40, 450}; /* a fee of 0.375 is usual */
    const int64_t first = 0;
    hg_explanation *why;
    hg_cause cause = {.size = sizeof cause};
    odd = rows_of(ctx, row, 1, MONEY);
    CHECK_OK(ctx, hg_explain(ctx, m, odd, &first, 1, NULL, &why));
    CHECK(hg_explanation_cause(why, 0, 0, &cause));
    CHECK_INT(cause.column, 1);
    CHECK_NEAR(cause.found, 40, 0);
    /* Fees scatter by a tenth and the net is no oracle: within a factor of two. */
    CHECK(cause.expected > 0.375 / 2 && cause.expected < 0.375 * 2);
    hg_explanation_free(&why);
    hg_model_free(&m);
    hg_dataset_free(&odd);
    hg_dataset_free(&d);
    free(x);
}

/* ---- the numbers --------------------------------------------------------------------- */

TEST(bent_columns_are_logarithms_standardised_and_come_back)
{
    hg_ctx *ctx = test_ctx();
    float *x = kinds(ROWS), row[KINDS], back[KINDS];
    hgi_real scaled[KINDS];
    double mean = 0, square = 0;
    const hgi_range open = {.check = false};
    bool outside;
    hg_dataset *d = rows_of(ctx, x, ROWS, KINDS);
    hgi_scaler s;
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "log", d, &s));
    CHECK(s.kind == HGI_SCALE_LOG && s.bend != NULL && !s.uniform);
    for (int r = 0; r < ROWS; r++) {
        memcpy(row, x + r * KINDS, sizeof row);
        CHECK(hgi_batch_row(ctx->kernels, &s, &open, row, scaled, &outside));
        mean += (double)scaled[0] / ROWS;
        square += (double)scaled[0] * (double)scaled[0] / ROWS;
        hgi_scaler_undo(&s, 1, scaled, back);
        /* 24 bits of a logarithm of up to 15 are 15 times as many in its value. */
        for (int c = 0; c < LONG; c++)
            CHECK_NEAR(back[c], row[c],
                       32 * (double)FLT_EPSILON * fabs((double)row[c]) +
                           32 * (double)FLT_EPSILON * s.bend[c]);
    }
    CHECK_NEAR(mean, 0, 1e-5);
    CHECK_NEAR(square, 1, 1e-4);
    /* However far a net goes, a value is a float. */
    for (int c = 0; c < KINDS; c++) scaled[c] = c % 2 == 0 ? 1e30f : -1e30f;
    hgi_scaler_undo(&s, 1, scaled, back);
    for (int c = 0; c < LONG; c++) CHECK(isfinite(back[c]));
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
    free(x);
}

TEST(without_a_long_tail_log_is_standard)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(4, 500 * 3, -2, 9);
    hg_dataset *d = rows_of(ctx, x, 500, 3);
    hgi_scaler a, b;
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "standard", d, &a));
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "log", d, &b));
    CHECK(b.kind == HGI_SCALE_STANDARD && b.bend == NULL);
    CHECK(memcmp(a.shift, b.shift, 3 * sizeof *a.shift) == 0);
    CHECK(memcmp(a.scale, b.scale, 3 * sizeof *a.scale) == 0);
    hgi_scaler_free(&ctx->mem, &a);
    hgi_scaler_free(&ctx->mem, &b);
    hg_dataset_free(&d);
    free(x);
}

static void last_tails(void *user, hg_log_level level, const char *line)
{
    if (level == HG_LOG_WARNING && strstr(line, "long tails") != NULL)
        snprintf(user, HG_MESSAGE_MAX, "%s", line);
}

TEST(a_detector_of_values_as_they_are_is_told_of_long_tails)
{
    char line[HG_MESSAGE_MAX] = "";
    hg_ctx *ctx = test_ctx_with(&(hg_ctx_options){
        .size = sizeof(hg_ctx_options), .log = last_tails, .log_user = line});
    float *x = money(ROWS, 1, false);
    hg_dataset *d = rows_of(ctx, x, ROWS, MONEY);
    hg_model *m = train(ctx, d, "standard");
    CHECK(strstr(line,
                 "long tails, as of amounts of money: column 1, column 2, column 3; "
                 "if ratios matter there, --scale log") != NULL);
    hg_model_free(&m);
    line[0] = '\0';
    m = train(ctx, d, "log");
    CHECK_STR(line, "");
    hg_model_free(&m);
    hg_dataset_free(&d);
    free(x);
}

TEST(the_preset_takes_logarithms_but_not_of_rows_to_trim)
{
    char line[HG_MESSAGE_MAX] = "";
    hg_ctx *ctx = test_ctx_with(&(hg_ctx_options){
        .size = sizeof(hg_ctx_options), .log = last_tails, .log_user = line});
    float *x = money(ROWS, 1, false);
    hg_dataset *d = rows_of(ctx, x, ROWS, MONEY);
    for (int trim = 0; trim < 2; trim++) {
        hg_config *cfg;
        hg_model *m;
        CHECK_OK(ctx, hg_config_new(ctx, &cfg));
        CHECK_OK(ctx, hg_config_preset(cfg, "anomaly"));
        CHECK_OK(ctx, hg_config_set(cfg, "min-steps", "1"));
        if (trim) CHECK_OK(ctx, hg_config_set(cfg, "trim", "0.1"));
        CHECK_OK(ctx, hg_detector_train(ctx, cfg, d, NULL, NULL, NULL, &m));
        CHECK((m->scaler.kind == HGI_SCALE_LOG) == (trim == 0));
        CHECK((strstr(line, "no logarithms are taken") != NULL) == (trim == 1));
        hg_config_free(&cfg);
        hg_model_free(&m);
    }
    hg_dataset_free(&d);
    free(x);
}

/* ---- what can go wrong --------------------------------------------------------------- */

TEST(a_bend_that_cannot_be_undone_is_refused)
{
    static const double bad[] = {-1, 1e-300, (double)NAN, (double)INFINITY, 1e300};
    hg_ctx *ctx = test_ctx();
    hgi_scaler s;
    double shift[] = {0, 0}, scale[] = {1, 1}, bend[] = {0, 3};
    CHECK_OK(ctx, hgi_scaler_make(ctx, HGI_SCALE_LOG, 2, shift, scale, &s));
    CHECK(hgi_scaler_set_bend(&s, bend));
    for (int i = 0; i < HGI_COUNT(bad); i++) {
        bend[1] = bad[i];
        CHECK(!hgi_scaler_set_bend(&s, bend));
    }
    hgi_scaler_free(&ctx->mem, &s);
}

TEST(finding_long_tails_survives_each_failing_allocation)
{
    hg_ctx *ctx = test_ctx();
    float *x = kinds(200);
    hg_dataset *d = rows_of(ctx, x, 200, KINDS);
    for (int advise = 0; advise < 2; advise++) {
        bool failed = true;
        for (int64_t n = 0; failed && n < 50; n++) {
            int64_t held = test_alloc_bytes();
            double bend[KINDS];
            test_fail_alloc(n);
            hg_status status =
                advise ? hgi_bends_advise(ctx, d, "") : hgi_bends_fit(ctx, d, bend);
            failed = test_alloc_failed();
            test_fail_alloc(-1);
            CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
            CHECK_INT(test_alloc_bytes(), held);
        }
        CHECK(!failed);
    }
    hg_dataset_free(&d);
    free(x);
}
