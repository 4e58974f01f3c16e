// SPDX-License-Identifier: MIT
/* What the score `image` makes of a row, also for pictures of it. */
#ifndef HGI_SCORE_IMAGE_H
#define HGI_SCORE_IMAGE_H

#include "apply/image_map.h"
#include "apply/score.h"

extern const hgi_score_kind hgi_score_image;

/* Row i's map, smoothed: map [height, width], line [the longer side]. */
void hgi_score_image_map(const hgi_score_state *s, const hgi_score_rows *rows, int64_t i,
                         const hgi_image_map *m, double *map, double *line);

#endif
