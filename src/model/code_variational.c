// SPDX-License-Identifier: MIT
/* The variational bottleneck: a row's code is a normal distribution, drawn from while
 * training.      x [n,h]  mu, v = log sigma^2 [n,d]  z [n,S,d], S samples of a row
 *
 *     mu = x Wm^T + bm      v = x Wv^T + bv      z = mu + exp(v/2) e,  e ~ N(0, 1)
 *     KL_j = (mu_j^2 + exp(v_j) - 1 - v_j) / 2        KL = sum_j KL_j
 *
 * S = 1: the objective is a row's recon + penalty, with
 *     penalty = beta a KL                             a: warm-up, 0 to 1 as the run goes on
 *               beta a sum_j max(free-bits, KL_j)     (Kingma et al. 2016, by rows)
 *               beta |KL - a capacity|                (Burgess et al. 2018)
 * S > 1: the bound of importance-weighted autoencoders (Burda et al. 2016),
 *     L = -log(1/S sum_m exp(w_m)),   w_m = -recon_m - beta a t_m,
 *     t_m = log q(z_m|x) - log p(z_m) = sum_j (z_j^2 - e_j^2 - v_j) / 2
 * whose gradient is sum_m s_m grad(-w_m), s = softmax(w): the shares of the samples.
 * Beyond training a is 1.
 *
 * Where the code is not drawn (encode, reconstruct) z = mu.  Both products are one, because
 * the two weights lie behind each other in the parameter block: W [2d,h] = (Wm, Wv).
 * e is keyed by seed, epoch, global row, sample and latent index.
 *
 * Backward, g = dL/dz, over n rows; k_j = dpenalty/dKL_j:
 *     S = 1    gmu = g + k/n mu                gv = (g sigma e + k/n (exp(v) - 1)) / 2
 *     S > 1    h_m = g_m + beta a s_m/n z_m,   gmu = sum_m h_m
 *              gv = (sigma sum_m h_m e_m - beta a/n) / 2
 * saved, a row: mu, v, sigma [d], e [S,d]; backward leaves gmu, gv in place of mu, v.
 *
 * Sources: Kingma & Welling, "Auto-Encoding Variational Bayes", ICLR 2014; beta: Higgins et
 * al., ICLR 2017; warm-up: Bowman et al., CoNLL 2016; free bits: Kingma et al., "Improved
 * Variational Inference with Inverse Autoregressive Flow", NIPS 2016; capacity: Burgess et
 * al., "Understanding disentangling in beta-VAE", 2018; samples: Burda, Grosse,
 * Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016. */
#include "model/layer.h"

#include <string.h>
#include <tgmath.h>

enum { O_SIZE, O_BETA, O_SAMPLES, O_WARMUP, O_WARMUP_STEPS, O_FREE_BITS, O_CAPACITY };
enum { T_WEIGHT = 0, T_BIAS = 2 }; /* mu's; that of logvar follows each */
enum { TILE_ROWS = 64, TILE_COLUMNS = 256 };
enum { MU, LOGVAR, SIGMA, NOISE }; /* parts of saved, d values each, noise S times */

static const hgi_opt_decl options[] = {
    HGI_CODE_SIZE_OPTION,
    {.name = "beta",
     .type = HGI_OPT_REAL,
     .lo = 1e-6,
     .hi = 1e6,
     .initial = 1,
     .help = "weight of the KL divergence from N(0, 1)"},
    {.name = "samples",
     .type = HGI_OPT_INT,
     .lo = 1,
     .hi = 65536,
     .initial = 1,
     .help = "draws of a row; over 1: trained on the importance-weighted bound"},
    {.name = "warmup",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1e9,
     .help = "epochs over which beta, or else capacity, rises from 0"},
    {.name = "warmup-steps",
     .type = HGI_OPT_INT,
     .lo = 0,
     .hi = 1e15,
     .help = "the same in steps"},
    {.name = "free-bits",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1e6,
     .help = "nats of KL that each latent has for nothing"},
    {.name = "capacity",
     .type = HGI_OPT_REAL,
     .lo = 0,
     .hi = 1e9,
     .help = "nats of KL a row that the penalty pulls to: beta |KL - capacity|"},
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"variational 3", {1, {4}}},
    {"variational 9 beta=0.3", {1, {5}}},
    {"variational 3 samples=4", {1, {4}}},
    {"variational 2 samples=3 beta=0.3", {1, {4}}},
    {"variational 5 free-bits=0.05 beta=2", {1, {4}}},
    {"variational 3 capacity=7 beta=4", {1, {4}}},
    {NULL, {0, {0}}},
};

static hg_status check_options(hg_ctx *ctx, const hgi_layer *l)
{
    const bool *given = l->line.given;
    const double *value = l->line.value;
    if (given[O_WARMUP] && given[O_WARMUP_STEPS])
        return hgi_fail(ctx, HG_EINVAL,
                        "code: warmup in epochs and warmup-steps: give one of them");
    if (given[O_FREE_BITS] && given[O_CAPACITY])
        return hgi_fail(ctx, HG_EINVAL, "code: free-bits and capacity: give one of them");
    if (value[O_SAMPLES] > 1 && (given[O_FREE_BITS] || given[O_CAPACITY]))
        return hgi_fail(ctx, HG_EINVAL,
                        "code: %s needs the KL divergence itself, which samples=%lld "
                        "leaves for the draws' own",
                        given[O_FREE_BITS] ? "free-bits" : "capacity",
                        (long long)value[O_SAMPLES]);
    return HG_OK;
}

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    int64_t d = (int64_t)l->line.value[O_SIZE], h = l->d_in;
    size_t count;
    HGI_TRY(check_options(ctx, l));
    if (!hgi_mul_size((size_t)(2 * d), (size_t)h, &count) || count > (size_t)1 << 40)
        return hgi_fail(ctx, HG_ERANGE, "code: a weight of %lld x %lld is too large",
                        (long long)(2 * d), (long long)h);
    l->out = (hgi_shape){1, {d, 0, 0}};
    hgi_layer_tensor(l, "mu.weight", HGI_WEIGHT, 2, (int64_t[]){d, h});
    hgi_layer_tensor(l, "logvar.weight", HGI_WEIGHT, 2, (int64_t[]){d, h});
    hgi_layer_tensor(l, "mu.bias", HGI_BIAS, 1, &d);
    hgi_layer_tensor(l, "logvar.bias", HGI_BIAS, 1, &d);
    l->flops = 2 * (2 * d) * h + 2 * d;
    l->saved = (NOISE + 1) * d;
    l->packed_rows = h;
    l->packed_columns = 2 * d;
    l->kl_weight = l->line.value[O_BETA];
    l->samples = (int64_t)l->line.value[O_SAMPLES];
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

/* Reals that a row has in saved: room for S rows of it, of which what belongs to the row as
 * a whole is used once. */
static int64_t row_reals(const hgi_layer *l, const hgi_pass *p)
{
    return p->samples * l->saved;
}

static hgi_real *saved_of(const hgi_layer *l, const hgi_pass *p, int64_t r)
{
    return p->slot[l->index].saved + r * row_reals(l, p);
}

/* e [d] of one sample of a row.  The kernel takes the stream's blocks in groups of 16, 64
 * values each. */
static void draw(const hgi_layer *l, const hgi_pass *p, int64_t row, int64_t sample,
                 hgi_real *e)
{
    hgi_rng rng = {p->seed, HGI_USE_CODE + 256u * (uint32_t)l->index, p->epoch};
    int64_t blocks = 16 * hgi_ceil_div(l->d_out, 64);
    hgi_stream stream = hgi_rng_stream(&rng, (uint64_t)row);
    stream.first = (uint32_t)((p->first_sample + sample) * blocks);
    memset(e, 0, sizeof *e * (size_t)l->d_out);
    p->k->add_gaussian(&stream, l->d_out, 1, -(hgi_real)INFINITY, (hgi_real)INFINITY, e,
                       e);
}

/* All samples of a row, z = y. */
static void draw_row(const hgi_layer *l, const hgi_pass *p, int64_t r)
{
    int64_t d = l->d_out, S = p->samples;
    hgi_real *mu = saved_of(l, p, r), *v = mu + LOGVAR * d, *sigma = mu + SIGMA * d;
    hgi_real *e = mu + NOISE * d, *z = p->slot[l->index].y + r * S * d;
    if (p->sample)
        for (int64_t i = 0; i < d; i++) sigma[i] = exp(v[i] / 2);
    for (int64_t m = 0; m < S; m++, e += d, z += d) {
        if (!p->sample) {
            memcpy(z, mu, sizeof *z * (size_t)d);
            continue;
        }
        draw(l, p, hgi_row_number(p, r), m, e);
        for (int64_t i = 0; i < d; i++) z[i] = mu[i] + sigma[i] * e[i];
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
        .C = saved_of(l, p, r0),
        .c_row = row_reals(l, p),
    };
    p->k->gemm(&g);
    for (int64_t r = r0; r < r1; r++) draw_row(l, p, r);
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

/* a: how far the warm-up has come. */
static double ramp(const hgi_layer *l, const hgi_pass *p)
{
    const double *value = l->line.value;
    double epochs = value[O_WARMUP], steps = value[O_WARMUP_STEPS];
    if (!p->training) return 1;
    if (epochs > 0) return fmin(1.0, p->epochs_done / epochs);
    return steps > 0 ? fmin(1.0, p->steps_done / steps) : 1;
}

static bool has_capacity(const hgi_layer *l) { return l->line.given[O_CAPACITY]; }

/* beta a; the warm-up of a capacity leaves beta alone. */
static double kl_weight(const hgi_layer *l, const hgi_pass *p)
{
    return has_capacity(l) ? l->kl_weight : l->kl_weight * ramp(l, p);
}

static double kl_of(hgi_real mu, hgi_real v)
{
    return (double)(mu * mu + exp(v) - 1 - v) / 2;
}

/* The KL divergence of a row is added to p->kl; returned is dpenalty/dKL_j where no free
 * bits come in between.  Free bits and capacity only come with S = 1. */
static double row_penalty(const hgi_layer *l, const hgi_pass *p, int64_t r)
{
    const hgi_real *mu = saved_of(l, p, r), *v = mu + LOGVAR * l->d_out;
    double weight = kl_weight(l, p), floor = l->line.value[O_FREE_BITS], all = 0,
           paid = 0;
    for (int64_t i = 0; i < l->d_out; i++) {
        double kl = kl_of(mu[i], v[i]);
        all += kl;
        paid += kl > floor ? kl : floor;
    }
    if (p->kl != NULL) p->kl[r] += all;
    if (has_capacity(l)) {
        double over = all - l->line.value[O_CAPACITY] * ramp(l, p);
        if (p->penalty != NULL) p->penalty[r] += weight * fabs(over);
        return over < 0 ? -weight : weight;
    }
    if (p->penalty != NULL && p->samples == 1)
        p->penalty[r] += weight * (floor > 0 ? paid : all);
    return weight;
}

static void penalty(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    for (int64_t r = r0; r < r1; r++) row_penalty(l, p, r);
}

static void backward_row(const hgi_layer *l, const hgi_pass *p, int64_t r)
{
    int64_t d = l->d_out;
    hgi_real *mu = saved_of(l, p, r), *v = mu + LOGVAR * d;
    const hgi_real *sigma = mu + SIGMA * d, *e = mu + NOISE * d;
    const hgi_real *gz = p->slot[l->index].gy + r * d;
    double floor = l->line.value[O_FREE_BITS];
    hgi_real scale = (hgi_real)(row_penalty(l, p, r) / (double)p->n);
    for (int64_t i = 0; i < d; i++) {
        bool free = floor > 0 && kl_of(mu[i], v[i]) < floor;
        hgi_real k = free ? 0 : scale;
        mu[i] = gz[i] + k * mu[i];
        v[i] = (gz[i] * sigma[i] * e[i] + k * (sigma[i] * sigma[i] - 1)) / 2;
    }
}

static void backward_samples(const hgi_layer *l, const hgi_pass *p, int64_t r)
{
    int64_t d = l->d_out, S = p->samples;
    hgi_real *mu = saved_of(l, p, r), *v = mu + LOGVAR * d;
    const hgi_real *sigma = mu + SIGMA * d, *e = mu + NOISE * d;
    const hgi_real *gz = p->slot[l->index].gy + r * S * d;
    const hgi_real *z = p->slot[l->index].y + r * S * d, *share = p->share + r * S;
    hgi_real scale = (hgi_real)(row_penalty(l, p, r) / (double)p->n);
    for (int64_t i = 0; i < d; i++) {
        hgi_real gmu = 0, ge = 0;
        for (int64_t m = 0; m < S; m++) {
            hgi_real h = gz[m * d + i] + scale * share[m] * z[m * d + i];
            gmu += h;
            ge += h * e[m * d + i];
        }
        mu[i] = gmu;
        v[i] = (sigma[i] * ge - scale) / 2;
    }
}

static void posterior(const hgi_layer *l, const hgi_pass *p, int64_t r,
                      const hgi_real **mu, const hgi_real **logvar)
{
    *mu = saved_of(l, p, r);
    *logvar = *mu + LOGVAR * l->d_out;
}

/* t of sample m of row r. */
static double log_ratio(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t m)
{
    int64_t d = l->d_out;
    const hgi_real *saved = saved_of(l, p, r), *v = saved + LOGVAR * d;
    const hgi_real *e = saved + (NOISE + m) * d;
    const hgi_real *z = p->slot[l->index].y + (r * p->samples + m) * d;
    double sum = 0;
    for (int64_t i = 0; i < d; i++) sum += (double)(z[i] * z[i] - e[i] * e[i] - v[i]);
    return sum / 2;
}

/* The largest w is taken out, so that no exponential overflows. */
static void weigh_row(const hgi_layer *l, const hgi_pass *p, int64_t r, double *loss)
{
    int64_t S = p->samples;
    double weight = kl_weight(l, p), recon = 0, top = -(double)INFINITY, sum = 0;
    hgi_real *share = p->share + r * S;
    for (int64_t m = 0; m < S; m++) {
        recon += loss[m] / (double)S;
        loss[m] = -loss[m] - weight * log_ratio(l, p, r, m);
        top = loss[m] > top ? loss[m] : top;
    }
    for (int64_t m = 0; m < S; m++) sum += exp(loss[m] - top);
    if (p->penalty != NULL) p->penalty[r] -= top + log(sum / (double)S) + recon;
    for (int64_t m = 0; m < S; m++) {
        share[m] = (hgi_real)(exp(loss[m] - top) / sum);
        loss[m] = recon;
    }
}

static void weigh(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                  double *loss)
{
    for (int64_t r = r0; r < r1; r++) weigh_row(l, p, r, loss + r * p->samples);
}

static void backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                     int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    int64_t d = l->d_out, h = l->d_in;
    for (int64_t r = r0; r < r1; r++)
        if (p->samples > 1)
            backward_samples(l, p, r);
        else
            backward_row(l, p, r);
    if (s->gx == NULL) return;
    hgi_gemm g = {
        .M = r1 - r0,
        .N = h,
        .K = 2 * d,
        .A = saved_of(l, p, r0),
        .a_row = row_reals(l, p),
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
        p->k->column_sum(0, p->n, C, saved_of(l, p, 0) + c, row_reals(l, p), out.g);
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
        .A = saved_of(l, p, 0) + r,
        .a_row = 1,
        .a_col = row_reals(l, p),
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
    .reads = HGI_BACK_Y | HGI_BACK_SAVED | HGI_GRADIENT_X | HGI_GRADIENT_SAVED,
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
    .weigh = weigh,
    .posterior = posterior,
    .log_ratio = log_ratio,
    .gradient_items = gradient_items,
    .gradient = gradient,
};
