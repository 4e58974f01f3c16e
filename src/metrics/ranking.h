// SPDX-License-Identifier: MIT
/* How well scores tell anomalies from normal rows, by the order of the scores alone, and at
 * a threshold.  docs/metrics.md has each formula.
 *
 * Rows stand by falling score, and those of one score are a group: what depends on the
 * order within a group is taken as its mean over all orders, so that ties are neither luck
 * nor loss.  A row may count several times, or not at all: a resample of the bootstrap. */
#ifndef HGI_RANKING_H
#define HGI_RANKING_H

#include "base/base.h"

/* name, help */
#define HGI_RANKING_MAP(X)                                                               \
    X(ROC_AUC, roc_auc, "how often an anomaly scores higher than a normal row")          \
    X(AVERAGE_PRECISION, average_precision,                                              \
      "area under precision over recall, in steps")                                      \
    X(PRECISION_AT_N, precision_at_n,                                                    \
      "share of anomalies among as many highest scores as there are anomalies")          \
    X(PRECISION, precision, "share of anomalies among the rows above the threshold")     \
    X(RECALL, recall, "share of the anomalies above the threshold")                      \
    X(F1, f1, "harmonic mean of precision and recall")                                   \
    X(FALSE_ALARM_RATE, false_alarm_rate, "share of the normal rows above the threshold")

typedef enum hgi_ranking_measure {
#define HGI_RANKING_ROW(id, name, help) HGI_RANKING_##id,
    HGI_RANKING_MAP(HGI_RANKING_ROW)
#undef HGI_RANKING_ROW
        HGI_RANKING_COUNT
} hgi_ranking_measure;

typedef struct hgi_ranking_row {
    const char *name, *help;
} hgi_ranking_row;
extern const hgi_ranking_row hgi_ranking_rows[HGI_RANKING_COUNT];

enum { HGI_RANKED_ANOMALY = 1, HGI_RANKED_LAST = 2 }; /* last: of its group */

typedef struct hgi_ranking {
    const unsigned char *row; /* [n] by falling score: HGI_RANKED_* */
    int64_t n, anomalies;
    int64_t above; /* rows above the threshold, whole groups; -1: there is none */
} hgi_ranking;

/* weight [n]: how often each row counts, the anomalies' adding up to `anomalies`; NULL:
 * each once.  What is not defined is NaN. */
void hgi_ranking_take(const hgi_ranking *r, const uint16_t *weight,
                      double out[HGI_RANKING_COUNT]);

/* The q-quantile of n ascending values, between two of them in proportion. */
double hgi_quantile(int64_t n, const double *ascending, double q);

#endif
