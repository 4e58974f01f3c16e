// SPDX-License-Identifier: MIT
/* Gradients that are not those of the objective, by design: straight-through estimates and
 * their kind.  Each is held against its own formula, written down here once more, from the
 * net's buffers after a step.
 *
 * Tolerance: the same few sums in double in another order, so 1e-12 of values around 1. */
#include "net.h"

enum { ROWS = 5, D = 7 };
#define TOLERANCE 1e-12

static void step(net_under_test *b, const char *const *settings)
{
    open_net(b, ROWS, &(hgi_shape){1, {D}}, settings);
    b->t.optim.lr = 0; /* look, do not move */
    objective(b);
}

static const hgi_real *gradient_of(const net_under_test *b, int64_t layer, int tensor)
{
    return b->t.grad + b->t.m->net.layer[layer].tensor[tensor].offset;
}

static const hgi_real *weights_of(const net_under_test *b, int64_t layer, int tensor)
{
    return b->t.m->theta + b->t.m->net.layer[layer].tensor[tensor].offset;
}

/* Everything from the input on: bits, their error, the sigmoid's slope in place of the
 * cut's. */
TEST(bits_go_straight_through_with_the_slope_of_the_sigmoid)
{
    enum { Z = 9 };
    const char *const settings[] = {
        "encoder",         "dense 9", "decoder", "dense input",  "code-kind",
        "binary straight", "loss",    "mse",     WHOLE_GRADIENT, NULL};
    net_under_test b;
    step(&b, settings);
    const hgi_real *x = b.t.w.input, *W = weights_of(&b, 0, 0), *c = weights_of(&b, 0, 1);
    const hgi_real *V = weights_of(&b, 2, 0), *e = weights_of(&b, 2, 1);
    double want[Z][D] = {{0}};
    int bits = 0;
    for (int r = 0; r < ROWS; r++) {
        double a[Z], gy[D];
        for (int j = 0; j < Z; j++) {
            a[j] = c[j];
            for (int i = 0; i < D; i++) a[j] += W[j * D + i] * x[r * D + i];
            bits += a[j] > 0;
        }
        for (int i = 0; i < D; i++) {
            double y = e[i];
            for (int j = 0; j < Z; j++) y += a[j] > 0 ? V[i * Z + j] : 0;
            gy[i] = 2 * (y - x[r * D + i]) / (ROWS * D);
        }
        for (int j = 0; j < Z; j++) {
            double s = 1 / (1 + exp(-a[j])), ga = 0;
            for (int i = 0; i < D; i++) ga += gy[i] * V[i * Z + j];
            ga *= s * (1 - s);
            for (int i = 0; i < D; i++) want[j][i] += ga * x[r * D + i];
        }
    }
    CHECK(bits > 0 && bits < ROWS * Z);
    for (int j = 0; j < Z; j++)
        for (int i = 0; i < D; i++)
            CHECK_NEAR(gradient_of(&b, 0, 0)[j * D + i], want[j][i], TOLERANCE);
    close_net(&b);
}

/* Equations 11 and 12 of the paper, the threshold as e^t. */
TEST(a_jumprelu_threshold_moves_by_the_values_near_it)
{
    enum { Z = 9 };
    const double width = 0.5, l0 = 0.02;
    const char *const settings[] = {
        "encoder",     "dense 9",   "decoder",
        "dense input", "code-kind", "jumprelu l0=0.02 threshold=0.3 bandwidth=0.5",
        "loss",        "mse",       WHOLE_GRADIENT,
        NULL};
    net_under_test b;
    step(&b, settings);
    const hgi_slot *s = &b.t.w.pass.slot[1];
    const hgi_real *log_threshold = weights_of(&b, 1, 0);
    double penalty = 0;
    int near = 0;
    for (int j = 0; j < Z; j++) {
        double theta = exp(log_threshold[j]), g = 0;
        for (int r = 0; r < ROWS; r++) {
            double a = s->x[r * Z + j];
            double kernel = fabs((a - theta) / width) < 0.5 ? 1 : 0;
            g +=
                s->gy[r * Z + j] * (-theta / width * kernel) - l0 / ROWS / width * kernel;
            near += kernel > 0;
            penalty += a > theta ? l0 : 0;
            CHECK(s->y[r * Z + j] == (a > theta ? a : 0));
        }
        CHECK_NEAR(gradient_of(&b, 1, 0)[j], theta * g, TOLERANCE);
    }
    CHECK(near > 0);
    CHECK_NEAR(b.t.at.penalty, penalty, TOLERANCE);
    close_net(&b);
}
