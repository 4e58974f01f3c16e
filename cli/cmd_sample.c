// SPDX-License-Identifier: MIT
/* hourglass sample: new rows; and the mixture that plain codes are drawn from.         */
#include "progress.h"
#include "rows.h"

#include <stdlib.h>
#include <string.h>

static const cli_option own[] = {
    {"number", 'n', "N", "100", "how many rows to make", "model", NULL, false},
    {"from", 0, "WORD", "by code",
     "prior: codes from a standard normal distribution; mixture: from the one fitted to "
     "codes; a variational model takes the prior, any other the mixture",
     "model", NULL, false},
    {"temperature", 0, "F", "1", "factor on the codes' standard deviations", "model",
     NULL, false},
    {"draw", 0, NULL, NULL,
     "bce models: draw each pixel black or white, instead of its mean", "model", NULL,
     false},
    {"seed", 0, "N", "0", "another seed, other samples", "model", NULL, false},
    {"codes", 0, "FILE", NULL, "write the codes drawn, too", "output", NULL, false},
    {"fit", 0, "DATA", NULL,
     "first fit a mixture to the codes of these rows, and keep it in MODEL", "mixture",
     NULL, false},
    {"components", 0, "N", "by BIC", "normal distributions in the mixture", "mixture",
     NULL, false},
    {"covariance", 0, "WORD", "by BIC", "full or diagonal", "mixture", NULL, false},
    {"fit-rows", 0, "N", "10000", "fit on so many rows, chosen at random", "mixture",
     NULL, false},
    {0},
};

static int read_real(cli *c, const char *name, double *out)
{
    const char *text = cli_get(c, name);
    char *end;
    if (text == NULL) return CLI_OK;
    *out = strtod(text, &end);
    if (end == text || *end != '\0' || !(*out > 0))
        return cli_usage_error("--%s: '%s' is not a number above 0", name, text);
    return CLI_OK;
}

/* Words are the command line's fault, so they are checked before any work. */
static int check_word(cli *c, const char *name, const char *a, const char *b)
{
    const char *word = cli_get(c, name);
    if (word == NULL || strcmp(word, a) == 0 || strcmp(word, b) == 0) return CLI_OK;
    return cli_usage_error("--%s: '%s', expected %s or %s", name, word, a, b);
}

static int read_options(cli *c, hg_sample_options *o, int64_t *n)
{
    int64_t seed = 0;
    *n = 100;
    *o = (hg_sample_options){.size = sizeof(*o), .draw = cli_has(c, "draw")};
    o->from = cli_get(c, "from");
    int code = cli_get_int(c, "number", 1, INT64_C(1) << 40, n);
    if (code == CLI_OK) code = cli_get_int(c, "seed", 0, INT64_MAX, &seed);
    if (code == CLI_OK) code = read_real(c, "temperature", &o->temperature);
    if (code == CLI_OK) code = check_word(c, "from", "prior", "mixture");
    if (code == CLI_OK) code = check_word(c, "covariance", "full", "diagonal");
    o->seed = (uint64_t)seed;
    if (code == CLI_OK && cli_get(c, "output") == NULL && cli_get(c, "fit") == NULL)
        code = cli_usage_error("%s: no output; name it with -o OUT", c->verb->name);
    static const char *const fitting[] = {"components", "covariance", "fit-rows"};
    for (int i = 0; code == CLI_OK && cli_get(c, "fit") == NULL && i < 3; i++)
        if (cli_has(c, fitting[i]))
            code = cli_usage_error("--%s: there is nothing to fit; name rows with --fit",
                                   fitting[i]);
    return code;
}

static int on_fit(void *user, const char *what, double done)
{
    cli_progress_part(user, what, done);
    return 0;
}

/* Into the model's own file: a mixture belongs to the codes of these weights alone. */
static int fit(cli *c, hg_model *model, uint64_t seed)
{
    cli_progress progress;
    hg_mixture_options o = {
        .size = sizeof(o), .seed = seed, .on_progress = on_fit, .user = &progress};
    hg_mixture_info info = {.size = sizeof(info)};
    hg_dataset *data = NULL;
    char components[CLI_NUMBER], rows[CLI_NUMBER], nats[CLI_NUMBER], bic[CLI_NUMBER];
    o.covariance = cli_get(c, "covariance");
    int code = cli_get_int(c, "components", 1, 4096, &o.components);
    if (code == CLI_OK) code = cli_get_int(c, "fit-rows", 1, INT64_MAX, &o.rows);
    if (code == CLI_OK) code = cli_open_labelled(c, cli_get(c, "fit"), "labels", &data);
    cli_progress_start(&progress, cli_has(c, "quiet"), false);
    if (code == CLI_OK && hg_mixture_fit(c->ctx, model, data, &o) != HG_OK)
        code = cli_failed(c);
    cli_progress_end(&progress);
    if (code == CLI_OK && (hg_mixture_get_info(c->ctx, model, &info) != HG_OK ||
                           hg_model_save(c->ctx, model, c->args[0]) != HG_OK))
        code = cli_failed(c);
    if (code == CLI_OK && !cli_has(c, "quiet"))
        fprintf(stderr,
                "%s: mixture of %s %s components, fitted to the codes of %s rows: "
                "%s nats a row, BIC %s\n",
                c->args[0], cli_grouped(components, info.components),
                strcmp(info.covariance, "none") == 0 ? "independent" : info.covariance,
                cli_grouped(rows, info.rows), cli_real(nats, info.log_likelihood),
                cli_real(bic, info.bic));
    hg_dataset_free(&data);
    return code;
}

/* What gives codes a distribution is a word of this program, not of the library. */
static int sample_failed(const cli *c)
{
    if (strstr(hg_message(c->ctx), "has no mixture") == NULL) return cli_failed(c);
    cli_say("%s: no mixture has been fitted to its codes yet: add --fit DATA, rows like "
            "those that it was trained on",
            c->args[0]);
    return CLI_FAILED;
}

/* A class by its name, or by its number where it has none. */
static void class_text(const hg_model *model, int64_t index, char *out, size_t n)
{
    char number[CLI_NUMBER];
    double label = 0;
    const char *name = hg_model_class_name(model, index);
    hg_model_class(model, index, &label);
    snprintf(out, n, "%.60s", name != NULL ? name : cli_real(number, label));
}

static void title_class(const hg_model *model, double label, char *out, size_t n)
{
    char name[64];
    double known;
    for (int64_t i = 0; hg_model_class(model, i, &known); i++) {
        if (known < label || known > label) continue;
        class_text(model, i, name, sizeof(name));
        snprintf(out, n, "Samples of class %s", name);
    }
}

/* Which row is of which class, for files that cannot say so. */
static void say_classes(const cli *c, const hg_model *model, const hg_sample_options *o)
{
    enum { MOST = 10 };
    char name[64];
    hg_model_info info = {.size = sizeof(info)};
    if (o->labelled || hg_model_get_info(c->ctx, model, &info) != HG_OK) return;
    if (info.classes == 0) return;
    fprintf(stderr, "classes in turn:");
    for (int64_t i = 0; i < info.classes && i < MOST; i++) {
        class_text(model, i, name, sizeof(name));
        fprintf(stderr, "%s %s", i > 0 ? "," : "", name);
    }
    if (info.classes > MOST)
        fprintf(stderr, ", ... of %lld in all", (long long)info.classes);
    fputc('\n', stderr);
}

static int run(cli *c)
{
    hg_sample_options o;
    int64_t n;
    char title[160] = "Samples";
    hg_model *model = NULL;
    hg_dataset *rows = NULL, *codes = NULL;
    const char *path = cli_get(c, "output"), *codes_path = cli_get(c, "codes");
    int code = read_options(c, &o, &n);
    if (code == CLI_OK && path != NULL) code = cli_rows_check(c, path, cli_get(c, "to"));
    if (code == CLI_OK && codes_path != NULL) code = cli_check_output(c, codes_path);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK) code = cli_get_class(c, model, &o.labelled, &o.label);
    if (code == CLI_OK && cli_get(c, "fit") != NULL) code = fit(c, model, o.seed);
    if (code == CLI_OK && o.labelled) title_class(model, o.label, title, sizeof(title));
    if (code == CLI_OK && path != NULL) {
        if (hg_sample(c->ctx, model, n, &o, &rows, &codes) != HG_OK)
            code = sample_failed(c);
        if (code == CLI_OK)
            code = cli_rows_write(c, model, rows, path, cli_get(c, "to"), title);
        if (code == CLI_OK && !cli_has(c, "quiet") && strcmp(path, "-") != 0)
            say_classes(c, model, &o);
        if (code == CLI_OK && codes_path != NULL)
            code = cli_rows_save(c, codes, codes_path, NULL);
    }
    hg_dataset_free(&codes);
    hg_dataset_free(&rows);
    hg_model_free(&model);
    return code;
}

static const cli_option *const options[] = {own,
                                            cli_class_options,
                                            cli_label_options,
                                            cli_rows_options,
                                            cli_write_options,
                                            cli_data_options,
                                            cli_column_options,
                                            cli_common_options,
                                            NULL};

extern const cli_verb cli_sample;
const cli_verb cli_sample = {
    .name = "sample",
    .usage = "MODEL -n N -o OUT [--fit DATA] [options]",
    .brief = "new rows, drawn from the model",
    .about =
        "Draw codes and decode them. A variational model draws its codes from the "
        "normal\n"
        "distribution that it was trained towards. The codes of any other lie where "
        "they\n"
        "happen to lie: --fit DATA first fits a mixture of normal distributions to the\n"
        "codes of those rows and keeps it in the model's file, so that from then on the\n"
        "model draws without the data. One seed gives the same rows for any number\n"
        "of threads.",
    .examples = "  hourglass sample vae.safetensors -n 100 -o samples.png\n"
                "  hourglass sample model.safetensors --fit train.gz -n 1000 -o new.npy\n"
                "  hourglass sample model.safetensors -n 5 --temperature 0.7 -o -\n",
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
