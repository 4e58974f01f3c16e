// SPDX-License-Identifier: MIT
/* A file of a series as a model takes it: the model's file says all that is needed. */
#include "apply/series.h"

#include <math.h>
#include <stdlib.h>
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
    if (s->group != NULL) HGI_GOTO(hgi_schema_add_left(ctx, *out, s->group));
    (*out)->named = (*out)->steps = true;
    HGI_GOTO(hgi_schema_read_as(ctx, *out, m->decimal, m->renamed));
    HGI_GOTO(hgi_schema_settle(ctx, *out));
done:
    if (status != HG_OK) hgi_schema_free(out);
    return status;
}

/* names: what the rows are read by, which must outlive them. */
static hg_status open_rows(hg_ctx *ctx, const hg_model *m, const char *path,
                           hg_data_options *o, hg_schema **names, hg_dataset **out)
{
    const hgi_windows *w = m->series;
    if (o->skip_bad || o->id != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: the model is of a series, whose rows follow one another: %s",
                        path,
                        o->skip_bad ? "skip-bad would leave some out"
                                    : "id would name rows, but windows are scored");
    if (o->columns == NULL && o->schema == NULL) {
        HGI_TRY(hgi_series_names(ctx, m, names));
        o->schema = *names;
        if (*names != NULL) o->strict = 0;
    }
    if (o->schema == NULL && o->decimal == '\0') o->decimal = m->decimal;
    HGI_TRY(hg_dataset_open(ctx, path, o, out));
    if ((*out)->features == w->channels) return HG_OK;
    return hgi_fail(ctx, HG_ESHAPE,
                    "%s: %lld values a row, but the model wants windows of %lld",
                    (*out)->name, (long long)(*out)->features, (long long)w->channels);
}

static hg_status open_times(hg_ctx *ctx, const hg_model *m, const char *path,
                            const hg_data_options *o, const hg_dataset *rows,
                            hgi_series_rows *s)
{
    const char *time = m->series->time;
    if (time == NULL || strcmp(rows->format, "csv") != 0) return HG_OK;
    size_t bytes = (size_t)rows->rows * sizeof *s->time;
    s->time = hgi_alloc(&ctx->mem, bytes);
    if (s->time == NULL) return hgi_fail_mem(ctx, bytes, "times");
    return hgi_cells_times(ctx, path, o, time, m->series->dates, rows->rows, s->time,
                           &s->dates);
}

/* One machine's own file may well have no column that names it. */
static hg_status open_groups(hg_ctx *ctx, const hg_model *m, const char *path,
                             const hg_data_options *o, const hg_dataset *rows,
                             int64_t **group, hgi_texts *names)
{
    const char *column = m->series->group;
    if (column == NULL || strcmp(rows->format, "csv") != 0) return HG_OK;
    size_t bytes = (size_t)rows->rows * sizeof **group;
    *group = hgi_alloc(&ctx->mem, bytes);
    if (*group == NULL) return hgi_fail_mem(ctx, bytes, "groups");
    hg_status status = hgi_cells_groups(ctx, path, o, column, rows->rows, *group, names);
    if (status != HG_EUNKNOWN) return status;
    hgi_log(ctx, HG_LOG_WARNING,
            "%s: there is no column '%.100s': its rows are taken for one group's",
            rows->name, column);
    hgi_free(&ctx->mem, *group);
    *group = NULL;
    return HG_OK;
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The texts of the times with which windows begin and end. */
static hg_status keep_times(hg_ctx *ctx, const char *path, const hg_data_options *o,
                            hg_dataset *w)
{
    hgi_windows *s = w->series;
    const int64_t n = 2 * w->rows;
    int64_t *row = hgi_alloc(&ctx->mem, (size_t)n * sizeof *row);
    if (row == NULL) return hgi_fail_mem(ctx, (size_t)n * sizeof *row, "times");
    for (int64_t i = 0; i < w->rows; i++) {
        row[2 * i] = hgi_windows_place(s, w->order[i]);
        row[2 * i + 1] = hgi_windows_place(s, w->order[i] + s->window - 1);
    }
    qsort(row, (size_t)n, sizeof *row, ascending);
    hg_status status = hgi_cells_pick(ctx, path, o, "time", s->time, row, n, &s->times);
    hgi_free(&ctx->mem, row);
    return status;
}

/* A net that knows one step has not learnt another. */
static void compare_steps(hg_ctx *ctx, const hg_model *m, const hg_dataset *w)
{
    const double own = m->series->step, here = w->series->step;
    if (!(own > 0 && here > 0) || (here < 1.5 * own && own < 1.5 * here)) return;
    hgi_log(ctx, HG_LOG_WARNING,
            "%s: the median step of time is %g, but the model was trained on steps of %g",
            w->name, here, own);
}

/* From window to window: as the caller says, else as the model's training did.  Taken out
 * of the options, because to those who read the rows it is one of tiles. */
static hg_status take_stride(hg_ctx *ctx, const hg_model *m, hg_data_options *o,
                             int64_t *stride)
{
    const char *text = o->stride;
    *stride = m->series->stride;
    o->stride = NULL;
    if (text == NULL || (hgi_parse_int(text, strlen(text), stride) && *stride >= 1))
        return HG_OK;
    return hgi_fail(ctx, HG_EINVAL,
                    "stride: '%.40s', expected a number of rows from window to window",
                    text);
}

static hg_status make_windows(hg_ctx *ctx, const hg_model *m, int64_t stride,
                              hg_dataset *rows, const int64_t *group, hgi_texts *names,
                              hgi_series_rows *s)
{
    const hg_window_options w = {.size = sizeof w,
                                 .window = m->series->window,
                                 .stride = stride,
                                 .gap = m->series->gap,
                                 .time = s->time,
                                 .time_name = m->series->time,
                                 .cover = 1,
                                 .group = group,
                                 .group_name = m->series->group};
    HGI_TRY(hg_dataset_windows(ctx, rows, &w, &s->windows));
    s->windows->base = rows;
    s->windows->series->groups = *names;
    memset(names, 0, sizeof *names);
    s->rows = rows;
    return HG_OK;
}

hg_status hgi_series_open(hg_ctx *ctx, const hg_model *m, const char *path,
                          const hg_data_options *options, hgi_series_rows *out)
{
    hg_status status;
    hg_data_options o;
    hgi_series_rows s = {0};
    hg_dataset *rows = NULL;
    hg_schema *channels = NULL;
    int64_t *group = NULL;
    hgi_texts names = {0};
    int64_t stride;
    *out = s;
    HGI_TRY(hgi_data_options_read(ctx, options, &o));
    HGI_TRY(take_stride(ctx, m, &o, &stride));
    o.labels = NULL;
    HGI_GOTO(open_rows(ctx, m, path, &o, &channels, &rows));
    HGI_GOTO(open_times(ctx, m, path, &o, rows, &s));
    HGI_GOTO(open_groups(ctx, m, path, &o, rows, &group, &names));
    HGI_GOTO(make_windows(ctx, m, stride, rows, group, &names, &s));
    rows = NULL; /* they are the windows' */
    compare_steps(ctx, m, s.windows);
    s.windows->series->names = channels;
    channels = NULL;
    s.windows->series->delimiter = o.delimiter;
    s.windows->series->decimal = o.decimal;
    s.windows->series->header = o.header;
    if (s.time != NULL) status = keep_times(ctx, path, &o, s.windows);
done:
    hgi_free(&ctx->mem, group);
    hgi_texts_free(&ctx->mem, &names);
    hg_dataset_free(&rows);
    hgi_schema_free(&channels);
    if (status != HG_OK) hgi_series_close(ctx, &s);
    *out = s;
    return status;
}

void hgi_series_close(hg_ctx *ctx, hgi_series_rows *s)
{
    hg_dataset_free(&s->windows);
    hgi_free(&ctx->mem, s->time);
    memset(s, 0, sizeof *s);
}

hg_status hg_series_open(hg_ctx *ctx, const hg_model *m, const char *path,
                         const hg_data_options *options, hg_dataset **out)
{
    hgi_series_rows s;
    *out = NULL;
    if (m == NULL || path == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and a path are needed");
    if (m->series == NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "the model is of rows, not of a series: train it with a window");
    HGI_TRY(hgi_series_open(ctx, m, path, options, &s));
    *out = s.windows;
    s.windows = NULL;
    hgi_series_close(ctx, &s);
    return HG_OK;
}

/* ---- places as text ------------------------------------------------------------------ */

void hgi_series_add_cell(hgi_text *t, const char *text, size_t n)
{
    bool quotes = n > 0 && (text[0] == ' ' || text[n - 1] == ' ');
    for (size_t i = 0; i < n; i++) quotes = quotes || strchr(",\"\r\n", text[i]) != NULL;
    if (!quotes) {
        hgi_text_add_bytes(t, text, n);
        return;
    }
    hgi_text_add(t, "\"");
    for (size_t i = 0; i < n; i++)
        hgi_text_add(t, text[i] == '"' ? "\"\"" : "%c", text[i]);
    hgi_text_add(t, "\"");
}

static void add_text(hgi_text *t, const char *text)
{
    hgi_series_add_cell(t, text, strlen(text));
    hgi_text_add(t, ",");
}

void hgi_series_add_names(const hgi_series_rows *s, bool windows, hgi_text *t)
{
    const hgi_windows *w = s->windows->series;
    if (w->belongs != NULL) add_text(t, w->group);
    if (windows)
        hgi_text_add(t, "start,end,");
    else
        add_text(t, s->time != NULL ? w->time : "row");
}

static void add_row(hgi_text *t, const char *time, int64_t row)
{
    if (time != NULL)
        add_text(t, time);
    else
        hgi_text_add(t, "%lld,", (long long)row + 1);
}

void hgi_series_add_place(const hgi_series_rows *s, int64_t window, hgi_text *t)
{
    hg_window_place p = {.size = sizeof p};
    if (!hg_dataset_window_place(s->windows, window, &p)) return;
    if (p.group != NULL) add_text(t, p.group);
    add_row(t, p.from, p.first);
    add_row(t, p.to, p.last);
}

hg_status hgi_series_lines_open(hg_ctx *ctx, const hgi_series_rows *s, const char *path,
                                const hg_data_options *o, hgi_series_lines *l)
{
    const hgi_windows *w = s->windows->series;
    *l = (hgi_series_lines){.s = s};
    if (w->belongs != NULL) {
        l->group = hgi_alloc(&ctx->mem, (size_t)w->rows * sizeof *l->group);
        if (l->group == NULL) return hgi_fail_mem(ctx, (size_t)w->rows * 8, "groups");
        for (int64_t i = 0; i < w->rows; i++)
            l->group[hgi_windows_place(w, i)] = w->belongs[i];
    }
    return s->time != NULL ? hgi_cells_open(ctx, path, o, "time", w->time, &l->times)
                           : HG_OK;
}

hg_status hgi_series_lines_next(hgi_series_lines *l, hgi_text *t)
{
    const hgi_windows *w = l->s->windows->series;
    const char *time = NULL;
    size_t n = 0;
    if (l->s->time != NULL) {
        HGI_TRY(hgi_cells_next(&l->times, &time, &n));
        if (time == NULL) return hgi_cells_missing(&l->times, w->rows);
    }
    if (l->group != NULL) add_text(t, hgi_texts_find(&w->groups, l->group[l->row]));
    if (time != NULL) {
        hgi_series_add_cell(t, time, n);
        hgi_text_add(t, ",");
    } else {
        hgi_text_add(t, "%lld,", (long long)l->row + 1);
    }
    l->row++;
    return HG_OK;
}

void hgi_series_lines_close(hg_ctx *ctx, hgi_series_lines *l)
{
    hgi_free(&ctx->mem, l->group);
    hgi_cells_close(&l->times);
    memset(l, 0, sizeof *l);
}
