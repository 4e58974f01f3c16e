// SPDX-License-Identifier: MIT
/* Which columns of a table are dates, and whether their day or their month comes first.
 *
 * 3/4/2024 is the third of April or the fourth of March, and one column is read one way.
 * The first records tell which columns are dates.  Where those have dates of both readings
 * and none that says which, as 25/3/2024 does, the whole file is searched for one, if its
 * path can be opened again.  What the file says decides; else the order that a model has;
 * else that in which the rows lie closer together, as of times (times.c); else the day
 * comes first.  A later cell of the other order is an error, because those before it have
 * been misread; in a stream it is missing.                                             */
#include "data/cells.h"

#include <math.h>
#include <string.h>

/* Records that are looked at for dates; no more text than the smallest buffer holds, so
 * that threads do not decide.                                                          */
enum { GUESS_RECORDS = 1000, GUESS_BYTES = 192 * 1024 };

/* Of a column. */
typedef struct seen {
    int64_t dates, others; /* in the first records                                      */
    int64_t line[HGI_DATE_EITHER + 1]; /* of the first of a form, where signs do not say */
    double low[2], high[2]; /* of those, the day first and the month first    */
    double first;
    char sign, text[16]; /* of the first of them: 03/04/2024                            */
    bool timed;
} dates_seen;

bool hgi_csv_date_number(const hgi_csv_column *c, size_t n, double v, double *out)
{
    hgi_date_form form;
    bool timed;
    double seconds;
    if (v < -1e13 || v > 1e13) return false;
    /* 20240301; seconds or milliseconds since 1970 */
    int64_t day = (int64_t)v;
    char text[16];
    if (n == 8 && day >= 19000101 && day <= 21001231) {
        snprintf(text, sizeof text, "%04d-%02d-%02d", (int)(day / 10000),
                 (int)(day / 100 % 100), (int)(day % 100));
        if (!hgi_date_parse(text, 10, c->form, &seconds, &form, &timed)) return false;
    } else if (c->sign != '\0' && fabs(v) < 1e8) {
        return false; /* 0 or 45123 among dates as texts is a slip, not of 1970 */
    } else {
        seconds = fabs(v) >= 1e11 ? v / 1000 : v;
    }
    *out = (seconds - c->origin) / HGI_DAY;
    return true;
}

/* ---- the order ----------------------------------------------------------------------- */

/* What stands between the numbers of a date whose year is not the first of them. */
static char sign_of(const hgi_csv_field *f, hgi_date_form form)
{
    const char *p = f->from;
    if (form == HGI_DATE_YMD) return 'Y';
    while (p < f->to && *p >= '0' && *p <= '9') p++;
    return p < f->to ? *p : '\0';
}

/* With points the day comes first, everywhere. */
static bool is_free(char sign) { return sign == '/' || sign == '-'; }

bool hgi_csv_other_order(const hgi_csv_column *c, const hgi_csv_field *f,
                         hgi_date_form form)
{
    const hgi_date_form other = c->form == HGI_DATE_MDY ? HGI_DATE_DMY : HGI_DATE_MDY;
    return form == other && is_free(sign_of(f, form));
}

hg_status hgi_csv_bad_order(const hgi_csv_table *t, int64_t line, int64_t column,
                            const hgi_csv_field *f)
{
    const hgi_csv_column *c = &t->column[column];
    const bool month = c->form == HGI_DATE_MDY;
    char shown[32], name[40], why[80] = "as the dates before it are read";
    hgi_shown(f->from, (size_t)(f->to - f->from), shown, sizeof shown);
    hgi_csv_show_column(t, column, name, sizeof name);
    if (c->form_line > 0)
        snprintf(why, sizeof why, "as in line %lld", (long long)c->form_line);
    else if (c->like != NULL)
        snprintf(why, sizeof why, "as in the rows that the model was trained on");
    return hgi_fail(
        t->c->ctx, HG_EFORMAT,
        "%s:%lld: column '%s' is '%s', whose %s comes first; expected the %s "
        "first, %s%s%s",
        t->c->path, (long long)line, name, shown, month ? "day" : "month",
        month ? "month" : "day", why,
        c->like == NULL ? "; to take the column for words, set categorical to " : "",
        c->like == NULL ? name : "");
}

/* A date whose sign leaves its order open; 3/3/2024 is the same in both. */
static void see_order(const hgi_csv_field *f, int64_t line, hgi_date_form form,
                      dates_seen *s)
{
    const size_t n = (size_t)(f->to - f->from);
    hgi_date_form unused;
    bool timed;
    double at[2];
    (void)hgi_date_parse(f->from, n, HGI_DATE_DMY, &at[0], &unused, &timed);
    (void)hgi_date_parse(f->from, n, HGI_DATE_MDY, &at[1], &unused, &timed);
    if (form == HGI_DATE_EITHER && !(at[0] < at[1] || at[1] < at[0])) return;
    const bool first = s->line[form] == 0;
    if (first) s->line[form] = line;
    if (form != HGI_DATE_EITHER) return;
    for (int k = 0; k < 2; k++) {
        s->low[k] = first ? at[k] : fmin(s->low[k], at[k]);
        s->high[k] = first ? at[k] : fmax(s->high[k], at[k]);
    }
    if (!first) return;
    size_t m = 0;
    while (m < n && m + 1 < sizeof s->text && f->from[m] != ' ' && f->from[m] != 'T') m++;
    memcpy(s->text, f->from, m);
}

/* Dates of both readings, and none that says which. */
static bool is_open(const dates_seen *s)
{
    return s->line[HGI_DATE_EITHER] > 0 && s->line[HGI_DATE_DMY] == 0 &&
           s->line[HGI_DATE_MDY] == 0;
}

/* ---- looking ------------------------------------------------------------------------- */

/* A cell of the first records. */
static void see(const hgi_csv_rows *r, const hgi_csv_column *c, int64_t line,
                hgi_csv_field *f, dates_seen *s)
{
    double v;
    hgi_date_form form;
    bool timed;
    hgi_csv_trim(f);
    hgi_csv_kind kind = hgi_csv_classify(f, r->c.decimal, &v);
    if (hgi_csv_is_gap(f, kind)) return;
    if (!hgi_date_parse(f->from, (size_t)(f->to - f->from), HGI_DATE_NONE, &v, &form,
                        &timed)) {
        hgi_csv_column as = *c;
        as.origin = 0;
        double days;
        bool number = kind == HGI_CSV_NUMBER && c->fixed && c->kind == HGI_DATE;
        s->others++;
        if (!number || !hgi_csv_date_number(&as, (size_t)(f->to - f->from), v, &days))
            return;
        if (s->dates == 0 && s->others == 1) s->first = days * HGI_DAY;
        s->timed = s->timed || fmod(days, 1) != 0;
        return;
    }
    const char sign = sign_of(f, form);
    if (s->dates++ == 0) s->first = v;
    if (s->sign == '\0' || is_free(sign)) s->sign = sign;
    s->timed = s->timed || timed;
    if (is_free(sign)) see_order(f, line, form, s);
}

static void see_record(const hgi_csv_rows *r, const hgi_csv_record *rec, dates_seen *s)
{
    const char *p = rec->from;
    for (int64_t i = 0; i < r->t.count; i++) {
        hgi_csv_field f;
        const char *q = hgi_csv_split(r->c.delimiter, p, rec->to, &f);
        if (q == NULL) return;
        const hgi_csv_column *c = &r->t.column[i];
        if (c->dest >= 0 && (!c->fixed || c->kind == HGI_DATE))
            see(r, c, rec->line, &f, &s[i]);
        if (q == rec->to) return;
        p = q + 1;
    }
}

/* Behind the first records only the order is open. */
static void see_more(hgi_csv_field *f, int64_t line, dates_seen *s)
{
    hgi_date_form form;
    bool timed;
    double v;
    hgi_csv_trim(f);
    if (hgi_date_parse(f->from, (size_t)(f->to - f->from), HGI_DATE_NONE, &v, &form,
                       &timed) &&
        is_free(sign_of(f, form)))
        see_order(f, line, form, s);
}

/* A slip among dates makes no words of them: it is missing, and counted. */
static bool is_date(const hgi_csv_column *c, const dates_seen *s)
{
    if (c->fixed) return c->kind == HGI_DATE;
    return s->dates > s->others;
}

static bool any_open(const hgi_csv_table *t, const dates_seen *s)
{
    for (int64_t i = 0; i < t->count; i++)
        if (is_open(&s[i]) && is_date(&t->column[i], &s[i])) return true;
    return false;
}

/* The rest of the file, until a date of each such column says its order. */
static hg_status see_rest(const hgi_csv_rows *r, const hg_data_options *o, dates_seen *s)
{
    hgi_csv_record rec;
    hg_data_options all = *o;
    hgi_cells c = {0};
    hg_status status;
    all.size = sizeof all; /* nobody else asks for it here */
    HGI_GOTO(hgi_cells_open(r->c.ctx, r->c.path, &all, "date", NULL, &c));
    while (any_open(&r->t, s)) {
        HGI_GOTO(hgi_csv_filled(&c.r, &c.r.c, &rec));
        const char *p = rec.from;
        if (p == NULL) break;
        for (int64_t i = 0; i < r->t.count; i++) {
            hgi_csv_field f;
            const char *q = hgi_csv_split(r->c.delimiter, p, rec.to, &f);
            if (q == NULL) break;
            if (is_open(&s[i])) see_more(&f, rec.line, &s[i]);
            if (q == rec.to) break;
            p = q + 1;
        }
    }
done:
    hgi_cells_close(&c);
    return status;
}

/* ---- deciding ------------------------------------------------------------------------ */

/* Nothing says the order: worth a word where no model has seen such dates. */
static void say_open(const hgi_csv_table *t, const hgi_csv_column *c, const dates_seen *s)
{
    const int k = c->form == HGI_DATE_MDY;
    char name[40], why[96] = "", read[HGI_DATE_MAX];
    hgi_date_form form;
    bool timed;
    double at;
    if (c->like != NULL && (c->like->sign == '\0' || c->like->sign == s->sign)) return;
    if (!hgi_date_parse(s->text, strlen(s->text), c->form, &at, &form, &timed)) return;
    read[hgi_date_print(read, at, false)] = '\0';
    hgi_csv_show_column(t, c - t->column, name, sizeof name);
    if (c->like != NULL)
        snprintf(why, sizeof why,
                 ", and the rows that the model was trained on have them otherwise");
    hgi_log(t->c->ctx, HG_LOG_WARNING,
            "%s:%lld: column '%s': no date says whether its day or its month comes "
            "first%s: '%s' is read as %s, the %s first",
            t->c->path, (long long)s->line[HGI_DATE_EITHER], name, why, s->text, read,
            k ? "month" : "day");
}

static void take_order(const hgi_csv_table *t, hgi_csv_column *c, const dates_seen *s)
{
    const int64_t day = s->line[HGI_DATE_DMY], month = s->line[HGI_DATE_MDY];
    const bool closer = s->high[1] - s->low[1] < s->high[0] - s->low[0];
    if (day > 0 || month > 0) {
        /* Of both the first: the other is an error in its turn. */
        bool days = month == 0 || (day > 0 && day < month);
        c->form = days ? HGI_DATE_DMY : HGI_DATE_MDY;
        c->form_line = days ? day : month;
    } else if (c->like == NULL) {
        c->form = is_open(s) && closer ? HGI_DATE_MDY : HGI_DATE_DMY;
    }
    if (is_open(s)) say_open(t, c, s);
}

static hg_status look(hgi_csv_rows *r, const hg_data_options *o, dates_seen *seen)
{
    hgi_csv view = r->c;
    hgi_csv_record rec;
    size_t from = view.pos;
    for (int i = 0; i < GUESS_RECORDS && view.pos - from < GUESS_BYTES; i++) {
        if (hgi_csv_find(&view, &rec) != HGI_CSV_WHOLE || rec.from == NULL) break;
        see_record(r, &rec, seen);
    }
    bool all = view.end && view.pos == view.len;
    if (all || !hgi_source_again(r->c.s) || !any_open(&r->t, seen)) return HG_OK;
    return see_rest(r, o, seen);
}

hg_status hgi_csv_guess(hgi_csv_rows *r, const hg_data_options *o)
{
    hg_ctx *ctx = r->c.ctx;
    size_t n = (size_t)r->t.count, dates = 0;
    for (size_t i = 0; i < n; i++) dates += r->t.column[i].kind == HGI_DATE;
    if (o->schema != NULL && dates == 0) return HG_OK;
    dates_seen *seen = hgi_calloc(&ctx->mem, n, sizeof *seen);
    if (seen == NULL) return hgi_fail_mem(ctx, n * sizeof *seen, "columns");
    hg_status status = look(r, o, seen);
    for (size_t i = 0; status == HG_OK && i < n; i++) {
        hgi_csv_column *c = &r->t.column[i];
        const dates_seen *s = &seen[i];
        if (c->dest < 0 || !is_date(c, s)) continue;
        take_order(&r->t, c, s);
        if (c->like != NULL) continue;
        c->kind = HGI_DATE;
        c->timed = s->timed;
        c->sign = s->sign;
        c->origin = floor(s->first / HGI_DAY) * HGI_DAY;
        r->t.word_cells++; /* a table, whatever else is in it */
    }
    hgi_free(&ctx->mem, seen);
    return status;
}
