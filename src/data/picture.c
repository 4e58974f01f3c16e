// SPDX-License-Identifier: MIT
/* A picture's pixels by whichever decoder its kind has, turned the way it is looked at.
 * Source of the eight orientations: EXIF 2.3, 4.6.4 A, tag 0x0112.                     */
#include "data/picture.h"

#include <string.h>

/* Where pixel (y, x) of the turned picture stands in one of height h and width w. */
static int64_t before_turn(int turn, int64_t y, int64_t x, int64_t h, int64_t w)
{
    switch (turn) {
    case 2: return y * w + (w - 1 - x);
    case 3: return (h - 1 - y) * w + (w - 1 - x);
    case 4: return (h - 1 - y) * w + x;
    case 5: return x * w + y;
    case 6: return (h - 1 - x) * w + y;
    case 7: return (h - 1 - x) * w + (w - 1 - y);
    case 8: return x * w + (w - 1 - y);
    default: return y * w + x;
    }
}

static hg_status turn_pixels(const hgi_mem *mem, int turn, hgi_pixels *px)
{
    int64_t h = px->height, w = px->width, size = px->channels * (px->bits / 8);
    unsigned char *to = hgi_alloc(mem, (size_t)(h * w * size));
    if (to == NULL) return HG_ENOMEM;
    if (turn >= 5) {
        px->height = w;
        px->width = h;
    }
    for (int64_t y = 0, i = 0; y < px->height; y++)
        for (int64_t x = 0; x < px->width; x++, i++)
            memcpy(to + i * size,
                   (unsigned char *)px->p + before_turn(turn, y, x, h, w) * size,
                   (size_t)size);
    hgi_free(mem, px->p);
    px->p = to;
    return HG_OK;
}

hg_status hgi_picture_decode(const hgi_mem *mem, const unsigned char *bytes, size_t n,
                             const hgi_picture_head *head, int channels, hgi_pixels *out,
                             char why[HGI_WHY])
{
    bool aside = head->turn >= 5;
    size_t room;
    *out = (hgi_pixels){.height = aside ? head->width : head->height,
                        .width = aside ? head->height : head->width,
                        .channels = channels,
                        .bits = head->bits};
    if (!hgi_mul_size((size_t)out->height, (size_t)out->width, &room) ||
        !hgi_mul_size(room, (size_t)(channels * (out->bits / 8)), &room))
        room = SIZE_MAX;
    out->p = hgi_alloc(mem, room);
    hg_status status = out->p != NULL ? HG_OK : HG_ENOMEM;
    if (status == HG_OK)
        status = head->kind == HGI_PICTURE_PNG ? hgi_png_decode(mem, bytes, n, out, why)
                                               : hgi_jpeg_decode(mem, bytes, n, out, why);
    if (status == HG_OK && head->turn > 1) status = turn_pixels(mem, head->turn, out);
    if (status == HG_ENOMEM)
        snprintf(why, HGI_WHY, "out of memory for %lld x %lld pixels",
                 (long long)head->width, (long long)head->height);
    if (status != HG_OK) {
        hgi_free(mem, out->p);
        out->p = NULL;
    }
    return status;
}
