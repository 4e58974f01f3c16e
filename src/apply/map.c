// SPDX-License-Identifier: MIT
/* Rows to codes, codes to rows, rows to reconstructions. */
#include "apply/apply.h"
#include "data/stats.h"

#include <string.h>

typedef enum mode { ENCODE, INDICES, DECODE, RECONSTRUCT } map_mode;

typedef struct job {
    hgi_feed feed;
    map_mode mode;
    int64_t wide; /* values of an output row */
    float *out;
    atomic_int_fast64_t infinite; /* first row that came out not finite, or INT64_MAX */
} map_job;

static void fill(void *arg, int64_t first, int64_t n, hgi_real *x, int worker)
{
    map_job *j = arg;
    hgi_feed_fill(&j->feed, first, n, x, worker);
}

/* Finite rows can come out beyond what floats hold, huge codes above all. */
static void note_infinite(map_job *j, const hgi_chunk *c, const float *out)
{
    hgi_stats s;
    hgi_stats_init(&s);
    hgi_stats_f32(&s, c->n * j->wide, out);
    if (s.bad == 0) return;
    int_fast64_t row = c->first + s.first_bad / j->wide, seen = atomic_load(&j->infinite);
    while (row < seen && !atomic_compare_exchange_weak(&j->infinite, &seen, row)) {}
}

/* Codes are written as they are; rows go back to the units of the training data. */
static void sink(void *arg, const hgi_chunk *c)
{
    map_job *j = arg;
    const hg_model *m = j->feed.model;
    float *out = j->out + c->first * j->wide;
    int64_t count = c->n * j->wide;
    if (j->mode == INDICES) {
        const hgi_real *saved = c->pass->slot[m->net.code].saved;
        for (int64_t i = 0; i < count; i++) out[i] = (float)saved[i];
        return;
    }
    if (j->mode == ENCODE) {
        for (int64_t i = 0; i < count; i++) out[i] = (float)c->z[i];
        note_infinite(j, c, out);
        return;
    }
    hgi_predict(&m->net, j->feed.ctx->kernels, c->n, c->y);
    hgi_scaler_undo(&m->scaler, c->n, c->y, out);
    note_infinite(j, c, out);
}

static int64_t out_values(const hgi_net *net, map_mode mode)
{
    return mode == ENCODE    ? net->code_size
           : mode == INDICES ? net->layer[net->code].indices
                             : net->inputs;
}

/* Only the layers that are needed: encoding stops at the code, decoding starts behind
 * it. */
static hg_status run(map_job *j, const hg_dataset *data)
{
    hg_ctx *ctx = j->feed.ctx;
    const hg_model *m = j->feed.model;
    const hgi_net *net = &m->net;
    hgi_infer r;
    int64_t first = j->mode == DECODE ? net->code + 1 : 0;
    int64_t last = j->mode <= INDICES ? net->code + 1 : net->count;
    HGI_TRY(hgi_infer_new(ctx, net, first, last, &r));
    r.fill = fill;
    r.sink = sink;
    r.arg = j;
    hgi_infer_run(&r, m->theta, m->state, data->rows);
    hgi_infer_free(&r);
    int64_t row = (int64_t)atomic_load(&j->infinite);
    if (row == INT64_MAX) return HG_OK;
    return hgi_fail(ctx, HG_ENONFINITE,
                    "%s: row %lld: its %s has values beyond 32-bit floats (3.4e38)%s",
                    data->name, (long long)row + 1,
                    j->mode == ENCODE   ? "code"
                    : j->mode == DECODE ? "decoded row"
                                        : "reconstruction",
                    j->mode == DECODE ? "; is it a code of this model?" : "");
}

/* Codes are not scaled, and have no range. */
static hg_status map(hg_ctx *ctx, const hg_model *m, map_mode mode,
                     const hg_dataset *data, float *out)
{
    const hgi_net *net = &m->net;
    hg_status status;
    map_job j = {.mode = mode, .out = out, .wide = out_values(net, mode)};
    hgi_scaler none;
    memset(&none, 0, sizeof none);
    atomic_init(&j.infinite, INT64_MAX);
    HGI_TRY(hgi_feed_open(ctx, m, data, mode == DECODE, &j.feed));
    if (mode == DECODE) {
        HGI_GOTO(hgi_scaler_make(ctx, HGI_SCALE_NONE, net->code_size, NULL, NULL, &none));
        j.feed.scaler = &none;
        j.feed.range.check = false;
    }
    status = run(&j, data);
done:
    status = hgi_feed_close(&j.feed, status, NULL);
    hgi_scaler_free(&ctx->mem, &none);
    return status;
}

/* ---- memory to memory ------------------------------------------------------------ */

/* A view costs no copy, and checks the numbers as a file's are checked. */
static hg_status map_memory(hg_ctx *ctx, const hg_model *m, map_mode mode,
                            const float *in, int64_t n, float *out)
{
    hg_dataset *d;
    if (m == NULL || in == NULL || out == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and two buffers are needed");
    if (n < 1)
        return hgi_fail(ctx, HG_ESHAPE, "%lld rows, expected at least 1", (long long)n);
    hg_view view = {
        .size = sizeof view, .data = in, .type = HG_F32, .rows = n, .rank = 1};
    view.shape[0] = mode == DECODE ? m->net.code_size : m->net.inputs;
    HGI_TRY(hg_dataset_view(ctx, &view, &d));
    hg_status status = map(ctx, m, mode, d, out);
    hg_dataset_free(&d);
    return status;
}

hg_status hg_encode(hg_ctx *ctx, const hg_model *m, const float *x, int64_t n, float *z)
{
    return map_memory(ctx, m, ENCODE, x, n, z);
}

hg_status hg_decode(hg_ctx *ctx, const hg_model *m, const float *z, int64_t n, float *y)
{
    return map_memory(ctx, m, DECODE, z, n, y);
}

hg_status hg_reconstruct(hg_ctx *ctx, const hg_model *m, const float *x, int64_t n,
                         float *y)
{
    return map_memory(ctx, m, RECONSTRUCT, x, n, y);
}

/* ---- dataset to dataset ---------------------------------------------------------- */

/* Codes are z1, z2, ...; rows have the names of the training file's columns.  Pointers
 * and names lie in the one block that a dataset owns.
 *    */
static hg_status name_columns(hg_ctx *ctx, const hg_model *m, map_mode mode,
                              hg_dataset *d)
{
    enum { NUMBERED = 24 };
    if (mode > INDICES && m->columns == NULL) return HG_OK;
    size_t n = (size_t)d->features, bytes = n * sizeof *d->columns;
    for (size_t i = 0; i < n; i++)
        bytes += mode <= INDICES ? NUMBERED : strlen(m->columns[i]) + 1;
    d->columns_owned = hgi_alloc(&ctx->mem, bytes);
    if (d->columns_owned == NULL) return hgi_fail_mem(ctx, bytes, "column names");
    d->columns = d->columns_owned;
    char *text = (char *)(d->columns + n);
    for (size_t i = 0; i < n; i++) {
        size_t room = mode <= INDICES ? NUMBERED : strlen(m->columns[i]) + 1;
        if (mode <= INDICES)
            snprintf(text, room, "z%zu", i + 1);
        else
            memcpy(text, m->columns[i], room);
        d->columns[i] = text;
        text += room;
    }
    return HG_OK;
}

static hg_status map_dataset(hg_ctx *ctx, const hg_model *m, map_mode mode,
                             const hg_dataset *data, hg_dataset **out)
{
    hg_status status;
    hg_dataset *d = NULL;
    float *values;
    *out = NULL;
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    const hgi_layer *code = &m->net.layer[m->net.code];
    const hgi_shape indices = {1, {code->indices, 0, 0}};
    const hgi_shape *shape = mode == ENCODE    ? &code->out
                             : mode == INDICES ? &indices
                                               : &m->net.input;
    /* What info calls the data: they have no file yet. */
    const char *format = mode <= INDICES ? "codes" : "rows";
    HGI_TRY(hgi_dataset_new(ctx, data->name, format, data->rows, shape->rank, shape->dim,
                            &values, &d));
    HGI_GOTO(map(ctx, m, mode, data, values));
    HGI_GOTO(name_columns(ctx, m, mode, d));
    hgi_stats stats;
    hgi_stats_init(&stats);
    hgi_stats_f32(&stats, d->rows * d->features, values);
    hgi_stats_end(&stats, &d->min, &d->max, &d->mean);
    *out = d;
done:
    if (status != HG_OK) hg_dataset_free(&d);
    return status;
}

hg_status hg_encode_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                            hg_dataset **out)
{
    return map_dataset(ctx, m, ENCODE, data, out);
}

hg_status hg_encode_indices(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                            hg_dataset **out)
{
    *out = NULL;
    const hgi_layer *code = m != NULL ? &m->net.layer[m->net.code] : NULL;
    if (code != NULL && code->indices == 0)
        return hgi_fail(ctx, HG_EINVAL, "a code of kind %s has no indices, only vq has",
                        code->kind->name);
    return map_dataset(ctx, m, INDICES, data, out);
}

hg_status hg_decode_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *codes,
                            hg_dataset **out)
{
    return map_dataset(ctx, m, DECODE, codes, out);
}

hg_status hg_reconstruct_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                                 hg_dataset **out)
{
    return map_dataset(ctx, m, RECONSTRUCT, data, out);
}
