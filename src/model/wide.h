// SPDX-License-Identifier: MIT
/* What topk and batchtopk share: a wide layer a = x W^T + b of which a row keeps few
 * values, and units that no row has kept for long.   x [n,h]  W [d,h]  b [d]  z [n,d]
 *
 * a is made for a few rows and columns at a time in a worker's scratch, and the largest
 * values are picked while it is in cache; from there on a row is places and values
 * (hgi_listed), and the cost grows with their number.
 *
 * Dead units (auxk, dead): the state `silent` counts each unit's steps since a row kept it.
 * Units at dead= and over are dead, and for them a second loss is added,
 *     auxk / D |V z' - e|^2, mean over rows,    e = x - y, taken as given,
 * where V [D,d] is the decoder's weight and z' the row's largest values (up to h/2) of dead
 * units: they learn what the living leave over.  e comes from the loss's gradient at the
 * decoder's output: -n D / 2 of it for mse, -n D for bce.
 * Source: Gao et al., "Scaling and evaluating sparse autoencoders", arXiv:2406.04093, 2024,
 * A.2.
 *
 * mirror: W starts as the transpose of V, so that every unit looks for what it paints; of
 * the paper's measures against dead units the one that costs nothing.
 *
 * pre-bias: the decoder's bias is taken off the row first, a = (x - b_dec) W^T + b, and its
 * gradient has both parts.  unit-decoder: columns of V are held at norm 1 after each step;
 * where the code is listed the part of a column's gradient along it is taken out before,
 * so that Adam's moments are not spent on what is undone. */
#ifndef HGI_WIDE_H
#define HGI_WIDE_H

#include "model/listed.h"

enum { HGI_WIDE_WEIGHT, HGI_WIDE_BIAS, HGI_WIDE_SILENT, HGI_WIDE_THRESHOLD };
enum { HGI_WIDE_ROWS = 64 };

/* The options that wide codes have alike, for their lists. */
#define HGI_WIDE_K_OPTION(text)                                                          \
    {                                                                                    \
        .name = "k", .type = HGI_OPT_INT, .required = true, .lo = 1, .hi = 1 << 20,      \
        .help = text                                                                     \
    }
#define HGI_WIDE_UNIT_OPTION                                                             \
    {                                                                                    \
        .name = "unit-decoder", .type = HGI_OPT_FLAG,                                    \
        .help = "hold the decoder's columns, one a code unit, at norm 1"                 \
    }
/* auxk, dead, pre-bias, mirror, no-mirror */
#define HGI_WIDE_LAST_OPTIONS                                                            \
    {.name = "auxk",                                                                     \
     .type = HGI_OPT_REAL,                                                               \
     .lo = 0,                                                                            \
     .hi = 1000,                                                                         \
     .initial = 0,                                                                       \
     .help = "weight of the loss that revives dead units, usually 1/32"},                \
        {.name = "dead",                                                                 \
         .type = HGI_OPT_INT,                                                            \
         .lo = 1,                                                                        \
         .hi = 1 << 24,                                                                  \
         .initial = 1000,                                                                \
         .help = "steps without a row that keeps it after which a unit is dead"},        \
        {.name = "pre-bias",                                                             \
         .type = HGI_OPT_FLAG,                                                           \
         .help = "take the decoder's bias off the row before the encoder"},              \
        {.name = "mirror",                                                               \
         .type = HGI_OPT_FLAG,                                                           \
         .help = "start with the decoder's weight, transposed, in the encoder"},         \
    {                                                                                    \
        .name = "no-mirror", .type = HGI_OPT_FLAG,                                       \
        .help = "start with a weight of its own, where mirror is possible"               \
    }

/* From the options of the line; units and features are l->line's and l->d_in. */
typedef struct hgi_wide_options {
    int64_t units;
    int64_t listed, apply; /* places of a row in training; in use */
    double auxk;
    int64_t dead; /* 0: not counted */
    bool pre_bias, mirror, no_mirror, unit_decoder;
} hgi_wide_options;
hg_status hgi_wide_plan(hg_ctx *ctx, hgi_layer *l, const hgi_wide_options *o);
void hgi_wide_init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                   hgi_real *state);
void hgi_wide_prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                      int64_t item);
/* The largest values above `limit` of n <= HGI_WIDE_ROWS rows from r on; top[i] ends with
 * those of row r + i, in the worker's scratch.  In training the dead units' too, which go
 * into the slot. */
void hgi_wide_choose(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t n,
                     hgi_real limit, int worker, hgi_top *top);
/* Row r's list from what was chosen, and its dense values where there are any. */
void hgi_wide_keep(const hgi_layer *l, const hgi_slot *s, int64_t r, const hgi_top *top);
void hgi_wide_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                       int worker);
void hgi_wide_collect(const hgi_layer *l, const hgi_pass *p);
int64_t hgi_wide_gradient_items(const hgi_layer *l);
void hgi_wide_gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker);
int64_t hgi_wide_project_items(const hgi_layer *l);
/* After the first weights of the decoder, `next`, are there: mirror. */
void hgi_wide_mirror(const hgi_layer *l, const hgi_layer *next, hgi_real *theta);
/* Units silent for `steps` steps, or for as many as make one dead; -1: not counted. */
int64_t hgi_wide_dead(const hgi_layer *l, const hgi_real *state, int64_t steps);

/* ---- wide_dead.c: the second loss ------------------------------------------------- */

/* Their number, then they, into the slot's cache [1 + d]. */
void hgi_dead_list(const hgi_layer *l, const hgi_pass *p);
/* How many values of dead units a row has in this step. */
int64_t hgi_dead_places(const hgi_layer *l, const hgi_pass *p);
/* Offers those of a block of columns [c, c + N) of n rows; *next runs over the list. */
void hgi_dead_offer(const hgi_layer *l, const hgi_pass *p, int64_t n, int64_t c,
                    int64_t N, const hgi_real *a, int64_t lda, hgi_real *gather,
                    int64_t *next, hgi_top *top);
void hgi_dead_keep(const hgi_layer *l, const hgi_pass *p, int64_t r, const hgi_top *top);
/* The loss of rows [r0, r1), and its gradient by their values and the decoder. */
void hgi_dead_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1);
/* One step of the count: start [d + 1] as hgi_listed_collect() counts. */
void hgi_dead_count(const hgi_layer *l, const hgi_pass *p, const int64_t *start);

#endif
