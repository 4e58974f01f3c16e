// SPDX-License-Identifier: MIT
/* Masking noise: each value becomes 0 with probability `amount` (Vincent et al. 2010).
 * Standardised data get their column's mean there.                                     */
#include "data/corrupt.h"

static void apply(const hgi_kernels *k, double amount, hgi_span span, hgi_stream s,
                  int64_t n, const hgi_real *x, hgi_real *y)
{
    uint32_t word[HGI_CORRUPT_WORDS], limit = hgi_corrupt_limit(amount);
    (void)span;
    for (int64_t at = 0; at < n; at += HGI_CORRUPT_WORDS) {
        int64_t count = hgi_corrupt_words(k, s, at, n, word);
        for (int64_t i = 0; i < count; i++) y[at + i] = word[i] <= limit ? 0 : x[at + i];
    }
}

const hgi_corrupt_kind hgi_corrupt_mask = {
    .name = "mask",
    .brief = "mask:SHARE sets that share of the values to 0",
    .most = 1,
    .apply = apply,
};
