// SPDX-License-Identifier: MIT
/* Rules: which scores are anomalies.  A rule is a row of hgi_rule_kinds[]. */
#ifndef HGI_RULE_H
#define HGI_RULE_H

#include "metrics/tail.h"
#include "model/model.h"

/* What a rule decides by. */
typedef struct hgi_deciding {
    hg_ctx *ctx;
    const hgi_detector *detector;
    double value;
    const double *score; /* [n] of the rows at hand */
    int64_t n;
} hgi_deciding;

typedef struct hgi_rule_kind {
    const char *name, *brief;
    double lo, hi; /* of its value, both left out; lo = hi: any number */
    bool rows;     /* about the rows at hand: needs all their scores */
    /* Sets threshold, rate and extrapolated. */
    hg_status (*decide)(const hgi_deciding *j, hg_decision *out);
} hgi_rule_kind;
extern const hgi_rule_kind hgi_rule_kinds[]; /* name NULL ends */

/* The rule's kind, its value checked; rule NULL: the detector's own, *value is its value.
 * */
hg_status hgi_rule_find(hg_ctx *ctx, const hg_model *m, const hg_rule *rule,
                        const hgi_rule_kind **out, double *value);
/* Sets d's rule to what stands for none with so many calibration rows. */
hg_status hgi_rule_default(hg_ctx *ctx, hgi_detector *d, int64_t rows);
/* Is d's rule what stands for none with its calibration rows?  It follows them. */
bool hgi_rule_is_default(const hgi_detector *d);
hgi_gpd hgi_rule_tail(const hgi_detector *d);
/* The share of normal rows that have a score of s or more: by counting, and by the tail
 * where nothing can be counted any more (*extrapolated). */
double hgi_rule_share(const hgi_detector *d, double s, bool *extrapolated);

#endif
