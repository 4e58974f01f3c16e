// SPDX-License-Identifier: MIT
/* PCA beside a detector, when it is trained: which of the two tells spoilt rows better.
 *
 * Rows that are held apart are normal; a copy of each has a tenth of its values, at least
 * one, replaced by those that the same columns have in another of these rows.  Each value
 * then occurs, and what is wrong is that they do not go together: no label is needed, and
 * nothing is made up that a distance from the middle would find.  The area under the ROC
 * curve of either detector and the interval of the difference are kept in the model. */
#include "apply/detect.h"
#include "base/rng.h"
#include "model/table.h"

#include <math.h>
#include <string.h>

/* WIDEST_ROW: PCA of wider ones takes as long as the training. */
enum { ROWS = 1000, FEWEST = 20, RESAMPLES = 200, ONE_IN = 10, WIDEST_ROW = 1024 };
#define USE (HGI_USE_SPLIT + 1024)

typedef struct rows {
    int64_t n, c;
    float *x; /* [2 n, c] as they are, and spoilt */
    unsigned char *label;
    float *class;    /* [2 n] of a conditional model, or NULL */
    hg_dataset *all; /* a view of both */
    double *score;   /* [2 n] */
} rows;

/* The choice of a row, of its values and of others is that of the row's number. */
static void spoil(rows *w)
{
    for (int64_t r = 0; r < w->n; r++) {
        const hgi_rng rng = {(uint64_t)r, USE, 0};
        float *to = w->x + (w->n + r) * w->c;
        memcpy(to, w->x + r * w->c, (size_t)w->c * sizeof *to);
        const int64_t always = (int64_t)hgi_below(&rng, 0, (uint64_t)w->c);
        for (int64_t j = 0; j < w->c; j++) {
            const uint64_t draw = (uint64_t)(2 * j + 1);
            if (j != always && hgi_below(&rng, draw, ONE_IN) != 0) continue;
            int64_t other = (int64_t)hgi_below(&rng, draw + 1, (uint64_t)(w->n - 1));
            other += other >= r;
            to[j] = w->x[other * w->c + j];
        }
        w->label[w->n + r] = 1;
    }
}

static hg_status make(hg_ctx *ctx, const hg_model *m, const hg_dataset *from, rows *w)
{
    const size_t n = (size_t)from->rows, c = (size_t)from->features;
    *w = (rows){.n = from->rows, .c = from->features};
    w->x = hgi_calloc(&ctx->mem, 2 * n * c, sizeof *w->x);
    w->label = hgi_calloc(&ctx->mem, 2 * n, 1);
    w->score = hgi_calloc(&ctx->mem, 2 * n, sizeof *w->score);
    if (from->labels != NULL) w->class = hgi_calloc(&ctx->mem, 2 * n, sizeof *w->class);
    if (w->x == NULL || w->label == NULL || w->score == NULL ||
        (from->labels != NULL && w->class == NULL))
        return hgi_fail_mem(ctx, 2 * n * c * sizeof *w->x, "rows to spoil");
    HGI_TRY(hg_dataset_read(ctx, from, 0, w->n, w->x));
    spoil(w);
    hg_view v = {.size = sizeof v, .data = w->x, .type = HG_F32, .rank = 1};
    v.rows = 2 * w->n;
    v.shape[0] = w->c;
    v.schema = m->scaler.schema;
    HGI_TRY(hg_dataset_view(ctx, &v, &w->all));
    if (w->class == NULL) return HG_OK;
    memcpy(w->class, from->labels, n * sizeof *w->class);
    memcpy(w->class + n, from->labels, n * sizeof *w->class);
    hgi_labels labels = hgi_dataset_labels(from);
    labels.value = w->class;
    labels.count = 2 * w->n;
    return hgi_dataset_label(ctx, w->all, &labels);
}

static hg_status judge(hg_ctx *ctx, const hg_model *m, rows *w, hg_detection **out)
{
    hg_detection_options o = {.size = sizeof o, .threshold = (double)NAN};
    o.resamples = RESAMPLES;
    HGI_TRY(hg_score_dataset(ctx, m, w->all, w->score));
    return hg_detection_new(ctx, w->score, w->label, 2 * w->n, &o, out);
}

/* Mean squares, of numbers in fewer components than there are. */
static hg_status find_errors(hg_ctx *ctx, const hg_model *m, const hg_model *pca,
                             const hg_dataset *data, hgi_beside *b)
{
    const hg_schema *s = m->net.schema;
    hg_metrics *v[2] = {NULL, NULL};
    hg_status status = HG_OK;
    b->error = b->pca_error = -1;
    if (pca->net.code_size >= m->net.inputs || (s != NULL && !s->numbers)) return HG_OK;
    hg_evaluate_options o = {.size = sizeof o};
    HGI_GOTO(hg_evaluate_with(ctx, m, data, &o, &v[0]));
    HGI_GOTO(hg_evaluate_with(ctx, pca, data, &o, &v[1]));
    double own = hg_metrics_get(v[0], "mse"), other = hg_metrics_get(v[1], "mse");
    if (own >= 0 && other >= 0 && isfinite(own) && isfinite(other))
        b->error = own, b->pca_error = other;
done:
    hg_metrics_free(&v[0]);
    hg_metrics_free(&v[1]);
    return status;
}

static hg_status measure(hg_ctx *ctx, const hg_model *m, const hg_model *pca,
                         const hg_dataset *data, hgi_beside *b)
{
    hg_status status;
    rows w;
    hg_detection *own = NULL, *other = NULL;
    hg_detection_measure d = {.size = sizeof d};
    HGI_GOTO(make(ctx, m, data, &w));
    HGI_GOTO(judge(ctx, m, &w, &own));
    HGI_GOTO(judge(ctx, pca, &w, &other));
    HGI_GOTO(hg_detection_compare(ctx, own, other, "roc_auc", &d));
    HGI_GOTO(find_errors(ctx, m, pca, data, b));
    b->auc = hg_detection_get(own, "roc_auc");
    b->pca_auc = hg_detection_get(other, "roc_auc");
    b->low = d.low;
    b->high = d.high;
    b->components = (double)pca->net.code_size;
done:
    hg_detection_free(&own);
    hg_detection_free(&other);
    hg_dataset_free(&w.all);
    hgi_free(&ctx->mem, w.x);
    hgi_free(&ctx->mem, w.label);
    hgi_free(&ctx->mem, w.class);
    hgi_free(&ctx->mem, w.score);
    return status;
}

/* A comparison that cannot be made is no reason to lose a detector; memory that runs out is
 * told as everywhere. */
hg_status hgi_detect_beside(hg_ctx *ctx, hg_model *m, const hg_dataset *train,
                            const hg_dataset *calibration)
{
    hg_status status;
    hg_model *pca = NULL;
    hg_dataset *some = NULL;
    hgi_beside b = {.components = 0};
    if (calibration->rows < FEWEST || train->rows < FEWEST || m->net.inputs > WIDEST_ROW)
        return HG_OK;
    const hg_log_fn log = ctx->log;
    ctx->log = NULL; /* of clipped rows, which were told of */
    HGI_GOTO(hgi_detect_sample(ctx, calibration, ROWS, m->trained.seed, &some));
    const hg_dataset *data = some != NULL ? some : calibration;
    HGI_GOTO(hgi_detect_pca(ctx, m, train, data, &pca));
    HGI_GOTO(measure(ctx, m, pca, data, &b));
    m->detector.beside = b;
done:
    ctx->log = log;
    hg_model_free(&pca);
    hg_dataset_free(&some);
    return status == HG_ENOMEM || status == HG_EIO ? status : HG_OK;
}

int hg_detector_beside(const hg_model *m, hg_beside *out)
{
    if (m == NULL || out == NULL || out->size != sizeof *out ||
        !(m->detector.beside.components > 0))
        return 0;
    const hgi_beside *b = &m->detector.beside;
    const bool known = b->error >= 0;
    *out = (hg_beside){.size = sizeof *out,
                       .components = (int64_t)b->components,
                       .roc_auc = b->auc,
                       .pca_roc_auc = b->pca_auc,
                       .low = b->low,
                       .high = b->high,
                       .error = known ? b->error : (double)NAN,
                       .pca_error = known ? b->pca_error : (double)NAN,
                       .winner = b->low > 0    ? "model"
                                 : b->high < 0 ? "PCA"
                                               : NULL};
    snprintf(out->text, sizeof out->text,
             "%s: spoilt rows are told from normal ones with a ROC AUC of %.3f, by PCA "
             "with %lld component%s %.3f",
             b->low > 0    ? "the model is better"
             : b->high < 0 ? "PCA is better"
                           : "neither is better by more than chance",
             b->auc, (long long)out->components, out->components == 1 ? "" : "s",
             b->pca_auc);
    return 1;
}
