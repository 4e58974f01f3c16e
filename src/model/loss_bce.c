// SPDX-License-Identifier: MIT
/* Binary cross-entropy, -t log p - (1 - t) log(1 - p), natural logarithm, p = sigmoid(z).
 * Computed from z: max(z, 0) - z t + log(1 + exp(-|z|)), which neither overflows nor takes
 * the logarithm of 0.  On grey values its minimum, p = t, is not 0 but the entropy of t. */
#include "model/loss.h"

const hgi_loss hgi_loss_bce = {
    .name = "bce",
    .brief = "binary cross-entropy, for data in [0,1]",
    .output = "sigmoid",
    .kind = HGI_LOSS_BCE_LOGITS,
    .unit_range = true,
    .likelihood = true,
    .binary = true,
    .fuses = true,
};
