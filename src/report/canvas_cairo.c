// SPDX-License-Identifier: MIT
/* The sheet drawn by cairo 1.16: PNG, SVG and PDF from the same calls.
 *
 * Same numbers, same bytes: PDF gets a fixed creation date, and the ids of an SVG, which
 * cairo counts through the life of the process, are counted anew.  Glyph metrics are not
 * hinted, so that a text measures the same on every kind of sheet.  cairo takes its own
 * memory from malloc; a PNG's pixels and an SVG's text come from the context. */
#include "report/canvas.h"
#include "report/report.h"

#if HG_WITH_CAIRO

#include "report/svg_ids.h"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>
#include <math.h>
#include <string.h>
#include <strings.h>

const char *hgi_picture_backend(void) { return cairo_version_string(); }

#define FAMILY "DejaVu Sans"
#define FIXED_DATE "2000-01-01T00:00:00Z"
/* cairo's images end at 32767 pixels; 200 million pixels are 800 MB. */
enum { SIDE_MAX = 32767, AREA_MAX = 200000000 };

typedef enum kind { PNG, SVG, PDF } kind;
static const char *const endings[] = {".png", ".svg", ".pdf"};

struct hgi_canvas {
    hg_ctx *ctx;
    char *path;
    kind kind;
    cairo_surface_t *surface; /* first a scrap to measure on, then the sheet */
    cairo_t *cr;
    unsigned char *pixels; /* of a PNG */
    hgi_text text;         /* of an SVG */
    hgi_outfile file;
    bool opened;
};

double hgi_snap(double x) { return round(2 * x) / 2; }

static bool find_kind(const char *path, kind *out)
{
    size_t len = strlen(path);
    for (int i = 0; i < HGI_COUNT(endings); i++) {
        size_t n = strlen(endings[i]);
        if (len > n && strcasecmp(path + len - n, endings[i]) == 0) {
            *out = (kind)i;
            return true;
        }
    }
    return false;
}

hg_status hgi_picture_check(hg_ctx *ctx, const char *path)
{
    kind k;
    if (find_kind(path, &k)) return HG_OK;
    return hgi_fail(
        ctx, HG_EINVAL,
        "%s: unknown kind of picture, expected a path that ends in .png, .svg "
        "or .pdf",
        path);
}

/* cairo keeps its first error in the object: asked where it matters, not at each call. */
static hg_status cairo_failed(hgi_canvas *c, cairo_status_t s)
{
    if (s == CAIRO_STATUS_SUCCESS) return HG_OK;
    if (s == CAIRO_STATUS_NO_MEMORY)
        return hgi_fail(c->ctx, HG_ENOMEM, "%s: out of memory while drawing", c->path);
    return hgi_fail(c->ctx, HG_EIO, "%s: drawing failed: %s", c->path,
                    cairo_status_to_string(s));
}

/* A fresh pen for the surface, with the settings that make sheets agree. */
static hg_status new_pen(hgi_canvas *c)
{
    if (c->cr) cairo_destroy(c->cr);
    c->cr = cairo_create(c->surface);
    cairo_font_options_t *o = cairo_font_options_create();
    cairo_font_options_set_hint_style(o, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(o, CAIRO_ANTIALIAS_GRAY);
    cairo_set_font_options(c->cr, o);
    cairo_font_options_destroy(o);
    cairo_set_line_join(c->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(c->cr, CAIRO_LINE_CAP_ROUND);
    return cairo_failed(c, cairo_status(c->cr));
}

hg_status hgi_canvas_new(hg_ctx *ctx, const char *path, hgi_canvas **out)
{
    *out = NULL;
    HGI_TRY(hgi_picture_check(ctx, path));
    hgi_canvas *c = hgi_calloc(&ctx->mem, 1, sizeof *c);
    if (!c) return hgi_fail_mem(ctx, sizeof *c, "a picture");
    c->ctx = ctx;
    hgi_text_init(&c->text, &ctx->mem);
    (void)find_kind(path, &c->kind);
    hg_status status = HG_OK;
    c->path = hgi_strdup(&ctx->mem, path);
    if (!c->path) {
        status = hgi_fail_mem(ctx, strlen(path) + 1, "a picture's path");
        goto done;
    }
    /* Texts are measured before the size of the sheet is known. */
    c->surface = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
    status = new_pen(c);
done:
    if (status != HG_OK) hgi_canvas_free(&c);
    *out = c;
    return status;
}

void hgi_canvas_free(hgi_canvas **canvas)
{
    hgi_canvas *c = *canvas;
    if (!c) return;
    const hgi_mem *mem = &c->ctx->mem;
    if (c->cr) cairo_destroy(c->cr);
    if (c->surface) {
        cairo_surface_finish(c->surface);
        cairo_surface_destroy(c->surface);
    }
    /* Without an end the old file stays. */
    if (c->opened) hgi_outfile_abort(&c->file);
    hgi_text_free(&c->text);
    hgi_free(mem, c->pixels);
    hgi_free(mem, c->path);
    hgi_free(mem, c);
    *canvas = NULL;
}

double hgi_canvas_points(const hgi_canvas *c, int size)
{
    return c->kind == PNG ? size / 2.0 : size;
}

/* ---- the file -------------------------------------------------------------- */

static cairo_status_t write_file(void *canvas, const unsigned char *p, unsigned int n)
{
    hgi_canvas *c = canvas;
    hgi_outfile_write(&c->file, p, n);
    return c->file.status == HG_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

/* An SVG is held whole: its ids are renumbered before it is written. */
static cairo_status_t write_text(void *canvas, const unsigned char *p, unsigned int n)
{
    hgi_canvas *c = canvas;
    hgi_text_add_bytes(&c->text, p, n);
    return hgi_text_ok(&c->text) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_NO_MEMORY;
}

static hg_status new_png(hgi_canvas *c, int w, int h)
{
    int stride = cairo_format_stride_for_width(CAIRO_FORMAT_RGB24, w);
    size_t bytes = (size_t)stride * (size_t)h;
    c->pixels = hgi_calloc(&c->ctx->mem, (size_t)h, (size_t)stride);
    if (!c->pixels) return hgi_fail_mem(c->ctx, bytes, "a picture's pixels");
    c->surface =
        cairo_image_surface_create_for_data(c->pixels, CAIRO_FORMAT_RGB24, w, h, stride);
    return cairo_failed(c, cairo_surface_status(c->surface));
}

hg_status hgi_canvas_begin(hgi_canvas *c, double width, double height)
{
    /* The same bounds for all kinds, so that a picture that fits as SVG fits as PNG. */
    double pw = ceil(2 * width), ph = ceil(2 * height);
    if (!(pw <= SIDE_MAX && ph <= SIDE_MAX && pw * ph <= AREA_MAX))
        return hgi_fail(
            c->ctx, HG_ERANGE,
            "%s: the picture would have %.0f x %.0f pixels, expected at most %d "
            "a side and %d million in all: draw less of it",
            c->path, pw, ph, SIDE_MAX, AREA_MAX / 1000000);
    HGI_TRY(hgi_outfile_open(c->ctx, c->path, &c->file));
    c->opened = true;
    cairo_surface_destroy(c->surface);
    c->surface = NULL;
    if (c->kind == PNG) {
        HGI_TRY(new_png(c, (int)pw, (int)ph));
    } else if (c->kind == SVG) {
        c->surface = cairo_svg_surface_create_for_stream(write_text, c, pw / 2, ph / 2);
    } else {
        c->surface = cairo_pdf_surface_create_for_stream(write_file, c, pw / 2, ph / 2);
        cairo_pdf_surface_set_metadata(c->surface, CAIRO_PDF_METADATA_CREATE_DATE,
                                       FIXED_DATE);
    }
    HGI_TRY(cairo_failed(c, cairo_surface_status(c->surface)));
    HGI_TRY(new_pen(c));
    if (c->kind == PNG) cairo_scale(c->cr, 2, 2);
    return HG_OK;
}

/* Finish the surface and hand its bytes to the file. */
static hg_status write_all(hgi_canvas *c)
{
    cairo_status_t s = cairo_status(c->cr);
    if (s == CAIRO_STATUS_SUCCESS && c->kind == PNG)
        s = cairo_surface_write_to_png_stream(c->surface, write_file, c);
    cairo_surface_finish(c->surface);
    if (s == CAIRO_STATUS_SUCCESS) s = cairo_surface_status(c->surface);
    if (c->file.status != HG_OK) return HG_OK; /* commit tells the reason */
    if (!hgi_text_ok(&c->text)) return hgi_fail_mem(c->ctx, c->text.len, "an SVG's text");
    HGI_TRY(cairo_failed(c, s));
    if (c->kind == SVG) return hgi_svg_write(c->ctx, c->text.s, c->text.len, &c->file);
    return HG_OK;
}

hg_status hgi_canvas_end(hgi_canvas *c)
{
    HGI_TRY(write_all(c));
    return hgi_outfile_commit(&c->file);
}

/* ---- text ------------------------------------------------------------------- */

/* Bytes of the UTF-8 character at s, or 0 when there is none; RFC 3629, table 3-7 of the
 * Unicode standard.  cairo would refuse the whole picture for one wrong byte. */
static int utf8_length(const unsigned char *s)
{
    unsigned char lo = 0x80, hi = 0xBF;
    int n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    if (s[0] > 0xF4) return 0;
    if (n <= 1) return n;
    if (s[0] == 0xE0) lo = 0xA0;
    if (s[0] == 0xED) hi = 0x9F;
    if (s[0] == 0xF0) lo = 0x90;
    if (s[0] == 0xF4) hi = 0x8F;
    if (s[1] < lo || s[1] > hi) return 0;
    for (int i = 2; i < n; i++)
        if (s[i] < 0x80 || s[i] > 0xBF) return 0;
    return n;
}

enum { LINE_MAX = 2048 };

/* Copy s as valid UTF-8 without control characters, cut at LINE_MAX bytes. */
static void clean_text(char out[LINE_MAX], const char *s)
{
    size_t at = 0;
    while (*s && at + 4 < LINE_MAX) {
        int n = utf8_length((const unsigned char *)s);
        if (n == 0) {
            memcpy(out + at, "\xEF\xBF\xBD", 3);
            at += 3, s += 1;
        } else if (n == 1 && ((unsigned char)*s < 0x20 || *s == 0x7F)) {
            out[at++] = ' ', s += 1;
        } else {
            memcpy(out + at, s, (size_t)n);
            at += (size_t)n, s += n;
        }
    }
    out[at] = 0;
}

static void set_font(hgi_canvas *c, hgi_font f)
{
    cairo_select_font_face(c->cr, FAMILY, CAIRO_FONT_SLANT_NORMAL,
                           f.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c->cr, f.size);
}

/* The scrap and the sheet have different scales, yet unhinted advances agree. */
double hgi_canvas_text_width(hgi_canvas *c, hgi_font f, const char *s)
{
    char line[LINE_MAX];
    clean_text(line, s);
    cairo_text_extents_t e;
    set_font(c, f);
    cairo_text_extents(c->cr, line, &e);
    return e.x_advance;
}

void hgi_canvas_text(hgi_canvas *c, hgi_font f, double x, double y, hgi_anchor a,
                     const char *s)
{
    char line[LINE_MAX];
    clean_text(line, s);
    x -= hgi_canvas_text_width(c, f, s) * (int)a / 2;
    cairo_move_to(c->cr, x, y);
    cairo_show_text(c->cr, line);
    cairo_new_path(c->cr);
}

void hgi_canvas_text_up(hgi_canvas *c, hgi_font f, double x, double y, hgi_anchor a,
                        const char *s)
{
    cairo_save(c->cr);
    cairo_translate(c->cr, x, y);
    cairo_rotate(c->cr, -1.5707963267948966);
    hgi_canvas_text(c, f, 0, 0, a, s);
    cairo_restore(c->cr);
}

/* ---- shapes ------------------------------------------------------------------ */

void hgi_canvas_ink(hgi_canvas *c, uint32_t rgb, double alpha)
{
    cairo_set_source_rgba(c->cr, (rgb >> 16 & 255) / 255.0, (rgb >> 8 & 255) / 255.0,
                          (rgb & 255) / 255.0, alpha);
}

void hgi_canvas_fill(hgi_canvas *c, double x, double y, double w, double h)
{
    cairo_rectangle(c->cr, x, y, w, h);
    cairo_fill(c->cr);
}

void hgi_canvas_dot(hgi_canvas *c, double x, double y, double radius)
{
    cairo_new_path(c->cr);
    cairo_arc(c->cr, x, y, radius, 0, 6.283185307179586);
    cairo_fill(c->cr);
}

void hgi_canvas_move(hgi_canvas *c, double x, double y) { cairo_move_to(c->cr, x, y); }

void hgi_canvas_line(hgi_canvas *c, double x, double y) { cairo_line_to(c->cr, x, y); }

void hgi_canvas_stroke(hgi_canvas *c, double width, double dash)
{
    cairo_set_line_width(c->cr, width);
    cairo_set_dash(c->cr, &dash, dash > 0 ? 1 : 0, 0);
    cairo_stroke(c->cr);
}

void hgi_canvas_clip(hgi_canvas *c, double x, double y, double w, double h)
{
    cairo_save(c->cr);
    cairo_rectangle(c->cr, x, y, w, h);
    cairo_clip(c->cr);
}

void hgi_canvas_unclip(hgi_canvas *c) { cairo_restore(c->cr); }

/* The image is finished before the caller's pixels may change: SVG and PDF sheets keep
 * a reference, and take their own copy when it is finished. */
void hgi_canvas_image(hgi_canvas *c, double x, double y, const uint32_t *pixels, int w,
                      int h)
{
    cairo_surface_t *image = cairo_image_surface_create_for_data(
        (unsigned char *)pixels, CAIRO_FORMAT_RGB24, w, h, w * 4);
    cairo_save(c->cr);
    cairo_translate(c->cr, x, y);
    cairo_scale(c->cr, 0.5, 0.5);
    cairo_set_source_surface(c->cr, image, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(c->cr), CAIRO_FILTER_NEAREST);
    cairo_paint(c->cr);
    cairo_restore(c->cr);
    cairo_surface_finish(image);
    cairo_surface_destroy(image);
}

#endif
