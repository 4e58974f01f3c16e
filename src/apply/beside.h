// SPDX-License-Identifier: MIT
/* What models are held against: rows as they see them, PCA fitted to such rows, labels. */
#ifndef HGI_BESIDE_H
#define HGI_BESIDE_H

#include "model/model.h"

/* x [n, features], in units of the data, as a model sees them; in place. */
void hgi_to_scale(const hgi_scaler *s, int64_t n, float *x);
/* PCA with k components of n scaled rows of d values, `step` rows of x apart. */
hg_status hgi_pca_beside(hg_ctx *ctx, const float *x, int64_t n, int64_t d, int64_t step,
                         int64_t k, hg_model **out);
/* HG_ESHAPE unless labels has one value for each row of data. */
hg_status hgi_check_labels(hg_ctx *ctx, const hg_dataset *labels, const hg_dataset *data);

#endif
