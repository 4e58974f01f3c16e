// SPDX-License-Identifier: MIT
/* Fitting texts into widths: see label.h. */
#include "report/label.h"

#include <string.h>

#define ELLIPSIS "\xE2\x80\xA6" /* U+2026 */
#define LEADING 1.3

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

/* Step back to the start of the UTF-8 character that byte n lies in. */
static size_t whole_characters(const char *s, size_t n)
{
    while (n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80) n--;
    return n;
}

/* The first n bytes of s, and an ellipsis if asked, as a line. */
static void set_line(char out[512], const char *s, size_t n, bool cut)
{
    n = whole_characters(s, min_size(n, 500));
    memcpy(out, s, n);
    memcpy(out + n, cut ? ELLIPSIS : "", cut ? sizeof ELLIPSIS : 1);
}

/* Bytes of the longest start of s that fits, by bisection. */
static size_t fitting(hgi_canvas *c, hgi_font f, const char *s, double width, bool cut)
{
    char line[512];
    size_t lo = 0, hi = min_size(strlen(s), 500);
    while (lo < hi) {
        size_t mid = (lo + hi + 1) / 2;
        set_line(line, s, mid, cut);
        if (hgi_canvas_text_width(c, f, line) <= width)
            lo = mid;
        else
            hi = mid - 1;
    }
    return whole_characters(s, lo);
}

/* Break s into lines at spaces, or inside a word that alone is too long. */
static bool wrap(hgi_canvas *c, hgi_label *l, const char *s, double width, int lines)
{
    for (l->lines = 0; *s && l->lines < lines; l->lines++) {
        size_t n = fitting(c, l->font, s, width, false);
        size_t at = n;
        if (s[n])
            while (at > 0 && s[at] != ' ') at--;
        if (at == 0) at = n;
        if (at == 0) return false;
        set_line(l->line[l->lines], s, at, false);
        for (s += at; *s == ' '; s++) {}
    }
    return *s == 0;
}

/* The last line takes what is left, with an ellipsis. */
static void cut_lines(hgi_canvas *c, hgi_label *l, const char *s, double width, int lines)
{
    (void)wrap(c, l, s, width, lines);
    if (l->lines == 0) l->lines = 1, l->line[0][0] = 0;
    const char *last = s;
    for (int i = 0; i + 1 < l->lines; i++) {
        last += strlen(l->line[i]);
        while (*last == ' ') last++;
    }
    set_line(l->line[l->lines - 1], last, fitting(c, l->font, last, width, true), true);
}

void hgi_label_fit(hgi_canvas *c, hgi_label *l, hgi_font f, const char *s, double width,
                   int lines)
{
    memset(l, 0, sizeof *l);
    l->font = f;
    if (!s || !*s) return;
    double full = hgi_canvas_text_width(c, f, s);
    /* A slightly smaller size disturbs less than a second line. */
    bool done = full * 0.8 <= width && strlen(s) <= 500;
    if (done) {
        if (full > width) l->font.size = f.size * width / full;
        set_line(l->line[0], s, strlen(s), false);
        l->lines = 1;
    }
    /* Then two lines, as large as they fit. */
    for (double part = 0.9; !done && lines > 1 && part > 0.65; part -= 0.1) {
        l->font.size = f.size * part;
        done = wrap(c, l, s, width, lines);
    }
    /* Then the end is lost, but it is seen to be. */
    if (!done) {
        l->font.size = f.size * 0.7;
        cut_lines(c, l, s, width, lines);
    }
    for (int i = 0; i < l->lines; i++) {
        double w = hgi_canvas_text_width(c, l->font, l->line[i]);
        l->width = w > l->width ? w : l->width;
    }
}

double hgi_label_height(const hgi_label *l)
{
    if (l->lines == 0) return 0;
    return l->font.size * (1 + LEADING * (l->lines - 1));
}

void hgi_label_draw(hgi_canvas *c, const hgi_label *l, double x, double y, hgi_anchor a)
{
    for (int i = 0; i < l->lines; i++)
        hgi_canvas_text(c, l->font, x, y + l->font.size * (HGI_CAP + LEADING * i), a,
                        l->line[i]);
}

/* As high as an exponent stands in print. */
static hgi_font raised_font(hgi_font f)
{
    f.size *= 0.72;
    return f;
}

double hgi_tick_width(hgi_canvas *c, hgi_font f, const hgi_tick *t)
{
    return hgi_canvas_text_width(c, f, t->text) +
           hgi_canvas_text_width(c, raised_font(f), t->raised);
}

void hgi_tick_draw(hgi_canvas *c, hgi_font f, double x, double y, hgi_anchor a,
                   const hgi_tick *t)
{
    x -= hgi_tick_width(c, f, t) * (int)a / 2;
    hgi_canvas_text(c, f, x, y, HGI_LEFT, t->text);
    x += hgi_canvas_text_width(c, f, t->text);
    hgi_canvas_text(c, raised_font(f), x, y - 0.38 * f.size, HGI_LEFT, t->raised);
}

double hgi_ticks_width(hgi_canvas *c, hgi_font f, const hgi_axis *a)
{
    double widest = 0;
    for (int i = 0; i < a->count; i++) {
        double w = hgi_tick_width(c, f, &a->ticks[i]);
        widest = w > widest ? w : widest;
    }
    return widest;
}
