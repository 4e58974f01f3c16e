// SPDX-License-Identifier: MIT
/* Layers: the table that carries the design.
 *
 * A kind is one file, src/model/layer_<name>.c (a bottleneck: code_<name>.c), that
 * exports one const table, listed once in layers.c.  Tests, `hourglass list`, docs and
 * save/load iterate over the lists.
 *
 * How a step runs.  Rows of a batch are cut into chunks; a chunk goes through forward,
 * loss and backward of all layers by one worker, while it is in that core's cache.  Then
 * weight gradients are cut over the weights: each element sums over the whole batch in
 * row order, in one worker.  So no result depends on how many workers there are, and
 * nothing has to be reduced between them.  A kind that needs sums over the batch on the
 * way (batchnorm) has statistics items, which run between two chunk passes.
 *
 * Shapes.  Images are [height, width, channels], channels last, as Keras has them; a data
 * row of two sizes is an image of one channel: 28x28 arrives at the first layer as
 * 28x28x1.  A sequence is [length, channels].
 *
 * Legend: n rows of the batch, [r0, r1) the chunk's rows, d_in and d_out features. */
#ifndef HGI_LAYER_H
#define HGI_LAYER_H

#include "base/base.h"
#include "base/rng.h"
#include "kernels/kernels.h"
#include "model/line.h"

typedef struct hgi_shape {
    int rank; /* 1 to 3 */
    int64_t dim[3];
} hgi_shape;

static inline int64_t hgi_shape_count(const hgi_shape *s)
{
    int64_t n = 1;
    for (int i = 0; i < s->rank; i++) n *= s->dim[i];
    return n;
}

typedef enum hgi_role {
    HGI_WEIGHT, /* trained; weight decay applies */
    HGI_BIAS,   /* trained; no decay */
    HGI_STATE   /* not trained, but part of the model (running means) */
} hgi_role;

typedef struct hgi_tensor {
    const char *name; /* "weight": in the file "encoder.0.weight" */
    hgi_role role;
    int rank;
    int64_t dim[4];
    int64_t count;
    int64_t offset; /* in the parameter block, or in the state block */
    bool positive; /* a value below 0 has no meaning: refused when read from a file     */
    bool surrogate; /* its gradient is a pseudo-derivative: differences do not show it  */
} hgi_tensor;

enum { HGI_LAYER_TENSORS = 4, HGI_CLASSES_MOST = 1000 };

/* See model/wide.h. */
typedef struct hgi_wide {
    int64_t aux;  /* places a row for the loss that revives dead units; 0: none */
    double auxk;  /* its weight */
    int64_t dead; /* steps after which a unit is dead; 0: not counted */
    bool pre_bias, mirror, no_mirror, unit_decoder;
    bool counts; /* rows of the list have numbers of their own */
    /* Of the decoder, once it is planned: its bias's offset, its outputs, and what a loss's
     * gradient is times of -(x - y) / (n outputs). */
    int64_t decoder_bias, outputs;
    double residual;
} hgi_wide;

typedef struct hgi_layer hgi_layer;
typedef struct hgi_pass hgi_pass;
typedef struct hgi_layer_kind hgi_layer_kind;

/* The part of a dense layer in the contractive penalty, see model/contract.h. */
typedef struct hgi_contract {
    double weight; /* 0: none */
    bool alone;    /* the encoder is this layer: the closed form */
    bool first, last;
    int64_t at; /* of its numbers in a row of the pass's contract */
} hgi_contract;

struct hgi_layer {
    const hgi_layer_kind *kind;
    hgi_line line;
    int64_t index; /* in the net: encoder layers, code, decoder layers */
    char name[32]; /* "encoder.0", "code", "decoder.1": prefix of tensor names */
    hgi_shape in, out;
    int64_t d_in, d_out;
    hgi_act act;
    hgi_real alpha; /* of leaky and elu */
    bool defer_act; /* the loss takes the value before the activation */
    /* The input of the layer this many places before is added to this one's (residual); 0:
     * none.  hgi_layer_backward() carries the gradient over. */
    int64_t reach;
    const hgi_layer *tied; /* the weight is this layer's, transposed; or NULL */
    hgi_tensor tensor[HGI_LAYER_TENSORS];
    int tensors;
    int64_t flops; /* of forward, one row */
    int64_t saved; /* reals per row that backward needs beside x and y */
    /* prepare fills a matrix of this size in the kernels' order; 0: none.  How many reals
     * that takes is asked of the kernels that run: contexts that share a model may
     * differ. */
    int64_t packed_rows, packed_columns;
    int64_t back_rows, back_columns; /* the same, for backward */
    int64_t packed_more;             /* reals behind the packed matrix */
    int64_t packed_taps, back_taps;  /* over 0: so many blocks of conv_pack() instead */
    int64_t cache;                   /* reals for sums over the batch */
    /* A row of y is this many places and values (hgi_listed), and one of x; 0: dense. */
    int64_t listed, x_listed;
    int64_t listed_apply; /* as listed, outside training */
    hgi_wide wide;        /* of codes of a wide layer: model/wide.h */
    /* A row's code is this many whole numbers below `entries`, first in `saved`; 0: it is
     * not. */
    int64_t indices, entries;
    /* Of a code that wants x to come out of this activation: for what; NULL: of any. */
    const char *x_for;
    hgi_act x_act;
    hgi_contract contract;
    double kl_weight; /* the penalty is this times a KL divergence; 0: it is none */
    int64_t samples;  /* of each row that a training pass draws, when over 1 */
    int64_t work; /* reals of scratch that one worker's chunk or gradient item needs */
};

/* Rows that are not 0 in at most k places, as those places with their values; a row with
 * fewer is filled up with values of 0.  The gradient is wanted at these places alone.  See
 * model/listed.h. */
typedef struct hgi_listed {
    int64_t k;
    int32_t *index;      /* [n, k] columns */
    hgi_real *value, *g; /* [n, k]; dL/dvalue */
    /* The same by columns, rows ascending in each, without the values of 0: those of
     * column c are at start[c] .. start[c + 1] - 1. */
    int64_t *start; /* [columns + 1] */
    int32_t *row;
    hgi_real *by_value, *by_g; /* [n k] */
    int32_t *count; /* [n] how many of a row are in use, the first; NULL: all k */
    /* Values of dead units, aux places a row: model/wide.h.  In the lists by columns they
     * stand behind the others, from aux_start[c] on, and what they meet in the layer behind
     * is not gy but aux_gy [n, outputs]. */
    int64_t aux, outputs;
    int32_t *aux_index;
    hgi_real *aux_value, *aux_g, *aux_gy;
    int64_t *aux_start; /* [columns] */
    /* [columns] sums of value times g: the part of the gradient of the next layer's weight
     * that lies along each of its columns, taken out of it; NULL: left in. */
    hgi_real *along;
    hgi_real *pull; /* [d_in] taken off the gradient of the next layer's bias, or NULL */
} hgi_listed;

/* A layer's buffers in one pass. */
typedef struct hgi_slot {
    hgi_real *x, *y;   /* [n, d_in], [n, d_out] */
    hgi_real *gy, *gx; /* dL/dy; dL/dx, NULL when nobody needs it */
    hgi_real *saved;   /* [n, saved] */
    hgi_real *packed;  /* [packed] */
    hgi_real *back;  /* [back]; NULL in inference                                      */
    hgi_real *cache; /* [cache] */
    hgi_listed listed; /* y; then a training pass has neither a dense y nor a dense gy */
    const hgi_listed *x_listed; /* x of the layer behind, or NULL: x is dense */
} hgi_slot;

/* What a weight gradient goes to once it is complete: the trainer's fused optimiser step,
 * or nothing when gradients are wanted whole.  g [count] at `offset` of the block. */
typedef void (*hgi_emit_fn)(void *arg, int64_t offset, int64_t count, const hgi_real *g);

struct hgi_pass {
    const hgi_kernels *k;
    const hgi_real *theta; /* parameter block */
    hgi_real *state;       /* state block; written by training passes only */
    hgi_real *grad;        /* gradient block, or NULL when emit takes them */
    hgi_emit_fn emit;
    void *emit_arg;
    hgi_real **scratch; /* [workers][HGI_BAND_REALS], with emit */
    hgi_real *work;     /* [workers, work_each]: see hgi_work() */
    int64_t work_each;
    bool keep_packed; /* nothing but the gradients' items changes weights: who keeps_packed
                         packs them anew there */
    bool packed;      /* ... and they hold theta as it is now */
    int64_t n;        /* rows in this batch */
    bool training;
    bool sample; /* draw the code where it is random; else its mean stands for it */
    /* A row's code is drawn this many times, numbered from first_sample on; layers behind
     * the code see so many rows for each, side by side, in a pass of their own, where
     * `each` is that number.  See hgi_pass_of(). */
    int64_t samples, first_sample, each;
    bool dense_code; /* the run starts behind the code, with dense rows, listed or not */
    uint64_t seed;
    uint32_t epoch;
    double epochs_done, steps_done; /* of the run, for weights that grow as it goes on */
    const int64_t *rows; /* [n] global row numbers: what noise is keyed by; or NULL: */
    int64_t first;       /* first, first + 1, ... */
    bool alike; /* outside training: all rows count as row 0 to what is drawn for them */
    /* Of a conditional model the class of each row of the data, by its number; or NULL:
     * one_class for all. */
    const int32_t *classes;
    int32_t one_class;
    double *penalty;    /* [n] penalties of each row are added here, or NULL */
    double *kl;         /* [n] KL divergence of each row's code, unweighed, or NULL */
    hgi_real *share;    /* [n, samples] what each sample of a row counts, of 1 in all;
                            NULL where samples is 1 */
    hgi_real *contract; /* [n, contract_row] of the contractive penalty, or NULL */
    int64_t contract_row;
    const hgi_sparse *sparse; /* where the first layer's x is not 0, or NULL: not known */
    hgi_slot *slot;           /* [layers] */
    const hgi_pass *behind;   /* of the layers behind such a code: see hgi_pass_of() */
};

/* This worker's scratch: at least l->work reals for every layer of the net, 64-byte
 * aligned; nothing in it outlives a call. */
static inline hgi_real *hgi_work(const hgi_pass *p, int worker)
{
    return p->work + worker * p->work_each;
}

/* The number of row r of the batch in its data; samples of a row have the same. */
static inline int64_t hgi_row_number(const hgi_pass *p, int64_t r)
{
    r /= p->each;
    if (p->alike) return 0;
    return p->rows != NULL ? p->rows[r] : p->first + r;
}

static inline int64_t hgi_row_class(const hgi_pass *p, int64_t r)
{
    r /= p->each;
    if (p->classes == NULL) return p->one_class;
    return p->classes[p->rows != NULL ? p->rows[r] : p->first + r];
}

/* A gradient tile is at most this large, so that it stays in the caches; a dense layer's
 * takes whole rows of the weight, as far as that goes, because the optimiser's three
 * streams run a third as fast in short pieces where they come from memory. */
enum {
    HGI_TILE_REALS = 16384,
    HGI_BAND_ROWS = 96,
    HGI_BAND_REALS = HGI_BAND_ROWS * 1152
};

typedef enum hgi_gradient_kind {
    HGI_GRAD_EXACT,     /* finite differences must agree */
    HGI_GRAD_SURROGATE, /* straight-through and the like: not checked */
    HGI_GRAD_NONE
} hgi_gradient_kind;

typedef struct hgi_example {
    const char *line;
    hgi_shape in;
} hgi_example;

/* y = act(x W + b) with W(k,n) at weight + k*row + n*col of the parameter block: K inputs,
 * N outputs; bias is an offset too, or -1. */
typedef struct hgi_product {
    int64_t K, N;
    int64_t weight, row, col, bias;
    hgi_act act;
    hgi_real alpha;
} hgi_product;

/* What a kind reads behind its forward, so that nothing else has to be kept: its backward
 * for the chunk's rows, its gradient items for the whole batch.  BACK_ACT is whatever the
 * derivative of l->act is made from: y, or where the activation needs its input, saved (x
 * where nothing is saved).  backward always reads gy. */
enum {
    HGI_BACK_X = 1,
    HGI_BACK_Y = 2,
    HGI_BACK_SAVED = 4,
    HGI_BACK_ACT = 8,
    HGI_GRADIENT_X = 16,
    HGI_GRADIENT_GY = 32,
    HGI_GRADIENT_SAVED = 64
};

struct hgi_layer_kind {
    const char *name, *brief;
    const hgi_opt_decl *options; /* name == NULL ends */
    const hgi_example *examples; /* line == NULL ends: gradient-checked unseen */
    const char *example_act; /* of codes: of the layer before the examples; NULL: tanh */
    hgi_gradient_kind gradient_is;
    unsigned reads;   /* behind forward: HGI_BACK_X, ... */
    bool identity;    /* forward and backward change nothing: x == y, gx == gy */
    bool elementwise; /* gx may be gy */
    /* Of codes: has the product with its weight in itself, so that its line names the
     * code's size, and it may be the first layer. */
    bool sized;
    bool takes_linear; /* of codes: has an activation of its own, and wants x without one */
    /* Of codes: the objective sums the reconstruction over features, not their mean. */
    bool sums_features;
    bool takes_listed; /* x may be listed, where there is no tie */
    bool moves; /* y only repeats or leaves out values of x: act(y) is the y of act(x) */
    /* From l->line, l->in, l->tied: set out, tensors, act, sizes.  The only call that may
     * fail.  `inputs` is the features of a row of data, for the word "input". */
    hg_status (*plan)(hg_ctx *ctx, hgi_layer *l, int64_t inputs);
    /* Fill trained tensors (theta) and state.  NULL: no tensors. */
    void (*init)(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state);
    /* Fill packed from theta; items [0, prepare_items).  NULL: nothing to prepare. */
    int64_t (*prepare_items)(const hgi_layer *l, const hgi_kernels *k);
    void (*prepare)(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                    int64_t item);
    /* The gradient's items leave packed and back as prepare would fill them after the
     * step, if the pass says keep_packed.  NULL: never. */
    bool (*keeps_packed)(const hgi_layer *l);
    void (*forward)(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker);
    /* The part of a training pass's forward that comes before forward_statistics.  NULL:
     * none. */
    void (*propose)(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker);
    /* What forward comes down to where nothing is drawn and nothing trained, for who has
     * the product done by other means.  NULL: it is no single product. */
    void (*product)(const hgi_layer *l, hgi_product *out);
    /* gx from gy; may use gy as scratch (the gradient items see it afterwards). */
    void (*backward)(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker);
    /* Add this layer's penalty of each row to p->penalty, without a gradient, for
     * evaluation; in training backward does both.  NULL: none. */
    void (*penalty)(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1);
    /* Of a code that is drawn several times a row: loss [n, samples] is the
     * reconstruction's for rows [r0, r1).  Find p->share, and add to p->penalty what the
     * objective has beside the mean of a row's losses, which is left in each place of loss.
     * NULL: a row is drawn once. */
    void (*weigh)(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                  double *loss);
    /* Of a code that is drawn: mean and log variance [d_out] of row r, left by forward. */
    void (*posterior)(const hgi_layer *l, const hgi_pass *p, int64_t r,
                      const hgi_real **mu, const hgi_real **logvar);
    /* log q(z|x) - log p(z) of sample m of row r, as forward drew it, in nats. */
    double (*log_ratio)(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t m);
    /* Weight gradients from x and gy of the whole batch.  NULL: nothing trained. */
    int64_t (*gradient_items)(const hgi_layer *l);
    void (*gradient)(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker);
    /* Once a step, between backward and the gradients, by one worker.  NULL: nothing. */
    void (*collect)(const hgi_layer *l, const hgi_pass *p);
    /* Sums over the batch, before forward and before backward of this layer.  NULL: none.
     * The last also writes running state. */
    int64_t (*statistics_items)(const hgi_layer *l);
    void (*forward_statistics)(const hgi_layer *l, const hgi_pass *p, int64_t item);
    void (*backward_statistics)(const hgi_layer *l, const hgi_pass *p, int64_t item);
    /* Of codes that are 0 up to a threshold: that of unit j in use.  NULL: none. */
    hgi_real (*threshold)(const hgi_layer *l, const hgi_real *theta,
                          const hgi_real *state, int64_t j);
    /* Of codes: units that no row used in the last `steps` steps, or that are dead by the
     * model's state; -1: not counted. */
    int64_t (*dead)(const hgi_layer *l, const hgi_real *state, int64_t steps);
    /* After the optimiser: hold constraints on theta.  NULL: none. */
    int64_t (*project_items)(const hgi_layer *l);
    void (*project)(const hgi_layer *l, const hgi_layer *next, hgi_real *theta,
                    int64_t item);
};

/* The first option of codes that have their own product, and their size in their line. */
#define HGI_CODE_SIZE_OPTION                                                             \
    {                                                                                    \
        .name = "size", .type = HGI_OPT_INT, .positional = true, .required = true,       \
        .lo = 1, .hi = 1 << 24, .help = "values of a code"                               \
    }

extern const hgi_layer_kind *const hgi_layer_kinds[]; /* NULL-ended */
extern const hgi_layer_kind *const hgi_code_kinds[];  /* NULL-ended */

/* All chunks wait before this layer's forward and before its backward in training. */
static inline bool hgi_layer_waits(const hgi_layer *l)
{
    return l->kind->statistics_items != NULL && l->kind->statistics_items(l) > 0;
}

/* ---- helpers for kinds ----------------------------------------------------------- */

extern const char *const hgi_act_words[]; /* NULL-ended, in the order of hgi_act */

/* The option alpha at this place of the line, or what the activation has without it. */
hgi_real hgi_layer_alpha(const hgi_layer *l, int option);
/* An image's or a sequence's positions and channels: [h, w, c], [length, c] with *w = 1.
 * Errors: "encoder line 2 (crop): needs an image or a sequence, but gets 32 values". */
hg_status hgi_layer_plane(hg_ctx *ctx, const hgi_layer *l, int64_t *h, int64_t *w,
                          int64_t *c);
/* The same shape with other positions. */
hgi_shape hgi_layer_resized(const hgi_layer *l, int64_t h, int64_t w);
/* Forward or backward of a layer that is the identity (x is y, gx is gy), but copies
 * where the plan gave it an output of its own. */
void hgi_identity_forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                          int worker);
void hgi_identity_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                           int worker);
/* Append a tensor of shape dim[rank]. */
hgi_tensor *hgi_layer_tensor(hgi_layer *l, const char *name, hgi_role role, int rank,
                             const int64_t *dim);
/* Glorot & Bengio 2010: U(-a, a), a = sqrt(6 / (fan_in + fan_out)); he: He et al. 2015:
 * U(-a, a), a = sqrt(6 / fan_in).  Keyed by the tensor's offset in the block. */
void hgi_init_uniform(const hgi_tensor *t, int64_t fan_in, int64_t fan_out, bool he,
                      uint64_t seed, hgi_real *theta);
/* prepare_items() and prepare() of a product x W^T: W [packed_columns, packed_rows] goes
 * into the slot's packed matrix. */
int64_t hgi_pack_items(const hgi_layer *l, const hgi_kernels *k);
void hgi_pack_item(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                   const hgi_real *W, int64_t item);
/* The part of a matrix in the kernels' order that K [k0, k1) and N [n0, n1) are: a packed
 * B(k,n) = src[k*row + n*col], K x N.  k0 is a multiple of 32, n0 one of the panel. */
typedef struct hgi_part {
    int64_t K, N, k0, k1, n0, n1;
} hgi_part;
void hgi_pack_part(const hgi_kernels *k, const hgi_part *part, const hgi_real *src,
                   int64_t row, int64_t col, hgi_real *packed);
/* project_items() and project() of codes whose decoder's columns are held at norm 1: those
 * of the first weight [h,d] of `next`, d code units. */
int64_t hgi_unit_items(const hgi_layer *l);
void hgi_unit_project(const hgi_layer *l, const hgi_layer *next, hgi_real *theta,
                      int64_t item);
/* Where a gradient tile of R x C at row r, column c of a tensor with `width` columns
 * goes: the gradient block, or the worker's scratch; then hand it over with
 * hgi_grad_end. */
typedef struct hgi_grad {
    hgi_real *g;
    int64_t ld;
} hgi_grad;
hgi_grad hgi_grad_begin(const hgi_pass *p, const hgi_tensor *t, int64_t width, int64_t r,
                        int64_t c, int64_t C, int worker);
void hgi_grad_end(const hgi_pass *p, const hgi_tensor *t, int64_t width, int64_t r,
                  int64_t R, int64_t c, int64_t C, hgi_grad g);

#endif
