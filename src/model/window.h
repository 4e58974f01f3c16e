// SPDX-License-Identifier: MIT
/* Windows that slide: the one rule for the sizes of convolutions and pooling.
 *
 * Along one axis a window of `kernel` places, `dilation` apart, is put down every `stride`
 * places of an input that is padded by `before` and `after`:
 *
 *     span = (kernel - 1) dilation + 1            places from its first to its last
 *     same:   out = ceil(in / stride), pad = max((out - 1) stride + span - in, 0),
 *             before = pad / 2, after = the rest: an odd one goes to the end
 *     valid:  no padding, out = (in - span) / stride + 1
 *     N:      N on either side, out = (in + 2 N - span) / stride + 1
 *
 * Source: TensorFlow, tf.nn "Notes on padding"; Keras's layers follow it.              */
#ifndef HGI_WINDOW_H
#define HGI_WINDOW_H

#include "model/layer.h"

/* The value of an option `padding` (HGI_OPT_CHOICE of hgi_padding_words): one of these, or
 * N >= 0. */
enum { HGI_PADDING_SAME = -1, HGI_PADDING_VALID = -2 };
extern const char *const hgi_padding_words[]; /* "same", "valid", NULL */

typedef struct hgi_window {
    int64_t in, out;
    int64_t kernel, stride, dilation;
    int64_t before, after; /* places of padding */
} hgi_window;

/* All but out, before and after is set; sizes are at least 1 and at most 2^24.
 * `where` starts the message: "encoder line 2 (conv)".
 * Errors: HG_ESHAPE when the window is longer than the padded input.                   */
hg_status hgi_window_plan(hg_ctx *ctx, const char *where, int64_t padding, hgi_window *w);

/* The same seen from the output, for a transposed convolution: w->in is what the window
 * slid over, so it is the larger side, and w->out is given.  same: in = out stride;
 * valid: in = (out - 1) stride + max(span, stride), Keras's; N: (out - 1) stride + span -
 * 2 N.
 * Errors: HG_ESHAPE when nothing is left, or the size is beyond 2^24.                  */
hg_status hgi_window_unplan(hg_ctx *ctx, const char *where, int64_t padding,
                            hgi_window *w);

/* Positions [first, end) whose tap t lies inside the input; none: first == end.        */
void hgi_window_range(const hgi_window *w, int64_t t, int64_t *first, int64_t *end);

/* The encoder layer whose input has the size that a growing layer of the decoder can take
 * back: the first growing one pairs with the last of the encoder that made an image
 * smaller, the second with the one before it, and so on.  NULL: there is none.
 */
const hgi_layer *hgi_layer_mirror(const hgi_layer *l);
/* The shape of two or three sizes that the encoder had last, for a layer of the decoder;
 * NULL: it had none.                                                                   */
const hgi_shape *hgi_layer_last_shape(const hgi_layer *l);

/* "encoder line 2 (conv)": what messages of a layer's plan start with. */
enum { HGI_WHERE_MAX = 80, HGI_SHAPE_MAX = 72 };
const char *hgi_layer_where(const hgi_layer *l, char out[HGI_WHERE_MAX]);
/* "28x28x1" */
const char *hgi_shape_text(const hgi_shape *s, char out[HGI_SHAPE_MAX]);

#endif
