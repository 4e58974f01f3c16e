// SPDX-License-Identifier: MIT
/* Dropout: y = x m / (1 - rate) in training, m Bernoulli(1 - rate); y = x otherwise.
 *
 * The mask is keyed by seed, epoch, global row and layer, so that it does not depend on
 * threads, batch size or a resumed run.  saved [n,d] holds m / (1 - rate).
 * Source: Srivastava et al., JMLR 15, 2014 ("inverted" scaling). */
#include "model/layer.h"

#include <string.h>

enum { O_RATE, BLOCK = 64 };

static const hgi_opt_decl options[] = {
    {.name = "rate",
     .type = HGI_OPT_REAL,
     .positional = true,
     .required = true,
     .lo = 0,
     .hi = 0.999,
     .help = "probability that a value is set to 0"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"dropout 0.5", {1, {67}}},
    {"dropout 0", {1, {3}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)ctx;
    (void)inputs;
    l->out = l->in;
    l->saved = l->d_in; /* no flops: it does nothing outside training */
    return HG_OK;
}

static void draw_mask(const hgi_layer *l, const hgi_pass *p, int64_t row, hgi_real *mask)
{
    hgi_rng rng = {p->seed, HGI_USE_DROPOUT + 256u * (uint32_t)l->index, p->epoch};
    float rate = (float)l->line.value[O_RATE];
    hgi_real keep = (hgi_real)(1.0f / (1.0f - rate));
    for (int64_t c = 0; c < l->d_in; c += BLOCK) {
        uint32_t words[BLOCK];
        int64_t n = hgi_min(BLOCK, l->d_in - c);
        hgi_philox_fill(&rng, (uint64_t)row, (uint32_t)(c / 4), BLOCK, words);
        for (int64_t i = 0; i < n; i++)
            mask[c + i] = hgi_unit(words[i]) < rate ? 0 : keep;
    }
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    if (!p->training) {
        memcpy(s->y + r0 * d, s->x + r0 * d, sizeof(hgi_real) * (size_t)((r1 - r0) * d));
        return;
    }
    for (int64_t r = r0; r < r1; r++) {
        hgi_real *mask = s->saved + r * d;
        draw_mask(l, p, hgi_row_number(p, r), mask);
        for (int64_t c = 0; c < d; c++) s->y[r * d + c] = s->x[r * d + c] * mask[c];
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    if (s->gx == NULL) return;
    for (int64_t i = r0 * d; i < r1 * d; i++) s->gy[i] *= s->saved[i];
}

const hgi_layer_kind hgi_layer_dropout = {
    .name = "dropout",
    .brief = "sets values to 0 at random while training",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_SAVED,
    .elementwise = true,
    .plan = plan,
    .forward = forward,
    .backward = backward,
};
