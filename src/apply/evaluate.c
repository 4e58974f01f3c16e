// SPDX-License-Identifier: MIT
/* Measure a model on data, a window at a time: every row has its own place for each number,
 * and the places are summed in order, so that the result depends neither on the threads nor
 * on the windows. */
#include "apply/evaluate.h"
#include "apply/apply.h"
#include "apply/posterior.h"
#include "model/objective.h"
#include "model/table.h"

#include <math.h>
#include <string.h>

/* What is kept of a row. */
typedef struct row_numbers {
    hgi_row_errors error;
    double recon, penalty; /* of the objective; recon: summed over features */
    double kl;
    double plain_recon;  /* recon without drawing the code */
    double constant;     /* what -log p has beside recon */
    double activity;     /* sum |code| */
    int64_t zeros;       /* code values that are exactly 0 */
    double input_square; /* of the input against the target, when they are two */
    double ssim;         /* of images */
} row_numbers;

typedef struct job {
    hgi_feed feed;
    hgi_rows window;
    bool pair; /* rows are held against those of `target`, not against themselves */
    hgi_feed target;
    hgi_rows target_window; /* moves with the other */
    hgi_real *clean;        /* [workers, HGI_INFER_ROWS, inputs] of target */
    row_numbers *row;       /* [window.room] */
    row_numbers sum;        /* of all rows so far, in order */
    const hg_dataset *data;
    int64_t rows;   /* of the data */
    int64_t *fired; /* [workers, units] rows in which each was not 0, or was chosen */
    int64_t units;
    int workers;
    double *loss;      /* [workers, hgi_infer_losses()] of the chunk under way */
    double *mean;      /* [inputs] of the scaled rows */
    int64_t *seen;     /* [inputs] rows that have a value */
    bool unit, binary; /* what is rebuilt lies in [0,1]; is 0 or 1 */
    bool whole;        /* is whole numbers */
    hgi_binarise binarise;
    int64_t iwae;     /* samples */
    double *bound;    /* [window.room], with iwae */
    double bound_sum; /* of all rows so far */
    bool images;      /* rows in [0,1] that are large enough for structural similarity */
    int64_t dim[3];   /* of an image: height, width, channels */
    double *ssim;     /* [workers, hgi_ssim_work(width)] */
} evaluate_job;

static hgi_real *clean_of(const evaluate_job *j, int worker)
{
    return j->clean + (int64_t)worker * HGI_INFER_ROWS * j->feed.model->net.inputs;
}

/* Drawn as in validation: the same in each call. */
static void binarise(const evaluate_job *j, int64_t first, int64_t n, hgi_real *x)
{
    hgi_rng rng = hgi_binarise_rng(j->binarise, j->feed.model->trained.seed, true, 0);
    hgi_binarise_rows(j->binarise, &rng, NULL, j->window.first + first, n,
                      j->feed.model->net.inputs, x);
}

/* What the loss compares with is not the net's input: another file, or a table's rows. */
static bool has_clean(const evaluate_job *j)
{
    return j->pair || j->feed.model->net.schema != NULL;
}

static void fill(void *arg, int64_t first, int64_t n, hgi_real *x, int worker)
{
    evaluate_job *j = arg;
    hgi_feed_fill(&j->feed, first, n, x, worker);
    binarise(j, first, n, x);
    if (!has_clean(j)) return;
    hgi_feed_targets(j->pair ? &j->target : &j->feed, first, n, clean_of(j, worker),
                     worker);
}

static const hgi_real *target_of(const evaluate_job *j, const hgi_chunk *c)
{
    return has_clean(j) ? clean_of(j, c->worker) : c->x;
}

static const hgi_real *measured_target(const void *arg, const hgi_chunk *c)
{
    return target_of(arg, c);
}

/* Sinks run on several threads, each with rows of its own: no sums here, only the rows'
 * places, so that the order of the threads cannot change a bit. */
static void loss_of(const evaluate_job *j, const hgi_chunk *c, double *recon)
{
    const hgi_net *net = &j->feed.model->net;
    hgi_loss_call call = hgi_net_loss(net, c->pass, c->n, c->y, target_of(j, c));
    hgi_net_loss_rows(net, &call, recon);
}

static void objective_sink(void *arg, const hgi_chunk *c)
{
    evaluate_job *j = arg;
    const hgi_net *net = &j->feed.model->net;
    double *loss = j->loss + c->worker * hgi_infer_losses(net);
    hgi_objective_rows(net, c->pass, 0, c->n, target_of(j, c), false, loss);
    for (int64_t r = 0; r < c->n; r++) {
        j->row[c->first + r].recon = hgi_objective_mean(c->pass, loss, r);
        j->row[c->first + r].penalty = c->penalty[r];
        j->row[c->first + r].kl = c->kl[r];
    }
}

/* Whole numbers: their sum does not depend on which worker had which rows. */
static void note_units(const evaluate_job *j, const hgi_chunk *c)
{
    const hgi_net *net = &j->feed.model->net;
    const hgi_layer *code = &net->layer[net->code];
    int64_t *fired = j->fired + c->worker * j->units, d = net->code_size;
    const hgi_real *saved = c->pass->slot[net->code].saved;
    for (int64_t i = 0; i < c->n * code->indices; i++) fired[(int64_t)saved[i]]++;
    if (code->indices > 0) return;
    for (int64_t r = 0; r < c->n; r++)
        for (int64_t i = 0; i < d; i++) fired[i] += c->z[r * d + i] != 0;
}

static void errors_sink(void *arg, const hgi_chunk *c)
{
    evaluate_job *j = arg;
    const hgi_net *net = &j->feed.model->net;
    int64_t d = net->inputs;
    double recon[HGI_INFER_ROWS];
    const hgi_real *target = target_of(j, c);
    loss_of(j, c, recon);
    note_units(j, c);
    /* The loss wants logits where it has taken over the sigmoid; all else predictions. */
    hgi_predict(net, j->feed.ctx->kernels, c->n, 1, target, c->y);
    for (int64_t r = 0; r < c->n; r++) {
        row_numbers *row = &j->row[c->first + r];
        const hgi_real *t = target + r * d;
        row->error = net->schema != NULL
                         ? hgi_row_compare_known(d, c->y + r * d, t, j->mean)
                         : hgi_row_compare(d, c->y + r * d, t, j->mean, j->unit);
        if (j->pair)
            row->input_square =
                net->schema != NULL
                    ? hgi_row_compare_known(d, c->x + r * d, t, j->mean).square
                    : hgi_row_compare(d, c->x + r * d, t, j->mean, false).square;
        if (j->images)
            row->ssim = hgi_ssim(j->dim[0], j->dim[1], j->dim[2], t, c->y + r * d,
                                 j->ssim + c->worker * hgi_ssim_work(j->dim[1]));
        row->plain_recon = recon[r];
        row->constant = hgi_net_constant(net, t);
        for (int64_t i = 0; i < net->code_size; i++) {
            double z = (double)c->z[r * net->code_size + i];
            row->activity += fabs(z);
            row->zeros += z == 0;
        }
    }
}

/* Both at once: where nothing is drawn, the objective is that of the reconstruction. */
static void sink(void *arg, const hgi_chunk *c)
{
    objective_sink(arg, c);
    errors_sink(arg, c);
}

/* The next rows, of both. */
static hg_status move(evaluate_job *j)
{
    HGI_TRY(hgi_rows_next(j->feed.ctx, &j->window));
    return j->pair ? hgi_rows_next(j->feed.ctx, &j->target_window) : HG_OK;
}

static hg_status check(evaluate_job *j)
{
    if (j->pair) HGI_TRY(hgi_feed_check(&j->target));
    return hgi_feed_check(&j->feed);
}

/* Means of the columns and the range, as the model sees the rows. */
static hg_status look_at_data(evaluate_job *j)
{
    hg_ctx *ctx = j->feed.ctx;
    int64_t d = j->feed.model->net.inputs;
    hgi_real *x = hgi_alloc(&ctx->mem, (size_t)(HGI_INFER_ROWS * d) * sizeof *x);
    j->mean = hgi_calloc(&ctx->mem, (size_t)d, sizeof *j->mean);
    j->seen = hgi_calloc(&ctx->mem, (size_t)d, sizeof *j->seen);
    if (x == NULL || j->mean == NULL || j->seen == NULL) {
        hgi_free(&ctx->mem, x);
        return hgi_fail_mem(ctx, (size_t)d * sizeof *x, "column means");
    }
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    hg_status status;
    j->binary = j->whole = true;
    j->feed.counts = j->target.counts = false;
    do {
        HGI_GOTO(move(j));
        for (int64_t first = 0; first < j->window.n; first += HGI_INFER_ROWS) {
            int64_t n = hgi_min(HGI_INFER_ROWS, j->window.n - first);
            hgi_feed_targets(j->pair ? &j->target : &j->feed, first, n, x, 0);
            binarise(j, first, n, x);
            for (int64_t r = 0; r < n; r++)
                for (int64_t c = 0; c < d; c++) {
                    double v = (double)x[r * d + c];
                    if (isnan(v)) continue;
                    j->seen[c]++;
                    j->mean[c] += v;
                    lo = v < lo ? v : lo;
                    hi = v > hi ? v : hi;
                    j->binary = j->binary && (v == 0 || v == 1);
                    j->whole = j->whole && v == floor(v);
                }
        }
        HGI_GOTO(check(j));
    } while (j->window.n > 0);
    for (int64_t c = 0; c < d; c++) j->mean[c] /= (double)hgi_max(j->seen[c], 1);
    /* Rounding of the scaler may leave a value a hair outside. */
    j->unit = lo >= -HGI_ROUNDING && hi <= 1 + HGI_ROUNDING &&
              j->feed.model->net.schema == NULL;
done:
    hgi_free(&ctx->mem, x);
    return status;
}

/* Of the first weight behind the code: a code can shrink as this one grows, which is
 * how a penalty on activity is cheated. */
static double decoder_norm(const hg_ctx *ctx, const hg_model *m)
{
    for (int64_t i = m->net.code + 1; i < m->net.count; i++) {
        const hgi_layer *l = &m->net.layer[i];
        const hgi_tensor *t = l->tied != NULL ? &l->tied->tensor[0] : &l->tensor[0];
        if (l->tied == NULL && (l->tensors == 0 || t->role != HGI_WEIGHT)) continue;
        return sqrt(ctx->kernels->sum_squares(t->count, m->theta + t->offset));
    }
    return (double)NAN;
}

/* Units that no row used, and of a codebook how evenly its entries were. */
static void look_at_units(const evaluate_job *j, double *v)
{
    const hgi_net *net = &j->feed.model->net;
    bool codebook = net->layer[net->code].indices > 0;
    double dead = 0, entropy = 0;
    double uses = (double)(j->rows * net->layer[net->code].indices);
    for (int64_t i = 0; i < j->units; i++) {
        int64_t sum = 0;
        for (int w = 0; w < j->workers; w++) sum += j->fired[w * j->units + i];
        dead += sum == 0;
        if (codebook && sum > 0) entropy -= (double)sum / uses * log((double)sum / uses);
    }
    /* A code without a 0 has no unit that could be dead. */
    if (codebook || v[HGI_METRIC_ZEROS] > 0) v[HGI_METRIC_DEAD] = dead / (double)j->units;
    if (codebook) v[HGI_METRIC_PERPLEXITY] = exp(entropy);
}

/* In order. */
static void add_rows(evaluate_job *j)
{
    row_numbers *sum = &j->sum;
    for (int64_t i = 0; i < j->window.n; i++) {
        const row_numbers *r = &j->row[i];
        sum->error.square += r->error.square;
        sum->error.absolute += r->error.absolute;
        sum->error.variance += r->error.variance;
        sum->error.count += r->error.count;
        sum->error.bce += r->error.bce;
        sum->error.bce_floor += r->error.bce_floor;
        sum->recon += r->recon;
        sum->penalty += r->penalty;
        sum->kl += r->kl;
        sum->plain_recon += r->plain_recon;
        sum->constant += r->constant;
        sum->input_square += r->input_square;
        sum->ssim += r->ssim;
        sum->activity += r->activity;
        sum->zeros += r->zeros;
    }
}

/* The loss is -log p of these rows, but for a constant. */
static bool is_likelihood(const evaluate_job *j)
{
    const hgi_loss *loss = j->feed.model->net.loss;
    return loss->likelihood && (!loss->binary || j->binary) &&
           (!loss->counts || j->whole);
}

static void summarise_likelihood(const evaluate_job *j, double *v)
{
    const hg_model *m = j->feed.model;
    const hgi_loss *loss = m->net.loss;
    double rows = (double)j->rows, more = j->sum.constant / rows;
    bool likelihood = is_likelihood(j);
    if (likelihood) v[HGI_METRIC_NLL] = j->sum.plain_recon / rows + more;
    /* Of grey rows, too, because that is what such models are compared by. */
    if (likelihood || loss->kind == HGI_LOSS_BCE_LOGITS)
        v[HGI_METRIC_NEG_ELBO] = j->sum.recon / rows + more + v[HGI_METRIC_KL];
    v[HGI_METRIC_ELBO] = -v[HGI_METRIC_NEG_ELBO];
    if (loss->has_sigma) v[HGI_METRIC_SIGMA] = hgi_net_sigma(&m->net, m->theta);
    if (j->bound == NULL) return;
    v[HGI_METRIC_IWAE] = -j->bound_sum / rows;
    v[HGI_METRIC_IWAE_SAMPLES] = (double)j->iwae;
}

/* Sums over rows to means; docs/metrics.md has the formulas. */
static void summarise(const evaluate_job *j, int64_t clipped, double *v)
{
    const hg_model *m = j->feed.model;
    double rows = (double)j->rows, values = (double)hgi_max(j->sum.error.count, 1);
    const row_numbers sum = j->sum;
    double codes = rows * (double)m->net.code_size;
    v[HGI_METRIC_ROWS] = rows;
    v[HGI_METRIC_RECON] = sum.recon / rows / m->net.recon_divisor;
    v[HGI_METRIC_PENALTY] = sum.penalty / rows;
    if (hgi_net_draws(&m->net)) v[HGI_METRIC_KL] = sum.kl / rows;
    summarise_likelihood(j, v);
    v[HGI_METRIC_LOSS] = v[HGI_METRIC_RECON] + v[HGI_METRIC_PENALTY];
    v[HGI_METRIC_MSE] = sum.error.square / values;
    v[HGI_METRIC_RMSE] = sqrt(v[HGI_METRIC_MSE]);
    v[HGI_METRIC_MAE] = sum.error.absolute / values;
    v[HGI_METRIC_SSE_PER_ROW] = sum.error.square / rows;
    if (j->pair) v[HGI_METRIC_INPUT_MSE] = sum.input_square / values;
    /* Constant data have no variance to explain, and the metric is left out. */
    if (sum.error.variance > 0)
        v[HGI_METRIC_EXPLAINED] = 1 - sum.error.square / sum.error.variance;
    v[HGI_METRIC_ACTIVITY] = sum.activity / codes;
    v[HGI_METRIC_ZEROS] = (double)sum.zeros / codes;
    /* A code without zeros is not sparse, and its L0 would be its size. */
    if (m->net.layer[m->net.code].listed > 0 || sum.zeros > 0)
        v[HGI_METRIC_L0] = (codes - (double)sum.zeros) / rows;
    look_at_units(j, v);
    v[HGI_METRIC_CLIPPED] = (double)clipped;
    /* Cross-entropy and PSNR mean something only for data in [0,1]. */
    if (!j->unit) return;
    /* A bce model's own loss comes from logits and is exact; others'
     * predictions are clipped. */
    v[HGI_METRIC_BCE] =
        m->net.loss->fuses ? sum.plain_recon / values : sum.error.bce / values;
    v[HGI_METRIC_BCE_FLOOR] = sum.error.bce_floor / values;
    v[HGI_METRIC_PSNR] = hgi_psnr(v[HGI_METRIC_MSE]);
    if (j->images) v[HGI_METRIC_SSIM] = sum.ssim / rows;
    if (j->pair) v[HGI_METRIC_INPUT_PSNR] = hgi_psnr(v[HGI_METRIC_INPUT_MSE]);
}

static hg_status make_units(evaluate_job *j)
{
    hg_ctx *ctx = j->feed.ctx;
    const hgi_net *net = &j->feed.model->net;
    const hgi_layer *code = &net->layer[net->code];
    hgi_team *team;
    size_t count;
    HGI_TRY(hgi_ctx_team(ctx, &team));
    j->workers = hgi_team_size(team);
    j->units = code->indices > 0 ? code->entries : net->code_size;
    if (!hgi_mul_size((size_t)j->workers, (size_t)j->units, &count))
        count = SIZE_MAX / 16;
    j->fired = hgi_calloc(&ctx->mem, count, sizeof *j->fired);
    return j->fired != NULL ? HG_OK
                            : hgi_fail_mem(ctx, count * sizeof *j->fired, "unit counts");
}

/* Rows of two dimensions, or of three with the channels last, that hold a whole window. */
static hg_status look_at_images(evaluate_job *j)
{
    hg_ctx *ctx = j->feed.ctx;
    const hgi_shape *in = &j->feed.model->spec.input;
    hgi_team *team;
    for (int i = 0; i < 3; i++) j->dim[i] = i < in->rank ? in->dim[i] : 1;
    j->images = j->unit && in->rank >= 2 && j->dim[0] >= HGI_SSIM_WINDOW &&
                j->dim[1] >= HGI_SSIM_WINDOW;
    if (!j->images) return HG_OK;
    HGI_TRY(hgi_ctx_team(ctx, &team));
    size_t count = (size_t)hgi_team_size(team) * (size_t)hgi_ssim_work(j->dim[1]);
    j->ssim = hgi_calloc(&ctx->mem, count, sizeof *j->ssim);
    return j->ssim != NULL ? HG_OK
                           : hgi_fail_mem(ctx, count * sizeof *j->ssim, "image windows");
}

/* A window through the whole net, looking at the code on the way; a second time, one
 * sample of each row and that the mean, where codes are drawn: errors are those of the mean
 * code.  mean NULL: nothing is drawn. */
static hg_status measure(evaluate_job *j, hgi_infer *r, hgi_infer *mean)
{
    const hg_model *m = j->feed.model;
    j->feed.counts = j->target.counts = true;
    memset(j->row, 0, (size_t)j->window.n * sizeof *j->row);
    r->base = j->window.first;
    hgi_infer_run(r, m->theta, m->state, j->window.n);
    if (mean != NULL) {
        j->feed.counts = j->target.counts = false;
        hgi_infer_run(mean, m->theta, m->state, j->window.n);
    }
    HGI_TRY(check(j));
    add_rows(j);
    return HG_OK;
}

static hg_status run_windows(evaluate_job *j, hgi_infer *r, hgi_infer *mean)
{
    hgi_rows_rewind(&j->window);
    hgi_rows_rewind(&j->target_window);
    do {
        HGI_TRY(move(j));
        if (j->window.n > 0) HGI_TRY(measure(j, r, mean));
    } while (j->window.n > 0);
    return HG_OK;
}

static hg_status run(evaluate_job *j)
{
    const hg_model *m = j->feed.model;
    hg_ctx *ctx = j->feed.ctx;
    hg_status status;
    hgi_infer r, mean;
    hgi_team *team;
    bool draws = hgi_net_draws(&m->net);
    memset(&mean, 0, sizeof mean);
    HGI_TRY(look_at_data(j));
    HGI_TRY(make_units(j));
    HGI_TRY(look_at_images(j));
    HGI_TRY(hgi_ctx_team(ctx, &team));
    size_t losses = (size_t)hgi_team_size(team) * (size_t)hgi_infer_losses(&m->net);
    j->loss = hgi_calloc(&ctx->mem, losses, sizeof *j->loss);
    if (j->loss == NULL)
        return hgi_fail_mem(ctx, losses * sizeof *j->loss, "the rows' losses");
    HGI_TRY(hgi_infer_samples(ctx, &m->net, hgi_net_samples(&m->net), &r));
    if (draws) HGI_GOTO(hgi_infer_new(ctx, &m->net, 0, m->net.count, &mean));
    r.fill = mean.fill = fill;
    r.sink = draws ? objective_sink : sink;
    mean.sink = errors_sink;
    r.arg = mean.arg = j;
    r.classes = mean.classes = j->feed.classes;
    r.sample = draws || m->net.contract_reals > 0;
    r.seed = m->trained.seed;
    status = run_windows(j, &r, draws ? &mean : NULL);
done:
    hgi_infer_free(&r);
    if (draws) hgi_infer_free(&mean);
    return status;
}

/* The clean rows that those of the input are held against. */
static hg_status open_target(hg_ctx *ctx, const hg_model *m, const hg_dataset *input,
                             const hg_dataset *target, evaluate_job *j)
{
    if (target->rows != input->rows)
        return hgi_fail(ctx, HG_ESHAPE, "%s: %lld rows, but %s has %lld: one for each",
                        target->name, (long long)target->rows, input->name,
                        (long long)input->rows);
    HGI_TRY(hgi_rows_open(ctx, target, j->window.room, &j->target_window));
    HGI_TRY(hgi_feed_open(ctx, m, target, HGI_FEED_ROWS, &j->target_window, &j->target));
    j->pair = true;
    return HG_OK;
}

static hg_status make_clean(hg_ctx *ctx, const hg_model *m, evaluate_job *j)
{
    hgi_team *team;
    size_t count = SIZE_MAX / 16;
    if (!has_clean(j)) return HG_OK;
    HGI_TRY(hgi_ctx_team(ctx, &team));
    if (!hgi_mul_size((size_t)hgi_team_size(team) * HGI_INFER_ROWS, (size_t)m->net.inputs,
                      &count))
        count = SIZE_MAX / 16;
    j->clean = hgi_calloc(&ctx->mem, count, sizeof *j->clean);
    return j->clean != NULL ? HG_OK
                            : hgi_fail_mem(ctx, count * sizeof *j->clean, "clean rows");
}

/* Rows that become 0 and 1 are probabilities before; a model's noise goes on what is 0 and
 * 1 already. */
static hg_status check_binarise(hg_ctx *ctx, const evaluate_job *j)
{
    double lo, hi;
    if (j->binarise == HGI_BINARISE_NONE) return HG_OK;
    if (j->pair)
        return hgi_fail(ctx, HG_EINVAL,
                        "binarise draws rows, but noisy and clean ones must stay the "
                        "same rows: set binarise to none");
    HGI_TRY(hgi_scaled_range(ctx, j->data, &j->feed.model->scaler, &lo, &hi));
    if ((lo >= -HGI_ROUNDING && hi <= 1 + HGI_ROUNDING) || j->feed.range.check)
        return HG_OK;
    return hgi_fail(ctx, HG_ERANGE,
                    "%s: binarise takes values for probabilities, in [0,1], found %g to "
                    "%g",
                    j->data->name, lo, hi);
}

static hg_status read_options(hg_ctx *ctx, const hg_model *m,
                              const hg_evaluate_options *o, evaluate_job *j)
{
    int64_t blocks = 16 * hgi_ceil_div(m->net.code_size, 64); /* of philox, a draw */
    j->binarise = m->spec.binarise;
    if (j->pair) j->binarise = HGI_BINARISE_NONE;
    if (o->binarise != NULL && !hgi_binarise_find(o->binarise, &j->binarise))
        return hgi_unknown(ctx, "binarise", o->binarise, NULL, hgi_binarise_words,
                           HGI_BINARISE_THRESHOLD + 1);
    j->iwae = o->iwae;
    if (j->iwae < 0 || j->iwae > UINT32_MAX / blocks)
        return hgi_fail(ctx, HG_ERANGE, "iwae: %lld samples, expected 1 to %lld",
                        (long long)j->iwae, (long long)(UINT32_MAX / blocks));
    if (j->iwae > 0 && !hgi_net_draws(&m->net))
        return hgi_fail(ctx, HG_EINVAL,
                        "iwae: a bound of log p(x) needs a code that is drawn, this one "
                        "is %s",
                        m->net.layer[m->net.code].kind->name);
    return check_binarise(ctx, j);
}

static hg_status check_likelihood(hg_ctx *ctx, const evaluate_job *j)
{
    const hgi_loss *loss = j->feed.model->net.loss;
    if (is_likelihood(j)) return HG_OK;
    return hgi_fail(ctx, HG_EINVAL,
                    loss->counts ? "iwae: %s is a likelihood of whole numbers alone, "
                                   "these rows have others"
                    : loss->likelihood
                        ? "iwae: %s is a likelihood of values 0 and 1 alone, these "
                          "rows have others: set binarise"
                        : "iwae: loss %s is no likelihood (bce, gaussian and "
                          "multinomial are)",
                    loss->name);
}

/* The rows once more, a window at a time; sums [3, latents] and bound_sum grow. */
static hg_status posterior_windows(evaluate_job *j, double *sums)
{
    hg_ctx *ctx = j->feed.ctx;
    const hg_model *m = j->feed.model;
    hgi_rows_rewind(&j->window);
    hgi_rows_rewind(&j->target_window);
    j->feed.counts = j->target.counts = false;
    for (;;) {
        HGI_TRY(move(j));
        if (j->window.n == 0) return HG_OK;
        hgi_measured in = {j->window.n, j->window.first, fill, measured_target,
                           j,           j->feed.classes};
        HGI_TRY(hgi_latents_measure(ctx, m, &in, sums));
        if (j->bound != NULL) HGI_TRY(hgi_iwae_measure(ctx, m, &in, j->iwae, j->bound));
        HGI_TRY(check(j));
        for (int64_t i = 0; j->bound != NULL && i < j->window.n; i++)
            j->bound_sum += j->bound[i];
    }
}

/* KL and activity of each latent, and the bound, once the rows have been looked at. */
static hg_status measure_posterior(evaluate_job *j, hg_metrics *out)
{
    hg_ctx *ctx = j->feed.ctx;
    const hg_model *m = j->feed.model;
    size_t d = (size_t)m->net.code_size, room = (size_t)j->window.room;
    double active = 0;
    if (!hgi_net_draws(&m->net)) return HG_OK;
    if (j->iwae > 0) HGI_TRY(check_likelihood(ctx, j));
    out->kl = hgi_calloc(&ctx->mem, 3 * d, sizeof *out->kl);
    if (out->kl == NULL) return hgi_fail_mem(ctx, 3 * d * sizeof *out->kl, "latents");
    out->variance = out->kl + d;
    out->latents = (int64_t)d;
    if (j->iwae > 0) j->bound = hgi_calloc(&ctx->mem, room, sizeof *j->bound);
    if (j->iwae > 0 && j->bound == NULL)
        return hgi_fail_mem(ctx, room * sizeof *j->bound, "the rows' bounds");
    HGI_TRY(posterior_windows(j, out->kl));
    hgi_latents_finish(j->rows, (int64_t)d, out->kl);
    for (size_t i = 0; i < d; i++) active += out->variance[i] > HGI_ACTIVE;
    out->value[HGI_METRIC_ACTIVE_UNITS] = active;
    return HG_OK;
}

hg_status hg_evaluate(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                      hg_metrics **out)
{
    return hg_evaluate_pair(ctx, m, data, NULL, out);
}

hg_status hg_evaluate_pair(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                           const hg_dataset *target, hg_metrics **out)
{
    hg_evaluate_options o = {.size = sizeof o, .target = target};
    return hg_evaluate_with(ctx, m, data, &o, out);
}

static hg_status measure_all(hg_ctx *ctx, const hg_evaluate_options *o, evaluate_job *j,
                             hg_metrics *metrics)
{
    const hg_model *m = j->feed.model;
    size_t room = (size_t)j->window.room;
    HGI_TRY(hgi_feed_classes(&j->feed, j->data));
    if (o->target != NULL) HGI_TRY(open_target(ctx, m, j->data, o->target, j));
    HGI_TRY(make_clean(ctx, m, j));
    HGI_TRY(read_options(ctx, m, o, j));
    j->row = hgi_calloc(&ctx->mem, room, sizeof *j->row);
    if (j->row == NULL)
        return hgi_fail_mem(ctx, room * sizeof *j->row, "the rows' errors");
    for (int i = 0; i < HGI_METRIC_COUNT; i++) metrics->value[i] = (double)NAN;
    HGI_TRY(run(j));
    return measure_posterior(j, metrics);
}

hg_status hg_evaluate_with(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                           const hg_evaluate_options *o, hg_metrics **out)
{
    evaluate_job j;
    int64_t clipped = 0;
    memset(&j, 0, sizeof j);
    *out = NULL;
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    if (o == NULL || o->size != sizeof *o)
        return hgi_fail(ctx, HG_EINVAL, "hg_evaluate_with: options->size is not set");
    hg_status status = HG_OK;
    hg_metrics *metrics = hgi_calloc(&ctx->mem, 1, sizeof *metrics);
    if (metrics == NULL) return hgi_fail_mem(ctx, sizeof *metrics, "the measures");
    metrics->mem = ctx->mem;
    j.data = data;
    j.rows = data->rows;
    HGI_GOTO(hgi_rows_open(ctx, data, hgi_min(hgi_block_rows(ctx, data), data->rows),
                           &j.window));
    HGI_GOTO(hgi_feed_open(ctx, m, data, HGI_FEED_ROWS, &j.window, &j.feed));
    HGI_GOTO(measure_all(ctx, o, &j, metrics));
done:
    hgi_feed_close(&j.target, status, data->rows, NULL);
    hgi_feed_close(&j.feed, status, data->rows, &clipped);
    hgi_rows_close(&j.target_window);
    hgi_rows_close(&j.window);
    if (status == HG_OK) {
        assert(metrics != NULL);
        summarise(&j, clipped, metrics->value);
        metrics->value[HGI_METRIC_DECODER_NORM] = decoder_norm(ctx, m);
        /* Rows that were changed for the model are not those that PCA would see. */
        if (o->pca && !j.pair && clipped == 0 && j.binarise == HGI_BINARISE_NONE)
            status = hgi_measure_pca(ctx, m, data, o->train, metrics);
    }
    if (status != HG_OK) hg_metrics_free(&metrics);
    *out = metrics;
    hgi_free(&ctx->mem, j.row);
    hgi_free(&ctx->mem, j.fired);
    hgi_free(&ctx->mem, j.mean);
    hgi_free(&ctx->mem, j.seen);
    hgi_free(&ctx->mem, j.clean);
    hgi_free(&ctx->mem, j.loss);
    hgi_free(&ctx->mem, j.bound);
    hgi_free(&ctx->mem, j.ssim);
    return status;
}

int hg_metrics_at(const hg_metrics *metrics, int index, hg_metric *out)
{
    if (metrics == NULL || out == NULL || index < 0) return 0;
    for (int i = 0; i < HGI_METRIC_COUNT; i++) {
        /* What was not measured is not counted: an index has no holes. */
        if (isnan(metrics->value[i]) || index-- > 0) continue;
        const hgi_metric_row *row = &hgi_metric_rows[i];
        *out = (hg_metric){row->name, row->unit, metrics->value[i], row->help};
        return 1;
    }
    return 0;
}

double hg_metrics_get(const hg_metrics *metrics, const char *name)
{
    for (int i = 0; metrics != NULL && i < HGI_METRIC_COUNT; i++)
        if (strcmp(hgi_metric_rows[i].name, name) == 0) return metrics->value[i];
    return (double)NAN;
}

const hg_metrics *hg_metrics_pca(const hg_metrics *metrics)
{
    return metrics != NULL ? metrics->pca : NULL;
}

int64_t hg_metrics_list(const hg_metrics *metrics, const char *name,
                        const double **values)
{
    if (metrics == NULL || metrics->latents == 0) return 0;
    if (strcmp(name, "kl_per_latent") == 0)
        *values = metrics->kl;
    else if (strcmp(name, "mean_variance") == 0)
        *values = metrics->variance;
    else
        return 0;
    return metrics->latents;
}

void hg_metrics_free(hg_metrics **metrics)
{
    if (metrics == NULL || *metrics == NULL) return;
    hgi_mem mem = (*metrics)->mem;
    hg_metrics_free(&(*metrics)->pca);
    hgi_free(&mem, (*metrics)->kl);
    hgi_free(&mem, *metrics);
    *metrics = NULL;
}
