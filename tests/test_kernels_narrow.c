// SPDX-License-Identifier: MIT
/* One row by bf16 and by byte weights, every instruction set, on fenced memory. */
#include "test_kernels.h"

#include "kernels/tables.h"

#include <math.h>

static const int64_t shapes[][2] = {{1, 1},    {2, 16},    {3, 17},   {4, 63},
                                    {5, 64},   {7, 65},    {30, 8},   {31, 30},
                                    {64, 128}, {127, 200}, {784, 32}, {1000, 250}};

typedef struct problem {
    int64_t K, N;
    fence x, w, init, y;
    void *packed;
    float *scale;
    int8_t *bytes;
} problem;

static problem make(hgi_narrow_kind kind, int64_t K, int64_t N, uint64_t *seed)
{
    problem p = {K,
                 N,
                 fence_random(K, seed, -1, 1),
                 fence_random(K * N, seed, -1, 1),
                 fence_random(N, seed, -1, 1),
                 fence_new(N),
                 NULL,
                 NULL,
                 NULL};
    p.packed = aligned_alloc(64, (hgi_narrow_bytes(kind, K, N) + 63) / 64 * 64);
    p.scale = calloc((size_t)N, sizeof *p.scale);
    p.bytes = calloc((size_t)K + 4, 1);
    if (kind == HGI_NARROW_BF16)
        hgi_narrow_pack_bf16(K, N, p.w.p, 1, K, p.packed);
    else
        hgi_narrow_pack_int8(K, N, p.w.p, 1, K, p.packed, p.scale);
    return p;
}

static void drop(problem *p)
{
    fence_free(&p->x, p->K);
    fence_free(&p->w, p->K * p->N);
    fence_free(&p->init, p->N);
    fence_free(&p->y, p->N);
    free(p->packed);
    free(p->scale);
    free(p->bytes);
}

static float to_bf16(float f)
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    bits = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
    memcpy(&f, &bits, sizeof f);
    return f;
}

/* The two chains of the contract: fused on vectors, to the bit; ref rounds the products
 * too, K + 2 roundings of sums below K + 1. */
TEST_ON_ALL(a_row_by_bf16_weights_is_two_chains)
{
    uint64_t seed = 3;
    bool ref = strcmp(k->name, "ref") == 0;
    for (int i = 0; i < HGI_COUNT(shapes); i++) {
        int64_t K = shapes[i][0], N = shapes[i][1];
        problem p = make(HGI_NARROW_BF16, K, N, &seed);
        test_where("K %d N %d", (int)K, (int)N);
        for (int init = 0; init < 2; init++) {
            hgi_narrow g = {.K = K, .N = N, .x = p.x.p, .W = p.packed, .y = p.y.p};
            g.init = init ? p.init.p : NULL;
            k->narrow_bf16(&g);
            int64_t bad = 0;
            for (int64_t n = 0; n < N; n++) {
                float sum[2] = {init ? p.init.p[n] : 0, 0};
                for (int64_t j = 0; j < K; j++)
                    sum[j % 2] = fmaf(p.x.p[j], to_bf16(p.w.p[n * K + j]), sum[j % 2]);
                float want = sum[0] + sum[1];
                double slack = ref ? (double)((K + 2) * (K + 1)) * ROUNDING : 0;
                bad += !(fabs((double)p.y.p[n] - (double)want) <= slack);
            }
            CHECK_INT(bad, 0);
        }
        drop(&p);
    }
}

/* The sum is exact; what is left is the scale's product, the sum's rounding to a float and
 * the last addition: equal to the bit on vectors, 3 roundings of at most K + 1 on ref. */
TEST_ON_ALL(a_row_by_byte_weights_is_an_exact_sum_and_a_scale)
{
    uint64_t seed = 4;
    bool ref = strcmp(k->name, "ref") == 0;
    for (int i = 0; i < HGI_COUNT(shapes); i++) {
        int64_t K = shapes[i][0], N = shapes[i][1], bad = 0;
        problem p = make(HGI_NARROW_INT8, K, N, &seed);
        test_where("K %d N %d", (int)K, (int)N);
        float step = k->quantise(K, p.x.p, p.bytes);
        hgi_narrow g = {.K = K,
                        .N = N,
                        .bytes = p.bytes,
                        .step = step,
                        .W = p.packed,
                        .scale = p.scale,
                        .init = p.init.p,
                        .y = p.y.p};
        k->narrow_int8(&g);
        for (int64_t n = 0; n < N; n++) {
            int64_t sum = 0;
            for (int64_t j = 0; j < K; j++)
                sum +=
                    p.bytes[j] * lrintf(p.w.p[n * K + j] * (127.0f / (p.scale[n] * 127)));
            float want = fmaf((float)sum, step * p.scale[n], p.init.p[n]);
            /* The test's own quotient may round another way where a weight lies within
             * rounding of half a step: one step of one weight. */
            double slack =
                (double)(p.scale[n] * step * 127) + (ref ? 3 * ROUNDING * (double)K : 0);
            bad += !(fabs((double)p.y.p[n] - (double)want) <= slack);
        }
        CHECK_INT(bad, 0);
        drop(&p);
    }
}

TEST_ON_VECTORS(a_row_by_byte_weights_has_the_integers_of_ref)
{
    uint64_t seed = 5;
    for (int i = 0; i < HGI_COUNT(shapes); i++) {
        int64_t K = shapes[i][0], N = shapes[i][1];
        problem p = make(HGI_NARROW_INT8, K, N, &seed);
        for (int64_t n = 0; n < N; n++) p.scale[n] = 1; /* integers below 2^24 stay */
        k->quantise(K, p.x.p, p.bytes);
        hgi_narrow g = {.K = K,
                        .N = N,
                        .bytes = p.bytes,
                        .step = 1,
                        .W = p.packed,
                        .scale = p.scale,
                        .y = p.y.p};
        float *want = calloc((size_t)N, sizeof *want);
        k->narrow_int8(&g);
        g.y = want;
        kernels_ref()->narrow_int8(&g);
        test_where("K %d N %d", (int)K, (int)N);
        CHECK_INT(first_difference(p.y.p, want, N), N);
        free(want);
        drop(&p);
    }
}

#if defined(__x86_64__)
TEST(a_row_by_byte_weights_has_the_integers_of_ref_without_vnni)
{
    const hgi_kernels *best = kernels_or_skip("avx512");
    if (best == &hgk_table_avx512) SKIP("no AVX512_VNNI, so that is tested already");
    a_row_by_byte_weights_has_the_integers_of_ref(&hgk_table_avx512);
}
#endif

TEST_ON_ALL(a_row_becomes_bytes_by_its_largest_value)
{
    uint64_t seed = 6;
    for (int64_t n = 1; n < 70; n++) {
        fence x = fence_random(n, &seed, -3, 3);
        int8_t got[80], want[80];
        memset(got, 99, sizeof got);
        float step = k->quantise(n, x.p, got);
        CHECK(step == kernels_ref()->quantise(n, x.p, want));
        CHECK(memcmp(got, want, (size_t)n) == 0);
        CHECK_INT(got[n], 99); /* nothing beyond */
        for (int64_t i = 0; i < n; i++)
            CHECK_NEAR((float)got[i] * step, x.p[i], step * 0.5001f);
        x.p[n / 2] = NAN;
        CHECK(isnan(k->quantise(n, x.p, got)));
        x.p[n / 2] = INFINITY;
        CHECK(isnan(k->quantise(n, x.p, got)));
        for (int64_t i = 0; i < n; i++) x.p[i] = i % 2 ? 1e-38f : 0.0f;
        CHECK(k->quantise(n, x.p, got) == 0.0f);
        CHECK_INT(got[n - 1], 0);
        fence_free(&x, n);
    }
}
