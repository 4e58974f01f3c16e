// SPDX-License-Identifier: MIT
/* Which columns have a long tail; see scale_log.c. */
#ifndef HGI_BENDS_H
#define HGI_BENDS_H

#include "data/data.h"

/* For each value of a raw row where asinh(x / bend) is to be scaled instead of x: bend,
 * or 0.  Of windows of a series and of pictures no column is.
 * Errors: HG_ENOMEM, HG_EIO.                                                           */
hg_status hgi_bends_fit(hg_ctx *ctx, const hg_dataset *rows, double *bend);
/* A warning that names the columns which would be bent, if there are any, and ends so. */
hg_status hgi_bends_advise(hg_ctx *ctx, const hg_dataset *rows, const char *advice);

#endif
