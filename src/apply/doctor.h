// SPDX-License-Identifier: MIT
/* The doctor: what is measured (doctor.c), and what it means (doctor_rules.c). */
#ifndef HGI_DOCTOR_H
#define HGI_DOCTOR_H

#include "model/model.h"

/* Everything that a rule may look at; NaN where it was not measured. */
typedef struct hgi_exam {
    const hg_model *model;
    hgi_apart apart; /* the rows are on another scale than those of training */
    int64_t rows, inputs, code;
    bool constant; /* the rows are all the same */
    double mse,
        mean_mse; /* of the rows, and of their columns' means in place of a model */
    double loss; /* of a value by the model's own loss, without penalties; NaN: by none */
    double floor; /* what it cannot fall below for these rows */
    double pca_mse,
        own_mse;        /* of PCA and of the model, on rows that PCA was not fitted to */
    bool pca_trained;   /* PCA saw the training rows, not half of these */
    int64_t still;      /* code values that are the same in every row */
    int64_t active;     /* variational: values whose mean varies by more than 0.01 */
    int64_t directions; /* of the codes, that hold 99 % of their variance; 0: unknown */
    double saturated, edge; /* share of outputs, and of inputs, within 1e-3 of 0 or 1 */
    double low, high;       /* range of the scaled rows */
    double outside;         /* share of rows beyond the range that a bce model takes */
    double shift;           /* largest |mean| of a standardised column, in spreads */
    int64_t shift_column;
} hgi_exam;

/* A rule writes what it found and one line of advice, or leaves `out` empty. */
typedef struct hgi_rule {
    const char *name, *brief;
    void (*look)(const hgi_exam *e, char *out, size_t n);
} hgi_rule;
extern const hgi_rule hgi_rules[]; /* name == NULL ends */

/* What the last fifth of the epochs took off the best loss before, as a part of it; 0 with
 * fewer than `least` epochs. */
double hgi_late_gain(const hg_model *m, int64_t least);

#endif
