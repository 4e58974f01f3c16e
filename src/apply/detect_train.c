// SPDX-License-Identifier: MIT
/* hg_detector_train: from rows to a model with a detector.
 *
 *     hold rows apart -> [train, score, leave the worst out] x ROUNDS where trim asks for
 *         it -> train each net -> what the score learns -> calibration scores */
#include "apply/detect.h"
#include "data/bends.h"
#include "model/config.h"
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Trainings before the last one with trim: rows that are left out in one may come back in
 * the next, so that an early net, bent by anomalies, does not decide. */
enum { ROUNDS = 2 };

typedef struct job {
    hg_ctx *ctx;
    const hg_config *cfg;
    const hgi_score_kind *kind;
    const hg_dataset *valid;
    const hg_callbacks *callbacks;
    hg_dataset *train, *calibration;
    hg_dataset *kept; /* of train, with trim; or NULL */
    /* Both sides of valid-split where several nets share it; or NULL. */
    hg_dataset *learn_from, *validate_on;
    int64_t nets, rounds;
    double trim;
    char stage[64];
    int64_t level;
    hg_model *model;
} job;

/* ---- trainings --------------------------------------------------------------------- */

/* Of many trainings the caller is told which it is. */
static int on_step(void *user, const hg_progress *p)
{
    const job *j = user;
    hg_progress q = *p;
    if (q.stage == NULL && j->stage[0] != '\0') q.stage = j->stage, q.level = j->level;
    return j->callbacks->on_step(j->callbacks->user, &q);
}

static int on_epoch(void *user, const hg_progress *p)
{
    const job *j = user;
    hg_progress q = *p;
    if (q.stage == NULL && j->stage[0] != '\0') q.stage = j->stage, q.level = j->level;
    return j->callbacks->on_epoch(j->callbacks->user, &q);
}

static const hg_dataset *rows_of(const job *j)
{
    return j->kept != NULL ? j->kept : j->train;
}

/* The nets of an ensemble have one scaler, and a table's columns become the same features
 * in each: so they learn from the same rows, and those to validate on, which a training
 * would choose by its own seed, are chosen once, by the first. */
static hg_status share_validation(job *j)
{
    const double share = hgi_config_real(j->cfg, "valid-split");
    if (j->nets == 1 || j->valid != NULL || !(share > 0)) return HG_OK;
    return hg_dataset_split(j->ctx, rows_of(j), share,
                            (uint64_t)hgi_config_int(j->cfg, "seed"), &j->learn_from,
                            &j->validate_on);
}

/* Of rows that are not all normal a tail may be what is to be trimmed, and logarithms would
 * bring it nearer: they are not taken then. */
static bool keeps_tails(const job *j)
{
    return j->trim > 0 && strcmp(hgi_config_text(j->cfg, "scale"), "log") == 0;
}

/* One net, with the index-th seed behind the configuration's. */
static hg_status train_one(job *j, int64_t index, hg_model **out)
{
    const hg_dataset *rows = j->learn_from != NULL ? j->learn_from : rows_of(j);
    const hg_dataset *valid = j->validate_on != NULL ? j->validate_on : j->valid;
    hg_status status;
    hg_config *cfg = NULL;
    char seed[32];
    const hg_callbacks *cb = j->callbacks;
    hg_callbacks own = {sizeof own, NULL, NULL, j};
    if (cb != NULL && cb->on_step != NULL) own.on_step = on_step;
    if (cb != NULL && cb->on_epoch != NULL) own.on_epoch = on_epoch;
    *out = NULL;
    HGI_TRY(hgi_config_copy(j->cfg, &cfg));
    snprintf(seed, sizeof seed, "%lld",
             (long long)(hgi_config_int(j->cfg, "seed") + index));
    HGI_GOTO(hg_config_set(cfg, "seed", seed));
    if (valid != j->valid) hgi_config_clear(cfg, "valid-split");
    if (keeps_tails(j)) HGI_GOTO(hg_config_set(cfg, "scale", "standard"));
    HGI_GOTO(hgi_train(j->ctx, cfg, rows, valid, &own, out));
done:
    hg_config_free(&cfg);
    return status;
}

/* A row and its score, to find the lowest. */
typedef struct scored {
    double score;
    int64_t row;
} scored;

static int by_score(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score < y->score || x->score > y->score) return x->score < y->score ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static int by_row(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* j->kept = the training rows without the share `trim` that scores highest. */
static hg_status keep_lowest(job *j)
{
    hg_status status = HG_OK;
    hg_ctx *ctx = j->ctx;
    const int64_t n = j->train->rows;
    int64_t keep = hgi_max(1, n - llround(j->trim * (double)n)), *index = NULL;
    double *score = hgi_calloc(&ctx->mem, (size_t)n, sizeof *score);
    scored *all = hgi_calloc(&ctx->mem, (size_t)n, sizeof *all);
    index = hgi_calloc(&ctx->mem, (size_t)n, sizeof *index);
    if (score == NULL || all == NULL || index == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)n * sizeof *all, "scores to trim by"));
    HGI_GOTO(hgi_score_all(ctx, j->model, j->train, score));
    for (int64_t i = 0; i < n; i++) all[i] = (scored){score[i], i};
    qsort(all, (size_t)n, sizeof *all, by_score);
    for (int64_t i = 0; i < keep; i++) index[i] = all[i].row;
    qsort(index, (size_t)keep, sizeof *index, by_row);
    hg_dataset_free(&j->kept);
    HGI_GOTO(hgi_dataset_pick(ctx, j->train, index, keep, &j->kept));
done:
    hgi_free(&ctx->mem, score);
    hgi_free(&ctx->mem, all);
    hgi_free(&ctx->mem, index);
    return status;
}

/* Trainings that only find out what to leave out. */
static hg_status trim(job *j)
{
    for (int64_t i = 0; i < j->rounds; i++) {
        hg_model_free(&j->model);
        j->level = i + 1;
        snprintf(j->stage, sizeof j->stage, "trimming, %lld of %lld", (long long)i + 1,
                 (long long)j->rounds);
        HGI_TRY(train_one(j, 0, &j->model));
        HGI_TRY(hgi_detect_learn(j->ctx, j->model, rows_of(j), j->kind, j->trim));
        HGI_TRY(keep_lowest(j));
    }
    hg_model_free(&j->model);
    return HG_OK;
}

/* The other nets of an ensemble, in a detector that has nothing else yet. */
static hg_status train_others(job *j)
{
    hgi_detector *d = &j->model->detector;
    if (j->nets == 1) return HG_OK;
    HGI_TRY(hgi_detector_new(j->ctx, j->kind->name, j->nets, d));
    for (int64_t i = 1; i < j->nets; i++) {
        j->level = i + 1;
        snprintf(j->stage, sizeof j->stage, "net %lld of %lld", (long long)i + 1,
                 (long long)j->nets);
        HGI_TRY(train_one(j, i, &d->net[i]));
    }
    return HG_OK;
}

/* With the values as they are a detector sees little in a column with a long tail. */
static hg_status advise(const job *j)
{
    const char *scale = hgi_config_text(j->cfg, "scale");
    bool plain = strcmp(scale, "standard") == 0 || strcmp(scale, "auto") == 0;
    if (keeps_tails(j))
        return hgi_bends_advise(j->ctx, j->train,
                                "with trim they may be what is to be left out, so no "
                                "logarithms are taken");
    return plain
               ? hgi_bends_advise(j->ctx, j->train,
                                  "if ratios matter there, --scale log has the model see "
                                  "logarithms")
               : HG_OK;
}

static hg_status run(job *j)
{
    HGI_TRY(advise(j));
    HGI_TRY(trim(j));
    j->stage[0] = '\0';
    HGI_TRY(share_validation(j));
    HGI_TRY(train_one(j, 0, &j->model));
    HGI_TRY(train_others(j));
    HGI_TRY(hgi_detect_learn(j->ctx, j->model, rows_of(j), j->kind, j->trim));
    HGI_TRY(hgi_detect_finish(j->ctx, j->model, rows_of(j), j->calibration, j->trim));
    return hgi_detect_beside(j->ctx, j->model, rows_of(j), j->calibration);
}

/* Weights of a training that was stopped are worth a detector, too, one of a single net:
 * what the score learns is quick, and a model without it would be no detector at all, in
 * place of a good one perhaps.  Where it fails the weights are left as they are. */
static void detect_with_what_there_is(job *j)
{
    const hgi_mem *mem = &j->ctx->mem;
    hgi_detector_free(mem, &j->model->detector);
    hg_status status = hgi_detect_learn(j->ctx, j->model, rows_of(j), j->kind, j->trim);
    if (status == HG_OK)
        status = hgi_detect_finish(j->ctx, j->model, rows_of(j), j->calibration, j->trim);
    if (status != HG_OK) hgi_detector_free(mem, &j->model->detector);
}

static hg_status read_config(job *j, const hg_dataset *data)
{
    const char *word = hgi_config_text(j->cfg, "score");
    j->kind = hgi_score_kinds[0];
    j->nets = hgi_config_int(j->cfg, "ensemble");
    j->trim = hgi_config_real(j->cfg, "trim");
    j->rounds = j->trim > 0 ? ROUNDS : 0;
    if (data == NULL) return hgi_fail(j->ctx, HG_ESHAPE, "no training rows");
    if (hgi_config_flag(j->cfg, "resume") && (j->nets > 1 || j->rounds > 0))
        return hgi_fail(
            j->ctx, HG_EINVAL,
            "resume: one training can go on, an ensemble or trim has several");
    if (hgi_config_given(j->cfg, "init-from") && j->nets > 1)
        return hgi_fail(j->ctx, HG_EINVAL,
                        "init-from: nets of an ensemble that begin alike are alike: set "
                        "ensemble to 1");
    if (*word != '\0') HGI_TRY(hgi_score_find(j->ctx, word, &j->kind));
    return hgi_score_suits(j->ctx, j->kind, data);
}

hg_status hg_detector_train(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *data,
                            const hg_dataset *valid, const hg_detector_options *options,
                            const hg_callbacks *callbacks, hg_model **out)
{
    hg_status status;
    job j = {.ctx = ctx, .cfg = cfg, .valid = valid, .callbacks = callbacks};
    *out = NULL;
    if (options != NULL && options->size != sizeof *options)
        return hgi_fail(ctx, HG_EINVAL, "hg_detector_options: size is not set");
    if (callbacks != NULL && callbacks->size != sizeof *callbacks)
        return hgi_fail(ctx, HG_EINVAL, "hg_detector_train: callbacks->size is not set");
    HGI_GOTO(read_config(&j, data));
    HGI_GOTO(hgi_tell_counters(ctx, data));
    HGI_GOTO(hgi_detect_split(ctx, data, hgi_config_real(cfg, "calibrate"),
                              (uint64_t)hgi_config_int(cfg, "seed"), options, &j.train,
                              &j.calibration));
    HGI_GOTO(hgi_detect_doubt(ctx, j.train, j.calibration));
    HGI_GOTO(run(&j));
done:
    /* What was trained before it was stopped is worth something; half a detector is not. */
    if (status == HG_ECANCELED && j.model != NULL)
        detect_with_what_there_is(&j);
    else if (status != HG_OK && j.model != NULL)
        hgi_detector_free(&ctx->mem, &j.model->detector);
    *out = j.model;
    if (status != HG_OK && status != HG_ECANCELED && status != HG_EDIVERGED &&
        status != HG_EIO)
        hg_model_free(out);
    hg_dataset_free(&j.learn_from);
    hg_dataset_free(&j.validate_on);
    hg_dataset_free(&j.kept);
    hg_dataset_free(&j.train);
    hg_dataset_free(&j.calibration);
    return status;
}
