// SPDX-License-Identifier: MIT
/* Products in bf16, every instruction set that has them, and the AMX product on a model
 * of its unit.
 *
 * Sets add the products of a block of k in orders of their own, so a result is held
 * against the exact sum of rounded factors: each of the at most 2 K additions rounds once,
 * by half a unit of the sum of absolute products at most.  That a result does not depend on
 * how rows, columns and blocks are cut is checked to the bit.                          */
#include "test_products.h"

static float *packed_of(const hgi_kernels *k, int64_t K, int64_t N, const float *B,
                        int64_t row, int64_t col)
{
    size_t size = (size_t)(k->packed_size(K, N) * 4 + 63) / 64 * 64 + 64;
    float *p = aligned_alloc(64, size);
    memset(p, 0xff, size);
    k->pack(K, N, B, row, col, p);
    return p;
}

typedef struct shape {
    int64_t M, N, K;
    int a_layout; /* 0 rows, 1 columns, 2 every second of a row */
    int b_layout; /* 0 as it lies, 1 packed, 2 packed from its transpose, 3 odd strides */
    int init;     /* 0 none, 1 a bias row, 2 C itself */
} shape;

static void check_product(const hgi_kernels *k, const shape *s, uint64_t *seed)
{
    int64_t M = s->M, N = s->N, K = s->K, gap = pick_int(seed, 0, 3);
    test_where("%s M %lld N %lld K %lld A %d B %d init %d", k->name, (long long)M,
               (long long)N, (long long)K, s->a_layout, s->b_layout, s->init);
    hgi_gemm g = {.M = M, .N = N, .K = K};
    g.a_row = s->a_layout == 1 ? 1 : s->a_layout == 2 ? 2 * K + gap : K + gap;
    g.a_col = s->a_layout == 1 ? M + gap : s->a_layout == 2 ? 2 : 1;
    int64_t a_size = M > 0 && K > 0 ? (M - 1) * g.a_row + (K - 1) * g.a_col + 1 : 0;
    bool turned = s->b_layout == 2;
    int64_t b_row = turned ? 1 : s->b_layout == 3 ? 2 * N + gap : N + gap;
    int64_t b_col = turned ? K + gap : s->b_layout == 3 ? 2 : 1;
    int64_t b_size = N > 0 && K > 0 ? (K - 1) * b_row + (N - 1) * b_col + 1 : 0;
    g.c_row = N + gap;
    int64_t c_size = M > 0 && N > 0 ? (M - 1) * g.c_row + N : 0;
    fence A = fence_random(a_size, seed, -1, 1), B = fence_random(b_size, seed, -1, 1);
    fence C = fence_random(c_size, seed, -1, 1), bias = fence_random(N, seed, -1, 1);
    fence old = fence_copy(&C, c_size);
    g.A = A.p;
    g.C = C.p;
    g.init = s->init == 0 ? NULL : s->init == 1 ? bias.p : C.p;
    g.init_row = s->init == 2 ? g.c_row : 0;
    float *P = s->b_layout > 0 ? packed_of(k, K, N, B.p, b_row, b_col) : NULL;
    g.B = P != NULL ? P : B.p;
    g.b_row = P != NULL ? HGI_PACKED : b_row;
    k->gemm(&g);
    for (int64_t m = 0; m < M; m++)
        for (int64_t n = 0; n < N; n++) {
            double sum = s->init == 0   ? 0
                         : s->init == 1 ? (double)bias.p[n]
                                        : (double)old.p[m * g.c_row + n];
            double size = fabs(sum);
            for (int64_t j = 0; j < K; j++) {
                double p = rounded(A.p[m * g.a_row + j * g.a_col]) *
                           rounded(B.p[j * b_row + n * b_col]);
                sum += p;
                size += fabs(p);
            }
            double slack = (double)(2 * K + 2) * ROUNDING * size;
            CHECK_NEAR(C.p[m * g.c_row + n], sum, slack);
        }
    for (int64_t i = 0; i < c_size; i++) /* gaps between rows stay as they were */
        if (i % g.c_row >= N) CHECK(C.p[i] == old.p[i]);
    free(P);
    fence_free(&A, a_size);
    fence_free(&B, b_size);
    fence_free(&C, c_size);
    fence_free(&bias, N);
    fence_free(&old, c_size);
}

TEST_ON_PRODUCTS(a_product_in_bf16_is_the_sum_of_rounded_factors)
{
    uint64_t seed = 11;
    for (int i = 0; i < 200; i++) {
        shape s = {pick_int(&seed, 0, 70),     pick_int(&seed, 0, 110),
                   pick_int(&seed, 0, 70),     (int)pick_int(&seed, 0, 2),
                   (int)pick_int(&seed, 0, 3), (int)pick_int(&seed, 0, 2)};
        check_product(k, &s, &seed);
    }
    static const shape long_ones[] = {{70, 33, 1100, 0, 1, 1},
                                      {140, 50, 513, 1, 0, 2},
                                      {3, 65, 515, 2, 3, 0},
                                      {1, 100, 1025, 0, 2, 1}};
    for (int64_t i = 0; i < HGI_COUNT(long_ones); i++)
        check_product(k, &long_ones[i], &seed);
}

/* Whole, and in pieces: rows and columns anywhere (packed: at panels), K at 32s.       */
TEST_ON_PRODUCTS(a_product_in_bf16_cut_in_pieces_has_the_same_bits)
{
    enum { M = 75, N = 230, K = 613 };
    uint64_t seed = 12;
    fence A = fence_random(M * K, &seed, -1, 1), B = fence_random(K * N, &seed, -1, 1);
    static float whole[M * N], pieces[M * N];
    hgi_gemm g = {M, N, K, A.p, K, 1, B.p, N, NULL, 0, whole, N};
    k->gemm(&g);
    int64_t m_cut[] = {0, 1, 20, M}, n_cut[] = {0, 33, 95, N}, k_cut[] = {0, 32, 544, K};
    for (int i = 0; i < 27; i++) {
        int64_t m = m_cut[i / 9], n = n_cut[i / 3 % 3], from = k_cut[i % 3];
        hgi_gemm part = g;
        part.M = m_cut[i / 9 + 1] - m;
        part.N = n_cut[i / 3 % 3 + 1] - n;
        part.K = k_cut[i % 3 + 1] - from;
        part.A = A.p + m * K + from;
        part.B = B.p + from * N + n;
        part.C = pieces + m * N + n;
        part.init = from > 0 ? part.C : NULL;
        part.init_row = N;
        k->gemm(&part);
    }
    CHECK_INT(first_difference(whole, pieces, M * N), M * N);
    float *P = packed_of(k, K, N, B.p, N, 1);
    memset(pieces, 0, sizeof pieces);
    for (int64_t n = 0; n < N; n += 2 * k->panel) {
        hgi_gemm part = g;
        part.N = hgi_min(2 * k->panel, N - n);
        part.B = P + k->packed_size(K, n);
        part.b_row = HGI_PACKED;
        part.C = pieces + n;
        k->gemm(&part);
    }
    CHECK_INT(first_difference(whole, pieces, M * N), M * N);
    free(P);
}

/* Ties go to the even neighbour, denormals are 0, and what is no number stays none.    */
TEST_ON_PRODUCTS(factors_round_as_bf16_does)
{
    static const float from[] = {1,          0x1.01p0f, 0x1.03p0f,      0x1.0100020p0f,
                                 -0x1.03p0f, 0x1p-130f, 0x1.fffffep10f, 0x1.fep100f};
    static const float to[] = {1,          1, 0x1.04p0f, 0x1.02p0f,
                               -0x1.04p0f, 0, 0x1p11f,   0x1.fep100f};
    for (int64_t i = 0; i < HGI_COUNT(from); i++) {
        float one = 1, c = 7;
        hgi_gemm g = {1, 1, 1, &from[i], 1, 1, &one, 1, NULL, 0, &c, 1};
        k->gemm(&g);
        CHECK(c == to[i]);
    }
    const float bad[] = {NAN, INFINITY};
    for (int64_t i = 0; i < HGI_COUNT(bad); i++) {
        float one = 1, c = 7;
        hgi_gemm g = {1, 1, 1, &bad[i], 1, 1, &one, 1, NULL, 0, &c, 1};
        k->gemm(&g);
        CHECK(i == 0 ? isnan(c) : isinf(c));
    }
}

TEST(a_mix_takes_products_from_one_table_and_the_rest_from_another)
{
    hgi_kernels mix;
    const hgi_kernels *base = kernels_ref();
    hgi_kernels_mix(base, &hgk_table_ref_bf16, &mix);
    CHECK_STR(mix.name, "ref-bf16");
    CHECK_INT(mix.bf16, 1);
    CHECK(mix.gemm == hgk_table_ref_bf16.gemm && mix.gemm != base->gemm);
    CHECK(mix.pack == hgk_table_ref_bf16.pack);
    CHECK(mix.loss == base->loss && mix.adam == base->adam);
}

/* ---- speed ------------------------------------------------------------------------- */

typedef struct run_of {
    const hgi_kernels *k;
    hgi_gemm g;
} run_of;

static void run_product(void *arg)
{
    run_of *r = arg;
    r->k->gemm(&r->g);
}

BENCH(speed_of_the_product_in_bf16)
{
    static const shape shapes[] = {{64, 32, 784, 0, 1, 0},   {64, 784, 32, 0, 1, 0},
                                   {64, 1000, 784, 0, 1, 0}, {64, 784, 32, 0, 0, 0},
                                   {32, 112, 256, 1, 0, 0},  {112, 32, 256, 1, 0, 0},
                                   {112, 128, 256, 1, 0, 0}};
    const hgi_kernels *k;
    if (hgi_kernels_pick_bf16(NULL, &k) != HG_OK) SKIP("this CPU or build has no bf16");
    for (int64_t i = 0; i < HGI_COUNT(shapes); i++) {
        const shape *s = &shapes[i];
        uint64_t seed = 13;
        fence A = fence_random(s->M * s->K, &seed, -1, 1),
              B = fence_random(s->K * s->N, &seed, -1, 1);
        float *C = calloc((size_t)(s->M * s->N), sizeof *C), *P = NULL;
        run_of r = {k, {s->M, s->N, s->K, A.p, s->K, 1, B.p, s->N, NULL, 0, C, s->N}};
        if (s->a_layout == 1) {
            r.g.a_row = 1;
            r.g.a_col = s->M;
        }
        if (s->b_layout == 1) {
            r.g.B = P = packed_of(k, s->K, s->N, B.p, s->N, 1);
            r.g.b_row = HGI_PACKED;
        }
        double flops = 2.0 * (double)(s->M * s->N * s->K);
        printf("%3lld x %4lld x %3lld, A %s, B %-7s %s %7.1f GFLOP/s\n", (long long)s->M,
               (long long)s->N, (long long)s->K, s->a_layout == 1 ? "turned" : "rows  ",
               P != NULL ? "packed" : "as is", k->name,
               flops / seconds_of(run_product, &r) / 1e9);
        free(C);
        free(P);
    }
}
