// SPDX-License-Identifier: MIT
/* What the two files of line charts share: chart.c lays out and draws the chart,
 * chart_notes.c the notes in it: the names at the lines' ends and the marked x. */
#ifndef HGI_CHART_H
#define HGI_CHART_H

#include "report/curve.h"
#include "report/label.h"
#include "report/report.h"

#define HGI_CHART_SERIES_MAX 64

typedef struct hgi_chart_layout {
    const hgi_chart *chart;
    const hgi_theme *theme;
    hgi_canvas *canvas;
    double width, height, unit; /* unit: 1 on a sheet of 800 x 500 */
    hgi_font tick, text, bold;
    hgi_label title, x_label, y_label, mark;
    hgi_label *ends; /* [series_count] names at the lines' ends */
    double *end_y;   /* [series_count] where they stand; NaN: not named */
    hgi_frame frame;
    double lanes_y; /* the first lane's upper edge */
} hgi_chart_layout;

/* Fit the names; the room that they need at the right. */
double hgi_chart_fit_ends(hgi_chart_layout *l);
/* Decide where the names stand, once the frame is known. */
void hgi_chart_place_ends(hgi_chart_layout *l);
void hgi_chart_draw_ends(const hgi_chart_layout *l);
/* The mark's line and label go under the lines, its dots over them. */
void hgi_chart_draw_mark(const hgi_chart_layout *l);
void hgi_chart_draw_mark_dots(const hgi_chart_layout *l);

/* Ink and dash of a line; where the colours come round again, lines are dashed. */
uint32_t hgi_chart_colour(const hgi_chart_layout *l, int64_t series);
double hgi_chart_dash(const hgi_chart_layout *l, int64_t series);

#endif
