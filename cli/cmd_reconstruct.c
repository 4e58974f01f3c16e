// SPDX-License-Identifier: MIT
/* hourglass reconstruct: rows through the code and back. */
#include "map.h"

static int run(cli *c) { return cli_map(c, hg_reconstruct_dataset); }

extern const cli_verb cli_reconstruct;
const cli_verb cli_reconstruct = {
    .name = "reconstruct",
    .usage = "MODEL DATA -o OUT [options]",
    .brief = "rows through the code and back",
    .about = "Write what the model makes of each row, in the units of the data.",
    .examples = "  hourglass reconstruct model.safetensors table.csv -o again.csv\n",
    .options = cli_map_options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
