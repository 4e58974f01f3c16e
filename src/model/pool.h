// SPDX-License-Identifier: MIT
/* What maxpool and avgpool share: their options, and the windows they look through.
 *
 * A window of one size, 2, is 2x2 over an image; over a sequence, or a row without a shape,
 * it goes along the length.  Sizes and padding follow window.h.  What lies outside the
 * input is not there: it wins no maximum and counts in no mean.                        */
#ifndef HGI_POOL_H
#define HGI_POOL_H

#include "model/window.h"

extern const hgi_opt_decl hgi_pool_options[];

/* Fills l->out.  Errors: sizes that the shape has no axes for, a window larger than the
 * input, a padding as wide as the window. */
hg_status hgi_pool_plan(hg_ctx *ctx, hgi_layer *l);

/* The windows of a planned layer. */
typedef struct hgi_pool {
    hgi_window y, x;
    int64_t channels;
    bool tiles; /* every place of the input is in exactly one window */
} hgi_pool;
hgi_pool hgi_pool_of(const hgi_layer *l);

/* The part of window (p, q) inside the input: h x w places from element `at` on. */
typedef struct hgi_pool_window {
    int64_t at, h, w;
} hgi_pool_window;
hgi_pool_window hgi_pool_at(const hgi_pool *pool, int64_t p, int64_t q);

#endif
