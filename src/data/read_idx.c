// SPDX-License-Identifier: MIT
/* IDX, the format of MNIST: two zero bytes, a type, the number of dimensions, each
 * dimension as a big-endian 32-bit number, then the values, big-endian, row-major.
 * Source: Y. LeCun, "The MNIST database of handwritten digits", file format section.   */
#include "data/array.h"
#include "data/blocks.h"

static bool idx_cell(unsigned char code, hgi_cell *out)
{
    switch (code) {
    case 0x08: *out = HGI_CELL_U8; return true;
    case 0x09: *out = HGI_CELL_I8; return true;
    case 0x0B: *out = HGI_CELL_I16; return true;
    case 0x0C: *out = HGI_CELL_I32; return true;
    case 0x0D: *out = HGI_CELL_F32; return true;
    case 0x0E: *out = HGI_CELL_F64; return true;
    default: return false;
    }
}

/* No text starts with zero bytes, and few binary formats do. */
static int probe(const unsigned char *head, size_t n, const char *path)
{
    (void)path;
    hgi_cell cell;
    return n >= 4 && head[0] == 0 && head[1] == 0 && idx_cell(head[2], &cell) ? 2 : 0;
}

/* The sizes in it are held against the bytes there are by hgi_array_read(). */
static hg_status read_header(hg_ctx *ctx, hgi_source *s, hgi_array *a)
{
    const char *path = hgi_source_path(s);
    unsigned char h[4 + 4 * (HGI_MAX_RANK + 1)];
    size_t got;
    HGI_TRY(hgi_source_read(s, h, 4, &got));
    if (got < 4) {
        return hgi_fail(ctx, HG_EFORMAT,
                        "%s: %zu bytes, expected an IDX header of at least 8", path, got);
    }
    if (h[0] != 0 || h[1] != 0) {
        return hgi_fail(ctx, HG_EFORMAT,
                        "%s: starts with bytes %02x %02x, IDX starts with 00 00", path,
                        h[0], h[1]);
    }
    if (!idx_cell(h[2], &a->cell)) {
        return hgi_fail(
            ctx, HG_EFORMAT,
            "%s: type 0x%02x, expected 08 u8, 09 i8, 0b i16, 0c i32, 0d f32 or 0e f64",
            path, h[2]);
    }
    a->rank = h[3];
    if (a->rank < 1 || a->rank > HGI_MAX_RANK + 1) {
        return hgi_fail(ctx, HG_EFORMAT, "%s: %d dimensions, expected 1 to %d", path,
                        a->rank, HGI_MAX_RANK + 1);
    }
    size_t want = 4 * (size_t)a->rank;
    HGI_TRY(hgi_source_read(s, h, want, &got));
    if (got < want) {
        return hgi_fail(ctx, HG_EFORMAT, "%s: %zu bytes, expected an IDX header of %zu",
                        path, got + 4, want + 4);
    }
    for (int i = 0; i < a->rank; i++) {
        const unsigned char *p = h + 4 * i;
        a->dim[i] = (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 | p[3];
    }
    return HG_OK;
}

static hg_status open_idx(hgi_blocks *s, const hg_data_options *o)
{
    hgi_array a = {.big_endian = true};
    HGI_TRY(read_header(s->ctx, s->source, &a));
    return hgi_array_open(s, "idx", &a, o->limit);
}

const hgi_reader hgi_reader_idx = {
    "idx", "IDX as MNIST has it, also gzipped: u8, i8, i16, i32, f32, f64", probe,
    open_idx};
