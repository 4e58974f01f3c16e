// SPDX-License-Identifier: MIT
/* Notes in a line chart: a name at the end of each line instead of a legend, so that
 * nothing is hidden and nothing has to be looked up; and one x marked with its label. */
#include "report/chart.h"

#include <math.h>

uint32_t hgi_chart_colour(const hgi_chart_layout *l, int64_t s)
{
    return l->theme->series[s % HGI_SERIES_COLOURS];
}

/* Where the colours come round again, lines are dashed. */
double hgi_chart_dash(const hgi_chart_layout *l, int64_t s)
{
    return (double)(s / HGI_SERIES_COLOURS) * 4 * l->unit;
}

/* ---- names at the lines' ends -------------------------------------------------- */

/* A series may end early (a run that diverged): its name stands at its last point. */
static int64_t last_point(const hgi_chart *c, int64_t s)
{
    for (int64_t i = c->n - 1; i >= 0; i--)
        if (hgi_axis_takes(c->log_y, c->series[s].y[i])) return i;
    return -1;
}

/* Names of the lines, and the room they take at the right. */
double hgi_chart_fit_ends(hgi_chart_layout *l)
{
    const hgi_chart *c = l->chart;
    double widest = 0;
    for (int64_t s = 0; s < c->series_count; s++) {
        const char *name = last_point(c, s) < 0 ? NULL : c->series[s].label;
        hgi_label_fit(l->canvas, &l->ends[s], l->text, name, 0.26 * l->width, 1);
        widest = fmax(widest, l->ends[s].width);
    }
    return widest > 0 ? widest + 32 * l->unit : 0;
}

/* NaN: nothing to name. */
static double end_height(const hgi_chart_layout *l, int64_t s)
{
    const hgi_chart *c = l->chart;
    int64_t last = last_point(c, s);
    return last < 0 ? nan("") : hgi_frame_y(&l->frame, c->series[s].y[last]);
}

/* The named lines from the highest end to the lowest; end_y is set to where they end. */
static int sort_ends(hgi_chart_layout *l, int order[HGI_CHART_SERIES_MAX])
{
    int n = 0;
    for (int s = 0; s < l->chart->series_count; s++) {
        l->end_y[s] = l->ends[s].lines > 0 ? end_height(l, s) : nan("");
        if (isnan(l->end_y[s])) continue;
        int at = n++;
        for (; at > 0 && l->end_y[order[at - 1]] > l->end_y[s]; at--)
            order[at] = order[at - 1];
        order[at] = s;
    }
    return n;
}

/* Stand the names beside their lines' ends, at least a gap apart, and move them no more
 * than that needs.  With names in order and i gaps taken off the i-th place, the wanted
 * order is "not falling": isotonic regression, by pooling neighbours that violate it. */
void hgi_chart_place_ends(hgi_chart_layout *l)
{
    const hgi_frame *f = &l->frame;
    int order[HGI_CHART_SERIES_MAX], size[HGI_CHART_SERIES_MAX], pools = 0;
    double mean[HGI_CHART_SERIES_MAX];
    int n = sort_ends(l, order);
    double gap = fmin(1.35 * l->text.size, f->h / fmax(n - 1, 1));
    for (int i = 0; i < n; i++) {
        mean[pools] = l->end_y[order[i]] - i * gap;
        size[pools++] = 1;
        for (; pools > 1 && mean[pools - 2] > mean[pools - 1]; pools--) {
            int a = size[pools - 2], b = size[pools - 1];
            mean[pools - 2] = (a * mean[pools - 2] + b * mean[pools - 1]) / (a + b);
            size[pools - 2] = a + b;
        }
    }
    for (int pool = 0, i = 0; pool < pools; pool++)
        for (int k = 0; k < size[pool]; k++, i++) {
            double y = fmin(mean[pool], f->y + f->h - (n - 1) * gap);
            l->end_y[order[i]] = fmax(y, f->y) + i * gap;
        }
}

void hgi_chart_draw_ends(const hgi_chart_layout *l)
{
    hgi_canvas *c = l->canvas;
    const hgi_frame *f = &l->frame;
    double u = l->unit, right = f->x + f->w, x = right + 12 * u;
    for (int64_t s = 0; s < l->chart->series_count; s++) {
        double y = l->end_y[s], from = end_height(l, s);
        if (isnan(y)) continue;
        hgi_canvas_ink(c, hgi_chart_colour(l, s), 1);
        if (fabs(y - from) > 2 * u) { /* lead the eye from the line to its name */
            hgi_canvas_move(c, right, from);
            hgi_canvas_line(c, x, y);
            hgi_canvas_stroke(c, 0.8 * u, 0);
        }
        hgi_canvas_move(c, x, y);
        hgi_canvas_line(c, x + 12 * u, y);
        hgi_canvas_stroke(c, 2.6 * u, hgi_chart_dash(l, s));
        hgi_canvas_ink(c, l->theme->ink, 1);
        const hgi_label *name = &l->ends[s];
        hgi_label_draw(c, name, x + 18 * u, y - name->font.size * HGI_CAP / 2, HGI_LEFT);
    }
}

/* ---- the mark ------------------------------------------------------------------- */

typedef struct box {
    double x, y, w, h;
} box;

/* How much of the lines a box would hide: points, and eight places along each segment. */
static int64_t hidden(const hgi_chart_layout *l, box b)
{
    double room = 5 * l->unit;
    const hgi_chart *c = l->chart;
    const hgi_frame *f = &l->frame;
    int64_t n = 0;
    if (b.x < f->x || b.x + b.w > f->x + f->w) n += INT32_MAX;
    for (int64_t s = 0; s < c->series_count; s++) {
        double px = nan(""), py = px;
        for (int64_t i = 0; i < c->n; i++) {
            bool here = hgi_axis_takes(c->log_y, c->series[s].y[i]);
            double x = hgi_frame_x(f, c->x[i]);
            double y = here ? hgi_frame_y(f, c->series[s].y[i]) : nan("");
            for (int k = 0; k < 8; k++) { /* comparisons with NaN are false */
                double ix = x + (px - x) * k / 8, iy = y + (py - y) * k / 8;
                if (k == 0) ix = x, iy = y;
                n += ix > b.x - room && ix < b.x + b.w + room && iy > b.y - room &&
                     iy < b.y + b.h + room;
            }
            px = x, py = y;
        }
    }
    return n;
}

/* Right or left of the mark's line, at the top, the bottom or between: where it hides the
 * least, the first of equals. */
static box place_mark(const hgi_chart_layout *l, double x)
{
    const hgi_frame *f = &l->frame;
    double u = l->unit, w = l->mark.width + 12 * u, h = 1.7 * l->mark.font.size;
    /* Top and bottom before the middle: curves mostly cross the middle. */
    static const double heights[] = {0.02, 0.97, 0.75, 0.5, 0.25};
    box best = {0};
    int64_t least = INT64_MAX;
    for (int i = 0; i < HGI_COUNT(heights); i++)
        for (int side = 0; side < 2; side++) {
            box b = {side == 0 ? x + 1 : x - w - 1, f->y + heights[i] * (f->h - h), w, h};
            int64_t n = hidden(l, b);
            if (n < least) least = n, best = b;
        }
    return best;
}

void hgi_chart_draw_mark(const hgi_chart_layout *l)
{
    const hgi_chart *c = l->chart;
    const hgi_frame *f = &l->frame;
    double u = l->unit;
    if (c->mark < 0 || c->mark >= c->n) return;
    double x = hgi_snap(hgi_frame_x(f, c->x[c->mark]));
    hgi_canvas_ink(l->canvas, l->theme->soft, 1);
    hgi_canvas_move(l->canvas, x, f->y + f->h);
    hgi_canvas_line(l->canvas, x, f->y);
    hgi_canvas_stroke(l->canvas, 1, 4 * u);
    if (l->mark.lines == 0) return;
    box b = place_mark(l, x);
    hgi_canvas_ink(l->canvas, l->theme->paper, 0.85);
    hgi_canvas_fill(l->canvas, b.x + 2, b.y, b.w - 4, b.h);
    hgi_canvas_ink(l->canvas, l->theme->ink, 1);
    hgi_label_draw(l->canvas, &l->mark, b.x + 6 * u,
                   b.y + (b.h - l->mark.font.size * HGI_CAP) / 2, HGI_LEFT);
}

void hgi_chart_draw_mark_dots(const hgi_chart_layout *l)
{
    const hgi_chart *c = l->chart;
    const hgi_frame *f = &l->frame;
    if (c->mark < 0 || c->mark >= c->n) return;
    for (int64_t s = 0; s < c->series_count; s++) {
        double v = c->series[s].y[c->mark];
        if (!hgi_axis_takes(c->log_y, v)) continue;
        double x = hgi_frame_x(f, c->x[c->mark]), y = hgi_frame_y(f, v);
        /* A rim of paper parts the dot from lines of its own colour. */
        hgi_canvas_ink(l->canvas, l->theme->paper, 1);
        hgi_canvas_dot(l->canvas, x, y, 6 * l->unit);
        hgi_canvas_ink(l->canvas, hgi_chart_colour(l, s), 1);
        hgi_canvas_dot(l->canvas, x, y, 4.4 * l->unit);
    }
}
