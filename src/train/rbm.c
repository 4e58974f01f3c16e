// SPDX-License-Identifier: MIT
/* Contrastive divergence, with short or persistent chains, as a list of stages like a
 * training step's (step.c):
 *
 *   rows      chunks of rows: fill, hidden means and draws, the chain, its last hidden
 *             means, all while they are in cache
 *   gradients tiles of W, one product over the data's rows and the chains' ends: hidden
 *             means of the data are kept with their sign changed, so that the difference
 *             of the two statistics is one sum; then momentum's step, then packing
 *
 * Draws are keyed by level, step of the chain, epoch and row, and every sum has one worker
 * and a fixed order: the bits do not depend on the threads.
 *
 * What is drawn and what is a mean (sections 3.1 to 3.3 of the guide): hidden units that
 * the data drive are drawn, those of the last step are not.  In a chain of one step visible
 * units are means; a longer or persistent chain draws them, or it would not be a chain of
 * this model. */
#include "train/rbm.h"

#include "model/layer.h"

#include <math.h>
#include <string.h>

/* A tile is a band of rows of W as far as that goes: see layer_dense.c, whose units these
 * are. */
enum {
    BAND = HGI_BAND_ROWS,
    WIDEST = HGI_BAND_REALS / HGI_BAND_ROWS,
    UNIT = 384, /* layer_dense.c's 192, and whole tiles of lists of zeros */
    LEAST_TILES = 4,
    BIAS_TILE = 4096,
    MOST_CHUNK = 64,
    LEAST_CHUNK = 16,
    SEEN = 16, /* rows of a batch that are reconstructed beside persistent chains */
    PIECE = 1024
};

/* ---- products and units --------------------------------- */

/* x [n,h] = b + v W^T, or x [n,d] = a + s W. */
static hgi_gemm product_of(const hgi_rbm *r, bool up, int64_t n, const hgi_real *from,
                           hgi_real *x)
{
    int64_t K = up ? r->o.d : r->o.h, N = up ? r->o.h : r->o.d;
    return (hgi_gemm){
        .M = n,
        .N = N,
        .K = K,
        .A = from,
        .a_row = K,
        .a_col = 1,
        .B = up ? r->forward : r->back,
        .b_row = HGI_PACKED,
        .init = up ? r->o.b : r->a,
        .C = x,
        .c_row = N,
    };
}

static void product(const hgi_rbm *r, bool up, int64_t n, const hgi_real *from,
                    hgi_real *x)
{
    hgi_gemm g = product_of(r, up, n, from, x);
    r->o.k->gemm(&g);
}

/* Of the data's rows r0 .. r0 + n - 1, by what is not 0 in them where that pays. */
static void data_product(const hgi_rbm *r, int64_t r0, int64_t n, hgi_real *x)
{
    hgi_gemm g = product_of(r, true, n, r->v + r0 * r->o.d, x);
    if (r->o.zeros == NULL) {
        r->o.k->gemm(&g);
        return;
    }
    hgi_sparse rows = hgi_sparse_from(r->o.zeros, r0);
    r->o.k->find_nonzeros(n, r->o.d, g.A, r->o.d, &rows);
    r->o.k->sparse_gemm(&g, &rows);
}

void hgi_rbm_inputs(const hgi_rbm *r, int64_t n, const hgi_real *v, hgi_real *x)
{
    product(r, true, n, v, x);
}

/* drawn = max(0, x + drawn sqrt(sigmoid(x))), drawn being normal. */
static void rectify_noisy(const hgi_kernels *k, int64_t n, const hgi_real *x,
                          hgi_real *drawn)
{
    hgi_real variance[PIECE];
    for (int64_t at = 0; at < n; at += PIECE) {
        int64_t m = hgi_min(PIECE, n - at);
        k->act_forward(HGI_ACT_SIGMOID, 0, 1, m, x + at, m, variance, m);
        for (int64_t i = 0; i < m; i++) {
            double noise = (double)drawn[at + i] * sqrt((double)variance[i]);
            drawn[at + i] = x[at + i] + (hgi_real)noise;
        }
    }
    k->act_forward(HGI_ACT_RELU, 0, 1, n, drawn, n, drawn, n);
}

/* x [n,width], the units' inputs, become their means; drawn gets draws unless NULL. */
static void settle(const hgi_rbm *r, bool up, int64_t step, int64_t r0, int64_t n,
                   hgi_real *x, hgi_real *drawn)
{
    const hgi_kernels *k = r->o.k;
    hgi_rbm_unit kind = up ? r->o.hidden : r->o.visible;
    int64_t width = up ? r->o.h : r->o.d;
    hgi_rng rng = {r->o.seed, HGI_USE_RBM, r->epoch};
    rng.use += 256 * (uint32_t)(r->o.level * 4 * HGI_RBM_STEPS + 2 * step + !up);
    if (kind == HGI_UNIT_BINARY)
        k->act_forward(HGI_ACT_SIGMOID, 0, n, width, x, width, x, width);
    for (int64_t i = 0; drawn != NULL && i < n; i++) {
        hgi_stream s = hgi_rng_stream(&rng, (uint64_t)r->row[r0 + i]);
        hgi_real *from = x + i * width, *to = drawn + i * width;
        const hgi_real all = (hgi_real)INFINITY;
        if (kind == HGI_UNIT_BINARY) {
            k->draw_bits(&s, width, from, to);
        } else if (kind == HGI_UNIT_GAUSSIAN) {
            k->add_gaussian(&s, width, 1, -all, all, from, to);
        } else {
            memset(to, 0, (size_t)width * sizeof *to);
            k->add_gaussian(&s, width, 1, -all, all, to, to);
            rectify_noisy(k, width, from, to);
        }
    }
    if (kind == HGI_UNIT_RELU)
        k->act_forward(HGI_ACT_RELU, 0, n, width, x, width, x, width);
}

/* ---- a chunk of rows --------------------------------- */

static void note_error(hgi_rbm *r, int64_t r0, int64_t n, const hgi_real *y)
{
    int64_t d = r->o.d;
    r->o.k->loss(HGI_LOSS_MSE, 1, 1, n, d, y, d, r->v + r0 * d, d, NULL, d,
                 r->error + r0);
}

/* From hidden states `from` through all steps; the ends are v and s at row n + r0. */
static void run_chain(hgi_rbm *r, int64_t r0, int64_t n, const hgi_real *from)
{
    int64_t d = r->o.d, h = r->o.h;
    hgi_real *v = r->v + (r->n + r0) * d, *s = r->s + (r->n + r0) * h;
    hgi_real *mean = r->mean != NULL ? r->mean + r0 * d : v;
    for (int64_t step = 1; step <= r->o.steps; step++) {
        product(r, false, n, from, mean);
        settle(r, false, step, r0, n, mean, r->mean != NULL ? v : NULL);
        if (step == 1 && !r->o.persistent) note_error(r, r0, n, mean);
        product(r, true, n, v, s);
        hgi_real *drawn = step < r->o.steps ? r->state + r0 * h
                          : r->o.persistent ? r->chain + r0 * h
                                            : NULL;
        settle(r, true, step, r0, n, s, drawn);
        from = drawn;
    }
}

static void run_rows(void *arg, int64_t item, int worker)
{
    hgi_rbm *r = arg;
    int64_t d = r->o.d, h = r->o.h, r0 = item * r->chunk;
    int64_t n = hgi_min(r->chunk, r->n - r0);
    hgi_real *v = r->v + r0 * d, *s = r->s + r0 * h, *state = r->state + r0 * h;
    r->o.fill(r->o.arg, r->row + r0, n, v, worker);
    data_product(r, r0, n, s);
    settle(r, true, 0, r0, n, s, state);
    for (int64_t i = 0; i < n * h; i++) s[i] = -s[i];
    int64_t seen = hgi_min(n, r->seen - r0);
    if (r->o.persistent && seen > 0) {
        product(r, false, seen, state, r->mean + r0 * d);
        settle(r, false, 0, r0, seen, r->mean + r0 * d, NULL);
        note_error(r, r0, seen, r->mean + r0 * d);
    }
    run_chain(r, r0, n, r->started && r->o.persistent ? r->chain + r0 * h : state);
}

/* ---- gradients --------------------------------- */

static int64_t bands(const hgi_rbm *r) { return hgi_ceil_div(r->o.h, BAND); }

/* Few bands are cut in columns, so that many workers have tiles. */
static int64_t tile_width(const hgi_rbm *r)
{
    int64_t d = r->o.d;
    int64_t across =
        hgi_max(hgi_ceil_div(LEAST_TILES, bands(r)), hgi_ceil_div(d, WIDEST));
    return hgi_ceil_div(hgi_ceil_div(d, across), UNIT) * UNIT;
}

static int64_t tiles(const hgi_rbm *r)
{
    return bands(r) * hgi_ceil_div(r->o.d, tile_width(r));
}

static void pack_tile(const hgi_rbm *r, int64_t y, int64_t R, int64_t x, int64_t C)
{
    int64_t d = r->o.d, h = r->o.h;
    hgi_part forward = {d, h, x, x + C, y, y + R}, back = {h, d, y, y + R, x, x + C};
    hgi_pack_part(r->o.k, &forward, r->o.W, 1, d, r->forward);
    hgi_pack_part(r->o.k, &back, r->o.W, d, 1, r->back);
}

static void cut_tile(const hgi_rbm *r, int64_t item, int64_t *y, int64_t *R, int64_t *x,
                     int64_t *C)
{
    int64_t width = tile_width(r), across = hgi_ceil_div(r->o.d, width);
    *y = item / across * BAND;
    *x = item % across * width;
    *R = hgi_min(BAND, r->o.h - *y);
    *C = hgi_min(width, r->o.d - *x);
}

static void run_pack(void *arg, int64_t item, int worker)
{
    int64_t y, R, x, C;
    (void)worker;
    cut_tile(arg, item, &y, &R, &x, &C);
    pack_tile(arg, y, R, x, C);
}

void hgi_rbm_pack(hgi_rbm *r)
{
    const hgi_stage stage = {run_pack, r, tiles(r)};
    if (!r->packed) hgi_team_run(r->o.team, &stage, 1);
    r->packed = true;
}

/* The sum over the data's rows for columns x .. x + C - 1, in the chain that the ends of
 * their chains go on with. */
static void data_tile(const hgi_rbm *r, int64_t y, int64_t R, int64_t x, int64_t C,
                      hgi_real *g)
{
    int64_t d = r->o.d, h = r->o.h;
    for (int64_t c = 0; c < C; c += HGI_SPARSE_TILE)
        r->o.k->sparse_outer(r->n, hgi_min(HGI_SPARSE_TILE, C - c), R, r->o.zeros,
                             (x + c) / HGI_SPARSE_TILE, r->v, d, r->s + y, h, g + c, C);
}

static void weight_tile(hgi_rbm *r, int64_t item, hgi_real *g)
{
    int64_t y, R, x, C, d = r->o.d, h = r->o.h;
    cut_tile(r, item, &y, &R, &x, &C);
    bool lists = r->o.zeros != NULL;
    int64_t first = lists ? r->n : 0;
    if (lists) data_tile(r, y, R, x, C, g);
    hgi_gemm product = {
        .M = R,
        .N = C,
        .K = 2 * r->n - first,
        .A = r->s + first * h + y,
        .a_row = 1,
        .a_col = h,
        .B = r->v + first * d + x,
        .b_row = d,
        .init = lists ? g : NULL,
        .init_row = C,
        .C = g,
        .c_row = C,
    };
    r->o.k->gemm(&product);
    for (int64_t i = 0; i < R; i++) {
        int64_t at = (y + i) * d + x;
        r->o.k->sgd(&r->step_weight, C, r->o.W + at, g + i * C, r->vW + at);
    }
    pack_tile(r, y, R, x, C);
}

/* b: the sum of s, whose halves have the signs already; a: chains' ends less the data. */
static void bias_tile(hgi_rbm *r, int64_t item, hgi_real *g)
{
    const hgi_kernels *k = r->o.k;
    int64_t d = r->o.d, h = r->o.h, hidden = hgi_ceil_div(h, BIAS_TILE);
    if (item < hidden) {
        int64_t c = item * BIAS_TILE, C = hgi_min(BIAS_TILE, h - c);
        k->column_sum(0, 2 * r->n, C, r->s + c, h, g);
        k->sgd(&r->step_bias, C, r->o.b + c, g, r->vb + c);
        return;
    }
    int64_t c = (item - hidden) * BIAS_TILE, C = hgi_min(BIAS_TILE, d - c);
    k->column_sum(0, r->n, C, r->v + c, d, g);
    for (int64_t i = 0; i < C; i++) g[i] = -g[i];
    k->column_sum(1, r->n, C, r->v + r->n * d + c, d, g);
    k->sgd(&r->step_bias, C, r->a + c, g, r->va + c);
}

static void run_gradient(void *arg, int64_t item, int worker)
{
    hgi_rbm *r = arg;
    if (item < tiles(r))
        weight_tile(r, item, r->scratch[worker]);
    else
        bias_tile(r, item - tiles(r), r->scratch[worker]);
}

double hgi_rbm_step(hgi_rbm *r, const int64_t *row, int64_t n, uint32_t epoch,
                    const hgi_rbm_rate *rate)
{
    int64_t workers = hgi_team_size(r->o.team);
    int64_t biases = hgi_ceil_div(r->o.h, BIAS_TILE) + hgi_ceil_div(r->o.d, BIAS_TILE);
    r->row = row;
    r->n = n;
    r->epoch = epoch;
    r->seen = r->o.persistent ? hgi_min(SEEN, n) : n;
    r->chunk = hgi_min(MOST_CHUNK, hgi_max(LEAST_CHUNK, hgi_ceil_div(n, 2 * workers)));
    r->step_weight = (hgi_step){.lr = (hgi_real)rate->lr,
                                .beta1 = (hgi_real)rate->momentum,
                                .l2 = (hgi_real)rate->weight_decay,
                                .scale = (hgi_real)(1.0 / (double)n),
                                .correct1 = 1,
                                .correct2 = 1};
    r->step_bias = r->step_weight;
    r->step_bias.l2 = 0;
    hgi_rbm_pack(r);
    const hgi_stage stages[] = {
        {run_rows, r, hgi_ceil_div(n, r->chunk)},
        {run_gradient, r, tiles(r) + biases},
    };
    if (10 * n * r->o.d * r->o.h < HGI_TEAM_WORTH)
        hgi_team_run_alone(stages, HGI_COUNT(stages));
    else
        hgi_team_run(r->o.team, stages, HGI_COUNT(stages));
    r->started = true;
    double error = 0;
    for (int64_t i = 0; i < r->seen; i++) error += r->error[i];
    return error / ((double)r->seen * (double)r->o.d);
}

/* ---- making one --------------------------------- */

void hgi_rbm_init(hgi_rbm *r, const double *mean)
{
    const double rare = 0.01; /* a pixel that is never on would have a bias of -inf */
    hgi_rng rng = {r->o.seed, HGI_USE_RBM, UINT32_MAX};
    rng.use += 256 * (uint32_t)(r->o.level * 4 * HGI_RBM_STEPS);
    for (int64_t j = 0; j < r->o.h; j++) {
        hgi_stream s = hgi_rng_stream(&rng, (uint64_t)j);
        hgi_real *row = r->o.W + j * r->o.d;
        const hgi_real all = (hgi_real)INFINITY;
        memset(row, 0, (size_t)r->o.d * sizeof *row);
        r->o.k->add_gaussian(&s, r->o.d, (hgi_real)0.01, -all, all, row, row);
        r->o.b[j] = 0;
    }
    for (int64_t i = 0; i < r->o.d; i++) {
        double p = fmin(fmax(mean[i], rare), 1 - rare);
        r->a[i] =
            (hgi_real)(r->o.visible == HGI_UNIT_BINARY ? log(p / (1 - p)) : mean[i]);
    }
    r->packed = false;
}

typedef struct piece {
    hgi_real **at;
    int64_t count;
} piece;

/* One block, cut into the pieces, each on a cache line. */
static hg_status cut_block(hg_ctx *ctx, hgi_rbm *r, const piece *p, int64_t pieces)
{
    const int64_t line = HGI_ALIGN / (int64_t)sizeof(hgi_real);
    int64_t all = 0;
    for (int64_t i = 0; i < pieces; i++) all += hgi_ceil_div(p[i].count, line) * line;
    HGI_TRY(hgi_check_memory(ctx, (double)all * (double)sizeof(hgi_real), "an RBM"));
    r->block = hgi_calloc(&ctx->mem, (size_t)all, sizeof *r->block);
    if (r->block == NULL)
        return hgi_fail_mem(ctx, (size_t)all * sizeof *r->block, "an RBM");
    hgi_real *at = r->block;
    for (int64_t i = 0; i < pieces; i++) {
        *p[i].at = p[i].count > 0 ? at : NULL;
        at += hgi_ceil_div(p[i].count, line) * line;
    }
    return HG_OK;
}

hg_status hgi_rbm_new(hg_ctx *ctx, const hgi_rbm_options *options, hgi_rbm *out)
{
    hgi_rbm r = {.mem = ctx->mem, .o = *options};
    hg_status status = HG_OK;
    int64_t d = options->d, h = options->h, n = options->rows;
    size_t workers = (size_t)hgi_team_size(options->team);
    bool drawn = options->persistent || options->steps > 1;
    const piece pieces[] = {
        {&r.a, d},
        {&r.vW, d * h},
        {&r.va, d},
        {&r.vb, h},
        {&r.v, 2 * n * d},
        {&r.s, 2 * n * h},
        {&r.mean, drawn ? n * d : 0},
        {&r.state, n * h},
        {&r.chain, options->persistent ? n * h : 0},
        {&r.forward, options->k->packed_size(d, h)},
        {&r.back, options->k->packed_size(h, d)},
    };
    assert(options->steps >= 1 && options->steps <= HGI_RBM_STEPS);
    HGI_GOTO(cut_block(ctx, &r, pieces, HGI_COUNT(pieces)));
    r.error = hgi_calloc(&ctx->mem, (size_t)n, sizeof *r.error);
    r.scratch = hgi_calloc(&ctx->mem, workers, sizeof *r.scratch);
    if (r.error == NULL || r.scratch == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)n * sizeof *r.error, "an RBM"));
    for (size_t i = 0; i < workers; i++) {
        r.scratch[i] = hgi_alloc(&ctx->mem, HGI_BAND_REALS * sizeof(hgi_real));
        if (r.scratch[i] == NULL)
            HGI_GOTO(
                hgi_fail_mem(ctx, HGI_BAND_REALS * sizeof(hgi_real), "gradient tiles"));
    }
done:
    if (status != HG_OK) hgi_rbm_free(&r);
    *out = r;
    return status;
}

void hgi_rbm_free(hgi_rbm *r)
{
    hgi_mem mem = r->mem;
    for (int i = 0; r->scratch != NULL && i < hgi_team_size(r->o.team); i++)
        hgi_free(&mem, r->scratch[i]);
    hgi_free(&mem, r->scratch);
    hgi_free(&mem, r->error);
    hgi_free(&mem, r->block);
    *r = (hgi_rbm){.mem = mem};
}
