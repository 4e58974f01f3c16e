// SPDX-License-Identifier: MIT
/* Score `residual`: the mean over columns of the squared error, each by what it is in
 * normal rows: see score_columns.h. */
#include "apply/score_columns.h"

static void cost(const hgi_score_rows *rows, int64_t i, double *u)
{
    const hgi_real *r = rows->r + i * rows->c;
    for (int64_t j = 0; j < rows->c; j++) u[j] = (double)r[j] * (double)r[j];
}

static hg_status fit(hg_ctx *ctx, const hgi_score_rows *rows, hgi_score_state *out)
{
    return hgi_columns_fit(ctx, rows, cost, out);
}

static void score(const hgi_score_state *s, const hgi_score_rows *rows, double *scratch,
                  double *out)
{
    hgi_columns_score(s, rows, cost, scratch, out);
}

const hgi_score_kind hgi_score_residual = {
    .name = "residual",
    .brief = "error of the reconstruction, each column by its normal spread",
    .fit = fit,
    .check = hgi_columns_check,
    .scratch = hgi_columns_scratch,
    .score = score,
};
