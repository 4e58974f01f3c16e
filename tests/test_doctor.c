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
        hg_doctor_free(&doctor);
    }
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(x);
}
