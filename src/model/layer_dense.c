// SPDX-License-Identifier: MIT
/* Dense layer: y = act(x W^T + b).      x [n,d]  W [h,d]  b [h]  y [n,h]
 *
 * Backward, gy = dL/dy, first gz = gy act'(z), in place; then
 *     gx = gz W                 gW = gz^T x                 gb = sum_n gz[n,:]
 * A tied layer has no weight of its own: it uses V [d,h] of an encoder layer (d the code
 * side there), y = act(x V + b), and adds gV += x^T gz after that layer wrote its own.
 *
 * The product of forward wants B(k,n) = W[n,k], that of backward B(k,n) = W[k,n].  Both are
 * packed before the first step; then whoever finished a tile of the gradient and took the
 * optimiser's step on it packs it while it is in cache.  A narrow W lies nearly as its
 * panels would, and backward takes it so.  For a tied layer forward takes V as it lies
 * and backward's is packed.  Where the rows of x are listed, model/listed.h has the
 * products. */
#include "model/contract.h"
#include "model/listed.h"
#include "model/window.h"

/* A tile of the gradient is up to 96 rows of the weight: a multiple of every panel's width
 * (48, 32, 16, 12), as the columns' unit BACK_UNIT is. */
enum {
    TILE_ROWS = HGI_BAND_ROWS,
    TILE_COLUMNS = HGI_BAND_REALS / TILE_ROWS,
    BACK_UNIT = 192,
    LEAST_TILES = 4,
    BACK_FROM = 128,
    BIAS_TILE = 4096
};

enum { O_UNITS, O_ACT, O_ALPHA, O_TIED, O_NO_BIAS };

static const char *const units_words[] = {"input", "match", NULL};

static const hgi_opt_decl options[] = {
    {.name = "units",
     .type = HGI_OPT_UNITS,
     .positional = true,
     .required = true,
     .lo = 1,
     .hi = 1 << 24,
     .words = units_words,
     .help = "outputs; the word input: as many as a row has; match: as the last shape "
             "that the encoder had"},
    {.name = "activation",
     .type = HGI_OPT_WORD,
     .positional = true,
     .words = hgi_act_words,
     .initial = HGI_ACT_LINEAR,
     .help = "applied to the outputs"},
    {.name = "alpha",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 100,
     .initial = -1,
     .help = "slope of leaky (0.01), scale of elu (1)"},
    {.name = "tied",
     .type = HGI_OPT_FLAG,
     .help = "use the mirrored encoder layer's weight, transposed"},
    {.name = "nobias", .type = HGI_OPT_FLAG, .help = "no bias"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"dense 5", {1, {7}}},
    {"dense 17 relu", {1, {3}}},
    {"dense 4 sigmoid", {1, {17}}},
    {"dense 33 gelu", {1, {5}}},
    {"dense 6 tanh nobias", {1, {9}}},
    {"dense 3 softplus", {1, {1}}},
    {"dense 6 leaky alpha=0.3", {1, {6}}},
    {"dense 6 elu alpha=0.5", {1, {6}}},
    {"dense 6 selu", {1, {6}}},
    {NULL, {0, {0}}},
};

static inline const hgi_tensor *weight(const hgi_layer *l)
{
    return l->tied != NULL ? &l->tied->tensor[0] : &l->tensor[0];
}

static inline const hgi_tensor *bias(const hgi_layer *l)
{
    if (l->line.value[O_NO_BIAS] != 0) return NULL;
    return l->tied != NULL ? &l->tensor[0] : &l->tensor[1];
}

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    double units = l->line.value[O_UNITS];
    int64_t h = units == HGI_LINE_INPUT ? inputs : (int64_t)units;
    if (units == HGI_LINE_MATCH) {
        const hgi_shape *last = hgi_layer_last_shape(l);
        if (last == NULL)
            return hgi_fail(ctx, HG_ESHAPE,
                            "%s: match, but no layer of the encoder gives two or three "
                            "sizes",
                            l->name);
        h = hgi_shape_count(last);
    }
    l->out = (hgi_shape){1, {h, 0, 0}};
    l->act = (hgi_act)l->line.value[O_ACT];
    l->alpha = hgi_layer_alpha(l, O_ALPHA);
    size_t count;
    if (!hgi_mul_size((size_t)h, (size_t)l->d_in, &count) || count > ((size_t)1 << 40))
        return hgi_fail(ctx, HG_ERANGE, "%s: a weight of %lld x %lld is too large",
                        l->name, (long long)h, (long long)l->d_in);
    if (l->tied != NULL) {
        const hgi_layer *e = l->tied;
        if (e->d_in != h || e->d_out != l->d_in)
            return hgi_fail(
                ctx, HG_ESHAPE,
                "%s: tied to %s, which maps %lld to %lld; this one would have to map "
                "%lld to %lld, but maps %lld to %lld",
                l->name, e->name, (long long)e->d_in, (long long)e->d_out,
                (long long)e->d_out, (long long)e->d_in, (long long)l->d_in,
                (long long)h);
    } else {
        hgi_layer_tensor(l, "weight", HGI_WEIGHT, 2, (int64_t[]){h, l->d_in});
    }
    if (l->line.value[O_NO_BIAS] == 0) hgi_layer_tensor(l, "bias", HGI_BIAS, 1, &h);
    l->flops = 2 * h * (l->x_listed > 0 ? l->x_listed : l->d_in) + h;
    l->work = l->x_listed > 0 ? HGI_TILE_REALS : 0;
    l->saved = hgi_act_needs_input(l->act) ? h : 0;
    l->packed_rows = l->tied != NULL ? h : l->d_in;
    l->packed_columns = l->tied != NULL ? l->d_in : h;
    if (l->tied == NULL && l->x_listed == 0 && l->d_in >= BACK_FROM) {
        l->back_rows = h;
        l->back_columns = l->d_in;
    }
    return HG_OK;
}

static void init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state)
{
    (void)state;
    if (l->tied == NULL) hgi_init_uniform(weight(l), l->d_in, l->d_out, he, seed, theta);
    const hgi_tensor *b = bias(l);
    for (int64_t i = 0; b != NULL && i < b->count; i++) theta[b->offset + i] = 0;
}

/* Packed is B of x W^T: k over d_in, n over d_out; tied: of gz V^T: k over d_out, n over
 * d_in.  Both read the stored matrix transposed. */
static void prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                    int64_t item)
{
    const hgi_real *W = p->theta + weight(l)->offset;
    int64_t first = hgi_pack_items(l, p->k), K = l->back_rows, d = l->d_in;
    if (s->x_listed != NULL) {
        hgi_listed_prepare(l, p, s, item);
    } else if (item < first) {
        hgi_pack_item(l, p, s, W, item);
    } else if (s->back != NULL) {
        int64_t k0 = (item - first) * TILE_ROWS;
        hgi_part part = {K, d, k0, hgi_min(k0 + TILE_ROWS, K), 0, d};
        hgi_pack_part(p->k, &part, W, d, 1, s->back);
    }
}

static int64_t prepare_items(const hgi_layer *l, const hgi_kernels *k)
{
    return hgi_pack_items(l, k) + hgi_ceil_div(l->back_rows, TILE_ROWS);
}

static bool keeps_packed(const hgi_layer *l)
{
    return l->tied == NULL && l->x_listed == 0;
}

/* The rows of data are mostly zeros, and this layer is the one that sees them. */
static bool knows_zeros(const hgi_layer *l, const hgi_pass *p)
{
    return p->sparse != NULL && l->index == 0 && l->tied == NULL;
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    const hgi_tensor *w = weight(l), *b = bias(l);
    int64_t d = l->d_in, h = l->d_out;
    hgi_real *z = l->saved > 0 ? s->saved + r0 * h : s->y + r0 * h;
    hgi_gemm g = {
        .M = r1 - r0,
        .N = h,
        .K = d,
        .A = s->x + r0 * d,
        .a_row = d,
        .a_col = 1,
        .B = l->tied != NULL ? p->theta + w->offset : s->packed,
        .b_row = l->tied != NULL || s->x_listed != NULL ? h : HGI_PACKED,
        .init = b != NULL ? p->theta + b->offset : NULL,
        .init_row = 0,
        .C = z,
        .c_row = h,
    };
    if (s->x_listed != NULL && !p->dense_code) {
        hgi_listed_product(p, s->x_listed, r0, r1, h, s->packed, g.init, z);
    } else if (knows_zeros(l, p)) {
        hgi_sparse rows = hgi_sparse_from(p->sparse, r0);
        p->k->sparse_gemm(&g, &rows);
    } else {
        p->k->gemm(&g);
    }
    bool plain = l->defer_act || (l->act == HGI_ACT_LINEAR && l->saved == 0);
    if (!plain) p->k->act_forward(l->act, l->alpha, r1 - r0, h, z, h, s->y + r0 * h, h);
    hgi_contract_forward(l, p, r0, r1);
}

static void product(const hgi_layer *l, hgi_product *out)
{
    bool tied = l->tied != NULL;
    *out = (hgi_product){
        .K = l->d_in,
        .N = l->d_out,
        .weight = weight(l)->offset,
        .row = tied ? l->d_out : 1,
        .col = tied ? 1 : l->d_in,
        .bias = bias(l) != NULL ? bias(l)->offset : -1,
        .act = l->defer_act ? HGI_ACT_LINEAR : l->act,
        .alpha = l->alpha,
    };
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    const hgi_tensor *w = weight(l);
    int64_t d = l->d_in, h = l->d_out, n = r1 - r0;
    hgi_real *gy = s->gy + r0 * h;
    if (!l->defer_act && l->act != HGI_ACT_LINEAR) {
        const hgi_real *from = l->saved > 0 ? s->saved + r0 * h : s->y + r0 * h;
        p->k->act_backward(l->act, l->alpha, n, h, from, h, gy, h);
    }
    hgi_contract_backward(l, p, r0, r1);
    if (s->x_listed != NULL) hgi_listed_backward(l, p, r0, r1);
    if (s->gx == NULL) return;
    hgi_gemm g = {
        .M = n,
        .N = d,
        .K = h,
        .A = gy,
        .a_row = h,
        .a_col = 1,
        .B = l->tied != NULL   ? s->packed
             : s->back != NULL ? s->back
                               : p->theta + w->offset,
        .b_row = l->tied != NULL || s->back != NULL ? HGI_PACKED : d,
        .C = s->gx + r0 * d,
        .c_row = d,
    };
    p->k->gemm(&g);
}

/* Tiles cover the stored weight, [rows, columns] = [h, d], or the tied one's [d, h]. */
static int64_t tile_rows(const hgi_tensor *w)
{
    return hgi_ceil_div(w->dim[0], TILE_ROWS);
}
/* Whole rows; but a weight of few rows is cut in columns, so that many workers have tiles:
 * at places where a panel of `back`, or the lists of zeros, can be cut. */
static int64_t tile_width(const hgi_layer *l, const hgi_tensor *w)
{
    int64_t unit = l->index == 0 ? HGI_SPARSE_TILE : BACK_UNIT, d = w->dim[1];
    int64_t across =
        hgi_max(hgi_ceil_div(LEAST_TILES, tile_rows(w)), hgi_ceil_div(d, TILE_COLUMNS));
    return hgi_ceil_div(hgi_ceil_div(d, across), unit) * unit;
}
static int64_t tile_columns(const hgi_layer *l, const hgi_tensor *w)
{
    return hgi_ceil_div(w->dim[1], tile_width(l, w));
}

static int64_t bias_items(const hgi_layer *l)
{
    return bias(l) != NULL ? hgi_ceil_div(l->d_out, BIAS_TILE) : 0;
}

static int64_t gradient_items(const hgi_layer *l)
{
    if (l->x_listed > 0) return bias_items(l) + hgi_listed_items(l);
    return tile_rows(weight(l)) * tile_columns(l, weight(l)) + bias_items(l);
}

static void bias_gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_tensor *b = bias(l);
    int64_t c = item * BIAS_TILE, C = hgi_min(BIAS_TILE, b->count - c);
    hgi_grad out = hgi_grad_begin(p, b, 1, c, 0, 1, worker);
    const hgi_slot *s = &p->slot[l->index];
    p->k->column_sum(0, p->n, C, s->gy + c, l->d_out, out.g);
    if (s->x_listed != NULL && s->x_listed->pull != NULL)
        for (int64_t i = 0; i < C; i++) out.g[i] -= s->x_listed->pull[c + i];
    hgi_grad_end(p, b, 1, c, C, 0, 1, out);
}

/* After the optimiser's step on the tile r, c of W, R x C. */
static void repack(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t R, int64_t c,
                   int64_t C)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_real *W = p->theta + weight(l)->offset;
    int64_t h = l->d_out, d = l->d_in;
    hgi_part forward = {d, h, c, c + C, r, r + R}, back = {h, d, r, r + R, c, c + C};
    hgi_pack_part(p->k, &forward, W, 1, d, s->packed);
    if (s->back != NULL) hgi_pack_part(p->k, &back, W, d, 1, s->back);
}

/* Of the first layer, whose x has lists of what is not 0. */
static void sparse_tile(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t R,
                        int64_t c, int64_t C, hgi_grad out)
{
    const hgi_slot *s = &p->slot[l->index];
    for (int64_t i = 0; i < C; i += HGI_SPARSE_TILE)
        p->k->sparse_outer(p->n, hgi_min(HGI_SPARSE_TILE, C - i), R, p->sparse,
                           (c + i) / HGI_SPARSE_TILE, s->x, l->d_in, s->gy + r, l->d_out,
                           out.g + i, out.ld);
}

static void dense_tile(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t R,
                       int64_t c, int64_t C, hgi_grad out)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_tensor *w = weight(l);
    const hgi_real *left =
        l->tied != NULL ? s->x : s->gy; /* runs over the weight's rows */
    const hgi_real *right = l->tied != NULL ? s->gy : s->x; /* ... over its columns */
    hgi_gemm g = {
        .M = R,
        .N = C,
        .K = p->n,
        .A = left + r,
        .a_row = 1,
        .a_col = w->dim[0],
        .B = right + c,
        .b_row = w->dim[1],
        .init = l->tied != NULL ? out.g : NULL,
        .init_row = out.ld,
        .C = out.g,
        .c_row = out.ld,
    };
    p->k->gemm(&g);
}

static void gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_tensor *w = weight(l);
    if (item < bias_items(l)) {
        bias_gradient(l, p, item, worker);
        return;
    }
    item -= bias_items(l);
    if (l->x_listed > 0) {
        hgi_listed_gradient(l, p, item, worker);
        return;
    }
    int64_t width = tile_width(l, w), across = tile_columns(l, w);
    int64_t r = item / across * TILE_ROWS, c = item % across * width;
    int64_t R = hgi_min(TILE_ROWS, w->dim[0] - r), C = hgi_min(width, w->dim[1] - c);
    hgi_grad out = hgi_grad_begin(p, w, w->dim[1], r, c, C, worker);
    if (knows_zeros(l, p))
        sparse_tile(l, p, r, R, c, C, out);
    else
        dense_tile(l, p, r, R, c, C, out);
    hgi_contract_gradient(l, p, r, R, c, C, out);
    hgi_grad_end(p, w, w->dim[1], r, R, c, C, out);
    if (p->keep_packed && keeps_packed(l)) repack(l, p, r, R, c, C);
}

const hgi_layer_kind hgi_layer_dense = {
    .name = "dense",
    .brief = "fully connected: y = activation(x W^T + b)",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_ACT | HGI_GRADIENT_X | HGI_GRADIENT_GY,
    .takes_listed = true,
    .plan = plan,
    .init = init,
    .prepare_items = prepare_items,
    .prepare = prepare,
    .keeps_packed = keeps_packed,
    .forward = forward,
    .product = product,
    .backward = backward,
    .penalty = hgi_contract_penalty,
    .gradient_items = gradient_items,
    .gradient = gradient,
};
