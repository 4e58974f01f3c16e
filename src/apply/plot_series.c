// SPDX-License-Identifier: MIT
/* The scores of a series over time: each row's, the threshold, and the spans above it
 * shaded.
 *
 * A long series has more rows than a picture has columns: then a point is the highest score
 * of its rows, so that no span is lost.  Few groups have a line each over their common
 * time; many stand one behind the other. */
#include "apply/plot.h"
#include "apply/series.h"
#include "model/line.h"

#include <math.h>
#include <string.h>

/* As many groups have a line as there are colours beside the threshold's. */
enum { POINTS = 4000, APART = 5, LINES = APART + 1, THRESHOLD = 1 };

typedef struct drawing {
    hg_ctx *ctx;
    const hg_model *m;
    hgi_series_rows s;
    double *score, *point;  /* of windows; of rows */
    double *x, *y[LINES];   /* [room] */
    unsigned char *cut;     /* [rows] of the series: the line begins anew with it */
    int64_t n, room, spans; /* room 0: points are counted, not kept */
    hgi_chart_span *span;   /* [room] */
    double threshold;
    double unit;            /* of time, in units of the file */
    double begin, end;      /* of all times */
    const int64_t *belongs; /* [rows] where groups have lines of their own, or NULL */
    int64_t base;           /* the first row of the group */
    int lines;
    char x_label[160], names[LINES][64];
} drawing;

static hg_status make_room(drawing *g)
{
    hg_ctx *ctx = g->ctx;
    const size_t windows = (size_t)g->s.windows->rows, rows = (size_t)g->s.rows->rows;
    g->score = hgi_calloc(&ctx->mem, windows, sizeof *g->score);
    g->point = hgi_calloc(&ctx->mem, rows, sizeof *g->point);
    g->cut = hgi_calloc(&ctx->mem, rows, 1);
    if (g->score == NULL || g->point == NULL || g->cut == NULL)
        return hgi_fail_mem(ctx, rows * sizeof *g->point, "scores of a series");
    return HG_OK;
}

/* For as many points as were counted. */
static hg_status make_points(drawing *g)
{
    hg_ctx *ctx = g->ctx;
    g->room = hgi_max(g->n, 1);
    const size_t room = (size_t)g->room;
    g->x = hgi_calloc(&ctx->mem, room, (1 + LINES) * sizeof *g->x);
    g->span = hgi_calloc(&ctx->mem, room, sizeof *g->span);
    if (g->x == NULL || g->span == NULL)
        return hgi_fail_mem(ctx, room * (1 + LINES) * sizeof *g->x, "points of a series");
    for (int i = 0; i < LINES; i++) g->y[i] = g->x + (i + 1) * g->room;
    return HG_OK;
}

/* Where no window reaches over: another group, a gap in time, time that goes back.  By the
 * times of the file's rows, which the drawing may have to do without. */
static void find_cuts(drawing *g)
{
    const hgi_windows *w = g->s.windows->series;
    const double most = w->gap * w->step;
    for (int64_t i = 1; i < g->s.rows->rows; i++) {
        const int64_t a = hgi_windows_place(w, i - 1), b = hgi_windows_place(w, i);
        const double by = g->s.time != NULL ? g->s.time[b] - g->s.time[a] : 0;
        g->cut[i] = by < 0 || by > most ||
                    (w->belongs != NULL && w->belongs[i] != w->belongs[i - 1]);
    }
}

/* ---- the axis of time ---------------------------------------------------------------- */

static void name_time(drawing *g)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"seconds", 1}, {"minutes", 60}, {"hours", 3600}, {"days", HGI_DAY}};
    char date[HGI_DATE_MAX + 1] = "";
    g->unit = 1;
    if (g->s.time == NULL) {
        snprintf(g->x_label, sizeof g->x_label, "%s",
                 g->belongs != NULL                      ? "row of its group"
                 : g->s.windows->series->belongs != NULL ? "row, group by group"
                                                         : "row");
        return;
    }
    if (!g->s.dates) {
        snprintf(g->x_label, sizeof g->x_label, "%.100s", g->m->series->time);
        return;
    }
    int at = 0;
    const double span = g->end - g->begin;
    while (at + 1 < HGI_COUNT(units) && span > 4 * units[at + 1].seconds) at++;
    g->unit = units[at].seconds;
    date[hgi_date_print(date, g->begin, true)] = '\0';
    snprintf(g->x_label, sizeof g->x_label, "%s since %s", units[at].name, date);
}

static bool same_group(const drawing *g, int64_t row)
{
    return g->belongs == NULL || g->belongs[row] == g->belongs[row - 1];
}

/* Times that go back have no place on an axis: then rows are counted. */
static bool goes_back(const drawing *g)
{
    for (int64_t i = 1; g->s.time != NULL && i < g->s.rows->rows; i++)
        if (same_group(g, i) && g->s.time[i] < g->s.time[i - 1]) return true;
    return false;
}

static double place_of(const drawing *g, int64_t row)
{
    if (g->s.time == NULL) return (double)(row - g->base + 1);
    return (g->s.time[row] - (g->s.dates ? g->begin : 0)) / g->unit;
}

/* From the file's order to that of the groups; the old values are freed. */
static hg_status sort(drawing *g, double **values)
{
    const hgi_windows *w = g->s.windows->series;
    double *sorted = hgi_alloc(&g->ctx->mem, (size_t)w->rows * sizeof *sorted);
    if (sorted == NULL) return hgi_fail_mem(g->ctx, (size_t)w->rows * 8, "scores");
    for (int64_t i = 0; i < w->rows; i++) sorted[i] = (*values)[w->place[i]];
    hgi_free(&g->ctx->mem, *values);
    *values = sorted;
    return HG_OK;
}

static void drop_time(drawing *g)
{
    hgi_free(&g->ctx->mem, g->s.time);
    g->s.time = NULL;
}

/* Groups have times of their own: their rows stand one group behind the other, and where
 * there are few of them each has a line. */
static hg_status lay_groups(drawing *g)
{
    const hgi_windows *w = g->s.windows->series;
    int64_t groups = 0;
    for (int64_t i = 0; w->belongs != NULL && i < w->rows; i++)
        groups = hgi_max(groups, w->belongs[i] + 1);
    if (groups > 1 && groups <= APART) {
        g->belongs = w->belongs;
        g->lines = 1 + (int)groups;
    } else if (groups > 1) {
        drop_time(g);
    }
    if (w->belongs == NULL || w->place == NULL) return HG_OK;
    if (g->s.time != NULL) HGI_TRY(sort(g, &g->s.time));
    return sort(g, &g->point);
}

static void find_times(drawing *g)
{
    if (goes_back(g)) drop_time(g);
    g->begin = HUGE_VAL, g->end = -HUGE_VAL;
    for (int64_t i = 0; g->s.time != NULL && i < g->s.rows->rows; i++) {
        g->begin = fmin(g->begin, g->s.time[i]);
        g->end = fmax(g->end, g->s.time[i]);
    }
}

/* ---- points -------------------------------------------------------------------------- */

/* The line of a group: the threshold's is between them, whose colour spans have. */
static int line_of(int64_t group) { return group < THRESHOLD ? 0 : (int)group + 1; }

static void add(drawing *g, int line, double x, double score)
{
    if (g->room > 0) {
        g->x[g->n] = x;
        for (int i = 0; i < g->lines; i++) g->y[i][g->n] = (double)NAN;
        g->y[line][g->n] = score;
        g->y[THRESHOLD][g->n] = g->threshold;
    }
    g->n++;
}

static void add_span(drawing *g, int line, double from, double to, bool more)
{
    if (!more) g->spans++;
    if (g->room == 0) return;
    hgi_chart_span *s = &g->span[g->spans - 1];
    const int shown = g->belongs != NULL ? line : THRESHOLD; /* in whose colour */
    if (!more) *s = (hgi_chart_span){from, to, shown, line > THRESHOLD ? line - 1 : 0};
    s->to = to;
}

/* The rows of a point: with scores, and nothing between them. */
static int64_t end_of(const drawing *g, int64_t r, int64_t each)
{
    const int64_t most = hgi_min(r + each, g->s.rows->rows);
    int64_t end = r + 1;
    while (end < most && !g->cut[end] && !isnan(g->point[end])) end++;
    return end;
}

/* Once to count them, once to keep them. */
static void add_points(drawing *g)
{
    const int64_t rows = g->s.rows->rows, each = hgi_ceil_div(rows, POINTS);
    bool inside = false, broken = false;
    g->n = g->spans = g->base = 0;
    for (int64_t r = 0, end; r < rows; r = end) {
        const int line = g->belongs != NULL ? line_of(g->belongs[r]) : 0;
        if (r > 0 && !same_group(g, r)) g->base = r;
        broken = broken || g->cut[r];
        end = r + 1;
        if (isnan(g->point[r])) {
            broken = true;
            continue;
        }
        end = end_of(g, r, each);
        double best = g->point[r], x = place_of(g, r);
        for (int64_t i = r; i < end; i++) best = fmax(best, g->point[i]);
        if (broken) add(g, line, x, (double)NAN);
        add(g, line, x, best);
        const bool above = best > g->threshold;
        if (above) add_span(g, line, x, place_of(g, end - 1), inside && !broken);
        inside = above;
        broken = false;
    }
}

/* Bytes of a text that fit, no sign of UTF-8 cut in two. */
static int whole_signs(const char *text, size_t most)
{
    size_t n = strlen(text);
    if (n <= most) return (int)n;
    n = most;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
    return (int)n;
}

/* One line is called after what it shows, those of groups after them. */
static void name_lines(drawing *g)
{
    const hgi_windows *w = g->s.windows->series;
    snprintf(g->names[0], sizeof g->names[0], "score");
    snprintf(g->names[THRESHOLD], sizeof g->names[0], "threshold %.3g", g->threshold);
    for (int64_t k = 0; g->belongs != NULL && k < g->lines - 1; k++) {
        const char *name = hgi_texts_find(&w->groups, k);
        if (name == NULL || name[0] == '\0') name = "(none)";
        snprintf(g->names[line_of(k)], sizeof g->names[0], "%.*s",
                 whole_signs(name, sizeof g->names[0] - 1), name);
    }
}

static hg_status draw(drawing *g, const char *path, const hg_plot_options *o)
{
    hgi_series lines[LINES];
    name_lines(g);
    for (int i = 0; i < g->lines; i++) lines[i] = (hgi_series){g->names[i], g->y[i]};
    char title[96];
    snprintf(title, sizeof title, "%lld %s above the threshold", (long long)g->spans,
             g->spans == 1 ? "span" : "spans");
    const hgi_chart chart = {.title = o->title != NULL ? o->title : title,
                             .x_label = g->x_label,
                             .y_label = "score of a row",
                             .x = g->x,
                             .n = g->n,
                             .series = lines,
                             .series_count = g->lines,
                             .spans = g->span,
                             .span_count = g->spans,
                             .lanes = g->belongs != NULL ? g->lines - 1 : 0,
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
    drawing g = {.ctx = ctx, .m = m, .unit = 1, .lines = 2};
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
    HGI_GOTO(hg_score_points(ctx, m, g.s.windows, g.score, g.s.rows->rows, g.point));
    g.threshold = decision.threshold;
    find_cuts(&g);
    HGI_GOTO(lay_groups(&g));
    find_times(&g);
    name_time(&g);
    add_points(&g);
    HGI_GOTO(make_points(&g));
    add_points(&g);
    HGI_GOTO(draw(&g, path, &o));
done:
    hgi_free(&ctx->mem, g.score);
    hgi_free(&ctx->mem, g.point);
    hgi_free(&ctx->mem, g.cut);
    hgi_free(&ctx->mem, g.x);
    hgi_free(&ctx->mem, g.span);
    hgi_series_close(ctx, &g.s);
    return status;
}
