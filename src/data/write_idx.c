// SPDX-License-Identifier: MIT
/* IDX: u8 (type 08) or f32 (0d), big-endian; dimensions are the rows and a row's shape, the
 * last left out when it is a single channel, as MNIST's own files do.                  */
#include "data/formats.h"

#include <string.h>

static void put_be32(unsigned char *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (unsigned char)(v >> (24 - 8 * i));
}

static hg_status head(hg_ctx *ctx, const hg_dataset *d, int64_t rows, hgi_text *out)
{
    unsigned char h[4 + 4 * (HGI_MAX_RANK + 1)] = {0};
    int rank = d->rank;
    while (rank > 1 && d->shape[rank - 1] == 1) rank--;
    h[2] = d->type == HG_U8 ? 0x08 : 0x0D;
    h[3] = (unsigned char)(rank + 1);
    for (int i = 0; i <= rank; i++) {
        int64_t dim = i == 0 ? rows : d->shape[i - 1];
        if (dim > UINT32_MAX) {
            return hgi_fail(ctx, HG_ERANGE,
                            "%s: a dimension of %lld, IDX has at most %lu", d->name,
                            (long long)dim, (unsigned long)UINT32_MAX);
        }
        put_be32(h + 4 + 4 * i, (uint32_t)dim);
    }
    hgi_text_add_bytes(out, h, 4 + 4 * ((size_t)rank + 1));
    return HG_OK;
}

static char *write_row(const hg_dataset *d, const float *row, char *out)
{
    for (int64_t c = 0; c < d->features; c++) {
        uint32_t bits;
        memcpy(&bits, &row[c], sizeof bits);
        if (d->type == HG_U8) {
            *out++ = (char)(unsigned char)row[c];
        } else {
            put_be32((unsigned char *)out, bits);
            out += 4;
        }
    }
    return out;
}

const hgi_writer hgi_writer_idx = {
    "idx", "IDX as MNIST has it, u8 or f32", ".idx ubyte", head, true, 4, write_row,
    NULL};
