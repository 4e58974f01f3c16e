// SPDX-License-Identifier: MIT
/* Records, fields and numbers of CSV text; see csv.h.
 *
 * A record is brought into the buffer whole before it is split, so that nothing after
 * that has to know about buffers.  Most records have no quote: one memchr() finds their
 * end and one shows that.  Only the others are walked sign by sign.                    */
#include "data/csv.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#define BUFFER ((size_t)256 * 1024)
/* A quote that is never closed must not swallow a whole disk.                          */
#define RECORD_MAX ((size_t)64 << 20)
#define DETECT_RECORDS 16
#define DETECT_BYTES ((size_t)64 * 1024)

/* ---- buffer and records -------------------------------------------------------------- */

/* Text has no zero bytes; with one beside each letter it is UTF-16. */
static hg_status zero_byte(const hgi_csv *c, const char *at)
{
    const char *end = c->buf + c->len;
    int64_t line = c->line, zeros = 0, all = 0;
    for (const char *p = c->buf + c->pos; p < at; p++) line += *p == '\n';
    for (const char *p = at; p < end && all < 64; p += 2, all++) zeros += *p == '\0';
    if (all > 3 && 4 * zeros > 3 * all)
        return hgi_fail(
            c->ctx, HG_EFORMAT,
            "%s:%lld: a zero byte beside each letter: looks like UTF-16, expected UTF-8; "
            "convert it: iconv -f UTF-16%s -t UTF-8",
            c->path, (long long)line, (c->passed + (at - c->buf)) % 2 == 0 ? "BE" : "LE");
    return hgi_fail(c->ctx, HG_EFORMAT,
                    "%s:%lld: a zero byte, expected text: damaged, or no text file",
                    c->path, (long long)line);
}

/* Twice the room when one record fills all of it. */
hg_status hgi_csv_refill(hgi_csv *c)
{
    size_t drop = c->keep < c->pos ? c->keep : c->pos, got;
    if (drop > 0) {
        memmove(c->buf, c->buf + drop, c->len - drop);
        c->len -= drop;
        c->pos -= drop;
        c->passed += (int64_t)drop;
        if (c->keep != SIZE_MAX) c->keep -= drop;
    }
    if (c->len == c->cap) {
        if (c->cap >= RECORD_MAX) {
            return hgi_fail(
                c->ctx, HG_EFORMAT,
                "%s:%lld: a record of more than %zu MB; is a quote left open?", c->path,
                (long long)c->line, RECORD_MAX >> 20);
        }
        size_t first = c->want > BUFFER ? c->want : BUFFER;
        size_t cap = c->cap == 0 ? first : 2 * c->cap;
        char *buf = hgi_realloc(&c->ctx->mem, c->buf, cap + 1);
        if (buf == NULL) return hgi_fail_mem(c->ctx, cap + 1, "CSV text");
        c->buf = buf;
        c->cap = cap;
    }
    HGI_TRY(hgi_source_read(c->s, c->buf + c->len, c->cap - c->len, &got));
    c->end = got < c->cap - c->len;
    const char *zero = memchr(c->buf + c->len, 0, got);
    c->len += got;
    c->buf[c->len] = '\n';
    return zero == NULL ? HG_OK : zero_byte(c, zero);
}

/* The end of a record that has quotes, NULL when it is not in the buffer.  *open: it ends
 * inside quotes.  A quote counts only as the first sign of a field.                    */
static const char *quoted_end(const hgi_csv *c, bool *open)
{
    const char *p = c->buf + c->pos, *end = c->buf + c->len;
    bool start = true;
    *open = false;
    for (; p < end; p++) {
        if (start && *p == '"') {
            *open = true;
            for (p++; p < end; p++) {
                if (*p != '"') continue;
                if (p[1] != '"' || p + 1 == end) break;
                p++;
            }
            if (p >= end) return NULL;
            *open = false;
        } else if (*p == '\n') {
            return p;
        }
        start = *p == c->delimiter;
    }
    return NULL;
}

/* Lines inside quotes: places in messages are lines of the file, not records. */
static int64_t count_lines(const char *p, const char *end)
{
    int64_t n = 0;
    while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        n++;
        p++;
    }
    return n;
}

hgi_csv_found hgi_csv_find(hgi_csv *c, hgi_csv_record *r)
{
    const char *from = c->buf + c->pos, *to;
    size_t left = c->len - c->pos;
    bool quotes = false, open = false;
    to = memchr(from, '\n', left);
    quotes = memchr(from, '"', to != NULL ? (size_t)(to - from) : left) != NULL;
    if (quotes) to = quoted_end(c, &open);
    if (to == NULL && !c->end) return HGI_CSV_PART;
    if (open) return HGI_CSV_OPEN;
    if (to == NULL) to = from + left;
    *r = (hgi_csv_record){.from = left > 0 ? from : NULL, .to = to, .line = c->line};
    c->line += 1 + (quotes ? count_lines(from, to) : 0);
    c->pos = (size_t)(to - c->buf) + (to < c->buf + c->len);
    if (to > from && to[-1] == '\r') r->to--;
    return HGI_CSV_WHOLE;
}

hg_status hgi_csv_next(hgi_csv *c, hgi_csv_record *r)
{
    hgi_csv_found found;
    while ((found = hgi_csv_find(c, r)) == HGI_CSV_PART) HGI_TRY(hgi_csv_refill(c));
    if (found == HGI_CSV_WHOLE) return HG_OK;
    return hgi_fail(c->ctx, HG_EFORMAT,
                    "%s:%lld: a quote opened in this record is never closed", c->path,
                    (long long)c->line);
}

/* ---- start --------------------------------------------------------------------------- */

/* How many delimiters the first records have; 0 unless all have the same.              */
static int64_t regular(const hgi_csv *c, char delimiter)
{
    const char *p = c->buf + c->pos, *end = c->buf + c->len;
    if ((size_t)(end - p) > DETECT_BYTES) end = p + DETECT_BYTES;
    int64_t first = -1, now = 0, records = 0;
    bool quoted = false, blank = true;
    for (; p < end && records < DETECT_RECORDS; p++) {
        if (*p == '"') quoted = !quoted;
        if (!quoted && *p == delimiter) now++;
        blank = blank && (*p == '\n' || *p == '\r');
        if (quoted || *p != '\n' || blank) continue;
        if (first >= 0 && now != first) return 0;
        first = now;
        now = 0;
        records++;
        blank = true;
    }
    return first >= 0 ? first : now;
}

/* "77,37": has a field in quotes a comma? */
static bool quoted_commas(const hgi_csv *c)
{
    const char *p = c->buf + c->pos, *end = c->buf + c->len;
    if ((size_t)(end - p) > DETECT_BYTES) end = p + DETECT_BYTES;
    bool quoted = false;
    for (; p < end; p++) {
        if (*p == '"') quoted = !quoted;
        if (quoted && *p == ',') return true;
    }
    return false;
}

/* Commas that separate columns although the decimal sign is one, too: numbers stand in
 * quotes then; or the first line is one of names.                                      */
static bool both_commas(const hgi_csv *c, const char *head, size_t n)
{
    double v;
    if (c->decimal != ',') return false;
    if (regular(c, ',') > 0 && quoted_commas(c)) return true;
    n -= n > 0 && head[n - 1] == '\r';
    return memchr(head, ',', n) != NULL && !hgi_parse_double(head, n, ',', &v);
}

/* A tab or semicolon in every record is no accident; a comma may be a decimal one.     */
char hgi_csv_delimiter(const hgi_csv *c)
{
    static const char order[] = {'\t', ';', ',', '|'};
    for (int i = 0; i < HGI_COUNT(order); i++) {
        if (order[i] != c->decimal && regular(c, order[i]) > 0) return order[i];
    }
    /* No delimiter is regular: perhaps a ragged file, which its own error is to name.  */
    const char *head = c->buf + c->pos;
    size_t n = strcspn(head, "\n");
    for (int i = 0; i < HGI_COUNT(order); i++) {
        if (order[i] != c->decimal && memchr(head, order[i], n) != NULL) return order[i];
    }
    return c->decimal == ',' && !both_commas(c, head, n) ? ';' : ',';
}

/* A model's sign is a guess at this file's: columns that commas separate have none in
 * numbers, unless these stand in quotes: see hgi_csv_weigh_signs().                    */
void hgi_csv_take_signs(hgi_csv *c, const hg_data_options *o, char known)
{
    c->decimal = o->decimal != '\0' ? o->decimal : '.';
    c->told = o->decimal;
    c->sure = o->decimal != '\0';
    c->delimiter = o->delimiter != '\0' || c->sep == o->decimal ? o->delimiter : c->sep;
    if (o->decimal == '\0' && known != '\0') {
        bool commas =
            c->delimiter == ',' ||
            (c->delimiter == '\0' && hgi_csv_delimiter(c) == ',' && regular(c, ',') > 0);
        c->sure = c->from_model = true;
        c->decimal = commas ? '.' : known;
    }
    if (c->delimiter == '\0') c->delimiter = hgi_csv_delimiter(c);
}

/* Lines that end in CR alone would be one line. */
static hg_status check_line_ends(const hgi_csv *c)
{
    const char *p = c->buf + c->pos, *cr = memchr(p, '\r', c->len - c->pos);
    bool old = cr != NULL && memchr(p, '\n', c->len - c->pos) == NULL &&
               cr + 1 < c->buf + c->len;
    if (!old) return HG_OK;
    return hgi_fail(
        c->ctx, HG_EFORMAT,
        "%s: lines end in CR alone, expected LF or CRLF; convert it: tr '\\r' "
        "'\\n'",
        c->path);
}

/* "sep=;" is how spreadsheets say the delimiter, in a line of its own. */
static void take_sep_line(hgi_csv *c)
{
    const char *p = c->buf + c->pos, *to = c->buf + c->len;
    if (to - p < 6 || strncasecmp(p, "sep=", 4) != 0 || strchr(";,\t|:", p[4]) == NULL)
        return;
    const char *end = p + 5 + (p[5] == '\r');
    if (end >= to || *end != '\n') return;
    c->sep = p[4];
    c->pos += (size_t)(end + 1 - p);
    c->line++;
}

/* The first buffer tells what kind of text this is. */
hg_status hgi_csv_start(hgi_csv *c, const hg_data_options *o)
{
    c->line = 1;
    c->keep = SIZE_MAX;
    hg_status status = hgi_csv_refill(c);
    const unsigned char *p = (const unsigned char *)c->buf;
    bool mark =
        c->len >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff));
    if (mark)
        return hgi_fail(c->ctx, HG_EFORMAT,
                        "%s: UTF-16 text, expected UTF-8; convert it: iconv -f UTF-16 -t "
                        "UTF-8",
                        c->path);
    HGI_TRY(status);
    if (c->len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) c->pos = 3;
    HGI_TRY(check_line_ends(c));
    take_sep_line(c);
    hgi_csv_take_signs(c, o, o->schema != NULL ? o->schema->decimal : '\0');
    return HG_OK;
}

/* ---- fields -------------------------------------------------------------------------- */

static bool is_blank(char ch, char delimiter)
{
    return (ch == ' ' || ch == '\t') && ch != delimiter;
}

const char *hgi_csv_split(char delimiter, const char *p, const char *to, hgi_csv_field *f)
{
    f->quoted = p < to && *p == '"';
    if (f->quoted) {
        f->from = ++p;
        for (; p < to; p++) {
            if (*p != '"') continue;
            if (p + 1 == to || p[1] != '"') break;
            p++;
        }
        f->to = p;
        if (p < to) p++;
        while (p < to && is_blank(*p, delimiter)) p++;
        return p == to || *p == delimiter ? p : NULL;
    }
    const char *end = p;
    while (end < to && *end != delimiter) end++; /* fields are short */
    f->from = p;
    f->to = end;
    while (f->from < f->to && is_blank(*f->from, delimiter)) f->from++;
    while (f->to > f->from && is_blank(f->to[-1], delimiter)) f->to--;
    return end;
}

/* NaN is a number here: whoever wrote it meant a value, and the message can say which. */
hgi_csv_kind hgi_csv_classify(const hgi_csv_field *f, char point, double *number)
{
    static const char *const missing[] = {"NA", "N/A", "#N/A", "null", "none", "?", "-"};
    size_t n = (size_t)(f->to - f->from);
    *number = 0.0;
    if (n == 0) return HGI_CSV_MISSING;
    for (int i = 0; i < HGI_COUNT(missing); i++) {
        if (strlen(missing[i]) == n && strncasecmp(f->from, missing[i], n) == 0) {
            return HGI_CSV_MISSING;
        }
    }
    return hgi_parse_double(f->from, n, point, number) ? HGI_CSV_NUMBER : HGI_CSV_TEXT;
}

/* ---- numbers ------------------------------------------------------------------------- */

/* 10^27 is the largest power of ten that 64 bits of mantissa hold.                     */
#define EXACT_POWERS 28
#define EXACT_DOUBLE_POWER 22
#define EXACT_DOUBLE (UINT64_C(1) << 53)

static const long double powers[EXACT_POWERS] = {
    1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
    1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
    1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L};
static const double powers_d[EXACT_DOUBLE_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* w * 10^e.  Up to 2^53 and 10^22 both are exact doubles and one operation rounds once
 * (Clinger 1990).  Files written with 17 or 19 digits exceed that; where long double has
 * 64 bits the same holds there, and rounding on to double is right unless the 11 bits that
 * go are exactly a half: then the first rounding may have hidden which side it was.    */
static bool scale_exact(uint64_t w, int e, double *out)
{
    if (w <= EXACT_DOUBLE && e >= -EXACT_DOUBLE_POWER && e <= EXACT_DOUBLE_POWER) {
        *out = e < 0 ? (double)w / powers_d[-e] : (double)w * powers_d[e];
        return true;
    }
#if LDBL_MANT_DIG == 64
    if (e <= -EXACT_POWERS || e >= EXACT_POWERS) return false;
    long double q = e < 0 ? (long double)w / powers[-e] : (long double)w * powers[e];
    uint64_t mantissa;
    memcpy(&mantissa, &q, sizeof mantissa);
    *out = (double)q;
    return (mantissa & 0x7ff) != 0x400;
#else
    (void)powers;
    return false;
#endif
}

const char *hgi_csv_number(const char *p, char point, double *out)
{
    bool negative = *p == '-';
    if (negative) p++;
    const char *start = p;
    uint64_t w = 0;
    unsigned digit;
    while ((digit = (unsigned)(unsigned char)*p - '0') < 10) {
        w = 10 * w + digit;
        p++;
    }
    int64_t digits = p - start, fraction = 0;
    if (*p == point) {
        start = ++p;
        while ((digit = (unsigned)(unsigned char)*p - '0') < 10) {
            w = 10 * w + digit;
            p++;
        }
        fraction = p - start;
        digits += fraction;
    }
    if (digits == 0 || digits > 19) return NULL; /* 10^19 - 1 fits 64 bits */
    int e = -(int)fraction;
    if (*p == 'e' || *p == 'E') {
        p++;
        bool minus = *p == '-';
        if (minus || *p == '+') p++;
        int power = 0;
        start = p;
        while ((digit = (unsigned)(unsigned char)*p - '0') < 10 && p - start < 4) {
            power = 10 * power + (int)digit;
            p++;
        }
        if (p == start) return NULL;
        e += minus ? -power : power;
    }
    if (!scale_exact(w, e, out)) return NULL;
    if (negative) *out = -*out;
    return p;
}
