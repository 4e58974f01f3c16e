// SPDX-License-Identifier: MIT
/* What evaluate says of a variational model's distributions, against numbers that are known
 * otherwise; and rows of 0 and 1 that are drawn. */
#include "test_models.h"

#include "data/binarise.h"

#include <math.h>

static hg_metrics *measure_with(hg_ctx *ctx, const hg_model *m, const float *x,
                                int64_t rows, int64_t iwae)
{
    hg_dataset *d = rows_of(ctx, x, rows, m->net.inputs);
    hg_evaluate_options o = {.size = sizeof o, .iwae = iwae};
    hg_metrics *out;
    CHECK_OK(ctx, hg_evaluate_with(ctx, m, d, &o, &out));
    hg_dataset_free(&d);
    return out;
}

static void set_tensor(hg_model *m, int64_t layer, int tensor, const double *values)
{
    const hgi_tensor *t = &m->net.layer[layer].tensor[tensor];
    for (int64_t i = 0; i < t->count; i++) m->theta[t->offset + i] = (hgi_real)values[i];
}

/* mu = (x0 + 0.5, x1 / 100), logvar = (0.2, 0) whatever x; the decoder's weight is 0, so
 * that log p(x) is that of independent pixels with the decoder's bias for logits. */
static hg_model *blind(hg_ctx *ctx, const char *code)
{
    const model_recipe r = {.input = {1, {3, 0, 0}},
                            .encoder = "activation linear",
                            .code = code,
                            .decoder = "dense 3",
                            .loss = "bce"};
    hg_model *m = make_model(ctx, &r);
    set_tensor(m, 1, 0, (const double[]){1, 0, 0, 0, 0.01, 0});
    set_tensor(m, 1, 1, (const double[6]){0});
    set_tensor(m, 1, 2, (const double[]){0.5, 0});
    set_tensor(m, 1, 3, (const double[]){0.2, 0});
    set_tensor(m, 2, 0, (const double[6]){0});
    set_tensor(m, 2, 1, (const double[]){0.4, -1, 2});
    return m;
}

enum { ROWS = 8 };
static const float cube[ROWS * 3] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0,
                                     0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1};

/* Each pixel is 1 in half of the rows. */
static double neg_log_p(void)
{
    const double bias[3] = {0.4, -1, 2};
    double sum = 0;
    for (int i = 0; i < 3; i++) sum += (log1p(exp(-bias[i])) + log1p(exp(bias[i]))) / 2;
    return sum;
}

/* With K draws the bound is short of log p(x) by about Var(w) / 2K, w = p(z) / q(z); it is
 * measured with an error of the root of Var(w) / (K rows).  Var(w) is at most exp(2 KL) - 1
 * or so, KL at most 1.2: below 10.  K = 20000 draws of 8 rows: an error of 0.008. */
TEST(the_bound_with_many_samples_is_the_known_log_p)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = blind(ctx, "variational 2");
    const int64_t samples[2] = {1, 20000};
    double want = neg_log_p();
    for (int i = 0; i < 2; i++) {
        test_where("%d samples", (int)samples[i]);
        hg_metrics *e = measure_with(ctx, m, cube, ROWS, samples[i]);
        double bound = hg_metrics_get(e, "neg_iwae");
        CHECK_INT((int64_t)hg_metrics_get(e, "iwae_samples"), samples[i]);
        CHECK_NEAR(hg_metrics_get(e, "neg_elbo"), want + hg_metrics_get(e, "kl"), 1e-5);
        if (i == 0)
            CHECK(bound > want + 0.1);
        else
            CHECK_NEAR(bound, want, 3 * 0.008);
        hg_metrics_free(&e);
    }
    hg_model_free(&m);
}

TEST(the_bound_has_the_same_bits_for_any_threads)
{
    double bound[3];
    for (int threads = 1; threads <= 3; threads++) {
        hg_ctx *ctx = context_of(threads);
        hg_model *m = blind(ctx, "variational 2");
        hg_metrics *e = measure_with(ctx, m, cube, ROWS, 150);
        bound[threads - 1] = hg_metrics_get(e, "neg_iwae");
        hg_metrics_free(&e);
        hg_model_free(&m);
    }
    CHECK(bound[0] == bound[1] && bound[0] == bound[2]);
}

/* The first mean is 0.5 or 1.5, its variance 2/7 (over rows - 1); the second varies by a
 * hundredth of that, squared: not active.  KL_1 = (m^2 + e^0.2 - 1.2) / 2. */
TEST(latents_have_their_own_divergence_and_activity)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = blind(ctx, "variational 2");
    hg_metrics *e = measure_with(ctx, m, cube, ROWS, 0);
    const double *kl, *variance, *none;
    CHECK_INT(hg_metrics_list(e, "kl_per_latent", &kl), 2);
    CHECK_INT(hg_metrics_list(e, "mean_variance", &variance), 2);
    CHECK_INT(hg_metrics_list(e, "kl", &none), 0);
    /* float in the encoder: a few units of 6e-8 */
    CHECK_NEAR(kl[0], ((0.25 + 2.25) / 2 + exp(0.2) - 1.2) / 2, 1e-6);
    CHECK_NEAR(kl[1], 1e-4 / 4, 1e-9);
    CHECK_NEAR(kl[0] + kl[1], hg_metrics_get(e, "kl"), 1e-6);
    CHECK_NEAR(variance[0], 2.0 / 7, 1e-6);
    CHECK_NEAR(variance[1], 2e-4 / 7, 1e-9);
    CHECK(hg_metrics_get(e, "active_units") == 1);
    CHECK(isnan(hg_metrics_get(e, "neg_iwae")));
    hg_metrics_free(&e);
    hg_model_free(&m);
}

TEST(a_bound_is_refused_where_it_would_mean_nothing)
{
    hg_ctx *ctx = context_of(1);
    static const float grey[3] = {0, 0.5f, 1};
    static const struct {
        const char *code, *loss;
        bool grey;
        int64_t samples;
        hg_status status;
        const char *message;
    } rows[] = {
        {"variational 2", "bce", true, 5, HG_EINVAL, "values 0 and 1 alone"},
        {"variational 2", "mse", false, 5, HG_EINVAL, "mse is no likelihood"},
        {"plain", "bce", false, 5, HG_EINVAL, "this one is plain"},
        {"variational 2", "bce", false, INT64_C(1) << 40, HG_ERANGE, "expected 1 to"},
        {"variational 2", "bce", false, -1, HG_ERANGE, "-1 samples"},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("row %d", i);
        const model_recipe r = {.input = {1, {3, 0, 0}},
                                .encoder = "dense 2",
                                .code = rows[i].code,
                                .decoder = "dense 3",
                                .loss = rows[i].loss};
        hg_model *m = make_model(ctx, &r);
        hg_dataset *d = rows_of(ctx, rows[i].grey ? grey : cube, 1, 3);
        hg_evaluate_options o = {.size = sizeof o, .iwae = rows[i].samples};
        hg_metrics *e;
        CHECK_FAILS(ctx, hg_evaluate_with(ctx, m, d, &o, &e), rows[i].status,
                    rows[i].message);
        CHECK(e == NULL);
        hg_dataset_free(&d);
        hg_model_free(&m);
    }
}

static hg_status evaluate_short_of_memory(hg_ctx *ctx, const hg_model *m)
{
    hg_dataset *d;
    hg_metrics *e;
    hg_view v = {.size = sizeof v, .data = cube, .rows = ROWS, .rank = 1, .shape = {3}};
    hg_evaluate_options o = {.size = sizeof o, .iwae = 70};
    HGI_TRY(hg_dataset_view(ctx, &v, &d));
    hg_status status = hg_evaluate_with(ctx, m, d, &o, &e);
    CHECK((status == HG_OK) == (e != NULL));
    hg_metrics_free(&e);
    hg_dataset_free(&d);
    return status;
}

TEST(every_allocation_of_a_bound_may_fail)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = blind(ctx, "variational 2");
    CHECK_OK(ctx, evaluate_short_of_memory(ctx, m)); /* what the context keeps is there */
    int64_t n = 0;
    for (bool failed = true; failed && n < 2000; n++) {
        test_fail_alloc(n);
        hg_status status = evaluate_short_of_memory(ctx, m);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
    }
    CHECK(n > 20);
    hg_model_free(&m);
}

/* mu = 0.5 + x0, log variance 0.2 in the first latent; what is drawn is mu + e^0.1 e with e
 * the row's own, so the same in two calls and another for another row. */
TEST(encode_gives_the_mean_the_variance_or_a_draw)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = blind(ctx, "variational 2");
    hg_dataset *d = rows_of(ctx, cube, ROWS, 3), *part[4];
    static const char *const what[4] = {"mean", "logvar", "sample", "sample"};
    float z[4][ROWS * 2];
    for (int i = 0; i < 4; i++) {
        CHECK_OK(ctx, hg_encode_part(ctx, m, d, what[i], &part[i]));
        CHECK_OK(ctx, hg_dataset_read(ctx, part[i], 0, ROWS, z[i]));
        hg_dataset_free(&part[i]);
    }
    CHECK(memcmp(z[2], z[3], sizeof z[2]) == 0);
    for (int r = 0; r < ROWS; r++) {
        CHECK(z[0][2 * r] == 0.5f + cube[3 * r]);
        CHECK(z[1][2 * r] == 0.2f && z[1][2 * r + 1] == 0);
        CHECK(z[2][2 * r] != z[0][2 * r]);
        CHECK(r == 0 || z[2][2 * r] - z[0][2 * r] != z[2][0] - z[0][0]);
    }
    CHECK_FAILS(ctx, hg_encode_part(ctx, m, d, "samples", &part[0]), HG_EUNKNOWN,
                "'sample'");
    hg_model_free(&m);
    const model_recipe plain = {
        .input = {1, {3, 0, 0}}, .encoder = "dense 2", .decoder = "dense 3"};
    m = make_model(ctx, &plain);
    CHECK_FAILS(ctx, hg_encode_part(ctx, m, d, "logvar", &part[0]), HG_EINVAL,
                "this code is plain");
    hg_model_free(&m);
    hg_dataset_free(&d);
}

/* ---- rows of 0 and 1 -------------------------------------------------------------- */

/* Of 40000 draws with probability p the share of ones is p within 5 standard errors. */
TEST(values_are_drawn_with_their_probability)
{
    enum { D = 1000, N = 40 };
    hgi_rng rng = hgi_binarise_rng(HGI_BINARISE_EPOCH, 3, false, 2);
    const double p[5] = {0, 0.1, 0.5, 0.9, 1};
    for (int i = 0; i < 5; i++) {
        test_where("p = %g", p[i]);
        hgi_real *x = calloc((size_t)N * D, sizeof *x);
        double ones = 0;
        for (int64_t k = 0; k < N * D; k++) x[k] = (hgi_real)p[i];
        hgi_binarise_rows(HGI_BINARISE_EPOCH, &rng, NULL, 5, N, D, x);
        for (int64_t k = 0; k < N * D; k++) {
            CHECK(x[k] == 0 || x[k] == 1);
            ones += (double)x[k];
        }
        CHECK_NEAR(ones / (N * D), p[i], 5 * sqrt(p[i] * (1 - p[i]) / (N * D)));
        free(x);
    }
}

/* A row is drawn by its number, and anew in an epoch only where that is asked for. */
TEST(draws_follow_from_row_and_epoch_alone)
{
    enum { D = 301 };
    const int64_t index[2] = {9, 4};
    hgi_real all[12 * D], some[2 * D], other[2 * D];
    for (int how = HGI_BINARISE_EPOCH; how <= HGI_BINARISE_ONCE; how++) {
        hgi_rng a = hgi_binarise_rng((hgi_binarise)how, 1, false, 0);
        hgi_rng b = hgi_binarise_rng((hgi_binarise)how, 1, false, 1);
        for (int i = 0; i < 12 * D; i++) all[i] = (hgi_real)0.5;
        for (int i = 0; i < 2 * D; i++) some[i] = other[i] = (hgi_real)0.5;
        hgi_binarise_rows((hgi_binarise)how, &a, NULL, 0, 12, D, all);
        hgi_binarise_rows((hgi_binarise)how, &a, index, 0, 2, D, some);
        hgi_binarise_rows((hgi_binarise)how, &b, index, 0, 2, D, other);
        CHECK(memcmp(some, all + 9 * D, sizeof *all * D) == 0);
        CHECK(memcmp(some + D, all + 4 * D, sizeof *all * D) == 0);
        CHECK((memcmp(some, other, sizeof some) == 0) == (how == HGI_BINARISE_ONCE));
    }
    hgi_real x[3] = {0, (hgi_real)0.5, (hgi_real)0.51};
    hgi_rng none = {0, 0, 0};
    hgi_binarise_rows(HGI_BINARISE_THRESHOLD, &none, NULL, 0, 1, 3, x);
    CHECK(x[0] == 0 && x[1] == 0 && x[2] == 1);
}

/* The model keeps what it was trained on through its file, and evaluate draws as validation
 * did. */
TEST(a_model_of_drawn_rows_is_measured_on_drawn_rows)
{
    hg_ctx *ctx = context_of(2);
    enum { N = 70, D = 9 };
    uint64_t seed = 4;
    float *x = calloc(N * D, sizeof *x);
    for (int i = 0; i < N * D; i++) x[i] = (float)test_uniform(&seed, 0, 1);
    hg_dataset *d = rows_of(ctx, x, N, D);
    hg_config *c;
    hg_model *m, *again;
    char path[TEST_PATH];
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    CHECK_OK(ctx, hg_config_set(c, "code", "2"));
    CHECK_OK(ctx, hg_config_set(c, "code-kind", "variational"));
    CHECK_OK(ctx, hg_config_set(c, "binarise", "epoch"));
    CHECK_OK(ctx, hg_config_set(c, "epochs", "2"));
    CHECK_OK(ctx, hg_train(ctx, c, d, d, NULL, &m));
    test_path(path, "drawn.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &again));
    hg_epoch e = {.size = sizeof e};
    CHECK(hg_model_history(m, 1, &e));
    hg_metrics *v;
    CHECK_OK(ctx, hg_evaluate(ctx, again, d, &v));
    CHECK(hg_metrics_get(v, "bce_floor") == 0);
    /* Only the order of dividing differs. */
    CHECK_NEAR(hg_metrics_get(v, "loss"), e.val_loss, 1e-12);
    hg_metrics_free(&v);
    hg_evaluate_options o = {.size = sizeof o, .binarise = "none"};
    CHECK_OK(ctx, hg_evaluate_with(ctx, again, d, &o, &v));
    CHECK(hg_metrics_get(v, "bce_floor") > 0.1);
    hg_metrics_free(&v);
    o.binarise = "epochs";
    CHECK_FAILS(ctx, hg_evaluate_with(ctx, again, d, &o, &v), HG_EUNKNOWN, "'epoch'");
    hg_model_free(&m);
    hg_model_free(&again);
    for (int i = 0; i < N * D; i++) x[i] += 1;
    hg_dataset *high = rows_of(ctx, x, N, D);
    CHECK_OK(ctx, hg_config_set(c, "scale", "none"));
    CHECK_FAILS(ctx, hg_train(ctx, c, high, NULL, NULL, &m), HG_ERANGE, "binarise");
    hg_config_free(&c);
    hg_dataset_free(&high);
    hg_dataset_free(&d);
    free(x);
}
