// SPDX-License-Identifier: MIT
/* A text that grows, for everything that is written piece by piece.
 *
 * printf's %g and %f follow the caller's locale: numbers that are read back go through
 * hgi_format_double() and are added with %s.                                          */
#include "base/base.h"

#include <string.h>

#define FIRST_CAPACITY 256

void hgi_text_init(hgi_text *t, const hgi_mem *mem) { *t = (hgi_text){.mem = *mem}; }

/* Room for n more bytes and the final NUL; false, for good, when there is none.       */
static bool reserve(hgi_text *t, size_t n)
{
    if (t->failed) return false;
    if (t->s != NULL && n < t->cap - t->len) return true;
    t->failed = true;
    if (n >= SIZE_MAX / 2 - t->len) return false;
    size_t cap = t->cap > 0 ? t->cap : FIRST_CAPACITY;
    while (cap <= t->len + n) cap *= 2;
    char *grown = hgi_realloc(&t->mem, t->s, cap);
    if (grown == NULL) return false;
    t->s = grown;
    t->cap = cap;
    t->failed = false;
    return true;
}

void hgi_text_add_bytes(hgi_text *t, const void *p, size_t n)
{
    if (!reserve(t, n)) return;
    if (n > 0) memcpy(t->s + t->len, p, n);
    t->len += n;
    t->s[t->len] = '\0';
}

void hgi_text_add(hgi_text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0) t->failed = true;
    if (n < 0 || !reserve(t, (size_t)n)) return;
    va_start(args, fmt);
    (void)vsnprintf(t->s + t->len, t->cap - t->len, fmt, args);
    va_end(args);
    t->len += (size_t)n;
}

void hgi_text_free(hgi_text *t)
{
    hgi_free(&t->mem, t->s);
    *t = (hgi_text){.mem = t->mem};
}

/* Of 0x80 to 0x9f, where it is not Latin-1.  Source: unicode.org, CP1252.TXT; bytes that
 * it leaves free are Latin-1's here.                                                   */
static const uint16_t windows[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021,
    0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,   0x17d,  0x8f,
    0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

size_t hgi_utf8_of_1252(unsigned char byte, char out[3])
{
    unsigned c = byte >= 0x80 && byte < 0xa0 ? windows[byte - 0x80] : byte;
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : 3;
    out[0] = (char)(n == 2 ? 0xc0 | c >> 6 : 0xe0 | c >> 12);
    if (n == 3) out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[n - 1] = (char)(0x80 | (c & 0x3f));
    return n;
}

size_t hgi_utf8_length(const unsigned char *s)
{
    if (s[0] < 0x80) return 1;
    if (s[0] < 0xC2 || s[0] > 0xF4) return 0;
    size_t n = s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : 4;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0; /* a NUL ends the text here as well */
    if (s[0] == 0xE0 && s[1] < 0xA0) return 0;
    if (s[0] == 0xED && s[1] > 0x9F) return 0;
    if (s[0] == 0xF0 && s[1] < 0x90) return 0;
    if (s[0] == 0xF4 && s[1] > 0x8F) return 0;
    return n;
}
