// SPDX-License-Identifier: MIT
/* hg_bench: every layer has a time and a share of a limit, whatever it is made of; wrong
 * options are refused, nothing leaks.  How large a share is belongs to no test. */
#include "test_models.h"

#include <math.h>

static const model_recipe mixed = {
    {2, {8, 8, 0}},
    "reshape 8x8x1; conv 4 3x3 relu; batchnorm; maxpool 2; flatten; dense 20 gelu",
    "variational 3",
    "dense 20 relu; dense 20; residual 1; dropout 0.1; dense 64 sigmoid",
    "bce",
    HGI_SCALE_NONE,
};
static const model_recipe listed = {{1, {20, 0, 0}}, "dense 30 relu", "topk 50 k=5",
                                    "dense 20",      "mse",           HGI_SCALE_NONE};

static void check_bench(hg_ctx *ctx, const model_recipe *r, int train)
{
    hg_model *m = make_model(ctx, r);
    hgi_real *before = malloc((size_t)(m->net.params + m->net.states) * sizeof *before);
    memcpy(before, m->theta, (size_t)m->net.params * sizeof *before);
    memcpy(before + m->net.params, m->state, (size_t)m->net.states * sizeof *before);
    hg_bench_options o = {.size = sizeof o, .rows = 37, .train = train};
    hg_bench_machine machine = {.size = sizeof machine};
    hg_bench_layer l = {.size = sizeof l};
    hg_bench *b;
    int n = 0;
    CHECK_OK(ctx, hg_bench_new(ctx, m, &o, &b));
    CHECK_INT(hg_bench_get_machine(b, &machine), HG_OK);
    CHECK(machine.gflops > 0 && machine.near_gbytes > 0 && machine.memory_gbytes > 0);
    CHECK(machine.clock > 0.1 && machine.clock < 10);
    CHECK_INT(machine.rows, 37);
    for (; hg_bench_at(b, n, &l); n++) {
        test_where("%s, training %d", l.line, train);
        CHECK_STR(l.line, m->line[n]);
        CHECK(l.forward > 0 && l.forward < 10);
        CHECK(train ? l.backward > 0 && l.backward < 10 : isnan(l.backward));
        CHECK(l.fraction >= 0 && isfinite(l.gflops) && isfinite(l.gbytes));
    }
    test_where(NULL);
    CHECK_INT(n, m->net.count);
    CHECK(!hg_bench_at(b, -1, &l));
    /* The model is only read. */
    CHECK(memcmp(before, m->theta, (size_t)m->net.params * sizeof *before) == 0);
    CHECK(memcmp(before + m->net.params, m->state,
                 (size_t)m->net.states * sizeof *before) == 0);
    hg_bench_free(&b);
    hg_model_free(&m);
    free(before);
}

TEST(each_layer_is_timed_forward_and_backward)
{
    for (int train = 0; train < 2; train++) {
        check_bench(context_of(2), &mixed, train);
        check_bench(context_of(1), &listed, train);
    }
}

TEST(a_bench_refuses_what_makes_no_sense)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &listed);
    hg_bench_options o = {0};
    hg_bench_layer l = {0};
    hg_bench *b;
    CHECK_FAILS(ctx, hg_bench_new(ctx, m, &o, &b), HG_EINVAL, "size");
    o.size = sizeof o;
    CHECK_FAILS(ctx, hg_bench_new(ctx, NULL, &o, &b), HG_EINVAL, "model");
    o.rows = -1;
    CHECK_FAILS(ctx, hg_bench_new(ctx, m, &o, &b), HG_ERANGE, "-1 rows");
    o.rows = 8;
    o.precision = "f16";
    CHECK_FAILS(ctx, hg_bench_new(ctx, m, &o, &b), HG_EUNKNOWN, "f32 or bf16");
    o.precision = NULL;
    ctx->memory_limit = 10;
    CHECK_FAILS(ctx, hg_bench_new(ctx, m, &o, &b), HG_ENOMEM, "activations");
    ctx->memory_limit = 0;
    CHECK(b == NULL);
    CHECK(!hg_bench_at(NULL, 0, &l));
    CHECK_INT(hg_bench_get_machine(NULL, NULL), HG_EINVAL);
    for (int64_t n = 0;; n++) {
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status status = hg_bench_new(ctx, m, &o, &b);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (!failed) break;
        CHECK_INT(status, HG_ENOMEM);
        CHECK(b == NULL && test_alloc_bytes() - held < 1 << 20); /* the team stays */
    }
    hg_bench_free(&b);
    hg_bench_free(NULL);
    hg_model_free(&m);
}
