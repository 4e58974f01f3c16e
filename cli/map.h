// SPDX-License-Identifier: MIT
/* What encode, decode and reconstruct have in common: a model, data in, data out.      */
#ifndef CLI_MAP_H
#define CLI_MAP_H

#include "cli.h"

typedef hg_status (*cli_map_fn)(hg_ctx *ctx, const hg_model *model,
                                const hg_dataset *data, hg_dataset **out);
/* MODEL and DATA of the command line through fn, to --output.                          */
int cli_map(cli *c, cli_map_fn fn);
extern const cli_option *const cli_map_options[];

#endif
