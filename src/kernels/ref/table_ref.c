// SPDX-License-Identifier: MIT
/* The table of the reference kernels.                                                  */
#include "kernels/ref/ref.h"
#include "kernels/tables.h"

const hgi_kernels hgk_table_ref = {
    .name = "ref",
    .gemm = hgk_gemm_ref,
    .packed_size = hgk_packed_size_ref,
    .panel = HGK_PANEL_REF,
    .pack = hgk_pack_ref,
    .find_nonzeros = hgk_find_nonzeros_ref,
    .sparse_gemm = hgk_sparse_gemm_ref,
    .sparse_outer = hgk_sparse_outer_ref,
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
