// SPDX-License-Identifier: MIT
/* PCA with as many numbers as the model's code, measured on the same rows: what a linear
 * map would have done.  Components fitted to the very rows that judge them would look
 * better than they are, so without training rows each half of the data is measured by
 * components that were fitted to the other half.                                       */
#include "apply/apply.h"
#include "apply/evaluate.h"
#include "train/pca.h"

#include <math.h>

/* Wider ones take longer to fit than anybody asked for. */
enum { WIDEST_CODE = 512, WIDEST_ROW = 4096 };

/* Means over rows, so that those of parts add up; the others follow from them. */
static const hgi_metric means[] = {HGI_METRIC_MSE, HGI_METRIC_MAE, HGI_METRIC_BCE,
                                   HGI_METRIC_SSIM, HGI_METRIC_SSE_PER_ROW};

/* As many rows as numbers in the code explain themselves. */
static bool has_pca(const hg_model *m, int64_t rows)
{
    int64_t k = m->net.code_size;
    return k < m->net.inputs && k <= WIDEST_CODE && m->net.inputs <= WIDEST_ROW &&
           rows > 2 * k;
}

static hg_status add_part(hg_ctx *ctx, const hg_model *m, const hg_dataset *learn,
                          const hg_dataset *judge, hg_metrics *sum)
{
    hg_status status = HG_OK;
    hg_model *pca = NULL;
    hg_metrics *part = NULL;
    hg_evaluate_options o = {.size = sizeof o};
    HGI_GOTO(hgi_pca_like(ctx, m, m->net.code_size, learn, &pca));
    HGI_GOTO(hg_evaluate_with(ctx, pca, judge, &o, &part));
    for (int64_t i = 0; i < HGI_COUNT(means); i++)
        sum->value[means[i]] += part->value[means[i]] * (double)judge->rows;
done:
    hg_metrics_free(&part);
    hg_model_free(&pca);
    return status;
}

static void finish(const hg_metrics *own, double rows, double *v)
{
    for (int64_t i = 0; i < HGI_COUNT(means); i++) v[means[i]] /= rows;
    v[HGI_METRIC_ROWS] = rows;
    v[HGI_METRIC_RMSE] = sqrt(v[HGI_METRIC_MSE]);
    /* Both are shares of one variance, which the model's own numbers give. */
    double left = 1 - own->value[HGI_METRIC_EXPLAINED];
    v[HGI_METRIC_EXPLAINED] = 1 - left * v[HGI_METRIC_MSE] / own->value[HGI_METRIC_MSE];
    if (!isnan(v[HGI_METRIC_BCE])) v[HGI_METRIC_PSNR] = hgi_psnr(v[HGI_METRIC_MSE]);
}

hg_status hgi_measure_pca(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                          const hg_dataset *train, hg_metrics *metrics)
{
    hg_status status = HG_OK;
    hg_dataset *half[2] = {NULL, NULL};
    hg_metrics *sum = NULL;
    if (train != NULL && train->features != hgi_model_raw(m))
        return hgi_feed_wrong(ctx, m, train, hgi_model_raw(m));
    if (!has_pca(m, train != NULL ? train->rows : data->rows / 2)) return HG_OK;
    sum = hgi_calloc(&ctx->mem, 1, sizeof *sum);
    if (sum == NULL) return hgi_fail_mem(ctx, sizeof *sum, "the measures");
    sum->mem = ctx->mem;
    for (int i = 0; i < HGI_METRIC_COUNT; i++) sum->value[i] = (double)NAN;
    for (int64_t i = 0; i < HGI_COUNT(means); i++) sum->value[means[i]] = 0;
    if (train != NULL) {
        HGI_GOTO(add_part(ctx, m, train, data, sum));
    } else {
        HGI_GOTO(hg_dataset_split(ctx, data, 0.5, 1, &half[0], &half[1]));
        HGI_GOTO(add_part(ctx, m, half[0], half[1], sum));
        HGI_GOTO(add_part(ctx, m, half[1], half[0], sum));
    }
    finish(metrics, (double)data->rows, sum->value);
    metrics->pca = sum;
    sum = NULL;
done:
    hg_metrics_free(&sum);
    hg_dataset_free(&half[0]);
    hg_dataset_free(&half[1]);
    return status;
}
