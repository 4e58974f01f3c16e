// SPDX-License-Identifier: MIT
/* Huber's loss, e = y - t:  e^2 / 2 if |e| <= delta, else delta (|e| - delta / 2).
 * Source: Huber, Annals of Mathematical Statistics 35, 1964. */
#include "model/loss.h"

const hgi_loss hgi_loss_huber = {
    .name = "huber",
    .brief = "quadratic up to huber-delta, linear beyond",
    .output = "linear",
    .kind = HGI_LOSS_HUBER,
};
