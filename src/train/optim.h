// SPDX-License-Identifier: MIT
/* Optimisers and schedules: one file, optim_<name>.c / schedule_<name>.c, and one row in
 * the list each. */
#ifndef HGI_OPTIM_H
#define HGI_OPTIM_H

#include "kernels/kernels.h"
#include "model/config.h"
#include "model/line.h"

typedef struct hgi_optimizer hgi_optimizer;

/* An optimiser's numbers, read from the configuration once. */
typedef struct hgi_optim {
    const hgi_optimizer *kind;
    double lr, beta1, beta2, epsilon, weight_decay;
    bool nesterov;
    int moments; /* blocks of the size of the parameters that it keeps: 0, 1 or 2 */
} hgi_optim;

struct hgi_optimizer {
    const char *name, *brief;
    double lr;      /* default */
    bool decoupled; /* weight decay outside the gradient */
    void (*read)(const hg_config *cfg, hgi_optim *o);
    /* What the kernels need for step t = 1, 2, ...; lr has the schedule in it. */
    void (*step)(const hgi_optim *o, int64_t t, hgi_step *s);
    void (*apply)(const hgi_kernels *k, const hgi_step *s, int64_t n, hgi_real *theta,
                  const hgi_real *g, hgi_real *m, hgi_real *v);
};

extern const hgi_optimizer *const hgi_optimizers[]; /* NULL-ended */
void hgi_optim_read(const hg_config *cfg, hgi_optim *out);
/* The step of weights (decay) and of biases (none), at step t, gradient
 * scaled by `scale`. */
void hgi_optim_step(const hgi_optim *o, int64_t t, double lr, double scale, bool weights,
                    hgi_step *out);

/* ---- schedules: what the learning rate is multiplied by -------------------------- */

typedef struct hgi_schedule_kind hgi_schedule_kind;

typedef struct hgi_schedule {
    const hgi_schedule_kind *kind;
    hgi_line line;
    int64_t steps, per_epoch,
        warmup;    /* of the whole run, of an epoch, of the linear start */
    double factor; /* state of plateau: part of a checkpoint */
    double best;
    int64_t bad;
} hgi_schedule;

struct hgi_schedule_kind {
    const char *name, *brief;
    const hgi_opt_decl *options;
    bool by_total; /* the factor depends on the steps of the whole run: a run with more
                      epochs has other rates from its first step on */
    /* For step t = 0, 1, ... of the run.  NULL: 1. */
    double (*factor)(const hgi_schedule *s, int64_t t);
    /* After an epoch with this monitored loss.  NULL: nothing. */
    void (*epoch)(hgi_schedule *s, double loss);
};

extern const hgi_schedule_kind *const hgi_schedules[]; /* NULL-ended */
hg_status hgi_schedule_parse(hg_ctx *ctx, const char *text, int64_t warmup, int64_t steps,
                             int64_t per_epoch, hgi_schedule *out);
double hgi_schedule_at(const hgi_schedule *s, int64_t t);

#endif
