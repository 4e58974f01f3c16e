// SPDX-License-Identifier: MIT
/* The TopK bottleneck: of a wide layer the k largest values of each row are the code.
 *                                                        x [n,h]  W [d,h]  b [d]  z [n,d]
 *     z = relu(a) at the k largest places of a = x W^T + b, else 0
 *
 * so a row has at most k values that are not 0: fewer where fewer of a are above 0.  Of
 * equal values those with the lower index stay.  The paper's b_pre, taken off x and added
 * to the output, is contained in b and in the bias of the decoder.
 *
 * Backward, gz at the kept places alone (the selection is taken as fixed, which is exact
 * where no two values tie):   gx = gz W      gW = gz^T x      gb = sum_n gz[n,:]
 *
 * a is made for a few rows and columns at a time in a worker's scratch, and the largest
 * values are picked while it is in cache; from there on a row is k places and values
 * (hgi_listed), and the cost grows with k.
 *
 * Source: Gao et al., "Scaling and evaluating sparse autoencoders", 2024; without its loss
 * for units that no row has chosen for long. */
#include "model/listed.h"

#include <string.h>

enum { O_SIZE, O_K, O_UNIT };
enum { T_WEIGHT, T_BIAS };
/* A block of a stays in the second-level cache: ROWS x about BLOCK reals.  SPARE places
 * beyond k let the limit rise a few times a row, not at each value. */
enum { ROWS = 64, BLOCK = 1024, SPARE = 128, BIAS_TILE = 4096 };

static const hgi_opt_decl options[] = {
    {.name = "size",
     .type = HGI_OPT_INT,
     .positional = true,
     .required = true,
     .lo = 1,
     .hi = 1 << 24,
     .help = "values of a code"},
    {.name = "k",
     .type = HGI_OPT_INT,
     .required = true,
     .lo = 1,
     .hi = 1 << 20,
     .help = "how many of them a row keeps"},
    {.name = "unit-decoder",
     .type = HGI_OPT_FLAG,
     .help = "hold the decoder's columns, one a code unit, at norm 1"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"topk 9 k=3", {1, {4}}},
    {"topk 40 k=7", {1, {5}}},
    {"topk 5 k=5", {1, {5}}},
    {NULL, {0, {0}}},
};

static int64_t room(const hgi_layer *l) { return l->listed + SPARE; }

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t d = (int64_t)l->line.value[O_SIZE], k = (int64_t)l->line.value[O_K];
    size_t count;
    if (k > d)
        return hgi_fail(ctx, HG_ERANGE, "code: k=%lld of %lld values", (long long)k,
                        (long long)d);
    if (!hgi_mul_size((size_t)d, (size_t)l->d_in, &count) || count > (size_t)1 << 40)
        return hgi_fail(ctx, HG_ERANGE, "code: a weight of %lld x %lld is too large",
                        (long long)d, (long long)l->d_in);
    l->out = (hgi_shape){1, {d, 0, 0}};
    hgi_layer_tensor(l, "weight", HGI_WEIGHT, 2, (int64_t[]){d, l->d_in});
    hgi_layer_tensor(l, "bias", HGI_BIAS, 1, &d);
    l->act = HGI_ACT_RELU;
    l->flops = 2 * d * l->d_in + d;
    l->packed_rows = l->d_in;
    l->packed_columns = d;
    l->listed = k;
    l->work = ROWS * (BLOCK + 2 * room(l)); /* a real holds an index */
    return HG_OK;
}

static void init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state)
{
    (void)state;
    hgi_init_uniform(&l->tensor[T_WEIGHT], l->d_in, l->d_out, he, seed, theta);
    hgi_real *b = theta + l->tensor[T_BIAS].offset;
    for (int64_t i = 0; i < l->d_out; i++) b[i] = 0;
}

static void prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                    int64_t item)
{
    hgi_pack_item(l, p, s, p->theta + l->tensor[T_WEIGHT].offset, item);
}

/* The largest of n <= ROWS rows from r on: top[i] ends with those of row r + i. */
static void choose(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t n,
                   hgi_real *a, hgi_top *top)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_kernels *k = p->k;
    int64_t d = l->d_out, h = l->d_in, step = hgi_max(BLOCK / k->panel, 1) * k->panel;
    for (int64_t c = 0; c < d; c += step) {
        hgi_gemm g = {
            .M = n,
            .N = hgi_min(step, d - c),
            .K = h,
            .A = s->x + r * h,
            .a_row = h,
            .a_col = 1,
            .B = s->packed + k->packed_size(h, c),
            .b_row = HGI_PACKED,
            .init = p->theta + l->tensor[T_BIAS].offset + c,
            .init_row = 0,
            .C = a,
            .c_row = step,
        };
        k->gemm(&g);
        for (int64_t i = 0; i < n; i++)
            k->top_offer(&top[i], g.N, (int32_t)c, a + i * step);
    }
    for (int64_t i = 0; i < n; i++) k->top_cut(&top[i]);
}

static void keep(const hgi_layer *l, const hgi_slot *s, int64_t r, const hgi_top *top)
{
    int64_t k = l->listed, d = l->d_out;
    int32_t *index = s->listed.index + r * k;
    hgi_real *value = s->listed.value + r * k;
    for (int64_t i = 0; i < k; i++) {
        index[i] = i < top->count ? top->index[i] : 0;
        value[i] = i < top->count ? top->value[i] : 0;
    }
    if (s->y == NULL) return;
    memset(s->y + r * d, 0, sizeof(hgi_real) * (size_t)d);
    for (int64_t i = 0; i < top->count; i++) s->y[r * d + top->index[i]] = top->value[i];
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    hgi_real *a = hgi_work(p, worker), *buffer = a + ROWS * BLOCK;
    hgi_top top[ROWS];
    for (int64_t r = r0; r < r1; r += ROWS) {
        int64_t n = hgi_min(ROWS, r1 - r);
        for (int64_t i = 0; i < n; i++) {
            hgi_real *own = buffer + i * 2 * room(l);
            top[i] = (hgi_top){.k = l->listed, .room = room(l)};
            top[i].value = own;
            top[i].index = (int32_t *)(void *)(own + room(l));
        }
        choose(l, p, r, n, a, top);
        for (int64_t i = 0; i < n; i++) keep(l, &p->slot[l->index], r + i, &top[i]);
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    const hgi_listed *z = &s->listed;
    for (int64_t i = r0 * z->k; i < r1 * z->k; i++)
        if (z->value[i] <= 0) z->g[i] = 0; /* fills the row up and was not kept */
    if (s->gx == NULL) return;
    hgi_listed gz = {.k = z->k, .index = z->index, .value = z->g};
    hgi_listed_product(p, &gz, r0, r1, l->d_in, p->theta + l->tensor[T_WEIGHT].offset,
                       NULL, s->gx + r0 * l->d_in);
}

static void collect(const hgi_layer *l, const hgi_pass *p)
{
    hgi_listed_collect(&p->slot[l->index].listed, p->n, l->d_out);
}

/* Tiles of W [d,h] are whole rows where they fit. */
static int64_t tile_columns(const hgi_layer *l)
{
    return hgi_min(l->d_in, HGI_TILE_REALS);
}
static int64_t tile_rows(const hgi_layer *l) { return HGI_TILE_REALS / tile_columns(l); }
static int64_t bias_items(const hgi_layer *l)
{
    return hgi_ceil_div(l->d_out, BIAS_TILE);
}

static int64_t gradient_items(const hgi_layer *l)
{
    return bias_items(l) +
           hgi_ceil_div(l->d_out, tile_rows(l)) * hgi_ceil_div(l->d_in, tile_columns(l));
}

static void bias_gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_listed *z = &p->slot[l->index].listed;
    const hgi_tensor *b = &l->tensor[T_BIAS];
    int64_t c = item * BIAS_TILE, C = hgi_min(BIAS_TILE, l->d_out - c);
    hgi_grad out = hgi_grad_begin(p, b, 1, c, 0, 1, worker);
    for (int64_t j = 0; j < C; j++) {
        hgi_real sum = 0;
        for (int64_t i = z->start[c + j]; i < z->start[c + j + 1]; i++) sum += z->by_g[i];
        out.g[j] = sum;
    }
    hgi_grad_end(p, b, 1, c, C, 0, 1, out);
}

static void gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_listed *z = &s->listed;
    const hgi_tensor *w = &l->tensor[T_WEIGHT];
    if (item < bias_items(l)) {
        bias_gradient(l, p, item, worker);
        return;
    }
    item -= bias_items(l);
    int64_t h = l->d_in, across = hgi_ceil_div(h, tile_columns(l));
    int64_t r = item / across * tile_rows(l), c = item % across * tile_columns(l);
    int64_t R = hgi_min(tile_rows(l), l->d_out - r), C = hgi_min(tile_columns(l), h - c);
    hgi_grad out = hgi_grad_begin(p, w, h, r, c, C, worker);
    p->k->sum_rows(R, z->start + r, z->row, z->by_g, C, s->x + c, h, NULL, out.g, out.ld);
    hgi_grad_end(p, w, h, r, R, c, C, out);
}

static int64_t project_items(const hgi_layer *l)
{
    return l->line.value[O_UNIT] != 0 ? hgi_unit_items(l) : 0;
}

const hgi_layer_kind hgi_code_topk = {
    .name = "topk",
    .brief = "the k= largest values of a wide layer, all others 0",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_GRADIENT_X,
    .sized = true,
    .plan = plan,
    .init = init,
    .prepare_items = hgi_pack_items,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
    .collect = collect,
    .gradient_items = gradient_items,
    .gradient = gradient,
    .project_items = project_items,
    .project = hgi_unit_project,
};
