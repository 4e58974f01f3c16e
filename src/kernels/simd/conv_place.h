// SPDX-License-Identifier: MIT
/* Where the rows of a convolution's tile find their input and put their output: what the
 * float and the bf16 kernels share.                                                    */
#ifndef HGK_SIMD_CONV_PLACE_H
#define HGK_SIMD_CONV_PLACE_H

#include "kernels/simd/template.h"

/* Neighbouring positions of a tile: at most so many.                                   */
#define CONV_ROWS 16

typedef struct conv_rows {
    const float *image[CONV_ROWS];
    int64_t y[CONV_ROWS], x[CONV_ROWS]; /* place of the first tap                       */
    float *C[CONV_ROWS];
} conv_rows;

/* Rows are positions at, at + 1, ... of all images, one after another.     */
static void conv_place(conv_rows *t, const hgi_conv *g, int64_t at, int64_t rows)
{
    int64_t line = at / g->x.count, q = at - line * g->x.count;
    int64_t r = line / g->y.count, p = line - r * g->y.count;
    for (int64_t m = 0; m < rows; m++) {
        t->image[m] = g->A + r * g->a_image;
        t->y[m] = p * g->y.step + g->y.first;
        t->x[m] = q * g->x.step + g->x.first;
        t->C[m] = g->C + r * g->c_image + p * g->y.c_step + q * g->x.c_step;
        if (++q < g->x.count) continue;
        q = 0;
        if (++p < g->y.count) continue;
        p = 0;
        r++;
    }
}

/* What row m meets at tap (i, j): channels side by side, or NULL for the zeros outside. */
static inline const float *conv_at(const conv_rows *t, const hgi_conv *g, int64_t m,
                                   int64_t i, int64_t j)
{
    int64_t y = t->y[m] + i * g->y.tap, x = t->x[m] + j * g->x.tap;
    bool inside = (uint64_t)y < (uint64_t)g->y.size && (uint64_t)x < (uint64_t)g->x.size;
    return inside ? t->image[m] + (y * g->x.size + x) * g->channels : NULL;
}

#endif
