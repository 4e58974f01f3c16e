// SPDX-License-Identifier: MIT
/* Metrics against cases worked by hand, and against training's own numbers. */
#include "test_models.h"

#include "metrics/metrics.h"

#include <math.h>

/* A model that multiplies: the code is a chosen mix of 3 features, the decoder spreads it.
 * Weights are set by hand: [row of the weight][column]. */
static hg_model *by_hand(hg_ctx *ctx, const char *loss, const char *code,
                         const float encoder[2][3], const float decoder[3][2],
                         const float bias[3], const char *output)
{
    char line[40];
    snprintf(line, sizeof line, "dense 3 %s", output);
    const model_recipe r = {.input = {1, {3, 0, 0}},
                            .encoder = "dense 2 nobias",
                            .code = code,
                            .decoder = line,
                            .loss = loss};
    hg_model *m = make_model(ctx, &r);
    const hgi_layer *first = &m->net.layer[0], *last = &m->net.layer[2];
    for (int i = 0; i < 6; i++) {
        m->theta[first->tensor[0].offset + i] = encoder[i / 3][i % 3];
        m->theta[last->tensor[0].offset + i] = decoder[i / 2][i % 2];
    }
    for (int i = 0; i < 3; i++) m->theta[last->tensor[1].offset + i] = bias[i];
    return m;
}

/* The code keeps features 1 and 2; the decoder gives z1 + 0.5, z2, 0. */
static const float keep[2][3] = {{1, 0, 0}, {0, 1, 0}};
static const float spread[3][2] = {{1, 0}, {0, 1}, {0, 0}};
static const float shift[3] = {0.5f, 0, 0};

static hg_metrics *measure(hg_ctx *ctx, const hg_model *m, const float *x, int64_t rows)
{
    hg_dataset *d = rows_of(ctx, x, rows, m->net.inputs);
    hg_metrics *out;
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &out));
    hg_dataset_free(&d);
    return out;
}

#define CHECK_METRIC(metrics, name, want)                                                \
    CHECK_NEAR(hg_metrics_get(metrics, name), want, 1e-6 * fmax(1, fabs(want)))

/* Rows (1, 2, 3) and (0, -4, 1) come back as (1.5, 2, 0) and (0.5, -4, 0): errors 0.5, 0,
 * -3 and 0.5, 0, -1.
 *   squares 0.25 + 9 + 0.25 + 1 = 10.5     mse 1.75, rmse sqrt(1.75), sse_per_row 5.25
 *   absolutes 0.5 + 3 + 0.5 + 1 = 5        mae 5/6
 *   column means 0.5, -1, 2; variance 2 (0.25) + 2 (9) + 2 (1) = 20.5
 *                                          explained 1 - 10.5/20.5
 *   codes (1, 2), (0, -4): sum |z| = 7     mean_activity 7/4, zero_fraction 1/4
 *   l1 = 0.1: 0.7 over 2 rows              penalty 0.35, loss 2.1
 *   decoder's weight: two ones             decoder_norm sqrt(2)
 * Not in [0,1]: no bce, no psnr. */
TEST(every_metric_is_what_it_is_by_hand)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = by_hand(ctx, "mse", "plain l1=0.1", keep, spread, shift, "linear");
    const float x[6] = {1, 2, 3, 0, -4, 1};
    hg_metrics *e = measure(ctx, m, x, 2);
    CHECK_METRIC(e, "rows", 2.0);
    CHECK_METRIC(e, "mse", 1.75);
    CHECK_METRIC(e, "rmse", sqrt(1.75));
    CHECK_METRIC(e, "sse_per_row", 5.25);
    CHECK_METRIC(e, "mae", 5.0 / 6);
    CHECK_METRIC(e, "explained_variance", 1 - 10.5 / 20.5);
    CHECK_METRIC(e, "mean_activity", 1.75);
    CHECK_METRIC(e, "zero_fraction", 0.25);
    CHECK_METRIC(e, "recon", 1.75);
    CHECK_METRIC(e, "penalty", 0.35);
    CHECK_METRIC(e, "loss", 2.1);
    CHECK_METRIC(e, "decoder_norm", sqrt(2.0));
    CHECK_METRIC(e, "clipped_rows", 0.0);
    CHECK(isnan(hg_metrics_get(e, "bce")) && isnan(hg_metrics_get(e, "bce_floor")));
    CHECK(isnan(hg_metrics_get(e, "psnr")) && isnan(hg_metrics_get(e, "no such")));
    hg_metrics_free(&e);
    hg_model_free(&m);
}

/* The recon of each loss on the same errors 0.5, 0, -3, 0.5, 0, -1: mae 5/6; huber with
 * delta 1: 0.125 + 2.5 + 0.125 + 0.5 = 3.25 over 6. */
TEST(recon_is_the_mean_of_the_models_own_loss)
{
    hg_ctx *ctx = test_ctx();
    static const struct {
        const char *loss;
        double want;
    } rows[] = {{"mse", 1.75}, {"mae", 5.0 / 6}, {"huber", 3.25 / 6}};
    const float x[6] = {1, 2, 3, 0, -4, 1};
    for (int i = 0; i < 3; i++) {
        test_where("%s", rows[i].loss);
        hg_model *m = by_hand(ctx, rows[i].loss, "plain", keep, spread, shift, "linear");
        hg_metrics *e = measure(ctx, m, x, 2);
        CHECK_METRIC(e, "recon", rows[i].want);
        CHECK_METRIC(e, "loss", rows[i].want);
        hg_metrics_free(&e);
        hg_model_free(&m);
    }
}

/* In [0,1]: rows (0.5, 0.25, 1), (0, 0.75, 0.5) come back as (1, 0.25, 0), (0.5, 0.75, 0).
 *   squares 0.25 + 1 + 0.25 + 0.25 = 1.75: mse 1.75/6, psnr -10 log10 of it
 *   bce, predictions held within 1e-7 and 1 - 1e-7, e = 1e-7:
 *     0.5 against 1:    -0.5 log(1-e) - 0.5 log(e)
 *     0.25 against 0.25: H(0.25)          1 against 0:   -log(e)
 *     0 against 0.5:    log 2             0.75 against 0.75: H(0.25)
 *     0.5 against 0:    -0.5 log(e) - 0.5 log(1-e)
 *   floor: H(0.5) + H(0.25) + 0 + 0 + H(0.75) + H(0.5)
 * with H(p) = -p log p - (1-p) log(1-p), so H(0.5) = log 2. */
TEST(cross_entropy_and_psnr_are_what_they_are_by_hand)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = by_hand(ctx, "mse", "plain", keep, spread, shift, "linear");
    const float x[6] = {0.5f, 0.25f, 1, 0, 0.75f, 0.5f};
    const double h = -0.25 * log(0.25) - 0.75 * log(0.75), e = 1e-7;
    hg_metrics *got = measure(ctx, m, x, 2);
    CHECK_METRIC(got, "mse", 1.75 / 6);
    CHECK_METRIC(got, "psnr", -10 * log10(1.75 / 6));
    CHECK_METRIC(got, "bce", (-2 * log(e) - log(1 - e) + 2 * h + log(2)) / 6);
    CHECK_METRIC(got, "bce_floor", (2 * h + 2 * log(2)) / 6);
    hg_metrics_free(&got);
    hg_model_free(&m);
}

/* A bce model with logits 1, -2, 40 for each row; against t its cross-entropy is
 * max(z,0) - z t + log(1 + exp(-|z|)), never clipped: 40 against 0 costs 40. */
TEST(a_bce_models_cross_entropy_comes_from_its_logits)
{
    hg_ctx *ctx = test_ctx();
    static const float none[3][2] = {{0}};
    static const float logits[3] = {1, -2, 40};
    hg_model *m = by_hand(ctx, "bce", "plain", keep, none, logits, "sigmoid");
    const float x[6] = {1, 0.5f, 0, 0, 0, 1};
    double want = 0;
    for (int i = 0; i < 6; i++) {
        double z = (double)logits[i % 3];
        want += fmax(z, 0) - z * (double)x[i] + log1p(exp(-fabs(z)));
    }
    hg_metrics *e = measure(ctx, m, x, 2);
    CHECK_METRIC(e, "loss", want / 6);
    CHECK_METRIC(e, "bce", want / 6);
    CHECK_METRIC(e, "bce_floor", log(2) / 6);
    double p = 1 / (1 + exp(-1.0)), q = 1 / (1 + exp(2.0));
    double square = (p - 1) * (p - 1) + p * p + (q - 0.5) * (q - 0.5) + q * q + 1;
    CHECK_METRIC(e, "mse", square / 6);
    hg_metrics_free(&e);
    hg_model_free(&m);
}

TEST(metrics_that_do_not_apply_are_left_out_of_the_list)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = by_hand(ctx, "mse", "plain", keep, spread, shift, "linear");
    const float same[6] = {1, 2, 3, 1, 2, 3}; /* no variance: nothing to explain */
    hg_metrics *e = measure(ctx, m, same, 2);
    hg_metric row;
    int n = 0;
    while (hg_metrics_at(e, n, &row)) {
        CHECK(!isnan(row.value) && row.name[0] != '\0' && row.help[0] != '\0');
        CHECK(strcmp(row.name, "explained_variance") != 0 &&
              strcmp(row.name, "psnr") != 0);
        CHECK(hg_metrics_get(e, row.name) == row.value);
        n++;
    }
    /* bce, bce_floor, psnr, explained_variance, kl, elbo, neg_elbo, neg_iwae,
     * iwae_samples, active_units, l0, dead_units, perplexity, ssim, input_mse,
     * input_psnr, nll, sigma */
    CHECK_INT(n, HGI_METRIC_COUNT - 18);
    CHECK(!hg_metrics_at(e, n + 1000, &row) && !hg_metrics_at(e, -1, &row));
    CHECK(!hg_metrics_at(NULL, 0, &row) && isnan(hg_metrics_get(NULL, "mse")));
    hg_metrics_free(&e);
    hg_metrics_free(&e);
    hg_metrics_free(NULL);
    hg_model_free(&m);
}

static void check_same_metrics(const hg_metrics *a, const hg_metrics *b)
{
    hg_metric x, y;
    int i = 0;
    for (; hg_metrics_at(a, i, &x); i++) {
        CHECK(hg_metrics_at(b, i, &y));
        CHECK_STR(x.name, y.name);
        CHECK(memcmp(&x.value, &y.value, sizeof x.value) == 0);
    }
    CHECK(!hg_metrics_at(b, i, &y));
}

TEST(evaluation_gives_the_same_bits_for_any_number_of_threads)
{
    const model_recipe r = {{1, {23, 0, 0}}, "dense 70 relu; dense 4",
                            "plain l1=0.01", "dense 70 relu; dense 23 sigmoid",
                            "bce",           HGI_SCALE_NONE};
    hg_model *m = make_model(context_of(1), &r);
    float *x = random_floats(5, 333 * 23, 0, 1);
    hg_metrics *one = measure(context_of(1), m, x, 333);
    for (int threads = 2; threads <= 5; threads++) {
        hg_metrics *many = measure(context_of(threads), m, x, 333);
        check_same_metrics(one, many);
        hg_metrics_free(&many);
    }
    hg_metrics_free(&one);
    hg_model_free(&m);
    free(x);
}

/* ---- against training ------------------------------------------------------------ */

static void check_validation(hg_ctx *ctx, const char *loss, const char *batchnorm)
{
    float *x = random_floats(5, 120 * 6, 0, 1);
    hg_dataset *train = rows_of(ctx, x, 70, 6), *valid = rows_of(ctx, x + 70 * 6, 50, 6);
    const char *const settings[] = {"hidden",  "8",          "code", "2",  "epochs",
                                    "3",       "batch-size", "16",   "l1", "0.01",
                                    "dropout", "0.2",        "loss", loss, "batchnorm",
                                    batchnorm, NULL};
    hg_config *c;
    hg_model *m;
    hg_metrics *e;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
    CHECK_OK(ctx, hg_train(ctx, c, train, valid, NULL, &m));
    CHECK_OK(ctx, hg_evaluate(ctx, m, valid, &e));
    hg_epoch last = {.size = sizeof last};
    CHECK(hg_model_history(m, 2, &last));
    /* The same sums over the same rows; only the order of dividing differs. */
    double got = hg_metrics_get(e, "loss");
    CHECK_NEAR(got, last.val_loss, 1e-14 * fabs(got));
    hg_metrics_free(&e);
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&train);
    hg_dataset_free(&valid);
    free(x);
}

TEST(evaluate_gives_the_validation_loss_of_the_last_epoch)
{
    hg_ctx *ctx = test_ctx();
    for (int i = 0; hgi_losses[i] != NULL; i++) {
        test_where("%s", hgi_losses[i]->name);
        check_validation(ctx, hgi_losses[i]->name, "false");
        check_validation(ctx, hgi_losses[i]->name, "true");
    }
}

/* ---- structural similarity --------------------------------------------------------- */

/* The formula as it stands, one window after the other. */
static double plain_ssim(int64_t h, int64_t w, int64_t channels, const hgi_real *x,
                         const hgi_real *y)
{
    double total = 0, count = 0;
    for (int64_t k = 0; k < channels; k++)
        for (int64_t r = 0; r + 11 <= h; r++)
            for (int64_t c = 0; c + 11 <= w; c++, count++) {
                double sum = 0, mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
                for (int i = 0; i < 11; i++)
                    for (int j = 0; j < 11; j++) {
                        double g = exp(-((i - 5) * (i - 5) + (j - 5) * (j - 5)) / 4.5);
                        double a = (double)x[((r + i) * w + c + j) * channels + k];
                        double b = (double)y[((r + i) * w + c + j) * channels + k];
                        sum += g;
                        mx += g * a;
                        my += g * b;
                        xx += g * a * a;
                        yy += g * b * b;
                        xy += g * a * b;
                    }
                mx /= sum;
                my /= sum;
                double sx = xx / sum - mx * mx, sy = yy / sum - my * my;
                total += (2 * mx * my + 1e-4) * (2 * (xy / sum - mx * my) + 9e-4) /
                         ((mx * mx + my * my + 1e-4) * (sx + sy + 9e-4));
            }
    return total / count;
}

TEST(structural_similarity_is_what_the_formula_says_in_any_shape)
{
    static const int64_t shapes[][3] = {
        {11, 11, 1}, {12, 19, 1}, {28, 28, 1}, {17, 13, 3}};
    for (int s = 0; s < 4; s++) {
        int64_t h = shapes[s][0], w = shapes[s][1], k = shapes[s][2], n = h * w * k;
        hgi_real x[28 * 28], y[28 * 28];
        double *work = calloc((size_t)hgi_ssim_work(w), sizeof *work);
        uint64_t seed = 4;
        test_where("%lldx%lldx%lld", (long long)h, (long long)w, (long long)k);
        for (int64_t i = 0; i < n; i++) {
            x[i] = (hgi_real)test_uniform(&seed, 0, 1);
            y[i] = (hgi_real)(0.7 * (double)x[i] + test_uniform(&seed, 0, 0.3));
        }
        /* Some hundred double additions, in another order. */
        CHECK_NEAR(hgi_ssim(h, w, k, x, y, work), plain_ssim(h, w, k, x, y), 1e-12);
        CHECK_NEAR(hgi_ssim(h, w, k, x, x, work), 1, 1e-12);
        free(work);
    }
}

/* Numbers of scikit-image 0.26: structural_similarity(x, y, data_range=1,
 * gaussian_weights=True, sigma=1.5, use_sample_covariance=False) ; x is a ramp that
 * starts over, y the same with every third pixel at a half. */
TEST(structural_similarity_is_that_of_scikit_image)
{
    enum { H = 20, W = 24 };
    hgi_real x[H * W], y[H * W];
    double work[11 * 5 * (W - 10)];
    for (int r = 0; r < H; r++)
        for (int c = 0; c < W; c++) {
            int i = r * W + c;
            x[i] = (hgi_real)((r * 7 + c * 11) % 64 / 64.0);
            y[i] = i % 3 == 0 ? (hgi_real)0.5 : x[i];
        }
    CHECK_INT(hgi_ssim_work(W), 11 * 5 * (W - 10));
    CHECK_NEAR(hgi_ssim(H, W, 1, x, y, work), 0.7990189031861025, 1e-12);
}

TEST(images_have_a_structural_similarity_and_other_rows_have_none)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(8, 5 * 144, 0, 1), *line = random_floats(9, 5 * 144, -1, 1);
    const model_recipe images = {
        .input = {2, {12, 12, 0}}, .encoder = "dense 9", .decoder = "dense 144 sigmoid"};
    const model_recipe flat = {
        .input = {1, {144, 0, 0}}, .encoder = "dense 9", .decoder = "dense 144 sigmoid"};
    hg_model *m = make_model(ctx, &images), *f = make_model(ctx, &flat);
    hg_metrics *a = measure(ctx, m, x, 5), *b = measure(ctx, f, x, 5),
               *c = measure(ctx, m, line, 5);
    double work[11 * 5 * 2], sum = 0;
    float y[5 * 144];
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, 5, y));
    for (int r = 0; r < 5; r++) {
        hgi_real from[144], to[144];
        for (int i = 0; i < 144; i++) {
            from[i] = (hgi_real)x[r * 144 + i];
            to[i] = (hgi_real)y[r * 144 + i];
        }
        sum += hgi_ssim(12, 12, 1, from, to, work) / 5;
    }
    CHECK_NEAR(hg_metrics_get(a, "ssim"), sum, 1e-12);
    CHECK(isnan(hg_metrics_get(b, "ssim")));
    CHECK(isnan(hg_metrics_get(c, "ssim")));
    hg_metrics_free(&a);
    hg_metrics_free(&b);
    hg_metrics_free(&c);
    hg_model_free(&m);
    hg_model_free(&f);
    free(x);
    free(line);
}
