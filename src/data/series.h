// SPDX-License-Identifier: MIT
/* What windows of a series are. */
#ifndef HGI_SERIES_H
#define HGI_SERIES_H

#include "base/base.h"

/* Texts of some rows, sorted by the rows' numbers. */
typedef struct hgi_texts {
    int64_t count;
    int64_t *row; /* [count] ascending */
    size_t *at;   /* [count] where in text it begins; it ends with a NUL */
    char *text;
} hgi_texts;
/* NULL: the row has none. */
const char *hgi_texts_find(const hgi_texts *t, int64_t row);
void hgi_texts_free(const hgi_mem *mem, hgi_texts *t);

/* Rows that are in no window, and why runs end. */
typedef struct hgi_runs {
    int64_t runs, gaps, back, same, holes, lost;
} hgi_runs;

typedef struct hgi_windows {
    hgi_mem mem;
    int64_t window, stride, channels; /* rows, rows, values of a row */
    double gap, step;   /* in steps; the median step of time, 0: not known */
    int dates;          /* 1: times are dates; 2: 3/31/2024 */
    char *time, *group; /* names of columns, or NULL */
    char **name;        /* [channels], or NULL */

    /* Of the windows of a dataset; a model has none of this. */
    int64_t rows;     /* of the series */
    int64_t *place;   /* [rows] the file's number of the series' row i, NULL: i */
    int64_t *belongs; /* [rows] the number of its group, or NULL */
    hgi_runs runs;
    hgi_texts times;         /* of the file's rows that windows begin or end with */
    hgi_texts groups;        /* by number */
    struct hg_schema *names; /* what the file is read by, and how */
    char delimiter, decimal;
    int header;
} hgi_windows;

/* What a model keeps of it. */
hg_status hgi_windows_copy(hg_ctx *ctx, const hgi_windows *s, hgi_windows **out);
void hgi_windows_free(hgi_windows **s);
/* The file's number of row i of the series. */
static inline int64_t hgi_windows_place(const hgi_windows *s, int64_t i)
{
    return s->place != NULL ? s->place[i] : i;
}

#endif
