// SPDX-License-Identifier: MIT
/* Corruptions of images and of whole rows: blur, patches, row dropout; clean rows mixed in,
 * and what rows that are no images are told.                                           */
#include "test_models.h"

#include "data/corrupt.h"
#include "train/trainer.h"

#include <math.h>

enum { H = 13, W = 9, C = 3, D = H * W * C, ROWS = 400 };

static hgi_corrupt fitted(hg_ctx *ctx, const char *text)
{
    hgi_corrupt c = {.span = {0, 1}};
    CHECK_OK(ctx, hgi_corrupt_parse(ctx, text, &c));
    CHECK_OK(ctx, hgi_corrupt_fit(ctx, &c, 3, (int64_t[]){H, W, C}));
    return c;
}

/* Of one row; may be corrupted in place.                                               */
static void corrupt_row(const hgi_corrupt *c, const hgi_kernels *k, int64_t row,
                        const hgi_real *x, hgi_real *y)
{
    hgi_rng rng = hgi_corrupt_rng(c, 7, false, 2);
    hgi_corrupt_rows(c, k, &rng, &row, 0, 1, D, x, y);
}

static void random_row(uint64_t seed, hgi_real *x)
{
    for (int i = 0; i < D; i++) x[i] = (hgi_real)test_uniform(&seed, 0.1, 0.9);
}

static int64_t inside(int64_t i, int64_t n) { return i < 0 ? 0 : i >= n ? n - 1 : i; }

/* The double sum of the definition, for the value at (p, q, j).                        */
static double blurred(const hgi_real *x, int64_t reach, double sigma, int64_t p,
                      int64_t q, int64_t j)
{
    double sum = 0, all = 0;
    for (int64_t a = -reach; a <= reach; a++)
        for (int64_t b = -reach; b <= reach; b++) {
            double g = exp(-(double)(a * a + b * b) / (2 * sigma * sigma));
            sum += g * (double)x[(inside(p + a, H) * W + inside(q + b, W)) * C + j];
            all += g;
        }
    return sum / all;
}

TEST(blur_is_the_gaussian_sum_of_each_channel_with_the_border_repeated)
{
    static const struct {
        const char *text;
        int64_t reach;
        double sigma;
    } rows[] = {{"blur:3:0.7", 1, 0.7}, {"blur:5", 2, 1.1}, {"blur:31:6", 15, 6}};
    hg_ctx *ctx = test_ctx();
    hgi_real x[D], y[D];
    random_row(5, x);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        hgi_corrupt c = fitted(ctx, rows[i].text);
        corrupt_row(&c, ctx->kernels, 0, x, y);
        double worst = 0;
        for (int64_t at = 0; at < D; at++) {
            double want =
                blurred(x, rows[i].reach, rows[i].sigma, at / C / W, at / C % W, at % C);
            worst = fmax(worst, fabs((double)y[at] - want));
        }
        /* Two sums of at most 31 floats below 1, each off by half a unit of 6e-8 a term. */
        CHECK_NEAR(worst, 0, 4e-6);
        corrupt_row(&c, ctx->kernels, 0, x, x); /* in place, the same */
        CHECK(memcmp(x, y, sizeof x) == 0);
        random_row(5, x);
    }
}

/* Lines longer than a piece of the loop, through the public shape of a row.            */
TEST(blur_keeps_a_constant_image_and_long_lines_whole)
{
    enum { LONG = 700 };
    hg_ctx *ctx = test_ctx();
    hgi_corrupt c = {.span = {0, 1}};
    static hgi_real x[2 * LONG], y[2 * LONG];
    CHECK_OK(ctx, hgi_corrupt_parse(ctx, "blur:9:2", &c));
    CHECK_OK(ctx, hgi_corrupt_fit(ctx, &c, 2, (int64_t[]){2, LONG}));
    for (int i = 0; i < 2 * LONG; i++) x[i] = 1;
    hgi_rng rng = hgi_corrupt_rng(&c, 7, false, 0);
    hgi_corrupt_rows(&c, ctx->kernels, &rng, NULL, 0, 1, 2 * LONG, x, y);
    for (int i = 0; i < 2 * LONG; i++) {
        CHECK(y[i] <= 1);
        CHECK_NEAR((double)y[i], 1, 1e-6); /* rounding of the weights */
    }
    /* A ramp stays a ramp away from its ends: the weights are symmetric. */
    for (int i = 0; i < LONG; i++) x[i] = x[LONG + i] = (hgi_real)i / LONG;
    hgi_corrupt_rows(&c, ctx->kernels, &rng, NULL, 0, 1, 2 * LONG, x, y);
    for (int i = 4; i < LONG - 4; i++) CHECK_NEAR((double)y[i], (double)x[i], 1e-6);
}

/* ---- patches ----------------------------------------------------------------------- */

typedef struct box {
    int64_t top, left, bottom, right, changed;
} box;

/* Where a row differs from its clean one, in pixels.                                   */
static box changes(const hgi_real *x, const hgi_real *y)
{
    box b = {H, W, -1, -1, 0};
    for (int64_t p = 0; p < H; p++)
        for (int64_t q = 0; q < W; q++) {
            const hgi_real *from = x + (p * W + q) * C, *to = y + (p * W + q) * C;
            if (memcmp(from, to, C * sizeof *to) == 0) continue;
            b.top = hgi_min(b.top, p);
            b.left = hgi_min(b.left, q);
            b.bottom = hgi_max(b.bottom, p);
            b.right = hgi_max(b.right, q);
            b.changed++;
        }
    return b;
}

TEST(a_patch_is_one_full_rectangle_that_comes_to_every_place)
{
    static const struct {
        const char *text;
        int64_t h, w;
    } rows[] = {{"patch:4", 4, 4},
                {"patch:2x7:mean", 2, 7},
                {"patch:0.25:noise", 7, 5}, /* half of 13 and of 9, rounded */
                {"patch:13x9", 13, 9},
                {"patch:1e-9", 1, 1}};
    hg_ctx *ctx = test_ctx();
    hgi_real x[D], y[D];
    random_row(6, x);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        hgi_corrupt c = fitted(ctx, rows[i].text);
        int64_t least[2] = {H, W}, most[2] = {0, 0};
        test_where("%s", rows[i].text);
        for (int64_t r = 0; r < ROWS; r++) {
            corrupt_row(&c, ctx->kernels, r, x, y);
            box b = changes(x, y);
            CHECK_INT(b.changed, rows[i].h * rows[i].w);
            CHECK_INT(b.bottom - b.top + 1, rows[i].h);
            CHECK_INT(b.right - b.left + 1, rows[i].w);
            least[0] = hgi_min(least[0], b.top);
            least[1] = hgi_min(least[1], b.left);
            most[0] = hgi_max(most[0], b.bottom);
            most[1] = hgi_max(most[1], b.right);
        }
        /* 400 draws of at most 13 places: one is missed once in 10^13. */
        CHECK_INT(least[0] + least[1], 0);
        CHECK_INT(most[0], H - 1);
        CHECK_INT(most[1], W - 1);
    }
}

TEST(a_patch_holds_zeros_the_channels_means_or_noise_of_the_whole_range)
{
    hg_ctx *ctx = test_ctx();
    hgi_real x[D], y[D];
    random_row(8, x);
    hgi_corrupt zero = fitted(ctx, "patch:13x9:zero"),
                mean = fitted(ctx, "patch:13x9:mean"),
                noise = fitted(ctx, "patch:13x9:noise");
    corrupt_row(&zero, ctx->kernels, 0, x, y);
    for (int i = 0; i < D; i++) CHECK_NEAR((double)y[i], 0, 0);
    corrupt_row(&mean, ctx->kernels, 0, x, y);
    for (int j = 0; j < C; j++) {
        double sum = 0;
        for (int i = j; i < D; i += C) sum += (double)x[i];
        for (int i = j; i < D; i += C) CHECK_NEAR((double)y[i], sum / (H * W), 1e-7);
    }
    double sum = 0, square = 0;
    noise.span = (hgi_span){-2, 4};
    corrupt_row(&noise, ctx->kernels, 0, x, y);
    for (int i = 0; i < D; i++) {
        CHECK((double)y[i] >= -2 && (double)y[i] < 4);
        sum += (double)y[i];
        square += (double)y[i] * (double)y[i];
    }
    /* Uniform on 6: mean 1, variance 3; five standard errors of 351 values. */
    CHECK_NEAR(sum / D, 1, 5 * sqrt(3.0 / D));
    CHECK_NEAR(square / D - sum / D * sum / D, 3, 5 * sqrt(0.8 * 9.0 / D));
}

/* ---- whole rows -------------------------------------------------------------------- */

TEST(a_share_of_the_rows_is_dropped_or_left_clean)
{
    hg_ctx *ctx = test_ctx();
    hgi_real x[D], y[D];
    int64_t empty = 0, whole = 0;
    random_row(9, x);
    hgi_corrupt drop = fitted(ctx, "drop:0.3"), clean = fitted(ctx, "gaussian:0.1");
    clean.clean = 0.2;
    for (int64_t r = 0; r < ROWS; r++) {
        corrupt_row(&drop, ctx->kernels, r, x, y);
        int zeros = 0;
        for (int i = 0; i < D; i++) zeros += !(y[i] > 0);
        CHECK(zeros == 0 ? memcmp(x, y, sizeof x) == 0 : zeros == D);
        empty += zeros == D;
        corrupt_row(&clean, ctx->kernels, r, x, y);
        whole += memcmp(x, y, sizeof x) == 0;
    }
    /* Five standard deviations. */
    CHECK_NEAR((double)empty / ROWS, 0.3, 5 * sqrt(0.3 * 0.7 / ROWS));
    CHECK_NEAR((double)whole / ROWS, 0.2, 5 * sqrt(0.2 * 0.8 / ROWS));
}

TEST(rows_held_apart_are_all_corrupted_whatever_share_is_kept_clean)
{
    hg_ctx *ctx = test_ctx();
    hgi_real x[D], y[D];
    random_row(10, x);
    hgi_corrupt c = fitted(ctx, "gaussian:0.1");
    c.clean = 0.9;
    hgi_rng held = hgi_corrupt_rng(&c, 7, true, 0);
    for (int64_t r = 0; r < ROWS; r++) {
        hgi_corrupt_rows(&c, ctx->kernels, &held, &r, 0, 1, D, x, y);
        CHECK(memcmp(x, y, sizeof x) != 0);
    }
}

TEST(images_are_corrupted_to_the_same_bits_on_every_instruction_set)
{
    hg_ctx *ctx = test_ctx();
    hgi_corrupt c = fitted(ctx, "blur:5+patch:4:noise+drop:0.2+patch:0.1:mean");
    hgi_real x[D], want[D], got[D];
    const hgi_kernels *k;
    c.clean = 0.1;
    random_row(11, x);
    for (int i = 1; (k = hgi_kernels_at(i)) != NULL; i++)
        for (int64_t r = 0; r < 50; r++) {
            corrupt_row(&c, hgi_kernels_at(0), r, x, want);
            corrupt_row(&c, k, r, x, got);
            CHECK(memcmp(want, got, sizeof got) == 0);
        }
}

/* ---- words ------------------------------------------------------------------------- */

TEST(chains_of_image_corruptions_are_read_printed_and_refused)
{
    static const char *const good[][2] = {
        {"blur:5", "blur:5:1.1"},
        {"blur:7:0.50", "blur:7:0.5"},
        {"patch:8", "patch:8"},
        {"patch:8x4:zero+drop:.1", "patch:8x4+drop:0.1"},
        {"patch:0.250:noise", "patch:0.25:noise"},
    };
    static const struct {
        const char *text;
        hg_status status;
        const char *says;
    } bad[] = {
        {"blur", HG_EINVAL, "blur has no amount, expected as in blur:5"},
        {"blur:4", HG_ERANGE, "a size of 4, expected an odd number of pixels from 3 on"},
        {"blur:1", HG_ERANGE, "a size of 1, expected an odd"},
        {"blur:33", HG_ERANGE, "blur: 33, expected above 0, at most 31"},
        {"blur:5:", HG_EINVAL, "blur: '' is not a number"},
        {"blur:5:0", HG_ERANGE, "blur: 0, expected above 0, at most 100"},
        {"patch:1.5", HG_ERANGE, "'1.5', expected a side in pixels (8), two (8x4)"},
        {"patch:0.5x4", HG_ERANGE, "'0.5x4', expected a side in pixels"},
        {"patch:8x", HG_EINVAL, "patch: '' is not a number"},
        {"patch:8:median", HG_EUNKNOWN, "filled with 'median', expected zero, mean or"},
        {"drop:2", HG_ERANGE, "drop: 2, expected above 0, at most 1"},
    };
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < HGI_COUNT(good); i++) {
        hgi_corrupt c = {.span = {0, 1}};
        hgi_text t;
        hgi_text_init(&t, &ctx->mem);
        CHECK_OK(ctx, hgi_corrupt_parse(ctx, good[i][0], &c));
        hgi_corrupt_print(&c, &t);
        CHECK_STR(t.s, good[i][1]);
        hgi_text_free(&t);
    }
    for (int i = 0; i < HGI_COUNT(bad); i++) {
        hgi_corrupt c;
        CHECK_FAILS(ctx, hgi_corrupt_parse(ctx, bad[i].text, &c), bad[i].status,
                    bad[i].says);
    }
}

static hg_config *settings(hg_ctx *ctx, const char *corrupt)
{
    static const char *const rows[] = {"code", "4",     "batch-size", "32", "epochs",
                                       "1",    "scale", "unit",       NULL};
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; rows[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, rows[i], rows[i + 1]));
    CHECK_OK(ctx, hg_config_set(c, "corrupt", corrupt));
    return c;
}

TEST(rows_that_are_no_images_or_too_small_are_told_so)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(12, 20 * 30, 0, 255);
    hg_dataset *d = rows_of(ctx, x, 20, 30);
    hg_config *blur = settings(ctx, "blur:3"), *patch = settings(ctx, "patch:8");
    hg_model *m;
    CHECK_FAILS(ctx, hg_train(ctx, blur, d, NULL, NULL, &m), HG_ESHAPE,
                "blur needs rows that are images, but these are lists of 30 values: set "
                "shape, as in 28x28");
    CHECK_OK(ctx, hg_config_set(blur, "shape", "5x6"));
    CHECK_OK(ctx, hg_train(ctx, blur, d, NULL, NULL, &m));
    hg_model_free(&m);
    CHECK_OK(ctx, hg_config_set(patch, "shape", "10x3"));
    CHECK_FAILS(ctx, hg_train(ctx, patch, d, NULL, NULL, &m), HG_ERANGE,
                "patch: 8x8 does not fit into the rows' 10x3");
    hg_config_free(&blur);
    hg_config_free(&patch);
    hg_dataset_free(&d);
    free(x);
}

/* Rows of bytes and of floats with the same values are scaled to the same rows, and so
 * corrupted to the same; a model file says what it was trained with.                   */
TEST(bytes_and_floats_train_to_the_same_model_and_the_file_keeps_its_corruption)
{
    enum { N = 60, SIDE = 6, F = SIDE * SIDE };
    hg_ctx *ctx = test_ctx();
    uint8_t bytes[N * F];
    float floats[N * F];
    uint64_t seed = 4;
    for (int i = 0; i < N * F; i++)
        floats[i] = bytes[i] = (uint8_t)test_uniform(&seed, 0, 255);
    hg_model *m[2], *back;
    hg_config *cfg = settings(ctx, "blur:3+patch:2:noise");
    CHECK_OK(ctx, hg_config_set(cfg, "keep-clean", "0.25"));
    for (int i = 0; i < 2; i++) {
        hg_dataset *d;
        hg_view v = {.size = sizeof v,
                     .data = i == 0 ? (const void *)bytes : floats,
                     .type = i == 0 ? HG_U8 : HG_F32,
                     .rows = N,
                     .rank = 2,
                     .shape = {SIDE, SIDE}};
        CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
        CHECK_OK(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m[i]));
        hg_dataset_free(&d);
    }
    CHECK(memcmp(m[0]->theta, m[1]->theta,
                 (size_t)m[0]->net.params * sizeof *m[0]->theta) == 0);
    CHECK(strstr(m[0]->text, "corrupt: blur:3:0.8+patch:2:noise\nredraw: epoch\n"
                             "keep-clean: 0.25\n") != NULL);
    char path[TEST_PATH];
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m[0], path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &back));
    CHECK_STR(back->text, m[0]->text);
    CHECK_NEAR(back->spec.corrupt.clean, 0.25, 0);
    CHECK_INT(back->spec.corrupt.image.h * 100 + back->spec.corrupt.image.w, 606);
    hg_model_free(&back);
    hg_model_free(&m[0]);
    hg_model_free(&m[1]);
    hg_config_free(&cfg);
}
