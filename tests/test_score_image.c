// SPDX-License-Identifier: MIT
/* The score of images: what it finds, where it is refused, that it is the same everywhere;
 * and that a detector of tiles decides about pictures. */
#include "test_models.h"

#include "apply/score_image.h"
#include "apply/score_pictures.h"

#include <math.h>
#include <sys/stat.h>

enum { H = 12, W = 12, D = H * W };

/* A bright square somewhere on a dark ground, each side of 4 to 7; the last `odd` images
 * have a faint dot on the ground. */
static float *images_with(uint64_t seed, int64_t n, int64_t odd)
{
    float *x = calloc((size_t)(n * D), sizeof *x);
    for (int64_t i = 0; i < n; i++) {
        float *image = x + i * D;
        int top = (int)test_uniform(&seed, 0, 5.99),
            left = (int)test_uniform(&seed, 0, 5.99);
        int high = (int)test_uniform(&seed, 4, 6.99),
            wide = (int)test_uniform(&seed, 4, 6.99);
        for (int p = 0; p < D; p++) {
            bool in = p / W >= top && p / W < top + high && p % W >= left &&
                      p % W < left + wide;
            image[p] = (float)(in ? 0.9 : 0.1) + (float)test_uniform(&seed, -0.03, 0.03);
        }
        if (i < n - odd) continue;
        /* As far from the square as the image allows. */
        int y = top + high / 2 < H / 2 ? H - 2 : 1,
            z = left + wide / 2 < W / 2 ? W - 2 : 1;
        image[y * W + z] += 0.35f;
    }
    return x;
}

static hg_dataset *images_of(hg_ctx *ctx, const float *x, int64_t n)
{
    hg_dataset *d;
    const hg_view v = {.size = sizeof v,
                       .data = x,
                       .type = HG_F32,
                       .rows = n,
                       .rank = 2,
                       .shape = {H, W}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    return d;
}

static hg_config *config_with(hg_ctx *ctx, const char *key, const char *value)
{
    static const char *const pairs[][2] = {{"hidden", "32"}, {"code", "8"},
                                           {"epochs", "15"}, {"lr", "0.005"},
                                           {"seed", "3"},    {"score", "image"}};
    hg_config *cfg;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (int i = 0; i < HGI_COUNT(pairs); i++)
        CHECK_OK(ctx, hg_config_set(cfg, pairs[i][0], pairs[i][1]));
    CHECK_OK(ctx, hg_config_set(cfg, key, value));
    return cfg;
}

static hg_model *train_on(hg_ctx *ctx, const hg_dataset *data, const char *key,
                          const char *value)
{
    hg_config *cfg = config_with(ctx, key, value);
    hg_model *m;
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m));
    hg_config_free(&cfg);
    return m;
}

static double auc_of(const double *score, int64_t normal, int64_t odd)
{
    double pairs = 0;
    for (int64_t i = 0; i < normal; i++)
        for (int64_t j = normal; j < normal + odd; j++) pairs += score[j] > score[i];
    return pairs / (double)(normal * odd);
}

TEST(a_faint_dot_is_found_beside_edges_that_no_net_gets_right)
{
    enum { N = 800, T = 400 };
    hg_ctx *ctx = test_ctx();
    float *x = images_with(1, N, 0), *y = images_with(2, T, T / 2);
    hg_dataset *data = images_of(ctx, x, N), *test = images_of(ctx, y, T);
    double score[T], auc[2];
    for (int k = 0; k < 2; k++) {
        hg_model *m = train_on(ctx, data, "score", k == 0 ? "residual" : "image");
        CHECK_OK(ctx, hg_score_dataset(ctx, m, test, score));
        auc[k] = auc_of(score, T / 2, T / 2);
        hg_model_free(&m);
    }
    /* A chance of 1/2 has a standard error of 0.03 here. */
    CHECK(auc[1] > 0.8);
    CHECK(auc[1] > auc[0] + 0.1);
    hg_dataset_free(&data);
    hg_dataset_free(&test);
    free(x);
    free(y);
}

TEST(an_image_has_one_score_in_a_dataset_in_a_session_and_after_loading)
{
    enum { N = 150 };
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    float *x = images_with(5, N, 10);
    hg_dataset *data = images_of(ctx, x, N);
    for (int nets = 1; nets <= 2; nets++) {
        double a[N], b[N], c[N];
        hg_model *back, *m = train_on(ctx, data, "ensemble", nets == 1 ? "1" : "2");
        hg_session *s;
        test_where("%d nets", nets);
        test_path(path, "m.safetensors");
        CHECK_OK(ctx, hg_score_dataset(ctx, m, data, a));
        CHECK_OK(ctx, hg_model_save(ctx, m, path));
        CHECK_OK(ctx, hg_model_load(ctx, path, &back));
        CHECK_OK(ctx, hg_score(ctx, back, x, N, b));
        CHECK_OK(ctx, hg_session_new(ctx, back, NULL, &s));
        for (int i = 0; i < N; i++)
            CHECK_INT(hg_session_score(s, x + i * D, 1, &c[i]), HG_OK);
        CHECK(memcmp(a, b, sizeof a) == 0 && memcmp(a, c, sizeof a) == 0);
        hg_session_free(&s);
        hg_model_free(&back);
        hg_model_free(&m);
    }
    test_where(NULL);
    hg_dataset_free(&data);
    free(x);
}

TEST(values_beyond_all_measure_have_the_highest_score_of_images)
{
    hg_ctx *ctx = test_ctx();
    float *x = images_with(7, 60, 0), y[D];
    hg_dataset *data = images_of(ctx, x, 60);
    hg_model *m = train_on(ctx, data, "scale", "standard");
    double usual[60], score;
    CHECK_OK(ctx, hg_score(ctx, m, x, 60, usual));
    for (int i = 0; i < D; i++) y[i] = i % 3 == 0 ? 3e38f : -3e38f;
    CHECK_OK(ctx, hg_score(ctx, m, y, 1, &score));
    for (int i = 0; i < 60; i++) CHECK(score > 10 * usual[i]);
    CHECK(score <= HGI_SCORE_MOST);
    hg_model_free(&m);
    hg_dataset_free(&data);
    free(x);
}

TEST(rows_that_are_no_images_are_refused_before_training)
{
    hg_ctx *ctx = test_ctx();
    float *x = images_with(9, 40, 0);
    hg_dataset *rows = rows_of(ctx, x, 40, D), *images = images_of(ctx, x, 40), *windows;
    hg_config *cfg = config_with(ctx, "epochs", "1");
    hg_model *m;
    CHECK_FAILS(ctx, hg_detector_train(ctx, cfg, rows, NULL, NULL, NULL, &m), HG_EINVAL,
                "score image is of images, these are rows without a height and width");
    CHECK(m == NULL);
    const hg_window_options w = {.size = sizeof w, .window = 4, .stride = 1};
    CHECK_OK(ctx, hg_dataset_windows(ctx, rows, &w, &windows));
    CHECK_FAILS(ctx, hg_detector_train(ctx, cfg, windows, NULL, NULL, NULL, &m),
                HG_EINVAL, "these are windows of a series");
    CHECK_OK(ctx, hg_train(ctx, cfg, rows, NULL, NULL, &m));
    CHECK_FAILS(ctx, hg_detector_fit(ctx, m, rows, rows, "image"), HG_EINVAL,
                "of images");
    hg_model_free(&m);
    CHECK_OK(ctx, hg_train(ctx, cfg, images, NULL, NULL, &m));
    CHECK_OK(ctx, hg_detector_fit(ctx, m, images, images, "image"));
    hg_model_free(&m);
    hg_config_free(&cfg);
    hg_dataset_free(&windows);
    hg_dataset_free(&rows);
    hg_dataset_free(&images);
    free(x);
}

TEST(what_is_usual_in_a_file_is_checked)
{
    hg_ctx *ctx = test_ctx();
    float *x = images_with(11, 40, 0);
    hg_dataset *data = images_of(ctx, x, 40);
    hg_model *m = train_on(ctx, data, "epochs", "1");
    hgi_score_state *s = &m->detector.state[0];
    double score;
    static const int places[] = {0, 3};
    for (int i = 0; i < 2; i++) {
        double *v = s->tensor[1].v, was = v[places[i]];
        CHECK_STR(s->tensor[1].name, "usual");
        v[places[i]] = i == 0 ? 0 : -1;
        CHECK_FAILS(ctx, hg_score(ctx, m, x, 1, &score), HG_EFORMAT, "usual");
        v[places[i]] = was;
    }
    s->tensor[0].v[5] = -1;
    CHECK_FAILS(ctx, hg_score(ctx, m, x, 1, &score), HG_EFORMAT, "mean cost");
    s->tensor[0].v[5] = 1;
    s->tensor[0].dim[0]--;
    CHECK_FAILS(ctx, hg_score(ctx, m, x, 1, &score), HG_EFORMAT, "each pixel");
    s->tensor[0].dim[0]++;
    hg_model_free(&m);
    hg_dataset_free(&data);
    free(x);
}

/* The definition, in the plainest words. */
TEST(a_map_is_smoothed_and_its_largest_hundredth_counts)
{
    enum { SIDE = 30 };
    static double map[SIDE * SIDE], line[SIDE], some[SIDE], sorted[SIDE * SIDE];
    uint64_t seed = 3;
    const hgi_image_map m = hgi_image_map_of(SIDE, SIDE);
    CHECK_INT(m.top, 9);
    for (int i = 0; i < SIDE * SIDE; i++) sorted[i] = map[i] = test_uniform(&seed, 0, 1);
    for (int i = 0; i < 9; i++)
        for (int k = i + 1; k < SIDE * SIDE; k++)
            if (sorted[k] > sorted[i]) {
                double t = sorted[i];
                sorted[i] = sorted[k];
                sorted[k] = t;
            }
    double mean = 0;
    for (int i = 0; i < 9; i++) mean += sorted[i] / 9;
    CHECK_NEAR(hgi_image_top(&m, map, some), mean, 1e-12);
    for (int i = 0; i < SIDE * SIDE; i++) map[i] = 2;
    hgi_image_smooth(&m, map, line);
    for (int i = 0; i < SIDE * SIDE; i++) CHECK_NEAR(map[i], 2, 1e-12); /* to the edges */
    for (int i = 0; i < SIDE * SIDE; i++) map[i] = i == 15 * SIDE + 15;
    hgi_image_smooth(&m, map, line);
    /* exp(-(1 + 4) / (2 s^2)) apart, s = 30 / 56 */
    CHECK_NEAR(map[16 * SIDE + 17] / map[15 * SIDE + 15],
               exp(-5.0 / 2 / (30.0 / 56) / (30.0 / 56)), 1e-9);
}

/* ---- tiles ------------------------------------------------------------------------- */

static void need_png(const hg_ctx *ctx)
{
    hg_fact f;
    for (int i = 0; hg_info(ctx, i, &f); i++)
        if (strcmp(f.name, "libpng") == 0 && strncmp(f.value, "not ", 4) == 0)
            SKIP("built without libpng");
}

/* n pictures of 12x12 in a folder. */
static void write_pictures(hg_ctx *ctx, const char *folder, uint64_t seed, int64_t n,
                           int64_t odd)
{
    char path[TEST_PATH], slash[TEST_PATH + 1];
    float *x = images_with(seed, n, odd);
    hg_dataset *d = images_of(ctx, x, n);
    for (int64_t i = 0; i < n * D; i++) x[i] = fminf(fmaxf(x[i], 0), 1);
    hg_dataset_free(&d);
    d = images_of(ctx, x, n);
    test_path(path, folder);
    snprintf(slash, sizeof slash, "%s/", path);
    CHECK_OK(ctx, hg_dataset_save(ctx, d, slash, NULL));
    hg_dataset_free(&d);
    free(x);
}

static hg_dataset *tiles_of(hg_ctx *ctx, const char *folder)
{
    char path[TEST_PATH];
    hg_dataset *d;
    const hg_data_options o = {.size = sizeof o, .tile = "6x6", .stride = "3"};
    test_path(path, folder);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    return d;
}

TEST(a_detector_of_tiles_is_calibrated_by_whole_pictures_and_decides_about_them)
{
    enum { N = 40, TILES = 9 };
    hg_ctx *ctx = test_ctx();
    need_png(ctx);
    write_pictures(ctx, "normal", 21, N, 0);
    write_pictures(ctx, "new", 22, N, N / 2);
    hg_dataset *train = tiles_of(ctx, "normal"), *test = tiles_of(ctx, "new");
    hg_model *m = train_on(ctx, train, "calibrate", "0.25");
    hg_detector_info info = {.size = sizeof info};
    CHECK_OK(ctx, hg_detector_get_info(ctx, m, &info));
    CHECK_INT(info.calibration_rows, N / 4);
    CHECK_INT(m->trained.rows, (N - N / 4) * TILES); /* no picture on both sides */
    double score[N * TILES], picture[N * TILES];
    int64_t first[N * TILES];
    CHECK_OK(ctx, hg_score_dataset(ctx, m, test, score));
    CHECK_INT(hg_picture_scores(m, test, score, picture, first), N);
    for (int i = 0; i < N; i++) {
        double most = 0;
        for (int t = 0; t < TILES; t++) most = fmax(most, score[i * TILES + t]);
        CHECK(first[i] == i * TILES && picture[i] >= most && picture[i] <= most);
    }
    int64_t top, left;
    CHECK(hg_dataset_row_place(test, TILES + 5, &top, &left) && top == 3 && left == 6);
    /* A model that is not of tiles is about rows. */
    hg_model *whole = NULL;
    float *x = images_with(1, 20, 0);
    hg_dataset *images = images_of(ctx, x, 20);
    whole = train_on(ctx, images, "epochs", "1");
    CHECK_INT(hg_picture_scores(whole, images, score, picture, NULL), 20);
    CHECK(!hg_dataset_row_place(images, 0, &top, &left));
    CHECK_INT(hg_picture_scores(m, NULL, score, picture, NULL), 0);
    hg_model_free(&whole);
    hg_dataset_free(&images);
    hg_dataset_free(&test);
    hg_dataset_free(&train);
    hg_model_free(&m);
    free(x);
}

/* Lines of a file, the first of which names the columns. */
static char *scored(hg_ctx *ctx, const hg_model *m, const char *folder,
                    hg_score_file_options o, int64_t *rows, hg_decision *d)
{
    char in[TEST_PATH], out[TEST_PATH];
    size_t n;
    const hg_data_options input = {.size = sizeof input,
                                   .pictures = hg_model_pictures(m)};
    o.size = sizeof o;
    test_path(in, folder);
    test_path(out, "scores.csv");
    CHECK_OK(ctx, hg_score_file(ctx, m, in, &input, out, &o, rows, d));
    char *text = test_read(out, &n);
    return text;
}

TEST(a_file_of_scores_says_which_picture_and_which_tile)
{
    enum { N = 40, TILES = 9 };
    hg_ctx *ctx = test_ctx();
    need_png(ctx);
    write_pictures(ctx, "normal", 21, N, 0);
    write_pictures(ctx, "a, b", 22, 3, 1);
    hg_dataset *train = tiles_of(ctx, "normal");
    hg_model *m = train_on(ctx, train, "calibrate", "0.25");
    hg_rule rule = {sizeof rule, "quantile", 0.5};
    hg_decision d = {.size = sizeof d};
    hg_drift drift = {.size = sizeof drift};
    int64_t rows;
    char *text =
        scored(ctx, m, "a, b", (hg_score_file_options){.rule = &rule, .drift = &drift},
               &rows, &d);
    CHECK_INT(rows, 3);
    CHECK_INT(drift.rows, 3); /* not 27: tiles of one picture are no new evidence */
    CHECK(strncmp(text, "file,score\n000001.png,", 22) == 0);
    free(text);
    text = scored(ctx, m, "a, b",
                  (hg_score_file_options){
                      .rule = &rule, .tiles = 1, .score = 1, .p_value = 1, .anomaly = 1},
                  &rows, &d);
    CHECK_INT(rows, 3 * TILES);
    CHECK(strncmp(text, "file,top,left,score,p_value,anomaly\n000001.png,0,0,", 51) == 0);
    CHECK(strstr(text, "\n000001.png,0,3,") != NULL);
    CHECK(strstr(text, "\n000003.png,6,6,") != NULL);
    free(text);
    /* A name that CSV needs quotes for. */
    char from[TEST_PATH], to[TEST_PATH];
    test_path(from, "a, b/000001.png");
    test_path(to, "a, b/x, \"y\"\nz.png");
    CHECK_INT(rename(from, to), 0);
    text = scored(ctx, m, "a, b", (hg_score_file_options){.score = 1}, &rows, &d);
    CHECK(strstr(text, "\n\"x, \"\"y\"\"\nz.png\",") != NULL);
    free(text);
    hg_dataset_free(&train);
    hg_model_free(&m);
}

TEST(tiles_of_one_picture_cannot_calibrate)
{
    hg_ctx *ctx = test_ctx();
    need_png(ctx);
    write_pictures(ctx, "one", 21, 1, 0);
    hg_dataset *train = tiles_of(ctx, "one");
    hg_config *cfg = config_with(ctx, "epochs", "1");
    hg_model *m;
    CHECK_FAILS(ctx, hg_detector_train(ctx, cfg, train, NULL, NULL, NULL, &m), HG_ERANGE,
                "tiles of one picture, and whole pictures are held apart");
    hg_config_free(&cfg);
    hg_dataset_free(&train);
}

TEST(a_heat_map_of_the_score_image_has_that_score)
{
    enum { N = 30, TILES = 9 };
    hg_ctx *ctx = test_ctx();
    need_png(ctx);
    write_pictures(ctx, "normal", 21, N, 0);
    hg_dataset *train = tiles_of(ctx, "normal");
    hg_model *m = train_on(ctx, train, "ensemble", "2");
    double score[N * TILES], picture[N * TILES], map[N * TILES], scale, threshold;
    const hg_heatmap_options o = {.size = sizeof o, .threshold = &threshold};
    hg_decision decision = {.size = sizeof decision};
    CHECK_OK(ctx, hg_score_dataset(ctx, m, train, score));
    CHECK_INT(hg_picture_scores(m, train, score, picture, NULL), N);
    CHECK_OK(ctx, hg_heatmaps(ctx, m, train, NULL, &o, map, &scale));
    CHECK_OK(ctx, hg_decide(ctx, m, NULL, NULL, 0, NULL, &decision));
    double most = 0;
    for (int i = 0; i < N; i++) {
        CHECK(picture[i] >= map[i * TILES] && picture[i] <= map[i * TILES]);
        most = fmax(most, picture[i]);
    }
    CHECK_NEAR(threshold, decision.threshold, 1e-12);
    CHECK_NEAR(scale, fmax(most, 2 * threshold), 1e-12);
    hg_dataset_free(&train);
    hg_model_free(&m);
}

TEST(out_of_memory_anywhere_in_scores_of_pictures_leaks_nothing)
{
    hg_ctx *ctx = test_ctx();
    need_png(ctx);
    char in[TEST_PATH], out[TEST_PATH];
    write_pictures(ctx, "normal", 21, 6, 0);
    hg_dataset *train = tiles_of(ctx, "normal");
    hg_model *m = train_on(ctx, train, "epochs", "1");
    const hg_data_options o = {.size = sizeof o, .pictures = hg_model_pictures(m)};
    test_path(in, "normal");
    test_path(out, "scores.csv");
    for (int k = 0; k < 2; k++) {
        hg_status status = HG_ENOMEM;
        int64_t n = 0, held = test_alloc_bytes();
        for (; status != HG_OK && n < 2000; n++) {
            test_fail_alloc(n);
            status = k == 0 ? hg_score_file(ctx, m, in, &o, out, NULL, NULL, NULL)
                            : hg_heatmaps(ctx, m, train, NULL, NULL, NULL, NULL);
            test_fail_alloc(-1);
            CHECK(status == HG_OK || status == HG_ENOMEM);
            CHECK_INT(test_alloc_bytes(), held);
        }
        CHECK(n > 5 && status == HG_OK);
    }
    hg_dataset_free(&train);
    hg_model_free(&m);
}
