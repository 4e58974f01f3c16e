// SPDX-License-Identifier: MIT
/* Colours of pictures, light and dark, as 0xRRGGBB. */
#ifndef HGI_THEME_H
#define HGI_THEME_H

#include "base/base.h"

#define HGI_SERIES_COLOURS 6
#define HGI_GROUP_COLOURS 10

typedef struct hgi_theme {
    uint32_t paper, ink; /* background, text of titles and labels */
    uint32_t soft;       /* text of ticks and captions */
    uint32_t grid, axis;
    uint32_t missing; /* a pixel that is NaN: a hue that no map here has */
    uint32_t series[HGI_SERIES_COLOURS];
    uint32_t group[HGI_GROUP_COLOURS]; /* of points, fewer to tell apart than lines */
} hgi_theme;

const hgi_theme *hgi_theme_of(bool dark);

/* t in [0, 1], clamped: black to white. */
uint32_t hgi_map_grey(double t);
/* t in [-1, 1], clamped: blue, the paper's side of neutral, red. */
uint32_t hgi_map_diverging(double t, bool dark);

#endif
