// SPDX-License-Identifier: MIT
/* Models for tests, made from lines without training: weights are random, so that no
 * two tensors, rows or columns can be mistaken for each other. */
#ifndef TEST_MODELS_H
#define TEST_MODELS_H

#include "test.h"

#include "model/model.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct model_recipe {
    hgi_shape input;
    const char *encoder, *code, *decoder; /* lines joined by ';' */
    const char *loss;
    hgi_scale_kind scale; /* shift and scale are made up, one pair a column */
} model_recipe;

/* Weights in (-0.6, 0.6); running variances are positive. */
static inline void fill_weights(hg_model *m, uint64_t seed)
{
    for (int64_t i = 0; i < m->net.params; i++)
        m->theta[i] = (hgi_real)test_uniform(&seed, -0.6, 0.6);
    for (int64_t i = 0; i < m->net.states; i++)
        m->state[i] = (hgi_real)test_uniform(&seed, 0.2, 1.5);
}

static inline hgi_scaler made_up_scaler(hg_ctx *ctx, hgi_scale_kind kind, int64_t d)
{
    hgi_scaler s;
    uint64_t seed = 5;
    double *shift = calloc((size_t)d, sizeof *shift);
    double *scale = calloc((size_t)d, sizeof *scale);
    for (int64_t i = 0; i < d; i++) {
        shift[i] = test_uniform(&seed, -1, 0);
        scale[i] = test_uniform(&seed, 0.3, 0.45);
    }
    bool fitted = kind != HGI_SCALE_NONE && kind != HGI_SCALE_UNIT;
    CHECK_OK(ctx, hgi_scaler_make(ctx, kind, d, fitted ? shift : NULL,
                                  fitted ? scale : NULL, &s));
    for (int64_t i = 0; s.bend != NULL && i < d; i += 2) s.bend[i] = 0.5;
    free(shift);
    free(scale);
    return s;
}

/* sigma: of loss gaussian. */
static inline hg_model *make_model_of(hg_ctx *ctx, const model_recipe *r, double sigma)
{
    hgi_spec spec = {.mem = ctx->mem, .input = r->input, .huber_delta = 1};
    spec.sigma = sigma;
    hgi_scaler scaler = made_up_scaler(ctx, r->scale, hgi_shape_count(&r->input));
    hg_model *m;
    CHECK_OK(ctx,
             hgi_spec_set_lines(ctx, &spec.encoder, &spec.encoder_count, r->encoder));
    CHECK_OK(ctx,
             hgi_spec_set_lines(ctx, &spec.decoder, &spec.decoder_count, r->decoder));
    spec.code = hgi_strdup(&ctx->mem, r->code != NULL ? r->code : "plain");
    spec.loss = hgi_strdup(&ctx->mem, r->loss != NULL ? r->loss : "mse");
    CHECK_OK(ctx, hgi_model_take(ctx, &spec, &scaler, &m));
    hgi_spec_free(&spec);
    fill_weights(m, 11);
    return m;
}

static inline hg_model *make_model(hg_ctx *ctx, const model_recipe *r)
{
    return make_model_of(ctx, r, 1);
}

/* Rows of one dimension over the caller's floats. */
static inline hg_dataset *rows_of(hg_ctx *ctx, const float *x, int64_t rows, int64_t d)
{
    hg_view v = {.size = sizeof v, .data = x, .rows = rows, .rank = 1, .shape = {d}};
    hg_dataset *out;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &out));
    return out;
}

/* One context for each number of threads; a test has a process of its own. */
static inline hg_ctx *context_of(int threads)
{
    static hg_ctx *made[8];
    hg_ctx_options o = {.size = sizeof o, .threads = threads};
    if (made[threads] == NULL) made[threads] = test_ctx_with(&o);
    return made[threads];
}

static inline float *random_floats(uint64_t seed, int64_t n, double lo, double hi)
{
    float *x = malloc((size_t)n * sizeof *x);
    for (int64_t i = 0; i < n; i++) x[i] = (float)test_uniform(&seed, lo, hi);
    return x;
}

#endif
