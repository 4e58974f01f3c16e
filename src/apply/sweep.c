// SPDX-License-Identifier: MIT
/* A sweep: one training for each combination of settings, all on the same rows, and the
 * error of each on rows kept apart, beside PCA with as many numbers.
 *
 * Code size, depth, widths and loss are the four choices that every autoencoder needs; an
 * error against the code size shows where more numbers stop helping.  Every combination is
 * tried out before the first one trains, so that a wrong word is found now and not in an
 * hour.                                                                                */
#include "apply/sweep.h"

#include "apply/doctor.h"
#include "train/trainer.h"

#include <math.h>
#include <string.h>

/* ---- the combinations -------------------------------------------------------------- */

/* The settings of point `index`, the last axis changing fastest. */
static void pick(const hg_sweep *s, int64_t index, int64_t *value)
{
    for (int64_t a = s->axes - 1; a >= 0; a--) {
        value[a] = index % s->axis[a].count;
        index /= s->axis[a].count;
    }
}

static hg_status settings_of(hg_sweep *s, int64_t index, hgi_sweep_point *p)
{
    hgi_text text;
    hgi_text_init(&text, &s->mem);
    pick(s, index, p->value);
    for (int64_t a = 0; a < s->axes; a++)
        hgi_text_add(&text, "%s%s=%s", a > 0 ? " " : "", s->axis[a].name,
                     s->axis[a].value[p->value[a]]);
    p->settings = text.s;
    if (hgi_text_ok(&text)) return HG_OK;
    hgi_text_free(&text);
    p->settings = NULL;
    return HG_ENOMEM;
}

static hg_status config_of(const hg_sweep *s, const hgi_sweep_point *p,
                           const hg_config *base, hg_config **out)
{
    HGI_TRY(hgi_config_copy(base, out));
    for (int64_t a = 0; a < s->axes; a++) {
        hg_status status =
            hg_config_set(*out, s->axis[a].name, s->axis[a].value[p->value[a]]);
        if (status == HG_OK) continue;
        hg_config_free(out);
        return status;
    }
    return HG_OK;
}

/* Plan each combination without training it, and note its sizes. */
static hg_status try_out(hg_ctx *ctx, hg_sweep *s, const hg_config *cfg,
                         const hg_dataset *train, const hg_dataset *valid)
{
    for (int64_t i = 0; i < s->points; i++) {
        hg_config *own = NULL;
        hg_model *m = NULL;
        char why[HG_MESSAGE_MAX / 2];
        hgi_sweep_point *p = &s->point[i];
        if (settings_of(s, i, p) != HG_OK) return hgi_fail_mem(ctx, 64, "a sweep");
        hg_status status = config_of(s, p, cfg, &own);
        if (status == HG_OK) status = hg_train_dry_run(ctx, own, train, valid, &m);
        hg_config_free(&own);
        if (status != HG_OK) {
            snprintf(why, sizeof why, "%s", hg_message(ctx));
            return hgi_fail(ctx, status, "%.200s: %s", p->settings, why);
        }
        p->result.code = m->net.code_size;
        p->result.parameters = m->net.params;
        hg_model_free(&m);
    }
    return HG_OK;
}

/* ---- PCA beside them ---------------------------------------------------------------- */

/* Components of a PCA are nested: what fewer of them leave is what all leave and the
 * squares of the scores that are missing.  So one fit at the largest code serves all. */
static hg_status add_pca(hg_ctx *ctx, hg_sweep *s, const hg_model *pca,
                         const hg_dataset *valid)
{
    hg_status status = HG_OK;
    hg_metrics *metrics = NULL;
    hg_dataset *codes = NULL;
    int64_t k = pca->net.code_size;
    float *row = NULL;
    double *square = hgi_calloc(&ctx->mem, (size_t)k + 1, sizeof *square);
    row = hgi_calloc(&ctx->mem, (size_t)k, sizeof *row);
    if (square == NULL || row == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)k * 12, "components"));
    HGI_GOTO(hg_evaluate(ctx, pca, valid, &metrics));
    HGI_GOTO(hg_encode_dataset(ctx, pca, valid, &codes));
    for (int64_t r = 0; r < hg_dataset_rows(codes); r++) {
        HGI_GOTO(hg_dataset_read(ctx, codes, r, 1, row));
        for (int64_t i = 0; i < k; i++) square[i] += (double)row[i] * (double)row[i];
    }
    /* From the last to the first: what is left without component i and those after. */
    square[k] = hg_metrics_get(metrics, "mse");
    for (int64_t i = k - 1; i >= 0; i--)
        square[i] = square[i + 1] +
                    square[i] / (double)hg_dataset_rows(codes) / (double)pca->net.inputs;
    for (int64_t i = 0; i < s->points; i++)
        if (s->point[i].result.code <= k)
            s->point[i].result.pca_mse = square[s->point[i].result.code];
done:
    hg_metrics_free(&metrics);
    hg_dataset_free(&codes);
    hgi_free(&ctx->mem, square);
    hgi_free(&ctx->mem, row);
    return status;
}

static hg_status fit_pca(hg_ctx *ctx, hg_sweep *s, const hg_config *cfg,
                         const hg_dataset *train, const hg_dataset *valid)
{
    hg_status status = HG_OK;
    hg_config *own = NULL;
    hg_model *pca = NULL;
    int64_t k = 0, most = hg_dataset_features(train);
    char text[24];
    /* Errors are of scaled rows: with several scales there is no one PCA. */
    for (int64_t a = 0; a < s->axes; a++)
        if (strcmp(s->axis[a].name, "scale") == 0) return HG_OK;
    for (int64_t i = 0; i < s->points; i++)
        if (s->point[i].result.code <= most) k = hgi_max(k, s->point[i].result.code);
    if (k == 0) return HG_OK;
    snprintf(text, sizeof text, "%lld", (long long)k);
    HGI_GOTO(hgi_config_copy(cfg, &own));
    HGI_GOTO(hg_config_set(own, "code", text));
    HGI_GOTO(hg_pca(ctx, own, train, NULL, &pca));
    HGI_GOTO(add_pca(ctx, s, pca, valid));
done:
    hg_config_free(&own);
    hg_model_free(&pca);
    return status;
}

/* ---- training them ------------------------------------------------------------------ */

static hg_status measure(hg_ctx *ctx, hg_sweep_point *p, const hg_model *m,
                         const hg_dataset *valid)
{
    hg_metrics *metrics;
    hg_epoch e = {.size = sizeof e};
    HGI_TRY(hg_evaluate(ctx, m, valid, &metrics));
    p->mse = hg_metrics_get(metrics, "mse");
    p->sse_per_row = hg_metrics_get(metrics, "sse_per_row");
    p->bce = hg_metrics_get(metrics, "bce");
    p->loss = hg_metrics_get(metrics, "loss");
    hg_metrics_free(&metrics);
    for (int64_t i = 0; hg_model_history(m, i, &e); i++) p->train_loss = e.loss;
    /* Two epochs say something already, where the doctor would wait. */
    p->late_gain = hgi_late_gain(m, 2);
    return HG_OK;
}

/* Whoever knows the key knows the result: same bits. */
static hg_status find_key(hg_ctx *ctx, const hg_config *cfg, const hgi_sweep_rows *rows,
                          uint64_t *out)
{
    hgi_text text;
    hgi_text_init(&text, &ctx->mem);
    hg_status status = hgi_config_print(cfg, &text);
    if (status == HG_OK) {
        *out = hgi_hash(HGI_HASH_INIT, text.s, text.len);
        *out = hgi_hash(*out, rows->hash, sizeof rows->hash);
    }
    hgi_text_free(&text);
    return status;
}

static void note_best(hg_sweep *s, int64_t i)
{
    hg_sweep_point *p = &s->point[i].result;
    p->best = !isnan(p->mse) && !(p->mse >= s->best);
    if (p->best) s->best = p->mse;
    s->done = i + 1;
}

/* Was this training made before? */
static bool ask_known(hg_sweep *s, int64_t i, const hg_sweep_callbacks *cb)
{
    hg_sweep_point *to = &s->point[i].result, seen = {.size = sizeof seen};
    if (cb == NULL || cb->known == NULL) return false;
    seen = *to;
    seen.size = sizeof seen;
    seen.index = i;
    seen.points = s->points;
    seen.settings = s->point[i].settings;
    if (cb->known(cb->user, &seen) == 0) return false;
    to->mse = seen.mse;
    to->sse_per_row = seen.sse_per_row;
    to->bce = seen.bce;
    to->loss = seen.loss;
    to->train_loss = seen.train_loss;
    to->seconds = seen.seconds;
    to->late_gain = seen.late_gain;
    note_best(s, i);
    return true;
}

/* One that diverges is a result, too: its numbers stay NaN and the others go on. */
static hg_status run_point(hg_ctx *ctx, hg_sweep *s, int64_t i, const hg_config *cfg,
                           const hgi_sweep_rows *rows, const hg_sweep_callbacks *cb)
{
    hgi_sweep_point *p = &s->point[i];
    hg_config *own;
    hg_model *m = NULL;
    double start = hgi_now();
    HGI_TRY(config_of(s, p, cfg, &own));
    hg_status keyed = find_key(ctx, own, rows, &p->result.key);
    if (keyed != HG_OK || ask_known(s, i, cb)) {
        hg_config_free(&own);
        return keyed;
    }
    hg_status status = hgi_train(ctx, own, rows->train, rows->valid,
                                 cb != NULL ? cb->training : NULL, &m);
    hg_config_free(&own);
    p->result.seconds = hgi_now() - start;
    if (status == HG_EDIVERGED) {
        hg_model_free(&m);
        p->note = hgi_strdup(&s->mem, hg_message(ctx));
        if (p->note == NULL) return hgi_fail_mem(ctx, 64, "a sweep");
        status = HG_OK;
    } else if (status == HG_OK) {
        status = measure(ctx, &p->result, m, rows->valid);
    }
    if (status == HG_OK) {
        note_best(s, i);
        hg_sweep_point seen = {.size = sizeof seen};
        hg_sweep_at(s, i, &seen);
        if (cb != NULL && cb->on_point != NULL && cb->on_point(cb->user, &seen, m) != 0)
            status = hgi_fail(ctx, HG_ECANCELED, "stopped after %lld of %lld trainings",
                              (long long)s->done, (long long)s->points);
    }
    hg_model_free(&m);
    return status;
}

/* A tenth of the rows, where nobody says which rows to judge by. */
static hg_status split(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *train,
                       const hg_dataset *valid, hgi_sweep_rows *out)
{
    out->train = train;
    out->valid = valid;
    if (valid != NULL) return HG_OK;
    double share = hgi_config_real(cfg, "valid-split");
    HGI_TRY(hg_dataset_split(ctx, train, share > 0 ? share : 0.1,
                             (uint64_t)hgi_config_int(cfg, "seed"), &out->own_train,
                             &out->own_valid));
    out->train = out->own_train;
    out->valid = out->own_valid;
    return HG_OK;
}

static hg_status hash_rows(hg_ctx *ctx, hgi_sweep_rows *rows)
{
    HGI_TRY(hgi_dataset_hash(ctx, rows->train, &rows->hash[0]));
    return hgi_dataset_hash(ctx, rows->valid, &rows->hash[1]);
}

hg_status hg_sweep_run(hg_ctx *ctx, const hg_config *cfg, const char *const *axes,
                       int64_t count, const hg_dataset *train, const hg_dataset *valid,
                       const hg_sweep_callbacks *callbacks, hg_sweep **out)
{
    hg_status status = HG_OK;
    hg_sweep *s = NULL;
    hg_config *base = NULL;
    hgi_sweep_rows rows = {.train = NULL};
    *out = NULL;
    if (cfg == NULL || train == NULL || (axes == NULL && count > 0))
        return hgi_fail(ctx, HG_EINVAL, "a configuration, settings and data are needed");
    if (callbacks != NULL && callbacks->size != sizeof *callbacks)
        return hgi_fail(ctx, HG_EINVAL, "hg_sweep_run: callbacks->size is not set");
    if (hgi_config_given(cfg, "checkpoint") || hgi_config_given(cfg, "resume"))
        return hgi_fail(
            ctx, HG_EINVAL,
            "checkpoint: a sweep is many trainings and keeps no state of one");
    HGI_GOTO(hgi_sweep_new(ctx, axes, count, &s));
    HGI_GOTO(split(ctx, cfg, train, valid, &rows));
    HGI_GOTO(hash_rows(ctx, &rows));
    HGI_GOTO(hgi_config_copy(cfg, &base));
    /* The rows are apart already, the same ones for every point. */
    hgi_config_clear(base, "valid-split");
    HGI_GOTO(try_out(ctx, s, base, rows.train, rows.valid));
    HGI_GOTO(hgi_tell_counters(ctx, train));
    HGI_GOTO(fit_pca(ctx, s, base, rows.train, rows.valid));
    for (int64_t i = 0; i < s->points; i++)
        HGI_GOTO(run_point(ctx, s, i, base, &rows, callbacks));
done:
    hg_config_free(&base);
    hg_dataset_free(&rows.own_train);
    hg_dataset_free(&rows.own_valid);
    if (status == HG_OK || (status == HG_ECANCELED && s->done > 0))
        *out = s;
    else
        hg_sweep_free(&s);
    return status;
}

int hg_sweep_at(const hg_sweep *s, int64_t index, hg_sweep_point *out)
{
    if (s == NULL || out == NULL || out->size != sizeof *out || index < 0 ||
        index >= s->done)
        return 0;
    const hgi_sweep_point *p = &s->point[index];
    *out = p->result;
    out->size = sizeof *out;
    out->index = index;
    out->points = s->points;
    out->settings = p->settings;
    out->note = p->note;
    return 1;
}
