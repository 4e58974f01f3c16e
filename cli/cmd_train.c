// SPDX-License-Identifier: MIT
/* hourglass train: data and options in, a model out.
 *
 * What can be wrong is found before the first step: options, outputs, data, shapes.  From
 * then on nothing is lost: an interrupt saves the best weights, a divergence the last good
 * ones, and the log is whole to its last line.                                         */
#include "detection.h"
#include "epoch_log.h"
#include "interrupt.h"
#include "json.h"
#include "progress.h"
#include "summary.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const cli_option own[] = {
    {"output", 'o', "MODEL", "model.safetensors", "where the model goes", "output", NULL,
     false},
    {"force", 0, NULL, NULL, "replace MODEL and the log also where they are other files",
     "output", NULL, false},
    {"config", 0, "FILE", NULL, "take the settings of a YAML file", "model", NULL, false},
    {"valid", 0, "DATA", NULL, "rows to validate on after each epoch", "data", NULL,
     false},
    {"group", 0, "NAME", NULL,
     "with a score: rows alike in this column calibrate together; with --window: no "
     "window "
     "has rows of two; it is not trained on",
     "detection", NULL, false},
    {"time", 0, "NAME", NULL,
     "with a score: the latest rows by this column calibrate; it is not trained on",
     "detection", NULL, false},
    {"window", 0, "N", NULL,
     "rows are steps of a series: train on windows of N of them, one behind the other by "
     "--stride",
     "series", NULL, false},
    {"gap", 0, "F", "3", "with --time: a step over F median steps is a gap", "series",
     NULL, false},
    {"valid-labels", 0, "FILE", NULL, "the labels of those rows", "data", NULL, false},
    {"log", 0, "FILE", NULL, "write one JSON object a line and epoch", "output", NULL,
     false},
    {"plot", 0, "FILE", NULL, "draw the loss: .png, .svg or .pdf", "output", NULL, false},
    {"dry-run", 0, NULL, NULL, "check everything, print the summary, train nothing",
     "output", NULL, false},
    {0},
};
static const cli_option *const options[] = {own,
                                            cli_json_options,
                                            cli_label_options,
                                            cli_data_options,
                                            cli_column_options,
                                            cli_common_options,
                                            NULL};

/* One training from its options to its closing words. */
typedef struct job {
    cli *c;
    const char *output, *plot;
    hg_config *cfg;
    hg_dataset *train, *valid;
    hg_dataset *group, *time; /* what to split a detector's rows by, or NULL */
    hg_dataset *series[2];    /* whose windows train and valid are, or NULL */
    hg_model *model;
    cli_progress progress;
    cli_epoch_log log;
    hg_progress last;       /* of the last epoch that ended */
    int64_t epochs;         /* ended in this run */
    int64_t best_epoch;     /* 0: none yet */
    double seconds_per_row; /* in training steps, summed over the epochs */
    double seconds;
} job;

/* ---- what was asked ---------------------------------------------------------------- */

static int check_outputs(job *j)
{
    const cli *c = j->c;
    const char *output = cli_get(c, "output");
    j->output = output != NULL ? output : "model.safetensors";
    j->plot = cli_get(c, "plot");
    j->log = (cli_epoch_log){.path = cli_get(c, "log"), .resume = cli_has(c, "resume")};
    int code = cli_has(c, "dry-run") ? CLI_OK : cli_check_model(c, j->output);
    if (code == CLI_OK && j->log.path != NULL) code = cli_check_log(c, j->log.path);
    if (code == CLI_OK && j->plot != NULL) code = cli_check_picture(c, j->plot);
    return code;
}

/* Is a detector to be trained? */
static bool detects(const job *j)
{
    const char *score = hg_config_get(j->cfg, "score");
    return score != NULL && strcmp(score, "none") != 0;
}

/* The column of DATA to split by. */
static int open_key(job *j, const char *option, hg_dataset **out)
{
    cli *c = j->c;
    hg_data_options o;
    const char *name = cli_get(c, option);
    if (name == NULL) return CLI_OK;
    if (!detects(j))
        return cli_usage_error("train: --%s is about a detector's rows: ask for one with "
                               "--preset anomaly, or --score WORD",
                               option);
    int code = cli_read_data_options(c, &o);
    if (code != CLI_OK) return code;
    o.columns = name;
    o.drop = o.shape = NULL;
    return hg_dataset_open(c->ctx, c->args[0], &o, out) == HG_OK ? CLI_OK
                                                                 : cli_opening_failed(c);
}

static int read_gap(cli *c, double *gap)
{
    const char *text = cli_get(c, "gap");
    char *end;
    if (text == NULL) return CLI_OK;
    *gap = strtod(text, &end);
    if (end != text && *end == '\0' && *gap >= 1) return CLI_OK;
    return cli_usage_error("--gap: '%s' is not a number of steps, 1 or more", text);
}

/* *data becomes the windows of what it is, which stays in *series. */
static int make_windows(job *j, const char *path, hg_dataset **data, hg_dataset **series)
{
    cli *c = j->c;
    hg_data_options o;
    hg_window_options w = {.size = sizeof(w), .time_name = cli_get(c, "time")};
    double *time = NULL;
    int64_t *group = NULL;
    w.group_name = cli_get(c, "group");
    if (*data == NULL) return CLI_OK;
    int code = cli_read_data_options(c, &o);
    if (code == CLI_OK) code = cli_get_int(c, "window", 2, INT64_MAX, &w.window);
    if (code == CLI_OK) code = cli_get_int(c, "stride", 1, INT64_MAX, &w.stride);
    if (code == CLI_OK) code = read_gap(c, &w.gap);
    if (code != CLI_OK) return code;
    *series = *data;
    *data = NULL;
    hg_status status = HG_OK;
    int64_t rows = hg_dataset_rows(*series);
    if (w.time_name != NULL) {
        w.time = time = cli_alloc((size_t)rows, sizeof *time);
        status = hg_read_times(c->ctx, path, &o, w.time_name, rows, time, &w.dates);
    }
    if (w.group_name != NULL && status == HG_OK) {
        w.group = group = cli_alloc((size_t)rows, sizeof *group);
        status = hg_read_groups(c->ctx, path, &o, w.group_name, rows, group);
    }
    if (status == HG_OK) status = hg_dataset_windows(c->ctx, *series, &w, data);
    free(time);
    free(group);
    return status == HG_OK ? CLI_OK : cli_failed(c);
}

static int open_series(job *j)
{
    cli *c = j->c;
    int code = cli_open_training(c, j->cfg, &j->train, &j->valid);
    if (code == CLI_OK) code = make_windows(j, c->args[0], &j->train, &j->series[0]);
    if (code == CLI_OK)
        code = make_windows(j, cli_get(c, "valid"), &j->valid, &j->series[1]);
    return code;
}

static int open_data(job *j)
{
    cli *c = j->c;
    if (cli_has(c, "window")) return open_series(j);
    if (cli_has(c, "gap"))
        return cli_usage_error("train: --gap is about windows: give --window, too");
    int code = open_key(j, "group", &j->group);
    if (code == CLI_OK) code = open_key(j, "time", &j->time);
    if (code == CLI_OK) code = cli_open_training(c, j->cfg, &j->train, &j->valid);
    return code;
}

/* ---- while it trains --------------------------------------------------------------- */

/* Called in every step, so it does no more than draw ten times a second. */
static int on_step(void *user, const hg_progress *p)
{
    job *j = user;
    cli_progress_step(&j->progress, p);
    return cli_interrupted() != 0;
}

static int on_epoch(void *user, const hg_progress *p)
{
    job *j = user;
    if (p->stage != NULL) {
        cli_epoch_log_write(&j->log, p);
        cli_progress_epoch(&j->progress, p);
        return cli_interrupted() != 0;
    }
    j->last = *p;
    j->epochs++;
    /* Times add up, rates do not: the mean rate is that of the summed time. */
    if (p->rows_per_second > 0) j->seconds_per_row += 1 / p->rows_per_second;
    if (p->improved) j->best_epoch = p->epoch;
    cli_epoch_log_write(&j->log, p);
    cli_progress_epoch(&j->progress, p);
    return cli_interrupted() != 0;
}

/* ---- afterwards -------------------------------------------------------------------- */

/* A path that can be pasted into a shell. */
static const char *quoted(char *out, size_t n, const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_./-+,:@%=";
    bool bare = path[0] != '\0' && strspn(path, plain) == strlen(path);
    size_t at = 0;
    if (!bare) out[at++] = '\'';
    for (; *path != '\0' && at + 6 < n; path++) {
        if (*path == '\'') {
            /* A quote inside quotes: out, escaped, in again. */
            memcpy(out + at, "'\\'", 3);
            at += 3;
        }
        out[at++] = *path;
    }
    if (!bare) out[at++] = '\'';
    out[at] = '\0';
    return out;
}

/* Rows of an epoch, without the share kept apart to validate on. */
static int64_t trained_rows(const job *j)
{
    hg_model_info info = {.size = sizeof(info)};
    if (j->model == NULL || hg_model_get_info(j->c->ctx, j->model, &info) != HG_OK)
        return hg_dataset_rows(j->train);
    return info.trained_rows;
}

/* Rows a second in training steps, over all epochs of this run. */
static double speed(const job *j)
{
    return j->seconds_per_row > 0 ? (double)j->epochs / j->seconds_per_row : 0;
}

/* The closing words for a script: whole also when training ended early. */
static void print_json(const job *j, const char *stopped, json_t *findings)
{
    json_t *o = json_object();
    json_object_set_new(o, "model", cli_json_text(j->model != NULL ? j->output : NULL));
    json_object_set_new(o, "stopped", json_string(stopped));
    json_object_set_new(o, "rows", json_integer(trained_rows(j)));
    json_object_set_new(o, "epoch", json_integer(j->last.epoch));
    json_object_set_new(o, "loss", cli_json_real(j->last.loss));
    json_object_set_new(o, "recon", cli_json_real(j->last.recon));
    json_object_set_new(o, "penalty", cli_json_real(j->last.penalty));
    if (j->epochs > 0 && !isnan(j->last.kl))
        json_object_set_new(o, "kl", cli_json_real(j->last.kl));
    json_object_set_new(o, "val_loss", cli_json_real(j->last.val_loss));
    json_object_set_new(o, "best", cli_json_real(j->last.best));
    json_object_set_new(o, "seconds", cli_json_real(j->seconds));
    json_object_set_new(o, "rows_per_second", cli_json_real(speed(j)));
    cli_beside_json(j->model, o);
    json_object_update_missing(o, findings);
    cli_json_print(o);
}

static void add_row(cli_table *t, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void add_row(cli_table *t, const char *name, const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    cli_table_row(t, (const char *const[]){name, text});
}

/* Rows to look at, as a shell command would name them: those kept to validate on, if a file
 * has them, since on its training rows any model looks good; with the reading options
 * given here.                                                                          */
static void data_words(const cli *c, char *out, size_t n)
{
    char word[400];
    const char *valid = cli_get(c, "valid"), *rows = valid != NULL ? valid : c->args[0];
    snprintf(out, n, "%s", quoted(word, sizeof(word), rows));
    for (int i = 0; i < c->given_count; i++) {
        const cli_given *g = &c->given[i];
        if (strcmp(g->option.group, "reading") != 0) continue;
        /* What limits training is no limit to looking at the result. */
        if (strcmp(g->option.name, "limit") == 0) continue;
        size_t len = strlen(out);
        bool flag = g->option.argument == NULL;
        snprintf(out + len, n - len, " --%s%s%s", g->option.name, flag ? "" : " ",
                 flag ? "" : quoted(word, sizeof(word), g->value));
    }
}

/* PCA beside a detector: the winner, and how well either rebuilds rows held apart. */
static void print_beside(cli_table *t, const hg_model *model)
{
    hg_beside b = {.size = sizeof(b)};
    if (!hg_detector_beside(model, &b)) return;
    add_row(t, "beside PCA", "%s", b.text);
    if (b.error >= 0)
        add_row(t, "", "mean square error of rows held apart %.6g, PCA %.6g", b.error,
                b.pca_error);
}

/* The closing words for people: what came out, and two commands to look at it. */
static void print_closing(const job *j)
{
    char a[CLI_NUMBER], b[CLI_NUMBER], model[400], data[800];
    cli_table *t = cli_table_new("ll");
    if (j->epochs > 0) {
        add_row(t, "epochs", "%lld of %lld", (long long)j->last.epoch,
                (long long)j->last.epochs);
        add_row(t, "loss", "%.6g", j->last.loss);
        if (!isnan(j->last.kl))
            add_row(t, "", "%.6g of the rows, %.6g of the KL divergence", j->last.recon,
                    j->last.penalty);
        else if (j->last.penalty > 0)
            add_row(t, "", "%.6g without the penalty", j->last.recon);
        if (!isnan(j->last.val_loss)) add_row(t, "val_loss", "%.6g", j->last.val_loss);
        if (j->best_epoch > 0 && j->best_epoch < j->last.epoch)
            add_row(t, "best", "%.6g in epoch %lld", j->last.best,
                    (long long)j->best_epoch);
        add_row(t, "speed", "%s rows/s, %.1f s in all", cli_grouped(a, (int64_t)speed(j)),
                j->seconds);
    }
    add_row(t, "saved", "%s", j->output);
    quoted(model, sizeof(model), j->output);
    data_words(j->c, data, sizeof(data));
    if (detects(j)) {
        hg_detector_info info = {.size = sizeof(info)};
        if (hg_detector_get_info(j->c->ctx, j->model, &info) == HG_OK)
            add_row(t, "detector", "%s, calibrated with %s row%s%s%s%s", info.score,
                    cli_grouped(a, info.calibration_rows), cli_s(info.calibration_rows),
                    info.trimmed_rows > 0 ? "; " : "",
                    info.trimmed_rows > 0 ? cli_grouped(b, info.trimmed_rows) : "",
                    info.trimmed_rows > 0 ? " more are trimmed" : "");
        print_beside(t, j->model);
        add_row(t, "next", "hourglass score %s %s -p", model, data);
    } else {
        add_row(t, "next", "hourglass evaluate %s %s", model, data);
    }
    /* A table with words or gaps has no picture of a row. */
    if (hg_dataset_schema(j->train) == NULL)
        add_row(t, "", "hourglass plot grid %s %s -o grid.png", model, data);
    cli_table_print(t, stdout);
    cli_table_free(t);
}

/* From the model's history, not from what this run saw: a resumed run has the epochs
 * before it, too. */
static int draw_loss(const job *j)
{
    hg_plot_options o = {.size = sizeof(o)};
    hg_model_info info = {.size = sizeof(info)};
    hg_epoch e = {.size = sizeof(e)};
    int64_t n = 0;
    while (hg_model_history(j->model, n, &e)) n++;
    if (n == 0) return CLI_OK;
    hg_epoch *epochs = cli_alloc((size_t)n, sizeof(*epochs));
    for (int64_t i = 0; i < n; i++) {
        epochs[i].size = sizeof(epochs[i]);
        hg_model_history(j->model, i, &epochs[i]);
    }
    if (hg_model_get_info(j->c->ctx, j->model, &info) == HG_OK) o.loss = info.loss;
    hg_status status = hg_plot_loss(j->c->ctx, epochs, n, j->plot, &o);
    free(epochs);
    return status == HG_OK ? CLI_OK : cli_failed(j->c);
}

/* What the command line says of the model is wrong, and training has found it. */
static bool is_usage(hg_status status)
{
    return status == HG_EINVAL || status == HG_EUNKNOWN;
}

/* In its first epoch a run has no best weights yet, only those of the last step. */
static bool has_best(const job *j)
{
    hg_model_info info = {.size = sizeof(info)};
    return hg_model_get_info(j->c->ctx, j->model, &info) != HG_OK || info.epochs > 0;
}

static bool has_detector(const cli *c, const hg_model *model)
{
    hg_detector_info info = {.size = sizeof(info)};
    return hg_detector_get_info(c->ctx, model, &info) == HG_OK;
}

/* A detector that works is worth more than weights of a broken training without one. */
static bool spares_detector(const job *j, hg_status status)
{
    hg_model *there = NULL;
    if (status == HG_OK || !detects(j) || strcmp(j->output, "-") == 0 ||
        has_detector(j->c, j->model))
        return false;
    bool has =
        hg_model_load(j->c->ctx, j->output, &there) == HG_OK && has_detector(j->c, there);
    hg_model_free(&there);
    return has;
}

/* "interrupted: the weights of epoch 3, the lowest loss so far, are in ...": which loss
 * follows from whether there were rows to validate on.                                 */
static void say_what_was_saved(const job *j, const char *stopped, hg_status status)
{
    char which[80] = "";
    if (status == HG_EDIVERGED)
        snprintf(which, sizeof(which), "the last good weights");
    else if (!has_best(j))
        snprintf(which, sizeof(which), "the weights so far");
    else if (j->best_epoch == 0) /* of before this run, which went on from a checkpoint */
        snprintf(which, sizeof(which), "the best weights so far");
    else
        snprintf(which, sizeof(which), "the weights of epoch %lld, the lowest %s so far,",
                 (long long)j->best_epoch, isnan(j->last.val_loss) ? "loss" : "val_loss");
    cli_say("%s: %s are in %s%s", stopped, which, j->output,
            has_detector(j->c, j->model) ? ", with a detector fitted to them" : "");
}

static void say_how_to_go_on(const cli *c)
{
    if (cli_has(c, "checkpoint"))
        cli_say("the same command with --resume goes on from there");
    else
        cli_say("with --checkpoint FOLDER a stopped run can go on, by --resume");
}

/* Save what there is, say how it ended. */
static int finish(job *j, hg_status status)
{
    const cli *c = j->c;
    int code = CLI_OK;
    const char *stopped = "finished";
    if (status == HG_ECANCELED && cli_interrupted() != 0) {
        code = 128 + cli_interrupted();
        stopped = "interrupted";
    } else if (status != HG_OK) {
        cli_failed(c);
        code = is_usage(status) ? CLI_USAGE : CLI_FAILED;
        stopped = status == HG_EDIVERGED ? "diverged" : "failed";
    } else if (j->last.epoch < j->last.epochs) {
        stopped = "early";
    }
    if (j->model == NULL) {
        if (status == HG_ECANCELED)
            cli_say("interrupted before there was anything to save");
        return code;
    }
    if (spares_detector(j, status)) {
        cli_say("%s: left as it was: it has a detector, this stopped training has none",
                j->output);
        return code;
    }
    if (hg_model_save(c->ctx, j->model, j->output) != HG_OK) return cli_failed(c);
    if (status != HG_OK) say_what_was_saved(j, stopped, status);
    if (status == HG_ECANCELED) say_how_to_go_on(c);
    if (j->plot != NULL) {
        int drawn = draw_loss(j);
        if (code == CLI_OK) code = drawn;
    }
    /* The model itself may be on standard output. */
    if (strcmp(j->output, "-") == 0) return code;
    bool json = cli_has(c, "json"), quiet = cli_has(c, "quiet");
    json_t *findings = json_object();
    /* A run that was cut short is not judged: what is wrong with it is known. */
    if (status == HG_OK && (json || !quiet) &&
        cli_findings(j->c, j->model, j->valid != NULL ? j->valid : j->train, j->train,
                     findings) != CLI_OK)
        code = CLI_FAILED;
    if (json)
        print_json(j, stopped, findings);
    else if (!quiet && status == HG_OK)
        print_closing(j);
    if (!json) cli_findings_say(c, findings);
    if (detects(j)) cli_note_rule(c, j->model);
    json_decref(findings);
    return code;
}

/* The clock runs around training alone, without reading data and saving. */
static int train(job *j)
{
    const hg_callbacks callbacks = {sizeof(callbacks), on_step, on_epoch, j};
    cli_interrupt_catch();
    cli_progress_start(&j->progress, cli_has(j->c, "quiet"), cli_has(j->c, "verbose"));
    double start = cli_now();
    const hg_detector_options detector = {sizeof(detector), j->group, j->time};
    hg_status status =
        detects(j)
            ? hg_detector_train(j->c->ctx, j->cfg, j->train, j->valid, &detector,
                                &callbacks, &j->model)
            : hg_train(j->c->ctx, j->cfg, j->train, j->valid, &callbacks, &j->model);
    j->seconds = cli_now() - start;
    cli_progress_end(&j->progress);
    cli_epoch_log_close(&j->log);
    return finish(j, status);
}

/* Everything up to the first step, so that a long run can be tried in a moment. */
static int dry_run(job *j)
{
    const cli *c = j->c;
    hg_status status = hg_train_dry_run(c->ctx, j->cfg, j->train, j->valid, &j->model);
    if (status != HG_OK) {
        cli_failed(c);
        return is_usage(status) ? CLI_USAGE : CLI_FAILED;
    }
    return cli_print_summary(j->c, j->model);
}

static int run(cli *c)
{
    job j = {.c = c};
    int code = cli_context(c);
    if (code == CLI_OK) code = cli_configure(c, &j.cfg);
    if (code == CLI_OK) code = check_outputs(&j);
    if (code == CLI_OK) code = open_data(&j);
    if (code == CLI_OK) code = cli_has(c, "dry-run") ? dry_run(&j) : train(&j);
    hg_model_free(&j.model);
    hg_dataset_free(&j.valid);
    hg_dataset_free(&j.train);
    hg_dataset_free(&j.series[0]);
    hg_dataset_free(&j.series[1]);
    hg_dataset_free(&j.group);
    hg_dataset_free(&j.time);
    hg_config_free(&j.cfg);
    return code;
}

extern const cli_verb cli_train;
const cli_verb cli_train = {
    .name = "train",
    .usage = "DATA [-o MODEL] [options]",
    .brief = "learn an autoencoder from data",
    .about =
        "Train a model on the rows of DATA (IDX, NPY, CSV, plain or gzipped) and write "
        "it.\n\n"
        "The model is named by --preset, by --hidden and --code (a decoder that mirrors "
        "the "
        "encoder), by --encoder and --decoder, or by --config.  An option wins over "
        "--config, "
        "and "
        "both over --preset, wherever they stand.  Ctrl-C stops after the step "
        "under way and saves the weights of the epoch with the lowest val_loss, or loss "
        "without validation rows.",
    .examples =
        "  hourglass train images.gz --preset keras-dense\n"
        "  hourglass train table.csv --hidden 16 --code 4 --valid-split 0.1 -o "
        "t.safetensors\n"
        "  hourglass train images.gz --encoder \"dense 128 relu; dense 32 relu\" \\\n"
        "      --decoder \"dense 128 relu; dense input sigmoid\" --log run.jsonl\n",
    .options = options,
    .config = true,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
