// SPDX-License-Identifier: MIT
/* What the kernel tests share: every table, and memory that catches a step outside.    */
#ifndef TEST_KERNELS_H
#define TEST_KERNELS_H

#include "kernels/kernels.h"
#include "test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Half a unit in the last place of 1: the largest relative error of one rounding.      */
#define ROUNDING 0x1p-24

/* The same test once for each instruction set of this kind of processor: one that this CPU
 * or build lacks is counted as skipped.  _ON_VECTORS leaves ref out, where ref is what it
 * is held against.                                                                     */
#define TEST_ON(name, isa)                                                               \
    TEST(name##_##isa) { name(kernels_or_skip(#isa)); }
#if defined(__aarch64__)
#define TEST_SETS "neon"
#define TEST_ON_EACH(name) TEST_ON(name, neon)
#else
#define TEST_SETS "avx2", "avx512"
#define TEST_ON_EACH(name) TEST_ON(name, avx2) TEST_ON(name, avx512)
#endif
#define TEST_ON_VECTORS(name)                                                            \
    static void name(const hgi_kernels *k);                                              \
    TEST_ON_EACH(name)                                                                   \
    static void name(const hgi_kernels *k)
#define TEST_ON_ALL(name)                                                                \
    static void name(const hgi_kernels *k);                                              \
    TEST_ON(name, ref)                                                                   \
    TEST_ON_EACH(name)                                                                   \
    static void name(const hgi_kernels *k)

static inline const hgi_kernels *kernels_or_skip(const char *word)
{
    const hgi_kernels *k = NULL;
    hg_status status = hgi_kernels_pick(word, &k);
    if (status == HG_EUNAVAILABLE) SKIP("this CPU or build lacks the instruction set");
    CHECK_INT(status, HG_OK);
    return k;
}

static inline const hgi_kernels *kernels_ref(void) { return hgi_kernels_at(0); }

/* n floats that end where a page without access begins, so that reading or writing past
 * them is a crash; what lies before them is filled with a pattern that fence_check() looks
 * at.  Kept until the test's process ends.                                             */
typedef struct fence {
    float *p;
    unsigned char *map;
    size_t front;
} fence;

static inline fence fence_new(int64_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = (size_t)n * sizeof(float);
    size_t body = (bytes + 256 + page - 1) / page * page;
    unsigned char *map = mmap(NULL, body + page, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + body, page, PROT_NONE) != 0) {
        SKIP("no memory for fences");
    }
    memset(map, 0xa5, body);
    return (fence){(float *)(void *)(map + body - bytes), map, body - bytes};
}

static inline void fence_free(fence *f, int64_t n)
{
    bool whole = true;
    for (size_t i = 0; i < f->front; i++) whole = whole && f->map[i] == 0xa5;
    CHECK(whole); /* nothing was written before the first element */
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    munmap(f->map, f->front + (size_t)n * sizeof(float) + page);
    f->p = NULL;
}

static inline fence fence_random(int64_t n, uint64_t *seed, double lo, double hi)
{
    fence f = fence_new(n);
    for (int64_t i = 0; i < n; i++) f.p[i] = (float)test_uniform(seed, lo, hi);
    return f;
}

static inline fence fence_copy(const fence *from, int64_t n)
{
    fence f = fence_new(n);
    if (n > 0) memcpy(f.p, from->p, (size_t)n * sizeof(float));
    return f;
}

/* Index of the first element whose bits differ, n when none does; NaN equals NaN.      */
static inline int64_t first_difference(const float *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (memcmp(&a[i], &b[i], sizeof a[i]) != 0 && !(isnan(a[i]) && isnan(b[i])))
            return i;
    return n;
}

static inline int64_t pick_int(uint64_t *seed, int64_t lo, int64_t hi)
{
    return lo + (int64_t)(test_random(seed) % (uint64_t)(hi - lo + 1));
}

/* Seconds of one call of `run`: the best of five medians of eleven.                    */
static inline int compare_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double seconds_of(void (*run)(void *arg), void *arg)
{
    double best = 1e9, start = test_now();
    int64_t calls = 0;
    while (test_now() - start < 1e-3) {
        run(arg);
        calls++;
    }
    for (int set = 0; set < 5; set++) {
        double t[11];
        for (int i = 0; i < 11; i++) {
            start = test_now();
            for (int64_t c = 0; c < calls; c++) run(arg);
            t[i] = (test_now() - start) / (double)calls;
        }
        qsort(t, 11, sizeof t[0], compare_double);
        if (t[5] < best) best = t[5];
    }
    return best;
}

#endif
