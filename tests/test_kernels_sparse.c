// SPDX-License-Identifier: MIT
/* Products with rows that are mostly zeros: the same bits as the dense product, on every
 * table, because both are one chain of multiply-adds and 0 adds nothing.  No tolerance. */
#include "test_kernels.h"

enum { MOST_ROWS = 37, MOST_COLUMNS = 700, MOST_UNITS = 130 };

typedef struct lists {
    hgi_sparse s;
    float *x; /* [R, C], a fifth not 0 */
} lists;

static float value(uint64_t i)
{
    return (float)((double)((i * 2654435761u) % 2001) / 1000.0 - 1.0);
}

static lists make_lists(const hgi_kernels *k, int64_t R, int64_t C)
{
    int64_t tiles = hgi_ceil_div(C, HGI_SPARSE_TILE);
    lists l = {.x = fence_new(R * C).p};
    l.s.ld_index = hgi_ceil_div(C, 16) * 16;
    l.s.ld_start = tiles + 1;
    l.s.index = (int32_t *)(void *)fence_new(R * l.s.ld_index).p;
    l.s.start = (int32_t *)(void *)fence_new(R * l.s.ld_start).p;
    for (int64_t i = 0; i < R * C; i++)
        l.x[i] = (i * 7 + i / 11) % 5 == 0 ? value((uint64_t)i) : 0.0f;
    k->find_nonzeros(R, C, l.x, C, &l.s);
    return l;
}

TEST_ON_ALL(nonzeros_are_listed_once_in_order_by_tiles)
{
    const int64_t columns[] = {1, 15, 16, 17, 127, 128, 129, 300, 700};
    for (int i = 0; i < 9; i++) {
        int64_t R = 5, C = columns[i], tiles = hgi_ceil_div(C, HGI_SPARSE_TILE);
        lists l = make_lists(k, R, C);
        if (C > 3) l.x[3] = NAN; /* is not 0 */
        k->find_nonzeros(R, C, l.x, C, &l.s);
        for (int64_t r = 0; r < R; r++) {
            const int32_t *start = l.s.start + r * l.s.ld_start;
            int32_t n = 0;
            for (int64_t c = 0; c < C; c++) {
                if (c % HGI_SPARSE_TILE == 0) CHECK_INT(start[c / HGI_SPARSE_TILE], n);
                if (!(l.x[r * C + c] == 0.0f))
                    CHECK_INT(l.s.index[r * l.s.ld_index + n++], c);
            }
            CHECK_INT(start[tiles], n);
        }
    }
}

TEST_ON_ALL(a_sparse_product_has_the_bits_of_the_dense_one)
{
    const int64_t shapes[][3] = {{1, 1, 1},   {3, 30, 129},  {4, 32, 700}, {37, 49, 300},
                                 {9, 97, 64}, {5, 130, 200}, {8, 16, 16}};
    for (int i = 0; i < 7; i++) {
        int64_t M = shapes[i][0], N = shapes[i][1], K = shapes[i][2];
        test_where("%d x %d x %d", (int)M, (int)N, (int)K);
        lists l = make_lists(k, M, K);
        float *B = calloc((size_t)(K * N), sizeof *B);
        float *packed = aligned_alloc(64, (size_t)(k->packed_size(K, N) + 16) / 16 * 64);
        float *bias = fence_new(N).p, *want = fence_new(M * N).p;
        fence out = fence_new(M * N);
        for (int64_t j = 0; j < K * N; j++) B[j] = value((uint64_t)j + 17);
        for (int64_t j = 0; j < N; j++) bias[j] = value((uint64_t)j + 5);
        k->pack(K, N, B, N, 1, packed);
        hgi_gemm g = {.M = M,
                      .N = N,
                      .K = K,
                      .A = l.x,
                      .a_row = K,
                      .a_col = 1,
                      .B = packed,
                      .b_row = HGI_PACKED,
                      .init = bias,
                      .C = want,
                      .c_row = N};
        k->gemm(&g);
        g.C = out.p;
        k->sparse_gemm(&g, &l.s);
        CHECK(memcmp(want, out.p, (size_t)(M * N) * sizeof *want) == 0);
        g.init = NULL;
        g.C = want;
        k->gemm(&g);
        g.C = out.p;
        k->sparse_gemm(&g, &l.s);
        CHECK(memcmp(want, out.p, (size_t)(M * N) * sizeof *want) == 0);
        fence_free(&out, M * N);
        free(B);
        free(packed);
    }
}

TEST_ON_ALL(a_sparse_outer_product_has_the_bits_of_the_dense_one)
{
    const int64_t shapes[][3] = {{1, 1, 1}, {37, 700, 112}, {20, 300, 30}, {5, 129, 65}};
    for (int i = 0; i < 4; i++) {
        int64_t R = shapes[i][0], C = shapes[i][1], H = shapes[i][2];
        test_where("%d rows, %d columns, %d units", (int)R, (int)C, (int)H);
        lists l = make_lists(k, R, C);
        float *y = fence_new(R * H).p;
        for (int64_t j = 0; j < R * H; j++) y[j] = value((uint64_t)j + 3);
        for (int64_t t = 0; t < hgi_ceil_div(C, HGI_SPARSE_TILE); t++) {
            int64_t c = t * HGI_SPARSE_TILE, wide = hgi_min(HGI_SPARSE_TILE, C - c);
            float *want = fence_new(H * wide).p;
            fence out = fence_new(H * wide);
            hgi_gemm g = {.M = H,
                          .N = wide,
                          .K = R,
                          .A = y,
                          .a_row = 1,
                          .a_col = H,
                          .B = l.x + c,
                          .b_row = C,
                          .C = want,
                          .c_row = wide};
            k->gemm(&g);
            k->sparse_outer(R, wide, H, &l.s, t, l.x, C, y, H, out.p, wide);
            CHECK(memcmp(want, out.p, (size_t)(H * wide) * sizeof *want) == 0);
            fence_free(&out, H * wide);
        }
    }
}

/* ---- speed: a row of 784, a fifth not 0, 32 units ------------------------------------ */

enum { SPEED_ROWS = 256, SPEED_COLUMNS = 784, SPEED_UNITS = 32 };

typedef struct work {
    const hgi_kernels *k;
    lists l;
    hgi_gemm g;
    float *y, *out;
} work;

static void run_lists(void *arg)
{
    work *w = arg;
    w->k->find_nonzeros(SPEED_ROWS, SPEED_COLUMNS, w->l.x, SPEED_COLUMNS, &w->l.s);
}

static void run_product(void *arg)
{
    work *w = arg;
    w->k->sparse_gemm(&w->g, &w->l.s);
}

static void run_outer(void *arg)
{
    work *w = arg;
    for (int64_t c = 0; c < SPEED_COLUMNS; c += HGI_SPARSE_TILE)
        w->k->sparse_outer(SPEED_ROWS, hgi_min(HGI_SPARSE_TILE, SPEED_COLUMNS - c),
                           SPEED_UNITS, &w->l.s, c / HGI_SPARSE_TILE, w->l.x,
                           SPEED_COLUMNS, w->y, SPEED_UNITS, w->out + c, SPEED_COLUMNS);
}

BENCH(speed_of_sparse_products)
{
    const hgi_kernels *k;
    for (int i = 0; (k = hgi_kernels_at(i)) != NULL; i++) {
        work w = {.k = k, .l = make_lists(k, SPEED_ROWS, SPEED_COLUMNS)};
        int64_t packed = k->packed_size(SPEED_COLUMNS, SPEED_UNITS);
        float *B = aligned_alloc(64, (size_t)(packed + 16) / 16 * 64);
        w.y = calloc(SPEED_ROWS * SPEED_UNITS, sizeof *w.y);
        w.out = calloc(SPEED_UNITS * SPEED_COLUMNS, sizeof *w.out);
        for (int64_t j = 0; j < packed; j++) B[j] = value((uint64_t)j);
        w.g = (hgi_gemm){.M = SPEED_ROWS,
                         .N = SPEED_UNITS,
                         .K = SPEED_COLUMNS,
                         .A = w.l.x,
                         .a_row = SPEED_COLUMNS,
                         .a_col = 1,
                         .B = B,
                         .b_row = HGI_PACKED,
                         .C = w.y,
                         .c_row = SPEED_UNITS};
        double ns = 1e9 / SPEED_ROWS;
        printf("  %-7s lists %5.0f  product %5.0f  outer product %5.0f ns a row\n",
               k->name, ns * seconds_of(run_lists, &w), ns * seconds_of(run_product, &w),
               ns * seconds_of(run_outer, &w));
        free(B);
        free(w.y);
        free(w.out);
    }
}
