// SPDX-License-Identifier: MIT
/* What evaluate's files share: the measures of one model, and PCA's beside them. */
#ifndef HGI_EVALUATE_H
#define HGI_EVALUATE_H

#include "metrics/metrics.h"
#include "model/model.h"

struct hg_metrics {
    hgi_mem mem;
    double value[HGI_METRIC_COUNT]; /* NaN: does not apply */
    int64_t latents;                /* of a code that is drawn; 0: it is not */
    double *kl, *variance;          /* [latents] */
    hg_metrics *pca;                /* of PCA with as many numbers, or NULL */
};

/* Put PCA's measures beside those of m on data, where PCA has any.  train: the rows that it
 * is fitted to; NULL: two halves of data, each measured by the components of the other. */
hg_status hgi_measure_pca(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                          const hg_dataset *train, hg_metrics *metrics);

#endif
