// SPDX-License-Identifier: MIT
/* Pictures of maps: colours over a grey picture, and beside it what the colours mean. */
#ifndef HGI_HEAT_PAINT_H
#define HGI_HEAT_PAINT_H

#include "base/base.h"

typedef struct hgi_heat_paint {
    int64_t height, width;   /* of the map */
    const float *map, *grey; /* [height, width]; grey 0 to 255 */
    float scale;             /* the value that has the last colour, above 0 */
    float anchor;     /* below scale: where the colours of an alarm begin; 0: nowhere */
    bool marked;      /* and this is a threshold, to be told beside the colours */
    const char *unit; /* of its numbers */
    bool plain;       /* nothing beside it, and its own size */
} hgi_heat_paint;

/* Height and width of what is painted: small pictures are enlarged, each pixel to a square,
 * until there is something to look at. */
void hgi_heat_size(const hgi_heat_paint *h, int64_t size[2]);
/* rgb [size, 3], 0 to 255. */
void hgi_heat_paint_into(const hgi_heat_paint *h, float *rgb);

#endif
