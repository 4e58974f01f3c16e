// SPDX-License-Identifier: MIT
/* The learnt standard deviation of loss gaussian, as the decoder's last layer: y = x, and
 * s = log sigma [1] or [d] is trained with the weights.      saved, a row: dL/ds [1] or [d]
 *
 *     sigma = max(exp(s), min)
 *
 * The loss leaves dL/ds of each row in `saved`, and the gradient is their sum.  Without the
 * bound sigma of a feature that never changes goes to 0 and its density beyond all: at the
 * bound what pulls further down is dropped.  packed holds 1 / sigma.
 * Source of a bound: Rybkin, Daniilidis, Levine, ICML 2021, who have exp(-6) = 0.0025. */
#include "model/layer.h"
#include "model/sigma.h"

#include <math.h>

enum { O_EACH, O_START, O_MIN };
enum { ONE, FEATURE };

static const char *const words[] = {"one", "feature", NULL};
static const hgi_opt_decl options[] = {
    {.name = "each",
     .type = HGI_OPT_WORD,
     .positional = true,
     .words = words,
     .help = "one: the same for all outputs; feature: one each"},
    {.name = "start",
     .type = HGI_OPT_REAL,
     .lo = 1e-6,
     .hi = 1e6,
     .initial = 1,
     .help = "where it starts"},
    {.name = "min",
     .type = HGI_OPT_REAL,
     .lo = 1e-9,
     .hi = 1e6,
     .initial = 1e-3,
     .help = "the smallest it may be"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"sigma one", {1, {5}}},
    {"sigma feature start=0.3", {1, {5}}},
    {"sigma one start=0.5", {3, {3, 2, 2}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t count = l->line.value[O_EACH] == FEATURE ? l->d_in : 1;
    if (l->line.value[O_START] < l->line.value[O_MIN])
        return hgi_fail(ctx, HG_EINVAL, "%s: sigma starts at %g, below its least, %g",
                        l->name, l->line.value[O_START], l->line.value[O_MIN]);
    l->out = l->in;
    hgi_layer_tensor(l, "log_sigma", HGI_BIAS, 1, &count);
    l->saved = count;
    l->packed_more = count;
    return HG_OK;
}

static void init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state)
{
    (void)he;
    (void)seed;
    (void)state;
    hgi_real *s = theta + l->tensor[0].offset;
    for (int64_t i = 0; i < l->tensor[0].count; i++)
        s[i] = (hgi_real)log(l->line.value[O_START]);
}

const char *hgi_sigma_each(const hgi_layer *l)
{
    return words[l->line.value[O_EACH] == FEATURE ? FEATURE : ONE];
}

double hgi_sigma_log(const hgi_layer *l, const hgi_real *theta, int64_t c)
{
    const hgi_tensor *t = &l->tensor[0];
    return fmax((double)theta[t->offset + (t->count > 1 ? c : 0)],
                log(l->line.value[O_MIN]));
}

hgi_sigma hgi_sigma_of(const hgi_layer *l, const hgi_pass *p)
{
    hgi_sigma s = {.count = l->tensor[0].count, .inverse = p->slot[l->index].packed};
    const hgi_real *theta = p->theta + l->tensor[0].offset;
    double least = log(l->line.value[O_MIN]);
    for (int64_t i = 0; i < s.count; i++) s.log_sum += fmax((double)theta[i], least);
    if (s.count == 1) s.log_sum *= (double)l->d_out;
    return s;
}

static int64_t one_item(const hgi_layer *l, const hgi_kernels *k)
{
    (void)l;
    (void)k;
    return 1;
}

static void prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                    int64_t item)
{
    (void)item;
    for (int64_t i = 0; i < l->tensor[0].count; i++)
        s->packed[i] = (hgi_real)exp(-hgi_sigma_log(l, p->theta, i));
}

static int64_t gradient_items(const hgi_layer *l)
{
    (void)l;
    return 1;
}

static void gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    (void)item;
    const hgi_tensor *t = &l->tensor[0];
    const hgi_real *s = p->theta + t->offset;
    hgi_real least = (hgi_real)log(l->line.value[O_MIN]);
    for (int64_t c = 0; c < t->count; c += HGI_TILE_REALS) {
        int64_t C = hgi_min(HGI_TILE_REALS, t->count - c);
        hgi_grad out = hgi_grad_begin(p, t, 1, c, 0, 1, worker);
        p->k->column_sum(0, p->n, C, p->slot[l->index].saved + c, l->saved, out.g);
        for (int64_t i = 0; i < C; i++)
            if (s[c + i] <= least && out.g[i] > 0) out.g[i] = 0;
        hgi_grad_end(p, t, 1, c, C, 0, 1, out);
    }
}

const hgi_layer_kind hgi_layer_sigma = {
    .name = "sigma",
    .brief = "last of all: the learnt sigma of loss gaussian",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_GRADIENT_SAVED,
    .identity = true,
    .elementwise = true,
    .moves = true,
    .plan = plan,
    .init = init,
    .prepare_items = one_item,
    .prepare = prepare,
    .forward = hgi_identity_forward,
    .backward = hgi_identity_backward,
    .gradient_items = gradient_items,
    .gradient = gradient,
};
