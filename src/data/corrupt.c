// SPDX-License-Identifier: MIT
/* The list of corruptions, reading a chain of them, and applying it to rows.           */
#include "data/corrupt.h"

#include <math.h>
#include <string.h>

const hgi_corrupt_kind *const hgi_corrupt_kinds[] = {&hgi_corrupt_gaussian,
                                                     &hgi_corrupt_mask,
                                                     &hgi_corrupt_salt_pepper,
                                                     &hgi_corrupt_blur,
                                                     &hgi_corrupt_patch,
                                                     &hgi_corrupt_drop,
                                                     NULL};

#define KINDS (HGI_COUNT(hgi_corrupt_kinds) - 1)

enum { SHOWN = 40 };

/* ---- text ------------------------------------------------------------------------- */

static hg_status find_kind(hg_ctx *ctx, const char *s, size_t n,
                           const hgi_corrupt_kind **out)
{
    const char *names[KINDS];
    char word[SHOWN], all[128];
    size_t len = 0;
    for (int i = 0; i < KINDS; i++) {
        *out = hgi_corrupt_kinds[i];
        names[i] = (*out)->name;
        if (strlen(names[i]) == n && memcmp(s, names[i], n) == 0) return HG_OK;
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i > 0 ? ", " : "",
                                names[i]);
    }
    snprintf(word, sizeof word, "%.*s", (int)hgi_min((int64_t)n, SHOWN - 1), s);
    const char *near = hgi_nearest(word, names, KINDS);
    return near != NULL
               ? hgi_fail(ctx, HG_EUNKNOWN,
                          "corrupt: unknown corruption '%s'; did you mean '%s'?", word,
                          near)
               : hgi_fail(ctx, HG_EUNKNOWN,
                          "corrupt: unknown corruption '%s'; there are %s", word, all);
}

hg_status hgi_corrupt_number(hg_ctx *ctx, const char *kind, const char *s, size_t n,
                             double most, double *out)
{
    int shown = (int)hgi_min((int64_t)n, SHOWN);
    if (!hgi_parse_double(s, n, '.', out))
        return hgi_fail(ctx, HG_EINVAL, "corrupt: %s: '%.*s' is not a number", kind,
                        shown, s);
    if (!(*out > 0) || !(*out <= most))
        return hgi_fail(ctx, HG_ERANGE, "corrupt: %s: %.*s, expected above 0, at most %g",
                        kind, shown, s, most);
    return HG_OK;
}

/* "gaussian:0.5", n bytes, into the chain's next item.                                 */
static hg_status parse_item(hg_ctx *ctx, const char *s, size_t n, hgi_corrupt *out)
{
    hgi_corrupt_item item = {0};
    const char *colon = memchr(s, ':', n);
    size_t name = colon != NULL ? (size_t)(colon - s) : n;
    if (n == 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "corrupt: nothing on one side of a '+', expected as in "
                        "gaussian:0.2+mask:0.1");
    HGI_TRY(find_kind(ctx, s, name, &item.kind));
    const hgi_corrupt_kind *kind = item.kind;
    if (colon == NULL)
        return hgi_fail(ctx, HG_EINVAL, "corrupt: %s has no amount, expected as in %s:%s",
                        kind->name, kind->name, kind->example);
    size_t rest = n - name - 1;
    HGI_TRY(kind->read != NULL ? kind->read(ctx, colon + 1, rest, &item)
                               : hgi_corrupt_number(ctx, kind->name, colon + 1, rest,
                                                    kind->most, &item.amount));
    if (out->count == HGI_MAX_CORRUPT)
        return hgi_fail(ctx, HG_ERANGE, "corrupt: more than %d corruptions",
                        HGI_MAX_CORRUPT);
    out->item[out->count++] = item;
    return HG_OK;
}

hg_status hgi_corrupt_parse(hg_ctx *ctx, const char *text, hgi_corrupt *out)
{
    out->count = 0;
    if (strcmp(text, "none") == 0) return HG_OK;
    for (const char *p = text;; p++) {
        size_t n = strcspn(p, "+");
        HGI_TRY(parse_item(ctx, p, n, out));
        p += n;
        if (*p == '\0') return HG_OK;
    }
}

void hgi_corrupt_print(const hgi_corrupt *c, hgi_text *out)
{
    if (c->count == 0) hgi_text_add(out, "none");
    for (int i = 0; i < c->count; i++) {
        const hgi_corrupt_item *item = &c->item[i];
        char number[HGI_NUMBER_MAX];
        hgi_text_add(out, "%s%s:", i > 0 ? "+" : "", item->kind->name);
        hgi_format_double(number, item->amount);
        if (item->kind->print != NULL)
            item->kind->print(item, out);
        else
            hgi_text_add(out, "%s", number);
    }
}

hg_status hgi_corrupt_fit(hg_ctx *ctx, hgi_corrupt *c, int rank, const int64_t *shape)
{
    c->image = (hgi_image){0, 0, 0};
    if (rank > 1) c->image = (hgi_image){shape[0], shape[1], rank > 2 ? shape[2] : 1};
    for (int i = 0; i < c->count; i++) {
        const hgi_corrupt_item *item = &c->item[i];
        if (item->kind->image && rank < 2)
            return hgi_fail(ctx, HG_ESHAPE,
                            "corrupt: %s needs rows that are images, but these are lists "
                            "of %lld values: set shape, as in 28x28",
                            item->kind->name, (long long)shape[0]);
        if (item->kind->fit != NULL) HGI_TRY(item->kind->fit(ctx, item, &c->image));
    }
    return HG_OK;
}

/* ---- rows ------------------------------------------------------------------------- */

hgi_rng hgi_corrupt_rng(const hgi_corrupt *c, uint64_t seed, bool held, int64_t epoch)
{
    uint32_t drawn = c->once ? 0 : (uint32_t)epoch;
    return (hgi_rng){seed, HGI_USE_CORRUPT, held ? HGI_EPOCH_HELD : drawn};
}

/* Is this row trained on as it is?                                                     */
static bool stays_clean(const hgi_corrupt *c, const hgi_rng *rng, uint64_t row)
{
    if (!(c->clean > 0) || rng->epoch == HGI_EPOCH_HELD) return false;
    hgi_rng own = *rng;
    uint32_t w[4];
    own.use += 256 * HGI_MAX_CORRUPT; /* behind the places of the chain */
    hgi_philox(&own, row, 0, w);
    return w[0] <= hgi_corrupt_limit(c->clean);
}

void hgi_corrupt_rows(const hgi_corrupt *c, const hgi_kernels *k, const hgi_rng *rng,
                      const int64_t *index, int64_t first, int64_t n, int64_t d,
                      const hgi_real *clean, hgi_real *x)
{
    for (int64_t r = 0; r < n; r++, clean += d, x += d) {
        uint64_t row = (uint64_t)(index != NULL ? index[r] : first + r);
        hgi_corrupt_row one = {.k = k,
                               .span = c->span,
                               .image = c->image,
                               .schema = c->schema,
                               .n = d,
                               .x = clean,
                               .y = x};
        if (stays_clean(c, rng, row)) {
            memmove(x, clean, (size_t)d * sizeof *x);
            continue;
        }
        for (int i = 0; i < c->count; i++, one.x = x) {
            hgi_rng own = *rng;
            own.use += 256 * (uint32_t)i;
            one.stream = hgi_rng_stream(&own, row);
            c->item[i].kind->apply(&c->item[i], &one);
        }
    }
}

void hgi_corrupt_words(const hgi_stream *s, uint32_t block, uint32_t out[4])
{
    const uint32_t counter[4] = {s->first + block, s->row[0], s->row[1], s->epoch};
    hgi_philox_raw(counter, s->key, out);
}

uint32_t hgi_corrupt_limit(double share)
{
    double limit = ceil(share * 0x1p32) - 1;
    return (uint32_t)fmin(fmax(limit, 0), 0x1p32 - 1);
}
