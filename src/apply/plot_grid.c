// SPDX-License-Identifier: MIT
/* Originals over reconstructions, for a denoising model with what it sees between: images
 * as images, other rows as curves. */
#include "apply/map.h"
#include "apply/plot.h"
#include "base/rng.h"
#include "model/model.h"
#include "report/report.h"

enum { TILES = 10 };

/* The first rows, or with a seed a random sample of different ones. */
static hg_status choose_rows(hg_ctx *ctx, const hg_dataset *d, uint64_t seed,
                             int64_t tiles, float *x, float *labels)
{
    hg_status status = HG_OK;
    for (int64_t i = 0; d->labels != NULL && i < tiles; i++) labels[i] = d->labels[i];
    if (seed == 0) return hg_dataset_read(ctx, d, 0, tiles, x);
    int64_t *order = hgi_calloc(&ctx->mem, (size_t)d->rows, sizeof *order);
    if (order == NULL)
        return hgi_fail_mem(ctx, (size_t)d->rows * sizeof *order, "a sample");
    hgi_rng rng = {.seed = seed, .use = HGI_USE_SHUFFLE};
    hgi_permutation(&rng, d->rows, order);
    for (int64_t i = 0; i < tiles && status == HG_OK; i++) {
        status = hg_dataset_read(ctx, d, order[i], 1, x + i * d->features);
        if (d->labels != NULL) labels[i] = d->labels[order[i]];
    }
    hgi_free(&ctx->mem, order);
    return status;
}

/* The rows as the model was shown them in training.                                    */
static hg_status add_noise(hg_ctx *ctx, const hg_model *m, int64_t rows, const float *x,
                           float *out)
{
    hg_dataset *clean, *noisy = NULL;
    hg_view view = {.size = sizeof view, .data = x, .rows = rows, .rank = 1};
    view.shape[0] = m->net.inputs;
    HGI_TRY(hg_dataset_view(ctx, &view, &clean));
    hg_status status = hg_corrupt_dataset(ctx, m, clean, NULL, &noisy);
    if (status == HG_OK) status = hg_dataset_read(ctx, noisy, 0, rows, out);
    hg_dataset_free(&noisy);
    hg_dataset_free(&clean);
    return status;
}

hg_status hg_plot_grid(hg_ctx *ctx, const hg_model *m, const hg_dataset *d,
                       const char *path, const hg_plot_options *options)
{
    static const char *const labels[] = {"original", "reconstruction"};
    static const char *const noisy_labels[] = {"original", "noisy", "denoised"};
    hg_plot_options o;
    HGI_TRY(hgi_plot_options(ctx, options, &o));
    if (m == NULL || d == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    if (m->scaler.schema != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: a table with words or gaps has no picture of a row; "
                        "reconstruct writes its rows as a table to hold beside them",
                        d->name);
    if (d->features != m->net.inputs) return hgi_feed_wrong(ctx, m, d, m->net.inputs);
    int64_t tiles = hgi_min(o.items > 0 ? o.items : TILES, d->rows);
    bool noisy = m->spec.corrupt.count > 0; /* then its band stands in the middle */
    size_t count, bands = noisy ? 3 : 2;
    if (!hgi_mul_size((size_t)tiles, bands * (size_t)d->features + 1, &count))
        count = SIZE_MAX / 4;
    float *x = hgi_calloc(&ctx->mem, count, sizeof *x);
    if (x == NULL) return hgi_fail_mem(ctx, count * sizeof *x, "the grid's rows");
    int64_t band = tiles * d->features;
    const float *values[] = {x, x + band, x + 2 * band};
    hgi_grid g = {
        .title = o.title != NULL ? o.title
                 : noisy         ? "Original, noisy and denoised"
                                 : "Original and reconstruction",
        .tiles = tiles,
        .columns = o.columns,
        .bands = (int64_t)bands,
        .band_labels = noisy ? noisy_labels : labels,
        .values = values,
        .image_width = o.width,
        .dark = o.dark != 0,
    };
    hg_status status;
    /* Band after band in one block: originals first, what the model makes last. */
    float *given = x + (int64_t)bands * band; /* behind them */
    HGI_GOTO(choose_rows(ctx, d, o.seed, tiles, x, given));
    if (noisy) HGI_GOTO(add_noise(ctx, m, tiles, x, x + band));
    const float *input = noisy ? x + band : x;
    const hgi_labels of = {d->name, given, d->labels != NULL ? tiles : 0, d->label_names};
    HGI_GOTO(hgi_map_memory(ctx, m, HGI_RECONSTRUCT, input, &of, tiles,
                            x + (int64_t)(bands - 1) * band));
    hgi_plot_tiles(m, d, (int64_t)bands * tiles, x, &g);
    HGI_GOTO(hgi_grid_draw(ctx, &g, path));
done:
    hgi_free(&ctx->mem, x);
    return status;
}
