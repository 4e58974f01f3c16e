// SPDX-License-Identifier: MIT
/* Contexts, data and models, as the command line names them.                           */
#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static void log_line(void *user, hg_log_level level, const char *line)
{
    cli *c = user;
    if (level == HG_LOG_WARNING) {
        /* Data that are read twice, for scores and for heat maps, have one warning. */
        if (strncmp(c->warned, line, sizeof(c->warned) - 1) == 0) return;
        snprintf(c->warned, sizeof(c->warned), "%s", line);
        cli_say("warning: %s", line);
    } else if (cli_has(c, "verbose"))
        cli_say("%s", line);
}

int cli_context(cli *c)
{
    if (c->ctx != NULL) return CLI_OK;
    int64_t threads = 0;
    const char *word = cli_get(c, "threads");
    if (word == NULL || strcmp(word, "all") != 0) {
        int code = cli_get_int(c, "threads", 1, 4096, &threads);
        if (code != CLI_OK) return code;
    }
    hg_ctx_options o = {.size = sizeof(o), .threads = (int)threads};
    o.cpu = cli_get(c, "cpu");
    if (o.cpu != NULL && strcmp(o.cpu, "best") == 0) o.cpu = NULL;
    o.log = log_line;
    o.log_user = c;
    hg_status status = hg_ctx_new(&o, &c->ctx);
    if (status == HG_OK) return CLI_OK;
    if (status == HG_EUNKNOWN)
        return cli_usage_error(
            "--cpu: '%s' is not known; known: ref, avx2, avx512, amx, neon", o.cpu);
    if (status == HG_EUNAVAILABLE)
        cli_say("--cpu: %s is not in this build or not on this machine", o.cpu);
    else
        cli_say("%s", hg_strerror(status));
    return CLI_FAILED;
}

/* One character, by itself or by its name. */
static int read_character(cli *c, const char *name, char *out)
{
    const char *text = cli_get(c, name);
    if (text == NULL) return CLI_OK;
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        *out = '\t';
    else if (strcmp(text, "comma") == 0)
        *out = ',';
    else if (strcmp(text, "semicolon") == 0)
        *out = ';';
    else if (text[0] != '\0' && text[1] == '\0')
        *out = text[0];
    else
        return cli_usage_error("--%s: '%s' is not one character", name, text);
    return CLI_OK;
}

int cli_read_data_options(cli *c, hg_data_options *out)
{
    *out = (hg_data_options){.size = sizeof(*out)};
    out->format = cli_get(c, "format");
    out->drop = cli_get(c, "drop");
    out->shape = cli_get(c, "shape");
    out->array = cli_get(c, "array");
    out->resize = cli_get(c, "resize");
    out->crop = cli_get(c, "crop");
    out->tile = cli_get(c, "tile");
    /* Of windows it is a number of rows, and the file's rows are no tiles. */
    out->stride = cli_has(c, "window") ? NULL : cli_get(c, "stride");
    out->skip_bad = cli_has(c, "skip-bad");
    out->colour = cli_has(c, "grey") ? "grey" : cli_has(c, "colour") ? "colour" : NULL;
    if (cli_has(c, "grey") && cli_has(c, "colour"))
        return cli_usage_error("grey: --grey and --colour exclude each other");
    out->drop_non_numeric = cli_has(c, "drop-non-numeric");
    out->stream = cli_has(c, "stream");
    out->header = cli_has(c, "header") - cli_has(c, "no-header");
    if (cli_has(c, "header") && cli_has(c, "no-header"))
        return cli_usage_error("--header and --no-header exclude each other");
    out->columns = cli_get(c, "columns");
    out->strict = cli_has(c, "strict");
    out->table = cli_has(c, "table");
    out->ignore_extra = cli_has(c, "ignore-extra");
    out->allow_missing_columns = cli_has(c, "allow-missing-columns");
    /* A model says how its rows are read: as its table, or as numbers alone. */
    out->schema = c->schema;
    if (c->has_model && c->schema == NULL) out->strict = 2;
    out->numeric = cli_get(c, "numeric");
    out->categorical = cli_get(c, "categorical");
    out->boolean = cli_get(c, "boolean");
    out->date = cli_get(c, "date");
    out->rename = cli_get(c, "rename");
    out->id = cli_get(c, "id");
    int code = cli_get_int(c, "limit", 1, INT64_MAX, &out->limit);
    if (code == CLI_OK)
        code = cli_get_int(c, "max-pixels", 1, INT64_MAX, &out->max_pixels);
    if (code == CLI_OK) code = cli_get_int(c, "categories", 1, 65536, &out->categories);
    if (code == CLI_OK) code = read_character(c, "delimiter", &out->delimiter);
    if (code == CLI_OK) code = read_character(c, "decimal", &out->decimal);
    return code;
}

const cli_option cli_label_options[] = {
    {"labels", 0, "FILE", NULL,
     "conditional models: the class of each row, one number or word a row", "data", NULL,
     false},
    {"label-column", 0, "NAME", NULL, "CSV: the column of the labels' file to take",
     "data", NULL, false},
    {0},
};
const cli_option cli_class_options[] = {
    {"class", 0, "LABEL", NULL,
     "conditional models: the class to decode to, by name or number", "model", NULL,
     false},
    {0},
};

int cli_get_class(cli *c, const hg_model *model, int *given, double *label)
{
    const char *text = cli_get(c, "class");
    *given = text != NULL;
    if (text == NULL) return CLI_OK;
    return hg_model_find_class(c->ctx, model, text, label) == HG_OK ? CLI_OK
                                                                    : cli_failed(c);
}

int cli_open_data(cli *c, const char *path, hg_dataset **out)
{
    return cli_open_labelled(c, path, NULL, out);
}

int cli_open_labelled(cli *c, const char *path, const char *option, hg_dataset **out)
{
    hg_data_options o;
    hg_dataset *labels = NULL;
    const char *file = option != NULL ? cli_get(c, option) : NULL;
    int code = cli_read_data_options(c, &o);
    if (code == CLI_OK) code = cli_context(c);
    if (code == CLI_OK && file != NULL) code = cli_open_labels(c, file, &labels);
    if (code != CLI_OK) return code;
    o.labels = labels;
    if (c->model != NULL) o.pictures = hg_model_pictures(c->model);
    hg_series_info series = {.size = sizeof(series)};
    const bool windows = c->model != NULL && hg_model_series(c->model, &series);
    hg_status status = windows ? hg_series_open(c->ctx, c->model, path, &o, out)
                               : hg_dataset_open(c->ctx, path, &o, out);
    hg_dataset_free(&labels);
    if (status == HG_OK) return CLI_OK;
    cli_failed(c);
    /* A wrong word of --format is the command line's fault, not the file's. */
    return status == HG_EUNKNOWN || status == HG_EINVAL ? CLI_USAGE : CLI_FAILED;
}

int cli_open_for(cli *c, const hg_model *model, const char *path, const char *option,
                 hg_dataset **out)
{
    const hg_schema *first = c->schema, *schema = hg_model_schema(model);
    /* Standard input can be read only once. */
    if (path == NULL || schema == NULL || schema == first || strcmp(path, "-") == 0)
        return CLI_OK;
    c->schema = schema;
    int code = cli_open_labelled(c, path, option, out);
    c->schema = first;
    return code;
}

int cli_corrupt(cli *c, const hg_model *model, const hg_dataset *data, hg_dataset **out)
{
    const char *chain = cli_get(c, "corrupt");
    if (chain == NULL) return CLI_OK;
    if (strcmp(chain, "own") == 0) chain = NULL;
    hg_status status = hg_corrupt_dataset(c->ctx, model, data, chain, out);
    if (status == HG_OK) return CLI_OK;
    cli_failed(c);
    bool words = status == HG_EUNKNOWN || status == HG_EINVAL || status == HG_ERANGE;
    return words ? CLI_USAGE : CLI_FAILED;
}

int cli_open_model(cli *c, const char *path, hg_model **out)
{
    int code = cli_context(c);
    if (code != CLI_OK) return code;
    if (hg_model_load(c->ctx, path, out) != HG_OK) return cli_failed(c);
    if (!c->has_model) c->schema = hg_model_schema(*out);
    c->has_model = true;
    c->model = *out;
    return CLI_OK;
}

/* Is the first line, which was taken for a name, one of the words below it? */
static bool names_a_word(const hg_dataset *labels)
{
    const hg_schema *schema = hg_dataset_schema(labels);
    const char *name = hg_dataset_column(labels, 0), *word;
    if (schema == NULL || name == NULL || hg_dataset_features(labels) != 1) return false;
    for (int64_t i = 0; (word = hg_schema_word(schema, 0, i)) != NULL; i++)
        if (strcasecmp(word, name) == 0) return true;
    return false;
}

/* A list of words alone has no header, though nothing in its first line says so. */
static int open_labels(cli *c, const char *path, int64_t limit, hg_dataset **out)
{
    hg_data_options o = {.size = sizeof(o), .limit = limit};
    o.columns = cli_get(c, "label-column");
    if (hg_dataset_open(c->ctx, path, &o, out) != HG_OK) return cli_failed(c);
    if (o.columns != NULL || strcmp(path, "-") == 0 || !names_a_word(*out)) return CLI_OK;
    hg_dataset_free(out);
    o.header = -1;
    return hg_dataset_open(c->ctx, path, &o, out) == HG_OK ? CLI_OK : cli_failed(c);
}

/* The classes of a folder of pictures, which are read as those that they are labels of. */
static int open_classes(cli *c, const char *path, hg_dataset **out)
{
    hg_data_options o;
    hg_dataset *pictures = NULL;
    int code = cli_read_data_options(c, &o);
    if (code != CLI_OK) return code;
    if (c->model != NULL) o.pictures = hg_model_pictures(c->model);
    if (hg_dataset_open(c->ctx, path, &o, &pictures) != HG_OK ||
        hg_dataset_labels(c->ctx, pictures, out) != HG_OK)
        code = cli_failed(c);
    hg_dataset_free(&pictures);
    return code;
}

bool cli_is_folder(const char *path)
{
    struct stat s;
    return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

int cli_open_labels(cli *c, const char *path, hg_dataset **out)
{
    if (cli_is_folder(path)) return open_classes(c, path, out);
    int64_t limit = 0;
    int code = cli_get_int(c, "limit", 1, INT64_MAX, &limit);
    return code == CLI_OK ? open_labels(c, path, limit, out) : code;
}

static int configured(const cli *c, const cli_given *g, hg_status status)
{
    if (status == HG_OK) return CLI_OK;
    bool file = strcmp(g->option.name, "config") == 0;
    const char *reason = hg_message(c->ctx), *name = g->option.name;
    size_t n = strlen(name);
    /* The library names an option as a file does; here it was typed with its dashes. */
    if (!file && strncmp(reason, name, n) == 0 && reason[n] == ':')
        cli_say("--%s", reason);
    else
        cli_failed(c);
    return file || status == HG_ENOMEM ? CLI_FAILED : CLI_USAGE;
}

/* The second of two would replace settings of the first one by one: a mixture of models
 * that nobody has asked for. */
static int check_presets(const cli *c)
{
    const char *first = NULL;
    for (int i = 0; i < c->given_count; i++) {
        const cli_given *g = &c->given[i];
        if (strcmp(g->option.name, "preset") != 0) continue;
        if (first != NULL && strcmp(first, g->value) != 0)
            return cli_usage_error("%s: --preset %s and --preset %s: give one of them",
                                   c->verb->name, first, g->value);
        first = g->value;
    }
    return CLI_OK;
}

int cli_configure(cli *c, hg_config **out)
{
    int code = check_presets(c);
    if (code != CLI_OK) return code;
    if (hg_config_new(c->ctx, out) != HG_OK) return cli_failed(c);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; code == CLI_OK && i < c->given_count; i++) {
            const cli_given *g = &c->given[i];
            const char *name = g->option.name;
            bool file = strcmp(name, "config") == 0;
            if (file != (pass == 0)) continue;
            if (file)
                code = configured(c, g, hg_config_load(*out, g->value));
            else if (g->option.config || strcmp(name, "shape") == 0)
                code = configured(c, g, hg_config_set(*out, name, g->value));
        }
    return code;
}

int cli_opening_failed(const cli *c)
{
    static const char *const keys[] = {"group", "time"}, *const says[] = {"drop",
                                                                          "columns"};
    const char *message = hg_message(c->ctx);
    for (int i = 0; i < 4; i++) {
        char start[300];
        const char *name = cli_get(c, keys[i / 2]), *word = says[i % 2];
        if (name == NULL) continue;
        snprintf(start, sizeof(start), "%s: there is no column '%.100s'", word, name);
        const char *at = strstr(message, start);
        if (at == NULL) continue;
        cli_say("%.*s%s%s", (int)(at - message), message, keys[i / 2], at + strlen(word));
        return CLI_FAILED;
    }
    return cli_failed(c);
}

/* The rows of o, with the labels that the option names. */
static int open_rows(cli *c, hg_data_options *o, const char *path, const char *option,
                     hg_dataset **out)
{
    const char *file = cli_get(c, option);
    hg_dataset *labels = NULL;
    int code = file != NULL ? open_labels(c, file, o->limit, &labels) : CLI_OK;
    if (code != CLI_OK) return code;
    o->labels = labels;
    hg_status status = hg_dataset_open(c->ctx, path, o, out);
    hg_dataset_free(&labels);
    return status == HG_OK ? CLI_OK : cli_opening_failed(c);
}

static int open_both(cli *c, hg_data_options *o, const char *path, hg_dataset **train,
                     hg_dataset **valid)
{
    int code = open_rows(c, o, c->args[0], "labels", train);
    o->limit = 0;
    if (code == CLI_OK) o->schema = hg_dataset_schema(*train);
    if (code == CLI_OK && path != NULL)
        code = open_rows(c, o, path, "valid-labels", valid);
    return code;
}

/* What the command line does not say of columns, a configuration file may. */
static void from_config(const hg_config *cfg, hg_data_options *o)
{
    const struct {
        const char *name, **to;
    } all[] = {{"columns", &o->columns},
               {"drop", &o->drop},
               {"rename", &o->rename},
               {"numeric", &o->numeric},
               {"categorical", &o->categorical},
               {"boolean", &o->boolean},
               {"date", &o->date}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (*all[i].to == NULL) *all[i].to = hg_config_get(cfg, all[i].name);
}

/* Both files by the same reading options; but a limit is one of training rows alone. */
/* What rows are split by is no feature of theirs: the columns to leave out besides `drop`,
 * as one text from malloc, or NULL.                                                    */
static char *without_keys(const cli *c, const char *drop)
{
    const char *name[3] = {drop, cli_get(c, "group"), cli_get(c, "time")};
    size_t n = 0;
    for (int i = 0; i < 3; i++) n += name[i] != NULL ? strlen(name[i]) + 1 : 0;
    char *text = n > 0 ? cli_alloc(n + 1, 1) : NULL;
    for (int i = 0; i < 3; i++) {
        if (name[i] == NULL) continue;
        if (text[0] != '\0') strcat(text, ",");
        strcat(text, name[i]);
    }
    return text;
}

int cli_open_training(cli *c, const hg_config *cfg, hg_dataset **train,
                      hg_dataset **valid)
{
    hg_data_options o;
    const char *path = cli_get(c, "valid");
    int code = cli_read_data_options(c, &o);
    if (code != CLI_OK) return code;
    /* A configuration file may name the shape, too. */
    from_config(cfg, &o);
    o.shape = hg_config_get(cfg, "shape");
    char *drop = without_keys(c, o.drop);
    o.drop = drop;
    code = open_both(c, &o, path, train, valid);
    free(drop);
    return code;
}
