// SPDX-License-Identifier: MIT
/* Where a picture is not as the model expects it: maps of the error, laid over the picture.
 *
 *     rows -> each net -> map of a row (image_map.h) -> tiles laid together -> colours over
 *          the picture in grey -> PNG
 *
 * With the score `image` the maps are those that it is taken from, each pixel by what is
 * usual there.  Without, a pixel's error is the root of the mean over its channels of the
 * squared difference, in the picture's own steps of 0 to 255.  Where tiles overlap a map is
 * the highest of theirs, as the picture's score is.  All pictures of a run share one scale
 * of colours (heat_scale.h), so that one can be held beside another. */
#include "apply/heat_paint.h"
#include "apply/heat_scale.h"
#include "apply/score_image.h"
#include "apply/score_pictures.h"
#include "data/blocks.h"
#include "data/formats.h"
#include "data/stitch.h"

#include <math.h>
#include <string.h>

typedef struct heat {
    hg_ctx *ctx;
    const hg_model *model;
    const hg_dataset *data;
    hgi_rows window;
    bool relative; /* by what is usual: the detector's score is `image` */
    struct heat_net *net;
    int64_t nets, opened;
    hgi_image_map how;
    double *map;     /* [room, pixels] sums over nets */
    double *top;     /* [room] */
    double *scratch; /* [workers, each] */
    int64_t each, room, pixels;
    float *x, *e, *g; /* a row; its map and its grey */
    hgi_stitch error, grey;
    float *rgb;
    int64_t rgb_room;
    struct hgi_save_pictures *save; /* NULL: scores alone */
    hgi_heat_paint paint;
    double whole;  /* the last colour */
    double *score; /* [pictures] */
} heat;

typedef struct heat_net {
    hgi_score_pass pass;
    heat *heat;
    const hgi_score_state *state;
    bool first;
} heat_net;

/* ---- maps of rows -- */

/* Of row i in steps of 0 to 255, or what else the rows are in. */
static void difference(const heat *h, const hgi_score_rows *rows, int64_t i, double *map)
{
    const hgi_scaler *s = &h->model->scaler;
    const int64_t c = rows->c / h->pixels;
    const hgi_real *r = rows->r + i * rows->c;
    for (int64_t p = 0; p < h->pixels; p++) {
        double sum = 0;
        for (int64_t k = p * c; k < (p + 1) * c; k++) {
            const double v = (double)r[k] / s->scale[s->uniform ? 0 : k];
            sum += v * v;
        }
        map[p] = sqrt(sum / (double)c);
    }
}

static void take(void *arg, const hgi_score_rows *rows, int64_t at, int worker)
{
    const heat_net *net = arg;
    heat *h = net->heat;
    double *own = h->scratch + worker * h->each, *line = own + h->pixels;
    double *some = line + hgi_max(h->how.height, h->how.width);
    for (int64_t i = 0; i < rows->n; i++) {
        double *map = h->map + (at + i) * h->pixels;
        if (h->relative) {
            hgi_score_image_map(net->state, rows, i, &h->how, own, line);
        } else {
            difference(h, rows, i, own);
            hgi_image_smooth(&h->how, own, line);
        }
        double top = hgi_image_top(&h->how, own, some);
        if (h->relative) { /* from squares to times what is usual */
            top = sqrt(top);
            for (int64_t p = 0; p < h->pixels; p++) own[p] = sqrt(own[p]);
        }
        h->top[at + i] = (net->first ? 0 : h->top[at + i]) + top;
        for (int64_t p = 0; p < h->pixels; p++)
            map[p] = (net->first ? 0 : map[p]) + own[p];
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

/* ---- pictures -- */

static hg_status paint(heat *h, const hgi_picture_item *item)
{
    int64_t size[2];
    h->paint.height = item->area[0];
    h->paint.width = item->area[1];
    h->paint.map = h->error.sum;
    h->paint.grey = h->grey.sum;
    hgi_heat_size(&h->paint, size);
    HGI_TRY(grow(h, &h->rgb, &h->rgb_room, 3 * size[0] * size[1]));
    hgi_heat_paint_into(&h->paint, h->rgb);
    return hgi_save_pictures_whole(h->save, item, h->rgb, size);
}

/* The map and the luma of row i of the window. */
static void look(heat *h, int64_t i)
{
    const int c = h->data->pictures->how.prep.channels;
    const double *map = h->map + i * h->pixels;
    hgi_dataset_row(h->window.rows, h->window.at + i, h->x);
    const float *x = h->x;
    for (int64_t p = 0; p < h->pixels; p++, x += c) {
        h->e[p] = (float)(map[p] / (double)h->nets);
        h->g[p] = c == 1 ? x[0] : 0.299f * x[0] + 0.587f * x[1] + 0.114f * x[2];
    }
}

static hg_status lay(heat *h, int64_t row, const hgi_picture_item *item)
{
    hg_status status = HG_OK;
    const hgi_prep *prep = &h->data->pictures->how.prep;
    if (row == item->first) {
        HGI_TRY(hgi_stitch_begin(h->ctx, item->area, 1, &h->error));
        h->error.highest =
            true; /* as of scores: the map has the height of its picture's */
        HGI_TRY(hgi_stitch_begin(h->ctx, item->area, 1, &h->grey));
    }
    hgi_stitch_add(&h->error, prep, row - item->first, h->e);
    hgi_stitch_add(&h->grey, prep, row - item->first, h->g);
    if (row + 1 < item->first + item->rows) return HG_OK;
    hgi_stitch_end(&h->error);
    hgi_stitch_end(&h->grey);
    status = paint(h, item);
    hgi_stitch_free(&h->ctx->mem, &h->error);
    hgi_stitch_free(&h->ctx->mem, &h->grey);
    return status;
}

static hg_status take_row(heat *h, int64_t i)
{
    const int64_t row = h->window.first + i;
    const hgi_picture_item *item = hgi_pictures_of(h->data->pictures, row);
    double *score = &h->score[item - h->data->pictures->item];
    const double own = hgi_score_settle(h->top[i], h->nets);
    if (h->save == NULL) {
        *score = row == item->first ? own : fmax(*score, own);
        return HG_OK;
    }
    look(h, i);
    return lay(h, row, item);
}

/* One pass over the rows: scores, or pictures when there is a place for them. */
static hg_status pass(heat *h)
{
    hgi_rows_rewind(&h->window);
    for (;;) {
        HGI_TRY(hgi_rows_next(h->ctx, &h->window));
        if (h->window.n == 0) return HG_OK;
        for (int64_t i = 0; i < h->nets; i++)
            HGI_TRY(hgi_score_pass_run(&h->net[i].pass));
        for (int64_t i = 0; i < h->window.n; i++) HGI_TRY(take_row(h, i));
    }
}

/* ---- a run -- */

static hg_status open_nets(heat *h)
{
    const hgi_detector *d = &h->model->detector;
    h->relative = d->score != NULL && strcmp(d->score, hgi_score_image.name) == 0;
    if (h->relative) {
        const hgi_score_kind *kind;
        HGI_TRY(hgi_score_open(h->ctx, h->model, &kind));
        const hgi_score_rows rows = hgi_score_sizes(kind, h->model);
        if (rows.height != h->data->shape[0] || rows.width != h->data->shape[1])
            return hgi_fail(h->ctx, HG_ESHAPE,
                            "%s: rows of %lldx%lld pixels, the model has %lldx%lld",
                            h->data->name, (long long)h->data->shape[0],
                            (long long)h->data->shape[1], (long long)rows.height,
                            (long long)rows.width);
    }
    h->nets = h->relative ? d->nets : 1;
    h->net = hgi_calloc(&h->ctx->mem, (size_t)h->nets, sizeof *h->net);
    if (h->net == NULL) return hgi_fail_mem(h->ctx, sizeof *h->net, "heat maps");
    for (int64_t i = 0; i < h->nets; i++) {
        heat_net *n = &h->net[i];
        const hg_model *m = i == 0 ? h->model : d->net[i];
        HGI_TRY(hgi_score_pass_open(h->ctx, m, h->data, &h->window, &hgi_score_image,
                                    i > 0, &n->pass));
        h->opened++;
        n->pass.take = take;
        n->pass.arg = n;
        n->heat = h;
        n->first = i == 0;
        n->state = h->relative ? &d->state[i] : NULL;
    }
    return HG_OK;
}

static hg_status make_room(heat *h)
{
    const hgi_mem *mem = &h->ctx->mem;
    const size_t d = (size_t)h->data->features, pixels = (size_t)h->pixels;
    const size_t workers = (size_t)h->net[0].pass.infer.workers;
    h->how = hgi_image_map_of(h->data->shape[0], h->data->shape[1]);
    h->each = h->pixels + hgi_max(h->how.height, h->how.width) + h->how.top;
    h->map = hgi_alloc(mem, (size_t)h->room * pixels * sizeof *h->map);
    h->top = hgi_alloc(mem, (size_t)h->room * sizeof *h->top);
    h->scratch = hgi_alloc(mem, workers * (size_t)h->each * sizeof *h->scratch);
    h->x = hgi_alloc(mem, d * sizeof *h->x);
    h->e = hgi_alloc(mem, pixels * sizeof *h->e);
    h->g = hgi_alloc(mem, pixels * sizeof *h->g);
    h->score = hgi_calloc(mem, (size_t)h->data->pictures->count, sizeof *h->score);
    return h->map != NULL && h->top != NULL && h->scratch != NULL && h->x != NULL &&
                   h->e != NULL && h->g != NULL && h->score != NULL
               ? HG_OK
               : hgi_fail_mem(h->ctx, (size_t)h->room * pixels * sizeof *h->map,
                              "heat maps");
}

/* From the pictures' own errors. */
static hg_status find_scale(heat *h, const hg_heatmap_options *o)
{
    hgi_heat_scale s = {.ctx = h->ctx,
                        .model = h->model,
                        .data = h->data,
                        .rule = o != NULL ? o->rule : NULL,
                        .top = h->score,
                        .own = h->relative};
    HGI_TRY(hgi_heat_scale_find(&s, o != NULL ? o->scale : 0));
    h->paint.scale = (float)s.whole;
    h->paint.anchor = (float)s.anchor;
    h->paint.marked = s.threshold > 0;
    h->whole = s.whole;
    if (o != NULL && o->threshold != NULL) *o->threshold = s.threshold;
    return HG_OK;
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

static void close_all(heat *h, hg_status status)
{
    const hgi_mem *mem = &h->ctx->mem;
    hgi_save_pictures_close(&h->save);
    for (int64_t i = 0; i < h->opened; i++)
        hgi_score_pass_close(&h->net[i].pass, status, h->data->rows);
    hgi_stitch_free(mem, &h->error);
    hgi_stitch_free(mem, &h->grey);
    hgi_rows_close(&h->window);
    void *owned[] = {h->net, h->map, h->top, h->scratch, h->x,
                     h->e,   h->g,   h->rgb, h->score};
    for (int i = 0; i < HGI_COUNT(owned); i++) hgi_free(mem, owned[i]);
}

hg_status hg_heatmaps(hg_ctx *ctx, const hg_model *model, const hg_dataset *data,
                      const char *folder, const hg_heatmap_options *options,
                      double *score, double *scale)
{
    hg_status status;
    hg_dataset *like = NULL;
    heat h = {.ctx = ctx, .model = model, .data = data};
    if (options != NULL && options->size != sizeof *options)
        return hgi_fail(ctx, HG_EINVAL, "hg_heatmap_options: size is not set");
    HGI_TRY(check(ctx, model, data));
    h.room = hgi_max(1, hgi_min(512, (INT64_C(1) << 21) / data->features));
    h.pixels = data->features / data->pictures->how.prep.channels;
    HGI_GOTO(hgi_rows_open(ctx, data, h.room, &h.window));
    HGI_GOTO(open_nets(&h));
    HGI_GOTO(make_room(&h));
    HGI_GOTO(pass(&h));
    HGI_GOTO(find_scale(&h, options));
    h.paint.unit = h.relative ? "x usual" : "of 255";
    h.paint.plain = options != NULL && options->plain != 0;
    if (folder != NULL) {
        HGI_GOTO(open_save(&h, folder, &like));
        HGI_GOTO(pass(&h));
    }
    if (scale != NULL) *scale = h.whole;
    if (score != NULL)
        for (int64_t i = 0; i < data->rows; i++)
            score[i] = h.score[hgi_pictures_of(data->pictures, i) - data->pictures->item];
done:
    close_all(&h, status);
    hg_dataset_free(&like);
    return status;
}
