// SPDX-License-Identifier: MIT
/* Texts that must fit: smaller first, then two lines, then cut, never wider than asked. */
#include "report/label.h"

#include "test.h"

#if HG_WITH_CAIRO

static const hgi_font font = {20, false};

static hgi_canvas *new_canvas(void)
{
    hg_ctx *ctx = test_ctx();
    hgi_canvas *c;
    CHECK_OK(ctx, hgi_canvas_new(ctx, "measure.png", &c));
    return c;
}

/* A rounding of the width in cairo's fixed point is allowed for: 1/256 point a glyph. */
static const double slack = 0.5;

TEST(a_text_that_fits_keeps_its_size)
{
    hgi_canvas *c = new_canvas();
    hgi_label l;
    hgi_label_fit(c, &l, font, "epoch", 400, 2);
    CHECK_INT(l.lines, 1);
    CHECK_NEAR(l.font.size, 20, 0);
    CHECK_NEAR(l.width, hgi_canvas_text_width(c, font, "epoch"), 0);
    hgi_canvas_free(&c);
}

TEST(a_text_a_little_too_long_is_made_smaller)
{
    hgi_canvas *c = new_canvas();
    const char *s = "mean squared error per row";
    double full = hgi_canvas_text_width(c, font, s);
    hgi_label l;
    hgi_label_fit(c, &l, font, s, 0.85 * full, 2);
    CHECK_INT(l.lines, 1);
    CHECK_NEAR(l.width, 0.85 * full, slack);
    CHECK(l.font.size < 18 && l.font.size > 16);
    hgi_canvas_free(&c);
}

TEST(a_long_text_is_broken_at_a_space)
{
    hgi_canvas *c = new_canvas();
    const char *s = "reconstruction error of the validation set";
    double full = hgi_canvas_text_width(c, font, s);
    hgi_label l;
    hgi_label_fit(c, &l, font, s, 0.6 * full, 2);
    CHECK_INT(l.lines, 2);
    CHECK(l.width <= 0.6 * full + slack);
    char joined[1100];
    snprintf(joined, sizeof joined, "%s %s", l.line[0], l.line[1]);
    CHECK_STR(joined, s);
    hgi_canvas_free(&c);
}

TEST(a_text_that_cannot_fit_is_cut_with_an_ellipsis)
{
    hgi_canvas *c = new_canvas();
    hgi_label l;
    char s[1000] = "";
    for (int i = 0; i < 150; i++) strcat(s, "\xC3\xA9t\xC3\xA9 ");
    for (int lines = 1; lines <= 2; lines++) {
        hgi_label_fit(c, &l, font, s, 200, lines);
        CHECK_INT(l.lines, lines);
        CHECK(l.width <= 200 + slack && l.width > 120);
        const char *last = l.line[lines - 1];
        CHECK(strlen(last) > 3 && strcmp(last + strlen(last) - 3, "\xE2\x80\xA6") == 0);
        /* No character was cut in half: what stands before the ellipsis ends whole. */
        unsigned char before = (unsigned char)last[strlen(last) - 4];
        CHECK(before != 0xC3);
    }
    hgi_canvas_free(&c);
}

TEST(no_text_and_no_room_are_not_trouble)
{
    hgi_canvas *c = new_canvas();
    hgi_label l;
    hgi_label_fit(c, &l, font, NULL, 100, 2);
    CHECK_INT(l.lines, 0);
    CHECK_NEAR(hgi_label_height(&l), 0, 0);
    hgi_label_fit(c, &l, font, "", 100, 2);
    CHECK_INT(l.lines, 0);
    hgi_label_fit(c, &l, font, "epoch", -5, 2);
    CHECK(l.lines <= 1);
    hgi_canvas_free(&c);
}

/* Bytes that are not UTF-8 show as marks and have a width; cairo would stop drawing. */
TEST(broken_utf8_is_measured_as_marks)
{
    hgi_canvas *c = new_canvas();
    double mark = hgi_canvas_text_width(c, font, "\xEF\xBF\xBD");
    CHECK(mark > 0);
    CHECK_NEAR(hgi_canvas_text_width(c, font, "\xFF"), mark, 1e-9);
    CHECK_NEAR(hgi_canvas_text_width(c, font, "\xED\xA0\x80"), 3 * mark, 1e-9);
    CHECK_NEAR(hgi_canvas_text_width(c, font, "\xC3"), mark, 1e-9);
    hgi_canvas_free(&c);
}

#endif
