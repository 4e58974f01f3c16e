// SPDX-License-Identifier: MIT
/* hourglass encode: rows to codes. */
#include "map.h"

static int run(cli *c) { return cli_map(c, hg_encode_dataset); }

extern const cli_verb cli_encode;
const cli_verb cli_encode = {
    .name = "encode",
    .usage = "MODEL DATA -o OUT [options]",
    .brief = "rows to codes",
    .about = "Write the code of each row: NPY, CSV or IDX by the ending of OUT.",
    .examples = "  hourglass encode model.safetensors images.gz -o codes.npy\n"
                "  hourglass encode model.safetensors table.csv -o - | head\n",
    .options = cli_map_options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
