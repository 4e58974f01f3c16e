// SPDX-License-Identifier: MIT
/* Numbers of twelve types and two byte orders to float.
 *
 * Cells are put together byte by byte, so that neither the host's byte order nor the
 * alignment matters; compilers make one load (and swap) of it.
 * Source of f16: IEEE 754-2008 binary16, 1 sign, 5 exponent (bias 15), 10 fraction bits. */
#include "data/array.h"

#include <float.h>
#include <math.h>
#include <string.h>

int64_t hgi_cell_size(hgi_cell cell)
{
    static const int64_t sizes[] = {
#define HGI_CELL_SIZE(name, bytes, word) bytes,
        HGI_CELL_MAP(HGI_CELL_SIZE)
#undef HGI_CELL_SIZE
    };
    return sizes[cell];
}

const char *hgi_cell_name(hgi_cell cell)
{
    static const char *const names[] = {
#define HGI_CELL_NAME(name, bytes, word) word,
        HGI_CELL_MAP(HGI_CELL_NAME)
#undef HGI_CELL_NAME
    };
    return names[cell];
}

/* `bytes` and `big` are constants wherever this is inlined. */
static inline uint64_t load(const unsigned char *p, int bytes, bool big)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++) v |= (uint64_t)p[big ? bytes - 1 - i : i] << (8 * i);
    return v;
}

static inline float from_f16(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    float v;
    if (exponent == 31) {
        v = fraction != 0 ? NAN : INFINITY;
    } else if (exponent == 0) {
        v = ldexpf((float)fraction, -24);
    } else {
        v = ldexpf((float)(fraction + 1024), exponent - 25);
    }
    return h >> 15 ? -v : v;
}

static inline float from_f32(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static inline double from_f64(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* One loop a type and order: `big` is a constant in each, so nothing is decided inside. */
#define CONVERT(bytes, expr)                                                             \
    do {                                                                                 \
        if (big_endian) {                                                                \
            for (int64_t i = 0; i < n; i++) {                                            \
                uint64_t v = load(src + i * (bytes), bytes, true);                       \
                dst[i] = (expr);                                                         \
            }                                                                            \
        } else {                                                                         \
            for (int64_t i = 0; i < n; i++) {                                            \
                uint64_t v = load(src + i * (bytes), bytes, false);                      \
                dst[i] = (expr);                                                         \
            }                                                                            \
        }                                                                                \
    } while (0)

/* Only f64 has finite numbers that are infinite as float.                              */
static int64_t convert_f64(bool big_endian, int64_t n, const unsigned char *src,
                           float *dst)
{
    CONVERT(8, (float)from_f64(v));
    for (int64_t i = 0; i < n; i++) {
        if (isinf(dst[i]) && isfinite(from_f64(load(src + i * 8, 8, big_endian))))
            return i;
    }
    return -1;
}

int64_t hgi_cells_to_float(hgi_cell cell, bool big_endian, int64_t n,
                           const unsigned char *src, float *dst)
{
    switch (cell) {
    case HGI_CELL_U8:
    case HGI_CELL_BOOL: CONVERT(1, (float)v); break;
    case HGI_CELL_I8: CONVERT(1, (float)(int8_t)v); break;
    case HGI_CELL_U16: CONVERT(2, (float)v); break;
    case HGI_CELL_I16: CONVERT(2, (float)(int16_t)v); break;
    case HGI_CELL_U32: CONVERT(4, (float)v); break;
    case HGI_CELL_I32: CONVERT(4, (float)(int32_t)v); break;
    case HGI_CELL_U64: CONVERT(8, (float)v); break;
    case HGI_CELL_I64: CONVERT(8, (float)(int64_t)v); break;
    case HGI_CELL_F16: CONVERT(2, from_f16((uint16_t)v)); break;
    case HGI_CELL_F32: CONVERT(4, from_f32((uint32_t)v)); break;
    case HGI_CELL_F64: return convert_f64(big_endian, n, src, dst);
    }
    return -1;
}
