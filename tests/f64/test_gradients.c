// SPDX-License-Identifier: MIT
/* Every gradient against central differences, in double.
 *
 * The library is compiled with double as its number type, on the reference kernels; the
 * layer, code, loss and activation files are the very same.  Each row of each list is put
 * into a small net, the gradient of the whole objective is taken as a training step takes
 * it, and every parameter is moved by +-h.
 *
 * Tolerance: with h = 1e-5 the difference quotient is off by h^2 f'''/6, about 1e-10,
 * plus rounding 2e-16 / h, about 1e-11; 1e-7 relative to 1 + |g| leaves room
 * for curved ones. */
#include "net.h"

#include "model/sigma.h"
#include "model/window.h"

#include <string.h>

static void check_gradient(const char *what, int64_t rows, const hgi_shape *shape,
                           const char *const *settings)
{
    const double h = 1e-5;
    net_under_test b;
    open_net(&b, rows, shape, settings);
    b.t.optim.lr = 0; /* look, do not move */
    CHECK(b.t.grad != NULL);
    objective(&b);
    int64_t n = b.t.m->net.params, wrong = 0;
    hgi_real *g = calloc((size_t)n, sizeof *g);
    for (int64_t i = 0; i < n; i++) g[i] = b.t.grad[i];
    for (int64_t i = 0; i < n; i++) {
        hgi_real keep = b.t.m->theta[i];
        const hgi_tensor *tensor = NULL;
        hgi_net_layer_of(&b.t.m->net, i, &tensor);
        if (tensor->surrogate) continue;
        b.t.m->theta[i] = keep + h;
        double up = objective(&b);
        b.t.m->theta[i] = keep - h;
        double down = objective(&b);
        b.t.m->theta[i] = keep;
        double numeric = (up - down) / (2 * h);
        if (fabs(numeric - g[i]) <= 1e-7 * (1 + fabs(g[i]))) continue;
        if (wrong++ == 0)
            fprintf(stderr,
                    "%s, %d rows: parameter %d: %.12g, difference quotient %.12g\n", what,
                    (int)rows, (int)i, g[i], numeric);
    }
    CHECK_INT(wrong, 0);
    free(g);
    close_net(&b);
}

TEST(every_layer_kind_has_the_gradient_of_its_forward)
{
    for (int i = 0; hgi_layer_kinds[i] != NULL; i++) {
        const hgi_layer_kind *kind = hgi_layer_kinds[i];
        if (kind->gradient_is != HGI_GRAD_EXACT) continue;
        CHECK(kind->examples != NULL && kind->examples[0].line != NULL);
        for (const hgi_example *e = kind->examples; e->line != NULL; e++) {
            char encoder[160], shape[HGI_SHAPE_MAX];
            /* A dense layer in front, so that the kind's gradient to its input is
             * checked, and a line of the same shape to reach back to. */
            snprintf(encoder, sizeof encoder,
                     "dense input tanh; reshape %s; dropout 0; %s",
                     hgi_shape_text(&e->in, shape), e->line);
            const char *const settings[] = {
                "encoder", encoder, "decoder",      "dense 3 tanh; dense input",
                "loss",    "mse",   WHOLE_GRADIENT, NULL};
            if (strcmp(kind->name, "sigma") == 0) continue; /* below, with its loss */
            check_gradient(e->line, 5, &e->in, settings);
            /* One row has one class, and the line is for several. */
            bool several = strcmp(kind->name, "condition") == 0;
            if (kind->statistics_items == NULL && !several)
                check_gradient(e->line, 1, &e->in, settings);
        }
    }
}

TEST(every_code_kind_has_the_gradient_of_its_objective)
{
    for (int i = 0; hgi_code_kinds[i] != NULL; i++) {
        const hgi_layer_kind *kind = hgi_code_kinds[i];
        if (kind->gradient_is != HGI_GRAD_EXACT) continue;
        for (const hgi_example *e = kind->examples; e->line != NULL; e++) {
            char encoder[64];
            snprintf(encoder, sizeof encoder, "dense %d %s", (int)e->in.dim[0],
                     kind->example_act != NULL ? kind->example_act : "tanh");
            const char *const settings[] = {
                "encoder", encoder, "decoder", "dense input",  "code-kind",
                e->line,   "loss",  "mse",     WHOLE_GRADIENT, NULL};
            check_gradient(e->line, 5, &(hgi_shape){1, {7}}, settings);
        }
    }
}

/* The decoder's bias is taken off the row first: its gradient has a part from there. */
TEST(a_pre_bias_has_the_gradient_of_both_its_places)
{
    static const char *const lines[] = {"topk 20 k=3 pre-bias",
                                        "batchtopk 20 k=3 pre-bias"};
    for (int i = 0; i < 2; i++) {
        const char *const settings[] = {"decoder",      "dense input", "code-kind",
                                        lines[i],       "loss",        "mse",
                                        WHOLE_GRADIENT, NULL};
        check_gradient(lines[i], 5, &(hgi_shape){1, {7}}, settings);
    }
}

TEST(every_loss_has_the_gradient_of_its_value)
{
    for (int i = 0; hgi_losses[i] != NULL; i++) {
        const char *const settings[] = {
            "hidden",      "6",    "code",         "3",
            "activation",  "tanh", "loss",         hgi_losses[i]->name,
            "huber-delta", "0.2",  WHOLE_GRADIENT, NULL};
        check_gradient(hgi_losses[i]->name, 5, &(hgi_shape){1, {7}}, settings);
        check_gradient(hgi_losses[i]->name, 1, &(hgi_shape){1, {7}}, settings);
    }
}

/* With several samples of a row its shares weigh the gradient of sigma, too. */
TEST(a_learnt_sigma_has_the_gradient_of_its_loss)
{
    for (const hgi_example *e = hgi_layer_sigma.examples; e->line != NULL; e++) {
        static const char *const samples[] = {"1", "3"};
        char decoder[160], shape[HGI_SHAPE_MAX];
        snprintf(decoder, sizeof decoder, "dense 6 tanh; dense input; reshape %s; %s",
                 hgi_shape_text(&e->in, shape), e->line);
        const char *const plain[] = {"encoder", "dense 4 tanh", "decoder",      decoder,
                                     "loss",    "gaussian",     WHOLE_GRADIENT, NULL};
        check_gradient(e->line, 5, &e->in, plain);
        check_gradient(e->line, 1, &e->in, plain);
        for (int i = 0; i < 2; i++) {
            const char *const drawn[] = {"encoder",      "dense 4 tanh",
                                         "decoder",      decoder,
                                         "code-kind",    "variational",
                                         "code",         "2",
                                         "loss",         "gaussian",
                                         "samples",      samples[i],
                                         WHOLE_GRADIENT, NULL};
            check_gradient(e->line, 4, &e->in, drawn);
        }
    }
}

/* Several samples of a row against its one target. */
TEST(a_softmax_of_several_samples_has_the_gradient_of_its_bound)
{
    const char *const settings[] = {
        "hidden",       "6",          "code", "3",    "code-kind",
        "variational",  "samples",    "3",    "loss", "multinomial",
        WHOLE_GRADIENT, "activation", "tanh", NULL};
    check_gradient("multinomial", 4, &(hgi_shape){1, {7}}, settings);
}

TEST(every_activation_has_the_gradient_of_its_value)
{
    for (int i = 0; i < HGI_ACT_COUNT; i++) {
        const char *act = hgi_act_name((hgi_act)i);
        const char *const settings[] = {"hidden",       "6", "code", "3",
                                        "activation",   act, "loss", "mse",
                                        WHOLE_GRADIENT, NULL};
        check_gradient(act, 5, &(hgi_shape){1, {9}}, settings);
    }
}

TEST(tied_weights_collect_the_gradient_of_both_ends)
{
    const char *const settings[] = {"hidden",     "6",    "code",         "3",
                                    "activation", "tanh", "tied",         "true",
                                    "loss",       "bce",  WHOLE_GRADIENT, NULL};
    check_gradient("tied", 5, &(hgi_shape){1, {7}}, settings);
}

TEST(batchnorm_between_layers_has_the_right_gradient)
{
    const char *const settings[] = {"hidden",     "6,5",  "code",         "3",
                                    "activation", "tanh", "batchnorm",    "true",
                                    "loss",       "mse",  WHOLE_GRADIENT, NULL};
    check_gradient("batchnorm net", 6, &(hgi_shape){1, {7}}, settings);
}

/* Layers behind the code see every sample as a row, and those before it see rows. */
TEST(several_samples_of_a_row_have_the_gradient_of_their_bound)
{
    static const char *const more[][2] = {
        {"batchnorm", "true"}, {"dropout", "0.4"}, {"loss", "bce"}};
    for (int i = 0; i < HGI_COUNT(more); i++) {
        const char *const settings[] = {
            "hidden",  "6,4",      "code",     "3",   "code-kind",    "variational",
            "samples", "3",        "loss",     "mse", WHOLE_GRADIENT, "activation",
            "tanh",    more[i][0], more[i][1], NULL};
        check_gradient(more[i][0], 6, &(hgi_shape){1, {7}}, settings);
    }
}

TEST(dropout_in_a_net_has_the_right_gradient)
{
    const char *const settings[] = {"hidden",     "9",    "code",         "4",
                                    "activation", "tanh", "dropout",      "0.4",
                                    "loss",       "mse",  WHOLE_GRADIENT, NULL};
    check_gradient("dropout net", 6, &(hgi_shape){1, {7}}, settings);
}

/* Layers that change gy in place, that share gx with gy and that cut the step lie between
 * an input that is added and the layer that adds it; one input is added twice. */
TEST(residual_connections_add_their_gradient_wherever_they_start)
{
    static const char *const encoders[] = {
        "dense input tanh; dense input softplus; dense input; residual 2 tanh",
        "dense input tanh; activation softplus; dense input tanh; residual 2",
        "dense input tanh; dense input tanh; residual 1; dense input; residual 3 gelu",
        "dense input tanh; batchnorm; dense input softplus; residual 2; residual 3",
        "dense input tanh; flatten; dense input sigmoid; residual 2; layernorm",
    };
    for (int i = 0; i < HGI_COUNT(encoders); i++) {
        const char *const settings[] = {
            "encoder",      encoders[i],
            "decoder",      "dense 6 tanh; dense 6; residual 1; dense 7",
            "loss",         "mse",
            WHOLE_GRADIENT, NULL};
        check_gradient(encoders[i], 5, &(hgi_shape){1, {7}}, settings);
    }
    const char *const last[] = {
        "encoder", "dense 6 tanh", "decoder",      "dense 7; dense 7; residual 1 sigmoid",
        "loss",    "bce",          WHOLE_GRADIENT, NULL};
    check_gradient("the last layer", 5, &(hgi_shape){1, {7}}, last);
}

/* What only moves values behind the sigmoid: the loss still takes the logits. */
TEST(a_sigmoid_before_a_crop_or_a_reshape_has_the_gradient_of_bce)
{
    const char *const settings[] = {
        "encoder",      "dense 5 tanh",
        "decoder",      "dense 24 sigmoid; reshape 4x6x1; crop top=1 left=2; flatten",
        "loss",         "bce",
        WHOLE_GRADIENT, NULL};
    check_gradient("crop and reshape", 5, &(hgi_shape){2, {3, 4}}, settings);
}

TEST(a_convolutional_net_has_the_right_gradient)
{
    const char *const settings[] = {
        "encoder",
        "conv 3 3x3 stride=2 tanh; conv 4 2x2 padding=valid tanh",
        "decoder",
        "convt 3 2x2 padding=valid tanh; convt 1 3x3 stride=2 output=match sigmoid",
        "loss",
        "bce",
        WHOLE_GRADIENT,
        NULL};
    check_gradient("conv net", 4, &(hgi_shape){2, {7, 6}}, settings);
}

/* Without a clip the step is taken inside the gradient tiles: it must be the same step. */
TEST(the_fused_step_is_theta_minus_lr_times_the_gradient)
{
    const char *const whole[] = {"hidden",       "150",  "code",         "3",
                                 "loss",         "mse",  "lr",           "0.1",
                                 "weight-decay", "0.01", WHOLE_GRADIENT, NULL};
    const char *const fused[] = {"hidden", "150", "code",         "3",    "loss", "mse",
                                 "lr",     "0.1", "weight-decay", "0.01", NULL};
    net_under_test a, b;
    open_net(&a, 20, &(hgi_shape){1, {140}}, whole);
    open_net(&b, 20, &(hgi_shape){1, {140}}, fused);
    CHECK(a.t.grad != NULL && b.t.grad == NULL);
    int64_t n = a.t.m->net.params, moved = 0;
    double before = a.t.m->theta[0];
    for (int step = 0; step < 3; step++) {
        CHECK(hgi_step_run(&a.t, 0, 20));
        CHECK(hgi_step_run(&b.t, 0, 20));
    }
    moved += a.t.m->theta[0] != before;
    for (int64_t i = 0; i < n; i++)
        if (a.t.m->theta[i] != b.t.m->theta[i]) moved = -1;
    CHECK_INT(moved, 1);
    close_net(&a);
    close_net(&b);
}

/* The closed form of one layer, and the estimate of several, whose directions stay the same
 * as long as the epoch does: both are the exact gradient of what they add to the loss. */
TEST(a_contractive_penalty_has_the_gradient_of_its_value)
{
    for (int i = 0; i < HGI_ACT_COUNT; i++) {
        const char *act = hgi_act_name((hgi_act)i);
        const char *const one[] = {"code",        "5", "activation",   act, "loss", "mse",
                                   "contractive", "2", WHOLE_GRADIENT, NULL};
        const char *const three[] = {"hidden",      "8,6", "code",         "5",
                                     "activation",  act,   "loss",         "mse",
                                     "contractive", "2",   WHOLE_GRADIENT, NULL};
        check_gradient(act, 5, &(hgi_shape){1, {7}}, one);
        check_gradient(act, 5, &(hgi_shape){1, {7}}, three);
        check_gradient(act, 1, &(hgi_shape){1, {140}}, three);
    }
}

/* Tied, so that the layer's weight has gradients from three places. */
TEST(a_contractive_penalty_of_a_tied_net_has_the_right_gradient)
{
    const char *const settings[] = {"code",        "5",    "activation",   "sigmoid",
                                    "tied",        "true", "loss",         "bce",
                                    "contractive", "0.5",  WHOLE_GRADIENT, NULL};
    check_gradient("tied contractive", 5, &(hgi_shape){1, {7}}, settings);
}
