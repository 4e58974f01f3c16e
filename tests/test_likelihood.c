// SPDX-License-Identifier: MIT
/* Losses that are likelihoods: what is trained, kept, printed and refused; and the
 * importance-weighted bound where log p(x) is known in closed form. */
#include "test_models.h"

#include <math.h>
#include <string.h>

#define LOG_2PI 1.83787706640934548

static void set_tensor(hg_model *m, int64_t layer, int tensor, const double *values)
{
    const hgi_tensor *t = &m->net.layer[layer].tensor[tensor];
    for (int64_t i = 0; i < t->count; i++) m->theta[t->offset + i] = (hgi_real)values[i];
}

static hg_metrics *measure(hg_ctx *ctx, const hg_model *m, const float *x, int64_t rows,
                           int64_t iwae)
{
    hg_dataset *d = rows_of(ctx, x, rows, m->net.inputs);
    hg_evaluate_options o = {.size = sizeof o, .iwae = iwae};
    hg_metrics *out;
    CHECK_OK(ctx, hg_evaluate_with(ctx, m, d, &o, &out));
    hg_dataset_free(&d);
    return out;
}

static void set_all(hg_ctx *ctx, hg_config *c, const char *const *settings)
{
    for (int i = 0; settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
}

static hg_model *train_with(hg_ctx *ctx, const hg_dataset *d, const char *const *settings)
{
    hg_config *c;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    set_all(ctx, c, settings);
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_config_free(&c);
    return m;
}

/* ---- a linear-Gaussian model: p(z) = N(0, 1), x = W z + b + sigma e ------------------ */

enum { D = 4, Z = 2, LINEAR_ROWS = 400 };
#define SIGMA 0.5

/* Columns at right angles, so that the posterior's covariance is diagonal. */
static const double W[D][Z] = {{1, 0.6}, {1, -0.6}, {1, 0.6}, {1, -0.6}};
static const double B[D] = {0.3, -1, 2, 0.1};

static double column_square(int k)
{
    double sum = 0;
    for (int i = 0; i < D; i++) sum += W[i][k] * W[i][k];
    return sum;
}

/* log N(x; b, W W^T + sigma^2): along each column the variance is |w|^2 + sigma^2. */
static double log_p(const float *x)
{
    double rest = 0, sum = D * LOG_2PI + (D - Z) * 2 * log(SIGMA);
    for (int i = 0; i < D; i++) rest += pow((double)x[i] - B[i], 2);
    for (int k = 0; k < Z; k++) {
        double along = 0, square = column_square(k);
        for (int i = 0; i < D; i++) along += W[i][k] * ((double)x[i] - B[i]);
        along = along * along / square;
        rest -= along;
        sum += along / (square + SIGMA * SIGMA) + log(square + SIGMA * SIGMA);
    }
    return -(sum + rest / (SIGMA * SIGMA)) / 2;
}

/* The encoder gives the posterior N(M^-1 W^T (x - b), sigma^2 M^-1), M = W^T W + sigma^2,
 * moved by `off` and with `wider` added to its log variance. */
static hg_model *linear_gaussian(hg_ctx *ctx, double off, double wider)
{
    const model_recipe r = {.input = {1, {D, 0, 0}},
                            .encoder = "activation linear",
                            .code = "variational 2",
                            .decoder = "dense 4",
                            .loss = "gaussian"};
    hg_model *m = make_model_of(ctx, &r, SIGMA);
    double mu[Z * D], mu_bias[Z], logvar[Z], weight[D * Z];
    for (int k = 0; k < Z; k++) {
        double M = column_square(k) + SIGMA * SIGMA;
        mu_bias[k] = off;
        logvar[k] = log(SIGMA * SIGMA / M) + wider;
        for (int i = 0; i < D; i++) {
            mu[k * D + i] = W[i][k] / M;
            mu_bias[k] -= W[i][k] * B[i] / M;
            weight[i * Z + k] = W[i][k];
        }
    }
    set_tensor(m, 1, 0, mu);
    set_tensor(m, 1, 1, (const double[Z * D]){0});
    set_tensor(m, 1, 2, mu_bias);
    set_tensor(m, 1, 3, logvar);
    set_tensor(m, 2, 0, weight);
    set_tensor(m, 2, 1, B);
    return m;
}

static double mean_log_p(const float *x)
{
    double sum = 0;
    for (int r = 0; r < LINEAR_ROWS; r++) sum += log_p(x + r * D) / LINEAR_ROWS;
    return sum;
}

/* Every draw has the same weight, p(x): any number of them gives it, but for float's
 * rounding of sums around 10. */
TEST(the_bound_of_the_exact_posterior_is_log_p_for_any_samples)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = linear_gaussian(ctx, 0, 0);
    float *x = random_floats(8, (int64_t)LINEAR_ROWS * D, -3, 3);
    const int64_t samples[] = {1, 2, 7, 100};
    for (int i = 0; i < HGI_COUNT(samples); i++) {
        test_where("%d samples", (int)samples[i]);
        hg_metrics *e = measure(ctx, m, x, LINEAR_ROWS, samples[i]);
        CHECK_NEAR(hg_metrics_get(e, "neg_iwae"), -mean_log_p(x), 1e-5);
        hg_metrics_free(&e);
    }
    free(x);
    hg_model_free(&m);
}

/* One draw is short of log p by KL(q || posterior), two latents, from draws whose weights
 * spread by about 1: 400 rows give it to 0.05.  More draws rise to log p; q is wider than
 * the posterior, so that weights are bounded and 3,000 draws are within 0.005. */
TEST(the_bound_of_a_wrong_posterior_rises_to_log_p)
{
    const double off = 0.2, wider = 0.7;
    hg_ctx *ctx = context_of(2);
    hg_model *m = linear_gaussian(ctx, off, wider);
    float *x = random_floats(8, (int64_t)LINEAR_ROWS * D, -3, 3);
    double log_px = mean_log_p(x), short_of = 0, before = -INFINITY;
    const int64_t samples[] = {1, 5, 50, 3000};
    for (int k = 0; k < Z; k++) {
        double variance = SIGMA * SIGMA / (column_square(k) + SIGMA * SIGMA);
        short_of += (exp(wider) + off * off / variance - 1 - wider) / 2;
    }
    for (int i = 0; i < HGI_COUNT(samples); i++) {
        test_where("%d samples", (int)samples[i]);
        hg_metrics *e = measure(ctx, m, x, LINEAR_ROWS, samples[i]);
        double bound = -hg_metrics_get(e, "neg_iwae");
        CHECK(bound > before);
        if (samples[i] == 1) CHECK_NEAR(bound, log_px - short_of, 4 * 0.05);
        if (samples[i] == 3000) CHECK_NEAR(bound, log_px, 0.005);
        before = bound;
        hg_metrics_free(&e);
    }
    free(x);
    hg_model_free(&m);
}

/* ---- gaussian ------------------------------------------------------------------------ */

/* nll = SSE / (2 sigma^2) + d (log sigma + log(2 pi) / 2); loss is that of a feature.  The
 * errors are those of the reconstruction, all in float: 1e-5 of numbers around 10. */
TEST(a_gaussian_likelihood_follows_from_the_squared_error)
{
    hg_ctx *ctx = context_of(2);
    const model_recipe r = {.input = {1, {D, 0, 0}},
                            .encoder = "dense 2",
                            .decoder = "dense 4",
                            .loss = "gaussian"};
    hg_model *m = make_model_of(ctx, &r, 0.7);
    float *x = random_floats(3, 50 * D, -1, 1);
    hg_metrics *e = measure(ctx, m, x, 50, 0);
    double want =
        hg_metrics_get(e, "sse_per_row") / (2 * 0.49) + D * (log(0.7) + LOG_2PI / 2);
    CHECK_NEAR(hg_metrics_get(e, "nll"), want, 1e-5);
    CHECK_NEAR(hg_metrics_get(e, "loss"), want / D, 1e-5);
    CHECK_NEAR(hg_metrics_get(e, "sigma"), 0.7, 1e-12);
    CHECK(isnan(hg_metrics_get(e, "neg_elbo")));
    hg_metrics_free(&e);
    hg_model_free(&m);
    free(x);
}

/* Rows of which nothing can be learnt but their scatter, 0.5 in the first feature and 2 in
 * the others.  The best sigma is the root mean square error: Adam is within 2 %. */
TEST(a_learnt_sigma_becomes_the_root_mean_square_error)
{
    enum { N = 2000 };
    static const char *const each[] = {"one", "feature"};
    hg_ctx *ctx = context_of(2);
    float *x = random_floats(5, (int64_t)N * D, -sqrt(3), sqrt(3));
    char path[TEST_PATH];
    for (int i = 0; i < N * D; i++) x[i] *= i % D == 0 ? 0.5f : 2;
    hg_dataset *d = rows_of(ctx, x, N, D);
    for (int i = 0; i < 2; i++) {
        const char *const settings[] = {
            "encoder",     "dense 1", "decoder", "dense input", "loss",
            "gaussian",    "scale",   "none",    "lr",          "0.01",
            "learn-sigma", each[i],   "epochs",  "150",         NULL};
        hg_model *m = train_with(ctx, d, settings), *again;
        hg_model_info info = {.size = sizeof info};
        test_path(path, "sigma.safetensors");
        CHECK_OK(ctx, hg_model_save(ctx, m, path));
        CHECK_OK(ctx, hg_model_load(ctx, path, &again));
        CHECK_OK(ctx, hg_model_get_info(ctx, again, &info));
        CHECK_STR(info.learnt_sigma, each[i]);
        hg_metrics *e = measure(ctx, again, x, N, 0);
        CHECK_NEAR(info.sigma, hg_metrics_get(e, "rmse"), 0.02 * info.sigma);
        CHECK(info.sigma == hg_metrics_get(e, "sigma"));
        const hgi_layer *last = &again->net.layer[again->net.count - 1];
        CHECK_INT(last->tensor[0].count, i == 0 ? 1 : D);
        if (i == 1)
            CHECK_NEAR(exp((double)again->theta[last->tensor[0].offset]), 0.5, 0.01);
        hg_metrics_free(&e);
        hg_model_free(&m);
        hg_model_free(&again);
    }
    hg_dataset_free(&d);
    free(x);
}

/* A feature that is always 0: without a bound its density is without one, too. */
TEST(sigma_of_a_constant_feature_stops_at_its_bound)
{
    enum { N = 256 };
    hg_ctx *ctx = context_of(1);
    float *x = random_floats(5, (int64_t)N * D, -1, 1);
    for (int i = 0; i < N; i++) x[i * D] = 0;
    hg_dataset *d = rows_of(ctx, x, N, D);
    const char *const settings[] = {
        "encoder", "dense 2",  "decoder", "dense input; sigma feature min=0.05 start=0.1",
        "loss",    "gaussian", "scale",   "none",
        "lr",      "0.02",     "epochs",  "300",
        NULL};
    hg_model *m = train_with(ctx, d, settings);
    const hgi_layer *last = &m->net.layer[m->net.count - 1];
    hg_metrics *e = measure(ctx, m, x, N, 0);
    double s = (double)m->theta[last->tensor[0].offset];
    /* A step of Adam goes 0.02 at the most; some may go on from its momentum. */
    CHECK(s < log(0.05) && s > log(0.05) - 0.5);
    CHECK(isfinite(hg_metrics_get(e, "nll")));
    CHECK(hg_metrics_get(e, "sigma") > 0.05);
    hg_metrics_free(&e);
    hg_model_free(&m);
    hg_dataset_free(&d);
    free(x);
}

TEST(a_sigma_in_the_wrong_place_is_refused)
{
    static const struct {
        const char *decoder, *loss, *message;
    } rows[] = {
        {"dense input; sigma one", "mse", "decoder line 2 (sigma): sigma stands last of"},
        {"sigma one; dense input", "gaussian", "found a line behind it"},
        {"dense input; sigma two", "gaussian", "'two'"},
        {"dense input; sigma one min=2", "gaussian", "below its least, 2"},
    };
    hg_ctx *ctx = context_of(1);
    float *x = random_floats(5, 20 * D, -1, 1);
    hg_dataset *d = rows_of(ctx, x, 20, D);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("row %d", i);
        hg_config *c;
        hg_model *m;
        CHECK_OK(ctx, hg_config_new(ctx, &c));
        const char *const settings[] = {
            "encoder", "dense 2", "decoder", rows[i].decoder, "loss", rows[i].loss, NULL};
        set_all(ctx, c, settings);
        hg_status status = hg_train(ctx, c, d, NULL, NULL, &m);
        CHECK(status != HG_OK && m == NULL);
        CHECK(strstr(hg_message(ctx), rows[i].message) != NULL);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
    free(x);
}

/* ---- multinomial --------------------------------------------------------------------- */

/* The decoder's weight is 0: shares are those of its bias for every row. */
static hg_model *shares(hg_ctx *ctx, const char *code)
{
    const model_recipe r = {.input = {1, {3, 0, 0}},
                            .encoder = "dense 2",
                            .code = code,
                            .decoder = "dense 3",
                            .loss = "multinomial"};
    hg_model *m = make_model(ctx, &r);
    set_tensor(m, 2, 0, (const double[6]){0});
    set_tensor(m, 2, 1, (const double[]){log(1), log(2), log(5)});
    return m;
}

static const float counts[6] = {3, 0, 1, 0, 20, 4};

/* log(N! / prod t!) + sum t log p, by hand: N = 4: 4; N = 24: 24! / (20! 4!) = 10626. */
TEST(a_multinomial_likelihood_has_its_constant_and_its_loss_has_not)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = shares(ctx, "plain"), *drawn = shares(ctx, "variational 2");
    double loss =
        -(3 * log(1.0 / 8) + log(5.0 / 8) + 20 * log(2.0 / 8) + 4 * log(5.0 / 8)) / 2;
    double nll = loss - (log(4) + log(10626)) / 2;
    hg_metrics *e = measure(ctx, m, counts, 2, 0);
    CHECK_NEAR(hg_metrics_get(e, "loss"), loss / 3, 1e-5);
    CHECK_NEAR(hg_metrics_get(e, "nll"), nll, 1e-5);
    /* Expected counts have the row's own total: (4, 24) times (1, 2, 5) / 8. */
    CHECK_NEAR(hg_metrics_get(e, "mae"), (2.5 + 1 + 1.5 + 3 + 14 + 11) / 6, 1e-5);
    hg_metrics_free(&e);
    e = measure(ctx, drawn, counts, 2, 4000);
    CHECK_NEAR(hg_metrics_get(e, "neg_elbo"), nll + hg_metrics_get(e, "kl"), 1e-5);
    CHECK(hg_metrics_get(e, "neg_iwae") < hg_metrics_get(e, "neg_elbo"));
    hg_metrics_free(&e);
    hg_model_free(&m);
    hg_model_free(&drawn);
}

TEST(counts_are_rebuilt_to_their_total_and_decoded_to_shares)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = shares(ctx, "plain");
    const hg_session_options o = {.size = sizeof o, .rows = 2};
    float y[6], z[4], shown[6];
    hg_session *s;
    CHECK_OK(ctx, hg_reconstruct(ctx, m, counts, 2, y));
    for (int i = 0; i < 6; i++) {
        static const double share[3] = {1.0 / 8, 2.0 / 8, 5.0 / 8};
        CHECK_NEAR(y[i], share[i % 3] * (i < 3 ? 4 : 24), 1e-5);
    }
    CHECK_OK(ctx, hg_session_new(ctx, m, &o, &s));
    CHECK_INT(hg_session_reconstruct(s, counts, 2, shown), HG_OK);
    CHECK(memcmp(y, shown, sizeof y) == 0);
    CHECK_OK(ctx, hg_encode(ctx, m, counts, 2, z));
    CHECK_OK(ctx, hg_decode(ctx, m, z, 2, y));
    CHECK_NEAR(y[0] + y[1] + y[2], 1, 1e-6);
    hg_session_free(&s);
    hg_model_free(&m);
}

TEST(what_cannot_be_counts_is_refused)
{
    hg_ctx *ctx = context_of(1);
    static const float bad[6] = {3, 0, 1, 0, -2, 4}, broken[3] = {0.5f, 1, 2};
    hg_model *m = shares(ctx, "variational 2"), *none;
    hg_dataset *good = rows_of(ctx, counts, 2, 3), *d = rows_of(ctx, bad, 2, 3);
    hg_dataset *part = rows_of(ctx, broken, 1, 3);
    hg_config *c;
    hg_metrics *e;
    hg_session *s;
    float y[6];
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    const char *const settings[] = {"code", "2", "loss", "multinomial", NULL};
    set_all(ctx, c, settings);
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &none), HG_ERANGE,
                "row 2, column 2: -2, but loss multinomial takes counts, 0 or more");
    CHECK_FAILS(ctx, hg_train(ctx, c, good, d, NULL, &none), HG_ERANGE,
                "row 2, column 2: -2, but loss multinomial takes counts");
    static const float nothing[6] = {0};
    hg_dataset *empty = rows_of(ctx, nothing, 2, 3);
    CHECK_FAILS(ctx, hg_train(ctx, c, empty, NULL, NULL, &none), HG_ERANGE,
                "all values are 0");
    hg_dataset_free(&empty);
    CHECK_OK(ctx, hg_config_set(c, "scale", "standard"));
    CHECK_FAILS(ctx, hg_train(ctx, c, good, NULL, NULL, &none), HG_EINVAL,
                "counts as they are");
    CHECK_OK(ctx, hg_config_set(c, "scale", "auto"));
    CHECK_OK(ctx, hg_config_set(c, "output-activation", "relu"));
    CHECK_FAILS(ctx, hg_train(ctx, c, good, NULL, NULL, &none), HG_EINVAL,
                "of a linear layer's values, found relu");
    CHECK_FAILS(ctx, hg_evaluate(ctx, m, d, &e), HG_ERANGE, "row 2, column 2: -2");
    CHECK_FAILS(ctx, hg_reconstruct(ctx, m, bad, 2, y), HG_ERANGE, "-2");
    CHECK_OK(ctx, hg_session_new(ctx, m, NULL, &s));
    CHECK_INT(hg_session_reconstruct(s, bad, 2, y), HG_ERANGE);
    CHECK(strstr(hg_session_message(s), "row 2") != NULL);
    hg_evaluate_options o = {.size = sizeof o, .iwae = 5};
    CHECK_FAILS(ctx, hg_evaluate_with(ctx, m, part, &o, &e), HG_EINVAL,
                "whole numbers alone");
    CHECK_OK(ctx, hg_evaluate(ctx, m, part, &e));
    CHECK(isnan(hg_metrics_get(e, "neg_elbo")) && isfinite(hg_metrics_get(e, "loss")));
    hg_metrics_free(&e);
    hg_session_free(&s);
    hg_config_free(&c);
    hg_dataset_free(&good);
    hg_dataset_free(&part);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

static void join_lines(void *user, hg_log_level level, const char *line)
{
    char *to = user;
    if (level == HG_LOG_WARNING) snprintf(to + strlen(to), 600 - strlen(to), "%s|", line);
}

TEST(rows_without_counts_and_broken_numbers_are_told_of)
{
    char said[600] = "";
    hg_ctx *ctx = test_ctx_with(&(hg_ctx_options){
        .size = sizeof(hg_ctx_options), .log = join_lines, .log_user = said});
    static const float x[9] = {1, 2, 3, 0, 0, 0, 1, 2.5f, 0.5f};
    const char *const settings[] = {"code",   "2", "loss", "multinomial",
                                    "epochs", "1", NULL};
    hg_dataset *d = rows_of(ctx, x, 3, 3);
    hg_config *c;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    set_all(ctx, c, settings);
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    CHECK(strstr(said, "1 of 3 rows are 0 everywhere") != NULL);
    CHECK(strstr(said, "row 3, column 2: 2.5 is no whole number") != NULL);
    hg_config_free(&c);
    hg_model_free(&m);
    hg_dataset_free(&d);
}

/* Two kinds of rows, counts of the one in the first half of the features, of the other in
 * the second: with one number for a code a net can tell them apart, and then a count is
 * one of 3 features, log 3 a count, not of 6. */
TEST(a_multinomial_net_learns_which_features_go_together)
{
    enum { N = 200, F = 6 };
    hg_ctx *ctx = context_of(2);
    float *x = calloc((size_t)N * F, sizeof *x);
    uint64_t seed = 3;
    for (int r = 0; r < N; r++)
        for (int i = 0; i < 9; i++)
            x[r * F + r % 2 * 3 + (int)test_uniform(&seed, 0, 3)]++;
    hg_dataset *d = rows_of(ctx, x, N, F);
    const char *const settings[] = {
        "hidden", "8",           "code",       "1",  "epochs",     "100",  "lr", "0.02",
        "loss",   "multinomial", "batch-size", "20", "activation", "tanh", NULL};
    hg_model *m = train_with(ctx, d, settings);
    hg_metrics *e = measure(ctx, m, x, N, 0);
    double a_count = hg_metrics_get(e, "loss") * F / 9;
    CHECK(a_count < 1.02 * log(3) && a_count > 0.7 * log(3));
    hg_metrics_free(&e);
    hg_model_free(&m);
    hg_dataset_free(&d);
    free(x);
}
