// SPDX-License-Identifier: MIT
/* Training: same bits for any threads; what it learns; errors that name their place.
 * Interruptions are in test_checkpoint.c. */
#include "test_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check_same_bits(const char *const *settings)
{
    size_t n1, n;
    char *one = trained_bytes(context(1), settings, true, &n1);
    for (int threads = 2; threads <= 5; threads++) {
        char *many = trained_bytes(context(threads), settings, true, &n);
        CHECK(n == n1 && memcmp(one, many, n) == 0);
        free(many);
    }
    free(one);
}

TEST(any_number_of_threads_gives_the_same_bits)
{
    check_same_bits(NULL);
    test_where("wide");
    check_same_bits((const char *[]){"hidden", "300", "epochs", "2", NULL});
    test_where("tied and clipped");
    check_same_bits((const char *[]){"tied", "true", "clip", "0.1", NULL});
    test_where("batchnorm, dropout");
    check_same_bits((const char *[]){"batchnorm", "true", "dropout", "0.3", NULL});
    test_where("denoising");
    check_same_bits((const char *[]){"corrupt", "gaussian:0.3+salt-pepper:0.1", NULL});
    check_same_bits((const char *[]){"corrupt", "mask:0.9", "redraw", "once", NULL});
    test_where("sparse, unit decoder, sgd");
    check_same_bits((const char *[]){"l1", "0.01", "unit-decoder", "true", "optimizer",
                                     "sgd", "momentum", "0.9", "hidden", "9", NULL});
}

/* On ref's product in bf16, which every machine has; the vector ones are held to the same
 * contract in test_kernels_bf16.c. */
TEST(products_in_bf16_give_the_same_bits_for_any_threads_and_nearly_the_same_loss)
{
    hg_epoch h[2] = {{.size = sizeof h[0]}, {.size = sizeof h[0]}};
    for (int bf16 = 0; bf16 < 2; bf16++) {
        const char *const settings[] = {"precision", bf16 ? "bf16" : "f32", NULL};
        size_t n = 0, n1 = 0;
        char *bytes[2];
        for (int threads = 1; threads <= 2; threads++) {
            hg_ctx_options o = {.size = sizeof o, .threads = threads, .cpu = "ref"};
            hg_ctx *ctx = test_ctx_with(&o);
            bytes[threads - 1] =
                trained_bytes(ctx, settings, true, threads == 1 ? &n1 : &n);
            hg_dataset *d = view_of(ctx, values(), ROWS);
            hg_config *c = config(ctx, settings);
            hg_model *m;
            CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
            CHECK(hg_model_history(m, 3, &h[bf16]));
            hg_model_free(&m);
            hg_config_free(&c);
            hg_dataset_free(&d);
        }
        CHECK(n == n1 && memcmp(bytes[0], bytes[1], n) == 0);
        free(bytes[0]);
        free(bytes[1]);
    }
    /* 8 bits of fraction are off by 0.4 % at the most, in either direction; they are not
     * no change at all. */
    CHECK_NEAR(h[1].loss, h[0].loss, 0.004 * h[0].loss);
    CHECK(h[1].loss != h[0].loss);
}

TEST(another_seed_gives_other_bits)
{
    size_t n1, n2;
    char *a = trained_bytes(context(1), NULL, false, &n1);
    char *b = trained_bytes(context(1), (const char *[]){"seed", "2", NULL}, false, &n2);
    CHECK(n1 == n2 && memcmp(a, b, n1) != 0);
    free(a);
    free(b);
}

/* ---- what it learns, and when it stops ------------------------------------------- */

static double last_loss(hg_ctx *ctx, const char *const *settings, int64_t *epochs)
{
    hg_dataset *d = view_of(ctx, values(), ROWS), *v = view_of(ctx, values(), 60);
    hg_config *c = config(ctx, settings);
    stopper s = {0};
    hg_callbacks cb = {.size = sizeof cb, .on_epoch = note_epoch, .user = &s};
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, v, &cb, &m));
    if (epochs != NULL) *epochs = s.epochs;
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
    hg_dataset_free(&v);
    return s.last_loss / s.first_loss;
}

TEST(every_optimizer_and_schedule_lowers_the_loss)
{
    hg_ctx *ctx = test_ctx();
    const char *const optimizers[][3] = {{"sgd", "0.5", "constant"},
                                         {"sgd", "0.5", "cosine floor=0.1"},
                                         {"adam", "0.01", "step every=10"},
                                         {"adamw", "0.01", "plateau patience=2"},
                                         {"rmsprop", "0.01", "constant"}};
    for (int i = 0; i < 5; i++) {
        test_where("%s, %s", optimizers[i][0], optimizers[i][2]);
        double ratio =
            last_loss(ctx,
                      (const char *[]){"optimizer", optimizers[i][0], "lr",
                                       optimizers[i][1], "schedule", optimizers[i][2],
                                       "loss", "mse", "epochs", "30", NULL},
                      NULL);
        CHECK(ratio <
              0.8); /* the mean alone is reached well before; a stuck run stays at 1 */
    }
}

TEST(early_stopping_ends_the_run_and_keeps_the_best_weights)
{
    hg_ctx *ctx = test_ctx();
    int64_t epochs;
    /* Nothing improves by 10 after the first epoch: it is the best, two
     * more are waited. */
    last_loss(
        ctx, (const char *[]){"early-stop", "2", "min-delta", "10", "epochs", "40", NULL},
        &epochs);
    CHECK_INT(epochs, 3);
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, (const char *[]){"early-stop", "2", "min-delta", "10",
                                                "epochs", "40", NULL});
    hg_config *one = config(ctx, (const char *[]){"epochs", "1", NULL});
    hg_model *m, *first;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    CHECK_OK(ctx, hg_train(ctx, one, d, NULL, NULL, &first));
    CHECK_INT(m->trained.best_epoch, 1);
    CHECK(memcmp(m->theta, first->theta, (size_t)m->net.params * sizeof *m->theta) == 0);
    hg_model_free(&m);
    hg_model_free(&first);
    hg_config_free(&c);
    hg_config_free(&one);
    hg_dataset_free(&d);
}

TEST(a_diverging_run_names_epoch_step_and_layer)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c =
        config(ctx, (const char *[]){"loss", "mse", "optimizer", "sgd", "lr", "1000",
                                     "activation", "linear", "epochs", "100", NULL});
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EDIVERGED, "epoch 1, step ");
    CHECK(strstr(hg_message(ctx), "layer ") != NULL);
    CHECK(m == NULL); /* no epoch ended */
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(a_validation_loss_that_is_not_finite_is_blamed_on_its_row)
{
    static float wild[50 * D];
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    memcpy(wild, values(), sizeof wild);
    wild[17 * D + 3] = 1e30f; /* its square is no float */
    hg_dataset *v = view_of(ctx, wild, 50);
    hg_config *c = config(ctx, (const char *[]){"loss", "mse", "scale", "none",
                                                "activation", "linear", NULL});
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, v, NULL, &m), HG_EDIVERGED,
                "epoch 1: the validation loss is not finite, first in row 18 of memory;");
    CHECK(strstr(hg_message(ctx), "layer") == NULL);
    hg_dataset_free(&v);
    hg_config_free(&c);
    /* The same row among those trained on: every layer is finite, and so are its rows' sums
     * in float up to 3.4e38; their squares are not. */
    v = view_of(ctx, wild, 50);
    c = config(ctx, (const char *[]){"loss", "mse", "scale", "none", "code", "1",
                                     "hidden", "1", "no-shuffle", "true", NULL});
    CHECK_FAILS(
        ctx, hg_train(ctx, c, v, NULL, NULL, &m), HG_EDIVERGED,
        "the loss is not finite, though the last layer decoder.1 gave finite output;");
    hg_config_free(&c);
    hg_dataset_free(&d);
    hg_dataset_free(&v);
}

TEST(after_a_good_epoch_divergence_leaves_the_last_good_weights)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    /* The warm-up keeps the rate small in epoch 1 (7 steps) and lets it explode later. */
    hg_config *c = config(ctx, (const char *[]){"loss", "mse", "optimizer", "sgd", "lr",
                                                "30", "activation", "linear", "warmup",
                                                "3000", "epochs", "400", NULL});
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EDIVERGED,
                "last good weights");
    CHECK(m != NULL);
    for (int64_t i = 0; m != NULL && i < m->net.params; i++)
        if (!CHECK(isfinite(m->theta[i]))) break;
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(a_batch_of_one_row_trains_even_with_batchnorm)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), 33); /* 32 + 1 */
    hg_config *c = config(ctx, (const char *[]){"batchnorm", "true", NULL});
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    CHECK(isfinite(m->theta[0]));
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

static int64_t steps_seen;
static int count_step(void *user, const hg_progress *p)
{
    (void)user;
    CHECK_INT(p->steps, 7);
    steps_seen++;
    return 0;
}

TEST(callbacks_come_after_each_step_and_no_row_is_dropped)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, (const char *[]){"epochs", "3", NULL});
    hg_callbacks cb = {.size = sizeof cb, .on_step = count_step};
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, &cb, &m));
    CHECK_INT(steps_seen, 3 * 7);
    CHECK_INT(m->trained.rows, ROWS);
    CHECK_INT(m->trained.history_count, 3);
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

/* ---- choices and refusals -------------------------------------------------------- */

static void check_loss(hg_ctx *ctx, float factor, const char *const *settings,
                       const char *want)
{
    static float x[ROWS * D];
    for (int i = 0; i < ROWS * D; i++) x[i] = values()[i] * factor;
    hg_dataset *d = view_of(ctx, x, ROWS);
    hg_config *c = config(ctx, settings);
    hg_model *m;
    CHECK_OK(ctx, hg_config_set(c, "loss", "auto"));
    CHECK_OK(ctx, hg_train_dry_run(ctx, c, d, NULL, &m));
    hg_model_info info = {.size = sizeof info};
    CHECK_OK(ctx, hg_model_get_info(ctx, m, &info));
    CHECK_STR(info.loss, want);
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(the_loss_follows_the_range_of_the_data)
{
    hg_ctx *ctx = test_ctx();
    check_loss(ctx, 1, NULL, "bce");
    check_loss(ctx, 100, NULL, "mse"); /* standardised: both signs */
    check_loss(ctx, 100, (const char *[]){"scale", "minmax", NULL}, "bce");
    check_loss(
        ctx, 1,
        (const char *[]){"encoder", "dense 3", "decoder", "dense input tanh", NULL},
        "mse");
}

static void check_setup_fails(hg_ctx *ctx, const char *const *settings, hg_status status,
                              const char *message)
{
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, settings);
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), status, message);
    CHECK(m == NULL);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

/* The warnings of a dry run, in one line. */
static char warnings[1024];
static void collect(void *user, hg_log_level level, const char *line)
{
    size_t n = strlen(warnings);
    (void)user;
    if (level == HG_LOG_WARNING)
        snprintf(warnings + n, sizeof warnings - n, "%s%s", n > 0 ? "|" : "", line);
}

/* val_loss has all of beta, so that a run that ends before is not what it was told by. */
TEST(a_kl_warmup_that_is_longer_than_the_run_is_told)
{
    static const struct {
        const char *name, *value, *want;
    } rows[] = {
        {"kl-warmup", "8",
         "kl-warmup: 8 is longer than the run's 4: beta ends at 0.5 of"},
        {"kl-warmup", "4", NULL},
        {"kl-warmup-steps", "56", "kl-warmup-steps: 56 is longer than the run's 28"},
        {"kl-warmup-steps", "28", NULL},
    };
    hg_ctx *ctx =
        test_ctx_with(&(hg_ctx_options){.size = sizeof(hg_ctx_options), .log = collect});
    hg_dataset *d = view_of(ctx, values(), ROWS);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const settings[] = {"code-kind", "variational", rows[i].name,
                                        rows[i].value, NULL};
        hg_config *c = config(ctx, settings);
        hg_model *m;
        warnings[0] = '\0';
        test_where("%s %s", rows[i].name, rows[i].value);
        CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
        if (rows[i].want == NULL)
            CHECK_STR(warnings, "");
        else
            CHECK(strstr(warnings, rows[i].want) != NULL);
        hg_model_free(&m);
        hg_config_free(&c);
    }
    test_where(NULL);
    hg_dataset_free(&d);
}

TEST(what_a_kind_of_code_lacks_is_told_by_the_option_that_sets_it)
{
    hg_ctx *ctx = test_ctx();
    const char *const k[] = {"code-kind", "topk", NULL}, *const batch[] = {
                                                             "code-kind",
                                                             "batchtopk auxk=0.1", NULL};
    check_setup_fails(ctx, k, HG_EINVAL, "set topk, how many values a row keeps");
    check_setup_fails(ctx, batch, HG_EINVAL, "a batchtopk code without its k");
}

TEST(options_that_have_no_effect_are_told_by_name)
{
    static const struct {
        const char *settings[10], *want;
    } rows[] = {
        {{"lr", "0.1", "beta1", "0.8", "early-stop", "3", "min-delta", "0.1"}, ""},
        {{"optimizer", "sgd", "momentum", "0.9", "nesterov", "true"}, ""},
        {{"optimizer", "sgd", "nesterov", "true"},
         "nesterov has no effect here: it needs optimizer=sgd and momentum"},
        {{"momentum", "0.9", "nesterov", "false", "rho", "0.8"},
         "momentum has no effect here: it needs optimizer=sgd or optimizer=rmsprop|rho "
         "has "
         "no effect here: it needs optimizer=rmsprop"},
        {{"optimizer", "sgd", "beta1", "0.8", "beta2", "0.9"},
         "beta1 has no effect here: it needs optimizer=adam or optimizer=adamw|beta2 has "
         "no "
         "effect here: it needs optimizer=adam or optimizer=adamw"},
        {{"loss", "mse", "huber-delta", "2"},
         "huber-delta has no effect here: it needs loss=huber"},
        {{"loss", "huber", "huber-delta", "2"}, ""},
        /* The data lie in [0,1], so that the loss is bce without being said. */
        {{"out-of-range", "refuse"}, ""},
        {{"min-delta", "0.1"},
         "min-delta has no effect here: it needs early-stop or keep=best"},
        {{"min-delta", "0.1", "keep", "best"}, ""},
        {{"checkpoint-seconds", "9"},
         "checkpoint-seconds has no effect here: it needs checkpoint"},
        {{"valid-split", "0.5"},
         "valid-split has no effect here: the validation rows are given, memory"},
        /* Said by the preset alone; then by the user as well. */
        {{"preset", "tabular", "encoder", "dense 3", "decoder", "dense input"}, ""},
        {{"preset", "tabular", "encoder", "dense 3", "decoder", "dense input",
          "activation", "tanh"},
         "activation has no effect here: it needs hidden or code"},
    };
    hg_ctx *ctx =
        test_ctx_with(&(hg_ctx_options){.size = sizeof(hg_ctx_options), .log = collect});
    hg_dataset *d = view_of(ctx, values(), ROWS), *v = view_of(ctx, values(), 50);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hg_config *c;
        hg_model *m;
        warnings[0] = '\0';
        test_where("row %zu", i);
        CHECK_OK(ctx, hg_config_new(ctx, &c));
        CHECK_OK(ctx, hg_config_set(c, "code", "3"));
        for (int k = 0; k < 10 && rows[i].settings[k] != NULL; k += 2)
            CHECK_OK(ctx, hg_config_set(c, rows[i].settings[k], rows[i].settings[k + 1]));
        CHECK_OK(ctx, hg_train_dry_run(ctx, c, d, v, &m));
        CHECK_STR(warnings, rows[i].want);
        hg_model_free(&m);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
    hg_dataset_free(&v);
}

TEST(what_does_not_fit_is_refused_before_any_work)
{
    hg_ctx *ctx = test_ctx();
    check_setup_fails(ctx, (const char *[]){"scale", "standard", NULL}, HG_ERANGE,
                      "[0,1]");
    check_setup_fails(ctx, (const char *[]){"output-activation", "relu", NULL}, HG_EINVAL,
                      "sigmoid");
    check_setup_fails(
        ctx, (const char *[]){"encoder", "dense 3", "decoder", "dense 11", NULL},
        HG_ESHAPE, "decoder line 1 (dense): gives 11 values, but a row has 12");
    check_setup_fails(ctx,
                      (const char *[]){"encoder", "dens 3", "decoder", "dense 12", NULL},
                      HG_EUNKNOWN, "did you mean 'dense'");
    check_setup_fails(
        ctx, (const char *[]){"encoder", "dense 3", "decoder", "dense 7 tied", NULL},
        HG_ESHAPE, "tied");
    check_setup_fails(ctx, (const char *[]){"schedule", "cosin", NULL}, HG_EUNKNOWN,
                      "cosine");
    check_setup_fails(ctx, (const char *[]){"shape", "3x5", NULL}, HG_ESHAPE, "3x5");
}

TEST(every_failing_allocation_is_reported_and_leaks_nothing)
{
    hg_ctx *ctx = context(2);
    hg_dataset *d = view_of(ctx, values(), 40);
    char folder[TEST_PATH];
    test_path(folder, "ck");
    hg_status status = HG_ENOMEM;
    int64_t n = 0;
    for (; n < 20000 && status == HG_ENOMEM; n++) {
        hg_config *c =
            config(ctx, (const char *[]){"epochs", "1", "checkpoint", folder,
                                         "valid-split", "0.3", "clip", "1", NULL});
        hg_model *m = NULL;
        test_fail_alloc(n);
        status = hg_train(ctx, c, d, NULL, NULL, &m);
        test_fail_alloc(-1);
        if (status != HG_OK) CHECK_INT(status, HG_ENOMEM);
        hg_model_free(&m);
        hg_config_free(&c);
    }
    CHECK_INT(status, HG_OK);
    CHECK(n > 50); /* there were that many to fail */
    hg_dataset_free(&d);
}

/* ---- weights to start from ---------------------------------------------------------- */

/* With a rate of 1e-12 they stay what they were: Adam moves a weight by less than twice the
 * rate a step, and seven steps are far under 1e-9. */
TEST(training_begins_with_another_models_weights)
{
    hg_ctx *ctx = context(2);
    char path[TEST_PATH];
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *first = config(ctx, NULL), *next;
    hg_model *from, *to;
    CHECK_OK(ctx, hg_train(ctx, first, d, NULL, NULL, &from));
    test_path(path, "from.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, from, path));
    next = config(ctx, (const char *[]){"init-from", path, "lr", "1e-12", "epochs", "1",
                                        "seed", "9", "corrupt", "mask:0.5", NULL});
    CHECK_OK(ctx, hg_train(ctx, next, d, NULL, NULL, &to));
    for (int64_t i = 0; i < from->net.params; i++)
        CHECK_NEAR(to->theta[i], from->theta[i], 1e-9);
    CHECK(strcmp(to->corrupt, "mask:0.5") == 0);
    hg_model_free(&to);
    CHECK_OK(ctx, hg_config_set(next, "hidden", "7"));
    CHECK_FAILS(ctx, hg_train(ctx, next, d, NULL, NULL, &to), HG_EMISMATCH,
                "init-from: layer 1 of ");
    CHECK_OK(ctx, hg_config_set(next, "hidden", "7,6"));
    CHECK_FAILS(ctx, hg_train(ctx, next, d, NULL, NULL, &to), HG_EMISMATCH,
                "layers, this model has 7");
    CHECK_OK(ctx, hg_config_set(next, "pretrain", "stacked"));
    CHECK_FAILS(ctx, hg_train(ctx, next, d, NULL, NULL, &to), HG_EINVAL,
                "set pretrain to none");
    CHECK_OK(ctx, hg_config_set(next, "pretrain", "none"));
    CHECK_OK(ctx, hg_config_set(next, "init-from", "none.safetensors"));
    CHECK_FAILS(ctx, hg_train(ctx, next, d, NULL, NULL, &to), HG_EIO, "none.safetensors");
    hg_model_free(&from);
    hg_config_free(&first);
    hg_config_free(&next);
    hg_dataset_free(&d);
}
