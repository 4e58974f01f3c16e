// SPDX-License-Identifier: MIT
/* Mixtures of normal distributions: one that is known comes back, with its number of
 * components; the same bits for any number of threads; model files that hold one. */
#include "test_models.h"

#include "model/container.h"
#include "train/em.h"

#include <math.h>

/* ---- data ------------------------------------------------------------------------ */

static double normal(uint64_t *seed)
{
    double u = 1 - test_uniform(seed, 0, 1), v = test_uniform(seed, 0, 1);
    return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

enum { K = 3 };
static const double true_weight[K] = {0.5, 0.3, 0.2};
static const double true_mean[K][2] = {{0, 0}, {6, 1}, {-4, 7}};
/* Lower triangles: l00, l10, l11. */
static const double true_factor[K][3] = {{1, 0.8, 0.6}, {0.5, 0, 1.5}, {1.2, -0.4, 0.7}};

/* Rows of the mixture above, shuffled as they are drawn. */
static float *known_rows(int64_t n)
{
    uint64_t seed = 3;
    float *x = malloc((size_t)(2 * n) * sizeof *x);
    for (int64_t r = 0; r < n; r++) {
        double u = test_uniform(&seed, 0, 1), e0 = normal(&seed), e1 = normal(&seed);
        int k = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
        const double *l = true_factor[k];
        x[2 * r] = (float)(true_mean[k][0] + l[0] * e0);
        x[2 * r + 1] = (float)(true_mean[k][1] + l[1] * e0 + l[2] * e1);
    }
    return x;
}

/* Rows are their own codes: both weights are the identity. */
static hg_model *identity(hg_ctx *ctx, int64_t d)
{
    char line[32];
    snprintf(line, sizeof line, "dense %lld linear", (long long)d);
    hg_model *m = make_model(
        ctx, &(model_recipe){
                 {1, {d}}, line, NULL, "dense input linear", "mse", HGI_SCALE_NONE});
    for (int64_t i = 0; i < m->net.params; i++) m->theta[i] = 0;
    for (int64_t l = 0; l < m->net.count; l++)
        for (int64_t i = 0; m->net.layer[l].tensors > 0 && i < d; i++)
            m->theta[m->net.layer[l].tensor[0].offset + i * d + i] = 1;
    return m;
}

/* The component whose mean is nearest to the true one. */
static int64_t nearest(const hgi_mixture *x, int k)
{
    int64_t best = 0;
    double least = (double)INFINITY;
    for (int64_t c = 0; c < x->components; c++) {
        double a = x->mean[2 * c] - true_mean[k][0],
               b = x->mean[2 * c + 1] - true_mean[k][1];
        if (a * a + b * b >= least) continue;
        least = a * a + b * b;
        best = c;
    }
    return best;
}

/* ---- the fit --------------------------------------------------------------------- */

TEST(a_known_mixture_comes_back_and_bic_finds_its_number_of_components)
{
    enum { N = 6000 };
    hg_ctx *ctx = test_ctx();
    float *x = known_rows(N);
    hg_dataset *rows = rows_of(ctx, x, N, 2);
    hg_model *m = identity(ctx, 2);
    hg_mixture_info info = {.size = sizeof info};
    CHECK_FAILS(ctx, hg_mixture_get_info(ctx, m, &info), HG_EINVAL, "no mixture");
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, NULL));
    CHECK_OK(ctx, hg_mixture_get_info(ctx, m, &info));
    CHECK_INT(info.components, K);
    CHECK_STR(info.covariance, "full");
    CHECK_INT(info.rows, N);
    /* A mean of 1200 rows or more of spread 1.7 at the most wanders by 0.05, a factor by
     * 0.035, a weight by 0.0065: four times that, and the ridge's 1 %. */
    for (int k = 0; k < K; k++) {
        int64_t c = nearest(&m->mixture, k);
        const double *l = m->mixture.factor + 4 * c, *want = true_factor[k];
        test_where("component %d", k);
        CHECK_NEAR(m->mixture.weight[c], true_weight[k], 0.026);
        CHECK_NEAR(m->mixture.mean[2 * c], true_mean[k][0], 0.2);
        CHECK_NEAR(m->mixture.mean[2 * c + 1], true_mean[k][1], 0.2);
        CHECK_NEAR(l[0], want[0], 0.15);
        CHECK_NEAR(l[2], want[1], 0.15);
        CHECK_NEAR(l[3], want[2], 0.15);
        CHECK(l[1] >= 0 && l[1] <= 0);
    }
    test_where(NULL);
    hg_model_free(&m);
    hg_dataset_free(&rows);
    free(x);
}

TEST(the_likelihood_of_one_component_is_that_of_its_covariance)
{
    /* Of a normal distribution fitted to its own rows the mean squared distance is d, so
     * the mean log-likelihood is -(log det C + d log 2 pi + d) / 2. */
    enum { N = 500, D = 3 };
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(4, N * D, -2, 5);
    double C[D * D] = {0}, mean[D] = {0};
    hgi_em e;
    hgi_mixture fitted;
    for (int r = 0; r < N; r++)
        for (int i = 0; i < D; i++) mean[i] += (double)x[r * D + i] / N;
    for (int r = 0; r < N; r++)
        for (int i = 0; i < D; i++)
            for (int j = 0; j < D; j++)
                C[i * D + j] += ((double)x[r * D + i] - mean[i]) *
                                ((double)x[r * D + j] - mean[j]) / N;
    double det = C[0] * (C[4] * C[8] - C[5] * C[7]) - C[1] * (C[3] * C[8] - C[5] * C[6]) +
                 C[2] * (C[3] * C[7] - C[4] * C[6]);
    CHECK_OK(ctx, hgi_em_new(ctx, x, N, D, 1, true, 0, &e));
    double got = hgi_em_fit(&e, 1);
    /* The ridge adds a ten-thousandth to each variance: 1.5e-4 nats, less what it takes
     * from the distances. */
    CHECK_NEAR(got, -(log(det) + D * log(2 * acos(-1)) + D) / 2, 2e-4);
    CHECK_NEAR(hgi_em_bic(&e, got), -2 * N * got + 9 * log(N), 1e-9);
    CHECK_OK(ctx, hgi_em_take(&e, got, &fitted));
    for (int i = 0; i < D; i++) {
        double v = 0;
        for (int k = 0; k <= i; k++)
            v += fitted.factor[i * D + k] * fitted.factor[i * D + k];
        CHECK_NEAR(fitted.mean[i], mean[i], 1e-12); /* the same sums, another order */
        CHECK_NEAR(v, C[i * D + i] * (1 + 1e-4), 1e-9);
    }
    hgi_mixture_free(&ctx->mem, &fitted);
    hgi_em_free(&e);
    free(x);
}

TEST(a_mixture_has_the_same_bits_for_any_number_of_threads)
{
    enum { N = 1501 };
    hgi_mixture first = {0};
    float *x = known_rows(N);
    for (int threads = 1; threads <= 4; threads++) {
        hg_ctx *ctx = context_of(threads);
        hg_dataset *rows = rows_of(ctx, x, N, 2);
        hg_model *m = identity(ctx, 2);
        CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, NULL));
        const hgi_mixture *y = &m->mixture;
        if (threads == 1) {
            CHECK_OK(ctx, hgi_mixture_new(ctx, y->components, 2, y->full, &first));
            memcpy(first.weight, y->weight, (size_t)(y->components * 7 + 7) * 8);
        }
        CHECK_INT(y->components, first.components);
        CHECK(memcmp(first.weight, y->weight, (size_t)(y->components * 7 + 7) * 8) == 0);
        hg_model_free(&m);
        hg_dataset_free(&rows);
    }
    hgi_mixture_free(&context_of(1)->mem, &first);
    free(x);
}

TEST(constant_codes_and_equal_rows_make_a_mixture_too)
{
    enum { N = 40, D = 3 };
    hg_ctx *ctx = test_ctx();
    float x[N * D];
    for (int r = 0; r < N; r++)
        for (int i = 0; i < D; i++) x[r * D + i] = i == 1 ? 7 : (float)(r % 2);
    hg_dataset *rows = rows_of(ctx, x, N, D), *out;
    hg_model *m = identity(ctx, D);
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, NULL));
    CHECK_OK(ctx, hg_sample(ctx, m, 50, NULL, &out, NULL));
    float y[50 * D];
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, 50, y));
    for (int r = 0; r < 50; r++) {
        CHECK(y[r * D + 1] >= 7 && y[r * D + 1] <= 7);
        CHECK(y[r * D] >= 0 && y[r * D] <= 1); /* within what the codes had */
    }
    hg_dataset_free(&out);
    hg_model_free(&m);
    hg_dataset_free(&rows);
}

TEST(one_row_and_more_components_than_rows)
{
    hg_ctx *ctx = test_ctx();
    const float x[2] = {1, 2};
    hg_dataset *rows = rows_of(ctx, x, 1, 2);
    hg_model *m = identity(ctx, 2);
    hg_mixture_options o = {.size = sizeof o, .components = 2};
    CHECK_FAILS(ctx, hg_mixture_fit(ctx, m, rows, &o), HG_ERANGE,
                "2 components for 1 rows");
    o.components = 5000;
    CHECK_FAILS(ctx, hg_mixture_fit(ctx, m, rows, &o), HG_ERANGE, "4096");
    o = (hg_mixture_options){.size = sizeof o, .covariance = "round"};
    CHECK_FAILS(ctx, hg_mixture_fit(ctx, m, rows, &o), HG_EUNKNOWN, "full or diagonal");
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, NULL));
    CHECK_INT(m->mixture.components, 1);
    hg_model_free(&m);
    hg_dataset_free(&rows);
}

/* ---- files ----------------------------------------------------------------------- */

static hg_model *with_mixture(hg_ctx *ctx, const char *covariance)
{
    enum { N = 300 };
    float *x = known_rows(N);
    hg_dataset *rows = rows_of(ctx, x, N, 2);
    hg_model *m = identity(ctx, 2);
    hg_mixture_options o = {.size = sizeof o, .components = 2, .covariance = covariance};
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, &o));
    hg_dataset_free(&rows);
    free(x);
    return m;
}

TEST(a_mixture_comes_back_from_the_models_file)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    test_path(path, "m.safetensors");
    for (int i = 0; i < 2; i++) {
        hg_model *m = with_mixture(ctx, i == 0 ? "full" : "diagonal"), *back;
        hg_dataset *a, *b;
        float x[20], y[20];
        CHECK_OK(ctx, hg_model_save(ctx, m, path));
        CHECK_OK(ctx, hg_model_load(ctx, path, &back));
        CHECK_INT(back->mixture.components, 2);
        CHECK_OK(ctx, hg_sample(ctx, m, 10, NULL, &a, NULL));
        CHECK_OK(ctx, hg_sample(ctx, back, 10, NULL, &b, NULL));
        CHECK_OK(ctx, hg_dataset_read(ctx, a, 0, 10, x));
        CHECK_OK(ctx, hg_dataset_read(ctx, b, 0, 10, y));
        CHECK(memcmp(x, y, sizeof x) == 0);
        hg_dataset_free(&a);
        hg_dataset_free(&b);
        hg_model_free(&m);
        hg_model_free(&back);
    }
}

/* The same file with one tensor replaced, left out (dtype I64 of no shape) or added. */
static void check_hostile(hg_ctx *ctx, const char *from, const hgi_entry *edit,
                          const char *part)
{
    char path[TEST_PATH];
    hgi_container *c, *out;
    hg_model *m;
    bool seen = false;
    test_path(path, "hostile.safetensors");
    test_where("%s", part);
    CHECK_OK(ctx, hgi_container_read(ctx, from, &c));
    CHECK_OK(ctx, hgi_container_new(ctx, &out));
    CHECK_OK(ctx, hgi_container_put_text(out, "hourglass",
                                         hgi_container_text(c, "hourglass")));
    for (int64_t i = 0; i < hgi_container_count(c); i++) {
        const hgi_entry *e = hgi_container_at(c, i);
        if (strcmp(e->name, edit->name) == 0) e = edit, seen = true;
        if (e->data == NULL) continue;
        CHECK_OK(ctx,
                 hgi_container_put(out, e->name, e->dtype, e->rank, e->shape, e->data));
    }
    if (!seen)
        CHECK_OK(ctx, hgi_container_put(out, edit->name, edit->dtype, edit->rank,
                                        edit->shape, edit->data));
    CHECK_OK(ctx, hgi_container_write(out, path));
    CHECK_FAILS(ctx, hg_model_load(ctx, path, &m), HG_EFORMAT, part);
    hgi_container_free(&out);
    hgi_container_free(&c);
    test_where(NULL);
}

TEST(mixtures_that_could_not_be_drawn_from_are_refused)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = with_mixture(ctx, "full");
    char path[TEST_PATH];
    static const double w2[] = {0.5, 0.6}, nan2[] = {(double)NAN, 0.5},
                        neg[] = {1.5, -0.5};
    static const double huge[] = {0, 1e39, 0, 0}, zero[] = {1, 0, 0, 0, 1, 0, 0, 1};
    static const double upper[] = {1, 3, 0, 1, 1, 0, 0, 1}, mixed[] = {1, 0, 0, 5};
    static const double fit[] = {0, 1, 1}, one[] = {1};
    static float f[] = {1, 2, 3, 4};
    static double many[5000];
    const struct {
        hgi_entry edit;
        const char *part;
    } rows[] = {
        {{"mixture.weight", HGI_DT_F64, 1, {2}, w2, 2}, "whose sum is 1"},
        {{"mixture.weight", HGI_DT_F64, 1, {2}, nan2, 2}, "'mixture.weight'"},
        {{"mixture.weight", HGI_DT_F64, 1, {2}, neg, 2}, "'mixture.weight'"},
        {{"mixture.weight", HGI_DT_F64, 1, {1}, one, 1}, "'mixture.mean'"},
        {{"mixture.weight", HGI_DT_F64, 1, {5000}, many, 5000}, "1 to 4096"},
        {{"mixture.weight", HGI_DT_F64, 1, {0}, many, 0}, "1 to 4096"},
        {{"mixture.weight", HGI_DT_I64, 1, {0}, NULL, 0}, "without 'mixture.weight'"},
        {{"mixture.mean", HGI_DT_F64, 2, {2, 2}, huge, 4}, "'mixture.mean'"},
        {{"mixture.mean", HGI_DT_F32, 2, {2, 2}, f, 4}, "'mixture.mean'"},
        {{"mixture.mean", HGI_DT_F64, 2, {1, 4}, huge, 4}, "'mixture.mean'"},
        {{"mixture.mean", HGI_DT_I64, 1, {0}, NULL, 0}, "'mixture.mean'"},
        {{"mixture.factor", HGI_DT_F64, 3, {2, 2, 2}, zero, 8}, "'mixture.factor'"},
        {{"mixture.factor", HGI_DT_F64, 3, {2, 2, 2}, upper, 8}, "'mixture.factor'"},
        {{"mixture.factor", HGI_DT_F64, 3, {2, 4, 1}, zero, 8}, "'mixture.factor'"},
        {{"mixture.factor", HGI_DT_F64, 2, {2, 2}, mixed, 4}, "'mixture.factor'"},
        {{"mixture.factor", HGI_DT_I64, 1, {0}, NULL, 0}, "'mixture.factor'"},
        {{"mixture.range", HGI_DT_F64, 2, {2, 2}, mixed, 4}, "the lower first"},
        {{"mixture.range", HGI_DT_I64, 1, {0}, NULL, 0}, "'mixture.range'"},
        {{"mixture.fit", HGI_DT_F64, 1, {3}, fit, 3}, "'mixture.fit'"},
        {{"mixture.colour", HGI_DT_F64, 1, {3}, fit, 3}, "belongs to no mixture"},
    };
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    for (int i = 0; i < HGI_COUNT(rows); i++)
        check_hostile(ctx, path, &rows[i].edit, rows[i].part);
    hg_model_free(&m);
}

TEST(memory_that_runs_out_leaves_the_mixture_as_it_was)
{
    enum { N = 30 };
    hg_ctx *ctx = test_ctx();
    float *x = known_rows(N);
    hg_dataset *rows = rows_of(ctx, x, N, 2);
    hg_model *m = with_mixture(ctx, "diagonal");
    hg_status status = HG_ENOMEM;
    for (int64_t i = 0; status != HG_OK && i < 200; i++) {
        test_fail_alloc(i);
        status = hg_mixture_fit(ctx, m, rows, NULL);
        test_fail_alloc(-1);
        if (status == HG_OK) break;
        CHECK_INT(status, HG_ENOMEM);
        CHECK_INT(m->mixture.components, 2);
    }
    CHECK_INT(status, HG_OK);
    hg_model_free(&m);
    hg_dataset_free(&rows);
    free(x);
}

/* ---- who watches -------------------------------------------------------------------- */

typedef struct watch {
    int calls, stop_at;
    double last;
    bool rises;
} watch;

static int watch_fit(void *user, const char *what, double share)
{
    watch *w = user;
    CHECK(strstr(what, "mixture: 3 components, ") == what);
    CHECK(share >= 0 && share <= 1);
    w->rises = w->rises && share >= w->last;
    w->last = strstr(what, "full") != NULL ? share : 0;
    return ++w->calls == w->stop_at;
}

TEST(a_fit_tells_how_far_it_is_and_stops_when_asked)
{
    enum { N = 300, D = 2 };
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &(model_recipe){{1, {D}},
                                                  "dense 2 linear",
                                                  NULL,
                                                  "dense input linear",
                                                  "mse",
                                                  HGI_SCALE_NONE});
    float *x = random_floats(3, N * D, -1, 1);
    hg_dataset *rows = rows_of(ctx, x, N, D);
    watch w = {.rises = true};
    hg_mixture_options o = {.size = sizeof o, .components = 3, .covariance = "full"};
    o.on_progress = watch_fit;
    o.user = &w;
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, &o));
    CHECK(w.calls > 2 && w.rises);
    w = (watch){.stop_at = 2, .rises = true};
    CHECK_FAILS(ctx, hg_mixture_fit(ctx, m, rows, &o), HG_ECANCELED, "stopped");
    CHECK_INT(w.calls, 2);
    hg_dataset_free(&rows);
    hg_model_free(&m);
    free(x);
}
