// SPDX-License-Identifier: MIT
/* encode, decode and reconstruct: read, map, write.                                    */
#include "map.h"

#include <string.h>

const cli_option *const cli_map_options[] = {
    cli_write_options, cli_data_options, cli_column_options, cli_common_options, NULL};

/* What was written goes to standard error: standard output may be the data. */
static int save(cli *c, const hg_dataset *data, const char *path)
{
    char rows[CLI_NUMBER], values[CLI_NUMBER];
    if (hg_dataset_save(c->ctx, data, path, cli_get(c, "to")) != HG_OK)
        return cli_failed(c);
    if (!cli_has(c, "quiet") && strcmp(path, "-") != 0)
        fprintf(stderr, "%s: %s rows of %s values\n", path,
                cli_grouped(rows, hg_dataset_rows(data)),
                cli_grouped(values, hg_dataset_features(data)));
    return CLI_OK;
}

int cli_map(cli *c, cli_map_fn fn)
{
    hg_model *model = NULL;
    hg_dataset *in = NULL, *noisy = NULL, *out = NULL;
    const char *path = cli_get(c, "output");
    if (path == NULL)
        return cli_usage_error("%s: no output; name it with -o OUT", c->verb->name);
    /* Cheap questions first: a wrong output is told before the model and the data are
     * read. */
    int code = cli_check_format(cli_get(c, "to"));
    if (code == CLI_OK) code = cli_check_output(c, path);
    if (code == CLI_OK) code = cli_open_model(c, c->args[0], &model);
    if (code == CLI_OK) code = cli_open_data(c, c->args[1], &in);
    if (code == CLI_OK) code = cli_corrupt(c, model, in, &noisy);
    const hg_dataset *shown = noisy != NULL ? noisy : in;
    if (code == CLI_OK && fn(c->ctx, model, shown, &out) != HG_OK) code = cli_failed(c);
    if (code == CLI_OK) code = save(c, out, path);
    hg_dataset_free(&out);
    hg_dataset_free(&noisy);
    hg_dataset_free(&in);
    hg_model_free(&model);
    return code;
}
