// SPDX-License-Identifier: MIT
/* What windows of a series are. */
#ifndef HGI_SERIES_H
#define HGI_SERIES_H

#include "base/base.h"

typedef struct hgi_windows {
    hgi_mem mem;
    int64_t window, stride, channels; /* rows, rows, values of a row */
    double gap;                       /* in median steps */
    char *time;                       /* name of the column of time, or NULL */
    char **name;                      /* [channels], or NULL */
} hgi_windows;

hg_status hgi_windows_copy(hg_ctx *ctx, const hgi_windows *s, hgi_windows **out);
void hgi_windows_free(hgi_windows **s);

#endif
