// SPDX-License-Identifier: MIT
/* Pretraining: the encoder's dense layers, one after the other from the data upwards, each
 * on what the ones below make of the rows; then the decoder gets the weights that the
 * levels had for the way back, and the training of the whole net follows.
 *
 *   pretrain=rbm      a level is a restricted Boltzmann machine      pretrain_rbm.c
 *   pretrain=stacked  a level is a (denoising) autoencoder           pretrain_stacked.c
 *
 * Sources: Hinton & Salakhutdinov, Science 313, 2006; Vincent et al., JMLR 11, 2010. */
#ifndef HGI_PRETRAIN_H
#define HGI_PRETRAIN_H

#include "train/rbm.h"
#include "train/trainer.h"

enum { HGI_MAX_LEVELS = 64, HGI_PROBE_ROWS = 512 };

typedef struct hgi_level {
    const hgi_layer *layer;
    const hgi_layer *mirror; /* the decoder's layer for the way back; NULL: none */
    hgi_rbm_unit visible, hidden;
} hgi_level;

typedef struct hgi_pretrain {
    hgi_trainer *t;
    bool rbm, unroll;
    hgi_level level[HGI_MAX_LEVELS];
    int64_t levels;
    /* the level under way */
    int64_t at;
    const hg_dataset *rows, *valid; /* valid NULL: none */
    const hgi_scaler *scaler;       /* of both */
    hgi_range range;
    bool idle;      /* a level has learnt nothing, and was told of */
    char stage[64]; /* "level 2 of 4, 1000-500" */
    double start;   /* of the epoch, seconds */
    bool stop;      /* the level is done, and the caller wishes to end with it */
} hgi_pretrain;

/* One level, its rows being there: trains layer's weight and bias in the trainer's theta
 * and, where there is a mirror, the mirror's. */
hg_status hgi_pretrain_rbm(hgi_pretrain *p);
hg_status hgi_pretrain_stacked(hgi_pretrain *p);

/* Weight [h,d] of the level and the bias [d] of its way back, to the mirror; weight NULL:
 * the mirror is tied to the level. */
void hgi_pretrain_mirror(const hgi_pretrain *p, const hgi_real *weight,
                         const hgi_real *bias);
/* What all reports of this level share: the stage, its epochs, what is not measured. */
hg_progress hgi_pretrain_progress(const hgi_pretrain *p, int64_t epoch);
/* The caller wished to stop: the message says where. */
hg_status hgi_pretrain_stopped(const hgi_pretrain *p, int64_t epoch);

#endif
