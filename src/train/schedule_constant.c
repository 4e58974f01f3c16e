// SPDX-License-Identifier: MIT
/* The learning rate stays as it is. */
#include "train/optim.h"

static const hgi_opt_decl options[] = {{.name = NULL}};

const hgi_schedule_kind hgi_schedule_constant = {
    .name = "constant",
    .brief = "the same rate throughout",
    .options = options,
};
