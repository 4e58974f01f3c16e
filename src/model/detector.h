// SPDX-License-Identifier: MIT
/* The detector of a model: what tells anomalies, kept in the model's file so that nothing
 * else is needed to decide.
 *
 *     rows -> net -> score of each row (apply/score.h) -> decision by the calibration
 *     scores
 *
 * A detector may have several nets of one shape (an ensemble): net 0 is the model that
 * holds
 * it.  What a kind of score has learnt is a few tensors of its own, which this room keeps
 * without knowing what they mean; their kind checks them before it uses them.
 * Calibration scores are those of rows that no net was trained on, ascending. */
#ifndef HGI_DETECTOR_H
#define HGI_DETECTOR_H

#include "base/base.h"
#include "model/container.h"

enum { HGI_SCORE_TENSORS = 12, HGI_NETS_MOST = 64, HGI_SCORE_RANK = 2 };

/* rank 1 or 2; v [dim[0], dim[1] or 1] */
typedef struct hgi_score_tensor {
    char name[32];
    int rank;
    int64_t dim[HGI_SCORE_RANK];
    double *v;
} hgi_score_tensor;

/* What one net's score has learnt. */
typedef struct hgi_score_state {
    hgi_score_tensor tensor[HGI_SCORE_TENSORS];
    int tensors;
} hgi_score_state;

/* How scores behave beyond most calibration rows: the share of rows with a score above s is
 * share * (1 + shape (s - from) / scale)^(-1 / shape) for s > from; rows 0: not fitted. */
typedef struct hgi_tail {
    double from, shape, scale, share;
    double rows; /* that it was fitted to, a whole number */
} hgi_tail;
enum { HGI_TAIL_NUMBERS = sizeof(hgi_tail) / sizeof(double) };

/* PCA's detector beside it; components 0: it was not measured, error -1: nor was that. */
typedef struct hgi_beside {
    double components, auc, pca_auc, low, high, error, pca_error;
} hgi_beside;
enum { HGI_BESIDE_NUMBERS = sizeof(hgi_beside) / sizeof(double) };

enum { HGI_GAP_QUANTILES = 23, HGI_GAP_NUMBERS = 1 + HGI_GAP_QUANTILES };

typedef struct hgi_detector {
    char *score;            /* the kind's name; NULL: there is no detector */
    int64_t nets;           /* at least 1 */
    hgi_score_state *state; /* [nets] */
    struct hg_model **net;  /* [nets]; the first is NULL: the model that holds this */
    double *calibration;    /* [calibrated + trimmed] ascending */
    int64_t calibrated;
    int64_t trimmed; /* the highest scores, which are kept but count for drift alone */
    hgi_tail tail;
    /* Of tables: what normal rows score without some of their values, see apply/gaps.h; the
     * number that is missing, ascending, and quantiles, for each of some levels. */
    double *gaps; /* [gap_levels, HGI_GAP_NUMBERS] */
    int64_t gap_levels;
    hgi_beside beside;
    char *rule; /* the name of the rule when none is asked for */
    double rule_value;
} hgi_detector;

/* A tensor of zeros at the end of the state.  Errors: HG_ENOMEM. */
hg_status hgi_score_tensor_new(hg_ctx *ctx, hgi_score_state *s, const char *name,
                               int64_t rows, int64_t columns, double **v);
/* rank 1 where columns is 0; NULL when there is none of this name and shape. */
const double *hgi_score_tensor_get(const hgi_score_state *s, const char *name,
                                   int64_t rows, int64_t columns);
void hgi_score_state_free(const hgi_mem *mem, hgi_score_state *s);

/* Room for this many nets; nothing else is set. */
hg_status hgi_detector_new(hg_ctx *ctx, const char *score, int64_t nets,
                           hgi_detector *out);
void hgi_detector_free(const hgi_mem *mem, hgi_detector *d);

/* The tensors "detector.*" of a model file; its words stand in the description, and the
 * nets' weights are the model's business. */
hg_status hgi_detector_put(const hgi_detector *d, hgi_container *c);
/* After hgi_detector_new(), or of a detector of zeros.  Errors: HG_EFORMAT. */
hg_status hgi_detector_get(hg_ctx *ctx, const hgi_container *c, hgi_detector *d);

#endif
