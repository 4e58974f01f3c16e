// SPDX-License-Identifier: MIT
/* Matrix product, plain C.
 *
 * The loop over k is outside the loop over n, so that B and C are walked along their rows;
 * an element of C still meets its products in ascending k, one rounding for the product
 * and one for the sum (the build switches contraction off).                           */
#include "kernels/ref/ref.h"

int64_t hgk_packed_size_ref(int64_t K, int64_t N) { return K * N; }

/* Panels of HGK_PANEL_REF columns, each row-major; the last one is as wide as is left. */
void hgk_pack_ref(int64_t K, int64_t N, const hgi_real *src, int64_t row, int64_t col,
                  hgi_real *dst)
{
    for (int64_t n0 = 0; n0 < N; n0 += HGK_PANEL_REF) {
        int64_t wide = hgi_min(HGK_PANEL_REF, N - n0);
        hgi_real *panel = dst + K * n0;
        for (int64_t k = 0; k < K; k++)
            for (int64_t n = 0; n < wide; n++)
                panel[k * wide + n] = src[k * row + (n0 + n) * col];
    }
}

/* One row of C over `wide` columns of a B that lies row-major at distance b_row.       */
static void row_times_matrix(const hgi_gemm *g, int64_t m, int64_t n0, int64_t wide,
                             const hgi_real *B, int64_t b_row)
{
    hgi_real *c = g->C + m * g->c_row + n0;
    const hgi_real *init = g->init ? g->init + m * g->init_row + n0 : NULL;
    for (int64_t n = 0; n < wide; n++) c[n] = init ? init[n] : 0;
    for (int64_t k = 0; k < g->K; k++) {
        hgi_real a = g->A[m * g->a_row + k * g->a_col];
        const hgi_real *b = B + k * b_row;
        for (int64_t n = 0; n < wide; n++) c[n] += a * b[n];
    }
}

void hgk_gemm_ref(const hgi_gemm *g)
{
    for (int64_t m = 0; m < g->M; m++) {
        if (g->b_row != HGI_PACKED) {
            row_times_matrix(g, m, 0, g->N, g->B, g->b_row);
            continue;
        }
        for (int64_t n0 = 0; n0 < g->N; n0 += HGK_PANEL_REF) {
            int64_t wide = hgi_min(HGK_PANEL_REF, g->N - n0);
            row_times_matrix(g, m, n0, wide, g->B + g->K * n0, wide);
        }
    }
}
