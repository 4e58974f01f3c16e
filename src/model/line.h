// SPDX-License-Identifier: MIT
/* One line of the little language users type: a word, then words, numbers and
 * key=value pairs:  "dense 32 relu l1=1e-4",  "step every=10 factor=0.5".
 *
 * Layers, codes, schedules, optimisers and corruptions share it.  A kind declares its
 * options in a table; --help, docs and nearest-word errors come from that table.       */
#ifndef HGI_LINE_H
#define HGI_LINE_H

#include "base/base.h"

typedef enum hgi_opt_type {
    HGI_OPT_INT,   /* whole number within [lo, hi]                                     */
    HGI_OPT_REAL,  /* number within [lo, hi]                                            */
    HGI_OPT_UNITS, /* whole number >= 1, or one of words[], as CHOICE                   */
    HGI_OPT_SIZE,  /* 1 to 3 whole numbers within [lo, hi]: 4x4x128; or as CHOICE       */
    HGI_OPT_WORD,  /* one of words[]                                                    */
    HGI_OPT_CHOICE, /* one of words[], as -1 - its index, or a whole number in [lo, hi] */
    HGI_OPT_FLAG /* present or not                                                    */
} hgi_opt_type;

typedef struct hgi_opt_decl {
    const char *name; /* key of key=value; a FLAG is its bare name               */
    hgi_opt_type type;
    bool positional; /* may be given without its key, in the table's order; a WORD
                                 is recognised by its value wherever it stands          */
    bool required;
    double lo, hi;  /* INT, REAL, CHOICE: inclusive                             */
    double initial; /* default of INT, REAL, CHOICE; index into words[] of a WORD */
    const char *const *words; /* NULL-ended                                             */
    const char *help;
} hgi_opt_decl;

#define HGI_LINE_OPTIONS 12
/* Values of a UNITS option given as a word. */
#define HGI_LINE_INPUT (-1.0) /* "input": as many as a row has */
#define HGI_LINE_MATCH (-2.0) /* "match": as the last shape of the encoder has */

typedef struct hgi_line {
    char kind[32];                  /* first word                                      */
    const hgi_opt_decl *decl;       /* name == NULL ends                               */
    double value[HGI_LINE_OPTIONS]; /* by index of decl; FLAG 0 or 1; WORD its index    */
    bool given[HGI_LINE_OPTIONS];
    int64_t size[HGI_LINE_OPTIONS][3]; /* of a SIZE, whose value is how many there are;
                                          not given: initial once, or none when it is 0 */
} hgi_line;

/* A word of a user in a message: at most 40 bytes, control characters as '?'.          */
#define HGI_QUOTE_MAX 48
const char *hgi_quote(char out[HGI_QUOTE_MAX], const char *s, size_t n);

/* Find the first word of text; "" for an empty text. */
void hgi_line_kind(const char *text, char kind[32]);
/* Parse all of text against the table.  `where` starts messages: "encoder line 2".
 * Errors: HG_EUNKNOWN with the nearest word, HG_EINVAL, HG_ERANGE.                     */
hg_status hgi_line_parse(hg_ctx *ctx, const char *where, const char *text,
                         const hgi_opt_decl *decl, hgi_line *out);
/* Value by option name; the name must be in the table (assert).                        */
double hgi_line_get(const hgi_line *l, const char *name);
bool hgi_line_given(const hgi_line *l, const char *name);
/* The line again, in canonical form, only with what was given; "input" resolved to
 * `inputs` when inputs > 0.                                                            */
hg_status hgi_line_print(const hgi_line *l, int64_t inputs, hgi_text *out);
/* "unknown layer 'dens' at encoder line 2; did you mean 'dense'?" as HG_EUNKNOWN.      */
hg_status hgi_unknown(hg_ctx *ctx, const char *what, const char *word, const char *where,
                      const char *const *names, int64_t n);

#endif
