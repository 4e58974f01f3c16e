// SPDX-License-Identifier: MIT
/* Mean squared error, (y - t)^2.  A linear autoencoder trained on it spans the subspace of
 * PCA (Baldi & Hornik, Neural Networks 2, 1989). */
#include "model/loss.h"

const hgi_loss hgi_loss_mse = {
    .name = "mse",
    .brief = "mean squared error, (y - t)^2",
    .output = "linear",
    .kind = HGI_LOSS_MSE,
};
