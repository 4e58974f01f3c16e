// SPDX-License-Identifier: MIT
/* Texts that must fit a width, and the texts of ticks with their raised exponents. */
#ifndef HGI_LABEL_H
#define HGI_LABEL_H

#include "report/axis.h"
#include "report/canvas.h"

#define HGI_LABEL_LINES 2

typedef struct hgi_label {
    hgi_font font; /* perhaps smaller than asked */
    int lines;     /* 0 for an empty text */
    double width;  /* of the widest line */
    char line[HGI_LABEL_LINES][512];
} hgi_label;

/* Fit `s` (NULL: nothing) into `width`: on one line at down to 4/5 of the size, then on
 * `lines` lines at down to 7/10, then cut with an ellipsis. */
void hgi_label_fit(hgi_canvas *c, hgi_label *l, hgi_font f, const char *s, double width,
                   int lines);
/* From the top of the first line to the bottom of the last. */
double hgi_label_height(const hgi_label *l);
/* Draw with the top of the capitals at y. */
void hgi_label_draw(hgi_canvas *c, const hgi_label *l, double x, double y, hgi_anchor a);

double hgi_tick_width(hgi_canvas *c, hgi_font f, const hgi_tick *t);
void hgi_tick_draw(hgi_canvas *c, hgi_font f, double x, double y, hgi_anchor a,
                   const hgi_tick *t);
/* The widest tick text of an axis. */
double hgi_ticks_width(hgi_canvas *c, hgi_font f, const hgi_axis *a);

#endif
