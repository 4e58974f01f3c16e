// SPDX-License-Identifier: MIT
/* The detector of a model file: memory, writing, reading.  Nothing read is trusted. */
#include "model/detector.h"

#include "model/model.h"

#include <math.h>
#include <string.h>

/* ---- what a score has learnt ------------------------------------------------------ */

hg_status hgi_score_tensor_new(hg_ctx *ctx, hgi_score_state *s, const char *name,
                               int64_t rows, int64_t columns, double **v)
{
    size_t count = 0;
    assert(s->tensors < HGI_SCORE_TENSORS && rows >= 0 && columns >= 0);
    hgi_score_tensor *t = &s->tensor[s->tensors];
    *t = (hgi_score_tensor){.rank = columns > 0 ? 2 : 1, .dim = {rows, columns}};
    snprintf(t->name, sizeof t->name, "%s", name);
    bool fits = hgi_mul_size((size_t)rows, (size_t)hgi_max(columns, 1), &count);
    *v = t->v =
        fits ? hgi_calloc(&ctx->mem, (size_t)hgi_max((int64_t)count, 1), sizeof *t->v)
             : NULL;
    if (t->v == NULL)
        return hgi_fail_mem(ctx, fits ? count * sizeof *t->v : SIZE_MAX, "a detector");
    s->tensors++;
    return HG_OK;
}

const double *hgi_score_tensor_get(const hgi_score_state *s, const char *name,
                                   int64_t rows, int64_t columns)
{
    for (int i = 0; i < s->tensors; i++) {
        const hgi_score_tensor *t = &s->tensor[i];
        if (strcmp(t->name, name) != 0) continue;
        bool same = t->rank == (columns > 0 ? 2 : 1) && t->dim[0] == rows &&
                    (columns == 0 || t->dim[1] == columns);
        return same ? t->v : NULL;
    }
    return NULL;
}

void hgi_score_state_free(const hgi_mem *mem, hgi_score_state *s)
{
    for (int i = 0; i < s->tensors; i++) hgi_free(mem, s->tensor[i].v);
    *s = (hgi_score_state){.tensors = 0};
}

/* ---- a detector ------------------------------------------------------------------- */

hg_status hgi_detector_new(hg_ctx *ctx, const char *score, int64_t nets,
                           hgi_detector *out)
{
    size_t n = (size_t)nets;
    *out = (hgi_detector){.nets = nets};
    out->score = hgi_strdup(&ctx->mem, score);
    out->state = hgi_calloc(&ctx->mem, n, sizeof *out->state);
    out->net = hgi_calloc(&ctx->mem, n, sizeof *out->net);
    if (out->score != NULL && out->state != NULL && out->net != NULL) return HG_OK;
    hgi_detector_free(&ctx->mem, out);
    return hgi_fail_mem(ctx, n * sizeof *out->state, "a detector");
}

void hgi_detector_free(const hgi_mem *mem, hgi_detector *d)
{
    for (int64_t i = 0; i < d->nets; i++) {
        if (d->state != NULL) hgi_score_state_free(mem, &d->state[i]);
        if (d->net != NULL) hg_model_free(&d->net[i]);
    }
    hgi_free(mem, d->score);
    hgi_free(mem, d->state);
    hgi_free(mem, d->net);
    hgi_free(mem, d->calibration);
    hgi_free(mem, d->gaps);
    hgi_free(mem, d->rule);
    *d = (hgi_detector){0};
}

/* ---- writing ---------------------------------------------------------------------- */

hg_status hgi_detector_put(const hgi_detector *d, hgi_container *c)
{
    char name[64];
    if (d->score == NULL) return HG_OK;
    for (int64_t i = 0; i < d->nets; i++)
        for (int k = 0; k < d->state[i].tensors; k++) {
            const hgi_score_tensor *t = &d->state[i].tensor[k];
            snprintf(name, sizeof name, "detector.%lld.%s", (long long)i, t->name);
            HGI_TRY(hgi_container_put(c, name, HGI_DT_F64, t->rank, t->dim, t->v));
        }
    if (d->tail.rows > 0)
        HGI_TRY(hgi_container_put(c, "detector.tail", HGI_DT_F64, 1,
                                  (int64_t[]){HGI_TAIL_NUMBERS}, &d->tail));
    if (d->beside.components > 0)
        HGI_TRY(hgi_container_put(c, "detector.beside", HGI_DT_F64, 1,
                                  (int64_t[]){HGI_BESIDE_NUMBERS}, &d->beside));
    if (d->gap_levels > 0)
        HGI_TRY(hgi_container_put(c, "detector.gaps", HGI_DT_F64, 2,
                                  (int64_t[]){d->gap_levels, HGI_GAP_NUMBERS}, d->gaps));
    const int64_t all = d->calibrated + d->trimmed;
    return hgi_container_put(c, "detector.calibration", HGI_DT_F64, 1, &all,
                             d->calibration);
}

/* ---- reading ---------------------------------------------------------------------- */

static hg_status refuse(hg_ctx *ctx, const hgi_container *c, const char *tensor,
                        const char *expected)
{
    return hgi_fail(ctx, HG_EFORMAT, "%s: detector: '%s' is not %s",
                    hgi_container_path(c), tensor, expected);
}

static hg_status get_calibration(hg_ctx *ctx, const hgi_container *c, hgi_detector *d)
{
    static const char name[] = "detector.calibration";
    const hgi_entry *e = hgi_container_get(c, name);
    if (e == NULL || e->dtype != HGI_DT_F64 || e->rank != 1 || e->count < 1)
        return refuse(ctx, c, name, "there as a list of doubles");
    const double *v = e->data;
    for (int64_t i = 0; i < e->count; i++)
        if (!isfinite(v[i]) || (i > 0 && v[i] < v[i - 1]))
            return refuse(ctx, c, name, "finite numbers in ascending order");
    d->calibration = hgi_calloc(&ctx->mem, (size_t)e->count, sizeof *d->calibration);
    if (d->calibration == NULL)
        return hgi_fail_mem(ctx, (size_t)e->count * sizeof *d->calibration, "scores");
    memcpy(d->calibration, v, (size_t)e->count * sizeof *v);
    if (d->trimmed < 0 || d->trimmed >= e->count)
        return refuse(ctx, c, name, "more than 'trimmed'");
    d->calibrated = e->count - d->trimmed;
    return HG_OK;
}

static hg_status get_tail(hg_ctx *ctx, const hgi_container *c, hgi_detector *d)
{
    static const char name[] = "detector.tail";
    const int64_t n = HGI_TAIL_NUMBERS;
    const void *data;
    if (hgi_container_get(c, name) == NULL) return HG_OK;
    HGI_TRY(hgi_container_need(c, name, HGI_DT_F64, 1, &n, &data));
    const double *v = data;
    bool sane = isfinite(v[0]) && fabs(v[1]) <= 1 && v[2] > 0 && isfinite(v[2]) &&
                v[3] > 0 && v[3] <= 1 && v[4] >= 1 && v[4] <= (double)d->calibrated;
    if (!sane)
        return refuse(ctx, c, name,
                      "where it starts, a shape from -1 to 1, a scale above 0, a share "
                      "from 0 to 1 and as many rows");
    memcpy(&d->tail, v, sizeof d->tail);
    return HG_OK;
}

static hg_status get_beside(hg_ctx *ctx, const hgi_container *c, hgi_detector *d)
{
    static const char name[] = "detector.beside";
    const int64_t n = HGI_BESIDE_NUMBERS;
    const void *data;
    if (hgi_container_get(c, name) == NULL) return HG_OK;
    HGI_TRY(hgi_container_need(c, name, HGI_DT_F64, 1, &n, &data));
    const hgi_beside *b = data;
    bool sane = b->components >= 1 && b->components <= 1e9 && b->auc >= 0 &&
                b->auc <= 1 && b->pca_auc >= 0 && b->pca_auc <= 1 && b->low >= -1 &&
                b->low <= b->high && b->high <= 1 && b->error >= -1 &&
                isfinite(b->error) && b->pca_error >= -1 && isfinite(b->pca_error);
    if (!sane)
        return refuse(ctx, c, name,
                      "components, two areas, an interval of their difference and two "
                      "errors");
    d->beside = *b;
    return HG_OK;
}

/* Missing values ascend from level to level, quantiles within one. */
static hg_status get_gaps(hg_ctx *ctx, const hgi_container *c, hgi_detector *d)
{
    static const char name[] = "detector.gaps";
    const hgi_entry *e = hgi_container_get(c, name);
    const int64_t wide = HGI_GAP_NUMBERS;
    if (e == NULL) return HG_OK;
    bool sane = e->dtype == HGI_DT_F64 && e->rank == 2 && e->shape[0] >= 2 &&
                e->shape[0] <= 1000 && e->shape[1] == wide;
    const double *v = e->data;
    for (int64_t i = 0; sane && i < e->count; i++)
        sane = isfinite(v[i]) && (i % wide < 2 || v[i] >= v[i - 1]);
    for (int64_t i = wide; sane && i < e->count; i += wide) sane = v[i] > v[i - wide];
    if (!sane)
        return refuse(ctx, c, name, "a list of levels with numbers that ascend in each");
    d->gaps = hgi_calloc(&ctx->mem, (size_t)e->count, sizeof *v);
    if (d->gaps == NULL) return hgi_fail_mem(ctx, (size_t)e->count * sizeof *v, "gaps");
    memcpy(d->gaps, v, (size_t)e->count * sizeof *v);
    d->gap_levels = e->shape[0];
    return HG_OK;
}

/* Tensors of the detector itself. */
static bool is_own(const char *name)
{
    static const char *const own[] = {"calibration", "tail", "gaps", "beside"};
    for (int i = 0; i < HGI_COUNT(own); i++)
        if (strcmp(name, own[i]) == 0) return true;
    return false;
}

/* "detector.3.spread": net 3, "spread". */
static bool split_name(const char *name, int64_t nets, int64_t *net, const char **rest)
{
    const char *dot = strchr(name, '.');
    return dot != NULL && hgi_parse_int(name, (size_t)(dot - name), net) && *net >= 0 &&
           *net < nets && (*rest = dot + 1, **rest != '\0') && strchr(*rest, '.') == NULL;
}

static hg_status get_state(hg_ctx *ctx, const hgi_container *c, const hgi_entry *e,
                           hgi_detector *d)
{
    const char *rest = NULL;
    int64_t net = 0;
    double *v;
    if (!split_name(e->name + strlen("detector."), d->nets, &net, &rest) ||
        strlen(rest) >= sizeof d->state->tensor[0].name)
        return refuse(ctx, c, e->name, "known: it belongs to no net of the detector");
    hgi_score_state *s = &d->state[net];
    if (s->tensors == HGI_SCORE_TENSORS || e->dtype != HGI_DT_F64 || e->rank < 1 ||
        e->rank > HGI_SCORE_RANK || (e->rank == 2 && e->shape[1] < 1))
        return refuse(ctx, c, e->name, "one of a few lists or matrices of doubles");
    /* As many bytes as the file has: no more is asked for than was read. */
    HGI_TRY(hgi_score_tensor_new(ctx, s, rest, e->shape[0],
                                 e->rank == 2 ? e->shape[1] : 0, &v));
    memcpy(v, e->data, (size_t)e->count * sizeof *v);
    for (int64_t i = 0; i < e->count; i++)
        if (!isfinite(v[i])) return refuse(ctx, c, e->name, "finite numbers");
    return HG_OK;
}

hg_status hgi_detector_get(hg_ctx *ctx, const hgi_container *c, hgi_detector *d)
{
    for (int64_t i = 0; i < hgi_container_count(c); i++) {
        const hgi_entry *e = hgi_container_at(c, i);
        if (strncmp(e->name, "detector.", 9) != 0) continue;
        if (d->score == NULL)
            return hgi_fail(ctx, HG_EFORMAT, "%s: tensor '%s' belongs to no detector",
                            hgi_container_path(c), e->name);
        if (!is_own(e->name + 9)) HGI_TRY(get_state(ctx, c, e, d));
    }
    if (d->score == NULL) return HG_OK;
    HGI_TRY(get_calibration(ctx, c, d));
    HGI_TRY(get_gaps(ctx, c, d));
    HGI_TRY(get_beside(ctx, c, d));
    return get_tail(ctx, c, d);
}
