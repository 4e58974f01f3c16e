// SPDX-License-Identifier: MIT
/* PCA beside a model: what it measures, and where it has no meaning. */
#include "test_models.h"

#include <math.h>

enum { N = 60, D = 5 };

/* Two directions and a little noise, in columns of different units. */
static float *plane(uint64_t seed)
{
    float *x = random_floats(seed, (int64_t)N * D, -0.1, 0.1);
    for (int r = 0; r < N; r++) {
        double a = test_uniform(&seed, -3, 3), b = test_uniform(&seed, -1, 1);
        for (int c = 0; c < D; c++)
            x[r * D + c] += (float)((a * (c + 1) + b * (c % 2)) * (c == 3 ? 10 : 1) + c);
    }
    return x;
}

static hg_model *a_model(hg_ctx *ctx, const char *encoder, const char *decoder)
{
    return make_model(ctx, &(model_recipe){.input = {1, {D, 0, 0}},
                                           .encoder = encoder,
                                           .decoder = decoder,
                                           .scale = HGI_SCALE_STANDARD});
}

static hg_metrics *evaluate(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                            const hg_dataset *train)
{
    hg_evaluate_options o = {.size = sizeof o, .pca = 1, .train = train};
    hg_metrics *out;
    CHECK_OK(ctx, hg_evaluate_with(ctx, m, data, &o, &out));
    return out;
}

/* With training rows the column is what a PCA model of those rows measures; that model has
 * no scaler of its own here, so that the rows come to it scaled already. */
TEST(the_column_is_what_a_pca_of_the_training_rows_measures)
{
    hg_ctx *ctx = test_ctx();
    float *a = plane(3), *b = plane(5), scaled[2][N * D];
    hg_model *m = a_model(ctx, "dense 2", "dense 5"), *pca;
    hg_config *c;
    hg_metrics *want;
    hg_dataset *train = rows_of(ctx, a, N, D), *data = rows_of(ctx, b, N, D);
    hg_metrics *got = evaluate(ctx, m, data, train);
    for (int i = 0; i < N * D; i++) {
        double shift = m->scaler.shift[i % D], scale = m->scaler.scale[i % D];
        scaled[0][i] = (float)(((double)a[i] - shift) * scale);
        scaled[1][i] = (float)(((double)b[i] - shift) * scale);
    }
    hg_dataset *ta = rows_of(ctx, scaled[0], N, D), *da = rows_of(ctx, scaled[1], N, D);
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    CHECK_OK(ctx, hg_config_set(c, "code", "2"));
    CHECK_OK(ctx, hg_config_set(c, "scale", "none"));
    CHECK_OK(ctx, hg_pca(ctx, c, ta, NULL, &pca));
    CHECK_OK(ctx, hg_evaluate(ctx, pca, da, &want));
    const hg_metrics *beside = hg_metrics_pca(got);
    CHECK(beside != NULL);
    static const char *const same[] = {"mse", "rmse", "mae", "sse_per_row",
                                       "explained_variance"};
    for (int i = 0; i < 5; i++) {
        test_where("%s", same[i]);
        double w = hg_metrics_get(want, same[i]);
        CHECK_NEAR(hg_metrics_get(beside, same[i]), w,
                   1e-4 * fabs(w)); /* floats' scaling */
    }
    CHECK(isnan(hg_metrics_get(beside, "loss")));
    CHECK(isnan(hg_metrics_get(beside, "bce"))); /* not in [0,1] */
    hg_metrics_free(&want);
    hg_metrics_free(&got);
    hg_config_free(&c);
    hg_model_free(&pca);
    hg_model_free(&m);
    hg_dataset_free(&ta);
    hg_dataset_free(&da);
    hg_dataset_free(&train);
    hg_dataset_free(&data);
    free(a);
    free(b);
}

/* Noise that is fitted looks explained: measured on the other half it is not. */
TEST(without_training_rows_no_row_is_measured_by_what_it_was_fitted_to)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(7, 24 * D, -1, 1);
    hg_model *m = a_model(ctx, "dense 4", "dense 5");
    hg_dataset *data = rows_of(ctx, x, 24, D);
    hg_metrics *halves = evaluate(ctx, m, data, NULL),
               *all = evaluate(ctx, m, data, data);
    double fair = hg_metrics_get(hg_metrics_pca(halves), "mse");
    CHECK(fair > 1.1 * hg_metrics_get(hg_metrics_pca(all), "mse"));
    CHECK_NEAR(hg_metrics_get(hg_metrics_pca(halves), "rows"), 24, 0);
    hg_metrics_free(&halves);
    hg_metrics_free(&all);
    hg_dataset_free(&data);
    hg_model_free(&m);
    free(x);
}

TEST(where_pca_has_no_such_code_there_is_no_column)
{
    hg_ctx *ctx = test_ctx();
    float *x = plane(3);
    hg_model *wide = a_model(ctx, "dense 5", "dense 5"),
             *m = a_model(ctx, "dense 2", "dense 5");
    hg_dataset *data = rows_of(ctx, x, N, D), *few = rows_of(ctx, x, 8, D),
               *other = rows_of(ctx, x, N, D - 1);
    hg_evaluate_options o = {.size = sizeof o, .pca = 1, .target = data};
    hg_metrics *e = evaluate(ctx, wide, data, NULL);
    CHECK(hg_metrics_pca(e) == NULL);
    hg_metrics_free(&e);
    e = evaluate(ctx, m, few, NULL);
    CHECK(hg_metrics_pca(e) == NULL);
    hg_metrics_free(&e);
    CHECK_OK(ctx, hg_evaluate_with(ctx, m, data, &o, &e));
    CHECK(hg_metrics_pca(e) == NULL);
    hg_metrics_free(&e);
    CHECK_OK(ctx, hg_evaluate(ctx, m, data, &e));
    CHECK(hg_metrics_pca(e) == NULL);
    CHECK(hg_metrics_pca(NULL) == NULL);
    hg_metrics_free(&e);
    o = (hg_evaluate_options){.size = sizeof o, .pca = 1, .train = other};
    CHECK_FAILS(ctx, hg_evaluate_with(ctx, m, data, &o, &e), HG_ESHAPE, "4 values a row");
    CHECK(e == NULL);
    hg_dataset_free(&data);
    hg_dataset_free(&few);
    hg_dataset_free(&other);
    hg_model_free(&wide);
    hg_model_free(&m);
    free(x);
}

TEST(every_failing_allocation_of_measuring_pca_is_reported)
{
    hg_ctx *ctx = context_of(1);
    float *x = plane(3);
    hg_model *m = a_model(ctx, "dense 2", "dense 5");
    hg_dataset *data = rows_of(ctx, x, N, D);
    hg_evaluate_options o = {.size = sizeof o, .pca = 1};
    for (int64_t n = 0;; n++) {
        hg_metrics *e;
        test_fail_alloc(n);
        hg_status status = hg_evaluate_with(ctx, m, data, &o, &e);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        hg_metrics_free(&e);
        if (!failed) break;
        CHECK_INT(status, HG_ENOMEM);
    }
    hg_dataset_free(&data);
    hg_model_free(&m);
    free(x);
}
