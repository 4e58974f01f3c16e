// SPDX-License-Identifier: MIT
/* What a user sees while a model trains: a line that is redrawn on a terminal, a line an
 * epoch elsewhere, nothing with --quiet.                                               */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli.h"

typedef struct cli_progress {
    bool quiet;
    bool terminal; /* stderr can redraw a line                                          */
    bool colour;
    bool every; /* --verbose: a terminal keeps a line for each epoch, too               */
    double
        drawn; /* when the line was drawn last, seconds                                 */
    double
        val_loss; /* of the last epoch, NaN before                                      */
    double gap;   /* of free energies, validation less training; NaN: not an RBM's      */
} cli_progress;

void cli_progress_start(cli_progress *p, bool quiet, bool every);
void cli_progress_step(cli_progress *p, const hg_progress *now);
void cli_progress_epoch(cli_progress *p, const hg_progress *now);
/* Of other work: what is being done, and the share of it, 0 to 1.                      */
void cli_progress_part(cli_progress *p, const char *what, double done);
/* Leave the line behind, so that what follows begins a new one.                        */
void cli_progress_end(cli_progress *p);
/* Seconds from a steady clock.                                                         */
double cli_now(void);

#endif
