// SPDX-License-Identifier: MIT
/* Rows in: scaled as in training; what lies outside a bce model's range is never silent.
 *
 * Filling runs on several threads and cannot return an error, so it takes notes: how many
 * rows were clipped, and the first that was refused.  hgi_feed_check() makes an error of
 * them, hgi_feed_close() a warning.  The first by row, not by time: the message does not
 * depend on threads. */
#include "apply/apply.h"

#include "base/team.h"
#include "data/blocks.h"
#include "data/expand.h"

#include <string.h>

void hgi_feed_options(const hg_model *m, hg_data_options *o)
{
    if (o->schema == NULL) o->schema = hg_model_schema(m);
    if (o->schema == NULL) o->strict = 2;
    if (o->pictures == NULL) o->pictures = hg_model_pictures(m);
}

/* "28x28x1" */
static void shape_text(int rank, const int64_t *shape, char *out, size_t n)
{
    size_t len = 0;
    for (int i = 0; i < rank && len < n; i++)
        len += (size_t)snprintf(out + len, n - len, "%s%lld", i > 0 ? "x" : "",
                                (long long)shape[i]);
}

hg_status hgi_feed_wrong(hg_ctx *ctx, const hg_model *m, const hg_dataset *d,
                         int64_t wanted)
{
    const hgi_shape *s = &m->spec.input;
    char rows[80], model[80], hint[80] = "";
    bool shapes = d->rank > 1 && s->rank > 1 && wanted == m->net.inputs;
    if (d->pictures != NULL && s->rank == 1 && !m->has_pictures)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: a picture of %lldx%lld; the model wants a table of %lld "
                        "column%s",
                        d->name, (long long)d->shape[0], (long long)d->shape[1],
                        (long long)wanted, wanted == 1 ? "" : "s");
    if (!shapes)
        return hgi_fail(
            ctx, HG_ESHAPE, "%s: %lld value%s a row, but the model wants %lld", d->name,
            (long long)d->features, d->features == 1 ? "" : "s", (long long)wanted);
    shape_text(d->rank, d->shape, rows, sizeof rows);
    shape_text(s->rank, s->dim, model, sizeof model);
    bool same = d->shape[0] == s->dim[0] && d->shape[1] == s->dim[1];
    if (d->pictures != NULL && !same)
        snprintf(hint, sizeof hint, ": set resize, crop or tile to %lldx%lld",
                 (long long)s->dim[0], (long long)s->dim[1]);
    else if (d->pictures != NULL)
        snprintf(hint, sizeof hint, ": set %s",
                 s->rank < 3 || s->dim[2] == 1 ? "grey" : "colour");
    return hgi_fail(ctx, HG_ESHAPE, "%s: rows of %s, but the model wants %s%s", d->name,
                    rows, model, hint);
}

static hg_status wrong_shape(hg_ctx *ctx, const hg_model *m, const hg_dataset *d,
                             int64_t wanted, hgi_feed_kind kind)
{
    const hgi_layer *code = &m->net.layer[m->net.code];
    if (kind == HGI_FEED_INDICES)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: %lld values a row, but a code of the model has %lld indices",
                        d->name, (long long)d->features, (long long)wanted);
    if (kind == HGI_FEED_CODES && code->indices > 0)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: %lld values a row, but a code of the model has %lld values, "
                        "or %lld indices",
                        d->name, (long long)d->features, (long long)m->net.code_size,
                        (long long)code->indices);
    return hgi_feed_wrong(ctx, m, d, wanted);
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

hg_status hgi_feed_fits(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        hgi_feed_kind kind)
{
    int64_t wanted = kind == HGI_FEED_ROWS    ? hgi_model_raw(m)
                     : kind == HGI_FEED_CODES ? m->net.code_size
                                              : m->net.layer[m->net.code].indices;
    if (data->features != wanted) return wrong_shape(ctx, m, data, wanted, kind);
    /* Codes are numbered, whatever the file calls them. */
    if (kind != HGI_FEED_ROWS) return HG_OK;
    HGI_TRY(hgi_schema_fits(ctx, m->scaler.schema, data, "the model"));
    return check_columns(ctx, m, data);
}

hg_status hgi_feed_open(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        hgi_feed_kind kind, const hgi_rows *w, hgi_feed *out)
{
    hgi_team *team;
    memset(out, 0, sizeof *out);
    HGI_TRY(hgi_feed_fits(ctx, m, data, kind));
    HGI_TRY(hgi_ctx_team(ctx, &team));
    size_t count = (size_t)hgi_team_size(team) * (size_t)data->features;
    out->wide = kind != HGI_FEED_ROWS ? m->net.code_size : m->net.inputs;
    out->scratch = hgi_calloc(&ctx->mem, count, sizeof *out->scratch);
    if (out->scratch == NULL) return hgi_fail_mem(ctx, count * sizeof(float), "rows");
    out->ctx = ctx;
    out->model = m;
    out->window = w;
    out->name = data->name;
    out->scaler = &m->scaler;
    out->range = hgi_model_range(m);
    out->counts = true;
    atomic_init(&out->clipped, 0);
    atomic_init(&out->refused, INT64_MAX);
    return HG_OK;
}

hg_status hgi_feed_classes(hgi_feed *f, const hg_dataset *data)
{
    const hgi_classes *known = &f->model->spec.classes;
    if (known->count == 0) return HG_OK;
    const hgi_labels labels = hgi_dataset_labels(data);
    HGI_TRY(hgi_classes_of(f->ctx, known, &labels, &f->classes));
    f->classed = data->labelled;
    return HG_OK;
}

hg_status hgi_unconditional(hg_ctx *ctx, const hg_model *m, const char *what)
{
    if (m->spec.classes.count == 0) return HG_OK;
    return hgi_fail(ctx, HG_EINVAL,
                    "%s: not for conditional models, whose rows have classes", what);
}

hg_status hgi_feed_labelled(const hgi_feed *f)
{
    if (f->classes == NULL || f->window->first + f->window->n <= f->classed) return HG_OK;
    return hgi_fail(f->ctx, HG_ESHAPE, "%s: more rows than the %lld labels", f->name,
                    (long long)f->classed);
}

/* Labels of rows that did not come: these were another file's. */
hg_status hgi_feed_all_labels(hg_ctx *ctx, const hg_dataset *like, int64_t rows)
{
    if (like->labels == NULL || like->labelled == rows) return HG_OK;
    return hgi_fail(ctx, HG_ESHAPE, "%s: %lld rows, but %lld labels", like->name,
                    (long long)rows, (long long)like->labelled);
}

/* The lowest row wins, in whatever order threads come. */
static void note_refused(hgi_feed *f, int64_t row)
{
    int_fast64_t seen = atomic_load(&f->refused);
    while (row < seen && !atomic_compare_exchange_weak(&f->refused, &seen, row)) {}
}

void hgi_feed_fill(hgi_feed *f, int64_t first, int64_t n, hgi_real *x, int worker)
{
    const hgi_rows *w = f->window;
    int64_t d = f->wide, count = 0;
    float *scratch = f->scratch + (int64_t)worker * w->rows->features;
    unsigned char clipped[HGI_INFER_ROWS] = {0};
    int64_t bad = hgi_batch_fill(f->ctx->kernels, w->rows, f->scaler, &f->range, NULL,
                                 w->at + first, n, scratch, x, clipped);
    for (int64_t i = 0; i < n; i++) count += clipped[i];
    if (f->counts && count > 0) atomic_fetch_add(&f->clipped, count);
    if (bad < 0) return;
    note_refused(f, first + bad);
    for (int64_t i = bad * d; i < n * d; i++)
        x[i] = 0; /* nothing uninitialised goes on */
}

void hgi_feed_targets(hgi_feed *f, int64_t first, int64_t n, hgi_real *target, int worker)
{
    const hgi_rows *w = f->window;
    float *scratch = f->scratch + (int64_t)worker * w->rows->features;
    if (f->model->net.schema == NULL)
        hgi_feed_fill(f, first, n, target, worker);
    else
        hgi_batch_targets(w->rows, f->scaler, NULL, w->at + first, n, scratch, target);
}

/* The first value of a refused row that is outside, for the message. */
static hg_status refuse(hgi_feed *f, int64_t at)
{
    char place[128], found[HGI_NUMBER_MAX];
    const hgi_scaler *s = f->scaler;
    const hg_dataset *d = f->window->rows;
    int64_t row = f->window->first + at;
    hgi_dataset_row(d, f->window->at + at, f->scratch);
    for (int64_t c = 0; c < d->features; c++) {
        double v = hgi_scale_value(s, c, (double)f->scratch[c]);
        if (v >= f->range.lo - HGI_ROUNDING && v <= f->range.hi + HGI_ROUNDING) continue;
        hgi_dataset_place(d, row, c, place, sizeof place);
        hgi_format_float(found, f->scratch[c]);
        if (f->model->net.loss->counts)
            return hgi_fail(f->ctx, HG_ERANGE,
                            "%s: %s: %s, but loss multinomial takes counts, 0 or more",
                            f->name, place, found);
        return hgi_fail(
            f->ctx, HG_ERANGE,
            "%s: %s: %s is outside the range the model was trained on (scaled %.4g, "
            "expected 0 to 1), and the model refuses such rows",
            f->name, place, found, v);
    }
    return hgi_fail(f->ctx, HG_ERANGE, "%s: row %lld is outside the training range",
                    f->name, (long long)row + 1);
}

hg_status hgi_feed_check(hgi_feed *f)
{
    int64_t row = (int64_t)atomic_load(&f->refused);
    return row == INT64_MAX ? HG_OK : refuse(f, row);
}

/* Rows that came by blocks have their ends in the stream's statistics. */
static hgi_apart apart(const hgi_feed *f, int64_t rows)
{
    const hgi_rows *w = f->window;
    const hg_dataset *d = w->rows;
    double min = d->min, max = d->max, mean;
    if (f->scaler != &f->model->scaler || rows < 1) return HGI_ALIKE;
    if (w->blocks != NULL) hgi_stats_end(&w->blocks->stats, &min, &max, &mean);
    return hgi_scaler_apart(f->scaler, f->model->shares, min, max, rows,
                            d->type == HG_U8);
}

/* Why rows were clipped is worth more than that they were. */
static void warn(const hgi_feed *f, int64_t rows, int64_t clipped)
{
    hgi_apart why = apart(f, rows);
    if (why != HGI_ALIKE)
        hgi_warn_apart(f->ctx, f->name, why);
    else if (clipped > 0)
        hgi_log(f->ctx, HG_LOG_WARNING,
                "%s: %lld of %lld rows have values outside the range the model was "
                "trained on; they were clipped to it",
                f->name, (long long)clipped, (long long)rows);
}

void hgi_feed_close(hgi_feed *f, hg_status status, int64_t rows, int64_t *clipped)
{
    /* Never opened: callers close on every path. */
    if (f->ctx == NULL) return;
    int64_t count = (int64_t)atomic_load(&f->clipped);
    if (status == HG_OK && f->counts) warn(f, rows, count);
    if (clipped != NULL) *clipped = count;
    hgi_free(&f->ctx->mem, f->scratch);
    hgi_free(&f->ctx->mem, f->classes);
    f->ctx = NULL;
}
