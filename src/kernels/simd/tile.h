// SPDX-License-Identifier: MIT
/* Tiles of C that stay in registers while k runs, for any vector set.
 *
 * Each step of k loads one row of B, and for each row of the tile one element of A in all
 * lanes.  What a step does with them is TILE_STEP: a fused multiply-add, or, where a lane
 * holds a pair of bf16 numbers, the dot product of two pairs.                          */
#ifndef HGK_SIMD_TILE_H
#define HGK_SIMD_TILE_H

#include "kernels/simd/sizes.h"

#ifndef TILE_STEP
#define TILE_STEP v_fma
#endif

#define PANEL (V_TILE_VECS * VL)

typedef struct tile {
    int64_t K;
    const float *A;
    int64_t a_row, a_col;
    const float *B; /* whole vectors can be read                                        */
    int64_t b_row;
    const float *init;
    int64_t init_row;
    float *C;
    int64_t c_row;
    int64_t last; /* columns in the last vector, 1..VL                                  */
} tile;

typedef void (*tile_fn)(const tile *t);

/* rows and vecs are constants at each place of use, so that c[][] becomes registers.   */
ALWAYS void tile_run(const tile *t, const int rows, const int vecs)
{
    vf c[V_TILE_ROWS][V_TILE_VECS];
    const float *a[V_TILE_ROWS], *b = t->B, *init = t->init;
    const int64_t a_col = t->a_col, b_row = t->b_row, init_row = t->init_row;
    float *C = t->C;
    const int64_t c_row = t->c_row, last = t->last;
    UNROLL
    for (int m = 0; m < rows; m++) {
        a[m] = t->A + m * t->a_row;
        UNROLL
        for (int v = 0; v < vecs; v++)
            c[m][v] = !init          ? v_zero()
                      : v < vecs - 1 ? v_load(init + m * init_row + v * VL)
                                     : v_load_n(init + m * init_row + v * VL, last);
    }
    int64_t at = 0;
    for (int64_t k = t->K; k > 0; k--) {
        vf row[V_TILE_VECS];
        UNROLL
        for (int v = 0; v < vecs; v++) row[v] = v_load(b + v * VL);
        UNROLL
        for (int m = 0; m < rows; m++) {
            vf x = v_set1(a[m][at]);
            UNROLL
            for (int v = 0; v < vecs; v++) c[m][v] = TILE_STEP(x, row[v], c[m][v]);
        }
        at += a_col;
        b += b_row;
    }
    UNROLL
    for (int m = 0; m < rows; m++) {
        float *to = C + m * c_row;
        UNROLL
        for (int v = 0; v < vecs - 1; v++) v_store(to + v * VL, c[m][v]);
        v_store_n(to + (vecs - 1) * VL, c[m][vecs - 1], last);
    }
}

#define TILE(rows, vecs)                                                                 \
    static void tile_##rows##x##vecs(const tile *t) { tile_run(t, rows, vecs); }
EACH_SIZE(TILE)
static const tile_fn tile_table[V_TILE_ROWS][V_TILE_VECS] = SIZE_TABLE(tile);

/* Columns of a panel of B in memory: whole vectors.                                    */
static inline int64_t panel_width(int64_t wide) { return hgi_ceil_div(wide, VL) * VL; }

/* All tiles of `rows` rows in one panel, as equal in height as can be.                 */
static void run_panel(tile t, int64_t rows, int64_t wide)
{
    int64_t vecs = hgi_ceil_div(wide, VL), tiles = hgi_ceil_div(rows, V_TILE_ROWS);
    t.last = wide - (vecs - 1) * VL;
    const float *A = t.A, *init = t.init;
    float *C = t.C;
    for (int64_t i = 0; i < tiles; i++) {
        int64_t m = rows * i / tiles, height = rows * (i + 1) / tiles - m;
        t.A = A + m * t.a_row;
        t.init = init ? init + m * t.init_row : NULL;
        t.C = C + m * t.c_row;
        tile_table[height - 1][vecs - 1](&t);
    }
}

#endif
