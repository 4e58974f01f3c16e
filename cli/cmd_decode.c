// SPDX-License-Identifier: MIT
/* hourglass decode: codes to rows. */
#include "map.h"

static const cli_option own_options[] = {
    {.name = "indices",
     .group = "data",
     .help = "CODES are numbers of codebook entries, as encode --indices writes them"},
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
    return cli_map(c, cli_has(c, "indices") ? "decode-indices" : "decode");
}

extern const cli_verb cli_decode;
const cli_verb cli_decode = {
    .name = "decode",
    .usage = "MODEL CODES -o OUT [options]",
    .brief = "codes back to rows",
    .about =
        "Write the row that each code stands for, in the units of the data the model was "
        "trained on.  Of a vector-quantised code the numbers of its entries will do: "
        "rows "
        "of as many values as it has vectors are taken for them, also without --indices "
        "where they cannot be codes.",
    .examples = "  hourglass decode model.safetensors codes.npy -o rows.npy\n"
                "  hourglass decode vq.safetensors entries.csv --indices -o rows.npy\n",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
