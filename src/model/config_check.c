// SPDX-License-Identifier: MIT
/* Is this text a value of that option?  Each type's rule, and what its refusal says.   */
#include "data/corrupt.h"
#include "model/config.h"
#include "model/line.h"

#include <math.h>
#include <string.h>

/* More than any sane model; bounds what a config file can make us do. */
#define MAX_TEXT 65536
#define MAX_SIZES 64

static hg_status out_of_range(hg_ctx *ctx, const hgi_config_decl *d, const char *text)
{
    char quoted[HGI_QUOTE_MAX], lo[HGI_NUMBER_MAX], hi[HGI_NUMBER_MAX];
    hgi_quote(quoted, text, strlen(text));
    hgi_format_double(lo, d->lo);
    hgi_format_double(hi, d->hi);
    if (isinf(d->hi))
        return hgi_fail(ctx, HG_ERANGE, "%s: %s, expected %s %s %s", d->name, quoted,
                        d->name, d->lo_open ? ">" : ">=", lo);
    return hgi_fail(ctx, HG_ERANGE, "%s: %s, expected %s %s %s %s %s", d->name, quoted,
                    lo, d->lo_open ? "<" : "<=", d->name, d->hi_open ? "<" : "<=", hi);
}

static bool in_range(const hgi_config_decl *d, double x)
{
    bool above = d->lo_open ? x > d->lo : x >= d->lo;
    bool below = d->hi_open ? x < d->hi : x <= d->hi;
    return above && below && isfinite(x);
}

static hg_status check_number(hg_ctx *ctx, const hgi_config_decl *d, const char *text)
{
    char quoted[HGI_QUOTE_MAX];
    size_t n = strlen(text);
    int64_t whole;
    double x;
    if (d->type == HGI_CFG_INT) {
        if (!hgi_parse_int(text, n, &whole))
            return hgi_fail(ctx, HG_EINVAL, "%s: '%s' is not a whole number", d->name,
                            hgi_quote(quoted, text, n));
        x = (double)whole;
    } else if (!hgi_parse_double(text, n, '.', &x)) {
        return hgi_fail(ctx, HG_EINVAL, "%s: '%s' is not a number", d->name,
                        hgi_quote(quoted, text, n));
    }
    return in_range(d, x) ? HG_OK : out_of_range(ctx, d, text);
}

/* "true", "false" or NULL. */
static const char *flag_text(const char *text)
{
    static const char *const yes[] = {"", "true", "yes", "on", "1"};
    static const char *const no[] = {"false", "no", "off", "0"};
    for (int i = 0; i < HGI_COUNT(yes); i++)
        if (strcmp(text, yes[i]) == 0) return "true";
    for (int i = 0; i < HGI_COUNT(no); i++)
        if (strcmp(text, no[i]) == 0) return "false";
    return NULL;
}

static hg_status check_word(hg_ctx *ctx, const hgi_config_decl *d, const char *text)
{
    int64_t n = 0;
    for (; d->words[n] != NULL; n++)
        if (strcmp(text, d->words[n]) == 0) return HG_OK;
    return hgi_unknown(ctx, d->name, text, NULL, d->words, n);
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

/* Items of a list cut at `separator` (a new line separates layers too), without the
 * blanks around them, joined again.  An empty item is an error, except that layers may have
 * a separator to spare.                                                                */
static hg_status join_items(hg_ctx *ctx, const hgi_config_decl *d, const char *text,
                            char separator, hgi_text *out)
{
    const char *p = text;
    for (int64_t item = 1;; item++) {
        while (is_blank(*p)) p++;
        const char *end = p;
        while (*end != '\0' && *end != separator && *end != '\n') end++;
        const char *stop = end;
        while (stop > p && is_blank(stop[-1])) stop--;
        if (stop == p && separator != ';')
            return hgi_fail(ctx, HG_EINVAL, "%s: item %lld is empty", d->name,
                            (long long)item);
        if (stop > p && out->len > 0) hgi_text_add_bytes(out, &separator, 1);
        hgi_text_add_bytes(out, p, (size_t)(stop - p));
        if (*end == '\0') break;
        p = end + 1;
    }
    if (!hgi_text_ok(out)) return hgi_fail_mem(ctx, strlen(text), d->name);
    if (out->len == 0)
        return hgi_fail(ctx, HG_EINVAL, "%s: empty, expected a value", d->name);
    return HG_OK;
}

static hg_status check_sizes(hg_ctx *ctx, const hgi_config_decl *d, const char *text)
{
    char quoted[HGI_QUOTE_MAX];
    int64_t n = 0;
    for (const char *p = text;; n++) {
        size_t len = strcspn(p, ",");
        int64_t size;
        if (!hgi_parse_int(p, len, &size))
            return hgi_fail(ctx, HG_EINVAL, "%s: '%s' is not a whole number", d->name,
                            hgi_quote(quoted, p, len));
        if (!in_range(d, (double)size))
            return hgi_fail(ctx, HG_ERANGE, "%s: %lld, expected 1 to %.0f", d->name,
                            (long long)size, d->hi);
        if (p[len] == '\0') break;
        p += len + 1;
    }
    if (n >= MAX_SIZES)
        return hgi_fail(ctx, HG_ERANGE, "%s: %lld sizes, expected at most %d", d->name,
                        (long long)n + 1, MAX_SIZES);
    return HG_OK;
}

hg_status hgi_config_check(hg_ctx *ctx, const hgi_config_decl *d, const char *text,
                           hgi_text *out)
{
    char quoted[HGI_QUOTE_MAX];
    size_t n = strlen(text);
    if (n > MAX_TEXT)
        return hgi_fail(ctx, HG_ERANGE, "%s: %zu characters, expected at most %d",
                        d->name, n, MAX_TEXT);
    if (d->type == HGI_CFG_FLAG) {
        const char *word = flag_text(text);
        if (word == NULL)
            return hgi_fail(ctx, HG_EINVAL, "%s: '%s', expected true or false", d->name,
                            hgi_quote(quoted, text, n));
        text = word;
    } else if (n == 0) {
        return hgi_fail(ctx, HG_EINVAL, "%s: empty, expected a value", d->name);
    }
    for (const char *p = text; *p != '\0'; p++)
        if (((unsigned char)*p < 32 && *p != '\t' && *p != '\n') || *p == 127)
            return hgi_fail(ctx, HG_EINVAL, "%s: has a control character", d->name);
    if (d->type == HGI_CFG_INT || d->type == HGI_CFG_REAL)
        HGI_TRY(check_number(ctx, d, text));
    if (d->type == HGI_CFG_WORD) HGI_TRY(check_word(ctx, d, text));
    if (d->type == HGI_CFG_LINES) return join_items(ctx, d, text, ';', out);
    if (d->type == HGI_CFG_SIZES) {
        HGI_TRY(join_items(ctx, d, text, ',', out));
        return check_sizes(ctx, d, out->s);
    }
    if (d->type == HGI_CFG_CORRUPT) {
        hgi_corrupt chain;
        HGI_TRY(hgi_corrupt_parse(ctx, text, &chain));
        hgi_corrupt_print(&chain, out);
    } else {
        hgi_text_add(out, "%s", text);
    }
    return hgi_text_ok(out) ? HG_OK : hgi_fail_mem(ctx, n, d->name);
}
