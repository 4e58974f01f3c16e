// SPDX-License-Identifier: MIT
/* The AVX2 kernels: the templates of simd/ in the words of vec_avx2.h.                 */
#include "kernels/simd/vec_avx2.h"

#include "kernels/ref/slots.h"
#include "kernels/simd/random.h"
#include "kernels/simd/slots.h"
#include "kernels/tables.h"

const hgi_kernels hgk_table_avx2 = {
    HGK_REF_SLOTS,          HGK_SIMD_SLOTS,
    .name = "avx2",         .replace_some = replace_some,
    .draw_bits = draw_bits, .add_gaussian = add_gaussian,
};
