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

static hg_status no_labels(hg_ctx *ctx, const hgi_labels *l)
{
    return hgi_fail(ctx, HG_EINVAL,
                    "%s: the model is conditional, and these rows have no labels: give "
                    "one for each row, with labels",
                    l->from);
}

static hg_status too_many(hg_ctx *ctx, const hgi_labels *l)
{
    return hgi_fail(ctx, HG_ERANGE,
                    "%s: more than %d different labels: are they classes?", l->from,
                    (int)HGI_CLASSES_MOST);
}

/* All that have a name, in their order, whether these rows are of each or not. */
static hg_status take_names(hg_ctx *ctx, const hgi_labels *l, hgi_classes *out)
{
    if (l->names->count > HGI_CLASSES_MOST) return too_many(ctx, l);
    for (; out->count < l->names->count; out->count++)
        out->label[out->count] = (double)out->count;
    out->names = hgi_names_share(l->names);
    return HG_OK;
}

hg_status hgi_classes_find(hg_ctx *ctx, const hgi_labels *l, hgi_classes *out)
{
    *out = (hgi_classes){0};
    if (l->count == 0) return no_labels(ctx, l);
    out->label = hgi_calloc(&ctx->mem, HGI_CLASSES_MOST + 1, sizeof *out->label);
    if (out->label == NULL)
        return hgi_fail_mem(ctx, HGI_CLASSES_MOST * sizeof *out->label, "classes");
    hg_status status = l->names != NULL ? take_names(ctx, l, out) : HG_OK;
    for (int64_t r = 0; status == HG_OK && l->names == NULL && r < l->count; r++) {
        double v = (double)l->value[r];
        int64_t at = place_of(out, v);
        if (at < out->count && out->label[at] <= v) continue;
        if (out->count == HGI_CLASSES_MOST) {
            status = too_many(ctx, l);
            break;
        }
        memmove(out->label + at + 1, out->label + at,
                (size_t)(out->count - at) * sizeof *out->label);
        out->label[at] = v;
        out->count++;
    }
    if (status != HG_OK) hgi_classes_free(&ctx->mem, out);
    return status;
}

hg_status hgi_classes_copy(hg_ctx *ctx, const hgi_classes *c, hgi_classes *out)
{
    const size_t n = (size_t)c->count;
    *out = (hgi_classes){0};
    if (n == 0) return HG_OK;
    out->label = hgi_calloc(&ctx->mem, n, sizeof *out->label);
    if (out->label == NULL) return hgi_fail_mem(ctx, n * sizeof *out->label, "classes");
    memcpy(out->label, c->label, n * sizeof *out->label);
    out->count = c->count;
    out->names = hgi_names_share(c->names);
    return HG_OK;
}

void hgi_classes_free(const hgi_mem *mem, hgi_classes *c)
{
    hgi_free(mem, c->label);
    hgi_names_free(&c->names);
    *c = (hgi_classes){0};
}

void hgi_classes_name(const hgi_classes *c, int64_t class, char *out, size_t n)
{
    char number[HGI_NUMBER_MAX];
    if (c->names != NULL) {
        hgi_shown(c->names->name[class], strlen(c->names->name[class]), out, n);
        return;
    }
    hgi_format_float(number, (float)c->label[class]);
    snprintf(out, n, "%s", number);
}

void hgi_classes_print(const hgi_classes *c, char *out, size_t n)
{
    enum { SHOWN = 12, NAME = 40 };
    size_t len = 0;
    out[0] = '\0';
    for (int64_t i = 0; i < c->count; i++) {
        char name[NAME];
        bool left_out = c->count > SHOWN && i == SHOWN - 2;
        if (left_out) i = c->count - 1;
        hgi_classes_name(c, i, name, sizeof name);
        size_t more = strlen(name) + 8;
        if (len + more >= n) {
            if (len + 5 < n) memcpy(out + len, " ...", 5);
            return;
        }
        len += (size_t)snprintf(out + len, n - len, "%s%s%s", len > 0 ? ", " : "",
                                left_out ? "... " : "", name);
    }
}

static bool is_named(const hgi_labels *l, double value)
{
    return l->names != NULL && value >= 0 && value < (double)l->names->count;
}

/* A file's words are not asked for their numbers, which another file's rows gave them. */
int64_t hgi_classes_match(const hgi_classes *c, const hgi_labels *l, double value)
{
    if (l->names == NULL) return hgi_classes_place(c, value);
    if (!is_named(l, value)) return -1;
    return hgi_names_find(c->names, l->names->name[(int64_t)value]);
}

static hg_status unknown_label(hg_ctx *ctx, const hgi_classes *c, const hgi_labels *l,
                               int64_t row)
{
    char known[160], found[64], number[HGI_NUMBER_MAX];
    hgi_classes_print(c, known, sizeof known);
    hgi_format_float(number, l->value[row]);
    snprintf(found, sizeof found, "%s", number);
    if (is_named(l, (double)l->value[row]))
        snprintf(found, sizeof found, "'%.50s'", l->names->name[(int64_t)l->value[row]]);
    return hgi_fail(ctx, HG_ERANGE,
                    "%s: row %lld: label %s is no class of the model; it knows %s",
                    l->from, (long long)row + 1, found, known);
}

/* Rows share few words: each is looked up once. */
static hg_status match_names(hg_ctx *ctx, const hgi_classes *c, const hgi_labels *l,
                             int64_t **out)
{
    const int64_t n = l->names != NULL ? l->names->count : 0;
    *out = hgi_calloc(&ctx->mem, (size_t)hgi_max(n, 1), sizeof **out);
    if (*out == NULL) return hgi_fail_mem(ctx, (size_t)n * sizeof **out, "classes");
    for (int64_t i = 0; i < n; i++) (*out)[i] = hgi_classes_match(c, l, (double)i);
    return HG_OK;
}

hg_status hgi_classes_of(hg_ctx *ctx, const hgi_classes *c, const hgi_labels *l,
                         int32_t **out)
{
    hg_status status = HG_OK;
    int64_t *known = NULL;
    *out = NULL;
    if (l->count == 0) return no_labels(ctx, l);
    size_t n = (size_t)l->count;
    int32_t *class = hgi_alloc(&ctx->mem, n * sizeof *class);
    if (class == NULL) return hgi_fail_mem(ctx, n * sizeof *class, "the rows' classes");
    HGI_GOTO(match_names(ctx, c, l, &known));
    for (int64_t r = 0; r < l->count; r++) {
        double v = (double)l->value[r];
        int64_t at = is_named(l, v)     ? known[(int64_t)v]
                     : l->names == NULL ? hgi_classes_place(c, v)
                                        : -1;
        if (at < 0) HGI_GOTO(unknown_label(ctx, c, l, r));
        class[r] = (int32_t)at;
    }
done:
    hgi_free(&ctx->mem, known);
    if (status == HG_OK)
        *out = class;
    else
        hgi_free(&ctx->mem, class);
    return status;
}
