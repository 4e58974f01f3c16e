// SPDX-License-Identifier: MIT
/* Scores of a series' rows from those of its windows.
 *
 *     point_r = mean over the windows w with row r of      s_w                 s_w <= m
 *                                                          m + (s_w - m) g_wr  s_w > m
 *     g_wr = (1 + e_wr) / (1 + max_t e_wt)
 *
 * m is the median calibration score, e the row's own error in the window, 1 where it is
 * what normal rows have.  The mean of s_w alone is as high a window's length before and
 * behind a fault as at it; with g a row has of what is unusual in a window as much as its
 * own error says, the worst row all of it.  Where no row stands out, as when a code is
 * unusual and not the errors, all of them do.
 * g is 1 at the most, so that no row scores higher than by the mean.
 *
 * A fault passes through what is expected: rows between two that are off are as far off as
 * the lesser of them (REACH rows to either side are looked at). */
#include "apply/score.h"
#include "apply/score_space.h"
#include "apply/series.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 512, REACH = 2 };
#define MOST_ERROR 1e30

typedef struct sharing {
    hg_ctx *ctx;
    const hg_model *m;
    const hgi_score_kind *kind;
    int64_t steps, channels;
    double middle;  /* the median calibration score */
    double *normal; /* [channels] mean square error of normal rows */
    double *error;  /* [BLOCK, steps] */
    double *filled; /* [steps] */
    hgi_rows window;
    hgi_score_pass pass;
    bool open;
} sharing;

/* ---- what normal rows have ----------------------------------------------------------- */

/* Scores that weigh errors know those of normal rows; elsewhere the net's own units are
 * taken, in which a channel varies by about 1. */
static void find_normal(sharing *s)
{
    const hgi_score_state *state = &s->m->detector.state[0];
    const hgi_score_rows sizes = hgi_score_sizes(s->kind, s->m);
    const double *cost = hgi_score_tensor_get(state, "residual-mean_cost", sizes.c, 0);
    hgi_space space;
    if (cost == NULL && strcmp(s->kind->name, "residual") == 0)
        cost = hgi_score_tensor_get(state, "mean_cost", sizes.c, 0);
    const bool known = cost == NULL && hgi_space_read(state, &sizes, &space) == NULL;
    for (int64_t c = 0; c < s->channels; c++) {
        double sum = 0;
        for (int64_t t = 0; t < s->steps; t++) {
            const int64_t at = t * s->channels + c, j = sizes.d + at;
            /* The middle and a third of the reciprocal of the spread. */
            if (cost != NULL)
                sum += cost[at];
            else if (known)
                sum += space.middle[j] * space.middle[j] +
                       1 / (9 * space.inverse[j] * space.inverse[j]);
            else
                sum += 1;
        }
        s->normal[c] = fmax(sum / (double)s->steps, 1e-12);
    }
}

/* ---- errors of a block of windows ---------------------------------------------------- */

static void take(void *arg, const hgi_score_rows *rows, int64_t at, int worker)
{
    (void)worker;
    sharing *s = arg;
    const int64_t each = rows->samples * rows->c;
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t t = 0; t < s->steps; t++) {
            double sum = 0;
            for (int64_t k = 0; k < rows->samples; k++)
                for (int64_t c = 0; c < s->channels; c++) {
                    const double r =
                        (double)rows->r[i * each + k * rows->c + t * s->channels + c];
                    sum += r * r / s->normal[c];
                }
            sum /= (double)(rows->samples * s->channels);
            s->error[(at + i) * s->steps + t] = sum < MOST_ERROR ? sum : MOST_ERROR;
        }
}

static hg_status open_errors(sharing *s, const hg_dataset *w)
{
    hg_ctx *ctx = s->ctx;
    const size_t steps = (size_t)s->steps;
    s->normal = hgi_calloc(&ctx->mem, (size_t)s->channels, sizeof *s->normal);
    s->error = hgi_calloc(&ctx->mem, BLOCK * steps, sizeof *s->error);
    s->filled = hgi_calloc(&ctx->mem, steps, sizeof *s->filled);
    if (s->normal == NULL || s->error == NULL || s->filled == NULL)
        return hgi_fail_mem(ctx, (BLOCK + 1) * steps * sizeof(double), "errors of rows");
    find_normal(s);
    HGI_TRY(hgi_rows_open(ctx, w, BLOCK, &s->window));
    s->open = true;
    HGI_TRY(hgi_score_pass_open(ctx, s->m, w, &s->window, s->kind, true, &s->pass));
    s->pass.take = take;
    s->pass.arg = s;
    return HG_OK;
}

static void close_errors(sharing *s, hg_status status, int64_t rows)
{
    hgi_score_pass_close(&s->pass, status, rows);
    if (s->open) hgi_rows_close(&s->window);
    hgi_free(&s->ctx->mem, s->normal);
    hgi_free(&s->ctx->mem, s->error);
    hgi_free(&s->ctx->mem, s->filled);
}

/* ---- a window's rows ----------------------------------------------------------------- */

static double highest(const double *e, int64_t from, int64_t to)
{
    double most = 0;
    for (int64_t t = from; t < to; t++) most = fmax(most, e[t]);
    return most;
}

/* filled [steps] from e; returns the highest. */
static double fill_dips(const sharing *s, const double *e)
{
    double most = 0;
    for (int64_t t = 0; t < s->steps; t++) {
        const double before = highest(e, hgi_max(0, t - REACH), t);
        const double behind = highest(e, t + 1, hgi_min(s->steps, t + 1 + REACH));
        s->filled[t] = fmax(e[t], fmin(before, behind));
        most = fmax(most, s->filled[t]);
    }
    return most;
}

/* The window that begins with row `at` of the series: to its rows' sums. */
static void add_window(sharing *s, const hg_dataset *w, int64_t at, double score,
                       const double *e, double *sum, int64_t *count)
{
    const bool shared = e != NULL && score > s->middle;
    const double most = shared ? fill_dips(s, e) : 0;
    for (int64_t t = 0; t < w->series->window; t++) {
        const int64_t row = hgi_windows_place(w->series, at + t);
        sum[row] +=
            !shared ? score
                    : s->middle + (score - s->middle) * (1 + s->filled[t]) / (1 + most);
        count[row]++;
    }
}

/* Windows are in order, so that a row's sum has one order, too. */
static hg_status add_all(sharing *s, const hg_dataset *w, const double *score,
                         double *sum, int64_t *count)
{
    for (int64_t i = 0; s->m == NULL && i < w->rows; i++)
        add_window(s, w, w->order[i], score[i], NULL, sum, count);
    if (s->m == NULL) return HG_OK;
    HGI_TRY(hgi_rows_next(s->ctx, &s->window));
    while (s->window.n > 0) {
        HGI_TRY(hgi_score_pass_run(&s->pass));
        for (int64_t k = 0; k < s->window.n; k++) {
            const int64_t i = s->window.first + k;
            add_window(s, w, w->order[i], score[i], s->error + k * s->steps, sum, count);
        }
        HGI_TRY(hgi_rows_next(s->ctx, &s->window));
    }
    return HG_OK;
}

static hg_status check(hg_ctx *ctx, const hg_model *m, const hg_dataset *w,
                       const double *score, int64_t rows, const double *point)
{
    if (w == NULL || w->series == NULL || score == NULL || point == NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "windows of a series and their scores are needed");
    const int64_t end = w->order[w->rows - 1] + w->series->window;
    int64_t last_row = 0;
    for (int64_t r = 0; r < end; r++)
        last_row = hgi_max(last_row, hgi_windows_place(w->series, r));
    if (rows <= last_row)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%lld rows, but the last window ends with row %lld",
                        (long long)rows, (long long)last_row + 1);
    if (m == NULL || (m->series != NULL && m->series->window == w->series->window &&
                      m->series->channels == w->series->channels))
        return HG_OK;
    return hgi_fail(ctx, HG_EINVAL, "the model is not of such windows");
}

hg_status hg_score_points(hg_ctx *ctx, const hg_model *m, const hg_dataset *w,
                          const double *score, int64_t rows, double *point)
{
    hg_status status = HG_OK;
    HGI_TRY(check(ctx, m, w, score, rows, point));
    sharing s = {.ctx = ctx, .m = m};
    int64_t *count = hgi_calloc(&ctx->mem, (size_t)rows, sizeof *count);
    if (count == NULL) HGI_GOTO(hgi_fail_mem(ctx, (size_t)rows * 8, "windows of rows"));
    if (m != NULL) {
        const hgi_detector *d = &m->detector;
        HGI_GOTO(hgi_score_open(ctx, m, &s.kind));
        s.steps = w->series->window;
        s.channels = w->series->channels;
        s.middle = d->calibrated > 0 ? d->calibration[d->calibrated / 2] : HUGE_VAL;
        HGI_GOTO(open_errors(&s, w));
    }
    for (int64_t r = 0; r < rows; r++) point[r] = 0;
    HGI_GOTO(add_all(&s, w, score, point, count));
    for (int64_t r = 0; r < rows; r++)
        point[r] = count[r] > 0 ? point[r] / (double)count[r] : (double)NAN;
done:
    close_errors(&s, status, w->rows);
    hgi_free(&ctx->mem, count);
    return status;
}
