// SPDX-License-Identifier: MIT
/* Rows through small layers at once: the bits of one kernel after the other, on fenced
 * memory, and where it stops. */
#include "test_kernels.h"

enum { MOST_LAYERS = 5, MOST_ROWS = 150 };

typedef struct problem {
    hgi_stack stack;
    hgi_stack_layer layer[MOST_LAYERS];
    int64_t R;
    fence in, y, error; /* error: doubles */
    float shift[HGI_STACK_WIDE], scale[HGI_STACK_WIDE];
} problem;

/* Weights of about 1 / sqrt(K) keep values near 1 through all layers. */
static void make_layer(hgi_stack_layer *l, int64_t K, int64_t N, uint64_t *seed)
{
    int64_t row = hgi_strip_width(N);
    float *W = aligned_alloc(64, (size_t)((1 + K) * row) * sizeof *W);
    double size = sqrt(3.0 / (double)K);
    for (int64_t k = 0; k <= K; k++)
        for (int64_t n = 0; n < row; n++)
            W[k * row + n] = n < N ? (float)test_uniform(seed, -size, size) : 0;
    *l = (hgi_stack_layer){.K = K, .N = N, .W = W, .alpha = 0.3f};
    l->act = (hgi_act)pick_int(seed, 0, HGI_ACT_COUNT - 1);
}

/* As many outputs as inputs, as an error wants. */
static void make(problem *p, int64_t R, uint64_t *seed)
{
    int64_t first = pick_int(seed, 1, HGI_STACK_WIDE), K = first;
    *p = (problem){.R = R};
    p->stack.layers = pick_int(seed, 1, MOST_LAYERS);
    for (int64_t i = 0; i < p->stack.layers; i++) {
        int64_t N = i + 1 == p->stack.layers ? first : pick_int(seed, 1, HGI_STACK_WIDE);
        make_layer(&p->layer[i], K, N, seed);
        K = N;
    }
    p->stack.layer = p->layer;
    p->stack.lo = -FLT_MAX;
    p->stack.hi = FLT_MAX;
    for (int64_t k = 0; k < first; k++) {
        p->shift[k] = (float)test_uniform(seed, -1, 1);
        p->scale[k] = (float)test_uniform(seed, 0.5, 1);
    }
    if (pick_int(seed, 0, 1)) {
        p->stack.shift = p->shift;
        p->stack.scale = p->scale;
    }
    p->in = fence_random(R * first, seed, -1, 1);
    p->y = fence_new(R * first);
    p->error = fence_new(2 * R);
}

static void drop(problem *p)
{
    int64_t C = p->layer[0].K;
    for (int64_t i = 0; i < p->stack.layers; i++) free((void *)(uintptr_t)p->layer[i].W);
    fence_free(&p->in, p->R * C);
    fence_free(&p->y, p->R * C);
    fence_free(&p->error, 2 * p->R);
}

/* One slot after the other on all rows. */
static void one_by_one(const hgi_kernels *k, const problem *p, float *y, double *error)
{
    static float x[MOST_ROWS * HGI_STACK_WIDE], part[MOST_ROWS * HGI_STACK_WIDE];
    int64_t C = p->layer[0].K, K = C;
    for (int64_t i = 0; i < p->R * C; i++) x[i] = p->in.p[i];
    for (int64_t r = 0; p->stack.shift && r < p->R; r++)
        k->affine(C, p->in.p + r * C, p->shift, p->scale, x + r * C);
    memcpy(part, x, (size_t)(p->R * C) * sizeof *x);
    for (int64_t i = 0; i < p->stack.layers; i++) {
        const hgi_stack_layer *l = &p->layer[i];
        int64_t row = hgi_strip_width(l->N), N = l->N;
        hgi_gemm g = {p->R, N, K, part, K, 1, l->W + row, row, l->W, 0, y, N};
        k->gemm(&g);
        k->act_forward(l->act, l->alpha, p->R, N, y, N, part, N);
        K = N;
    }
    memcpy(y, part, (size_t)(p->R * C) * sizeof *y);
    k->loss(HGI_LOSS_MSE, 0, 1, p->R, C, y, C, x, C, NULL, C, error);
}

/* Rows that fill blocks, and that leave every kind of rest. */
TEST_ON_ALL(small_layers_at_once_give_the_bits_of_one_after_the_other)
{
    static const int64_t rows[] = {1,  2,  7,  8,  9,  15, 16,
                                   17, 31, 47, 48, 49, 65, MOST_ROWS};
    static float y[MOST_ROWS * HGI_STACK_WIDE];
    static double error[MOST_ROWS];
    uint64_t seed = 31;
    for (int round = 0; round < 10; round++)
        for (int i = 0; i < HGI_COUNT(rows); i++) {
            problem p;
            make(&p, rows[i], &seed);
            int64_t C = p.layer[0].K;
            double *got = (double *)(void *)p.error.p;
            test_where("round %d, %d rows of %d", round, (int)rows[i], (int)C);
            one_by_one(k, &p, y, error);
            CHECK_INT(k->stack(&p.stack, p.R, p.in.p, p.y.p, got), p.R);
            CHECK_INT(first_difference(p.y.p, y, p.R * C), p.R * C);
            CHECK(memcmp(got, error, (size_t)p.R * sizeof *got) == 0);
            memset(got, 0, (size_t)p.R * sizeof *got);
            CHECK_INT(k->stack(&p.stack, p.R, p.in.p, NULL, got), p.R);
            CHECK(memcmp(got, error, (size_t)p.R * sizeof *got) == 0);
            CHECK_INT(k->stack(&p.stack, p.R, p.in.p, p.y.p, NULL), p.R);
            drop(&p);
        }
}

/* Columns of codes are not as many as those of rows. */
TEST_ON_ALL(small_layers_give_fewer_values_than_they_take)
{
    uint64_t seed = 32;
    for (int64_t R = 1; R < 60; R += 7) {
        problem p;
        make(&p, R, &seed);
        hgi_stack_layer *last = &p.layer[p.stack.layers - 1];
        free((void *)(uintptr_t)last->W);
        make_layer(last, last->K, 3, &seed);
        fence got = fence_new(R * 3), one = fence_new(3);
        CHECK_INT(k->stack(&p.stack, R, p.in.p, got.p, NULL), R);
        for (int64_t r = 0; r < R; r++) {
            CHECK_INT(k->stack(&p.stack, 1, p.in.p + r * p.layer[0].K, one.p, NULL), 1);
            CHECK_INT(first_difference(got.p + r * 3, one.p, 3), 3);
        }
        fence_free(&got, R * 3);
        fence_free(&one, 3);
        drop(&p);
    }
}

/* Every column and row in turn holds what must not be. */
TEST_ON_ALL(small_layers_stop_before_what_is_not_finite_or_outside)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY, 2.5f, -2.5f};
    uint64_t seed = 33;
    problem p;
    make(&p, 60, &seed);
    int64_t C = p.layer[0].K;
    p.stack.shift = NULL;
    p.stack.lo = -2;
    p.stack.hi = 2;
    double *error = (double *)(void *)p.error.p, want[60];
    CHECK_INT(k->stack(&p.stack, 60, p.in.p, NULL, want), 60);
    for (int64_t i = 0; i < 60 * C; i += 7) {
        float kept = p.in.p[i];
        p.in.p[i] = bad[i % HGI_COUNT(bad)];
        int64_t done = k->stack(&p.stack, 60, p.in.p, p.y.p, error);
        test_where("row %d, column %d: %d", (int)(i / C), (int)(i % C), (int)done);
        CHECK(done >= 0 && done <= i / C);
        CHECK(done + 48 > i / C); /* no more than a block is left */
        CHECK(memcmp(error, want, (size_t)done * sizeof *want) == 0);
        p.in.p[i] = kept;
    }
    drop(&p);
}

typedef struct stack_run {
    const hgi_kernels *k;
    problem p;
} stack_run;

static void run_stack(void *arg)
{
    stack_run *r = arg;
    r->k->stack(&r->p.stack, r->p.R, r->p.in.p, NULL, (double *)(void *)r->p.error.p);
}

BENCH(speed_of_rows_through_small_layers)
{
    static const int64_t sizes[] = {30, 16, 8, 16, 30};
    static stack_run r;
    uint64_t seed = 34;
    make(&r.p, MOST_ROWS - MOST_ROWS % 48, &seed);
    r.p.in = fence_random(r.p.R * sizes[0], &seed, -1, 1);
    r.p.stack =
        (hgi_stack){.layers = 4, .layer = r.p.layer, .lo = -FLT_MAX, .hi = FLT_MAX};
    for (int i = 0; i < 4; i++) {
        make_layer(&r.p.layer[i], sizes[i], sizes[i + 1], &seed);
        r.p.layer[i].act = i < 3 ? HGI_ACT_RELU : HGI_ACT_LINEAR;
    }
    for (int i = 0; (r.k = hgi_kernels_at(i)) != NULL; i++) {
        double each = seconds_of(run_stack, &r) / (double)r.p.R;
        printf("  %-8s 30-16-8-16-30: %6.1f ns a row, %5.1f GFLOP/s\n", r.k->name,
               each * 1e9, 2432e-9 / each);
    }
}
