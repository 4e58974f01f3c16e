// SPDX-License-Identifier: MIT
/* From file to file: rows are read, mapped and written a block at a time, in one pass, so
 * that neither file has to fit in memory, and a pipe will do for either.
 *
 *     blocks of the input [-> noise on them] -> model -> blocks of the output
 *
 * A few wishes need all rows before the first result: which columns are text, the span of
 * the rows for some noise, the number of rows for a file that starts with it and cannot be
 * gone back in.  Then the rows are kept first, as hg_dataset_open() does.              */
#include "apply/map.h"
#include "apply/series.h"
#include "data/csv.h"

#include <math.h>
#include <string.h>

/* Everything of a run; what was not made is zero. */
typedef struct file_job {
    hg_ctx *ctx;
    const hg_model *model;
    const char *in;
    hg_data_options input;
    const char *out_path, *format,
        *chain; /* as the caller says; chain: of noise, or NULL */
    hgi_source *source;
    hgi_blocks blocks;
    hg_dataset *kept; /* the rows, where one pass is not enough */
    hgi_rows window;  /* of the rows as they are read */

    bool noisy;
    hgi_corrupt noise;
    hgi_feed feed; /* of the rows that get noise */
    hgi_real *x;   /* [HGI_INFER_ROWS, inputs] */
    hg_dataset *corrupted;
    hgi_rows shown; /* of the corrupted rows */

    hgi_map_job map;
    hg_dataset *out; /* a block of results */
    hgi_save save;
    struct hgi_csv_texts *texts; /* of cells that are not filled, or NULL */
    int64_t room;                /* rows that out and corrupted have room for */
    int64_t rows;                /* so far */
} file_job;

/* ---- input --------------------------------------------------------------------------- */

static bool is_own(const char *chain) { return strcmp(chain, "own") == 0; }

/* Is there a wish that one pass cannot grant?  Asked before any row is read. */
static bool needs_all(const file_job *j)
{
    const hg_model *m = j->model;
    bool span = j->chain != NULL && !is_own(j->chain) && m->spec.corrupt.count == 0 &&
                !m->net.loss->unit_range;
    /* Which folder, and so which class, a picture lies in is known of a dataset. */
    bool folders = m->spec.classes.count > 0 && j->input.labels == NULL &&
                   j->blocks.block->pictures != NULL;
    return span || j->blocks.late || folders ||
           (j->blocks.rows < 0 && !hgi_save_can_count(j->out_path, j->format));
}

static hg_status open_input(file_job *j, const char *in, hgi_map_mode mode,
                            const hg_data_options *options)
{
    hg_ctx *ctx = j->ctx;
    hg_data_options input;
    HGI_TRY(hgi_data_options_read(ctx, options, &input));
    j->in = in;
    if (hgi_map_decodes(mode))
        input.strict = 1;
    else
        hgi_feed_options(j->model, &input);
    j->input = input;
    HGI_TRY(hgi_data_source(ctx, in, &input, &j->source));
    HGI_TRY(hgi_blocks_open(ctx, j->source, &input, &j->blocks));
    if (needs_all(j)) {
        HGI_TRY(hgi_dataset_from_blocks(&j->blocks, &input, &j->kept));
        return hgi_rows_open(ctx, j->kept,
                             hgi_min(hgi_block_rows(ctx, j->kept), j->kept->rows),
                             &j->window);
    }
    HGI_TRY(hgi_blocks_label(&j->blocks, &input));
    j->blocks.eager = true;
    hgi_rows_blocks(&j->blocks, &j->window);
    return HG_OK;
}

static const hg_dataset *like(const file_job *j)
{
    return j->kept != NULL ? j->kept : j->blocks.block;
}

/* ---- blocks -------------------------------------------------------------------------- */

/* A dataset without rows, for blocks of results. */
static hg_status block_new(file_job *j, const hg_dataset *d, int rank,
                           const int64_t *shape, hg_dataset **out)
{
    HGI_TRY(
        hgi_dataset_take(j->ctx, d->name, "block", HG_F32, 1, rank, shape, NULL, out));
    (*out)->rows = 0;
    return HG_OK;
}

static hg_status block_room(file_job *j, hg_dataset *d, int64_t rows)
{
    size_t bytes;
    if (!hgi_mul_size((size_t)rows, (size_t)hgi_dataset_row_bytes(d), &bytes))
        bytes = SIZE_MAX;
    hgi_free(&j->ctx->mem, d->owned);
    d->data = d->owned = hgi_alloc(&j->ctx->mem, bytes);
    return d->owned != NULL ? HG_OK : hgi_fail_mem(j->ctx, bytes, "a block of results");
}

static hg_status make_room(file_job *j, int64_t rows)
{
    if (rows <= j->room) return HG_OK;
    j->room = 0;
    HGI_TRY(block_room(j, j->out, rows));
    if (j->noisy) HGI_TRY(block_room(j, j->corrupted, rows));
    j->room = rows;
    j->map.out = j->out->owned;
    return HG_OK;
}

/* Noise goes on the rows in the units of the data, as on a dataset, so that what the model
 * is then shown is the same to the bit.                                                */
static hg_status add_noise(file_job *j)
{
    const hgi_rows *w = &j->window;
    HGI_TRY(hgi_corrupt_window(&j->feed, &j->noise, j->x, j->corrupted->owned));
    j->corrupted->rows = w->n;
    j->shown = (hgi_rows){.rows = j->corrupted, .n = w->n, .first = w->first};
    return HG_OK;
}

static hg_status run_blocks(file_job *j)
{
    HGI_TRY(hgi_rows_next(j->ctx, &j->window));
    while (j->window.n > 0) {
        HGI_TRY(make_room(j, j->window.n));
        if (j->noisy) HGI_TRY(add_noise(j));
        HGI_TRY(hgi_map_window(&j->map));
        j->out->rows = j->window.n;
        if (j->texts != NULL)
            HGI_TRY(
                hgi_csv_texts_save(j->texts, &j->save, &j->window, j->out, j->out->rows));
        else
            HGI_TRY(hgi_save_rows(&j->save, j->out, 0, j->out->rows));
        j->rows += j->window.n;
        HGI_TRY(hgi_rows_next(j->ctx, &j->window));
    }
    return HG_OK;
}

/* ---- a run --------------------------------------------------------------------------- */

static hg_status open_noise(file_job *j)
{
    const hg_model *m = j->model;
    const char *chain = is_own(j->chain) ? NULL : j->chain;
    int64_t d = m->net.inputs;
    size_t bytes = (size_t)(HGI_INFER_ROWS * d) * sizeof *j->x;
    HGI_TRY(hgi_corrupt_choose(j->ctx, m, j->kept, chain, &j->noise));
    HGI_TRY(hgi_feed_open(j->ctx, m, like(j), HGI_FEED_ROWS, &j->window, &j->feed));
    HGI_TRY(block_new(j, like(j), like(j)->rank, like(j)->shape, &j->corrupted));
    /* Whatever noise makes of a row can leave the range. */
    j->corrupted->min = -HUGE_VAL;
    j->corrupted->max = HUGE_VAL;
    j->x = hgi_alloc(&j->ctx->mem, bytes);
    if (j->x == NULL) return hgi_fail_mem(j->ctx, bytes, "rows to corrupt");
    j->noisy = true;
    return HG_OK;
}

static hg_status open_output(file_job *j, hgi_map_mode mode)
{
    hgi_shape shape = hgi_map_shape(j->model, mode);
    int64_t rows = j->kept != NULL ? j->kept->rows : j->blocks.rows;
    HGI_TRY(block_new(j, like(j), shape.rank, shape.dim, &j->out));
    HGI_TRY(hgi_map_columns(j->ctx, j->model, mode, j->out));
    if (mode == HGI_RECONSTRUCT) hgi_map_pictures(j->model, like(j), j->out);
    HGI_TRY(hgi_save_open(j->ctx, j->out_path, j->format, j->out, rows, &j->save));
    bool csv = strcmp(like(j)->format, "csv") == 0;
    if (mode != HGI_IMPUTE || j->noisy || !csv) return HG_OK;
    return hgi_csv_texts_open(j->ctx, j->in, &j->input, &j->save, &j->texts);
}

static hg_status close_all(file_job *j, hg_status status)
{
    const hgi_mem *mem = &j->ctx->mem;
    hgi_csv_texts_close(&j->texts);
    hgi_map_close(&j->map, status, j->rows);
    hgi_feed_close(&j->feed, status, j->rows, NULL);
    if (j->save.ctx != NULL) status = hgi_save_close(&j->save, status);
    hgi_free(mem, j->x);
    hg_dataset_free(&j->corrupted);
    hg_dataset_free(&j->out);
    hgi_rows_close(&j->window);
    hg_dataset_free(&j->kept);
    if (j->blocks.ctx != NULL) hgi_blocks_close(&j->blocks);
    hgi_source_close(&j->source);
    return status;
}

static hg_status find_mode(hg_ctx *ctx, const hg_model *m, const char *verb,
                           hgi_map_mode *out)
{
    static const char *const verbs[] = {"encode",  "logvar",        "sample",
                                        "indices", "decode",        "reconstruct",
                                        "impute",  "decode-indices"};
    for (int i = 0; i < HGI_COUNT(verbs); i++) {
        if (strcmp(verb, verbs[i]) != 0) continue;
        *out = (hgi_map_mode)i;
        if (*out == HGI_LOGVAR || *out == HGI_SAMPLE)
            return hgi_map_check_drawn(ctx, m, verb);
        bool indices = *out == HGI_INDICES || *out == HGI_DECODE_INDICES;
        return indices ? hgi_map_check_indices(ctx, m) : HG_OK;
    }
    return hgi_fail(ctx, HG_EUNKNOWN,
                    "verb '%s': expected encode, logvar, sample, indices, decode, "
                    "decode-indices, reconstruct or impute",
                    verb);
}

hg_status hg_map_file(hg_ctx *ctx, const hg_model *m, const char *verb, const char *in,
                      const hg_data_options *options, const char *out, const char *format,
                      const char *corrupt, int64_t *rows)
{
    hg_status status;
    hgi_map_mode mode = HGI_ENCODE;
    file_job j;
    memset(&j, 0, sizeof j);
    if (rows != NULL) *rows = 0;
    if (m == NULL || verb == NULL || in == NULL || out == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model, a verb and two paths are needed");
    j.ctx = ctx;
    j.model = m;
    j.out_path = out;
    j.format = format;
    j.chain = corrupt;
    HGI_TRY(find_mode(ctx, m, verb, &mode));
    if (m->series != NULL && !hgi_map_decodes(mode)) {
        if (corrupt == NULL)
            return hgi_map_series(ctx, m, verb, in, options, out, format, rows);
        return hgi_fail(ctx, HG_EINVAL, "corrupt: a series is taken as it is");
    }
    HGI_GOTO(open_input(&j, in, mode, options));
    if (mode == HGI_DECODE) mode = hgi_map_decoding(m, like(&j));
    if (corrupt != NULL) HGI_GOTO(open_noise(&j));
    HGI_GOTO(
        hgi_map_open(ctx, m, mode, like(&j), j.noisy ? &j.shown : &j.window, &j.map));
    HGI_GOTO(open_output(&j, mode));
    HGI_GOTO(run_blocks(&j));
    HGI_GOTO(hgi_feed_all_labels(ctx, like(&j), j.rows));
    if (rows != NULL) *rows = j.rows;
done:
    return close_all(&j, status);
}
