// SPDX-License-Identifier: MIT
/* Gaussian noise: y = x + amount z, z normal; held to [0,1] where the data lie in it, as in
 * "Building Autoencoders in Keras" (blog.keras.io, 2016).                              */
#include "data/corrupt.h"

#include <math.h>

static void apply(const hgi_kernels *k, double amount, hgi_span span, hgi_stream s,
                  int64_t n, const hgi_real *x, hgi_real *y)
{
    bool unit = hgi_span_is_unit(span);
    k->add_gaussian(&s, n, (hgi_real)amount, unit ? 0 : -(hgi_real)INFINITY,
                    unit ? 1 : (hgi_real)INFINITY, x, y);
}

const hgi_corrupt_kind hgi_corrupt_gaussian = {
    .name = "gaussian",
    .brief = "gaussian:SIGMA adds normal noise; clipped to [0,1] for data in it",
    .most = 1000,
    .apply = apply,
};
