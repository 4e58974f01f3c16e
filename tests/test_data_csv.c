// SPDX-License-Identifier: MIT
/* CSV: dialects, headers, columns chosen, and the message of every kind of fault.      */
#include "test.h"

#include "data/csv.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static hg_status read_with(hg_ctx *ctx, const char *text, const hg_data_options *o,
                           hg_dataset **d)
{
    hg_data_options all = o != NULL ? *o : (hg_data_options){0};
    hgi_source *s;
    *d = NULL;
    all.format = "csv";
    hg_status status = hgi_source_from_memory(ctx, "a.csv", text, strlen(text), &s);
    if (status == HG_OK) status = hgi_dataset_from_source(ctx, s, &all, d);
    hgi_source_close(&s);
    return status;
}

/* The dataset as text: names, then rows of %g, "a b|1 2|3 4". */
static void show(hg_ctx *ctx, const hg_dataset *d, char out[256])
{
    float row[16];
    size_t n = 0;
    out[0] = '\0';
    for (int64_t c = 0; c < d->features && d->columns != NULL; c++) {
        n += (size_t)snprintf(out + n, 256 - n, "%s%s", c > 0 ? " " : "",
                              hg_dataset_column(d, c));
    }
    for (int64_t r = 0; r < d->rows; r++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, d, r, 1, row));
        for (int64_t c = 0; c < d->features; c++) {
            n += (size_t)snprintf(out + n, 256 - n, "%s%g",
                                  c > 0                 ? " "
                                  : r > 0 || d->columns ? "|"
                                                        : "",
                                  (double)row[c]);
        }
    }
}

static void check(hg_ctx *ctx, const char *text, const hg_data_options *o,
                  const char *want)
{
    hg_dataset *d;
    char got[256];
    test_where("%s", want);
    CHECK_OK(ctx, read_with(ctx, text, o, &d));
    show(ctx, d, got);
    CHECK_STR(got, want);
    hg_dataset_free(&d);
    test_where(NULL);
}

/* Of numbers alone: what a table makes of words and gaps is in test_data_table.c. */
static void check_fault(hg_ctx *ctx, const char *text, const hg_data_options *o,
                        hg_status status, const char *part)
{
    hg_dataset *d;
    hg_data_options strict = {.size = sizeof strict};
    if (o != NULL) strict = *o;
    strict.strict = 1;
    CHECK_FAILS(ctx, read_with(ctx, text, &strict, &d), status, part);
    CHECK(d == NULL);
}

/* ---- dialects ---------------------------------------------------------------------- */

TEST(csv_delimiters_line_ends_and_bom_are_told_by_content)
{
    hg_ctx *ctx = test_ctx();
    check(ctx, "1,2\n3,4\n", NULL, "1 2|3 4");
    check(ctx, "1;2\n3;4", NULL, "1 2|3 4");
    check(ctx, "1\t2\r\n3\t4\r\n", NULL, "1 2|3 4");
    check(ctx,
          "\xef\xbb\xbf"
          "a,b\n1,2\n",
          NULL, "a b|1 2");
    check(ctx, "\n\na,b\n\n1,2\n\n3,4\n\n", NULL, "a b|1 2|3 4");
    check(ctx, " a , b \n 1 ,2 \n", NULL, "a b|1 2");
    check(ctx, "7\n8\n", NULL, "7|8");
    check(ctx, "\n\n7\n8\n\n", NULL, "7|8");
}

TEST(csv_quotes_hold_delimiters_quotes_and_line_ends)
{
    hg_ctx *ctx = test_ctx();
    check(ctx, "\"a,b\",\"c\"\"d\",\"e\nf\"\n1,\"2\",3\n", NULL, "a,b c\"d e\nf|1 2 3");
    check_fault(ctx, "a,b\n1,2\n\"3,4\n5,6\n", NULL, HG_EFORMAT,
                "a.csv:3: a quote opened in this record is never closed");
    check_fault(ctx, "a,b\n1,\"2\"x\n", NULL, HG_EFORMAT,
                "a.csv:2: column 2 has text after");
    /* The lines inside quotes count. */
    check_fault(ctx, "\"a\n\n\",b\n1,2\n1\n", NULL, HG_EFORMAT,
                "a.csv:5: 1 column, expected 2");
}

TEST(csv_delimiter_and_decimal_sign_can_be_given)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .decimal = ','};
    check(ctx, "1,5;2\n-3,25;4,0e1\n", &o, "1.5 2|-3.25 40");
    check(ctx, "1,5\t2\n", &o, "1.5 2");
    o = (hg_data_options){.size = sizeof o, .delimiter = ' '};
    check(ctx, "a b\n1 2\n", &o, "a b|1 2");
    o.delimiter = '5';
    check_fault(ctx, "1\n", &o, HG_EINVAL, "delimiter");
    o = (hg_data_options){.size = sizeof o, .decimal = ';'};
    check_fault(ctx, "1\n", &o, HG_EINVAL, "decimal");
    o = (hg_data_options){.size = sizeof o, .decimal = ',', .delimiter = '.'};
    check_fault(ctx, "1\n", &o, HG_EINVAL, "delimiter");
    check_fault(ctx, "a;b\n1,5;2\n", NULL, HG_EFORMAT, "set decimal to ','");
}

TEST(csv_hints_at_the_decimal_sign_when_any_cell_looks_like_it)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .drop_non_numeric = 1};
    /* The first bad cell is a word; the column of numbers is not one to be dropped. */
    check_fault(ctx, "who;w\nbob;1,5\nann;2,5\n", NULL, HG_EFORMAT,
                "a.csv:2: column 'who' is 'bob', expected a number; to leave out the "
                "column, set drop to who, or drop-non-numeric; line 2, column 'w' is "
                "'1,5': if ',' is the decimal sign, set decimal to ','");
    check_fault(ctx, "who;w\nbob;1,5\nann;2,5\n", &o, HG_ESHAPE,
                "no column has numbers only; line 2, column 'w' is '1,5': if ','");
}

static void last_line(void *user, hg_log_level level, const char *line)
{
    if (level == HG_LOG_WARNING) snprintf(user, HG_MESSAGE_MAX, "%s", line);
}

TEST(csv_warns_when_numbers_with_another_decimal_sign_are_dropped_as_text)
{
    char line[HG_MESSAGE_MAX] = "";
    hg_ctx *ctx = test_ctx_with(&(hg_ctx_options){
        .size = sizeof(hg_ctx_options), .log = last_line, .log_user = line});
    hg_data_options o = {.size = sizeof o, .drop_non_numeric = 1};
    check(ctx, "n;who\n1;x\n2;y\n", &o, "n|1|2");
    CHECK_STR(line, "");
    check(ctx, "n;w\n1;1,5\n2;2,5\n", &o, "n|1|2");
    CHECK_STR(line,
              "a.csv: columns are left out as text; line 2, column 'w' is '1,5': if "
              "',' is the decimal sign, set decimal to ','");
}

TEST(csv_header_is_detected_and_can_be_said)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options named = {.size = sizeof named, .header = 1};
    hg_data_options bare = {.size = sizeof bare, .header = -1};
    check(ctx, "a,b\n1,2\n", NULL, "a b|1 2");
    check(ctx, "id,1990\n1,2\n", NULL, "id 1990|1 2");
    check(ctx, "\"1\",\"2\"\n3,4\n", NULL, "1 2|3 4");
    check(ctx, "1990,1991\n1,2\n", NULL, "1990 1991|1 2");
    check(ctx, "1990,1991\n1,2\n", &named, "1990 1991|1 2");
    check_fault(ctx, "a,b\n1,2\n", &bare, HG_EFORMAT, "a.csv:1: column 1 is 'a'");
    check_fault(ctx, "a,b\n", NULL, HG_ESHAPE, "no rows after the header");
    check_fault(ctx, "\n\n", NULL, HG_ESHAPE, "no rows");
}

/* ---- columns ----------------------------------------------------------------------- */

TEST(csv_columns_are_chosen_and_dropped_by_name_or_number)
{
    hg_ctx *ctx = test_ctx();
    const char *text = "age,height,\"we,ight\"\n1,2,3\n4,5,6\n", *bare = "1,2,3\n4,5,6\n";
    hg_data_options o = {.size = sizeof o, .columns = "\"we,ight\",age"};
    check(ctx, text, &o, "we,ight age|3 1|6 4");
    o.drop = "age";
    check(ctx, text, &o, "we,ight|3|6");
    o = (hg_data_options){.size = sizeof o, .drop = "height"};
    check(ctx, text, &o, "age we,ight|1 3|4 6");
    o.drop = "1,3";
    check(ctx, bare, &o, "2|5");
    o = (hg_data_options){.size = sizeof o, .columns = "3,1"};
    check(ctx, bare, &o, "3 1|6 4");
    o.columns = "4";
    check_fault(ctx, bare, &o, HG_EUNKNOWN, "without a header they are 1 to 3");
    o.columns = "heigth";
    check_fault(ctx, text, &o, HG_EUNKNOWN,
                "columns: there is no column 'heigth' among the 3; did you mean "
                "'height'?");
    o.columns = "age,age";
    check_fault(ctx, text, &o, HG_EINVAL, "twice");
    o = (hg_data_options){.size = sizeof o, .drop = "1,2,3"};
    check_fault(ctx, bare, &o, HG_ESHAPE, "no columns are left");
}

TEST(csv_text_columns_are_refused_by_name_or_dropped_on_request)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .drop_non_numeric = 1};
    const char *text = "x,city,y,land\n1,Paris,2,F\n3,,4,F\n5,Rome,6,I\n";
    check_fault(ctx, text, NULL, HG_EFORMAT,
                "a.csv:2: column 'city' is 'Paris', expected a number; to leave out such "
                "columns, set drop to city,land, or drop-non-numeric");
    check(ctx, text, &o, "x y|1 2|3 4|5 6");
    /* A column shows itself as text only in its last row; its holes do not matter then. */
    check(ctx, "a,b,c\n1,,2\n3,4,5\n6,seven,8\n", &o, "a c|1 2|3 5|6 8");
    check_fault(ctx, "a,b\nx,y\nz,w\n", &o, HG_ESHAPE, "no column has numbers only");
    check_fault(ctx, "a,b\nx,1\nz,\n", &o, HG_ENONFINITE, "a.csv:3: column 'b' is empty");
    hg_data_options dropped = {.size = sizeof o, .drop = "city,land"};
    check(ctx, text, &dropped, "x y|1 2|3 4|5 6");
}

TEST(csv_missing_values_are_refused_by_row_line_and_name)
{
    hg_ctx *ctx = test_ctx();
    check_fault(
        ctx, "age,b\n1,2\n,4\n5,\n", NULL, HG_ENONFINITE,
        "a.csv:3: column 'age' is empty, expected a number; row 2 (2 such cells); fill "
        "it, or leave the column out: set drop to age");
    check_fault(ctx, "1,2\n3,NA\n", NULL, HG_ENONFINITE, "a.csv:2: column 2 is empty");
    check_fault(ctx, "1,2\n3,?\n", NULL, HG_ENONFINITE, "set drop to 2");
    check_fault(ctx, "1\n\n2\n", NULL, HG_ENONFINITE, "a.csv:2: a blank line");
}

TEST(csv_ragged_rows_are_refused_by_line)
{
    hg_ctx *ctx = test_ctx();
    check_fault(ctx, "a,b,c\n1,2,3\n1,2\n", NULL, HG_EFORMAT,
                "a.csv:3: 2 columns, expected 3");
    check_fault(ctx, "a,b,c\n1,2,3,4\n", NULL, HG_EFORMAT,
                "a.csv:2: 4 columns, expected 3");
    check_fault(ctx, "1,2\n3,4,\n", NULL, HG_EFORMAT, "a.csv:2: 3 columns, expected 2");
}

TEST(csv_numbers_that_no_float_holds_are_refused_by_place)
{
    hg_ctx *ctx = test_ctx();
    check(ctx, "3.4028234e38,-1e-50\n", NULL, "3.40282e+38 -0");
    check_fault(ctx, "a\n1\n1e39\n", NULL, HG_ERANGE,
                "a.csv:3: column 'a' is 1e39, expected at "
                "most 3.4e38");
    check_fault(ctx, "a\n1\n1e400\n", NULL, HG_ERANGE, "a.csv:3: column 'a' is 1e400");
    check_fault(
        ctx, "a\n1\nnan\n-inf\n", NULL, HG_ENONFINITE,
        "a.csv:3: column 'a' is nan, expected a finite number; row 2 (2 such cells)");
}

TEST(csv_other_kinds_of_text_are_told)
{
    hg_ctx *ctx = test_ctx();
    check_fault(ctx,
                "\xff\xfe"
                "1",
                NULL, HG_EFORMAT, "UTF-16");
    hgi_source *s;
    hg_dataset *d;
    hg_data_options o = {.size = sizeof o, .format = "csv"};
    CHECK_OK(ctx, hgi_source_from_memory(ctx, "a.csv", "1,2\n\0,4\n", 8, &s));
    CHECK_FAILS(ctx, hgi_dataset_from_source(ctx, s, &o, &d), HG_EFORMAT,
                "a.csv:2: a zero byte");
    hgi_source_close(&s);
}

TEST(csv_limit_stops_before_later_faults)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .limit = 2};
    check(ctx, "a,b\n1,2\n3,4\nx\n", &o, "a b|1 2|3 4");
}

/* ---- numbers ----------------------------------------------------------------------- */

/* The fast path must agree with the slow one wherever it answers at all. */
TEST(csv_numbers_are_rounded_as_the_exact_parser_rounds_them)
{
    uint64_t state = 7;
    int64_t answered = 0;
    for (int64_t i = 0; i < 200000; i++) {
        char text[64];
        double v = test_uniform(&state, -1, 1) * pow(10, test_uniform(&state, -20, 20));
        static const char *const formats[] = {"%.17g", "%.6g", "%.18e",
                                              "%.3f",  "%.0f", "%.16e"};
        int n = snprintf(text, sizeof text - 1, formats[i % 6], v);
        text[n] = '\n';
        double fast, slow;
        const char *end = hgi_csv_number(text, '.', &fast);
        if (end == NULL) continue;
        CHECK(hgi_parse_double(text, (size_t)n, '.', &slow));
        answered++;
        if (end != text + n || memcmp(&fast, &slow, sizeof fast) != 0) {
            test_where("%.*s", n, text);
            CHECK(end == text + n);
            CHECK_NEAR(fast, slow, 0);
            break;
        }
    }
    CHECK(answered > 150000);
}

/* Digits at random come near a half between two doubles, where rounding to 64 bits and then
 * to 53 goes wrong; digits printed from a double never do.  One in 4,000 is such a case. */
TEST(csv_numbers_of_random_digits_are_not_rounded_twice)
{
    uint64_t state = 19;
    int64_t wrong = 0;
    for (int64_t i = 0; i < 100000; i++) {
        char text[64];
        double fast, slow;
        int n =
            snprintf(text, sizeof text, "%llue-%d\n",
                     (unsigned long long)(test_random(&state) % 10000000000000000000u),
                     (int)(test_random(&state) % 27));
        const char *end = hgi_csv_number(text, '.', &fast);
        CHECK(hgi_parse_double(text, (size_t)n - 1, '.', &slow));
        wrong += end != NULL && memcmp(&fast, &slow, sizeof fast) != 0;
    }
    CHECK_INT(wrong, 0);
}

/* Exact halves between two doubles, where rounding twice would go wrong. */
TEST(csv_numbers_at_halves_are_left_to_the_exact_parser)
{
    static const char *const halves[] = {"9007199254740993\n", "9007199254740995\n",
                                         "900719925474099.3e1\n",
                                         "9007199254740993000e-3\n"};
    for (int i = 0; i < 4; i++) {
        double fast, slow;
        size_t n = strlen(halves[i]) - 1;
        CHECK(hgi_parse_double(halves[i], n, '.', &slow));
        const char *end = hgi_csv_number(halves[i], '.', &fast);
        CHECK(end == NULL || (!(fast < slow) && !(fast > slow)));
    }
}

/* ---- large, and memory ------------------------------------------------------------- */

/* Records and rows that cross every buffer, at every offset. */
TEST(csv_records_survive_the_edges_of_the_buffer)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    char path[TEST_PATH];
    size_t n = 0, room = 4u << 20;
    char *text = malloc(room);
    int64_t rows = 0;
    n += (size_t)snprintf(text, room, "n,\"quoted\n\"\"name\"\"\",half\n");
    for (; n + 64 < room; rows++) {
        n += (size_t)snprintf(text + n, room - n,
                              rows % 3 == 0 ? "%d,\"%d\",%.1f\r\n" : "%d,%d,%.1f\n",
                              (int)rows, (int)(rows % 1000), 0.5 * (double)rows);
    }
    test_write(path, "large.csv", text, n);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    CHECK_INT(d->rows, rows);
    CHECK_STR(hg_dataset_column(d, 1), "quoted\n\"name\"");
    int64_t wrong = 0;
    for (int64_t r = 0; r < rows; r++) {
        const float *row = hgi_dataset_row_f32(d, r);
        wrong += row[0] != (float)r || row[1] != (float)(r % 1000) ||
                 row[2] != 0.5f * (float)r;
    }
    CHECK_INT(wrong, 0);
    /* Storage stays within half as much again of what the rows need. */
    CHECK(test_alloc_bytes() < rows * 3 * 4 * 3 / 2 + 4096);
    hg_dataset_free(&d);
    free(text);
}

/* A first record of about the buffer's 256 kB stays while the second is looked at. */
TEST(csv_long_headers_are_kept_while_the_second_record_is_seen)
{
    static const size_t lengths[] = {256 * 1024 - 14, 300000};
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    char path[TEST_PATH], *text = malloc(300000 + 64);
    for (int i = 0; i < 2; i++) {
        size_t n = (size_t)snprintf(text, 64, "\xef\xbb\xbf\n\nfirst,");
        memset(text + n, 'x', lengths[i]);
        n += lengths[i];
        n += (size_t)snprintf(text + n, 32, "\n10,20\n30,40\n");
        test_write(path, "long.csv", text, n);
        CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
        CHECK_STR(hg_dataset_column(d, 0), "first");
        CHECK_INT(strlen(hg_dataset_column(d, 1)), lengths[i]);
        CHECK_INT(d->rows, 2);
        CHECK_NEAR(d->mean, 25, 0);
        hg_dataset_free(&d);
    }
    free(text);
}

TEST(csv_sample_is_read_and_measured)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    char path[TEST_PATH];
    hg_data_options o = {.size = sizeof o, .drop = "diagnosis"};
    test_sample(path, "breast-cancer.csv");
    hg_data_options strict = {.size = sizeof strict, .strict = 1};
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, &strict, &d), HG_EFORMAT,
                "column 'diagnosis' is");
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    CHECK_INT(d->rows, 569);
    CHECK_INT(d->features, 30);
    CHECK_STR(d->format, "csv");
    hg_dataset_free(&d);
}

TEST(csv_reader_survives_each_failing_allocation)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    char path[TEST_PATH];
    hg_data_options o = {
        .size = sizeof o, .columns = "d,\"c\",b,t", .drop = "c", .drop_non_numeric = 1};
    const char *text = "a,b,c,d,t\n1,2,3,4,x\n5,6,7,8,y\n";
    test_write(path, "a.csv", text, strlen(text));
    bool failed = true;
    for (int64_t n = 0; failed && n < 100; n++) {
        test_where("allocation %d", (int)n);
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status status = hg_dataset_open(ctx, path, &o, &d);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        CHECK((d == NULL) == failed);
        if (!failed) CHECK_INT(d->features, 2);
        hg_dataset_free(&d);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed);
}
