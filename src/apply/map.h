// SPDX-License-Identifier: MIT
/* Encoding, decoding and reconstructing the rows of a window. */
#ifndef HGI_APPLY_MAP_H
#define HGI_APPLY_MAP_H

#include "apply/apply.h"

/* The first four give codes; the second and third are for a code that is drawn. */
typedef enum hgi_map_mode {
    HGI_ENCODE,
    HGI_LOGVAR,
    HGI_SAMPLE,
    HGI_INDICES,
    HGI_DECODE,
    HGI_RECONSTRUCT,
    HGI_IMPUTE, /* reconstructs what is missing, and leaves the rest */
    HGI_DECODE_INDICES
} hgi_map_mode;
static inline bool hgi_map_encodes(hgi_map_mode mode) { return mode <= HGI_INDICES; }
static inline bool hgi_map_decodes(hgi_map_mode mode)
{
    return mode == HGI_DECODE || mode == HGI_DECODE_INDICES;
}

typedef struct hgi_map_job {
    hgi_feed feed;
    hgi_map_mode mode;
    hgi_infer infer;
    hgi_scaler none; /* of codes */
    int64_t wide;    /* values of an output row */
    /* The window's results go here; whole: it has room for those of all rows. */
    float *out;
    bool whole;
    atomic_int_fast64_t infinite; /* first row that came out not finite, or INT64_MAX */
    atomic_int_fast64_t no_entry; /* first row with an index of no entry, or INT64_MAX */
} hgi_map_job;

/* Rows like `like`, through a window that the caller moves. */
hg_status hgi_map_open(hg_ctx *ctx, const hg_model *m, hgi_map_mode mode,
                       const hg_dataset *like, const hgi_rows *w, hgi_map_job *j);
/* The window's rows to out. */
hg_status hgi_map_window(hgi_map_job *j);
/* After `rows` rows.  Takes a job of zeros, which was never opened. */
void hgi_map_close(hgi_map_job *j, hg_status status, int64_t rows);
/* Of a row of results. */
hgi_shape hgi_map_shape(const hg_model *m, hgi_map_mode mode);
/* HG_EINVAL when the model's code has none; m may be NULL. */
hg_status hgi_map_check_indices(hg_ctx *ctx, const hg_model *m);
/* Rows of so many values that cannot be codes, and can be indices, are indices. */
hgi_map_mode hgi_map_decoding(const hg_model *m, const hg_dataset *data);
/* HG_EINVAL when the model's code is not drawn, for HGI_LOGVAR and HGI_SAMPLE. */
hg_status hgi_map_check_drawn(hg_ctx *ctx, const hg_model *m, const char *what);
/* Names for d's columns: codes are z1, z2, ...; rows have the names of the training file's
 * columns. */
hg_status hgi_map_columns(hg_ctx *ctx, const hg_model *m, hgi_map_mode mode,
                          hg_dataset *d);

/* hg_encode() and its kin, with the labels of the n rows; NULL, or none: they have none. */
hg_status hgi_map_memory(hg_ctx *ctx, const hg_model *m, hgi_map_mode mode,
                         const float *in, const hgi_labels *labels, int64_t n,
                         float *out);
/* The value of a white pixel in the model's rows; 0: not known. */
float hgi_map_white(const hg_model *m);
/* What a reconstruction of d is as pictures: their names, and which value is white. */
void hgi_map_pictures(const hg_model *m, const hg_dataset *d, hg_dataset *out);

#endif
