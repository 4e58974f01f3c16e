// SPDX-License-Identifier: MIT
/* Rows through small layers, plain C: one row after another, by the other slots of ref. */
#include "kernels/ref/ref.h"

#include <math.h>

/* Scale a row to x; false when it is not to be gone on with.                           */
static bool take_row(const hgi_stack *s, const float *in, hgi_real *x)
{
    bool good = true;
    for (int64_t k = 0; k < s->layer[0].K; k++) {
        x[k] = (hgi_real)in[k];
        if (s->shift) x[k] = (x[k] - s->shift[k]) * s->scale[k];
        good = good && isfinite(x[k]) && x[k] >= s->lo && x[k] <= s->hi;
    }
    return good;
}

int64_t hgk_stack_ref(const hgi_stack *s, int64_t R, const float *in, hgi_real *y,
                      double *error)
{
    hgi_real x[HGI_STACK_WIDE], buffer[2][HGI_STACK_WIDE];
    int64_t K = s->layer[0].K, N = s->layer[s->layers - 1].N;
    for (int64_t r = 0; r < R; r++) {
        const hgi_real *from = x;
        if (!take_row(s, in + r * K, x)) return r;
        for (int64_t i = 0; i < s->layers; i++) {
            const hgi_stack_layer *l = &s->layer[i];
            int64_t row = hgi_strip_width(l->N);
            hgi_real *to = buffer[i % 2];
            hgi_gemm g = {1,          l->N, l->K, from, l->K, 1,
                          l->W + row, row,  l->W, 0,    to,   l->N};
            hgk_gemm_ref(&g);
            hgk_act_forward_ref(l->act, l->alpha, 1, l->N, to, l->N, to, l->N);
            from = to;
        }
        for (int64_t n = 0; y && n < N; n++) y[r * N + n] = from[n];
        if (error)
            hgk_loss_ref(HGI_LOSS_MSE, 0, 1, 1, N, from, N, x, N, NULL, N, error + r);
    }
    return R;
}
