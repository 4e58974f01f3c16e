// SPDX-License-Identifier: MIT
/* hourglass encode: rows to codes. */
#include "map.h"

static const cli_option own_options[] = {
    {.name = "indices",
     .group = "output",
     .help = "of a vector-quantised code: the numbers of the codebook's entries"},
    {.name = "sample",
     .group = "output",
     .help = "of a variational code a draw, the same for a row each time, not the mean"},
    {.name = "logvar",
     .group = "output",
     .help = "of a variational code the logarithm of its variance, not the mean"},
    {.name = NULL},
};

static const cli_option *const options[] = {own_options,
                                            cli_write_options,
                                            cli_label_options,
                                            cli_data_options,
                                            cli_column_options,
                                            cli_common_options,
                                            NULL};

static int run(cli *c)
{
    if (cli_has(c, "sample") && cli_has(c, "logvar"))
        return cli_usage_error("encode: --sample and --logvar: give one of them");
    return cli_map(c, cli_has(c, "sample")    ? "sample"
                      : cli_has(c, "logvar")  ? "logvar"
                      : cli_has(c, "indices") ? "indices"
                                              : "encode");
}

extern const cli_verb cli_encode;
const cli_verb cli_encode = {
    .name = "encode",
    .usage = "MODEL DATA -o OUT [options]",
    .brief = "rows to codes",
    .about = "Write the code of each row: NPY, CSV or IDX by the ending of OUT.  Of a "
             "variational code that is the mean.",
    .examples = "  hourglass encode model.safetensors images.gz -o codes.npy\n"
                "  hourglass encode model.safetensors table.csv -o - | head\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
