// SPDX-License-Identifier: MIT
/* From 1 down to `floor` along half a cosine, over the steps after the warm-up.
 * Source: Loshchilov & Hutter, arXiv:1608.03983, without restarts. */
#include "train/optim.h"

#include <math.h>

enum { O_FLOOR };

static const hgi_opt_decl options[] = {
    {.name = "floor",
     .type = HGI_OPT_REAL,
     .positional = true,
     .lo = 0,
     .hi = 1,
     .initial = 0,
     .help = "share of the rate that is left at the end"},
    {.name = NULL},
};

static double factor(const hgi_schedule *s, int64_t t)
{
    const double pi = 3.14159265358979323846;
    double floor = s->line.value[O_FLOOR];
    double span = (double)hgi_max(1, s->steps - s->warmup);
    double done = fmin(1.0, (double)(t - s->warmup) / span);
    return floor + (1 - floor) * 0.5 * (1 + cos(pi * done));
}

const hgi_schedule_kind hgi_schedule_cosine = {
    .name = "cosine",
    .brief = "fall along half a cosine to floor=",
    .options = options,
    .by_total = true,
    .factor = factor,
};
