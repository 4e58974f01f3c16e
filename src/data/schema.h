// SPDX-License-Identifier: MIT
/* What the columns of a table are: names, kinds, words; and which features of a net each
 * of them becomes.
 *
 *     cell of the file     raw value, one float      features of a net's row
 *     12.5                 12.5                       1  scaled
 *     yes / no             1 / 0                      1  probability of yes
 *     red                  number of the word         words + 1: one-hot, then "other"
 *     2024-03-01T10:00     days since the origin      2 for each of its cycles, cycles.c
 *     nothing              NaN                        a gap: see below
 *
 * A dataset holds raw values, so that a table takes one float a cell wherever it lies.
 * A batch makes of them a row of TARGETS, in which the features of a gap are NaN: a loss
 * leaves those out; and of these a row of INPUTS, in which a gap is 0: the mean of a
 * number, neither of yes and no, no word.
 *
 * "other" is where words end up that are rare in training or were never seen.          */
#ifndef HGI_SCHEMA_H
#define HGI_SCHEMA_H

#include "base/base.h"

typedef enum hgi_kind { HGI_NUMERIC, HGI_CATEGORY, HGI_BOOLEAN, HGI_DATE } hgi_kind;
extern const char *const hgi_kind_words[]; /* NULL-ended, in that order */

/* What a text that is a date looks like. */
typedef enum hgi_date_form {
    HGI_DATE_NONE,
    HGI_DATE_YMD,   /* 2024-03-01, 2024/3/1; with a month in words: 1 Mar 2024 */
    HGI_DATE_DMY,   /* 01.03.2024, 1/3/2024 */
    HGI_DATE_MDY,   /* 3/1/2024 */
    HGI_DATE_EITHER /* of the last two */
} hgi_date_form;

/* What a net knows of a date, in the order of its features.  The date itself is one feature
 * of files of before there were cycles; a cycle is two, the sine and cosine in it. */
typedef enum hgi_cycle {
    HGI_CYCLE_DATE,
    HGI_CYCLE_WEEK,
    HGI_CYCLE_DAY,
    HGI_CYCLE_MONTH,
    HGI_CYCLE_YEAR
} hgi_cycle;
enum { HGI_CYCLES = HGI_CYCLE_YEAR + 1, HGI_CYCLE_PLACES = 24 };
extern const char *const hgi_cycle_words[]; /* NULL-ended, in that order */

typedef struct hgi_schema_column {
    char *name; /* never NULL; "" in a file without a header */
    hgi_kind kind;
    char **word; /* [words]: of a category by frequency; of a boolean: for 0, for 1 */
    int64_t words;
    /* Of a category, words that share one place, and their share of the cells.  -1: nobody
     * knows, as of models of before.                                                    */
    int64_t folded;
    double rare;
    hgi_date_form form; /* of a date, as it was read */
    bool timed;         /* a date has times of day */
    /* Of a date, what its text has between day, month and year: '/', '-' or '.'; 'Y' where
     * the text alone says which is which, 2024-03-01; 0: not known.                    */
    char sign;
    /* Of a date: 1 << each hgi_cycle that is used, known once rows were looked at.  With
     * none its one feature is ever a gap: the net has nothing of it.                   */
    unsigned cycles;
    double origin;        /* of a date: seconds since 1970 of the raw value 0 */
    int64_t first, count; /* features */
    /* Known once rows have been looked at, see hgi_schema_fit(). */
    double missing; /* share of the rows without a value */
    double last;    /* of a date: the latest raw value; HGI_CYCLE_DATE ends there */
    double weight;  /* of its loss: 1 / the loss of the best constant */
    uint32_t *slot; /* [slots]: number of a word + 1, by hash; 0: none */
    int64_t slots;
} hgi_schema_column;

struct hg_schema {
    hgi_mem mem;
    int64_t columns, features;
    hgi_schema_column *column;
    bool named;
    bool plain;   /* names alone: all columns are numbers, and complete */
    bool steps;   /* names of a series' channels, whose windows have no gaps */
    bool numbers; /* all columns are numeric, with or without gaps */
    /* Of the file's other columns: those that were left out, which may come again. */
    char **left;
    int64_t left_count;
    /* How the file was read, of a model's schema: for its next files. */
    char decimal;  /* '.', ',', or 0: nobody said */
    char *renamed; /* "old=new,old=new", or NULL */
};

/* All columns numeric, without names. */
hg_status hgi_schema_new(hg_ctx *ctx, int64_t columns, hg_schema **out);
hg_status hgi_schema_copy(hg_ctx *ctx, const hg_schema *s, hg_schema **out);
void hgi_schema_free(hg_schema **s);
/* Column i of s becomes as `from`; hgi_schema_settle() comes after. */
hg_status hgi_schema_copy_column(hg_ctx *ctx, const hgi_schema_column *from, hg_schema *s,
                                 int64_t i);
hg_status hgi_schema_set_name(hg_ctx *ctx, hg_schema *s, int64_t column, const char *name,
                              size_t n);
hg_status hgi_schema_add_left(hg_ctx *ctx, hg_schema *s, const char *name);
/* renamed may be NULL; it is copied. */
hg_status hgi_schema_read_as(hg_ctx *ctx, hg_schema *s, char decimal,
                             const char *renamed);
/* Room for so many words, which are NULL. */
hg_status hgi_schema_make_words(hg_ctx *ctx, hgi_schema_column *c, int64_t words);
/* Once kinds and words are set: first and count of each column, and its words' places.
 * Errors: HG_ERANGE too many features; HG_EFORMAT a word twice.                        */
hg_status hgi_schema_settle(hg_ctx *ctx, hg_schema *s);
/* The number of a word, n bytes without blanks around them, or -1.  ASCII letters are the
 * same in either case.                                                                 */
int64_t hgi_schema_word(const hgi_schema_column *c, const char *word, size_t n);
/* As words are compared. */
uint64_t hgi_fold_hash(const char *s, size_t n);
bool hgi_fold_equal(const char *a, size_t n, const char *b, size_t m);
/* Same names, kinds, words and places.  *column: the first that differs; -1: their number
 * does.                                                                                */
bool hgi_schema_equal(const hg_schema *a, const hg_schema *b, int64_t *column);
struct hg_dataset;
/* Are the rows of data this schema's, or numbers where it is NULL?  Errors: HG_EMISMATCH,
 * HG_ESHAPE with the column; `of` is whose schema it is.                               */
hg_status hgi_schema_fits(hg_ctx *ctx, const hg_schema *s, const struct hg_dataset *data,
                          const char *of);
/* "yes", "no", "TRUE", "f", ...: 1, 0, or -1.                                          */
int hgi_boolean_word(const char *s, size_t n);

/* Seconds since 1970 of a raw value: the whole minute, or second, that a float so large
 * cannot be told from.                                                                 */
double hgi_schema_seconds(const hgi_schema_column *c, float v);
/* A raw value as text, at most n bytes with its NUL; returns the length of the whole.  A
 * value that is no number of a word is the nearest, "another word" the empty text.     */
size_t hgi_schema_print(const hgi_schema_column *c, float v, char *out, size_t n);

/* ---- dates --------------------------------------------------------------------------- */

/* Seconds since 1970-01-01T00:00Z of a date, with a time and a zone when it has them; a
 * date without a zone is taken as UTC.  *form: what it can be read as; with `as` MDY or DMY
 * that one is taken where both are possible.                                           */
bool hgi_date_parse(const char *s, size_t n, hgi_date_form as, double *seconds,
                    hgi_date_form *form, bool *timed);
/* "2024-03-01" or "2024-03-01T10:00:00"; at most HGI_DATE_MAX bytes, no NUL.           */
enum { HGI_DATE_MAX = 40 };
int hgi_date_print(char out[HGI_DATE_MAX], double seconds, bool timed);
#define HGI_DAY 86400.0
/* Months since 1970 at the start of a day, or years, with the part that has passed.    */
double hgi_date_months(double day, bool years);

/* ---- cycles of dates ----------------------------------------------------------------- */

/* Where a turn of a cycle is so many days after 1970: whole turns and their part.      */
double hgi_cycle_turns(hgi_cycle cycle, double days);

/* What the rows have of each cycle; all 0 at first. */
typedef struct hgi_cycle_place {
    int64_t rows;
    double turn; /* of the first of them */
    bool again;  /* another turn has rows here, too */
} hgi_cycle_place;
typedef struct hgi_cycles_seen {
    hgi_cycle_place place[HGI_CYCLES][HGI_CYCLE_PLACES];
    int64_t rows;
    double first, low, high, sum, squares;
} hgi_cycles_seen;
void hgi_cycles_see(hgi_cycles_seen *seen, double days);
/* The cycles that those rows tell enough of. */
unsigned hgi_cycles_use(const hgi_cycles_seen *seen);
/* The date near another one, in days since 1970, that is at these places of its cycles. */
double hgi_cycles_date(unsigned use, const double turns[HGI_CYCLES], double near);

#endif
