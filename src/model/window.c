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
        w->in = (w->out - 1) * w->stride + span - w->before - w->after;
    }
    if (w->in < 1 || w->in > SIZE_MAX_AXIS)
        return hgi_fail(ctx, HG_ESHAPE, "%s: its output would be %lld places long", where,
                        (long long)w->in);
    if (padding == HGI_PADDING_SAME) pad_same(w);
    return HG_OK;
}

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
