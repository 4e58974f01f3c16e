// SPDX-License-Identifier: MIT
/* See stats.h.  The loops over lanes have a fixed count and no branch, so that a compiler
 * turns each into one vector operation without being allowed to reorder a sum.         */
#include "data/stats.h"

#include <math.h>
#include <string.h>

#define LANES HGI_STATS_LANES
/* 256 blocks of 32 bytes keep a 16-bit lane sum under 65536.                           */
#define U8_LANES 32
#define U8_BLOCKS 256

void hgi_stats_init(hgi_stats *s)
{
    memset(s, 0, sizeof *s);
    s->first_bad = -1;
    s->lo_u8 = 255;
    for (int j = 0; j < LANES; j++) {
        s->lo[j] = INFINITY;
        s->hi[j] = -INFINITY;
    }
}

/* A value on its own, into the lane that its position says. */
static void feed_one(hgi_stats *s, float v)
{
    int j = (int)(s->count % LANES);
    if (!isfinite(v)) {
        if (s->first_bad < 0) s->first_bad = s->count;
        s->bad++;
    }
    s->lo[j] = v < s->lo[j] ? v : s->lo[j];
    s->hi[j] = v > s->hi[j] ? v : s->hi[j];
    s->sum[j] += (double)v;
    s->count++;
}

/* Whole groups of LANES values.  Returns false when one of them is not finite.         */
static bool feed_groups(hgi_stats *s, int64_t groups, const float *x)
{
    float lo[LANES], hi[LANES], zero[LANES] = {0};
    double sum[LANES];
    memcpy(lo, s->lo, sizeof lo);
    memcpy(hi, s->hi, sizeof hi);
    memcpy(sum, s->sum, sizeof sum);
    for (int64_t g = 0; g < groups; g++, x += LANES) {
        for (int j = 0; j < LANES; j++) {
            lo[j] = x[j] < lo[j] ? x[j] : lo[j];
            hi[j] = x[j] > hi[j] ? x[j] : hi[j];
            zero[j] += x[j] * 0.0f; /* NaN as soon as a value is not finite */
        }
        for (int j = 0; j < LANES; j++) sum[j] += (double)x[j];
    }
    bool finite = true;
    for (int j = 0; j < LANES; j++) finite = finite && !isnan(zero[j]);
    if (!finite) return false;
    memcpy(s->lo, lo, sizeof lo);
    memcpy(s->hi, hi, sizeof hi);
    memcpy(s->sum, sum, sizeof sum);
    s->count += groups * LANES;
    return true;
}

/* Single values up to a multiple of LANES, groups, single values again.  A group with a NaN
 * is fed again one by one, to find which it was. */
void hgi_stats_f32(hgi_stats *s, int64_t n, const float *x)
{
    int64_t i = 0;
    while (i < n && s->count % LANES != 0) feed_one(s, x[i++]);
    while (n - i >= LANES) {
        int64_t groups = hgi_min((n - i) / LANES, 1024);
        if (!feed_groups(s, groups, x + i)) {
            for (int64_t k = 0; k < groups * LANES; k++) feed_one(s, x[i + k]);
        }
        i += groups * LANES;
    }
    while (i < n) feed_one(s, x[i++]);
}

/* Bytes need no fixed order: their sum is exact. */
static void feed_blocks_u8(hgi_stats *s, int64_t blocks, const uint8_t *x)
{
    uint8_t lo[U8_LANES], hi[U8_LANES];
    uint16_t sum[U8_LANES] = {0};
    memset(lo, 255, sizeof lo);
    memset(hi, 0, sizeof hi);
    for (int64_t b = 0; b < blocks; b++, x += U8_LANES) {
        for (int j = 0; j < U8_LANES; j++) lo[j] = x[j] < lo[j] ? x[j] : lo[j];
        for (int j = 0; j < U8_LANES; j++) hi[j] = x[j] > hi[j] ? x[j] : hi[j];
        for (int j = 0; j < U8_LANES; j++) sum[j] = (uint16_t)(sum[j] + x[j]);
    }
    for (int j = 0; j < U8_LANES; j++) {
        s->lo_u8 = lo[j] < s->lo_u8 ? lo[j] : s->lo_u8;
        s->hi_u8 = hi[j] > s->hi_u8 ? hi[j] : s->hi_u8;
        s->sum_u8 += sum[j];
    }
}

void hgi_stats_u8(hgi_stats *s, int64_t n, const uint8_t *x)
{
    int64_t i = 0;
    while (n - i >= U8_LANES) {
        int64_t blocks = hgi_min((n - i) / U8_LANES, U8_BLOCKS);
        feed_blocks_u8(s, blocks, x + i);
        i += blocks * U8_LANES;
    }
    for (; i < n; i++) {
        s->lo_u8 = x[i] < s->lo_u8 ? x[i] : s->lo_u8;
        s->hi_u8 = x[i] > s->hi_u8 ? x[i] : s->hi_u8;
        s->sum_u8 += x[i];
    }
    s->count += n;
    s->bytes = true;
}

void hgi_stats_end(const hgi_stats *s, double *min, double *max, double *mean)
{
    if (s->bytes) {
        *min = (double)s->lo_u8;
        *max = (double)s->hi_u8;
        *mean = (double)s->sum_u8 / (double)s->count;
        return;
    }
    double sum = 0.0;
    *min = (double)s->lo[0];
    *max = (double)s->hi[0];
    for (int j = 0; j < LANES; j++) {
        *min = (double)s->lo[j] < *min ? (double)s->lo[j] : *min;
        *max = (double)s->hi[j] > *max ? (double)s->hi[j] : *max;
        sum += s->sum[j];
    }
    *mean = sum / (double)s->count;
}
