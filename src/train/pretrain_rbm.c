// SPDX-License-Identifier: MIT
/* A level that is a restricted Boltzmann machine, by the recipe of Hinton's guide:
 * momentum 0.5, 0.9 after five epochs, weight decay 2e-4, and a rate of 0.1, a hundredth of
 * it where a side has units without an upper bound (section 13.1: Gaussian units). */
#include "train/pretrain.h"

#include <math.h>
#include <string.h>

enum { CALM_EPOCHS = 5 };

typedef struct machine {
    hgi_pretrain *p;
    hgi_rbm rbm;
    hgi_rbm_rate rate;
    int64_t *order;
    hgi_rows fetch;                /* a step's rows, when they are held in a file... */
    const int64_t *fetched;        /* ... and their numbers */
    hgi_real *probe, *valid_probe; /* [probes, d], valid_probe NULL without such rows */
    int64_t probes, valid_probes;
    double error, weight; /* of the epoch so far: sum over steps, rows */
    double seconds;       /* in steps of the epoch */
} machine;

static void fill(void *arg, const int64_t *rows, int64_t n, hgi_real *x, int worker)
{
    const machine *m = arg;
    const hgi_pretrain *p = m->p;
    float *scratch = p->t->row_scratch + (int64_t)worker * p->t->m->net.inputs;
    bool held = p->rows->held != NULL;
    hgi_batch_fill(p->t->k, held ? m->fetch.rows : p->rows, p->scaler, &p->range,
                   held ? NULL : rows, held ? rows - m->fetched : 0, n, scratch, x, NULL);
}

/* n rows of the window, as the level sees them. */
static void show_rows(const hgi_pretrain *p, const hgi_rows *w, int64_t first, int64_t n,
                      hgi_real *x)
{
    hgi_batch_fill(p->t->k, w->rows, p->scaler, &p->range, NULL, w->at + first, n,
                   p->t->row_scratch, x, NULL);
}

/* Rows spread evenly over the data, for what is measured once an epoch. */
static hg_status take_probe(const hgi_pretrain *p, const hg_dataset *from, int64_t *n,
                            hgi_real **out)
{
    hgi_trainer *t = p->t;
    int64_t d = from->features;
    hgi_rows w;
    *n = hgi_min(from->rows, HGI_PROBE_ROWS);
    *out = hgi_calloc(&t->ctx->mem, (size_t)(*n * d), sizeof **out);
    if (*out == NULL)
        return hgi_fail_mem(t->ctx, (size_t)(*n * d) * sizeof **out, "rows to measure");
    HGI_TRY(hgi_rows_open(t->ctx, from, 1, &w));
    hg_status status = HG_OK;
    for (int64_t i = 0; status == HG_OK && i < *n; i++) {
        status = hgi_rows_range(t->ctx, &w, i * from->rows / *n, 1);
        if (status == HG_OK) show_rows(p, &w, 0, 1, *out + i * d);
    }
    hgi_rows_close(&w);
    return status;
}

/* Means of the columns, which the visible biases begin with. */
static hg_status column_means(const hgi_pretrain *p, double *mean, hgi_real *row)
{
    int64_t d = p->rows->features;
    hgi_rows w;
    HGI_TRY(hgi_rows_open(p->t->ctx, p->rows, 0, &w));
    hg_status status = hgi_rows_next(p->t->ctx, &w);
    while (status == HG_OK && w.n > 0) {
        for (int64_t r = 0; r < w.n; r++) {
            show_rows(p, &w, r, 1, row);
            for (int64_t c = 0; c < d; c++) mean[c] += (double)row[c];
        }
        status = hgi_rows_next(p->t->ctx, &w);
    }
    for (int64_t c = 0; c < d; c++) mean[c] /= (double)p->rows->rows;
    hgi_rows_close(&w);
    return status;
}

static hg_status init_weights(machine *m)
{
    hg_ctx *ctx = m->p->t->ctx;
    size_t d = (size_t)m->p->rows->features;
    double *mean = hgi_calloc(&ctx->mem, d, sizeof *mean);
    hgi_real *row = hgi_calloc(&ctx->mem, d, sizeof *row);
    hg_status status = mean != NULL && row != NULL
                           ? column_means(m->p, mean, row)
                           : hgi_fail_mem(ctx, d * sizeof *mean, "means of the columns");
    if (status == HG_OK) hgi_rbm_init(&m->rbm, mean);
    hgi_free(&ctx->mem, mean);
    hgi_free(&ctx->mem, row);
    return status;
}

static hg_status begin(machine *m)
{
    hgi_pretrain *p = m->p;
    hgi_trainer *t = p->t;
    const hgi_level *v = &p->level[p->at];
    bool binary = v->visible == HGI_UNIT_BINARY && v->hidden == HGI_UNIT_BINARY;
    double lr = hgi_config_given(t->cfg, "pretrain-lr")
                    ? hgi_config_real(t->cfg, "pretrain-lr")
                    : 0.1;
    /* Lists were planned for rows as the net sees them, which are clean ones here. */
    bool sparse = p->at == 0 && t->corrupt == NULL && t->zeros.index != NULL;
    m->rate = (hgi_rbm_rate){binary ? lr : lr / 100, 0.5, 2e-4};
    hgi_rbm_options o = {
        .k = t->k,
        .team = t->team,
        .d = v->layer->d_in,
        .h = v->layer->d_out,
        .visible = v->visible,
        .hidden = v->hidden,
        .W = t->m->theta + v->layer->tensor[0].offset,
        .b = t->m->theta + v->layer->tensor[1].offset,
        .rows = hgi_min(t->batch, p->rows->rows),
        .steps = hgi_config_int(t->cfg, "cd"),
        .persistent = hgi_config_flag(t->cfg, "persistent"),
        .seed = t->m->trained.seed,
        .level = p->at,
        .zeros = sparse ? &t->zeros : NULL,
        .fill = fill,
        .arg = m,
    };
    HGI_TRY(hgi_rbm_new(t->ctx, &o, &m->rbm));
    if (p->rows->held != NULL) HGI_TRY(hgi_rows_open(t->ctx, p->rows, o.rows, &m->fetch));
    size_t rows = (size_t)p->rows->rows;
    m->order = hgi_calloc(&t->ctx->mem, rows, sizeof *m->order);
    if (m->order == NULL)
        return hgi_fail_mem(t->ctx, rows * sizeof *m->order, "the order of rows");
    for (size_t i = 0; i < rows; i++) m->order[i] = (int64_t)i;
    HGI_TRY(take_probe(p, p->rows, &m->probes, &m->probe));
    if (p->valid != NULL)
        HGI_TRY(take_probe(p, p->valid, &m->valid_probes, &m->valid_probe));
    return init_weights(m);
}

static hg_progress progress(const machine *m, int64_t epoch, int64_t step)
{
    hg_progress p = hgi_pretrain_progress(m->p, epoch);
    int64_t rows = m->p->rows->rows, seen = hgi_min(step * m->rbm.o.rows, rows);
    p.step = step;
    p.steps = hgi_ceil_div(rows, m->rbm.o.rows);
    p.loss = p.recon = m->weight > 0 ? m->error / m->weight : 0;
    p.lr = m->rate.lr;
    p.seconds = hgi_now() - m->p->start;
    p.rows_per_second = m->seconds > 0 ? (double)seen / m->seconds : 0;
    double left = (double)((p.epochs - epoch + 1) * rows - seen);
    if (p.rows_per_second > 0) p.seconds_left = left / p.rows_per_second;
    return p;
}

static hg_status diverged(const machine *m, int64_t epoch)
{
    return hgi_fail(
        m->p->t->ctx, HG_EDIVERGED,
        "pretraining, %s, epoch %lld: the reconstruction is not finite. Try a "
        "lower pretrain-lr",
        m->p->stage, (long long)epoch);
}

/* *stop: the caller wishes to end after this epoch. */
static hg_status run_epoch(machine *m, int64_t epoch, bool *stop)
{
    const hg_callbacks *cb = m->p->t->callbacks;
    int64_t rows = m->p->rows->rows, batch = m->rbm.o.rows, step = 0;
    m->error = m->weight = m->seconds = 0;
    for (int64_t first = 0; first < rows; first += batch) {
        int64_t n = hgi_min(batch, rows - first);
        double start = hgi_now();
        m->fetched = m->order + first;
        if (m->p->rows->held != NULL)
            HGI_TRY(hgi_rows_gather(m->p->t->ctx, &m->fetch, m->fetched, n));
        double error = hgi_rbm_step(&m->rbm, m->fetched, n, (uint32_t)epoch, &m->rate);
        m->seconds += hgi_now() - start;
        m->error += error * (double)n;
        m->weight += (double)n;
        if (!isfinite(error)) return diverged(m, epoch);
        hg_progress p = progress(m, epoch, ++step);
        if (cb == NULL || cb->on_step == NULL || cb->on_step(cb->user, &p) == 0) continue;
        if (first + n < rows) return hgi_pretrain_stopped(m->p, epoch);
        *stop = true;
    }
    return HG_OK;
}

static hg_status run_epochs(machine *m)
{
    hgi_trainer *t = m->p->t;
    const hg_callbacks *cb = t->callbacks;
    int64_t epochs = hgi_config_int(t->cfg, "pretrain-epochs");
    for (int64_t epoch = 1; epoch <= epochs; epoch++) {
        bool stop = false;
        hgi_rng rng = {t->m->trained.seed, HGI_USE_SHUFFLE, (uint32_t)epoch};
        rng.use += 256 * (uint32_t)(m->p->at + 1);
        m->p->start = hgi_now();
        if (t->shuffle) hgi_permutation(&rng, m->p->rows->rows, m->order);
        m->rate.momentum = epoch <= CALM_EPOCHS ? 0.5 : 0.9;
        HGI_TRY(run_epoch(m, epoch, &stop));
        hg_progress p = progress(m, epoch, hgi_ceil_div(m->p->rows->rows, m->rbm.o.rows));
        p.free_energy = hgi_rbm_free_energy(&m->rbm, m->probe, m->probes);
        if (m->valid_probe != NULL)
            p.val_free_energy =
                hgi_rbm_free_energy(&m->rbm, m->valid_probe, m->valid_probes);
        p.pseudo_likelihood =
            hgi_rbm_pseudo(&m->rbm, m->probe, m->probes, (uint32_t)epoch);
        if (!isfinite(p.free_energy)) return diverged(m, epoch);
        p.seconds = hgi_now() - m->p->start;
        if (cb != NULL && cb->on_epoch != NULL && cb->on_epoch(cb->user, &p) != 0)
            stop = true;
        if (stop && epoch < epochs) return hgi_pretrain_stopped(m->p, epoch);
        m->p->stop = stop;
    }
    return HG_OK;
}

/* Of the rows measured: what a machine without weights leaves, a squared error a value. */
static double probe_variance(const machine *m)
{
    const int64_t n = m->probes, d = m->rbm.o.d;
    double sum = 0;
    for (int64_t c = 0; c < d; c++) {
        double mean = 0;
        for (int64_t r = 0; r < n; r++) mean += (double)m->probe[r * d + c] / (double)n;
        for (int64_t r = 0; r < n; r++) {
            double v = (double)m->probe[r * d + c] - mean;
            sum += v * v / (double)(n * d);
        }
    }
    return sum;
}

static double mean_of(hgi_rbm_unit kind, double x)
{
    return kind == HGI_UNIT_BINARY ? 1 / (1 + exp(-x))
           : kind == HGI_UNIT_RELU ? fmax(x, 0)
                                   : x;
}

/* What is left of the rows measured when their hidden means are sent back: nothing is
 * drawn, whose noise would hide a little that was learnt.  y [d] is scratch. */
static double probe_error(const machine *m, double *y)
{
    const hgi_rbm *r = &m->rbm;
    const int64_t n = m->probes, d = r->o.d;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const hgi_real *v = m->probe + i * d;
        for (int64_t c = 0; c < d; c++) y[c] = (double)r->a[c];
        for (int64_t j = 0; j < r->o.h; j++) {
            const hgi_real *W = r->o.W + j * d;
            double x = (double)r->o.b[j];
            for (int64_t c = 0; c < d; c++) x += (double)W[c] * (double)v[c];
            const double h = mean_of(r->o.hidden, x);
            for (int64_t c = 0; c < d; c++) y[c] += h * (double)W[c];
        }
        for (int64_t c = 0; c < d; c++) {
            double e = mean_of(r->o.visible, y[c]) - (double)v[c];
            sum += e * e / (double)(n * d);
        }
    }
    return sum;
}

/* Layers begin with weights near 0, so that few steps leave them there, and levels behind
 * such a one get next to nothing: the first is told of.  5 % is what any machine finds
 * soon; one that does half as badly again as the means has gone astray. */
static hg_status look_for_idle(machine *m)
{
    hg_ctx *ctx = m->p->t->ctx;
    const size_t d = (size_t)m->rbm.o.d;
    double *y = m->p->idle ? NULL : hgi_calloc(&ctx->mem, d, sizeof *y);
    if (m->p->idle) return HG_OK;
    if (y == NULL) return hgi_fail_mem(ctx, d * sizeof *y, "a reconstruction");
    const double variance = probe_variance(m), error = probe_error(m, y);
    hgi_free(&ctx->mem, y);
    if (!(error > 0.95 * variance)) return HG_OK;
    m->p->idle = true;
    hgi_log(ctx, HG_LOG_WARNING,
            "pretraining, %s: it has learnt next to nothing (squared error %.4g, the "
            "columns' means %.4g): %s",
            m->p->stage, error, variance,
            variance <= 0            ? "its input is the same in every row"
            : error > 1.5 * variance ? "try a smaller pretrain-lr"
                                     : "more pretrain-epochs, a smaller batch-size or a "
                                       "larger pretrain-lr");
    return HG_OK;
}

hg_status hgi_pretrain_rbm(hgi_pretrain *p)
{
    const hgi_mem *mem = &p->t->ctx->mem;
    machine m = {.p = p, .rbm = {.mem = *mem}};
    hg_status status = begin(&m);
    if (status == HG_OK) status = run_epochs(&m);
    if (status == HG_OK) status = look_for_idle(&m);
    if (status == HG_OK) hgi_pretrain_mirror(p, m.rbm.o.W, m.rbm.a);
    hgi_rbm_free(&m.rbm);
    hgi_rows_close(&m.fetch);
    hgi_free(mem, m.order);
    hgi_free(mem, m.probe);
    hgi_free(mem, m.valid_probe);
    return status;
}
