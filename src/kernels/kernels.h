// SPDX-License-Identifier: MIT
/* The kernel table: every piece of arithmetic that has to be fast.
 *
 * hgi_kernels_pick() fills every slot from ref/ (plain C: the definition of correct),
 * then lets each instruction set that the CPU and the user's limit allow overwrite what
 * it does better.
 *
 * Contract of every slot: one thread (callers cut the work), no allocation, no printing,
 * no failure; access stays inside the stated shapes; pointers need no alignment unless
 * stated; sizes may be 0.  Each output element is computed in an order fixed by its own
 * inputs, never by where a tile of the caller begins: the same element comes out with the
 * same bits however the caller cuts M, N, rows or columns.  Sums over a row take the
 * row's columns in an order fixed by C alone.  NaN and Inf go through: a kernel never
 * hides one.
 *
 * Legend: R rows, C columns, ld* distance between rows in elements.                   */
#ifndef HGI_KERNELS_H
#define HGI_KERNELS_H

#include "base/base.h"
#include "base/rng.h"

/* name, word, what it is.  The order is part of nothing; words are in model files.     */
#define HGI_ACT_MAP(X)                                                                   \
    X(LINEAR, "linear", "x")                                                             \
    X(RELU, "relu", "max(x, 0)")                                                         \
    X(LEAKY, "leaky", "x if x > 0, else alpha x (alpha 0.01)")                           \
    X(ELU, "elu", "x if x > 0, else alpha (exp(x) - 1) (alpha 1)")                       \
    X(SELU, "selu", "1.0507 (x if x > 0, else 1.6733 (exp(x) - 1))")                     \
    X(GELU, "gelu", "x Phi(x), by erf")                                                  \
    X(TANH, "tanh", "tanh(x)")                                                           \
    X(SIGMOID, "sigmoid", "1 / (1 + exp(-x))")                                           \
    X(SOFTPLUS, "softplus", "log(1 + exp(x))")

typedef enum hgi_act {
#define HGI_ACT_ROW(name, word, help) HGI_ACT_##name,
    HGI_ACT_MAP(HGI_ACT_ROW)
#undef HGI_ACT_ROW
        HGI_ACT_COUNT
} hgi_act;

typedef enum hgi_loss_kind {
    HGI_LOSS_MSE,        /* (y - t)^2                                   */
    HGI_LOSS_MAE,        /* |y - t|; gradient 0 at 0                    */
    HGI_LOSS_HUBER,      /* e^2/2 if |e| <= delta, else delta (|e| - delta/2) */
    HGI_LOSS_BCE_LOGITS, /* max(z,0) - z t + log(1 + exp(-|z|)), y holds logits z  */
    HGI_LOSS_COUNT
} hgi_loss_kind;

/* C[M,N] = init + A[M,K] B[K,N], each element one chain of multiply-adds over k
 * ascending, starting from init.  So C does not depend on how M, N or K are cut, and a
 * sum over a longer K can be continued by passing C as init.
 *           */
typedef struct hgi_gemm {
    int64_t M, N, K;
    const hgi_real *A;
    int64_t a_row, a_col; /* A(m,k) = A[m*a_row + k*a_col]: so A may be a transpose   */
    const hgi_real *B;
    int64_t b_row;        /* B(k,n) = B[k*b_row + n]; or HGI_PACKED: made by pack()    */
    const hgi_real *init; /* NULL: zeros                                               */
    int64_t init_row;     /* init(m,n) = init[m*init_row + n]: 0 for a bias row, c_row
                             with init == C to add to C                                */
    hgi_real *C;
    int64_t c_row;
} hgi_gemm;
#define HGI_PACKED INT64_C(-1)

/* One axis of a convolution: position i < count and tap t < taps meet at place
 * i*step + t*tap + first of an axis of `size` places; outside of it there are zeros.   */
typedef struct hgi_conv_axis {
    int64_t count, size, taps, step, tap, first;
    int64_t b_tap; /* from one tap to the next: blocks of B                             */
    int64_t c_step; /* from one position to the next: elements of C                     */
} hgi_conv_axis;

/* With i over the taps of y, j over those of x and c over channels, all ascending:
 *     C(r, p, q, n) = init[n] + sum over i, j, c of
 *                     A(r, y at (p, i), x at (q, j), c)
 *                     times B of block i*y.b_tap + j*x.b_tap at (c, n)
 * as one chain of multiply-adds, zeros outside included.  Both directions of a
 * convolution are of this form, a strided one's way back in as many parts as there are
 * remainders of a place by the stride: nothing is multiplied that is zero by structure. */
typedef struct hgi_conv {
    int64_t images, channels;
    int64_t N; /* at most conv_panel */
    hgi_conv_axis y, x;
    const hgi_real *A; /* A(r,y,x,c) = A[r*a_image + (y*x.size + x)*channels + c]       */
    int64_t a_image;
    const hgi_real *B; /* blocks of conv_size() elements, made by conv_pack()           */
    const hgi_real *init; /* [N], NULL: zeros                                           */
    hgi_real *C; /* C(r,p,q,n) = C[r*c_image + p*y.c_step + q*x.c_step + n]             */
    int64_t c_image;
} hgi_conv;

/* C(m,n) = init + sum over i, j, k ascending (the last fastest) of
 * A[m + i*a[0] + j*a[1] + k*a[2]] B[n + i*b[0] + j*b[1] + k*b[2]], one chain: a weight's
 * gradient, which sums over images, rows and columns.                                  */
typedef struct hgi_outer {
    int64_t M, N, count[3];
    const hgi_real *A, *B;
    int64_t a[3], b[3];
    const hgi_real *init; /* as in hgi_gemm                                             */
    int64_t init_row;
    hgi_real *C;
    int64_t c_row;
} hgi_outer;

/* Where rows of a matrix are not 0: row r's columns, ascending, are
 * index[r*ld_index + i] for i < start[r*ld_start + tiles]; those of the columns from
 * t*HGI_SPARSE_TILE on begin at i = start[r*ld_start + t].  tiles = ceil(C /
 * HGI_SPARSE_TILE); ld_index at least C rounded up to 16, ld_start at least tiles + 1.
 *                                                 */
typedef struct hgi_sparse {
    int32_t *index, *start;
    int64_t ld_index, ld_start;
} hgi_sparse;
enum { HGI_SPARSE_TILE = 128 };

/* The same lists from row r on. */
static inline hgi_sparse hgi_sparse_from(const hgi_sparse *s, int64_t r)
{
    int64_t at = r * s->ld_index;
    return (hgi_sparse){s->index + at, s->start + r * s->ld_start, s->ld_index,
                        s->ld_start};
}

/* The k largest of a row's values that are above 0, found while the row is offered piece by
 * piece.  A NaN is above everything; of equal values the first ones stay.  Start with
 * count and limit 0; room at least k + 64.                                             */
typedef struct hgi_top {
    int64_t k, room, count;
    hgi_real limit;  /* what a value must be above to be taken                          */
    int32_t *index;  /* [room] where they are, ascending                                */
    hgi_real *value; /* [room]                                                          */
} hgi_top;

/* One step of an optimiser over n parameters.  Fields are float so that every kernel set
 * starts from the same numbers.  `lr` already has the schedule in it.                  */
typedef struct hgi_step {
    hgi_real lr;
    hgi_real beta1, beta2; /* sgd: beta1 = momentum; rmsprop: beta2 = rho */
    /* 1 - beta, rounded once from double: 1 - 0.999f is off by 5e-5 of itself. */
    hgi_real rest1, rest2;
    hgi_real epsilon;
    hgi_real correct1, correct2; /* adam: 1/(1-beta1^t), 1/(1-beta2^t) */
    hgi_real l2;                 /* added to the gradient: g += l2 * theta */
    hgi_real decay; /* decoupled: theta -= lr * decay * theta, before the step */
    hgi_real scale; /* of the gradient, for clipping; 1 otherwise */
    int nesterov;
} hgi_step;

/* One row by weights that are kept narrow, in bf16 or in bytes:
 *     bf16   y = init + sum over even k of x w, + sum over odd k: two chains, ascending
 *     int8   y = init + (step * scale[n]) (sum of bytes[k] w), the sum exact
 * W holds groups of k as 32-bit words, two bf16 or four bytes, the first lowest: strips
 * of HGI_STRIP columns, a row of words for each group, zeros up to hgi_strip_width().  The
 * layout is the same for all tables.                                                   */
typedef enum hgi_narrow_kind { HGI_NARROW_BF16, HGI_NARROW_INT8 } hgi_narrow_kind;
typedef struct hgi_narrow {
    int64_t K, N;         /* int8: K at most HGI_NARROW_MOST, so that 32 bits hold sums */
    const hgi_real *x;    /* bf16: [K]                                                  */
    const int8_t *bytes;  /* int8: x as quantise() made it, zeros up to a multiple of 4 */
    float step;           /* ... and what it returned                                   */
    const void *W;        /* 64-byte aligned, by hgi_narrow_pack_*()                    */
    const float *scale;   /* int8: [N]                                                  */
    const hgi_real *init; /* [N], NULL: zeros                                           */
    hgi_real *y;          /* [N]                                                        */
} hgi_narrow;
enum { HGI_STRIP = 64, HGI_NARROW_MOST = 131072 };
/* Numbers below this are 0 as bytes: its reciprocal times 127 is still a float.        */
#define HGI_BYTES_LEAST 1e-30f

static inline int64_t hgi_strip_width(int64_t wide)
{
    return hgi_ceil_div(wide, 16) * 16;
}
size_t hgi_narrow_bytes(hgi_narrow_kind kind, int64_t K, int64_t N);
/* W(k,n) = src[k*row + n*col], rounded to nearest.  scale [N] is written.              */
void hgi_narrow_pack_bf16(int64_t K, int64_t N, const hgi_real *src, int64_t row,
                          int64_t col, void *dst);
void hgi_narrow_pack_int8(int64_t K, int64_t N, const hgi_real *src, int64_t row,
                          int64_t col, void *dst, float *scale);

/* Rows through fully connected layers that are all small, one after the other: of each
 *     y = act(bias + x W), one chain of multiply-adds over k ascending from the bias, as
 * gemm() has it.  A block of rows stays in the first-level cache from its scaling to its
 * error, which layer by layer it would pass many times.                                */
typedef struct hgi_stack_layer {
    int64_t K, N;      /* at most HGI_STACK_WIDE; K is the N of the layer before        */
    const hgi_real *W; /* [1 + K, hgi_strip_width(N)]: the bias, then W(k,n); columns from
                          N on are 0; 64-byte aligned                                   */
    hgi_act act;
    hgi_real alpha;
} hgi_stack_layer;
typedef struct hgi_stack {
    int64_t layers; /* at least 1                                                       */
    const hgi_stack_layer *layer;
    const hgi_real *shift, *scale; /* the first x = (in - shift) scale; NULL: x = in    */
    hgi_real lo, hi;               /* what x may be: lo <= 0 <= hi                      */
} hgi_stack;
enum { HGI_STACK_WIDE = 64 };

typedef struct hgi_kernels {
    const char *name; /* "ref", "avx2", "avx512", "neon": shown by `hourglass info` */
    /* 1 when products round both factors to bf16 (8 bits of fraction, to nearest even,
     * denormals to 0) and sum in float.  K may then be cut at multiples of 32 only. */
    int64_t bf16;

    /* ---- matrix product ------------------------------------------------------ */
    void (*gemm)(const hgi_gemm *g);
    /* Elements that pack() writes for a B of K x N.                              */
    int64_t (*packed_size)(int64_t K, int64_t N);
    /* Columns of one panel: a packed B may be cut at multiples of this; the panel that
     * starts at column n (a multiple) is at dst + packed_size(K, n).  In a panel of N
     * columns the rows from k on (a multiple of 32) begin packed_size(k, N) further.  */
    int64_t panel;
    /* Pack B(k,n) = src[k*row + n*col] for any row, col (so also a transpose), 64-byte
     * aligned dst.                                                               */
    void (*pack)(int64_t K, int64_t N, const hgi_real *src, int64_t row, int64_t col,
                 hgi_real *dst);

    /* ---- convolutions ---------------------------------------------------------- */
    void (*conv)(const hgi_conv *g);
    /* The block of one tap: B(c,n) = src[c*row + n*col], N at most conv_panel; how many
     * elements it takes.                                                          */
    int64_t conv_panel;
    int64_t (*conv_size)(int64_t channels, int64_t N);
    void (*conv_pack)(int64_t channels, int64_t N, const hgi_real *src, int64_t row,
                      int64_t col, hgi_real *dst);
    void (*outer)(const hgi_outer *g);

    /* ---- matrix products for rows that are mostly zeros -------------------------- */
    void (*find_nonzeros)(int64_t R, int64_t C, const hgi_real *x, int64_t ldx,
                          const hgi_sparse *s);
    /* gemm with A = x, a_col 1, B packed; s from x's rows.  Zeros may be skipped: the
     * same bits as gemm where B is finite.                                            */
    void (*sparse_gemm)(const hgi_gemm *g, const hgi_sparse *s);
    /* out(h, c) = sum over rows r ascending of x(r, t + c) y(r, h), for the C columns
     * from t = tile * HGI_SPARSE_TILE on, C <= HGI_SPARSE_TILE: the same bits as gemm. */
    void (*sparse_outer)(int64_t R, int64_t C, int64_t H, const hgi_sparse *s,
                         int64_t tile, const hgi_real *x, int64_t ldx, const hgi_real *y,
                         int64_t ldy, hgi_real *out, int64_t ldo);

    /* ---- rows given by a few places and values --------------------------------- */
    /* Offer the values z of the columns first, first + 1, ...                         */
    void (*top_offer)(hgi_top *t, int64_t C, int32_t first, const hgi_real *z);
    /* Leave at most k: the answer, once the whole row was offered.                    */
    void (*top_cut)(hgi_top *t);
    /* out(c, :) = init + sum over i from start[c] to start[c + 1] - 1, ascending, of
     * value[i] y(row[i], :), for c < C, J columns; init [J] or NULL: zeros.          */
    void (*sum_rows)(int64_t C, const int64_t *start, const int32_t *row,
                     const hgi_real *value, int64_t J, const hgi_real *y, int64_t ldy,
                     const hgi_real *init, hgi_real *out, int64_t ldo);
    /* out[i] = sum over j < J of a[j] y(row[i], j), for i < n.                       */
    void (*dot_rows)(int64_t n, const int32_t *row, int64_t J, const hgi_real *a,
                     const hgi_real *y, int64_t ldy, hgi_real *out);
    /* out(c, r) = x(r, c).                                                           */
    void (*transpose)(int64_t R, int64_t C, const hgi_real *x, int64_t ldx, hgi_real *out,
                      int64_t ldo);

    /* ---- one row by narrow weights ---------------------------------------------- */
    void (*narrow_bf16)(const hgi_narrow *g);
    void (*narrow_int8)(const hgi_narrow *g);
    /* out = x / step rounded to nearest, ties to even, with step = max |x| / 127, which
     * is returned: NaN when an x is not finite.                                     */
    float (*quantise)(int64_t n, const hgi_real *x, int8_t *out);

    /* Rows in [R, K of the first] through the stack.  y [R, N of the last] and error [R]
     * may be NULL; error[r] is the sum of (y - x)^2 to the bit as loss() has it.  Returns
     * how many rows were done: all, or fewer because an x after them is not finite or not
     * in [lo, hi]; which is not said, and what of y and error is behind is undefined. */
    int64_t (*stack)(const hgi_stack *s, int64_t R, const float *in, hgi_real *y,
                     double *error);

    /* ---- element-wise -------------------------------------------------------- */
    /* y = act(z).  z == y allowed.                                               */
    void (*act_forward)(hgi_act act, hgi_real alpha, int64_t R, int64_t C,
                        const hgi_real *z, int64_t ldz, hgi_real *y, int64_t ldy);
    /* g *= act'(.), from the output y; for GELU `y` holds the input z instead.   */
    void (*act_backward)(hgi_act act, hgi_real alpha, int64_t R, int64_t C,
                         const hgi_real *y, int64_t ldy, hgi_real *g, int64_t ldg);
    /* row_loss[r] = sum over columns of loss(y, t); if g is not NULL,
     * g = scale * dloss/dy.  g == y allowed (same ld).  delta: Huber's.           */
    void (*loss)(hgi_loss_kind kind, hgi_real delta, hgi_real scale, int64_t R, int64_t C,
                 const hgi_real *y, int64_t ldy, const hgi_real *t, int64_t ldt,
                 hgi_real *g, int64_t ldg, double *row_loss);
    /* e = (y - t) inverse[c]; row_square[r] = sum e^2; g = scale e inverse[c] and
     * gs = scale (1 - e^2), each unless it is NULL.  g == y allowed (same ld).   */
    void (*gaussian)(hgi_real scale, int64_t R, int64_t C, const hgi_real *y, int64_t ldy,
                     const hgi_real *t, int64_t ldt, const hgi_real *inverse, hgi_real *g,
                     int64_t ldg, hgi_real *gs, int64_t lds, double *row_square);
    /* With p = softmax of a row of z and N = sum t: row_loss[r] = -sum t log p, and unless
     * g is NULL g = scale (N p - t).  g == z allowed (same ld).                  */
    void (*multinomial)(hgi_real scale, int64_t R, int64_t C, const hgi_real *z,
                        int64_t ldz, const hgi_real *t, int64_t ldt, hgi_real *g,
                        int64_t ldg, double *row_loss);
    /* y = total[r] p; total NULL: 1.  z == y allowed (same ld).                  */
    void (*softmax)(int64_t R, int64_t C, const hgi_real *z, int64_t ldz,
                    const double *total, hgi_real *y, int64_t ldy);
    /* row_sum[r] = sum |z|; if g is not NULL, g += scale * sign(z), sign(0) = 0.  */
    void (*l1)(hgi_real scale, int64_t R, int64_t C, const hgi_real *z, int64_t ldz,
               hgi_real *g, int64_t ldg, double *row_sum);
    /* out[c] (+= if add) sum over rows r ascending of x(r,c).                    */
    void (*column_sum)(int add, int64_t R, int64_t C, const hgi_real *x, int64_t ldx,
                       hgi_real *out);
    /* Sum of squares in double.                                                  */
    double (*sum_squares)(int64_t n, const hgi_real *x);

    /* ---- pooling ---------------------------------------------------------------- */
    /* A window of h x w places, C channels each: place (i, j) is at x + i*ldx + j*C.
     * y[c] = the largest value of channel c, a NaN if there is one.  which[c], unless which
     * is NULL: i*w + j of the first place that has it (of the first NaN).         */
    void (*max_pool)(int64_t h, int64_t w, int64_t C, const hgi_real *x, int64_t ldx,
                     hgi_real *y, hgi_real *which);
    /* gx at place (i, j) is (add: gains) gy[c] where which[c] is i*w + j, else 0.  */
    void (*max_pool_back)(int add, int64_t h, int64_t w, int64_t C, const hgi_real *which,
                          const hgi_real *gy, hgi_real *gx, int64_t ldx);

    /* ---- filling the batch ---------------------------------------------------- */
    /* dst[i] = (src[i] - shift) * scale: one pair for all.                        */
    void (*widen_u8)(int64_t n, const uint8_t *src, hgi_real shift, hgi_real scale,
                     hgi_real *dst);
    /* dst[i] = (src[i] - shift[i]) * scale[i].                                    */
    void (*affine)(int64_t n, const float *src, const hgi_real *shift,
                   const hgi_real *scale, hgi_real *dst);

    /* The smallest and the largest of x[0..n), n > 0, but of a NaN; false when one of them
     * is not finite.                                                              */
    bool (*ends)(int64_t n, const hgi_real *x, hgi_real *lo, hgi_real *hi);

    /* ---- random numbers ------------------------------------------------------- */
    /* Word i of a row is, with g = i / 64, w = i / 16 % 4 and j = i % 16, word w of the
     * row's block 16 g + j, so that lanes of vectors are blocks.                      */
    /* y[i] = x[i] where word i is above limit; else odd or even, as the word is; y == x
     * allowed.                                                                        */
    void (*replace_some)(const hgi_stream *s, int64_t n, uint32_t limit, hgi_real even,
                         hgi_real odd, const hgi_real *x, hgi_real *y);
    /* y[i] = 1 with probability p[i], else 0: 1 where word i, its upper 24 bits as a number
     * in [0, 1), is below p[i].  A NaN stays; y == p allowed.                         */
    void (*draw_bits)(const hgi_stream *s, int64_t n, const hgi_real *p, hgi_real *y);
    /* y[i] = x[i] + sigma z[i], held to [lo, hi]; y == x allowed.  z is normal, by Box and
     * Muller: words w = 0, 1 and w = 2, 3 of a block make two values each,
     *     r = sqrt(-2 log(((w0 >> 1) | 1) / 2^31)),  p = int(w1 << 2) / 2^31 pi / 4,
     * r cos p and r sin p, the first with its sign changed by bit 31 of w1, exchanged by
     * its bit 30.  |z| goes up to 6.55.                                              */
    void (*add_gaussian)(const hgi_stream *s, int64_t n, hgi_real sigma, hgi_real lo,
                         hgi_real hi, const hgi_real *x, hgi_real *y);

    /* ---- optimisers: g is read, theta and the moments are updated -------------- */
    /* v = b1 v + g'; theta -= lr (nesterov ? g' + b1 v : v).  b1 == 0: v may be NULL */
    void (*sgd)(const hgi_step *s, int64_t n, hgi_real *theta, const hgi_real *g,
                hgi_real *v);
    /* m, v as Kingma & Ba; theta -= lr c1 m / (sqrt(c2 v) + epsilon).             */
    void (*adam)(const hgi_step *s, int64_t n, hgi_real *theta, const hgi_real *g,
                 hgi_real *m, hgi_real *v);
    /* v = b2 v + (1-b2) g'^2; theta -= lr g' / (sqrt(v) + epsilon); with beta1 > 0 the
     * step goes through m = b1 m + g'/(sqrt(v) + epsilon), theta -= lr m.         */
    void (*rmsprop)(const hgi_step *s, int64_t n, hgi_real *theta, const hgi_real *g,
                    hgi_real *m, hgi_real *v);
} hgi_kernels;

/* Columns that N columns of a convolution's weight are cut at: as equal as whole vectors
 * allow, because a narrow last panel runs slower than two of middle width.             */
static inline int64_t hgi_conv_cut(const hgi_kernels *k, int64_t N)
{
    enum { VECTOR = 16 }; /* lanes of the widest                                        */
    int64_t even = hgi_ceil_div(N, hgi_ceil_div(N, k->conv_panel));
    return hgi_min(k->conv_panel, hgi_ceil_div(even, VECTOR) * VECTOR);
}

/* Which instruction sets there are, lowest first; `limit` NULL takes the best this CPU
 * has.  Errors: HG_EUNKNOWN word, HG_EUNAVAILABLE on this CPU or in this build.        */
hg_status hgi_kernels_pick(const char *limit, const hgi_kernels **out);
/* The slots to lay over that table for products in bf16; the others are NULL.
 * Errors: HG_EUNAVAILABLE on this CPU, under this limit or in this build.              */
hg_status hgi_kernels_pick_bf16(const char *limit, const hgi_kernels **out);
/* `out` is base, with the slots of `over` that are not NULL.                           */
void hgi_kernels_mix(const hgi_kernels *base, const hgi_kernels *over, hgi_kernels *out);
/* These products are faster than this machine's in f32: so by the processor's design,
 * not by a timing.                                                                     */
bool hgi_bf16_pays(const hgi_kernels *over);
/* The index-th table that this CPU can run, lowest ("ref") first; NULL after the last. */
const hgi_kernels *hgi_kernels_at(int index);
/* Brand string and the features found, for `hourglass info`.                           */
void hgi_cpu_describe(char *out, size_t n);

const char *hgi_act_name(hgi_act act);
/* false when `word` is no activation.                                                  */
bool hgi_act_find(const char *word, hgi_act *out);
/* Backward reads the input z, not the output (GELU).                                   */
bool hgi_act_needs_input(hgi_act act);

#endif
