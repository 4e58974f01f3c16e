// SPDX-License-Identifier: MIT
/* The parts of the CSV reader.
 *
 * csv_scan.c cuts a stream into records and fields and reads numbers; csv_columns.c knows
 * names, the user's choice of columns, and what was wrong in which; read_csv.c puts rows
 * into memory.  Format: RFC 4180, with any delimiter, LF or CRLF, and an optional BOM. */
#ifndef HGI_CSV_H
#define HGI_CSV_H

#include "data/data.h"

/* ---- scanning ------------------------------------------------------------------------ */

typedef struct hgi_csv {
    hg_ctx *ctx;
    hgi_source *s;
    const char *path;
    char *buf; /* text [0, len), then one '\n' that stops every scan               */
    size_t cap, len;
    size_t pos;  /* where the next record starts                                     */
    size_t keep; /* bytes from here on stay in buf; SIZE_MAX: pos                    */
    bool end;    /* the source has no more                                           */
    char delimiter, decimal;
    int64_t line;   /* of pos, from 1                                                   */
    int64_t passed; /* bytes of text before buf[0]                                      */
} hgi_csv;

typedef struct hgi_csv_record {
    const char *from,
        *to;      /* valid until the next record is asked for; *to is CR or LF  */
    int64_t line; /* where it starts                                            */
} hgi_csv_record;

typedef struct hgi_csv_field {
    const char *from,
        *to; /* without quotes, blanks around trimmed when it had none     */
    bool quoted;
} hgi_csv_field;

/* Fill the buffer, skip a BOM, find the delimiter unless c->delimiter is set.          */
hg_status hgi_csv_start(hgi_csv *c);
/* The next record, not yet split; r->from NULL at the end.                             */
hg_status hgi_csv_next(hgi_csv *c, hgi_csv_record *r);
/* The field at p; returns where it ends (a delimiter, or r->to), NULL when text follows a
 * closing quote.                                                                       */
const char *hgi_csv_split(char delimiter, const char *p, const char *to,
                          hgi_csv_field *f);
/* The number at p when it is plain and short enough to be exact by one operation: returns
 * where it ends, else NULL, which says nothing about the text.                         */
const char *hgi_csv_number(const char *p, char point, double *out);

typedef enum hgi_csv_kind {
    HGI_CSV_MISSING, /* nothing, or a word that people use for nothing: NA, null, ?, ... */
    HGI_CSV_NUMBER, /* also nan and inf                                                 */
    HGI_CSV_TEXT
} hgi_csv_kind;
hgi_csv_kind hgi_csv_classify(const hgi_csv_field *f, char point, double *number);

/* ---- columns ------------------------------------------------------------------------- */

typedef struct hgi_csv_column {
    const char *name; /* NULL: the file has no header; may be ""                     */
    int64_t dest;     /* place in a kept row, -1: left out                           */
    int64_t texts;    /* cells that are not numbers                                  */
    int64_t foreign;  /* those of them that are, with the other decimal sign         */
    int64_t missing;  /* cells without a value                                       */
    int64_t missing_line,
        missing_row; /* of the first                                    */
} hgi_csv_column;

/* The first of its sort, and how many there are.                                       */
typedef struct hgi_csv_problem {
    int64_t count, line, row, column;
    char shown[32];
} hgi_csv_problem;

typedef struct hgi_csv_table {
    hgi_csv *c;
    int64_t count; /* columns of the file                                         */
    int64_t kept;  /* columns of the dataset                                      */
    hgi_csv_column *column;
    char *names; /* one block, NULL without a header                            */
    hgi_csv_problem text, foreign, nonfinite, huge;
} hgi_csv_table;

/* Columns from the first record; with_names: it is the header.                         */
hg_status hgi_csv_columns_new(hgi_csv *c, const hgi_csv_record *first, bool with_names,
                              hgi_csv_table *t);
void hgi_csv_columns_free(hgi_csv_table *t);
/* Apply o->columns and o->drop.                                                        */
hg_status hgi_csv_select(hgi_csv_table *t, const hg_data_options *o);
/* '.' when the decimal sign is ',', and the reverse.                                   */
static inline char hgi_csv_other_sign(const hgi_csv *c)
{
    return c->decimal == ',' ? '.' : ',';
}
/* Note a cell that has no usable number; row from 0.                                   */
void hgi_csv_note(hgi_csv_problem *p, int64_t line, int64_t row, int64_t column,
                  const hgi_csv_field *f);
/* The error that the notes add up to, if any.  Columns of text are none when the caller
 * has left them out (dest -1).                                                         */
hg_status hgi_csv_verdict(const hgi_csv_table *t);
/* Give the dataset the names of the kept columns.                                      */
hg_status hgi_csv_name_columns(const hgi_csv_table *t, hg_dataset *d);

#endif
