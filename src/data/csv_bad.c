// SPDX-License-Identifier: MIT
/* Rows that cannot be read, bytes that are no UTF-8, and texts that name rows.
 *
 * A row that cannot be read is an error with its place, or with skip_bad it is left out:
 * the first few are told of one by one, all are counted.  Who writes a line for each line
 * of the file finds their numbers among the block's records.                           */
#include "data/csv.h"

#include <string.h>

/* Rows that have a warning of their own; bad ones may be millions. */
enum { TOLD = 5 };

/* ---- one row ------------------------------------------------------------------------- */

/* Forget what was noted instead of being said at once.  Words of a table that is not known
 * yet are values, and stay noted.                                                      */
void hgi_csv_forget(hgi_csv_table *t)
{
    t->huge.count = t->nonfinite.count = 0;
    if (t->table) return;
    t->text.count = t->foreign.count = 0;
    for (int64_t i = 0; i < t->count; i++) {
        hgi_csv_column *c = &t->column[i];
        c->missing = c->texts = c->foreign = c->unclear = 0;
    }
}

/* The first column without a value in a table of numbers, or -1. */
static int64_t first_gap(const hgi_csv_table *t)
{
    for (int64_t i = 0; !t->table && i < t->count; i++)
        if (t->column[i].dest >= 0 && t->column[i].missing > 0) return i;
    return -1;
}

hg_status hgi_csv_judge(hgi_csv_rows *r, int64_t line)
{
    hgi_csv_table *t = &r->t;
    bool text = t->text.count > 0 && !t->table;
    const hgi_csv_problem *p = text                ? &t->text
                               : t->huge.count > 0 ? &t->huge
                                                   : &t->nonfinite;
    hg_status status = HG_OK;
    char name[48];
    int64_t gap = first_gap(t);
    if (p->count == 0 && gap < 0) return HG_OK;
    hgi_csv_show_column(t, p->count > 0 ? p->column : gap, name, sizeof name);
    if (p->count == 0)
        status =
            hgi_fail(r->c.ctx, HG_ENONFINITE,
                     "%s:%lld: column '%s' has no value, expected a number%s", r->c.path,
                     (long long)line, name, t->modelled ? HGI_GAP_ADVICE : "");
    else
        status = hgi_fail(r->c.ctx, text ? HG_EFORMAT : HG_ERANGE,
                          "%s:%lld: column '%s' is '%s', expected a number%s", r->c.path,
                          (long long)line, name, p->shown,
                          p == &t->huge ? " within +-3.4e38" : "");
    hgi_csv_forget(t);
    return status;
}

static hg_status leave_out(hgi_csv_rows *r, int64_t line)
{
    hg_ctx *ctx = r->c.ctx;
    hgi_records *k = &r->records;
    if (r->skipped < TOLD)
        hgi_log(ctx, HG_LOG_WARNING, "%s: the row is left out", ctx->message);
    if (r->skipped < HGI_CSV_LINES) r->skipped_line[r->skipped] = line;
    r->skipped++;
    if (k->bads == k->room) {
        int64_t room = hgi_max(64, 2 * k->room);
        size_t bytes = (size_t)room * sizeof *k->bad;
        int64_t *grown = hgi_realloc(&ctx->mem, k->bad, bytes);
        if (grown == NULL) return hgi_fail_mem(ctx, bytes, "rows that are left out");
        k->bad = grown;
        k->room = room;
    }
    k->bad[k->bads++] = k->count;
    return HG_OK;
}

hg_status hgi_csv_try_row(hgi_csv_rows *r, const hgi_csv_record *rec, float *row,
                          bool *taken)
{
    const int64_t before = r->rows;
    *taken = true;
    hg_status status = hgi_csv_read_row(r, rec, row);
    if (!r->skip) return status;
    if (status == HG_OK) status = hgi_csv_judge(r, rec->line);
    if (status == HG_OK || status == HG_ENOMEM) return status;
    hgi_csv_forget(&r->t);
    r->rows = before;
    *taken = false;
    return leave_out(r, rec->line);
}

void hgi_csv_tell_skipped(const hgi_csv_rows *r)
{
    char lines[HGI_CSV_LINES * 24];
    size_t len = 0;
    if (r->skipped == 0) return;
    for (int64_t i = 0; i < hgi_min(r->skipped, HGI_CSV_LINES); i++)
        len += (size_t)snprintf(lines + len, sizeof lines - len, "%s%lld",
                                i > 0 ? ", " : "", (long long)r->skipped_line[i]);
    hgi_log(r->c.ctx, HG_LOG_WARNING,
            "%s: %lld of %lld rows cannot be read and are left out: line%s %s%s",
            r->c.path, (long long)r->skipped, (long long)(r->skipped + r->rows),
            r->skipped == 1 ? "" : "s", lines, r->skipped > HGI_CSV_LINES ? ", ..." : "");
}

/* ---- names of rows ------------------------------------------------------------------- */

/* The text of a record's id, or nothing where it has no such field. */
static hg_status add_id(hgi_csv_rows *r, const hgi_csv_record *rec)
{
    hgi_text *out = &r->records.id;
    hgi_csv_field f = {0};
    const char *p = rec->from;
    for (int64_t i = 0; i <= r->t.id && p != NULL; i++) {
        const char *q = hgi_csv_split(r->c.delimiter, p, rec->to, &f);
        if (q == NULL || (q == rec->to && i < r->t.id)) f = (hgi_csv_field){0};
        p = q == NULL || q == rec->to ? NULL : q + 1;
    }
    size_t len = out->len;
    hgi_text_add_bytes(out, f.from, (size_t)(f.to - f.from));
    /* Each of its quotes stands there twice. */
    if (f.quoted && out->s != NULL) {
        const char *end = hgi_csv_unquote(&f, out->s + len);
        out->len = (size_t)(end - out->s);
    }
    hgi_text_add_bytes(out, "", 1);
    return hgi_text_ok(out) ? HG_OK : hgi_fail_mem(r->c.ctx, out->cap, "names of rows");
}

hg_status hgi_csv_name_rows(hgi_csv_rows *r, size_t from, int64_t before)
{
    hgi_csv view = r->c;
    hgi_csv_record rec;
    view.pos = from;
    r->records.named = true;
    for (int64_t i = before; i < r->records.count;) {
        if (hgi_csv_find(&view, &rec) != HGI_CSV_WHOLE || rec.from == NULL) break;
        if (rec.from == rec.to) continue;
        HGI_TRY(add_id(r, &rec));
        i++;
    }
    return HG_OK;
}

/* ---- bytes --------------------------------------------------------------------------- */

bool hgi_csv_is_utf8(const char *p, const char *to)
{
    while (p < to) {
        if ((unsigned char)*p < 0x80) {
            p++;
            continue;
        }
        /* Text ends in a line end, or a quote: no length goes beyond it. */
        size_t n = hgi_utf8_length((const unsigned char *)p);
        if (n == 0 || n > (size_t)(to - p)) return false;
        p += n;
    }
    return true;
}

char *hgi_csv_to_utf8(const char *p, const char *to, char *out)
{
    for (; p < to; p++) out += hgi_utf8_of_1252((unsigned char)*p, out);
    return out;
}

void hgi_csv_tell_bytes(const hgi_csv_table *t)
{
    const hgi_csv_problem *p = &t->bytes;
    char name[40], more[64] = "";
    if (p->count == 0) return;
    hgi_csv_show_column(t, p->column, name, sizeof name);
    if (p->count > 1)
        snprintf(more, sizeof more, " (%lld such cells)", (long long)p->count);
    hgi_log(t->c->ctx, HG_LOG_WARNING,
            "%s:%lld: column '%s': bytes that are no UTF-8%s are taken as Windows-1252: "
            "'%s'",
            t->c->path, (long long)p->line, name, more, p->shown);
}
