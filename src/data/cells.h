// SPDX-License-Identifier: MIT
/* One column of a CSV file as texts, a row at a time: what stays of a file's times and
 * groups in full. */
#ifndef HGI_CELLS_H
#define HGI_CELLS_H

#include "data/csv.h"

typedef struct hgi_cells {
    hg_ctx *ctx;
    hgi_source *source;
    hgi_csv_rows r; /* its text and its columns' names; rows are read here */
    int64_t column, rows;
    int64_t line; /* of the last cell */
    hgi_csv_field f;
} hgi_cells;

/* what: the option that names the column; column NULL: of the names alone.  Errors: of
 * reading; HG_EUNKNOWN; HG_EINVAL for standard input, which cannot be read twice. */
hg_status hgi_cells_open(hg_ctx *ctx, const char *path, const hg_data_options *o,
                         const char *what, const char *column, hgi_cells *c);
/* The next row's cell, without quotes around it, into *text [*n]; *text NULL: the end. */
hg_status hgi_cells_next(hgi_cells *c, const char **text, size_t *n);
/* Takes one of zeros, which was never opened. */
void hgi_cells_close(hgi_cells *c);
/* HG_ESHAPE: the file has not as many rows as it had. */
hg_status hgi_cells_missing(hgi_cells *c, int64_t wanted);

/* The texts of rows row[0..n-1], ascending. */
hg_status hgi_cells_pick(hg_ctx *ctx, const char *path, const hg_data_options *o,
                         const char *what, const char *column, const int64_t *row,
                         int64_t n, hgi_texts *out);
/* Some cells, in the order of rows and then of columns of the file; their texts as they
 * stand there, quotes around them and in them undone, numbered from 0 as they are wanted.
 * c: opened for no column. */
typedef struct hgi_cell_at {
    int64_t row, column;
    int64_t key; /* the caller's */
} hgi_cell_at;
hg_status hgi_cells_at(hgi_cells *c, const hgi_cell_at *want, int64_t n, hgi_texts *out);
/* hg_read_times(); known: what it said of other rows, 0: nothing. */
hg_status hgi_cells_times(hg_ctx *ctx, const char *path, const hg_data_options *o,
                          const char *column, int known, int64_t rows, double *time,
                          int *dates);
/* Of each row the number of its text, 0, 1, 2, ... as they come; names: texts by number. */
hg_status hgi_cells_groups(hg_ctx *ctx, const char *path, const hg_data_options *o,
                           const char *column, int64_t rows, int64_t *group,
                           hgi_texts *names);
/* Texts that are not kept in order by a file but one by one; at [t->count] has room. */
hg_status hgi_texts_add(hg_ctx *ctx, hgi_texts *t, int64_t *room, size_t *used,
                        int64_t row, const char *text, size_t n);

#endif
