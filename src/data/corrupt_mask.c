// SPDX-License-Identifier: MIT
/* Masking noise: each value becomes 0 with probability `amount` (Vincent et al. 2010).
 * Standardised data get their column's mean there.                                     */
#include "data/corrupt.h"

static void apply(const hgi_kernels *k, double amount, hgi_span span, hgi_stream s,
                  int64_t n, const hgi_real *x, hgi_real *y)
{
    (void)span;
    k->replace_some(&s, n, hgi_corrupt_limit(amount), 0, 0, x, y);
}

const hgi_corrupt_kind hgi_corrupt_mask = {
    .name = "mask",
    .brief = "mask:SHARE sets that share of the values to 0",
    .most = 1,
    .apply = apply,
};
