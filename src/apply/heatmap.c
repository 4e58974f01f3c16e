// SPDX-License-Identifier: MIT
/* Where a picture is not as the model expects it: maps of the error, laid over the picture.
 *
 *     rows -> reconstructions -> error of each pixel -> tiles laid together -> smoothed
 *          -> score of the picture; colours over the picture in grey -> PNG
 *
 * A pixel's error is the root of the mean over its channels of the squared difference, in
 * the picture's own steps of 0 to 255.  Where tiles overlap it is the mean of theirs.  The
 * map is smoothed by a normal distribution of 1/56 of the shorter side (4 pixels of 224, as
 * detectors of defects have it; 0.5 to 8), because a single pixel is noise and a defect is
 * not.  A picture's score is the mean of the hundredth of its pixels with the largest
 * errors: a defect is small beside its picture, so that the mean of all pixels would drown
 * it, and the largest alone would be the noise of one.
 * All pictures of a run share one scale of colours, so that one can be held beside another.
 * Colours: Inferno of Matplotlib (Smith and van der Walt, CC0), nine of its 256.       */
#include "apply/apply.h"
#include "data/blocks.h"
#include "data/formats.h"
#include "data/pictures.h"
#include "data/stitch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHARE 0.01

typedef struct heat {
    hg_ctx *ctx;
    const hg_model *model;
    const hg_dataset *data;
    hgi_rows window;
    float *x, *y; /* [room, features] */
    float *e, *g; /* [pixels of a row]: error, grey */
    hgi_stitch error, grey;
    float *line; /* for smoothing */
    float *rgb;
    int64_t room, pixels, line_room, rgb_room;
    struct hgi_save_pictures *save; /* NULL: scores alone */
    double *score;                  /* [pictures] */
    double scale;
} heat;

/* ---- a map -- */

/* Error and luma of each pixel of row i. */
static void compare(heat *h, const float *x, const float *y)
{
    const int c = h->data->pictures->how.prep.channels;
    for (int64_t p = 0; p < h->pixels; p++, x += c, y += c) {
        float sum = 0;
        for (int k = 0; k < c; k++) sum += (x[k] - y[k]) * (x[k] - y[k]);
        h->e[p] = sqrtf(sum / (float)c);
        h->g[p] = c == 1 ? x[0] : 0.299f * x[0] + 0.587f * x[1] + 0.114f * x[2];
    }
}

static hg_status grow(heat *h, float **p, int64_t *room, int64_t n)
{
    if (n <= *room) return HG_OK;
    hgi_free(&h->ctx->mem, *p);
    *room = 0;
    *p = hgi_alloc(&h->ctx->mem, (size_t)n * sizeof **p);
    if (*p == NULL) return hgi_fail_mem(h->ctx, (size_t)n * sizeof **p, "a heat map");
    *room = n;
    return HG_OK;
}

/* n values with a step, in place; at the edges the weights of what is there. */
static void smooth_line(float *x, int64_t n, int64_t step, const float *weight, int64_t r,
                        float *line)
{
    for (int64_t i = 0; i < n; i++) line[i] = x[i * step];
    for (int64_t i = 0; i < n; i++) {
        float sum = 0, all = 0;
        for (int64_t k = hgi_max(0, i - r); k <= hgi_min(n - 1, i + r); k++) {
            float w = weight[llabs(k - i)];
            sum += w * line[k];
            all += w;
        }
        x[i * step] = sum / all;
    }
}

static hg_status smooth(heat *h, const int64_t size[2], float *map)
{
    float weight[32];
    double side = (double)hgi_min(size[0], size[1]) / 56;
    double sigma = side < 0.5 ? 0.5 : side > 8 ? 8 : side;
    int64_t r = (int64_t)ceil(3 * sigma);
    for (int64_t k = 0; k <= r; k++)
        weight[k] = (float)exp(-0.5 * (double)(k * k) / (sigma * sigma));
    HGI_TRY(grow(h, &h->line, &h->line_room, hgi_max(size[0], size[1])));
    for (int64_t y = 0; y < size[0]; y++)
        smooth_line(map + y * size[1], size[1], 1, weight, r, h->line);
    for (int64_t x = 0; x < size[1]; x++)
        smooth_line(map + x, size[0], size[1], weight, r, h->line);
    return HG_OK;
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

static hg_status score_map(heat *h, const float *map, int64_t n, double *score)
{
    int64_t some = hgi_max(1, (int64_t)ceil(SHARE * (double)n));
    double sum = 0;
    HGI_TRY(grow(h, &h->rgb, &h->rgb_room, 3 * n));
    memcpy(h->rgb, map, (size_t)n * sizeof *map);
    qsort(h->rgb, (size_t)n, sizeof *h->rgb, by_size);
    for (int64_t i = 0; i < some; i++) sum += (double)h->rgb[i];
    *score = sum / (double)some;
    return HG_OK;
}

/* ---- colours -- */

static void colour_of(float t, float rgb[3])
{
    static const float inferno[9][3] = {{0, 0, 4},      {31, 12, 72},   {85, 15, 109},
                                        {136, 34, 106}, {186, 54, 85},  {227, 89, 51},
                                        {249, 140, 10}, {249, 201, 50}, {252, 255, 164}};
    float at = (t < 0 ? 0 : t > 1 ? 1 : t) * 8;
    int i = at >= 8 ? 7 : (int)at;
    for (int k = 0; k < 3; k++)
        rgb[k] = inferno[i][k] + (at - (float)i) * (inferno[i + 1][k] - inferno[i][k]);
}

/* The picture in grey shows through where there is little error. */
static hg_status paint(heat *h, const hgi_picture_item *item)
{
    int64_t n = item->area[0] * item->area[1];
    const float scale = h->scale > 0 ? (float)h->scale : 1;
    HGI_TRY(grow(h, &h->rgb, &h->rgb_room, 3 * n));
    for (int64_t i = 0; i < n; i++) {
        float colour[3], t = h->error.sum[i] / scale;
        t = t < 1 ? t : 1;
        colour_of(t, colour);
        for (int k = 0; k < 3; k++)
            h->rgb[3 * i + k] =
                (1 - 0.85f * t) * 0.8f * h->grey.sum[i] + 0.85f * t * colour[k];
    }
    return hgi_save_pictures_whole(h->save, item, h->rgb, item->area);
}

/* ---- pictures -- */

static hg_status end_picture(heat *h, const hgi_picture_item *item)
{
    int64_t index = item - h->data->pictures->item;
    hgi_stitch_end(&h->error);
    hgi_stitch_end(&h->grey);
    HGI_TRY(smooth(h, item->area, h->error.sum));
    if (h->save != NULL) return paint(h, item);
    return score_map(h, h->error.sum, item->area[0] * item->area[1], &h->score[index]);
}

static hg_status take_row(heat *h, int64_t row, const float *x, const float *y)
{
    const struct hgi_pictures *p = h->data->pictures;
    const hgi_picture_item *item = hgi_pictures_of(p, row);
    const hgi_mem *mem = &h->ctx->mem;
    hg_status status = HG_OK;
    compare(h, x, y);
    if (row == item->first) {
        HGI_TRY(hgi_stitch_begin(h->ctx, item->area, 1, &h->error));
        HGI_TRY(hgi_stitch_begin(h->ctx, item->area, 1, &h->grey));
    }
    hgi_stitch_add(&h->error, &p->how.prep, row - item->first, h->e);
    hgi_stitch_add(&h->grey, &p->how.prep, row - item->first, h->g);
    if (row + 1 < item->first + item->rows) return HG_OK;
    status = end_picture(h, item);
    hgi_stitch_free(mem, &h->error);
    hgi_stitch_free(mem, &h->grey);
    return status;
}

/* One pass over the rows: scores, or pictures when there is a place for them. */
static hg_status pass(heat *h)
{
    const int64_t d = h->data->features;
    hgi_rows_rewind(&h->window);
    for (;;) {
        HGI_TRY(hgi_rows_next(h->ctx, &h->window));
        if (h->window.n == 0) return HG_OK;
        for (int64_t at = 0, n; at < h->window.n; at += n) {
            n = hgi_min(h->room, h->window.n - at);
            for (int64_t i = 0; i < n; i++)
                hgi_dataset_row(h->window.rows, h->window.at + at + i, h->x + i * d);
            HGI_TRY(hg_reconstruct(h->ctx, h->model, h->x, n, h->y));
            for (int64_t i = 0; i < n; i++)
                HGI_TRY(
                    take_row(h, h->window.first + at + i, h->x + i * d, h->y + i * d));
        }
    }
}

static hg_status make_room(heat *h)
{
    const hgi_mem *mem = &h->ctx->mem;
    const size_t d = (size_t)h->data->features;
    h->room = hgi_max(1, hgi_min(512, (INT64_C(1) << 22) / h->data->features));
    h->pixels = h->data->features / h->data->pictures->how.prep.channels;
    h->x = hgi_alloc(mem, (size_t)h->room * d * sizeof *h->x);
    h->y = hgi_alloc(mem, (size_t)h->room * d * sizeof *h->y);
    h->e = hgi_alloc(mem, d * sizeof *h->e);
    h->g = hgi_alloc(mem, d * sizeof *h->g);
    h->score = hgi_calloc(mem, (size_t)h->data->pictures->count, sizeof *h->score);
    return h->x != NULL && h->y != NULL && h->e != NULL && h->g != NULL &&
                   h->score != NULL
               ? HG_OK
               : hgi_fail_mem(h->ctx, (size_t)h->room * d * sizeof *h->x, "heat maps");
}

/* What a map is as a picture: as many as the rows' pictures, in colour. */
static hg_status open_save(heat *h, const char *folder, hg_dataset **like)
{
    const int64_t shape[3] = {1, 1, 3};
    char path[4096];
    HGI_TRY(
        hgi_dataset_take(h->ctx, folder, "heat map", HG_F32, 1, 3, shape, NULL, like));
    (*like)->pictures = h->data->pictures;
    (*like)->white = 255;
    int n = snprintf(path, sizeof path, "%s/", folder);
    if (n < 0 || n >= (int)sizeof path)
        return hgi_fail(h->ctx, HG_EIO, "%.900s: names too long", folder);
    return hgi_save_pictures_open(h->ctx, path, *like, -1, &h->save);
}

static hg_status check(hg_ctx *ctx, const hg_model *m, const hg_dataset *data)
{
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    if (data->pictures == NULL || data->order != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: heat maps are of pictures: PNG or JPEG files, or folders of "
                        "them",
                        data->name);
    return hgi_unconditional(ctx, m, "a heat map");
}

hg_status hg_heatmaps(hg_ctx *ctx, const hg_model *model, const hg_dataset *data,
                      const char *folder, double *score, double *scale)
{
    hg_status status;
    hg_dataset *like = NULL;
    heat h = {.ctx = ctx, .model = model, .data = data};
    HGI_TRY(check(ctx, model, data));
    HGI_GOTO(hgi_rows_open(ctx, data, 0, &h.window));
    HGI_GOTO(make_room(&h));
    HGI_GOTO(pass(&h));
    h.scale = scale != NULL ? *scale : 0;
    for (int64_t i = 0; i < data->pictures->count && !(scale != NULL && *scale > 0); i++)
        h.scale = h.score[i] > h.scale ? h.score[i] : h.scale;
    if (folder != NULL) {
        HGI_GOTO(open_save(&h, folder, &like));
        HGI_GOTO(pass(&h));
    }
    if (scale != NULL) *scale = h.scale;
    if (score != NULL)
        for (int64_t i = 0; i < data->rows; i++)
            score[i] = h.score[hgi_pictures_of(data->pictures, i) - data->pictures->item];
done:
    hgi_save_pictures_close(&h.save);
    hg_dataset_free(&like);
    hgi_stitch_free(&ctx->mem, &h.error);
    hgi_stitch_free(&ctx->mem, &h.grey);
    hgi_rows_close(&h.window);
    void *owned[] = {h.x, h.y, h.e, h.g, h.line, h.rgb, h.score};
    for (int i = 0; i < HGI_COUNT(owned); i++) hgi_free(&ctx->mem, owned[i]);
    return status;
}
