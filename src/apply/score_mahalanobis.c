// SPDX-License-Identifier: MIT
/* Score `mahalanobis`: v = (z, r), a row's code and its errors, by how far it is from the
 * mean of normal rows in units of their covariance:
 *     score = |L^-1 (v - mean)|^2 / D,   L L^T = covariance,   D = k + c
 * which is 1 for a normal row on average.  The code says that a row is rare among rows that
 * are rebuilt well, the errors that it is not rebuilt well.  Beyond WIDEST values the
 * covariance is taken as diagonal.
 *
 * An error that was not observed counts as its mean, and the others for it.
 * Source: Mahalanobis 1936.  The ridge keeps directions in which normal rows hardly vary
 * from deciding alone. */
#include "apply/score.h"
#include "base/linear.h"

#include <math.h>
#include <string.h>

enum { WIDEST = 512 };
#define RIDGE 1e-3
#define LEAST 1e-6 /* variance of scaled values */

static double value_of(const hgi_score_rows *rows, int64_t i, int64_t j)
{
    return j < rows->k ? (double)rows->z[i * rows->k + j]
                       : (double)rows->r[i * rows->c + j - rows->k];
}

/* Row i about the mean to v [D]; how many values were observed. */
static int64_t centre(const hgi_score_rows *rows, int64_t i, const double *mean,
                      double *v)
{
    const int64_t D = rows->k + rows->c;
    int64_t seen = 0;
    for (int64_t j = 0; j < D; j++) {
        double x = value_of(rows, i, j);
        bool gap = isnan(x);
        v[j] = gap ? 0 : x - mean[j];
        seen += !gap;
    }
    return seen;
}

static void find_mean(const hgi_score_rows *rows, double *mean)
{
    for (int64_t j = 0; j < rows->k + rows->c; j++) {
        double sum = 0, count = 0;
        for (int64_t i = 0; i < rows->n; i++) {
            double x = value_of(rows, i, j);
            if (isnan(x)) continue;
            sum += x;
            count++;
        }
        mean[j] = count > 0 ? sum / count : 0;
    }
}

/* The lower triangle, or the diagonal alone. */
static void find_covariance(const hgi_score_rows *rows, const double *mean, bool full,
                            double *v, double *C)
{
    const int64_t D = rows->k + rows->c, n = rows->n;
    for (int64_t i = 0; i < n; i++) {
        centre(rows, i, mean, v);
        for (int64_t j = 0; j < D; j++) {
            if (full)
                hgi_add(j + 1, v[j], v, C + j * D);
            else
                C[j] += v[j] * v[j];
        }
    }
    for (int64_t j = 0; j < (full ? D * D : D); j++) C[j] /= (double)n;
}

/* L in place of C.  The ridge grows until there is one: in finite numbers it ends. */
static bool factor(int64_t D, double *C, double *L)
{
    double ridge = RIDGE;
    for (int tries = 0; tries < 12; tries++, ridge *= 10) {
        memcpy(L, C, (size_t)(D * D) * sizeof *L);
        for (int64_t j = 0; j < D; j++) {
            double *at = L + j * D + j;
            *at = fmax(*at, LEAST) * (1 + ridge);
            for (int64_t i = j + 1; i < D; i++) L[j * D + i] = 0;
        }
        if (hgi_cholesky(D, L)) return true;
    }
    return false;
}

static hg_status fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out)
{
    hg_status status;
    const int64_t D = rows->k + rows->c;
    const bool full = D <= WIDEST;
    double *mean, *L, *C = NULL, *v = NULL;
    HGI_GOTO(hgi_score_tensor_new(ctx, out, "mean", D, 0, &mean));
    HGI_GOTO(hgi_score_tensor_new(ctx, out, "factor", D, full ? D : 0, &L));
    v = hgi_calloc(&ctx->mem, (size_t)D, sizeof *v);
    C = hgi_calloc(&ctx->mem, (size_t)(full ? D * D : D), sizeof *C);
    if (v == NULL || C == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)(D * D) * sizeof *C, "a covariance"));
    find_mean(rows, mean);
    find_covariance(rows, mean, full, v, C);
    for (int64_t j = 0; j < D && !full; j++) L[j] = sqrt(fmax(C[j], LEAST) * (1 + RIDGE));
    if (full && !factor(D, C, L))
        HGI_GOTO(hgi_fail(ctx, HG_ENONFINITE,
                          "score mahalanobis: the covariance of codes and errors is not "
                          "finite; scale the rows"));
done:
    hgi_free(&ctx->mem, v);
    hgi_free(&ctx->mem, C);
    return status;
}

static const char *check(const hgi_score_state *s, const hgi_score_rows *rows)
{
    const int64_t D = rows->k + rows->c;
    const bool full = D <= WIDEST;
    const double *L = hgi_score_tensor_get(s, "factor", D, full ? D : 0);
    if (L == NULL || hgi_score_tensor_get(s, "mean", D, 0) == NULL)
        return "'mean' and 'factor' are expected, of the code and the columns";
    for (int64_t j = 0; j < D; j++)
        if (!(L[full ? j * D + j : j] > 0)) return "the factor's diagonal is not above 0";
    return NULL;
}

static int64_t scratch(const hgi_score_state *s, const hgi_score_rows *rows)
{
    (void)s;
    return rows->k + rows->c;
}

static void score(const hgi_score_state *s, const hgi_score_rows *rows, double *v,
                  double *out)
{
    const int64_t D = rows->k + rows->c;
    const bool full = D <= WIDEST;
    const double *mean = hgi_score_tensor_get(s, "mean", D, 0);
    const double *L = hgi_score_tensor_get(s, "factor", D, full ? D : 0);
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t seen = centre(rows, i, mean, v);
        if (full) hgi_solve_lower(D, L, v);
        for (int64_t j = 0; j < D && !full; j++) v[j] /= L[j];
        out[i] = seen > 0 ? hgi_dot(D, v, v) / (double)seen : 1;
    }
}

const hgi_score_kind hgi_score_mahalanobis = {
    .name = "mahalanobis",
    .brief = "distance of code and errors from normal rows, by their covariance",
    .fit = fit,
    .check = check,
    .scratch = scratch,
    .score = score,
};
