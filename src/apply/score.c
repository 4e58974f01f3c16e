// SPDX-License-Identifier: MIT
/* Rows to anomaly scores: each net of the detector over a window of rows, chunk by chunk on
 * all threads.  A chunk's scores follow from its rows alone. */
#include "apply/score.h"

#include "apply/gaps.h"

#include "base/team.h"
#include "model/line.h"
#include "model/table.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* The first is the default. */
#define SCORES(X)                                                                        \
    X(joint)                                                                             \
    X(residual)                                                                          \
    X(mahalanobis)                                                                       \
    X(neighbours)                                                                        \
    X(probability)                                                                       \
    X(combined)                                                                          \
    X(image)
#define SCORE(name) extern const hgi_score_kind hgi_score_##name;
SCORES(SCORE)
#undef SCORE
#define SCORE(name) &hgi_score_##name,
const hgi_score_kind *const hgi_score_kinds[] = {SCORES(SCORE) NULL};
#undef SCORE

enum { KINDS = HGI_COUNT(hgi_score_kinds) - 1 };

hg_status hgi_score_find(hg_ctx *ctx, const char *name, const hgi_score_kind **out)
{
    const char *names[KINDS];
    for (int i = 0; i < KINDS; i++) {
        *out = hgi_score_kinds[i];
        names[i] = (*out)->name;
        if (strcmp(names[i], name) == 0) return HG_OK;
    }
    return hgi_unknown(ctx, "score", name, NULL, names, KINDS);
}

int64_t hgi_score_columns(const hg_model *m) { return hgi_model_raw(m); }

/* A reconstruction beyond floats is as far off as can be, and not a gap. */
void hgi_score_errors(const hg_model *m, int64_t n, int64_t samples, const hgi_real *x,
                      const hgi_real *y, hgi_real *r)
{
    const int64_t d = m->net.inputs, c = hgi_score_columns(m);
    for (int64_t i = 0; i < n * samples; i++, y += d, r += c) {
        const hgi_real *row = x + i / samples * d;
        if (m->net.schema != NULL) hgi_table_errors(&m->net, 1, row, y, r);
        for (int64_t j = 0; m->net.schema == NULL && j < d; j++) {
            r[j] = row[j] - y[j];
            if (isnan(r[j]) && !isnan(row[j])) r[j] = (hgi_real)HUGE_VAL;
        }
    }
}

hgi_score_rows hgi_score_sizes(const hgi_score_kind *kind, const hg_model *m)
{
    const hgi_shape *row = &m->net.input;
    const bool image = row->rank > 1 && m->series == NULL;
    return (hgi_score_rows){.n = HGI_INFER_ROWS,
                            .d = m->net.inputs,
                            .k = m->net.code_size,
                            .c = hgi_score_columns(m),
                            .height = image ? row->dim[0] : 0,
                            .width = image ? row->dim[1] : 0,
                            .samples = hgi_max(1, kind->samples),
                            .loss = m->net.loss,
                            .schema = m->net.schema};
}

hg_status hgi_score_prepare(hg_ctx *ctx, const hgi_score_kind *kind,
                            const hgi_score_state *s, const hgi_score_rows *rows,
                            void **out)
{
    *out = NULL;
    return kind->prepare != NULL ? kind->prepare(ctx, s, rows, out) : HG_OK;
}

void hgi_score_release(const hgi_mem *mem, const hgi_score_kind *kind, void *prepared)
{
    if (kind->release != NULL)
        kind->release(mem, prepared);
    else
        hgi_free(mem, prepared);
}

static hg_status no_images(hg_ctx *ctx, const hgi_score_kind *kind, const char *what)
{
    return hgi_fail(ctx, HG_EINVAL,
                    "score %s is of images, these are %s: give pictures, say the shape "
                    "(--shape 28x28), or take another score",
                    kind->name, what);
}

hg_status hgi_score_suits(hg_ctx *ctx, const hgi_score_kind *kind, const hg_dataset *data)
{
    if (!kind->images) return HG_OK;
    if (data->series != NULL) return no_images(ctx, kind, "windows of a series");
    if (data->rank > 1) return HG_OK;
    return no_images(ctx, kind, "rows without a height and width");
}

hg_status hgi_score_fits(hg_ctx *ctx, const hgi_score_kind *kind, const hg_model *m)
{
    const hgi_layer *code = &m->net.layer[m->net.code];
    if (kind->images && hgi_score_sizes(kind, m).height == 0)
        return no_images(ctx, kind,
                         m->series != NULL ? "windows of a series"
                                           : "rows without a height and width");
    if (kind->samples == 0 || code->kind->posterior != NULL) return HG_OK;
    return hgi_fail(ctx, HG_EINVAL,
                    "score %s wants a code that is drawn, this one is %s: train with "
                    "code-kind variational",
                    kind->name, code->kind->name);
}

double hgi_score_settle(double sum, int64_t nets)
{
    double mean = sum / (double)nets;
    if (!(mean <= HGI_SCORE_MOST)) return HGI_SCORE_MOST; /* also of NaN */
    return mean < -HGI_SCORE_MOST ? -HGI_SCORE_MOST : (double)(float)mean;
}

hg_status hgi_score_open(hg_ctx *ctx, const hg_model *m, const hgi_score_kind **out)
{
    const hgi_detector *d = &m->detector;
    if (d->score == NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "the model has no detector: train one with a score (--preset "
                        "anomaly, or --score WORD)");
    HGI_TRY(hgi_score_find(ctx, d->score, out));
    HGI_TRY(hgi_score_fits(ctx, *out, m));
    const hgi_score_rows sizes = hgi_score_sizes(*out, m);
    for (int64_t i = 0; i < d->nets; i++) {
        const char *wrong = (*out)->check(&d->state[i], &sizes);
        if (wrong != NULL)
            return hgi_fail(ctx, HG_EFORMAT, "detector: net %lld, score %s: %s",
                            (long long)i, (*out)->name, wrong);
    }
    return HG_OK;
}

/* ---- a net over rows -------------------------------------------------------------- */

/* Rows of a table as their loss compares with them: gaps are known there. */
static hgi_real *target_of(const hgi_score_pass *p, int worker)
{
    return p->target + (int64_t)worker * HGI_INFER_ROWS * p->feed.model->net.inputs;
}

static void fill(void *arg, int64_t first, int64_t n, hgi_real *x, int worker)
{
    hgi_score_pass *p = arg;
    hgi_feed_fill(&p->feed, first, n, x, worker);
    if (p->target != NULL)
        hgi_feed_targets(&p->feed, first, n, target_of(p, worker), worker);
}

static void sink(void *arg, const hgi_chunk *c)
{
    hgi_score_pass *p = arg;
    const hg_model *m = p->feed.model;
    hgi_real *r = p->r + (int64_t)c->worker * p->each;
    const hgi_real *target = p->target != NULL ? target_of(p, c->worker) : c->x;
    hgi_predict(&m->net, p->feed.ctx->kernels, c->n, p->samples, c->x, c->y);
    hgi_score_errors(m, c->n, p->samples, target, c->y, r);
    hgi_score_rows rows = hgi_score_sizes(p->kind, m);
    rows.kernels = p->feed.ctx->kernels;
    rows.n = c->n;
    rows.prepared = p->prepared;
    rows.x = c->x;
    rows.z = c->z;
    rows.y = c->y;
    rows.r = r;
    p->take(p->arg, &rows, c->first, c->worker);
}

hg_status hgi_score_pass_open(hg_ctx *ctx, const hg_model *m, const hg_dataset *like,
                              const hgi_rows *window, const hgi_score_kind *kind,
                              bool quiet, hgi_score_pass *p)
{
    hg_status status;
    size_t count;
    memset(p, 0, sizeof *p);
    HGI_GOTO(hgi_feed_open(ctx, m, like, HGI_FEED_ROWS, window, &p->feed));
    p->feed.counts = !quiet;
    HGI_GOTO(hgi_feed_classes(&p->feed, like));
    p->kind = kind;
    p->samples = hgi_max(1, kind->samples);
    HGI_GOTO(hgi_infer_samples(ctx, &m->net, p->samples, &p->infer));
    p->infer.sample = p->infer.alike = kind->samples > 0;
    p->infer.seed = HGI_SCORE_SEED;
    p->infer.classes = p->feed.classes;
    p->infer.fill = fill;
    p->infer.sink = sink;
    p->infer.arg = p;
    p->c = hgi_score_columns(m);
    p->each = p->infer.chunk * p->samples * p->c;
    count = (size_t)p->infer.workers * (size_t)p->each;
    p->r = hgi_alloc(&ctx->mem, count * sizeof *p->r);
    if (p->r == NULL) HGI_GOTO(hgi_fail_mem(ctx, count * sizeof *p->r, "errors"));
    if (m->net.schema == NULL) goto done;
    count = (size_t)p->infer.workers * HGI_INFER_ROWS * (size_t)m->net.inputs;
    p->target = hgi_alloc(&ctx->mem, count * sizeof *p->target);
    if (p->target == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, count * sizeof *p->target, "rows of a table"));
done:
    if (status != HG_OK) hgi_score_pass_close(p, status, 0);
    return status;
}

hg_status hgi_score_pass_run(hgi_score_pass *p)
{
    const hg_model *m = p->feed.model;
    p->infer.base = p->feed.window->first;
    HGI_TRY(hgi_feed_labelled(&p->feed));
    hgi_infer_run(&p->infer, m->theta, m->state, p->feed.window->n);
    return hgi_feed_check(&p->feed);
}

void hgi_score_pass_close(hgi_score_pass *p, hg_status status, int64_t rows)
{
    hg_ctx *ctx = p->feed.ctx;
    if (ctx == NULL) return; /* never opened */
    if (p->infer.ctx != NULL) hgi_infer_free(&p->infer);
    hgi_free(&ctx->mem, p->r);
    hgi_free(&ctx->mem, p->target);
    hgi_feed_close(&p->feed, status, rows, NULL);
}

/* ---- all nets --------------------------------------------------------------------- */

typedef struct hgi_scoring_net {
    hgi_score_pass pass;
    hgi_scoring *scoring;
    const hgi_score_state *state;
    void *prepared;
    bool first; /* of the nets: sets where others add */
} hgi_scoring_net;

static void take(void *arg, const hgi_score_rows *rows, int64_t at, int worker)
{
    hgi_scoring_net *net = arg;
    hgi_scoring *s = net->scoring;
    double score[HGI_INFER_ROWS], *out = s->out + at;
    s->kind->score(net->state, rows, s->scratch + worker * s->each, score);
    for (int64_t i = 0; i < rows->n; i++) out[i] = (net->first ? 0 : out[i]) + score[i];
}

static int64_t scratch_of(const hgi_score_kind *kind, const hgi_score_state *state,
                          const hg_model *m)
{
    const hgi_score_rows rows = hgi_score_sizes(kind, m);
    return kind->scratch != NULL ? kind->scratch(state, &rows) : 0;
}

hg_status hgi_scoring_open(hg_ctx *ctx, const hg_model *m, const hg_dataset *like,
                           const hgi_rows *window, hgi_scoring *s)
{
    hg_status status;
    const hgi_detector *d = &m->detector;
    *s = (hgi_scoring){.ctx = ctx, .model = m};
    HGI_GOTO(hgi_score_open(ctx, m, &s->kind));
    s->net = hgi_calloc(&ctx->mem, (size_t)d->nets, sizeof *s->net);
    if (s->net == NULL) HGI_GOTO(hgi_fail_mem(ctx, sizeof *s->net, "a detector's nets"));
    s->each = 1;
    for (int64_t i = 0; i < d->nets; i++) {
        const hg_model *net = i == 0 ? m : d->net[i];
        hgi_scoring_net *n = &s->net[i];
        HGI_GOTO(hgi_score_pass_open(ctx, net, like, window, s->kind, i > 0, &n->pass));
        s->nets++;
        n->pass.take = take;
        n->pass.arg = n;
        n->scoring = s;
        n->state = &d->state[i];
        n->first = i == 0;
        const hgi_score_rows sizes = hgi_score_sizes(s->kind, net);
        HGI_GOTO(hgi_score_prepare(ctx, s->kind, n->state, &sizes, &n->prepared));
        n->pass.prepared = n->prepared;
        s->each = hgi_max(s->each, scratch_of(s->kind, n->state, net));
    }
    size_t count = (size_t)s->net[0].pass.infer.workers * (size_t)s->each;
    s->scratch = hgi_calloc(&ctx->mem, count, sizeof *s->scratch);
    if (s->scratch == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, count * sizeof *s->scratch, "scores"));
    if (d->gap_levels == 0) goto done;
    s->raw = hgi_alloc(&ctx->mem, (size_t)like->features * sizeof *s->raw);
    if (s->raw == NULL) HGI_GOTO(hgi_fail_mem(ctx, (size_t)like->features * 4, "a row"));
done:
    if (status != HG_OK) hgi_scoring_close(s, status, 0);
    return status;
}

hg_status hgi_scoring_window(hgi_scoring *s, int64_t n, double *score)
{
    s->out = score;
    for (int64_t i = 0; i < s->nets; i++) HGI_TRY(hgi_score_pass_run(&s->net[i].pass));
    for (int64_t i = 0; i < n; i++) score[i] = hgi_score_settle(score[i], s->nets);
    if (s->raw == NULL) return HG_OK;
    const hgi_rows *w = s->net[0].pass.feed.window;
    const int64_t c = w->rows->features;
    for (int64_t i = 0; i < n; i++) {
        hgi_dataset_row(w->rows, w->at + i, s->raw);
        score[i] =
            hgi_gaps_adjust(&s->model->detector, score[i], hgi_gaps_count(s->raw, c));
    }
    return HG_OK;
}

void hgi_scoring_close(hgi_scoring *s, hg_status status, int64_t rows)
{
    if (s->ctx == NULL) return;
    for (int64_t i = 0; i < s->nets; i++) {
        hgi_score_pass_close(&s->net[i].pass, status, rows);
        hgi_score_release(&s->ctx->mem, s->kind, s->net[i].prepared);
    }
    hgi_free(&s->ctx->mem, s->net);
    hgi_free(&s->ctx->mem, s->scratch);
    hgi_free(&s->ctx->mem, s->raw);
    s->ctx = NULL;
}

hg_status hgi_score_all(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                        double *score)
{
    hg_status status;
    hgi_rows w;
    hgi_scoring s = {.ctx = NULL};
    HGI_TRY(hgi_rows_open(ctx, data, 0, &w));
    HGI_GOTO(hgi_scoring_open(ctx, m, data, &w, &s));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0) {
        HGI_GOTO(hgi_scoring_window(&s, w.n, score + w.first));
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
done:
    hgi_scoring_close(&s, status, data->rows);
    hgi_rows_close(&w);
    return status;
}

/* ---- public ----------------------------------------------------------------------- */

hg_status hg_score_dataset(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                           double *score)
{
    if (m == NULL || data == NULL || score == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model, data and room for scores are needed");
    return hgi_score_all(ctx, m, data, score);
}

hg_status hg_score(hg_ctx *ctx, const hg_model *m, const float *x, int64_t n,
                   double *score)
{
    hg_dataset *d;
    if (m == NULL || x == NULL || score == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and two buffers are needed");
    if (n < 1)
        return hgi_fail(ctx, HG_ESHAPE, "%lld rows, expected at least 1", (long long)n);
    hg_view view = {.size = sizeof view,
                    .data = x,
                    .type = HG_F32,
                    .rows = n,
                    .rank = 1,
                    .shape = {hgi_model_raw(m)},
                    .schema = m->scaler.schema};
    HGI_TRY(hg_dataset_view(ctx, &view, &d));
    hg_status status = hgi_score_all(ctx, m, d, score);
    hg_dataset_free(&d);
    return status;
}
