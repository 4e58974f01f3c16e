// SPDX-License-Identifier: MIT
/* A sheet to draw on: the few shapes that charts and grids need, in points, y down.
 *
 * One file behind this header knows cairo (canvas_cairo.c), so that charts and grids
 * compile in every build.  A PNG has two pixels a point; "half points" below are its
 * pixels.  Life of a canvas: new, measure texts, begin with the size, draw, end, free.
 * Drawing calls never fail; the first error is kept and returned by hgi_canvas_end(). */
#ifndef HGI_CANVAS_H
#define HGI_CANVAS_H

#include "base/base.h"

typedef struct hgi_canvas hgi_canvas;

typedef struct hgi_font {
    double size; /* points */
    bool bold;
} hgi_font;

typedef enum hgi_anchor { HGI_LEFT = 0, HGI_CENTRE, HGI_RIGHT } hgi_anchor;

/* Digits and capitals of the font reach this far above the baseline, times size. */
#define HGI_CAP 0.73

/* Errors   HG_EUNAVAILABLE without cairo; HG_EINVAL an unknown ending; HG_ENOMEM. */
hg_status hgi_canvas_new(hg_ctx *ctx, const char *path, hgi_canvas **out);
/* Pixels of a PNG, points of SVG and PDF, that make a sheet this many points wide. */
double hgi_canvas_points(const hgi_canvas *c, int size);
/* Open the file.  Errors  HG_ERANGE too large a sheet; HG_EIO; HG_ENOMEM. */
hg_status hgi_canvas_begin(hgi_canvas *c, double width, double height);
/* Finish, put the file in its place.  Errors  HG_EIO, HG_ENOMEM. */
hg_status hgi_canvas_end(hgi_canvas *c);
void hgi_canvas_free(hgi_canvas **c); /* without an end: the file is not replaced */

double hgi_canvas_text_width(hgi_canvas *c, hgi_font f, const char *s);

/* Colours are 0xRRGGBB; alpha 0 to 1. */
void hgi_canvas_ink(hgi_canvas *c, uint32_t rgb, double alpha);
/* Text with its baseline at y, in the current ink.  Bytes that are not UTF-8 show as
 * a replacement mark.  _up: turned a quarter left, baseline at x, running upwards. */
void hgi_canvas_text(hgi_canvas *c, hgi_font f, double x, double y, hgi_anchor a,
                     const char *s);
void hgi_canvas_text_up(hgi_canvas *c, hgi_font f, double x, double y, hgi_anchor a,
                        const char *s);
void hgi_canvas_fill(hgi_canvas *c, double x, double y, double w, double h);
void hgi_canvas_dot(hgi_canvas *c, double x, double y, double radius);
/* A path: move, line, line..., then stroke.  dash 0: solid. */
void hgi_canvas_move(hgi_canvas *c, double x, double y);
void hgi_canvas_line(hgi_canvas *c, double x, double y);
void hgi_canvas_stroke(hgi_canvas *c, double width, double dash);
void hgi_canvas_clip(hgi_canvas *c, double x, double y, double w, double h);
void hgi_canvas_unclip(hgi_canvas *c);
/* Pixels [h, w] of 0xRRGGBB, each one half point wide, at a whole half point. */
void hgi_canvas_image(hgi_canvas *c, double x, double y, const uint32_t *pixels, int w,
                      int h);

/* The nearest half point: edges placed there are sharp in a PNG. */
double hgi_snap(double x);

#endif
