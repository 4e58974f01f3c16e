// SPDX-License-Identifier: MIT
/* Structural similarity of two images of values in [0,1] (Wang, Bovik, Sheikh & Simoncelli,
 * "Image quality assessment: from error visibility to structural similarity", IEEE
 * Transactions on Image Processing 13, 2004).             x, y [h, w, channels], row-major
 *
 *     ssim = mean over positions of  (2 mx my + C1) (2 sxy + C2)
 *                                    ---------------------------------------
 *                                    (mx^2 + my^2 + C1) (sx^2 + sy^2 + C2)
 *
 * m and s are means and (co)variances under a window of 11x11 Gaussian weights, sigma 1.5,
 * sum 1; C1 = (0.01 L)^2, C2 = (0.03 L)^2 with the range L = 1.  Positions are those where
 * the whole window lies in the image, as in the authors' program; channels are averaged.
 *
 * The window is a product of two lines: each row is summed across once, and the last 11 of
 * these sums, kept in a ring, are summed down.                                         */
#include "metrics/metrics.h"

#include <math.h>

/* QUANTITIES: x, y, x^2, y^2, xy. */
enum { WINDOW = HGI_SSIM_WINDOW, QUANTITIES = 5 };

int64_t hgi_ssim_work(int64_t w) { return WINDOW * QUANTITIES * (w - WINDOW + 1); }

static void gaussian(double g[WINDOW])
{
    double sum = 0;
    for (int i = 0; i < WINDOW; i++) {
        double at = (i - WINDOW / 2) / 1.5;
        sum += g[i] = exp(-at * at / 2);
    }
    for (int i = 0; i < WINDOW; i++) g[i] /= sum;
}

/* One row of one channel, summed across: out [QUANTITIES][w - WINDOW + 1]. */
static void across(const double g[WINDOW], int64_t w, int64_t channels, const hgi_real *x,
                   const hgi_real *y, double *out)
{
    int64_t n = w - WINDOW + 1;
    for (int64_t c = 0; c < n; c++) {
        double sum[QUANTITIES] = {0};
        for (int i = 0; i < WINDOW; i++) {
            double a = (double)x[(c + i) * channels], b = (double)y[(c + i) * channels];
            sum[0] += g[i] * a;
            sum[1] += g[i] * b;
            sum[2] += g[i] * a * a;
            sum[3] += g[i] * b * b;
            sum[4] += g[i] * a * b;
        }
        for (int q = 0; q < QUANTITIES; q++) out[q * n + c] = sum[q];
    }
}

static double similarity(const double s[QUANTITIES])
{
    const double c1 = 0.01 * 0.01, c2 = 0.03 * 0.03;
    double xx = s[0] * s[0], yy = s[1] * s[1], xy = s[0] * s[1];
    return (2 * xy + c1) * (2 * (s[4] - xy) + c2) /
           ((xx + yy + c1) * (s[2] - xx + s[3] - yy + c2));
}

double hgi_ssim(int64_t h, int64_t w, int64_t channels, const hgi_real *x,
                const hgi_real *y, double *work)
{
    double g[WINDOW], total = 0;
    int64_t n = w - WINDOW + 1, line = QUANTITIES * n;
    assert(h >= WINDOW && w >= WINDOW && channels > 0);
    gaussian(g);
    for (int64_t channel = 0; channel < channels; channel++)
        for (int64_t r = 0; r < h; r++) {
            int64_t at = r * w * channels + channel;
            across(g, w, channels, x + at, y + at, work + r % WINDOW * line);
            for (int64_t c = 0; r >= WINDOW - 1 && c < n; c++) {
                double sum[QUANTITIES] = {0};
                for (int i = 0; i < WINDOW; i++) {
                    const double *row = work + (r - (WINDOW - 1) + i) % WINDOW * line + c;
                    for (int q = 0; q < QUANTITIES; q++) sum[q] += g[i] * row[q * n];
                }
                total += similarity(sum);
            }
        }
    return total / (double)(channels * (h - WINDOW + 1) * n);
}
