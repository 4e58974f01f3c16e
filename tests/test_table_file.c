// SPDX-License-Identifier: MIT
/* What a model file says of a table is not trusted.                                    */
#include "test.h"

#include "model/schema_json.h"

#include <string.h>

static void refuse(hg_ctx *ctx, const char *text, int64_t features, const char *part)
{
    json_t *o = json_loads(text, 0, NULL);
    hg_schema *s;
    CHECK(o != NULL);
    test_where("%s", text);
    CHECK_FAILS(ctx, hgi_schema_from_json(ctx, "m", o, features, &s), HG_EFORMAT, part);
    CHECK(s == NULL);
    test_where(NULL);
    json_decref(o);
}

#define NUMBER "{\"name\":\"a\",\"kind\":\"numeric\",\"missing\":0,\"weight\":1}"
#define WORDS(list)                                                                      \
    "{\"columns\":[{\"name\":\"c\",\"kind\":\"category\",\"words\":" list                \
    ",\"missing\":0,\"weight\":1}]}"

TEST(table_of_a_model_file_is_checked)
{
    hg_ctx *ctx = test_ctx();
    refuse(ctx, "{}", 3, "'table': columns");
    refuse(ctx, "[]", 3, "'table': columns");
    refuse(ctx, "{\"columns\":[]}", 3, "'table': columns");
    refuse(ctx, "{\"columns\":[" NUMBER "," NUMBER "]}", 1, "'table': columns");
    refuse(ctx, "{\"columns\":[" NUMBER "]}", 2, "not as many features as the net has");
    refuse(ctx, "{\"columns\":[7]}", 1, "a column without name or kind");
    refuse(ctx, "{\"columns\":[{\"name\":\"a\",\"kind\":\"colour\"}]}", 1,
           "a kind that is not known");
    refuse(ctx, "{\"columns\":[{\"name\":\"a\",\"kind\":\"numeric\",\"missing\":2}]}", 1,
           "'table': missing");
    refuse(ctx,
           "{\"columns\":[{\"name\":\"a\",\"kind\":\"numeric\",\"missing\":0,"
           "\"weight\":-1}]}",
           1, "'table': weight");
    refuse(ctx, WORDS("[1]"), 2, "'table': words");
    refuse(ctx, WORDS("[\"x\",\"X\"]"), 3, "words or columns that cannot be");
    refuse(ctx, WORDS("[\"x\",\"y\"]"), 2, "not as many features");
    refuse(ctx,
           "{\"columns\":[{\"name\":\"b\",\"kind\":\"boolean\",\"words\":[\"x\"],"
           "\"missing\":0,\"weight\":1}]}",
           1, "'table': words");
    refuse(ctx,
           "{\"columns\":[{\"name\":\"d\",\"kind\":\"date\",\"origin\":1e300,"
           "\"missing\":0,\"weight\":1}]}",
           3, "'table': origin");
    refuse(ctx,
           "{\"columns\":[{\"name\":\"c\",\"kind\":\"category\",\"words\":[\"x\"],"
           "\"folded\":-3,\"rare\":0,\"missing\":0,\"weight\":1}]}",
           2, "'table': folded");
    refuse(ctx, "{\"left_out\":[1],\"columns\":[" NUMBER "]}", 1, "'table': left_out");
}

#define DATE(more)                                                                       \
    "{\"columns\":[{\"name\":\"d\",\"kind\":\"date\",\"origin\":0,\"last\":1,\"order\":" \
    "1,"                                                                                 \
    "\"timed\":true," more "\"missing\":0,\"weight\":1}]}"

TEST(table_dates_of_a_model_file_without_cycles_are_read_as_they_were)
{
    hg_ctx *ctx = test_ctx();
    hg_schema *s;
    json_t *o = json_loads(DATE(""), 0, NULL);
    CHECK_OK(ctx, hgi_schema_from_json(ctx, "m", o, 5, &s)); /* itself, week and day */
    CHECK_INT(s->column[0].cycles, 7);
    hgi_schema_free(&s);
    json_decref(o);
    refuse(ctx, DATE("\"sign\":\"//\","), 1, "'table': sign");
    refuse(ctx, DATE("\"cycles\":7,"), 1, "'table': cycles");
    refuse(ctx, DATE("\"cycles\":[\"moon\"],"), 1, "'table': cycles");
    refuse(ctx, DATE("\"cycles\":[\"week\"],"), 3, "not as many features");
}

TEST(table_of_a_model_file_comes_back_and_survives_a_lack_of_memory)
{
    hg_ctx *ctx = test_ctx();
    json_t *o =
        json_loads("{\"named\":true,\"left_out\":[\"id\"],\"columns\":[" NUMBER
                   ",{\"name\":\"c\",\"kind\":\"category\",\"words\":[\"x\",\"y\"],"
                   "\"missing\":0.5,\"weight\":1}]}",
                   0, NULL);
    bool failed = true;
    for (int64_t n = 0; failed && n < 100; n++) {
        int64_t held = test_alloc_bytes();
        hg_schema *s;
        test_fail_alloc(n);
        hg_status status = hgi_schema_from_json(ctx, "m", o, 4, &s);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        if (!failed) {
            CHECK_INT(s->features, 4);
            CHECK_INT(hgi_schema_word(&s->column[1], "Y", 1), 1);
            CHECK_STR(s->left[0], "id");
        }
        hgi_schema_free(&s);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed);
    json_decref(o);
}
