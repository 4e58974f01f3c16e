// SPDX-License-Identifier: MIT
/* Rows to codes, codes to rows, rows to reconstructions: a window of rows at a time, to
 * memory here, to a file in map_file.c. */
#include "apply/map.h"
#include "data/stats.h"

#include <math.h>
#include <string.h>

/* The lowest row wins, in whatever order threads come. */
static void note_row(atomic_int_fast64_t *first, int_fast64_t row)
{
    int_fast64_t seen = atomic_load(first);
    while (row < seen && !atomic_compare_exchange_weak(first, &seen, row)) {}
}

/* Also of what is not a number: it is no entry. */
static bool is_entry(const hgi_layer *code, float v)
{
    return v >= 0 && v < (float)code->entries && v <= floorf(v);
}

/* Indices become the entries' vectors, z as the decoder takes it. */
static void fill_entries(hgi_map_job *j, int64_t first, int64_t n, hgi_real *z,
                         int worker)
{
    const hg_model *m = j->feed.model;
    const hgi_layer *code = &m->net.layer[m->net.code];
    const hgi_rows *w = j->feed.window;
    const int64_t parts = code->indices, wide = m->net.code_size / parts;
    const hgi_real *book = m->state + code->tensor[0].offset;
    float *index = j->feed.scratch + (int64_t)worker * w->rows->features;
    for (int64_t r = 0; r < n; r++) {
        hgi_dataset_row(w->rows, w->at + first + r, index);
        for (int64_t p = 0; p < parts; p++, z += wide) {
            bool known = is_entry(code, index[p]);
            if (!known) note_row(&j->no_entry, first + r);
            memcpy(z, book + (known ? (int64_t)index[p] : 0) * wide,
                   (size_t)wide * sizeof *z);
        }
    }
}

static void fill(void *arg, int64_t first, int64_t n, hgi_real *x, int worker)
{
    hgi_map_job *j = arg;
    if (j->mode == HGI_DECODE_INDICES)
        fill_entries(j, first, n, x, worker);
    else
        hgi_feed_fill(&j->feed, first, n, x, worker);
}

/* Finite rows can come out beyond what floats hold, huge codes above all. */
static void note_infinite(hgi_map_job *j, const hgi_chunk *c, const float *out)
{
    hgi_stats s;
    hgi_stats_init(&s);
    hgi_stats_f32(&s, c->n * j->wide, out);
    if (s.bad > 0) note_row(&j->infinite, c->first + s.first_bad / j->wide);
}

static void take_logvar(const hgi_map_job *j, const hgi_chunk *c, float *out)
{
    const hgi_net *net = &j->feed.model->net;
    const hgi_layer *code = &net->layer[net->code];
    for (int64_t r = 0; r < c->n; r++) {
        const hgi_real *mu, *logvar;
        code->kind->posterior(code, c->pass, r, &mu, &logvar);
        for (int64_t i = 0; i < j->wide; i++) out[r * j->wide + i] = (float)logvar[i];
    }
}

/* Values that are there come back as they were. */
static void keep_observed(const hgi_map_job *j, const hgi_chunk *c, float *out)
{
    const hgi_rows *w = j->feed.window;
    for (int64_t r = 0; r < c->n; r++)
        for (int64_t i = 0; i < j->wide; i++) {
            float v;
            hgi_dataset_part(w->rows, w->at + c->first + r, i, 1, &v);
            if (!isnan(v)) out[r * j->wide + i] = v;
        }
}

/* Codes are written as they are; rows go back to the units of the training data. */
static void sink(void *arg, const hgi_chunk *c)
{
    hgi_map_job *j = arg;
    const hg_model *m = j->feed.model;
    int64_t row = c->first + (j->whole ? j->feed.window->first : 0);
    float *out = j->out + row * j->wide;
    int64_t count = c->n * j->wide;
    if (j->mode == HGI_INDICES) {
        const hgi_real *saved = c->pass->slot[m->net.code].saved;
        for (int64_t i = 0; i < count; i++) out[i] = (float)saved[i];
        return;
    }
    if (j->mode == HGI_LOGVAR) {
        take_logvar(j, c, out);
        note_infinite(j, c, out);
        return;
    }
    if (hgi_map_encodes(j->mode)) {
        for (int64_t i = 0; i < count; i++) out[i] = (float)c->z[i];
        note_infinite(j, c, out);
        return;
    }
    hgi_predict(&m->net, j->feed.ctx->kernels, c->n, 1,
                j->mode == HGI_RECONSTRUCT ? c->x : NULL, c->y);
    hgi_scaler_undo(&m->scaler, c->n, c->y, out);
    if (j->mode == HGI_IMPUTE) keep_observed(j, c, out);
    note_infinite(j, c, out);
}

static int64_t out_values(const hg_model *m, hgi_map_mode mode)
{
    const hgi_net *net = &m->net;
    return mode == HGI_INDICES     ? net->layer[net->code].indices
           : hgi_map_encodes(mode) ? net->code_size
                                   : hgi_model_raw(m);
}

static hg_status check_infinite(hgi_map_job *j)
{
    int64_t row = (int64_t)atomic_load(&j->infinite);
    if (row == INT64_MAX) return HG_OK;
    return hgi_fail(j->feed.ctx, HG_ENONFINITE,
                    "%s: row %lld: its %s has values beyond 32-bit floats (3.4e38)%s",
                    j->feed.name, (long long)(j->feed.window->first + row) + 1,
                    hgi_map_encodes(j->mode)   ? "code"
                    : hgi_map_decodes(j->mode) ? "decoded row"
                                               : "reconstruction",
                    hgi_map_decodes(j->mode) ? "; is it a code of this model?" : "");
}

/* The first place of the row whose number is no entry's. */
static hg_status check_entries(hgi_map_job *j)
{
    const hg_model *m = j->feed.model;
    const hgi_layer *code = &m->net.layer[m->net.code];
    int64_t row = (int64_t)atomic_load(&j->no_entry), p = 0;
    char place[128], found[HGI_NUMBER_MAX];
    float *index = j->feed.scratch;
    if (row == INT64_MAX) return HG_OK;
    hgi_dataset_row(j->feed.window->rows, j->feed.window->at + row, index);
    while (p < code->indices - 1 && is_entry(code, index[p])) p++;
    hgi_dataset_place(j->feed.window->rows, j->feed.window->first + row, p, place,
                      sizeof place);
    hgi_format_float(found, index[p]);
    return hgi_fail(j->feed.ctx, HG_ERANGE,
                    "%s: %s: %s is no entry of the codebook, expected a whole number "
                    "from 0 to %lld",
                    j->feed.name, place, found, (long long)code->entries - 1);
}

/* Only the layers that are needed: encoding stops at the code, decoding starts behind it.
 * Codes are not scaled, and have no range. */
hg_status hgi_map_open(hg_ctx *ctx, const hg_model *m, hgi_map_mode mode,
                       const hg_dataset *like, const hgi_rows *w, hgi_map_job *j)
{
    hg_status status = HG_OK;
    const hgi_net *net = &m->net;
    int64_t first = hgi_map_decodes(mode) ? net->code + 1 : 0;
    int64_t last = hgi_map_encodes(mode) ? net->code + 1 : net->count;
    memset(j, 0, sizeof *j);
    j->mode = mode;
    j->wide = out_values(m, mode);
    atomic_init(&j->infinite, INT64_MAX);
    atomic_init(&j->no_entry, INT64_MAX);
    hgi_feed_kind kind = mode == HGI_DECODE           ? HGI_FEED_CODES
                         : mode == HGI_DECODE_INDICES ? HGI_FEED_INDICES
                                                      : HGI_FEED_ROWS;
    HGI_GOTO(hgi_feed_open(ctx, m, like, kind, w, &j->feed));
    if (hgi_map_decodes(mode)) {
        HGI_GOTO(
            hgi_scaler_make(ctx, HGI_SCALE_NONE, net->code_size, NULL, NULL, &j->none));
        j->feed.scaler = &j->none;
        j->feed.range.check = false;
    }
    HGI_GOTO(hgi_feed_classes(&j->feed, like));
    HGI_GOTO(hgi_infer_new(ctx, net, first, last, &j->infer));
    j->infer.classes = j->feed.classes;
    j->infer.fill = fill;
    j->infer.sink = sink;
    j->infer.arg = j;
    j->infer.sample = mode == HGI_SAMPLE;
    j->infer.seed = m->trained.seed;
done:
    if (status != HG_OK) hgi_map_close(j, status, 0);
    return status;
}

void hgi_map_close(hgi_map_job *j, hg_status status, int64_t rows)
{
    hg_ctx *ctx = j->feed.ctx;
    if (ctx == NULL) return; /* never opened */
    if (j->infer.ctx != NULL) hgi_infer_free(&j->infer);
    hgi_scaler_free(&ctx->mem, &j->none);
    hgi_feed_close(&j->feed, status, rows, NULL);
}

hg_status hgi_map_window(hgi_map_job *j)
{
    const hg_model *m = j->feed.model;
    j->infer.base = j->feed.window->first;
    HGI_TRY(hgi_feed_labelled(&j->feed));
    hgi_infer_run(&j->infer, m->theta, m->state, j->feed.window->n);
    HGI_TRY(hgi_feed_check(&j->feed));
    HGI_TRY(check_entries(j));
    return check_infinite(j);
}

static hg_status map(hg_ctx *ctx, const hg_model *m, hgi_map_mode mode,
                     const hg_dataset *data, float *out)
{
    hg_status status;
    hgi_rows w;
    hgi_map_job j;
    memset(&j, 0, sizeof j);
    HGI_TRY(hgi_rows_open(ctx, data, 0, &w));
    HGI_GOTO(hgi_map_open(ctx, m, mode, data, &w, &j));
    j.out = out;
    j.whole = true;
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        HGI_GOTO(hgi_map_window(&j));
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
done:
    hgi_map_close(&j, status, data->rows);
    hgi_rows_close(&w);
    return status;
}

/* ---- memory to memory ------------------------------------------------------------ */

/* A view costs no copy, and checks the numbers as a file's are checked. */
hg_status hgi_map_memory(hg_ctx *ctx, const hg_model *m, hgi_map_mode mode,
                         const float *in, const hgi_labels *labels, int64_t n, float *out)
{
    hg_dataset *d;
    if (m == NULL || in == NULL || out == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and two buffers are needed");
    if (n < 1)
        return hgi_fail(ctx, HG_ESHAPE, "%lld rows, expected at least 1", (long long)n);
    hg_view view = {
        .size = sizeof view, .data = in, .type = HG_F32, .rows = n, .rank = 1};
    view.shape[0] = hgi_map_decodes(mode) ? m->net.code_size : hgi_model_raw(m);
    if (!hgi_map_decodes(mode)) view.schema = m->scaler.schema;
    HGI_TRY(hg_dataset_view(ctx, &view, &d));
    hg_status status = HG_OK;
    if (labels != NULL && labels->count > 0) status = hgi_dataset_label(ctx, d, labels);
    if (status == HG_OK) status = map(ctx, m, mode, d, out);
    hg_dataset_free(&d);
    return status;
}

hg_status hg_encode(hg_ctx *ctx, const hg_model *m, const float *x, int64_t n, float *z)
{
    return hgi_map_memory(ctx, m, HGI_ENCODE, x, NULL, n, z);
}

hg_status hg_decode(hg_ctx *ctx, const hg_model *m, const float *z, int64_t n, float *y)
{
    return hgi_map_memory(ctx, m, HGI_DECODE, z, NULL, n, y);
}

hg_status hg_reconstruct(hg_ctx *ctx, const hg_model *m, const float *x, int64_t n,
                         float *y)
{
    return hgi_map_memory(ctx, m, HGI_RECONSTRUCT, x, NULL, n, y);
}

/* ---- dataset to dataset ---------------------------------------------------------- */

/* Rows of a model that divides by 255 are pixels; of others nothing is known. */
float hgi_map_white(const hg_model *m)
{
    bool pixels = m->scaler.kind == HGI_SCALE_UNIT || m->has_pictures;
    /* Rows in [0,1] as they are, whose reconstructions are known to stay there. */
    bool shares = m->scaler.kind == HGI_SCALE_NONE && m->net.loss->unit_range;
    return pixels ? 255 : shares ? 1 : 0;
}

void hgi_map_pictures(const hg_model *m, const hg_dataset *d, hg_dataset *out)
{
    out->white = hgi_map_white(m);
    out->pictures = d->pictures;
}

/* Pointers and names lie in the one block that a dataset owns. */
hg_status hgi_map_columns(hg_ctx *ctx, const hg_model *m, hgi_map_mode mode,
                          hg_dataset *d)
{
    enum { NUMBERED = 24 };
    if (!hgi_map_encodes(mode) && m->scaler.schema != NULL) {
        HGI_TRY(hgi_schema_copy(ctx, m->scaler.schema, &d->schema));
        d->schema_own = true;
    }
    if (!hgi_map_encodes(mode) && m->columns == NULL) return HG_OK;
    size_t n = (size_t)d->features, bytes = n * sizeof *d->columns;
    for (size_t i = 0; i < n; i++)
        bytes += hgi_map_encodes(mode) ? NUMBERED : strlen(m->columns[i]) + 1;
    d->columns_owned = hgi_alloc(&ctx->mem, bytes);
    if (d->columns_owned == NULL) return hgi_fail_mem(ctx, bytes, "column names");
    d->columns = d->columns_owned;
    char *text = (char *)(d->columns + n);
    for (size_t i = 0; i < n; i++) {
        size_t room = hgi_map_encodes(mode) ? NUMBERED : strlen(m->columns[i]) + 1;
        if (hgi_map_encodes(mode))
            snprintf(text, room, "z%zu", i + 1);
        else
            memcpy(text, m->columns[i], room);
        d->columns[i] = text;
        text += room;
    }
    return HG_OK;
}

hgi_shape hgi_map_shape(const hg_model *m, hgi_map_mode mode)
{
    const hgi_layer *code = &m->net.layer[m->net.code];
    if (mode == HGI_INDICES) return (hgi_shape){1, {code->indices, 0, 0}};
    if (hgi_map_encodes(mode)) return code->out;
    if (m->net.schema != NULL) return (hgi_shape){1, {m->net.schema->columns, 0, 0}};
    return m->net.input;
}

hg_status hgi_map_check_indices(hg_ctx *ctx, const hg_model *m)
{
    const hgi_layer *code = m != NULL ? &m->net.layer[m->net.code] : NULL;
    if (code == NULL || code->indices > 0) return HG_OK;
    return hgi_fail(ctx, HG_EINVAL, "a code of kind %s has no indices, only vq has",
                    code->kind->name);
}

hgi_map_mode hgi_map_decoding(const hg_model *m, const hg_dataset *data)
{
    const hgi_layer *code = &m->net.layer[m->net.code];
    bool codes = code->indices == 0 || data->features == m->net.code_size;
    return codes || data->features != code->indices ? HGI_DECODE : HGI_DECODE_INDICES;
}

static hg_status map_dataset(hg_ctx *ctx, const hg_model *m, hgi_map_mode mode,
                             const hg_dataset *data, hg_dataset **out)
{
    hg_status status;
    hg_dataset *d = NULL;
    float *values;
    *out = NULL;
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    const char *format = hgi_map_encodes(mode) ? "codes" : "rows"; /* they have no file */
    hgi_shape shape = hgi_map_shape(m, mode);
    HGI_TRY(hgi_dataset_new(ctx, data->name, format, data->rows, shape.rank, shape.dim,
                            &values, &d));
    HGI_GOTO(map(ctx, m, mode, data, values));
    HGI_GOTO(hgi_map_columns(ctx, m, mode, d));
    /* Names of pictures stay with their dataset, which may be gone before this one. */
    if (mode == HGI_RECONSTRUCT) d->white = hgi_map_white(m);
    if (d->schema != NULL) {
        HGI_GOTO(hgi_dataset_check(ctx, d));
    } else {
        hgi_stats stats;
        hgi_stats_init(&stats);
        hgi_stats_f32(&stats, d->rows * d->features, values);
        hgi_stats_end(&stats, &d->min, &d->max, &d->mean);
    }
    *out = d;
done:
    if (status != HG_OK) hg_dataset_free(&d);
    return status;
}

hg_status hg_encode_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                            hg_dataset **out)
{
    return map_dataset(ctx, m, HGI_ENCODE, data, out);
}

hg_status hg_encode_indices(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                            hg_dataset **out)
{
    *out = NULL;
    HGI_TRY(hgi_map_check_indices(ctx, m));
    return map_dataset(ctx, m, HGI_INDICES, data, out);
}

hg_status hgi_map_check_drawn(hg_ctx *ctx, const hg_model *m, const char *what)
{
    const hgi_layer *code = m != NULL ? &m->net.layer[m->net.code] : NULL;
    if (code == NULL || code->kind->posterior != NULL) return HG_OK;
    return hgi_fail(ctx, HG_EINVAL,
                    "%s: this code is %s: only a variational one has a variance", what,
                    code->kind->name);
}

hg_status hg_encode_part(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                         const char *what, hg_dataset **out)
{
    static const char *const parts[] = {"mean", "logvar", "sample", NULL};
    int part = 0;
    *out = NULL;
    if (m == NULL || what == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and a part of its code are needed");
    while (parts[part] != NULL && strcmp(parts[part], what) != 0) part++;
    if (parts[part] == NULL)
        return hgi_unknown(ctx, "part of a code", what, NULL, parts, 3);
    if (part > 0) HGI_TRY(hgi_map_check_drawn(ctx, m, what));
    return map_dataset(ctx, m, (hgi_map_mode)part, data, out);
}

hg_status hg_decode_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *codes,
                            hg_dataset **out)
{
    hgi_map_mode mode =
        m != NULL && codes != NULL ? hgi_map_decoding(m, codes) : HGI_DECODE;
    return map_dataset(ctx, m, mode, codes, out);
}

hg_status hg_decode_indices(hg_ctx *ctx, const hg_model *m, const hg_dataset *indices,
                            hg_dataset **out)
{
    *out = NULL;
    HGI_TRY(hgi_map_check_indices(ctx, m));
    return map_dataset(ctx, m, HGI_DECODE_INDICES, indices, out);
}

hg_status hg_impute_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                            hg_dataset **out)
{
    return map_dataset(ctx, m, HGI_IMPUTE, data, out);
}

hg_status hg_reconstruct_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                                 hg_dataset **out)
{
    return map_dataset(ctx, m, HGI_RECONSTRUCT, data, out);
}
