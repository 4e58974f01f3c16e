// SPDX-License-Identifier: MIT
/* Rows of 0 and 1 from rows of shares in [0,1], as models of binary pixels are trained and
 * measured on.
 *
 *     threshold   x > 1/2
 *     once        1 with probability x, drawn once for each value of the data
 *     epoch       the same, drawn anew in each epoch (dynamic binarisation)
 *
 * Which is meant changes results: on MNIST a likelihood of dynamic binarisation is 2 nats
 * better than one of a fixed draw.  Draws follow from seed, epoch, row and feature alone.
 * Source: Salakhutdinov & Murray, ICML 2008; Burda et al., ICLR 2016, for `epoch`. */
#ifndef HGI_BINARISE_H
#define HGI_BINARISE_H

#include "base/rng.h"

typedef enum hgi_binarise {
    HGI_BINARISE_NONE,
    HGI_BINARISE_EPOCH,
    HGI_BINARISE_ONCE,
    HGI_BINARISE_THRESHOLD
} hgi_binarise;

/* In that order; NULL ends. */
extern const char *const hgi_binarise_words[];
bool hgi_binarise_find(const char *word, hgi_binarise *out);

/* Which numbers: those of the epoch for training, HGI_EPOCH_HELD's for all other rows. */
hgi_rng hgi_binarise_rng(hgi_binarise how, uint64_t seed, bool held, int64_t epoch);
/* n rows of d values, which are rows index[0..n-1] of their data, or first.. when index is
 * NULL. */
void hgi_binarise_rows(hgi_binarise how, const hgi_rng *rng, const int64_t *index,
                       int64_t first, int64_t n, int64_t d, hgi_real *x);

#endif
