// SPDX-License-Identifier: MIT
/* What a session is made of. */
#ifndef HGI_SESSION_H
#define HGI_SESSION_H

#include "apply/score.h"
#include "model/model.h"
#include "model/pass.h"

typedef enum hgi_weights {
    HGI_WEIGHTS_F32,
    HGI_WEIGHTS_BF16,
    HGI_WEIGHTS_INT8
} hgi_weights;
extern const char *const hgi_weights_words[]; /* NULL-ended, in that order */

/* A layer's product by weights that the session lays out itself, because they are narrow or
 * because several threads share its columns; W NULL: the layer runs as it is. */
typedef struct hgi_own_layer {
    hgi_product product;
    void *W;
    float *scale; /* int8: [N] */
} hgi_own_layer;

struct hg_session;
/* Layers [first, last) as a stage of the team; several of them are one item. */
typedef struct hgi_session_stage {
    struct hg_session *s;
    int64_t first, last, rows, items;
} hgi_session_stage;

/* All layers of the net as one stack, those up to the code being the first `coded`; count
 * 0: it is not of that kind. */
typedef struct hgi_small {
    hgi_stack_layer *layer; /* [count] */
    int64_t count, coded;
    hgi_real *W; /* of all of them */
} hgi_small;

struct hg_session {
    hgi_mem mem;
    const hg_model *model;
    hgi_workspace ws;
    hgi_range range;
    hgi_real *target; /* [rows, inputs] of a table, or NULL: what the net is shown */
    hgi_weights weights;
    hgi_small small;    /* f32 */
    hgi_own_layer *own; /* [layers], or NULL: f32 by one thread */
    int8_t *bytes;      /* int8: [threads, bytes_each] of a layer's input */
    int64_t bytes_each, bytes_held;
    hgi_team *team;               /* NULL: the caller alone */
    hgi_stage *stage;             /* [layers] */
    hgi_session_stage *stage_arg; /* [layers] */
    /* The model's detector: its kind (NULL: there is none, or it is broken), room for a
     * chunk's errors and for the kind, and sessions of the nets behind the first. */
    const hgi_score_kind *score;
    hgi_score_state *score_state;
    hgi_real *score_r;
    double *score_scratch, *score_part; /* part [rows]: another net's scores */
    void *score_made;
    struct hg_session **score_net; /* [score_nets] */
    int64_t score_nets;
    bool score_alone; /* net 0 is this session itself */
    bool own_loss;    /* errors are the model's loss, else mean squares */
    int64_t clipped;
    struct hgi_session_causes *causes; /* of explanations, or NULL */
    char message[HG_MESSAGE_MAX];
};

/* Lay out the weights of all products.  To be called before the workspace is made: bare
 * [layers] says which need no other packing. */
hg_status hgi_own_make(hg_ctx *ctx, hg_session *s, bool *bare);
void hgi_own_free(hg_session *s);
/* The item-th of `items` parts of layer i on n rows; 1 item is all of it. */
void hgi_own_forward(hg_session *s, int64_t i, int64_t n, int64_t item, int64_t items,
                     int worker);
/* How many parts layer i has for the session's threads. */
int64_t hgi_own_items(const hg_session *s, int64_t i);

/* Lay out the weights of a net that is small enough to gain by it. */
hg_status hgi_small_make(hg_ctx *ctx, hg_session *s);
void hgi_small_free(hg_session *s);
/* n rows, or codes, through the encoder, the decoder or both.  Returns how many were done:
 * the next one is not finite or out of range, or is among a few behind which one is. */
int64_t hgi_small_run(const hg_session *s, bool encode, bool decode, int64_t n,
                      const float *in, hgi_real *y, double *error);

/* hg_session_new() of a net whose codes are drawn `samples` times, the same draws for every
 * row; such a session gives scores alone, and 1 is no draw at all. */
hg_status hgi_session_make(hg_ctx *ctx, const hg_model *m, const hg_session_options *o,
                           int64_t samples, hg_session **out);
/* What scores want, where the model has a detector. */
hg_status hgi_session_score_make(hg_ctx *ctx, const hg_session_options *o, hg_session *s);
void hgi_session_score_free(hg_session *s);
/* Scores of one net for the n rows that went through it last. */
void hgi_session_score_rows(hg_session *s, int64_t n, const hgi_real *y, double *score);

typedef struct hgi_session_causes hgi_session_causes;
/* What explanations want, where options ask for them. */
hg_status hgi_session_explain_make(hg_ctx *ctx, const hg_session_options *o,
                                   hg_session *s);
void hgi_session_explain_free(hg_session *s);

#endif
