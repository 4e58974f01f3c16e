// SPDX-License-Identifier: MIT
/* The contractive penalty: lambda ||J||_F^2, mean over rows, J = dz/dx of a row's code with
 * regard to the row.  A small J means a code that little changes of the input do not move.
 *
 * One dense layer, z = act(W x + b): the closed form
 *     ||J||^2 = sum_j act'(a_j)^2 ||W_j||^2
 *     dP/da_j += 2 lambda/n act'(a_j) act''(a_j) ||W_j||^2
 *     dP/dW_j += 2 lambda/n W_j sum over rows of act'(a_j)^2
 *
 * Several dense layers: an estimate without bias, from one random direction v of signs a
 * row and epoch, because E ||J v||^2 = tr(J^T J) where E v v^T = 1 (Hutchinson 1990).  J v
 * runs forward beside the rows, layer by layer, t_0 = v:
 *     u = W t_before          t = act'(a) u          P = lambda ||t_last||^2
 * and its gradient back, exact for the v drawn, g_last = 2 lambda/n t_last:
 *     dP/da += act''(a) u g     gu = act'(a) g     gW += gu^T t_before     g_before = gu W
 *
 * Source: Rifai, Vincent, Muller, Glorot, Bengio, "Contractive Auto-Encoders", ICML 2011;
 * Hutchinson, "A Stochastic Estimator of the Trace", Commun. Stat. Simul. 19 (1990).   */
#ifndef HGI_CONTRACT_H
#define HGI_CONTRACT_H

#include "model/net.h"

/* Which layers take part, and their places in a row of the pass's `contract`.  Errors: the
 * encoder has other layers than dense ones.                                            */
hg_status hgi_contract_plan(hg_ctx *ctx, hgi_net *net);

/* The calls of a dense layer; each does nothing where the layer has no part.           */
void hgi_contract_forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1);
/* Behind gz = gy act'(a), in place: adds to gz and to the rows' penalties.             */
void hgi_contract_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1);
void hgi_contract_gradient(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t R,
                           int64_t c, int64_t C, hgi_grad out);
void hgi_contract_penalty(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1);

#endif
