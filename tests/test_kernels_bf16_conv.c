// SPDX-License-Identifier: MIT
/* Convolutions and their weights' gradients in bf16, every set that has them.
 *
 * As for the products a result is held against the exact sum of rounded factors, off by
 * half a unit of the sum of absolute products for each of at most 2 K additions; cutting
 * images and channels of the output must not change a bit.                             */
#include "test_products.h"

static hgi_conv_axis random_axis(uint64_t *seed)
{
    return (hgi_conv_axis){
        .count = pick_int(seed, 0, 7),
        .size = pick_int(seed, 1, 7),
        .taps = pick_int(seed, 0, 3),
        .step = pick_int(seed, 1, 2),
        .tap = pick_int(seed, -2, 2),
        .first = pick_int(seed, -3, 3),
        .b_tap = pick_int(seed, 1, 2),
    };
}

typedef struct sums {
    double sum, size;
} sums;

/* B [blocks * channels, N] row-major. */
static sums exact_conv(const hgi_conv *g, const float *B, int64_t r, int64_t p, int64_t q,
                       int64_t n)
{
    sums s = {g->init ? (double)g->init[n] : 0, 0};
    s.size = fabs(s.sum);
    for (int64_t i = 0; i < g->y.taps; i++)
        for (int64_t j = 0; j < g->x.taps; j++) {
            int64_t y = p * g->y.step + i * g->y.tap + g->y.first;
            int64_t x = q * g->x.step + j * g->x.tap + g->x.first;
            if (y < 0 || y >= g->y.size || x < 0 || x >= g->x.size) continue;
            const float *a = g->A + r * g->a_image + (y * g->x.size + x) * g->channels;
            int64_t row = (i * g->y.b_tap + j * g->x.b_tap) * g->channels;
            for (int64_t d = 0; d < g->channels; d++) {
                double v = rounded(a[d]) * rounded(B[(row + d) * g->N + n]);
                s.sum += v;
                s.size += fabs(v);
            }
        }
    return s;
}

static float *packed_blocks(const hgi_kernels *k, int64_t blocks, int64_t channels,
                            int64_t N, const float *B)
{
    int64_t size = k->conv_size(channels, N);
    float *P = aligned_alloc(64, (size_t)(blocks * size * 4 + 63) / 64 * 64 + 64);
    for (int64_t i = 0; i < blocks; i++)
        k->conv_pack(channels, N, B + i * channels * N, N, 1, P + i * size);
    return P;
}

static void check_conv(const hgi_kernels *k, hgi_conv g, uint64_t *seed)
{
    test_where("%s %lld images, %lld to %lld channels", k->name, (long long)g.images,
               (long long)g.channels, (long long)g.N);
    int64_t blocks =
        hgi_max(0, g.y.taps - 1) * g.y.b_tap + hgi_max(0, g.x.taps - 1) * g.x.b_tap + 1;
    int64_t K = blocks * g.channels, gap = pick_int(seed, 0, 3);
    g.a_image = g.y.size * g.x.size * g.channels;
    g.x.c_step = g.N + gap;
    g.y.c_step = hgi_max(1, g.x.count) * g.x.c_step + gap;
    g.c_image = hgi_max(1, g.y.count) * g.y.c_step;
    bool none = g.images * g.y.count * g.x.count * g.N == 0;
    int64_t a_size = g.images * g.a_image,
            c_size = none ? 0
                          : (g.images - 1) * g.c_image + (g.y.count - 1) * g.y.c_step +
                                (g.x.count - 1) * g.x.c_step + g.N;
    fence A = fence_random(a_size, seed, -1, 1), B = fence_random(K * g.N, seed, -1, 1);
    fence C = fence_random(c_size, seed, -1, 1), bias = fence_random(g.N, seed, -1, 1);
    fence whole = fence_copy(&C, c_size);
    float *P = packed_blocks(k, blocks, g.channels, g.N, B.p);
    g.A = A.p;
    g.B = P;
    g.init = pick_int(seed, 0, 1) == 1 ? bias.p : NULL;
    g.C = whole.p;
    k->conv(&g);
    double additions = (double)(2 * g.y.taps * g.x.taps * (g.channels + 32) + 2);
    for (int64_t r = 0; r < g.images; r++)
        for (int64_t p = 0; p < g.y.count; p++)
            for (int64_t q = 0; q < g.x.count; q++)
                for (int64_t n = 0; n < g.N; n++) {
                    sums s = exact_conv(&g, B.p, r, p, q, n);
                    int64_t at = r * g.c_image + p * g.y.c_step + q * g.x.c_step + n;
                    CHECK_NEAR(whole.p[at], s.sum, additions * ROUNDING * s.size);
                }
    /* One image at a time is the same bits, and gaps stay as they were. */
    hgi_conv part = g;
    part.images = 1;
    for (int64_t r = 0; r < g.images; r++) {
        part.A = g.A + r * g.a_image;
        part.C = C.p + r * g.c_image;
        k->conv(&part);
    }
    CHECK_INT(first_difference(C.p, whole.p, c_size), c_size);
    free(P);
    fence_free(&A, a_size);
    fence_free(&B, K * g.N);
    fence_free(&C, c_size);
    fence_free(&whole, c_size);
    fence_free(&bias, g.N);
}

TEST_ON_PRODUCTS(a_convolution_in_bf16_is_the_sum_of_rounded_factors)
{
    uint64_t seed = 21;
    for (int i = 0; i < 300; i++) {
        hgi_conv g = {.images = pick_int(&seed, 0, 3), .channels = pick_int(&seed, 0, 9)};
        g.N = pick_int(&seed, 0, k->conv_panel);
        g.y = random_axis(&seed);
        g.x = random_axis(&seed);
        check_conv(k, g, &seed);
    }
    static const int64_t channels[] = {32, 64, 257, 600};
    for (int i = 0; i < HGI_COUNT(channels); i++) {
        hgi_conv_axis axis = {5, 5, 3, 1, 1, -1, 3, 0};
        hgi_conv g = {
            .images = 2, .channels = channels[i], .N = k->conv_panel, .y = axis};
        g.x = axis;
        g.x.b_tap = 1;
        check_conv(k, g, &seed);
    }
}

static void check_outer(const hgi_kernels *k, hgi_outer g, uint64_t *seed)
{
    test_where("%s M %lld N %lld, %lld x %lld x %lld", k->name, (long long)g.M,
               (long long)g.N, (long long)g.count[0], (long long)g.count[1],
               (long long)g.count[2]);
    int64_t a_size = g.M, b_size = g.N, ldc = g.N + pick_int(seed, 0, 3);
    for (int i = 3; i-- > 0;) {
        g.a[i] = a_size;
        g.b[i] = b_size;
        a_size *= hgi_max(1, g.count[i]);
        b_size *= hgi_max(1, g.count[i]);
    }
    int64_t c_size = g.M > 0 && g.N > 0 ? (g.M - 1) * ldc + g.N : 0;
    fence A = fence_random(a_size, seed, -1, 1), B = fence_random(b_size, seed, -1, 1);
    fence C = fence_random(c_size, seed, -1, 1), old = fence_copy(&C, c_size);
    g.A = A.p;
    g.B = B.p;
    g.C = C.p;
    g.c_row = g.init_row = ldc;
    g.init = pick_int(seed, 0, 1) == 1 ? C.p : NULL;
    k->outer(&g);
    int64_t K = g.count[0] * g.count[1] * g.count[2];
    for (int64_t m = 0; m < g.M; m++)
        for (int64_t n = 0; n < g.N; n++) {
            double sum = g.init ? (double)old.p[m * ldc + n] : 0, size = fabs(sum);
            for (int64_t i = 0; i < g.count[0]; i++)
                for (int64_t j = 0; j < g.count[1]; j++)
                    for (int64_t l = 0; l < g.count[2]; l++) {
                        double v =
                            rounded(A.p[m + i * g.a[0] + j * g.a[1] + l * g.a[2]]) *
                            rounded(B.p[n + i * g.b[0] + j * g.b[1] + l * g.b[2]]);
                        sum += v;
                        size += fabs(v);
                    }
            CHECK_NEAR(C.p[m * ldc + n], sum, (double)(2 * K + 66) * ROUNDING * size);
        }
    for (int64_t i = 0; i < c_size; i++)
        if (i % ldc >= g.N) CHECK(C.p[i] == old.p[i]);
    fence_free(&A, a_size);
    fence_free(&B, b_size);
    fence_free(&C, c_size);
    fence_free(&old, c_size);
}

TEST_ON_PRODUCTS(a_sum_over_three_loops_in_bf16_is_that_of_rounded_factors)
{
    uint64_t seed = 22;
    for (int round = 0; round < 200; round++) {
        hgi_outer g = {.M = pick_int(&seed, 0, 40), .N = pick_int(&seed, 0, 70)};
        for (int i = 0; i < 3; i++) g.count[i] = pick_int(&seed, 0, 5);
        check_outer(k, g, &seed);
    }
    /* More than one block of k, ending in the middle of a line. */
    check_outer(k, (hgi_outer){.M = 35, .N = 50, .count = {3, 11, 19}}, &seed);
    check_outer(k, (hgi_outer){.M = 135, .N = 3, .count = {2, 1, 257}}, &seed);
}
