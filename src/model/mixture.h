// SPDX-License-Identifier: MIT
/* A mixture of distributions over a model's codes, kept with the model, so that
 * codes can be drawn from it when the data are gone.      K components, d values of a code
 *
 *     p(z) = sum_k weight_k N(z; mean_k, L_k L_k^T)
 *
 * L is kept and not the covariance: it is what drawing needs, and nothing can go wrong when
 * a file is read.  A drawn code is held within what the rows fitted on had, value by value,
 * so that a code of rectified or saturated units stays one.
 *
 * Codes that are no numbers, P bits or P entries of a codebook, have a table instead:
 *     p(z) = sum_k weight_k prod_p table_k[p, z_p]              V values of a place */
#ifndef HGI_MIXTURE_H
#define HGI_MIXTURE_H

#include "model/container.h"

#define HGI_MIXTURE_MOST 4096 /* components */

typedef struct hgi_mixture {
    int64_t components, d;  /* components 0: there is none */
    bool full;              /* L is a triangle, not a diagonal */
    double *weight;         /* [K] sum 1; the start of the one block that all lie in */
    double *mean;           /* [K,d] */
    double *factor;         /* L, lower: [K,d,d]; or its diagonals [K,d] */
    double *range;          /* [2,d] least and largest values of the codes fitted on */
    double *fit;            /* [3] rows; mean log-likelihood of a row, nats; BIC */
    int64_t places, values; /* P, V; 0: normal distributions */
    double *table;          /* [K,P,V] instead of mean, factor and range */
} hgi_mixture;

struct hgi_layer;
/* What a code's choices are: 2 of each bit, or the entries of each part; 0 of others. */
void hgi_mixture_choices(const struct hgi_layer *code, int64_t *places, int64_t *values);

/* All numbers 0.  Errors  HG_ENOMEM. */
hg_status hgi_mixture_new(hg_ctx *ctx, int64_t components, int64_t d, bool full,
                          hgi_mixture *out);
hg_status hgi_mixture_new_choices(hg_ctx *ctx, int64_t components, int64_t places,
                                  int64_t values, hgi_mixture *out);
void hgi_mixture_free(const hgi_mem *mem, hgi_mixture *m);
/* The tensors "mixture.*" of a model file; none for none. */
hg_status hgi_mixture_put(const hgi_mixture *m, hgi_container *c);
/* code is the model's.  Errors  HG_EFORMAT with the tensor. */
hg_status hgi_mixture_get(hg_ctx *ctx, const hgi_container *c,
                          const struct hgi_layer *code, hgi_mixture *out);

#endif
