// SPDX-License-Identifier: MIT
/* The texts around a frame: see axes.h. */
#include "report/axes.h"

#include <math.h>

void hgi_axes_fit_x(hgi_canvas *c, hgi_font tick, hgi_frame *f, double unit, double each,
                    bool whole)
{
    for (int about = (int)fmax(f->w / (each * unit), 2); about > 0; about--) {
        hgi_axis_ticks(&f->ax, about, whole);
        double w = hgi_ticks_width(c, tick, &f->ax);
        int named = 0; /* the others of a logarithmic axis take no room */
        for (int i = 0; i < f->ax.count; i++) named += f->ax.ticks[i].text[0] != '\0';
        if (named < 2 || named * (w + 12 * unit) < f->w) break;
    }
}

void hgi_axes_mark_x(hgi_canvas *c, hgi_font tick, hgi_frame *f, double unit, int64_t n,
                     const double *at)
{
    double end = -HUGE_VAL;
    hgi_axis_ticks_at(&f->ax, n, at);
    for (int i = 0; i < f->ax.count; i++) {
        hgi_tick *t = &f->ax.ticks[i];
        double half = hgi_tick_width(c, tick, t) / 2, x = hgi_frame_x(f, t->at);
        if (x - half < end)
            t->text[0] = '\0';
        else
            end = x + half + 8 * unit;
    }
}

static void draw_ticks(const hgi_axes *a)
{
    hgi_canvas *c = a->canvas;
    const hgi_frame *f = a->frame;
    double u = a->unit, base = f->y + f->h, cap = a->tick.size * HGI_CAP;
    for (int i = 0; i < f->ay.count; i++)
        hgi_tick_draw(c, a->tick, f->x - 9 * u,
                      hgi_frame_y(f, f->ay.ticks[i].at) + cap / 2, HGI_RIGHT,
                      &f->ay.ticks[i]);
    for (int i = 0; i < f->ax.count; i++)
        hgi_tick_draw(c, a->tick, hgi_frame_x(f, f->ax.ticks[i].at), base + 8 * u + cap,
                      HGI_CENTRE, &f->ax.ticks[i]);
    /* Numbers beyond a million or so have a factor for all ticks of an axis. */
    if (f->ay.count > 0)
        hgi_tick_draw(c, a->tick, f->x - 9 * u, f->y - 0.7 * a->tick.size, HGI_RIGHT,
                      &f->ay.power);
    hgi_tick_draw(c, a->tick, f->x + f->w, base + 17 * u + 2 * cap, HGI_RIGHT,
                  &f->ax.power);
}

void hgi_axes_draw(const hgi_axes *a)
{
    hgi_canvas *c = a->canvas;
    const hgi_frame *f = a->frame;
    double u = a->unit, pad = HGI_AXES_PAD * u;
    hgi_canvas_ink(c, a->theme->ink, 1);
    hgi_label_draw(c, a->title, f->x, pad, HGI_LEFT);
    if (a->x_label->lines)
        hgi_label_draw(c, a->x_label, f->x + f->w / 2,
                       f->y + f->h + 17 * u + a->tick.size * HGI_CAP, HGI_CENTRE);
    if (a->y_label->lines)
        hgi_canvas_text_up(c, a->y_label->font, pad + a->y_label->font.size * HGI_CAP,
                           f->y + f->h / 2, HGI_CENTRE, a->y_label->line[0]);
    hgi_canvas_ink(c, a->theme->soft, 1);
    draw_ticks(a);
}
