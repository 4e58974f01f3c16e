// SPDX-License-Identifier: MIT
/* The mixture of a model file: memory, writing, reading.  Nothing read is trusted: what a
 * draw could stumble over is refused here, by name. */
#include "model/mixture.h"

#include "model/layer.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { FIT = 3 };

hg_status hgi_mixture_new(hg_ctx *ctx, int64_t components, int64_t d, bool full,
                          hgi_mixture *out)
{
    size_t k = (size_t)components, n = (size_t)d, factor, count;
    bool fits = hgi_mul_size(k, n, &factor) && hgi_mul_size(factor, full ? n : 1, &count);
    *out = (hgi_mixture){.d = d, .full = full};
    count = fits && count < SIZE_MAX / 64 ? count + k * n + k + 2 * n + FIT : SIZE_MAX;
    out->weight = hgi_calloc(&ctx->mem, count, sizeof *out->weight);
    if (out->weight == NULL)
        return hgi_fail_mem(ctx, count == SIZE_MAX ? count : count * sizeof *out->weight,
                            "a mixture");
    out->components = components;
    out->mean = out->weight + k;
    out->range = out->mean + k * n;
    out->fit = out->range + 2 * n;
    out->factor = out->fit + FIT;
    return HG_OK;
}

void hgi_mixture_choices(const hgi_layer *code, int64_t *places, int64_t *values)
{
    const bool bits = strcmp(code->kind->name, "binary") == 0;
    *places = bits ? code->d_out : code->indices;
    *values = bits ? 2 : code->entries;
    if (code->indices == 0 && !bits) *places = *values = 0;
}

hg_status hgi_mixture_new_choices(hg_ctx *ctx, int64_t components, int64_t places,
                                  int64_t values, hgi_mixture *out)
{
    size_t k = (size_t)components, each, count;
    bool fits = hgi_mul_size((size_t)places, (size_t)values, &each) &&
                hgi_mul_size(each, k, &count);
    *out = (hgi_mixture){.places = places, .values = values};
    count = fits && count < SIZE_MAX / 64 ? count + k + FIT : SIZE_MAX;
    out->weight = hgi_calloc(&ctx->mem, count, sizeof *out->weight);
    if (out->weight == NULL)
        return hgi_fail_mem(ctx, count == SIZE_MAX ? count : count * sizeof *out->weight,
                            "a mixture");
    out->components = components;
    out->fit = out->weight + k;
    out->table = out->fit + FIT;
    return HG_OK;
}

void hgi_mixture_free(const hgi_mem *mem, hgi_mixture *m)
{
    hgi_free(mem, m->weight);
    *m = (hgi_mixture){0};
}

hg_status hgi_mixture_put(const hgi_mixture *m, hgi_container *c)
{
    const int64_t k = m->components, d = m->d;
    if (k == 0) return HG_OK;
    HGI_TRY(
        hgi_container_put(c, "mixture.weight", HGI_DT_F64, 1, (int64_t[]){k}, m->weight));
    HGI_TRY(hgi_container_put(c, "mixture.fit", HGI_DT_F64, 1, (int64_t[]){FIT}, m->fit));
    if (m->values > 0)
        return hgi_container_put(c, "mixture.table", HGI_DT_F64, 3,
                                 (int64_t[]){k, m->places, m->values}, m->table);
    HGI_TRY(
        hgi_container_put(c, "mixture.mean", HGI_DT_F64, 2, (int64_t[]){k, d}, m->mean));
    HGI_TRY(hgi_container_put(c, "mixture.factor", HGI_DT_F64, m->full ? 3 : 2,
                              (int64_t[]){k, d, d}, m->factor));
    return hgi_container_put(c, "mixture.range", HGI_DT_F64, 2, (int64_t[]){2, d},
                             m->range);
}

/* ---- reading --------------------------------------------------------------------- */

/* Codes are floats: so is whatever is drawn. */
static bool all_sane(const double *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!(fabs(v[i]) <= (double)FLT_MAX)) return false;
    return true;
}

static bool sane_weights(const double *w, int64_t k)
{
    double sum = 0;
    for (int64_t i = 0; i < k; i++) {
        if (!(w[i] >= 0 && w[i] <= 1 + 1e-6)) return false;
        sum += w[i];
    }
    return fabs(sum - 1) <= 1e-6; /* rounding of some thousand terms, with room */
}

/* A triangle with a positive diagonal, or a positive diagonal alone. */
static bool sane_factor(const hgi_mixture *m)
{
    const int64_t d = m->d, wide = m->full ? d : 1;
    const double *l = m->factor;
    if (!all_sane(l, m->components * d * wide)) return false;
    for (int64_t r = 0; r < m->components * d; r++, l += wide) {
        int64_t diagonal = m->full ? r % d : 0;
        if (!(l[diagonal] > 0)) return false;
        for (int64_t c = diagonal + 1; c < wide; c++)
            if (l[c] < 0 || l[c] > 0) return false;
    }
    return true;
}

static bool sane_range(const double *range, int64_t d)
{
    for (int64_t i = 0; i < d; i++)
        if (!(range[i] <= range[d + i])) return false;
    return all_sane(range, 2 * d);
}

static hg_status refuse(hg_ctx *ctx, const hgi_container *c, const char *tensor,
                        const char *expected)
{
    return hgi_fail(ctx, HG_EFORMAT, "%s: mixture: '%s' is not %s", hgi_container_path(c),
                    tensor, expected);
}

static hg_status check_fit(hg_ctx *ctx, const hgi_container *c, const hgi_mixture *m)
{
    if (!(m->fit[0] >= 1 && m->fit[0] <= 0x1p53) || !isfinite(m->fit[1]) ||
        !isfinite(m->fit[2]))
        return refuse(ctx, c, "mixture.fit", "rows, log-likelihood and BIC");
    return HG_OK;
}

static hg_status check(hg_ctx *ctx, const hgi_container *c, const hgi_mixture *m)
{
    const int64_t k = m->components, d = m->d;
    if (!sane_weights(m->weight, k))
        return refuse(ctx, c, "mixture.weight", "numbers from 0 to 1 whose sum is 1");
    for (int64_t i = 0; m->values > 0 && i < k * m->places; i++)
        if (!sane_weights(m->table + i * m->values, m->values))
            return refuse(ctx, c, "mixture.table",
                          "lines of numbers from 0 to 1 whose sum is 1");
    if (m->values > 0) return check_fit(ctx, c, m);
    if (!all_sane(m->mean, k * d))
        return refuse(ctx, c, "mixture.mean", "finite numbers within 32-bit floats");
    if (!sane_factor(m))
        return refuse(ctx, c, "mixture.factor",
                      "lower triangles, or diagonals, that are positive on the diagonal");
    if (!sane_range(m->range, d))
        return refuse(ctx, c, "mixture.range", "two lines of numbers, the lower first");
    return check_fit(ctx, c, m);
}

/* Half a mixture, or more of one than this version knows, would be drawn from wrongly. */
static hg_status check_names(hg_ctx *ctx, const hgi_container *c)
{
    static const char *const normal[] = {"weight", "mean", "factor", "range", "fit"},
                             *const choices[] = {"weight", "table", "fit"};
    const bool table = hgi_container_get(c, "mixture.table") != NULL;
    const char *const *known = table ? choices : normal;
    int found = 0;
    for (int64_t i = 0; i < hgi_container_count(c); i++) {
        const char *name = hgi_container_at(c, i)->name;
        if (strncmp(name, "mixture.", 8) != 0) continue;
        bool ours = false;
        for (int k = 0; k < (table ? HGI_COUNT(choices) : HGI_COUNT(normal)); k++)
            ours = ours || strcmp(name + 8, known[k]) == 0;
        if (!ours)
            return hgi_fail(ctx, HG_EFORMAT, "%s: tensor '%s' belongs to no mixture",
                            hgi_container_path(c), name);
        found++;
    }
    if (found > 0 && hgi_container_get(c, "mixture.weight") == NULL)
        return hgi_fail(ctx, HG_EFORMAT, "%s: a mixture without 'mixture.weight'",
                        hgi_container_path(c));
    return HG_OK;
}

static hg_status get_choices(hg_ctx *ctx, const hgi_container *c, const hgi_layer *code,
                             int64_t k, hgi_mixture *out)
{
    int64_t P, V;
    const void *weight, *table, *fit;
    hgi_mixture_choices(code, &P, &V);
    if (V == 0)
        return hgi_fail(ctx, HG_EFORMAT,
                        "%s: mixture: 'mixture.table' is for codes of bits or entries",
                        hgi_container_path(c));
    HGI_TRY(hgi_container_need(c, "mixture.weight", HGI_DT_F64, 1, &k, &weight));
    HGI_TRY(hgi_container_need(c, "mixture.fit", HGI_DT_F64, 1, (int64_t[]){FIT}, &fit));
    HGI_TRY(hgi_container_need(c, "mixture.table", HGI_DT_F64, 3, (int64_t[]){k, P, V},
                               &table));
    /* As many bytes as the file has: no more is asked for than was read. */
    HGI_TRY(hgi_mixture_new_choices(ctx, k, P, V, out));
    const size_t one = sizeof(double);
    memcpy(out->weight, weight, (size_t)k * one);
    memcpy(out->table, table, (size_t)(k * P * V) * one);
    memcpy(out->fit, fit, FIT * one);
    hg_status status = check(ctx, c, out);
    if (status != HG_OK) hgi_mixture_free(&ctx->mem, out);
    return status;
}

hg_status hgi_mixture_get(hg_ctx *ctx, const hgi_container *c, const hgi_layer *code,
                          hgi_mixture *out)
{
    const int64_t d = code->d_out;
    const void *weight, *mean, *factor, *range, *fit;
    *out = (hgi_mixture){0};
    HGI_TRY(check_names(ctx, c));
    const hgi_entry *w = hgi_container_get(c, "mixture.weight"),
                    *l = hgi_container_get(c, "mixture.factor");
    if (w == NULL) return HG_OK;
    const int64_t k = w->count;
    if (w->rank != 1 || k < 1 || k > HGI_MIXTURE_MOST)
        return refuse(ctx, c, "mixture.weight", "a list of 1 to 4096 weights");
    if (hgi_container_get(c, "mixture.table") != NULL)
        return get_choices(ctx, c, code, k, out);
    const bool full = l != NULL && l->rank == 3;
    HGI_TRY(hgi_container_need(c, "mixture.weight", HGI_DT_F64, 1, &k, &weight));
    HGI_TRY(
        hgi_container_need(c, "mixture.mean", HGI_DT_F64, 2, (int64_t[]){k, d}, &mean));
    HGI_TRY(hgi_container_need(c, "mixture.factor", HGI_DT_F64, full ? 3 : 2,
                               (int64_t[]){k, d, d}, &factor));
    HGI_TRY(
        hgi_container_need(c, "mixture.range", HGI_DT_F64, 2, (int64_t[]){2, d}, &range));
    HGI_TRY(hgi_container_need(c, "mixture.fit", HGI_DT_F64, 1, (int64_t[]){FIT}, &fit));
    /* As many bytes as the file has: no more is asked for than was read. */
    HGI_TRY(hgi_mixture_new(ctx, k, d, full, out));
    const size_t one = sizeof(double);
    memcpy(out->weight, weight, (size_t)k * one);
    memcpy(out->mean, mean, (size_t)(k * d) * one);
    memcpy(out->factor, factor, (size_t)(k * d * (full ? d : 1)) * one);
    memcpy(out->range, range, (size_t)(2 * d) * one);
    memcpy(out->fit, fit, FIT * one);
    hg_status status = check(ctx, c, out);
    if (status != HG_OK) hgi_mixture_free(&ctx->mem, out);
    return status;
}
