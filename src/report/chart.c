// SPDX-License-Identifier: MIT
/* Line charts: series over x, named at their right ends, with one x marked.
 *
 * Every margin comes from measured texts.  Sizes are for a sheet of 800 x 500 points and
 * grow and shrink with it, so that a chart scaled to a column's width stays legible.     */
#include "report/curve.h"
#include "report/label.h"
#include "report/report.h"

#include <math.h>

enum { SIZE_MIN = 120, SERIES_MAX = 64 };

typedef struct layout {
    const hgi_chart *chart;
    const hgi_theme *theme;
    hgi_canvas *canvas;
    double width, height, unit; /* unit: 1 on a sheet of 800 x 500                         */
    hgi_font tick, text, bold;
    hgi_label title, x_label, y_label, mark;
    hgi_label *ends; /* [series_count] names at the lines' ends                            */
    double *end_y;   /* [series_count] where they stand; NaN: not named                    */
    hgi_frame frame;
} layout;

static hg_status check(hg_ctx *ctx, const hgi_chart *c, const char *path)
{
    if (c->n < 1 || c->series_count < 1)
        return hgi_fail(ctx, HG_EINVAL, "%s: nothing to draw, expected at least one point",
                        path);
    if (c->series_count > SERIES_MAX)
        return hgi_fail(ctx, HG_ERANGE, "%s: %lld lines, expected at most %d", path,
                        (long long)c->series_count, SERIES_MAX);
    for (int64_t i = 0; i < c->n; i++)
        if (!hgi_axis_takes(false, c->x[i]))
            return hgi_fail(ctx, HG_ENONFINITE, "%s: x of point %lld is not finite", path,
                            (long long)i + 1);
    return HG_OK;
}

/* Lowest and highest number that the axis takes; false when there is none.               */
static bool find_range(bool log, const double *v, int64_t n, double *lo, double *hi)
{
    bool found = false;
    for (int64_t i = 0; i < n; i++) {
        if (!hgi_axis_takes(log, v[i])) continue;
        *lo = fmin(*lo, v[i]);
        *hi = fmax(*hi, v[i]);
        found = true;
    }
    return found;
}

static hg_status set_ranges(hg_ctx *ctx, layout *l, const char *path)
{
    const hgi_chart *c = l->chart;
    double lo = INFINITY, hi = -INFINITY;
    bool found = false;
    for (int64_t s = 0; s < c->series_count; s++)
        found |= find_range(c->log_y, c->series[s].y, c->n, &lo, &hi);
    if (!found)
        return hgi_fail(ctx, HG_ENONFINITE, "%s: no %s number to draw", path,
                        c->log_y ? "positive" : "finite");
    hgi_axis_range(&l->frame.ay, c->log_y, lo, hi, 0.05);
    lo = INFINITY, hi = -INFINITY;
    (void)find_range(false, c->x, c->n, &lo, &hi);
    hgi_axis *ax = &l->frame.ax;
    hgi_axis_range(ax, false, lo, hi, 0.015);
    /* Time starts where the data do: no automatic zero, and no wide room for a constant.  */
    double room = hi > lo ? 0.015 * (hi - lo) : 0.5;
    if (lo - room < lo && hi + room > hi) ax->lo = lo - room, ax->hi = hi + room;
    return HG_OK;
}

static bool whole_numbers(const double *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (v[i] != floor(v[i])) return false;
    return true;
}

/* ---- layout ------------------------------------------------------------------- */

static int64_t last_point(const hgi_chart *c, int64_t s)
{
    for (int64_t i = c->n - 1; i >= 0; i--)
        if (hgi_axis_takes(c->log_y, c->series[s].y[i])) return i;
    return -1;
}

/* Names of the lines, and the room they take at the right.                                */
static double fit_ends(layout *l)
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

/* Ticks of x: fewer until their texts stand apart.                                        */
static void fit_x_ticks(layout *l)
{
    hgi_frame *f = &l->frame;
    bool whole = whole_numbers(l->chart->x, l->chart->n);
    for (int about = (int)fmax(f->w / (60 * l->unit), 2); about > 0; about--) {
        hgi_axis_ticks(&f->ax, about, whole);
        double w = hgi_ticks_width(l->canvas, l->tick, &f->ax);
        if (f->ax.count < 2 || f->ax.count * (w + 12 * l->unit) < f->w) break;
    }
}

static void lay_out(layout *l)
{
    const hgi_chart *c = l->chart;
    hgi_frame *f = &l->frame;
    double u = l->unit, pad = 18 * u;
    double right = pad + fit_ends(l);
    hgi_label_fit(l->canvas, &l->title, l->bold, c->title, l->width - f->x - pad, 2);
    hgi_label_fit(l->canvas, &l->x_label, l->text, c->x_label, l->width - 2 * pad, 1);
    double top = pad + (l->title.lines ? hgi_label_height(&l->title) + 10 * u : 4 * u);
    double bottom = pad + (l->x_label.lines ? l->text.size + 9 * u : 0) + l->tick.size + 8 * u;
    f->h = l->height - top - bottom;
    hgi_axis_ticks(&f->ay, (int)fmax(f->h / (52 * u), 2), false);
    if (f->ay.power.text[0]) { /* stands above the axis                                    */
        top += 1.5 * l->tick.size;
        f->h -= 1.5 * l->tick.size;
    }
    hgi_label_fit(l->canvas, &l->y_label, l->text, c->y_label, f->h, 1);
    double left = pad + (l->y_label.lines ? l->text.size + 8 * u : 0);
    left += hgi_ticks_width(l->canvas, l->tick, &f->ay) + 9 * u;
    f->x = hgi_snap(left);
    f->y = hgi_snap(top);
    f->w = hgi_snap(l->width - left - right);
    f->h = hgi_snap(f->h);
    fit_x_ticks(l);
    hgi_label_fit(l->canvas, &l->mark, l->tick, c->mark_label, 0.6 * f->w, 1);
}

static double end_height(const layout *l, int64_t s)
{
    const hgi_chart *c = l->chart;
    int64_t last = last_point(c, s);
    return last < 0 ? (double)NAN : hgi_frame_y(&l->frame, c->series[s].y[last]);
}

/* The named lines from the highest end to the lowest; end_y is set to where they end.      */
static int sort_ends(layout *l, int order[SERIES_MAX])
{
    int n = 0;
    for (int s = 0; s < l->chart->series_count; s++) {
        l->end_y[s] = l->ends[s].lines > 0 ? end_height(l, s) : (double)NAN;
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
 * order is "not falling": isotonic regression, by pooling neighbours that violate it.      */
static void place_ends(layout *l)
{
    const hgi_frame *f = &l->frame;
    int order[SERIES_MAX], size[SERIES_MAX], pools = 0;
    double mean[SERIES_MAX];
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

/* ---- drawing ------------------------------------------------------------------ */

static void draw_texts(const layout *l)
{
    hgi_canvas *c = l->canvas;
    const hgi_frame *f = &l->frame;
    double u = l->unit, pad = 18 * u, base = f->y + f->h;
    hgi_canvas_ink(c, l->theme->ink, 1);
    hgi_label_draw(c, &l->title, f->x, pad, HGI_LEFT);
    if (l->x_label.lines)
        hgi_label_draw(c, &l->x_label, f->x + f->w / 2,
                       base + 17 * u + l->tick.size * HGI_CAP, HGI_CENTRE);
    if (l->y_label.lines)
        hgi_canvas_text_up(c, l->y_label.font, pad + l->y_label.font.size * HGI_CAP,
                           f->y + f->h / 2, HGI_CENTRE, l->y_label.line[0]);
    hgi_canvas_ink(c, l->theme->soft, 1);
    for (int i = 0; i < f->ay.count; i++)
        hgi_tick_draw(c, l->tick, f->x - 9 * u,
                      hgi_frame_y(f, f->ay.ticks[i].at) + l->tick.size * HGI_CAP / 2,
                      HGI_RIGHT, &f->ay.ticks[i]);
    for (int i = 0; i < f->ax.count; i++)
        hgi_tick_draw(c, l->tick, hgi_frame_x(f, f->ax.ticks[i].at),
                      base + 8 * u + l->tick.size * HGI_CAP, HGI_CENTRE, &f->ax.ticks[i]);
    hgi_tick_draw(c, l->tick, f->x - 9 * u, f->y - 0.7 * l->tick.size, HGI_RIGHT,
                  &f->ay.power);
    hgi_tick_draw(c, l->tick, f->x + f->w, base + 17 * u + l->tick.size * 2 * HGI_CAP,
                  HGI_RIGHT, &f->ax.power);
}

static uint32_t colour_of(const layout *l, int64_t s)
{
    return l->theme->series[s % HGI_SERIES_COLOURS];
}

/* Where the colours come round again, lines are dashed.                                   */
static double dash_of(const layout *l, int64_t s)
{
    return (double)(s / HGI_SERIES_COLOURS) * 4 * l->unit;
}

static void draw_ends(const layout *l)
{
    hgi_canvas *c = l->canvas;
    const hgi_frame *f = &l->frame;
    double u = l->unit, right = f->x + f->w, x = right + 12 * u;
    for (int64_t s = 0; s < l->chart->series_count; s++) {
        double y = l->end_y[s], from = end_height(l, s);
        if (isnan(y)) continue;
        hgi_canvas_ink(c, colour_of(l, s), 1);
        if (fabs(y - from) > 2 * u) { /* lead the eye from the line to its name              */
            hgi_canvas_move(c, right, from);
            hgi_canvas_line(c, x, y);
            hgi_canvas_stroke(c, 0.8 * u, 0);
        }
        hgi_canvas_move(c, x, y);
        hgi_canvas_line(c, x + 12 * u, y);
        hgi_canvas_stroke(c, 2.6 * u, dash_of(l, s));
        hgi_canvas_ink(c, l->theme->ink, 1);
        const hgi_label *name = &l->ends[s];
        hgi_label_draw(c, name, x + 18 * u, y - name->font.size * HGI_CAP / 2, HGI_LEFT);
    }
}

/* A dot on each point of a line of few points shows where the measurements are.           */
static void draw_series(const layout *l)
{
    const hgi_chart *c = l->chart;
    const hgi_frame *f = &l->frame;
    for (int64_t s = 0; s < c->series_count; s++) {
        const double *y = c->series[s].y;
        hgi_canvas_ink(l->canvas, colour_of(l, s), 1);
        hgi_frame_line(l->canvas, f, c->x, y, c->n, 2.2 * l->unit,
                       dash_of(l, s));
        for (int64_t i = 0; c->n <= 15 && i < c->n; i++)
            if (hgi_axis_takes(c->log_y, y[i]))
                hgi_canvas_dot(l->canvas, hgi_frame_x(f, c->x[i]), hgi_frame_y(f, y[i]),
                               3.4 * l->unit);
    }
}

/* ---- the mark ------------------------------------------------------------------- */

typedef struct box {
    double x, y, w, h;
} box;

/* How much of the lines a box would hide: points, and eight places along each segment.    */
static int64_t hidden(const layout *l, box b)
{
    double room = 5 * l->unit;
    const hgi_chart *c = l->chart;
    const hgi_frame *f = &l->frame;
    int64_t n = 0;
    if (b.x < f->x || b.x + b.w > f->x + f->w) n += INT32_MAX;
    for (int64_t s = 0; s < c->series_count; s++) {
        double px = NAN, py = NAN;
        for (int64_t i = 0; i < c->n; i++) {
            bool here = hgi_axis_takes(c->log_y, c->series[s].y[i]);
            double x = hgi_frame_x(f, c->x[i]);
            double y = here ? hgi_frame_y(f, c->series[s].y[i]) : (double)NAN;
            for (int k = 0; k < 8; k++) { /* comparisons with NaN are false                */
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
 * least, the first of equals.                                                             */
static box place_mark(const layout *l, double x)
{
    const hgi_frame *f = &l->frame;
    double u = l->unit, w = l->mark.width + 12 * u, h = 1.7 * l->mark.font.size;
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

static void draw_mark(const layout *l)
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

static void draw_mark_dots(const layout *l)
{
    const hgi_chart *c = l->chart;
    const hgi_frame *f = &l->frame;
    if (c->mark < 0 || c->mark >= c->n) return;
    for (int64_t s = 0; s < c->series_count; s++) {
        double v = c->series[s].y[c->mark];
        if (!hgi_axis_takes(c->log_y, v)) continue;
        double x = hgi_frame_x(f, c->x[c->mark]), y = hgi_frame_y(f, v);
        hgi_canvas_ink(l->canvas, l->theme->paper, 1);
        hgi_canvas_dot(l->canvas, x, y, 6 * l->unit);
        hgi_canvas_ink(l->canvas, colour_of(l, s), 1);
        hgi_canvas_dot(l->canvas, x, y, 4.4 * l->unit);
    }
}

static void set_sizes(layout *l)
{
    const hgi_chart *c = l->chart;
    l->width = c->width > 0 ? hgi_canvas_points(l->canvas, c->width) : 800;
    l->height = c->height > 0 ? hgi_canvas_points(l->canvas, c->height) : l->width * 0.625;
    l->unit = fmin(fmax(fmin(l->width / 800, l->height / 500), 0.3), 4);
    l->tick = (hgi_font){14 * l->unit, false};
    l->text = (hgi_font){15 * l->unit, false};
    l->bold = (hgi_font){17 * l->unit, true};
}

static hg_status draw(hg_ctx *ctx, layout *l, const char *path)
{
    set_sizes(l);
    if (l->width < SIZE_MIN || l->height < SIZE_MIN)
        return hgi_fail(ctx, HG_ERANGE,
                        "%s: %.0f x %.0f points are too small for a chart, expected at least "
                        "%d x %d",
                        path, l->width, l->height, SIZE_MIN, SIZE_MIN);
    HGI_TRY(set_ranges(ctx, l, path));
    l->frame.x = 18 * l->unit;
    lay_out(l); /* the title's width depends on the left margin, which this finds           */
    lay_out(l);
    place_ends(l);
    HGI_TRY(hgi_canvas_begin(l->canvas, l->width, l->height));
    hgi_canvas_ink(l->canvas, l->theme->paper, 1);
    hgi_canvas_fill(l->canvas, 0, 0, l->width + 1, l->height + 1);
    hgi_frame_draw(l->canvas, &l->frame, l->theme, 5 * l->unit);
    draw_mark(l);
    draw_series(l);
    draw_mark_dots(l);
    draw_ends(l);
    draw_texts(l);
    return hgi_canvas_end(l->canvas);
}

hg_status hgi_chart_draw(hg_ctx *ctx, const hgi_chart *c, const char *path)
{
    HGI_TRY(hgi_picture_check(ctx, path));
    HGI_TRY(check(ctx, c, path));
    hg_status status = HG_OK;
    size_t n = (size_t)c->series_count;
    layout *l = hgi_calloc(&ctx->mem, 1, sizeof *l);
    if (!l) return hgi_fail_mem(ctx, sizeof *l, "a chart");
    l->chart = c;
    l->theme = hgi_theme_of(c->dark);
    l->ends = hgi_calloc(&ctx->mem, n, sizeof *l->ends);
    l->end_y = hgi_calloc(&ctx->mem, n, sizeof *l->end_y);
    if (!l->ends || !l->end_y) {
        status = hgi_fail_mem(ctx, n * sizeof *l->ends, "a chart's labels");
        goto done;
    }
    HGI_GOTO(hgi_canvas_new(ctx, path, &l->canvas));
    status = draw(ctx, l, path);
done:
    hgi_canvas_free(&l->canvas);
    hgi_free(&ctx->mem, l->end_y);
    hgi_free(&ctx->mem, l->ends);
    hgi_free(&ctx->mem, l);
    return status;
}
