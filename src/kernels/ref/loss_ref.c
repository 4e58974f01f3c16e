// SPDX-License-Identifier: MIT
/* Losses, the L1 penalty and sums, plain C.  Row sums are kept in double.
 *
 * Binary cross-entropy is taken from the logit z, not from p = sigmoid(z): with
 * -t log p - (1-t) log(1-p) = max(z,0) - z t + log(1 + exp(-|z|)) nothing overflows and
 * no digit of a small loss is lost in 1 - p.                                          */
#include "kernels/ref/ref.h"

#include <tgmath.h>

/* -1, 0, 1, or NaN.                                                                   */
static hgi_real sign(hgi_real x)
{
    if (x > 0) return 1;
    if (x < 0) return -1;
    return x;
}

static hgi_real limit(hgi_real x, hgi_real bound)
{
    if (x > bound) return bound;
    return x < -bound ? -bound : x;
}

static hgi_real loss_value(hgi_loss_kind kind, hgi_real delta, hgi_real y, hgi_real t)
{
    hgi_real e = y - t, size = fabs(e);
    switch (kind) {
    case HGI_LOSS_MAE: return size;
    case HGI_LOSS_HUBER:
        return size > delta ? delta * (size - delta / 2) : size * (size - size / 2);
    case HGI_LOSS_BCE_LOGITS: return (y < 0 ? 0 : y) - y * t + log1p(exp(-fabs(y)));
    case HGI_LOSS_MSE:
    case HGI_LOSS_COUNT: break;
    }
    return e * e;
}

static hgi_real loss_slope(hgi_loss_kind kind, hgi_real delta, hgi_real y, hgi_real t)
{
    switch (kind) {
    case HGI_LOSS_MAE: return sign(y - t);
    case HGI_LOSS_HUBER: return limit(y - t, delta);
    case HGI_LOSS_BCE_LOGITS: return 1 / (1 + exp(-y)) - t;
    case HGI_LOSS_MSE:
    case HGI_LOSS_COUNT: break;
    }
    return 2 * (y - t);
}

void hgk_loss_ref(hgi_loss_kind kind, hgi_real delta, hgi_real scale, int64_t R,
                  int64_t C, const hgi_real *y, int64_t ldy, const hgi_real *t,
                  int64_t ldt, hgi_real *g, int64_t ldg, double *row_loss)
{
    for (int64_t r = 0; r < R; r++) {
        double sum = 0;
        for (int64_t c = 0; c < C; c++) {
            hgi_real yc = y[r * ldy + c], tc = t[r * ldt + c];
            sum += (double)loss_value(kind, delta, yc, tc);
            if (g) g[r * ldg + c] = scale * loss_slope(kind, delta, yc, tc);
        }
        row_loss[r] = sum;
    }
}

void hgk_l1_ref(hgi_real scale, int64_t R, int64_t C, const hgi_real *z, int64_t ldz,
                hgi_real *g, int64_t ldg, double *row_sum)
{
    for (int64_t r = 0; r < R; r++) {
        double sum = 0;
        for (int64_t c = 0; c < C; c++) {
            hgi_real x = z[r * ldz + c];
            sum += (double)fabs(x);
            if (g) g[r * ldg + c] += scale * sign(x);
        }
        row_sum[r] = sum;
    }
}

void hgk_column_sum_ref(int add, int64_t R, int64_t C, const hgi_real *x, int64_t ldx,
                        hgi_real *out)
{
    if (!add)
        for (int64_t c = 0; c < C; c++) out[c] = 0;
    for (int64_t r = 0; r < R; r++)
        for (int64_t c = 0; c < C; c++) out[c] += x[r * ldx + c];
}

double hgk_sum_squares_ref(int64_t n, const hgi_real *x)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum;
}
