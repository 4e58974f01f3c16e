// SPDX-License-Identifier: MIT
/* What --orthogonal adds to a gradient, against differences of what it is the gradient of.
 * No printed loss has it, so the two gradients, with it and without, are subtracted.   */
#include "test.h"

#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 6, D = 12 };
static const double strength = 0.7;

static void open_run(hg_ctx *ctx, const char *orthogonal, hg_config **cfg,
                     hg_dataset **data, hgi_trainer *t)
{
    static float x[ROWS * D];
    const char *const settings[] = {
        "scale",
        "none",
        "optimizer",
        "sgd",
        "loss",
        "mse",
        "shape",
        "3x4",
        "clip",
        "1e30",
        "encoder",
        "conv 3 2x2 tanh; flatten; dense 40 tanh; dense 5 tanh",
        "decoder",
        "dense 9 tanh; reshape 3x3x1; convt 2 2x2 padding=valid; conv 1 1x1; crop "
        "right=0 "
        "bottom=1",
        "orthogonal",
        orthogonal};
    for (int i = 0; i < ROWS * D; i++) x[i] = (float)sin(1.7 * i);
    hg_view v = {.size = sizeof v,
                 .data = x,
                 .type = HG_F32,
                 .rows = ROWS,
                 .rank = 1,
                 .shape = {D}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, data));
    CHECK_OK(ctx, hg_config_new(ctx, cfg));
    for (int i = 0; i < HGI_COUNT(settings); i += 2)
        CHECK_OK(ctx, hg_config_set(*cfg, settings[i], settings[i + 1]));
    CHECK_OK(ctx, hgi_setup(ctx, *cfg, *data, NULL, t));
    CHECK_OK(ctx, hgi_trainer_new(t));
    for (int i = 0; i < ROWS; i++) t->order[i] = i;
    t->optim.lr = 0; /* look, do not move */
    CHECK(hgi_step_run(t, 0, ROWS));
}

/* |M^T M - 1|^2, or of M M^T where the rows are fewer, M [count / last size, last size]. */
static double distance(const hgi_real *w, const hgi_tensor *t)
{
    int64_t C = t->dim[t->rank - 1], R = t->count / C, n = hgi_min(R, C);
    int64_t step = R < C ? C : 1, along = R < C ? 1 : C;
    double sum = 0;
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b < n; b++) {
            double dot = a == b ? -1 : 0;
            for (int64_t k = 0; k < t->count / n; k++)
                dot += w[a * step + k * along] * w[b * step + k * along];
            sum += dot * dot;
        }
    return sum;
}

TEST(orthogonality_adds_the_gradient_of_its_distance)
{
    const double h = 1e-5;
    hg_ctx *ctx = test_ctx();
    hg_config *cfg[2];
    hg_dataset *data[2];
    static hgi_trainer t[2];
    open_run(ctx, "0", &cfg[0], &data[0], &t[0]);
    open_run(ctx, "0.7", &cfg[1], &data[1], &t[1]);
    const hgi_net *net = &t[0].m->net;
    int64_t checked = 0;
    for (int64_t i = 0; i < net->count; i++)
        for (int k = 0; k < net->layer[i].tensors; k++) {
            const hgi_tensor *w = &net->layer[i].tensor[k];
            hgi_real *theta = t[0].m->theta + w->offset;
            for (int64_t j = 0; j < w->count; j++) {
                double keep = theta[j], slope = 0;
                if (w->role == HGI_WEIGHT) {
                    theta[j] = keep + h;
                    slope = distance(theta, w);
                    theta[j] = keep - h;
                    slope = strength * (slope - distance(theta, w)) / (2 * h);
                    theta[j] = keep;
                    checked++;
                }
                /* The quotient is off by h^2 f'''/6 and by 2e-16 f / h, about 1e-10.   */
                CHECK_NEAR(t[1].grad[w->offset + j] - t[0].grad[w->offset + j], slope,
                           1e-7 * (1 + fabs(slope)));
            }
        }
    CHECK(checked > 500);
    for (int i = 0; i < 2; i++) {
        hgi_trainer_free(&t[i]);
        hg_config_free(&cfg[i]);
        hg_dataset_free(&data[i]);
    }
}
