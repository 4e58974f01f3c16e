// SPDX-License-Identifier: MIT
/* Filters: the weights that touch the pixels, one tile a unit.
 *
 * encoder  row j of the first dense weight [h, d_in]: what unit j looks for
 * decoder  column j of the last dense weight [d_in, h]: what unit j paints */
#include "apply/plot.h"
#include "model/model.h"
#include "report/report.h"

#include <math.h>
#include <string.h>

enum { MOST_TILES = 100 };

/* Element (unit j, pixel i) = W[j * unit + i * pixel]. */
typedef struct filters {
    const hgi_real *W;
    int64_t units, pixels, unit, pixel;
} filters;

static bool weights_of(const hg_model *m, bool decoder, filters *f)
{
    const hgi_net *net = &m->net;
    int64_t i = decoder ? net->count - 1 : 0;
    int64_t end = net->code, step = decoder ? -1 : 1;
    for (; i != end; i += step) {
        const hgi_layer *l = &net->layer[i];
        if (l->tensors == 0 && l->tied == NULL) continue; /* activation, dropout */
        const hgi_tensor *t = l->tied != NULL ? &l->tied->tensor[0] : &l->tensor[0];
        int64_t pixels = decoder ? l->d_out : l->d_in;
        if (t->role != HGI_WEIGHT || t->rank != 2 || pixels != net->inputs) return false;
        /* A tied decoder borrows the encoder's weight, which lies the other way round. */
        bool by_unit = t->dim[1] == pixels && (!decoder || l->tied != NULL);
        f->W = m->theta + t->offset;
        f->pixels = pixels;
        f->units = by_unit ? t->dim[0] : t->dim[1];
        f->unit = by_unit ? t->dim[1] : 1;
        f->pixel = by_unit ? 1 : t->dim[1];
        return true;
    }
    return false;
}

hg_status hg_plot_filters(hg_ctx *ctx, const hg_model *m, const char *part,
                          const char *path, const hg_plot_options *options)
{
    hg_plot_options o;
    filters f;
    HGI_TRY(hgi_plot_options(ctx, options, &o));
    if (m == NULL || part == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and a part are needed");
    bool decoder = strcmp(part, "decoder") == 0;
    if (!decoder && strcmp(part, "encoder") != 0)
        return hgi_fail(ctx, HG_EINVAL, "part '%s', expected encoder or decoder", part);
    if (!weights_of(m, decoder, &f))
        return hgi_fail(ctx, HG_EINVAL,
                        "the %s has no dense layer that touches the pixels: no "
                        "filters to draw",
                        part);
    int64_t tiles = hgi_min(f.units, o.items > 0 ? o.items : MOST_TILES);
    float *v = hgi_calloc(&ctx->mem, (size_t)(tiles * f.pixels), sizeof *v);
    if (v == NULL)
        return hgi_fail_mem(ctx, (size_t)(tiles * f.pixels) * sizeof *v, "filters");
    /* One scale for all tiles, the same both ways, so that colours compare. */
    float peak = 0;
    for (int64_t j = 0; j < tiles; j++)
        for (int64_t i = 0; i < f.pixels; i++) {
            v[j * f.pixels + i] = (float)f.W[j * f.unit + i * f.pixel];
            peak = fmaxf(peak, fabsf(v[j * f.pixels + i]));
        }
    const hgi_shape *s = &m->net.input;
    /* Other numbers of channels have no colours: their filters are drawn as curves. */
    bool image = s->rank >= 2 && (s->rank == 2 || s->dim[2] == 1 || s->dim[2] == 3);
    const float *values[] = {v};
    char title[80];
    snprintf(title, sizeof title, "%s filters: %lld of %lld units",
             decoder ? "Decoder" : "Encoder", (long long)tiles, (long long)f.units);
    hgi_grid g = {
        .title = o.title != NULL ? o.title : title,
        .height = image ? s->dim[0] : 1,
        .width = image ? s->dim[1] : f.pixels,
        .channels = image && s->rank == 3 ? s->dim[2] : 1,
        .tiles = tiles,
        .columns = o.columns,
        .bands = 1,
        .values = values,
        .lo = peak > 0 ? -(double)peak : -1,
        .hi = peak > 0 ? (double)peak : 1,
        .diverging = true,
        .value_label = "weight",
        .x_names = m->columns,
        .image_width = o.width,
        .dark = o.dark != 0,
    };
    hg_status status = hgi_grid_draw(ctx, &g, path);
    hgi_free(&ctx->mem, v);
    return status;
}
