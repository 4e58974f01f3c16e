// SPDX-License-Identifier: MIT
/* Rows of a dataset, scaled, into the memory that a step trains on.
 *
 * Whatever the layout, a value goes through the same multiplication, so a u8 file and the
 * same numbers as floats give the same batch.                                          */
#include "data/expand.h"
#include "kernels/kernels.h"

#define AHEAD 4   /* rows asked for before they are needed */
#define PAGE 4096 /* bytes */

/* Can a value of d leave the range?  With one pair for all columns and a positive scale
 * the ends of the data are the ends of the batch, computed as the kernels do.          */
static bool may_leave(const hg_dataset *d, const hgi_scaler *s, const hgi_range *range)
{
    if (!range->check || s->schema != NULL) return false;
    if (!s->uniform) return true;
    hgi_real lo = ((hgi_real)d->min - s->shift_r[0]) * s->scale_r[0];
    hgi_real hi = ((hgi_real)d->max - s->shift_r[0]) * s->scale_r[0];
    return (double)lo < range->lo || (double)hi > range->hi;
}

/* Bring a row with these ends into the range.  Returns true when it was outside by more
 * than rounding.                                                                       */
static bool clip_row(const hgi_range *range, double lo, double hi, int64_t n, hgi_real *x)
{
    if (lo >= range->lo && hi <= range->hi) return false;
    for (int64_t c = 0; c < n; c++) {
        if ((double)x[c] < range->lo) x[c] = (hgi_real)range->lo;
        if ((double)x[c] > range->hi) x[c] = (hgi_real)range->hi;
    }
    return lo < range->lo - HGI_ROUNDING || hi > range->hi + HGI_ROUNDING;
}

static void fill_row(const struct hgi_kernels *k, const hg_dataset *d,
                     const hgi_scaler *s, int64_t row, float *scratch, hgi_real *x)
{
    const uint8_t *u8 = hgi_dataset_row_u8(d, row);
    if (u8 != NULL && s->uniform) {
        k->widen_u8(d->features, u8, s->shift_r[0], s->scale_r[0], x);
        return;
    }
    const float *f32 = hgi_dataset_row_f32(d, row);
    if (f32 == NULL) {
        hgi_dataset_row(d, row, scratch);
        f32 = scratch;
    }
    k->affine(d->features, f32, s->shift_r, s->scale_r, x);
    if (s->bend != NULL) hgi_scale_bent(s, f32, x);
}

/* Shuffled rows lie anywhere in memory, where no hardware prefetcher guesses.  Into the
 * second-level cache, which takes more at a time than the first.  A page of a row is enough
 * to get the hardware going.                                                           */
void hgi_batch_ask(const hg_dataset *d, const int64_t *index, int64_t n)
{
    int64_t bytes = hgi_min(hgi_dataset_row_bytes(d), PAGE);
    for (int64_t i = 0; i < n; i++) {
        const unsigned char *p =
            d->type == HG_U8 ? hgi_dataset_row_u8(d, index[i])
                             : (const unsigned char *)hgi_dataset_row_f32(d, index[i]);
        if (p == NULL) return;
        for (int64_t b = 0; b < bytes; b += HGI_ALIGN)
            __builtin_prefetch(p + b, 0, 2); /* 2: all but the first level */
        __builtin_prefetch(p + bytes - 1, 0, 2);
    }
}

int64_t hgi_batch_fill(const struct hgi_kernels *k, const hg_dataset *d,
                       const hgi_scaler *s, const hgi_range *range, const int64_t *index,
                       int64_t first, int64_t n, float *scratch, hgi_real *x,
                       unsigned char *clipped)
{
    bool check = may_leave(d, s, range);
    if (s->schema != NULL) {
        hgi_batch_targets(d, s, index, first, n, scratch, x);
        hgi_expand_input(s, n, x, x);
        for (int64_t i = 0; clipped != NULL && i < n; i++) clipped[i] = 0;
        return -1;
    }
    for (int64_t i = 0; i < n; i++) {
        hgi_real *to = x + i * d->features;
        if (index != NULL && i + AHEAD < n) hgi_batch_ask(d, index + i + AHEAD, 1);
        fill_row(k, d, s, index != NULL ? index[i] : first + i, scratch, to);
        bool outside = false;
        if (check) {
            hgi_real lo, hi;
            k->ends(d->features, to, &lo, &hi);
            outside = clip_row(range, (double)lo, (double)hi, d->features, to);
        }
        if (outside && !range->clip) return i;
        if (clipped != NULL) clipped[i] = outside;
    }
    return -1;
}

bool hgi_batch_row(const struct hgi_kernels *k, const hgi_scaler *s,
                   const hgi_range *range, const float *src, hgi_real *x, bool *outside)
{
    hgi_real lo, hi;
    if (s->schema != NULL) {
        hgi_expand(s, src, x);
        hgi_expand_input(s, 1, x, x);
        *outside = false;
        return k->ends(s->features, x, &lo, &hi);
    }
    k->affine(s->features, src, s->shift_r, s->scale_r, x);
    if (s->bend != NULL) hgi_scale_bent(s, src, x);
    bool finite = k->ends(s->features, x, &lo, &hi);
    *outside = range->check && clip_row(range, (double)lo, (double)hi, s->features, x);
    return finite;
}
