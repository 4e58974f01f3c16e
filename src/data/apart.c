// SPDX-License-Identifier: MIT
/* Rows on another scale than those of training: shares in 0..1 for a model of bytes, or
 * bytes for a model of shares.
 *
 * It is the commonest mistake with images: one program divides by 255 when it reads them,
 * the other does not.  The net then sees nearly black rows, or rows far outside all that it
 * knows; its numbers are wrong, and nothing fails.  What rows were trained on is known from
 * the scaler: unit is for 0..255, the others were fitted.  Only scale none says nothing, so
 * a model keeps whether its values lay in [0,1].                                       */
#include "data/data.h"

/* Fewer rows can be dark by chance, or zeros of a table. */
#define ROWS_LEAST 10
/* Twenty times what the rows reach, on average over the columns, is no chance. */
#define FAR_MEAN 20.0

bool hgi_are_shares(const hgi_scaler *s, const hg_dataset *rows)
{
    return s->kind == HGI_SCALE_NONE && rows->schema == NULL && rows->min >= 0 &&
           rows->max > 0 && rows->max <= 1;
}

/* The middle of a column's training values. */
static double centre(const hgi_scaler *s, int64_t c)
{
    return s->kind == HGI_SCALE_MINMAX ? s->shift[c] + 0.5 / s->scale[c] : s->shift[c];
}

static bool fitted_to_large(const hgi_scaler *s)
{
    double sum = 0;
    int64_t large = 0;
    for (int64_t c = 0; c < s->features; c++) {
        sum += centre(s, c);
        large += centre(s, c) > 1;
    }
    /* One column of years would make a mean of hundreds. */
    return sum > FAR_MEAN * (double)s->features && large * 10 >= s->features;
}

/* A column within [0,1] has a standard deviation of a half at the most; a constant one has
 * scale 1. */
static bool fitted_to_shares(const hgi_scaler *s)
{
    for (int64_t c = 0; c < s->features; c++) {
        double spread = s->scale[c] > 1 ? 1 / s->scale[c] : 0;
        bool minmax = s->kind == HGI_SCALE_MINMAX;
        if (s->scale[c] < 1 || s->shift[c] < 0) return false;
        if (s->shift[c] + (minmax ? spread : 0) > 1 + HGI_ROUNDING ||
            spread > 0.5 + minmax)
            return false;
    }
    return true;
}

hgi_apart hgi_scaler_apart(const hgi_scaler *s, bool shares, double min, double max,
                           int64_t rows, bool bytes)
{
    bool fitted = s->kind == HGI_SCALE_MINMAX || s->kind == HGI_SCALE_STANDARD;
    if (s->schema != NULL || !(min >= 0) || !(max > 0)) return HGI_ALIKE;
    if ((fitted || bytes) && rows < ROWS_LEAST) return HGI_ALIKE;
    if (max <= 1) {
        if (s->kind == HGI_SCALE_UNIT) return HGI_NO_BYTES;
        return fitted && fitted_to_large(s) ? HGI_TOO_SMALL : HGI_ALIKE;
    }
    /* More than a hundred times as far, but no further than a byte reaches. */
    if (max <= 100 || max > 255) return HGI_ALIKE;
    if (s->kind == HGI_SCALE_NONE ? shares : fitted && fitted_to_shares(s))
        return HGI_TOO_LARGE;
    return HGI_ALIKE;
}

hgi_apart hgi_apart_rows(const hgi_scaler *s, bool shares, const hg_dataset *rows)
{
    return hgi_scaler_apart(s, shares, rows->min, rows->max, rows->rows,
                            rows->type == HG_U8);
}

const char *hgi_apart_text(hgi_apart apart)
{
    if (apart == HGI_NO_BYTES)
        return "values lie in 0..1, but the model was trained on 0..255: multiply them "
               "by 255";
    if (apart == HGI_TOO_SMALL)
        return "values lie in 0..1, but those of training were far larger: they are in "
               "other units";
    if (apart == HGI_TOO_LARGE)
        return "values lie in 0..255, but the model was trained on 0..1: divide them by "
               "255";
    return NULL;
}

void hgi_warn_apart(hg_ctx *ctx, const char *name, hgi_apart apart)
{
    if (apart == HGI_ALIKE) return;
    hgi_log(ctx, HG_LOG_WARNING, "%s: %s", name, hgi_apart_text(apart));
}
