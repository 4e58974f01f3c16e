// SPDX-License-Identifier: MIT
/* Columns with a long tail, of which a model sees logarithms.
 *
 * Amounts of money, sizes and durations span decades.  Their standard deviation is that of
 * a few large values: beside it a fee of a fifth and of five times the usual one is the
 * same as the usual one, unless it is among the largest.  In logarithms both are far off.
 *
 * Such a column is seen as asinh(x / bend), with the percentile 1 of its sizes for bend:
 * the logarithm over nearly all of its range (but for a constant), a straight line about 0,
 * and defined for zeros and for the other sign.  A column is bent where all this holds of
 * its values other than 0:
 *     - they have one sign: only then are there ratios, which a logarithm keeps;
 *     - the tail is long: from the median to the percentile 99 it is FAR times as far as
 *       to the percentile 75.  Of a normal distribution it is 3.4 times, of an exponential
 *       one ln 50 / ln 2 = 5.6; heavier than exponential is what a heavy tail is called,
 *       and half as much again keeps what is near it out;
 *     - logarithms describe it far better: a normal distribution of asinh(x / bend) has a
 *       higher likelihood than one of x, by GAIN nats a row.  That is the choice between
 *       the powers 0 and 1 of Box & Cox, An Analysis of Transformations (JRSS B 26, 1964).
 *       An exponential distribution gains 0.3, log-normal ones of deviation 1, 1.5 and 2
 *       gain 0.8, 1.9 and 3.2; 5000 + a tail of some units gains nothing, for there a
 *       logarithm is a straight line;
 *     - there are LEAST of them, for a percentile 99 that is no single row, and they are
 *       no rare event, whose size says less than that it happened at all.
 *
 * A gain of 2 is about three decades from percentile 1 to 99.  On made tables of a
 * log-normal amount and a fee and a balance that go with it, a fee of a fifth or of five
 * times is found by the preset as well without logarithms at a deviation of 0.5 (ROC AUC
 * 100), nearly so at 1 (98.9), and badly from 1.5 on (93.5, at 2.5 81.8; with them 100
 * everywhere).  They have a price: what is odd because it is high, and nothing else, is
 * nearer to the rest in logarithms (a point at the most on made tables; more where low
 * values are noise, see docs/anomaly-quality.md).  So they are left where little is won. */
#include "data/bends.h"
#include "data/blocks.h"
#include "data/schema.h"

#include <math.h>
#include <stdlib.h>

#define FAR (1.5 * 5.643856189774724) /* 1.5 ln 50 / ln 2 */
#define GAIN 2.0
#define BOTTOM 0.01
#define SHARE 0.1 /* of the values: other than 0 */
enum { LEAST = 100 };
/* Rows that are looked at, evenly over the file; fewer where they are so wide that they
 * would take more than MOST values. */
enum { ROWS = 1 << 12 };
#define MOST ((int64_t)1 << 24)

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Of n ascending values. */
static double quantile(const float *v, int64_t n, double p)
{
    double at = p * (double)(n - 1);
    int64_t i = (int64_t)at;
    double low = (double)v[i], high = (double)v[i + 1 < n ? i + 1 : i];
    return low + (high - low) * (at - (double)i);
}

/* Log-likelihood a row of the best normal distribution of asinh(v / bend), as one of v; of
 * v itself where bend is 0.  Without a constant that both have. */
static double likelihood(const float *v, int64_t n, double bend)
{
    double mean = 0, square = 0, slope = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = (double)v[i];
        mean += bend > 0 ? asinh(x / bend) : x;
        if (bend > 0) slope -= log(hypot(x, bend));
    }
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        double x = (double)v[i], e = (bend > 0 ? asinh(x / bend) : x) - mean;
        square += e * e;
    }
    return slope / (double)n - 0.5 * log(square / (double)n);
}

/* Of n values, NaN where one is missing, which are changed: bend, or 0. */
static double find_bend(float *v, int64_t n)
{
    int64_t kept = 0, there = 0, above = 0;
    for (int64_t i = 0; i < n; i++) {
        float x = v[i];
        there += isfinite(x);
        if (!isfinite(x) || !(x < 0 || x > 0)) continue;
        above += x > 0;
        v[kept++] = fabsf(x);
    }
    if (kept < LEAST || (double)kept < SHARE * (double)there) return 0;
    if (above != 0 && above != kept) return 0;
    qsort(v, (size_t)kept, sizeof *v, ascending);
    double middle = quantile(v, kept, 0.5), bend = quantile(v, kept, BOTTOM);
    double quarter = quantile(v, kept, 0.75) - middle;
    double tail = quantile(v, kept, 0.99) - middle;
    if (!(quarter > 0) || !(tail > FAR * quarter)) return 0;
    return likelihood(v, kept, bend) - likelihood(v, kept, 0) > GAIN ? bend : 0;
}

/* Every so many rows' values, a column's side by side. */
static hg_status gather(hg_ctx *ctx, const hg_dataset *d, int64_t rows, float *row,
                        float *columns)
{
    hg_status status = HG_OK;
    hgi_rows w;
    int64_t taken = 0;
    HGI_TRY(hgi_rows_open(ctx, d, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        for (int64_t r = 0; r < w.n && taken < rows; r++) {
            if (w.first + r != (int64_t)((double)taken * (double)d->rows / (double)rows))
                continue;
            hgi_dataset_row(w.rows, w.at + r, row);
            for (int64_t c = 0; c < d->features; c++) columns[c * rows + taken] = row[c];
            taken++;
        }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
done:
    hgi_rows_close(&w);
    return status;
}

static hg_status find_bends(hg_ctx *ctx, const hg_dataset *d, double *bend)
{
    hg_status status = HG_OK;
    const int64_t n = d->features;
    int64_t rows = hgi_min(hgi_min(d->rows, ROWS), MOST / n);
    for (int64_t c = 0; c < n; c++) bend[c] = 0;
    if (rows < LEAST || d->rank >= 2 || d->series != NULL || d->type == HG_U8)
        return HG_OK;
    float *block = hgi_alloc(&ctx->mem, (size_t)((rows + 1) * n) * sizeof *block);
    if (block == NULL)
        return hgi_fail_mem(ctx, (size_t)(rows * n) * sizeof *block, "fitting a scaler");
    float *columns = block + n;
    HGI_GOTO(gather(ctx, d, rows, block, columns));
    for (int64_t c = 0; c < n; c++) {
        if (d->schema != NULL && d->schema->column[c].kind != HGI_NUMERIC) continue;
        bend[c] = find_bend(columns + c * rows, rows);
    }
done:
    hgi_free(&ctx->mem, block);
    return status;
}

/* ---- what is said ------------------------------------------------------------------ */

enum { NAMED = 5 };

/* Their names, as many as a line takes; false where there are none. */
static bool list(const hg_dataset *d, const double *bend, char *out, size_t n)
{
    int64_t count = 0;
    size_t used = 0;
    out[0] = '\0';
    for (int64_t c = 0; c < d->features; c++) {
        char place[96];
        if (!(bend[c] > 0) || count++ >= NAMED) continue;
        hgi_dataset_feature(d, c, place, sizeof place);
        int k = snprintf(out + used, n - used, "%s%s", count > 1 ? ", " : "", place);
        used = (size_t)hgi_min((int64_t)used + k, (int64_t)n - 1);
    }
    if (count > NAMED)
        snprintf(out + used, n - used, " and %lld more", (long long)count - NAMED);
    return count > 0;
}

hg_status hgi_bends_fit(hg_ctx *ctx, const hg_dataset *d, double *bend)
{
    hg_status status = find_bends(ctx, d, bend);
    char names[640];
    if (status == HG_OK && list(d, bend, names, sizeof names))
        hgi_log(ctx, HG_LOG_INFO, "%s: logarithms are taken of %s, with long tails",
                d->name, names);
    return status;
}

hg_status hgi_bends_advise(hg_ctx *ctx, const hg_dataset *d, const char *advice)
{
    const size_t bytes = (size_t)d->features * sizeof(double);
    char names[640];
    double *bend = hgi_alloc(&ctx->mem, bytes);
    if (bend == NULL) return hgi_fail_mem(ctx, bytes, "looking for long tails");
    hg_status status = find_bends(ctx, d, bend);
    if (status == HG_OK && list(d, bend, names, sizeof names))
        hgi_log(ctx, HG_LOG_WARNING, "%s: long tails, as of amounts of money: %s; %s",
                d->name, names, advice);
    hgi_free(&ctx->mem, bend);
    return status;
}
