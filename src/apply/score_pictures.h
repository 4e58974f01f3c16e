// SPDX-License-Identifier: MIT
/* Scores of rows that are pictures, or tiles of them. */
#ifndef HGI_SCORE_PICTURES_H
#define HGI_SCORE_PICTURES_H

#include "apply/score.h"
#include "metrics/drift.h"

/* Is the model's detector one of tiles, and the data cut into some?  Then pictures are what
 * it is calibrated by and decides about; a picture's score is the highest of its tiles. */
bool hgi_of_tiles(const hg_model *m, const hg_dataset *data);
/* hg_picture_scores() of so many rows from row 0 on, of a block, too; first may be NULL. */
int64_t hgi_picture_scores(const hg_model *m, const hg_dataset *data, int64_t rows,
                           const double *score, double *picture, int64_t *first);

/* All rows have their scores. */
typedef struct hgi_picture_job {
    hg_ctx *ctx;
    const hg_model *model;
    const hg_score_file_options *o;
    const hg_dataset *like; /* says which pictures rows are of */
    const char *path;       /* of CSV; NULL: nothing is written */
    int64_t rows;
    double *score;    /* [rows]; then of the lines */
    hgi_drift *drift; /* or NULL */
    hg_decision *decision;
} hgi_picture_job;
/* Decides, and writes a line for each picture, or tile where they are asked for; *lines of
 * them. */
hg_status hgi_score_pictures(const hgi_picture_job *j, int64_t *lines);

#endif
