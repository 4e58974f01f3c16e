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

/* Of the scale of colours as it is drawn, what is below the threshold; the colours and the
 * weight on both sides of it: a step, so that what is above has an outline, and is seen in
 * a black picture and in a white one however far the scale goes. */
#define CALM 0.4f
#define CALM_FROM 0.15f
#define CALM_TO 0.4f
#define CALM_WEIGHT 0.4f
#define HOT_FROM 0.55f
#define WEIGHT 0.85f
/* Of a pixel's grey so much is left: the last colour is not to be lost on white. */
#define GREY 0.7f

/* Where on the scale of colours a value is, 0 to 1. */
static float place_of(const hgi_heat_paint *h, float value)
{
    float at = value / h->scale;
    if (h->anchor > 0 && value < h->anchor)
        at = CALM * value / h->anchor;
    else if (h->anchor > 0)
        at = CALM + (1 - CALM) * (value - h->anchor) / (h->scale - h->anchor);
    return at < 0 ? 0 : at < 1 ? at : 1; /* also of infinity */
}

/* The picture in grey shows through where there is little error. */
static void overlay(const hgi_heat_paint *h, float at, float grey, float rgb[3])
{
    float colour[3], weight = WEIGHT * at, t = at;
    if (h->anchor > 0 && at < CALM) {
        const float part = at / CALM;
        weight = CALM_WEIGHT * part * part; /* noise stays grey */
        t = CALM_FROM + (CALM_TO - CALM_FROM) * part;
    } else if (h->anchor > 0) {
        weight = WEIGHT;
        t = HOT_FROM + (1 - HOT_FROM) * (at - CALM) / (1 - CALM);
    }
    colour_of(t, colour);
    for (int k = 0; k < 3; k++) rgb[k] = (1 - weight) * GREY * grey + weight * colour[k];
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
    {'f', {6, 9, 8, 28, 8, 8, 8}},       {'r', {0, 0, 22, 25, 16, 16, 16}},
    {'m', {0, 0, 26, 21, 21, 21, 21}},
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

/* The colours from top to bottom, and where things are beside them. */
typedef struct ruler {
    const canvas *c;
    int64_t dot, text, top, bar, left, label;
} ruler;

static int64_t line_of(const ruler *r, float at)
{
    return r->top + (int64_t)llround((1 - (double)at) * (double)(r->bar - 1));
}

static void tick(const ruler *r, int64_t y, double v)
{
    static const float black[3] = {0, 0, 0};
    char number[24];
    snprintf(number, sizeof number, "%.3g", v);
    box(r->c, y - r->dot / 2, r->left + 9 * r->dot, r->dot, 2 * r->dot, black);
    write_text(r->c, y - r->text / 2, r->label, r->dot, number);
}

/* A line across the colours, "alarm" above it and its number below. */
static void mark(const ruler *r, int64_t y, double v)
{
    static const float white[3] = {255, 255, 255}, black[3] = {0, 0, 0};
    const int64_t gap = r->dot + r->dot / 2;
    char number[24];
    snprintf(number, sizeof number, "%.3g", v);
    box(r->c, y - r->dot, r->left - r->dot, 3 * r->dot, 10 * r->dot, white);
    box(r->c, y, r->left - r->dot, r->dot, r->c->width - r->left, black);
    write_text(r->c, y - gap - r->text, r->label, r->dot, "alarm");
    write_text(r->c, y + gap + r->dot, r->label, r->dot, number);
}

static void legend(const hgi_heat_paint *h, const canvas *c, int64_t left)
{
    static const float white[3] = {255, 255, 255};
    const int64_t dot = dot_of(c->height), text = GLYPH_HEIGHT * dot;
    ruler r = {c, dot, text, .top = text + 4 * dot, .left = left + 4 * dot};
    r.bar = c->height - r.top - text;
    r.label = r.left + 13 * dot;
    const double whole = (double)h->scale, from = (double)h->anchor;
    const double step = step_of(whole - from);
    const int64_t marked = h->marked && from > 0 ? line_of(&r, CALM) : -text * 4;
    box(c, 0, left, c->height, c->width - left, white);
    write_text(c, dot, r.left, dot, h->unit);
    for (int64_t y = 0; y < r.bar; y++) {
        float rgb[3], at = 1 - (float)y / (float)hgi_max(r.bar - 1, 1);
        overlay(h, at, 255.0f / 2, rgb);
        box(c, r.top + y, r.left, 1, 9 * dot, rgb);
    }
    if (from > 0) tick(&r, line_of(&r, 0), 0);
    for (double k = from > 0 ? ceil(from / step) : 0; k * step <= whole * (1 + 1e-9);
         k++) {
        const int64_t y = line_of(&r, place_of(h, (float)(k * step)));
        if (y > marked + 2 * text + 4 * dot || y < marked - 2 * text - 4 * dot)
            tick(&r, y, k * step);
    }
    if (marked > 0) mark(&r, marked, from);
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
        overlay(h, place_of(h, h->map[i]), h->grey[i], colour);
        box(&c, i / h->width * times, i % h->width * times, times, times, colour);
    }
    if (!h->plain) legend(h, &c, h->width * times);
}
