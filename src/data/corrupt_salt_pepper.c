// SPDX-License-Identifier: MIT
/* Salt and pepper: each value becomes the lowest or the highest of the training data, each
 * with probability amount / 2 (Vincent et al. 2010).                                   */
#include "data/corrupt.h"

static void apply(const hgi_corrupt_item *item, const hgi_corrupt_row *r)
{
    /* Below the limit the lowest bit is as good as a coin of its own.                  */
    r->k->replace_some(&r->stream, r->n, hgi_corrupt_limit(item->amount),
                       (hgi_real)r->span.lo, (hgi_real)r->span.hi, r->x, r->y);
}

const hgi_corrupt_kind hgi_corrupt_salt_pepper = {
    .name = "salt-pepper",
    .brief =
        "salt-pepper:SHARE sets half of that share to the lowest, half to the highest",
    .example = "0.5",
    .most = 1,
    .apply = apply,
};
