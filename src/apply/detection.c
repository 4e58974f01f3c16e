// SPDX-License-Identifier: MIT
/* hg_detection: scores sorted beside their labels once, then measures of them and of
 * resamples, each in one pass.
 *
 *     rows -> by falling score -> measures
 *                    \-> how often each row was drawn -> measures      x resamples
 *
 * The bootstrap draws normal rows and anomalies apart, each as many as there are: so no
 * resample lacks one of them, and the interval is that of data with this share of
 * anomalies.
 * Source: Efron & Tibshirani 1993, percentile intervals; strata as in pROC, Robin et al.
 * 2011. */
#include "apply/detection.h"

#include "base/rng.h"
#include "base/team.h"
#include "model/line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 1000, WORDS = 1024 };
#define LEVEL 0.95
/* Draws of the bootstrap beside those of splits. */
#define USE (HGI_USE_SPLIT + 512)

/* ---- order ------------------------------------------------------------------------- */

typedef struct ranked {
    double score;
    int64_t row;
} ranked;

/* Falling; equal ones in the order of the rows, so that the same bits come out. */
static int falling(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->score < y->score || x->score > y->score) return x->score > y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static hg_status check(hg_ctx *ctx, const double *score, const unsigned char *label,
                       int64_t n, const hg_detection_options *o, int64_t *labelled)
{
    int64_t anomalies = 0;
    if (score == NULL || label == NULL)
        return hgi_fail(ctx, HG_EINVAL, "scores and labels are needed");
    if (o != NULL && o->size != sizeof *o)
        return hgi_fail(ctx, HG_EINVAL, "hg_detection_options: size is not set");
    *labelled = 0;
    for (int64_t i = 0; i < n; i++) {
        if (label[i] == HG_UNLABELLED) continue;
        ++*labelled;
        if (!isfinite(score[i]))
            return hgi_fail(ctx, HG_ENONFINITE, "row %lld: a score is not finite",
                            (long long)i + 1);
        anomalies += label[i] != 0;
    }
    if (anomalies > 0 && anomalies < *labelled) return HG_OK;
    return hgi_fail(ctx, HG_ERANGE,
                    "labels: %lld anomalies and %lld normal rows, expected some of both",
                    (long long)anomalies, (long long)(*labelled - anomalies));
}

/* Sorts into d; place [n]: where a row went, those of anomalies first, each in the order of
 * the rows. */
static hg_status sort(hg_ctx *ctx, hg_detection *d, const double *score,
                      const unsigned char *label, int64_t *place)
{
    const int64_t n = d->n;
    const size_t bytes = (size_t)n * sizeof(ranked);
    ranked *all = hgi_alloc(&ctx->mem, bytes);
    if (all == NULL) return hgi_fail_mem(ctx, bytes, "scores");
    for (int64_t i = 0; i < n; i++) {
        all[i] = (ranked){score[i], i};
        d->anomalies += label[i] != 0;
    }
    qsort(all, (size_t)n, sizeof *all, falling);
    /* place[] by rows first: row i went to place[i]; then gathered by label. */
    for (int64_t i = 0; i < n; i++) {
        const bool last = i + 1 == n || all[i + 1].score < all[i].score;
        const bool anomaly = label[all[i].row] != 0;
        d->score[i] = all[i].score;
        d->row[i] = (unsigned char)((anomaly ? HGI_RANKED_ANOMALY : 0) |
                                    (last ? HGI_RANKED_LAST : 0));
        if (all[i].score > d->threshold) d->above = i + 1;
        place[all[i].row] = i;
    }
    int64_t a = 0, b = d->anomalies, *by_row = (int64_t *)(void *)all;
    memcpy(by_row, place, (size_t)n * sizeof *place);
    for (int64_t i = 0; i < n; i++) place[label[i] != 0 ? a++ : b++] = by_row[i];
    hgi_free(&ctx->mem, all);
    return HG_OK;
}

/* The d->n of the n rows that have labels, in their order. */
static hg_status sort_labelled(hg_ctx *ctx, hg_detection *d, const double *score,
                               const unsigned char *label, int64_t n, int64_t *place)
{
    if (n == d->n) return sort(ctx, d, score, label, place);
    const size_t kept = (size_t)d->n, bytes = kept * (sizeof *score + sizeof *label);
    double *s = hgi_alloc(&ctx->mem, bytes);
    if (s == NULL) return hgi_fail_mem(ctx, bytes, "scores of rows with labels");
    unsigned char *l = (unsigned char *)(s + kept);
    for (int64_t i = 0, at = 0; i < n; i++)
        if (label[i] != HG_UNLABELLED) s[at] = score[i], l[at++] = label[i];
    hg_status status = sort(ctx, d, s, l, place);
    hgi_free(&ctx->mem, s);
    return status;
}

/* ---- bootstrap --------------------------------------------------------------------- */

typedef struct bootstrap {
    hg_detection *d;
    const int64_t *place; /* [n] */
    uint16_t *weight;     /* [workers, n] */
} bootstrap;

/* m draws from m places.  A word times m, its upper half: uneven by m in 2^32. */
static void draw(const hgi_rng *rng, uint64_t stream, const int64_t *place, int64_t m,
                 uint16_t *weight)
{
    uint32_t word[WORDS];
    for (int64_t at = 0; at < m; at += WORDS) {
        const int64_t some = hgi_min(WORDS, m - at);
        hgi_philox_fill(rng, stream, (uint32_t)(at / 4), hgi_ceil_div(some, 4) * 4, word);
        for (int64_t i = 0; i < some; i++)
            weight[place[(uint64_t)word[i] * (uint64_t)m >> 32]]++;
    }
}

static void resample(void *arg, int64_t item, int worker)
{
    bootstrap *b = arg;
    hg_detection *d = b->d;
    uint16_t *weight = b->weight + (int64_t)worker * d->n;
    const hgi_ranking r = hgi_detection_ranking(d);
    const hgi_rng rng = {d->seed, USE, (uint32_t)item};
    double value[HGI_RANKING_COUNT];
    memset(weight, 0, (size_t)d->n * sizeof *weight);
    draw(&rng, 0, b->place, d->anomalies, weight);
    draw(&rng, 1, b->place + d->anomalies, d->n - d->anomalies, weight);
    hgi_ranking_take(&r, weight, value);
    for (int i = 0; i < HGI_RANKING_COUNT; i++)
        d->resample[i * d->resamples + item] = value[i];
}

static hg_status run_bootstrap(hg_ctx *ctx, hg_detection *d, const int64_t *place)
{
    hgi_team *team;
    bootstrap b = {.d = d, .place = place};
    if (d->resamples == 0) return HG_OK;
    HGI_TRY(hgi_ctx_team(ctx, &team));
    const size_t count = (size_t)d->n * (size_t)hgi_team_size(team);
    b.weight = hgi_alloc(&ctx->mem, count * sizeof *b.weight);
    if (b.weight == NULL) return hgi_fail_mem(ctx, count * sizeof *b.weight, "resamples");
    const hgi_stage stage = {resample, &b, d->resamples};
    if (d->n * d->resamples * 4 < HGI_TEAM_WORTH)
        hgi_team_run_alone(&stage, 1);
    else
        hgi_team_run(team, &stage, 1);
    hgi_free(&ctx->mem, b.weight);
    return HG_OK;
}

/* ---- public ------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. */
static void interval(int64_t n, double *value, double *low, double *high)
{
    *low = *high = (double)NAN;
    if (n < 2 || isnan(value[0])) return; /* one that is not defined is so in all */
    qsort(value, (size_t)n, sizeof *value, ascending);
    *low = hgi_quantile(n, value, (1 - LEVEL) / 2);
    *high = hgi_quantile(n, value, (1 + LEVEL) / 2);
}

static hg_status allocate(hg_ctx *ctx, hg_detection *d, int64_t **place)
{
    const size_t n = (size_t)d->n, resamples = (size_t)d->resamples;
    d->score = hgi_calloc(&ctx->mem, n, sizeof *d->score);
    d->row = hgi_calloc(&ctx->mem, n, sizeof *d->row);
    *place = hgi_calloc(&ctx->mem, n, sizeof **place);
    d->resample =
        hgi_calloc(&ctx->mem, HGI_RANKING_COUNT * (resamples + 1), sizeof *d->resample);
    if (d->score != NULL && d->row != NULL && *place != NULL && d->resample != NULL)
        return HG_OK;
    return hgi_fail_mem(ctx, n * 17 + resamples * 8 * HGI_RANKING_COUNT,
                        "scores and resamples");
}

hg_status hg_detection_new(hg_ctx *ctx, const double *score, const unsigned char *label,
                           int64_t n, const hg_detection_options *o, hg_detection **out)
{
    hg_status status;
    int64_t *place = NULL, labelled = 0;
    *out = NULL;
    HGI_TRY(check(ctx, score, label, n, o, &labelled));
    hg_detection *d = hgi_calloc(&ctx->mem, 1, sizeof *d);
    if (d == NULL) return hgi_fail_mem(ctx, sizeof *d, "scores");
    d->mem = ctx->mem;
    d->n = labelled;
    d->threshold = o != NULL ? o->threshold : (double)NAN;
    d->above = isnan(d->threshold) ? -1 : 0;
    d->seed = o != NULL ? o->seed : 0;
    d->resamples = o != NULL && o->resamples != 0 ? hgi_max(o->resamples, 0) : RESAMPLES;
    d->labels = hgi_hash(HGI_HASH_INIT, label, (size_t)n);
    HGI_GOTO(allocate(ctx, d, &place));
    HGI_GOTO(sort_labelled(ctx, d, score, label, n, place));
    const hgi_ranking r = hgi_detection_ranking(d);
    hgi_ranking_take(&r, NULL, d->value);
    status = run_bootstrap(ctx, d, place);
done:
    hgi_free(&ctx->mem, place);
    *out = d;
    if (status != HG_OK) hg_detection_free(out);
    return status;
}

void hg_detection_free(hg_detection **detection)
{
    if (detection == NULL || *detection == NULL) return;
    hg_detection *d = *detection;
    const hgi_mem mem = d->mem;
    hgi_free(&mem, d->score);
    hgi_free(&mem, d->row);
    hgi_free(&mem, d->resample);
    hgi_free(&mem, d);
    *detection = NULL;
}

/* The resamples of a measure, a copy to sort. */
static double *copy_of(const hg_detection *d, int measure, const hgi_mem *mem)
{
    const size_t bytes = (size_t)hgi_max(d->resamples, 1) * sizeof(double);
    double *v = hgi_alloc(mem, bytes);
    if (v != NULL)
        memcpy(v, d->resample + (int64_t)measure * d->resamples,
               (size_t)d->resamples * sizeof *v);
    return v;
}

int hg_detection_at(const hg_detection *d, int index, hg_detection_measure *out)
{
    if (d == NULL || index < 0 || index >= HGI_RANKING_COUNT || out == NULL ||
        out->size != sizeof *out)
        return 0;
    *out = (hg_detection_measure){.size = sizeof *out,
                                  .name = hgi_ranking_rows[index].name,
                                  .help = hgi_ranking_rows[index].help,
                                  .value = d->value[index],
                                  .low = (double)NAN,
                                  .high = (double)NAN};
    double *v = copy_of(d, index, &d->mem);
    if (v != NULL) interval(d->resamples, v, &out->low, &out->high);
    hgi_free(&d->mem, v);
    return 1;
}

double hg_detection_get(const hg_detection *d, const char *name)
{
    for (int i = 0; d != NULL && name != NULL && i < HGI_RANKING_COUNT; i++)
        if (strcmp(hgi_ranking_rows[i].name, name) == 0) return d->value[i];
    return (double)NAN;
}

hg_status hg_detection_compare(hg_ctx *ctx, const hg_detection *a, const hg_detection *b,
                               const char *name, hg_detection_measure *out)
{
    const char *names[HGI_RANKING_COUNT];
    int at = -1;
    if (a == NULL || b == NULL || name == NULL || out == NULL || out->size != sizeof *out)
        return hgi_fail(ctx, HG_EINVAL, "two detections and a measure are needed");
    for (int i = 0; i < HGI_RANKING_COUNT; i++) {
        names[i] = hgi_ranking_rows[i].name;
        if (strcmp(names[i], name) == 0) at = i;
    }
    if (at < 0) return hgi_unknown(ctx, "measure", name, NULL, names, HGI_RANKING_COUNT);
    if (a->n != b->n || a->labels != b->labels || a->seed != b->seed ||
        a->resamples != b->resamples)
        return hgi_fail(ctx, HG_EINVAL,
                        "two detections of other labels, seeds or resamples cannot be "
                        "compared in pairs");
    *out = (hg_detection_measure){.size = sizeof *out,
                                  .name = names[at],
                                  .help = hgi_ranking_rows[at].help,
                                  .value = a->value[at] - b->value[at]};
    double *v = copy_of(a, at, &ctx->mem);
    if (v == NULL)
        return hgi_fail_mem(ctx, (size_t)a->resamples * sizeof *v, "resamples");
    for (int64_t i = 0; i < a->resamples; i++)
        v[i] -= b->resample[(int64_t)at * b->resamples + i];
    interval(a->resamples, v, &out->low, &out->high);
    hgi_free(&ctx->mem, v);
    return HG_OK;
}
