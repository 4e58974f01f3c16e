// SPDX-License-Identifier: MIT
/* Salt and pepper: each value becomes the lowest or the highest of the training data, each
 * with probability amount / 2 (Vincent et al. 2010).                                   */
#include "data/corrupt.h"

static void apply(const hgi_kernels *k, double amount, hgi_span span, hgi_stream s,
                  int64_t n, const hgi_real *x, hgi_real *y)
{
    uint32_t word[HGI_CORRUPT_WORDS], limit = hgi_corrupt_limit(amount);
    hgi_real lo = (hgi_real)span.lo, hi = (hgi_real)span.hi;
    for (int64_t at = 0; at < n; at += HGI_CORRUPT_WORDS) {
        int64_t count = hgi_corrupt_words(k, s, at, n, word);
        /* Below the limit the lowest bit is as good as a coin of its own.              */
        for (int64_t i = 0; i < count; i++)
            y[at + i] = word[i] > limit ? x[at + i] : word[i] & 1 ? hi : lo;
    }
}

const hgi_corrupt_kind hgi_corrupt_salt_pepper = {
    .name = "salt-pepper",
    .brief =
        "salt-pepper:SHARE sets half of that share to the lowest, half to the highest",
    .most = 1,
    .apply = apply,
};
