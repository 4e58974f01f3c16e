// SPDX-License-Identifier: MIT
/* A file's rows to a file of scores, a block at a time, in one pass.
 *
 * A rule that needs all scores, such as fdr, keeps them, four bytes a row, and the file is
 * written behind the last.  So it is of pictures: what could not be read is known then. */
#include "apply/rule.h"
#include "apply/score.h"
#include "apply/score_drift.h"
#include "apply/score_lines.h"
#include "apply/score_pictures.h"
#include "apply/score_places.h"
#include "apply/series.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 3, BLOCK = 16384 };

typedef struct file_job {
    hg_ctx *ctx;
    const hg_model *model;
    hg_score_file_options o;
    hgi_source *source;
    hgi_blocks blocks;
    hg_dataset *kept; /* the rows, where one pass is not enough to read them */
    hgi_rows window;
    hgi_scoring scoring;
    double *score; /* [room] of a window */
    int64_t room;
    bool by_rows;         /* the rule needs all scores, or the rows are pictures */
    bool skip;            /* bad rows have a place, and no score */
    const char *pictures; /* CSV of pictures: its path */
    const char *id;
    float *all;                    /* [all_room] */
    int64_t all_room, rows, lines; /* read; written */
    hg_decision decision;
    hgi_drift *drift; /* NULL: not asked for */

    hg_dataset *out; /* a block of BLOCK rows */
    float *value;    /* its values */
    hgi_save save;
    hgi_score_places *places; /* of rows among records, or NULL: each record is a row */
} file_job;

/* ---- input ------------------------------------------------------------------------- */

static hg_status open_input(file_job *j, const char *in, const hg_data_options *options)
{
    hg_ctx *ctx = j->ctx;
    hg_data_options input;
    HGI_TRY(hgi_data_options_read(ctx, options, &input));
    hgi_feed_options(j->model, &input);
    j->id = input.id;
    HGI_TRY(hgi_data_source(ctx, in, &input, &j->source));
    HGI_TRY(hgi_blocks_open(ctx, j->source, &input, &j->blocks));
    j->skip = input.skip_bad && strcmp(j->blocks.block->format, "csv") == 0;
    if (j->blocks.late && j->id != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: id does not go with drop-non-numeric where the model has no "
                        "names of columns",
                        in);
    /* Which columns are text is known at the end alone, and of a dataset which folder, and
     * so which class, a picture lies in. */
    bool folders = j->model->spec.classes.count > 0 && input.labels == NULL &&
                   j->blocks.block->pictures != NULL;
    if (j->blocks.late || folders) {
        HGI_TRY(hgi_dataset_from_blocks(&j->blocks, &input, &j->kept));
        return hgi_rows_open(ctx, j->kept,
                             hgi_min(hgi_block_rows(ctx, j->kept), j->kept->rows),
                             &j->window);
    }
    HGI_TRY(hgi_blocks_label(&j->blocks, &input));
    j->blocks.eager = true;
    hgi_rows_blocks(&j->blocks, &j->window);
    return HG_OK;
}

static const hg_dataset *like(const file_job *j)
{
    return j->kept != NULL ? j->kept : j->blocks.block;
}

static hg_status check_tiles(const file_job *j)
{
    const struct hgi_pictures *p = like(j)->pictures;
    if (!j->o.tiles || (p != NULL && p->how.prep.tile[0] > 0)) return HG_OK;
    return hgi_fail(j->ctx, HG_EINVAL,
                    "%s: no pictures that are cut into tiles, so there are no scores of "
                    "tiles",
                    like(j)->name);
}

/* ---- output ------------------------------------------------------------------------ */

/* What is asked of a row; score NaN: it has none. */
static void put_row(void *arg, double score, float *to)
{
    const file_job *j = arg;
    if (isnan(score)) {
        for (int64_t i = 0; i < j->out->features; i++) to[i] = (float)NAN;
        return;
    }
    if (j->o.score) *to++ = (float)score;
    if (j->o.p_value) *to++ = (float)hg_p_value(j->model, score);
    if (j->o.anomaly) *to = score > j->decision.threshold;
}

/* The names of the columns asked for, in the block's own memory. */
static hg_status open_output(file_job *j, const char *path)
{
    static const char *const names[COLUMNS] = {"score", "p_value", "anomaly"};
    const int asked[COLUMNS] = {j->o.score, j->o.p_value, j->o.anomaly};
    int64_t count = 0;
    j->by_rows = j->by_rows || like(j)->pictures != NULL;
    if (like(j)->pictures != NULL && hgi_series_is_csv(path, j->o.format)) {
        j->pictures = path;
        return HG_OK;
    }
    char **columns = hgi_calloc(&j->ctx->mem, COLUMNS, sizeof *columns + 16);
    if (columns == NULL) return hgi_fail_mem(j->ctx, 64, "column names");
    char *text = (char *)(columns + COLUMNS);
    for (int i = 0; i < COLUMNS; i++) {
        if (!asked[i]) continue;
        columns[count] = text + 16 * count;
        snprintf(columns[count++], 16, "%s", names[i]);
    }
    hg_status status = hgi_dataset_new(j->ctx, like(j)->name, "scores", BLOCK, 1, &count,
                                       &j->value, &j->out);
    if (status != HG_OK) {
        hgi_free(&j->ctx->mem, columns);
        return status;
    }
    j->out->columns = columns;
    j->out->columns_owned = columns;
    int64_t rows = j->kept != NULL ? j->kept->rows : j->blocks.rows;
    if (!j->skip && j->id == NULL)
        return hgi_save_open(j->ctx, path, j->o.format, j->out, rows, &j->save);
    return hgi_score_places_open(j->ctx, path, j->o.format, j->out, j->id, put_row, j,
                                 &j->places);
}

static hg_status write_scores(file_job *j, int64_t n)
{
    if (j->places != NULL) return hgi_score_places_write(j->places, j->score, n);
    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t some = hgi_min(BLOCK, n - at);
        for (int64_t i = 0; i < some; i++)
            put_row(j, j->score[at + i], j->value + i * j->out->features);
        HGI_TRY(hgi_save_rows(&j->save, j->out, 0, some));
    }
    return HG_OK;
}

/* ---- rows -------------------------------------------------------------------------- */

static hg_status make_room(file_job *j, int64_t n)
{
    if (n <= j->room) return HG_OK;
    hgi_free(&j->ctx->mem, j->score);
    j->room = 0;
    j->score = hgi_alloc(&j->ctx->mem, (size_t)n * sizeof *j->score);
    if (j->score == NULL)
        return hgi_fail_mem(j->ctx, (size_t)n * sizeof *j->score, "scores");
    j->room = n;
    return HG_OK;
}

static hg_status keep_scores(file_job *j, int64_t n)
{
    if (j->rows + n > j->all_room) {
        int64_t room = hgi_max(j->rows + n, 2 * j->all_room);
        float *grown = hgi_realloc(&j->ctx->mem, j->all, (size_t)room * sizeof *grown);
        if (grown == NULL)
            return hgi_fail_mem(j->ctx, (size_t)room * sizeof *grown, "all scores");
        j->all = grown;
        j->all_room = room;
    }
    for (int64_t i = 0; i < n; i++) j->all[j->rows + i] = (float)j->score[i];
    return HG_OK;
}

static hg_status decide_pictures(file_job *j)
{
    const hgi_picture_job job = {j->ctx,  j->model, &j->o,    like(j),     j->pictures,
                                 j->rows, j->score, j->drift, &j->decision};
    HGI_TRY(hgi_score_pictures(&job, &j->lines));
    return j->pictures == NULL ? write_scores(j, j->lines) : HG_OK;
}

/* All scores are there: the rule decides, and they are written. */
static hg_status decide_all(file_job *j)
{
    int64_t n = j->rows;
    if (n == 0) return HG_OK;
    HGI_TRY(make_room(j, n));
    for (int64_t i = 0; i < n; i++) j->score[i] = (double)j->all[i];
    if (like(j)->pictures != NULL) return decide_pictures(j);
    HGI_TRY(hg_decide(j->ctx, j->model, j->o.rule, j->score, n, NULL, &j->decision));
    return write_scores(j, n);
}

static hg_status next_rows(file_job *j)
{
    HGI_TRY(hgi_rows_next(j->ctx, &j->window));
    return j->places != NULL ? hgi_score_places_add(j->places, j->blocks.records) : HG_OK;
}

static hg_status run(file_job *j)
{
    HGI_TRY(next_rows(j));
    while (j->window.n > 0) {
        const int64_t n = j->window.n;
        HGI_TRY(make_room(j, n));
        HGI_TRY(hgi_scoring_window(&j->scoring, n, j->score));
        if (j->drift != NULL && like(j)->pictures == NULL)
            hgi_drift_add(j->drift, n, j->score);
        if (j->by_rows) {
            HGI_TRY(keep_scores(j, n));
        } else {
            for (int64_t i = 0; i < n; i++)
                j->decision.anomalies += j->score[i] > j->decision.threshold;
            HGI_TRY(write_scores(j, n));
        }
        j->rows += n;
        HGI_TRY(next_rows(j));
    }
    if (j->by_rows) HGI_TRY(decide_all(j));
    return j->places != NULL ? hgi_score_places_end(j->places) : HG_OK;
}

/* ---- a run ------------------------------------------------------------------------- */

static hg_status open_rule(file_job *j)
{
    const hgi_rule_kind *kind;
    double value;
    j->decision.size = sizeof j->decision;
    HGI_TRY(hgi_rule_find(j->ctx, j->model, j->o.rule, &kind, &value));
    j->by_rows = kind->rows;
    if (j->by_rows) return HG_OK;
    return hg_decide(j->ctx, j->model, j->o.rule, NULL, 0, NULL, &j->decision);
}

static hg_status open_drift(file_job *j)
{
    const hgi_detector *d = &j->model->detector;
    if (j->o.drift == NULL) return HG_OK;
    j->drift = hgi_alloc(&j->ctx->mem, sizeof *j->drift);
    if (j->drift == NULL)
        return hgi_fail_mem(j->ctx, sizeof *j->drift, "a distribution of scores");
    hgi_drift_open(j->drift, d->calibrated + d->trimmed, d->calibration);
    return HG_OK;
}

static hg_status close_all(file_job *j, hg_status status)
{
    const hgi_mem *mem = &j->ctx->mem;
    hgi_scoring_close(&j->scoring, status, j->rows);
    if (j->save.ctx != NULL) status = hgi_save_close(&j->save, status);
    status = hgi_score_places_close(&j->places, status);
    hgi_free(mem, j->score);
    hgi_free(mem, j->all);
    hgi_free(mem, j->drift);
    hg_dataset_free(&j->out);
    hgi_rows_close(&j->window);
    hg_dataset_free(&j->kept);
    if (j->blocks.ctx != NULL) hgi_blocks_close(&j->blocks);
    hgi_source_close(&j->source);
    return status;
}

hg_status hg_score_file(hg_ctx *ctx, const hg_model *m, const char *in,
                        const hg_data_options *input, const char *out,
                        const hg_score_file_options *options, int64_t *rows,
                        hg_decision *decision)
{
    hg_status status;
    const hgi_score_kind *kind;
    file_job j;
    memset(&j, 0, sizeof j);
    j.ctx = ctx;
    j.model = m;
    if (rows != NULL) *rows = 0;
    if (m == NULL || in == NULL || out == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and two paths are needed");
    if ((options != NULL && options->size != sizeof *options) ||
        (decision != NULL && decision->size != sizeof *decision) ||
        (options != NULL && options->drift != NULL &&
         options->drift->size != sizeof *options->drift))
        return hgi_fail(ctx, HG_EINVAL, "hg_score_file: a size is not set");
    if (options != NULL) j.o = *options;
    if (!j.o.score && !j.o.p_value && !j.o.anomaly) j.o.score = 1;
    if (m->series != NULL)
        return hgi_score_series(ctx, m, in, input, out, &j.o, rows, decision);
    if (j.o.points)
        return hgi_fail(
            ctx, HG_EINVAL,
            "points are those of a series, but the model is of rows: train it "
            "with a window");
    HGI_GOTO(hgi_score_open(ctx, m, &kind));
    HGI_GOTO(open_rule(&j));
    HGI_GOTO(open_drift(&j));
    HGI_GOTO(open_input(&j, in, input));
    HGI_GOTO(check_tiles(&j));
    HGI_GOTO(hgi_scoring_open(ctx, m, like(&j), &j.window, &j.scoring));
    HGI_GOTO(open_output(&j, out));
    HGI_GOTO(run(&j));
    HGI_GOTO(hgi_feed_all_labels(ctx, like(&j), j.rows));
    if (rows != NULL) *rows = like(&j)->pictures != NULL ? j.lines : j.rows;
    if (j.o.skipped != NULL) *j.o.skipped = hgi_score_places_bad(j.places);
    if (decision != NULL) *decision = j.decision;
    if (j.drift != NULL) hgi_drift_tell(j.drift, j.o.drift);
done:
    return close_all(&j, status);
}
