// SPDX-License-Identifier: MIT
/* CSV: text with a number in each field; see csv.h for the parts.
 *
 * Numbers are read as doubles, correctly rounded, and then rounded to float, as any
 * program does that reads them as doubles and trains in float.  Storage is sized by
 * the bytes that a row took so far: it is seldom moved and hardly larger than needed.  */
#include "data/csv.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Bytes of rows to start with; from there on the average row is known.                 */
#define FIRST_BYTES ((size_t)64 * 1024)

typedef struct reader {
    hgi_csv c;
    hgi_csv_table t;
    hgi_csv_record first; /* the first record; names when has_names                     */
    bool has_names, drop_text;
    int64_t limit; /* INT64_MAX: none                                              */
    int64_t width; /* floats of a stored row                                       */
    float *values; /* [room, width]                                                */
    int64_t rows, room;
    int64_t blank; /* line of the last blank record, 0: none                       */
} reader;

/* Any text may be CSV: perhaps, and only when no other reader is sure. */
static int probe(const unsigned char *head, size_t n, const char *path)
{
    (void)path;
    for (size_t i = 0; i < n; i++) {
        bool text =
            head[i] >= 0x20 || head[i] == '\n' || head[i] == '\r' || head[i] == '\t';
        /* A UTF-16 mark is let through for the message that it gets.                   */
        if (!text && !(head[0] >= 0xfe && n > 1 && head[1] >= 0xfe)) return 0;
    }
    return 1;
}

/* ---- header -------------------------------------------------------------------------- */

/* Is the first record a header?  Yes when nothing in it is a number, or when a column has
 * a word there, or a number in quotes, and a plain number in the second record.        */
static bool looks_named(const hgi_csv *c, const hgi_csv_record *first,
                        const hgi_csv_record *second)
{
    const char *p = first->from, *q = second->from;
    bool numbers = false, words = false;
    double v;
    for (hgi_csv_field f, g;; p++) {
        p = hgi_csv_split(c->delimiter, p, first->to, &f);
        if (p == NULL) return true;
        hgi_csv_kind kind = hgi_csv_classify(&f, c->decimal, &v);
        numbers = numbers || kind == HGI_CSV_NUMBER;
        words = words || kind == HGI_CSV_TEXT;
        if (q != NULL) {
            q = hgi_csv_split(c->delimiter, q, second->to, &g);
            bool word = kind == HGI_CSV_TEXT || (q != NULL && f.quoted && !g.quoted);
            if (q != NULL && word &&
                hgi_csv_classify(&g, c->decimal, &v) == HGI_CSV_NUMBER) {
                return true;
            }
            q = q == NULL || q == second->to ? NULL : q + 1;
        }
        if (p == first->to) break;
    }
    return words && !numbers;
}

/* The next record that is not blank.  A blank one is a missing value when there is one
 * column and more records follow; note() sees to that.                                 */
static hg_status next_filled(reader *r, hgi_csv_record *out)
{
    for (;;) {
        HGI_TRY(hgi_csv_next(&r->c, out));
        if (out->from == NULL || out->from < out->to) return HG_OK;
        r->blank = out->line;
    }
}

/* The first record decides how many columns there are, named or not. */
static hg_status read_names(reader *r, const hg_data_options *o)
{
    hgi_csv *c = &r->c;
    hgi_csv_record second;
    HGI_TRY(next_filled(r, &r->first));
    if (r->first.from == NULL) {
        return hgi_fail(c->ctx, HG_ESHAPE, "%s: no rows, expected at least 1", c->path);
    }
    /* Both records must be in the buffer at once, and the reader goes back to one of them:
     * positions survive a refill as distances from `keep`, pointers do not.            */
    size_t from = (size_t)(r->first.from - c->buf),
           length = (size_t)(r->first.to - r->first.from);
    size_t after = c->pos;
    int64_t line = c->line;
    c->keep = from;
    HGI_TRY(next_filled(r, &second));
    r->first.from = c->buf + c->keep;
    r->first.to = r->first.from + length;
    r->has_names =
        o->header > 0 || (o->header == 0 && looks_named(c, &r->first, &second));
    HGI_TRY(hgi_csv_columns_new(c, &r->first, r->has_names, &r->t));
    c->pos = r->has_names ? c->keep + (after - from) : c->keep;
    c->line = r->has_names ? line : r->first.line;
    c->keep = SIZE_MAX;
    r->blank = 0;
    return HG_OK;
}

/* ---- rows ---------------------------------------------------------------------------- */

/* Room for one more row: as many as the rest of the text is likely to hold.            */
static hg_status make_room(reader *r)
{
    if (r->rows < r->room) return HG_OK;
    size_t row = (size_t)r->width * sizeof(float), bytes;
    int64_t room = (int64_t)(FIRST_BYTES / row) + 1;
    if (r->rows > 0) {
        int64_t left = hgi_source_guess(r->c.s);
        double each = (double)(r->c.passed + (int64_t)r->c.pos) / (double)r->rows;
        double rest = ((double)left + (double)(r->c.len - r->c.pos)) / each;
        room = r->rows + r->rows / 2 + 1;
        if (left >= 0) room = r->rows + (int64_t)(1.05 * rest) + r->rows / 64 + 1;
    }
    if (room > r->limit) room = r->limit;
    if (!hgi_mul_size((size_t)room, row, &bytes)) bytes = SIZE_MAX;
    float *values = hgi_realloc(&r->c.ctx->mem, r->values, bytes);
    if (values == NULL) return hgi_fail_mem(r->c.ctx, bytes, "the rows of a CSV file");
    r->values = values;
    r->room = room;
    return HG_OK;
}

/* A field that is no short plain number: rare, so it may take its time.                */
static float slow_cell(reader *r, int64_t column, int64_t line, const hgi_csv_field *f)
{
    hgi_csv_column *c = &r->t.column[column];
    double v;
    switch (hgi_csv_classify(f, r->c.decimal, &v)) {
    case HGI_CSV_MISSING:
        if (c->missing++ == 0) {
            c->missing_line = line;
            c->missing_row = r->rows;
        }
        return 0.0f;
    case HGI_CSV_TEXT:
        c->texts++;
        hgi_csv_note(&r->t.text, line, r->rows, column, f);
        /* "1,5" in a file with semicolons is a number of another country.              */
        if (hgi_csv_classify(f, hgi_csv_other_sign(&r->c), &v) == HGI_CSV_NUMBER) {
            c->foreign++;
            hgi_csv_note(&r->t.foreign, line, r->rows, column, f);
        }
        return 0.0f;
    case HGI_CSV_NUMBER: break;
    }
    /* "1e400" is infinite as a double, but it was written as a number.                 */
    if (isfinite((float)v)) return (float)v;
    bool word =
        f->to[-1] >= 'A'; /* nan, inf, Infinity; digits and points are below      */
    hgi_csv_note(word ? &r->t.nonfinite : &r->t.huge, line, r->rows, column, f);
    return 0.0f;
}

/* Counts the fields again, for the message. */
static hg_status ragged(const reader *r, const hgi_csv_record *rec)
{
    hgi_csv_field f;
    int64_t n = 1;
    const char *p = rec->from;
    while ((p = hgi_csv_split(r->c.delimiter, p, rec->to, &f)) != NULL && p++ < rec->to)
        n++;
    return hgi_fail(r->c.ctx, HG_EFORMAT, "%s:%lld: %lld columns, expected %lld",
                    r->c.path, (long long)rec->line, (long long)n, (long long)r->t.count);
}

/* The inner loop: a plain number, a delimiter, a plain number.  Any other cell goes the
 * slow way; a row of the wrong length ends it all. */
static hg_status read_row(reader *r, const hgi_csv_record *rec)
{
    float *row = r->values + r->rows * r->width;
    const hgi_csv_column *column = r->t.column;
    const char *p = rec->from, *to = rec->to;
    const char delimiter = r->c.delimiter, point = r->c.decimal;
    int64_t n = r->t.count;
    for (int64_t i = 0; i < n; i++) {
        const char *q = NULL;
        double v;
        bool quote = *p == '"';
        if (column[i].dest >= 0) q = hgi_csv_number(p + quote, point, &v);
        if (q != NULL && quote) q = *q == '"' ? q + 1 : NULL;
        if (q != NULL && (q == to || *q == delimiter)) {
            row[column[i].dest] = (float)v;
        } else {
            hgi_csv_field f;
            q = hgi_csv_split(delimiter, p, to, &f);
            if (q == NULL) {
                return hgi_fail(r->c.ctx, HG_EFORMAT,
                                "%s:%lld: column %lld has text after a closing quote",
                                r->c.path, (long long)rec->line, (long long)i + 1);
            }
            if (column[i].dest >= 0) row[column[i].dest] = slow_cell(r, i, rec->line, &f);
        }
        p = q + 1;
        if ((q == to) != (i == n - 1)) return ragged(r, rec);
    }
    r->rows++;
    return HG_OK;
}

/* Stops at the limit, without a look at what follows. */
static hg_status read_rows(reader *r)
{
    hgi_csv_record rec;
    while (r->rows < r->limit) {
        HGI_TRY(next_filled(r, &rec));
        if (rec.from == NULL) break;
        if (r->blank > 0 && r->t.count == 1) {
            return hgi_fail(r->c.ctx, HG_ENONFINITE,
                            "%s:%lld: a blank line, expected a number", r->c.path,
                            (long long)r->blank);
        }
        HGI_TRY(make_room(r));
        HGI_TRY(read_row(r, &rec));
    }
    if (r->rows > 0) return HG_OK;
    return hgi_fail(r->c.ctx, HG_ESHAPE,
                    "%s: no rows after the header, expected at least 1", r->c.path);
}

/* Take columns that turned out to be text out of the rows that are stored already.
 * place[k] becomes the new place of the stored column k, or -1.                        */
static void leave_out_text(reader *r, int64_t *place)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < r->t.count; i++) {
        const hgi_csv_column *c = &r->t.column[i];
        if (c->dest >= 0) place[c->dest] = c->texts > 0 ? -1 : 0;
    }
    for (int64_t k = 0; k < r->width; k++) {
        if (place[k] == 0) place[k] = kept++;
    }
    for (int64_t i = 0; i < r->t.count; i++) {
        hgi_csv_column *c = &r->t.column[i];
        if (c->dest >= 0) c->dest = place[c->dest];
    }
    float *to = r->values;
    for (int64_t i = 0; i < r->rows && kept < r->width; i++) {
        for (int64_t k = 0; k < r->width; k++) {
            if (place[k] >= 0) *to++ = r->values[i * r->width + k];
        }
    }
    r->t.kept = r->width = kept;
}

/* ---- all of it ----------------------------------------------------------------------- */

/* What could be part of a number cannot separate two. */
static hg_status check_signs(hg_ctx *ctx, const hg_data_options *o)
{
    char d = o->delimiter, point = o->decimal == '\0' ? '.' : o->decimal;
    if (point != '.' && point != ',') {
        return hgi_fail(ctx, HG_EINVAL, "decimal: found '%c', expected '.' or ','",
                        point);
    }
    if (d != '\0' && (strchr("0123456789+-.eE\"\r\n", d) != NULL || d == point)) {
        return hgi_fail(ctx, HG_EINVAL,
                        "delimiter: a number or a quote may have '%c' in it",
                        d >= 0x20 ? d : ' ');
    }
    return HG_OK;
}

/* Rows and columns are known: tell what was wrong, or make the dataset. */
static hg_status finish(reader *r, hg_dataset **out)
{
    hg_ctx *ctx = r->c.ctx;
    hg_dataset *d;
    size_t held = (size_t)(r->room * r->width) * sizeof(float);
    if (r->drop_text) {
        size_t bytes = (size_t)r->width * sizeof(int64_t);
        int64_t *place = hgi_alloc(&ctx->mem, bytes);
        if (place == NULL) return hgi_fail_mem(ctx, bytes, "columns");
        leave_out_text(r, place);
        hgi_free(&ctx->mem, place);
    }
    HGI_TRY(hgi_csv_verdict(&r->t));
    size_t used = (size_t)(r->rows * r->width) * sizeof(float);
    if (held > used + used / 2) {
        float *values = hgi_realloc(&ctx->mem, r->values, used);
        if (values == NULL) return hgi_fail_mem(ctx, used, "the rows of a CSV file");
        r->values = values;
    }
    HGI_TRY(hgi_dataset_take(ctx, r->c.path, "csv", HG_F32, r->rows, 1, &r->width,
                             r->values, &d));
    r->values = NULL;
    hgi_free(&ctx->mem, d->stored);
    d->stored = hgi_strdup(&ctx->mem, "text");
    hg_status status = d->stored == NULL ? hgi_fail_mem(ctx, 5, "a type's name")
                                         : hgi_csv_name_columns(&r->t, d);
    if (status != HG_OK) hg_dataset_free(&d);
    *out = d;
    return status;
}

static hg_status read_csv(hg_ctx *ctx, hgi_source *s, const hg_data_options *o,
                          hg_dataset **out)
{
    hg_status status = HG_OK;
    reader r = {.c = {.ctx = ctx,
                      .s = s,
                      .path = hgi_source_path(s),
                      .delimiter = o->delimiter,
                      .decimal = o->decimal == '\0' ? '.' : o->decimal},
                .drop_text = o->drop_non_numeric != 0,
                .limit = o->limit > 0 ? o->limit : INT64_MAX};
    *out = NULL;
    HGI_GOTO(check_signs(ctx, o));
    HGI_GOTO(hgi_csv_start(&r.c));
    HGI_GOTO(read_names(&r, o));
    HGI_GOTO(hgi_csv_select(&r.t, o));
    r.width = r.t.kept;
    HGI_GOTO(read_rows(&r));
    HGI_GOTO(finish(&r, out));
done:
    hgi_csv_columns_free(&r.t);
    hgi_free(&ctx->mem, r.values);
    hgi_free(&ctx->mem, r.c.buf);
    return status;
}

const hgi_reader hgi_reader_csv = {
    "csv", "text: comma, semicolon or tab between numbers, with or without a header",
    probe, read_csv};
