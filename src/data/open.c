// SPDX-License-Identifier: MIT
/* hg_dataset_open: which reader, what shape, the checks that all formats share, and where
 * the rows are to be.                                                                  */
#include "data/blocks.h"
#include "data/formats.h"
#include "data/pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const hgi_reader *const hgi_readers[] = {&hgi_reader_idx,    &hgi_reader_npy,
                                         &hgi_reader_npz,    &hgi_reader_csv,
                                         &hgi_reader_images, NULL};

#define READERS (HGI_COUNT(hgi_readers) - 1)

/* The word of --format; a slip of the finger gets the nearest reader named. */
static hg_status reader_by_name(hg_ctx *ctx, const char *word, const hgi_reader **out)
{
    const char *names[READERS];
    char all[128];
    size_t len = 0;
    for (int i = 0; i < READERS; i++) {
        *out = hgi_readers[i];
        names[i] = hgi_readers[i]->name;
        if (strcmp(word, names[i]) == 0) return HG_OK;
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i > 0 ? ", " : "",
                                names[i]);
    }
    const char *near = hgi_nearest(word, names, READERS);
    return near != NULL
               ? hgi_fail(ctx, HG_EUNKNOWN,
                          "format '%s': there is no such reader; did you mean '%s'?",
                          word, near)
               : hgi_fail(ctx, HG_EUNKNOWN,
                          "format '%s': there is no such reader; there are %s", word,
                          all);
}

/* Of bytes that nobody reads: the first that makes them no text. */
static hg_status unknown_bytes(hg_ctx *ctx, const char *path, const unsigned char *head,
                               size_t n)
{
    size_t at = 0;
    int64_t line = 1;
    while (at < n &&
           (head[at] >= 0x20 || head[at] == '\t' || head[at] == '\r' || head[at] == '\n'))
        line += head[at++] == '\n';
    if (at < n && at >= 4)
        return hgi_fail(
            ctx, HG_EFORMAT,
            "%s:%lld: a byte %02x, which text does not have; expected IDX, NPY, "
            "NPZ, CSV, PNG or JPEG; if it is CSV, set format to csv",
            path, (long long)line, head[at]);
    return hgi_fail(
        ctx, HG_EFORMAT,
        "%s: starts with bytes %02x %02x, expected IDX, NPY, NPZ, CSV, PNG or JPEG", path,
        head[0], n > 1 ? head[1] : 0);
}

/* The reader that is surest.  Content decides; a path's ending only breaks a tie.      */
static hg_status reader_by_content(hg_ctx *ctx, hgi_source *s, const hgi_reader **out)
{
    size_t n;
    const unsigned char *head = hgi_source_peek(s, &n);
    const char *path = hgi_source_path(s);
    hgi_looks looks;
    bool known = hgi_looks_like(head, n, &looks);
    int best = 0;
    for (int i = 0; i < READERS; i++) {
        int sure = hgi_readers[i]->probe(head, n, path);
        if (sure > best) {
            best = sure;
            *out = hgi_readers[i];
        }
    }
    if (best > 0 && !(known && looks.foreign_text)) return HG_OK;
    if (!known) return unknown_bytes(ctx, path, head, n);
    return hgi_fail(ctx, HG_EFORMAT,
                    "%s: %s, expected IDX, NPY, NPZ, CSV, PNG or JPEG%s%s", path,
                    looks.is, looks.instead != NULL ? ": " : "",
                    looks.instead != NULL ? looks.instead : "");
}

bool hgi_reads_as_csv(const unsigned char *head, size_t n, const char *path)
{
    hgi_looks looks;
    bool known = hgi_looks_like(head, n, &looks);
    if (n == 0 || (known && looks.foreign_text)) return false;
    for (int i = 0; i < READERS; i++)
        if (hgi_readers[i] != &hgi_reader_csv && hgi_readers[i]->probe(head, n, path) > 0)
            return false;
    return hgi_reader_csv.probe(head, n, path) > 0;
}

/* "28x28x1" into shape.                                                                */
/* Whole numbers between the x's; no sign, no blank, nothing before or after. */
static bool parse_shape(const char *text, int64_t shape[HGI_MAX_RANK], int *rank)
{
    for (*rank = 0; *rank < HGI_MAX_RANK; text++) {
        size_t n = strcspn(text, "x");
        if (!hgi_parse_int(text, n, &shape[*rank]) || shape[*rank] < 1) return false;
        ++*rank;
        text += n;
        if (*text == '\0') return true;
    }
    return false;
}

/* Packed rows only: readers make no others, so the strides follow from the shape. */
static hg_status reshape(hg_ctx *ctx, hg_dataset *d, const char *text)
{
    int64_t shape[HGI_MAX_RANK], values = 1;
    int rank;
    if (!parse_shape(text, shape, &rank)) {
        return hgi_fail(ctx, HG_EINVAL,
                        "shape '%s': expected 1 to %d numbers >= 1, like 28x28x1", text,
                        HGI_MAX_RANK);
    }
    bool over = false;
    for (int i = 0; i < rank; i++) {
        over = __builtin_mul_overflow(values, shape[i], &values) || over;
    }
    if (over || values != d->features) {
        return hgi_fail(ctx, HG_ESHAPE, "%s: a row has %lld values, shape %s is %lld",
                        d->name, (long long)d->features, text,
                        over ? -1LL : (long long)values);
    }
    int64_t step = hgi_dataset_row_bytes(d) / d->features;
    d->rank = rank;
    memset(d->shape, 0, sizeof d->shape);
    for (int i = rank - 1; i >= 0; step *= shape[i], i--) {
        d->shape[i] = shape[i];
        d->stride[i] = step;
    }
    return HG_OK;
}

/* A wish that this format cannot fulfil is said, not dropped.                          */
static hg_status check_options(hg_ctx *ctx, const hg_data_options *o, const hgi_reader *r,
                               const char *path)
{
    const char *csv_only = o->columns != NULL       ? "columns"
                           : o->drop != NULL        ? "drop"
                           : o->drop_non_numeric    ? "drop-non-numeric"
                           : o->delimiter != '\0'   ? "delimiter"
                           : o->decimal != '\0'     ? "decimal"
                           : o->header != 0         ? "header"
                           : o->numeric != NULL     ? "numeric"
                           : o->categorical != NULL ? "categorical"
                           : o->boolean != NULL     ? "boolean"
                           : o->date != NULL        ? "date"
                           : o->rename != NULL      ? "rename"
                           : o->categories != 0     ? "categories"
                           : o->id != NULL          ? "id"
                                                    : NULL;
    if (csv_only != NULL && strcmp(r->name, "csv") != 0) {
        return hgi_fail(ctx, HG_EINVAL, "%s: option '%s' is for CSV, this is %s", path,
                        csv_only, r->name);
    }
    const char *images_only = o->resize != NULL   ? "resize"
                              : o->crop != NULL   ? "crop"
                              : o->tile != NULL   ? "tile"
                              : o->stride != NULL ? "stride"
                              : o->colour != NULL ? "colour"
                                                  : NULL;
    if (images_only != NULL && r != &hgi_reader_images) {
        return hgi_fail(ctx, HG_EINVAL, "%s: option '%s' is for pictures, this is %s",
                        path, images_only, r->name);
    }
    if (o->skip_bad && r != &hgi_reader_images && strcmp(r->name, "csv") != 0) {
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: option 'skip-bad' is for pictures and CSV, this is %s", path,
                        r->name);
    }
    if (o->array != NULL && strcmp(r->name, "npz") != 0) {
        return hgi_fail(ctx, HG_EINVAL, "%s: option 'array' is for NPZ, this is %s", path,
                        r->name);
    }
    if (o->limit < 0) {
        return hgi_fail(ctx, HG_EINVAL, "%s: limit is %lld, expected >= 0", path,
                        (long long)o->limit);
    }
    return HG_OK;
}

bool hgi_reads_numbers(const hg_data_options *o)
{
    return o->schema != NULL ? o->schema->plain : o->strict > 1;
}

/* What a model takes was decided when it was trained. */
static void warn_table(hg_ctx *ctx, const hg_data_options *o, const char *path)
{
    if (!o->table || !hgi_reads_numbers(o)) return;
    hgi_log(ctx, HG_LOG_WARNING,
            "%s: table has no effect here: the model was trained on complete numbers; "
            "train with --table for one that takes gaps",
            path);
}

/* Rows of floats may have NaN for what is missing, as numpy and pandas have it; with a
 * schema they are raw rows of it, as hg_dataset_save() writes them.                    */
static hg_status array_table(hgi_blocks *s, const hg_data_options *o)
{
    hg_dataset *d = s->block;
    bool rows = d->rank == 1 && d->type == HG_F32 && o->shape == NULL;
    d->may_gap = rows && !o->strict && o->schema == NULL;
    d->table = d->may_gap && o->table;
    d->modelled = rows && hgi_reads_numbers(o);
    if (o->schema == NULL || o->schema->plain || !rows) return HG_OK;
    if (d->features != o->schema->columns)
        return hgi_fail(s->ctx, HG_ESHAPE,
                        "%s: %lld values a row, but the model wants %lld", d->name,
                        (long long)d->features, (long long)o->schema->columns);
    d->schema = (hg_schema *)(uintptr_t)o->schema;
    s->gaps = true;
    return HG_OK;
}

hg_status hgi_blocks_open(hg_ctx *ctx, hgi_source *source, const hg_data_options *o,
                          hgi_blocks *out)
{
    hg_status status = HG_OK;
    const hgi_reader *r = NULL;
    size_t n;
    *out = (hgi_blocks){.ctx = ctx, .source = source, .rows = -1, .guess = -1};
    hgi_stats_init(&out->stats);
    hgi_source_peek(source, &n);
    if (n == 0 && !hgi_source_is_folder(source)) {
        return hgi_fail(ctx, HG_EFORMAT, "%s: empty, expected data",
                        hgi_source_path(source));
    }
    if (o->format != NULL) {
        HGI_TRY(reader_by_name(ctx, o->format, &r));
        if (hgi_source_is_folder(source) && r != &hgi_reader_images)
            return hgi_fail(ctx, HG_EIO, "%s: is a directory, expected a file",
                            hgi_source_path(source));
    } else if (hgi_source_is_folder(source)) {
        r = &hgi_reader_images;
    } else {
        HGI_TRY(reader_by_content(ctx, source, &r));
    }
    HGI_GOTO(check_options(ctx, o, r, hgi_source_path(source)));
    if (o->table && o->strict == 1)
        HGI_GOTO(hgi_fail(ctx, HG_EINVAL,
                          "%s: strict refuses what table is for: one of them",
                          hgi_source_path(source)));
    HGI_GOTO(r->open(out, o));
    warn_table(ctx, o, hgi_source_path(source));
    if (strcmp(r->name, "csv") != 0) HGI_GOTO(array_table(out, o));
    /* Of columns that may still fall away nothing is known yet. */
    if (o->shape != NULL && !out->late) HGI_GOTO(reshape(ctx, out->block, o->shape));
    if (out->rows >= 0) out->guess = (double)out->rows;
    out->block->rows = 0; /* none is in memory yet, and any value may come */
    out->block->min = -HUGE_VAL;
    out->block->max = HUGE_VAL;
done:
    if (status != HG_OK) hgi_blocks_close(out);
    return status;
}

/* Bytes of rows to keep in memory: all, none, or half of what can be had, so that there is
 * room for a model and for what is made of the rows.                                   */
static int64_t most_in_memory(const hg_ctx *ctx, const hg_data_options *o)
{
    if (o->stream != 0) return o->stream < 0 ? INT64_MAX : 0;
    int64_t left = hgi_memory_left(ctx);
    return left == INT64_MAX ? left : left / 2;
}

/* Readers check their own format; options, shape and finite values are all checked here. */
hg_status hgi_dataset_from_blocks(hgi_blocks *s, const hg_data_options *o,
                                  hg_dataset **out)
{
    hg_status status = hgi_blocks_collect(s, most_in_memory(s->ctx, o), out);
    if (status == HG_OK && o->shape != NULL && s->late)
        status = reshape(s->ctx, *out, o->shape);
    if (status == HG_OK && o->labels != NULL)
        status = hg_dataset_set_labels(s->ctx, *out, o->labels);
    if (status == HG_OK && o->labels == NULL) status = hgi_pictures_label(s->ctx, *out);
    if (status != HG_OK) hg_dataset_free(out);
    return status;
}

hg_status hgi_dataset_from_source(hg_ctx *ctx, hgi_source *source,
                                  const hg_data_options *o, hg_dataset **out)
{
    hgi_blocks s;
    *out = NULL;
    HGI_TRY(hgi_blocks_open(ctx, source, o, &s));
    hg_status status = hgi_dataset_from_blocks(&s, o, out);
    hgi_blocks_close(&s);
    return status;
}

hg_status hgi_data_options_read(hg_ctx *ctx, const hg_data_options *options,
                                hg_data_options *out)
{
    *out = (hg_data_options){0};
    if (options == NULL) return HG_OK;
    /* A caller built against an older header passes a shorter struct; the rest stays 0. */
    if (options->size == 0 || options->size > sizeof *out) {
        return hgi_fail(ctx, HG_EINVAL, "hg_data_options: size is %zu, expected %zu",
                        options->size, sizeof *out);
    }
    memcpy(out, options, options->size);
    return HG_OK;
}

/* A file of the whole name comes first: a colon may be part of it. */
hg_status hgi_data_source(hg_ctx *ctx, const char *path, hg_data_options *o,
                          hgi_source **out)
{
    static const char ending[] = ".npz";
    const size_t n = sizeof ending - 1;
    struct stat st;
    const char *colon = strrchr(path, ':');
    *out = NULL;
    bool member = colon != NULL && colon[1] != '\0' && colon >= path + n &&
                  memcmp(colon - n, ending, n) == 0 && stat(path, &st) != 0;
    if (!member) return hgi_source_open(ctx, path, out);
    char *file = hgi_strndup(&ctx->mem, path, (size_t)(colon - path));
    if (file == NULL) return hgi_fail_mem(ctx, strlen(path), "a path");
    hg_status status = hgi_source_open(ctx, file, out);
    hgi_free(&ctx->mem, file);
    if (status == HG_OK) o->array = colon + 1;
    return status;
}

hg_status hg_dataset_open(hg_ctx *ctx, const char *path, const hg_data_options *options,
                          hg_dataset **out)
{
    hg_data_options o;
    hgi_source *s;
    *out = NULL;
    HGI_TRY(hgi_data_options_read(ctx, options, &o));
    HGI_TRY(hgi_data_source(ctx, path, &o, &s));
    hg_status status = hgi_dataset_from_source(ctx, s, &o, out);
    hgi_source_close(&s);
    return status;
}
