// SPDX-License-Identifier: MIT
/* Gaussian noise: y = x + amount z, z normal; held to [0,1] where the data lie in it, as in
 * "Building Autoencoders in Keras" (blog.keras.io, 2016).                              */
#include "data/corrupt.h"

#include <math.h>

static void apply(const hgi_corrupt_item *item, const hgi_corrupt_row *r)
{
    bool unit = hgi_span_is_unit(r->span);
    hgi_real lo = unit ? 0 : -(hgi_real)INFINITY, hi = unit ? 1 : (hgi_real)INFINITY;
    r->k->add_gaussian(&r->stream, r->n, (hgi_real)item->amount, lo, hi, r->x, r->y);
}

const hgi_corrupt_kind hgi_corrupt_gaussian = {
    .name = "gaussian",
    .brief = "gaussian:SIGMA adds normal noise; clipped to [0,1] for data in it",
    .example = "0.5",
    .most = 1000,
    .apply = apply,
};
