// SPDX-License-Identifier: MIT
/* The kinds of a table's columns, once all rows are there.
 *
 *     numbers alone                    numeric
 *     words alone                      boolean if they are yes and no, else a category
 *     both, the numbers whole and few  a category: sizes S, M, 38, 40
 *     both otherwise                   numeric, words are gaps: what a sensor says when it
 *                                      is off
 *     nothing                          left out
 *     a word of its own in most rows   left out: an identifier says nothing about others
 * What was decided for the user and could be a surprise is a warning.                  */
#include "data/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CATEGORIES = 256,     /* words of a column unless the user says */
    NUMBERS_MOST = 64,    /* different whole numbers among words */
    IDENTIFIER_ROWS = 16, /* below that words may differ by chance */
    SINGLES_ROWS = 50,    /* ... and most of them */
    NAMES = 240
};

/* ---- counting ------------------------------------------------------------------------ */

/* Numbers are kept as texts, as long as they could be words. */
static hg_status count_number(hg_ctx *ctx, hgi_csv_column *c, float v)
{
    hgi_csv_survey *s = &c->survey;
    char text[HGI_NUMBER_MAX];
    int64_t number;
    s->numbers++;
    if (c->words.count == 0 || c->kind != HGI_NUMERIC || s->fractions) return HG_OK;
    s->fractions = v != floorf(v) || s->values.count > NUMBERS_MOST;
    if (s->fractions) return HG_OK;
    size_t n = (size_t)hgi_format_float(text, v);
    HGI_TRY(hgi_csv_word(ctx, &s->values, text, n, &number));
    s->values.uses[number]++;
    return HG_OK;
}

hg_status hgi_csv_survey_rows(hgi_csv_rows *r, const float *rows, int64_t n)
{
    hg_ctx *ctx = r->c.ctx;
    int64_t word;
    for (int64_t i = 0; i < n; i++, rows += r->width)
        for (int64_t k = 0; k < r->t.count; k++) {
            hgi_csv_column *c = &r->t.column[k];
            if (c->dest < 0) continue;
            float v = rows[c->dest];
            if (!isnan(v)) {
                HGI_TRY(count_number(ctx, c, v));
            } else if (hgi_csv_is_word(v, &word)) {
                c->survey.words++;
                if (word < c->words.count) c->words.uses[word]++;
            } else {
                c->survey.gaps++;
            }
        }
    return HG_OK;
}

/* ---- deciding ------------------------------------------------------------------------ */

typedef enum fate { KEEP, EMPTY, IDENTIFIER, WORDS_DROPPED } column_fate;

static bool all_boolean(const hgi_csv_words *w)
{
    for (int64_t i = 0; i < w->count; i++)
        if (hgi_boolean_word(w->text[i], strlen(w->text[i])) < 0) return false;
    return w->count == 1 || w->count == 2;
}

/* Both words of a boolean, so that "y" and "yes" are not its false and true. */
static bool is_pair(const hgi_csv_words *w)
{
    return w->count < 2 || hgi_boolean_word(w->text[0], strlen(w->text[0])) !=
                               hgi_boolean_word(w->text[1], strlen(w->text[1]));
}

static column_fate decide(hgi_csv_column *c, bool drop_text)
{
    const hgi_csv_survey *s = &c->survey;
    if (s->numbers + s->words == 0) return EMPTY;
    if (c->fixed || c->kind != HGI_NUMERIC || s->words == 0) return KEEP;
    if (drop_text) return WORDS_DROPPED;
    /* Of a column with more words than are kept, those that are tell. */
    int64_t uses = c->words.full ? 0 : s->words;
    for (int64_t i = 0; c->words.full && i < c->words.count; i++)
        uses += c->words.uses[i];
    int64_t single = 0;
    for (int64_t i = 0; i < c->words.count; i++) single += c->words.uses[i] == 1;
    bool many = s->words >= IDENTIFIER_ROWS && c->words.count + s->values.count >= uses;
    /* One row that came twice makes no category of an identifier. */
    many = many || (s->words >= SINGLES_ROWS && 2 * single > uses);
    if (s->numbers == 0 && many) return IDENTIFIER;
    if (s->numbers > 0 && (s->fractions || s->values.count > NUMBERS_MOST)) return KEEP;
    bool boolean = s->numbers == 0 && all_boolean(&c->words) && is_pair(&c->words);
    c->kind = boolean ? HGI_BOOLEAN : HGI_CATEGORY;
    return KEEP;
}

/* A word of a column: its own, or a number that is one. */
typedef struct ranked {
    const char *text;
    int64_t uses, order;
    float *value;
} ranked_word;

static int by_uses(const void *a, const void *b)
{
    const ranked_word *x = a, *y = b;
    if (x->uses != y->uses) return x->uses > y->uses ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

static hg_status make_values(hg_ctx *ctx, hgi_csv_survey *s, const hgi_csv_words *w)
{
    size_t n = (size_t)(w->count + 1), m = (size_t)(s->values.count + 1);
    s->of_word = hgi_calloc(&ctx->mem, n + m, sizeof *s->of_word);
    if (s->of_word == NULL) return hgi_fail_mem(ctx, (n + m) * sizeof(float), "words");
    s->of_value = s->of_word + n;
    return HG_OK;
}

/* Words that share the place of another are no longer told apart. */
static void say_lumped(const hgi_csv_table *t, const hgi_csv_column *c, int64_t kept,
                       int64_t folded, int64_t lumped_uses)
{
    char name[40];
    const hgi_csv_survey *s = &c->survey;
    int64_t all = c->words.count + s->values.count, cells = s->words + s->numbers;
    if (folded == 0 || cells == 0) return;
    snprintf(name, sizeof name, "%lld", (long long)(c - t->column) + 1);
    if (c->name != NULL && *c->name != '\0')
        hgi_shown(c->name, strlen(c->name), name, sizeof name);
    hgi_log(
        t->c->ctx, HG_LOG_WARNING,
        "%s: column '%s': %lld of %s%lld words are told apart, the others, %.1f %% of "
        "the cells, count as one; categories keeps more, drop leaves the column out",
        t->c->path, name, (long long)kept, c->words.full ? "over " : "", (long long)all,
        100 * (double)lumped_uses / (double)cells);
}

/* The most frequent words get numbers, by their frequency; the rest share one. */
static hg_status rank_words(hg_ctx *ctx, const hgi_csv_table *t, hgi_csv_column *c,
                            hgi_schema_column *out)
{
    hg_status status = HG_OK;
    hgi_csv_survey *s = &c->survey;
    int64_t all = c->words.count + s->values.count;
    ranked_word *list = hgi_alloc(&ctx->mem, (size_t)hgi_max(all, 1) * sizeof *list);
    if (list == NULL) return hgi_fail_mem(ctx, (size_t)all * sizeof *list, "words");
    for (int64_t i = 0; i < all; i++) {
        bool word = i < c->words.count;
        const hgi_csv_words *from = word ? &c->words : &s->values;
        int64_t k = word ? i : i - c->words.count;
        list[i] = (ranked_word){from->text[k], from->uses[k], i,
                                word ? &s->of_word[k] : &s->of_value[k]};
    }
    qsort(list, (size_t)all, sizeof *list, by_uses);
    /* Words that no kept row has are not the rows'. */
    int64_t kept = hgi_min(all, t->categories);
    while (kept > 0 && list[kept - 1].uses == 0) kept--;
    HGI_GOTO(hgi_schema_make_words(ctx, out, kept));
    for (int64_t i = 0; i < all; i++) {
        *list[i].value = (float)hgi_min(i, kept);
        if (i >= kept) continue;
        out->word[i] = hgi_strdup(&ctx->mem, list[i].text);
        if (out->word[i] == NULL) HGI_GOTO(hgi_fail_mem(ctx, 16, "a word"));
    }
    s->of_word[c->words.count] = (float)kept;
    int64_t told = 0, folded = 0;
    for (int64_t i = 0; i < kept; i++) told += list[i].uses;
    for (int64_t i = kept; i < all; i++) folded += list[i].uses > 0;
    told = s->words + s->numbers - told;
    out->folded = folded;
    out->rare = (double)told / (double)hgi_max(1, s->words + s->numbers);
    say_lumped(t, c, kept, folded, told);
done:
    hgi_free(&ctx->mem, list);
    return status;
}

static hg_status boolean_words(hg_ctx *ctx, hgi_csv_column *c, hgi_schema_column *out)
{
    static const char *const pairs[] = {"false", "true", "no", "yes", "n",
                                        "y",     "f",    "t",  "off", "on"};
    const hgi_csv_words *w = &c->words;
    const char *text[2] = {"no", "yes"};
    for (int64_t i = 0; i < w->count; i++) {
        size_t n = strlen(w->text[i]);
        for (int k = 0; k < HGI_COUNT(pairs) && w->count == 1; k++)
            if (hgi_fold_equal(w->text[i], n, pairs[k], strlen(pairs[k])))
                text[!(k & 1)] = pairs[k ^ 1];
        int truth = hgi_boolean_word(w->text[i], n);
        text[truth] = w->text[i];
        c->survey.of_word[i] = (float)truth;
    }
    HGI_TRY(hgi_schema_make_words(ctx, out, 2));
    for (int k = 0; k < 2; k++) {
        out->word[k] = hgi_strdup(&ctx->mem, text[k]);
        if (out->word[k] == NULL) return hgi_fail_mem(ctx, 16, "a word");
    }
    return HG_OK;
}

static hg_status describe_column(hg_ctx *ctx, const hgi_csv_table *t, hgi_csv_column *c,
                                 hg_schema *s)
{
    hgi_schema_column *out = &s->column[c->dest];
    if (c->name != NULL)
        HGI_TRY(hgi_schema_set_name(ctx, s, c->dest, c->name, strlen(c->name)));
    out->kind = c->kind;
    out->form = c->form;
    out->timed = c->timed;
    out->sign = c->sign;
    out->origin = c->origin;
    HGI_TRY(make_values(ctx, &c->survey, &c->words));
    if (c->kind == HGI_CATEGORY) return rank_words(ctx, t, c, out);
    if (c->kind == HGI_BOOLEAN) return boolean_words(ctx, c, out);
    for (int64_t i = 0; i <= c->words.count; i++) c->survey.of_word[i] = (float)NAN;
    return HG_OK;
}

/* ---- what to say of it --------------------------------------------------------------- */

/* "'a', 'b', ..." of the columns that `which` is true of; how many. */
static int64_t list_columns(const hgi_csv_table *t, const unsigned char *fate,
                            column_fate which, char out[NAMES])
{
    int64_t count = 0;
    size_t len = 0;
    *out = '\0';
    for (int64_t i = 0; i < t->count; i++) {
        char name[40];
        if (t->column[i].dest < 0 || fate[i] != which || ++count > 5) continue;
        snprintf(name, sizeof name, "%lld", (long long)i + 1);
        if (t->column[i].name != NULL && *t->column[i].name != '\0')
            hgi_shown(t->column[i].name, strlen(t->column[i].name), name, sizeof name);
        len += (size_t)snprintf(out + len, NAMES - len, "%s'%s'", count > 1 ? ", " : "",
                                name);
    }
    if (count > 5) snprintf(out + len, NAMES - len, ", ...");
    return count;
}

static void say(const hgi_csv_table *t, const unsigned char *fate)
{
    char names[NAMES];
    hg_ctx *ctx = t->c->ctx;
    const char *path = t->c->path;
    if (list_columns(t, fate, EMPTY, names) > 0)
        hgi_log(ctx, HG_LOG_WARNING, "%s: left out, no row has a value: %s", path, names);
    if (list_columns(t, fate, IDENTIFIER, names) > 0)
        hgi_log(ctx, HG_LOG_WARNING,
                "%s: left out, each row has another word, or most have, which says "
                "nothing about other rows: %s; categorical keeps such a column",
                path, names);
    for (int64_t i = 0; i < t->count; i++) {
        const hgi_csv_column *c = &t->column[i];
        char name[40], word[40];
        const bool dates = c->kind == HGI_DATE;
        if (c->dest < 0 || fate[i] != KEEP || (c->kind != HGI_NUMERIC && !dates) ||
            c->survey.words == 0)
            continue;
        snprintf(name, sizeof name, "%lld", (long long)i + 1);
        if (c->name != NULL) hgi_shown(c->name, strlen(c->name), name, sizeof name);
        hgi_shown(c->words.text[0], strlen(c->words.text[0]), word, sizeof word);
        hgi_log(
            ctx, HG_LOG_WARNING,
            "%s: column '%s': %lld of %lld cells are %s, the first '%s'; they count as "
            "missing; categorical reads all as words",
            path, name, (long long)c->survey.words,
            (long long)(c->survey.words + c->survey.numbers + c->survey.gaps),
            dates ? "no dates" : "words", word);
    }
}

/* Words most of which are numbers with the other decimal sign: a mistake.  One that is
 * written 1.234.567, or "none", makes no words of the others.                          */
static hg_status check_foreign(const hgi_csv_table *t)
{
    const hgi_csv_problem *p = &t->foreign;
    for (int64_t i = 0; i < t->count; i++) {
        const hgi_csv_column *c = &t->column[i];
        if (c->dest < 0 || c->kind != HGI_NUMERIC || 2 * c->foreign <= c->texts) continue;
        if (p->column != i) return hgi_csv_verdict(t);
        hgi_csv_field f = {p->shown, p->shown + strlen(p->shown), false};
        return hgi_csv_bad_sign(t, p->line, i, &f);
    }
    return HG_OK;
}

/* Dates most of which are none: the first rows, or an option, said otherwise. */
static hg_status check_dates(const hgi_csv_table *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        const hgi_csv_column *c = &t->column[i];
        const hgi_csv_survey *s = &c->survey;
        char name[40], word[40];
        if (c->dest < 0 || c->kind != HGI_DATE || s->words <= s->numbers) continue;
        hgi_csv_show_column(t, i, name, sizeof name);
        hgi_shown(c->words.text[0], strlen(c->words.text[0]), word, sizeof word);
        return hgi_fail(
            t->c->ctx, HG_EFORMAT,
            "%s: column '%s': %lld of %lld cells are no dates, the first '%s'; "
            "to take the column for words, set categorical to %s",
            t->c->path, name, (long long)s->words, (long long)(s->words + s->numbers),
            word, name);
    }
    return HG_OK;
}

/* ---- the whole ----------------------------------------------------------------------- */

/* A table of complete numbers is no table: nothing needs to be known of it, unless it be
 * the names of columns that were left out and may come again.                          */
static bool plain_numbers(const hgi_csv_table *t, const unsigned char *fate)
{
    for (int64_t i = 0; i < t->count; i++) {
        const hgi_csv_column *c = &t->column[i];
        bool left = fate[i] == EMPTY || fate[i] == IDENTIFIER;
        if (c->dest >= 0 && left && t->names != NULL) return false;
        if (c->dest >= 0 && fate[i] == KEEP &&
            (c->kind != HGI_NUMERIC || c->survey.words + c->survey.gaps > 0))
            return false;
    }
    return true;
}

/* New places, close together, in the order of the old. */
static hg_status close_columns(hgi_csv_rows *r, const unsigned char *fate, bool drop_text,
                               int64_t *place)
{
    hgi_csv_table *t = &r->t;
    int64_t kept = 0;
    for (int64_t i = 0; i < t->count; i++)
        if (t->column[i].dest >= 0) place[t->column[i].dest] = fate[i] == KEEP ? 0 : -1;
    for (int64_t k = 0; k < r->width; k++)
        if (place[k] == 0) place[k] = kept++;
    t->kept = kept;
    if (kept > 0 || drop_text) return HG_OK; /* that has a message of its own */
    return hgi_fail(t->c->ctx, HG_ESHAPE, "%s: no column is left that a model could use",
                    t->c->path);
}

/* Names of columns that may come again and are not missed. */
static hg_status note_left(hg_ctx *ctx, const hgi_csv_table *t, hg_schema *s)
{
    for (int64_t i = 0; i < t->count; i++)
        if (t->column[i].dest < 0 && t->column[i].name != NULL)
            HGI_TRY(hgi_schema_add_left(ctx, s, t->column[i].name));
    return HG_OK;
}

static hg_status make_schema(hgi_csv_rows *r, hg_schema **out)
{
    hg_status status = HG_OK;
    hg_ctx *ctx = r->c.ctx;
    hgi_csv_table *t = &r->t;
    HGI_TRY(hgi_schema_new(ctx, t->kept, out));
    (*out)->named = t->names != NULL;
    for (int64_t i = 0; i < t->count; i++)
        if (t->column[i].dest >= 0)
            HGI_GOTO(describe_column(ctx, t, &t->column[i], *out));
    HGI_GOTO(note_left(ctx, t, *out));
    HGI_GOTO(hgi_schema_settle(ctx, *out));
done:
    if (status != HG_OK) hgi_schema_free(out);
    return status;
}

hg_status hgi_csv_decide(hgi_csv_rows *r, bool drop_text, int64_t *place, hg_schema **out)
{
    hg_status status = HG_OK;
    hgi_csv_table *t = &r->t;
    hg_ctx *ctx = t->c->ctx;
    unsigned char *fate = hgi_calloc(&ctx->mem, (size_t)t->count, 1);
    *out = NULL;
    if (fate == NULL) return hgi_fail_mem(ctx, (size_t)t->count, "columns");
    if (!drop_text) HGI_GOTO(check_foreign(t));
    HGI_GOTO(check_dates(t));
    for (int64_t i = 0; i < t->count; i++)
        if (t->column[i].dest >= 0)
            fate[i] = (unsigned char)decide(&t->column[i], drop_text);
    HGI_GOTO(close_columns(r, fate, drop_text, place));
    say(t, fate);
    bool plain = !t->forced && plain_numbers(t, fate);
    for (int64_t i = 0; i < t->count; i++) {
        hgi_csv_column *c = &t->column[i];
        if (c->dest >= 0) c->dest = place[c->dest];
    }
    if (t->categories == 0) t->categories = CATEGORIES;
    if (!plain) HGI_GOTO(make_schema(r, out));
done:
    hgi_free(&ctx->mem, fate);
    return status;
}

float hgi_csv_fix(const hgi_csv_table *t, int64_t column, float v)
{
    const hgi_csv_column *c = &t->column[column];
    const hgi_csv_survey *s = &c->survey;
    int64_t word;
    if (hgi_csv_is_word(v, &word)) return s->of_word[hgi_min(word, c->words.count)];
    if (c->kind != HGI_CATEGORY || isnan(v) || s->values.count == 0) return v;
    char text[HGI_NUMBER_MAX];
    word = hgi_csv_word_find(&s->values, text, (size_t)hgi_format_float(text, v));
    return word >= 0 ? s->of_value[word] : (float)NAN;
}

void hgi_csv_table_free(hgi_csv_table *t)
{
    const hgi_mem *mem = &t->c->ctx->mem;
    for (int64_t i = 0; t->column != NULL && i < t->count; i++) {
        hgi_csv_words_free(mem, &t->column[i].words);
        hgi_csv_words_free(mem, &t->column[i].survey.values);
        hgi_free(mem, t->column[i].survey.of_word);
    }
    hgi_free(mem, t->renamed);
    hgi_free(mem, t->by_place);
    hgi_free(mem, t->absent);
}
