// SPDX-License-Identifier: MIT
/* Corruptions: what is done to a row before a denoising model sees it, while its loss is
 * taken against the clean row.
 *
 * A chain is written "gaussian:0.2+mask:0.1" and applied from left to right.  A kind is one
 * file, corrupt_<name>.c, that exports one const table, and a row of hgi_corrupt_kinds[].
 * Numbers depend on seed, place in the chain, epoch, row and feature alone: any cut of the
 * rows over threads or batches, and a resumed run, draws the same.
 *
 * Source: Vincent, Larochelle, Lajoie, Bengio, Manzagol, "Stacked Denoising Autoencoders",
 * JMLR 11 (2010).                                                                      */
#ifndef HGI_CORRUPT_H
#define HGI_CORRUPT_H

#include "base/rng.h"
#include "kernels/kernels.h"

/* The scaled values of the training rows.  When they lie in [0,1] this is [0,1], and what
 * is corrupted is held to it.                                                          */
typedef struct hgi_span {
    double lo, hi;
} hgi_span;
static inline bool hgi_span_is_unit(hgi_span s) { return s.lo >= 0 && s.hi <= 1; }

typedef struct hgi_corrupt_kind {
    const char *name, *brief;
    double most; /* of the amount, which is above 0 */
    /* y = x corrupted, n values; y == x allowed.                                       */
    void (*apply)(const hgi_kernels *k, double amount, hgi_span span, hgi_stream s,
                  int64_t n, const hgi_real *x, hgi_real *y);
} hgi_corrupt_kind;
extern const hgi_corrupt_kind *const hgi_corrupt_kinds[]; /* NULL-ended */
extern const hgi_corrupt_kind hgi_corrupt_gaussian, hgi_corrupt_mask,
    hgi_corrupt_salt_pepper;

enum { HGI_MAX_CORRUPT = 8 };
typedef struct hgi_corrupt {
    int count; /* 0: rows stay as they are */
    struct {
        const hgi_corrupt_kind *kind;
        double amount;
    } item[HGI_MAX_CORRUPT];
    bool once; /* the same noise in every epoch, instead of fresh noise */
    hgi_span span;
} hgi_corrupt;

/* "none", or a chain; once and span are left alone.
 * Errors: HG_EUNKNOWN with the nearest kind, HG_EINVAL, HG_ERANGE.                     */
hg_status hgi_corrupt_parse(hg_ctx *ctx, const char *text, hgi_corrupt *out);
/* The chain again, numbers in their shortest form; "none".                             */
void hgi_corrupt_print(const hgi_corrupt *c, hgi_text *out);

/* Which numbers: those of the epoch for training, HGI_EPOCH_HELD's for all rows that are
 * not trained on.                                                                      */
hgi_rng hgi_corrupt_rng(const hgi_corrupt *c, uint64_t seed, bool held, int64_t epoch);
/* x = clean corrupted: n rows of d values, which are rows index[0..n-1] of their data, or
 * first.. when index is NULL.                                                          */
void hgi_corrupt_rows(const hgi_corrupt *c, const hgi_kernels *k, const hgi_rng *rng,
                      const int64_t *index, int64_t first, int64_t n, int64_t d,
                      const hgi_real *clean, hgi_real *x);

/* A word is at most this with probability `share`, above 0 and at most 1.              */
uint32_t hgi_corrupt_limit(double share);

#endif
