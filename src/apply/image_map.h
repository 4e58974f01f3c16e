// SPDX-License-Identifier: MIT
/* Maps of the error of an image, and what a map as a whole says.
 *
 * A map is smoothed by a normal distribution of 1/56 of the shorter side (4 pixels of 224,
 * as detectors of defects have it; 0.5 to 8), because a single pixel is noise and a defect
 * is not.  What counts is the mean of the hundredth of its pixels with the largest values:
 * a defect is small beside its image, so that the mean of all pixels would drown it, and
 * the largest alone would be the noise of one. */
#ifndef HGI_IMAGE_MAP_H
#define HGI_IMAGE_MAP_H

#include "base/base.h"

enum { HGI_MAP_REACH = 24 }; /* three times the widest */

/* How an image of this size is looked at. */
typedef struct hgi_image_map {
    int64_t height, width;
    int64_t top; /* pixels that count */
    int64_t reach;
    double weight[HGI_MAP_REACH + 1];
} hgi_image_map;

hgi_image_map hgi_image_map_of(int64_t height, int64_t width);
/* map [height, width], in place; line [the longer side]. */
void hgi_image_smooth(const hgi_image_map *m, double *map, double *line);
/* The mean of the largest; some [top]. */
double hgi_image_top(const hgi_image_map *m, const double *map, double *some);

#endif
