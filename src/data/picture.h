// SPDX-License-Identifier: MIT
/* Pictures in files: what their first bytes say, their pixels, and how they become rows.
 *
 *     bytes -> head (size, kind) -> decode -> turn as EXIF says -> resize -> crop -> tiles
 *
 * Everything here may run in any thread and leaves no message in a context: a reason is put
 * in a text of the caller's, without the path, which the caller knows.
 * Pixel values are 0 to 255 whatever the file has: 8 bits as bytes, 16 bits as floats in
 * steps of 1/257, so that pictures of both kinds can stand in one folder.              */
#ifndef HGI_PICTURE_H
#define HGI_PICTURE_H

#include "base/base.h"

#define HGI_WHY 160

typedef enum hgi_picture_kind {
    HGI_PICTURE_NONE,
    HGI_PICTURE_PNG,
    HGI_PICTURE_JPEG
} hgi_picture_kind;

typedef struct hgi_picture_head {
    hgi_picture_kind kind;
    int64_t height, width; /* as it is to be looked at, turned                          */
    int channels;          /* 1 or 3; transparency is not one                           */
    int bits;              /* 8 or 16                                                   */
    int turn;              /* EXIF's orientation, 1 to 8                                */
} hgi_picture_head;

/* Bytes of a file, or in memory when fd is -1.                                         */
typedef struct hgi_picture_bytes {
    int fd;
    const unsigned char *p;
    int64_t size;
} hgi_picture_bytes;

/* By its first bytes.                                                                  */
hgi_picture_kind hgi_picture_kind_of(const unsigned char *p, size_t n);
/* Reads no more than the head.  HG_EFORMAT with the reason, HG_EIO.                    */
hg_status hgi_picture_look(const hgi_picture_bytes *b, hgi_picture_head *out,
                           char why[HGI_WHY]);

/* Pixels, row by row, channels side by side: bytes, or 16 bits of the machine's order. */
typedef struct hgi_pixels {
    int64_t height, width;
    int channels, bits;
    void *p; /* hgi_alloc'ed */
} hgi_pixels;

/* The whole of a picture that hgi_picture_look() has seen, turned, in as many channels as
 * asked for: grey of colour by ITU-R BT.601's luma, which is what JPEG stores; transparent
 * pixels over white.  Errors: HG_EFORMAT, HG_ENOMEM, HG_EUNAVAILABLE, with the reason. */
hg_status hgi_picture_decode(const hgi_mem *mem, const unsigned char *bytes, size_t n,
                             const hgi_picture_head *head, int channels, hgi_pixels *out,
                             char why[HGI_WHY]);
/* Each kind's decoder; `out` has size and channels as in the file, not turned, and room. */
hg_status hgi_png_decode(const hgi_mem *mem, const unsigned char *bytes, size_t n,
                         hgi_pixels *out, char why[HGI_WHY]);
hg_status hgi_jpeg_decode(const hgi_mem *mem, const unsigned char *bytes, size_t n,
                          hgi_pixels *out, char why[HGI_WHY]);
/* Versions of the libraries; NULL when they are not built in.                          */
const char *hgi_png_version(void);
const char *hgi_jpeg_version(void);
/* Rows [height][width][channels] of bytes, or of 16 bits of the machine's order, as a PNG
 * file's bytes.  Errors: HG_ENOMEM, HG_EUNAVAILABLE.                                   */
hg_status hgi_png_encode(const hgi_pixels *px, hgi_text *out, char why[HGI_WHY]);

/* ---- from pixels to rows --- */

/* How pictures are brought to a model's input; zeros: as they are.  Sizes are height and
 * width.                                                                               */
typedef struct hgi_prep {
    int channels;      /* 1, 3; 0: as the pictures have it                              */
    int64_t resize[2]; /* second 0: the shorter side becomes the first                  */
    int64_t crop[2];   /* around the centre                                             */
    int64_t tile[2], stride[2];
} hgi_prep;

/* "64x64", or "64" where one number will do: height and width, both at least 1.        */
bool hgi_prep_size(const char *text, bool one, int64_t out[2]);
/* Size of a picture behind resize and crop.  False, with a reason, when it is smaller than
 * the crop or the tile, or would be over `most` pixels.                                */
bool hgi_prep_area(const hgi_prep *p, int64_t height, int64_t width, int64_t most,
                   int64_t area[2], char why[HGI_WHY]);
/* Of a row: that of a tile, else of the area.                                          */
void hgi_prep_shape(const hgi_prep *p, const int64_t area[2], int64_t shape[2]);
/* Rows that an area gives, and where the i-th of them has its upper left corner.  The last
 * tile of a line ends with the picture, so that no pixel is left out.                  */
int64_t hgi_prep_tiles(const hgi_prep *p, const int64_t area[2]);
void hgi_prep_corner(const hgi_prep *p, const int64_t area[2], int64_t i, int64_t at[2]);

/* Area of a picture, in the type of its rows: bytes or floats.                         */
typedef struct hgi_area {
    int64_t size[2];
    int channels;
    bool bytes;
    const unsigned char *p; /* of the upper left pixel                                  */
    int64_t line;           /* bytes from one line to the next                          */
    void *owned;
} hgi_area;
/* Resize and crop; takes the pixels.  bytes: 8 bits a value, else floats.              */
hg_status hgi_prep_run(const hgi_mem *mem, const hgi_prep *p, hgi_pixels *take,
                       bool bytes, hgi_area *out);
/* One row of it, h x w, from a corner on. */
void hgi_area_row(const hgi_area *a, const int64_t at[2], const int64_t shape[2],
                  void *out);

#endif
