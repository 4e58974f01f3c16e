// SPDX-License-Identifier: MIT
/* Expectation and maximisation: see em.h.
 *
 *     E   log p(x,k) = offset_k - |L_k^-1 (x - mean_k)|^2 / 2
 *         share_k = p(x,k) / sum_j p(x,j)
 *     M   n_k = sum share_k        mean_k = sum share_k x / n_k
 *         C_k = sum share_k (x - mean_k)(x - mean_k)^T / n_k + ridge I,   L_k L_k^T = C_k
 *
 * Codes are standardised first, so that the ridge is a share of each value's variance: it
 * keeps a component from closing in on a few equal rows, where the likelihood has no bound.
 *
 * Source: Dempster, Laird & Rubin, JRSS B 39, 1977; BIC: Schwarz, Annals of Statistics 6,
 * 1978; the start as in Bishop, Pattern Recognition and Machine Learning, 9.2. */
#include "train/em.h"

#include "base/linear.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 100 };

#define RIDGE 1e-4    /* of the variance: a hundredth of the standard deviation */
#define GAIN 1e-3     /* nats a row: a round that gains less is the last */
#define NO_SHARE 1e-9 /* a row's part in a component that changes no sum seen */

/* ---- memory ---------------------------------------------------------------------- */

/* Mean, spread and range of each value of the codes, in the order of the rows. */
static void standardise(hgi_em *e, const float *codes)
{
    const int64_t n = e->n, d = e->d;
    for (int64_t i = 0; i < d; i++) {
        double sum = 0, square = 0, lo = (double)codes[i], hi = lo;
        for (int64_t r = 0; r < n; r++) {
            double v = (double)codes[r * d + i];
            sum += v;
            lo = fmin(lo, v);
            hi = fmax(hi, v);
        }
        double mean = sum / (double)n;
        for (int64_t r = 0; r < n; r++) {
            double v = (double)codes[r * d + i] - mean;
            square += v * v;
        }
        double spread = sqrt(square / (double)n);
        e->shift[i] = mean;
        /* What varies by rounding alone is constant. */
        e->spread[i] = spread > 1e-7 * (fabs(mean) + 1e-30) ? spread : 1;
        e->range[i] = lo;
        e->range[d + i] = hi;
        for (int64_t r = 0; r < n; r++)
            e->x[r * d + i] = ((double)codes[r * d + i] - mean) / e->spread[i];
    }
}

hg_status hgi_em_new(hg_ctx *ctx, const float *codes, int64_t n, int64_t d, int64_t most,
                     bool full, uint64_t seed, hgi_em *out)
{
    hgi_em e = {.ctx = ctx, .n = n, .d = d, .seed = seed, .full = full};
    memset(out, 0, sizeof *out);
    HGI_TRY(hgi_ctx_team(ctx, &e.team));
    const double wide = (double)(full ? d : 1), workers = hgi_team_size(e.team);
    /* In double first: a product that does not fit a size is more than any machine has. */
    double count = (double)n * (double)(d + most + 1) + 4 * (double)d +
                   (double)most * (2 + 2 * (double)d * (1 + wide)) +
                   workers * (double)(d * HGI_EM_ROWS);
    HGI_TRY(
        hgi_check_memory(ctx, (count + (double)n) * sizeof(double), "the mixture's fit"));
    e.x = hgi_calloc(&ctx->mem, (size_t)count, sizeof *e.x);
    e.label = hgi_calloc(&ctx->mem, (size_t)n, sizeof *e.label);
    *out = e;
    if (e.x == NULL || e.label == NULL)
        return hgi_fail_mem(ctx, (size_t)count * sizeof *e.x, "the mixture's fit");
    e.shift = e.x + n * d;
    e.spread = e.shift + d;
    e.range = e.spread + d;
    e.share = e.range + 2 * d;
    e.row = e.share + n * most;
    e.weight = e.row + n;
    e.offset = e.weight + most;
    e.mean = e.offset + most;
    e.keep = e.mean + most * d;
    e.factor = e.keep + most * d;
    e.inverse = e.factor + most * d * (full ? d : 1);
    e.scratch = e.inverse + most * d * (full ? d : 1);
    standardise(&e, codes);
    *out = e;
    return HG_OK;
}

void hgi_em_free(hgi_em *e)
{
    if (e->ctx == NULL) return;
    hgi_free(&e->ctx->mem, e->x);
    hgi_free(&e->ctx->mem, e->label);
    memset(e, 0, sizeof *e);
}

/* ---- maximisation: one component -------------------------------------------------- */

static int64_t factor_size(const hgi_em *e) { return e->d * (e->full ? e->d : 1); }

/* The lower triangle of C, or its diagonal, from the rows that have a part in it. */
static void gather(const hgi_em *e, int64_t c, double *diff, double *C)
{
    const int64_t d = e->d;
    memset(C, 0, (size_t)factor_size(e) * sizeof *C);
    for (int64_t r = 0; r < e->n; r++) {
        double s = e->share[r * e->k + c];
        if (s < NO_SHARE) continue;
        for (int64_t i = 0; i < d; i++) diff[i] = e->x[r * d + i] - e->mean[c * d + i];
        for (int64_t i = 0; i < d && !e->full; i++) C[i] += s * diff[i] * diff[i];
        for (int64_t i = 0; i < d && e->full; i++) {
            double f = s * diff[i], *to = C + i * d;
            for (int64_t j = 0; j <= i; j++) to[j] += f * diff[j];
        }
    }
}

/* inverse = L^-1, by forward substitution: its columns are solutions for unit vectors. */
static void invert_lower(int64_t d, const double *l, double *out)
{
    for (int64_t i = 0; i < d; i++) {
        double *row = out + i * d;
        memset(row, 0, (size_t)d * sizeof *row);
        for (int64_t k = 0; k < i; k++)
            for (int64_t j = 0; j <= k; j++) row[j] -= l[i * d + k] * out[k * d + j];
        row[i] = 1;
        for (int64_t j = 0; j <= i; j++) row[j] /= l[i * d + i];
    }
}

/* C becomes L and its inverse; returns log det L. */
static double factorise(const hgi_em *e, double *C, double *inverse)
{
    const int64_t d = e->d, step = e->full ? d + 1 : 1;
    double log_det = 0;
    for (int64_t i = 0; i < d; i++) C[i * step] += RIDGE;
    if (!e->full) {
        for (int64_t i = 0; i < d; i++) C[i] = sqrt(C[i]), inverse[i] = 1 / C[i];
    } else {
        /* The ridge makes it positive definite, whatever rounding does. */
        bool definite = hgi_cholesky(d, C);
        assert(definite);
        (void)definite;
        invert_lower(d, C, inverse);
    }
    for (int64_t i = 0; i < d; i++) log_det += log(C[i * step]);
    return log_det;
}

static void maximise(void *arg, int64_t c, int worker)
{
    hgi_em *e = arg;
    const int64_t d = e->d, size = factor_size(e);
    double *mean = e->mean + c * d, *C = e->factor + c * size, count = 0;
    for (int64_t r = 0; r < e->n; r++) count += e->share[r * e->k + c];
    /* A component that no row wants any more keeps its place with no weight. */
    e->weight[c] = count / (double)e->n;
    e->offset[c] = -(double)INFINITY;
    if (count < 1e-3) return;
    for (int64_t i = 0; i < d; i++) mean[i] = 0;
    for (int64_t r = 0; r < e->n; r++) {
        double s = e->share[r * e->k + c];
        if (s < NO_SHARE) continue;
        for (int64_t i = 0; i < d; i++) mean[i] += s * e->x[r * d + i];
    }
    for (int64_t i = 0; i < d; i++) mean[i] /= count;
    gather(e, c, e->scratch + worker * d * HGI_EM_ROWS, C);
    for (int64_t i = 0; i < size; i++) C[i] /= count;
    double log_det = factorise(e, C, e->inverse + c * size);
    e->offset[c] = log(e->weight[c]) - log_det - (double)d / 2 * log(2 * acos(-1));
}

/* ---- expectation: one block of rows ------------------------------------------------ */

/* |L^-1 (x - mean)|^2 of a block; `diff` [d][HGI_EM_ROWS] has x - mean.  Rows lie side by
 * side, so that a product with one number of L^-1 is a vector's. */
static void squares(const hgi_em *e, int64_t c, const double *diff, double *out)
{
    const int64_t d = e->d;
    const double *w = e->inverse + c * factor_size(e);
    for (int r = 0; r < HGI_EM_ROWS; r++) out[r] = 0;
    for (int64_t i = 0; i < d; i++) {
        double y[HGI_EM_ROWS] = {0};
        for (int64_t j = e->full ? 0 : i; j <= i; j++) {
            double f = e->full ? w[i * d + j] : w[i];
            for (int r = 0; r < HGI_EM_ROWS; r++) y[r] += f * diff[j * HGI_EM_ROWS + r];
        }
        for (int r = 0; r < HGI_EM_ROWS; r++) out[r] += y[r] * y[r];
    }
}

static void expect(void *arg, int64_t item, int worker)
{
    hgi_em *e = arg;
    const int64_t d = e->d, first = item * HGI_EM_ROWS;
    const int64_t rows = hgi_min(HGI_EM_ROWS, e->n - first);
    double *diff = e->scratch + worker * d * HGI_EM_ROWS, q[HGI_EM_ROWS];
    for (int64_t c = 0; c < e->k; c++) {
        if (isinf(e->offset[c])) {
            for (int64_t r = 0; r < rows; r++)
                e->share[(first + r) * e->k + c] = -(double)INFINITY;
            continue;
        }
        for (int64_t i = 0; i < d; i++)
            for (int64_t r = 0; r < HGI_EM_ROWS; r++)
                diff[i * HGI_EM_ROWS + r] =
                    r < rows ? e->x[(first + r) * d + i] - e->mean[c * d + i] : 0;
        squares(e, c, diff, q);
        for (int64_t r = 0; r < rows; r++)
            e->share[(first + r) * e->k + c] = e->offset[c] - q[r] / 2;
    }
    for (int64_t r = 0; r < rows; r++) {
        double *s = e->share + (first + r) * e->k, most = s[0], sum = 0;
        for (int64_t c = 1; c < e->k; c++) most = fmax(most, s[c]);
        for (int64_t c = 0; c < e->k; c++) sum += s[c] = exp(s[c] - most);
        for (int64_t c = 0; c < e->k; c++) s[c] /= sum;
        e->row[first + r] = most + log(sum);
    }
}

/* ---- the fit ----------------------------------------------------------------------- */

static double mean_of_rows(const hgi_em *e)
{
    double sum = 0;
    for (int64_t r = 0; r < e->n; r++) sum += e->row[r];
    return sum / (double)e->n;
}

double hgi_em_fit(hgi_em *e, int64_t k)
{
    e->k = k;
    hgi_kmeans(e);
    for (int64_t r = 0; r < e->n; r++)
        for (int64_t c = 0; c < k; c++) e->share[r * k + c] = c == e->label[r] ? 1 : 0;
    hgi_stage stages[2] = {{maximise, e, k},
                           {expect, e, hgi_ceil_div(e->n, HGI_EM_ROWS)}};
    double before = -(double)INFINITY, now = before;
    for (int i = 0; i < ROUNDS; i++, before = now) {
        hgi_team_run(e->team, stages, 2);
        now = mean_of_rows(e);
        if (now - before < GAIN) break;
        if (e->on_round != NULL && e->on_round(e->arg, (i + 1.0) / ROUNDS)) break;
    }
    /* Standardising stretched the space: each value's density by its spread. */
    for (int64_t i = 0; i < e->d; i++) now -= log(e->spread[i]);
    return now;
}

double hgi_em_bic(const hgi_em *e, double mean_log_likelihood)
{
    const double k = (double)e->k, d = (double)e->d;
    double parameters = k - 1 + k * d + k * (e->full ? d * (d + 1) / 2 : d);
    return -2 * (double)e->n * mean_log_likelihood + parameters * log((double)e->n);
}

/* A component that no row wants is left out. */
hg_status hgi_em_take(const hgi_em *e, double mean_log_likelihood, hgi_mixture *out)
{
    const int64_t d = e->d, wide = e->full ? d : 1;
    int64_t alive = 0;
    double sum = 0;
    for (int64_t c = 0; c < e->k; c++)
        if (isfinite(e->offset[c])) alive++, sum += e->weight[c];
    HGI_TRY(hgi_mixture_new(e->ctx, alive, d, e->full, out));
    memcpy(out->range, e->range, (size_t)(2 * d) * sizeof *out->range);
    for (int64_t c = 0, to = 0; c < e->k; c++) {
        if (!isfinite(e->offset[c])) continue;
        out->weight[to] = e->weight[c] / sum;
        for (int64_t i = 0; i < d; i++) {
            const double *l = e->factor + (c * d + i) * wide;
            double *copy = out->factor + (to * d + i) * wide;
            out->mean[to * d + i] = e->shift[i] + e->spread[i] * e->mean[c * d + i];
            /* Above the diagonal Cholesky left what was there. */
            for (int64_t j = 0; j < (e->full ? i + 1 : 1); j++)
                copy[j] = e->spread[i] * l[j];
        }
        to++;
    }
    out->fit[0] = (double)e->n;
    out->fit[1] = mean_log_likelihood;
    out->fit[2] = hgi_em_bic(e, mean_log_likelihood);
    return HG_OK;
}
