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
#define SWAPS 512 /* of a permutation, drawn together */

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

/* hgi_philox_raw() of LANES counters, c[i][j] being word i of the j-th, in place.      */
static void many_blocks(uint32_t c[4][LANES], const uint32_t key[2])
{
    uint32_t k0 = key[0], k1 = key[1];
    for (int i = 0; i < ROUNDS; i++, k0 += WEYL_0, k1 += WEYL_1) {
        for (int j = 0; j < LANES; j++) {
            uint64_t p0 = (uint64_t)MULTIPLY_0 * c[0][j];
            uint64_t p1 = (uint64_t)MULTIPLY_1 * c[2][j];
            c[0][j] = (uint32_t)(p1 >> 32) ^ c[1][j] ^ k0;
            c[1][j] = (uint32_t)p1;
            c[2][j] = (uint32_t)(p0 >> 32) ^ c[3][j] ^ k1;
            c[3][j] = (uint32_t)p0;
        }
    }
}

void hgi_philox_fill(const hgi_rng *r, uint64_t row, uint32_t index, int64_t n,
                     uint32_t *out)
{
    assert(n >= 0 && n % 4 == 0);
    uint32_t key[2];
    make_key(r, key);
    uint32_t counter[4] = {index, (uint32_t)row, (uint32_t)(row >> 32), r->epoch};
    for (; n >= 4 * LANES; n -= 4 * LANES, counter[0] += LANES) {
        uint32_t c[4][LANES];
        for (int i = 0; i < 4; i++)
            for (uint32_t j = 0; j < LANES; j++) c[i][j] = counter[i] + (i == 0 ? j : 0);
        many_blocks(c, key);
        for (int j = 0; j < LANES; j++)
            for (int i = 0; i < 4; i++) *out++ = c[i][j];
    }
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

/* What is rejected is less than n: nearly every first try passes without knowing it.   */
void hgi_draw_swaps(const hgi_rng *r, int64_t first, int64_t n, int64_t *draw)
{
    uint32_t key[2];
    make_key(r, key);
    for (int64_t at = 0; at < n; at += LANES) {
        uint32_t c[4][LANES];
        for (int64_t j = 0; j < LANES; j++) {
            uint64_t row = (uint64_t)(first + at + j);
            c[0][j] = 0;
            c[1][j] = (uint32_t)row;
            c[2][j] = (uint32_t)(row >> 32);
            c[3][j] = r->epoch;
        }
        many_blocks(c, key);
        for (int64_t j = 0; j < LANES && at + j < n; j++) {
            uint64_t row = (uint64_t)(first + at + j), below = row + 1;
            uint64_t word = (uint64_t)c[1][j] << 32 | c[0][j];
            draw[at + j] =
                (int64_t)(word >= below ? word % below : hgi_below(r, row, below));
        }
    }
}

void hgi_swap_down(int64_t first, int64_t n, const int64_t *draw, int64_t *order)
{
    for (int64_t i = first + n - 1; i >= first; i--) {
        int64_t j = draw[i - first], swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

void hgi_permutation(const hgi_rng *r, int64_t n, int64_t *order)
{
    int64_t draw[SWAPS];
    for (int64_t i = 0; i < n; i++) order[i] = i;
    for (int64_t left = n; left > 0;) {
        int64_t count = hgi_min(SWAPS, left);
        left -= count;
        hgi_draw_swaps(r, left, count, draw);
        hgi_swap_down(left, count, draw, order);
    }
}
