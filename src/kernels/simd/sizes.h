// SPDX-License-Identifier: MIT
/* One function a tile size, and the table of them.
 *
 * A tile's numbers of rows and vectors are constants in its code, so that what it keeps
 * becomes registers and a remainder runs as fast as a whole tile:
 *
 *     #define TILE(rows, vecs) static void tile_##rows##x##vecs(..) { run(rows, vecs); }
 *     EACH_SIZE(TILE)
 *     static const tile_fn table[V_TILE_ROWS][V_TILE_VECS] = SIZE_TABLE(tile);
 *
 * The table goes by rows - 1 and vectors - 1.                                          */
#ifndef HGK_SIMD_SIZES_H
#define HGK_SIMD_SIZES_H

#include "kernels/simd/template.h"

// clang-format off
#if V_TILE_VECS == 2
#define SIZES_OF(X, rows) X(rows, 1) X(rows, 2)
#define TABLE_ROW(name, rows) {name##_##rows##x1, name##_##rows##x2}
#else
#define SIZES_OF(X, rows) X(rows, 1) X(rows, 2) X(rows, 3)
#define TABLE_ROW(name, rows) {name##_##rows##x1, name##_##rows##x2, name##_##rows##x3}
#endif

#define SIX_SIZES(X)                                                                     \
    SIZES_OF(X, 1) SIZES_OF(X, 2) SIZES_OF(X, 3)                                         \
    SIZES_OF(X, 4) SIZES_OF(X, 5) SIZES_OF(X, 6)
#define SIX_ROWS(name)                                                                   \
    TABLE_ROW(name, 1), TABLE_ROW(name, 2), TABLE_ROW(name, 3),                          \
    TABLE_ROW(name, 4), TABLE_ROW(name, 5), TABLE_ROW(name, 6)
#if V_TILE_ROWS == 8
#define EACH_SIZE(X) SIX_SIZES(X) SIZES_OF(X, 7) SIZES_OF(X, 8)
#define SIZE_TABLE(name) {SIX_ROWS(name), TABLE_ROW(name, 7), TABLE_ROW(name, 8)}
#else
#define EACH_SIZE(X) SIX_SIZES(X)
#define SIZE_TABLE(name) {SIX_ROWS(name)}
#endif
// clang-format on

#endif
