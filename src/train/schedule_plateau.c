// SPDX-License-Identifier: MIT
/* Multiply the rate by `factor` when the monitored loss (validation, else training) has
 * not improved for `patience` epochs.  Its state is part of a checkpoint. */
#include "train/optim.h"

enum { O_PATIENCE, O_FACTOR, O_DELTA };

static const hgi_opt_decl options[] = {
    {.name = "patience",
     .type = HGI_OPT_INT,
     .positional = true,
     .lo = 1,
     .hi = 1e9,
     .initial = 5,
     .help = "epochs without improvement before the rate falls"},
    {.name = "factor",
     .type = HGI_OPT_REAL,
     .positional = true,
     .lo = 0,
     .hi = 1,
     .initial = 0.5,
     .help = "what the rate is multiplied by"},
    {.name = "delta",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1e9,
     .initial = 1e-4,
     .help = "less than this is no improvement"},
    {.name = NULL},
};

static double factor(const hgi_schedule *s, int64_t t)
{
    (void)t;
    return s->factor;
}

static void epoch(hgi_schedule *s, double loss)
{
    if (!(loss >=
          s->best - s->line.value[O_DELTA])) { /* better, or the first: best is inf */
        s->best = loss;
        s->bad = 0;
        return;
    }
    if (++s->bad < (int64_t)s->line.value[O_PATIENCE]) return;
    s->factor *= s->line.value[O_FACTOR];
    s->bad = 0;
}

const hgi_schedule_kind hgi_schedule_plateau = {
    .name = "plateau",
    .brief = "multiply the rate by factor= after patience= epochs without improvement",
    .options = options,
    .factor = factor,
    .epoch = epoch,
};
