// SPDX-License-Identifier: MIT
/* KL divergence and activity of each latent, and the importance-weighted bound.
 *
 * The bound is taken in blocks of SAMPLES draws: each block is a run of its own over all
 * rows, in which the decoder sees SAMPLES rows for each.  A row keeps the largest log
 * weight so far, top, and sum exp(w - top), so that nothing overflows and the number of
 * draws costs no memory.  Rows meet their draws in the order of k whatever the threads.
 *
 * Source: Burda, Grosse, Salakhutdinov, "Importance Weighted Autoencoders", ICLR 2016. */
#include "apply/posterior.h"

#include "model/objective.h"

#include <math.h>

enum { SAMPLES = 64 };

/* ---- latents ---------------------------------------------------------------------- */

typedef struct latents_job {
    hgi_measured in;
    const hgi_net *net;
    int64_t chunk;
    double *part; /* [chunks, 3, d]: sums of kl, mu, mu^2 */
} latents_job;

static void fill_latents(void *arg, int64_t first, int64_t n, hgi_real *x, int worker)
{
    latents_job *j = arg;
    j->in.fill(j->in.arg, first, n, x, worker);
}

static void latents_sink(void *arg, const hgi_chunk *c)
{
    latents_job *j = arg;
    const hgi_layer *code = &j->net->layer[j->net->code];
    int64_t d = code->d_out;
    double *kl = j->part + c->first / j->chunk * 3 * d, *sum = kl + d, *square = sum + d;
    for (int64_t r = 0; r < c->n; r++) {
        const hgi_real *mu, *v;
        code->kind->posterior(code, c->pass, r, &mu, &v);
        for (int64_t i = 0; i < d; i++) {
            double m = (double)mu[i], logvar = (double)v[i];
            kl[i] += (m * m + exp(logvar) - 1 - logvar) / 2;
            sum[i] += m;
            square[i] += m * m;
        }
    }
}

/* Chunks lie where the net's size puts them: their sums are added in their order. */
static void add_parts(const latents_job *j, int64_t chunks, int64_t d, double *sums)
{
    for (int64_t c = 0; c < chunks; c++)
        for (int64_t i = 0; i < 3 * d; i++) sums[i] += j->part[3 * c * d + i];
}

void hgi_latents_finish(int64_t rows, int64_t d, double *sums)
{
    double n = (double)rows;
    for (int64_t i = 0; i < d; i++) {
        double mean = sums[d + i] / n;
        sums[i] /= n;
        sums[d + i] = (sums[2 * d + i] - sums[d + i] * mean) / fmax(n - 1, 1);
    }
}

hg_status hgi_latents_measure(hg_ctx *ctx, const hg_model *m, const hgi_measured *in,
                              double *sums)
{
    const hgi_net *net = &m->net;
    latents_job j = {.in = *in, .net = net};
    hgi_infer r;
    HGI_TRY(hgi_infer_new(ctx, net, 0, net->code + 1, &r));
    hg_status status = HG_OK;
    int64_t chunks = hgi_ceil_div(in->rows, r.chunk), d = net->code_size;
    size_t count = SIZE_MAX / 16;
    if (!hgi_mul_size((size_t)chunks * 3, (size_t)d, &count)) count = SIZE_MAX / 16;
    j.chunk = r.chunk;
    j.part = hgi_calloc(&ctx->mem, count, sizeof *j.part);
    if (j.part == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, count * sizeof *j.part, "sums over latents"));
    r.fill = fill_latents;
    r.sink = latents_sink;
    r.arg = &j;
    r.base = in->base;
    r.classes = in->classes;
    hgi_infer_run(&r, m->theta, m->state, in->rows);
    add_parts(&j, chunks, d, sums);
done:
    hgi_free(&ctx->mem, j.part);
    hgi_infer_free(&r);
    return status;
}

/* ---- the bound -------------------------------------------------------------------- */

typedef struct iwae_job {
    hgi_measured in;
    const hgi_net *net;
    int64_t wanted;    /* samples of this block that count */
    double *loss;      /* [workers, SAMPLES * rows of a chunk] */
    int64_t losses;    /* of a worker */
    double *top, *sum; /* [rows] */
} iwae_job;

static void fill_rows(void *arg, int64_t first, int64_t n, hgi_real *x, int worker)
{
    iwae_job *j = arg;
    j->in.fill(j->in.arg, first, n, x, worker);
}

static void iwae_sink(void *arg, const hgi_chunk *c)
{
    iwae_job *j = arg;
    const hgi_layer *code = &j->net->layer[j->net->code];
    int64_t S = c->pass->samples;
    double *loss = j->loss + c->worker * j->losses;
    hgi_likelihood_rows(j->net, c->pass, c->n, j->in.target(j->in.arg, c), loss);
    for (int64_t r = 0; r < c->n; r++) {
        double top = j->top[c->first + r], sum = j->sum[c->first + r];
        for (int64_t m = 0; m < j->wanted; m++) {
            double w = -loss[r * S + m] - code->kind->log_ratio(code, c->pass, r, m);
            if (w > top) {
                sum = sum * exp(top - w) + 1;
                top = w;
            } else {
                sum += exp(w - top);
            }
        }
        j->top[c->first + r] = top;
        j->sum[c->first + r] = sum;
    }
}

static void run_blocks(iwae_job *j, hgi_infer *r, const hg_model *m, int64_t samples)
{
    r->fill = fill_rows;
    r->sink = iwae_sink;
    r->arg = j;
    r->sample = true;
    r->seed = m->trained.seed;
    r->base = j->in.base;
    r->classes = j->in.classes;
    for (int64_t at = 0; at < samples; at += r->samples) {
        j->wanted = hgi_min(r->samples, samples - at);
        r->first_sample = at;
        hgi_infer_run(r, m->theta, m->state, j->in.rows);
    }
}

hg_status hgi_iwae_measure(hg_ctx *ctx, const hg_model *m, const hgi_measured *in,
                           int64_t samples, double *bound)
{
    iwae_job j = {.in = *in, .net = &m->net};
    hgi_infer r;
    HGI_TRY(hgi_infer_samples(ctx, &m->net, hgi_min(samples, SAMPLES), &r));
    hg_status status = HG_OK;
    size_t rows = (size_t)in->rows;
    j.losses = r.chunk * r.samples;
    size_t losses = (size_t)r.workers * (size_t)j.losses;
    j.loss = hgi_calloc(&ctx->mem, losses, sizeof *j.loss);
    j.top = hgi_calloc(&ctx->mem, rows, sizeof *j.top);
    j.sum = hgi_calloc(&ctx->mem, rows, sizeof *j.sum);
    if (j.loss == NULL || j.top == NULL || j.sum == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, rows * sizeof *j.top, "the rows' bounds"));
    for (int64_t i = 0; i < in->rows; i++) j.top[i] = -(double)INFINITY;
    run_blocks(&j, &r, m, samples);
    for (int64_t i = 0; i < in->rows; i++)
        bound[i] = j.top[i] + log(j.sum[i] / (double)samples);
done:
    hgi_free(&ctx->mem, j.loss);
    hgi_free(&ctx->mem, j.top);
    hgi_free(&ctx->mem, j.sum);
    hgi_infer_free(&r);
    return status;
}
