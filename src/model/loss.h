// SPDX-License-Identifier: MIT
/* Losses: one file, loss_<name>.c, and one row in losses.c each.
 *
 * A loss is a mean over rows and features of a per-element function of prediction y and
 * target t.  A loss that is computed from the value before the last activation (bce from
 * logits, so that it never overflows) asks for that with `fuses`. */
#ifndef HGI_LOSS_H
#define HGI_LOSS_H

#include "kernels/kernels.h"

typedef struct hgi_loss {
    const char *name, *brief;
    const char *output; /* last activation when the decoder is built from sizes */
    hgi_loss_kind kind;
    bool unit_range; /* targets must lie in [0,1] */
    bool grouped;    /* of a table: words by softmax, columns weigh the same */
    bool likelihood; /* it is -log p(t|z) in nats, if ... */
    bool binary;     /* ... the targets are 0 and 1 alone */
    bool fuses;      /* takes logits: the last activation is sigmoid (then the model
                           outputs probabilities) or linear (then it outputs logits that
                           a sigmoid is added to); any other is an error */
} hgi_loss;

extern const hgi_loss *const hgi_losses[]; /* NULL-ended */
const hgi_loss *hgi_loss_find(const char *name);

#endif
