// SPDX-License-Identifier: MIT
/* encode, decode and reconstruct: read, map and write, a block of rows at a time.      */
#include "map.h"

#include <string.h>

/* What was written goes to standard error: standard output may be the data. */
static void say_rows(const cli *c, const hg_model *model, const char *path, int64_t rows)
{
    char number[CLI_NUMBER], values[CLI_NUMBER];
    hg_model_info info = {.size = sizeof(info)};
    if (cli_has(c, "quiet") || strcmp(path, "-") == 0) return;
    if (hg_model_get_info(c->ctx, model, &info) != HG_OK) return;
    bool codes = strcmp(c->verb->name, "encode") == 0;
    hg_series_info series = {.size = sizeof(series)};
    if (hg_model_series(model, &series) && strcmp(c->verb->name, "reconstruct") == 0)
        info.inputs = series.channels;
    int64_t wide = !codes                  ? info.inputs
                   : cli_has(c, "indices") ? info.indices
                                           : info.code;
    fprintf(stderr, "%s: %s row%s of %s value%s\n", path, cli_grouped(number, rows),
            cli_s(rows), cli_grouped(values, wide), cli_s(wide));
}

/* A wrong word is the command line's fault, not the file's. */
static int failed(const cli *c, hg_status status)
{
    bool noise = strncmp(hg_message(c->ctx), "corrupt:", 8) == 0;
    cli_failed(c);
    return status == HG_EUNKNOWN || status == HG_EINVAL || noise ? CLI_USAGE : CLI_FAILED;
}

int cli_map(cli *c, const char *verb)
{
    hg_model *model = NULL;
    hg_data_options input;
    hg_dataset *labels = NULL;
    int64_t rows = 0;
    const char *path = cli_get(c, "output");
    if (path == NULL)
        return cli_usage_error("%s: no output; name it with -o OUT", c->verb->name);
    /* Cheap questions first: a wrong output is told before the model and the data are
     * read. */
    int code = cli_check_format(cli_get(c, "to"));
    if (code == CLI_OK) code = cli_check_rows(c, path, cli_get(c, "to"));
    if (code == CLI_OK) code = cli_read_data_options(c, &input);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK && cli_get(c, "labels") != NULL)
        code = cli_open_labels(c, cli_get(c, "labels"), &labels);
    input.labels = labels;
    if (code == CLI_OK) {
        hg_status status = hg_map_file(c->ctx, model, verb, c->args[1], &input, path,
                                       cli_get(c, "to"), cli_get(c, "corrupt"), &rows);
        if (status == HG_OK)
            say_rows(c, model, path, rows);
        else
            code = failed(c, status);
    }
    hg_dataset_free(&labels);
    hg_model_free(&model);
    return code;
}
