// SPDX-License-Identifier: MIT
/* What the first bytes of a PNG or JPEG file say: kind, size, colour, depth, and which way
 * up.  No library is asked, so that a folder of a million files is looked through in little
 * time, and a file that is refused costs no memory.
 *
 * Sources: PNG specification, 11.2.2 IHDR; ITU-T T.81 (JPEG), annex B; EXIF 2.3 (CIPA
 * DC-008), 4.6.4 A, tag 0x0112.                                                        */
#include "data/picture.h"

#include <string.h>

/* Segments before a JPEG's size: colour profiles and thumbnails come in pieces of 64 kB. */
enum { SEGMENTS = 4096 };

static uint32_t be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int be16(const unsigned char *p) { return p[0] << 8 | p[1]; }

/* n bytes at a place; false where there are not so many. */
static bool at(const hgi_picture_bytes *b, int64_t place, void *p, int64_t n)
{
    if (place < 0 || place > b->size - n) return false;
    if (b->fd >= 0) return hgi_read_at(b->fd, p, (size_t)n, place) == 0;
    memcpy(p, b->p + place, (size_t)n);
    return true;
}

static hg_status bad(char why[HGI_WHY], const char *text)
{
    snprintf(why, HGI_WHY, "%s", text);
    return HG_EFORMAT;
}

hgi_picture_kind hgi_picture_kind_of(const unsigned char *p, size_t n)
{
    if (n >= 8 && memcmp(p, "\x89PNG\r\n\x1a\n", 8) == 0) return HGI_PICTURE_PNG;
    if (n >= 3 && p[0] == 0xff && p[1] == 0xd8 && p[2] == 0xff) return HGI_PICTURE_JPEG;
    return HGI_PICTURE_NONE;
}

/* ---- PNG --- */

static hg_status look_at_png(const hgi_picture_bytes *b, hgi_picture_head *out, char *why)
{
    unsigned char h[21];
    if (!at(b, 8, h, sizeof h)) return bad(why, "PNG, but cut short in its header");
    uint32_t width = be32(h + 8), height = be32(h + 12);
    int depth = h[16], colour = h[17];
    if (be32(h) != 13 || memcmp(h + 4, "IHDR", 4) != 0)
        return bad(why, "PNG without a header (IHDR)");
    if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX)
        return bad(why, "PNG of a size that there cannot be");
    out->width = width;
    out->height = height;
    out->bits = depth == 16 ? 16 : 8;
    out->channels = colour == 0 || colour == 4 ? 1 : 3;
    return HG_OK;
}

/* ---- JPEG --- */

/* The orientation in the first directory of an EXIF segment of n bytes; 1 where there is
 * none, or none that can be.                                                           */
static int exif_turn(const unsigned char *p, int64_t n)
{
    if (n < 14 || memcmp(p, "Exif\0", 6) != 0) return 1;
    const unsigned char *t = p + 6; /* TIFF begins here; places count from here */
    n -= 6;
    bool big = t[0] == 'M';
    int64_t dir = big ? be32(t + 4)
                      : (int64_t)(t[4] | t[5] << 8 | t[6] << 16 | (uint32_t)t[7] << 24);
    if (dir > n - 2) return 1;
    int64_t entries = big ? be16(t + dir) : t[dir] | t[dir + 1] << 8;
    for (int64_t i = 0; i < entries; i++) {
        int64_t e = dir + 2 + 12 * i;
        if (e > n - 12) return 1;
        int tag = big ? be16(t + e) : t[e] | t[e + 1] << 8;
        if (tag != 0x0112) continue;
        int turn = big ? be16(t + e + 8) : t[e + 8] | t[e + 9] << 8;
        return turn >= 1 && turn <= 8 ? turn : 1;
    }
    return 1;
}

static hg_status take_frame(const unsigned char *f, hgi_picture_head *out, char *why)
{
    int parts = f[5];
    if (f[0] != 8) {
        snprintf(why, HGI_WHY, "JPEG of %d bits a value, expected 8", f[0]);
        return HG_EFORMAT;
    }
    if (be16(f + 1) == 0 || be16(f + 3) == 0)
        return bad(why, "JPEG that does not say its size");
    if (parts != 1 && parts != 3 && parts != 4) {
        snprintf(why, HGI_WHY, "JPEG of %d channels, expected 1, 3 or 4", parts);
        return HG_EFORMAT;
    }
    out->height = be16(f + 1);
    out->width = be16(f + 3);
    out->bits = 8;
    out->channels = parts == 1 ? 1 : 3;
    return HG_OK;
}

static bool is_frame(int marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 &&
           marker != 0xcc;
}

/* From segment to segment to the one that has the size. */
static hg_status look_at_jpeg(const hgi_picture_bytes *b, hgi_picture_head *out,
                              char *why)
{
    int64_t place = 2;
    for (int i = 0; i < SEGMENTS; i++) {
        unsigned char s[10], exif[2048];
        if (!at(b, place, s, 4)) return bad(why, "JPEG, but cut short in its header");
        if (s[0] != 0xff) return bad(why, "JPEG with a damaged header");
        if (s[1] == 0xff) { /* a byte to fill up with */
            place++;
            continue;
        }
        int length = be16(s + 2);
        if (s[1] == 0xd9 || s[1] == 0xda || length < 2)
            return bad(why, "JPEG that does not say its size");
        if (is_frame(s[1])) {
            if (length < 8 || !at(b, place + 4, s, 6))
                return bad(why, "JPEG, but cut short in its header");
            HGI_TRY(take_frame(s, out, why));
            if (out->turn < 5) return HG_OK;
            int64_t height = out->height;
            out->height = out->width;
            out->width = height;
            return HG_OK;
        }
        int64_t some = hgi_min(length - 2, (int64_t)sizeof exif);
        if (s[1] == 0xe1 && out->turn == 1 && at(b, place + 4, exif, some))
            out->turn = exif_turn(exif, some);
        place += 2 + length;
    }
    return bad(why, "JPEG with too long a header");
}

hg_status hgi_picture_look(const hgi_picture_bytes *b, hgi_picture_head *out,
                           char why[HGI_WHY])
{
    unsigned char h[8] = {0};
    int64_t n = hgi_min(b->size, (int64_t)sizeof h);
    *out = (hgi_picture_head){.turn = 1};
    if (!at(b, 0, h, n)) {
        snprintf(why, HGI_WHY, "cannot be read");
        return HG_EIO;
    }
    out->kind = hgi_picture_kind_of(h, (size_t)n);
    if (out->kind == HGI_PICTURE_PNG) return look_at_png(b, out, why);
    if (out->kind == HGI_PICTURE_JPEG) return look_at_jpeg(b, out, why);
    if (n == 0) return bad(why, "empty, expected a PNG or JPEG picture");
    snprintf(why, HGI_WHY, "starts with bytes %02x %02x, expected a PNG or JPEG picture",
             h[0], h[1]);
    return HG_EFORMAT;
}
