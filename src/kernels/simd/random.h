// SPDX-License-Identifier: MIT
/* Values replaced at random and Gaussian noise, for any vector set: the random words are
 * ref's to the bit.
 *
 * Lanes are blocks of Philox, in two vectors of 64-bit lanes (even and odd blocks), where
 * one multiplication gives the whole product and its low half need not be cut out: the
 * next multiplication reads low halves alone.                                          */
#ifndef HGK_SIMD_RANDOM_H
#define HGK_SIMD_RANDOM_H

#include "base/rng.h"
#include "kernels/simd/template.h"

#define LANES 16 /* blocks of a group, four words each: kernels.h */
#define ROUNDS 10
/* Vectors of blocks at a time, as many as there are registers for.                     */
#define FLIGHT (VL == 16 ? 2 : 1)

/* A row's keys of each round, spread over the lanes once.  Constants as in base/rng.c. */
typedef struct random_keys {
    vw key[ROUNDS][2], row[2], epoch;
    uint32_t first;
} random_keys;

ALWAYS void spread_keys(const hgi_stream *s, random_keys *k)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        k->key[i][0] = w_set1(s->key[0] + i * 0x9e3779b9u);
        k->key[i][1] = w_set1(s->key[1] + i * 0xbb67ae85u);
    }
    k->row[0] = w_set1(s->row[0]);
    k->row[1] = w_set1(s->row[1]);
    k->epoch = w_set1(s->epoch);
    k->first = s->first;
}

ALWAYS void philox_round(const vw key[2], vw c[4])
{
    vw p0 = w_mul(c[0], w_set1(0xd2511f53u)), p1 = w_mul(c[2], w_set1(0xcd9e8d57u));
    c[0] = w_xor3(w_high(p1), c[1], key[0]);
    c[1] = p1;
    c[2] = w_xor3(w_high(p0), c[3], key[1]);
    c[3] = p0;
}

/* The words of FLIGHT vectors of blocks, the first from `first` on: word[i][k] is word k of
 * the i-th.  Rounds of independent blocks stand side by side, because each waits for its
 * own last one, and processors do not look far enough ahead to find other work.        */
ALWAYS void philox(const int flight, const random_keys *k, uint32_t first,
                   vu word[FLIGHT][4])
{
    vw c[2 * FLIGHT][4];
#pragma GCC unroll 4
    for (int i = 0; i < 2 * flight; i++) {
        c[i][0] = w_count2(k->first + first + (uint32_t)(i / 2 * VL + i % 2));
        c[i][1] = k->row[0];
        c[i][2] = k->row[1];
        c[i][3] = k->epoch;
    }
#pragma GCC unroll 10
    for (int round = 0; round < ROUNDS; round++)
#pragma GCC unroll 4
        for (int i = 0; i < 2 * flight; i++) philox_round(k->key[round], c[i]);
#pragma GCC unroll 2
    for (int i = 0; i < flight; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) word[i][j] = w_join(c[2 * i][j], c[2 * i + 1][j]);
}

/* Where word 0 of the blocks in vector v stands in the row; word k stands k LANES on.  */
ALWAYS int64_t place_of(int64_t v)
{
    int64_t lane = v * VL % LANES;
    return 4 * (v * VL - lane) + lane;
}

/* What replaces, spread over the lanes.                                                */
typedef struct random_fill {
    vu limit;
    vf even, odd;
} random_fill;

ALWAYS vf replaced(const random_fill *f, vu word, vf x)
{
    vf other = v_select(i_top(i_left(word, 31)), f->odd, f->even);
    return v_select(i_above(word, f->limit), x, other);
}

ALWAYS void store_replaced(const int flight, const random_keys *keys,
                           const random_fill *f, int64_t v, int64_t n, const float *x,
                           float *y)
{
    vu word[FLIGHT][4];
    philox(flight, keys, (uint32_t)(v * VL), word);
#pragma GCC unroll 2
    for (int64_t i = 0; i < flight; i++)
#pragma GCC unroll 4
        for (int64_t k = 0; k < 4; k++) {
            int64_t at = place_of(v + i) + k * LANES, left = n - at;
            if (left >= VL)
                v_store(y + at, replaced(f, word[i][k], v_load(x + at)));
            else if (left > 0)
                v_store_n(y + at, replaced(f, word[i][k], v_load_n(x + at, left)), left);
        }
}

static void replace_some(const hgi_stream *s, int64_t n, uint32_t limit, float even,
                         float odd, const float *x, float *y)
{
    const random_fill f = {i_set1(limit), v_set1(even), v_set1(odd)};
    random_keys keys;
    int64_t v = 0;
    spread_keys(s, &keys);
    for (; place_of(v + FLIGHT - 1) < n; v += FLIGHT)
        store_replaced(FLIGHT, &keys, &f, v, n, x, y);
    for (; place_of(v) < n; v++) store_replaced(1, &keys, &f, v, n, x, y);
}

ALWAYS vf bits(vu word, vf p)
{
    vf u = v_mul(v_from_int(i_right(word, 8)), v_set1(0x1p-24f));
    return v_select(v_lt(u, p), v_set1(1.0f), v_sub(p, p));
}

ALWAYS void store_bits(const int flight, const random_keys *keys, int64_t v, int64_t n,
                       const float *p, float *y)
{
    vu word[FLIGHT][4];
    philox(flight, keys, (uint32_t)(v * VL), word);
#pragma GCC unroll 2
    for (int64_t i = 0; i < flight; i++)
#pragma GCC unroll 4
        for (int64_t k = 0; k < 4; k++) {
            int64_t at = place_of(v + i) + k * LANES, left = n - at;
            if (left >= VL)
                v_store(y + at, bits(word[i][k], v_load(p + at)));
            else if (left > 0)
                v_store_n(y + at, bits(word[i][k], v_load_n(p + at, left)), left);
        }
}

static void draw_bits(const hgi_stream *s, int64_t n, const float *p, float *y)
{
    random_keys keys;
    int64_t v = 0;
    spread_keys(s, &keys);
    for (; place_of(v + FLIGHT - 1) < n; v += FLIGHT)
        store_bits(FLIGHT, &keys, v, n, p, y);
    for (; place_of(v) < n; v++) store_bits(1, &keys, v, n, p, y);
}

/* Two of sqrt(-2 log u), u = ((w >> 1) | 1) / 2^31.  The number in float is m 2^e with m in
 * [0.75, 1.5), so that near u = 1 nothing cancels; log(1 + t) = t P(t) for t in
 * [-0.25, 0.5], error 2.2e-7.                                                          */
ALWAYS void radius(const vu w[2], vf r[2])
{
    static const float p[7] = {7.940047995e-2f,  -1.668523336e-1f, 2.077777360e-1f,
                               -2.509241139e-1f, 3.330721713e-1f,  -4.999736451e-1f,
                               1.000002344f};
    const vu three_quarters = i_set1(0x3f400000);
    vf t[2], whole[2], q[2];
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        vu bits = i_bits(v_from_int(i_or(i_right(w[i], 1), i_set1(1))));
        vu e = i_right(i_sub(bits, three_quarters), 23);
        t[i] = v_sub(v_bits(i_sub(bits, i_left(e, 23))), v_set1(1.0f));
        whole[i] = v_mul(v_sub(v_set1(31.0f), v_from_int(e)), v_set1(0x1.62e43p-1f));
        q[i] = v_set1(p[0]);
    }
#pragma GCC unroll 6
    for (int k = 1; k < 7; k++)
#pragma GCC unroll 2
        for (int i = 0; i < 2; i++) q[i] = v_fma(q[i], t[i], v_set1(p[k]));
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) {
        vf minus_log = v_fnma(t[i], q[i], whole[i]);
        r[i] = v_sqrt(v_max(v_zero(), v_add(minus_log, minus_log)));
    }
}

/* r cos p and r sin p on the axis that two bits choose.  With s = p / (pi / 4) and t = s^2
 * sin is s S(t), error 1.1e-6, and cos C(t), error 2.8e-8.                             */
ALWAYS void two_normals(vf r, vu w, vf z[2])
{
    vf s = v_mul(v_from_int(i_left(w, 2)), v_set1(0x1p-31f)), t = v_mul(s, s);
    vf c = v_set1(-3.188805086e-4f), q = v_set1(2.436094678e-3f);
    c = v_fma(c, t, v_set1(1.584991526e-2f));
    q = v_fma(q, t, v_set1(-8.072522973e-2f));
    c = v_fma(c, t, v_set1(-3.084242536e-1f));
    q = v_fma(q, t, v_set1(7.853970398e-1f));
    c = v_fma(c, t, v_set1(9.999999724e-1f));
    vf a = v_flip(v_mul(r, c), w), b = v_mul(r, v_mul(s, q));
    vm exchange = i_top(i_left(w, 1));
    z[0] = v_select(exchange, b, a);
    z[1] = v_select(exchange, a, b);
}

ALWAYS void noisy(vf lo, vf hi, vf z, int64_t left, const float *x, float *y)
{
    if (left >= VL)
        v_store(y, v_min(hi, v_max(lo, v_add(v_load(x), z))));
    else if (left > 0)
        v_store_n(y, v_min(hi, v_max(lo, v_add(v_load_n(x, left), z))), left);
}

/* sigma and the range, spread over the lanes.                                          */
typedef struct random_noise {
    vf sigma, lo, hi;
} random_noise;

ALWAYS void store_noisy(const int flight, const random_keys *keys, const random_noise *c,
                        int64_t v, int64_t n, const float *x, float *y)
{
    vu word[FLIGHT][4];
    philox(flight, keys, (uint32_t)(v * VL), word);
#pragma GCC unroll 2
    for (int64_t i = 0; i < flight; i++) {
        int64_t at = place_of(v + i);
        vf r[2], z[4];
        radius((vu[2]){word[i][0], word[i][2]}, r);
        two_normals(v_mul(c->sigma, r[0]), word[i][1], z);
        two_normals(v_mul(c->sigma, r[1]), word[i][3], z + 2);
#pragma GCC unroll 4
        for (int64_t k = 0; k < 4; k++, at += LANES)
            noisy(c->lo, c->hi, z[k], n - at, x + at, y + at);
    }
}

static void add_gaussian(const hgi_stream *s, int64_t n, float sigma, float lo, float hi,
                         const float *x, float *y)
{
    const random_noise c = {v_set1(sigma), v_set1(lo), v_set1(hi)};
    random_keys keys;
    int64_t v = 0;
    spread_keys(s, &keys);
    for (; place_of(v + FLIGHT - 1) < n; v += FLIGHT)
        store_noisy(FLIGHT, &keys, &c, v, n, x, y);
    for (; place_of(v) < n; v++) store_noisy(1, &keys, &c, v, n, x, y);
}

#undef LANES
#undef ROUNDS
#undef FLIGHT

#endif
