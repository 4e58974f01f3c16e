// SPDX-License-Identifier: MIT
/* Tables: words, gaps, dates and booleans of CSV text, and what is made of them.       */
#include "test.h"

#include "data/blocks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static hg_status read_with(hg_ctx *ctx, const char *text, const hg_data_options *o,
                           hg_dataset **d)
{
    hgi_source *s;
    hg_data_options all;
    hg_status status = hgi_data_options_read(ctx, o, &all);
    *d = NULL;
    if (status == HG_OK)
        status = hgi_source_from_memory(ctx, "a.csv", text, strlen(text), &s);
    if (status != HG_OK) return status;
    status = hgi_dataset_from_source(ctx, s, &all, d);
    hgi_source_close(&s);
    return status;
}

/* "name:kind(words)" of each column, then rows as a file would have them. */
static void show(hg_ctx *ctx, const hg_dataset *d, char *out, size_t room)
{
    const hg_schema *s = hg_dataset_schema(d);
    size_t n = 0;
    float row[16];
    out[0] = '\0';
    if (s == NULL) {
        snprintf(out, room, "numbers");
        return;
    }
    for (int64_t c = 0; c < hg_schema_columns(s); c++) {
        hg_column_info info = {.size = sizeof info};
        CHECK(hg_schema_column(s, c, &info) == HG_OK);
        n += (size_t)snprintf(out + n, room - n, "%s%s:%s", c > 0 ? " " : "", info.name,
                              info.kind);
        for (int64_t k = 0; k < info.words; k++)
            n += (size_t)snprintf(out + n, room - n, "%c%s", k > 0 ? ',' : '=',
                                  hg_schema_word(s, c, k));
    }
    for (int64_t r = 0; r < d->rows; r++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, d, r, 1, row));
        for (int64_t c = 0; c < d->features; c++) {
            char cell[64];
            (void)hg_schema_text(s, c, row[c], cell, sizeof cell);
            n += (size_t)snprintf(out + n, room - n, "%s%s", c > 0 ? "," : "|", cell);
        }
    }
}

static void check(hg_ctx *ctx, const char *text, const hg_data_options *o,
                  const char *want)
{
    hg_dataset *d;
    char got[1024];
    test_where("%s", want);
    CHECK_OK(ctx, read_with(ctx, text, o, &d));
    show(ctx, d, got, sizeof got);
    CHECK_STR(got, want);
    hg_dataset_free(&d);
    test_where(NULL);
}

static void check_fault(hg_ctx *ctx, const char *text, const hg_data_options *o,
                        hg_status status, const char *part)
{
    hg_dataset *d;
    CHECK_FAILS(ctx, read_with(ctx, text, o, &d), status, part);
    CHECK(d == NULL);
}

static void last_line(void *user, hg_log_level level, const char *line)
{
    if (level == HG_LOG_WARNING) snprintf(user, HG_MESSAGE_MAX, "%s", line);
}

static hg_ctx *listening(char line[HG_MESSAGE_MAX])
{
    line[0] = '\0';
    return test_ctx_with(&(hg_ctx_options){
        .size = sizeof(hg_ctx_options), .log = last_line, .log_user = line});
}

/* ---- kinds ------------------------------------------------------------------------- */

TEST(table_of_complete_numbers_has_no_schema)
{
    hg_ctx *ctx = test_ctx();
    check(ctx, "a,b\n1,2\n3,4\n", NULL, "numbers");
}

TEST(table_words_gaps_and_booleans_are_told_by_content)
{
    hg_ctx *ctx = test_ctx();
    check(
        ctx, "a,color,ok\n1,red,yes\n,blue,no\n3,red,\n4,?,YES\n", NULL,
        "a:numeric color:category=red,blue ok:boolean=no,yes|1,red,yes|,blue,no|3,red,|4,"
        ",yes");
    check(ctx, "a,b\n1,NA\n2,nan\nnull,4\n", NULL, "a:numeric b:numeric|1,|2,|,4");
    check(ctx, "f\nT\nF\nt\n",
          &(hg_data_options){.size = sizeof(hg_data_options), .header = 1},
          "f:boolean=F,T|T|F|T");
}

TEST(table_words_are_the_same_in_either_case_and_without_blanks)
{
    hg_ctx *ctx = test_ctx();
    check(ctx, "x,c\n1,\"Red \"\n2, red\n3,RED\n4,blue\n", NULL,
          "x:numeric c:category=Red,blue|1,Red|2,Red|3,Red|4,blue");
}

TEST(table_quotes_newlines_and_a_bom_are_read)
{
    hg_ctx *ctx = test_ctx();
    check(ctx,
          "\xef\xbb\xbf"
          "x,c\r\n1,\"two\nlines, \"\"q\"\"\"\r\n2,b\r\n",
          NULL, "x:numeric c:category=two\nlines, \"q\",b|1,two\nlines, \"q\"|2,b");
}

TEST(table_numbers_among_words_are_words_when_they_are_few_and_whole)
{
    char line[HG_MESSAGE_MAX];
    hg_ctx *ctx = listening(line);
    check(ctx, "s,x\n38,1\nM,2\n40,3\n38,4\n", NULL,
          "s:category=38,M,40 x:numeric|38,1|M,2|40,3|38,4");
    CHECK_STR(line, "");
    check(ctx, "flow,x\n1.5,1\nBad,2\n1.75,3\n", NULL,
          "flow:numeric x:numeric|1.5,1|,2|1.75,3");
    CHECK_STR(line, "a.csv: column 'flow': 1 of 3 cells are words, the first 'Bad'; they "
                    "count as missing; categorical reads all as words");
}

TEST(table_numbers_in_a_report_s_dress_are_numbers)
{
    hg_ctx *ctx = test_ctx();
    check(ctx, "a,b,c\n\"1,234\",$5.50,10%\n\"1,234,567.5\",-1,12 %\n,(3),1\n", NULL,
          "a:numeric b:numeric c:numeric|1234,5.5,10|1234567.5,-1,12|,-3,1");
    hg_data_options comma = {.size = sizeof comma, .decimal = ','};
    check(ctx, "a;b\n1.234,5;x\n2,5;y\n", &comma,
          "a:numeric b:category=x,y|1234.5,x|2.5,y");
    check_fault(ctx, "w;c\n1,5;x\n2,5;y\n", NULL, HG_EFORMAT,
                "if ',' is the decimal sign, set decimal to ','");
}

/* ---- dates --------------------------------------------------------------------------- */

TEST(table_dates_are_read_in_the_ways_that_files_have_them)
{
    hg_ctx *ctx = test_ctx();
    check(ctx, "d,x\n2024-02-28,1\n2024-02-29,2\n,3\n2024-03-01,4\n", NULL,
          "d:date x:numeric|2024-02-28,1|2024-02-29,2|,3|2024-03-01,4");
    check(ctx,
          "t\n2024-03-01T10:00:00Z\n2024-03-01 12:30:00+01:00\n2024-03-02 01:00 PM\n",
          NULL, "t:date|2024-03-01T10:00:00|2024-03-01T11:30:00|2024-03-02T13:00:00");
    check(ctx, "d\n31.12.1999\n01.02.2000\n", NULL, "d:date|1999-12-31|2000-02-01");
    check(ctx, "d\n3/25/2024\n4/5/2024\n", NULL, "d:date|2024-03-25|2024-04-05");
    check(ctx, "d\n25/3/2024\n4/5/2024\n", NULL, "d:date|2024-03-25|2024-05-04");
    check(ctx, "d\n1 Mar 2024\n\"Mar 2, 2024\"\n03-MAR-24\n", NULL,
          "d:date|2024-03-01|2024-03-02|2024-03-03");
    check(ctx, "d,c\n2024-02-30,a\n2024-02-29,b\n", NULL,
          "d:category=2024-02-30,2024-02-29 c:category=a,b|2024-02-30,a|2024-02-29,b");
}

TEST(table_cells_that_are_no_dates_are_missing_among_dates_and_counted)
{
    char line[HG_MESSAGE_MAX];
    hg_ctx *ctx = listening(line);
    hg_dataset *d;
    check(ctx, "d,x\n31.02.2021,1\n01.03.2021,2\nunknown,3\n03.03.2021,4\n04.03.2021,5\n",
          NULL, "d:date x:numeric|,1|2021-03-01,2|,3|2021-03-03,4|2021-03-04,5");
    CHECK_STR(line,
              "a.csv: column 'd': 2 of 5 cells are no dates, the first '31.02.2021'; "
              "they count as missing; categorical reads all as words");
    /* Among dates as texts a number is none, unless it has a day in it. */
    check(ctx, "d\n0\n20210302\n01.03.2021\n45123\n03.03.2021\n04.03.2021\n05.03.2021\n",
          NULL, "d:date||2021-03-02|2021-03-01||2021-03-03|2021-03-04|2021-03-05");
    /* Far behind the first rows, too; and by a thread that reads nothing else. */
    char *text = malloc(40000), *p = text + sprintf(text, "d,x\n");
    for (int i = 0; i < 1500; i++) p += sprintf(p, "2024-03-01,%d\n", i);
    sprintf(p, "soon,1\n");
    CHECK_OK(ctx, read_with(ctx, text, NULL, &d));
    float x[2];
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 1500, 1, x));
    CHECK(isnan(x[0]));
    CHECK(strstr(line, "1 of 1501 cells are no dates, the first 'soon'") != NULL);
    /* At scoring. */
    hg_dataset *few;
    const hg_data_options o = {.size = sizeof o, .schema = hg_dataset_schema(d)};
    CHECK_OK(ctx, read_with(ctx, "d,x\n2024-03-05,1\nsoon,2\n2024-02-30,3\n", &o, &few));
    CHECK_STR(line,
              "a.csv:3: column 'd' is 'soon', no date that can be read (2 such cells): "
              "it counts as missing");
    CHECK_INT(hg_dataset_unseen(few, 0), 2);
    hg_dataset_free(&few);
    hg_dataset_free(&d);
    free(text);
}

TEST(table_columns_most_of_which_are_no_dates_are_refused_as_dates)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .date = "d"};
    check_fault(
        ctx, "d\n2024-03-01\nsoon\nlater\n", &o, HG_EFORMAT,
        "a.csv: column 'd': 2 of 3 cells are no dates, the first 'soon'; to take the "
        "column for words, set categorical to d");
    check(ctx, "d\n2024-03-01\nsoon\nlater\nsoon\n", NULL,
          "d:category=soon,2024-03-01,later|2024-03-01|soon|later|soon");
}

TEST(table_dates_survive_their_way_to_days_and_back)
{
    char text[HGI_DATE_MAX];
    hgi_date_form form;
    bool timed;
    /* Each day of 1900 to 2100, twice a leap year rule's exception. */
    double last = -1e300;
    for (double day = -25567; day < 48000; day++) {
        double seconds;
        int n = hgi_date_print(text, day * HGI_DAY, false);
        CHECK(hgi_date_parse(text, (size_t)n, HGI_DATE_NONE, &seconds, &form, &timed));
        CHECK(seconds == day * HGI_DAY && seconds > last && !timed);
        last = seconds;
    }
    static const char *const bad[] = {"2024-13-01",
                                      "2024-00-01",
                                      "2023-02-29",
                                      "2024-1-1x",
                                      "24:00",
                                      "2024-01-01T25:00",
                                      "2024-01-01T10:00+99:00",
                                      "1-2-3",
                                      "...",
                                      "-",
                                      ""};
    double v;
    for (int i = 0; i < HGI_COUNT(bad); i++) {
        test_where("%s", bad[i]);
        CHECK(!hgi_date_parse(bad[i], strlen(bad[i]), HGI_DATE_NONE, &v, &form, &timed));
    }
}

/* ---- options ------------------------------------------------------------------------- */

TEST(table_kinds_can_be_said)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .categorical = "zip", .boolean = "b"};
    check(ctx, "zip,b\n007,1\n7,0\n007,\n", &o,
          "zip:category=007,7 b:boolean=no,yes|007,yes|7,no|007,");
    hg_data_options n = {.size = sizeof n, .numeric = "a", .rename = "q=a"};
    check(ctx, "q,c\n1,x\nS,y\n", &n, "a:numeric c:category=x,y|1,x|,y");
    hg_data_options d = {.size = sizeof d, .date = "day"};
    check(ctx, "day,c\n20240301,x\n20240302,y\n", &d,
          "day:date c:category=x,y|2024-03-01,x|2024-03-02,y");
    check_fault(ctx, "b\n1\nmaybe\n",
                &(hg_data_options){.size = sizeof o, .boolean = "b"}, HG_EFORMAT,
                "column 'b' is 'maybe', expected a yes or no");
    hg_data_options twice = {.size = sizeof twice, .numeric = "a", .date = "a"};
    check_fault(ctx, "a,b\n1,x\n", &twice, HG_EINVAL, "column 1 has a kind already");
}

TEST(table_rare_words_share_a_place)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o = {.size = sizeof o, .categories = 2};
    check(ctx, "c,x\na,1\nb,2\nb,3\nc,4\na,5\nd,6\n", &o,
          "c:category=a,b x:numeric|a,1|b,2|b,3|,4|a,5|,6");
}

TEST(table_columns_that_say_nothing_are_left_out_by_name)
{
    char line[HG_MESSAGE_MAX];
    hg_ctx *ctx = listening(line);
    char text[1024], *p = text;
    p += sprintf(p, "id,none,c\n");
    for (int i = 0; i < 20; i++) p += sprintf(p, "u%d,,%s\n", i, i % 2 ? "x" : "y");
    hg_dataset *d;
    CHECK_OK(ctx, read_with(ctx, text, NULL, &d));
    CHECK_INT(hg_dataset_features(d), 1);
    CHECK_STR(hg_dataset_column(d, 0), "c");
    CHECK(strstr(line, "left out, each row has another word") != NULL);
    CHECK(strstr(line, "'id'") != NULL);
    CHECK_INT(d->schema->left_count, 2);
    hg_dataset_free(&d);
    check_fault(ctx, "a,b\n,\n,\n", NULL, HG_ESHAPE,
                "no column is left that a model could use");
}

TEST(table_an_identifier_with_a_twin_is_left_out_all_the_same)
{
    char line[HG_MESSAGE_MAX], text[2048], *p = text;
    hg_ctx *ctx = listening(line);
    hg_dataset *d;
    p += sprintf(p, "id,c\n");
    for (int i = 0; i < 60; i++) p += sprintf(p, "u%d,%s\n", i / 59 * 58 + i % 59, "x");
    CHECK_OK(ctx, read_with(ctx, text, NULL, &d));
    CHECK_INT(hg_dataset_features(d), 1);
    CHECK(strstr(line, "or most have") != NULL && strstr(line, "'id'") != NULL);
    hg_dataset_free(&d);
}

TEST(table_words_that_mostly_share_a_place_are_counted_in_a_warning)
{
    char line[HG_MESSAGE_MAX];
    hg_ctx *ctx = listening(line);
    hg_data_options o = {.size = sizeof o, .categories = 2};
    check(ctx, "c,x\na,1\na,1\nb,2\nb,3\nc,4\nd,5\ne,6\nf,7\n", &o,
          "c:category=a,b x:numeric|a,1|a,1|b,2|b,3|,4|,5|,6|,7");
    CHECK_STR(line,
              "a.csv: column 'c': 2 of 6 words are told apart, the others, 50.0 % of "
              "the cells, count as one; categories keeps more, drop leaves the "
              "column out");
}

TEST(table_numbers_with_the_other_decimal_sign_are_told_with_groups_too)
{
    hg_ctx *ctx = test_ctx();
    const char *want =
        "a.csv:2: column 'b' is '5.606,49', expected a number; if ',' is the "
        "decimal sign, set decimal to ','";
    check_fault(ctx, "a;b\nx;5.606,49\ny;1.234.567\nx;8.778,91\ny;7,5\n", NULL,
                HG_EFORMAT, want);
    hg_data_options comma = {.size = sizeof comma, .decimal = ','};
    check_fault(ctx, "a;b\nx;1,234.56\ny;7,234.50\n", &comma, HG_EFORMAT,
                "if '.' is the decimal sign, set decimal to '.'");
    check(ctx, "a;b\nx;1,234.5\ny;7\n", NULL, "a:category=x,y b:numeric|x,1234.5|y,7");
}

TEST(table_columns_of_one_name_are_a_warning)
{
    char line[HG_MESSAGE_MAX];
    hg_ctx *ctx = listening(line);
    check(ctx, "a,a,c\n1,2,3\n", NULL, "numbers");
    CHECK_STR(line, "a.csv: columns 1 and 2 are both called 'a': only their order tells "
                    "them apart");
}

TEST(table_of_numbers_takes_an_empty_column_that_was_left_out_again)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    const char *text = "a,b,c\n1,2,\n3,4,\n";
    CHECK_OK(ctx, read_with(ctx, text, NULL, &d));
    hg_data_options o = {.size = sizeof o, .schema = hg_dataset_schema(d)};
    check(ctx, text, &o, "a:numeric b:numeric|1,2|3,4");
    check(ctx, "b,a\n2,1\n", &o, "a:numeric b:numeric|1,2");
    hg_dataset_free(&d);
}

/* ---- a schema that is given ---------------------------------------------------------- */

TEST(table_columns_are_found_by_the_names_of_a_schema)
{
    char line[HG_MESSAGE_MAX];
    hg_ctx *ctx = listening(line);
    hg_dataset *d, *e;
    CHECK_OK(ctx,
             read_with(ctx, "a,c,d\n1,x,2024-01-01\n,y,2024-01-02\n2,x,\n", NULL, &d));
    hg_data_options o = {.size = sizeof o, .schema = hg_dataset_schema(d)};
    const char *want = "a:numeric c:category=x,y d:date";
    char all[200];
    snprintf(all, sizeof all, "%s|5,y,2024-03-01|,,2024-01-01", want);
    check(ctx, "d,c,a\n2024-03-01,Y,5\n2024-01-01,z,\n", &o, all);
    CHECK_STR(line,
              "a.csv:3: column 'c' is 'z', a word that training rows do not have: it "
              "counts as another word");
    CHECK_OK(ctx, read_with(ctx, "d,c,a\n2024-03-01,q,5\n2024-01-01,z,\n", &o, &e));
    CHECK_INT(hg_dataset_unseen(e, 1), 2);
    CHECK_INT(hg_dataset_unseen(e, 0), 0);
    float row[3];
    CHECK_OK(ctx, hg_dataset_read(ctx, e, 0, 1, row));
    CHECK(row[1] == 2.0f);
    hg_dataset_free(&e);
    check_fault(ctx, "a,c\n1,x\n", &o, HG_EMISMATCH,
                "column 'd' is missing, one of the 3");
    check_fault(ctx, "a,c,d,e\n1,x,,2\n", &o, HG_EMISMATCH,
                "column 'e' is none of the model's");
    o.ignore_extra = 1;
    snprintf(all, sizeof all, "%s|1,x,", want);
    check(ctx, "a,c,d,e\n1,x,,2\n", &o, all);
    hg_dataset_free(&d);
}

/* ---- the same however it is read ----------------------------------------------------- */

TEST(table_is_the_same_for_any_threads_in_memory_and_in_a_file)
{
    char path[TEST_PATH];
    char *text = malloc(64 * 60000), *p = text;
    p += sprintf(p, "n,c,d,b,m\n");
    for (int i = 0; i < 60000; i++)
        p += sprintf(p, "%s%d,w%d,2024-01-%02d,%s,%s\n", i % 7 ? "" : "-", i,
                     i * 7919 % 300, i % 28 + 1, i % 3 ? "yes" : "no",
                     i % 11  ? "1.5"
                     : i % 2 ? "off"
                             : "");
    test_write(path, "t.csv", text, (size_t)(p - text));
    free(text);
    uint64_t want = 0;
    for (int threads = 1; threads <= 3; threads += 2)
        for (int stream = -1; stream <= 1; stream += 2) {
            hg_ctx *ctx = test_ctx_with(
                &(hg_ctx_options){.size = sizeof(hg_ctx_options), .threads = threads});
            hg_data_options o = {.size = sizeof o, .stream = stream};
            hg_dataset *d;
            uint64_t hash;
            CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
            CHECK_INT(d->rows, 60000);
            CHECK_INT(d->schema->features, 1 + 257 + 1 + 1 + 1);
            CHECK_OK(ctx, hgi_dataset_hash(ctx, d, &hash));
            if (want == 0) want = hash;
            CHECK(hash == want);
            hg_dataset_free(&d);
        }
}

TEST(table_reading_survives_a_lack_of_memory)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    const char *text = "a,c,d,b,s\n1,x,2024-01-01,yes,5\n,y,,no,M\n3,z,2024-01-03,,5\n";
    hg_data_options o = {.size = sizeof o, .rename = "a=q", .categorical = "c"};
    bool failed = true;
    for (int64_t n = 0; failed && n < 300; n++) {
        test_where("allocation %d", (int)n);
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status status = read_with(ctx, text, &o, &d);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        hg_dataset_free(&d);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed);
}

/* ---- words that share a place ------------------------------------------------------- */

/* "c", then `common` times a, then words that come once. */
static void words_text(char *out, int common, int single)
{
    out += sprintf(out, "c,x\n");
    for (int i = 0; i < common; i++) out += sprintf(out, "a,%d\n", i);
    for (int i = 0; i < single; i++) out += sprintf(out, "w%d,%d\n", i, i);
}

TEST(table_words_that_are_rare_in_training_are_counted_and_are_no_news_later)
{
    char line[HG_MESSAGE_MAX], text[4000];
    hg_ctx *ctx = listening(line);
    hg_dataset *d, *few;
    words_text(text, 90, 10);
    const hg_data_options one = {.size = sizeof one, .categories = 1, .categorical = "c"};
    CHECK_OK(ctx, read_with(ctx, text, &one, &d));
    CHECK_STR(line,
              "a.csv: column 'c': 1 of 11 words are told apart, the others, 10.0 % of "
              "the cells, count as one; categories keeps more, drop leaves the column "
              "out");
    const hg_data_options o = {.size = sizeof o, .schema = hg_dataset_schema(d)};
    line[0] = '\0';
    CHECK_OK(ctx, read_with(ctx, text, &o, &few)); /* its own rows */
    CHECK_STR(line, "");
    CHECK_INT(hg_dataset_unseen(few, 0), 10);
    hg_dataset_free(&few);
    words_text(text, 60, 40);
    CHECK_OK(ctx, read_with(ctx, text, &o, &few));
    CHECK_STR(line,
              "a.csv:62: column 'c' is 'w0', a word that is new or was rare in training "
              "(40 such cells): it counts as another word");
    hg_dataset_free(&few);
    hg_dataset_free(&d);
}

TEST(table_more_words_than_are_kept_are_always_told_of)
{
    char line[HG_MESSAGE_MAX], text[4000];
    hg_ctx *ctx = listening(line);
    hg_dataset *d;
    words_text(text, 90, 1);
    const hg_data_options one = {.size = sizeof one, .categories = 1, .categorical = "c"};
    CHECK_OK(ctx, read_with(ctx, text, &one, &d));
    CHECK(strstr(line, "1 of 2 words are told apart") != NULL);
    hg_dataset_free(&d);
}

TEST(table_decimal_commas_in_quotes_stand_between_commas)
{
    hg_ctx *ctx = test_ctx();
    const char *text = "a,b,w\n\"1,5\",2,x\n\"1.234,25\",3,y\n4,5,x\n";
    const char *want = "a:numeric b:numeric w:category=x,y|1.5,2,x|1234.25,3,y|4,5,x";
    hg_data_options o = {.size = sizeof o, .decimal = ','};
    check(ctx, text, &o, want);
    o.delimiter = ',';
    check(ctx, text, &o, want);
    o.decimal = '\0';
    check_fault(ctx, "a,b\n\"1,5\",2\n\"2,5\",3\n", &o, HG_EFORMAT, "set decimal to ','");
}
