// SPDX-License-Identifier: MIT
/* Tiles that are images, magnified by a whole factor, so that their pixels stay sharp.
 *
 * The magnification is done here and not by cairo: an SVG's viewer may smooth what it
 * enlarges.  One half point is one pixel of a PNG; factors and gaps are in those. */
#include "report/grid.h"

#include <math.h>

enum {
    CONTENT = 1400,     /* half points that tiles fill when the width is free */
    TILE_LARGEST = 224, /* a side of a magnified tile, when it is not larger itself */
    COLUMNS = 10,
    BAR_STEPS = 5
};

#define GAP 4.0       /* between tiles, points */
#define LINE_GAP 14.0 /* between lines of several bands */
#define BAR_WIDTH 12.0
#define BAR_LOWEST 90.0

typedef struct images {
    hgi_sheet *s;
    int64_t factor;
    double side;       /* room for band labels at the left */
    bool turned;       /* band labels run upwards */
    hgi_label *labels; /* [bands], or of the lines */
    double gap;        /* between tiles */
    hgi_font caption;
    double caption_h;
    bool has_bar;
    hgi_axis bar;
    double bar_room, bar_h;
    uint32_t *pixels; /* of one tile, or of the bar */
} images;

/* ---- layout ------------------------------------------------------------------- */

/* What stands at the left: a band's name in each line, or a line's own. */
static const char *side_name(const hgi_sheet *s, int64_t i)
{
    const hgi_grid *g = s->grid;
    if (g->line_labels) return g->line_labels[i];
    return g->band_labels ? g->band_labels[i] : NULL;
}

static int64_t side_names(const hgi_sheet *s)
{
    return s->grid->line_labels ? s->lines : s->grid->bands;
}

/* The room at the left goes by the longest name. */
static double widest_name(images *m, hgi_font f)
{
    double widest = 0;
    for (int64_t b = 0; b < side_names(m->s); b++) {
        const char *name = side_name(m->s, b);
        if (name) widest = fmax(widest, hgi_canvas_text_width(m->s->canvas, f, name));
    }
    return widest;
}

/* The bar's numbers stand at the right of it, its label turned beside them. */
static void fit_bar(images *m)
{
    const hgi_grid *g = m->s->grid;
    m->has_bar = g->diverging || (g->value_label && g->channels == 1);
    if (!m->has_bar) return;
    m->bar.lo = m->s->lo;
    m->bar.hi = m->s->hi;
    hgi_axis_ticks(&m->bar, BAR_STEPS, false);
    double numbers = hgi_ticks_width(m->s->canvas, HGI_GRID_SMALL, &m->bar);
    double power = hgi_tick_width(m->s->canvas, HGI_GRID_SMALL, &m->bar.power);
    m->bar_room = 16 + fmax(BAR_WIDTH + 7 + numbers, power);
    if (g->value_label) m->bar_room += 8 + HGI_GRID_TEXT.size;
}

/* Columns and factor for `room` points of tiles; factor 0 when not even one pixel fits. */
static void fit_tiles(images *m, double room)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    const int64_t gap = (int64_t)(2 * m->gap), have = (int64_t)floor(2 * room) + gap;
    s->columns = g->columns;
    if (s->columns == 0) {
        int64_t wanted = COLUMNS;
        if (g->bands == 1) /* many single tiles: towards a square, up to twice as many */
            wanted = hgi_min(2 * COLUMNS, (int64_t)ceil(sqrt((double)g->tiles)));
        s->columns =
            hgi_min(hgi_max(wanted, COLUMNS), hgi_max(have / (g->width + gap), 1));
    }
    s->columns = hgi_min(s->columns, g->tiles);
    /* Whole factors only: a pixel of the image is a square of pixels. */
    m->factor = (have / s->columns - gap) / g->width;
    m->factor =
        hgi_min(m->factor, hgi_max(TILE_LARGEST / hgi_max(g->width, g->height), 1));
    if (g->image_width == 0) m->factor = hgi_max(m->factor, 1);
}

/* From the factor everything else follows. */
static void set_tiles(images *m)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    s->tile_w = (double)(g->width * m->factor) / 2;
    s->tile_h = (double)(g->height * m->factor) / 2;
    s->step_x = s->tile_w + m->gap;
    s->lines = hgi_ceil_div(g->tiles, s->columns);
}

/* Band labels lie flat while they are short beside the tiles, and turn when they fit the
 * tiles' height; long ones are shortened. */
static void fit_bands(images *m, double room)
{
    hgi_sheet *s = m->s;
    hgi_font f = HGI_GRID_TEXT;
    double widest = widest_name(m, f);
    m->side = 0;
    if (widest == 0) return;
    m->turned = widest > fmax(0.2 * room, 60) && widest <= 1.25 * s->tile_h;
    double limit = m->turned ? s->tile_h : fmax(0.3 * room, 60);
    for (int64_t b = 0; b < side_names(s); b++)
        hgi_label_fit(s->canvas, &m->labels[b], f, side_name(s, b), limit, 1);
    m->side = 10 + (m->turned ? f.size : fmin(widest, limit));
}

/* One size for all captions: the widest decides, down to a size that can be read. */
static void fit_captions(images *m)
{
    hgi_sheet *s = m->s;
    m->caption = HGI_GRID_SMALL;
    if (!s->grid->captions) return;
    double widest = 0;
    for (int64_t i = 0; i < s->grid->tiles; i++)
        if (s->grid->captions[i])
            widest = fmax(widest, hgi_canvas_text_width(s->canvas, m->caption,
                                                        s->grid->captions[i]));
    double room = s->step_x - 7;
    if (widest > room) m->caption.size *= fmax(0.75, room / widest);
    m->caption_h = 1.45 * m->caption.size;
}

static hg_status lay_out(images *m)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    fit_bar(m);
    double outer = 2 * HGI_GRID_PAD + m->bar_room, asked = hgi_sheet_asked(s);
    double room = g->image_width > 0 ? asked - outer : CONTENT / 2.0;
    /* A label's turn depends on the tiles, and the tiles on the label's room: fit twice. */
    for (int pass = 0; pass < 2; pass++) {
        fit_tiles(m, g->image_width > 0 ? room - m->side : room);
        if (m->factor < 1)
            return hgi_fail(
                s->ctx, HG_ERANGE,
                "%s: a width of %d does not hold %lld columns of %lld pixels: "
                "ask for fewer columns or a larger width",
                s->path, g->image_width, (long long)s->columns, (long long)g->width);
        set_tiles(m);
        fit_bands(m, room);
    }
    fit_captions(m);
    double content = (double)s->columns * s->step_x - m->gap;
    s->left = hgi_snap(HGI_GRID_PAD + m->side);
    hgi_sheet_widen(s, s->left + content + m->bar_room + HGI_GRID_PAD);
    /* Pairs must read as pairs: the lines of one block stand nearer than the blocks. */
    double line_gap =
        g->bands > 1 && m->caption_h == 0 ? LINE_GAP : m->gap + m->caption_h / 4;
    s->step_y = hgi_snap((double)g->bands * (s->tile_h + m->gap) - m->gap + m->caption_h +
                         line_gap);
    double tall = (double)s->lines * s->step_y - line_gap;
    double above = m->bar.power.text[0] ? 1.6 * HGI_GRID_SMALL.size : 0;
    m->bar_h = hgi_snap(fmin(fmax(tall - m->caption_h - above, BAR_LOWEST), 260));
    s->height = s->top + fmax(tall, m->has_bar ? m->bar_h + above : 0) + HGI_GRID_PAD;
    return HG_OK;
}

/* ---- drawing ------------------------------------------------------------------ */

/* NaN is neither dark nor bright: it gets a hue of its own. */
static uint32_t colour_at(const hgi_sheet *s, const float *v)
{
    const hgi_grid *g = s->grid;
    uint32_t rgb = 0;
    if (g->diverging)
        return isnan(v[0]) ? s->theme->missing
                           : hgi_map_diverging((double)v[0] / s->hi, g->dark);
    for (int64_t ch = 0; ch < 3; ch++) {
        double x = (double)v[g->channels == 3 ? ch : 0];
        if (isnan(x)) return s->theme->missing;
        rgb = rgb << 8 | (hgi_map_grey((x - s->lo) / (s->hi - s->lo)) & 255);
    }
    return rgb;
}

/* The frame is a hair wider than the image, so that a white image on white paper and a
 * black one on black still have edges. */
static void draw_tile(images *m, double x, double y, const float *v)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    int64_t k = m->factor, w = g->width * k, h = g->height * k;
    for (int64_t row = 0; row < h; row++)
        for (int64_t col = 0; col < w; col++) {
            int64_t at = row / k * g->width + col / k;
            bool seen = row % k || col % k; /* this pixel's colour is there already */
            m->pixels[row * w + col] = seen ? m->pixels[row / k * k * w + col / k * k]
                                            : colour_at(s, v + at * g->channels);
        }
    hgi_canvas_ink(s->canvas, s->theme->grid, 1);
    if (!g->tight)
        hgi_canvas_fill(s->canvas, x - 0.5, y - 0.5, s->tile_w + 1, s->tile_h + 1);
    hgi_canvas_image(s->canvas, x, y, m->pixels, (int)w, (int)h);
}

static void draw_name(images *m, double y, int64_t which)
{
    hgi_sheet *s = m->s;
    const hgi_label *l = &m->labels[which];
    if (l->lines == 0) return;
    hgi_canvas_ink(s->canvas, s->theme->ink, 1);
    double x = s->left - 10, middle = y + s->tile_h / 2;
    if (m->turned)
        hgi_canvas_text_up(s->canvas, l->font, x, middle, HGI_CENTRE, l->line[0]);
    else
        hgi_label_draw(s->canvas, l, x, middle - l->font.size * HGI_CAP / 2, HGI_RIGHT);
}

static void draw_caption(images *m, double x, double y, const char *text)
{
    hgi_sheet *s = m->s;
    hgi_label l;
    hgi_label_fit(s->canvas, &l, m->caption, text, s->step_x, 1);
    hgi_canvas_ink(s->canvas, s->theme->soft, 1);
    hgi_label_draw(s->canvas, &l, x + s->tile_w / 2, y + 4, HGI_CENTRE);
}

/* A line of tiles: each band below the other, the caption under the last. */
static void draw_line(images *m, int64_t line)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    const int64_t size = g->height * g->width * g->channels;
    double top = hgi_snap(s->top + (double)line * s->step_y);
    double bottom = top + (double)g->bands * (s->tile_h + m->gap) - m->gap;
    for (int64_t b = 0; b < g->bands; b++)
        draw_name(m, top + (double)b * (s->tile_h + m->gap), g->line_labels ? line : b);
    for (int64_t j = 0; j < hgi_sheet_tiles(s, line); j++) {
        int64_t tile = line * s->columns + j;
        double x = s->left + (double)j * s->step_x;
        for (int64_t b = 0; b < g->bands; b++)
            draw_tile(m, x, top + (double)b * (s->tile_h + m->gap),
                      g->values[b] + tile * size);
        if (g->captions && g->captions[tile])
            draw_caption(m, x, bottom, g->captions[tile]);
    }
}

static void draw_bar(images *m)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    const hgi_font f = HGI_GRID_SMALL;
    /* The bar is an image too: a gradient of the viewer would be smoothed its own way. */
    int w = (int)(2 * BAR_WIDTH), h = (int)(2 * m->bar_h);
    for (int row = 0; row < h; row++)
        for (int col = 0; col < w; col++) {
            double v = s->hi + (s->lo - s->hi) * row / (h - 1);
            m->pixels[row * w + col] = g->diverging
                                           ? hgi_map_diverging(v / s->hi, g->dark)
                                           : hgi_map_grey((v - s->lo) / (s->hi - s->lo));
        }
    double x = s->left + (double)s->columns * s->step_x - m->gap + 16, y = s->top;
    double right = x - 16 + m->bar_room; /* of the label, and of the numbers without it */
    double numbers = right - (g->value_label ? 8 + HGI_GRID_TEXT.size : 0);
    hgi_canvas_ink(s->canvas, s->theme->soft, 1);
    if (m->bar.power.text[0]) {
        hgi_tick_draw(s->canvas, f, x, y + 0.9 * f.size, HGI_LEFT, &m->bar.power);
        y = hgi_snap(y + 1.6 * f.size);
    }
    for (int i = 0; i < m->bar.count; i++) {
        const hgi_tick *t = &m->bar.ticks[i];
        double at = y + m->bar_h * (1 - hgi_axis_place(&m->bar, t->at));
        hgi_canvas_fill(s->canvas, x + BAR_WIDTH, hgi_snap(at) - 0.5, 4, 1);
        hgi_tick_draw(s->canvas, f, numbers, at + f.size * HGI_CAP / 2, HGI_RIGHT, t);
    }
    hgi_canvas_ink(s->canvas, s->theme->grid, 1);
    hgi_canvas_fill(s->canvas, x - 0.5, y - 0.5, BAR_WIDTH + 1, m->bar_h + 1);
    hgi_canvas_image(s->canvas, x, y, m->pixels, w, h);
    if (!g->value_label) return;
    hgi_label l;
    hgi_label_fit(s->canvas, &l, HGI_GRID_TEXT, g->value_label, m->bar_h, 1);
    hgi_canvas_ink(s->canvas, s->theme->ink, 1);
    hgi_canvas_text_up(s->canvas, l.font, right, y + m->bar_h / 2, HGI_CENTRE, l.line[0]);
}

/* One buffer serves each tile and then the bar. */
static hg_status new_pixels(images *m)
{
    const hgi_grid *g = m->s->grid;
    size_t n = (size_t)(g->width * m->factor) * (size_t)(g->height * m->factor);
    size_t bar = (size_t)(2 * BAR_WIDTH) * (size_t)(2 * m->bar_h);
    if (n < bar) n = bar;
    m->pixels = hgi_alloc(&m->s->ctx->mem, n * sizeof *m->pixels);
    if (m->pixels) return HG_OK;
    return hgi_fail_mem(m->s->ctx, n * sizeof *m->pixels, "a tile's pixels");
}

hg_status hgi_grid_images(hgi_sheet *s)
{
    const hgi_mem *mem = &s->ctx->mem;
    hg_status status = HG_OK;
    images *m = hgi_calloc(mem, 1, sizeof *m);
    if (!m) return hgi_fail_mem(s->ctx, sizeof *m, "a grid");
    m->s = s;
    m->gap = s->grid->tight ? 0 : GAP;
    /* As many lines as tiles at the most. */
    size_t names = (size_t)(s->grid->line_labels ? s->grid->tiles : s->grid->bands);
    m->labels = hgi_calloc(mem, names, sizeof *m->labels);
    if (!m->labels) {
        status = hgi_fail_mem(s->ctx, sizeof *m->labels, "a grid's labels");
        goto done;
    }
    HGI_GOTO(lay_out(m));
    HGI_GOTO(hgi_sheet_begin(s));
    HGI_GOTO(new_pixels(m));
    for (int64_t line = 0; line < s->lines; line++) draw_line(m, line);
    if (m->has_bar) draw_bar(m);
    status = hgi_canvas_end(s->canvas);
done:
    hgi_free(mem, m->pixels);
    hgi_free(mem, m->labels);
    hgi_free(mem, m);
    return status;
}
