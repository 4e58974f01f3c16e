// SPDX-License-Identifier: MIT
/* Masking noise: each value becomes 0 with probability `amount` (Vincent et al. 2010).
 * Standardised data get their column's mean there.  A column of a table is masked whole: it
 * is then as if its value were missing.                                                */
#include "data/corrupt.h"

#include <string.h>

static void mask_columns(const hgi_corrupt_row *r, uint32_t limit)
{
    uint32_t words[4];
    if (r->x != r->y) memcpy(r->y, r->x, (size_t)r->n * sizeof *r->y);
    for (int64_t i = 0; i < r->schema->columns; i++) {
        const hgi_schema_column *c = &r->schema->column[i];
        if (i % 4 == 0) hgi_corrupt_words(&r->stream, (uint32_t)(i / 4), words);
        for (int64_t k = 0; words[i % 4] <= limit && k < c->count; k++)
            r->y[c->first + k] = 0;
    }
}

static void apply(const hgi_corrupt_item *item, const hgi_corrupt_row *r)
{
    if (r->schema != NULL) {
        mask_columns(r, hgi_corrupt_limit(item->amount));
        return;
    }
    r->k->replace_some(&r->stream, r->n, hgi_corrupt_limit(item->amount), 0, 0, r->x,
                       r->y);
}

const hgi_corrupt_kind hgi_corrupt_mask = {
    .name = "mask",
    .brief = "mask:SHARE sets that share of the values to 0",
    .example = "0.5",
    .most = 1,
    .apply = apply,
};
