// SPDX-License-Identifier: MIT
/* Where a series breaks.
 *
 * A run of rows ends where another group begins, where time makes a step of more than `gap`
 * median steps or goes back, and in front of a row with a missing value.  Two rows of one
 * time follow each other.  The median step is that of all steps forward within a group. */
#include "data/runs.h"

#include "data/blocks.h"

#include <math.h>
#include <stdlib.h>

/* ---- groups -------------------------------------------------------------------------- */

typedef struct member {
    int64_t group, row;
} member;

static int by_group(const void *a, const void *b)
{
    const member *x = a, *y = b;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

hg_status hgi_runs_sort(hg_ctx *ctx, const int64_t *group, int64_t rows, int64_t **place)
{
    bool together = true;
    *place = NULL;
    if (group == NULL) return HG_OK;
    size_t bytes = (size_t)rows * sizeof(member);
    member *m = hgi_alloc(&ctx->mem, bytes);
    if (m == NULL) return hgi_fail_mem(ctx, bytes, "rows sorted by group");
    for (int64_t i = 0; i < rows; i++) m[i] = (member){group[i], i};
    qsort(m, (size_t)rows, sizeof *m, by_group);
    for (int64_t i = 1; i < rows; i++)
        together =
            together && (m[i].group != m[i - 1].group || m[i].row == m[i - 1].row + 1);
    if (!together) *place = hgi_alloc(&ctx->mem, (size_t)rows * sizeof **place);
    for (int64_t i = 0; *place != NULL && i < rows; i++) (*place)[i] = m[i].row;
    hgi_free(&ctx->mem, m);
    if (together || *place != NULL) return HG_OK;
    return hgi_fail_mem(ctx, (size_t)rows * sizeof **place, "rows sorted by group");
}

/* ---- time ---------------------------------------------------------------------------- */

/* The rows of one marking, by their place in the series. */
typedef struct look {
    const hg_window_options *o;
    const int64_t *place;
    int64_t rows;
} run_look;

static int64_t at(const run_look *k, int64_t i)
{
    return k->place != NULL ? k->place[i] : i;
}

static bool same_group(const run_look *k, int64_t i)
{
    return k->o->group == NULL || k->o->group[at(k, i)] == k->o->group[at(k, i - 1)];
}

static double step_to(const run_look *k, int64_t i)
{
    return k->o->time[at(k, i)] - k->o->time[at(k, i - 1)];
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 0: there are no steps forward. */
static hg_status median_step(hg_ctx *ctx, const char *name, const run_look *k,
                             double *out)
{
    const int64_t n = k->rows;
    int64_t steps = 0;
    *out = 0;
    double *step = hgi_alloc(&ctx->mem, (size_t)n * sizeof *step);
    if (step == NULL) return hgi_fail_mem(ctx, (size_t)n * sizeof *step, "steps of time");
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(k->o->time[i])) {
            hgi_free(&ctx->mem, step);
            return hgi_fail(ctx, HG_ENONFINITE, "%s: the time of row %lld is no number",
                            name, (long long)i + 1);
        }
        if (i > 0 && same_group(k, i) && step_to(k, i) > 0) step[steps++] = step_to(k, i);
    }
    qsort(step, (size_t)steps, sizeof *step, ascending);
    if (steps > 0) *out = step[steps / 2];
    hgi_free(&ctx->mem, step);
    return HG_OK;
}

/* Many machines in one file, in the order of time, have each time many times. */
static void hint_groups(hg_ctx *ctx, const char *name, const run_look *k,
                        const hgi_runs *runs)
{
    if (k->o->group != NULL || 4 * runs->same < k->rows) return;
    hgi_log(ctx, HG_LOG_WARNING,
            "%s: %lld of %lld rows have the time of the row before: if they are of "
            "several machines, name the column that tells them apart: group",
            name, (long long)runs->same, (long long)k->rows);
}

static hg_status mark_times(hg_ctx *ctx, const char *name, const run_look *k,
                            unsigned char *mark, double *step, hgi_runs *runs)
{
    if (k->o->time != NULL) HGI_TRY(median_step(ctx, name, k, step));
    const double most = k->o->gap * *step;
    for (int64_t i = 1; i < k->rows; i++) {
        if (!same_group(k, i)) {
            mark[i] = HGI_RUN_FIRST;
            continue;
        }
        if (k->o->time == NULL) continue;
        const double by = step_to(k, i);
        if (by > most || by < 0) mark[i] = HGI_RUN_FIRST;
        runs->gaps += by > most;
        runs->back += by < 0;
        runs->same += !(by > 0) && !(by < 0);
    }
    if (k->o->time == NULL) return HG_OK;
    hint_groups(ctx, name, k, runs);
    hgi_log(ctx, HG_LOG_INFO,
            "%s: a median step of %g, %lld gaps over %g of them, time goes back %lld "
            "times",
            name, *step, (long long)runs->gaps, k->o->gap, (long long)runs->back);
    return HG_OK;
}

/* ---- rows without a value ------------------------------------------------------------ */

/* A channel that is never there makes every row a hole: say which it is. */
static hg_status check_empty(hg_ctx *ctx, const hg_dataset *d, const int64_t *missing)
{
    for (int64_t c = 0; c < d->features; c++) {
        if (missing[c] < d->rows) continue;
        char place[100];
        hgi_dataset_feature(d, c, place, sizeof place);
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: %s has no value in any row: leave it out with drop", d->name,
                        place);
    }
    return HG_OK;
}

/* inverse [rows], or NULL: where in the series a row of the file is. */
static hg_status mark_holes(hg_ctx *ctx, const hg_dataset *d, const int64_t *inverse,
                            unsigned char *mark, hgi_runs *runs)
{
    hg_status status = HG_OK;
    hgi_rows w = {0};
    if (d->schema == NULL) return HG_OK; /* no value is missing */
    const size_t n = (size_t)d->features;
    int64_t *missing = hgi_calloc(&ctx->mem, n, sizeof *missing);
    float *row = hgi_alloc(&ctx->mem, n * sizeof *row);
    if (row == NULL || missing == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, n * sizeof *row, "a row"));
    HGI_GOTO(hgi_rows_open(ctx, d, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        for (int64_t i = 0; i < w.n; i++) {
            bool hole = false;
            hgi_dataset_row(w.rows, w.at + i, row);
            for (int64_t c = 0; c < d->features; c++) {
                missing[c] += isnan(row[c]);
                hole = hole || isnan(row[c]);
            }
            if (!hole) continue;
            const int64_t r = w.first + i;
            mark[inverse != NULL ? inverse[r] : r] = HGI_RUN_HOLE;
            runs->holes++;
        }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
    status = check_empty(ctx, d, missing);
done:
    hgi_rows_close(&w);
    hgi_free(&ctx->mem, row);
    hgi_free(&ctx->mem, missing);
    return status;
}

hg_status hgi_runs_mark(hg_ctx *ctx, const hg_dataset *d, const hg_window_options *o,
                        const int64_t *place, unsigned char *mark, double *step,
                        hgi_runs *runs)
{
    const run_look k = {o, place, d->rows};
    int64_t *inverse = NULL;
    *step = 0;
    *runs = (hgi_runs){0};
    HGI_TRY(mark_times(ctx, d->name, &k, mark, step, runs));
    if (place != NULL) {
        inverse = hgi_alloc(&ctx->mem, (size_t)d->rows * sizeof *inverse);
        if (inverse == NULL)
            return hgi_fail_mem(ctx, (size_t)d->rows * sizeof *inverse, "places of rows");
        for (int64_t i = 0; i < d->rows; i++) inverse[place[i]] = i;
    }
    /* A hole that begins a group must not hide that it does: what follows it is another
     * run anyhow, and no window has the hole. */
    hg_status status = mark_holes(ctx, d, inverse, mark, runs);
    hgi_free(&ctx->mem, inverse);
    return status;
}

/* ---- windows ------------------------------------------------------------------------- */

/* The windows of run [a, b) into start; NULL: they are counted. */
static int64_t windows_of_run(const hg_window_options *o, int64_t a, int64_t b,
                              int64_t *start)
{
    int64_t n = 0, from = a;
    /* Whatever leads out of the run is as good as its length, which cannot overflow. */
    const int64_t stride = hgi_min(o->stride, b - a);
    if (b - a < o->window) return 0;
    for (; from + o->window <= b; from += stride, n++)
        if (start != NULL) start[n] = from;
    if (o->cover && from - stride + o->window < b) {
        if (start != NULL) start[n] = b - o->window;
        n++;
    }
    return n;
}

int64_t hgi_runs_windows(const hg_window_options *o, const unsigned char *mark,
                         int64_t rows, int64_t *start)
{
    int64_t n = 0, a = 0;
    for (int64_t i = 0; i <= rows; i++) {
        if (i < rows && mark[i] == 0) continue;
        n += windows_of_run(o, a, i, start != NULL ? start + n : NULL);
        a = i < rows && mark[i] == HGI_RUN_HOLE ? i + 1 : i;
    }
    return n;
}

int64_t hgi_runs_lost(const int64_t *start, int64_t n, int64_t window, int64_t rows)
{
    int64_t lost = rows, end = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t from = hgi_max(start[i], end);
        lost -= start[i] + window - from;
        end = start[i] + window;
    }
    return lost;
}
