// SPDX-License-Identifier: MIT
/* The parts of the CSV reader.
 *
 * csv_scan.c cuts a stream into records and fields and reads numbers; csv_columns.c knows
 * names, the user's choice of columns, and what was wrong in which; csv_rows.c makes rows
 * of a buffer of text, on all threads; read_csv.c is the reader.  Format: RFC 4180, with
 * any delimiter, LF or CRLF, and an optional BOM.                                      */
#ifndef HGI_CSV_H
#define HGI_CSV_H

#include "data/blocks.h"

/* ---- scanning ------------------------------------------------------------------------ */

typedef struct hgi_csv {
    hg_ctx *ctx;
    hgi_source *s;
    const char *path;
    char *buf; /* text [0, len), then one '\n' that stops every scan               */
    size_t cap, len;
    size_t want; /* bytes to hold at a time, more only for a record that is longer   */
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
/* The same of what is in the buffer; touches nothing else, so that threads can each have a
 * copy of c.                                                                           */
typedef enum hgi_csv_found {
    HGI_CSV_WHOLE, /* *r is a record, or the end */
    HGI_CSV_PART,  /* more text is needed to see its end */
    HGI_CSV_OPEN   /* the text ends inside quotes */
} hgi_csv_found;
hgi_csv_found hgi_csv_find(hgi_csv *c, hgi_csv_record *r);
/* Read on: what was used makes room.                                                   */
hg_status hgi_csv_refill(hgi_csv *c);
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

/* ---- rows ---------------------------------------------------------------------------- */

enum { HGI_CSV_PIECES = 64 };

/* Whole records of the buffer, from byte `from` to `to`.                               */
typedef struct hgi_csv_piece {
    size_t from, to;
    float *values; /* room for as many rows as so much text can hold                    */
    int64_t rows, lines;
    bool plain; /* nothing in it but numbers: rows and lines are right                  */
} hgi_csv_piece;

typedef struct hgi_csv_rows {
    hgi_csv c;
    hgi_csv_table t;
    int64_t width; /* floats of a row                                                  */
    int64_t rows;  /* so far                                                           */
    int64_t limit; /* INT64_MAX: none                                                  */
    int64_t blank; /* line of the last blank record, 0: none                           */
    int64_t most;  /* pieces at a time                                                 */
    hgi_csv_piece piece[HGI_CSV_PIECES];
    int64_t pieces;
    float *values; /* of the last hgi_csv_block()                                      */
    size_t room;   /* bytes of it                                                      */
} hgi_csv_rows;

/* As much text as the context's threads can share.                                     */
void hgi_csv_share(hgi_csv_rows *r, int threads);
/* The rows of the next buffer of text into r->values; *n is 0 at the end.              */
hg_status hgi_csv_block(hgi_csv_rows *r, int64_t *n);
/* The next record that is not blank, or r->from NULL at the end.                       */
hg_status hgi_csv_filled(hgi_csv_rows *r, hgi_csv *c, hgi_csv_record *out);

#endif
