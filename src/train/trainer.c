// SPDX-License-Identifier: MIT
/* Setting up a run's memory and plan, and letting it go. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>
#include <time.h>

double hgi_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static bool has_ties(const hgi_net *net)
{
    for (int64_t i = 0; i < net->count; i++)
        if (net->layer[i].tied != NULL) return true;
    return false;
}

/* The step is taken in the gradient tiles unless something needs the gradient whole. */
static bool wants_whole(const hgi_trainer *t)
{
    return hgi_config_given(t->cfg, "clip") || hgi_weights_wants_gradient(t->cfg) ||
           has_ties(&t->m->net);
}

static hg_status reals(hgi_trainer *t, int64_t n, const char *what, hgi_real **out)
{
    size_t count = (size_t)hgi_max(n, 1);
    *out = hgi_calloc(&t->ctx->mem, count, sizeof **out);
    return *out != NULL ? HG_OK : hgi_fail_mem(t->ctx, count * sizeof **out, what);
}

static hg_status make_copies(hgi_trainer *t)
{
    const hgi_net *net = &t->m->net;
    HGI_TRY(reals(t, net->params + net->states, "the best weights", &t->copy[0]));
    size_t bytes = (size_t)hgi_max(net->params + net->states, 1) * sizeof *t->copy[1];
    t->copy[1] = hgi_alloc(&t->ctx->mem, bytes);
    if (t->copy[1] == NULL) return hgi_fail_mem(t->ctx, bytes, "the last good weights");
    t->best = t->good = t->copy[0];
    return HG_OK;
}

static hg_status make_optimizer(hgi_trainer *t)
{
    const hg_config *cfg = t->cfg;
    int64_t params = t->m->net.params;
    t->clip = hgi_config_given(cfg, "clip") ? hgi_config_real(cfg, "clip") : 0;
    HGI_TRY(hgi_schedule_parse(t->ctx, hgi_config_text(cfg, "schedule"),
                               hgi_config_int(cfg, "warmup"), t->epochs * t->per_epoch,
                               t->per_epoch, &t->schedule));
    if (t->optim.moments > 0) HGI_TRY(reals(t, params, "the optimiser", &t->moment1));
    if (t->optim.moments > 1) HGI_TRY(reals(t, params, "the optimiser", &t->moment2));
    HGI_TRY(hgi_weights_new(t->ctx, cfg, &t->m->net, &t->weights));
    t->weights.theta = t->m->theta;
    if (wants_whole(t)) {
        HGI_TRY(reals(t, params, "gradients", &t->grad));
        t->weights.grad = t->grad;
        return HG_OK;
    }
    int64_t workers = hgi_team_size(t->team);
    t->scratch = hgi_calloc(&t->ctx->mem, (size_t)workers, sizeof *t->scratch);
    if (t->scratch == NULL) return hgi_fail_mem(t->ctx, 64, "gradient tiles");
    for (int64_t i = 0; i < workers; i++)
        HGI_TRY(reals(t, HGI_BAND_REALS, "gradient tiles", &t->scratch[i]));
    return HG_OK;
}

static hg_status make_rows(hgi_trainer *t)
{
    const hgi_mem *mem = &t->ctx->mem;
    size_t rows = (size_t)t->train->rows, batch = (size_t)t->batch;
    size_t workers = (size_t)hgi_team_size(t->team), wide;
    t->order = hgi_calloc(mem, rows, sizeof *t->order);
    t->draw = hgi_calloc(mem, (size_t)hgi_min(t->train->rows, HGI_SHUFFLE_ROWS),
                         sizeof *t->draw);
    size_t samples = (size_t)hgi_net_samples(&t->m->net);
    t->row_loss = hgi_calloc(mem, batch, samples * sizeof *t->row_loss);
    if (hgi_mul_size(workers, (size_t)t->m->net.inputs, &wide))
        t->row_scratch = hgi_calloc(mem, wide, sizeof *t->row_scratch);
    if (t->order == NULL || t->draw == NULL || t->row_loss == NULL ||
        t->row_scratch == NULL)
        return hgi_fail_mem(t->ctx, rows * sizeof *t->order, "the order of rows");
    if (t->train->held != NULL)
        HGI_TRY(hgi_rows_open(t->ctx, t->train, t->batch, &t->fetch));
    if (t->valid == NULL) return HG_OK;
    HGI_TRY(hgi_rows_open(t->ctx, t->valid, 0, &t->shown));
    if (t->corrupt != NULL || t->m->net.schema != NULL) {
        if (!hgi_mul_size(wide, HGI_INFER_ROWS, &wide)) wide = SIZE_MAX / 16;
        HGI_TRY(reals(t, (int64_t)wide, "clean rows", &t->valid_clean));
    }
    size_t valid = (size_t)t->valid->rows;
    t->valid_recon = hgi_calloc(mem, valid, sizeof *t->valid_recon);
    t->valid_penalty = hgi_calloc(mem, valid, sizeof *t->valid_penalty);
    t->valid_loss =
        hgi_calloc(mem, workers, (size_t)hgi_infer_losses(&t->m->net) * sizeof(double));
    if (t->valid_recon == NULL || t->valid_penalty == NULL || t->valid_loss == NULL)
        return hgi_fail_mem(t->ctx, valid * sizeof *t->valid_recon, "validation losses");
    return hgi_infer_samples(t->ctx, &t->m->net, hgi_net_samples(&t->m->net), &t->infer);
}

/* Which products the step uses.  Validation and everything else runs in f32: it measures
 * the model as it will be used. */
static hg_status choose_precision(hgi_trainer *t)
{
    const char *word = hgi_config_text(t->cfg, "precision");
    t->table = *t->ctx->kernels;
    t->k = &t->table;
    const hgi_kernels *over = t->ctx->bf16;
    bool automatic = strcmp(word, "auto") == 0;
    if (strcmp(word, "f32") == 0) return HG_OK;
    if (automatic && (over == NULL || !hgi_bf16_pays(over))) return HG_OK;
    if (over == NULL)
        return hgi_fail(
            t->ctx, HG_EUNAVAILABLE,
            "precision bf16: this CPU has no products in bf16 (or may not use "
            "them: see cpu); f32 or auto work everywhere");
    hgi_kernels_mix(t->ctx->kernels, over, &t->table);
    return HG_OK;
}

/* Refuse before anything is taken what cannot fit; the model itself is there already. */
static hg_status check_memory(hgi_trainer *t, const hgi_workspace_options *options)
{
    const hgi_net *net = &t->m->net;
    double params = (double)net->params, real = (double)sizeof(hgi_real), step, all;
    bool whole = wants_whole(t);
    HGI_TRY(hgi_workspace_bytes(t->ctx, net, options, &step, &all));
    double optimiser = params * (t->optim.moments + (whole ? 1 : 0)) * real;
    double copies = 2 * (params + (double)net->states) * real;
    double fixed = optimiser + copies + (all - step), left;
    if (t->valid != NULL) fixed += (double)hgi_packed_reals(net, t->ctx->kernels) * real;
    fixed += (double)t->train->rows * (double)sizeof *t->order;
    if (t->train->held != NULL)
        step += (double)(t->batch * hgi_dataset_row_bytes(t->train));
    left = (double)hgi_memory_left(t->ctx);
    if (fixed + step <= left) return HG_OK;
    char text[5][HGI_NUMBER_MAX];
    return hgi_fail(
        t->ctx, HG_ENOMEM,
        "training needs %s of memory (%s for a batch of %lld rows, %s for the optimiser, "
        "%s for copies of the weights), %s left on this machine: try a smaller %s",
        hgi_bytes_text(text[0], fixed + step), hgi_bytes_text(text[1], step),
        (long long)t->batch, hgi_bytes_text(text[2], optimiser),
        hgi_bytes_text(text[3], copies), hgi_bytes_text(text[4], left),
        fixed < left ? "batch-size" : "model");
}

/* Such a run would end as one without auxk; an eighth of the steps leaves time to learn. */
static void warn_of_dead(const hgi_trainer *t)
{
    const hgi_wide *w = &t->m->net.layer[t->m->net.code].wide;
    const int64_t steps = t->epochs * t->per_epoch;
    if (w->aux == 0 || steps == 0 || steps > w->dead) return;
    hgi_log(t->ctx, HG_LOG_WARNING,
            "auxk has no effect here: a unit is dead after %lld steps without use, and "
            "training has %lld; set dead-after, to %lld say",
            (long long)w->dead, (long long)steps, (long long)hgi_max(1, steps / 8));
}

/* val_loss has all of beta from the first epoch on, so that epochs can be compared. */
static void warn_warmup(const hgi_trainer *t)
{
    const hgi_net *net = &t->m->net;
    if (!hgi_net_draws(net) || t->epochs < 1) return;
    const hgi_line *l = &net->layer[net->code].line;
    const double warmup = hgi_line_get(l, "warmup"),
                 steps = hgi_line_get(l, "warmup-steps"), epochs = (double)t->epochs,
                 all = epochs * (double)t->per_epoch;
    const double done = warmup > 0 ? epochs / warmup : steps > 0 ? all / steps : 1;
    if (done >= 1) return;
    hgi_log(t->ctx, HG_LOG_WARNING,
            "kl-warmup%s: %g is longer than the run's %g: %s ends at %.2g of its value, "
            "while val_loss has all of it; set a shorter one, or more epochs",
            warmup > 0 ? "" : "-steps", warmup > 0 ? warmup : steps,
            warmup > 0 ? epochs : all,
            hgi_line_given(l, "capacity") ? "capacity" : "beta", done);
}

hg_status hgi_trainer_new(hgi_trainer *t)
{
    const hg_config *cfg = t->cfg;
    hgi_net *net = &t->m->net;
    HGI_TRY(choose_precision(t));
    HGI_TRY(hgi_ctx_team(t->ctx, &t->team));
    t->epochs = hgi_config_int(cfg, "epochs");
    t->batch = hgi_min(hgi_config_int(cfg, "batch-size"), t->train->rows);
    t->per_epoch = hgi_ceil_div(t->train->rows, t->batch);
    if (hgi_config_given(cfg, "min-steps") && t->epochs > 0)
        t->epochs = hgi_max(t->epochs,
                            hgi_ceil_div(hgi_config_int(cfg, "min-steps"), t->per_epoch));
    warn_of_dead(t);
    t->shuffle = !hgi_config_flag(cfg, "no-shuffle");
    t->early_stop =
        hgi_config_given(cfg, "early-stop") ? hgi_config_int(cfg, "early-stop") : 0;
    t->min_delta = hgi_config_real(cfg, "min-delta");
    const char *keep = hgi_config_text(cfg, "keep");
    t->keep_best =
        strcmp(keep, "best") == 0 || (strcmp(keep, "auto") == 0 && t->early_stop > 0);
    t->checkpoint = hgi_config_text(cfg, "checkpoint");
    t->checkpoint_seconds = hgi_config_real(cfg, "checkpoint-seconds");
    t->at.best = (double)INFINITY;
    hgi_workspace_options options = {.k = t->k,
                                     .rows = t->batch,
                                     .workers = hgi_team_size(t->team),
                                     .samples = hgi_net_samples(net),
                                     .training = true,
                                     .clean = t->corrupt != NULL || net->schema != NULL,
                                     .apart = t->apart};
    hgi_optim_read(cfg, &t->optim);
    warn_warmup(t);
    HGI_TRY(check_memory(t, &options));
    HGI_TRY(hgi_workspace_new(t->ctx, net, &options, &t->w));
    t->w.pass.theta = t->m->theta;
    t->w.pass.state = t->m->state;
    t->w.pass.seed = t->m->trained.seed;
    t->w.pass.classes = t->classes[0];
    HGI_TRY(make_optimizer(t));
    HGI_TRY(make_rows(t));
    HGI_TRY(make_copies(t));
    HGI_TRY(hgi_zeros_plan(t));
    HGI_TRY(hgi_step_plan(t));
    if (*t->checkpoint != '\0') {
        HGI_TRY(hgi_dataset_hash(t->ctx, t->train, &t->train_hash));
        if (t->valid != NULL) HGI_TRY(hgi_dataset_hash(t->ctx, t->valid, &t->valid_hash));
    }
    return HG_OK;
}

void hgi_trainer_free(hgi_trainer *t)
{
    const hgi_mem *mem = &t->ctx->mem;
    if (t->scratch != NULL)
        for (int i = 0; i < hgi_team_size(t->team); i++) hgi_free(mem, t->scratch[i]);
    hgi_free(mem, t->scratch);
    hgi_workspace_free(&t->w);
    hgi_weights_free(mem, &t->weights);
    if (t->infer.ctx != NULL) hgi_infer_free(&t->infer);
    void *const blocks[] = {
        t->block,      t->norm_part, t->grad,        t->moment1,       t->moment2,
        t->order,      t->row_loss,  t->row_scratch, t->zeros.index,   t->zeros.start,
        t->copy[0],    t->copy[1],   t->valid_recon, t->valid_penalty, t->valid_clean,
        t->valid_loss, t->draw,      t->classes[0],  t->classes[1]};
    for (int64_t i = 0; i < HGI_COUNT(blocks); i++) hgi_free(mem, blocks[i]);
    hgi_classes_free(mem, &t->known);
    hgi_rows_close(&t->fetch);
    hgi_rows_close(&t->shown);
    hg_dataset_free(&t->own_train);
    hg_dataset_free(&t->own_valid);
    hg_model_free(&t->m);
    *t = (hgi_trainer){.ctx = t->ctx};
}
