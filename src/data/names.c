// SPDX-License-Identifier: MIT
/* Names of classes, and labels of rows that are numbers of names: see names.h.
 *
 * A file's words get their numbers by their order in the alphabet, so that the classes of a
 * model do not depend on which class has the most rows.                                */
#include "data/names.h"

#include "data/blocks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

hg_status hgi_names_new(hg_ctx *ctx, int64_t count, hgi_names **out)
{
    hgi_names *n = hgi_calloc(&ctx->mem, 1, sizeof *n);
    *out = NULL;
    if (n == NULL) return hgi_fail_mem(ctx, sizeof *n, "names of classes");
    n->mem = ctx->mem;
    n->name = hgi_calloc(&ctx->mem, (size_t)hgi_max(count, 1), sizeof *n->name);
    n->count = n->name != NULL ? count : 0;
    atomic_init(&n->users, 1);
    *out = n;
    if (n->name != NULL) return HG_OK;
    hgi_names_free(out);
    return hgi_fail_mem(ctx, (size_t)count * sizeof *n->name, "names of classes");
}

hg_status hgi_names_set(hg_ctx *ctx, hgi_names *n, int64_t at, const char *text)
{
    n->name[at] = hgi_strdup(&n->mem, text);
    if (n->name[at] == NULL) return hgi_fail_mem(ctx, strlen(text) + 1, "a name");
    /* A model's file has UTF-8 alone; a folder may be called anything. */
    for (char *p = n->name[at]; *p != '\0';) {
        size_t length = hgi_utf8_length((const unsigned char *)p);
        if (length == 0) *p = '?';
        p += length > 0 ? length : 1;
    }
    return HG_OK;
}

hgi_names *hgi_names_share(hgi_names *n)
{
    if (n != NULL) atomic_fetch_add(&n->users, 1);
    return n;
}

void hgi_names_free(hgi_names **names)
{
    hgi_names *n = *names;
    *names = NULL;
    if (n == NULL || atomic_fetch_sub(&n->users, 1) > 1) return;
    hgi_mem mem = n->mem;
    for (int64_t i = 0; i < n->count; i++) hgi_free(&mem, n->name[i]);
    hgi_free(&mem, n->name);
    hgi_free(&mem, n);
}

int64_t hgi_names_find(const hgi_names *n, const char *text)
{
    int64_t alike = -1;
    for (int64_t i = 0; n != NULL && i < n->count; i++) {
        if (strcmp(n->name[i], text) == 0) return i;
        if (alike < 0 &&
            hgi_fold_equal(n->name[i], strlen(n->name[i]), text, strlen(text)))
            alike = i;
    }
    return alike;
}

/* ---- labels of rows ------------------------------------------------------------------ */

typedef struct word_place {
    const char *text;
    int64_t number; /* in the file's column */
} word_place;

static int by_text(const void *a, const void *b)
{
    return strcmp(((const word_place *)a)->text, ((const word_place *)b)->text);
}

/* The column's words in the order of the alphabet; place[i]: where word i went. */
static hg_status sort_words(hg_ctx *ctx, const hgi_schema_column *c, hgi_names **out,
                            float *place)
{
    hg_status status = HG_OK;
    size_t n = (size_t)hgi_max(c->words, 1);
    word_place *list = hgi_calloc(&ctx->mem, n, sizeof *list);
    *out = NULL;
    if (list == NULL) return hgi_fail_mem(ctx, n * sizeof *list, "words");
    for (int64_t i = 0; i < c->words; i++) list[i] = (word_place){c->word[i], i};
    qsort(list, (size_t)c->words, sizeof *list, by_text);
    HGI_GOTO(hgi_names_new(ctx, c->words, out));
    for (int64_t i = 0; i < c->words; i++) {
        place[list[i].number] = (float)i;
        HGI_GOTO(hgi_names_set(ctx, *out, i, list[i].text));
    }
done:
    hgi_free(&ctx->mem, list);
    if (status != HG_OK) hgi_names_free(out);
    return status;
}

/* The column that has words, or NULL: then labels are numbers. */
static const hgi_schema_column *words_of(const hg_dataset *labels)
{
    const hgi_schema_column *c = labels->schema != NULL ? labels->schema->column : NULL;
    return c != NULL && (c->kind == HGI_CATEGORY || c->kind == HGI_BOOLEAN) ? c : NULL;
}

static hg_status name_values(hg_ctx *ctx, const hg_dataset *labels, float *value,
                             hgi_names **names)
{
    const hgi_schema_column *c = words_of(labels);
    if (c == NULL) {
        *names = hgi_names_share(labels->label_names);
        return HG_OK;
    }
    float *place = hgi_calloc(&ctx->mem, (size_t)hgi_max(c->words, 1), sizeof *place);
    if (place == NULL)
        return hgi_fail_mem(ctx, (size_t)c->words * sizeof *place, "words");
    hg_status status = sort_words(ctx, c, names, place);
    for (int64_t r = 0; status == HG_OK && r < labels->rows; r++)
        if (value[r] < (float)c->words) value[r] = place[(int64_t)value[r]];
    hgi_free(&ctx->mem, place);
    return status;
}

/* A gap, a word that only shares a place with others, a picture in no folder. */
static hg_status check_labels(hg_ctx *ctx, const hg_dataset *labels, const float *value,
                              const hgi_names *names)
{
    for (int64_t r = 0; r < labels->rows; r++) {
        bool one = isfinite(value[r]);
        if (names != NULL) one = value[r] >= 0 && value[r] < (float)names->count;
        if (!one)
            return hgi_fail(ctx, HG_ERANGE, "%s: row %lld has no label", labels->name,
                            (long long)r + 1);
    }
    return HG_OK;
}

hg_status hgi_labels_read(hg_ctx *ctx, const hg_dataset *labels, hgi_labels *out)
{
    hg_status status;
    *out = (hgi_labels){.from = labels->name};
    if (labels->features != 1)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: %lld values a row, expected labels: one value a row",
                        labels->name, (long long)labels->features);
    size_t bytes = (size_t)labels->rows * sizeof(float);
    float *value = hgi_alloc(&ctx->mem, bytes);
    if (value == NULL) return hgi_fail_mem(ctx, bytes, "labels");
    HGI_GOTO(hg_dataset_read(ctx, labels, 0, labels->rows, value));
    HGI_GOTO(name_values(ctx, labels, value, &out->names));
    HGI_GOTO(check_labels(ctx, labels, value, out->names));
    out->count = labels->rows;
    out->value = value;
done:
    if (status == HG_OK) return HG_OK;
    hgi_names_free(&out->names);
    hgi_free(&ctx->mem, value);
    return status;
}

void hgi_labels_free(const hgi_mem *mem, hgi_labels *l)
{
    hgi_free(mem, (float *)(uintptr_t)l->value);
    hgi_names_free(&l->names);
    *l = (hgi_labels){0};
}

hg_status hgi_dataset_label(hg_ctx *ctx, hg_dataset *d, const hgi_labels *l)
{
    size_t bytes = (size_t)l->count * sizeof *l->value;
    float *copy = hgi_alloc(&ctx->mem, bytes);
    if (copy == NULL) return hgi_fail_mem(ctx, bytes, "labels");
    memcpy(copy, l->value, bytes);
    hgi_free(&ctx->mem, d->labels);
    hgi_names_free(&d->label_names);
    d->labels = copy;
    d->labelled = l->count;
    d->label_names = hgi_names_share(l->names);
    return HG_OK;
}

hgi_labels hgi_dataset_labels(const hg_dataset *d)
{
    return (hgi_labels){d->name, d->labels, d->labels != NULL ? d->labelled : 0,
                        d->label_names};
}

hg_status hg_dataset_set_labels(hg_ctx *ctx, hg_dataset *data, const hg_dataset *labels)
{
    hgi_labels l;
    if (data == NULL || labels == NULL)
        return hgi_fail(ctx, HG_EINVAL, "rows and their labels are needed");
    if (labels->rows != data->rows)
        return hgi_fail(ctx, HG_ESHAPE, "%s: %lld labels for %lld rows of %s",
                        labels->name, (long long)labels->rows, (long long)data->rows,
                        data->name);
    HGI_TRY(hgi_labels_read(ctx, labels, &l));
    hg_status status = hgi_dataset_label(ctx, data, &l);
    hgi_labels_free(&ctx->mem, &l);
    return status;
}
