// SPDX-License-Identifier: MIT
/* train --log: one JSON object a line and epoch.                                       */
#ifndef CLI_EPOCH_LOG_H
#define CLI_EPOCH_LOG_H

#include "cli.h"

typedef struct cli_epoch_log {
    const char
        *path;   /* NULL: no log                                                       */
    bool resume; /* keep what an earlier run wrote of the epochs before ours           */
    FILE *f;     /* opened with the first epoch, so that a run that cannot start
                         leaves an old log as it was                                    */
    bool failed; /* said once, and training goes on                                    */
} cli_epoch_log;

void cli_epoch_log_write(cli_epoch_log *log, const hg_progress *p);
void cli_epoch_log_close(cli_epoch_log *log);

#endif
