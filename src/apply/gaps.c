// SPDX-License-Identifier: MIT
/* Gaps neither hide a row nor raise an alarm.
 *
 * A row with gaps is rebuilt from less, so that its scores lie elsewhere than a complete
 * row's, by how much depends on the net and the kind of score.  What a normal row scores
 * without m of its values is therefore measured: normal rows lose values at random until m
 * are missing, for some levels of m, and the quantiles of their scores are kept.  A score
 * at level m becomes the score at the same quantile of the lowest level; beyond the last
 * quantile, in proportion to how far that lies from the median.  Between levels the results
 * are interpolated. */
#include "apply/gaps.h"

#include "apply/detect.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 12, ROWS = 4000, FEWEST = HGI_GAPS_FEWEST, WIDEST = 20000 };
#define MOST_VALUES INT64_C(8000000)
enum { MEDIAN = 10 }; /* place of 0.5 among the quantiles */

static const double places[HGI_GAP_QUANTILES] = {
    0,   0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4,   0.45, 0.5,  0.55,
    0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.975, 0.99, 0.995};

int64_t hgi_gaps_count(const float *x, int64_t n)
{
    int64_t missing = 0;
    for (int64_t i = 0; i < n; i++) missing += isnan(x[i]) != 0;
    return missing;
}

/* ---- learning ---------------------------------------------------------------------- */

typedef struct learning {
    hg_ctx *ctx;
    hg_model *m;
    int64_t n, c;
    float *x;       /* [n, c] normal rows as they are */
    float *masked;  /* [n, c] those of a level */
    double *score;  /* [n] */
    int64_t *order; /* [c] */
    float *class;   /* [n] of conditional models: labels of those in masked, or NULL */
    double *gaps;   /* [LEVELS, HGI_GAP_NUMBERS] */
    int64_t levels; /* so far */
} learning;

/* Rows that have no more gaps than the level, with as many as it. */
static int64_t mask(learning *j, const hg_dataset *of, int64_t missing)
{
    int64_t count = 0;
    for (int64_t r = 0; r < j->n; r++) {
        const float *x = j->x + r * j->c;
        float *to = j->masked + count * j->c;
        int64_t left = missing - hgi_gaps_count(x, j->c);
        if (left < 0) continue;
        memcpy(to, x, (size_t)j->c * sizeof *to);
        hgi_rng rng = {(uint64_t)r, HGI_USE_SPLIT + 768, (uint32_t)missing};
        if (left > 0) hgi_permutation(&rng, j->c, j->order);
        for (int64_t i = 0; i < j->c && left > 0; i++) {
            if (isnan(to[j->order[i]])) continue;
            to[j->order[i]] = (float)NAN;
            left--;
        }
        if (j->class != NULL) j->class[count] = of->labels[r];
        count++;
    }
    return count;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The level's numbers, where there are rows enough. */
static hg_status add_level(learning *j, const hg_dataset *of, int64_t missing)
{
    hg_dataset *rows;
    int64_t n = mask(j, of, missing);
    if (n < FEWEST) return HG_OK;
    hg_view v = {.size = sizeof v, .data = j->masked, .rows = n, .rank = 1};
    v.shape[0] = j->c;
    v.schema = j->m->scaler.schema;
    HGI_TRY(hg_dataset_view(j->ctx, &v, &rows));
    hg_status status = HG_OK;
    const hgi_labels labels = {of->name, j->class, n, of->label_names};
    if (j->class != NULL) status = hgi_dataset_label(j->ctx, rows, &labels);
    if (status == HG_OK) status = hgi_score_all(j->ctx, j->m, rows, j->score);
    hg_dataset_free(&rows);
    HGI_TRY(status);
    qsort(j->score, (size_t)n, sizeof *j->score, ascending);
    double *to = j->gaps + j->levels++ * HGI_GAP_NUMBERS;
    *to++ = (double)missing;
    for (int i = 0; i < HGI_GAP_QUANTILES; i++)
        to[i] = j->score[(int64_t)(places[i] * (double)(n - 1) + 0.5)];
    return HG_OK;
}

static hg_status make_room(learning *j, bool labelled)
{
    const hgi_mem *mem = &j->ctx->mem;
    size_t values = (size_t)(j->n * j->c);
    j->x = hgi_calloc(mem, values, sizeof *j->x);
    j->masked = hgi_calloc(mem, values, sizeof *j->masked);
    j->score = hgi_calloc(mem, (size_t)j->n, sizeof *j->score);
    j->order = hgi_calloc(mem, (size_t)j->c, sizeof *j->order);
    j->gaps = hgi_calloc(mem, LEVELS * HGI_GAP_NUMBERS, sizeof *j->gaps);
    if (labelled) j->class = hgi_calloc(mem, (size_t)j->n, sizeof *j->class);
    if (j->x && j->masked && j->score && j->order && j->gaps &&
        (j->class != NULL || !labelled))
        return HG_OK;
    return hgi_fail_mem(j->ctx, values * sizeof *j->x, "rows with gaps");
}

/* Of a row some values are missing more often than most: levels are close to each other at
 * the lower end, which also finds rows enough where hardly any is complete. */
static int64_t level_of(int64_t l, int64_t levels, int64_t c, int64_t before)
{
    return hgi_max(before + 1, l * l * (c - 1) / ((levels - 1) * (levels - 1)));
}

/* While levels are measured the detector has none, so that scores are as they come. */
hg_status hgi_gaps_learn(hg_ctx *ctx, hg_model *m, const hg_dataset *rows)
{
    hg_status status = HG_OK;
    learning j = {.ctx = ctx, .m = m, .c = hgi_score_columns(m)};
    hg_dataset *some = NULL;
    if (m->scaler.schema == NULL || rows->schema == NULL || j.c < 2 || j.c > WIDEST)
        return HG_OK;
    j.n = hgi_min(rows->rows, hgi_max(FEWEST, hgi_min(ROWS, MOST_VALUES / j.c)));
    if (j.n < FEWEST) return HG_OK;
    HGI_GOTO(hgi_detect_sample(ctx, rows, j.n, m->trained.seed, &some));
    const hg_dataset *of = some != NULL ? some : rows;
    HGI_GOTO(make_room(&j, of->labels != NULL));
    HGI_GOTO(hg_dataset_read(ctx, of, 0, j.n, j.x));
    const int64_t levels = hgi_min(j.c, LEVELS);
    for (int64_t l = 0, missing = -1; l < levels; l++) {
        missing = level_of(l, levels, j.c, missing);
        HGI_GOTO(add_level(&j, of, missing));
    }
    if (j.levels < 2) goto done;
    m->detector.gaps = j.gaps;
    m->detector.gap_levels = j.levels;
    j.gaps = NULL;
done:
    hg_dataset_free(&some);
    hgi_free(&ctx->mem, j.x);
    hgi_free(&ctx->mem, j.masked);
    hgi_free(&ctx->mem, j.score);
    hgi_free(&ctx->mem, j.order);
    hgi_free(&ctx->mem, j.class);
    hgi_free(&ctx->mem, j.gaps);
    return status;
}

/* ---- using it ---------------------------------------------------------------------- */

/* A score among the quantiles `from`, at the same place among `to`; both ascend. */
static double move(const double *from, const double *to, double s)
{
    const int last = HGI_GAP_QUANTILES - 1;
    if (s < from[0]) return to[0] + (s - from[0]);
    if (s >= from[last]) {
        double wide = from[last] - from[MEDIAN], wanted = to[last] - to[MEDIAN];
        return to[last] + (s - from[last]) * (wide > 0 && wanted > 0 ? wanted / wide : 1);
    }
    int k = 0;
    while (s >= from[k + 1]) k++;
    return to[k] + (to[k + 1] - to[k]) * (s - from[k]) / (from[k + 1] - from[k]);
}

double hgi_gaps_adjust(const hgi_detector *d, double score, int64_t missing)
{
    const double *lowest = d->gaps, *level = d->gaps, m = (double)missing;
    if (d->gap_levels == 0 || score >= HGI_SCORE_MOST || m <= lowest[0]) return score;
    int64_t l = 0;
    while (l + 1 < d->gap_levels && level[HGI_GAP_NUMBERS] <= m) {
        level += HGI_GAP_NUMBERS;
        l++;
    }
    double at = l == 0 ? score : move(level + 1, lowest + 1, score);
    if (l + 1 < d->gap_levels && m > level[0]) {
        const double *next = level + HGI_GAP_NUMBERS;
        double part = (m - level[0]) / (next[0] - level[0]);
        at += part * (move(next + 1, lowest + 1, score) - at);
    }
    return hgi_score_settle(at, 1);
}
