// SPDX-License-Identifier: MIT
/* Grids: each tile's pixels are where they belong and have the right colour. */
#include "report/report.h"

#include "report_png.h"

#include <math.h>
#include <unistd.h>

#if HG_WITH_CAIRO

enum { SIDE = 28, TILE = SIDE * SIDE, TILES = 25 };
/* Layout of a grid without title and labels, in pixels: margins, magnification by 4 for
 * 28 columns and 10 tiles, gaps of 4 points. */
enum { MARGIN = 32, FACTOR = 4, STEP = SIDE * FACTOR + 8 };

static float first[TILES * TILE], second[TILES * TILE];

/* Every pixel of every tile differs from its neighbours, in 256ths. */
static float value(int64_t tile, int row, int col)
{
    return (float)((tile * 37 + row * 11 + col * 5) % 256) / 255.0f;
}

static hgi_grid make_grid(void)
{
    static const float *const values[] = {first, second};
    for (int64_t t = 0; t < TILES; t++)
        for (int i = 0; i < TILE; i++) {
            first[t * TILE + i] = value(t, i / SIDE, i % SIDE);
            second[t * TILE + i] = value(t + 100, i / SIDE, i % SIDE);
        }
    return (hgi_grid){.height = SIDE,
                      .width = SIDE,
                      .channels = 1,
                      .tiles = 10,
                      .bands = 2,
                      .values = values,
                      .lo = 0,
                      .hi = 1};
}

static const char *draw(hgi_grid g, const char *name)
{
    static char path[TEST_PATH];
    hg_ctx *ctx = test_ctx();
    test_path(path, name);
    CHECK_OK(ctx, hgi_grid_draw(ctx, &g, path));
    return path;
}

static uint32_t grey(float v)
{
    uint32_t level = (uint32_t)lroundf(255 * v);
    return level << 16 | level << 8 | level;
}

/* Wrong pixels of a magnified tile whose corner is at (x, y). */
static int wrong_pixels(const png *p, int x, int y, const float *tile)
{
    int wrong = 0;
    for (int row = 0; row < SIDE * FACTOR; row++)
        for (int col = 0; col < SIDE * FACTOR; col++)
            wrong += png_at(p, x + col, y + row) !=
                     grey(tile[row / FACTOR * SIDE + col / FACTOR]);
    return wrong;
}

TEST(every_pixel_of_every_tile_is_magnified_sharply_in_its_place)
{
    png p = png_read(draw(make_grid(), "grid.png"));
    CHECK_INT(p.width, 2 * MARGIN + 10 * STEP - 8);
    for (int t = 0; t < 10; t++) {
        test_where("tile %d", t);
        int x = MARGIN + t * STEP;
        CHECK_INT(wrong_pixels(&p, x, MARGIN, first + t * TILE), 0);
        CHECK_INT(wrong_pixels(&p, x, MARGIN + STEP, second + t * TILE), 0);
    }
    free(p.rgb);
}

TEST(more_tiles_than_columns_repeat_both_bands_in_blocks)
{
    hgi_grid g = make_grid();
    g.tiles = 25;
    png p = png_read(draw(g, "blocks.png"));
    int block = 2 * STEP - 8 + 28; /* 14 points between blocks */
    CHECK_INT(p.height, 2 * MARGIN + 3 * block - 28);
    CHECK_INT(wrong_pixels(&p, MARGIN, MARGIN + block, first + 10 * TILE), 0);
    CHECK_INT(wrong_pixels(&p, MARGIN + 4 * STEP, MARGIN + 2 * block + STEP,
                           second + 24 * TILE),
              0);
    /* Nothing stands after the last tile. */
    CHECK_INT(png_count(&p, 0xFFFFFF, MARGIN + 5 * STEP, MARGIN + 2 * block,
                        MARGIN + 6 * STEP, MARGIN + 2 * block + STEP),
              STEP * STEP);
    free(p.rgb);
}

TEST(columns_and_width_are_as_asked)
{
    hgi_grid g = make_grid();
    g.columns = 5;
    g.image_width = 1000;
    png p = png_read(draw(g, "asked.png"));
    CHECK_INT(p.width, 1000);
    /* 5 columns and 4 gaps of 8 in 1000 - 2 * 32: 28 * 6 = 168 pixels a tile, 2 lines. */
    CHECK_INT(p.height, 2 * MARGIN + 2 * (2 * (168 + 8) - 8) + 28);
    free(p.rgb);
    hg_ctx *ctx = test_ctx();
    g.columns = 10, g.image_width = 200;
    CHECK_FAILS(ctx, hgi_grid_draw(ctx, &g, "x.png"), HG_ERANGE, "fewer columns");
}

TEST(values_outside_the_range_are_clamped_and_nan_is_marked)
{
    hgi_grid g = make_grid();
    first[0] = -5, first[1] = 5, first[2] = nanf(""), first[3] = HUGE_VALF;
    png p = png_read(draw(g, "clamped.png"));
    CHECK_INT(png_at(&p, MARGIN + 1, MARGIN + 1), 0x000000);
    CHECK_INT(png_at(&p, MARGIN + FACTOR + 1, MARGIN + 1), 0xFFFFFF);
    CHECK_INT(png_at(&p, MARGIN + 2 * FACTOR + 1, MARGIN + 1), 0xE3B505);
    CHECK_INT(png_at(&p, MARGIN + 3 * FACTOR + 1, MARGIN + 1), 0xFFFFFF);
    free(p.rgb);
}

TEST(without_a_range_the_lowest_value_is_black_and_the_highest_white)
{
    hgi_grid g = make_grid();
    for (int i = 0; i < TILES * TILE; i++) first[i] = second[i] = 3;
    first[0] = 1, first[1] = 7, first[2] = nanf("");
    g.lo = g.hi = 0;
    png p = png_read(draw(g, "range.png"));
    CHECK_INT(png_at(&p, MARGIN + 1, MARGIN + 1), 0x000000);
    CHECK_INT(png_at(&p, MARGIN + FACTOR + 1, MARGIN + 1), 0xFFFFFF);
    CHECK_INT(png_at(&p, MARGIN + 4 * FACTOR + 1, MARGIN + 1), 0x555555); /* (3-1)/6 */
    free(p.rgb);
}

TEST(three_channels_are_red_green_and_blue)
{
    float rgb[3 * 4] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0.2f, 0.4f, 0.6f};
    const float *values[] = {rgb};
    hgi_grid g = {.height = 2, .width = 2, .channels = 3, .tiles = 1, .bands = 1};
    g.values = values, g.hi = 1;
    png p = png_read(draw(g, "rgb.png"));
    int half = 112; /* one tile is magnified to 224 pixels */
    CHECK_INT(png_at(&p, MARGIN + 1, MARGIN + 1), 0xFF0000);
    CHECK_INT(png_at(&p, MARGIN + half + 1, MARGIN + 1), 0x00FF00);
    CHECK_INT(png_at(&p, MARGIN + 1, MARGIN + half + 1), 0x0000FF);
    CHECK_INT(png_at(&p, MARGIN + 2 * half - 1, MARGIN + 2 * half - 1), 0x336699);
    free(p.rgb);
}

TEST(a_diverging_map_is_blue_neutral_and_red_around_zero)
{
    float w[4] = {-0.25f, 0, 0.25f, 0.125f};
    const float *values[] = {w};
    hgi_grid g = {.height = 2, .width = 2, .channels = 1, .tiles = 1, .bands = 1};
    g.values = values, g.diverging = true, g.value_label = "weight";
    for (int dark = 0; dark < 2; dark++) {
        g.dark = dark;
        png p = png_read(draw(g, "diverging.png"));
        uint32_t blue = png_at(&p, MARGIN + 1, MARGIN + 1);
        uint32_t zero = png_at(&p, MARGIN + 113, MARGIN + 1);
        uint32_t red = png_at(&p, MARGIN + 1, MARGIN + 113);
        test_where("dark %d: %06x %06x %06x", dark, blue, zero, red);
        CHECK((blue & 255) > (blue >> 16) + 50);
        CHECK((red >> 16) > (red & 255) + 50);
        CHECK_INT(zero, dark ? 0x16191E : 0xF8F8F8);
        /* The colour bar shows the ends, right of the tile. */
        int right = MARGIN + 224 + 8;
        CHECK(png_count(&p, red, right, 0, p.width, p.height) > 0);
        CHECK(png_count(&p, blue, right, 0, p.width, p.height) > 0);
        free(p.rgb);
    }
}

TEST(labels_and_captions_take_room_at_the_left_and_below)
{
    static const char *const labels[] = {"original", "reconstruction"};
    const char *captions[TILES];
    hgi_grid g = make_grid();
    png plain = png_read(draw(g, "plain.png"));
    for (int i = 0; i < TILES; i++) captions[i] = i % 2 ? "error 0.123" : NULL;
    g.band_labels = labels, g.captions = captions, g.title = "Fashion";
    png p = png_read(draw(g, "labels.png"));
    CHECK(p.width > plain.width + 100 && p.width < plain.width + 300);
    CHECK(p.width >= 1400 && p.width <= 1600); /* what a page can show */
    CHECK(p.height > plain.height + 40);
    free(p.rgb);
    free(plain.rgb);
}

/* ---- curves --------------------------------------------------------------------- */

TEST(rows_of_height_one_are_curves_with_a_line_for_each_band)
{
    hgi_grid g = make_grid();
    static const char *const labels[] = {"original", "reconstruction"};
    g.height = 1, g.width = 140, g.band_labels = labels, g.value_label = "mV";
    for (int i = 0; i < 1400; i++) first[i] = 0.25f, second[i] = 0.75f;
    png p = png_read(draw(g, "curves.png"));
    int blue = 0, red = 0; /* rows with long runs: 2 lines of 5 tiles, bands apart */
    int blue_y = 0, red_y = 0;
    for (int y = 0; y < p.height; y++) {
        bool b = png_count(&p, 0x0072B2, 0, y, p.width, y + 1) > 800;
        bool r = png_count(&p, 0xD55E00, 0, y, p.width, y + 1) > 800;
        if (b && !blue_y) blue_y = y;
        if (r && !red_y) red_y = y;
        blue += b, red += r;
    }
    CHECK(blue >= 2 && blue <= 8); /* a line is 1.5 points thick, two of them */
    CHECK(red >= 2 && red <= 8);
    CHECK(red_y > 0 && red_y < blue_y); /* 0.75 stands above 0.25 */
    free(p.rgb);
}

/* The last column of pixels with a tick mark, searched in the row under the axis. */
static int last_tick(const png *p, int y)
{
    for (int x = p->width - 1; x > 0; x--)
        if (memcmp(p->rgb + 3 * (y * p->width + x), "\xff\xff\xff", 3) != 0) return x;
    return -1;
}

/* The lowest row with that much ink: the axis. */
static int lowest_line(const png *p, int longest)
{
    for (int y = p->height - 1; y > 0; y--) {
        int ink = 0;
        for (int x = 0; x < p->width; x++)
            ink += memcmp(p->rgb + 3 * (y * p->width + x), "\xff\xff\xff", 3) != 0;
        if (ink >= longest) return y;
    }
    return -1;
}

static hgi_grid make_curves(float *y, int features)
{
    static const float *values[1];
    for (int i = 0; i < features; i++) y[i] = (float)(i % 7);
    values[0] = y;
    return (hgi_grid){.height = 1,
                      .width = features,
                      .channels = 1,
                      .tiles = 1,
                      .bands = 1,
                      .values = values};
}

TEST(features_without_names_are_counted_from_1)
{
    /* Ticks at 2, 4, ... 10 of ten features: the last stands under the last value, 2 % of
     * the width (6 points, 12 pixels) left of the axis's end; counted from 0 it is 8 of
     * 0..9, 10 % further left. */
    float y[10];
    png p = png_read(draw(make_curves(y, 10), "numbers.png"));
    int base = lowest_line(&p, 500);
    int end = last_tick(&p, base), tick = last_tick(&p, base + 4);
    CHECK(tick > 0 && end - tick >= 6 && end - tick <= 18);
    free(p.rgb);
}

TEST(named_features_have_their_names_under_the_axis)
{
    static char texts[40][24], *names[40];
    float y[40];
    for (int i = 0; i < 40; i++) {
        snprintf(texts[i], sizeof texts[i], "MMMM %d", i);
        names[i] = texts[i];
    }
    hgi_grid g = make_curves(y, 40);
    png numbers = png_read(draw(g, "numbered.png"));
    g.x_names = names;
    png named = png_read(draw(g, "named.png"));
    /* 40 names of 10.5 points side by side, two pixels each. */
    CHECK(named.width >= 840);
    CHECK(named.width > numbers.width);
    /* Each name is a narrow strip of ink under the axis, with paper on both sides. */
    int base = lowest_line(&named, named.width * 3 / 4), marks = 0;
    bool before = false;
    for (int x = 0; base > 0 && x < named.width; x++) {
        bool ink = false;
        for (int at = base + 16; at < base + 60; at++)
            ink = ink ||
                  memcmp(named.rgb + 3 * (at * named.width + x), "\xff\xff\xff", 3) != 0;
        marks += ink && !before;
        before = ink;
    }
    CHECK_INT(marks, 40);
    free(numbers.rgb);
    free(named.rgb);
}

TEST(more_names_than_room_are_thinned_out)
{
    enum { MANY = 2000 };
    static char *names[MANY];
    static float y[MANY];
    char text[] = "a column";
    for (int i = 0; i < MANY; i++) names[i] = text;
    hgi_grid g = make_curves(y, MANY);
    g.x_names = names;
    png p = png_read(draw(g, "many.png"));
    CHECK(p.width > 1200 && p.width < 1700);
    g.image_width = 300;
    png narrow = png_read(draw(g, "narrow.png"));
    CHECK_INT(narrow.width, 300);
    free(p.rgb);
    free(narrow.rgb);
}

TEST(curves_take_gaps_single_points_and_constants)
{
    hgi_grid g = make_grid();
    g.height = 1, g.width = 1, g.tiles = 3;
    draw(g, "points.png");
    g.width = 50, g.lo = g.hi = 0;
    for (int i = 0; i < 150; i++) first[i] = second[i] = i % 7 ? 2 : nanf("");
    draw(g, "constant.svg");
    for (int i = 0; i < 150; i++) first[i] = second[i] = nanf("");
    size_t n;
    char *svg = test_read(draw(g, "nothing.svg"), &n);
    CHECK(n > 0 && strstr(svg, "nan") == NULL);
    free(svg);
}

/* ---- files ------------------------------------------------------------------------ */

TEST(the_same_grid_is_the_same_bytes_in_every_format)
{
    static const char *const names[] = {"a.png", "a.svg", "a.pdf"};
    hgi_grid g = make_grid();
    for (int i = 0; i < 3; i++) {
        size_t n, m;
        char *before = test_read(draw(g, names[i]), &n);
        char *after = test_read(draw(g, names[i]), &m);
        test_where("%s", names[i]);
        CHECK(n == m && memcmp(before, after, n) == 0);
        free(before);
        free(after);
    }
}

/* Each tile keeps its own image although one buffer served them all. */
TEST(an_svg_holds_a_different_image_for_each_tile)
{
    size_t n;
    char *svg = test_read(draw(make_grid(), "grid.svg"), &n);
    char *images[64];
    int count = 0;
    for (char *p = svg; count < 64 && (p = strstr(p, "base64,")) != NULL; p += 7)
        images[count++] = p;
    CHECK_INT(count, 20);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++) {
            char *end = strchr(images[i], '"');
            size_t size = end ? (size_t)(end - images[i]) : 0;
            CHECK(size > 50 && strncmp(images[i], images[j], size) != 0);
        }
    CHECK(strstr(svg, "id=\"image1\"") != NULL);
    CHECK(strstr(svg, "id=\"image20\"") != NULL);
    free(svg);
}

TEST(grids_that_cannot_be_drawn_are_refused)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    test_path(path, "bad.png");
    hgi_grid g = make_grid();
    g.tiles = 0;
    CHECK_FAILS(ctx, hgi_grid_draw(ctx, &g, path), HG_EINVAL, "at least one tile");
    g = make_grid(), g.bands = 5;
    CHECK_FAILS(ctx, hgi_grid_draw(ctx, &g, path), HG_EINVAL, "5 bands");
    g = make_grid(), g.channels = 2;
    CHECK_FAILS(ctx, hgi_grid_draw(ctx, &g, path), HG_ESHAPE, "2 channels");
    g = make_grid(), g.channels = 3, g.diverging = true;
    CHECK_FAILS(ctx, hgi_grid_draw(ctx, &g, path), HG_ESHAPE, "expected 1");
    g = make_grid(), g.columns = -1;
    CHECK_FAILS(ctx, hgi_grid_draw(ctx, &g, path), HG_EINVAL, "-1 columns");
    g = make_grid(), g.width = 20000;
    CHECK_FAILS(ctx, hgi_grid_draw(ctx, &g, path), HG_ERANGE, "expected at most");
    g = make_grid(), g.width = 16384, g.height = 1, g.channels = 3, g.columns = 10;
    CHECK_FAILS(ctx, hgi_grid_draw(ctx, &g, path), HG_ERANGE, "would have");
    CHECK(access(path, F_OK) != 0);
}

TEST(a_grid_survives_each_failed_allocation)
{
    static const char *const names[] = {"oom.png", "oom.svg", "oom.pdf"};
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < 6; i++) {
        hgi_grid g = make_grid();
        if (i >= 3) g.height = 1;
        char path[TEST_PATH];
        test_path(path, names[i % 3]);
        unlink(path);
        for (int64_t n = 0; n < 200; n++) {
            test_where("%s, height %d, allocation %lld", names[i % 3], (int)g.height,
                       (long long)n);
            test_fail_alloc(n);
            hg_status status = hgi_grid_draw(ctx, &g, path);
            bool failed = test_alloc_failed();
            test_fail_alloc(-1);
            if (!failed) {
                CHECK_INT(status, HG_OK);
                CHECK(n >= 5);
                break;
            }
            if (!CHECK_INT(status, HG_ENOMEM)) return;
            CHECK(access(path, F_OK) != 0);
        }
    }
}

#endif
