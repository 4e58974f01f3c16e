// SPDX-License-Identifier: MIT
/* score --explain: the columns behind the highest scores.                              */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli.h"

extern const cli_option cli_explain_options[]; /* --explain --explain-format ...        */
/* Options that do not go together; 0 or CLI_USAGE.                                     */
int cli_check_explain(const cli *c, bool scores_to_stdout);
/* The rows that score highest, of those that the rule calls when there is one.  decision:
 * filled in.                                                                           */
int cli_explain(cli *c, const hg_model *model, const hg_rule *rule, int64_t *rows,
                hg_decision *decision, hg_drift *drift);

#endif
