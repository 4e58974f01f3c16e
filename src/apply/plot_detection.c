// SPDX-License-Identifier: MIT
/* A detector's scores beside labels, drawn: the ROC curve, precision over recall, and how
 * the scores of normal and anomalous rows are distributed.  The threshold is marked.
 *
 * Lines share their x.  Where one of them must have no dot at the mark it is NaN there,
 * between two points of the same x, so that its line has no visible gap. */
#include "apply/detection.h"
#include "apply/plot.h"
#include "apply/plot_bins.h"
#include "model/line.h"

#include <math.h>
#include <string.h>

enum { LINES = 2, AROUND = 3 };

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

/* 12345 as "12,345". */
static const char *grouped(char out[32], int64_t n)
{
    char digits[24];
    const int len = snprintf(digits, sizeof digits, "%lld", (long long)n);
    int at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* Steps, with the threshold's place among them: neither line has a dot there. */
static void add_steps(drawing *g, const hgi_bins *b)
{
    const hg_detection *d = g->d;
    add(g, hgi_bins_edge(b, d, 0), 0, 0);
    for (int i = 0; i < b->count; i++) {
        add(g, hgi_bins_edge(b, d, i), b->share[0][i], b->share[1][i]);
        add(g, hgi_bins_edge(b, d, i + 1), b->share[0][i], b->share[1][i]);
        if (i + 1 != b->threshold) continue;
        g->chart.mark = g->n;
        add(g, d->threshold, (double)NAN, (double)NAN);
        add(g, d->threshold, b->share[0][i], b->share[1][i]);
    }
    add(g, hgi_bins_edge(b, d, b->count), 0, 0);
}

/* "score; the last bin: 3 rows, to 1.2e+06" */
static void name_scores(const hg_detection *d, const hgi_bins *b, char *out, size_t n)
{
    char rows[32];
    int used = snprintf(out, n, "score");
    if (b->below > 0)
        used +=
            snprintf(out + used, n - (size_t)used, "; first bin: also %s below, to %.4g",
                     grouped(rows, b->below), d->score[d->n - 1]);
    if (b->above > 0)
        snprintf(out + used, n - (size_t)used, "; last bin: %s row%s above it, to %.4g",
                 grouped(rows, b->above), b->above == 1 ? "" : "s", d->score[0]);
}

static hg_status draw_scores(drawing *g)
{
    hgi_bins b;
    char normal[32], other[32], label[128];
    HGI_TRY(make_room(g, 2 * HGI_BINS + 2 + AROUND));
    hgi_bins_count(g->d, &b);
    add_steps(g, &b);
    snprintf(g->title, sizeof g->title, "Scores of %s normal rows and %s anomalies",
             grouped(normal, g->d->n - g->d->anomalies), grouped(other, g->d->anomalies));
    name_scores(g->d, &b, label, sizeof label);
    const hgi_series series[LINES] = {{"normal", g->y[0]}, {"anomalies", g->y[1]}};
    g->chart.x_label = label;
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
