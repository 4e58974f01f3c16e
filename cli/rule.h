// SPDX-License-Identifier: MIT
/* Rules on the command line: which scores are anomalies. */
#ifndef CLI_RULE_H
#define CLI_RULE_H

#include "cli.h"

extern const cli_option cli_rule_options[]; /* one for each row of hg_list("rules") */
/* The rule that the command line names, at most one: *has; 0 or an exit status, said. */
int cli_read_rule(cli *c, hg_rule *rule, bool *has);
/* One line on standard error where the model's own rule is not what it may seem to be: made
 * coarser by few calibration rows, extrapolated, or out of their reach. */
void cli_note_rule(const cli *c, const hg_model *model);

#endif
