// SPDX-License-Identifier: MIT
/* What encode, decode and reconstruct have in common: a model, data in, data out.      */
#ifndef CLI_MAP_H
#define CLI_MAP_H

#include "cli.h"

/* MODEL and DATA of the command line by hg_map_file(), to --output.                    */
int cli_map(cli *c, const char *verb);

#endif
