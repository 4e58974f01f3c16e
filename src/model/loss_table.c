// SPDX-License-Identifier: MIT
/* The loss of tables with words: squared error of numbers, cross-entropy of words, each
 * column divided by what the best constant costs.  The arithmetic is in table.c; where a
 * model has no schema there are numbers alone, and it is mse.                          */
#include "model/loss.h"

const hgi_loss hgi_loss_table = {
    .name = "table",
    .brief = "of tables: squared error, softmax of words; each column weighs the same",
    .output = "linear",
    .kind = HGI_LOSS_MSE,
    .grouped = true,
};
