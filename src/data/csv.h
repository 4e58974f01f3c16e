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
    bool sure; /* the sign is known: "1,234" with a point can only be 1234         */
    bool from_model; /* ... as the caller's schema has it                               */
    char told;      /* the sign that the caller's options have, or 0                    */
    char sep;       /* the delimiter that the first line of the file says, or 0        */
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

/* Fill the buffer, skip a BOM, find delimiter and decimal sign where o does not say them.
 * c has its context, source and path.                                                  */
hg_status hgi_csv_start(hgi_csv *c, const hg_data_options *o);
/* The signs alone, by the text in the buffer; known: of the model's file, or 0.        */
void hgi_csv_take_signs(hgi_csv *c, const hg_data_options *o, char known);
/* The delimiter that the text in the buffer seems to have.                             */
char hgi_csv_delimiter(const hgi_csv *c);
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
/* Copy a field, "" in quotes made one ", to `out`, which has room; returns its end.    */
char *hgi_csv_unquote(const hgi_csv_field *f, char *out);
/* The number at p when it is plain and short enough to be exact by one operation: returns
 * where it ends, else NULL, which says nothing about the text.                         */
const char *hgi_csv_number(const char *p, char point, double *out);

typedef enum hgi_csv_kind {
    HGI_CSV_MISSING, /* nothing, or a word that people use for nothing: NA, null, ?, ... */
    HGI_CSV_NUMBER, /* also nan and inf                                                 */
    HGI_CSV_TEXT
} hgi_csv_kind;
hgi_csv_kind hgi_csv_classify(const hgi_csv_field *f, char point, double *number);

/* Numbers in the dress of a report: "$1,234.50", "12 %", "(300)" is -300.  groups: a sign
 * between each three digits is allowed where it could be a decimal one, too.           */
bool hgi_csv_dressed(const hgi_csv_field *f, char point, bool groups, double *v);
/* May it be such a number of this text, whose decimal sign is c->decimal?              */
bool hgi_csv_groups(const hgi_csv *c);
/* Which decimal sign makes a number of a text.                                         */
typedef enum hgi_csv_sign {
    HGI_CSV_NEITHER, /* no number, or one without such a sign */
    HGI_CSV_OWN,
    HGI_CSV_OTHER,
    HGI_CSV_EITHER /* "1,234" */
} hgi_csv_sign;
hgi_csv_sign hgi_csv_sign_of(const hgi_csv_field *f, char point);

/* ---- columns ------------------------------------------------------------------------- */

/* Words as they came, a number for each that differs by more than the case of letters.
 * Behind WORDS_MAX of them no more are kept.                                           */
enum { HGI_CSV_WORDS_MAX = 1 << 16 };
typedef struct hgi_csv_words {
    char **text;   /* [count] as first seen                                          */
    int64_t *uses; /* [count]                                                        */
    int64_t count, room;
    uint32_t *slot; /* [slots] number + 1                                            */
    int64_t slots;
    bool full; /* there were more                                                    */
} hgi_csv_words;

/* The number of a word, n bytes, which gets one when it is new; -1: there are too many.
 * Errors: HG_ENOMEM.                                                                   */
hg_status hgi_csv_word(hg_ctx *ctx, hgi_csv_words *w, const char *word, size_t n,
                       int64_t *out);
int64_t hgi_csv_word_find(const hgi_csv_words *w, const char *word, size_t n);
void hgi_csv_words_free(const hgi_mem *mem, hgi_csv_words *w);

/* What all rows of a column have.                                                      */
typedef struct hgi_csv_survey {
    int64_t numbers, words, gaps; /* cells                                           */
    bool fractions;               /* a number is not whole                           */
    hgi_csv_words values;         /* numbers as texts, where there are words too     */
    float *of_word, *of_value;    /* by their numbers: what they become              */
} hgi_csv_survey;

typedef struct hgi_csv_column {
    const char *name; /* NULL: the file has no header; may be ""                     */
    int64_t dest;     /* place in a kept row, -1: left out                           */
    hgi_kind kind;    /* numeric: numbers, or what the end decides                   */
    bool fixed;       /* an option or a schema says so                               */
    hgi_date_form form;
    int64_t form_line; /* of a row that says so, 0: none does */
    bool timed;
    char sign;
    double origin;
    const hgi_schema_column *like; /* of the schema that is given                   */
    hgi_csv_words words;           /* of a table, as they came                      */
    hgi_csv_survey survey;         /* at the end of a table                         */
    int64_t unseen;                /* words that the schema lacks                   */
    int64_t texts;   /* cells that are not numbers                                  */
    int64_t foreign; /* those of them that are, with the other decimal sign         */
    int64_t unclear; /* those of them that could be with this one, too              */
    int64_t missing; /* cells without a value                                       */
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
    hgi_csv_problem text, foreign, nonfinite, huge, unseen;
    hgi_csv_problem order; /* dates of the other order, of a stream */
    hgi_csv_problem bytes; /* no UTF-8; line 1 may be the header's                    */
    int64_t id;            /* the column that names rows, or -1                       */
    bool table;  /* words and gaps are values                                   */
    bool forced; /* ... also where there are none                                      */
    bool stream; /* lines as they come: nothing is known of the next                   */
    int64_t word_cells, gaps; /* so far, of such values                                */
    int64_t categories; /* most words of a column                                      */
    const hg_schema *like;
    bool modelled;   /* a model of numbers alone reads it */
    int64_t *absent; /* [absents] its columns that the file lacks: gaps */
    int64_t absents;
    char *renamed;       /* memory of the names that the user gave                      */
    const char *renames; /* the list of them, in that memory, or NULL                 */
    int64_t *by_place;   /* [width] file's column at each place of a row                */
} hgi_csv_table;

/* Columns from the first record; with_names: it is the header.                         */
hg_status hgi_csv_columns_new(hgi_csv *c, const hgi_csv_record *first, bool with_names,
                              hgi_csv_table *t);
void hgi_csv_columns_free(hgi_csv_table *t);
/* Go through a list of names in CSV syntax: place[i] of each named column gets its position
 * in the list, from 0.  *n: how many.                                                  */
hg_status hgi_csv_list(const hgi_csv_table *t, const char *option, const char *list,
                       int64_t *place, int64_t *n);
/* The column that `word` names: by its name, or by its number when it has none; or -1. */
int64_t hgi_csv_find_column(const hgi_csv_table *t, const char *word);
/* HG_EUNKNOWN, with the nearest name.                                                  */
hg_status hgi_csv_unknown_column(const hgi_csv_table *t, const char *option,
                                 const char *word);
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
/* The name of a column, or its number, as messages have it between quotes.             */
void hgi_csv_show_column(const hgi_csv_table *t, int64_t column, char *out, size_t n);
/* The error that the notes add up to, if any.  Columns of text are none when the caller
 * has left them out (dest -1).                                                         */
hg_status hgi_csv_verdict(const hgi_csv_table *t);
/* ... that numbers add up to alone.                                                    */
hg_status hgi_csv_numbers_verdict(const hgi_csv_table *t);
/* The error that a cell is a number with the other decimal sign, or perhaps.           */
hg_status hgi_csv_bad_sign(const hgi_csv_table *t, int64_t line, int64_t column,
                           const hgi_csv_field *f);
/* Give the dataset the names of the kept columns.                                      */
hg_status hgi_csv_name_columns(const hgi_csv_table *t, hg_dataset *d);

/* ---- rows ---------------------------------------------------------------------------- */

enum { HGI_CSV_PIECES = 64, HGI_CSV_LINES = 20 };

/* Whole records of the buffer, from byte `from` to `to`.                               */
typedef struct hgi_csv_piece {
    size_t from, to;
    float *values; /* room for as many rows as so much text can hold                    */
    int64_t rows, lines;
    int64_t gaps; /* cells without a value                                              */
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
    bool skip;     /* rows that cannot be read are left out                            */
    hgi_records records; /* of the last hgi_csv_block(), with skip or t.id             */
    int64_t skipped;
    int64_t skipped_line[HGI_CSV_LINES]; /* of the first of them                       */
    hgi_csv_piece piece[HGI_CSV_PIECES];
    int64_t pieces;
    float *values; /* of the last hgi_csv_block()                                      */
    size_t room;   /* bytes of it                                                      */
} hgi_csv_rows;

/* ---- tables -------------------------------------------------------------------------- */

/* New names: the caller's, then those of the schema for columns that have their old ones;
 * kinds that options fix; decimal signs and dates that the first records show.         */
hg_status hgi_csv_rename(hgi_csv_table *t, const hg_data_options *o);
void hgi_csv_weigh_signs(hgi_csv_rows *r);
hg_status hgi_csv_kinds(hgi_csv_table *t, const hg_data_options *o);
/* ... and the order of day and month of each column of dates: csv_dates.c.             */
hg_status hgi_csv_guess(hgi_csv_rows *r, const hg_data_options *o);
/* The value of a number in a column of dates, in days; false: it is none.  n: signs of its
 * text.                                                                                */
bool hgi_csv_date_number(const hgi_csv_column *c, size_t n, double v, double *out);
/* Is this date of the order that its column does not have?                             */
bool hgi_csv_other_order(const hgi_csv_column *c, const hgi_csv_field *f,
                         hgi_date_form form);
/* The error of such a cell.                                                            */
hg_status hgi_csv_bad_order(const hgi_csv_table *t, int64_t line, int64_t column,
                            const hgi_csv_field *f);
/* Nothing, or a word that programs use for nothing.                                    */
bool hgi_csv_is_gap(const hgi_csv_field *f, hgi_csv_kind kind);
/* Blanks inside quotes say nothing.                                                    */
void hgi_csv_trim(hgi_csv_field *f);
/* A warning where kept columns share a name.                                           */
hg_status hgi_csv_warn_twins(hgi_csv_table *t);
/* Columns by the names of a schema.                                                    */
hg_status hgi_csv_match(hgi_csv_table *t, const hg_data_options *o);
/* A cell of a table by any thread: false when it needs the next.                       */
bool hgi_csv_plain_cell(const hgi_csv_rows *r, int64_t column, const hgi_csv_field *f,
                        float *out);
/* ... by the caller's, with notes.                                                     */
hg_status hgi_csv_cell(hgi_csv_rows *r, int64_t column, int64_t line,
                       const hgi_csv_field *f, float *out);
/* Is this value the note of a word?  *word: its number, as of hgi_csv_word() or the one
 * behind them all.                                                                     */
bool hgi_csv_is_word(float v, int64_t *word);
/* All rows are there: count, then decide; see hgi_blocks.                              */
hg_status hgi_csv_survey_rows(hgi_csv_rows *r, const float *rows, int64_t n);
hg_status hgi_csv_decide(hgi_csv_rows *r, bool drop_text, int64_t *place,
                         hg_schema **out);
float hgi_csv_fix(const hgi_csv_table *t, int64_t column, float v);
/* What was not as the caller's schema has it, as a warning and in d->unseen.           */
hg_status hgi_csv_tell_unseen(const hgi_csv_table *t, int64_t rows, hg_dataset *d);
void hgi_csv_table_free(hgi_csv_table *t);

/* ---- gaps filled --------------------------------------------------------------------- */

/* The texts of a table that is read by a schema (o->schema), for a file of its rows in
 * which only gaps are new.  *out is NULL where texts are no use: path is no file that can
 * be read twice, or s writes something else than a table as CSV.                       */
struct hgi_csv_texts;
/* A cell's text as it stands in a CSV file, in quotes where it needs them.             */
void hgi_csv_add_text(hgi_text *line, const hgi_csv_field *f);
/* A number with a decimal comma, with a point: "1.234,50" becomes 1234.50.  False: no such
 * text.                                                                                */
bool hgi_csv_add_number(hgi_text *line, const hgi_csv_field *f);
/* A name as the head of a file has it.                                                 */
void hgi_csv_write_name(hgi_text *f, const char *name);
/* CSV to CSV, cells as they are: hg_convert_file().                                    */
hg_status hgi_csv_copy(hg_ctx *ctx, hgi_source *source, const hg_data_options *o,
                       const char *out, int64_t *rows);
hg_status hgi_csv_texts_open(hg_ctx *ctx, const char *path, const hg_data_options *o,
                             const hgi_save *s, struct hgi_csv_texts **out);
void hgi_csv_texts_close(struct hgi_csv_texts **texts);
/* The next n rows: what was NaN in the window comes from `filled`, the rest from the
 * file.                                                                                */
hg_status hgi_csv_texts_save(struct hgi_csv_texts *t, hgi_save *s, const hgi_rows *were,
                             const hg_dataset *filled, int64_t n);
/* A value as hgi_writer_csv writes it; returns its end.                                */
char *hgi_csv_write_cell(const hgi_schema_column *c, float v, char *out);

/* As much text as the context's threads can share.                                     */
void hgi_csv_share(hgi_csv_rows *r, int threads);
/* The rows of the next buffer of text into r->values; *n is 0 at the end.              */
hg_status hgi_csv_block(hgi_csv_rows *r, int64_t *n);
/* delimiter and decimal sign: can numbers have them?  HG_EINVAL. */
hg_status hgi_csv_check_signs(hg_ctx *ctx, const hg_data_options *o);
/* r->t gets its columns from the first record, named or not; behind hgi_csv_start(). */
hg_status hgi_csv_read_names(hgi_csv_rows *r, const hg_data_options *o);
/* One record to `row`, with notes; no memory is taken where words have their numbers. */
hg_status hgi_csv_read_row(hgi_csv_rows *r, const hgi_csv_record *rec, float *row);
/* The error of a row with more fields than the first has, or fewer.                    */
hg_status hgi_csv_ragged(const hgi_csv_rows *r, const hgi_csv_record *rec);
/* The notes of a row that was read are its error, if they are one; they are forgotten. */
hg_status hgi_csv_judge(hgi_csv_rows *r, int64_t line);
void hgi_csv_forget(hgi_csv_table *t);
/* hgi_csv_read_row(); with r->skip *taken is false where the record is bad: counted, told
 * of, and no error.                                                                    */
hg_status hgi_csv_try_row(hgi_csv_rows *r, const hgi_csv_record *rec, float *row,
                          bool *taken);
/* The texts that name the records of the text from this byte on, records.count in all. */
hg_status hgi_csv_name_rows(hgi_csv_rows *r, size_t from, int64_t before);
/* How many rows were left out, and where.                                              */
void hgi_csv_tell_skipped(const hgi_csv_rows *r);
/* Cells whose bytes are no UTF-8 become that, from Windows-1252: in `out`, which has room
 * for three bytes each; returns its end.                                               */
bool hgi_csv_is_utf8(const char *p, const char *to);
char *hgi_csv_to_utf8(const char *p, const char *to, char *out);
void hgi_csv_tell_bytes(const hgi_csv_table *t);
/* Is the first record a header?  second->from NULL: there is none to compare it with. */
bool hgi_csv_looks_named(const hgi_csv *c, const hgi_csv_record *first,
                         const hgi_csv_record *second);
/* The next record that is not blank, or r->from NULL at the end.                       */
hg_status hgi_csv_filled(hgi_csv_rows *r, hgi_csv *c, hgi_csv_record *out);

#endif
