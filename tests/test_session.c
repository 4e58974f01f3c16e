// SPDX-License-Identifier: MIT
/* Sessions: the bits of the batch calls, no memory taken by a call, and failures that are
 * told by the session and leave it usable. */
#include "test_models.h"

#include "kernels/kernels.h"

#include <math.h>
#include <pthread.h>

enum { ROWS = 70, WIDE = 60 };

/* One of each way through a layer: tied and not, every kind of activation's buffer, a code
 * of its own product, scalers that are fitted and that are not. */
static const model_recipe recipes[] = {
    {{1, {60, 0, 0}},
     "dense 200 relu; dense 5",
     "plain",
     "dense 200 relu; dense 60",
     "mse",
     HGI_SCALE_STANDARD},
    {{1, {37, 0, 0}},
     "dense 20 gelu; batchnorm; dense 5",
     "plain l1=0.1",
     "dense 20 softplus; dropout 0.5; dense 37",
     "huber",
     HGI_SCALE_MINMAX},
    {{2, {6, 10, 0}},
     "dense 9 tanh",
     "plain",
     "dense 60 tied sigmoid",
     "bce",
     HGI_SCALE_NONE},
    {{1, {30, 0, 0}},
     "dense 16 elu",
     "variational 8",
     "dense 16 elu; dense 30 sigmoid",
     "bce",
     HGI_SCALE_UNIT},
    {{1, {40, 0, 0}},
     "dense 40 relu; dense 40 relu; residual 1",
     "topk 50 k=7",
     "dense 40 relu; dense 40; residual 1; dense 40",
     "mse",
     HGI_SCALE_STANDARD},
};

static hg_session *narrow_session(hg_ctx *ctx, const hg_model *m, int64_t rows,
                                  const char *error, const char *weights)
{
    hg_session_options o = {
        .size = sizeof o, .rows = rows, .error = error, .weights = weights};
    hg_session *s;
    CHECK_OK(ctx, hg_session_new(ctx, m, &o, &s));
    return s;
}

static hg_session *session_of(hg_ctx *ctx, const hg_model *m, int64_t rows,
                              const char *error)
{
    return narrow_session(ctx, m, rows, error, NULL);
}

/* In rows at a time that divide nothing, so that the last chunk is short. */
static void check_bits(hg_ctx *ctx, const hg_model *m, int64_t together, const float *x)
{
    static float z[ROWS * WIDE], y[ROWS * WIDE], back[ROWS * WIDE];
    static float got[ROWS * WIDE];
    hg_session *s = session_of(ctx, m, together, NULL);
    size_t codes = (size_t)(ROWS * m->net.code_size) * sizeof *z;
    size_t rows = (size_t)(ROWS * m->net.inputs) * sizeof *y;
    CHECK_OK(ctx, hg_encode(ctx, m, x, ROWS, z));
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, ROWS, y));
    CHECK_OK(ctx, hg_decode(ctx, m, z, ROWS, back));
    CHECK_INT(hg_session_encode(s, x, ROWS, got), HG_OK);
    CHECK(memcmp(got, z, codes) == 0);
    CHECK_INT(hg_session_reconstruct(s, x, ROWS, got), HG_OK);
    CHECK(memcmp(got, y, rows) == 0);
    CHECK_INT(hg_session_decode(s, z, ROWS, got), HG_OK);
    CHECK(memcmp(got, back, rows) == 0);
    hg_session_free(&s);
}

TEST(a_session_gives_the_bits_of_the_batch_calls)
{
    static const char *const limits[] = {NULL, "ref", "avx2", "avx512"};
    for (int cpu = 0; cpu < 4; cpu++) {
        hg_ctx_options o = {.size = sizeof o, .cpu = limits[cpu]};
        hg_ctx *probe;
        if (hg_ctx_new(&o, &probe) != HG_OK) continue; /* not on this machine */
        hg_ctx_free(&probe);
        hg_ctx *ctx = test_ctx_with(&o);
        for (int i = 0; i < HGI_COUNT(recipes); i++) {
            hg_model *m = make_model(ctx, &recipes[i]);
            float *x = random_floats(3, ROWS * WIDE, 0, 1);
            test_where("%s, model %d", limits[cpu] ? limits[cpu] : "best", i);
            for (int64_t together = 1; together <= 64; together += 21)
                check_bits(ctx, m, together, x);
            free(x);
            hg_model_free(&m);
        }
    }
    test_where(NULL);
}

/* Large enough to be shared: products that are cut and that are not, a tied weight, a layer
 * that is no product, and a last one whose columns no cut divides. */
static const model_recipe large = {{1, {500, 0, 0}},
                                   "dense 600 relu; batchnorm; dense 33",
                                   "plain",
                                   "dense 600 tied tanh; dense 500",
                                   "mse",
                                   HGI_SCALE_STANDARD};

TEST(a_sessions_threads_do_not_change_a_bit)
{
    enum { N = 9 };
    static const char *const weights[] = {"f32", "bf16", "int8"};
    static float want[N * 500], got[N * 500];
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &large);
    float *x = random_floats(12, N * 500, -1, 1);
    for (int w = 0; w < 3; w++)
        for (int threads = 1; threads <= 3; threads++) {
            hg_session_options o = {
                .size = sizeof o, .rows = 4, .weights = weights[w], .threads = threads};
            hg_session_info info = {.size = sizeof info};
            hg_session *s;
            double error[N];
            test_where("%s, %d threads", weights[w], threads);
            CHECK_OK(ctx, hg_session_new(ctx, m, &o, &s));
            CHECK_INT(hg_session_get_info(s, &info), HG_OK);
            CHECK_INT(info.threads, threads);
            for (int again = 0; again < 20; again++) {
                CHECK_INT(hg_session_reconstruct(s, x, N, threads == 1 ? want : got),
                          HG_OK);
                if (threads > 1) CHECK(memcmp(got, want, sizeof got) == 0);
            }
            CHECK_INT(hg_session_error(s, x, N, error), HG_OK);
            hg_session_free(&s);
            if (threads == 1 && w == 0) {
                CHECK_OK(ctx, hg_reconstruct(ctx, m, x, N, got));
                CHECK(memcmp(got, want, sizeof got) == 0);
            }
        }
    test_where(NULL);
    hg_model_free(&m);
    free(x);
}

/* Means of both are sums in double over the same 60 or so squares of floats, in another
 * order, of errors that differ by rounding: 1e-6 of the value is generous to that. */
TEST(a_sessions_errors_average_to_what_evaluate_prints)
{
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < HGI_COUNT(recipes); i++) {
        hg_model *m = make_model(ctx, &recipes[i]);
        float *x = random_floats(4, ROWS * m->net.inputs, 0, 1);
        hg_dataset *d = rows_of(ctx, x, ROWS, m->net.inputs);
        hg_metrics *e;
        double each[ROWS];
        CHECK_OK(ctx, hg_evaluate(ctx, m, d, &e));
        for (int own = 0; own < 2; own++) {
            const char *metric = own ? "recon" : "mse";
            if (own && strncmp(recipes[i].code, "variational", 5) == 0) continue;
            hg_session *s = session_of(ctx, m, 8, own ? "loss" : "mse");
            CHECK_INT(hg_session_error(s, x, ROWS, each), HG_OK);
            double sum = 0, want = hg_metrics_get(e, metric);
            for (int r = 0; r < ROWS; r++) sum += each[r];
            test_where("model %d, %s", i, metric);
            CHECK_NEAR(sum / ROWS, want, 1e-6 * fabs(want));
            hg_session_free(&s);
        }
        hg_metrics_free(&e);
        hg_dataset_free(&d);
        hg_model_free(&m);
        free(x);
    }
    test_where(NULL);
}

/* Each weight is off by at most 2^-9 of itself in bf16, by half a 127th of its column's
 * largest in int8, as is each input of a layer there.  Random errors of a layer add up to
 * about that size of its output, and there are four: 2 % and 6 % of the row's size, root
 * mean square, have a margin of three; a wrong weight or scale is off by all of it.
 * A topk code jumps where another value becomes the largest: three times that. */
TEST(narrow_weights_give_nearly_the_same)
{
    static const char *const weights[] = {"bf16", "int8"};
    static const double most[] = {0.02, 0.06};
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < HGI_COUNT(recipes); i++)
        for (int w = 0; w < 2; w++) {
            hg_model *m = make_model(ctx, &recipes[i]);
            int64_t d = m->net.inputs;
            float *x = random_floats(3, ROWS * d, 0, 1), y[ROWS * WIDE], f[ROWS * WIDE];
            hg_session *s = narrow_session(ctx, m, 1, NULL, weights[w]);
            hg_session *eight = narrow_session(ctx, m, 8, NULL, weights[w]);
            double off = 0, size = 0;
            CHECK_OK(ctx, hg_reconstruct(ctx, m, x, ROWS, f));
            CHECK_INT(hg_session_reconstruct(s, x, ROWS, y), HG_OK);
            for (int64_t j = 0; j < ROWS * d; j++) {
                off += pow((double)(y[j] - f[j]), 2);
                size += pow((double)f[j], 2);
            }
            test_where("model %d, %s: %g", i, weights[w], sqrt(off / size));
            CHECK(off > 0 && sqrt(off / size) < (i == 4 ? 3 : 1) * most[w]);
            CHECK_INT(hg_session_reconstruct(eight, x, ROWS, f), HG_OK);
            CHECK(memcmp(y, f, (size_t)(ROWS * d) * sizeof *y) == 0);
            hg_session_free(&s);
            hg_session_free(&eight);
            hg_model_free(&m);
            free(x);
        }
    test_where(NULL);
}

/* Densities of continuous rows can be above 1, and their losses below 0. */
TEST(what_narrow_weights_cost_is_stated_of_losses_below_0)
{
    static const model_recipe gaussian = {{1, {WIDE, 0, 0}}, "dense 8",  "plain",
                                          "dense 60",        "gaussian", HGI_SCALE_NONE};
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model_of(ctx, &gaussian, 0.2);
    float *x = random_floats(3, ROWS * WIDE, 0, 0.01f);
    /* It makes nearly nothing of rows that are nearly nothing. */
    for (int64_t i = 0; i < m->net.params; i++) m->theta[i] *= (hgi_real)0.05;
    hg_dataset *d = rows_of(ctx, x, ROWS, WIDE);
    double whole[ROWS], narrow[ROWS], size = 0, apart = 0, most = 0;
    hg_session *a = narrow_session(ctx, m, 1, "loss", "f32");
    hg_session *b = narrow_session(ctx, m, 1, "loss", "int8");
    CHECK_INT(hg_session_error(a, x, ROWS, whole), HG_OK);
    CHECK_INT(hg_session_error(b, x, ROWS, narrow), HG_OK);
    for (int i = 0; i < ROWS; i++) {
        size += fabs(whole[i]);
        apart += fabs(narrow[i] - whole[i]);
        most = fmax(most, fabs(narrow[i] - whole[i]));
    }
    hg_session_cost cost = {.size = sizeof cost};
    CHECK_OK(ctx, hg_session_compare(ctx, m, d, "int8", &cost));
    CHECK(cost.f32 < 0);
    CHECK(cost.mean > 0);
    /* Sums of ROWS doubles, in another order. */
    CHECK_NEAR(cost.mean, apart / size, 1e-12);
    CHECK_NEAR(cost.largest, most / size * ROWS, 1e-12);
    hg_session_free(&a);
    hg_session_free(&b);
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(x);
}

/* A topk code reads rows by places, and the layer behind it too: neither is narrow. */
TEST(how_many_weights_are_narrow_is_stated)
{
    static const struct {
        const char *encoder, *code;
        int64_t rounded;
    } cases[] = {{"dense 8", "plain", 2 * 8 * WIDE},
                 {"dense 8", "topk 16 k=2", 8 * WIDE},
                 {"", "topk 16 k=2", 0}};
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(3, ROWS * WIDE, 0, 1);
    hg_dataset *d = rows_of(ctx, x, ROWS, WIDE);
    for (int i = 0; i < 3; i++) {
        const model_recipe r = {.input = {1, {WIDE, 0, 0}},
                                .encoder = cases[i].encoder,
                                .code = cases[i].code,
                                .decoder = "dense 60"};
        hg_model *m = make_model(ctx, &r);
        hg_session_cost cost = {.size = sizeof cost};
        test_where("%s, %s", cases[i].encoder, cases[i].code);
        CHECK_OK(ctx, hg_session_compare(ctx, m, d, "int8", &cost));
        CHECK_INT(cost.rounded, cases[i].rounded);
        CHECK_INT(cost.parameters, m->net.params);
        CHECK((cost.mean > 0) == (cases[i].rounded > 0));
        CHECK_OK(ctx, hg_session_compare(ctx, m, d, "f32", &cost));
        CHECK_INT(cost.rounded, 0);
        hg_model_free(&m);
    }
    test_where(NULL);
    hg_dataset_free(&d);
    free(x);
}

/* The same from the two sessions' own errors: sums in the same order, so to the bit. */
TEST(what_narrow_weights_cost_is_stated)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &recipes[0]);
    float *x = random_floats(3, ROWS * WIDE, 0, 1);
    hg_dataset *d = rows_of(ctx, x, ROWS, WIDE), *other = rows_of(ctx, x, 3, WIDE - 1);
    double whole[ROWS], narrow[ROWS], sum[2] = {0}, apart = 0, most = 0;
    hg_session *a = narrow_session(ctx, m, 1, "loss", "f32");
    hg_session *b = narrow_session(ctx, m, 1, "loss", "int8");
    CHECK_INT(hg_session_error(a, x, ROWS, whole), HG_OK);
    CHECK_INT(hg_session_error(b, x, ROWS, narrow), HG_OK);
    for (int i = 0; i < ROWS; i++) {
        double relative = fabs(narrow[i] - whole[i]) / whole[i];
        sum[0] += whole[i];
        sum[1] += narrow[i];
        apart += relative;
        most = fmax(most, relative);
    }
    hg_session_cost cost = {.size = sizeof cost};
    CHECK_OK(ctx, hg_session_compare(ctx, m, d, "int8", &cost));
    CHECK_INT(cost.rows, ROWS);
    CHECK_NEAR(cost.f32, sum[0] / ROWS, 0);
    CHECK_NEAR(cost.narrow, sum[1] / ROWS, 0);
    CHECK_NEAR(cost.mean, apart / ROWS, 0);
    CHECK_NEAR(cost.largest, most, 0);
    CHECK(cost.mean > 0 && cost.largest > cost.mean);
    CHECK_OK(ctx, hg_session_compare(ctx, m, d, "f32", &cost));
    CHECK_NEAR(cost.largest, 0, 0);
    CHECK_FAILS(ctx, hg_session_compare(ctx, m, d, "int9", &cost), HG_EUNKNOWN, "int9");
    CHECK_FAILS(ctx, hg_session_compare(ctx, m, other, "int8", &cost), HG_ESHAPE, "59");
    x[WIDE * 67] = (float)NAN;
    CHECK_FAILS(ctx, hg_session_compare(ctx, m, d, "int8", &cost), HG_ENONFINITE, "row");
    cost.size = 0;
    CHECK_FAILS(ctx, hg_session_compare(ctx, m, d, "int8", &cost), HG_EINVAL, "size");
    hg_session_free(&a);
    hg_session_free(&b);
    hg_dataset_free(&d);
    hg_dataset_free(&other);
    hg_model_free(&m);
    free(x);
}

TEST(a_sessions_calls_take_no_memory)
{
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < HGI_COUNT(recipes); i++) {
        hg_model *m = make_model(ctx, &recipes[i]);
        float *x = random_floats(5, ROWS * WIDE, 0, 1), y[ROWS * WIDE];
        double error[ROWS];
        static const char *const weights[] = {"f32", "bf16", "int8"};
        hg_session *s = narrow_session(ctx, m, 1, NULL, weights[i % 3]);
        hg_session_info info = {.size = sizeof info};
        CHECK_INT(hg_session_get_info(s, &info), HG_OK);
        CHECK_STR(info.weights, weights[i % 3]);
        CHECK(info.bytes > m->net.params);
        CHECK(info.bytes <= test_alloc_bytes());
        int64_t before = test_alloc_count();
        test_fail_alloc(0);
        for (int64_t n = 1; n <= ROWS; n += 23) {
            CHECK_INT(hg_session_encode(s, x, n, y), HG_OK);
            CHECK_INT(hg_session_decode(s, x, n, y), HG_OK);
            CHECK_INT(hg_session_reconstruct(s, x, n, y), HG_OK);
            CHECK_INT(hg_session_error(s, x, n, error), HG_OK);
        }
        test_fail_alloc(-1);
        CHECK_INT(test_alloc_count(), before);
        hg_session_free(&s);
        hg_model_free(&m);
        free(x);
    }
}

static void fail_each_allocation(const model_recipe *recipe, const hg_session_options *o)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, recipe);
    hg_session *s;
    for (int64_t n = 0;; n++) {
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status status = hg_session_new(ctx, m, o, &s);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (!failed) break;
        CHECK_INT(status, HG_ENOMEM);
        CHECK(s == NULL);
        CHECK_INT(test_alloc_bytes(), held);
    }
    hg_session_free(&s);
    hg_session_free(&s);
    hg_session_free(NULL);
    hg_model_free(&m);
}

TEST(a_session_out_of_memory_leaks_nothing)
{
    hg_session_options o = {.size = sizeof o, .weights = "int8"};
    fail_each_allocation(&recipes[3], &o);
    o.weights = NULL; /* of a small net, at once */
    fail_each_allocation(&recipes[3], &o);
    o.threads = 2;
    fail_each_allocation(&large, &o);
}

TEST(a_session_tells_what_is_wrong_and_goes_on)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &recipes[2]);
    float *x = random_floats(6, 3 * WIDE, 0, 1), y[3 * WIDE];
    hg_session *s;
    hg_session_options o = {0};
    hg_session_info info = {0};
    CHECK_FAILS(ctx, hg_session_new(ctx, m, &o, &s), HG_EINVAL, "size");
    o.size = sizeof o;
    o.rows = 65;
    CHECK_FAILS(ctx, hg_session_new(ctx, m, &o, &s), HG_ERANGE, "65 rows");
    o.rows = 2;
    o.error = "lose";
    CHECK_FAILS(ctx, hg_session_new(ctx, m, &o, &s), HG_EUNKNOWN, "'loss'");
    o.error = NULL;
    o.weights = "int4";
    CHECK_FAILS(ctx, hg_session_new(ctx, m, &o, &s), HG_EUNKNOWN, "'int8'");
    CHECK_FAILS(ctx, hg_session_new(ctx, NULL, NULL, &s), HG_EINVAL, "model");
    CHECK(s == NULL);
    s = session_of(ctx, m, 2, NULL);
    CHECK_STR(hg_session_message(s), "");
    CHECK_INT(hg_session_get_info(s, &info), HG_EINVAL);
    CHECK_INT(hg_session_encode(s, x, 0, y), HG_ESHAPE);
    CHECK_STR(hg_session_message(s), "0 rows, expected at least 1");
    CHECK_INT(hg_session_encode(s, NULL, 1, y), HG_EINVAL);
    CHECK_INT(hg_session_encode(NULL, x, 1, y), HG_EINVAL);
    x[2 * WIDE + 3] = NAN;
    CHECK_INT(hg_session_encode(s, x, 3, y), HG_ENONFINITE);
    CHECK_STR(hg_session_message(s), "row 3, column 4: nan, expected finite values");
    x[2 * WIDE + 3] = 3;
    CHECK_INT(hg_session_encode(s, x, 3, y), HG_OK); /* clipped */
    info.size = sizeof info;
    CHECK_INT(hg_session_get_info(s, &info), HG_OK);
    CHECK_INT(info.clipped, 1);
    CHECK_INT(info.rows, 2);
    hg_session_free(&s);
    m->clip = false;
    s = session_of(ctx, m, 2, NULL);
    CHECK_INT(hg_session_encode(s, x, 3, y), HG_ERANGE);
    CHECK(strstr(hg_session_message(s), "row 3: ") != NULL);
    for (int i = 0; i < 9; i++) y[i] = 3e38f;
    CHECK_INT(hg_session_encode(s, x, 2, y + 9), HG_OK);
    hg_session_free(&s);
    hg_model_free(&m);
    m = make_model(ctx, &recipes[0]);
    s = session_of(ctx, m, 2, NULL);
    CHECK_INT(hg_session_decode(s, y, 1, x), HG_ENONFINITE);
    CHECK(strstr(hg_session_message(s), "row 1: ") != NULL);
    hg_session_free(&s);
    hg_model_free(&m);
    free(x);
}

/* ---- several at once -------------------------------------------------------------- */

typedef struct caller {
    pthread_t thread;
    hg_session *session;
    const float *x, *want;
    int bad;
} caller;

static void *use_session(void *arg)
{
    caller *c = arg;
    float y[WIDE];
    for (int i = 0; i < 2000; i++) {
        int64_t r = i % ROWS;
        c->bad += hg_session_reconstruct(c->session, c->x + r * WIDE, 1, y) != HG_OK;
        c->bad += memcmp(y, c->want + r * WIDE, sizeof y) != 0;
        c->bad += hg_session_encode(c->session, c->x, -1 - i, y) != HG_ESHAPE;
    }
    return NULL;
}

TEST(several_sessions_of_one_context_and_model_work_at_once)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &recipes[0]);
    float *x = random_floats(7, ROWS * WIDE, 0, 1), want[ROWS * WIDE];
    caller callers[4];
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, ROWS, want));
    for (int i = 0; i < 4; i++) {
        callers[i] =
            (caller){.session = session_of(ctx, m, 1, NULL), .x = x, .want = want};
        CHECK_INT(pthread_create(&callers[i].thread, NULL, use_session, &callers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(callers[i].thread, NULL);
        CHECK_INT(callers[i].bad, 0);
        hg_session_free(&callers[i].session);
    }
    hg_model_free(&m);
    free(x);
}

/* ---- speed ------------------------------------------------------------------------- */

static const struct net {
    const char *what;
    model_recipe recipe;
} nets[] = {
    {"30-16-8-16-30",
     {{1, {30, 0, 0}},
      "dense 16 relu; dense 8 relu",
      "plain",
      "dense 16 relu; dense 30",
      "mse",
      HGI_SCALE_STANDARD}},
    {"784-32-784",
     {{1, {784, 0, 0}},
      "dense 32 relu",
      "plain",
      "dense 784 sigmoid",
      "bce",
      HGI_SCALE_UNIT}},
    {"784-1000-500-250-30-...",
     {{1, {784, 0, 0}},
      "dense 1000 relu; dense 500 relu; dense 250 relu; dense 30",
      "plain",
      "dense 250 relu; dense 500 relu; dense 1000 relu; dense 784 sigmoid",
      "bce",
      HGI_SCALE_UNIT}},
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

BENCH(speed_of_a_session_on_one_row)
{
    enum { CALLS = 4000 };
    static const char *const weights[] = {"f32", "bf16", "int8"};
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < HGI_COUNT(nets); i++) {
        hg_model *m = make_model(ctx, &nets[i].recipe);
        for (int64_t j = 0; j < m->net.params; j++) m->theta[j] /= 16; /* as trained */
        float *x = random_floats(8, m->net.inputs, 0, 1);
        for (int w = 0; w < 3; w++) {
            hg_session *s = narrow_session(ctx, m, 1, NULL, weights[w]);
            static double t[CALLS];
            for (int c = 0; c < CALLS; c++) {
                double error, start = test_now();
                CHECK_INT(hg_session_error(s, x, 1, &error), HG_OK);
                t[c] = test_now() - start;
            }
            qsort(t, CALLS, sizeof t[0], by_size);
            printf("%-24s %s, one row's error: p50 %8.2f us, least %8.2f us\n",
                   nets[i].what, weights[w], 1e6 * t[CALLS / 2], 1e6 * t[0]);
            hg_session_free(&s);
        }
        hg_model_free(&m);
        free(x);
    }
}
