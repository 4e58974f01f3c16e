// SPDX-License-Identifier: MIT
/* What the caller says of a table's columns: their kinds, new names, or a schema whose
 * columns are looked for by their names.                                               */
#include "data/csv.h"

#include <string.h>

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

/* "old=new,old=new"; a comma inside a name is not provided for. */
hg_status hgi_csv_rename(hgi_csv_table *t, const char *list)
{
    hg_ctx *ctx = t->c->ctx;
    if (list == NULL) return HG_OK;
    if (t->names == NULL)
        return hgi_fail(ctx, HG_EINVAL, "%s: rename: the columns have no names",
                        t->c->path);
    char *p = t->renamed = hgi_strdup(&ctx->mem, list);
    if (p == NULL) return hgi_fail_mem(ctx, strlen(list), "names of columns");
    for (char *end = p; end != NULL; p = end + 1) {
        end = strchr(p, ',');
        if (end != NULL) *end = '\0';
        char *name = strchr(p, '=');
        if (name == NULL)
            return hgi_fail(ctx, HG_EINVAL, "rename '%.100s': expected old=new", p);
        *name++ = '\0';
        int64_t i = hgi_csv_find_column(t, p);
        if (i < 0) return hgi_csv_unknown_column(t, "rename", p);
        t->column[i].name = name;
        if (end == NULL) break;
    }
    return HG_OK;
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
    c->origin = like->origin;
}

static hg_status by_position(hgi_csv_table *t, const hg_schema *s)
{
    int64_t left = 0, k = 0;
    for (int64_t i = 0; i < t->count; i++) left += t->column[i].dest >= 0;
    if (left != s->columns)
        return hgi_fail(t->c->ctx, HG_ESHAPE,
                        "%s: %lld columns without names, but the model wants %lld",
                        t->c->path, (long long)left, (long long)s->columns);
    for (int64_t i = 0; i < t->count; i++)
        if (t->column[i].dest >= 0) take_kind(&t->column[i], s, k++);
    return HG_OK;
}

static hg_status by_name(hgi_csv_table *t, const hg_schema *s, const schema_index *x,
                         unsigned char *taken, bool ignore)
{
    hg_ctx *ctx = t->c->ctx;
    for (int64_t i = 0; i < t->count; i++) {
        hgi_csv_column *c = &t->column[i];
        if (c->dest < 0) continue;
        int64_t place = find_name(s, x, taken, c->name);
        if (place >= 0) {
            taken[place] = 1;
            take_kind(c, s, place);
            continue;
        }
        c->dest = -1;
        if (ignore || was_left(s, c->name)) continue;
        return hgi_fail(ctx, HG_EMISMATCH,
                        "%s: column '%.100s' is none of the model's; leave it out with "
                        "drop, or all such columns with ignore-extra",
                        t->c->path, c->name);
    }
    for (int64_t i = 0; i < s->columns; i++) {
        if (taken[i]) continue;
        return hgi_fail(
            ctx, HG_EMISMATCH,
            "%s: column '%.100s' is missing, which the model was trained with",
            t->c->path, s->column[i].name);
    }
    return HG_OK;
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
    HGI_GOTO(by_name(t, s, &x, taken, o->ignore_extra != 0 || o->drop_non_numeric != 0));
done:
    hgi_free(&ctx->mem, x.slot);
    hgi_free(&ctx->mem, taken);
    return status;
}

hg_status hgi_csv_tell_unseen(const hgi_csv_table *t, hg_dataset *d)
{
    hg_ctx *ctx = t->c->ctx;
    const hgi_csv_problem *p = &t->unseen;
    if (p->count == 0) return HG_OK;
    if (d->unseen == NULL)
        d->unseen = hgi_calloc(&ctx->mem, (size_t)t->kept, sizeof *d->unseen);
    if (d->unseen == NULL)
        return hgi_fail_mem(ctx, (size_t)t->kept * sizeof *d->unseen, "columns");
    for (int64_t i = 0; i < t->count; i++)
        if (t->column[i].dest >= 0) d->unseen[t->column[i].dest] = t->column[i].unseen;
    const hgi_csv_column *c = &t->column[p->column];
    char more[64] = "";
    if (p->count > 1)
        snprintf(more, sizeof more, " (%lld such cells)", (long long)p->count);
    hgi_log(
        ctx, HG_LOG_WARNING,
        "%s:%lld: column '%.100s' is '%s', a word that training rows do not have%s: it "
        "counts as %s",
        t->c->path, (long long)p->line, c->like->name, p->shown, more,
        c->kind == HGI_CATEGORY ? "another word" : "missing");
    return HG_OK;
}
