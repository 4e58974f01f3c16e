// SPDX-License-Identifier: MIT
/* Expectation and maximisation for independent choices: see choices.h.
 *
 *     E   log p(x,k) = log weight_k + sum_p log table_k[p, x_p]
 *         share_k = p(x,k) / sum_j p(x,j)
 *     M   n_k = sum share_k       table_k[p,v] = (1/V + sum of share_k where x_p = v)
 *                                                / (1 + n_k)
 *
 * One row's worth of all V values alike is added at each place: nothing is impossible
 * because it was not seen.  The start is as of k-means++: centres are rows, far from each
 * other in the number of places that differ, and each row belongs to the nearest.  Of a few
 * starts the one that is best after some rounds is gone on with.
 *
 * Source: latent class analysis: Lazarsfeld & Henry 1968; Goodman, Biometrika 61, 1974. */
#include "train/choices.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 100, BLOCK = 64, STARTS = 4, TRIAL = 10 };

#define GAIN 1e-3 /* nats a row: a round that gains less is the last */

/* Values that are seen at a place, less one, summed over places. */
static hg_status count_free(hgi_choices *c)
{
    unsigned char *seen = hgi_calloc(&c->ctx->mem, (size_t)c->values, 1);
    if (seen == NULL) return hgi_fail_mem(c->ctx, (size_t)c->values, "values of codes");
    for (int64_t p = 0; p < c->places; p++) {
        memset(seen, 0, (size_t)c->values);
        for (int64_t r = 0; r < c->n; r++) {
            unsigned char *one = &seen[c->x[r * c->places + p]];
            c->free += *one == 0;
            *one = 1;
        }
        c->free--;
    }
    hgi_free(&c->ctx->mem, seen);
    return HG_OK;
}

hg_status hgi_choices_new(hg_ctx *ctx, const int32_t *x, int64_t n, int64_t places,
                          int64_t values, int64_t most, uint64_t seed, hgi_choices *out)
{
    hgi_choices c = {.ctx = ctx, .n = n, .places = places, .values = values};
    *out = c;
    HGI_TRY(hgi_ctx_team(ctx, &c.team));
    c.x = x;
    c.seed = seed;
    /* In double first: a product that does not fit a size is more than any machine has. */
    double count = (double)n * (double)(most + 1) +
                   (double)most * (1 + (double)places * (double)values);
    HGI_TRY(
        hgi_check_memory(ctx, (count + (double)n) * sizeof(double), "the mixture's fit"));
    c.share = hgi_calloc(&ctx->mem, (size_t)count, sizeof *c.share);
    c.label = hgi_calloc(&ctx->mem, (size_t)n, sizeof *c.label);
    *out = c;
    if (c.share == NULL || c.label == NULL)
        return hgi_fail_mem(ctx, (size_t)count * sizeof *c.share, "the mixture's fit");
    c.row = c.share + n * most;
    c.weight = c.row + n;
    c.table = c.weight + most;
    *out = c;
    return count_free(out);
}

void hgi_choices_free(hgi_choices *c)
{
    if (c->ctx == NULL) return;
    hgi_free(&c->ctx->mem, c->share);
    hgi_free(&c->ctx->mem, c->label);
    memset(c, 0, sizeof *c);
}

/* ---- the start ----------------------------------------------------------------------- */

static double differ(const hgi_choices *c, int64_t a, int64_t b)
{
    int64_t count = 0;
    for (int64_t p = 0; p < c->places; p++)
        count += c->x[a * c->places + p] != c->x[b * c->places + p];
    return (double)count;
}

/* A row, as likely as it is far from all centres so far; -1: all rows are centres. */
static int64_t next_centre(const hgi_choices *c, int64_t number, int which)
{
    uint32_t w[4];
    hgi_rng rng = {c->seed, HGI_USE_SAMPLE + 256 * 3, (uint32_t)which};
    double sum = 0;
    for (int64_t r = 0; r < c->n; r++) sum += c->row[r];
    if (!(sum > 0)) return -1;
    hgi_philox(&rng, (uint64_t)number, 0, w);
    double left = sum * (double)(((uint64_t)w[1] << 32 | w[0]) >> 11) * 0x1p-53;
    int64_t last = 0;
    for (int64_t r = 0; r < c->n; r++) {
        if (!(c->row[r] > 0)) continue;
        last = r;
        left -= c->row[r];
        if (left < 0) break;
    }
    return last;
}

static void start(hgi_choices *c, int64_t k, int which)
{
    const int64_t n = c->n;
    for (int64_t r = 0; r < n; r++) c->row[r] = 1 + (double)c->places;
    for (c->k = 0; c->k < k; c->k++) {
        int64_t at = next_centre(c, c->k, which);
        if (at < 0) break;
        for (int64_t r = 0; r < n; r++) {
            double far = differ(c, r, at);
            if (!(far < c->row[r])) continue;
            c->row[r] = far;
            c->label[r] = c->k;
        }
    }
    for (int64_t r = 0; r < n; r++)
        for (int64_t i = 0; i < c->k; i++)
            c->share[r * c->k + i] = i == c->label[r] ? 1 : 0;
}

/* ---- the two steps ------------------------------------------------------------------- */

static void maximise(void *arg, int64_t k, int worker)
{
    (void)worker;
    hgi_choices *c = arg;
    const int64_t P = c->places, V = c->values;
    double *table = c->table + k * P * V, count = 0;
    for (int64_t i = 0; i < P * V; i++) table[i] = 1 / (double)V;
    for (int64_t r = 0; r < c->n; r++) {
        const double s = c->share[r * c->k + k];
        if (!(s > 0)) continue;
        count += s;
        for (int64_t p = 0; p < P; p++) table[p * V + c->x[r * P + p]] += s;
    }
    c->weight[k] = count / (double)c->n;
    for (int64_t i = 0; i < P * V; i++) table[i] = log(table[i] / (1 + count));
}

static void expect(void *arg, int64_t item, int worker)
{
    (void)worker;
    hgi_choices *c = arg;
    const int64_t P = c->places, V = c->values;
    for (int64_t r = item * BLOCK; r < hgi_min(c->n, (item + 1) * BLOCK); r++) {
        double *s = c->share + r * c->k, most = -(double)INFINITY, sum = 0;
        for (int64_t k = 0; k < c->k; k++) {
            const double *table = c->table + k * P * V;
            s[k] = log(c->weight[k]);
            for (int64_t p = 0; p < P; p++) s[k] += table[p * V + c->x[r * P + p]];
            most = fmax(most, s[k]);
        }
        for (int64_t k = 0; k < c->k; k++) sum += s[k] = exp(s[k] - most);
        for (int64_t k = 0; k < c->k; k++) s[k] /= sum;
        c->row[r] = most + log(sum);
    }
}

/* From one start, at most so many rounds. */
static double run(hgi_choices *c, int64_t k, int which, int rounds)
{
    start(c, k, which);
    hgi_stage stages[2] = {{maximise, c, c->k}, {expect, c, hgi_ceil_div(c->n, BLOCK)}};
    double before = -(double)INFINITY, now = before;
    for (int i = 0; i < rounds; i++, before = now) {
        hgi_team_run(c->team, stages, 2);
        now = 0;
        for (int64_t r = 0; r < c->n; r++) now += c->row[r];
        now /= (double)c->n;
        if (now - before < GAIN) break;
    }
    return now;
}

double hgi_choices_fit(hgi_choices *c, int64_t k)
{
    int best = 0;
    double most = -(double)INFINITY;
    for (int i = 0; k > 1 && i < STARTS; i++) {
        double now = run(c, k, i, TRIAL);
        if (now > most) most = now, best = i;
    }
    return run(c, k, best, ROUNDS);
}

double hgi_choices_bic(const hgi_choices *c, double mean_log_likelihood)
{
    double parameters = (double)c->k - 1 + (double)c->k * (double)c->free;
    return -2 * (double)c->n * mean_log_likelihood + parameters * log((double)c->n);
}

hg_status hgi_choices_take(const hgi_choices *c, double mean_log_likelihood,
                           hgi_mixture *out)
{
    const int64_t size = c->places * c->values;
    HGI_TRY(hgi_mixture_new_choices(c->ctx, c->k, c->places, c->values, out));
    double sum = 0;
    for (int64_t k = 0; k < c->k; k++) sum += c->weight[k];
    for (int64_t k = 0; k < c->k; k++) out->weight[k] = c->weight[k] / sum;
    for (int64_t i = 0; i < c->k * size; i++) out->table[i] = exp(c->table[i]);
    out->fit[0] = (double)c->n;
    out->fit[1] = mean_log_likelihood;
    out->fit[2] = hgi_choices_bic(c, mean_log_likelihood);
    return HG_OK;
}
