// SPDX-License-Identifier: MIT
/* The palette.
 *
 * Lines: the colours of Okabe & Ito, "Color Universal Design", 2008, which readers with
 * any of the common kinds of colour blindness tell apart; on dark paper in the order and
 * lightness that keep 3:1 contrast.  Groups of points: the "muted" and "light" sets of
 * P. Tol, "Colour schemes", SRON/EPS/TN/09-002, 2021, made for colour-blind readers, in an
 * order in which neighbours differ most.  Diverging, light: anchors of ColorBrewer's RdBu
 * (Harrower & Brewer, Cartographic Journal 40, 2003), which prints and is safe for
 * red-green blindness.  Diverging, dark: the same hues around a dark neutral, lightest at
 * the ends. */
#include "report/theme.h"

static const hgi_theme themes[] = {
    {
        .paper = 0xFFFFFF,
        .ink = 0x1B1E23,
        .soft = 0x50565F,
        .grid = 0xE4E6EA,
        .axis = 0x8B919A,
        .missing = 0xE3B505,
        .series = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9},
        .group = {0x332288, 0xDDAA33, 0x44AA99, 0xCC6677, 0x88CCEE, 0x117733, 0x882255,
                  0x999933, 0xAA4499, 0x7F858C},
    },
    {
        .paper = 0x15181D,
        .ink = 0xECEEF1,
        .soft = 0xADB4BD,
        .grid = 0x2C3138,
        .axis = 0x6E7680,
        .missing = 0xE3B505,
        .series = {0x56B4E9, 0xE69F00, 0x2DBE95, 0xE08DBB, 0xF0733A, 0xE5DC4B},
        .group = {0x77AADD, 0xEE8866, 0x44BB99, 0xFFAABB, 0xEEDD88, 0x99DDFF, 0xBBCC33,
                  0xC79BE8, 0xAAAA00, 0xC9CED6},
    },
};

const hgi_theme *hgi_theme_of(bool dark) { return &themes[dark ? 1 : 0]; }

uint32_t hgi_map_grey(double t)
{
    uint32_t v = (uint32_t)(255 * (t < 0 ? 0 : t > 1 ? 1 : t) + 0.5);
    return v << 16 | v << 8 | v;
}

/* Straight lines between anchors at equal distances, as plotting programs do. */
static uint32_t between(uint32_t a, uint32_t b, double f)
{
    uint32_t out = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
        double x = (double)(a >> shift & 255), y = (double)(b >> shift & 255);
        out |= (uint32_t)(x + (y - x) * f + 0.5) << shift;
    }
    return out;
}

uint32_t hgi_map_diverging(double t, bool dark)
{
    static const uint32_t anchors[2][9] = {
        {0x053061, 0x2166AC, 0x4393C3, 0xA7D0E4, 0xF8F8F8, 0xFAC8AF, 0xD6604D, 0xB2182B,
         0x67001F},
        {0xB9DCFF, 0x6FB3F2, 0x2F7FC6, 0x1E4A75, 0x16191E, 0x6E2A22, 0xC24A32, 0xF08A63,
         0xFFD0B5},
    };
    double at = 4 * ((t < -1 ? -1 : t > 1 ? 1 : t) + 1);
    int i = at >= 8 ? 7 : (int)at;
    return between(anchors[dark ? 1 : 0][i], anchors[dark ? 1 : 0][i + 1], at - i);
}
