// SPDX-License-Identifier: MIT
/* Lines of a stream: headers, gaps, what is wrong in them; and that none takes memory. */
#include "test_models.h"

#include <math.h>
#include <string.h>

enum { D = 3 };

static hg_model *model_of(hg_ctx *ctx, bool named)
{
    const model_recipe recipe = {.input = {.rank = 1, .dim = {D}},
                                 .encoder = "dense 2",
                                 .decoder = "dense input",
                                 .scale = HGI_SCALE_STANDARD};
    char a[] = "a", b[] = "b", c[] = "long name", *names[D] = {a, b, c};
    hg_model *m = make_model(ctx, &recipe);
    if (named) CHECK_OK(ctx, hgi_model_set_columns(ctx, m, names));
    return m;
}

static hg_lines *lines_of(hg_ctx *ctx, const hg_model *m, const hg_data_options *o)
{
    hg_lines *l;
    CHECK_OK(ctx, hg_lines_new(ctx, m, o, "pipe", &l));
    return l;
}

static hg_lines_info info_of(const hg_lines *l)
{
    hg_lines_info info = {.size = sizeof info};
    CHECK_INT(hg_lines_get_info(l, &info), HG_OK);
    return info;
}

/* 1 and the values, 0 for no row, or the error. */
static int read_text(hg_lines *l, const char *text, float *x)
{
    int row;
    hg_status status = hg_lines_read(l, text, strlen(text), x, &row);
    return status != HG_OK ? (int)status : row;
}

static void check_row(hg_lines *l, const char *text, float a, float b, float c)
{
    float x[D] = {0};
    test_where("%s", text);
    CHECK_INT(read_text(l, text, x), 1);
    CHECK(memcmp(x, (float[D]){a, b, c}, sizeof x) == 0);
    test_where(NULL);
}

static void check_bad(hg_lines *l, const char *text, hg_status want, const char *message)
{
    float x[D];
    test_where("%s", text);
    CHECK_INT(read_text(l, text, x), (int)want);
    CHECK_STR(hg_lines_message(l), message);
    test_where(NULL);
}

TEST(a_header_says_where_the_models_columns_are)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = model_of(ctx, true);
    hg_lines *l = lines_of(ctx, m, NULL);
    float x[D];
    CHECK_INT(read_text(l, "\xef\xbb\xbf\"long name\",a,b\r\n", x), 0);
    check_row(l, "3,1,2\r\n", 1, 2, 3);
    CHECK_INT(read_text(l, "\n", x), 0);
    check_row(l, "3, 1.5 ,\"2\"", 1.5f, 2, 3);
    hg_lines_info info = info_of(l);
    CHECK_INT(info.lines, 4);
    CHECK_INT(info.rows, 2);
    CHECK_INT(info.bad, 0);
    CHECK(info.header && info.open);
    hg_lines_free(&l);

    /* Other columns are named, and left out on request. */
    l = lines_of(ctx, m, NULL);
    check_bad(
        l, "b,id,a,long name", HG_EMISMATCH,
        "pipe: column 'id' is none of the model's 3; leave it out with drop, or all "
        "such columns with ignore-extra");
    CHECK(!info_of(l).open);
    CHECK_INT(read_text(l, "1,2,3,4", x), HG_EMISMATCH);
    hg_lines_free(&l);
    l = lines_of(ctx, m,
                 &(hg_data_options){.size = sizeof(hg_data_options), .drop = "id"});
    CHECK_INT(read_text(l, "b,id,a,long name", x), 0);
    check_row(l, "1,x7,2,3", 2, 1, 3);
    hg_lines_free(&l);
    l = lines_of(ctx, m, NULL);
    check_bad(l, "b,a", HG_EMISMATCH,
              "pipe: column 'long name' is missing, one of the 3 that the model was "
              "trained with");
    hg_lines_free(&l);
    hg_model_free(&m);
}

TEST(without_a_header_columns_are_in_the_models_order)
{
    hg_ctx *ctx = test_ctx();
    hg_model *named = model_of(ctx, true), *plain = model_of(ctx, false);
    hg_lines *l = lines_of(ctx, named, NULL);
    check_row(l, "1;2;3", 1, 2, 3);
    check_row(l, "4;5;6e-45", 4, 5, 6e-45f); /* a denormal as it stands */
    hg_lines_free(&l);
    /* A model without names: words above numbers are a header of the same width. */
    l = lines_of(ctx, plain, NULL);
    float x[D];
    CHECK_INT(read_text(l, "p\tq\tr", x), 0);
    check_row(l, "1\t2\t3", 1, 2, 3);
    hg_lines_free(&l);
    /* What comes before the first row, of another width, is noise. */
    l = lines_of(ctx, plain, NULL);
    check_bad(l, "# sensor 4", HG_EFORMAT, "pipe:1: 1 columns, expected 3");
    check_row(l, "1,2,3", 1, 2, 3);
    CHECK_INT(info_of(l).bad, 1);
    hg_lines_free(&l);
    hg_model_free(&plain);
    hg_model_free(&named);
}

TEST(a_bad_line_is_told_of_with_its_number_and_the_next_one_is_read)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = model_of(ctx, true);
    hg_lines *l = lines_of(ctx, m, NULL);
    float x[D];
    CHECK_INT(read_text(l, "a,b,long name", x), 0);
    check_bad(l, "1,2", HG_EFORMAT, "pipe:2: 2 columns, expected 3");
    check_bad(l, "1,2,3,4", HG_EFORMAT, "pipe:3: 4 columns, expected 3");
    check_bad(l, "1,two,3", HG_EFORMAT, "pipe:4: column 'b' is 'two', expected a number");
    check_bad(
        l, "1,2,", HG_ENONFINITE,
        "pipe:5: column 'long name' has no value, expected a number; the model was "
        "trained on complete numbers: fill it, or train with --table for a model that "
        "takes gaps");
    check_row(l, "1,2,3", 1, 2, 3);
    check_bad(l, "1,2,1e39", HG_ERANGE,
              "pipe:7: column 'long name' is '1e39', expected a number within +-3.4e38");
    check_bad(l, "nan,2,3", HG_ERANGE, "pipe:8: column 'a' is 'nan', expected a number");
    check_bad(l, "\"1,2,3", HG_EFORMAT, "pipe:9: a quote is not closed in this line");
    check_bad(l, "\"1\"x,2,3", HG_EFORMAT,
              "pipe:10: column 1 has text after a closing quote");
    int row;
    CHECK_INT(hg_lines_read(l, "1,\0,3", 5, x, &row), HG_EFORMAT);
    int64_t longest = info_of(l).longest;
    char *text = malloc((size_t)longest + 1);
    memset(text, '1', (size_t)longest + 1);
    CHECK_INT(hg_lines_read(l, text, (size_t)longest + 1, x, &row), HG_ERANGE);
    free(text);
    check_row(l, "7,8,9", 7, 8, 9);
    CHECK_INT(info_of(l).bad, 10);
    CHECK_INT(info_of(l).rows, 2);
    hg_lines_free(&l);
    hg_model_free(&m);
}

TEST(lines_take_no_memory_once_they_run)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = model_of(ctx, true);
    hg_lines *l = lines_of(ctx, m, NULL);
    float x[D];
    CHECK_INT(read_text(l, "a,b,long name", x), 0);
    int64_t before = test_alloc_count();
    for (int i = 0; i < 100; i++) {
        CHECK_INT(read_text(l, "1.5,\"2\",3e5\n", x), 1);
        CHECK(read_text(l, "1.5,two,\n", x) < 0);
    }
    CHECK_INT(test_alloc_count(), before);
    hg_lines_free(&l);
    hg_model_free(&m);
}

TEST(every_allocation_of_lines_may_fail)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = model_of(ctx, true);
    const hg_data_options o = {.size = sizeof o,
                               .drop = "id",
                               .columns = "a,id,b,long name",
                               .rename = "c=long name"};
    for (int64_t n = 0;; n++) {
        hg_lines *l;
        float x[D];
        test_fail_alloc(n);
        hg_status status = hg_lines_new(ctx, m, &o, NULL, &l);
        if (status == HG_OK) {
            int row;
            status = hg_lines_read(l, "c,id,b,a", 8, x, &row);
        }
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        hg_lines_free(&l);
        if (!failed) {
            CHECK_INT(status, HG_OK);
            break;
        }
        CHECK_INT(status, HG_ENOMEM);
    }
    hg_model_free(&m);
}
