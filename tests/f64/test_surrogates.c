// SPDX-License-Identifier: MIT
/* Gradients that are not those of the objective, by design: straight-through estimates and
 * their kind.  Each is held against its own formula, written down here once more, from the
 * net's buffers after a step.
 *
 * Tolerance: the same few sums in double in another order, so 1e-12 of values around 1. */
#include "net.h"

#include <string.h>

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

/* ---- topk ------------------------------------------------------------------------- */

enum { UNITS = 20 };

static void step_again(net_under_test *b) { objective(b); }

/* The `most` largest of a [UNITS] above 0 among `allowed`, as values in their places. */
static void largest(const double *a, const bool *allowed, int most, double *z)
{
    for (int j = 0; j < UNITS; j++) z[j] = 0;
    for (int i = 0; i < most; i++) {
        int best = -1;
        for (int j = 0; j < UNITS; j++)
            if (allowed[j] && z[j] == 0 && a[j] > 0 && (best < 0 || a[j] > a[best]))
                best = j;
        if (best >= 0) z[best] = a[best];
    }
}

/* a of a row, from weights that stand first. */
static void encode_row(const net_under_test *b, int r, double *a)
{
    const hgi_real *W = weights_of(b, 0, 0), *c = weights_of(b, 0, 1);
    for (int j = 0; j < UNITS; j++) {
        a[j] = c[j];
        for (int i = 0; i < D; i++) a[j] += W[j * D + i] * b->t.w.input[r * D + i];
    }
}

/* e = x - y is taken as given: the decoder's gradient has the second loss's part for dead
 * units alone, and so has the encoder's. */
TEST(dead_units_learn_what_the_living_leave_over)
{
    const double weight = 0.25;
    const char *const settings[] = {
        "decoder", "dense input", "code-kind",    "topk 20 k=2 auxk=0.25 dead=1",
        "loss",    "mse",         WHOLE_GRADIENT, NULL};
    net_under_test b;
    bool dead[UNITS], all[UNITS];
    double gV[D][UNITS] = {{0}}, gW[UNITS][D] = {{0}}, penalty = 0;
    int count = 0;
    step(&b, settings);
    const hgi_real *silent = b.t.m->state, *V = weights_of(&b, 1, 0);
    const hgi_real *c = weights_of(&b, 1, 1);
    for (int j = 0; j < UNITS; j++) count += dead[j] = silent[j] >= 1;
    for (int j = 0; j < UNITS; j++) all[j] = true;
    CHECK(count > 4 && count < UNITS);
    step_again(&b);
    for (int r = 0; r < ROWS; r++) {
        double a[UNITS], z[UNITS], s[UNITS], gy[D], gu[D];
        const hgi_real *x = b.t.w.input + r * D;
        encode_row(&b, r, a);
        largest(a, all, 2, z);
        largest(a, dead, D / 2, s);
        for (int i = 0; i < D; i++) {
            double y = c[i], u = 0;
            for (int j = 0; j < UNITS; j++) y += V[i * UNITS + j] * z[j];
            for (int j = 0; j < UNITS; j++) u += V[i * UNITS + j] * s[j];
            gy[i] = 2 * (y - x[i]) / (ROWS * D);
            gu[i] = 2 * weight * (u - (x[i] - y)) / (ROWS * D);
            penalty += weight / D * (u - (x[i] - y)) * (u - (x[i] - y));
        }
        for (int j = 0; j < UNITS; j++) {
            double g = 0;
            for (int i = 0; i < D; i++) {
                gV[i][j] += gy[i] * z[j] + gu[i] * s[j];
                g += (z[j] > 0 ? gy[i] * V[i * UNITS + j] : 0) +
                     (s[j] > 0 ? gu[i] * V[i * UNITS + j] : 0);
            }
            for (int i = 0; i < D; i++) gW[j][i] += g * x[i];
        }
    }
    CHECK_NEAR(b.t.at.penalty, penalty, TOLERANCE);
    for (int j = 0; j < UNITS; j++)
        for (int i = 0; i < D; i++) {
            CHECK_NEAR(gradient_of(&b, 0, 0)[j * D + i], gW[j][i], TOLERANCE);
            CHECK_NEAR(gradient_of(&b, 1, 0)[i * UNITS + j], gV[i][j], TOLERANCE);
        }
    close_net(&b);
}

/* Columns of norm 1 are turned, not stretched: the same gradient as without the constraint,
 * but for its part along the column. */
TEST(columns_of_norm_1_have_no_gradient_along_themselves)
{
    static const char *const lines[] = {"topk 20 k=3", "topk 20 k=3 unit-decoder"};
    double g[2][D * UNITS], unit[D * UNITS];
    net_under_test b;
    for (int k = 0; k < 2; k++) {
        const char *const settings[] = {
            "decoder", "dense input", "code-kind", lines[k],       "loss",
            "mse",     "no-mirror",   "true",      WHOLE_GRADIENT, NULL};
        open_net(&b, ROWS, &(hgi_shape){1, {D}}, settings);
        b.t.optim.lr = 0;
        hgi_real *V = b.t.m->theta + b.t.m->net.layer[1].tensor[0].offset;
        for (int j = 0; j < UNITS && k == 0; j++) {
            double norm = 0;
            for (int i = 0; i < D; i++) norm += V[i * UNITS + j] * V[i * UNITS + j];
            for (int i = 0; i < D; i++)
                unit[i * UNITS + j] = V[i * UNITS + j] / sqrt(norm);
        }
        memcpy(V, unit, sizeof unit);
        objective(&b);
        memcpy(g[k], gradient_of(&b, 1, 0), sizeof g[k]);
        for (int j = 0; j < UNITS && k == 1; j++) {
            double along = 0;
            for (int i = 0; i < D; i++) along += g[0][i * UNITS + j] * V[i * UNITS + j];
            for (int i = 0; i < D; i++)
                CHECK_NEAR(g[1][i * UNITS + j],
                           g[0][i * UNITS + j] - along * V[i * UNITS + j], TOLERANCE);
        }
        close_net(&b);
    }
}

/* ---- vector-quantised -------------------------------------------------------------- */

/* Two steps: the first fills the codebook from its rows. */
TEST(a_vector_quantised_code_goes_straight_through_and_its_entries_are_running_means)
{
    enum { K = 3, P = 2, W = 4 };
    const double beta = 0.25, keep = 0.9;
    const char *const settings[] = {"encoder",     "dense 8",   "decoder",
                                    "dense input", "code-kind", "vq 3 parts=2 decay=0.9",
                                    "loss",        "mse",       WHOLE_GRADIENT,
                                    NULL};
    net_under_test b;
    step(&b, settings);
    const hgi_tensor *t = b.t.m->net.layer[1].tensor;
    double E[K][W], count[K], sum[K][W], N[K] = {0}, S[K][W] = {{0}}, penalty = 0;
    memcpy(E, b.t.m->state + t[0].offset, sizeof E);
    memcpy(count, b.t.m->state + t[1].offset, sizeof count);
    memcpy(sum, b.t.m->state + t[2].offset, sizeof sum);
    step_again(&b);
    const hgi_slot *s = &b.t.w.pass.slot[1];
    const hgi_real *V = weights_of(&b, 2, 0), *c = weights_of(&b, 2, 1);
    double want[P * W][D] = {{0}};
    for (int r = 0; r < ROWS; r++) {
        const hgi_real *x = s->x + r * P * W, *in = b.t.w.input + r * D;
        double z[P * W], gy[D];
        for (int p = 0; p < P; p++) {
            int best = 0;
            double least = INFINITY;
            for (int j = 0; j < K; j++) {
                double far = 0;
                for (int i = 0; i < W; i++)
                    far += (x[p * W + i] - E[j][i]) * (x[p * W + i] - E[j][i]);
                if (far < least) {
                    least = far;
                    best = j;
                }
            }
            CHECK(s->saved[r * P + p] == best);
            penalty += beta / (P * W) * least;
            N[best] += 1;
            for (int i = 0; i < W; i++) S[best][i] += x[p * W + i];
            for (int i = 0; i < W; i++) z[p * W + i] = E[best][i];
        }
        for (int i = 0; i < D; i++) {
            double y = c[i];
            for (int k = 0; k < P * W; k++) y += V[i * P * W + k] * z[k];
            gy[i] = 2 * (y - in[i]) / (ROWS * D);
        }
        for (int k = 0; k < P * W; k++) {
            double g = 2 * beta / (ROWS * P * W) * (x[k] - z[k]);
            for (int i = 0; i < D; i++) g += gy[i] * V[i * P * W + k];
            for (int i = 0; i < D; i++) want[k][i] += g * in[i];
        }
    }
    CHECK_NEAR(b.t.at.penalty, penalty, TOLERANCE);
    for (int k = 0; k < P * W; k++)
        for (int i = 0; i < D; i++)
            CHECK_NEAR(gradient_of(&b, 0, 0)[k * D + i], want[k][i], TOLERANCE);
    for (int j = 0; j < K; j++) {
        double n = keep * count[j] + (1 - keep) * N[j];
        CHECK_NEAR(b.t.m->state[t[1].offset + j], n, TOLERANCE);
        for (int i = 0; i < W; i++) {
            double total = keep * sum[j][i] + (1 - keep) * S[j][i];
            CHECK_NEAR(b.t.m->state[t[2].offset + j * W + i], total, TOLERANCE);
            if (N[j] > 0)
                CHECK_NEAR(b.t.m->state[t[0].offset + j * W + i], total / n, TOLERANCE);
        }
    }
    close_net(&b);
}
