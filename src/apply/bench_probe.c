// SPDX-License-Identifier: MIT
/* The machine's limits, by the library's own kernels: what they cannot reach in the best
 * case is nobody's to lose.
 *
 * Products: 96 x 96 x 256, which stays in the first caches, over and over.  Bytes: y =
 * relu(x) over a working set that fits the second-level cache, the third, or neither;
 * reading x and writing y count once each.  Clock: a chain of dependent shifts and
 * exclusive ors, one cycle each on processors of the last decade. */
#include "apply/bench.h"

#include "train/trainer.h"

#include <string.h>

enum { M = 96, N = 96, K = 256, PRODUCTS = 40, PART = 1 << 14, LEAST_RUNS = 5 };
#define LEAST_TIME 0.02 /* seconds of one measurement, at the least */
#define CHAIN 2000000   /* steps of four operations, 2 ms */

double hgi_least_seconds(hgi_team *team, const hgi_stage *stages, int64_t n)
{
    double least = 1e9, start = hgi_now(), now = start;
    for (int i = 0; i < LEAST_RUNS || now - start < LEAST_TIME; i++) {
        double begin = now;
        hgi_team_run(team, stages, n);
        now = hgi_now();
        if (now - begin < least) least = now - begin;
    }
    return least > 0 ? least : 1e-9;
}

typedef struct probe {
    const hgi_kernels *k;
    hgi_real *block; /* [threads] parts: A, B packed and C; or x and y */
    int64_t each;    /* reals of a part */
} probe;

static void run_products(void *arg, int64_t item, int worker)
{
    const probe *p = arg;
    (void)worker;
    hgi_real *A = p->block + item * p->each, *C = A + M * K, *B = C + M * N;
    hgi_gemm g = {.M = M,
                  .N = N,
                  .K = K,
                  .A = A,
                  .a_row = K,
                  .a_col = 1,
                  .B = B,
                  .b_row = HGI_PACKED,
                  .C = C,
                  .c_row = N};
    for (int i = 0; i < PRODUCTS; i++) p->k->gemm(&g);
}

static void run_relu(void *arg, int64_t item, int worker)
{
    const probe *p = arg;
    (void)worker;
    int64_t n = p->each / 2;
    const hgi_real *x = p->block + item * p->each;
    hgi_real *y = p->block + item * p->each + n;
    for (int64_t i = 0; i < n; i += PART) {
        int64_t part = hgi_min(PART, n - i);
        p->k->act_forward(HGI_ACT_RELU, 0, 1, part, x + i, part, y + i, part);
    }
}

static double clock_hz(void)
{
    volatile uint64_t seed = 88172645463325252u;
    double least = 1e9;
    for (int run = 0; run < LEAST_RUNS; run++) {
        uint64_t x = seed;
        double start = hgi_now();
        for (int i = 0; i < CHAIN; i++) {
            x ^= x << 7;
            x ^= x >> 9;
        }
        seed = x;
        double seconds = hgi_now() - start;
        if (seconds < least) least = seconds;
    }
    return 4.0 * CHAIN / least;
}

hg_status hgi_limits_measure(hg_ctx *ctx, const hgi_kernels *k, hgi_limits *out)
{
    static const int64_t set[HGI_PROBE_SIZES] = {INT64_C(1) << 19, INT64_C(1) << 22,
                                                 INT64_C(1) << 26}; /* bytes, the last
                                                                       of all threads */
    hgi_team *team;
    HGI_TRY(hgi_ctx_team(ctx, &team));
    int64_t threads = hgi_team_size(team), reals = set[2] / (int64_t)sizeof(hgi_real);
    int64_t one =
        hgi_max(M * K + M * N + k->packed_size(K, N), set[1] / (int64_t)sizeof(hgi_real));
    size_t bytes = (size_t)hgi_max(reals, one * threads) * sizeof(hgi_real);
    probe p = {.k = k, .block = hgi_alloc(&ctx->mem, bytes), .each = one};
    if (p.block == NULL) return hgi_fail_mem(ctx, bytes, "measuring the machine");
    memset(p.block, 0, bytes);
    hgi_stage products = {run_products, &p, threads}, relu = {run_relu, &p, threads};
    double flops = 2.0 * M * N * K * PRODUCTS * (double)threads;
    out->flops = flops / hgi_least_seconds(team, &products, 1);
    for (int i = 0; i < HGI_PROBE_SIZES; i++) {
        p.each = i < 2 ? set[i] / (int64_t)sizeof(hgi_real) : reals / threads;
        out->size[i] = (double)p.each * (double)sizeof(hgi_real);
        out->bytes[i] =
            out->size[i] * (double)threads / hgi_least_seconds(team, &relu, 1);
    }
    out->clock = clock_hz();
    hgi_free(&ctx->mem, p.block);
    return HG_OK;
}

double hgi_limits_seconds(const hgi_limits *l, double flops, double bytes, int threads,
                          bool *memory)
{
    int i = 0;
    while (i + 1 < HGI_PROBE_SIZES && l->size[i] < bytes / threads) i++;
    double a = flops / l->flops, b = bytes / l->bytes[i];
    *memory = b > a;
    return b > a ? b : a;
}
