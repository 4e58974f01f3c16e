// SPDX-License-Identifier: MIT
/* What this machine can do at the most, measured: a layer's speed beside it says what the
 * layer waits for. */
#ifndef HGI_BENCH_H
#define HGI_BENCH_H

#include "base/team.h"
#include "kernels/kernels.h"

enum { HGI_PROBE_SIZES = 3 };

typedef struct hgi_limits {
    double flops; /* a second, of matrix products in cache, all threads */
    double bytes[HGI_PROBE_SIZES]; /* a second, read and written, by working set */
    double size[HGI_PROBE_SIZES];  /* bytes of a thread's working set, ascending */
    double clock;                  /* Hz */
} hgi_limits;

/* k has the products in question.  Takes half a second and 64 MiB, given back. */
hg_status hgi_limits_measure(hg_ctx *ctx, const hgi_kernels *k, hgi_limits *out);
/* Seconds that so much work takes at these limits; *memory: the bytes are what counts. */
double hgi_limits_seconds(const hgi_limits *l, double flops, double bytes, int threads,
                          bool *memory);
/* Least seconds of a run of the stages, out of many. */
double hgi_least_seconds(hgi_team *team, const hgi_stage *stages, int64_t n);

#endif
