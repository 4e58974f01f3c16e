// SPDX-License-Identifier: MIT
/* Frames and lines: see curve.h. */
#include "report/curve.h"

#include <math.h>

void hgi_frame_draw(hgi_canvas *c, const hgi_frame *f, const hgi_theme *t, double mark)
{
    const double hair = 0.5, base = hgi_snap(f->y + f->h);
    for (int i = 0; i < f->ay.count; i++) {
        double y = hgi_snap(hgi_frame_y(f, f->ay.ticks[i].at));
        /* Where values have both signs the zero line is the one to read from. */
        bool zero = f->ay.ticks[i].at == 0 && f->ay.lo < 0;
        if (zero)
            hgi_canvas_ink(c, t->axis, 0.7);
        else
            hgi_canvas_ink(c, t->grid, f->ay.ticks[i].text[0] ? 1 : 0.55);
        hgi_canvas_fill(c, f->x, y - hair, f->w, 2 * hair);
    }
    hgi_canvas_ink(c, t->axis, 1);
    hgi_canvas_fill(c, f->x, base - hair, f->w, 2 * hair);
    for (int i = 0; i < f->ax.count; i++) {
        double x = hgi_snap(hgi_frame_x(f, f->ax.ticks[i].at));
        hgi_canvas_fill(c, x - hair, base, 2 * hair, mark);
    }
}

/* Points of one half-point column that are still to be drawn. */
typedef struct column {
    double at;         /* its number */
    double x[4], y[4]; /* first, lowest, highest, last */
    int64_t index[4];
} column;

typedef struct pen {
    hgi_canvas *c;
    column col;
    bool filled;   /* col has points */
    int64_t drawn; /* points of the path so far */
    double x, y;   /* the last of them */
} pen;

/* The first point of a path moves the pen, the others draw. */
static void draw_point(pen *p, double x, double y)
{
    if (p->drawn == 0)
        hgi_canvas_move(p->c, x, y);
    else
        hgi_canvas_line(p->c, x, y);
    p->drawn++;
    p->x = x;
    p->y = y;
}

static void draw_column(pen *p)
{
    const column *k = &p->col;
    int middle = k->index[1] <= k->index[2] ? 1 : 2; /* whichever extreme came first */
    const int order[4] = {0, middle, 3 - middle, 3};
    int64_t last = -1;
    for (int i = 0; p->filled && i < 4; i++) {
        int j = order[i];
        if (k->index[j] <= last) continue;
        last = k->index[j];
        draw_point(p, k->x[j], k->y[j]);
    }
    p->filled = false;
}

/* Slots: 0 first, 1 lowest on paper, 2 highest, 3 last. */
static void put(column *k, int slot, double x, double y, int64_t i)
{
    k->x[slot] = x;
    k->y[slot] = y;
    k->index[slot] = i;
}

/* All points of a half-point column become at most four: a million rows draw as fast
 * as a thousand, and look the same. */
static void take_point(pen *p, double x, double y, int64_t i)
{
    double at = floor(2 * x);
    if (p->filled && at != p->col.at) draw_column(p);
    if (!p->filled) {
        for (int slot = 0; slot < 4; slot++) put(&p->col, slot, x, y, i);
        p->col.at = at;
        p->filled = true;
    }
    /* y grows downwards. */
    if (y > p->col.y[1]) put(&p->col, 1, x, y, i);
    if (y < p->col.y[2]) put(&p->col, 2, x, y, i);
    put(&p->col, 3, x, y, i);
}

static void end_path(pen *p, double width, double dash)
{
    draw_column(p);
    /* A point between two gaps has no line: it is a dot. */
    if (p->drawn > 1)
        hgi_canvas_stroke(p->c, width, dash);
    else if (p->drawn == 1)
        hgi_canvas_dot(p->c, p->x, p->y, 1.6 * width);
    p->drawn = 0;
}

void hgi_frame_line(hgi_canvas *c, const hgi_frame *f, const double *x, const double *y,
                    int64_t n, double width, double dash)
{
    /* Half a line's width of room, so that a curve along an edge is not cut in half. */
    hgi_canvas_clip(c, f->x - 2 * width, f->y - width, f->w + 4 * width,
                    f->h + 2 * width);
    pen p = {.c = c};
    for (int64_t i = 0; i < n; i++) {
        if (!hgi_axis_takes(f->ay.log, y[i]))
            end_path(&p, width, dash);
        else
            take_point(&p, hgi_frame_x(f, x[i]), hgi_frame_y(f, y[i]), i);
    }
    end_path(&p, width, dash);
    hgi_canvas_unclip(c);
}
