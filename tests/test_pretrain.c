// SPDX-License-Identifier: MIT
/* Pretraining as a part of training: what the net has afterwards, same bits, what is
 * refused, reports, interrupts.                                                        */
#include "test_train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define RBM                                                                              \
    "pretrain", "rbm", "activation", "sigmoid", "code-activation", "linear", "scale",    \
        "none", "pretrain-epochs", "3"
#define STACKED                                                                          \
    "pretrain", "stacked", "activation", "sigmoid", "pretrain-epochs", "3",              \
        "pretrain-corrupt", "mask:0.2"

static hg_model *train(hg_ctx *ctx, const char *const *settings)
{
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, settings);
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_config_free(&c);
    hg_dataset_free(&d);
    return m;
}

static const hgi_real *tensor(const hg_model *m, int64_t layer, int k)
{
    return m->theta + m->net.layer[layer].tensor[k].offset;
}

/* Is the decoder's weight, [d,h], the encoder's, [h,d], transposed? */
static bool transposed(const hg_model *m, int64_t encoder, int64_t decoder)
{
    const hgi_layer *l = &m->net.layer[encoder];
    const hgi_real *W = tensor(m, encoder, 0), *V = tensor(m, decoder, 0);
    for (int64_t j = 0; j < l->d_out; j++)
        for (int64_t i = 0; i < l->d_in; i++)
            if (W[j * l->d_in + i] != V[i * l->d_out + j]) return false;
    return true;
}

/* 12-9-3-9-12: layers 0 and 1, the code, 3 and 4. */
TEST(an_unrolled_decoder_has_the_encoders_weights_transposed)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = train(ctx, SETTINGS(RBM, "epochs", "0"));
    CHECK_INT(m->net.count, 5);
    CHECK(transposed(m, 0, 4) && transposed(m, 1, 3));
    CHECK_INT(m->trained.epochs, 0);
    /* The visible biases came along: none of them is where it was drawn. */
    for (int i = 0; i < D; i++) CHECK(fabs((double)tensor(m, 4, 1)[i]) > 0);
    hg_model_free(&m);
    /* With training behind it the two go their own ways. */
    m = train(ctx, SETTINGS(RBM, "epochs", "1"));
    CHECK(!transposed(m, 0, 4));
    hg_model_free(&m);
}

static bool same(const hg_model *a, const hg_model *b, int64_t layer)
{
    const hgi_tensor *t = &a->net.layer[layer].tensor[0];
    return memcmp(a->theta + t->offset, b->theta + t->offset,
                  (size_t)t->count * sizeof *a->theta) == 0;
}

TEST(a_random_decoder_stays_as_it_was_drawn)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, SETTINGS("activation", "sigmoid"));
    hg_model *drawn;
    CHECK_OK(ctx, hg_train_dry_run(ctx, c, d, NULL, &drawn));
    hg_model *m = train(ctx, SETTINGS(RBM, "decoder-init", "random", "epochs", "0"));
    hg_model *unrolled = train(ctx, SETTINGS(RBM, "epochs", "0"));
    for (int64_t i = 0; i < 5; i++) {
        if (i == m->net.code) continue;
        CHECK_INT(same(m, drawn, i), i > m->net.code);
        CHECK_INT(same(m, unrolled, i), i < m->net.code);
    }
    hg_model_free(&m);
    hg_model_free(&drawn);
    hg_model_free(&unrolled);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(a_tied_decoder_gets_the_visible_biases_alone)
{
    hg_ctx *ctx = test_ctx();
    hg_model *tied = train(ctx, SETTINGS(RBM, "tied", "true", "epochs", "0"));
    hg_model *m = train(ctx, SETTINGS(RBM, "epochs", "0"));
    for (int i = 0; i < D; i++) {
        /* Weights are keyed by level, so both runs have the same. */
        CHECK(tensor(tied, 4, 0)[i] == tensor(m, 4, 1)[i]);
    }
    hg_model_free(&m);
    hg_model_free(&tied);
}

TEST(a_stacked_level_is_a_trained_autoencoder)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c =
        config(ctx, SETTINGS("encoder", "dense 9 sigmoid", "decoder", "dense 12 sigmoid",
                             "epochs", "3", "corrupt", "mask:0.2"));
    hg_model *alone, *m = train(ctx, SETTINGS(STACKED, "epochs", "0"));
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &alone));
    for (int k = 0; k < 2; k++) {
        CHECK(memcmp(tensor(m, 0, k), tensor(alone, 0, k), sizeof(hgi_real) * 9) == 0);
        CHECK(memcmp(tensor(m, 4, k), tensor(alone, 2, k), sizeof(hgi_real) * 9) == 0);
    }
    hg_model_free(&m);
    hg_model_free(&alone);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(pretraining_gives_the_same_bits_for_any_number_of_threads)
{
    static const char *const runs[][12] = {
        {RBM}, {RBM, "cd", "3"}, {RBM, "persistent", "true"}, {STACKED}};
    for (int i = 0; i < 5; i++) {
        /* The last: relu units on standardised rows. */
        const char *const relu[] = {
            "pretrain", "rbm",      "activation",      "relu", "loss", "mse",
            "scale",    "standard", "pretrain-epochs", "3",    NULL};
        const char *settings[16] = {NULL};
        for (int k = 0; i < 4 && k < 12; k++) settings[k] = runs[i][k];
        size_t n1, n2;
        char *one = trained_bytes(context(1), i < 4 ? settings : relu, true, &n1);
        char *two = trained_bytes(context(2), i < 4 ? settings : relu, true, &n2);
        test_where("run %d", i);
        CHECK_INT(n1, n2);
        CHECK(memcmp(one, two, n1) == 0);
        free(one);
        free(two);
    }
}

TEST(what_cannot_be_pretrained_is_refused_by_name)
{
    static const struct {
        const char *settings[12];
        hg_status status;
        const char *says;
    } rows[] = {
        {{"pretrain", "rbm", "activation", "tanh"},
         HG_EINVAL,
         "pretrain rbm: encoder.0: tanh, expected sigmoid, relu or linear"},
        {{"pretrain", "stacked", "batchnorm", "true"},
         HG_EINVAL,
         "pretrain stacked: encoder.1: batchnorm, expected dense layers"},
        {{"pretrain", "rbm", "activation", "sigmoid", "code-kind", "variational"},
         HG_EINVAL,
         "code: variational, expected plain"},
        {{"pretrain", "rbm", "encoder", "dense 5 sigmoid; dense 3", "decoder",
          "dense 12 sigmoid"},
         HG_EINVAL,
         "decoder.0: 3 to 12, expected the mirror of the encoder; or set decoder-init"},
        {{"pretrain", "rbm", "encoder", "dense 5 sigmoid; dense 3", "decoder",
          "dense 5 relu; dense 12 sigmoid"},
         HG_EINVAL,
         "decoder.0: relu, expected sigmoid, as what it goes back to"},
        {{"pretrain", "rbm", "encoder", "dense 5 sigmoid nobias", "decoder",
          "dense 12 sigmoid"},
         HG_EINVAL,
         "encoder.0: nobias, expected a bias"},
        {{"epochs", "0"}, HG_ERANGE, "epochs: 0, expected >= 1 (0 only with pretrain)"},
        {{"pretrain", "dbm"}, HG_EUNKNOWN, "dbm"},
    };
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), ROWS);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        hg_config *c = config(ctx, NULL);
        hg_model *m = NULL;
        hg_status status = HG_OK;
        for (int k = 0; status == HG_OK && rows[i].settings[k] != NULL; k += 2)
            status = hg_config_set(c, rows[i].settings[k], rows[i].settings[k + 1]);
        if (status == HG_OK) status = hg_train_dry_run(ctx, c, d, NULL, &m);
        test_where("row %d", i);
        CHECK_FAILS(ctx, status, rows[i].status, rows[i].says);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
}

TEST(real_values_need_the_standard_scale)
{
    static float x[ROWS * D];
    hg_ctx *ctx = test_ctx();
    hg_model *m;
    for (int i = 0; i < ROWS * D; i++) x[i] = 10 * values()[i] - 3;
    hg_dataset *d = view_of(ctx, x, ROWS);
    hg_config *c =
        config(ctx, SETTINGS("pretrain", "rbm", "loss", "mse", "scale", "none",
                             "activation", "sigmoid", "output-activation", "linear"));
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EINVAL,
                "values outside [0,1], scale none: expected scale standard");
    CHECK_OK(ctx, hg_config_set(c, "scale", "standard"));
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

static void join_warnings(void *user, hg_log_level level, const char *line)
{
    size_t n = strlen(user);
    if (level == HG_LOG_WARNING)
        snprintf((char *)user + n, HG_MESSAGE_MAX - n, "%s|", line);
}

/* Rows are all 0 or all 1, the easiest to learn; steps that are too small leave weights
 * near 0.  The first level is told of, not what gets nothing from it. */
TEST(a_level_that_has_learnt_nothing_is_told_of)
{
    static const char *const lr[] = {"1e-6", "0.5"};
    static float x[ROWS * D];
    for (int i = 0; i < ROWS * D; i++) x[i] = (float)(i / D % 2);
    for (int i = 0; i < 2; i++) {
        char said[HG_MESSAGE_MAX] = "";
        hg_ctx *ctx = test_ctx_with(&(hg_ctx_options){
            .size = sizeof(hg_ctx_options), .log = join_warnings, .log_user = said});
        hg_dataset *d = view_of(ctx, x, ROWS);
        hg_config *c = config(ctx, SETTINGS(RBM, "pretrain-lr", lr[i], "pretrain-epochs",
                                            "30", "epochs", "0"));
        hg_model *m;
        CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
        test_where("%s", said);
        CHECK((strstr(said, "level 1 of 2, 12-9: it has learnt next to nothing") !=
               NULL) == (i == 0));
        CHECK(i == 1 || (strstr(said, "more pretrain-epochs") != NULL &&
                         strstr(said, "level 2 of 2") == NULL));
        hg_model_free(&m);
        hg_config_free(&c);
        hg_dataset_free(&d);
    }
}

/* ---- reports and interrupts --------------------------------- */

typedef struct watcher {
    int levels[4], whole; /* epochs seen of each level, and of the whole net */
    int stop_level, stop_epoch;
    bool measured, inside;
} watcher;

static int watch_epoch(void *user, const hg_progress *p)
{
    watcher *w = user;
    if (p->stage == NULL) {
        w->whole++;
        CHECK(isnan(p->free_energy) && p->level == 0);
        return 0;
    }
    CHECK(p->level >= 1 && p->level <= 2);
    CHECK_STR(p->stage, p->level == 1 ? "level 1 of 2, 12-9" : "level 2 of 2, 9-3");
    CHECK_INT(p->epoch, ++w->levels[p->level]);
    CHECK(p->recon > 0 && p->steps == 7 && p->step == 7);
    w->measured = isfinite(p->free_energy) && p->pseudo_likelihood < 0;
    return p->level == w->stop_level && p->epoch == w->stop_epoch && !w->inside;
}

static int watch_step(void *user, const hg_progress *p)
{
    const watcher *w = user;
    return w->inside && p->level == w->stop_level && p->epoch == w->stop_epoch &&
           p->step == 3;
}

TEST(each_level_reports_its_epochs_before_the_whole_net)
{
    hg_ctx *ctx = test_ctx();
    watcher w = {.stop_level = -1};
    hg_callbacks cb = {sizeof cb, watch_step, watch_epoch, &w};
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, SETTINGS(RBM, "epochs", "2"));
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, d, &cb, &m));
    CHECK(w.measured);
    CHECK(w.levels[1] == 3 && w.levels[2] == 3 && w.whole == 2);
    CHECK_INT(m->trained.history_count, 2); /* the whole net's alone */
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

/* Stopped at the end of an epoch or inside one, in either level: what comes then is what a
 * run without a stop gives. */
TEST(pretraining_that_was_stopped_goes_on_to_the_same_bits)
{
    size_t n, n_whole[2];
    char *whole[2] = {
        trained_bytes(context(1), SETTINGS(RBM, "epochs", "2"), false, n_whole),
        trained_bytes(context(1), SETTINGS(STACKED, "epochs", "2"), false, n_whole + 1),
    };
    for (int i = 0; i < 16; i++) {
        hg_ctx *ctx = context(1);
        char folder[TEST_PATH], name[16];
        snprintf(name, sizeof name, "ck%d", i);
        test_path(folder, name);
        watcher w = {.stop_level = i % 2 + 1,
                     .stop_epoch = i % 4 < 2 ? 1 : 3,
                     .inside = i % 8 >= 4};
        hg_callbacks cb = {sizeof cb, watch_step, watch_epoch, &w};
        hg_dataset *d = view_of(ctx, values(), ROWS);
        const char *const go_on[2][20] = {
            {RBM, "epochs", "2", "checkpoint", folder, "resume", "true"},
            {STACKED, "epochs", "2", "checkpoint", folder, "resume", "true"}};
        hg_config *c = config(ctx, go_on[i / 8]);
        hg_model *m;
        test_where("stop %d", i);
        CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, &cb, &m), HG_ECANCELED,
                    "stopped in pretraining, level");
        CHECK(m != NULL); /* what there is so far */
        hg_model_free(&m);
        hg_config_free(&c);
        hg_dataset_free(&d);
        char *then = trained_bytes(ctx, go_on[i / 8], false, &n);
        CHECK_INT(n, n_whole[i / 8]);
        CHECK(memcmp(then, whole[i / 8], n) == 0);
        free(then);
    }
    free(whole[0]);
    free(whole[1]);
}

TEST(pretraining_reports_every_allocation_that_fails)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view_of(ctx, values(), 40);
    for (int kind = 0; kind < 2; kind++) {
        hg_status status = HG_ENOMEM;
        int64_t n = 0;
        for (; status != HG_OK && n < 3000; n++) {
            hg_config *c = config(
                ctx, kind == 0
                         ? SETTINGS(RBM, "persistent", "true", "pretrain-epochs", "1",
                                    "epochs", "0", "valid-split", "0.3")
                         : SETTINGS(STACKED, "pretrain-epochs", "1", "epochs", "0"));
            hg_model *m = NULL;
            test_fail_alloc(n);
            status = hg_train(ctx, c, d, NULL, NULL, &m);
            test_fail_alloc(-1);
            if (status != HG_OK) CHECK_INT(status, HG_ENOMEM);
            hg_model_free(&m);
            hg_config_free(&c);
        }
        CHECK_INT(status, HG_OK);
        CHECK(n > 60); /* there were that many to fail */
    }
    hg_dataset_free(&d);
}
