// SPDX-License-Identifier: MIT
/* What every reader promises, whatever it is fed: a dataset of finite numbers, or of a
 * table's values, whose rows can all be read, or a message of one line; and nothing leaks
 * (the sanitizers look).                                                               */
#ifndef FUZZ_READER_H
#define FUZZ_READER_H

#include "data/data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A table's values are gaps, or what the column's kind can have; all have a text.      */
static void fuzz_table(hg_ctx *ctx, const hg_dataset *d)
{
    int64_t n = hg_dataset_features(d);
    char text[64];
    float *row = malloc((size_t)n * sizeof *row);
    if (row == NULL || hg_schema_columns(d->schema) != n) abort();
    for (int64_t r = 0; r < hg_dataset_rows(d); r++) {
        if (hg_dataset_read(ctx, d, r, 1, row) != HG_OK) abort();
        for (int64_t c = 0; c < n; c++) {
            const hgi_schema_column *column = &d->schema->column[c];
            bool word = column->kind == HGI_CATEGORY || column->kind == HGI_BOOLEAN;
            if (hg_schema_text(d->schema, c, row[c], text, sizeof text) < 0) abort();
            if (isinf(row[c])) abort();
            if (isnan(row[c]) || !word) continue;
            if (row[c] < 0 || row[c] > (float)column->words || row[c] != floorf(row[c]))
                abort();
        }
    }
    free(row);
}

/* The numbers that came with the dataset are those of its rows.                        */
static void fuzz_rows(hg_ctx *ctx, const hg_dataset *d)
{
    int64_t n = hg_dataset_features(d);
    if (d->schema != NULL) {
        fuzz_table(ctx, d);
        return;
    }
    double lo = HUGE_VAL, hi = -HUGE_VAL;
    float *row = malloc((size_t)n * sizeof *row);
    if (row == NULL || n < 1 || hg_dataset_rows(d) < 1) abort();
    for (int64_t r = 0; r < hg_dataset_rows(d); r++) {
        if (hg_dataset_read(ctx, d, r, 1, row) != HG_OK) abort();
        for (int64_t c = 0; c < n; c++) {
            if (!isfinite(row[c])) abort();
            lo = (double)row[c] < lo ? (double)row[c] : lo;
            hi = (double)row[c] > hi ? (double)row[c] : hi;
        }
    }
    if (lo < d->min || lo > d->min || hi < d->max || hi > d->max) abort();
    free(row);
}

static inline void fuzz_read(const uint8_t *data, size_t size, const hg_data_options *o)
{
    hg_ctx *ctx;
    hgi_source *s;
    hg_dataset *d = NULL;
    if (hg_ctx_new(NULL, &ctx) != HG_OK) abort();
    if (hgi_source_from_memory(ctx, "input", data, size, &s) == HG_OK) {
        if (hgi_dataset_from_source(ctx, s, o, &d) == HG_OK) fuzz_rows(ctx, d);
    }
    if (d != NULL && d->schema != NULL && o->schema == NULL) {
        /* The same bytes, as a file that is read by a model's schema. */
        hg_data_options again = *o;
        again.schema = d->schema;
        fuzz_read(data, size, &again);
    }
    const char *message = hg_message(ctx);
    if (d == NULL && (*message == '\0' || strchr(message, '\n') != NULL)) abort();
    hg_dataset_free(&d);
    hgi_source_close(&s);
    hg_ctx_free(&ctx);
}

#endif
