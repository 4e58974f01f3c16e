// SPDX-License-Identifier: MIT
/* One row by byte weights, for any vector set: see hgi_narrow.  Four bytes of weights a
 * lane meet four bytes of the row in one dot product.  Apart from narrow.h because a set
 * may have an instruction for that product, and nothing else of its own.               */
#ifndef HGK_SIMD_NARROW_INT8_H
#define HGK_SIMD_NARROW_INT8_H

#include "kernels/simd/template.h"

#include <string.h>

#ifndef DOT_BYTES
#define DOT_BYTES v_dot_bytes
#endif

#define NARROW_VECS 4

typedef void (*columns_fn)(const hgi_narrow *g, const float *w, int64_t row, int64_t n,
                           int64_t last);
#define COLUMNS(kind, vecs)                                                              \
    static void kind##_##vecs(const hgi_narrow *g, const float *w, int64_t row,          \
                              int64_t n, int64_t last)                                   \
    {                                                                                    \
        kind##_columns(g, w, row, n, last, vecs);                                        \
    }
/* Strip by strip; `rows` are the words' rows: groups of k.                             */
static void all_columns(const hgi_narrow *g, int64_t rows, const columns_fn *fn)
{
    const float *W = g->W;
    for (int64_t n = 0; n < g->N; n += HGI_STRIP) {
        int64_t wide = hgi_min(HGI_STRIP, g->N - n), row = hgi_strip_width(wide);
        for (int64_t c = 0; c < wide; c += NARROW_VECS * VL) {
            int64_t part = hgi_min(NARROW_VECS * VL, wide - c);
            int64_t vecs = hgi_ceil_div(part, VL);
            fn[vecs - 1](g, W + rows * n + c, row, n + c, part - (vecs - 1) * VL);
        }
    }
}

/* A word of four bytes in all lanes.                                                   */
static inline vf four_bytes(const int8_t *p)
{
    float f;
    memcpy(&f, p, sizeof f);
    return v_set1(f);
}

/* vecs is a constant where this is used; the last vector has `last` columns in y.      */
ALWAYS void int8_columns(const hgi_narrow *g, const float *w, int64_t row, int64_t n,
                         int64_t last, const int vecs)
{
    vf sum[NARROW_VECS];
    const int8_t *x = g->bytes;
    vf step = v_set1(g->step);
#pragma GCC unroll 4
    for (int v = 0; v < vecs; v++) sum[v] = v_zero(); /* integers 0 */
    for (int64_t k = hgi_ceil_div(g->K, 4); k > 0; k--, x += 4, w += row) {
        vf four = four_bytes(x);
#pragma GCC unroll 4
        for (int v = 0; v < vecs; v++)
            sum[v] = DOT_BYTES(sum[v], v_load(w + v * VL), four);
    }
#pragma GCC unroll 4
    for (int v = 0; v < vecs; v++) {
        int64_t at = n + v * VL, count = v < vecs - 1 ? VL : last;
        vf init = g->init ? v_load_n(g->init + at, count) : v_zero();
        vf scale = v_mul(step, v_load_n(g->scale + at, count));
        v_store_n(g->y + at, v_fma(v_from_int(i_bits(sum[v])), scale, init), count);
    }
}

COLUMNS(int8, 1)
COLUMNS(int8, 2)
COLUMNS(int8, 3)
COLUMNS(int8, 4)

static void narrow_int8(const hgi_narrow *g)
{
    static const columns_fn fn[NARROW_VECS] = {int8_1, int8_2, int8_3, int8_4};
    all_columns(g, hgi_ceil_div(g->K, 4), fn);
}

#endif
