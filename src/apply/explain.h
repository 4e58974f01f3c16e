// SPDX-License-Identifier: MIT
/* What hg_explanation holds: filled in by explain.c, written by explain_write.c. */
#ifndef HGI_EXPLAIN_H
#define HGI_EXPLAIN_H

#include "data/data.h"

enum { HGI_CAUSE_NAME = 80, HGI_CAUSE_TEXT = 48 };

typedef struct hgi_cause {
    int64_t column;
    float found, expected;
    bool number; /* not a word, not a date */
    double share, left;
    char name[HGI_CAUSE_NAME], found_text[HGI_CAUSE_TEXT], expected_text[HGI_CAUSE_TEXT];
} hgi_cause;

typedef struct hgi_explained {
    int64_t row, causes;
    double score, p_value, left;
} hgi_explained;

struct hg_explanation {
    hgi_mem mem;
    int64_t n, most;    /* rows; causes of one at the most */
    double normal;      /* the median calibration score */
    hgi_explained *row; /* [n] */
    hgi_cause *cause;   /* [n, most] */
    char *name;         /* of the data */
    char beside[192];   /* PCA's detector beside the model's, or "" */
};

#endif
