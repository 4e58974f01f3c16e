// SPDX-License-Identifier: MIT
/* A patch: one rectangle of an image, somewhere inside it, all channels, is filled with 0,
 * with the image's mean in each channel, or with uniform noise between the lowest and the
 * highest training value.  patch:8 is 8 x 8 pixels, patch:8x4 is 8 high and 4 wide,
 * patch:0.25 is a quarter of the area in the image's own proportions.
 *
 * Source: Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016, who
 * let an autoencoder fill it in; DeVries & Taylor, "Cutout", arXiv 1708.04552 (2017).  */
#include "data/corrupt.h"

#include <math.h>
#include <string.h>

enum { MOST = 1 << 24 };
enum { FILL_ZERO, FILL_MEAN, FILL_NOISE };
static const char *const fills[] = {"zero", "mean", "noise"};

static hg_status read_fill(hg_ctx *ctx, const char *s, size_t n, int *out)
{
    char word[24];
    snprintf(word, sizeof word, "%.*s", (int)hgi_min((int64_t)n, 23), s);
    for (*out = 0; *out < HGI_COUNT(fills); ++*out)
        if (strcmp(word, fills[*out]) == 0) return HG_OK;
    return hgi_fail(ctx, HG_EUNKNOWN,
                    "corrupt: patch: filled with '%s', expected zero, mean or noise",
                    word);
}

static bool whole(double x) { return x >= 1 && floor(x) >= x; }

static hg_status read(hg_ctx *ctx, const char *s, size_t n, hgi_corrupt_item *out)
{
    const char *colon = memchr(s, ':', n);
    size_t size = colon != NULL ? (size_t)(colon - s) : n;
    const char *x = memchr(s, 'x', size);
    size_t first = x != NULL ? (size_t)(x - s) : size;
    HGI_TRY(hgi_corrupt_number(ctx, "patch", s, first, MOST, &out->amount));
    if (x != NULL)
        HGI_TRY(hgi_corrupt_number(ctx, "patch", x + 1, size - first - 1, MOST,
                                   &out->second));
    bool sizes = whole(out->amount) && (x == NULL || whole(out->second));
    bool share = x == NULL && out->amount < 1;
    if (!sizes && !share)
        return hgi_fail(
            ctx, HG_ERANGE,
            "corrupt: patch: '%.*s', expected a side in pixels (8), two (8x4) "
            "or a share of the area below 1 (0.25)",
            (int)hgi_min((int64_t)size, 20), s);
    if (colon == NULL) return HG_OK;
    return read_fill(ctx, colon + 1, n - size - 1, &out->fill);
}

static void print(const hgi_corrupt_item *item, hgi_text *out)
{
    char number[HGI_NUMBER_MAX];
    hgi_format_double(number, item->amount);
    hgi_text_add(out, "%s", number);
    hgi_format_double(number, item->second);
    if (item->second > 0) hgi_text_add(out, "x%s", number);
    if (item->fill != FILL_ZERO) hgi_text_add(out, ":%s", fills[item->fill]);
}

/* Height and width in pixels.                                                          */
static void sides(const hgi_corrupt_item *item, const hgi_image *m, int64_t *h,
                  int64_t *w)
{
    if (item->amount < 1) {
        double side = sqrt(item->amount);
        *h = hgi_max(1, (int64_t)floor(side * (double)m->h + 0.5));
        *w = hgi_max(1, (int64_t)floor(side * (double)m->w + 0.5));
        return;
    }
    *h = (int64_t)item->amount;
    *w = item->second > 0 ? (int64_t)item->second : *h;
}

static hg_status fit(hg_ctx *ctx, const hgi_corrupt_item *item, const hgi_image *m)
{
    int64_t h, w;
    sides(item, m, &h, &w);
    if (h <= m->h && w <= m->w) return HG_OK;
    return hgi_fail(ctx, HG_ERANGE,
                    "corrupt: patch: %lldx%lld does not fit into the rows' %lldx%lld",
                    (long long)h, (long long)w, (long long)m->h, (long long)m->w);
}

static void fill_zero(hgi_real *y, int64_t n)
{
    for (int64_t i = 0; i < n; i++) y[i] = 0;
}

/* The whole image's mean of channel j, summed in order.                                */
static hgi_real mean_of(const hgi_corrupt_row *r, int64_t j)
{
    double sum = 0;
    for (int64_t i = j; i < r->n; i += r->image.c) sum += (double)r->y[i];
    return (hgi_real)(sum / (double)(r->image.h * r->image.w));
}

/* Values number `at`, at + 1, ... of the patch: each has its own word, after block 0.  */
static void fill_noise(const hgi_corrupt_row *r, hgi_real *y, int64_t at, int64_t n)
{
    hgi_real lo = (hgi_real)r->span.lo, wide = (hgi_real)(r->span.hi - r->span.lo);
    uint32_t w[4];
    for (int64_t i = 0; i < n; i++, at++) {
        if (i == 0 || at % 4 == 0)
            hgi_corrupt_words(&r->stream, 1 + (uint32_t)(at / 4), w);
        y[i] = lo + wide * (hgi_real)hgi_unit(w[at % 4]);
    }
}

static void apply(const hgi_corrupt_item *item, const hgi_corrupt_row *r)
{
    const hgi_image *m = &r->image;
    int64_t h, w, c = m->c;
    uint32_t word[4];
    sides(item, m, &h, &w);
    hgi_corrupt_words(&r->stream, 0, word);
    /* A word times the places, over 2^32: equal chances to within places / 2^32.       */
    int64_t top = (int64_t)((uint64_t)word[0] * (uint64_t)(m->h - h + 1) >> 32);
    int64_t left = (int64_t)((uint64_t)word[1] * (uint64_t)(m->w - w + 1) >> 32);
    memmove(r->y, r->x, (size_t)r->n * sizeof *r->y);
    hgi_real *y = r->y + (top * m->w + left) * c;
    if (item->fill == FILL_MEAN) {
        for (int64_t j = 0; j < c; j++) {
            hgi_real mean = mean_of(r, j);
            for (int64_t p = 0; p < h; p++)
                for (int64_t q = 0; q < w; q++) y[(p * m->w + q) * c + j] = mean;
        }
        return;
    }
    for (int64_t p = 0; p < h; p++, y += m->w * c) {
        if (item->fill == FILL_ZERO)
            fill_zero(y, w * c);
        else
            fill_noise(r, y, p * w * c, w * c);
    }
}

const hgi_corrupt_kind hgi_corrupt_patch = {
    .name = "patch",
    .brief =
        "patch:SIZE, patch:HxW or patch:SHARE fills a rectangle of an image with zero; "
        "or, as in patch:8:mean, with mean or noise",
    .example = "8",
    .most = MOST,
    .image = true,
    .read = read,
    .print = print,
    .fit = fit,
    .apply = apply,
};
