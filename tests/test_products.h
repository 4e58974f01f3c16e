// SPDX-License-Identifier: MIT
/* What the tests of products in bf16 share: their tables, the AMX one on a model of its
 * unit among them, and rounding written apart from the library's.                      */
#ifndef TEST_PRODUCTS_H
#define TEST_PRODUCTS_H

#include "test_kernels.h"

#include "kernels/tables.h"

#if defined(__x86_64__) && !defined(HGI_F64)
extern const hgi_kernels test_tiles_model;
#endif

/* A table of products by name; "model" needs AVX512_BF16 to round its factors.         */
static inline const hgi_kernels *products_or_skip(const char *word)
{
    const hgi_kernels *k = NULL;
    const char *limit = strcmp(word, "model") == 0 ? "avx512" : word;
    if (hgi_kernels_pick_bf16(limit, &k) != HG_OK) SKIP("this CPU or build has no bf16");
#if defined(__x86_64__) && !defined(HGI_F64)
    if (strcmp(word, "model") == 0) return &test_tiles_model;
#endif
    if (strcmp(word, "amx") == 0 && strcmp(k->name, "amx") != 0)
        SKIP("this CPU has no AMX");
    return k;
}

#define TEST_ON_PRODUCTS(name)                                                           \
    static void name(const hgi_kernels *k);                                              \
    TEST(name##_ref) { name(products_or_skip("ref")); }                                  \
    TEST(name##_avx512) { name(products_or_skip("avx512")); }                            \
    TEST(name##_amx) { name(products_or_skip("amx")); }                                  \
    TEST(name##_model_of_amx) { name(products_or_skip("model")); }                       \
    static void name(const hgi_kernels *k)

/* To nearest, ties to even.  Written apart from ref's: by arithmetic, not by bits.     */
static inline double rounded(float x)
{
    int e;
    if (x == 0 || fabsf(x) < FLT_MIN) return 0;
    double f = frexp((double)x, &e); /* 0.5 <= |f| < 1: 8 bits of it stay */
    return ldexp(nearbyint(ldexp(f, 8)), e - 8);
}

#endif
