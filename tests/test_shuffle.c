// SPDX-License-Identifier: MIT
/* The order of an epoch: drawn in parts by many threads, the same permutation. */
#include "test.h"

#include "base/rng.h"
#include "train/trainer.h"

#include <stdlib.h>
#include <string.h>

/* Fisher and Yates' loop, a draw at a time. */
static void by_definition(const hgi_rng *r, int64_t n, int64_t *order)
{
    for (int64_t i = 0; i < n; i++) order[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = (int64_t)hgi_below(r, (uint64_t)i, (uint64_t)i + 1);
        int64_t swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

/* Lengths around the vector's lanes, the rows drawn together and the items. */
TEST(a_shuffle_is_the_same_permutation_for_any_number_of_threads)
{
    enum { MOST = 2 * HGI_SHUFFLE_ROWS + 1025 };
    static const int64_t lengths[] = {1,    2,
                                      15,   16,
                                      17,   511,
                                      513,  1025,
                                      4096, HGI_SHUFFLE_ROWS - 1,
                                      MOST, HGI_SHUFFLE_ROWS};
    hg_ctx *ctx = test_ctx();
    int64_t *want = calloc(MOST, sizeof *want), *order = calloc(MOST, sizeof *order);
    hgi_trainer *t = calloc(1, sizeof *t);
    int64_t *draw = calloc(HGI_SHUFFLE_ROWS, sizeof *draw);
    hg_model model = {.trained = {.seed = 77}};
    for (int i = 0; i < (int)HGI_COUNT(lengths); i++) {
        hg_dataset rows = {.rows = lengths[i]};
        hgi_rng r = {.seed = 77, .use = HGI_USE_SHUFFLE, .epoch = 5};
        by_definition(&r, rows.rows, want);
        size_t bytes = (size_t)rows.rows * sizeof *order;
        hgi_permutation(&r, rows.rows, order);
        CHECK(memcmp(order, want, bytes) == 0);
        for (int threads = 1; threads <= 4; threads += 3) {
            hgi_team *team;
            CHECK_OK(ctx, hgi_team_new(ctx, threads, &team));
            *t = (hgi_trainer){.m = &model,
                               .train = &rows,
                               .team = team,
                               .order = order,
                               .draw = draw,
                               .shuffle = true,
                               .at = {.epoch = 5}};
            memset(order, 0, bytes);
            hgi_shuffle(t);
            CHECK(memcmp(order, want, bytes) == 0);
            hgi_team_free(&ctx->mem, &team);
        }
    }
    free(draw);
    free(t);
    free(order);
    free(want);
}
