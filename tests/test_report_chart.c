// SPDX-License-Identifier: MIT
/* Line charts and the files of pictures: what is drawn is looked up in the pixels. */
#include "report/report.h"

#include "report_png.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

/* The first two line colours and paper of the light theme. */
enum { BLUE = 0x0072B2, VERMILLION = 0xD55E00, WHITE = 0xFFFFFF };

static double epochs[50], falling[50], flat[50];

static hgi_chart make_chart(void)
{
    static const hgi_series series[] = {{"training", falling}, {"validation", flat}};
    for (int i = 0; i < 50; i++) {
        epochs[i] = i + 1;
        falling[i] = 0.09 + 0.19 * exp(-i / 4.0);
        flat[i] = 0.2;
    }
    return (hgi_chart){.title = "Loss",
                       .x_label = "epoch",
                       .y_label = "mean squared error",
                       .x = epochs,
                       .n = 50,
                       .series = series,
                       .series_count = 2,
                       .mark = -1};
}

static const char *draw(hgi_chart c, const char *name)
{
    static char path[TEST_PATH];
    hg_ctx *ctx = test_ctx();
    test_path(path, name);
    CHECK_OK(ctx, hgi_chart_draw(ctx, &c, path));
    return path;
}

static png draw_png(hgi_chart c) { return png_read(draw(c, "chart.png")); }

/* Longest run of pixels of a colour in one line. */
static int longest_run(const png *p, uint32_t rgb)
{
    int best = 0;
    for (int y = 0; y < p->height; y++)
        for (int x = 0, run = 0; x < p->width; x++) {
            run = png_at(p, x, y) == rgb ? run + 1 : 0;
            best = run > best ? run : best;
        }
    return best;
}

#if HG_WITH_CAIRO

TEST(a_chart_has_two_pixels_a_point)
{
    png p = draw_png(make_chart());
    CHECK_INT(p.width, 1600);
    CHECK_INT(p.height, 1000);
    free(p.rgb);
}

TEST(a_chart_has_the_size_asked_for_in_pixels)
{
    hgi_chart c = make_chart();
    c.width = 901, c.height = 403;
    png p = draw_png(c);
    CHECK_INT(p.width, 901);
    CHECK_INT(p.height, 403);
    free(p.rgb);
    size_t n;
    char *svg = test_read(draw(c, "chart.svg"), &n);
    CHECK(strstr(svg, "width=\"901pt\" height=\"403pt\"") != NULL);
    free(svg);
}

TEST(a_constant_series_is_a_straight_line_across_the_plot)
{
    png p = draw_png(make_chart());
    CHECK(longest_run(&p, VERMILLION) > 1000); /* of 1600, the margins taken off */
    free(p.rgb);
}

TEST(nan_leaves_a_gap_in_a_line)
{
    hgi_chart c = make_chart();
    png whole = draw_png(c);
    for (int i = 20; i < 30; i++) flat[i] = nan("");
    png gap = png_read(draw(c, "gap.png"));
    int before = longest_run(&whole, VERMILLION), after = longest_run(&gap, VERMILLION);
    /* 19 of 49 intervals before the gap and 19 after it; 1 % for the round line ends. */
    CHECK_NEAR(after, before * 19 / 49.0, before * 0.01);
    free(whole.rgb);
    free(gap.rgb);
}

/* Pixels of a colour by columns: in how many of them, between the lines y0 and y1. */
static int columns_of(const png *p, uint32_t rgb, int y0, int y1)
{
    int n = 0;
    for (int x = 0; x < p->width; x++) n += png_count(p, rgb, x, y0, x + 1, y1) > 0;
    return n;
}

TEST(spans_of_several_series_have_bars_in_their_colours)
{
    static const hgi_chart_span spans[] = {
        {10, 20, 0, 0}, {15, 25, 1, 1}, {40, 40, 1, 1}};
    hgi_chart c = make_chart();
    c.title = NULL;
    c.spans = spans;
    c.span_count = 3;
    png alone = draw_png(c);
    c.lanes = 2;
    png p = png_read(draw(c, "lanes.png"));
    /* The bars lie above all lines; 49 steps are as long as the flat line. */
    const int top = 80, step = longest_run(&p, VERMILLION) / 49;
    CHECK_NEAR(columns_of(&p, BLUE, 0, top), 10 * step, step);
    /* One of them no longer than a line is wide. */
    CHECK_NEAR(columns_of(&p, VERMILLION, 0, top), 10 * step, step);
    CHECK_INT(columns_of(&alone, VERMILLION, 0, top), 0);
    free(p.rgb);
    free(alone.rgb);
}

TEST(one_epoch_is_drawn_as_a_dot)
{
    hgi_chart c = make_chart();
    c.n = 1;
    png p = draw_png(c);
    int run = longest_run(&p, BLUE);
    CHECK(run >= 8 && run <= 30); /* a dot, or the swatch of its name: 12 points */
    /* Centre column of the plot: x is alone, so it stands in the middle of the axis. */
    int columns = 0;
    for (int x = 400; x < 1200; x++)
        columns += png_count(&p, BLUE, x, 0, x + 1, 1000) > 0;
    CHECK(columns >= 8 && columns <= 20);
    free(p.rgb);
}

TEST(lines_that_end_together_get_names_that_stand_apart)
{
    hgi_chart c = make_chart();
    for (int i = 0; i < 50; i++) falling[i] = 0.2;
    png p = draw_png(c);
    /* Swatches stand right of the plot: rows where each colour shows there. */
    int blue = -1, red = -1, right = 1300;
    for (int y = 0; y < 1000; y++) {
        if (png_count(&p, BLUE, right, y, 1600, y + 1) >= 15) blue = y;
        if (png_count(&p, VERMILLION, right, y, 1600, y + 1) >= 15) red = y;
    }
    CHECK(blue > 0 && red > 0);
    CHECK(abs(blue - red) >= 30); /* a line of text: 15 points */
    free(p.rgb);
}

TEST(a_long_title_stays_on_the_page)
{
    hgi_chart c = make_chart();
    char title[1500];
    memset(title, 'W', sizeof title - 1);
    for (int i = 10; i < 1400; i += 11) title[i] = ' ';
    title[sizeof title - 1] = 0;
    c.title = title;
    png p = draw_png(c);
    int margin = 30; /* pixels: the outer margin is 18 points */
    int white = png_count(&p, WHITE, 1600 - margin, 0, 1600, 1000);
    CHECK_INT(white, margin * 1000);
    free(p.rgb);
}

TEST(the_marked_epoch_has_a_line_at_its_place)
{
    hgi_chart c = make_chart();
    png plain = draw_png(c);
    c.mark = 24;
    c.mark_label = "best: epoch 25";
    png marked = png_read(draw(c, "marked.png"));
    int best_x = 0, most = 0; /* the column that differs most between the two */
    for (int x = 0; x < 1600; x++) {
        int n = 0;
        for (int y = 0; y < 1000; y++) n += png_at(&plain, x, y) != png_at(&marked, x, y);
        if (n > most) most = n, best_x = x;
    }
    /* x runs over the vermillion line, epoch 1 to 50; epoch 25 is 24/49 along. */
    int first = 0, last = 0;
    for (int x = 1300; x > 0; x--)
        if (png_count(&plain, VERMILLION, x, 0, x + 1, 1000)) first = x;
    for (int x = 0; x < 1345; x++)
        if (png_count(&plain, VERMILLION, x, 0, x + 1, 1000)) last = x;
    CHECK(most > 300); /* dashes along a plot of more than 700 pixels */
    CHECK_NEAR(best_x, first + (last - first) * 24 / 49.0, 8);
    free(plain.rgb);
    free(marked.rgb);
}

TEST(a_hundred_thousand_points_make_a_small_vector_file)
{
    enum { N = 100000 };
    hgi_chart c = make_chart();
    double *x = malloc(N * sizeof *x), *y = malloc(N * sizeof *y);
    uint64_t state = 7;
    for (int i = 0; i < N; i++) x[i] = i, y[i] = test_uniform(&state, 0, 1);
    hgi_series s = {"noise", y};
    c.x = x, c.n = N, c.series = &s, c.series_count = 1, c.mark = N / 2;
    size_t n;
    char *svg = test_read(draw(c, "noise.svg"), &n);
    /* At most 4 points in each of 1600 columns, about 25 bytes a point, and the texts. */
    CHECK(n < 4 * 1600 * 25 + 100000);
    free(svg);
    free(x);
    free(y);
}

/* Rows of black ink in the plot: darker and lighter paper tell the themes apart. */
TEST(a_dark_chart_has_dark_paper_and_light_ink)
{
    hgi_chart c = make_chart();
    c.dark = true;
    png p = draw_png(c);
    CHECK_INT(png_at(&p, 2, 2), 0x15181D);
    CHECK_INT(png_count(&p, WHITE, 0, 0, 1600, 1000), 0);
    CHECK(png_count(&p, 0xECEEF1, 0, 0, 1600, 120) > 100); /* the title's ink */
    free(p.rgb);
}

TEST(texts_that_are_not_utf8_do_not_spoil_a_chart)
{
    hgi_chart c = make_chart();
    c.title = "caf\xE9 \xFF\xC0\xAF \xED\xA0\x80 \x01\n\xF0\x9F";
    png p = draw_png(c);
    CHECK_INT(p.width, 1600);
    free(p.rgb);
}

/* ---- files ---------------------------------------------------------------------- */

TEST(the_same_chart_is_the_same_bytes_in_every_format)
{
    static const char *const names[] = {"a.png", "a.svg", "a.pdf"};
    hgi_chart c = make_chart();
    for (int i = 0; i < 3; i++) {
        size_t n, m;
        char *first = test_read(draw(c, names[i]), &n);
        char *second = test_read(draw(c, names[i]), &m);
        test_where("%s", names[i]);
        CHECK(n == m && memcmp(first, second, n) == 0);
        free(first);
        free(second);
    }
}

/* Every tag closed in order, every quote paired: what an XML parser asks of an SVG. */
static bool balanced(const char *s)
{
    int depth = 0, elements = 0;
    if (strncmp(s, "<?xml", 5) != 0) return false;
    for (const char *p = strstr(s, "?>"); p && *p; p++) {
        if (*p == '&') return false;
        if (*p != '<') continue;
        bool closing = p[1] == '/', quoted = false;
        for (p++; *p && (quoted || *p != '>'); p++) {
            if (*p == '<') return false;
            if (*p == '"') quoted = !quoted;
        }
        if (*p == 0) return false;
        elements++;
        depth += closing ? -1 : p[-1] == '/' ? 0 : 1;
        if (depth < 0) return false;
    }
    return depth == 0 && elements > 10;
}

TEST(an_svg_is_well_formed_and_has_no_broken_numbers)
{
    size_t n;
    hgi_chart c = make_chart();
    c.title = "a < b & \"c\"";
    char *svg = test_read(draw(c, "chart.svg"), &n);
    CHECK(balanced(svg));
    CHECK(strstr(svg, "nan") == NULL && strstr(svg, "inf") == NULL);
    CHECK(strstr(svg, "<svg ") != NULL);
    CHECK(strstr(svg, "surface1\"") != NULL); /* counted anew */
    free(svg);
}

TEST(a_pdf_is_a_pdf_with_a_fixed_date)
{
    size_t n;
    char *pdf = test_read(draw(make_chart(), "chart.pdf"), &n);
    CHECK(n > 1000 && memcmp(pdf, "%PDF-1.", 7) == 0);
    bool dated = false;
    for (size_t i = 0; i + 8 < n; i++) dated |= memcmp(pdf + i, "20000101", 8) == 0;
    CHECK(dated);
    free(pdf);
}

TEST(a_full_disk_is_an_error_in_every_format)
{
    static const char *const names[] = {"full.png", "full.svg", "full.pdf"};
    hg_ctx *ctx = test_ctx();
    hgi_chart c = make_chart();
    if (access("/dev/full", W_OK) != 0) SKIP("no /dev/full here");
    for (int i = 0; i < 3; i++) {
        char path[TEST_PATH];
        test_path(path, names[i]);
        CHECK(symlink("/dev/full", path) == 0);
        test_where("%s", names[i]);
        CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, path), HG_EIO, "No space left");
    }
}

TEST(a_missing_folder_is_an_error_that_names_the_path)
{
    hg_ctx *ctx = test_ctx();
    hgi_chart c = make_chart();
    char path[TEST_PATH];
    test_path(path, "nowhere/chart.png");
    CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, path), HG_EIO, "nowhere/chart.png");
}

TEST(an_unknown_ending_lists_the_endings)
{
    hg_ctx *ctx = test_ctx();
    hgi_chart c = make_chart();
    CHECK_FAILS(ctx, hgi_picture_check(ctx, "loss.jpg"), HG_EINVAL, ".png, .svg or .pdf");
    CHECK_FAILS(ctx, hgi_picture_check(ctx, ".png"), HG_EINVAL, ".png, .svg or .pdf");
    CHECK_FAILS(ctx, hgi_picture_check(ctx, "-"), HG_EINVAL, ".png, .svg or .pdf");
    CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, "loss"), HG_EINVAL, "loss: unknown kind");
    CHECK_OK(ctx, hgi_picture_check(ctx, "LOSS.PNG"));
    CHECK_OK(ctx, hgi_picture_check(ctx, "a.b/c.pdf"));
}

TEST(a_chart_without_numbers_is_refused_and_leaves_no_file)
{
    hg_ctx *ctx = test_ctx();
    hgi_chart c = make_chart();
    char path[TEST_PATH];
    test_path(path, "none.png");
    for (int i = 0; i < 50; i++) falling[i] = flat[i] = -1;
    c.log_y = true;
    CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, path), HG_ENONFINITE, "no positive number");
    c.log_y = false;
    for (int i = 0; i < 50; i++) falling[i] = flat[i] = nan("");
    CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, path), HG_ENONFINITE, "no finite number");
    epochs[3] = nan("");
    CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, path), HG_ENONFINITE, "x of point 4");
    c.n = 0;
    CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, path), HG_EINVAL, "at least one point");
    CHECK(access(path, F_OK) != 0);
}

TEST(a_chart_of_absurd_size_is_refused)
{
    hg_ctx *ctx = test_ctx();
    hgi_chart c = make_chart();
    char path[TEST_PATH];
    test_path(path, "huge.png");
    c.width = 40000, c.height = 300;
    CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, path), HG_ERANGE, "40000 x 300 pixels");
    c.width = 50, c.height = 50;
    CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, path), HG_ERANGE, "too small");
    CHECK(access(path, F_OK) != 0);
}

/* Fail each allocation in turn until none is left to fail; the context counts leaks. */
TEST(a_chart_survives_each_failed_allocation)
{
    static const char *const names[] = {"oom.png", "oom.svg", "oom.pdf"};
    hg_ctx *ctx = test_ctx();
    hgi_chart c = make_chart();
    for (int i = 0; i < 3; i++) {
        char path[TEST_PATH];
        test_path(path, names[i]);
        for (int64_t n = 0; n < 200; n++) {
            test_where("%s, allocation %lld", names[i], (long long)n);
            test_fail_alloc(n);
            hg_status status = hgi_chart_draw(ctx, &c, path);
            bool failed = test_alloc_failed();
            test_fail_alloc(-1);
            if (!failed) {
                CHECK_INT(status, HG_OK);
                CHECK(n >= 5); /* so the loop did fail some */
                break;
            }
            if (!CHECK_INT(status, HG_ENOMEM)) return;
            CHECK(access(path, F_OK) != 0);
        }
    }
}

#else

TEST(without_cairo_pictures_say_what_to_install)
{
    hg_ctx *ctx = test_ctx();
    hgi_chart c = make_chart();
    hgi_grid g = {0};
    const char *wanted = "pictures need cairo, which this build lacks: "
                         "install libcairo2-dev and rebuild";
    CHECK_FAILS(ctx, hgi_chart_draw(ctx, &c, "x.png"), HG_EUNAVAILABLE, wanted);
    CHECK_FAILS(ctx, hgi_grid_draw(ctx, &g, "x.png"), HG_EUNAVAILABLE, wanted);
    CHECK_FAILS(ctx, hgi_picture_check(ctx, "x.png"), HG_EUNAVAILABLE, wanted);
    (void)draw_png, (void)longest_run;
}

#endif
