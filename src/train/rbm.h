// SPDX-License-Identifier: MIT
/* A restricted Boltzmann machine: d visible and h hidden units, all of one kind on a side,
 *
 *     E(v, h) = V(v) - b.h + H(h) - h.W v        W [h,d]  a [d]  b [h]
 *
 *     kind       mean given input x   drawn                         V or H
 *     binary     1 / (1 + exp(-x))    1 with that probability       -a.v, 0
 *     gaussian   x                    x + N(0, 1)                   |v - a|^2 / 2, h^2 / 2
 *     relu       max(x, 0)            max(0, x + N(0, 1/(1+e^-x)))  as gaussian, v >= 0
 *
 * with x = b + W v for a hidden unit and a + W^T h for a visible one.  relu is the noisy
 * rectified unit: many binary units of one weight and biases b - 1/2, b - 3/2, ...
 *
 * Sources: Hinton, "A practical guide to training restricted Boltzmann machines", 2010;
 * Tieleman, "Training RBMs using approximations to the likelihood gradient", ICML 2008
 * (persistent chains); Nair & Hinton, "Rectified linear units improve RBMs", ICML 2010. */
#ifndef HGI_RBM_H
#define HGI_RBM_H

#include "base/team.h"
#include "kernels/kernels.h"

typedef enum hgi_rbm_unit {
    HGI_UNIT_BINARY,
    HGI_UNIT_GAUSSIAN,
    HGI_UNIT_RELU
} hgi_rbm_unit;

enum { HGI_RBM_STEPS = 1000 };

typedef struct hgi_rbm_options {
    const hgi_kernels *k;
    hgi_team *team;
    int64_t d, h;
    hgi_rbm_unit visible, hidden;
    hgi_real *W, *b; /* the caller's, trained in place; 64-byte aligned or not */
    int64_t rows;    /* of a step, at the most */
    int64_t steps;   /* of a chain, 1 to HGI_RBM_STEPS */
    bool persistent; /* chains go on from step to step, else each starts at its row */
    uint64_t seed;
    int64_t level; /* random numbers of different levels are different */
    /* Rows of data are mostly zeros: room for the lists of a step's; NULL: they are not. */
    const hgi_sparse *zeros;
    /* Write these rows of the data to x [n,d]. */
    void (*fill)(void *arg, const int64_t *rows, int64_t n, hgi_real *x, int worker);
    void *arg;
} hgi_rbm_options;

typedef struct hgi_rbm {
    hgi_mem mem;
    hgi_rbm_options o;
    hgi_real *a;            /* [d] */
    hgi_real *vW, *va, *vb; /* velocities of the momentum */
    hgi_real *v;            /* [2 rows, d]: the data, then the ends of their chains */
    hgi_real *s;            /* [2 rows, h]: hidden means of those, of the data times -1 */
    hgi_real *mean;         /* [rows, d] of visible units that are drawn, or NULL */
    hgi_real *state, *chain; /* [rows, h] drawn hidden units; of persistent chains */
    hgi_real *forward,
        *back;            /* W in the kernels' order, for products with v and with h */
    hgi_real **scratch;   /* [workers] a tile of the gradient */
    double *error;        /* [rows] */
    bool packed, started; /* W is; chains are there */
    /* the step under way */
    const int64_t *row;
    int64_t n, chunk, seen;
    uint32_t epoch;
    hgi_step step_weight, step_bias;
    hgi_real *block;
} hgi_rbm;

typedef struct hgi_rbm_rate {
    double lr, momentum, weight_decay;
} hgi_rbm_rate;

/* Everything zero but W, which the caller sets or hgi_rbm_init() does. */
hg_status hgi_rbm_new(hg_ctx *ctx, const hgi_rbm_options *options, hgi_rbm *out);
void hgi_rbm_free(hgi_rbm *r);
/* W from N(0, 0.01), b = 0, and a so that visible units without hidden ones have the means
 * mean [d] of the data (section 8 of the guide). */
void hgi_rbm_init(hgi_rbm *r, const double *mean);
/* One step on the rows row[0..n-1], whose numbers key the draws.  Returns the squared error
 * of the first reconstruction, a mean over values; persistent: of the first rows alone,
 * because a reconstruction of the data is a product more there. */
double hgi_rbm_step(hgi_rbm *r, const int64_t *row, int64_t n, uint32_t epoch,
                    const hgi_rbm_rate *rate);

/* x [n,h] = b + v W^T, once W is packed, which hgi_rbm_pack() sees to. */
void hgi_rbm_inputs(const hgi_rbm *r, int64_t n, const hgi_real *v, hgi_real *x);
void hgi_rbm_pack(hgi_rbm *r);
/* Mean free energy of rows v [n,d]:  V(v) - sum_j log of the sum (integral) of
 * exp(x_j h - H(h)) over h. */
double hgi_rbm_free_energy(hgi_rbm *r, const hgi_real *v, int64_t n);
/* Mean over the rows, rounded to 0 and 1, of the estimate of log pseudo-likelihood in nats
 * a row: d log p(v_i | the others), i drawn; NaN for visible units that are not binary. */
double hgi_rbm_pseudo(hgi_rbm *r, const hgi_real *v, int64_t n, uint32_t epoch);

#endif
