// SPDX-License-Identifier: MIT
/* Lines of scores that begin with where they belong: a time, a picture.  What is no float
 * has no place in a dataset, so these are text from the start. */
#ifndef HGI_SCORE_LINES_H
#define HGI_SCORE_LINES_H

#include "base/base.h"

/* A file of lines under way. */
typedef struct hgi_score_lines {
    hg_ctx *ctx;
    const hg_model *model;
    const hg_score_file_options *o;
    double threshold;
    hgi_outfile f;
    hgi_text text;
    bool open;
} hgi_score_lines;

/* Aside, until it is closed; the line of names begins with `place`. */
hg_status hgi_score_lines_open(hgi_score_lines *l, const char *path, const char *place);
/* The end of a line, behind what the caller has put into l->text; NaN: there is none. */
hg_status hgi_score_lines_end(hgi_score_lines *l, double score);
/* A text as a field of CSV: in quotes where it must be (RFC 4180). */
void hgi_score_lines_word(hgi_score_lines *l, const char *word);
/* status: of everything until now. */
hg_status hgi_score_lines_close(hgi_score_lines *l, hg_status status);

#endif
