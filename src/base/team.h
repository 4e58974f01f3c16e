// SPDX-License-Identifier: MIT
/* A team of threads that runs a list of stages; each stage is a parallel for.
 *
 * Items of a stage are dealt in equal runs, one a thread, so that an item mostly meets
 * the same core in every list; a thread that has ended its run takes items from the
 * others', so one that the system slows takes fewer.  Which worker runs an item is
 * therefore not fixed: an item's result must not depend on it, which is how every thread
 * count gives the same bits.
 * A stage begins when the last item of the one before has ended; waiting is a bounded
 * spin, then a sleep.  Threads are woken once for the whole list. */
#ifndef HGI_TEAM_H
#define HGI_TEAM_H

#include "base/base.h"

typedef struct hgi_team hgi_team;

/* worker is 0 .. threads-1, for scratch memory kept per worker. */
typedef void (*hgi_stage_fn)(void *arg, int64_t item, int worker);

typedef struct hgi_stage {
    hgi_stage_fn fn;
    void *arg;
    int64_t items;
} hgi_stage;

/* Fewer threads than asked for are accepted when the system refuses them. */
hg_status hgi_team_new(hg_ctx *ctx, int threads, hgi_team **out);
void hgi_team_free(const hgi_mem *mem, hgi_team **team);
int hgi_team_size(const hgi_team *team);
/* At most 1024 stages of fewer than 2^32 items. */
void hgi_team_run(hgi_team *team, const hgi_stage *stages, int64_t n);
/* The same by the caller alone, for work too small to share; worker is 0. */
void hgi_team_run_alone(const hgi_stage *stages, int64_t n);
/* Less work than this, in floating-point operations, is done before a second thread is
 * awake: some 40 microseconds of one core. */
#define HGI_TEAM_WORTH INT64_C(4000000)
/* The context's team, made at its first use. */
hg_status hgi_ctx_team(hg_ctx *ctx, hgi_team **out);
/* Cores this process may use: affinity mask and cgroup quota, at least 1. */
int hgi_cores(void);

#endif
