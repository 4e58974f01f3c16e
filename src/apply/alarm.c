// SPDX-License-Identifier: MIT
/* hg_alarm: a rule that decides about each score when it comes. */
#include "apply/rule.h"
#include "metrics/online.h"

#include <math.h>
#include <string.h>

struct hg_alarm {
    hgi_mem mem;
    const hgi_detector *detector;
    bool online; /* by levels, else by the threshold */
    hgi_lord lord;
    double threshold, rate;
    bool extrapolated;
    int64_t rows, anomalies;
};

/* Nothing is rarer than one in the calibration rows unless a tail says so, and levels soon
 * fall below that. */
static hg_status need_tail(hg_ctx *ctx, const hgi_detector *d)
{
    if (d->tail.rows > 0) return HG_OK;
    return hgi_fail(
        ctx, HG_ERANGE,
        "fdr of a stream needs a tail fitted to the calibration scores: %lld "
        "rows are too few, or their scores too alike; false-alarms needs none",
        (long long)d->calibrated);
}

hg_status hg_alarm_new(hg_ctx *ctx, const hg_model *model, const hg_rule *rule,
                       hg_alarm **out)
{
    hg_decision decision = {.size = sizeof decision};
    hg_detector_info info = {.size = sizeof info};
    hgi_lord lord = {0};
    *out = NULL;
    HGI_TRY(hg_detector_get_info(ctx, model, &info));
    if (rule == NULL) rule = &info.rule;
    const hgi_rule_kind *kind;
    HGI_TRY(hgi_rule_find(ctx, model, rule, &kind, &lord.rate));
    bool online = strcmp(kind->name, "fdr") == 0;
    if (online)
        HGI_TRY(need_tail(ctx, &model->detector));
    else
        HGI_TRY(hg_decide(ctx, model, rule, NULL, 0, NULL, &decision));
    hg_alarm *a = hgi_calloc(&ctx->mem, 1, sizeof *a);
    if (a == NULL) return hgi_fail_mem(ctx, sizeof *a, "an alarm");
    *a = (hg_alarm){.mem = ctx->mem,
                    .detector = &model->detector,
                    .online = online,
                    .lord = lord,
                    .threshold = online ? (double)NAN : decision.threshold,
                    .rate = decision.rate,
                    .extrapolated = decision.extrapolated != 0};
    *out = a;
    return HG_OK;
}

void hg_alarm_free(hg_alarm **alarm)
{
    if (alarm == NULL || *alarm == NULL) return;
    hgi_mem mem = (*alarm)->mem;
    hgi_free(&mem, *alarm);
    *alarm = NULL;
}

int hg_alarm_next(hg_alarm *a, double score)
{
    bool beyond = false, found;
    if (a->online) {
        double p = hgi_rule_share(a->detector, score, &beyond);
        found = hgi_lord_next(&a->lord, p);
        a->extrapolated = a->extrapolated || (found && beyond);
    } else {
        found = score > a->threshold;
    }
    a->rows++;
    a->anomalies += found;
    return found;
}

hg_status hg_alarm_get_info(const hg_alarm *a, hg_alarm_info *info)
{
    if (a == NULL || info == NULL || info->size != sizeof *info) return HG_EINVAL;
    *info = (hg_alarm_info){.size = sizeof *info,
                            .rows = a->rows,
                            .anomalies = a->anomalies,
                            .threshold = a->threshold,
                            .level = a->online ? hgi_lord_level(&a->lord) : a->rate,
                            .extrapolated = a->extrapolated};
    return HG_OK;
}
