// SPDX-License-Identifier: MIT
/* The border that `crop` takes off and `pad` puts on: one language, one copy.
 *
 * An image has a top, bottom, left and right, a sequence a top and bottom (its start and
 * end).  Both kinds move rectangles; backward of the one is forward of the other.      */
#ifndef HGI_BORDER_H
#define HGI_BORDER_H

#include "model/layer.h"

/* Options of both kinds: "2", "1x2" (rows x columns), "top=1 right=2". */
extern const hgi_opt_decl hgi_border_options[];

typedef struct hgi_border {
    int64_t top, bottom, left, right;
} hgi_border;

/* What the line says.  Errors: nothing given; a sequence with a left or right. */
hg_status hgi_border_read(hg_ctx *ctx, const hgi_layer *l, hgi_border *out);
/* The same without looking for errors. */
hgi_border hgi_border_of(const hgi_layer *l);
/* One row of data: the image `inner` lies in `outer` with this border around it.
 * Inward copies outer's middle to inner; outward copies inner back and fills the border
 * with 0. */
void hgi_border_inward(const hgi_border *b, const hgi_shape *outer, const hgi_real *from,
                       hgi_real *inner);
void hgi_border_outward(const hgi_border *b, const hgi_shape *outer,
                        const hgi_real *inner, hgi_real *to);

#endif
