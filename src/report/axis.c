// SPDX-License-Identifier: MIT
/* Ticks at 1, 2 or 5 times a power of ten (Heckbert, "Nice numbers for graph labels",
 * Graphics Gems, 1990), as whole multiples k of 10^e: the text of a tick is k with the
 * point moved, so no rounding of a binary fraction ever shows. */
#include "report/axis.h"

#include <math.h>
#include <string.h>

#define MINUS "\xE2\x88\x92" /* U+2212 */
#define TIMES "\xC3\x97"     /* U+00D7 */
#define THIN "\xE2\x80\x89"  /* U+2009 */

/* Beyond these the arithmetic of ranges would overflow or lose its digits. */
static const double far_out = 1e300, near_zero = 1e-290;

bool hgi_axis_takes(bool log, double v)
{
    if (!(fabs(v) <= far_out)) return false;
    return !log || v >= near_zero;
}

/* A constant has no decades: it gets a third of one, so that it stands in the middle. */
static void log_range(hgi_axis *a, double lo, double hi, double pad)
{
    double from = log10(lo), to = log10(hi);
    if (to - from < 0.02) from -= 0.15, to += 0.15;
    double room = pad * (to - from);
    a->lo = pow(10, fmax(from - room, -300));
    a->hi = pow(10, fmin(to + room, 305));
}

void hgi_axis_range(hgi_axis *a, bool log, double lo, double hi, double pad)
{
    memset(a, 0, sizeof *a);
    a->log = log;
    if (log) {
        log_range(a, lo, hi, pad);
        return;
    }
    double large = fmax(fabs(lo), fabs(hi));
    if (hi - lo <= 1e-11 * large || hi - lo < near_zero) {
        double room = large < near_zero ? 0.5 : 0.1 * large;
        a->lo = lo - room;
        a->hi = hi + room;
        return;
    }
    double room = pad * (hi - lo);
    /* Zero belongs on an axis when the data come near it; else it would waste the
     * room. */
    a->lo = lo >= 0 && lo < 0.25 * hi ? 0 : lo - room;
    a->hi = hi <= 0 && hi > 0.25 * lo ? 0 : hi + room;
}

double hgi_axis_place(const hgi_axis *a, double v)
{
    double t = a->log ? (log10(fmax(v, near_zero)) - log10(a->lo)) /
                            (log10(a->hi) - log10(a->lo))
                      : (v - a->lo) / (a->hi - a->lo);
    /* Far values would overflow the canvas's fixed-point coordinates. */
    return t < -1 ? -1 : t > 2 ? 2 : t;
}

/* ---- texts ------------------------------------------------------------------- */

/* k * 10^e as plain decimals, whole parts of five digits and more in groups of three;
 * |e| is small here. */
static void write_decimal(char out[48], int64_t k, int e)
{
    char digits[48];
    uint64_t size = k < 0 ? (uint64_t)-k : (uint64_t)k;
    int places = e < 0 ? -e : 0, at = 0;
    int n = snprintf(digits, 24, "%0*llu", places + 1, (unsigned long long)size);
    for (int i = 0; i < e && k != 0 && n < 40; i++) digits[n++] = '0';
    int whole = n - places;
    if (k < 0) at += snprintf(out, 48, MINUS);
    for (int i = 0; i < n && at < 40; i++) {
        if (i == whole) out[at++] = '.';
        out[at++] = digits[i];
        int left = whole - 1 - i; /* digits before the point still to come */
        if (whole >= 5 && left > 0 && left % 3 == 0) at += snprintf(out + at, 4, THIN);
    }
    out[at] = 0;
}

static void write_raised(char out[16], int e)
{
    snprintf(out, 16, "%s%d", e < 0 ? MINUS : "", e < 0 ? -e : e);
}

/* m * 10^e for a logarithmic axis: "0.02" while short, else "2×10" and "−7". */
static void write_power(hgi_tick *t, int m, int e, bool plain)
{
    if (plain) {
        write_decimal(t->text, m, e);
        return;
    }
    if (m == 1)
        snprintf(t->text, sizeof t->text, "10");
    else
        snprintf(t->text, sizeof t->text, "%d" TIMES "10", m);
    write_raised(t->raised, e);
}

/* ---- ticks ------------------------------------------------------------------- */

static hgi_tick *add(hgi_axis *a, double at)
{
    if (a->count == HGI_TICKS_MAX) return NULL;
    hgi_tick *t = &a->ticks[a->count++];
    memset(t, 0, sizeof *t);
    t->at = at;
    return t;
}

/* k * 10^e, exact where the double is: a division for negative e. */
static double value_of(int64_t k, int e)
{
    if (e >= 0) return (double)k * pow(10, e);
    if (e >= -290) return (double)k / pow(10, -e);
    return (double)k / pow(10, 290) / pow(10, -e - 290);
}

/* A common factor 10^(3j) where plain texts would be long. */
static int common_power(double large, int e)
{
    int m = (int)floor(log10(large) + 1e-9);
    /* Up to 999,999 and down to 0.0001 people read plain numbers faster. */
    if (m < 6 && e >= -4) return 0;
    return 3 * (int)floor(m / 3.0);
}

static void linear_ticks(hgi_axis *a, int about, bool whole)
{
    double raw = (a->hi - a->lo) / about;
    int e = (int)floor(log10(raw));
    double f = raw / value_of(1, e);
    int64_t m = f < 1.414 ? 1 : f < 3.162 ? 2 : f < 7.071 ? 5 : 10; /* nearest ratio */
    /* 10 is the next power's 1, which has the shorter text. */
    if (m == 10) m = 1, e++;
    /* There is no epoch 2.5. */
    if (whole && e < 0) m = 1, e = 0;
    double step = value_of(m, e);
    /* The tolerance keeps a tick that lies on an end, but for rounding. */
    int64_t from = (int64_t)ceil(a->lo / step - 1e-6);
    int64_t to = (int64_t)floor(a->hi / step + 1e-6);
    int power = common_power(fmax(fabs(a->lo), fabs(a->hi)), e);
    for (int64_t i = from; i <= to; i++) {
        hgi_tick *t = add(a, value_of(i * m, e));
        if (t) write_decimal(t->text, i * m, e - power);
    }
    if (power == 0) return;
    snprintf(a->power.text, sizeof a->power.text, TIMES "10");
    write_raised(a->power.raised, power);
}

/* Decades are named, and 2 and 5 with them while the decades are few.  Within one decade
 * the curve of a logarithm is slight, and evenly spaced numbers read best. */
static void log_ticks(hgi_axis *a, int about)
{
    int from = (int)floor(log10(a->lo)), to = (int)floor(log10(a->hi));
    double decades = log10(a->hi / a->lo);
    if (decades < 1.05) {
        linear_ticks(a, about, false);
        return;
    }
    int stride = (int)hgi_ceil_div(to - from + 1, hgi_max(about, 2));
    const char *named = 3 * decades <= about ? "125" : "1";
    bool plain = from >= -4 && to <= 4;
    for (int d = from; d <= to; d++)
        for (int m = 1; m <= (stride == 1 ? 9 : 1); m++) {
            double v = value_of(m, d);
            if (stride > 8 && d % stride != 0) continue;
            if (v < a->lo * (1 - 1e-9) || v > a->hi * (1 + 1e-9)) continue;
            hgi_tick *t = add(a, v);
            if (t && strchr(named, '0' + m) && d % stride == 0)
                write_power(t, m, d, plain);
        }
}

void hgi_axis_ticks_at(hgi_axis *a, int64_t n, const double *at)
{
    a->count = 0;
    memset(&a->power, 0, sizeof a->power);
    for (int64_t i = 0; i < n; i++) {
        hgi_tick *t = add(a, at[i]);
        if (t != NULL) hgi_format_float(t->text, (float)at[i]);
    }
}

void hgi_axis_ticks(hgi_axis *a, int about, bool whole)
{
    a->count = 0;
    memset(&a->power, 0, sizeof a->power);
    if (a->log)
        log_ticks(a, about);
    else
        linear_ticks(a, about < 1 ? 1 : about, whole);
}
