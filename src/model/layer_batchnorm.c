// SPDX-License-Identifier: MIT
/* Batch normalisation: y = gamma xhat + beta, xhat = (x - mean) / sqrt(var + epsilon).
 *
 * In training mean and var (biased) are the batch's, per feature; of images and sequences
 * per channel, over rows and positions (Keras's axis -1).  The running ones move: running
 * += (1 - momentum) (batch - running); outside training they are used.  Defaults are
 * Keras's: momentum 0.99, epsilon 1e-3.
 * A batch of one value per feature has var 0: y = beta there, and nothing divides by 0.
 *
 * Backward, m values per feature, sums over the batch:
 *     gbeta = sum gy        ggamma = sum gy xhat
 *     gx = gamma / sqrt(var + eps) (gy - gbeta / m - xhat ggamma / m)
 * Sums run over rows in order, one feature in one worker, in double: any thread count
 * gives the same bits.  cache [4C]: mean, 1/sqrt(var + eps), gbeta, ggamma.
 * Source: Ioffe & Szegedy, arXiv:1502.03167. */
#include "model/layer.h"

#include <math.h>

enum { O_MOMENTUM, O_EPSILON, BLOCK = 16 };
enum { T_GAMMA, T_BETA, T_MEAN, T_VARIANCE };

static const hgi_opt_decl options[] = {
    {.name = "momentum",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1,
     .initial = 0.99,
     .help = "of the running mean and variance"},
    {.name = "epsilon",
     .type = HGI_OPT_REAL,
     .lo = 1e-12,
     .hi = 1,
     .initial = 1e-3,
     .help = "added to the variance"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"batchnorm", {1, {7}}},
    {"batchnorm epsilon=0.01", {1, {19}}},
    {"batchnorm", {3, {2, 3, 2}}},
    {"batchnorm epsilon=0.1", {2, {4, 3}}},
    {NULL, {0, {0}}},
};

static int64_t channels(const hgi_layer *l) { return l->tensor[T_GAMMA].count; }

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)ctx;
    (void)inputs;
    l->out = l->in;
    int64_t c = l->in.dim[l->in.rank - 1];
    hgi_layer_tensor(l, "gamma", HGI_BIAS, 1, &c);
    hgi_layer_tensor(l, "beta", HGI_BIAS, 1, &c);
    hgi_layer_tensor(l, "mean", HGI_STATE, 1, &c);
    hgi_layer_tensor(l, "variance", HGI_STATE, 1, &c)->positive = true;
    l->cache = 4 * c;
    l->work = 2 * c; /* outside training */
    l->flops = 2 * l->d_in;
    return HG_OK;
}

static void init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state)
{
    (void)he;
    (void)seed;
    for (int64_t c = 0; c < channels(l); c++) {
        theta[l->tensor[T_GAMMA].offset + c] = 1;
        theta[l->tensor[T_BETA].offset + c] = 0;
        state[l->tensor[T_MEAN].offset + c] = 0;
        state[l->tensor[T_VARIANCE].offset + c] = 1;
    }
}

static int64_t statistics_items(const hgi_layer *l)
{
    return hgi_ceil_div(channels(l), BLOCK);
}

static void forward_statistics(const hgi_layer *l, const hgi_pass *p, int64_t item)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t C = channels(l), c0 = item * BLOCK, n = hgi_min(BLOCK, C - c0);
    int64_t m = p->n * (l->d_in / C);
    double sum[BLOCK] = {0}, square[BLOCK] = {0}, eps = l->line.value[O_EPSILON];
    for (int64_t r = 0; r < m; r++)
        for (int64_t i = 0; i < n; i++) sum[i] += (double)s->x[r * C + c0 + i];
    for (int64_t i = 0; i < n; i++) sum[i] /= (double)m;
    for (int64_t r = 0; r < m; r++)
        for (int64_t i = 0; i < n; i++) {
            double e = (double)s->x[r * C + c0 + i] - sum[i];
            square[i] += e * e;
        }
    hgi_real keep = (hgi_real)l->line.value[O_MOMENTUM];
    hgi_real *mean = p->state + l->tensor[T_MEAN].offset + c0;
    hgi_real *variance = p->state + l->tensor[T_VARIANCE].offset + c0;
    for (int64_t i = 0; i < n; i++) {
        double var = square[i] / (double)m;
        s->cache[c0 + i] = (hgi_real)sum[i];
        s->cache[C + c0 + i] = (hgi_real)(1 / sqrt(var + eps));
        mean[i] = keep * mean[i] + (1 - keep) * (hgi_real)sum[i];
        variance[i] = keep * variance[i] + (1 - keep) * (hgi_real)var;
    }
}

/* Mean and 1/sqrt(var + epsilon) of every channel: the batch's, or the running ones put
 * into this worker's scratch. */
static const hgi_real *moments(const hgi_layer *l, const hgi_pass *p, int worker)
{
    if (p->training) return p->slot[l->index].cache;
    int64_t C = channels(l);
    const hgi_real *mean = p->state + l->tensor[T_MEAN].offset;
    const hgi_real *variance = p->state + l->tensor[T_VARIANCE].offset;
    hgi_real *out = hgi_work(p, worker);
    for (int64_t c = 0; c < C; c++) {
        out[c] = mean[c];
        out[C + c] = (hgi_real)(1 / sqrt((double)variance[c] + l->line.value[O_EPSILON]));
    }
    return out;
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_real *gamma = p->theta + l->tensor[T_GAMMA].offset;
    const hgi_real *beta = p->theta + l->tensor[T_BETA].offset;
    int64_t C = channels(l), per = l->d_in / C;
    const hgi_real *mean = moments(l, p, worker), *factor = mean + C;
    for (int64_t r = r0 * per; r < r1 * per; r++) {
        const hgi_real *x = s->x + r * C;
        hgi_real *y = s->y + r * C;
        for (int64_t c = 0; c < C; c++)
            y[c] = gamma[c] * ((x[c] - mean[c]) * factor[c]) + beta[c];
    }
}

static void backward_statistics(const hgi_layer *l, const hgi_pass *p, int64_t item)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t C = channels(l), c0 = item * BLOCK, n = hgi_min(BLOCK, C - c0);
    int64_t m = p->n * (l->d_in / C);
    double gbeta[BLOCK] = {0}, ggamma[BLOCK] = {0};
    for (int64_t r = 0; r < m; r++)
        for (int64_t i = 0; i < n; i++) {
            int64_t c = c0 + i;
            double gy = (double)s->gy[r * C + c];
            gbeta[i] += gy;
            ggamma[i] += gy * (double)((s->x[r * C + c] - s->cache[c]) * s->cache[C + c]);
        }
    for (int64_t i = 0; i < n; i++) {
        s->cache[2 * C + c0 + i] = (hgi_real)gbeta[i];
        s->cache[3 * C + c0 + i] = (hgi_real)ggamma[i];
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    if (s->gx == NULL) return;
    const hgi_real *gamma = p->theta + l->tensor[T_GAMMA].offset;
    int64_t C = channels(l), per = l->d_in / C;
    const hgi_real *mean = s->cache, *factor = mean + C;
    const hgi_real *gbeta = factor + C, *ggamma = gbeta + C;
    hgi_real m = (hgi_real)(p->n * per);
    for (int64_t r = r0 * per; r < r1 * per; r++) {
        const hgi_real *x = s->x + r * C, *gy = s->gy + r * C;
        hgi_real *gx = s->gx + r * C;
        for (int64_t c = 0; c < C; c++) {
            hgi_real xhat = (x[c] - mean[c]) * factor[c];
            gx[c] =
                gamma[c] * factor[c] * (gy[c] - gbeta[c] / m - xhat * (ggamma[c] / m));
        }
    }
}

static int64_t gradient_items(const hgi_layer *l)
{
    (void)l;
    return 2;
}

static void gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_tensor *t = &l->tensor[item == 0 ? T_GAMMA : T_BETA];
    const hgi_real *from = s->cache + (item == 0 ? 3 : 2) * t->count;
    for (int64_t c = 0; c < t->count; c += HGI_TILE_REALS) {
        int64_t n = hgi_min(HGI_TILE_REALS, t->count - c);
        hgi_grad out = hgi_grad_begin(p, t, 1, c, 0, 1, worker);
        for (int64_t i = 0; i < n; i++) out.g[i] = from[c + i];
        hgi_grad_end(p, t, 1, c, n, 0, 1, out);
    }
}

const hgi_layer_kind hgi_layer_batchnorm = {
    .name = "batchnorm",
    .brief = "centres and scales each feature or channel over the batch",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_BACK_X,
    .plan = plan,
    .init = init,
    .forward = forward,
    .backward = backward,
    .gradient_items = gradient_items,
    .gradient = gradient,
    .statistics_items = statistics_items,
    .forward_statistics = forward_statistics,
    .backward_statistics = backward_statistics,
};
