// SPDX-License-Identifier: MIT
/* The levels of pretraining: what they are, what they train on, what is refused. */
#include "train/pretrain.h"

#include <math.h>
#include <string.h>

/* ---- what can be pretrained --------------------------------- */

static hg_status refuse(const hgi_pretrain *p, const hgi_layer *l, const char *found,
                        const char *expected)
{
    return hgi_fail(p->t->ctx, HG_EINVAL, "pretrain %s: %s: %s, expected %s",
                    p->rbm ? "rbm" : "stacked", l->name, found, expected);
}

static bool is_dense(const hgi_layer *l) { return strcmp(l->kind->name, "dense") == 0; }

/* Layers between the dense ones that may stay: in inference they change no value. */
static bool passes(const hgi_layer *l)
{
    static const char *const names[] = {"dropout", "flatten", "sigma"};
    for (int i = 0; i < HGI_COUNT(names); i++)
        if (strcmp(l->kind->name, names[i]) == 0) return true;
    return false;
}

static bool unit_of(hgi_act act, hgi_rbm_unit *out)
{
    *out = act == HGI_ACT_SIGMOID  ? HGI_UNIT_BINARY
           : act == HGI_ACT_LINEAR ? HGI_UNIT_GAUSSIAN
                                   : HGI_UNIT_RELU;
    return act == HGI_ACT_SIGMOID || act == HGI_ACT_LINEAR || act == HGI_ACT_RELU;
}

static hg_status add_level(hgi_pretrain *p, const hgi_layer *l)
{
    hgi_level v = {.layer = l};
    if (!is_dense(l))
        return passes(l)
                   ? HG_OK
                   : refuse(p, l, l->kind->name, "dense layers (dropout may be between)");
    if (p->levels == HGI_MAX_LEVELS)
        return hgi_fail(p->t->ctx, HG_ERANGE, "pretrain: more than %d dense layers",
                        HGI_MAX_LEVELS);
    if (p->rbm && !unit_of(l->act, &v.hidden))
        return refuse(p, l, hgi_act_name(l->act),
                      "sigmoid, relu or linear, which an RBM has units for");
    if (l->tensors < 2) return refuse(p, l, "nobias", "a bias");
    p->level[p->levels++] = v;
    return HG_OK;
}

/* The decoder's dense layers, from the last to the first, are the levels' ways back. */
static hg_status find_mirrors(hgi_pretrain *p)
{
    const hgi_net *net = &p->t->m->net;
    static const char *const way_out = "; or set decoder-init to random";
    int64_t at = 0;
    for (int64_t i = net->count - 1; i > net->code; i--) {
        const hgi_layer *l = &net->layer[i];
        char expected[120];
        if (passes(l)) continue;
        if (!is_dense(l)) {
            snprintf(expected, sizeof expected, "dense layers to unroll into%s", way_out);
            return refuse(p, l, l->kind->name, expected);
        }
        hgi_level *v = at < p->levels ? &p->level[at++] : NULL;
        if (v == NULL || v->layer->d_in != l->d_out || v->layer->d_out != l->d_in) {
            char found[64];
            snprintf(found, sizeof found, "%lld to %lld", (long long)l->d_in,
                     (long long)l->d_out);
            snprintf(expected, sizeof expected, "the mirror of the encoder%s", way_out);
            return refuse(p, l, found, expected);
        }
        hgi_rbm_unit back;
        bool unit = unit_of(l->act, &back);
        if (p->rbm && (!unit || back != v->visible)) {
            static const char *const words[] = {"sigmoid", "linear", "relu"};
            snprintf(expected, sizeof expected, "%s, as what it goes back to%s",
                     words[v->visible], way_out);
            return refuse(p, l, hgi_act_name(l->act), expected);
        }
        if (l->tensors < (l->tied != NULL ? 1 : 2))
            return refuse(p, l, "nobias", "a bias; or set decoder-init to random");
        v->mirror = l;
    }
    if (at == p->levels) return HG_OK;
    return hgi_fail(p->t->ctx, HG_EINVAL,
                    "pretrain %s: the decoder has %lld dense layers, the encoder %lld, "
                    "expected as many%s",
                    p->rbm ? "rbm" : "stacked", (long long)at, (long long)p->levels,
                    way_out);
}

static hg_status check_data_units(hgi_pretrain *p)
{
    const hg_model *m = p->t->m;
    bool unit = hgi_span_is_unit(m->spec.corrupt.span);
    p->level[0].visible = unit ? HGI_UNIT_BINARY : HGI_UNIT_GAUSSIAN;
    if (unit || hgi_scaler_standard(&m->scaler)) return HG_OK;
    return hgi_fail(p->t->ctx, HG_EINVAL,
                    "pretrain rbm: values outside [0,1], scale %s: expected scale "
                    "standard, because visible units then have variance 1",
                    hgi_scale_name(m->scaler.kind));
}

static hg_status list_levels(hgi_trainer *t, hgi_pretrain *p)
{
    const hgi_net *net = &t->m->net;
    const hg_config *cfg = t->cfg;
    *p = (hgi_pretrain){.t = t};
    p->rbm = strcmp(hgi_config_text(cfg, "pretrain"), "rbm") == 0;
    p->unroll = strcmp(hgi_config_text(cfg, "decoder-init"), "unroll") == 0;
    const hgi_layer *code = &net->layer[net->code];
    if (strcmp(code->kind->name, "plain") != 0)
        return refuse(p, code, code->kind->name, "plain");
    for (int64_t i = 0; i < net->code; i++) HGI_TRY(add_level(p, &net->layer[i]));
    if (p->levels == 0) return refuse(p, &net->layer[0], "no dense layer", "one");
    if (p->rbm) HGI_TRY(check_data_units(p));
    for (int64_t i = 1; i < p->levels; i++) p->level[i].visible = p->level[i - 1].hidden;
    return p->unroll ? find_mirrors(p) : HG_OK;
}

bool hgi_pretrain_asked(const hg_config *cfg)
{
    return strcmp(hgi_config_text(cfg, "pretrain"), "none") != 0;
}

hg_status hgi_pretrain_check(hgi_trainer *t)
{
    hgi_pretrain p;
    if (hgi_pretrain_asked(t->cfg) && t->m->net.schema != NULL)
        return hgi_fail(t->ctx, HG_EUNAVAILABLE,
                        "pretrain: %s is a table with words, gaps or columns left out, "
                        "expected numbers; drop such columns",
                        t->train->name);
    if (hgi_pretrain_asked(t->cfg)) return list_levels(t, &p);
    if (hgi_config_int(t->cfg, "epochs") > 0) return HG_OK;
    return hgi_fail(t->ctx, HG_ERANGE, "epochs: 0, expected >= 1 (0 only with pretrain)");
}

/* ---- what a level trains on --------------------------------- */

typedef struct encoding {
    hgi_trainer *t;
    hgi_rows from;
    hgi_infer infer;
    float *to; /* of the window's rows */
    int64_t wide;
} encoding;

static void fill(void *arg, int64_t first, int64_t n, hgi_real *x, int worker)
{
    encoding *e = arg;
    const hg_model *m = e->t->m;
    hgi_range range = {m->net.loss->unit_range, true, 0.0, 1.0};
    hgi_batch_fill(e->t->ctx->kernels, e->from.rows, &m->scaler, &range, NULL,
                   e->from.at + first, n,
                   e->t->row_scratch + (int64_t)worker * m->net.inputs, x, NULL);
}

static void sink(void *arg, const hgi_chunk *c)
{
    encoding *e = arg;
    float *to = e->to + c->first * e->wide;
    for (int64_t i = 0; i < c->n * e->wide; i++) to[i] = (float)c->y[i];
}

/* As a reader gives rows: the next ones, through the layers under the level. */
static hg_status next_codes(hgi_blocks *s, int64_t *n)
{
    encoding *e = s->state;
    int64_t first = e->from.first + e->from.n;
    *n = hgi_min(hgi_min(s->room, e->from.room), s->rows - first);
    HGI_TRY(hgi_rows_range(s->ctx, &e->from, first, *n));
    e->to = s->block->owned;
    if (*n > 0) hgi_infer_run(&e->infer, e->t->m->theta, e->t->m->state, *n);
    return HG_OK;
}

/* What the layers under level `at` make of the rows: held in a file where those are. */
static hg_status encode(hgi_pretrain *p, const hg_dataset *from, hg_dataset **out)
{
    hgi_trainer *t = p->t;
    const hgi_layer *l = p->level[p->at - 1].layer;
    encoding e = {.t = t, .wide = l->d_out};
    hgi_blocks s = {.ctx = t->ctx, .rows = from->rows, .guess = (double)from->rows};
    double bytes = (double)from->rows * (double)e.wide * sizeof(float);
    hg_status status;
    if (from->held == NULL)
        HGI_TRY(hgi_check_memory(t->ctx, bytes, "what a level of pretraining trains on"));
    s.next = next_codes;
    s.state = &e;
    hgi_stats_init(&s.stats);
    HGI_GOTO(hgi_dataset_take(t->ctx, p->stage, "codes", HG_F32, 1, 1, &e.wide, NULL,
                              &s.block));
    s.block->rows = 0; /* none is there yet */
    HGI_GOTO(hgi_rows_open(t->ctx, from, hgi_block_rows(t->ctx, from), &e.from));
    HGI_GOTO(hgi_infer_new(t->ctx, &t->m->net, 0, l->index + 1, &e.infer));
    e.infer.fill = fill;
    e.infer.sink = sink;
    e.infer.arg = &e;
    status = hgi_blocks_collect(&s, from->held != NULL ? 0 : INT64_MAX, out);
done:
    if (e.infer.ctx != NULL) hgi_infer_free(&e.infer);
    hgi_rows_close(&e.from);
    hgi_blocks_close(&s);
    return status;
}

static hg_status run_level(hgi_pretrain *p)
{
    hg_status status = HG_OK;
    hgi_trainer *t = p->t;
    const hgi_layer *l = p->level[p->at].layer;
    hg_dataset *rows = NULL, *valid = NULL;
    hgi_scaler none = {0};
    snprintf(p->stage, sizeof p->stage, "level %lld of %lld, %lld-%lld",
             (long long)p->at + 1, (long long)p->levels, (long long)l->d_in,
             (long long)l->d_out);
    p->rows = t->train;
    p->valid = t->valid;
    p->scaler = &t->m->scaler;
    p->range = (hgi_range){t->m->net.loss->unit_range, true, 0.0, 1.0};
    if (p->at > 0) {
        HGI_GOTO(encode(p, t->train, &rows));
        if (t->valid != NULL) HGI_GOTO(encode(p, t->valid, &valid));
        HGI_GOTO(
            hgi_scaler_make(t->ctx, HGI_SCALE_NONE, rows->features, NULL, NULL, &none));
        p->rows = rows;
        p->valid = valid;
        p->scaler = &none;
        p->range = (hgi_range){.check = false};
    }
    status = p->rbm ? hgi_pretrain_rbm(p) : hgi_pretrain_stacked(p);
done:
    hgi_scaler_free(&t->ctx->mem, &none);
    hg_dataset_free(&rows);
    hg_dataset_free(&valid);
    return status;
}

/* A checkpoint is written after each level: a run that is stopped within one goes on from
 * that level's beginning, to the same bits. */
hg_status hgi_pretrain_run(hgi_trainer *t)
{
    hgi_pretrain p;
    if (!hgi_pretrain_asked(t->cfg)) return HG_OK;
    HGI_TRY(list_levels(t, &p));
    while (t->at.levels < p.levels) {
        p.at = t->at.levels;
        HGI_TRY(run_level(&p));
        t->at.levels++;
        if (*t->checkpoint != '\0') HGI_TRY(hgi_checkpoint_write(t));
        if (p.stop)
            return hgi_pretrain_stopped(&p, hgi_config_int(t->cfg, "pretrain-epochs"));
    }
    return HG_OK;
}

/* ---- what both ways share --------------------------------- */

void hgi_pretrain_mirror(const hgi_pretrain *p, const hgi_real *weight,
                         const hgi_real *bias)
{
    const hgi_layer *l = p->level[p->at].mirror;
    hgi_trainer *t = p->t;
    if (l == NULL) return;
    bool tied = l->tied != NULL;
    memcpy(t->m->theta + l->tensor[tied ? 0 : 1].offset, bias,
           (size_t)l->d_out * sizeof *bias);
    if (!tied)
        t->ctx->kernels->transpose(l->d_in, l->d_out, weight, l->d_out,
                                   t->m->theta + l->tensor[0].offset, l->d_in);
}

hg_progress hgi_pretrain_progress(const hgi_pretrain *p, int64_t epoch)
{
    const double unknown = (double)NAN;
    return (hg_progress){
        .size = sizeof(hg_progress),
        .epoch = epoch,
        .epochs = hgi_config_int(p->t->cfg, "pretrain-epochs"),
        .kl = unknown,
        .val_loss = unknown,
        .best = unknown,
        .stage = p->stage,
        .level = p->at + 1,
        .dead = unknown,
        .free_energy = unknown,
        .val_free_energy = unknown,
        .pseudo_likelihood = unknown,
    };
}

hg_status hgi_pretrain_stopped(const hgi_pretrain *p, int64_t epoch)
{
    return hgi_fail(p->t->ctx, HG_ECANCELED, "stopped in pretraining, %s, epoch %lld",
                    p->stage, (long long)epoch);
}
