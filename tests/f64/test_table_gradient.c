// SPDX-License-Identifier: MIT
/* Gradients of the losses of tables against differences, gaps included.
 *
 * Central differences with step 1e-5 in double: their own error is some 1e-10 of values
 * around 1, and what rounding takes is 1e-16 / 1e-5; 1e-8 leaves room for large weights. */
#include "test.h"

#include "data/expand.h"
#include "model/table.h"

#include <math.h>
#include <string.h>

#define STEP 1e-5
#define TOLERANCE 1e-8
enum { COLUMNS = 5, FEATURES = 1 + 4 + 1 + 5 + 1 };

static hg_schema *schema(hg_ctx *ctx)
{
    static const hgi_kind kinds[COLUMNS] = {HGI_NUMERIC, HGI_CATEGORY, HGI_BOOLEAN,
                                            HGI_DATE, HGI_NUMERIC};
    static const char *const words[] = {"red", "green", "blue"};
    hg_schema *s;
    CHECK_OK(ctx, hgi_schema_new(ctx, COLUMNS, &s));
    for (int i = 0; i < COLUMNS; i++) {
        hgi_schema_column *c = &s->column[i];
        c->kind = kinds[i];
        c->weight = 0.5 + i;
        c->timed = true;
        c->cycles = 1U << HGI_CYCLE_DATE | 1U << HGI_CYCLE_WEEK | 1U << HGI_CYCLE_DAY;
        if (c->kind != HGI_CATEGORY && c->kind != HGI_BOOLEAN) continue;
        int n = c->kind == HGI_CATEGORY ? 3 : 2;
        CHECK_OK(ctx, hgi_schema_make_words(ctx, c, n));
        for (int k = 0; k < n; k++) c->word[k] = hgi_strdup(&s->mem, words[k]);
    }
    CHECK_OK(ctx, hgi_schema_settle(ctx, s));
    CHECK_INT(s->features, FEATURES);
    return s;
}

static void check_row(const hgi_net *net, const hgi_real *t)
{
    hgi_real y[FEATURES], g[FEATURES], other[FEATURES];
    double loss, more, less;
    for (int i = 0; i < FEATURES; i++) y[i] = 0.7 * sin(3.0 * i + 1);
    hgi_table_loss(net, 0.25, 1, y, t, 0, g, &loss);
    for (int i = 0; i < FEATURES; i++) {
        memcpy(other, y, sizeof y);
        other[i] = y[i] + STEP;
        hgi_table_loss(net, 1, 1, other, t, 0, NULL, &more);
        other[i] = y[i] - STEP;
        hgi_table_loss(net, 1, 1, other, t, 0, NULL, &less);
        test_where("%s, feature %d", net->loss->name, i);
        CHECK_NEAR(g[i], 0.25 * (more - less) / (2 * STEP), TOLERANCE);
        if (isnan(t[i])) CHECK(g[i] == 0);
    }
    /* The gradient may take the place of the outputs. */
    hgi_table_loss(net, 0.25, 1, y, t, 0, y, &more);
    CHECK(memcmp(y, g, sizeof y) == 0 && more == loss);
    test_where(NULL);
}

TEST(table_losses_have_the_gradients_of_differences)
{
    hg_ctx *ctx = test_ctx();
    hg_schema *s = schema(ctx);
    static const char *const names[] = {"table", "mse", "mae", "huber"};
    const double n = NAN;
    /* complete; gaps of each kind; another word, no; nothing */
    const hgi_real rows[][FEATURES] = {{0.3, 0, 1, 0, 0, 1, 0.2, 0.5, 0.8, -0.1, 0.9, -2},
                                       {n, 1, 0, 0, 0, n, 0.2, 0.5, 0.8, -0.1, 0.9, n},
                                       {0.1, n, n, n, n, 1, n, n, n, n, n, 0.4},
                                       {4, 0, 0, 0, 1, 0, -1, 0.1, 0.2, 0.3, 0.4, 0.01},
                                       {n, n, n, n, n, n, n, n, n, n, n, n}};
    for (int k = 0; k < HGI_COUNT(names); k++) {
        hgi_net net = {.schema = s, .outputs = FEATURES, .huber_delta = 0.5};
        net.loss = hgi_loss_find(names[k]);
        for (int r = 0; r < HGI_COUNT(rows); r++) check_row(&net, rows[r]);
    }
    hgi_schema_free(&s);
}

TEST(table_columns_add_up_to_the_row)
{
    hg_ctx *ctx = test_ctx();
    hg_schema *s = schema(ctx);
    hgi_net net = {.schema = s, .outputs = FEATURES, .loss = hgi_loss_find("table")};
    hgi_real t[FEATURES] = {0.3, 0, 1, 0, 0, NAN, 0.2, 0.5, 0.8, -0.1, 0.9, -2};
    hgi_real y[FEATURES] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    double column[COLUMNS], loss, sum = 0;
    hgi_table_columns(&net, y, t, column);
    hgi_table_loss(&net, 1, 1, y, t, 0, NULL, &loss);
    for (int i = 0; i < COLUMNS; i++) sum += isnan(column[i]) ? 0 : column[i];
    CHECK(isnan(column[2]));
    CHECK_NEAR(sum, loss, 1e-12); /* the same terms, in the same order */
    hgi_schema_free(&s);
}
