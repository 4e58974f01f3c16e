// SPDX-License-Identifier: MIT
/* The test runner's side that tests see.
 *
 *     TEST(a_reader_names_the_bad_line) { ...; CHECK_INT(got, want); }
 *
 * A test registers itself; there is no list to edit.  Each runs in its own process with a
 * time limit, so a crash or a hang is one failed test.  A failed CHECK goes on; a failed
 * CHECK_OK ends the test, because what follows needs its result.                       */
#ifndef TEST_H
#define TEST_H

#include <hourglass.h>

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct test_entry {
    const char *name, *file;
    void (*run)(void);
    bool bench;
    struct test_entry *next;
};
void test_register(struct test_entry *entry);

#define TEST_DEFINE(name, is_bench)                                                      \
    static void name(void);                                                              \
    static struct test_entry name##_entry = {#name, __FILE__, name, is_bench, NULL};     \
    __attribute__((constructor)) static void name##_register(void)                       \
    {                                                                                    \
        test_register(&name##_entry);                                                    \
    }                                                                                    \
    static void name(void)

#define TEST(name) TEST_DEFINE(name, false)
/* A measurement: runs only with `hg-test --bench`, without a time limit.               */
#define BENCH(name) TEST_DEFINE(name, true)

/* ---- checks: each is an expression that is true when it held --------------------- */

#define CHECK(cond) test_check((cond) ? true : false, __FILE__, __LINE__, #cond)
#define CHECK_INT(got, want)                                                             \
    test_check_int((int64_t)(got), (int64_t)(want), __FILE__, __LINE__, #got)
#define CHECK_STR(got, want) test_check_str(got, want, __FILE__, __LINE__, #got)
/* |got - want| <= tol; NaN never passes.                                               */
#define CHECK_NEAR(got, want, tol)                                                       \
    test_check_near((double)(got), (double)(want), (double)(tol), __FILE__, __LINE__,    \
                    #got)
/* The call gives HG_OK, else the test ends with the context's message.                 */
#define CHECK_OK(ctx, call) test_check_ok(ctx, call, __FILE__, __LINE__, #call)
/* The call fails with this status and a one-line message that contains `part`.         */
#define CHECK_FAILS(ctx, call, status, part)                                             \
    test_check_fails(ctx, call, status, part, __FILE__, __LINE__, #call)
/* End the test; it counts as skipped.                                                  */
#define SKIP(reason) test_skip(reason)
/* Said with every failure from here on, as which row of a table it was.  NULL ends.    */
void test_where(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- surroundings ----------------------------------------------------------------- */

#define TEST_PATH 512
/* A path in this test's own scratch folder, which is removed afterwards.               */
void test_path(char out[TEST_PATH], const char *name);
/* A file of the shared data (HG_SHARED, else ../shared/data); false when it is absent. */
bool test_data(char out[TEST_PATH], const char *name);
/* A file of the sample in the source tree (HG_SAMPLE, else data).                      */
void test_sample(char out[TEST_PATH], const char *name);
/* Write bytes to a scratch file and give its path.                                     */
void test_write(char out[TEST_PATH], const char *name, const void *p, size_t n);
/* The bytes of a file, NUL-ended, from malloc; ends the test when it cannot be read.   */
char *test_read(const char *path, size_t *n);

/* A context on a counting allocator that fills fresh memory with 0xff, so that a float
 * read before it is written is NaN.  HG_TEST_CPU and HG_TEST_THREADS set the options.
 * Freed at the end of the test; blocks still held then fail it.                        */
hg_ctx *test_ctx(void);
/* The same with options of the test's own; its allocator field is replaced.            */
hg_ctx *test_ctx_with(const hg_ctx_options *options);
/* After n more allocations one fails (0: the next); -1 switches this off.              */
void test_fail_alloc(int64_t n);
/* Did that allocation happen?  When not, the call tested needed fewer.                 */
bool test_alloc_failed(void);
/* Allocations made so far, and bytes held now by what they gave.                       */
int64_t test_alloc_count(void);
int64_t test_alloc_bytes(void);
/* Seconds from a steady clock.                                                         */
double test_now(void);
/* Numbers for tests, equal on every machine: a 64-bit step, and uniform in [lo, hi).   */
uint64_t test_random(uint64_t *state);
double test_uniform(uint64_t *state, double lo, double hi);

/* ---- behind the macros -------------------------------------------------------------- */

bool test_check(bool ok, const char *file, int line, const char *text);
bool test_check_int(int64_t got, int64_t want, const char *file, int line,
                    const char *text);
bool test_check_str(const char *got, const char *want, const char *file, int line,
                    const char *text);
bool test_check_near(double got, double want, double tol, const char *file, int line,
                     const char *text);
bool test_check_ok(hg_ctx *ctx, hg_status got, const char *file, int line,
                   const char *text);
bool test_check_fails(hg_ctx *ctx, hg_status got, hg_status want, const char *part,
                      const char *file, int line, const char *text);
void test_skip(const char *reason) __attribute__((noreturn));

#endif
