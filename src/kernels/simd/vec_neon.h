// SPDX-License-Identifier: MIT
/* The vector vocabulary in NEON (aarch64): 4 floats.  What each word means stands in
 * vec_avx512.h.                                                                        */
#ifndef HGK_VEC_NEON_H
#define HGK_VEC_NEON_H

#include <arm_neon.h>
#include <stdint.h>
#include <string.h>

#define VL 4
/* 6 x 3 vectors of C, 3 of B and an element of A for each row are 27 of the 32 registers:
 * a multiply-add takes A from one lane, so gcc loads all rows' elements ahead, and with 8
 * rows it spills.                                                                      */
#define V_TILE_ROWS 6
#define V_TILE_VECS 3

typedef float32x4_t vf;
typedef uint32x4_t vm;

static inline vf v_zero(void) { return vdupq_n_f32(0); }
static inline vf v_set1(float x) { return vdupq_n_f32(x); }
static inline vf v_load(const float *p) { return vld1q_f32(p); }
static inline void v_store(float *p, vf x) { vst1q_f32(p, x); }
/* There are no masks: a tail goes in pieces of two and one.                            */
static inline vf v_load_n(const float *p, int64_t n)
{
    if (n == VL) return v_load(p);
    vf x = v_zero();
    if (n & 2) {
        x = vcombine_f32(vld1_f32(p), vdup_n_f32(0));
        if (n & 1) x = vld1q_lane_f32(p + 2, x, 2);
    } else if (n & 1) {
        x = vld1q_lane_f32(p, x, 0);
    }
    return x;
}
static inline void v_store_n(float *p, vf x, int64_t n)
{
    if (n == VL) {
        v_store(p, x);
    } else if (n & 2) {
        vst1_f32(p, vget_low_f32(x));
        if (n & 1) vst1q_lane_f32(p + 2, x, 2);
    } else if (n & 1) {
        vst1q_lane_f32(p, x, 0);
    }
}
static inline vf v_keep(vf x, int64_t n)
{
    static const uint32_t ones[2 * VL] = {~0u, ~0u, ~0u, ~0u};
    return vreinterpretq_f32_u32(
        vandq_u32(vreinterpretq_u32_f32(x), vld1q_u32(ones + VL - n)));
}
static inline vf v_load_u8_n(const uint8_t *p, int64_t n)
{
    uint64_t bytes = 0;
    memcpy(&bytes, p, (size_t)n);
    uint16x8_t wide = vmovl_u8(vcreate_u8(bytes));
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(wide)));
}
static inline vf v_load_u8(const uint8_t *p) { return v_load_u8_n(p, VL); }

static inline vf v_add(vf a, vf b) { return vaddq_f32(a, b); }
static inline vf v_sub(vf a, vf b) { return vsubq_f32(a, b); }
static inline vf v_mul(vf a, vf b) { return vmulq_f32(a, b); }
static inline vf v_div(vf a, vf b) { return vdivq_f32(a, b); }
static inline vf v_sqrt(vf a) { return vsqrtq_f32(a); }
static inline vf v_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
static inline vf v_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }

static inline uint16_t v_nonzero_bits(vf a)
{
    const uint32x4_t place = {1, 2, 4, 8};
    uint32x4_t zero = vceqq_f32(a, v_zero());
    return (uint16_t)vaddvq_u32(vbicq_u32(place, zero));
}
static inline int32_t v_list_bit(const uint16_t *m, int64_t n, int bit, int32_t *out)
{
    int32_t k = 0;
    for (int64_t i = 0; i < n; i++) {
        out[k] = (int32_t)i;
        k += m[i] >> bit & 1;
    }
    return k;
}

typedef uint32x4_t vu;

static inline vu i_bits(vf a) { return vreinterpretq_u32_f32(a); }
static inline vf v_bits(vu a) { return vreinterpretq_f32_u32(a); }
static inline void i_store_bytes(int8_t *p, vu a)
{
    uint16x4_t two = vmovn_u32(a);
    uint8x8_t one = vmovn_u16(vcombine_u16(two, two));
    uint32_t four = vget_lane_u32(vreinterpret_u32_u8(one), 0);
    memcpy(p, &four, sizeof four);
}
#define i_left(a, n) vshlq_n_u32(a, n)
static inline vf v_from_int(vu a) { return vcvtq_f32_s32(vreinterpretq_s32_u32(a)); }

static inline vf v_high_bf16(vf a)
{
    uint32x4_t high = vdupq_n_u32(0xffff0000u);
    return vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_f32(a), high));
}
static inline vf v_dot_bytes(vf s, vf w, vf x)
{
    int8x16_t a = vreinterpretq_s8_f32(w), b = vreinterpretq_s8_f32(x);
    int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(a), vget_low_s8(b)));
    int32x4_t high = vpaddlq_s16(vmull_high_s8(a, b));
    int32x4_t sums = vpaddq_s32(low, high);
    return vreinterpretq_f32_s32(vaddq_s32(vreinterpretq_s32_f32(s), sums));
}

static inline vm v_gt(vf a, vf b) { return vcgtq_f32(a, b); }
static inline vm v_le(vf a, vf b) { return vcleq_f32(a, b); }
static inline vm v_lt(vf a, vf b) { return vcltq_f32(a, b); }
static inline vf v_select(vm m, vf yes, vf no) { return vbslq_f32(m, yes, no); }
/* By comparison: the machine's own minimum differs from the other sets' where a is NaN and
 * where both are zeros of unlike sign.                                                 */
static inline vf v_min(vf a, vf b) { return v_select(v_lt(a, b), a, b); }
static inline vf v_max(vf a, vf b) { return v_select(v_gt(a, b), a, b); }
static inline vf v_abs(vf a) { return vabsq_f32(a); }
static inline vf v_copysign(vf size, vf sign)
{
    return vbslq_f32(vdupq_n_u32(0x80000000u), sign, size);
}
static inline vf v_power_low(vf a)
{
    return vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_f32(a), 23));
}
static inline vf v_exponent(vf a)
{
    int32x4_t biased = vshrq_n_s32(vreinterpretq_s32_f32(a), 23);
    return vcvtq_f32_s32(vsubq_s32(biased, vdupq_n_s32(127)));
}
static inline vf v_mantissa(vf a)
{
    return vbslq_f32(vdupq_n_u32(0x7fffff), a, v_set1(1.0f));
}
static inline vf v_round(vf a) { return vrndnq_f32(a); }
/* 2^n for an integral n in -126 .. 127, by its exponent's bits.                        */
static inline vf v_power(int32x4_t n)
{
    return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}
/* In two halves, so that each power is a normal number for n in -252 .. 254.           */
static inline vf v_ldexp(vf a, vf n)
{
    int32x4_t whole = vcvtnq_s32_f32(n), half = vshrq_n_s32(whole, 1);
    return v_mul(v_mul(a, v_power(half)), v_power(vsubq_s32(whole, half)));
}

/* Every lane is written, and counted only where it is to stay.                         */
static inline int32_t v_store_nonzero(vf a, int32_t first, int32_t *out)
{
    uint32x4_t counts = vaddq_u32(vceqq_f32(a, v_zero()), vdupq_n_u32(1));
    uint64x2_t pairs = vreinterpretq_u64_u32(counts);
    uint64_t low = vgetq_lane_u64(pairs, 0), high = vgetq_lane_u64(pairs, 1);
    int32_t n = 0;
    out[n] = first;
    n += (int32_t)(low & 1);
    out[n] = first + 1;
    n += (int32_t)(low >> 32);
    out[n] = first + 2;
    n += (int32_t)(high & 1);
    out[n] = first + 3;
    return n + (int32_t)(high >> 32);
}

typedef struct vs {
    float64x2_t low, high;
} vs;

static inline vs vs_zero(void) { return (vs){vdupq_n_f64(0), vdupq_n_f64(0)}; }
static inline float64x2_t vs_low(vf x) { return vcvt_f64_f32(vget_low_f32(x)); }
static inline float64x2_t vs_high(vf x) { return vcvt_high_f64_f32(x); }
static inline vs vs_add(vs s, vf x)
{
    return (vs){vaddq_f64(s.low, vs_low(x)), vaddq_f64(s.high, vs_high(x))};
}
static inline vs vs_add_square(vs s, vf x)
{
    float64x2_t low = vs_low(x), high = vs_high(x);
    return (vs){vfmaq_f64(s.low, low, low), vfmaq_f64(s.high, high, high)};
}
static inline vs vs_plus(vs a, vs b)
{
    return (vs){vaddq_f64(a.low, b.low), vaddq_f64(a.high, b.high)};
}
static inline void vs_store(double *p, vs s)
{
    vst1q_f64(p, s.low);
    vst1q_f64(p + 2, s.high);
}
static inline double vs_total(vs s) { return vaddvq_f64(vaddq_f64(s.low, s.high)); }

static inline void v_transpose(vf r[VL])
{
    float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(r[0], r[1]));
    float64x2_t b = vreinterpretq_f64_f32(vtrn2q_f32(r[0], r[1]));
    float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(r[2], r[3]));
    float64x2_t d = vreinterpretq_f64_f32(vtrn2q_f32(r[2], r[3]));
    r[0] = vreinterpretq_f32_f64(vtrn1q_f64(a, c));
    r[1] = vreinterpretq_f32_f64(vtrn1q_f64(b, d));
    r[2] = vreinterpretq_f32_f64(vtrn2q_f64(a, c));
    r[3] = vreinterpretq_f32_f64(vtrn2q_f64(b, d));
}

#endif
