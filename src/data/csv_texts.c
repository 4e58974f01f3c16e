// SPDX-License-Identifier: MIT
/* Gaps of a CSV file filled, and its other cells as they were: the file is read a second
 * time beside its rows, because a row of floats knows neither words that no training row
 * had, nor the ninth digit of an amount.                                               */
#include "data/csv.h"
#include "data/formats.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

struct hgi_csv_texts {
    hg_ctx *ctx;
    hgi_source *source;
    hgi_csv_rows r;
    hgi_csv_field *field; /* [kept] of the row at hand                                  */
    hgi_text line;
};

/* Only a file can be read twice, and only a table has gaps. */
static bool can_reread(const char *path, const hg_data_options *o, const hgi_save *s)
{
    struct stat st;
    return o->schema != NULL && !o->skip_bad && s->like->schema != NULL &&
           s->writer == &hgi_writer_csv && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

hg_status hgi_csv_texts_open(hg_ctx *ctx, const char *path, const hg_data_options *o,
                             const hgi_save *s, struct hgi_csv_texts **out)
{
    hg_status status = HG_OK;
    *out = NULL;
    if (!can_reread(path, o, s)) return HG_OK;
    struct hgi_csv_texts *t = hgi_calloc(&ctx->mem, 1, sizeof *t);
    if (t == NULL) return hgi_fail_mem(ctx, sizeof *t, "texts of a table");
    hgi_csv_rows *r = &t->r;
    t->ctx = ctx;
    hgi_text_init(&t->line, &ctx->mem);
    HGI_GOTO(hgi_source_open(ctx, path, &t->source));
    r->c = (hgi_csv){.ctx = ctx, .s = t->source, .path = path};
    HGI_GOTO(hgi_csv_start(&r->c, o));
    HGI_GOTO(hgi_csv_read_names(r, o));
    r->t.table = true;
    HGI_GOTO(hgi_csv_rename(&r->t, o));
    HGI_GOTO(hgi_csv_select(&r->t, o));
    HGI_GOTO(hgi_csv_match(&r->t, o));
    hgi_csv_weigh_signs(r);
    size_t bytes = (size_t)r->t.kept * sizeof *t->field;
    t->field = hgi_calloc(&ctx->mem, (size_t)r->t.kept, sizeof *t->field);
    if (t->field == NULL) HGI_GOTO(hgi_fail_mem(ctx, bytes, "texts of a table"));
done:
    if (status != HG_OK)
        hgi_csv_texts_close(&t);
    else
        *out = t;
    return status;
}

void hgi_csv_texts_close(struct hgi_csv_texts **texts)
{
    struct hgi_csv_texts *t = *texts;
    if (t == NULL) return;
    const hgi_mem *mem = &t->ctx->mem;
    hgi_csv_columns_free(&t->r.t);
    hgi_free(mem, t->r.c.buf);
    hgi_text_free(&t->line);
    hgi_free(mem, t->field);
    hgi_source_close(&t->source);
    hgi_free(mem, t);
    *texts = NULL;
}

static hg_status next_row(struct hgi_csv_texts *t)
{
    hgi_csv_record rec;
    hgi_csv_rows *r = &t->r;
    HGI_TRY(hgi_csv_filled(r, &r->c, &rec));
    const char *p = rec.from;
    for (int64_t i = 0; p != NULL && i < r->t.count; i++) {
        hgi_csv_field f;
        const char *q = hgi_csv_split(r->c.delimiter, p, rec.to, &f);
        if (q != NULL && r->t.column[i].dest >= 0) t->field[r->t.column[i].dest] = f;
        p = q == NULL || (q == rec.to) != (i == r->t.count - 1) ? NULL : q + 1;
    }
    if (p != NULL) return HG_OK;
    return hgi_fail(t->ctx, HG_EIO, "%s: was written to while it was read", r->c.path);
}

/* Between its own quotes a cell is as it was. */
void hgi_csv_add_text(hgi_text *line, const hgi_csv_field *f)
{
    bool quotes = f->quoted;
    for (const char *p = f->from; p < f->to && !quotes; p++)
        quotes = strchr(",\"\r\n;\t ", *p) != NULL;
    if (quotes) hgi_text_add_bytes(line, "\"", 1);
    for (const char *p = f->from; p < f->to; p++) {
        hgi_text_add_bytes(line, "\"", *p == '"' && !f->quoted);
        hgi_text_add_bytes(line, p, 1);
    }
    if (quotes) hgi_text_add_bytes(line, "\"", 1);
}

bool hgi_csv_add_number(hgi_text *line, const hgi_csv_field *f)
{
    char tidy[64];
    size_t n = 0;
    double v;
    for (const char *p = f->from; p < f->to; p++) {
        if (n == sizeof tidy) return false;
        if (*p != '.') tidy[n++] = *p == ',' ? '.' : *p;
    }
    if (!hgi_parse_double(tidy, n, '.', &v)) return false;
    hgi_text_add_bytes(line, tidy, n);
    return true;
}

hg_status hgi_csv_texts_save(struct hgi_csv_texts *t, hgi_save *s, const hgi_rows *were,
                             const hg_dataset *filled, int64_t n)
{
    const hg_schema *schema = s->like->schema;
    for (int64_t r = 0; r < n; r++) {
        HGI_TRY(next_row(t));
        t->line.len = 0;
        hgi_dataset_row(filled, r, s->row);
        for (int64_t i = 0; i < schema->columns; i++) {
            float was;
            const hgi_schema_column *c = &schema->column[i];
            hgi_dataset_part(were->rows, were->at + r, i, 1, &was);
            bool commas = c->kind == HGI_NUMERIC && t->r.c.decimal == ',';
            if (!isnan(was) && !commas) {
                hgi_csv_add_text(&t->line, &t->field[i]);
            } else if (isnan(was) || !hgi_csv_add_number(&t->line, &t->field[i])) {
                char *end = hgi_csv_write_cell(c, s->row[i], s->text);
                hgi_text_add_bytes(&t->line, s->text, (size_t)(end - s->text));
            }
            hgi_text_add_bytes(&t->line, i == schema->columns - 1 ? "\n" : ",", 1);
        }
        if (!hgi_text_ok(&t->line)) return hgi_fail_mem(t->ctx, t->line.len, "a row");
        hgi_outfile_write(&s->f, t->line.s, t->line.len);
        HGI_TRY(s->f.status);
    }
    s->written += n;
    return HG_OK;
}
