// SPDX-License-Identifier: MIT
/* What every template of this folder starts with.  A template is included once by the
 * table of an instruction set, after that set's vec_<isa>.h; all it defines is static. */
#ifndef HGK_SIMD_TEMPLATE_H
#define HGK_SIMD_TEMPLATE_H

#include "kernels/kernels.h"

/* For functions whose constant arguments or function pointers must melt away.          */
#define ALWAYS static inline __attribute__((always_inline))

#endif
