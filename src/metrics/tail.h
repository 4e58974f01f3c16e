// SPDX-License-Identifier: MIT
/* How rare a value is that nobody has seen yet: the tail of a sample as a generalised
 * Pareto distribution (peaks over a threshold), and rates within a sample by its order. */
#ifndef HGI_TAIL_H
#define HGI_TAIL_H

#include "base/base.h"

/* The share of values above s is share (1 + shape (s - from) / scale)^(-1/shape) for s over
 * `from`, and share exp(-(s - from) / scale) for shape 0. */
typedef struct hgi_gpd {
    double from, shape, scale, share;
    int64_t rows; /* fitted to; 0: there were too few, or they are all alike */
} hgi_gpd;

/* Of n values in ascending order, their highest tenth at the most. */
hgi_gpd hgi_gpd_fit(int64_t n, const double *ascending);
/* s over from. */
double hgi_gpd_share(const hgi_gpd *g, double s);
/* The value that a share of `rate`, at most g->share, is above. */
double hgi_gpd_quantile(const hgi_gpd *g, double rate);

/* How many of n ascending values are s or higher. */
int64_t hgi_count_from(int64_t n, const double *ascending, double s);
/* A threshold that a new value of the same kind is above with probability `rate`, on
 * average
 * over samples; rate (n + 1) >= 1.  Where rate (n + 1) is not whole it lies between two of
 * the values, so placed that this holds if the tail between them falls exponentially. */
double hgi_rate_threshold(int64_t n, const double *ascending, double rate);

#endif
