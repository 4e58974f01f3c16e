// SPDX-License-Identifier: MIT
/* What a linear map would make of the same rows: a detector by PCA with as many numbers as
 * a model's code, with the same scaling and the same kind of score.  A net that does not
 * beat it is not worth its training. */
#include "apply/detect.h"
#include "base/rng.h"
#include "train/pca.h"

/* CALIBRATE: held apart, as the default of training is.  Rows to fit to; wider codes and
 * rows take longer to fit than anybody asked for. */
#define CALIBRATE 0.2
enum { ROWS = 20000, WIDEST_CODE = 512, WIDEST_ROW = 4096, FEWEST = 10 };

/* More components than rows or values there are not. */
static int64_t components_of(const hg_model *m, int64_t rows)
{
    int64_t most = hgi_min(hgi_min(m->net.inputs, WIDEST_CODE), rows - 1);
    return hgi_max(1, hgi_min(m->net.code_size, most));
}

hg_status hgi_detect_pca(hg_ctx *ctx, const hg_model *m, const hg_dataset *train,
                         const hg_dataset *calibration, hg_model **out)
{
    hg_dataset *some = NULL;
    HGI_TRY(hgi_detect_sample(ctx, train, ROWS, m->trained.seed, &some));
    const hg_dataset *rows = some != NULL ? some : train;
    const int64_t k = components_of(m, rows->rows);
    hg_status status = hgi_pca_like(ctx, m, k, rows, out);
    if (status == HG_OK)
        status = hg_detector_fit(ctx, *out, rows, calibration, m->detector.score);
    hg_dataset_free(&some);
    if (status != HG_OK) hg_model_free(out);
    return status;
}

hg_status hg_detector_pca(hg_ctx *ctx, const hg_model *m, const hg_dataset *train,
                          hg_model **out)
{
    hg_detector_info info = {.size = sizeof info};
    hg_dataset *first = NULL, *second = NULL;
    *out = NULL;
    if (m == NULL || train == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and rows to fit PCA to are needed");
    HGI_TRY(hg_detector_get_info(ctx, m, &info));
    HGI_TRY(hgi_feed_fits(ctx, m, train, HGI_FEED_ROWS));
    HGI_TRY(hg_dataset_split(ctx, train, CALIBRATE, m->trained.seed, &first, &second));
    hg_status status = hgi_detect_pca(ctx, m, first, second, out);
    hg_dataset_free(&first);
    hg_dataset_free(&second);
    return status;
}

/* ---- without training rows --------------------------------------------------------- */

/* The normal rows of one half learn, all rows of the other are judged. */
static hg_status score_half(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                            const unsigned char *label, const int64_t *order, int half,
                            int64_t *index, double *found, double *score)
{
    hg_status status = HG_OK;
    hg_dataset *learn = NULL, *judge = NULL;
    hg_model *pca = NULL;
    int64_t n = 0;
    for (int64_t r = 0; r < data->rows; r++)
        if (order[r] % 2 != half && label[r] == 0) index[n++] = r;
    if (n < FEWEST)
        return hgi_fail(ctx, HG_ERANGE,
                        "PCA beside a detector: %lld normal rows in half of the rows, "
                        "expected at least %d",
                        (long long)n, (int)FEWEST);
    HGI_GOTO(hgi_dataset_pick(ctx, data, index, n, &learn));
    n = 0;
    for (int64_t r = 0; r < data->rows; r++)
        if (order[r] % 2 == half) index[n++] = r;
    HGI_GOTO(hgi_dataset_pick(ctx, data, index, n, &judge));
    HGI_GOTO(hgi_detect_pca(ctx, m, learn, learn,
                            &pca)); /* its calibration is not asked for */
    HGI_GOTO(hg_score_dataset(ctx, pca, judge, found));
    for (int64_t i = 0; i < n; i++) score[index[i]] = found[i];
done:
    hg_model_free(&pca);
    hg_dataset_free(&judge);
    hg_dataset_free(&learn);
    return status;
}

hg_status hg_detector_pca_scores(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                                 const unsigned char *label, double *score)
{
    hg_status status = HG_OK;
    hg_detector_info info = {.size = sizeof info};
    if (m == NULL || data == NULL || label == NULL || score == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model, rows, labels and scores are needed");
    HGI_TRY(hg_detector_get_info(ctx, m, &info));
    HGI_TRY(hgi_feed_fits(ctx, m, data, HGI_FEED_ROWS));
    if (m->net.inputs > WIDEST_ROW)
        return hgi_fail(ctx, HG_ERANGE,
                        "PCA beside a detector: rows of %lld values, expected at most %d",
                        (long long)m->net.inputs, (int)WIDEST_ROW);
    size_t n = (size_t)data->rows, bytes = n * (2 * sizeof(int64_t) + sizeof(double));
    int64_t *order = hgi_alloc(&ctx->mem, bytes), *index = order + n;
    if (order == NULL) return hgi_fail_mem(ctx, bytes, "halves of rows");
    hgi_permutation(&(hgi_rng){1, HGI_USE_SPLIT, 0}, data->rows, order);
    const hg_log_fn log = ctx->log;
    ctx->log = NULL; /* what is to be told of the rows was, for the model */
    for (int half = 0; half < 2; half++)
        HGI_GOTO(score_half(ctx, m, data, label, order, half, index,
                            (double *)(void *)(index + n), score));
done:
    ctx->log = log;
    hgi_free(&ctx->mem, order);
    return status;
}
