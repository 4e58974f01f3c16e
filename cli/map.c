// SPDX-License-Identifier: MIT
/* encode, decode and reconstruct: read, map, write.                                    */
#include "map.h"

#include "rows.h"

#include <string.h>

const cli_option *const cli_map_options[] = {
    cli_write_options, cli_data_options, cli_column_options, cli_common_options, NULL};

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
    if (code == CLI_OK) code = cli_rows_save(c, out, path, cli_get(c, "to"));
    hg_dataset_free(&out);
    hg_dataset_free(&noisy);
    hg_dataset_free(&in);
    hg_model_free(&model);
    return code;
}
