// SPDX-License-Identifier: MIT
/* A file of a series as a model takes it: rows by the names of its channels, their times,
 * windows. */
#ifndef HGI_APPLY_SERIES_H
#define HGI_APPLY_SERIES_H

#include "data/blocks.h"
#include "model/model.h"

typedef struct hgi_series_rows {
    hg_schema *names; /* the channels as a table of numbers, or NULL */
    hg_dataset *rows, *windows;
    double *time; /* [rows], or NULL */
    int dates;    /* they are dates */
} hgi_series_rows;

/* cover: as in hg_window_options.  Errors: of reading, and of hg_dataset_windows(). */
hg_status hgi_series_open(hg_ctx *ctx, const hg_model *m, const char *path,
                          const hg_data_options *options, bool cover,
                          hgi_series_rows *out);
void hgi_series_close(hg_ctx *ctx, hgi_series_rows *s);
/* The channels' names as a schema, the column of time as one that may be left out; *out
 * NULL: they have none. */
hg_status hgi_series_names(hg_ctx *ctx, const hg_model *m, hg_schema **out);

/* hg_score_file() for a model of a series; its options are checked. */
hg_status hgi_score_series(hg_ctx *ctx, const hg_model *m, const char *in,
                           const hg_data_options *input, const char *out,
                           const hg_score_file_options *o, int64_t *rows,
                           hg_decision *decision);

#endif
