// SPDX-License-Identifier: MIT
/* What do codes know that nobody told them?  A classifier that sees codes alone, by nearest
 * neighbours and by a linear map, beside the same on PCA's codes and on the rows.      */
#include "apply/beside.h"
#include "apply/map.h"
#include "apply/neighbours.h"
#include "model/model.h"
#include "train/logistic.h"

#include <math.h>
#include <string.h>

enum { NEIGHBOURS = 5 };

/* Rows, their labels as classes, and their features under way. */
typedef struct side {
    int64_t n;
    float *x;       /* [n,d] scaled */
    float *z;       /* [n,k] codes, then PCA's */
    int32_t *class; /* [n] */
    hgi_labels labels;
} side;

typedef struct probe {
    hg_ctx *ctx;
    const hg_model *model;
    int64_t d, k, classes;
    side learn, judge;
    hgi_classes known;
    int32_t *predicted; /* [judge.n] */
    int64_t *index;     /* [judge.n, NEIGHBOURS] */
    const hg_probe *caller;
    char what[64]; /* is being done, for the caller's progress */
} probe;

/* ---- labels ------------------------------------------------------------------------- */

/* Labels first, first + step, ... of a list. */
static hg_status pick_labels(hg_ctx *ctx, const hgi_labels *from, int64_t first,
                             int64_t step, side *s)
{
    s->n = hgi_ceil_div(from->count - first, step);
    float *value = hgi_calloc(&ctx->mem, (size_t)s->n, sizeof *value);
    if (value == NULL)
        return hgi_fail_mem(ctx, (size_t)s->n * sizeof *value, "the rows' labels");
    for (int64_t i = 0; i < s->n; i++) value[i] = from->value[first + i * step];
    s->labels = (hgi_labels){from->from, value, s->n, hgi_names_share(from->names)};
    return HG_OK;
}

static hg_status learn_labels(probe *p)
{
    const hgi_labels *l = &p->learn.labels;
    HGI_TRY(hgi_classes_find(p->ctx, l, &p->known));
    p->classes = p->known.count;
    if (p->classes >= 2) return HG_OK;
    return hgi_fail(p->ctx, HG_ERANGE, "%s: all rows have the same label", l->from);
}

static hg_status not_learnt(const probe *p, const side *s, int64_t row, double label)
{
    char number[HGI_NUMBER_MAX];
    const hgi_names *names = s->labels.names;
    hgi_format_float(number, (float)label);
    return hgi_fail(p->ctx, HG_ERANGE,
                    "%s: row %lld: label %.60s, which no row has that was learnt from",
                    s->labels.from, (long long)row + 1,
                    names != NULL ? names->name[(int64_t)label] : number);
}

/* ---- rows --------------------------------------------------------------------------- */

/* Rows first, first + step, ... with their classes and codes. */
static hg_status take(probe *p, side *s, const hg_dataset *data, int64_t first,
                      int64_t step)
{
    hg_ctx *ctx = p->ctx;
    size_t n = (size_t)s->n;
    s->x = hgi_calloc(&ctx->mem, n * (size_t)p->d, sizeof *s->x);
    s->z = hgi_calloc(&ctx->mem, n * (size_t)p->k, sizeof *s->z);
    s->class = hgi_calloc(&ctx->mem, n, sizeof *s->class);
    if (s->x == NULL || s->z == NULL || s->class == NULL)
        return hgi_fail_mem(ctx, n * (size_t)(p->d + p->k) * 4, "rows and codes");
    for (int64_t i = 0; i < s->n; i++) {
        double v = (double)s->labels.value[i];
        int64_t row = first + i * step, at = hgi_classes_match(&p->known, &s->labels, v);
        if (at < 0) return not_learnt(p, s, row, v);
        s->class[i] = (int32_t)at;
        HGI_TRY(hg_dataset_read(ctx, data, row, 1, s->x + i * p->d));
    }
    HGI_TRY(hgi_map_memory(ctx, p->model, HGI_ENCODE, s->x, &s->labels, s->n, s->z));
    hgi_to_scale(&p->model->scaler, s->n, s->x);
    return HG_OK;
}

/* Replace the codes by PCA's, fitted to the rows learnt from. */
static hg_status take_pca(probe *p)
{
    hg_model *pca = NULL;
    HGI_TRY(hgi_pca_beside(p->ctx, p->learn.x, p->learn.n, p->d, 1, p->k, &pca));
    hg_status status = hg_encode(p->ctx, pca, p->learn.x, p->learn.n, p->learn.z);
    if (status == HG_OK)
        status = hg_encode(p->ctx, pca, p->judge.x, p->judge.n, p->judge.z);
    hg_model_free(&pca);
    return status;
}

/* ---- two classifiers ---------------------------------------------------------------- */

static double share_right(const probe *p)
{
    int64_t right = 0;
    for (int64_t i = 0; i < p->judge.n; i++)
        right += p->predicted[i] == p->judge.class[i];
    return (double)right / (double)p->judge.n;
}

/* The class with most votes; on a tie the one whose first voter is nearer. */
static int32_t vote(const probe *p, const int64_t *index, int64_t k)
{
    int64_t best = -1, most = 0;
    for (int64_t i = 0; i < k; i++) {
        int64_t votes = 0;
        for (int64_t j = 0; j < k; j++)
            votes += p->learn.class[index[j]] == p->learn.class[index[i]];
        if (votes <= most) continue;
        most = votes;
        best = i;
    }
    return p->learn.class[index[best]];
}

static int look(void *user, double share)
{
    const probe *p = user;
    return p->caller->on_progress(p->caller->user, p->what, share);
}

static hg_status classify(probe *p, const char *of, int64_t d, const float *learn,
                          const float *judge, double *knn, double *linear)
{
    int64_t k = hgi_min(NEIGHBOURS, p->learn.n);
    const hgi_watch watch = {look, p},
                    *w = p->caller->on_progress != NULL ? &watch : NULL;
    snprintf(p->what, sizeof p->what, "nearest neighbours of %s", of);
    HGI_TRY(
        hgi_neighbours(p->ctx, d, learn, p->learn.n, judge, p->judge.n, k, p->index, w));
    for (int64_t i = 0; i < p->judge.n; i++)
        p->predicted[i] = vote(p, p->index + i * k, k);
    *knn = share_right(p);
    snprintf(p->what, sizeof p->what, "logistic regression on %s", of);
    HGI_TRY(hgi_logistic(p->ctx, d, p->classes, learn, p->learn.class, p->learn.n, judge,
                         p->judge.n, p->predicted, w));
    *linear = share_right(p);
    return HG_OK;
}

static hg_status classify_all(probe *p, hg_probe *out)
{
    p->predicted = hgi_calloc(&p->ctx->mem, (size_t)p->judge.n, sizeof *p->predicted);
    p->index =
        hgi_calloc(&p->ctx->mem, (size_t)p->judge.n * NEIGHBOURS, sizeof *p->index);
    if (p->predicted == NULL || p->index == NULL)
        return hgi_fail_mem(p->ctx, (size_t)p->judge.n * 44, "answers");
    HGI_TRY(classify(p, "codes", p->k, p->learn.z, p->judge.z, &out->knn_code,
                     &out->linear_code));
    HGI_TRY(classify(p, "rows", p->d, p->learn.x, p->judge.x, &out->knn_raw,
                     &out->linear_raw));
    if (p->k >= p->d) return HG_OK; /* PCA with all components is the rows, turned */
    HGI_TRY(take_pca(p));
    return classify(p, "PCA's codes", p->k, p->learn.z, p->judge.z, &out->knn_pca,
                    &out->linear_pca);
}

/* ---- the whole ---------------------------------------------------------------------- */

static hg_status check(hg_ctx *ctx, const hg_model *m, const hg_dataset *train,
                       const hg_dataset *train_labels, const hg_dataset *data,
                       const hg_dataset *labels, const hg_probe *out)
{
    if (out == NULL || out->size != sizeof *out)
        return hgi_fail(ctx, HG_EINVAL, "hg_probe_run: out->size is not set");
    if (m == NULL || data == NULL || labels == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model, rows and labels are needed");
    if ((train == NULL) != (train_labels == NULL))
        return hgi_fail(ctx, HG_EINVAL, "training rows and their labels go together");
    for (int i = 0; i < 2; i++) {
        const hg_dataset *d = i == 0 ? data : train;
        if (d == NULL) continue;
        if (d->features != m->net.inputs) return hgi_feed_wrong(ctx, m, d, m->net.inputs);
        HGI_TRY(hgi_check_labels(ctx, i == 0 ? labels : train_labels, d));
    }
    if (train == NULL && data->rows < 4)
        return hgi_fail(ctx, HG_ESHAPE, "%s: %lld rows, expected at least 4 to halve",
                        data->name, (long long)data->rows);
    return HG_OK;
}

static void release(probe *p)
{
    const hgi_mem *mem = &p->ctx->mem;
    void *all[] = {p->learn.x, p->learn.z,     p->learn.class, p->judge.x,
                   p->judge.z, p->judge.class, p->predicted,   p->index};
    for (int64_t i = 0; i < HGI_COUNT(all); i++) hgi_free(mem, all[i]);
    hgi_labels_free(mem, &p->learn.labels);
    hgi_labels_free(mem, &p->judge.labels);
    hgi_classes_free(mem, &p->known);
}

hg_status hg_probe_run(hg_ctx *ctx, const hg_model *m, const hg_dataset *train,
                       const hg_dataset *train_labels, const hg_dataset *data,
                       const hg_dataset *labels, hg_probe *out)
{
    hg_status status = HG_OK;
    probe p = {.ctx = ctx, .model = m};
    hgi_labels all = {0};
    HGI_TRY(check(ctx, m, train, train_labels, data, labels, out));
    bool halves = train == NULL;
    p.d = m->net.inputs;
    p.k = m->net.code_size;
    const hg_dataset *rows = halves ? data : train;
    const hg_dataset *known = halves ? labels : train_labels;
    *out = (hg_probe){.size = sizeof *out,
                      .knn_pca = (double)NAN,
                      .linear_pca = (double)NAN,
                      .on_progress = out->on_progress,
                      .user = out->user};
    p.caller = out;
    const int64_t step = halves ? 2 : 1;
    HGI_GOTO(hgi_labels_read(ctx, known, &all));
    HGI_GOTO(pick_labels(ctx, &all, 0, step, &p.learn));
    hgi_labels_free(&ctx->mem, &all);
    HGI_GOTO(hgi_labels_read(ctx, labels, &all));
    HGI_GOTO(pick_labels(ctx, &all, step - 1, step, &p.judge));
    HGI_GOTO(learn_labels(&p));
    HGI_GOTO(take(&p, &p.learn, rows, 0, step));
    HGI_GOTO(take(&p, &p.judge, data, step - 1, step));
    out->classes = p.classes;
    out->train_rows = p.learn.n;
    out->rows = p.judge.n;
    HGI_GOTO(classify_all(&p, out));
done:
    hgi_labels_free(&ctx->mem, &all);
    release(&p);
    return status;
}
