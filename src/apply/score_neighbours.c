// SPDX-License-Identifier: MIT
/* Score `neighbours`: the mean distance of a row, as the net sees it, to the K nearest of a
 * sample of training rows, which the model keeps.  It needs no shape of the normal rows,
 * only
 * that there are some near; what it costs is to look at all of the sample for each row.
 *
 * |q - p|^2 = |q|^2 - 2 q.p + |p|^2, by products of a chunk with blocks of the sample,
 * whose elements do not depend on the chunk.
 * Source: Ramaswamy, Rastogi & Shim, SIGMOD 2000; Angiulli & Pizzuti, PKDD 2002 (mean). */
#include "apply/score.h"
#include "base/rng.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* SAMPLE rows are kept, of at most so many values in all. */
enum { K = 5, SAMPLE = 8192, BLOCK = 512 };
#define MOST_VALUES INT64_C(4000000)

static int64_t block_rows(int64_t m, int64_t b) { return hgi_min(BLOCK, m - b * BLOCK); }

static hg_status fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out)
{
    const int64_t n = rows->n, d = rows->d;
    int64_t m = hgi_min(hgi_min(n, SAMPLE), hgi_max(K, MOST_VALUES / d)), at = 0;
    double *sample;
    HGI_TRY(hgi_score_tensor_new(ctx, out, "sample", m, d, &sample));
    int64_t *order = hgi_alloc(&ctx->mem, (size_t)n * sizeof *order);
    if (order == NULL) return hgi_fail_mem(ctx, (size_t)n * sizeof *order, "a sample");
    hgi_permutation(&(hgi_rng){1, HGI_USE_SPLIT + 512, 0}, n, order);
    for (int64_t i = 0; i < n; i++) {
        if (order[i] >= m) continue; /* m of n numbers are below m */
        for (int64_t j = 0; j < d; j++) {
            double v = (double)rows->x[i * d + j];
            sample[at * d + j] = isfinite(v) ? v : 0;
        }
        at++;
    }
    hgi_free(&ctx->mem, order);
    return HG_OK;
}

static int64_t sample_rows(const hgi_score_state *s)
{
    return s->tensors == 1 ? s->tensor[0].dim[0] : 0;
}

static const char *check(const hgi_score_state *s, const hgi_score_rows *rows)
{
    int64_t m = sample_rows(s);
    const double *v = hgi_score_tensor_get(s, "sample", m, rows->d);
    if (m < 1 || m > 4 * SAMPLE || v == NULL)
        return "'sample' is expected, rows of the width of a row";
    for (int64_t i = 0; i < m * rows->d; i++)
        if (!(fabs(v[i]) <= (double)FLT_MAX)) return "a value is beyond floats";
    return NULL;
}

/* ---- what is made once ------------------------------------------------------------- */

typedef struct prepared {
    int64_t blocks, each;   /* reals of a packed block */
    const double *square;   /* [m] squared lengths */
    const hgi_real *packed; /* [blocks, each] */
} prepared;

static hg_status prepare(hg_ctx *ctx, const hgi_score_state *s,
                         const hgi_score_rows *rows, void **out)
{
    const int64_t m = sample_rows(s), d = rows->d;
    const double *sample = hgi_score_tensor_get(s, "sample", m, d);
    int64_t blocks = hgi_ceil_div(m, BLOCK), each = ctx->kernels->packed_size(d, BLOCK);
    each = hgi_ceil_div(each, HGI_ALIGN) * HGI_ALIGN;
    size_t head =
        HGI_ALIGN * (size_t)hgi_ceil_div((int64_t)sizeof(prepared) + 8 * m, HGI_ALIGN);
    size_t bytes = head + (size_t)(blocks * each) * sizeof(hgi_real);
    hgi_real *block = hgi_calloc(&ctx->mem, (size_t)(BLOCK * d), sizeof *block);
    char *memory = hgi_calloc(&ctx->mem, bytes, 1);
    *out = memory;
    if (block == NULL || memory == NULL) {
        hgi_free(&ctx->mem, block);
        return hgi_fail_mem(ctx, bytes, "neighbours");
    }
    double *square = (double *)(void *)(memory + sizeof(prepared));
    hgi_real *packed = (hgi_real *)(void *)(memory + head);
    *(prepared *)(void *)memory = (prepared){blocks, each, square, packed};
    for (int64_t b = 0; b < blocks; b++) {
        int64_t n = block_rows(m, b);
        for (int64_t i = 0; i < n * d; i++)
            block[i] = (hgi_real)sample[b * BLOCK * d + i];
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < d; j++)
                square[b * BLOCK + i] +=
                    (double)block[i * d + j] * (double)block[i * d + j];
        ctx->kernels->pack(d, n, block, 1, d, packed + b * each);
    }
    hgi_free(&ctx->mem, block);
    return HG_OK;
}

/* ---- scores ------------------------------------------------------------------------ */

/* Of n rows: their values, and products with a block. */
static int64_t scratch(const hgi_score_state *s, const hgi_score_rows *rows)
{
    (void)s;
    return rows->n * (rows->d + BLOCK + 1 + K);
}

/* The K least so far, ascending. */
static void offer(double *best, double v)
{
    int64_t at = K - 1;
    if (!(v < best[at])) return;
    for (; at > 0 && v < best[at - 1]; at--) best[at] = best[at - 1];
    best[at] = v;
}

static void look(const hgi_score_rows *rows, const prepared *p, int64_t b, int64_t m,
                 const hgi_real *q, const double *length, hgi_real *dots, double *best)
{
    const int64_t n = block_rows(m, b), d = rows->d;
    rows->kernels->gemm(&(hgi_gemm){.M = rows->n,
                                    .N = n,
                                    .K = d,
                                    .A = q,
                                    .a_row = d,
                                    .a_col = 1,
                                    .B = p->packed + b * p->each,
                                    .b_row = HGI_PACKED,
                                    .C = dots,
                                    .c_row = BLOCK});
    for (int64_t i = 0; i < rows->n; i++)
        for (int64_t r = 0; r < n; r++) {
            double dot = (double)dots[i * BLOCK + r];
            if (isfinite(dot)) /* else it is farther than floats go */
                offer(best + i * K, length[i] - 2 * dot + p->square[b * BLOCK + r]);
        }
}

static void score(const hgi_score_state *s, const hgi_score_rows *rows, double *work,
                  double *out)
{
    const int64_t m = sample_rows(s), d = rows->d, n = rows->n;
    const prepared *p = rows->prepared;
    double *length = work, *best = length + n;
    hgi_real *q = (hgi_real *)(void *)(best + n * K), *dots = q + n * d;
    for (int64_t i = 0; i < n * d; i++) q[i] = isnan(rows->x[i]) ? 0 : rows->x[i];
    for (int64_t i = 0; i < n; i++) {
        length[i] = 0;
        for (int64_t j = 0; j < d; j++)
            length[i] += (double)q[i * d + j] * (double)q[i * d + j];
    }
    for (int64_t i = 0; i < n * K; i++) best[i] = HUGE_VAL;
    for (int64_t b = 0; b < p->blocks; b++) look(rows, p, b, m, q, length, dots, best);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        int64_t count = hgi_min(K, m);
        for (int64_t k = 0; k < count; k++) sum += sqrt(fmax(0, best[i * K + k]));
        /* Nothing within a float's reach: from the middle of the rows, then. */
        out[i] = isfinite(sum) ? sum / (double)count : sqrt(length[i]);
    }
}

const hgi_score_kind hgi_score_neighbours = {
    .name = "neighbours",
    .brief = "mean distance to the 5 nearest of a sample of training rows",
    .fit = fit,
    .check = check,
    .prepare = prepare,
    .scratch = scratch,
    .score = score,
};
