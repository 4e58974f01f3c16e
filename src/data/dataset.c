// SPDX-License-Identifier: MIT
/* A dataset once it is read: rows, facts, places for messages, memory.
 *
 * Everything that reads a value goes through hgi_dataset_row() or the two fast paths, so
 * that layout (packed, strided, split) is known in this file alone; and goes there through
 * a window, which brings rows to memory that are held in a file (rows.c).            */
#include "data/blocks.h"
#include "data/names.h"
#include "data/pictures.h"

#include <math.h>
#include <string.h>

/* Values gathered at a time from a strided row while it is measured.                   */
#define GATHER 512

void hg_dataset_free(hg_dataset **data)
{
    if (data == NULL || *data == NULL) return;
    hg_dataset *d = *data;
    hgi_mem mem = d->mem;
    hgi_free(&mem, d->name);
    hgi_free(&mem, d->stored);
    hgi_free(&mem, d->order);
    hgi_free(&mem, d->labels);
    hgi_names_free(&d->label_names);
    hgi_free(&mem, d->owned);
    hgi_free(&mem, d->columns_owned);
    hgi_free(&mem, d->unseen);
    if (d->schema_own) hgi_schema_free(&d->schema);
    if (d->series_own) hgi_windows_free(&d->series);
    if (d->holds) hgi_held_free(&d->held);
    if (d->base != NULL) hg_dataset_free(&d->base);
    if (d->pictures_owned) hgi_pictures_free(&d->pictures);
    hgi_free(&mem, d);
    *data = NULL;
}

/* The one place where a dataset is made: what it owns is decided here, and packed layout is
 * filled in; a view or a split changes the layout afterwards. */
hg_status hgi_dataset_take(hg_ctx *ctx, const char *name, const char *format,
                           hg_type type, int64_t rows, int rank, const int64_t *shape,
                           void *block, hg_dataset **out)
{
    assert(rows > 0 && rank >= 1 && rank <= HGI_MAX_RANK);
    hg_dataset *d = hgi_calloc(&ctx->mem, 1, sizeof *d);
    *out = NULL;
    if (d == NULL) return hgi_fail_mem(ctx, sizeof *d, "a dataset");
    d->mem = ctx->mem;
    d->format = format;
    d->type = type;
    d->rows = rows;
    d->rank = rank;
    d->features = 1;
    for (int i = 0; i < rank; i++) {
        d->shape[i] = shape[i];
        d->features *= shape[i];
    }
    int64_t size = type == HG_U8 ? 1 : (int64_t)sizeof(float);
    d->row_stride = d->features * size;
    for (int64_t i = rank - 1, step = size; i >= 0; step *= shape[i], i--) {
        d->stride[i] = step;
    }
    d->packed = true;
    d->name = hgi_strdup(&ctx->mem, name);
    d->stored = hgi_strdup(&ctx->mem, type == HG_U8 ? "u8" : "f32");
    if (d->name == NULL || d->stored == NULL) {
        hg_dataset_free(&d);
        return hgi_fail_mem(ctx, strlen(name) + 1, "a dataset's name");
    }
    d->data = d->owned = block;
    *out = d;
    return HG_OK;
}

/* Zeroed: rows that a caller stops before are 0, not chance. */
hg_status hgi_dataset_new(hg_ctx *ctx, const char *name, const char *format, int64_t rows,
                          int rank, const int64_t *shape, float **values,
                          hg_dataset **out)
{
    size_t n = (size_t)rows;
    *out = NULL;
    *values = NULL;
    /* A product that does not fit asks for more than any allocator has, and fails there. */
    for (int i = 0; i < rank; i++) {
        if (!hgi_mul_size(n, (size_t)shape[i], &n)) n = SIZE_MAX / sizeof(float);
    }
    float *block = hgi_calloc(&ctx->mem, n, sizeof *block);
    if (block == NULL) return hgi_fail_mem(ctx, n * sizeof *block, "rows");
    hg_status status =
        hgi_dataset_take(ctx, name, format, HG_F32, rows, rank, shape, block, out);
    if (status != HG_OK) {
        hgi_free(&ctx->mem, block);
        return status;
    }
    *values = block;
    return HG_OK;
}

/* ---- values -------------------------------------------------------------------------- */

static const unsigned char *row_at(const hg_dataset *d, int64_t r)
{
    assert(r >= 0 && r < d->rows);
    return d->data + (d->order != NULL ? d->order[r] : r) * d->row_stride;
}

/* The fast paths: NULL sends the caller to hgi_dataset_row(). */

const uint8_t *hgi_dataset_row_u8(const hg_dataset *d, int64_t r)
{
    return d->packed && d->type == HG_U8 ? row_at(d, r) : NULL;
}

const float *hgi_dataset_row_f32(const hg_dataset *d, int64_t r)
{
    /* Packed f32 is aligned as floats are: hg_dataset_view() says packed only then.    */
    return d->packed && d->type == HG_F32 ? (const float *)(const void *)row_at(d, r)
                                          : NULL;
}

/* memcpy, because a view may start at an odd address. */
static float value_at(hg_type type, const unsigned char *p)
{
    if (type == HG_U8) return (float)*p;
    float v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* Strided rows are cut into runs of the last dimension: one division a run, not a value. */
void hgi_dataset_part(const hg_dataset *d, int64_t r, int64_t first, int64_t n,
                      float *out)
{
    const unsigned char *row = row_at(d, r);
    int64_t size = d->type == HG_U8 ? 1 : (int64_t)sizeof(float);
    if (d->packed) {
        for (int64_t i = 0; i < n; i++)
            out[i] = value_at(d->type, row + (first + i) * size);
        return;
    }
    int last = d->rank - 1;
    for (int64_t i = 0; i < n;) {
        int64_t rest = first + i, inner = rest % d->shape[last];
        const unsigned char *p = row + inner * d->stride[last];
        rest /= d->shape[last];
        for (int k = last - 1; k >= 0; k--) {
            p += rest % d->shape[k] * d->stride[k];
            rest /= d->shape[k];
        }
        int64_t run = hgi_min(n - i, d->shape[last] - inner);
        for (int64_t j = 0; j < run; j++, p += d->stride[last]) {
            out[i + j] = value_at(d->type, p);
        }
        i += run;
    }
}

void hgi_dataset_row(const hg_dataset *d, int64_t r, float *out)
{
    const float *f = hgi_dataset_row_f32(d, r);
    if (f != NULL) {
        memcpy(out, f, (size_t)d->features * sizeof *out);
    } else {
        hgi_dataset_part(d, r, 0, d->features, out);
    }
}

hg_status hg_dataset_read(hg_ctx *ctx, const hg_dataset *data, int64_t first, int64_t n,
                          float *x)
{
    if (first < 0 || n < 0 || first > data->rows || n > data->rows - first) {
        return hgi_fail(ctx, HG_ERANGE,
                        "%s: rows from %lld, %lld of them; there are %lld", data->name,
                        (long long)first, (long long)n, (long long)data->rows);
    }
    hgi_rows w;
    hg_status status = HG_OK;
    int64_t room = data->held == NULL ? 0 : hgi_min(n, hgi_block_rows(ctx, data));
    if (n == 0) return HG_OK;
    HGI_TRY(hgi_rows_open(ctx, data, room, &w));
    for (int64_t i = 0, now; i < n; i += now) {
        now = hgi_min(w.room, n - i);
        HGI_GOTO(hgi_rows_range(ctx, &w, first + i, now));
        for (int64_t r = 0; r < now; r++)
            hgi_dataset_row(w.rows, w.at + r, x + (i + r) * data->features);
    }
done:
    hgi_rows_close(&w);
    return status;
}

/* Feed the values of a window's rows in row-major order.                               */
static void measure(const hgi_rows *w, hgi_stats *s)
{
    float part[GATHER];
    const hg_dataset *d = w->rows;
    for (int64_t r = w->at; r < w->at + w->n; r++) {
        const uint8_t *u8 = hgi_dataset_row_u8(d, r);
        const float *f32 = hgi_dataset_row_f32(d, r);
        /* Rows without a gap are fed at once: one call for a table of one column. */
        bool whole = d->order == NULL && d->row_stride == hgi_dataset_row_bytes(d);
        int64_t n = whole ? w->n * d->features : d->features;
        if (u8 != NULL) {
            hgi_stats_u8(s, n, u8);
        } else if (f32 != NULL) {
            hgi_stats_f32(s, n, f32);
        } else {
            for (int64_t c = 0; c < d->features; c += GATHER) {
                n = hgi_min(GATHER, d->features - c);
                hgi_dataset_part(d, r, c, n, part);
                hgi_stats_f32(s, n, part);
            }
            continue;
        }
        if (whole) break;
    }
}

hg_status hgi_dataset_not_finite(hg_ctx *ctx, const hg_dataset *d, int64_t position,
                                 float value, int64_t count)
{
    char place[128], more[64] = "";
    hgi_dataset_place(d, position / d->features, position % d->features, place,
                      sizeof place);
    if (count > 1) snprintf(more, sizeof more, "; %lld such values", (long long)count);
    return hgi_fail(ctx, HG_ENONFINITE, "%s: %s is %s, expected finite numbers%s%s",
                    d->name, place,
                    isnan(value)   ? "NaN"
                    : value > 0.0f ? "Inf"
                                   : "-Inf",
                    more, isnan(value) && d->modelled ? HGI_GAP_ADVICE : "");
}

/* Of a table: the ends and the mean of its numbers, gaps left out.                     */
static hg_status check_table(hg_ctx *ctx, hg_dataset *d)
{
    hg_status status = HG_OK;
    hgi_rows w;
    int64_t count = 0;
    double sum = 0, lo = HUGE_VAL, hi = -HUGE_VAL;
    HGI_TRY(hgi_rows_open(ctx, d, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        for (int64_t r = 0; r < w.n; r++)
            for (int64_t c = 0; c < d->features; c++) {
                float v;
                hgi_dataset_part(w.rows, w.at + r, c, 1, &v);
                if (isnan(v) || d->schema->column[c].kind != HGI_NUMERIC) continue;
                if (isinf(v))
                    HGI_GOTO(hgi_dataset_not_finite(
                        ctx, d, (w.first + r) * d->features + c, v, 1));
                sum += (double)v;
                lo = (double)v < lo ? (double)v : lo;
                hi = (double)v > hi ? (double)v : hi;
                count++;
            }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
    d->min = count > 0 ? lo : 0;
    d->max = count > 0 ? hi : 0;
    d->mean = count > 0 ? sum / (double)count : 0;
done:
    hgi_rows_close(&w);
    return status;
}

/* An array of floats whose NaN stand for missing values: may be meant so, may be what went
 * wrong before. */
static hg_status check_gaps(hg_ctx *ctx, hg_dataset *d, const hgi_stats *s)
{
    char place[128];
    HGI_TRY(hgi_schema_new(ctx, d->features, &d->schema));
    d->schema_own = true;
    HGI_TRY(hgi_schema_settle(ctx, d->schema));
    HGI_TRY(check_table(ctx, d));
    if (s->bad == 0 || d->table) return HG_OK; /* none, or asked for */
    hgi_dataset_place(d, s->first_bad / d->features, s->first_bad % d->features, place,
                      sizeof place);
    hgi_log(ctx, HG_LOG_WARNING,
            "%s: %lld NaN taken as missing values, first in %s (strict refuses them)",
            d->name, (long long)s->bad, place);
    return HG_OK;
}

hg_status hgi_dataset_check(hg_ctx *ctx, hg_dataset *d)
{
    hg_status status = HG_OK;
    hgi_stats s;
    hgi_rows w;
    float bad = 0.0f;
    if (d->schema != NULL) return check_table(ctx, d);
    hgi_stats_init(&s);
    HGI_TRY(hgi_rows_open(ctx, d, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        bool clean = s.bad == 0;
        measure(&w, &s);
        if (clean && s.bad > 0) {
            int64_t r = s.first_bad / d->features - w.first;
            hgi_dataset_part(w.rows, w.at + r, s.first_bad % d->features, 1, &bad);
        }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
    if ((s.bad > 0 && d->may_gap) || d->table) {
        hgi_rows_close(&w);
        return check_gaps(ctx, d, &s);
    }
    if (s.bad > 0) HGI_GOTO(hgi_dataset_not_finite(ctx, d, s.first_bad, bad, s.bad));
    hgi_stats_end(&s, &d->min, &d->max, &d->mean);
done:
    hgi_rows_close(&w);
    return status;
}

static uint64_t hash_row(uint64_t hash, const hg_dataset *d, int64_t r)
{
    float part[GATHER];
    for (int64_t c = 0; c < d->features; c += GATHER) {
        int64_t n = hgi_min(GATHER, d->features - c);
        hgi_dataset_part(d, r, c, n, part);
        for (int64_t i = 0; i < n; i++) {
            uint32_t bits;
            memcpy(&bits, &part[i], sizeof bits);
            hash = (hash ^ bits) * UINT64_C(0x100000001b3);
            hash ^= hash >> 32;
        }
    }
    return hash;
}

/* FNV-1a over the values as floats, so that u8, packed, strided, split and held rows agree.
 * A value is one step of the chain, not four: data are hundreds of megabytes. */
hg_status hgi_dataset_hash(hg_ctx *ctx, const hg_dataset *d, uint64_t *out)
{
    hg_status status = HG_OK;
    hgi_rows w;
    uint64_t hash = hgi_hash(HGI_HASH_INIT, &d->rows, sizeof d->rows);
    hash = hgi_hash(hash, d->shape, (size_t)d->rank * sizeof d->shape[0]);
    HGI_TRY(hgi_rows_open(ctx, d, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        for (int64_t r = 0; r < w.n; r++) hash = hash_row(hash, w.rows, w.at + r);
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
    if (d->labels != NULL)
        hash = hgi_hash(hash, d->labels, (size_t)d->labelled * sizeof *d->labels);
    for (int64_t i = 0; d->label_names != NULL && i < d->label_names->count; i++) {
        const char *name = d->label_names->name[i];
        hash = hgi_hash(hash, name, strlen(name) + 1);
    }
    *out = hash;
done:
    hgi_rows_close(&w);
    return status;
}

/* ---- facts --------------------------------------------------------------------------- */

/* An older caller's struct is a prefix of ours, so only as many bytes as it has are set. */
hg_status hg_dataset_info(hg_ctx *ctx, const hg_dataset *data, hg_data_info *info)
{
    if (info->size == 0 || info->size > sizeof *info) {
        return hgi_fail(ctx, HG_EINVAL, "hg_data_info: size is %zu, expected %zu",
                        info->size, sizeof *info);
    }
    hg_data_info full = {.size = info->size,
                         .name = data->name,
                         .format = data->format,
                         .type = data->type,
                         .stored = data->stored,
                         .rows = data->rows,
                         .features = data->features,
                         .rank = data->rank,
                         .shape = {data->shape[0], data->shape[1], data->shape[2]},
                         .min = data->min,
                         .max = data->max,
                         .mean = data->mean,
                         .held = data->held == NULL     ? "memory"
                                 : data->held->nameless ? "copy"
                                                        : "file"};
    memcpy(info, &full, info->size);
    return HG_OK;
}

int64_t hg_dataset_rows(const hg_dataset *data) { return data->rows; }

int64_t hg_dataset_features(const hg_dataset *data) { return data->features; }

const char *hg_dataset_column(const hg_dataset *data, int64_t feature)
{
    if (data->columns == NULL || feature < 0 || feature >= data->features) return NULL;
    return data->columns[feature];
}

/* Control signs could end a line, or steer a terminal that shows the message. */
void hgi_shown(const char *text, size_t len, char *out, size_t n)
{
    size_t keep = len < n - 1 ? len : n - 4;
    for (size_t i = 0; i < keep; i++) {
        unsigned char ch = (unsigned char)text[i];
        out[i] = ch < 0x20 || ch == 0x7f ? ' ' : text[i];
    }
    memcpy(out + keep, len < n - 1 ? "" : "...", len < n - 1 ? 1 : 4);
}

void hgi_dataset_feature(const hg_dataset *d, int64_t c, char *out, size_t n)
{
    const char *name = hg_dataset_column(d, c);
    if (name != NULL) {
        char shown[48];
        hgi_shown(name, strlen(name), shown, sizeof shown);
        snprintf(out, n, "column %lld (\"%s\")", (long long)c + 1, shown);
    } else if (d->rank == 1) {
        snprintf(out, n, "column %lld", (long long)c + 1);
    } else if (d->rank == 2) {
        snprintf(out, n, "pixel (%lld,%lld)", (long long)(c / d->shape[1]) + 1,
                 (long long)(c % d->shape[1]) + 1);
    } else {
        int64_t pixel = c / d->shape[2];
        snprintf(out, n, "pixel (%lld,%lld), channel %lld",
                 (long long)(pixel / d->shape[1]) + 1,
                 (long long)(pixel % d->shape[1]) + 1, (long long)(c % d->shape[2]) + 1);
    }
}

void hgi_dataset_place(const hg_dataset *d, int64_t r, int64_t c, char *out, size_t n)
{
    char feature[100];
    hgi_dataset_feature(d, c, feature, sizeof feature);
    snprintf(out, n, "row %lld, %s", (long long)r + 1, feature);
}

int64_t hgi_columns_differ(char *const *a, char *const *b, int64_t n)
{
    for (int64_t i = 0; a != NULL && b != NULL && i < n; i++)
        if (strcmp(a[i], b[i]) != 0) return i;
    return -1;
}
