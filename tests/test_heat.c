// SPDX-License-Identifier: MIT
/* Heat maps: what is called an anomaly is seen, in dark pictures and in bright ones, and
 * however far out another picture of the run is. */
#include "test.h"

#include "apply/heat_paint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- colours ------------------------------------------------------------------------- */

static double apart(const float a[3], const float b[3])
{
    double sum = 0;
    for (int k = 0; k < 3; k++)
        sum += ((double)a[k] - (double)b[k]) * ((double)a[k] - (double)b[k]);
    return sqrt(sum);
}

TEST(a_value_above_the_threshold_stands_out_from_grey_of_any_brightness)
{
    static const float scales[] = {2.5f, 4, 1e3f, 1e9f};
    for (int s = 0; s < 4; s++)
        for (int grey = 0; grey < 256; grey += 15) {
            /* Nothing, just below, just above, far above. */
            const float map[4] = {0, 1.99f, 2.01f, scales[s]};
            const float g[4] = {(float)grey, (float)grey, (float)grey, (float)grey};
            float rgb[4][3];
            const hgi_heat_paint h = {.height = 1,
                                      .width = 4,
                                      .map = map,
                                      .grey = g,
                                      .scale = scales[s],
                                      .anchor = 2,
                                      .unit = "of 255",
                                      .plain = true};
            test_where("scale %g, grey %d", (double)scales[s], grey);
            hgi_heat_paint_into(&h, rgb[0]);
            CHECK(apart(rgb[0], rgb[1]) < 80); /* of 442 between black and white */
            CHECK(apart(rgb[1], rgb[2]) > 60);
            CHECK(apart(rgb[0], rgb[2]) > 90);
            CHECK(apart(rgb[0], rgb[3]) > 90);
            /* Grey has no hue; an alarm is red, or yellow. */
            CHECK(fabs((double)rgb[0][0] - (double)rgb[0][2]) < 1);
            CHECK(rgb[2][0] > rgb[2][2] + 60 && rgb[3][0] > rgb[3][2] + 60);
        }
    test_where(NULL);
}

/* Black pixels right of the picture, of all that is written there. */
static int64_t written(const hgi_heat_paint *h)
{
    int64_t size[2], black = 0;
    hgi_heat_size(h, size);
    float *rgb = calloc((size_t)(3 * size[0] * size[1]), sizeof *rgb);
    hgi_heat_paint_into(h, rgb);
    for (int64_t y = 0; y < size[0]; y++)
        for (int64_t x = size[0]; x < size[1]; x++) { /* the picture is a square */
            const float *p = &rgb[3 * (y * size[1] + x)];
            black += p[0] <= 0 && p[1] <= 0 && p[2] <= 0;
        }
    free(rgb);
    return black;
}

TEST(the_threshold_is_marked_beside_the_colours_where_there_is_one)
{
    static const float map[4], grey[4];
    hgi_heat_paint h = {.height = 2,
                        .width = 2,
                        .map = map,
                        .grey = grey,
                        .scale = 10,
                        .anchor = 2.5f,
                        .unit = "x usual"};
    const int64_t without = written(&h);
    h.marked = true;
    /* "alarm", its number and a line: more than a hundred dots of 4 pixels. */
    CHECK(written(&h) > without + 400);
}

/* ---- a run --------------------------------------------------------------------------- */

enum { SIDE = 12, D = SIDE * SIDE };

/* Slopes of grey; picture `odd` has a patch that is brighter by `by`. */
static void write_slopes(hg_ctx *ctx, const char *folder, uint64_t seed, int64_t n,
                         int64_t odd, float by)
{
    char path[TEST_PATH], slash[TEST_PATH + 1];
    hg_dataset *d;
    float *x = calloc((size_t)(n * D), sizeof *x);
    for (int64_t i = 0; i < n; i++) {
        const double a = test_uniform(&seed, 0, 8), b = test_uniform(&seed, 0, 8);
        for (int p = 0; p < D; p++)
            x[i * D + p] = (float)round(20 + a * (p % SIDE) + b * (p / SIDE) +
                                        test_uniform(&seed, -2, 2));
        for (int p = 0; i == odd && p < 9; p++)
            x[i * D + (4 + p / 3) * SIDE + 5 + p % 3] += by;
    }
    const hg_view v = {
        .size = sizeof v, .data = x, .rows = n, .rank = 2, .shape = {SIDE, SIDE}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    test_path(path, folder);
    snprintf(slash, sizeof slash, "%s/", path);
    CHECK_OK(ctx, hg_dataset_save(ctx, d, slash, NULL));
    hg_dataset_free(&d);
    free(x);
}

static hg_dataset *pictures_of(hg_ctx *ctx, const char *folder)
{
    char path[TEST_PATH];
    hg_dataset *d;
    test_path(path, folder);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    return d;
}

static hg_model *train(hg_ctx *ctx, const hg_dataset *data, const char *score)
{
    static const char *const set[] = {"code",   "3",     "activation", "linear", "loss",
                                      "mse",    "scale", "unit",       "lr",     "0.01",
                                      "epochs", "60",    "batch-size", "16"};
    hg_config *cfg;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (int i = 0; i < HGI_COUNT(set); i += 2)
        CHECK_OK(ctx, hg_config_set(cfg, set[i], set[i + 1]));
    CHECK_OK(ctx, hg_config_set(cfg, "score", score));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m));
    hg_config_free(&cfg);
    return m;
}

/* Pixels in the colours of an alarm. */
static int64_t alarming(hg_ctx *ctx, const char *folder, const char *name)
{
    char path[TEST_PATH], file[2 * TEST_PATH];
    hg_dataset *d;
    float x[3 * D];
    int64_t n = 0;
    test_path(path, folder);
    snprintf(file, sizeof file, "%s/%s", path, name);
    CHECK_OK(ctx, hg_dataset_open(ctx, file, NULL, &d));
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, 1, x));
    hg_dataset_free(&d);
    for (int p = 0; p < D; p++) n += x[3 * p] > x[3 * p + 2] + 50;
    return n;
}

TEST(what_is_called_is_seen_however_far_the_scale_goes)
{
    enum { N = 60, T = 20 };
    static const char *const scores[] = {"image", "residual"};
    hg_ctx *ctx = test_ctx();
    hg_fact f;
    for (int i = 0; hg_info(ctx, i, &f); i++)
        if (strcmp(f.name, "libpng") == 0 && strncmp(f.value, "not ", 4) == 0)
            SKIP("built without libpng");
    char path[TEST_PATH];
    write_slopes(ctx, "normal", 1, N, -1, 0);
    write_slopes(ctx, "new", 2, T, 3, 60);
    hg_dataset *data = pictures_of(ctx, "normal"), *new = pictures_of(ctx, "new");
    for (int k = 0; k < 2; k++) {
        test_where("score %s", scores[k]);
        hg_model *m = train(ctx, data, scores[k]);
        double score[T], map[T], threshold = 0, scale;
        hg_rule rule;
        hg_decision decision = {.size = sizeof decision};
        CHECK_OK(ctx, hg_rule_parse(ctx, "false-alarms", "1/10", &rule));
        CHECK_OK(ctx, hg_score_dataset(ctx, m, new, score));
        CHECK_OK(ctx, hg_decide(ctx, m, &rule, score, T, NULL, &decision));
        CHECK(score[3] > decision.threshold);
        /* A hundred times as far as the picture that is called. */
        hg_heatmap_options o = {
            .size = sizeof o, .plain = 1, .rule = &rule, .threshold = &threshold};
        CHECK_OK(ctx, hg_heatmaps(ctx, m, new, NULL, &o, map, &scale));
        o.scale = 100 * map[3];
        test_path(path, scores[k]);
        CHECK_OK(ctx, hg_heatmaps(ctx, m, new, path, &o, map, &scale));
        CHECK_NEAR(scale, 100 * map[3], 1e-9);
        if (k == 0) CHECK_NEAR(threshold, decision.threshold, 1e-12);
        CHECK(threshold > 0 && threshold <= map[3]);
        CHECK(alarming(ctx, scores[k], "000004.png") >= 1);
        /* And of the others about as many as are called. */
        int64_t loud = 0;
        for (int i = 0; i < T; i++) {
            char name[32];
            snprintf(name, sizeof name, "%06d.png", i + 1);
            loud += alarming(ctx, scores[k], name) > 3;
        }
        CHECK(loud <= decision.anomalies + 2);
        /* Where a rule calls nothing nothing is marked. */
        CHECK_OK(ctx, hg_rule_parse(ctx, "threshold", "1e9", &rule));
        CHECK_OK(ctx, hg_heatmaps(ctx, m, new, NULL, &o, NULL, NULL));
        CHECK(k == 0 ? threshold > 9e8 : isnan(threshold));
        hg_model_free(&m);
    }
    test_where(NULL);
    hg_dataset_free(&data);
    hg_dataset_free(&new);
}
