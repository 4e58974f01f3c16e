// SPDX-License-Identifier: MIT
/* Values replaced at random and Gaussian noise, plain C: what a draw is, in any kernel set.
 *
 * Source: Box and Muller, Annals of Mathematical Statistics 29 (1958).  The angle is drawn
 * as an eighth of a turn to either side of an axis, and two bits choose the axis: the same
 * distribution with no reduction of arguments.                                         */
#include "base/rng.h"
#include "kernels/ref/ref.h"

#include <tgmath.h>

enum { LANES = 16, GROUP = 4 * LANES };

static void block_of(const hgi_stream *s, int64_t block, uint32_t out[4])
{
    const uint32_t counter[4] = {s->first + (uint32_t)block, s->row[0], s->row[1],
                                 s->epoch};
    hgi_philox_raw(counter, s->key, out);
}

void hgk_replace_some_ref(const hgi_stream *s, int64_t n, uint32_t limit, hgi_real even,
                          hgi_real odd, const hgi_real *x, hgi_real *y)
{
    for (int64_t at = 0; at < n; at += GROUP)
        for (int64_t j = 0; j < LANES && at + j < n; j++) {
            uint32_t w[4];
            block_of(s, at / 4 + j, w);
            for (int64_t k = 0, i = at + j; k < 4 && i < n; k++, i += LANES)
                y[i] = w[k] > limit ? x[i] : w[k] & 1 ? odd : even;
        }
}

/* p - p is 0, or NaN where p is.                                                       */
void hgk_draw_bits_ref(const hgi_stream *s, int64_t n, const hgi_real *p, hgi_real *y)
{
    for (int64_t at = 0; at < n; at += GROUP)
        for (int64_t j = 0; j < LANES && at + j < n; j++) {
            uint32_t w[4];
            block_of(s, at / 4 + j, w);
            for (int64_t k = 0, i = at + j; k < 4 && i < n; k++, i += LANES)
                y[i] = (hgi_real)hgi_unit(w[k]) < p[i] ? 1 : p[i] - p[i];
        }
}

static void two_normals(uint32_t w0, uint32_t w1, hgi_real z[2])
{
    const hgi_real eighth = (hgi_real)0.78539816339744830962;
    hgi_real u = (hgi_real)((w0 >> 1) | 1) * (hgi_real)0x1p-31;
    hgi_real r = sqrt(-2 * log(u));
    uint32_t turned = w1 << 2; /* as a signed number, without what C leaves open */
    hgi_real p = (hgi_real)turned - (turned >> 31 ? (hgi_real)0x1p32 : 0);
    p *= (hgi_real)0x1p-31 * eighth;
    hgi_real a = r * cos(p), b = r * sin(p);
    if (w1 >> 31) a = -a;
    bool exchange = (w1 >> 30) & 1;
    z[0] = exchange ? b : a;
    z[1] = exchange ? a : b;
}

/* A NaN stays: neither comparison is true of it.                                       */
static hgi_real held(hgi_real x, hgi_real lo, hgi_real hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

void hgk_add_gaussian_ref(const hgi_stream *s, int64_t n, hgi_real sigma, hgi_real lo,
                          hgi_real hi, const hgi_real *x, hgi_real *y)
{
    for (int64_t at = 0; at < n; at += GROUP)
        for (int64_t j = 0; j < LANES && at + j < n; j++) {
            uint32_t w[4];
            hgi_real z[4];
            block_of(s, at / 4 + j, w);
            two_normals(w[0], w[1], z);
            two_normals(w[2], w[3], z + 2);
            for (int64_t k = 0, i = at + j; k < 4 && i < n; k++, i += LANES)
                y[i] = held(x[i] + sigma * z[k], lo, hi);
        }
}
