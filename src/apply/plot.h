// SPDX-License-Identifier: MIT
/* Kinds of plots, for `hourglass list plots`. */
#ifndef HGI_PLOT_H
#define HGI_PLOT_H

#include "base/base.h"

typedef struct hgi_plot_row {
    const char *name, *brief;
} hgi_plot_row;
extern const hgi_plot_row hgi_plot_rows[]; /* name == NULL ends */

/* options, or the defaults when it is NULL; HG_EINVAL when size is not set. */
hg_status hgi_plot_options(hg_ctx *ctx, const hg_plot_options *options,
                           hg_plot_options *out);

#endif
