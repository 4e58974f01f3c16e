// SPDX-License-Identifier: MIT
/* Dates whose day or month may come first: a column is read one way.                   */
#include "test_models.h"

#include "data/blocks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* "d,x", then 1,100 rows of one date: more than are looked at for kinds; then `last`. */
static void write_file(char path[TEST_PATH], const char *date, const char *last)
{
    char *text = malloc(40000), *p = text + sprintf(text, "d,x\n");
    for (int i = 0; i < 1100; i++) p += sprintf(p, "%s,%d\n", date, i);
    p += sprintf(p, "%s", last);
    test_write(path, "dates.csv", text, (size_t)(p - text));
    free(text);
}

static hg_dataset *open_like(hg_ctx *ctx, const char *path, const hg_schema *like)
{
    hg_dataset *d;
    CHECK_OK(ctx, hg_dataset_open(
                      ctx, path,
                      &(hg_data_options){.size = sizeof(hg_data_options), .schema = like},
                      &d));
    return d;
}

static hg_dataset *open_text(hg_ctx *ctx, const char *text, const hg_schema *like)
{
    char path[TEST_PATH];
    test_write(path, "few.csv", text, strlen(text));
    return open_like(ctx, path, like);
}

/* The date of a row as ISO text. */
static void check_date(hg_ctx *ctx, const hg_dataset *d, int64_t row, const char *want)
{
    float x[2];
    char got[64];
    CHECK_OK(ctx, hg_dataset_read(ctx, d, row, 1, x));
    (void)hg_schema_text(hg_dataset_schema(d), 0, x[0], got, sizeof got);
    CHECK_STR(got, want);
}

TEST(dates_of_a_file_to_score_are_read_by_the_order_that_the_file_shows)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *iso = open_text(ctx, "d,x\n2024-02-01,1\n2024-02-02,2\n", NULL);
    hg_dataset *us = open_text(ctx, "d,x\n03/25/2024,1\n03/26/2024,2\n", NULL);
    const hg_schema *like[] = {hg_dataset_schema(iso), hg_dataset_schema(us), NULL};
    for (int i = 0; i < 3; i++) {
        hg_dataset *d = open_text(ctx, "d,x\n03/04/2024,1\n03/13/2024,2\n", like[i]);
        check_date(ctx, d, 0, "2024-03-04");
        hg_dataset_free(&d);
        d = open_text(ctx, "d,x\n03-04-2024,1\n13-04-2024,2\n", like[i]);
        check_date(ctx, d, 0, "2024-04-03");
        hg_dataset_free(&d);
    }
    hg_dataset_free(&iso);
    hg_dataset_free(&us);
}

TEST(dates_far_behind_the_first_rows_say_the_order_too)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_dataset *iso = open_text(ctx, "d,x\n2024-02-01,1\n2024-02-02,2\n", NULL);
    write_file(path, "03/04/2024", "03/13/2024,1\n");
    for (int i = 0; i < 2; i++) {
        hg_dataset *d = open_like(ctx, path, i == 0 ? NULL : hg_dataset_schema(iso));
        check_date(ctx, d, 0, "2024-03-04");
        check_date(ctx, d, 1100, "2024-03-13");
        hg_dataset_free(&d);
    }
    hg_dataset_free(&iso);
}

TEST(dates_of_both_orders_in_a_column_are_an_error_that_names_both_lines)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_dataset *d, *iso = open_text(ctx, "d,x\n2024-02-01,1\n2024-02-02,2\n", NULL);
    const hg_data_options o = {.size = sizeof o, .schema = hg_dataset_schema(iso)};
    write_file(path, "03/04/2024", "03/13/2024,1\n13/03/2024,2\n");
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, &o, &d), HG_EFORMAT,
                "dates.csv:1103: column 'd' is '13/03/2024', whose day comes first; "
                "expected the month first, as in line 1102");
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, NULL, &d), HG_EFORMAT,
                "as in line 1102; to take the column for words, set categorical to d");
    /* With points the day comes first everywhere, which contradicts nothing. */
    write_file(path, "03/04/2024", "03/13/2024,1\n13.03.2024,2\n");
    d = open_like(ctx, path, o.schema);
    check_date(ctx, d, 1101, "2024-03-13");
    hg_dataset_free(&d);
    hg_dataset_free(&iso);
}

TEST(dates_of_bytes_that_come_once_are_read_by_their_first_rows)
{
    hg_ctx *ctx = test_ctx();
    hg_data_options o;
    hgi_source *s;
    hg_dataset *d;
    char *text = malloc(40000), *p = text + sprintf(text, "d,x\n");
    for (int i = 0; i < 1100; i++) p += sprintf(p, "03/04/2024,1\n");
    sprintf(p, "03/13/2024,2\n");
    CHECK_OK(ctx, hgi_data_options_read(ctx, NULL, &o));
    CHECK_OK(ctx, hgi_source_from_memory(ctx, "a.csv", text, strlen(text), &s));
    CHECK_FAILS(
        ctx, hgi_dataset_from_source(ctx, s, &o, &d), HG_EFORMAT,
        "a.csv:1102: column 'd' is '03/13/2024', whose month comes first; expected "
        "the day first, as the dates before it are read");
    hgi_source_close(&s);
    free(text);
}

TEST(dates_that_say_no_order_have_the_models_and_a_warning_when_written_otherwise)
{
    char line[HG_MESSAGE_MAX];
    hg_ctx *ctx = listening(line);
    const char *open = "d,x\n03/04/2024,1\n05/06/2024,2\n";
    hg_dataset *us = open_text(ctx, "d,x\n03/25/2024,1\n03/26/2024,2\n", NULL);
    hg_dataset *de = open_text(ctx, "d,x\n25.03.2024,1\n26.03.2024,2\n", NULL);
    CHECK_STR(line, "");
    hg_dataset *d = open_text(ctx, open, hg_dataset_schema(us));
    check_date(ctx, d, 0, "2024-03-04");
    CHECK_STR(line, "");
    hg_dataset_free(&d);
    d = open_text(ctx, open, hg_dataset_schema(de));
    check_date(ctx, d, 0, "2024-04-03");
    CHECK(strstr(line,
                 "few.csv:2: column 'd': no date says whether its day or its month "
                 "comes first, and the rows that the model was trained on have them "
                 "otherwise: '03/04/2024' is read as 2024-04-03, the day first") != NULL);
    hg_dataset_free(&d);
    line[0] = '\0';
    d = open_text(ctx, "d,x\n03/03/2024,1\n", hg_dataset_schema(de));
    CHECK_STR(line, ""); /* the third of March in either order */
    hg_dataset_free(&d);
    hg_dataset_free(&us);
    hg_dataset_free(&de);
}

TEST(dates_to_train_on_that_say_no_order_lie_close_together_with_a_warning)
{
    char line[HG_MESSAGE_MAX];
    hg_ctx *ctx = listening(line);
    hg_dataset *d = open_text(ctx, "d,x\n03/04/2024,1\n03/05/2024,2\n", NULL);
    check_date(ctx, d, 1, "2024-03-05");
    CHECK(strstr(line, "'03/04/2024' is read as 2024-03-04, the month first") != NULL);
    hg_dataset_free(&d);
    d = open_text(ctx, "d,x\n03/04/2024,1\n04/04/2024,2\n", NULL);
    check_date(ctx, d, 1, "2024-04-04");
    CHECK(strstr(line, "'03/04/2024' is read as 2024-04-03, the day first") != NULL);
    hg_dataset_free(&d);
}

TEST(dates_of_a_stream_have_the_models_order_and_one_note)
{
    hg_ctx *ctx = test_ctx();
    char text[2000], *p = text + sprintf(text, "d,x\n");
    for (int i = 0; i < 40; i++)
        p += sprintf(p, "2024-0%d-0%d,%d\n", 1 + i / 9, 1 + i % 9, i);
    hg_dataset *iso = open_text(ctx, text, NULL);
    hg_config *c;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    CHECK_OK(ctx, hg_config_set(c, "epochs", "1"));
    CHECK_OK(ctx, hg_config_set(c, "code", "1"));
    CHECK_OK(ctx, hg_train(ctx, c, iso, NULL, NULL, &m));
    hg_lines *l;
    hg_lines_info info = {.size = sizeof info};
    CHECK_OK(ctx, hg_lines_new(ctx, m, NULL, "pipe", &l));
    static const char *const lines[] = {"d,x", "03/04/2024,1", "03/13/2024,2",
                                        "03/14/2024,3"};
    static const char *const notes[] = {"", "",
                                        "pipe:3: column 'd' is '03/13/2024': the model "
                                        "reads the day first; such dates count "
                                        "as missing",
                                        ""};
    for (int i = 0; i < 4; i++) {
        float x[2] = {0};
        int row;
        test_where("%s", lines[i]);
        CHECK_INT(hg_lines_read(l, lines[i], strlen(lines[i]), x, &row), HG_OK);
        CHECK_INT(hg_lines_get_info(l, &info), HG_OK);
        CHECK_STR(info.note, notes[i]);
        if (i > 0) CHECK(isnan(x[0]) == (i > 1));
    }
    test_where(NULL);
    hg_lines_free(&l);
    hg_model_free(&m);
    hg_config_free(&c);
    hg_dataset_free(&iso);
}

TEST(every_allocation_of_a_search_for_the_order_of_dates_may_fail)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_file(path, "03/04/2024", "03/13/2024,1\n");
    for (int64_t n = 0;; n++) {
        hg_dataset *d;
        test_fail_alloc(n);
        hg_status status = hg_dataset_open(ctx, path, NULL, &d);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        hg_dataset_free(&d);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        if (!failed) break;
    }
}
