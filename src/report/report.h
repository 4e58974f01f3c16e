// SPDX-License-Identifier: MIT
/* Pictures from numbers: PNG, SVG or PDF by the path's ending, drawn with cairo.
 *
 * This room never sees a model.  Written aside and renamed, like every output.
 * Without cairo in the build each call returns HG_EUNAVAILABLE and names the package. */
#ifndef HGI_REPORT_H
#define HGI_REPORT_H

#include "base/base.h"

typedef struct hgi_series {
    const char *label;
    const double *y; /* [n]; NaN leaves a gap */
} hgi_series;

typedef struct hgi_chart_span {
    double from, to; /* of x */
    int64_t series;  /* whose colour it has */
    int64_t lane;    /* from 0, with lanes */
} hgi_chart_span;

typedef struct hgi_chart {
    const char *title, *x_label, *y_label; /* y_label carries the unit */
    const double *x;                       /* [n] */
    int64_t n;
    const hgi_series *series;
    int64_t series_count;
    bool log_x, log_y;
    bool mark_x;       /* ticks of x at the points alone: few values, chosen by hand */
    double y_lo, y_hi; /* ends of the axis, where y_lo < y_hi; else fitting */
    double aspect;     /* height / width where height is 0; 0: 0.625 */
    const hgi_chart_span *spans; /* [span_count] of x, shaded under the lines */
    int64_t span_count;
    int64_t lanes; /* above the frame, where spans of several series have a bar each; 0 */
    int64_t mark;  /* index of x to mark (the best epoch), or -1 */
    const char *mark_label;
    int width, height; /* pixels of a PNG, points of SVG and PDF; 0: 800 x 500 points,
                            which make a PNG of 1600 x 1000 pixels */
    bool dark;
} hgi_chart;
/* Errors   HG_EINVAL no points, an unknown ending; HG_ENONFINITE x, or no value of y that
 *          the axis takes; HG_ERANGE too small or too large a picture; HG_EIO;
 *          HG_ENOMEM. */
hg_status hgi_chart_draw(hg_ctx *ctx, const hgi_chart *c, const char *path);

/* A grid of small images: `bands` lines of tiles over each other, each with a label at its
 * left ("original", "reconstruction"), repeated in blocks when there are more tiles than
 * columns.  Tiles of height 1 are curves instead: small charts with common axes, all bands
 * of a tile over each other in it. */
typedef struct hgi_grid {
    const char *title;
    int64_t height, width,
        channels;    /* of a tile; channels 1 or 3; 1 x width x 1: a curve */
    int64_t tiles;   /* tiles per band */
    int64_t columns; /* tiles per line, 0: fitting */
    int64_t bands;   /* 1 to 4 */
    const char *const *band_labels; /* [bands], entries may be NULL; NULL: none */
    const float *const *values;     /* [bands], each [tiles, height*width*channels];
                                        NaN: a pixel marked in yellow, a gap in a curve */
    double lo, hi;               /* value of black and of white; lo >= hi: the values' */
    bool diverging;              /* lo = -hi: blue, neutral, red, with a colour bar */
    const char *const *captions; /* [tiles] under the last band (over a curve), or NULL */
    const char *const *line_labels; /* one band: left of each line, or NULL */
    bool tight;                     /* images side by side without a gap */
    const char *value_label;        /* beside the colour bar, or the curves' unit */
    const char *x_label;            /* of curves; NULL: "feature" */
    char *const *x_names;           /* [width] of the features of curves; NULL: numbers */
    int image_width; /* pixels of a PNG, points of SVG and PDF; 0: fitting */
    bool dark;
} hgi_grid;
/* Errors   HG_EINVAL no tiles, an unknown ending; HG_ESHAPE channels; HG_ERANGE too large a
 *          picture, or a width that does not hold the columns; HG_EIO; HG_ENOMEM. */
hg_status hgi_grid_draw(hg_ctx *ctx, const hgi_grid *g, const char *path);

/* Points in the plane, in groups with a colour each; a group's name stands in the legend
 * and in the middle of its points. */
typedef struct hgi_scatter {
    const char *title, *x_label, *y_label;
    const double *x, *y; /* [n] finite */
    int64_t n;
    const int *group;         /* [n] or NULL: one colour, no legend */
    const char *const *names; /* [groups] */
    int groups;               /* up to HGI_SCATTER_GROUPS */
    const char *group_label;  /* over the legend */
    bool bare_y;              /* y has no meaning: no numbers */
    int width;                /* pixels of a PNG, points of SVG and PDF; 0: 800 points */
    bool dark;
} hgi_scatter;
#define HGI_SCATTER_GROUPS 20
/* Errors   HG_EINVAL no points, an unknown ending; HG_ERANGE too many groups, too small or
 *          too large a picture; HG_ENONFINITE; HG_EIO; HG_ENOMEM. */
hg_status hgi_scatter_draw(hg_ctx *ctx, const hgi_scatter *s, const char *path);

/* HG_OK when the path's ending is one that can be drawn; else HG_EINVAL with the list. */
hg_status hgi_picture_check(hg_ctx *ctx, const char *path);
/* Version of cairo, NULL in a build without it. */
const char *hgi_picture_backend(void);

#endif
