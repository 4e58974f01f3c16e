// SPDX-License-Identifier: MIT
/* hourglass interpolate: rows on the way from one to another.                          */
#include "rows.h"

#include <string.h>

static const cli_option own[] = {
    {"from", 0, "ROW", NULL, "row to start from, counted from 1", "data", NULL, false},
    {"to", 0, "ROW", NULL, "row to end at", "data", NULL, false},
    {"steps", 0, "N", "10", "rows to make, both ends included", "data", NULL, false},
    {"path", 0, "WORD", "linear",
     "linear: straight from code to code; spherical: on an arc around the origin, which "
     "suits variational codes",
     "data", NULL, false},
    {"output", 'o', "OUT", NULL,
     "file to write: data (.npy, .csv, .idx; - for CSV) or a picture (.png, .svg, .pdf)",
     "output", NULL, false},
    {"codes", 0, "FILE", NULL, "write the codes on the way, too", "output", NULL, false},
    {0},
};
static const cli_option *const options[] = {own,
                                            cli_rows_options,
                                            cli_label_options,
                                            cli_data_options,
                                            cli_column_options,
                                            cli_common_options,
                                            NULL};

static int read_options(cli *c, int64_t *from, int64_t *to, int64_t *steps)
{
    const char *path = cli_get(c, "path");
    *steps = 10;
    if (cli_get(c, "output") == NULL)
        return cli_usage_error("%s: no output; name it with -o OUT", c->verb->name);
    if (cli_get(c, "from") == NULL || cli_get(c, "to") == NULL)
        return cli_usage_error("%s: from which row to which? --from ROW --to ROW",
                               c->verb->name);
    if (path != NULL && strcmp(path, "linear") != 0 && strcmp(path, "spherical") != 0)
        return cli_usage_error("--path: '%s', expected linear or spherical", path);
    int code = cli_get_int(c, "from", 1, INT64_MAX, from);
    if (code == CLI_OK) code = cli_get_int(c, "to", 1, INT64_MAX, to);
    if (code == CLI_OK) code = cli_get_int(c, "steps", 2, 100000, steps);
    return code;
}

static int run(cli *c)
{
    int64_t from, to, steps;
    char title[96];
    hg_model *model = NULL;
    hg_dataset *data = NULL, *rows = NULL, *codes = NULL;
    const char *path = cli_get(c, "output"), *codes_path = cli_get(c, "codes");
    int code = read_options(c, &from, &to, &steps);
    if (code == CLI_OK) code = cli_rows_check(c, path, NULL);
    if (code == CLI_OK && codes_path != NULL) code = cli_check_output(c, codes_path);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK) code = cli_open_labelled(c, c->args[1], "labels", &data);
    if (code == CLI_OK && hg_interpolate(c->ctx, model, data, from - 1, to - 1, steps,
                                         cli_get(c, "path"), &rows, &codes) != HG_OK)
        code = cli_failed(c);
    if (code == CLI_OK) {
        snprintf(title, sizeof(title), "From row %lld to row %lld", (long long)from,
                 (long long)to);
        code = cli_rows_write(c, model, rows, path, NULL, title);
    }
    if (code == CLI_OK && codes_path != NULL)
        code = cli_rows_save(c, codes, codes_path, NULL);
    hg_dataset_free(&codes);
    hg_dataset_free(&rows);
    hg_dataset_free(&data);
    hg_model_free(&model);
    return code;
}

extern const cli_verb cli_interpolate;
const cli_verb cli_interpolate = {
    .name = "interpolate",
    .usage = "MODEL DATA --from ROW --to ROW -o OUT [options]",
    .brief = "rows on the way from one row to another",
    .about =
        "Encode two rows, walk from code to code in even steps, and decode what is on "
        "the way.\nThe first and the last step are the two rows' reconstructions.",
    .examples =
        "  hourglass interpolate vae.safetensors test.gz --from 1 --to 8 -o way.png\n"
        "  hourglass interpolate vae.safetensors test.gz --from 1 --to 8 --steps 30 \\\n"
        "      --path spherical -o way.npy\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
