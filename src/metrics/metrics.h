// SPDX-License-Identifier: MIT
/* The numbers the program prints: one table of names, and their formulas as functions.
 * docs/metrics.md has each formula, unit and source. */
#ifndef HGI_METRICS_H
#define HGI_METRICS_H

#include "base/base.h"

/* name, unit, help */
#define HGI_METRIC_MAP(X)                                                                \
    X(ROWS, rows, "rows", "rows evaluated")                                              \
    X(LOSS, loss, "", "the whole objective, penalties included")                         \
    X(RECON, recon, "", "its reconstruction part")                                       \
    X(PENALTY, penalty, "", "its penalty part")                                          \
    X(KL, kl, "nats", "KL divergence of the code's distribution from N(0, 1), a row")    \
    X(NLL, nll, "nats", "-log p(x|code) a row, of the reconstruction")                   \
    X(SIGMA, sigma, "", "standard deviation of loss gaussian, in scaled units")          \
    X(ELBO, elbo, "nats", "-(recon + kl) a row, from draws of each code")                \
    X(NEG_ELBO, neg_elbo, "nats", "recon + kl a row")                                    \
    X(IWAE, neg_iwae, "nats", "-log p(x) a row at most: importance-weighted bound")      \
    X(IWAE_SAMPLES, iwae_samples, "", "draws of each code for neg_iwae")                 \
    X(ACTIVE_UNITS, active_units, "",                                                    \
      "latents whose mean varies over rows by more than 0.01")                           \
    X(MSE, mse, "", "mean squared error over rows and features")                         \
    X(RMSE, rmse, "", "square root of mse")                                              \
    X(MAE, mae, "", "mean absolute error over rows and features")                        \
    X(BCE, bce, "nats", "mean binary cross-entropy over rows and features")              \
    X(BCE_FLOOR, bce_floor, "nats", "bce of a perfect reconstruction of these rows")     \
    X(PSNR, psnr, "dB", "-10 log10(mse), for data in [0,1]")                             \
    X(SSIM, ssim, "",                                                                    \
      "structural similarity of images in [0,1], mean over rows; 1: equal")              \
    X(SSE_PER_ROW, sse_per_row, "",                                                      \
      "squared error summed over features, mean over rows")                              \
    X(INPUT_MSE, input_mse, "", "mse of the model's noisy input itself")                 \
    X(INPUT_PSNR, input_psnr, "dB", "psnr of the model's noisy input itself")            \
    X(EXPLAINED, explained_variance, "",                                                 \
      "1 - squared error / variance around the columns' means")                          \
    X(ACTIVITY, mean_activity, "", "mean |code| over rows and code units")               \
    X(ZEROS, zero_fraction, "", "share of code values that are exactly 0")               \
    X(L0, l0, "", "code values of a row that are not 0, mean over rows")                 \
    X(DEAD, dead_units, "", "share of code units that are 0 in every row")               \
    X(PERPLEXITY, perplexity, "entries", "e^entropy of how often a codebook's are used") \
    X(DECODER_NORM, decoder_norm, "", "Frobenius norm of the decoder's first weight")    \
    X(CLIPPED, clipped_rows, "rows",                                                     \
      "rows with values outside the training range, clipped")

typedef enum hgi_metric {
#define HGI_METRIC_ROW(id, name, unit, help) HGI_METRIC_##id,
    HGI_METRIC_MAP(HGI_METRIC_ROW)
#undef HGI_METRIC_ROW
        HGI_METRIC_COUNT
} hgi_metric;

typedef struct hgi_metric_row {
    const char *name, *unit, *help;
} hgi_metric_row;
extern const hgi_metric_row hgi_metric_rows[HGI_METRIC_COUNT];

/* Errors of one row, prediction y against target t, both [d]. */
typedef struct hgi_row_errors {
    double square, absolute; /* sums over features */
    double variance;         /* sum (t - mean)^2 */
    int64_t count;           /* features that have a target */
    double bce, bce_floor;   /* sums; p clipped to [1e-7, 1 - 1e-7], as Keras does */
} hgi_row_errors;
/* mean [d]: the columns' means; unit: t and y are in [0,1], so that bce has a meaning. */
hgi_row_errors hgi_row_compare(int64_t d, const hgi_real *y, const hgi_real *t,
                               const double *mean, bool unit);
/* Of targets that are there: NaN is none. */
hgi_row_errors hgi_row_compare_known(int64_t d, const hgi_real *y, const hgi_real *t,
                                     const double *mean);
double hgi_psnr(double mse);
/* Structural similarity of two images [h,w,channels] in [0,1], h and w at least
 * HGI_SSIM_WINDOW; work: hgi_ssim_work(w) doubles. */
enum { HGI_SSIM_WINDOW = 11 };
int64_t hgi_ssim_work(int64_t w);
double hgi_ssim(int64_t h, int64_t w, int64_t channels, const hgi_real *x,
                const hgi_real *y, double *work);

#endif
