// SPDX-License-Identifier: MIT
/* From scores to decisions, by the calibration scores of the model's detector.
 *
 * With n calibration rows a new normal row is above the j-th highest of their scores with
 * probability j / (n + 1), whatever the scores' distribution: that is what the promise of
 * `false-alarms` and p-values rest on.  Rarer than 1 / (n + 1) only the fitted tail can
 * tell. */
#include "apply/rule.h"

#include "model/line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far beyond the calibration rows the tail is believed: there its rates are some twice
 * what they should be, on average over samples (metrics/tail.c). */
#define FARTHEST 20.0
#define DEFAULT_RATE 0.01
/* r (n + 1) >= 1 in numbers that are rounded: 1/1000 of 1000. */
#define ROUNDING 1e-9

hgi_gpd hgi_rule_tail(const hgi_detector *d)
{
    const hgi_tail *t = &d->tail;
    return (hgi_gpd){t->from, t->shape, t->scale, t->share, (int64_t)t->rows};
}

double hgi_rule_share(const hgi_detector *d, double s, bool *extrapolated)
{
    const hgi_gpd tail = hgi_rule_tail(d);
    int64_t above = hgi_count_from(d->calibrated, d->calibration, s);
    double share = (double)(1 + above) / (double)(d->calibrated + 1);
    *extrapolated = above == 0 && tail.rows > 0;
    if (*extrapolated) share = fmin(share, hgi_gpd_share(&tail, s));
    return share;
}

/* ---- kinds ------------------------------------------------------------------------- */

static hg_status by_threshold(const hgi_deciding *j, hg_decision *out)
{
    out->threshold = j->value;
    bool beyond;
    double rate = hgi_rule_share(j->detector, j->value, &beyond);
    out->rate = beyond ? rate : rate - 1 / (double)(j->detector->calibrated + 1);
    return HG_OK;
}

static hg_status too_few(const hgi_deciding *j, double rate)
{
    const hgi_detector *d = j->detector;
    double wanted = ceil(1 / rate - 1 - ROUNDING);
    return hgi_fail(j->ctx, HG_ERANGE,
                    "a rate of %g needs at least %.0f calibration rows, the model has "
                    "%lld: %s",
                    rate, wanted, (long long)d->calibrated,
                    d->tail.rows > 0 ? "too few by far, even for their fitted tail"
                                     : "and too few to fit a tail to");
}

static hg_status at_rate(const hgi_deciding *j, double rate, hg_decision *out)
{
    const hgi_detector *d = j->detector;
    const hgi_gpd tail = hgi_rule_tail(d);
    double place = rate * (double)(d->calibrated + 1);
    out->rate = rate;
    if (place >= 1 - ROUNDING) {
        double least = 1 / (double)(d->calibrated + 1);
        out->threshold =
            hgi_rate_threshold(d->calibrated, d->calibration, fmax(rate, least));
        return HG_OK;
    }
    if (tail.rows == 0 || place * FARTHEST < 1) return too_few(j, rate);
    /* Never below a score that rows were seen to have: it is as rare as they say. */
    out->threshold =
        fmax(hgi_gpd_quantile(&tail, rate), d->calibration[d->calibrated - 1]);
    out->extrapolated = 1;
    return HG_OK;
}

static hg_status by_false_alarms(const hgi_deciding *j, hg_decision *out)
{
    return at_rate(j, j->value, out);
}

static hg_status by_quantile(const hgi_deciding *j, hg_decision *out)
{
    return at_rate(j, 1 - j->value, out);
}

static int descending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The scores at hand, highest first; NULL: no memory. */
static double *sorted(const hgi_deciding *j)
{
    double *s = hgi_calloc(&j->ctx->mem, (size_t)hgi_max(j->n, 1), sizeof *s);
    if (s == NULL) return NULL;
    if (j->n > 0) memcpy(s, j->score, (size_t)j->n * sizeof *s);
    qsort(s, (size_t)j->n, sizeof *s, descending);
    return s;
}

/* The highest scores above a threshold that cuts off the first `count` of n; equal scores
 * are not parted, so it may be fewer. */
static double cut_at(const double *s, int64_t count, int64_t n)
{
    if (n == 0) return HUGE_VAL;
    return count < n ? s[count] : nextafter(s[n - 1], -HUGE_VAL);
}

static hg_status by_contamination(const hgi_deciding *j, hg_decision *out)
{
    double *s = sorted(j);
    if (s == NULL) return hgi_fail_mem(j->ctx, (size_t)j->n * sizeof *s, "scores");
    out->threshold = cut_at(s, (int64_t)llround(j->value * (double)j->n), j->n);
    hgi_free(&j->ctx->mem, s);
    bool beyond;
    out->rate = hgi_rule_share(j->detector, out->threshold, &beyond);
    return HG_OK;
}

/* Benjamini & Hochberg: the largest i with p_(i) <= q i / n, rows by descending score; what
 * `tail` allows is p beyond the calibration rows. */
static int64_t step_up(const hgi_deciding *j, const double *s, bool tail)
{
    const hgi_detector *d = j->detector;
    const double least = 1 / (double)(d->calibrated + 1);
    for (int64_t i = j->n; i > 0; i--) {
        bool beyond;
        double p = hgi_rule_share(d, s[i - 1], &beyond);
        if (beyond && !tail) p = least;
        if (p <= j->value * (double)i / (double)j->n * (1 + ROUNDING)) return i;
    }
    return 0;
}

static hg_status by_fdr(const hgi_deciding *j, hg_decision *out)
{
    double *s = sorted(j);
    if (s == NULL) return hgi_fail_mem(j->ctx, (size_t)j->n * sizeof *s, "scores");
    int64_t by_rows = step_up(j, s, false), found = step_up(j, s, true);
    out->extrapolated = found != by_rows;
    out->threshold = j->n == 0 ? HUGE_VAL : found == 0 ? s[0] : cut_at(s, found, j->n);
    /* The next lower score may equal the last that is called: p-values are equal, too, so
     * the step-up took all of them. */
    bool beyond;
    out->rate = hgi_rule_share(j->detector, out->threshold, &beyond);
    hgi_free(&j->ctx->mem, s);
    return HG_OK;
}

const hgi_rule_kind hgi_rule_kinds[] = {
    {"false-alarms", "a score that this share of normal rows exceeds: 1/1000", 0, 1,
     false, by_false_alarms},
    {"quantile", "a score above this quantile of normal rows' scores: 0.999", 0, 1, false,
     by_quantile},
    {"threshold", "a score above this", 0, 0, false, by_threshold},
    {"contamination", "this share of the rows at hand, the highest scores: 0.02", 0, 1,
     true, by_contamination},
    {"fdr", "as many rows as leave this share of false ones among them: 0.05", 0, 1, true,
     by_fdr},
    {NULL, NULL, 0, 0, false, NULL},
};

/* ---- rules ------------------------------------------------------------------------- */

enum { KINDS = HGI_COUNT(hgi_rule_kinds) - 1 };

static hg_status find_kind(hg_ctx *ctx, const char *name, const hgi_rule_kind **out)
{
    const char *names[KINDS];
    for (int i = 0; i < KINDS; i++) {
        *out = &hgi_rule_kinds[i];
        names[i] = (*out)->name;
        if (strcmp(names[i], name) == 0) return HG_OK;
    }
    return hgi_unknown(ctx, "rule", name, NULL, names, KINDS);
}

static hg_status check_value(hg_ctx *ctx, const hgi_rule_kind *kind, double value)
{
    bool any = kind->lo >= kind->hi;
    if (isfinite(value) && (any || (value > kind->lo && value < kind->hi))) return HG_OK;
    return hgi_fail(ctx, HG_ERANGE, "%s: %g, expected %s", kind->name, value,
                    any ? "a number" : "a share above 0 and below 1");
}

hg_status hgi_rule_find(hg_ctx *ctx, const hg_model *m, const hg_rule *rule,
                        const hgi_rule_kind **out, double *value)
{
    const hgi_detector *d = &m->detector;
    if (rule != NULL && (rule->size != sizeof *rule || rule->kind == NULL))
        return hgi_fail(ctx, HG_EINVAL, "hg_rule: size or kind is not set");
    *value = rule != NULL ? rule->value : d->rule_value;
    HGI_TRY(find_kind(ctx, rule != NULL ? rule->kind : d->rule, out));
    return check_value(ctx, *out, *value);
}

hg_status hgi_rule_default(hg_ctx *ctx, hgi_detector *d, int64_t rows)
{
    char *name = hgi_strdup(&ctx->mem, "false-alarms");
    if (name == NULL) return hgi_fail_mem(ctx, 16, "a rule");
    hgi_free(&ctx->mem, d->rule);
    d->rule = name;
    d->rule_value = fmax(DEFAULT_RATE, 1 / (double)(rows + 1));
    return HG_OK;
}

bool hgi_rule_is_default(const hgi_detector *d)
{
    if (d->rule == NULL) return true;
    const double usual = fmax(DEFAULT_RATE, 1 / (double)(d->calibrated + 1));
    /* To the last bits: a file has the value in decimal digits. */
    return strcmp(d->rule, "false-alarms") == 0 &&
           fabs(d->rule_value / usual - 1) <= ROUNDING;
}

/* A number, a fraction or a percentage. */
static bool parse_value(const char *text, double *out)
{
    size_t n = strlen(text);
    const char *slash = strchr(text, '/');
    double above, below = 1;
    if (slash != NULL) {
        size_t first = (size_t)(slash - text);
        if (!hgi_parse_double(text, first, '.', &above) ||
            !hgi_parse_double(slash + 1, n - first - 1, '.', &below))
            return false;
    } else {
        bool percent = n > 0 && text[n - 1] == '%';
        if (!hgi_parse_double(text, n - percent, '.', &above)) return false;
        if (percent) below = 100;
    }
    *out = above / below;
    return isfinite(*out);
}

hg_status hg_rule_parse(hg_ctx *ctx, const char *kind, const char *text, hg_rule *out)
{
    const hgi_rule_kind *k;
    double value;
    if (kind == NULL || text == NULL || out == NULL)
        return hgi_fail(ctx, HG_EINVAL, "hg_rule_parse: a kind and a text are needed");
    HGI_TRY(find_kind(ctx, kind, &k));
    if (!parse_value(text, &value))
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: '%.60s' is not a number like 0.01, 1/1000 or 1%%", kind,
                        text);
    HGI_TRY(check_value(ctx, k, value));
    *out = (hg_rule){sizeof *out, k->name, value};
    return HG_OK;
}

static hg_status need_detector(hg_ctx *ctx, const hg_model *m)
{
    if (m != NULL && m->detector.score != NULL) return HG_OK;
    return hgi_fail(ctx, HG_EINVAL,
                    "the model has no detector: train one with a score (--preset "
                    "anomaly, or --score WORD)");
}

hg_status hg_detector_set_rule(hg_ctx *ctx, hg_model *m, const hg_rule *rule)
{
    const hgi_rule_kind *kind;
    double value;
    HGI_TRY(need_detector(ctx, m));
    if (rule == NULL) return hgi_rule_default(ctx, &m->detector, m->detector.calibrated);
    HGI_TRY(hgi_rule_find(ctx, m, rule, &kind, &value));
    char *name = hgi_strdup(&m->mem, kind->name);
    if (name == NULL) return hgi_fail_mem(ctx, 16, "a rule");
    hgi_free(&m->mem, m->detector.rule);
    m->detector.rule = name;
    m->detector.rule_value = value;
    return HG_OK;
}

hg_status hg_decide(hg_ctx *ctx, const hg_model *m, const hg_rule *rule,
                    const double *score, int64_t n, unsigned char *anomaly,
                    hg_decision *decision)
{
    const hgi_rule_kind *kind;
    hgi_deciding j = {.ctx = ctx, .score = score, .n = n};
    HGI_TRY(need_detector(ctx, m));
    if (decision == NULL || decision->size != sizeof *decision)
        return hgi_fail(ctx, HG_EINVAL, "hg_decide: decision->size is not set");
    if (n < 0 || (n > 0 && score == NULL))
        return hgi_fail(ctx, HG_EINVAL, "hg_decide: %lld scores", (long long)n);
    j.detector = &m->detector;
    HGI_TRY(hgi_rule_find(ctx, m, rule, &kind, &j.value));
    if (kind->rows && n == 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s is about all rows of a file: there is no threshold for one "
                        "row; false-alarms has one",
                        kind->name);
    *decision = (hg_decision){.size = sizeof *decision};
    HGI_TRY(kind->decide(&j, decision));
    for (int64_t i = 0; i < n; i++) {
        bool above = score[i] > decision->threshold;
        decision->anomalies += above;
        if (anomaly != NULL) anomaly[i] = above;
    }
    return HG_OK;
}

double hg_p_value(const hg_model *m, double score)
{
    if (m == NULL || m->detector.score == NULL) return (double)NAN;
    const hgi_detector *d = &m->detector;
    int64_t above = hgi_count_from(d->calibrated, d->calibration, score);
    return (double)(1 + above) / (double)(d->calibrated + 1);
}

hg_status hg_detector_get_info(hg_ctx *ctx, const hg_model *m, hg_detector_info *info)
{
    HGI_TRY(need_detector(ctx, m));
    if (info == NULL || info->size != sizeof *info)
        return hgi_fail(ctx, HG_EINVAL, "hg_detector_get_info: info->size is not set");
    const hgi_detector *d = &m->detector;
    const int64_t n = d->calibrated;
    bool tail = d->tail.rows > 0;
    *info = (hg_detector_info){
        .size = sizeof *info,
        .score = d->score,
        .nets = d->nets,
        .calibration_rows = n,
        .lowest = d->calibration[0],
        .median = (d->calibration[(n - 1) / 2] + d->calibration[n / 2]) / 2,
        .highest = d->calibration[n - 1],
        .finest = 1 / (double)(n + 1),
        .tail_from = tail ? d->tail.from : (double)NAN,
        .tail_shape = tail ? d->tail.shape : (double)NAN,
        .tail_scale = tail ? d->tail.scale : (double)NAN,
        .tail_rows = (int64_t)d->tail.rows,
        .rule = {sizeof(hg_rule), d->rule, d->rule_value},
        .trimmed_rows = d->trimmed,
    };
    return HG_OK;
}
