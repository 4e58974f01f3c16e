// SPDX-License-Identifier: MIT
/* Sparse and binary codes: what they do to a row, what training makes of them, and that
 * their states are part of the model. */
#include "test_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* No hidden layer unless the settings name one. */
static hg_config *plain_config(hg_ctx *ctx, const char *const *settings)
{
    static const char *const usual[] = {"batch-size", "32",  "epochs", "4",
                                        "loss",       "bce", NULL};
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; usual[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, usual[i], usual[i + 1]));
    for (int i = 0; settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
    return c;
}

/* ---- the same bits ------------------------------------------------------------------ */

static char *bytes_with(int threads, const char *const *settings, size_t *n)
{
    hg_ctx *ctx = context(threads);
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = plain_config(ctx, settings);
    hg_model *m;
    char path[TEST_PATH];
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
    return test_read(path, n);
}

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
        hg_config *c = plain_config(ctx, all);
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
    char *want = bytes_with(1, settings, &n);
    for (int threads = 2; threads <= 4; threads++) {
        char *got = bytes_with(threads, settings, &got_n);
        CHECK(got_n == n && memcmp(got, want, n) == 0);
        free(got);
    }
    char *got = resumed_bytes(5, settings, &got_n); /* 7 steps an epoch */
    CHECK(got_n == n && memcmp(got, want, n) == 0);
    free(got);
    free(want);
}

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The second and later ones have no hidden layer; dead units are there after a step or two,
 * and with 4 threads a batch of 32 rows is 8 chunks. */
TEST(sparse_and_binary_codes_train_to_the_same_bits_with_any_threads_and_resumed)
{
    static const struct {
        const char *line, *hidden, *act, *output;
    } rows[] = {
        {"plain kl=0.3 rate=0.1", "9", "sigmoid", "auto"},
        {"plain kl=0.3 l1=0.01 unit-decoder", "9", "sigmoid", "auto"},
        {"jumprelu l0=0.001 bandwidth=0.5", "9", "linear", "auto"},
        {"jumprelu unit-decoder", "9", "linear", "auto"},
        {"binary", "9", "linear", "auto"},
        {"binary straight", "9", "linear", "auto"},
        {"vq 6", "9", "linear", "auto"},
        {"vq 1100 restart=2 decay=0.5", "9", "linear", "auto"},
        {"topk k=3 alpha=2 dead=3", "9", "linear", "auto"},
        {"batchtopk k=3", "9", "linear", "auto"},
        {"topk k=3 auxk=0.5 dead=2 unit-decoder", NULL, "linear", "auto"},
        {"topk k=3 auxk=0.5 dead=2 pre-bias", NULL, "linear", "linear"},
        {"batchtopk k=2 auxk=0.5 dead=1 pre-bias unit-decoder", NULL, "linear", "linear"},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s", rows[i].line);
        const char *settings[] = {"code",
                                  "37",
                                  "code-kind",
                                  rows[i].line,
                                  "code-activation",
                                  rows[i].act,
                                  "output-activation",
                                  rows[i].output,
                                  "loss",
                                  strcmp(rows[i].output, "linear") == 0 ? "mse" : "bce",
                                  "hidden",
                                  rows[i].hidden,
                                  NULL};
        if (rows[i].hidden == NULL) settings[10] = NULL;
        check_bits(settings);
    }
}

/* ---- what they do ------------------------------------------------------------------- */

static hg_model *train(hg_ctx *ctx, const char *const *settings)
{
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = plain_config(ctx, settings);
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
        hg_model *m = train(ctx, SETTINGS("hidden", "9", "code", "20", "code-activation",
                                          "sigmoid", "kl-sparsity", "1", "target-rate",
                                          rates[i], "epochs", "100", "lr", "0.01"));
        double got = metric(ctx, m, "mean_activity"), rate = atof(rates[i]);
        CHECK_NEAR(got, rate, 0.1 * rate);
        /* The running mean is the mean: the penalty of the model is next to nothing. */
        CHECK(metric(ctx, m, "penalty") < 20 * 0.02);
        hg_model_free(&m);
    }
    hg_model *m = train(ctx, SETTINGS("hidden", "9", "code", "20", "code-activation",
                                      "sigmoid", "epochs", "100", "lr", "0.01"));
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
         "found tanh (encoder line 1 (dense)); set code-activation sigmoid"},
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
        hg_config *c = plain_config(ctx, rows[i].settings);
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
        hg_model *m =
            train(ctx, SETTINGS("hidden", "9", "code", "40", "code-kind", lines[i],
                                "epochs", "100", "lr", "0.01", "loss", "mse"));
        double zeros = metric(ctx, m, "zero_fraction");
        CHECK(zeros > before + 0.2);
        before = zeros;
        hg_model_free(&m);
    }
}

/* ---- topk and batchtopk ------------------------------------------------------------- */

/* Of the last epoch. */
static int note_dead(void *user, const hg_progress *p)
{
    *(double *)user = p->dead;
    return 0;
}

/* The same run with and without the loss that revives: 100 units for rows of 12 independent
 * values, of which 3 units leave much over. */
TEST(fewer_units_are_dead_where_a_loss_revives_them)
{
    hg_ctx *ctx = context(2);
    double dead[2], share;
    static float x[ROWS * D];
    uint64_t seed = 4;
    for (int i = 0; i < ROWS * D; i++) x[i] = (float)test_uniform(&seed, 0, 1);
    for (int i = 0; i < 2; i++) {
        hg_dataset *d = view_of(ctx, x, ROWS);
        hg_config *c = plain_config(
            ctx,
            SETTINGS("code", "100", "code-kind", "topk k=3 unit-decoder no-mirror",
                     "auxk", i == 0 ? "0" : "0.5", "dead-after", "10", "epochs", "80",
                     "lr", "0.01", "loss", "mse", "output-activation", "linear"));
        hg_callbacks cb = {.size = sizeof cb, .on_epoch = note_dead, .user = &share};
        hg_model *m;
        CHECK_OK(ctx, hg_train(ctx, c, d, NULL, &cb, &m));
        hg_metrics *e;
        CHECK_OK(ctx, hg_evaluate(ctx, m, d, &e));
        dead[i] = hg_metrics_get(e, "dead_units");
        hg_metrics_free(&e);
        /* The same share but for units that fired within the last steps, or will not
         * with the last weights. */
        CHECK_NEAR(share, dead[i], 0.15);
        hg_model_free(&m);
        hg_config_free(&c);
        hg_dataset_free(&d);
    }
    CHECK(dead[0] > 0.7);
    CHECK(dead[1] < 0.85 * dead[0]);
}

static bool is_mirrored(const hg_model *m)
{
    const hgi_layer *code = &m->net.layer[m->net.code];
    const hgi_real *W = m->theta + code->tensor[0].offset;
    const hgi_real *V = m->theta + code[1].tensor[0].offset;
    for (int64_t c = 0; c < code->d_out; c++)
        for (int64_t j = 0; j < code->d_in; j++)
            if (memcmp(&W[c * code->d_in + j], &V[j * code->d_out + c], sizeof *W) != 0)
                return false;
    return true;
}

/* Weights before the first step: an epoch with next to no learning rate. */
TEST(a_wide_code_starts_as_its_decoder_where_it_can_and_may)
{
    static const struct {
        const char *settings[9];
        bool mirrored;
    } rows[] = {
        {{"code-kind", "topk k=3", NULL}, true},
        {{"code-kind", "batchtopk k=3 unit-decoder", NULL}, true},
        {{"code-kind", "topk k=3", "mirror", "true", "pre-bias", "true", "loss", "mse",
          NULL},
         true},
        {{"code-kind", "topk k=3", "no-mirror", "true", NULL}, false},
    };
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        hg_config *c = plain_config(ctx, rows[i].settings);
        hg_model *m;
        test_where("row %d", i);
        CHECK_OK(ctx, hg_config_set(c, "code", "30"));
        CHECK_OK(ctx, hg_config_set(c, "output-activation", i == 2 ? "linear" : "auto"));
        CHECK_OK(ctx, hg_train_dry_run(ctx, c, d, NULL, &m));
        CHECK(is_mirrored(m) == rows[i].mirrored);
        hg_model_free(&m);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
}

/* Units that nobody needs are seen in the first epoch, though they count as dead only after
 * 1000 steps, which this run has not. */
TEST(the_share_of_dead_units_is_that_of_an_epoch_in_a_short_run)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = plain_config(ctx, SETTINGS("code", "400", "code-kind",
                                              "batchtopk k=1 no-mirror", "loss", "mse"));
    double share = 0;
    hg_callbacks cb = {.size = sizeof cb, .on_epoch = note_dead, .user = &share};
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, &cb, &m));
    /* A batch of 32 rows has 32 values for 400 units, an epoch ROWS. */
    CHECK(share > 1 - (double)ROWS / 400 && share < 1);
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

static void keep_warning(void *user, hg_log_level level, const char *line)
{
    if (level == HG_LOG_WARNING && strstr(line, "auxk") != NULL)
        snprintf(user, HG_MESSAGE_MAX, "%s", line);
}

TEST(auxk_is_told_to_have_no_effect_in_a_run_without_time_for_dead_units)
{
    static const char *const after[] = {"1000", "20"};
    for (int i = 0; i < 2; i++) {
        char warning[HG_MESSAGE_MAX] = "";
        hg_ctx_options o = {.size = sizeof o, .log = keep_warning, .log_user = warning};
        hg_ctx *ctx;
        hg_model *m;
        CHECK_INT(hg_ctx_new(&o, &ctx), HG_OK);
        hg_dataset *d = view_of(ctx, values(), ROWS);
        hg_config *c = plain_config(ctx, SETTINGS("code", "30", "code-kind", "topk k=3",
                                                  "auxk", "0.1", "dead-after", after[i]));
        CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
        /* 7 steps an epoch, 4 epochs */
        CHECK_STR(warning, i == 1 ? ""
                                  : "auxk has no effect here: a unit is dead after 1000 "
                                    "steps without use, and training has 28; set "
                                    "dead-after, to 3 say");
        hg_model_free(&m);
        hg_config_free(&c);
        hg_dataset_free(&d);
        hg_ctx_free(&ctx);
    }
}

/* Trained with 4 values a row, used with 7: the model says so, not the caller. */
TEST(a_topk_code_keeps_alpha_k_values_outside_training)
{
    hg_ctx *ctx = context(2);
    static float z[ROWS * 60];
    hg_model *m = train(ctx, SETTINGS("code", "60", "code-kind", "topk", "topk", "4",
                                      "topk-alpha", "1.7"));
    int64_t most = 0;
    CHECK_OK(ctx, hg_encode(ctx, m, values(), ROWS, z));
    for (int r = 0; r < ROWS; r++) {
        int64_t n = 0;
        for (int j = 0; j < 60; j++) n += z[r * 60 + j] > 0;
        most = n > most ? n : most;
    }
    CHECK_INT(most, 7);
    hg_model_free(&m);
}

/* Rows share the batch's places, so their numbers differ, and their mean is near k; a row
 * alone has the code that it has among others. */
TEST(a_batchtopk_code_of_a_row_does_not_depend_on_its_batch)
{
    enum { UNITS = 60, K = 5 };
    hg_ctx *ctx = context(2);
    static float z[ROWS * UNITS], one[UNITS];
    hg_model *m = train(ctx, SETTINGS("code", "60", "code-kind", "batchtopk k=5",
                                      "epochs", "60", "lr", "0.01", "loss", "mse"));
    CHECK_OK(ctx, hg_encode(ctx, m, values(), ROWS, z));
    int64_t least = UNITS, most = 0, sum = 0;
    for (int r = 0; r < ROWS; r++) {
        int64_t n = 0;
        for (int j = 0; j < UNITS; j++) n += z[r * UNITS + j] > 0;
        least = n < least ? n : least;
        most = n > most ? n : most;
        sum += n;
        if (r % 20 > 0) continue;
        CHECK_OK(ctx, hg_encode(ctx, m, values() + r * D, 1, one));
        CHECK(memcmp(one, z + r * UNITS, sizeof one) == 0);
    }
    CHECK(least < most && most <= 8 * K);
    /* The threshold is a running mean while the weights move: within a fifth. */
    CHECK_NEAR((double)sum / ROWS, K, K / 5.0);
    hg_model_free(&m);
}

/* Norms are those of floats that were divided by their own norm: 1e-6. */
TEST(a_unit_decoder_has_columns_of_norm_1_after_training)
{
    hg_ctx *ctx = context(2);
    static const char *const lines[] = {"topk k=4 auxk=0.1 dead=5 unit-decoder",
                                        "batchtopk k=4 unit-decoder",
                                        "jumprelu unit-decoder"};
    for (int i = 0; i < 3; i++) {
        hg_model *m = train(ctx, SETTINGS("code", "30", "code-kind", lines[i]));
        const hgi_tensor *t = &m->net.layer[m->net.code + 1].tensor[0];
        for (int64_t j = 0; j < 30; j++) {
            double square = 0;
            for (int64_t r = 0; r < D; r++) {
                double v = (double)m->theta[t->offset + r * 30 + j];
                square += v * v;
            }
            CHECK_NEAR(square, 1, 1e-6);
        }
        hg_model_free(&m);
    }
}

TEST(what_auxk_and_pre_bias_need_is_named)
{
    static const struct {
        const char *settings[9], *message;
    } rows[] = {
        {{"code", "20", "hidden", "9", "code-kind", "topk k=2 auxk=0.1", NULL},
         "code: auxk needs a decoder of one dense layer, found 2 layers"},
        {{"code", "20", "loss", "mae", "code-kind", "batchtopk k=2 auxk=0.1", NULL},
         "code: auxk needs loss mse or bce, found mae"},
        {{"code", "20", "code-kind", "topk k=2 pre-bias", NULL},
         "code: pre-bias needs a code right on the data"},
        {{"code", "20", "hidden", "9", "code-kind", "topk k=2", "mirror", "true", NULL},
         "code: mirror needs a decoder of one dense layer, found 2 layers"},
        {{"code", "20", "code-kind", "topk k=2 mirror", "no-mirror", "true", NULL},
         "code: both mirror and no-mirror"},
        {{"code", "20", "code-kind", "plain", "pre-bias", "true", NULL},
         "pre-bias: a plain code has no use for it: set code-kind to topk or batchtopk"},
        {{"code", "20", "code-kind", "vq 4 parts=3", NULL},
         "code: 20 values do not make 3 equal parts"},
    };
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("row %d", i);
        hg_config *c = plain_config(ctx, rows[i].settings);
        hg_model *m;
        hg_status status = hg_train_dry_run(ctx, c, d, NULL, &m);
        CHECK(status == HG_EINVAL || status == HG_ESHAPE);
        CHECK(strstr(hg_message(ctx), rows[i].message) != NULL);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
}

/* ---- vector-quantised --------------------------------------------------------------- */

TEST(a_vector_quantised_code_is_made_of_entries_of_its_codebook)
{
    enum { PARTS = 4, W = 2, K = 8 };
    hg_ctx *ctx = context(2);
    static float z[ROWS * PARTS * W], which[ROWS * PARTS];
    hg_model *m =
        train(ctx, SETTINGS("code", "8", "code-kind", "vq 8 parts=4 restart=20", "hidden",
                            "20", "epochs", "80", "lr", "0.01", "loss", "mse"));
    hg_dataset *d = view_of(ctx, values(), ROWS), *indices;
    CHECK_OK(ctx, hg_encode(ctx, m, values(), ROWS, z));
    CHECK_OK(ctx, hg_encode_indices(ctx, m, d, &indices));
    CHECK_INT(hg_dataset_features(indices), PARTS);
    CHECK_OK(ctx, hg_dataset_read(ctx, indices, 0, ROWS, which));
    const hgi_layer *code = &m->net.layer[m->net.code];
    const hgi_real *book = m->state + code->tensor[0].offset;
    int64_t uses[K] = {0};
    double entropy = 0;
    for (int v = 0; v < ROWS * PARTS; v++) {
        int64_t j = (int64_t)which[v];
        CHECK(j >= 0 && j < K && memcmp(z + v * W, book + j * W, W * sizeof *z) == 0);
        uses[j]++;
    }
    for (int j = 0; j < K; j++)
        if (uses[j] > 0)
            entropy -=
                (double)uses[j] / (ROWS * PARTS) * log((double)uses[j] / (ROWS * PARTS));
    CHECK_NEAR(metric(ctx, m, "perplexity"), exp(entropy), 1e-9);
    CHECK(exp(entropy) > 3);
    CHECK(metric(ctx, m, "explained_variance") > 0.5);
    hg_dataset_free(&indices);
    hg_dataset_free(&d);
    hg_model_free(&m);
    m = train(ctx, SETTINGS("code", "8"));
    d = view_of(ctx, values(), ROWS);
    CHECK_FAILS(ctx, hg_encode_indices(ctx, m, d, &indices), HG_EINVAL, "no indices");
    hg_dataset_free(&d);
    hg_model_free(&m);
}

TEST(restarts_leave_fewer_entries_of_a_codebook_unused)
{
    hg_ctx *ctx = context(2);
    double dead[2];
    static const char *const lines[] = {"vq 64 parts=2 restart=0",
                                        "vq 64 parts=2 restart=5"};
    for (int i = 0; i < 2; i++) {
        hg_model *m = train(ctx, SETTINGS("code", "8", "code-kind", lines[i], "hidden",
                                          "20", "epochs", "60", "lr", "0.01"));
        dead[i] = metric(ctx, m, "dead_units");
        hg_model_free(&m);
    }
    CHECK(dead[0] > 0.1);
    CHECK(dead[1] < 0.7 * dead[0]);
}
