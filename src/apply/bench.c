// SPDX-License-Identifier: MIT
/* hg_bench: each layer of a model run by itself, over and over, beside the machine's
 * limits.
 *
 * The rows go through all layers once, so that every buffer holds what it would; then a
 * layer's stage is repeated on those buffers and the least time counts.  A layer so
 * repeated finds its buffers in the caches more often than in a step.  Packing weights,
 * filling rows, the loss and the optimiser are in no layer's time. */
#include "apply/bench.h"
#include "model/model.h"
#include "model/pass.h"

#include <math.h>
#include <string.h>

struct hg_bench {
    hgi_mem mem;
    const hg_model *model;
    hgi_limits limits;
    hgi_kernels table;
    const char *kernels, *precision;
    int threads;
    int64_t rows;
    bool train;
    hg_bench_layer *layer; /* [net.count] */
};

typedef struct job {
    hg_bench *b;
    const hgi_net *net;
    hgi_team *team;
    hgi_workspace ws;
    hgi_real *grad, *state;
    int64_t chunk, i; /* layer under way */
} bench_job;

static void run_forward(void *arg, int64_t item, int worker)
{
    bench_job *j = arg;
    const hgi_layer *l = &j->net->layer[j->i];
    int64_t r0 = item * j->chunk, r1 = hgi_min(r0 + j->chunk, j->b->rows);
    l->kind->forward(l, &j->ws.pass, r0, r1, worker);
}

static void run_propose(void *arg, int64_t item, int worker)
{
    const bench_job *j = arg;
    const hgi_layer *l = &j->net->layer[j->i];
    int64_t r0 = item * j->chunk, r1 = hgi_min(r0 + j->chunk, j->b->rows);
    l->kind->propose(l, &j->ws.pass, r0, r1, worker);
}

static void run_backward(void *arg, int64_t item, int worker)
{
    bench_job *j = arg;
    int64_t r0 = item * j->chunk, r1 = hgi_min(r0 + j->chunk, j->b->rows);
    hgi_layer_backward(j->net, &j->ws.pass, j->i, r0, r1, worker);
}

static void run_gradient(void *arg, int64_t item, int worker)
{
    bench_job *j = arg;
    const hgi_layer *l = &j->net->layer[j->i];
    l->kind->gradient(l, &j->ws.pass, item, worker);
}

static void run_forward_statistics(void *arg, int64_t item, int worker)
{
    bench_job *j = arg;
    (void)worker;
    const hgi_layer *l = &j->net->layer[j->i];
    l->kind->forward_statistics(l, &j->ws.pass, item);
}

static void run_backward_statistics(void *arg, int64_t item, int worker)
{
    bench_job *j = arg;
    (void)worker;
    const hgi_layer *l = &j->net->layer[j->i];
    l->kind->backward_statistics(l, &j->ws.pass, item);
}

static void run_collect(void *arg, int64_t item, int worker)
{
    bench_job *j = arg;
    (void)item;
    (void)worker;
    const hgi_layer *l = &j->net->layer[j->i];
    l->kind->collect(l, &j->ws.pass);
}

/* The stages of layer j->i: statistics only exist in training. */
static int64_t forward_stages(bench_job *j, hgi_stage out[4])
{
    const hgi_layer *l = &j->net->layer[j->i];
    int64_t n = 0;
    if (j->b->train && l->kind->propose != NULL)
        out[n++] = (hgi_stage){run_propose, j, hgi_ceil_div(j->b->rows, j->chunk)};
    if (j->b->train && l->kind->statistics_items != NULL)
        out[n++] = (hgi_stage){run_forward_statistics, j, l->kind->statistics_items(l)};
    out[n++] = (hgi_stage){run_forward, j, hgi_ceil_div(j->b->rows, j->chunk)};
    return n;
}

static int64_t backward_stages(bench_job *j, hgi_stage out[4])
{
    const hgi_layer *l = &j->net->layer[j->i];
    int64_t n = 0;
    if (l->kind->statistics_items != NULL)
        out[n++] = (hgi_stage){run_backward_statistics, j, l->kind->statistics_items(l)};
    out[n++] = (hgi_stage){run_backward, j, hgi_ceil_div(j->b->rows, j->chunk)};
    if (l->kind->collect != NULL) out[n++] = (hgi_stage){run_collect, j, 1};
    if (l->kind->gradient_items != NULL)
        out[n++] = (hgi_stage){run_gradient, j, l->kind->gradient_items(l)};
    return n;
}

/* ---- how much work a layer is ----------------------------------------------------- */

static double parameters_of(const hgi_layer *l)
{
    double n = l->tied != NULL ? (double)l->tied->tensor[0].count : 0;
    for (int t = 0; t < l->tensors; t++) n += (double)l->tensor[t].count;
    return n;
}

/* Forward reads x and the parameters and writes y; backward does as much for gx, and a
 * weight's gradient for the weight. */
static void judge(const bench_job *j, hg_bench_layer *out)
{
    const hgi_layer *l = &j->net->layer[j->i];
    const hg_bench *b = j->b;
    double rows = (double)b->rows, flops = (double)l->flops * rows;
    double values = rows * (double)(l->d_in + l->d_out) + parameters_of(l);
    int times = 1;
    bool memory;
    if (l->kind->identity) values = flops = 0; /* nothing is done */
    if (b->train) times += (j->i > 0) + (l->kind->gradient_items != NULL);
    double bytes = values * (double)sizeof(hgi_real);
    double seconds = out->forward + (b->train ? out->backward : 0);
    double least =
        times * hgi_limits_seconds(&b->limits, flops, bytes, b->threads, &memory);
    out->gflops = 1e-9 * times * flops / seconds;
    out->gbytes = 1e-9 * times * bytes / seconds;
    out->fraction = least / seconds;
    out->bound = memory ? "memory" : "products";
}

/* ---- measuring ---------------------------------------------------------------------- */

static void fill_random(int64_t n, double lo, double hi, hgi_real *x)
{
    hgi_rng rng = {1, HGI_USE_SHUFFLE, 0};
    for (int64_t i = 0; i < n; i += 4) {
        uint32_t words[4];
        hgi_philox_fill(&rng, (uint64_t)i, 0, 4, words);
        for (int64_t k = 0; k < 4 && i + k < n; k++)
            x[i + k] = (hgi_real)(lo + (hi - lo) * (double)hgi_unit(words[k]));
    }
}

/* Once through, as in a step. */
static void run_all(bench_job *j)
{
    const hgi_net *net = j->net;
    hgi_stage stages[4];
    hgi_prepare prepare = {net, &j->ws.pass, 0, net->count};
    hgi_stage pack = {hgi_prepare_item, &prepare,
                      hgi_prepare_items(&prepare, j->ws.pass.k)};
    fill_random(j->b->rows * net->inputs, 0, 1, j->ws.input);
    hgi_team_run(j->team, &pack, 1);
    for (j->i = 0; j->i < net->count; j->i++)
        hgi_team_run(j->team, stages, forward_stages(j, stages));
    if (!j->b->train) return;
    fill_random(j->b->rows * net->outputs, -1e-3, 1e-3,
                j->ws.pass.slot[net->count - 1].gy);
    for (j->i = net->count; j->i-- > 0;)
        hgi_team_run(j->team, stages, backward_stages(j, stages));
}

static void measure_layers(bench_job *j)
{
    hgi_stage stages[4];
    for (j->i = 0; j->i < j->net->count; j->i++) {
        hg_bench_layer *out = &j->b->layer[j->i];
        const hgi_layer *l = &j->net->layer[j->i];
        bool encoder = j->i < j->net->code;
        *out = (hg_bench_layer){.size = sizeof *out, .backward = (double)NAN};
        out->part = encoder ? "encoder" : j->i == j->net->code ? "code" : "decoder";
        out->line = j->b->model->line[l->index];
        int64_t n = forward_stages(j, stages);
        out->forward = hgi_least_seconds(j->team, stages, n);
        n = j->b->train ? backward_stages(j, stages) : 0;
        if (n > 0) out->backward = hgi_least_seconds(j->team, stages, n);
        judge(j, out);
    }
}

static hg_status make_buffers(hg_ctx *ctx, bench_job *j)
{
    const hg_model *m = j->b->model;
    size_t params = (size_t)hgi_max(m->net.params, 1);
    size_t states = (size_t)hgi_max(m->net.states, 1);
    hgi_workspace_options o = {.k = &j->b->table,
                               .rows = j->b->rows,
                               .workers = hgi_team_size(j->team),
                               .training = j->b->train,
                               .apart = true};
    double activations, all;
    HGI_TRY(hgi_workspace_bytes(ctx, &m->net, &o, &activations, &all));
    HGI_TRY(hgi_check_memory(ctx, all, "the rows' activations"));
    HGI_TRY(hgi_workspace_new(ctx, &m->net, &o, &j->ws));
    j->state = hgi_calloc(&ctx->mem, states, sizeof *j->state);
    if (j->b->train) j->grad = hgi_calloc(&ctx->mem, params, sizeof *j->grad);
    if (j->state == NULL || (j->b->train && j->grad == NULL))
        return hgi_fail_mem(ctx, params * sizeof *j->grad, "gradients");
    memcpy(j->state, m->state, (size_t)m->net.states * sizeof *j->state);
    j->ws.pass.theta = m->theta;
    j->ws.pass.state = j->state;
    j->ws.pass.grad = j->grad;
    j->ws.pass.n = j->b->rows;
    return HG_OK;
}

static hg_status choose_products(hg_ctx *ctx, const char *word, hg_bench *b)
{
    b->table = *ctx->kernels;
    b->precision = "f32";
    if (word == NULL || strcmp(word, "f32") == 0) return HG_OK;
    if (strcmp(word, "bf16") != 0)
        return hgi_fail(ctx, HG_EUNKNOWN, "precision '%.100s': expected f32 or bf16",
                        word);
    if (ctx->bf16 == NULL)
        return hgi_fail(ctx, HG_EUNAVAILABLE,
                        "precision bf16: this CPU has no products "
                        "in bf16 (or may not use them: see cpu)");
    b->precision = "bf16";
    b->kernels = ctx->bf16->name;
    hgi_kernels_mix(ctx->kernels, ctx->bf16, &b->table);
    return HG_OK;
}

hg_status hg_bench_new(hg_ctx *ctx, const hg_model *m, const hg_bench_options *options,
                       hg_bench **out)
{
    hg_status status = HG_OK;
    hg_bench_options o = {.size = sizeof o};
    bench_job j = {0};
    *out = NULL;
    if (options != NULL) o = *options;
    if (m == NULL || o.size != sizeof o)
        return hgi_fail(ctx, HG_EINVAL, "hg_bench: model, or options->size, is not set");
    if (o.rows == 0) o.rows = 256;
    if (o.rows < 1 || o.rows > INT32_MAX)
        return hgi_fail(ctx, HG_ERANGE, "%lld rows, expected 1 to 2^31 - 1",
                        (long long)o.rows);
    hg_bench *b = hgi_calloc(&ctx->mem, 1, sizeof *b);
    if (b == NULL) return hgi_fail_mem(ctx, sizeof *b, "a bench");
    *b = (hg_bench){.mem = ctx->mem,
                    .model = m,
                    .rows = o.rows,
                    .train = o.train != 0,
                    .kernels = ctx->kernels->name};
    j = (bench_job){.b = b, .net = &m->net, .ws.mem = ctx->mem};
    HGI_GOTO(choose_products(ctx, o.precision, b));
    HGI_GOTO(hgi_ctx_team(ctx, &j.team));
    b->threads = hgi_team_size(j.team);
    b->layer = hgi_calloc(&ctx->mem, (size_t)m->net.count, sizeof *b->layer);
    if (b->layer == NULL) HGI_GOTO(hgi_fail_mem(ctx, 64, "a bench"));
    j.chunk = hgi_min(hgi_chunk_rows(&m->net), hgi_ceil_div(b->rows, b->threads));
    HGI_GOTO(make_buffers(ctx, &j));
    HGI_GOTO(hgi_limits_measure(ctx, &b->table, &b->limits));
    run_all(&j);
    measure_layers(&j);
    *out = b;
done:
    hgi_workspace_free(&j.ws);
    hgi_free(&ctx->mem, j.grad);
    hgi_free(&ctx->mem, j.state);
    if (status != HG_OK) hg_bench_free(&b);
    return status;
}

/* ---- reading it ---------------------------------------------------------------------- */

int hg_bench_at(const hg_bench *b, int index, hg_bench_layer *out)
{
    if (b == NULL || out == NULL || out->size != sizeof *out) return 0;
    if (index < 0 || index >= b->model->net.count) return 0;
    *out = b->layer[index];
    return 1;
}

hg_status hg_bench_get_machine(const hg_bench *b, hg_bench_machine *out)
{
    if (b == NULL || out == NULL || out->size != sizeof *out) return HG_EINVAL;
    *out = (hg_bench_machine){
        .size = sizeof *out,
        .kernels = b->kernels,
        .precision = b->precision,
        .threads = b->threads,
        .rows = b->rows,
        .clock = 1e-9 * b->limits.clock,
        .gflops = 1e-9 * b->limits.flops,
        .near_gbytes = 1e-9 * b->limits.bytes[0],
        .cache_gbytes = 1e-9 * b->limits.bytes[1],
        .memory_gbytes = 1e-9 * b->limits.bytes[2],
    };
    return HG_OK;
}

void hg_bench_free(hg_bench **bench)
{
    if (bench == NULL || *bench == NULL) return;
    hgi_mem mem = (*bench)->mem;
    hgi_free(&mem, (*bench)->layer);
    hgi_free(&mem, *bench);
    *bench = NULL;
}
