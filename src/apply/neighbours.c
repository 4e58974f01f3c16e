// SPDX-License-Identifier: MIT
/* Exact nearest neighbours: products of 64 queries with 1,024 rows at a time, which stay
 * in cache, and of each query the k nearest so far. */
#include "apply/neighbours.h"

#include "base/team.h"
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

enum { QUERIES = 64, ROWS = 1024 };

typedef struct search {
    hg_ctx *ctx;
    int64_t d, m, n, k;
    const float *rows, *query;
    double *mean;          /* [d] */
    hgi_real *part;        /* [ROWS, d] centred */
    hgi_real *packed;      /* the same, as the product wants it */
    double *square;        /* [ROWS] squared lengths */
    int64_t first, count;  /* the rows under way */
    hgi_real *left, *dots; /* [workers, QUERIES, d], [workers, QUERIES, ROWS] */
    int64_t *index;        /* [n,k] */
    double *distance;      /* [n,k], ascending */
} search;

static void centre(const search *s, const float *from, int64_t n, hgi_real *to)
{
    for (int64_t r = 0; r < n; r++)
        for (int64_t c = 0; c < s->d; c++)
            to[r * s->d + c] = (hgi_real)((double)from[r * s->d + c] - s->mean[c]);
}

static double square_of(const hgi_real *x, int64_t d)
{
    double sum = 0;
    for (int64_t c = 0; c < d; c++) sum += (double)x[c] * (double)x[c];
    return sum;
}

static void load_rows(void *arg, int64_t item, int worker)
{
    search *s = arg;
    (void)item;
    (void)worker;
    centre(s, s->rows + s->first * s->d, s->count, s->part);
    s->ctx->kernels->pack(s->d, s->count, s->part, 1, s->d, s->packed);
    for (int64_t r = 0; r < s->count; r++)
        s->square[r] = square_of(s->part + r * s->d, s->d);
}

/* A row that is nearer than the last of the k moves in before those farther than it. */
static void offer(const search *s, int64_t query, int64_t row, double distance)
{
    int64_t *index = s->index + query * s->k, at = s->k - 1;
    double *best = s->distance + query * s->k;
    if (!(distance < best[at])) return;
    for (; at > 0 && distance < best[at - 1]; at--) {
        best[at] = best[at - 1];
        index[at] = index[at - 1];
    }
    best[at] = distance;
    index[at] = row;
}

static void look(void *arg, int64_t item, int worker)
{
    search *s = arg;
    int64_t q0 = item * QUERIES, n = hgi_min(QUERIES, s->n - q0);
    hgi_real *left = s->left + (int64_t)worker * QUERIES * s->d,
             *dots = s->dots + (int64_t)worker * QUERIES * ROWS;
    centre(s, s->query + q0 * s->d, n, left);
    s->ctx->kernels->gemm(&(hgi_gemm){.M = n,
                                      .N = s->count,
                                      .K = s->d,
                                      .A = left,
                                      .a_row = s->d,
                                      .a_col = 1,
                                      .B = s->packed,
                                      .b_row = HGI_PACKED,
                                      .C = dots,
                                      .c_row = ROWS});
    for (int64_t q = 0; q < n; q++) /* The query's own length is the same for all rows. */
        for (int64_t r = 0; r < s->count; r++)
            offer(s, q0 + q, s->first + r, s->square[r] - 2 * (double)dots[q * ROWS + r]);
}

static void find_mean(search *s)
{
    for (int64_t r = 0; r < s->m; r++)
        for (int64_t c = 0; c < s->d; c++) s->mean[c] += (double)s->rows[r * s->d + c];
    for (int64_t c = 0; c < s->d; c++) s->mean[c] /= (double)s->m;
}

hg_status hgi_neighbours(hg_ctx *ctx, int64_t d, const float *rows, int64_t m,
                         const float *query, int64_t n, int64_t k, int64_t *index,
                         const hgi_watch *watch)
{
    hgi_team *team;
    const hgi_mem *mem = &ctx->mem;
    search s = {.ctx = ctx, .d = d, .m = m, .n = n, .k = k, .rows = rows, .query = query};
    HGI_TRY(hgi_ctx_team(ctx, &team));
    size_t workers = (size_t)hgi_team_size(team), wide = (size_t)d;
    s.index = index;
    s.mean = hgi_calloc(mem, wide, sizeof *s.mean);
    s.part = hgi_calloc(mem, wide * ROWS, sizeof *s.part);
    s.packed =
        hgi_calloc(mem, (size_t)ctx->kernels->packed_size(d, ROWS), sizeof *s.packed);
    s.square = hgi_calloc(mem, ROWS, sizeof *s.square);
    s.left = hgi_calloc(mem, workers * QUERIES * wide, sizeof *s.left);
    s.dots = hgi_calloc(mem, workers * QUERIES * ROWS, sizeof *s.dots);
    s.distance = hgi_calloc(mem, (size_t)(n * k), sizeof *s.distance);
    bool ok = s.mean && s.part && s.packed && s.square && s.left && s.dots && s.distance;
    bool stopped = false;
    if (ok) {
        find_mean(&s);
        for (int64_t i = 0; i < n * k; i++) s.distance[i] = HUGE_VAL;
        for (s.first = 0; s.first < m && !stopped; s.first += ROWS) {
            s.count = hgi_min(ROWS, m - s.first);
            hgi_stage stages[2] = {{load_rows, &s, 1},
                                   {look, &s, hgi_ceil_div(n, QUERIES)}};
            hgi_team_run(team, stages, 2);
            stopped = hgi_watch_stops(watch, (double)(s.first + s.count) / (double)m);
        }
    }
    void *all[] = {s.mean, s.part, s.packed, s.square, s.left, s.dots, s.distance};
    for (int64_t i = 0; i < HGI_COUNT(all); i++) hgi_free(mem, all[i]);
    if (stopped) return hgi_fail(ctx, HG_ECANCELED, "stopped while comparing rows");
    return ok ? HG_OK : hgi_fail_mem(ctx, wide * ROWS * 8, "nearest neighbours");
}
