// SPDX-License-Identifier: MIT
/* What is asked of whole weights while training, whatever the rows:
 *
 * --max-norm c: after each step a unit's incoming weights w are scaled by c / |w| where |w|
 * is above c.  A tied layer has no weight of its own; its encoder layer's is held.
 *
 * --orthogonal lambda: the gradient of lambda ||M^T M - 1||_F^2 is added to each weight's
 * before the step, M the weight as a matrix [r, c] with c <= r, else M transposed: the
 * columns, or the rows where they are fewer, are drawn towards an orthonormal set.
 *     gM += 4 lambda M (M^T M - 1)        or    gM += 4 lambda (M M^T - 1) M
 *
 * Like weight decay, both are part of the step and of no number that is printed.
 *
 * Source: Srebro & Shraibman, COLT 2005, and Hinton et al., arXiv 1207.0580 (2012), for
 * max-norm; Bansal, Chen, Wang, "Can We Gain More from Orthogonality Regularizations in
 * Training Deep CNNs?", NeurIPS 2018 ("soft orthogonality").                           */
#ifndef HGI_WEIGHTS_H
#define HGI_WEIGHTS_H

#include "model/net.h"

/* One weight tensor, as a matrix and by its units. */
typedef struct hgi_weight {
    const hgi_tensor *tensor;
    int64_t rows, columns; /* of the row-major matrix M */
    /* Weight i of unit u: at u*unit + i/inner*outer_step + i%inner*inner_step.         */
    int64_t units, unit, incoming, inner, inner_step, outer_step;
    hgi_real *gram; /* 4 lambda (M^T M - 1) of the smaller side, NULL: not asked for    */
    hgi_real *turned; /* M^T in the kernels' order, where the rows are fewer, else NULL */
} hgi_weight;

typedef struct hgi_weights {
    const hgi_kernels *k; /* f32 products: a penalty's differences cancel */
    hgi_weight *weight;   /* [count] */
    int64_t count;
    hgi_real *block; /* of all grams and turned weights */
    double max_norm, orthogonal;
    hgi_real *theta, *grad; /* of the trainer */
} hgi_weights;

/* From the options max-norm and orthogonal; count 0 where neither is given.            */
hg_status hgi_weights_new(hg_ctx *ctx, const hg_config *cfg, const hgi_net *net,
                          hgi_weights *out);
void hgi_weights_free(const hgi_mem *mem, hgi_weights *w);
bool hgi_weights_wants_gradient(const hg_config *cfg); /* ... whole */

/* Stages: parallel items, as base/team.h has them; arg: hgi_weights.                   */
int64_t hgi_turn_items(const hgi_weights *w);
void hgi_turn_item(void *arg, int64_t item, int worker);
int64_t hgi_gram_items(const hgi_weights *w);
void hgi_gram_item(void *arg, int64_t item, int worker);
int64_t hgi_orthogonal_items(const hgi_weights *w);
void hgi_orthogonal_item(void *arg, int64_t item, int worker);
int64_t hgi_max_norm_items(const hgi_weights *w);
void hgi_max_norm_item(void *arg, int64_t item, int worker);

#endif
