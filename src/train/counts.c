// SPDX-License-Identifier: MIT
/* Are these rows counts, as loss multinomial takes them?  Values below 0 are refused, and
 * so are data without any count; rows without one, which teach nothing, and broken numbers,
 * which no draw can give, are told of. */
#include "data/blocks.h"
#include "train/trainer.h"

#include <math.h>

typedef struct survey {
    int64_t empty;  /* rows whose sum is 0 */
    int64_t row, c; /* of the first value that is below 0, or not whole */
    double value;   /* NaN: there is none */
    bool below;
} survey;

/* A value below 0 ends the search, a broken one is remembered. */
static void look_at(survey *s, const float *x, int64_t features, int64_t row)
{
    double sum = 0;
    for (int64_t c = 0; c < features && !s->below; c++) {
        const double v = (double)x[c];
        sum += v;
        if (v >= 0 && (v <= floor(v) || !isnan(s->value))) continue;
        s->below = v < 0;
        s->row = row;
        s->c = c;
        s->value = v;
    }
    s->empty += !(sum > 0);
}

static hg_status look(hg_ctx *ctx, const hg_dataset *d, float *x, survey *s)
{
    hg_status status;
    hgi_rows w;
    HGI_TRY(hgi_rows_open(ctx, d, 0, &w));
    HGI_GOTO(hgi_rows_next(ctx, &w));
    while (w.n > 0 && !s->below) {
        for (int64_t i = 0; i < w.n && !s->below; i++) {
            hgi_dataset_row(w.rows, w.at + i, x);
            look_at(s, x, d->features, w.first + i);
        }
        HGI_GOTO(hgi_rows_next(ctx, &w));
    }
done:
    hgi_rows_close(&w);
    return status;
}

hg_status hgi_check_counts(hg_ctx *ctx, const hg_dataset *d)
{
    char place[128] = "", found[HGI_NUMBER_MAX] = "";
    survey s = {.value = (double)NAN};
    float *x = hgi_calloc(&ctx->mem, (size_t)d->features, sizeof *x);
    if (x == NULL) return hgi_fail_mem(ctx, (size_t)d->features * sizeof *x, "a row");
    hg_status status = look(ctx, d, x, &s);
    hgi_free(&ctx->mem, x);
    HGI_TRY(status);
    if (!isnan(s.value)) {
        hgi_dataset_place(d, s.row, s.c, place, sizeof place);
        hgi_format_float(found, (float)s.value);
    }
    if (s.below)
        return hgi_fail(ctx, HG_ERANGE,
                        "%s: %s: %s, but loss multinomial takes counts, 0 or more",
                        d->name, place, found);
    if (s.empty == d->rows)
        return hgi_fail(ctx, HG_ERANGE,
                        "%s: all values are 0: loss multinomial takes counts, and there "
                        "are none",
                        d->name);
    if (s.empty > 0)
        hgi_log(ctx, HG_LOG_WARNING,
                "%s: %lld of %lld rows are 0 everywhere: counts of nothing, which say "
                "nothing to loss multinomial",
                d->name, (long long)s.empty, (long long)d->rows);
    if (!isnan(s.value))
        hgi_log(ctx, HG_LOG_WARNING,
                "%s: %s: %s is no whole number: loss multinomial is a likelihood of "
                "counts alone",
                d->name, place, found);
    return HG_OK;
}
