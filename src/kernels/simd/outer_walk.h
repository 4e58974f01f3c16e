// SPDX-License-Identifier: MIT
/* The three loops of hgi_outer as one list of rows of A and of B: what the bf16 kernels
 * need, which take k in pairs, also across the ends of lines.                          */
#ifndef HGK_SIMD_OUTER_WALK_H
#define HGK_SIMD_OUTER_WALK_H

#include "kernels/simd/template.h"

#define WALK_ROWS 256 /* of k in a block                                                */

typedef struct outer_walk {
    const hgi_outer *g;
    int64_t at[3];
    const float *a[WALK_ROWS], *b[WALK_ROWS];
} outer_walk;

/* The next rows, at most WALK_ROWS; returns how many.                                  */
static int64_t walk_on(outer_walk *w)
{
    const hgi_outer *g = w->g;
    int64_t n = 0;
    if (g->count[1] == 0 || g->count[2] == 0) return 0;
    while (n < WALK_ROWS && w->at[0] < g->count[0]) {
        const float *a = g->A, *b = g->B;
        for (int i = 0; i < 3; i++) {
            a += w->at[i] * g->a[i];
            b += w->at[i] * g->b[i];
        }
        int64_t rows = hgi_min(WALK_ROWS - n, g->count[2] - w->at[2]);
        for (int64_t i = 0; i < rows; i++, n++) {
            w->a[n] = a + i * g->a[2];
            w->b[n] = b + i * g->b[2];
        }
        w->at[2] += rows;
        if (w->at[2] < g->count[2]) break;
        w->at[2] = 0;
        if (++w->at[1] < g->count[1]) continue;
        w->at[1] = 0;
        w->at[0]++;
    }
    return n;
}

#endif
