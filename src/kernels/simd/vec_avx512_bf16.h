// SPDX-License-Identifier: MIT
/* vec_avx512.h with the words for pairs of bf16 numbers, of AVX512_BF16.
 *
 *   v_pairs(a, b), v_interleave(a, b)  see simd/pairs.h
 *   v_dot(a, b, c)  c + the products of the lanes' pairs                               */
#ifndef HGK_VEC_AVX512_BF16_H
#define HGK_VEC_AVX512_BF16_H

#include "kernels/simd/vec_avx512.h"

static inline vf v_pairs(vf a, vf b) { return (vf)_mm512_cvtne2ps_pbh(b, a); }

/* One half of the register after the other becomes lane by lane: 0, 16, 1, 17, ...     */
static inline vf v_interleave(vf a, vf b)
{
    const __m512i order =
        _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23,
                         7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __m512i halves = (__m512i)_mm512_cvtne2ps_pbh(b, a);
    return _mm512_castsi512_ps(_mm512_permutexvar_epi16(order, halves));
}

static inline vf v_dot(vf a, vf b, vf c)
{
    return _mm512_dpbf16_ps(c, (__m512bh)a, (__m512bh)b);
}

#endif
