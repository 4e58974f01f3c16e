// SPDX-License-Identifier: MIT
/* Formulas of the metrics. */
#include "metrics/metrics.h"

#include <math.h>

const hgi_metric_row hgi_metric_rows[HGI_METRIC_COUNT] = {
#define ROW(id, name, unit, help) {#name, unit, help},
    HGI_METRIC_MAP(ROW)
#undef ROW
};

static double cross_entropy(double t, double p)
{
    const double edge = 1e-7;
    p = fmin(fmax(p, edge), 1 - edge);
    return -(t * log(p) + (1 - t) * log1p(-p));
}

static double entropy(double t)
{
    double a = t > 0 ? -t * log(t) : 0;
    return a + (t < 1 ? -(1 - t) * log1p(-t) : 0);
}

hgi_row_errors hgi_row_compare(int64_t d, const hgi_real *y, const hgi_real *t,
                               const double *mean, bool unit)
{
    hgi_row_errors e = {.count = d};
    for (int64_t c = 0; c < d; c++) {
        double diff = (double)y[c] - (double)t[c], off = (double)t[c] - mean[c];
        e.square += diff * diff;
        e.absolute += fabs(diff);
        e.variance += off * off;
    }
    for (int64_t c = 0; unit && c < d; c++) {
        e.bce += cross_entropy((double)t[c], (double)y[c]);
        e.bce_floor += entropy((double)t[c]);
    }
    return e;
}

hgi_row_errors hgi_row_compare_known(int64_t d, const hgi_real *y, const hgi_real *t,
                                     const double *mean)
{
    hgi_row_errors e = {0};
    for (int64_t c = 0; c < d; c++) {
        if (isnan(t[c])) continue;
        double diff = (double)y[c] - (double)t[c], off = (double)t[c] - mean[c];
        e.square += diff * diff;
        e.absolute += fabs(diff);
        e.variance += off * off;
        e.count++;
    }
    return e;
}

double hgi_psnr(double mse) { return -10 * log10(mse); }
