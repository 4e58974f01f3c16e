// SPDX-License-Identifier: MIT
/* Kinds of plots, for `hourglass list plots`. */
#ifndef HGI_PLOT_H
#define HGI_PLOT_H

#include "model/model.h"
#include "report/report.h"

typedef struct hgi_plot_row {
    const char *name, *brief;
} hgi_plot_row;
extern const hgi_plot_row hgi_plot_rows[]; /* name == NULL ends */

/* options, or the defaults when it is NULL; HG_EINVAL when size is not set. */
hg_status hgi_plot_options(hg_ctx *ctx, const hg_plot_options *options,
                           hg_plot_options *out);

/* How these rows of a model are drawn: shape and range of the tiles; curves of a table's
 * columns are scaled, in x [rows, features], because the columns have units of their own.
 * d: the data that they come from, or the rows themselves. */
void hgi_plot_tiles(const hg_model *m, const hg_dataset *d, int64_t rows, float *x,
                    hgi_grid *g);

#endif
