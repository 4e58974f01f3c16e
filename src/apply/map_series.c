// SPDX-License-Identifier: MIT
/* Encoding and reconstructing a file of a series: codes of its windows with their places,
 * or the series again, of each row the mean over the windows that it is in.
 *
 * Windows go through the model some thousand at a time, so that beside the series itself
 * only sums of its size are in memory. */
#include "apply/map.h"
#include "apply/series.h"

#include <math.h>
#include <string.h>
#include <strings.h>

enum { WINDOWS = 4096, TEXT = 1 << 16 };

typedef struct series_map {
    hg_ctx *ctx;
    const hg_model *m;
    const char *in, *verb, *out, *format;
    const hg_data_options *input;
    hgi_series_rows s;
    hg_dataset *made; /* codes of all windows; or the rows of the series */
    float *value;     /* [rows, channels] of made, as sums first */
    int64_t *count;   /* [rows] */
    hgi_text text;
    hgi_outfile f;
    bool open;
} series_map;

bool hgi_series_is_csv(const char *out, const char *format)
{
    const char *end = strrchr(out, '.');
    if (format != NULL) return strcmp(format, "csv") == 0;
    return strcmp(out, "-") == 0 || (end != NULL && strcasecmp(end, ".csv") == 0);
}

/* ---- codes --------------------------------------------------------------------------- */

static hg_status encode(series_map *j)
{
    const bool mean = strcmp(j->verb, "encode") == 0;
    if (strcmp(j->verb, "indices") == 0)
        return hg_encode_indices(j->ctx, j->m, j->s.windows, &j->made);
    if (mean) return hg_encode_dataset(j->ctx, j->m, j->s.windows, &j->made);
    return hg_encode_part(j->ctx, j->m, j->s.windows, j->verb, &j->made);
}

/* ---- the series again ---------------------------------------------------------------- */

static hg_status make_series(series_map *j)
{
    hg_ctx *ctx = j->ctx;
    const hgi_windows *w = j->m->series;
    const int64_t rows = j->s.rows->rows;
    HGI_TRY(hgi_check_memory(ctx, (double)rows * (double)w->channels * sizeof(float),
                             "a reconstructed series"));
    HGI_TRY(hgi_dataset_new(ctx, j->s.rows->name, "series", rows, 1, &w->channels,
                            &j->value, &j->made));
    j->count = hgi_calloc(&ctx->mem, (size_t)rows, sizeof *j->count);
    return j->count != NULL ? HG_OK : hgi_fail_mem(ctx, (size_t)rows * 8, "counts");
}

static void add_window(series_map *j, int64_t index, const float *y)
{
    const hgi_windows *w = j->s.windows->series;
    for (int64_t i = 0; i < w->window; i++, y += w->channels) {
        const int64_t row = hgi_windows_place(w, j->s.windows->order[index] + i);
        for (int64_t c = 0; c < w->channels; c++) j->value[row * w->channels + c] += y[c];
        j->count[row]++;
    }
}

static hg_status add_some(series_map *j, const int64_t *index, int64_t n)
{
    hg_dataset *some = NULL, *made = NULL;
    hg_status status;
    float *y = NULL;
    const int64_t wide = j->s.windows->features;
    HGI_GOTO(hgi_dataset_pick(j->ctx, j->s.windows, index, n, &some));
    HGI_GOTO(hg_reconstruct_dataset(j->ctx, j->m, some, &made));
    y = hgi_alloc(&j->ctx->mem, (size_t)wide * sizeof *y);
    if (y == NULL) HGI_GOTO(hgi_fail_mem(j->ctx, (size_t)wide * sizeof *y, "a window"));
    for (int64_t i = 0; i < n; i++) {
        HGI_GOTO(hg_dataset_read(j->ctx, made, i, 1, y));
        add_window(j, index[i], y);
    }
done:
    hgi_free(&j->ctx->mem, y);
    hg_dataset_free(&made);
    hg_dataset_free(&some);
    return status;
}

static hg_status reconstruct(series_map *j)
{
    int64_t index[WINDOWS];
    const int64_t n = j->s.windows->rows, channels = j->m->series->channels;
    HGI_TRY(make_series(j));
    for (int64_t at = 0; at < n; at += WINDOWS) {
        const int64_t some = hgi_min(WINDOWS, n - at);
        for (int64_t i = 0; i < some; i++) index[i] = at + i;
        HGI_TRY(add_some(j, index, some));
    }
    for (int64_t r = 0; r < j->made->rows; r++)
        for (int64_t c = 0; c < channels; c++) {
            float *v = &j->value[r * channels + c];
            *v = j->count[r] > 0 ? *v / (float)j->count[r] : NAN;
        }
    return HG_OK;
}

/* ---- CSV ----------------------------------------------------------------------------- */

static void add_values(series_map *j, const float *v, int64_t n)
{
    char text[HGI_NUMBER_MAX];
    for (int64_t c = 0; c < n; c++) {
        if (c > 0) hgi_text_add(&j->text, ",");
        /* A row in no window has no values, as a gap has none. */
        if (!isnan(v[c]))
            hgi_text_add_bytes(&j->text, text, (size_t)hgi_format_float(text, v[c]));
    }
    hgi_text_add(&j->text, "\n");
}

static hg_status flush(series_map *j, size_t least)
{
    if (!hgi_text_ok(&j->text)) return hgi_fail_mem(j->ctx, j->text.cap, "lines");
    if (j->text.len < least) return HG_OK;
    hgi_outfile_write(&j->f, j->text.s, j->text.len);
    j->text.len = 0;
    return j->f.status;
}

static hg_status write_codes(series_map *j)
{
    const int64_t wide = j->made->features;
    hg_status status = HG_OK;
    float *z = hgi_alloc(&j->ctx->mem, (size_t)wide * sizeof *z);
    if (z == NULL) return hgi_fail_mem(j->ctx, (size_t)wide * sizeof *z, "a code");
    hgi_series_add_names(&j->s, true, &j->text);
    for (int64_t c = 0; c < wide; c++)
        hgi_text_add(&j->text, "%sz%lld", c > 0 ? "," : "", (long long)c + 1);
    hgi_text_add(&j->text, "\n");
    for (int64_t i = 0; i < j->made->rows; i++) {
        HGI_GOTO(hg_dataset_read(j->ctx, j->made, i, 1, z));
        hgi_series_add_place(&j->s, i, &j->text);
        add_values(j, z, wide);
        HGI_GOTO(flush(j, TEXT));
    }
done:
    hgi_free(&j->ctx->mem, z);
    return status;
}

/* As the file was: without a column that says which row it is, where it had none. */
static hg_status write_series(series_map *j)
{
    const hgi_windows *w = j->m->series;
    hgi_series_lines l;
    hg_status status = HG_OK;
    const bool placed = j->s.time != NULL || j->s.windows->series->belongs != NULL;
    if (placed) hgi_series_add_names(&j->s, false, &j->text);
    for (int64_t c = 0; (placed || w->name != NULL) && c < w->channels; c++) {
        const char *name = w->name != NULL ? w->name[c] : "";
        if (c > 0) hgi_text_add(&j->text, ",");
        hgi_series_add_cell(&j->text, name, strlen(name));
        if (c == w->channels - 1) hgi_text_add(&j->text, "\n");
    }
    HGI_GOTO(hgi_series_lines_open(j->ctx, &j->s, j->in, j->input, &l));
    for (int64_t r = 0; r < j->made->rows; r++) {
        if (placed) HGI_GOTO(hgi_series_lines_next(&l, &j->text));
        add_values(j, j->value + r * w->channels, w->channels);
        HGI_GOTO(flush(j, TEXT));
    }
done:
    hgi_series_lines_close(j->ctx, &l);
    return status;
}

static hg_status save(series_map *j, bool codes)
{
    if (!hgi_series_is_csv(j->out, j->format))
        return hg_dataset_save(j->ctx, j->made, j->out, j->format);
    HGI_TRY(hgi_outfile_open(j->ctx, j->out, &j->f));
    j->open = true;
    HGI_TRY(codes ? write_codes(j) : write_series(j));
    HGI_TRY(flush(j, 0));
    j->open = false;
    return hgi_outfile_commit(&j->f);
}

hg_status hgi_map_series(hg_ctx *ctx, const hg_model *m, const char *verb, const char *in,
                         const hg_data_options *input, const char *out,
                         const char *format, int64_t *rows)
{
    hg_status status;
    const bool again = strcmp(verb, "reconstruct") == 0;
    series_map j = {.ctx = ctx, .m = m, .in = in, .verb = verb, .out = out};
    j.format = format;
    j.input = input;
    if (strcmp(verb, "impute") == 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "impute: a row of a series with a missing value is in no window, "
                        "and nothing is known of it");
    hgi_text_init(&j.text, &ctx->mem);
    HGI_GOTO(hgi_series_open(ctx, m, in, input, &j.s));
    HGI_GOTO(again ? reconstruct(&j) : encode(&j));
    HGI_GOTO(save(&j, !again));
    if (rows != NULL) *rows = j.made->rows;
done:
    if (j.open) hgi_outfile_abort(&j.f);
    hgi_text_free(&j.text);
    hgi_free(&ctx->mem, j.count);
    hg_dataset_free(&j.made);
    hgi_series_close(ctx, &j.s);
    return status;
}
