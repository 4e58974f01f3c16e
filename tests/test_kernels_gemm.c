// SPDX-License-Identifier: MIT
/* Matrix product and packing, every instruction set.
 *
 * The strongest check is the contract itself: each element is one chain over ascending k
 * from init, of fused multiply-adds on the vector sets and of rounded products and sums on
 * ref.  So results are compared bit for bit with that chain written out, which also makes
 * them independent of tiles, packing and instruction set.                              */
#include "test_kernels.h"

static bool is_ref(const hgi_kernels *k) { return strcmp(k->name, "ref") == 0; }

/* One element as the contract has it.  The product is kept in a volatile so that no
 * compiler fuses it for ref.                                                           */
static float chain(const hgi_gemm *g, const float *B, int64_t b_row, int64_t m, int64_t n,
                   float init, bool fused)
{
    float c = init;
    for (int64_t k = 0; k < g->K; k++) {
        float a = g->A[m * g->a_row + k * g->a_col], b = B[k * b_row + n];
        volatile float product = a * b;
        c = fused ? fmaf(a, b, c) : c + product;
    }
    return c;
}

typedef struct shape {
    int64_t M, N, K;
    bool transposed, packed;
    int init; /* 0 none, 1 a bias row, 2 C itself */
} shape;

/* One product on fenced memory with gaps between rows, against the chain.              */
static void check_product(const hgi_kernels *k, const shape *s, uint64_t *seed)
{
    test_where("%s M %lld N %lld K %lld transposed %d packed %d init %d", k->name,
               (long long)s->M, (long long)s->N, (long long)s->K, s->transposed,
               s->packed, s->init);
    int64_t gap = pick_int(seed, 0, 3);
    int64_t a_long = s->transposed ? s->M : s->K, a_count = s->transposed ? s->K : s->M;
    int64_t lda = a_long + gap, ldb = s->N + gap, ldc = s->N + gap;
    int64_t a_size = a_count > 0 ? (a_count - 1) * lda + a_long : 0;
    int64_t b_size = s->K > 0 ? (s->K - 1) * ldb + s->N : 0;
    int64_t c_size = s->M > 0 ? (s->M - 1) * ldc + s->N : 0;
    fence A = fence_random(a_size, seed, -1, 1), B = fence_random(b_size, seed, -1, 1);
    fence C = fence_random(c_size, seed, -1, 1), bias = fence_random(s->N, seed, -1, 1);
    fence want = fence_copy(&C, c_size);
    int64_t p_size = k->packed_size(s->K, s->N);
    float *P = aligned_alloc(64, (size_t)(p_size * 4 + 63) / 64 * 64 + 64);
    hgi_gemm g = {.M = s->M, .N = s->N, .K = s->K, .A = A.p, .B = B.p, .C = C.p};
    g.a_row = s->transposed ? 1 : lda;
    g.a_col = s->transposed ? lda : 1;
    g.b_row = ldb;
    g.c_row = ldc;
    g.init = s->init == 0 ? NULL : s->init == 1 ? bias.p : C.p;
    g.init_row = s->init == 2 ? ldc : 0;
    for (int64_t m = 0; m < s->M; m++)
        for (int64_t n = 0; n < s->N; n++) {
            float init = g.init ? g.init[m * g.init_row + n] : 0;
            want.p[m * ldc + n] = chain(&g, B.p, ldb, m, n, init, !is_ref(k));
        }
    if (s->packed) {
        k->pack(s->K, s->N, B.p, ldb, 1, P);
        g.B = P;
        g.b_row = HGI_PACKED;
    }
    k->gemm(&g);
    CHECK_INT(first_difference(C.p, want.p, c_size), c_size);
    free(P);
    fence_free(&A, a_size);
    fence_free(&B, b_size);
    fence_free(&C, c_size);
    fence_free(&bias, s->N);
    fence_free(&want, c_size);
}

TEST_ON_ALL(a_product_is_the_chain_of_its_contract)
{
    uint64_t seed = 1;
    for (int i = 0; i < 300; i++) {
        shape s = {
            .M = pick_int(&seed, 0, 40),
            .N = pick_int(&seed, 0, 110),
            .K = pick_int(&seed, 0, 70),
            .transposed = pick_int(&seed, 0, 1),
            .packed = pick_int(&seed, 0, 1),
            .init = (int)pick_int(&seed, 0, 2),
        };
        check_product(k, &s, &seed);
    }
}

/* Longer than one block of rows and of k.                                              */
TEST_ON_ALL(a_long_product_is_the_chain_of_its_contract)
{
    uint64_t seed = 2;
    static const shape shapes[] = {
        {200, 33, 17, false, true, 1}, {97, 50, 257, true, false, 0},
        {3, 49, 1000, false, true, 2}, {1, 100, 513, false, false, 1},
        {8, 48, 256, true, true, 2},   {64, 16, 784, false, true, 1},
    };
    for (int64_t i = 0; i < HGI_COUNT(shapes); i++) check_product(k, &shapes[i], &seed);
}

TEST_ON_ALL(every_small_tile_size_is_right)
{
    uint64_t seed = 3;
    for (int64_t M = 1; M <= 9; M++)
        for (int64_t N = 1; N <= 50; N++) {
            shape s = {M, N, 5, false, (M + N) % 2 == 0, (int)((M + N) % 3)};
            check_product(k, &s, &seed);
        }
}

/* Each rounding adds at most ROUNDING of a partial sum, which is at most S = |init| +
 * sum |a b|; ref rounds 2K times, the chain of fused multiply-adds K times.            */
TEST_ON_VECTORS(a_product_is_near_ref)
{
    enum { M = 13, N = 61, K = 300 };
    uint64_t seed = 4;
    fence A = fence_random(M * K, &seed, -1, 1), B = fence_random(K * N, &seed, -1, 1);
    static float got[M * N], want[M * N];
    hgi_gemm g = {M, N, K, A.p, K, 1, B.p, N, NULL, 0, got, N};
    k->gemm(&g);
    g.C = want;
    kernels_ref()->gemm(&g);
    for (int64_t i = 0; i < M * N; i++) {
        double S = 0;
        for (int64_t j = 0; j < K; j++)
            S += fabs((double)A.p[i / N * K + j] * (double)B.p[j * N + i % N]);
        CHECK_NEAR(got[i], want[i], 3 * K * ROUNDING * S);
    }
}

/* M, N (packed: at panels) and K cut in pieces at odd places.                          */
TEST_ON_ALL(a_product_cut_in_pieces_has_the_same_bits)
{
    enum { M = 45, N = 230, K = 311 };
    uint64_t seed = 5;
    fence A = fence_random(M * K, &seed, -1, 1), B = fence_random(K * N, &seed, -1, 1);
    static float whole[M * N], pieces[M * N];
    hgi_gemm g = {M, N, K, A.p, K, 1, B.p, N, NULL, 0, whole, N};
    k->gemm(&g);
    int64_t m_cut[] = {0, 1, 20, M}, n_cut[] = {0, 33, 95, N}, k_cut[] = {0, 100, 101, K};
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

    float *P = aligned_alloc(64, (size_t)(k->packed_size(K, N) * 4 + 63) / 64 * 64);
    k->pack(K, N, B.p, N, 1, P);
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

/* B packed from its transpose, and from strides of no special kind, is the same bytes. */
TEST_ON_ALL(packing_a_transpose_gives_the_same_panels)
{
    uint64_t seed = 6;
    for (int i = 0; i < 60; i++) {
        int64_t K = pick_int(&seed, 0, 40), N = pick_int(&seed, 0, 110),
                gap = pick_int(&seed, 0, 2);
        test_where("%s K %lld N %lld", k->name, (long long)K, (long long)N);
        int64_t size = k->packed_size(K, N), t_size = N > 0 ? (N - 1) * (K + gap) + K : 0;
        fence B = fence_random(K * N, &seed, -1, 1),
              T = fence_random(t_size, &seed, -1, 1);
        fence wide = fence_random(2 * K * N, &seed, -1, 1);
        for (int64_t j = 0; j < K * N; j++) {
            T.p[j % N * (K + gap) + j / N] = B.p[j];
            wide.p[2 * j] = B.p[j];
        }
        fence p[3];
        for (int j = 0; j < 3; j++) p[j] = fence_new(size);
        k->pack(K, N, B.p, N, 1, p[0].p);
        k->pack(K, N, T.p, 1, K + gap, p[1].p);
        k->pack(K, N, wide.p, 2 * N, 2, p[2].p);
        CHECK_INT(first_difference(p[0].p, p[1].p, size), size);
        CHECK_INT(first_difference(p[0].p, p[2].p, size), size);
        for (int j = 0; j < 3; j++) fence_free(&p[j], size);
        fence_free(&B, K * N);
        fence_free(&T, t_size);
        fence_free(&wide, 2 * K * N);
    }
}

TEST_ON_ALL(a_product_lets_nan_and_inf_through)
{
    enum { M = 9, N = 53, K = 20 };
    uint64_t seed = 7;
    fence A = fence_random(M * K, &seed, -1, 1), B = fence_random(K * N, &seed, -1, 1);
    static float C[M * N];
    A.p[3 * K + 7] = NAN;
    A.p[8 * K + 19] = INFINITY;
    B.p[5 * N + 52] = 0;
    A.p[0 * K + 5] = INFINITY;
    hgi_gemm g = {M, N, K, A.p, K, 1, B.p, N, NULL, 0, C, N};
    k->gemm(&g);
    for (int64_t n = 0; n < N; n++) CHECK(isnan(C[3 * N + n]));
    for (int64_t n = 0; n < N; n++) CHECK(isinf(C[8 * N + n]));
    CHECK(isnan(C[52])); /* Inf * 0 */
    CHECK(isfinite(C[4 * N]));
}

TEST(no_table_is_left_untested)
{
    static const char *const sets[] = {"ref", TEST_SETS};
    int n = 0;
    for (const hgi_kernels *k; (k = hgi_kernels_at(n)) != NULL; n++) {
        bool tested = false;
        for (int i = 0; i < HGI_COUNT(sets); i++)
            tested = tested || strcmp(k->name, sets[i]) == 0;
        CHECK(tested);
    }
    CHECK(n >= 1);
    const hgi_kernels *best = NULL;
    CHECK_INT(hgi_kernels_pick(NULL, &best), HG_OK);
    CHECK(best == hgi_kernels_at(n - 1));
    CHECK_INT(hgi_kernels_pick("avx1024", &best), HG_EUNKNOWN);
}

TEST(activations_are_found_by_their_words)
{
    for (int i = 0; i < HGI_ACT_COUNT; i++) {
        hgi_act act = HGI_ACT_COUNT;
        CHECK(hgi_act_find(hgi_act_name((hgi_act)i), &act));
        CHECK_INT(act, i);
    }
    hgi_act act;
    CHECK(!hgi_act_find("rel", &act));
    CHECK(!hgi_act_find("", &act));
}

/* ---- speed ------------------------------------------------------------------------- */

typedef struct gemm_run {
    const hgi_kernels *k;
    hgi_gemm g;
} gemm_run;

static void run_gemm(void *arg)
{
    gemm_run *r = arg;
    r->k->gemm(&r->g);
}

/* The shapes of a step of a dense autoencoder: forward, input and weight gradient.     */
static const struct {
    const char *what;
    shape s;
    int64_t a_far, ldb; /* 0: as the shape has it */
} speeds[] = {
    {"forward 64x32x784", {64, 32, 784, false, true, 0}, 0, 0},
    {"forward 64x784x32", {64, 784, 32, false, true, 0}, 0, 0},
    {"forward 64x1000x784", {64, 1000, 784, false, true, 0}, 0, 0},
    {"forward 64x30x250", {64, 30, 250, false, true, 0}, 0, 0},
    {"input gradient 64x784x32", {64, 784, 32, false, false, 0}, 0, 784},
    {"weight gradient 32x112x256", {32, 112, 256, true, false, 2}, 32, 784},
    {"weight gradient 112x32x256", {112, 32, 256, true, false, 2}, 784, 32},
};

BENCH(speed_of_the_matrix_product)
{
    uint64_t seed = 8;
    for (int64_t i = 0; i < HGI_COUNT(speeds); i++) {
        const shape *s = &speeds[i].s;
        int64_t lda = speeds[i].a_far ? speeds[i].a_far : s->K;
        int64_t ldb = speeds[i].ldb ? speeds[i].ldb : s->N;
        printf("%-28s", speeds[i].what);
        const hgi_kernels *k;
        for (int j = 0; (k = hgi_kernels_at(j)) != NULL; j++) {
            int64_t a_size = (s->transposed ? s->K : s->M) * lda;
            fence A = fence_random(a_size, &seed, -1, 1),
                  B = fence_random(s->K * ldb, &seed, -1, 1);
            int64_t ldc = hgi_max(s->N, ldb);
            float *C = calloc((size_t)(s->M * ldc), sizeof *C);
            float *P = aligned_alloc(64, (size_t)(k->packed_size(s->K, s->N) * 4 + 63) /
                                             64 * 64);
            gemm_run r = {k, {s->M, s->N, s->K, A.p, lda, 1, B.p, ldb, NULL, 0, C, ldc}};
            if (s->transposed) {
                r.g.a_row = 1;
                r.g.a_col = lda;
                r.g.init = C;
                r.g.init_row = ldc;
            }
            if (s->packed) {
                k->pack(s->K, s->N, B.p, ldb, 1, P);
                r.g.B = P;
                r.g.b_row = HGI_PACKED;
            }
            double flops = 2.0 * (double)(s->M * s->N * s->K);
            printf("  %s %7.1f GFLOP/s", k->name, flops / seconds_of(run_gemm, &r) / 1e9);
            free(C);
            free(P);
            fence_free(&A, a_size);
            fence_free(&B, s->K * ldb);
        }
        printf("\n");
    }
}
