// SPDX-License-Identifier: MIT
/* Losses: one file, loss_<name>.c, and one row in losses.c each.
 *
 * A loss of a row is a sum over features of a function of prediction y and target t, by
 * one kind of the kernel loss(), or what rows() makes of the row as a whole.  A loss that
 * is computed from the value before the last activation (bce from logits, so that it never
 * overflows) asks for that with `fuses`. */
#ifndef HGI_LOSS_H
#define HGI_LOSS_H

#include "kernels/kernels.h"

/* Standard deviations of outputs: one for all, or one a feature. */
typedef struct hgi_sigma {
    int64_t count;           /* 1 or as many as features */
    const hgi_real *inverse; /* [count] 1 / sigma */
    double log_sum;          /* sum of log sigma over features */
} hgi_sigma;

/* Rows y [R, C] against t; g = scale * d(row's loss)/dy unless it is NULL, and with it, of
 * learnt sigma, gs [R, sigma.count] = scale * d(row's loss)/d(log sigma) unless NULL. */
typedef struct hgi_loss_call {
    const hgi_kernels *k;
    hgi_real delta; /* Huber's */
    hgi_real scale;
    int64_t R, C;
    const hgi_real *y, *t;
    int64_t ldy, ldt;
    hgi_real *g; /* may be y */
    int64_t ldg;
    hgi_sigma sigma;
    hgi_real *gs;
} hgi_loss_call;

typedef struct hgi_loss {
    const char *name, *brief;
    const char *output; /* last activation when the decoder is built from sizes */
    hgi_loss_kind kind; /* HGI_LOSS_COUNT where there is rows */
    void (*rows)(const hgi_loss_call *c, double *row_loss);
    bool unit_range; /* targets must lie in [0,1] */
    bool grouped;    /* of a table: words by softmax, columns weigh the same */
    bool likelihood; /* it is -log p(t|z) in nats, if ... */
    bool binary;     /* ... the targets are 0 and 1 alone */
    bool counts;     /* targets are not scaled and >= 0; a likelihood of whole numbers */
    bool has_sigma;  /* takes `sigma`, which may be learnt */
    bool fuses;      /* takes logits: the last activation is sigmoid (then the model
                           outputs probabilities) or linear (then it outputs logits that
                           a sigmoid is added to); any other is an error */
    bool softmax;    /* takes logits of a row's shares: the last activation is linear */
    /* What -log p has beside the loss, a function of the target [d] alone; NULL: 0. */
    double (*constant)(int64_t d, const hgi_real *t);
} hgi_loss;

extern const hgi_loss *const hgi_losses[]; /* NULL-ended */
const hgi_loss *hgi_loss_find(const char *name);
/* row_loss [R]: of each row the loss summed over features. */
void hgi_loss_rows(const hgi_loss *loss, const hgi_loss_call *c, double *row_loss);

#endif
