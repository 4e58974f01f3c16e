// SPDX-License-Identifier: MIT
/* Drift: are the scores of these rows distributed as those of the calibration rows? */
#include "apply/score_drift.h"

#include <math.h>

/* One false alarm in a thousand files; and no alarm for what is certain but small: among
 * millions of rows any two distributions differ. */
#define ALARM 1e-3
#define LEAST 0.1

void hgi_drift_tell(const hgi_drift *d, hg_drift *out)
{
    *out = (hg_drift){.size = sizeof *out, .rows = d->second, .p_value = 1};
    if (d->second == 0) return;
    out->distance = hgi_drift_distance(d);
    out->p_value = hgi_ks_p_value(out->distance, d->first, d->second);
    out->above = (double)d->over / (double)d->second;
    out->alarm = out->p_value < ALARM && out->distance > LEAST;
}

hg_status hg_score_drift(hg_ctx *ctx, const hg_model *m, const double *score, int64_t n,
                         hg_drift *drift)
{
    if (m == NULL || m->detector.score == NULL)
        return hgi_fail(ctx, HG_EINVAL, "the model has no detector to compare with");
    if (drift == NULL || drift->size != sizeof *drift || score == NULL || n < 1)
        return hgi_fail(ctx, HG_EINVAL,
                        "hg_score_drift: scores and a drift of known size are needed");
    hgi_drift *d = hgi_alloc(&ctx->mem, sizeof *d);
    if (d == NULL) return hgi_fail_mem(ctx, sizeof *d, "a distribution of scores");
    hgi_drift_open(d, m->detector.calibrated + m->detector.trimmed,
                   m->detector.calibration);
    hgi_drift_add(d, n, score);
    hgi_drift_tell(d, drift);
    hgi_free(&ctx->mem, d);
    return HG_OK;
}
