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

/* What a sign that is not to be seen looks like; NULL: it is seen.  *n: its bytes. */
static const char *shown_as(const char *s, size_t *n)
{
    const unsigned char c = (unsigned char)*s;
    *n = hgi_utf8_length((const unsigned char *)s);
    if (c == '\n') return "\\n";
    if (c == '\r') return "\\r";
    if (c == '\t') return "\\t";
    if (*n > 0 && c >= 32 && c != 127) return NULL;
    *n = 1;
    return "?";
}

static void add_html(hgi_text *t, const char *s)
{
    for (size_t n; *s != '\0'; s += n) {
        const char *instead = shown_as(s, &n);
        if (instead != NULL)
            hgi_text_add(t, "%s", instead);
        else if (strchr("<>&\"'", *s) != NULL)
            hgi_text_add(t, "&#%d;", *s);
        else
            hgi_text_add_bytes(t, s, n);
    }
}

/* A terminal must not obey it, and a long cell must not fill it: of more than LONGEST signs
 * the first are shown.  Returns how many there are of them; t NULL: nothing more. */
enum { LONGEST = 80 };
static int add_shown(hgi_text *t, const char *s)
{
    int shown = 0;
    for (size_t n; *s != '\0'; s += n) {
        const char *instead = shown_as(s, &n);
        if (shown >= LONGEST) {
            if (t != NULL) hgi_text_add(t, "...");
            return shown + 3;
        }
        shown += instead != NULL ? (int)strlen(instead) : 1;
        if (t != NULL)
            hgi_text_add_bytes(t, instead != NULL ? instead : s,
                               instead != NULL ? strlen(instead) : n);
    }
    return shown;
}

static void add_plain(hgi_text *t, const char *s, int width)
{
    for (int shown = add_shown(t, s); shown < width; shown++) hgi_text_add(t, " ");
}

static int shown_width(const char *s) { return add_shown(NULL, s); }

static const char *found_of(const hg_explanation *e, const hgi_cause *c)
{
    const char *text = hgi_cause_text(c, &e->cells);
    return text[0] != '\0' ? text : "another word";
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

/* A number is one in JSON, too.  A float has its own digits, not those of the double that
 * it is; of a file's cell all digits count, and the text is given beside. */
static void add_found(const hg_explanation *e, hgi_text *t, const hgi_cause *c)
{
    char number[HGI_NUMBER_MAX];
    hgi_text_add(t, ", \"found\": ");
    if (!c->number || !isfinite(c->found)) {
        add_json(t, hgi_cause_text(c, &e->cells));
        return;
    }
    if (c->text > 0) {
        add_number(t, c->value);
        hgi_text_add(t, ", \"found_text\": ");
        add_json(t, hgi_cause_text(c, &e->cells));
        return;
    }
    number[hgi_format_float(number, c->found)] = '\0';
    hgi_text_add(t, "%s", number);
}

static void add_expected(hgi_text *t, const hgi_cause *c)
{
    char number[HGI_NUMBER_MAX];
    hgi_text_add(t, ", \"expected\": ");
    if (!c->number || !isfinite(c->expected)) {
        add_json(t, c->expected_text);
        return;
    }
    number[hgi_format_float(number, c->expected)] = '\0';
    hgi_text_add(t, "%s", number);
}

/* ---- formats ------------------------------------------------------------------------- */

/* "2024-03-01 10:00", or the number of the row, from 1. */
static const char *place_text(const hg_explanation *e, int64_t row, char out[32])
{
    const char *time = hgi_texts_find(&e->times, row);
    snprintf(out, 32, "%lld", (long long)row + 1);
    return time != NULL ? time : out;
}

/* "a to b" of rows or of their times. */
static void add_places(const hg_explanation *e, hgi_text *t, int64_t first, int64_t last,
                       void (*add)(hgi_text *t, const char *s))
{
    char one[32], other[32];
    add(t, place_text(e, first, one));
    if (first == last) return;
    hgi_text_add(t, " to ");
    add(t, place_text(e, last, other));
}

/* What is explained, and what a cause is. */
static const char *noun_of(const hg_explanation *e)
{
    return e->series ? "window" : e->files.count > 0 ? "picture" : "row";
}

static const char *cause_word(const hg_explanation *e)
{
    return e->steps > 0 ? "channel" : e->images ? "region" : "column";
}

static void plain(hgi_text *t, const char *s) { add_plain(t, s, 0); }

/* "row 12, P-0012", or "rows 501 to 548, 2024-03-01 to 2024-03-02, machine 7". */
static void add_where(const hg_explanation *e, const hgi_explained *r, hgi_text *t,
                      void (*add)(hgi_text *t, const char *s))
{
    const char *file = hgi_texts_find(&e->files, r - e->row);
    if (file != NULL) {
        add(t, file);
        return;
    }
    if (!e->series) {
        const char *id = hgi_texts_find(&e->ids, r->in_file);
        hgi_text_add(t, id != NULL ? "row %lld, " : "row %lld", (long long)r->row + 1);
        if (id != NULL) add(t, id);
        return;
    }
    hgi_text_add(t, "rows %lld to %lld", (long long)r->first + 1, (long long)r->last + 1);
    if (e->times.count > 0) {
        hgi_text_add(t, ", ");
        add_places(e, t, r->first, r->last, add);
    }
    if (r->group[0] != '\0') {
        hgi_text_add(t, ", group ");
        add(t, r->group);
    }
}

/* Widths of columns of a table of text. */
typedef struct widths {
    int name, found, expected, span, at;
} widths;

static void widen(const hg_explanation *e, const hgi_cause *c, widths *w)
{
    char a[32], b[32];
    w->name = (int)hgi_max(w->name, shown_width(c->name));
    w->found = (int)hgi_max(w->found, shown_width(found_of(e, c)));
    w->expected = (int)hgi_max(w->expected, shown_width(expected_of(c)));
    if (e->steps == 0) return;
    int span = shown_width(place_text(e, c->first, a));
    if (c->first != c->last) span += 4 + shown_width(place_text(e, c->last, b));
    w->span = (int)hgi_max(w->span, span);
    w->at = (int)hgi_max(w->at, shown_width(place_text(e, c->peak, a)));
}

/* Of a window also the span of a cause, and where in it the values stood. */
static void add_span(const hg_explanation *e, const hgi_cause *c, const widths *w,
                     hgi_text *t)
{
    char at[32];
    const size_t from = t->len;
    add_places(e, t, c->first, c->last, plain);
    int shown = hgi_text_ok(t) ? shown_width(t->s + from) : 0;
    hgi_text_add(t, "%*s  ", w->span - shown, "");
    add_plain(t, place_text(e, c->peak, at), w->at);
    hgi_text_add(t, "  ");
}

static void write_text(const hg_explanation *e, hgi_text *t)
{
    for (int64_t i = 0; i < e->n; i++) {
        const hgi_explained *r = &e->row[i];
        const hgi_cause *cause = e->cause + i * e->most;
        widths w = {e->steps > 0 ? 7 : 6, 5, 8, 4, 2};
        hgi_text_add(t, "%s", i > 0 ? "\n" : "");
        add_where(e, r, t, plain);
        hgi_text_add(t, ": score %.6g, p %.3g; a normal %s scores %.4g\n", r->score,
                     r->p_value, noun_of(e), e->normal);
        if (r->causes == 0) {
            hgi_text_add(t, "  no %s by itself: %s\n", cause_word(e),
                         r->score > e->normal ? "none lowers the score much"
                                              : "it scores like a normal row");
            continue;
        }
        if (e->images) {
            hgi_region_text(e, i, t);
            continue;
        }
        for (int64_t k = 0; k < r->causes; k++) widen(e, &cause[k], &w);
        hgi_text_add(t, "  %-*s  ", w.name, e->steps > 0 ? "channel" : "column");
        if (e->steps > 0) hgi_text_add(t, "%-*s  %-*s  ", w.span, "span", w.at, "at");
        hgi_text_add(t, "%-*s  %-*s  %5s  score then\n", w.found, "found", w.expected,
                     "expected", "share");
        for (int64_t k = 0; k < r->causes; k++) {
            hgi_text_add(t, "  ");
            add_plain(t, cause[k].name, w.name);
            hgi_text_add(t, "  ");
            if (e->steps > 0) add_span(e, &cause[k], &w, t);
            add_plain(t, found_of(e, &cause[k]), w.found);
            hgi_text_add(t, "  ");
            add_plain(t, expected_of(&cause[k]), w.expected);
            hgi_text_add(t, "  %3.0f %%  %.4g\n", 100 * cause[k].share, cause[k].left);
        }
    }
}

/* Of a window: its rows, the first to the last, counted from 1, and their times. */
static void add_json_place(const hg_explanation *e, int64_t first, int64_t last,
                           hgi_text *t)
{
    const char *from = hgi_texts_find(&e->times, first);
    const char *to = hgi_texts_find(&e->times, last);
    hgi_text_add(t, ", \"first\": %lld, \"last\": %lld", (long long)first + 1,
                 (long long)last + 1);
    if (from == NULL || to == NULL) return;
    hgi_text_add(t, ", \"from\": ");
    add_json(t, from);
    hgi_text_add(t, ", \"to\": ");
    add_json(t, to);
}

static void add_json_curve(const float *v, int64_t n, const char *name, hgi_text *t)
{
    char text[HGI_NUMBER_MAX];
    hgi_text_add(t, "\"%s\": [", name);
    for (int64_t i = 0; i < n; i++) {
        hgi_text_add(t, i > 0 ? "," : "");
        hgi_text_add_bytes(t, text, (size_t)hgi_format_float(text, v[i]));
    }
    hgi_text_add(t, "]");
}

static void add_json_span(const hg_explanation *e, int64_t i, int64_t k, hgi_text *t)
{
    const hgi_cause *c = &e->cause[i * e->most + k];
    const char *at = hgi_texts_find(&e->times, c->peak);
    const float *curve = e->curve + (i * e->most + k) * 2 * e->steps;
    add_json_place(e, c->first, c->last, t);
    hgi_text_add(t, ", \"peak\": %lld", (long long)c->peak + 1);
    if (at != NULL) {
        hgi_text_add(t, ", \"at\": ");
        add_json(t, at);
    }
    hgi_text_add(t, ", \"values\": {");
    add_json_curve(curve, e->steps, "found", t);
    hgi_text_add(t, ", ");
    add_json_curve(curve + e->steps, e->steps, "expected", t);
    hgi_text_add(t, "}");
}

static void add_json_column(const hg_explanation *e, const hgi_cause *c, hgi_text *t)
{
    hgi_text_add(t, "\"column\": ");
    add_json(t, c->name);
    hgi_text_add(t, ", \"column_number\": %lld", (long long)c->column + 1);
    add_found(e, t, c);
    add_expected(t, c);
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
        hgi_text_add(t, "%s\n{\"row\": %lld, ", i > 0 ? "," : "", (long long)r->row + 1);
        const char *id = hgi_texts_find(&e->ids, r->in_file);
        if (id != NULL) {
            hgi_text_add(t, "\"id\": ");
            add_json(t, id);
            hgi_text_add(t, ", ");
        }
        const char *file = hgi_texts_find(&e->files, i);
        if (file != NULL) {
            hgi_text_add(t, "\"file\": ");
            add_json(t, file);
            hgi_text_add(t, ", ");
        }
        hgi_text_add(t, "\"score\": ");
        add_number(t, r->score);
        hgi_text_add(t, ", \"p_value\": ");
        add_number(t, r->p_value);
        hgi_text_add(t, ", \"left\": ");
        add_number(t, r->left);
        if (e->series) add_json_place(e, r->first, r->last, t);
        if (r->group[0] != '\0') {
            hgi_text_add(t, ", \"group\": ");
            add_json(t, r->group);
        }
        hgi_text_add(t, ", \"causes\": [");
        for (int64_t k = 0; k < r->causes; k++) {
            const hgi_cause *c = &e->cause[i * e->most + k];
            hgi_text_add(t, "%s{", k > 0 ? ", " : "");
            if (e->images)
                hgi_region_json(c, t);
            else
                add_json_column(e, c, t);
            hgi_text_add(t, ", \"share\": ");
            add_number(t, c->share);
            hgi_text_add(t, ", \"left\": ");
            add_number(t, c->left);
            if (e->steps > 0) add_json_span(e, i, k, t);
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
    "svg { width: 100%; background: #8881 } polyline { fill: none; stroke-width: 1.5 }\n"
    ".found { stroke: #0072b2 } .expected { stroke: #d55e00; stroke-dasharray: 4 3 }\n"
    ".span { fill: #d55e00; opacity: .15 }\n"
    ".frame { max-width: 20em; max-height: 16em; display: block }\n"
    ".frame rect { fill: #d55e0055; stroke: #d55e00; vector-effect: non-scaling-stroke "
    "}\n"
    "p { margin: .2em 0 .6em }\n</style>\n";

/* ---- a picture of a channel ---------------------------------------------------------- */

enum { WIDE = 640, HIGH = 140, EDGE = 6 };

/* Of a long window no more points than a picture has: of each few the farthest out. */
static void add_line(const float *v, int64_t n, double lo, double hi, const char *class,
                     hgi_text *t)
{
    const int64_t each = hgi_ceil_div(n, WIDE);
    const double x = (WIDE - 2.0 * EDGE) / (double)hgi_max(1, n - 1);
    hgi_text_add(t, "<polyline class=\"%s\" points=\"", class);
    for (int64_t i = 0; i < n; i += each) {
        int64_t at = i;
        const double middle = (lo + hi) / 2;
        for (int64_t k = i; k < hgi_min(n, i + each); k++)
            if (fabs((double)v[k] - middle) > fabs((double)v[at] - middle)) at = k;
        hgi_text_add(t, "%.1f,%.1f ", EDGE + x * (double)at,
                     EDGE + (HIGH - 2.0 * EDGE) * (hi - (double)v[at]) / (hi - lo));
    }
    hgi_text_add(t, "\"/>");
}

/* The channel over the window, what was expected of it, and the span. */
static void add_picture(const hg_explanation *e, int64_t i, int64_t k, hgi_text *t)
{
    const int64_t n = e->steps;
    const float *found = e->curve + (i * e->most + k) * 2 * n, *expected = found + n;
    const hgi_cause *c = &e->cause[i * e->most + k];
    double lo = HUGE_VAL, hi = -HUGE_VAL;
    int64_t first = n, last = -1;
    for (int64_t s = 0; s < 2 * n; s++) {
        lo = fmin(lo, (double)found[s]);
        hi = fmax(hi, (double)found[s]);
    }
    if (!(hi > lo)) return;
    for (int64_t s = 0; s < n; s++) {
        if (!(found[s] < expected[s]) && !(found[s] > expected[s])) continue;
        first = hgi_min(first, s);
        last = s;
    }
    const double x = (WIDE - 2.0 * EDGE) / (double)hgi_max(1, n - 1);
    hgi_text_add(t, "<p>");
    add_html(t, c->name);
    hgi_text_add(t,
                 ", %.4g to %.4g: found, and expected (dashed)</p>\n<svg viewBox=\"0 0 "
                 "%d %d\" role=\"img\">",
                 lo, hi, (int)WIDE, (int)HIGH);
    if (last >= first)
        hgi_text_add(t,
                     "<rect class=\"span\" x=\"%.1f\" y=\"0\" width=\"%.1f\" "
                     "height=\"%d\"/>",
                     EDGE + x * ((double)first - 0.5), x * (double)(last - first + 1),
                     (int)HIGH);
    add_line(expected, n, lo, hi, "expected", t);
    add_line(found, n, lo, hi, "found", t);
    hgi_text_add(t, "</svg>\n");
}

static void write_html(const hg_explanation *e, hgi_text *t)
{
    hgi_text_add(t, "%s<h1>Why these rows</h1>\n<p>%lld %ss of ", page_head,
                 (long long)e->n, noun_of(e));
    add_html(t, e->name);
    hgi_text_add(t, ". A normal one scores %.4g; a higher score is more abnormal.</p>\n",
                 e->normal);
    for (int64_t i = 0; i < e->n; i++) {
        const hgi_explained *r = &e->row[i];
        hgi_text_add(t, "<h2>");
        add_where(e, r, t, add_html);
        hgi_text_add(t,
                     "</h2>\n<p>Score %.6g, p %.3g; with these values as expected "
                     "%.4g.</p>\n",
                     r->score, r->p_value, r->left);
        if (r->causes == 0) {
            hgi_text_add(t, "<p>No %s by itself.</p>\n", cause_word(e));
            continue;
        }
        if (e->images) {
            hgi_region_html(e, i, t);
            continue;
        }
        hgi_text_add(t,
                     "<table>\n<tr><th>%s<th>found<th>expected<th class=\"n\">share"
                     "<th class=\"bar\"><th class=\"n\">score then\n",
                     e->steps > 0 ? "channel<th>span<th>at" : "column");
        for (int64_t k = 0; k < r->causes; k++) {
            const hgi_cause *c = &e->cause[i * e->most + k];
            hgi_text_add(t, "<tr><td>");
            add_html(t, c->name);
            hgi_text_add(t, "<td>");
            if (e->steps > 0) {
                char at[32];
                add_places(e, t, c->first, c->last, add_html);
                hgi_text_add(t, "<td>");
                add_html(t, place_text(e, c->peak, at));
                hgi_text_add(t, "<td>");
            }
            add_html(t, found_of(e, c));
            hgi_text_add(t, "<td>");
            add_html(t, expected_of(c));
            hgi_text_add(t,
                         "<td class=\"n\">%.0f&thinsp;%%<td class=\"bar\"><i "
                         "style=\"width:%.0f%%\"></i><td class=\"n\">%.4g\n",
                         100 * c->share, 100 * c->share, c->left);
        }
        hgi_text_add(t, "</table>\n");
        for (int64_t k = 0; e->steps > 0 && k < r->causes; k++) add_picture(e, i, k, t);
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
