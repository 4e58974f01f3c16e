// SPDX-License-Identifier: MIT
/* The training loop.
 *
 *     for each epoch: shuffle; for each batch: step; validate; keep the best; stop early?
 *
 * The order of rows is a function of seed and epoch, so a run resumed in the middle of an
 * epoch goes on exactly where it was. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

/* What the caller is told about the time. */
typedef struct clock {
    double run_start, epoch_start,
        stepping;         /* stepping: seconds in steps of this epoch */
    int64_t rows;         /* done in those seconds */
    double valid_seconds; /* of the last validation */
} clock_state;

static void copy_weights(const hgi_trainer *t, hgi_real *to)
{
    const hgi_net *net = &t->m->net;
    memcpy(to, t->m->theta, (size_t)net->params * sizeof *to);
    memcpy(to + net->params, t->m->state, (size_t)net->states * sizeof *to);
}

static void restore_weights(hgi_trainer *t, const hgi_real *from)
{
    const hgi_net *net = &t->m->net;
    memcpy(t->m->theta, from, (size_t)net->params * sizeof *from);
    memcpy(t->m->state, from + net->params, (size_t)net->states * sizeof *from);
    t->w.pass.packed = false;
}

/* Of the last step done. */
static double current_lr(const hgi_trainer *t)
{
    return t->optim.lr * hgi_schedule_at(&t->schedule, hgi_max(0, t->at.t - 1));
}

/* Of the last steps, as many as an epoch has: where a unit is dead only after more, a short
 * run would have none. */
static double dead_share(const hgi_trainer *t)
{
    const hgi_net *net = &t->m->net;
    const hgi_layer *code = &net->layer[net->code];
    const int64_t steps = hgi_min(t->at.t, t->per_epoch);
    int64_t n =
        code->kind->dead != NULL ? code->kind->dead(code, t->m->state, steps) : -1;
    return n < 0 ? (double)NAN : (double)n / (double)net->code_size;
}

static hg_progress progress(const hgi_trainer *t, const clock_state *c)
{
    int64_t seen = hgi_min(t->at.step * t->batch, t->train->rows);
    double rows = (double)hgi_max(seen, 1);
    hg_progress p = {
        .size = sizeof p,
        .epoch = t->at.epoch + 1,
        .epochs = t->epochs,
        .step = t->at.step,
        .steps = t->per_epoch,
        .recon = t->at.recon / rows,
        .penalty = t->at.penalty / rows,
        .val_loss = (double)NAN,
        .best = isfinite(t->at.best) ? t->at.best : (double)NAN,
        .lr = current_lr(t),
        .seconds = hgi_now() - c->epoch_start,
        .free_energy = (double)NAN,
        .val_free_energy = (double)NAN,
        .pseudo_likelihood = (double)NAN,
    };
    p.loss = p.recon + p.penalty;
    p.kl = hgi_net_draws(&t->m->net) ? t->at.kl / rows : (double)NAN;
    p.dead = dead_share(t);
    p.rows_per_second = c->stepping > 0 ? (double)c->rows / c->stepping : 0;
    double left =
        (double)(t->epochs - t->at.epoch) * (double)t->train->rows - (double)seen;
    if (p.rows_per_second > 0)
        p.seconds_left = left / p.rows_per_second +
                         (double)(t->epochs - t->at.epoch) * c->valid_seconds;
    return p;
}

/* ---- one epoch ------------------------------------------------------------------- */

static const char *what_is_left(const hgi_trainer *t)
{
    return t->have_good ? "the last good weights are kept"
                        : "no epoch had ended, so there are no good weights";
}

static hg_status diverged(hgi_trainer *t, int64_t n)
{
    const hgi_net *net = &t->m->net;
    const char *layer = hgi_step_blame(t, n);
    bool outputs = layer != NULL;
    if (!outputs) layer = net->layer[net->count - 1].name;
    return hgi_fail(
        t->ctx, HG_EDIVERGED,
        "epoch %lld, step %lld: the loss is not finite%s%s%s; %s. Try a lower "
        "lr, or clip",
        (long long)t->at.epoch + 1, (long long)t->at.step,
        outputs ? ", first in layer " : ", though the last layer ", layer,
        outputs ? "" : " gave finite output", what_is_left(t));
}

/* The weights are finite, or check_weights() had refused them: a row is to be named. */
static hg_status valid_diverged(hgi_trainer *t)
{
    int64_t row = 0;
    while (row < t->valid->rows - 1 &&
           isfinite(t->valid_recon[row] + t->valid_penalty[row]))
        row++;
    /* Of a split, the row of the file. */
    if (t->valid->order != NULL) row = t->valid->order[row];
    return hgi_fail(t->ctx, HG_EDIVERGED,
                    "epoch %lld: the validation loss is not finite, first in row %lld of "
                    "%s; %s",
                    (long long)t->at.epoch + 1, (long long)row + 1, t->valid->name,
                    what_is_left(t));
}

/* *stop_after: the caller wished to stop at the epoch's last step, so the epoch ends
 * first.      */
static hg_status run_steps(hgi_trainer *t, clock_state *c, bool *stop_after)
{
    const hg_callbacks *cb = t->callbacks;
    while (t->at.step < t->per_epoch) {
        int64_t first = t->at.step * t->batch,
                n = hgi_min(t->batch, t->train->rows - first);
        double start = hgi_now();
        HGI_TRY(hgi_step_fetch(t, first, n));
        bool finite = hgi_step_run(t, first, n);
        double end = hgi_now();
        c->stepping += end - start;
        c->rows += n;
        if (!finite) return diverged(t, n);
        bool stop = false;
        if (cb != NULL && cb->on_step != NULL) {
            hg_progress p = progress(t, c);
            stop = cb->on_step(cb->user, &p) != 0;
        }
        bool due =
            *t->checkpoint != '\0' && end - t->last_checkpoint >= t->checkpoint_seconds;
        if (stop && t->at.step == t->per_epoch) {
            *stop_after = true;
            return HG_OK;
        }
        if (due || (stop && *t->checkpoint != '\0')) HGI_TRY(hgi_checkpoint_write(t));
        if (stop)
            return hgi_fail(t->ctx, HG_ECANCELED, "stopped in epoch %lld, step %lld",
                            (long long)t->at.epoch + 1, (long long)t->at.step);
    }
    return HG_OK;
}

/* Weights that are not finite give a finite loss for the step that made them. */
static hg_status check_weights(hgi_trainer *t)
{
    for (int64_t i = 0; i < t->blocks; i++) {
        const hgi_block *b = &t->block[i];
        if (isfinite(t->ctx->kernels->sum_squares(b->count, t->m->theta + b->offset)))
            continue;
        const hgi_tensor *tensor = NULL;
        const hgi_layer *l = hgi_net_layer_of(&t->m->net, b->offset, &tensor);
        return hgi_fail(
            t->ctx, HG_EDIVERGED,
            "epoch %lld, step %lld: the %s of layer %s is not finite; %s. Try a lower "
            "lr, or clip",
            (long long)t->at.epoch + 1, (long long)t->at.step, tensor->name, l->name,
            what_is_left(t));
    }
    return HG_OK;
}

static bool is_over(const hgi_trainer *t)
{
    return t->at.epoch >= t->epochs ||
           (t->early_stop > 0 && t->at.bad_epochs >= t->early_stop);
}

/* After the last step: validate, remember, tell.  *stop is set when the run is over. */
static hg_status end_epoch(hgi_trainer *t, clock_state *c, bool cancel, bool *stop)
{
    const hg_callbacks *cb = t->callbacks;
    hg_progress p = progress(t, c);
    HGI_TRY(check_weights(t));
    if (t->valid != NULL) {
        double recon, penalty, start = hgi_now();
        HGI_TRY(hgi_validate(t, &recon, &penalty));
        p.val_loss = recon + penalty;
        c->valid_seconds = hgi_now() - start;
        if (!isfinite(p.val_loss)) return valid_diverged(t);
    }
    double monitored = t->valid != NULL ? p.val_loss : p.loss;
    p.improved = monitored < t->at.best - t->min_delta || !isfinite(t->at.best);
    t->good = t->copy[p.improved ? 0 : 1];
    copy_weights(t, t->good);
    t->have_good = true;
    if (p.improved) {
        t->at.best = monitored;
        t->at.best_epoch = t->at.epoch + 1;
        t->at.bad_epochs = 0;
    } else {
        t->at.bad_epochs++;
    }
    p.best = t->at.best;
    p.seconds = hgi_now() - c->epoch_start;
    hg_epoch e = {sizeof e, p.epoch, p.loss, p.recon, p.penalty, p.val_loss, p.lr};
    HGI_TRY(hgi_model_add_epoch(t->ctx, t->m, &e));
    if (t->schedule.kind->epoch != NULL) t->schedule.kind->epoch(&t->schedule, monitored);
    t->at.epoch++;
    t->at.step = 0;
    t->at.recon = t->at.penalty = t->at.kl = 0;
    *stop = is_over(t);
    if (cb != NULL && cb->on_epoch != NULL && cb->on_epoch(cb->user, &p) != 0)
        cancel = true;
    bool due = hgi_now() - t->last_checkpoint >= t->checkpoint_seconds;
    if (*t->checkpoint != '\0' && (*stop || cancel || due))
        HGI_TRY(hgi_checkpoint_write(t));
    if (cancel && !*stop)
        return hgi_fail(t->ctx, HG_ECANCELED, "stopped after epoch %lld",
                        (long long)t->at.epoch);
    return HG_OK;
}

static hg_status run_epochs(hgi_trainer *t)
{
    clock_state c = {.run_start = hgi_now()};
    t->last_checkpoint = c.run_start;
    bool stop = is_over(t);
    while (!stop) {
        c.epoch_start = hgi_now();
        c.rows = 0;
        hgi_shuffle(t);
        c.stepping = hgi_now() - c.epoch_start; /* the shuffle is part of the rate */
        bool cancel = false;
        HGI_TRY(run_steps(t, &c, &cancel));
        HGI_TRY(end_epoch(t, &c, cancel, &stop));
    }
    return HG_OK;
}

/* ---- the whole run --------------------------------------------------------------- */

/* Which weights the caller gets: see hg_train's Errors. */
static void hand_over(hgi_trainer *t, hg_status status, hg_model **out)
{
    hgi_trained *trained = &t->m->trained;
    trained->epochs = t->at.epoch;
    bool best = t->keep_best || status == HG_ECANCELED || status == HG_EIO;
    if (status == HG_EDIVERGED && !t->have_good) return;
    if (status == HG_EIO && t->at.t == 0) return; /* nothing was learnt */
    if (best && t->at.best_epoch > 0) {
        restore_weights(t, t->best);
        trained->best_epoch = t->at.best_epoch;
    } else if (status == HG_EDIVERGED) {
        restore_weights(t, t->good);
    } else {
        trained->steps = t->at.step;
    }
    *out = t->m;
    t->m = NULL;
}

static hg_status resume(hgi_trainer *t)
{
    bool found = false;
    if (!hgi_config_flag(t->cfg, "resume")) return HG_OK;
    if (*t->checkpoint == '\0')
        return hgi_fail(t->ctx, HG_EINVAL,
                        "resume needs the folder of the checkpoint: set checkpoint");
    HGI_TRY(hgi_checkpoint_read(t, &found));
    if (found && is_over(t))
        hgi_log(t->ctx, HG_LOG_WARNING,
                "%s: nothing was left to do: the run ended after epoch %lld%s",
                t->checkpoint, (long long)t->at.epoch,
                t->at.epoch < t->epochs      ? ", by early-stop"
                : t->schedule.kind->by_total ? ""
                                             : "; more epochs go on from there");
    else if (found)
        hgi_log(t->ctx, HG_LOG_INFO, "resumed at epoch %lld, step %lld",
                (long long)t->at.epoch + 1, (long long)t->at.step);
    else
        hgi_log(t->ctx, HG_LOG_WARNING,
                "%s: no checkpoint there yet, starting from the beginning",
                t->checkpoint);
    return HG_OK;
}

hg_status hgi_train(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *train,
                    const hg_dataset *valid, const hg_callbacks *callbacks,
                    hg_model **out)
{
    hgi_trainer t;
    *out = NULL;
    if (callbacks != NULL && callbacks->size != sizeof *callbacks)
        return hgi_fail(ctx, HG_EINVAL, "hg_train: callbacks->size is not set");
    HGI_TRY(hgi_setup(ctx, cfg, train, valid, &t));
    t.callbacks = callbacks;
    hg_status status = hgi_trainer_new(&t);
    if (status == HG_OK) status = hgi_checkpoint_prepare(&t);
    if (status == HG_OK) status = resume(&t);
    if (status == HG_OK) {
        status = hgi_pretrain_run(&t);
        if (status == HG_OK) status = run_epochs(&t);
        if (status == HG_OK || status == HG_ECANCELED || status == HG_EDIVERGED ||
            status == HG_EIO)
            hand_over(&t, status, out);
    }
    hgi_trainer_free(&t);
    return status;
}

hg_status hg_train(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *train,
                   const hg_dataset *valid, const hg_callbacks *callbacks, hg_model **out)
{
    *out = NULL;
    HGI_TRY(hgi_tell_counters(ctx, train));
    return hgi_train(ctx, cfg, train, valid, callbacks, out);
}

hg_status hg_train_dry_run(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *train,
                           const hg_dataset *valid, hg_model **out)
{
    hgi_trainer t;
    *out = NULL;
    HGI_TRY(hgi_setup(ctx, cfg, train, valid, &t));
    hgi_optim_read(cfg, &t.optim);
    hg_status status =
        hgi_schedule_parse(ctx, hgi_config_text(cfg, "schedule"), 0, 1, 1, &t.schedule);
    if (status == HG_OK) {
        *out = t.m;
        t.m = NULL;
    }
    hgi_trainer_free(&t);
    return status;
}
