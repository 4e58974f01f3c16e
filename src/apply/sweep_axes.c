// SPDX-License-Identifier: MIT
/* "code=2,4,8,...,128": the values that an option takes in a sweep.
 *
 * Values are separated by ',', or by ';' where one has commas itself
 * ("hidden=128,64;256,128").  "..." goes on as the numbers before it do, by their ratio
 * or else by their difference, up to the number behind it.                             */
#include "apply/sweep.h"

#include "model/config.h"

#include <math.h>
#include <string.h>

static hg_status add_value(hg_ctx *ctx, hgi_sweep_axis *a, const char *s, size_t n)
{
    char **grown =
        hgi_realloc(&ctx->mem, a->value, ((size_t)a->count + 1) * sizeof *grown);
    if (grown == NULL) return hgi_fail_mem(ctx, sizeof *grown, "a sweep");
    a->value = grown;
    grown[a->count] = hgi_strndup(&ctx->mem, s, n);
    if (grown[a->count] == NULL) return hgi_fail_mem(ctx, n, "a sweep");
    a->count++;
    return HG_OK;
}

static bool number_at(const hgi_sweep_axis *a, int64_t i, double *out)
{
    return i >= 0 && hgi_parse_double(a->value[i], strlen(a->value[i]), '.', out);
}

/* By the last two numbers, and by a third before them where there is one: 2,4,8 doubles,
 * 2,4,6 adds 2; of two numbers alone, 2,4 adds and 1,10 multiplies by what is natural: a
 * ratio of at least 2 is one.                                                          */
static bool next_number(const hgi_sweep_axis *a, double *step, bool *ratio)
{
    double x, y, z;
    if (!number_at(a, a->count - 2, &y) || !number_at(a, a->count - 1, &z)) return false;
    *ratio = y > 0 && z / y >= 2;
    if (number_at(a, a->count - 3, &x))
        *ratio = x > 0 && y > 0 && fabs(z / y - y / x) < 1e-9 * (z / y);
    *step = *ratio ? z / y : z - y;
    return *ratio ? *step > 1 : *step > 0;
}

/* Values between the last one and `last`, which is added by the caller.                */
static hg_status fill_in(hg_ctx *ctx, hgi_sweep_axis *a, const char *last, size_t n)
{
    double step, end, at;
    bool ratio;
    char text[HGI_NUMBER_MAX];
    if (!hgi_parse_double(last, n, '.', &end) || !next_number(a, &step, &ratio))
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: '...' stands between rising numbers: 2,4,8,...,128",
                        a->name);
    if (!number_at(a, a->count - 1, &at)) at = end;
    for (;;) {
        at = ratio ? at * step : at + step;
        if (!(at < end * (1 - 1e-9))) return HG_OK;
        if (a->count >= HGI_SWEEP_POINTS)
            return hgi_fail(ctx, HG_ERANGE, "%s: more than %d values", a->name,
                            HGI_SWEEP_POINTS);
        /* A float's shortest text: 0.30000000000000004 was never meant. */
        int length = hgi_format_float(text, (float)at);
        HGI_TRY(add_value(ctx, a, text, (size_t)length));
    }
}

static hg_status read_values(hg_ctx *ctx, hgi_sweep_axis *a, const char *s)
{
    char separator = strchr(s, ';') != NULL ? ';' : ',';
    bool more = false;
    for (bool end = false; !end;) {
        const char *stop = strchr(s, separator);
        size_t n = stop != NULL ? (size_t)(stop - s) : strlen(s);
        end = stop == NULL;
        bool dots = n == 3 && memcmp(s, "...", 3) == 0;
        if (n == 0 || (dots && (end || more)))
            return hgi_fail(ctx, HG_EINVAL,
                            "%s: expected values like 2,4,8 or 2,4,...,128", a->name);
        if (more) HGI_TRY(fill_in(ctx, a, s, n));
        if (!dots) HGI_TRY(add_value(ctx, a, s, n));
        more = dots;
        if (!end) s = stop + 1;
    }
    return HG_OK;
}

static hg_status read_axis(hg_ctx *ctx, const char *text, hgi_sweep_axis *a)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        return hgi_fail(ctx, HG_EINVAL,
                        "'%.100s': expected an option and its values, like code=2,4,8",
                        text);
    a->name = hgi_strndup(&ctx->mem, text, (size_t)(equals - text));
    if (a->name == NULL) return hgi_fail_mem(ctx, 64, "a sweep");
    if (hgi_config_find(a->name) < 0) return hgi_config_unknown(ctx, a->name, NULL);
    return read_values(ctx, a, equals + 1);
}

hg_status hgi_sweep_new(hg_ctx *ctx, const char *const *axes, int64_t count,
                        hg_sweep **out)
{
    hg_status status = HG_OK;
    hg_sweep *s = hgi_calloc(&ctx->mem, 1, sizeof *s);
    *out = s;
    if (s == NULL) return hgi_fail_mem(ctx, sizeof *s, "a sweep");
    s->mem = ctx->mem;
    s->best = (double)NAN;
    s->points = 1;
    if (count < 1 || count > HGI_SWEEP_AXES)
        return hgi_fail(ctx, HG_EINVAL,
                        "%lld options to sweep, expected 1 to %d, like code=2,4,8",
                        (long long)count, HGI_SWEEP_AXES);
    for (int64_t i = 0; i < count; i++) {
        s->axes = i + 1;
        HGI_GOTO(read_axis(ctx, axes[i], &s->axis[i]));
        for (int64_t k = 0; k < i; k++)
            if (strcmp(s->axis[k].name, s->axis[i].name) == 0)
                HGI_GOTO(hgi_fail(ctx, HG_EINVAL,
                                  "%s: swept twice: give all its values at once, %s=4,8",
                                  s->axis[i].name, s->axis[i].name));
        s->points *= s->axis[i].count;
        if (s->points > HGI_SWEEP_POINTS)
            HGI_GOTO(
                hgi_fail(ctx, HG_ERANGE, "more than %d trainings", HGI_SWEEP_POINTS));
    }
    s->point = hgi_calloc(&ctx->mem, (size_t)s->points, sizeof *s->point);
    if (s->point == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)s->points * sizeof *s->point, "a sweep"));
    for (int64_t i = 0; i < s->points; i++) {
        hg_sweep_point *r = &s->point[i].result;
        r->mse = r->sse_per_row = r->bce = r->loss = (double)NAN;
        r->train_loss = r->pca_mse = r->late_gain = (double)NAN;
    }
done:
    return status;
}

void hg_sweep_free(hg_sweep **sweep)
{
    hg_sweep *s = *sweep;
    if (s == NULL) return;
    hgi_mem mem = s->mem;
    for (int64_t a = 0; a < s->axes; a++) {
        for (int64_t i = 0; i < s->axis[a].count; i++)
            hgi_free(&mem, s->axis[a].value[i]);
        hgi_free(&mem, s->axis[a].value);
        hgi_free(&mem, s->axis[a].name);
    }
    for (int64_t i = 0; s->point != NULL && i < s->points; i++) {
        hgi_free(&mem, s->point[i].settings);
        hgi_free(&mem, s->point[i].note);
    }
    hgi_free(&mem, s->point);
    hgi_free(&mem, s);
    *sweep = NULL;
}
