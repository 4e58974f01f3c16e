// SPDX-License-Identifier: MIT
/* Measures of a ranking in one pass over its rows.
 * Source: ROC AUC as the Mann-Whitney statistic, Hanley & McNeil 1982; average precision as
 * scikit-learn defines it, in steps and not by trapezia (Davis & Goadrich 2006). */
#include "metrics/ranking.h"

#include <math.h>

const hgi_ranking_row hgi_ranking_rows[HGI_RANKING_COUNT] = {
#define ROW(id, name, help) {#name, help},
    HGI_RANKING_MAP(ROW)
#undef ROW
};

/* Of the rows above a place: how many are anomalies, how many are not. */
typedef struct counts {
    double anomalies, normal;
} counts;

/* Precision of nothing is 0, as scikit-learn has it: it found no anomaly. */
static void at_threshold(counts above, counts all, double *out)
{
    const double found = above.anomalies + above.normal;
    const double precision = found > 0 ? above.anomalies / found : 0;
    const double recall = above.anomalies / all.anomalies;
    out[HGI_RANKING_PRECISION] = precision;
    out[HGI_RANKING_RECALL] = recall;
    out[HGI_RANKING_F1] =
        above.anomalies > 0 ? 2 * above.anomalies / (found + all.anomalies) : 0;
    out[HGI_RANKING_FALSE_ALARM_RATE] = above.normal / all.normal;
}

void hgi_ranking_take(const hgi_ranking *r, const uint16_t *weight,
                      double out[HGI_RANKING_COUNT])
{
    counts sum = {0, 0}, group = {0, 0}, above = {0, 0};
    const double wanted = (double)r->anomalies;
    double pairs = 0, steps = 0, top = 0;
    for (int i = 0; i < HGI_RANKING_COUNT; i++) out[i] = (double)NAN;
    for (int64_t i = 0; i < r->n; i++) {
        const double w = weight != NULL ? (double)weight[i] : 1;
        if (r->row[i] & HGI_RANKED_ANOMALY)
            group.anomalies += w;
        else
            group.normal += w;
        if (!(r->row[i] & HGI_RANKED_LAST)) continue;
        /* Each normal row of the group is below the anomalies so far, and below half of the
         * group's own. */
        pairs += group.normal * (sum.anomalies + group.anomalies / 2);
        const double before = sum.anomalies + sum.normal;
        const double here = group.anomalies + group.normal;
        if (before < wanted && here > 0) {
            double share = fmin(1, (wanted - before) / here);
            top += group.anomalies * share;
        }
        sum.anomalies += group.anomalies;
        sum.normal += group.normal;
        if (group.anomalies > 0)
            steps += group.anomalies * sum.anomalies / (before + here);
        if (i < r->above) above = sum;
        group = (counts){0, 0};
    }
    if (sum.anomalies <= 0 || sum.normal <= 0) return;
    out[HGI_RANKING_ROC_AUC] = pairs / (sum.anomalies * sum.normal);
    out[HGI_RANKING_AVERAGE_PRECISION] = steps / sum.anomalies;
    out[HGI_RANKING_PRECISION_AT_N] = top / wanted;
    if (r->above >= 0) at_threshold(above, sum, out);
}

double hgi_quantile(int64_t n, const double *ascending, double q)
{
    const double at = q * (double)(n - 1);
    const int64_t i = (int64_t)at, next = hgi_min(i + 1, n - 1);
    const double f = at - (double)i;
    return (1 - f) * ascending[i] + f * ascending[next];
}
