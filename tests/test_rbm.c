// SPDX-License-Identifier: MIT
/* RBMs against sums over all states of tiny ones, where the likelihood is known.       */
#include "test.h"

#include "kernels/kernels.h"
#include "train/rbm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { D = 5, H = 4, STATES = 1 << D, MANY = 20000 };

/* Rows are states that stand in `pattern`, taken in turn. */
typedef struct source {
    int pattern[8], patterns;
} source;

static void put_state(int state, hgi_real *x)
{
    for (int i = 0; i < D; i++) x[i] = (hgi_real)(state >> i & 1);
}

static void fill(void *arg, const int64_t *rows, int64_t n, hgi_real *x, int worker)
{
    const source *s = arg;
    (void)worker;
    for (int64_t i = 0; i < n; i++)
        put_state(s->pattern[rows[i] % s->patterns], x + i * D);
}

static source some = {{1, 3, 7, 15, 31, 30}, 6};

typedef struct tiny {
    hgi_rbm rbm;
    hgi_real W[H * D], b[H];
    int64_t row[MANY];
} tiny;

static tiny *tiny_new(hg_ctx *ctx, hgi_rbm_unit visible, hgi_rbm_unit hidden,
                      int64_t steps, bool persistent, int64_t rows)
{
    static tiny t;
    uint64_t seed = 17;
    hgi_team *team;
    CHECK_OK(ctx, hgi_ctx_team(ctx, &team));
    for (int i = 0; i < H * D; i++) t.W[i] = (hgi_real)test_uniform(&seed, -0.8, 0.8);
    for (int i = 0; i < H; i++) t.b[i] = (hgi_real)test_uniform(&seed, -0.5, 0.5);
    for (int i = 0; i < MANY; i++) t.row[i] = i;
    hgi_rbm_options o = {.k = ctx->kernels,
                         .team = team,
                         .d = D,
                         .h = H,
                         .visible = visible,
                         .hidden = hidden,
                         .W = t.W,
                         .b = t.b,
                         .rows = rows,
                         .steps = steps,
                         .persistent = persistent,
                         .seed = 3,
                         .fill = fill,
                         .arg = &some};
    CHECK_OK(ctx, hgi_rbm_new(ctx, &o, &t.rbm));
    for (int i = 0; i < D; i++) t.rbm.a[i] = (hgi_real)test_uniform(&seed, -0.5, 0.5);
    return &t;
}

static double input(const tiny *t, int j, const hgi_real *v)
{
    double x = (double)t->b[j];
    for (int i = 0; i < D; i++) x += (double)t->W[j * D + i] * (double)v[i];
    return x;
}

/* log of the sum over h of exp(-E(v, h)), by the sum. */
static double log_weight(const tiny *t, const hgi_real *v)
{
    double sum = 0;
    for (int h = 0; h < 1 << H; h++) {
        double minus = 0;
        for (int i = 0; i < D; i++) minus += (double)t->rbm.a[i] * (double)v[i];
        for (int j = 0; j < H; j++)
            if (h >> j & 1) minus += input(t, j, v);
        sum += exp(minus);
    }
    return log(sum);
}

static double log_partition(const tiny *t)
{
    double sum = 0;
    for (int s = 0; s < STATES; s++) {
        hgi_real v[D];
        put_state(s, v);
        sum += exp(log_weight(t, v));
    }
    return log(sum);
}

/* Mean log p over the patterns, in nats. */
static double likelihood(const tiny *t)
{
    double sum = 0, z = log_partition(t);
    for (int i = 0; i < some.patterns; i++) {
        hgi_real v[D];
        put_state(some.pattern[i], v);
        sum += log_weight(t, v) - z;
    }
    return sum / some.patterns;
}

TEST(the_free_energy_of_binary_units_is_the_sum_over_all_hidden_states)
{
    hg_ctx *ctx = test_ctx();
    tiny *t = tiny_new(ctx, HGI_UNIT_BINARY, HGI_UNIT_BINARY, 1, false, 8);
    for (int s = 0; s < STATES; s++) {
        hgi_real v[D];
        put_state(s, v);
        /* The units' inputs are float sums of six terms below 1. */
        CHECK_NEAR(hgi_rbm_free_energy(&t->rbm, v, 1), -log_weight(t, v), 5e-6);
    }
    hgi_rbm_free(&t->rbm);
}

/* f as an integral: log of the integral of exp(x h - h^2 / 2) for one Gaussian unit; and
 * for relu, f(x) - f(-40) as the integral of its derivative log(1 + e^x).              */
TEST(the_free_energy_of_other_units_is_the_integral_that_it_stands_for)
{
    hg_ctx *ctx = test_ctx();
    for (int kind = 0; kind < 2; kind++) {
        tiny *t = tiny_new(ctx, HGI_UNIT_GAUSSIAN,
                           kind == 0 ? HGI_UNIT_GAUSSIAN : HGI_UNIT_RELU, 1, false, 8);
        for (int s = 0; s < STATES; s += 3) {
            hgi_real v[D];
            double want = 0;
            put_state(s, v);
            for (int i = 0; i < D; i++) {
                v[i] *= 4;
                want += pow((double)v[i] - (double)t->rbm.a[i], 2) / 2;
            }
            for (int j = 0; j < H; j++) {
                double x = input(t, j, v), sum = 0, step = 1e-3;
                double from = kind == 0 ? -30 : -40, to = kind == 0 ? 30 : x;
                int64_t n = (int64_t)((to - from) / step);
                step = (to - from) / (double)n;
                for (int64_t i = 0; i < n; i++) {
                    double at = from + ((double)i + 0.5) * step;
                    sum += step * (kind == 0 ? exp(x * at - at * at / 2)
                                             : fmax(at, 0) + log1p(exp(-fabs(at))));
                }
                /* The unit of h is free: 1/2 log(2 pi) is left out of the free energy. */
                want -= kind == 0 ? log(sum) - 0.91893853320467274 : sum;
            }
            /* Inputs up to 15 are float sums; squares and integrals of them. */
            CHECK_NEAR(hgi_rbm_free_energy(&t->rbm, v, 1), want, 1e-4);
        }
        hgi_rbm_free(&t->rbm);
    }
}

/* The gradient by the sum over all states: of W(j, i), b(j) (i = D) and a(i) (j = H). */
static double exact_gradient(const tiny *t, int j, int i)
{
    double z = log_partition(t), model = 0, data = 0;
    for (int s = -some.patterns; s < STATES; s++) {
        hgi_real v[D];
        put_state(s < 0 ? some.pattern[s + some.patterns] : s, v);
        double h = j < H ? 1 / (1 + exp(-input(t, j, v))) : 1;
        double both = h * (i < D ? (double)v[i] : 1);
        if (s < 0)
            data += both / some.patterns;
        else
            model += both * exp(log_weight(t, v) - z);
    }
    return data - model;
}

/* Of MANY rows with chains of 40 steps, so that the ends are draws from the model.  A mean
 * of draws in [0,1] is off by 5 / (2 sqrt(MANY)) once in a million; plus what 40 steps
 * leave.                                                                               */
TEST(long_chains_give_the_gradient_of_the_exact_likelihood)
{
    hg_ctx *ctx = test_ctx();
    tiny *t = tiny_new(ctx, HGI_UNIT_BINARY, HGI_UNIT_BINARY, 40, false, MANY);
    const double lr = 1, tolerance = 2.5 / sqrt(MANY) + 0.002;
    double want[(H + 1) * (D + 1)];
    hgi_real W[H * D], b[H], a[D];
    for (int j = 0; j <= H; j++)
        for (int i = 0; i <= D; i++)
            if (i < D || j < H) want[j * (D + 1) + i] = exact_gradient(t, j, i);
    memcpy(W, t->W, sizeof W);
    memcpy(b, t->b, sizeof b);
    memcpy(a, t->rbm.a, sizeof a);
    hgi_rbm_step(&t->rbm, t->row, MANY, 1, &(hgi_rbm_rate){lr, 0, 0});
    for (int j = 0; j < H; j++)
        for (int i = 0; i < D; i++)
            CHECK_NEAR(t->W[j * D + i] - W[j * D + i], want[j * (D + 1) + i], tolerance);
    for (int j = 0; j < H; j++)
        CHECK_NEAR(t->b[j] - b[j], want[j * (D + 1) + D], tolerance);
    for (int i = 0; i < D; i++)
        CHECK_NEAR(t->rbm.a[i] - a[i], want[H * (D + 1) + i], tolerance);
    hgi_rbm_free(&t->rbm);
}

/* Uniform over 32 states is -3.47 nats, independent bits of these means -2.87; over the six
 * patterns, the best there is, -1.79.  Persistent chains at a constant rate end in noise of
 * their own size.                                                                      */
TEST(training_raises_the_exact_likelihood)
{
    static const struct {
        int64_t steps;
        bool persistent;
    } ways[] = {{1, false}, {5, false}, {1, true}};
    hg_ctx *ctx = test_ctx();
    for (int w = 0; w < 3; w++) {
        tiny *t = tiny_new(ctx, HGI_UNIT_BINARY, HGI_UNIT_BINARY, ways[w].steps,
                           ways[w].persistent, 60);
        double mean[D] = {0}, before, error = 0, first = 0;
        for (int p = 0; p < some.patterns; p++)
            for (int i = 0; i < D; i++)
                mean[i] += (some.pattern[p] >> i & 1) / (double)some.patterns;
        hgi_rbm_init(&t->rbm, mean);
        before = likelihood(t);
        for (uint32_t e = 0; e < 3000; e++) {
            error = hgi_rbm_step(&t->rbm, t->row, 60, e, &(hgi_rbm_rate){0.1, 0.5, 0});
            if (e == 0) first = error;
        }
        test_where("steps %d, persistent %d: %g, then %g", (int)ways[w].steps,
                   ways[w].persistent, before, likelihood(t));
        CHECK_NEAR(before, -2.87, 0.01);
        CHECK(likelihood(t) > (ways[w].persistent ? -2.4 : -1.9));
        CHECK(error < first);
        /* Of a model this close to its data most bits follow from the others: what is left
         * is at most the entropy of the six patterns, and all rows alike would give 0. */
        hgi_real rows[6 * D];
        for (int p = 0; p < 6; p++) put_state(some.pattern[p], rows + p * D);
        double pseudo = hgi_rbm_pseudo(&t->rbm, rows, 6, 1);
        CHECK(pseudo < 0 && pseudo > -D * log(2));
        hgi_rbm_free(&t->rbm);
    }
}

TEST(the_pseudo_likelihood_is_that_of_each_bit_given_the_others)
{
    hg_ctx *ctx = test_ctx();
    tiny *t = tiny_new(ctx, HGI_UNIT_BINARY, HGI_UNIT_BINARY, 1, false, 64);
    enum { TIMES = 4000 };
    hgi_real v[D];
    double sum = 0, want = 0;
    put_state(11, v);
    for (uint32_t e = 0; e < TIMES; e++) sum += hgi_rbm_pseudo(&t->rbm, v, 1, e);
    for (int i = 0; i < D; i++) {
        hgi_real turned[D];
        memcpy(turned, v, sizeof v);
        turned[i] = 1 - turned[i];
        want -= log1p(exp(log_weight(t, turned) - log_weight(t, v)));
    }
    /* Each of 8000 draws is D times a log p between 0 and -2. */
    CHECK_NEAR(sum / TIMES, want, 5.0 * D / sqrt(2 * TIMES));
    hgi_rbm_free(&t->rbm);
}

TEST(an_rbm_learns_real_values_with_every_kind_of_hidden_unit)
{
    hg_ctx *ctx = test_ctx();
    for (int kind = 0; kind < 3; kind++) {
        tiny *t = tiny_new(ctx, HGI_UNIT_GAUSSIAN, (hgi_rbm_unit)kind, 1, false, 60);
        double mean[D] = {0}, first = 0, error = 0;
        hgi_rbm_init(&t->rbm, mean);
        for (uint32_t e = 0; e < 4000; e++) {
            error = hgi_rbm_step(&t->rbm, t->row, 60, e, &(hgi_rbm_rate){0.01, 0.9, 0});
            if (e == 0) first = error;
        }
        test_where("hidden kind %d: error %g, then %g", kind, first, error);
        CHECK(error < first / 2);
        CHECK(isnan(hgi_rbm_pseudo(&t->rbm, t->rbm.v, 1, 0)));
        hgi_rbm_free(&t->rbm);
    }
}

/* Rows with five of 300 values that are not 0, by lists and without: a sum has the bits
 * of its chain, and a product by 0 changes none. */
static void fill_thin(void *arg, const int64_t *rows, int64_t n, hgi_real *x, int worker)
{
    (void)arg;
    (void)worker;
    memset(x, 0, (size_t)(n * 300) * sizeof *x);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < 5; k++)
            x[i * 300 + (rows[i] * 37 + k * 61) % 300] = (hgi_real)(k + 1) / 7;
}

TEST(lists_of_what_is_not_zero_change_no_bit)
{
    enum { THIN = 300, FEW = 70, N = 50 };
    hg_ctx *ctx = test_ctx();
    static hgi_real W[2][FEW * THIN], b[2][FEW];
    static int32_t index[N * 304], start[N * 4];
    const hgi_sparse zeros = {index, start, 304, 4};
    int64_t row[N];
    double mean[THIN] = {0};
    hgi_team *team;
    for (int i = 0; i < N; i++) row[i] = i;
    CHECK_OK(ctx, hgi_ctx_team(ctx, &team));
    for (int way = 0; way < 2; way++) {
        hgi_rbm_options o = {.k = ctx->kernels,
                             .team = team,
                             .d = THIN,
                             .h = FEW,
                             .W = W[way],
                             .b = b[way],
                             .rows = N,
                             .steps = 1,
                             .zeros = way == 1 ? &zeros : NULL,
                             .fill = fill_thin};
        hgi_rbm r;
        CHECK_OK(ctx, hgi_rbm_new(ctx, &o, &r));
        hgi_rbm_init(&r, mean);
        for (uint32_t i = 0; i < 20; i++)
            hgi_rbm_step(&r, row, N - 7 * (i % 2), i, &(hgi_rbm_rate){0.1, 0.5, 2e-4});
        hgi_rbm_free(&r);
    }
    CHECK(memcmp(W[0], W[1], sizeof W[0]) == 0);
    CHECK(memcmp(b[0], b[1], sizeof b[0]) == 0);
}

/* ---- speed ---------------------------------------------------------------------- */

enum { WIDE = 784, UNITS = 1000, BATCH = 128, REPEATS = 20 };

static void fill_wide(void *arg, const int64_t *rows, int64_t n, hgi_real *x, int worker)
{
    (void)rows;
    (void)worker;
    memcpy(x, arg, (size_t)(n * WIDE) * sizeof *x);
}

/* Steps of the first level of hinton-deep; the best of REPEATS, in time of the processor,
 * because a step is longer than a busy machine lets anyone run.  Products: data up, down,
 * up again and both halves of the gradient; persistent, the reconstruction of 16 rows is
 * not counted. */
BENCH(speed_of_an_rbm)
{
    static hgi_real W[UNITS * WIDE], b[UNITS], x[BATCH * WIDE];
    static int64_t row[BATCH];
    double mean[WIDE] = {0}, flops = 10.0 * WIDE * UNITS;
    hg_ctx *ctx = test_ctx();
    uint64_t seed = 5;
    hgi_team *team;
    for (int i = 0; i < BATCH * WIDE; i++) x[i] = (hgi_real)test_uniform(&seed, 0, 1);
    for (int i = 0; i < BATCH; i++) row[i] = i;
    CHECK_OK(ctx, hgi_team_new(ctx, 1, &team));
    for (int way = 0; way < 4; way++) {
        hgi_kernels k = *ctx->kernels;
        if (way % 2 == 1 && ctx->bf16 == NULL) continue;
        if (way % 2 == 1) hgi_kernels_mix(ctx->kernels, ctx->bf16, &k);
        hgi_rbm_options o = {.k = &k,
                             .team = team,
                             .d = WIDE,
                             .h = UNITS,
                             .W = W,
                             .b = b,
                             .rows = BATCH,
                             .steps = 1,
                             .persistent = way > 1,
                             .fill = fill_wide,
                             .arg = x};
        hgi_rbm r;
        double best = 1e9;
        CHECK_OK(ctx, hgi_rbm_new(ctx, &o, &r));
        hgi_rbm_init(&r, mean);
        for (uint32_t i = 0; i < REPEATS; i++) {
            clock_t start = clock();
            hgi_rbm_step(&r, row, BATCH, i, &(hgi_rbm_rate){0.1, 0.9, 2e-4});
            best = fmin(best, (double)(clock() - start) / CLOCKS_PER_SEC);
        }
        printf("%s %-4s  %6.0f rows/s  %5.1f GFLOP/s\n", way > 1 ? "pcd " : "cd-1",
               way % 2 ? "bf16" : "f32", BATCH / best, BATCH * flops / best * 1e-9);
        hgi_rbm_free(&r);
    }
    hgi_team_free(&ctx->mem, &team);
}
