// SPDX-License-Identifier: MIT
/* A level that is a (denoising) autoencoder: the layer and its mirror, trained by the same
 * loop as any model, on rows that `pretrain-corrupt` (else `corrupt`) makes noisy.
 *
 * Without a mirror (decoder-init random) the level's way back is drawn and given up again:
 * sigmoid for values in [0,1], else linear. */
#include "train/pretrain.h"

#include <string.h>

typedef struct listener {
    hgi_pretrain *p;
    const hg_callbacks *outer;
    bool stop; /* it wished to end */
    int64_t epoch;
} listener;

static hg_progress as_stage(listener *s, const hg_progress *q)
{
    hg_progress p = hgi_pretrain_progress(s->p, q->epoch), all = *q;
    s->epoch = q->epoch;
    all.stage = p.stage;
    all.level = p.level;
    return all;
}

static int on_step(void *user, const hg_progress *q)
{
    listener *s = user;
    hg_progress p = as_stage(s, q);
    s->stop = s->outer->on_step != NULL && s->outer->on_step(s->outer->user, &p) != 0;
    return s->stop;
}

static int on_epoch(void *user, const hg_progress *q)
{
    listener *s = user;
    hg_progress p = as_stage(s, q);
    if (s->outer->on_epoch != NULL && s->outer->on_epoch(s->outer->user, &p) != 0)
        s->stop = true;
    return s->stop;
}

/* Layer lines of the level; without a mirror its last word is the activation. */
static hg_status set_lines(const hgi_pretrain *p, hg_config *cfg)
{
    const hgi_level *v = &p->level[p->at];
    const hg_model *m = p->t->m;
    bool unit = p->rows->min >= 0 && p->rows->max <= 1;
    if (p->at == 0) unit = hgi_span_is_unit(m->spec.corrupt.span);
    char encoder[96], decoder[96];
    const hgi_layer *l = v->layer;
    hgi_act back = v->mirror != NULL ? v->mirror->act
                   : unit            ? HGI_ACT_SIGMOID
                                     : HGI_ACT_LINEAR;
    snprintf(encoder, sizeof encoder, "dense %lld %s", (long long)l->d_out,
             hgi_act_name(l->act));
    bool tied = v->mirror != NULL && v->mirror->tied != NULL;
    snprintf(decoder, sizeof decoder, "dense %lld %s%s", (long long)l->d_in,
             hgi_act_name(back), tied ? " tied" : "");
    HGI_TRY(hg_config_set(cfg, "encoder", encoder));
    HGI_TRY(hg_config_set(cfg, "decoder", decoder));
    const char *loss = p->at == 0                        ? m->spec.loss
                       : unit && back == HGI_ACT_SIGMOID ? "bce"
                                                         : "mse";
    if (v->mirror == NULL && strcmp(loss, "bce") != 0) loss = "mse";
    HGI_TRY(hg_config_set(cfg, "loss", loss));
    return hg_config_set(cfg, "scale",
                         p->at == 0 ? hgi_scale_name(m->scaler.kind) : "none");
}

static hg_status set_rest(const hgi_pretrain *p, hg_config *cfg)
{
    static const char *const same[] = {"batch-size", "seed",   "precision",
                                       "no-shuffle", "redraw", "init"};
    const hg_config *from = p->t->cfg;
    for (int64_t i = 0; i < HGI_COUNT(same); i++)
        if (hgi_config_given(from, same[i]))
            HGI_TRY(hg_config_set(cfg, same[i], hg_config_get(from, same[i])));
    const char *own =
        hgi_config_given(from, "pretrain-corrupt") ? "pretrain-corrupt" : "corrupt";
    HGI_TRY(hg_config_set(cfg, "corrupt", hgi_config_text(from, own)));
    if (hgi_config_given(from, "pretrain-lr"))
        HGI_TRY(hg_config_set(cfg, "lr", hg_config_get(from, "pretrain-lr")));
    return hg_config_set(cfg, "epochs", hgi_config_text(from, "pretrain-epochs"));
}

/* The level's weights are those of the small model: encoder.0 and decoder.0. */
static void take_weights(const hgi_pretrain *p, const hg_model *from)
{
    const hgi_layer *to = p->level[p->at].layer, *l = &from->net.layer[0];
    const hgi_layer *back = &from->net.layer[from->net.count - 1];
    hgi_trainer *t = p->t;
    for (int k = 0; k < 2; k++)
        memcpy(t->m->theta + to->tensor[k].offset, from->theta + l->tensor[k].offset,
               (size_t)to->tensor[k].count * sizeof *t->m->theta);
    const hgi_layer *mirror = p->level[p->at].mirror;
    if (mirror == NULL) return;
    int64_t n = mirror->tensors < back->tensors ? mirror->tensors : back->tensors;
    for (int64_t k = 0; k < n; k++)
        memcpy(t->m->theta + mirror->tensor[k].offset,
               from->theta + back->tensor[k].offset,
               (size_t)mirror->tensor[k].count * sizeof *t->m->theta);
}

hg_status hgi_pretrain_stacked(hgi_pretrain *p)
{
    hg_ctx *ctx = p->t->ctx;
    listener s = {p, p->t->callbacks, false, 0};
    const hg_callbacks callbacks = {sizeof callbacks, on_step, on_epoch, &s};
    hg_config *cfg = NULL;
    hg_model *m = NULL;
    hg_status status = HG_OK;
    HGI_GOTO(hg_config_new(ctx, &cfg));
    HGI_GOTO(set_lines(p, cfg));
    HGI_GOTO(set_rest(p, cfg));
    status =
        hgi_train(ctx, cfg, p->rows, p->valid, s.outer != NULL ? &callbacks : NULL, &m);
    if (status == HG_ECANCELED) status = hgi_pretrain_stopped(p, s.epoch);
    if (status != HG_OK) goto done;
    take_weights(p, m);
    p->stop = s.stop;
done:
    hg_model_free(&m);
    hg_config_free(&cfg);
    return status;
}
