// SPDX-License-Identifier: MIT
/* Rows as places: fitting the coordinates to normal rows, and their covariance. */
#include "apply/score_space.h"

#include "base/linear.h"
#include "data/schema.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDEST = 512 };
enum { MIDDLE, INVERSE, SHIFT, SCALE, NUMBERS };
#define BEND 3.0         /* spreads from the middle where the line becomes a logarithm */
#define QUARTILES 1.349  /* their distance in standard deviations of a normal column */
#define LEAST 1e-9       /* of scaled values: a column that does not vary */
#define SAME 1e-6        /* of the deviation: quartiles that differ by rounding alone */
#define ERRORS 0.5       /* weight of an error beside a value */
#define ERRORS_LOST 0.02 /* an error of this size loses half its weight */
#define FARTHEST 1e30    /* beyond it, as far: asinh stays finite */
#define RIDGE 1e-2       /* variance added to each coordinate */

/* ---- coordinates ------------------------------------------------------------------- */

/* The column of coordinate j, which is not before `from`. */
static int64_t column_of(const hgi_score_rows *rows, int64_t j, int64_t from)
{
    const hg_schema *s = rows->schema;
    if (j >= rows->d) return j - rows->d;
    if (s == NULL) return j;
    while (j >= s->column[from].first + s->column[from].count) from++;
    return from;
}

/* Coordinate j of row i, as it comes; NaN where its column was not observed: an input is 0
 * there, but the column's error is NaN. */
static double raw(const hgi_score_rows *rows, int64_t i, int64_t j, int64_t column)
{
    hgi_real r = rows->r[i * rows->c + column];
    if (j >= rows->d || isnan(r)) return (double)r;
    return (double)rows->x[i * rows->d + j];
}

static double bend(double u, double middle, double inverse)
{
    return asinh((fmax(-FARTHEST, fmin(u, FARTHEST)) - middle) * inverse);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Mean, and deviation from it. */
static double deviation(const double *v, int64_t n, double *mean)
{
    double sum = 0, square = 0;
    for (int64_t i = 0; i < n; i++) sum += v[i];
    *mean = n > 0 ? sum / (double)n : 0;
    for (int64_t i = 0; i < n; i++) square += (v[i] - *mean) * (v[i] - *mean);
    return n > 0 ? sqrt(square / (double)n) : 0;
}

/* One coordinate from its n values, which are changed; of `alike` of one column. */
static void fit_one(double *v, int64_t n, bool error, int64_t alike, int64_t W,
                    double *number)
{
    double mean, weight = 1 / sqrt((double)alike), square = 0;
    for (int64_t i = 0; i < n; i++) v[i] = fmax(-FARTHEST, fmin(v[i], FARTHEST));
    qsort(v, (size_t)n, sizeof *v, ascending);
    double middle = n > 0 ? v[n / 2] : 0;
    double spread = n > 0 ? (v[n - 1 - n / 4] - v[n / 4]) / QUARTILES : 0;
    double all = deviation(v, n, &mean);
    /* Most values are equal: the others say how far apart values are. */
    if (!(spread > SAME * all)) spread = all;
    if (!(spread > LEAST)) spread = 1;
    for (int64_t i = 0; i < n; i++) {
        square += v[i] * v[i] / (double)n;
        v[i] = bend(v[i], middle, 1 / (BEND * spread));
    }
    all = deviation(v, n, &mean);
    if (error) weight = ERRORS * sqrt(square) / (sqrt(square) + ERRORS_LOST);
    number[MIDDLE * W] = middle;
    number[INVERSE * W] = 1 / (BEND * spread);
    number[SHIFT * W] = mean;
    number[SCALE * W] = weight / (all > LEAST ? all : 1);
}

static void point(const double *number, int64_t W, hgi_space *s)
{
    *s = (hgi_space){.W = W,
                     .middle = number + MIDDLE * W,
                     .inverse = number + INVERSE * W,
                     .shift = number + SHIFT * W,
                     .scale = number + SCALE * W};
}

hg_status hgi_space_fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *state,
                        hgi_space *out)
{
    const int64_t W = rows->d + rows->c;
    double *number;
    HGI_TRY(hgi_score_tensor_new(ctx, state, "space", NUMBERS, W, &number));
    double *v = hgi_calloc(&ctx->mem, (size_t)rows->n, sizeof *v);
    if (v == NULL) return hgi_fail_mem(ctx, (size_t)rows->n * sizeof *v, "a column");
    for (int64_t j = 0, column = 0; j < W; j++) {
        const bool error = j >= rows->d;
        int64_t n = 0, alike = 1;
        column = column_of(rows, j, error ? 0 : column);
        if (!error && rows->schema != NULL) alike = rows->schema->column[column].count;
        for (int64_t i = 0; i < rows->n; i++) {
            v[n] = raw(rows, i, j, column);
            n += !isnan(v[n]);
        }
        fit_one(v, n, error, alike, W, number + j);
    }
    hgi_free(&ctx->mem, v);
    point(number, W, out);
    return HG_OK;
}

const char *hgi_space_read(const hgi_score_state *state, const hgi_score_rows *rows,
                           hgi_space *out)
{
    const int64_t W = rows->d + rows->c;
    const double *number = hgi_score_tensor_get(state, "space", NUMBERS, W);
    if (number == NULL) return "'space' is expected, of values and errors";
    point(number, W, out);
    for (int64_t j = 0; j < W; j++)
        if (!(fabs(out->middle[j]) <= FARTHEST) || !(fabs(out->shift[j]) <= FARTHEST) ||
            !(out->inverse[j] > 0 && out->inverse[j] <= FARTHEST) ||
            !(out->scale[j] >= 0 && out->scale[j] <= FARTHEST))
            return "a coordinate is out of range";
    return NULL;
}

void hgi_space_place(const hgi_space *s, const hgi_score_rows *rows, int64_t i,
                     hgi_real *v)
{
    for (int64_t j = 0, column = 0; j < s->W; j++) {
        column = column_of(rows, j, j >= rows->d ? 0 : column);
        double u = raw(rows, i, j, column);
        v[j] = isnan(u)
                   ? (hgi_real)NAN
                   : (hgi_real)((bend(u, s->middle[j], s->inverse[j]) - s->shift[j]) *
                                s->scale[j]);
    }
}

/* ---- the whole --------------------------------------------------------------------- */

/* Sum of products of places about the mean: the lower triangle, or the diagonal. */
static void find_covariance(const hgi_score_rows *rows, const hgi_space *space, bool full,
                            const double *mean, hgi_real *v, double *u, double *C)
{
    const int64_t W = space->W;
    for (int64_t i = 0; i < rows->n; i++) {
        hgi_space_place(space, rows, i, v);
        for (int64_t j = 0; j < W; j++) u[j] = isnan(v[j]) ? 0 : (double)v[j] - mean[j];
        for (int64_t j = 0; j < W; j++) {
            if (full)
                hgi_add(j + 1, u[j], u, C + j * W);
            else
                C[j] += u[j] * u[j];
        }
    }
    for (int64_t j = 0; j < (full ? W * W : W); j++) C[j] /= (double)rows->n;
}

static void find_mean(const hgi_score_rows *rows, const hgi_space *space, hgi_real *v,
                      double *mean)
{
    for (int64_t i = 0; i < rows->n; i++) {
        hgi_space_place(space, rows, i, v);
        for (int64_t j = 0; j < space->W; j++)
            mean[j] += isnan(v[j]) ? 0 : (double)v[j] / (double)rows->n;
    }
}

hg_status hgi_whitening_fit(hg_ctx *ctx, const hgi_score_rows *rows,
                            const hgi_space *space, hgi_score_state *state)
{
    hg_status status = HG_OK;
    const int64_t W = space->W;
    const bool full = W <= WIDEST;
    double *mean, *C, *u = NULL;
    hgi_real *v = NULL;
    HGI_TRY(hgi_score_tensor_new(ctx, state, "mean", W, 0, &mean));
    HGI_TRY(hgi_score_tensor_new(ctx, state, "factor", W, full ? W : 0, &C));
    u = hgi_calloc(&ctx->mem, (size_t)W, sizeof *u);
    v = hgi_calloc(&ctx->mem, (size_t)W, sizeof *v);
    if (u == NULL || v == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)W * sizeof *u, "a covariance"));
    find_mean(rows, space, v, mean);
    find_covariance(rows, space, full, mean, v, u, C);
    for (int64_t j = 0; j < W; j++) {
        double *at = C + (full ? j * W + j : j);
        *at += RIDGE;
        if (!full) *at = sqrt(*at);
    }
    if (full && !hgi_cholesky(W, C))
        HGI_GOTO(hgi_fail(ctx, HG_ENONFINITE, "the covariance of rows is not finite"));
    for (int64_t j = 0; j < W && full; j++)
        for (int64_t i = j + 1; i < W; i++) C[j * W + i] = 0;
done:
    hgi_free(&ctx->mem, u);
    hgi_free(&ctx->mem, v);
    return status;
}

const char *hgi_whitening_read(const hgi_score_state *state, int64_t W,
                               hgi_whitening *out)
{
    const bool full = W <= WIDEST;
    *out = (hgi_whitening){
        .W = W,
        .full = full,
        .mean = hgi_score_tensor_get(state, "mean", W, 0),
        .factor = hgi_score_tensor_get(state, "factor", W, full ? W : 0),
    };
    if (out->mean == NULL || out->factor == NULL)
        return "'mean' and 'factor' are expected, of values and errors";
    for (int64_t j = 0; j < W; j++)
        if (!(out->factor[full ? j * W + j : j] > 0))
            return "the factor's diagonal is not above 0";
    return NULL;
}

double hgi_whitening_distance(const hgi_whitening *w, const hgi_real *v, double *scratch)
{
    double seen = 0;
    for (int64_t j = 0; j < w->W; j++) {
        scratch[j] = isnan(v[j]) ? 0 : (double)v[j] - w->mean[j];
        seen += !isnan(v[j]);
    }
    if (w->full) hgi_solve_lower(w->W, w->factor, scratch);
    for (int64_t j = 0; j < w->W && !w->full; j++) scratch[j] /= w->factor[j];
    return seen > 0 ? sqrt(hgi_dot(w->W, scratch, scratch) / seen) : 1;
}
