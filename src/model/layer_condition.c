// SPDX-License-Identifier: MIT
/* A conditional model's class of each row, given to the layers behind it: one number more
 * for each class, 1 for the row's own and 0 for the others.    x [n,d]  y [n,d+C]
 *
 *     y = (x, e_k)                          values: behind a row of numbers
 *     y[i,j] = (x[i,j], e_k)                channels: at every place of an image
 *
 * A dense layer makes of it a bias for each class.  The class comes with the rows (pass)
 * and is no input: nothing reconstructs it, and no gradient goes there.
 * Source: Sohn, Lee, Yan, "Learning Structured Output Representation using Deep Conditional
 * Generative Models", NIPS 2015. */
#include "model/layer.h"

#include <string.h>

enum { O_CLASSES, O_AS };
enum { VALUES, CHANNELS };

static const char *const words[] = {"values", "channels", NULL};
static const hgi_opt_decl options[] = {
    {.name = "classes",
     .type = HGI_OPT_INT,
     .positional = true,
     .required = true,
     .lo = 1,
     .hi = HGI_CLASSES_MOST,
     .help = "how many there are"},
    {.name = "as",
     .type = HGI_OPT_WORD,
     .positional = true,
     .words = words,
     .help = "values: behind the row's; channels: of each place of an image"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"condition 3", {1, {5}}},
    {"condition 2", {3, {3, 2, 2}}},
    {"condition 3 channels", {3, {3, 2, 2}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t classes = (int64_t)l->line.value[O_CLASSES];
    l->out = (hgi_shape){1, {l->d_in + classes, 0, 0}};
    if (l->line.value[O_AS] != CHANNELS) return HG_OK;
    if (l->in.rank < 2)
        return hgi_fail(
            ctx, HG_ESHAPE,
            "%s: condition: channels need an image or a sequence, but a row of "
            "%lld values comes in",
            l->name, (long long)l->d_in);
    l->out = l->in;
    l->out.dim[l->in.rank - 1] += classes;
    return HG_OK;
}

/* Numbers that a class follows: of a whole row, or of each place. */
static int64_t piece(const hgi_layer *l)
{
    return l->line.value[O_AS] == CHANNELS ? l->in.dim[l->in.rank - 1] : l->d_in;
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = piece(l), C = (int64_t)l->line.value[O_CLASSES], pieces = l->d_in / d;
    for (int64_t r = r0; r < r1; r++) {
        const hgi_real *x = s->x + r * l->d_in;
        hgi_real *y = s->y + r * l->d_in / d * (d + C);
        int64_t class = hgi_row_class(p, r);
        for (int64_t i = 0; i < pieces; i++, x += d, y += d + C) {
            memcpy(y, x, (size_t)d * sizeof *y);
            for (int64_t k = 0; k < C; k++) y[d + k] = k == class ? 1 : 0;
        }
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = piece(l), C = (int64_t)l->line.value[O_CLASSES], pieces = l->d_in / d;
    if (s->gx == NULL) return;
    for (int64_t i = r0 * pieces; i < r1 * pieces; i++)
        memcpy(s->gx + i * d, s->gy + i * (d + C), (size_t)d * sizeof *s->gx);
}

const hgi_layer_kind hgi_layer_condition = {
    .name = "condition",
    .brief = "the class of the row, one number more for each class",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
