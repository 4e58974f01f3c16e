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
 * new ones do, and do not vouch for themselves.  Coordinates that were not observed are
 * left out, and what the others give is divided by their share of the variance that all
 * have among the reference rows. */
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
    hgi_whitening whole;     /* with a weight above 0 */
    const hgi_real *packed;  /* -2 times the reference rows, as the product wants them */
    const hgi_real *squares; /* of a table: -1 times their squares, packed; else NULL */
    const hgi_real *square;  /* [m] */
    const hgi_real *row;     /* [m,W] */
    const double *variance;  /* [W] of the reference rows */
    double all_variance;
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

/* Squared distance over the coordinates that were observed. */
static double distance_of(const search *s, const hgi_real *v, const hgi_real *row,
                          bool gaps)
{
    double sum = 0;
    for (int64_t j = 0; j < s->space.W; j++) {
        if (gaps && isnan(v[j])) continue;
        double e = (double)v[j] - (double)row[j];
        sum += e * e;
    }
    return sum;
}

/* By how much a squared distance over what was observed grows, to be one over all. */
static double growth(const search *s, const hgi_real *v)
{
    double seen = 0;
    for (int64_t j = 0; j < s->space.W; j++) seen += isnan(v[j]) ? 0 : s->variance[j];
    return seen > 0 ? s->all_variance / seen : 1;
}

/* Products find the k + 1 nearest, and then their distances are taken exactly.  Of these
 * one is left out: one that is the row itself, else the farthest. */
static void find_nearest(const search *s, const hgi_real *v, const hgi_real *dot,
                         bool gaps, found *best)
{
    const int64_t k = hgi_min(s->k + 1, s->m), W = s->space.W;
    const double grow = gaps ? growth(s, v) : 1;
    for (int64_t i = 0; i < k; i++) best[i] = (found){HUGE_VAL, 0};
    for (int64_t r = 0; r < s->m; r++)
        if ((double)dot[r] < best[0].distance) offer(best, k, r, (double)dot[r]);
    int64_t nearest = 0, farthest = 0;
    for (int64_t i = 0; i < k; i++) {
        best[i].distance = sqrt(grow * distance_of(s, v, s->row + best[i].row * W, gaps));
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

/* Of a worker: places, without gaps, 1 where there is one; products, the nearest, a
 * vector. */
typedef struct room {
    hgi_real *v, *filled, *gap, *dots;
    found *best;
    double *vector;
} room;

static int64_t room_of(int64_t W, int64_t m, int64_t k, double *at, room *out)
{
    const int64_t reals = 3 * BLOCK * W + BLOCK * m,
                  pair = sizeof(found) / sizeof(double);
    k++;
    if (at != NULL) {
        out->vector = at;
        out->best = (found *)(void *)(at + W);
        out->v = (hgi_real *)(void *)(at + W + pair * k);
        out->filled = out->v + BLOCK * W;
        out->gap = out->filled + BLOCK * W;
        out->dots = out->gap + BLOCK * W;
    }
    return W + pair * k + reals;
}

/* dots [n,m] = init + A [n,W] times packed reference rows. */
static void multiply(const search *s, int64_t n, const hgi_real *A,
                     const hgi_real *packed, const hgi_real *init, int64_t init_row,
                     hgi_real *dots)
{
    s->kernels->gemm(&(hgi_gemm){.M = n,
                                 .N = s->m,
                                 .K = s->space.W,
                                 .A = A,
                                 .a_row = s->space.W,
                                 .a_col = 1,
                                 .B = packed,
                                 .b_row = HGI_PACKED,
                                 .init = init,
                                 .init_row = init_row,
                                 .C = dots,
                                 .c_row = s->m});
}

/* Rows of v [n,W] against all reference rows.  With gaps p^2 of what was not observed is
 * taken away again, which is 0 exactly for the complete rows of a block. */
static void score_block(const search *s, const room *w, int64_t n, double *own,
                        double *score)
{
    const int64_t W = s->space.W;
    bool gaps[BLOCK] = {false}, any = false;
    for (int64_t i = 0; i < n * W; i++) {
        bool gap = isnan(w->v[i]) != 0;
        w->filled[i] = gap ? 0 : w->v[i];
        w->gap[i] = gap;
        gaps[i / W] |= gap;
        any |= gap;
    }
    multiply(s, n, w->filled, s->packed, s->square, 0, w->dots);
    if (any && s->squares != NULL)
        multiply(s, n, w->gap, s->squares, w->dots, s->m, w->dots);
    for (int64_t i = 0; i < n; i++) {
        const hgi_real *v = w->v + i * W;
        find_nearest(s, v, w->dots + i * s->m, gaps[i], w->best);
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

static double mean_of(const double *own, int64_t m)
{
    double mean = 0;
    for (int64_t r = 0; r < m; r++) mean += own[r] / (double)m;
    return fmax(mean, LEAST_OWN);
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
    for (int64_t r = 0; r < m; r++)
        if (!(s->own[r] >= 0)) return "a distance is below 0";
    s->mean_own = mean_of(s->own, m);
    return s->rule[WEIGHT] > 0 ? hgi_whitening_read(state, W, &s->whole) : NULL;
}

static const char *check(const hgi_score_state *state, const hgi_score_rows *rows)
{
    search s;
    return read_state(state, rows, &s);
}

/* The variance of each coordinate among the reference rows. */
static double find_variance(const double *reference, int64_t m, int64_t W, double *out)
{
    double all = 0;
    for (int64_t j = 0; j < W; j++) {
        double sum = 0, square = 0, n = (double)m;
        for (int64_t r = 0; r < m; r++) sum += reference[r * W + j];
        for (int64_t r = 0; r < m; r++) {
            double e = reference[r * W + j] - sum / n;
            square += e * e;
        }
        out[j] = square / n;
        all += out[j];
    }
    return all;
}

/* Everything that scores are made with, so that a single row costs its own work alone: the
 * search stands first, and what it points to behind it. */
static hg_status prepare(hg_ctx *ctx, const hgi_score_state *state,
                         const hgi_score_rows *rows, void **out)
{
    search s;
    (void)read_state(state, rows, &s);
    s.kernels = ctx->kernels;
    const int64_t W = s.space.W, m = s.m, sides = rows->schema != NULL ? 2 : 1;
    const int64_t packed = s.kernels->packed_size(W, m);
    const double *reference = hgi_score_tensor_get(state, "reference", m, W);
    size_t doubles = (size_t)hgi_ceil_div(W * 8, HGI_ALIGN) * HGI_ALIGN;
    size_t head = (sizeof s + HGI_ALIGN - 1) / HGI_ALIGN * HGI_ALIGN;
    size_t reals = (size_t)(sides * packed + m + m * W) * sizeof(hgi_real);
    size_t bytes = head + doubles + reals;
    char *memory = *out = hgi_alloc(&ctx->mem, bytes);
    if (memory == NULL) return hgi_fail_mem(ctx, bytes, "reference rows");
    double *variance = (double *)(void *)(memory + head);
    hgi_real *made = (hgi_real *)(void *)(memory + head + doubles);
    hgi_real *row = made + sides * packed, *square = row + m * W;
    for (int64_t i = 0; i < m * W; i++) row[i] = (hgi_real)(-2 * reference[i]);
    s.kernels->pack(W, m, row, 1, W, made);
    for (int64_t i = 0; i < m * W; i++) row[i] = (hgi_real)(-reference[i] * reference[i]);
    if (sides == 2) s.kernels->pack(W, m, row, 1, W, made + packed);
    for (int64_t r = 0; r < m; r++) {
        double sum = 0;
        for (int64_t j = 0; j < W; j++) {
            row[r * W + j] = (hgi_real)reference[r * W + j];
            sum += reference[r * W + j] * reference[r * W + j];
        }
        square[r] = (hgi_real)sum;
    }
    s.packed = made;
    s.squares = sides == 2 ? made + packed : NULL;
    s.row = row;
    s.square = square;
    s.variance = variance;
    s.all_variance = find_variance(reference, m, W, variance);
    *(search *)(void *)memory = s;
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
    const search *s = rows->prepared;
    room w;
    (void)state;
    (void)room_of(s->space.W, s->m, s->k, scratch, &w);
    for (int64_t i = 0; i < rows->n; i += BLOCK) {
        int64_t n = hgi_min(BLOCK, rows->n - i);
        for (int64_t r = 0; r < n; r++)
            hgi_space_place(&s->space, rows, i + r, w.v + r * s->space.W);
        score_block(s, &w, n, NULL, out + i);
    }
    for (int64_t i = 0; i < rows->n; i++) out[i] /= s->rule[UNIT];
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
    room w;
    void *made = NULL;
    double *all = NULL;
    HGI_GOTO(prepare(ctx, out, rows, &made));
    search *s = made;
    const int64_t W = s->space.W, m = s->m;
    size_t doubles = (size_t)(room_of(W, m, s->k, NULL, NULL) + m);
    all = hgi_calloc(&ctx->mem, doubles, sizeof *all);
    if (all == NULL) HGI_GOTO(hgi_fail_mem(ctx, doubles * sizeof *all, "nearest rows"));
    (void)room_of(W, m, s->k, all + m, &w);
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < m; i += BLOCK) {
            int64_t n = hgi_min(BLOCK, m - i);
            memcpy(w.v, s->row + i * W, (size_t)(n * W) * sizeof *w.v);
            score_block(s, &w, n, pass == 0 ? own + i : NULL, pass == 0 ? NULL : all + i);
        }
        s->mean_own = mean_of(own, m);
    }
    qsort(all, (size_t)m, sizeof *all, ascending);
    rule[UNIT] = all[m / 2];
    /* Most rows have twins: the others say how far apart rows are. */
    if (!(rule[UNIT] > LEAST_OWN)) rule[UNIT] = fmax(mean_of(all, m), LEAST_OWN);
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
