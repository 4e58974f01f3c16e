// SPDX-License-Identifier: MIT
/* CSV: text with a number in each field; see csv.h for the parts.                      */
#include "data/csv.h"

#include <string.h>

typedef struct reader {
    hgi_csv_rows r;
    bool drop_text;
} reader;

/* Bytes that text does not have, in what else is text: UTF-16, a damaged file, or a cell
 * with a control sign.  They are let through for the message that zeros get, unless it is
 * known to be something else.                                                          */
static bool may_be_text(const unsigned char *head, size_t n, const char *path)
{
    static const char *const endings[] = {".csv", ".tsv", ".txt"};
    size_t zeros[2] = {0, 0}, len = strlen(path);
    hgi_looks looks;
    for (size_t i = 0; i < n; i++) zeros[i % 2] += head[i] == 0;
    bool half = n > 8 && (8 * zeros[0] > 3 * n || 8 * zeros[1] > 3 * n);
    for (int i = 0; i < HGI_COUNT(endings); i++)
        half = half || (len > 4 && strcmp(path + len - 4, endings[i]) == 0);
    return half && !hgi_looks_like(head, n, &looks);
}

/* Any text may be CSV: perhaps, and only when no other reader is sure. */
static int probe(const unsigned char *head, size_t n, const char *path)
{
    bool marked = n > 1 && head[0] >= 0xfe && head[1] >= 0xfe, odd = false;
    for (size_t i = 0; i < n; i++) {
        bool text =
            head[i] >= 0x20 || head[i] == '\n' || head[i] == '\r' || head[i] == '\t';
        odd = odd || !text;
    }
    return !odd || marked || may_be_text(head, n, path);
}

/* ---- header -------------------------------------------------------------------------- */

/* Is the first record a header?  Yes when nothing in it is a number, or when a column has
 * a word there, or a number in quotes, and a plain number in the second record.        */
bool hgi_csv_looks_named(const hgi_csv *c, const hgi_csv_record *first,
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

/* The first record decides how many columns there are, named or not. */
hg_status hgi_csv_read_names(hgi_csv_rows *r, const hg_data_options *o)
{
    hgi_csv *c = &r->c;
    hgi_csv_record first, second;
    HGI_TRY(hgi_csv_filled(r, c, &first));
    if (first.from == NULL) {
        return hgi_fail(c->ctx, HG_ESHAPE, "%s: no rows, expected at least 1", c->path);
    }
    /* Both records must be in the buffer at once, and the reader goes back to one of them:
     * positions survive a refill as distances from `keep`, pointers do not.            */
    size_t from = (size_t)(first.from - c->buf), length = (size_t)(first.to - first.from);
    size_t after = c->pos;
    int64_t line = c->line;
    c->keep = from;
    HGI_TRY(hgi_csv_filled(r, c, &second));
    first.from = c->buf + c->keep;
    first.to = first.from + length;
    bool has_names =
        o->header > 0 || (o->header == 0 && hgi_csv_looks_named(c, &first, &second));
    HGI_TRY(hgi_csv_columns_new(c, &first, has_names, &r->t));
    c->pos = has_names ? c->keep + (after - from) : c->keep;
    c->line = has_names ? line : first.line;
    c->keep = SIZE_MAX;
    r->blank = 0;
    return HG_OK;
}

/* ---- the stream ---------------------------------------------------------------------- */

/* How many rows are likely to follow, by those in the first buffer: for storage.       */
static double guess_rows(const hgi_csv_rows *r, const hgi_source *source)
{
    const hgi_csv *c = &r->c;
    int64_t left = hgi_source_guess(source), lines = 0;
    const char *p = c->buf + c->pos, *end = c->buf + c->len;
    if (left < 0) return -1;
    double here = (double)(end - p);
    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        lines++;
        p++;
    }
    return lines == 0 ? 1 : (double)lines * (1 + (double)left / here);
}

static hg_status no_rows(const hgi_csv_rows *r)
{
    if (r->skipped > 0)
        return hgi_fail(r->c.ctx, HG_ESHAPE,
                        "%s: no row can be read, expected at least 1", r->c.path);
    return hgi_fail(r->c.ctx, HG_ESHAPE,
                    "%s: no rows after the header, expected at least 1", r->c.path);
}

/* Of a table whose kinds are not known before: words or gaps have come up. */
static bool found_table(const hgi_csv_rows *r)
{
    bool found = r->t.forced || r->t.word_cells + r->t.gaps > 0;
    return r->t.table && r->t.like == NULL && found;
}

/* Notes are an error at the end, or in an eager stream as soon as there is one. */
static hg_status next(hgi_blocks *s, int64_t *n)
{
    reader *d = s->state;
    hgi_csv_rows *r = &d->r;
    HGI_TRY(hgi_csv_block(r, n));
    s->records = r->skip || r->t.id >= 0 ? &r->records : NULL;
    s->block->data = (const unsigned char *)r->values;
    if (*n == 0) hgi_csv_tell_skipped(r);
    if (*n == 0 && r->rows == 0) return no_rows(r);
    if (*n == 0) hgi_csv_tell_bytes(&r->t);
    if (*n == 0 && found_table(r)) {
        s->late = true;
        return HG_OK;
    }
    if (*n == 0 && r->t.like != NULL)
        HGI_TRY(hgi_csv_tell_unseen(&r->t, r->rows, s->block));
    return (*n == 0 && !d->drop_text) || s->eager ? hgi_csv_verdict(&r->t) : HG_OK;
}

static hg_status look(hgi_blocks *s, const float *rows, int64_t n)
{
    reader *d = s->state;
    return d->r.t.table ? hgi_csv_survey_rows(&d->r, rows, n) : HG_OK;
}

static float fix(const hgi_blocks *s, int64_t k, float v)
{
    const reader *d = s->state;
    const hgi_csv_table *t = &d->r.t;
    return s->block->schema != NULL ? hgi_csv_fix(t, t->by_place[k], v) : v;
}

/* The block has the names and the shape of the columns that are kept. */
static hg_status keep_columns(hgi_blocks *s, int64_t kept)
{
    reader *d = s->state;
    hgi_free(&s->ctx->mem, s->block->columns_owned);
    s->block->columns = NULL;
    s->block->columns_owned = NULL;
    s->block->features = s->block->shape[0] = kept;
    s->block->row_stride = kept * (int64_t)sizeof(float);
    return hgi_csv_name_columns(&d->r.t, s->block);
}

/* Which column of the file each value of a row is, before any falls away. */
static hg_status note_places(hgi_csv_rows *r)
{
    size_t bytes = (size_t)r->width * sizeof *r->t.by_place;
    r->t.by_place = hgi_alloc(&r->c.ctx->mem, bytes);
    if (r->t.by_place == NULL) return hgi_fail_mem(r->c.ctx, bytes, "columns");
    for (int64_t i = 0; i < r->t.count; i++)
        if (r->t.column[i].dest >= 0) r->t.by_place[r->t.column[i].dest] = i;
    return HG_OK;
}

static hg_status end_table(hgi_blocks *s, int64_t *place)
{
    reader *d = s->state;
    hgi_csv_rows *r = &d->r;
    HGI_TRY(note_places(r));
    HGI_TRY(hgi_csv_decide(r, d->drop_text, place, &s->block->schema));
    s->block->schema_own = true;
    HGI_TRY(d->drop_text ? hgi_csv_verdict(&r->t) : hgi_csv_numbers_verdict(&r->t));
    return keep_columns(s, r->t.kept);
}

/* Columns that turned out to be text are left out. */
static hg_status end(hgi_blocks *s, int64_t *place)
{
    reader *d = s->state;
    hgi_csv_table *t = &d->r.t;
    int64_t kept = 0;
    if (t->table) return end_table(s, place);
    for (int64_t i = 0; i < t->count; i++) {
        const hgi_csv_column *c = &t->column[i];
        if (c->dest >= 0) place[c->dest] = c->texts > 0 ? -1 : 0;
    }
    for (int64_t k = 0; k < d->r.width; k++) {
        if (place[k] == 0) place[k] = kept++;
    }
    for (int64_t i = 0; i < t->count; i++) {
        hgi_csv_column *c = &t->column[i];
        if (c->dest >= 0) c->dest = place[c->dest];
    }
    t->kept = kept;
    HGI_TRY(hgi_csv_verdict(t));
    return keep_columns(s, kept);
}

static void close_csv(hgi_blocks *s)
{
    reader *d = s->state;
    if (d == NULL) return;
    const hgi_mem *mem = &s->ctx->mem;
    hgi_csv_columns_free(&d->r.t);
    hgi_free(mem, d->r.values);
    hgi_free(mem, d->r.records.bad);
    hgi_text_free(&d->r.records.id);
    hgi_free(mem, d->r.c.buf);
    hgi_free(mem, d);
    s->state = NULL;
}

/* What could be part of a number cannot separate two; but commas may do both, where
 * numbers that have one stand in quotes.                                               */
hg_status hgi_csv_check_signs(hg_ctx *ctx, const hg_data_options *o)
{
    char d = o->delimiter, point = o->decimal == '\0' ? '.' : o->decimal;
    if (point != '.' && point != ',') {
        return hgi_fail(ctx, HG_EINVAL, "decimal: found '%c', expected '.' or ','",
                        point);
    }
    if (d != '\0' && strchr("0123456789+-.eE\"\r\n", d) != NULL) {
        return hgi_fail(ctx, HG_EINVAL,
                        "delimiter: a number or a quote may have '%c' in it",
                        d >= 0x20 ? d : ' ');
    }
    return HG_OK;
}

/* A row as a dataset that has none yet. */
static hg_status describe_rows(hgi_blocks *s, const hgi_csv_rows *r)
{
    hg_ctx *ctx = s->ctx;
    HGI_TRY(hgi_dataset_take(ctx, r->c.path, "csv", HG_F32, 1, 1, &r->width, NULL,
                             &s->block));
    hgi_free(&ctx->mem, s->block->stored);
    s->block->stored = hgi_strdup(&ctx->mem, "text");
    if (s->block->stored == NULL) return hgi_fail_mem(ctx, 5, "a type's name");
    s->block->decimal = r->c.told;
    if (r->t.like != NULL && r->t.table)
        s->block->schema = (hg_schema *)(uintptr_t)r->t.like;
    return hgi_csv_name_columns(&r->t, s->block);
}

/* Columns by name, kinds, dates; all as numbers where the caller wants no table. */
static hg_status choose_columns(hgi_csv_rows *r, const hg_data_options *o)
{
    /* With a shape, rows are images. */
    r->t.table = !o->strict && (o->shape == NULL || *o->shape == '\0');
    r->t.forced = r->t.table && o->table != 0;
    if (o->schema != NULL && o->schema->plain) r->t.table = false;
    r->t.modelled = hgi_reads_numbers(o);
    HGI_TRY(hgi_csv_rename(&r->t, o));
    HGI_TRY(hgi_csv_select(&r->t, o));
    HGI_TRY(hgi_csv_warn_twins(&r->t));
    if (o->schema != NULL) HGI_TRY(hgi_csv_match(&r->t, o));
    if (r->t.table || r->c.delimiter == ',') hgi_csv_weigh_signs(r);
    if (!r->t.table) return HG_OK;
    if (o->schema == NULL) HGI_TRY(hgi_csv_kinds(&r->t, o));
    return hgi_csv_guess(r, o);
}

static hg_status open_csv(hgi_blocks *s, const hg_data_options *o)
{
    hg_ctx *ctx = s->ctx;
    reader *d = hgi_calloc(&ctx->mem, 1, sizeof *d);
    if (d == NULL) return hgi_fail_mem(ctx, sizeof *d, "reading CSV");
    d->drop_text = o->drop_non_numeric != 0;
    hgi_csv_rows *r = &d->r;
    r->c = (hgi_csv){.ctx = ctx, .s = s->source, .path = hgi_source_path(s->source)};
    r->skip = o->skip_bad != 0;
    hgi_text_init(&r->records.id, &ctx->mem);
    r->limit = o->limit > 0 ? o->limit : INT64_MAX;
    s->state = d;
    s->next = next;
    s->end = end;
    s->close = close_csv;
    s->late = d->drop_text && o->schema == NULL;
    s->lends = true;
    s->rows = -1;
    HGI_TRY(hgi_csv_check_signs(ctx, o));
    hgi_csv_share(r, ctx->threads);
    if (r->skip && d->drop_text)
        return hgi_fail(ctx, HG_EINVAL,
                        "skip-bad and drop-non-numeric exclude each other: text makes "
                        "either a row or a column bad");
    HGI_TRY(hgi_csv_start(&r->c, o));
    HGI_TRY(hgi_csv_read_names(r, o));
    HGI_TRY(choose_columns(r, o));
    r->width = r->t.kept;
    s->gaps = r->t.table;
    s->look = r->t.table ? look : NULL;
    s->fix = r->t.table ? fix : NULL;
    s->guess = guess_rows(r, s->source);
    if (s->guess > (double)r->limit) s->guess = (double)r->limit;
    return describe_rows(s, r);
}

const hgi_reader hgi_reader_csv = {
    "csv", "text: comma, semicolon, tab or | between cells, with or without a header",
    probe, open_csv};
