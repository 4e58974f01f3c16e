// SPDX-License-Identifier: MIT
/* New rows: their moments are those of what they are drawn from; rows on the way between
 * two begin and end where they should. */
#include "test_models.h"

#include <math.h>

/* Rows are their own codes: both weights are the identity. */
static hg_model *identity(hg_ctx *ctx, int64_t d, const char *encoder, const char *code,
                          const char *loss)
{
    hg_model *m =
        make_model(ctx, &(model_recipe){{1, {d}},
                                        encoder,
                                        code,
                                        strcmp(loss, "bce") == 0 ? "dense input sigmoid"
                                                                 : "dense input linear",
                                        loss,
                                        HGI_SCALE_NONE});
    for (int64_t i = 0; i < m->net.params; i++) m->theta[i] = 0;
    for (int64_t l = 0; l < m->net.count; l++)
        for (int64_t i = 0; m->net.layer[l].tensors > 0 && i < d; i++)
            m->theta[m->net.layer[l].tensor[0].offset + i * d + i] = 1;
    return m;
}

/* Mean and covariance of rows [n,2] in the order m0, m1, c00, c01, c11. */
static void moments(hg_ctx *ctx, const hg_dataset *d, double out[5])
{
    int64_t n = hg_dataset_rows(d);
    float *x = malloc((size_t)(2 * n) * sizeof *x);
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, n, x));
    for (int i = 0; i < 5; i++) out[i] = 0;
    for (int64_t r = 0; r < n; r++)
        for (int i = 0; i < 2; i++) out[i] += (double)x[2 * r + i] / (double)n;
    for (int64_t r = 0; r < n; r++) {
        double a = (double)x[2 * r] - out[0], b = (double)x[2 * r + 1] - out[1];
        out[2] += a * a / (double)n;
        out[3] += a * b / (double)n;
        out[4] += b * b / (double)n;
    }
    free(x);
}

TEST(samples_of_the_prior_have_its_moments)
{
    enum { N = 20000 };
    hg_ctx *ctx = test_ctx();
    hg_model *m = identity(ctx, 2, "", "variational 2", "mse");
    double v[5];
    for (int i = 0; i < 2; i++) {
        double t = i == 0 ? 1 : 0.5;
        hg_sample_options o = {.size = sizeof o, .temperature = i == 0 ? 0 : t};
        hg_dataset *rows, *codes;
        CHECK_OK(ctx, hg_sample(ctx, m, N, &o, &rows, &codes));
        moments(ctx, codes, v);
        /* Four times what they wander by: 1 / sqrt(n) and sqrt(2 / n). */
        CHECK_NEAR(v[0], 0, 0.029 * t);
        CHECK_NEAR(v[1], 0, 0.029 * t);
        CHECK_NEAR(v[2], t * t, 0.04 * t * t);
        CHECK_NEAR(v[3], 0, 0.03 * t * t);
        CHECK_NEAR(v[4], t * t, 0.04 * t * t);
        hg_dataset_free(&rows);
        hg_dataset_free(&codes);
    }
    hg_model_free(&m);
}

TEST(samples_of_a_mixture_have_the_moments_of_the_rows_fitted)
{
    enum { N = 4000 };
    hg_ctx *ctx = test_ctx();
    hg_model *m = identity(ctx, 2, "dense 2 linear", NULL, "mse");
    float *x = random_floats(8, 2 * N, -1, 1);
    double want[5], got[5];
    for (int r = 0; r < N; r++) x[2 * r + 1] = 5 + x[2 * r] + 0.3f * x[2 * r + 1];
    hg_dataset *rows = rows_of(ctx, x, N, 2), *out;
    hg_sample_options o = {.size = sizeof o};
    CHECK_FAILS(ctx, hg_sample(ctx, m, 5, &o, &out, NULL), HG_EINVAL, "no mixture");
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, NULL));
    CHECK_OK(ctx, hg_sample(ctx, m, N, &o, &out, NULL));
    moments(ctx, rows, want);
    moments(ctx, out, got);
    /* Spreads are 0.6: as above, twice, since both sides wander. */
    for (int i = 0; i < 5; i++) CHECK_NEAR(got[i], want[i], 0.05);
    hg_dataset_free(&out);
    /* The mixture is asked for by name; the prior, too, whatever the code. */
    o.from = "prior";
    CHECK_OK(ctx, hg_sample(ctx, m, N, &o, &out, NULL));
    moments(ctx, out, got);
    CHECK_NEAR(got[1], 0, 0.07);
    hg_dataset_free(&out);
    hg_dataset_free(&rows);
    hg_model_free(&m);
    free(x);
}

TEST(a_sample_depends_on_seed_and_row_alone)
{
    float first[64 * 3], x[64 * 3];
    for (int threads = 1; threads <= 3; threads++) {
        hg_ctx *ctx = context_of(threads);
        hg_model *m = identity(ctx, 3, "", "variational 3", "bce");
        hg_dataset *rows;
        hg_sample_options o = {.size = sizeof o, .seed = 5, .draw = 1};
        CHECK_OK(ctx, hg_sample(ctx, m, threads == 2 ? 10 : 64, &o, &rows, NULL));
        int64_t n = hg_dataset_rows(rows);
        CHECK_OK(ctx, hg_dataset_read(ctx, rows, 0, n, x));
        if (threads == 1) memcpy(first, x, sizeof x);
        CHECK(memcmp(first, x, (size_t)n * 3 * sizeof *x) == 0);
        hg_dataset_free(&rows);
        o.seed = 6;
        CHECK_OK(ctx, hg_sample(ctx, m, 64, &o, &rows, NULL));
        CHECK_OK(ctx, hg_dataset_read(ctx, rows, 0, 64, x));
        CHECK(memcmp(first, x, sizeof x) != 0);
        hg_dataset_free(&rows);
        hg_model_free(&m);
    }
}

TEST(drawn_outputs_are_black_or_white_as_often_as_their_means_say)
{
    enum { N = 20000 };
    hg_ctx *ctx = test_ctx();
    hg_model *m = identity(ctx, 2, "", "variational 2", "bce");
    hg_dataset *rows;
    hg_sample_options o = {.size = sizeof o, .draw = 1};
    /* Outputs of a decoder of zeros are its bias alone: sigmoid(1) and sigmoid(-2). */
    const hgi_layer *l = &m->net.layer[m->net.count - 1];
    for (int i = 0; i < 4; i++) m->theta[l->tensor[0].offset + i] = 0;
    m->theta[l->tensor[1].offset] = 1;
    m->theta[l->tensor[1].offset + 1] = -2;
    float *x = malloc(2 * N * sizeof *x);
    double mean[2] = {0, 0};
    CHECK_OK(ctx, hg_sample(ctx, m, N, &o, &rows, NULL));
    CHECK_OK(ctx, hg_dataset_read(ctx, rows, 0, N, x));
    for (int i = 0; i < 2 * N; i++) {
        CHECK((x[i] >= 0 && x[i] <= 0) || (x[i] >= 1 && x[i] <= 1));
        mean[i % 2] += (double)x[i] / N;
    }
    /* Four times sqrt(p (1 - p) / n). */
    CHECK_NEAR(mean[0], 1 / (1 + exp(-1)), 0.0126);
    CHECK_NEAR(mean[1], 1 / (1 + exp(2)), 0.0092);
    free(x);
    hg_dataset_free(&rows);
    hg_model_free(&m);
    m = identity(ctx, 2, "", "variational 2", "mse");
    CHECK_FAILS(ctx, hg_sample(ctx, m, 5, &o, &rows, NULL), HG_EINVAL, "bce alone");
    hg_model_free(&m);
}

TEST(samples_of_a_topk_code_have_k_values)
{
    enum { N = 200, D = 12 };
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(
        ctx,
        &(model_recipe){
            {1, {6}}, "", "topk 12 k=3", "dense input linear", "mse", HGI_SCALE_NONE});
    float *x = random_floats(2, N * 6, -1, 1), z[50 * D];
    hg_dataset *rows = rows_of(ctx, x, N, 6), *out, *codes;
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, NULL));
    CHECK_OK(ctx, hg_sample(ctx, m, 50, NULL, &out, &codes));
    CHECK_OK(ctx, hg_dataset_read(ctx, codes, 0, 50, z));
    for (int r = 0; r < 50; r++) {
        int used = 0;
        for (int i = 0; i < D; i++) used += z[r * D + i] > 0 || z[r * D + i] < 0;
        CHECK(used <= 3);
    }
    hg_dataset_free(&out);
    hg_dataset_free(&codes);
    hg_dataset_free(&rows);
    hg_model_free(&m);
    free(x);
}

/* A normal distribution has values from 0 to a threshold, such a code has none. */
TEST(samples_of_a_code_with_thresholds_are_0_or_above_them)
{
    enum { N = 400, D = 12, SAMPLES = 50 };
    static const char *const encoder[] = {"", "dense 12 linear"};
    static const char *const code[] = {"batchtopk 12 k=2", "jumprelu"};
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(2, N * 6, -1, 1), z[SAMPLES * D];
    hg_dataset *rows = rows_of(ctx, x, N, 6), *out, *codes;
    for (int kind = 0; kind < 2; kind++) {
        hg_model *m = make_model(ctx, &(model_recipe){{1, {6}},
                                                      encoder[kind],
                                                      code[kind],
                                                      "dense input linear",
                                                      "mse",
                                                      HGI_SCALE_NONE});
        const hgi_layer *l = &m->net.layer[m->net.code];
        int used = 0;
        CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, NULL));
        CHECK_OK(ctx, hg_sample(ctx, m, SAMPLES, NULL, &out, &codes));
        CHECK_OK(ctx, hg_dataset_read(ctx, codes, 0, SAMPLES, z));
        for (int i = 0; i < SAMPLES * D; i++) {
            double least = kind == 0 ? (double)m->state[l->tensor[2 + 1].offset]
                                     : exp((double)m->theta[l->tensor[0].offset + i % D]);
            CHECK(!(z[i] > 0 || z[i] < 0) || (double)z[i] > least * (1 - 1e-6));
            used += z[i] > 0;
        }
        CHECK(used > 0);
        hg_dataset_free(&out);
        hg_dataset_free(&codes);
        hg_model_free(&m);
    }
    hg_dataset_free(&rows);
    free(x);
}

TEST(samples_of_a_binary_code_are_bits)
{
    enum { N = 200, D = 5 };
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &(model_recipe){{1, {6}},
                                                  "dense 5 linear",
                                                  "binary",
                                                  "dense input linear",
                                                  "mse",
                                                  HGI_SCALE_NONE});
    float *x = random_floats(2, N * 6, -1, 1), z[50 * D];
    hg_dataset *rows = rows_of(ctx, x, N, 6), *out, *codes;
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, rows, NULL));
    CHECK_OK(ctx, hg_sample(ctx, m, 50, NULL, &out, &codes));
    CHECK_OK(ctx, hg_dataset_read(ctx, codes, 0, 50, z));
    for (int i = 0; i < 50 * D; i++)
        CHECK((z[i] >= 0 && z[i] <= 0) || (z[i] >= 1 && z[i] <= 1));
    hg_dataset_free(&out);
    hg_dataset_free(&codes);
    hg_dataset_free(&rows);
    hg_model_free(&m);
    free(x);
}

TEST(what_cannot_be_sampled_is_refused)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = identity(ctx, 2, "", "variational 2", "mse");
    hg_dataset *rows;
    hg_sample_options o = {.size = sizeof o};
    CHECK_FAILS(ctx, hg_sample(ctx, m, 0, &o, &rows, NULL), HG_ERANGE, "at least 1");
    CHECK_FAILS(ctx, hg_sample(ctx, NULL, 1, &o, &rows, NULL), HG_EINVAL, "model");
    o.temperature = -1;
    CHECK_FAILS(ctx, hg_sample(ctx, m, 1, &o, &rows, NULL), HG_ERANGE, "temperature");
    o.temperature = (double)NAN;
    CHECK_FAILS(ctx, hg_sample(ctx, m, 1, &o, &rows, NULL), HG_ERANGE, "temperature");
    o = (hg_sample_options){.size = sizeof o, .from = "heaven"};
    CHECK_FAILS(ctx, hg_sample(ctx, m, 1, &o, &rows, NULL), HG_EUNKNOWN, "heaven");
    o.size = 1;
    CHECK_FAILS(ctx, hg_sample(ctx, m, 1, &o, &rows, NULL), HG_EINVAL, "size");
    hg_model_free(&m);
}

/* ---- from one row to another -------------------------------------------------------- */

enum { STEPS = 9 };

/* Codes of the way from row 0 to row 1 of x [2,3], which are their own codes. */
static void way(hg_ctx *ctx, const float *x, const char *path, float *z)
{
    hg_model *m = identity(ctx, 3, "dense 3 linear", NULL, "mse");
    hg_dataset *rows = rows_of(ctx, x, 2, 3), *out, *codes;
    CHECK_OK(ctx, hg_interpolate(ctx, m, rows, 0, 1, STEPS, path, &out, &codes));
    CHECK_INT(hg_dataset_rows(out), STEPS);
    CHECK_OK(ctx, hg_dataset_read(ctx, codes, 0, STEPS, z));
    hg_dataset_free(&out);
    hg_dataset_free(&codes);
    hg_dataset_free(&rows);
    hg_model_free(&m);
}

static double length(const float *z)
{
    return sqrt((double)z[0] * (double)z[0] + (double)z[1] * (double)z[1] +
                (double)z[2] * (double)z[2]);
}

TEST(a_spherical_way_has_exact_ends_even_turns_and_even_lengths)
{
    hg_ctx *ctx = test_ctx();
    const float x[] = {3, 0, 4, 0, 10, 0}; /* lengths 5 and 10, a right angle */
    float z[STEPS * 3];
    way(ctx, x, "spherical", z);
    CHECK(memcmp(z, x, 3 * sizeof *z) == 0);
    CHECK(memcmp(z + 3 * (STEPS - 1), x + 3, 3 * sizeof *z) == 0);
    for (int i = 0; i < STEPS; i++) {
        double t = (double)i / (STEPS - 1), want = 5 + 5 * t;
        const float *v = z + 3 * i;
        double turned = acos(((double)v[0] * 3 + (double)v[2] * 4) / (5 * length(v)));
        test_where("step %d", i);
        CHECK_NEAR(length(v), want, 1e-5);          /* floats of size 10 */
        CHECK_NEAR(turned, t * acos(-1) / 2, 1e-3); /* acos is steep at 1: sqrt(1e-7) */
    }
    test_where(NULL);
}

TEST(a_linear_way_is_straight_and_so_is_one_without_an_arc)
{
    hg_ctx *ctx = test_ctx();
    const float turn[] = {1, 2, 3, -3, 0, 5}, opposite[] = {1, 2, 3, -2, -4, -6};
    const float nought[] = {0, 0, 0, 1, 2, 4};
    const float *cases[] = {turn, opposite, nought};
    for (int c = 0; c < 3; c++) {
        float z[STEPS * 3];
        const float *x = cases[c];
        way(ctx, x, c == 0 ? NULL : "spherical", z);
        for (int i = 0; i < STEPS; i++)
            for (int k = 0; k < 3; k++) {
                double t = (double)i / (STEPS - 1);
                CHECK_NEAR(z[3 * i + k], (1 - t) * (double)x[k] + t * (double)x[3 + k],
                           1e-6); /* rounding of floats below 8 */
            }
    }
}

TEST(ways_that_do_not_exist_are_refused)
{
    hg_ctx *ctx = test_ctx();
    const float x[] = {1, 2, 3, -3, 0, 5};
    hg_model *m = identity(ctx, 3, "dense 3 linear", NULL, "mse");
    hg_dataset *rows = rows_of(ctx, x, 2, 3), *other = rows_of(ctx, x, 3, 2), *out;
    CHECK_FAILS(ctx, hg_interpolate(ctx, m, rows, 0, 2, 5, NULL, &out, NULL), HG_ERANGE,
                "no row 3: it has 2");
    CHECK_FAILS(ctx, hg_interpolate(ctx, m, rows, -1, 1, 5, NULL, &out, NULL), HG_ERANGE,
                "no row 0");
    CHECK_FAILS(ctx, hg_interpolate(ctx, m, rows, 0, 1, 1, NULL, &out, NULL), HG_ERANGE,
                "two ends");
    CHECK_FAILS(ctx, hg_interpolate(ctx, m, rows, 0, 1, 5, "round", &out, NULL),
                HG_EUNKNOWN, "linear or spherical");
    CHECK_FAILS(ctx, hg_interpolate(ctx, m, other, 0, 1, 5, NULL, &out, NULL), HG_ESHAPE,
                "wants 3");
    hg_dataset_free(&rows);
    hg_dataset_free(&other);
    hg_model_free(&m);
}
