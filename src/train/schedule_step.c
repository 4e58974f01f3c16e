// SPDX-License-Identifier: MIT
/* factor^k after every k-th stretch of `every` epochs. */
#include "train/optim.h"

#include <math.h>

enum { O_EVERY, O_FACTOR };

static const hgi_opt_decl options[] = {
    {.name = "every",
     .type = HGI_OPT_INT,
     .positional = true,
     .required = true,
     .lo = 1,
     .hi = 1e9,
     .help = "epochs between steps"},
    {.name = "factor",
     .type = HGI_OPT_REAL,
     .positional = true,
     .lo = 0,
     .hi = 1,
     .initial = 0.1,
     .help = "what the rate is multiplied by"},
    {.name = NULL},
};

static double factor(const hgi_schedule *s, int64_t t)
{
    int64_t every = (int64_t)s->line.value[O_EVERY];
    return pow(s->line.value[O_FACTOR], (double)(t / s->per_epoch / every));
}

const hgi_schedule_kind hgi_schedule_step = {
    .name = "step",
    .brief = "multiply the rate by factor= every= epochs",
    .options = options,
    .factor = factor,
};
