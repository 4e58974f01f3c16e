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

static void write_header(const hg_dataset *d, hgi_outfile *f)
{
    char h[256];
    size_t len = 10; /* the magic word, the version and the length come last */
    memset(h, ' ', sizeof h);
    len += (size_t)snprintf(h + len, sizeof h - len,
                            "{'descr': '%s', 'fortran_order': False, 'shape': (%lld",
                            d->type == HG_U8 ? "|u1" : "<f4", (long long)d->rows);
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
    hgi_outfile_write(f, h, all);
}

static hg_status write_npy(hg_ctx *ctx, const hg_dataset *d, hgi_outfile *f)
{
    size_t n = (size_t)d->features;
    float *row = hgi_alloc(&ctx->mem, n * sizeof *row);
    unsigned char *out = hgi_alloc(&ctx->mem, n * sizeof *row);
    if (row == NULL || out == NULL) {
        hgi_free(&ctx->mem, row);
        hgi_free(&ctx->mem, out);
        return hgi_fail_mem(ctx, n * sizeof *row, "a row");
    }
    write_header(d, f);
    for (int64_t r = 0; r < d->rows; r++) {
        hgi_dataset_row(d, r, row);
        for (size_t c = 0; c < n; c++) {
            if (d->type == HG_U8) {
                out[c] = (unsigned char)row[c];
            } else {
                put_le32(out + 4 * c, row[c]);
            }
        }
        hgi_outfile_write(f, out, d->type == HG_U8 ? n : 4 * n);
    }
    hgi_free(&ctx->mem, row);
    hgi_free(&ctx->mem, out);
    return HG_OK;
}

const hgi_writer hgi_writer_npy = {"npy", "a NumPy array, u8 or f32", ".npy", write_npy};
