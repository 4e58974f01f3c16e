// SPDX-License-Identifier: MIT
/* Filters: the weights that touch the pixels, one tile a unit.
 *
 * encoder  row j of the first dense weight [h, d_in]: what unit j looks for
 * decoder  column j of the last dense weight [d_in, h]: what unit j paints
 * Of a convolution the tile is a kernel, not a picture: encoder, W[.,.,.,j] of the first
 * conv [kh, kw, channels, filters]; decoder, what channel j paints, W[.,.,.,j] of the last
 * convt [kh, kw, channels, j] or W[.,.,j,.] of the last conv [kh, kw, j, channels].
 * What a conditional model's weights make of the class is no picture: those columns, which
 * stand behind the others, are left out. */
#include "apply/plot.h"
#include "model/model.h"
#include "report/report.h"

#include <math.h>
#include <string.h>

enum { MOST_TILES = 100 };

/* Unit j's value at place p and channel c = W[j * unit + p * place + c * channel]. */
typedef struct filters {
    const hgi_real *W;
    int64_t units, unit, place, channel;
    int64_t height, width, channels; /* of a tile */
} filters;

/* A kernel that slides, [kh, kw, a, b] or [k, a, b]; `last`: units are its input. */
static void kernel_filters(const hgi_layer *l, const hgi_tensor *t, bool last, filters *f)
{
    int64_t a = t->dim[t->rank - 2], b = t->dim[t->rank - 1];
    bool inner = last && strcmp(l->kind->name, "conv") == 0; /* units are a, not b */
    f->height = t->rank == 4 ? t->dim[0] : 1;
    f->width = t->dim[t->rank - 3];
    f->units = inner ? a : b;
    f->channels = inner ? b : a;
    f->unit = inner ? b : 1;
    f->place = a * b;
    f->channel = inner ? 1 : b;
}

static void dense_filters(const hg_model *m, const hgi_tensor *t, bool by_unit,
                          filters *f)
{
    const hgi_shape *s = &m->net.input;
    /* Other numbers of channels have no colours: their filters are drawn as curves. */
    bool image = s->rank >= 2 && (s->rank == 2 || s->dim[2] == 1 || s->dim[2] == 3);
    f->height = image ? s->dim[0] : 1;
    f->width = image ? s->dim[1] : m->net.inputs;
    f->channels = image && s->rank == 3 ? s->dim[2] : 1;
    f->units = by_unit ? t->dim[0] : t->dim[1];
    f->unit = by_unit ? t->dim[1] : 1;
    f->channel = by_unit ? 1 : t->dim[1];
    f->place = f->channel * f->channels;
}

/* Values that a condition right before this layer puts behind its input. */
static int64_t classes_before(const hgi_net *net, int64_t layer)
{
    if (layer == 0) return 0;
    const hgi_layer *l = &net->layer[layer - 1];
    bool condition = strcmp(l->kind->name, "condition") == 0;
    return condition ? (int64_t)hgi_line_get(&l->line, "classes") : 0;
}

static bool weights_of(const hg_model *m, bool decoder, filters *f)
{
    const hgi_net *net = &m->net;
    int64_t i = decoder ? net->count - 1 : 0;
    int64_t end = net->code, step = decoder ? -1 : 1;
    for (; i != end; i += step) {
        const hgi_layer *l = &net->layer[i];
        if (l->tensors == 0 && l->tied == NULL) continue; /* activation, dropout, crop */
        const hgi_tensor *t = l->tied != NULL ? &l->tied->tensor[0] : &l->tensor[0];
        const int64_t classes = classes_before(net, i);
        const int64_t pixels = decoder ? l->d_out : l->d_in - classes;
        if (t->role != HGI_WEIGHT) return false;
        f->W = m->theta + t->offset;
        if (t->rank > 2) {
            kernel_filters(l, t, decoder, f);
            *(decoder ? &f->units : &f->channels) -= classes;
            /* Three channels have colours; of more there is no picture. */
            return f->channels == 1 || (f->channels == 3 && f->height > 1);
        }
        if (pixels != net->inputs) return false;
        /* A tied decoder borrows the encoder's weight, which lies the other way round. */
        bool rows = decoder ? t->dim[1] == pixels && l->tied != NULL
                            : t->dim[1] == pixels + classes;
        dense_filters(m, t, rows, f);
        if (decoder) f->units -= classes;
        return true;
    }
    return false;
}

/* The first `tiles` units; the largest size of a weight. */
static double copy_tiles(const filters *f, int64_t tiles, float *v)
{
    double peak = 0;
    for (int64_t j = 0; j < tiles; j++)
        for (int64_t p = 0; p < f->height * f->width; p++)
            for (int64_t c = 0; c < f->channels; c++, v++) {
                *v = (float)f->W[j * f->unit + p * f->place + c * f->channel];
                peak = fmax(peak, fabs((double)*v));
            }
    return peak;
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
                        "the %s has no dense layer or kernel of 1 or 3 channels that "
                        "touches the pixels: no filters to draw",
                        part);
    int64_t tiles = hgi_min(f.units, o.items > 0 ? o.items : MOST_TILES);
    size_t count = (size_t)(tiles * f.height * f.width * f.channels);
    float *v = hgi_calloc(&ctx->mem, count, sizeof *v);
    if (v == NULL) return hgi_fail_mem(ctx, count * sizeof *v, "filters");
    /* One scale for all tiles, the same both ways, so that colours compare. */
    double peak = copy_tiles(&f, tiles, v);
    const float *values[] = {v};
    char title[80];
    snprintf(title, sizeof title, "%s filters: %lld of %lld units",
             decoder ? "Decoder" : "Encoder", (long long)tiles, (long long)f.units);
    hgi_grid g = {
        .title = o.title != NULL ? o.title : title,
        .height = f.height,
        .width = f.width,
        .channels = f.channels,
        .tiles = tiles,
        .columns = o.columns,
        .bands = 1,
        .values = values,
        .lo = peak > 0 ? -peak : -1,
        .hi = peak > 0 ? peak : 1,
        .diverging = f.channels == 1, /* of three, colours: grey is 0 */
        .value_label = "weight",
        .x_names = f.width == hgi_model_raw(m) ? m->columns : NULL,
        .image_width = o.width,
        .dark = o.dark != 0,
    };
    hg_status status = hgi_grid_draw(ctx, &g, path);
    hgi_free(&ctx->mem, v);
    return status;
}
