// SPDX-License-Identifier: MIT
/* Multinomial logistic regression by L-BFGS: see logistic.h.
 *
 * Losses and gradients are sums over blocks of rows, each by one worker into a place of its
 * own and added up in order: the same numbers for any number of threads. */
#include "train/logistic.h"

#include "base/linear.h"
#include "base/team.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 512, MEMORY = 10, STEPS = 200, HALVINGS = 30 };

typedef struct fit {
    hg_ctx *ctx;
    hgi_team *team;
    int64_t d, c, n, params; /* params = (d + 1) c: weights [d,c], then biases */
    const hgi_real *x;       /* [n,d] centred, in one unit */
    const int32_t *y;
    double *theta, *gradient, *trial, *other; /* [params]; the last two: of a try */
    double *s, *g, *rho, *alpha, *direction;  /* L-BFGS: [MEMORY, params], [MEMORY] */
    hgi_real *weight;                         /* [d + 1, c] the theta under way */
    hgi_real *logits;                         /* [n,c] */
    double *loss;                             /* [blocks] */
    hgi_real *part;                           /* [blocks, d + 1, c] gradients */
} fit;

static int64_t blocks_of(const fit *f) { return hgi_ceil_div(f->n, BLOCK); }

/* Softmax and its gradient in place, one row; the row's cross-entropy. */
static double softmax(hgi_real *z, int64_t c, int32_t y)
{
    double top = (double)z[0], sum = 0;
    for (int64_t i = 1; i < c; i++) top = fmax(top, (double)z[i]);
    double right = (double)z[y] - top;
    for (int64_t i = 0; i < c; i++) sum += exp((double)z[i] - top);
    for (int64_t i = 0; i < c; i++)
        z[i] = (hgi_real)(exp((double)z[i] - top) / sum - (i == y));
    return log(sum) - right;
}

static void multiply(const fit *f, const hgi_real *x, int64_t n, hgi_real *z)
{
    f->ctx->kernels->gemm(&(hgi_gemm){.M = n,
                                      .N = f->c,
                                      .K = f->d,
                                      .A = x,
                                      .a_row = f->d,
                                      .a_col = 1,
                                      .B = f->weight,
                                      .b_row = f->c,
                                      .init = f->weight + f->d * f->c,
                                      .C = z,
                                      .c_row = f->c});
}

static void run_block(void *arg, int64_t item, int worker)
{
    fit *f = arg;
    int64_t r0 = item * BLOCK, n = hgi_min(BLOCK, f->n - r0);
    hgi_real *z = f->logits + r0 * f->c, *g = f->part + item * f->params;
    (void)worker;
    multiply(f, f->x + r0 * f->d, n, z);
    f->loss[item] = 0;
    for (int64_t r = 0; r < n; r++)
        f->loss[item] += softmax(z + r * f->c, f->c, f->y[r0 + r]);
    f->ctx->kernels->gemm(&(hgi_gemm){.M = f->d,
                                      .N = f->c,
                                      .K = n,
                                      .A = f->x + r0 * f->d,
                                      .a_row = 1,
                                      .a_col = f->d,
                                      .B = z,
                                      .b_row = f->c,
                                      .C = g,
                                      .c_row = f->c});
    hgi_real *bias = g + f->d * f->c;
    memset(bias, 0, (size_t)f->c * sizeof *bias);
    for (int64_t r = 0; r < n; r++)
        for (int64_t i = 0; i < f->c; i++) bias[i] += z[r * f->c + i];
}

/* The objective at theta, and its gradient. */
static double objective(fit *f, const double *theta, double *gradient)
{
    double loss = 0, lambda = 1 / (double)f->n, penalty = 0;
    for (int64_t i = 0; i < f->params; i++) f->weight[i] = (hgi_real)theta[i];
    hgi_team_run(f->team, &(hgi_stage){run_block, f, blocks_of(f)}, 1);
    memset(gradient, 0, (size_t)f->params * sizeof *gradient);
    for (int64_t b = 0; b < blocks_of(f); b++) {
        loss += f->loss[b];
        for (int64_t i = 0; i < f->params; i++)
            gradient[i] += (double)f->part[b * f->params + i];
    }
    for (int64_t i = 0; i < f->params; i++) {
        gradient[i] /= (double)f->n;
        if (i >= f->d * f->c) continue;
        gradient[i] += lambda * theta[i];
        penalty += theta[i] * theta[i];
    }
    return loss / (double)f->n + lambda / 2 * penalty;
}

/* The two loops: minus the inverse Hessian's estimate times the gradient. */
static void find_direction(fit *f, int64_t step)
{
    int64_t n = f->params, first = hgi_max(0, step - MEMORY);
    for (int64_t i = 0; i < n; i++) f->direction[i] = -f->gradient[i];
    for (int64_t i = step - 1; i >= first; i--) {
        int64_t at = i % MEMORY;
        f->alpha[at] = f->rho[at] * hgi_dot(n, f->s + at * n, f->direction);
        hgi_add(n, -f->alpha[at], f->g + at * n, f->direction);
    }
    if (step > 0) {
        int64_t at = (step - 1) % MEMORY;
        double scale = 1 / (f->rho[at] * hgi_dot(n, f->g + at * n, f->g + at * n));
        for (int64_t i = 0; i < n; i++) f->direction[i] *= scale;
    }
    for (int64_t i = first; i < step; i++) {
        int64_t at = i % MEMORY;
        double beta = f->rho[at] * hgi_dot(n, f->g + at * n, f->direction);
        hgi_add(n, f->alpha[at] - beta, f->s + at * n, f->direction);
    }
}

/* Halve the step until the loss falls by a ten-thousandth of what its slope promises; false
 * when it no longer does: as exact as floats are. */
static bool search_line(fit *f, double *loss)
{
    double slope = hgi_dot(f->params, f->gradient, f->direction), size = 1, now;
    for (int tries = 0; tries < HALVINGS; tries++, size /= 2) {
        memcpy(f->trial, f->theta, (size_t)f->params * sizeof *f->trial);
        hgi_add(f->params, size, f->direction, f->trial);
        now = objective(f, f->trial, f->other);
        if (!(now <= *loss + 1e-4 * size * slope)) continue;
        *loss = now;
        return slope < 0;
    }
    return false;
}

static void swap(double **a, double **b)
{
    double *t = *a;
    *a = *b;
    *b = t;
}

/* False when the watch stopped it. */
static bool minimise(fit *f, const hgi_watch *watch)
{
    int64_t kept = 0, n = f->params;
    double loss = objective(f, f->theta, f->gradient);
    for (int64_t step = 0; step < STEPS; step++) {
        double largest = 0;
        if (hgi_watch_stops(watch, (double)step / STEPS)) return false;
        for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(f->gradient[i]));
        if (largest < 1e-5) break;
        find_direction(f, kept);
        if (!search_line(f, &loss)) break;
        double *s = f->s + kept % MEMORY * n, *g = f->g + kept % MEMORY * n;
        for (int64_t i = 0; i < n; i++) {
            s[i] = f->trial[i] - f->theta[i];
            g[i] = f->other[i] - f->gradient[i];
        }
        double bend = hgi_dot(n, s, g);
        /* Without curvature the pair would spoil the estimate. */
        if (bend > 1e-12) f->rho[kept++ % MEMORY] = 1 / bend;
        swap(&f->theta, &f->trial);
        swap(&f->gradient, &f->other);
    }
    for (int64_t i = 0; i < n; i++) f->weight[i] = (hgi_real)f->theta[i];
    return true;
}

/* ---- the whole ---------------------------------------------------------------------- */

/* Columns' means off both, and all over the root of the columns' mean variance in x. */
static void centre(const fit *f, const float *x, const float *query, int64_t m,
                   hgi_real *xs, hgi_real *qs)
{
    double square = 0;
    for (int64_t c = 0; c < f->d; c++) {
        double mean = 0;
        for (int64_t r = 0; r < f->n; r++) mean += (double)x[r * f->d + c];
        mean /= (double)f->n;
        for (int64_t r = 0; r < f->n; r++) {
            double v = (double)x[r * f->d + c] - mean;
            square += v * v;
            xs[r * f->d + c] = (hgi_real)v;
        }
        for (int64_t r = 0; r < m; r++)
            qs[r * f->d + c] = (hgi_real)((double)query[r * f->d + c] - mean);
    }
    /* Nothing varies: all is 0 already. */
    double deviation = sqrt(square / (double)(f->n * f->d));
    double scale = deviation > 0 ? 1 / deviation : 0;
    for (int64_t i = 0; i < f->n * f->d; i++) xs[i] = (hgi_real)((double)xs[i] * scale);
    for (int64_t i = 0; i < m * f->d; i++) qs[i] = (hgi_real)((double)qs[i] * scale);
}

static void predict(const fit *f, const hgi_real *query, int64_t m, hgi_real *z,
                    int32_t *predicted)
{
    multiply(f, query, m, z);
    for (int64_t r = 0; r < m; r++) {
        predicted[r] = 0;
        for (int32_t i = 1; i < f->c; i++)
            if (z[r * f->c + i] > z[r * f->c + predicted[r]]) predicted[r] = i;
    }
}

hg_status hgi_logistic(hg_ctx *ctx, int64_t d, int64_t classes, const float *x,
                       const int32_t *y, int64_t n, const float *query, int64_t m,
                       int32_t *predicted, const hgi_watch *watch)
{
    const hgi_mem *mem = &ctx->mem;
    fit f = {
        .ctx = ctx, .d = d, .c = classes, .n = n, .params = (d + 1) * classes, .y = y};
    HGI_TRY(hgi_ctx_team(ctx, &f.team));
    size_t params = (size_t)f.params, blocks = (size_t)blocks_of(&f);
    hgi_real *xs = hgi_calloc(mem, (size_t)(n * d), sizeof *xs);
    hgi_real *qs = hgi_calloc(mem, (size_t)(m * d), sizeof *qs);
    /* theta, gradient, trial, other, direction; s and g; rho and alpha */
    double *numbers =
        hgi_calloc(mem, params * (5 + 2 * MEMORY) + 2 * MEMORY, sizeof *numbers);
    f.weight = hgi_calloc(mem, params, sizeof *f.weight);
    f.logits = hgi_calloc(mem, (size_t)(hgi_max(n, m) * classes), sizeof *f.logits);
    f.loss = hgi_calloc(mem, blocks, sizeof *f.loss);
    f.part = hgi_calloc(mem, blocks * params, sizeof *f.part);
    bool ok = xs && qs && numbers && f.weight && f.logits && f.loss && f.part;
    bool done = false;
    if (ok) {
        f.theta = numbers;
        f.gradient = f.theta + params;
        f.trial = f.gradient + params;
        f.other = f.trial + params;
        f.direction = f.other + params;
        f.s = f.direction + params;
        f.g = f.s + params * MEMORY;
        f.rho = f.g + params * MEMORY;
        f.alpha = f.rho + MEMORY;
        f.x = xs;
        centre(&f, x, query, m, xs, qs);
        done = minimise(&f, watch);
        predict(&f, qs, m, f.logits, predicted);
    }
    void *all[] = {xs, qs, numbers, f.weight, f.logits, f.loss, f.part};
    for (int64_t i = 0; i < HGI_COUNT(all); i++) hgi_free(mem, all[i]);
    if (!ok) return hgi_fail_mem(ctx, (size_t)(n * d) * 4, "a linear probe");
    return done ? HG_OK : hgi_fail(ctx, HG_ECANCELED, "stopped while fitting a probe");
}
