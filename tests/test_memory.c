// SPDX-License-Identifier: MIT
/* Memory: what cannot fit is refused before it is taken, with what it would need. */
#include "test_models.h"

#include "model/pass.h"

static const model_recipe deep = {
    .input = {1, {60, 0, 0}},
    .encoder = "dense 40 relu; dense 40 relu; residual 1; dense 30; dense 20; dense 10",
    .decoder = "dense 20 gelu; dense 30; dense 60 sigmoid",
    .loss = "bce",
};

TEST(memory_left_is_a_number_of_this_machine)
{
    hg_ctx *ctx = test_ctx();
    int64_t left = hgi_memory_left(ctx);
    CHECK(left > 0);
    ctx->memory_limit = 1 << 20;
    CHECK_INT(hgi_memory_left(ctx), 1 << 20);
    CHECK_OK(ctx, hgi_check_memory(ctx, 1 << 20, "a cup"));
    CHECK_FAILS(ctx, hgi_check_memory(ctx, 3 << 20, "a cup"), HG_ENOMEM,
                "a cup: 3.0 MiB of memory needed, 1.0 MiB left on this machine");
    ctx->memory_limit = 0;
}

static hg_config *config_of(hg_ctx *ctx, const char *encoder, const char *batch)
{
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    CHECK_OK(ctx, hg_config_set(c, "encoder", encoder));
    CHECK_OK(ctx, hg_config_set(c, "decoder", "dense input"));
    CHECK_OK(ctx, hg_config_set(c, "batch-size", batch));
    CHECK_OK(ctx, hg_config_set(c, "epochs", "1"));
    return c;
}

/* 4 TB of weights: said at once, not found out by being ended. */
TEST(a_model_larger_than_the_machine_is_refused)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(1, 4000, 0, 1);
    hg_dataset *d = rows_of(ctx, x, 4, 1000);
    hg_config *c = config_of(ctx, "dense 1000000; dense 1000000", "2");
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_ENOMEM,
                "the model's weights: 3.6 TiB of memory needed");
    CHECK(m == NULL);
    hg_config_free(&c);
    hg_dataset_free(&d);
    free(x);
}

TEST(a_batch_that_cannot_fit_is_refused_with_advice)
{
    enum { N = 2000 };
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(1, N * 20, 0, 1);
    hg_dataset *d = rows_of(ctx, x, N, 20);
    hg_config *c = config_of(ctx, "dense 100 relu; dense 10", "2000");
    hg_model *m;
    ctx->memory_limit = 1 << 20; /* activations: 2000 rows of 300 floats or so */
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_ENOMEM,
                "for a batch of 2000 rows");
    CHECK(strstr(hg_message(ctx), "try a smaller batch-size") != NULL);
    CHECK(m == NULL);
    CHECK_OK(ctx, hg_config_set(c, "batch-size", "20"));
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_model_free(&m);
    ctx->memory_limit = 20000; /* weights of 3,210 floats fit, with moments they do not */
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_ENOMEM,
                "try a smaller model");
    ctx->memory_limit = 0;
    hg_config_free(&c);
    hg_dataset_free(&d);
    free(x);
}

/* Training has for each row of a batch what the gradients of weights are made from, each
 * layer's input and the gradient of its output, and for each row of a chunk at most one
 * output and gradient more; inference no more than input, code, output and two layers at a
 * time, for this net without wide ones. */
TEST(memory_of_a_model_is_that_of_its_buffers)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &deep);
    hg_memory one = {0}, many = {.size = sizeof many};
    CHECK_FAILS(ctx, hg_model_memory(ctx, m, 1, &one), HG_EINVAL, "size");
    one.size = sizeof one;
    CHECK_FAILS(ctx, hg_model_memory(ctx, m, 0, &one), HG_ERANGE, "0 rows");
    CHECK_OK(ctx, hg_model_memory(ctx, m, 1600, &one));
    CHECK_OK(ctx, hg_model_memory(ctx, m, 3200, &many));
    CHECK_INT(many.inference, 2 * one.inference);
    CHECK_INT(one.weights, 4 * m->net.params);
    /* dense 40, 40, residual, 30, 20, 10; 20, 30, 60 */
    int64_t inputs = 60 + 40 + 40 + 30 + 20 + 10 + 20 + 30;
    int64_t gradients = 40 + 40 + 30 + 20 + 10 + 20 + 30 + 60;
    int64_t chunk = HGI_INFER_ROWS * 4 * (2 * inputs + 2 * gradients);
    CHECK_INT(many.training - one.training, 1600 * 4 * (inputs + gradients));
    CHECK(one.training <= 1600 * 4 * (inputs + gradients) + chunk);
    CHECK(one.inference <= 1600 * 4 * (60 + 10 + 60 + 40 * 3));
    hg_model_free(&m);
}
