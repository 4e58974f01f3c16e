// SPDX-License-Identifier: MIT
/* One training step as a fixed list of stages, each a parallel for (see team.h):
 *
 *   pack      weights into the kernels' order; after the first step only those that the
 *             gradients' items did not leave so
 *   chunks    a chunk of rows: fill, forward, loss, backward, all while it is in cache;
 *             cut at layers that need sums over the batch, whose statistics run between
 *   collect   what gradients of listed rows need: the lists by columns
 *   gradients tiles of the weights, each over all rows of the batch.  When nothing needs
 *             the gradient whole, the optimiser's step is taken on the tile right away
 *   tied      gradients that add to what the stage before wrote
 *   weights   what --orthogonal adds to them (see weights.h)
 *   norm      of the gradient, when clipping
 *   update    blocks of the parameters, when it was not done in the tiles
 *   project   constraints (unit-norm decoder columns, max-norm)
 *
 * Every sum has one worker and a fixed order, so the bits do not depend on the threads.
 * */
#include "train/trainer.h"

#include "data/expand.h"
#include "model/objective.h"

#include <math.h>

enum { BLOCK_REALS = 8192 };
/* Work of a step that a second thread pays for: it is awake, because it waits by spinning
 * for longer than the time between two steps. */
enum { SHARED_FLOPS = 500000 };
/* Rows of the next batch stay in half of a core's L2 cache until they are used. */
enum { ASKED_BYTES = 512 << 10 };

/* ---- chunks of rows -------------------------------------------------------------- */

/* The loss compares with targets that know gaps; the net sees nothing there. */
static void fill_table(hgi_trainer *t, const hgi_view *v, int64_t n, float *scratch)
{
    const hgi_scaler *s = &t->m->scaler;
    const int64_t *rows = v->pass.rows;
    if (t->train->held == NULL)
        hgi_batch_targets(t->train, s, rows, 0, n, scratch, v->target);
    else
        hgi_batch_targets(t->fetch.rows, s, NULL, rows - (t->order + t->first), n,
                          scratch, v->target);
    hgi_expand_input(s, n, v->target, v->input);
}

static void fill_rows(hgi_trainer *t, const hgi_view *v, int64_t n, int worker)
{
    const hg_model *m = t->m;
    hgi_range range = {m->net.loss->unit_range, true, 0.0,
                       1.0}; /* rounding only: checked before */
    float *scratch = t->row_scratch + (int64_t)worker * m->net.inputs;
    const int64_t d = m->net.inputs, *rows = v->pass.rows;
    if (m->net.schema != NULL) {
        fill_table(t, v, n, scratch);
    } else if (t->train->held == NULL) {
        hgi_batch_fill(t->k, t->train, &m->scaler, &range, rows, 0, n, scratch, v->target,
                       NULL);
    } else { /* they lie in the batch's order already */
        hgi_batch_fill(t->k, t->fetch.rows, &m->scaler, &range, NULL,
                       rows - (t->order + t->first), n, scratch, v->target, NULL);
    }
    if (t->binarise != HGI_BINARISE_NONE) {
        hgi_rng rng = hgi_binarise_rng(t->binarise, m->trained.seed, false, t->at.epoch);
        hgi_binarise_rows(t->binarise, &rng, rows, 0, n, d, v->target);
    }
    if (t->corrupt != NULL) {
        hgi_rng rng = hgi_corrupt_rng(t->corrupt, m->trained.seed, false, t->at.epoch);
        const hgi_real *clean = m->net.schema != NULL ? v->input : v->target;
        hgi_corrupt_rows(t->corrupt, t->k, &rng, rows, 0, n, d, clean, v->input);
    }
    for (int64_t r = 0; r < n; r++) v->pass.penalty[r] = v->pass.kl[r] = 0;
    if (v->pass.sparse != NULL) t->k->find_nonzeros(n, d, v->input, d, &v->sparse);
}

/* A loss that is not finite stops the step before it moves a weight. */
static void look_at_loss(hgi_trainer *t, const hgi_pass *p, const double *loss, int64_t n)
{
    double sum = 0;
    for (int64_t r = 0; r < n; r++) sum += hgi_objective_mean(p, loss, r) + p->penalty[r];
    if (!isfinite(sum)) atomic_store_explicit(&t->broken, true, memory_order_relaxed);
}

static bool is_broken(const hgi_trainer *t)
{
    return atomic_load_explicit(&t->broken, memory_order_relaxed);
}

/* Rows of the next batch that this chunk's place will have: most likely the same core
 * fills them, and finds them in its L2 cache.  They are asked for in parts, one after each
 * layer, because a core waits for some twenty lines at a time. */
static void ask_rows(const hgi_trainer *t, int64_t r0, int64_t r1, int64_t part,
                     int64_t parts)
{
    int64_t first = t->first + t->batch + r0, n = r1 - r0;
    int64_t from = first + n * part / parts, to = first + n * (part + 1) / parts;
    to = hgi_min(to, t->train->rows);
    if (t->ask && from < to) hgi_batch_ask(t->train, t->order + from, to - from);
}

static void run_segment(void *arg, int64_t item, int worker)
{
    const hgi_segment *s = arg;
    hgi_trainer *t = s->t;
    const hgi_net *net = &t->m->net;
    int64_t r0 = item * t->w.chunk, r1 = hgi_min(r0 + t->w.chunk, t->w.pass.n);
    const hgi_view *v = hgi_workspace_view(&t->w, r0, worker);
    const hgi_pass *p = &v->pass;
    double *loss = t->row_loss + r0 * p->samples;
    int64_t n = r1 - r0;
    if (s->fill) fill_rows(t, v, n, worker);
    for (int64_t i = s->forward0; i < s->forward1; i++) {
        hgi_layer_forward(net, p, i, 0, n, worker);
        if (s->fill) ask_rows(t, r0, r1, i, s->forward1 + s->backward1);
    }
    if (s->propose != NULL) s->propose->kind->propose(s->propose, p, 0, n, worker);
    if (s->loss) hgi_objective_rows(net, p, 0, n, v->target, true, loss);
    for (int64_t i = s->backward1; i-- > s->backward0;) {
        hgi_layer_backward(net, p, i, 0, n, worker);
        if (s->fill) ask_rows(t, r0, r1, s->forward1 + i, s->forward1 + s->backward1);
    }
    if (s->backward1 > 0 && s->backward0 == 0) look_at_loss(t, p, loss, n);
}

static const hgi_pass *pass_of(const hgi_layer_stage *s)
{
    return hgi_pass_of(&s->t->m->net, &s->t->w.pass, s->layer);
}

static void run_forward_statistics(void *arg, int64_t item, int worker)
{
    (void)worker;
    const hgi_layer_stage *s = arg;
    s->layer->kind->forward_statistics(s->layer, pass_of(s), item);
}

static void run_backward_statistics(void *arg, int64_t item, int worker)
{
    (void)worker;
    const hgi_layer_stage *s = arg;
    s->layer->kind->backward_statistics(s->layer, pass_of(s), item);
}

static void run_collect(void *arg, int64_t item, int worker)
{
    (void)item;
    (void)worker;
    const hgi_layer_stage *s = arg;
    s->layer->kind->collect(s->layer, &s->t->w.pass);
}

/* ---- gradients and updates ------------------------------------------------------- */

static int64_t count_gradients(const hgi_trainer *t, bool tied)
{
    int64_t n = 0;
    for (int64_t i = 0; i < t->m->net.count; i++) {
        const hgi_layer *l = &t->m->net.layer[i];
        if ((l->tied != NULL) == tied && l->kind->gradient_items != NULL)
            n += l->kind->gradient_items(l);
    }
    return n;
}

static void run_gradient(hgi_trainer *t, bool tied, int64_t item, int worker)
{
    if (is_broken(t)) return;
    for (int64_t i = 0; i < t->m->net.count; i++) {
        const hgi_layer *l = &t->m->net.layer[i];
        if ((l->tied != NULL) != tied || l->kind->gradient_items == NULL) continue;
        int64_t n = l->kind->gradient_items(l);
        if (item < n) {
            l->kind->gradient(l, hgi_pass_of(&t->m->net, &t->w.pass, l), item, worker);
            return;
        }
        item -= n;
    }
}

static void run_own_gradient(void *arg, int64_t item, int worker)
{
    run_gradient(arg, false, item, worker);
}

static void run_tied_gradient(void *arg, int64_t item, int worker)
{
    run_gradient(arg, true, item, worker);
}

static void apply(hgi_trainer *t, int64_t offset, int64_t n, bool weight,
                  const hgi_real *g)
{
    const hgi_step *s = weight ? &t->step_weight : &t->step_bias;
    hgi_real *m = t->moment1 != NULL ? t->moment1 + offset : NULL;
    hgi_real *v = t->moment2 != NULL ? t->moment2 + offset : NULL;
    t->optim.kind->apply(t->k, s, n, t->m->theta + offset, g, m, v);
}

/* The fused path: a finished tile goes straight into the optimiser. */
static void emit(void *arg, int64_t offset, int64_t count, const hgi_real *g)
{
    hgi_trainer *t = arg;
    bool weight = true;
    if (t->optim.weight_decay > 0) {
        const hgi_tensor *tensor = NULL;
        hgi_net_layer_of(&t->m->net, offset, &tensor);
        weight = tensor->role == HGI_WEIGHT;
    }
    apply(t, offset, count, weight, g);
}

static void run_norm_part(void *arg, int64_t item, int worker)
{
    (void)worker;
    hgi_trainer *t = arg;
    const hgi_block *b = &t->block[item];
    t->norm_part[item] = t->k->sum_squares(b->count, t->grad + b->offset);
}

static void run_norm(void *arg, int64_t item, int worker)
{
    (void)item;
    (void)worker;
    hgi_trainer *t = arg;
    double sum = 0;
    for (int64_t i = 0; i < t->blocks; i++) sum += t->norm_part[i];
    t->norm = sqrt(sum);
    hgi_real scale = t->norm > t->clip ? (hgi_real)(t->clip / t->norm) : 1;
    t->step_weight.scale = t->step_bias.scale = scale;
}

static void run_update(void *arg, int64_t item, int worker)
{
    (void)worker;
    hgi_trainer *t = arg;
    const hgi_block *b = &t->block[item];
    if (is_broken(t)) return;
    apply(t, b->offset, b->count, b->weight, t->grad + b->offset);
}

static void run_project(void *arg, int64_t item, int worker)
{
    (void)worker;
    const hgi_layer_stage *s = arg;
    s->layer->kind->project(s->layer, s->layer + 1, s->t->m->theta, item);
}

/* ---- planning -------------------------------------------------------------------- */

static void add_stage(hgi_trainer *t, hgi_stage_fn fn, void *arg, int64_t items,
                      bool by_rows)
{
    if (items == 0 && !by_rows) return;
    assert(t->stages < HGI_MAX_STAGES);
    t->by_rows[t->stages] = by_rows;
    t->stage[t->stages++] = (hgi_stage){fn, arg, items};
}

/* Forward and backward, cut at the layers listed in cut[0..n-1]. */
static void plan_chunks(hgi_trainer *t, const int64_t *cut, int64_t n)
{
    const hgi_net *net = &t->m->net;
    int64_t used = 0;
    for (int64_t i = 0; i <= n; i++) {
        hgi_segment *s = &t->segment[used++];
        *s = (hgi_segment){.t = t, .fill = i == 0, .loss = i == n};
        s->forward0 = i == 0 ? 0 : cut[i - 1];
        s->forward1 = i == n ? net->count : cut[i];
        s->backward1 = i == n ? net->count : 0;
        s->backward0 = i == n && n > 0 ? cut[n - 1] + 1 : 0;
        if (i < n && net->layer[cut[i]].kind->propose != NULL)
            s->propose = &net->layer[cut[i]];
        add_stage(t, run_segment, s, 0, true);
        if (i < n) {
            const hgi_layer *l = &net->layer[cut[i]];
            t->statistics[i] = (hgi_layer_stage){t, l};
            add_stage(t, run_forward_statistics, &t->statistics[i],
                      l->kind->statistics_items(l), false);
        }
    }
    for (int64_t i = n; i-- > 0;) {
        const hgi_layer *l = &net->layer[cut[i]];
        add_stage(t, run_backward_statistics, &t->statistics[i],
                  l->kind->statistics_items(l), false);
        hgi_segment *s = &t->segment[used++];
        *s = (hgi_segment){.t = t, .backward1 = cut[i] + 1};
        s->backward0 = i > 0 ? cut[i - 1] + 1 : 0;
        add_stage(t, run_segment, s, 0, true);
    }
}

/* Cut each trained tensor into blocks, so that no block mixes weights and biases. */
static hg_status plan_blocks(hgi_trainer *t)
{
    const hgi_net *net = &t->m->net;
    for (int round = 0; round < 2; round++) {
        int64_t n = 0;
        for (int64_t i = 0; i < net->count; i++)
            for (int k = 0; k < net->layer[i].tensors; k++) {
                const hgi_tensor *x = &net->layer[i].tensor[k];
                if (x->role == HGI_STATE) continue;
                for (int64_t at = 0; at < x->count; at += BLOCK_REALS, n++)
                    if (round == 1)
                        t->block[n] = (hgi_block){x->offset + at,
                                                  hgi_min(BLOCK_REALS, x->count - at),
                                                  x->role == HGI_WEIGHT};
            }
        if (round == 1) break;
        t->blocks = n;
        size_t count = (size_t)hgi_max(n, 1);
        t->block = hgi_calloc(&t->ctx->mem, count, sizeof *t->block);
        t->norm_part = hgi_calloc(&t->ctx->mem, count, sizeof *t->norm_part);
        if (t->block == NULL || t->norm_part == NULL)
            return hgi_fail_mem(t->ctx, count * sizeof *t->block, "the step's plan");
    }
    return HG_OK;
}

hg_status hgi_step_plan(hgi_trainer *t)
{
    const hgi_net *net = &t->m->net;
    int64_t cut[HGI_MAX_NORMS], cuts = 0;
    t->flops = hgi_net_flops(net, 0, net->count);
    HGI_TRY(plan_blocks(t));
    for (int64_t i = 0; i < net->count; i++) {
        if (!hgi_layer_waits(&net->layer[i])) continue;
        if (cuts == HGI_MAX_NORMS)
            return hgi_fail(t->ctx, HG_ERANGE, "more than %d layers with batch sums",
                            HGI_MAX_NORMS);
        cut[cuts++] = i;
    }
    t->ask = t->shuffle && t->train->held == NULL &&
             t->batch * hgi_dataset_row_bytes(t->train) <= ASKED_BYTES;
    t->w.pass.grad = t->grad;
    t->w.pass.emit = emit;
    t->w.pass.emit_arg = t;
    t->w.pass.scratch = t->scratch;
    t->prepare = (hgi_prepare){net, &t->w.pass, 0, net->count};
    add_stage(t, hgi_prepare_item, &t->prepare, hgi_prepare_items(&t->prepare, t->k),
              false);
    plan_chunks(t, cut, cuts);
    const hgi_layer *code = &net->layer[net->code];
    bool projects =
        code->kind->project_items != NULL && code->kind->project_items(code) > 0;
    bool moves = projects || hgi_max_norm_items(&t->weights) > 0;
    t->w.pass.keep_packed = t->grad == NULL && !moves;
    t->code = (hgi_layer_stage){t, code};
    if (code->kind->collect != NULL) add_stage(t, run_collect, &t->code, 1, false);
    add_stage(t, run_own_gradient, t, count_gradients(t, false), false);
    add_stage(t, run_tied_gradient, t, count_gradients(t, true), false);
    hgi_weights *weights = &t->weights;
    add_stage(t, hgi_turn_item, weights, hgi_turn_items(weights), false);
    add_stage(t, hgi_gram_item, weights, hgi_gram_items(weights), false);
    add_stage(t, hgi_orthogonal_item, weights, hgi_orthogonal_items(weights), false);
    if (t->clip > 0) {
        add_stage(t, run_norm_part, t, t->blocks, false);
        add_stage(t, run_norm, t, 1, false);
    }
    if (t->grad != NULL) add_stage(t, run_update, t, t->blocks, false);
    if (projects)
        add_stage(t, run_project, &t->code, code->kind->project_items(code), false);
    add_stage(t, hgi_max_norm_item, weights, hgi_max_norm_items(weights), false);
    return HG_OK;
}

/* ---- running --------------------------------------------------------------------- */

hg_status hgi_step_fetch(hgi_trainer *t, int64_t first, int64_t n)
{
    if (t->train->held == NULL) return HG_OK;
    return hgi_rows_gather(t->ctx, &t->fetch, t->order + first, n);
}

bool hgi_step_run(hgi_trainer *t, int64_t first, int64_t n)
{
    hgi_pass *p = &t->w.pass;
    p->n = n;
    t->first = first;
    atomic_store_explicit(&t->broken, false, memory_order_relaxed);
    p->rows = t->order + first;
    p->epoch = (uint32_t)t->at.epoch;
    p->steps_done = (double)t->at.t;
    p->epochs_done = p->steps_done / (double)t->per_epoch;
    hgi_pass_ready(&t->w);
    double lr = t->optim.lr * hgi_schedule_at(&t->schedule, t->at.t);
    hgi_optim_step(&t->optim, t->at.t + 1, lr, 1.0, true, &t->step_weight);
    hgi_optim_step(&t->optim, t->at.t + 1, lr, 1.0, false, &t->step_bias);
    if (t->stage[0].fn == hgi_prepare_item)
        t->stage[0].items = hgi_prepare_items(&t->prepare, t->k);
    for (int64_t i = 0; i < t->stages; i++)
        if (t->by_rows[i]) t->stage[i].items = hgi_ceil_div(n, t->w.chunk);
    if (3 * n * t->flops < SHARED_FLOPS) /* forward, and backward twice as much */
        hgi_team_run_alone(t->stage, t->stages);
    else
        hgi_team_run(t->team, t->stage, t->stages);
    p->packed = p->keep_packed;
    double recon = 0, penalty = 0;
    for (int64_t r = 0; r < n; r++) {
        recon += hgi_objective_mean(p, t->row_loss, r);
        penalty += t->w.penalty[r];
        t->at.kl += t->w.kl[r];
    }
    t->at.recon += recon / t->m->net.recon_divisor;
    t->at.penalty += penalty;
    t->at.step++;
    t->at.t++;
    return isfinite(recon) && isfinite(penalty);
}

static bool all_finite(const hgi_real *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return false;
    return true;
}

/* The first layer of layers[0 .. last-1] whose output for this chunk is not finite. */
static int64_t first_broken(const hgi_net *net, const hgi_pass *p, int64_t rows,
                            int64_t last)
{
    for (int64_t i = 0; i < last; i++) {
        const hgi_layer *l = &net->layer[i];
        const hgi_slot *s = &p->slot[i];
        hgi_layer_forward(net, p, i, 0, rows, 0);
        int64_t outputs = rows * (i >= net->code ? p->samples : 1);
        bool finite = s->y != NULL ? all_finite(s->y, outputs * l->d_out)
                                   : all_finite(s->listed.value, rows * s->listed.k);
        if (!finite) return i;
    }
    return last;
}

/* Chunks have left little behind, but the weights are as they were and so is what layers
 * know of the batch: forward runs once more. */
const char *hgi_step_blame(hgi_trainer *t, int64_t n)
{
    const hgi_net *net = &t->m->net;
    int64_t first = net->count;
    for (int64_t r = 0; r < n; r += t->w.chunk) {
        hgi_view *v = hgi_workspace_view(&t->w, r, 0);
        int64_t rows = hgi_min(t->w.chunk, n - r);
        fill_rows(t, v, rows, 0);
        first = first_broken(net, &v->pass, rows, first);
    }
    return first < net->count ? net->layer[first].name : NULL;
}
