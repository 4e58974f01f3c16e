// SPDX-License-Identifier: MIT
/* A model in words and numbers: for summary and train --dry-run.                       */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "cli.h"

/* Print to stdout, as a table or as JSON; an exit status.                          */
int cli_print_summary(cli *c, const hg_model *model);

#endif
