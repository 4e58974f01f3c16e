// SPDX-License-Identifier: MIT
/* Salt and pepper: each value becomes the lowest or the highest of the training data, each
 * with probability amount / 2 (Vincent et al. 2010).                                   */
#include "data/corrupt.h"

static void apply(const hgi_kernels *k, double amount, hgi_span span, hgi_stream s,
                  int64_t n, const hgi_real *x, hgi_real *y)
{
    /* Below the limit the lowest bit is as good as a coin of its own.                  */
    k->replace_some(&s, n, hgi_corrupt_limit(amount), (hgi_real)span.lo,
                    (hgi_real)span.hi, x, y);
}

const hgi_corrupt_kind hgi_corrupt_salt_pepper = {
    .name = "salt-pepper",
    .brief =
        "salt-pepper:SHARE sets half of that share to the lowest, half to the highest",
    .most = 1,
    .apply = apply,
};
