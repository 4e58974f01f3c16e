// SPDX-License-Identifier: MIT
/* A reader of the PNG files that report tests draw: 8-bit RGB, not interlaced.  It is
 * written from the PNG specification and shares nothing with what draws them. */
#ifndef REPORT_PNG_H
#define REPORT_PNG_H

#include "test.h"

#include <stdlib.h>
#include <zlib.h>

typedef struct png {
    int width, height;
    unsigned char *rgb; /* [height, width, 3] */
} png;

static inline uint32_t png_u32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline int png_paeth(int a, int b, int c)
{
    int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);
    return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/* Undo the filters of section 9 of the specification. */
static inline void png_unfilter(png *image, const unsigned char *raw)
{
    size_t row = 3 * (size_t)image->width;
    for (int y = 0; y < image->height; y++) {
        int filter = *raw++;
        for (size_t i = 0; i < row; i++) {
            unsigned char *at = image->rgb + (size_t)y * row + i;
            int a = i >= 3 ? at[-3] : 0, b = y > 0 ? *(at - row) : 0;
            int c = i >= 3 && y > 0 ? *(at - row - 3) : 0;
            const int add[] = {0, a, b, (a + b) / 2, png_paeth(a, b, c)};
            *at = (unsigned char)(*raw++ + add[filter]);
        }
    }
}

/* Read a PNG; a test goes on with an image of 0 x 0 when it is none. */
static inline png png_read(const char *path)
{
    png image = {0};
    size_t n, used = 0;
    char *bytes = test_read(path, &n);
    const unsigned char *p = (unsigned char *)bytes, *end = p + n;
    unsigned char *packed = malloc(n);
    if (!CHECK(n > 33 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0)) return image;
    int w = (int)png_u32(p + 16), h = (int)png_u32(p + 20);
    if (!CHECK(p[24] == 8 && p[25] == 2 && p[28] == 0)) return image;
    for (p += 8; end - p >= 12; p += png_u32(p) + 12)
        if (memcmp(p + 4, "IDAT", 4) == 0) {
            memcpy(packed + used, p + 8, png_u32(p));
            used += png_u32(p);
        }
    uLongf size = (uLongf)h * (3 * (uLongf)w + 1);
    unsigned char *raw = malloc(size);
    image = (png){w, h, malloc(3 * (size_t)w * (size_t)h)};
    CHECK_INT(uncompress(raw, &size, packed, used), Z_OK);
    png_unfilter(&image, raw);
    free(raw);
    free(packed);
    free(bytes);
    return image;
}

static inline uint32_t png_at(const png *image, int x, int y)
{
    if (x < 0 || y < 0 || x >= image->width || y >= image->height) return UINT32_MAX;
    const unsigned char *p =
        image->rgb + 3 * ((size_t)y * (size_t)image->width + (size_t)x);
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* How many pixels of exactly this colour lie in x0 <= x < x1, y0 <= y < y1. */
static inline int png_count(const png *image, uint32_t rgb, int x0, int y0, int x1,
                            int y1)
{
    int n = 0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++) n += png_at(image, x, y) == rgb;
    return n;
}

#endif
