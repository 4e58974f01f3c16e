// SPDX-License-Identifier: MIT
/* The AVX-512 kernels: the templates of simd/ in the words of vec_avx512.h.            */
#include "kernels/simd/vec_avx512.h"

#include "kernels/ref/slots.h"
#include "kernels/simd/act.h"
#include "kernels/simd/batch.h"
#include "kernels/simd/conv.h"
#include "kernels/simd/gemm.h"
#include "kernels/simd/listed.h"
#include "kernels/simd/loss.h"
#include "kernels/simd/narrow.h"
#include "kernels/simd/optim.h"
#include "kernels/simd/pool.h"
#include "kernels/simd/random.h"
#include "kernels/simd/sparse.h"
#include "kernels/simd/sums.h"
#include "kernels/tables.h"

const hgi_kernels hgk_table_avx512 = {
    HGK_REF_SLOTS,
    .name = "avx512",
    .gemm = gemm,
    .packed_size = packed_size,
    .panel = PANEL,
    .pack = pack,
    .conv = conv,
    .conv_panel = PANEL,
    .conv_size = packed_size,
    .conv_pack = pack,
    .outer = outer,
    .find_nonzeros = find_nonzeros,
    .sparse_gemm = sparse_gemm,
    .sparse_outer = sparse_outer,
    .top_offer = top_offer,
    .top_cut = top_cut,
    .sum_rows = sum_rows,
    .dot_rows = dot_rows,
    .transpose = transpose,
    .narrow_bf16 = narrow_bf16,
    .narrow_int8 = narrow_int8,
    .quantise = quantise,
    .act_forward = act_forward,
    .act_backward = act_backward,
    .loss = loss,
    .l1 = l1,
    .column_sum = column_sum,
    .sum_squares = sum_squares,
    .max_pool = max_pool,
    .max_pool_back = max_pool_back,
    .widen_u8 = widen_u8,
    .affine = affine,
    .replace_some = replace_some,
    .add_gaussian = add_gaussian,
    .sgd = sgd,
    .adam = adam,
    .rmsprop = rmsprop,
};
