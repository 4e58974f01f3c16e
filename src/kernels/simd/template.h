// SPDX-License-Identifier: MIT
/* What every template of this folder starts with.  A template is included once by the
 * table of an instruction set, after that set's vec_<isa>.h; all it defines is static. */
#ifndef HGK_SIMD_TEMPLATE_H
#define HGK_SIMD_TEMPLATE_H

#include "kernels/kernels.h"

/* For functions whose constant arguments or function pointers must melt away.          */
#define ALWAYS static inline __attribute__((always_inline))

/* Before a loop of at most 16 rounds, constant where it is used: it is written out, so that
 * an array with its index becomes registers.  Each compiler skips the other's words for it
 * without a warning, and clang then keeps the array in memory.                         */
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#endif
