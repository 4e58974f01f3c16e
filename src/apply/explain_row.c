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
 * is the end of the series.  A value far outside bends the net, though, and all three are
 * wrong, so values all over the column's normal range are tried as well, and then more of
 * them around the best, of those columns that got lowest.  The lowest score wins.
 *
 * A cause takes at most TRIED scores for each of the columns, REFINED * FINE more and
 * another FINE for the one that is taken.  All of this needs scores and reconstructions
 * alone, so any kind of score, net and table will do. */
#include "apply/explain.h"

#include <math.h>
#include <string.h>

/* Values over a column's range; around the best; columns that get those. */
enum { GRID = 16, FINE = 8, REFINED = 8 };
/* Of a column at the most: the grid, two reconstructions, their limit and the mean; or so
 * many words. */
enum { TRIED = GRID + 4 };
/* A standardised column's range: what a normal row of 370 is beyond, where it is normal. */
#define RANGE 3.0
/* Nearer to 1 the end of the series is beyond what two terms can tell. */
#define RATIO_MOST 0.99

/* ---- candidates ---------------------------------------------------------------------- */

/* As the scaler measures: logarithms of a column with a long tail. */
static double bent(const hgi_explainer *e, int64_t column, double v)
{
    return hgi_bent(&e->m->scaler, hgi_explain_place(e, column), v);
}

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
    return fabs(bent(e, column, x) - bent(e, column, y)) *
           e->m->scaler.scale[hgi_explain_place(e, column)];
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
        e->candidate[at] = (hgi_candidate){.column = c, .gap = gap, .least = HUGE_VAL};
    }
}

/* ---- trying -------------------------------------------------------------------------- */

/* The scores of the rows that were gathered. */
static hg_status try_gathered(hgi_explainer *e)
{
    const int64_t n = e->trials;
    e->trials = 0;
    for (int64_t i = 0; i < n; i++) {
        float *to = e->rows + i * e->d;
        memcpy(to, e->x, (size_t)e->d * sizeof *to);
        to[e->candidate[e->trial[i].candidate].column] = e->trial[i].value;
    }
    if (n > 0) HGI_TRY(hg_session_score(e->session, e->rows, n, e->score));
    for (int64_t i = 0; i < n; i++) {
        hgi_candidate *c = &e->candidate[e->trial[i].candidate];
        if (!(e->score[i] < c->least)) continue;
        c->least = e->score[i];
        c->best = e->trial[i].value;
    }
    return HG_OK;
}

/* What is beyond floats is not tried. */
static hg_status try_value(hgi_explainer *e, int64_t candidate, double value)
{
    if (!isfinite((float)value)) return HG_OK;
    e->trial[e->trials++] = (hgi_trial){candidate, (float)value};
    return e->trials == e->room ? try_gathered(e) : HG_OK;
}

/* A value as the scaler measures. */
static hg_status try_bent(hgi_explainer *e, int64_t candidate, double value)
{
    const int64_t at = hgi_explain_place(e, e->candidate[candidate].column);
    return try_value(e, candidate, hgi_unbent(&e->m->scaler, at, value));
}

/* Of words the one that the net expects and the most frequent others are tried: a net that
 * takes a wrong word as it is has been seen, and so has one that other columns misled. */
static hg_status try_words(hgi_explainer *e, int64_t i)
{
    const int64_t column = e->candidate[i].column;
    const int64_t words = hgi_min(e->schema->column[column].words, TRIED - 1);
    const float x = e->x[column], y = e->y[column];
    if (fabsf(x - y) > 0) HGI_TRY(try_value(e, i, (double)y));
    for (int64_t k = 0; k < words; k++)
        if (fabsf((float)k - x) > 0 && fabsf((float)k - y) > 0)
            HGI_TRY(try_value(e, i, (double)k));
    return HG_OK;
}

/* A column's normal range, as far as the scaler knows it, as it measures. */
static void range_of(const hgi_explainer *e, int64_t column, double *from, double *to)
{
    const hgi_scaler *s = &e->m->scaler;
    const int64_t at = hgi_explain_place(e, column);
    const bool standard = hgi_scaler_standard(s);
    *from = s->shift[at] - (standard ? RANGE / s->scale[at] : 0);
    *to = s->shift[at] + (standard ? RANGE : 1) / s->scale[at];
}

static hg_status try_numbers(hgi_explainer *e, int64_t i, float again)
{
    const int64_t column = e->candidate[i].column;
    const double t0 = bent(e, column, (double)e->x[column]);
    const double t1 = bent(e, column, (double)e->y[column]);
    const double t2 = bent(e, column, (double)again), ratio = (t2 - t1) / (t1 - t0);
    double from, to;
    HGI_TRY(try_value(e, i, (double)e->y[column]));
    HGI_TRY(try_value(e, i, (double)again));
    if (ratio > 0 && ratio < RATIO_MOST)
        HGI_TRY(try_bent(e, i, t0 + (t1 - t0) / (1 - ratio)));
    range_of(e, column, &from, &to);
    HGI_TRY(try_bent(e, i, (from + to) / 2));
    for (int k = 0; k < GRID; k++)
        HGI_TRY(try_bent(e, i, from + (to - from) * k / (GRID - 1)));
    return HG_OK;
}

/* Values on both sides of the best one, nearer to it than `step` of the grid. */
static hg_status try_around(hgi_explainer *e, int64_t i, double step)
{
    const hgi_candidate *c = &e->candidate[i];
    const double best = bent(e, c->column, (double)c->best);
    double from, to;
    if (!hgi_explain_is_number(e, c->column) || !(c->least < HUGE_VAL)) return HG_OK;
    range_of(e, c->column, &from, &to);
    const double each = (to - from) / (GRID - 1) * step / (FINE / 2 + 1);
    for (int k = -FINE / 2; k <= FINE / 2; k++)
        if (k != 0) HGI_TRY(try_bent(e, i, best + k * each));
    return HG_OK;
}

/* The candidate with the lowest score, or the next one behind candidate `after`, equal ones
 * as they come; -1: there is none. */
static int64_t lowest(const hgi_explainer *e, int64_t after)
{
    const double floor = after >= 0 ? e->candidate[after].least : -HUGE_VAL;
    int64_t best = -1;
    for (int64_t i = 0; i < e->n; i++) {
        const double least = e->candidate[i].least;
        if (least < floor || (!(least > floor) && i <= after)) continue;
        if (best < 0 || least < e->candidate[best].least) best = i;
    }
    return best;
}

/* The best change: a candidate, with its value and score; -1: there is none. */
static hg_status try_all(hgi_explainer *e, int64_t *best)
{
    *best = -1;
    HGI_TRY(hgi_explain_reconstruct(e, e->x, 1, e->y));
    choose(e);
    if (e->n == 0) return HG_OK;
    for (int64_t i = 0; i < e->n; i++) {
        const int64_t c = e->candidate[i].column;
        float *row = e->rows + i * e->d;
        const int64_t at = hgi_explain_place(e, c);
        const hgi_scaler *s = &e->m->scaler;
        if (!isfinite(e->y[c])) e->y[c] = (float)hgi_unbent(s, at, s->shift[at]);
        memcpy(row, e->x, (size_t)e->d * sizeof *row);
        row[c] = e->y[c];
    }
    HGI_TRY(hgi_explain_reconstruct(e, e->rows, e->n, e->made));
    for (int64_t i = 0; i < e->n; i++) {
        const int64_t c = e->candidate[i].column;
        HGI_TRY(hgi_explain_is_number(e, c) ? try_numbers(e, i, e->made[i * e->d + c])
                                            : try_words(e, i));
    }
    HGI_TRY(try_gathered(e));
    int64_t refined[REFINED], n = 0;
    for (int64_t i = lowest(e, -1); i >= 0 && n < REFINED; i = lowest(e, i))
        refined[n++] = i;
    for (int64_t i = 0; i < n; i++) HGI_TRY(try_around(e, refined[i], 1));
    HGI_TRY(try_gathered(e));
    *best = lowest(e, -1);
    HGI_TRY(try_around(e, *best, 1.0 / (FINE / 2 + 1)));
    return try_gathered(e);
}

/* ---- a row --------------------------------------------------------------------------- */

hg_status hgi_explain_row(hgi_explainer *e, hgi_explained *r, hgi_cause *cause,
                          int64_t most)
{
    const double over = r->score - e->normal;
    while (r->causes < most && r->left > e->normal) {
        int64_t best;
        HGI_TRY(try_all(e, &best));
        if (best < 0) break;
        const double score = e->candidate[best].least;
        const float value = e->candidate[best].best;
        if (!(r->left - score >= HGI_CAUSE_LEAST * over)) break;
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
