// SPDX-License-Identifier: MIT
/* Layers that move, cut or add values: what they give, beside what is worked out by hand
 * or by a plain loop, and what they refuse.  Their gradients are checked in tests/f64. */
#include "test_models.h"

#include <math.h>

/* The code of one row under an encoder without weights. */
static void encode_row(hg_ctx *ctx, const hgi_shape *in, const char *encoder,
                       const float *x, float *z)
{
    test_where("%s", encoder);
    const model_recipe r = {.input = *in, .encoder = encoder, .decoder = "dense input"};
    hg_model *m = make_model(ctx, &r);
    CHECK_OK(ctx, hg_encode(ctx, m, x, 1, z));
    hg_model_free(&m);
}

static void check_values(const float *got, const float *want, int64_t n)
{
    for (int64_t i = 0; i < n; i++) CHECK_NEAR(got[i], want[i], 0);
}

/* 0, 1, 2, ...: each value says where it came from. */
static void count_up(float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) x[i] = (float)i;
}

/* What the lines plan to, as a message or as OK. */
static hg_status plan(hg_ctx *ctx, const hgi_shape *in, const char *encoder,
                      const char *decoder, const char *loss)
{
    hgi_spec spec = {.mem = ctx->mem, .input = *in, .huber_delta = 1};
    hgi_net net;
    CHECK_OK(ctx, hgi_spec_set_lines(ctx, &spec.encoder, &spec.encoder_count, encoder));
    CHECK_OK(ctx, hgi_spec_set_lines(ctx, &spec.decoder, &spec.decoder_count, decoder));
    spec.code = hgi_strdup(&ctx->mem, "plain");
    spec.loss = hgi_strdup(&ctx->mem, loss);
    hg_status status = hgi_net_plan(ctx, &spec, &net);
    hgi_net_free(&net);
    hgi_spec_free(&spec);
    return status;
}

TEST(crop_takes_off_each_side_what_it_says)
{
    hg_ctx *ctx = test_ctx();
    float x[40], z[40];
    count_up(x, 40);
    encode_row(ctx, &(hgi_shape){3, {4, 5, 2}}, "crop 1", x, z);
    check_values(z, (const float[]){12, 13, 14, 15, 16, 17, 22, 23, 24, 25, 26, 27}, 12);
    /* A row of two sizes is an image of one channel. */
    encode_row(ctx, &(hgi_shape){2, {4, 5, 0}}, "crop top=2 left=1 right=3", x, z);
    check_values(z, (const float[]){11, 16}, 2);
    encode_row(ctx, &(hgi_shape){2, {4, 5, 0}}, "crop 0x2", x, z);
    check_values(z, (const float[]){2, 7, 12, 17}, 4);
    /* One side overrules what is said of all. */
    encode_row(ctx, &(hgi_shape){2, {4, 5, 0}}, "crop 1x2 bottom=2", x, z);
    check_values(z, (const float[]){7}, 1);
    /* A sequence of 5 places of two channels has a start and an end. */
    encode_row(ctx, &(hgi_shape){1, {10, 0, 0}}, "reshape 5x2; crop top=1 bottom=3", x,
               z);
    check_values(z, (const float[]){2, 3}, 2);
}

TEST(pad_puts_zeros_on_each_side)
{
    hg_ctx *ctx = test_ctx();
    float x[4] = {1, 2, 3, 4}, z[30];
    encode_row(ctx, &(hgi_shape){3, {2, 2, 1}}, "pad 1", x, z);
    check_values(z, (const float[]){0, 0, 0, 0, 0, 1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0}, 16);
    encode_row(ctx, &(hgi_shape){3, {1, 2, 2}}, "pad top=1 left=2", x, z);
    check_values(z, (const float[]){0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 16);
    encode_row(ctx, &(hgi_shape){1, {4, 0, 0}}, "reshape 2x2; pad bottom=1", x, z);
    check_values(z, (const float[]){1, 2, 3, 4, 0, 0}, 6);
    encode_row(ctx, &(hgi_shape){3, {2, 2, 1}}, "pad 3x1; crop 3x1", x, z);
    check_values(z, x, 4);
}

TEST(flatten_and_reshape_leave_values_where_they_are)
{
    hg_ctx *ctx = test_ctx();
    float x[12], z[12];
    count_up(x, 12);
    encode_row(ctx, &(hgi_shape){3, {2, 3, 2}}, "flatten", x, z);
    check_values(z, x, 12);
    encode_row(ctx, &(hgi_shape){1, {12, 0, 0}}, "reshape 3x2x2; crop top=2; flatten", x,
               z);
    check_values(z, (const float[]){8, 9, 10, 11}, 4);
}

TEST(gap_is_the_mean_over_positions)
{
    hg_ctx *ctx = test_ctx();
    float x[12], z[3];
    count_up(x, 12);
    encode_row(ctx, &(hgi_shape){3, {2, 3, 2}}, "gap", x, z);
    check_values(z, (const float[]){5, 6}, 2);
    encode_row(ctx, &(hgi_shape){1, {12, 0, 0}}, "reshape 4x3; gap", x, z);
    check_values(z, (const float[]){4.5F, 5.5F, 6.5F}, 3);
}

TEST(residual_adds_what_went_into_the_line_it_names)
{
    hg_ctx *ctx = test_ctx();
    const float x[4] = {-2, -1, 0.5F, 3};
    float z[4];
    const hgi_shape in = {1, {4, 0, 0}};
    encode_row(ctx, &in, "activation relu; residual 1", x, z);
    check_values(z, (const float[]){-2, -1, 1, 6}, 4);
    encode_row(ctx, &in, "activation relu; activation relu; residual 2 relu", x, z);
    check_values(z, (const float[]){0, 0, 1, 6}, 4);
    encode_row(ctx, &in, "activation relu; residual 1; residual 1; residual 3", x, z);
    /* relu(x) + x, + relu(x), + x */
    check_values(z, (const float[]){-4, -2, 2, 12}, 4);
}

/* Means and variances of a few numbers of size 1: 1e-6 is some roundings of a float. */
TEST(layernorm_centres_the_last_axis)
{
    hg_ctx *ctx = test_ctx();
    const float x[4] = {1, 3, -5, 5};
    float z[4];
    const model_recipe r = {
        .input = {3, {1, 2, 2}}, .encoder = "layernorm", .decoder = "dense input"};
    hg_model *m = make_model(ctx, &r);
    const hgi_real *gamma = m->theta, *beta = m->theta + 2;
    CHECK_INT(m->net.layer[0].tensor[0].count, 2);
    CHECK_OK(ctx, hg_encode(ctx, m, x, 1, z));
    double narrow = 1 / sqrt(1 + 1e-3), wide = 5 / sqrt(25 + 1e-3);
    CHECK_NEAR(z[0], (double)beta[0] - (double)gamma[0] * narrow, 1e-6);
    CHECK_NEAR(z[1], (double)beta[1] + (double)gamma[1] * narrow, 1e-6);
    CHECK_NEAR(z[2], (double)beta[0] - (double)gamma[0] * wide, 1e-6);
    CHECK_NEAR(z[3], (double)beta[1] + (double)gamma[1] * wide, 1e-6);
    hg_model_free(&m);
}

TEST(layers_name_both_shapes_when_they_do_not_fit)
{
    hg_ctx *ctx = test_ctx();
    const hgi_shape image = {2, {28, 28, 0}}, row = {1, {12, 0, 0}};
    static const struct {
        bool image;
        const char *encoder, *decoder, *says;
    } rows[] = {
        {false, "reshape 3x5", "dense input",
         "encoder line 1 (reshape): 3x5 has 15 values, but 12 comes in, which has 12"},
        {true, "reshape 16777216x16777216x16777216", "dense input", "but 28x28x1"},
        {true, "crop 14", "dense input",
         "encoder line 1 (crop): nothing is left of 28x28x1 after 14 + 14 rows"},
        {true, "crop", "dense input", "encoder line 1 (crop): how many? crop 2"},
        {true, "pad 1x2x3", "dense input", "three sizes, expected 2 or 1x2"},
        {false, "reshape 6x2; pad left=1", "dense input",
         "encoder line 2 (pad): a sequence has a start (top)"},
        {false, "crop 2", "dense input", "needs an image or a sequence, but gets 12"},
        {false, "gap", "dense input", "or say what a row is with --shape"},
        {false, "residual 1", "dense input", "but only 0 are before it in the encoder"},
        {false, "dense 4", "dense 4; residual 2", "only 1 are before it in the decoder"},
        {false, "dense 4; residual 1", "dense input",
         "the input of encoder line 1 (dense) is 12, this one's is 4"},
        {false, "flatten", "dense 6", "decoder line 1 (dense): gives 6 values, but a"},
        {true, "dense 9", "dense 256; reshape 16x16x1; crop 2",
         "decoder line 3 (crop): gives 12x12x1, but a row is 28x28"},
        {true, "dense 9", "dense 784; reshape 14x56x1",
         "decoder line 2 (reshape): gives 14x56x1, but a row is 28x28"},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s | %s", rows[i].encoder, rows[i].decoder);
        hg_status want = strstr(rows[i].says, "how many") != NULL ||
                                 strstr(rows[i].says, "sizes") != NULL ||
                                 strstr(rows[i].says, "start (top)") != NULL ||
                                 strstr(rows[i].says, "before it in") != NULL
                             ? HG_EINVAL
                             : HG_ESHAPE;
        CHECK_FAILS(ctx,
                    plan(ctx, rows[i].image ? &image : &row, rows[i].encoder,
                         rows[i].decoder, "mse"),
                    want, rows[i].says);
    }
    CHECK_OK(ctx, plan(ctx, &image, "dense 9", "dense 784; reshape 28x28x1", "mse"));
    CHECK_OK(ctx, plan(ctx, &image, "dense 9", "dense 784; reshape 28x28", "mse"));
}

/* Probabilities must not go through a second sigmoid. */
TEST(bce_looks_for_its_sigmoid_behind_layers_that_only_move_values)
{
    hg_ctx *ctx = test_ctx();
    const hgi_shape in = {3, {2, 2, 1}};
    CHECK_OK(ctx,
             plan(ctx, &in, "dense 3", "dense 16 sigmoid; reshape 4x4x1; crop 1", "bce"));
    CHECK_OK(ctx, plan(ctx, &in, "dense 3 sigmoid", "reshape 3; dense 4", "bce"));
    CHECK_FAILS(ctx,
                plan(ctx, &in, "dense 3", "dense 4 sigmoid; reshape 2x2x1; pad 0", "bce"),
                HG_EINVAL, "found a sigmoid before it");
    CHECK_FAILS(ctx, plan(ctx, &in, "dense 3", "dense 4 tanh; flatten", "bce"), HG_EINVAL,
                "decoder line 1 (dense): loss bce needs");
    CHECK_FAILS(ctx, plan(ctx, &in, "dense 3", "dense 4 sigmoid; dropout 0.1", "bce"),
                HG_EINVAL, "decoder line 2 (dropout): loss bce needs");
}

TEST(a_crop_of_probabilities_is_the_same_as_a_crop_of_logits)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(3, 5 * 4, 0, 1), y[20], whole[80];
    const model_recipe cropped = {.input = {3, {2, 2, 1}},
                                  .encoder = "dense 3 tanh",
                                  .decoder = "dense 16 sigmoid; reshape 4x4x1; crop 1",
                                  .loss = "bce"};
    hg_model *m = make_model(ctx, &cropped);
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, 5, y));
    const hgi_tensor *w = &m->net.layer[2].tensor[0], *b = w + 1;
    float z[15];
    CHECK_OK(ctx, hg_encode(ctx, m, x, 5, z));
    for (int r = 0; r < 5; r++)
        for (int i = 0; i < 16; i++) {
            double sum = (double)m->theta[b->offset + i];
            for (int k = 0; k < 3; k++)
                sum += (double)m->theta[w->offset + i * 3 + k] * (double)z[r * 3 + k];
            whole[r * 16 + i] = (float)(1 / (1 + exp(-sum)));
        }
    /* Four products and a sigmoid of slope 1/4 in float: some 1e-7. */
    for (int r = 0; r < 5; r++)
        for (int i = 0; i < 4; i++)
            CHECK_NEAR(y[r * 4 + i], whole[r * 16 + (1 + i / 2) * 4 + 1 + i % 2], 1e-6);
    hg_model_free(&m);
    free(x);
}

/* The output has a place of its own, so that neither input nor code is overwritten. */
TEST(a_decoder_without_work_still_gives_predictions_and_codes)
{
    hg_ctx *ctx = test_ctx();
    const float x[4] = {0.5F, -1, 2, 0};
    float y[4], z[4];
    const model_recipe r = {.input = {3, {2, 2, 1}},
                            .encoder = "dense 4; reshape 2x2x1",
                            .decoder = "flatten; reshape 2x2x1",
                            .loss = "bce"};
    hg_model *m = make_model(ctx, &r);
    CHECK_OK(ctx, hg_encode(ctx, m, x, 1, z));
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, 1, y));
    for (int i = 0; i < 4; i++)
        CHECK_NEAR(y[i], 1 / (1 + exp(-(double)z[i])), 1e-6); /* one float sigmoid */
    hg_dataset *d = rows_of(ctx, x, 1, 4);
    hg_metrics *metrics;
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &metrics));
    double want = 0, clip[4] = {0.5, 0, 1, 0};
    CHECK_OK(ctx, hg_encode(ctx, m, (const float[]){0.5F, 0, 1, 0}, 1, z));
    for (int i = 0; i < 4; i++) want += log1p(exp((double)z[i])) - clip[i] * (double)z[i];
    CHECK_NEAR(hg_metrics_get(metrics, "bce"), want / 4, 1e-6);
    hg_metrics_free(&metrics);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

/* The kind's part of docs/layers.md, from its name in bold to the next part. */
TEST(the_reference_of_layers_names_every_option)
{
    char path[TEST_PATH], mark[64];
    size_t n;
    test_sample(path, "../docs/layers.md");
    char *page = test_read(path, &n);
    for (int i = 0; hgi_layer_kinds[i] != NULL; i++) {
        snprintf(mark, sizeof mark, "**`%s`**", hgi_layer_kinds[i]->name);
        const char *from = strstr(page, mark);
        CHECK(from != NULL);
        if (from == NULL) continue;
        /* Two kinds may share a part; convt has what conv has. */
        const char *line = strchr(from, '\n'), *to = strstr(line, "\n**");
        bool convt = strcmp(hgi_layer_kinds[i]->name, "convt") == 0;
        if (convt) from = strstr(page, "**`conv`**");
        for (const hgi_opt_decl *o = hgi_layer_kinds[i]->options; o->name != NULL; o++) {
            test_where("%s %s", hgi_layer_kinds[i]->name, o->name);
            snprintf(mark, sizeof mark, "`%s`", o->name);
            const char *at = strstr(from, mark);
            CHECK(at != NULL && (to == NULL || at < to));
        }
    }
    free(page);
}

TEST(match_gives_back_the_last_shape_of_the_encoder)
{
    hg_ctx *ctx = test_ctx();
    const hgi_shape row = {2, {13, 3, 0}}, flat = {1, {13, 0, 0}};
    const char *encoder = "reshape sequence; conv 8 5 stride=2 relu; dense 4";
    CHECK_OK(ctx, plan(ctx, &row, encoder,
                       "dense match relu; reshape match; convt 3 5 stride=2 output=match",
                       "mse"));
    /* A row without a shape is a sequence of one channel. */
    CHECK_OK(ctx, plan(ctx, &flat, encoder,
                       "dense match relu; reshape match; convt 1 5 stride=2 output=match",
                       "mse"));
    CHECK_FAILS(ctx,
                plan(ctx, &row, encoder,
                     "dense 55; reshape match; convt 3 5 stride=2 output=match", "mse"),
                HG_ESHAPE, "7x8 has 56 values, but 55 comes in, which has 55");
    CHECK_FAILS(ctx, plan(ctx, &flat, "dense 4", "dense match; dense input", "mse"),
                HG_ESHAPE, "no layer of the encoder gives two or three sizes");
    CHECK_FAILS(ctx, plan(ctx, &flat, "dense 4", "reshape match; dense input", "mse"),
                HG_ESHAPE, "no layer of the encoder gives two or three sizes");
}
