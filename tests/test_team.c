// SPDX-License-Identifier: MIT
/* The team: every item once, stages one after the other, whatever the threads do. */
#include "test.h"

#include "base/team.h"

#include <float.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

enum { MOST_STAGES = 12, MOST_ITEMS = 300, MOST_THREADS = 9 };

typedef struct stage_log {
    atomic_int ran[MOST_ITEMS];
    atomic_int done;          /* items of this stage that ended */
    struct stage_log *before; /* the stage before, all of whose items must have ended */
    int items, threads;
    atomic_int out_of_order, bad_worker;
} stage_log;

static void run_item(void *arg, int64_t item, int worker)
{
    stage_log *s = arg;
    if (s->before != NULL && atomic_load(&s->before->done) != s->before->items)
        atomic_fetch_add(&s->out_of_order, 1);
    if (worker < 0 || worker >= s->threads) atomic_fetch_add(&s->bad_worker, 1);
    if (item % 7 == 3) sched_yield();
    atomic_fetch_add(&s->ran[item], 1);
    atomic_fetch_add(&s->done, 1);
}

static void check_list(hgi_team *team, uint64_t *seed)
{
    static stage_log log[MOST_STAGES];
    hgi_stage stages[MOST_STAGES];
    int n = (int)(test_random(seed) % (MOST_STAGES + 1));
    memset(log, 0, sizeof log);
    for (int i = 0; i < n; i++) {
        uint64_t kind = test_random(seed) % 4; /* empty, single, few or many items */
        uint64_t most = kind == 2 ? 10 : MOST_ITEMS;
        log[i].items = kind < 2 ? (int)kind : (int)(test_random(seed) % most);
        log[i].threads = hgi_team_size(team);
        log[i].before = i > 0 ? &log[i - 1] : NULL;
        stages[i] = (hgi_stage){run_item, &log[i], log[i].items};
    }
    hgi_team_run(team, stages, n);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < MOST_ITEMS; k++)
            if (!CHECK_INT(atomic_load(&log[i].ran[k]), k < log[i].items)) return;
        CHECK_INT(atomic_load(&log[i].out_of_order), 0);
        CHECK_INT(atomic_load(&log[i].bad_worker), 0);
    }
}

TEST(every_item_runs_once_and_no_stage_starts_early)
{
    hg_ctx *ctx = test_ctx();
    uint64_t seed = 17;
    for (int threads = 1; threads <= MOST_THREADS; threads++) {
        hgi_team *team;
        CHECK_OK(ctx, hgi_team_new(ctx, threads, &team));
        CHECK_INT(hgi_team_size(team), threads);
        for (int round = 0; round < 200; round++) {
            test_where("%d threads, list %d", threads, round);
            check_list(team, &seed);
        }
        hgi_team_free(&ctx->mem, &team);
        CHECK(team == NULL);
    }
}

static void count_item(void *arg, int64_t item, int worker)
{
    (void)worker;
    atomic_fetch_add((atomic_llong *)arg, item + 1);
}

/* Tiny stages are where a lost wake-up or a barrier passed twice would show. */
TEST(twenty_thousand_tiny_lists_run_through)
{
    hg_ctx *ctx = test_ctx();
    for (int threads = 2; threads <= 4; threads++) {
        hgi_team *team;
        atomic_llong sum = 0;
        CHECK_OK(ctx, hgi_team_new(ctx, threads, &team));
        for (int i = 0; i < 20000 / 3; i++) {
            const hgi_stage stages[3] = {
                {count_item, &sum, 1}, {count_item, &sum, 0}, {count_item, &sum, 3}};
            hgi_team_run(team, stages, 3);
            if (!CHECK_INT(atomic_load(&sum), 7 * (i + 1))) break;
        }
        hgi_team_free(&ctx->mem, &team);
    }
}

TEST(teams_come_and_go)
{
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < 500; i++) {
        hgi_team *team;
        atomic_llong sum = 0;
        const hgi_stage one = {count_item, &sum, 5};
        CHECK_OK(ctx, hgi_team_new(ctx, 1 + i % 6, &team));
        if (i % 3 != 0) hgi_team_run(team, &one, 1); /* a third is never used */
        hgi_team_free(&ctx->mem, &team);
        CHECK_INT(atomic_load(&sum), i % 3 != 0 ? 15 : 0);
    }
    hgi_team_free(&ctx->mem, NULL);
}

TEST(no_team_is_smaller_than_one_or_absurdly_large)
{
    hg_ctx *ctx = test_ctx();
    hgi_team *team;
    CHECK_OK(ctx, hgi_team_new(ctx, -3, &team));
    CHECK_INT(hgi_team_size(team), 1);
    hgi_team_free(&ctx->mem, &team);
    CHECK(hgi_cores() >= 1);
}

TEST(every_failing_allocation_of_a_team_is_reported)
{
    hg_ctx *ctx = test_ctx();
    hgi_team *team;
    hg_status status = HG_ENOMEM;
    int n = 0;
    for (; n < 20 && status == HG_ENOMEM; n++) {
        test_fail_alloc(n);
        status = hgi_team_new(ctx, 3, &team);
        test_fail_alloc(-1);
        CHECK((team == NULL) == (status != HG_OK));
        if (status != HG_OK) CHECK_INT(status, HG_ENOMEM);
    }
    CHECK_INT(n, 6); /* the team, its threads, seats, slots, cursors; then it works */
    hgi_team_free(&ctx->mem, &team);
}

/* A processor's word of floating-point control: FLUSH are the bits by which denormals
 * become 0, SET some to vary, KEPT those that must come back, which flags of past
 * exceptions need not.                                                                 */
#if defined(__SSE__)
#define FLUSH 0x8040u
#define SET 0, 0x8000u, 0x0040u, 0x8040u
#define KEPT 0xffc0u
static unsigned int read_mode(void) { return _mm_getcsr(); }
static void write_mode(unsigned int mode) { _mm_setcsr(mode); }
#elif defined(__aarch64__)
#define FLUSH 0x1000000u
#define SET 0, 0x1000000u, 0x2000000u, 0x3000000u /* the other bit: NaN loses its bits  */
#define KEPT 0xffffffffu
static unsigned int read_mode(void)
{
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return (unsigned int)mode;
}
static void write_mode(unsigned int mode)
{
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)mode) : "memory");
}
#endif

#if defined(FLUSH)
typedef struct modes {
    unsigned int of[MOST_THREADS];
    atomic_int not_flushed;
} modes;

static void note_mode(void *arg, int64_t item, int worker)
{
    (void)item;
    modes *m = arg;
    volatile float smallest = FLT_MIN;
    if (smallest * 0.5f != 0) atomic_fetch_add(&m->not_flushed, 1);
    m->of[worker] = read_mode() & FLUSH;
    sched_yield();
}

/* Denormals are flushed in every worker, and the caller's own mode comes back, whatever
 * it was. */
TEST(denormals_are_flushed_in_the_work_and_the_callers_mode_is_put_back)
{
    hg_ctx *ctx = test_ctx();
    const unsigned int own = read_mode();
    static const unsigned int set[4] = {SET};
    for (int threads = 1; threads <= 3; threads++)
        for (int i = 0; i < 4; i++) {
            hgi_team *team;
            modes m = {{0}, 0};
            const hgi_stage stage = {note_mode, &m, 1000};
            unsigned int mine = (own & ~set[3]) | set[i];
            write_mode(mine);
            CHECK_OK(ctx, hgi_team_new(ctx, threads, &team));
            hgi_team_run(team, &stage, 1);
            CHECK_INT(read_mode() & KEPT, mine & KEPT);
            CHECK_INT(atomic_load(&m.not_flushed), 0);
            for (int w = 0; w < threads;
                 w++) /* a worker may have come too late for an item */
                CHECK(m.of[w] == FLUSH || (w > 0 && m.of[w] == 0));
            hgi_team_free(&ctx->mem, &team);
        }
    write_mode(own);
}
#endif

/* Contexts in threads of their own have teams of their own. */
static void *run_own_team(void *arg)
{
    hg_ctx *ctx = arg;
    hgi_team *team;
    if (hgi_ctx_team(ctx, &team) != HG_OK) return arg;
    for (int i = 0; i < 500; i++) {
        atomic_llong sum = 0;
        const hgi_stage stages[2] = {{count_item, &sum, 10}, {count_item, &sum, 10}};
        hgi_team_run(team, stages, 2);
        if (atomic_load(&sum) != 110) return arg;
    }
    return NULL;
}

TEST(teams_of_several_contexts_work_at_once)
{
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) {
        hg_ctx_options o = {.size = sizeof o, .threads = 3};
        CHECK_INT(pthread_create(&thread[i], NULL, run_own_team, test_ctx_with(&o)), 0);
    }
    for (int i = 0; i < 4; i++) {
        void *bad = NULL;
        pthread_join(thread[i], &bad);
        CHECK(bad == NULL);
    }
}
