// SPDX-License-Identifier: MIT
/* The texts around a frame: title, names of the axes, ticks.  Charts and scatters alike.
 * Sizes are those of a sheet of 800 points, times `unit`. */
#ifndef HGI_AXES_H
#define HGI_AXES_H

#include "report/curve.h"
#include "report/label.h"

#define HGI_AXES_PAD 18 /* between the sheet's edge and what stands there */

typedef struct hgi_axes {
    hgi_canvas *canvas;
    const hgi_theme *theme;
    double unit;
    hgi_font tick;
    const hgi_frame *frame;
    const hgi_label *title, *x_label, *y_label;
} hgi_axes;

/* Ticks of x some `each` units apart: fewer until their texts stand apart. */
void hgi_axes_fit_x(hgi_canvas *c, hgi_font tick, hgi_frame *f, double unit, double each,
                    bool whole);
/* Ticks of x at these n values, without the texts that would touch the one before. */
void hgi_axes_mark_x(hgi_canvas *c, hgi_font tick, hgi_frame *f, double unit, int64_t n,
                     const double *at);
/* Last of all, so that no line crosses a text. */
void hgi_axes_draw(const hgi_axes *a);

#endif
