// SPDX-License-Identifier: MIT
/* Products in bf16 on AVX512_BF16: what differs from the AVX-512 table.
 *
 * One instruction multiplies 16 pairs with 16 pairs.  AMD's Zen 4 and later start one a
 * cycle, twice the work of a float multiply-add; Intel's cores take it apart and reach
 * half.                                                                                */
#include "kernels/simd/vec_avx512_bf16.h"

#define TILE_STEP v_dot
#include "kernels/simd/conv_bf16.h"
#include "kernels/tables.h"

const hgi_kernels hgk_table_avx512_bf16 = {
    .name = "avx512-bf16",
    .bf16 = 1,
    .gemm = gemm_bf16,
    .packed_size = packed_size_bf16,
    .panel = PANEL,
    .pack = pack_bf16,
    .conv = conv_bf16,
    .conv_panel = PANEL,
    .conv_size = packed_size_bf16,
    .conv_pack = pack_bf16,
    .outer = outer_bf16,
};
