// SPDX-License-Identifier: MIT
/* Dates and times of texts, to seconds since 1970 and back.
 *
 *     2024-03-01            2024-03-01T10:00:00Z      2024-03-01 10:00:00.250 +01:00
 *     01.03.2024 10:00      3/1/2024 10:00 PM         1 Mar 2024      Mar 1, 2024
 *
 * Days are counted by the proleptic Gregorian calendar.  Source of day numbers: Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms" (2013).                                */
#include "data/schema.h"

#include <math.h>
#include <string.h>
#include <strings.h>

typedef struct text {
    const char *p, *to;
} date_text;

static int64_t days_of(int64_t y, int64_t m, int64_t d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t day = of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    return era * 146097 + day - 719468;
}

static void date_of(int64_t days, int64_t *y, int64_t *m, int64_t *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097,
            of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    *d = of_year - (153 * month + 2) / 5 + 1;
    *m = month + (month < 10 ? 3 : -9);
    *y = year + era * 400 + (*m <= 2);
}

static bool is_date(int64_t y, int64_t m, int64_t d)
{
    static const int8_t days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1 || d > days[m - 1]) return false;
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return m != 2 || d < 29 || leap;
}

double hgi_date_months(double day, bool years)
{
    int64_t y, m, d, days = (int64_t)day;
    date_of(days, &y, &m, &d);
    if (years) {
        int64_t from = days_of(y, 1, 1), to = days_of(y + 1, 1, 1);
        return (double)(y - 1970) + (double)(days - from) / (double)(to - from);
    }
    int64_t from = days - d + 1,
            to = m < 12 ? days_of(y, m + 1, 1) : days_of(y + 1, 1, 1);
    return (double)(12 * (y - 1970) + m - 1) + (double)(d - 1) / (double)(to - from);
}

/* ---- parts --------------------------------------------------------------------------- */

static bool take(date_text *t, char ch)
{
    if (t->p == t->to || *t->p != ch) return false;
    t->p++;
    return true;
}

/* Digits, at most `most` of them; how many there were, 0: none. */
static int take_number(date_text *t, int most, int64_t *out)
{
    int n = 0;
    *out = 0;
    while (n < most && t->p < t->to && *t->p >= '0' && *t->p <= '9') {
        *out = 10 * *out + (*t->p++ - '0');
        n++;
    }
    return n;
}

static void skip_blanks(date_text *t)
{
    while (t->p < t->to && *t->p == ' ') t->p++;
}

/* "Mar", "March", "march.": 1 to 12, or 0. */
static int64_t take_month(date_text *t)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};
    size_t n = 0, left = (size_t)(t->to - t->p);
    while (n < left && ((t->p[n] | 32) >= 'a' && (t->p[n] | 32) <= 'z')) n++;
    for (int i = 0; i < 12 && n >= 3; i++) {
        size_t whole = strlen(names[i]);
        if ((n != 3 && n != whole) || strncasecmp(t->p, names[i], n) != 0) continue;
        t->p += n;
        (void)take(t, '.');
        return i + 1;
    }
    return 0;
}

/* Two digits of a year are of this century up to 68, as POSIX has it. */
static int64_t whole_year(int64_t y, int digits)
{
    if (digits == 4) return y;
    return digits == 2 ? y + (y <= 68 ? 2000 : 1900) : -1;
}

/* ---- the day ------------------------------------------------------------------------- */

/* Numbers with the same sign between them: what can they be? */
static bool numbers_day(date_text *t, hgi_date_form as, int64_t *days,
                        hgi_date_form *form)
{
    int64_t v[3];
    int n[3];
    n[0] = take_number(t, 4, &v[0]);
    if (n[0] == 0 || n[0] == 3 || t->p == t->to) return false;
    char sign = *t->p;
    if (sign != '-' && sign != '/' && sign != '.') return false;
    t->p++;
    n[1] = take_number(t, 2, &v[1]);
    if (n[1] == 0 || !take(t, sign)) return false;
    n[2] = take_number(t, 4, &v[2]);
    if (n[0] == 4) {
        *form = HGI_DATE_YMD;
        if (n[2] == 0 || n[2] > 2 || !is_date(v[0], v[1], v[2])) return false;
        *days = days_of(v[0], v[1], v[2]);
        return true;
    }
    int64_t y = whole_year(v[2], n[2]);
    bool dmy = is_date(y, v[1], v[0]), mdy = sign != '.' && is_date(y, v[0], v[1]);
    if (!dmy && !mdy) return false;
    *form = dmy && mdy ? HGI_DATE_EITHER : dmy ? HGI_DATE_DMY : HGI_DATE_MDY;
    if (*form == HGI_DATE_EITHER && as == HGI_DATE_MDY) dmy = false;
    *days = dmy ? days_of(y, v[1], v[0]) : days_of(y, v[0], v[1]);
    return true;
}

/* "1 Mar 2024", "01-MAR-24", "Mar 1, 2024". */
static bool words_day(date_text *t, int64_t *days, hgi_date_form *form)
{
    int64_t d = 0, y, m;
    *form = HGI_DATE_YMD;
    int digits = take_number(t, 2, &d);
    if (digits > 0 && !take(t, '-') && !take(t, ' ')) return false;
    m = take_month(t);
    if (m == 0 || (!take(t, '-') && !take(t, ' '))) return false;
    if (digits == 0) {
        if (take_number(t, 2, &d) == 0) return false;
        (void)take(t, ',');
        if (!take(t, ' ')) return false;
    }
    digits = take_number(t, 4, &y);
    y = whole_year(y, digits);
    if (!is_date(y, m, d)) return false;
    *days = days_of(y, m, d);
    return true;
}

/* ---- the time ------------------------------------------------------------------------ */

/* "10:00", "10:00:00.25", "10:00 PM"; in seconds of the day. */
static bool take_time(date_text *t, double *seconds)
{
    int64_t h, m = 0, s = 0;
    double part = 0, unit = 1;
    if (take_number(t, 2, &h) == 0 || !take(t, ':') || take_number(t, 2, &m) != 2)
        return false;
    if (take(t, ':')) {
        if (take_number(t, 2, &s) != 2) return false;
        if (take(t, '.') || take(t, ',')) {
            int64_t digit;
            if (t->p == t->to) return false;
            while (take_number(t, 1, &digit) > 0) part += (unit /= 10) * (double)digit;
        }
    }
    date_text rest = *t;
    skip_blanks(&rest);
    if (rest.to - rest.p >= 2 && (rest.p[1] | 32) == 'm' &&
        ((rest.p[0] | 32) == 'a' || (rest.p[0] | 32) == 'p')) {
        if (h < 1 || h > 12) return false;
        h = h % 12 + ((rest.p[0] | 32) == 'p' ? 12 : 0);
        t->p = rest.p + 2;
    }
    *seconds = (double)(3600 * h + 60 * m + s) + part;
    return h < 24 && m < 60 && s <= 60;
}

/* "Z", "UTC", "+01:00", "-0530", " +01": seconds to take off. */
static bool take_zone(date_text *t, double *seconds)
{
    int64_t h, m = 0;
    *seconds = 0;
    skip_blanks(t);
    if (t->p == t->to) return true;
    if (take(t, 'Z') || take(t, 'z')) return true;
    if (t->to - t->p == 3 &&
        (strncasecmp(t->p, "utc", 3) == 0 || strncasecmp(t->p, "gmt", 3) == 0)) {
        t->p += 3;
        return true;
    }
    bool minus = *t->p == '-';
    if (!take(t, '+') && !take(t, '-')) return false;
    if (take_number(t, 2, &h) != 2) return false;
    (void)take(t, ':');
    int n = take_number(t, 2, &m);
    if ((n != 0 && n != 2) || h > 14 || m > 59) return false;
    *seconds = (minus ? -60.0 : 60.0) * (double)(60 * h + m);
    return true;
}

bool hgi_date_parse(const char *s, size_t n, hgi_date_form as, double *seconds,
                    hgi_date_form *form, bool *timed)
{
    date_text t = {s, s + n};
    int64_t days;
    double time = 0, zone = 0;
    *timed = false;
    if (!numbers_day(&t, as, &days, form)) {
        t.p = s;
        if (!words_day(&t, &days, form)) return false;
    }
    if (t.p < t.to) {
        if (!take(&t, 'T') && !take(&t, 't') && !take(&t, ' ')) return false;
        skip_blanks(&t);
        if (!take_time(&t, &time) || !take_zone(&t, &zone) || t.p != t.to) return false;
        *timed = true;
    }
    *seconds = (double)days * HGI_DAY + time - zone;
    return true;
}

int hgi_date_print(char out[HGI_DATE_MAX], double seconds, bool timed)
{
    /* Rounded to what is shown; years that no date has are held to those that one has. */
    const double most = 253402300799.0, least = -62135596800.0;
    int64_t y, m, d;
    double whole = floor(seconds + 0.5);
    if (!(whole <= most)) whole = most;
    if (!(whole >= least)) whole = least;
    int64_t days = (int64_t)floor((timed ? whole : whole + HGI_DAY / 2) / HGI_DAY);
    int64_t rest = (int64_t)whole - days * (int64_t)HGI_DAY;
    date_of(days, &y, &m, &d);
    if (!timed)
        return snprintf(out, HGI_DATE_MAX, "%04d-%02d-%02d", (int)y, (int)m, (int)d);
    return snprintf(out, HGI_DATE_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", (int)y, (int)m,
                    (int)d, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
}
