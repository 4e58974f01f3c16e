// SPDX-License-Identifier: MIT
/* Codes that are more than the encoder's output: what they give, what their objective is,
 * and how the options of a configuration come to their line. */
#include "test_models.h"

#include <math.h>

static hg_metrics *measure(hg_ctx *ctx, const hg_model *m, const float *x, int64_t rows)
{
    hg_dataset *d = rows_of(ctx, x, rows, m->net.inputs);
    hg_metrics *out;
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &out));
    hg_dataset_free(&d);
    return out;
}

static void put(hg_model *m, int64_t layer, int tensor, const float *values)
{
    const hgi_tensor *t = &m->net.layer[layer].tensor[tensor];
    for (int64_t i = 0; i < t->count; i++) m->theta[t->offset + i] = values[i];
}

static hg_config *config_of(hg_ctx *ctx, const char *const *settings)
{
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
    return c;
}

/* The text of a model of 6 features, "" when it cannot be made with these settings. */
static void text_of(hg_ctx *ctx, const char *const *settings, char *out, size_t n)
{
    static const float x[12] = {0, 1, 0.5f, 0.25f, 0, 1, 1, 1, 0, 0, 0.5f, 0.5f};
    hg_dataset *d = rows_of(ctx, x, 2, 6);
    hg_config *c = config_of(ctx, settings);
    hg_model *m;
    hg_model_info info = {.size = sizeof info};
    *out = '\0';
    if (hg_train_dry_run(ctx, c, d, NULL, &m) == HG_OK) {
        CHECK_OK(ctx, hg_model_get_info(ctx, m, &info));
        snprintf(out, n, "%s", info.text);
    }
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define CHECK_TEXT(want, ...)                                                            \
    do {                                                                                 \
        char text_[512];                                                                 \
        text_of(ctx, SETTINGS(__VA_ARGS__), text_, sizeof text_);                        \
        if (strstr(text_, want) == NULL) CHECK_STR(text_, want);                         \
    } while (0)

TEST(a_code_with_its_own_weight_follows_the_hidden_layers)
{
    hg_ctx *ctx = test_ctx();
    CHECK_TEXT("encoder:\n  - dense 5 relu\ncode: variational 2\n"
               "decoder:\n  - dense 5 relu\n  - dense 6 sigmoid\n",
               "hidden", "5", "code", "2", "code-kind", "variational");
    CHECK_TEXT("encoder:\ncode: variational 2 beta=4\ndecoder:\n  - dense 6", "code", "2",
               "code-kind", "variational", "beta", "4");
    CHECK_TEXT("encoder:\ncode: variational 3 beta=0.5\n", "code", "3", "code-kind",
               "variational beta=0.5");
    CHECK_TEXT("encoder:\n  - dense 4 tanh\ncode: variational 2\n", "encoder",
               "dense 4 tanh", "decoder", "dense input", "code-kind", "variational 2");
    CHECK_TEXT("encoder:\ncode: variational 2\n", "decoder", "dense input", "code-kind",
               "variational 2");
    CHECK_TEXT("code: variational 2\n", "preset", "vae");
    CHECK_TEXT("code: plain\n", "preset", "vae", "preset", "stacked");
}

TEST(what_a_code_line_lacks_is_named)
{
    hg_ctx *ctx = test_ctx();
    static const float x[4] = {0, 1, 0.5f, 1};
    static const struct {
        const char *settings[10];
        hg_status status;
        const char *message;
    } rows[] = {
        {{"decoder", "dense input", "code-kind", "variational", NULL}, HG_EINVAL, "size"},
        {{"decoder", "dense input", "code-kind", "plain", NULL},
         HG_EINVAL,
         "decoder without encoder"},
        {{"code", "2", "beta", "2", NULL}, HG_EINVAL, "beta: a"},
        {{"code", "2", "code-kind", "variational", "l1", "1", NULL}, HG_EINVAL, "l1: a"},
        {{"code", "2", "code-kind", "variational", "code-activation", "relu", NULL},
         HG_EINVAL,
         "code-activation: relu"},
        {{"code", "2", "code-kind", "variational beta=0", NULL}, HG_ERANGE, "beta"},
        {{"code", "2", "code-kind", "variational", "samples", "2", "capacity", "1", NULL},
         HG_EINVAL,
         "capacity needs the KL"},
        {{"code", "2", "code-kind", "variational free-bits=1 capacity=2", NULL},
         HG_EINVAL,
         "one of them"},
        {{"code", "2", "code-kind", "variational warmup=1 warmup-steps=2", NULL},
         HG_EINVAL,
         "one of them"},
        {{"code", "2", "samples", "3", NULL}, HG_EINVAL, "samples: a plain code"},
    };
    hg_dataset *d = rows_of(ctx, x, 2, 2);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("row %d", i);
        hg_config *c = config_of(ctx, rows[i].settings);
        hg_model *m;
        CHECK_FAILS(ctx, hg_train_dry_run(ctx, c, d, NULL, &m), rows[i].status,
                    rows[i].message);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
}

/* ---- variational ----------------------------------------------------------------- */

static hg_model *variational(hg_ctx *ctx, const char *code, const char *loss)
{
    const model_recipe r = {.input = {1, {3, 0, 0}},
                            .encoder = "activation linear",
                            .code = code,
                            .decoder = "dense 3 nobias",
                            .loss = loss};
    static const float mu[2][3] = {{1, 0, 0}, {0, 1, 0}},
                       v[2][3] = {{0, 0, 1}, {0, 0, 2}};
    static const float mu_bias[2] = {0.5f, 0}, v_bias[2] = {0, -1};
    static const float spread[3][2] = {{1, 0}, {0, 1}, {0, 0}};
    hg_model *m = make_model(ctx, &r);
    put(m, 1, 0, mu[0]);
    put(m, 1, 1, v[0]);
    put(m, 1, 2, mu_bias);
    put(m, 1, 3, v_bias);
    put(m, 2, 0, spread[0]);
    return m;
}

/* x = (0.25, 1, 0.5): mu = (0.75, 1), log variance (0.5, 0). */
TEST(encode_gives_the_mean_and_reconstruct_decodes_it)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = variational(ctx, "variational 2", "mse");
    const float x[3] = {0.25f, 1, 0.5f};
    float z[2], y[3];
    CHECK_OK(ctx, hg_encode(ctx, m, x, 1, z));
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, 1, y));
    CHECK(z[0] == 0.75f && z[1] == 1);
    CHECK(y[0] == 0.75f && y[1] == 1 && y[2] == 0);
    hg_model_free(&m);
}

/* KL = 1/2 ((0.75^2 + e^0.5 - 1 - 0.5) + (1 + 1 - 1 - 0)); beta 0.25 weighs it.  mse is of
 * the mean: ((0.5)^2 + 0 + (0.5)^2) / 3.  recon is of the row z = mu + sigma e with the
 * model's draw e, summed over features: it is not the mean's, and loss is made of it. */
TEST(the_objective_sums_over_features_and_weighs_the_divergence)
{
    hg_ctx *ctx = test_ctx();
    const float x[3] = {0.25f, 1, 0.5f};
    const double kl = 0.5 * (0.75 * 0.75 + exp(0.5) - 1.5 + 1);
    hg_model *m = variational(ctx, "variational 2 beta=0.25", "mse");
    hg_metrics *e = measure(ctx, m, x, 1);
    /* The kernel adds in float: a few units of 6e-8. */
    CHECK_NEAR(hg_metrics_get(e, "kl"), kl, 1e-6);
    CHECK_NEAR(hg_metrics_get(e, "penalty"), kl / 4, 1e-6);
    CHECK_NEAR(hg_metrics_get(e, "mse"), 0.5 / 3, 1e-6);
    double recon = hg_metrics_get(e, "recon");
    CHECK_NEAR(hg_metrics_get(e, "loss"), recon + kl / 4, 1e-6);
    CHECK(fabs(recon - 0.5) > 1e-3);
    CHECK(isnan(hg_metrics_get(e, "elbo"))); /* of bce alone */
    hg_metrics_free(&e);
    hg_model_free(&m);
}

/* With beta at its least the draws stay: over many rows their reconstruction's error is
 * that of the mean, 0.5, and the variances e^0.5 + 1, within 5 standard errors: the square
 * of a normal value has the variance 2, so sum of two terms sqrt(2 (e + 1) / n). */
TEST(codes_are_drawn_with_their_mean_and_variance)
{
    hg_ctx *ctx = test_ctx();
    enum { N = 20000 };
    float *x = calloc(N * 3, sizeof *x);
    for (int64_t i = 0; i < N; i++) memcpy(x + 3 * i, (float[]){0.25f, 1, 0.5f}, 12);
    hg_model *m = variational(ctx, "variational 2", "mse");
    hg_metrics *e = measure(ctx, m, x, N);
    double variance = exp(0.5) + 1;
    /* The first output is off by 0.5 beside its noise: that adds 4 0.25 e^0.5 to the
     * variance of a row's sum. */
    double error = sqrt((2 * (exp(1.0) + 1) + exp(0.5)) / N);
    CHECK_NEAR(hg_metrics_get(e, "recon"), 0.5 + variance, 5 * error);
    hg_metrics_free(&e);
    hg_model_free(&m);
    free(x);
}

TEST(elbo_is_minus_recon_and_divergence_whatever_beta)
{
    hg_ctx *ctx = test_ctx();
    const float x[6] = {0.25f, 1, 0.5f, 0, 0.125f, 1};
    hg_model *m = variational(ctx, "variational 2 beta=7", "bce");
    hg_metrics *e = measure(ctx, m, x, 2);
    double recon = hg_metrics_get(e, "recon"), kl = hg_metrics_get(e, "kl");
    CHECK_NEAR(hg_metrics_get(e, "elbo"), -(recon + kl), 1e-12);
    CHECK_NEAR(hg_metrics_get(e, "loss"), recon + 7 * kl, 1e-12);
    CHECK(hg_metrics_get(e, "bce") * 3 != recon); /* bce is of the mean */
    hg_metrics_free(&e);
    hg_model_free(&m);
}

/* ---- training -------------------------------------------------------------------- */

enum { ROWS = 203, VALID = 50, D = 12 };

static hg_model *train(hg_ctx *ctx, const float *x, const char *const *settings)
{
    static const char *const usual[] = {"batch-size", "32", "epochs", "3", NULL};
    hg_dataset *d = rows_of(ctx, x, ROWS, D), *v = rows_of(ctx, x, VALID, D);
    hg_config *c = config_of(ctx, usual);
    hg_model *m;
    for (int i = 0; settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
    CHECK_OK(ctx, hg_train(ctx, c, d, v, NULL, &m));
    hg_config_free(&c);
    hg_dataset_free(&d);
    hg_dataset_free(&v);
    return m;
}

/* Same weights for any number of threads, other ones for another seed; the last val_loss
 * is what evaluate says, because the draws of rows that are not trained on have keys of
 * their own; and the loss falls. */
static void check_training(const char *const *settings)
{
    float *x = random_floats(5, ROWS * D, 0, 1);
    hg_model *one = train(context_of(1), x, settings);
    size_t bytes = (size_t)one->net.params * sizeof *one->theta;
    for (int threads = 2; threads <= 4; threads++) {
        hg_model *many = train(context_of(threads), x, settings);
        CHECK(memcmp(one->theta, many->theta, bytes) == 0);
        hg_model_free(&many);
    }
    hg_epoch first = {.size = sizeof first}, last = {.size = sizeof last};
    CHECK(hg_model_history(one, 0, &first) && hg_model_history(one, 2, &last));
    CHECK(last.loss < first.loss);
    hg_metrics *e = measure(context_of(2), one, x, VALID);
    /* Only the order of dividing differs. */
    CHECK_NEAR(hg_metrics_get(e, "loss"), last.val_loss, 1e-13 * fabs(last.val_loss));
    hg_metrics_free(&e);
    hg_model_free(&one);
    free(x);
}

TEST(a_variational_model_trains_to_the_same_bits_with_any_threads)
{
    check_training(SETTINGS("hidden", "20", "code", "3", "code-kind", "variational"));
    test_where("wide, clipped");
    check_training(SETTINGS("hidden", "300", "code", "131", "code-kind", "variational",
                            "clip", "1", "beta", "0.5"));
    test_where("no hidden layer");
    check_training(SETTINGS("code", "70", "code-kind", "variational", "loss", "mse"));
    test_where("several samples of a row");
    check_training(SETTINGS("hidden", "20,10", "code", "3", "code-kind", "variational",
                            "samples", "5", "batchnorm", "true"));
    test_where("a capacity");
    check_training(SETTINGS("hidden", "20", "code", "3", "code-kind", "variational",
                            "capacity", "2", "beta", "3"));
}

static hg_epoch last_epoch(const hg_model *m)
{
    hg_epoch e = {.size = sizeof e};
    for (int64_t i = 0; hg_model_history(m, i, &e) != 0; i++) {}
    return e;
}

/* The bound that training minimises, from weights that hardly move: more draws make it
 * tighter, by what hg_evaluate finds with as many draws on these rows.  Both means are over
 * ROWS rows with draws of their own and came within 2.2 % of each other; as one draw has
 * 21.0, ten 12.0 and 200 10.4, 6 % tells them apart. */
TEST(training_draws_a_row_as_often_as_its_code_says)
{
    hg_ctx *ctx = context_of(2);
    float *x = random_floats(5, ROWS * D, 0, 1);
    const char *const samples[] = {"1", "10", "200"};
    double before = HUGE_VAL;
    for (int i = 0; i < HGI_COUNT(samples); i++) {
        test_where("%s samples", samples[i]);
        hg_model *m = train(ctx, x,
                            SETTINGS("code", "3", "code-kind", "variational", "init",
                                     "he", "samples", samples[i], "lr", "1e-12"));
        hg_epoch e = last_epoch(m);
        hg_metrics *v = measure(ctx, m, x, ROWS);
        double want = hg_metrics_get(v, "loss");
        CHECK_NEAR(e.loss, want, 0.06 * want);
        CHECK(e.loss < before);
        before = e.loss;
        hg_metrics_free(&v);
        hg_model_free(&m);
    }
    free(x);
}

/* A warm-up of a million epochs leaves the divergence free of charge while training: what
 * is paid is 3e-6 of it.  Rows that are not trained on pay the whole of it at all times. */
TEST(the_warm_up_weighs_the_divergence_in_training_alone)
{
    hg_ctx *ctx = context_of(2);
    float *x = random_floats(5, ROWS * D, 0, 1);
    const char *const options[][2] = {{"kl-warmup", "1e6"},
                                      {"kl-warmup-steps", "7000000"}};
    for (int i = 0; i < 2; i++) {
        test_where("%s", options[i][0]);
        hg_model *m = train(ctx, x,
                            SETTINGS("code", "3", "code-kind", "variational",
                                     options[i][0], options[i][1]));
        hg_epoch e = last_epoch(m);
        hg_metrics *v = measure(ctx, m, x, VALID);
        double kl = hg_metrics_get(v, "kl");
        CHECK(kl > 0.5);
        CHECK(e.penalty > 0 && e.penalty < 1e-5 * kl);
        CHECK_NEAR(hg_metrics_get(v, "penalty"), kl, 1e-12);
        hg_metrics_free(&v);
        hg_model_free(&m);
    }
    free(x);
}

/* KL = 0.856 as above; its two parts 0.356 and 0.5: one of them is below the free 0.4.  The
 * penalty in float: a few units of 6e-8. */
TEST(free_bits_and_capacity_change_what_is_paid_and_not_the_divergence)
{
    hg_ctx *ctx = test_ctx();
    const float x[3] = {0.25f, 1, 0.5f};
    const double first = 0.5 * (0.75 * 0.75 + exp(0.5) - 1.5), kl = first + 0.5;
    const struct {
        const char *code;
        double penalty;
    } rows[] = {{"variational 2 beta=2 free-bits=0.4", 2 * (0.4 + 0.5)},
                {"variational 2 beta=2 capacity=3", 2 * (3 - kl)},
                {"variational 2 beta=2 capacity=0.5", 2 * (kl - 0.5)}};
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s", rows[i].code);
        hg_model *m = variational(ctx, rows[i].code, "mse");
        hg_metrics *e = measure(ctx, m, x, 1);
        CHECK_NEAR(hg_metrics_get(e, "kl"), kl, 1e-6);
        CHECK_NEAR(hg_metrics_get(e, "penalty"), rows[i].penalty, 2e-6);
        hg_metrics_free(&e);
        hg_model_free(&m);
    }
}

/* More draws make the bound tighter: -log of a mean is at most the mean of -log (Jensen's
 * inequality); with one draw the analytic divergence stands for the drawn one. */
TEST(more_samples_of_a_row_give_a_lower_objective)
{
    hg_ctx *ctx = context_of(2);
    float *x = random_floats(6, VALID * 3, 0, 1);
    double before = 1e9;
    const char *const codes[] = {"variational 2", "variational 2 samples=10",
                                 "variational 2 samples=1000"};
    for (int i = 0; i < HGI_COUNT(codes); i++) {
        test_where("%s", codes[i]);
        hg_model *m = variational(ctx, codes[i], "bce");
        hg_metrics *e = measure(ctx, m, x, VALID);
        double loss = hg_metrics_get(e, "loss");
        CHECK(loss < before - 1e-3);
        CHECK_NEAR(loss, hg_metrics_get(e, "recon") + hg_metrics_get(e, "penalty"), 1e-9);
        before = loss;
        hg_metrics_free(&e);
        hg_model_free(&m);
    }
    free(x);
}

/* ---- topk ------------------------------------------------------------------------ */

/* W has a 1 in column c of row c and a 2 in column 0 of row 3: a = (x0, x1, x2, 2 x0). */
static hg_model *topk(hg_ctx *ctx, const char *code)
{
    const model_recipe r = {
        .input = {1, {3, 0, 0}}, .encoder = "", .code = code, .decoder = "dense 3"};
    static const float w[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0};
    static const float b[4] = {0}, v_bias[3] = {10, 20, 30};
    static const float v[12] = {1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0};
    hg_model *m = make_model(ctx, &r);
    put(m, 0, 0, w);
    put(m, 0, 1, b);
    put(m, 1, 0, v);
    put(m, 1, 1, v_bias);
    return m;
}

TEST(topk_keeps_the_largest_above_0_and_the_first_of_equals)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = topk(ctx, "topk 4 k=2");
    const float x[12] = {1, 3, 2, /**/ -1, -2, 5, /**/ 2, 4, 4, /**/ -1, -1, -1};
    const float want[16] = {0, 3, 2, 0, /**/ 0, 0, 5, 0, /**/ 0, 4, 4, 0, /**/ 0};
    float z[16], y[12], again[12];
    test_where("equal to 2 x0: unit 2 stays, it is the first");
    CHECK_OK(ctx, hg_encode(ctx, m, x, 4, z));
    for (int i = 0; i < 16; i++) CHECK(z[i] == want[i]);
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, 4, y));
    CHECK_OK(ctx, hg_decode(ctx, m, z, 4, again));
    for (int r = 0; r < 4; r++) {
        const float *c = want + 4 * r;
        const float made[3] = {10 + c[0] + c[3], 20 + c[1], 30 + c[2]};
        for (int i = 0; i < 3; i++) CHECK(y[3 * r + i] == made[i]);
        for (int i = 0; i < 3; i++) CHECK(again[3 * r + i] == made[i]);
    }
    hg_session *one;
    CHECK_OK(ctx, hg_session_new(ctx, m, NULL, &one));
    for (int i = 0; i < 3; i++) { /* in turns: a decoded row is not the one before */
        CHECK(hg_session_reconstruct(one, x + 3 * i, 1, again) == HG_OK);
        CHECK(memcmp(again, y + 3 * i, sizeof *y * 3) == 0);
        CHECK(hg_session_decode(one, z, 1, again) == HG_OK);
        CHECK(memcmp(again, y, sizeof *y * 3) == 0);
    }
    hg_session_free(&one);
    hg_metrics *e = measure(ctx, m, x, 4);
    CHECK_NEAR(hg_metrics_get(e, "l0"), 5.0 / 4, 1e-12);
    CHECK_NEAR(hg_metrics_get(e, "zero_fraction"), 11.0 / 16, 1e-12);
    hg_metrics_free(&e);
    hg_model_free(&m);
}

/* With k the whole code, topk is a relu layer: the same weights must come out of the same
 * training, but for the order of sums: errors of 1e-7 a step, grown by 21 steps. */
TEST(topk_of_everything_trains_as_a_relu_layer)
{
    hg_ctx *ctx = context_of(2);
    float *x = random_floats(5, ROWS * D, 0, 1);
    const char *const same[] = {"optimizer", "sgd", "lr", "0.1", NULL};
    for (int clip = 0; clip < 2; clip++) {
        test_where(clip ? "clipped" : "fused");
        const char *a[16] = {"code", "20", "clip", clip ? "0.5" : "1e9"};
        const char *b[16] = {"code", "20", "code-kind", "topk no-mirror",
                             "topk", "20", "clip",      clip ? "0.5" : "1e9"};
        for (int i = 0; i < 4; i++) a[4 + i] = b[8 + i] = same[i];
        hg_model *dense = train(ctx, x, a), *top = train(ctx, x, b);
        CHECK_INT(dense->net.params, top->net.params);
        for (int64_t i = 0; i < top->net.params; i++)
            CHECK_NEAR((double)top->theta[i], (double)dense->theta[i], 2e-5);
        hg_model_free(&dense);
        hg_model_free(&top);
    }
    free(x);
}

TEST(a_topk_model_trains_to_the_same_bits_with_any_threads)
{
    check_training(SETTINGS("code", "64", "code-kind", "topk", "topk", "5"));
    test_where("wide, clipped, unit decoder");
    check_training(SETTINGS("hidden", "30", "code", "2500", "code-kind", "topk", "topk",
                            "33", "clip", "1", "unit-decoder", "true"));
    test_where("fused, a loss in [0,1]");
    check_training(SETTINGS("code", "1100", "code-kind", "topk k=40", "loss", "bce"));
}

TEST(a_topk_code_wants_a_dense_layer_behind_it)
{
    hg_ctx *ctx = test_ctx();
    static const float x[8] = {0, 1, 0.5f, 1, 1, 1, 0, 0};
    static const struct {
        const char *decoder, *code;
        hg_status status;
        const char *message;
    } rows[] = {
        {"dropout 0.1; dense 4", "topk 6 k=2", HG_EINVAL, "found dropout"},
        {"dense 4 tied", "topk 4 k=2", HG_EINVAL, "no dense layer"},
        {"dense 4", "topk 6 k=7", HG_ERANGE, "k=7 of 6 values"},
        {"dense 6; residual 1; dense 4", "topk 6 k=2", HG_EINVAL, "the code, which"},
        {"dense 4", "topk 6", HG_EINVAL, "k"},
    };
    hg_dataset *d = rows_of(ctx, x, 2, 4);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("row %d", i);
        hg_config *c = config_of(
            ctx, SETTINGS("decoder", rows[i].decoder, "code-kind", rows[i].code));
        hg_model *m;
        CHECK_FAILS(ctx, hg_train_dry_run(ctx, c, d, NULL, &m), rows[i].status,
                    rows[i].message);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
}

TEST(topk_options_come_to_its_line)
{
    hg_ctx *ctx = test_ctx();
    CHECK_TEXT("encoder:\ncode: topk 9 k=2\ndecoder:\n  - dense 6 sigmoid\n", "code", "9",
               "code-kind", "topk", "topk", "2");
    CHECK_TEXT("encoder:\n  - dense 5 relu\ncode: topk 9 k=2 unit-decoder\n", "hidden",
               "5", "code", "9", "code-kind", "topk k=2", "unit-decoder", "true");
}
