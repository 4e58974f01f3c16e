// SPDX-License-Identifier: MIT
/* Matrix product in bf16, plain C: the definition of correct for the other sets.
 *
 * Both factors are rounded to bf16, to nearest with ties to even, denormals to 0; the
 * products of a pair of k are exact in float and are added one after the other, the odd
 * one first.  Sets that add in another order within a block of k differ by roundings of
 * the sum alone.  NaN stays NaN.                                                       */
#include "kernels/ref/ref.h"
#include "kernels/tables.h"

#include <string.h>

hgi_real hgk_bf16_ref(hgi_real x)
{
    float f = (float)x;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    uint32_t size = bits & 0x7fffffffu;
    if (size > 0x7f800000u) return x;
    if (size < 0x00800000u)
        bits &= 0x80000000u;
    else
        bits = (bits + 0x7fffu + (bits >> 16 & 1u)) & 0xffff0000u;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static void pack(int64_t K, int64_t N, const hgi_real *src, int64_t row, int64_t col,
                 hgi_real *dst)
{
    hgk_pack_ref(K, N, src, row, col, dst);
    for (int64_t i = 0; i < K * N; i++) dst[i] = hgk_bf16_ref(dst[i]);
}

/* B(k, n) rounded: packed in panels, or as it lies.                                    */
static hgi_real b_at(const hgi_gemm *g, int64_t k, int64_t n)
{
    if (g->b_row != HGI_PACKED) return hgk_bf16_ref(g->B[k * g->b_row + n]);
    int64_t n0 = n / HGK_PANEL_REF * HGK_PANEL_REF;
    return g->B[g->K * n0 + k * hgi_min(HGK_PANEL_REF, g->N - n0) + n - n0];
}

static void gemm(const hgi_gemm *g)
{
    for (int64_t m = 0; m < g->M; m++)
        for (int64_t n = 0; n < g->N; n++) {
            hgi_real c = g->init ? g->init[m * g->init_row + n] : 0;
            for (int64_t k = 0; k < g->K; k += 2)
                for (int64_t j = hgi_min(k + 1, g->K - 1); j >= k; j--)
                    c += hgk_bf16_ref(g->A[m * g->a_row + j * g->a_col]) * b_at(g, j, n);
            g->C[m * g->c_row + n] = c;
        }
}

/* All products of tap t at position (p, q); B is rounded already.                      */
static void add_tap(const hgi_conv *g, const hgi_real *image, int64_t p, int64_t q,
                    int64_t t, hgi_real *c)
{
    int64_t i = t / g->x.taps, j = t % g->x.taps;
    int64_t y = p * g->y.step + i * g->y.tap + g->y.first;
    int64_t x = q * g->x.step + j * g->x.tap + g->x.first;
    if (y < 0 || y >= g->y.size || x < 0 || x >= g->x.size) return;
    const hgi_real *a = image + (y * g->x.size + x) * g->channels;
    const hgi_real *B = g->B + (i * g->y.b_tap + j * g->x.b_tap) * g->channels * g->N;
    for (int64_t k = 0; k < g->channels; k++, B += g->N)
        for (int64_t n = 0; n < g->N; n++) c[n] += hgk_bf16_ref(a[k]) * B[n];
}

static void conv(const hgi_conv *g)
{
    for (int64_t r = 0; r < g->images; r++)
        for (int64_t p = 0; p < g->y.count; p++)
            for (int64_t q = 0; q < g->x.count; q++) {
                hgi_real *c = g->C + r * g->c_image + p * g->y.c_step + q * g->x.c_step;
                for (int64_t n = 0; n < g->N; n++) c[n] = g->init ? g->init[n] : 0;
                for (int64_t t = 0; t < g->y.taps * g->x.taps; t++)
                    add_tap(g, g->A + r * g->a_image, p, q, t, c);
            }
}

static void outer(const hgi_outer *g)
{
    for (int64_t m = 0; m < g->M; m++)
        for (int64_t n = 0; n < g->N; n++) {
            hgi_real c = g->init ? g->init[m * g->init_row + n] : 0;
            for (int64_t i = 0; i < g->count[0]; i++)
                for (int64_t j = 0; j < g->count[1]; j++)
                    for (int64_t k = 0; k < g->count[2]; k++) {
                        const hgi_real *a =
                            g->A + i * g->a[0] + j * g->a[1] + k * g->a[2];
                        const hgi_real *b =
                            g->B + i * g->b[0] + j * g->b[1] + k * g->b[2];
                        c += hgk_bf16_ref(a[m]) * hgk_bf16_ref(b[n]);
                    }
            g->C[m * g->c_row + n] = c;
        }
}

const hgi_kernels hgk_table_ref_bf16 = {
    .name = "ref-bf16",
    .bf16 = 1,
    .gemm = gemm,
    .packed_size = hgk_packed_size_ref,
    .panel = HGK_PANEL_REF,
    .pack = pack,
    .conv = conv,
    .conv_panel = HGK_PANEL_REF,
    .conv_size = hgk_packed_size_ref,
    .conv_pack = pack,
    .outer = outer,
};
