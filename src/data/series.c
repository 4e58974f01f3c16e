// SPDX-License-Identifier: MIT
/* Windows of a time series as a dataset that refers to the series.
 *
 *     rows    a b c d e | f g h i         window 3, stride 2; between e and f is a gap
 *     windows [a b c]
 *                 [c d e]  [f g h]
 *                            [g h i]      with `cover`: the last row is in one, too
 *
 * Window i begins at row order[i] and is as long as `window` rows: in memory it lies where
 * the series lies, in a file it is read from its first row's place.  Only where the rows of
 * several groups alternate they are copied, sorted by group.                           */
#include "data/series.h"

#include "data/blocks.h"
#include "data/runs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define USUAL_GAP 3.0
/* Windows to train on where nobody says how many.  A stride that divides a period of the
 * series would show the net a few of its phases alone.                                 */
#define ENOUGH 20000

const char *hgi_texts_find(const hgi_texts *t, int64_t row)
{
    int64_t lo = 0, hi = t->count;
    while (lo < hi) {
        int64_t mid = lo + (hi - lo) / 2;
        if (t->row[mid] < row)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->count && t->row[lo] == row ? t->text + t->at[lo] : NULL;
}

void hgi_texts_free(const hgi_mem *mem, hgi_texts *t)
{
    hgi_free(mem, t->row);
    hgi_free(mem, t->at);
    hgi_free(mem, t->text);
    memset(t, 0, sizeof *t);
}

void hgi_windows_free(hgi_windows **series)
{
    if (*series == NULL) return;
    hgi_windows *s = *series;
    hgi_mem mem = s->mem;
    for (int64_t i = 0; s->name != NULL && i < s->channels; i++)
        hgi_free(&mem, s->name[i]);
    hgi_free(&mem, s->name);
    hgi_free(&mem, s->time);
    hgi_free(&mem, s->group);
    hgi_free(&mem, s->place);
    hgi_free(&mem, s->belongs);
    hgi_texts_free(&mem, &s->times);
    hgi_texts_free(&mem, &s->groups);
    hgi_schema_free(&s->names);
    hgi_free(&mem, s);
    *series = NULL;
}

static bool copy_name(const hgi_mem *mem, const char *name, char **out)
{
    return name == NULL || (*out = hgi_strdup(mem, name)) != NULL;
}

hg_status hgi_windows_copy(hg_ctx *ctx, const hgi_windows *s, hgi_windows **out)
{
    hgi_windows *c = *out = hgi_calloc(&ctx->mem, 1, sizeof *c);
    if (c == NULL) return hgi_fail_mem(ctx, sizeof *c, "a series");
    *c = (hgi_windows){.mem = ctx->mem,
                       .window = s->window,
                       .stride = s->stride,
                       .channels = s->channels,
                       .gap = s->gap,
                       .step = s->step,
                       .dates = s->dates};
    bool whole = copy_name(&ctx->mem, s->time, &c->time) &&
                 copy_name(&ctx->mem, s->group, &c->group);
    if (s->name != NULL) {
        c->name = hgi_calloc(&ctx->mem, (size_t)s->channels, sizeof *c->name);
        whole = whole && c->name != NULL;
        for (int64_t i = 0; whole && i < s->channels; i++)
            whole = copy_name(&ctx->mem, s->name[i], &c->name[i]);
    }
    if (whole) return HG_OK;
    hgi_windows_free(out);
    return hgi_fail_mem(ctx, 64, "names of a series");
}

/* ---- the dataset --------------------------------------------------------------------- */

/* What is found out before windows are made. */
typedef struct plan {
    const hg_dataset *d;
    hg_window_options o; /* with all defaults */
    bool chosen;         /* the caller says the stride */
    int64_t *place;      /* as in hgi_windows */
    double step;
    hgi_runs runs;
} plan;

/* What is no number is most often what the windows want to be told: the time, or whose the
 * rows are. */
static hg_status no_channel(hg_ctx *ctx, const hg_dataset *d, int64_t column,
                            const hg_window_options *o)
{
    const hgi_schema_column *c = &d->schema->column[column];
    const bool date = c->kind == HGI_DATE;
    char hint[300] = "";
    if (date && o->time_name == NULL)
        snprintf(hint, sizeof hint, "say that it is the time (--time '%.100s'), or ",
                 c->name);
    if (!date && o->group_name == NULL)
        snprintf(hint, sizeof hint,
                 "say that it tells machines apart (--group '%.100s'), or ", c->name);
    return hgi_fail(ctx, HG_EMISMATCH,
                    "%s: column '%.100s' is a %s, and windows are of numbers: %sleave it "
                    "out (--drop '%.100s')",
                    d->name, c->name, hgi_kind_words[c->kind], hint, c->name);
}

static hg_status check(hg_ctx *ctx, const hg_dataset *d, const hg_window_options *given,
                       hg_window_options *o)
{
    if (given == NULL || given->size != sizeof *given)
        return hgi_fail(ctx, HG_EINVAL, "hg_window_options: size is not set");
    *o = *given;
    if (o->window < 2)
        return hgi_fail(ctx, HG_ERANGE, "a window of %lld rows, expected 2 or more",
                        (long long)o->window);
    if (o->window > d->rows)
        return hgi_fail(ctx, HG_ESHAPE, "%s: %lld rows, but a window has %lld", d->name,
                        (long long)d->rows, (long long)o->window);
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
        if (d->schema->column[i].kind != HGI_NUMERIC) return no_channel(ctx, d, i, o);
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
static hg_status describe(hg_ctx *ctx, const plan *p, hg_dataset *w)
{
    const hg_window_options *o = &p->o;
    const hg_dataset *d = p->d;
    const hgi_windows s = {.window = o->window,
                           .stride = p->chosen ? o->stride : hgi_max(1, o->window / 4),
                           .channels = d->features,
                           .gap = o->gap,
                           .step = p->step,
                           .dates = o->dates,
                           .time = (char *)(uintptr_t)o->time_name,
                           .group = (char *)(uintptr_t)o->group_name,
                           .name = d->columns};
    w->series_own = true;
    HGI_TRY(hgi_windows_copy(ctx, &s, &w->series));
    w->series->rows = d->rows;
    w->series->runs = p->runs;
    if (o->group == NULL) return HG_OK;
    const size_t bytes = (size_t)d->rows * sizeof(int64_t);
    int64_t *belongs = w->series->belongs = hgi_alloc(&ctx->mem, bytes);
    if (belongs == NULL) return hgi_fail_mem(ctx, bytes, "groups of rows");
    for (int64_t i = 0; i < d->rows; i++)
        belongs[i] = o->group[p->place != NULL ? p->place[i] : i];
    return HG_OK;
}

/* The rows of d in the order of place. */
static hg_status copy_sorted(hg_ctx *ctx, const hg_dataset *d, const int64_t *place,
                             hg_dataset *w)
{
    hg_status status = HG_OK;
    hgi_rows r = {0};
    size_t bytes = (size_t)d->rows * sizeof(int64_t);
    const int64_t channels = d->features;
    HGI_TRY(hgi_check_memory(ctx, (double)(d->rows * channels) * sizeof(float),
                             "a series whose groups alternate, sorted by them"));
    int64_t *to = hgi_alloc(&ctx->mem, bytes);
    float *copy = w->owned =
        hgi_alloc(&ctx->mem, (size_t)(d->rows * channels) * sizeof *copy);
    if (to == NULL || copy == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)(d->rows * channels) * sizeof *copy,
                              "rows sorted by group"));
    for (int64_t i = 0; i < d->rows; i++) to[place[i]] = i;
    HGI_GOTO(hgi_rows_open(ctx, d, 0, &r));
    HGI_GOTO(hgi_rows_next(ctx, &r));
    while (r.n > 0) {
        for (int64_t i = 0; i < r.n; i++)
            hgi_dataset_row(r.rows, r.at + i, copy + to[r.first + i] * channels);
        HGI_GOTO(hgi_rows_next(ctx, &r));
    }
    w->data = w->owned;
    w->stride[0] = w->row_stride = channels * (int64_t)sizeof *copy;
    w->stride[1] = (int64_t)sizeof *copy;
done:
    hgi_rows_close(&r);
    hgi_free(&ctx->mem, to);
    return status;
}

/* start becomes the windows', and so does the plan's place. */
static hg_status make(hg_ctx *ctx, plan *p, int64_t **start, int64_t n, hg_dataset **out)
{
    const hg_dataset *d = p->d;
    const int64_t shape[2] = {p->o.window, d->features};
    const hg_type type = p->place != NULL ? HG_F32 : d->type;
    const int64_t size = type == HG_U8 ? 1 : (int64_t)sizeof(float);
    hg_dataset *w;
    HGI_TRY(hgi_dataset_take(ctx, d->name, "windows", type, n, d->features > 1 ? 2 : 1,
                             shape, NULL, &w));
    *out = w;
    w->decimal = d->decimal;
    w->renamed = d->renamed;
    w->order = *start;
    *start = NULL;
    HGI_TRY(describe(ctx, p, w));
    if (p->place != NULL) {
        HGI_TRY(copy_sorted(ctx, d, p->place, w));
        w->series->place = p->place;
        p->place = NULL;
    } else if (d->held != NULL) {
        HGI_TRY(hold(ctx, d, w));
    } else {
        w->data = d->data;
        w->stride[0] = w->row_stride = d->row_stride;
        w->stride[1] = d->stride[0];
        w->packed = d->packed && d->row_stride == d->features * size;
    }
    return hgi_dataset_check(ctx, w);
}

static hg_status no_window(hg_ctx *ctx, const plan *p)
{
    const hgi_runs *r = &p->runs;
    char why[160] = "";
    if (r->back > 0)
        snprintf(why, sizeof why,
                 ": time goes back %lld times (rows are to be in the order of time%s)",
                 (long long)r->back,
                 p->o.group == NULL ? ", or name the column of their group" : "");
    else if (r->gaps + r->holes > 0)
        snprintf(why, sizeof why,
                 ": the window is too long, or gap too small (%lld gaps, %lld rows with "
                 "a missing value)",
                 (long long)r->gaps, (long long)r->holes);
    else if (p->o.group != NULL)
        snprintf(why, sizeof why, ": no group has so many");
    return hgi_fail(ctx, HG_ESHAPE, "%s: no %lld rows without a gap between them%s",
                    p->d->name, (long long)p->o.window, why);
}

/* What is never scored is worth a word; what is not trained on is not. */
static void tell_lost(hg_ctx *ctx, const plan *p)
{
    const hgi_runs *r = &p->runs;
    if (r->lost == 0) return;
    hgi_log(ctx, p->o.cover ? HG_LOG_WARNING : HG_LOG_INFO,
            "%s: %lld of %lld rows are in no window: %lld gaps in time, which goes back "
            "%lld times, %lld rows with a missing value",
            p->d->name, (long long)r->lost, (long long)p->d->rows, (long long)r->gaps,
            (long long)r->back, (long long)r->holes);
}

hg_status hg_dataset_windows(hg_ctx *ctx, const hg_dataset *d,
                             const hg_window_options *options, hg_dataset **out)
{
    hg_status status;
    plan p = {.d = d};
    int64_t *start = NULL, n;
    *out = NULL;
    HGI_TRY(check(ctx, d, options, &p.o));
    p.chosen = options->stride != 0;
    unsigned char *mark = hgi_calloc(&ctx->mem, (size_t)d->rows, 1);
    if (mark == NULL) return hgi_fail_mem(ctx, (size_t)d->rows, "the runs of a series");
    HGI_GOTO(hgi_runs_sort(ctx, p.o.group, d->rows, &p.place));
    HGI_GOTO(hgi_runs_mark(ctx, d, &p.o, p.place, mark, &p.step, &p.runs));
    n = hgi_runs_windows(&p.o, mark, d->rows, NULL);
    if (n == 0) HGI_GOTO(no_window(ctx, &p));
    start = hgi_alloc(&ctx->mem, (size_t)n * sizeof *start);
    if (start == NULL) HGI_GOTO(hgi_fail_mem(ctx, (size_t)n * sizeof *start, "windows"));
    (void)hgi_runs_windows(&p.o, mark, d->rows, start);
    p.runs.lost = hgi_runs_lost(start, n, p.o.window, d->rows);
    tell_lost(ctx, &p);
    status = make(ctx, &p, &start, n, out);
    if (status != HG_OK) hg_dataset_free(out);
done:
    hgi_free(&ctx->mem, p.place);
    hgi_free(&ctx->mem, start);
    hgi_free(&ctx->mem, mark);
    return status;
}

int64_t hg_dataset_window_row(const hg_dataset *w, int64_t index)
{
    bool there = w != NULL && w->series != NULL && index >= 0 && index < w->rows;
    return there ? hgi_windows_place(w->series, w->order[index]) : -1;
}

int hg_dataset_window_place(const hg_dataset *w, int64_t index, hg_window_place *out)
{
    if (hg_dataset_window_row(w, index) < 0 || out == NULL || out->size != sizeof *out)
        return 0;
    const hgi_windows *s = w->series;
    const int64_t at = w->order[index], end = at + s->window - 1;
    *out = (hg_window_place){.size = sizeof *out,
                             .first = hgi_windows_place(s, at),
                             .last = hgi_windows_place(s, end)};
    out->from = hgi_texts_find(&s->times, out->first);
    out->to = hgi_texts_find(&s->times, out->last);
    if (s->belongs != NULL) out->group = hgi_texts_find(&s->groups, s->belongs[at]);
    return 1;
}
