// SPDX-License-Identifier: MIT
/* Windows of a series: where they begin, what is in them, in memory and in a file; how a
 * detector splits them; scores of points. */
#include "apply/detect.h"
#include "apply/series.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Row r has r and -r in its channels. */
static void write_series(char path[TEST_PATH], int64_t rows)
{
    size_t n = 0;
    char *text = malloc((size_t)rows * 40 + 20);
    n += (size_t)sprintf(text, "up,down\n");
    for (int64_t r = 0; r < rows; r++)
        n += (size_t)sprintf(text + n, "%lld,%lld\n", (long long)r, -(long long)r);
    test_write(path, "series.csv", text, n);
    free(text);
}

static hg_dataset *open_rows(hg_ctx *ctx, const char *path, int stream)
{
    hg_data_options o = {.size = sizeof o, .stream = stream};
    hg_dataset *d;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    return d;
}

static hg_dataset *windows_of(hg_ctx *ctx, const hg_dataset *d, hg_window_options o)
{
    hg_dataset *w;
    o.size = sizeof o;
    CHECK_OK(ctx, hg_dataset_windows(ctx, d, &o, &w));
    return w;
}

static void check_starts(const hg_dataset *w, const int64_t *want, int64_t n)
{
    CHECK_INT(hg_dataset_rows(w), n);
    for (int64_t i = 0; i < n && i < hg_dataset_rows(w); i++)
        CHECK_INT(hg_dataset_window_row(w, i), want[i]);
    CHECK_INT(hg_dataset_window_row(w, n), -1);
}
#define STARTS(w, ...)                                                                   \
    check_starts(w, (const int64_t[]){__VA_ARGS__},                                      \
                 sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

TEST(windows_have_their_rows_wherever_the_series_lies)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_series(path, 23);
    for (int stream = -1; stream <= 1; stream += 2) {
        test_where("%s", stream > 0 ? "held in a file" : "in memory");
        hg_dataset *d = open_rows(ctx, path, stream);
        hg_dataset *w = windows_of(ctx, d, (hg_window_options){.window = 8, .stride = 3});
        STARTS(w, 0, 3, 6, 9, 12, 15);
        CHECK_INT(hg_dataset_features(w), 16);
        float x[6 * 16];
        CHECK_OK(ctx, hg_dataset_read(ctx, w, 0, 6, x));
        for (int i = 0; i < 6; i++)
            for (int k = 0; k < 8; k++) {
                CHECK_NEAR((double)x[i * 16 + 2 * k], 3 * i + k, 0);
                CHECK_NEAR((double)x[i * 16 + 2 * k + 1], -(3 * i + k), 0);
            }
        hg_dataset_free(&w);
        /* The last row is in one, too. */
        w = windows_of(ctx, d, (hg_window_options){.window = 8, .stride = 2, .cover = 1});
        STARTS(w, 0, 2, 4, 6, 8, 10, 12, 14, 15);
        hg_dataset_free(&w);
        w = windows_of(ctx, d, (hg_window_options){.window = 20});
        STARTS(w, 0, 1, 2, 3);
        hg_dataset_free(&w);
        hg_dataset_free(&d);
    }
    test_where(NULL);
}

TEST(no_window_reaches_over_a_gap_or_back_in_time)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    double time[20];
    write_series(path, 20);
    hg_dataset *d = open_rows(ctx, path, -1);
    /* A gap of 3.5 steps before row 7; a step of 3 is none; row 14 goes back. */
    for (int i = 0; i < 20; i++)
        time[i] =
            100 + 2.0 * i + (i >= 7 ? 5 : 0) + (i >= 10 ? 4 : 0) - (i >= 14 ? 30 : 0);
    hg_dataset *w =
        windows_of(ctx, d, (hg_window_options){.window = 3, .stride = 2, .time = time});
    STARTS(w, 0, 2, 4, 7, 9, 11, 14, 16);
    hg_dataset_free(&w);
    w = windows_of(ctx, d,
                   (hg_window_options){.window = 3, .stride = 2, .time = time, .gap = 2});
    STARTS(w, 0, 2, 4, 7, 10, 14, 16);
    hg_dataset_free(&w);
    hg_dataset *none;
    CHECK_FAILS(ctx,
                hg_dataset_windows(ctx, d,
                                   &(hg_window_options){.size = sizeof(hg_window_options),
                                                        .window = 8,
                                                        .time = time},
                                   &none),
                HG_ESHAPE,
                "no 8 rows without a gap between them: time goes back 1 times");
    time[3] = NAN;
    CHECK_FAILS(ctx,
                hg_dataset_windows(ctx, d,
                                   &(hg_window_options){.size = sizeof(hg_window_options),
                                                        .window = 3,
                                                        .time = time},
                                   &none),
                HG_ENONFINITE, "the time of row 4 is no number");
    hg_dataset_free(&d);
}

TEST(rows_with_a_missing_value_are_in_no_window)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    const char *text = "a,b\n1,2\n3,4\n5,6\n7,\n9,10\n11,12\n13,14\n";
    test_write(path, "gaps.csv", text, strlen(text));
    hg_dataset *d = open_rows(ctx, path, 0);
    hg_dataset *w = windows_of(ctx, d, (hg_window_options){.window = 2, .stride = 1});
    STARTS(w, 0, 1, 4, 5);
    hg_dataset_free(&w);
    hg_dataset_free(&d);
    text = "a,b\n1,red\n3,blue\n5,red\n";
    test_write(path, "words.csv", text, strlen(text));
    d = open_rows(ctx, path, 0);
    CHECK_FAILS(ctx,
                hg_dataset_windows(
                    ctx, d,
                    &(hg_window_options){.size = sizeof(hg_window_options), .window = 2},
                    &w),
                HG_EMISMATCH,
                "column 'b' is a category, and windows are of numbers: say that it tells "
                "machines apart (--group 'b'), or leave it out (--drop 'b')");
    hg_dataset_free(&d);
}

TEST(no_window_has_rows_of_two_groups)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_series(path, 12);
    /* One behind the other: nothing is copied. */
    const int64_t blocks[12] = {7, 7, 7, 7, 3, 3, 3, 3, 3, 9, 9, 9};
    hg_window_options o = {.window = 3, .stride = 2, .cover = 1, .group = blocks};
    for (int stream = -1; stream <= 1; stream += 2) {
        hg_dataset *d = open_rows(ctx, path, stream);
        hg_dataset *w = windows_of(ctx, d, o);
        STARTS(w, 0, 1, 4, 6, 9);
        CHECK(w->owned == NULL);
        hg_dataset_free(&w);
        /* In turn: row i is of group i % 3, and a window of it has i, i + 3, i + 6. */
        int64_t turn[12];
        double time[12];
        for (int i = 0; i < 12; i++) turn[i] = i % 3, time[i] = i / 3;
        hg_window_options in_turn = {.window = 3, .stride = 1, .group = turn};
        in_turn.time = time;
        w = windows_of(ctx, d, in_turn);
        STARTS(w, 0, 3, 1, 4, 2, 5);
        float x[6];
        hg_window_place p = {.size = sizeof p};
        for (int i = 0; i < 6; i++) {
            const int64_t first = hg_dataset_window_row(w, i);
            CHECK_OK(ctx, hg_dataset_read(ctx, w, i, 1, x));
            for (int k = 0; k < 3; k++)
                CHECK_NEAR((double)x[2 * k], (double)(first + 3 * k), 0);
            CHECK(hg_dataset_window_place(w, i, &p));
            CHECK_INT(p.first, first);
            CHECK_INT(p.last, first + 6);
        }
        CHECK(!hg_dataset_window_place(w, 6, &p));
        /* Points stand where the file has the rows. */
        const double score[6] = {1, 2, 3, 4, 5, 6};
        double point[12];
        CHECK_OK(ctx, hg_score_points(ctx, NULL, w, score, 12, point));
        CHECK_NEAR(point[0], 1, 0);
        CHECK_NEAR(point[3], 1.5, 0);
        CHECK_NEAR(point[1], 3, 0);
        CHECK_NEAR(point[11], 6, 0);
        hg_dataset_free(&w);
        hg_dataset_free(&d);
    }
}

TEST(a_group_of_windows_is_on_one_side_of_a_split)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_series(path, 120);
    hg_dataset *d = open_rows(ctx, path, 0), *train, *late;
    int64_t group[120];
    for (int i = 0; i < 120; i++) group[i] = i % 6;
    hg_dataset *w =
        windows_of(ctx, d, (hg_window_options){.window = 5, .stride = 2, .group = group});
    for (uint64_t seed = 1; seed < 6; seed++) {
        int in[6] = {0}, out[6] = {0};
        CHECK_OK(ctx, hgi_detect_split(ctx, w, 0.3, seed, NULL, &train, &late));
        for (int64_t i = 0; i < hg_dataset_rows(train); i++)
            in[hg_dataset_window_row(train, i) % 6]++;
        for (int64_t i = 0; i < hg_dataset_rows(late); i++)
            out[hg_dataset_window_row(late, i) % 6]++;
        int apart = 0;
        for (int g = 0; g < 6; g++) {
            CHECK((in[g] == 0) != (out[g] == 0));
            /* 20 rows of a group: 4 windows of 5 that share none, begun every 6. */
            CHECK(out[g] == 0 || out[g] == 3);
            apart += out[g] > 0;
        }
        CHECK_INT(apart, 2);
        hg_dataset_free(&train);
        hg_dataset_free(&late);
    }
    hg_dataset_free(&w);
    for (int i = 0; i < 120; i++) group[i] = 4;
    w = windows_of(ctx, d, (hg_window_options){.window = 5, .group = group});
    CHECK_FAILS(ctx, hgi_detect_split(ctx, w, 0.3, 1, NULL, &train, &late), HG_ERANGE,
                "all rows are of one group");
    hg_dataset_free(&w);
    hg_dataset_free(&d);
}

TEST(what_cannot_be_windows_is_refused)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_series(path, 10);
    hg_dataset *d = open_rows(ctx, path, 0), *w, *half, *rest;
    hg_window_options o = {.size = sizeof o, .window = 1};
    CHECK_FAILS(ctx, hg_dataset_windows(ctx, d, &o, &w), HG_ERANGE, "a window of 1 rows");
    o.window = 11;
    CHECK_FAILS(ctx, hg_dataset_windows(ctx, d, &o, &w), HG_ESHAPE,
                "10 rows, but a window has 11");
    o.window = 2;
    o.stride = -1;
    CHECK_FAILS(ctx, hg_dataset_windows(ctx, d, &o, &w), HG_ERANGE, "a stride of -1");
    o.stride = 1;
    o.gap = 0.5;
    CHECK_FAILS(ctx, hg_dataset_windows(ctx, d, &o, &w), HG_ERANGE, "a gap of 0.5 steps");
    o.gap = 0;
    CHECK_OK(ctx, hg_dataset_split(ctx, d, 0.5, 1, &half, &rest));
    CHECK_FAILS(ctx, hg_dataset_windows(ctx, half, &o, &w), HG_EINVAL,
                "of a whole series");
    o.size = 0;
    CHECK_FAILS(ctx, hg_dataset_windows(ctx, d, &o, &w), HG_EINVAL, "size is not set");
    hg_dataset_free(&half);
    hg_dataset_free(&rest);
    hg_dataset_free(&d);
}

TEST(windows_that_calibrate_are_the_latest_and_share_no_row)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_series(path, 100);
    hg_dataset *d = open_rows(ctx, path, 0), *train, *late;
    hg_dataset *w = windows_of(ctx, d, (hg_window_options){.window = 10, .stride = 4});
    CHECK_OK(ctx, hgi_detect_split(ctx, w, 0.4, 1, NULL, &train, &late));
    /* 98 rows are in windows: from 58.8 on they calibrate. */
    CHECK_INT(hg_dataset_window_row(train, hg_dataset_rows(train) - 1), 48);
    STARTS(late, 60, 72, 84);
    CHECK_INT(hg_dataset_rows(train), 13);
    hg_dataset_free(&train);
    hg_dataset_free(&late);
    CHECK_FAILS(ctx, hgi_detect_split(ctx, w, 0.05, 1, NULL, &train, &late), HG_ERANGE,
                "a window of 10 does not fit into both parts");
    hg_dataset_free(&w);
    hg_dataset_free(&d);
}

TEST(a_points_score_is_the_mean_of_its_windows)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_series(path, 8);
    hg_dataset *d = open_rows(ctx, path, 0);
    hg_dataset *w = windows_of(ctx, d, (hg_window_options){.window = 4, .stride = 3});
    const double score[2] = {1, 5};
    double point[8];
    STARTS(w, 0, 3);
    CHECK_OK(ctx, hg_score_points(ctx, NULL, w, score, 8, point));
    const double want[7] = {1, 1, 1, 3, 5, 5, 5};
    for (int i = 0; i < 7; i++) CHECK_NEAR(point[i], want[i], 0);
    CHECK(isnan(point[7]));
    CHECK_FAILS(ctx, hg_score_points(ctx, NULL, w, score, 6, point), HG_ESHAPE,
                "the last window ends with row 7");
    CHECK_FAILS(ctx, hg_score_points(ctx, NULL, d, score, 8, point), HG_EINVAL,
                "windows");
    hg_dataset_free(&w);
    hg_dataset_free(&d);
}

TEST(times_are_read_to_the_last_digit)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    const char *text = "v,t\n1,1700000000.25\n2,1700000000.5\n\n3,1700000001\n";
    double time[3];
    int dates;
    test_write(path, "t.csv", text, strlen(text));
    CHECK_OK(ctx, hg_read_times(ctx, path, NULL, "t", 3, time, &dates));
    CHECK_INT(dates, 0);
    CHECK_NEAR(time[0], 1700000000.25, 0);
    CHECK_NEAR(time[2], 1700000001, 0);
    CHECK_FAILS(ctx, hg_read_times(ctx, path, NULL, "time", 3, time, NULL), HG_EUNKNOWN,
                "there is no column 'time'");
    double more[4];
    CHECK_FAILS(ctx, hg_read_times(ctx, path, NULL, "t", 4, more, NULL), HG_ESHAPE,
                "3 times, expected 4");
    CHECK_FAILS(ctx, hg_read_times(ctx, "-", NULL, "t", 3, time, NULL), HG_EINVAL,
                "takes a file");
    text = "t;v\n2024-03-01T00:00:01Z;1\n2024-03-01 00:01:00;1\nsoon;1\n";
    test_write(path, "d.csv", text, strlen(text));
    CHECK_OK(ctx, hg_read_times(ctx, path, NULL, "t", 2, time, &dates));
    CHECK_INT(dates, 1);
    CHECK_NEAR(time[0], 1709251201, 0);
    CHECK_NEAR(time[1], 1709251260, 0);
    CHECK_FAILS(ctx, hg_read_times(ctx, path, NULL, "t", 3, time, NULL), HG_EFORMAT,
                "time is 'soon', expected a date");
}

TEST(one_day_over_12_says_where_all_days_stand)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    double time[3];
    int dates;
    /* The last row alone says that months come first. */
    const char *text = "t,v\n1/2/2024,1\n1/3/2024,1\n1/13/2024 01:00 PM,1\n";
    test_write(path, "us.csv", text, strlen(text));
    CHECK_OK(ctx, hg_read_times(ctx, path, NULL, "t", 3, time, &dates));
    CHECK_INT(dates, 2);
    CHECK_NEAR(time[1] - time[0], 86400, 0);
    CHECK_NEAR(time[2] - time[1], 10 * 86400 + 13 * 3600, 0);
    text = "t,v\n1/2/2024,1\n1/3/2024,1\n1/4/2024,1\n";
    test_write(path, "either.csv", text, strlen(text));
    CHECK_OK(ctx, hg_read_times(ctx, path, NULL, "t", 3, time, &dates));
    /* Days are nearer to each other than months are. */
    CHECK_INT(dates, 2);
    CHECK_NEAR(time[1] - time[0], 86400, 0);
    text = "t,v\n2/1/2024,1\n3/1/2024,1\n4/1/2024,1\n";
    test_write(path, "either.csv", text, strlen(text));
    CHECK_OK(ctx, hg_read_times(ctx, path, NULL, "t", 3, time, &dates));
    CHECK_INT(dates, 1);
    CHECK_NEAR(time[1] - time[0], 86400, 0);
    text = "t,v\n13/2/2024,1\n1/3/2024,1\n1/13/2024,1\n";
    test_write(path, "both.csv", text, strlen(text));
    CHECK_FAILS(
        ctx, hg_read_times(ctx, path, NULL, "t", 3, time, &dates), HG_EFORMAT,
        "the day comes first in the date of line 2 and the month in that of line 4");
    /* Zones: the same moment three times. */
    text = "t\n2024-03-31T02:30:00+01:00\n2024-03-31 01:30:00Z\n2024-03-30T20:30-05:00\n";
    test_write(path, "zones.csv", text, strlen(text));
    CHECK_OK(ctx, hg_read_times(ctx, path, NULL, "t", 3, time, &dates));
    CHECK_NEAR(time[0], time[1], 0);
    CHECK_NEAR(time[0], time[2], 0);
}

TEST(groups_are_numbered_as_their_names_come)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    int64_t group[6];
    const char *text = "v,g\r\n1,b\r\n2,\"a, the first\"\r\n3,b\r\n4,B\r\n5,\r\n6,b\r\n";
    test_write(path, "g.csv", text, strlen(text));
    CHECK_OK(ctx, hg_read_groups(ctx, path, NULL, "g", 6, group));
    const int64_t want[6] = {0, 1, 0, 2, 3, 0};
    for (int i = 0; i < 6; i++) CHECK_INT(group[i], want[i]);
    CHECK_FAILS(ctx, hg_read_groups(ctx, path, NULL, "h", 6, group), HG_EUNKNOWN,
                "group: there is no column 'h'");
    int64_t more[7];
    CHECK_FAILS(ctx, hg_read_groups(ctx, path, NULL, "g", 7, more), HG_ESHAPE,
                "6 rows, expected 7");
    /* More than one table of numbers holds. */
    enum { MANY = 5000 };
    char *long_text = malloc(MANY * 12 + 8);
    size_t n = (size_t)sprintf(long_text, "g,v\n");
    for (int i = 0; i < MANY; i++)
        n += (size_t)sprintf(long_text + n, "m%d,1\n", i % 2500);
    test_write(path, "many.csv", long_text, n);
    int64_t *many = malloc(MANY * sizeof *many);
    CHECK_OK(ctx, hg_read_groups(ctx, path, NULL, "g", MANY, many));
    for (int i = 0; i < MANY; i++) CHECK_INT(many[i], i % 2500);
    free(many);
    free(long_text);
}

TEST(every_allocation_of_windows_may_fail)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_series(path, 20);
    hg_dataset *d = open_rows(ctx, path, 1);
    double time[20];
    int64_t group[20], read[20];
    for (int i = 0; i < 20; i++) group[i] = i % 2;
    for (int64_t n = 0;; n++) {
        hg_dataset *w = NULL;
        const hg_window_options o = {.size = sizeof o,
                                     .window = 4,
                                     .time = time,
                                     .time_name = "t",
                                     .group = group,
                                     .group_name = "g"};
        test_fail_alloc(n);
        hg_status status = hg_read_times(ctx, path, NULL, "up", 20, time, NULL);
        if (status == HG_OK) status = hg_read_groups(ctx, path, NULL, "up", 20, read);
        if (status == HG_OK) status = hg_dataset_windows(ctx, d, &o, &w);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        hg_dataset_free(&w);
        if (!failed) {
            CHECK_INT(status, HG_OK);
            break;
        }
        CHECK_INT(status, HG_ENOMEM);
    }
    hg_dataset_free(&d);
}
