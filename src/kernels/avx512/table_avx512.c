// SPDX-License-Identifier: MIT
/* The AVX-512 kernels: the templates of simd/ in the words of vec_avx512.h.             */
#include "kernels/simd/vec_avx512.h"

#include "kernels/simd/gemm.h"
#include "kernels/ref/ref.h"
#include "kernels/tables.h"

const hgi_kernels hgk_table_avx512 = {
    .name = "avx512",
    .gemm = gemm,
    .packed_size = packed_size,
    .panel = PANEL,
    .pack = pack,
    .act_forward = hgk_act_forward_ref,
    .act_backward = hgk_act_backward_ref,
    .loss = hgk_loss_ref,
    .l1 = hgk_l1_ref,
    .column_sum = hgk_column_sum_ref,
    .sum_squares = hgk_sum_squares_ref,
    .widen_u8 = hgk_widen_u8_ref,
    .affine = hgk_affine_ref,
    .sgd = hgk_sgd_ref,
    .adam = hgk_adam_ref,
    .rmsprop = hgk_rmsprop_ref,
};
