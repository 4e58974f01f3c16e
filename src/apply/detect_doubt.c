// SPDX-License-Identifier: MIT
/* Rows that no detector can learn from.  It is trained all the same, since a first try with
 * a few rows is none of our business; but its scores would pass for an answer, and so
 * whoever trains is told, before the time is spent. */
#include "apply/detect.h"
#include "data/blocks.h"

#include <math.h>

/* Of nine rows two are held apart as a rule, and one normal row in three scores above both:
 * nothing is known of how normal rows scatter. */
enum { FEW = 10 };

/* What a walk has found; first [features]: NaN in a column without a value so far. */
typedef struct sameness {
    float *first;
    int64_t known; /* columns with one */
    bool differ;   /* a column has two values */
} sameness;

static void see_row(sameness *s, const float *row, int64_t features)
{
    for (int64_t c = 0; c < features; c++) {
        if (isnan(row[c])) continue;
        if (isnan(s->first[c])) {
            s->first[c] = row[c];
            s->known++;
        } else if (row[c] < s->first[c] || row[c] > s->first[c]) {
            s->differ = true;
        }
    }
}

/* Ends with the first value that differs: of usual rows the second one has it. */
static hg_status look(hg_ctx *ctx, const hg_dataset *data, sameness *s)
{
    hg_status status;
    hgi_rows w;
    const int64_t n = data->features;
    const size_t bytes = 2 * (size_t)n * sizeof(float);
    HGI_TRY(hgi_rows_open(ctx, data, 0, &w));
    float *row = hgi_alloc(&ctx->mem, bytes);
    if (row == NULL) HGI_GOTO(hgi_fail_mem(ctx, bytes, "a row"));
    s->first = row + n;
    for (int64_t c = 0; c < n; c++) s->first[c] = (float)NAN;
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0 && !s->differ) {
        for (int64_t r = 0; r < w.n && !s->differ; r++) {
            hgi_dataset_row(w.rows, w.at + r, row);
            see_row(s, row, n);
        }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
done:
    hgi_free(&ctx->mem, row);
    hgi_rows_close(&w);
    return status;
}

hg_status hgi_detect_doubt(hg_ctx *ctx, const hg_dataset *train,
                           const hg_dataset *calibration)
{
    sameness s = {.known = 0};
    const int64_t rows = train->rows + calibration->rows;
    HGI_TRY(look(ctx, train, &s));
    if (s.known == 0)
        hgi_log(ctx, HG_LOG_WARNING,
                "%s: not one value in the training rows: scores will mean nothing",
                train->name);
    else if (!s.differ)
        hgi_log(ctx, HG_LOG_WARNING,
                "%s: every column is constant in the training rows: the detector knows "
                "nothing but whether a row is like them",
                train->name);
    if (rows < FEW)
        hgi_log(ctx, HG_LOG_WARNING,
                "%s: %lld rows, %lld of them to calibrate with: too few for a detector "
                "that means anything; a hundred normal rows are a start",
                train->name, (long long)rows, (long long)calibration->rows);
    return HG_OK;
}
