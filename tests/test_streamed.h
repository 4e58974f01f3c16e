// SPDX-License-Identifier: MIT
/* Files that are larger than a block, in every way a reader can be given them. */
#ifndef TEST_STREAMED_H
#define TEST_STREAMED_H

#include "test.h"

#include "data/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

/* Wide and long enough for three blocks of floats (a block is a megabyte). */
enum { LONG = 12000, WIDE = 48 };

/* Values of many sizes, whole and broken, some too small for a normal float. */
static inline float *long_values(void)
{
    float *x = malloc(sizeof *x * LONG * WIDE);
    uint64_t seed = 7;
    for (int64_t i = 0; i < LONG * WIDE; i++) {
        x[i] = (float)(int)test_uniform(&seed, -99, 100);
        if (i % 7 == 0) x[i] *= 0.37f;
        if (i % 50021 == 0) x[i] = 1e-41f;
    }
    return x;
}

/* The same numbers in a file of this name: by its ending npy, idx or csv. */
static inline void save_long(hg_ctx *ctx, const char *name, hg_type type,
                             char path[TEST_PATH])
{
    float *x = long_values();
    unsigned char *bytes = malloc(LONG * WIDE);
    for (int64_t i = 0; i < LONG * WIDE; i++) bytes[i] = (unsigned char)(int)(x[i] + 100);
    hg_view v = {
        .size = sizeof v, .type = type, .rows = LONG, .rank = 1, .shape = {WIDE}};
    v.data = type == HG_U8 ? (const void *)bytes : x;
    hg_dataset *d;
    test_path(path, name);
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    CHECK_OK(ctx, hg_dataset_save(ctx, d, path, NULL));
    hg_dataset_free(&d);
    free(bytes);
    free(x);
}

/* NPY by hand, for types that hourglass does not write. */
static inline void save_npy(const char *name, const char *descr, bool fortran,
                            char path[TEST_PATH])
{
    float *x = long_values();
    size_t size = (size_t)(descr[2] - '0'), n = 128 + LONG * WIDE * size;
    unsigned char *p = calloc(n, 1);
    memcpy(p, "\x93NUMPY\x01\x00\x76\x00", 10);
    int len = snprintf((char *)p + 10, 118,
                       "{'descr': '%s', 'fortran_order': %s, 'shape': (%d, %d), }", descr,
                       fortran ? "True" : "False", LONG, WIDE);
    memset(p + 10 + len, ' ', (size_t)(118 - len));
    for (int64_t i = 0; i < LONG * WIDE; i++) {
        int64_t at = fortran ? i % LONG * WIDE + i / LONG : i;
        double d = (double)x[at];
        uint64_t bits = (uint64_t)(int64_t)x[at];
        if (descr[1] == 'f') memcpy(&bits, &d, sizeof bits); /* f8 */
        for (size_t b = 0; b < size; b++) {
            size_t shift = 8 * (descr[0] == '>' ? size - 1 - b : b);
            p[128 + (size_t)i * size + b] = (unsigned char)(bits >> shift);
        }
    }
    test_write(path, name, p, n);
    free(p);
    free(x);
}

static inline void compress_file(const char *from, char path[TEST_PATH], const char *name)
{
    size_t n;
    char *p = test_read(from, &n);
    test_path(path, name);
    gzFile f = gzopen(path, "wb1");
    if (f == NULL || gzwrite(f, p, (unsigned)n) != (int)n) abort();
    gzclose(f);
    free(p);
}

#endif
