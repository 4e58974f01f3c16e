// SPDX-License-Identifier: MIT
/* The lists of optimisers and schedules, and what their files share. */
#include "train/optim.h"

#include <math.h>
#include <string.h>

extern const hgi_optimizer hgi_optim_sgd, hgi_optim_adam, hgi_optim_adamw,
    hgi_optim_rmsprop;

const hgi_optimizer *const hgi_optimizers[] = {
    &hgi_optim_sgd, &hgi_optim_adam, &hgi_optim_adamw, &hgi_optim_rmsprop, NULL,
};

extern const hgi_schedule_kind hgi_schedule_constant, hgi_schedule_step,
    hgi_schedule_cosine, hgi_schedule_plateau;

const hgi_schedule_kind *const hgi_schedules[] = {
    &hgi_schedule_constant,
    &hgi_schedule_step,
    &hgi_schedule_cosine,
    &hgi_schedule_plateau,
    NULL,
};

void hgi_optim_read(const hg_config *cfg, hgi_optim *out)
{
    const char *name = hgi_config_text(cfg, "optimizer");
    hgi_optim o = {.kind = NULL};
    for (int i = 0; hgi_optimizers[i] != NULL; i++)
        if (strcmp(hgi_optimizers[i]->name, name) == 0) o.kind = hgi_optimizers[i];
    assert(o.kind != NULL); /* the option's words are these names */
    o.lr = hgi_config_given(cfg, "lr") ? hgi_config_real(cfg, "lr") : o.kind->lr;
    o.weight_decay = hgi_config_real(cfg, "weight-decay");
    o.kind->read(cfg, &o);
    *out = o;
}

void hgi_optim_step(const hgi_optim *o, int64_t t, double lr, double scale, bool weights,
                    hgi_step *out)
{
    hgi_step s = {
        .lr = (hgi_real)lr, .scale = (hgi_real)scale, .correct1 = 1, .correct2 = 1};
    if (weights && o->kind->decoupled) s.decay = (hgi_real)o->weight_decay;
    if (weights && !o->kind->decoupled) s.l2 = (hgi_real)o->weight_decay;
    o->kind->step(o, t, &s);
    *out = s;
}

hg_status hgi_schedule_parse(hg_ctx *ctx, const char *text, int64_t warmup, int64_t steps,
                             int64_t per_epoch, hgi_schedule *out)
{
    hgi_schedule s = {
        .steps = steps,
        .per_epoch = per_epoch,
        .warmup = warmup,
        .factor = 1,
        .best = (double)INFINITY,
    };
    char word[32];
    const char *names[16];
    int64_t n = 0;
    hgi_line_kind(text, word);
    for (int i = 0; hgi_schedules[i] != NULL; i++) {
        names[n++] = hgi_schedules[i]->name;
        if (strcmp(hgi_schedules[i]->name, word) == 0) s.kind = hgi_schedules[i];
    }
    if (s.kind == NULL) return hgi_unknown(ctx, "schedule", word, "schedule", names, n);
    HGI_TRY(hgi_line_parse(ctx, "schedule", text, s.kind->options, &s.line));
    *out = s;
    return HG_OK;
}

double hgi_schedule_at(const hgi_schedule *s, int64_t t)
{
    if (t < s->warmup) return (double)(t + 1) / (double)s->warmup;
    return s->kind->factor != NULL ? s->kind->factor(s, t) : 1.0;
}
