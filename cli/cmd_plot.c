// SPDX-License-Identifier: MIT
/* hourglass plot loss, grid, filters: pictures as PNG, SVG or PDF.                     */
#include "json.h"
#include "plot.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const cli_option cli_picture_options[] = {
    {"output", 'o', "FILE", NULL, "picture to write: .png, .svg or .pdf", "output", NULL,
     false},
    {"title", 0, "TEXT", "fitting", "title; empty for none", "picture", NULL, false},
    {"dark", 0, NULL, NULL, "light on dark", "picture", NULL, false},
    {"width", 0, "N", "fitting", "width in pixels (points for SVG and PDF)", "picture",
     NULL, false},
    {0},
};
static const cli_option tiles[] = {
    {"items", 0, "N", "fitting", "how many to draw", "picture", NULL, false},
    {"across", 0, "N", "fitting", "how many in a line", "picture", NULL, false},
    {0},
};
static const cli_option grid[] = {
    {"seed", 0, "N", "0", "draw a random sample of rows; 0 takes the first", "picture",
     NULL, false},
    {0},
};
static const cli_option filters[] = {
    {"part", 0, "WORD", "decoder",
     "decoder: what each code unit paints; encoder: what it looks for", "picture", NULL,
     false},
    {0},
};

int cli_plot_read(cli *c, hg_plot_options *o, const char **path)
{
    int64_t width = 0, seed = 0;
    *o = (hg_plot_options){.size = sizeof(*o)};
    *path = cli_get(c, "output");
    if (*path == NULL)
        return cli_usage_error("%s: no output; name it with -o FILE", c->verb->name);
    o->title = cli_get(c, "title");
    o->dark = cli_has(c, "dark");
    int code = cli_get_int(c, "width", 100, 20000, &width);
    if (code == CLI_OK) code = cli_get_int(c, "items", 1, 100000, &o->items);
    if (code == CLI_OK) code = cli_get_int(c, "across", 1, 1000, &o->columns);
    if (code == CLI_OK) code = cli_get_int(c, "seed", 0, INT64_MAX, &seed);
    o->width = (int)width;
    o->seed = (uint64_t)seed;
    if (code == CLI_OK) code = cli_context(c);
    return code == CLI_OK ? cli_check_picture(c, *path) : code;
}

/* ---- loss -------------------------------------------------------------------------- */

typedef struct curve {
    hg_epoch *epochs;
    int64_t n, room;
    char loss[32]; /* its name, where the file has it: a model's */
} curve;

/* A log does not say how many lines it has: room doubles. */
static void add_epoch(curve *k, const hg_epoch *e)
{
    if (k->n == k->room) {
        k->room = k->room > 0 ? 2 * k->room : 64;
        k->epochs = cli_grow(k->epochs, (size_t)k->room, sizeof(*k->epochs));
    }
    k->epochs[k->n++] = *e;
}

/* A missing number (no validation, or null for NaN) is a gap in the curve. */
static double number_of(const json_t *object, const char *name)
{
    const json_t *x = json_object_get(object, name);
    return json_is_number(x) ? json_number_value(x) : (double)NAN;
}

/* Lines of --log; the file's name and the line stand in front of a complaint. */
static int read_log(const char *path, FILE *f, curve *k)
{
    char *line = NULL;
    size_t room = 0;
    int code = CLI_OK;
    for (int64_t at = 1; code == CLI_OK; at++) {
        ssize_t n = getline(&line, &room, f);
        if (n < 0) break;
        if (strspn(line, " \t\r\n") == (size_t)n) continue;
        json_error_t why;
        json_t *object = json_loadb(line, (size_t)n, JSON_REJECT_DUPLICATES, &why);
        if (!json_is_object(object)) {
            cli_say("%s:%lld: %s; expected a line of train --log", path, (long long)at,
                    object == NULL ? why.text : "no object");
            code = CLI_FAILED;
        } else if (!json_is_integer(json_object_get(object, "epoch"))) {
            cli_say("%s:%lld: no 'epoch', expected a line of train --log", path,
                    (long long)at);
            code = CLI_FAILED;
        } else {
            hg_epoch e = {.size = sizeof(e)};
            e.epoch = json_integer_value(json_object_get(object, "epoch"));
            e.loss = number_of(object, "loss");
            e.recon = number_of(object, "recon");
            e.penalty = number_of(object, "penalty");
            e.val_loss = number_of(object, "val_loss");
            e.lr = number_of(object, "lr");
            add_epoch(k, &e);
        }
        json_decref(object);
    }
    free(line);
    return code;
}

/* A model keeps the losses of its epochs: no log is needed. */
static int read_model(cli *c, const char *path, curve *k)
{
    hg_model *model = NULL;
    int code = cli_open_model(c, path, &model);
    if (code != CLI_OK) return code;
    hg_epoch e = {.size = sizeof(e)};
    hg_model_info info = {.size = sizeof(info)};
    if (hg_model_get_info(c->ctx, model, &info) == HG_OK)
        snprintf(k->loss, sizeof(k->loss), "%s", info.loss);
    for (int64_t i = 0; hg_model_history(model, i, &e); i++) add_epoch(k, &e);
    hg_model_free(&model);
    return CLI_OK;
}

/* What a file that is neither log nor model seems to be, by its first bytes. */
static const char *kind_of(const char *head, size_t n)
{
    static const struct {
        const char *start, *name;
    } kinds[] = {
        {"\x89PNG", "a PNG picture"},  {"%PDF", "a PDF"},
        {"<?xml", "an SVG picture"},   {"\x1f\x8b", "gzipped data"},
        {"\x93NUMPY", "an NPY array"}, {"\377\330\377", "a JPEG picture"},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t len = strlen(kinds[i].start);
        if (n >= len && memcmp(head, kinds[i].start, len) == 0) return kinds[i].name;
    }
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)head[i] < 32 && memchr("\t\r\n", head[i], 3) == NULL)
            return "binary data";
    return "text that is no JSON";
}

/* A model begins with the length of its header, 8 bytes whose last is 0, and the header's
 * brace; a log is lines of JSON objects, and an empty file is a log of nothing.        */
static int read_curve(cli *c, const char *path, curve *k)
{
    char head[9 + 1] = ""; /* and an end for strspn() */
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");
    if (f == NULL) {
        cli_say("%s: %s", path, strerror(errno));
        return CLI_FAILED;
    }
    /* A pipe cannot be rewound, so no more than a log's lines are expected of it. */
    if (standard) return read_log("standard input", f, k);
    size_t n = fread(head, 1, 9, f);
    const char *first = head + strspn(head, " \t\r\n");
    int code = CLI_FAILED;
    if (ferror(f)) {
        /* A folder can be opened, but not read. */
        cli_say("%s: %s", path, strerror(errno));
    } else if (n == 9 && head[7] == '\0' && head[8] == '{') {
        code = read_model(c, path, k);
    } else if (n == 0 || *first == '{' || first - head == (ptrdiff_t)n) {
        rewind(f);
        code = read_log(path, f, k);
    } else {
        cli_say("%s: found %s, expected a log of train --log or a model", path,
                kind_of(head, n));
    }
    fclose(f);
    return code;
}

/* An empty log is no picture of nothing, but a mistake to be told. */
static int run_loss(cli *c)
{
    hg_plot_options o;
    const char *path;
    curve k = {0};
    int code = cli_plot_read(c, &o, &path);
    if (code == CLI_OK) code = read_curve(c, c->args[0], &k);
    if (code == CLI_OK && k.n == 0) {
        cli_say("%s: no epochs to draw", c->args[0]);
        code = CLI_FAILED;
    }
    if (k.loss[0] != '\0') o.loss = k.loss;
    if (code == CLI_OK && hg_plot_loss(c->ctx, k.epochs, k.n, path, &o) != HG_OK)
        code = cli_failed(c);
    free(k.epochs);
    return code;
}

/* ---- grid, filters ----------------------------------------------------------------- */

/* The model first: it is small, and a wrong one is told before data are read. */
static int run_grid(cli *c)
{
    hg_plot_options o;
    const char *path;
    hg_model *model = NULL;
    hg_dataset *data = NULL;
    int code = cli_plot_read(c, &o, &path);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK) code = cli_open_labelled(c, c->args[1], "labels", &data);
    if (code == CLI_OK && hg_plot_grid(c->ctx, model, data, path, &o) != HG_OK)
        code = cli_failed(c);
    hg_dataset_free(&data);
    hg_model_free(&model);
    return code;
}

/* The part is checked here, so that a wrong word is a usage error, not a failure. */
static int run_filters(cli *c)
{
    hg_plot_options o;
    const char *path, *part = cli_get(c, "part");
    hg_model *model = NULL;
    if (part == NULL) part = "decoder";
    if (strcmp(part, "decoder") != 0 && strcmp(part, "encoder") != 0)
        return cli_usage_error("--part: '%s', expected encoder or decoder", part);
    int code = cli_plot_read(c, &o, &path);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK && hg_plot_filters(c->ctx, model, part, path, &o) != HG_OK)
        code = cli_failed(c);
    hg_model_free(&model);
    return code;
}

static const cli_option *const loss_options[] = {cli_picture_options, cli_common_options,
                                                 NULL};
static const cli_option *const grid_options[] = {cli_picture_options,
                                                 tiles,
                                                 grid,
                                                 cli_label_options,
                                                 cli_data_options,
                                                 cli_column_options,
                                                 cli_common_options,
                                                 NULL};
static const cli_option *const filter_options[] = {cli_picture_options, tiles, filters,
                                                   cli_common_options, NULL};

extern const cli_verb cli_plot_loss, cli_plot_grid, cli_plot_filters;
const cli_verb cli_plot_loss = {
    .name = "plot loss",
    .usage = "LOG|MODEL -o FILE [options]",
    .brief = "the loss over the epochs",
    .about = "Draw training and validation loss from a --log file or from a model's own "
             "history.",
    .examples = "  hourglass plot loss model.safetensors -o loss.png\n",
    .options = loss_options,
    .min_args = 1,
    .max_args = 1,
    .run = run_loss,
};
const cli_verb cli_plot_grid = {
    .name = "plot grid",
    .usage = "MODEL DATA -o FILE [options]",
    .brief = "rows over their reconstructions",
    .about = "Draw rows of the data over what the model makes of them: images as images, "
             "other "
             "rows as curves.",
    .examples =
        "  hourglass plot grid model.safetensors images.gz -o grid.png --items 20\n",
    .options = grid_options,
    .min_args = 2,
    .max_args = 2,
    .run = run_grid,
};
const cli_verb cli_plot_filters = {
    .name = "plot filters",
    .usage = "MODEL -o FILE [options]",
    .brief = "what each unit next to the pixels stands for",
    .about =
        "Draw the weights that touch the pixels, one tile a unit; of a convolution, its "
        "kernels.",
    .examples =
        "  hourglass plot filters model.safetensors -o filters.png --part encoder\n",
    .options = filter_options,
    .min_args = 1,
    .max_args = 1,
    .run = run_filters,
};
