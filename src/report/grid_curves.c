// SPDX-License-Identifier: MIT
/* Tiles that are curves: small charts with common axes, all bands of a tile over each
 * other in it.  Numbers stand at the left and at the bottom only; captions stand above.
 *
 * A table's features have names, which say more than numbers: they run upwards under the
 * lowest tile of each column, and the tiles are made wide enough to set them side by side,
 * so fewer stand in a line.  Where there are more features than room, every second (third,
 * ...) is named.  Numbers are counted from 1, as a table's columns are everywhere else. */
#include "report/curve.h"
#include "report/grid.h"

#include <math.h>

enum { COLUMNS = 5 };

#define CONTENT 700.0 /* points that tiles fill when the width is free */
#define TILE_WIDEST 300.0
#define TILE_NARROWEST 60.0
#define GAP 14.0
#define TICK 4.0 /* length of a tick mark */
#define NAME_FONT ((hgi_font){9.5, false})
#define NAME_STEP 10.5      /* points from name to name */
#define NAMED_HIGHEST 130.0 /* points: a tile with names under it */
#define NAME_LONGEST 130.0  /* points; longer ones are cut */

typedef struct curves {
    hgi_sheet *s;
    hgi_frame frame; /* of the tile being drawn */
    double *x, *y;   /* [width] one curve */
    hgi_label legend[4], x_label, y_label;
    double caption_h;
    int64_t named;  /* every named-th feature has its name; 0: numbers */
    double names_h; /* of the longest name */
} curves;

/* ---- layout ------------------------------------------------------------------- */

/* The legend shares one line under the title. */
static void fit_legend(curves *m)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    for (int64_t b = 0; b < g->bands; b++)
        hgi_label_fit(s->canvas, &m->legend[b], HGI_GRID_TEXT,
                      g->band_labels ? g->band_labels[b] : NULL,
                      (s->width - s->left) / (double)g->bands - 44, 1);
}

/* One band without a name needs none. */
static bool has_legend(const curves *m)
{
    for (int64_t b = 0; b < m->s->grid->bands; b++)
        if (m->legend[b].lines) return true;
    return false;
}

/* A few rows are drawn large, two in a line; more share it. */
static hg_status fit_tiles(curves *m, double margin)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    double asked = hgi_sheet_asked(s);
    double room = g->image_width > 0 ? asked - margin : CONTENT;
    int64_t wanted = g->tiles <= 4 ? hgi_min(g->tiles, 2) : COLUMNS;
    double least = TILE_NARROWEST, widest = TILE_WIDEST;
    if (g->x_names != NULL) {
        /* More names than a line holds are thinned out: see fit_names(). */
        least = fmin(NAME_STEP * (double)g->width, room);
        least = fmax(least, TILE_NARROWEST);
        widest = fmax(widest, least);
    }
    int64_t most = (int64_t)fmax(1, (room + GAP) / (least + GAP));
    s->columns = g->columns ? g->columns : hgi_min(wanted, most);
    s->columns = hgi_min(s->columns, g->tiles);
    double n = (double)s->columns, w = hgi_snap((room - (n - 1) * GAP) / n - 0.25);
    if (g->image_width > 0 && w < TILE_NARROWEST)
        return hgi_fail(s->ctx, HG_ERANGE,
                        "%s: a width of %d does not hold %lld columns of curves: ask for "
                        "fewer columns or a larger width",
                        s->path, g->image_width, (long long)s->columns);
    s->tile_w = fmin(fmax(w, TILE_NARROWEST), widest);
    /* Tiles as wide as their names need not be as high. */
    s->tile_h = hgi_snap(g->x_names != NULL ? fmin(0.62 * s->tile_w, NAMED_HIGHEST)
                                            : 0.62 * s->tile_w);
    s->step_x = s->tile_w + GAP;
    s->lines = hgi_ceil_div(g->tiles, s->columns);
    m->frame.w = s->tile_w;
    m->frame.h = s->tile_h;
    return HG_OK;
}

/* Ticks of x, fewer until neighbours' texts stand apart, across tiles too. */
static void fit_x_ticks(curves *m)
{
    hgi_axis *a = &m->frame.ax;
    double last = (double)m->s->grid->width, room = last > 1 ? 0.02 * (last - 1) : 0.5;
    a->lo = 1 - room;
    a->hi = last + room;
    for (int about = 5; about > 0; about--) {
        hgi_axis_ticks(a, about, true);
        double w = hgi_ticks_width(m->s->canvas, HGI_GRID_SMALL, a);
        if (a->count < 2 || a->count * (w + 10) < m->s->step_x) break;
    }
}

/* Which features are named under a tile, and how much room the longest name takes.  Each
 * has its tick, without a text: the text is drawn upwards. */
static void fit_names(curves *m)
{
    const hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    hgi_axis *a = &m->frame.ax;
    hgi_label l;
    double step = s->tile_w * (a->hi > a->lo ? 1 / (a->hi - a->lo) : 1);
    m->named = (int64_t)fmax(1, ceil(NAME_STEP / step - 0.1));
    m->named = hgi_max(m->named, hgi_ceil_div(g->width, HGI_TICKS_MAX));
    a->count = 0;
    for (int64_t i = 0; i < g->width; i += m->named) {
        a->ticks[a->count++] = (hgi_tick){.at = (double)(i + 1)};
        hgi_label_fit(s->canvas, &l, NAME_FONT, g->x_names[i], NAME_LONGEST, 1);
        m->names_h = fmax(m->names_h, l.width);
    }
}

static hg_status lay_out(curves *m)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    hgi_axis *ay = &m->frame.ay;
    hgi_axis_range(ay, false, s->lo, s->hi, 0.05);
    hgi_axis_ticks(ay, 3, false);
    double numbers = hgi_ticks_width(s->canvas, HGI_GRID_SMALL, ay);
    double label = g->value_label ? HGI_GRID_TEXT.size + 6 : 0;
    s->left = hgi_snap(HGI_GRID_PAD + label + numbers + 8);
    HGI_TRY(fit_tiles(m, s->left + HGI_GRID_PAD));
    hgi_axis_ticks(ay, (int)fmax(2, s->tile_h / 24), false);
    fit_x_ticks(m);
    s->left = hgi_snap(HGI_GRID_PAD + label +
                       hgi_ticks_width(s->canvas, HGI_GRID_SMALL, ay) + 8);
    double content = (double)s->columns * s->step_x - GAP;
    hgi_sheet_widen(s, s->left + content + HGI_GRID_PAD);
    fit_legend(m);
    if (has_legend(m)) s->top = hgi_snap(s->top + HGI_GRID_TEXT.size + 10);
    if (ay->power.text[0]) s->top = hgi_snap(s->top + 1.3 * HGI_GRID_SMALL.size);
    m->caption_h = g->captions ? 1.5 * HGI_GRID_SMALL.size : 0;
    s->step_y = hgi_snap(s->tile_h + GAP + m->caption_h);
    double tall = (double)s->lines * s->step_y - GAP;
    hgi_label_fit(s->canvas, &m->y_label, HGI_GRID_TEXT, g->value_label, tall, 1);
    if (g->x_names != NULL) {
        fit_names(m);
        /* Where the last line is short, names of the line above hang beside it. */
        bool beside = s->lines > 1 && g->tiles % s->columns != 0;
        double last = m->names_h, above = beside ? m->names_h - s->step_y : 0;
        s->height = s->top + tall + TICK + 3 + fmax(last, above) + HGI_GRID_PAD;
        return HG_OK;
    }
    hgi_label_fit(s->canvas, &m->x_label, HGI_GRID_TEXT,
                  g->x_label ? g->x_label : "feature", content, 1);
    s->height = s->top + tall + TICK + 3 + HGI_GRID_SMALL.size + 8 + HGI_GRID_TEXT.size +
                HGI_GRID_PAD;
    return HG_OK;
}

/* ---- drawing ------------------------------------------------------------------ */

/* Swatches and names side by side under the title. */
static void draw_legend(curves *m)
{
    hgi_sheet *s = m->s;
    double x = s->left, y = HGI_GRID_PAD;
    if (s->title.lines) y += hgi_label_height(&s->title) + 8;
    for (int64_t b = 0; b < s->grid->bands; b++) {
        const hgi_label *l = &m->legend[b];
        if (l->lines == 0) continue;
        double middle = y + HGI_GRID_TEXT.size * HGI_CAP / 2;
        hgi_canvas_ink(s->canvas, s->theme->series[b], 1);
        hgi_canvas_move(s->canvas, x + 1, middle);
        hgi_canvas_line(s->canvas, x + 16, middle);
        hgi_canvas_stroke(s->canvas, 2.4, 0);
        hgi_canvas_ink(s->canvas, s->theme->ink, 1);
        hgi_label_draw(s->canvas, l, x + 23, y, HGI_LEFT);
        x += 23 + l->width + 20;
    }
}

/* Axes are common, so their numbers stand once a line and once a column. */
static void draw_numbers(curves *m, bool at_left, bool at_bottom)
{
    hgi_sheet *s = m->s;
    const hgi_frame *f = &m->frame;
    const hgi_font font = HGI_GRID_SMALL;
    hgi_canvas_ink(s->canvas, s->theme->soft, 1);
    for (int i = 0; at_left && i < f->ay.count; i++)
        hgi_tick_draw(s->canvas, font, f->x - 8,
                      hgi_frame_y(f, f->ay.ticks[i].at) + font.size * HGI_CAP / 2,
                      HGI_RIGHT, &f->ay.ticks[i]);
    for (int i = 0; at_bottom && m->named == 0 && i < f->ax.count; i++)
        hgi_tick_draw(s->canvas, font, hgi_frame_x(f, f->ax.ticks[i].at),
                      f->y + f->h + TICK + 3 + font.size * HGI_CAP, HGI_CENTRE,
                      &f->ax.ticks[i]);
}

/* The names of features under the tile, turned, each ending at its tick. */
static void draw_names(curves *m)
{
    const hgi_sheet *s = m->s;
    const hgi_frame *f = &m->frame;
    hgi_canvas_ink(s->canvas, s->theme->soft, 1);
    for (int i = 0; i < f->ax.count; i++) {
        hgi_label l;
        const char *name = s->grid->x_names[(int64_t)i * m->named];
        hgi_label_fit(s->canvas, &l, NAME_FONT, name, NAME_LONGEST, 1);
        hgi_canvas_text_up(s->canvas, l.font,
                           hgi_frame_x(f, f->ax.ticks[i].at) + l.font.size * HGI_CAP / 2,
                           f->y + f->h + TICK + 3, HGI_RIGHT, l.line[0]);
    }
}

static void draw_tile(curves *m, int64_t tile)
{
    hgi_sheet *s = m->s;
    const hgi_grid *g = s->grid;
    int64_t column = tile % s->columns;
    m->frame.x = s->left + (double)column * s->step_x;
    m->frame.y =
        hgi_snap(s->top + (double)(tile / s->columns) * s->step_y + m->caption_h);
    hgi_frame_draw(s->canvas, &m->frame, s->theme, TICK);
    for (int64_t b = 0; b < g->bands; b++) {
        for (int64_t i = 0; i < g->width; i++)
            m->y[i] = (double)g->values[b][tile * g->width + i];
        hgi_canvas_ink(s->canvas, s->theme->series[b], 1);
        hgi_frame_line(s->canvas, &m->frame, m->x, m->y, g->width, 1.5, 0);
    }
    bool lowest = tile + s->columns >= g->tiles;
    draw_numbers(m, column == 0, lowest);
    if (lowest && m->named > 0) draw_names(m);
    if (!g->captions || !g->captions[tile]) return;
    hgi_label l;
    hgi_label_fit(s->canvas, &l, HGI_GRID_SMALL, g->captions[tile], s->tile_w, 1);
    hgi_canvas_ink(s->canvas, s->theme->soft, 1);
    hgi_label_draw(s->canvas, &l, m->frame.x, m->frame.y - m->caption_h, HGI_LEFT);
}

static void draw_axis_labels(curves *m)
{
    hgi_sheet *s = m->s;
    double content = (double)s->columns * s->step_x - GAP;
    double base = s->top + (double)s->lines * s->step_y - GAP;
    hgi_canvas_ink(s->canvas, s->theme->soft, 1);
    hgi_tick_draw(s->canvas, HGI_GRID_SMALL, s->left - 8, s->top - 4, HGI_RIGHT,
                  &m->frame.ay.power);
    hgi_canvas_ink(s->canvas, s->theme->ink, 1);
    if (m->x_label.lines)
        hgi_label_draw(s->canvas, &m->x_label, s->left + content / 2,
                       base + TICK + 3 + HGI_GRID_SMALL.size + 8, HGI_CENTRE);
    if (m->y_label.lines)
        hgi_canvas_text_up(s->canvas, m->y_label.font,
                           HGI_GRID_PAD + HGI_GRID_TEXT.size * HGI_CAP,
                           (s->top + base) / 2, HGI_CENTRE, m->y_label.line[0]);
}

hg_status hgi_grid_curves(hgi_sheet *s)
{
    const hgi_mem *mem = &s->ctx->mem;
    size_t bytes = (size_t)s->grid->width * sizeof(double);
    hg_status status = HG_OK;
    curves *m = hgi_calloc(mem, 1, sizeof *m);
    if (!m) return hgi_fail_mem(s->ctx, sizeof *m, "a grid");
    m->s = s;
    m->x = hgi_alloc(mem, bytes);
    m->y = hgi_alloc(mem, bytes);
    if (!m->x || !m->y) {
        status = hgi_fail_mem(s->ctx, bytes, "a curve");
        goto done;
    }
    for (int64_t i = 0; i < s->grid->width; i++) m->x[i] = (double)(i + 1);
    HGI_GOTO(lay_out(m));
    HGI_GOTO(hgi_sheet_begin(s));
    draw_legend(m);
    /* Tile by tile: one curve's numbers are in memory at a time. */
    for (int64_t tile = 0; tile < s->grid->tiles; tile++) draw_tile(m, tile);
    draw_axis_labels(m);
    status = hgi_canvas_end(s->canvas);
done:
    hgi_free(mem, m->y);
    hgi_free(mem, m->x);
    hgi_free(mem, m);
    return status;
}
