// SPDX-License-Identifier: MIT
/* The contractive penalty: that it is the Jacobian's norm it says, that the estimate of
 * deep encoders hits it on average, and that training makes the Jacobian smaller.  Its
 * gradients are checked with all others, in double.                                    */
#include "test_models.h"

#include "model/contract.h"
#include "train/trainer.h"

#include <math.h>

enum { ROWS = 40, D = 12 };

static hg_config *settings(hg_ctx *ctx, const char *const *rows)
{
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    CHECK_OK(ctx, hg_config_set(c, "activation", "sigmoid"));
    CHECK_OK(ctx, hg_config_set(c, "batch-size", "40"));
    CHECK_OK(ctx, hg_config_set(c, "scale", "none"));
    for (int i = 0; rows[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, rows[i], rows[i + 1]));
    return c;
}

/* Mean over rows of ||dz/dx||_F^2, by central differences of what encode gives.        */
static double jacobian(hg_ctx *ctx, const hg_model *m, const float *x)
{
    enum { MOST = 16 };
    const float h = 0x1p-7f; /* off by h^2 f'''/6 and, in floats, by 6e-8 / h */
    int64_t k = m->net.code_size;
    double sum = 0;
    CHECK(k <= MOST);
    for (int c = 0; c < D; c++) {
        float up[ROWS * D], down[ROWS * D], zu[ROWS * MOST], zd[ROWS * MOST];
        memcpy(up, x, sizeof up);
        memcpy(down, x, sizeof down);
        for (int r = 0; r < ROWS; r++) {
            up[r * D + c] += h;
            down[r * D + c] -= h;
        }
        CHECK_OK(ctx, hg_encode(ctx, m, up, ROWS, zu));
        CHECK_OK(ctx, hg_encode(ctx, m, down, ROWS, zd));
        for (int64_t i = 0; i < ROWS * k; i++) {
            double slope = ((double)zu[i] - (double)zd[i]) / (2 * (double)h);
            sum += slope * slope;
        }
    }
    return sum / ROWS;
}

static double measured(hg_ctx *ctx, const hg_model *m, const hg_dataset *d,
                       const char *name)
{
    hg_metrics *metrics;
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &metrics));
    double value = hg_metrics_get(metrics, name);
    hg_metrics_free(&metrics);
    return value;
}

TEST(the_penalty_of_one_layer_is_the_norm_of_its_jacobian)
{
    static const char *const acts[] = {"sigmoid", "tanh", "softplus", "gelu", "linear"};
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(21, ROWS * D, 0.1, 0.9);
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    for (int i = 0; i < HGI_COUNT(acts); i++) {
        const char *const rows[] = {
            "code", "5", "activation", acts[i], "contractive", "3", "epochs", "3", NULL};
        hg_config *cfg = settings(ctx, rows);
        hg_model *m;
        hg_epoch e = {.size = sizeof e};
        CHECK_OK(ctx, hg_train(ctx, cfg, d, d, NULL, &m));
        double want = 3 * jacobian(ctx, m, x);
        test_where("%s", acts[i]);
        /* h^2 / 6 is 1e-5; 6e-8 / h is 8e-6 of slopes of about 0.3.                    */
        CHECK_NEAR(measured(ctx, m, d, "penalty"), want, 2e-4 * want);
        CHECK(hg_model_history(m, 2, &e));
        CHECK_NEAR(e.val_loss, measured(ctx, m, d, "loss"), 1e-9);
        hg_model_free(&m);
        hg_config_free(&cfg);
    }
    hg_dataset_free(&d);
    free(x);
}

TEST(the_estimate_of_a_deep_encoder_is_its_jacobian_on_average)
{
    enum { EPOCHS = 400 };
    const char *const rows[] = {"hidden", "9",         "code", "6", "contractive",
                                "1",      "optimizer", "sgd",  NULL};
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(22, ROWS * D, 0.1, 0.9);
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    hg_config *cfg = settings(ctx, rows);
    hgi_trainer t;
    double sum = 0, square = 0, n = EPOCHS;
    CHECK_OK(ctx, hgi_setup(ctx, cfg, d, NULL, &t));
    CHECK_OK(ctx, hgi_trainer_new(&t));
    t.optim.lr = 0; /* look, do not move */
    for (int i = 0; i < ROWS; i++) t.order[i] = i;
    for (int64_t i = 0; i < EPOCHS; i++) {
        t.at = (hgi_counters){.epoch = i};
        CHECK(hgi_step_run(&t, 0, ROWS));
        sum += t.at.penalty / ROWS;
        square += t.at.penalty / ROWS * t.at.penalty / ROWS;
    }
    double mean = sum / n, error = sqrt((square / n - mean * mean) / n);
    double want = jacobian(ctx, t.m, x);
    CHECK(error < 0.02 * want); /* else what follows would say nothing */
    CHECK_NEAR(mean, want, 4 * error + 2e-4 * want);
    hgi_trainer_free(&t);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
    free(x);
}

TEST(a_contractive_model_ends_with_a_smaller_jacobian)
{
    static const char *const nets[][4] = {{"code", "6", NULL},
                                          {"hidden", "9", "code", "6"}};
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(23, ROWS * D, 0.1, 0.9);
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    for (int i = 0; i < 2; i++) {
        double norm[2];
        for (int k = 0; k < 2; k++) {
            const char *rows[11] = {"epochs", "60",          "lr",
                                    "0.02",   "contractive", k == 0 ? "0" : "0.1"};
            memcpy(rows + 6, nets[i], sizeof nets[i]);
            hg_config *cfg = settings(ctx, rows);
            hg_model *m;
            CHECK_OK(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m));
            norm[k] = jacobian(ctx, m, x);
            hg_model_free(&m);
            hg_config_free(&cfg);
        }
        CHECK(norm[1] < 0.3 * norm[0]);
    }
    hg_dataset_free(&d);
    free(x);
}

TEST(a_contractive_run_gives_the_same_bits_for_any_number_of_threads)
{
    static const char *const nets[][4] = {{"code", "70", NULL},
                                          {"hidden", "90", "code", "60"}};
    float *x = random_floats(24, 300 * D, 0.1, 0.9);
    for (int i = 0; i < 2; i++) {
        hgi_real *theta[2];
        int64_t n = 0;
        for (int k = 0; k < 2; k++) {
            hg_ctx *ctx = context_of(k == 0 ? 1 : 3);
            hg_dataset *d = rows_of(ctx, x, 300, D);
            const char *rows[11] = {"epochs", "3",           "batch-size",
                                    "128",    "contractive", "0.1"};
            memcpy(rows + 6, nets[i], sizeof nets[i]);
            hg_config *cfg = settings(ctx, rows);
            hg_model *m;
            CHECK_OK(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m));
            n = m->net.params;
            theta[k] = malloc((size_t)n * sizeof **theta);
            memcpy(theta[k], m->theta, (size_t)n * sizeof **theta);
            hg_model_free(&m);
            hg_config_free(&cfg);
            hg_dataset_free(&d);
        }
        CHECK(memcmp(theta[0], theta[1], (size_t)n * sizeof **theta) == 0);
        free(theta[0]);
        free(theta[1]);
    }
    free(x);
}

TEST(a_contractive_penalty_says_which_encoders_it_can_be_taken_of)
{
    static const char *const bad[][2] = {
        {"dense 9 relu; dropout 0.2; dense 4", "found dropout in encoder line 2"},
        {"reshape 4x3x1; conv 2 3x3", "found reshape in encoder line 1"},
    };
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(25, ROWS * D, 0.1, 0.9);
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    for (int i = 0; i < HGI_COUNT(bad); i++) {
        const char *const rows[] = {"encoder",     bad[i][0], "decoder", "dense input",
                                    "contractive", "0.1",     NULL};
        hg_config *cfg = settings(ctx, rows);
        hg_model *m;
        CHECK_FAILS(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m), HG_EINVAL, bad[i][1]);
        hg_config_free(&cfg);
    }
    hg_dataset_free(&d);
    free(x);
}
