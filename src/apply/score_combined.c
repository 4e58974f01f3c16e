// SPDX-License-Identifier: MIT
/* Score `combined`: the mean of other scores, each as the logarithm of itself, standardised
 * by how the logarithms of normal rows lie:
 *     score = mean over parts of (log(s + a) - mean) / sd,    a = a thousandth of the
 * median No single score is best on all data: errors miss rare rows that are rebuilt well,
 * distances
 * miss what breaks a rule between columns.  Logarithms, because a part whose scores have a
 * heavy tail would decide alone; mean and sd come from
 * rows that the part has not learnt from, half against half: a row of the sample of
 * `neighbours` is no distance from itself.
 *
 * A part's tensors are kept under "<part>-<name>". */
#include "apply/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const hgi_score_kind hgi_score_residual;
extern const hgi_score_kind hgi_score_mahalanobis;
extern const hgi_score_kind hgi_score_neighbours;
static const hgi_score_kind *const parts[] = {&hgi_score_residual, &hgi_score_mahalanobis,
                                              &hgi_score_neighbours};
enum { PARTS = HGI_COUNT(parts), NUMBERS = 3 }; /* mean, sd, a */
#define LEAST 1e-6

/* The part's own state: its tensors, with names as it knows them; nothing is copied. */
static void state_of(const hgi_score_state *s, const hgi_score_kind *part,
                     hgi_score_state *out)
{
    size_t n = strlen(part->name);
    out->tensors = 0;
    for (int i = 0; i < s->tensors; i++) {
        const hgi_score_tensor *t = &s->tensor[i];
        if (strncmp(t->name, part->name, n) != 0 || t->name[n] != '-') continue;
        hgi_score_tensor *to = &out->tensor[out->tensors++];
        *to = *t;
        memmove(to->name, t->name + n + 1, sizeof t->name - n - 1);
    }
}

static double value_of(double s, const double *numbers)
{
    double v = log(fmax(s, 0) + numbers[2]);
    if (!(v < log(HGI_SCORE_MOST))) v = log(HGI_SCORE_MOST);
    return (v - numbers[0]) / numbers[1];
}

/* ---- what is made once ------------------------------------------------------------- */

/* States as the parts know them, and what they made. */
typedef struct prepared {
    hgi_score_state state[PARTS];
    void *made[PARTS];
} prepared;

static hg_status prepare(hg_ctx *ctx, const hgi_score_state *s,
                         const hgi_score_rows *rows, void **out)
{
    prepared *p = *out = hgi_calloc(&ctx->mem, 1, sizeof *p);
    if (p == NULL) return hgi_fail_mem(ctx, sizeof *p, "a score's parts");
    for (int i = 0; i < PARTS; i++) {
        state_of(s, parts[i], &p->state[i]);
        HGI_TRY(hgi_score_prepare(ctx, parts[i], &p->state[i], rows, &p->made[i]));
    }
    return HG_OK;
}

static void release(const hgi_mem *mem, void *made)
{
    prepared *p = made;
    for (int i = 0; p != NULL && i < PARTS; i++)
        hgi_score_release(mem, parts[i], p->made[i]);
    hgi_free(mem, p);
}

/* ---- scores ------------------------------------------------------------------------ */

/* The parts' own, one after the other, behind the scores of one. */
static int64_t scratch(const hgi_score_state *s, const hgi_score_rows *rows)
{
    int64_t most = 0;
    for (int i = 0; i < PARTS; i++) {
        hgi_score_state own;
        state_of(s, parts[i], &own);
        if (parts[i]->scratch != NULL)
            most = hgi_max(most, parts[i]->scratch(&own, rows));
    }
    return most + rows->n;
}

static void score(const hgi_score_state *s, const hgi_score_rows *rows, double *work,
                  double *out)
{
    const prepared *p = rows->prepared;
    const double *numbers = hgi_score_tensor_get(s, "numbers", PARTS, NUMBERS);
    for (int64_t i = 0; i < rows->n; i++) out[i] = 0;
    for (int k = 0; k < PARTS; k++) {
        hgi_score_rows own = *rows;
        own.prepared = p->made[k];
        parts[k]->score(&p->state[k], &own, work + rows->n, work);
        for (int64_t i = 0; i < rows->n; i++)
            out[i] += value_of(work[i], numbers + k * NUMBERS) / PARTS;
    }
}

/* ---- learning ---------------------------------------------------------------------- */

/* A part's tensors to out, under its name. */
static hg_status fit_part(hg_ctx *ctx, const hgi_score_kind *part,
                          const hgi_score_rows *rows, hgi_score_state *out)
{
    hgi_score_state own = {.tensors = 0};
    hg_status status = part->fit(ctx, rows, &own);
    for (int i = 0; i < own.tensors; i++) {
        hgi_score_tensor *t = &out->tensor[out->tensors++];
        *t = own.tensor[i];
        snprintf(t->name, sizeof t->name, "%s-%.15s", part->name, own.tensor[i].name);
    }
    return status;
}

/* Every second row, from row `from` on, in memory of its own: *block. */
static hg_status halve(hg_ctx *ctx, const hgi_score_rows *rows, int64_t from,
                       hgi_score_rows *out, hgi_real **block)
{
    const int64_t n = (rows->n - from + 1) / 2;
    const int64_t wide[4] = {rows->d, rows->k, rows->d, rows->c};
    const hgi_real *source[4] = {rows->x, rows->z, rows->y, rows->r};
    size_t count = (size_t)(n * (2 * rows->d + rows->k + rows->c));
    hgi_real *to = *block = hgi_alloc(&ctx->mem, count * sizeof *to), *start[4];
    if (to == NULL) return hgi_fail_mem(ctx, count * sizeof *to, "half the rows");
    for (int a = 0; a < 4; a++) {
        start[a] = to;
        for (int64_t i = from; i < rows->n; i += 2, to += wide[a])
            memcpy(to, source[a] + i * wide[a], (size_t)wide[a] * sizeof *to);
    }
    *out = *rows;
    out->n = n;
    out->x = start[0];
    out->z = start[1];
    out->y = start[2];
    out->r = start[3];
    return HG_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The middle half tells mean and spread: anomalies among the rows are in the rest.  Of a
 * normal distribution it has 0.3776 of the standard deviation. */
static void find_numbers(int64_t n, double *s, double *numbers)
{
    const double narrow = 0.3776;
    double sum = 0, square = 0, count = 0;
    qsort(s, (size_t)n, sizeof *s, ascending);
    numbers[2] = fmax(fmax(s[n / 2], 0) / 1000, 1e-12);
    for (int64_t i = n / 4; i < n - n / 4; i++) {
        double v = log(fmax(s[i], 0) + numbers[2]);
        sum += v;
        square += v * v;
        count++;
    }
    numbers[0] = sum / count;
    numbers[1] =
        fmax(sqrt(fmax(0, square / count - numbers[0] * numbers[0])) / narrow, LEAST);
}

/* One part, learnt from half the rows, on the other half. */
static hg_status try_part(hg_ctx *ctx, const hgi_score_kind *part,
                          const hgi_score_rows *learn, const hgi_score_rows *rows,
                          double *numbers)
{
    hg_status status;
    hgi_score_state own = {.tensors = 0};
    hgi_score_rows some = *rows;
    void *made = NULL;
    double *s = NULL, *work = NULL;
    some.n = hgi_min(HGI_INFER_ROWS, rows->n);
    HGI_GOTO(part->fit(ctx, learn, &own));
    HGI_GOTO(hgi_score_prepare(ctx, part, &own, &some, &made));
    size_t room =
        (size_t)hgi_max(1, part->scratch != NULL ? part->scratch(&own, &some) : 0);
    s = hgi_calloc(&ctx->mem, (size_t)rows->n, sizeof *s);
    work = hgi_calloc(&ctx->mem, room, sizeof *work);
    if (s == NULL || work == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, room * sizeof *work, "a score's numbers"));
    some.prepared = made;
    for (int64_t at = 0; at < rows->n; at += some.n) {
        some.n = hgi_min(HGI_INFER_ROWS, rows->n - at);
        some.x = rows->x + at * rows->d;
        some.y = rows->y + at * rows->d;
        some.z = rows->z + at * rows->k;
        some.r = rows->r + at * rows->c;
        part->score(&own, &some, work, s + at);
    }
    find_numbers(rows->n, s, numbers);
done:
    hgi_score_release(&ctx->mem, part, made);
    hgi_free(&ctx->mem, s);
    hgi_free(&ctx->mem, work);
    hgi_score_state_free(&ctx->mem, &own);
    return status;
}

static hg_status fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out)
{
    hg_status status;
    double *numbers;
    hgi_real *block[2] = {NULL, NULL};
    hgi_score_rows half[2];
    HGI_TRY(hgi_score_tensor_new(ctx, out, "numbers", PARTS, NUMBERS, &numbers));
    for (int i = 0; i < 2; i++) /* one row is both halves */
        HGI_GOTO(halve(ctx, rows, rows->n > 1 ? i : 0, &half[i], &block[i]));
    for (int k = 0; k < PARTS; k++) {
        HGI_GOTO(try_part(ctx, parts[k], &half[0], &half[1], numbers + k * NUMBERS));
        HGI_GOTO(fit_part(ctx, parts[k], rows, out));
    }
done:
    hgi_free(&ctx->mem, block[0]);
    hgi_free(&ctx->mem, block[1]);
    return status;
}

static const char *check(const hgi_score_state *s, const hgi_score_rows *rows)
{
    const double *numbers = hgi_score_tensor_get(s, "numbers", PARTS, NUMBERS);
    if (numbers == NULL) return "'numbers' is expected, three for each part";
    for (int i = 0; i < PARTS; i++) {
        hgi_score_state own;
        state_of(s, parts[i], &own);
        const char *wrong = parts[i]->check(&own, rows);
        if (wrong != NULL) return wrong;
        if (!(numbers[i * NUMBERS + 1] > 0) || !(numbers[i * NUMBERS + 2] > 0))
            return "a part's spread is not above 0";
    }
    return NULL;
}

const hgi_score_kind hgi_score_combined = {
    .name = "combined",
    .brief = "mean of residual, mahalanobis and neighbours, on one scale",
    .fit = fit,
    .check = check,
    .prepare = prepare,
    .release = release,
    .scratch = scratch,
    .score = score,
};
