// SPDX-License-Identifier: MIT
/* Rows that are held in a file, and windows: the few of them that are in memory.
 *
 * Threads only copy bytes, each its own rows; what has to be made floats is made by the
 * caller's thread afterwards, because those of the team flush denormals.               */
#include "base/team.h"
#include "data/blocks.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes that a thread reads at a time. */
#define PART ((int64_t)128 * 1024)

/* ---- held rows ----------------------------------------------------------------------- */

void hgi_held_plain(const hg_dataset *d, hgi_array *out)
{
    const uint16_t one = 1;
    *out = (hgi_array){.cell = d->type == HG_U8 ? HGI_CELL_U8 : HGI_CELL_F32,
                       .big_endian = *(const unsigned char *)&one == 0,
                       .rank = 2,
                       .dim = {d->rows, d->features}};
}

hg_status hgi_held_new(hg_ctx *ctx, const char *name, int fd, int64_t at,
                       const hgi_array *a, bool nameless, struct hgi_held **out)
{
    struct stat st;
    hg_dataset like = {.type = HG_F32};
    hgi_array plain;
    *out = NULL;
    if (fstat(fd, &st) != 0) return hgi_fail_io(ctx, name, "read", errno);
    struct hgi_held *h = hgi_calloc(&ctx->mem, 1, sizeof *h);
    if (h == NULL) return hgi_fail_mem(ctx, sizeof *h, "a file of rows");
    *h = (struct hgi_held){.mem = ctx->mem,
                           .fd = fd,
                           .at = at,
                           .array = *a,
                           .row = hgi_cell_size(a->cell),
                           .nameless = nameless,
                           .size = (int64_t)st.st_size,
                           .written = st.st_mtim};
    for (int i = 1; i < a->rank; i++) h->row *= a->dim[i];
    hgi_held_plain(&like, &plain);
    h->step = h->row;
    h->in_place = a->cell == HGI_CELL_U8 || a->cell == HGI_CELL_BOOL ||
                  (a->cell == HGI_CELL_F32 && a->big_endian == plain.big_endian);
    *out = h;
    return HG_OK;
}

void hgi_held_free(struct hgi_held **held)
{
    if (*held == NULL) return;
    hgi_mem mem = (*held)->mem;
    close((*held)->fd);
    hgi_free(&mem, *held);
    *held = NULL;
}

/* A file that has been written to since it was opened gives rows of both versions. */
static hg_status check_unchanged(hg_ctx *ctx, const struct hgi_held *h, const char *name)
{
    struct stat st;
    if (h->nameless) return HG_OK;
    if (fstat(h->fd, &st) != 0) return hgi_fail_io(ctx, name, "read", errno);
    if (st.st_size != h->size)
        return hgi_fail(ctx, HG_EIO,
                        "%s: %s while it was read: %lld bytes, had %lld at the start",
                        name, st.st_size < h->size ? "was cut short" : "grew",
                        (long long)st.st_size, (long long)h->size);
    if (st.st_mtim.tv_sec != h->written.tv_sec ||
        st.st_mtim.tv_nsec != h->written.tv_nsec)
        return hgi_fail(ctx, HG_EIO, "%s: was written to while it was read", name);
    return HG_OK;
}

/* ---- copying ------------------------------------------------------------------------- */

/* Rows index[0..n-1], or first .. first+n-1, to `to`, one after another. */
typedef struct fetch {
    const hg_dataset *d;
    const int64_t *index;
    int64_t first, n, each; /* rows; rows of an item */
    unsigned char *to;
    atomic_int error;
} fetch;

/* Where row i of those asked for is stored. */
static int64_t stored_at(const fetch *f, int64_t i)
{
    int64_t row = f->index != NULL ? f->index[i] : f->first + i;
    return f->d->order != NULL ? f->d->order[row] : row;
}

/* Neighbours in the file are one read. */
static void run_fetch(void *arg, int64_t item, int worker)
{
    (void)worker;
    fetch *f = arg;
    const struct hgi_held *h = f->d->held;
    int64_t end = hgi_min((item + 1) * f->each, f->n), run;
    for (int64_t i = item * f->each; i < end; i += run) {
        int64_t row = stored_at(f, i);
        run = 1;
        while (h->step == h->row && i + run < end && stored_at(f, i + run) == row + run)
            run++;
        int error = hgi_read_at(h->fd, f->to + i * h->row, (size_t)(run * h->row),
                                h->at + row * h->step);
        if (error == 0) continue;
        atomic_store(&f->error, error);
        return;
    }
}

static hg_status copy_rows(hg_ctx *ctx, hgi_rows *w, const int64_t *index, int64_t first,
                           int64_t n)
{
    const hg_dataset *d = w->data;
    const struct hgi_held *h = d->held;
    fetch f = {.d = d, .index = index, .first = first, .n = n};
    f.each = hgi_max(1, PART / h->row);
    f.to = h->in_place ? w->own->owned : w->raw;
    atomic_init(&f.error, 0);
    hgi_stage stage = {run_fetch, &f, hgi_ceil_div(n, f.each)};
    hgi_team *team;
    if (stage.items > 1) {
        HGI_TRY(hgi_ctx_team(ctx, &team));
        hgi_team_run(team, &stage, 1);
    } else {
        run_fetch(&f, 0, 0);
    }
    int error = atomic_load(&f.error);
    if (error > 0) return hgi_fail_io(ctx, d->name, "read", error);
    HGI_TRY(check_unchanged(ctx, h, d->name));
    if (error == HGI_CUT_SHORT)
        return hgi_fail(ctx, HG_EIO, "%s: was cut short while it was read", d->name);
    /* They fit: all of them were looked at when the file was opened. */
    if (!h->in_place)
        (void)hgi_cells_to_float(h->array.cell, h->array.big_endian, n * d->features,
                                 w->raw, w->own->owned);
    return HG_OK;
}

/* ---- windows ------------------------------------------------------------------------- */

hg_status hgi_rows_open(hg_ctx *ctx, const hg_dataset *d, int64_t room, hgi_rows *out)
{
    hgi_rows w = {.data = d, .rows = d, .room = room > 0 ? room : d->rows};
    *out = w;
    if (d->held == NULL) return HG_OK;
    if (room <= 0) w.room = hgi_block_rows(ctx, d);
    w.room = hgi_min(w.room, d->rows);
    size_t bytes = (size_t)(w.room * hgi_dataset_row_bytes(d)), raw = 0;
    void *block = hgi_alloc(&ctx->mem, bytes);
    if (block == NULL) return hgi_fail_mem(ctx, bytes, "a window of rows");
    hg_status status = hgi_dataset_take(ctx, d->name, d->format, d->type, w.room, d->rank,
                                        d->shape, block, &w.own);
    if (status != HG_OK) {
        hgi_free(&ctx->mem, block);
        return status;
    }
    w.rows = w.own;
    w.own->columns = d->columns;
    w.own->schema = d->schema;
    w.own->min = d->min;
    w.own->max = d->max;
    if (!d->held->in_place) {
        raw = (size_t)(w.room * d->held->row);
        w.raw = hgi_alloc(&ctx->mem, raw);
    }
    *out = w;
    if (raw == 0 || w.raw != NULL) return HG_OK;
    hgi_rows_close(out);
    return hgi_fail_mem(ctx, raw, "a window of rows");
}

void hgi_rows_blocks(hgi_blocks *s, hgi_rows *out)
{
    *out = (hgi_rows){.blocks = s, .rows = s->block};
}

void hgi_rows_close(hgi_rows *w)
{
    if (w->own == NULL) return;
    hgi_mem mem = w->own->mem;
    hgi_free(&mem, w->raw);
    hg_dataset_free(&w->own);
    *w = (hgi_rows){.data = w->data};
}

void hgi_rows_rewind(hgi_rows *w) { w->first = w->n = 0; }

hg_status hgi_rows_range(hg_ctx *ctx, hgi_rows *w, int64_t first, int64_t n)
{
    assert(w->data != NULL && n <= w->room);
    w->first = first;
    w->n = n;
    w->at = w->own == NULL ? first : 0;
    return w->own == NULL || n == 0 ? HG_OK : copy_rows(ctx, w, NULL, first, n);
}

hg_status hgi_rows_gather(hg_ctx *ctx, hgi_rows *w, const int64_t *index, int64_t n)
{
    assert(w->own != NULL && n <= w->room);
    w->first = w->at = 0;
    w->n = n;
    return copy_rows(ctx, w, index, 0, n);
}

hg_status hgi_rows_next(hg_ctx *ctx, hgi_rows *w)
{
    if (w->blocks != NULL) {
        w->n = 0;
        HGI_TRY(hgi_blocks_next(w->blocks));
        w->first = w->blocks->first;
        w->at = 0;
        w->n = w->blocks->block->rows;
        return HG_OK;
    }
    int64_t first = w->first + w->n;
    return hgi_rows_range(ctx, w, first, hgi_min(w->room, w->data->rows - first));
}
