// SPDX-License-Identifier: MIT
/* The validation loss: rows stream through inference; each row's loss has its own place,
 * and the places are summed in order.  A denoising model sees corrupted rows here too, the
 * same in each epoch, and is held against the clean ones. */
#include "train/trainer.h"

#include "data/expand.h"
#include "model/objective.h"

/* What fill wrote for the chunk that this worker is at. */
static hgi_real *clean_of(const hgi_trainer *t, int worker)
{
    return t->valid_clean + (int64_t)worker * HGI_INFER_ROWS * t->m->net.inputs;
}

/* Rows that the loss compares with are not the net's input. */
static bool has_clean(const hgi_trainer *t)
{
    return t->corrupt != NULL || t->m->net.schema != NULL;
}

static void corrupt(const hgi_trainer *t, int64_t row, int64_t n, const hgi_real *clean,
                    hgi_real *x)
{
    if (t->corrupt == NULL) return;
    hgi_rng rng = hgi_corrupt_rng(t->corrupt, t->m->trained.seed, true, 0);
    hgi_corrupt_rows(t->corrupt, t->ctx->kernels, &rng, NULL, row, n, t->m->net.inputs,
                     clean, x);
}

static void fill(void *arg, int64_t first, int64_t n, hgi_real *x, int worker)
{
    hgi_trainer *t = arg;
    const hg_model *m = t->m;
    hgi_range range = {m->net.loss->unit_range, true, 0.0, 1.0}; /* counted by setup.c */
    float *scratch = t->row_scratch + (int64_t)worker * m->net.inputs;
    hgi_real *clean = has_clean(t) ? clean_of(t, worker) : x;
    const hgi_rows *w = &t->shown;
    if (m->net.schema != NULL) {
        hgi_batch_targets(w->rows, &m->scaler, NULL, w->at + first, n, scratch, clean);
        hgi_expand_input(&m->scaler, n, clean, x);
        corrupt(t, w->first + first, n, x, x);
        return;
    }
    hgi_batch_fill(t->ctx->kernels, w->rows, &m->scaler, &range, NULL, w->at + first, n,
                   scratch, clean, NULL);
    hgi_rng rng = hgi_binarise_rng(t->binarise, m->trained.seed, true, 0);
    hgi_binarise_rows(t->binarise, &rng, NULL, w->first + first, n, m->net.inputs, clean);
    corrupt(t, w->first + first, n, clean, x);
}

static void sink(void *arg, const hgi_chunk *c)
{
    hgi_trainer *t = arg;
    const hgi_real *target = has_clean(t) ? clean_of(t, c->worker) : c->x;
    int64_t row = t->shown.first + c->first;
    double *loss = t->valid_loss + c->worker * hgi_infer_losses(&t->m->net);
    hgi_objective_rows(&t->m->net, c->pass, 0, c->n, target, false, loss);
    for (int64_t i = 0; i < c->n; i++) {
        t->valid_recon[row + i] = hgi_objective_mean(c->pass, loss, i);
        t->valid_penalty[row + i] = c->penalty[i];
    }
}

hg_status hgi_validate(hgi_trainer *t, double *recon, double *penalty)
{
    t->infer.fill = fill;
    t->infer.sink = sink;
    t->infer.arg = t;
    t->infer.sample = true;
    t->infer.classes = t->classes[1];
    t->infer.seed = t->m->trained.seed;
    t->infer.ready = false;
    hgi_rows *w = &t->shown;
    hgi_rows_rewind(w);
    HGI_TRY(hgi_rows_next(t->ctx, w));
    while (w->n > 0) {
        t->infer.base = w->first;
        hgi_infer_run(&t->infer, t->m->theta, t->m->state, w->n);
        HGI_TRY(hgi_rows_next(t->ctx, w));
    }
    double r = 0, p = 0, rows = (double)t->valid->rows;
    for (int64_t i = 0; i < t->valid->rows; i++) {
        r += t->valid_recon[i];
        p += t->valid_penalty[i];
    }
    *recon = r / rows / t->m->net.recon_divisor;
    *penalty = p / rows;
    return HG_OK;
}
