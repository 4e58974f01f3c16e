// SPDX-License-Identifier: MIT
/* What the caller says of a table's columns: their kinds, new names, or a schema whose
 * columns are looked for by their names.                                               */
#include "data/csv.h"

#include <math.h>
#include <string.h>
#include <strings.h>

/* Names in a message. */
enum { SHOWN = 6 };

/* ---- kinds --------------------------------------------------------------------------- */

hg_status hgi_csv_kinds(hgi_csv_table *t, const hg_data_options *o)
{
    const char *const list[] = {o->numeric, o->categorical, o->boolean, o->date};
    hg_ctx *ctx = t->c->ctx;
    hg_status status = HG_OK;
    int64_t *place = hgi_alloc(&ctx->mem, (size_t)t->count * sizeof *place), n;
    if (place == NULL)
        return hgi_fail_mem(ctx, (size_t)t->count * sizeof *place, "columns");
    for (int k = 0; k < HGI_COUNT(list); k++) {
        if (list[k] == NULL) continue;
        const char *option = k == HGI_CATEGORY ? "categorical" : hgi_kind_words[k];
        for (int64_t i = 0; i < t->count; i++) place[i] = -1;
        HGI_GOTO(hgi_csv_list(t, option, list[k], place, &n));
        for (int64_t i = 0; i < t->count; i++) {
            hgi_csv_column *c = &t->column[i];
            if (place[i] < 0) continue;
            if (c->fixed)
                HGI_GOTO(hgi_fail(ctx, HG_EINVAL,
                                  "%s '%s': column %lld has a kind already", option,
                                  list[k], (long long)i + 1));
            c->fixed = true;
            c->kind = (hgi_kind)k;
            if (k != HGI_NUMERIC) t->word_cells++; /* a table, whatever is in it */
        }
    }
    if (o->categories < 0 || o->categories > HGI_CSV_WORDS_MAX)
        HGI_GOTO(hgi_fail(ctx, HG_ERANGE, "categories: %lld, expected 1 to %d",
                          (long long)o->categories, (int)HGI_CSV_WORDS_MAX));
    t->categories = o->categories;
done:
    hgi_free(&ctx->mem, place);
    return status;
}

/* ---- names --------------------------------------------------------------------------- */

/* "old=new,old=new" is cut in its place, from *at on: false behind the last.  A comma
 * inside a name is not provided for.                                                   */
static bool next_pair(char **at, char **old, char **name)
{
    char *p = *at, *end;
    if (p == NULL) return false;
    end = strchr(p, ',');
    if (end != NULL) *end = '\0';
    *at = end != NULL ? end + 1 : NULL;
    *old = p;
    *name = strchr(p, '=');
    if (*name != NULL) *(*name)++ = '\0';
    return true;
}

/* The caller's list, to be cut, and behind it as it is: columns keep both.             */
static hg_status copy_list(hgi_csv_table *t, const char *list)
{
    hg_ctx *ctx = t->c->ctx;
    size_t n = strlen(list) + 1;
    t->renamed = hgi_alloc(&ctx->mem, 2 * n);
    if (t->renamed == NULL) return hgi_fail_mem(ctx, 2 * n, "names of columns");
    memcpy(t->renamed, list, n);
    t->renames = memcpy(t->renamed + n, list, n);
    return HG_OK;
}

/* Names that change places do: none is set before all are found. */
static void set_names(hgi_csv_table *t, const char *const *fresh)
{
    for (int64_t i = 0; i < t->count; i++)
        if (fresh[i] != NULL) t->column[i].name = fresh[i];
}

static hg_status rename_asked(hgi_csv_table *t, const char **fresh)
{
    hg_ctx *ctx = t->c->ctx;
    char *old, *name;
    for (char *at = t->renamed; next_pair(&at, &old, &name);) {
        if (name == NULL)
            return hgi_fail(ctx, HG_EINVAL, "rename '%.100s': expected old=new", old);
        int64_t i = hgi_csv_find_column(t, old);
        if (i < 0) return hgi_csv_unknown_column(t, "rename", old);
        fresh[i] = name;
    }
    return HG_OK;
}

static int64_t named(const hgi_csv_table *t, const char *name)
{
    for (int64_t i = 0; i < t->count; i++)
        if (strcmp(t->column[i].name, name) == 0) return i;
    return -1;
}

/* Is it one of the old names in a list? */
static bool is_old(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; p != NULL; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, name, n) == 0 && p[n] == '=') return true;
    }
    return false;
}

/* As training renamed its file's columns.  This file may have the old names, or the new
 * ones already: a column that has an old name gets its new one where no other has that,
 * or where that one gets another, too.                                                 */
static void rename_again(const hgi_csv_table *t, const char **fresh)
{
    char *old, *name;
    for (char *at = t->renamed; next_pair(&at, &old, &name);) {
        int64_t i = name != NULL ? named(t, old) : -1;
        if (i >= 0 && (named(t, name) < 0 || is_old(t->renames, name))) fresh[i] = name;
    }
}

hg_status hgi_csv_rename(hgi_csv_table *t, const hg_data_options *o)
{
    hg_status status = HG_OK;
    hg_ctx *ctx = t->c->ctx;
    const char *before =
        o->schema != NULL && t->names != NULL ? o->schema->renamed : NULL;
    const char *list = o->rename != NULL ? o->rename : before;
    if (list == NULL) return HG_OK;
    if (t->names == NULL)
        return hgi_fail(ctx, HG_EINVAL, "%s: rename: the columns have no names",
                        t->c->path);
    HGI_TRY(copy_list(t, list));
    const char **fresh = hgi_calloc(&ctx->mem, (size_t)t->count, sizeof *fresh);
    if (fresh == NULL)
        return hgi_fail_mem(ctx, (size_t)t->count * sizeof *fresh, "names of columns");
    if (o->rename != NULL)
        status = rename_asked(t, fresh);
    else
        rename_again(t, fresh);
    if (status == HG_OK) set_names(t, fresh);
    hgi_free(&ctx->mem, fresh);
    return status;
}

/* ---- a schema ------------------------------------------------------------------------ */

/* The schema's columns by name; many files have hundreds. */
typedef struct found {
    uint32_t *slot;
    uint64_t mask;
} schema_index;

static hg_status index_names(hg_ctx *ctx, const hg_schema *s, schema_index *x)
{
    uint64_t slots = 4;
    while (slots < 2 * (uint64_t)s->columns) slots *= 2;
    x->mask = slots - 1;
    x->slot = hgi_calloc(&ctx->mem, slots, sizeof *x->slot);
    if (x->slot == NULL) return hgi_fail_mem(ctx, slots * sizeof *x->slot, "columns");
    for (int64_t i = 0; i < s->columns; i++) {
        const char *name = s->column[i].name;
        uint64_t at = hgi_hash(HGI_HASH_INIT, name, strlen(name)) & x->mask;
        while (x->slot[at] != 0) at = (at + 1) & x->mask;
        x->slot[at] = (uint32_t)i + 1;
    }
    return HG_OK;
}

/* Two columns of a name are told apart by their order alone, which is worth a word. */
hg_status hgi_csv_warn_twins(hgi_csv_table *t)
{
    hg_ctx *ctx = t->c->ctx;
    uint64_t slots = 4;
    if (t->names == NULL) return HG_OK;
    while (slots < 2 * (uint64_t)t->count) slots *= 2;
    uint32_t *slot = hgi_calloc(&ctx->mem, slots, sizeof *slot);
    if (slot == NULL) return hgi_fail_mem(ctx, slots * sizeof *slot, "columns");
    for (int64_t i = 0; i < t->count; i++) {
        const char *name = t->column[i].name;
        if (t->column[i].dest < 0 || *name == '\0') continue;
        uint64_t at = hgi_hash(HGI_HASH_INIT, name, strlen(name)) & (slots - 1);
        while (slot[at] != 0 && strcmp(t->column[slot[at] - 1].name, name) != 0)
            at = (at + 1) & (slots - 1);
        if (slot[at] != 0) {
            char shown[40];
            hgi_shown(name, strlen(name), shown, sizeof shown);
            hgi_log(ctx, HG_LOG_WARNING,
                    "%s: columns %lld and %lld are both called '%s': only their order "
                    "tells them apart",
                    t->c->path, (long long)slot[at], (long long)i + 1, shown);
            break;
        }
        slot[at] = (uint32_t)i + 1;
    }
    hgi_free(&ctx->mem, slot);
    return HG_OK;
}

/* The first that has the name and none of the file's columns so far, or -1. */
static int64_t find_name(const hg_schema *s, const schema_index *x,
                         const unsigned char *taken, const char *name)
{
    uint64_t at = hgi_hash(HGI_HASH_INIT, name, strlen(name)) & x->mask;
    for (; x->slot[at] != 0; at = (at + 1) & x->mask) {
        int64_t i = (int64_t)x->slot[at] - 1;
        if (!taken[i] && strcmp(s->column[i].name, name) == 0) return i;
    }
    return -1;
}

static bool was_left(const hg_schema *s, const char *name)
{
    for (int64_t i = 0; i < s->left_count; i++)
        if (strcmp(s->left[i], name) == 0) return true;
    return false;
}

static void take_kind(hgi_csv_column *c, const hg_schema *s, int64_t place)
{
    const hgi_schema_column *like = &s->column[place];
    c->dest = place;
    c->like = like;
    c->fixed = true;
    c->kind = like->kind;
    c->form = like->form;
    c->timed = like->timed;
    c->sign = like->sign;
    c->origin = like->origin;
}

static hg_status by_position(hgi_csv_table *t, const hg_schema *s)
{
    int64_t left = 0, k = 0;
    for (int64_t i = 0; i < t->count; i++) left += t->column[i].dest >= 0;
    if (left != s->columns)
        return hgi_fail(t->c->ctx, HG_ESHAPE,
                        "%s: %lld column%s without names, but the model wants %lld",
                        t->c->path, (long long)left, left == 1 ? "" : "s",
                        (long long)s->columns);
    for (int64_t i = 0; i < t->count; i++)
        if (t->column[i].dest >= 0) take_kind(&t->column[i], s, k++);
    return HG_OK;
}

/* A name of the model's, or of the file's, that is missing on the other side. */
typedef struct missing {
    int64_t count;
    const char *names[SHOWN];
} missing_names;

static void miss(missing_names *m, const char *name)
{
    if (m->count < SHOWN) m->names[m->count] = name;
    m->count++;
}

/* "'a', 'b', ..."; n: room of out. */
static void list_names(const missing_names *m, char *out, size_t n)
{
    char shown[40];
    size_t len = 0;
    for (int64_t i = 0; i < m->count && i < SHOWN; i++) {
        hgi_shown(m->names[i], strlen(m->names[i]), shown, sizeof shown);
        len += (size_t)snprintf(out + len, n - len, "%s'%s'", i > 0 ? ", " : "", shown);
    }
    if (m->count > SHOWN) snprintf(out + len, n - len, ", ...");
}

/* What lacks first, with the name of the file that may be meant; then what is too much. */
static hg_status tell_differences(const hgi_csv_table *t, const hg_schema *s,
                                  const missing_names *lack, const missing_names *extra)
{
    char names[SHOWN * 48], hint[320] = "";
    hg_ctx *ctx = t->c->ctx;
    if (lack->count > 0) {
        const char *near =
            hgi_nearest(lack->names[0], extra->names, hgi_min(extra->count, SHOWN));
        for (int64_t i = 0; i < hgi_min(extra->count, SHOWN); i++)
            if (strcasecmp(extra->names[i], lack->names[0]) == 0) near = extra->names[i];
        if (near != NULL)
            snprintf(hint, sizeof hint,
                     "; the file has '%.60s', which the model lacks: if they are the "
                     "same, set rename to %.60s=%.60s",
                     near, near, lack->names[0]);
        else if (!s->plain && !s->steps && lack->count < s->columns)
            snprintf(hint, sizeof hint, "; with allow-missing-columns %s in each row",
                     lack->count == 1 ? "it is a missing value"
                                      : "they are missing values");
        list_names(lack, names, sizeof names);
        if (lack->count == 1)
            return hgi_fail(
                ctx, HG_EMISMATCH,
                "%s: column %s is missing, one of the %lld that the model was "
                "trained with%s",
                t->c->path, names, (long long)s->columns, hint);
        return hgi_fail(
            ctx, HG_EMISMATCH,
            "%s: %lld of the %lld columns that the model was trained with are "
            "missing: %s%s",
            t->c->path, (long long)lack->count, (long long)s->columns, names, hint);
    }
    list_names(extra, names, sizeof names);
    if (extra->count == 1)
        return hgi_fail(ctx, HG_EMISMATCH,
                        "%s: column %s is none of the model's %lld; leave it out with "
                        "drop, or all such columns with ignore-extra",
                        t->c->path, names, (long long)s->columns);
    return hgi_fail(ctx, HG_EMISMATCH,
                    "%s: %lld columns are none of the model's %lld: %s; leave them out "
                    "with ignore-extra",
                    t->c->path, (long long)extra->count, (long long)s->columns, names);
}

/* Columns that the file lacks become gaps, where the model takes any and is left some. */
static hg_status allow_missing(hgi_csv_table *t, const hg_schema *s,
                               const unsigned char *taken, missing_names *lack)
{
    char names[SHOWN * 48];
    hg_ctx *ctx = t->c->ctx;
    size_t bytes = (size_t)lack->count * sizeof *t->absent;
    if (lack->count == 0 || lack->count == s->columns || s->steps) return HG_OK;
    if (s->plain)
        return hgi_fail(ctx, HG_EMISMATCH,
                        "%s: column '%.60s' is missing, and the model was trained on "
                        "complete numbers; train with --table for one that takes gaps",
                        t->c->path, lack->names[0]);
    t->absent = hgi_alloc(&ctx->mem, bytes);
    if (t->absent == NULL) return hgi_fail_mem(ctx, bytes, "columns that are missing");
    for (int64_t i = 0; i < s->columns; i++)
        if (!taken[i]) t->absent[t->absents++] = i;
    list_names(lack, names, sizeof names);
    hgi_log(ctx, HG_LOG_WARNING,
            "%s: %lld of the model's %lld columns missing, a gap in each row: %s",
            t->c->path, (long long)lack->count, (long long)s->columns, names);
    lack->count = 0;
    return HG_OK;
}

static hg_status by_name(hgi_csv_table *t, const hg_data_options *o,
                         const schema_index *x, unsigned char *taken)
{
    const hg_schema *s = o->schema;
    const bool ignore = o->ignore_extra != 0 || o->drop_non_numeric != 0;
    missing_names lack = {0}, extra = {0};
    for (int64_t i = 0; i < t->count; i++) {
        hgi_csv_column *c = &t->column[i];
        if (c->dest < 0 && i != t->id) continue;
        int64_t place = find_name(s, x, taken, c->name);
        c->dest = -1;
        if (place >= 0) {
            taken[place] = 1;
            take_kind(c, s, place);
        } else if (i != t->id && !was_left(s, c->name)) {
            miss(&extra, c->name);
        }
    }
    for (int64_t i = 0; i < s->columns; i++)
        if (!taken[i]) miss(&lack, s->column[i].name);
    if (o->allow_missing_columns) HGI_TRY(allow_missing(t, s, taken, &lack));
    if (lack.count == 0 && (ignore || extra.count == 0)) return HG_OK;
    return tell_differences(t, s, &lack, &extra);
}

hg_status hgi_csv_match(hgi_csv_table *t, const hg_data_options *o)
{
    const hg_schema *s = o->schema;
    hg_ctx *ctx = t->c->ctx;
    schema_index x = {0};
    hg_status status = HG_OK;
    t->like = s;
    t->kept = s->columns;
    if (!t->table && !s->plain)
        return hgi_fail(ctx, HG_EMISMATCH,
                        "%s: the model is of a table with words or missing values: "
                        "neither strict nor shape go with it",
                        t->c->path);
    if (t->names == NULL || !s->named) return by_position(t, s);
    unsigned char *taken = hgi_calloc(&ctx->mem, (size_t)s->columns, 1);
    if (taken == NULL) return hgi_fail_mem(ctx, (size_t)s->columns, "columns");
    HGI_GOTO(index_names(ctx, s, &x));
    HGI_GOTO(by_name(t, o, &x, taken));
done:
    hgi_free(&ctx->mem, x.slot);
    hgi_free(&ctx->mem, taken);
    return status;
}

/* Words that are rare in training share a place and are not kept, so that they cannot be
 * told from new ones: as many as training had of them, by three standard deviations, are
 * no news.                                                                             */
static bool is_news(const hgi_csv_column *c, int64_t rows)
{
    const double rare = c->kind == HGI_CATEGORY ? c->like->rare : 0, n = (double)rows;
    if (c->dest < 0 || c->unseen == 0) return false;
    return !(rare > 0) || (double)c->unseen > rare * n + 3 * sqrt(rare * (1 - rare) * n);
}

static const char *what_is_unseen(const hgi_csv_column *c)
{
    if (c->kind == HGI_DATE) return "no date that can be read";
    return c->kind != HGI_CATEGORY || c->like->folded == 0
               ? "a word that training rows do not have"
               : "a word that is new or was rare in training";
}

/* "'a' (12), 'b' (3)": the columns with news but for this one; n: room of out. */
static int64_t list_news(const hgi_csv_table *t, int64_t but, int64_t rows, char *out,
                         size_t n)
{
    char name[40];
    size_t len = 0;
    int64_t columns = 0;
    *out = '\0';
    for (int64_t i = 0; i < t->count; i++) {
        const hgi_csv_column *c = &t->column[i];
        if (i == but || !is_news(c, rows) || ++columns > SHOWN) continue;
        hgi_shown(c->like->name, strlen(c->like->name), name, sizeof name);
        len += (size_t)snprintf(out + len, n - len, "%s'%s' (%lld)",
                                columns == 1 ? "" : ", ", name, (long long)c->unseen);
    }
    if (columns > SHOWN) snprintf(out + len, n - len, ", ...");
    return columns;
}

static hg_status count_unseen(const hgi_csv_table *t, hg_dataset *d)
{
    hg_ctx *ctx = t->c->ctx;
    if (d->unseen == NULL)
        d->unseen = hgi_calloc(&ctx->mem, (size_t)t->kept, sizeof *d->unseen);
    if (d->unseen == NULL)
        return hgi_fail_mem(ctx, (size_t)t->kept * sizeof *d->unseen, "columns");
    for (int64_t i = 0; i < t->count; i++)
        if (t->column[i].dest >= 0) d->unseen[t->column[i].dest] = t->column[i].unseen;
    return HG_OK;
}

/* The first cell, and how many there are of each column. */
hg_status hgi_csv_tell_unseen(const hgi_csv_table *t, int64_t rows, hg_dataset *d)
{
    hg_ctx *ctx = t->c->ctx;
    const hgi_csv_problem *p = &t->unseen;
    char more[SHOWN * 80], name[40], cells[64] = "";
    if (p->count == 0) return HG_OK;
    HGI_TRY(count_unseen(t, d));
    const hgi_csv_column *c = &t->column[p->column];
    const int64_t others = list_news(t, p->column, rows, more, sizeof more);
    if (!is_news(c, rows)) {
        if (others > 0)
            hgi_log(ctx, HG_LOG_WARNING,
                    "%s: cells that the model does not know, which count as another word "
                    "or as missing: in %s",
                    t->c->path, more);
        return HG_OK;
    }
    if (c->unseen > 1)
        snprintf(cells, sizeof cells, " (%lld such cells)", (long long)c->unseen);
    hgi_shown(c->like->name, strlen(c->like->name), name, sizeof name);
    hgi_log(ctx, HG_LOG_WARNING,
            "%s:%lld: column '%s' is '%s', %s%s: it counts as %s%s%s", t->c->path,
            (long long)p->line, name, p->shown, what_is_unseen(c), cells,
            c->kind == HGI_CATEGORY ? "another word" : "missing",
            others > 0 ? "; so do cells of " : "", more);
    return HG_OK;
}
