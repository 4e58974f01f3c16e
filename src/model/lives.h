// SPDX-License-Identifier: MIT
/* Which buffers a pass needs, from when to when, and where they lie.
 *
 * A pass is a row of moments: rows are filled, each layer runs forward, the loss, each
 * layer runs backward, the weights' gradients.  A buffer is written at one moment and read
 * until another; buffers whose lives do not overlap may have the same memory.
 *
 * In training chunks of rows run through many moments by one worker, until something needs
 * the whole batch: a layer's statistics, and at the end all gradients of weights.  What
 * lives between two such places is a chunk's own: each worker has it once, in its cache.
 * The rest has a place for every row of the batch. */
#ifndef HGI_LIVES_H
#define HGI_LIVES_H

#include "model/net.h"

typedef struct hgi_life {
    int64_t from, to; /* the moments when it is written first and read last */
    int64_t wide;     /* reals a row, of all its samples */
    bool own;         /* a worker's, for a chunk's rows; else for all rows */
    /* When nothing else may lie there.  Chunks are not at the same moment, so what has
     * rows of several of them is kept from one wait for all chunks to another: these are
     * numbers of waits then, and else moments. */
    int64_t since, until;
    int64_t at, size; /* reals, in the rows' block or in the worker's own */
} hgi_life;

/* Buffers of a layer, as places in the list of lives; -1: there is none. */
typedef struct hgi_layer_lives {
    int64_t x, y, saved, gy, gx;
} hgi_layer_lives;

typedef struct hgi_lives {
    hgi_mem mem;
    hgi_life *life;
    int64_t count;
    hgi_layer_lives *layer; /* [layers] */
    int64_t input, target;  /* of the net; what the loss compares with: -1 in inference */
    int64_t reals;          /* of the rows' block */
    int64_t own_reals;      /* of each worker's */
} hgi_lives;

typedef struct hgi_lives_options {
    int64_t rows, chunk;
    int64_t samples; /* of each row's code; at least 1 */
    bool training;
    bool clean; /* what the loss compares with is not the net's input */
    bool apart; /* every buffer has a place of its own, for all rows */
} hgi_lives_options;

hg_status hgi_lives_plan(hg_ctx *ctx, const hgi_net *net, const hgi_lives_options *o,
                         hgi_lives *out);
void hgi_lives_free(hgi_lives *l);

/* The moments, in order. */
enum { HGI_FILL = 0 };
static inline int64_t hgi_forward_of(int64_t layer) { return layer + 1; }
static inline int64_t hgi_loss_of(const hgi_net *net) { return net->count + 1; }
static inline int64_t hgi_backward_of(const hgi_net *net, int64_t layer)
{
    return 2 * net->count + 1 - layer;
}
static inline int64_t hgi_gradients_of(const hgi_net *net) { return 2 * net->count + 2; }

#endif
