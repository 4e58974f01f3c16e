// SPDX-License-Identifier: MIT
/* conv and convt as layers: Keras's numbers, sizes and messages, the same bits. */
#include "test_models.h"

#include "model/pass.h"
#include "model/window.h"
#include "test_kernels.h"

typedef struct golden_conv {
    const char *line;
    hgi_shape in;
    const char *out;
    int64_t at, count; /* in golden_values */
} golden_conv;

#include "golden/conv.h"

/* The pattern of make_conv.py. */
static hgi_real pattern(int64_t i, int64_t a, int64_t b)
{
    return (hgi_real)((i * a + i / 7) % b - b / 2);
}

TEST(convolutions_reproduce_tensorflows_numbers_from_weights_in_keras_order)
{
    hg_ctx *ctx = test_ctx();
    for (int64_t i = 0; i < HGI_COUNT(golden_convs); i++) {
        const golden_conv *g = &golden_convs[i];
        test_where("%s", g->line);
        /* A row of two sizes would be an image; reshape says what it is. */
        char shape[HGI_SHAPE_MAX], encoder[160];
        snprintf(encoder, sizeof encoder, "reshape %s; %s", hgi_shape_text(&g->in, shape),
                 g->line);
        model_recipe r = {.input = {1, {hgi_shape_count(&g->in), 0, 0}},
                          .encoder = encoder,
                          .decoder = "flatten; dense input",
                          .scale = HGI_SCALE_NONE};
        hg_model *m = make_model(ctx, &r);
        const hgi_layer *l = &m->net.layer[1];
        char out[HGI_SHAPE_MAX];
        CHECK_STR(hgi_shape_text(&l->out, out), g->out);
        for (int64_t k = 0; k < l->tensor[0].count; k++)
            m->theta[l->tensor[0].offset + k] = pattern(k, 3, 7);
        for (int64_t k = 0; k < l->tensor[1].count; k++)
            m->theta[l->tensor[1].offset + k] = pattern(k, 2, 5);
        float *x = calloc((size_t)l->d_in, sizeof *x);
        float *z = calloc((size_t)l->d_out, sizeof *z);
        for (int64_t k = 0; k < l->d_in; k++) x[k] = (float)pattern(k, 5, 11);
        CHECK_INT(l->d_out, g->count);
        CHECK_OK(ctx, hg_encode(ctx, m, x, 1, z));
        for (int64_t k = 0; k < l->d_out; k++)
            CHECK_INT((int64_t)z[k], golden_values[g->at + k]);
        free(x);
        free(z);
        hg_model_free(&m);
    }
}

static hg_status plan_net(hg_ctx *ctx, hgi_shape input, const char *encoder,
                          const char *decoder, hgi_net *net)
{
    hgi_spec spec = {.mem = ctx->mem, .input = input, .huber_delta = 1};
    CHECK_OK(ctx, hgi_spec_set_lines(ctx, &spec.encoder, &spec.encoder_count, encoder));
    CHECK_OK(ctx, hgi_spec_set_lines(ctx, &spec.decoder, &spec.decoder_count, decoder));
    spec.code = hgi_strdup(&ctx->mem, "plain");
    spec.loss = hgi_strdup(&ctx->mem, "mse");
    hg_status status = hgi_net_plan(ctx, &spec, net);
    hgi_spec_free(&spec);
    return status;
}

TEST(output_match_gives_odd_images_back_at_their_own_size)
{
    static const struct {
        hgi_shape in;
        const char *encoder, *decoder, *sizes[2];
    } rows[] = {
        {{3, {23, 23, 1}},
         "conv 4 3x3 stride=2 relu; conv 6 3x3; maxpool 2 padding=same",
         "convt 4 3x3 stride=2 output=match; conv 4 3x3; "
         "convt 1 3x3 stride=2 output=match",
         {"12x12x4", "23x23x1"}},
        {{3, {458, 690, 1}},
         "conv 2 3x3 stride=4 relu; conv 2 3x3 stride=3",
         "convt 2 3x3 stride=3 output=match; convt 1 3x3 stride=4 output=match",
         {"115x173x2", "458x690x1"}},
        {{1, {101, 0, 0}},
         "conv 2 5 stride=2; conv 2 4 stride=2 padding=valid",
         "convt 2 4 stride=2 padding=valid output=match; convt 1 5 stride=2 "
         "output=match",
         {"51x2", "101x1"}},
    };
    hg_ctx *ctx = test_ctx();
    for (int64_t i = 0; i < HGI_COUNT(rows); i++) {
        test_where("row %d", (int)i);
        hgi_net net;
        char text[HGI_SHAPE_MAX];
        CHECK_OK(ctx, plan_net(ctx, rows[i].in, rows[i].encoder, rows[i].decoder, &net));
        CHECK_STR(hgi_shape_text(&net.layer[net.code + 1].out, text), rows[i].sizes[0]);
        CHECK_STR(hgi_shape_text(&net.layer[net.count - 1].out, text), rows[i].sizes[1]);
        hgi_net_free(&net);
    }
}

TEST(sizes_that_do_not_fit_are_named)
{
    static const struct {
        hgi_shape in;
        const char *encoder, *decoder, *message;
    } rows[] = {
        {{2, {28, 28, 0}},
         "conv 4 3x3 stride=2",
         "conv 4 3x3; convt 1 3x3 stride=2 nobias; "
         "conv 1 3x3; convt 1 2x2 padding=valid stride=1; crop 1; convt 1 5x5 "
         "padding=valid",
         "decoder line 6 (convt): gives 31x31x1, but a row is 28x28"},
        {{3, {28, 28, 1}},
         "conv 4 3x3 stride=2",
         "convt 1 3x3 stride=3 output=match",
         "decoder line 1 (convt): output=match asks for 28 places, as encoder line 1 "
         "(conv) takes; with stride 3 that comes from 10, but the input has 14"},
        {{3, {8, 8, 1}},
         "conv 4 3x3",
         "convt 1 3x3 stride=2 output=match",
         "decoder line 1 (convt): output=match, but no layer of the encoder"},
        {{3, {8, 8, 1}},
         "conv 4 9x9 padding=valid",
         "dense input",
         "encoder line 1 (conv): a window over 9 places does not fit into 8"},
        {{3, {8, 8, 1}},
         "conv 4 3",
         "dense input",
         "encoder line 1 (conv): a kernel of 1 size slides over a length, 100 or 100x8, "
         "but the input is 8x8x1; reshape to two sizes, as in reshape 100x8"},
        {{1, {8, 0, 0}},
         "conv 4 3x3",
         "dense input",
         "slides over an image, 28x28x1, but the input is 8"},
        {{3, {8, 8, 1}}, "conv 4 3x3x3", "dense input", "a kernel of 3 sizes"},
        {{1, {8, 0, 0}},
         "conv 4 3 stride=2x2",
         "dense input",
         "stride has 2 sizes, but the kernel has 1"},
    };
    hg_ctx *ctx = test_ctx();
    for (int64_t i = 0; i < HGI_COUNT(rows); i++) {
        hgi_net net;
        CHECK_FAILS(ctx,
                    plan_net(ctx, rows[i].in, rows[i].encoder, rows[i].decoder, &net),
                    HG_ESHAPE, rows[i].message);
        hgi_net_free(&net);
    }
    hgi_net net;
    CHECK_FAILS(ctx,
                plan_net(ctx, (hgi_shape){3, {4000, 4000, 1}}, "conv 1000000 3x3",
                         "dense input", &net),
                HG_ERANGE, "are too many");
    hgi_net_free(&net);
}

/* ---- the same bits ------------------------------------------------------------------- */

static void train_conv(int threads, float *out, int64_t *params)
{
    enum { ROWS = 37, SIDE = 11 };
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
        "conv 9 3x3 relu; conv 33 3x3 stride=2 gelu; conv 12 2x2 stride=2 tanh",
        "decoder",
        ("convt 50 3x3 stride=2 relu output=match; convt 1 3x3 stride=2 sigmoid "
         "output=match"),
    };
    for (int i = 0; i < HGI_COUNT(settings); i += 2)
        CHECK_OK(ctx, hg_config_set(cfg, settings[i], settings[i + 1]));
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m));
    *params = m->net.params;
    memcpy(out, m->theta, (size_t)m->net.params * sizeof *out);
    hg_model_free(&m);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
    free(x);
}

TEST(convolutional_training_gives_the_same_bits_for_any_number_of_threads)
{
    static float one[1 << 16], other[1 << 16];
    int64_t params;
    train_conv(1, one, &params);
    for (int threads = 2; threads <= 3; threads++) {
        train_conv(threads, other, &params);
        CHECK(memcmp(one, other, (size_t)params * sizeof *one) == 0);
    }
}

/* A row alone, in a chunk of many, and at the end of one. */
TEST(a_row_is_reconstructed_with_the_same_bits_in_any_company)
{
    enum { ROWS = 9, WIDE = 6 * 5 * 8 };
    static float all[ROWS * WIDE], one[WIDE];
    hg_ctx *ctx = test_ctx();
    model_recipe r = {.input = {3, {6, 5, 8}},
                      .encoder = "conv 20 3x3 stride=2 gelu; conv 7 3x3 relu",
                      .decoder = "convt 8 3x3 stride=2 output=match",
                      .scale = HGI_SCALE_NONE};
    hg_model *m = make_model(ctx, &r);
    float *x = random_floats(4, ROWS * WIDE, -1, 1);
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, ROWS, all));
    for (int i = 0; i < ROWS; i++) {
        CHECK_OK(ctx, hg_reconstruct(ctx, m, x + i * WIDE, 1, one));
        CHECK(memcmp(one, all + i * WIDE, sizeof one) == 0);
    }
    free(x);
    hg_model_free(&m);
}

/* ---- speed --------------------------------------------------------------------------- */

typedef struct layer_run {
    const hgi_layer *l;
    hgi_pass *p;
    int64_t chunk;
} layer_run;

static void run_forward(void *arg)
{
    const layer_run *r = arg;
    for (int64_t i = 0; i < r->p->n; i += r->chunk)
        r->l->kind->forward(r->l, r->p, i, hgi_min(i + r->chunk, r->p->n), 0);
}

static void run_backward(void *arg)
{
    const layer_run *r = arg;
    for (int64_t i = 0; i < r->p->n; i += r->chunk)
        r->l->kind->backward(r->l, r->p, i, hgi_min(i + r->chunk, r->p->n), 0);
}

static void run_gradient(void *arg)
{
    const layer_run *r = arg;
    int64_t items = r->l->kind->gradient_items(r->l);
    for (int64_t i = 0; i < items; i++) r->l->kind->gradient(r->l, r->p, i, 0);
}

/* Each layer of conv-denoise by itself, one thread, a batch of 128, with activations. */
BENCH(speed_of_convolutional_layers)
{
    hg_ctx *ctx = context_of(1);
    enum { ROWS = 128 };
    hgi_net net;
    CHECK_OK(ctx,
             plan_net(ctx, (hgi_shape){3, {28, 28, 1}},
                      "conv 32 3x3 relu; maxpool 2 padding=same; conv 64 3x3 relu; "
                      "maxpool 2 padding=same; conv 128 3x3 relu; maxpool 2 "
                      "padding=same",
                      "convt 128 3x3 stride=2 relu; convt 64 3x3 stride=2 relu; convt 32 "
                      "3x3 relu; convt 1 3x3 stride=2 sigmoid; crop 2",
                      &net));
    hgi_workspace w;
    hgi_workspace_options o = {
        .k = ctx->kernels, .rows = ROWS, .workers = 1, .training = true, .apart = true};
    CHECK_OK(ctx, hgi_workspace_new(ctx, &net, &o, &w));
    hgi_real *theta = random_floats(5, net.params, -0.1, 0.1);
    hgi_real *grad = calloc((size_t)net.params, sizeof *grad);
    float *values = random_floats(6, (int64_t)(w.bytes / sizeof *w.block), -1, 1);
    memcpy(w.block, values, w.bytes);
    w.pass.theta = theta;
    w.pass.grad = grad;
    w.pass.n = ROWS;
    hgi_prepare prepare = {&net, &w.pass, 0, net.count};
    int64_t items = hgi_prepare_items(&prepare, ctx->kernels);
    for (int64_t i = 0; i < items; i++) hgi_prepare_item(&prepare, i, 0);
    printf("chunks of %d rows; GFLOP/s forward, backward, gradient\n",
           (int)hgi_chunk_rows(&net));
    for (int64_t i = 0; i < net.count; i++) {
        const hgi_layer *l = &net.layer[i];
        if (l->kind->gradient_items == NULL) continue;
        layer_run r = {l, &w.pass, hgi_chunk_rows(&net)};
        double flops = (double)(ROWS * l->flops) / 1e9, none = (double)INFINITY;
        printf("%-12s %-8s %7.1f %7.1f %7.1f\n", l->name, l->kind->name,
               flops / seconds_of(run_forward, &r),
               flops / (i > 0 ? seconds_of(run_backward, &r) : none),
               flops / seconds_of(run_gradient, &r));
    }
    free(theta);
    free(grad);
    free(values);
    hgi_workspace_free(&w);
    hgi_net_free(&net);
}
