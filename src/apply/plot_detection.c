// SPDX-License-Identifier: MIT
/* A detector's scores beside labels, drawn: the ROC curve, precision over recall, and how
 * the scores of normal and anomalous rows are distributed.  The threshold is marked.
 *
 * Lines share their x.  Where one of them must have no dot at the mark it is NaN there,
 * between two points of the same x, so that its line has no visible gap. */
#include "apply/detection.h"
#include "apply/plot.h"
#include "model/line.h"

#include <math.h>
#include <string.h>

enum { BINS_LEAST = 20, BINS = 60, LINES = 2, AROUND = 3 };
/* Scores that span so many times their least are drawn on a logarithmic axis. */
#define WIDE 30.0

typedef struct drawing {
    hg_ctx *ctx;
    const hg_detection *d;
    const char *path;
    hg_plot_options o;
    double *x, *y[LINES]; /* [room] */
    int64_t n, room;
    char title[128], mark[64];
    hgi_chart chart;
} drawing;

static hg_status make_room(drawing *g, int64_t points)
{
    const size_t bytes = (size_t)points * (1 + LINES) * sizeof *g->x;
    g->room = points;
    g->x = hgi_alloc(&g->ctx->mem, bytes);
    if (g->x == NULL) return hgi_fail_mem(g->ctx, bytes, "a curve");
    for (int i = 0; i < LINES; i++) g->y[i] = g->x + (i + 1) * points;
    return HG_OK;
}

static void add(drawing *g, double x, double first, double second)
{
    assert(g->n < g->room);
    g->x[g->n] = x;
    g->y[0][g->n] = first;
    g->y[1][g->n++] = second;
}

/* The threshold's place: a dot on the first line alone. */
static void add_mark(drawing *g, double x, double first, double second)
{
    add(g, x, first, second);
    g->chart.mark = g->n;
    add(g, x, first, (double)NAN);
    add(g, x, first, second);
}

/* "roc_auc" as "0.953 (0.94 to 0.97)" */
static void write_measure(const hg_detection *d, int at, char *out, size_t n)
{
    hg_detection_measure m = {.size = sizeof m};
    hg_detection_at(d, at, &m);
    int used = snprintf(out, n, "%.3f", m.value);
    if (isfinite(m.low) && used > 0 && (size_t)used < n)
        snprintf(out + used, n - (size_t)used, " (%.3f to %.3f)", m.low, m.high);
}

static hg_status draw_chart(drawing *g)
{
    g->chart.x = g->x;
    g->chart.n = g->n;
    return hgi_chart_draw(g->ctx, &g->chart, g->path);
}

/* ---- ROC, precision and recall ------------------------------------------------------- */

/* Of the rows down to a group's end. */
typedef struct counts {
    double anomalies, normal;
} counts;

static void roc_point(drawing *g, counts c, bool mark)
{
    const double p = (double)g->d->anomalies, q = (double)g->d->n - p;
    (mark ? add_mark : add)(g, c.normal / q, c.anomalies / p, c.normal / q);
}

/* Precision holds from the recall before to this one: the area below is the average
 * precision. */
static void pr_point(drawing *g, counts c, bool mark)
{
    const double p = (double)g->d->anomalies, share = p / (double)g->d->n;
    const double recall = c.anomalies / p, all = c.anomalies + c.normal;
    const double precision = all > 0 ? c.anomalies / all : 1;
    if (g->n > 0 && recall > g->x[g->n - 1]) add(g, g->x[g->n - 1], precision, share);
    (mark ? add_mark : add)(g, recall, precision, share);
}

static void walk(drawing *g, void (*point)(drawing *g, counts c, bool mark))
{
    const hg_detection *d = g->d;
    counts c = {0, 0};
    if (point == roc_point) point(g, c, d->above == 0);
    for (int64_t i = 0; i < d->n; i++) {
        if (d->row[i] & HGI_RANKED_ANOMALY)
            c.anomalies++;
        else
            c.normal++;
        if (!(d->row[i] & HGI_RANKED_LAST)) continue;
        if (g->n == 0)
            add(g, 0, c.anomalies / (c.anomalies + c.normal),
                (double)d->anomalies / (double)d->n);
        point(g, c, d->above == i + 1);
    }
}

static hg_status draw_roc(drawing *g)
{
    char auc[64];
    HGI_TRY(make_room(g, 2 * g->d->n + 2 * AROUND));
    walk(g, roc_point);
    write_measure(g->d, HGI_RANKING_ROC_AUC, auc, sizeof auc);
    snprintf(g->title, sizeof g->title, "ROC curve, area %s", auc);
    const hgi_series series[LINES] = {{"detector", g->y[0]}, {"chance", g->y[1]}};
    g->chart.x_label = "false alarms: share of the normal rows";
    g->chart.y_label = "found: share of the anomalies";
    g->chart.series = series;
    g->chart.y_lo = -0.02;
    g->chart.y_hi = 1.02;
    g->chart.aspect = 0.8;
    return draw_chart(g);
}

static hg_status draw_pr(drawing *g)
{
    char ap[64];
    HGI_TRY(make_room(g, 2 * g->d->n + 2 * AROUND));
    walk(g, pr_point);
    write_measure(g->d, HGI_RANKING_AVERAGE_PRECISION, ap, sizeof ap);
    snprintf(g->title, sizeof g->title, "Precision over recall, average %s", ap);
    const hgi_series series[LINES] = {{"detector", g->y[0]}, {"chance", g->y[1]}};
    g->chart.x_label = "recall: share of the anomalies that is found";
    g->chart.y_label = "precision: share of anomalies in what is found";
    g->chart.series = series;
    g->chart.y_lo = -0.02;
    g->chart.y_hi = 1.02;
    g->chart.aspect = 0.8;
    return draw_chart(g);
}

/* ---- distributions ------------------------------------------------------------------- */

typedef struct bins {
    bool log;
    int count;
    double lo, hi; /* of the axis: of logarithms where it is logarithmic */
    double share[LINES][BINS];
} bins;

static double place(const bins *b, double v) { return b->log ? log(v) : v; }

static double edge(const bins *b, int i)
{
    const double v = b->lo + (b->hi - b->lo) * i / b->count;
    return b->log ? exp(v) : v;
}

static void count(const hg_detection *d, bins *b)
{
    const double most = d->score[0], least = d->score[d->n - 1];
    const double of[LINES] = {(double)(d->n - d->anomalies), (double)d->anomalies};
    memset(b, 0, sizeof *b);
    /* Steps that fewer rows draw are mostly noise: 3 times the rule of Rice. */
    b->count = (int)fmin(fmax(6 * cbrt(fmin(of[0], of[1])), BINS_LEAST), BINS);
    b->log = least > 0 && most / least > WIDE;
    b->lo = place(b, least);
    b->hi = place(b, most);
    /* One score alone has a bin of its own. */
    if (!(b->hi > b->lo)) b->lo -= 0.5, b->hi += 0.5;
    for (int64_t i = 0; i < d->n; i++) {
        const double at = (place(b, d->score[i]) - b->lo) / (b->hi - b->lo) * b->count;
        const int k = (d->row[i] & HGI_RANKED_ANOMALY) ? 1 : 0;
        b->share[k][hgi_min((int64_t)at, b->count - 1)] += 100 / of[k];
    }
}

/* Steps, with the threshold's place among them: neither line has a dot there. */
static void add_steps(drawing *g, const bins *b)
{
    const double t = g->d->threshold;
    add(g, edge(b, 0), 0, 0);
    for (int i = 0; i < b->count; i++) {
        const double from = edge(b, i), to = edge(b, i + 1);
        add(g, from, b->share[0][i], b->share[1][i]);
        if (t >= from && t < to) {
            add(g, t, b->share[0][i], b->share[1][i]);
            g->chart.mark = g->n;
            add(g, t, (double)NAN, (double)NAN);
            add(g, t, b->share[0][i], b->share[1][i]);
        }
        add(g, to, b->share[0][i], b->share[1][i]);
    }
    add(g, edge(b, b->count), 0, 0);
}

static hg_status draw_scores(drawing *g)
{
    bins b;
    HGI_TRY(make_room(g, 2 * BINS + 2 + AROUND));
    count(g->d, &b);
    add_steps(g, &b);
    snprintf(g->title, sizeof g->title, "Scores of %lld normal rows and %lld anomalies",
             (long long)(g->d->n - g->d->anomalies), (long long)g->d->anomalies);
    const hgi_series series[LINES] = {{"normal", g->y[0]}, {"anomalies", g->y[1]}};
    g->chart.x_label = "score";
    g->chart.y_label = "rows of a kind (%)";
    g->chart.series = series;
    g->chart.log_x = b.log;
    return draw_chart(g);
}

/* ---- the whole ----------------------------------------------------------------------- */

hg_status hg_plot_detection(hg_ctx *ctx, const hg_detection *d, const char *kind,
                            const char *path, const hg_plot_options *options)
{
    static const char *const names[] = {"roc", "pr", "scores"};
    static hg_status (*const draw[])(drawing * g) = {draw_roc, draw_pr, draw_scores};
    drawing g = {.ctx = ctx, .d = d, .path = path};
    int at = 0;
    HGI_TRY(hgi_plot_options(ctx, options, &g.o));
    if (d == NULL || kind == NULL || path == NULL)
        return hgi_fail(ctx, HG_EINVAL, "scores beside labels and a path are needed");
    while (at < HGI_COUNT(names) && strcmp(names[at], kind) != 0) at++;
    if (at == HGI_COUNT(names))
        return hgi_unknown(ctx, "plot", kind, NULL, names, HGI_COUNT(names));
    snprintf(g.mark, sizeof g.mark, "threshold %.4g", d->threshold);
    g.chart = (hgi_chart){.series_count = LINES,
                          .mark = -1,
                          .mark_label = g.mark,
                          .width = g.o.width,
                          .dark = g.o.dark != 0,
                          .title = g.o.title != NULL ? g.o.title : g.title};
    hg_status status = draw[at](&g);
    hgi_free(&ctx->mem, g.x);
    return status;
}
