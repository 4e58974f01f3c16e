// SPDX-License-Identifier: MIT
/* Pictures as rows: every kind of PNG and JPEG gives the pixels that were put into it,
 * sizes are brought together as asked, folders give classes, and what a model learnt from
 * pictures it takes and gives back as pictures.
 *
 * tests/images/ has 12x16 PNG pictures whose grey at (y, x) is (16 x + 5 y) mod 256, plus
 * 40 a channel in colour, and 16x24 JPEG pictures of six 8x8 blocks of one colour each,
 * which JPEG keeps to a few steps.                                                     */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 1 << 16 };

static bool built_in(const hg_ctx *ctx, const char *name)
{
    hg_fact f;
    for (int i = 0; hg_info(ctx, i, &f); i++)
        if (strcmp(f.name, name) == 0) return strncmp(f.value, "not ", 4) != 0;
    return false;
}

static void need_pictures(const hg_ctx *ctx)
{
    if (!built_in(ctx, "libpng")) SKIP("built without libpng");
    if (!built_in(ctx, "libjpeg")) SKIP("built without libjpeg");
}

/* Opens it and gives all its values. */
static hg_data_info open_as(hg_ctx *ctx, const char *path, hg_data_options o, float *x)
{
    hg_dataset *d;
    hg_data_info info = {.size = sizeof info};
    o.size = sizeof o;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    CHECK_OK(ctx, hg_dataset_info(ctx, d, &info));
    if (info.rows * info.features > MOST) abort();
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, info.rows, x));
    hg_dataset_free(&d);
    return info;
}

#define OPEN(name, ...)                                                                  \
    open_as(ctx, "tests/images/" name, (hg_data_options){__VA_ARGS__}, x)

static int grey_at(int y, int x) { return (16 * x + 5 * y) % 256; }

static int colour_at(int y, int x, int c) { return (16 * x + 5 * y + 40 * c) % 256; }

TEST(png_pixels_are_what_was_put_in)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    static const char *const greys[] = {"tests/images/grey.png",
                                        "tests/images/interlaced.png"};
    for (int k = 0; k < 2; k++) {
        hg_data_info info = open_as(ctx, greys[k], (hg_data_options){0}, x);
        CHECK_INT(info.type, HG_U8);
        CHECK(info.rows == 1 && info.rank == 2 && info.shape[0] == 12);
        for (int i = 0; i < 12 * 16; i++) CHECK_INT(x[i], grey_at(i / 16, i % 16));
    }
    hg_data_info info = OPEN("colour.png", 0);
    CHECK(info.rank == 3 && info.shape[1] == 16 && info.shape[2] == 3);
    for (int i = 0; i < 12 * 16 * 3; i++)
        CHECK_INT(x[i], colour_at(i / 48, i / 3 % 16, i % 3));
    CHECK_STR(info.format, "images");
}

TEST(sixteen_bits_are_parts_of_eight)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    hg_data_info info = OPEN("grey16.png", 0);
    CHECK_INT(info.type, HG_F32);
    for (int i = 0; i < 12 * 16; i++) /* a float's rounding of numbers up to 255 */
        CHECK_NEAR(x[i], (i % 16 * 4096 + i / 16 * 100 + 1) / 257.0, 2e-5);
}

/* A palette of red, green, blue and one entry that cannot be seen. */
TEST(transparent_pixels_lie_over_white)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    OPEN("palette.png", 0);
    for (int i = 0; i < 12 * 16 * 3; i++) {
        int entry = (i / 3 % 16 + i / 48) % 4, c = i % 3;
        CHECK_INT(x[i], entry == 3 || entry == c ? 255 : 0);
    }
    OPEN("alpha.png", 0);
    for (int i = 0; i < 12 * 16 * 3; i++)
        CHECK_INT(x[i], i / 3 % 16 < 8 ? colour_at(i / 48, i / 3 % 16, i % 3) : 255);
}

TEST(colour_to_grey_and_back_is_by_option)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    hg_data_info info = OPEN("colour.png", .colour = "grey");
    CHECK_INT(info.rank, 2);
    for (int i = 0; i < 12 * 16; i++) {
        double luma = 0.299 * colour_at(i / 16, i % 16, 0) +
                      0.587 * colour_at(i / 16, i % 16, 1) +
                      0.114 * colour_at(i / 16, i % 16, 2);
        CHECK_NEAR(x[i], luma, 0.5 + 1e-9); /* rounded to bytes */
    }
    info = OPEN("grey.png", .colour = "colour");
    CHECK_INT(info.shape[2], 3);
    for (int i = 0; i < 12 * 16 * 3; i++) CHECK_INT(x[i], grey_at(i / 48, i / 3 % 16));
    hg_dataset *d;
    const hg_data_options o = {.size = sizeof o, .colour = "green"};
    CHECK_FAILS(ctx, hg_dataset_open(ctx, "tests/images/grey.png", &o, &d), HG_EINVAL,
                "expected grey or colour");
}

static const int blocks[6][3] = {{200, 30, 30},   {30, 200, 30},  {30, 30, 200},
                                 {120, 120, 120}, {240, 240, 20}, {10, 10, 10}};

TEST(jpeg_blocks_keep_their_colours)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    static const char *const names[] = {"tests/images/colour.jpg",
                                        "tests/images/progressive.jpg",
                                        "tests/images/cmyk.jpg"};
    for (int k = 0; k < 3; k++) {
        test_where("%s", names[k]);
        hg_data_info info = open_as(ctx, names[k], (hg_data_options){0}, x);
        CHECK(info.shape[0] == 16 && info.shape[1] == 24 && info.shape[2] == 3);
        /* A flat block has one coefficient, in steps of 2 at this quality; the colour
         * transform rounds three times. */
        for (int i = 0; i < 16 * 24 * 3; i++)
            CHECK_NEAR(x[i], blocks[i / 72 / 8 * 3 + i / 3 % 24 / 8][i % 3], 5);
    }
    test_where(NULL);
    hg_data_info info = OPEN("grey.jpg", 0);
    CHECK_INT(info.rank, 2);
}

/* Where block 0, red, and block 2, blue, are once the picture is looked at. */
TEST(the_orientation_of_exif_is_followed)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    hg_data_info info = OPEN("turn3.jpg", 0); /* half a turn: red at the lower right */
    CHECK(info.shape[0] == 16 && info.shape[1] == 24);
    CHECK_NEAR(x[(15 * 24 + 23) * 3], 200, 5);
    info = OPEN("turn6.jpg", 0); /* a quarter to the right: red at the upper right */
    CHECK(info.shape[0] == 24 && info.shape[1] == 16);
    CHECK_NEAR(x[15 * 3], 200, 5);
    CHECK_NEAR(x[(23 * 16 + 15) * 3 + 2], 200, 5); /* blue at the lower right */
    info = OPEN("turn8.jpg", 0); /* to the left: red at the lower left */
    CHECK_NEAR(x[23 * 16 * 3], 200, 5);
    CHECK_NEAR(x[2], 200, 5);
}

TEST(tiles_cover_a_picture_to_its_edges)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    hg_data_info info = OPEN("grey.png", .tile = "8x8", .stride = "6");
    /* Down 0 and 4, the last one moved up to the edge; across 0, 6 and 8. */
    static const int down[] = {0, 4}, across[] = {0, 6, 8};
    CHECK_INT(info.rows, 6);
    for (int i = 0; i < 6 * 64; i++) {
        int tile = i / 64, y = down[tile / 3] + i / 8 % 8, at = across[tile % 3] + i % 8;
        CHECK_INT(x[i], grey_at(y, at));
    }
    info = OPEN("grey.png", .crop = "4x6");
    CHECK(info.shape[0] == 4 && info.shape[1] == 6);
    for (int i = 0; i < 24; i++) CHECK_INT(x[i], grey_at(4 + i / 6, 5 + i % 6));
    info = OPEN("grey.png", .resize = "6"); /* the shorter side, 12, becomes 6 */
    CHECK(info.shape[0] == 6 && info.shape[1] == 8);
    hg_dataset *d;
    hg_data_options o = {.size = sizeof o, .tile = "13x8"};
    CHECK_FAILS(ctx, hg_dataset_open(ctx, "tests/images/grey.png", &o, &d), HG_ESHAPE,
                "12x16 (height x width), smaller than the tile of 13x8");
    o = (hg_data_options){.size = sizeof o, .tile = "4x4", .stride = "4x5"};
    CHECK_FAILS(ctx, hg_dataset_open(ctx, "tests/images/grey.png", &o, &d), HG_EINVAL,
                "stride 4x5: larger than the tile");
    o = (hg_data_options){.size = sizeof o, .resize = "4x"};
    CHECK_FAILS(ctx, hg_dataset_open(ctx, "tests/images/grey.png", &o, &d), HG_EINVAL,
                "resize '4x': expected height and width");
}

/* A mean of the pixels stays one, and a ramp stays a ramp: the filter's weights are those
 * of a triangle, whose sum is 1 and whose first moment is 0, but at the edges.         */
TEST(resizing_keeps_ramps)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    hg_data_info info = OPEN("grey16.png", .resize = "12x8", .crop = "8x4");
    CHECK(info.shape[0] == 8 && info.shape[1] == 4);
    for (int i = 0; i < 32; i++) {
        double at = (2 + i % 4) * 2 + 0.5; /* centre of its two pixels */
        CHECK_NEAR(x[i], (at * 4096 + (2 + i / 4) * 100 + 1) / 257, 1e-3);
    }
}

/* ---- folders -- */

static void copy_to(const char *from, const char *folder, const char *name)
{
    char path[TEST_PATH], to[2 * TEST_PATH];
    size_t n;
    char *bytes = test_read(from, &n);
    test_path(path, folder);
    mkdir(path, 0777);
    snprintf(to, sizeof to, "%s/%s", folder, name);
    test_write(path, to, bytes, n);
    free(bytes);
}

TEST(a_folder_is_read_in_the_order_of_names)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    char path[TEST_PATH];
    copy_to("tests/images/grey.png", "d", "b.png");
    copy_to("tests/images/interlaced.png", "d", "B.PNG");
    copy_to("tests/images/grey16.png", "d", "a10.png");
    copy_to("tests/images/colour.png", "d", "a9.png");
    copy_to("tests/images/grey.jpg", "d", ".hidden.jpg");
    copy_to("tests/hostile/images/expected", "d", "readme.txt");
    test_path(path, "d");
    hg_data_info info = open_as(ctx, path, (hg_data_options){0}, x);
    /* B.PNG a10.png a9.png b.png; one is colour, one has 16 bits: so are all. */
    CHECK(info.rows == 4 && info.type == HG_F32 && info.shape[2] == 3);
    CHECK_NEAR(x[3 * 17], grey_at(1, 1), 1e-6);
    CHECK_NEAR(x[576 + 3 * 17], (4096 + 100 + 1) / 257.0, 2e-5);
    CHECK_NEAR(x[2 * 576 + 3 * 17 + 2], colour_at(1, 1, 2), 1e-6);
    CHECK_NEAR(x[3 * 576 + 3 * 17 + 2], grey_at(1, 1), 1e-6);
    /* From a held copy come the same values. */
    static float y[MOST];
    open_as(ctx, path, (hg_data_options){.stream = 1}, y);
    CHECK(memcmp(x, y, 4 * 576 * sizeof *x) == 0);
    info = open_as(ctx, path, (hg_data_options){.limit = 2}, x);
    CHECK_INT(info.rows, 2);
}

TEST(folders_in_a_folder_are_classes)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    char path[TEST_PATH];
    hg_dataset *d, *labels;
    test_path(path, "set");
    mkdir(path, 0777);
    copy_to("tests/images/grey.png", "set/good", "1.png");
    copy_to("tests/images/interlaced.png", "set/good", "2.png");
    copy_to("tests/images/grey.png", "set/broken", "1.png");
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    CHECK_STR(hg_dataset_class(d, 0), "broken");
    CHECK_STR(hg_dataset_class(d, 1), "good");
    CHECK(hg_dataset_class(d, 2) == NULL);
    CHECK_STR(hg_dataset_row_name(d, 0), "broken/1.png");
    CHECK_STR(hg_dataset_row_name(d, 2), "good/2.png");
    CHECK(hg_dataset_row_name(d, 3) == NULL);
    CHECK_OK(ctx, hg_dataset_labels(ctx, d, &labels));
    CHECK_OK(ctx, hg_dataset_read(ctx, labels, 0, 3, x));
    CHECK(x[0] == 0 && x[1] == 1 && x[2] == 1);
    hg_dataset_free(&labels);
    hg_dataset_free(&d);
    CHECK_OK(ctx, hg_dataset_open(ctx, "tests/images/grey.png", NULL, &d));
    CHECK_FAILS(ctx, hg_dataset_labels(ctx, d, &labels), HG_EINVAL, "no classes");
    hg_dataset_free(&d);
}

TEST(what_does_not_fit_is_named_with_the_option_that_helps)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST];
    char path[TEST_PATH];
    hg_dataset *d;
    copy_to("tests/images/grey.png", "m", "a.png");
    copy_to("tests/images/grey.jpg", "m", "b.jpg");
    test_path(path, "m");
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_ESHAPE,
                "b.jpg: 16x24 (height x width), the first (a.png) is 12x16; bring all");
    hg_data_info info = open_as(ctx, path, (hg_data_options){.resize = "9x9"}, x);
    CHECK_INT(info.rows, 2);
    copy_to("tests/hostile/images/png-cut-in-pixels.png", "m", "c.png");
    copy_to("tests/hostile/images/expected", "m", "d.png");
    hg_data_options o = {.size = sizeof o, .resize = "9x9"};
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, &o, &d), HG_EFORMAT, "m/d.png: starts");
    info = open_as(ctx, path, (hg_data_options){.resize = "9x9", .skip_bad = 1}, x);
    CHECK_INT(info.rows, 2);
    o = (hg_data_options){.size = sizeof o, .max_pixels = 191};
    CHECK_FAILS(ctx, hg_dataset_open(ctx, "tests/images/grey.png", &o, &d), HG_ERANGE,
                "12x16 pixels, over the limit of 191");
    o = (hg_data_options){.size = sizeof o, .skip_bad = 1};
    test_path(path, "bad");
    copy_to("tests/hostile/images/expected", "bad", "d.png");
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, &o, &d), HG_EFORMAT,
                "no picture could be read");
}

TEST(a_folder_survives_every_failing_allocation)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    char path[TEST_PATH];
    bool failed = true;
    test_path(path, "f");
    mkdir(path, 0777);
    copy_to("tests/images/grey.png", "f/x", "a.png");
    copy_to("tests/images/turn6.jpg", "f/y", "b.jpg");
    const hg_data_options o = {
        .size = sizeof o, .resize = "9x9", .tile = "5x5", .skip_bad = 1};
    hg_dataset *d;
    /* The context keeps its threads from the first use on. */
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    hg_dataset_free(&d);
    for (int64_t n = 0; failed && n < 200; n++) {
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status status = hg_dataset_open(ctx, path, &o, &d);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        hg_dataset_free(&d);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed);
}

/* ---- writing -- */

TEST(pictures_are_written_as_they_were_read)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST], y[MOST];
    static const char *const names[] = {"grey.png", "grey16.png", "colour.png"};
    char from[TEST_PATH], to[TEST_PATH];
    for (int i = 0; i < 3; i++) {
        hg_dataset *d;
        snprintf(from, sizeof from, "tests/images/%s", names[i]);
        test_path(to, names[i]);
        hg_data_info info = open_as(ctx, from, (hg_data_options){0}, x);
        /* Tiles that overlap are laid together again. */
        const hg_data_options o = {.size = sizeof o, .tile = i == 1 ? "5x7" : NULL};
        CHECK_OK(ctx, hg_dataset_open(ctx, from, &o, &d));
        CHECK_OK(ctx, hg_dataset_save(ctx, d, to, NULL));
        open_as(ctx, to, (hg_data_options){0}, y);
        CHECK(memcmp(x, y, (size_t)info.features * sizeof *x) == 0);
        hg_dataset_free(&d);
    }
}

TEST(several_rows_go_to_a_folder_by_their_names)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    char path[TEST_PATH], out[TEST_PATH], file[2 * TEST_PATH];
    hg_dataset *d;
    test_path(path, "in");
    mkdir(path, 0777);
    copy_to("tests/images/grey.png", "in/x", "a.png");
    copy_to("tests/images/interlaced.png", "in/y", "a.png");
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    CHECK_FAILS(ctx, hg_dataset_save(ctx, d, path, "png"), HG_EINVAL,
                "the folder that the pictures come from");
    test_path(out, "out.png");
    CHECK_FAILS(ctx, hg_dataset_save(ctx, d, out, NULL), HG_EINVAL,
                "2 rows, and a PNG file is one picture; name a folder");
    test_path(out, "out/");
    CHECK_OK(ctx, hg_dataset_save(ctx, d, out, NULL));
    snprintf(file, sizeof file, "%sy/a.png", out);
    CHECK(access(file, R_OK) == 0);
    hg_dataset_free(&d);
    const float table[] = {1, 2, 3, -4};
    const hg_view rows = {
        .size = sizeof rows, .data = table, .rows = 1, .rank = 1, .shape = {4}};
    const hg_view values = {
        .size = sizeof rows, .data = table, .rows = 1, .rank = 2, .shape = {2, 2}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &rows, &d));
    CHECK_FAILS(ctx, hg_dataset_save(ctx, d, out, NULL), HG_ESHAPE, "are no pictures");
    hg_dataset_free(&d);
    CHECK_OK(ctx, hg_dataset_view(ctx, &values, &d));
    CHECK_FAILS(ctx, hg_dataset_save(ctx, d, out, NULL), HG_ERANGE, "are no pixels");
    hg_dataset_free(&d);
}

/* ---- models -- */

TEST(a_model_remembers_how_pictures_became_its_rows)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    char path[TEST_PATH], out[TEST_PATH];
    hg_config *cfg;
    hg_dataset *d;
    hg_model *m, *again;
    hg_data_info info = {.size = sizeof info};
    int64_t rows;
    hg_data_options o = {.size = sizeof o,
                         .resize = "24x32",
                         .tile = "8x8",
                         .stride = "4",
                         .colour = "grey"};
    CHECK_OK(ctx, hg_dataset_open(ctx, "tests/images/colour.png", &o, &d));
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    CHECK_OK(ctx, hg_config_set(cfg, "hidden", "8"));
    CHECK_OK(ctx, hg_config_set(cfg, "code", "2"));
    CHECK_OK(ctx, hg_config_set(cfg, "epochs", "1"));
    CHECK_OK(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m));
    hg_dataset_free(&d);
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &again));
    o = (hg_data_options){.size = sizeof o, .pictures = hg_model_pictures(again)};
    CHECK_OK(ctx, hg_dataset_open(ctx, "tests/images/colour.jpg", &o, &d));
    CHECK_OK(ctx, hg_dataset_info(ctx, d, &info));
    CHECK(info.rows == 35 && info.rank == 2 && info.shape[0] == 8);
    hg_dataset_free(&d);
    /* From picture to picture, without a word on how. */
    test_path(out, "again.png");
    CHECK_OK(ctx, hg_map_file(ctx, again, "reconstruct", "tests/images/colour.jpg", NULL,
                              out, NULL, NULL, &rows));
    CHECK_INT(rows, 35);
    CHECK_OK(ctx, hg_dataset_open(ctx, out, NULL, &d));
    CHECK_OK(ctx, hg_dataset_info(ctx, d, &info));
    CHECK(info.rows == 1 && info.shape[0] == 24 && info.shape[1] == 32);
    hg_dataset_free(&d);
    hg_model_free(&again);
    hg_model_free(&m);
    hg_config_free(&cfg);
}

/* ---- heat maps ----------------------------------------------------------------------- */

/* Principal components of the tiles of a picture rebuild these; a flat patch in it is
 * none of them. */
TEST(a_heat_map_is_hot_where_a_picture_is_not_as_expected)
{
    hg_ctx *ctx = test_ctx();
    need_pictures(ctx);
    static float x[MOST], map[MOST];
    char path[TEST_PATH], file[2 * TEST_PATH];
    hg_config *cfg;
    hg_dataset *d;
    hg_model *m;
    const hg_data_options tiles = {.size = sizeof tiles, .tile = "6x6", .stride = "2"};
    CHECK_OK(ctx, hg_dataset_open(ctx, "tests/images/grey.png", &tiles, &d));
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    CHECK_OK(ctx, hg_config_set(cfg, "code", "12"));
    CHECK_OK(ctx, hg_pca(ctx, cfg, d, NULL, &m));
    hg_dataset_free(&d);
    OPEN("grey.png", 0);
    for (int i = 0; i < 9; i++) x[(4 + i / 3) * 16 + 10 + i % 3] = 255;
    const hg_view view = {
        .size = sizeof view, .data = x, .rows = 1, .rank = 2, .shape = {12, 16}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &view, &d));
    test_path(path, "set");
    mkdir(path, 0777);
    copy_to("tests/images/grey.png", "set/good", "a.png");
    test_path(path, "set/bad");
    mkdir(path, 0777);
    test_path(path, "set/bad/a.png");
    CHECK_OK(ctx, hg_dataset_save(ctx, d, path, NULL));
    hg_dataset_free(&d);
    test_path(path, "set");
    const hg_data_options o = {.size = sizeof o, .pictures = hg_model_pictures(m)};
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    double score[64], scale = 0;
    const int64_t rows = hg_dataset_rows(d);
    test_path(path, "maps");
    hg_heatmap_options plain = {.size = sizeof plain, .plain = 1};
    CHECK_OK(ctx, hg_heatmaps(ctx, m, d, path, &plain, score, &scale));
    CHECK(score[0] > 4 * score[rows - 1]); /* bad stands before good */
    CHECK_NEAR(score[0], scale, 1e-12);
    snprintf(file, sizeof file, "%s/bad/a.png", path);
    hg_data_info info = open_as(ctx, file, (hg_data_options){0}, map);
    CHECK(info.shape[0] == 12 && info.shape[1] == 16 && info.shape[2] == 3);
    /* Grey where all is as it should be; red above blue on the patch. */
    CHECK(map[(5 * 16 + 11) * 3] > map[(5 * 16 + 11) * 3 + 2] + 40);
    CHECK(map[(9 * 16 + 2) * 3] < map[(9 * 16 + 2) * 3 + 2] + 20);
    /* With the scale of colours: 16 times as large, white beside it, black on that. */
    static float large[192 * 512 * 3];
    hg_dataset *whole;
    CHECK_OK(ctx, hg_heatmaps(ctx, m, d, path, NULL, NULL, NULL));
    CHECK_OK(ctx, hg_dataset_open(ctx, file, NULL, &whole));
    CHECK_OK(ctx, hg_dataset_info(ctx, whole, &info));
    CHECK(info.shape[0] == 192 && info.shape[1] > 256 && info.shape[1] < 512);
    CHECK_OK(ctx, hg_dataset_read(ctx, whole, 0, 1, large));
    const int64_t line = 3 * info.shape[1];
    for (int k = 0; k < 3; k++) {
        CHECK_NEAR(large[(5 * 16 + 3) * line + 3 * (11 * 16 + 9) + k],
                   map[(5 * 16 + 11) * 3 + k], 1e-6);
        CHECK_NEAR(large[191 * line + line - 3 + k], 255, 1e-6);
    }
    int64_t black = 0;
    for (int64_t i = 0; i < 192; i++)
        for (int64_t j = 3 * 256; j < line; j++) black += large[i * line + j] <= 0;
    CHECK(black > 500);
    hg_dataset_free(&whole);
    hg_heatmap_options small = {.size = 4};
    CHECK_FAILS(ctx, hg_heatmaps(ctx, m, d, NULL, &small, NULL, NULL), HG_EINVAL, "size");
    hg_dataset_free(&d);
    CHECK_OK(ctx, hg_dataset_view(ctx, &view, &d));
    CHECK_FAILS(ctx, hg_heatmaps(ctx, m, d, path, NULL, NULL, NULL), HG_EINVAL,
                "heat maps are of pictures");
    hg_dataset_free(&d);
    hg_model_free(&m);
    hg_config_free(&cfg);
}
