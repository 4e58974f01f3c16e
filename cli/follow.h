// SPDX-License-Identifier: MIT
/* Scores of lines as they arrive: score --follow and predict --follow.                 */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "cli.h"

extern const cli_option cli_follow_options[]; /* --follow --max-bad                     */

/* What is wanted of each row.                                                          */
typedef struct cli_follow_job {
    const hg_model *model;
    const hg_rule *rule;         /* NULL: the model's own */
    int score, p_value, anomaly; /* columns */
    const char *input, *output;
} cli_follow_job;
/* Until the input ends or somebody asks to stop; an exit status.                       */
int cli_follow(cli *c, const cli_follow_job *job);

#endif
