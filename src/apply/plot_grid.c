// SPDX-License-Identifier: MIT
/* Originals over reconstructions: images as images, other rows as curves. */
#include "apply/plot.h"
#include "base/rng.h"
#include "model/model.h"
#include "report/report.h"

enum { TILES = 10 };

/* The first rows, or with a seed a random sample of different ones. */
static hg_status choose_rows(hg_ctx *ctx, const hg_dataset *d, uint64_t seed,
                             int64_t tiles, float *x)
{
    if (seed == 0) {
        for (int64_t i = 0; i < tiles; i++) hgi_dataset_row(d, i, x + i * d->features);
        return HG_OK;
    }
    int64_t *order = hgi_calloc(&ctx->mem, (size_t)d->rows, sizeof *order);
    if (order == NULL)
        return hgi_fail_mem(ctx, (size_t)d->rows * sizeof *order, "a sample");
    hgi_rng rng = {.seed = seed, .use = HGI_USE_SHUFFLE};
    hgi_permutation(&rng, d->rows, order);
    for (int64_t i = 0; i < tiles; i++) hgi_dataset_row(d, order[i], x + i * d->features);
    hgi_free(&ctx->mem, order);
    return HG_OK;
}

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

/* Columns of a table have units of their own: only scaled do they share an axis. */
static void scale_columns(const hgi_scaler *s, int64_t rows, float *x)
{
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < s->features; c++, x++)
            *x = (float)(((double)*x - s->shift[c]) * s->scale[c]);
}

hg_status hg_plot_grid(hg_ctx *ctx, const hg_model *m, const hg_dataset *d,
                       const char *path, const hg_plot_options *options)
{
    static const char *const labels[] = {"original", "reconstruction"};
    hg_plot_options o;
    HGI_TRY(hgi_plot_options(ctx, options, &o));
    if (m == NULL || d == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    if (d->features != m->net.inputs)
        return hgi_fail(ctx, HG_ESHAPE, "%s: %lld values a row, but the model wants %lld",
                        d->name, (long long)d->features, (long long)m->net.inputs);
    int64_t tiles = hgi_min(o.items > 0 ? o.items : TILES, d->rows);
    size_t count;
    if (!hgi_mul_size((size_t)tiles, 2 * (size_t)d->features, &count))
        count = SIZE_MAX / 4;
    float *x = hgi_calloc(&ctx->mem, count, sizeof *x);
    if (x == NULL) return hgi_fail_mem(ctx, count * sizeof *x, "the grid's rows");
    float *y = x + tiles * d->features;
    const float *values[] = {x, y};
    hgi_grid g = {
        .title = o.title != NULL ? o.title : "Original and reconstruction",
        .tiles = tiles,
        .columns = o.columns,
        .bands = 2,
        .band_labels = labels,
        .values = values,
        .lo = d->min,
        .hi = d->max,
        .image_width = o.width,
        .dark = o.dark != 0,
    };
    hg_status status;
    /* Originals in the first half of the block, reconstructions in the second. */
    HGI_GOTO(choose_rows(ctx, d, o.seed, tiles, x));
    HGI_GOTO(hg_reconstruct(ctx, m, x, tiles, y));
    tile_shape(m, d, &g);
    bool standard = m->scaler.kind == HGI_SCALE_STANDARD;
    if (g.height == 1 && (standard || m->scaler.kind == HGI_SCALE_MINMAX)) {
        scale_columns(&m->scaler, 2 * tiles, x);
        g.value_label = standard ? "standardised value" : "value, scaled to 0 to 1";
    }
    /* All pictures of 8-bit images have one black and one white, whatever these rows
     * hold. */
    if (m->scaler.kind == HGI_SCALE_UNIT) {
        g.lo = 0;
        g.hi = 255;
    }
    if (g.height == 1) {
        g.lo = g.hi = 0; /* curves find their own axis */
        g.x_names = d->columns != NULL ? d->columns : m->columns;
    }
    HGI_GOTO(hgi_grid_draw(ctx, &g, path));
done:
    hgi_free(&ctx->mem, x);
    return status;
}
