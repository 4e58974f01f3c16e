// SPDX-License-Identifier: MIT
/* What codes mean, by walking through them: the plane of a code of two values
 * (hg_plot_manifold), or each value of one row's code by itself (hg_plot_traversal).
 *
 * Where a variational code lies is known: quantiles of the standard normal distribution, or
 * -3 to 3.  Where another lies only the codes of data tell: their quantiles. */
#include "apply/map.h"
#include "apply/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 20, SIDE_MOST = 100, DIMENSIONS = 10, STEPS = 11, STEPS_MOST = 100 };

/* Of one value of a code: how far its sweep goes at either end. */
#define SIGMAS 3.0
#define TAIL 0.01

/* A picture under way: codes to decode, their rows, what it says. */
typedef struct walk {
    hg_ctx *ctx;
    const hg_model *m;
    hg_plot_options o;
    bool normal;       /* codes lie in a standard normal distribution */
    hg_dataset *known; /* codes of the data, NULL when nobody asked for them */
    float *column;     /* [rows] one value of all of them, ascending */
    float label;       /* of a conditional model: the class of all that is decoded */
} walk;

/* What a code's values are where they are not numbers that may be anything. */
static bool is_kind(const hg_model *m, const char *kind)
{
    return strcmp(m->net.layer[m->net.code].kind->name, kind) == 0;
}

/* The class asked for, or this one. */
static void choose_class(walk *w, double other)
{
    w->label = (float)(w->o.labelled != 0 ? w->o.label : other);
}

static hg_status begin(walk *w, const hg_dataset *data, const hg_plot_options *options)
{
    HGI_TRY(hgi_plot_options(w->ctx, options, &w->o));
    if (w->m == NULL) return hgi_fail(w->ctx, HG_EINVAL, "a model is needed");
    w->normal = is_kind(w->m, "variational");
    if (w->normal) return HG_OK;
    if (data == NULL)
        return hgi_fail(
            w->ctx, HG_EINVAL,
            "only of a variational model is it known where its codes lie: for "
            "this one, data are needed");
    HGI_TRY(hg_encode_dataset(w->ctx, w->m, data, &w->known));
    w->column = hgi_calloc(&w->ctx->mem, (size_t)w->known->rows, sizeof *w->column);
    if (w->column != NULL) return HG_OK;
    return hgi_fail_mem(w->ctx, (size_t)w->known->rows * sizeof *w->column, "codes");
}

static void end(walk *w)
{
    hg_dataset_free(&w->known);
    hgi_free(&w->ctx->mem, w->column);
}

/* x with a share p of a standard normal distribution below it; p in (0, 1).  Halving the
 * interval needs no coefficients, and a picture has some dozen of them. */
static double normal_quantile(double p)
{
    double lo = -10, hi = 10;
    for (int i = 0; i < 60; i++) {
        double x = (lo + hi) / 2;
        *(erfc(-x / sqrt(2)) / 2 < p ? &lo : &hi) = x;
    }
    return (lo + hi) / 2;
}

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Value `dim` of the codes known, sorted for value_at(). */
static void know(walk *w, int64_t dim)
{
    if (w->normal) return;
    for (int64_t r = 0; r < w->known->rows; r++)
        hgi_dataset_part(w->known, r, dim, 1, w->column + r);
    qsort(w->column, (size_t)w->known->rows, sizeof *w->column, ascending);
}

/* The quantile p of the value last known, between two rows in proportion. */
static float value_at(const walk *w, double p)
{
    if (w->normal) return (float)normal_quantile(p);
    double at = p * (double)(w->known->rows - 1);
    int64_t i = (int64_t)at, next = hgi_min(i + 1, w->known->rows - 1);
    double f = at - (double)i;
    return (float)((1 - f) * (double)w->column[i] + f * (double)w->column[next]);
}

/* The class that all of a conditional model's rows are decoded to, behind the title. */
static void title_class(const walk *w, char *title, size_t n)
{
    char name[40];
    const size_t len = strlen(title);
    const hgi_classes *known = &w->m->spec.classes;
    int64_t class = hgi_classes_place(known, (double)w->label);
    if (class < 0) return;
    hgi_classes_name(known, class, name, sizeof name);
    snprintf(title + len, n - len, "; class %s", name);
}

static hg_status label_all(const walk *w, hg_dataset *codes)
{
    size_t bytes = (size_t)codes->rows * sizeof *codes->labels;
    if (w->m->spec.classes.count == 0) return HG_OK;
    codes->labels = hgi_alloc(&w->ctx->mem, bytes);
    if (codes->labels == NULL) return hgi_fail_mem(w->ctx, bytes, "labels");
    codes->labelled = codes->rows;
    for (int64_t i = 0; i < codes->rows; i++) codes->labels[i] = w->label;
    return HG_OK;
}

/* Decode the codes and draw them: lines of `columns` tiles. */
static hg_status draw(walk *w, hg_dataset *codes, hgi_grid *g, const char *path)
{
    hg_ctx *ctx = w->ctx;
    hg_dataset *rows = NULL;
    float *x = NULL;
    hg_status status;
    HGI_GOTO(label_all(w, codes));
    HGI_GOTO(hg_decode_dataset(ctx, w->m, codes, &rows));
    size_t count = (size_t)(rows->rows * rows->features);
    x = hgi_calloc(&ctx->mem, count, sizeof *x);
    if (x == NULL) HGI_GOTO(hgi_fail_mem(ctx, count * sizeof *x, "the picture's rows"));
    HGI_GOTO(hg_dataset_read(ctx, rows, 0, rows->rows, x));
    const float *values[] = {x};
    g->tiles = rows->rows;
    g->bands = 1;
    g->values = values;
    g->image_width = w->o.width;
    g->dark = w->o.dark != 0;
    hgi_plot_tiles(w->m, rows, rows->rows, x, g);
    if (g->height > 1) g->captions = NULL; /* lines of images have their names */
    status = hgi_grid_draw(ctx, g, path);
done:
    hgi_free(&ctx->mem, x);
    hg_dataset_free(&rows);
    return status;
}

/* ---- the plane ----------------------------------------------------------------------- */

/* The first value grows to the right, the second upwards. */
static void fill_plane(walk *w, int64_t side, float *z)
{
    for (int dim = 0; dim < 2; dim++) {
        know(w, dim);
        for (int64_t i = 0; i < side; i++) {
            float v = value_at(w, ((double)i + 0.5) / (double)side);
            for (int64_t k = 0; k < side; k++) {
                int64_t line = dim == 0 ? k : side - 1 - i, column = dim == 0 ? i : k;
                z[2 * (line * side + column) + dim] = v;
            }
        }
    }
}

hg_status hg_plot_manifold(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                           const char *path, const hg_plot_options *options)
{
    hg_status status;
    hg_dataset *codes = NULL;
    float *z;
    char title[160];
    walk w = {.ctx = ctx, .m = m};
    if (m != NULL && (is_kind(m, "binary") || is_kind(m, "vq")))
        return hgi_fail(ctx, HG_EINVAL,
                        "a code of kind %s is no plane: there is nothing between %s",
                        m->net.layer[m->net.code].kind->name,
                        is_kind(m, "vq") ? "the entries of a codebook" : "bits");
    if (m != NULL && m->net.code_size != 2)
        return hgi_fail(
            ctx, HG_EINVAL,
            "a code of %lld values is no plane: of two there is a picture; see "
            "traversal for others",
            (long long)m->net.code_size);
    HGI_GOTO(begin(&w, data, options));
    int64_t side = w.o.columns > 0 ? w.o.columns : SIDE;
    if (side > SIDE_MOST)
        HGI_GOTO(hgi_fail(ctx, HG_ERANGE, "%lld tiles a side, expected at most %d",
                          (long long)side, SIDE_MOST));
    HGI_GOTO(hgi_codes_new(ctx, m, "the plane of codes", side * side, &z, &codes));
    choose_class(&w, m->spec.classes.count > 0 ? m->spec.classes.label[0] : 0);
    fill_plane(&w, side, z);
    HGI_GOTO(hgi_dataset_check(ctx, codes));
    snprintf(title, sizeof title, "Codes: value 1 across, 2 up, at %s",
             w.normal ? "normal quantiles" : "the codes' quantiles");
    title_class(&w, title, sizeof title);
    hgi_grid g = {
        .title = w.o.title != NULL ? w.o.title : title,
        .columns = side,
        .tight = true,
    };
    status = draw(&w, codes, &g, path);
done:
    hg_dataset_free(&codes);
    end(&w);
    return status;
}

/* ---- one value at a time ------------------------------------------------------------- */

typedef struct dimension {
    int64_t at;
    float lo, hi;  /* ends of its sweep */
    double effect; /* mean squared change of the row from one end to the other */
} dimension;

/* The largest first; of equal ones the first in the code. */
static int by_effect(const void *a, const void *b)
{
    const dimension *x = a, *y = b;
    if (x->effect < y->effect || x->effect > y->effect)
        return x->effect < y->effect ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

/* Both ends of one value's sweep, decoded, in units of the scaled rows. */
static hg_status measure(const walk *w, const float *base, dimension *d, float *z,
                         float *y)
{
    const int64_t k = w->m->net.code_size, n = w->m->net.inputs;
    const hgi_scaler *s = &w->m->scaler;
    memcpy(z, base, (size_t)k * sizeof *z);
    memcpy(z + k, base, (size_t)k * sizeof *z);
    z[d->at] = d->lo;
    z[k + d->at] = d->hi;
    d->effect = 0;
    const float two[2] = {w->label, w->label};
    const hgi_labels labels = {"codes", two, 2, NULL};
    HGI_TRY(hgi_map_memory(w->ctx, w->m, HGI_DECODE, z, &labels, 2, y));
    for (int64_t i = 0; i < n; i++) {
        double change = ((double)y[n + i] - (double)y[i]) * s->scale[i];
        d->effect += change * change / (double)n;
    }
    return HG_OK;
}

static hg_status rank(walk *w, const float *base, dimension *d)
{
    const int64_t k = w->m->net.code_size, n = w->m->net.inputs;
    const bool bits = is_kind(w->m, "binary");
    hg_status status = HG_OK;
    float *z = hgi_calloc(&w->ctx->mem, 2 * (size_t)(k + n), sizeof *z);
    if (z == NULL)
        return hgi_fail_mem(w->ctx, 2 * (size_t)(k + n) * sizeof *z, "two rows");
    for (int64_t i = 0; i < k && status == HG_OK; i++) {
        know(w, i);
        d[i].at = i;
        d[i].lo = w->normal ? (float)-SIGMAS : value_at(w, TAIL);
        d[i].hi = w->normal ? (float)SIGMAS : value_at(w, 1 - TAIL);
        if (bits) d[i].lo = 0, d[i].hi = 1;
        status = measure(w, base, &d[i], z, z + 2 * k);
    }
    hgi_free(&w->ctx->mem, z);
    qsort(d, (size_t)k, sizeof *d, by_effect);
    return status;
}

/* Names of lines (images) and captions of tiles (curves), in one block of texts. */
typedef struct tile_names {
    const char **line, **tile;
    char *text;
} tile_names;

enum { NAME = 40 };

static hg_status name_all(hg_ctx *ctx, const dimension *d, int64_t lines, int64_t steps,
                          tile_names *out)
{
    size_t tiles = (size_t)(lines * steps), count = tiles + (size_t)lines;
    out->line = hgi_calloc(&ctx->mem, count, sizeof *out->line);
    out->text = hgi_calloc(&ctx->mem, count, NAME);
    if (out->line == NULL || out->text == NULL)
        return hgi_fail_mem(ctx, count * NAME, "the picture's names");
    out->tile = out->line + lines;
    for (int64_t i = 0; i < lines; i++) {
        out->line[i] = out->text + i * NAME;
        snprintf(out->text + i * NAME, NAME, "z%lld", (long long)d[i].at + 1);
        for (int64_t s = 0; s < steps; s++) {
            char *t = out->text + (lines + i * steps + s) * NAME;
            double v = (double)d[i].lo + ((double)d[i].hi - (double)d[i].lo) * (double)s /
                                             (double)(steps - 1);
            snprintf(t, NAME, "z%lld = %.2f", (long long)d[i].at + 1, v);
            out->tile[i * steps + s] = t;
        }
    }
    return HG_OK;
}

/* Codes of the picture: the row's own, with one value on its way from lo to hi. */
static void sweep(const dimension *d, int64_t lines, int64_t steps, int64_t k,
                  const float *base, float *z)
{
    for (int64_t i = 0; i < lines; i++)
        for (int64_t s = 0; s < steps; s++, z += k) {
            double t = (double)s / (double)(steps - 1);
            memcpy(z, base, (size_t)k * sizeof *z);
            z[d[i].at] = (float)((1 - t) * (double)d[i].lo + t * (double)d[i].hi);
        }
}

static hg_status code_of(const walk *w, const hg_dataset *data, int64_t row, float *z)
{
    if (w->known != NULL) return hg_dataset_read(w->ctx, w->known, row, 1, z);
    float *x = hgi_calloc(&w->ctx->mem, (size_t)data->features, sizeof *x);
    if (x == NULL)
        return hgi_fail_mem(w->ctx, (size_t)data->features * sizeof *x, "a row");
    hg_status status = hg_dataset_read(w->ctx, data, row, 1, x);
    hgi_labels label = hgi_dataset_labels(data);
    if (label.count > 0) label.value += row, label.count = 1;
    if (status == HG_OK)
        status = hgi_map_memory(w->ctx, w->m, HGI_ENCODE, x, &label, 1, z);
    hgi_free(&w->ctx->mem, x);
    return status;
}

static hg_status check_row(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                           int64_t row)
{
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    if (is_kind(m, "vq"))
        return hgi_fail(ctx, HG_EINVAL,
                        "a code of kind vq has no values to change one by one: its "
                        "vectors are entries of a codebook; change their numbers "
                        "(encode --indices) and decode those");
    if (data->features != m->net.inputs)
        return hgi_feed_wrong(ctx, m, data, m->net.inputs);
    if (row < 0 || row >= data->rows)
        return hgi_fail(ctx, HG_ERANGE, "%s: there is no row %lld: it has %lld",
                        data->name, (long long)row + 1, (long long)data->rows);
    return HG_OK;
}

/* The row's class as the model calls it; what it does not know is told by encoding. */
static double label_of(const hg_model *m, const hg_dataset *data, int64_t row)
{
    const hgi_classes *known = &m->spec.classes;
    const hgi_labels l = hgi_dataset_labels(data);
    int64_t class =
        l.count > row ? hgi_classes_match(known, &l, (double)l.value[row]) : -1;
    return class >= 0 && class < known->count ? known->label[class] : 0;
}

/* Rows without labels, all of the class that is asked for: what a conditional model
 * encodes them as.  *out is NULL where data are fine as they are. */
static hg_status give_class(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                            const hg_plot_options *o, hg_dataset **out)
{
    const int64_t n = data->rows;
    hg_status status = HG_OK;
    float *label = NULL;
    if (o == NULL || o->labelled == 0 || data->labels != NULL ||
        m->spec.classes.count == 0)
        return HG_OK;
    int64_t *index = hgi_calloc(&ctx->mem, (size_t)n, sizeof *index);
    label = hgi_calloc(&ctx->mem, (size_t)n, sizeof *label);
    if (index == NULL || label == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)n * sizeof *index, "labels"));
    for (int64_t i = 0; i < n; i++) {
        index[i] = i;
        label[i] = (float)o->label;
    }
    HGI_GOTO(hgi_dataset_pick(ctx, data, index, n, out));
    HGI_GOTO(hgi_dataset_label(ctx, *out, &(hgi_labels){data->name, label, n, NULL}));
done:
    hgi_free(&ctx->mem, index);
    hgi_free(&ctx->mem, label);
    return status;
}

hg_status hg_plot_traversal(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                            int64_t row, const char *path, const hg_plot_options *options)
{
    hg_status status;
    walk w = {.ctx = ctx, .m = m};
    tile_names names = {0};
    dimension *d = NULL;
    float *base = NULL, *z;
    hg_dataset *codes = NULL, *own = NULL;
    char title[160];
    HGI_TRY(check_row(ctx, m, data, row));
    HGI_TRY(hgi_plot_options(ctx, options, &w.o));
    HGI_GOTO(give_class(ctx, m, data, &w.o, &own));
    if (own != NULL) data = own;
    HGI_GOTO(begin(&w, data, options));
    const bool bits = is_kind(m, "binary");
    if (bits) w.o.columns = 2;
    const int64_t k = m->net.code_size, steps = w.o.columns > 0 ? w.o.columns : STEPS;
    const int64_t lines = hgi_min(w.o.items > 0 ? w.o.items : DIMENSIONS, k);
    if (steps < 2 || steps > STEPS_MOST)
        HGI_GOTO(hgi_fail(ctx, HG_ERANGE, "%lld steps in a line, expected 2 to %d",
                          (long long)steps, STEPS_MOST));
    base = hgi_calloc(&ctx->mem, (size_t)k, sizeof *base);
    d = hgi_calloc(&ctx->mem, (size_t)k, sizeof *d);
    if (base == NULL || d == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)k * sizeof *d, "a code's values"));
    choose_class(&w, label_of(m, data, row));
    HGI_GOTO(code_of(&w, data, row, base));
    HGI_GOTO(rank(&w, base, d));
    HGI_GOTO(name_all(ctx, d, lines, steps, &names));
    HGI_GOTO(hgi_codes_new(ctx, m, "codes on the way", lines * steps, &z, &codes));
    sweep(d, lines, steps, k, base, z);
    HGI_GOTO(hgi_dataset_check(ctx, codes));
    snprintf(title, sizeof title, "Row %lld with one code value changed: %s%s",
             (long long)row + 1,
             bits       ? "0, then 1"
             : w.normal ? "from \xe2\x88\x92"
                          "3 to 3"
                        : "from its 1 % to its 99 % quantile",
             k > 1 ? ", what changes most first" : "");
    title_class(&w, title, sizeof title);
    hgi_grid g = {
        .title = w.o.title != NULL ? w.o.title : title,
        .columns = steps,
        .line_labels = names.line,
        .captions = names.tile,
    };
    status = draw(&w, codes, &g, path);
done:
    hg_dataset_free(&codes);
    hgi_free(&ctx->mem, names.line);
    hgi_free(&ctx->mem, names.text);
    hgi_free(&ctx->mem, d);
    hgi_free(&ctx->mem, base);
    end(&w);
    hg_dataset_free(&own);
    return status;
}
