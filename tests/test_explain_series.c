// SPDX-License-Identifier: MIT
/* Explanations of windows, and of single rows in a session; lines of a series. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 3000, CH = 3, WINDOW = 24, ODD = 20 };

/* Three channels, two of which follow from one phase; steps of 60. */
static void make_series(uint64_t *seed, float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const double turn = 2 * acos(-1) * (double)i / 16;
        const double v[CH] = {10 * sin(turn), 100 + 5 * cos(turn), 0};
        for (int c = 0; c < CH; c++)
            x[i * CH + c] = (float)(v[c] + test_uniform(seed, -0.4, 0.4));
    }
}

static hg_dataset *view_of(hg_ctx *ctx, const float *x, int64_t n)
{
    hg_view v = {.size = sizeof v, .data = x, .rows = n, .rank = 1, .shape = {CH}};
    hg_dataset *d;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    return d;
}

static hg_dataset *windows_of(hg_ctx *ctx, const hg_dataset *d, const double *time)
{
    const hg_window_options o = {.size = sizeof o,
                                 .window = WINDOW,
                                 .stride = 4,
                                 .time = time,
                                 .time_name = time != NULL ? "t" : NULL,
                                 .group_name = time != NULL ? "g" : NULL};
    hg_dataset *w;
    CHECK_OK(ctx, hg_dataset_windows(ctx, d, &o, &w));
    return w;
}

static hg_model *train(hg_ctx *ctx)
{
    static const char *const set[] = {
        "code", "3",    "hidden", "24", "scale", "standard", "loss",       "mse",
        "lr",   "0.01", "epochs", "40", "score", "residual", "batch-size", "32"};
    static float x[ROWS * CH];
    static double time[ROWS];
    uint64_t seed = 3;
    hg_config *cfg;
    hg_model *m;
    make_series(&seed, x, ROWS);
    for (int i = 0; i < ROWS; i++) time[i] = 60.0 * i;
    hg_dataset *d = view_of(ctx, x, ROWS), *w = windows_of(ctx, d, time);
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (size_t i = 0; i < sizeof set / sizeof *set; i += 2)
        CHECK_OK(ctx, hg_config_set(cfg, set[i], set[i + 1]));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, w, NULL, NULL, NULL, &m));
    hg_config_free(&cfg);
    hg_dataset_free(&w);
    hg_dataset_free(&d);
    return m;
}

TEST(the_channel_and_the_span_that_were_changed_are_named)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = train(ctx);
    static float x[ODD * 4 * WINDOW * CH];
    uint64_t seed = 8;
    int64_t at[ODD], row[ODD];
    int channel[ODD], right = 0, inside = 0;
    make_series(&seed, x, ODD * 4 * WINDOW);
    /* In every fourth window some steps of a channel stand still, far from where they
     * should be. */
    for (int i = 0; i < ODD; i++) {
        channel[i] = i % CH;
        at[i] = (int64_t)i * 4 * WINDOW + 8;
        for (int k = 0; k < 6; k++)
            x[(at[i] + k) * CH + channel[i]] += channel[i] == 2 ? 3 : 14;
        row[i] = (int64_t)i * WINDOW; /* strides of 4 */
    }
    hg_dataset *d = view_of(ctx, x, ODD * 4 * WINDOW), *w = windows_of(ctx, d, NULL);
    hg_explanation *e;
    hg_session *s;
    const hg_session_options o = {.size = sizeof o, .explain = 2};
    CHECK_OK(ctx, hg_explain(ctx, m, w, row, ODD, NULL, &e));
    CHECK_OK(ctx, hg_session_new(ctx, m, &o, &s));
    for (int i = 0; i < ODD; i++) {
        hg_explained_row r = {.size = sizeof r};
        hg_cause c = {.size = sizeof c}, own[2] = {c, c};
        float window[WINDOW * CH];
        int64_t causes;
        CHECK(hg_explanation_row(e, i, &r));
        CHECK_INT(r.first, 4 * row[i]);
        CHECK_INT(r.last, 4 * row[i] + WINDOW - 1);
        CHECK(r.score > r.normal && r.left < r.score && r.from == NULL);
        if (!hg_explanation_cause(e, i, 0, &c)) continue;
        CHECK(c.first >= r.first && c.first <= c.peak && c.peak <= c.last &&
              c.last <= r.last);
        CHECK_NEAR(c.found, (double)x[c.peak * CH + c.column], 0);
        right += c.column == channel[i];
        inside += c.peak >= at[i] && c.peak < at[i] + 6 && c.last - c.first < 16;
        /* A session says the same, in steps of the window, and takes no memory. */
        CHECK_OK(ctx, hg_dataset_read(ctx, w, row[i], 1, window));
        const int64_t before = test_alloc_count();
        CHECK_INT(hg_session_explain(s, window, own, 2, &causes), HG_OK);
        CHECK_INT(test_alloc_count(), before);
        CHECK(causes >= 1 && causes <= 2);
        CHECK_INT(own[0].column, c.column);
        CHECK_INT(own[0].first, c.first - r.first);
        CHECK_NEAR(own[0].expected, c.expected, 0);
        CHECK_STR(own[0].name, c.name);
    }
    CHECK(right >= ODD - 1);
    CHECK(inside >= ODD - 2);
    hg_session_free(&s);
    hg_explanation_free(&e);
    for (int64_t n = 0;; n++) {
        test_fail_alloc(n);
        hg_status status = hg_explain(ctx, m, w, row, 1, NULL, &e);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        hg_explanation_free(&e);
        if (!failed) {
            CHECK_INT(status, HG_OK);
            break;
        }
        CHECK_INT(status, HG_ENOMEM);
    }
    hg_dataset_free(&w);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

TEST(a_session_without_explanations_says_so)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = train(ctx);
    hg_session *s;
    hg_session_options o = {.size = sizeof o};
    hg_cause c = {.size = sizeof c};
    float x[WINDOW * CH] = {0};
    int64_t causes;
    CHECK_OK(ctx, hg_session_new(ctx, m, &o, &s));
    CHECK_INT(hg_session_explain(s, x, &c, 1, &causes), HG_EINVAL);
    CHECK(strstr(hg_session_message(s), "was made without") != NULL);
    hg_session_free(&s);
    o.explain = 3;
    CHECK_OK(ctx, hg_session_new(ctx, m, &o, &s));
    c.size = 0;
    CHECK_INT(hg_session_explain(s, x, &c, 1, &causes), HG_EINVAL);
    c.size = sizeof c;
    x[5] = NAN;
    CHECK_INT(hg_session_explain(s, x, &c, 1, &causes), HG_ENONFINITE);
    hg_session_free(&s);
    o.explain = 5000;
    CHECK_FAILS(ctx, hg_session_new(ctx, m, &o, &s), HG_ERANGE, "5000 causes");
    hg_model_free(&m);
}

/* ---- points ---- */

TEST(a_fault_is_in_the_scores_of_its_own_rows)
{
    enum { FROM = 600, LENGTH = 6, MOST = 1200 };
    hg_ctx *ctx = test_ctx();
    hg_model *m = train(ctx);
    static float x[MOST * CH];
    static double score[MOST], mean[MOST], point[MOST];
    uint64_t seed = 11;
    make_series(&seed, x, MOST);
    for (int r = FROM; r < FROM + LENGTH; r++) x[r * CH + 1] += 12;
    hg_dataset *d = view_of(ctx, x, MOST), *w = windows_of(ctx, d, NULL);
    CHECK_OK(ctx, hg_score_dataset(ctx, m, w, score));
    CHECK_OK(ctx, hg_score_points(ctx, NULL, w, score, MOST, mean));
    CHECK_OK(ctx, hg_score_points(ctx, m, w, score, MOST, point));
    double inside = HUGE_VAL, around = 0, smeared = 0;
    for (int r = 0; r < MOST; r++) {
        test_where("row %d", r);
        CHECK(point[r] <= mean[r] * (1 + 1e-12)); /* of one sum, in another order */
        const bool in = r >= FROM && r < FROM + LENGTH;
        if (in) inside = fmin(inside, point[r]);
        if (in || r < FROM - WINDOW || r >= FROM + LENGTH + WINDOW) continue;
        around = fmax(around, point[r]);
        smeared = fmax(smeared, mean[r]);
    }
    test_where(NULL);
    /* By the mean the rows beside a fault score as it does. */
    CHECK(smeared > inside);
    CHECK(around < 0.6 * inside);
    /* Any number of threads. */
    static double again[MOST];
    const char *cpu = getenv("HG_TEST_CPU");
    hg_ctx *one = test_ctx_with(
        &(hg_ctx_options){.size = sizeof(hg_ctx_options), .threads = 1, .cpu = cpu});
    CHECK_OK(one, hg_score_points(one, m, w, score, MOST, again));
    CHECK(memcmp(again, point, sizeof point) == 0);
    hg_window_options other = {.size = sizeof other, .window = WINDOW / 2};
    hg_dataset_free(&w);
    CHECK_OK(ctx, hg_dataset_windows(ctx, d, &other, &w));
    CHECK_FAILS(ctx, hg_score_points(ctx, m, w, score, MOST, point), HG_EINVAL,
                "the model is not of such windows");
    hg_dataset_free(&w);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

/* ---- lines --------------------------------------------------------------------------- */

static int read_line(hg_lines *l, const char *text, float *x)
{
    int row;
    hg_status status = hg_lines_read(l, text, strlen(text), x, &row);
    return status != HG_OK ? (int)status : row;
}

/* Steps 0, 1, 2, ... of a group: 1 for a whole window, -1 else. */
static int step(hg_lines *l, const char *group, double time, int value, float *x)
{
    char text[80];
    snprintf(text, sizeof text, "%g,%s,%d,%d,%d", time, group, value, -value, 0);
    return read_line(l, text, x);
}

static hg_lines_info info_of(const hg_lines *l)
{
    hg_lines_info info = {.size = sizeof info};
    CHECK_INT(hg_lines_get_info(l, &info), HG_OK);
    return info;
}

static hg_lines *lines_of(hg_ctx *ctx, const hg_model *m)
{
    const hg_data_options o = {.size = sizeof o, .drop = "t,g", .header = 1};
    hg_lines *l;
    float x[WINDOW * CH];
    CHECK_OK(ctx, hg_lines_new(ctx, m, &o, "pipe", &l));
    CHECK_INT(info_of(l).values, WINDOW * CH);
    CHECK_INT(read_line(l, "t,g,a,b,c", x), 0);
    return l;
}

TEST(lines_of_groups_in_turn_have_windows_of_their_own)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = train(ctx);
    hg_lines *l = lines_of(ctx, m);
    float x[WINDOW * CH];
    for (int i = 0; i < 3 * WINDOW; i++) {
        const int64_t before = test_alloc_count();
        CHECK_INT(step(l, "A", 60.0 * i, i, x), i >= WINDOW - 1 ? 1 : -1);
        if (i >= WINDOW - 1)
            for (int k = 0; k < WINDOW; k++) {
                CHECK_NEAR((double)x[k * CH], i - WINDOW + 1 + k, 0);
                CHECK_NEAR((double)x[k * CH + 1], -(i - WINDOW + 1 + k), 0);
            }
        CHECK_STR(info_of(l).group, "A");
        /* The other one's clock is another. */
        CHECK_INT(step(l, "\"B, 2\"", 7 + 60.0 * i, 1000 + i, x),
                  i >= WINDOW - 1 ? 1 : -1);
        CHECK_STR(info_of(l).group, "B, 2");
        if (i >= WINDOW - 1) CHECK_NEAR((double)x[0], 1000 + i - WINDOW + 1, 0);
        if (i > 0) CHECK_INT(test_alloc_count(), before);
    }
    CHECK_INT(info_of(l).gaps, 0);
    /* A gap breaks its own group alone. */
    CHECK_INT(step(l, "A", 60.0 * 3 * WINDOW + 500, 1, x), -1);
    CHECK_STR(info_of(l).note,
              "pipe:146: time goes on by 560, over 3 median steps of 60: "
              "windows begin anew");
    CHECK_INT(step(l, "\"B, 2\"", 7 + 60.0 * 3 * WINDOW, 1, x), 1);
    CHECK_STR(info_of(l).note, "");
    CHECK_INT(step(l, "\"B, 2\"", 7, 1, x), -1);
    CHECK_INT(info_of(l).gaps, 2);
    for (int i = 1; i <= WINDOW; i++)
        CHECK_INT(step(l, "A", 60.0 * (3 * WINDOW + i) + 500, i, x),
                  i >= WINDOW - 1 ? 1 : -1);
    CHECK_INT(read_line(l, "6000,A,1,,3", x), (int)HG_ENONFINITE);
    CHECK_INT(step(l, "A", 60.0 * (4 * WINDOW + 2) + 500, 1, x), -1);
    CHECK_INT(read_line(l, "noon,A,1,2,3", x), (int)HG_EFORMAT);
    CHECK_STR(hg_lines_message(l), "pipe:175: time is 'noon', expected a number");
    CHECK_INT(info_of(l).bad, 2);
    hg_lines_free(&l);
    hg_model_free(&m);
}

/* A step of each of three machines; `want`: 1 for the first, second, third that has a whole
 * window. */
static void check_round(hg_lines *l, int *now, const char *want)
{
    static const char *const name[] = {"A", "B", "C"};
    float x[WINDOW * CH];
    ++*now;
    for (int g = 0; g < 3; g++) {
        test_where("round %d, machine %s", *now, name[g]);
        CHECK_INT(step(l, name[g], 60.0 * *now, *now, x), want[g] == '1' ? 1 : -1);
    }
    test_where(NULL);
}

static void fill_windows(hg_lines *l, int *now)
{
    for (int i = 1; i < WINDOW; i++) check_round(l, now, "000");
    check_round(l, now, "111");
}

/* The line is bad, its answer says `group`; the machines whose windows stay whole. */
static void check_lost(hg_ctx *ctx, const hg_model *m, const char *text,
                       const char *group, const char *whole)
{
    hg_lines *l = lines_of(ctx, m);
    float x[WINDOW * CH];
    int now = 0;
    fill_windows(l, &now);
    test_where("%s", text);
    CHECK(read_line(l, text, x) < 0);
    const char *found = info_of(l).group;
    CHECK_STR(found != NULL ? found : "nobody", group);
    check_round(l, &now, whole);
    CHECK_INT(read_line(l, "", x), 0);
    CHECK(info_of(l).group == NULL);
    for (int i = 2; i < WINDOW; i++) check_round(l, &now, whole);
    check_round(l, &now, "111");
    hg_lines_free(&l);
}

TEST(a_bad_line_breaks_the_windows_of_its_own_group_alone)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = train(ctx);
    check_lost(ctx, m, "3000,B,1,,3", "B", "101");
    check_lost(ctx, m, "3000,B,1,2,x", "B", "101");
    check_lost(ctx, m, "3000,B,1,2,1e40", "B", "101");
    check_lost(ctx, m, "noon,\"C\",1,2,3", "C", "110");
    /* One that has not been seen yet has no windows. */
    check_lost(ctx, m, "3000,D,1,,3", "D", "111");
    check_lost(ctx, m, "t,g,a,b,c", "g", "111"); /* the sender has begun anew */
    /* Too few fields, or too many: a known name is believed. */
    check_lost(ctx, m, "3000,A,1,2", "A", "011");
    check_lost(ctx, m, "3000,A,1,5,2,3", "A", "011");
    check_lost(ctx, m, "3000,A,1,2,\"3", "A", "011");
    check_lost(ctx, m, "3000,A,1,2,33000,C,1,2,3", "A", "010");
    /* It may be anybody's. */
    check_lost(ctx, m, "3000,1,2,3", "nobody", "000");
    check_lost(ctx, m, "\"3000,A,1,2,3", "nobody", "000");
    check_lost(ctx, m, "3000", "nobody", "000");
    check_lost(ctx, m, "restarted", "nobody", "000");
    hg_model_free(&m);
}

TEST(every_allocation_of_lines_of_a_series_may_fail)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = train(ctx);
    const hg_data_options o = {.size = sizeof o, .drop = "t,g", .header = 1};
    float x[WINDOW * CH];
    for (int64_t n = 0;; n++) {
        hg_lines *l;
        char name[24];
        test_fail_alloc(n);
        int status = (int)hg_lines_new(ctx, m, &o, "pipe", &l);
        if (status == 0) status = read_line(l, "t,g,a,b,c", x);
        for (int i = 0; i < 12 && status == 0; i++) {
            snprintf(name, sizeof name, "machine %d", i);
            int row;
            char text[60];
            snprintf(text, sizeof text, "%d,%s,1,2,3", i, name);
            status = (int)hg_lines_read(l, text, strlen(text), x, &row);
        }
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        hg_lines_free(&l);
        CHECK_INT(status, failed ? (int)HG_ENOMEM : 0);
        if (!failed) break;
    }
    hg_model_free(&m);
}
