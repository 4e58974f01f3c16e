// SPDX-License-Identifier: MIT
/* Fitting a mixture of independent choices to codes of bits or of codebook entries: in each
 * component every place of a code takes each of its values with a probability of its own.
 * Work is cut as in em.h, so that the numbers do not depend on the number of threads. */
#ifndef HGI_CHOICES_H
#define HGI_CHOICES_H

#include "base/team.h"
#include "model/mixture.h"

typedef struct hgi_choices {
    hg_ctx *ctx;
    hgi_team *team;
    int64_t n, places, values;
    const int32_t *x; /* [n, places] values 0 .. values-1; the caller's */
    uint64_t seed;
    int64_t k;      /* components of the fit under way; room for `most` */
    int64_t free;   /* probabilities of one component that are not given by others */
    double *share;  /* [n,k] probability that a row is of a component */
    double *row;    /* [n] its log-likelihood; distances while centres are chosen */
    int64_t *label; /* [n] nearest centre */
    double *weight; /* [k] */
    double *table;  /* [k, places, values] logarithms */
} hgi_choices;

/* Memory for up to `most` components.  Free with hgi_choices_free(), also on failure. */
hg_status hgi_choices_new(hg_ctx *ctx, const int32_t *x, int64_t n, int64_t places,
                          int64_t values, int64_t most, uint64_t seed, hgi_choices *out);
void hgi_choices_free(hgi_choices *c);
/* Fit k components.  Returns the mean log-likelihood of a row, in nats. */
double hgi_choices_fit(hgi_choices *c, int64_t k);
double hgi_choices_bic(const hgi_choices *c, double mean_log_likelihood);
hg_status hgi_choices_take(const hgi_choices *c, double mean_log_likelihood,
                           hgi_mixture *out);

#endif
