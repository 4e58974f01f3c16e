// SPDX-License-Identifier: MIT
/* Which rows a detector trains on and which it calibrates with: at random, by whole groups,
 * or the latest.  Rows that belong together (of one patient, one machine) are alike: with
 * some on either side the calibration scores would be lower than a new group's.  Rows
 * drift: the latest are the most like those to come. */
#include "apply/detect.h"
#include "base/rng.h"
#include "data/pictures.h"

#include <math.h>
#include <stdlib.h>

/* A row and what it is sorted by. */
typedef struct keyed {
    double key;
    int64_t row;
} keyed;

static int by_key(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->key < y->key || x->key > y->key) return x->key < y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static hg_status read_keys(hg_ctx *ctx, const hg_dataset *data, const hg_dataset *keys,
                           const char *what, keyed **out)
{
    hg_status status = HG_OK;
    hgi_rows w;
    if (keys->rows != data->rows || keys->features != 1)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: %lld rows of %lld values, expected one value for each of "
                        "the %lld rows to split by %s",
                        keys->name, (long long)keys->rows, (long long)keys->features,
                        (long long)data->rows, what);
    keyed *k = *out = hgi_calloc(&ctx->mem, (size_t)data->rows, sizeof *k);
    if (k == NULL) return hgi_fail_mem(ctx, (size_t)data->rows * sizeof *k, "a split");
    HGI_TRY(hgi_rows_open(ctx, keys, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        for (int64_t i = 0; i < w.n; i++) {
            float v;
            hgi_dataset_row(w.rows, w.at + i, &v);
            k[w.first + i] = (keyed){(double)v, w.first + i};
        }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
    qsort(k, (size_t)data->rows, sizeof *k, by_key);
done:
    hgi_rows_close(&w);
    return status;
}

static bool same(const keyed *a, const keyed *b)
{
    return !(a->key < b->key) && !(a->key > b->key);
}

/* Rows of one time stay together: the cut moves to the next one, or back. */
static hg_status mark_latest(hg_ctx *ctx, const hg_dataset *data, const keyed *k,
                             int64_t take, unsigned char *held)
{
    const int64_t n = data->rows;
    int64_t cut = n - take;
    while (cut < n && same(&k[cut - 1], &k[cut])) cut++;
    if (cut == n)
        for (cut = n - take; cut > 0 && same(&k[cut - 1], &k[cut]);) cut--;
    if (cut == 0)
        return hgi_fail(ctx, HG_ERANGE, "%s: all rows have one time: nothing is later",
                        data->name);
    for (int64_t i = cut; i < n; i++) held[k[i].row] = 1;
    return HG_OK;
}

/* Whole groups in random order until there are `take` rows or more, never all of them. */
static hg_status mark_groups(hg_ctx *ctx, const char *name, int64_t n, const keyed *k,
                             int64_t take, uint64_t seed, unsigned char *held)
{
    int64_t groups = 0, marked = 0, *start, *order;
    size_t bytes = (size_t)(2 * n + 1) * sizeof *start;
    start = hgi_alloc(&ctx->mem, bytes);
    if (start == NULL) return hgi_fail_mem(ctx, bytes, "a split");
    order = start + n + 1;
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || !same(&k[i - 1], &k[i])) start[groups++] = i;
    start[groups] = n;
    hgi_permutation(&(hgi_rng){seed, HGI_USE_SPLIT, 0}, groups, order);
    for (int64_t g = 0; g < groups - 1 && marked < take; g++)
        for (int64_t i = start[order[g]]; i < start[order[g] + 1]; i++, marked++)
            held[k[i].row] = 1;
    hgi_free(&ctx->mem, start);
    if (groups > 1) return HG_OK;
    return hgi_fail(ctx, HG_ERANGE,
                    "%s: all rows are of one group: none is left to calibrate with",
                    name);
}

/* The rows that are marked, or not. */
static hg_status pick(hg_ctx *ctx, const hg_dataset *data, const unsigned char *held,
                      int which, hg_dataset **out)
{
    size_t bytes = (size_t)data->rows * sizeof(int64_t);
    int64_t *index = hgi_alloc(&ctx->mem, bytes), n = 0;
    if (index == NULL) return hgi_fail_mem(ctx, bytes, "a split");
    for (int64_t r = 0; r < data->rows; r++)
        if (held[r] == which) index[n++] = r;
    hg_status status = hgi_dataset_pick(ctx, data, index, n, out);
    hgi_free(&ctx->mem, index);
    return status;
}

/* Tiles of one picture overlap, or border on each other: they are on one side. */
static hg_status key_by_picture(hg_ctx *ctx, const hg_dataset *data, keyed **out)
{
    const struct hgi_pictures *p = data->pictures;
    keyed *k = *out = hgi_calloc(&ctx->mem, (size_t)data->rows, sizeof *k);
    if (k == NULL) return hgi_fail_mem(ctx, (size_t)data->rows * sizeof *k, "a split");
    for (int64_t r = 0; r < data->rows; r++) {
        int64_t stored = data->order != NULL ? data->order[r] : r;
        k[r] = (keyed){(double)(hgi_pictures_of(p, stored) - p->item), r};
    }
    qsort(k, (size_t)data->rows, sizeof *k, by_key);
    if (!same(&k[0], &k[data->rows - 1])) return HG_OK;
    return hgi_fail(ctx, HG_ERANGE,
                    "%s: tiles of one picture, and whole pictures are held apart to "
                    "calibrate with: at least 2 are needed",
                    data->name);
}

/* o NULL: by pictures. */
static hg_status split_by_keys(hg_ctx *ctx, const hg_dataset *data, double share,
                               uint64_t seed, const hg_detector_options *o,
                               hg_dataset **train, hg_dataset **calibration)
{
    hg_status status;
    const int64_t n = data->rows;
    keyed *k = NULL;
    unsigned char *held = hgi_calloc(&ctx->mem, (size_t)n, 1);
    int64_t take = hgi_max(1, hgi_min(llround(share * (double)n), n - 1));
    if (held == NULL) return hgi_fail_mem(ctx, (size_t)n, "a split");
    const bool time = o != NULL && o->time != NULL;
    if (o == NULL)
        HGI_GOTO(key_by_picture(ctx, data, &k));
    else
        HGI_GOTO(
            read_keys(ctx, data, time ? o->time : o->group, time ? "time" : "group", &k));
    HGI_GOTO(time ? mark_latest(ctx, data, k, take, held)
                  : mark_groups(ctx, data->name, n, k, take, seed, held));
    HGI_GOTO(pick(ctx, data, held, 0, train));
    HGI_GOTO(pick(ctx, data, held, 1, calibration));
done:
    hgi_free(&ctx->mem, held);
    hgi_free(&ctx->mem, k);
    if (status != HG_OK) hg_dataset_free(train);
    return status;
}

/* Windows of whole groups, in random order until they have `take` of the rows or more,
 * never all of them; those that calibrate share no row. */
static hg_status split_groups(hg_ctx *ctx, const hg_dataset *data, double share,
                              uint64_t seed, int64_t *early, int64_t *late, int64_t *a,
                              int64_t *b)
{
    const int64_t n = data->rows, *start = data->order;
    const hgi_windows *s = data->series;
    const int64_t take = hgi_max(1, llround(share * (double)s->rows));
    hg_status status;
    unsigned char *held = hgi_calloc(&ctx->mem, (size_t)s->rows, 1);
    keyed *k = hgi_calloc(&ctx->mem, (size_t)s->rows, sizeof *k);
    if (held == NULL || k == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)s->rows * sizeof *k, "a split"));
    for (int64_t i = 0; i < s->rows; i++) k[i] = (keyed){(double)s->belongs[i], i};
    qsort(k, (size_t)s->rows, sizeof *k, by_key);
    HGI_GOTO(mark_groups(ctx, data->name, s->rows, k, take, seed, held));
    for (int64_t i = 0, free_from = 0; i < n; i++) {
        if (!held[start[i]]) {
            early[(*a)++] = i;
        } else if (start[i] >= free_from) {
            late[(*b)++] = i;
            free_from = start[i] + s->window;
        }
    }
    if (*a == 0 || *b == 0)
        status = hgi_fail(ctx, HG_ERANGE,
                          "%s: no group to train on, or none to calibrate with, has %lld "
                          "rows without a gap",
                          data->name, (long long)s->window);
done:
    hgi_free(&ctx->mem, held);
    hgi_free(&ctx->mem, k);
    return status;
}

/* Windows of a series overlap, and what follows is like what was just before: the latest
 * part is held apart, no window is on both sides, and those that calibrate share no row,
 * so that none of their scores is counted many times over. */
static hg_status split_windows(hg_ctx *ctx, const hg_dataset *data, double share,
                               uint64_t seed, hg_dataset **train,
                               hg_dataset **calibration)
{
    const int64_t n = data->rows, window = data->series->window, *start = data->order;
    const int64_t rows = start[n - 1] + window;
    const double cut = (1 - share) * (double)rows;
    hg_status status = HG_OK;
    size_t bytes = (size_t)(2 * n) * sizeof(int64_t);
    int64_t *early = hgi_alloc(&ctx->mem, bytes), *late = early + n, a = 0, b = 0;
    if (early == NULL) return hgi_fail_mem(ctx, bytes, "a split");
    const bool whole = data->series->belongs != NULL;
    if (whole) HGI_GOTO(split_groups(ctx, data, share, seed, early, late, &a, &b));
    for (int64_t i = 0, free_from = 0; !whole && i < n; i++) {
        int64_t end = start[i] + window;
        if ((double)end <= cut) {
            early[a++] = i;
        } else if ((double)start[i] >= cut && start[i] >= free_from) {
            late[b++] = i;
            free_from = end;
        }
    }
    if (a == 0 || b == 0)
        HGI_GOTO(hgi_fail(ctx, HG_ERANGE,
                          "%s: %lld rows, of which %.0f are to calibrate with: a window "
                          "of %lld does not fit into both parts",
                          data->name, (long long)rows, share * (double)rows,
                          (long long)window));
    HGI_GOTO(hgi_dataset_pick(ctx, data, early, a, train));
    HGI_GOTO(hgi_dataset_pick(ctx, data, late, b, calibration));
done:
    hgi_free(&ctx->mem, early);
    if (status != HG_OK) hg_dataset_free(train);
    return status;
}

hg_status hgi_detect_apart(hg_ctx *ctx, const hg_dataset *windows, hg_dataset **out)
{
    size_t bytes = (size_t)windows->rows * sizeof(int64_t);
    int64_t *index = hgi_alloc(&ctx->mem, bytes), n = 0;
    if (index == NULL) return hgi_fail_mem(ctx, bytes, "windows");
    for (int64_t i = 0, free_from = 0; i < windows->rows; i++) {
        if (windows->order[i] < free_from) continue;
        index[n++] = i;
        free_from = windows->order[i] + windows->series->window;
    }
    hg_status status = hgi_dataset_pick(ctx, windows, index, n, out);
    hgi_free(&ctx->mem, index);
    return status;
}

hg_status hgi_detect_split(hg_ctx *ctx, const hg_dataset *data, double share,
                           uint64_t seed, const hg_detector_options *o,
                           hg_dataset **train, hg_dataset **calibration)
{
    *train = *calibration = NULL;
    if (data->rows < 2)
        return hgi_fail(ctx, HG_ERANGE,
                        "%s: %lld row, expected at least 2: one to train on and one to "
                        "calibrate with",
                        data->name, (long long)data->rows);
    if (o != NULL && o->group != NULL && o->time != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "rows are split by group or by time, not by both");
    if (data->series != NULL)
        return split_windows(ctx, data, share, seed, train, calibration);
    if (o != NULL && (o->group != NULL || o->time != NULL))
        return split_by_keys(ctx, data, share, seed, o, train, calibration);
    if (data->pictures != NULL && data->pictures->how.prep.tile[0] > 0)
        return split_by_keys(ctx, data, share, seed, NULL, train, calibration);
    return hg_dataset_split(ctx, data, share, seed, train, calibration);
}
