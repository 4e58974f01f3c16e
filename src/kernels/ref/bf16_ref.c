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

const hgi_kernels hgk_table_ref_bf16 = {
    .name = "ref-bf16",
    .bf16 = 1,
    .gemm = gemm,
    .packed_size = hgk_packed_size_ref,
    .panel = HGK_PANEL_REF,
    .pack = pack,
};
