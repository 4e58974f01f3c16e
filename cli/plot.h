// SPDX-License-Identifier: MIT
/* What the verbs that draw have in common.                                             */
#ifndef CLI_PLOT_H
#define CLI_PLOT_H

#include "cli.h"

extern const cli_option cli_picture_options[]; /* --output --title --dark --width       */
/* Those, and --items --across --seed where a verb has them; checks the output, makes the
 * context.                                                                             */
int cli_plot_read(cli *c, hg_plot_options *o, const char **path);

#endif
