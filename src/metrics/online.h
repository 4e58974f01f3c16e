// SPDX-License-Identifier: MIT
/* Online control of the false discovery rate: LORD++. */
#ifndef HGI_ONLINE_H
#define HGI_ONLINE_H

#include "base/base.h"

/* Discoveries that are remembered; those before count for nothing, which makes the level a
 * little lower than it may be. */
enum { HGI_LORD_MEMORY = 64 };

/* gamma(1), gamma(2), ... fall, and their sum is 1. */
double hgi_lord_gamma(int64_t j);

typedef struct hgi_lord {
    double rate;                 /* of false discoveries, asked for */
    int64_t rows;                /* judged */
    int64_t found, first;        /* discoveries; row of the first, from 1 */
    int64_t at[HGI_LORD_MEMORY]; /* rows of the last of them, from 1; a ring */
} hgi_lord;

/* The level of the next row: it is a discovery when its p-value is at most that. */
double hgi_lord_level(const hgi_lord *l);
/* Judge the next row. */
bool hgi_lord_next(hgi_lord *l, double p_value);

#endif
