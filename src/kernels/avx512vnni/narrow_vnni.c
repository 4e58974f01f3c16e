// SPDX-License-Identifier: MIT
/* One row by byte weights on AVX512_VNNI, whose one instruction multiplies, widens and adds
 * 64 bytes: what three do otherwise.  The same sums, so the same bits.                 */
#include "kernels/simd/vec_avx512.h"

#define DOT_BYTES v_dot_bytes_vnni

/* The instruction wants one factor without a sign: x's moves to w.                     */
static inline vf v_dot_bytes_vnni(vf s, vf w, vf x)
{
    __m512i b = _mm512_castps_si512(x), a = _mm512_castps_si512(w);
    a = _mm512_mask_sub_epi8(a, _mm512_movepi8_mask(b), _mm512_setzero_si512(), a);
    return _mm512_castsi512_ps(
        _mm512_dpbusd_epi32(_mm512_castps_si512(s), _mm512_abs_epi8(b), a));
}

#include "kernels/simd/narrow_int8.h"
#include "kernels/tables.h"

void hgk_narrow_int8_vnni(const hgi_narrow *g) { narrow_int8(g); }
