// SPDX-License-Identifier: MIT
/* From counts of scores to what is said of drift. */
#ifndef HGI_SCORE_DRIFT_H
#define HGI_SCORE_DRIFT_H

#include "metrics/drift.h"
#include "model/model.h"

void hgi_drift_tell(const hgi_drift *d, hg_drift *out);

#endif
