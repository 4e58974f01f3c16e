// SPDX-License-Identifier: MIT
/* What the colours of a run's heat maps stand for. */
#ifndef HGI_HEAT_SCALE_H
#define HGI_HEAT_SCALE_H

#include "data/data.h"
#include "model/model.h"

typedef struct hgi_heat_scale {
    hg_ctx *ctx;
    const hg_model *model;
    const hg_dataset *data; /* of pictures */
    const hg_rule *rule;    /* NULL: the model's */
    const double *top;      /* [pictures] the error of each */
    bool own;               /* which is the detector's score */
    /* Found: what has the last colour; where the colours of an alarm begin, 0: nowhere,
     * colours are shared out evenly; the same where it is a threshold, else NaN. */
    double whole, anchor, threshold;
} hgi_heat_scale;

/* whole: what the caller wants it to be, or 0.  Errors: of scoring and deciding. */
hg_status hgi_heat_scale_find(hgi_heat_scale *h, double whole);

#endif
