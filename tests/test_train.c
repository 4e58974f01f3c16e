// SPDX-License-Identifier: MIT
/* Training: same bits for any threads and any interruption; errors that
 * name their place. */
#include "test.h"

#include "base/rng.h"
#include "kernels/kernels.h"
#include "model/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { ROWS = 203, D = 12 }; /* 203: the last batch of 32 has 11 rows */

/* Rows near a plane of 3 dimensions, in (0, 1). */
static const float *values(void)
{
    static float x[ROWS * D];
    hgi_rng rng = {.seed = 3, .use = HGI_USE_INIT, .epoch = 1};
    for (int r = 0; r < ROWS; r++) {
        uint32_t w[4];
        hgi_philox(&rng, (uint64_t)r, 0, w);
        for (int c = 0; c < D; c++) {
            float a = hgi_unit(w[0]) * (float)(c % 3) + hgi_unit(w[1]) * (float)(c % 4) +
                      hgi_unit(w[2]);
            x[r * D + c] = 0.05f + 0.9f * a / 6.0f;
        }
    }
    return x;
}

static hg_dataset *view_of(hg_ctx *ctx, const float *x, int64_t rows)
{
    hg_view v = {.size = sizeof v,
                 .data = x,
                 .type = HG_F32,
                 .rows = rows,
                 .rank = 1,
                 .shape = {D}};
    hg_dataset *d;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    return d;
}

static hg_config *config(hg_ctx *ctx, const char *const *settings)
{
    static const char *const usual[] = {"hidden", "9", "code", "3",   "batch-size", "32",
                                        "epochs", "4", "loss", "bce", NULL};
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; usual[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, usual[i], usual[i + 1]));
    for (int i = 0; settings != NULL && settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
    return c;
}

/* One context for each number of threads: each test has a process of its own. */
static hg_ctx *context(int threads)
{
    static hg_ctx *made[8];
    hg_ctx_options o = {.size = sizeof o, .threads = threads};
    if (made[threads] == NULL) made[threads] = test_ctx_with(&o);
    return made[threads];
}

/* Train and give the model file's bytes. */
static char *trained_bytes(hg_ctx *ctx, const char *const *settings, bool valid,
                           size_t *n)
{
    hg_dataset *d = view_of(ctx, values(), ROWS),
               *v = valid ? view_of(ctx, values(), 50) : NULL;
    hg_config *c = config(ctx, settings);
    hg_model *m;
    char path[TEST_PATH];
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_train(ctx, c, d, v, NULL, &m));
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
    hg_dataset_free(&v);
    return test_read(path, n);
}

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

/* ---- interruption ---------------------------------------------------------------- */

typedef struct stopper {
    int64_t steps, at; /* stop after so many steps; 0: never */
    int64_t epochs;
    double first_loss, last_loss;
} stopper;

static int stop_at_step(void *user, const hg_progress *p)
{
    stopper *s = user;
    (void)p;
    return s->at > 0 && ++s->steps == s->at;
}

static int note_epoch(void *user, const hg_progress *p)
{
    stopper *s = user;
    if (s->epochs++ == 0) s->first_loss = p->loss;
    s->last_loss = p->loss;
    return 0;
}

static const char *const all_features[] = {
    "dropout",    "0.2",      "batchnorm",
    "true",       "schedule", "plateau patience=1 factor=0.5",
    "momentum",   "0.9",      "optimizer",
    "rmsprop",    "warmup",   "3",
    "early-stop", "50",       "epochs",
    "5",          "corrupt",  "gaussian:0.2+mask:0.1",
    NULL};

static void copy_settings(const char **out, const char *const *a, const char *const *b)
{
    while (*a != NULL) *out++ = *a++;
    while (*b != NULL) *out++ = *b++;
    *out = NULL;
}

/* Stop after `at` steps, resume, stop again..., and compare with a run left alone. */
static void check_resume(int64_t at, const char *want, size_t want_n)
{
    char folder[TEST_PATH], path[TEST_PATH];
    const char *settings[64];
    char name[32];
    snprintf(name, sizeof name, "ck%d", (int)at);
    test_path(folder, name);
    test_path(path, "resumed.safetensors");
    copy_settings(settings, all_features,
                  (const char *[]){"checkpoint", folder, "resume", "true", NULL});
    hg_status status = HG_ECANCELED;
    for (int run = 0; run < 100 && status == HG_ECANCELED; run++) {
        hg_ctx *ctx = context(1 + run % 3);
        hg_dataset *d = view_of(ctx, values(), ROWS), *v = view_of(ctx, values(), 50);
        hg_config *c = config(ctx, settings);
        hg_model *m = NULL;
        stopper s = {.at = at};
        hg_callbacks cb = {.size = sizeof cb, .on_step = stop_at_step, .user = &s};
        status = hg_train(ctx, c, d, v, &cb, &m);
        CHECK(m != NULL);
        if (status == HG_OK) CHECK_OK(ctx, hg_model_save(ctx, m, path));
        hg_model_free(&m);
        hg_config_free(&c);
        hg_dataset_free(&d);
        hg_dataset_free(&v);
    }
    CHECK_INT(status, HG_OK);
    size_t n;
    char *got = test_read(path, &n);
    CHECK(n == want_n && memcmp(got, want, n) == 0);
    free(got);
}

TEST(a_run_stopped_at_any_step_resumes_to_the_same_bits)
{
    size_t n;
    char *want = trained_bytes(context(1), all_features, true, &n);
    /* 7 steps an epoch, 35 in all: within, at and across epochs' ends. */
    const int64_t at[] = {1, 3, 7, 8, 34, 35};
    for (int i = 0; i < 6; i++) {
        test_where("stopped every %d steps", (int)at[i]);
        check_resume(at[i], want, n);
    }
    free(want);
}

/* Only on_step is there to say stop, once, at the last of the 7 steps of epoch 1. */
TEST(a_stop_at_an_epochs_last_step_is_not_lost)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, NULL);
    stopper s = {.at = 7};
    hg_callbacks cb = {.size = sizeof cb, .on_step = stop_at_step, .user = &s};
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, &cb, &m), HG_ECANCELED, "after epoch 1");
    CHECK_INT(s.steps, 7);
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

/* Leave a checkpoint of a finished run in `folder`. */
static void leave_checkpoint(hg_ctx *ctx, const char *folder)
{
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, (const char *[]){"checkpoint", folder, NULL});
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

static void check_refused(hg_ctx *ctx, const char *folder, const char *name,
                          const char *value, const float *x, int64_t rows,
                          const char *message)
{
    hg_dataset *d = view_of(ctx, x, rows);
    hg_config *c = config(
        ctx, (const char *[]){"checkpoint", folder, "resume", "true", name, value, NULL});
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EMISMATCH, message);
    CHECK(m == NULL);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(resuming_with_other_data_or_configuration_is_refused_by_name)
{
    hg_ctx *ctx = test_ctx();
    char folder[TEST_PATH];
    static float other[ROWS * D];
    test_path(folder, "ck");
    leave_checkpoint(ctx, folder);
    check_refused(ctx, folder, "lr", "0.5", values(), ROWS, "lr=0.5");
    check_refused(ctx, folder, "code", "4", values(), ROWS, "code=4");
    check_refused(ctx, folder, "seed", "4", values(), ROWS, "seed=4");
    check_refused(ctx, folder, "corrupt", "mask:0.1", values(), ROWS,
                  "has 'corrupt=none', this run has 'corrupt=mask:0.1'");
    check_refused(ctx, folder, "redraw", "once", values(), ROWS, "redraw=once");
    memcpy(other, values(), sizeof other);
    other[17] += 0.001f;
    check_refused(ctx, folder, "seed", "1", other, ROWS, "the training data changed");
    check_refused(ctx, folder, "seed", "1", values(), ROWS - 1,
                  "the training data changed");
}

/* The log's last warning. */
static char warning[HG_MESSAGE_MAX];
static void keep_warning(void *user, hg_log_level level, const char *line)
{
    (void)user;
    if (level == HG_LOG_WARNING) snprintf(warning, sizeof warning, "%s", line);
}

static hg_ctx *listening_context(void)
{
    warning[0] = '\0';
    return test_ctx_with(
        &(hg_ctx_options){.size = sizeof(hg_ctx_options), .log = keep_warning});
}

static void check_longer(hg_ctx *ctx, const char *folder, const char *schedule)
{
    const char *base[] = {"schedule", schedule, "optimizer", "adam",
                          "warmup",   "20",     "epochs",    NULL};
    const char *run[16], *longer[16], *resumed[16];
    size_t n, want_n;
    copy_settings(run, base, (const char *[]){"3", "checkpoint", folder, NULL});
    copy_settings(longer, base, (const char *[]){"7", NULL});
    copy_settings(resumed, base,
                  (const char *[]){"7", "checkpoint", folder, "resume", "true", NULL});
    test_where("%s", schedule);
    char *want = trained_bytes(ctx, longer, true, &want_n);
    free(trained_bytes(ctx, run, true, &n));
    char *got = trained_bytes(ctx, resumed, true, &n);
    CHECK(n == want_n && memcmp(got, want, n) == 0);
    free(got);
    CHECK_STR(warning, "");
    /* And once more: there is nothing left. */
    got = trained_bytes(ctx, resumed, true, &n);
    CHECK(n == want_n && memcmp(got, want, n) == 0);
    CHECK(strstr(warning, "nothing was left to do: the run ended after epoch 7; more "
                          "epochs go on from there") != NULL);
    warning[0] = '\0';
    free(got);
    free(want);
}

TEST(a_finished_run_resumed_with_more_epochs_gives_the_bits_of_a_longer_one)
{
    static const char *const schedules[] = {"constant", "step every=2 factor=0.5",
                                            "plateau patience=1 factor=0.5"};
    hg_ctx *ctx = listening_context();
    char folder[TEST_PATH];
    for (int i = 0; i < 3; i++) {
        test_path(folder, (const char *[]){"c", "s", "p"}[i]);
        check_longer(ctx, folder, schedules[i]);
    }
    check_refused(ctx, folder, "epochs", "2", values(), ROWS, "schedule=");
}

TEST(fewer_epochs_than_done_and_a_schedule_over_all_epochs_are_refused_on_resume)
{
    hg_ctx *ctx = test_ctx();
    char folder[TEST_PATH];
    size_t n;
    test_path(folder, "ck");
    leave_checkpoint(ctx, folder);
    check_refused(ctx, folder, "epochs", "1", values(), ROWS, "expected at most 1");
    test_path(folder, "cosine");
    free(trained_bytes(ctx,
                       (const char *[]){"checkpoint", folder, "schedule", "cosine", NULL},
                       false, &n));
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c =
        config(ctx, (const char *[]){"checkpoint", folder, "resume", "true", "schedule",
                                     "cosine", "epochs", "90", NULL});
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EMISMATCH,
                "'epochs=90', and schedule cosine goes by the number of epochs");
    hg_config_free(&c);
    hg_dataset_free(&d);
}

/* Steps of an epoch that did not end are told; an epoch's end has none. */
TEST(a_model_stopped_in_its_first_epoch_says_after_how_many_steps)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, NULL);
    char path[TEST_PATH];
    test_path(path, "m.safetensors");
    for (int at = 3; at <= 10; at += 7) {
        stopper s = {.at = at};
        hg_callbacks cb = {.size = sizeof cb, .on_step = stop_at_step, .user = &s};
        hg_model_info info = {.size = sizeof info};
        hg_model *m;
        CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, &cb, &m), HG_ECANCELED, "stopped in");
        CHECK_OK(ctx, hg_model_save(ctx, m, path));
        hg_model_free(&m);
        CHECK_OK(ctx, hg_model_load(ctx, path, &m));
        CHECK_OK(ctx, hg_model_get_info(ctx, m, &info));
        /* 7 steps an epoch: the second stop is in epoch 2, and epoch 1 is the best. */
        CHECK_INT(info.epochs, at / 7);
        CHECK_INT(info.steps, at < 7 ? at : 0);
        hg_model_free(&m);
    }
    hg_config_free(&c);
    hg_dataset_free(&d);
}

/* Removes the folder under the run, once, after some epochs. */
static char doomed[TEST_PATH + 32];
static int remove_folder(void *user, const hg_progress *p)
{
    if (p->epoch != 3) return 0;
    (void)user;
    CHECK_INT(remove(doomed), 0);
    *strrchr(doomed, '/') = '\0';
    CHECK_INT(remove(doomed), 0);
    return 0;
}

TEST(a_checkpoint_that_cannot_be_written_costs_no_trained_weights)
{
    hg_ctx *ctx = test_ctx();
    char folder[TEST_PATH], file[TEST_PATH];
    hg_model *m;
    test_path(folder, "ck");
    test_write(file, "file", "x", 1);
    strcat(file, "/ck");
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *bad = config(ctx, (const char *[]){"checkpoint", file, NULL});
    CHECK_FAILS(ctx, hg_train(ctx, bad, d, NULL, NULL, &m), HG_EIO, "cannot make");
    CHECK(m == NULL); /* before any step */
    hg_config *c =
        config(ctx, (const char *[]){"checkpoint", folder, "checkpoint-seconds", "0",
                                     "epochs", "9", NULL});
    snprintf(doomed, sizeof doomed, "%s/checkpoint.safetensors", folder);
    hg_callbacks cb = {.size = sizeof cb, .on_epoch = remove_folder};
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, &cb, &m), HG_EIO, "No such file");
    CHECK(m != NULL && m->trained.epochs == 3);
    hg_model_free(&m);
    hg_config_free(&bad);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(a_damaged_checkpoint_is_an_error_and_not_a_fresh_start)
{
    hg_ctx *ctx = test_ctx();
    char folder[TEST_PATH], path[TEST_PATH + 32];
    test_path(folder, "ck");
    leave_checkpoint(ctx, folder);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", folder);
    size_t n;
    char *bytes = test_read(path, &n);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(bytes, 1, n - 10, f) == n - 10);
    fclose(f);
    free(bytes);
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c =
        config(ctx, (const char *[]){"checkpoint", folder, "resume", "true", NULL});
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EFORMAT,
                "checkpoint.safetensors");
    hg_config_free(&c);
    hg_dataset_free(&d);
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
