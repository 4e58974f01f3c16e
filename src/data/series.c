// SPDX-License-Identifier: MIT
/* Windows of a time series as a dataset that refers to the series.
 *
 *     rows    a b c d e | f g h i         window 3, stride 2; between e and f is a gap
 *     windows [a b c]
 *                 [c d e]  [f g h]
 *                            [g h i]      with `cover`: the last row is in one, too
 *
 * Window i begins at row order[i] and is as long as `window` rows: in memory it lies where
 * the series lies, in a file it is read from its first row's place.                    */
#include "data/series.h"

#include "data/blocks.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USUAL_GAP 3.0
/* Windows to train on where nobody says how many.  A stride that divides a period of the
 * series would show the net a few of its phases alone.                                 */
#define ENOUGH 20000

void hgi_windows_free(hgi_windows **series)
{
    if (*series == NULL) return;
    hgi_windows *s = *series;
    hgi_mem mem = s->mem;
    for (int64_t i = 0; s->name != NULL && i < s->channels; i++)
        hgi_free(&mem, s->name[i]);
    hgi_free(&mem, s->name);
    hgi_free(&mem, s->time);
    hgi_free(&mem, s);
    *series = NULL;
}

hg_status hgi_windows_copy(hg_ctx *ctx, const hgi_windows *s, hgi_windows **out)
{
    hgi_windows *c = *out = hgi_calloc(&ctx->mem, 1, sizeof *c);
    if (c == NULL) return hgi_fail_mem(ctx, sizeof *c, "a series");
    *c = (hgi_windows){.mem = ctx->mem,
                       .window = s->window,
                       .stride = s->stride,
                       .channels = s->channels,
                       .gap = s->gap};
    bool whole = s->time == NULL || (c->time = hgi_strdup(&ctx->mem, s->time)) != NULL;
    if (s->name != NULL) {
        c->name = hgi_calloc(&ctx->mem, (size_t)s->channels, sizeof *c->name);
        whole = whole && c->name != NULL;
        for (int64_t i = 0; whole && i < s->channels; i++)
            whole = (c->name[i] = hgi_strdup(&ctx->mem, s->name[i])) != NULL;
    }
    if (whole) return HG_OK;
    hgi_windows_free(out);
    return hgi_fail_mem(ctx, 64, "names of a series");
}

/* ---- where runs of rows end ---------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of the steps forward; 0: there are none. */
static hg_status median_step(hg_ctx *ctx, const char *name, const double *time, int64_t n,
                             double *out)
{
    *out = 0;
    double *step = hgi_alloc(&ctx->mem, (size_t)n * sizeof *step);
    int64_t steps = 0;
    if (step == NULL) return hgi_fail_mem(ctx, (size_t)n * sizeof *step, "steps of time");
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(time[i])) {
            hgi_free(&ctx->mem, step);
            return hgi_fail(ctx, HG_ENONFINITE, "%s: the time of row %lld is no number",
                            name, (long long)i + 1);
        }
        if (i > 0 && time[i] > time[i - 1]) step[steps++] = time[i] - time[i - 1];
    }
    qsort(step, (size_t)steps, sizeof *step, ascending);
    if (steps > 0) *out = step[steps / 2];
    hgi_free(&ctx->mem, step);
    return HG_OK;
}

enum { FIRST = 1, HOLE = 2 };

/* mark[i]: FIRST where a run begins, HOLE where no window may have the row. */
static hg_status mark_times(hg_ctx *ctx, const hg_dataset *d, const hg_window_options *o,
                            unsigned char *mark)
{
    double step;
    int64_t gaps = 0, back = 0;
    if (o->time == NULL) return HG_OK;
    HGI_TRY(median_step(ctx, d->name, o->time, d->rows, &step));
    for (int64_t i = 1; i < d->rows; i++) {
        double by = o->time[i] - o->time[i - 1];
        bool gap = by > o->gap * step;
        if (gap || by < 0) mark[i] = FIRST;
        gaps += gap;
        back += by < 0;
    }
    hgi_log(
        ctx, HG_LOG_INFO,
        "%s: a median step of %g, %lld gaps over %g of them, time goes back %lld times",
        d->name, step, (long long)gaps, o->gap, (long long)back);
    return HG_OK;
}

static hg_status mark_holes(hg_ctx *ctx, const hg_dataset *d, unsigned char *mark)
{
    hg_status status = HG_OK;
    hgi_rows w;
    if (d->schema == NULL) return HG_OK; /* no value is missing */
    float *row = hgi_alloc(&ctx->mem, (size_t)d->features * sizeof *row);
    if (row == NULL) return hgi_fail_mem(ctx, (size_t)d->features * sizeof *row, "a row");
    HGI_TRY(hgi_rows_open(ctx, d, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        for (int64_t i = 0; i < w.n; i++) {
            hgi_dataset_row(w.rows, w.at + i, row);
            for (int64_t c = 0; c < d->features; c++)
                if (isnan(row[c])) mark[w.first + i] = HOLE;
        }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
done:
    hgi_rows_close(&w);
    hgi_free(&ctx->mem, row);
    return status;
}

/* The windows of run [a, b) into start; NULL: they are counted. */
static int64_t windows_of_run(const hg_window_options *o, int64_t a, int64_t b,
                              int64_t *start)
{
    int64_t n = 0, at = a;
    if (b - a < o->window) return 0;
    for (; at + o->window <= b; at += o->stride, n++)
        if (start != NULL) start[n] = at;
    if (o->cover && at - o->stride + o->window < b) {
        if (start != NULL) start[n] = b - o->window;
        n++;
    }
    return n;
}

static int64_t windows_of_all(const hg_window_options *o, const unsigned char *mark,
                              int64_t rows, int64_t *start)
{
    int64_t n = 0, a = 0;
    for (int64_t i = 0; i <= rows; i++) {
        if (i < rows && mark[i] == 0) continue;
        n += windows_of_run(o, a, i, start != NULL ? start + n : NULL);
        a = i < rows && mark[i] == HOLE ? i + 1 : i;
    }
    return n;
}

/* ---- the dataset --------------------------------------------------------------------- */

static hg_status check(hg_ctx *ctx, const hg_dataset *d, const hg_window_options *given,
                       hg_window_options *o)
{
    if (given == NULL || given->size != sizeof *given)
        return hgi_fail(ctx, HG_EINVAL, "hg_window_options: size is not set");
    *o = *given;
    if (o->window < 2 || o->window > d->rows)
        return hgi_fail(
            ctx, o->window < 2 ? HG_ERANGE : HG_ESHAPE,
            "%s: a window of %lld rows, expected 2 to the %lld that there are", d->name,
            (long long)o->window, (long long)d->rows);
    if (o->stride == 0) o->stride = hgi_ceil_div(d->rows, ENOUGH);
    if (o->stride < 1)
        return hgi_fail(ctx, HG_ERANGE, "a stride of %lld rows, expected 1 or more",
                        (long long)o->stride);
    if (o->gap == 0.0) o->gap = USUAL_GAP;
    if (!(o->gap >= 1))
        return hgi_fail(ctx, HG_ERANGE, "a gap of %g steps, expected 1 or more", o->gap);
    if (d->order != NULL || d->series != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: windows are made of a whole series, not of a split or of "
                        "windows",
                        d->name);
    if (d->rank != 1)
        return hgi_fail(ctx, HG_EINVAL, "%s: its rows are images, no steps of a series",
                        d->name);
    for (int64_t i = 0; d->schema != NULL && i < d->schema->columns; i++)
        if (d->schema->column[i].kind != HGI_NUMERIC)
            return hgi_fail(ctx, HG_EMISMATCH,
                            "%s: column '%.100s' is a %s, and windows are of numbers: "
                            "leave it out with drop",
                            d->name, d->schema->column[i].name,
                            hgi_kind_words[d->schema->column[i].kind]);
    return HG_OK;
}

/* Rows that overlap in a file: the same descriptor under another number. */
static hg_status hold(hg_ctx *ctx, const hg_dataset *d, hg_dataset *w)
{
    const struct hgi_held *h = d->held;
    hgi_array a = h->array;
    a.rank = 2;
    a.dim[0] = w->rows;
    a.dim[1] = w->features;
    int fd = fcntl(h->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) return hgi_fail(ctx, HG_EIO, "%s: no more files can be open", d->name);
    hg_status status = hgi_held_new(ctx, d->name, fd, h->at, &a, h->nameless, &w->held);
    if (status != HG_OK) {
        close(fd);
        return status;
    }
    w->held->step = h->row;
    w->held->size = h->size;
    w->held->written = h->written;
    w->holds = true;
    return HG_OK;
}

/* What a model remembers: scoring looks at a row four times where nobody says more. */
static hg_status describe(hg_ctx *ctx, const hg_dataset *d, const hg_window_options *o,
                          const hg_window_options *given, hg_dataset *w)
{
    const hgi_windows s = {.window = o->window,
                           .stride =
                               given->stride != 0 ? o->stride : hgi_max(1, o->window / 4),
                           .channels = d->features,
                           .gap = o->gap,
                           .time = (char *)(uintptr_t)o->time_name,
                           .name = d->columns};
    w->series_own = true;
    return hgi_windows_copy(ctx, &s, &w->series);
}

static hg_status make(hg_ctx *ctx, const hg_dataset *d, const hg_window_options *o,
                      const hg_window_options *given, int64_t *start, int64_t n,
                      hg_dataset **out)
{
    const int64_t shape[2] = {o->window, d->features};
    const int64_t size = d->type == HG_U8 ? 1 : (int64_t)sizeof(float);
    hg_dataset *w;
    HGI_TRY(hgi_dataset_take(ctx, d->name, "windows", d->type, n, d->features > 1 ? 2 : 1,
                             shape, NULL, &w));
    *out = w;
    w->order = start;
    w->decimal = d->decimal;
    w->renamed = d->renamed;
    HGI_TRY(describe(ctx, d, o, given, w));
    if (d->held != NULL) {
        HGI_TRY(hold(ctx, d, w));
    } else {
        w->data = d->data;
        w->stride[0] = w->row_stride = d->row_stride;
        w->stride[1] = d->stride[0];
        w->packed = d->packed && d->row_stride == d->features * size;
    }
    return hgi_dataset_check(ctx, w);
}

hg_status hg_dataset_windows(hg_ctx *ctx, const hg_dataset *d,
                             const hg_window_options *options, hg_dataset **out)
{
    hg_status status;
    hg_window_options o;
    int64_t *start = NULL, n;
    *out = NULL;
    HGI_TRY(check(ctx, d, options, &o));
    unsigned char *mark = hgi_calloc(&ctx->mem, (size_t)d->rows, 1);
    if (mark == NULL) return hgi_fail_mem(ctx, (size_t)d->rows, "the runs of a series");
    HGI_GOTO(mark_times(ctx, d, &o, mark));
    HGI_GOTO(mark_holes(ctx, d, mark));
    n = windows_of_all(&o, mark, d->rows, NULL);
    if (n == 0)
        HGI_GOTO(hgi_fail(ctx, HG_ESHAPE,
                          "%s: no %lld rows without a gap between them: the window is "
                          "too long, or gap too small",
                          d->name, (long long)o.window));
    start = hgi_alloc(&ctx->mem, (size_t)n * sizeof *start);
    if (start == NULL) HGI_GOTO(hgi_fail_mem(ctx, (size_t)n * sizeof *start, "windows"));
    (void)windows_of_all(&o, mark, d->rows, start);
    status = make(ctx, d, &o, options, start, n, out);
    if (*out != NULL) start = NULL; /* it is theirs */
    if (status != HG_OK) hg_dataset_free(out);
done:
    hgi_free(&ctx->mem, start);
    hgi_free(&ctx->mem, mark);
    return status;
}

int64_t hg_dataset_window_row(const hg_dataset *w, int64_t index)
{
    bool there = w != NULL && w->series != NULL && index >= 0 && index < w->rows;
    return there ? w->order[index] : -1;
}
