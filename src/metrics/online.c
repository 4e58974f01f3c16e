// SPDX-License-Identifier: MIT
/* LORD++ (Ramdas, Yang, Wainwright & Jordan, NeurIPS 2017, eq. 9 with gamma of Javanmard &
 * Montanari, Annals of Statistics 2018).  With discoveries at rows t1 < t2 < ... the level
 * of row t is
 *
 *     w gamma(t) + (a - w) gamma(t - t1) + a sum_{j >= 2} gamma(t - tj),    w = a / 2
 *
 * so the sum of all levels is at most a times the discoveries (or 1), and that sum bounds
 * the false ones.  gamma falls slowly, so that a stream may be long before it has found
 * something. */
#include "metrics/online.h"

#include <math.h>

/* 1 / sum_j log(max(j, 2)) / (j exp(sqrt(log j))), rounded down */
#define GAMMA_SCALE 0.07908

double hgi_lord_gamma(int64_t j)
{
    double x = (double)j, log_x = log(x);
    return GAMMA_SCALE * log(fmax(x, 2)) / (x * exp(sqrt(log_x)));
}

double hgi_lord_level(const hgi_lord *l)
{
    const int64_t t = l->rows + 1, kept = hgi_min(l->found, HGI_LORD_MEMORY);
    double start = l->rate / 2, level = start * hgi_lord_gamma(t);
    for (int64_t i = 0; i < kept; i++) {
        int64_t row = l->at[i];
        level += (row == l->first ? l->rate - start : l->rate) * hgi_lord_gamma(t - row);
    }
    return level;
}

bool hgi_lord_next(hgi_lord *l, double p_value)
{
    bool found = p_value <= hgi_lord_level(l);
    l->rows++;
    if (!found) return false;
    if (l->found == 0) l->first = l->rows;
    l->at[l->found++ % HGI_LORD_MEMORY] = l->rows;
    return true;
}
