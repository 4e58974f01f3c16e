// SPDX-License-Identifier: MIT
/* Labels of rows as classes: numbers in ascending order, found by halving. */
#include "model/classes.h"

#include "model/layer.h"

#include <string.h>

/* Where v stands among the labels, or where it would have to. */
static int64_t place_of(const hgi_classes *c, double v)
{
    int64_t lo = 0, hi = c->count;
    while (lo < hi) {
        int64_t middle = (lo + hi) / 2;
        if (c->label[middle] < v)
            lo = middle + 1;
        else
            hi = middle;
    }
    return lo;
}

int64_t hgi_classes_place(const hgi_classes *c, double label)
{
    int64_t at = place_of(c, label);
    return at < c->count && c->label[at] <= label ? at : -1;
}

static hg_status no_labels(hg_ctx *ctx, const hg_dataset *data)
{
    return hgi_fail(ctx, HG_EINVAL,
                    "%s: the model is conditional, and these rows have no labels: give "
                    "one for each row (--labels FILE; hg_dataset_set_labels)",
                    data->name);
}

hg_status hgi_classes_find(hg_ctx *ctx, const hg_dataset *data, hgi_classes *out)
{
    *out = (hgi_classes){0};
    if (data->labels == NULL) return no_labels(ctx, data);
    out->label = hgi_calloc(&ctx->mem, HGI_CLASSES_MOST + 1, sizeof *out->label);
    if (out->label == NULL)
        return hgi_fail_mem(ctx, HGI_CLASSES_MOST * sizeof *out->label, "classes");
    for (int64_t r = 0; r < data->labelled; r++) {
        double v = (double)data->labels[r];
        int64_t at = place_of(out, v);
        if (at < out->count && out->label[at] <= v) continue;
        if (out->count == HGI_CLASSES_MOST) {
            hgi_classes_free(&ctx->mem, out);
            return hgi_fail(ctx, HG_ERANGE,
                            "%s: more than %d different labels: are they classes?",
                            data->name, (int)HGI_CLASSES_MOST);
        }
        memmove(out->label + at + 1, out->label + at,
                (size_t)(out->count - at) * sizeof *out->label);
        out->label[at] = v;
        out->count++;
    }
    return HG_OK;
}

void hgi_classes_free(const hgi_mem *mem, hgi_classes *c)
{
    hgi_free(mem, c->label);
    *c = (hgi_classes){0};
}

void hgi_classes_print(const hgi_classes *c, char *out, size_t n)
{
    enum { SHOWN = 12 };
    size_t len = 0;
    out[0] = '\0';
    for (int64_t i = 0; i < c->count; i++) {
        char number[HGI_NUMBER_MAX];
        bool left_out = c->count > SHOWN && i == SHOWN - 2;
        if (left_out) i = c->count - 1;
        hgi_format_float(number, (float)c->label[i]);
        size_t more = strlen(number) + 8;
        if (len + more >= n) return;
        len += (size_t)snprintf(out + len, n - len, "%s%s%s", len > 0 ? ", " : "",
                                left_out ? "... " : "", number);
    }
}

hg_status hgi_classes_of(hg_ctx *ctx, const hgi_classes *c, const hg_dataset *data,
                         int32_t **out)
{
    *out = NULL;
    if (data->labels == NULL) return no_labels(ctx, data);
    size_t n = (size_t)hgi_max(data->labelled, 1);
    int32_t *class = hgi_alloc(&ctx->mem, n * sizeof *class);
    if (class == NULL) return hgi_fail_mem(ctx, n * sizeof *class, "the rows' classes");
    for (int64_t r = 0; r < data->labelled; r++) {
        int64_t at = hgi_classes_place(c, (double)data->labels[r]);
        if (at < 0) {
            char known[160], found[HGI_NUMBER_MAX];
            hgi_classes_print(c, known, sizeof known);
            hgi_format_float(found, data->labels[r]);
            hgi_free(&ctx->mem, class);
            return hgi_fail(
                ctx, HG_ERANGE,
                "%s: row %lld: label %s is no class of the model; it knows %s",
                data->name, (long long)r + 1, found, known);
        }
        class[r] = (int32_t)at;
    }
    *out = class;
    return HG_OK;
}
