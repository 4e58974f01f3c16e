// SPDX-License-Identifier: MIT
/* Convolution and the sum of its weight's gradient, plain C.
 *
 * The loop over channels is outside the loop over n, so that B and C are walked along
 * their rows; an element of C meets its products in the order of the contract.         */
#include "kernels/ref/ref.h"

#define PLACE(axis, i, t) ((i) * (axis)->step + (t) * (axis)->tap + (axis)->first)

/* All products of one tap with one place of A; a NULL is the zeros outside.            */
static void add_tap(const hgi_conv *g, const hgi_real *a, const hgi_real *B, hgi_real *c)
{
    for (int64_t k = 0; k < g->channels; k++, B += g->N) {
        hgi_real x = a != NULL ? a[k] : 0;
        for (int64_t n = 0; n < g->N; n++) c[n] += x * B[n];
    }
}

static void one_position(const hgi_conv *g, const hgi_real *image, int64_t p, int64_t q,
                         hgi_real *c)
{
    for (int64_t n = 0; n < g->N; n++) c[n] = g->init ? g->init[n] : 0;
    for (int64_t i = 0; i < g->y.taps; i++)
        for (int64_t j = 0; j < g->x.taps; j++) {
            int64_t y = PLACE(&g->y, p, i), x = PLACE(&g->x, q, j);
            bool inside = y >= 0 && y < g->y.size && x >= 0 && x < g->x.size;
            int64_t block = i * g->y.b_tap + j * g->x.b_tap;
            add_tap(g, inside ? image + (y * g->x.size + x) * g->channels : NULL,
                    g->B + block * g->channels * g->N, c);
        }
}

void hgk_conv_ref(const hgi_conv *g)
{
    for (int64_t r = 0; r < g->images; r++)
        for (int64_t p = 0; p < g->y.count; p++)
            for (int64_t q = 0; q < g->x.count; q++)
                one_position(g, g->A + r * g->a_image, p, q,
                             g->C + r * g->c_image + p * g->y.c_step + q * g->x.c_step);
}

void hgk_outer_ref(const hgi_outer *g)
{
    for (int64_t m = 0; m < g->M; m++)
        for (int64_t n = 0; n < g->N; n++)
            g->C[m * g->c_row + n] = g->init ? g->init[m * g->init_row + n] : 0;
    for (int64_t i = 0; i < g->count[0]; i++)
        for (int64_t j = 0; j < g->count[1]; j++)
            for (int64_t k = 0; k < g->count[2]; k++) {
                const hgi_real *a = g->A + i * g->a[0] + j * g->a[1] + k * g->a[2];
                const hgi_real *b = g->B + i * g->b[0] + j * g->b[1] + k * g->b[2];
                for (int64_t m = 0; m < g->M; m++)
                    for (int64_t n = 0; n < g->N; n++)
                        g->C[m * g->c_row + n] += a[m] * b[n];
            }
}
