// SPDX-License-Identifier: MIT
/* Counter-based random numbers: Philox4x32-10.
 * Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
 *
 * A draw is a pure function of (seed, use, epoch, row, index): any thread, any rank
 * and any resumed run gets the same number without a state being passed around.
 * Integers are equal on every instruction set. */
#ifndef HGI_RNG_H
#define HGI_RNG_H

#include "base/base.h"

/* What a draw is for; a new use takes a new row at the end (files depend on them). */
typedef enum hgi_use {
    HGI_USE_INIT = 1,     /* weights: epoch = tensor index, row = 0 */
    HGI_USE_SHUFFLE = 2,  /* order of rows in an epoch */
    HGI_USE_SPLIT = 3,    /* training / validation */
    HGI_USE_DROPOUT = 4,  /* + 256 * layer index */
    HGI_USE_CORRUPT = 5,  /* + 256 * place in the chain of corruptions */
    HGI_USE_CODE = 7,     /* + 256 * layer index */
    HGI_USE_RBM = 8,      /* + 256 * (level, step of the chain, which side) */
    HGI_USE_CONTRACT = 9, /* directions of the contractive penalty */
    HGI_USE_SAMPLE = 10,  /* + 256 * which of the draws, see apply/sample.c */
    HGI_USE_BINARISE = 12 /* rows of 0 and 1 */
} hgi_use;

/* The epoch of draws for rows that are not trained on. */
#define HGI_EPOCH_HELD UINT32_MAX

typedef struct hgi_rng {
    uint64_t seed;
    uint32_t use; /* hgi_use + 256 * sub-stream */
    uint32_t epoch;
} hgi_rng;

/* All words of one row: its i-th block has the counter (first + i, row low, row high,
 * epoch). */
typedef struct hgi_stream {
    uint32_t key[2], first, row[2], epoch;
} hgi_stream;
hgi_stream hgi_rng_stream(const hgi_rng *r, uint64_t row);

/* The generator itself: the function of the paper. */
void hgi_philox_raw(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
/* Four 32-bit words at counter (row, index): index counts blocks of four. */
void hgi_philox(const hgi_rng *r, uint64_t row, uint32_t index, uint32_t out[4]);
/* The same words for index .. index + n/4 of one row; n a multiple of 4. */
void hgi_philox_fill(const hgi_rng *r, uint64_t row, uint32_t index, int64_t n,
                     uint32_t *out);
/* In [0,1) with 24 bits, exact in float. */
static inline float hgi_unit(uint32_t word) { return (float)(word >> 8) * 0x1p-24f; }
/* An unbiased integer in [0, n), n >= 1: draw number `at`, from the words of row `at`. */
uint64_t hgi_below(const hgi_rng *r, uint64_t at, uint64_t n);
/* A random permutation of 0..n-1 written to order[] (Fisher-Yates). */
void hgi_permutation(const hgi_rng *r, int64_t n, int64_t *order);
/* Its two halves, so that several threads can draw: draw[i - first], below i + 1, is the
 * place that i changes with, for i = first .. first+n-1; then the changes of these i,
 * which take place from the last i of all down to 0. */
void hgi_draw_swaps(const hgi_rng *r, int64_t first, int64_t n, int64_t *draw);
void hgi_swap_down(int64_t first, int64_t n, const int64_t *draw, int64_t *order);

#endif
