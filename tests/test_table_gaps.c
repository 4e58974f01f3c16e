// SPDX-License-Identifier: MIT
/* Gaps that training did not have: what a model of complete numbers says of them, one that
 * was trained as a table all the same, and columns that a file lacks. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 300 };

/* a and b go together, c is by itself; `head` NULL: no names. */
static void write_csv(char path[TEST_PATH], const char *name, const char *head)
{
    char *text = malloc(ROWS * 48 + 64), *at = text;
    uint64_t seed = 4;
    if (head != NULL) at += sprintf(at, "%s\n", head);
    for (int r = 0; r < ROWS; r++) {
        double a = test_uniform(&seed, -2, 2), b = 3 * a + test_uniform(&seed, -1, 1);
        at += sprintf(at, "%.4f,%.4f,%.4f\n", a, b, test_uniform(&seed, 4, 6));
    }
    test_write(path, name, text, (size_t)(at - text));
    free(text);
}

static hg_model *train(hg_ctx *ctx, const char *path, int table)
{
    static const char *const set[] = {"hidden", "8", "code",  "2",
                                      "epochs", "2", "score", "joint"};
    hg_data_options o = {.size = sizeof o, .table = table};
    hg_dataset *d;
    hg_config *cfg;
    hg_model *m;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (size_t i = 0; i < sizeof set / sizeof *set; i += 2)
        CHECK_OK(ctx, hg_config_set(cfg, set[i], set[i + 1]));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, d, NULL, NULL, NULL, &m));
    hg_config_free(&cfg);
    hg_dataset_free(&d);
    return m;
}

static hg_status score_text(hg_ctx *ctx, const hg_model *m, const char *text,
                            const hg_data_options *o)
{
    char in[TEST_PATH], out[TEST_PATH];
    hg_score_file_options s = {.size = sizeof s};
    test_write(in, "rows.csv", text, strlen(text));
    test_path(out, "scores.csv");
    return hg_score_file(ctx, m, in, o, out, &s, NULL, NULL);
}

TEST(a_gap_or_word_that_a_model_of_complete_numbers_refuses_comes_with_what_would_help)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    for (int named = 0; named < 2; named++) {
        test_where("%s names", named ? "with" : "without");
        write_csv(path, "train.csv", named ? "a,b,c" : NULL);
        hg_model *m = train(ctx, path, 0);
        CHECK_FAILS(ctx, score_text(ctx, m, "a,b,c\n1,3,5\n1,,5\n", NULL), HG_ENONFINITE,
                    "is empty, expected a number; row 2; the model was trained on "
                    "complete numbers: fill it, or train with --table");
        CHECK_FAILS(ctx, score_text(ctx, m, "a,b,c\n1,off,5\n1,2,5\n", NULL), HG_EFORMAT,
                    named ? "train with --table for one to which this is a missing value"
                          : "set drop to b");
        hg_model_free(&m);
    }
    test_where(NULL);
}

/* NPY, version 1.0: a head of 128 bytes, then little-endian floats. */
static void write_npy(char path[TEST_PATH], const char *name, const float *x, int rows)
{
    char bytes[128 + ROWS * 3 * 4], shape[80];
    int n =
        snprintf(shape, sizeof shape,
                 "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, 3), }", rows);
    memset(bytes, ' ', 128);
    memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    memcpy(bytes + 10, shape, (size_t)n);
    bytes[127] = '\n';
    memcpy(bytes + 128, x, (size_t)rows * 12);
    test_write(path, name, bytes, 128 + (size_t)rows * 12);
}

TEST(an_array_that_is_complete_becomes_a_table_when_asked_and_takes_gaps_later)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], gaps[TEST_PATH], out[TEST_PATH];
    float x[ROWS * 3];
    uint64_t seed = 9;
    hg_score_file_options s = {.size = sizeof s};
    for (int i = 0; i < ROWS * 3; i++) x[i] = (float)test_uniform(&seed, -1, 2);
    write_npy(path, "train.npy", x, ROWS);
    x[4] = (float)NAN;
    write_npy(gaps, "gaps.npy", x, 3);
    test_path(out, "out.csv");
    hg_model *numbers = train(ctx, path, 0), *table = train(ctx, path, 1);
    CHECK(hg_model_schema(numbers) == NULL && hg_model_schema(table) != NULL);
    CHECK_FAILS(ctx, hg_score_file(ctx, numbers, gaps, NULL, out, &s, NULL, NULL),
                HG_ENONFINITE,
                "row 2, column 2 is NaN, expected finite numbers; the model was trained "
                "on complete numbers: fill it, or train with --table");
    CHECK_OK(ctx, hg_score_file(ctx, table, gaps, NULL, out, &s, NULL, NULL));
    hg_model_free(&numbers);
    hg_model_free(&table);
}

static void last_line(void *user, hg_log_level level, const char *line)
{
    if (level == HG_LOG_WARNING) snprintf(user, HG_MESSAGE_MAX, "%s", line);
}

TEST(table_is_not_silently_without_effect)
{
    char said[HG_MESSAGE_MAX] = "", path[TEST_PATH];
    hg_ctx_options c = {.size = sizeof c, .log = last_line, .log_user = said};
    hg_ctx *ctx = test_ctx_with(&c);
    hg_data_options o = {.size = sizeof o, .table = 1};
    write_csv(path, "train.csv", "a,b,c");
    hg_model *m = train(ctx, path, 0), *table = train(ctx, path, 1);
    said[0] = '\0';
    CHECK_OK(ctx, score_text(ctx, table, "a,b,c\n1,,5\n", &o));
    CHECK_STR(said, "");
    CHECK_OK(ctx, score_text(ctx, m, "a,b,c\n1,3,5\n", &o));
    CHECK(strstr(said, "table has no effect here") != NULL);
    hg_lines *lines;
    for (int k = 0; k < 2; k++) {
        said[0] = '\0';
        CHECK_OK(ctx, hg_lines_new(ctx, k == 0 ? table : m, &o, "pipe", &lines));
        CHECK_INT(strstr(said, "pipe: table has no effect here") != NULL, k);
        hg_lines_free(&lines);
    }
    o.strict = 1;
    hg_dataset *d;
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, &o, &d), HG_EINVAL,
                "strict refuses what table is for");
    hg_model_free(&table);
    hg_model_free(&m);
}

/* Rows without b, in another order, by a file and line by line. */
static void check_missing(hg_ctx *ctx, const hg_model *m, const hg_data_options *o)
{
    static const char text[] = "c,a\n5,1\n,2\n";
    char path[TEST_PATH];
    hg_data_options own = *o;
    hg_dataset *d;
    hg_lines *lines;
    float rows[6], x[3];
    int row;
    own.schema = hg_model_schema(m);
    test_write(path, "less.csv", text, strlen(text));
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &own, &d));
    CHECK_STR(hg_dataset_column(d, 1), "b");
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, 2, rows));
    const float want[6] = {1, (float)NAN, 5, 2, (float)NAN, (float)NAN};
    for (int i = 0; i < 6; i++)
        CHECK(isnan(want[i]) ? isnan(rows[i]) : rows[i] >= want[i] && rows[i] <= want[i]);
    hg_dataset_free(&d);
    CHECK_OK(ctx, hg_lines_new(ctx, m, o, NULL, &lines));
    for (const char *p = text, *to; *p != '\0'; p = to + 1) {
        to = strchr(p, '\n');
        CHECK_INT(hg_lines_read(lines, p, (size_t)(to - p), x, &row), HG_OK);
        CHECK_INT(row, p != text);
    }
    CHECK(isnan(x[1]) && isnan(x[2]) && fabsf(x[0] - 2) < 1e-6f);
    hg_lines_free(&lines);
}

TEST(columns_that_a_file_lacks_are_gaps_where_this_is_asked_for_and_the_model_takes_gaps)
{
    char said[HG_MESSAGE_MAX] = "", path[TEST_PATH], out[TEST_PATH];
    hg_ctx_options c = {.size = sizeof c, .log = last_line, .log_user = said};
    hg_ctx *ctx = test_ctx_with(&c);
    hg_data_options o = {.size = sizeof o, .allow_missing_columns = 1};
    size_t n;
    write_csv(path, "train.csv", "a,b,c");
    hg_model *m = train(ctx, path, 0), *table = train(ctx, path, 1);
    check_missing(ctx, table, &o);
    CHECK(strstr(said, "1 of the model's 3 columns missing, a gap in each row: 'b'") !=
          NULL);
    CHECK_FAILS(ctx, score_text(ctx, table, "a,c\n1,5\n", NULL), HG_EMISMATCH,
                "with allow-missing-columns it is a missing value");
    CHECK_OK(ctx, score_text(ctx, table, "a,c\n1,5\n", &o));
    /* Of no column at all nothing is known, and a name that only looks alike is extra. */
    CHECK_FAILS(ctx, score_text(ctx, table, "x\n1\n", &o), HG_EMISMATCH,
                "3 of the 3 columns");
    CHECK_FAILS(ctx, score_text(ctx, table, "a,B,c\n1,2,5\n", &o), HG_EMISMATCH,
                "column 'B' is none of the model's 3");
    CHECK_FAILS(ctx, score_text(ctx, m, "a,c\n1,5\n", &o), HG_EMISMATCH,
                "column 'b' is missing, and the model was trained on complete numbers");
    /* What is missing is filled in, and what is there is copied. */
    test_write(path, "less.csv", "c,a\n5.00,1.0\n", 13);
    test_path(out, "filled.csv");
    CHECK_OK(ctx, hg_map_file(ctx, table, "impute", path, &o, out, "csv", NULL, NULL));
    char *text = test_read(out, &n);
    CHECK(strncmp(text, "a,b,c\n1.0,", 10) == 0 && strstr(text, ",5.00\n") != NULL);
    CHECK(strstr(text, ",,") == NULL);
    free(text);
    hg_model_free(&table);
    hg_model_free(&m);
}
