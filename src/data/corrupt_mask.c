// SPDX-License-Identifier: MIT
/* Masking noise: each value becomes 0 with probability `amount` (Vincent et al. 2010).
 * Standardised data get their column's mean there.                                     */
#include "data/corrupt.h"

static void apply(const hgi_corrupt_item *item, const hgi_corrupt_row *r)
{
    r->k->replace_some(&r->stream, r->n, hgi_corrupt_limit(item->amount), 0, 0, r->x,
                       r->y);
}

const hgi_corrupt_kind hgi_corrupt_mask = {
    .name = "mask",
    .brief = "mask:SHARE sets that share of the values to 0",
    .example = "0.5",
    .most = 1,
    .apply = apply,
};
