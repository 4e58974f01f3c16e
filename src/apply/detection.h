// SPDX-License-Identifier: MIT
/* Scores beside labels: what hg_detection holds, for measures and for pictures. */
#ifndef HGI_DETECTION_H
#define HGI_DETECTION_H

#include "metrics/ranking.h"
#include "model/model.h"

struct hg_detection {
    hgi_mem mem;
    int64_t n, anomalies, above;
    double threshold;
    double *score;      /* [n] falling */
    unsigned char *row; /* [n] HGI_RANKED_* */
    double value[HGI_RANKING_COUNT];
    int64_t resamples;
    uint64_t seed, labels; /* labels: their hash, in the order of the rows */
    double *resample;      /* [HGI_RANKING_COUNT, resamples] */
};

static inline hgi_ranking hgi_detection_ranking(const hg_detection *d)
{
    return (hgi_ranking){d->row, d->n, d->anomalies, d->above};
}

#endif
