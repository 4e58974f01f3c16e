// SPDX-License-Identifier: MIT
/* An explanation as text, JSON or a page of HTML.  Names and words come from files: each
 * format escapes what would mean something in it, and bytes that are not UTF-8 show as '?'.
 * The page links to nothing and runs nothing. */
#include "apply/explain.h"

#include "model/line.h"

#include <math.h>
#include <string.h>

/* ---- texts from outside -------------------------------------------------------------- */

static void add_json(hgi_text *t, const char *s)
{
    hgi_text_add(t, "\"");
    while (*s != '\0') {
        const unsigned char *c = (const unsigned char *)s;
        const size_t n = hgi_utf8_length(c);
        if (*c == '"' || *c == '\\')
            hgi_text_add(t, "\\%c", *c);
        else if (*c < 32)
            hgi_text_add(t, "\\u%04x", *c);
        else if (n == 0)
            hgi_text_add(t, "?");
        else
            hgi_text_add_bytes(t, s, n);
        s += n > 0 ? n : 1;
    }
    hgi_text_add(t, "\"");
}

static void add_html(hgi_text *t, const char *s)
{
    while (*s != '\0') {
        const unsigned char *c = (const unsigned char *)s;
        const size_t n = hgi_utf8_length(c);
        if (*c == '<' || *c == '>' || *c == '&' || *c == '"' || *c == '\'')
            hgi_text_add(t, "&#%d;", *c);
        else if (n == 0 || *c < 32)
            hgi_text_add(t, "?");
        else
            hgi_text_add_bytes(t, s, n);
        s += n > 0 ? n : 1;
    }
}

/* A terminal must not obey it. */
static void add_plain(hgi_text *t, const char *s, int width)
{
    int shown = 0;
    for (; *s != '\0'; shown++) {
        const unsigned char *c = (const unsigned char *)s;
        const size_t n = hgi_utf8_length(c);
        if (n == 0 || *c < 32 || *c == 127)
            hgi_text_add(t, "?");
        else
            hgi_text_add_bytes(t, s, n);
        s += n > 0 ? n : 1;
    }
    for (; shown < width; shown++) hgi_text_add(t, " ");
}

static int shown_width(const char *s)
{
    int n = 0;
    for (; *s != '\0'; s++) n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static const char *found_of(const hgi_cause *c)
{
    return c->found_text[0] != '\0' ? c->found_text : "another word";
}

static const char *expected_of(const hgi_cause *c)
{
    return c->expected_text[0] != '\0' ? c->expected_text : "another word";
}

static void add_number(hgi_text *t, double v)
{
    char text[HGI_NUMBER_MAX];
    if (!isfinite(v)) {
        hgi_text_add(t, "null");
        return;
    }
    hgi_format_double(text, v);
    hgi_text_add(t, "%s", text);
}

/* A number is one in JSON, too. */
static void add_value(hgi_text *t, const hgi_cause *c, float v, const char *text)
{
    char number[HGI_NUMBER_MAX];
    if (!c->number || !isfinite(v)) {
        add_json(t, text);
        return;
    }
    hgi_format_float(number, v);
    hgi_text_add(t, "%s", number);
}

/* ---- formats ------------------------------------------------------------------------- */

static void write_text(const hg_explanation *e, hgi_text *t)
{
    for (int64_t i = 0; i < e->n; i++) {
        const hgi_explained *r = &e->row[i];
        const hgi_cause *cause = e->cause + i * e->most;
        int name = 6, found = 5, expected = 8;
        hgi_text_add(t, "%srow %lld: score %.6g, p %.3g; a normal row scores %.4g\n",
                     i > 0 ? "\n" : "", (long long)r->row + 1, r->score, r->p_value,
                     e->normal);
        if (r->causes == 0) {
            hgi_text_add(t, "  no column by itself: %s\n",
                         r->score > e->normal ? "none lowers the score much"
                                              : "it scores like a normal row");
            continue;
        }
        for (int64_t k = 0; k < r->causes; k++) {
            name = (int)hgi_max(name, shown_width(cause[k].name));
            found = (int)hgi_max(found, shown_width(found_of(&cause[k])));
            expected = (int)hgi_max(expected, shown_width(expected_of(&cause[k])));
        }
        hgi_text_add(t, "  %-*s  %-*s  %-*s  %5s  score then\n", name, "column", found,
                     "found", expected, "expected", "share");
        for (int64_t k = 0; k < r->causes; k++) {
            hgi_text_add(t, "  ");
            add_plain(t, cause[k].name, name);
            hgi_text_add(t, "  ");
            add_plain(t, found_of(&cause[k]), found);
            hgi_text_add(t, "  ");
            add_plain(t, expected_of(&cause[k]), expected);
            hgi_text_add(t, "  %3.0f %%  %.4g\n", 100 * cause[k].share, cause[k].left);
        }
    }
}

static void write_json(const hg_explanation *e, hgi_text *t)
{
    hgi_text_add(t, "{\"data\": ");
    add_json(t, e->name);
    hgi_text_add(t, ", \"normal\": ");
    add_number(t, e->normal);
    hgi_text_add(t, ", \"rows\": [");
    for (int64_t i = 0; i < e->n; i++) {
        const hgi_explained *r = &e->row[i];
        hgi_text_add(t, "%s\n{\"row\": %lld, \"score\": ", i > 0 ? "," : "",
                     (long long)r->row + 1);
        add_number(t, r->score);
        hgi_text_add(t, ", \"p_value\": ");
        add_number(t, r->p_value);
        hgi_text_add(t, ", \"left\": ");
        add_number(t, r->left);
        hgi_text_add(t, ", \"causes\": [");
        for (int64_t k = 0; k < r->causes; k++) {
            const hgi_cause *c = &e->cause[i * e->most + k];
            hgi_text_add(t, "%s{\"column\": ", k > 0 ? ", " : "");
            add_json(t, c->name);
            hgi_text_add(
                t, ", \"column_number\": %lld, \"found\": ", (long long)c->column + 1);
            add_value(t, c, c->found, c->found_text);
            hgi_text_add(t, ", \"expected\": ");
            add_value(t, c, c->expected, c->expected_text);
            hgi_text_add(t, ", \"share\": ");
            add_number(t, c->share);
            hgi_text_add(t, ", \"left\": ");
            add_number(t, c->left);
            hgi_text_add(t, "}");
        }
        hgi_text_add(t, "]}");
    }
    hgi_text_add(t, "]}\n");
}

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n"
    "<title>Why these rows</title>\n<style>\n"
    ":root { color-scheme: light dark }\n"
    "body { font: 16px/1.5 sans-serif; max-width: 56em; margin: 2em auto; padding: 0 1em "
    "}\n"
    "h2 { font-size: 1.1em; margin: 2em 0 .3em }\n"
    "table { border-collapse: collapse; width: 100% }\n"
    "td, th { padding: .25em .8em .25em 0; text-align: left; border-bottom: 1px solid "
    "#8884 }\n"
    ".n { text-align: right; font-variant-numeric: tabular-nums }\n"
    ".bar { width: 30% } .bar i { display: block; height: .8em; background: #d55e00 }\n"
    "p { margin: .2em 0 .6em }\n</style>\n";

static void write_html(const hg_explanation *e, hgi_text *t)
{
    hgi_text_add(t, "%s<h1>Why these rows</h1>\n<p>%lld rows of ", page_head,
                 (long long)e->n);
    add_html(t, e->name);
    hgi_text_add(t, ". A normal row scores %.4g; a higher score is more abnormal.</p>\n",
                 e->normal);
    for (int64_t i = 0; i < e->n; i++) {
        const hgi_explained *r = &e->row[i];
        hgi_text_add(t,
                     "<h2>Row %lld</h2>\n<p>Score %.6g, p %.3g; with these values as "
                     "expected %.4g.</p>\n",
                     (long long)r->row + 1, r->score, r->p_value, r->left);
        if (r->causes == 0) {
            hgi_text_add(t, "<p>No column by itself.</p>\n");
            continue;
        }
        hgi_text_add(t,
                     "<table>\n<tr><th>column<th>found<th>expected<th class=\"n\">share"
                     "<th class=\"bar\"><th class=\"n\">score then\n");
        for (int64_t k = 0; k < r->causes; k++) {
            const hgi_cause *c = &e->cause[i * e->most + k];
            hgi_text_add(t, "<tr><td>");
            add_html(t, c->name);
            hgi_text_add(t, "<td>");
            add_html(t, found_of(c));
            hgi_text_add(t, "<td>");
            add_html(t, expected_of(c));
            hgi_text_add(t,
                         "<td class=\"n\">%.0f&thinsp;%%<td class=\"bar\"><i "
                         "style=\"width:%.0f%%\"></i><td class=\"n\">%.4g\n",
                         100 * c->share, 100 * c->share, c->left);
        }
        hgi_text_add(t, "</table>\n");
    }
    if (e->beside[0] != '\0')
        hgi_text_add(t, "<p>Beside PCA, when it was trained: %s.</p>\n", e->beside);
    hgi_text_add(t, "</html>\n");
}

/* ---- the file ------------------------------------------------------------------------ */

static const struct {
    const char *name, *ending;
    void (*write)(const hg_explanation *e, hgi_text *t);
} formats[] = {{"text", ".txt", write_text},
               {"json", ".json", write_json},
               {"html", ".html", write_html}};

static hg_status find_format(hg_ctx *ctx, const char *path, const char *format, int *out)
{
    const char *names[HGI_COUNT(formats)];
    *out = 0;
    for (int i = 0; i < HGI_COUNT(formats); i++) {
        names[i] = formats[i].name;
        const char *end = strrchr(path, '.');
        if (format == NULL && end != NULL && strcmp(end, formats[i].ending) == 0)
            *out = i;
        if (format == NULL || strcmp(format, names[i]) != 0) continue;
        *out = i;
        return HG_OK;
    }
    if (format == NULL) return HG_OK;
    return hgi_unknown(ctx, "format", format, NULL, names, HGI_COUNT(formats));
}

hg_status hg_explanation_save(hg_ctx *ctx, const hg_explanation *e, const char *path,
                              const char *format)
{
    hg_status status;
    hgi_text t;
    hgi_outfile f = {.ctx = NULL};
    int at;
    if (e == NULL || path == NULL)
        return hgi_fail(ctx, HG_EINVAL, "an explanation and a path are needed");
    HGI_TRY(find_format(ctx, path, format, &at));
    hgi_text_init(&t, &ctx->mem);
    formats[at].write(e, &t);
    if (!hgi_text_ok(&t)) HGI_GOTO(hgi_fail_mem(ctx, t.cap, "an explanation"));
    HGI_GOTO(hgi_outfile_open(ctx, path, &f));
    hgi_outfile_write(&f, t.s, t.len);
    status = hgi_outfile_commit(&f);
done:
    if (f.ctx != NULL) hgi_outfile_abort(&f);
    hgi_text_free(&t);
    return status;
}
