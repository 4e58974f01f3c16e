// SPDX-License-Identifier: MIT
/* Workspaces: one block of memory, cut into the buffers of every layer. */
#include "model/pass.h"

enum { REALS_PER_LINE = HGI_ALIGN / (int)sizeof(hgi_real) };

static int64_t matrix_reals(const hgi_kernels *k, int64_t rows, int64_t columns,
                            int64_t taps)
{
    if (rows == 0) return 0;
    if (taps == 0) return k->packed_size(rows, columns);
    int64_t step = hgi_conv_cut(k, columns), whole = columns / step;
    return taps * (whole * k->conv_size(rows, step) +
                   k->conv_size(rows, columns - whole * step));
}

static int64_t packed_reals(const hgi_layer *l, const hgi_kernels *k)
{
    int64_t reals = matrix_reals(k, l->packed_rows, l->packed_columns, l->packed_taps);
    /* Listed rows want the plain transpose of the weight in the same place. */
    return l->x_listed > 0 ? hgi_max(reals, l->packed_rows * l->packed_columns) : reals;
}

static int64_t back_reals(const hgi_layer *l, const hgi_kernels *k)
{
    return matrix_reals(k, l->back_rows, l->back_columns, l->back_taps);
}

int64_t hgi_packed_reals(const hgi_net *net, const hgi_kernels *k)
{
    int64_t total = 0;
    for (int64_t i = 0; i < net->count; i++)
        total += hgi_ceil_div(packed_reals(&net->layer[i], k), REALS_PER_LINE) *
                 REALS_PER_LINE;
    return total;
}

/* Hands out pieces of the block; run once with base NULL to learn the size. */
typedef struct cutter {
    hgi_real *base;
    int64_t used;
} cutter;

static hgi_real *cut(cutter *c, int64_t count)
{
    if (count == 0) return NULL;
    hgi_real *p = c->base != NULL ? c->base + c->used : NULL;
    c->used += hgi_ceil_div(count, REALS_PER_LINE) * REALS_PER_LINE;
    return p;
}

/* Integers in the block of reals: at most as large as so many reals. */
static void *cut_integers(cutter *c, int64_t count, size_t size)
{
    return cut(c, hgi_ceil_div(count * (int64_t)size, (int64_t)sizeof(hgi_real)));
}

static void cut_listed(hgi_workspace *w, const hgi_layer *l, bool training, cutter *c)
{
    hgi_listed *s = &w->pass.slot[l->index].listed;
    int64_t count = w->rows * l->listed;
    s->k = l->listed;
    s->index = cut_integers(c, count, sizeof *s->index);
    s->value = cut(c, count);
    if (!training) return;
    s->g = cut(c, count);
    s->start = cut_integers(c, l->d_out + 1, sizeof *s->start);
    s->row = cut_integers(c, count, sizeof *s->row);
    s->by_value = cut(c, count);
    s->by_g = cut(c, count);
}

/* Activations run forward; an identity layer's output is its input.  But the last layer
 * has an output of its own: predictions are made of it in place, and the code and the
 * input are still wanted then. */
static void cut_forward(hgi_workspace *w, const hgi_net *net, bool training, cutter *c)
{
    w->input = cut(c, w->rows * net->inputs);
    hgi_real *x = w->input;
    for (int64_t i = 0; i < net->count; i++) {
        const hgi_layer *l = &net->layer[i];
        hgi_slot *s = &w->pass.slot[i];
        s->x = x;
        bool alias = l->kind->identity && i + 1 < net->count;
        bool dense = l->listed == 0 || !training;
        s->y = alias ? x : dense ? cut(c, w->rows * l->d_out) : NULL;
        if (l->listed > 0) cut_listed(w, l, training, c);
        s->x_listed = l->x_listed > 0 ? &s[-1].listed : NULL;
        s->saved = cut(c, w->rows * l->saved);
        s->cache = training ? cut(c, l->cache) : NULL;
        x = s->y;
    }
}

/* Gradients run backward; an elementwise layer's gx is its gy, the first layer has none. */
static void cut_backward(hgi_workspace *w, const hgi_net *net, cutter *c)
{
    hgi_real *gy = cut(c, w->rows * net->layer[net->count - 1].d_out);
    for (int64_t i = net->count; i-- > 0;) {
        const hgi_layer *l = &net->layer[i];
        hgi_slot *s = &w->pass.slot[i];
        s->gy = gy;
        if (i > 0 && l->x_listed == 0)
            s->gx = l->kind->elementwise ? gy : cut(c, w->rows * l->d_in);
        gy = s->gx;
    }
}

static void cut_packed(hgi_workspace *w, const hgi_net *net, bool training, cutter *c)
{
    for (int64_t i = 0; i < net->count; i++) {
        const hgi_layer *l = &net->layer[i];
        hgi_slot *s = &w->pass.slot[i];
        s->packed = cut(c, packed_reals(l, w->pass.k));
        s->back = training && i > 0 ? cut(c, back_reals(l, w->pass.k)) : NULL;
    }
}

static void cut_work(hgi_workspace *w, const hgi_net *net, int workers, cutter *c)
{
    int64_t each = 0;
    for (int64_t i = 0; i < net->count; i++) each = hgi_max(each, net->layer[i].work);
    w->pass.work_each = hgi_ceil_div(each, REALS_PER_LINE) * REALS_PER_LINE;
    w->pass.work = cut(c, w->pass.work_each * workers);
}

/* A chunk of inference that starts at the code has its input there: `input` must be wide
 * enough for either end. */
hg_status hgi_workspace_new(hg_ctx *ctx, const hgi_kernels *k, const hgi_net *net,
                            int64_t rows, int workers, bool training, hgi_real *packed,
                            hgi_workspace *out)
{
    hgi_workspace w = {.mem = ctx->mem, .rows = rows};
    hg_status status = HG_OK;
    w.pass.k = k;
    w.pass.training = w.pass.sample = training;
    w.pass.slot = hgi_calloc(&ctx->mem, (size_t)net->count, sizeof *w.pass.slot);
    w.penalty = hgi_calloc(&ctx->mem, (size_t)rows, sizeof *w.penalty);
    if (w.pass.slot == NULL || w.penalty == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)rows * sizeof *w.penalty, "a workspace"));
    w.pass.penalty = w.penalty;
    for (int round = 0; round < 2; round++) {
        cutter c = {.base = w.block}, own = {.base = packed};
        cut_forward(&w, net, training, &c);
        if (training) cut_backward(&w, net, &c);
        cut_work(&w, net, workers, &c);
        cut_packed(&w, net, training, packed != NULL ? &own : &c);
        if (round == 1) break;
        w.bytes = (size_t)hgi_max(c.used, 1) * sizeof *w.block;
        w.block = hgi_alloc(&ctx->mem, w.bytes);
        if (w.block == NULL) HGI_GOTO(hgi_fail_mem(ctx, w.bytes, "activations"));
    }
done:
    if (status != HG_OK) hgi_workspace_free(&w);
    *out = w;
    return status;
}

void hgi_workspace_free(hgi_workspace *w)
{
    if (w == NULL) return;
    hgi_mem mem = w->mem;
    hgi_free(&mem, w->block);
    hgi_free(&mem, w->penalty);
    hgi_free(&mem, w->pass.slot);
    *w = (hgi_workspace){.mem = mem};
}

/* dL/dx of layer i is also owed what layers behind it that add its input have for it. */
void hgi_layer_backward(const hgi_net *net, const hgi_pass *p, int64_t i, int64_t r0,
                        int64_t r1, int worker)
{
    const hgi_layer *l = &net->layer[i];
    hgi_real *gx = p->slot[i].gx;
    l->kind->backward(l, p, r0, r1, worker);
    for (int64_t k = i + 1; gx != NULL && k < net->count; k++) {
        if (net->layer[k].reach != k - i) continue;
        int64_t at = r0 * l->d_in, n = (r1 - r0) * l->d_in;
        p->k->column_sum(1, 1, n, p->slot[k].gy + at, n, gx + at); /* one row of n */
    }
}

int64_t hgi_prepare_items(const hgi_prepare *a, const hgi_kernels *k)
{
    int64_t n = 0;
    for (int64_t i = a->first; i < a->last; i++) {
        const hgi_layer *l = &a->net->layer[i];
        if (l->kind->prepare_items != NULL) n += l->kind->prepare_items(l, k);
    }
    return n;
}

void hgi_prepare_item(void *arg, int64_t item, int worker)
{
    (void)worker;
    const hgi_prepare *a = arg;
    for (int64_t i = a->first; i < a->last; i++) {
        const hgi_layer *l = &a->net->layer[i];
        if (l->kind->prepare_items == NULL) continue;
        int64_t n = l->kind->prepare_items(l, a->pass->k);
        if (item < n) {
            l->kind->prepare(l, a->pass, &a->pass->slot[i], item);
            return;
        }
        item -= n;
    }
}
