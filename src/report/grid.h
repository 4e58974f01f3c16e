// SPDX-License-Identifier: MIT
/* What the two kinds of grids share: images (grid_images.c) and curves (grid_curves.c). */
#ifndef HGI_GRID_H
#define HGI_GRID_H

#include "report/canvas.h"
#include "report/label.h"
#include "report/report.h"
#include "report/theme.h"

/* Margins around everything, and sizes of texts, in points. */
#define HGI_GRID_PAD 16.0
#define HGI_GRID_TITLE ((hgi_font){15, true})
#define HGI_GRID_TEXT ((hgi_font){13, false})
#define HGI_GRID_SMALL ((hgi_font){11, false})

typedef struct hgi_sheet {
    hg_ctx *ctx;
    const hgi_grid *grid;
    const hgi_theme *theme;
    hgi_canvas *canvas;
    const char *path;
    double lo, hi; /* as asked or found; lo < hi */
    int64_t columns, lines;
    double width, height;  /* of the whole picture */
    double left, top;      /* of the first tile */
    double tile_w, tile_h; /* of a tile */
    double step_x, step_y; /* from tile to tile, and from line (of all bands) to line */
    hgi_label title;
} hgi_sheet;

hg_status hgi_grid_images(hgi_sheet *s);
hg_status hgi_grid_curves(hgi_sheet *s);

/* Width of the sheet in points, 0 when free. */
double hgi_sheet_asked(const hgi_sheet *s);
/* Give the sheet its width: as asked, else at least `need` and room for the title, which
 * is then fitted; the tiles are centred in an asked width. */
void hgi_sheet_widen(hgi_sheet *s, double need);
/* Begin the file, draw paper and title. */
hg_status hgi_sheet_begin(hgi_sheet *s);
/* Tiles of line `line`: all columns, or what is left in the last. */
int64_t hgi_sheet_tiles(const hgi_sheet *s, int64_t line);

#endif
