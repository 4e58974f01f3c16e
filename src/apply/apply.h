// SPDX-License-Identifier: MIT
/* What the verbs that use a model share: rows in, checked and scaled. */
#ifndef HGI_APPLY_H
#define HGI_APPLY_H

#include "model/model.h"
#include "model/pass.h"

#include <stdatomic.h>

/* Rows of a dataset as a model takes them, for the fill side of an hgi_infer. */
typedef struct hgi_feed {
    hg_ctx *ctx;
    const hg_model *model;
    const hg_dataset *data;
    const hgi_scaler *scaler;
    hgi_range range;
    float *scratch;         /* [workers][features] */
    unsigned char *clipped; /* [rows] 1: the row had a value outside the range */
    atomic_int_fast64_t
        refused; /* first row outside the range when it refuses, or INT64_MAX */
} hgi_feed;

/* Rows of data, or of codes.  Errors: HG_ESHAPE when there are not as many values a row as
 * the model wants; HG_EMISMATCH when columns have other names than the model's. */
hg_status hgi_feed_open(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        bool codes, hgi_feed *out);
void hgi_feed_fill(hgi_feed *f, int64_t first, int64_t n, hgi_real *x, int worker);
/* After the run: an error when a row was refused; a warning in the log, and the count,
 * when rows were clipped. */
hg_status hgi_feed_close(hgi_feed *f, hg_status status, int64_t *clipped);

/* A dataset for n codes of the model, all 0. */
hg_status hgi_codes_new(hg_ctx *ctx, const hg_model *m, const char *name, int64_t n,
                        float **z, hg_dataset **out);

#endif
