// SPDX-License-Identifier: MIT
/* The NEON kernels: the templates of simd/ in the words of vec_neon.h.                 */
#include "kernels/simd/vec_neon.h"

#include "kernels/ref/slots.h"
#include "kernels/simd/slots.h"
#include "kernels/tables.h"

const hgi_kernels hgk_table_neon = {
    HGK_REF_SLOTS,
    HGK_SIMD_SLOTS,
    .name = "neon",
};
