// SPDX-License-Identifier: MIT
/* hourglass plot loss, grid, filters: pictures as PNG, SVG or PDF.                     */
#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const cli_option picture[] = {
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

static int read_options(cli *c, hg_plot_options *o, const char **path)
{
    int64_t width = 0, seed = 0;
    *o = (hg_plot_options){.size = sizeof(*o)};
    *path = cli_get(c, "output");
    if (*path == NULL)
        return cli_usage_error("%s: no output; name it with -o FILE", c->verb->name);
    const char *end = strrchr(*path, '.');
    if (end == NULL || (strcmp(end, ".png") != 0 && strcmp(end, ".svg") != 0 &&
                        strcmp(end, ".pdf") != 0))
        return cli_usage_error("%s: expected a name that ends in .png, .svg or .pdf",
                               *path);
    o->title = cli_get(c, "title");
    o->dark = cli_has(c, "dark");
    int code = cli_get_int(c, "width", 100, 20000, &width);
    if (code == CLI_OK) code = cli_get_int(c, "items", 1, 100000, &o->items);
    if (code == CLI_OK) code = cli_get_int(c, "across", 1, 1000, &o->columns);
    if (code == CLI_OK) code = cli_get_int(c, "seed", 0, INT64_MAX, &seed);
    o->width = (int)width;
    o->seed = (uint64_t)seed;
    return code == CLI_OK ? cli_check_output(c, *path) : code;
}

/* ---- loss -------------------------------------------------------------------------- */

typedef struct curve {
    hg_epoch *epochs;
    int64_t n, room;
} curve;

static void add_epoch(curve *k, const hg_epoch *e)
{
    if (k->n == k->room) {
        k->room = k->room > 0 ? 2 * k->room : 64;
        k->epochs = cli_grow(k->epochs, (size_t)k->room, sizeof(*k->epochs));
    }
    k->epochs[k->n++] = *e;
}

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
            cli_say("%s:%lld: %s", path, (long long)at,
                    object == NULL ? why.text : "expected an object");
            code = CLI_FAILED;
        } else if (!json_is_integer(json_object_get(object, "epoch"))) {
            cli_say("%s:%lld: no epoch, expected a line of train --log", path,
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

static int read_model(cli *c, const char *path, curve *k)
{
    hg_model *model = NULL;
    int code = cli_open_model(c, path, &model);
    if (code != CLI_OK) return code;
    hg_epoch e = {.size = sizeof(e)};
    for (int64_t i = 0; hg_model_history(model, i, &e); i++) add_epoch(k, &e);
    hg_model_free(&model);
    return CLI_OK;
}

/* A model begins with the length of its header, 8 bytes whose last is 0; a log is text. */
static int read_curve(cli *c, const char *path, curve *k)
{
    char head[8] = "";
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (f == NULL) {
        cli_say("%s: %s", path, strerror(errno));
        return CLI_FAILED;
    }
    if (f == stdin) return read_log("-", f, k);
    size_t n = fread(head, 1, sizeof(head), f);
    if (n == sizeof(head) && head[7] == '\0') {
        fclose(f);
        return read_model(c, path, k);
    }
    /* A folder can be opened, but not read. */
    int code = CLI_FAILED;
    if (ferror(f)) {
        cli_say("%s: %s", path, strerror(errno));
    } else {
        rewind(f);
        code = read_log(path, f, k);
    }
    fclose(f);
    return code;
}

static int run_loss(cli *c)
{
    hg_plot_options o;
    const char *path;
    curve k = {0};
    int code = read_options(c, &o, &path);
    if (code == CLI_OK) code = cli_context(c);
    if (code == CLI_OK) code = read_curve(c, c->args[0], &k);
    if (code == CLI_OK && k.n == 0) {
        cli_say("%s: no epochs to draw", c->args[0]);
        code = CLI_FAILED;
    }
    if (code == CLI_OK && hg_plot_loss(c->ctx, k.epochs, k.n, path, &o) != HG_OK)
        code = cli_failed(c);
    free(k.epochs);
    return code;
}

/* ---- grid, filters ----------------------------------------------------------------- */

static int run_grid(cli *c)
{
    hg_plot_options o;
    const char *path;
    hg_model *model = NULL;
    hg_dataset *data = NULL;
    int code = read_options(c, &o, &path);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK) code = cli_open_data(c, c->args[1], &data);
    if (code == CLI_OK && hg_plot_grid(c->ctx, model, data, path, &o) != HG_OK)
        code = cli_failed(c);
    hg_dataset_free(&data);
    hg_model_free(&model);
    return code;
}

static int run_filters(cli *c)
{
    hg_plot_options o;
    const char *path, *part = cli_get(c, "part");
    hg_model *model = NULL;
    if (part == NULL) part = "decoder";
    if (strcmp(part, "decoder") != 0 && strcmp(part, "encoder") != 0)
        return cli_usage_error("part: '%s', expected encoder or decoder", part);
    int code = read_options(c, &o, &path);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK && hg_plot_filters(c->ctx, model, part, path, &o) != HG_OK)
        code = cli_failed(c);
    hg_model_free(&model);
    return code;
}

static const cli_option *const loss_options[] = {picture, cli_common_options, NULL};
static const cli_option *const grid_options[] = {
    picture, tiles, grid, cli_data_options, cli_column_options, cli_common_options, NULL};
static const cli_option *const filter_options[] = {picture, tiles, filters,
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
    .brief = "what each unit of the code stands for",
    .about = "Draw the weights between the code and the pixels, one tile a unit.",
    .examples =
        "  hourglass plot filters model.safetensors -o filters.png --part encoder\n",
    .options = filter_options,
    .min_args = 1,
    .max_args = 1,
    .run = run_filters,
};
