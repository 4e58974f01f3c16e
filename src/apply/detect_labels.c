// SPDX-License-Identifier: MIT
/* Labels in a file, as words or numbers, to 0 (normal) and 1 (anomaly). */
#include "data/blocks.h"
#include "data/names.h"
#include "model/line.h"

#include <math.h>
#include <string.h>

enum { WORDS_MOST = 64, SHOWN = 40 };

/* One of the words that the caller names. */
typedef struct named {
    const char *s;
    size_t n;
    int64_t word;  /* its number in the column's list, or -1 */
    double number; /* what it is as a number, or NaN */
    bool met;      /* a row has it */
} named;

typedef struct labels {
    hg_ctx *ctx;
    const hg_dataset *data;
    const hgi_schema_column *column; /* NULL: numbers, or */
    const hgi_names *names;          /* words, by number */
    named word[WORDS_MOST];
    int64_t words;
    bool normal; /* the words are the normal ones */
    bool any;    /* a row has a label */
} labels;

static bool has_words(const labels *l)
{
    if (l->names != NULL) return true;
    return l->column != NULL &&
           (l->column->kind == HGI_CATEGORY || l->column->kind == HGI_BOOLEAN);
}

static int64_t word_of(const labels *l, const char *s, size_t n)
{
    if (l->names == NULL) return hgi_schema_word(l->column, s, n);
    for (int64_t i = 0; i < l->names->count; i++)
        if (strlen(l->names->name[i]) == n && memcmp(l->names->name[i], s, n) == 0)
            return i;
    return -1;
}

/* "a, b" */
static hg_status read_words(labels *l, const char *text)
{
    for (const char *s = text;; s++) {
        const char *end = strchr(s, ',');
        size_t n = end != NULL ? (size_t)(end - s) : strlen(s);
        while (n > 0 && s[0] == ' ') s++, n--;
        while (n > 0 && s[n - 1] == ' ') n--;
        if (n == 0)
            return hgi_fail(l->ctx, HG_EINVAL, "labels: '%.60s' has an empty word", text);
        if (l->words == WORDS_MOST)
            return hgi_fail(l->ctx, HG_ERANGE, "labels: over %d words", WORDS_MOST);
        named *w = &l->word[l->words++];
        *w = (named){.s = s, .n = n, .word = -1, .number = (double)NAN};
        if (has_words(l)) w->word = word_of(l, s, n);
        if (!hgi_parse_double(s, n, '.', &w->number)) w->number = (double)NAN;
        if (end == NULL) return HG_OK;
        s = end;
    }
}

static hg_status other_label(const labels *l, int64_t row, const char *shown)
{
    return hgi_fail(l->ctx, HG_ERANGE,
                    "%s: row %lld: label %s, expected 0 (normal) or 1 (an anomaly); say "
                    "which labels are the normal ones",
                    l->data->name, (long long)row + 1, shown);
}

static void show(const labels *l, float v, char out[SHOWN])
{
    char text[SHOWN - 2];
    if (has_words(l)) {
        if (l->names != NULL)
            snprintf(text, sizeof text, "%s", l->names->name[(int64_t)v]);
        else
            hgi_schema_print(l->column, v, text, sizeof text);
        snprintf(out, SHOWN, "'%s'", text);
    } else {
        snprintf(out, SHOWN, "%g", (double)v);
    }
}

/* Is the label one of the words? */
static bool is_named(labels *l, float v)
{
    bool is = false;
    for (int64_t i = 0; i < l->words; i++) {
        named *w = &l->word[i];
        const double number = has_words(l) ? (double)w->word : w->number;
        if (!(fabs((double)v - number) <= 0)) continue; /* also of NaN */
        is = w->met = true;
    }
    return is;
}

static hg_status read_row(labels *l, int64_t row, float v, unsigned char *out)
{
    char shown[SHOWN];
    if (isnan(v)) {
        *out = HG_UNLABELLED;
        return HG_OK;
    }
    l->any = true;
    if (l->words > 0) {
        *out = is_named(l, v) != l->normal;
        return HG_OK;
    }
    show(l, v, shown);
    if (l->names != NULL || (l->column != NULL && l->column->kind == HGI_CATEGORY))
        return other_label(l, row, shown);
    *out = v > 0;
    return v == 0.0F || v == 1.0F ? HG_OK : other_label(l, row, shown);
}

static hg_status check_met(const labels *l)
{
    if (!l->any)
        return hgi_fail(l->ctx, HG_ERANGE, "%s: no row has a label", l->data->name);
    for (int64_t i = 0; i < l->words; i++)
        if (!l->word[i].met)
            return hgi_fail(l->ctx, HG_EUNKNOWN, "%s: no row has the label '%.*s'",
                            l->data->name, (int)hgi_min((int64_t)l->word[i].n, 60),
                            l->word[i].s);
    return HG_OK;
}

hg_status hg_labels_read(hg_ctx *ctx, const hg_dataset *data, const char *normal,
                         const char *anomaly, unsigned char *label)
{
    hg_status status = HG_OK;
    hgi_rows w;
    labels l = {.ctx = ctx, .data = data, .normal = normal != NULL};
    if (data == NULL || label == NULL)
        return hgi_fail(ctx, HG_EINVAL, "labels and room for them are needed");
    if (normal != NULL && anomaly != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "labels: the normal ones or the anomalies' are named, not both");
    if (data->features != 1)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: %lld values a row, expected labels: one value a row",
                        data->name, (long long)data->features);
    if (data->schema != NULL) l.column = &data->schema->column[0];
    l.names = data->label_names;
    if (normal != NULL || anomaly != NULL)
        HGI_TRY(read_words(&l, normal != NULL ? normal : anomaly));
    HGI_TRY(hgi_rows_open(ctx, data, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        for (int64_t i = 0; i < w.n; i++) {
            float v;
            hgi_dataset_row(w.rows, w.at + i, &v);
            HGI_GOTO(read_row(&l, w.first + i, v, &label[w.first + i]));
        }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
    status = check_met(&l);
done:
    hgi_rows_close(&w);
    return status;
}
