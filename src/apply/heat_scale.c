// SPDX-License-Identifier: MIT
/* Where the colours of an alarm begin.  Were colours shared out evenly up to the highest
 * error of a run, one bad picture would leave the others grey, although they are called.
 *
 * With the score `image` a map has the score's own units, and the threshold is the rule's:
 * the score is the root of a mean of squares over the map's largest hundredth, so that of
 * a picture that is called some pixels are above it, and hardly any of others.  What other
 * scores say is no error of pixels: there it is the least error of a picture that is
 * called; not below the median of those that are not, whose error is what is usual. */
#include "apply/heat_scale.h"

#include "apply/score_pictures.h"
#include "data/pictures.h"

#include <math.h>
#include <stdlib.h>

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* top[i] of each of n decisions; may be sorted. */
static double least_called(double *top, const unsigned char *called, int64_t n)
{
    double least = HUGE_VAL;
    int64_t others = 0;
    for (int64_t i = 0; i < n; i++) {
        if (called[i])
            least = fmin(least, top[i]);
        else
            top[others++] = top[i];
    }
    if (others == 0 || !isfinite(least)) return least;
    qsort(top, (size_t)others, sizeof *top, ascending);
    return fmax(least, top[others / 2]);
}

/* Scores of another kind: who is called is asked of them. */
static hg_status by_decisions(const hgi_heat_scale *h, double *threshold)
{
    hg_status status;
    const hgi_mem *mem = &h->ctx->mem;
    hg_decision decision = {.size = sizeof decision};
    const size_t rows = (size_t)h->data->rows;
    double *score = hgi_alloc(mem, rows * sizeof *score);
    int64_t *first = hgi_alloc(mem, rows * sizeof *first);
    unsigned char *called = hgi_calloc(mem, rows, 1);
    if (score == NULL || first == NULL || called == NULL)
        HGI_GOTO(hgi_fail_mem(h->ctx, rows * sizeof *score, "scores"));
    HGI_GOTO(hg_score_dataset(h->ctx, h->model, h->data, score));
    const int64_t n =
        hgi_picture_scores(h->model, h->data, h->data->rows, score, score, first);
    HGI_GOTO(hg_decide(h->ctx, h->model, h->rule, score, n, called, &decision));
    for (int64_t i = 0; i < n; i++)
        score[i] =
            h->top[hgi_pictures_of(h->data->pictures, first[i]) - h->data->pictures->item];
    *threshold = least_called(score, called, n);
done:
    hgi_free(mem, score);
    hgi_free(mem, first);
    hgi_free(mem, called);
    return status;
}

hg_status hgi_heat_scale_find(hgi_heat_scale *h, double whole)
{
    const hgi_detector *d = &h->model->detector;
    hg_decision decision = {.size = sizeof decision, .threshold = HUGE_VAL};
    double most = 0;
    h->threshold = (double)NAN;
    h->anchor = 0;
    for (int64_t i = 0; i < h->data->pictures->count; i++) most = fmax(most, h->top[i]);
    if (h->own)
        HGI_TRY(hg_decide(h->ctx, h->model, h->rule, h->top, h->data->pictures->count,
                          NULL, &decision));
    else if (d->score != NULL)
        HGI_TRY(by_decisions(h, &decision.threshold));
    if (isfinite(decision.threshold) && decision.threshold > 0)
        h->anchor = h->threshold = fmin(decision.threshold, 1e30);
    else if (d->score != NULL && decision.threshold > 0) /* nothing is called */
        h->anchor =
            fmin(h->own ? fmax(most, d->calibration[d->calibrated - 1]) : most, 1e30);
    h->whole = whole > 0 ? whole : fmax(fmin(most, 1e30), 2 * h->anchor);
    if (!(h->whole > 0)) h->whole = 1;
    if (!(h->anchor < h->whole)) h->anchor = 0; /* the caller's scale ends below it */
    return HG_OK;
}
