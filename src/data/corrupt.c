// SPDX-License-Identifier: MIT
/* The list of corruptions, reading a chain of them, and applying it to rows.           */
#include "data/corrupt.h"

#include <math.h>
#include <string.h>

const hgi_corrupt_kind *const hgi_corrupt_kinds[] = {
    &hgi_corrupt_gaussian, &hgi_corrupt_mask, &hgi_corrupt_salt_pepper, NULL};

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

/* "gaussian:0.5", n bytes, into the chain's next item.                                 */
static hg_status parse_item(hg_ctx *ctx, const char *s, size_t n, hgi_corrupt *out)
{
    const hgi_corrupt_kind *kind;
    const char *colon = memchr(s, ':', n);
    size_t name = colon != NULL ? (size_t)(colon - s) : n;
    double amount;
    if (n == 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "corrupt: nothing on one side of a '+', expected as in "
                        "gaussian:0.2+mask:0.1");
    HGI_TRY(find_kind(ctx, s, name, &kind));
    if (colon == NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "corrupt: %s has no amount, expected as in %s:0.5", kind->name,
                        kind->name);
    int shown = (int)hgi_min((int64_t)(n - name - 1), SHOWN);
    if (!hgi_parse_double(colon + 1, n - name - 1, '.', &amount))
        return hgi_fail(ctx, HG_EINVAL, "corrupt: %s: '%.*s' is not a number", kind->name,
                        shown, colon + 1);
    if (!(amount > 0) || !(amount <= kind->most))
        return hgi_fail(ctx, HG_ERANGE, "corrupt: %s: %.*s, expected above 0, at most %g",
                        kind->name, shown, colon + 1, kind->most);
    if (out->count == HGI_MAX_CORRUPT)
        return hgi_fail(ctx, HG_ERANGE, "corrupt: more than %d corruptions",
                        HGI_MAX_CORRUPT);
    out->item[out->count].kind = kind;
    out->item[out->count++].amount = amount;
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
        char number[HGI_NUMBER_MAX];
        hgi_format_double(number, c->item[i].amount);
        hgi_text_add(out, "%s%s:%s", i > 0 ? "+" : "", c->item[i].kind->name, number);
    }
}

/* ---- rows ------------------------------------------------------------------------- */

hgi_rng hgi_corrupt_rng(const hgi_corrupt *c, uint64_t seed, bool held, int64_t epoch)
{
    uint32_t drawn = c->once ? 0 : (uint32_t)epoch;
    return (hgi_rng){seed, HGI_USE_CORRUPT, held ? HGI_EPOCH_HELD : drawn};
}

void hgi_corrupt_rows(const hgi_corrupt *c, const hgi_kernels *k, const hgi_rng *rng,
                      const int64_t *index, int64_t first, int64_t n, int64_t d,
                      const hgi_real *clean, hgi_real *x)
{
    for (int64_t r = 0; r < n; r++, clean += d, x += d) {
        const hgi_real *from = clean;
        for (int i = 0; i < c->count; i++, from = x) {
            hgi_rng own = *rng;
            own.use += 256 * (uint32_t)i;
            uint64_t row = (uint64_t)(index != NULL ? index[r] : first + r);
            c->item[i].kind->apply(k, c->item[i].amount, c->span,
                                   hgi_rng_stream(&own, row), d, from, x);
        }
    }
}

uint32_t hgi_corrupt_limit(double share)
{
    double limit = ceil(share * 0x1p32) - 1;
    return (uint32_t)fmin(fmax(limit, 0), 0x1p32 - 1);
}
