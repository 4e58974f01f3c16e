// SPDX-License-Identifier: MIT
/* Rows given by a few places and values: what it means.                                */
#include "kernels/ref/ref.h"

#include <math.h>

/* Takes out the smallest value, the last of equal ones, until k are left.              */
void hgk_top_cut_ref(hgi_top *t)
{
    if (t->count <= t->k) return;
    for (; t->count > t->k; t->count--) {
        int64_t worst = 0;
        for (int64_t i = 1; i < t->count; i++)
            if (t->value[worst] >= t->value[i] || isnan(t->value[worst])) worst = i;
        for (int64_t i = worst; i + 1 < t->count; i++) {
            t->index[i] = t->index[i + 1];
            t->value[i] = t->value[i + 1];
        }
    }
    t->limit = (hgi_real)INFINITY; /* what NaN alone is above */
    for (int64_t i = 0; i < t->count; i++)
        if (t->value[i] < t->limit) t->limit = t->value[i];
}

void hgk_top_offer_ref(hgi_top *t, int64_t C, int32_t first, const hgi_real *z)
{
    for (int64_t c = 0; c < C; c++) {
        if (z[c] <= t->limit) continue;
        if (t->count == t->room) hgk_top_cut_ref(t);
        t->index[t->count] = first + (int32_t)c;
        t->value[t->count++] = z[c];
    }
}

void hgk_sum_rows_ref(int64_t C, const int64_t *start, const int32_t *row,
                      const hgi_real *value, int64_t J, const hgi_real *y, int64_t ldy,
                      const hgi_real *init, hgi_real *out, int64_t ldo)
{
    for (int64_t c = 0; c < C; c++, out += ldo) {
        for (int64_t j = 0; j < J; j++) out[j] = init != NULL ? init[j] : 0;
        for (int64_t i = start[c]; i < start[c + 1]; i++)
            for (int64_t j = 0; j < J; j++) out[j] += value[i] * y[row[i] * ldy + j];
    }
}

void hgk_dot_rows_ref(int64_t n, const int32_t *row, int64_t J, const hgi_real *a,
                      const hgi_real *y, int64_t ldy, hgi_real *out)
{
    for (int64_t i = 0; i < n; i++) {
        out[i] = 0;
        for (int64_t j = 0; j < J; j++) out[i] += a[j] * y[row[i] * ldy + j];
    }
}

void hgk_transpose_ref(int64_t R, int64_t C, const hgi_real *x, int64_t ldx,
                       hgi_real *out, int64_t ldo)
{
    for (int64_t r = 0; r < R; r++)
        for (int64_t c = 0; c < C; c++) out[c * ldo + r] = x[r * ldx + c];
}
