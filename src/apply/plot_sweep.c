// SPDX-License-Identifier: MIT
/* A sweep drawn: error against code size, PCA's line below or above it.  Where the line
 * turns flat more numbers in the code stop helping.                                    */
#include "apply/plot.h"
#include "apply/sweep.h"
#include "report/report.h"

#include <math.h>
#include <string.h>

/* Lines that can be told apart; what is beyond is left out, and the title says so. */
enum { LINES = 8, MARKED = 20 };

typedef struct drawing {
    const hg_sweep *s;
    int64_t along; /* the axis that x follows, or -1: the code's size */
    double *x, *y; /* [n]; [LINES + 1][n] */
    int64_t n;
    hgi_series series[LINES + 1];
    int64_t lines;
    char label[LINES][64];
    char title[128];
} drawing;

static bool has_numbers(const hgi_sweep_axis *a)
{
    double v;
    for (int64_t i = 0; i < a->count; i++)
        if (!hgi_parse_double(a->value[i], strlen(a->value[i]), '.', &v)) return false;
    return a->count > 1;
}

/* Codes of several sizes say more than the option that made them. */
static bool choose(drawing *d)
{
    const hg_sweep *s = d->s;
    d->along = -1;
    for (int64_t i = 1; i < s->done; i++)
        if (s->point[i].result.code != s->point[0].result.code) {
            for (int64_t a = 0; a < s->axes; a++)
                if (strcmp(s->axis[a].name, "code") == 0) d->along = a;
            return true;
        }
    for (int64_t a = 0; a < s->axes; a++)
        if (has_numbers(&s->axis[a])) {
            d->along = a;
            return true;
        }
    return false;
}

static double place(const drawing *d, const hgi_sweep_point *p)
{
    double v = (double)p->result.code;
    if (d->along >= 0) {
        const char *text = d->s->axis[d->along].value[p->value[d->along]];
        if (!hgi_parse_double(text, strlen(text), '.', &v)) v = (double)p->result.code;
    }
    return v;
}

/* All x, ascending and each once: lines share them and leave gaps. */
static void find_x(drawing *d)
{
    for (int64_t i = 0; i < d->s->done; i++) {
        double v = place(d, &d->s->point[i]);
        int64_t at = 0;
        while (at < d->n && d->x[at] < v) at++;
        if (at < d->n && d->x[at] <= v) continue;
        memmove(d->x + at + 1, d->x + at, (size_t)(d->n - at) * sizeof *d->x);
        d->x[at] = v;
        d->n++;
    }
}

/* The settings that x does not show, "loss=mse"; "" where it shows all. */
static void rest_of(const drawing *d, const hgi_sweep_point *p, char out[64])
{
    size_t used = 0;
    out[0] = '\0';
    for (int64_t a = 0; a < d->s->axes && used < 60; a++) {
        const hgi_sweep_axis *x = &d->s->axis[a];
        if (a == d->along || x->count < 2) continue;
        int n = snprintf(out + used, 64 - used, "%s%.20s=%.24s", used > 0 ? " " : "",
                         x->name, x->value[p->value[a]]);
        used = n > 0 ? used + (size_t)n : used;
    }
}

static void add_point(drawing *d, const hgi_sweep_point *p)
{
    char rest[64];
    int64_t line = 0, at = 0;
    rest_of(d, p, rest);
    while (line < d->lines && strcmp(d->label[line], rest) != 0) line++;
    if (line == LINES) return;
    if (line == d->lines) {
        memcpy(d->label[line], rest, sizeof rest);
        d->lines++;
    }
    while (d->x[at] < place(d, p)) at++;
    double *y = &d->y[line * d->n + at], *pca = &d->y[LINES * d->n + at];
    if (!(*y <= p->result.mse)) *y = p->result.mse;
    if (!isnan(p->result.pca_mse)) *pca = p->result.pca_mse;
}

static void name_lines(drawing *d)
{
    for (int64_t i = 0; i < d->lines; i++)
        d->series[i] = (hgi_series){d->label[i][0] != '\0' ? d->label[i] : "autoencoder",
                                    d->y + i * d->n};
    bool pca = false;
    for (int64_t i = 0; i < d->n; i++) pca |= isfinite(d->y[LINES * d->n + i]);
    if (pca) d->series[d->lines++] = (hgi_series){"PCA", d->y + LINES * d->n};
}

/* Sizes that double from one to the next are even steps on a logarithmic axis. */
static bool is_geometric(const drawing *d)
{
    const double ratio = d->x[1] / d->x[0];
    for (int64_t i = 2; i < d->n; i++)
        if (fabs(d->x[i] / d->x[i - 1] / ratio - 1) > 1e-6) return false;
    return ratio >= 1.5;
}

static hg_status draw(hg_ctx *ctx, drawing *d, const hg_plot_options *o, const char *path)
{
    const char *name = d->along < 0 ? "code" : d->s->axis[d->along].name;
    bool code = strcmp(name, "code") == 0;
    bool wide =
        d->n > 2 && d->x[0] > 0 && (d->x[d->n - 1] / d->x[0] >= 10 || is_geometric(d));
    snprintf(d->title, sizeof d->title, "Error against %s", code ? "code size" : name);
    hgi_chart c = {
        .title = o->title != NULL ? o->title : d->title,
        .x_label = code ? "code size (values)" : name,
        .y_label = "mse of the validation rows",
        .x = d->x,
        .n = d->n,
        .series = d->series,
        .series_count = d->lines,
        .log_x = wide,
        .mark_x = d->n <= MARKED,
        .mark = -1,
        .width = o->width,
        .height = o->width * 5 / 8,
        .dark = o->dark != 0,
    };
    return hgi_chart_draw(ctx, &c, path);
}

hg_status hg_plot_sweep(hg_ctx *ctx, const hg_sweep *sweep, const char *path,
                        const hg_plot_options *options)
{
    hg_plot_options o;
    drawing d = {.s = sweep};
    HGI_TRY(hgi_plot_options(ctx, options, &o));
    if (sweep == NULL || sweep->done < 1)
        return hgi_fail(ctx, HG_EINVAL, "%s: no trainings to draw", path);
    if (!choose(&d))
        return hgi_fail(ctx, HG_EINVAL,
                        "%s: no curve to draw: sweep an option with numbers, like code",
                        path);
    size_t n = (size_t)sweep->done;
    d.x = hgi_calloc(&ctx->mem, n + 1, sizeof *d.x);
    d.y = hgi_calloc(&ctx->mem, n * (LINES + 1), sizeof *d.y);
    hg_status status = HG_OK;
    if (d.x == NULL || d.y == NULL) {
        status = hgi_fail_mem(ctx, n * 80, "a chart");
    } else {
        find_x(&d);
        for (int64_t i = 0; i < d.n * (LINES + 1); i++) d.y[i] = (double)NAN;
        for (int64_t i = 0; i < sweep->done; i++) add_point(&d, &sweep->point[i]);
        name_lines(&d);
        status = draw(ctx, &d, &o, path);
    }
    hgi_free(&ctx->mem, d.x);
    hgi_free(&ctx->mem, d.y);
    return status;
}
