// SPDX-License-Identifier: MIT
/* hourglass reconstruct: rows through the code and back. */
#include "map.h"

static const cli_option own[] = {
    {"impute", 0, NULL, NULL, "fill in what is missing, leave the rest as it is", "data",
     NULL, false},
    {0},
};
static const cli_option *const options[] = {cli_write_options,   own,
                                            cli_corrupt_options, cli_label_options,
                                            cli_data_options,    cli_column_options,
                                            cli_common_options,  NULL};

static int run(cli *c)
{
    return cli_map(c, cli_has(c, "impute") ? "impute" : "reconstruct");
}

extern const cli_verb cli_reconstruct;
const cli_verb cli_reconstruct = {
    .name = "reconstruct",
    .usage = "MODEL DATA -o OUT [options]",
    .brief = "rows through the code and back",
    .about = "Write what the model makes of each row, in the units of the data.",
    .examples =
        "  hourglass reconstruct model.safetensors table.csv -o again.csv\n"
        "  hourglass reconstruct model.safetensors gaps.csv --impute -o filled.csv\n"
        "  hourglass reconstruct denoiser.safetensors t10k.gz --corrupt own -o "
        "clean.npy\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
