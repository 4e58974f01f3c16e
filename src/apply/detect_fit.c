// SPDX-License-Identifier: MIT
/* A detector for a trained model: its score learns from training rows, its calibration
 * scores come from rows that no net has seen.  The two are never the same rows: that is
 * what makes the calibration rows' scores as good a sample as any new row's. */
#include "apply/detect.h"
#include "apply/gaps.h"
#include "apply/rule.h"
#include "apply/score_pictures.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows that a score learns from, and the memory that they may take. */
enum { MOST = 20000 };
#define MOST_BYTES ((int64_t)256 << 20)

/* ---- rows, codes and errors in memory ---------------------------------------------- */

typedef struct gathered {
    hgi_score_rows rows;
    hgi_real *x, *z, *y, *r;
    int64_t first; /* of the window */
} gathered;

static void take(void *arg, const hgi_score_rows *rows, int64_t at, int worker)
{
    gathered *g = arg;
    const size_t n = (size_t)rows->n, one = sizeof(hgi_real);
    (void)worker;
    const int64_t S = rows->samples;
    at += g->first;
    memcpy(g->x + at * rows->d, rows->x, n * (size_t)rows->d * one);
    memcpy(g->z + S * at * rows->k, rows->z, n * (size_t)(S * rows->k) * one);
    memcpy(g->y + S * at * rows->d, rows->y, n * (size_t)(S * rows->d) * one);
    memcpy(g->r + S * at * rows->c, rows->r, n * (size_t)(S * rows->c) * one);
}

/* Values of a row and what comes of it. */
static int64_t values_of(const hgi_score_rows *s)
{
    return s->d + s->samples * (s->d + s->k + s->c);
}

static hg_status gathered_new(hg_ctx *ctx, const hg_model *m, const hgi_score_kind *kind,
                              int64_t n, gathered *g)
{
    *g = (gathered){.rows = hgi_score_sizes(kind, m)};
    const int64_t d = g->rows.d, c = g->rows.c, S = g->rows.samples;
    size_t count = (size_t)n * (size_t)values_of(&g->rows);
    g->rows.kernels = ctx->kernels;
    g->rows.n = n;
    g->x = hgi_alloc(&ctx->mem, count * sizeof *g->x);
    if (g->x == NULL)
        return hgi_fail_mem(ctx, count * sizeof *g->x, "rows to learn a score from");
    g->y = g->x + n * d;
    g->r = g->y + S * n * d;
    g->z = g->r + S * n * c;
    g->rows.x = g->x;
    g->rows.y = g->y;
    g->rows.z = g->z;
    g->rows.r = g->r;
    return HG_OK;
}

static hg_status gather(hg_ctx *ctx, const hg_model *net, const hgi_score_kind *kind,
                        const hg_dataset *data, gathered *g)
{
    hg_status status;
    hgi_rows w;
    hgi_score_pass p;
    memset(&p, 0, sizeof p);
    HGI_TRY(hgi_rows_open(ctx, data, 0, &w));
    HGI_GOTO(hgi_score_pass_open(ctx, net, data, &w, kind, true, &p));
    p.take = take;
    p.arg = g;
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        g->first = w.first;
        HGI_GOTO(hgi_score_pass_run(&p));
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
done:
    hgi_score_pass_close(&p, status, data->rows);
    hgi_rows_close(&w);
    return status;
}

hg_status hgi_detect_sample(hg_ctx *ctx, const hg_dataset *data, int64_t most,
                            uint64_t seed, hg_dataset **out)
{
    const int64_t n = data->rows;
    *out = NULL;
    if (n <= most) return HG_OK;
    size_t bytes = (size_t)n * sizeof(int64_t);
    int64_t *order = hgi_alloc(&ctx->mem, bytes), at = 0;
    if (order == NULL) return hgi_fail_mem(ctx, bytes, "a choice of rows");
    hgi_permutation(&(hgi_rng){seed, HGI_USE_SPLIT + 256, 0}, n, order);
    /* A permutation has each number below n once, so `most` rows have one below `most`. */
    for (int64_t r = 0; r < n; r++)
        if (order[r] < most) order[at++] = r; /* at <= r: what is read is not yet gone */
    hg_status status = hgi_dataset_pick(ctx, data, order, most, out);
    hgi_free(&ctx->mem, order);
    return status;
}

static int64_t most_rows(const hg_model *m, const hgi_score_kind *kind)
{
    const hgi_score_rows sizes = hgi_score_sizes(kind, m);
    int64_t bytes = values_of(&sizes) * (int64_t)sizeof(hgi_real);
    return hgi_max(64, hgi_min(MOST, MOST_BYTES / bytes));
}

/* Two detectors change places, all but their nets. */
static void exchange(hgi_detector *a, hgi_detector *b)
{
    hgi_detector t = *a;
    struct hg_model **nets = a->net;
    *a = *b;
    *b = t;
    b->net = a->net;
    a->net = nets;
}

/* *before: what the detector was, without its nets. */
static hg_status learn(hg_ctx *ctx, hg_model *m, const hg_dataset *train,
                       const hgi_score_kind *kind, double trimmed, hgi_detector *before)
{
    hg_status status;
    hgi_detector d, *old = &m->detector;
    hg_dataset *some = NULL;
    gathered g = {.x = NULL};
    *before = (hgi_detector){.nets = 0};
    HGI_TRY(hgi_score_fits(ctx, kind, m));
    HGI_TRY(hgi_detector_new(ctx, kind->name, hgi_max(1, old->nets), &d));
    HGI_GOTO(hgi_detect_sample(ctx, train, most_rows(m, kind), m->trained.seed, &some));
    const hg_dataset *rows = some != NULL ? some : train;
    HGI_GOTO(gathered_new(ctx, m, kind, rows->rows, &g));
    g.rows.trimmed = trimmed;
    for (int64_t i = 0; i < d.nets; i++) {
        HGI_GOTO(gather(ctx, i == 0 ? m : old->net[i], kind, rows, &g));
        HGI_GOTO(kind->fit(ctx, &g.rows, &d.state[i]));
    }
    if (old->net != NULL) {
        exchange(old, &d);
    } else { /* the first detector of this model: its list of nets is the new one */
        *old = d;
        d = (hgi_detector){.nets = 0};
    }
    *before = d;
    d = (hgi_detector){.nets = 0};
done:
    hgi_free(&ctx->mem, g.x);
    hg_dataset_free(&some);
    hgi_detector_free(&ctx->mem, &d);
    return status;
}

hg_status hgi_detect_learn(hg_ctx *ctx, hg_model *m, const hg_dataset *train,
                           const hgi_score_kind *kind, double trimmed)
{
    hgi_detector before;
    hg_status status = learn(ctx, m, train, kind, trimmed, &before);
    hgi_detector_free(&ctx->mem, &before);
    return status;
}

/* ---- calibration ------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void fit_tail(hgi_detector *d)
{
    hgi_gpd g = hgi_gpd_fit(d->calibrated, d->calibration);
    d->tail = (hgi_tail){g.from, g.shape, g.scale, g.share, (double)g.rows};
}

/* Rows to calibrate with come from where those to train on come from: of these trim leaves
 * out the share that scores highest, and so it does here, or a threshold for normal rows
 * would lie among the scores of the others.  Where fewer rows are abnormal than was said,
 * as many normal ones go, and false alarms are more by that share at the most.         */
hg_status hgi_detect_calibrate(hg_ctx *ctx, hg_model *m, const hg_dataset *rows,
                               double trim)
{
    hg_status status = HG_OK;
    hgi_detector *d = &m->detector;
    int64_t n = rows->rows;
    double *score = hgi_calloc(&ctx->mem, (size_t)n, sizeof *score);
    if (score == NULL)
        return hgi_fail_mem(ctx, (size_t)n * sizeof *score, "calibration scores");
    HGI_GOTO(hgi_score_all(ctx, m, rows, score));
    n = hgi_picture_scores(m, rows, n, score, score, NULL);
    const int64_t kept = hgi_max(1, n - llround(trim * (double)n));
    /* The usual rule is as fine as the rows in force allow: anew with each of them. */
    if (hgi_rule_is_default(d)) HGI_GOTO(hgi_rule_default(ctx, d, kept));
    qsort(score, (size_t)n, sizeof *score, ascending);
    hgi_free(&ctx->mem, d->calibration);
    d->calibration = score;
    d->calibrated = kept;
    d->trimmed = n - kept;
    score = NULL;
    fit_tail(d);
done:
    hgi_free(&ctx->mem, score);
    return status;
}

hg_status hgi_detect_finish(hg_ctx *ctx, hg_model *m, const hg_dataset *train,
                            const hg_dataset *calibration, double trim)
{
    const bool enough = calibration->rows >= HGI_GAPS_FEWEST;
    HGI_TRY(hgi_gaps_learn(ctx, m, enough ? calibration : train));
    return hgi_detect_calibrate(ctx, m, calibration, trim);
}

hg_status hg_detector_calibrate(hg_ctx *ctx, hg_model *m, const hg_dataset *calibration)
{
    if (m == NULL || calibration == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and rows are needed");
    hg_dataset *apart = NULL;
    hg_status status = HG_OK;
    if (calibration->series != NULL) status = hgi_detect_apart(ctx, calibration, &apart);
    if (status == HG_OK)
        status = hgi_detect_calibrate(ctx, m, apart != NULL ? apart : calibration, 0);
    hg_dataset_free(&apart);
    return status;
}

hg_status hg_detector_fit(hg_ctx *ctx, hg_model *m, const hg_dataset *train,
                          const hg_dataset *calibration, const char *score)
{
    const hgi_score_kind *kind = hgi_score_kinds[0];
    hgi_detector before;
    if (m == NULL || train == NULL || calibration == NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "a model, rows that it was trained on and others are needed");
    if (score != NULL) HGI_TRY(hgi_score_find(ctx, score, &kind));
    HGI_TRY(hgi_feed_fits(ctx, m, train, HGI_FEED_ROWS));
    HGI_TRY(hgi_feed_fits(ctx, m, calibration, HGI_FEED_ROWS));
    HGI_TRY(learn(ctx, m, train, kind, 0, &before));
    hg_status status = hgi_detect_finish(ctx, m, train, calibration, 0);
    if (status != HG_OK) exchange(&m->detector, &before);
    hgi_detector_free(&ctx->mem, &before);
    return status;
}
