// SPDX-License-Identifier: MIT
/* Scatter charts: names of groups stand apart where their points do not. */
#include "report/report.h"

#include "report_png.h"

#if HG_WITH_CAIRO

/* Rows of the picture's middle that have ink, which there is of names alone. */
static int inked_rows(const png *image)
{
    const int x0 = image->width * 3 / 10, x1 = image->width * 7 / 10;
    int rows = 0;
    for (int y = image->height * 3 / 10; y < image->height * 7 / 10; y++)
        rows += png_count(image, 0x1B1E23, x0, y, x1, y + 1) > 0;
    return rows;
}

static int rows_of_names(const char *const *names, int groups)
{
    const double x[] = {0, 0, 0, -1, 1}, y[] = {0, 0, 0, -1, 1};
    const int group[] = {0, 1, 2, 0, 0};
    char path[TEST_PATH];
    hgi_scatter s = {.x = x,
                     .y = y,
                     .n = 5,
                     .group = group,
                     .names = names,
                     .groups = groups,
                     .width = 800};
    hg_ctx *ctx = test_ctx();
    test_path(path, "scatter.png");
    CHECK_OK(ctx, hgi_scatter_draw(ctx, &s, path));
    png image = png_read(path);
    int rows = inked_rows(&image);
    free(image.rgb);
    return rows;
}

/* Three groups with their middles at one place: one name has ink in as many rows as
 * capitals are high, three have three times that, but for smoothed edges. */
TEST(names_of_groups_with_one_middle_stand_over_each_other)
{
    const char *const one[] = {"HHHH", "", ""}, *const three[] = {"HHHH", "HHHH", "HHHH"};
    int single = rows_of_names(one, 3), all = rows_of_names(three, 3);
    CHECK(single > 5);
    CHECK(all >= 3 * single - 3 && all <= 3 * single + 3);
}

#endif
