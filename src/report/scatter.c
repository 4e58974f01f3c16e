// SPDX-License-Identifier: MIT
/* Points in the plane, coloured by group: see report.h.
 *
 * A legend says which colour is which, and each group's name stands in the middle of its
 * points, so that nobody has to go back and forth, and those who see colours otherwise can
 * read it too.  Points are drawn in the order given: whoever shuffles them hides no group
 * under another. */
#include "report/axes.h"
#include "report/report.h"

#include <math.h>
#include <stdlib.h>

enum { WIDTH = 800, WIDTH_MIN = 200 };
#define HEIGHT 0.8 /* of the width */

typedef struct sheet {
    const hgi_scatter *s;
    const hgi_theme *theme;
    hgi_canvas *canvas;
    double width, height, unit; /* unit: 1 on a sheet of 800 points */
    hgi_font tick, text, bold;
    hgi_label title, x_label, y_label, legend;
    hgi_label *names; /* [groups] */
    double *middle;   /* [groups][2] median of the points, then the name's place on the
                         sheet; NaN: it has none */
    double *wide;     /* [groups] of the name */
    hgi_frame frame;
    double side; /* room of the legend */
} sheet;

static hg_status check(hg_ctx *ctx, const hgi_scatter *s, const char *path)
{
    if (s->n < 1)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: nothing to draw, expected at least one point", path);
    if (s->groups < 0 || s->groups > HGI_SCATTER_GROUPS)
        return hgi_fail(ctx, HG_ERANGE, "%s: %d groups, expected at most %d", path,
                        s->groups, HGI_SCATTER_GROUPS);
    for (int64_t i = 0; i < s->n; i++)
        if (!isfinite(s->x[i]) || !isfinite(s->y[i]))
            return hgi_fail(ctx, HG_ENONFINITE, "%s: point %lld is not finite", path,
                            (long long)i + 1);
    return HG_OK;
}

static void set_range(hgi_axis *a, const double *v, int64_t n)
{
    double lo = v[0], hi = v[0];
    for (int64_t i = 1; i < n; i++) {
        lo = fmin(lo, v[i]);
        hi = fmax(hi, v[i]);
    }
    hgi_axis_range(a, false, lo, hi, 0.04);
}

/* ---- groups ------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Medians, since a few strays must not draw a name away from its crowd. */
static hg_status find_middles(hg_ctx *ctx, sheet *m)
{
    const hgi_scatter *s = m->s;
    double *v = hgi_calloc(&ctx->mem, (size_t)s->n, sizeof *v);
    if (v == NULL) return hgi_fail_mem(ctx, (size_t)s->n * sizeof *v, "a group's points");
    for (int g = 0; g < s->groups; g++)
        for (int axis = 0; axis < 2; axis++) {
            const double *from = axis == 0 ? s->x : s->y;
            int64_t count = 0;
            for (int64_t i = 0; i < s->n; i++)
                if (s->group[i] == g) v[count++] = from[i];
            qsort(v, (size_t)count, sizeof *v, ascending);
            m->middle[2 * g + axis] = count > 0 ? v[count / 2] : nan("");
        }
    hgi_free(&ctx->mem, v);
    return HG_OK;
}

static uint32_t colour(const sheet *m, int group)
{
    if (m->s->group == NULL) return m->theme->series[0];
    return m->theme->group[group % HGI_GROUP_COLOURS];
}

/* Where the colours come round again, points are squares. */
static void draw_point(const sheet *m, int group, double x, double y, double radius)
{
    if (group < HGI_GROUP_COLOURS)
        hgi_canvas_dot(m->canvas, x, y, radius);
    else
        hgi_canvas_fill(m->canvas, x - radius, y - radius, 2 * radius, 2 * radius);
}

/* ---- layout ------------------------------------------------------------------------ */

static void fit_legend(sheet *m)
{
    const hgi_scatter *s = m->s;
    double widest = 0, room = 0.2 * m->width;
    m->side = 0;
    if (s->groups == 0) return;
    hgi_label_fit(m->canvas, &m->legend, m->tick, s->group_label, room, 1);
    widest = m->legend.lines > 0 ? m->legend.width - 16 * m->unit : 0;
    for (int g = 0; g < s->groups; g++) {
        hgi_label_fit(m->canvas, &m->names[g], m->text, s->names[g], room, 1);
        widest = fmax(widest, m->names[g].width);
    }
    m->side = widest + 38 * m->unit;
}

static void fit_ticks(sheet *m)
{
    hgi_frame *f = &m->frame;
    hgi_axis_ticks(&f->ay, (int)fmax(f->h / (70 * m->unit), 2), false);
    hgi_axes_fit_x(m->canvas, m->tick, f, m->unit, 70, false);
    if (m->s->bare_y) f->ay.count = 0;
}

/* Margins from measured texts; what is left is the frame. */
static void lay_out(sheet *m)
{
    const hgi_scatter *s = m->s;
    hgi_frame *f = &m->frame;
    double u = m->unit, pad = HGI_AXES_PAD * u;
    fit_legend(m);
    double x0 = f->x > 0 ? f->x : pad;
    hgi_label_fit(m->canvas, &m->title, m->bold, s->title, m->width - x0 - pad, 2);
    double top = pad + (m->title.lines ? hgi_label_height(&m->title) + 12 * u : 4 * u);
    hgi_label_fit(m->canvas, &m->x_label, m->text, s->x_label, m->width - 2 * pad, 1);
    double bottom =
        pad + (m->x_label.lines ? m->text.size + 9 * u : 0) + m->tick.size + 8 * u;
    f->h = m->height - top - bottom;
    hgi_label_fit(m->canvas, &m->y_label, m->text, s->y_label, f->h, 1);
    if (f->w <= 0) f->w = m->width - 2 * pad - m->side; /* until ticks are known */
    fit_ticks(m);
    double left = pad + (m->y_label.lines ? m->text.size + 8 * u : 0);
    if (f->ay.count > 0) left += hgi_ticks_width(m->canvas, m->tick, &f->ay) + 9 * u;
    f->x = hgi_snap(left);
    f->y = hgi_snap(top);
    f->w = hgi_snap(fmax(m->width - left - pad - m->side, 20));
    f->h = hgi_snap(fmax(f->h, 20));
    fit_ticks(m);
}

/* ---- drawing ----------------------------------------------------------------------- */

/* Many points are small and let others through; few are large. */
static void draw_points(const sheet *m)
{
    const hgi_scatter *s = m->s;
    const hgi_frame *f = &m->frame;
    double crowd = sqrt((double)s->n / 300);
    double radius = fmin(fmax(4 / crowd, 1.5), 4) * m->unit;
    double alpha = fmin(fmax(0.9 / sqrt(crowd), 0.5), 0.9);
    for (int64_t i = 0; i < s->n; i++) {
        int g = s->group != NULL ? s->group[i] : 0;
        hgi_canvas_ink(m->canvas, colour(m, g), alpha);
        draw_point(m, g, hgi_frame_x(f, s->x[i]), hgi_frame_y(f, s->y[i]), radius);
    }
}

static bool is_named(const sheet *m, int g)
{
    return m->names[g].lines > 0 && !isnan(m->middle[2 * g]);
}

/* Two names that touch go apart, half the way each, over the shorter way. */
static bool push(double *a, double *b, double wide, double high)
{
    const double dx = b[0] - a[0], dy = b[1] - a[1];
    const double across = wide - fabs(dx), along = high - fabs(dy);
    if (across <= 0 || along <= 0) return false;
    const int axis = along <= across;
    const double way = (axis ? along : across) / 2 + 0.01;
    const double sign = (axis ? dy : dx) < 0 ? -1 : 1;
    a[axis] -= sign * way;
    b[axis] += sign * way;
    return true;
}

/* Middles become places on the sheet, moved until no name hides another: where they have
 * no room, the rounds end. */
static void spread_names(sheet *m)
{
    enum { ROUNDS = 200 };
    const hgi_frame *f = &m->frame;
    const double high = 1.1 * m->bold.size;
    bool moved = true;
    for (int g = 0; g < m->s->groups; g++) {
        if (!is_named(m, g)) continue;
        m->middle[2 * g] = hgi_frame_x(f, m->middle[2 * g]);
        m->middle[2 * g + 1] = hgi_frame_y(f, m->middle[2 * g + 1]);
        m->wide[g] = hgi_canvas_text_width(m->canvas, m->bold, m->names[g].line[0]);
    }
    for (int round = 0; moved && round < ROUNDS; round++) {
        moved = false;
        for (int a = 0; a < m->s->groups; a++)
            for (int b = a + 1; b < m->s->groups; b++) {
                if (!is_named(m, a) || !is_named(m, b)) continue;
                double wide = (m->wide[a] + m->wide[b]) / 2 + 6 * m->unit;
                moved |= push(m->middle + 2 * a, m->middle + 2 * b, wide, high);
            }
        for (int g = 0; g < m->s->groups; g++) {
            double *at = m->middle + 2 * g;
            if (!is_named(m, g)) continue;
            at[0] = fmin(fmax(at[0], f->x), f->x + f->w);
            at[1] = fmin(fmax(at[1], f->y + high / 2), f->y + f->h - high / 2);
        }
    }
}

/* A name stands on points of any colour: a rim of paper around it keeps it legible. */
static void draw_name(const sheet *m, int g)
{
    static const double around[8][2] = {{1, 0},  {0.7, 0.7},   {0, 1},  {-0.7, 0.7},
                                        {-1, 0}, {-0.7, -0.7}, {0, -1}, {0.7, -0.7}};
    const hgi_label *l = &m->names[g];
    if (!is_named(m, g)) return;
    double x = m->middle[2 * g], y = m->middle[2 * g + 1] + m->bold.size * HGI_CAP / 2;
    hgi_canvas_ink(m->canvas, m->theme->paper, 1);
    for (int i = 0; i < 8; i++)
        hgi_canvas_text(m->canvas, m->bold, x + 1.8 * m->unit * around[i][0],
                        y + 1.8 * m->unit * around[i][1], HGI_CENTRE, l->line[0]);
    hgi_canvas_ink(m->canvas, m->theme->ink, 1);
    hgi_canvas_text(m->canvas, m->bold, x, y, HGI_CENTRE, l->line[0]);
}

static void draw_legend(const sheet *m)
{
    const hgi_frame *f = &m->frame;
    double u = m->unit, x = f->x + f->w + 16 * u, y = f->y + 2 * u;
    double step = fmin(m->text.size * 1.5, f->h / (m->s->groups + 2));
    if (m->s->groups == 0) return;
    hgi_canvas_ink(m->canvas, m->theme->soft, 1);
    hgi_label_draw(m->canvas, &m->legend, x, y, HGI_LEFT);
    if (m->legend.lines > 0) y += step;
    for (int g = 0; g < m->s->groups; g++, y += step) {
        hgi_canvas_ink(m->canvas, colour(m, g), 1);
        draw_point(m, g, x + 6 * u, y + m->text.size * HGI_CAP / 2, 5 * u);
        hgi_canvas_ink(m->canvas, m->theme->ink, 1);
        hgi_label_draw(m->canvas, &m->names[g], x + 18 * u, y, HGI_LEFT);
    }
}

static hg_status draw(hg_ctx *ctx, sheet *m, const char *path)
{
    const hgi_scatter *s = m->s;
    m->width = s->width > 0 ? hgi_canvas_points(m->canvas, s->width) : WIDTH;
    if (m->width < WIDTH_MIN)
        return hgi_fail(ctx, HG_ERANGE,
                        "%s: a width of %.0f points is too small, expected at least %d",
                        path, m->width, WIDTH_MIN);
    m->height = HEIGHT * m->width;
    m->unit = m->width / WIDTH;
    m->tick = (hgi_font){14 * m->unit, false};
    m->text = (hgi_font){15 * m->unit, false};
    m->bold = (hgi_font){17 * m->unit, true};
    set_range(&m->frame.ax, s->x, s->n);
    set_range(&m->frame.ay, s->y, s->n);
    lay_out(m); /* the title's width depends on the left margin, which this finds */
    lay_out(m);
    HGI_TRY(hgi_canvas_begin(m->canvas, m->width, m->height));
    hgi_canvas_ink(m->canvas, m->theme->paper, 1);
    hgi_canvas_fill(m->canvas, 0, 0, m->width + 1, m->height + 1);
    hgi_frame_draw(m->canvas, &m->frame, m->theme, 5 * m->unit);
    draw_points(m);
    spread_names(m);
    for (int g = 0; g < s->groups; g++) draw_name(m, g);
    draw_legend(m);
    hgi_axes_draw(&(hgi_axes){m->canvas, m->theme, m->unit, m->tick, &m->frame, &m->title,
                              &m->x_label, &m->y_label});
    return hgi_canvas_end(m->canvas);
}

hg_status hgi_scatter_draw(hg_ctx *ctx, const hgi_scatter *s, const char *path)
{
    HGI_TRY(hgi_picture_check(ctx, path));
    HGI_TRY(check(ctx, s, path));
    hg_status status = HG_OK;
    size_t groups = s->groups > 0 ? (size_t)s->groups : 1;
    sheet *m = hgi_calloc(&ctx->mem, 1, sizeof *m);
    if (m == NULL) return hgi_fail_mem(ctx, sizeof *m, "a chart");
    m->s = s;
    m->theme = hgi_theme_of(s->dark);
    m->names = hgi_calloc(&ctx->mem, groups, sizeof *m->names);
    m->middle = hgi_calloc(&ctx->mem, 3 * groups, sizeof *m->middle);
    if (m->names == NULL || m->middle == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, groups * sizeof *m->names, "a chart's labels"));
    m->wide = m->middle + 2 * groups;
    HGI_GOTO(find_middles(ctx, m));
    HGI_GOTO(hgi_canvas_new(ctx, path, &m->canvas));
    status = draw(ctx, m, path);
done:
    hgi_canvas_free(&m->canvas);
    hgi_free(&ctx->mem, m->middle);
    hgi_free(&ctx->mem, m->names);
    hgi_free(&ctx->mem, m);
    return status;
}
