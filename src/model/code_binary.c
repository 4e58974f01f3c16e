// SPDX-License-Identifier: MIT
/* The binary bottleneck: a row's code is d bits, 0 or 1.     a [n,d] (x)   z [n,d]
 *
 *     in use      z = 1 where a > 0, else 0
 *     training    z = sigmoid(a + noise e), e ~ N(0, 1)   gx = gz z (1 - z)
 *     straight    z as in use                         gx = gz s (1 - s), s = sigmoid(a)
 *
 * Noise leaves a unit only one way to say something: far from 0 on either side, where the
 * sigmoid is flat; so codes become bits, and little is lost when they are cut.  e is keyed
 * by seed, epoch, global row and unit.  With `straight` the cut is made while training, and
 * its gradient is that of the sigmoid in its place (a surrogate: biased, but without
 * noise).  The layer before it is linear.
 *
 * Source: Salakhutdinov & Hinton, "Semantic hashing", Int. J. Approximate Reasoning 50,
 * 2009 (noise of variance 16); Bengio, Leonard & Courville, arXiv:1308.3432, 2013. */
#include "model/layer.h"

#include <math.h>

enum { O_NOISE, O_STRAIGHT };

static const hgi_opt_decl options[] = {
    {.name = "noise",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1000,
     .initial = 4,
     .help = "standard deviation of what is added before the sigmoid while training"},
    {.name = "straight",
     .type = HGI_OPT_FLAG,
     .help = "no noise: bits while training too, with the sigmoid's gradient"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"binary", {1, {5}}},
    {"binary noise=0.5", {1, {9}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    if (l->line.given[O_NOISE] && l->line.value[O_STRAIGHT] != 0)
        return hgi_fail(ctx, HG_EINVAL, "code: binary straight has no noise: give one");
    l->out = l->in;
    l->x_for = "binary";
    l->x_act = HGI_ACT_LINEAR;
    l->flops = l->d_in;
    return HG_OK;
}

/* The row's values with noise, then through the sigmoid. */
static void blur(const hgi_layer *l, const hgi_pass *p, int64_t r, hgi_real *z)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    hgi_rng rng = {p->seed, HGI_USE_CODE + 256u * (uint32_t)l->index, p->epoch};
    hgi_stream stream = hgi_rng_stream(&rng, (uint64_t)hgi_row_number(p, r));
    p->k->add_gaussian(&stream, d, (hgi_real)l->line.value[O_NOISE], -(hgi_real)INFINITY,
                       (hgi_real)INFINITY, s->x + r * d, z);
    p->k->act_forward(HGI_ACT_SIGMOID, 1, 1, d, z, d, z, d);
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    bool blurred = p->training && l->line.value[O_STRAIGHT] == 0;
    for (int64_t r = r0; r < r1; r++) {
        const hgi_real *a = s->x + r * d;
        hgi_real *z = s->y + r * d;
        if (blurred) {
            blur(l, p, r, z);
            continue;
        }
        /* What is not a number is not hidden. */
        for (int64_t j = 0; j < d; j++) z[j] = a[j] > 0 ? 1 : a[j] <= 0 ? 0 : a[j];
    }
}

/* gx is gy: what the sigmoid's slope leaves of it. */
static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in, from = r0 * d;
    if (l->line.value[O_STRAIGHT] == 0) {
        p->k->act_backward(HGI_ACT_SIGMOID, 1, r1 - r0, d, s->y + from, d, s->gy + from,
                           d);
        return;
    }
    for (int64_t i = from; i < r1 * d; i++) {
        hgi_real e = (hgi_real)exp(-fabs((double)s->x[i]));
        s->gy[i] *= e / ((1 + e) * (1 + e));
    }
}

const hgi_layer_kind hgi_code_binary = {
    .name = "binary",
    .brief = "a bit a unit, 0 or 1: semantic hashing; noise=, or straight",
    .options = options,
    .examples = examples,
    .example_act = "linear",
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_X | HGI_BACK_Y,
    .elementwise = true,
    .takes_linear = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
