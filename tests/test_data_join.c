// SPDX-License-Identifier: MIT
/* Rows of one CSV file joined to those of another by a column of both. */
#include "test.h"

#include <string.h>

/* place and the column's name of three rows. */
static void check_join(hg_ctx *ctx, const char *data, const char *other, int64_t a,
                       int64_t b, int64_t c, const char *by)
{
    char path[2][TEST_PATH], column[16];
    int64_t place[3] = {-1, -1, -1};
    test_write(path[0], "data.csv", data, strlen(data));
    test_write(path[1], "other.csv", other, strlen(other));
    test_where("%s", other);
    CHECK_OK(ctx,
             hg_rows_join(ctx, path[0], NULL, path[1], 3, place, column, sizeof column));
    CHECK_INT(place[0], a);
    CHECK_INT(place[1], b);
    CHECK_INT(place[2], c);
    CHECK_STR(column, by);
}

TEST(rows_are_joined_by_a_column_that_names_them_in_both_files)
{
    hg_ctx *ctx = test_ctx();
    const char *data = "id,x\nred,1\ngreen,2\n\"blue, dark\",3\n";
    check_join(ctx, data, "y,id\n0,\"blue, dark\"\n1,red\n1,green\n", 1, 2, 0, "id");
    check_join(ctx, data, "id,y\nred,0\ngreen,1\n\"blue, dark\",1\n", 0, 1, 2, "");
    test_where("another name, a name twice, one that is empty, one that is not there");
    check_join(ctx, data, "key,y\ngreen,1\nred,0\n\"blue, dark\",1\n", 0, 1, 2, "");
    check_join(ctx, data, "id,y\ngreen,1\ngreen,0\n\"blue, dark\",1\n", 0, 1, 2, "");
    check_join(ctx, data, "id,y\ngreen,1\n,0\n\"blue, dark\",1\n", 0, 1, 2, "");
    check_join(ctx, data, "id,y\ngreen,1\nred,0\nblue,1\n", 0, 1, 2, "");
    test_where("more rows, fewer rows, no header");
    check_join(ctx, data, "id,y\ngreen,1\nred,0\n\"blue, dark\",1\nb,1\n", 0, 1, 2, "");
    check_join(ctx, data, "id,y\ngreen,1\nred,0\n", 0, 1, 2, "");
    check_join(ctx, data, "1\n0\n1\n", 0, 1, 2, "");
    /* The first column stands as the rows do: the second says more. */
    check_join(ctx, "row,id,x\n1,a,7\n2,b,7\n3,c,7\n", "row,id,y\n1,c,0\n2,b,0\n3,a,0\n",
               2, 1, 0, "id");
}

TEST(rows_that_cannot_be_joined_are_refused)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], column[8];
    int64_t place[2];
    test_write(path, "a.csv", "id\n1\n2\n", 7);
    CHECK_FAILS(ctx, hg_rows_join(ctx, NULL, NULL, path, 2, place, column, 8), HG_EINVAL,
                "two paths");
    CHECK_FAILS(ctx, hg_rows_join(ctx, path, NULL, path, 0, place, column, 8), HG_EINVAL,
                "room for rows");
}
