// SPDX-License-Identifier: MIT
/* hourglass sweep: a training for each combination of settings, and what each reached. */
#include "interrupt.h"
#include "json.h"
#include "progress.h"
#include "sweep_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cli_option own[] = {
    {"output", 'o', "MODEL", NULL, "keep the model of the lowest error here", "output",
     NULL, false},
    {"force", 0, NULL, NULL, "replace MODEL also where it is another kind of file",
     "output", NULL, false},
    {"config", 0, "FILE", NULL, "take the settings of a YAML file", "model", NULL, false},
    {"valid", 0, "DATA", NULL, "rows to judge by; else a tenth of the training rows",
     "data", NULL, false},
    {"valid-labels", 0, "FILE", NULL, "the labels of those rows", "data", NULL, false},
    {"plot", 0, "FILE", NULL, "draw error against code size: .png, .svg or .pdf",
     "output", NULL, false},
    {"log", 0, "FILE", NULL, "write one JSON object a line and training", "output", NULL,
     false},
    {"resume", 0, NULL, NULL, "go on: trainings that are in the log are not made again",
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

typedef struct job {
    cli *c;
    hg_config *cfg;
    hg_dataset *train, *valid;
    hg_sweep *sweep;
    cli_progress progress;
    const char *output, *plot;
    cli_sweep_log log;
    bool unsaved; /* the best model could not be written */
} job;

/* ---- while it runs ------------------------------------------------------------------ */

static int on_step(void *user, const hg_progress *p)
{
    job *j = user;
    cli_progress_step(&j->progress, p);
    return cli_interrupted() != 0;
}

static int on_point(void *user, const hg_sweep_point *p, const hg_model *model)
{
    job *j = user;
    char a[CLI_NUMBER], b[CLI_NUMBER];
    cli_progress_end(&j->progress);
    if (!cli_has(j->c, "quiet"))
        fprintf(stderr, "%lld/%lld %s: mse %s, PCA %s, %.1f s\n", (long long)p->index + 1,
                (long long)p->points, p->settings, cli_real(a, p->mse),
                cli_real(b, p->pca_mse), p->seconds);
    cli_sweep_log_write(&j->log, p);
    if (p->note != NULL) cli_say("warning: %s: %s", p->settings, p->note);
    if (p->best && j->output != NULL &&
        hg_model_save(j->c->ctx, model, j->output) != HG_OK) {
        cli_failed(j->c);
        j->unsaved = true;
    }
    return j->unsaved || cli_interrupted() != 0;
}

static int known(void *user, hg_sweep_point *p)
{
    job *j = user;
    bool is = cli_sweep_log_known(&j->log, p);
    if (is && !cli_has(j->c, "quiet"))
        fprintf(stderr, "%lld/%lld %s: in the log\n", (long long)p->index + 1,
                (long long)p->points, p->settings);
    return is;
}

/* ---- afterwards --------------------------------------------------------------------- */

static void print_table(const job *j, int64_t best)
{
    static const char *const head[] = {"settings", "code",   "parameters", "mse",
                                       "PCA mse",  "of PCA", "bce",        "train loss",
                                       "seconds",  ""};
    char n[8][CLI_NUMBER];
    hg_sweep_point p = {.size = sizeof(p)};
    cli_table *t = cli_table_new("lrrrrrrrrl");
    cli_table_row(t, head);
    cli_table_rule(t);
    for (int64_t i = 0; hg_sweep_at(j->sweep, i, &p); i++) {
        double share = 100 * p.mse / p.pca_mse;
        snprintf(n[5], CLI_NUMBER, isfinite(share) ? "%.0f %%" : "-", share);
        snprintf(n[7], CLI_NUMBER, "%.1f", p.seconds);
        cli_table_row(t,
                      (const char *const[]){
                          p.settings, cli_grouped(n[0], p.code),
                          cli_grouped(n[1], p.parameters), cli_real(n[2], p.mse),
                          cli_real(n[3], p.pca_mse), n[5], cli_real(n[4], p.bce),
                          cli_real(n[6], p.train_loss), n[7], i == best ? "best" : ""});
    }
    cli_table_print(t, stdout);
    cli_table_free(t);
}

static int print_json(const job *j, int64_t best)
{
    json_t *o = json_object(), *list = json_array();
    hg_sweep_point p = {.size = sizeof(p)};
    for (int64_t i = 0; hg_sweep_at(j->sweep, i, &p); i++) {
        json_t *row = json_object();
        json_object_set_new(row, "settings", cli_json_text(p.settings));
        json_object_set_new(row, "code", json_integer(p.code));
        json_object_set_new(row, "parameters", json_integer(p.parameters));
        json_object_set_new(row, "mse", cli_json_real(p.mse));
        json_object_set_new(row, "sse_per_row", cli_json_real(p.sse_per_row));
        json_object_set_new(row, "bce", cli_json_real(p.bce));
        json_object_set_new(row, "loss", cli_json_real(p.loss));
        json_object_set_new(row, "train_loss", cli_json_real(p.train_loss));
        json_object_set_new(row, "pca_mse", cli_json_real(p.pca_mse));
        json_object_set_new(row, "seconds", cli_json_real(p.seconds));
        json_object_set_new(row, "late_gain", cli_json_real(p.late_gain));
        if (p.note != NULL) json_object_set_new(row, "note", cli_json_text(p.note));
        json_array_append_new(list, row);
    }
    json_object_set_new(o, "points", list);
    json_object_set_new(o, "best", best >= 0 ? json_integer(best) : json_null());
    return cli_json_print(o);
}

/* The last point that was the best so far is the best of all. */
static int64_t best_of(const hg_sweep *sweep)
{
    hg_sweep_point p = {.size = sizeof(p)};
    int64_t best = -1;
    for (int64_t i = 0; hg_sweep_at(sweep, i, &p); i++)
        if (p.best) best = i;
    return best;
}

/* A choice among trainings that were cut short is one among their first steps. */
static void note_unfinished(const job *j, int64_t best)
{
    hg_sweep_point p = {.size = sizeof(p)};
    char of_pca[60] = "";
    int improving = 0, n = 0;
    double most = 0;
    for (int64_t i = 0; hg_sweep_at(j->sweep, i, &p); i++, n++) {
        if (!(p.late_gain > 0.02)) continue;
        improving++;
        most = fmax(most, p.late_gain);
    }
    if (cli_has(j->c, "quiet") || improving == 0) return;
    if (best >= 0 && hg_sweep_at(j->sweep, best, &p) && p.mse > 1.05 * p.pca_mse)
        snprintf(of_pca, sizeof(of_pca), ", and the best has %.0f %% of PCA's error",
                 100 * p.mse / p.pca_mse);
    fflush(stdout);
    cli_say("note: %d of %d trainings were still improving when they ended, by up to "
            "%.0f %% in the last fifth of their epochs%s: train longer before choosing",
            improving, n, 100 * most, of_pca);
}

static int finish(job *j, hg_status status)
{
    const cli *c = j->c;
    int code = CLI_OK;
    if (status == HG_ECANCELED && cli_interrupted() != 0)
        code = 128 + cli_interrupted();
    else if (status != HG_OK && !j->unsaved)
        code = cli_failed(c);
    else if (j->unsaved)
        code = CLI_FAILED;
    if (status == HG_EUNKNOWN || status == HG_EINVAL) code = CLI_USAGE;
    if (j->sweep == NULL) {
        if (status == HG_ECANCELED)
            cli_say("interrupted before the first training had ended");
        return code;
    }
    if (status == HG_ECANCELED && cli_interrupted() != 0)
        cli_say(
            j->log.path != NULL
                ? "interrupted: the same command with --resume goes on behind these"
                : "interrupted: with --log FILE a stopped sweep can go on, by --resume");
    int64_t best = best_of(j->sweep);
    int shown = CLI_OK;
    if (cli_has(c, "json"))
        shown = print_json(j, best);
    else
        print_table(j, best);
    note_unfinished(j, best);
    if (j->plot != NULL && hg_plot_sweep(c->ctx, j->sweep, j->plot, NULL) != HG_OK)
        shown = cli_failed(c);
    return code != CLI_OK ? code : shown;
}

/* ---- what to sweep ------------------------------------------------------------------ */

/* "--code 4,8" means "code=4,8", where an option takes one number or word. */
static bool is_axis(const cli_given *g)
{
    static const char *const single[] = {"N", "F", "WORD"};
    if (!g->option.config || g->option.argument == NULL) return false;
    for (int i = 0; i < 3; i++)
        if (strcmp(g->option.argument, single[i]) == 0)
            return strchr(g->value, ',') != NULL || strchr(g->value, ';') != NULL;
    return false;
}

/* The axes of the command line, each as "option=values"; the options among them are no
 * settings then.  free_axes() frees those behind the arguments'.                       */
static int64_t take_axes(cli *c, const char **out)
{
    int64_t n = 0;
    for (int i = 1; i < c->arg_count; i++) out[n++] = c->args[i];
    for (int i = 0; i < c->given_count; i++) {
        cli_given *g = &c->given[i];
        if (!is_axis(g)) continue;
        size_t size = strlen(g->option.name) + strlen(g->value) + 2;
        char *axis = cli_alloc(size, 1);
        snprintf(axis, size, "%s=%s", g->option.name, g->value);
        out[n++] = axis;
        g->option.config = false;
    }
    return n;
}

/* Is each axis an option that takes one of some words?  Then nothing has an order. */
static bool are_words(const char **axes, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        hg_option o = {.argument = NULL};
        size_t len = strcspn(axes[i], "=");
        bool words = false;
        for (int k = 0; !words && hg_config_option(k, &o); k++)
            words = strlen(o.name) == len && strncmp(o.name, axes[i], len) == 0 &&
                    o.argument != NULL && strcmp(o.argument, "WORD") == 0;
        if (!words) return false;
    }
    return true;
}

static void free_axes(const cli *c, const char **axes, int64_t n)
{
    for (int64_t i = c->arg_count - 1; i < n; i++) free((char *)(uintptr_t)axes[i]);
    free(axes);
}

static int run(cli *c)
{
    const char **axes = cli_alloc((size_t)(c->arg_count + c->given_count), sizeof(*axes));
    int64_t count = take_axes(c, axes);
    job j = {.c = c, .output = cli_get(c, "output"), .plot = cli_get(c, "plot")};
    hg_callbacks training = {.size = sizeof(training), .on_step = on_step, .user = &j};
    hg_sweep_callbacks callbacks = {.size = sizeof(callbacks),
                                    .on_point = on_point,
                                    .known = known,
                                    .user = &j,
                                    .training = &training};
    int code = count > 0
                   ? cli_context(c)
                   : cli_usage_error("sweep: over which settings? name an option and "
                                     "its values, like code=4,8,16");
    if (code == CLI_OK) code = cli_configure(c, &j.cfg);
    if (code == CLI_OK && j.output != NULL) code = cli_check_model(c, j.output);
    if (code == CLI_OK && j.plot != NULL) code = cli_check_picture(c, j.plot);
    if (code == CLI_OK && j.plot != NULL && are_words(axes, count))
        code = cli_usage_error("--plot: no curve to draw: sweep an option with numbers, "
                               "like code, too");
    const char *log = cli_get(c, "log");
    if (code == CLI_OK && log != NULL) code = cli_check_log(c, log);
    if (code == CLI_OK) code = cli_open_training(c, j.cfg, &j.train, &j.valid);
    if (code == CLI_OK) code = cli_sweep_log_open(&j.log, log, cli_has(c, "resume"));
    if (code == CLI_OK) {
        cli_interrupt_catch();
        cli_progress_start(&j.progress, cli_has(c, "quiet"), false);
        hg_status status = hg_sweep_run(c->ctx, j.cfg, axes, count, j.train, j.valid,
                                        &callbacks, &j.sweep);
        cli_progress_end(&j.progress);
        code = finish(&j, status);
    }
    cli_sweep_log_close(&j.log);
    hg_sweep_free(&j.sweep);
    hg_dataset_free(&j.valid);
    hg_dataset_free(&j.train);
    hg_config_free(&j.cfg);
    free_axes(c, axes, count);
    return code;
}

extern const cli_verb cli_sweep;
const cli_verb cli_sweep = {
    .name = "sweep",
    .usage = "DATA OPTION=VALUES... [options]",
    .brief = "train for each combination of settings and compare",
    .about =
        "Train a model for each combination of the named options' values, all on the "
        "same\n"
        "rows, and show the error of each on rows kept apart, beside PCA with as many\n"
        "numbers. Values are separated by ',', or by ';' where one has commas itself;\n"
        "--code 4,8 is the same as code=4,8;\n"
        "'...' goes on as the numbers before it. The error on these rows chooses: "
        "report\n"
        "the chosen model's error on rows that neither training nor this choice has "
        "seen.\n"
        "Any training option sets what all trainings share.",
    .examples =
        "  hourglass sweep images.gz code=2,4,8,...,128 --epochs 10 --plot sweep.png\n"
        "  hourglass sweep table.csv 'hidden=32;64,32' code=2,4 --preset tabular \\\n"
        "      -o best.safetensors\n",
    .options = options,
    .config = true,
    .min_args = 1,
    .max_args = 9,
    .run = run,
};
