// SPDX-License-Identifier: MIT
/* The doctor's rules on measurements made up for each, and what it measures on a model
 * whose weights are set by hand. */
#include "test_models.h"

#include "apply/doctor.h"

#include <math.h>

/* A model that nothing is wrong with, and its examination. */
static const model_recipe plain = {
    .input = {1, {4, 0, 0}}, .encoder = "dense 2", .decoder = "dense 4"};

static hgi_exam healthy(const hg_model *m)
{
    return (hgi_exam){.model = m,
                      .rows = 100,
                      .inputs = 4,
                      .code = 2,
                      .mse = 0.1,
                      .mean_mse = 1,
                      .pca_mse = 0.11,
                      .own_mse = 0.1,
                      .active = 2,
                      .directions = 2,
                      .low = -2,
                      .high = 2};
}

/* The names of what the rules find, joined by spaces. */
static const char *found(const hgi_exam *e)
{
    static char names[400];
    names[0] = '\0';
    for (int i = 0; hgi_rules[i].name != NULL; i++) {
        char text[400] = "";
        hgi_rules[i].look(e, text, sizeof text);
        if (text[0] == '\0') continue;
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? " " : "",
                 hgi_rules[i].name);
        CHECK(strlen(text) < sizeof text - 1);
    }
    return names;
}

TEST(the_doctor_is_silent_on_a_healthy_model)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &plain);
    hgi_exam e = healthy(m);
    CHECK_STR(found(&e), "");
    hg_model_free(&m);
}

TEST(each_rule_of_the_doctor_finds_its_illness)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &plain);
    hgi_exam e = healthy(m);
    e.mse = 0.99;
    CHECK_STR(found(&e), "no-better-than-mean");
    e = healthy(m);
    e.pca_mse = 0.09;
    CHECK_STR(found(&e), "pca-is-better");
    e.pca_mse = (double)NAN; /* not measured */
    CHECK_STR(found(&e), "");
    e = healthy(m);
    e.outside = 0.3;
    CHECK_STR(found(&e), "unlike-training");
    e = healthy(m);
    e.shift = 4;
    CHECK_STR(found(&e), "unlike-training");
    e = healthy(m);
    e.still = 1;
    CHECK_STR(found(&e), "constant-units");
    e = healthy(m);
    e.directions = 1;
    CHECK_STR(found(&e), "low-rank");
    e = healthy(m);
    e.code = e.inputs;
    e.directions = 4;
    e.mse = e.own_mse = 1e-5;
    CHECK_STR(found(&e), "identity");
    e = healthy(m);
    e.saturated = 0.9;
    e.edge = 0.2;
    CHECK_STR(found(&e), "saturated-outputs");
    hg_model_free(&m);
}

/* Where one thing explains the others, only that is said: advice on training would be wrong
 * for rows in other units. */
TEST(the_doctor_names_the_cause_and_not_what_follows_from_it)
{
    hg_ctx *ctx = test_ctx();
    model_recipe r = plain;
    r.scale = HGI_SCALE_STANDARD;
    hg_model *m = make_model(ctx, &r);
    hgi_exam e = healthy(m);
    e.shift = 20;
    e.mse = e.own_mse = 50;
    e.still = 1;
    CHECK_STR(found(&e), "unlike-training");
    /* A hundred times the units, around the same mean: 26 is just over 5 times 5. */
    e = healthy(m);
    e.mean_mse = 26;
    CHECK_STR(found(&e), "unlike-training");
    e.mean_mse = 24;
    CHECK_STR(found(&e), "");
    hg_model_free(&m);
    r = plain;
    r.decoder = "dense 4 sigmoid";
    m = make_model(ctx, &r);
    e = healthy(m);
    e.own_mse = 0.9;
    CHECK_STR(found(&e), "output-range");
    hg_model_free(&m);
    r = plain;
    r.encoder = "dense 4";
    r.code = "variational 2";
    m = make_model(ctx, &r);
    e = healthy(m);
    e.active = 0;
    e.mse = 0.999;
    CHECK_STR(found(&e), "collapsed-latents");
    hg_model_free(&m);
}

/* 2 values of 8, bits: PCA's 8 numbers are no match for what they can say. */
TEST(the_doctor_does_not_hold_sparse_and_binary_codes_against_pca)
{
    static const char *const codes[] = {"topk 8 k=2", "binary", "vq 4 parts=2"};
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < 3; i++) {
        model_recipe r = plain;
        r.encoder = i == 0 ? "" : "dense 8";
        r.code = codes[i];
        hg_model *m = make_model(ctx, &r);
        hgi_exam e = healthy(m);
        char text[400] = "";
        e.pca_mse = 0.01;
        e.code = 8;
        test_where("%s", codes[i]);
        CHECK_STR(found(&e), "");
        e.still = 3;
        CHECK_STR(found(&e), "constant-units");
        for (int k = 0; hgi_rules[k].name != NULL; k++)
            if (text[0] == '\0') hgi_rules[k].look(&e, text, sizeof text);
        CHECK((strstr(text, "auxk") != NULL) == (i == 0));
        hg_model_free(&m);
    }
    test_where(NULL);
}

/* What is set already is no advice. */
TEST(the_doctor_names_what_is_not_yet_set_against_dead_units)
{
    static const struct {
        const char *code, *decoder, *says;
    } rows[] = {
        {"topk 8 k=2", "dense 4", "set auxk 0.03125, and dead-after"},
        {"topk 8 k=2 no-mirror auxk=1", "dense 4", "leave no-mirror out"},
        {"batchtopk 8 k=2 auxk=1", "dense 4", "a smaller dead-after or a larger auxk"},
        {"topk 8 k=2", "dense 9 relu; dense 4", "make k larger or the code smaller"},
    };
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        model_recipe r = {.input = {1, {4, 0, 0}},
                          .encoder = "",
                          .code = rows[i].code,
                          .decoder = rows[i].decoder};
        hg_model *m = make_model(ctx, &r);
        hgi_exam e = healthy(m);
        char text[400] = "";
        e.code = 8;
        e.still = 3;
        for (int k = 0; hgi_rules[k].name != NULL; k++)
            if (text[0] == '\0') hgi_rules[k].look(&e, text, sizeof text);
        test_where("row %d: %s", i, text);
        CHECK(strstr(text, rows[i].says) != NULL);
        hg_model_free(&m);
    }
    test_where(NULL);
}

TEST(the_doctor_knows_what_an_output_activation_can_reach)
{
    static const struct {
        const char *line, *finds;
        double low, high;
    } cases[] = {
        {"dense 4 sigmoid", "output-range", -1, 1},
        {"dense 4 sigmoid", "", 0, 1},
        {"dense 4 tanh", "output-range", -2, 1},
        {"dense 4 tanh", "", -1, 1},
        {"dense 4 relu", "output-range", -1, 5},
        {"dense 4 relu", "", 0, 50},
        {"dense 4", "", -100, 100},
    };
    hg_ctx *ctx = test_ctx();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        model_recipe r = plain;
        r.decoder = cases[i].line;
        hg_model *m = make_model(ctx, &r);
        hgi_exam e = healthy(m);
        e.low = cases[i].low;
        e.high = cases[i].high;
        test_where("%s, %g to %g", cases[i].line, e.low, e.high);
        CHECK_STR(found(&e), cases[i].finds);
        hg_model_free(&m);
    }
    test_where(NULL);
}

/* A history of n epochs: loss falls by a tenth each, val_loss as given. */
static hg_model *with_history(hg_ctx *ctx, const double *valid, int64_t n)
{
    hg_model *m = make_model(ctx, &plain);
    double loss = 1;
    for (int64_t i = 0; i < n; i++, loss *= 0.9)
        CHECK_OK(ctx, hgi_model_add_epoch(ctx, m,
                                          &(hg_epoch){.size = sizeof(hg_epoch),
                                                      .epoch = i + 1,
                                                      .loss = loss,
                                                      .val_loss = valid[i]}));
    return m;
}

TEST(the_doctor_reads_the_history)
{
    static const double rising[] = {1, .8, .6, .5, .52, .55, .6, .62, .65, .7},
                        falling[] = {1, .8, .6, .5, .45, .4, .37, .34, .32, .3},
                        flat[] = {1, .8, .6, .5, .45, .42, .41, .403, .4, .4},
                        wild[] = {1, .8, .6, .5, .45, .45, .3, .5, .33, .31};
    hg_ctx *ctx = test_ctx();
    const struct {
        const double *valid;
        const char *finds;
    } cases[] = {{rising, "over-fitting"},
                 {falling, "still-improving"},
                 {flat, ""},
                 {wild, "over-fitting"}}; /* lower than before, not the lowest */
    for (int i = 0; i < 4; i++) {
        hg_model *m = with_history(ctx, cases[i].valid, 10);
        hgi_exam e = healthy(m);
        test_where("case %d", i);
        CHECK_STR(found(&e), cases[i].finds);
        /* The weights of the best epoch were kept: nothing was lost since. */
        m->trained.best_epoch = 4;
        if (i == 0) CHECK_STR(found(&e), "");
        hg_model_free(&m);
    }
    test_where(NULL);
}

/* What a rule says, or "". */
static const char *said(const hgi_exam *e, const char *name)
{
    static char text[400];
    text[0] = '\0';
    for (int i = 0; hgi_rules[i].name != NULL; i++)
        if (strcmp(hgi_rules[i].name, name) == 0) hgi_rules[i].look(e, text, sizeof text);
    return text;
}

/* The same error per value in training, 0.1, in the units of each loss and code. */
TEST(the_doctor_knows_rows_unlike_those_of_training_by_any_loss)
{
    static const struct {
        const char *code, *loss, *decoder;
        double recon, loss_alike, loss_unlike, floor;
    } cases[] = {{"plain", "mse", "dense 4", .1, .9, 1.1, 0},
                 {"plain", "huber", "dense 4", .1, .9, 1.1, 0},
                 {"plain", "mae", "dense 4", .1, .39, .41, 0},
                 {"plain", "bce", "dense 4 sigmoid", .1, .59, .61, .2},
                 {"variational 2", "mse", "dense 4", .4, .9, 1.1, 0},
                 {"variational 2", "bce", "dense 4 sigmoid", .4, .59, .61, .2},
                 /* sigma 1 is fixed: 0.4 / 2 + 4 * ln(2 pi) / 2 */
                 {"variational 2", "gaussian", "dense 4", .2 + 3.67575, .9, 1.1, 0}};
    hg_ctx *ctx = test_ctx();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        model_recipe r = plain;
        if (cases[i].code[0] == 'v') r.encoder = "dense 4";
        r.code = cases[i].code;
        r.loss = cases[i].loss;
        r.decoder = cases[i].decoder;
        hg_model *m = make_model_of(ctx, &r, 1);
        const hg_epoch h = {.size = sizeof h,
                            .epoch = 1,
                            .loss = cases[i].recon + 9,
                            .recon = cases[i].recon,
                            .penalty = 9,
                            .val_loss = cases[i].recon + 9};
        CHECK_OK(ctx, hgi_model_add_epoch(ctx, m, &h));
        hgi_exam e = healthy(m);
        e.low = 0, e.high = 1;
        test_where("%s, %s", cases[i].code, cases[i].loss);
        e.loss = cases[i].loss_alike;
        e.floor = cases[i].floor;
        CHECK_STR(found(&e), "");
        e.loss = cases[i].loss_unlike;
        e.pca_mse = 0.01;
        e.still = 1;
        e.active = 1;
        CHECK_STR(found(&e), "unlike-training");
        /* No better than the mean, of a model that had learnt: far less will do. */
        e.mse = 1;
        e.loss = (cases[i].loss_unlike - cases[i].floor) * 0.4 + cases[i].floor;
        CHECK_STR(found(&e), "unlike-training");
        hg_model_free(&m);
    }
    test_where(NULL);
}

/* One that has not learnt yet is as bad in training. */
TEST(the_doctor_advises_a_model_that_has_not_learnt_to_train_longer)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &plain);
    const hg_epoch h = {sizeof h, 1, 1, 1, 0, (double)NAN, 0.1};
    CHECK_OK(ctx, hgi_model_add_epoch(ctx, m, &h));
    hgi_exam e = healthy(m);
    e.mse = e.loss = 1.1;
    CHECK_STR(found(&e), "no-better-than-mean");
    CHECK(strstr(said(&e, "no-better-than-mean"), "train longer") != NULL);
    hg_model_free(&m);
}

TEST(the_doctor_says_nothing_else_of_rows_that_are_all_the_same)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &plain);
    hgi_exam e = healthy(m);
    e.constant = true;
    e.mean_mse = e.mse = 0;
    e.still = 2;
    e.directions = 0;
    CHECK_STR(found(&e), "constant-data");
    hg_model_free(&m);
}

TEST(the_doctor_does_not_advise_more_epochs_where_they_do_not_help)
{
    static const double rising[] = {1, .8, .6, .5, .52, .55, .6, .62, .65, .7},
                        falling[] = {1, .8, .6, .5, .45, .4, .37, .34, .32, .3};
    hg_ctx *ctx = test_ctx();
    for (int stopped = 0; stopped < 2; stopped++) {
        hg_model *m = with_history(ctx, rising, 10);
        hgi_exam e = healthy(m);
        if (stopped) m->trained.best_epoch = 4;
        e.pca_mse = 0.01;
        CHECK_STR(found(&e), stopped ? "pca-is-better" : "pca-is-better over-fitting");
        CHECK(strstr(said(&e, "pca-is-better"), "train longer") == NULL);
        e.mse = 1;
        CHECK(strstr(said(&e, "no-better-than-mean"), "train longer") == NULL);
        hg_model_free(&m);
    }
    hg_model *m = with_history(ctx, falling, 5);
    hgi_exam e = healthy(m);
    e.pca_mse = 0.01;
    CHECK(strstr(said(&e, "pca-is-better"), "train longer") != NULL);
    CHECK(strstr(said(&e, "still-improving"), "in the last epoch)") != NULL);
    hg_model_free(&m);
    m = with_history(ctx, falling, 10);
    e = healthy(m);
    CHECK(strstr(said(&e, "still-improving"), "in the last 2 epochs)") != NULL);
    hg_model_free(&m);
}

TEST(the_doctor_names_beta_as_what_a_variational_code_pays)
{
    hg_ctx *ctx = test_ctx();
    model_recipe r = plain;
    r.encoder = "dense 4";
    for (int i = 0; i < 2; i++) {
        r.code = i == 0 ? "variational 2" : "variational 2 beta=50 capacity=5";
        hg_model *m = make_model(ctx, &r);
        hgi_exam e = healthy(m);
        e.pca_mse = 0.01;
        CHECK(strstr(said(&e, "pca-is-better"), "lower beta") != NULL);
        CHECK((strstr(said(&e, "pca-is-better"), "capacity") != NULL) == (i == 1));
        CHECK(strstr(said(&e, "pca-is-better"), "hidden layer") == NULL);
        e.mse = 1;
        CHECK(strstr(said(&e, "no-better-than-mean"), "lower beta") != NULL);
        hg_model_free(&m);
    }
}

TEST(the_doctor_finds_latents_that_carry_nothing)
{
    hg_ctx *ctx = test_ctx();
    model_recipe r = plain;
    r.encoder = "dense 4";
    r.code = "variational 2";
    hg_model *m = make_model(ctx, &r);
    hgi_exam e = healthy(m);
    e.active = 1;
    CHECK_STR(found(&e), "collapsed-latents");
    hg_model_free(&m);
}

/* The identity, and a code value whose weights are 0. */
TEST(the_doctor_measures_what_it_says)
{
    enum { N = 50, D = 4 };
    hg_ctx *ctx = test_ctx();
    model_recipe r = plain;
    r.encoder = "dense 5 nobias";
    r.decoder = "dense 4 nobias";
    hg_model *m = make_model(ctx, &r);
    const hgi_tensor *we = m->net.layer[0].tensor, *wd = m->net.layer[2].tensor;
    memset(m->theta, 0, (size_t)m->net.params * sizeof *m->theta);
    for (int i = 0; i < D; i++) {
        m->theta[we->offset + i * D + i] = 1;
        m->theta[wd->offset + i * 5 + i] = 1;
    }
    float *x = random_floats(5, (int64_t)N * D, -1, 1);
    hg_dataset *d = rows_of(ctx, x, N, D);
    hg_doctor *doctor;
    hg_fact f;
    CHECK_OK(ctx, hg_doctor_new(ctx, m, d, NULL, &doctor));
    CHECK(hg_doctor_at(doctor, 0, &f));
    CHECK_STR(f.name, "identity");
    CHECK(hg_doctor_at(doctor, 1, &f));
    CHECK_STR(f.name, "constant-units");
    CHECK(strstr(f.value, "1 of 5") != NULL);
    CHECK(!hg_doctor_at(doctor, 2, &f));
    hg_doctor_free(&doctor);
    CHECK_FAILS(ctx, hg_doctor_new(ctx, NULL, d, NULL, &doctor), HG_EINVAL, "a model");
    for (int64_t n = 0;; n++) {
        test_fail_alloc(n);
        hg_status status = hg_doctor_new(ctx, m, d, d, &doctor);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (failed) CHECK_INT(status, HG_ENOMEM);
        hg_doctor_free(&doctor);
        if (!failed) break;
    }
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(x);
}

/* A model that lost a component which PCA keeps: by training rows and by halves. */
TEST(the_doctor_holds_a_model_against_pca)
{
    enum { N = 60, D = 4 };
    hg_ctx *ctx = test_ctx();
    model_recipe r = plain;
    r.encoder = "dense 2 nobias";
    r.decoder = "dense 4 nobias";
    hg_model *m = make_model(ctx, &r);
    memset(m->theta, 0, (size_t)m->net.params * sizeof *m->theta);
    /* Rows lie in the plane of the first two features; the model keeps the first. */
    m->theta[m->net.layer[0].tensor->offset] = 1;
    m->theta[m->net.layer[2].tensor->offset] = 1;
    float *x = random_floats(6, (int64_t)N * D, -1, 1);
    for (int i = 0; i < N * D; i++)
        if (i % D > 1) x[i] = 0;
    hg_dataset *d = rows_of(ctx, x, N, D);
    for (int given = 0; given < 2; given++) {
        hg_doctor *doctor;
        hg_fact f = {"", ""};
        CHECK_OK(ctx, hg_doctor_new(ctx, m, d, given ? d : NULL, &doctor));
        CHECK(hg_doctor_at(doctor, 0, &f));
        CHECK_STR(f.name, "pca-is-better");
        CHECK_INT(strstr(f.value, "half of these rows") == NULL, given);
        /* It is the number that stands in the table of measures, to the digit. */
        hg_evaluate_options o = {.size = sizeof o, .pca = 1, .train = given ? d : NULL};
        hg_metrics *metrics;
        char number[64];
        CHECK_OK(ctx, hg_evaluate_with(ctx, m, d, &o, &metrics));
        snprintf(number, sizeof number, "error %.4g against %.4g",
                 hg_metrics_get(hg_metrics_pca(metrics), "mse"),
                 hg_metrics_get(metrics, "mse"));
        CHECK(strstr(f.value, number) != NULL);
        hg_metrics_free(&metrics);
        hg_doctor_free(&doctor);
    }
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(x);
}
