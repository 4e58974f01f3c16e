// SPDX-License-Identifier: MIT
/* Sparse and binary codes: what they do to a row, what training makes of them, and that
 * their states are part of the model. */
#include "test_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the same bits ------------------------------------------------------------------ */

/* Stop after every `at` steps, go on from the checkpoint each time with other threads. */
static char *resumed_bytes(int64_t at, const char *const *settings, size_t *n)
{
    const char *all[64];
    char folder[TEST_PATH], path[TEST_PATH], name[32];
    static int runs;
    int64_t count = 0;
    snprintf(name, sizeof name, "ck%d", runs++);
    test_path(folder, name);
    test_path(path, "resumed.safetensors");
    for (; settings[count] != NULL; count++) all[count] = settings[count];
    const char *const more[] = {"checkpoint", folder, "resume", "true", NULL};
    for (int i = 0; i < 5; i++) all[count + i] = more[i];
    hg_status status = HG_ECANCELED;
    for (int run = 0; run < 100 && status == HG_ECANCELED; run++) {
        hg_ctx *ctx = context(1 + run % 3);
        hg_dataset *d = view_of(ctx, values(), ROWS);
        hg_config *c = config(ctx, all);
        hg_model *m = NULL;
        stopper s = {.at = at};
        hg_callbacks cb = {.size = sizeof cb, .on_step = stop_at_step, .user = &s};
        status = hg_train(ctx, c, d, NULL, &cb, &m);
        if (status == HG_OK) CHECK_OK(ctx, hg_model_save(ctx, m, path));
        hg_model_free(&m);
        hg_config_free(&c);
        hg_dataset_free(&d);
    }
    CHECK_INT(status, HG_OK);
    return test_read(path, n);
}

/* Any number of threads and a resumed run write the same file. */
static void check_bits(const char *const *settings)
{
    size_t n, got_n;
    char *want = trained_bytes(context(1), settings, false, &n);
    for (int threads = 2; threads <= 4; threads++) {
        char *got = trained_bytes(context(threads), settings, false, &got_n);
        CHECK(got_n == n && memcmp(got, want, n) == 0);
        free(got);
    }
    char *got = resumed_bytes(5, settings, &got_n); /* 7 steps an epoch */
    CHECK(got_n == n && memcmp(got, want, n) == 0);
    free(got);
    free(want);
}

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST(sparse_and_binary_codes_train_to_the_same_bits_with_any_threads_and_resumed)
{
    static const char *const lines[] = {
        "plain kl=0.3 rate=0.1",
        "plain kl=0.3 l1=0.01 unit-decoder",
        "jumprelu l0=0.001 bandwidth=0.5",
        "jumprelu unit-decoder",
        "binary",
        "binary straight",
    };
    for (int i = 0; i < HGI_COUNT(lines); i++) {
        test_where("%s", lines[i]);
        const char *act = strncmp(lines[i], "plain", 5) == 0 ? "sigmoid" : "linear";
        check_bits(SETTINGS("code", "37", "code-kind", lines[i], "code-activation", act));
    }
}

/* ---- what they do ------------------------------------------------------------------- */

static hg_model *train(hg_ctx *ctx, const char *const *settings)
{
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, settings);
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_config_free(&c);
    hg_dataset_free(&d);
    return m;
}

static double metric(hg_ctx *ctx, const hg_model *m, const char *name)
{
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_metrics *e;
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &e));
    double value = hg_metrics_get(e, name);
    hg_metrics_free(&e);
    hg_dataset_free(&d);
    return value;
}

/* 700 steps at 0.01; without the penalty the same run leaves units where the data need
 * them.  The mean over units and rows: the penalty is a pull and not a constraint, and a
 * few thousandths of the reconstruction's own pull remain. */
TEST(kl_sparsity_brings_the_mean_activity_to_the_target)
{
    hg_ctx *ctx = context(2);
    for (int i = 0; i < 3; i++) {
        static const char *const rates[] = {"0.05", "0.2", "0.4"};
        hg_model *m = train(ctx, SETTINGS("code", "20", "code-activation", "sigmoid",
                                          "kl-sparsity", "1", "target-rate", rates[i],
                                          "epochs", "100", "lr", "0.01"));
        double got = metric(ctx, m, "mean_activity"), rate = atof(rates[i]);
        CHECK_NEAR(got, rate, 0.1 * rate);
        /* The running mean is the mean: the penalty of the model is next to nothing. */
        CHECK(metric(ctx, m, "penalty") < 20 * 0.02);
        hg_model_free(&m);
    }
    hg_model *m = train(ctx, SETTINGS("code", "20", "code-activation", "sigmoid",
                                      "epochs", "100", "lr", "0.01"));
    CHECK(metric(ctx, m, "mean_activity") > 0.25);
    hg_model_free(&m);
}

TEST(codes_name_the_activation_that_they_need)
{
    static const struct {
        const char *settings[9], *message;
    } rows[] = {
        {{"code", "3", "kl-sparsity", "1", NULL},
         "code: kl-sparsity needs a sigmoid layer before the code, found relu"},
        {{"code", "3", "kl-sparsity", "1", "code-activation", "tanh", NULL},
         "found tanh (encoder line 2 (dense)); set code-activation sigmoid"},
        {{"code", "3", "code-kind", "binary", "code-activation", "sigmoid", NULL},
         "code: binary needs a linear layer"},
        {{"code", "3", "code-kind", "jumprelu", "code-activation", "relu", NULL},
         "code: jumprelu needs a linear layer"},
        {{"code", "3", "code-kind", "binary noise=2 straight", NULL}, "no noise"},
    };
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("row %d", i);
        hg_config *c = config(ctx, rows[i].settings);
        hg_model *m;
        CHECK_FAILS(ctx, hg_train_dry_run(ctx, c, d, NULL, &m), HG_EINVAL,
                    rows[i].message);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
}

/* Bits come out, they carry the rows, and what is decoded from them is what reconstruct
 * gives.  A constant model's mse on these rows is their variance, 0.02: eight bits of a
 * net with 20 hidden units explain more than half of it. */
TEST(binary_codes_are_bits_that_carry_the_row)
{
    hg_ctx *ctx = context(2);
    static const char *const lines[] = {"binary noise=2", "binary straight"};
    for (int i = 0; i < 2; i++) {
        test_where("%s", lines[i]);
        hg_model *m = train(ctx, SETTINGS("code", "8", "code-kind", lines[i], "epochs",
                                          "200", "lr", "0.01", "activation", "tanh",
                                          "hidden", "20", "loss", "mse"));
        float z[ROWS * 8], y[ROWS * D], again[ROWS * D];
        CHECK_OK(ctx, hg_encode(ctx, m, values(), ROWS, z));
        int ones = 0;
        for (int k = 0; k < ROWS * 8; k++) {
            CHECK(z[k] == 0 || z[k] == 1);
            ones += z[k] == 1;
        }
        CHECK(ones > ROWS && ones < ROWS * 7);
        CHECK_OK(ctx, hg_reconstruct(ctx, m, values(), ROWS, y));
        CHECK_OK(ctx, hg_decode(ctx, m, z, ROWS, again));
        CHECK(memcmp(y, again, sizeof y) == 0);
        CHECK(metric(ctx, m, "explained_variance") > 0.5);
        hg_model_free(&m);
    }
}

/* The penalty buys sparsity through the thresholds: fewer values that are not 0. */
TEST(an_l0_penalty_leaves_fewer_values_of_a_jumprelu_code)
{
    hg_ctx *ctx = context(2);
    static const char *const lines[] = {"jumprelu bandwidth=0.5",
                                        "jumprelu l0=0.001 bandwidth=0.5"};
    double before = 0;
    for (int i = 0; i < 2; i++) {
        hg_model *m = train(ctx, SETTINGS("code", "40", "code-kind", lines[i], "epochs",
                                          "100", "lr", "0.01", "loss", "mse"));
        double zeros = metric(ctx, m, "zero_fraction");
        CHECK(zeros > before + 0.2);
        before = zeros;
        hg_model_free(&m);
    }
}
