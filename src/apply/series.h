// SPDX-License-Identifier: MIT
/* A file of a series as a model takes it: rows by the names of its channels, their times,
 * windows. */
#ifndef HGI_APPLY_SERIES_H
#define HGI_APPLY_SERIES_H

#include "data/cells.h"
#include "model/model.h"

typedef struct hgi_series_rows {
    hg_dataset *windows;    /* with their places; owns the rows */
    const hg_dataset *rows; /* the series */
    double *time;           /* [rows], or NULL */
    int dates;              /* they are dates */
} hgi_series_rows;

/* All windows, the last one of each run too.  Errors: of reading, and of
 * hg_dataset_windows(). */
hg_status hgi_series_open(hg_ctx *ctx, const hg_model *m, const char *path,
                          const hg_data_options *options, hgi_series_rows *out);
void hgi_series_close(hg_ctx *ctx, hgi_series_rows *s);
/* A cell of CSV, in quotes where it must be. */
void hgi_series_add_cell(hgi_text *t, const char *text, size_t n);
/* The file's rows one after the other, with their times and groups as the file has them. */
typedef struct hgi_series_lines {
    const hgi_series_rows *s;
    hgi_cells times;
    int64_t *group; /* [rows] of the file's rows, or NULL */
    int64_t row;    /* the next */
} hgi_series_lines;
hg_status hgi_series_lines_open(hg_ctx *ctx, const hgi_series_rows *s, const char *path,
                                const hg_data_options *o, hgi_series_lines *l);
/* "group,time," of the next row, or its number from 1 where there are no times. */
hg_status hgi_series_lines_next(hgi_series_lines *l, hgi_text *t);
void hgi_series_lines_close(hg_ctx *ctx, hgi_series_lines *l);
/* The names of these columns, each with a comma behind; in CSV. */
void hgi_series_add_names(const hgi_series_rows *s, bool windows, hgi_text *t);
/* "group,start,end," of a window. */
void hgi_series_add_place(const hgi_series_rows *s, int64_t window, hgi_text *t);
/* The channels' names as a schema, the columns of time and group as ones that may be left
 * out; *out NULL: they have none. */
hg_status hgi_series_names(hg_ctx *ctx, const hg_model *m, hg_schema **out);

/* hg_score_file() for a model of a series; its options are checked. */
hg_status hgi_score_series(hg_ctx *ctx, const hg_model *m, const char *in,
                           const hg_data_options *input, const char *out,
                           const hg_score_file_options *o, int64_t *rows,
                           hg_decision *decision);

/* Is a file written there in this format (NULL: by its ending) CSV? */
bool hgi_series_is_csv(const char *out, const char *format);
/* hg_map_file() for a model of a series: codes of windows; or the series again. */
hg_status hgi_map_series(hg_ctx *ctx, const hg_model *m, const char *verb, const char *in,
                         const hg_data_options *input, const char *out,
                         const char *format, int64_t *rows);

#endif
