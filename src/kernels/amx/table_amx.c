// SPDX-License-Identifier: MIT
/* Products in bf16 on AMX: what differs from the AVX-512 table.  The process must have
 * asked the kernel for the tiles (hgi_cpu_permit_tiles).                               */
#include "kernels/simd/vec_avx512_bf16.h"

#include "kernels/amx/tiles.h"
#include "kernels/simd/conv_tiles.h"
#include "kernels/tables.h"

const hgi_kernels hgk_table_amx = {
    .name = "amx",
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
