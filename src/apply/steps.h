// SPDX-License-Identifier: MIT
/* Steps of a series as they arrive: the window that ends with each, of many groups. */
#ifndef HGI_STEPS_H
#define HGI_STEPS_H

#include "data/series.h"

typedef struct hgi_steps hgi_steps;
enum { HGI_STEPS_GROUPS = 65536 };

/* s must outlive it. */
hg_status hgi_steps_new(hg_ctx *ctx, const hgi_windows *s, hgi_steps **out);
void hgi_steps_free(hgi_steps **steps);

/* A step as text and numbers; time and group NULL: there is none. */
typedef struct hgi_arrival {
    const char *time, *group;
    size_t time_n, group_n;
    const float *values; /* [channels] */
    char point;          /* decimal sign of times that are numbers */
} hgi_arrival;
/* x [window, channels] and true where a whole window ends with the step.
 * note [note_n]: why windows begin anew, or "".
 * Errors: HG_EFORMAT a time that is none, HG_ERANGE too many groups, HG_ENOMEM: the
 * message is in ctx. */
hg_status hgi_steps_take(hg_ctx *ctx, hgi_steps *steps, const hgi_arrival *step, float *x,
                         bool *whole, char *note, size_t note_n);
/* A step of this group is lost: none of its windows reaches over the place.  False: no step
 * of such a group has come yet.  name NULL: nobody knows whose it was, so of all groups. */
bool hgi_steps_break(hgi_steps *steps, const char *name, size_t n);
/* The last step's group, or NULL. */
const char *hgi_steps_group(const hgi_steps *steps);

#endif
