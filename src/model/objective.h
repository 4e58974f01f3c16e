// SPDX-License-Identifier: MIT
/* What a net is trained on, for rows that have gone forward: the loss of each row against
 * its target and, with a gradient, dL/dy of the last layer. */
#ifndef HGI_OBJECTIVE_H
#define HGI_OBJECTIVE_H

#include "model/net.h"

/* For rows [r0, r1) of the pass, which has seen the whole net forward.
 * target [n, outputs]; loss [n, samples] is written: of each sample the loss summed over
 * features.  Where a code is drawn several times, p->penalty and p->share are settled here.
 * `gradient`: the last layer's gy too, of the mean over n rows. */
void hgi_objective_rows(const hgi_net *net, const hgi_pass *p, int64_t r0, int64_t r1,
                        const hgi_real *target, bool gradient, double *loss);

/* loss [n, samples] of rows [0, n): -log p(target | code) of each sample in nats, constants
 * included, whatever else the objective has. */
void hgi_likelihood_rows(const hgi_net *net, const hgi_pass *p, int64_t n,
                         const hgi_real *target, double *loss);

/* The mean over samples of what a row has at loss. */
double hgi_objective_mean(const hgi_pass *p, const double *loss, int64_t row);

#endif
