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
        return give(
            text, (size_t)hgi_date_print(text, c->origin + (double)v * HGI_DAY, c->timed),
            out, n);
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
