// SPDX-License-Identifier: MIT
/* The vector vocabulary in AVX-512 (F, BW, DQ, VL): 16 floats, tails by masks.
 *
 * A kernel template (simd/<topic>.h) is written in these words alone; another instruction
 * set is one more header like this.  What each word means:
 *   vf          VL floats            vm          one truth a lane
 *   v_load_n    n of 0..VL floats, the other lanes 0; touches nothing beyond them
 *   v_min/v_max b where a or b is NaN, so that a constant in a never hides a NaN in b
 *   v_fma       a b + c, one rounding; every other word rounds once, as IEEE says
 *   vu          VL whole numbers of 32 bits, modulo 2^32
 *   i_store_bytes             the low byte of each lane, VL bytes
 *   vw          half as many of 64 bits, whose low halves count: two make a vu
 *   vs          a sum in double, lane by lane: the order is fixed by the data's length;
 *   vs_total    adds the upper half of the lanes to the lower, again and again
 *   vs_store    VL doubles
 *   v_high_bf16 the bf16 number in the upper half of each lane
 *   v_dot_bytes(s, w, x)      integers s + the four products of signed bytes of each lane,
 *               none of them -128
 *   V_TILE_*    registers' worth of C that the matrix product keeps                    */
#ifndef HGK_VEC_AVX512_H
#define HGK_VEC_AVX512_H

#include "kernels/simd/template.h"

#include <immintrin.h>
#include <stdint.h>

#define VL 16
/* 8 x 3 vectors of C, 3 of B and one of A are 28 of the 32 registers; 11 loads feed 24
 * multiply-adds, so that neither one nor two of them a cycle wait for the loads.       */
#define V_TILE_ROWS 8
#define V_TILE_VECS 3

typedef __m512 vf;
typedef __mmask16 vm;

static inline vf v_zero(void) { return _mm512_setzero_ps(); }
static inline vf v_set1(float x) { return _mm512_set1_ps(x); }
static inline vf v_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void v_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
static inline vm v_first(int64_t n) { return (vm)((1u << n) - 1); }
static inline vf v_load_n(const float *p, int64_t n)
{
    return _mm512_maskz_loadu_ps(v_first(n), p);
}
static inline void v_store_n(float *p, vf x, int64_t n)
{
    _mm512_mask_storeu_ps(p, v_first(n), x);
}
/* Lanes from n on become 0.                                                            */
static inline vf v_keep(vf x, int64_t n) { return _mm512_maskz_mov_ps(v_first(n), x); }
static inline vf v_load_u8(const uint8_t *p)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
}
static inline vf v_load_u8_n(const uint8_t *p, int64_t n)
{
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(v_first(n), p)));
}

static inline vf v_add(vf a, vf b) { return _mm512_add_ps(a, b); }
static inline vf v_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
static inline vf v_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
static inline vf v_div(vf a, vf b) { return _mm512_div_ps(a, b); }
static inline vf v_sqrt(vf a) { return _mm512_sqrt_ps(a); }
static inline vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
/* c - a b                                                                              */
static inline vf v_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
static inline vf v_min(vf a, vf b) { return _mm512_min_ps(a, b); }
static inline vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }
static inline vf v_abs(vf a) { return _mm512_abs_ps(a); }
static inline vf v_copysign(vf size, vf sign)
{
    return _mm512_or_ps(_mm512_andnot_ps(_mm512_set1_ps(-0.0f), size),
                        _mm512_and_ps(_mm512_set1_ps(-0.0f), sign));
}
/* 2^(k - 127) where k is the low 8 bits of a's representation; 0 for k = 0.            */
static inline vf v_power_low(vf a)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(a), 23));
}
/* A normal a > 0 is v_mantissa(a) 2^v_exponent(a), the former in [1, 2).               */
static inline vf v_exponent(vf a) { return _mm512_getexp_ps(a); }
static inline vf v_mantissa(vf a)
{
    return _mm512_getmant_ps(a, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
}
static inline vf v_round(vf a)
{
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* a 2^n for an integral n, right down through the subnormal numbers.                   */
static inline vf v_ldexp(vf a, vf n) { return _mm512_scalef_ps(a, n); }

/* Write first + lane for each lane that is not 0 (NaN is not); returns how many.  VL places
 * may be written.                                                                      */
static inline int32_t v_store_nonzero(vf a, int32_t first, int32_t *out)
{
    const __m512i lanes =
        _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    vm m = _mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NEQ_UQ);
    __m512i at = _mm512_add_epi32(lanes, _mm512_set1_epi32(first));
    _mm512_storeu_si512(out, _mm512_maskz_compress_epi32(m, at));
    return __builtin_popcount(m);
}

/* Bit i is set where lane i is not 0 (NaN is not).                                     */
static inline uint16_t v_nonzero_bits(vf a)
{
    return (uint16_t)_mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}
/* Write the i < n whose m[i] has this bit, ascending; returns how many.  n is a multiple of
 * 16, and 16 places more than are written may be touched.                              */
static inline int32_t v_list_bit(const uint16_t *m, int64_t n, int bit, int32_t *out)
{
    const __m256i wanted = _mm256_set1_epi16((short)(1 << bit));
    __m512i at = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    int32_t k = 0;
    for (int64_t i = 0; i < n; i += 16) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(m + i));
        __mmask16 q = _mm256_test_epi16_mask(x, wanted);
        _mm512_storeu_si512(out + k, _mm512_maskz_compress_epi32(q, at));
        k += __builtin_popcount(q);
        at = _mm512_add_epi32(at, _mm512_set1_epi32(16));
    }
    return k;
}

static inline vf v_high_bf16(vf a)
{
    return _mm512_and_ps(a, _mm512_castsi512_ps(_mm512_set1_epi32(-65536)));
}
/* The instruction wants one factor without a sign: x's sign moves to w.  Pairs of products
 * fit 16 bits.                                                                         */
static inline vf v_dot_bytes(vf s, vf w, vf x)
{
    __m512i b = _mm512_castps_si512(x), a = _mm512_castps_si512(w);
    a = _mm512_mask_sub_epi8(a, _mm512_movepi8_mask(b), _mm512_setzero_si512(), a);
    __m512i pairs = _mm512_maddubs_epi16(_mm512_abs_epi8(b), a);
    __m512i sums = _mm512_madd_epi16(pairs, _mm512_set1_epi16(1));
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(s), sums));
}

static inline vm v_gt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
static inline vm v_le(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
static inline vm v_lt(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
static inline vf v_select(vm m, vf yes, vf no)
{
    return _mm512_mask_blend_ps(m, no, yes);
}

typedef __m512i vu;
typedef __m512i vw;

static inline vu i_set1(uint32_t x) { return _mm512_set1_epi32((int32_t)x); }
static inline vu i_sub(vu a, vu b) { return _mm512_sub_epi32(a, b); }
static inline vu i_or(vu a, vu b) { return _mm512_or_si512(a, b); }
#define i_left(a, n) _mm512_slli_epi32(a, n)
#define i_right(a, n) _mm512_srli_epi32(a, n)
/* As numbers without a sign.                                                          */
static inline vm i_above(vu a, vu b) { return _mm512_cmpgt_epu32_mask(a, b); }
static inline vm i_top(vu a) { return _mm512_movepi32_mask(a); } /* bit 31 */
/* Signed, rounded.                                                                     */
static inline vf v_from_int(vu a) { return _mm512_cvtepi32_ps(a); }
static inline vu i_bits(vf a) { return _mm512_castps_si512(a); }
static inline vf v_bits(vu a) { return _mm512_castsi512_ps(a); }
static inline void i_store_bytes(int8_t *p, vu a)
{
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_cvtepi32_epi8(a));
}
/* -a where bit 31 of b is set.                                                         */
static inline vf v_flip(vf a, vu b)
{
    return _mm512_xor_ps(a, _mm512_and_ps(_mm512_set1_ps(-0.0f), v_bits(b)));
}

static inline vw w_set1(uint32_t x) { return _mm512_set1_epi64(x); }
/* first, first + 2, ...                                                                */
static inline vw w_count2(uint32_t first)
{
    return _mm512_add_epi64(_mm512_set1_epi64(first),
                            _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0));
}
static inline vw w_mul(vw a, vw b) { return _mm512_mul_epu32(a, b); }
static inline vw w_high(vw a) { return _mm512_srli_epi64(a, 32); }
static inline vw w_xor3(vw a, vw b, vw c)
{
    return _mm512_ternarylogic_epi64(a, b, c, 0x96);
}
/* a's low halves in the even lanes, b's in the odd ones.                               */
static inline vu w_join(vw a, vw b)
{
    return _mm512_mask_blend_epi32(0xaaaa, a, _mm512_slli_epi64(b, 32));
}

typedef struct vs {
    __m512d low, high;
} vs;

static inline vs vs_zero(void) { return (vs){_mm512_setzero_pd(), _mm512_setzero_pd()}; }
static inline __m512d vs_low(vf x) { return _mm512_cvtps_pd(_mm512_castps512_ps256(x)); }
static inline __m512d vs_high(vf x)
{
    return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));
}
static inline vs vs_add(vs s, vf x)
{
    return (vs){_mm512_add_pd(s.low, vs_low(x)), _mm512_add_pd(s.high, vs_high(x))};
}
static inline vs vs_add_square(vs s, vf x)
{
    __m512d low = vs_low(x), high = vs_high(x);
    return (vs){_mm512_fmadd_pd(low, low, s.low), _mm512_fmadd_pd(high, high, s.high)};
}
static inline vs vs_plus(vs a, vs b)
{
    return (vs){_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)};
}
static inline void vs_store(double *p, vs s)
{
    _mm512_storeu_pd(p, s.low);
    _mm512_storeu_pd(p + 8, s.high);
}
static inline double vs_total(vs s)
{
    return _mm512_reduce_add_pd(_mm512_add_pd(s.low, s.high));
}

/* Rows of a VL x VL square become columns, in four rounds of pairwise exchanges.       */
ALWAYS void v_transpose(vf r[VL])
{
    vf t[VL];
    UNROLL
    for (int i = 0; i < VL; i += 2) {
        t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
    }
    UNROLL
    for (int i = 0; i < VL; i += 4) UNROLL
    for (int j = 0; j < 2; j++) {
        __m512d a = _mm512_castps_pd(t[i + j]), b = _mm512_castps_pd(t[i + j + 2]);
        r[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
        r[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
    }
    UNROLL
    for (int i = 0; i < VL; i += 8) UNROLL
    for (int j = 0; j < 4; j++) {
        t[i + j] = _mm512_shuffle_f32x4(r[i + j], r[i + j + 4], 0x88);
        t[i + j + 4] = _mm512_shuffle_f32x4(r[i + j], r[i + j + 4], 0xdd);
    }
    UNROLL
    for (int j = 0; j < 8; j++) {
        r[j] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0x88);
        r[j + 8] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0xdd);
    }
}

#endif
