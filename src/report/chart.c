// SPDX-License-Identifier: MIT
/* Line charts: series over x, named at their right ends, with one x marked.
 *
 * Every margin comes from measured texts.  Sizes are for a sheet of 800 x 500 points and
 * grow and shrink with it, so that a chart scaled to a column's width stays legible. */
#include "report/chart.h"
#include "report/axes.h"

#include <math.h>

enum { SIZE_MIN = 120 };
#define LANE 8.0 /* points, of a sheet of unit 1 */

static hg_status check(hg_ctx *ctx, const hgi_chart *c, const char *path)
{
    if (c->n < 1 || c->series_count < 1)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: nothing to draw, expected at least one point", path);
    if (c->series_count > HGI_CHART_SERIES_MAX)
        return hgi_fail(ctx, HG_ERANGE, "%s: %lld lines, expected at most %d", path,
                        (long long)c->series_count, HGI_CHART_SERIES_MAX);
    for (int64_t i = 0; i < c->n; i++)
        if (!hgi_axis_takes(c->log_x, c->x[i]))
            return hgi_fail(ctx, HG_ENONFINITE, "%s: x of point %lld is not %s", path,
                            (long long)i + 1, c->log_x ? "positive" : "finite");
    return HG_OK;
}

/* Lowest and highest number that the axis takes; false when there is none. */
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

static hg_status set_ranges(hg_ctx *ctx, hgi_chart_layout *l, const char *path)
{
    const hgi_chart *c = l->chart;
    double lo = HUGE_VAL, hi = -HUGE_VAL;
    bool found = false;
    for (int64_t s = 0; s < c->series_count; s++)
        found |= find_range(c->log_y, c->series[s].y, c->n, &lo, &hi);
    if (!found)
        return hgi_fail(ctx, HG_ENONFINITE, "%s: no %s number to draw", path,
                        c->log_y ? "positive" : "finite");
    hgi_axis_range(&l->frame.ay, c->log_y, lo, hi, 0.05);
    if (c->y_lo < c->y_hi) l->frame.ay.lo = c->y_lo, l->frame.ay.hi = c->y_hi;
    lo = HUGE_VAL, hi = -HUGE_VAL;
    (void)find_range(c->log_x, c->x, c->n, &lo, &hi);
    hgi_axis *ax = &l->frame.ax;
    hgi_axis_range(ax, c->log_x, lo, hi, 0.015);
    if (c->log_x) return HG_OK;
    /* Time starts where the data do: no automatic zero, and no wide room for a constant. */
    double room = hi > lo ? 0.015 * (hi - lo) : 0.5;
    /* Far from zero the room may vanish in rounding: then the range stays as it is. */
    if (lo - room < lo && hi + room > hi) ax->lo = lo - room, ax->hi = hi + room;
    return HG_OK;
}

/* Ticks between whole x (epochs) would name what does not exist. */
static bool whole_numbers(const double *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (v[i] != floor(v[i])) return false;
    return true;
}

/* ---- layout ------------------------------------------------------------------- */

/* Margins first, from measured texts; what is left is the frame. */
static void lay_out(hgi_chart_layout *l)
{
    const hgi_chart *c = l->chart;
    hgi_frame *f = &l->frame;
    double u = l->unit, pad = HGI_AXES_PAD * u;
    double right = pad + hgi_chart_fit_ends(l);
    hgi_label_fit(l->canvas, &l->title, l->bold, c->title, l->width - f->x - pad, 2);
    hgi_label_fit(l->canvas, &l->x_label, l->text, c->x_label, l->width - 2 * pad, 1);
    double top = pad + (l->title.lines ? hgi_label_height(&l->title) + 10 * u : 4 * u);
    double bottom =
        pad + (l->x_label.lines ? l->text.size + 9 * u : 0) + l->tick.size + 8 * u;
    l->lanes_y = top;
    if (c->lanes > 0) top += ((double)c->lanes * LANE + 4) * u;
    f->h = l->height - top - bottom;
    hgi_axis_ticks(&f->ay, (int)fmax(f->h / (60 * u), 2), false);
    if (f->ay.power.text[0]) { /* stands above the axis */
        top += 1.5 * l->tick.size;
        f->h -= 1.5 * l->tick.size;
    }
    hgi_label_fit(l->canvas, &l->y_label, l->text, c->y_label, f->h, 1);
    double left = pad + (l->y_label.lines ? l->text.size + 8 * u : 0);
    left += hgi_ticks_width(l->canvas, l->tick, &f->ay) + 9 * u;
    f->x = hgi_snap(left);
    f->y = hgi_snap(top);
    f->w = hgi_snap(fmax(l->width - left - right, 20));
    f->h = hgi_snap(fmax(f->h, 20));
    if (c->mark_x)
        hgi_axes_mark_x(l->canvas, l->tick, f, u, c->n, c->x);
    else
        hgi_axes_fit_x(l->canvas, l->tick, f, u, 60, whole_numbers(c->x, c->n));
    hgi_label_fit(l->canvas, &l->mark, l->tick, c->mark_label, 0.6 * f->w, 1);
}

/* ---- drawing ------------------------------------------------------------------ */

/* A dot on each point of a line of few points shows where the measurements are. */
static void draw_series(const hgi_chart_layout *l)
{
    const hgi_chart *c = l->chart;
    const hgi_frame *f = &l->frame;
    for (int64_t s = 0; s < c->series_count; s++) {
        const double *y = c->series[s].y;
        hgi_canvas_ink(l->canvas, hgi_chart_colour(l, s), 1);
        hgi_frame_line(l->canvas, f, c->x, y, c->n, 2.2 * l->unit, hgi_chart_dash(l, s));
        for (int64_t i = 0; c->n <= 15 && i < c->n; i++)
            if (hgi_axis_takes(c->log_y, y[i]))
                hgi_canvas_dot(l->canvas, hgi_frame_x(f, c->x[i]), hgi_frame_y(f, y[i]),
                               3.4 * l->unit);
    }
}

/* As wide as a line at the least, or one point of many would not be seen.  Colours that lie
 * over each other are none that a line has: so spans of several lines are fainter, and have
 * a bar each where nothing else is. */
static void draw_spans(const hgi_chart_layout *l)
{
    const hgi_chart *c = l->chart;
    const hgi_frame *f = &l->frame;
    const double lane = LANE * l->unit;
    for (int64_t i = 0; i < c->span_count; i++) {
        const hgi_chart_span *s = &c->spans[i];
        double from = hgi_frame_x(f, s->from), to = hgi_frame_x(f, s->to);
        double width = fmax(to - from, 2.2 * l->unit);
        hgi_canvas_ink(l->canvas, hgi_chart_colour(l, s->series),
                       c->lanes > 0 ? 0.15 : 0.25);
        hgi_canvas_fill(l->canvas, from, f->y, width, f->h);
        if (c->lanes == 0) continue;
        hgi_canvas_ink(l->canvas, hgi_chart_colour(l, s->series), 1);
        hgi_canvas_fill(l->canvas, from, l->lanes_y + (double)s->lane * lane, width,
                        lane - 2 * l->unit);
    }
}

/* ---- the whole ---------------------------------------------------------------- */

/* All sizes go by the smaller side, within what can be read and what looks sane. */
static void set_sizes(hgi_chart_layout *l)
{
    const hgi_chart *c = l->chart;
    l->width = c->width > 0 ? hgi_canvas_points(l->canvas, c->width) : 800;
    l->height = c->height > 0 ? hgi_canvas_points(l->canvas, c->height)
                              : l->width * (c->aspect > 0 ? c->aspect : 0.625);
    l->unit = fmin(fmax(fmin(l->width / 800, l->height / 500), 0.3), 4);
    l->tick = (hgi_font){14 * l->unit, false};
    l->text = (hgi_font){15 * l->unit, false};
    l->bold = (hgi_font){17 * l->unit, true};
}

static hg_status draw(hg_ctx *ctx, hgi_chart_layout *l, const char *path)
{
    set_sizes(l);
    if (l->width < SIZE_MIN || l->height < SIZE_MIN)
        return hgi_fail(
            ctx, HG_ERANGE,
            "%s: %.0f x %.0f points are too small for a chart, expected at least "
            "%d x %d",
            path, l->width, l->height, SIZE_MIN, SIZE_MIN);
    HGI_TRY(set_ranges(ctx, l, path));
    l->frame.x = HGI_AXES_PAD * l->unit;
    lay_out(l); /* the title's width depends on the left margin, which this finds */
    lay_out(l);
    hgi_chart_place_ends(l);
    HGI_TRY(hgi_canvas_begin(l->canvas, l->width, l->height));
    hgi_canvas_ink(l->canvas, l->theme->paper, 1);
    hgi_canvas_fill(l->canvas, 0, 0, l->width + 1, l->height + 1);
    hgi_frame_draw(l->canvas, &l->frame, l->theme, 5 * l->unit);
    /* In order of depth: the mark under the lines, its dots and all texts over them. */
    draw_spans(l);
    hgi_chart_draw_mark(l);
    draw_series(l);
    hgi_chart_draw_mark_dots(l);
    hgi_chart_draw_ends(l);
    hgi_axes_draw(&(hgi_axes){l->canvas, l->theme, l->unit, l->tick, &l->frame, &l->title,
                              &l->x_label, &l->y_label});
    return hgi_canvas_end(l->canvas);
}

hg_status hgi_chart_draw(hg_ctx *ctx, const hgi_chart *c, const char *path)
{
    HGI_TRY(hgi_picture_check(ctx, path));
    HGI_TRY(check(ctx, c, path));
    hg_status status = HG_OK;
    size_t n = (size_t)c->series_count;
    hgi_chart_layout *l = hgi_calloc(&ctx->mem, 1, sizeof *l);
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
