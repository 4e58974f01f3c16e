// SPDX-License-Identifier: MIT
/* The rule of window sizes, against numbers worked out by hand from TensorFlow's notes. */
#include "test.h"

#include "model/window.h"

typedef struct row {
    int64_t in, kernel, stride, dilation, padding, out, before, after;
} row;

TEST(window_sizes_follow_tensorflows_rule)
{
    enum { SAME = HGI_PADDING_SAME, VALID = HGI_PADDING_VALID };
    static const row rows[] = {
        {28, 3, 1, 1, SAME, 28, 1, 1}, {28, 2, 2, 1, SAME, 14, 0, 0},
        {7, 2, 2, 1, SAME, 4, 0, 1},   {28, 3, 2, 1, SAME, 14, 0, 1},
        {7, 3, 2, 1, SAME, 4, 1, 1},   {8, 4, 1, 1, SAME, 8, 1, 2},
        {9, 3, 1, 2, SAME, 9, 2, 2},   {10, 1, 3, 1, SAME, 4, 0, 0},
        {3, 5, 7, 1, SAME, 1, 1, 1},   {13, 6, 5, 1, VALID, 2, 0, 0},
        {8, 3, 2, 1, 1, 4, 1, 1},      {5, 2, 1, 1, 3, 10, 3, 3},
    };
    hg_ctx *ctx = test_ctx();
    for (int64_t i = 0; i < HGI_COUNT(rows); i++) {
        const row *r = &rows[i];
        test_where("row %d", (int)i);
        hgi_window w = {.in = r->in,
                        .kernel = r->kernel,
                        .stride = r->stride,
                        .dilation = r->dilation};
        CHECK_OK(ctx, hgi_window_plan(ctx, "here", r->padding, &w));
        CHECK_INT(w.out, r->out);
        CHECK_INT(w.before, r->before);
        CHECK_INT(w.after, r->after);
    }
}

TEST(a_transposed_window_gives_back_the_larger_side)
{
    hg_ctx *ctx = test_ctx();
    hgi_window w = {.out = 8, .kernel = 3, .stride = 2, .dilation = 1};
    CHECK_OK(ctx, hgi_window_unplan(ctx, "here", HGI_PADDING_SAME, &w));
    CHECK_INT(w.in, 16);
    CHECK_INT(w.before, 0);
    CHECK_INT(w.after, 1);
    CHECK_OK(ctx, hgi_window_unplan(ctx, "here", HGI_PADDING_VALID, &w));
    CHECK_INT(w.in, 17);
    CHECK_OK(ctx, hgi_window_unplan(ctx, "here", 1, &w));
    CHECK_INT(w.in, 15);
    w.out = 1;
    CHECK_FAILS(ctx, hgi_window_unplan(ctx, "here", 2, &w), HG_ESHAPE,
                "here: its output would be -1 places long");
}

TEST(a_window_longer_than_its_input_is_refused)
{
    hg_ctx *ctx = test_ctx();
    hgi_window w = {.in = 4, .kernel = 3, .stride = 1, .dilation = 2};
    CHECK_FAILS(ctx, hgi_window_plan(ctx, "here", HGI_PADDING_VALID, &w), HG_ESHAPE,
                "here: a window over 5 places does not fit into 4");
}
