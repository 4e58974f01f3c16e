// SPDX-License-Identifier: MIT
/* Philox4x32-10: ten rounds of multiply and xor turn a counter and a key into four words.
 *
 * Counter: index, row (low, high), epoch.  Key: seed and use, mixed, so that seeds 1 and 2
 * or two uses of one seed share nothing.  Model files and resumed runs depend on this
 * layout; it does not change.
 * Source: Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
 * The key's mix is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).      */
#include "base/rng.h"

#define ROUNDS 10
#define MULTIPLY_0 UINT32_C(0xd2511f53)
#define MULTIPLY_1 UINT32_C(0xcd9e8d57)
#define WEYL_0 UINT32_C(0x9e3779b9)
#define WEYL_1 UINT32_C(0xbb67ae85)
/* Blocks computed side by side, so that the compiler can put them in vector lanes.     */
#define LANES 16

static void make_key(const hgi_rng *r, uint32_t key[2])
{
    uint64_t z = r->seed + (uint64_t)r->use * UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    key[0] = (uint32_t)z;
    key[1] = (uint32_t)(z >> 32);
}

hgi_stream hgi_rng_stream(const hgi_rng *r, uint64_t row)
{
    hgi_stream s = {.row = {(uint32_t)row, (uint32_t)(row >> 32)}, .epoch = r->epoch};
    make_key(r, s.key);
    return s;
}

void hgi_philox_raw(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int i = 0; i < ROUNDS; i++, k0 += WEYL_0, k1 += WEYL_1) {
        uint64_t p0 = (uint64_t)MULTIPLY_0 * c0, p1 = (uint64_t)MULTIPLY_1 * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void hgi_philox(const hgi_rng *r, uint64_t row, uint32_t index, uint32_t out[4])
{
    uint32_t key[2];
    make_key(r, key);
    const uint32_t counter[4] = {index, (uint32_t)row, (uint32_t)(row >> 32), r->epoch};
    hgi_philox_raw(counter, key, out);
}

/* hgi_philox_raw() for LANES neighbouring indices.                                     */
static void many_blocks(const uint32_t counter[4], const uint32_t key[2],
                        uint32_t out[4 * LANES])
{
    uint32_t c0[LANES], c1[LANES], c2[LANES], c3[LANES];
    uint32_t k0 = key[0], k1 = key[1];
    for (uint32_t j = 0; j < LANES; j++) {
        c0[j] = counter[0] + j;
        c1[j] = counter[1];
        c2[j] = counter[2];
        c3[j] = counter[3];
    }
    for (int i = 0; i < ROUNDS; i++, k0 += WEYL_0, k1 += WEYL_1) {
        for (int j = 0; j < LANES; j++) {
            uint64_t p0 = (uint64_t)MULTIPLY_0 * c0[j], p1 = (uint64_t)MULTIPLY_1 * c2[j];
            c0[j] = (uint32_t)(p1 >> 32) ^ c1[j] ^ k0;
            c1[j] = (uint32_t)p1;
            c2[j] = (uint32_t)(p0 >> 32) ^ c3[j] ^ k1;
            c3[j] = (uint32_t)p0;
        }
    }
    for (int j = 0; j < LANES; j++) {
        out[4 * j] = c0[j];
        out[4 * j + 1] = c1[j];
        out[4 * j + 2] = c2[j];
        out[4 * j + 3] = c3[j];
    }
}

void hgi_philox_fill(const hgi_rng *r, uint64_t row, uint32_t index, int64_t n,
                     uint32_t *out)
{
    assert(n >= 0 && n % 4 == 0);
    uint32_t key[2];
    make_key(r, key);
    uint32_t counter[4] = {index, (uint32_t)row, (uint32_t)(row >> 32), r->epoch};
    for (; n >= 4 * LANES; n -= 4 * LANES, out += 4 * LANES, counter[0] += LANES)
        many_blocks(counter, key, out);
    for (; n > 0; n -= 4, out += 4, counter[0]++) hgi_philox_raw(counter, key, out);
}

uint64_t hgi_below(const hgi_rng *r, uint64_t at, uint64_t n)
{
    assert(n >= 1);
    /* 2^64 mod n words at the low end are rejected, so that what is left is a whole number
     * of times n.  A block gives two tries; hardly ever is a second block needed.      */
    uint64_t reject = (UINT64_MAX - n + 1) % n;
    for (uint32_t index = 0;; index++) {
        uint32_t w[4];
        hgi_philox(r, at, index, w);
        uint64_t first = (uint64_t)w[1] << 32 | w[0],
                 second = (uint64_t)w[3] << 32 | w[2];
        if (first >= reject) return first % n;
        if (second >= reject) return second % n;
    }
}

void hgi_permutation(const hgi_rng *r, int64_t n, int64_t *order)
{
    for (int64_t i = 0; i < n; i++) order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)hgi_below(r, (uint64_t)i, (uint64_t)i + 1);
        int64_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}
