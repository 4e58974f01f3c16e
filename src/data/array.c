// SPDX-License-Identifier: MIT
/* Reading an array's data; see array.h.
 *
 * 8-bit cells and little-endian f32 in C order are read to where they stay.  Everything
 * else goes through a piece of PIECE cells.  Fortran order is turned while reading: its
 * columns come one after another and are spread over the rows.  In blocks that takes a
 * read of each column for every block, at its place in a plain file: gzip and pipes have
 * none.                                                                                */
#include "data/array.h"
#include "data/blocks.h"

#include <string.h>

#define PIECE INT64_C(32768)
/* What a pipe is given at first: nothing bounds what its header asks for.              */
#define PIPE_FIRST (INT64_C(64) << 20)

typedef struct job {
    hg_ctx *ctx;
    hgi_source *s;
    hgi_array array;
    const hgi_array *a;     /* &array */
    int64_t features, rows; /* rows to keep                                        */
    int64_t need;           /* bytes that the header promises                      */
    int64_t read;           /* bytes read of them                                  */
    int64_t done;           /* rows given to a stream                              */
    bool bytes;             /* kept as u8                                          */
    int64_t size;           /* of a kept value                                     */
    unsigned char *block;
    int64_t room;       /* bytes of block                                      */
    unsigned char *raw; /* PIECE cells                                         */
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

/* Can cells be read to where they stay? */
static bool in_place(const hgi_array *a)
{
    const uint16_t one = 1;
    bool little = *(const unsigned char *)&one == 1;
    return hgi_cell_size(a->cell) == 1
               ? a->cell != HGI_CELL_I8
               : a->cell == HGI_CELL_F32 && a->big_endian != little;
}

/* The next n cells of C order, the first of which is value `at` of the data. */
static hg_status read_values(job *j, int64_t at, int64_t n, unsigned char *dst)
{
    if (in_place(j->a)) return read_cells(j, dst, n);
    for (int64_t i = 0, now; i < n; i += now) {
        now = hgi_min(PIECE, n - i);
        HGI_TRY(read_cells(j, j->raw, now));
        int64_t bad = hgi_cells_to_float(j->a->cell, j->a->big_endian, now, j->raw,
                                         (float *)(void *)dst + i);
        if (bad >= 0)
            return too_large(j, (at + i + bad) / j->features,
                             (at + i + bad) % j->features);
    }
    return HG_OK;
}

/* Pieces are only there to let a pipe grow its memory. */
static hg_status read_c_order(job *j)
{
    int64_t total = j->rows * j->features, n;
    for (int64_t at = 0; at < total; at += n) {
        n = hgi_min(PIPE_FIRST / 8, total - at);
        HGI_TRY(make_room(j, (at + n) * j->size));
        HGI_TRY(read_values(j, at, n, j->block + at * j->size));
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

/* A run of one column's cells, from `row` on, to where its rows are in memory; row `first`
 * stands at the start of `block`. */
static hg_status spread(job *j, const unsigned char *raw, unsigned char *block,
                        int64_t first, int64_t row, int64_t column, int64_t n)
{
    const hgi_array *a = j->a;
    int64_t at = (row - first) * j->features + column;
    if (j->bytes) {
        unsigned char *to = block + at;
        for (int64_t i = 0; i < n; i++) to[i * j->features] = raw[i];
        return HG_OK;
    }
    float *to = (float *)(void *)block + at;
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
            int64_t column = turned_column(a, (at + i) / rows);
            HGI_TRY(spread(j, raw, j->block, 0, row, column, keep));
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

/* A bool that is neither is a damaged file; row `first` stands at the start of block. */
static hg_status check_bools(const job *j, const unsigned char *block, int64_t first,
                             int64_t rows)
{
    for (int64_t i = 0; i < rows * j->features && j->a->cell == HGI_CELL_BOOL; i++) {
        if (block[i] <= 1) continue;
        return hgi_fail(j->ctx, HG_EFORMAT, "%s: row %lld: a bool is %d, expected 0 or 1",
                        hgi_source_path(j->s), (long long)(first + i / j->features) + 1,
                        block[i]);
    }
    return HG_OK;
}

/* ---- the stream ---------------------------------------------------------------------- */

/* Rows first .. first+n-1 of Fortran order, by a read of each column at its place.  What
 * the file still has is seen by the last of them.                                      */
static hg_status turn_rows(job *j, const hgi_blocks *s, int64_t first, int64_t n)
{
    const hgi_array *a = j->a;
    int64_t at, cell = hgi_cell_size(a->cell);
    int fd = hgi_source_place(j->s, &at);
    for (int64_t q = 0; q < j->features; q++) {
        for (int64_t r = 0, now; r < n; r += now) {
            now = hgi_min(PIECE, n - r);
            int error = hgi_read_at(fd, j->raw, (size_t)(now * cell),
                                    at + (q * a->dim[0] + first + r) * cell);
            if (error == HGI_CUT_SHORT)
                return hgi_fail(j->ctx, HG_EIO, "%s: was cut short while it was read",
                                hgi_source_path(j->s));
            if (error != 0)
                return hgi_fail_io(j->ctx, hgi_source_path(j->s), "read", error);
            HGI_TRY(spread(j, j->raw, s->block->owned, first, first + r,
                           turned_column(a, q), now));
        }
    }
    return HG_OK;
}

static hg_status next(hgi_blocks *s, int64_t *n)
{
    job *j = s->state;
    int64_t at;
    *n = hgi_min(s->room, j->rows - j->done);
    if (*n == 0) return j->a->fortran ? HG_OK : expect_end(j);
    if (!j->a->fortran) {
        HGI_TRY(read_values(j, j->done * j->features, *n * j->features, s->block->owned));
    } else if (hgi_source_place(j->s, &at) >= 0) {
        HGI_TRY(turn_rows(j, s, j->done, *n));
    } else {
        return hgi_fail(j->ctx, HG_EUNAVAILABLE,
                        "%s: Fortran order can be read in blocks from a plain file only; "
                        "unpack it, or save it in C order",
                        hgi_source_path(j->s));
    }
    HGI_TRY(check_bools(j, s->block->owned, j->done, *n));
    j->done += *n;
    return HG_OK;
}

/* To where they stay: no second copy is made. */
static hg_status load(hgi_blocks *s)
{
    job *j = s->state;
    HGI_TRY(j->a->fortran ? read_fortran(j) : read_c_order(j));
    HGI_TRY(expect_end(j));
    HGI_TRY(check_bools(j, j->block, 0, j->rows));
    s->block->data = s->block->owned = j->block;
    s->block->rows = j->rows;
    j->block = NULL;
    return HG_OK;
}

static void close_array(hgi_blocks *s)
{
    job *j = s->state;
    const hgi_mem *mem = &s->ctx->mem;
    if (j == NULL) return;
    hgi_free(mem, j->raw);
    hgi_free(mem, j->turned);
    hgi_free(mem, j->block);
    hgi_free(mem, j);
    s->state = NULL;
}

/* A row as a dataset that has none yet. */
static hg_status describe_rows(hgi_blocks *s, const char *format, const job *j)
{
    const hgi_array *a = j->a;
    const int64_t one = 1;
    char stored[48];
    HGI_TRY(hgi_dataset_take(
        s->ctx, hgi_source_path(s->source), format, j->bytes ? HG_U8 : HG_F32, j->rows,
        a->rank > 1 ? a->rank - 1 : 1, a->rank > 1 ? a->dim + 1 : &one, NULL, &s->block));
    snprintf(stored, sizeof stored, "%s%s%s", hgi_cell_name(a->cell),
             a->big_endian && hgi_cell_size(a->cell) > 1 ? " big-endian" : "",
             a->fortran ? " fortran" : "");
    hgi_free(&s->ctx->mem, s->block->stored);
    s->block->stored = hgi_strdup(&s->ctx->mem, stored);
    return s->block->stored != NULL
               ? HG_OK
               : hgi_fail_mem(s->ctx, sizeof stored, "a type's name");
}

hg_status hgi_array_open(hgi_blocks *s, const char *format, const hgi_array *a,
                         int64_t limit)
{
    hg_ctx *ctx = s->ctx;
    job *j = hgi_calloc(&ctx->mem, 1, sizeof *j);
    size_t piece = (size_t)(PIECE * hgi_cell_size(a->cell));
    if (j == NULL) return hgi_fail_mem(ctx, sizeof *j, "reading");
    *j = (job){.ctx = ctx, .s = s->source, .array = *a};
    j->a = &j->array;
    s->state = j;
    s->next = next;
    s->load = load;
    s->close = close_array;
    HGI_TRY(plan(j, limit));
    j->raw = hgi_alloc(&ctx->mem, piece);
    j->turned = hgi_alloc(&ctx->mem, PIECE * sizeof *j->turned);
    if (j->raw == NULL || j->turned == NULL)
        return hgi_fail_mem(ctx, piece, "converting");
    HGI_TRY(describe_rows(s, format, j));
    s->rows = j->rows;
    s->array = *a;
    s->array.dim[0] = j->rows;
    s->placed = !a->fortran && hgi_source_place(s->source, &s->at) >= 0;
    return HG_OK;
}
