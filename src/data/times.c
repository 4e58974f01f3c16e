// SPDX-License-Identifier: MIT
/* A column of time in full precision: a dataset's floats tell seconds since 1970 apart by
 * two minutes.
 *
 * 3/4/2024 is the third of April or the fourth of March: one row whose day is over 12 says
 * which for all rows, so that the file is read again when such a row comes late.  Where no
 * row says it a model does, or else the order in which the rows lie closer together: steps
 * of minutes that read as months are seen by that.  Rows of either kind are an error. */
#include "data/cells.h"

#include <math.h>
#include <string.h>

typedef struct times {
    hg_ctx *ctx;
    hgi_cells c;
    int64_t wanted;
    double *out;
    hgi_date_form form;
    bool dates;
    int64_t line[HGI_DATE_EITHER + 1]; /* of the first row of a form, 0: none */
} times;

/* Numbers, or dates if the first is one. */
static bool read_cell(times *j, const char *text, size_t n, int64_t row)
{
    double *out = &j->out[row];
    const char point = j->c.r.c.decimal;
    hgi_date_form form;
    bool timed;
    if (row == 0) j->dates = !hgi_parse_double(text, n, point, out);
    if (!j->dates) return hgi_parse_double(text, n, point, out) && isfinite(*out);
    if (!hgi_date_parse(text, n, j->form, out, &form, &timed)) return false;
    if (j->line[form] == 0) j->line[form] = j->c.line;
    return true;
}

static hg_status read_rows(times *j)
{
    const char *text;
    size_t n;
    memset(j->line, 0, sizeof j->line);
    for (int64_t r = 0; r < j->wanted; r++) {
        HGI_TRY(hgi_cells_next(&j->c, &text, &n));
        if (text == NULL)
            return hgi_fail(j->ctx, HG_ESHAPE, "%s: %lld times, expected %lld",
                            j->c.r.c.path, (long long)r, (long long)j->wanted);
        if (read_cell(j, text, n, r)) continue;
        char shown[40];
        hgi_shown(text, n, shown, sizeof shown);
        return hgi_fail(j->ctx, HG_EFORMAT, "%s:%lld: time is '%s', expected a %s",
                        j->c.r.c.path, (long long)j->c.line, shown,
                        j->dates ? "date" : "number");
    }
    if (j->line[HGI_DATE_DMY] == 0 || j->line[HGI_DATE_MDY] == 0) return HG_OK;
    return hgi_fail(j->ctx, HG_EFORMAT,
                    "%s: the day comes first in the date of line %lld and the month in "
                    "that of line %lld",
                    j->c.r.c.path, (long long)j->line[HGI_DATE_DMY],
                    (long long)j->line[HGI_DATE_MDY]);
}

/* 13.2.2024 has points between, and its day always comes first. */
static bool read_wrong(const times *j)
{
    const hgi_date_form other = j->form == HGI_DATE_DMY ? HGI_DATE_MDY : HGI_DATE_DMY;
    return j->line[other] > 0 && j->line[HGI_DATE_EITHER] > 0;
}

/* No row says which: the order is taken in which all lies within the shorter time. */
static bool unclear(const times *j)
{
    return j->line[HGI_DATE_EITHER] > 0 && j->line[HGI_DATE_DMY] == 0 &&
           j->line[HGI_DATE_MDY] == 0;
}

static hg_status read_as(times *j, const char *path, const hg_data_options *options,
                         const char *column, hgi_date_form form, double *span)
{
    double lo = HUGE_VAL, hi = -HUGE_VAL;
    j->form = form;
    hg_status status = hgi_cells_open(j->ctx, path, options, "time", column, &j->c);
    if (status == HG_OK) status = read_rows(j);
    hgi_cells_close(&j->c);
    for (int64_t r = 0; status == HG_OK && r < j->wanted; r++) {
        lo = fmin(lo, j->out[r]);
        hi = fmax(hi, j->out[r]);
    }
    *span = hi - lo;
    return status;
}

hg_status hgi_cells_times(hg_ctx *ctx, const char *path, const hg_data_options *options,
                          const char *column, int known, int64_t rows, double *time,
                          int *dates)
{
    const hgi_date_form first = known == 2 ? HGI_DATE_MDY : HGI_DATE_DMY;
    const hgi_date_form second = known == 2 ? HGI_DATE_DMY : HGI_DATE_MDY;
    times j = {.ctx = ctx, .wanted = rows, .out = time};
    double span, other;
    if (path == NULL || column == NULL || time == NULL || rows < 1)
        return hgi_fail(ctx, HG_EINVAL, "a path, a column and room for times are needed");
    HGI_TRY(read_as(&j, path, options, column, first, &span));
    const bool guess = known == 0 && unclear(&j);
    if (guess || read_wrong(&j)) {
        HGI_TRY(read_as(&j, path, options, column, second, &other));
        if (guess && !(other < span))
            HGI_TRY(read_as(&j, path, options, column, first, &span));
    }
    if (dates != NULL) *dates = j.dates + (j.dates && j.form == HGI_DATE_MDY);
    return HG_OK;
}

hg_status hg_read_times(hg_ctx *ctx, const char *path, const hg_data_options *options,
                        const char *column, int64_t rows, double *time, int *dates)
{
    return hgi_cells_times(ctx, path, options, column, 0, rows, time, dates);
}
