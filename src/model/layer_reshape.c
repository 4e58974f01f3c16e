// SPDX-License-Identifier: MIT
/* Reshape: the same values in the same order under another shape, "reshape 4x4x128".
 *
 * Source of the order: tf.keras.layers.Reshape, channels last. */
#include "model/window.h"

enum { O_SHAPE };

/* The words' values, as -1 - their places. */
static const char *const shape_words[] = {"sequence", "match", NULL};
enum { SEQUENCE = -1, MATCH = -2 };

static const hgi_opt_decl options[] = {
    {.name = "shape",
     .type = HGI_OPT_SIZE,
     .positional = true,
     .required = true,
     .lo = 1,
     .hi = 1 << 24,
     .words = shape_words,
     .help = "sizes, as many values as come in: 4x4x128; sequence: places and channels; "
             "match: the last shape that the encoder had"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"reshape 3x2x2", {1, {12}}},
    {"reshape 6x2", {3, {2, 3, 2}}},
    {"reshape 10", {2, {5, 2}}},
    {"reshape sequence", {3, {5, 2, 1}}},
    {"reshape sequence", {3, {2, 3, 2}}},
    {"reshape sequence", {1, {4}}},
    {NULL, {0, {0}}},
};

static hg_status misfit(hg_ctx *ctx, const hgi_layer *l)
{
    char where[HGI_WHERE_MAX], to[HGI_SHAPE_MAX], from[HGI_SHAPE_MAX];
    double count = 1;
    for (int i = 0; i < l->out.rank; i++) count *= (double)l->out.dim[i];
    return hgi_fail(ctx, HG_ESHAPE,
                    "%s: %s has %.0f values, but %s comes in, which has %lld",
                    hgi_layer_where(l, where), hgi_shape_text(&l->out, to), count,
                    hgi_shape_text(&l->in, from), (long long)l->d_in);
}

static hg_status match_shape(hg_ctx *ctx, hgi_layer *l)
{
    const hgi_shape *last = hgi_layer_last_shape(l);
    char where[HGI_WHERE_MAX];
    if (last == NULL)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: match, but no layer of the encoder gives two or three sizes",
                        hgi_layer_where(l, where));
    l->out = *last;
    return hgi_shape_count(last) == l->d_in ? HG_OK : misfit(ctx, l);
}

/* A row of two sizes is an image of one channel, whose columns are channels then; of an
 * image with channels the rows of pixels follow one another. */
static hgi_shape as_sequence(const hgi_shape *s)
{
    if (s->rank == 3 && s->dim[2] == 1) return (hgi_shape){2, {s->dim[0], s->dim[1], 0}};
    if (s->rank == 3) return (hgi_shape){2, {s->dim[0] * s->dim[1], s->dim[2], 0}};
    return (hgi_shape){2, {s->dim[0], s->rank == 2 ? s->dim[1] : 1, 0}};
}

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    double count = 1; /* three sizes of 2^24 are too much for 64 bits, not for this */
    const int word = (int)l->line.value[O_SHAPE];
    if (word == SEQUENCE) {
        l->out = as_sequence(&l->in);
        return HG_OK;
    }
    if (word == MATCH) return match_shape(ctx, l);
    l->out = (hgi_shape){.rank = (int)l->line.value[O_SHAPE]};
    for (int i = 0; i < l->out.rank; i++)
        count *= (double)(l->out.dim[i] = l->line.size[O_SHAPE][i]);
    if (count == (double)l->d_in) return HG_OK;
    return misfit(ctx, l);
}

const hgi_layer_kind hgi_layer_reshape = {
    .name = "reshape",
    .brief = "the same values under another shape: reshape 4x4x128",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .identity = true,
    .elementwise = true,
    .moves = true,
    .plan = plan,
    .forward = hgi_identity_forward,
    .backward = hgi_identity_backward,
};
