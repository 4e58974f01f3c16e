// SPDX-License-Identifier: MIT
/* Buffers that a net runs in, and running it over rows.
 *
 * A training pass has buffers for a whole batch where weight gradients or statistics sum
 * over it, and for a chunk of rows per worker elsewhere (model/lives.h); each worker has a
 * view of its chunk.  Inference needs only a chunk of rows per worker: rows stream through,
 * whatever their number.  Both call the same forward functions, so a row comes out with the
 * same bits. */
#ifndef HGI_PASS_H
#define HGI_PASS_H

#include "base/team.h"
#include "model/lives.h"

/* The pass as one worker sees it while it runs a chunk: row 0 is the chunk's first row. */
typedef struct hgi_view {
    _Alignas(HGI_ALIGN) hgi_pass pass;
    hgi_pass behind;   /* of the layers behind the code, when it is drawn several times */
    hgi_sparse sparse; /* what pass.sparse points to, if the whole pass has one */
    hgi_real *input;   /* [chunk, d_in]: x of the first layer */
    hgi_real *target;  /* [chunk, d_in]: what the loss compares with */
} hgi_view;

typedef struct hgi_workspace {
    hgi_mem mem;
    hgi_pass behind; /* of the layers behind the code, when it is drawn several times */
    hgi_pass pass; /* of all rows; in training without what is a chunk's own: NULL there */
    int64_t rows;  /* capacity */
    int64_t chunk; /* rows that a worker takes at a time in training */
    hgi_real
        *input; /* [rows, d_in]: x of the first layer; NULL where it is a chunk's own */
    hgi_real *block;
    size_t bytes;    /* of block */
    double *penalty; /* [rows] */
    double *kl;      /* [rows], in the same block */
    hgi_lives lives;
    hgi_real *batch;    /* [lives.reals] of block */
    hgi_real *own;      /* [workers, lives.own_reals] of block */
    hgi_view *view;     /* [workers], in training */
    hgi_slot *own_slot; /* [workers, own_slots] */
    int64_t own_slots;
} hgi_workspace;

typedef struct hgi_workspace_options {
    const hgi_kernels *k;
    int64_t rows;
    int64_t samples; /* of each row's code; 0: 1 */
    int workers;     /* how many use the pass at a time */
    bool training;
    bool clean; /* in training: the loss compares with rows that the net does not see */
    /* Every buffer has a place of its own for all rows, so that pass can be used whole:
     * where layers are run one by one, and to test that sharing changes nothing. */
    bool apart;
    hgi_real *packed; /* the net's packed weights when several workspaces share them
                         (packed_reals long), NULL to have its own */
    const bool *bare; /* [layers] that need no packed weights; NULL: none */
} hgi_workspace_options;
hg_status hgi_workspace_new(hg_ctx *ctx, const hgi_net *net,
                            const hgi_workspace_options *options, hgi_workspace *out);
/* What that would take: *activations (with their gradients in training) and *all, bytes. */
hg_status hgi_workspace_bytes(hg_ctx *ctx, const hgi_net *net,
                              const hgi_workspace_options *options, double *activations,
                              double *all);
/* Of a workspace for training: the rows from r0 on, at most a chunk.  What the worker had
 * before is gone. */
hgi_view *hgi_workspace_view(const hgi_workspace *w, int64_t r0, int worker);
void hgi_workspace_free(hgi_workspace *w);
int64_t hgi_packed_reals(const hgi_net *net, const hgi_kernels *k);

static inline const hgi_real *hgi_code_of(const hgi_net *net, const hgi_pass *p)
{
    return p->slot[net->code].y;
}
static inline hgi_real *hgi_output_of(const hgi_net *net, const hgi_pass *p)
{
    return p->slot[net->count - 1].y;
}

/* The pass as this layer sees it: behind a code that is drawn several times a row there are
 * as many rows more.  Once w->pass has what is new in a batch, hgi_pass_ready() sets it. */
static inline const hgi_pass *hgi_pass_of(const hgi_net *net, const hgi_pass *p,
                                          const hgi_layer *l)
{
    return l->index > net->code && p->samples > 1 ? p->behind : p;
}
void hgi_pass_ready(hgi_workspace *w);
/* Forward of layer i for rows [r0, r1) of the batch, all samples of each. */
void hgi_layer_forward(const hgi_net *net, const hgi_pass *all, int64_t i, int64_t r0,
                       int64_t r1, int worker);
/* Backward of layer i for rows [r0, r1): dL/dx complete, residual connections included. */
void hgi_layer_backward(const hgi_net *net, const hgi_pass *all, int64_t i, int64_t r0,
                        int64_t r1, int worker);

/* A stage that packs the weights of layers [first, last), but not those that the pass has
 * packed already; counts its items. */
typedef struct hgi_prepare {
    const hgi_net *net;
    const hgi_pass *pass;
    int64_t first, last;
} hgi_prepare;
int64_t hgi_prepare_items(const hgi_prepare *a, const hgi_kernels *k);
void hgi_prepare_item(void *arg, int64_t item, int worker); /* arg: hgi_prepare */

/* ---- inference ------------------------------------------------------------------- */

enum { HGI_INFER_ROWS = 64 };

/* Rows of a chunk, 1 to HGI_INFER_ROWS, by the net alone.  A chunk's weights come from
 * outside the core's cache, so each should be used some 256 times: a dense layer uses it
 * once a row, a convolution once a position too.  Fewer rows where their activations would
 * be large. */
int64_t hgi_chunk_rows(const hgi_net *net);
/* Of a training step.  Any chunk gives the same bits; two a thread keep the load even,
 * unless they would be too small to use their weights well. */
int64_t hgi_step_chunk(const hgi_net *net, int64_t batch, int workers);

typedef struct hgi_chunk {
    int64_t first, n;     /* rows of the data */
    const hgi_real *x;    /* what fill wrote */
    const hgi_real *z;    /* code, NULL when the run starts behind it */
    hgi_real *y;          /* last layer's output, before net->output_act */
    double *penalty;      /* of each row */
    const double *kl;     /* of each row: KL divergence of its code, 0 without one */
    const hgi_pass *pass; /* for who wants to see more of it */
    int worker;
} hgi_chunk;

typedef struct hgi_infer {
    hgi_mem mem;
    hg_ctx *ctx;
    const hgi_net *net;
    int64_t first, last; /* layers [first, last) */
    int workers;
    hgi_real *packed;
    hgi_workspace *ws;             /* [workers] */
    int64_t rows, chunk;           /* of the data; of a chunk */
    int64_t base;                  /* number of row 0 in data of which these are a part */
    int64_t samples, first_sample; /* of each row's code: y has so many rows of each */
    const int32_t *classes; /* [data's rows] of a conditional model, or NULL: one_class */
    int32_t one_class;
    bool ready;  /* the weights are packed, from an earlier run, and stand as they did */
    bool sample; /* draw random codes, keyed by seed and row number; else their means */
    bool alike;  /* the same draws for every row, so that its number does not matter */
    uint64_t seed;
    void (*fill)(void *arg, int64_t first, int64_t n, hgi_real *x, int worker);
    void (*sink)(void *arg, const hgi_chunk *c);
    void *arg;
} hgi_infer;

/* Layers first..last-1 of a net: encode [0, code+1), decode [code+1, count), all. */
hg_status hgi_infer_new(hg_ctx *ctx, const hgi_net *net, int64_t first, int64_t last,
                        hgi_infer *out);
/* The same with several samples of each row's code. */
hg_status hgi_infer_samples(hg_ctx *ctx, const hgi_net *net, int64_t samples,
                            hgi_infer *out);
/* Losses of a chunk, when a row has as many samples as in training. */
static inline int64_t hgi_infer_losses(const hgi_net *net)
{
    return hgi_max(HGI_INFER_ROWS, hgi_net_samples(net));
}
/* fill and sink of an hgi_infer are set; theta and state are the weights to use.  Chunks
 * arrive in any order, from any worker, each exactly once. */
void hgi_infer_run(hgi_infer *r, const hgi_real *theta, const hgi_real *state,
                   int64_t rows);
void hgi_infer_free(hgi_infer *r);
/* y [n, samples, outputs] of the last layer -> predictions, in place.  Of counts these are
 * the shares of a row's total: that of the row of x [n, outputs], or 1 where x is NULL. */
void hgi_predict(const hgi_net *net, const hgi_kernels *k, int64_t n, int64_t samples,
                 const hgi_real *x, hgi_real *y);

#endif
