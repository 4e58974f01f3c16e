// SPDX-License-Identifier: MIT
/* What explanations are made of: the search for causes, of a row (explain_row.c), of a
 * window of a series (explain_window.c) or of an image (explain_image.c); the datasets'
 * (explain.c), a session's (explain_session.c); the formats (explain_write.c, of regions
 * explain_region.c). */
#ifndef HGI_EXPLAIN_H
#define HGI_EXPLAIN_H

#include "apply/image_map.h"
#include "data/data.h"
#include "model/model.h"

enum { HGI_CAUSE_NAME = 80, HGI_CAUSE_TEXT = 48 };
enum { HGI_CAUSES = 5, HGI_CAUSES_MOST = 1000 };
/* A step that takes off less of the score over a normal one's is no cause. */
#define HGI_CAUSE_LEAST 0.02
/* Channels of a pixel that are told of. */
enum { HGI_REGION_CHANNELS = 3 };

typedef struct hgi_cause {
    int64_t column;
    float found, expected;
    double value; /* found, to all digits of the file; where there is a text */
    int64_t text; /* its cell's number among the explanation's, from 1, or 0 */
    bool number;  /* not a word, not a date */
    double share, left;
    int64_t first, last, peak; /* of a window: steps, then rows of the series; else -1 */
    /* Of a region: its top, left, height and width, the last 0 for all else; the pixel that
     * is farthest off, whose values are in the texts, separated by commas; its error. */
    int64_t box[4], at[2];
    double mass;
    char name[HGI_CAUSE_NAME], found_text[HGI_CAUSE_TEXT], expected_text[HGI_CAUSE_TEXT];
} hgi_cause;

typedef struct hgi_explained {
    int64_t row, causes;
    int64_t in_file; /* the row's number in the file that names it */
    double score, p_value, left;
    int64_t first, last; /* of a window: rows of the series; else -1 */
    char group[HGI_CAUSE_NAME];
    int64_t area[2]; /* of an image: the size of its picture */
} hgi_explained;

struct hg_explanation {
    hgi_mem mem;
    int64_t n, most;    /* rows; causes of one at the most */
    double normal;      /* the median calibration score */
    hgi_explained *row; /* [n] */
    hgi_cause *cause;   /* [n, most] */
    char *name;         /* of the data */
    char beside[192];   /* PCA's detector beside the model's, or "" */
    /* Of windows: steps of one, 0: of rows; each cause's channel as it was found and as it
     * is expected, [n, most, 2, steps]; texts of times by row. */
    int64_t steps;
    bool series; /* windows of a file's rows, not rows that are series themselves */
    float *curve;
    bool images; /* causes are regions */
    hgi_texts times;
    hgi_texts ids;   /* of rows by in_file, or none */
    hgi_texts cells; /* of the file: what was found, as causes number them */
    hgi_texts files; /* of pictures: their names, by the number of the row here */
    int64_t files_room;
    size_t files_used;
};

/* A column whose value may be wrong. */
typedef struct hgi_candidate {
    int64_t column;
    double gap;   /* how far the value is from its reconstruction, scaled */
    double least; /* the lowest score of a row with another value here, and that value */
    float best;
} hgi_candidate;

/* One row that is to be tried: the candidate, and its value there. */
typedef struct hgi_trial {
    int64_t candidate;
    float value;
} hgi_trial;

/* Peaks of an image's error that are tried, and regions around each. */
enum { HGI_REGION_SEEDS = 4, HGI_REGION_LEVELS = 5 };
/* Those of some seeds, of one level. */
typedef struct hgi_region {
    int first, last, level;
} hgi_region;
/* What a search for regions has beside; height 0: rows are no images. */
typedef struct hgi_regions {
    int64_t height, width, depth;
    hgi_image_map how;
    double *map;          /* [height, width], and a line */
    int64_t *list;        /* [pixels] of a region while it grows */
    unsigned char *level; /* [seeds, pixels] */
} hgi_regions;

/* All memory of a search, through a session of its own. */
typedef struct hgi_explainer {
    hgi_mem mem;
    const hg_model *m;
    const hg_schema *schema;
    hg_session *session;
    int64_t d, room;         /* values of a row; rows that are tried at once */
    int64_t steps, channels; /* of a window, or 0 */
    double normal;
    float *x, *y;             /* [d] the row, and its reconstruction */
    float *rows, *made;       /* [room, d] */
    float *best;              /* [d] or, of windows, [room, d] */
    double *score;            /* [room] */
    bool *taken;              /* [d] */
    hgi_candidate *candidate; /* [most] */
    int64_t most, n;
    hgi_trial *trial; /* [room] */
    int64_t trials;
    hgi_regions image;
} hgi_explainer;

/* own: of the session that explains, whose class is the rows'; or NULL. */
hg_status hgi_explainer_new(hg_ctx *ctx, const hg_model *m, const hg_session_options *own,
                            hgi_explainer **out);
void hgi_explainer_free(hgi_explainer **e);
/* The causes of e->x, which changes, at most `most`: all but their names and texts.
 * curve [most, 2, steps], or NULL.  Allocates nothing; what failed is in e->session.
 * *r has the row's score already, and no cause: hgi_explain_any() sees to that. */
hg_status hgi_explain_row(hgi_explainer *e, hgi_explained *r, hgi_cause *cause,
                          int64_t most);
hg_status hgi_explain_window(hgi_explainer *e, hgi_explained *r, hgi_cause *cause,
                             int64_t most, float *curve);
hg_status hgi_explain_image(hgi_explainer *e, hgi_explained *r, hgi_cause *cause,
                            int64_t most);
/* Whatever the rows are.  curve: of windows, or NULL. */
hg_status hgi_explain_any(hgi_explainer *e, hgi_explained *r, hgi_cause *cause,
                          int64_t most, float *curve);
/* Are the model's rows images, whose pixels have no names of their own? */
bool hgi_explain_is_image(const hg_model *m);
/* Memory for regions, if so; where it fails some of it is there. */
hg_status hgi_explain_image_room(hg_ctx *ctx, hgi_explainer *e);
void hgi_explain_image_free(hgi_explainer *e);
/* Names and texts; data NULL: no more is known than what the model has. */
void hgi_explain_name(const hgi_explainer *e, const hg_dataset *data, hgi_cause *c);

/* Regions of row i in each format: a table; members of the causes, in JSON; and a table
 * beside a frame of the picture. */
void hgi_region_text(const hg_explanation *e, int64_t i, hgi_text *t);
void hgi_region_json(const hgi_cause *c, hgi_text *t);
void hgi_region_html(const hg_explanation *e, int64_t i, hgi_text *t);

/* As the public sees it; e NULL: no more is known than the cause has. */
void hgi_cause_give(const hgi_cause *c, const hg_explanation *e, hg_cause *out);

/* Reads the cells of all causes where data came from a file that has them; in: how, or
 * NULL. */
hg_status hgi_explain_found(hg_ctx *ctx, const hg_dataset *data,
                            const hg_data_options *in, hg_explanation *e);
/* What was found: the cell, or what the value looks like. */
const char *hgi_cause_text(const hgi_cause *c, const hgi_texts *cells);
/* How the file of a series was read. */
hg_data_options hgi_explain_series_options(const hg_dataset *data);

/* For the searches: reconstructions of n rows; where one is beyond floats its values are
 * NaN, which is no failure here. */
hg_status hgi_explain_reconstruct(const hgi_explainer *e, const float *x, int64_t n,
                                  float *y);
bool hgi_explain_is_number(const hgi_explainer *e, int64_t column);
/* Where the scaler has a column. */
int64_t hgi_explain_place(const hgi_explainer *e, int64_t column);

/* Is a row of the model a series of steps: windows, or rows that it takes as sequences? */
bool hgi_explain_steps(const hg_model *m, int64_t *steps, int64_t *channels);

#endif
