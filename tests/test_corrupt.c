// SPDX-License-Identifier: MIT
/* Corruptions: what a chain says, what it does to rows, and that training and validation
 * take their losses against the clean rows.                                            */
#include "test_models.h"

#include "data/corrupt.h"
#include "train/trainer.h"

#include <math.h>

enum { ROWS = 90, D = 300 };

static hgi_corrupt chain(hg_ctx *ctx, const char *text)
{
    hgi_corrupt c = {.span = {0, 1}};
    CHECK_OK(ctx, hgi_corrupt_parse(ctx, text, &c));
    return c;
}

TEST(a_chain_is_read_and_printed_in_one_form)
{
    static const char *const rows[][2] = {
        {"none", "none"},
        {"gaussian:0.50", "gaussian:0.5"},
        {"gaussian:2e-1+mask:0.1", "gaussian:0.2+mask:0.1"},
        {"salt-pepper:1", "salt-pepper:1"},
    };
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < (int)HGI_COUNT(rows); i++) {
        hgi_corrupt c = chain(ctx, rows[i][0]);
        hgi_text t;
        hgi_text_init(&t, &ctx->mem);
        hgi_corrupt_print(&c, &t);
        CHECK_STR(t.s, rows[i][1]);
        hgi_text_free(&t);
    }
}

TEST(a_broken_chain_is_refused_with_what_is_wrong)
{
    static const struct {
        const char *text;
        hg_status status;
        const char *says;
    } rows[] = {
        {"", HG_EINVAL, "nothing on one side"},
        {"+mask:0.1", HG_EINVAL, "nothing on one side"},
        {"gaussian", HG_EINVAL, "gaussian has no amount, expected as in gaussian:0.5"},
        {"gaussian:", HG_EINVAL, "gaussian: '' is not a number"},
        {"gaussian:0", HG_ERANGE, "gaussian: 0, expected above 0, at most 1000"},
        {"gaussian:nan", HG_ERANGE, "gaussian: nan"},
        {"mask:1.01", HG_ERANGE, "mask: 1.01, expected above 0, at most 1"},
        {"mask:-0.1", HG_ERANGE, "mask: -0.1"},
        {"salt_pepper:0.1", HG_EUNKNOWN, "did you mean 'salt-pepper'?"},
        {"x:1", HG_EUNKNOWN, "'x'; there are gaussian, mask, salt-pepper"},
        {"mask:.1+mask:.1+mask:.1+mask:.1+mask:.1+mask:.1+mask:.1+mask:.1+mask:.1",
         HG_ERANGE, "more than 8"},
    };
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < (int)HGI_COUNT(rows); i++) {
        hgi_corrupt c;
        CHECK_FAILS(ctx, hgi_corrupt_parse(ctx, rows[i].text, &c), rows[i].status,
                    rows[i].says);
    }
}

/* ---- rows -------------------------------------------------------------------------- */

static hgi_real *clean_rows(void)
{
    uint64_t seed = 81;
    hgi_real *x = calloc(ROWS * D, sizeof *x);
    for (int i = 0; i < ROWS * D; i++) x[i] = (hgi_real)test_uniform(&seed, 0.1, 0.9);
    return x;
}

static hgi_real *corrupted(const hgi_corrupt *c, const hgi_kernels *k, bool held,
                           int64_t epoch, const hgi_real *clean)
{
    hgi_rng rng = hgi_corrupt_rng(c, 7, held, epoch);
    hgi_real *x = calloc(ROWS * D, sizeof *x);
    hgi_corrupt_rows(c, k, &rng, NULL, 0, ROWS, D, clean, x);
    return x;
}

static bool same(const hgi_real *a, const hgi_real *b, int64_t n)
{
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

TEST(a_row_is_corrupted_the_same_wherever_it_stands_in_a_batch)
{
    static const char *const chains[] = {"gaussian:0.5", "mask:0.3", "salt-pepper:0.2",
                                         "gaussian:0.2+mask:0.1"};
    hg_ctx *ctx = test_ctx();
    hgi_real *clean = clean_rows();
    for (int i = 0; i < 4; i++) {
        hgi_corrupt c = chain(ctx, chains[i]);
        hgi_real *want = corrupted(&c, ctx->kernels, false, 3, clean), got[2 * D];
        hgi_rng rng = hgi_corrupt_rng(&c, 7, false, 3);
        test_where("%s", chains[i]);
        CHECK(!same(want, clean, D));
        const int64_t index[] = {41, 5};
        memcpy(got, clean + 41 * D, D * sizeof *got);
        memcpy(got + D, clean + 5 * D, D * sizeof *got);
        hgi_corrupt_rows(&c, ctx->kernels, &rng, index, 0, 2, D, got, got);
        CHECK(same(got, want + 41 * D, D) && same(got + D, want + 5 * D, D));
        hgi_corrupt_rows(&c, ctx->kernels, &rng, NULL, 88, 2, D, clean + 88 * D, got);
        CHECK(same(got, want + 88 * D, 2 * D));
        free(want);
    }
    free(clean);
}

TEST(noise_is_fresh_in_each_epoch_or_once_and_apart_from_that_of_held_rows)
{
    hg_ctx *ctx = test_ctx();
    hgi_corrupt c = chain(ctx, "gaussian:0.5");
    hgi_real *clean = clean_rows();
    hgi_real *e0 = corrupted(&c, ctx->kernels, false, 0, clean),
             *e1 = corrupted(&c, ctx->kernels, false, 1, clean),
             *held = corrupted(&c, ctx->kernels, true, 0, clean);
    CHECK(!same(e0, e1, D) && !same(e0, held, D));
    c.once = true;
    hgi_real *once = corrupted(&c, ctx->kernels, false, 5, clean);
    CHECK(same(once, e0, ROWS * D));
    hgi_real *const all[] = {clean, e0, e1, held, once};
    for (int i = 0; i < 5; i++) free(all[i]);
}

/* Two of the same kind in a chain draw different numbers, or the second did nothing. */
TEST(each_place_of_a_chain_has_its_own_numbers)
{
    hg_ctx *ctx = test_ctx();
    hgi_corrupt c = chain(ctx, "mask:0.5+mask:0.5");
    hgi_real *clean = clean_rows();
    hgi_real *x = corrupted(&c, ctx->kernels, false, 0, clean);
    double zeros = 0, n = ROWS * D;
    for (int i = 0; i < ROWS * D; i++) zeros += x[i] <= 0;
    /* Five standard deviations of a share of 3/4. */
    CHECK_NEAR(zeros / n, 0.75, 5 * sqrt(0.75 * 0.25 / n));
    free(x);
    free(clean);
}

TEST(shares_are_kept_and_the_other_values_stay)
{
    hg_ctx *ctx = test_ctx();
    hgi_real *clean = clean_rows();
    for (int kind = 0; kind < 2; kind++) {
        hgi_corrupt c = chain(ctx, kind == 0 ? "mask:0.3" : "salt-pepper:0.3");
        c.span = kind == 0 ? (hgi_span){0, 1} : (hgi_span){-2, 3};
        hgi_real *x = corrupted(&c, ctx->kernels, false, 0, clean);
        double low = 0, high = 0, kept = 0, n = ROWS * D, p = kind == 0 ? 0.3 : 0.15;
        for (int i = 0; i < ROWS * D; i++) {
            low += (double)x[i] <= c.span.lo;
            high += (double)x[i] >= c.span.hi;
            kept += same(x + i, clean + i, 1);
        }
        CHECK_INT(low + high + kept, n);
        CHECK_NEAR(low / n, p, 5 * sqrt(p * (1 - p) / n));
        CHECK_NEAR(high / n, kind == 0 ? 0 : p, 5 * sqrt(p * (1 - p) / n));
        free(x);
    }
    hgi_corrupt all = chain(ctx, "mask:1");
    hgi_real *x = corrupted(&all, ctx->kernels, false, 0, clean);
    for (int i = 0; i < ROWS * D; i++) CHECK(!(x[i] > 0));
    free(x);
    free(clean);
}

TEST(noise_is_clipped_where_the_data_lie_in_0_to_1_and_nowhere_else)
{
    hg_ctx *ctx = test_ctx();
    hgi_corrupt c = chain(ctx, "gaussian:0.5");
    hgi_real *clean = clean_rows();
    for (int unit = 0; unit < 2; unit++) {
        c.span = unit ? (hgi_span){0, 1} : (hgi_span){-3, 4};
        hgi_real *x = corrupted(&c, ctx->kernels, false, 0, clean);
        int outside = 0;
        for (int i = 0; i < ROWS * D; i++) outside += x[i] < 0 || x[i] > 1;
        CHECK(unit ? outside == 0 : outside > ROWS * D / 10);
        free(x);
    }
    free(clean);
}

/* Which values are replaced is equal on every instruction set.                         */
TEST(masks_are_those_of_ref_on_every_instruction_set)
{
    hg_ctx *ctx = test_ctx();
    hgi_corrupt c = chain(ctx, "mask:0.3+salt-pepper:0.2");
    hgi_real *clean = clean_rows();
    const hgi_kernels *k;
    hgi_real *want = corrupted(&c, hgi_kernels_at(0), false, 1, clean);
    for (int i = 1; (k = hgi_kernels_at(i)) != NULL; i++) {
        hgi_real *got = corrupted(&c, k, false, 1, clean);
        CHECK(same(got, want, ROWS * D));
        free(got);
    }
    free(want);
    free(clean);
}

/* ---- training ---------------------------------------------------------------------- */

static hg_config *denoising(hg_ctx *ctx, const char *corrupt)
{
    static const char *const settings[] = {"code", "4",    "batch-size", "32", "epochs",
                                           "1",    "loss", "bce",        NULL};
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
    CHECK_OK(ctx, hg_config_set(c, "corrupt", corrupt));
    return c;
}

TEST(the_net_sees_corrupted_rows_and_the_loss_is_against_the_clean_ones)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(82, ROWS * D, 0.1, 0.9);
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    hg_config *cfg = denoising(ctx, "gaussian:0.5");
    hgi_trainer t;
    CHECK_OK(ctx, hgi_setup(ctx, cfg, d, d, &t));
    t.apart = true; /* what the step saw is still there after it */
    CHECK_OK(ctx, hgi_trainer_new(&t));
    for (int64_t i = 0; i < ROWS; i++) t.order[i] = (i * 7) % ROWS;
    CHECK(hgi_step_run(&t, 32, 32));
    hgi_rng rng = hgi_corrupt_rng(t.corrupt, t.m->trained.seed, false, 0);
    const hgi_slot *out = &t.w.pass.slot[t.m->net.count - 1];
    double loss = 0;
    for (int64_t i = 0; i < 32; i++) {
        int64_t row = t.order[32 + i];
        const hgi_real *clean = x + row * D;
        hgi_real noisy[D];
        double row_loss;
        hgi_corrupt_rows(t.corrupt, ctx->kernels, &rng, &row, 0, 1, D, clean, noisy);
        CHECK(same(t.w.input + i * D, noisy, D));
        CHECK(!same(noisy, clean, D));
        ctx->kernels->loss(HGI_LOSS_BCE_LOGITS, 1, 1, 1, D, out->y + i * D, D, clean, D,
                           NULL, D, &row_loss);
        loss += row_loss / D;
    }
    /* The same kernel on the same numbers; only the division stands elsewhere. */
    CHECK_NEAR(t.at.recon, loss, 1e-12 * loss);
    hgi_trainer_free(&t);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
    free(x);
}

/* With all values masked the net sees zeros alone: its output is one row for all, and the
 * validation loss is that row's against the clean ones, not against the zeros.         */
TEST(the_validation_loss_is_against_the_clean_rows_too)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(83, ROWS * D, 0.1, 0.9);
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    hg_config *cfg = denoising(ctx, "mask:1");
    hgi_trainer t;
    double recon, penalty, want = 0;
    CHECK_OK(ctx, hgi_setup(ctx, cfg, d, d, &t));
    CHECK_OK(ctx, hgi_trainer_new(&t));
    fill_weights(t.m, 84);
    hgi_validate(&t, &recon, &penalty);
    float zeros[D] = {0}, y[D];
    CHECK_OK(ctx, hg_reconstruct(ctx, t.m, zeros, 1, y));
    for (int i = 0; i < ROWS * D; i++) {
        double p = (double)y[i % D], v = (double)x[i];
        want -= v * log(p) + (1 - v) * log1p(-p);
    }
    /* Predictions are floats: 6e-8 of p, a few times as much of its logarithm. */
    CHECK_NEAR(recon, want / ((double)ROWS * D), 1e-6);
    hgi_trainer_free(&t);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
    free(x);
}

/* ---- measuring ----------------------------------------------------------------------- */

TEST(evaluating_corrupted_rows_gives_the_validation_loss)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(86, ROWS * D, 0.1, 0.9);
    hg_dataset *d = rows_of(ctx, x, ROWS, D), *noisy;
    hg_config *cfg = denoising(ctx, "gaussian:0.3+mask:0.1");
    hg_model *m;
    hg_metrics *pair, *plain;
    hg_epoch e = {.size = sizeof e};
    CHECK_OK(ctx, hg_train(ctx, cfg, d, d, NULL, &m));
    CHECK(hg_model_history(m, 0, &e));
    CHECK_OK(ctx, hg_corrupt_dataset(ctx, m, d, NULL, &noisy));
    CHECK_OK(ctx, hg_evaluate_pair(ctx, m, noisy, d, &pair));
    /* Scale none: the noisy rows come back as they were, but for the division by n d. */
    CHECK_NEAR(hg_metrics_get(pair, "loss"), e.val_loss, 1e-12);
    float *z = malloc(ROWS * D * sizeof *z);
    CHECK_OK(ctx, hg_dataset_read(ctx, noisy, 0, ROWS, z));
    double square = 0, n = (double)ROWS * D;
    for (int i = 0; i < ROWS * D; i++)
        square += ((double)z[i] - (double)x[i]) * ((double)z[i] - (double)x[i]);
    CHECK_NEAR(hg_metrics_get(pair, "input_mse"), square / n, 1e-12);
    CHECK_NEAR(hg_metrics_get(pair, "input_psnr"), -10 * log10(square / n), 1e-9);
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &plain));
    CHECK(isnan(hg_metrics_get(plain, "input_mse")));
    free(z);
    hg_metrics_free(&pair);
    hg_metrics_free(&plain);
    hg_dataset_free(&noisy);
    hg_model_free(&m);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
    free(x);
}

TEST(corrupting_rows_asks_for_what_it_lacks)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(87, ROWS * D, -2, 3);
    hg_dataset *d = rows_of(ctx, x, ROWS, D), *few = rows_of(ctx, x, ROWS - 1, D), *out;
    hg_metrics *metrics;
    model_recipe r = {.input = {1, {D}}, .encoder = "dense 3", .decoder = "dense input"};
    hg_model *m = make_model(ctx, &r);
    CHECK_FAILS(ctx, hg_corrupt_dataset(ctx, m, d, NULL, &out), HG_EINVAL,
                "trained without corruption");
    CHECK_FAILS(ctx, hg_corrupt_dataset(ctx, m, d, "blurr:1", &out), HG_EUNKNOWN,
                "'blurr'");
    CHECK(out == NULL);
    CHECK_FAILS(ctx, hg_evaluate_pair(ctx, m, d, few, &metrics), HG_ESHAPE,
                "memory: 89 rows, but memory has 90");
    /* The lowest and highest of these rows, as the model knows no others. */
    CHECK_OK(ctx, hg_corrupt_dataset(ctx, m, d, "salt-pepper:1", &out));
    CHECK_NEAR(out->min, d->min, 1e-6);
    CHECK_NEAR(out->max, d->max, 1e-6);
    hg_dataset_free(&out);
    hg_dataset_free(&few);
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(x);
}

/* ---- the model file ------------------------------------------------------------------ */

TEST(a_denoising_model_remembers_its_corruption)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(85, ROWS * D, -3, 5);
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    hg_config *cfg = denoising(ctx, "gaussian:0.25+salt-pepper:0.1");
    hg_model *m, *back;
    char path[TEST_PATH];
    CHECK_OK(ctx, hg_config_set(cfg, "loss", "mse"));
    CHECK_OK(ctx, hg_config_set(cfg, "scale", "none"));
    CHECK_OK(ctx, hg_config_set(cfg, "redraw", "once"));
    CHECK_OK(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m));
    CHECK(strstr(m->text, "corrupt: gaussian:0.25+salt-pepper:0.1\nredraw: once\n") !=
          NULL);
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &back));
    const hgi_corrupt *a = &m->spec.corrupt, *b = &back->spec.corrupt;
    CHECK_STR(back->text, m->text);
    CHECK(b->once && b->count == 2 && a->item[1].kind == b->item[1].kind);
    CHECK_NEAR(b->item[0].amount, 0.25, 0);
    CHECK_NEAR(b->span.lo, d->min, 0);
    CHECK_NEAR(b->span.hi, d->max, 0);
    hg_model_free(&m);
    hg_model_free(&back);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
    free(x);
}
