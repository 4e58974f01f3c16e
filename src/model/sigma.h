// SPDX-License-Identifier: MIT
/* What the loss asks of the layer that has its sigma: see layer_sigma.c. */
#ifndef HGI_MODEL_SIGMA_H
#define HGI_MODEL_SIGMA_H

#include "model/layer.h"
#include "model/loss.h"

extern const hgi_layer_kind hgi_layer_sigma;

/* "one" or "feature". */
const char *hgi_sigma_each(const hgi_layer *l);
/* log sigma of output c, held to its least. */
double hgi_sigma_log(const hgi_layer *l, const hgi_real *theta, int64_t c);
/* As the loss takes it; `inverse` is what prepare left in the pass. */
hgi_sigma hgi_sigma_of(const hgi_layer *l, const hgi_pass *p);

#endif
