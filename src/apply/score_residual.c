// SPDX-License-Identifier: MIT
/* Score `residual`: the mean over columns of r^2 / v, v being the mean r^2 of normal rows
 * in that column: 1 is what a normal row has on average, and a column that the net rebuilds
 * badly in every row does not drown one that it rebuilds well.
 *
 * Gaps.  The mean over fewer columns varies more from row to row, so that gaps alone would
 * raise alarms.  A row's mean over the o columns that were observed is therefore drawn
 * towards 1 by how much wider it varies:
 *     score = 1 + (mean - 1) sd(all) / sd(observed)
 *     var(o columns) = (sum s_i^2 + q ((sum s_i)^2 - sum s_i^2)) / o^2
 * where s_i is the standard deviation of r^2 / v in column i among normal rows, and q their
 * mean correlation, which follows from the variance of the complete mean. */
#include "apply/score.h"

#include <math.h>

/* Of scaled rows: a column that is always rebuilt exactly, as a constant one, is as good as
 * this, and anything else in it is far off. */
#define LEAST 1e-6

static double variance_of(double sum, double square, double q)
{
    return square + q * (sum * sum - square);
}

static hg_status fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out)
{
    const int64_t n = rows->n, c = rows->c;
    double *v, *s, *q, total = 0, total2 = 0, seen = 0, sum = 0, square = 0;
    HGI_TRY(hgi_score_tensor_new(ctx, out, "variance", c, 0, &v));
    HGI_TRY(hgi_score_tensor_new(ctx, out, "spread", c, 0, &s));
    HGI_TRY(hgi_score_tensor_new(ctx, out, "correlation", 1, 0, &q));
    for (int64_t j = 0; j < c; j++) {
        double two = 0, four = 0, count = 0;
        for (int64_t i = 0; i < n; i++) {
            double r2 = (double)rows->r[i * c + j] * (double)rows->r[i * c + j];
            if (isnan(r2)) continue;
            two += r2;
            four += r2 * r2;
            count++;
        }
        v[j] = count > 0 ? two / count : 1;
        if (!(v[j] >= LEAST)) v[j] = LEAST;
        double mean = count > 0 ? two / count / v[j] : 0;
        s[j] = count > 0 ? sqrt(fmax(0, four / count / (v[j] * v[j]) - mean * mean)) : 0;
        sum += s[j];
        square += s[j] * s[j];
    }
    for (int64_t i = 0; i < n; i++) {
        double t = 0, o = 0;
        for (int64_t j = 0; j < c; j++) {
            double r = (double)rows->r[i * c + j];
            if (isnan(r)) continue;
            t += r * r / v[j];
            o++;
        }
        if (o < (double)c)
            continue; /* complete rows alone tell how columns go together */
        total += t;
        total2 += t * t;
        seen++;
    }
    if (seen > 1 && sum * sum - square > 0)
        *q = (total2 / seen - (total / seen) * (total / seen) - square) /
             (sum * sum - square);
    if (!(*q >= 0)) *q = 0;
    if (*q > 1) *q = 1;
    return HG_OK;
}

static const char *check(const hgi_score_state *s, const hgi_score_rows *rows)
{
    const double *v = hgi_score_tensor_get(s, "variance", rows->c, 0);
    const double *spread = hgi_score_tensor_get(s, "spread", rows->c, 0);
    const double *q = hgi_score_tensor_get(s, "correlation", 1, 0);
    if (v == NULL || spread == NULL || q == NULL)
        return "'variance', 'spread' and 'correlation' are expected, one for each column";
    for (int64_t i = 0; i < rows->c; i++)
        if (!(v[i] > 0) || !(spread[i] >= 0))
            return "a variance is not above 0, or a spread below it";
    return *q >= 0 && *q <= 1 ? NULL : "the correlation is not within 0 and 1";
}

/* Of a row with gaps. */
static double with_gaps(const hgi_real *r, const double *v, const double *s, double q,
                        int64_t c)
{
    double t = 0, o = 0, sum = 0, square = 0, all = 0, all2 = 0;
    for (int64_t j = 0; j < c; j++) {
        all += s[j];
        all2 += s[j] * s[j];
        if (isnan(r[j])) continue;
        t += (double)r[j] * (double)r[j] / v[j];
        sum += s[j];
        square += s[j] * s[j];
        o++;
    }
    if (o <= 0) return 1; /* nothing is known: neither hides nor raises an alarm */
    double whole = sqrt(variance_of(all, all2, q)) / (double)c;
    double part = sqrt(variance_of(sum, square, q)) / o;
    return part > whole ? 1 + (t / o - 1) * whole / part : t / o;
}

static void score(const hgi_score_state *state, const hgi_score_rows *rows,
                  double *scratch, double *out)
{
    const int64_t c = rows->c;
    const double *v = hgi_score_tensor_get(state, "variance", c, 0);
    const double *s = hgi_score_tensor_get(state, "spread", c, 0);
    const double *q = hgi_score_tensor_get(state, "correlation", 1, 0);
    (void)scratch;
    for (int64_t i = 0; i < rows->n; i++) {
        const hgi_real *r = rows->r + i * c;
        double t = 0;
        for (int64_t j = 0; j < c; j++) t += (double)r[j] * (double)r[j] / v[j];
        out[i] = t / (double)c;
        if (isnan(t)) out[i] = with_gaps(r, v, s, *q, c);
    }
}

const hgi_score_kind hgi_score_residual = {
    .name = "residual",
    .brief = "error of the reconstruction, each column by its normal spread",
    .fit = fit,
    .check = check,
    .score = score,
};
