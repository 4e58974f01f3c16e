// SPDX-License-Identifier: MIT
/* The variational bottleneck: a row's code is a normal distribution, drawn from while
 * training.      x [n,h]  mu, v = log sigma^2, z [n,d]
 *
 *     mu = x Wm^T + bm      v = x Wv^T + bv      z = mu + exp(v/2) e,  e ~ N(0, 1)
 *     penalty = beta KL,    KL = -1/2 sum_j (1 + v_j - mu_j^2 - exp(v_j))
 *
 * Where the code is not drawn (encode, reconstruct) z = mu.  Both products are one, because
 * the two weights lie behind each other in the parameter block: W [2d,h] = (Wm, Wv).
 * e is keyed by seed, epoch, global row and latent index.
 *
 * Backward, gz = dL/dz, over n rows:
 *     gmu = gz + beta/n mu      gv = 1/2 (gz exp(v/2) e + beta/n (exp(v) - 1))
 * saved [n,3d] holds mu, v, e; backward leaves gmu, gv in place of mu, v.
 *
 * Source: Kingma & Welling, "Auto-Encoding Variational Bayes", ICLR 2014; beta: Higgins et
 * al., ICLR 2017. */
#include "model/layer.h"

#include <string.h>
#include <tgmath.h>

enum { O_SIZE, O_BETA };
enum { T_WEIGHT = 0, T_BIAS = 2 }; /* mu's; that of logvar follows each */
enum { BLOCK = 64, TILE_ROWS = 64, TILE_COLUMNS = 256 };

static const hgi_opt_decl options[] = {
    {.name = "size",
     .type = HGI_OPT_INT,
     .positional = true,
     .required = true,
     .lo = 1,
     .hi = 1 << 24,
     .help = "values of a code"},
    {.name = "beta",
     .type = HGI_OPT_REAL,
     .lo = 1e-6,
     .hi = 1e6,
     .initial = 1,
     .help = "weight of the KL divergence from N(0, 1)"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"variational 3", {1, {4}}},
    {"variational 9 beta=0.3", {1, {5}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t d = (int64_t)l->line.value[O_SIZE], h = l->d_in;
    size_t count;
    if (!hgi_mul_size((size_t)(2 * d), (size_t)h, &count) || count > (size_t)1 << 40)
        return hgi_fail(ctx, HG_ERANGE, "code: a weight of %lld x %lld is too large",
                        (long long)(2 * d), (long long)h);
    l->out = (hgi_shape){1, {d, 0, 0}};
    hgi_layer_tensor(l, "mu.weight", HGI_WEIGHT, 2, (int64_t[]){d, h});
    hgi_layer_tensor(l, "logvar.weight", HGI_WEIGHT, 2, (int64_t[]){d, h});
    hgi_layer_tensor(l, "mu.bias", HGI_BIAS, 1, &d);
    hgi_layer_tensor(l, "logvar.bias", HGI_BIAS, 1, &d);
    l->flops = 2 * (2 * d) * h + 2 * d;
    l->saved = 3 * d;
    l->packed_rows = h;
    l->packed_columns = 2 * d;
    l->kl_weight = l->line.value[O_BETA];
    return HG_OK;
}

static void init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                 hgi_real *state)
{
    (void)state;
    for (int i = T_WEIGHT; i < T_BIAS; i++)
        hgi_init_uniform(&l->tensor[i], l->d_in, l->d_out, he, seed, theta);
    hgi_real *b = theta + l->tensor[T_BIAS].offset;
    for (int64_t i = 0; i < 2 * l->d_out; i++) b[i] = 0;
}

static void prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                    int64_t item)
{
    hgi_pack_item(l, p, s, p->theta + l->tensor[T_WEIGHT].offset, item);
}

/* e [d] of one row, by Box and Muller: two uniform numbers make two normal ones. */
static void draw(const hgi_layer *l, const hgi_pass *p, int64_t row, hgi_real *e)
{
    hgi_rng rng = {p->seed, HGI_USE_CODE + 256u * (uint32_t)l->index, p->epoch};
    for (int64_t c = 0; c < l->d_out; c += BLOCK) {
        uint32_t words[BLOCK];
        int64_t n = hgi_min(BLOCK, l->d_out - c);
        hgi_philox_fill(&rng, (uint64_t)row, (uint32_t)(c / 4), BLOCK, words);
        for (int64_t i = 0; i < n; i += 2) {
            hgi_real u = (hgi_real)(1 - hgi_unit(words[i])); /* in (0, 1] */
            hgi_real angle =
                (hgi_real)6.283185307179586 * (hgi_real)hgi_unit(words[i + 1]);
            hgi_real radius = sqrt(-2 * log(u));
            e[c + i] = radius * cos(angle);
            if (i + 1 < n) e[c + i + 1] = radius * sin(angle);
        }
    }
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_out, h = l->d_in;
    hgi_gemm g = {
        .M = r1 - r0,
        .N = 2 * d,
        .K = h,
        .A = s->x + r0 * h,
        .a_row = h,
        .a_col = 1,
        .B = s->packed,
        .b_row = HGI_PACKED,
        .init = p->theta + l->tensor[T_BIAS].offset,
        .init_row = 0,
        .C = s->saved + r0 * 3 * d,
        .c_row = 3 * d,
    };
    p->k->gemm(&g);
    for (int64_t r = r0; r < r1; r++) {
        hgi_real *mu = s->saved + r * 3 * d, *v = mu + d, *e = v + d, *z = s->y + r * d;
        if (!p->sample) {
            memcpy(z, mu, sizeof *z * (size_t)d);
            continue;
        }
        draw(l, p, hgi_row_number(p, r), e);
        for (int64_t i = 0; i < d; i++) z[i] = mu[i] + exp(v[i] / 2) * e[i];
    }
}

/* The code that is not drawn is mu. */
static void product(const hgi_layer *l, hgi_product *out)
{
    *out = (hgi_product){
        .K = l->d_in,
        .N = l->d_out,
        .weight = l->tensor[T_WEIGHT].offset,
        .row = 1,
        .col = l->d_in,
        .bias = l->tensor[T_BIAS].offset,
        .act = HGI_ACT_LINEAR,
    };
}

static double divergence(int64_t d, const hgi_real *mu, const hgi_real *v)
{
    double sum = 0;
    for (int64_t i = 0; i < d; i++) sum += (double)(mu[i] * mu[i] + exp(v[i]) - 1 - v[i]);
    return sum / 2;
}

static void penalty(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_out;
    if (p->penalty == NULL) return;
    for (int64_t r = r0; r < r1; r++) {
        const hgi_real *mu = s->saved + r * 3 * d;
        p->penalty[r] += l->kl_weight * divergence(d, mu, mu + d);
    }
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_out, h = l->d_in;
    hgi_real scale = (hgi_real)(l->kl_weight / (double)p->n);
    penalty(l, p, r0, r1);
    for (int64_t r = r0; r < r1; r++) {
        hgi_real *mu = s->saved + r * 3 * d, *v = mu + d, *e = v + d;
        const hgi_real *gz = s->gy + r * d;
        for (int64_t i = 0; i < d; i++) {
            hgi_real sigma = exp(v[i] / 2);
            mu[i] = gz[i] + scale * mu[i];
            v[i] = (gz[i] * sigma * e[i] + scale * (sigma * sigma - 1)) / 2;
        }
    }
    if (s->gx == NULL) return;
    hgi_gemm g = {
        .M = r1 - r0,
        .N = h,
        .K = 2 * d,
        .A = s->saved + r0 * 3 * d,
        .a_row = 3 * d,
        .a_col = 1,
        .B = p->theta + l->tensor[T_WEIGHT].offset,
        .b_row = h,
        .C = s->gx + r0 * h,
        .c_row = h,
    };
    p->k->gemm(&g);
}

/* Item 0: the biases.  Then tiles of W [2d,h], which may reach over both weights. */
static int64_t gradient_items(const hgi_layer *l)
{
    return 1 +
           hgi_ceil_div(2 * l->d_out, TILE_ROWS) * hgi_ceil_div(l->d_in, TILE_COLUMNS);
}

static void bias_gradient(const hgi_layer *l, const hgi_pass *p, int worker)
{
    const hgi_tensor *b = &l->tensor[T_BIAS];
    int64_t d = l->d_out;
    for (int64_t c = 0; c < 2 * d; c += HGI_TILE_REALS) {
        int64_t C = hgi_min(HGI_TILE_REALS, 2 * d - c);
        hgi_grad out = hgi_grad_begin(p, b, 1, c, 0, 1, worker);
        p->k->column_sum(0, p->n, C, p->slot[l->index].saved + c, 3 * d, out.g);
        hgi_grad_end(p, b, 1, c, C, 0, 1, out);
    }
}

static void gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_tensor *w = &l->tensor[T_WEIGHT];
    if (item-- == 0) {
        bias_gradient(l, p, worker);
        return;
    }
    int64_t d = l->d_out, h = l->d_in, across = hgi_ceil_div(h, TILE_COLUMNS);
    int64_t r = item / across * TILE_ROWS, c = item % across * TILE_COLUMNS;
    int64_t R = hgi_min(TILE_ROWS, 2 * d - r), C = hgi_min(TILE_COLUMNS, h - c);
    hgi_grad out = hgi_grad_begin(p, w, h, r, c, C, worker);
    hgi_gemm g = {
        .M = R,
        .N = C,
        .K = p->n,
        .A = s->saved + r,
        .a_row = 1,
        .a_col = 3 * d,
        .B = s->x + c,
        .b_row = h,
        .C = out.g,
        .c_row = out.ld,
    };
    p->k->gemm(&g);
    hgi_grad_end(p, w, h, r, R, c, C, out);
}

const hgi_layer_kind hgi_code_variational = {
    .name = "variational",
    .brief = "a mean and a variance, drawn from; beta= weighs the KL divergence",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .sized = true,
    .sums_features = true,
    .plan = plan,
    .init = init,
    .prepare_items = hgi_pack_items,
    .prepare = prepare,
    .forward = forward,
    .product = product,
    .backward = backward,
    .penalty = penalty,
    .gradient_items = gradient_items,
    .gradient = gradient,
};
