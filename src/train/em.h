// SPDX-License-Identifier: MIT
/* Fitting a mixture of normal distributions to codes: expectation and maximisation in
 * double, from a start by k-means (kmeans.c).
 *
 * Work is cut over blocks of rows (who belongs to what) and over components (their means
 * and covariances); each sum runs in the order of the rows in one of them, so that the
 * numbers do not depend on the number of threads. */
#ifndef HGI_EM_H
#define HGI_EM_H

#include "base/team.h"
#include "model/mixture.h"

#define HGI_EM_ROWS 16 /* rows of a block: what one round of vectors holds */

typedef struct hgi_em {
    hg_ctx *ctx;
    hgi_team *team;
    int64_t n, d;           /* rows, values of a code */
    double *x;              /* [n,d] standardised codes */
    double *shift, *spread; /* [d] code = shift + spread x; spread 1 for a constant */
    double *range;          /* [2,d] of the codes */
    uint64_t seed;
    bool full;
    int64_t k;       /* components of the fit under way; room for `most` */
    double *share;   /* [n,k] probability that a row is of a component */
    double *row;     /* [n] its log-likelihood; distances while k-means runs */
    int64_t *label;  /* [n] nearest centre */
    double *weight;  /* [k] */
    double *mean;    /* [k,d] */
    double *factor;  /* [k,d,d] or [k,d]: L, or standard deviations */
    double *inverse; /* the same of L^-1 */
    double *offset;  /* [k] log weight - log det L - d/2 log 2 pi */
    double *scratch; /* [workers][d * HGI_EM_ROWS] */
    double *keep;    /* [k,d] centres of the best start */
    /* After each round of a fit, the share of all that it may take; true: stop.  NULL:
     * nobody asks. */
    bool (*on_round)(void *arg, double share);
    void *arg;
    int64_t from; /* the centre whose distances are asked for; -1: the nearest of all */
} hgi_em;

/* Standardise codes [n,d] and take the memory for up to `most` components, of full
 * covariance when `full`.  Free with hgi_em_free(), also on failure. */
hg_status hgi_em_new(hg_ctx *ctx, const float *codes, int64_t n, int64_t d, int64_t most,
                     bool full, uint64_t seed, hgi_em *out);
void hgi_em_free(hgi_em *e);
/* Fit k components; e->full may be switched off between fits.  Returns the mean
 * log-likelihood of a row, in nats, of the codes as they were given. */
double hgi_em_fit(hgi_em *e, int64_t k);
/* -2 log-likelihood + parameters log n: the lower, the better. */
double hgi_em_bic(const hgi_em *e, double mean_log_likelihood);
/* What was fitted last, in the units of the codes. */
hg_status hgi_em_take(const hgi_em *e, double mean_log_likelihood, hgi_mixture *out);

/* Centres into e->mean and the rows' nearest into e->label: k-means++, then Lloyd's rounds,
 * the best of a few starts.
 * Source   Arthur & Vassilvitskii, "k-means++", SODA 2007. */
void hgi_kmeans(hgi_em *e);

#endif
