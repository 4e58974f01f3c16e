// SPDX-License-Identifier: MIT
/* Renumber "image13" and "surface9" in an SVG text while it is written: see svg_ids.h.
 * Ids follow a quote or '#', neither of which base64 data can contain. */
#include "report/svg_ids.h"

#include <string.h>

typedef struct id_map {
    uint64_t *old; /* old[k] has the new number k + 1 */
    int64_t count, cap, cursor;
} id_map;

static hg_status grow(hg_ctx *ctx, id_map *m)
{
    int64_t cap = m->cap ? 2 * m->cap : 64;
    uint64_t *p = hgi_realloc(&ctx->mem, m->old, (size_t)cap * sizeof *p);
    if (!p) return hgi_fail_mem(ctx, (size_t)cap * sizeof *p, "an SVG's ids");
    m->old = p;
    m->cap = cap;
    return HG_OK;
}

/* Ids are defined and then used in one order, so the search starts after the last find. */
static hg_status number(hg_ctx *ctx, id_map *m, uint64_t old, uint64_t *out)
{
    for (int64_t i = 0; i < m->count; i++) {
        int64_t k = (m->cursor + i) % m->count;
        if (m->old[k] != old) continue;
        m->cursor = k;
        *out = (uint64_t)k + 1;
        return HG_OK;
    }
    if (m->count == m->cap) HGI_TRY(grow(ctx, m));
    m->cursor = m->count;
    m->old[m->count++] = old;
    *out = (uint64_t)m->count;
    return HG_OK;
}

/* Length of the word before an id's digits at s, or 0. */
static size_t word_length(const char *s, size_t left)
{
    static const char *const words[] = {"image", "surface"};
    for (int i = 0; i < HGI_COUNT(words); i++) {
        size_t n = strlen(words[i]);
        if (left > n && memcmp(s, words[i], n) == 0 && s[n] >= '0' && s[n] <= '9')
            return n;
    }
    return 0;
}

hg_status hgi_svg_write(hg_ctx *ctx, const char *s, size_t len, hgi_outfile *file)
{
    hg_status status = HG_OK;
    id_map map = {0};
    size_t written = 0;
    for (size_t at = 0; at < len;) {
        char ch = s[at++];
        if (ch != '"' && ch != '#') continue;
        size_t n = word_length(s + at, len - at);
        if (n == 0) continue;
        at += n;
        hgi_outfile_write(file, s + written, at - written);
        uint64_t old = 0, fresh = 0;
        for (; at < len && s[at] >= '0' && s[at] <= '9'; at++)
            old = 10 * old + (uint64_t)(s[at] - '0');
        HGI_GOTO(number(ctx, &map, old, &fresh));
        char digits[24];
        int d = snprintf(digits, sizeof digits, "%llu", (unsigned long long)fresh);
        hgi_outfile_write(file, digits, (size_t)d);
        written = at;
    }
    hgi_outfile_write(file, s + written, len - written);
done:
    hgi_free(&ctx->mem, map.old);
    return status;
}
