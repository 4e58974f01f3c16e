// SPDX-License-Identifier: MIT
/* Scores of a series to a CSV file: one for each window, with its place, or one for each
 * row. */
#include "apply/rule.h"
#include "apply/score.h"
#include "apply/series.h"

#include <math.h>
#include <string.h>

typedef struct series_job {
    hg_ctx *ctx;
    const hg_model *model;
    const hg_score_file_options *o;
    const char *in;
    const hg_data_options *input;
    hgi_series_rows s;
    double *score, *point; /* of windows; of rows */
    hg_decision decision;
    hgi_outfile f;
    hgi_text text;
} series_job;

/* ---- out --------------------------------------------------------------------------- */

static void add_float(series_job *j, double v)
{
    char text[HGI_NUMBER_MAX];
    int n = hgi_format_float(text, (float)v);
    hgi_text_add(&j->text, "%.*s,", n, text);
}

static void add_scores(series_job *j, double score)
{
    const bool none = isnan(score);
    if (j->o->score) add_float(j, score);
    if (j->o->p_value) add_float(j, none ? (double)NAN : hg_p_value(j->model, score));
    if (j->o->anomaly)
        hgi_text_add(&j->text, none                            ? "nan,"
                               : score > j->decision.threshold ? "1,"
                                                               : "0,");
    if (hgi_text_ok(&j->text))
        j->text.s[j->text.len - 1] = '\n'; /* in the place of the last comma */
}

static hg_status flush(series_job *j)
{
    if (j->text.failed) return hgi_fail_mem(j->ctx, j->text.cap, "lines of scores");
    hgi_outfile_write(&j->f, j->text.s, j->text.len);
    j->text.len = 0;
    return j->f.status;
}

static void add_header(series_job *j)
{
    hgi_series_add_names(&j->s, !j->o->points, &j->text);
    const char *more = j->o->p_value || j->o->anomaly ? "," : "";
    hgi_text_add(&j->text, "%s%s%s%s%s\n", j->o->score ? "score" : "",
                 j->o->score ? more : "", j->o->p_value ? "p_value" : "",
                 j->o->p_value && j->o->anomaly ? "," : "",
                 j->o->anomaly ? "anomaly" : "");
}

static hg_status write_windows(series_job *j)
{
    for (int64_t i = 0; i < j->s.windows->rows; i++) {
        hgi_series_add_place(&j->s, i, &j->text);
        add_scores(j, j->score[i]);
        if (j->text.len > 1 << 16) HGI_TRY(flush(j));
    }
    return flush(j);
}

static hg_status write_points(series_job *j)
{
    hgi_series_lines l;
    hg_status status = hgi_series_lines_open(j->ctx, &j->s, j->in, j->input, &l);
    for (int64_t i = 0; status == HG_OK && i < j->s.rows->rows; i++) {
        status = hgi_series_lines_next(&l, &j->text);
        if (status == HG_OK) add_scores(j, j->point[i]);
        if (status == HG_OK && j->text.len > 1 << 16) status = flush(j);
    }
    hgi_series_lines_close(j->ctx, &l);
    return status == HG_OK ? flush(j) : status;
}

/* ---- a run ------------------------------------------------------------------------- */

/* A rule decides by windows, whose scores calibration knows; a row is an anomaly when its
 * own score is above the same threshold. */
static hg_status score_rows(series_job *j)
{
    hg_ctx *ctx = j->ctx;
    const int64_t n = j->s.windows->rows, rows = j->s.rows->rows;
    j->score = hgi_calloc(&ctx->mem, (size_t)n, sizeof *j->score);
    if (j->score == NULL) return hgi_fail_mem(ctx, (size_t)n * 8, "scores");
    HGI_TRY(hg_score_dataset(ctx, j->model, j->s.windows, j->score));
    j->decision.size = sizeof j->decision;
    HGI_TRY(hg_decide(ctx, j->model, j->o->rule, j->score, n, NULL, &j->decision));
    if (j->o->drift != NULL)
        HGI_TRY(hg_score_drift(ctx, j->model, j->score, n, j->o->drift));
    if (!j->o->points) return HG_OK;
    j->point = hgi_calloc(&ctx->mem, (size_t)rows, sizeof *j->point);
    if (j->point == NULL) return hgi_fail_mem(ctx, (size_t)rows * 8, "scores");
    HGI_TRY(hg_score_points(ctx, j->model, j->s.windows, j->score, rows, j->point));
    j->decision.anomalies = 0;
    for (int64_t i = 0; i < rows; i++)
        j->decision.anomalies += j->point[i] > j->decision.threshold;
    return HG_OK;
}

static hg_status check_format(hg_ctx *ctx, const char *out, const char *format)
{
    if (hgi_series_is_csv(out, format)) return HG_OK;
    return hgi_fail(
        ctx, HG_EINVAL,
        "%s: scores of a series are written as CSV, whose columns of place are no "
        "numbers: end the name in .csv, or write --to csv",
        out);
}

hg_status hgi_score_series(hg_ctx *ctx, const hg_model *m, const char *in,
                           const hg_data_options *input, const char *out,
                           const hg_score_file_options *o, int64_t *rows,
                           hg_decision *decision)
{
    hg_status status;
    bool open = false;
    series_job j = {.ctx = ctx, .model = m, .o = o, .in = in, .input = input};
    hgi_text_init(&j.text, &ctx->mem);
    HGI_GOTO(check_format(ctx, out, o->format));
    HGI_GOTO(hgi_series_open(ctx, m, in, input, &j.s));
    HGI_GOTO(score_rows(&j));
    HGI_GOTO(hgi_outfile_open(ctx, out, &j.f));
    open = true;
    add_header(&j);
    HGI_GOTO(o->points ? write_points(&j) : write_windows(&j));
    open = false;
    HGI_GOTO(hgi_outfile_commit(&j.f));
    if (rows != NULL) *rows = o->points ? j.s.rows->rows : j.s.windows->rows;
    if (decision != NULL) *decision = j.decision;
done:
    if (open) hgi_outfile_abort(&j.f);
    hgi_text_free(&j.text);
    hgi_free(&ctx->mem, j.score);
    hgi_free(&ctx->mem, j.point);
    hgi_series_close(ctx, &j.s);
    return status;
}
