// SPDX-License-Identifier: MIT
/* Are two samples of one distribution?  The second one is seen a value at a time and never
 * kept: it is counted between a few hundred points of the first.
 *
 * The Kolmogorov-Smirnov distance is looked for at these points alone, so it is at most the
 * true one, and a false alarm at most as likely as the p-value says. */
#ifndef HGI_DRIFT_H
#define HGI_DRIFT_H

#include "base/base.h"

enum { HGI_DRIFT_POINTS = 1000 };

typedef struct hgi_drift {
    int64_t points, first;               /* first: size of the first sample */
    double point[HGI_DRIFT_POINTS];      /* ascending, different ones */
    double share[HGI_DRIFT_POINTS];      /* of the first sample, at or below the point */
    int64_t count[HGI_DRIFT_POINTS + 1]; /* of the second: above one point, at or below
                                            the next */
    double middle;                       /* median of the first sample */
    int64_t over, second;                /* of the second: above it; all */
} hgi_drift;

/* n >= 1 values in ascending order. */
void hgi_drift_open(hgi_drift *d, int64_t n, const double *ascending);
void hgi_drift_add(hgi_drift *d, int64_t n, const double *value);
double hgi_drift_distance(const hgi_drift *d);
/* The probability of a distance as large or larger between samples of n and m values of one
 * distribution. */
double hgi_ks_p_value(double distance, int64_t n, int64_t m);

#endif
