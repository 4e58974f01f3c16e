// SPDX-License-Identifier: MIT
/* Stopping a run and going on from its checkpoint: the same bits, or a refusal by name. */
#include "test_train.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

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
    snprintf(name, sizeof name, "ck\xe9%d", (int)at); /* as a name in Latin-1 is */
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

static void check_file_fails(hg_ctx *ctx, const char *from, const char *folder,
                             const char *part)
{
    char path[TEST_PATH + 32];
    size_t n;
    char *bytes = test_read(from, &n);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", folder);
    FILE *f = fopen(path, "wb");
    CHECK(f != NULL && fwrite(bytes, 1, n, f) == n && fclose(f) == 0);
    free(bytes);
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c =
        config(ctx, (const char *[]){"checkpoint", folder, "resume", "true", NULL});
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EFORMAT, part);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(a_checkpoint_taken_for_a_model_and_the_reverse_are_told_apart)
{
    hg_ctx *ctx = test_ctx();
    char folder[TEST_PATH], model[TEST_PATH], path[TEST_PATH + 32];
    size_t n;
    hg_model *m;
    test_path(folder, "ck");
    leave_checkpoint(ctx, folder);
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", folder);
    CHECK_FAILS(ctx, hg_model_load(ctx, path, &m), HG_EFORMAT,
                "checkpoint.safetensors: the checkpoint of a run, expected a model");
    free(trained_bytes(ctx, NULL, false, &n));
    test_path(model, "m.safetensors");
    check_file_fails(ctx, model, folder,
                     "checkpoint.safetensors: a model, expected a checkpoint");
}
