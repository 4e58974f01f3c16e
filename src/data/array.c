// SPDX-License-Identifier: MIT
/* Reading an array's data; see array.h.
 *
 * 8-bit cells and little-endian f32 in C order are read to where they stay.  Everything
 * else goes through a piece of PIECE cells.  Fortran order is turned while reading: its
 * columns come one after another and are spread over the rows.                         */
#include "data/array.h"

#include <string.h>

#define PIECE INT64_C(32768)
/* What a pipe is given at first: nothing bounds what its header asks for.              */
#define PIPE_FIRST (INT64_C(64) << 20)

typedef struct job {
    hg_ctx *ctx;
    hgi_source *s;
    const hgi_array *a;
    int64_t features, rows,
        limit;    /* rows to keep                                        */
    int64_t need; /* bytes that the header promises                      */
    int64_t read; /* bytes read of them                                  */
    bool bytes;   /* kept as u8                                          */
    int64_t size; /* of a kept value                                     */
    unsigned char *block;
    int64_t room;       /* bytes of block                                      */
    unsigned char *raw; /* PIECE cells, or NULL                                */
    float *turned;      /* Fortran: PIECE values as float                      */
} job;

/* "60000x28x28 u8" */
static void describe(const hgi_array *a, char *out, size_t n)
{
    size_t len = 0;
    for (int i = 0; i < a->rank && len < n; i++) {
        len += (size_t)snprintf(out + len, n - len, "%s%lld", i > 0 ? "x" : "",
                                (long long)a->dim[i]);
    }
    if (len < n) snprintf(out + len, n - len, " %s", hgi_cell_name(a->cell));
}

static hg_status wrong_length(const job *j, int64_t found, const char *more)
{
    char what[128];
    describe(j->a, what, sizeof what);
    return hgi_fail(j->ctx, HG_EFORMAT, "%s: %s%lld bytes of data, expected %lld (%s)",
                    hgi_source_path(j->s), more, (long long)found, (long long)j->need,
                    what);
}

/* Sizes from the header, multiplied with care, against what the source has.            */
static hg_status plan(job *j, int64_t limit)
{
    const hgi_array *a = j->a;
    const char *path = hgi_source_path(j->s);
    bool over = false;
    j->features = 1;
    for (int i = 1; i < a->rank; i++) {
        over = __builtin_mul_overflow(j->features, a->dim[i], &j->features) || over;
    }
    over = __builtin_mul_overflow(j->features, a->dim[0], &j->need) || over;
    over = __builtin_mul_overflow(j->need, hgi_cell_size(a->cell), &j->need) || over;
    if (over || j->need > INT64_MAX / 8) {
        char what[128];
        describe(a, what, sizeof what);
        return hgi_fail(j->ctx, HG_EFORMAT,
                        "%s: header asks for %s, more than there can be", path, what);
    }
    int64_t left = hgi_source_left(j->s);
    if (left >= 0 && hgi_source_exact(j->s) && left != j->need)
        return wrong_length(j, left, "");
    if (left >= 0 && left < j->need) return wrong_length(j, left, "at most ");
    if (a->dim[0] == 0) {
        return hgi_fail(j->ctx, HG_ESHAPE, "%s: no rows, expected at least 1", path);
    }
    if (j->features == 0) {
        return hgi_fail(j->ctx, HG_ESHAPE, "%s: rows have no values, expected at least 1",
                        path);
    }
    j->rows = limit > 0 ? hgi_min(limit, a->dim[0]) : a->dim[0];
    j->bytes = a->cell == HGI_CELL_U8 || a->cell == HGI_CELL_BOOL;
    j->size = j->bytes ? 1 : (int64_t)sizeof(float);
    return HG_OK;
}

/* Make block hold `bytes`.  With a known length that is the whole at once; a pipe earns
 * its memory by what it has sent.                                                      */
static hg_status make_room(job *j, int64_t bytes)
{
    if (bytes <= j->room) return HG_OK;
    int64_t all = j->rows * j->features * j->size, room = all;
    if (hgi_source_left(j->s) < 0 && !j->a->fortran) {
        room = hgi_min(all, hgi_max(bytes, hgi_max(PIPE_FIRST, j->room + j->room / 2)));
    }
    unsigned char *p = hgi_realloc(&j->ctx->mem, j->block, (size_t)room);
    if (p == NULL) return hgi_fail_mem(j->ctx, (size_t)room, "the data");
    j->block = p;
    j->room = room;
    return HG_OK;
}

/* Exactly n cells.                                                                     */
static hg_status read_cells(job *j, void *p, int64_t n)
{
    size_t want = (size_t)(n * hgi_cell_size(j->a->cell)), got;
    HGI_TRY(hgi_source_read(j->s, p, want, &got));
    j->read += (int64_t)got;
    return got == want ? HG_OK : wrong_length(j, j->read, "");
}

/* Cell `at` of the file's order does not fit: say where it is.                         */
static hg_status too_large(const job *j, int64_t row, int64_t column)
{
    return hgi_fail(
        j->ctx, HG_ERANGE,
        "%s: row %lld, value %lld of it: beyond the range of 32-bit floats (3.4e38)",
        hgi_source_path(j->s), (long long)row + 1, (long long)column + 1);
}

static hg_status read_c_order(job *j)
{
    const hgi_array *a = j->a;
    const uint16_t one = 1;
    bool little = *(const unsigned char *)&one == 1;
    bool in_place = j->bytes || (a->cell == HGI_CELL_F32 && a->big_endian != little);
    int64_t total = j->rows * j->features, n;
    /* In place, pieces are only there to let a pipe grow its memory.                   */
    int64_t piece = in_place ? PIPE_FIRST / 8 : PIECE;
    for (int64_t at = 0; at < total; at += n) {
        n = hgi_min(piece, total - at);
        HGI_TRY(make_room(j, (at + n) * j->size));
        unsigned char *dst = j->block + at * j->size;
        HGI_TRY(read_cells(j, in_place ? dst : j->raw, n));
        if (in_place) continue;
        int64_t bad =
            hgi_cells_to_float(a->cell, a->big_endian, n, j->raw, (float *)(void *)dst);
        if (bad >= 0)
            return too_large(j, (at + bad) / j->features, (at + bad) % j->features);
    }
    return HG_OK;
}

/* Where the q-th column of Fortran order is in a row-major row: the first dimension of a
 * row changes fastest in the file, slowest in memory.                                  */
static int64_t turned_column(const hgi_array *a, int64_t q)
{
    int64_t c = 0;
    for (int i = 1; i < a->rank; i++) {
        int64_t k = q % a->dim[i];
        q /= a->dim[i];
        for (int m = i + 1; m < a->rank; m++) k *= a->dim[m];
        c += k;
    }
    return c;
}

/* A run of one column's cells, from `row` on, to where its rows are in memory. */
static hg_status spread(job *j, const unsigned char *raw, int64_t row, int64_t column,
                        int64_t n)
{
    const hgi_array *a = j->a;
    if (j->bytes) {
        unsigned char *to = j->block + row * j->features + column;
        for (int64_t i = 0; i < n; i++) to[i * j->features] = raw[i];
        return HG_OK;
    }
    float *to = (float *)(void *)j->block + row * j->features + column;
    int64_t bad = hgi_cells_to_float(a->cell, a->big_endian, n, raw, j->turned);
    if (bad >= 0) return too_large(j, row + bad, column);
    for (int64_t i = 0; i < n; i++) to[i * j->features] = j->turned[i];
    return HG_OK;
}

/* A block is as large as the data whatever the order: no second copy is made.  Columns
 * shorter than a piece are read many at a time, because a read of each (and a call of
 * inflate) would take longer than all else.  Rows beyond the limit are read past: the next
 * column starts behind them.                                                           */
static hg_status read_fortran(job *j)
{
    const hgi_array *a = j->a;
    int64_t rows = a->dim[0], total = rows * j->features, n, run;
    HGI_TRY(make_room(j, j->rows * j->features * j->size));
    for (int64_t at = 0; at < total; at += n) {
        n = hgi_min(PIECE, total - at);
        HGI_TRY(read_cells(j, j->raw, n));
        for (int64_t i = 0; i < n; i += run) {
            int64_t row = (at + i) % rows, keep;
            run = hgi_min(n - i, rows - row);
            keep = hgi_min(run, j->rows - row);
            if (keep <= 0) continue;
            const unsigned char *raw = j->raw + i * hgi_cell_size(a->cell);
            HGI_TRY(spread(j, raw, row, turned_column(a, (at + i) / rows), keep));
        }
    }
    return HG_OK;
}

/* When everything was to be read, nothing may follow (and a gzip checksum is compared). */
static hg_status expect_end(job *j)
{
    unsigned char more;
    size_t got;
    if (j->read < j->need) return HG_OK;
    HGI_TRY(hgi_source_read(j->s, &more, 1, &got));
    return got == 0 ? HG_OK : wrong_length(j, j->need, "more than ");
}

/* What was read becomes the dataset, which owns the block from here on. */
static hg_status finish(job *j, hg_dataset **out)
{
    const hgi_array *a = j->a;
    const int64_t one = 1;
    char stored[48];
    if (a->cell == HGI_CELL_BOOL) {
        for (int64_t i = 0; i < j->rows * j->features; i++) {
            if (j->block[i] <= 1) continue;
            return hgi_fail(
                j->ctx, HG_EFORMAT, "%s: row %lld: a bool is %d, expected 0 or 1",
                hgi_source_path(j->s), (long long)(i / j->features) + 1, j->block[i]);
        }
    }
    snprintf(stored, sizeof stored, "%s%s%s", hgi_cell_name(a->cell),
             a->big_endian && hgi_cell_size(a->cell) > 1 ? " big-endian" : "",
             a->fortran ? " fortran" : "");
    char *kept = hgi_strdup(&j->ctx->mem, stored);
    if (kept == NULL) return hgi_fail_mem(j->ctx, sizeof stored, "a type's name");
    hg_status status = hgi_dataset_take(
        j->ctx, hgi_source_path(j->s), "array", j->bytes ? HG_U8 : HG_F32, j->rows,
        a->rank > 1 ? a->rank - 1 : 1, a->rank > 1 ? a->dim + 1 : &one, j->block, out);
    if (status != HG_OK) {
        hgi_free(&j->ctx->mem, kept);
        return status;
    }
    hgi_free(&j->ctx->mem, (*out)->stored);
    (*out)->stored = kept;
    j->block = NULL;
    return HG_OK;
}

hg_status hgi_array_read(hg_ctx *ctx, hgi_source *s, const hgi_array *a, int64_t limit,
                         hg_dataset **out)
{
    hg_status status = HG_OK;
    job j = {.ctx = ctx, .s = s, .a = a};
    *out = NULL;
    HGI_GOTO(plan(&j, limit));
    size_t piece = (size_t)(PIECE * hgi_cell_size(a->cell));
    j.raw = hgi_alloc(&ctx->mem, piece);
    j.turned = hgi_alloc(&ctx->mem, PIECE * sizeof *j.turned);
    if (j.raw == NULL || j.turned == NULL) {
        status = hgi_fail_mem(ctx, piece, "converting");
        goto done;
    }
    HGI_GOTO(a->fortran ? read_fortran(&j) : read_c_order(&j));
    HGI_GOTO(expect_end(&j));
    HGI_GOTO(finish(&j, out));
done:
    hgi_free(&ctx->mem, j.raw);
    hgi_free(&ctx->mem, j.turned);
    hgi_free(&ctx->mem, j.block);
    return status;
}
