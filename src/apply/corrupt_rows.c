// SPDX-License-Identifier: MIT
/* Rows as a denoising model is shown them: to measure it, to draw it, to try it on.    */
#include "apply/apply.h"
#include "data/stats.h"

/* The model's own, or a chain in words, for which the span is the model's too, or that of
 * the data.                                                                            */
static hg_status choose(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        const char *chain, hgi_corrupt *out)
{
    double lo, hi;
    *out = m->spec.corrupt;
    if (chain == NULL && out->count == 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "the model was trained without corruption: say which one, as in "
                        "gaussian:0.5");
    if (out->count == 0) {
        hgi_scaled_range(data, &m->scaler, &lo, &hi);
        bool unit =
            m->net.loss->unit_range || (lo >= -HGI_ROUNDING && hi <= 1 + HGI_ROUNDING);
        out->span = unit ? (hgi_span){0, 1} : (hgi_span){lo, hi};
    }
    if (chain != NULL) HGI_TRY(hgi_corrupt_parse(ctx, chain, out));
    return hgi_corrupt_fit(ctx, out, m->spec.input.rank, m->spec.input.dim);
}

static hg_status corrupt_all(hgi_feed *f, const hgi_corrupt *c, float *out)
{
    const hg_model *m = f->model;
    int64_t d = m->net.inputs, rows = f->data->rows;
    hgi_rng rng = hgi_corrupt_rng(c, m->trained.seed, true, 0);
    size_t bytes = (size_t)(HGI_INFER_ROWS * d) * sizeof(hgi_real);
    hgi_real *x = hgi_alloc(&f->ctx->mem, bytes);
    if (x == NULL) return hgi_fail_mem(f->ctx, bytes, "rows to corrupt");
    for (int64_t first = 0; first < rows; first += HGI_INFER_ROWS) {
        int64_t n = hgi_min(HGI_INFER_ROWS, rows - first);
        hgi_feed_fill(f, first, n, x, 0);
        hgi_corrupt_rows(c, f->ctx->kernels, &rng, NULL, first, n, d, x, x);
        hgi_scaler_undo(&m->scaler, n, x, out + first * d);
    }
    hgi_free(&f->ctx->mem, x);
    return HG_OK;
}

hg_status hg_corrupt_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                             const char *chain, hg_dataset **out)
{
    hg_status status;
    hgi_corrupt c;
    hgi_feed feed;
    hgi_stats stats;
    hg_dataset *d = NULL;
    float *values;
    *out = NULL;
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    HGI_TRY(choose(ctx, m, data, chain, &c));
    HGI_TRY(hgi_feed_open(ctx, m, data, false, &feed));
    HGI_GOTO(hgi_dataset_new(ctx, data->name, "corrupted", data->rows, data->rank,
                             data->shape, &values, &d));
    HGI_GOTO(corrupt_all(&feed, &c, values));
    hgi_stats_init(&stats);
    hgi_stats_f32(&stats, d->rows * d->features, values);
    hgi_stats_end(&stats, &d->min, &d->max, &d->mean);
done:
    status = hgi_feed_close(&feed, status, NULL);
    if (status != HG_OK) hg_dataset_free(&d);
    *out = d;
    return status;
}
