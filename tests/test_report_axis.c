// SPDX-License-Identifier: MIT
/* Axes: ticks are round, exact, few, inside the axis, and named as one would by hand. */
#include "report/axis.h"

#include "test.h"

#include <math.h>

#define MINUS "\xE2\x88\x92"

/* The texts of all ticks with a space after each, exponents after '^'. */
static const char *texts(const hgi_axis *a)
{
    static char out[8192];
    size_t at = 0;
    out[0] = 0;
    for (int i = 0; i < a->count; i++) {
        if (!a->ticks[i].text[0]) continue;
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s%s ", a->ticks[i].text,
                               a->ticks[i].raised[0] ? "^" : "", a->ticks[i].raised);
    }
    return out;
}

static const char *linear(double lo, double hi, int about, bool whole)
{
    static hgi_axis a;
    memset(&a, 0, sizeof a);
    a.lo = lo, a.hi = hi;
    hgi_axis_ticks(&a, about, whole);
    return texts(&a);
}

TEST(linear_ticks_are_round_and_have_equal_decimals)
{
    CHECK_STR(linear(0.083, 0.29, 6, false), "0.10 0.15 0.20 0.25 ");
    CHECK_STR(linear(0, 1, 5, false), "0.0 0.2 0.4 0.6 0.8 1.0 ");
    CHECK_STR(linear(-1.2, 3.4, 5, false), MINUS "1 0 1 2 3 ");
    CHECK_STR(linear(-0.3, 0.3, 3, false), MINUS "0.2 0.0 0.2 ");
    CHECK_STR(linear(0.998, 1.0021, 4, false), "0.998 0.999 1.000 1.001 1.002 ");
}

TEST(long_whole_numbers_are_grouped_by_thin_spaces)
{
    CHECK_STR(linear(0, 100000, 2, false), "0 50\xE2\x80\x89"
                                           "000 100\xE2\x80\x89"
                                           "000 ");
    CHECK_STR(linear(900, 2100, 2, false), "1000 1500 2000 ");
}

TEST(epochs_have_ticks_at_whole_numbers_only)
{
    CHECK_STR(linear(0.9, 3.1, 10, true), "1 2 3 ");
    CHECK_STR(linear(0.5, 1.5, 10, true), "1 ");
}

TEST(huge_and_tiny_values_share_a_power_of_ten)
{
    hgi_axis a = {.lo = 3.6e-8, .hi = 7.6e-8};
    hgi_axis_ticks(&a, 4, false);
    CHECK_STR(texts(&a), "40 50 60 70 ");
    CHECK_STR(a.power.raised, MINUS "9");
    a = (hgi_axis){.lo = -2.6e9, .hi = 3.1e9};
    hgi_axis_ticks(&a, 6, false);
    CHECK_STR(texts(&a), MINUS "2 " MINUS "1 0 1 2 3 ");
    CHECK_STR(a.power.raised, "9");
    a = (hgi_axis){.lo = 0, .hi = 0.3};
    hgi_axis_ticks(&a, 3, false);
    CHECK_STR(a.power.text, "");
}

/* Whatever the range, some ticks, not many, inside, rising, each with its own text. */
TEST(any_range_gets_a_few_distinct_ticks_inside_it)
{
    static hgi_axis a;
    uint64_t state = 1;
    for (int trial = 0; trial < 20000; trial++) {
        double lo = pow(10, test_uniform(&state, -280, 290));
        double hi = lo + lo * pow(10, test_uniform(&state, -10, 5));
        if (trial % 2) lo = -lo;
        if (trial % 3 == 0) lo = -hi / 3;
        hgi_axis_range(&a, false, lo, hi, 0.05);
        hgi_axis_ticks(&a, 6, false);
        test_where("lo %.17g, hi %.17g", lo, hi);
        bool ok = CHECK(a.count >= 2 && a.count <= 12);
        double slack = 1e-5 * (a.hi - a.lo);
        for (int i = 0; ok && i < a.count; i++) {
            ok = CHECK(a.ticks[i].at >= a.lo - slack && a.ticks[i].at <= a.hi + slack);
            ok &= i == 0 || CHECK(a.ticks[i].at > a.ticks[i - 1].at);
            ok &= i == 0 || CHECK(strcmp(a.ticks[i].text, a.ticks[i - 1].text) != 0);
        }
        if (!ok) return;
    }
}

TEST(a_constant_gets_an_axis_with_room_on_both_sides)
{
    static const double values[] = {0, 5, -5, 1e-9, 1e300, -1e300, 1e-300, 3e16};
    static hgi_axis a;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        test_where("value %g", values[i]);
        hgi_axis_range(&a, false, values[i], values[i], 0.05);
        CHECK_NEAR(hgi_axis_place(&a, values[i]), 0.5, 1e-6); /* in the middle */
        hgi_axis_ticks(&a, 5, false);
        CHECK(a.count >= 2);
    }
}

TEST(a_range_close_above_zero_starts_at_zero)
{
    static hgi_axis a;
    hgi_axis_range(&a, false, 0.01, 1, 0.05);
    CHECK(a.lo == 0);
    hgi_axis_range(&a, false, 0.5, 1, 0.05);
    CHECK(a.lo > 0.4);
}

TEST(a_log_axis_names_its_decades_and_marks_the_steps_between)
{
    static hgi_axis a;
    hgi_axis_range(&a, true, 2e-4, 0.5, 0.02);
    hgi_axis_ticks(&a, 6, false);
    CHECK_STR(texts(&a), "0.001 0.01 0.1 ");
    int minor = 0;
    for (int i = 0; i < a.count; i++) minor += a.ticks[i].text[0] == 0;
    /* 2..9 e-4, e-3, e-2, and 2..5 e-1 */
    CHECK_INT(minor, 8 + 8 + 8 + 4);
    hgi_axis_range(&a, true, 1e-12, 1e-7, 0);
    hgi_axis_ticks(&a, 6, false);
    CHECK_STR(texts(&a), "10^" MINUS "12 10^" MINUS "11 10^" MINUS "10 10^" MINUS
                         "9 10^" MINUS "8 10^" MINUS "7 ");
    hgi_axis_range(&a, true, 0.09, 0.28, 0.02);
    hgi_axis_ticks(&a, 5, false);
    CHECK_STR(texts(&a), "0.10 0.15 0.20 0.25 ");
    hgi_axis_range(&a, true, 1e-280, 1e290, 0.02);
    hgi_axis_ticks(&a, 6, false);
    CHECK(a.count >= 3 && a.count < HGI_TICKS_MAX);
}

TEST(a_log_axis_places_equal_ratios_at_equal_distances)
{
    static hgi_axis a;
    hgi_axis_range(&a, true, 1, 100, 0);
    CHECK_NEAR(hgi_axis_place(&a, 10), 0.5, 1e-12);
    CHECK_NEAR(hgi_axis_place(&a, 100), 1, 1e-12);
}

TEST(numbers_that_cannot_stand_on_an_axis_are_refused)
{
    CHECK(hgi_axis_takes(false, -3));
    CHECK(!hgi_axis_takes(false, nan("")));
    CHECK(!hgi_axis_takes(false, HUGE_VAL));
    CHECK(!hgi_axis_takes(false, -HUGE_VAL));
    CHECK(!hgi_axis_takes(true, 0));
    CHECK(!hgi_axis_takes(true, -1));
    CHECK(hgi_axis_takes(true, 1e-30));
}

/* Far values must not grow without bound: cairo's coordinates have 24 bits. */
TEST(values_far_outside_an_axis_stay_near_it)
{
    hgi_axis a = {.lo = 0, .hi = 1};
    CHECK_NEAR(hgi_axis_place(&a, 1e300), 2, 0);
    CHECK_NEAR(hgi_axis_place(&a, -1e300), -1, 0);
}
