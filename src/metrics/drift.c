// SPDX-License-Identifier: MIT
/* Two-sample Kolmogorov-Smirnov test in one pass.
 * Source: Smirnov 1948; the correction for small samples is Stephens 1970, as in "Numerical
 * Recipes", section 14.3. */
#include "metrics/drift.h"

#include <math.h>
#include <string.h>

void hgi_drift_open(hgi_drift *d, int64_t n, const double *ascending)
{
    memset(d, 0, sizeof *d);
    d->first = n;
    d->middle = (ascending[(n - 1) / 2] + ascending[n / 2]) / 2;
    const int64_t points = hgi_min(n, HGI_DRIFT_POINTS);
    for (int64_t k = 0; k < points; k++) {
        int64_t at = (k + 1) * n / points - 1; /* the last one is the highest */
        /* Equal values are one point, and all of them are at or below it. */
        while (at + 1 < n && ascending[at + 1] <= ascending[at]) at++;
        if (d->points > 0 && ascending[at] <= d->point[d->points - 1]) continue;
        d->point[d->points] = ascending[at];
        d->share[d->points++] = (double)(at + 1) / (double)n;
    }
}

/* How many points are below v: as many steps for each value, none of them a guess for the
 * processor's branch prediction. */
static int64_t place_of(const hgi_drift *d, double v)
{
    const double *base = d->point;
    int64_t n = d->points;
    while (n > 1) {
        int64_t half = n / 2;
        base = base[half - 1] < v ? base + half : base;
        n -= half;
    }
    return base - d->point + (base[0] < v);
}

void hgi_drift_add(hgi_drift *d, int64_t n, const double *value)
{
    for (int64_t i = 0; i < n; i++) {
        d->count[place_of(d, value[i])]++;
        d->over += value[i] > d->middle;
    }
    d->second += n;
}

double hgi_drift_distance(const hgi_drift *d)
{
    double most = 0;
    int64_t sum = 0;
    if (d->second == 0) return 0;
    for (int64_t i = 0; i < d->points; i++) {
        sum += d->count[i];
        most = fmax(most, fabs((double)sum / (double)d->second - d->share[i]));
    }
    return most;
}

/* Q(x) = 2 sum_k (-1)^(k-1) exp(-2 k^2 x^2).  The series is of no use near 0, where Q is 1
 * to all digits that count. */
double hgi_ks_p_value(double distance, int64_t n, int64_t m)
{
    if (n < 1 || m < 1) return 1;
    const double root = sqrt((double)n * ((double)m / ((double)n + (double)m)));
    const double x = (root + 0.12 + 0.11 / root) * distance;
    double sum = 0, sign = 1;
    if (x < 0.2) return 1;
    for (int k = 1; k <= 100; k++, sign = -sign) {
        const double term = exp(-2.0 * k * k * x * x);
        sum += sign * term;
        if (term < 1e-17) break;
    }
    return fmin(fmax(2 * sum, 0), 1);
}
