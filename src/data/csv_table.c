// SPDX-License-Identifier: MIT
/* Cells of a table: what a text is worth.
 *
 * While a table's kinds are not known, a cell is read as what it is by itself: a number, a
 * gap, or a word.  A word is noted in the row as a NaN with its number in the bits below
 * the quiet one (0: a gap), until all rows are there and csv_decide.c makes values of the
 * notes.  Where kinds are known, from an option or a model's schema, a cell becomes its
 * value at once.  Dates must be known before: csv_dates.c.                             */
#include "data/csv.h"

#include <math.h>
#include <string.h>

#define GAP_BITS UINT32_C(0x7fc00000)
/* The note of words that are too many to be numbered. */
#define REST (HGI_CSV_WORDS_MAX + 1)

static float float_of(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static float note_of(int64_t word)
{
    return float_of(GAP_BITS | (uint32_t)(word < 0 ? REST : word + 1));
}

bool hgi_csv_is_word(float v, int64_t *word)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    if (!isnan(v) || (bits & 0x3fffff) == 0) return false;
    *word = (int64_t)(bits & 0x3fffff) - 1;
    return true;
}

/* ---- texts --------------------------------------------------------------------------- */

static bool is_any(const hgi_csv_field *f, const char *const *words, int64_t count)
{
    size_t n = (size_t)(f->to - f->from);
    for (int64_t i = 0; i < count; i++)
        if (hgi_fold_equal(f->from, n, words[i], strlen(words[i]))) return true;
    return false;
}

/* What programs write for nothing beside those that hgi_csv_classify() knows. */
bool hgi_csv_is_gap(const hgi_csv_field *f, hgi_csv_kind kind)
{
    static const char *const words[] = {
        "nan",    "<na>",    "nat",   "nil",     "n.a.",    ".",
        "--",     "#DIV/0!", "#REF!", "#VALUE!", "#NUM!",   "#NULL!",
        "#NAME?", "(null)",  "\\N",   "-nan",    "missing", "NaN()"};
    return kind == HGI_CSV_MISSING || is_any(f, words, HGI_COUNT(words));
}

void hgi_csv_trim(hgi_csv_field *f)
{
    while (f->from < f->to && (unsigned char)*f->from <= ' ') f->from++;
    while (f->to > f->from && (unsigned char)f->to[-1] <= ' ') f->to--;
}

/* ---- what a cell is ------------------------------------------------------------------ */

typedef enum cell { CELL_VALUE, CELL_GAP, CELL_WORD, CELL_BAD, CELL_ORDER } csv_cell;

static csv_cell date_cell(const hgi_csv_column *c, const hgi_csv_field *f, bool number,
                          double v, double *out)
{
    hgi_date_form form;
    bool timed;
    double seconds;
    size_t n = (size_t)(f->to - f->from);
    if (number) return hgi_csv_date_number(c, n, v, out) ? CELL_VALUE : CELL_BAD;
    if (!hgi_date_parse(f->from, n, c->form, &seconds, &form, &timed)) return CELL_BAD;
    if (hgi_csv_other_order(c, f, form)) return CELL_ORDER;
    *out = (seconds - c->origin) / HGI_DAY;
    return CELL_VALUE;
}

static csv_cell boolean_cell(const hgi_csv_column *c, const hgi_csv_field *f, bool number,
                             double v, double *out)
{
    size_t n = (size_t)(f->to - f->from);
    int64_t word = c->like != NULL ? hgi_schema_word(c->like, f->from, n) : -1;
    int known = word >= 0 ? (int)word : hgi_boolean_word(f->from, n);
    *out = (double)known;
    if (known >= 0) return c->like != NULL || c->fixed ? CELL_VALUE : CELL_WORD;
    *out = v;
    bool truth = number && (v == 0 || v == 1);
    return truth ? CELL_VALUE : CELL_BAD;
}

/* A word of a schema: as it stands, or a number that is one there in its shortest form. */
static int64_t known_word(const hgi_schema_column *c, const hgi_csv_field *f, bool number,
                          double v)
{
    int64_t word = hgi_schema_word(c, f->from, (size_t)(f->to - f->from));
    if (word >= 0 || !number) return word;
    char text[HGI_NUMBER_MAX];
    return hgi_schema_word(c, text, (size_t)hgi_format_float(text, (float)v));
}

/* *v: the value; of a number that is too large for a float it is infinite. */
static csv_cell look(const hgi_csv_rows *r, const hgi_csv_column *c, hgi_csv_field *f,
                     double *v)
{
    double number = 0;
    hgi_csv_trim(f);
    hgi_csv_kind kind = hgi_csv_classify(f, r->c.decimal, &number);
    if (hgi_csv_is_gap(f, kind)) return CELL_GAP;
    bool is_number = kind == HGI_CSV_NUMBER;
    *v = number;
    switch (c->kind) {
    case HGI_DATE: return date_cell(c, f, is_number, number, v);
    case HGI_BOOLEAN: return boolean_cell(c, f, is_number, number, v);
    case HGI_CATEGORY:
        if (c->like == NULL) return CELL_WORD;
        *v = (double)known_word(c->like, f, is_number, number);
        return *v < 0 ? CELL_WORD : CELL_VALUE;
    case HGI_NUMERIC: break;
    }
    bool value = is_number || hgi_csv_dressed(f, r->c.decimal, hgi_csv_groups(&r->c), v);
    return value ? CELL_VALUE : CELL_WORD;
}

/* "5,5", "1.234,50 %": a number if only the decimal sign were the other, or perhaps.   */
static hgi_csv_sign other_sign(const hgi_csv *c, const hgi_csv_field *f)
{
    hgi_csv_sign sign = hgi_csv_sign_of(f, c->decimal);
    return sign == HGI_CSV_EITHER || sign == HGI_CSV_OTHER ? sign : HGI_CSV_NEITHER;
}

/* A quote that is part of the cell stands in it twice. */
static bool has_quotes(const hgi_csv_field *f)
{
    return f->quoted && memchr(f->from, '"', (size_t)(f->to - f->from)) != NULL;
}

bool hgi_csv_plain_cell(const hgi_csv_rows *r, int64_t column, const hgi_csv_field *f,
                        float *out)
{
    const hgi_csv_column *c = &r->t.column[column];
    hgi_csv_field own = *f;
    double v;
    if (has_quotes(f) || !hgi_csv_is_utf8(f->from, f->to)) return false;
    csv_cell cell = look(r, c, &own, &v);
    *out = float_of(GAP_BITS);
    if (cell != CELL_VALUE) return cell == CELL_GAP;
    *out = (float)v;
    uint32_t bits;
    memcpy(&bits, out, sizeof bits);
    return (bits >> 23 & 255) - 1u < 254u || (v <= 0.0 && v >= 0.0);
}

/* What cannot be missing either: another decimal sign, no yes or no. */
static hg_status bad_cell(const hgi_csv_rows *r, int64_t column, int64_t line,
                          const hgi_csv_field *f)
{
    char shown[32], name[40];
    if (r->t.column[column].kind == HGI_NUMERIC)
        return hgi_csv_bad_sign(&r->t, line, column, f);
    hgi_shown(f->from, (size_t)(f->to - f->from), shown, sizeof shown);
    hgi_csv_show_column(&r->t, column, name, sizeof name);
    return hgi_fail(r->c.ctx, HG_EFORMAT,
                    "%s:%lld: column '%s' is '%s', expected a yes or no; to take the "
                    "column for words, set categorical to %s%s",
                    r->c.path, (long long)line, name, shown, name,
                    r->skip ? "" : "; skip-bad leaves such rows out");
}

/* A word where kinds are known and it has no place: counted, the first is shown. */
static void note_unseen(hgi_csv_rows *r, int64_t column, int64_t line,
                        const hgi_csv_field *f)
{
    r->t.column[column].unseen++;
    hgi_csv_note(&r->t.unseen, line, r->rows, column, f);
}

static hg_status read_cell(hgi_csv_rows *r, int64_t column, int64_t line,
                           const hgi_csv_field *f, float *out)
{
    hgi_csv_column *c = &r->t.column[column];
    hgi_csv_field own = *f;
    int64_t word;
    double v;
    switch (look(r, c, &own, &v)) {
    case CELL_VALUE:
        *out = (float)v;
        if (isfinite(*out)) return HG_OK;
        hgi_csv_note(own.to[-1] >= 'A' ? &r->t.nonfinite : &r->t.huge, line, r->rows,
                     column, &own);
        *out = 0.0f;
        return HG_OK;
    case CELL_GAP:
        *out = float_of(GAP_BITS);
        r->t.gaps++;
        return HG_OK;
    case CELL_WORD: break;
    case CELL_BAD:
        if (c->like == NULL && c->kind == HGI_BOOLEAN)
            return bad_cell(r, column, line, &own);
        break;
    case CELL_ORDER:
        if (!r->t.stream) return hgi_csv_bad_order(&r->t, line, column, &own);
        hgi_csv_note(&r->t.order, line, r->rows, column, &own);
        break;
    }
    hgi_csv_sign sign =
        c->kind == HGI_NUMERIC ? other_sign(&r->c, &own) : HGI_CSV_NEITHER;
    if (c->like != NULL) {
        if (sign != HGI_CSV_NEITHER) return bad_cell(r, column, line, &own);
        note_unseen(r, column, line, &own);
        *out = c->kind == HGI_CATEGORY ? (float)c->like->words : float_of(GAP_BITS);
        return HG_OK;
    }
    if (sign != HGI_CSV_NEITHER) {
        c->foreign++;
        c->unclear += sign == HGI_CSV_EITHER;
        hgi_csv_note(&r->t.foreign, line, r->rows, column, &own);
    }
    /* What is no date stays in the column of dates, and is missing there. */
    if (c->kind != HGI_DATE && c->texts++ == 0)
        hgi_csv_note(&r->t.text, line, r->rows, column, &own);
    r->t.word_cells++;
    HGI_TRY(
        hgi_csv_word(r->c.ctx, &c->words, own.from, (size_t)(own.to - own.from), &word));
    *out = note_of(word);
    return HG_OK;
}

/* Text is held as it is meant, each quote once, and as UTF-8; a usual cell needs no memory
 * for it.                                                                              */
hg_status hgi_csv_cell(hgi_csv_rows *r, int64_t column, int64_t line,
                       const hgi_csv_field *f, float *out)
{
    char small[256], *text = small;
    size_t n = (size_t)(f->to - f->from);
    bool utf8 = hgi_csv_is_utf8(f->from, f->to);
    if (!has_quotes(f) && utf8) return read_cell(r, column, line, f, out);
    if (4 * n > sizeof small) text = hgi_alloc(&r->c.ctx->mem, 4 * n);
    if (text == NULL) return hgi_fail_mem(r->c.ctx, 4 * n, "a cell");
    char *to = hgi_csv_unquote(f, text), *from = text;
    if (!utf8) { /* three bytes for each behind the one */
        from = to;
        to = hgi_csv_to_utf8(text, to, to);
    }
    hgi_csv_field plain = {from, to, f->quoted};
    if (!utf8) hgi_csv_note(&r->t.bytes, line, r->rows, column, &plain);
    hg_status status = read_cell(r, column, line, &plain, out);
    if (text != small) hgi_free(&r->c.ctx->mem, text);
    return status;
}
