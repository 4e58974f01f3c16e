// SPDX-License-Identifier: MIT
/* Mean absolute error, |y - t|: less drawn to outliers than mse; predicts the median. */
#include "model/loss.h"

const hgi_loss hgi_loss_mae = {
    .name = "mae",
    .brief = "mean absolute error, |y - t|",
    .output = "linear",
    .kind = HGI_LOSS_MAE,
};
