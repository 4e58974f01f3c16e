// SPDX-License-Identifier: MIT
/* Lines of the model language: "dense 32 relu", "step every=10 factor=0.5".
 *
 * A line is cut at blanks.  The first word is the kind; each other word finds its option
 * in the kind's table, in this order: key=value; the bare name of a flag; a word of a
 * positional WORD option, wherever it stands; else the next positional number that has no
 * value yet.  So "dense relu 32" and "dense 32 relu" are the same line, and
 * hgi_line_print() gives both the same canonical text.                                 */
#include "model/line.h"

#include <math.h>
#include <string.h>

#define UNITS_MAX 2147483647.0

typedef struct span {
    const char *s;
    size_t n;
} span;

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/* The next word at *p, and *p behind it; an empty span at the end. */
static span next_word(const char **p)
{
    while (is_blank(**p)) ++*p;
    span w = {*p, 0};
    while (**p != '\0' && !is_blank(**p)) ++*p;
    w.n = (size_t)(*p - w.s);
    return w;
}

static bool span_is(span w, const char *name)
{
    return strlen(name) == w.n && memcmp(name, w.s, w.n) == 0;
}

/* Keys are matched with '-' and '_' alike, as option names are everywhere. */
static bool span_is_key(span w, const char *name)
{
    if (strlen(name) != w.n) return false;
    for (size_t i = 0; i < w.n; i++) {
        char a = w.s[i] == '_' ? '-' : w.s[i];
        char b = name[i] == '_' ? '-' : name[i];
        if (a != b) return false;
    }
    return true;
}

const char *hgi_quote(char out[HGI_QUOTE_MAX], const char *s, size_t n)
{
    size_t shown = n > 40 ? 37 : n;
    for (size_t i = 0; i < shown; i++) {
        unsigned char c = (unsigned char)s[i];
        out[i] = (char)(c < 32 || c == 127 ? '?' : c);
    }
    memcpy(out + shown, n > 40 ? "..." : "", n > 40 ? 4 : 1);
    return out;
}

void hgi_line_kind(const char *text, char kind[32])
{
    span w = next_word(&text);
    /* A longer word is in no table; 31 bytes of it are enough to say so. */
    size_t n = w.n < 31 ? w.n : 31;
    memcpy(kind, w.s, n);
    kind[n] = '\0';
}

hg_status hgi_unknown(hg_ctx *ctx, const char *what, const char *word, const char *where,
                      const char *const *names, int64_t n)
{
    char quoted[HGI_QUOTE_MAX];
    hgi_quote(quoted, word, strlen(word));
    const char *at = where != NULL && where[0] != '\0' ? " at " : "";
    if (at[0] == '\0') where = "";
    const char *near = hgi_nearest(word, names, n);
    if (near != NULL)
        return hgi_fail(ctx, HG_EUNKNOWN, "unknown %s '%s'%s%s; did you mean '%s'?", what,
                        quoted, at, where, near);
    /* Nothing is near: a short table is shown whole. */
    char list[400] = "";
    size_t len = 0;
    for (int64_t i = 0; i < n; i++) {
        size_t more = strlen(names[i]) + 2;
        if (len + more >= sizeof(list)) {
            len = 0;
            break;
        }
        len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", i > 0 ? ", " : "",
                                names[i]);
    }
    return hgi_fail(ctx, HG_EUNKNOWN, "unknown %s '%s'%s%s%s%s", what, quoted, at, where,
                    len > 0 ? "; known: " : "", len > 0 ? list : "");
}

/* ---- values --------------------------------------------------------------- */

/* What a message needs to say where it is. */
typedef struct place {
    hg_ctx *ctx;
    const char *where;
    const hgi_line *line;
} place;

static hg_status out_of_range(const place *at, const hgi_opt_decl *d, span w)
{
    char quoted[HGI_QUOTE_MAX], lo[HGI_NUMBER_MAX], hi[HGI_NUMBER_MAX];
    hgi_quote(quoted, w.s, w.n);
    double top = d->type == HGI_OPT_UNITS ? UNITS_MAX : d->hi;
    hgi_format_double(lo, d->type == HGI_OPT_UNITS ? 1.0 : d->lo);
    hgi_format_double(hi, top);
    if (isinf(top))
        return hgi_fail(at->ctx, HG_ERANGE, "%s: %s: %s is %s, expected at least %s",
                        at->where, at->line->kind, d->name, quoted, lo);
    return hgi_fail(at->ctx, HG_ERANGE, "%s: %s: %s is %s, expected %s to %s", at->where,
                    at->line->kind, d->name, quoted, lo, hi);
}

static hg_status parse_number(const place *at, const hgi_opt_decl *d, span w, double *out)
{
    char quoted[HGI_QUOTE_MAX];
    hgi_quote(quoted, w.s, w.n);
    if (d->type == HGI_OPT_REAL) {
        if (!hgi_parse_double(w.s, w.n, '.', out))
            return hgi_fail(at->ctx, HG_EINVAL, "%s: %s: %s is '%s', expected a number",
                            at->where, at->line->kind, d->name, quoted);
        if (!isfinite(*out) || *out < d->lo || *out > d->hi)
            return out_of_range(at, d, w);
        return HG_OK;
    }
    int64_t whole;
    if (!hgi_parse_int(w.s, w.n, &whole))
        return hgi_fail(at->ctx, HG_EINVAL,
                        "%s: %s: %s is '%s', expected a whole number%s", at->where,
                        at->line->kind, d->name, quoted,
                        d->type == HGI_OPT_UNITS ? " or the word input or match" : "");
    *out = (double)whole;
    double lo = d->type == HGI_OPT_UNITS ? 1.0 : d->lo;
    double hi = d->type == HGI_OPT_UNITS ? UNITS_MAX : d->hi;
    return *out < lo || *out > hi ? out_of_range(at, d, w) : HG_OK;
}

/* Index of the word in words[], or -1. */
static int find_word(const char *const *words, span w)
{
    for (int i = 0; words[i] != NULL; i++)
        if (span_is(w, words[i])) return i;
    return -1;
}

static hg_status parse_word(const place *at, const hgi_opt_decl *d, span w, double *out)
{
    int found = find_word(d->words, w);
    *out = found;
    if (found >= 0) return HG_OK;
    char word[HGI_QUOTE_MAX], where[160];
    hgi_quote(word, w.s, w.n);
    snprintf(where, sizeof(where), "%s (%s, %s)", at->where, at->line->kind, d->name);
    int64_t n = 0;
    while (d->words[n] != NULL) n++;
    return hgi_unknown(at->ctx, "word", word, where, d->words, n);
}

/* A word's value is below every number's, so that both fit into one.                   */
static hg_status parse_choice(const place *at, const hgi_opt_decl *d, span w, double *out)
{
    int64_t whole;
    if (hgi_parse_int(w.s, w.n, &whole)) return parse_number(at, d, w, out);
    HGI_TRY(parse_word(at, d, w, out));
    *out = -1 - *out;
    return HG_OK;
}

static hg_status parse_flag(const place *at, const hgi_opt_decl *d, span w, double *out)
{
    *out = span_is(w, "true") ? 1.0 : 0.0;
    if (*out > 0 || span_is(w, "false")) return HG_OK;
    char quoted[HGI_QUOTE_MAX];
    return hgi_fail(at->ctx, HG_EINVAL, "%s: %s: %s is '%s', expected true or false",
                    at->where, at->line->kind, d->name, hgi_quote(quoted, w.s, w.n));
}

/* "3x3": whole numbers with an x between. */
static hg_status parse_size(const place *at, const hgi_opt_decl *d, span w,
                            int64_t size[3], double *out)
{
    char quoted[HGI_QUOTE_MAX];
    int n = 0;
    for (const char *s = w.s, *end = w.s + w.n; s <= end; n++) {
        const char *x = memchr(s, 'x', (size_t)(end - s));
        if (x == NULL) x = end;
        span part = {s, (size_t)(x - s)};
        if (n == 3 || !hgi_parse_int(part.s, part.n, &size[n]))
            return hgi_fail(at->ctx, HG_EINVAL,
                            "%s: %s: %s is '%s', expected sizes as 3 or 3x3", at->where,
                            at->line->kind, d->name, hgi_quote(quoted, w.s, w.n));
        if ((double)size[n] < d->lo || (double)size[n] > d->hi)
            return out_of_range(at, d, part);
        s = x + 1;
    }
    *out = n;
    return HG_OK;
}

static hg_status set_value(const place *at, hgi_line *l, int i, span w)
{
    const hgi_opt_decl *d = &l->decl[i];
    if (l->given[i])
        return hgi_fail(at->ctx, HG_EINVAL, "%s: %s: %s is given twice", at->where,
                        l->kind, d->name);
    l->given[i] = true;
    if (d->type == HGI_OPT_WORD) return parse_word(at, d, w, &l->value[i]);
    if (d->type == HGI_OPT_CHOICE) return parse_choice(at, d, w, &l->value[i]);
    if (d->type == HGI_OPT_FLAG) return parse_flag(at, d, w, &l->value[i]);
    int word = d->words != NULL ? find_word(d->words, w) : -1;
    if (word >= 0) {
        l->value[i] = -1 - word;
        return HG_OK;
    }
    if (d->type == HGI_OPT_SIZE) return parse_size(at, d, w, l->size[i], &l->value[i]);
    return parse_number(at, d, w, &l->value[i]);
}

/* ---- words ----------------------------------------------------------------- */

#define NEAR_WORDS 96

/* An unknown word can be meant as a flag, as an option's name or as a word of one of its
 * WORD options: the nearest of all of them is suggested.                               */
static hg_status unknown_word(const place *at, const hgi_line *l, span w, bool keys_only)
{
    const char *names[NEAR_WORDS];
    int64_t n = 0;
    for (int i = 0; l->decl[i].name != NULL; i++) {
        const hgi_opt_decl *d = &l->decl[i];
        if (n < NEAR_WORDS) names[n++] = d->name;
        if (keys_only || d->type != HGI_OPT_WORD) continue;
        for (int j = 0; d->words[j] != NULL && n < NEAR_WORDS; j++)
            names[n++] = d->words[j];
    }
    char word[HGI_QUOTE_MAX], where[160];
    hgi_quote(word, w.s, w.n);
    snprintf(where, sizeof(where), "%s (%s)", at->where, l->kind);
    return hgi_unknown(at->ctx, keys_only ? "option" : "word", word, where, names, n);
}

static hg_status take_pair(const place *at, hgi_line *l, span key, span value)
{
    for (int i = 0; l->decl[i].name != NULL; i++)
        if (span_is_key(key, l->decl[i].name)) return set_value(at, l, i, value);
    return unknown_word(at, l, key, true);
}

static bool is_number_type(hgi_opt_type t)
{
    return t == HGI_OPT_INT || t == HGI_OPT_REAL || t == HGI_OPT_UNITS ||
           t == HGI_OPT_SIZE;
}

static hg_status take_bare(const place *at, hgi_line *l, span w)
{
    const hgi_opt_decl *d = l->decl;
    const span yes = {"true", 4};
    for (int i = 0; d[i].name != NULL; i++)
        if (d[i].type == HGI_OPT_FLAG && span_is_key(w, d[i].name))
            return set_value(at, l, i, yes);
    int taken = -1;
    for (int i = 0; d[i].name != NULL; i++) {
        if (d[i].type != HGI_OPT_WORD || !d[i].positional) continue;
        if (find_word(d[i].words, w) < 0) continue;
        if (!l->given[i]) return set_value(at, l, i, w);
        taken = i;
    }
    if (taken >= 0) return set_value(at, l, taken, w);

    double number;
    bool numeric = hgi_parse_double(w.s, w.n, '.', &number);
    bool starts_as_number = strchr("+-.0123456789", w.s[0]) != NULL;
    char quoted[HGI_QUOTE_MAX];
    hgi_quote(quoted, w.s, w.n);
    for (int i = 0; d[i].name != NULL; i++) {
        if (!d[i].positional || l->given[i] || !is_number_type(d[i].type)) continue;
        bool word = d[i].words != NULL && find_word(d[i].words, w) >= 0;
        if (numeric || starts_as_number || word) return set_value(at, l, i, w);
        break;
    }
    if (numeric || starts_as_number)
        return hgi_fail(at->ctx, HG_EINVAL, "%s: %s: '%s' is one number too many",
                        at->where, l->kind, quoted);
    for (int i = 0; d[i].name != NULL; i++)
        if (span_is_key(w, d[i].name))
            return hgi_fail(at->ctx, HG_EINVAL,
                            "%s: %s: %s has no value, expected %s=...", at->where,
                            l->kind, d[i].name, d[i].name);
    return unknown_word(at, l, w, false);
}

hg_status hgi_line_parse(hg_ctx *ctx, const char *where, const char *text,
                         const hgi_opt_decl *decl, hgi_line *out)
{
    memset(out, 0, sizeof(*out));
    hgi_line_kind(text, out->kind);
    out->decl = decl;
    const place at = {ctx, where, out};
    for (int i = 0; decl[i].name != NULL; i++) {
        assert(i < HGI_LINE_OPTIONS);
        out->value[i] = decl[i].initial;
        if (decl[i].type != HGI_OPT_SIZE || decl[i].initial == 0) continue;
        out->size[i][0] = (int64_t)decl[i].initial;
        out->value[i] = 1;
    }
    if (out->kind[0] == '\0')
        return hgi_fail(ctx, HG_EINVAL, "%s: empty, expected a word", where);
    next_word(&text);
    for (span w = next_word(&text); w.n > 0; w = next_word(&text)) {
        const char *equals = memchr(w.s, '=', w.n);
        if (equals == NULL) {
            HGI_TRY(take_bare(&at, out, w));
            continue;
        }
        span key = {w.s, (size_t)(equals - w.s)};
        span value = {equals + 1, w.n - key.n - 1};
        HGI_TRY(take_pair(&at, out, key, value));
    }
    for (int i = 0; decl[i].name != NULL; i++)
        if (decl[i].required && !out->given[i])
            return hgi_fail(ctx, HG_EINVAL, "%s: %s: %s is missing", where, out->kind,
                            decl[i].name);
    return HG_OK;
}

/* ---- reading and printing --------------------------------------------------- */

static int find_option(const hgi_line *l, const char *name)
{
    for (int i = 0; l->decl[i].name != NULL; i++)
        if (strcmp(l->decl[i].name, name) == 0) return i;
    assert(false && "an option of the table");
    return 0;
}

double hgi_line_get(const hgi_line *l, const char *name)
{
    return l->value[find_option(l, name)];
}

bool hgi_line_given(const hgi_line *l, const char *name)
{
    return l->given[find_option(l, name)];
}

static void value_text(const hgi_line *l, int i, int64_t inputs, char out[HGI_NUMBER_MAX])
{
    const hgi_opt_type type = l->decl[i].type;
    const double value = l->value[i];
    if (type == HGI_OPT_UNITS && value < 0 && value > HGI_LINE_MATCH && inputs > 0) {
        snprintf(out, HGI_NUMBER_MAX, "%lld", (long long)inputs);
    } else if ((type == HGI_OPT_UNITS || type == HGI_OPT_SIZE) && value < 0) {
        snprintf(out, HGI_NUMBER_MAX, "%s", l->decl[i].words[-1 - (int)value]);
    } else if (l->decl[i].type == HGI_OPT_SIZE) {
        const int64_t *size = l->size[i];
        int at = 0;
        for (int k = 0; k < (int)l->value[i] && at < HGI_NUMBER_MAX; k++)
            at += snprintf(out + at, (size_t)(HGI_NUMBER_MAX - at),
                           k > 0 ? "x%lld" : "%lld", (long long)size[k]);
    } else if (l->decl[i].type == HGI_OPT_CHOICE && l->value[i] < 0) {
        snprintf(out, HGI_NUMBER_MAX, "%s", l->decl[i].words[-1 - (int)l->value[i]]);
    } else if (l->decl[i].type == HGI_OPT_REAL) {
        hgi_format_double(out, l->value[i]);
    } else {
        snprintf(out, HGI_NUMBER_MAX, "%lld", (long long)l->value[i]);
    }
}

hg_status hgi_line_print(const hgi_line *l, int64_t inputs, hgi_text *out)
{
    hgi_text_add(out, "%s", l->kind);
    bool bare = true; /* every positional number so far has been written */
    for (int i = 0; l->decl[i].name != NULL; i++) {
        const hgi_opt_decl *d = &l->decl[i];
        if (!l->given[i]) {
            if (d->positional && is_number_type(d->type)) bare = false;
            continue;
        }
        char text[HGI_NUMBER_MAX];
        if (d->type == HGI_OPT_FLAG) {
            if (l->value[i] > 0) hgi_text_add(out, " %s", d->name);
        } else if (d->type == HGI_OPT_WORD) {
            const char *word = d->words[(int)l->value[i]];
            if (d->positional)
                hgi_text_add(out, " %s", word);
            else
                hgi_text_add(out, " %s=%s", d->name, word);
        } else {
            value_text(l, i, inputs, text);
            if (d->positional && bare)
                hgi_text_add(out, " %s", text);
            else
                hgi_text_add(out, " %s=%s", d->name, text);
        }
    }
    return hgi_text_ok(out) ? HG_OK : HG_ENOMEM;
}
