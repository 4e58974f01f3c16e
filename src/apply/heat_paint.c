// SPDX-License-Identifier: MIT
/* Colours: Inferno of Matplotlib (Smith and van der Walt, CC0), nine of its 256.  Numbers
 * are drawn from dots here, so that they need no library for text and a build without one
 * has them, too. */
#include "apply/heat_paint.h"

#include <math.h>
#include <string.h>

enum {
    LOOKED_AT = 192, /* pixels of height that an enlarged picture has at least */
    GLYPH_HEIGHT = 7,
    GLYPH_WIDTH = 5,
    ADVANCE = 6,
    LETTERS = 7 /* of the longest label */
};

static void colour_of(float t, float rgb[3])
{
    static const float inferno[9][3] = {{0, 0, 4},      {31, 12, 72},   {85, 15, 109},
                                        {136, 34, 106}, {186, 54, 85},  {227, 89, 51},
                                        {249, 140, 10}, {249, 201, 50}, {252, 255, 164}};
    float at = (t < 0 ? 0 : t > 1 ? 1 : t) * 8;
    int i = at >= 8 ? 7 : (int)at;
    for (int k = 0; k < 3; k++)
        rgb[k] = inferno[i][k] + (at - (float)i) * (inferno[i + 1][k] - inferno[i][k]);
}

/* The picture in grey shows through where there is little error. */
static void overlay(float t, float grey, float rgb[3])
{
    float colour[3];
    t = t < 1 ? t : 1; /* also of infinity */
    colour_of(t, colour);
    for (int k = 0; k < 3; k++)
        rgb[k] = (1 - 0.85f * t) * 0.8f * grey + 0.85f * t * colour[k];
}

/* ---- text -- */

/* Each line of a glyph is five bits, the leftmost the highest. */
static const struct {
    char c;
    unsigned char line[GLYPH_HEIGHT];
} glyphs[] = {
    {'0', {14, 17, 19, 21, 25, 17, 14}}, {'1', {4, 12, 4, 4, 4, 4, 14}},
    {'2', {14, 17, 1, 2, 4, 8, 31}},     {'3', {31, 2, 4, 2, 1, 17, 14}},
    {'4', {2, 6, 10, 18, 31, 2, 2}},     {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {6, 8, 16, 30, 17, 17, 14}},   {'7', {31, 1, 2, 4, 8, 8, 8}},
    {'8', {14, 17, 17, 14, 17, 17, 14}}, {'9', {14, 17, 17, 15, 1, 2, 12}},
    {'.', {0, 0, 0, 0, 0, 12, 12}},      {'-', {0, 0, 0, 31, 0, 0, 0}},
    {'+', {0, 4, 4, 31, 4, 4, 0}},       {'e', {0, 0, 14, 17, 31, 16, 14}},
    {'x', {0, 0, 17, 10, 4, 10, 17}},    {'u', {0, 0, 17, 17, 17, 19, 13}},
    {'s', {0, 0, 15, 16, 14, 1, 30}},    {'a', {0, 0, 14, 1, 15, 17, 15}},
    {'l', {12, 4, 4, 4, 4, 4, 14}},      {'o', {0, 0, 14, 17, 17, 17, 14}},
    {'f', {6, 9, 8, 28, 8, 8, 8}},
};

typedef struct canvas {
    float *rgb;
    int64_t height, width;
} canvas;

static void box(const canvas *c, int64_t top, int64_t left, int64_t height, int64_t width,
                const float rgb[3])
{
    for (int64_t y = hgi_max(top, 0); y < hgi_min(top + height, c->height); y++)
        for (int64_t x = hgi_max(left, 0); x < hgi_min(left + width, c->width); x++)
            memcpy(&c->rgb[3 * (y * c->width + x)], rgb, 3 * sizeof *rgb);
}

/* Each dot a square of `dot` pixels. */
static void write_text(const canvas *c, int64_t top, int64_t left, int64_t dot,
                       const char *text)
{
    static const float black[3] = {0, 0, 0};
    for (; *text != '\0'; text++, left += ADVANCE * dot)
        for (int g = 0; g < HGI_COUNT(glyphs); g++)
            for (int k = 0; glyphs[g].c == *text && k < GLYPH_HEIGHT * GLYPH_WIDTH; k++)
                if ((glyphs[g].line[k / GLYPH_WIDTH] >> (4 - k % GLYPH_WIDTH) & 1) != 0)
                    box(c, top + k / GLYPH_WIDTH * dot, left + k % GLYPH_WIDTH * dot, dot,
                        dot, black);
}

/* ---- the scale of colours ------------------------------------------------------------ */

static int64_t enlarged(const hgi_heat_paint *h)
{
    return h->plain ? 1 : hgi_max(1, (LOOKED_AT + h->height - 1) / h->height);
}

/* Size of a dot: large pictures are looked at from further away. */
static int64_t dot_of(int64_t height) { return hgi_max(2, height / 250); }

/* 1, 2 or 5 times a power of ten, of which few make the whole. */
static double step_of(double whole)
{
    const double ten = pow(10, floor(log10(whole)));
    return whole / ten < 2 ? 0.5 * ten : whole / ten < 5 ? ten : 2 * ten;
}

static void legend(const hgi_heat_paint *h, const canvas *c, int64_t left)
{
    static const float white[3] = {255, 255, 255}, black[3] = {0, 0, 0};
    const int64_t dot = dot_of(c->height), text = GLYPH_HEIGHT * dot;
    const int64_t top = text + 4 * dot, bar = c->height - top - text;
    const int64_t bar_left = left + 4 * dot, label = bar_left + 13 * dot;
    const double whole = (double)h->scale, step = step_of(whole);
    char number[24];
    box(c, 0, left, c->height, c->width - left, white);
    write_text(c, dot, bar_left, dot, h->unit);
    for (int64_t y = 0; y < bar; y++) {
        float rgb[3], t = 1 - (float)y / (float)hgi_max(bar - 1, 1);
        overlay(t, 255.0f / 2, rgb);
        box(c, top + y, bar_left, 1, 9 * dot, rgb);
    }
    for (double v = 0; v <= whole * (1 + 1e-9); v += step) {
        const int64_t y = top + (int64_t)llround((1 - v / whole) * (double)(bar - 1));
        box(c, y - dot / 2, bar_left + 9 * dot, dot, 2 * dot, black);
        snprintf(number, sizeof number, "%.3g", v < step / 2 ? 0 : v);
        write_text(c, y - text / 2, label, dot, number);
    }
}

void hgi_heat_size(const hgi_heat_paint *h, int64_t size[2])
{
    const int64_t times = enlarged(h);
    size[0] = h->height * times;
    size[1] = h->width * times;
    if (!h->plain) size[1] += (17 + LETTERS * ADVANCE) * dot_of(size[0]);
}

void hgi_heat_paint_into(const hgi_heat_paint *h, float *rgb)
{
    int64_t size[2];
    const int64_t times = enlarged(h);
    hgi_heat_size(h, size);
    const canvas c = {rgb, size[0], size[1]};
    for (int64_t i = 0; i < h->height * h->width; i++) {
        float colour[3];
        overlay(h->map[i] / h->scale, h->grey[i], colour);
        box(&c, i / h->width * times, i % h->width * times, times, times, colour);
    }
    if (!h->plain) legend(h, &c, h->width * times);
}
