// SPDX-License-Identifier: MIT
/* Rows and their classes side by side, as a table for a file: who gets rows of every class
 * wants to know which is which.                                                        */
#include "data/names.h"

#include "data/data.h"

#include <string.h>

enum { NUMBERED = 24 };

/* "x1", "x2", ... where columns have no names: with a class they need a header. */
static const char *name_of(const hg_dataset *d, int64_t c, const char *last,
                           char own[NUMBERED])
{
    if (c == d->features) return last;
    if (d->columns != NULL) return d->columns[c];
    snprintf(own, NUMBERED, "x%lld", (long long)c + 1);
    return own;
}

/* Pointers and texts lie in the one block that a dataset owns. */
static hg_status name_columns(hg_ctx *ctx, const hg_dataset *d, const char *last,
                              hg_dataset *out)
{
    char own[NUMBERED];
    size_t n = (size_t)out->features, bytes = n * sizeof *out->columns;
    for (int64_t c = 0; c < out->features; c++)
        bytes += strlen(name_of(d, c, last, own)) + 1;
    out->columns_owned = hgi_alloc(&ctx->mem, bytes);
    if (out->columns_owned == NULL) return hgi_fail_mem(ctx, bytes, "column names");
    out->columns = out->columns_owned;
    char *text = (char *)(out->columns + n);
    for (int64_t c = 0; c < out->features; c++) {
        const char *name = name_of(d, c, last, own);
        size_t room = strlen(name) + 1;
        memcpy(text, name, room);
        out->columns[c] = text;
        text += room;
        if (c < d->features && strcmp(name, last) == 0)
            return hgi_fail(ctx, HG_EINVAL, "%s: there is a column '%.60s' already",
                            d->name, last);
    }
    return HG_OK;
}

/* Columns as they were, then one of words or of numbers. */
static hg_status make_schema(hg_ctx *ctx, const hg_dataset *d, hg_dataset *out)
{
    hg_schema *s;
    HGI_TRY(hgi_schema_new(ctx, out->features, &s));
    out->schema = s;
    out->schema_own = true;
    s->named = true;
    for (int64_t c = 0; c < d->features; c++)
        if (d->schema != NULL)
            HGI_TRY(hgi_schema_copy_column(ctx, &d->schema->column[c], s, c));
    for (int64_t c = 0; c < out->features; c++)
        HGI_TRY(hgi_schema_set_name(ctx, s, c, out->columns[c], strlen(out->columns[c])));
    const hgi_names *names = d->label_names;
    hgi_schema_column *class = &s->column[d->features];
    if (names != NULL) {
        class->kind = HGI_CATEGORY;
        HGI_TRY(hgi_schema_make_words(ctx, class, names->count));
    }
    for (int64_t i = 0; names != NULL && i < names->count; i++) {
        class->word[i] = hgi_strdup(&s->mem, names->name[i]);
        if (class->word[i] == NULL) return hgi_fail_mem(ctx, 16, "a word");
    }
    return hgi_schema_settle(ctx, s);
}

hg_status hg_dataset_with_classes(hg_ctx *ctx, const hg_dataset *data, const char *name,
                                  hg_dataset **out)
{
    hg_status status;
    float *values;
    *out = NULL;
    if (data == NULL || name == NULL)
        return hgi_fail(ctx, HG_EINVAL, "rows and a name for their classes are needed");
    if (data->labels == NULL)
        return hgi_fail(ctx, HG_EINVAL, "%s: the rows have no classes", data->name);
    const int64_t wide = data->features + 1;
    HGI_TRY(hgi_dataset_new(ctx, data->name, "rows", data->rows, 1, &wide, &values, out));
    for (int64_t r = 0; r < data->rows; r++) {
        HGI_GOTO(hg_dataset_read(ctx, data, r, 1, values + r * wide));
        values[r * wide + data->features] = data->labels[r];
    }
    HGI_GOTO(name_columns(ctx, data, name, *out));
    HGI_GOTO(make_schema(ctx, data, *out));
    status = hgi_dataset_check(ctx, *out);
done:
    if (status != HG_OK) hg_dataset_free(out);
    return status;
}
