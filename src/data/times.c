// SPDX-License-Identifier: MIT
/* A column of time in full precision: a dataset's floats tell seconds since 1970 apart by
 * two minutes. */
#include "data/csv.h"

#include <math.h>
#include <string.h>

typedef struct times {
    hg_ctx *ctx;
    hgi_csv_rows r; /* its text and its columns' names; rows are read here */
    int64_t column, rows, wanted;
    double *out;
    hgi_date_form form;
    bool dates;
} times;

/* Numbers, or dates if the first is one. */
static bool read_cell(times *j, const hgi_csv_field *f, double *out)
{
    size_t n = (size_t)(f->to - f->from);
    hgi_date_form form;
    bool timed;
    if (j->rows == 0) j->dates = !hgi_parse_double(f->from, n, j->r.c.decimal, out);
    if (!j->dates)
        return hgi_parse_double(f->from, n, j->r.c.decimal, out) && isfinite(*out);
    return hgi_date_parse(f->from, n, j->form, out, &form, &timed);
}

static hg_status take(times *j, const hgi_csv_record *rec)
{
    hgi_csv_field f = {0};
    const char *p = rec->from;
    for (int64_t i = 0; i <= j->column; i++) {
        const char *q =
            p != NULL ? hgi_csv_split(j->r.c.delimiter, p, rec->to, &f) : NULL;
        if (q == NULL || (q == rec->to && i < j->column))
            return hgi_fail(j->ctx, HG_EFORMAT, "%s:%lld: has no column %lld",
                            j->r.c.path, (long long)rec->line, (long long)j->column + 1);
        p = q + 1;
    }
    if (j->rows == j->wanted) return HG_OK;
    if (read_cell(j, &f, &j->out[j->rows])) {
        j->rows++;
        return HG_OK;
    }
    char shown[40];
    hgi_shown(f.from, (size_t)(f.to - f.from), shown, sizeof shown);
    return hgi_fail(j->ctx, HG_EFORMAT, "%s:%lld: time is '%s', expected a %s",
                    j->r.c.path, (long long)rec->line, shown,
                    j->dates ? "date" : "number");
}

/* Days come first in 13.2.2024 and 2.13.2024 is a mistake; but 2/13/2024 is not. */
static hg_status read_rows(times *j)
{
    hgi_csv_record rec;
    j->form = HGI_DATE_DMY;
    while (j->rows < j->wanted) {
        HGI_TRY(hgi_csv_filled(&j->r, &j->r.c, &rec));
        if (rec.from == NULL) break;
        HGI_TRY(take(j, &rec));
    }
    if (j->rows == j->wanted) return HG_OK;
    return hgi_fail(j->ctx, HG_ESHAPE, "%s: %lld times, expected %lld", j->r.c.path,
                    (long long)j->rows, (long long)j->wanted);
}

static hg_status run(times *j, hgi_source *source, const hg_data_options *o,
                     const char *column)
{
    j->r.c = (hgi_csv){
        .ctx = j->ctx, .s = source, .path = hgi_source_path(source), .want = 256 * 1024};
    HGI_TRY(hgi_csv_check_signs(j->ctx, o));
    HGI_TRY(hgi_csv_start(&j->r.c, o));
    HGI_TRY(hgi_csv_read_names(&j->r, o));
    HGI_TRY(hgi_csv_rename(&j->r.t, o));
    j->column = hgi_csv_find_column(&j->r.t, column);
    if (j->column < 0) return hgi_csv_unknown_column(&j->r.t, "time", column);
    return read_rows(j);
}

hg_status hg_read_times(hg_ctx *ctx, const char *path, const hg_data_options *options,
                        const char *column, int64_t rows, double *time, int *dates)
{
    hg_data_options o;
    hgi_source *source;
    times j;
    memset(&j, 0, sizeof j);
    j.ctx = ctx;
    j.wanted = rows;
    j.out = time;
    if (path == NULL || column == NULL || time == NULL || rows < 1)
        return hgi_fail(ctx, HG_EINVAL, "a path, a column and room for times are needed");
    if (strcmp(path, "-") == 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "stdin: a column of time is read apart, which takes a file");
    HGI_TRY(hgi_data_options_read(ctx, options, &o));
    HGI_TRY(hgi_source_open(ctx, path, &source));
    hg_status status = run(&j, source, &o, column);
    if (status == HG_OK && dates != NULL) *dates = j.dates;
    hgi_csv_columns_free(&j.r.t);
    hgi_free(&ctx->mem, j.r.c.buf);
    hgi_source_close(&source);
    return status;
}
