// SPDX-License-Identifier: MIT
/* Means over columns, each by its normal cost, with and without gaps. */
#include "apply/score_columns.h"

#include <math.h>

/* Of scaled rows: a column that is always rebuilt exactly, as a constant one, is as good as
 * this, and anything else in it is far off. */
#define LEAST 1e-6

static double variance_of(double sum, double square, double q)
{
    return square + q * (sum * sum - square);
}

/* ---- learning ---------------------------------------------------------------------- */

/* Sums over rows; columns are observed `count` times. */
static void add_costs(const hgi_score_rows *rows, hgi_cost_fn cost, double *u,
                      double *one, double *two, double *count)
{
    for (int64_t i = 0; i < rows->n; i++) {
        cost(rows, i, u);
        for (int64_t j = 0; j < rows->c; j++) {
            if (isnan(u[j])) continue;
            one[j] += u[j];
            two[j] += u[j] * u[j];
            count[j]++;
        }
    }
}

/* The mean correlation of columns, by complete rows. */
static double correlation(const hgi_score_rows *rows, hgi_cost_fn cost, double *u,
                          const double *v, const double *s)
{
    double total = 0, total2 = 0, seen = 0, sum = 0, square = 0;
    for (int64_t j = 0; j < rows->c; j++) {
        sum += s[j];
        square += s[j] * s[j];
    }
    for (int64_t i = 0; i < rows->n; i++) {
        double t = 0;
        cost(rows, i, u);
        for (int64_t j = 0; j < rows->c; j++) t += u[j] / v[j];
        if (isnan(t)) continue;
        total += t;
        total2 += t * t;
        seen++;
    }
    if (seen < 2 || !(sum * sum - square > 0)) return 0;
    double variance = total2 / seen - (total / seen) * (total / seen);
    double q = (variance - square) / (sum * sum - square);
    return q >= 0 ? fmin(q, 1) : 0;
}

hg_status hgi_columns_fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_cost_fn cost,
                          hgi_score_state *out)
{
    const int64_t c = rows->c;
    double *v, *s, *q;
    HGI_TRY(hgi_score_tensor_new(ctx, out, "mean_cost", c, 0, &v));
    HGI_TRY(hgi_score_tensor_new(ctx, out, "spread", c, 0, &s));
    HGI_TRY(hgi_score_tensor_new(ctx, out, "correlation", 1, 0, &q));
    double *u = hgi_calloc(&ctx->mem, (size_t)c * 2, sizeof *u);
    if (u == NULL) return hgi_fail_mem(ctx, (size_t)c * 2 * sizeof *u, "costs");
    double *count = u + c;
    add_costs(rows, cost, u, v, s, count);
    for (int64_t j = 0; j < c; j++) {
        double n = fmax(count[j], 1), mean = v[j] / n, square = s[j] / n;
        v[j] = count[j] > 0 ? fmax(mean, LEAST) : 1;
        s[j] = sqrt(fmax(0, square - mean * mean)) / v[j];
        if (!isfinite(v[j]) || !isfinite(s[j])) v[j] = s[j] = 1;
    }
    *q = correlation(rows, cost, u, v, s);
    hgi_free(&ctx->mem, u);
    return HG_OK;
}

const char *hgi_columns_check(const hgi_score_state *s, const hgi_score_rows *rows)
{
    const double *v = hgi_score_tensor_get(s, "mean_cost", rows->c, 0);
    const double *spread = hgi_score_tensor_get(s, "spread", rows->c, 0);
    const double *q = hgi_score_tensor_get(s, "correlation", 1, 0);
    if (v == NULL || spread == NULL || q == NULL)
        return "'mean_cost', 'spread' and 'correlation' are expected, of each column";
    for (int64_t i = 0; i < rows->c; i++)
        if (!(v[i] > 0) || !(spread[i] >= 0))
            return "a mean cost is not above 0, or a spread below it";
    return *q >= 0 && *q <= 1 ? NULL : "the correlation is not within 0 and 1";
}

/* ---- scores ------------------------------------------------------------------------ */

int64_t hgi_columns_scratch(const hgi_score_state *s, const hgi_score_rows *rows)
{
    (void)s;
    return rows->c;
}

/* Of a row with gaps. */
static double with_gaps(const double *u, const double *v, const double *s, double q,
                        int64_t c)
{
    double t = 0, o = 0, sum = 0, square = 0, all = 0, all2 = 0;
    for (int64_t j = 0; j < c; j++) {
        all += s[j];
        all2 += s[j] * s[j];
        if (isnan(u[j])) continue;
        t += u[j] / v[j];
        sum += s[j];
        square += s[j] * s[j];
        o++;
    }
    if (o <= 0) return 1; /* nothing is known: neither hides nor raises an alarm */
    double whole = sqrt(variance_of(all, all2, q)) / (double)c;
    double part = sqrt(variance_of(sum, square, q)) / o;
    return part > whole ? 1 + (t / o - 1) * whole / part : t / o;
}

void hgi_columns_score(const hgi_score_state *state, const hgi_score_rows *rows,
                       hgi_cost_fn cost, double *u, double *out)
{
    const int64_t c = rows->c;
    const double *v = hgi_score_tensor_get(state, "mean_cost", c, 0);
    const double *s = hgi_score_tensor_get(state, "spread", c, 0);
    const double *q = hgi_score_tensor_get(state, "correlation", 1, 0);
    for (int64_t i = 0; i < rows->n; i++) {
        double t = 0;
        cost(rows, i, u);
        for (int64_t j = 0; j < c; j++) t += u[j] / v[j];
        out[i] = isnan(t) ? with_gaps(u, v, s, *q, c) : t / (double)c;
    }
}
