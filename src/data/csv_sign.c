// SPDX-License-Identifier: MIT
/* Decimal signs and groups of digits: "1.234,5" here is "1,234.5" there, and "1,234" may
 * be either.
 *
 * A sign is known when the caller says it, when a model's schema has it, or when the
 * columns are separated by commas.  Otherwise it is taken to be a point, and the first
 * records are searched for numbers that only one of the two signs can make: if all of them
 * have the point, digits may be grouped by commas.  Where nothing tells, a text like
 * "1,234" is not read at all: see csv_table.c and csv_decide.c.                        */
#include "data/csv.h"

#include <math.h>
#include <string.h>

/* Records that are looked at; no more text than the smallest buffer holds, so that threads
 * do not decide.                                                                       */
enum { LOOK_RECORDS = 1000, LOOK_BYTES = 192 * 1024, TIDY = 64 };

/* What groups digits beside the other decimal sign: blanks of several widths, apostrophes.
 * None of these can be a decimal sign.                                                 */
static const char *const blanks[] = {" ", "\xc2\xa0",    "\xe2\x80\xaf", "\xe2\x80\x89",
                                     "'", "\xe2\x80\x99"};

static size_t group_at(const char *p, const char *to, const char *group)
{
    size_t n = strlen(group);
    return (size_t)(to - p) >= n && memcmp(p, group, n) == 0 ? n : 0;
}

/* "1,234,567.5" with the sign that groups digits by three; `tidy` gets "1234567.5".  No
 * number is written 0,123: that has a decimal comma.  *groups: how many signs.         */
static bool ungroup(const char *p, const char *to, const char *group, char point,
                    char *tidy, size_t *n, int64_t *groups)
{
    int64_t run = 0;
    *n = 0;
    *groups = 0;
    while (p < to && *p != point) {
        size_t sign = group_at(p, to, group);
        if (sign > 0) {
            if (run == 0 || run > 3 || (*groups > 0 && run != 3)) return false;
            if (*groups == 0 && tidy[*n - (size_t)run] == '0') return false;
            ++*groups;
            run = 0;
            p += sign;
            continue;
        }
        bool plus = (*p == '-' || *p == '+') && *n == 0;
        if ((*p < '0' && !plus) || *p > '9' || *n + 1 >= TIDY) return false;
        tidy[(*n)++] = *p++;
        run += !plus;
    }
    if (*groups == 0 || run != 3) return false;
    for (; p < to; p++) {
        if (*n + 1 >= TIDY) return false;
        tidy[(*n)++] = *p;
    }
    return true;
}

/* A number whose digits are grouped, clear by itself or because `groups` are allowed. */
static bool grouped_number(const char *p, const char *to, char point, bool groups,
                           double *v)
{
    char tidy[TIDY];
    size_t n;
    int64_t signs;
    if (to == p || (unsigned char)to[-1] > '9') return false;
    for (int i = 0; i < HGI_COUNT(blanks); i++)
        if (ungroup(p, to, blanks[i], point, tidy, &n, &signs))
            return hgi_parse_double(tidy, n, point, v);
    if (!ungroup(p, to, point == ',' ? "." : ",", point, tidy, &n, &signs) ||
        !hgi_parse_double(tidy, n, point, v))
        return false;
    /* "1,234.5" and "1,234,567" are clear by themselves. */
    return groups || signs > 1 || memchr(p, point, (size_t)(to - p)) != NULL;
}

bool hgi_csv_dressed(const hgi_csv_field *f, char point, bool groups, double *v)
{
    static const char *const money[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5"};
    const char *p = f->from, *to = f->to;
    bool negative = to - p > 2 && *p == '(' && to[-1] == ')';
    if (negative) p++, to--;
    for (int i = 0; i < HGI_COUNT(money); i++) {
        size_t n = strlen(money[i]);
        if ((size_t)(to - p) > n && memcmp(p, money[i], n) == 0)
            p += n;
        else if ((size_t)(to - p) > n && memcmp(to - n, money[i], n) == 0)
            to -= n;
        else
            continue;
        break;
    }
    if (to - p > 1 && to[-1] == '%') to--;
    while (p < to && *p == ' ') p++;
    while (to > p && to[-1] == ' ') to--;
    bool number = hgi_parse_double(p, (size_t)(to - p), point, v) ||
                  grouped_number(p, to, point, groups, v);
    /* Not "nan" and "inf", and nothing that was plain before. */
    if (!number || !isfinite(*v)) return false;
    if (negative) *v = -*v;
    return true;
}

bool hgi_csv_groups(const hgi_csv *c) { return c->sure || c->delimiter == ','; }

static bool reads(const hgi_csv_field *f, char point)
{
    double v;
    size_t n = (size_t)(f->to - f->from);
    return (hgi_parse_double(f->from, n, point, &v) && isfinite(v)) ||
           hgi_csv_dressed(f, point, true, &v);
}

hgi_csv_sign hgi_csv_sign_of(const hgi_csv_field *f, char point)
{
    size_t n = (size_t)(f->to - f->from);
    bool has =
        n > 0 && (memchr(f->from, '.', n) != NULL || memchr(f->from, ',', n) != NULL);
    if (!has) return HGI_CSV_NEITHER;
    bool own = reads(f, point), other = reads(f, point == ',' ? '.' : ',');
    return own && other ? HGI_CSV_EITHER
           : own        ? HGI_CSV_OWN
           : other      ? HGI_CSV_OTHER
                        : HGI_CSV_NEITHER;
}

/* ---- evidence ------------------------------------------------------------------------ */

static void weigh_record(const hgi_csv_rows *r, const hgi_csv_record *rec,
                         int64_t count[4])
{
    const char *p = rec->from;
    for (int64_t i = 0; i < r->t.count; i++) {
        hgi_csv_field f;
        const char *q = hgi_csv_split(r->c.delimiter, p, rec->to, &f);
        if (q == NULL) return;
        const hgi_csv_column *c = &r->t.column[i];
        if (c->dest >= 0 && c->kind == HGI_NUMERIC)
            count[hgi_csv_sign_of(&f, r->c.decimal)]++;
        if (q == rec->to) return;
        p = q + 1;
    }
}

void hgi_csv_weigh_signs(hgi_csv_rows *r)
{
    hgi_csv *c = &r->c;
    hgi_csv view = *c;
    hgi_csv_record rec;
    int64_t count[4] = {0};
    const bool commas = c->delimiter == ',';
    if (c->sure && !c->from_model) return;
    if (commas && (r->t.like == NULL || r->t.like->decimal != ',')) return;
    size_t from = view.pos;
    for (int i = 0; i < LOOK_RECORDS && view.pos - from < LOOK_BYTES; i++) {
        if (hgi_csv_find(&view, &rec) != HGI_CSV_WHOLE || rec.from == NULL) break;
        weigh_record(r, &rec, count);
    }
    bool own = count[HGI_CSV_OWN] > 0, other = count[HGI_CSV_OTHER] > 0;
    /* Commas between columns, and in numbers that stand in quotes, as the model's have. */
    if (commas) c->decimal = other && !own ? ',' : c->decimal;
    /* A file from elsewhere than the model's: all of its numbers have a point. */
    else if (c->from_model && c->decimal == ',' && other && !own)
        c->decimal = '.';
    else if (other)
        c->sure = c->from_model && c->decimal == ',';
    else
        c->sure = c->sure || own;
}
