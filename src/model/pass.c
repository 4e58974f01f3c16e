// SPDX-License-Identifier: MIT
/* Workspaces: one block of memory, cut into the buffers of every layer.  Where those of
 * activations lie is planned in lives.c. */
#include "model/pass.h"

#include <string.h>

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
    if (l->packed_more > 0)
        return hgi_ceil_div(reals, REALS_PER_LINE) * REALS_PER_LINE + l->packed_more;
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
    const hgi_wide *wide = &l->wide;
    s->k = training ? l->listed : l->listed_apply;
    s->aux = wide->aux;
    s->outputs = wide->outputs;
    int64_t count = w->rows * s->k, aux = w->rows * wide->aux, all = count + aux;
    s->index = cut_integers(c, count, sizeof *s->index);
    s->value = cut(c, count);
    if (wide->counts) s->count = cut_integers(c, w->rows, sizeof *s->count);
    if (!training) return;
    s->g = cut(c, count);
    s->aux_index = cut_integers(c, aux, sizeof *s->aux_index);
    s->aux_value = cut(c, aux);
    s->aux_g = cut(c, aux);
    s->aux_gy = aux > 0 ? cut(c, w->rows * wide->outputs) : NULL;
    s->aux_start = aux > 0 ? cut_integers(c, l->d_out, sizeof *s->aux_start) : NULL;
    s->start = cut_integers(c, l->d_out + 1, sizeof *s->start);
    s->row = cut_integers(c, all, sizeof *s->row);
    s->by_value = cut(c, all);
    s->by_g = cut(c, all);
    if (wide->unit_decoder) s->along = cut(c, l->d_out);
    if (wide->pre_bias) s->pull = cut(c, l->d_in);
}

static void cut_listed_all(hgi_workspace *w, const hgi_net *net, bool training, cutter *c)
{
    for (int64_t i = 0; i < net->count; i++) {
        hgi_slot *s = &w->pass.slot[i];
        if (net->layer[i].listed > 0) cut_listed(w, &net->layer[i], training, c);
        s->x_listed = net->layer[i].x_listed > 0 ? &s[-1].listed : NULL;
    }
}

/* ---- places of the planned buffers --------------------------------------------------- */

/* Row r0 of a buffer for all rows, or this worker's own; worker -1: those of all rows. */
static hgi_real *buffer(const hgi_workspace *w, int64_t life, int64_t r0, int worker)
{
    if (life < 0 || w->block == NULL) return NULL;
    const hgi_life *b = &w->lives.life[life];
    if (!b->own) return w->batch + b->at + r0 * b->wide;
    return worker >= 0 ? w->own + worker * w->lives.own_reals + b->at : NULL;
}

static void point(const hgi_workspace *w, int64_t layer, int64_t r0, int worker,
                  hgi_slot *s)
{
    const hgi_layer_lives *l = &w->lives.layer[layer];
    s->x = buffer(w, l->x, r0, worker);
    s->y = buffer(w, l->y, r0, worker);
    s->saved = buffer(w, l->saved, r0, worker);
    s->gy = buffer(w, l->gy, r0, worker);
    s->gx = buffer(w, l->gx, r0, worker);
}

/* What has a place a row, from row r0 on. */
static void list_from(const hgi_listed *all, int64_t r0, hgi_listed *s)
{
    int64_t at = r0 * all->k, aux = r0 * all->aux;
    s->index = all->index + at;
    s->value = all->value + at;
    s->g = all->g + at;
    if (all->count != NULL) s->count = all->count + r0;
    if (all->aux_gy == NULL) return;
    s->aux_index = all->aux_index + aux;
    s->aux_value = all->aux_value + aux;
    s->aux_g = all->aux_g + aux;
    s->aux_gy = all->aux_gy + r0 * all->outputs;
}

static void set_behind(hgi_pass *p, hgi_pass *behind)
{
    *behind = *p;
    behind->n *= p->samples;
    behind->each = p->samples;
    p->behind = behind;
}

hgi_view *hgi_workspace_view(const hgi_workspace *w, int64_t r0, int worker)
{
    hgi_view *v = &w->view[worker];
    hgi_slot *slot = v->pass.slot;
    v->pass = w->pass;
    v->pass.slot = slot;
    v->pass.first += r0;
    if (v->pass.rows != NULL) v->pass.rows += r0;
    v->pass.penalty += r0;
    v->pass.kl += r0;
    if (v->pass.share != NULL) v->pass.share += r0 * v->pass.samples;
    if (v->pass.contract != NULL) v->pass.contract += r0 * v->pass.contract_row;
    if (v->pass.sparse != NULL) {
        v->sparse = hgi_sparse_from(v->pass.sparse, r0);
        v->pass.sparse = &v->sparse;
    }
    v->input = buffer(w, w->lives.input, r0, worker);
    v->target = buffer(w, w->lives.target, r0, worker);
    for (int64_t i = 0; i < w->own_slots; i++) {
        const hgi_slot *all = &w->pass.slot[i];
        point(w, i, r0, worker, &slot[i]);
        if (all->listed.g == NULL) continue;
        list_from(&all->listed, r0, &slot[i].listed);
    }
    set_behind(&v->pass, &v->behind);
    return v;
}

/* What does not move with the rows is set once. */
static void make_views(hgi_workspace *w, int workers)
{
    for (int i = 0; i < workers; i++) {
        hgi_slot *slot = w->own_slot + i * w->own_slots;
        memcpy(slot, w->pass.slot, (size_t)w->own_slots * sizeof *slot);
        for (int64_t k = 0; k < w->own_slots; k++)
            if (slot[k].x_listed != NULL) slot[k].x_listed = &slot[k - 1].listed;
        w->view[i].pass.slot = slot;
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
    w->pass.contract_row = net->contract_reals;
    w->pass.contract = cut(c, w->rows * net->contract_reals);
}

static void cut_activations(hgi_workspace *w, const hgi_net *net,
                            const hgi_workspace_options *o, cutter *c)
{
    w->batch = cut(c, w->lives.reals);
    w->own = cut(c, w->lives.own_reals * o->workers);
    cut_listed_all(w, net, o->training, c);
    for (int64_t i = 0; o->training && i < net->count; i++)
        w->pass.slot[i].cache = cut(c, net->layer[i].cache);
}

static void cut_all(hgi_workspace *w, const hgi_net *net, const hgi_workspace_options *o,
                    cutter *c)
{
    cutter own = {.base = o->packed};
    cut_activations(w, net, o, c);
    cut_work(w, net, o->workers, c);
    if (w->pass.samples > 1) w->pass.share = cut(c, w->rows * w->pass.samples);
    cut_packed(w, net, o, o->packed != NULL ? &own : c);
    for (int64_t i = 0; i < net->count; i++) point(w, i, 0, -1, &w->pass.slot[i]);
    w->input = buffer(w, w->lives.input, 0, -1);
}

static hg_status plan_lives(hg_ctx *ctx, const hgi_net *net,
                            const hgi_workspace_options *o, hgi_workspace *w)
{
    w->chunk = o->training ? hgi_step_chunk(net, o->rows, o->workers) : o->rows;
    hgi_lives_options lives = {.rows = o->rows,
                               .chunk = w->chunk,
                               .samples = w->pass.samples,
                               .training = o->training,
                               .clean = o->clean,
                               .apart = o->apart};
    return hgi_lives_plan(ctx, net, &lives, &w->lives);
}

hg_status hgi_workspace_new(hg_ctx *ctx, const hgi_net *net,
                            const hgi_workspace_options *o, hgi_workspace *out)
{
    hgi_workspace w = {.mem = ctx->mem, .rows = o->rows, .lives.mem = ctx->mem};
    hg_status status = HG_OK;
    size_t layers = (size_t)net->count, rows = (size_t)o->rows;
    size_t views = o->training ? (size_t)o->workers : 0;
    w.pass.k = o->k;
    w.pass.training = w.pass.sample = o->training;
    w.pass.samples = hgi_max(1, o->samples);
    w.pass.each = 1;
    w.pass.slot = hgi_calloc(&ctx->mem, layers, sizeof *w.pass.slot);
    w.penalty = hgi_calloc(&ctx->mem, rows, 2 * sizeof *w.penalty);
    if (views > 0) {
        w.own_slots = net->count;
        w.view = hgi_calloc(&ctx->mem, views, sizeof *w.view);
        w.own_slot = hgi_calloc(&ctx->mem, views * layers, sizeof *w.own_slot);
    }
    if (w.pass.slot == NULL || w.penalty == NULL ||
        (views > 0 && (w.view == NULL || w.own_slot == NULL)))
        HGI_GOTO(hgi_fail_mem(ctx, rows * sizeof *w.penalty, "a workspace"));
    w.pass.penalty = w.penalty;
    w.pass.kl = w.kl = w.penalty + rows;
    HGI_GOTO(plan_lives(ctx, net, o, &w));
    cutter c = {0};
    cut_all(&w, net, o, &c);
    w.bytes = (size_t)hgi_max(c.used, 1) * sizeof *w.block;
    w.block = hgi_alloc(&ctx->mem, w.bytes);
    if (w.block == NULL) HGI_GOTO(hgi_fail_mem(ctx, w.bytes, "activations"));
    c = (cutter){.base = w.block};
    cut_all(&w, net, o, &c);
    make_views(&w, (int)views);
done:
    if (status != HG_OK) hgi_workspace_free(&w);
    *out = w;
    return status;
}

hg_status hgi_workspace_bytes(hg_ctx *ctx, const hgi_net *net,
                              const hgi_workspace_options *o, double *activations,
                              double *all)
{
    hgi_workspace w = {.mem = ctx->mem, .rows = o->rows, .lives.mem = ctx->mem};
    hg_status status = HG_OK;
    size_t layers = (size_t)net->count;
    w.pass.k = o->k;
    w.pass.samples = hgi_max(1, o->samples);
    w.pass.slot = hgi_calloc(&ctx->mem, layers, sizeof *w.pass.slot);
    if (w.pass.slot == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, layers * sizeof *w.pass.slot, "a plan of memory"));
    HGI_GOTO(plan_lives(ctx, net, o, &w));
    cutter some = {0}, whole = {0};
    cut_activations(&w, net, o, &some);
    cut_all(&w, net, o, &whole);
    *activations = (double)some.used * (double)sizeof(hgi_real);
    *all = (double)whole.used * (double)sizeof(hgi_real);
done:
    hgi_workspace_free(&w);
    return status;
}

void hgi_workspace_free(hgi_workspace *w)
{
    if (w == NULL) return;
    hgi_mem mem = w->mem;
    hgi_free(&mem, w->block);
    hgi_free(&mem, w->penalty);
    hgi_free(&mem, w->view);
    hgi_free(&mem, w->own_slot);
    hgi_lives_free(&w->lives);
    hgi_free(&mem, w->pass.slot);
    *w = (hgi_workspace){.mem = mem};
}

void hgi_pass_ready(hgi_workspace *w) { set_behind(&w->pass, &w->behind); }

void hgi_layer_forward(const hgi_net *net, const hgi_pass *all, int64_t i, int64_t r0,
                       int64_t r1, int worker)
{
    const hgi_layer *l = &net->layer[i];
    const hgi_pass *p = hgi_pass_of(net, all, l);
    l->kind->forward(l, p, r0 * p->each, r1 * p->each, worker);
}

/* dL/dx of layer i is also owed what layers behind it that add its input have for it. */
void hgi_layer_backward(const hgi_net *net, const hgi_pass *all, int64_t i, int64_t r0,
                        int64_t r1, int worker)
{
    const hgi_layer *l = &net->layer[i];
    const hgi_pass *p = hgi_pass_of(net, all, l);
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
