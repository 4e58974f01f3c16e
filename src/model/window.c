// SPDX-License-Identifier: MIT
/* The rule for window sizes: see window.h.                                             */
#include "model/window.h"

#include <string.h>

#define SIZE_MAX_AXIS (INT64_C(1) << 24)

const char *const hgi_padding_words[] = {"same", "valid", NULL};

static int64_t span_of(const hgi_window *w) { return (w->kernel - 1) * w->dilation + 1; }

/* How many places lie outside the input when out windows cover it exactly.             */
static void pad_same(hgi_window *w)
{
    int64_t pad = hgi_max((w->out - 1) * w->stride + span_of(w) - w->in, 0);
    w->before = pad / 2;
    w->after = pad - w->before;
}

hg_status hgi_window_plan(hg_ctx *ctx, const char *where, int64_t padding, hgi_window *w)
{
    int64_t span = span_of(w);
    w->before = w->after = 0;
    if (padding == HGI_PADDING_SAME) {
        w->out = hgi_ceil_div(w->in, w->stride);
        pad_same(w);
        return HG_OK;
    }
    if (padding != HGI_PADDING_VALID) w->before = w->after = padding;
    int64_t padded = w->in + w->before + w->after;
    if (padded < span)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: a window over %lld places does not fit into %lld", where,
                        (long long)span, (long long)padded);
    w->out = (padded - span) / w->stride + 1;
    return HG_OK;
}

hg_status hgi_window_unplan(hg_ctx *ctx, const char *where, int64_t padding,
                            hgi_window *w)
{
    int64_t span = span_of(w);
    w->before = w->after = 0;
    if (padding == HGI_PADDING_SAME) {
        w->in = w->out * w->stride;
    } else {
        if (padding != HGI_PADDING_VALID) w->before = w->after = padding;
        int64_t reach = padding == HGI_PADDING_VALID ? hgi_max(span, w->stride) : span;
        w->in = (w->out - 1) * w->stride + reach - w->before - w->after;
    }
    if (w->in < 1 || w->in > SIZE_MAX_AXIS)
        return hgi_fail(ctx, HG_ESHAPE, "%s: its output would be %lld places long", where,
                        (long long)w->in);
    if (padding == HGI_PADDING_SAME) pad_same(w);
    return HG_OK;
}

void hgi_window_range(const hgi_window *w, int64_t t, int64_t *first, int64_t *end)
{
    int64_t shift = t * w->dilation - w->before; /* place = position * stride + shift   */
    int64_t from = shift < 0 ? hgi_ceil_div(-shift, w->stride) : 0;
    int64_t to = shift < w->in ? (w->in - 1 - shift) / w->stride + 1 : 0;
    *first = hgi_min(from, w->out);
    *end = hgi_max(*first, hgi_min(to, w->out));
}

/* ---- the mirrored layer ------------------------------------------------ */

static int spatial_axes(const hgi_layer *l)
{
    return l->kind->identity || l->out.rank < 2 ? 0 : l->out.rank - 1;
}

/* -1 smaller, 1 larger, 0 neither: what the layer does to the size of an image.        */
static int growth(const hgi_layer *l)
{
    int axes = spatial_axes(l);
    if (axes == 0 || l->in.rank < axes) return 0;
    int64_t in = 1, out = 1;
    for (int i = 0; i < axes; i++) {
        in *= l->in.dim[i];
        out *= l->out.dim[i];
    }
    return (out > in) - (out < in);
}

const hgi_layer *hgi_layer_mirror(const hgi_layer *l)
{
    const hgi_layer *net = l - l->index; /* layers of a net lie in one array            */
    int64_t code = 0, skip = 0;
    while (code < l->index && strcmp(net[code].name, "code") != 0) code++;
    for (int64_t i = code + 1; i < l->index; i++) skip += growth(&net[i]) > 0;
    for (int64_t i = code; code < l->index && i-- > 0;)
        if (growth(&net[i]) < 0 && skip-- == 0) return &net[i];
    return NULL;
}

const hgi_shape *hgi_layer_last_shape(const hgi_layer *l)
{
    const hgi_layer *net = l - l->index;
    int64_t code = 0;
    while (code < l->index && strcmp(net[code].name, "code") != 0) code++;
    for (int64_t i = code; code < l->index && i-- > 0;)
        if (net[i].out.rank > 1) return &net[i].out;
    return NULL;
}

/* ---- words for messages ------------------------------------------------ */

/* A layer's name is "decoder.3" or "code"; people count lines from 1.                  */
const char *hgi_layer_where(const hgi_layer *l, char out[HGI_WHERE_MAX])
{
    const char *point = strchr(l->name, '.');
    int64_t number = 0;
    if (point != NULL && hgi_parse_int(point + 1, strlen(point + 1), &number))
        snprintf(out, HGI_WHERE_MAX, "%.*s line %lld (%s)", (int)(point - l->name),
                 l->name, (long long)number + 1, l->kind->name);
    else
        snprintf(out, HGI_WHERE_MAX, "%s (%s)", l->name, l->kind->name);
    return out;
}

const char *hgi_shape_text(const hgi_shape *s, char out[HGI_SHAPE_MAX])
{
    int at = 0;
    for (int i = 0; i < s->rank && at < HGI_SHAPE_MAX; i++)
        at += snprintf(out + at, (size_t)(HGI_SHAPE_MAX - at), i > 0 ? "x%lld" : "%lld",
                       (long long)s->dim[i]);
    return out;
}
