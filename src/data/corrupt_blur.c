// SPDX-License-Identifier: MIT
/* Blur: an image is convolved with a Gaussian of `amount` x `amount` places and standard
 * deviation sigma, each channel by itself; behind the border its outermost values go on.
 *
 *     y(p,q) = sum_ij g(i) g(j) x(p + i, q + j),   g(i) ~ exp(-i^2 / (2 sigma^2)), sum 1
 *
 * g is separable, so lines are done first and columns after.  Plain C with one order of
 * sums: the bits are the same on every instruction set.  blur:SIZE alone takes the sigma
 * that OpenCV's getGaussianKernel documents for a size, 0.3 ((SIZE - 1) / 2 - 1) + 0.8. */
#include "data/corrupt.h"

#include <math.h>
#include <string.h>

enum { MOST = 31, REACH = MOST / 2, PIECE = 128 };

static double usual_sigma(double size) { return 0.3 * ((size - 1) / 2 - 1) + 0.8; }

static hg_status read(hg_ctx *ctx, const char *s, size_t n, hgi_corrupt_item *out)
{
    const char *colon = memchr(s, ':', n);
    size_t size = colon != NULL ? (size_t)(colon - s) : n;
    HGI_TRY(hgi_corrupt_number(ctx, "blur", s, size, MOST, &out->amount));
    if (out->amount < 3 || fmod(out->amount, 2) != 1)
        return hgi_fail(ctx, HG_ERANGE,
                        "corrupt: blur: a size of %.*s, expected an odd number of pixels "
                        "from 3 on, as in blur:5 or blur:5:1.2",
                        (int)hgi_min((int64_t)size, 20), s);
    out->second = usual_sigma(out->amount);
    if (colon == NULL) return HG_OK;
    return hgi_corrupt_number(ctx, "blur", colon + 1, n - size - 1, 100, &out->second);
}

static void print(const hgi_corrupt_item *item, hgi_text *out)
{
    char size[HGI_NUMBER_MAX], sigma[HGI_NUMBER_MAX];
    hgi_format_double(size, item->amount);
    hgi_format_double(sigma, item->second);
    hgi_text_add(out, "%s:%s", size, sigma);
}

/* g [2 reach + 1]                                                                      */
static void weights(double sigma, int64_t reach, hgi_real *g)
{
    double w[MOST], sum = 0;
    for (int64_t i = -reach; i <= reach; i++) {
        double u = (double)i / sigma;
        sum += w[i + reach] = exp(-u * u / 2);
    }
    for (int64_t i = 0; i <= 2 * reach; i++) g[i] = (hgi_real)(w[i] / sum);
}

/* One line of n places, `step` apart, in pieces that lie on the stack with what is around
 * them: of the places before a piece, already written, the old values are kept.        */
static void blur_line(const hgi_real *g, int64_t reach, int64_t n, int64_t step,
                      const hgi_real *x, hgi_real *y)
{
    hgi_real old[PIECE + 2 * REACH];
    const hgi_real last = x[(n - 1) * step];
    for (int64_t i = 0; i < reach; i++) old[i] = x[0];
    for (int64_t i = 0; i < reach; i++) old[reach + i] = i < n ? x[i * step] : last;
    for (int64_t at = 0; at < n; at += PIECE) {
        hgi_real sum[PIECE] = {0};
        int64_t m = hgi_min(PIECE, n - at);
        for (int64_t i = 0; i < m; i++) {
            int64_t p = at + i + reach;
            old[2 * reach + i] = p < n ? x[p * step] : last;
        }
        for (int64_t k = 0; k <= 2 * reach; k++)
            for (int64_t i = 0; i < m; i++) sum[i] += g[k] * old[k + i];
        for (int64_t i = 0; i < m; i++) y[(at + i) * step] = sum[i];
        memmove(old, old + m, (size_t)(2 * reach) * sizeof *old);
    }
}

static void apply(const hgi_corrupt_item *item, const hgi_corrupt_row *r)
{
    hgi_real g[MOST];
    int64_t reach = (int64_t)item->amount / 2, h = r->image.h, w = r->image.w,
            c = r->image.c;
    weights(item->second, reach, g);
    for (int64_t p = 0; p < h; p++)
        for (int64_t j = 0; j < c; j++)
            blur_line(g, reach, w, c, r->x + p * w * c + j, r->y + p * w * c + j);
    for (int64_t q = 0; q < w * c; q++) blur_line(g, reach, h, w * c, r->y + q, r->y + q);
    if (!hgi_span_is_unit(r->span)) return;
    /* The weights' sum is 1 but for rounding, which must not leave the range.          */
    for (int64_t i = 0; i < r->n; i++)
        if (r->y[i] > 1) r->y[i] = 1;
}

const hgi_corrupt_kind hgi_corrupt_blur = {
    .name = "blur",
    .brief =
        "blur:SIZE or blur:SIZE:SIGMA blurs images by a Gaussian of SIZE x SIZE pixels",
    .example = "5",
    .most = MOST,
    .image = true,
    .read = read,
    .print = print,
    .apply = apply,
};
