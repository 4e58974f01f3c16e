// SPDX-License-Identifier: MIT
/* Rows as a denoising model is shown them: to measure it, to draw it, to try it on.    */
#include "apply/apply.h"
#include "data/stats.h"

#include <string.h>

/* The model's own, or a chain in words, for which the span is the model's too, or that of
 * the data.  data NULL: rows that nobody has seen yet, whose span is not known.        */
hg_status hgi_corrupt_choose(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                             const char *chain, hgi_corrupt *out)
{
    if (m->scaler.schema != NULL)
        return hgi_fail(
            ctx, HG_EUNAVAILABLE,
            "corrupt: rows of a table with words, gaps or columns left out get "
            "noise in training alone");
    double lo, hi;
    *out = m->spec.corrupt;
    if (chain == NULL && out->count == 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "the model was trained without corruption: say which one, as in "
                        "gaussian:0.5");
    if (out->count == 0 && m->net.loss->unit_range) {
        out->span = (hgi_span){0, 1};
    } else if (out->count == 0) {
        if (data == NULL)
            return hgi_fail(ctx, HG_EUNAVAILABLE, "the span of the rows is not known");
        HGI_TRY(hgi_scaled_range(ctx, data, &m->scaler, &lo, &hi));
        bool unit = lo >= -HGI_ROUNDING && hi <= 1 + HGI_ROUNDING;
        out->span = unit ? (hgi_span){0, 1} : (hgi_span){lo, hi};
    }
    if (chain != NULL) HGI_TRY(hgi_corrupt_parse(ctx, chain, out));
    return hgi_corrupt_fit(ctx, out, m->spec.input.rank, m->spec.input.dim);
}

/* x [HGI_INFER_ROWS, inputs] is scratch; noise is keyed by the row's number in the data. */
hg_status hgi_corrupt_window(hgi_feed *f, const hgi_corrupt *c, hgi_real *x, float *out)
{
    const hg_model *m = f->model;
    const hgi_rows *w = f->window;
    int64_t d = m->net.inputs;
    hgi_rng rng = hgi_corrupt_rng(c, m->trained.seed, true, 0);
    for (int64_t at = 0; at < w->n; at += HGI_INFER_ROWS) {
        int64_t n = hgi_min(HGI_INFER_ROWS, w->n - at);
        hgi_feed_fill(f, at, n, x, 0);
        hgi_corrupt_rows(c, f->ctx->kernels, &rng, NULL, w->first + at, n, d, x, x);
        hgi_scaler_undo(&m->scaler, n, x, out + at * d);
    }
    return hgi_feed_check(f);
}

static hg_status corrupt_all(hgi_feed *f, hgi_rows *w, const hgi_corrupt *c, float *out)
{
    hg_status status;
    size_t bytes = (size_t)(HGI_INFER_ROWS * f->model->net.inputs) * sizeof(hgi_real);
    hgi_real *x = hgi_alloc(&f->ctx->mem, bytes);
    if (x == NULL) return hgi_fail_mem(f->ctx, bytes, "rows to corrupt");
    do {
        HGI_GOTO(hgi_rows_next(f->ctx, w));
        HGI_GOTO(hgi_corrupt_window(f, c, x, out + w->first * f->model->net.inputs));
    } while (w->n > 0);
done:
    hgi_free(&f->ctx->mem, x);
    return status;
}

hg_status hg_corrupt_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                             const char *chain, hg_dataset **out)
{
    hg_status status;
    hgi_corrupt c;
    hgi_feed feed;
    hgi_rows w;
    hgi_stats stats;
    hg_dataset *d = NULL;
    float *values;
    memset(&feed, 0, sizeof feed);
    *out = NULL;
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    HGI_TRY(hgi_corrupt_choose(ctx, m, data, chain, &c));
    HGI_TRY(hgi_rows_open(ctx, data, 0, &w));
    HGI_GOTO(hgi_feed_open(ctx, m, data, HGI_FEED_ROWS, &w, &feed));
    HGI_GOTO(hgi_dataset_new(ctx, data->name, "corrupted", data->rows, data->rank,
                             data->shape, &values, &d));
    HGI_GOTO(corrupt_all(&feed, &w, &c, values));
    hgi_stats_init(&stats);
    hgi_stats_f32(&stats, d->rows * d->features, values);
    hgi_stats_end(&stats, &d->min, &d->max, &d->mean);
    if (data->labels != NULL) {
        const hgi_labels labels = hgi_dataset_labels(data);
        HGI_GOTO(hgi_dataset_label(ctx, d, &labels));
    }
done:
    hgi_feed_close(&feed, status, data->rows, NULL);
    hgi_rows_close(&w);
    if (status != HG_OK) hg_dataset_free(&d);
    *out = d;
    return status;
}
