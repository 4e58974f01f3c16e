// SPDX-License-Identifier: MIT
/* A small net in double, and its objective as a training step takes it. */
#ifndef TEST_NET_H
#define TEST_NET_H

#include "test.h"

#include "model/layer.h"
#include "model/loss.h"
#include "train/trainer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_VALUES = 1 << 14 };

typedef struct net_under_test {
    hg_ctx *ctx;
    hg_config *cfg;
    hg_dataset *data;
    hgi_trainer t;
    float *values;
} net_under_test;

/* Values in (0.1, 0.9), the same in every run: fit for every loss. */
static inline void fill_values(float *x, int64_t n)
{
    hgi_rng rng = {.seed = 7, .use = HGI_USE_INIT, .epoch = 99};
    for (int64_t i = 0; i < n; i++) {
        uint32_t w[4];
        hgi_philox(&rng, (uint64_t)i, 0, w);
        x[i] = 0.1f + 0.8f * hgi_unit(w[0]);
    }
}

static inline void set(net_under_test *b, const char *name, const char *value)
{
    CHECK_OK(b->ctx, hg_config_set(b->cfg, name, value));
}

/* One context a test: each test has a process of its own. */
static inline hg_ctx *context(void)
{
    static hg_ctx *ctx;
    if (ctx == NULL) ctx = test_ctx();
    return ctx;
}

/* Rows of the classes that a line `condition N` wants, in turn. */
static inline void label_rows(net_under_test *b, const char *const *settings)
{
    static float labels[64];
    const char *at = NULL;
    hg_dataset *l;
    int classes = 0;
    for (int i = 0; settings[i] != NULL && at == NULL; i++)
        at = strstr(settings[i], "condition ");
    if (at == NULL || sscanf(at, "condition %d", &classes) != 1) return;
    for (int64_t r = 0; r < b->data->rows; r++) labels[r] = (float)(r % classes);
    hg_view v = {.size = sizeof v, .data = labels, .rows = b->data->rows, .rank = 1};
    v.shape[0] = 1;
    CHECK_OK(b->ctx, hg_dataset_view(b->ctx, &v, &l));
    CHECK_OK(b->ctx, hg_dataset_set_labels(b->ctx, b->data, l));
    hg_dataset_free(&l);
    set(b, "condition", "labels");
}

/* settings: name, value, ..., NULL */
static inline void open_net(net_under_test *b, int64_t rows, const hgi_shape *shape,
                            const char *const *settings)
{
    b->ctx = context();
    b->values = calloc(MAX_VALUES, sizeof *b->values);
    fill_values(b->values, rows * hgi_shape_count(shape));
    hg_view v = {.size = sizeof v,
                 .data = b->values,
                 .type = HG_F32,
                 .rows = rows,
                 .rank = shape->rank};
    for (int i = 0; i < shape->rank; i++) v.shape[i] = shape->dim[i];
    CHECK_OK(b->ctx, hg_dataset_view(b->ctx, &v, &b->data));
    CHECK_OK(b->ctx, hg_config_new(b->ctx, &b->cfg));
    set(b, "scale", "none");
    set(b, "optimizer", "sgd");
    set(b, "batch-size", "64");
    label_rows(b, settings);
    for (int i = 0; settings[i] != NULL; i += 2) set(b, settings[i], settings[i + 1]);
    CHECK_OK(b->ctx, hgi_setup(b->ctx, b->cfg, b->data, NULL, &b->t));
    CHECK_OK(b->ctx, hgi_trainer_new(&b->t));
    for (int64_t i = 0; i < rows; i++) b->t.order[i] = i;
    /* Weights away from zero and from each other; biases not zero either. */
    for (int64_t i = 0; i < b->t.m->net.params; i++)
        b->t.m->theta[i] += 0.05 * sin(1.0 + 2.3 * (double)i);
}

static inline void close_net(net_under_test *b)
{
    hgi_trainer_free(&b->t);
    hg_config_free(&b->cfg);
    hg_dataset_free(&b->data);
    free(b->values);
}

static inline double objective(net_under_test *b)
{
    int64_t n = b->data->rows;
    b->t.at = (hgi_counters){.best = (double)INFINITY};
    CHECK(hgi_step_run(&b->t, 0, n));
    return (b->t.at.recon + b->t.at.penalty) / (double)n;
}

/* clip makes the step keep the gradient whole; this norm is never reached. */
#define WHOLE_GRADIENT "clip", "1e30"

#endif
