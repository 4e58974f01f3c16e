// SPDX-License-Identifier: MIT
/* Where a series breaks: groups, gaps in time, rows without a value. */
#ifndef HGI_RUNS_H
#define HGI_RUNS_H

#include "data/data.h"

enum { HGI_RUN_FIRST = 1, HGI_RUN_HOLE = 2 };

/* Rows sorted by group, those of a group in their order: the file's numbers into *place,
 * which stays NULL where each group's rows lie together already. */
hg_status hgi_runs_sort(hg_ctx *ctx, const int64_t *group, int64_t rows, int64_t **place);
/* mark [rows] of zeros: FIRST where a run begins, HOLE where no window may have the row.
 * o: with all defaults filled in; *step: the median step of time, or 0. */
hg_status hgi_runs_mark(hg_ctx *ctx, const hg_dataset *d, const hg_window_options *o,
                        const int64_t *place, unsigned char *mark, double *step,
                        hgi_runs *runs);
/* The windows of all runs into start; NULL: they are counted. */
int64_t hgi_runs_windows(const hg_window_options *o, const unsigned char *mark,
                         int64_t rows, int64_t *start);
/* Rows that are in none of n windows. */
int64_t hgi_runs_lost(const int64_t *start, int64_t n, int64_t window, int64_t rows);

#endif
