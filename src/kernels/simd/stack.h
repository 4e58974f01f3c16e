// SPDX-License-Identifier: MIT
/* Rows through small layers, for any vector set: see hgi_stack.
 *
 * Lanes are rows.  A block of up to BLOCK of them is turned on its way in, so that a column
 * is V_TILE_VECS vectors; a tile is V_TILE_ROWS outputs of all rows of the block, and a
 * step of k loads a column and, for each output, one weight in all lanes.  No lane is lost
 * to a narrow layer, and nothing is added across lanes: an error is a sum over columns,
 * taken in the order of loss.h.  What is behind the last row repeats it: it is finite.
 *
 * Few rows would leave most lanes idle: they go one by one, with columns in the lanes, as
 * one row layer by layer would, but without what lies between layers.                  */
#ifndef HGK_SIMD_STACK_H
#define HGK_SIMD_STACK_H

#include "kernels/simd/act.h"
#include "kernels/simd/loss.h"
#include "kernels/simd/sizes.h"

#include <float.h>

#define BLOCK (V_TILE_VECS * VL)

/* Columns of a block: those of k begin at v + k * BLOCK.                               */
typedef struct columns {
    float v[HGI_STACK_WIDE * BLOCK];
} columns;

/* ---- a block of rows ---------------------------------------------------------------- */

/* VL rows of x, of which `rows` exist, to the columns of one vector, up to a multiple of VL
 * of them.  Returns lanes of 0, or NaN where something is not finite.                  */
ALWAYS vf take_columns(const hgi_stack *s, int64_t rows, const float *in, float *x,
                       vf finite)
{
    int64_t K = s->layer[0].K;
    for (int64_t k = 0; k < K; k += VL) {
        int64_t wide = hgi_min(VL, K - k);
        vf square[VL];
        UNROLL
        for (int64_t i = 0; i < VL; i++)
            square[i] = v_load_n(in + hgi_min(i, rows - 1) * K + k, wide);
        if (s->shift) {
            vf shift = v_load_n(s->shift + k, wide), scale = v_load_n(s->scale + k, wide);
            UNROLL
            for (int64_t i = 0; i < VL; i++)
                square[i] = v_mul(v_sub(square[i], shift), scale);
        }
        UNROLL
        for (int64_t i = 0; i < VL; i++) finite = v_fma(square[i], v_zero(), finite);
        v_transpose(square);
        UNROLL
        for (int64_t i = 0; i < VL; i++) v_store(x + (k + i) * BLOCK, square[i]);
    }
    return finite;
}

/* None of C columns of `vecs` vectors, `row` apart, is outside.  Others look for NaN.  */
static bool all_inside(const hgi_stack *s, int64_t C, int64_t vecs, const float *x,
                       int64_t row)
{
    vf lo = v_set1(s->lo), hi = v_set1(s->hi), out = v_zero(), one = v_set1(1.0f);
    if (s->lo <= -FLT_MAX && s->hi >= FLT_MAX) return true;
    for (int64_t c = 0; c < C; c++, x += row)
        for (int64_t v = 0; v < vecs; v++) {
            vf at = v_load(x + v * VL);
            out = v_select(v_lt(at, lo), one, v_select(v_gt(at, hi), one, out));
        }
    return v_nonzero_bits(out) == 0;
}

/* outs and vecs are constants where this is used, so that c[][] becomes registers.     */
ALWAYS void stack_tile(const hgi_stack_layer *l, int64_t n, const float *x, float *y,
                       const int outs, const int vecs)
{
    vf c[V_TILE_ROWS][V_TILE_VECS];
    int64_t row = hgi_strip_width(l->N);
    const float *w = l->W + n;
    UNROLL
    for (int m = 0; m < outs; m++) UNROLL
    for (int v = 0; v < vecs; v++) c[m][v] = v_set1(w[m]);
    for (int64_t k = l->K; k > 0; k--, x += BLOCK) {
        vf column[V_TILE_VECS];
        w += row;
        UNROLL
        for (int v = 0; v < vecs; v++) column[v] = v_load(x + v * VL);
        UNROLL
        for (int m = 0; m < outs; m++) {
            vf weight = v_set1(w[m]);
            UNROLL
            for (int v = 0; v < vecs; v++) c[m][v] = v_fma(weight, column[v], c[m][v]);
        }
    }
    bool relu = l->act == HGI_ACT_RELU;
    y += n * BLOCK;
    UNROLL
    for (int m = 0; m < outs; m++) UNROLL
    for (int v = 0; v < vecs; v++)
        v_store(y + m * BLOCK + v * VL, relu ? v_max(v_zero(), c[m][v]) : c[m][v]);
}

typedef void (*stack_fn)(const hgi_stack_layer *l, int64_t n, const float *x, float *y);

#define STACK(outs, vecs)                                                                \
    static void stack_##outs##x##vecs(const hgi_stack_layer *l, int64_t n,               \
                                      const float *x, float *y)                          \
    {                                                                                    \
        stack_tile(l, n, x, y, outs, vecs);                                              \
    }
EACH_SIZE(STACK)
static const stack_fn stack_table[V_TILE_ROWS][V_TILE_VECS] = SIZE_TABLE(stack);

/* What the next block reads is asked for meanwhile, some lines behind each tile: a core
 * waits for about twenty at a time, and a block is done before memory has answered.    */
typedef struct lines_ahead {
    const char *at, *end;
    int64_t each; /* bytes */
} lines_ahead;

static void ask(lines_ahead *a)
{
    const char *stop = a->at + hgi_min(a->each, a->end - a->at);
    for (; a->at < stop; a->at += HGI_ALIGN) __builtin_prefetch(a->at);
}

static lines_ahead ask_from(const hgi_stack *s, const float *next, int64_t rows)
{
    int64_t tiles = 0, bytes = rows * s->layer[0].K * (int64_t)sizeof *next;
    for (int64_t i = 0; i < s->layers; i++)
        tiles += hgi_ceil_div(s->layer[i].N, V_TILE_ROWS);
    const char *at = (const char *)next;
    return (lines_ahead){at, at + bytes, hgi_ceil_div(bytes, tiles)};
}

/* Tiles as equal in height as can be; the tiles themselves know the rectifier.         */
static void stack_layer(const hgi_stack_layer *l, int64_t vecs, const float *x, float *y,
                        lines_ahead *ahead)
{
    int64_t tiles = hgi_ceil_div(l->N, V_TILE_ROWS);
    for (int64_t i = 0; i < tiles; i++) {
        int64_t n = l->N * i / tiles, outs = l->N * (i + 1) / tiles - n;
        ask(ahead);
        stack_table[outs - 1][vecs - 1](l, n, x, y);
    }
    if (l->act == HGI_ACT_LINEAR || l->act == HGI_ACT_RELU) return;
    act_forward(l->act, l->alpha, l->N, vecs * VL, y, BLOCK, y, BLOCK);
}

/* A row's sum of squares in lane l of loss_row(): columns l, l + VL, ..., for one vector of
 * rows.                                                                                */
ALWAYS vs lane_sum(int64_t C, int64_t l, const float *x, const float *y)
{
    vs sum = vs_zero();
    for (int64_t c = l; c < C;) {
        int64_t end = hgi_min(C, c + GROUP * VL);
        vf part = v_zero();
        for (; c < end; c += VL) {
            vf e = v_sub(v_load(y + c * BLOCK), v_load(x + c * BLOCK));
            part = v_add(part, v_mul(e, e));
        }
        sum = vs_add(sum, part);
    }
    return sum;
}

/* Then the lanes as vs_total() takes them.                                             */
static void stack_errors(int64_t C, const float *x, const float *y, double *error)
{
    vs sum[VL / 2];
    UNROLL
    for (int64_t l = 0; l < VL / 2; l++)
        sum[l] = vs_plus(lane_sum(C, l, x, y), lane_sum(C, l + VL / 2, x, y));
    UNROLL
    for (int64_t half = VL / 4; half > 0; half /= 2) UNROLL
    for (int64_t l = 0; l < half; l++) sum[l] = vs_plus(sum[l], sum[l + half]);
    vs_store(error, sum[0]);
}

/* Columns of one vector back to `rows` rows.                                           */
static void give_rows(int64_t rows, int64_t N, const float *from, float *y)
{
    for (int64_t n0 = 0; n0 < N; n0 += VL) {
        int64_t wide = hgi_min(VL, N - n0);
        vf square[VL];
        for (int64_t i = 0; i < VL; i++)
            square[i] = i < wide ? v_load(from + (n0 + i) * BLOCK) : v_zero();
        v_transpose(square);
        for (int64_t i = 0; i < rows; i++) v_store_n(y + i * N + n0, square[i], wide);
    }
}

/* The next block has `next` rows.  false: an input is not as it should be.             */
static bool stack_block(const hgi_stack *s, int64_t rows, int64_t next, const float *in,
                        float *y, double *error)
{
    columns x, buffer[2];
    const float *from = x.v;
    int64_t vecs = hgi_ceil_div(rows, VL), K = s->layer[0].K;
    int64_t N = s->layer[s->layers - 1].N;
    vf finite = v_zero();
    for (int64_t r = 0; r < rows; r += VL)
        finite = take_columns(s, hgi_min(VL, rows - r), in + r * K, x.v + r, finite);
    if (v_nonzero_bits(finite) != 0 || !all_inside(s, K, vecs, x.v, BLOCK)) return false;
    lines_ahead ahead = ask_from(s, in + rows * K, next);
    for (int64_t i = 0; i < s->layers; i++) {
        stack_layer(&s->layer[i], vecs, from, buffer[i % 2].v, &ahead);
        from = buffer[i % 2].v;
    }
    for (int64_t r = 0; r < rows; r += VL) {
        int64_t n = hgi_min(VL, rows - r);
        double sums[VL];
        if (y) give_rows(n, N, from + r, y + r * N);
        if (!error) continue;
        stack_errors(N, x.v + r, from + r, n == VL ? error + r : sums);
        for (int64_t i = 0; n < VL && i < n; i++) error[r + i] = sums[i];
    }
    return true;
}

/* ---- one row ------------------------------------------------------------------------- */

/* Vectors of outputs n on; W has whole ones, and so has y.                             */
ALWAYS void row_outputs(const hgi_stack_layer *l, int64_t n, const float *x, float *y,
                        const int vecs)
{
    vf c[4];
    int64_t row = hgi_strip_width(l->N);
    const float *w = l->W + n;
    UNROLL
    for (int v = 0; v < vecs; v++) c[v] = v_load(w + v * VL);
    for (int64_t k = 0; k < l->K; k++) {
        vf xk = v_set1(x[k]);
        w += row;
        UNROLL
        for (int v = 0; v < vecs; v++) c[v] = v_fma(xk, v_load(w + v * VL), c[v]);
    }
    UNROLL
    for (int v = 0; v < vecs; v++) v_store(y + n + v * VL, c[v]);
}

static void row_layer(const hgi_stack_layer *l, const float *x, float *y)
{
    int64_t width = hgi_ceil_div(l->N, VL) * VL, n = 0;
    for (; n + 4 * VL <= width; n += 4 * VL) row_outputs(l, n, x, y, 4);
    for (; n + 2 * VL <= width; n += 2 * VL) row_outputs(l, n, x, y, 2);
    if (n < width) row_outputs(l, n, x, y, 1);
    act_forward(l->act, l->alpha, 1, l->N, y, l->N, y, l->N);
}

static bool stack_row(const hgi_stack *s, const float *in, float *y, double *error)
{
    float x[HGI_STACK_WIDE], buffer[2][HGI_STACK_WIDE];
    const float *from = x;
    int64_t K = s->layer[0].K, N = s->layer[s->layers - 1].N;
    vf finite = v_zero();
    for (int64_t k = 0; k < K; k += VL) {
        int64_t n = hgi_min(VL, K - k);
        vf v = v_load_n(in + k, n);
        if (s->shift)
            v = v_mul(v_sub(v, v_load_n(s->shift + k, n)), v_load_n(s->scale + k, n));
        v_store(x + k, v);
        finite = v_fma(v, v_zero(), finite);
    }
    if (v_nonzero_bits(finite) != 0 || !all_inside(s, hgi_ceil_div(K, VL), 1, x, VL))
        return false;
    for (int64_t i = 0; i < s->layers; i++) {
        row_layer(&s->layer[i], from, buffer[i % 2]);
        from = buffer[i % 2];
    }
    for (int64_t n = 0; y && n < N; n += VL)
        v_store_n(y + n, v_load(from + n), hgi_min(VL, N - n));
    if (error) *error = loss_row(HGI_LOSS_MSE, v_zero(), v_zero(), N, from, x, NULL);
    return true;
}

static int64_t stack(const hgi_stack *s, int64_t R, const float *in, float *y,
                     double *error)
{
    int64_t K = s->layer[0].K, N = s->layer[s->layers - 1].N, r = 0;
    for (; r<R; r += R - r> VL / 2 ? hgi_min(BLOCK, R - r) : 1) {
        float *to = y ? y + r * N : NULL;
        double *sum = error ? error + r : NULL;
        bool done = R - r > VL / 2
                        ? stack_block(s, hgi_min(BLOCK, R - r),
                                      hgi_max(0, hgi_min(BLOCK, R - r - BLOCK)),
                                      in + r * K, to, sum)
                        : stack_row(s, in + r * K, to, sum);
        if (!done) break;
    }
    return r;
}

#endif
