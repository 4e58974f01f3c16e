// SPDX-License-Identifier: MIT
/* A buffer of CSV text to rows of floats, on all threads.
 *
 *     text:    | records | records | records | part of one      cut where records end
 *     pieces:      0         1         2                        parsed by any thread
 *     values:  | rows... | rows... | rows... |                  closed up, in order
 *
 * Numbers are read as doubles, correctly rounded, and then rounded to float, as any
 * program does that reads them as doubles and trains in float.
 *
 * A thread reads plain rows only: numbers, and nothing wrong.  A piece with anything else
 * in it (a word, a gap, a row of another length) is read again in its turn by the caller's
 * thread, which takes the notes that messages are made of: so they are the same for any
 * number of threads, and the same as if all were read in order.
 * Threads of the team flush denormals, so a number that small is not plain.            */
#define _GNU_SOURCE /* memrchr */
#include "base/team.h"
#include "data/csv.h"

#include <math.h>
#include <string.h>

#define PIECE ((size_t)64 * 1024)
/* Less text than this is read before a second thread is awake. */
#define SHARED (2 * PIECE)

enum { RAGGED = -1 };

void hgi_csv_share(hgi_csv_rows *r, int threads)
{
    /* Four each, so that one that is slow holds nobody up for long. */
    r->most = hgi_min(HGI_CSV_PIECES, 4 * (int64_t)threads);
    r->c.want = (size_t)r->most * PIECE;
}

hg_status hgi_csv_filled(hgi_csv_rows *r, hgi_csv *c, hgi_csv_record *out)
{
    for (;;) {
        HGI_TRY(hgi_csv_next(c, out));
        if (out->from == NULL || out->from < out->to) return HG_OK;
        r->blank = out->line;
    }
}

/* ---- cells ----------------------------------------------------------------------- */

/* Zero, or a normal float: nothing that a thread would flush, nothing infinite.        */
static bool plain_float(double v, float *out)
{
    uint32_t bits;
    *out = (float)v;
    memcpy(&bits, out, sizeof bits);
    return (bits >> 23 & 255) - 1u < 254u || (v <= 0.0 && v >= 0.0);
}

/* The inner loop: a plain number, a delimiter, a plain number.  From column i on, which
 * starts at *p; returns the first column that is something else, with *p where it starts,
 * or the number of columns when the row is done, or RAGGED.                            */
static int64_t plain_cells(const hgi_csv_rows *r, const hgi_csv_record *rec,
                           const char **at, int64_t i, float *row)
{
    const hgi_csv_column *column = r->t.column;
    const char *p = *at, *to = rec->to;
    const char delimiter = r->c.delimiter, point = r->c.decimal;
    /* Only in quotes has a number the sign that separates columns, too. */
    const char bare = delimiter == point ? '\0' : point;
    int64_t n = r->t.count;
    for (; i < n; i++) {
        const char *q;
        *at = p;
        if (column[i].dest >= 0 && column[i].kind != HGI_NUMERIC) return i;
        if (column[i].dest >= 0) {
            double v;
            bool quote = *p == '"';
            q = hgi_csv_number(p + quote, quote ? point : bare, &v);
            if (q != NULL && quote) q = *q == '"' ? q + 1 : NULL;
            if (q == NULL || (q != to && *q != delimiter)) return i;
            if (!plain_float(v, &row[column[i].dest])) return i;
        } else {
            hgi_csv_field f;
            q = hgi_csv_split(delimiter, p, to, &f);
            if (q == NULL) return i;
        }
        p = q + 1;
        if ((q == to) != (i == n - 1)) return RAGGED;
    }
    return n;
}

/* A field that is no short plain number: rare, so it may take its time.                */
static float slow_cell(hgi_csv_rows *r, int64_t column, int64_t line,
                       const hgi_csv_field *f)
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

/* Decimal commas that were taken for delimiters: numbers are cut in two. */
static const char *comma_hint(const hgi_csv_rows *r, const hgi_csv_record *rec, int64_t n)
{
    hgi_csv_field whole = {rec->from, rec->to, false};
    hgi_csv_sign sign = hgi_csv_sign_of(&whole, ',');
    if (r->c.delimiter != ',') return "";
    if (r->t.count == 1 && (sign == HGI_CSV_OWN || sign == HGI_CSV_EITHER))
        return "; if ',' is the decimal sign, set decimal to ','";
    return r->t.count > 1 && n == 2 * r->t.count
               ? "; if ',' is also the decimal sign, such numbers want quotes"
               : "";
}

/* Counts the fields again, for the message. */
hg_status hgi_csv_ragged(const hgi_csv_rows *r, const hgi_csv_record *rec)
{
    hgi_csv_field f;
    int64_t n = 1;
    const char *p = rec->from;
    while ((p = hgi_csv_split(r->c.delimiter, p, rec->to, &f)) != NULL && p++ < rec->to)
        n++;
    return hgi_fail(r->c.ctx, HG_EFORMAT, "%s:%lld: %lld column%s, expected %lld%s",
                    r->c.path, (long long)rec->line, (long long)n, n == 1 ? "" : "s",
                    (long long)r->t.count, comma_hint(r, rec, n));
}

/* Columns that the file lacks. */
static void set_absent(const hgi_csv_table *t, float *row)
{
    for (int64_t k = 0; k < t->absents; k++) row[t->absent[k]] = (float)NAN;
}

/* Any cell that is not plain goes the slow way; a row of the wrong length ends it all. */
hg_status hgi_csv_read_row(hgi_csv_rows *r, const hgi_csv_record *rec, float *row)
{
    const char *p = rec->from;
    int64_t i = 0, n = r->t.count;
    set_absent(&r->t, row);
    while ((i = plain_cells(r, rec, &p, i, row)) >= 0 && i < n) {
        hgi_csv_field f;
        const char *q = hgi_csv_split(r->c.delimiter, p, rec->to, &f);
        if (q == NULL) {
            return hgi_fail(r->c.ctx, HG_EFORMAT,
                            "%s:%lld: column %lld has text after a closing quote",
                            r->c.path, (long long)rec->line, (long long)i + 1);
        }
        int64_t dest = r->t.column[i].dest;
        if (dest >= 0 && r->t.table)
            HGI_TRY(hgi_csv_cell(r, i, rec->line, &f, &row[dest]));
        else if (dest >= 0)
            row[dest] = slow_cell(r, i, rec->line, &f);
        if ((q == rec->to) != (i == n - 1)) return hgi_csv_ragged(r, rec);
        p = q + 1;
        i++;
    }
    if (i == RAGGED) return hgi_csv_ragged(r, rec);
    r->rows++;
    return HG_OK;
}

/* ---- pieces ---------------------------------------------------------------------- */

/* A piece on its own, so that nothing outside it is read or written. */
static hgi_csv part(const hgi_csv_rows *r, const hgi_csv_piece *piece, int64_t line)
{
    hgi_csv c = r->c;
    c.pos = piece->from;
    c.len = piece->to;
    c.line = line;
    c.end = true;
    return c;
}

/* By any thread: no notes, no messages. */
static bool plain_cell(const hgi_csv_rows *r, int64_t i, const hgi_csv_field *f,
                       float *out, int64_t *gaps)
{
    double v;
    if (r->t.column[i].dest < 0) return false;
    if (!r->t.table)
        return hgi_csv_classify(f, r->c.decimal, &v) == HGI_CSV_NUMBER &&
               plain_float(v, out);
    if (!hgi_csv_plain_cell(r, i, f, out)) return false;
    *gaps += isnan(*out);
    return true;
}

static bool plain_row(const hgi_csv_rows *r, const hgi_csv_record *rec, float *row,
                      int64_t *gaps)
{
    const char *p = rec->from;
    int64_t i = 0, n = r->t.count;
    set_absent(&r->t, row);
    while ((i = plain_cells(r, rec, &p, i, row)) >= 0 && i < n) {
        hgi_csv_field f;
        const char *q = hgi_csv_split(r->c.delimiter, p, rec->to, &f);
        if (q == NULL || (q == rec->to) != (i == n - 1)) return false;
        float *out = &row[hgi_max(r->t.column[i].dest, 0)];
        if (!plain_cell(r, i, &f, out, gaps)) return false;
        p = q + 1;
        i++;
    }
    return i != RAGGED;
}

static void run_piece(void *arg, int64_t item, int worker)
{
    (void)worker;
    hgi_csv_rows *r = arg;
    hgi_csv_piece *piece = &r->piece[item];
    hgi_csv c = part(r, piece, 0);
    hgi_csv_record rec;
    float *row = piece->values;
    piece->rows = piece->gaps = 0;
    piece->plain = false;
    for (;;) {
        if (hgi_csv_find(&c, &rec) != HGI_CSV_WHOLE) return;
        if (rec.from == NULL) break;
        if (rec.from == rec.to && r->t.count == 1) return; /* a gap */
        if (rec.from == rec.to) continue;
        if (!plain_row(r, &rec, row, &piece->gaps)) return;
        row += r->width;
        piece->rows++;
    }
    piece->lines = c.line - 1; /* the end counts as one */
    piece->plain = true;
}

/* In its turn, with notes. */
static hg_status read_piece(hgi_csv_rows *r, hgi_csv_piece *piece, float *row)
{
    hgi_csv c = part(r, piece, r->c.line);
    hgi_csv_record rec;
    piece->rows = 0;
    while (r->rows < r->limit) {
        HGI_TRY(hgi_csv_filled(r, &c, &rec));
        if (rec.from == NULL) break;
        if (r->blank > 0 && r->t.count == 1) {
            return hgi_fail(r->c.ctx, HG_ENONFINITE,
                            "%s:%lld: a blank line, expected a number%s", r->c.path,
                            (long long)r->blank,
                            r->t.table ? ", or \"\" for a missing one" : "");
        }
        bool taken;
        HGI_TRY(hgi_csv_try_row(r, &rec, row, &taken));
        r->records.count++;
        if (!taken) continue;
        row += r->width;
        piece->rows++;
    }
    piece->lines = c.line - 1 - r->c.line;
    return HG_OK;
}

/* ---- a buffer of text ------------------------------------------------------------ */

/* The end of the last whole record that begins in [from, from + PIECE), or `from`.  A line
 * end ends a record unless it stands in quotes, and then it takes a walk.              */
static size_t cut(const hgi_csv *c, size_t from, bool quotes)
{
    size_t far = from + PIECE < c->len ? from + PIECE : c->len;
    if (!quotes) {
        const char *end = far < c->len ? memchr(c->buf + far, '\n', c->len - far)
                                       : memrchr(c->buf + from, '\n', c->len - from);
        if (end != NULL) return (size_t)(end + 1 - c->buf);
        /* The record that reaches beyond `far` is a part: stop before it. */
        end = far < c->len ? memrchr(c->buf + from, '\n', far - from) : NULL;
        if (c->end) return c->len;
        return end != NULL ? (size_t)(end + 1 - c->buf) : from;
    }
    hgi_csv view = *c;
    hgi_csv_record rec;
    view.pos = from;
    while (view.pos < far) {
        hgi_csv_found found = hgi_csv_find(&view, &rec);
        if (found == HGI_CSV_OPEN) return c->len; /* whoever reads it will say so */
        if (found == HGI_CSV_PART) break;
    }
    return view.pos;
}

/* Cut the buffer; room for what the pieces can hold.  A row has a byte at least for each of
 * its columns: a sign, or the delimiter behind it.                                     */
static hg_status cut_pieces(hgi_csv_rows *r)
{
    hgi_csv *c = &r->c;
    bool quotes = memchr(c->buf + c->pos, '"', c->len - c->pos) != NULL;
    size_t at = c->pos, floats = 0, room;
    for (r->pieces = 0; r->pieces < r->most && at < c->len; r->pieces++) {
        hgi_csv_piece *piece = &r->piece[r->pieces];
        piece->from = at;
        piece->to = at = cut(c, at, quotes);
        if (piece->to == piece->from) break;
        floats += ((at - piece->from) / (size_t)r->t.count + 1) * (size_t)r->width;
    }
    if (!hgi_mul_size(floats, sizeof(float), &room)) room = SIZE_MAX;
    if (room > r->room) {
        hgi_free(&c->ctx->mem, r->values);
        r->room = 0;
        r->values = hgi_alloc(&c->ctx->mem, room);
        if (r->values == NULL)
            return hgi_fail_mem(c->ctx, room, "the rows of a CSV file");
        r->room = room;
    }
    float *values = r->values;
    for (int64_t i = 0; i < r->pieces; i++) {
        hgi_csv_piece *piece = &r->piece[i];
        piece->values = values;
        values += ((piece->to - piece->from) / (size_t)r->t.count + 1) * (size_t)r->width;
    }
    return HG_OK;
}

static hg_status parse(hgi_csv_rows *r)
{
    hgi_stage stage = {run_piece, r, r->pieces};
    size_t bytes = r->piece[r->pieces - 1].to - r->c.pos;
    hgi_team *team;
    if (bytes <= SHARED) {
        hgi_team_run_alone(&stage, 1);
        return HG_OK;
    }
    HGI_TRY(hgi_ctx_team(r->c.ctx, &team));
    hgi_team_run(team, &stage, 1);
    return HG_OK;
}

/* Rows in order, each piece's behind those of the one before; what lies behind the limit is
 * not looked at, whatever a thread has found there.                                    */
static hg_status take_pieces(hgi_csv_rows *r, int64_t *n)
{
    float *to = r->values;
    for (int64_t i = 0; i < r->pieces && r->rows < r->limit; i++) {
        hgi_csv_piece *piece = &r->piece[i];
        if (piece->plain && !(r->t.count == 1 && r->blank > 0)) {
            piece->rows = hgi_min(piece->rows, r->limit - r->rows);
            size_t bytes = (size_t)(piece->rows * r->width) * sizeof *to;
            if (to != piece->values && bytes > 0) memmove(to, piece->values, bytes);
            r->rows += piece->rows;
            r->records.count += piece->rows;
            r->t.gaps += piece->gaps;
        } else {
            HGI_TRY(read_piece(r, piece, to));
        }
        to += piece->rows * r->width;
        *n += piece->rows;
        r->c.line += piece->lines;
        r->c.pos = piece->to;
    }
    return HG_OK;
}

hg_status hgi_csv_block(hgi_csv_rows *r, int64_t *n)
{
    hgi_csv *c = &r->c;
    *n = 0;
    r->records.count = r->records.bads = 0;
    r->records.id.len = 0;
    while (*n == 0 && r->rows < r->limit) {
        /* A full buffer keeps every thread busy. */
        if (!c->end && c->len - c->pos < c->want / 2) HGI_TRY(hgi_csv_refill(c));
        HGI_TRY(cut_pieces(r));
        if (r->pieces > 0) {
            size_t from = c->pos;
            int64_t before = r->records.count;
            HGI_TRY(parse(r));
            HGI_TRY(take_pieces(r, n));
            if (r->t.id >= 0) HGI_TRY(hgi_csv_name_rows(r, from, before));
        } else if (c->end) {
            break;
        } else {
            HGI_TRY(hgi_csv_refill(c)); /* a record that does not fit */
        }
    }
    return HG_OK;
}
