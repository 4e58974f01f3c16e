// SPDX-License-Identifier: MIT
/* The vector-quantised bottleneck: a row's code is P vectors of D values, each the nearest
 * of a codebook's.            x [n, P D]   E [K,D] (tensor codebook)   z [n, P D]
 *
 *     j = argmin |x_p - E_j|^2, the first of equals     z_p = E_j
 *     penalty = commitment / (P D) |x - z|^2, mean over rows
 *     gx = gz + 2 commitment / (n P D) (x - z)                        (straight-through)
 *
 * An image has a vector at each position, its channels; other rows are cut into parts.
 * The codebook has no gradient: its entries are running means of the vectors that chose
 * them, over steps, with N_j of the batch for entry j and S_j their sum
 *     count_j = decay count_j + (1 - decay) N_j, sum_j likewise of S_j
 *     E_j = sum_j / count_j
 * An entry that nothing chose for `restart` steps becomes a random vector of the batch, as
 * all do in the first step.  These sums and draws are made by one worker, in row order; the
 * draws are keyed by seed, epoch, the batch's first row and the entry.
 *
 * saved [n,P] has the indices j: whole numbers up to 2^24, exact in float.
 *
 * Sources: van den Oord, Vinyals & Kavukcuoglu, "Neural discrete representation learning",
 * arXiv:1711.00937, 2017 (moving averages: appendix A.1); restarts: Dhariwal et al.,
 * "Jukebox", arXiv:2005.00341, 2020. */
#include "model/layer.h"

#include <math.h>
#include <string.h>

enum { O_ENTRIES, O_PARTS, O_COMMITMENT, O_DECAY, O_RESTART };
enum { T_CODEBOOK, T_COUNT, T_SUM, T_SILENT };
enum { VECTORS = 64, BLOCK = 1024, ALIGNED = 16 };

static const hgi_opt_decl options[] = {
    {.name = "entries",
     .type = HGI_OPT_INT,
     .positional = true,
     .required = true,
     .lo = 1,
     .hi = 1 << 24,
     .help = "vectors of the codebook"},
    {.name = "parts",
     .type = HGI_OPT_INT,
     .lo = 1,
     .hi = 1 << 20,
     .initial = 1,
     .help = "vectors of a row; of an image as many as it has positions"},
    {.name = "commitment",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1000,
     .initial = 0.25,
     .help = "weight of the squared distance from x to its code"},
    {.name = "decay",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 0.99999,
     .initial = 0.99,
     .help = "of the running means that the entries are"},
    {.name = "restart",
     .type = HGI_OPT_INT,
     .lo = 0,
     .hi = 1 << 20,
     .initial = 100,
     .help = "steps without use after which an entry starts anew; 0: never"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"vq 5", {1, {4}}},
    {"vq 7 parts=2", {1, {4}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t K = (int64_t)l->line.value[O_ENTRIES],
            parts = (int64_t)l->line.value[O_PARTS];
    if (l->in.rank > 1 && !l->line.given[O_PARTS])
        parts = l->d_in / l->in.dim[l->in.rank - 1];
    if (l->d_in % parts != 0)
        return hgi_fail(ctx, HG_ESHAPE, "code: %lld values do not make %lld equal parts",
                        (long long)l->d_in, (long long)parts);
    int64_t D = l->d_in / parts;
    size_t count;
    if (!hgi_mul_size((size_t)K, (size_t)D, &count) || count > (size_t)1 << 36)
        return hgi_fail(ctx, HG_ERANGE, "code: a codebook of %lld x %lld is too large",
                        (long long)K, (long long)D);
    l->out = l->in;
    hgi_layer_tensor(l, "codebook", HGI_STATE, 2, (int64_t[]){K, D});
    hgi_layer_tensor(l, "count", HGI_STATE, 1, &K)->positive = true;
    hgi_layer_tensor(l, "sum", HGI_STATE, 2, (int64_t[]){K, D});
    hgi_layer_tensor(l, "silent", HGI_STATE, 1, &K)->positive = true;
    l->entries = K;
    l->indices = l->saved = parts;
    l->packed_rows = D;
    l->packed_columns = K;
    l->packed_more = K;
    l->cache = K * (D + 1);
    l->work = VECTORS * BLOCK;
    l->flops = 2 * parts * K * D;
    return HG_OK;
}

static int64_t dim_of(const hgi_layer *l) { return l->tensor[T_CODEBOOK].dim[1]; }

/* More steps than any restart waits for: in the first step every entry starts anew. */
static void init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state)
{
    (void)he, (void)seed, (void)theta;
    for (int k = 0; k < l->tensors; k++)
        for (int64_t i = 0; i < l->tensor[k].count; i++)
            state[l->tensor[k].offset + i] = 0;
    hgi_real *silent = state + l->tensor[T_SILENT].offset;
    for (int64_t j = 0; j < l->entries; j++)
        silent[j] = (hgi_real)l->line.value[O_RESTART] + 1;
}

/* Behind the packed codebook: -|E_j|^2 / 2, so that the nearest has the largest
 * x E_j^T - |E_j|^2 / 2. */
static hgi_real *halves(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s)
{
    int64_t size = p->k->packed_size(l->packed_rows, l->packed_columns);
    return s->packed + hgi_ceil_div(size, ALIGNED) * ALIGNED;
}

static void prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                    int64_t item)
{
    const hgi_real *E = p->state + l->tensor[T_CODEBOOK].offset;
    int64_t D = dim_of(l), step = hgi_ceil_div(l->entries, hgi_pack_items(l, p->k));
    hgi_real *out = halves(l, p, s);
    hgi_pack_item(l, p, s, E, item);
    for (int64_t j = item * step; j < hgi_min(l->entries, (item + 1) * step); j++) {
        double sum = 0;
        for (int64_t i = 0; i < D; i++)
            sum += (double)E[j * D + i] * (double)E[j * D + i];
        out[j] = (hgi_real)(-sum / 2);
    }
}

/* The nearest entries of n <= VECTORS vectors; -1 where a value is not a number. */
static void nearest(const hgi_layer *l, const hgi_pass *p, int64_t n, const hgi_real *x,
                    hgi_real *score, int64_t *at)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t D = dim_of(l), step = hgi_max(BLOCK / p->k->panel, 1) * p->k->panel;
    hgi_real best[VECTORS];
    for (int64_t i = 0; i < n; i++) at[i] = -1;
    for (int64_t c = 0; c < l->entries; c += step) {
        hgi_gemm g = {
            .M = n,
            .N = hgi_min(step, l->entries - c),
            .K = D,
            .A = x,
            .a_row = D,
            .a_col = 1,
            .B = s->packed + p->k->packed_size(D, c),
            .b_row = HGI_PACKED,
            .init = halves(l, p, s) + c,
            .init_row = 0,
            .C = score,
            .c_row = step,
        };
        p->k->gemm(&g);
        for (int64_t i = 0; i < n; i++)
            for (int64_t j = 0; j < g.N; j++) {
                hgi_real v = score[i * step + j];
                if (!(at[i] < 0 ? v >= -(hgi_real)INFINITY : v > best[i])) continue;
                best[i] = v;
                at[i] = c + j;
            }
    }
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_real *E = p->state + l->tensor[T_CODEBOOK].offset;
    int64_t D = dim_of(l), P = l->indices;
    int64_t at[VECTORS];
    for (int64_t v = r0 * P; v < r1 * P; v += VECTORS) {
        int64_t n = hgi_min(VECTORS, r1 * P - v);
        nearest(l, p, n, s->x + v * D, hgi_work(p, worker), at);
        for (int64_t i = 0; i < n; i++) {
            /* What is not a number is not hidden. */
            const hgi_real *from = at[i] < 0 ? s->x + (v + i) * D : E + at[i] * D;
            memcpy(s->y + (v + i) * D, from, sizeof *from * (size_t)D);
            s->saved[v + i] = (hgi_real)hgi_max(at[i], 0);
        }
    }
}

static void penalty(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    double weight = l->line.value[O_COMMITMENT] / (double)d;
    for (int64_t r = r0; p->penalty != NULL && r < r1; r++) {
        double sum = 0;
        for (int64_t i = r * d; i < (r + 1) * d; i++) {
            double e = (double)s->x[i] - (double)s->y[i];
            sum += e * e;
        }
        p->penalty[r] += weight * sum;
    }
}

/* gx is gy. */
static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_in;
    double values = (double)p->n * (double)d;
    hgi_real scale = (hgi_real)(2 * l->line.value[O_COMMITMENT] / values);
    penalty(l, p, r0, r1);
    for (int64_t i = r0 * d; i < r1 * d; i++) s->gy[i] += scale * (s->x[i] - s->y[i]);
}

/* ---- the codebook ------------------------------------------------------------------- */

static void restart(const hgi_layer *l, const hgi_pass *p, int64_t j)
{
    int64_t D = dim_of(l), vectors = p->n * l->indices;
    hgi_rng rng = {p->seed, HGI_USE_CODE + 256u * (uint32_t)l->index, p->epoch};
    uint32_t words[4];
    hgi_philox(&rng, (uint64_t)hgi_row_number(p, 0), (uint32_t)j, words);
    int64_t v = (int64_t)(((uint64_t)words[0] * (uint64_t)vectors) >> 32);
    const hgi_real *x = p->slot[l->index].x + v * D;
    memcpy(p->state + l->tensor[T_CODEBOOK].offset + j * D, x, sizeof *x * (size_t)D);
    memcpy(p->state + l->tensor[T_SUM].offset + j * D, x, sizeof *x * (size_t)D);
    p->state[l->tensor[T_COUNT].offset + j] = 1;
    p->state[l->tensor[T_SILENT].offset + j] = 0;
}

/* The running means of entry j after a step that brought N vectors of this sum. */
static void move(const hgi_layer *l, const hgi_pass *p, int64_t j, hgi_real N,
                 const hgi_real *sum)
{
    int64_t D = dim_of(l);
    hgi_real keep = (hgi_real)l->line.value[O_DECAY];
    hgi_real *count = p->state + l->tensor[T_COUNT].offset + j;
    hgi_real *total = p->state + l->tensor[T_SUM].offset + j * D;
    hgi_real *E = p->state + l->tensor[T_CODEBOOK].offset + j * D;
    *count = keep * *count + (1 - keep) * N;
    for (int64_t i = 0; i < D; i++) {
        total[i] = keep * total[i] + (1 - keep) * sum[i];
        if (N > 0) E[i] = total[i] / *count; /* else both shrink alike */
    }
}

/* cache: the batch's S [K,D], then N [K]. */
static void collect(const hgi_layer *l, const hgi_pass *p)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t D = dim_of(l), K = l->entries;
    int64_t wait = (int64_t)l->line.value[O_RESTART];
    hgi_real *sum = s->cache, *N = sum + K * D;
    hgi_real *silent = p->state + l->tensor[T_SILENT].offset;
    memset(sum, 0, sizeof *sum * (size_t)(K * (D + 1)));
    for (int64_t v = 0; v < p->n * l->indices; v++) {
        int64_t j = (int64_t)s->saved[v];
        for (int64_t i = 0; i < D; i++) sum[j * D + i] += s->x[v * D + i];
        N[j] += 1;
    }
    for (int64_t j = 0; j < K; j++) {
        move(l, p, j, N[j], sum + j * D);
        bool first = (int64_t)silent[j] > wait;
        if (N[j] > 0)
            silent[j] = 0;
        else if (wait > 0)
            silent[j] += 1;
        if (first || (wait > 0 && (int64_t)silent[j] >= wait)) restart(l, p, j);
    }
}

const hgi_layer_kind hgi_code_vq = {
    .name = "vq",
    .brief = "vectors of a learnt codebook, the nearest for each part of a row",
    .options = options,
    .examples = examples,
    .example_act = "linear",
    .gradient_is = HGI_GRAD_SURROGATE,
    .reads = HGI_BACK_X | HGI_BACK_Y | HGI_GRADIENT_X | HGI_GRADIENT_SAVED,
    .elementwise = true,
    .takes_linear = true,
    .plan = plan,
    .init = init,
    .prepare_items = hgi_pack_items,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
    .penalty = penalty,
    .collect = collect,
};
