// SPDX-License-Identifier: MIT
/* CSV to CSV: columns chosen, dropped and renamed, commas between them, and each cell the
 * text that it is.  To read 007 or an identifier as a value would lose it.             */
#include "data/csv.h"
#include "data/formats.h"

#include <string.h>

typedef struct copy {
    hg_ctx *ctx;
    hgi_csv_rows r;
    hgi_outfile f;
    hgi_csv_field *field; /* [count] of the record at hand                              */
    int64_t *order;       /* [kept] column of the file at each place                    */
    hgi_text line;
    bool points; /* decimal commas become points                                        */
} copy_job;

static hg_status flush(copy_job *j)
{
    if (!hgi_text_ok(&j->line)) return hgi_fail_mem(j->ctx, j->line.cap, "rows");
    hgi_outfile_write(&j->f, j->line.s, j->line.len);
    j->line.len = 0;
    return j->f.status;
}

static hg_status read_fields(copy_job *j, const hgi_csv_record *rec)
{
    const hgi_csv_rows *r = &j->r;
    const char *p = rec->from;
    for (int64_t i = 0; i < r->t.count; i++) {
        const char *q = hgi_csv_split(r->c.delimiter, p, rec->to, &j->field[i]);
        if (q == NULL)
            return hgi_fail(j->ctx, HG_EFORMAT,
                            "%s:%lld: column %lld has text after a closing quote",
                            r->c.path, (long long)rec->line, (long long)i + 1);
        if ((q == rec->to) != (i == r->t.count - 1)) return hgi_csv_ragged(r, rec);
        p = q + 1;
    }
    return HG_OK;
}

/* What a reader would trim, or take for another column, is in quotes.                  */
static void add_cell(copy_job *j, const hgi_csv_field *f)
{
    if (j->points && hgi_csv_sign_of(f, ',') != HGI_CSV_NEITHER &&
        hgi_csv_add_number(&j->line, f))
        return;
    hgi_csv_add_text(&j->line, f);
}

static hg_status copy_record(copy_job *j, const hgi_csv_record *rec)
{
    const hgi_csv_table *t = &j->r.t;
    HGI_TRY(read_fields(j, rec));
    for (int64_t k = 0; k < t->kept; k++) {
        if (k > 0) hgi_text_add_bytes(&j->line, ",", 1);
        add_cell(j, &j->field[j->order[k]]);
    }
    /* A line of its own for an empty cell would be a blank one, which no reader counts. */
    size_t n = j->line.len;
    if (t->kept == 1 && (n == 0 || j->line.s[n - 1] == '\n'))
        hgi_text_add_bytes(&j->line, "\"\"", 2);
    hgi_text_add_bytes(&j->line, "\n", 1);
    return j->line.len < 1 << 16 ? HG_OK : flush(j);
}

static void copy_names(copy_job *j)
{
    const hgi_csv_table *t = &j->r.t;
    for (int64_t k = 0; k < t->kept && t->names != NULL; k++) {
        const char *name = t->column[j->order[k]].name;
        hgi_csv_write_name(&j->line, name);
        hgi_text_add_bytes(&j->line, k == t->kept - 1 ? "\n" : ",", 1);
    }
}

static hg_status open_copy(copy_job *j, const hg_data_options *o)
{
    hgi_csv_rows *r = &j->r;
    HGI_TRY(hgi_csv_check_signs(j->ctx, o));
    HGI_TRY(hgi_csv_start(&r->c, o));
    HGI_TRY(hgi_csv_read_names(r, o));
    HGI_TRY(hgi_csv_rename(&r->t, o));
    HGI_TRY(hgi_csv_select(&r->t, o));
    HGI_TRY(hgi_csv_warn_twins(&r->t));
    size_t count = (size_t)r->t.count;
    j->field = hgi_calloc(&j->ctx->mem, count, sizeof *j->field);
    j->order = hgi_calloc(&j->ctx->mem, count, sizeof *j->order);
    if (j->field == NULL || j->order == NULL)
        return hgi_fail_mem(j->ctx, count * sizeof *j->field, "columns");
    for (int64_t i = 0; i < r->t.count; i++)
        if (r->t.column[i].dest >= 0) j->order[r->t.column[i].dest] = i;
    return HG_OK;
}

static hg_status copy_rows(copy_job *j, int64_t limit)
{
    hgi_csv_record rec;
    hgi_csv_rows *r = &j->r;
    copy_names(j);
    while (limit <= 0 || r->rows < limit) {
        HGI_TRY(hgi_csv_filled(r, &r->c, &rec));
        if (rec.from == NULL) break;
        HGI_TRY(copy_record(j, &rec));
        r->rows++;
    }
    if (r->rows == 0)
        return hgi_fail(j->ctx, HG_ESHAPE,
                        "%s: no rows after the header, expected at least 1", r->c.path);
    return flush(j);
}

hg_status hgi_csv_copy(hg_ctx *ctx, hgi_source *source, const hg_data_options *o,
                       const char *out, int64_t *rows)
{
    hg_status status;
    bool open = false;
    copy_job *j = hgi_calloc(&ctx->mem, 1, sizeof *j);
    if (j == NULL) return hgi_fail_mem(ctx, sizeof *j, "a copy");
    j->ctx = ctx;
    j->points = o->decimal == ',';
    j->r.c = (hgi_csv){.ctx = ctx, .s = source, .path = hgi_source_path(source)};
    hgi_text_init(&j->line, &ctx->mem);
    HGI_GOTO(open_copy(j, o));
    HGI_GOTO(hgi_outfile_open(ctx, out, &j->f));
    open = true;
    HGI_GOTO(copy_rows(j, o->limit));
    open = false;
    HGI_GOTO(hgi_outfile_commit(&j->f));
    *rows = j->r.rows;
done:
    if (open) hgi_outfile_abort(&j->f);
    hgi_csv_columns_free(&j->r.t);
    hgi_free(&ctx->mem, j->r.c.buf);
    hgi_free(&ctx->mem, j->field);
    hgi_free(&ctx->mem, j->order);
    hgi_text_free(&j->line);
    hgi_free(&ctx->mem, j);
    return status;
}
