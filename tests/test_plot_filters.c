// SPDX-License-Identifier: MIT
/* Pictures of kernels, beside those of dense layers with the same weights on images of the
 * kernel's size: the same bytes. */
#include "test_models.h"

enum { TAPS = 9, UNITS = 5 };

/* Weight of unit u at pixel p and channel c: no two alike. */
static hgi_real weight_of(int64_t u, int64_t p, int64_t c)
{
    return (hgi_real)(0.01 * (double)(u * 31 + p * 7 + c * 3 - 40));
}

/* Element (p, c, u) of the layer's weight is at p * place + c * channel + u * unit. */
static hg_model *with_weights(hg_ctx *ctx, const char *encoder, const char *decoder,
                              int64_t channels, int64_t layer, const int64_t stride[3])
{
    const model_recipe r = {
        .input = {3, {3, 3, channels}}, .encoder = encoder, .decoder = decoder};
    hg_model *m = make_model(ctx, &r);
    const hgi_tensor *t = &m->net.layer[layer].tensor[0];
    CHECK_INT(t->count, TAPS * channels * UNITS);
    for (int64_t p = 0; p < TAPS; p++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t u = 0; u < UNITS; u++)
                m->theta[t->offset + p * stride[0] + c * stride[1] + u * stride[2]] =
                    weight_of(u, p, c);
    return m;
}

/* The same of a model with conditions, whose layer's weight has more elements. */
static hg_model *conditional(hg_ctx *ctx, const char *encoder, const char *decoder,
                             int64_t layer, const int64_t stride[3])
{
    hgi_spec spec = {.mem = ctx->mem, .input = {3, {3, 3, 1}}, .huber_delta = 1};
    hgi_scaler scaler = made_up_scaler(ctx, HGI_SCALE_NONE, TAPS);
    hg_model *m;
    spec.sigma = 1;
    CHECK_OK(ctx, hgi_spec_set_lines(ctx, &spec.encoder, &spec.encoder_count, encoder));
    CHECK_OK(ctx, hgi_spec_set_lines(ctx, &spec.decoder, &spec.decoder_count, decoder));
    spec.code = hgi_strdup(&ctx->mem, "plain");
    spec.loss = hgi_strdup(&ctx->mem, "mse");
    spec.classes.label = hgi_calloc(&ctx->mem, 4, sizeof *spec.classes.label);
    for (int i = 0; i < 4; i++) spec.classes.label[spec.classes.count++] = i;
    CHECK_OK(ctx, hgi_model_take(ctx, &spec, &scaler, &m));
    hgi_spec_free(&spec);
    fill_weights(m, 11);
    const int64_t at = m->net.layer[layer].tensor[0].offset;
    for (int64_t p = 0; p < TAPS; p++)
        for (int64_t u = 0; u < UNITS; u++)
            m->theta[at + p * stride[0] + u * stride[2]] = weight_of(u, p, 0);
    return m;
}

static void check_same_picture(hg_ctx *ctx, hg_model *a, hg_model *b, const char *part)
{
    char first[TEST_PATH], second[TEST_PATH];
    hg_plot_options o = {.size = sizeof o};
    size_t na, nb;
    test_path(first, "a.png");
    test_path(second, "b.png");
    CHECK_OK(ctx, hg_plot_filters(ctx, a, part, first, &o));
    CHECK_OK(ctx, hg_plot_filters(ctx, b, part, second, &o));
    char *x = test_read(first, &na), *y = test_read(second, &nb);
    CHECK(na == nb && memcmp(x, y, na) == 0);
    free(x);
    free(y);
    hg_model_free(&a);
    hg_model_free(&b);
}

static void need_cairo(hg_ctx *ctx)
{
    hg_fact f;
    for (int i = 0; hg_info(ctx, i, &f); i++)
        if (strcmp(f.name, "cairo") == 0 && strncmp(f.value, "not ", 4) == 0)
            SKIP("built without cairo");
}

TEST(kernels_of_a_convolution_are_drawn_as_dense_filters_are)
{
    hg_ctx *ctx = test_ctx();
    need_cairo(ctx);
    for (int64_t c = 1; c <= 3; c += 2) {
        test_where("encoder, %d channels", (int)c);
        const int64_t rows[3] = {c, 1, TAPS * c}, kernel[3] = {c * UNITS, UNITS, 1};
        check_same_picture(
            ctx, with_weights(ctx, "conv 5 3x3", "dense input", c, 0, kernel),
            with_weights(ctx, "dense 5", "dense input", c, 0, rows), "encoder");
        test_where("decoder, %d channels", (int)c);
        const int64_t columns[3] = {c * UNITS, UNITS, 1}, conv[3] = {UNITS * c, 1, c};
        const char *line = c == 1 ? "conv 1 3x3" : "conv 3 3x3";
        check_same_picture(ctx, with_weights(ctx, "conv 5 3x3", line, c, 2, conv),
                           with_weights(ctx, "dense 5", "dense input", c, 2, columns),
                           "decoder");
        line = c == 1 ? "convt 1 3x3; flatten" : "convt 3 3x3; flatten";
        check_same_picture(ctx, with_weights(ctx, "conv 5 3x3", line, c, 2, kernel),
                           with_weights(ctx, "dense 5", "dense input", c, 2, columns),
                           "decoder");
    }
}

/* The columns of classes stand behind the others; nothing is drawn of them. */
TEST(a_conditional_models_filters_are_drawn_without_its_classes)
{
    enum { C = 4 };
    hg_ctx *ctx = test_ctx();
    need_cairo(ctx);
    const int64_t rows[3] = {1, 1, TAPS}, wide[3] = {1, 1, TAPS + C};
    const int64_t columns[3] = {UNITS, 1, 1}, more[3] = {UNITS + C, 1, 1};
    check_same_picture(
        ctx, conditional(ctx, "condition 4; dense 5", "dense input", 1, wide),
        with_weights(ctx, "dense 5", "dense input", 1, 0, rows), "encoder");
    check_same_picture(
        ctx, conditional(ctx, "dense 5", "condition 4; dense input", 3, more),
        with_weights(ctx, "dense 5", "dense input", 1, 2, columns), "decoder");
    const int64_t kernel[3] = {(1 + C) * UNITS, UNITS, 1};
    const int64_t few[3] = {UNITS, UNITS, 1};
    check_same_picture(
        ctx,
        conditional(ctx, "condition 4 channels; conv 5 3x3", "dense input", 1, kernel),
        with_weights(ctx, "conv 5 3x3", "dense input", 1, 0, few), "encoder");
}

TEST(kernels_of_many_channels_have_no_picture)
{
    hg_ctx *ctx = test_ctx();
    const model_recipe r = {.input = {3, {3, 3, 4}},
                            .encoder = "dropout 0.1; conv 2 3x3",
                            .decoder = "dense input"};
    hg_model *m = make_model(ctx, &r);
    CHECK_FAILS(ctx, hg_plot_filters(ctx, m, "encoder", "a.png", NULL), HG_EINVAL,
                "the encoder has no dense layer or kernel of 1 or 3 channels");
    hg_model_free(&m);
}
