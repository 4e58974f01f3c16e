// SPDX-License-Identifier: MIT
/* Rows in: scaled as in training; what lies outside a bce model's range is never silent.
 *
 * Filling runs on several threads and cannot return an error, so it takes notes: which rows
 * were clipped, and the first that was refused.  hgi_feed_close() makes a warning or an
 * error of them.  The first by row, not by time: the message does not depend on threads. */
#include "apply/apply.h"

#include "base/team.h"

#include <string.h>

static hg_status wrong_shape(hg_ctx *ctx, const hg_dataset *d, int64_t wanted)
{
    return hgi_fail(ctx, HG_ESHAPE, "%s: %lld values a row, but the model wants %lld",
                    d->name, (long long)d->features, (long long)wanted);
}

/* A table whose columns have other names, or another order, would be read as if they had
 * ours: a wrong answer that looks right.                                               */
static hg_status check_columns(hg_ctx *ctx, const hg_model *m, const hg_dataset *d)
{
    int64_t i = hgi_columns_differ(m->columns, d->columns, d->features);
    if (i < 0) return HG_OK;
    return hgi_fail(ctx, HG_EMISMATCH,
                    "%s: column %lld is '%.200s', but the model was trained with "
                    "'%.200s' there; choose and order the columns by name",
                    d->name, (long long)i + 1, d->columns[i], m->columns[i]);
}

hg_status hgi_feed_open(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        bool codes, hgi_feed *out)
{
    int64_t wanted = codes ? m->net.code_size : m->net.inputs;
    hgi_team *team;
    hgi_feed f = {.ctx = ctx, .model = m, .data = data, .scaler = &m->scaler};
    memset(out, 0, sizeof *out);
    if (data->features != wanted) return wrong_shape(ctx, data, wanted);
    /* Codes are numbered, whatever the file calls them. */
    if (!codes) HGI_TRY(check_columns(ctx, m, data));
    HGI_TRY(hgi_ctx_team(ctx, &team));
    f.range = hgi_model_range(m);
    f.scratch =
        hgi_calloc(&ctx->mem, (size_t)hgi_team_size(team) * (size_t)data->features,
                   sizeof *f.scratch);
    /* A byte a row, not a counter: threads write their own rows without meeting. */
    f.clipped = hgi_calloc(&ctx->mem, (size_t)data->rows, 1);
    if (f.scratch == NULL || f.clipped == NULL) {
        hgi_free(&ctx->mem, f.scratch);
        hgi_free(&ctx->mem, f.clipped);
        return hgi_fail_mem(ctx, (size_t)data->rows, "marks of clipped rows");
    }
    atomic_init(&f.refused, INT64_MAX);
    *out = f;
    return HG_OK;
}

/* The lowest row wins, in whatever order threads come. */
static void note_refused(hgi_feed *f, int64_t row)
{
    int_fast64_t seen = atomic_load(&f->refused);
    while (row < seen && !atomic_compare_exchange_weak(&f->refused, &seen, row)) {}
}

void hgi_feed_fill(hgi_feed *f, int64_t first, int64_t n, hgi_real *x, int worker)
{
    int64_t d = f->data->features;
    float *scratch = f->scratch + (int64_t)worker * d;
    int64_t bad = hgi_batch_fill(f->ctx->kernels, f->data, f->scaler, &f->range, NULL,
                                 first, n, scratch, x, f->clipped + first);
    if (bad < 0) return;
    note_refused(f, first + bad);
    for (int64_t i = bad * d; i < n * d; i++)
        x[i] = 0; /* nothing uninitialised goes on */
}

/* The first value of a refused row that is outside, for the message. */
static hg_status refuse(hgi_feed *f, int64_t row)
{
    char place[128], found[HGI_NUMBER_MAX];
    const hgi_scaler *s = f->scaler;
    hgi_dataset_row(f->data, row, f->scratch);
    for (int64_t c = 0; c < f->data->features; c++) {
        double v = ((double)f->scratch[c] - s->shift[c]) * s->scale[c];
        if (v >= f->range.lo - HGI_ROUNDING && v <= f->range.hi + HGI_ROUNDING) continue;
        hgi_dataset_place(f->data, row, c, place, sizeof place);
        hgi_format_float(found, f->scratch[c]);
        return hgi_fail(
            f->ctx, HG_ERANGE,
            "%s: %s: %s is outside the range the model was trained on (scaled %.4g, "
            "expected 0 to 1), and the model refuses such rows",
            f->data->name, place, found, v);
    }
    return hgi_fail(f->ctx, HG_ERANGE, "%s: row %lld is outside the training range",
                    f->data->name, (long long)row + 1);
}

hg_status hgi_feed_close(hgi_feed *f, hg_status status, int64_t *clipped)
{
    int64_t count = 0;
    /* Never opened, or closed already: callers close on every path. */
    if (f->ctx == NULL) return status;
    if (status == HG_OK && atomic_load(&f->refused) != INT64_MAX)
        status = refuse(f, (int64_t)atomic_load(&f->refused));
    for (int64_t i = 0; i < f->data->rows; i++) count += f->clipped[i];
    if (status == HG_OK && count > 0)
        hgi_log(f->ctx, HG_LOG_WARNING,
                "%s: %lld of %lld rows have values outside the range the model was "
                "trained on; "
                "they were clipped to it",
                f->data->name, (long long)count, (long long)f->data->rows);
    if (clipped != NULL) *clipped = count;
    hgi_free(&f->ctx->mem, f->scratch);
    hgi_free(&f->ctx->mem, f->clipped);
    f->ctx = NULL;
    return status;
}
