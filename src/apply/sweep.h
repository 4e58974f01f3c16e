// SPDX-License-Identifier: MIT
/* What a sweep is made of: sweep_axes.c reads its settings, sweep.c trains and measures,
 * plot_sweep.c draws.                                                                  */
#ifndef HGI_SWEEP_H
#define HGI_SWEEP_H

#include "base/base.h"

enum { HGI_SWEEP_AXES = 8, HGI_SWEEP_POINTS = 10000 };

/* One option and the values that it takes in turn: "code=2,4,8". */
typedef struct hgi_sweep_axis {
    char *name;
    char **value; /* [count] */
    int64_t count;
} hgi_sweep_axis;

typedef struct hgi_sweep_point {
    int64_t value[HGI_SWEEP_AXES]; /* which of each axis's values */
    char *settings, *note;
    hg_sweep_point result;
} hgi_sweep_point;

struct hg_sweep {
    hgi_mem mem;
    hgi_sweep_axis axis[HGI_SWEEP_AXES];
    int64_t axes;
    hgi_sweep_point *point; /* [points] */
    int64_t points, done;
    double best; /* lowest mse so far, NaN before the first */
};

/* The rows that each training gets, and those that it is judged by. */
typedef struct hgi_sweep_rows {
    const hg_dataset *train, *valid;
    hg_dataset *own_train, *own_valid;
    uint64_t hash[2]; /* of both */
} hgi_sweep_rows;

/* Read the axes; points with nothing measured yet.
 * Errors   HG_EUNKNOWN an option; HG_EINVAL no or malformed values; HG_ERANGE too many. */
hg_status hgi_sweep_new(hg_ctx *ctx, const char *const *axes, int64_t count,
                        hg_sweep **out);

#endif
