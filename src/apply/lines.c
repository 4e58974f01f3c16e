// SPDX-License-Identifier: MIT
/* hg_lines: rows of text one at a time, as a stream brings them.
 *
 * A line goes through the same functions as a line of a file, with the same rules of
 * numbers, words and gaps; but there is no second record to tell a header by, and no end
 * at which problems are summed up: so each line is judged when it is there.  A line is one
 * record: a quoted field cannot go on in the next.                                     */
#include "apply/series.h"
#include "data/csv.h"
#include "model/model.h"

#include <string.h>

/* Room of a line: for usual numbers many times over.                                   */
enum { LINE_LEAST = 64 * 1024, LINE_VALUE = 64 };

struct hg_lines {
    hg_ctx own; /* messages of its own: it may live in another thread than its maker    */
    const hg_model *model;
    hg_data_options o;
    char *columns, *drop, *rename, *name, *id; /* copies of the caller's texts          */
    char *row_name; /* [room] of the last line, with o.id                               */
    size_t row_name_bytes;
    hg_schema *channels; /* of a series: their names, or NULL                           */
    hgi_csv_rows r;
    char *text; /* [room + 1]: the line and a line end                                  */
    size_t room;
    int64_t lines, bad;
    bool header, open, refused;
};

/* ---- columns ------------------------------------------------------------------------- */

/* Of a series a line is a step, many of which are a row of the net. */
static int64_t wanted(const hg_lines *l)
{
    const hg_model *m = l->model;
    return m->series != NULL ? m->series->channels : hgi_model_raw(m);
}

static char *const *names_of(const hg_model *m)
{
    return m->series != NULL ? m->series->name : m->columns;
}

/* Columns of numbers alone: by their names where both sides have some.                 */
static hg_status match_numbers(hg_lines *l)
{
    hgi_csv_table *t = &l->r.t;
    const hg_schema *names = l->channels != NULL ? l->channels : l->model->names;
    if (t->names != NULL && names != NULL) {
        hg_data_options o = l->o;
        o.schema = names;
        t->table = true; /* for that moment alone */
        HGI_TRY(hgi_csv_match(t, &o));
        /* Of the match only the places stay.                                           */
        t->like = NULL;
        t->table = false;
        for (int64_t i = 0; i < t->count; i++) t->column[i].like = NULL;
    }
    if (t->kept == wanted(l)) return HG_OK;
    return hgi_fail(&l->own, HG_EFORMAT, "%s:%lld: %lld columns, expected %lld", l->name,
                    (long long)l->lines, (long long)t->kept, (long long)wanted(l));
}

/* Has the line a field that the model calls one of its columns?                        */
static bool names_columns(const hg_lines *l, const hgi_csv_record *rec)
{
    char *const *name = names_of(l->model);
    hgi_csv_field f;
    const char *p = rec->from;
    double v;
    if (name == NULL) return false;
    while ((p = hgi_csv_split(l->r.c.delimiter, p, rec->to, &f)) != NULL) {
        size_t n = (size_t)(f.to - f.from);
        /* Columns may be called 1, 2, 3, as pixels are, and a row has such numbers.    */
        bool word = hgi_csv_classify(&f, l->r.c.decimal, &v) == HGI_CSV_TEXT;
        for (int64_t i = 0; word && i < wanted(l); i++)
            if (strlen(name[i]) == n && memcmp(name[i], f.from, n) == 0) return true;
        if (p++ == rec->to) break;
    }
    return false;
}

/* By the columns' order: is a word where the schema has a number?                      */
static bool word_for_number(const hg_lines *l, const hgi_csv_record *rec)
{
    hgi_csv_field f;
    const char *p = rec->from;
    double v;
    for (int64_t i = 0; i < wanted(l); i++) {
        p = hgi_csv_split(l->r.c.delimiter, p, rec->to, &f);
        if (p == NULL) return false;
        bool number = l->o.schema == NULL || l->o.schema->column[i].kind == HGI_NUMERIC;
        if (number && hgi_csv_classify(&f, l->r.c.decimal, &v) == HGI_CSV_TEXT)
            return true;
        if (p++ == rec->to) return false;
    }
    return false;
}

static int64_t count_fields(const hg_lines *l, const hgi_csv_record *rec)
{
    hgi_csv_field f;
    int64_t n = 1;
    const char *p = rec->from;
    while ((p = hgi_csv_split(l->r.c.delimiter, p, rec->to, &f)) != NULL && p++ < rec->to)
        n++;
    return n;
}

/* Nothing in it is a number, it has as many fields as a row, and one is a word where a
 * number should be: or it has the model's own names.                                   */
static bool is_header(const hg_lines *l, const hgi_csv_record *rec)
{
    const hgi_csv_record none = {0};
    if (l->o.header != 0) return l->o.header > 0;
    if (names_columns(l, rec)) return true;
    bool chosen = l->columns != NULL || l->drop != NULL || l->rename != NULL ||
                  l->id != NULL || l->model->renamed != NULL;
    return (chosen || count_fields(l, rec) == wanted(l)) &&
           hgi_csv_looks_named(&l->r.c, rec, &none) && word_for_number(l, rec);
}

/* The first line that can be used decides what the columns are.                        */
static hg_status open_columns(hg_lines *l, const hgi_csv_record *rec)
{
    hgi_csv_table *t = &l->r.t;
    hgi_csv_columns_free(t);
    memset(t, 0, sizeof *t);
    l->header = is_header(l, rec);
    HGI_TRY(hgi_csv_columns_new(&l->r.c, rec, l->header, t));
    hg_data_options o = l->o;
    if (o.schema == NULL) o.schema = l->channels != NULL ? l->channels : l->model->names;
    HGI_TRY(hgi_csv_rename(t, &o));
    HGI_TRY(hgi_csv_select(t, &l->o));
    t->table = l->o.schema != NULL;
    HGI_TRY(t->table ? hgi_csv_match(t, &l->o) : match_numbers(l));
    l->r.width = t->kept;
    l->open = true;
    return HG_OK;
}

/* ---- lines --------------------------------------------------------------------------- */

/* The text that names the line's row. */
static void name_row(hg_lines *l, const hgi_csv_record *rec)
{
    hgi_csv_field f;
    const char *p = rec->from;
    for (int64_t i = 0; i <= l->r.t.id; i++) {
        p = hgi_csv_split(l->r.c.delimiter, p, rec->to, &f);
        if (p == NULL || (p == rec->to && i < l->r.t.id)) return;
        p++;
    }
    l->row_name_bytes = (size_t)(hgi_csv_unquote(&f, l->row_name) - l->row_name);
}

/* A copy that ends in a line end, which stops every scan of it.                        */
static hg_status take_text(hg_lines *l, const char *text, size_t n, hgi_csv_record *rec)
{
    if (l->lines == 1 && n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        text += 3, n -= 3;
    if (n > 0 && text[n - 1] == '\n') n--;
    if (n > 0 && text[n - 1] == '\r') n--;
    if (n > l->room)
        return hgi_fail(&l->own, HG_ERANGE, "%s:%lld: %zu bytes, expected at most %zu",
                        l->name, (long long)l->lines, n, l->room);
    if (memchr(text, 0, n) != NULL || memchr(text, '\n', n) != NULL)
        return hgi_fail(&l->own, HG_EFORMAT,
                        "%s:%lld: a zero byte or a line end in it, expected text",
                        l->name, (long long)l->lines);
    memcpy(l->text, text, n);
    l->text[n] = '\n';
    *rec = (hgi_csv_record){l->text, l->text + n, l->lines};
    int64_t quotes = 0;
    for (const char *p = l->text; (p = memchr(p, '"', (size_t)(rec->to - p))) != NULL;
         p++)
        quotes++;
    if (quotes % 2 == 0) return HG_OK;
    return hgi_fail(&l->own, HG_EFORMAT, "%s:%lld: a quote is not closed in this line",
                    l->name, (long long)l->lines);
}

static bool blank(const hgi_csv_record *rec)
{
    const char *p = rec->from;
    while (p < rec->to && (*p == ' ' || *p == '\t')) p++;
    return p == rec->to;
}

static hg_status read_line(hg_lines *l, const char *text, size_t n, float *x, int *row)
{
    hgi_csv_record rec;
    HGI_TRY(take_text(l, text, n, &rec));
    if (blank(&rec)) return HG_OK;
    l->r.c.buf = l->text;
    l->r.c.len = (size_t)(rec.to - rec.from) + 1;
    l->r.c.line = l->lines;
    if (l->r.c.delimiter == '\0') hgi_csv_take_signs(&l->r.c, &l->o, l->model->decimal);
    if (!l->open) {
        hg_status status = open_columns(l, &rec);
        l->refused = status != HG_OK && l->header;
        /* A line that is no row may be the noise of whoever starts to write.           */
        if (status != HG_OK && !l->header) l->r.c.delimiter = '\0';
        HGI_TRY(status);
        if (l->header) return HG_OK;
    }
    if (l->r.t.id >= 0) name_row(l, &rec);
    int64_t before = l->r.rows;
    hg_status status = hgi_csv_read_row(&l->r, &rec, x);
    l->r.rows = before;
    if (status == HG_OK)
        status = hgi_csv_judge(&l->r, l->lines);
    else
        hgi_csv_forget(&l->r.t);
    HGI_TRY(status);
    l->r.rows++;
    *row = 1;
    return HG_OK;
}

hg_status hg_lines_read(hg_lines *l, const char *text, size_t n, float *x, int *row)
{
    if (l == NULL || row == NULL) return HG_EINVAL;
    *row = 0;
    if (text == NULL || x == NULL)
        return hgi_fail(&l->own, HG_EINVAL, "hg_lines_read: a text and a row are needed");
    l->lines++;
    l->row_name_bytes = 0;
    if (l->refused)
        return hgi_fail(&l->own, HG_EMISMATCH, "%s:%lld: the header did not fit", l->name,
                        (long long)l->lines);
    hg_status status = read_line(l, text, n, x, row);
    l->bad += status != HG_OK;
    return status;
}

/* ---- making one ---------------------------------------------------------------------- */

static hg_status copy_text(hg_lines *l, const char *text, char **out)
{
    if (text == NULL) return HG_OK;
    *out = hgi_strdup(&l->own.mem, text);
    return *out != NULL ? HG_OK : HG_ENOMEM;
}

static hg_status take_options(hg_ctx *ctx, hg_lines *l, const char *name)
{
    hg_status status = HG_OK;
    HGI_GOTO(copy_text(l, l->o.columns, &l->columns));
    HGI_GOTO(copy_text(l, l->o.drop, &l->drop));
    HGI_GOTO(copy_text(l, l->o.rename, &l->rename));
    HGI_GOTO(copy_text(l, l->o.id, &l->id));
    HGI_GOTO(copy_text(l, name != NULL ? name : "line", &l->name));
    l->o.columns = l->columns;
    l->o.drop = l->drop;
    l->o.rename = l->rename;
    l->o.id = l->id;
    size_t values = (size_t)wanted(l) * LINE_VALUE;
    l->room = values > LINE_LEAST ? values : LINE_LEAST;
    l->text = hgi_alloc(&l->own.mem, l->room + 1);
    l->row_name = l->id != NULL ? hgi_alloc(&l->own.mem, l->room) : NULL;
    if (l->text == NULL || (l->id != NULL && l->row_name == NULL)) status = HG_ENOMEM;
done:
    return status == HG_OK ? HG_OK : hgi_fail_mem(ctx, l->room, "lines of text");
}

hg_status hg_lines_new(hg_ctx *ctx, const hg_model *model, const hg_data_options *options,
                       const char *name, hg_lines **out)
{
    hg_data_options o;
    *out = NULL;
    if (model == NULL) return hgi_fail(ctx, HG_EINVAL, "a model is needed");
    HGI_TRY(hgi_data_options_read(ctx, options, &o));
    o.schema = model->scaler.schema;
    HGI_TRY(hgi_csv_check_signs(ctx, &o));
    hg_lines *l = hgi_calloc(&ctx->mem, 1, sizeof *l);
    if (l == NULL) return hgi_fail_mem(ctx, sizeof *l, "lines of text");
    l->own = (hg_ctx){.mem = ctx->mem, .threads = 1, .kernels = ctx->kernels};
    l->model = model;
    l->o = o;
    hg_status status = take_options(ctx, l, name);
    if (status == HG_OK && model->series != NULL)
        status = hgi_series_names(ctx, model, &l->channels);
    l->r.c = (hgi_csv){.ctx = &l->own, .path = l->name};
    l->r.limit = INT64_MAX;
    l->r.skip = true; /* a bad line is its caller's to leave out, as ever */
    *out = l;
    if (status != HG_OK) hg_lines_free(out);
    return status;
}

void hg_lines_free(hg_lines **lines)
{
    if (lines == NULL || *lines == NULL) return;
    hg_lines *l = *lines;
    hgi_mem mem = l->own.mem;
    hgi_csv_columns_free(&l->r.t);
    hgi_schema_free(&l->channels);
    hgi_free(&mem, l->columns);
    hgi_free(&mem, l->drop);
    hgi_free(&mem, l->rename);
    hgi_free(&mem, l->id);
    hgi_free(&mem, l->row_name);
    hgi_free(&mem, l->name);
    hgi_free(&mem, l->text);
    hgi_free(&mem, l);
    *lines = NULL;
}

const char *hg_lines_message(const hg_lines *l)
{
    return l != NULL ? l->own.message : "";
}

hg_status hg_lines_get_info(const hg_lines *l, hg_lines_info *info)
{
    if (l == NULL || info == NULL || info->size != sizeof *info) return HG_EINVAL;
    *info = (hg_lines_info){
        .size = sizeof *info,
        .values = wanted(l),
        .longest = (int64_t)l->room,
        .lines = l->lines,
        .rows = l->r.rows,
        .bad = l->bad,
        .unseen = l->r.t.unseen.count,
        .header = l->header,
        .open = l->open,
        .id = l->row_name_bytes > 0 ? l->row_name : NULL,
        .id_bytes = (int64_t)l->row_name_bytes,
    };
    return HG_OK;
}

int hg_number_text(float value, char out[32])
{
    int n = hgi_format_float(out, value);
    out[n] = '\0';
    return n;
}
