// SPDX-License-Identifier: MIT
/* The AVX-512 kernels: the templates of simd/ in the words of vec_avx512.h.            */
#include "kernels/simd/vec_avx512.h"

#include "kernels/ref/slots.h"
#include "kernels/simd/random.h"
#include "kernels/simd/slots.h"
#include "kernels/tables.h"

/* clang-format off */
#define AVX512_SLOTS                                                                     \
    HGK_REF_SLOTS,                                                                       \
    HGK_SIMD_SLOTS,                                                                      \
    .name = "avx512",                                                                    \
    .replace_some = replace_some,                                                        \
    .draw_bits = draw_bits,                                                              \
    .add_gaussian = add_gaussian
/* clang-format on */

const hgi_kernels hgk_table_avx512 = {AVX512_SLOTS};
const hgi_kernels hgk_table_avx512_vnni = {
    AVX512_SLOTS,
    .narrow_int8 = hgk_narrow_int8_vnni,
};
