// SPDX-License-Identifier: MIT
/* The reference kernel of every slot: what each table starts with, so that a slot which an
 * instruction set does not overwrite is ref's, and a new slot is one row here.
 *
 * An instruction set that overwrites pack() overwrites each slot that reads packed panels
 * too: the layout of panels is its own.                                                */
#ifndef HGK_REF_SLOTS_H
#define HGK_REF_SLOTS_H

#include "kernels/ref/ref.h"

/* In a table the later of two rows for one slot counts, and is meant.                  */
#pragma GCC diagnostic ignored "-Woverride-init"

/* clang-format off */
#define HGK_REF_SLOTS                                                                    \
    .gemm = hgk_gemm_ref,                                                                \
    .packed_size = hgk_packed_size_ref,                                                  \
    .panel = HGK_PANEL_REF,                                                              \
    .pack = hgk_pack_ref,                                                                \
    .conv = hgk_conv_ref,                                                                \
    .conv_panel = HGK_PANEL_REF,                                                         \
    .conv_size = hgk_packed_size_ref,                                                    \
    .conv_pack = hgk_pack_ref,                                                           \
    .outer = hgk_outer_ref,                                                              \
    .find_nonzeros = hgk_find_nonzeros_ref,                                              \
    .sparse_gemm = hgk_sparse_gemm_ref,                                                  \
    .sparse_outer = hgk_sparse_outer_ref,                                                \
    .top_offer = hgk_top_offer_ref,                                                      \
    .top_cut = hgk_top_cut_ref,                                                          \
    .sum_rows = hgk_sum_rows_ref,                                                        \
    .dot_rows = hgk_dot_rows_ref,                                                        \
    .transpose = hgk_transpose_ref,                                                      \
    .narrow_bf16 = hgk_narrow_bf16_ref,                                                  \
    .narrow_int8 = hgk_narrow_int8_ref,                                                  \
    .quantise = hgk_quantise_ref,                                                        \
    .stack = hgk_stack_ref,                                                              \
    .act_forward = hgk_act_forward_ref,                                                  \
    .act_backward = hgk_act_backward_ref,                                                \
    .loss = hgk_loss_ref,                                                                \
    .gaussian = hgk_gaussian_ref,                                                        \
    .multinomial = hgk_multinomial_ref,                                                  \
    .softmax = hgk_softmax_ref,                                                          \
    .l1 = hgk_l1_ref,                                                                    \
    .column_sum = hgk_column_sum_ref,                                                    \
    .sum_squares = hgk_sum_squares_ref,                                                  \
    .max_pool = hgk_max_pool_ref,                                                        \
    .max_pool_back = hgk_max_pool_back_ref,                                              \
    .widen_u8 = hgk_widen_u8_ref,                                                        \
    .affine = hgk_affine_ref,                                                            \
    .ends = hgk_ends_ref,                                                                \
    .replace_some = hgk_replace_some_ref,                                                \
    .draw_bits = hgk_draw_bits_ref,                                                      \
    .add_gaussian = hgk_add_gaussian_ref,                                                \
    .sgd = hgk_sgd_ref,                                                                  \
    .adam = hgk_adam_ref,                                                                \
    .rmsprop = hgk_rmsprop_ref
/* clang-format on */

#endif
