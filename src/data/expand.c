// SPDX-License-Identifier: MIT
/* Raw rows of a table to targets and inputs of a net, and predictions back; see expand.h
 * and schema.h.                                                                        */
#include "data/expand.h"

#include <math.h>
#include <string.h>

#define TURN 6.283185307179586476925287 /* 2 pi */

static void set_all(hgi_real *t, int64_t n, hgi_real v)
{
    for (int64_t i = 0; i < n; i++) t[i] = v;
}

/* A time on its circle: the end of a week lies beside its start. */
static void set_circle(hgi_real *t, double turns)
{
    double angle = TURN * (turns - floor(turns));
    t[0] = (hgi_real)sin(angle);
    t[1] = (hgi_real)cos(angle);
}

/* Of a date without any cycle the net has nothing, as of a gap.  In a file of before there
 * were cycles what is later than all rows seen counts as the last of them.             */
static void expand_date(const hgi_scaler *s, const hgi_schema_column *c, double v,
                        hgi_real *t)
{
    double held = v > c->last ? c->last : v;
    double days = c->origin / HGI_DAY + v;
    if (c->cycles == 0) *t = (hgi_real)NAN;
    if (c->cycles & (1U << HGI_CYCLE_DATE))
        *t++ = ((hgi_real)held - s->shift_r[c->first]) * s->scale_r[c->first];
    for (int i = HGI_CYCLE_WEEK; i < HGI_CYCLES; i++) {
        if (!(c->cycles >> i & 1U)) continue;
        set_circle(t, hgi_cycle_turns((hgi_cycle)i, days));
        t += 2;
    }
}

void hgi_expand(const hgi_scaler *s, const float *raw, hgi_real *target)
{
    const hg_schema *schema = s->schema;
    if (schema->numbers) { /* NaN stays NaN */
        for (int64_t i = 0; i < schema->columns; i++)
            target[i] = ((hgi_real)raw[i] - s->shift_r[i]) * s->scale_r[i];
        if (s->bend != NULL) hgi_scale_bent(s, raw, target);
        return;
    }
    for (int64_t i = 0; i < schema->columns; i++) {
        const hgi_schema_column *c = &schema->column[i];
        hgi_real *t = target + c->first;
        float v = raw[i];
        if (isnan(v)) {
            set_all(t, c->count, (hgi_real)NAN);
            continue;
        }
        switch (c->kind) {
        case HGI_NUMERIC:
            if (s->bend != NULL && s->bend[c->first] > 0)
                *t = (hgi_real)hgi_scale_value(s, c->first, (double)v);
            else
                *t = ((hgi_real)v - s->shift_r[c->first]) * s->scale_r[c->first];
            break;
        case HGI_BOOLEAN: *t = v >= 0.5f ? 1 : 0; break;
        case HGI_DATE: expand_date(s, c, (double)v, t); break;
        case HGI_CATEGORY: {
            /* What is no number of a word is another word. */
            bool word = v >= 0 && v < (float)c->words;
            set_all(t, c->count, 0);
            t[word ? (int64_t)v : c->words] = 1;
            break;
        }
        }
    }
}

void hgi_expand_input(const hgi_scaler *s, int64_t n, const hgi_real *target, hgi_real *x)
{
    const hg_schema *schema = s->schema;
    if (schema->numbers) {
        for (int64_t i = 0; i < n * s->features; i++)
            x[i] = isnan(target[i]) ? 0 : target[i];
        return;
    }
    for (int64_t r = 0; r < n; r++, target += s->features, x += s->features)
        for (int64_t i = 0; i < schema->columns; i++) {
            const hgi_schema_column *c = &schema->column[i];
            const hgi_real *t = target + c->first;
            hgi_real *to = x + c->first;
            if (isnan(*t))
                set_all(to, c->count, 0);
            else if (c->kind == HGI_BOOLEAN)
                *to = 2 * *t - 1;
            else if (to != t)
                memcpy(to, t, (size_t)c->count * sizeof *t);
        }
}

/* "Another word" is nothing that one could write. */
static float likeliest(const hgi_schema_column *c, const hgi_real *y)
{
    int64_t best = 0;
    for (int64_t k = 1; k < c->words; k++)
        if (y[k] > y[best]) best = k;
    return (float)best;
}

/* Cycles say no date: the one that is near the middle of training, or without any that. */
static float collapse_date(const hgi_scaler *s, const hgi_schema_column *c,
                           const hgi_real *y)
{
    const double origin = c->origin / HGI_DAY;
    double turns[HGI_CYCLES] = {0};
    if (c->cycles == 0) return (float)s->shift[c->first];
    if (c->cycles & (1U << HGI_CYCLE_DATE))
        return (float)((double)*y * s->inverse[c->first] + s->shift[c->first]);
    for (int i = HGI_CYCLE_WEEK; i < HGI_CYCLES; i++) {
        if (!(c->cycles >> i & 1U)) continue;
        turns[i] = atan2((double)y[0], (double)y[1]) / TURN;
        y += 2;
    }
    double near = origin + s->shift[c->first];
    return (float)(hgi_cycles_date(c->cycles, turns, near) - origin);
}

void hgi_collapse(const hgi_scaler *s, const hgi_real *y, float *raw)
{
    const hg_schema *schema = s->schema;
    for (int64_t i = 0; i < schema->columns; i++) {
        const hgi_schema_column *c = &schema->column[i];
        const int64_t at = c->first;
        switch (c->kind) {
        case HGI_DATE: raw[i] = collapse_date(s, c, y + at); break;
        case HGI_NUMERIC:
            raw[i] = s->bend != NULL && s->bend[at] > 0
                         ? (float)hgi_unscale_value(s, at, (double)y[at])
                         : (float)((double)y[at] * s->inverse[at] + s->shift[at]);
            break;
        case HGI_BOOLEAN: raw[i] = y[at] >= (hgi_real)0.5 ? 1 : 0; break;
        case HGI_CATEGORY: raw[i] = likeliest(c, y + at); break;
        }
    }
}

void hgi_batch_targets(const hg_dataset *d, const hgi_scaler *s, const int64_t *index,
                       int64_t first, int64_t n, float *scratch, hgi_real *target)
{
    for (int64_t i = 0; i < n; i++) {
        int64_t row = index != NULL ? index[i] : first + i;
        const float *raw = hgi_dataset_row_f32(d, row);
        if (raw == NULL) {
            hgi_dataset_row(d, row, scratch);
            raw = scratch;
        }
        hgi_expand(s, raw, target + i * s->features);
    }
}
