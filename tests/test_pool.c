// SPDX-License-Identifier: MIT
/* Pooling and upsampling beside what is worked out by hand; and a net of all layers that
 * are neither dense nor convolutions trains to the same bits however it is run.  The
 * kernels are held against ref in test_kernels_pool.c, gradients in tests/f64. */
#include "test_models.h"

#include <math.h>

/* The code of one row under an encoder without weights: `n` values, to the bit. */
static void check_row(hg_ctx *ctx, const hgi_shape *in, const char *encoder,
                      const float *x, const float *want, int64_t n)
{
    float z[64];
    test_where("%s", encoder);
    const model_recipe r = {.input = *in, .encoder = encoder, .decoder = "dense input"};
    hg_model *m = make_model(ctx, &r);
    CHECK_INT(m->net.code_size, n);
    CHECK_OK(ctx, hg_encode(ctx, m, x, 1, z));
    for (int64_t i = 0; i < n; i++) CHECK_NEAR(z[i], want[i], 0);
    hg_model_free(&m);
}

/* All values are below 0, so that a padded 0 would win if it took part. */
static const float square[9] = {-9, -2, -7, -4, -5, -6, -3, -8, -1};
static const hgi_shape three = {3, {3, 3, 1}};

TEST(maxpool_takes_the_largest_value_that_is_there)
{
    hg_ctx *ctx = test_ctx();
    check_row(ctx, &three, "maxpool 2", square, (const float[]){-2}, 1);
    /* same: 3 by windows of 2 is 2; the one place of padding lies at the end. */
    check_row(ctx, &three, "maxpool 2 padding=same", square,
              (const float[]){-2, -6, -3, -1}, 4);
    /* one place on either side: windows begin at -1 and 1 */
    check_row(ctx, &three, "maxpool 2 padding=1", square, (const float[]){-9, -2, -3, -1},
              4);
    check_row(ctx, &three, "maxpool 3 stride=1 padding=same", square,
              (const float[]){-2, -2, -2, -2, -1, -1, -3, -1, -1}, 9);
    check_row(ctx, &three, "maxpool 1x3", square, (const float[]){-2, -4, -1}, 3);
    check_row(ctx, &three, "maxpool 2 stride=1x2", square, (const float[]){-2, -3}, 2);
}

TEST(maxpool_keeps_channels_apart)
{
    hg_ctx *ctx = test_ctx();
    const float x[12] = {1, 60, 2, 50, 3, 40, 4, 30, 5, 20, 6, 10};
    check_row(ctx, &(hgi_shape){3, {2, 3, 2}}, "maxpool 2 padding=same", x,
              (const float[]){5, 60, 6, 40}, 4);
    check_row(ctx, &(hgi_shape){1, {12, 0, 0}}, "reshape 6x2; maxpool 4 padding=same", x,
              (const float[]){3, 60, 6, 30}, 4); /* one before, one after */
    check_row(ctx, &(hgi_shape){1, {12, 0, 0}}, "maxpool 5", x, (const float[]){60, 40},
              2);
    check_row(ctx, &(hgi_shape){2, {3, 4, 0}}, "maxpool 3x2", x, (const float[]){60, 50},
              2);
}

TEST(avgpool_counts_only_the_places_that_are_there)
{
    hg_ctx *ctx = test_ctx();
    check_row(ctx, &three, "avgpool 2", square, (const float[]){-5}, 1);
    check_row(ctx, &three, "avgpool 2 padding=same", square,
              (const float[]){-5, -6.5F, -5.5F, -1}, 4);
    check_row(ctx, &three, "avgpool 2 padding=1", square,
              (const float[]){-9, -4.5F, -3.5F, -5}, 4);
    check_row(ctx, &(hgi_shape){1, {9, 0, 0}}, "avgpool 4 stride=5", square,
              (const float[]){-5.5F, -4.5F}, 2);
}

TEST(upsample_repeats_or_blends_between_centres)
{
    hg_ctx *ctx = test_ctx();
    const float x[4] = {0, 1, 4, 5};
    const hgi_shape in = {3, {2, 2, 1}};
    check_row(ctx, &in, "upsample 2", x,
              (const float[]){0, 0, 1, 1, 0, 0, 1, 1, 4, 4, 5, 5, 4, 4, 5, 5}, 16);
    check_row(ctx, &in, "upsample 1x3 nearest", x,
              (const float[]){0, 0, 0, 1, 1, 1, 4, 4, 4, 5, 5, 5}, 12);
    /* Places 0 and 3 lie outside the centres of the ends, 1 and 2 a quarter inside. */
    check_row(ctx, &in, "upsample 2 bilinear", x,
              (const float[]){0, 0.25F, 0.75F, 1, 1, 1.25F, 1.75F, 2, 3, 3.25F, 3.75F, 4,
                              4, 4.25F, 4.75F, 5},
              16);
    check_row(ctx, &(hgi_shape){1, {4, 0, 0}}, "reshape 2x2; upsample 2", x,
              (const float[]){0, 1, 0, 1, 4, 5, 4, 5}, 8);
    check_row(ctx, &(hgi_shape){1, {4, 0, 0}}, "reshape 2x2; upsample 2 bilinear", x,
              (const float[]){0, 1, 1, 2, 3, 4, 4, 5}, 8);
    check_row(ctx, &in, "upsample 3; avgpool 3", x, x, 4);
}

static hg_status plan(hg_ctx *ctx, const hgi_shape *in, const char *encoder)
{
    hgi_spec spec = {.mem = ctx->mem, .input = *in, .huber_delta = 1};
    hgi_net net;
    test_where("%s", encoder);
    CHECK_OK(ctx, hgi_spec_set_lines(ctx, &spec.encoder, &spec.encoder_count, encoder));
    CHECK_OK(ctx,
             hgi_spec_set_lines(ctx, &spec.decoder, &spec.decoder_count, "dense input"));
    spec.code = hgi_strdup(&ctx->mem, "plain");
    spec.loss = hgi_strdup(&ctx->mem, "mse");
    hg_status status = hgi_net_plan(ctx, &spec, &net);
    hgi_net_free(&net);
    hgi_spec_free(&spec);
    return status;
}

TEST(pooling_says_which_sizes_do_not_fit)
{
    hg_ctx *ctx = test_ctx();
    const hgi_shape image = {3, {6, 5, 3}}, row = {1, {12, 0, 0}};
    CHECK_FAILS(ctx, plan(ctx, &image, "maxpool 7"), HG_ESHAPE,
                "encoder line 1 (maxpool): a window over 7 places does not fit into 6");
    CHECK_FAILS(ctx, plan(ctx, &image, "maxpool 2x2x2"), HG_ESHAPE,
                "size has 3 sizes, but the input is 6x5x3");
    CHECK_FAILS(ctx, plan(ctx, &image, "avgpool 2 stride=1x1x1"), HG_ESHAPE,
                "encoder line 1 (avgpool): stride has 3 sizes");
    CHECK_FAILS(ctx, plan(ctx, &row, "maxpool 2x2"), HG_ESHAPE,
                "size has 2 sizes, but the input is 12");
    CHECK_FAILS(ctx, plan(ctx, &image, "avgpool 2 padding=2"), HG_EINVAL,
                "padding is 2, expected less than the window, 2");
    CHECK_FAILS(ctx, plan(ctx, &image, "maxpool 2 padding=full"), HG_EUNKNOWN, "'full'");
    CHECK_FAILS(ctx, plan(ctx, &row, "upsample 2"), HG_ESHAPE, "needs an image or a");
    CHECK_FAILS(ctx, plan(ctx, &row, "reshape 6x2; upsample 2x2"), HG_ESHAPE,
                "size has 2 sizes, but the input is 6x2");
    CHECK_FAILS(ctx, plan(ctx, &image, "upsample 2 linear"), HG_EUNKNOWN, "bilinear");
    /* 28, 14, 7, 4: pooling with same halves and rounds up */
    CHECK_OK(ctx, plan(ctx, &(hgi_shape){2, {28, 28, 0}},
                       "maxpool 2 padding=same; maxpool 2 padding=same; maxpool 2 "
                       "padding=same; reshape 4x4x1"));
}

/* ---- the same bits ------------------------------------------------------------------ */

enum { ROWS = 37, SIDE = 11, MOST = 4096 };

static int64_t train_mix(int threads, const char *clip, float *out)
{
    hg_ctx *ctx = context_of(threads);
    float *x = random_floats(3, ROWS * SIDE * SIDE, 0, 1);
    hg_dataset *d = rows_of(ctx, x, ROWS, SIDE * SIDE);
    hg_config *cfg;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    static const char *const settings[] = {
        "shape",
        "11x11x1",
        "loss",
        "bce",
        "epochs",
        "2",
        "batch-size",
        "20",
        "encoder",
        "conv 6 3x3 relu;maxpool 3 stride=2 padding=same;layernorm;"
        "conv 6 3x3;residual 2 gelu;batchnorm;avgpool 2 padding=same;flatten",
        "decoder",
        "reshape 3x3x6;upsample 2 bilinear;pad 0x1 left=0;crop right=1;"
        "upsample 2;conv 6 3x3 tanh;residual 1;crop top=1;conv 1 3x3 sigmoid;"
        "crop right=1"};
    for (int i = 0; i < HGI_COUNT(settings); i += 2)
        CHECK_OK(ctx, hg_config_set(cfg, settings[i], settings[i + 1]));
    if (clip != NULL) CHECK_OK(ctx, hg_config_set(cfg, "clip", clip));
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m));
    int64_t params = m->net.params, states = m->net.states;
    CHECK(params + states <= MOST);
    memcpy(out, m->theta, (size_t)params * sizeof *out);
    memcpy(out + params, m->state, (size_t)states * sizeof *out);
    hg_model_free(&m);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
    free(x);
    return params + states;
}

/* Also when the gradient is kept whole, because of a clip that it never reaches. */
TEST(pools_norms_and_residuals_train_to_the_same_bits_for_any_number_of_threads)
{
    static float one[MOST], other[MOST];
    int64_t n = train_mix(1, NULL, one);
    for (int threads = 1; threads <= 3; threads++)
        for (int whole = 0; whole < 2; whole++) {
            test_where("%d threads, whole %d", threads, whole);
            CHECK_INT(train_mix(threads, whole ? "1e30" : NULL, other), n);
            CHECK(memcmp(one, other, (size_t)n * sizeof *one) == 0);
        }
}

/* A row alone, and at every place of a chunk. */
TEST(pools_norms_and_residuals_give_a_row_the_same_bits_in_any_company)
{
    enum { N = 70, WIDE = 6 * 5 * 4 };
    static float all[N * WIDE], one[WIDE];
    hg_ctx *ctx = test_ctx();
    const model_recipe r = {
        .input = {3, {6, 5, 4}},
        .encoder = "maxpool 2 padding=same; layernorm; batchnorm; residual 2 relu; gap",
        .decoder = "dense 24; reshape 3x2x4; upsample 2x3 bilinear; crop right=1; dense "
                   "input"};
    hg_model *m = make_model(ctx, &r);
    float *x = random_floats(4, N * WIDE, -1, 1);
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, N, all));
    for (int i = 0; i < N; i++) {
        CHECK_OK(ctx, hg_reconstruct(ctx, m, x + i * WIDE, 1, one));
        CHECK(memcmp(one, all + i * WIDE, sizeof one) == 0);
    }
    free(x);
    hg_model_free(&m);
}
