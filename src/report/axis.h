// SPDX-License-Identifier: MIT
/* Axes: from a range of numbers to round ticks and their texts.  Draws nothing.
 *
 * Tick texts are made from whole numbers, so they are exact, line up (equal decimals on
 * one axis) and do not depend on the locale. */
#ifndef HGI_AXIS_H
#define HGI_AXIS_H

#include "base/base.h"

#define HGI_TICKS_MAX 128

typedef struct hgi_tick {
    double at;
    char text[48];   /* "" for a minor tick */
    char raised[16]; /* exponent after text, "" for none */
} hgi_tick;

typedef struct hgi_axis {
    double lo, hi;  /* the ends, padding included; lo < hi */
    bool log;       /* then lo > 0 */
    hgi_tick power; /* a factor common to all ticks, "×10" and "−6"; or empty */
    int count;
    hgi_tick ticks[HGI_TICKS_MAX];
} hgi_axis;

/* Can this number stand on such an axis?  Others leave gaps in curves. */
bool hgi_axis_takes(bool log, double v);
/* Ends for data in [lo, hi], both numbers that the axis takes: `pad` is the part of the
 * range left free at each end.  A constant gets room on both sides; a linear range that
 * starts close above zero starts at zero. */
void hgi_axis_range(hgi_axis *a, bool log, double lo, double hi, double pad);
/* About `about` labelled ticks; whole: only at whole numbers. */
void hgi_axis_ticks(hgi_axis *a, int about, bool whole);
/* A tick at each of n values, with its number as text. */
void hgi_axis_ticks_at(hgi_axis *a, int64_t n, const double *at);
/* Where v lies: 0 at lo, 1 at hi; kept within [-1, 2], so that far values stay finite. */
double hgi_axis_place(const hgi_axis *a, double v);

#endif
