// SPDX-License-Identifier: MIT
/* Why a row is an anomaly: which of its values, were they as expected, would leave a row
 * that scores like a normal one.
 *
 * The error of a column says little by itself: one wrong value moves the code, and with it
 * the reconstruction of all columns.  So the score itself is asked.  In each step every
 * column still in question is set to what would be expected there, the others left as they
 * are, and the column is taken whose change lowers the score most; the next step goes on
 * from there.  Shares of the steps add up, and correlated columns are not told twice.
 *
 *     expected value of column j, the others fixed:  t with  t = net(x with x_j = t)_j
 *
 * The net's reconstruction t1 of a row with a wrong value t0 there lies between that value
 * and the one sought; again from the row with t1 gives t2, and where the net is near linear
 *     t = t0 + (t1 - t0) / (1 - (t2 - t1) / (t1 - t0))                (Aitken 1926)
 * is the end of the series.  t1, t2, t and the column's mean are tried, the lowest score
 * wins.  All of this needs scores and reconstructions alone, so any kind of score, net and
 * table will do. */
#include "apply/explain.h"
#include "apply/apply.h"

#include "model/model.h"

#include <math.h>
#include <string.h>

enum { COLUMNS = 5, COLUMNS_MOST = 1000, CANDIDATES = 128, TRIES = 3 };
/* Floats of the rows that are tried at once. */
#define VALUES_MOST ((int64_t)1 << 24)
/* A step that takes off less of the score over a normal one's is no cause. */
#define LEAST 0.02
/* Nearer to 1 the end of the series is beyond what two terms can tell. */
#define RATIO_MOST 0.99

typedef struct candidate {
    int64_t column;
    double gap; /* how far the value is from its reconstruction, scaled */
    float value[1 + TRIES];
} candidate;

typedef struct work {
    hg_ctx *ctx;
    const hg_model *m;
    const hg_schema *schema;
    int64_t d, room; /* values of a row; candidates of a step */
    float *x, *y;    /* [d] the row, and its reconstruction */
    float *rows;     /* [TRIES * room, d] */
    float *made;     /* [room, d] */
    double *score;   /* [TRIES * room] */
    bool *taken;     /* [d] */
    candidate *candidate;
    int64_t n;
} work;

static bool is_number(const work *w, int64_t column)
{
    if (w->schema == NULL) return true;
    const hgi_kind kind = w->schema->column[column].kind;
    return kind == HGI_NUMERIC || kind == HGI_DATE;
}

/* Where the scaler has a column. */
static int64_t place_of(const work *w, int64_t column)
{
    const hgi_scaler *s = &w->m->scaler;
    if (s->uniform) return 0;
    return w->schema != NULL ? w->schema->column[column].first : column;
}

/* ---- candidates ---------------------------------------------------------------------- */

static double gap_of(const work *w, int64_t column)
{
    const double x = (double)w->x[column], y = (double)w->y[column];
    if (w->taken[column] || isnan(x)) return 0; /* nothing was found there */
    if (isnan(y)) return HUGE_VAL;              /* too far for the net to say */
    if (!is_number(w, column)) return fabs(x - y) > 0 ? 1 : 0.5;
    return fabs(x - y) * w->m->scaler.scale[place_of(w, column)];
}

/* The columns farthest off, the farthest first. */
static void choose(work *w)
{
    w->n = 0;
    for (int64_t c = 0; c < w->d; c++) {
        const double gap = gap_of(w, c);
        if (!(gap > 0) || (w->n == w->room && gap <= w->candidate[w->n - 1].gap))
            continue;
        int64_t at = w->n < w->room ? w->n++ : w->n - 1;
        for (; at > 0 && w->candidate[at - 1].gap < gap; at--)
            w->candidate[at] = w->candidate[at - 1];
        w->candidate[at] = (candidate){.column = c, .gap = gap};
    }
}

/* ---- trying -------------------------------------------------------------------------- */

/* Reconstructions beyond floats are NaN: that is no failure here. */
static hg_status reconstruct(const work *w, const float *x, int64_t n, float *y)
{
    hg_status status = hg_reconstruct(w->ctx, w->m, x, n, y);
    if (status != HG_ENONFINITE) return status;
    for (int64_t i = 0; i < n; i++)
        if (hg_reconstruct(w->ctx, w->m, x + i * w->d, 1, y + i * w->d) != HG_OK)
            for (int64_t c = 0; c < w->d; c++) y[i * w->d + c] = NAN;
    return HG_OK;
}

/* The row with one value changed for each of the candidates. */
static void put_rows(work *w, int which, float *to)
{
    for (int64_t i = 0; i < w->n; i++, to += w->d) {
        const candidate *c = &w->candidate[i];
        memcpy(to, w->x, (size_t)w->d * sizeof *to);
        to[c->column] = c->value[which];
    }
}

/* What is not a number is what was tried before. */
static float or_else(double v, float before)
{
    return isfinite((float)v) ? (float)v : before;
}

/* Of words the one that the net expects and the most frequent others are tried: a net that
 * takes a wrong word as it is has been seen, and so has one that other columns misled. */
static void propose_words(const work *w, candidate *c)
{
    const int64_t words = w->schema->column[c->column].words;
    const float x = w->x[c->column], y = w->y[c->column];
    int at = 0;
    if (fabsf(x - y) > 0) c->value[at++] = y;
    for (int64_t k = 0; k < words && at <= TRIES; k++)
        if (fabsf((float)k - x) > 0 && fabsf((float)k - y) > 0) c->value[at++] = (float)k;
    /* Where there is no other word, the row stays as it is, and is no better. */
    for (; at <= TRIES; at++) c->value[at] = at > 0 ? c->value[at - 1] : x;
}

static void propose(const work *w, candidate *c, float again)
{
    if (!is_number(w, c->column)) return;
    const double t0 = (double)w->x[c->column], t1 = (double)c->value[0];
    const double t2 = (double)again, ratio = (t2 - t1) / (t1 - t0);
    const hgi_scaler *s = &w->m->scaler;
    c->value[1] = or_else(t2, c->value[0]);
    c->value[2] = c->value[3] = c->value[1];
    if (ratio > 0 && ratio < RATIO_MOST)
        c->value[2] = or_else(t0 + (t1 - t0) / (1 - ratio), c->value[1]);
    if (s->kind == HGI_SCALE_STANDARD)
        c->value[3] = or_else(s->shift[place_of(w, c->column)], c->value[1]);
}

/* The best change: its candidate, value and score; false: none was found. */
static hg_status try_all(work *w, int64_t *best, float *value, double *score)
{
    *best = -1;
    *score = HUGE_VAL;
    HGI_TRY(reconstruct(w, w->x, 1, w->y));
    choose(w);
    if (w->n == 0) return HG_OK;
    for (int64_t i = 0; i < w->n; i++) {
        candidate *c = &w->candidate[i];
        const int64_t at = place_of(w, c->column);
        c->value[0] = or_else((double)w->y[c->column], (float)w->m->scaler.shift[at]);
        if (!is_number(w, c->column)) propose_words(w, c);
    }
    put_rows(w, 0, w->rows);
    HGI_TRY(reconstruct(w, w->rows, w->n, w->made));
    for (int64_t i = 0; i < w->n; i++)
        propose(w, &w->candidate[i], w->made[i * w->d + w->candidate[i].column]);
    for (int which = 0; which <= TRIES; which += TRIES) {
        const int tries = which == 0 ? 1 : TRIES;
        for (int k = 0; k < tries; k++)
            put_rows(w, which == 0 ? 0 : k + 1, w->rows + k * w->n * w->d);
        HGI_TRY(hg_score(w->ctx, w->m, w->rows, tries * w->n, w->score));
        for (int64_t i = 0; i < tries * w->n; i++) {
            if (!(w->score[i] < *score)) continue;
            *score = w->score[i];
            *best = i % w->n;
            *value = w->candidate[*best].value[which == 0 ? 0 : i / w->n + 1];
        }
    }
    return HG_OK;
}

/* ---- a row --------------------------------------------------------------------------- */

static void name_cause(const work *w, const hg_dataset *data, hgi_cause *c)
{
    const int64_t at = c->column;
    const char *name = hg_dataset_column(data, at);
    if (name == NULL && w->m->columns != NULL) name = w->m->columns[at];
    if (name != NULL && name[0] != '\0')
        snprintf(c->name, sizeof c->name, "%s", name);
    else
        hgi_dataset_feature(data, at, c->name, sizeof c->name);
    if (!c->number) {
        const hgi_schema_column *s = &w->schema->column[at];
        hgi_schema_print(s, c->found, c->found_text, sizeof c->found_text);
        hgi_schema_print(s, c->expected, c->expected_text, sizeof c->expected_text);
        return;
    }
    hgi_format_float(c->found_text, c->found);
    /* Of an estimate no more digits than it has. */
    snprintf(c->expected_text, sizeof c->expected_text, "%.4g", (double)c->expected);
}

static hg_status explain_row(work *w, const hg_dataset *data, hg_explanation *e,
                             hgi_explained *r, hgi_cause *cause)
{
    HGI_TRY(hg_dataset_read(w->ctx, data, r->row, 1, w->x));
    HGI_TRY(hg_score(w->ctx, w->m, w->x, 1, &r->score));
    r->p_value = hg_p_value(w->m, r->score);
    r->left = r->score;
    memset(w->taken, 0, (size_t)w->d * sizeof *w->taken);
    const double over = r->score - e->normal;
    while (r->causes < e->most && r->left > e->normal) {
        int64_t best;
        float value = 0;
        double score;
        HGI_TRY(try_all(w, &best, &value, &score));
        if (best < 0 || !(r->left - score >= LEAST * over)) break;
        hgi_cause *c = &cause[r->causes++];
        *c = (hgi_cause){.column = w->candidate[best].column, .expected = value};
        c->found = w->x[c->column];
        c->number = w->schema == NULL || w->schema->column[c->column].kind == HGI_NUMERIC;
        c->left = score;
        c->share = fmin((r->left - fmax(score, e->normal)) / over, 1);
        name_cause(w, data, c);
        w->x[c->column] = value;
        w->taken[c->column] = true;
        r->left = score;
    }
    return HG_OK;
}

/* ---- public -------------------------------------------------------------------------- */

static hg_status work_open(work *w)
{
    const hgi_mem *mem = &w->ctx->mem;
    const int64_t d = w->d;
    w->room = hgi_max(1, hgi_min(hgi_min(d, CANDIDATES), VALUES_MOST / (TRIES * d)));
    const size_t count = (size_t)(2 * d + (TRIES + 1) * w->room * d);
    w->x = hgi_calloc(mem, count, sizeof *w->x);
    w->score = hgi_calloc(mem, (size_t)(TRIES * w->room), sizeof *w->score);
    w->taken = hgi_calloc(mem, (size_t)d, sizeof *w->taken);
    w->candidate = hgi_calloc(mem, (size_t)w->room, sizeof *w->candidate);
    if (w->x == NULL || w->score == NULL || w->taken == NULL || w->candidate == NULL)
        return hgi_fail_mem(w->ctx, count * sizeof *w->x, "rows to try");
    w->y = w->x + d;
    w->rows = w->y + d;
    w->made = w->rows + TRIES * w->room * d;
    return HG_OK;
}

static void work_close(work *w)
{
    const hgi_mem *mem = &w->ctx->mem;
    hgi_free(mem, w->x);
    hgi_free(mem, w->score);
    hgi_free(mem, w->taken);
    hgi_free(mem, w->candidate);
}

static hg_status make(hg_ctx *ctx, const hg_dataset *data, int64_t n, int64_t most,
                      hg_explanation **out)
{
    hg_explanation *e = *out = hgi_calloc(&ctx->mem, 1, sizeof *e);
    if (e == NULL) return hgi_fail_mem(ctx, sizeof *e, "an explanation");
    e->mem = ctx->mem;
    e->n = n;
    e->most = most;
    const size_t rows = (size_t)hgi_max(n, 1);
    e->row = hgi_calloc(&ctx->mem, rows, sizeof *e->row);
    e->cause = hgi_calloc(&ctx->mem, rows * (size_t)most, sizeof *e->cause);
    e->name = hgi_strdup(&ctx->mem, data->name);
    if (e->row != NULL && e->cause != NULL && e->name != NULL) return HG_OK;
    return hgi_fail_mem(ctx, rows * (size_t)most * sizeof *e->cause, "an explanation");
}

static hg_status check(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                       const int64_t *row, int64_t n, const hg_explain_options *o)
{
    hg_detector_info info = {.size = sizeof info};
    if (m == NULL || data == NULL || (row == NULL && n > 0) || n < 0)
        return hgi_fail(ctx, HG_EINVAL, "a model, data and rows of them are needed");
    if (o != NULL && o->size != sizeof *o)
        return hgi_fail(ctx, HG_EINVAL, "hg_explain_options: size is not set");
    if (o != NULL && (o->columns < 0 || o->columns > COLUMNS_MOST))
        return hgi_fail(ctx, HG_ERANGE,
                        "explain: %lld columns of a row, expected 1 to %d",
                        (long long)o->columns, COLUMNS_MOST);
    for (int64_t i = 0; i < n; i++)
        if (row[i] < 0 || row[i] >= data->rows)
            return hgi_fail(ctx, HG_ERANGE, "%s: no row %lld, there are %lld", data->name,
                            (long long)row[i] + 1, (long long)data->rows);
    if (data->features != hgi_model_raw(m))
        return hgi_feed_wrong(ctx, m, data, hgi_model_raw(m));
    return hg_detector_get_info(ctx, m, &info);
}

hg_status hg_explain(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                     const int64_t *row, int64_t n, const hg_explain_options *o,
                     hg_explanation **out)
{
    hg_status status;
    hg_detector_info info = {.size = sizeof info};
    *out = NULL;
    HGI_TRY(check(ctx, m, data, row, n, o));
    HGI_TRY(hgi_unconditional(ctx, m, "an explanation"));
    work w = {.ctx = ctx, .m = m, .schema = m->scaler.schema, .d = data->features};
    const int64_t asked = o != NULL && o->columns > 0 ? o->columns : COLUMNS;
    /* Rows that are tried may be out of range, as this one: it was told of when scored. */
    const hg_log_fn log = ctx->log;
    ctx->log = NULL;
    HGI_GOTO(hg_detector_get_info(ctx, m, &info));
    HGI_GOTO(make(ctx, data, n, hgi_min(asked, w.d), out));
    HGI_GOTO(work_open(&w));
    (*out)->normal = info.median;
    hg_beside pca = {.size = sizeof pca};
    if (hg_detector_beside(m, &pca))
        snprintf((*out)->beside, sizeof(*out)->beside, "%s", pca.text);
    for (int64_t i = 0; i < n; i++) {
        (*out)->row[i].row = row[i];
        HGI_GOTO(explain_row(&w, data, *out, &(*out)->row[i],
                             (*out)->cause + i * (*out)->most));
    }
done:
    ctx->log = log;
    work_close(&w);
    if (status != HG_OK) hg_explanation_free(out);
    return status;
}

void hg_explanation_free(hg_explanation **explanation)
{
    if (explanation == NULL || *explanation == NULL) return;
    hg_explanation *e = *explanation;
    const hgi_mem mem = e->mem;
    hgi_free(&mem, e->row);
    hgi_free(&mem, e->cause);
    hgi_free(&mem, e->name);
    hgi_free(&mem, e);
    *explanation = NULL;
}

int hg_explanation_row(const hg_explanation *e, int64_t index, hg_explained_row *out)
{
    if (e == NULL || index < 0 || index >= e->n || out == NULL ||
        out->size != sizeof *out)
        return 0;
    const hgi_explained *r = &e->row[index];
    *out = (hg_explained_row){.size = sizeof *out,
                              .row = r->row,
                              .score = r->score,
                              .p_value = r->p_value,
                              .left = r->left,
                              .normal = e->normal,
                              .causes = r->causes};
    return 1;
}

int hg_explanation_cause(const hg_explanation *e, int64_t index, int64_t cause,
                         hg_cause *out)
{
    if (e == NULL || index < 0 || index >= e->n || cause < 0 ||
        cause >= e->row[index].causes || out == NULL || out->size != sizeof *out)
        return 0;
    const hgi_cause *c = &e->cause[index * e->most + cause];
    *out = (hg_cause){.size = sizeof *out,
                      .column = c->column,
                      .name = c->name,
                      .found = (double)c->found,
                      .expected = (double)c->expected,
                      .found_text = c->found_text,
                      .expected_text = c->expected_text,
                      .share = c->share,
                      .left = c->left};
    return 1;
}
