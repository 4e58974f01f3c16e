// SPDX-License-Identifier: MIT
/* Grids of tiles: the checks, the range of values, the frame of the picture. */
#include "report/grid.h"

#include <math.h>

enum { BANDS_MAX = 4, SIDE_MAX = 16384, TILES_MAX = 100000 };

/* Bounds before any product of these numbers is made. */
static hg_status check(hg_ctx *ctx, const hgi_grid *g, const char *path)
{
    if (g->tiles < 1 || g->height < 1 || g->width < 1)
        return hgi_fail(ctx, HG_EINVAL, "%s: nothing to draw, expected at least one tile",
                        path);
    if (g->bands < 1 || g->bands > BANDS_MAX)
        return hgi_fail(ctx, HG_EINVAL, "%s: %lld bands, expected 1 to %d", path,
                        (long long)g->bands, BANDS_MAX);
    if (g->channels != 1 && (g->channels != 3 || g->diverging))
        return hgi_fail(ctx, HG_ESHAPE, "%s: tiles of %lld channels, expected %s", path,
                        (long long)g->channels, g->diverging ? "1" : "1 or 3");
    if (g->tiles > TILES_MAX || g->height > SIDE_MAX || g->width > SIDE_MAX)
        return hgi_fail(ctx, HG_ERANGE,
                        "%s: %lld tiles of %lld x %lld, expected at most %d of %d x %d",
                        path, (long long)g->tiles, (long long)g->height,
                        (long long)g->width, TILES_MAX, SIDE_MAX, SIDE_MAX);
    if (g->columns < 0 || g->columns > TILES_MAX || g->image_width < 0)
        return hgi_fail(ctx, HG_EINVAL, "%s: %lld columns in a width of %d", path,
                        (long long)g->columns, g->image_width);
    return HG_OK;
}

/* The range as asked; when lo >= hi, that of the finite values. */
static void set_range(hgi_sheet *s)
{
    const hgi_grid *g = s->grid;
    int64_t n = g->tiles * g->height * g->width * g->channels;
    s->lo = g->lo, s->hi = g->hi;
    if (!(s->lo < s->hi)) {
        s->lo = HUGE_VAL, s->hi = -HUGE_VAL;
        for (int64_t b = 0; b < g->bands; b++)
            for (int64_t i = 0; i < n; i++) {
                double v = (double)g->values[b][i];
                if (!isfinite(v)) continue;
                s->lo = fmin(s->lo, v);
                s->hi = fmax(s->hi, v);
            }
        /* Nothing finite at all: tiles of missing values, on any scale. */
        if (!(s->lo <= s->hi)) s->lo = s->hi = 0;
        if (s->lo == s->hi && g->height > 1) s->hi = s->lo + fmax(fabs(s->lo), 1);
    }
    /* Zero has the middle colour, so both ends are equally far. */
    if (!g->diverging) return;
    s->hi = fmax(fabs(s->lo), fabs(s->hi));
    if (s->hi == 0) s->hi = 1;
    s->lo = -s->hi;
}

double hgi_sheet_asked(const hgi_sheet *s)
{
    return hgi_canvas_points(s->canvas, s->grid->image_width);
}

void hgi_sheet_widen(hgi_sheet *s, double need)
{
    const char *title = s->grid->title ? s->grid->title : "";
    s->width = need;
    if (s->grid->image_width > 0) {
        s->width = hgi_sheet_asked(s);
        s->left += hgi_snap(fmax(0, (s->width - need) / 2));
    } else {
        /* A free width makes room for the title, within reason. */
        double full = hgi_canvas_text_width(s->canvas, HGI_GRID_TITLE, title);
        s->width = fmax(need, fmin(s->left + full + HGI_GRID_PAD, 600));
    }
    hgi_label_fit(s->canvas, &s->title, HGI_GRID_TITLE, title,
                  s->width - s->left - HGI_GRID_PAD, 2);
    s->top = HGI_GRID_PAD;
    if (s->title.lines) s->top = hgi_snap(s->top + hgi_label_height(&s->title) + 8);
}

hg_status hgi_sheet_begin(hgi_sheet *s)
{
    HGI_TRY(hgi_canvas_begin(s->canvas, s->width, s->height));
    hgi_canvas_ink(s->canvas, s->theme->paper, 1);
    hgi_canvas_fill(s->canvas, 0, 0, s->width + 1, s->height + 1);
    hgi_canvas_ink(s->canvas, s->theme->ink, 1);
    hgi_label_draw(s->canvas, &s->title, s->left, HGI_GRID_PAD, HGI_LEFT);
    return HG_OK;
}

int64_t hgi_sheet_tiles(const hgi_sheet *s, int64_t line)
{
    return hgi_min(s->columns, s->grid->tiles - line * s->columns);
}

hg_status hgi_grid_draw(hg_ctx *ctx, const hgi_grid *g, const char *path)
{
    HGI_TRY(hgi_picture_check(ctx, path));
    HGI_TRY(check(ctx, g, path));
    hgi_sheet *s = hgi_calloc(&ctx->mem, 1, sizeof *s);
    if (!s) return hgi_fail_mem(ctx, sizeof *s, "a grid");
    *s = (hgi_sheet){.ctx = ctx, .grid = g, .path = path};
    s->theme = hgi_theme_of(g->dark);
    set_range(s);
    hg_status status = HG_OK;
    HGI_GOTO(hgi_canvas_new(ctx, path, &s->canvas));
    /* A row of colours (channels 3) is a picture one pixel high. */
    bool curves = g->height == 1 && g->channels == 1;
    status = curves ? hgi_grid_curves(s) : hgi_grid_images(s);
done:
    hgi_canvas_free(&s->canvas);
    hgi_free(&ctx->mem, s);
    return status;
}
