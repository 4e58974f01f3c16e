// SPDX-License-Identifier: MIT
/* Every template of this folder that all vector sets take, and the slots they fill: a
 * table is ref's slots, these, and what its set has beyond them.  random.h stands apart:
 * it needs words for 64-bit products that NEON's header does not have.                 */
#ifndef HGK_SIMD_SLOTS_H
#define HGK_SIMD_SLOTS_H

#include "kernels/simd/act.h"
#include "kernels/simd/batch.h"
#include "kernels/simd/conv.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/likelihood.h"
#include "kernels/simd/listed.h"
#include "kernels/simd/loss.h"
#include "kernels/simd/narrow.h"
#include "kernels/simd/optim.h"
#include "kernels/simd/pool.h"
#include "kernels/simd/sparse.h"
#include "kernels/simd/stack.h"
#include "kernels/simd/sums.h"

/* clang-format off */
#define HGK_SIMD_SLOTS                                                                   \
    .gemm = gemm,                                                                        \
    .packed_size = packed_size,                                                          \
    .panel = PANEL,                                                                      \
    .pack = pack,                                                                        \
    .conv = conv,                                                                        \
    .conv_panel = PANEL,                                                                 \
    .conv_size = packed_size,                                                            \
    .conv_pack = pack,                                                                   \
    .outer = outer,                                                                      \
    .find_nonzeros = find_nonzeros,                                                      \
    .sparse_gemm = sparse_gemm,                                                          \
    .sparse_outer = sparse_outer,                                                        \
    .top_offer = top_offer,                                                              \
    .top_cut = top_cut,                                                                  \
    .sum_rows = sum_rows,                                                                \
    .dot_rows = dot_rows,                                                                \
    .transpose = transpose,                                                              \
    .narrow_bf16 = narrow_bf16,                                                          \
    .narrow_int8 = narrow_int8,                                                          \
    .quantise = quantise,                                                                \
    .stack = stack,                                                                      \
    .act_forward = act_forward,                                                          \
    .act_backward = act_backward,                                                        \
    .loss = loss,                                                                        \
    .gaussian = gaussian,                                                                \
    .multinomial = multinomial,                                                          \
    .softmax = softmax,                                                                  \
    .l1 = l1,                                                                            \
    .column_sum = column_sum,                                                            \
    .sum_squares = sum_squares,                                                          \
    .max_pool = max_pool,                                                                \
    .max_pool_back = max_pool_back,                                                      \
    .widen_u8 = widen_u8,                                                                \
    .affine = affine,                                                                    \
    .ends = ends,                                                                        \
    .sgd = sgd,                                                                          \
    .adam = adam,                                                                        \
    .rmsprop = rmsprop
/* clang-format on */

#endif
