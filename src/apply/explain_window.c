// SPDX-License-Identifier: MIT
/* Why a window of a series is an anomaly: which channels, and in which of their steps,
 * leave a window that scores like a normal one when they are as expected.
 *
 * As for rows (explain_row.c) the score itself is asked, channel by channel, the one whose
 * change lowers it most first.  What is expected of a channel, the others left as they are,
 * is where
 *     x <- net(x) in this channel, x elsewhere
 * comes to rest; of its first iterates the one with the lowest score is taken.  Then the
 * span is made as short as can be: the steps around it go back to what they were, as long
 * as KEPT of what the whole channel took off the score stays off.  At last the expected
 * values are found again with the steps around the span as they are. */
#include "apply/explain.h"

#include <math.h>
#include <string.h>

enum { ITERATES = 16 };
#define KEPT 0.9

/* Iterates of the n rows in e->rows, row i in channel column[i] and steps first to last
 * alone; those with the lowest scores into e->best and e->score. */
static hg_status settle(hgi_explainer *e, int64_t n, const int64_t *column, int64_t first,
                        int64_t last)
{
    const int64_t d = e->d, ch = e->channels;
    double *now = e->score + e->room;
    for (int64_t i = 0; i < n; i++) e->score[i] = HUGE_VAL;
    for (int k = 1; k <= ITERATES; k++) {
        HGI_TRY(hgi_explain_reconstruct(e, e->rows, n, e->made));
        for (int64_t i = 0; i < n; i++)
            for (int64_t t = first; t <= last; t++) {
                const int64_t at = i * d + t * ch + column[i];
                if (isfinite(e->made[at])) e->rows[at] = e->made[at];
            }
        if ((k & (k - 1)) != 0) continue; /* 1, 2, 4, 8, 16 */
        HGI_TRY(hg_session_score(e->session, e->rows, n, now));
        for (int64_t i = 0; i < n; i++) {
            if (!(now[i] < e->score[i])) continue;
            e->score[i] = now[i];
            memcpy(e->best + i * d, e->rows + i * d, (size_t)d * sizeof *e->best);
        }
    }
    return HG_OK;
}

/* ---- the channel --------------------------------------------------------------------- */

/* The channels that are farthest from their reconstruction, e->most of them at most. */
static hg_status choose(hgi_explainer *e)
{
    HGI_TRY(hgi_explain_reconstruct(e, e->x, 1, e->y));
    e->n = 0;
    for (int64_t c = 0; c < e->channels; c++) {
        double gap = 0;
        if (e->taken[c]) continue;
        for (int64_t t = 0; t < e->steps; t++) {
            const int64_t at = t * e->channels + c;
            const double by = (double)e->x[at] - (double)e->y[at];
            gap += isnan(by) ? HUGE_VAL : fabs(by);
        }
        gap *= e->m->scaler.scale[hgi_explain_place(e, c)];
        if (e->n == e->most && gap <= e->candidate[e->n - 1].gap) continue;
        int64_t at = e->n < e->most ? e->n++ : e->n - 1;
        for (; at > 0 && e->candidate[at - 1].gap < gap; at--)
            e->candidate[at] = e->candidate[at - 1];
        e->candidate[at] = (hgi_candidate){.column = c, .gap = gap};
    }
    return HG_OK;
}

/* The channel whose change lowers the score most, its values as expected into e->y; -1:
 * none is left. */
static hg_status best_channel(hgi_explainer *e, int64_t *column, double *score)
{
    int64_t columns[64], best = 0;
    *column = -1;
    HGI_TRY(choose(e));
    if (e->n == 0) return HG_OK;
    for (int64_t i = 0; i < e->n; i++) {
        columns[i] = e->candidate[i].column;
        memcpy(e->rows + i * e->d, e->x, (size_t)e->d * sizeof *e->rows);
    }
    HGI_TRY(settle(e, e->n, columns, 0, e->steps - 1));
    for (int64_t i = 1; i < e->n; i++)
        if (e->score[i] < e->score[best]) best = i;
    *column = columns[best];
    *score = e->score[best];
    memcpy(e->y, e->best + best * e->d, (size_t)e->d * sizeof *e->y);
    return HG_OK;
}

/* ---- the span ------------------------------------------------------------------------ */

/* The scores of n spans of the channel as expected, all else as it is. */
static hg_status try_spans(hgi_explainer *e, int64_t column, const int64_t (*span)[2],
                           int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        float *row = e->rows + i * e->d;
        memcpy(row, e->x, (size_t)e->d * sizeof *row);
        for (int64_t t = span[i][0]; t <= span[i][1]; t++)
            row[t * e->channels + column] = e->y[t * e->channels + column];
    }
    return hg_session_score(e->session, e->rows, n, e->score);
}

/* Moves one end of [at[0], at[1]] inwards, in steps of `by`, as far as the score stays
 * below `most`.  *moved: is there more to try? */
static hg_status move_end(hgi_explainer *e, int64_t column, int64_t at[2], int end,
                          int64_t by, double most, bool *moved)
{
    int64_t span[64][2], n = 0, best = -1;
    *moved = false;
    for (int64_t k = 1; n < e->most; k++) {
        int64_t to = end == 0 ? at[0] + k * by : at[1] - k * by;
        if (end == 0 ? to > at[1] : to < at[0]) break;
        span[n][0] = end == 0 ? to : at[0];
        span[n++][1] = end == 0 ? at[1] : to;
    }
    if (n == 0) return HG_OK;
    HGI_TRY(try_spans(e, column, (const int64_t(*)[2])span, n));
    while (best + 1 < n && e->score[best + 1] <= most) best++;
    if (best < 0) return HG_OK;
    at[end] = span[best][end];
    *moved = best == n - 1;
    return HG_OK;
}

static hg_status shorten(hgi_explainer *e, int64_t column, double most, int64_t at[2])
{
    at[0] = 0;
    at[1] = e->steps - 1;
    for (int64_t by = hgi_max(1, e->steps / e->most);; by = hgi_max(1, by / 8)) {
        for (int end = 0; end < 2; end++)
            for (bool moved = true; moved;)
                HGI_TRY(move_end(e, column, at, end, by, most, &moved));
        if (by == 1) return HG_OK;
    }
}

/* ---- a window ------------------------------------------------------------------------ */

static void put_curve(const hgi_explainer *e, const hgi_cause *c, float *curve)
{
    for (int64_t t = 0; t < e->steps; t++) {
        const int64_t at = t * e->channels + c->column;
        const bool inside = t >= c->first && t <= c->last;
        curve[t] = e->x[at];
        curve[e->steps + t] = inside ? e->y[at] : e->x[at];
    }
}

/* The step of the span that is farthest off stands for it. */
static void find_peak(const hgi_explainer *e, hgi_cause *c)
{
    double most = -1;
    for (int64_t t = c->first; t <= c->last; t++) {
        const int64_t at = t * e->channels + c->column;
        const double by = fabs((double)e->x[at] - (double)e->y[at]);
        if (!(by > most)) continue;
        most = by;
        c->peak = t;
        c->found = e->x[at];
        c->expected = e->y[at];
    }
}

/* The expected values anew, with all but the span as it is, if they score lower. */
static hg_status settle_span(hgi_explainer *e, hgi_cause *c)
{
    const int64_t span[1][2] = {{c->first, c->last}};
    HGI_TRY(try_spans(e, c->column, span, 1));
    c->left = e->score[0];
    HGI_TRY(settle(e, 1, &c->column, c->first, c->last));
    if (!(e->score[0] < c->left)) return HG_OK;
    c->left = e->score[0];
    memcpy(e->y, e->best, (size_t)e->d * sizeof *e->y);
    return HG_OK;
}

hg_status hgi_explain_window(hgi_explainer *e, hgi_explained *r, hgi_cause *cause,
                             int64_t most, float *curve)
{
    const double over = r->score - e->normal;
    while (r->causes < hgi_min(most, e->channels) && r->left > e->normal) {
        int64_t at[2];
        double score = 0;
        hgi_cause c = {.number = true};
        HGI_TRY(best_channel(e, &c.column, &score));
        const double off = r->left - fmax(score, e->normal);
        if (c.column < 0 || !(off >= HGI_CAUSE_LEAST * over)) break;
        HGI_TRY(shorten(e, c.column, r->left - KEPT * off, at));
        c.first = at[0];
        c.last = at[1];
        HGI_TRY(settle_span(e, &c));
        find_peak(e, &c);
        c.share = fmin((r->left - fmax(c.left, e->normal)) / over, 1);
        if (curve != NULL) put_curve(e, &c, curve + r->causes * 2 * e->steps);
        for (int64_t t = c.first; t <= c.last; t++)
            e->x[t * e->channels + c.column] = e->y[t * e->channels + c.column];
        e->taken[c.column] = true;
        r->left = c.left;
        cause[r->causes++] = c;
    }
    return HG_OK;
}
