// SPDX-License-Identifier: MIT
/* Writing rows: NPY, IDX and CSV by the library's writers, or a grid of pictures.      */
#include "rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

const cli_option cli_rows_options[] = {
    {"title", 0, "TEXT", "fitting", "title; empty for none", "picture", NULL, false},
    {"dark", 0, NULL, NULL, "light on dark", "picture", NULL, false},
    {"width", 0, "N", "fitting", "width in pixels (points for SVG and PDF)", "picture",
     NULL, false},
    {"across", 0, "N", "fitting", "how many in a line", "picture", NULL, false},
    {"force", 0, NULL, NULL, "a folder of pictures: replace those that are there",
     "output", NULL, false},
    {0},
};

static bool is_picture(const char *path, const char *format)
{
    static const char *const endings[] = {".png", ".svg", ".pdf"};
    const char *end = strrchr(path, '.');
    if (format != NULL || end == NULL) return false;
    for (int i = 0; i < 3; i++)
        if (strcasecmp(end, endings[i]) == 0) return true;
    return false;
}

static int read_picture(cli *c, hg_plot_options *o)
{
    int64_t width = 0;
    *o = (hg_plot_options){.size = sizeof(*o), .dark = cli_has(c, "dark")};
    int code = cli_get_int(c, "width", 100, 20000, &width);
    if (code == CLI_OK) code = cli_get_int(c, "across", 1, 1000, &o->columns);
    o->width = (int)width;
    return code;
}

int cli_rows_check(cli *c, const char *path, const char *format)
{
    hg_plot_options o;
    int code = cli_check_format(format);
    if (code == CLI_OK) code = read_picture(c, &o);
    if (code == CLI_OK) code = cli_context(c);
    if (code != CLI_OK) return code;
    return is_picture(path, format) ? cli_check_picture(c, path)
                                    : cli_check_rows(c, path, format);
}

/* Pictures in a folder are numbered: those of an earlier run are not replaced unasked. */
static int check_fresh(const cli *c, const hg_dataset *rows, const char *path)
{
    struct stat s;
    if (cli_has(c, "force") || !cli_is_folder(path)) return CLI_OK;
    char *name = cli_alloc(strlen(path) + 32, 1);
    int code = CLI_OK;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    for (int64_t i = 1; code == CLI_OK && i <= hg_dataset_rows(rows); i++) {
        sprintf(name, "%.*s/%06lld.png", (int)n, path, (long long)i);
        if (stat(name, &s) == 0)
            code =
                cli_usage_error("%s: cannot write: it is there; --force replaces it, or "
                                "name another folder",
                                name);
    }
    free(name);
    return code;
}

/* What was written goes to standard error: standard output may be the data. */
int cli_rows_save(cli *c, const hg_dataset *rows, const char *path, const char *format)
{
    char n[CLI_NUMBER], values[CLI_NUMBER];
    const int64_t count = hg_dataset_rows(rows), wide = hg_dataset_features(rows);
    if (hg_dataset_save(c->ctx, rows, path, format) != HG_OK) return cli_failed(c);
    if (!cli_has(c, "quiet") && strcmp(path, "-") != 0)
        fprintf(stderr, "%s: %s row%s of %s value%s\n", path, cli_grouped(n, count),
                cli_s(count), cli_grouped(values, wide), cli_s(wide));
    return CLI_OK;
}

static bool is_csv(const char *path, const char *format)
{
    const char *end = strrchr(path, '.');
    if (format != NULL) return strcmp(format, "csv") == 0;
    return strcmp(path, "-") == 0 || (end != NULL && strcasecmp(end, ".csv") == 0);
}

/* Rows of a conditional model as text say of which class each is. */
static int save_classes(cli *c, const hg_dataset *rows, const char *path,
                        const char *format)
{
    hg_dataset *named = NULL;
    if (hg_dataset_with_classes(c->ctx, rows, "class", &named) != HG_OK)
        return cli_failed(c);
    int code = cli_rows_save(c, named, path, format);
    hg_dataset_free(&named);
    return code;
}

int cli_rows_write(cli *c, const hg_model *model, const hg_dataset *rows,
                   const char *path, const char *format, const char *title)
{
    hg_plot_options o;
    hg_model_info info = {.size = sizeof(info)};
    if (hg_model_get_info(c->ctx, model, &info) != HG_OK) return cli_failed(c);
    if (info.classes > 0 && is_csv(path, format))
        return save_classes(c, rows, path, format);
    int code = CLI_OK;
    if (!is_picture(path, format)) {
        if (format == NULL || strcmp(format, "png") == 0)
            code = check_fresh(c, rows, path);
        return code == CLI_OK ? cli_rows_save(c, rows, path, format) : code;
    }
    code = read_picture(c, &o);
    if (code != CLI_OK) return code;
    o.title = cli_has(c, "title") ? cli_get(c, "title") : title;
    return hg_plot_rows(c->ctx, model, rows, path, &o) == HG_OK ? CLI_OK : cli_failed(c);
}
