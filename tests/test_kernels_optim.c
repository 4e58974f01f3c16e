// SPDX-License-Identifier: MIT
/* Optimisers and batch filling: the vector sets repeat ref's operations in ref's order, so
 * that every comparison here is of bits.                                               */
#include "test_kernels.h"

typedef struct state {
    fence theta, g, m, v;
} state;

static state state_random(int64_t n, uint64_t *seed)
{
    return (state){fence_random(n, seed, -1, 1), fence_random(n, seed, -1, 1),
                   fence_random(n, seed, -0.1, 0.1), fence_random(n, seed, 0, 0.01)};
}

static state state_copy(const state *s, int64_t n)
{
    return (state){fence_copy(&s->theta, n), fence_copy(&s->g, n), fence_copy(&s->m, n),
                   fence_copy(&s->v, n)};
}

static void state_free(state *s, int64_t n)
{
    fence_free(&s->theta, n);
    fence_free(&s->g, n);
    fence_free(&s->m, n);
    fence_free(&s->v, n);
}

static void state_compare(const state *a, const state *b, int64_t n)
{
    CHECK_INT(first_difference(a->theta.p, b->theta.p, n), n);
    CHECK_INT(first_difference(a->g.p, b->g.p, n), n);
    CHECK_INT(first_difference(a->m.p, b->m.p, n), n);
    CHECK_INT(first_difference(a->v.p, b->v.p, n), n);
}

/* which: 0 sgd, 1 adam, 2 rmsprop; elements from .. from+n.                            */
static void take_step(const hgi_kernels *k, int which, const hgi_step *s, state *x,
                      int64_t from, int64_t n)
{
    float *theta = x->theta.p + from, *g = x->g.p + from;
    float *m = x->m.p + from, *v = x->v.p + from;
    if (which == 0) k->sgd(s, n, theta, g, s->beta1 > 0 ? v : NULL);
    if (which == 1) k->adam(s, n, theta, g, m, v);
    if (which == 2) k->rmsprop(s, n, theta, g, s->beta1 > 0 ? m : NULL, v);
}

static hgi_step step_random(uint64_t *seed, int i)
{
    return (hgi_step){
        .lr = (float)test_uniform(seed, 1e-4, 1e-1),
        .beta1 = i % 3 ? (float)test_uniform(seed, 0.1, 0.95) : 0,
        .beta2 = (float)test_uniform(seed, 0.9, 0.999),
        .rest1 = (float)test_uniform(seed, 0.05, 0.9),
        .rest2 = (float)test_uniform(seed, 0.001, 0.1),
        .epsilon = 1e-8f,
        .correct1 = (float)test_uniform(seed, 1, 10),
        .correct2 = (float)test_uniform(seed, 1, 1000),
        .l2 = i % 4 ? 0 : 1e-3f,
        .decay = i % 5 ? 0 : 1e-2f,
        .scale = i % 6 ? 1 : 0.37f,
        .nesterov = i % 2,
    };
}

TEST_ON_VECTORS(optimisers_have_the_bits_of_ref)
{
    uint64_t seed = 31;
    for (int i = 0; i < 300; i++) {
        int64_t n = pick_int(&seed, 0, 80);
        hgi_step s = step_random(&seed, i / 3);
        state got = state_random(n, &seed), want = state_copy(&got, n);
        test_where("%s rule %d n %lld", k->name, i % 3, (long long)n);
        take_step(k, i % 3, &s, &got, 0, n);
        take_step(kernels_ref(), i % 3, &s, &want, 0, n);
        state_compare(&got, &want, n);
        state_free(&got, n);
        state_free(&want, n);
    }
}

TEST_ON_ALL(a_step_cut_in_pieces_has_the_same_bits)
{
    enum { N = 203 };
    uint64_t seed = 32;
    for (int i = 0; i < 12; i++) {
        hgi_step s = step_random(&seed, i);
        state whole = state_random(N, &seed), pieces = state_copy(&whole, N);
        take_step(k, i % 3, &s, &whole, 0, N);
        take_step(k, i % 3, &s, &pieces, 0, 17);
        take_step(k, i % 3, &s, &pieces, 17, 1);
        take_step(k, i % 3, &s, &pieces, 18, N - 18);
        state_compare(&whole, &pieces, N);
        state_free(&whole, N);
        state_free(&pieces, N);
    }
}

/* The formulas of Kingma & Ba in double, over ten steps; the tolerance is ten roundings of
 * theta and of steps that sum to less than 0.2.                                        */
TEST_ON_ALL(adam_follows_its_paper)
{
    enum { N = 21 };
    float theta[N], g[N], m[N] = {0}, v[N] = {0};
    double want[N], dm[N] = {0}, dv[N] = {0};
    double b1 = (double)0.9f, b2 = (double)0.999f, lr = (double)0.01f;
    uint64_t seed = 33;
    for (int i = 0; i < N; i++)
        want[i] = (double)(theta[i] = (float)test_uniform(&seed, -1, 1));
    for (int step = 1; step <= 10; step++) {
        double c1 = 1 / (1 - pow(b1, step)), c2 = 1 / (1 - pow(b2, step));
        hgi_step s = {
            .lr = 0.01f, .beta1 = 0.9f, .beta2 = 0.999f, .epsilon = 1e-8f, .scale = 1};
        s.rest1 = 1 - s.beta1;
        s.rest2 = 1 - s.beta2;
        s.correct1 = (float)c1;
        s.correct2 = (float)c2;
        for (int i = 0; i < N; i++) {
            g[i] = (float)test_uniform(&seed, -1, 1);
            double gi = (double)g[i];
            dm[i] = b1 * dm[i] + (1 - b1) * gi;
            dv[i] = b2 * dv[i] + (1 - b2) * gi * gi;
            want[i] -= lr * c1 * dm[i] / (sqrt(c2 * dv[i]) + 1e-8);
        }
        k->adam(&s, N, theta, g, m, v);
    }
    for (int i = 0; i < N; i++)
        CHECK_NEAR(theta[i], want[i], 10 * ROUNDING + 0.2 * 20 * ROUNDING);
}

TEST_ON_ALL(a_first_step_with_zero_gradients_moves_nothing)
{
    uint64_t seed = 37;
    float theta[19], zero[19] = {0}, m[19] = {0}, v[19] = {0};
    for (int i = 0; i < 19; i++) theta[i] = (float)i;
    hgi_step s = step_random(&seed, 1);
    k->adam(&s, 19, theta, zero, m, v);
    k->rmsprop(&s, 19, theta, zero, m, v);
    k->sgd(&s, 19, theta, zero, v);
    for (int i = 0; i < 19; i++) CHECK(theta[i] == (float)i && m[i] == 0 && v[i] == 0);
}

TEST_ON_ALL(a_gradient_that_is_nan_reaches_the_weights)
{
    for (int which = 0; which < 3; which++) {
        uint64_t seed = 34;
        state x = state_random(19, &seed);
        for (int i = 0; i < 19; i++) x.g.p[i] = i % 2 ? NAN : 1;
        hgi_step s = step_random(&seed, 1);
        take_step(k, which, &s, &x, 0, 19);
        for (int i = 0; i < 19; i++)
            CHECK(i % 2 ? isnan(x.theta.p[i]) : isfinite(x.theta.p[i]));
        state_free(&x, 19);
    }
}

TEST_ON_ALL(batches_are_filled_as_the_formula_says)
{
    uint64_t seed = 35;
    for (int64_t n = 0; n < 80; n++) {
        fence x = fence_random(n, &seed, -1, 1), shift = fence_random(n, &seed, -1, 1);
        fence scale = fence_random(n, &seed, 0, 9), got = fence_new(n),
              want = fence_new(n);
        k->affine(n, x.p, shift.p, scale.p, got.p);
        for (int64_t i = 0; i < n; i++) want.p[i] = (x.p[i] - shift.p[i]) * scale.p[i];
        CHECK_INT(first_difference(got.p, want.p, n), n);

        /* The bytes end at a fence too: they are the last n of a longer block.         */
        int64_t words = hgi_ceil_div(n, 4);
        fence block = fence_new(words);
        uint8_t *bytes = (uint8_t *)(block.p + words) - n;
        for (int64_t i = 0; i < n; i++) bytes[i] = (uint8_t)test_random(&seed);
        k->widen_u8(n, bytes, 3.5f, 1.0f / 255, got.p);
        for (int64_t i = 0; i < n; i++)
            want.p[i] = ((float)bytes[i] - 3.5f) * (1.0f / 255);
        CHECK_INT(first_difference(got.p, want.p, n), n);
        fence_free(&x, n);
        fence_free(&shift, n);
        fence_free(&scale, n);
        fence_free(&got, n);
        fence_free(&want, n);
        fence_free(&block, words);
    }
}

/* ---- speed ------------------------------------------------------------------------- */

#define COUNT 25088 /* the weights of 784 x 32 */

/* Rows shorter and longer than a vector; the ends at every place in turn, and what is not
 * finite there. */
TEST_ON_ALL(ends_are_those_of_all_numbers)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    uint64_t seed = 71;
    for (int64_t n = 1; n < 70; n++) {
        fence x = fence_random(n, &seed, -1, 1);
        for (int64_t i = 0; i < n; i++) {
            float lo, hi, kept = x.p[i], lows, highs;
            x.p[i] = i % 2 ? 3 : -3;
            CHECK(k->ends(n, x.p, &lo, &hi));
            CHECK(lo >= -3 && lo <= hi && (i % 2 ? hi == 3 : lo == -3));
            x.p[i] = bad[i % 3];
            CHECK(!k->ends(n, x.p, &lo, &hi));
            CHECK(!kernels_ref()->ends(n, x.p, &lows, &highs));
            CHECK(lo == lows && hi == highs);
            x.p[i] = kept;
        }
        fence_free(&x, n);
    }
}

typedef struct optim_run {
    const hgi_kernels *k;
    int which;
    hgi_step s;
    float theta[COUNT], g[COUNT], m[COUNT], v[COUNT];
    uint8_t bytes[COUNT];
} optim_run;

static void run_step(void *arg)
{
    optim_run *r = arg;
    if (r->which == 0) r->k->sgd(&r->s, COUNT, r->theta, r->g, r->v);
    if (r->which == 1) r->k->adam(&r->s, COUNT, r->theta, r->g, r->m, r->v);
    if (r->which == 2) r->k->rmsprop(&r->s, COUNT, r->theta, r->g, r->m, r->v);
    if (r->which == 3) r->k->widen_u8(COUNT, r->bytes, 0, 1.0f / 255, r->m);
    if (r->which == 4) r->k->affine(COUNT, r->g, r->theta, r->v, r->m);
}

BENCH(speed_of_optimisers_and_batches)
{
    static const char *const names[] = {"sgd", "adam", "rmsprop", "widen_u8", "affine"};
    static optim_run r;
    uint64_t seed = 36;
    r.s = step_random(&seed, 1);
    for (int i = 0; i < COUNT; i++) r.g[i] = (float)test_uniform(&seed, -1, 1);
    for (r.which = 0; r.which < 5; r.which++) {
        printf("%-10s", names[r.which]);
        for (int j = 0; (r.k = hgi_kernels_at(j)) != NULL; j++)
            printf("  %s %6.3f ns", r.k->name, seconds_of(run_step, &r) * 1e9 / COUNT);
        printf("\n");
    }
}
