// SPDX-License-Identifier: MIT
/* NPY 1.0, '|u1' or '<f4', C order.  The header is padded so that the values start at a
 * multiple of 64 bytes: NumPy can map them.                                            */
#include "data/formats.h"

#include <string.h>

static void put_le32(unsigned char *p, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(bits >> (8 * i));
}

/* As long for any number of rows: 128 bytes hold the largest. */
static hg_status head(hg_ctx *ctx, const hg_dataset *d, int64_t rows, hgi_text *out)
{
    char h[256];
    size_t len = 10; /* the magic word, the version and the length come last */
    (void)ctx;
    memset(h, ' ', sizeof h);
    len += (size_t)snprintf(h + len, sizeof h - len,
                            "{'descr': '%s', 'fortran_order': False, 'shape': (%lld",
                            d->type == HG_U8 ? "|u1" : "<f4", (long long)rows);
    for (int i = 0; i < d->rank; i++) {
        len +=
            (size_t)snprintf(h + len, sizeof h - len, ", %lld", (long long)d->shape[i]);
    }
    len += (size_t)snprintf(h + len, sizeof h - len, "), }");
    h[len] = ' '; /* where snprintf() left its NUL */
    size_t all = (len + 1 + 63) / 64 * 64, text = all - 10;
    memcpy(h, "\x93NUMPY\x01\x00", 8);
    h[8] = (char)(text & 0xff);
    h[9] = (char)(text >> 8);
    h[all - 1] = '\n';
    hgi_text_add_bytes(out, h, all);
    return HG_OK;
}

static char *write_row(const hg_dataset *d, const float *row, char *out)
{
    for (int64_t c = 0; c < d->features; c++) {
        if (d->type == HG_U8) {
            *out++ = (char)(unsigned char)row[c];
        } else {
            put_le32((unsigned char *)out, row[c]);
            out += 4;
        }
    }
    return out;
}

const hgi_writer hgi_writer_npy = {
    "npy", "a NumPy array, u8 or f32", ".npy", head, true, 4, write_row, NULL};
