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
static bool shares_input(const hgi_net *net, int64_t i)
{
    return net->layer[i].kind->identity && i + 1 < net->count;
}

/* Rows that layer i reads and writes: all samples behind a code that is drawn several
 * times, and of the code what it writes and saves. */
static int64_t rows_in(const hgi_workspace *w, const hgi_net *net, int64_t i)
{
    return i > net->code ? w->rows * w->pass.samples : w->rows;
}

static int64_t rows_out(const hgi_workspace *w, const hgi_net *net, int64_t i)
{
    return i >= net->code ? w->rows * w->pass.samples : w->rows;
}

/* Backward wants every activation. */
static void cut_forward(hgi_workspace *w, const hgi_net *net, cutter *c)
{
    w->input = cut(c, w->rows * net->inputs);
    hgi_real *x = w->input;
    for (int64_t i = 0; i < net->count; i++) {
        const hgi_layer *l = &net->layer[i];
        hgi_slot *s = &w->pass.slot[i];
        s->x = x;
        bool dense = l->listed == 0;
        s->y = shares_input(net, i) ? x
               : dense              ? cut(c, rows_out(w, net, i) * l->d_out)
                                    : NULL;
        if (l->listed > 0) cut_listed(w, l, true, c);
        s->x_listed = l->x_listed > 0 ? &s[-1].listed : NULL;
        s->saved = cut(c, rows_out(w, net, i) * l->saved);
        s->cache = cut(c, l->cache);
        x = s->y;
    }
}

/* ---- inference: a buffer is used again when nobody reads it any more ---------------- */

/* Written by layer `from`, read until layer `to`; where it lies. */
typedef struct life {
    int64_t from, to, at, size;
} life;

/* The lowest place that is free as long as b is needed; n buffers are placed. */
static void place(life *b, const life *placed, int64_t n)
{
    b->at = 0;
    for (int64_t i = 0; i < n; i++) {
        const life *o = &placed[i];
        bool together = b->from <= o->to && o->from <= b->to;
        if (!together || b->at + b->size <= o->at || o->at + o->size <= b->at) continue;
        b->at = o->at + o->size;
        i = -1; /* look at all again */
    }
}

/* The last layer that reads the output of layer i.  The code and the last output are
 * looked at when all is done. */
static int64_t last_reader(const hgi_net *net, int64_t i)
{
    int64_t to = i;
    for (;; i++) {
        if (i == net->code || i + 1 == net->count) return net->count;
        to = hgi_max(to, i + 1);
        for (int64_t k = i + 1; k < net->count; k++)
            if (net->layer[k].reach > 0 && k - net->layer[k].reach == i + 1)
                to = hgi_max(to, k);
        if (!shares_input(net, i + 1)) return to;
    }
}

/* lives [2 count] is scratch: outputs and what layers save while they run. */
static void cut_inference(hgi_workspace *w, const hgi_net *net, life *lives, cutter *c)
{
    w->input = cut(c, w->rows * net->inputs);
    hgi_real *x = w->input;
    int64_t n = 0, used = 0;
    for (int64_t i = 0; i < net->count; i++)
        if (net->layer[i].listed > 0) cut_listed(w, &net->layer[i], false, c);
    for (int64_t i = 0; i < net->count; i++) {
        const hgi_layer *l = &net->layer[i];
        hgi_slot *s = &w->pass.slot[i];
        s->x_listed = l->x_listed > 0 ? &s[-1].listed : NULL;
        int64_t wide[2] = {shares_input(net, i) ? 0 : l->d_out, l->saved};
        hgi_real *at[2] = {NULL, NULL};
        for (int j = 0; j < 2; j++) {
            if (wide[j] == 0) continue;
            bool kept = i == net->code; /* a drawn code's distribution is looked at */
            life b = {i, j == 0 ? last_reader(net, i) : kept ? net->count : i, 0, 0};
            int64_t count = rows_out(w, net, i) * wide[j];
            b.size = hgi_ceil_div(count, REALS_PER_LINE) * REALS_PER_LINE;
            place(&b, lives, n);
            lives[n++] = b;
            used = hgi_max(used, b.at + b.size);
            at[j] = c->base != NULL ? c->base + c->used + b.at : NULL;
        }
        s->x = x;
        s->y = wide[0] == 0 ? x : at[0];
        s->saved = at[1];
        x = s->y;
    }
    cut(c, used);
}

/* ---- training ------------------------------------------------------------------------ */

/* Gradients run backward; an elementwise layer's gx is its gy, the first layer has none. */
static void cut_backward(hgi_workspace *w, const hgi_net *net, cutter *c)
{
    hgi_real *gy =
        cut(c, rows_out(w, net, net->count - 1) * net->layer[net->count - 1].d_out);
    for (int64_t i = net->count; i-- > 0;) {
        const hgi_layer *l = &net->layer[i];
        hgi_slot *s = &w->pass.slot[i];
        s->gy = gy;
        if (i > 0 && l->x_listed == 0)
            s->gx = l->kind->elementwise ? gy : cut(c, rows_in(w, net, i) * l->d_in);
        gy = s->gx;
    }
}

static void cut_packed(hgi_workspace *w, const hgi_net *net,
                       const hgi_workspace_options *o, cutter *c)
{
    for (int64_t i = 0; i < net->count; i++) {
        const hgi_layer *l = &net->layer[i];
        hgi_slot *s = &w->pass.slot[i];
        if (o->bare != NULL && o->bare[i]) continue;
        s->packed = cut(c, packed_reals(l, w->pass.k));
        s->back = o->training && i > 0 ? cut(c, back_reals(l, w->pass.k)) : NULL;
    }
}

static void cut_work(hgi_workspace *w, const hgi_net *net, int workers, cutter *c)
{
    int64_t each = 0;
    for (int64_t i = 0; i < net->count; i++) each = hgi_max(each, net->layer[i].work);
    w->pass.work_each = hgi_ceil_div(each, REALS_PER_LINE) * REALS_PER_LINE;
    w->pass.work = cut(c, w->pass.work_each * workers);
}

static void cut_activations(hgi_workspace *w, const hgi_net *net,
                            const hgi_workspace_options *o, life *lives, cutter *c)
{
    if (o->training) {
        cut_forward(w, net, c);
        cut_backward(w, net, c);
    } else {
        cut_inference(w, net, lives, c);
    }
}

/* A run that starts at the code has its input where the code is. */
static void cut_all(hgi_workspace *w, const hgi_net *net, const hgi_workspace_options *o,
                    life *lives, cutter *c)
{
    cutter own = {.base = o->packed};
    cut_activations(w, net, o, lives, c);
    cut_work(w, net, o->workers, c);
    if (w->pass.samples > 1) w->pass.share = cut(c, w->rows * w->pass.samples);
    cut_packed(w, net, o, o->packed != NULL ? &own : c);
}

hg_status hgi_workspace_new(hg_ctx *ctx, const hgi_net *net,
                            const hgi_workspace_options *o, hgi_workspace *out)
{
    hgi_workspace w = {.mem = ctx->mem, .rows = o->rows};
    hg_status status = HG_OK;
    size_t layers = (size_t)net->count, rows = (size_t)o->rows;
    life *lives = hgi_calloc(&ctx->mem, 2 * layers, sizeof *lives);
    w.pass.k = o->k;
    w.pass.training = w.pass.sample = o->training;
    w.pass.samples = hgi_max(1, o->samples);
    w.pass.each = 1;
    w.pass.slot = hgi_calloc(&ctx->mem, layers, sizeof *w.pass.slot);
    w.penalty = hgi_calloc(&ctx->mem, rows, 2 * sizeof *w.penalty);
    if (lives == NULL || w.pass.slot == NULL || w.penalty == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, rows * sizeof *w.penalty, "a workspace"));
    w.pass.penalty = w.penalty;
    w.pass.kl = w.kl = w.penalty + rows;
    cutter c = {0};
    cut_all(&w, net, o, lives, &c);
    w.bytes = (size_t)hgi_max(c.used, 1) * sizeof *w.block;
    w.block = hgi_alloc(&ctx->mem, w.bytes);
    if (w.block == NULL) HGI_GOTO(hgi_fail_mem(ctx, w.bytes, "activations"));
    c = (cutter){.base = w.block};
    cut_all(&w, net, o, lives, &c);
done:
    hgi_free(&ctx->mem, lives);
    if (status != HG_OK) hgi_workspace_free(&w);
    *out = w;
    return status;
}

hg_status hgi_workspace_bytes(hg_ctx *ctx, const hgi_net *net,
                              const hgi_workspace_options *o, double *activations,
                              double *all)
{
    hgi_workspace w = {.mem = ctx->mem, .rows = o->rows};
    hg_status status = HG_OK;
    size_t layers = (size_t)net->count;
    life *lives = hgi_calloc(&ctx->mem, 2 * layers, sizeof *lives);
    w.pass.k = o->k;
    w.pass.samples = hgi_max(1, o->samples);
    w.pass.slot = hgi_calloc(&ctx->mem, layers, sizeof *w.pass.slot);
    if (lives == NULL || w.pass.slot == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, layers * sizeof *lives, "a plan of memory"));
    cutter some = {0}, whole = {0};
    cut_activations(&w, net, o, lives, &some);
    cut_all(&w, net, o, lives, &whole);
    *activations = (double)some.used * (double)sizeof(hgi_real);
    *all = (double)whole.used * (double)sizeof(hgi_real);
done:
    hgi_free(&ctx->mem, lives);
    hgi_workspace_free(&w);
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

void hgi_pass_ready(hgi_workspace *w)
{
    w->behind = w->pass;
    w->behind.n *= w->pass.samples;
    w->behind.each = w->pass.samples;
}

void hgi_layer_forward(const hgi_net *net, const hgi_workspace *w, int64_t i, int64_t r0,
                       int64_t r1, int worker)
{
    const hgi_layer *l = &net->layer[i];
    const hgi_pass *p = hgi_pass_of(w, net, l);
    l->kind->forward(l, p, r0 * p->each, r1 * p->each, worker);
}

/* dL/dx of layer i is also owed what layers behind it that add its input have for it. */
void hgi_layer_backward(const hgi_net *net, const hgi_workspace *w, int64_t i, int64_t r0,
                        int64_t r1, int worker)
{
    const hgi_layer *l = &net->layer[i];
    const hgi_pass *p = hgi_pass_of(w, net, l);
    r0 *= p->each;
    r1 *= p->each;
    hgi_real *gx = p->slot[i].gx;
    l->kind->backward(l, p, r0, r1, worker);
    for (int64_t k = i + 1; gx != NULL && k < net->count; k++) {
        if (net->layer[k].reach != k - i) continue;
        int64_t at = r0 * l->d_in, n = (r1 - r0) * l->d_in;
        p->k->column_sum(1, 1, n, p->slot[k].gy + at, n, gx + at); /* one row of n */
    }
}

static int64_t items_of(const hgi_prepare *a, const hgi_layer *l, const hgi_kernels *k)
{
    const hgi_layer_kind *kind = l->kind;
    if (kind->prepare_items == NULL) return 0;
    if (a->pass->packed && kind->keeps_packed != NULL && kind->keeps_packed(l)) return 0;
    return kind->prepare_items(l, k);
}

int64_t hgi_prepare_items(const hgi_prepare *a, const hgi_kernels *k)
{
    int64_t n = 0;
    for (int64_t i = a->first; i < a->last; i++) n += items_of(a, &a->net->layer[i], k);
    return n;
}

void hgi_prepare_item(void *arg, int64_t item, int worker)
{
    (void)worker;
    const hgi_prepare *a = arg;
    for (int64_t i = a->first; i < a->last; i++) {
        const hgi_layer *l = &a->net->layer[i];
        int64_t n = items_of(a, l, a->pass->k);
        if (item < n) {
            l->kind->prepare(l, a->pass, &a->pass->slot[i], item);
            return;
        }
        item -= n;
    }
}
