// SPDX-License-Identifier: MIT
/* How a picture becomes rows: resized, cropped, cut into tiles.
 *
 * Resizing is a weighted mean of the pixels under a triangle as wide as two pixels of the
 * result, or of the source where that is larger: bilinear where a picture grows, without
 * aliases where it shrinks.  The same filter as Pillow's BILINEAR, but rounded once, at the
 * end.  First along lines, then down columns.                                          */
#include "data/picture.h"

#include <math.h>
#include <string.h>

bool hgi_prep_size(const char *text, bool one, int64_t out[2])
{
    const char *x = strchr(text, 'x');
    size_t n = x != NULL ? (size_t)(x - text) : strlen(text);
    out[1] = 0;
    if (!hgi_parse_int(text, n, &out[0]) || out[0] < 1 || out[0] > INT32_MAX)
        return false;
    if (x == NULL) return one;
    return hgi_parse_int(x + 1, strlen(x + 1), &out[1]) && out[1] >= 1 &&
           out[1] <= INT32_MAX;
}

static bool larger(const int64_t a[2], const int64_t b[2])
{
    return a[0] > b[0] || a[1] > b[1];
}

/* The shorter side becomes `side`; the other keeps the proportions, and has a pixel. */
static void fit(int64_t side, int64_t area[2])
{
    int k = area[0] <= area[1] ? 0 : 1;
    double ratio = (double)area[1 - k] / (double)area[k];
    area[k] = side;
    area[1 - k] = hgi_max(1, (int64_t)floor(ratio * (double)side + 0.5));
}

bool hgi_prep_area(const hgi_prep *p, int64_t height, int64_t width, int64_t most,
                   int64_t area[2], char why[HGI_WHY])
{
    const int64_t *cut = p->crop[0] > 0 ? p->crop : p->tile;
    area[0] = height;
    area[1] = width;
    if (p->resize[1] > 0)
        memcpy(area, p->resize, sizeof p->resize);
    else if (p->resize[0] > 0)
        fit(p->resize[0], area);
    if (area[0] > most / area[1]) {
        snprintf(why, HGI_WHY,
                 "resized to %lldx%lld, over the limit of %lld pixels (max-pixels)",
                 (long long)area[0], (long long)area[1], (long long)most);
        return false;
    }
    if (larger(cut, area)) {
        snprintf(why, HGI_WHY,
                 "%lldx%lld (height x width), smaller than the %s of %lldx%lld",
                 (long long)area[0], (long long)area[1], p->crop[0] > 0 ? "crop" : "tile",
                 (long long)cut[0], (long long)cut[1]);
        return false;
    }
    if (p->crop[0] > 0) memcpy(area, p->crop, sizeof p->crop);
    return true;
}

void hgi_prep_shape(const hgi_prep *p, const int64_t area[2], int64_t shape[2])
{
    memcpy(shape, p->tile[0] > 0 ? p->tile : area, 2 * sizeof *shape);
}

/* Steps after the first tile of a side, the last one perhaps shorter. */
static int64_t steps(const hgi_prep *p, const int64_t area[2], int k)
{
    return hgi_ceil_div(area[k] - p->tile[k], p->stride[k]);
}

int64_t hgi_prep_tiles(const hgi_prep *p, const int64_t area[2])
{
    return p->tile[0] > 0 ? (steps(p, area, 0) + 1) * (steps(p, area, 1) + 1) : 1;
}

void hgi_prep_corner(const hgi_prep *p, const int64_t area[2], int64_t i, int64_t at[2])
{
    at[0] = at[1] = 0;
    if (p->tile[0] == 0) return;
    int64_t across = steps(p, area, 1) + 1;
    const int64_t k[2] = {i / across, i % across};
    for (int d = 0; d < 2; d++)
        at[d] = hgi_min(k[d] * p->stride[d], area[d] - p->tile[d]);
}

/* ---- resizing --- */

/* Pixel i of the result is the sum of count[i] pixels from first[i] on, by weight[i][..].*/
typedef struct filter {
    int64_t taps;
    int64_t *first, *count;
    float *weight;
} filter;

static void filter_free(const hgi_mem *mem, filter *f)
{
    hgi_free(mem, f->first);
    hgi_free(mem, f->weight);
}

static bool filter_new(const hgi_mem *mem, int64_t in, int64_t out, filter *f)
{
    double scale = (double)in / (double)out, wide = scale > 1 ? scale : 1;
    *f = (filter){.taps = 2 * (int64_t)ceil(wide) + 1};
    size_t n;
    f->first = hgi_alloc(mem, 2 * (size_t)out * sizeof *f->first);
    if (!hgi_mul_size((size_t)out, (size_t)f->taps * sizeof *f->weight, &n)) n = SIZE_MAX;
    f->weight = hgi_alloc(mem, n);
    if (f->first == NULL || f->weight == NULL) return false;
    f->count = f->first + out;
    for (int64_t i = 0; i < out; i++) {
        double centre = ((double)i + 0.5) * scale, sum = 0;
        int64_t a = hgi_max(0, (int64_t)(centre - wide + 0.5));
        int64_t b = hgi_min(in, (int64_t)(centre + wide + 0.5));
        float *w = f->weight + i * f->taps;
        f->first[i] = a;
        f->count[i] = b - a;
        for (int64_t k = a; k < b; k++) {
            double d = fabs(((double)k + 0.5 - centre) / wide);
            sum += d < 1 ? 1 - d : 0;
        }
        for (int64_t k = a; k < b; k++) {
            double d = fabs(((double)k + 0.5 - centre) / wide);
            w[k - a] = (float)((d < 1 ? 1 - d : 0) / sum);
        }
    }
    return true;
}

static float pixel(const hgi_pixels *px, int64_t i)
{
    return px->bits == 16 ? (float)((const uint16_t *)px->p)[i] / 257.0f
                          : (float)((const unsigned char *)px->p)[i];
}

/* Line y of the source, resized along it: out [width][channels]. */
static void resize_line(const hgi_pixels *px, const filter *f, int64_t y, int64_t width,
                        float *out)
{
    const int c = px->channels;
    const int64_t line = y * px->width * c;
    for (int64_t x = 0; x < width; x++) {
        const float *w = f->weight + x * f->taps;
        for (int k = 0; k < c; k++) {
            float sum = 0;
            for (int64_t t = 0; t < f->count[x]; t++)
                sum += w[t] * pixel(px, line + (f->first[x] + t) * c + k);
            out[x * c + k] = sum;
        }
    }
}

static void put(bool bytes, void *to, int64_t i, float v)
{
    float clipped = v < 0 ? 0 : v > 255 ? 255 : v;
    if (bytes)
        ((unsigned char *)to)[i] = (unsigned char)(clipped + 0.5f);
    else
        ((float *)to)[i] = clipped;
}

/* Lines along are made when a column first needs them, and kept while it does: the window
 * of `taps` lines moves down.                                                          */
static void resize_columns(const hgi_pixels *px, const filter *along, const filter *down,
                           const int64_t size[2], float *lines, bool bytes, void *to)
{
    const int64_t n = size[1] * px->channels;
    int64_t made = 0;
    for (int64_t y = 0; y < size[0]; y++) {
        const float *w = down->weight + y * down->taps;
        for (; made < down->first[y] + down->count[y]; made++)
            if (made >= down->first[y])
                resize_line(px, along, made, size[1], lines + made % down->taps * n);
        for (int64_t i = 0; i < n; i++) {
            float sum = 0;
            for (int64_t t = 0; t < down->count[y]; t++)
                sum += w[t] * lines[(down->first[y] + t) % down->taps * n + i];
            put(bytes, to, y * n + i, sum);
        }
    }
}

static hg_status resize(const hgi_mem *mem, const hgi_pixels *px, const int64_t size[2],
                        bool bytes, void **out)
{
    filter along = {0}, down = {0};
    float *lines = NULL;
    size_t values = (size_t)(size[0] * size[1] * px->channels);
    *out = NULL;
    if (filter_new(mem, px->width, size[1], &along) &&
        filter_new(mem, px->height, size[0], &down)) {
        lines =
            hgi_alloc(mem, (size_t)(down.taps * size[1] * px->channels) * sizeof *lines);
        *out = hgi_alloc(mem, values * (bytes ? 1 : sizeof(float)));
    }
    bool ok = lines != NULL && *out != NULL;
    if (ok) resize_columns(px, &along, &down, size, lines, bytes, *out);
    filter_free(mem, &along);
    filter_free(mem, &down);
    hgi_free(mem, lines);
    if (ok) return HG_OK;
    hgi_free(mem, *out);
    *out = NULL;
    return HG_ENOMEM;
}

/* ---- areas and tiles --- */

static hg_status to_floats(const hgi_mem *mem, const hgi_pixels *px, void **out)
{
    int64_t n = px->height * px->width * px->channels;
    float *to = hgi_alloc(mem, (size_t)n * sizeof *to);
    *out = to;
    if (to == NULL) return HG_ENOMEM;
    for (int64_t i = 0; i < n; i++) to[i] = pixel(px, i);
    return HG_OK;
}

hg_status hgi_prep_run(const hgi_mem *mem, const hgi_prep *p, hgi_pixels *take,
                       bool bytes, hgi_area *out)
{
    int64_t whole[2] = {take->height, take->width}, size[2];
    void *made = NULL;
    hg_status status = HG_OK;
    memcpy(size, whole, sizeof size);
    if (p->resize[1] > 0)
        memcpy(size, p->resize, sizeof size);
    else if (p->resize[0] > 0)
        fit(p->resize[0], size);
    bool same = size[0] == whole[0] && size[1] == whole[1];
    if (!same)
        status = resize(mem, take, size, bytes, &made);
    else if (!bytes)
        status = to_floats(mem, take, &made);
    if (made != NULL || status != HG_OK) {
        hgi_free(mem, take->p);
        take->p = made;
    }
    int64_t value = bytes ? 1 : (int64_t)sizeof(float);
    *out = (hgi_area){.size = {size[0], size[1]},
                      .channels = take->channels,
                      .bytes = bytes,
                      .p = take->p,
                      .line = size[1] * take->channels * value,
                      .owned = take->p};
    take->p = NULL;
    if (status != HG_OK || p->crop[0] == 0) return status;
    int64_t y = (size[0] - p->crop[0]) / 2, x = (size[1] - p->crop[1]) / 2;
    memcpy(out->size, p->crop, sizeof out->size);
    out->p += y * out->line + x * out->channels * value;
    return HG_OK;
}

void hgi_area_row(const hgi_area *a, const int64_t at[2], const int64_t shape[2],
                  void *out)
{
    int64_t value = a->bytes ? 1 : (int64_t)sizeof(float);
    size_t n = (size_t)(shape[1] * a->channels * value);
    for (int64_t y = 0; y < shape[0]; y++)
        memcpy((unsigned char *)out + (size_t)y * n,
               a->p + (at[0] + y) * a->line + at[1] * a->channels * value, n);
}
