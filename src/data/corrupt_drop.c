// SPDX-License-Identifier: MIT
/* Row dropout: all values of a row become 0 with probability `amount`.  What the model then
 * answers to an empty row is the mean of its training rows, and not whatever a point that
 * it never saw happens to give: a user without ratings, a sensor that is silent.
 *
 * Source: Volkovs, Yu, Poutanen, "DropoutNet: Addressing Cold Start in Recommender
 * Systems", NIPS 2017, who drop a user's whole row of ratings.                         */
#include "data/corrupt.h"

#include <string.h>

static void apply(const hgi_corrupt_item *item, const hgi_corrupt_row *r)
{
    uint32_t w[4];
    size_t bytes = (size_t)r->n * sizeof *r->y;
    hgi_corrupt_words(&r->stream, 0, w);
    if (w[0] <= hgi_corrupt_limit(item->amount))
        memset(r->y, 0, bytes); /* all bits 0 is 0.0 */
    else
        memmove(r->y, r->x, bytes);
}

const hgi_corrupt_kind hgi_corrupt_drop = {
    .name = "drop",
    .brief = "drop:SHARE sets all values of that share of the rows to 0",
    .example = "0.1",
    .most = 1,
    .apply = apply,
};
