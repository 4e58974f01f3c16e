// SPDX-License-Identifier: MIT
/* The sheet of a build without cairo: there is none, and the message says what to
 * install.  This file and canvas_cairo.c are the only ones that know which build it is. */
#include "report/canvas.h"
#include "report/report.h"

#if !HG_WITH_CAIRO

const char *hgi_picture_backend(void) { return NULL; }

static hg_status missing(hg_ctx *ctx)
{
    return hgi_fail(ctx, HG_EUNAVAILABLE,
                    "pictures need cairo, which this build lacks: "
                    "install libcairo2-dev and rebuild");
}

hg_status hgi_picture_check(hg_ctx *ctx, const char *path)
{
    (void)path;
    return missing(ctx);
}

hg_status hgi_canvas_new(hg_ctx *ctx, const char *path, hgi_canvas **out)
{
    (void)path;
    *out = NULL;
    return missing(ctx);
}

/* No canvas is ever made here, so nothing below is reached; the linker wants the names. */
double hgi_canvas_points(const hgi_canvas *c, int size)
{
    (void)c;
    return size;
}

hg_status hgi_canvas_begin(hgi_canvas *c, double width, double height)
{
    (void)c, (void)width, (void)height;
    return HG_EUNAVAILABLE;
}

hg_status hgi_canvas_end(hgi_canvas *c)
{
    (void)c;
    return HG_EUNAVAILABLE;
}

void hgi_canvas_free(hgi_canvas **c) { *c = NULL; }

double hgi_canvas_text_width(hgi_canvas *c, hgi_font f, const char *s)
{
    (void)c, (void)f, (void)s;
    return 0;
}

void hgi_canvas_ink(hgi_canvas *c, uint32_t rgb, double alpha)
{
    (void)c, (void)rgb, (void)alpha;
}

void hgi_canvas_text(hgi_canvas *c, hgi_font f, double x, double y, hgi_anchor a,
                     const char *s)
{
    (void)c, (void)f, (void)x, (void)y, (void)a, (void)s;
}

void hgi_canvas_text_up(hgi_canvas *c, hgi_font f, double x, double y, hgi_anchor a,
                        const char *s)
{
    (void)c, (void)f, (void)x, (void)y, (void)a, (void)s;
}

void hgi_canvas_fill(hgi_canvas *c, double x, double y, double w, double h)
{
    (void)c, (void)x, (void)y, (void)w, (void)h;
}

void hgi_canvas_dot(hgi_canvas *c, double x, double y, double radius)
{
    (void)c, (void)x, (void)y, (void)radius;
}

void hgi_canvas_move(hgi_canvas *c, double x, double y) { (void)c, (void)x, (void)y; }

void hgi_canvas_line(hgi_canvas *c, double x, double y) { (void)c, (void)x, (void)y; }

void hgi_canvas_stroke(hgi_canvas *c, double width, double dash)
{
    (void)c, (void)width, (void)dash;
}

void hgi_canvas_clip(hgi_canvas *c, double x, double y, double w, double h)
{
    (void)c, (void)x, (void)y, (void)w, (void)h;
}

void hgi_canvas_unclip(hgi_canvas *c) { (void)c; }

void hgi_canvas_image(hgi_canvas *c, double x, double y, const uint32_t *pixels, int w,
                      int h)
{
    (void)c, (void)x, (void)y, (void)pixels, (void)w, (void)h;
}

double hgi_snap(double x) { return x; }

#endif
