// SPDX-License-Identifier: MIT
/* Nearest neighbours by brute force: exact, and as fast as matrix products are. */
#ifndef HGI_NEIGHBOURS_H
#define HGI_NEIGHBOURS_H

#include "base/base.h"

/* For each of n rows of query [n,d] the k nearest of rows [m,d] by Euclidean distance,
 * nearest first, of equal ones the first: index [n,k], k <= m.
 * Squared distances are |q|^2 - 2 q.r + |r|^2 in float, after `rows`' mean was taken off
 * both, so that rows far from 0 keep their digits.
 * Errors   HG_ENOMEM; HG_ECANCELED by `watch`, which may be NULL.  Same
 *          result for any number of threads. */
hg_status hgi_neighbours(hg_ctx *ctx, int64_t d, const float *rows, int64_t m,
                         const float *query, int64_t n, int64_t k, int64_t *index,
                         const hgi_watch *watch);

#endif
