// SPDX-License-Identifier: MIT
/* A team of threads: see team.h for what it promises.
 *
 * Two waits matter: workers for the next list of stages (run), everybody for the end of
 * a stage (phase).  Both are one atomic number that changes; a waiter spins on it for a
 * short while and then sleeps on a condition.  The one who changes the number takes the
 * lock only when somebody sleeps: `sleepers` is raised before the sleeper's last look at
 * the number, and read after the change, so one of the two always sees the other. */
#define _GNU_SOURCE
#include "base/team.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

enum { SPINS = 2000, MAX_THREADS = 1024 };

struct hgi_team {
    int threads;       /* the caller included */
    int workers;       /* threads started: threads - 1 */
    pthread_t *thread; /* [workers] */
    struct seat *seat; /* [workers] */
    const hgi_stage *stages;
    int64_t count;
    atomic_uint run;          /* changes when there is a new list, or at the end */
    atomic_uint phase;        /* changes when a stage is over */
    atomic_int arrived;       /* at the end of the stage under way */
    atomic_int_fast64_t next; /* item to take */
    atomic_int sleepers;
    bool quit;
    pthread_mutex_t lock;
    pthread_cond_t wake;
};

struct seat {
    hgi_team *team;
    int worker;
};

static inline void relax(void)
{
#if defined(__SSE__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Denormals cost a hundred cycles each and mean nothing to a model: every thread flushes
 * them while it works, and the caller's mode is put back. */
static unsigned int denormals_off(void)
{
#if defined(__SSE__)
    unsigned int old = _mm_getcsr();
    _mm_setcsr(old | 0x8040u); /* FTZ and DAZ */
    return old;
#else
    return 0;
#endif
}

static void denormals_restore(unsigned int old)
{
#if defined(__SSE__)
    _mm_setcsr(old);
#else
    (void)old;
#endif
}

static void wait_for_change(hgi_team *t, atomic_uint *number, unsigned int old)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(number, memory_order_acquire) != old) return;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleepers, 1);
    while (atomic_load(number) == old) pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->lock);
}

static void change(hgi_team *t, atomic_uint *number)
{
    atomic_fetch_add(number, 1);
    if (atomic_load(&t->sleepers) == 0) return;
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

static void work(hgi_team *t, const hgi_stage *stages, int64_t count, int worker)
{
    for (int64_t s = 0; s < count; s++) {
        unsigned int phase = atomic_load(&t->phase);
        const hgi_stage *st = &stages[s];
        for (;;) {
            int64_t item = atomic_fetch_add(&t->next, 1);
            if (item >= st->items) break;
            st->fn(st->arg, item, worker);
        }
        if (atomic_fetch_add(&t->arrived, 1) + 1 == t->threads) {
            atomic_store(&t->arrived, 0);
            atomic_store(&t->next, 0);
            change(t, &t->phase);
        } else {
            wait_for_change(t, &t->phase, phase);
        }
    }
}

static void *worker_main(void *arg)
{
    struct seat *seat = arg;
    hgi_team *t = seat->team;
    unsigned int run = 0;
    denormals_off();
    for (;;) {
        wait_for_change(t, &t->run, run);
        run++;
        if (t->quit) return NULL;
        work(t, t->stages, t->count, seat->worker);
    }
}

void hgi_team_run(hgi_team *t, const hgi_stage *stages, int64_t count)
{
    unsigned int mode = denormals_off();
    if (t->threads == 1) {
        for (int64_t s = 0; s < count; s++)
            for (int64_t i = 0; i < stages[s].items; i++)
                stages[s].fn(stages[s].arg, i, 0);
    } else if (count > 0) {
        t->stages = stages;
        t->count = count;
        change(t, &t->run);
        work(t, stages, count, 0);
    }
    denormals_restore(mode);
}

static void start_workers(hgi_team *t)
{
    for (int i = 0; i < t->workers; i++) {
        t->seat[i] = (struct seat){t, i + 1};
        if (pthread_create(&t->thread[i], NULL, worker_main, &t->seat[i]) != 0) {
            t->workers = i; /* the system gives no more: go on with what there is */
            break;
        }
    }
    t->threads = t->workers + 1;
}

hg_status hgi_team_new(hg_ctx *ctx, int threads, hgi_team **out)
{
    *out = NULL;
    if (threads < 1) threads = 1;
    if (threads > MAX_THREADS) threads = MAX_THREADS;
    size_t n = (size_t)threads;
    hgi_team *t = hgi_calloc(&ctx->mem, 1, sizeof *t);
    if (t == NULL) return hgi_fail_mem(ctx, sizeof *t, "the thread team");
    t->thread = hgi_calloc(&ctx->mem, n, sizeof *t->thread);
    t->seat = hgi_calloc(&ctx->mem, n, sizeof *t->seat);
    if (t->thread == NULL || t->seat == NULL) {
        hgi_free(&ctx->mem, t->thread);
        hgi_free(&ctx->mem, t->seat);
        hgi_free(&ctx->mem, t);
        return hgi_fail_mem(ctx, n * sizeof *t->thread, "the thread team");
    }
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    t->threads = threads; /* read by workers only after the first run */
    t->workers = threads - 1;
    start_workers(t);
    *out = t;
    return HG_OK;
}

void hgi_team_free(const hgi_mem *mem, hgi_team **team)
{
    hgi_team *t = team != NULL ? *team : NULL;
    if (t == NULL) return;
    t->quit = true;
    change(t, &t->run);
    for (int i = 0; i < t->workers; i++) pthread_join(t->thread[i], NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    hgi_free(mem, t->thread);
    hgi_free(mem, t->seat);
    hgi_free(mem, t);
    *team = NULL;
}

int hgi_team_size(const hgi_team *t) { return t->threads; }

hg_status hgi_ctx_team(hg_ctx *ctx, hgi_team **out)
{
    if (ctx->team == NULL) HGI_TRY(hgi_team_new(ctx, ctx->threads, &ctx->team));
    *out = ctx->team;
    return HG_OK;
}

/* "max 100000" or "200000 100000" in cgroup v2: quota and period in microseconds. */
static int cgroup_cores(void)
{
    char text[64] = "";
    FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
    if (f == NULL) return 0;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    long quota = 0, period = 0;
    if (sscanf(text, "%ld %ld", &quota, &period) != 2 || quota <= 0 || period <= 0)
        return 0;
    return (int)hgi_max(1, (quota + period - 1) / period);
}

int hgi_cores(void)
{
    cpu_set_t set;
    int n = 0;
    if (sched_getaffinity(0, sizeof set, &set) == 0) n = CPU_COUNT(&set);
    if (n < 1) n = (int)hgi_max(1, sysconf(_SC_NPROCESSORS_ONLN));
    int quota = cgroup_cores();
    return quota > 0 && quota < n ? quota : n;
}
