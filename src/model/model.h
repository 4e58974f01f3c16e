// SPDX-License-Identifier: MIT
/* hg_model: a planned net, its weights, the scaler and what it was trained on.
 * Read-only once it is made: any number of contexts may use one at once. */
#ifndef HGI_MODEL_H
#define HGI_MODEL_H

#include "data/pictures.h"
#include "model/detector.h"
#include "model/mixture.h"
#include "model/net.h"

#define HGI_MODEL_FORMAT 1 /* version of the model file that this build writes */

/* How the text "kind" of a checkpoint starts, so that each file is told from the other. */
#define HGI_CHECKPOINT_KIND "hourglass checkpoint"

struct hgi_container;

typedef struct hgi_trained {
    int64_t rows, epochs; /* rows trained on; epochs actually run */
    int64_t best_epoch; /* 1-based, whose weights these are when they were kept; 0: last */
    int64_t steps; /* of an epoch cut short, when these are the weights after them; or 0 */
    uint64_t seed;
    hg_epoch *history; /* [history_count] */
    int64_t history_count;
} hgi_trained;

struct hg_model {
    hgi_mem mem;
    hgi_spec spec;
    hgi_net net;
    hgi_real *theta; /* [net.params] */
    hgi_real *state; /* [net.states], at least 1 allocated */
    hgi_scaler scaler;
    bool clip;   /* a bce model clips rows outside [0,1] and counts them, or refuses */
    bool shares; /* the values it was trained on lay in [0,1], and are not scaled */
    hgi_trained trained;
    hgi_mixture mixture; /* of its codes, when one was fitted */
    hgi_detector detector;
    struct hg_pictures pictures; /* how its rows were made of pictures */
    bool has_pictures;
    char **columns;      /* [hgi_model_raw()] names, or NULL */
    char decimal;        /* of its CSV file: '.', ',', or 0: nobody said */
    char *renamed;       /* columns of that file, "old=new,old=new", or NULL */
    hg_schema *names;    /* of a model of numbers with names: to read other files by */
    hgi_windows *series; /* rows are windows of such a series, or NULL */
    char **line;         /* [net.count] layers as one would type them */
    char *text;          /* the whole as config text */
    char *corrupt;       /* the chain of spec.corrupt, or NULL */
    char note[192];      /* what a user should know of it before training, or "" */
};

/* Plan the net and allocate zeroed weights.  Takes spec and scaler: they belong to the
 * model, or are freed on failure. */
hg_status hgi_model_take(hg_ctx *ctx, hgi_spec *spec, hgi_scaler *scaler, hg_model **out);
/* A model of the same lines, classes, scaling and columns, all weights 0, trained on
 * nothing; of the same series, too, once m has one. */
hg_status hgi_model_twin(hg_ctx *ctx, const hg_model *m, hg_model **out);
/* How its file was read, for the next ones; behind hgi_model_set_columns() and _series().
 * renamed may be NULL. */
hg_status hgi_model_read_as(hg_ctx *ctx, hg_model *m, char decimal, const char *renamed);
/* Once columns are set. */
hg_status hgi_model_name_columns(hg_ctx *ctx, hg_model *m);
/* series may be NULL. */
hg_status hgi_model_set_series(hg_ctx *ctx, hg_model *m, const hgi_windows *series);
hg_status hgi_model_set_columns(hg_ctx *ctx, hg_model *m, char *const *columns);
/* How the rows were made, where they are of pictures. */
void hgi_model_set_pictures(hg_model *m, const hg_dataset *rows);
hg_status hgi_model_add_epoch(hg_ctx *ctx, hg_model *m, const hg_epoch *e);
/* *keep is what the container points to: free it after writing. */
hg_status hgi_history_put(hg_ctx *ctx, const hg_model *m, struct hgi_container *c,
                          double **keep);
hg_status hgi_history_get(hg_ctx *ctx, const struct hgi_container *c, hg_model *m);
/* Values of a row as users have it: raw ones. */
static inline int64_t hgi_model_raw(const hg_model *m)
{
    return hgi_scaler_raw(&m->scaler);
}
/* What inputs are held to: [0,1] for a loss that needs it; 0 and more, else refused, where
 * they are counts. */
hgi_range hgi_model_range(const hg_model *m);

#endif
