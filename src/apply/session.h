// SPDX-License-Identifier: MIT
/* What a session is made of. */
#ifndef HGI_SESSION_H
#define HGI_SESSION_H

#include "model/model.h"
#include "model/pass.h"

typedef enum hgi_weights {
    HGI_WEIGHTS_F32,
    HGI_WEIGHTS_BF16,
    HGI_WEIGHTS_INT8
} hgi_weights;
extern const char *const hgi_weights_words[]; /* NULL-ended, in that order */

/* A layer's product by narrow weights; W NULL: the layer runs as it is. */
typedef struct hgi_narrow_layer {
    hgi_product product;
    void *W;
    float *scale; /* int8: [N] */
} hgi_narrow_layer;

struct hg_session {
    hgi_mem mem;
    const hg_model *model;
    hgi_workspace ws;
    hgi_range range;
    hgi_weights weights;
    hgi_narrow_layer *narrow; /* [layers], or NULL: weights are f32 */
    int8_t *bytes;            /* int8: a layer's input as bytes */
    int64_t bytes_held;
    bool own_loss; /* errors are the model's loss, else mean squares */
    int64_t clipped;
    char message[HG_MESSAGE_MAX];
};

/* Round the weights of all products.  To be called before the workspace is made: bare
 * [layers] says which need no other packing. */
hg_status hgi_narrow_make(hg_ctx *ctx, hg_session *s, bool *bare);
void hgi_narrow_free(hg_session *s);
/* Layer i on n rows, if its weights are narrow; else false. */
bool hgi_narrow_forward(hg_session *s, int64_t i, int64_t n);

#endif
