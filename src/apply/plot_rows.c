// SPDX-License-Identifier: MIT
/* Rows as pictures: samples, the steps between two rows, any rows of a model's kind. */
#include "apply/apply.h"
#include "apply/plot.h"
#include "model/model.h"

enum { MOST_TILES = 400 };

/* A row's shape as a picture: the model's, or the data's when only that has one. */
static void tile_shape(const hg_model *m, const hg_dataset *d, hgi_grid *g)
{
    const hgi_shape *s = &m->net.input;
    int rank = s->rank > 1 ? s->rank : d->rank;
    const int64_t *dim = s->rank > 1 ? s->dim : d->shape;
    g->height = 1;
    g->width = d->features;
    g->channels = 1;
    if (rank < 2 || (rank == 3 && dim[2] != 1 && dim[2] != 3)) return;
    g->height = dim[0];
    g->width = dim[1];
    g->channels = rank == 3 ? dim[2] : 1;
}

static void scale_columns(const hgi_scaler *s, int64_t rows, float *x)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < s->features; c++, x++)
            *x = (float)hgi_scale_value(s, c, (double)*x);
}

void hgi_plot_tiles(const hg_model *m, const hg_dataset *d, int64_t rows, float *x,
                    hgi_grid *g)
{
    const hgi_scale_kind kind = m->scaler.kind;
    tile_shape(m, d, g);
    g->lo = d->min;
    g->hi = d->max;
    /* All pictures of 8-bit images have one black and one white, whatever these rows
     * hold. */
    if (kind == HGI_SCALE_UNIT) g->lo = 0, g->hi = 255;
    if (g->height > 1) return;
    if (hgi_scaler_standard(&m->scaler) || kind == HGI_SCALE_MINMAX) {
        scale_columns(&m->scaler, rows, x);
        g->value_label =
            kind == HGI_SCALE_MINMAX ? "value, scaled to 0 to 1" : "standardised value";
    }
    g->lo = g->hi = 0; /* curves find their own axis */
    g->x_names = d->columns != NULL ? d->columns : m->columns;
}

enum { NAME = 40 };

/* Each row's class as its caption, where they are not all of one; *out is one block, NULL
 * where there is nothing to say. */
static hg_status name_classes(hg_ctx *ctx, const hg_model *m, const hg_dataset *rows,
                              int64_t tiles, const char ***out)
{
    const hgi_classes *known = &m->spec.classes;
    const hgi_labels l = hgi_dataset_labels(rows);
    bool differ = false;
    *out = NULL;
    for (int64_t i = 1; known->count > 0 && i < hgi_min(tiles, l.count); i++)
        differ |= l.value[i] < l.value[0] || l.value[i] > l.value[0];
    if (!differ) return HG_OK;
    const size_t bytes = (size_t)tiles * (sizeof **out + NAME);
    *out = hgi_calloc(&ctx->mem, bytes, 1);
    if (*out == NULL) return hgi_fail_mem(ctx, bytes, "names of classes");
    char *text = (char *)(*out + tiles);
    for (int64_t i = 0; i < tiles; i++, text += NAME) {
        int64_t class = hgi_classes_match(known, &l, (double)l.value[i]);
        if (class >= 0) hgi_classes_name(known, class, text, NAME);
        (*out)[i] = text;
    }
    return HG_OK;
}

hg_status hg_plot_rows(hg_ctx *ctx, const hg_model *m, const hg_dataset *rows,
                       const char *path, const hg_plot_options *options)
{
    hg_plot_options o;
    HGI_TRY(hgi_plot_options(ctx, options, &o));
    if (m == NULL || rows == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and rows are needed");
    const int64_t d = rows->features;
    if (d != m->net.inputs) return hgi_feed_wrong(ctx, m, rows, m->net.inputs);
    int64_t tiles = hgi_min(o.items > 0 ? o.items : MOST_TILES, rows->rows);
    hg_status status;
    const char **captions = NULL;
    float *x = hgi_calloc(&ctx->mem, (size_t)tiles, (size_t)d * sizeof *x);
    if (x == NULL)
        return hgi_fail_mem(ctx, (size_t)(tiles * d) * sizeof *x, "the picture's rows");
    HGI_GOTO(hg_dataset_read(ctx, rows, 0, tiles, x));
    HGI_GOTO(name_classes(ctx, m, rows, tiles, &captions));
    const float *values[] = {x};
    char title[64];
    snprintf(title, sizeof title, "%lld of %lld rows", (long long)tiles,
             (long long)rows->rows);
    hgi_grid g = {
        .title = o.title != NULL ? o.title : title,
        .tiles = tiles,
        .columns = o.columns,
        .bands = 1,
        .values = values,
        .captions = captions,
        .image_width = o.width,
        .dark = o.dark != 0,
    };
    hgi_plot_tiles(m, rows, tiles, x, &g);
    /* Probabilities have one black and one white, too. */
    if (m->net.loss->unit_range && m->scaler.kind == HGI_SCALE_NONE && g.height > 1)
        g.lo = 0, g.hi = 1;
    status = hgi_grid_draw(ctx, &g, path);
done:
    hgi_free(&ctx->mem, captions);
    hgi_free(&ctx->mem, x);
    return status;
}
