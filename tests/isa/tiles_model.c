// SPDX-License-Identifier: MIT
/* The AMX product on a model of the tile unit in plain C, so that its loops, tails and
 * layouts are tested on machines without one.
 *
 * The model follows TDPBF16PS of Intel's manual, vol. 2: the even and the odd numbers of
 * the pairs of a row are summed apart, in order, with denormals as 0 and rounding to
 * nearest; then both sums are added, and that to C.  A tile that was not configured or not
 * loaded holds NaN, so that using it shows.                                            */
#include "kernels/simd/vec_avx512_bf16.h"

#include <math.h>
#include <string.h>

enum { TILE = 16 };
static _Thread_local uint32_t tile[8][TILE][TILE];

static void t_begin(void) { memset(tile, 0xff, sizeof tile); }
static void t_end(void) { memset(tile, 0xff, sizeof tile); }
static void t_zero(int c) { memset(tile[c], 0, sizeof tile[c]); }
static void t_load(int c, const float *p, int64_t row)
{
    for (int i = 0; i < TILE; i++) memcpy(tile[c][i], p + i * row, sizeof tile[c][i]);
}
static void t_store(int c, float *p, int64_t row)
{
    for (int i = 0; i < TILE; i++) memcpy(p + i * row, tile[c][i], sizeof tile[c][i]);
}

static float as_float(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return fpclassify(x) == FP_SUBNORMAL ? copysignf(0, x) : x;
}

static float flushed(float x) { return fpclassify(x) == FP_SUBNORMAL ? 0 : x; }

static void t_dot(int c, int a, int b)
{
    for (int m = 0; m < TILE; m++)
        for (int n = 0; n < TILE; n++) {
            float even = 0, odd = 0;
            for (int k = 0; k < TILE; k++) {
                uint32_t x = tile[a][m][k], y = tile[b][k][n];
                even = flushed(even + as_float(x << 16) * as_float(y << 16));
                odd =
                    flushed(odd + as_float(x & 0xffff0000u) * as_float(y & 0xffff0000u));
            }
            float sum = flushed(as_float(tile[c][m][n]) + flushed(even + odd));
            memcpy(&tile[c][m][n], &sum, sizeof sum);
        }
}

#include "kernels/simd/conv_tiles.h"

extern const hgi_kernels test_tiles_model;
const hgi_kernels test_tiles_model = {
    .name = "tiles-model",
    .bf16 = 1,
    .gemm = gemm_tiles,
    .packed_size = packed_size_tiles,
    .panel = TILES_PANEL,
    .pack = pack_tiles,
    .conv = conv_tiles,
    .conv_panel = TILES_PANEL,
    .conv_size = packed_size_tiles,
    .conv_pack = pack_tiles,
    .outer = outer_tiles,
};
