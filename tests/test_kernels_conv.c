// SPDX-License-Identifier: MIT
/* Convolution and the sum of its weight's gradient, every instruction set.
 *
 * As for the matrix product the check is the contract: each element is one chain, of fused
 * multiply-adds on the vector sets and of rounded products and sums on ref, compared bit
 * for bit; that also makes it independent of tiles and instruction set.                */
#include "test_kernels.h"

static float step(const hgi_kernels *k, float a, float b, float c)
{
    volatile float product = a * b; /* volatile: not to be fused for ref */
    return strcmp(k->name, "ref") == 0 ? c + product : fmaf(a, b, c);
}

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

/* B [blocks * channels, N] row-major. */
static float conv_chain(const hgi_kernels *k, const hgi_conv *g, const float *B,
                        int64_t r, int64_t p, int64_t q, int64_t n)
{
    float c = g->init ? g->init[n] : 0;
    for (int64_t i = 0; i < g->y.taps; i++)
        for (int64_t j = 0; j < g->x.taps; j++)
            for (int64_t d = 0; d < g->channels; d++) {
                int64_t y = p * g->y.step + i * g->y.tap + g->y.first;
                int64_t x = q * g->x.step + j * g->x.tap + g->x.first;
                bool in = y >= 0 && y < g->y.size && x >= 0 && x < g->x.size;
                const float *a = g->A + r * g->a_image;
                int64_t row = (i * g->y.b_tap + j * g->x.b_tap) * g->channels + d;
                c = step(k, in ? a[(y * g->x.size + x) * g->channels + d] : 0,
                         B[row * g->N + n], c);
            }
    return c;
}

/* B [blocks * channels, N] as conv takes it; from malloc.                              */
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
    test_where("%s %lld images, %lld of %lldx%lld, %lldx%lld taps, %lld to %lld channels",
               k->name, (long long)g.images, (long long)(g.y.count * g.x.count),
               (long long)g.y.size, (long long)g.x.size, (long long)g.y.taps,
               (long long)g.x.taps, (long long)g.channels, (long long)g.N);
    int64_t blocks =
        hgi_max(0, g.y.taps - 1) * g.y.b_tap + hgi_max(0, g.x.taps - 1) * g.x.b_tap + 1;
    int64_t K = blocks * g.channels, gap = pick_int(seed, 0, 3);
    int64_t a_image = g.y.size * g.x.size * g.channels, a_size = g.images * a_image;
    g.x.c_step = g.N + gap;
    g.y.c_step = hgi_max(1, g.x.count) * g.x.c_step + gap;
    g.c_image = hgi_max(1, g.y.count) * g.y.c_step;
    bool none = g.images * g.y.count * g.x.count * g.N == 0;
    int64_t c_size = none ? 0
                          : (g.images - 1) * g.c_image + (g.y.count - 1) * g.y.c_step +
                                (g.x.count - 1) * g.x.c_step + g.N;
    fence A = fence_random(a_size, seed, -1, 1), B = fence_random(K * g.N, seed, -1, 1);
    fence C = fence_random(c_size, seed, -1, 1), bias = fence_random(g.N, seed, -1, 1);
    fence want = fence_copy(&C, c_size);
    float *P = packed_blocks(k, blocks, g.channels, g.N, B.p);
    g.A = A.p;
    g.a_image = a_image;
    g.B = P;
    g.init = pick_int(seed, 0, 1) == 1 ? bias.p : NULL;
    g.C = C.p;
    for (int64_t r = 0; r < g.images; r++)
        for (int64_t p = 0; p < g.y.count; p++)
            for (int64_t q = 0; q < g.x.count; q++)
                for (int64_t n = 0; n < g.N; n++)
                    want.p[r * g.c_image + p * g.y.c_step + q * g.x.c_step + n] =
                        conv_chain(k, &g, B.p, r, p, q, n);
    k->conv(&g);
    CHECK_INT(first_difference(C.p, want.p, c_size), c_size);
    free(P);
    fence_free(&A, a_size);
    fence_free(&B, K * g.N);
    fence_free(&C, c_size);
    fence_free(&bias, g.N);
    fence_free(&want, c_size);
}

TEST_ON_ALL(a_convolution_is_the_chain_of_its_contract)
{
    uint64_t seed = 1;
    for (int i = 0; i < 400; i++) {
        hgi_conv g = {.images = pick_int(&seed, 0, 3), .channels = pick_int(&seed, 0, 9)};
        g.N = pick_int(&seed, 0, k->conv_panel);
        g.y = random_axis(&seed);
        g.x = random_axis(&seed);
        check_conv(k, g, &seed);
    }
}

/* More channels than run between two look-ups, more of B than stays in the cache.      */
TEST_ON_ALL(a_convolution_over_many_channels_is_the_chain_of_its_contract)
{
    static const int64_t channels[] = {64, 256, 257, 600};
    uint64_t seed = 2;
    for (int i = 0; i < HGI_COUNT(channels); i++) {
        hgi_conv_axis axis = {5, 5, 3, 1, 1, -1, 3, 0};
        hgi_conv g = {
            .images = 2, .channels = channels[i], .N = k->conv_panel, .y = axis};
        g.x = axis;
        g.x.b_tap = 1;
        check_conv(k, g, &seed);
    }
}

TEST_ON_ALL(a_sum_over_three_loops_is_the_chain_of_its_contract)
{
    uint64_t seed = 3;
    for (int round = 0; round < 300; round++) {
        hgi_outer g = {.M = pick_int(&seed, 0, 20), .N = pick_int(&seed, 0, 110)};
        int64_t a_size = g.M, b_size = g.N, ldc = g.N + pick_int(&seed, 0, 3);
        for (int i = 3; i-- > 0;) {
            g.count[i] = pick_int(&seed, 0, 5);
            g.a[i] = a_size;
            g.b[i] = b_size;
            a_size *= hgi_max(1, g.count[i]);
            b_size *= hgi_max(1, g.count[i]);
        }
        int64_t c_size = g.M > 0 ? (g.M - 1) * ldc + g.N : 0;
        test_where("%s M %lld N %lld, %lld x %lld x %lld", k->name, (long long)g.M,
                   (long long)g.N, (long long)g.count[0], (long long)g.count[1],
                   (long long)g.count[2]);
        fence A = fence_random(a_size, &seed, -1, 1),
              B = fence_random(b_size, &seed, -1, 1);
        fence C = fence_random(c_size, &seed, -1, 1), want = fence_copy(&C, c_size);
        g.A = A.p;
        g.B = B.p;
        g.C = C.p;
        g.init = round % 2 == 0 ? C.p : NULL;
        g.init_row = g.c_row = ldc;
        int64_t total = g.count[0] * g.count[1] * g.count[2];
        for (int64_t e = 0; e < g.M * g.N; e++) {
            int64_t m = e / g.N, n = e % g.N;
            float c = g.init ? want.p[m * ldc + n] : 0;
            for (int64_t at = 0; at < total; at++)
                c = step(k, A.p[at * g.M + m], B.p[at * g.N + n], c);
            want.p[m * ldc + n] = c;
        }
        k->outer(&g);
        CHECK_INT(first_difference(C.p, want.p, c_size), c_size);
        fence_free(&A, a_size);
        fence_free(&B, b_size);
        fence_free(&C, c_size);
        fence_free(&want, c_size);
    }
}

/* Each rounding adds at most ROUNDING of a partial sum, which is at most K here (inputs
 * within 1); ref rounds 2K times, the chain of fused multiply-adds K times.            */
TEST_ON_VECTORS(a_convolution_is_near_ref)
{
    enum { SIDE = 6, CHANNELS = 20, N = 11, K = 9 * CHANNELS };
    uint64_t seed = 4;
    static float got[SIDE * SIDE * N], want[SIDE * SIDE * N];
    fence A = fence_random(SIDE * SIDE * CHANNELS, &seed, -1, 1),
          B = fence_random(K * N, &seed, -1, 1);
    hgi_conv_axis y = {SIDE, SIDE, 3, 1, 1, -1, 3, SIDE * N},
                  x = {SIDE, SIDE, 3, 1, 1, -1, 1, N};
    hgi_conv g = {1, CHANNELS, N, y, x, A.p, 0, NULL, NULL, got, 0};
    float *P = packed_blocks(k, 9, CHANNELS, N, B.p);
    g.B = P;
    k->conv(&g);
    free(P);
    g.B = B.p; /* of one panel, ref's blocks are the matrix itself */
    g.C = want;
    kernels_ref()->conv(&g);
    for (int64_t i = 0; i < SIDE * SIDE * N; i++)
        CHECK_NEAR(got[i], want[i], 3 * K * ROUNDING * K);
}

/* ---- speed ------------------------------------------------------------------------- */

typedef struct conv_bench {
    const hgi_kernels *k;
    hgi_conv conv;
    hgi_outer outer;
} conv_bench;

static void run_conv(void *arg)
{
    conv_bench *r = arg;
    r->k->conv(&r->conv);
}

static void run_outer(void *arg)
{
    conv_bench *r = arg;
    r->k->outer(&r->outer);
}

/* 3x3, stride 1, of a few images: forward of one panel, and one tap's gradient.        */
static const struct {
    int64_t images, side, from, to;
} speeds[] = {{4, 14, 32, 32}, {4, 7, 64, 48}, {4, 8, 128, 48}, {4, 16, 64, 32}};

BENCH(speed_of_convolutions)
{
    uint64_t seed = 5;
    for (int64_t i = 0; i < HGI_COUNT(speeds); i++) {
        int64_t n = speeds[i].images, side = speeds[i].side, C = speeds[i].from;
        printf("%lld images %lldx%lldx%lld to %lld:", (long long)n, (long long)side,
               (long long)side, (long long)C, (long long)speeds[i].to);
        const hgi_kernels *k;
        for (int j = 0; (k = hgi_kernels_at(j)) != NULL; j++) {
            int64_t N = hgi_min(k->conv_panel, speeds[i].to), place = side * side;
            fence A = fence_random(n * place * C, &seed, -1, 1),
                  B = fence_random(n * place * N, &seed, -1, 1);
            float *G = calloc((size_t)(C * N), sizeof *G);
            fence W = fence_random(9 * C * N, &seed, -1, 1);
            float *P = packed_blocks(k, 9, C, N, W.p);
            hgi_conv_axis y = {side, side, 3, 1, 1, -1, 3, side * N},
                          x = {side, side, 3, 1, 1, -1, 1, N};
            conv_bench r = {
                k, {n, C, N, y, x, A.p, place * C, P, NULL, B.p, place * N}, {0}};
            double flops = 2.0 * (double)(n * place * C * N);
            printf("  %s %6.1f", k->name, 9 * flops / seconds_of(run_conv, &r) / 1e9);
            r.outer = (hgi_outer){.M = C, .N = N, .count = {n, side, side}};
            r.outer.A = A.p;
            r.outer.B = B.p;
            r.outer.C = G;
            r.outer.c_row = N;
            int64_t step_of[] = {place, side, 1};
            for (int d = 0; d < 3; d++) {
                r.outer.a[d] = step_of[d] * C;
                r.outer.b[d] = step_of[d] * N;
            }
            printf(" and %6.1f GFLOP/s", flops / seconds_of(run_outer, &r) / 1e9);
            free(P);
            free(G);
            fence_free(&A, n * place * C);
            fence_free(&B, n * place * N);
            fence_free(&W, 9 * C * N);
        }
        printf("\n");
    }
}
