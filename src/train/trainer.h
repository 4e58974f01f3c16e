// SPDX-License-Identifier: MIT
/* A training run in progress.
 *
 * trainer.c sets it up and frees it; step.c plans one step as a fixed list of stages and
 * runs it; validate.c measures the validation loss; checkpoint.c writes and reads the
 * exact state; train.c is the loop and hg_train.
 *
 * After hgi_trainer_new() a step allocates nothing and cannot fail. */
#ifndef HGI_TRAINER_H
#define HGI_TRAINER_H

#include "data/blocks.h"
#include "model/model.h"
#include "model/pass.h"
#include "train/optim.h"
#include "train/weights.h"

#include <stdatomic.h>

/* Everything about where the run is: written to a checkpoint as it stands. */
typedef struct hgi_counters {
    int64_t epoch;             /* epochs ended */
    int64_t step;              /* steps done in the epoch under way */
    int64_t t;                 /* steps done in the run: Adam's t */
    int64_t best_epoch;        /* 1-based; 0: none yet */
    int64_t bad_epochs;        /* since the best */
    double best;               /* lowest monitored loss */
    double recon, penalty, kl; /* sums over this epoch's rows so far */
    int64_t levels;            /* of pretraining, done */
} hgi_counters;

typedef struct hgi_trainer hgi_trainer;

/* Forward of layers [forward0, forward1), the loss when `loss`, then backward of layers
 * [backward0, backward1) from the last to the first; for one chunk of rows. */
typedef struct hgi_segment {
    hgi_trainer *t;
    int64_t forward0, forward1, backward0, backward1;
    const hgi_layer *propose; /* after that forward, this layer's; NULL: none */
    bool fill, loss;
} hgi_segment;

/* One layer's items in a stage of its own. */
typedef struct hgi_layer_stage {
    hgi_trainer *t;
    const hgi_layer *layer;
} hgi_layer_stage;

/* A piece of the parameter block that an update item works on. */
typedef struct hgi_block {
    int64_t offset, count;
    bool weight; /* weight decay applies */
} hgi_block;

/* Rows that a shuffle draws at a time: their draws stay in a core's L2 cache. */
enum { HGI_SHUFFLE_ROWS = 32768 };

enum { HGI_MAX_NORMS = 128, HGI_MAX_STAGES = 4 * HGI_MAX_NORMS + 16 };

struct hgi_trainer {
    hg_ctx *ctx;
    const hg_config *cfg;
    const hg_callbacks *callbacks;
    hg_model *m;
    const hg_dataset *train, *valid;
    hgi_rows fetch;                    /* a batch's rows, when they are held in a file */
    hgi_rows shown;                    /* validation rows */
    hg_dataset *own_train, *own_valid; /* both sides of valid-split */
    hgi_team *team;
    hgi_kernels table;    /* f32, with products in bf16 laid over if so asked */
    const hgi_kernels *k; /* &table */

    /* the plan of a step */
    hgi_workspace w;
    hgi_prepare prepare; /* the first stage, where there is anything to pack */
    hgi_segment segment[2 * HGI_MAX_NORMS + 2];
    hgi_layer_stage statistics[HGI_MAX_NORMS], code;
    hgi_stage stage[HGI_MAX_STAGES];
    bool by_rows[HGI_MAX_STAGES]; /* items follow the number of rows in the batch */
    int64_t stages;
    int64_t batch;
    int64_t first;    /* of the batch's rows in order */
    bool ask;         /* for the next batch's rows while this one is done */
    int64_t flops;    /* of forward, one row */
    hgi_block *block; /* [blocks] */
    int64_t blocks;

    atomic_bool broken; /* this step's loss is not finite: weights stay as they are */
    bool apart;         /* no buffers share memory: see hgi_workspace_options */

    hgi_binarise binarise;
    /* denoising: the net sees corrupted rows, the loss compares with the clean ones */
    const hgi_corrupt *corrupt; /* NULL: rows stay as they are */

    hgi_classes known;   /* labels' classes, until the model has them */
    int32_t *classes[2]; /* of training and validation rows, or NULL */

    hgi_sparse zeros; /* where this batch's rows are not 0; index NULL: not looked for  */

    /* optimiser */
    hgi_optim optim;
    hgi_schedule schedule;
    hgi_step step_weight, step_bias;
    double clip;                        /* 0: none */
    hgi_weights weights;                /* max-norm, orthogonality */
    double norm;                        /* of the last gradient, when clipping */
    double *norm_part;                  /* [blocks] */
    hgi_real *grad, *moment1, *moment2; /* [params] or NULL */
    hgi_real **scratch;                 /* [workers][HGI_BAND_REALS], or NULL */

    /* the run */
    int64_t epochs, per_epoch; /* steps an epoch */
    bool shuffle, keep_best;
    int64_t early_stop; /* 0: none */
    double min_delta;
    int64_t *order;     /* [train rows] this epoch's order */
    int64_t *draw;      /* [train rows, at most HGI_SHUFFLE_ROWS] of the shuffle */
    double *row_loss;   /* [batch, samples] sum over features */
    float *row_scratch; /* [workers][inputs] for strided rows */
    hgi_counters at;
    /* [params + states]: lowest loss; last finite epoch end.  Both are the first of copy
     * as long as each epoch is the best: the second is not touched before it is needed. */
    hgi_real *best, *good;
    hgi_real *copy[2];
    bool have_good;

    /* validation */
    hgi_infer infer;
    double *valid_recon, *valid_penalty; /* [valid rows] */
    double *valid_loss;    /* [workers, hgi_infer_losses()] of the chunk under way */
    hgi_real *valid_clean; /* [workers, HGI_INFER_ROWS, inputs] with corrupt, or NULL */

    /* checkpoints */
    const char *checkpoint; /* folder, "" for none */
    double checkpoint_seconds, last_checkpoint;
    uint64_t train_hash, valid_hash;
};

/* Check everything, choose scale and loss, make the model with its first weights. */
hg_status hgi_setup(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *train,
                    const hg_dataset *valid, hgi_trainer *t);
hg_status hgi_trainer_new(hgi_trainer *t);
/* hg_train() of rows whose columns have been told of: one of several trainings. */
hg_status hgi_train(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *train,
                    const hg_dataset *valid, const hg_callbacks *callbacks,
                    hg_model **out);
/* Random weights, or those of the model that init-from names. */
hg_status hgi_start_weights(hgi_trainer *t);
void hgi_trainer_free(hgi_trainer *t);

/* Look whether rows are mostly zeros, and make room for lists of where they are not. */
hg_status hgi_zeros_plan(hgi_trainer *t);
hg_status hgi_step_plan(hgi_trainer *t);
/* This epoch's order, a function of the seed and the epoch. */
void hgi_shuffle(hgi_trainer *t);
/* One step on rows order[first .. first+n-1]; adds to at.recon and at.penalty.  False
 * when the loss is not finite. */
bool hgi_step_run(hgi_trainer *t, int64_t first, int64_t n);
/* After such a step of n rows: the layer where a value that is not finite first shows, for
 * the message; NULL when all outputs are finite, and the sum of their losses is not. */
const char *hgi_step_blame(hgi_trainer *t, int64_t n);

/* Pretraining (pretrain.h): whether the configuration asks for it; whether this net can
 * have it; and all levels that are not done yet. */
bool hgi_pretrain_asked(const hg_config *cfg);
hg_status hgi_pretrain_check(hgi_trainer *t);
hg_status hgi_pretrain_run(hgi_trainer *t);

/* Bring the batch of rows order[first .. first+n-1] to memory, for hgi_step_run: a step
 * cannot fail, a file can.  Errors: HG_EIO. */
hg_status hgi_step_fetch(hgi_trainer *t, int64_t first, int64_t n);

/* Means over the validation rows.  Errors: HG_EIO. */
hg_status hgi_validate(hgi_trainer *t, double *recon, double *penalty);

double hgi_now(void); /* seconds, monotonic */
/* For loss multinomial.  Errors: HG_ERANGE a value below 0 with its place, no counts. */
hg_status hgi_check_counts(hg_ctx *ctx, const hg_dataset *d);

/* Make the folder and see that it can be written, before hours depend on it. */
hg_status hgi_checkpoint_prepare(hgi_trainer *t);
hg_status hgi_checkpoint_write(hgi_trainer *t);
/* *found false when the folder holds none. */
hg_status hgi_checkpoint_read(hgi_trainer *t, bool *found);

#endif
