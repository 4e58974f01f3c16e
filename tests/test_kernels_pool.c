// SPDX-License-Identifier: MIT
/* Pooling kernels, every vector set against ref to the bit, and ref against what a window
 * must give.                                                                           */
#include "test_kernels.h"

#include <stdio.h>

TEST(a_window_gives_its_first_largest_value_and_never_hides_a_nan)
{
    const hgi_kernels *k = kernels_ref();
    /* Two rows of two places of three channels, three values behind each row. */
    const float x[] = {1, 5, -1, 2, 5, -3, 9, 9, 9, 2, 4, NAN, -INFINITY, 5, 7};
    float y[3], which[3];
    k->max_pool(2, 2, 3, x, 9, y, which);
    CHECK_NEAR(y[0], 2, 0);
    CHECK_NEAR(which[0], 1, 0); /* 2 stands at 1 and at 2 */
    CHECK_NEAR(y[1], 5, 0);
    CHECK_NEAR(which[1], 0, 0);
    CHECK(isnan(y[2]));
    CHECK_NEAR(which[2], 2, 0);
    const float gy[3] = {10, 20, 30};
    float gx[15] = {0};
    for (int i = 0; i < 15; i++) gx[i] = 1;
    k->max_pool_back(1, 2, 2, 3, which, gy, gx, 9);
    static const float want[] = {1, 21, 1, 11, 1, 1, 1, 1, 1, 1, 1, 31, 1, 1, 1};
    for (int i = 0; i < 15; i++) CHECK_NEAR(gx[i], want[i], 0);
}

/* Many equal values, infinities and NaN. */
static fence fence_of_few(int64_t n, uint64_t *seed)
{
    static const float values[] = {-1, -0.0f, 0, 0.5f, 0.5f, 1, 2, INFINITY, -INFINITY};
    fence f = fence_new(n);
    for (int64_t i = 0; i < n; i++)
        f.p[i] = pick_int(seed, 0, 60) == 0
                     ? NAN
                     : values[pick_int(seed, 0, (int64_t)HGI_COUNT(values) - 1)];
    return f;
}

TEST_ON_VECTORS(pooling_is_ref_to_the_bit)
{
    const hgi_kernels *ref = kernels_ref();
    uint64_t seed = 3;
    for (int round = 0; round < 400; round++) {
        int64_t h = pick_int(&seed, 1, 4), w = pick_int(&seed, 1, 4);
        int64_t C = pick_int(&seed, 1, 70), ldx = w * C + pick_int(&seed, 0, 9);
        int64_t n = (h - 1) * ldx + w * C;
        test_where("%d x %d, %d channels", (int)h, (int)w, (int)C);
        fence x = fence_of_few(n, &seed), y = fence_new(C), which = fence_new(C);
        fence want_y = fence_new(C), want = fence_new(C), only = fence_new(C);
        ref->max_pool(h, w, C, x.p, ldx, want_y.p, want.p);
        k->max_pool(h, w, C, x.p, ldx, y.p, which.p);
        k->max_pool(h, w, C, x.p, ldx, only.p, NULL);
        CHECK_INT(first_difference(y.p, want_y.p, C), C);
        CHECK_INT(first_difference(only.p, want_y.p, C), C);
        CHECK_INT(first_difference(which.p, want.p, C), C);
        fence gy = fence_of_few(C, &seed), a = fence_copy(&x, n), b = fence_copy(&x, n);
        int add = round % 2;
        ref->max_pool_back(add, h, w, C, want.p, gy.p, a.p, ldx);
        k->max_pool_back(add, h, w, C, want.p, gy.p, b.p, ldx);
        CHECK_INT(first_difference(a.p, b.p, n), n);
        fence *const all[] = {&y, &which, &want_y, &want, &only, &gy};
        for (int i = 0; i < (int)HGI_COUNT(all); i++) fence_free(all[i], C);
        fence_free(&x, n);
        fence_free(&a, n);
        fence_free(&b, n);
    }
}

/* The first pool of conv-denoise: 28 x 28 x 32 by windows of 2 x 2. */
enum { H = 28, W = 28, CHANNELS = 32, PLACES = 14 * 14 };
typedef struct pool_run {
    const hgi_kernels *k;
    float *x, *y, *which;
} pool_run;

static void run_forward(void *arg)
{
    const pool_run *r = arg;
    for (int i = 0; i < PLACES; i++)
        r->k->max_pool(2, 2, CHANNELS, r->x + (i / 14 * 2 * W + i % 14 * 2) * CHANNELS,
                       W * CHANNELS, r->y + i * CHANNELS, r->which + i * CHANNELS);
}

static void run_back(void *arg)
{
    const pool_run *r = arg;
    for (int i = 0; i < PLACES; i++)
        r->k->max_pool_back(
            0, 2, 2, CHANNELS, r->which + i * CHANNELS, r->y + i * CHANNELS,
            r->x + (i / 14 * 2 * W + i % 14 * 2) * CHANNELS, W * CHANNELS);
}

BENCH(speed_of_pooling)
{
    uint64_t seed = 1;
    fence x = fence_random(H * W * CHANNELS, &seed, -1, 1);
    fence y = fence_new(PLACES * CHANNELS), which = fence_new(PLACES * CHANNELS);
    const hgi_kernels *k;
    for (int i = 0; (k = hgi_kernels_at(i)) != NULL; i++) {
        pool_run r = {k, x.p, y.p, which.p};
        double forward = seconds_of(run_forward, &r), back = seconds_of(run_back, &r);
        printf("max_pool 28x28x32 by 2x2  %-8s %7.2f us forward %7.2f us back\n", k->name,
               1e6 * forward, 1e6 * back);
    }
}
