// SPDX-License-Identifier: MIT
/* hourglass decode: codes to rows. */
#include "map.h"

static int run(cli *c) { return cli_map(c, "decode"); }

extern const cli_verb cli_decode;
const cli_verb cli_decode = {
    .name = "decode",
    .usage = "MODEL CODES -o OUT [options]",
    .brief = "codes back to rows",
    .about =
        "Write the row that each code stands for, in the units of the data the model was "
        "trained on.",
    .examples = "  hourglass decode model.safetensors codes.npy -o rows.npy\n",
    .options = cli_map_options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
