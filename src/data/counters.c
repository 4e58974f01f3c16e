// SPDX-License-Identifier: MIT
/* Columns of numbers that name or date their rows: 100000, 100001, ...; seconds since 1970;
 * 20240301.  A net takes them for quantities, and every row after training lies beyond all
 * that it has seen, so that a detector calls each of them.  Nothing is changed: it is a
 * warning, because a column that grows may be meant.
 *
 * The first rows tell.  They are floats: whole numbers above 2^24 may be equal where those
 * of the file differ, and a day may be the one beside.                                 */
#include "data/blocks.h"

#include <math.h>
#include <string.h>

enum { LEAST_ROWS = 32, MOST_ROWS = 100000, SHOWN = 3 };

/* What the values of a column are so far; a bit each. */
enum { GROWS = 1, FALLS = 2, DAYS = 4, SECONDS = 8, MILLIS = 16, ALL = 31 };

typedef struct counter {
    int64_t column;
    unsigned is;
    int64_t rows;
    float first, last;
    bool differ;
} row_counter;

static bool within(float v, double lo, double hi)
{
    return (double)v >= lo && (double)v <= hi;
}

/* 20240301, or the float beside it. */
static bool is_day(float v)
{
    const int64_t day = within(v, 19000101, 21001231) ? (int64_t)v : 0;
    const int64_t month = day / 100 % 100;
    return day % 100 <= 32 && month >= 1 && month <= 12;
}

static void look(row_counter *c, float v)
{
    const bool coarse = fabsf(v) > 16777216.0f;
    if (isnan(v)) return;
    if (v != floorf(v)) c->is = 0;
    if (c->rows++ == 0) {
        c->first = c->last = v;
    } else {
        if (!(v > c->last || (coarse && v >= c->last))) c->is &= ~(unsigned)GROWS;
        if (!(v < c->last || (coarse && v <= c->last))) c->is &= ~(unsigned)FALLS;
    }
    c->differ = c->differ || v < c->first || v > c->first;
    c->last = v;
    if (!is_day(v)) c->is &= ~(unsigned)DAYS;
    /* From 2001 to 2039. */
    if (!within(v, 1e9, 2.2e9)) c->is &= ~(unsigned)SECONDS;
    if (!within(v, 1e12, 2.2e12)) c->is &= ~(unsigned)MILLIS;
}

static bool is_numeric(const hg_dataset *d, int64_t column)
{
    return d->schema == NULL || d->schema->column[column].kind == HGI_NUMERIC;
}

static hg_status read_rows(hg_ctx *ctx, const hg_dataset *d, float *row, row_counter *c,
                           int64_t *n)
{
    hgi_rows w;
    hg_status status;
    int64_t rows = 0;
    HGI_TRY(hgi_rows_open(ctx, d, 0, &w));
    do {
        HGI_GOTO(hgi_rows_next(ctx, &w));
        for (int64_t r = 0; r < w.n && rows<MOST_ROWS && * n> 0; r++, rows++) {
            hgi_dataset_row(w.rows, w.at + r, row);
            int64_t left = 0;
            for (int64_t i = 0; i < *n; i++) {
                look(&c[i], row[c[i].column]);
                if (c[i].is != 0) c[left++] = c[i];
            }
            *n = left;
        }
    } while (w.n > 0 && rows<MOST_ROWS && * n> 0);
done:
    hgi_rows_close(&w);
    return status;
}

static void say(hg_ctx *ctx, const hg_dataset *d, const row_counter *c)
{
    const unsigned dates = DAYS | SECONDS | MILLIS;
    const bool date = (c->is & dates) != 0;
    const char *what = (c->is & DAYS)      ? "looks like days, as 20240301"
                       : (c->is & SECONDS) ? "looks like seconds since 1970"
                       : (c->is & MILLIS)  ? "looks like milliseconds since 1970"
                       : (c->is & GROWS) ? "grows from row to row, as numbers of rows do"
                                         : "falls from row to row, as numbers of rows do";
    char place[128], name[40], advice[192] = "leave it out";
    hgi_dataset_feature(d, c->column, place, sizeof place);
    snprintf(name, sizeof name, "%lld", (long long)c->column + 1);
    if (d->columns != NULL && d->columns[c->column][0] != '\0')
        hgi_shown(d->columns[c->column], strlen(d->columns[c->column]), name,
                  sizeof name);
    /* Only names of a file are said so that they can be typed. */
    const char *q = strpbrk(name, " '\"$&;()<>|*?#`\\!") != NULL ? "'" : "";
    if (d->columns != NULL && date)
        snprintf(advice, sizeof advice,
                 "--date %s%s%s makes a date of it, --drop %s%s%s leaves it out", q, name,
                 q, q, name, q);
    else if (d->columns != NULL)
        snprintf(advice, sizeof advice, "--drop %s%s%s leaves it out", q, name, q);
    hgi_log(ctx, HG_LOG_WARNING,
            "%s: %s %s: it is taken for a quantity, and later rows lie beyond all that "
            "training has seen of it; %s",
            d->name, place, what, advice);
}

hg_status hgi_tell_counters(hg_ctx *ctx, const hg_dataset *d)
{
    hg_status status = HG_OK;
    const size_t columns = d != NULL ? (size_t)d->features : 0;
    int64_t n = 0, told = 0;
    /* Pictures, windows and what programs have made have no such columns. */
    if (d == NULL || d->type != HG_F32 || d->rank != 1 || d->series != NULL ||
        d->pictures != NULL || d->rows < LEAST_ROWS)
        return HG_OK;
    float *row = hgi_alloc(&ctx->mem, columns * sizeof *row);
    row_counter *c = hgi_calloc(&ctx->mem, columns, sizeof *c);
    if (row == NULL || c == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, columns * sizeof *c, "columns"));
    for (int64_t i = 0; i < d->features; i++)
        if (is_numeric(d, i)) c[n++] = (row_counter){.column = i, .is = ALL};
    HGI_GOTO(read_rows(ctx, d, row, c, &n));
    for (int64_t i = 0; i < n; i++) {
        if (c[i].rows < LEAST_ROWS || !c[i].differ) continue;
        if (told++ < SHOWN) say(ctx, d, &c[i]);
    }
    if (told > SHOWN)
        hgi_log(ctx, HG_LOG_WARNING, "%s: so do %lld more columns", d->name,
                (long long)(told - SHOWN));
done:
    hgi_free(&ctx->mem, row);
    hgi_free(&ctx->mem, c);
    return status;
}
