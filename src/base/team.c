// SPDX-License-Identifier: MIT
/* A team of threads: see team.h for what it promises.
 *
 * One number says which stage is under way.  A stage's items are dealt in equal runs, one a
 * thread, each with a cursor: the stage (upper half) and its next item (lower half).  A
 * thread takes items from its own run and then from the others'; whoever finishes a
 * stage's last item moves cursors and number to the next stage.  So the same items mostly
 * fall to the same core in every list, which has their memory in its caches, and a stage
 * waits for its items, not for threads: one that the system keeps from running holds
 * nothing up unless it holds an item.  A thread that comes late reads an old list at worst,
 * and then its claim fails, because the cursors have moved on.
 *
 * Waiting is a short spin and then a sleep.  Who moves the number takes the lock only when
 * somebody sleeps: `sleepers` is raised before the sleeper's last look at the number, and
 * read after the change, so one of the two always sees the other.                      */
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

#if defined(__aarch64__)
#define FPCR_FZ (UINT64_C(1) << 24) /* denormal operands and results become 0 */
#endif

enum { SPINS = 1000, MAX_THREADS = 1024, MAX_STAGES = 1024 };

/* A stage as threads read it: also a late one, while a new list is being written.      */
struct slot {
    _Atomic(hgi_stage_fn) fn;
    _Atomic(void *) arg;
    atomic_int_fast64_t items;
};

/* Alone in its cache line: its owner writes it for each item.                          */
struct cursor {
    atomic_uint_fast64_t at; /* stage << 32 | next item                                 */
    char pad[HGI_ALIGN - sizeof(atomic_uint_fast64_t)];
};

struct hgi_team {
    int threads;                       /* the caller included */
    int workers;                       /* threads started: threads - 1 */
    pthread_t *thread;                 /* [workers] */
    struct seat *seat;                 /* [workers] */
    struct slot *slot;                 /* [MAX_STAGES] */
    atomic_uint_fast32_t first, count; /* number of the list's first stage; how many    */
    struct cursor *cursor;             /* [threads]                                     */
    atomic_uint_fast32_t stage;        /* under way                                     */
    atomic_int_fast64_t done;          /* items finished in the stage under way         */
    atomic_int sleepers;
    atomic_bool quit;
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
#elif defined(__aarch64__)
    uint64_t old; /* its upper half is reserved */
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(old | FPCR_FZ) : "memory");
    return (unsigned int)old;
#else
    return 0;
#endif
}

static void denormals_restore(unsigned int old)
{
#if defined(__SSE__)
    _mm_setcsr(old);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)old) : "memory");
#else
    (void)old;
#endif
}

static uint32_t stage_of(uint64_t at) { return (uint32_t)(at >> 32); }

static void wait_for_stage_after(hgi_team *t, uint32_t stage)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&t->stage, memory_order_acquire) != stage) return;
        if (atomic_load_explicit(&t->quit, memory_order_relaxed)) return;
        relax();
    }
    pthread_mutex_lock(&t->lock);
    atomic_fetch_add(&t->sleepers, 1);
    while (atomic_load(&t->stage) == stage && !atomic_load(&t->quit))
        pthread_cond_wait(&t->wake, &t->lock);
    atomic_fetch_sub(&t->sleepers, 1);
    pthread_mutex_unlock(&t->lock);
}

/* The first of the items that are dealt to thread w.                                   */
static int64_t run_start(const hgi_team *t, int64_t items, int w)
{
    return items * w / t->threads;
}

/* Go to this stage, or past those behind it that have no items.                        */
static void go_to(hgi_team *t, uint32_t stage)
{
    uint32_t first = (uint32_t)atomic_load(&t->first);
    uint32_t count = (uint32_t)atomic_load(&t->count);
    while (stage - first < count && atomic_load(&t->slot[stage - first].items) == 0)
        stage++;
    bool over = stage - first >= count;
    int64_t items = over ? 0 : atomic_load(&t->slot[stage - first].items);
    atomic_store(&t->done, 0);
    for (int w = 0; w < t->threads; w++)
        atomic_store(&t->cursor[w].at,
                     (uint64_t)stage << 32 | (uint64_t)run_start(t, items, w));
    atomic_store(&t->stage, stage);
    if (atomic_load(&t->sleepers) == 0) return;
    pthread_mutex_lock(&t->lock);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
}

/* Take an item of this stage, from `worker`'s own run if it has one left; -1: none. */
static int64_t claim(hgi_team *t, uint32_t stage, int64_t items, int worker)
{
    for (int i = 0; i < t->threads; i++) {
        int w = worker + i < t->threads ? worker + i : worker + i - t->threads;
        int64_t end = run_start(t, items, w + 1);
        uint64_t at = atomic_load(&t->cursor[w].at);
        while (stage_of(at) == stage && (int64_t)(uint32_t)at < end)
            if (atomic_compare_exchange_weak(&t->cursor[w].at, &at, at + 1))
                return (int64_t)(uint32_t)at;
    }
    return -1;
}

/* Take items until the list is over; returns the number that says so.                  */
static uint32_t work(hgi_team *t, int worker)
{
    for (;;) {
        uint32_t stage = (uint32_t)atomic_load(&t->stage);
        uint32_t s = stage - (uint32_t)atomic_load(&t->first);
        if (s >= (uint32_t)atomic_load(&t->count)) return stage;
        struct slot *slot = &t->slot[s];
        int64_t items = atomic_load(&slot->items);
        hgi_stage_fn fn = atomic_load(&slot->fn);
        void *arg = atomic_load(&slot->arg);
        int64_t item = claim(t, stage, items, worker);
        if (item < 0) {
            wait_for_stage_after(t, stage);
        } else {
            fn(arg, item, worker);
            if (atomic_fetch_add(&t->done, 1) + 1 == items) go_to(t, stage + 1);
        }
    }
}

static void *worker_main(void *arg)
{
    struct seat *seat = arg;
    hgi_team *t = seat->team;
    denormals_off();
    while (!atomic_load(&t->quit)) wait_for_stage_after(t, work(t, seat->worker));
    return NULL;
}

void hgi_team_run_alone(const hgi_stage *stages, int64_t count)
{
    unsigned int mode = denormals_off();
    for (int64_t s = 0; s < count; s++)
        for (int64_t i = 0; i < stages[s].items; i++) stages[s].fn(stages[s].arg, i, 0);
    denormals_restore(mode);
}

void hgi_team_run(hgi_team *t, const hgi_stage *stages, int64_t count)
{
    if (t->threads == 1 || count == 0) {
        hgi_team_run_alone(stages, count);
        return;
    }
    assert(count <= MAX_STAGES);
    unsigned int mode = denormals_off();
    uint32_t over = (uint32_t)atomic_load(&t->stage);
    /* No stage has a number while the list is written: late threads find nothing.      */
    atomic_store(&t->count, 0);
    for (int64_t s = 0; s < count; s++) {
        assert(stages[s].items >= 0 && stages[s].items < UINT32_MAX);
        atomic_store(&t->slot[s].fn, stages[s].fn);
        atomic_store(&t->slot[s].arg, stages[s].arg);
        atomic_store(&t->slot[s].items, stages[s].items);
    }
    atomic_store(&t->first, over + 1);
    atomic_store(&t->count, (uint32_t)count);
    go_to(t, over + 1);
    work(t, 0);
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
    t->slot = hgi_calloc(&ctx->mem, MAX_STAGES, sizeof *t->slot);
    t->cursor = hgi_calloc(&ctx->mem, n, sizeof *t->cursor);
    if (t->thread == NULL || t->seat == NULL || t->slot == NULL || t->cursor == NULL) {
        hgi_free(&ctx->mem, t->cursor);
        hgi_free(&ctx->mem, t->thread);
        hgi_free(&ctx->mem, t->seat);
        hgi_free(&ctx->mem, t->slot);
        hgi_free(&ctx->mem, t);
        return hgi_fail_mem(ctx, n * sizeof *t->thread, "the thread team");
    }
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wake, NULL);
    t->workers = threads - 1;
    start_workers(t);
    *out = t;
    return HG_OK;
}

void hgi_team_free(const hgi_mem *mem, hgi_team **team)
{
    hgi_team *t = team != NULL ? *team : NULL;
    if (t == NULL) return;
    pthread_mutex_lock(&t->lock);
    atomic_store(&t->quit, true);
    pthread_cond_broadcast(&t->wake);
    pthread_mutex_unlock(&t->lock);
    for (int i = 0; i < t->workers; i++) pthread_join(t->thread[i], NULL);
    pthread_mutex_destroy(&t->lock);
    pthread_cond_destroy(&t->wake);
    hgi_free(mem, t->thread);
    hgi_free(mem, t->seat);
    hgi_free(mem, t->slot);
    hgi_free(mem, t->cursor);
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
