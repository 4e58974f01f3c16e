// SPDX-License-Identifier: MIT
/* What narrow weights cost: the rows through two sessions, one with the weights as they
 * are, and each row's two errors side by side.  A session of a conditional model has rows
 * of one class: there is a pair of them for each class. */
#include "apply/apply.h"
#include "apply/session.h"

#include <math.h>
#include <string.h>

typedef struct comparison {
    hg_ctx *ctx;
    const hg_dataset *data;
    hg_session *whole, *narrow;
    float *x;          /* [HGI_INFER_ROWS, features] */
    double sum[2];     /* of errors: f32, narrow */
    double difference; /* sum over rows, relative, or of losses of any sign as it is */
    double size;       /* sum over rows of |f32 loss| */
    bool signs;        /* a loss can be below 0, and a part of one near 0 says nothing */
    int32_t *class;    /* [data's rows] of a conditional model, or NULL */
    int32_t only;      /* rows of this class alone, then */
    hg_session_cost cost;
} comparison;

static hg_status failed(comparison *c, hg_status status, const hg_session *s, int64_t row)
{
    return hgi_fail(c->ctx, status, "%s, rows from %lld on: %s", c->data->name,
                    (long long)row + 1, hg_session_message(s));
}

static void add_row(comparison *c, double whole, double narrow)
{
    double part = c->signs ? 1 : whole;
    double relative = part > 0 ? fabs(narrow - whole) / part : 0;
    c->size += fabs(whole);
    c->sum[0] += whole;
    c->sum[1] += narrow;
    c->difference += relative;
    if (relative > c->cost.largest) c->cost.largest = relative;
}

/* n rows from `at` on, of the class: the others are gone, and how many stay is told. */
static hg_status read_rows(comparison *c, int64_t at, int64_t n, int64_t *out)
{
    const int64_t d = c->data->features;
    HGI_TRY(hg_dataset_read(c->ctx, c->data, at, n, c->x));
    *out = n;
    if (c->class == NULL) return HG_OK;
    *out = 0;
    for (int64_t i = 0; i < n; i++) {
        if (c->class[at + i] != c->only) continue;
        memmove(c->x + (*out)++ * d, c->x + i * d, (size_t)d * sizeof *c->x);
    }
    return HG_OK;
}

static hg_status run(comparison *c)
{
    double error[2][HGI_INFER_ROWS];
    int64_t rows = c->data->rows, n, some;
    for (int64_t at = 0; at < rows; at += n) {
        n = hgi_min(HGI_INFER_ROWS, rows - at);
        HGI_TRY(read_rows(c, at, n, &some));
        if (some == 0) continue;
        hg_status status = hg_session_error(c->whole, c->x, some, error[0]);
        if (status != HG_OK) return failed(c, status, c->whole, at);
        status = hg_session_error(c->narrow, c->x, some, error[1]);
        if (status != HG_OK) return failed(c, status, c->narrow, at);
        for (int64_t i = 0; i < some; i++) add_row(c, error[0][i], error[1][i]);
    }
    return HG_OK;
}

/* Weights that a session has in fewer bits. */
static int64_t rounded(const hg_session *s)
{
    int64_t n = 0;
    for (int64_t i = 0; s->weights != HGI_WEIGHTS_F32 && i < s->model->net.count; i++)
        if (s->own[i].W != NULL) n += s->own[i].product.K * s->own[i].product.N;
    return n;
}

/* All rows, or those of one class. */
static hg_status compare(comparison *c, const hg_model *m, const char *weights)
{
    hg_status status;
    hg_session_options o = {.size = sizeof o, .rows = HGI_INFER_ROWS, .error = "loss"};
    o.labelled = c->class != NULL;
    o.label = o.labelled ? m->spec.classes.label[c->only] : 0;
    HGI_GOTO(hg_session_new(c->ctx, m, &o, &c->whole));
    o.weights = weights;
    HGI_GOTO(hg_session_new(c->ctx, m, &o, &c->narrow));
    c->cost.rounded = rounded(c->narrow);
    status = run(c);
done:
    hg_session_free(&c->whole);
    hg_session_free(&c->narrow);
    return status;
}

static hg_status compare_all(comparison *c, const hg_model *m, const char *weights)
{
    const hgi_classes *known = &m->spec.classes;
    const hgi_labels labels = hgi_dataset_labels(c->data);
    if (known->count == 0) return compare(c, m, weights);
    HGI_TRY(hgi_classes_of(c->ctx, known, &labels, &c->class));
    for (c->only = 0; c->only < known->count; c->only++) HGI_TRY(compare(c, m, weights));
    return HG_OK;
}

hg_status hg_session_compare(hg_ctx *ctx, const hg_model *model, const hg_dataset *data,
                             const char *weights, hg_session_cost *out)
{
    hg_status status = HG_OK;
    comparison c = {.ctx = ctx, .data = data};
    if (model == NULL || data == NULL || weights == NULL || out == NULL ||
        out->size != sizeof *out)
        return hgi_fail(ctx, HG_EINVAL,
                        "hg_session_compare: model, data or weights missing, or "
                        "out->size is not set");
    size_t wide = (size_t)hgi_max(1, data->features) * HGI_INFER_ROWS;
    HGI_TRY(hgi_feed_fits(ctx, model, data, HGI_FEED_ROWS));
    c.cost.size = sizeof c.cost;
    c.x = hgi_calloc(&ctx->mem, wide, sizeof *c.x);
    if (c.x == NULL) HGI_GOTO(hgi_fail_mem(ctx, wide * sizeof *c.x, "rows"));
    c.signs = model->net.loss->has_sigma;
    HGI_GOTO(compare_all(&c, model, weights));
    if (c.signs && c.size > 0) {
        c.difference *= (double)data->rows / c.size;
        c.cost.largest *= (double)data->rows / c.size;
    }
    c.cost.parameters = model->net.params;
    c.cost.rows = data->rows;
    c.cost.f32 = c.sum[0] / (double)data->rows;
    c.cost.narrow = c.sum[1] / (double)data->rows;
    c.cost.mean = c.difference / (double)data->rows;
    *out = c.cost;
done:
    hgi_free(&ctx->mem, c.class);
    hgi_free(&ctx->mem, c.x);
    return status;
}
