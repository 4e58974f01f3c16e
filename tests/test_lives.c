// SPDX-License-Identifier: MIT
/* Buffers that share memory: no result depends on it, and nothing reads a buffer when its
 * life is over.  Every example of every layer and code is put into a net, and so are
 * layers that reach back, cut the step, share weights or take each other's memory.     */
#include "test_models.h"

#include "model/objective.h"
#include "model/window.h"
#include "train/trainer.h"

#include <string.h>

enum { ROWS = 43, BATCH = 23, FEW = 5, MOST_LOSSES = 100 };

typedef struct net_recipe {
    hgi_shape in;
    const char *encoder, *decoder, *code, *loss, *more, *value;
} net_recipe;

static const net_recipe recipes[] = {
    {.in = {1, {7}},
     .encoder = "dense 7 tanh; dense 7 softplus; residual 2 gelu",
     .decoder = "dense 6; dense 7"},
    {.in = {1, {7}},
     .encoder = "dense 7 tanh; batchnorm; activation relu; dense 7 softplus; residual 2; "
                "residual 3; batchnorm; dropout 0.2",
     .decoder = "dense 6 tanh; batchnorm; dense 6; residual 1; layernorm; dense 7"},
    {.in = {1, {7}},
     .encoder = "batchnorm; dense 5 tanh",
     .decoder = "dense 7; batchnorm"},
    {.in = {3, {6, 6, 1}},
     .encoder =
         "conv 9 3x3 relu; batchnorm; conv 9 3x3; activation gelu; residual 2 relu; "
         "maxpool 2",
     .decoder =
         "upsample 2; conv 9 3x3; batchnorm; activation relu; convt 1 3x3 sigmoid; "
         "flatten",
     .loss = "bce"},
    {.in = {3, {6, 6, 1}},
     .encoder = "maxpool 3 stride=2 padding=same; layernorm; conv 4 3x3; conv 4 3x3; "
                "residual 1 gelu",
     .decoder = "convt 8 3x3 stride=2; conv 8 3x3; residual 1; conv 1 3x3"},
    {.in = {1, {9}},
     .encoder = "dense 6 tanh; dense 5 gelu",
     .decoder = "dense 6 tied; dense 9 tied",
     .code = "plain l1=0.1"},
    {.in = {1, {9}},
     .encoder = "dense 6 tanh",
     .decoder = "dense 9",
     .code = "topk 20 k=3 unit-decoder"},
    {.in = {1, {9}},
     .encoder = "batchnorm; dense 6 tanh",
     .decoder = "dense 8 relu; dense 9",
     .code = "topk 20 k=3"},
    {.in = {1, {9}},
     .encoder = "dense 6 tanh; batchnorm",
     .decoder = "batchnorm; dense 9",
     .code = "variational 4 samples=3"},
    {.in = {1, {9}},
     .encoder = "dense 6 tanh",
     .decoder = "dense 9; sigma feature",
     .code = "variational 4 samples=3",
     .loss = "gaussian"},
    {.in = {1, {9}},
     .encoder = "dense 6 tanh",
     .decoder = "dense 9",
     .code = "variational 4",
     .loss = "multinomial"},
    {.in = {1, {9}},
     .encoder = "dense 6 tanh",
     .decoder = "dense 9 sigmoid",
     .loss = "bce",
     .more = "corrupt",
     .value = "gaussian:0.3"},
    {.in = {1, {9}},
     .encoder = "dense 6 tanh",
     .decoder = "dense 9",
     .more = "clip",
     .value = "0.01"},
};

static void set(hg_ctx *ctx, hg_config *c, const char *name, const char *value)
{
    CHECK_OK(ctx, hg_config_set(c, name, value));
}

/* That a line `condition N` is for. */
static int classes_of(const net_recipe *r)
{
    const char *at = strstr(r->encoder, "condition ");
    int n = 0;
    return at != NULL && sscanf(at, "condition %d", &n) == 1 ? n : 0;
}

static hg_config *config_of(hg_ctx *ctx, const net_recipe *r)
{
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    set(ctx, c, "scale", "none");
    set(ctx, c, "batch-size", "23");
    set(ctx, c, "loss", r->loss != NULL ? r->loss : "mse");
    set(ctx, c, "encoder", r->encoder);
    set(ctx, c, "decoder", r->decoder);
    if (r->code != NULL) set(ctx, c, "code-kind", r->code);
    if (r->more != NULL) set(ctx, c, r->more, r->value);
    if (classes_of(r) > 0) set(ctx, c, "condition", "labels");
    return c;
}

/* A trainer of the recipe that is set up, and what it borrows. */
typedef struct trial {
    float *x;
    hg_dataset *d;
    hg_config *c;
    hgi_trainer t;
} trial;

static void trial_begin(hg_ctx *ctx, const net_recipe *r, trial *out)
{
    out->x = random_floats(3, ROWS * hgi_shape_count(&r->in), 0.1, 0.9);
    hg_view v = {.size = sizeof v, .data = out->x, .rows = ROWS, .rank = r->in.rank};
    for (int i = 0; i < r->in.rank; i++) v.shape[i] = r->in.dim[i];
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &out->d));
    float labels[ROWS];
    for (int i = 0; classes_of(r) > 0 && i < ROWS; i++)
        labels[i] = (float)(i % classes_of(r));
    const hgi_labels all = {"rows", labels, ROWS, NULL};
    if (classes_of(r) > 0) CHECK_OK(ctx, hgi_dataset_label(ctx, out->d, &all));
    out->c = config_of(ctx, r);
    CHECK_OK(ctx, hgi_setup(ctx, out->c, out->d, NULL, &out->t));
}

static void trial_end(trial *s)
{
    hgi_trainer_free(&s->t);
    hg_config_free(&s->c);
    hg_dataset_free(&s->d);
    free(s->x);
}

/* Calls visit with every recipe and with a net around every example. */
static void each_net(void (*visit)(const net_recipe *r))
{
    char encoder[160], decoder[160], shape[HGI_SHAPE_MAX];
    for (int i = 0; i < HGI_COUNT(recipes); i++) {
        test_where("%s", recipes[i].encoder);
        visit(&recipes[i]);
    }
    for (int i = 0; hgi_layer_kinds[i] != NULL; i++)
        for (const hgi_example *e = hgi_layer_kinds[i]->examples; e->line != NULL; e++) {
            net_recipe r = {
                .in = e->in, .encoder = encoder, .decoder = "dense 3 tanh; dense input"};
            snprintf(encoder, sizeof encoder,
                     "dense input tanh; reshape %s; dropout 0; %s",
                     hgi_shape_text(&e->in, shape), e->line);
            if (strncmp(e->line, "sigma", 5) == 0) { /* has one place, and one loss */
                r.encoder = "dense 3 tanh";
                r.decoder = decoder;
                r.loss = "gaussian";
                snprintf(decoder, sizeof decoder, "dense input; reshape %s; %s", shape,
                         e->line);
            }
            test_where("%s", e->line);
            visit(&r);
        }
    for (int i = 0; hgi_code_kinds[i] != NULL; i++)
        for (const hgi_example *e = hgi_code_kinds[i]->examples; e->line != NULL; e++) {
            net_recipe r = {.in = {1, {7}},
                            .encoder = encoder,
                            .decoder = "dense input",
                            .code = e->line};
            const char *act = hgi_code_kinds[i]->example_act;
            snprintf(encoder, sizeof encoder, "dense %d %s", (int)e->in.dim[0],
                     act != NULL ? act : "tanh");
            test_where("%s", e->line);
            visit(&r);
        }
}

/* ---- trainings ---------------------------------------------------------------------- */

/* Four steps, the second and fourth of a smaller batch; what was in the memory before
 * is NaN.  Returns weights, state and losses.                                          */
static hgi_real *train(int threads, const net_recipe *r, bool apart, int64_t *count)
{
    hg_ctx *ctx = context_of(threads);
    trial s;
    trial_begin(ctx, r, &s);
    s.t.apart = apart;
    CHECK_OK(ctx, hgi_trainer_new(&s.t));
    memset(s.t.w.block, 0xff, s.t.w.bytes);
    for (int64_t i = 0; i < ROWS; i++) s.t.order[i] = (i * 5) % ROWS;
    for (int64_t i = 0; i < 4; i++)
        CHECK(hgi_step_run(&s.t, i % 2 * BATCH, i % 2 == 0 ? BATCH : ROWS - BATCH));
    int64_t params = s.t.m->net.params, states = s.t.m->net.states;
    hgi_real *out = malloc((size_t)(params + states + 2) * sizeof *out);
    memcpy(out, s.t.m->theta, (size_t)params * sizeof *out);
    memcpy(out + params, s.t.m->state, (size_t)states * sizeof *out);
    *count = params + states;
    out[(*count)++] = (hgi_real)s.t.at.recon;
    out[(*count)++] = (hgi_real)s.t.at.penalty;
    trial_end(&s);
    return out;
}

static void compare_trainings(const net_recipe *r)
{
    int64_t n, same;
    hgi_real *apart = train(1, r, true, &n);
    for (int threads = 1; threads <= 3; threads += 2) {
        hgi_real *shared = train(threads, r, false, &same);
        CHECK_INT(same, n);
        CHECK(memcmp(apart, shared, (size_t)n * sizeof *apart) == 0);
        free(shared);
    }
    free(apart);
}

TEST(training_in_shared_buffers_gives_the_same_bits) { each_net(compare_trainings); }

/* ---- the plan ----------------------------------------------------------------------- */

static void check_places(const hgi_lives *l)
{
    for (int64_t i = 0; i < l->count; i++) {
        const hgi_life *a = &l->life[i];
        CHECK(a->at >= 0 && a->at % (HGI_ALIGN / (int64_t)sizeof(hgi_real)) == 0);
        CHECK(a->at + a->size <= (a->own ? l->own_reals : l->reals));
        for (int64_t k = 0; k < i; k++) {
            const hgi_life *b = &l->life[k];
            bool together = a->since <= b->until && b->since <= a->until;
            bool over = a->at < b->at + b->size && b->at < a->at + a->size;
            CHECK(a->own != b->own || !together || !over);
        }
    }
}

static void check_plan(const net_recipe *r)
{
    hg_ctx *ctx = context_of(1);
    trial s;
    trial_begin(ctx, r, &s);
    for (int training = 0; training < 2; training++) {
        hgi_lives l, apart;
        hgi_lives_options o = {.rows = 9, .chunk = 3, .training = training == 1};
        CHECK_OK(ctx, hgi_lives_plan(ctx, &s.t.m->net, &o, &l));
        o.apart = true;
        CHECK_OK(ctx, hgi_lives_plan(ctx, &s.t.m->net, &o, &apart));
        check_places(&l);
        check_places(&apart);
        CHECK(l.reals <= apart.reals);
        hgi_lives_free(&l);
        hgi_lives_free(&apart);
    }
    trial_end(&s);
}

TEST(buffers_that_live_at_the_same_time_do_not_overlap) { each_net(check_plan); }

/* ---- moment by moment ---------------------------------------------------------------- */

typedef struct moments {
    const hgi_net *net;
    hgi_workspace w;
    bool poison;
} moments;

/* What is not alive after this moment becomes NaN. */
static void end_moment(moments *m, int64_t moment)
{
    for (int64_t i = 0; m->poison && i < m->w.lives.count; i++) {
        const hgi_life *b = &m->w.lives.life[i];
        if (b->to == moment)
            memset(m->w.batch + b->at, 0xff, (size_t)b->size * sizeof *m->w.batch);
    }
}

static void run_forward(moments *m)
{
    for (int64_t i = 0; i < m->net->count; i++) {
        const hgi_layer *l = &m->net->layer[i];
        int64_t items =
            l->kind->statistics_items != NULL ? l->kind->statistics_items(l) : 0;
        if (l->kind->propose != NULL) l->kind->propose(l, &m->w.pass, 0, FEW, 0);
        for (int64_t k = 0; k < items; k++)
            l->kind->forward_statistics(l, hgi_pass_of(m->net, &m->w.pass, l), k);
        hgi_layer_forward(m->net, &m->w.pass, i, 0, FEW, 0);
        end_moment(m, hgi_forward_of(i));
    }
}

static void run_backward(moments *m)
{
    for (int64_t i = m->net->count; i-- > 0;) {
        const hgi_layer *l = &m->net->layer[i];
        int64_t items =
            l->kind->statistics_items != NULL ? l->kind->statistics_items(l) : 0;
        for (int64_t k = 0; k < items; k++)
            l->kind->backward_statistics(l, hgi_pass_of(m->net, &m->w.pass, l), k);
        hgi_layer_backward(m->net, &m->w.pass, i, 0, FEW, 0);
        end_moment(m, hgi_backward_of(m->net, i));
    }
}

static void run_gradients(moments *m)
{
    const hgi_layer *code = &m->net->layer[m->net->code];
    if (code->kind->collect != NULL) code->kind->collect(code, &m->w.pass);
    for (int tied = 0; tied < 2; tied++)
        for (int64_t i = 0; i < m->net->count; i++) {
            const hgi_layer *l = &m->net->layer[i];
            if ((l->tied != NULL) != (tied == 1) || l->kind->gradient_items == NULL)
                continue;
            for (int64_t k = 0; k < l->kind->gradient_items(l); k++)
                l->kind->gradient(l, hgi_pass_of(m->net, &m->w.pass, l), k, 0);
        }
}

/* Gradients, penalties and losses of FEW rows. */
static void run_moments(hg_ctx *ctx, const hg_model *model, bool poison, hgi_real *grad,
                        double *loss)
{
    const hgi_net *net = &model->net;
    moments m = {.net = net, .poison = poison};
    hgi_workspace_options o = {.k = ctx->kernels,
                               .rows = FEW,
                               .samples = hgi_net_samples(net),
                               .workers = 1,
                               .training = true,
                               .clean = true,
                               .apart = true};
    CHECK_OK(ctx, hgi_workspace_new(ctx, net, &o, &m.w));
    memset(m.w.block, poison ? 0xff : 0, m.w.bytes);
    /* A step moves running state: both runs start from the same. */
    size_t states = (size_t)net->states * sizeof *model->state;
    hgi_real *kept = malloc(states + 1);
    memcpy(kept, model->state, states);
    m.w.pass.theta = model->theta;
    m.w.pass.state = model->state;
    m.w.pass.grad = grad;
    m.w.pass.n = FEW;
    hgi_pass_ready(&m.w);
    hgi_prepare prepare = {net, &m.w.pass, 0, net->count};
    int64_t items = hgi_prepare_items(&prepare, ctx->kernels);
    for (int64_t i = 0; i < items; i++) hgi_prepare_item(&prepare, i, 0);
    hgi_real *target = hgi_workspace_view(&m.w, 0, 0)->target;
    for (int64_t i = 0; i < FEW * net->inputs; i++)
        target[i] = m.w.input[i] = (hgi_real)(0.1 + 0.8 * (double)(i * 37 % 101) / 101);
    run_forward(&m);
    for (int i = 0; i < FEW; i++) m.w.penalty[i] = m.w.kl[i] = 0;
    hgi_objective_rows(net, &m.w.pass, 0, FEW, target, true, loss);
    end_moment(&m, hgi_loss_of(net));
    run_backward(&m);
    run_gradients(&m);
    loss += FEW * o.samples;
    for (int i = 0; i < FEW; i++) *loss++ = m.w.penalty[i] + m.w.kl[i];
    memcpy(model->state, kept, states);
    free(kept);
    hgi_workspace_free(&m.w);
}

static void compare_with_poison(const net_recipe *r)
{
    hg_ctx *ctx = context_of(1);
    trial s;
    trial_begin(ctx, r, &s);
    size_t params = (size_t)s.t.m->net.params;
    hgi_real *clean = calloc(params, sizeof *clean),
             *other = calloc(params, sizeof *other);
    static double loss[2][MOST_LOSSES];
    run_moments(ctx, s.t.m, false, clean, loss[0]);
    run_moments(ctx, s.t.m, true, other, loss[1]);
    CHECK(memcmp(clean, other, params * sizeof *clean) == 0);
    CHECK(memcmp(loss[0], loss[1], sizeof loss[0]) == 0);
    free(clean);
    free(other);
    trial_end(&s);
}

TEST(nothing_reads_a_buffer_when_its_life_is_over) { each_net(compare_with_poison); }
