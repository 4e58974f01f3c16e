// SPDX-License-Identifier: MIT
/* Tiles laid together to the picture that they were cut from; where they overlap, their
 * mean.                                                                                */
#ifndef HGI_STITCH_H
#define HGI_STITCH_H

#include "data/picture.h"

typedef struct hgi_stitch {
    int64_t size[2];
    int channels;
    bool highest;  /* where tiles overlap the highest of theirs, of values from 0 up */
    float *sum;    /* [height][width][channels]; the mean after hgi_stitch_end() */
    float *weight; /* [height][width] */
} hgi_stitch;

/* Errors: HG_ENOMEM. */
hg_status hgi_stitch_begin(hg_ctx *ctx, const int64_t area[2], int channels,
                           hgi_stitch *out);
/* Row `tile` of the picture, as hgi_prep_corner() counts them.                         */
void hgi_stitch_add(hgi_stitch *s, const hgi_prep *p, int64_t tile, const float *row);
void hgi_stitch_end(hgi_stitch *s);
void hgi_stitch_free(const hgi_mem *mem, hgi_stitch *s);

#endif
