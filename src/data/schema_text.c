// SPDX-License-Identifier: MIT
/* What users see of a schema: columns, words, values as texts.                         */
#include "data/data.h"

#include <math.h>
#include <string.h>

const hg_schema *hg_dataset_schema(const hg_dataset *data) { return data->schema; }

int64_t hg_schema_columns(const hg_schema *s) { return s != NULL ? s->columns : 0; }

static bool has_column(const hg_schema *s, int64_t column)
{
    return s != NULL && column >= 0 && column < s->columns;
}

hg_status hg_schema_column(const hg_schema *s, int64_t column, hg_column_info *info)
{
    if (!has_column(s, column) || info == NULL || info->size != sizeof *info)
        return HG_EINVAL;
    const hgi_schema_column *c = &s->column[column];
    *info = (hg_column_info){.size = sizeof *info,
                             .name = c->name,
                             .kind = hgi_kind_words[c->kind],
                             .words = c->words,
                             .first = c->first,
                             .features = c->count,
                             .missing = c->missing};
    return HG_OK;
}

const char *hg_schema_word(const hg_schema *s, int64_t column, int64_t word)
{
    if (!has_column(s, column) || word < 0 || word >= s->column[column].words)
        return NULL;
    return s->column[column].word[word];
}

static size_t give(const char *text, size_t len, char *out, size_t n)
{
    if (n == 0) return len;
    size_t some = len < n ? len : n - 1;
    memcpy(out, text, some);
    out[some] = '\0';
    return len;
}

double hgi_schema_seconds(const hgi_schema_column *c, float v)
{
    static const double steps[] = {60, 1};
    double seconds = (double)v * HGI_DAY;
    double apart = ((double)nextafterf(fabsf(v), INFINITY) - (double)fabsf(v)) * HGI_DAY;
    for (int i = 0; i < HGI_COUNT(steps); i++) {
        double whole = floor(seconds / steps[i] + 0.5) * steps[i];
        if (fabs(seconds - whole) <= apart) return c->origin + whole;
    }
    return c->origin + seconds;
}

size_t hgi_schema_print(const hgi_schema_column *c, float v, char *out, size_t n)
{
    char text[HGI_NUMBER_MAX > HGI_DATE_MAX ? HGI_NUMBER_MAX : HGI_DATE_MAX];
    if (isnan(v)) return give("", 0, out, n);
    switch (c->kind) {
    case HGI_CATEGORY:
    case HGI_BOOLEAN: {
        double k = fmin(fmax(floor((double)v + 0.5), 0), (double)c->words);
        const char *word = k < (double)c->words ? c->word[(int64_t)k] : "";
        return give(word, strlen(word), out, n);
    }
    case HGI_DATE:
        return give(text,
                    (size_t)hgi_date_print(text, hgi_schema_seconds(c, v), c->timed), out,
                    n);
    case HGI_NUMERIC: break;
    }
    return give(text, (size_t)hgi_format_float(text, v), out, n);
}

int64_t hg_schema_text(const hg_schema *s, int64_t column, float value, char *out,
                       size_t n)
{
    if (!has_column(s, column)) return (int64_t)give("", 0, out, n);
    return (int64_t)hgi_schema_print(&s->column[column], value, out, n);
}

int64_t hg_dataset_unseen(const hg_dataset *d, int64_t column)
{
    bool counted = d->unseen != NULL && column >= 0 && column < d->features;
    return counted ? d->unseen[column] : 0;
}

hg_status hgi_schema_fits(hg_ctx *ctx, const hg_schema *s, const hg_dataset *data,
                          const char *of)
{
    int64_t i;
    if (s == NULL && data->schema == NULL) return HG_OK;
    if (s == NULL)
        return hgi_fail(ctx, HG_EMISMATCH,
                        "%s: has words or missing values, but %s has numbers alone",
                        data->name, of);
    if (data->schema == NULL) {
        /* Numbers are what columns of numbers want. */
        bool numbers = data->features == s->columns && data->rank == 1;
        for (i = 0; i < s->columns; i++)
            numbers = numbers && s->column[i].kind == HGI_NUMERIC;
        if (numbers) return HG_OK;
        return hgi_fail(ctx, HG_EMISMATCH,
                        "%s: %lld numbers a row, but %s is a table of %lld columns with "
                        "words: read the file by its schema",
                        data->name, (long long)data->features, of, (long long)s->columns);
    }
    if (hgi_schema_equal(s, data->schema, &i)) return HG_OK;
    if (i < 0)
        return hgi_fail(ctx, HG_EMISMATCH, "%s: %lld columns, but %s has %lld",
                        data->name, (long long)data->schema->columns, of,
                        (long long)s->columns);
    return hgi_fail(ctx, HG_EMISMATCH,
                    "%s: column %lld, '%.100s', is another than '%.100s' of %s, or has "
                    "other words: read the file by its schema",
                    data->name, (long long)i + 1, data->schema->column[i].name,
                    s->column[i].name, of);
}
