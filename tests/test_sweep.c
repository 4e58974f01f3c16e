// SPDX-License-Identifier: MIT
/* Sweeps: what their settings mean, and that each point is the training it says. */
#include "test_train.h"

#include "apply/sweep.h"

#include <math.h>

/* ---- settings ---------------------------------------------------------------------- */

static void check_values(const char *axis, const char *want)
{
    hg_ctx *ctx = test_ctx();
    hg_sweep *s;
    char got[200] = "";
    test_where("%s", axis);
    CHECK_OK(ctx, hgi_sweep_new(ctx, &axis, 1, &s));
    for (int64_t i = 0; i < s->axis[0].count; i++) {
        size_t n = strlen(got);
        snprintf(got + n, sizeof got - n, "%s%s", i > 0 ? " " : "", s->axis[0].value[i]);
    }
    CHECK_STR(got, want);
    hg_sweep_free(&s);
    test_where(NULL);
}

TEST(values_of_a_sweep_are_lists_and_sequences)
{
    check_values("code=2,4,8", "2 4 8");
    check_values("code=2,4,8,...,128", "2 4 8 16 32 64 128");
    check_values("code=2,4,6,...,11", "2 4 6 8 10 11");
    check_values("code=1,3,...,9", "1 3 9"); /* two numbers: three times as much */
    check_values("code=10,12,...,16", "10 12 14 16");
    check_values("lr=0.1,0.2,0.3,...,0.5", "0.1 0.2 0.3 0.4 0.5");
    check_values("hidden=128,64;32", "128,64 32");
    check_values("hidden=128,64", "128 64");
    check_values("loss=mse", "mse");
}

TEST(malformed_values_of_a_sweep_are_refused)
{
    static const struct {
        const char *axis, *why;
        hg_status status;
    } bad[] = {
        {"code", "expected an option", HG_EINVAL},
        {"=3", "expected an option", HG_EINVAL},
        {"cod=3", "did you mean 'code'", HG_EUNKNOWN},
        {"code=", "expected values", HG_EINVAL},
        {"code=1,,2", "expected values", HG_EINVAL},
        {"code=1,2,...", "expected values", HG_EINVAL},
        {"code=1,2,...,...,8", "expected values", HG_EINVAL},
        {"code=2,...,8", "rising", HG_EINVAL},
        {"code=8,4,...,1", "rising", HG_EINVAL},
        {"loss=mse,mae,...,bce", "rising", HG_EINVAL},
        {"code=1,2,3,...,1000000", "more than", HG_ERANGE},
    };
    hg_ctx *ctx = test_ctx();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        hg_sweep *s;
        test_where("%s", bad[i].axis);
        CHECK_FAILS(ctx, hgi_sweep_new(ctx, &bad[i].axis, 1, &s), bad[i].status,
                    bad[i].why);
        hg_sweep_free(&s);
    }
    test_where(NULL);
}

TEST(an_option_is_swept_once)
{
    hg_ctx *ctx = test_ctx();
    const char *const axes[] = {"code=8", "lr=0.1", "code=4"};
    hg_sweep *s;
    CHECK_FAILS(ctx, hgi_sweep_new(ctx, axes, 3, &s), HG_EINVAL, "code: swept twice");
    hg_sweep_free(&s);
}

/* ---- trainings --------------------------------------------------------------------- */

static hg_sweep *swept(hg_ctx *ctx, const char *const *axes, int64_t n,
                       const hg_sweep_callbacks *callbacks, hg_status want)
{
    hg_dataset *d = view_of(ctx, values(), ROWS), *v = view_of(ctx, values(), 50);
    static const char *const settings[] = {"epochs", "2", NULL};
    hg_config *c = config(ctx, settings);
    hg_sweep *s;
    CHECK_INT(hg_sweep_run(ctx, c, axes, n, d, v, callbacks, &s), want);
    hg_config_free(&c);
    hg_dataset_free(&d);
    hg_dataset_free(&v);
    return s;
}

TEST(a_point_is_the_training_of_its_settings)
{
    hg_ctx *ctx = test_ctx();
    const char *axes[] = {"code=2,5", "lr=0.001,0.01"};
    hg_sweep *s = swept(ctx, axes, 2, NULL, HG_OK);
    hg_sweep_point p = {.size = sizeof p};
    double lowest = HUGE_VAL, best = HUGE_VAL;
    static const char *const names[] = {"code=2 lr=0.001", "code=2 lr=0.01",
                                        "code=5 lr=0.001", "code=5 lr=0.01"};
    for (int64_t i = 0; hg_sweep_at(s, i, &p); i++) {
        CHECK_STR(p.settings, names[i]);
        CHECK_INT(p.points, 4);
        CHECK_INT(p.code, i < 2 ? 2 : 5);
        lowest = fmin(lowest, p.mse);
        if (p.best) best = p.mse;
    }
    CHECK_NEAR(best, lowest, 0);
    CHECK(!hg_sweep_at(s, 4, &p));
    CHECK(hg_sweep_at(s, 3, &p));
    static const char *const alone[] = {"epochs", "2", "code", "5", "lr", "0.01", NULL};
    hg_dataset *d = view_of(ctx, values(), ROWS), *v = view_of(ctx, values(), 50);
    hg_config *c = config(ctx, alone);
    hg_model *m;
    hg_metrics *metrics;
    CHECK_OK(ctx, hg_train(ctx, c, d, v, NULL, &m));
    CHECK_OK(ctx, hg_evaluate(ctx, m, v, &metrics));
    hg_epoch first = {.size = sizeof first}, second = {.size = sizeof second};
    CHECK(hg_model_history(m, 0, &first) && hg_model_history(m, 1, &second));
    CHECK_NEAR(p.late_gain, 1 - second.val_loss / first.val_loss, 1e-12);
    CHECK_NEAR(p.mse, hg_metrics_get(metrics, "mse"), 0);
    CHECK_INT(p.parameters, m->net.params);
    hg_metrics_free(&metrics);
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&d);
    hg_dataset_free(&v);
    hg_sweep_free(&s);
}

typedef struct memory {
    hg_sweep_point made[4];
    int64_t n, trained;
} memory;

static int remember(void *user, const hg_sweep_point *p, const hg_model *model)
{
    memory *m = user;
    CHECK(model != NULL);
    if (m->n < 4) m->made[m->n++] = *p;
    m->trained++;
    return 0;
}

static int recall(void *user, hg_sweep_point *p)
{
    const memory *m = user;
    for (int64_t i = 0; i < m->n; i++)
        if (m->made[i].key == p->key) {
            p->mse = m->made[i].mse;
            return 1;
        }
    return 0;
}

/* What was made before is not made again, and only what is the same to the last option. */
TEST(a_training_that_is_known_is_not_made_again)
{
    hg_ctx *ctx = test_ctx();
    memory m = {.n = 0};
    hg_sweep_callbacks cb = {sizeof cb, remember, &m, NULL, recall};
    const char *two[] = {"code=2,5"}, *three[] = {"code=2,3,5"},
               *other[] = {"code=2,5", "lr=0.01"};
    hg_sweep_point p = {.size = sizeof p};
    hg_sweep *s = swept(ctx, two, 1, &cb, HG_OK);
    CHECK_INT(m.trained, 2);
    CHECK(m.made[0].key != m.made[1].key);
    hg_sweep_free(&s);
    s = swept(ctx, three, 1, &cb, HG_OK);
    CHECK_INT(m.trained, 3);
    CHECK(hg_sweep_at(s, 2, &p));
    CHECK_NEAR(p.mse, m.made[1].mse, 0);
    CHECK_INT(p.code, 5);
    CHECK(isfinite(p.pca_mse));
    hg_sweep_free(&s);
    s = swept(ctx, other, 2, &cb, HG_OK);
    CHECK_INT(m.trained, 5);
    hg_sweep_free(&s);
}

/* One fit at the largest code serves the smaller ones: the same as a fit at each. */
TEST(the_pca_of_each_point_is_that_of_its_code_size)
{
    hg_ctx *ctx = test_ctx();
    const char *axes[] = {"code=1,3,7"};
    hg_sweep *s = swept(ctx, axes, 1, NULL, HG_OK);
    hg_sweep_point p = {.size = sizeof p};
    hg_dataset *d = view_of(ctx, values(), ROWS), *v = view_of(ctx, values(), 50);
    for (int64_t i = 0; hg_sweep_at(s, i, &p); i++) {
        char code[24];
        snprintf(code, sizeof code, "%d", (int)p.code);
        const char *const settings[] = {"code", code, NULL};
        hg_config *c = config(ctx, settings);
        hg_model *m;
        hg_metrics *metrics;
        CHECK_OK(ctx, hg_pca(ctx, c, d, NULL, &m));
        CHECK_OK(ctx, hg_evaluate(ctx, m, v, &metrics));
        /* Weights as floats in one, scores of them in the other: 2^-24 of values near 1,
         * squared errors down to 1e-13. */
        CHECK_NEAR(p.pca_mse, hg_metrics_get(metrics, "mse"), 1e-8);
        hg_metrics_free(&metrics);
        hg_model_free(&m);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
    hg_dataset_free(&v);
    hg_sweep_free(&s);
}

static int stop_after_two(void *user, const hg_sweep_point *p, const hg_model *m)
{
    (void)user;
    CHECK(m != NULL);
    return p->index == 1;
}

TEST(a_stopped_sweep_keeps_its_points)
{
    hg_ctx *ctx = test_ctx();
    const char *axes[] = {"code=1,2,3"};
    hg_sweep_callbacks cb = {.size = sizeof cb, .on_point = stop_after_two};
    hg_sweep *s = swept(ctx, axes, 1, &cb, HG_ECANCELED);
    hg_sweep_point p = {.size = sizeof p};
    CHECK(hg_sweep_at(s, 1, &p));
    CHECK(!hg_sweep_at(s, 2, &p));
    hg_sweep_free(&s);
}

TEST(a_training_that_diverges_is_a_point_with_a_note)
{
    hg_ctx *ctx = test_ctx();
    /* Steps of 1000 times a gradient under mse grow without end. */
    const char *axes[] = {"lr=1000,0.01", "optimizer=sgd", "loss=mse",
                          "output-activation=linear"};
    hg_sweep *s = swept(ctx, axes, 4, NULL, HG_OK);
    hg_sweep_point p = {.size = sizeof p};
    CHECK(hg_sweep_at(s, 0, &p));
    CHECK(p.note != NULL && isnan(p.mse) && !p.best);
    CHECK(hg_sweep_at(s, 1, &p));
    CHECK(p.note == NULL && isfinite(p.mse) && p.best);
    hg_sweep_free(&s);
}

TEST(a_combination_that_cannot_be_is_found_before_the_first_training)
{
    hg_ctx *ctx = test_ctx();
    const char *axes[] = {"code=3,4", "code-kind=plain,topk k=9"};
    hg_sweep_callbacks cb = {.size = sizeof cb, .on_point = stop_after_two};
    hg_dataset *d = view_of(ctx, values(), ROWS);
    hg_config *c = config(ctx, NULL);
    hg_sweep *s;
    CHECK_FAILS(ctx, hg_sweep_run(ctx, c, axes, 2, d, NULL, &cb, &s), HG_ERANGE,
                "code=3 code-kind=topk k=9");
    CHECK(s == NULL);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(a_sweep_without_memory_fails_whole)
{
    hg_ctx *ctx = context(1);
    const char *axes[] = {"code=1,2"};
    hg_dataset *d = view_of(ctx, values(), 20);
    static const char *const settings[] = {"epochs", "1", NULL};
    hg_config *c = config(ctx, settings);
    /* Every third: a run has some 500 allocations, each tried out by tests of its own. */
    for (int64_t n = 0;; n += 3) {
        hg_sweep *s;
        test_fail_alloc(n);
        hg_status status = hg_sweep_run(ctx, c, axes, 1, d, NULL, NULL, &s);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (failed) CHECK_INT(status, HG_ENOMEM);
        if (failed) CHECK(s == NULL);
        hg_sweep_free(&s);
        if (!failed) break;
    }
    hg_config_free(&c);
    hg_dataset_free(&d);
}
