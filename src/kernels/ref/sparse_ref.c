// SPDX-License-Identifier: MIT
/* Products with rows that are mostly zeros: what they are, without skipping in the
 * first. */
#include "kernels/ref/ref.h"

void hgk_find_nonzeros_ref(int64_t R, int64_t C, const hgi_real *x, int64_t ldx,
                           const hgi_sparse *s)
{
    for (int64_t r = 0; r < R; r++) {
        int32_t *out = s->index + r * s->ld_index, *start = s->start + r * s->ld_start;
        int32_t n = 0;
        for (int64_t c = 0; c < C; c++) {
            if (c % HGI_SPARSE_TILE == 0) *start++ = n;
            bool zero = x[r * ldx + c] >= 0 && x[r * ldx + c] <= 0; /* NaN is not */
            if (!zero) out[n++] = (int32_t)c;
        }
        *start = n;
    }
}

/* Packed B is one panel after another, each K rows wide: see hgk_pack_ref(). */
void hgk_sparse_gemm_ref(const hgi_gemm *g, const hgi_sparse *s)
{
    int64_t tiles = hgi_ceil_div(g->K, HGI_SPARSE_TILE);
    for (int64_t m = 0; m < g->M; m++)
        for (int64_t n = 0; n < g->N; n++) {
            int64_t panel = n / HGK_PANEL_REF * HGK_PANEL_REF;
            const hgi_real *B = g->B + hgk_packed_size_ref(g->K, panel);
            int64_t wide = hgk_packed_size_ref(1, hgi_min(HGK_PANEL_REF, g->N - panel));
            hgi_real sum = g->init != NULL ? g->init[m * g->init_row + n] : 0;
            int32_t count = s->start[m * s->ld_start + tiles];
            for (int64_t i = 0; i < count; i++) {
                int64_t at = m * s->ld_index + i;
                sum += g->A[m * g->a_row + s->index[at]] *
                       B[s->index[at] * wide + n - panel];
            }
            g->C[m * g->c_row + n] = sum;
        }
}

void hgk_sparse_outer_ref(int64_t R, int64_t C, int64_t H, const hgi_sparse *s,
                          int64_t tile, const hgi_real *x, int64_t ldx, const hgi_real *y,
                          int64_t ldy, hgi_real *out, int64_t ldo)
{
    for (int64_t h = 0; h < H; h++)
        for (int64_t c = 0; c < C; c++) out[h * ldo + c] = 0;
    for (int64_t r = 0; r < R; r++) {
        const int32_t *start = s->start + r * s->ld_start + tile;
        for (int32_t i = start[0]; i < start[1]; i++) {
            int64_t at = s->index[r * s->ld_index + i], c = at - tile * HGI_SPARSE_TILE;
            for (int64_t h = 0; h < H; h++)
                out[h * ldo + c] += x[r * ldx + at] * y[r * ldy + h];
        }
    }
}
