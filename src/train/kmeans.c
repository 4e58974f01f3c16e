// SPDX-License-Identifier: MIT
/* k-means++ and Lloyd's rounds, to start a mixture from: see em.h.
 *
 * Rows find their nearest centre in parallel; picking a centre and moving one are sums in
 * the order of the rows. */
#include "base/rng.h"
#include "train/em.h"

#include <math.h>
#include <string.h>

enum { STARTS = 3, ROUNDS = 12 };

static double distance(int64_t d, const double *a, const double *b)
{
    double s = 0;
    for (int64_t i = 0; i < d; i++) s += (a[i] - b[i]) * (a[i] - b[i]);
    return s;
}

/* One block of rows: their distance to the nearest centre, and which that is.  With `from`
 * set only that centre is new, and the others' distances stand in e->row. */
static void nearest(void *arg, int64_t item, int worker)
{
    hgi_em *e = arg;
    (void)worker;
    int64_t first = item * HGI_EM_ROWS, last = hgi_min(first + HGI_EM_ROWS, e->n);
    int64_t begin = hgi_max(e->from, 0), end = e->from < 0 ? e->k : e->from + 1;
    for (int64_t r = first; r < last; r++) {
        double best = e->from > 0 ? e->row[r] : (double)INFINITY;
        for (int64_t c = begin; c < end; c++) {
            double far = distance(e->d, e->x + r * e->d, e->mean + c * e->d);
            if (!(far < best)) continue;
            best = far;
            e->label[r] = c;
        }
        e->row[r] = best;
    }
}

static void find_nearest(hgi_em *e, int64_t from)
{
    e->from = from;
    hgi_stage s = {nearest, e, hgi_ceil_div(e->n, HGI_EM_ROWS)};
    hgi_team_run(e->team, &s, 1);
}

static double total(const hgi_em *e)
{
    double sum = 0;
    for (int64_t r = 0; r < e->n; r++) sum += e->row[r];
    return sum;
}

/* A row drawn by the squares of the distances: far ones more often. */
static int64_t pick(const hgi_em *e, double u)
{
    double left = u * total(e);
    int64_t last = 0;
    for (int64_t r = 0; r < e->n; r++) {
        if (!(e->row[r] > 0)) continue;
        last = r;
        left -= e->row[r];
        if (left < 0) break;
    }
    return last;
}

/* In [0,1) with 53 bits. */
static double uniform(uint64_t seed, int start, int64_t at)
{
    uint32_t w[4];
    hgi_rng rng = {seed, HGI_USE_SAMPLE + 256 * 3, (uint32_t)start};
    hgi_philox(&rng, (uint64_t)at, 0, w);
    return (double)(((uint64_t)w[1] << 32 | w[0]) >> 11) * 0x1p-53;
}

static void begin(hgi_em *e, int start)
{
    size_t bytes = (size_t)e->d * sizeof *e->mean;
    for (int64_t r = 0; r < e->n; r++) e->row[r] = 1; /* the first: any row */
    for (int64_t c = 0; c < e->k; c++) {
        int64_t r = pick(e, uniform(e->seed, start, c));
        memcpy(e->mean + c * e->d, e->x + r * e->d, bytes);
        find_nearest(e, c);
    }
}

/* Each centre to the mean of its rows; one without rows stays. */
static void move(hgi_em *e)
{
    double *count = e->weight;
    memset(count, 0, (size_t)e->k * sizeof *count);
    for (int64_t r = 0; r < e->n; r++) count[e->label[r]]++;
    for (int64_t c = 0; c < e->k; c++)
        if (count[c] > 0) memset(e->mean + c * e->d, 0, (size_t)e->d * sizeof *e->mean);
    for (int64_t r = 0; r < e->n; r++) {
        double *m = e->mean + e->label[r] * e->d;
        for (int64_t i = 0; i < e->d; i++) m[i] += e->x[r * e->d + i];
    }
    for (int64_t c = 0; c < e->k; c++)
        for (int64_t i = 0; count[c] > 0 && i < e->d; i++)
            e->mean[c * e->d + i] /= count[c];
}

void hgi_kmeans(hgi_em *e)
{
    double best = (double)INFINITY;
    size_t bytes = (size_t)(e->k * e->d) * sizeof *e->mean;
    for (int start = 0; start < STARTS; start++) {
        double before = (double)INFINITY, now = 0;
        begin(e, start);
        /* Rounds that gain less than a thousandth are left to what follows. */
        for (int i = 0; i < ROUNDS; i++, before = now) {
            now = total(e);
            if (now >= 0.999 * before) break;
            move(e);
            find_nearest(e, -1);
        }
        now = total(e);
        if (now < best) memcpy(e->keep, e->mean, bytes);
        best = fmin(best, now);
    }
    memcpy(e->mean, e->keep, bytes);
    find_nearest(e, -1);
}
