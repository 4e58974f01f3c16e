// SPDX-License-Identifier: MIT
/* hg_lines: rows of text one at a time, as a stream brings them.
 *
 * A line goes through the same functions as a line of a file, with the same rules of
 * numbers, words and gaps; but there is no second record to tell a header by, and no end
 * at which problems are summed up: so each line is judged when it is there.  A line is one
 * record: a quoted field cannot go on in the next.                                     */
#include "apply/series.h"
#include "apply/steps.h"
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
    /* Of a series: its channels' names, or NULL; steps so far; a step's own values; the
     * columns of time and group, -1: the text has none. */
    hg_schema *channels;
    hgi_steps *steps;
    float *step;
    int64_t time, group, gaps;
    char note[200];
    const char *group_name; /* of the last line, or NULL */
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

/* Where a header has the columns of time and group: by their names in the text. */
static void find_keys(hg_lines *l)
{
    const hgi_windows *s = l->model->series;
    l->time = l->group = -1;
    if (s == NULL || !l->header) return;
    if (s->time != NULL) l->time = hgi_csv_find_column(&l->r.t, s->time);
    if (s->group != NULL) l->group = hgi_csv_find_column(&l->r.t, s->group);
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
    find_keys(l);
    HGI_TRY(hgi_csv_select(t, &l->o));
    t->table = l->o.schema != NULL;
    t->stream = true;
    t->modelled = !t->table && l->model->series == NULL;
    HGI_TRY(t->table ? hgi_csv_match(t, &l->o) : match_numbers(l));
    l->r.width = t->kept;
    l->open = true;
    return HG_OK;
}

/* ---- lines --------------------------------------------------------------------------- */

/* False: the line ends in front of it, or cannot be taken apart. */
static bool field_of(const hg_lines *l, const hgi_csv_record *rec, int64_t column,
                     hgi_csv_field *f)
{
    const char *p = rec->from;
    for (int64_t i = 0; i <= column; i++) {
        p = hgi_csv_split(l->r.c.delimiter, p, rec->to, f);
        if (p == NULL || (p == rec->to && i < column)) return false;
        p++;
    }
    return column >= 0;
}

/* The text that names the line's row. */
static void name_row(hg_lines *l, const hgi_csv_record *rec)
{
    hgi_csv_field f;
    if (field_of(l, rec, l->r.t.id, &f))
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

/* The line goes through the steps of its group; *row as hg_lines_read() has it. */
static hg_status take_step(hg_lines *l, const hgi_csv_record *rec, float *x, int *row)
{
    hgi_arrival s = {.values = l->step, .point = l->r.c.decimal};
    hgi_csv_field f;
    char why[160];
    bool whole;
    if (field_of(l, rec, l->time, &f))
        s.time = f.from, s.time_n = (size_t)(f.to - f.from);
    if (field_of(l, rec, l->group, &f))
        s.group = f.from, s.group_n = (size_t)(f.to - f.from);
    hg_status status = hgi_steps_take(&l->own, l->steps, &s, x, &whole, why, sizeof why);
    if (status != HG_OK)
        return hgi_fail_before(&l->own, status, "%s:%lld: ", l->name,
                               (long long)l->lines);
    if (why[0] != '\0') {
        l->gaps++;
        snprintf(l->note, sizeof l->note, "%.40s:%lld: %.100s", l->name,
                 (long long)l->lines, why);
    }
    if (l->group >= 0) l->group_name = hgi_steps_group(l->steps);
    *row = whole ? 1 : -1;
    return HG_OK;
}

/* The first date that the model's order of day and month cannot read. */
static void note_order(hg_lines *l, int64_t before)
{
    const hgi_csv_problem *p = &l->r.t.order;
    char name[40];
    if (before > 0 || p->count == 0) return;
    hgi_csv_show_column(&l->r.t, p->column, name, sizeof name);
    const bool month = l->r.t.column[p->column].form == HGI_DATE_MDY;
    snprintf(l->note, sizeof l->note,
             "%.30s:%lld: column '%.30s' is '%.20s': the model reads the %s first; such "
             "dates count as missing",
             l->name, (long long)l->lines, name, p->shown, month ? "month" : "day");
}

/* Two lines that lost the end between them have a step of either: every group that a field
 * names loses one. */
static void lose_others(hg_lines *l, const hgi_csv_record *rec)
{
    hgi_csv_field f;
    const char *p = rec->from;
    while ((p = hgi_csv_split(l->r.c.delimiter, p, rec->to, &f)) != NULL) {
        (void)hgi_steps_break(l->steps, f.from, (size_t)(f.to - f.from));
        if (p++ == rec->to) return;
    }
}

/* A step is lost.  Where the text says whose, the windows of that group alone begin anew:
 * a machine whose sensor fails must not blind the others.  A line with all its fields is
 * believed; one with more or fewer only where the name is known, because a field too few
 * moves the others, and what then stands there may be anything. */
static void lose_step(hg_lines *l, const hgi_csv_record *rec)
{
    hgi_csv_field f;
    const bool there =
        l->group >= 0 && rec->from != NULL && field_of(l, rec, l->group, &f);
    const bool whole = there && count_fields(l, rec) == l->r.t.count;
    const bool known =
        there && hgi_steps_break(l->steps, f.from, (size_t)(f.to - f.from));
    if (!known && !whole) {
        (void)hgi_steps_break(l->steps, NULL, 0);
        return;
    }
    if (!whole) lose_others(l, rec);
    /* The line has been read, and is the lines' own. */
    l->group_name = f.from;
    l->text[f.to - l->text] = '\0';
}

/* *rec: the line's text, where it could be taken at all. */
static hg_status read_line(hg_lines *l, const char *text, size_t n, float *x, int *row,
                           hgi_csv_record *rec)
{
    HGI_TRY(take_text(l, text, n, rec));
    if (blank(rec)) return HG_OK;
    l->r.c.buf = l->text;
    l->r.c.len = (size_t)(rec->to - rec->from) + 1;
    l->r.c.line = l->lines;
    if (l->r.c.delimiter == '\0') hgi_csv_take_signs(&l->r.c, &l->o, l->model->decimal);
    if (!l->open) {
        hg_status status = open_columns(l, rec);
        l->refused = status != HG_OK && l->header;
        /* A line that is no row may be the noise of whoever starts to write.           */
        if (status != HG_OK && !l->header) l->r.c.delimiter = '\0';
        HGI_TRY(status);
        if (l->header) return HG_OK;
    }
    if (l->r.t.id >= 0) name_row(l, rec);
    const int64_t before = l->r.rows, orders = l->r.t.order.count;
    hg_status status = hgi_csv_read_row(&l->r, rec, l->steps != NULL ? l->step : x);
    l->r.rows = before;
    if (status == HG_OK)
        status = hgi_csv_judge(&l->r, l->lines);
    else
        hgi_csv_forget(&l->r.t);
    HGI_TRY(status);
    note_order(l, orders);
    *row = 1;
    if (l->steps != NULL) HGI_TRY(take_step(l, rec, x, row));
    l->r.rows++;
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
    l->group_name = NULL;
    l->note[0] = '\0';
    if (l->refused)
        return hgi_fail(&l->own, HG_EMISMATCH, "%s:%lld: the header did not fit", l->name,
                        (long long)l->lines);
    hgi_csv_record rec = {0};
    hg_status status = read_line(l, text, n, x, row, &rec);
    if (status == HG_OK) return HG_OK;
    *row = 0;
    l->bad++;
    if (l->steps != NULL && l->open) lose_step(l, &rec);
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

static hg_status take_series(hg_ctx *ctx, hg_lines *l)
{
    const hgi_windows *s = l->model->series;
    const size_t bytes = (size_t)s->channels * sizeof *l->step;
    HGI_TRY(hgi_series_names(ctx, l->model, &l->channels));
    HGI_TRY(hgi_steps_new(ctx, s, &l->steps));
    l->step = hgi_alloc(&ctx->mem, bytes);
    return l->step != NULL ? HG_OK : hgi_fail_mem(ctx, bytes, "a step of a series");
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
    if (o.table && o.schema == NULL)
        hgi_log(ctx, HG_LOG_WARNING,
                "%s: table has no effect here: train with --table for a model that takes "
                "gaps",
                name != NULL ? name : "line");
    hg_lines *l = hgi_calloc(&ctx->mem, 1, sizeof *l);
    if (l == NULL) return hgi_fail_mem(ctx, sizeof *l, "lines of text");
    l->own = (hg_ctx){.mem = ctx->mem, .threads = 1, .kernels = ctx->kernels};
    l->model = model;
    l->o = o;
    hg_status status = take_options(ctx, l, name);
    if (status == HG_OK && model->series != NULL) status = take_series(ctx, l);
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
    hgi_steps_free(&l->steps);
    hgi_free(&mem, l->step);
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
        .values = hgi_model_raw(l->model),
        .longest = (int64_t)l->room,
        .lines = l->lines,
        .rows = l->r.rows,
        .bad = l->bad,
        .unseen = l->r.t.unseen.count,
        .header = l->header,
        .open = l->open,
        .id = l->row_name_bytes > 0 ? l->row_name : NULL,
        .id_bytes = (int64_t)l->row_name_bytes,
        .gaps = l->gaps,
        .note = l->note,
        .group = l->group_name,
    };
    return HG_OK;
}

int hg_number_text(float value, char out[32])
{
    int n = hgi_format_float(out, value);
    out[n] = '\0';
    return n;
}
