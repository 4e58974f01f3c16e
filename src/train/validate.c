// SPDX-License-Identifier: MIT
/* The validation loss: rows stream through inference; each row's loss has its own place,
 * and the places are summed in order. */
#include "train/trainer.h"

static void fill(void *arg, int64_t first, int64_t n, hgi_real *x, int worker)
{
    hgi_trainer *t = arg;
    const hg_model *m = t->m;
    hgi_range range = {m->net.loss->unit_range, true, 0.0, 1.0}; /* counted by setup.c */
    float *scratch = t->row_scratch + (int64_t)worker * m->net.inputs;
    hgi_batch_fill(t->ctx->kernels, t->valid, &m->scaler, &range, NULL, first, n, scratch,
                   x, NULL);
}

static void sink(void *arg, const hgi_chunk *c)
{
    hgi_trainer *t = arg;
    const hgi_net *net = &t->m->net;
    int64_t d = net->outputs;
    t->ctx->kernels->loss(net->loss->kind, net->huber_delta, 1, c->n, d, c->y, d, c->x, d,
                          NULL, d, t->valid_recon + c->first);
    for (int64_t i = 0; i < c->n; i++) t->valid_penalty[c->first + i] = c->penalty[i];
}

void hgi_validate(hgi_trainer *t, double *recon, double *penalty)
{
    t->infer.fill = fill;
    t->infer.sink = sink;
    t->infer.arg = t;
    t->infer.sample = true;
    t->infer.seed = t->m->trained.seed;
    hgi_infer_run(&t->infer, t->m->theta, t->m->state, t->valid->rows);
    double r = 0, p = 0, rows = (double)t->valid->rows;
    for (int64_t i = 0; i < t->valid->rows; i++) {
        r += t->valid_recon[i];
        p += t->valid_penalty[i];
    }
    *recon = r / rows / t->m->net.recon_divisor;
    *penalty = p / rows;
}
