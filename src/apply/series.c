// SPDX-License-Identifier: MIT
/* A file of a series as a model takes it: the model's file says all that is needed. */
#include "apply/series.h"

#include <math.h>
#include <string.h>

hg_status hgi_series_names(hg_ctx *ctx, const hg_model *m, hg_schema **out)
{
    hg_status status = HG_OK;
    const hgi_windows *s = m->series;
    *out = NULL;
    if (s->name == NULL) return HG_OK;
    HGI_TRY(hgi_schema_new(ctx, s->channels, out));
    for (int64_t i = 0; i < s->channels; i++)
        HGI_GOTO(hgi_schema_set_name(ctx, *out, i, s->name[i], strlen(s->name[i])));
    if (s->time != NULL) HGI_GOTO(hgi_schema_add_left(ctx, *out, s->time));
    (*out)->named = true;
    HGI_GOTO(hgi_schema_read_as(ctx, *out, m->decimal, m->renamed));
    HGI_GOTO(hgi_schema_settle(ctx, *out));
done:
    if (status != HG_OK) hgi_schema_free(out);
    return status;
}

static hg_status open_rows(hg_ctx *ctx, const hg_model *m, const char *path,
                           hg_data_options *o, hgi_series_rows *s)
{
    const hgi_windows *w = m->series;
    if (o->columns == NULL && o->schema == NULL) {
        HGI_TRY(hgi_series_names(ctx, m, &s->names));
        o->schema = s->names;
        if (s->names != NULL) o->strict = 0;
    }
    if (o->schema == NULL && o->decimal == '\0') o->decimal = m->decimal;
    if (o->skip_bad || o->id != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: the model is of a series, whose rows follow one another: %s",
                        path,
                        o->skip_bad ? "skip-bad would leave some out"
                                    : "id would name rows, but windows are scored");
    HGI_TRY(hg_dataset_open(ctx, path, o, &s->rows));
    if (s->rows->features == w->channels) return HG_OK;
    return hgi_fail(ctx, HG_ESHAPE,
                    "%s: %lld values a row, but the model wants windows of %lld",
                    s->rows->name, (long long)s->rows->features, (long long)w->channels);
}

static hg_status open_times(hg_ctx *ctx, const hg_model *m, const char *path,
                            const hg_data_options *o, hgi_series_rows *s)
{
    const char *time = m->series->time;
    if (time == NULL || strcmp(s->rows->format, "csv") != 0) return HG_OK;
    size_t bytes = (size_t)s->rows->rows * sizeof *s->time;
    s->time = hgi_alloc(&ctx->mem, bytes);
    if (s->time == NULL) return hgi_fail_mem(ctx, bytes, "times");
    return hg_read_times(ctx, path, o, time, s->rows->rows, s->time, &s->dates);
}

hg_status hgi_series_open(hg_ctx *ctx, const hg_model *m, const char *path,
                          const hg_data_options *options, bool cover,
                          hgi_series_rows *out)
{
    hg_status status;
    hg_data_options o;
    hgi_series_rows s = {0};
    HGI_TRY(hgi_data_options_read(ctx, options, &o));
    HGI_GOTO(open_rows(ctx, m, path, &o, &s));
    HGI_GOTO(open_times(ctx, m, path, &o, &s));
    const hg_window_options w = {.size = sizeof w,
                                 .window = m->series->window,
                                 .stride = m->series->stride,
                                 .gap = m->series->gap,
                                 .time = s.time,
                                 .time_name = m->series->time,
                                 .cover = cover};
    HGI_GOTO(hg_dataset_windows(ctx, s.rows, &w, &s.windows));
done:
    if (status != HG_OK) hgi_series_close(ctx, &s);
    *out = s;
    return status;
}

void hgi_series_close(hg_ctx *ctx, hgi_series_rows *s)
{
    hg_dataset_free(&s->windows);
    hg_dataset_free(&s->rows);
    hgi_schema_free(&s->names);
    hgi_free(&ctx->mem, s->time);
    memset(s, 0, sizeof *s);
}

/* Sums and counts change where windows begin and end: one pass over both. */
hg_status hg_score_points(hg_ctx *ctx, const hg_dataset *w, const double *score,
                          int64_t rows, double *point)
{
    if (w == NULL || w->series == NULL || score == NULL || point == NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "windows of a series and their scores are needed");
    const int64_t window = w->series->window, n = w->rows;
    if (rows < w->order[n - 1] + window)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%lld rows, but the last window ends with row %lld",
                        (long long)rows, (long long)(w->order[n - 1] + window));
    /* Windows are in order: those that row r is in are first .. last - 1.  A sum that
     * was added to and taken from would keep the rounding of scores long gone. */
    for (int64_t r = 0, first = 0, last = 0; r < rows; r++) {
        while (first < n && w->order[first] + window <= r) first++;
        while (last < n && w->order[last] <= r) last++;
        double sum = 0;
        for (int64_t i = first; i < last; i++) sum += score[i];
        point[r] = last > first ? sum / (double)(last - first) : (double)NAN;
    }
    return HG_OK;
}
