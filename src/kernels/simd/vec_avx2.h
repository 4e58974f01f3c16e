// SPDX-License-Identifier: MIT
/* The vector vocabulary in AVX2 with FMA: 8 floats.  What each word means stands in
 * vec_avx512.h.                                                                        */
#ifndef HGK_VEC_AVX2_H
#define HGK_VEC_AVX2_H

#include "kernels/simd/template.h"

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define VL 8
/* 6 x 2 vectors of C, 2 of B and one of A are 15 of the 16 registers.                  */
#define V_TILE_ROWS 6
#define V_TILE_VECS 2

typedef __m256 vf;
typedef __m256 vm;

static inline vf v_zero(void) { return _mm256_setzero_ps(); }
static inline vf v_set1(float x) { return _mm256_set1_ps(x); }
static inline vf v_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void v_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
static inline __m256i v_first(int64_t n)
{
    static const int32_t ones[2 * VL] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_loadu_si256((const __m256i *)(const void *)(ones + VL - n));
}
static inline vf v_load_n(const float *p, int64_t n)
{
    return _mm256_maskload_ps(p, v_first(n));
}
/* In pieces, because a masked store takes dozens of cycles on AMD's processors.        */
static inline void v_store_n(float *p, vf x, int64_t n)
{
    if (n == VL) {
        v_store(p, x);
        return;
    }
    __m128 part = _mm256_castps256_ps128(x);
    if (n & 4) {
        _mm_storeu_ps(p, part);
        part = _mm256_extractf128_ps(x, 1);
        p += 4;
    }
    if (n & 2) {
        _mm_storel_pi((__m64 *)(void *)p, part);
        part = _mm_movehl_ps(part, part);
        p += 2;
    }
    if (n & 1) _mm_store_ss(p, part);
}
static inline vf v_keep(vf x, int64_t n)
{
    return _mm256_and_ps(x, _mm256_castsi256_ps(v_first(n)));
}
static inline vf v_load_u8(const uint8_t *p)
{
    __m128i bytes = _mm_loadl_epi64((const __m128i *)(const void *)p);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
}
static inline vf v_load_u8_n(const uint8_t *p, int64_t n)
{
    uint8_t bytes[VL] = {0};
    memcpy(bytes, p, (size_t)n);
    return v_load_u8(bytes);
}

static inline vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
static inline vf v_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
static inline vf v_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
static inline vf v_div(vf a, vf b) { return _mm256_div_ps(a, b); }
static inline vf v_sqrt(vf a) { return _mm256_sqrt_ps(a); }
static inline vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf v_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
static inline vf v_min(vf a, vf b) { return _mm256_min_ps(a, b); }
static inline vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vf v_abs(vf a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
static inline vf v_copysign(vf size, vf sign)
{
    return _mm256_or_ps(v_abs(size), _mm256_and_ps(_mm256_set1_ps(-0.0f), sign));
}
static inline vf v_power_low(vf a)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(a), 23));
}
static inline vf v_exponent(vf a)
{
    __m256i biased = _mm256_srli_epi32(_mm256_castps_si256(a), 23);
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(biased, _mm256_set1_epi32(127)));
}
static inline vf v_mantissa(vf a)
{
    vf bits = _mm256_and_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffff)));
    return _mm256_or_ps(bits, _mm256_set1_ps(1.0f));
}
static inline vf v_round(vf a)
{
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/* 2^n for an integral n in -126 .. 127, by its exponent's bits.                        */
static inline vf v_power(__m256i n)
{
    __m256i biased = _mm256_add_epi32(n, _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(biased, 23));
}
/* In two halves, so that each power is a normal number for n in -252 .. 254.           */
static inline vf v_ldexp(vf a, vf n)
{
    __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    return v_mul(v_mul(a, v_power(half)), v_power(_mm256_sub_epi32(whole, half)));
}

static inline int32_t v_store_nonzero(vf a, int32_t first, int32_t *out)
{
    int32_t n = 0;
    unsigned int m = (unsigned int)_mm256_movemask_ps(
        _mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_NEQ_UQ));
    for (; m != 0; m &= m - 1) out[n++] = first + __builtin_ctz(m);
    return n;
}

static inline uint16_t v_nonzero_bits(vf a)
{
    return (uint16_t)_mm256_movemask_ps(
        _mm256_cmp_ps(a, _mm256_setzero_ps(), _CMP_NEQ_UQ));
}
static inline int32_t v_list_bit(const uint16_t *m, int64_t n, int bit, int32_t *out)
{
    const __m256i wanted = _mm256_set1_epi16((short)(1 << bit));
    int32_t k = 0;
    for (int64_t i = 0; i < n; i += 16) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(m + i));
        __m256i same = _mm256_cmpeq_epi16(_mm256_and_si256(x, wanted), wanted);
        __m128i low = _mm256_castsi256_si128(same),
                high = _mm256_extracti128_si256(same, 1);
        unsigned q = (unsigned)_mm_movemask_epi8(_mm_packs_epi16(low, high));
        for (; q != 0; q &= q - 1) out[k++] = (int32_t)i + __builtin_ctz(q);
    }
    return k;
}

static inline vf v_high_bf16(vf a)
{
    return _mm256_and_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-65536)));
}
static inline vf v_dot_bytes(vf s, vf w, vf x)
{
    __m256i b = _mm256_castps_si256(x), a = _mm256_sign_epi8(_mm256_castps_si256(w), b);
    __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(b), a);
    __m256i sums = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(s), sums));
}

static inline vm v_gt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_GT_OQ); }
static inline vm v_le(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
static inline vm v_lt(vf a, vf b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
static inline vf v_select(vm m, vf yes, vf no) { return _mm256_blendv_ps(no, yes, m); }

typedef __m256i vu;
typedef __m256i vw;

static inline vu i_set1(uint32_t x) { return _mm256_set1_epi32((int32_t)x); }
static inline vu i_sub(vu a, vu b) { return _mm256_sub_epi32(a, b); }
static inline vu i_or(vu a, vu b) { return _mm256_or_si256(a, b); }
#define i_left(a, n) _mm256_slli_epi32(a, n)
#define i_right(a, n) _mm256_srli_epi32(a, n)
static inline vf v_from_int(vu a) { return _mm256_cvtepi32_ps(a); }
static inline vu i_bits(vf a) { return _mm256_castps_si256(a); }
static inline vf v_bits(vu a) { return _mm256_castsi256_ps(a); }
static inline void i_store_bytes(int8_t *p, vu a)
{
    const __m256i low = _mm256_set1_epi64x(0x0c080400);
    const __m256i halves = _mm256_set_epi32(0, 0, 0, 0, 0, 0, 4, 0);
    __m256i bytes = _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(a, low), halves);
    _mm_storel_epi64((__m128i *)(void *)p, _mm256_castsi256_si128(bytes));
}
static inline vm i_above(vu a, vu b)
{
    return v_bits(_mm256_cmpgt_epi32(_mm256_xor_si256(a, i_set1(0x80000000)),
                                     _mm256_xor_si256(b, i_set1(0x80000000))));
}
static inline vm i_top(vu a) { return v_bits(a); } /* blends look at bit 31 alone */
static inline vf v_flip(vf a, vu b)
{
    return _mm256_xor_ps(a, _mm256_and_ps(_mm256_set1_ps(-0.0f), v_bits(b)));
}

static inline vw w_set1(uint32_t x) { return _mm256_set1_epi64x(x); }
static inline vw w_count2(uint32_t first)
{
    return _mm256_add_epi64(_mm256_set1_epi64x(first), _mm256_set_epi64x(6, 4, 2, 0));
}
static inline vw w_mul(vw a, vw b) { return _mm256_mul_epu32(a, b); }
static inline vw w_high(vw a) { return _mm256_srli_epi64(a, 32); }
static inline vw w_xor3(vw a, vw b, vw c)
{
    return _mm256_xor_si256(_mm256_xor_si256(a, b), c);
}
static inline vu w_join(vw a, vw b)
{
    return _mm256_blend_epi32(a, _mm256_slli_epi64(b, 32), 0xaa);
}

typedef struct vs {
    __m256d low, high;
} vs;

static inline vs vs_zero(void) { return (vs){_mm256_setzero_pd(), _mm256_setzero_pd()}; }
static inline __m256d vs_low(vf x) { return _mm256_cvtps_pd(_mm256_castps256_ps128(x)); }
static inline __m256d vs_high(vf x)
{
    return _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
}
static inline vs vs_add(vs s, vf x)
{
    return (vs){_mm256_add_pd(s.low, vs_low(x)), _mm256_add_pd(s.high, vs_high(x))};
}
static inline vs vs_add_square(vs s, vf x)
{
    __m256d low = vs_low(x), high = vs_high(x);
    return (vs){_mm256_fmadd_pd(low, low, s.low), _mm256_fmadd_pd(high, high, s.high)};
}
static inline vs vs_plus(vs a, vs b)
{
    return (vs){_mm256_add_pd(a.low, b.low), _mm256_add_pd(a.high, b.high)};
}
static inline void vs_store(double *p, vs s)
{
    _mm256_storeu_pd(p, s.low);
    _mm256_storeu_pd(p + 4, s.high);
}
static inline double vs_total(vs s)
{
    __m256d four = _mm256_add_pd(s.low, s.high);
    __m128d two =
        _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

ALWAYS void v_transpose(vf r[VL])
{
    vf t[VL];
    UNROLL
    for (int i = 0; i < VL; i += 2) {
        t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
        t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
    }
    UNROLL
    for (int i = 0; i < VL; i += 4) UNROLL
    for (int j = 0; j < 2; j++) {
        __m256d a = _mm256_castps_pd(t[i + j]), b = _mm256_castps_pd(t[i + j + 2]);
        r[i + 2 * j] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, b));
        r[i + 2 * j + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, b));
    }
    UNROLL
    for (int j = 0; j < 4; j++) {
        t[j] = _mm256_permute2f128_ps(r[j], r[j + 4], 0x20);
        t[j + 4] = _mm256_permute2f128_ps(r[j], r[j + 4], 0x31);
    }
    UNROLL
    for (int j = 0; j < VL; j++) r[j] = t[j];
}

#endif
