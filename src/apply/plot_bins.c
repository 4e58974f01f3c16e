// SPDX-License-Identifier: MIT
/* Bins for scores: what range they cover, where their edges are, what lies in them.
 *
 * Scores have no natural end: a row may be a million times as far out as the others.  The
 * range is therefore that of the bulk of the normal rows and some of what is around it, and
 * what lies beyond is counted in the bins at the ends. */
#include "apply/plot_bins.h"

#include <math.h>
#include <string.h>

enum { BINS_LEAST = 20, BINS_MOST = 60 };
/* Scores that span so many times their least have bins of equal width as logarithms. */
#define WIDE 30.0

static double place(const hgi_bins *b, double v) { return b->log ? log(v) : v; }

double hgi_bins_edge(const hgi_bins *b, const hg_detection *d, int i)
{
    const double v = b->lo + b->width * i;
    if (i == b->threshold) return d->threshold;
    if (i == 0) return b->first;
    return b->log ? exp(v) : v;
}

/* The score that a share of the normal rows reaches or exceeds; scores fall. */
static double normal_score(const hg_detection *d, double share)
{
    int64_t left = (int64_t)(share * (double)(d->n - d->anomalies - 1));
    for (int64_t i = 0; i < d->n; i++)
        if (!(d->row[i] & HGI_RANKED_ANOMALY) && left-- <= 0) return d->score[i];
    return d->score[d->n - 1];
}

/* The axis holds the body, all but the 1 % of the normal rows at each end and the
 * threshold, with 4 times its width above it and 2 times below at the most: so the body
 * has a seventh of it at the least. */
static void choose_bins(const hg_detection *d, hgi_bins *b)
{
    const double most = d->score[0], least = d->score[d->n - 1], t = d->threshold;
    const bool among = t > least && t < most;
    const double normal = (double)(d->n - d->anomalies), other = (double)d->anomalies;
    b->log = least > 0 && most / least > WIDE;
    b->threshold = -1;
    double from = place(b, normal_score(d, 0.99)), to = place(b, normal_score(d, 0.01));
    if (among) from = fmin(from, place(b, t)), to = fmax(to, place(b, t));
    double body = to - from;
    if (!(body > 0)) body = b->log ? 1 : fmax(fabs(to), 1);
    b->lo = fmax(place(b, least), from - 2 * body);
    double hi = fmin(place(b, most), to + 4 * body);
    /* One score alone has a bin of its own. */
    if (!(hi > b->lo)) b->lo -= 0.5, hi += 0.5;
    /* Steps that fewer rows draw are mostly noise: 3 times the rule of Rice. */
    b->count = (int)fmin(fmax(6 * cbrt(fmin(normal, other)), BINS_LEAST), BINS_MOST);
    b->width = (hi - b->lo) / b->count;
    if (among) {
        const double before = ceil((place(b, t) - b->lo) / b->width);
        b->threshold = (int)fmin(fmax(before, 1), b->count);
        b->lo = place(b, t) - b->threshold * b->width;
        b->count = (int)ceil((hi - b->lo) / b->width - 1e-9);
        if (b->count <= b->threshold) b->count = b->threshold + 1;
    }
    b->first = b->log ? exp(b->lo) : b->lo;
    /* What cannot be below zero is not drawn there. */
    if (least >= 0 && b->first < 0) b->first = 0;
}

/* A score as high as the threshold is no anomaly: so bins have their upper edges. */
static int bin_of(const hgi_bins *b, const hg_detection *d, double score)
{
    const double at = ceil((place(b, score) - b->lo) / b->width) - 1;
    const int k = (int)fmin(fmax(at, 0), b->count);
    if (b->threshold < 0) return k;
    return score > d->threshold ? (k < b->threshold ? b->threshold : k)
                                : (k < b->threshold ? k : b->threshold - 1);
}

void hgi_bins_count(const hg_detection *d, hgi_bins *b)
{
    const double of[2] = {(double)(d->n - d->anomalies), (double)d->anomalies};
    memset(b, 0, sizeof *b);
    choose_bins(d, b);
    const double top = b->lo + b->count * b->width, slip = 1e-6 * b->width;
    for (int64_t i = 0; i < d->n; i++) {
        const double at = place(b, d->score[i]);
        int bin = bin_of(b, d, d->score[i]);
        b->above += at > top + slip;
        b->below += at < b->lo - slip;
        if (bin == b->count && !(at > top + slip)) bin--; /* rounding alone */
        const int kind = (d->row[i] & HGI_RANKED_ANOMALY) ? 1 : 0;
        b->share[kind][bin] += 100 / of[kind];
    }
    b->count += b->above > 0;
}
