// SPDX-License-Identifier: MIT
/* How scores are distributed, in bins to draw. */
#ifndef HGI_APPLY_PLOT_BINS_H
#define HGI_APPLY_PLOT_BINS_H

#include "apply/detection.h"

enum { HGI_BINS = 63 }; /* at the most */

/* Bins of equal width, one of whose edges is the threshold, and a last one for the rows
 * beyond: one far anomaly would else push all normal rows into a few bins. */
typedef struct hgi_bins {
    bool log;
    int count, threshold; /* bins; the edge that is the threshold, or -1 */
    double lo, width;     /* of the axis: of logarithms where it is logarithmic */
    double first;         /* where the first bin is drawn from */
    int64_t below, above; /* rows in the first and the last bin that lie beyond them */
    /* Of the normal rows, and of the anomalies: per cent in each bin. */
    double share[2][HGI_BINS];
} hgi_bins;

/* All scores of d. */
void hgi_bins_count(const hg_detection *d, hgi_bins *b);
/* The i-th of count + 1 edges, as a score. */
double hgi_bins_edge(const hgi_bins *b, const hg_detection *d, int i);

#endif
