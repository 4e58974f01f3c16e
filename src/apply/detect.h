// SPDX-License-Identifier: MIT
/* Detectors: what a score learns from normal rows, and calibration. */
#ifndef HGI_DETECT_H
#define HGI_DETECT_H

#include "apply/score.h"

/* What each net's score learns from rows that it was trained on, for a model that has its
 * nets: m->detector.net is kept, the rest is new.  The detector has no calibration yet.
 * trimmed: the share of the rows that was left out as the worst.
 * On failure the model is as it was. */
hg_status hgi_detect_learn(hg_ctx *ctx, hg_model *m, const hg_dataset *train,
                           const hgi_score_kind *kind, double trimmed);
/* hg_detector_pca() with rows to calibrate with. */
hg_status hgi_detect_pca(hg_ctx *ctx, const hg_model *m, const hg_dataset *train,
                         const hg_dataset *calibration, hg_model **out);
/* PCA beside it, where it can be fitted; see hg_beside. */
hg_status hgi_detect_beside(hg_ctx *ctx, hg_model *m, const hg_dataset *train,
                            const hg_dataset *calibration);
/* At most so many rows at random, in the order of the data; *out is NULL for all. */
hg_status hgi_detect_sample(hg_ctx *ctx, const hg_dataset *data, int64_t most,
                            uint64_t seed, hg_dataset **out);
/* Behind hgi_detect_learn(): what gaps do to scores, and the calibration.  Rows that the
 * nets and the score have seen before are no measure of gaps: one that is among the
 * reference rows is near itself, and less so the more of it is missing.  They only stand in
 * where there are too few others. */
hg_status hgi_detect_finish(hg_ctx *ctx, hg_model *m, const hg_dataset *train,
                            const hg_dataset *calibration, double trim);
/* Calibration rows to scores, and the tail that follows; a rule where there is none.  trim:
 * the share of them that are no normal rows and score highest.  On failure the model is as
 * it was. */
hg_status hgi_detect_calibrate(hg_ctx *ctx, hg_model *m, const hg_dataset *rows,
                               double trim);

/* Rows to train on and rows to calibrate with; both refer to data. */
hg_status hgi_detect_split(hg_ctx *ctx, const hg_dataset *data, double share,
                           uint64_t seed, const hg_detector_options *o,
                           hg_dataset **train, hg_dataset **calibration);

/* A warning where no detector can mean anything: few rows, rows that are all alike, no
 * values at all.  Errors: of reading rows. */
hg_status hgi_detect_doubt(hg_ctx *ctx, const hg_dataset *train,
                           const hg_dataset *calibration);

/* Of windows those that share no row. */
hg_status hgi_detect_apart(hg_ctx *ctx, const hg_dataset *windows, hg_dataset **out);

#endif
