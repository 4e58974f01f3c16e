// SPDX-License-Identifier: MIT
/* Rows, settings and callbacks that tests of training share. */
#ifndef TEST_TRAIN_H
#define TEST_TRAIN_H

#include "test.h"

#include "base/rng.h"
#include "kernels/kernels.h"
#include "model/model.h"

enum { ROWS = 203, D = 12 }; /* 203: the last batch of 32 has 11 rows */

/* Rows near a plane of 3 dimensions, in (0, 1). */
static inline const float *values(void)
{
    static float x[ROWS * D];
    hgi_rng rng = {.seed = 3, .use = HGI_USE_INIT, .epoch = 1};
    for (int r = 0; r < ROWS; r++) {
        uint32_t w[4];
        hgi_philox(&rng, (uint64_t)r, 0, w);
        for (int c = 0; c < D; c++) {
            float a = hgi_unit(w[0]) * (float)(c % 3) + hgi_unit(w[1]) * (float)(c % 4) +
                      hgi_unit(w[2]);
            x[r * D + c] = 0.05f + 0.9f * a / 6.0f;
        }
    }
    return x;
}

static inline hg_dataset *view_of(hg_ctx *ctx, const float *x, int64_t rows)
{
    hg_view v = {.size = sizeof v,
                 .data = x,
                 .type = HG_F32,
                 .rows = rows,
                 .rank = 1,
                 .shape = {D}};
    hg_dataset *d;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    return d;
}

static inline hg_config *config(hg_ctx *ctx, const char *const *settings)
{
    static const char *const usual[] = {"hidden", "9", "code", "3",   "batch-size", "32",
                                        "epochs", "4", "loss", "bce", NULL};
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; usual[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, usual[i], usual[i + 1]));
    for (int i = 0; settings != NULL && settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
    return c;
}

/* One context for each number of threads: each test has a process of its own. */
static inline hg_ctx *context(int threads)
{
    static hg_ctx *made[8];
    hg_ctx_options o = {.size = sizeof o, .threads = threads};
    if (made[threads] == NULL) made[threads] = test_ctx_with(&o);
    return made[threads];
}

/* Train and give the model file's bytes. */
static inline char *trained_bytes(hg_ctx *ctx, const char *const *settings, bool valid,
                                  size_t *n)
{
    hg_dataset *d = view_of(ctx, values(), ROWS),
               *v = valid ? view_of(ctx, values(), 50) : NULL;
    hg_config *c = config(ctx, settings);
    hg_model *m;
    char path[TEST_PATH];
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_train(ctx, c, d, v, NULL, &m));
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
    hg_dataset_free(&v);
    return test_read(path, n);
}

typedef struct stopper {
    int64_t steps, at; /* stop after so many steps; 0: never */
    int64_t epochs;
    double first_loss, last_loss;
} stopper;

static inline int stop_at_step(void *user, const hg_progress *p)
{
    stopper *s = user;
    (void)p;
    return s->at > 0 && ++s->steps == s->at;
}

static inline int note_epoch(void *user, const hg_progress *p)
{
    stopper *s = user;
    if (s->epochs++ == 0) s->first_loss = p->loss;
    s->last_loss = p->loss;
    return 0;
}

#endif
