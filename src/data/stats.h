// SPDX-License-Identifier: MIT
/* Min, max, sum and the first non-finite value of a stream of numbers.
 *
 * The sum runs in eight lanes, lane = position in the stream modulo 8, so that it is as
 * fast as memory and its bits depend on the values alone, never on how the stream was
 * cut: a packed block and a strided view of the same numbers give the same mean.       */
#ifndef HGI_STATS_H
#define HGI_STATS_H

#include "base/base.h"

#define HGI_STATS_LANES 8

typedef struct hgi_stats {
    int64_t count;
    float lo[HGI_STATS_LANES], hi[HGI_STATS_LANES];
    double sum[HGI_STATS_LANES];
    int64_t bad;       /* NaN and Inf seen           */
    int64_t first_bad; /* position of the first, -1  */
    bool bytes;        /* fed u8: these instead of the lanes */
    uint64_t sum_u8;   /* exact                      */
    uint8_t lo_u8, hi_u8;
} hgi_stats;

void hgi_stats_init(hgi_stats *s);
void hgi_stats_f32(hgi_stats *s, int64_t n, const float *x);
void hgi_stats_u8(hgi_stats *s, int64_t n, const uint8_t *x);
/* Of all values fed, which were all f32 or all u8; count > 0.                          */
void hgi_stats_end(const hgi_stats *s, double *min, double *max, double *mean);

#endif
