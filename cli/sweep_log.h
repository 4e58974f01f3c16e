// SPDX-License-Identifier: MIT
/* The log of a sweep: a line for each training that has ended, by which a sweep that was
 * stopped goes on. */
#ifndef CLI_SWEEP_LOG_H
#define CLI_SWEEP_LOG_H

#include "cli.h"

#include <jansson.h>

typedef struct cli_sweep_log {
    const char *path; /* NULL: none */
    FILE *f;
    json_t *before; /* key -> line, of the run that is gone on with */
    bool failed;
} cli_sweep_log;

/* Open it; resume: what it has is read first, and kept.  0 or an exit status, said. */
int cli_sweep_log_open(cli_sweep_log *log, const char *path, bool resume);
/* A training that has ended. */
void cli_sweep_log_write(cli_sweep_log *log, const hg_sweep_point *p);
/* Was it made before?  Then its numbers are filled in. */
bool cli_sweep_log_known(const cli_sweep_log *log, hg_sweep_point *p);
void cli_sweep_log_close(cli_sweep_log *log);

#endif
