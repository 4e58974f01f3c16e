// SPDX-License-Identifier: MIT
/* Columns of a CSV file: names, the user's choice, and what was wrong in which.
 *
 * Problems are noted while rows are read and told at the end, because one message that
 * names every column of text, or counts all the holes, saves a run for each of them.   */
#include "data/csv.h"

#include <string.h>
#include <strings.h>

/* A hostile first record of commas must not cost 50 bytes each without end.            */
#define COLUMNS_MAX (INT64_C(1) << 20)
#define NAMES_SHOWN 6

/* "column 'age'" or "column 3".                                                        */
static void describe(const hgi_csv_table *t, int64_t column, char *out, size_t n)
{
    const char *name = t->column[column].name;
    if (name == NULL || *name == '\0') {
        snprintf(out, n, "column %lld", (long long)column + 1);
        return;
    }
    char shown[40];
    hgi_shown(name, strlen(name), shown, sizeof shown);
    snprintf(out, n, "column '%s'", shown);
}

/* What drop takes for this column.                                                   */
static void droppable(const hgi_csv_table *t, int64_t column, char *out, size_t n)
{
    const char *name = t->column[column].name;
    if (name == NULL || *name == '\0') {
        snprintf(out, n, "%lld", (long long)column + 1);
    } else {
        hgi_shown(name, strlen(name), out, n);
    }
}

/* What a shell needs around such a word. */
static const char *quote(const char *word)
{
    return strpbrk(word, " \t;|&()<>*?$#") != NULL ? "'" : "";
}

char *hgi_csv_unquote(const hgi_csv_field *f, char *out)
{
    for (const char *p = f->from; p < f->to; p++) {
        *out++ = *p;
        if (f->quoted && *p == '"' && p + 1 < f->to && p[1] == '"') p++;
    }
    return out;
}

void hgi_csv_show_column(const hgi_csv_table *t, int64_t column, char *out, size_t n)
{
    droppable(t, column, out, n);
}

/* Returns behind its NUL. */
static char *copy_name(const hgi_csv_field *f, char *out)
{
    out = hgi_csv_unquote(f, out);
    *out++ = '\0';
    return out;
}

/* The same of a file's own name, as UTF-8.  The raw bytes go to the far end of the room
 * first, which is three times theirs.                                                  */
static char *take_name(hgi_csv_table *t, int64_t column, int64_t line,
                       const hgi_csv_field *f, char *out)
{
    if (hgi_csv_is_utf8(f->from, f->to)) return copy_name(f, out);
    char *raw = out + 2 * (f->to - f->from), *end = hgi_csv_unquote(f, raw);
    char *to = hgi_csv_to_utf8(raw, end, out);
    hgi_csv_note(&t->bytes, line, 0, column, &(hgi_csv_field){out, to, false});
    *to++ = '\0';
    return to;
}

/* The fields of the first record: how many, or -1 after an error in it.                */
static int64_t count_fields(const hgi_csv *c, const hgi_csv_record *r)
{
    hgi_csv_field f;
    int64_t n = 1;
    const char *p = r->from;
    while ((p = hgi_csv_split(c->delimiter, p, r->to, &f)) != NULL && p < r->to) {
        n++;
        p++;
    }
    return p == NULL ? -1 : n;
}

hg_status hgi_csv_columns_new(hgi_csv *c, const hgi_csv_record *first, bool with_names,
                              hgi_csv_table *t)
{
    *t = (hgi_csv_table){.c = c, .count = count_fields(c, first), .id = -1};
    if (t->count < 0) {
        return hgi_fail(c->ctx, HG_EFORMAT, "%s:%lld: text after a closing quote",
                        c->path, (long long)first->line);
    }
    if (t->count > COLUMNS_MAX) {
        return hgi_fail(
            c->ctx, HG_EFORMAT, "%s:%lld: %lld columns, expected at most %lld", c->path,
            (long long)first->line, (long long)t->count, (long long)COLUMNS_MAX);
    }
    /* As UTF-8 a name is no longer than three times its field; its delimiter makes room
     * for its NUL.                                                                     */
    bool plain = hgi_csv_is_utf8(first->from, first->to);
    size_t bytes = (plain ? 1 : 3) * (size_t)(first->to - first->from) + (size_t)t->count;
    t->column = hgi_calloc(&c->ctx->mem, (size_t)t->count, sizeof *t->column);
    if (with_names) t->names = hgi_alloc(&c->ctx->mem, bytes);
    if (t->column == NULL || (with_names && t->names == NULL)) {
        return hgi_fail_mem(c->ctx, (size_t)t->count * sizeof *t->column, "columns");
    }
    const char *p = first->from;
    char *name = t->names;
    for (int64_t i = 0; i < t->count; i++) {
        hgi_csv_field f;
        p = hgi_csv_split(c->delimiter, p, first->to, &f) + 1;
        t->column[i].dest = i;
        if (!with_names) continue;
        t->column[i].name = name;
        name = take_name(t, i, first->line, &f, name);
    }
    t->kept = t->count;
    return HG_OK;
}

/* Also after hgi_csv_columns_new() failed half-way, or was never called. */
void hgi_csv_columns_free(hgi_csv_table *t)
{
    if (t->c == NULL) return;
    hgi_csv_table_free(t);
    hgi_free(&t->c->ctx->mem, t->column);
    hgi_free(&t->c->ctx->mem, t->names);
}

/* ---- the user's choice --------------------------------------------------------------- */

/* The one that differs by the case of letters alone, or else the nearest. */
static const char *nearest_name(const char *word, const char *const *names, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (*word != '\0' && strcasecmp(names[i], word) == 0) return names[i];
    return hgi_nearest(word, names, n);
}

/* "; did you mean 'amount'?", or the first names that there are.                       */
static void suggest(const char *word, const char *const *names, int64_t n, char *out,
                    size_t room)
{
    const char *near = nearest_name(word, names, n);
    char shown[48];
    size_t len = 0;
    if (near != NULL) {
        hgi_shown(near, strlen(near), shown, sizeof shown);
        snprintf(out, room, "; did you mean '%s'?", shown);
        return;
    }
    for (int64_t i = 0; i < n && i < NAMES_SHOWN; i++) {
        hgi_shown(names[i], strlen(names[i]), shown, sizeof shown);
        len +=
            (size_t)snprintf(out + len, room - len, "%s'%s'", i > 0 ? ", " : ": ", shown);
    }
    if (n > NAMES_SHOWN) snprintf(out + len, room - len, ", ...");
}

/* With the nearest name, when there are names. */
hg_status hgi_csv_unknown_column(const hgi_csv_table *t, const char *option,
                                 const char *word)
{
    hgi_csv *c = t->c;
    if (t->names == NULL) {
        return hgi_fail(
            c->ctx, HG_EUNKNOWN,
            "%s: %s: there is no column '%s'; without a header they are 1 to %lld",
            c->path, option, word, (long long)t->count);
    }
    size_t bytes = (size_t)t->count * sizeof(char *);
    const char **names = hgi_alloc(&c->ctx->mem, bytes);
    if (names == NULL) return hgi_fail_mem(c->ctx, bytes, "names of columns");
    for (int64_t i = 0; i < t->count; i++) names[i] = t->column[i].name;
    char hint[NAMES_SHOWN * 56];
    suggest(word, names, t->count, hint, sizeof hint);
    hgi_free(&c->ctx->mem, names);
    return hgi_fail(c->ctx, HG_EUNKNOWN,
                    "%s: %s: there is no column '%.100s' among the %lld%s", c->path,
                    option, word, (long long)t->count, hint);
}

int64_t hgi_csv_find_column(const hgi_csv_table *t, const char *word)
{
    int64_t number;
    for (int64_t i = 0; i < t->count && t->names != NULL; i++) {
        if (*word != '\0' && strcmp(t->column[i].name, word) == 0) return i;
    }
    bool counts =
        hgi_parse_int(word, strlen(word), &number) && number >= 1 && number <= t->count;
    if (!counts) return -1;
    const char *name = t->column[number - 1].name;
    return name == NULL || *name == '\0' ? number - 1 : -1;
}

hg_status hgi_csv_list(const hgi_csv_table *t, const char *option, const char *list,
                       int64_t *place, int64_t *n)
{
    hgi_csv *c = t->c;
    const char *p = list, *to = list + strlen(list);
    hg_status status = HG_OK;
    char *word = hgi_alloc(&c->ctx->mem, (size_t)(to - list) + 1);
    if (word == NULL)
        return hgi_fail_mem(c->ctx, (size_t)(to - list) + 1, "a list of columns");
    for (*n = 0;; p++) {
        hgi_csv_field f;
        p = hgi_csv_split(',', p, to, &f);
        if (p == NULL) {
            status = hgi_fail(c->ctx, HG_EINVAL, "%s '%s': text after a closing quote",
                              option, list);
            break;
        }
        copy_name(&f, word);
        int64_t i = hgi_csv_find_column(t, word);
        if (i < 0) {
            status = hgi_csv_unknown_column(t, option, word);
            break;
        }
        if (place[i] >= 0) {
            status = hgi_fail(c->ctx, HG_EINVAL, "%s '%s': names column '%s' twice",
                              option, list, word);
            break;
        }
        place[i] = (*n)++;
        if (p == to) break;
    }
    hgi_free(&c->ctx->mem, word);
    return status;
}

/* First the list of columns wanted, in its order, then what is dropped of them. */
hg_status hgi_csv_select(hgi_csv_table *t, const hg_data_options *o)
{
    hg_status status = HG_OK;
    hgi_csv *c = t->c;
    size_t n = (size_t)t->count;
    int64_t listed;
    int64_t *place = hgi_alloc(&c->ctx->mem, 2 * n * sizeof *place), *order = place + n;
    if (place == NULL) return hgi_fail_mem(c->ctx, 2 * n * sizeof *place, "columns");
    for (size_t i = 0; i < n; i++) {
        place[i] = -1;
        order[i] = (int64_t)i; /* file's column at each place of the choice */
    }
    listed = t->count;
    if (o->columns != NULL) {
        HGI_GOTO(hgi_csv_list(t, "columns", o->columns, place, &listed));
        for (int64_t i = 0; i < t->count; i++) {
            t->column[i].dest = -1;
            if (place[i] >= 0) order[place[i]] = i;
            place[i] = -1;
        }
    }
    int64_t dropped;
    if (o->drop != NULL) HGI_GOTO(hgi_csv_list(t, "drop", o->drop, place, &dropped));
    if (o->id != NULL) {
        t->id = hgi_csv_find_column(t, o->id);
        if (t->id < 0) HGI_GOTO(hgi_csv_unknown_column(t, "id", o->id));
        if (o->columns == NULL) place[t->id] = 0;
    }
    t->kept = 0;
    for (int64_t k = 0; k < listed; k++) {
        hgi_csv_column *column = &t->column[order[k]];
        column->dest = place[order[k]] >= 0 ? -1 : t->kept++;
    }
    if (t->kept == 0) {
        status = hgi_fail(c->ctx, HG_ESHAPE, "%s: no columns are left", c->path);
    }
done:
    hgi_free(&c->ctx->mem, place);
    return status;
}

/* ---- problems ------------------------------------------------------------------------ */

void hgi_csv_note(hgi_csv_problem *p, int64_t line, int64_t row, int64_t column,
                  const hgi_csv_field *f)
{
    if (p->count++ > 0) return;
    p->line = line;
    p->row = row;
    p->column = column;
    hgi_shown(f->from, (size_t)(f->to - f->from), p->shown, sizeof p->shown);
}

/* "; column 'w' is '1,5': if ',' is the decimal sign, set decimal to ','", or nothing. */
static void decimal_hint(const hgi_csv_table *t, char *out, size_t n)
{
    const hgi_csv_problem *p = &t->foreign;
    char where[64] = "", sign = hgi_csv_other_sign(t->c);
    *out = '\0';
    if (p->count == 0) return;
    describe(t, p->column, where, sizeof where);
    snprintf(out, n,
             "; line %lld, %s is '%s': if '%c' is the decimal sign, set decimal to '%c'",
             (long long)p->line, where, p->shown, sign, sign);
}

/* The names of the columns with words in them, ready to be copied; returns how many.
 * Cells that only have the other decimal sign make no column one of words.             */
static int64_t word_columns(const hgi_csv_table *t, char drop[NAMES_SHOWN * 50])
{
    char name[48];
    int64_t columns = 0;
    size_t len = 0;
    *drop = '\0';
    for (int64_t i = 0; i < t->count; i++) {
        if (t->column[i].texts == t->column[i].foreign) continue;
        if (++columns > NAMES_SHOWN) continue;
        droppable(t, i, name, sizeof name);
        len += (size_t)snprintf(drop + len, NAMES_SHOWN * 50 - len, "%s%s",
                                columns > 1 ? "," : "", name);
    }
    return columns;
}

hg_status hgi_csv_bad_sign(const hgi_csv_table *t, int64_t line, int64_t column,
                           const hgi_csv_field *f)
{
    char where[64], shown[32], sign = hgi_csv_other_sign(t->c);
    describe(t, column, where, sizeof where);
    hgi_shown(f->from, (size_t)(f->to - f->from), shown, sizeof shown);
    if (hgi_csv_sign_of(f, t->c->decimal) == HGI_CSV_EITHER)
        return hgi_fail(t->c->ctx, HG_EFORMAT,
                        "%s:%lld: %s is '%s': is ',' the decimal sign, or does it group "
                        "digits?  set decimal to ',' or to '.'",
                        t->c->path, (long long)line, where, shown);
    return hgi_fail(
        t->c->ctx, HG_EFORMAT,
        "%s:%lld: %s is '%s', expected a number; if '%c' is the decimal sign, "
        "set decimal to '%c'",
        t->c->path, (long long)line, where, shown, sign, sign);
}

/* The first such cell by place, what can be done, and the hint at the decimal sign when
 * another cell gives one.                                                              */
static hg_status text_verdict(const hgi_csv_table *t)
{
    const hgi_csv_problem *p = &t->text;
    char where[64], drop[NAMES_SHOWN * 50], hint[192];
    int64_t columns = word_columns(t, drop);
    describe(t, p->column, where, sizeof where);
    if (p->line == t->foreign.line && p->column == t->foreign.column) {
        hgi_csv_field f = {p->shown, p->shown + strlen(p->shown), false};
        return hgi_csv_bad_sign(t, p->line, p->column, &f);
    }
    decimal_hint(t, hint, sizeof hint);
    if (t->modelled && t->like != NULL) /* by its name it is the model's column */
        return hgi_fail(
            t->c->ctx, HG_EFORMAT,
            "%s:%lld: %s is '%s', expected a number; the model was trained on "
            "complete numbers: train with --table for one to which this is a "
            "missing value%s",
            t->c->path, (long long)p->line, where, p->shown, hint);
    return hgi_fail(
        t->c->ctx, HG_EFORMAT,
        "%s:%lld: %s is '%s', expected a number; to leave out %s, set drop to "
        "%s%s%s%s, or drop-non-numeric%s",
        t->c->path, (long long)p->line, where, p->shown,
        columns > 1 ? "such columns" : "the column", quote(drop), drop,
        columns > NAMES_SHOWN ? ",..." : "", quote(drop), hint);
}

/* Holes of columns that were left out as text do not count, hence a count a column. */
static hg_status missing_verdict(const hgi_csv_table *t)
{
    char where[64], name[48], more[64] = "";
    int64_t first = -1, all = 0;
    for (int64_t i = 0; i < t->count; i++) {
        const hgi_csv_column *c = &t->column[i];
        if (c->dest < 0 || c->missing == 0) continue;
        all += c->missing;
        if (first < 0 || c->missing_row < t->column[first].missing_row) first = i;
    }
    if (first < 0) return HG_OK;
    describe(t, first, where, sizeof where);
    droppable(t, first, name, sizeof name);
    if (all > 1) snprintf(more, sizeof more, " (%lld such cells)", (long long)all);
    if (t->modelled)
        return hgi_fail(
            t->c->ctx, HG_ENONFINITE,
            "%s:%lld: %s is empty, expected a number; row %lld%s" HGI_GAP_ADVICE,
            t->c->path, (long long)t->column[first].missing_line, where,
            (long long)t->column[first].missing_row + 1, more);
    return hgi_fail(
        t->c->ctx, HG_ENONFINITE,
        "%s:%lld: %s is empty, expected a number; row %lld%s; fill it, or leave the "
        "column out: set drop to %s%s%s",
        t->c->path, (long long)t->column[first].missing_line, where,
        (long long)t->column[first].missing_row + 1, more, quote(name), name,
        quote(name));
}

/* A number as it stands in the file, which float cannot hold. */
static hg_status number_verdict(const hgi_csv_table *t, const hgi_csv_problem *p,
                                hg_status status, const char *want)
{
    char where[64], more[64] = "";
    if (p->count == 0) return HG_OK;
    describe(t, p->column, where, sizeof where);
    if (p->count > 1)
        snprintf(more, sizeof more, " (%lld such cells)", (long long)p->count);
    return hgi_fail(t->c->ctx, status, "%s:%lld: %s is %s, expected %s; row %lld%s",
                    t->c->path, (long long)p->line, where, p->shown, want,
                    (long long)p->row + 1, more);
}

hg_status hgi_csv_numbers_verdict(const hgi_csv_table *t)
{
    HGI_TRY(number_verdict(t, &t->nonfinite, HG_ENONFINITE, "a finite number"));
    return number_verdict(t, &t->huge, HG_ERANGE,
                          "at most 3.4e38, the largest 32-bit float");
}

/* Text first: it mostly means that the wrong columns were taken, and the rest follows. */
hg_status hgi_csv_verdict(const hgi_csv_table *t)
{
    char hint[192];
    decimal_hint(t, hint, sizeof hint);
    if (t->kept == 0) {
        return hgi_fail(t->c->ctx, HG_ESHAPE, "%s: no column has numbers only%s",
                        t->c->path, hint);
    }
    /* Only drop-non-numeric leaves a column out after it was read. */
    if (t->foreign.count > 0 && t->column[t->foreign.column].dest < 0) {
        hgi_log(t->c->ctx, HG_LOG_WARNING, "%s: columns are left out as text%s",
                t->c->path, hint);
    }
    for (int64_t i = 0; i < t->count; i++) {
        if (t->column[i].texts > 0 && t->column[i].dest >= 0) return text_verdict(t);
    }
    HGI_TRY(missing_verdict(t));
    return hgi_csv_numbers_verdict(t);
}

/* One block: the table of pointers, then the names, so that splits can share it. */
hg_status hgi_csv_name_columns(const hgi_csv_table *t, hg_dataset *d)
{
    hg_ctx *ctx = t->c->ctx;
    size_t bytes = (size_t)t->kept * sizeof(char *);
    if (t->names == NULL) return HG_OK;
    for (int64_t i = 0; i < t->count; i++) {
        if (t->column[i].dest >= 0) bytes += strlen(t->column[i].name) + 1;
    }
    for (int64_t k = 0; k < t->absents; k++)
        bytes += strlen(t->like->column[t->absent[k]].name) + 1;
    const char *renamed = t->renames;
    bytes += renamed != NULL ? strlen(renamed) + 1 : 0;
    char **columns = hgi_alloc(&ctx->mem, bytes);
    if (columns == NULL) return hgi_fail_mem(ctx, bytes, "names of columns");
    char *text = (char *)(columns + t->kept);
    for (int64_t i = 0; i < t->count; i++) {
        if (t->column[i].dest < 0) continue;
        size_t n = strlen(t->column[i].name) + 1;
        memcpy(text, t->column[i].name, n);
        columns[t->column[i].dest] = text;
        text += n;
    }
    for (int64_t k = 0; k < t->absents; k++) {
        const char *name = t->like->column[t->absent[k]].name;
        columns[t->absent[k]] = strcpy(text, name);
        text += strlen(name) + 1;
    }
    d->renamed = renamed != NULL ? strcpy(text, renamed) : NULL;
    d->columns = columns;
    d->columns_owned = columns;
    return HG_OK;
}
