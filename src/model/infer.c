// SPDX-License-Identifier: MIT
/* Running a trained net over rows: chunks of rows, one workspace per worker. */
#include "model/loss.h"
#include "model/model.h"
#include "model/pass.h"
#include "model/table.h"

enum { CHUNK_BYTES = 8 << 20, WEIGHT_USES = 256 };

int64_t hgi_chunk_rows(const hgi_net *net)
{
    int64_t values = net->inputs, rows = HGI_INFER_ROWS;
    for (int64_t i = 0; i < net->count; i++) values += net->layer[i].d_out;
    int64_t flops = hgi_net_flops(net, 0, net->count);
    if (net->params > 0 && flops > 0)
        rows = hgi_min(rows, hgi_ceil_div(2 * WEIGHT_USES * net->params, flops));
    rows = hgi_min(rows, CHUNK_BYTES / (values * (int64_t)sizeof(hgi_real)));
    return hgi_max(1, rows);
}

int64_t hgi_step_chunk(const hgi_net *net, int64_t batch, int workers)
{
    int64_t even = hgi_ceil_div(batch, 2 * (int64_t)workers);
    int64_t most = hgi_max(1, hgi_chunk_rows(net) / hgi_net_samples(net));
    return hgi_min(most, hgi_max(hgi_ceil_div(most, 4), even));
}

/* r has the layers and the samples. */
static hg_status make(hg_ctx *ctx, const hgi_net *net, hgi_infer r, hgi_infer *out)
{
    hg_status status = HG_OK;
    hgi_team *team;
    HGI_GOTO(hgi_ctx_team(ctx, &team));
    r.workers = hgi_team_size(team);
    r.chunk = hgi_max(1, hgi_chunk_rows(net) / r.samples);
    size_t packed =
        (size_t)hgi_max(hgi_packed_reals(net, ctx->kernels), 1) * sizeof *r.packed;
    r.packed = hgi_alloc(&ctx->mem, packed);
    if (r.packed == NULL) HGI_GOTO(hgi_fail_mem(ctx, packed, "packed weights"));
    r.ws = hgi_calloc(&ctx->mem, (size_t)r.workers, sizeof *r.ws);
    if (r.ws == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)r.workers * sizeof *r.ws, "workspaces"));
    hgi_workspace_options each = {
        .k = ctx->kernels, .rows = r.chunk, .workers = 1, .packed = r.packed};
    each.samples = r.samples;
    for (int i = 0; i < r.workers; i++)
        HGI_GOTO(hgi_workspace_new(ctx, net, &each, &r.ws[i]));
done:
    if (status != HG_OK) hgi_infer_free(&r);
    *out = r;
    return status;
}

hg_status hgi_infer_new(hg_ctx *ctx, const hgi_net *net, int64_t first, int64_t last,
                        hgi_infer *out)
{
    hgi_infer r = {.mem = ctx->mem, .ctx = ctx, .net = net, .first = first, .last = last};
    r.samples = 1;
    return make(ctx, net, r, out);
}

hg_status hgi_infer_samples(hg_ctx *ctx, const hgi_net *net, int64_t samples,
                            hgi_infer *out)
{
    hgi_infer r = {.mem = ctx->mem, .ctx = ctx, .net = net, .last = net->count};
    r.samples = samples;
    return make(ctx, net, r, out);
}

static void run_chunk(void *arg, int64_t item, int worker)
{
    hgi_infer *r = arg;
    hgi_workspace *w = &r->ws[worker];
    int64_t first = item * r->chunk, n = hgi_min(r->chunk, r->rows - first);
    hgi_real *x = w->pass.slot[r->first].x;
    w->pass.n = n;
    w->pass.first = r->base + first; /* draws are keyed by it */
    w->pass.dense_code = r->first > r->net->code;
    for (int64_t i = 0; i < n; i++) w->penalty[i] = w->kl[i] = 0;
    hgi_pass_ready(w);
    r->fill(r->arg, first, n, x, worker);
    for (int64_t i = r->first; i < r->last; i++) {
        const hgi_layer *l = &r->net->layer[i];
        hgi_layer_forward(r->net, &w->pass, i, 0, n, 0);
        if (l->kind->penalty != NULL) l->kind->penalty(l, &w->pass, 0, n);
    }
    hgi_chunk c = {
        .first = first, .n = n, .x = x, .penalty = w->penalty, .worker = worker};
    c.kl = w->kl;
    c.pass = &w->pass;
    c.z = r->first <= r->net->code ? hgi_code_of(r->net, &w->pass) : NULL;
    c.y = w->pass.slot[r->last - 1].y;
    r->sink(r->arg, &c);
}

void hgi_infer_run(hgi_infer *r, const hgi_real *theta, const hgi_real *state,
                   int64_t rows)
{
    hgi_real *running = (hgi_real *)(uintptr_t)state; /* only read: no pass trains here */
    for (int i = 0; i < r->workers; i++) {
        r->ws[i].pass.theta = theta;
        r->ws[i].pass.state = running;
        r->ws[i].pass.sample = r->sample;
        r->ws[i].pass.alike = r->alike;
        r->ws[i].pass.seed = r->seed;
        r->ws[i].pass.epoch = HGI_EPOCH_HELD;
        r->ws[i].pass.first_sample = r->first_sample;
        r->ws[i].pass.classes = r->classes;
        r->ws[i].pass.one_class = r->one_class;
    }
    r->rows = rows;
    hgi_prepare prepare = {r->net, &r->ws[0].pass, r->first, r->last};
    hgi_stage stages[2] = {
        {hgi_prepare_item, &prepare, hgi_prepare_items(&prepare, r->ctx->kernels)},
        {run_chunk, r, hgi_ceil_div(rows, r->chunk)},
    };
    int64_t skip = r->ready ? 1 : 0;
    r->ready = true;
    if (hgi_net_flops(r->net, r->first, r->last) < HGI_TEAM_WORTH / hgi_max(rows, 1))
        hgi_team_run_alone(stages + skip, 2 - skip);
    else
        hgi_team_run(r->ctx->team, stages + skip, 2 - skip);
}

void hgi_infer_free(hgi_infer *r)
{
    if (r == NULL) return;
    hgi_mem mem = r->mem;
    for (int i = 0; r->ws != NULL && i < r->workers; i++) hgi_workspace_free(&r->ws[i]);
    hgi_free(&mem, r->ws);
    hgi_free(&mem, r->packed);
    *r = (hgi_infer){.mem = mem};
}

hg_status hg_model_memory(hg_ctx *ctx, const hg_model *m, int64_t rows, hg_memory *out)
{
    double bytes[2], all;
    if (m == NULL || out == NULL || out->size != sizeof *out)
        return hgi_fail(ctx, HG_EINVAL,
                        "hg_model_memory: model, or out->size, is not set");
    if (rows < 1 || rows > INT32_MAX)
        return hgi_fail(ctx, HG_ERANGE, "%lld rows, expected 1 to 2^31 - 1",
                        (long long)rows);
    for (int training = 0; training < 2; training++) {
        hgi_workspace_options o = {.k = ctx->kernels,
                                   .rows = rows,
                                   .workers = 1,
                                   .samples = training ? hgi_net_samples(&m->net) : 1,
                                   .training = training == 1,
                                   .clean = m->corrupt != NULL || m->net.schema != NULL};
        HGI_TRY(hgi_workspace_bytes(ctx, &m->net, &o, &bytes[training], &all));
    }
    int64_t weights = (m->net.params + m->net.states) * (int64_t)sizeof(hgi_real);
    *out = (hg_memory){sizeof *out, weights, (int64_t)bytes[1], (int64_t)bytes[0]};
    return HG_OK;
}

/* What a row's total would be shared out to. */
static void predict_shares(const hgi_net *net, const hgi_kernels *k, int64_t n,
                           int64_t samples, const hgi_real *x, hgi_real *y)
{
    int64_t d = net->outputs;
    for (int64_t r = 0; r < n * samples; r++) {
        double total = x == NULL ? 1 : 0;
        const hgi_real *row = x != NULL ? x + r / samples * d : NULL;
        for (int64_t c = 0; x != NULL && c < d; c++) total += (double)row[c];
        k->softmax(1, d, y + r * d, d, &total, y + r * d, d);
    }
}

void hgi_predict(const hgi_net *net, const hgi_kernels *k, int64_t n, int64_t samples,
                 const hgi_real *x, hgi_real *y)
{
    if (net->loss->softmax) predict_shares(net, k, n, samples, x, y);
    n *= samples;
    if (net->schema != NULL && net->loss->grouped) hgi_table_predict(net, n, y);
    if (net->output_act == HGI_ACT_LINEAR) return;
    k->act_forward(net->output_act, 1, n, net->outputs, y, net->outputs, y, net->outputs);
}
