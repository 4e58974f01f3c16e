// SPDX-License-Identifier: MIT
/* What a net is trained on, for rows that have gone forward: the loss of each row against
 * its target and, with a gradient, dL/dy of the last layer. */
#ifndef HGI_OBJECTIVE_H
#define HGI_OBJECTIVE_H

#include "model/loss.h"
#include "model/net.h"

/* R rows y of the net against t, both [R, outputs], by its loss, without a gradient; sigma
 * is what the pass holds. */
hgi_loss_call hgi_net_loss(const hgi_net *net, const hgi_pass *p, int64_t R,
                           const hgi_real *y, const hgi_real *t);
/* hgi_loss_rows() by the net's loss, which of a table leaves gaps out. */
void hgi_net_loss_rows(const hgi_net *net, const hgi_loss_call *c, double *row_loss);

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

/* What -log p(t | code) has beside the loss of a row t [outputs], nats. */
double hgi_net_constant(const hgi_net *net, const hgi_real *t);
/* Of a loss that has one: sigma, the root mean square over outputs. */
double hgi_net_sigma(const hgi_net *net, const hgi_real *theta);

/* The mean over samples of what a row has at loss. */
double hgi_objective_mean(const hgi_pass *p, const double *loss, int64_t row);

#endif
