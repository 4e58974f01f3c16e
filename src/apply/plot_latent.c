// SPDX-License-Identifier: MIT
/* Codes as points: a code of two values as it is, a longer one by its two principal
 * components, coloured by label. */
#include "apply/beside.h"
#include "apply/plot.h"
#include "base/rng.h"
#include "data/names.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS = 5000, NAME = 48 };

typedef struct latent {
    hg_ctx *ctx;
    int64_t n;                        /* points */
    int64_t *row;                     /* [n] of the data, ascending */
    double *x, *y;                    /* [n] */
    int *group;                       /* [n], or NULL */
    double value[HGI_SCATTER_GROUPS]; /* labels, ascending */
    char name[HGI_SCATTER_GROUPS][NAME];
    int groups;
    char x_label[96], y_label[96];
    int64_t far; /* points that are left out */
} latent;

/* All rows, or so many of them at random, in the order of the data. */
static hg_status choose_rows(latent *p, int64_t rows, uint64_t seed)
{
    hg_ctx *ctx = p->ctx;
    int64_t *order = hgi_calloc(&ctx->mem, (size_t)rows, sizeof *order);
    p->row = hgi_calloc(&ctx->mem, (size_t)p->n, sizeof *p->row);
    p->x = hgi_calloc(&ctx->mem, 2 * (size_t)p->n, sizeof *p->x);
    if (order == NULL || p->row == NULL || p->x == NULL) {
        hgi_free(&ctx->mem, order);
        return hgi_fail_mem(ctx, (size_t)rows * sizeof *order, "a choice of rows");
    }
    p->y = p->x + p->n;
    hgi_rng rng = {.seed = seed, .use = HGI_USE_SHUFFLE};
    hgi_permutation(&rng, rows, order);
    /* A permutation has each number once: these are n rows. */
    for (int64_t r = 0, at = 0; r < rows; r++)
        if (order[r] < p->n) p->row[at++] = r;
    hgi_free(&ctx->mem, order);
    return HG_OK;
}

/* ---- labels ------------------------------------------------------------------------ */

/* Where v stands in the list, or where it belongs. */
static int place_of(const latent *p, double v)
{
    int at = 0;
    while (at < p->groups && p->value[at] < v) at++;
    return at;
}

static hg_status add_group(latent *p, const hgi_labels *l, double v)
{
    int at = place_of(p, v);
    if (at < p->groups && p->value[at] <= v) return HG_OK;
    if (p->groups == HGI_SCATTER_GROUPS)
        return hgi_fail(p->ctx, HG_ERANGE,
                        "%s: more than %d different labels: they are told apart by "
                        "colour",
                        l->from, HGI_SCATTER_GROUPS);
    memmove(p->value + at + 1, p->value + at,
            (size_t)(p->groups - at) * sizeof *p->value);
    p->value[at] = v;
    p->groups++;
    return HG_OK;
}

static void name_groups(latent *p, const hgi_names *names)
{
    for (int g = 0; g < p->groups; g++) {
        char number[HGI_NUMBER_MAX];
        const char *name = number;
        hgi_format_float(number, (float)p->value[g]);
        if (names != NULL) name = names->name[(int64_t)p->value[g]];
        hgi_shown(name, strlen(name), p->name[g], sizeof p->name[g]);
    }
}

static hg_status read_labels(latent *p, const hg_dataset *labels)
{
    hg_ctx *ctx = p->ctx;
    hg_status status;
    hgi_labels l = {0};
    p->group = hgi_calloc(&ctx->mem, (size_t)p->n, sizeof *p->group);
    if (p->group == NULL)
        return hgi_fail_mem(ctx, (size_t)p->n * sizeof *p->group, "labels");
    HGI_GOTO(hgi_labels_read(ctx, labels, &l));
    for (int64_t i = 0; i < p->n; i++)
        HGI_GOTO(add_group(p, &l, (double)l.value[p->row[i]]));
    for (int64_t i = 0; i < p->n; i++)
        p->group[i] = place_of(p, (double)l.value[p->row[i]]);
    name_groups(p, l.names);
done:
    hgi_labels_free(&ctx->mem, &l);
    return status;
}

/* ---- places ------------------------------------------------------------------------ */

/* A code of one value is spread over the height at random: points would hide each other. */
static void place_line(latent *p, const hg_dataset *codes)
{
    hgi_rng rng = {.seed = 0, .use = HGI_USE_SAMPLE + 256 * 5};
    for (int64_t i = 0; i < p->n; i++) {
        uint32_t w[4];
        float z;
        hgi_dataset_row(codes, p->row[i], &z);
        hgi_philox(&rng, (uint64_t)p->row[i], 0, w);
        p->x[i] = (double)z;
        p->y[i] = (double)hgi_unit(w[0]);
    }
    snprintf(p->x_label, sizeof p->x_label, "code");
    snprintf(p->y_label, sizeof p->y_label, "(spread at random)");
}

static void place_plane(latent *p, const hg_dataset *codes)
{
    for (int64_t i = 0; i < p->n; i++) {
        float z[2];
        hgi_dataset_row(codes, p->row[i], z);
        p->x[i] = (double)z[0];
        p->y[i] = (double)z[1];
    }
}

/* Of all codes, not only of those that are drawn. */
static hg_status place_components(latent *p, const hg_dataset *codes)
{
    hg_ctx *ctx = p->ctx;
    hg_config *cfg = NULL;
    hg_model *pca = NULL;
    hg_dataset *scores = NULL;
    double share[2];
    hg_status status;
    HGI_GOTO(hg_config_new(ctx, &cfg));
    HGI_GOTO(hg_config_set(cfg, "code", "2"));
    HGI_GOTO(hg_config_set(cfg, "scale", "none"));
    HGI_GOTO(hg_pca(ctx, cfg, codes, share, &pca));
    HGI_GOTO(hg_encode_dataset(ctx, pca, codes, &scores));
    place_plane(p, scores);
    for (int i = 0; i < 2; i++)
        snprintf(i == 0 ? p->x_label : p->y_label, sizeof p->x_label,
                 "principal component %d of the codes: %.1f %% of their variance", i + 1,
                 100 * share[i]);
done:
    hg_dataset_free(&scores);
    hg_model_free(&pca);
    hg_config_free(&cfg);
    return status;
}

static hg_status place(latent *p, const hg_dataset *codes)
{
    if (codes->features == 1) {
        place_line(p, codes);
        return HG_OK;
    }
    if (codes->features > 2) return place_components(p, codes);
    snprintf(p->x_label, sizeof p->x_label, "code value 1");
    snprintf(p->y_label, sizeof p->y_label, "code value 2");
    place_plane(p, codes);
    return HG_OK;
}

/* ---- far points ---------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The part of an axis where points are drawn.  A half per cent at either end, one point at
 * the least, may be strays: they are, if they lie as far from all others as those reach.
 * So no more than that is ever left out, and a small crowd apart is none. */
static hg_status range_of(hg_ctx *ctx, int64_t n, const double *v, double *lo, double *hi)
{
    enum { FEWEST = 20 };
    *lo = -HUGE_VAL;
    *hi = HUGE_VAL;
    if (n < FEWEST) return HG_OK;
    double *sorted = hgi_calloc(&ctx->mem, (size_t)n, sizeof *sorted);
    if (sorted == NULL) return hgi_fail_mem(ctx, (size_t)n * sizeof *sorted, "points");
    memcpy(sorted, v, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    const int64_t strays = hgi_max(1, n / 200);
    const double a = sorted[strays], b = sorted[n - 1 - strays];
    if (b > a) {
        *lo = a - (b - a);
        *hi = b + (b - a);
    }
    hgi_free(&ctx->mem, sorted);
    return HG_OK;
}

/* One far point would press all others into a corner. */
static hg_status leave_far(latent *p)
{
    double lo[2], hi[2];
    int64_t kept = 0;
    HGI_TRY(range_of(p->ctx, p->n, p->x, &lo[0], &hi[0]));
    HGI_TRY(range_of(p->ctx, p->n, p->y, &lo[1], &hi[1]));
    for (int64_t i = 0; i < p->n; i++) {
        if (p->x[i] < lo[0] || p->x[i] > hi[0] || p->y[i] < lo[1] || p->y[i] > hi[1])
            continue;
        p->x[kept] = p->x[i];
        p->y[kept] = p->y[i];
        if (p->group != NULL) p->group[kept] = p->group[i];
        kept++;
    }
    p->far = p->n - kept;
    p->n = kept;
    if (p->far > 0)
        hgi_log(p->ctx, HG_LOG_WARNING,
                "%lld of %lld points lie far from all others and are not drawn",
                (long long)p->far, (long long)(p->far + kept));
    return HG_OK;
}

hg_status hg_plot_latent(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                         const hg_dataset *labels, const char *path,
                         const hg_plot_options *options)
{
    hg_plot_options o;
    hg_status status;
    hg_dataset *codes = NULL;
    const char *names[HGI_SCATTER_GROUPS];
    char title[96], far[48] = "";
    latent p = {.ctx = ctx};
    HGI_TRY(hgi_plot_options(ctx, options, &o));
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    if (labels != NULL) HGI_TRY(hgi_check_labels(ctx, labels, data));
    p.n = hgi_min(o.items > 0 ? o.items : POINTS, data->rows);
    HGI_GOTO(choose_rows(&p, data->rows, o.seed));
    if (labels != NULL) HGI_GOTO(read_labels(&p, labels));
    HGI_GOTO(hg_encode_dataset(ctx, m, data, &codes));
    HGI_GOTO(place(&p, codes));
    HGI_GOTO(leave_far(&p));
    if (p.far > 0)
        snprintf(far, sizeof far, "; %lld far off not shown", (long long)p.far);
    for (int g = 0; g < p.groups; g++) names[g] = p.name[g];
    snprintf(title, sizeof title, "Codes of %lld rows%s%s", (long long)(p.n + p.far),
             labels != NULL ? ", by label" : "", far);
    hgi_scatter s = {
        .title = o.title != NULL ? o.title : title,
        .x_label = p.x_label,
        .y_label = p.y_label,
        .x = p.x,
        .y = p.y,
        .n = p.n,
        .group = p.group,
        .names = names,
        .groups = p.groups,
        .group_label = "label",
        .bare_y = codes->features == 1,
        .width = o.width,
        .dark = o.dark != 0,
    };
    status = hgi_scatter_draw(ctx, &s, path);
done:
    hg_dataset_free(&codes);
    hgi_free(&ctx->mem, p.row);
    hgi_free(&ctx->mem, p.x);
    hgi_free(&ctx->mem, p.group);
    return status;
}
