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

#include <math.h>
#include <string.h>

enum { TRIES = 3 };
/* Nearer to 1 the end of the series is beyond what two terms can tell. */
#define RATIO_MOST 0.99

/* ---- candidates ---------------------------------------------------------------------- */

static double gap_of(const hgi_explainer *e, int64_t column)
{
    const double x = (double)e->x[column], y = (double)e->y[column];
    if (e->taken[column] || isnan(x)) return 0; /* nothing was found there */
    if (e->schema != NULL && e->schema->column[column].kind == HGI_DATE) {
        /* The net says places in cycles alone, which is no distance; or nothing. */
        return e->schema->column[column].cycles == 0 ? 0 : 1;
    }
    if (isnan(y)) return HUGE_VAL; /* too far for the net to say */
    if (!hgi_explain_is_number(e, column)) return fabs(x - y) > 0 ? 1 : 0.5;
    return fabs(x - y) * e->m->scaler.scale[hgi_explain_place(e, column)];
}

/* The columns farthest off, the farthest first. */
static void choose(hgi_explainer *e)
{
    e->n = 0;
    for (int64_t c = 0; c < e->d; c++) {
        const double gap = gap_of(e, c);
        if (!(gap > 0) || (e->n == e->most && gap <= e->candidate[e->n - 1].gap))
            continue;
        int64_t at = e->n < e->most ? e->n++ : e->n - 1;
        for (; at > 0 && e->candidate[at - 1].gap < gap; at--)
            e->candidate[at] = e->candidate[at - 1];
        e->candidate[at] = (hgi_candidate){.column = c, .gap = gap};
    }
}

/* ---- trying -------------------------------------------------------------------------- */

/* The row with one value changed for each of the candidates. */
static void put_rows(hgi_explainer *e, int which, float *to)
{
    for (int64_t i = 0; i < e->n; i++, to += e->d) {
        const hgi_candidate *c = &e->candidate[i];
        memcpy(to, e->x, (size_t)e->d * sizeof *to);
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
static void propose_words(const hgi_explainer *e, hgi_candidate *c)
{
    const int64_t words = e->schema->column[c->column].words;
    const float x = e->x[c->column], y = e->y[c->column];
    int at = 0;
    if (fabsf(x - y) > 0) c->value[at++] = y;
    for (int64_t k = 0; k < words && at <= TRIES; k++)
        if (fabsf((float)k - x) > 0 && fabsf((float)k - y) > 0) c->value[at++] = (float)k;
    /* Where there is no other word, the row stays as it is, and is no better. */
    for (; at <= TRIES; at++) c->value[at] = at > 0 ? c->value[at - 1] : x;
}

static void propose(const hgi_explainer *e, hgi_candidate *c, float again)
{
    if (!hgi_explain_is_number(e, c->column)) return;
    const double t0 = (double)e->x[c->column], t1 = (double)c->value[0];
    const double t2 = (double)again, ratio = (t2 - t1) / (t1 - t0);
    const hgi_scaler *s = &e->m->scaler;
    c->value[1] = or_else(t2, c->value[0]);
    c->value[2] = c->value[3] = c->value[1];
    if (ratio > 0 && ratio < RATIO_MOST)
        c->value[2] = or_else(t0 + (t1 - t0) / (1 - ratio), c->value[1]);
    if (s->kind == HGI_SCALE_STANDARD)
        c->value[3] = or_else(s->shift[hgi_explain_place(e, c->column)], c->value[1]);
}

/* The best change: its candidate, value and score; false: none was found. */
static hg_status try_all(hgi_explainer *e, int64_t *best, float *value, double *score)
{
    *best = -1;
    *score = HUGE_VAL;
    HGI_TRY(hgi_explain_reconstruct(e, e->x, 1, e->y));
    choose(e);
    if (e->n == 0) return HG_OK;
    for (int64_t i = 0; i < e->n; i++) {
        hgi_candidate *c = &e->candidate[i];
        const int64_t at = hgi_explain_place(e, c->column);
        c->value[0] = or_else((double)e->y[c->column], (float)e->m->scaler.shift[at]);
        if (!hgi_explain_is_number(e, c->column)) propose_words(e, c);
    }
    put_rows(e, 0, e->rows);
    HGI_TRY(hgi_explain_reconstruct(e, e->rows, e->n, e->made));
    for (int64_t i = 0; i < e->n; i++)
        propose(e, &e->candidate[i], e->made[i * e->d + e->candidate[i].column]);
    for (int which = 0; which <= TRIES; which += TRIES) {
        const int tries = which == 0 ? 1 : TRIES;
        for (int k = 0; k < tries; k++)
            put_rows(e, which == 0 ? 0 : k + 1, e->rows + k * e->n * e->d);
        HGI_TRY(hg_session_score(e->session, e->rows, tries * e->n, e->score));
        for (int64_t i = 0; i < tries * e->n; i++) {
            if (!(e->score[i] < *score)) continue;
            *score = e->score[i];
            *best = i % e->n;
            *value = e->candidate[*best].value[which == 0 ? 0 : i / e->n + 1];
        }
    }
    return HG_OK;
}

/* ---- a row --------------------------------------------------------------------------- */

hg_status hgi_explain_row(hgi_explainer *e, hgi_explained *r, hgi_cause *cause,
                          int64_t most)
{
    HGI_TRY(hg_session_score(e->session, e->x, 1, &r->score));
    r->p_value = hg_p_value(e->m, r->score);
    r->left = r->score;
    r->first = r->last = -1;
    r->causes = 0;
    memset(e->taken, 0, (size_t)e->d * sizeof *e->taken);
    const double over = r->score - e->normal;
    while (r->causes < most && r->left > e->normal) {
        int64_t best;
        float value = 0;
        double score;
        HGI_TRY(try_all(e, &best, &value, &score));
        if (best < 0 || !(r->left - score >= HGI_CAUSE_LEAST * over)) break;
        hgi_cause *c = &cause[r->causes++];
        *c = (hgi_cause){.column = e->candidate[best].column, .expected = value};
        c->first = c->last = c->peak = -1;
        c->found = e->x[c->column];
        c->number = e->schema == NULL || e->schema->column[c->column].kind == HGI_NUMERIC;
        c->left = score;
        c->share = fmin((r->left - fmax(score, e->normal)) / over, 1);
        e->x[c->column] = value;
        e->taken[c->column] = true;
        r->left = score;
    }
    return HG_OK;
}
