// SPDX-License-Identifier: MIT
/* The AVX-512 kernels: the templates of simd/ in the words of vec_avx512.h.            */
#include "kernels/simd/vec_avx512.h"

#include "kernels/ref/slots.h"
#include "kernels/simd/random.h"
#include "kernels/simd/slots.h"
#include "kernels/tables.h"

const hgi_kernels hgk_table_avx512 = {
    HGK_REF_SLOTS,          HGK_SIMD_SLOTS,
    .name = "avx512",       .replace_some = replace_some,
    .draw_bits = draw_bits, .add_gaussian = add_gaussian,
};
