// SPDX-License-Identifier: MIT
/* Scores beside the records that they are of: with the texts that name them, and places for
 * those that are no rows because they cannot be read. */
#ifndef HGI_SCORE_PLACES_H
#define HGI_SCORE_PLACES_H

#include "data/blocks.h"

typedef struct hgi_score_places hgi_score_places;

/* What is written of a score, which may be NaN: a row of `like`. */
typedef void (*hgi_score_row)(void *arg, double score, float *to);

/* A file of rows like those of `like`; id: what the first column is called, or NULL.  CSV
 * has empty cells where there is no score, NPY NaN.
 * Errors: HG_EINVAL texts in what is no CSV; of writing. */
hg_status hgi_score_places_open(hg_ctx *ctx, const char *path, const char *format,
                                const hg_dataset *like, const char *id, hgi_score_row row,
                                void *arg, hgi_score_places **out);
/* The records of the rows that come next, which are n of the following: NULL is none. */
hg_status hgi_score_places_add(hgi_score_places *p, const hgi_records *r);
/* n scores, of the first rows that are not written yet. */
hg_status hgi_score_places_write(hgi_score_places *p, const double *score, int64_t n);
/* What is left has no score. */
hg_status hgi_score_places_end(hgi_score_places *p);
int64_t hgi_score_places_bad(const hgi_score_places *p);
/* The file is there if status is HG_OK and nothing fails now. */
hg_status hgi_score_places_close(hgi_score_places **places, hg_status status);

#endif
