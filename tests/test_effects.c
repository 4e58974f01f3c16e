// SPDX-License-Identifier: MIT
/* What a corruption or constraint is for, measured: not that it runs, but that it helps. */
#include "test_train.h"

#include <stdlib.h>

/* mse of a model on its own rows with half of their values 0, after training with this. */
static double masked_error(hg_ctx *ctx, const hg_dataset *d, const char *corrupt)
{
    const char *const settings[] = {"corrupt", corrupt, "epochs", "60",   "lr", "0.01",
                                    "code",    "6",     "scale",  "none", NULL};
    hg_config *c = config(ctx, settings);
    hg_model *m;
    hg_dataset *holes;
    hg_metrics *metrics;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    CHECK_OK(ctx, hg_corrupt_dataset(ctx, m, d, "mask:0.5", &holes));
    CHECK_OK(ctx, hg_evaluate_pair(ctx, m, holes, d, &metrics));
    double mse = hg_metrics_get(metrics, "mse");
    hg_metrics_free(&metrics);
    hg_dataset_free(&holes);
    hg_model_free(&m);
    hg_config_free(&c);
    return mse;
}

TEST(a_model_trained_on_masked_rows_minds_missing_values_less)
{
    hg_ctx *ctx = context(1);
    hg_dataset *d = view_of(ctx, values(), ROWS);
    double plain = masked_error(ctx, d, "none");
    CHECK(masked_error(ctx, d, "mask:0.5") < 0.5 * plain);
    hg_dataset_free(&d);
}

/* A dropped row is answered with the mean of all rows, not with a guess. */
TEST(a_model_trained_with_dropped_rows_answers_an_empty_row_with_the_mean)
{
    hg_ctx *ctx = context(1);
    const float *x = values();
    hg_dataset *d = view_of(ctx, x, ROWS);
    double off[2];
    for (int k = 0; k < 2; k++) {
        const char *const settings[] = {"corrupt", k == 0 ? "none" : "drop:0.3",
                                        "epochs",  "60",
                                        "lr",      "0.01",
                                        "scale",   "none",
                                        NULL};
        hg_config *c = config(ctx, settings);
        hg_model *m;
        float zeros[D] = {0}, y[D];
        CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
        CHECK_OK(ctx, hg_reconstruct(ctx, m, zeros, 1, y));
        off[k] = 0;
        for (int i = 0; i < D; i++) {
            double mean = 0;
            for (int r = 0; r < ROWS; r++) mean += (double)x[r * D + i] / ROWS;
            off[k] += ((double)y[i] - mean) * ((double)y[i] - mean);
        }
        hg_model_free(&m);
        hg_config_free(&c);
    }
    CHECK(off[1] < 0.1 * off[0]);
    hg_dataset_free(&d);
}
