// SPDX-License-Identifier: MIT
/* Streams: blocks with their checks, and a dataset of all of them; see blocks.h.       */
#include "data/blocks.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES ((int64_t)1 << 20)
#define BLOCK_MOST ((int64_t)16 << 20)
/* Rows that keep a thread busy for longer than it takes to wake it. */
#define BLOCK_ROWS 512

int64_t hgi_block_rows(const hg_ctx *ctx, const hg_dataset *like)
{
    int64_t row = hgi_dataset_row_bytes(like);
    int64_t rows = hgi_max(BLOCK_BYTES / row, BLOCK_ROWS * (int64_t)ctx->threads);
    return hgi_max(1, hgi_min(rows, BLOCK_MOST / row));
}

void hgi_blocks_close(hgi_blocks *s)
{
    if (s->close != NULL) s->close(s);
    hgi_source_close(&s->inner);
    /* Rows that lie in the reader's memory are not the block's. */
    hg_dataset_free(&s->block);
}

/* ---- blocks -------------------------------------------------------------------------- */

static hg_status make_room(hgi_blocks *s)
{
    hg_dataset *d = s->block;
    int64_t rows = hgi_block_rows(s->ctx, d);
    if (s->rows >= 0) rows = hgi_min(rows, s->rows);
    size_t bytes = (size_t)(rows * hgi_dataset_row_bytes(d));
    d->data = d->owned = hgi_alloc(&s->ctx->mem, bytes);
    if (d->owned == NULL) return hgi_fail_mem(s->ctx, bytes, "a block of rows");
    s->room = rows;
    return HG_OK;
}

/* Values in the order of the file, so that no cut changes a bit of the mean. */
static void measure(hgi_blocks *s, int64_t n)
{
    const hg_dataset *d = s->block;
    int64_t count = n * d->features, before = s->stats.count;
    bool clean = s->stats.bad == 0;
    if (d->type == HG_U8) {
        hgi_stats_u8(&s->stats, count, d->data);
        return;
    }
    const float *x = (const float *)(const void *)d->data;
    hgi_stats_f32(&s->stats, count, x);
    if (clean && s->stats.bad > 0) s->bad = x[s->stats.first_bad - before];
}

static hg_status check_finite(const hgi_blocks *s)
{
    if (s->stats.bad == 0) return HG_OK;
    return hgi_dataset_not_finite(s->ctx, s->block, s->stats.first_bad, s->bad,
                                  s->stats.bad);
}

hg_status hgi_blocks_next(hgi_blocks *s)
{
    int64_t n;
    if (s->room == 0 && !s->lends) HGI_TRY(make_room(s));
    s->first += s->block->rows;
    s->block->rows = 0;
    HGI_TRY(s->next(s, &n));
    s->block->rows = n;
    measure(s, n);
    bool gaps = s->gaps || s->block->may_gap;
    return (s->eager || n == 0) && !gaps ? check_finite(s) : HG_OK;
}

/* ---- all rows ------------------------------------------------------------------------ */

/* Rows that are kept so far: in memory, or in a file from the moment on when they are more
 * than that may hold. */
typedef struct keep {
    hg_ctx *ctx;
    int64_t row, rows, most;
    unsigned char *block;
    int64_t room; /* bytes of it */
    int fd;       /* -1: in memory */
} keep;

static hg_status write_rows(keep *k, const void *p, int64_t n)
{
    int error = hgi_write_at(k->fd, p, (size_t)(n * k->row), k->rows * k->row);
    if (error == 0) return HG_OK;
    return hgi_fail(k->ctx, HG_EIO, "cannot keep rows in a file (set TMPDIR): %s",
                    strerror(error));
}

static hg_status to_file(keep *k)
{
    int64_t rows = k->rows;
    HGI_TRY(hgi_tempfile(k->ctx, &k->fd));
    k->rows = 0;
    if (rows > 0) HGI_TRY(write_rows(k, k->block, rows));
    k->rows = rows;
    hgi_free(&k->ctx->mem, k->block);
    k->block = NULL;
    return HG_OK;
}

/* As many as are likely to come, and half as many more again where that was too few. */
static hg_status more_room(keep *k, int64_t need, double guess)
{
    double likely = 1.05 * guess * (double)k->row;
    int64_t room = hgi_max(need, k->room + k->room / 2);
    if (k->room == 0 && likely > (double)need && likely < (double)k->most)
        room = (int64_t)likely / k->row * k->row;
    unsigned char *p = hgi_realloc(&k->ctx->mem, k->block, (size_t)room);
    if (p == NULL) return hgi_fail_mem(k->ctx, (size_t)room, "the rows");
    k->block = p;
    k->room = room;
    return HG_OK;
}

static hg_status add_rows(keep *k, const hgi_blocks *s)
{
    const hg_dataset *d = s->block;
    int64_t n = d->rows, need = (k->rows + n) * k->row;
    if (k->fd < 0 && need > k->most) HGI_TRY(to_file(k));
    if (k->fd >= 0) {
        HGI_TRY(write_rows(k, d->data, n));
    } else {
        if (need > k->room) HGI_TRY(more_room(k, need, s->guess));
        memcpy(k->block + k->rows * k->row, d->data, (size_t)(n * k->row));
    }
    k->rows += n;
    return HG_OK;
}

/* A walk over the rows that are kept, some at a time, which may change them. */
typedef struct walk {
    keep *k;
    float *block;
    int64_t some, first, n;
} keep_walk;

static hg_status walk_open(keep *k, keep_walk *w)
{
    *w = (keep_walk){.k = k, .some = k->rows, .block = (float *)(void *)k->block};
    if (k->fd < 0) return HG_OK;
    w->some = hgi_max(1, BLOCK_BYTES / k->row);
    size_t bytes = (size_t)(w->some * k->row);
    w->block = hgi_alloc(&k->ctx->mem, bytes);
    return w->block != NULL ? HG_OK : hgi_fail_mem(k->ctx, bytes, "rows");
}

static void walk_close(keep_walk *w)
{
    if (w->k->fd >= 0) hgi_free(&w->k->ctx->mem, w->block);
}

static hg_status walk_failed(const keep_walk *w, int error)
{
    return hgi_fail(w->k->ctx, HG_EIO, "cannot keep rows in a file: %s",
                    error > 0 ? strerror(error) : "it was cut short");
}

/* The next rows to w->block; w->n is 0 behind the last. */
static hg_status walk_next(keep_walk *w)
{
    const keep *k = w->k;
    w->first += w->n;
    w->n = hgi_min(w->some, k->rows - w->first);
    if (k->fd < 0 || w->n == 0) return HG_OK;
    int error = hgi_read_at(k->fd, w->block, (size_t)(w->n * k->row), w->first * k->row);
    return error == 0 ? HG_OK : walk_failed(w, error);
}

static hg_status look_at_rows(hgi_blocks *s, keep *k)
{
    keep_walk w;
    hg_status status;
    HGI_TRY(walk_open(k, &w));
    do {
        HGI_GOTO(walk_next(&w));
        if (w.n > 0) HGI_GOTO(s->look(s, w.block, w.n));
    } while (w.n > 0);
done:
    walk_close(&w);
    return status;
}

/* Close up rows of floats of which some columns go; in the file a block at a time, which
 * never overtakes what is still to be read.                                            */
static hg_status close_up(const hgi_blocks *s, keep *k, const int64_t *place,
                          int64_t wide, int64_t kept)
{
    keep_walk w;
    hg_status status;
    int64_t bytes = kept * (int64_t)sizeof *w.block;
    HGI_TRY(walk_open(k, &w));
    do {
        HGI_GOTO(walk_next(&w));
        float *to = w.block;
        for (int64_t r = 0; r < w.n; r++)
            for (int64_t c = 0; c < wide; c++) {
                float v = w.block[r * wide + c];
                if (place[c] >= 0) *to++ = s->fix != NULL ? s->fix(s, c, v) : v;
            }
        if (k->fd < 0 || w.n == 0) continue;
        int error = hgi_write_at(k->fd, w.block, (size_t)(w.n * bytes), w.first * bytes);
        if (error != 0) HGI_GOTO(walk_failed(&w, error));
    } while (w.n > 0);
    k->row = bytes;
done:
    walk_close(&w);
    return status;
}

static hg_status end_columns(hgi_blocks *s, keep *k)
{
    int64_t wide = s->block->features;
    size_t bytes = (size_t)wide * sizeof(int64_t);
    hg_status status = HG_OK;
    int64_t *place = hgi_alloc(&s->ctx->mem, bytes);
    if (place == NULL) return hgi_fail_mem(s->ctx, bytes, "columns");
    if (s->look != NULL) HGI_GOTO(look_at_rows(s, k));
    HGI_GOTO(s->end(s, place));
    if (s->block->features < wide || s->fix != NULL)
        HGI_GOTO(close_up(s, k, place, wide, s->block->features));
done:
    hgi_free(&s->ctx->mem, place);
    return status;
}

/* The block becomes the dataset: it has the names and the shape already. */
static hg_status take_rows(hgi_blocks *s, keep *k, hg_dataset **out)
{
    hg_dataset *d = s->block;
    if (k->fd >= 0) {
        hgi_array a;
        d->rows = k->rows;
        hgi_held_plain(d, &a);
        HGI_TRY(hgi_held_new(s->ctx, d->name, k->fd, 0, &a, true, &d->held));
        k->fd = -1;
        d->holds = true;
    } else {
        int64_t used = k->rows * k->row;
        /* A guess that was far too high is given back. */
        if (k->room > used + used / 2) {
            unsigned char *p = hgi_realloc(&s->ctx->mem, k->block, (size_t)used);
            if (p == NULL) return hgi_fail_mem(s->ctx, (size_t)used, "the rows");
            k->block = p;
        }
    }
    hgi_free(&s->ctx->mem, d->owned);
    d->data = d->owned = k->block;
    d->rows = k->rows;
    k->block = NULL;
    s->block = NULL;
    *out = d;
    return HG_OK;
}

static hg_status keep_all(hgi_blocks *s, keep *k, hg_dataset **out)
{
    HGI_TRY(hgi_blocks_next(s));
    for (; s->block->rows > 0;) {
        HGI_TRY(add_rows(k, s));
        HGI_TRY(hgi_blocks_next(s));
    }
    if (s->late) {
        /* Values of columns that go are not the data's. */
        HGI_TRY(end_columns(s, k));
        HGI_TRY(take_rows(s, k, out));
        return hgi_dataset_check(s->ctx, *out);
    }
    HGI_TRY(take_rows(s, k, out));
    if ((*out)->schema != NULL || s->stats.bad > 0 || (*out)->table)
        return hgi_dataset_check(s->ctx, *out);
    hgi_stats_end(&s->stats, &(*out)->min, &(*out)->max, &(*out)->mean);
    return HG_OK;
}

/* Rows that have a place in a plain file are looked at once, for their ends and to see that
 * they are numbers, and stay there.                                                    */
static hg_status stay(hgi_blocks *s, hg_dataset **out)
{
    hg_dataset *d;
    int64_t at;
    int fd = dup(hgi_source_place(s->source, &at));
    if (fd < 0)
        return hgi_fail(s->ctx, HG_EIO, "%s: cannot keep it open", s->block->name);
    hg_status status = hgi_held_new(s->ctx, s->block->name, fd, s->at, &s->array, false,
                                    &s->block->held);
    if (status != HG_OK) {
        close(fd);
        return status;
    }
    s->block->holds = true;
    do {
        HGI_TRY(hgi_blocks_next(s));
    } while (s->block->rows > 0);
    *out = d = s->block;
    s->block = NULL;
    hgi_free(&s->ctx->mem, d->owned);
    d->data = d->owned = NULL;
    d->rows = s->rows;
    if (s->stats.bad > 0 || d->table) return hgi_dataset_check(s->ctx, d);
    hgi_stats_end(&s->stats, &d->min, &d->max, &d->mean);
    return HG_OK;
}

hg_status hgi_blocks_label(hgi_blocks *s, const hg_data_options *o)
{
    hgi_labels labels;
    if (o->labels == NULL) return HG_OK;
    HGI_TRY(hgi_labels_read(s->ctx, o->labels, &labels));
    hg_status status = hgi_dataset_label(s->ctx, s->block, &labels);
    hgi_labels_free(&s->ctx->mem, &labels);
    return status;
}

hg_status hgi_blocks_collect(hgi_blocks *s, int64_t most, hg_dataset **out)
{
    int64_t row = hgi_dataset_row_bytes(s->block);
    bool fits = most > 0 && s->guess * (double)row <= (double)most;
    keep k = {.ctx = s->ctx, .row = row, .most = most, .fd = -1};
    *out = NULL;
    if (fits && s->load != NULL) {
        HGI_TRY(s->load(s));
        *out = s->block;
        s->block = NULL;
        return hgi_dataset_check(s->ctx, *out);
    }
    if (s->placed && !fits) return stay(s, out);
    hg_status status = HG_OK;
    if (!fits) status = to_file(&k);
    if (status == HG_OK) status = keep_all(s, &k, out);
    if (k.fd >= 0) close(k.fd);
    hgi_free(&s->ctx->mem, k.block);
    return status;
}
