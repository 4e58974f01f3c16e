// SPDX-License-Identifier: MIT
/* Corruptions: what is done to a row before a denoising model sees it, while its loss is
 * taken against the clean row.
 *
 * A chain is written "gaussian:0.2+blur:5:1" and applied from left to right.  A kind is
 * one file, corrupt_<name>.c, that exports one const table, and a row of
 * hgi_corrupt_kinds[].  Numbers depend on seed, place in the chain, epoch, row and feature
 * alone: any cut of the rows over threads or batches, and a resumed run, draws the same.
 * Rows are corrupted after they were scaled, so that bytes and floats of the same values
 * become the same rows.
 *
 * Source: Vincent, Larochelle, Lajoie, Bengio, Manzagol, "Stacked Denoising Autoencoders",
 * JMLR 11 (2010).                                                                      */
#ifndef HGI_CORRUPT_H
#define HGI_CORRUPT_H

#include "base/rng.h"
#include "data/schema.h"
#include "kernels/kernels.h"

/* The scaled values of the training rows.  When they lie in [0,1] this is [0,1], and what
 * is corrupted is held to it.                                                          */
typedef struct hgi_span {
    double lo, hi;
} hgi_span;
static inline bool hgi_span_is_unit(hgi_span s) { return s.lo >= 0 && s.hi <= 1; }

/* Rows as images: channels last; h == 0: they are none, but a list of values.          */
typedef struct hgi_image {
    int64_t h, w, c;
} hgi_image;

typedef struct hgi_corrupt_kind hgi_corrupt_kind;
typedef struct hgi_corrupt_item {
    const hgi_corrupt_kind *kind;
    double amount; /* what the first argument says                                      */
    double second; /* blur: sigma; patch: its width where it is given as sizes, else 0  */
    int fill;      /* of a patch                                                        */
} hgi_corrupt_item;

/* One row to corrupt: y = x corrupted, n values; y == x allowed.                       */
typedef struct hgi_corrupt_row {
    const hgi_kernels *k;
    hgi_span span;
    hgi_image image;
    hgi_stream stream;
    const hg_schema *schema; /* of a table, or NULL */
    int64_t n;
    const hgi_real *x;
    hgi_real *y;
} hgi_corrupt_row;

struct hgi_corrupt_kind {
    const char *name, *brief;
    const char *example; /* of its argument, for messages                               */
    double most;         /* of the amount, which is above 0                             */
    bool image;          /* needs rows with a shape                                     */
    /* The argument, n bytes, where it is more than an amount; print is its reverse.    */
    hg_status (*read)(hg_ctx *ctx, const char *s, size_t n, hgi_corrupt_item *out);
    void (*print)(const hgi_corrupt_item *item, hgi_text *out);
    /* Can it be done to images of this size?  NULL: to all.                            */
    hg_status (*fit)(hg_ctx *ctx, const hgi_corrupt_item *item, const hgi_image *image);
    void (*apply)(const hgi_corrupt_item *item, const hgi_corrupt_row *r);
};
extern const hgi_corrupt_kind *const hgi_corrupt_kinds[]; /* NULL-ended */
extern const hgi_corrupt_kind hgi_corrupt_gaussian, hgi_corrupt_mask,
    hgi_corrupt_salt_pepper, hgi_corrupt_blur, hgi_corrupt_patch, hgi_corrupt_drop;

enum { HGI_MAX_CORRUPT = 8 };
typedef struct hgi_corrupt {
    int count; /* 0: rows stay as they are */
    hgi_corrupt_item item[HGI_MAX_CORRUPT];
    bool once;    /* the same noise in every epoch, instead of fresh noise */
    double clean; /* share of the rows that are trained on as they are */
    hgi_span span;
    hgi_image image;
    const hg_schema *schema; /* of a table, the model's, or NULL */
} hgi_corrupt;

/* "none", or a chain; once, clean, span and image are left alone.
 * Errors: HG_EUNKNOWN with the nearest kind, HG_EINVAL, HG_ERANGE.                     */
hg_status hgi_corrupt_parse(hg_ctx *ctx, const char *text, hgi_corrupt *out);
/* The chain again, numbers in their shortest form; "none".                             */
void hgi_corrupt_print(const hgi_corrupt *c, hgi_text *out);

/* Takes the shape of a row, and refuses kinds that cannot be done to it.
 * Errors: HG_ESHAPE, HG_ERANGE.                                                        */
hg_status hgi_corrupt_fit(hg_ctx *ctx, hgi_corrupt *c, int rank, const int64_t *shape);

/* Which numbers: those of the epoch for training, HGI_EPOCH_HELD's for all rows that are
 * not trained on.                                                                      */
hgi_rng hgi_corrupt_rng(const hgi_corrupt *c, uint64_t seed, bool held, int64_t epoch);
/* x = clean corrupted: n rows of d values, which are rows index[0..n-1] of their data, or
 * first.. when index is NULL.  The share of clean rows is for training alone: rows that are
 * held apart are all corrupted, because they measure what the model makes of the noise. */
void hgi_corrupt_rows(const hgi_corrupt *c, const hgi_kernels *k, const hgi_rng *rng,
                      const int64_t *index, int64_t first, int64_t n, int64_t d,
                      const hgi_real *clean, hgi_real *x);

/* A word is at most this with probability `share`, above 0 and at most 1.              */
uint32_t hgi_corrupt_limit(double share);
/* Words of block `block` of a stream, where a kind wants them by itself.               */
void hgi_corrupt_words(const hgi_stream *s, uint32_t block, uint32_t out[4]);
/* For kinds that read their own argument: "0.5", n bytes, above 0 and at most `most`.  */
hg_status hgi_corrupt_number(hg_ctx *ctx, const char *kind, const char *s, size_t n,
                             double most, double *out);

#endif
