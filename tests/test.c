// SPDX-License-Identifier: MIT
/* The test runner: hg-test [-v] [--bench] [part of a test's or file's name]...
 *
 * Each test is forked, so that it starts from a fresh process, can crash, set a locale or
 * exhaust memory, and is killed after HG_TEST_SECONDS (60).  The last line is always
 * "N passed, N failed, N skipped".                                                     */
#define _XOPEN_SOURCE 700 /* nftw */

#include "test.h"

#include <errno.h>
#include <ftw.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_SKIPPED 77
#define MAX_CONTEXTS 32
#define MAX_SHOWN 20 /* failures printed per test: a loop may fail a million times */

/* State of the runner and, after the fork, of the one test in this process.            */
static struct test_entry *test_list;
static char root[TEST_PATH / 4];
static char folder[TEST_PATH / 2];
static char where[256];
static int failures;
static hg_ctx *contexts[MAX_CONTEXTS];
static int context_count;

/* ---- allocator ------------------------------------------------------------------- */

static atomic_llong alloc_count, live_blocks, live_bytes;
static atomic_llong fail_countdown = -1;
static atomic_bool alloc_failed;

static void *counting_alloc(void *user, size_t bytes)
{
    (void)user;
    /* The countdown stays at -1 once it has passed 0, however many threads come by.    */
    long long left = atomic_load(&fail_countdown);
    while (left >= 0 && !atomic_compare_exchange_weak(&fail_countdown, &left, left - 1)) {
    }
    if (left == 0) {
        atomic_store(&alloc_failed, true);
        return NULL;
    }
    void *p = malloc(bytes);
    if (p == NULL) return NULL;
    memset(p, 0xff, bytes);
    atomic_fetch_add(&alloc_count, 1);
    atomic_fetch_add(&live_blocks, 1);
    atomic_fetch_add(&live_bytes, (long long)malloc_usable_size(p));
    return p;
}

static void counting_free(void *user, void *p)
{
    (void)user;
    if (p == NULL) return;
    atomic_fetch_sub(&live_blocks, 1);
    atomic_fetch_sub(&live_bytes, (long long)malloc_usable_size(p));
    free(p);
}

void test_fail_alloc(int64_t n)
{
    atomic_store(&alloc_failed, false);
    atomic_store(&fail_countdown, n);
}

bool test_alloc_failed(void) { return atomic_load(&alloc_failed); }
int64_t test_alloc_count(void) { return atomic_load(&alloc_count); }
int64_t test_alloc_bytes(void) { return atomic_load(&live_bytes); }

/* ---- failures -------------------------------------------------------------------- */

static void end_test(int code) __attribute__((noreturn));
static void end_test(int code)
{
    fflush(NULL);
    _exit(code);
}

static void fail(const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void fail(const char *file, int line, const char *fmt, ...)
{
    if (++failures > MAX_SHOWN) return;
    fflush(stdout);
    fprintf(stderr, "    %s:%d: ", file, line);
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    if (where[0] != '\0') fprintf(stderr, " [%s]", where);
    fputc('\n', stderr);
    if (failures == MAX_SHOWN) fprintf(stderr, "    further failures are not shown\n");
}

void test_where(const char *fmt, ...)
{
    where[0] = '\0';
    if (fmt == NULL) return;
    va_list args;
    va_start(args, fmt);
    vsnprintf(where, sizeof where, fmt, args);
    va_end(args);
}

bool test_check(bool ok, const char *file, int line, const char *text)
{
    if (!ok) fail(file, line, "not true: %s", text);
    return ok;
}

bool test_check_int(int64_t got, int64_t want, const char *file, int line,
                    const char *text)
{
    if (got == want) return true;
    fail(file, line, "%s is %lld, expected %lld", text, (long long)got, (long long)want);
    return false;
}

bool test_check_str(const char *got, const char *want, const char *file, int line,
                    const char *text)
{
    if (got == want) return true;
    if (got != NULL && want != NULL && strcmp(got, want) == 0) return true;
    fail(file, line, "%s is \"%s\", expected \"%s\"", text, got != NULL ? got : "(NULL)",
         want != NULL ? want : "(NULL)");
    return false;
}

bool test_check_near(double got, double want, double tol, const char *file, int line,
                     const char *text)
{
    if (fabs(got - want) <= tol) return true;
    fail(file, line, "%s is %.17g, expected %.17g within %.3g", text, got, want, tol);
    return false;
}

bool test_check_ok(hg_ctx *ctx, hg_status got, const char *file, int line,
                   const char *text)
{
    if (got == HG_OK) return true;
    fail(file, line, "%s failed: %s: %s", text, hg_strerror(got),
         ctx != NULL ? hg_message(ctx) : "");
    end_test(EXIT_FAILURE);
}

bool test_check_fails(hg_ctx *ctx, hg_status got, hg_status want, const char *part,
                      const char *file, int line, const char *text)
{
    const char *message = ctx != NULL ? hg_message(ctx) : "";
    if (got != want) {
        fail(file, line, "%s gave %d (%s: %s), expected %d (%s)", text, (int)got,
             hg_strerror(got), message, (int)want, hg_strerror(want));
        return false;
    }
    if (ctx == NULL) return true;
    if (message[0] == '\0' || strchr(message, '\n') != NULL) {
        fail(file, line, "%s: the message is not one line: \"%s\"", text, message);
        return false;
    }
    if (strstr(message, part) == NULL) {
        fail(file, line, "%s: \"%s\" does not contain \"%s\"", text, message, part);
        return false;
    }
    return true;
}

void test_skip(const char *reason)
{
    if (failures > 0) end_test(EXIT_FAILURE);
    fflush(stdout);
    fprintf(stderr, "    skipped: %s\n", reason);
    end_test(EXIT_SKIPPED);
}

/* ---- surroundings ---------------------------------------------------------------- */

static void join(char out[TEST_PATH], const char *dir, const char *name)
{
    int n = snprintf(out, TEST_PATH, "%s/%s", dir, name);
    if (n < 0 || n >= TEST_PATH) {
        fail(__FILE__, __LINE__, "the path of %s is too long", name);
        end_test(EXIT_FAILURE);
    }
}

void test_path(char out[TEST_PATH], const char *name)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fail(__FILE__, __LINE__, "%s: %s", folder, strerror(errno));
        end_test(EXIT_FAILURE);
    }
    join(out, folder, name);
}

bool test_data(char out[TEST_PATH], const char *name)
{
    const char *dir = getenv("HG_SHARED");
    join(out, dir != NULL && dir[0] != '\0' ? dir : "../shared/data", name);
    return access(out, R_OK) == 0;
}

void test_sample(char out[TEST_PATH], const char *name)
{
    const char *dir = getenv("HG_SAMPLE");
    join(out, dir != NULL && dir[0] != '\0' ? dir : "data", name);
}

void test_write(char out[TEST_PATH], const char *name, const void *p, size_t n)
{
    test_path(out, name);
    FILE *f = fopen(out, "wb");
    if (f == NULL || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
        fail(__FILE__, __LINE__, "%s: %s", out, strerror(errno));
        end_test(EXIT_FAILURE);
    }
}

char *test_read(const char *path, size_t *n)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    char *data = NULL;
    if (f != NULL && fstat(fileno(f), &st) == 0) {
        *n = (size_t)st.st_size;
        data = malloc(*n + 1);
    }
    if (data == NULL || fread(data, 1, *n, f) != *n) {
        fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
        end_test(EXIT_FAILURE);
    }
    fclose(f);
    data[*n] = '\0';
    return data;
}

hg_ctx *test_ctx_with(const hg_ctx_options *options)
{
    hg_ctx_options o = *options;
    o.allocator = (hg_allocator){counting_alloc, counting_free, NULL};
    hg_ctx *ctx;
    hg_status status = hg_ctx_new(&o, &ctx);
    if (status != HG_OK || context_count == MAX_CONTEXTS) {
        fail(__FILE__, __LINE__, "hg_ctx_new: %s", hg_strerror(status));
        end_test(EXIT_FAILURE);
    }
    contexts[context_count++] = ctx;
    return ctx;
}

hg_ctx *test_ctx(void)
{
    hg_ctx_options o = {.size = sizeof o};
    const char *cpu = getenv("HG_TEST_CPU");
    const char *threads = getenv("HG_TEST_THREADS");
    if (cpu != NULL && cpu[0] != '\0') o.cpu = cpu;
    if (threads != NULL) o.threads = atoi(threads);
    return test_ctx_with(&o);
}

double test_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators",
 * OOPSLA 2014.                                                                         */
uint64_t test_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

double test_uniform(uint64_t *state, double lo, double hi)
{
    return lo + (hi - lo) * (double)(test_random(state) >> 11) * 0x1p-53;
}

/* ---- the runner ------------------------------------------------------------------ */

static int later(const struct test_entry *a, const struct test_entry *b)
{
    int order = strcmp(a->file, b->file);
    return order != 0 ? order : strcmp(a->name, b->name);
}

/* Kept sorted by file and name: the order of constructors is the linker's.             */
void test_register(struct test_entry *entry)
{
    struct test_entry **at = &test_list;
    while (*at != NULL && later(*at, entry) < 0) at = &(*at)->next;
    entry->next = *at;
    *at = entry;
}

static int remove_entry(const char *path, const struct stat *st, int kind,
                        struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

/* A test may have taken the right to write away from its folders.                      */
static int open_entry(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)ftw;
    if (kind == FTW_D || kind == FTW_DNR) (void)chmod(path, 0777);
    return 0;
}

static void remove_tree(const char *path)
{
    (void)nftw(path, open_entry, 16, FTW_PHYS);
    (void)nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void run_child(const struct test_entry *t, unsigned seconds)
    __attribute__((noreturn));
static void run_child(const struct test_entry *t, unsigned seconds)
{
    if (!t->bench) alarm(seconds);
    t->run();
    test_fail_alloc(-1);
    where[0] = '\0';
    for (int i = context_count - 1; i >= 0; i--) hg_ctx_free(&contexts[i]);
    long long held = atomic_load(&live_blocks);
    if (held != 0 && failures == 0)
        fail(t->file, 0, "%lld blocks still held at the end", held);
    end_test(failures > 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* 0 passed, 1 failed, 2 skipped                                                        */
static int run_one(const struct test_entry *t, unsigned seconds, bool verbose)
{
    snprintf(folder, sizeof folder, "%s/%s", root, t->name);
    fflush(NULL);
    double start = test_now();
    pid_t pid = fork();
    if (pid == 0) run_child(t, seconds);
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) < 0) {
        fprintf(stderr, "FAIL %s: cannot fork: %s\n", t->name, strerror(errno));
        return 1;
    }
    remove_tree(folder);
    double took = test_now() - start;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SKIPPED) {
        fprintf(stderr, "SKIP %s\n", t->name);
        return 2;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
        if (verbose) fprintf(stderr, "ok   %s (%.2f s)\n", t->name, took);
        return 0;
    }
    fprintf(stderr, "FAIL %s (%s)", t->name, t->file);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        fprintf(stderr, ": over %u seconds", seconds);
    else if (WIFSIGNALED(status))
        fprintf(stderr, ": killed by %s", strsignal(WTERMSIG(status)));
    fputc('\n', stderr);
    return 1;
}

static bool wanted(const struct test_entry *t, char **filters)
{
    if (*filters == NULL) return true;
    for (; *filters != NULL; filters++)
        if (strstr(t->name, *filters) != NULL || strstr(t->file, *filters) != NULL)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    bool bench = false, verbose = false;
    int first = 1;
    for (; first < argc && argv[first][0] == '-'; first++) {
        if (strcmp(argv[first], "--bench") == 0) {
            bench = true;
        } else if (strcmp(argv[first], "-v") == 0) {
            verbose = true;
        } else {
            fprintf(stderr, "usage: hg-test [-v] [--bench] [part of a name]...\n");
            return 2;
        }
    }
    const char *limit = getenv("HG_TEST_SECONDS");
    int seconds = limit != NULL ? atoi(limit) : 60;
    const char *tmp = getenv("TMPDIR");
    int length =
        snprintf(root, sizeof root, "%s/hg-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (length < 0 || length >= (int)sizeof root || mkdtemp(root) == NULL) {
        fprintf(stderr, "hg-test: cannot make a scratch folder at %s\n", root);
        return 1;
    }
    int count[3] = {0};
    for (struct test_entry *t = test_list; t != NULL; t = t->next)
        if (t->bench == bench && wanted(t, argv + first))
            count[run_one(t, (unsigned)(seconds > 0 ? seconds : 60), verbose)]++;
    remove_tree(root);
    fflush(NULL);
    printf("%d passed, %d failed, %d skipped\n", count[0], count[1], count[2]);
    return count[1] > 0;
}
