// SPDX-License-Identifier: MIT
/* Principal components in the scaled units of a model that exists already. */
#ifndef HGI_PCA_H
#define HGI_PCA_H

#include "model/model.h"

/* As hg_pca(), with k components of rows scaled as `like` scales them. */
hg_status hgi_pca_like(hg_ctx *ctx, const hg_model *like, int64_t k,
                       const hg_dataset *data, hg_model **out);

#endif
