// SPDX-License-Identifier: MIT
/* Numbers to text and back, whatever the locale says about decimal points.
 *
 * Reading: up to 19 digits fit a 64-bit whole number; when that is below 2^53 and the power
 * of ten is at most 22, both are exact doubles and one multiplication or division is the
 * correctly rounded answer (Clinger, "How to read floating point numbers accurately",
 * PLDI 1990).  With up to 19 digits and a power of ten up to 19, a product or quotient in
 * 128-bit whole numbers is exact but for a remainder, and is rounded once: that covers the
 * 17 digits that other programs write.  Everything else goes to strtod() as digits and
 * exponent alone: without a decimal point there is nothing that a locale could change.
 *
 * Writing: the fewest digits that read back as the same number.                        */
#include "base/base.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXACT_POWER 22
#define EXACT_MANTISSA (UINT64_C(1) << 53)
#define WORD_DIGITS 19 /* 10^19 - 1 fits 64 bits */
/* No double and no midpoint of two needs more than 767 significant digits to be told from
 * its neighbours; what follows matters only in being zero or not.                      */
#define LONG_DIGITS 800
#define LARGEST_EXPONENT 100000

static const double powers[EXACT_POWER + 1] = {
    1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* value = mantissa * 10^exponent, unless more than WORD_DIGITS digits: then the text from
 * `digits` to `end` has them all.                                                      */
struct decimal {
    uint64_t mantissa;
    int64_t exponent;
    int64_t count;            /* significant digits */
    const char *digits, *end; /* from the first significant digit; may hold a point */
    int64_t long_exponent;    /* of the last digit in the text */
    bool negative;
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* One run of digits on either side of the point.                                       */
static const char *take_digits(struct decimal *d, const char *s, const char *end,
                               bool fraction)
{
    for (; s < end && is_digit(*s); s++) {
        if (fraction) d->long_exponent--;
        if (d->count == 0 && *s == '0') continue;
        if (d->count == 0) d->digits = s;
        if (d->count++ < WORD_DIGITS)
            d->mantissa = d->mantissa * 10 + (uint64_t)(*s - '0');
    }
    return s;
}

/* [+-]digits; false when there are none.  Far too large ones stay far too large.       */
static bool take_exponent(const char **s, const char *end, int64_t *out)
{
    bool negative = *s < end && **s == '-';
    if (*s < end && (**s == '-' || **s == '+')) ++*s;
    if (*s == end || !is_digit(**s)) return false;
    int64_t value = 0;
    for (; *s < end && is_digit(**s); ++*s)
        value = hgi_min(value * 10 + (**s - '0'), INT64_MAX / 100);
    *out = negative ? -value : value;
    return true;
}

static bool split(const char *s, size_t n, char point, struct decimal *d)
{
    *d = (struct decimal){0};
    const char *end = s + n;
    if (s < end && (*s == '-' || *s == '+')) d->negative = *s++ == '-';
    const char *whole = s;
    s = take_digits(d, s, end, false);
    int64_t digits = s - whole;
    if (s < end && *s == point) {
        const char *fraction = ++s;
        s = take_digits(d, s, end, true);
        digits += s - fraction;
    }
    d->end = s;
    if (digits == 0) return false;
    int64_t exponent = 0;
    if (s < end && (*s == 'e' || *s == 'E')) {
        s++;
        if (!take_exponent(&s, end, &exponent)) return false;
    }
    d->long_exponent += exponent;
    d->exponent = d->long_exponent + hgi_max(d->count - WORD_DIGITS, 0);
    return s == end;
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/* 10^0 .. 10^19, the largest that fits 64 bits.                                        */
static uint64_t whole_power(int64_t n)
{
    uint64_t power = 1;
    for (; n > 0; n--) power *= 10;
    return power;
}

/* mantissa * 10^exponent for mantissa > 0 and |exponent| <= WORD_DIGITS.  A conversion of a
 * wide number to double rounds to nearest, ties to even.                               */
static double convert_wide(uint64_t mantissa, int64_t exponent)
{
    if (exponent >= 0) return (double)((wide)mantissa * whole_power(exponent));
    /* Shifted so far that the quotient has 63 bits or more, ten more than a double keeps:
     * a remainder can then be told by setting the last of them.                        */
    int shift = __builtin_clzll(mantissa);
    wide shifted = (wide)(mantissa << shift) << 64;
    uint64_t power = whole_power(-exponent);
    wide quotient = shifted / power;
    if (shifted % power != 0) quotient |= 1;
    return ldexp((double)quotient, -64 - shift);
}
#endif

/* By the C library: digits, "e" and exponent in a text of bounded length.              */
static double convert_slowly(const struct decimal *d)
{
    char text[LONG_DIGITS + 32];
    int64_t kept = 0;
    bool more = false;
    for (const char *s = d->digits; s < d->end; s++) {
        if (!is_digit(*s)) continue;
        if (kept < LONG_DIGITS) {
            text[kept++] = *s;
        } else if (*s != '0') {
            more = true;
        }
    }
    if (more) text[LONG_DIGITS - 1] = '1';
    int64_t exponent = d->long_exponent + (d->count - kept);
    exponent = hgi_max(hgi_min(exponent, LARGEST_EXPONENT), -LARGEST_EXPONENT);
    snprintf(text + kept, sizeof text - (size_t)kept, "e%d", (int)exponent);
    return strtod(text, NULL);
}

/* nan, inf, infinity, in any case and with a sign.                                     */
static bool parse_word(const char *s, size_t n, double *out)
{
    bool negative = n > 0 && s[0] == '-';
    if (n > 0 && (s[0] == '-' || s[0] == '+')) s++, n--;
    if (n == 3 && strncasecmp(s, "nan", 3) == 0) {
        *out = (double)NAN;
    } else if ((n == 3 && strncasecmp(s, "inf", 3) == 0) ||
               (n == 8 && strncasecmp(s, "infinity", 8) == 0)) {
        *out = (double)INFINITY;
    } else {
        return false;
    }
    if (negative) *out = -*out;
    return true;
}

bool hgi_parse_double(const char *s, size_t n, char point, double *out)
{
    struct decimal d;
    if (!split(s, n, point, &d)) return parse_word(s, n, out);
    double value;
    if (d.mantissa == 0) {
        value = 0;
    } else if (d.count <= WORD_DIGITS && d.mantissa <= EXACT_MANTISSA &&
               d.exponent >= -EXACT_POWER && d.exponent <= EXACT_POWER) {
        value = (double)d.mantissa;
        value = d.exponent < 0 ? value / powers[-d.exponent] : value * powers[d.exponent];
#ifdef __SIZEOF_INT128__
    } else if (d.count <= WORD_DIGITS && d.exponent >= -WORD_DIGITS &&
               d.exponent <= WORD_DIGITS) {
        value = convert_wide(d.mantissa, d.exponent);
#endif
    } else {
        value = convert_slowly(&d);
    }
    *out = d.negative ? -value : value;
    return true;
}

bool hgi_parse_int(const char *s, size_t n, int64_t *out)
{
    const char *end = s + n;
    bool negative = n > 0 && *s == '-';
    if (n > 0 && (*s == '-' || *s == '+')) s++;
    if (s == end) return false;
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0), value = 0;
    for (; s < end; s++) {
        if (!is_digit(*s)) return false;
        uint64_t digit = (uint64_t)(*s - '0');
        if (value > (limit - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* ---- writing ---------------------------------------------------------------------- */

/* Write digits d1 d2 d3.. (a whole number without trailing zeros) times 10^exponent, as
 * plain decimals where that is short and else as 1.5e-7; plain numbers are valid JSON. */
static int print_decimal(char *out, bool negative, uint64_t number, int exponent)
{
    char digits[24];
    while (number != 0 && number % 10 == 0) number /= 10, exponent++;
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    int lead = exponent + count - 1; /* power of ten of the first digit */
    char *p = out;
    if (negative) *p++ = '-';
    if (lead < -4 || lead > 16) {
        *p++ = digits[0];
        if (count > 1) *p++ = '.';
        memcpy(p, digits + 1, (size_t)(count - 1));
        p += count - 1;
        p += snprintf(p, 8, "e%d", lead);
    } else if (lead < 0) {
        memcpy(p, "0.0000", (size_t)(1 - lead));
        p += 1 - lead;
        memcpy(p, digits, (size_t)count);
        p += count;
    } else {
        for (int i = 0; i < count || i <= lead; i++) {
            if (i == lead + 1) *p++ = '.';
            *p++ = i < count ? digits[i] : '0';
        }
    }
    *p = '\0';
    return (int)(p - out);
}

/* nan, inf and zero have no digits to look for.                                        */
static int print_special(char *out, double x)
{
    const char *word = isnan(x) ? "nan" : isinf(x) ? "inf" : "0";
    return snprintf(out, HGI_NUMBER_MAX, "%s%s", signbit(x) && !isnan(x) ? "-" : "",
                    word);
}

static bool is_special(double x) { return x == 0 || !isfinite(x); }

/* x > 0 rounded to `count` digits: *number times 10^*exponent.  printf rounds correctly;
 * its decimal point, which may be of several bytes, is skipped.                        */
static void round_digits(double x, int count, uint64_t *number, int *exponent)
{
    char text[64];
    snprintf(text, sizeof text, "%.*e", count - 1, x);
    const char *s = text;
    for (*number = 0; *s != 'e'; s++)
        if (is_digit(*s)) *number = *number * 10 + (uint64_t)(*s - '0');
    *exponent = atoi(s + 1) - (count - 1);
}

static bool is_exact(uint64_t number, int exponent)
{
    return number <= EXACT_MANTISSA && exponent >= -EXACT_POWER &&
           exponent <= EXACT_POWER;
}

/* number * 10^exponent, correctly rounded.                                             */
static double join(uint64_t number, int exponent)
{
    if (is_exact(number, exponent)) {
        double value = (double)number;
        return exponent < 0 ? value / powers[-exponent] : value * powers[exponent];
    }
    char text[48];
    snprintf(text, sizeof text, "%llue%d", (unsigned long long)number, exponent);
    return strtod(text, NULL);
}

int hgi_format_double(char out[HGI_NUMBER_MAX], double x)
{
    if (is_special(x)) return print_special(out, x);
    double size = fabs(x);
    uint64_t number;
    int exponent;
    /* A normal double keeps any 15 digits, so fewer need not be tried: they come out of
     * 15 as trailing zeros.  A subnormal one has less to keep.                         */
    int count = size < 0x1p-1022 ? 1 : 15;
    for (;; count++) {
        round_digits(size, count, &number, &exponent);
        if (count == 17 || join(number, exponent) == size) break;
    }
    return print_decimal(out, x < 0, number, exponent);
}

/* Does number * 10^exponent read back as x?  Readers differ: some round the text straight
 * to float, some (ours, NumPy's) by way of double.  Both give x when the double is no
 * midpoint of two floats, or when it is exactly the text.                              */
static bool reads_back(float x, uint64_t number, int exponent)
{
    double value = join(number, exponent);
    if ((float)value != x) return false;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x1fffffff) != 0x10000000) return true;
    if (!is_exact(number, exponent)) return false;
    return exponent < 0 ? fma(value, powers[-exponent], -(double)number) == 0
                        : fma((double)number, powers[exponent], -value) == 0;
}

/* round_digits() for a float, without printf where a double multiplication is near enough:
 * its error, 1e-16 of x, can only choose the other neighbour when x lies halfway between
 * two decimals of `count` <= 9 digits, and then either will do.                        */
static void round_float(double x, int lead, int count, uint64_t *number, int *exponent)
{
    int shift = count - 1 - lead;
    if (shift < -EXACT_POWER || shift > EXACT_POWER) {
        round_digits(x, count, number, exponent);
        return;
    }
    double scaled = shift < 0 ? x / powers[-shift] : x * powers[shift];
    *number = (uint64_t)(scaled + 0.5);
    *exponent = -shift;
}

int hgi_format_float(char out[HGI_NUMBER_MAX], float x)
{
    double size = fabs((double)x);
    if (is_special(size)) return print_special(out, (double)x);
    int lead = (int)floor(log10(size)); /* power of ten of the first digit */
    uint64_t number;
    int exponent;
    int count = size < 0x1p-126 ? 1 : 6; /* as above: 6 digits always survive */
    for (;; count++) {
        round_float(size, lead, count, &number, &exponent);
        if (count == 9 || reads_back((float)size, number, exponent)) break;
    }
    return print_decimal(out, x < 0, number, exponent);
}
