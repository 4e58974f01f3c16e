// SPDX-License-Identifier: MIT
/* What the verbs that use a model share: rows in, checked and scaled, by windows. */
#ifndef HGI_APPLY_H
#define HGI_APPLY_H

#include "data/blocks.h"
#include "model/model.h"
#include "model/pass.h"

#include <stdatomic.h>

/* Rows of a window as a model takes them, for the fill side of an hgi_infer. */
typedef struct hgi_feed {
    hg_ctx *ctx;
    const hg_model *model;
    const hgi_rows *window; /* its rows are what is filled in */
    const char *name;
    const hgi_scaler *scaler;
    hgi_range range;
    int64_t wide;     /* values of a row as the net has it */
    float *scratch;   /* [workers][features of the data] */
    bool counts;      /* this pass over the rows is the one that counts clipped ones */
    int32_t *classes; /* of all rows of the data, of a conditional model, or NULL */
    int64_t classed;  /* how many rows they are for */
    atomic_int_fast64_t clipped; /* rows that had a value outside the range */
    atomic_int_fast64_t
        refused; /* first row outside the range when it refuses, or INT64_MAX */
} hgi_feed;

/* What a model is given: rows of data, codes to decode, or the numbers of codebook entries
 * in their place. */
typedef enum hgi_feed_kind {
    HGI_FEED_ROWS,
    HGI_FEED_CODES,
    HGI_FEED_INDICES
} hgi_feed_kind;

/* How a model's rows are read where the caller does not say: as its table, or numbers. */
void hgi_feed_options(const hg_model *m, hg_data_options *o);
/* The error of rows of another size than the model's, or its codes': `wanted` values. */
hg_status hgi_feed_wrong(hg_ctx *ctx, const hg_model *m, const hg_dataset *d,
                         int64_t wanted);
/* Errors: HG_ESHAPE when there are not as many values a row as the model wants;
 * HG_EMISMATCH when columns have other names than the model's. */
hg_status hgi_feed_fits(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        hgi_feed_kind kind);
/* Rows like data's through a window that the caller moves; they must fit. */
hg_status hgi_feed_open(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        hgi_feed_kind kind, const hgi_rows *w, hgi_feed *out);
/* Of a conditional model: the classes of data's rows, which the net is to be given.
 * Errors: HG_EINVAL without labels; HG_ERANGE a label that the model does not know. */
hg_status hgi_feed_classes(hgi_feed *f, const hg_dataset *data);
/* HG_EINVAL, of a conditional model: `what` is made of rows without their classes. */
hg_status hgi_unconditional(hg_ctx *ctx, const hg_model *m, const char *what);
/* Before a window, and at the end of a file whose length nobody knew before: is there a
 * label for each of its rows, and a row for each label?  Errors: HG_ESHAPE. */
hg_status hgi_feed_labelled(const hgi_feed *f);
hg_status hgi_feed_all_labels(hg_ctx *ctx, const hg_dataset *like, int64_t rows);
/* n rows from the window's row `first` on. */
void hgi_feed_fill(hgi_feed *f, int64_t first, int64_t n, hgi_real *x, int worker);
/* The same as a loss wants them: of a table NaN where a value is missing. */
void hgi_feed_targets(hgi_feed *f, int64_t first, int64_t n, hgi_real *target,
                      int worker);
/* After each window, while its rows are there: an error when one was refused. */
hg_status hgi_feed_check(hgi_feed *f);
/* At the end: a warning in the log, and the count, when rows of `rows` were clipped. */
void hgi_feed_close(hgi_feed *f, hg_status status, int64_t rows, int64_t *clipped);

/* Noise on a window's rows, as floats in the units of the data. */
hg_status hgi_corrupt_choose(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                             const char *chain, hgi_corrupt *out);
hg_status hgi_corrupt_window(hgi_feed *f, const hgi_corrupt *c, hgi_real *x, float *out);

/* A dataset for n codes of the model, all 0. */
hg_status hgi_codes_new(hg_ctx *ctx, const hg_model *m, const char *name, int64_t n,
                        float **z, hg_dataset **out);

#endif
