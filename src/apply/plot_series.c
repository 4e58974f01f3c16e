// SPDX-License-Identifier: MIT
/* The scores of a series over time: the mean score of each row's windows, the threshold,
 * and the spans above it shaded.
 *
 * A long series has more rows than a picture has columns: then a point is the highest score
 * of its rows, so that no span is lost. */
#include "apply/plot.h"
#include "apply/series.h"
#include "model/line.h"

#include <math.h>
#include <string.h>

enum { POINTS = 4000, LINES = 2 };

typedef struct drawing {
    hg_ctx *ctx;
    const hg_model *m;
    hgi_series_rows s;
    double *score, *point; /* of windows; of rows */
    double *x, *y[LINES];  /* [room] */
    int64_t n, room, spans;
    hgi_chart_span *span; /* [room] */
    double threshold;
    double unit; /* of time, in units of the file */
    char x_label[160], names[LINES][64];
} drawing;

static hg_status make_room(drawing *g)
{
    hg_ctx *ctx = g->ctx;
    const int64_t rows = g->s.rows->rows;
    /* A point for each bucket, and one in front of each for a gap. */
    g->room = 2 * hgi_min(rows, POINTS) + 2;
    size_t windows = (size_t)g->s.windows->rows, room = (size_t)g->room;
    g->score = hgi_calloc(&ctx->mem, windows, sizeof *g->score);
    g->point = hgi_calloc(&ctx->mem, (size_t)rows, sizeof *g->point);
    g->x = hgi_calloc(&ctx->mem, room, (1 + LINES) * sizeof *g->x);
    g->span = hgi_calloc(&ctx->mem, room, sizeof *g->span);
    if (g->score == NULL || g->point == NULL || g->x == NULL || g->span == NULL)
        return hgi_fail_mem(ctx, (size_t)rows * sizeof *g->point, "scores of a series");
    for (int i = 0; i < LINES; i++) g->y[i] = g->x + (i + 1) * g->room;
    return HG_OK;
}

/* ---- the axis of time ---------------------------------------------------------------- */

static void name_time(drawing *g)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"seconds", 1}, {"minutes", 60}, {"hours", 3600}, {"days", HGI_DAY}};
    const int64_t rows = g->s.rows->rows;
    char date[HGI_DATE_MAX + 1] = "";
    g->unit = 1;
    if (g->s.time == NULL) {
        snprintf(g->x_label, sizeof g->x_label, "%s",
                 g->s.windows->series->belongs != NULL ? "row, group by group" : "row");
        return;
    }
    if (!g->s.dates) {
        snprintf(g->x_label, sizeof g->x_label, "%.100s", g->m->series->time);
        return;
    }
    int at = 0;
    double span = g->s.time[rows - 1] - g->s.time[0];
    while (at + 1 < HGI_COUNT(units) && span > 4 * units[at + 1].seconds) at++;
    g->unit = units[at].seconds;
    date[hgi_date_print(date, g->s.time[0], true)] = '\0';
    snprintf(g->x_label, sizeof g->x_label, "%s since %s", units[at].name, date);
}

/* Times that go back have no place on an axis: then rows are counted. */
static bool goes_back(const drawing *g)
{
    for (int64_t i = 1; g->s.time != NULL && i < g->s.rows->rows; i++)
        if (g->s.time[i] < g->s.time[i - 1]) return true;
    return false;
}

static double place_of(const drawing *g, int64_t row)
{
    if (g->s.time == NULL) return (double)(row + 1);
    return (g->s.time[row] - (g->s.dates ? g->s.time[0] : 0)) / g->unit;
}

/* Groups have times of their own: their rows stand one group behind the other. */
static hg_status lay_groups(drawing *g)
{
    const hgi_windows *w = g->s.windows->series;
    if (w->belongs == NULL) return HG_OK;
    hgi_free(&g->ctx->mem, g->s.time);
    g->s.time = NULL;
    if (w->place == NULL) return HG_OK;
    double *sorted = hgi_alloc(&g->ctx->mem, (size_t)w->rows * sizeof *sorted);
    if (sorted == NULL) return hgi_fail_mem(g->ctx, (size_t)w->rows * 8, "scores");
    for (int64_t i = 0; i < w->rows; i++) sorted[i] = g->point[w->place[i]];
    hgi_free(&g->ctx->mem, g->point);
    g->point = sorted;
    return HG_OK;
}

/* ---- points -------------------------------------------------------------------------- */

/* Is there a window that has row r and the one before?  *at moves on with r. */
static bool goes_on(const drawing *g, int64_t r, int64_t *at)
{
    const hg_dataset *w = g->s.windows;
    while (*at < w->rows && w->order[*at] + w->series->window <= r) (*at)++;
    return *at < w->rows && w->order[*at] < r;
}

static void add(drawing *g, double x, double score)
{
    g->x[g->n] = x;
    g->y[0][g->n] = score;
    g->y[1][g->n++] = g->threshold;
}

static void add_points(drawing *g)
{
    const int64_t rows = g->s.rows->rows, each = hgi_ceil_div(rows, POINTS);
    bool inside = false;
    for (int64_t r = 0, at = 0; r < rows; r += each) {
        double best = (double)NAN, x = place_of(g, r);
        const int64_t end = hgi_min(r + each, rows);
        bool broken = false;
        for (int64_t i = r; i < end; i++) {
            broken = broken || (i > 0 && !goes_on(g, i, &at));
            best = fmax(best, g->point[i]);
        }
        if (broken) add(g, x, (double)NAN);
        add(g, x, best);
        bool above = best > g->threshold;
        if (above && (!inside || broken)) g->span[g->spans++] = (hgi_chart_span){x, x};
        if (above) g->span[g->spans - 1].to = place_of(g, end - 1);
        inside = above;
    }
}

static hg_status draw(drawing *g, const char *path, const hg_plot_options *o)
{
    snprintf(g->names[0], sizeof g->names[0], "score");
    snprintf(g->names[1], sizeof g->names[1], "threshold %.3g", g->threshold);
    const hgi_series lines[LINES] = {{g->names[0], g->y[0]}, {g->names[1], g->y[1]}};
    char title[96];
    snprintf(title, sizeof title, "%lld %s above the threshold", (long long)g->spans,
             g->spans == 1 ? "span" : "spans");
    const hgi_chart chart = {.title = o->title != NULL ? o->title : title,
                             .x_label = g->x_label,
                             .y_label = "score, mean over a row's windows",
                             .x = g->x,
                             .n = g->n,
                             .series = lines,
                             .series_count = LINES,
                             .spans = g->span,
                             .span_count = g->spans,
                             .aspect = 0.45,
                             .mark = -1,
                             .width = o->width,
                             .dark = o->dark != 0};
    return hgi_chart_draw(g->ctx, &chart, path);
}

hg_status hg_plot_series(hg_ctx *ctx, const hg_model *m, const char *in,
                         const hg_data_options *input, const hg_rule *rule,
                         const char *path, const hg_plot_options *options)
{
    hg_status status;
    hg_plot_options o;
    hg_decision decision = {.size = sizeof decision};
    drawing g = {.ctx = ctx, .m = m};
    HGI_TRY(hgi_plot_options(ctx, options, &o));
    if (m == NULL || m->series == NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "the model is of rows, not of a series: train it with a window");
    HGI_TRY(hgi_picture_check(ctx, path));
    HGI_GOTO(hgi_series_open(ctx, m, in, input, &g.s));
    HGI_GOTO(make_room(&g));
    const int64_t windows = g.s.windows->rows;
    HGI_GOTO(hg_score_dataset(ctx, m, g.s.windows, g.score));
    HGI_GOTO(hg_decide(ctx, m, rule, g.score, windows, NULL, &decision));
    HGI_GOTO(hg_score_points(ctx, g.s.windows, g.score, g.s.rows->rows, g.point));
    g.threshold = decision.threshold;
    HGI_GOTO(lay_groups(&g));
    if (goes_back(&g)) {
        hgi_free(&ctx->mem, g.s.time);
        g.s.time = NULL;
    }
    name_time(&g);
    add_points(&g);
    HGI_GOTO(draw(&g, path, &o));
done:
    hgi_free(&ctx->mem, g.score);
    hgi_free(&ctx->mem, g.point);
    hgi_free(&ctx->mem, g.x);
    hgi_free(&ctx->mem, g.span);
    hgi_series_close(ctx, &g.s);
    return status;
}
