// SPDX-License-Identifier: MIT
/* Schemas: making, comparing, freeing them, and finding words.  See schema.h.          */
#include "data/schema.h"

#include <stdlib.h>
#include <string.h>

/* Features of a row: what nets, batches and 32-bit places of them can take.            */
#define FEATURES_MAX (INT64_C(1) << 24)

const char *const hgi_kind_words[] = {"numeric", "category", "boolean", "date", NULL};

/* ---- words --------------------------------------------------------------------------- */

/* ASCII alone: what is a letter elsewhere depends on a language. */
static unsigned char fold(char ch)
{
    return (unsigned char)(ch >= 'A' && ch <= 'Z' ? ch - 'A' + 'a' : ch);
}

uint64_t hgi_fold_hash(const char *s, size_t n)
{
    uint64_t hash = HGI_HASH_INIT;
    for (size_t i = 0; i < n; i++) hash = (hash ^ fold(s[i])) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 29;
}

bool hgi_fold_equal(const char *a, size_t n, const char *b, size_t m)
{
    if (n != m) return false;
    for (size_t i = 0; i < n; i++)
        if (fold(a[i]) != fold(b[i])) return false;
    return true;
}

int64_t hgi_schema_word(const hgi_schema_column *c, const char *word, size_t n)
{
    if (c->slots == 0) return -1;
    uint64_t mask = (uint64_t)c->slots - 1;
    for (uint64_t at = hgi_fold_hash(word, n) & mask; c->slot[at] != 0;
         at = (at + 1) & mask) {
        const char *w = c->word[c->slot[at] - 1];
        if (hgi_fold_equal(word, n, w, strlen(w))) return (int64_t)c->slot[at] - 1;
    }
    return -1;
}

int hgi_boolean_word(const char *s, size_t n)
{
    static const char *const words[] = {"false", "true", "no", "yes", "n",
                                        "y",     "f",    "t",  "off", "on"};
    for (int i = 0; i < HGI_COUNT(words); i++)
        if (hgi_fold_equal(s, n, words[i], strlen(words[i]))) return i & 1;
    return -1;
}

/* Half of the places stay empty, so that a search is short. */
static hg_status index_words(hg_ctx *ctx, hgi_schema_column *c)
{
    int64_t slots = 4;
    while (slots < 2 * c->words) slots *= 2;
    hgi_free(&ctx->mem, c->slot);
    c->slots = 0;
    c->slot = hgi_calloc(&ctx->mem, (size_t)slots, sizeof *c->slot);
    if (c->slot == NULL)
        return hgi_fail_mem(ctx, (size_t)slots * sizeof *c->slot, "words");
    c->slots = slots;
    uint64_t mask = (uint64_t)slots - 1;
    for (int64_t i = 0; i < c->words; i++) {
        size_t n = strlen(c->word[i]);
        if (hgi_schema_word(c, c->word[i], n) >= 0)
            return hgi_fail(ctx, HG_EFORMAT,
                            "column '%.100s' has the word '%.100s' twice", c->name,
                            c->word[i]);
        uint64_t at = hgi_fold_hash(c->word[i], n) & mask;
        while (c->slot[at] != 0) at = (at + 1) & mask;
        c->slot[at] = (uint32_t)i + 1;
    }
    return HG_OK;
}

/* ---- making -------------------------------------------------------------------------- */

hg_status hgi_schema_new(hg_ctx *ctx, int64_t columns, hg_schema **out)
{
    *out = NULL;
    hg_schema *s = hgi_calloc(&ctx->mem, 1, sizeof *s);
    if (s == NULL) return hgi_fail_mem(ctx, sizeof *s, "a schema");
    s->mem = ctx->mem;
    s->column = hgi_calloc(&ctx->mem, (size_t)columns, sizeof *s->column);
    if (s->column == NULL) {
        hgi_schema_free(&s);
        return hgi_fail_mem(ctx, (size_t)columns * sizeof *s->column, "a schema");
    }
    for (; s->columns < columns; s->columns++) {
        hgi_schema_column *c = &s->column[s->columns];
        c->weight = 1;
        c->name = hgi_strdup(&ctx->mem, "");
        if (c->name == NULL) {
            hgi_schema_free(&s);
            return hgi_fail_mem(ctx, 1, "a schema");
        }
    }
    *out = s;
    return HG_OK;
}

void hgi_schema_free(hg_schema **schema)
{
    hg_schema *s = *schema;
    if (s == NULL) return;
    hgi_mem mem = s->mem;
    for (int64_t i = 0; i < s->columns; i++) {
        hgi_schema_column *c = &s->column[i];
        for (int64_t k = 0; k < c->words; k++) hgi_free(&mem, c->word[k]);
        hgi_free(&mem, c->word);
        hgi_free(&mem, c->slot);
        hgi_free(&mem, c->name);
    }
    hgi_free(&mem, s->column);
    for (int64_t i = 0; i < s->left_count; i++) hgi_free(&mem, s->left[i]);
    hgi_free(&mem, s->left);
    hgi_free(&mem, s->renamed);
    hgi_free(&mem, s);
    *schema = NULL;
}

hg_status hgi_schema_set_name(hg_ctx *ctx, hg_schema *s, int64_t column, const char *name,
                              size_t n)
{
    char *copy = hgi_strndup(&s->mem, name, n);
    if (copy == NULL) return hgi_fail_mem(ctx, n, "a column's name");
    hgi_free(&s->mem, s->column[column].name);
    s->column[column].name = copy;
    return HG_OK;
}

/* Full at every power of two: it doubles. */
hg_status hgi_schema_add_left(hg_ctx *ctx, hg_schema *s, const char *name)
{
    int64_t n = s->left_count;
    if ((n & (n - 1)) == 0) {
        size_t bytes = (size_t)hgi_max(2 * n, 1) * sizeof *s->left;
        char **grown = hgi_realloc(&s->mem, s->left, bytes);
        if (grown == NULL) return hgi_fail_mem(ctx, bytes, "names of columns");
        s->left = grown;
    }
    s->left[n] = hgi_strdup(&s->mem, name);
    if (s->left[n] == NULL) return hgi_fail_mem(ctx, strlen(name), "a column's name");
    s->left_count++;
    return HG_OK;
}

hg_status hgi_schema_make_words(hg_ctx *ctx, hgi_schema_column *c, int64_t words)
{
    c->word = hgi_calloc(&ctx->mem, (size_t)hgi_max(words, 1), sizeof *c->word);
    if (c->word == NULL)
        return hgi_fail_mem(ctx, (size_t)words * sizeof *c->word, "words");
    c->words = words;
    return HG_OK;
}

static int64_t features_of(const hgi_schema_column *c)
{
    switch (c->kind) {
    case HGI_CATEGORY: return c->words + 1;
    case HGI_DATE: {
        int64_t n = c->cycles & (1U << HGI_CYCLE_DATE);
        for (int i = HGI_CYCLE_WEEK; i < HGI_CYCLES; i++) n += 2 * (c->cycles >> i & 1U);
        return n > 0 ? n : 1;
    }
    case HGI_NUMERIC:
    case HGI_BOOLEAN: break;
    }
    return 1;
}

hg_status hgi_schema_settle(hg_ctx *ctx, hg_schema *s)
{
    s->features = 0;
    s->numbers = true;
    for (int64_t i = 0; i < s->columns; i++) {
        hgi_schema_column *c = &s->column[i];
        s->numbers = s->numbers && c->kind == HGI_NUMERIC;
        c->first = s->features;
        c->count = features_of(c);
        s->features += c->count;
        if (s->features > FEATURES_MAX)
            return hgi_fail(ctx, HG_ERANGE,
                            "column '%.100s': %lld features so far, expected at most "
                            "%lld; leave columns out or keep fewer categories",
                            c->name, (long long)s->features, (long long)FEATURES_MAX);
        if (c->kind == HGI_CATEGORY || c->kind == HGI_BOOLEAN)
            HGI_TRY(index_words(ctx, c));
    }
    return HG_OK;
}

hg_status hgi_schema_copy_column(hg_ctx *ctx, const hgi_schema_column *from, hg_schema *s,
                                 int64_t i)
{
    hgi_schema_column *c = &s->column[i];
    HGI_TRY(hgi_schema_set_name(ctx, s, i, from->name, strlen(from->name)));
    if (from->words > 0) HGI_TRY(hgi_schema_make_words(ctx, c, from->words));
    for (int64_t k = 0; k < from->words; k++) {
        c->word[k] = hgi_strdup(&ctx->mem, from->word[k]);
        if (c->word[k] == NULL) return hgi_fail_mem(ctx, strlen(from->word[k]), "a word");
    }
    c->kind = from->kind;
    c->folded = from->folded;
    c->rare = from->rare;
    c->form = from->form;
    c->timed = from->timed;
    c->sign = from->sign;
    c->cycles = from->cycles;
    c->origin = from->origin;
    c->missing = from->missing;
    c->last = from->last;
    c->weight = from->weight;
    return HG_OK;
}

hg_status hgi_schema_copy(hg_ctx *ctx, const hg_schema *from, hg_schema **out)
{
    hg_status status = HG_OK;
    hg_schema *s;
    HGI_TRY(hgi_schema_new(ctx, from->columns, &s));
    s->named = from->named;
    s->plain = from->plain;
    for (int64_t i = 0; i < from->columns; i++)
        HGI_GOTO(hgi_schema_copy_column(ctx, &from->column[i], s, i));
    for (int64_t i = 0; i < from->left_count; i++)
        HGI_GOTO(hgi_schema_add_left(ctx, s, from->left[i]));
    HGI_GOTO(hgi_schema_read_as(ctx, s, from->decimal, from->renamed));
    HGI_GOTO(hgi_schema_settle(ctx, s));
done:
    if (status != HG_OK) hgi_schema_free(&s);
    *out = s;
    return status;
}

hg_status hgi_schema_read_as(hg_ctx *ctx, hg_schema *s, char decimal, const char *renamed)
{
    s->decimal = decimal;
    hgi_free(&ctx->mem, s->renamed);
    s->renamed = renamed != NULL ? hgi_strdup(&ctx->mem, renamed) : NULL;
    if (renamed == NULL || s->renamed != NULL) return HG_OK;
    return hgi_fail_mem(ctx, strlen(renamed), "names of columns");
}

/* ---- comparing ----------------------------------------------------------------------- */

static bool column_equal(const hgi_schema_column *a, const hgi_schema_column *b)
{
    bool same_origin = !(a->origin < b->origin || a->origin > b->origin);
    if (strcmp(a->name, b->name) != 0 || a->kind != b->kind || a->words != b->words ||
        a->timed != b->timed || !same_origin)
        return false;
    for (int64_t i = 0; i < a->words; i++)
        if (strcmp(a->word[i], b->word[i]) != 0) return false;
    return true;
}

bool hgi_schema_equal(const hg_schema *a, const hg_schema *b, int64_t *column)
{
    *column = -1;
    if (a == b) return true;
    if (a->columns != b->columns) return false;
    for (int64_t i = 0; i < a->columns; i++) {
        if (column_equal(&a->column[i], &b->column[i])) continue;
        *column = i;
        return false;
    }
    return true;
}
