// SPDX-License-Identifier: MIT
/* Score `joint`: how far a row is from its nearest normal rows, in the space of what it
 * is and of how the net fails on it, as distances go there.
 *
 *     v = (f(x), h f(r)), W = d + c coordinates: a row as the net sees it and its errors.
 *     f(u) = (asinh((u - m) / (3 s)) - a) / b   of each coordinate: m its median, s its
 *            quartiles' width as a standard deviation, a and b the mean and the deviation
 *            of what comes out.  Linear near the middle, a logarithm far out: one wild
 *            value neither hides other columns nor stretches its own for all rows.
 *     h = 1/2 w / (w + 1/50), w the coordinate's root mean square error: errors weigh half
 *         of values, and those of columns that are rebuilt to the last digit nothing.
 *     D = mean distance to the k nearest of the m reference rows; o = the same distance of
 *         those rows to theirs, on average; O = its mean over all reference rows
 *     score = D / sqrt((o + 3/10 O) O), over the median that reference rows have
 *
 * D / o would be the local outlier factor (Breunig et al. 2000), D alone the k nearest
 * neighbours' distance (Ramaswamy et al. 2000): half way between the two, dense and thin
 * regions both get a fair hearing, and 3/10 O keeps rows that have twins, as in tables of
 * few different values, from calling everything else far.  The errors as coordinates tell
 * a row that lies among normal ones but does not hang together as they do.
 *
 * After trimming, what is left is not clean: anomalies that resemble each other vouch for
 * each other.  Then k is a tenth of the reference rows, more than most such groups have,
 * and the score is the geometric mean with sqrt(|L^-1 (v - mean)|^2 / W), Mahalanobis's
 * distance from them all.
 *
 * A row that is among the reference rows is not its own neighbour: training rows score as
 * new ones do, and do not vouch for themselves.  A coordinate that was not observed counts
 * as the others do on average. */
#include "apply/score.h"
#include "apply/score_space.h"
#include "base/linear.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* REFERENCE: rows kept, of less than MOST numbers.  BLOCK: rows of a product. */
enum { REFERENCE = 2000, LEAST_REFERENCE = 64, MOST = 1 << 20, NEAREST = 10, BLOCK = 16 };
enum { K, WEIGHT, UNIT, RULES };
#define SHARE 0.1      /* of the reference rows: the nearest, after trimming */
#define LEAST_OWN 1e-3 /* of coordinates that vary by 1 */
#define FLOOR_OWN 0.3  /* of the mean */

typedef struct search {
    const hgi_kernels *kernels;
    hgi_space space;
    int64_t m, k;
    const double *own, *rule;
    double mean_own;
    hgi_whitening whole;    /* with a weight above 0 */
    const hgi_real *packed; /* -2 times the reference rows, as the product wants them */
    const hgi_real *square; /* [m] */
    const hgi_real *row;    /* [m,W] */
} search;

/* ---- the k nearest ----------------------------------------------------------------- */

typedef struct found {
    double distance;
    int64_t row;
} found;

/* In place of the farthest, which is the first: no row is nearer than those below it, at
 * 2 i + 1 and 2 i + 2 (a heap). */
static void offer(found *best, int64_t k, int64_t row, double distance)
{
    int64_t at = 0;
    for (int64_t down = 1; down < k; down = 2 * at + 1) {
        if (down + 1 < k && best[down + 1].distance > best[down].distance) down++;
        if (best[down].distance <= distance) break;
        best[at] = best[down];
        at = down;
    }
    best[at] = (found){distance, row};
}

/* Squared distance over the coordinates that were observed, as if all had been. */
static double distance_of(const search *s, const hgi_real *v, const hgi_real *row,
                          bool gaps)
{
    double sum = 0, seen = 0;
    for (int64_t j = 0; j < s->space.W; j++) {
        if (gaps && isnan(v[j])) continue;
        double e = (double)v[j] - (double)row[j];
        sum += e * e;
        seen++;
    }
    return seen > 0 ? sum * (double)s->space.W / seen : 0;
}

/* Products find the k + 1 nearest, and then their distances are taken exactly.  Of these
 * one is left out: one that is the row itself, else the farthest. */
static void find_nearest(const search *s, const hgi_real *v, const hgi_real *dot,
                         bool gaps, found *best)
{
    const int64_t k = hgi_min(s->k + 1, s->m), W = s->space.W;
    for (int64_t i = 0; i < k; i++) best[i] = (found){HUGE_VAL, 0};
    for (int64_t r = 0; r < s->m; r++) {
        double d = gaps ? distance_of(s, v, s->row + r * W, true) : (double)dot[r];
        if (d < best[0].distance) offer(best, k, r, d);
    }
    int64_t nearest = 0, farthest = 0;
    for (int64_t i = 0; i < k; i++) {
        best[i].distance = sqrt(distance_of(s, v, s->row + best[i].row * W, gaps));
        if (best[i].distance < best[nearest].distance) nearest = i;
        if (best[i].distance > best[farthest].distance) farthest = i;
    }
    if (s->m > 1) best[best[nearest].distance > 0 ? farthest : nearest] = best[k - 1];
}

static double mean_distance(const found *best, int64_t k)
{
    double sum = 0;
    for (int64_t i = 0; i < k; i++) sum += best[i].distance;
    return sum / (double)k;
}

static double score_of(const search *s, const hgi_real *v, const found *best,
                       double *scratch)
{
    double own = 0, w = s->rule[WEIGHT];
    for (int64_t i = 0; i < s->k; i++) own += s->own[best[i].row];
    own = own / (double)s->k + FLOOR_OWN * s->mean_own;
    double score = mean_distance(best, s->k) / sqrt(own * s->mean_own);
    if (!(w > 0)) return score;
    double whole = hgi_whitening_distance(&s->whole, v, scratch);
    return pow(score, 1 - w) * pow(whole, w);
}

/* ---- blocks of rows ---------------------------------------------------------------- */

/* Of a worker: places, products, the nearest, a vector. */
typedef struct room {
    hgi_real *v, *filled, *dots;
    found *best;
    double *vector;
} room;

static int64_t room_of(int64_t W, int64_t m, int64_t k, double *at, room *out)
{
    const int64_t reals = 2 * BLOCK * W + BLOCK * m,
                  pair = sizeof(found) / sizeof(double);
    k++;
    if (at != NULL) {
        out->vector = at;
        out->best = (found *)(void *)(at + W);
        out->v = (hgi_real *)(void *)(at + W + pair * k);
        out->filled = out->v + BLOCK * W;
        out->dots = out->filled + BLOCK * W;
    }
    return W + pair * k + reals;
}

/* Rows of v [n,W] against all reference rows. */
static void score_block(const search *s, const room *w, int64_t n, double *own,
                        double *score)
{
    const int64_t W = s->space.W;
    for (int64_t i = 0; i < n * W; i++) w->filled[i] = isnan(w->v[i]) ? 0 : w->v[i];
    s->kernels->gemm(&(hgi_gemm){.M = n,
                                 .N = s->m,
                                 .K = W,
                                 .A = w->filled,
                                 .a_row = W,
                                 .a_col = 1,
                                 .B = s->packed,
                                 .b_row = HGI_PACKED,
                                 .init = s->square,
                                 .C = w->dots,
                                 .c_row = s->m});
    for (int64_t i = 0; i < n; i++) {
        const hgi_real *v = w->v + i * W;
        bool gaps = false;
        for (int64_t j = 0; j < W; j++) gaps |= isnan(v[j]) != 0;
        find_nearest(s, v, w->dots + i * s->m, gaps, w->best);
        if (own != NULL) own[i] = mean_distance(w->best, s->k);
        if (score != NULL) score[i] = score_of(s, v, w->best, w->vector);
    }
}

/* ---- what was learnt, and what is made of it once ---------------------------------- */

static int64_t rows_kept(const hgi_score_state *state)
{
    for (int i = 0; i < state->tensors; i++)
        if (strcmp(state->tensor[i].name, "own") == 0) return state->tensor[i].dim[0];
    return 0;
}

static const char *read_state(const hgi_score_state *state, const hgi_score_rows *rows,
                              search *s)
{
    const int64_t W = rows->d + rows->c, m = rows_kept(state);
    *s = (search){.kernels = rows->kernels, .m = m};
    const char *wrong = hgi_space_read(state, rows, &s->space);
    if (wrong != NULL) return wrong;
    s->own = hgi_score_tensor_get(state, "own", m, 0);
    s->rule = hgi_score_tensor_get(state, "rule", RULES, 0);
    if (m < 1 || s->own == NULL || s->rule == NULL ||
        hgi_score_tensor_get(state, "reference", m, W) == NULL)
        return "'reference', 'own' and 'rule' are expected, of values and errors";
    if (!(s->rule[K] >= 1 && s->rule[K] <= (double)hgi_max(1, m - 1)) ||
        !(s->rule[WEIGHT] >= 0 && s->rule[WEIGHT] <= 1) || !(s->rule[UNIT] > 0))
        return "the rule is not a number of rows, a share and a unit";
    s->k = (int64_t)s->rule[K];
    for (int64_t r = 0; r < m; r++) {
        if (!(s->own[r] >= 0)) return "a distance is below 0";
        s->mean_own += s->own[r] / (double)m;
    }
    s->mean_own = fmax(s->mean_own, LEAST_OWN);
    return s->rule[WEIGHT] > 0 ? hgi_whitening_read(state, W, &s->whole) : NULL;
}

static const char *check(const hgi_score_state *state, const hgi_score_rows *rows)
{
    search s;
    return read_state(state, rows, &s);
}

static int64_t count_prepared(const search *s)
{
    return s->kernels->packed_size(s->space.W, s->m) + s->m + s->m * s->space.W;
}

/* Where in what prepare() made the parts are. */
static void use_prepared(const hgi_real *from, search *s)
{
    s->packed = from;
    s->square = from + s->kernels->packed_size(s->space.W, s->m);
    s->row = s->square + s->m;
}

static hg_status prepare(hg_ctx *ctx, const hgi_score_state *state,
                         const hgi_score_rows *rows, void **out)
{
    search s;
    hgi_score_rows sizes = *rows;
    sizes.kernels = ctx->kernels;
    (void)read_state(state, &sizes, &s);
    const int64_t W = s.space.W, m = s.m;
    const double *reference = hgi_score_tensor_get(state, "reference", m, W);
    size_t bytes = (size_t)count_prepared(&s) * sizeof(hgi_real);
    hgi_real *made = *out = hgi_alloc(&ctx->mem, bytes);
    if (made == NULL) return hgi_fail_mem(ctx, bytes, "reference rows");
    hgi_real *square = made + ctx->kernels->packed_size(W, m), *row = square + m;
    for (int64_t i = 0; i < m * W; i++) row[i] = (hgi_real)(-2 * reference[i]);
    ctx->kernels->pack(W, m, row, 1, W, made);
    for (int64_t r = 0; r < m; r++) {
        double sum = 0;
        for (int64_t j = 0; j < W; j++) {
            row[r * W + j] = (hgi_real)reference[r * W + j];
            sum += reference[r * W + j] * reference[r * W + j];
        }
        square[r] = (hgi_real)sum;
    }
    return HG_OK;
}

static int64_t scratch(const hgi_score_state *state, const hgi_score_rows *rows)
{
    search s;
    if (read_state(state, rows, &s) != NULL) return 0;
    return room_of(s.space.W, s.m, s.k, NULL, NULL);
}

static void score(const hgi_score_state *state, const hgi_score_rows *rows,
                  double *scratch, double *out)
{
    search s;
    room w;
    (void)read_state(state, rows, &s);
    use_prepared(rows->prepared, &s);
    (void)room_of(s.space.W, s.m, s.k, scratch, &w);
    for (int64_t i = 0; i < rows->n; i += BLOCK) {
        int64_t n = hgi_min(BLOCK, rows->n - i);
        for (int64_t r = 0; r < n; r++)
            hgi_space_place(&s.space, rows, i + r, w.v + r * s.space.W);
        score_block(&s, &w, n, NULL, out + i);
    }
    for (int64_t i = 0; i < rows->n; i++) out[i] /= s.rule[UNIT];
}

/* ---- learning ---------------------------------------------------------------------- */

static hg_status keep_reference(hg_ctx *ctx, const hgi_score_rows *rows,
                                const hgi_space *space, int64_t m, hgi_score_state *out)
{
    const int64_t W = space->W;
    double *reference;
    size_t bytes = (size_t)rows->n * sizeof(int64_t) + (size_t)W * sizeof(hgi_real);
    HGI_TRY(hgi_score_tensor_new(ctx, out, "reference", m, W, &reference));
    int64_t *order = hgi_alloc(&ctx->mem, bytes), at = 0;
    if (order == NULL) return hgi_fail_mem(ctx, bytes, "reference rows");
    hgi_real *v = (hgi_real *)(void *)(order + rows->n);
    hgi_permutation(&(hgi_rng){0, HGI_USE_SPLIT + 512, 0}, rows->n, order);
    for (int64_t i = 0; i < rows->n && at < m; i++) {
        if (order[i] >= m) continue;
        hgi_space_place(space, rows, i, v);
        for (int64_t j = 0; j < W; j++) /* a gap: the column's middle */
            reference[at * W + j] = isnan(v[j]) ? 0 : (double)v[j];
        at++;
    }
    hgi_free(&ctx->mem, order);
    return HG_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The reference rows' distances to each other, and the unit of scores. */
static hg_status measure(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out,
                         double *own, double *rule)
{
    hg_status status = HG_OK;
    search s;
    room w;
    (void)read_state(out, rows, &s);
    const int64_t W = s.space.W, m = s.m;
    void *made = NULL;
    size_t doubles = (size_t)(room_of(W, m, s.k, NULL, NULL) + m);
    double *all = hgi_calloc(&ctx->mem, doubles, sizeof *all);
    if (all == NULL) HGI_GOTO(hgi_fail_mem(ctx, doubles * sizeof *all, "nearest rows"));
    HGI_GOTO(prepare(ctx, out, rows, &made));
    use_prepared(made, &s);
    (void)room_of(W, m, s.k, all + m, &w);
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < m; i += BLOCK) {
            int64_t n = hgi_min(BLOCK, m - i);
            memcpy(w.v, s.row + i * W, (size_t)(n * W) * sizeof *w.v);
            score_block(&s, &w, n, pass == 0 ? own + i : NULL,
                        pass == 0 ? NULL : all + i);
        }
        (void)read_state(out, rows, &s); /* the mean of own */
        use_prepared(made, &s);
    }
    qsort(all, (size_t)m, sizeof *all, ascending);
    rule[UNIT] = fmax(all[m / 2], LEAST_OWN);
done:
    hgi_free(&ctx->mem, made);
    hgi_free(&ctx->mem, all);
    return status;
}

static hg_status fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out)
{
    const int64_t W = rows->d + rows->c;
    const int64_t most = hgi_max(LEAST_REFERENCE, hgi_min(REFERENCE, MOST / W));
    const int64_t m = hgi_min(rows->n, most);
    hgi_space space;
    double *own, *rule;
    HGI_TRY(hgi_space_fit(ctx, rows, out, &space));
    HGI_TRY(keep_reference(ctx, rows, &space, m, out));
    HGI_TRY(hgi_score_tensor_new(ctx, out, "own", m, 0, &own));
    HGI_TRY(hgi_score_tensor_new(ctx, out, "rule", RULES, 0, &rule));
    if (rows->trimmed > 0) HGI_TRY(hgi_whitening_fit(ctx, rows, &space, out));
    rule[K] = NEAREST;
    rule[WEIGHT] = 0;
    rule[UNIT] = 1;
    if (rows->trimmed > 0) {
        rule[K] = fmax(NEAREST, floor(SHARE * (double)m));
        rule[WEIGHT] = 0.5;
    }
    rule[K] = fmin(rule[K], (double)hgi_max(1, m - 1));
    if (m > 1) return measure(ctx, rows, out, own, rule);
    return HG_OK; /* one row: as far off as coordinates go */
}

const hgi_score_kind hgi_score_joint = {
    .name = "joint",
    .brief = "distance of values and errors from the nearest normal rows",
    .fit = fit,
    .check = check,
    .prepare = prepare,
    .scratch = scratch,
    .score = score,
};
