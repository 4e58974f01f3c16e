// SPDX-License-Identifier: MIT
/* What charts and small curves share: a frame with axes, and lines in it. */
#ifndef HGI_CURVE_H
#define HGI_CURVE_H

#include "report/axis.h"
#include "report/canvas.h"
#include "report/theme.h"

typedef struct hgi_frame {
    double x, y, w, h; /* points; the lower edge is y + h */
    hgi_axis ax, ay;
} hgi_frame;

static inline double hgi_frame_x(const hgi_frame *f, double v)
{
    return f->x + f->w * hgi_axis_place(&f->ax, v);
}

static inline double hgi_frame_y(const hgi_frame *f, double v)
{
    return f->y + f->h * (1 - hgi_axis_place(&f->ay, v));
}

/* Horizontal grid lines, the base line, tick marks of x; no texts.  `mark` is the length
 * of the tick marks. */
void hgi_frame_draw(hgi_canvas *c, const hgi_frame *f, const hgi_theme *t, double mark);
/* The line through (x[i], y[i]) in the current ink, clipped to the frame.  Numbers that
 * the axis does not take leave gaps; a point between two gaps is a dot.  Within one
 * half-point column only first, lowest, highest and last are drawn, which looks the same
 * and keeps a hundred thousand points small. */
void hgi_frame_line(hgi_canvas *c, const hgi_frame *f, const double *x, const double *y,
                    int64_t n, double width, double dash);

#endif
