// SPDX-License-Identifier: MIT
/* The order of an epoch's rows: hgi_permutation(), drawn by all threads.
 *
 * Nine tenths of a permutation's time are its draws, which do not depend on each other.
 * They run a block ahead of the changes that they stand for, and those take one thread, in
 * order: what comes out is the permutation to the last row.  With small nets an epoch's
 * shuffle would otherwise be a seventh of the epoch. */
#include "train/trainer.h"

enum { PART = 1024 }; /* draws of an item */

typedef struct block {
    hgi_rng rng;
    int64_t first, n; /* of the places to change */
    int64_t *draw;    /* [n] */
    int64_t *order;
} block;

static void run_draws(void *arg, int64_t item, int worker)
{
    (void)worker;
    const block *b = arg;
    int64_t at = item * PART, n = hgi_min(PART, b->n - at);
    hgi_draw_swaps(&b->rng, b->first + at, n, b->draw + at);
}

static void run_swaps(void *arg, int64_t item, int worker)
{
    (void)item;
    (void)worker;
    const block *b = arg;
    hgi_swap_down(b->first, b->n, b->draw, b->order);
}

void hgi_shuffle(hgi_trainer *t)
{
    int64_t rows = t->train->rows;
    for (int64_t i = 0; i < rows; i++) t->order[i] = i;
    if (!t->shuffle) return;
    block b = {
        .rng = {t->m->trained.seed, HGI_USE_SHUFFLE, (uint32_t)t->at.epoch},
        .first = rows,
        .draw = t->draw,
        .order = t->order,
    };
    while (b.first > 0) {
        b.n = hgi_min(HGI_SHUFFLE_ROWS, b.first);
        b.first -= b.n;
        hgi_stage stages[2] = {{run_draws, &b, hgi_ceil_div(b.n, PART)},
                               {run_swaps, &b, 1}};
        if (rows < HGI_SHUFFLE_ROWS)
            hgi_team_run_alone(stages, 2);
        else
            hgi_team_run(t->team, stages, 2);
    }
}
