// SPDX-License-Identifier: MIT
/* Files that stay as they are: a model that an earlier release wrote, and trainings that
 * PyTorch did.  tests/golden/ has the scripts that made them. */
#include "test_models.h"

#include "model/container.h"
#include "train/trainer.h"

#include <math.h>

static void golden(char out[TEST_PATH], const char *name)
{
    const char *folder = getenv("HG_GOLDEN");
    snprintf(out, TEST_PATH, "%s/%s", folder != NULL ? folder : "tests/golden", name);
}

/* ---- an old model ---------------------------------------------------------------- */

/* Numbers that this file gave when it was written, with the reference kernels; other
 * kernels sum in another order: within 1e-6 of values up to 4. */
TEST(a_model_file_of_format_1_gives_what_it_always_gave)
{
    hg_ctx *ctx = test_ctx();
    static const float x[2 * 5] = {0, 0.5f, -1, 3, 0.1f, 2, 4.5f, 1, 10, 0.8f};
    static const double codes[2 * 2] = {-1.1363263, 1.241293, 0.9190736, 0.3785612};
    static const double rows[2 * 5] = {1.8609177,  1.9830285, -0.49610108, 3.0150447,
                                       0.28385565, 2.2971785, 3.0337825,   0.5168924,
                                       3.9076645,  0.3890484};
    char path[TEST_PATH];
    float z[4], y[10];
    hg_model *m;
    hg_metrics *e;
    golden(path, "model-v1.safetensors");
    CHECK_OK(ctx, hg_model_load(ctx, path, &m));
    CHECK_OK(ctx, hg_encode(ctx, m, x, 2, z));
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, 2, y));
    for (int i = 0; i < 4; i++) CHECK_NEAR(z[i], codes[i], 1e-6);
    for (int i = 0; i < 10; i++) CHECK_NEAR(y[i], rows[i], 1e-6 * fmax(1, fabs(rows[i])));
    hg_dataset *d = rows_of(ctx, x, 2, 5);
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &e));
    CHECK_NEAR(hg_metrics_get(e, "loss"), 0.63665843111716092, 1e-6);
    CHECK_NEAR(hg_metrics_get(e, "decoder_norm"), 1.8525983267410995, 1e-6);
    CHECK_INT(m->trained.epochs, 3);
    CHECK_INT(m->trained.rows, 18);
    CHECK_INT(m->trained.history_count, 3);
    CHECK_STR(m->columns[4], "five");
    CHECK_STR(m->line[3], "dense 2");
    hg_metrics_free(&e);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

/* ---- against PyTorch ------------------------------------------------------------- */

enum { BATCH = 16, BATCHES = 4, STEPS = 20 };

/* "name=value\n..." into a configuration. */
static hg_config *read_options(hg_ctx *ctx, const char *text)
{
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    CHECK_OK(ctx, hg_config_set(c, "scale", "none"));
    CHECK_OK(ctx, hg_config_set(c, "batch-size", "16"));
    CHECK_OK(ctx, hg_config_set(c, "no-shuffle", "true"));
    while (*text != '\0') {
        char name[64] = "", value[128] = "";
        CHECK_INT(sscanf(text, "%63[^=]=%127[^\n]", name, value), 2);
        CHECK_OK(ctx, hg_config_set(c, name, value));
        text = strchr(text, '\n') + 1;
    }
    return c;
}

static const float *weights_of(const hgi_container *c, const char *one, const char *when,
                               const hgi_layer *l, const hgi_tensor *t)
{
    char name[128];
    const void *data;
    snprintf(name, sizeof name, "%s.%s.%s.%s", one, when, l->name, t->name);
    CHECK_OK(NULL, hgi_container_need(c, name, HGI_DT_F32, t->rank, t->dim, &data));
    return data;
}

/* Set the weights to before, or compare them with after: the largest difference. */
static double each_weight(const hgi_container *c, const char *one, hg_model *m, bool set)
{
    double worst = 0;
    for (int64_t i = 0; i < m->net.count; i++)
        for (int k = 0; k < m->net.layer[i].tensors; k++) {
            const hgi_tensor *t = &m->net.layer[i].tensor[k];
            if (t->role == HGI_STATE) continue;
            const float *w =
                weights_of(c, one, set ? "before" : "after", &m->net.layer[i], t);
            for (int64_t j = 0; j < t->count; j++) {
                hgi_real *theta = &m->theta[t->offset + j];
                worst = fmax(worst, fabs((double)*theta - (double)w[j]));
                if (set) *theta = (hgi_real)w[j];
            }
        }
    return worst;
}

/* 20 steps from the same weights on the same batches.  PyTorch ran in double: what is left
 * is float's rounding, seen to reach 2e-8 of the loss and 5e-7 of the weights.
 * A wrong formula is off by a step, 1e-2. */
static void check_training(hg_ctx *ctx, const hgi_container *c, const char *one)
{
    const hgi_entry *x = hgi_container_get(c, "x");
    char name[64];
    const void *losses;
    hgi_trainer t;
    test_where("%s", one);
    snprintf(name, sizeof name, "%s.loss", one);
    CHECK_OK(ctx,
             hgi_container_need(c, name, HGI_DT_F64, 1, (int64_t[]){STEPS}, &losses));
    hg_config *cfg = read_options(ctx, hgi_container_text(c, one));
    hg_dataset *d = rows_of(ctx, x->data, x->shape[0], x->shape[1]);
    CHECK_OK(ctx, hgi_setup(ctx, cfg, d, NULL, &t));
    CHECK_OK(ctx, hgi_trainer_new(&t));
    for (int64_t i = 0; i < d->rows; i++) t.order[i] = i;
    CHECK(each_weight(c, one, t.m, true) > 0);
    double worst = 0;
    for (int s = 0; s < STEPS; s++) {
        double before = t.at.recon + t.at.penalty;
        CHECK(hgi_step_run(&t, s % BATCHES * BATCH, BATCH));
        double loss = (t.at.recon + t.at.penalty - before) / BATCH;
        worst = fmax(worst, fabs(loss - ((const double *)losses)[s]));
    }
    CHECK_NEAR(worst, 0, 5e-7);
    CHECK_NEAR(each_weight(c, one, t.m, false), 0, 2e-6);
    if (getenv("HG_TEST_SHOW") != NULL)
        fprintf(stderr, "%s: loss within %.2g, weights within %.2g\n", one, worst,
                each_weight(c, one, t.m, false));
    hgi_trainer_free(&t);
    hg_dataset_free(&d);
    hg_config_free(&cfg);
}

TEST(training_steps_are_those_of_pytorch)
{
    static const char *const cases[] = {"adam", "adamw", "sgd", "tied", "rmsprop"};
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hgi_container *c;
    golden(path, "training-v1.safetensors");
    CHECK_OK(ctx, hgi_container_read(ctx, path, &c));
    for (int i = 0; i < HGI_COUNT(cases); i++) check_training(ctx, c, cases[i]);
    hgi_container_free(&c);
}
