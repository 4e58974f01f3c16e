// SPDX-License-Identifier: MIT
/* Rows on the way from one to another, through the codes between theirs.
 *
 *     linear      (1 - t) a + t b
 *     spherical   l(t) (sin((1-t) w) a/|a| + sin(t w) b/|b|) / sin w
 *
 * with w the angle between the codes and l(t) = (1 - t) |a| + t |b|.  Shoemake's formula is
 * for unit vectors; here directions turn by it, and lengths go evenly from one to the
 * other.  Codes that cannot be anything stay what they are: bits that differ change one
 * after the other, and vectors become the nearest entries of their codebook. */
#include "apply/apply.h"

#include <math.h>
#include <string.h>

/* Code number i of `steps`: ends exact.  arc: angle between the ends, 0 for straight. */
static void between(int64_t d, const float *a, const float *b, double t, double arc,
                    double na, double nb, float *z)
{
    double fa = 1 - t, fb = t;
    if (arc > 0) {
        /* Unit vectors turn; the length goes its own way. */
        double length = (1 - t) * na + t * nb;
        fa = length * sin((1 - t) * arc) / sin(arc) / na;
        fb = length * sin(t * arc) / sin(arc) / nb;
    }
    for (int64_t i = 0; i < d; i++)
        z[i] = t <= 0   ? a[i]
               : t >= 1 ? b[i]
                        : (float)(fa * (double)a[i] + fb * (double)b[i]);
}

/* 0 when the codes lie on one line with the origin: no plane says which way to turn. */
static double angle(int64_t d, const float *a, const float *b, double *na, double *nb)
{
    double ab = 0;
    *na = *nb = 0;
    for (int64_t i = 0; i < d; i++) {
        ab += (double)a[i] * (double)b[i];
        *na += (double)a[i] * (double)a[i];
        *nb += (double)b[i] * (double)b[i];
    }
    *na = sqrt(*na), *nb = sqrt(*nb);
    if (!(*na > 0) || !(*nb > 0)) return 0;
    double c = ab / (*na * *nb);
    /* Floats tell directions apart to some 1e-7, whose cosine differs from 1 by 1e-14. */
    return fabs(c) > 1 - 1e-12 ? 0 : acos(c);
}

/* Step i of `steps` from bits a to b: so many of those that differ are b's already. */
static void between_bits(int64_t d, const float *a, const float *b, int64_t i,
                         int64_t steps, float *z)
{
    int64_t differ = 0, changed = 0;
    for (int64_t k = 0; k < d; k++) differ += a[k] < b[k] || a[k] > b[k];
    const int64_t wanted = (2 * i * differ + steps - 1) / (2 * (steps - 1));
    for (int64_t k = 0; k < d; k++) {
        bool other = a[k] < b[k] || a[k] > b[k];
        z[k] = other && changed++ < wanted ? b[k] : a[k];
    }
}

/* Each vector of a code becomes the nearest entry, the first of equals. */
static void to_entries(const hg_model *m, const hgi_layer *code, float *z)
{
    const int64_t wide = m->net.code_size / code->indices;
    const hgi_real *book = m->state + code->tensor[0].offset;
    for (int64_t p = 0; p < code->indices; p++, z += wide) {
        double nearest = (double)INFINITY;
        int64_t best = 0;
        for (int64_t j = 0; j < code->entries; j++) {
            double sum = 0;
            for (int64_t i = 0; i < wide; i++) {
                double e = (double)z[i] - (double)book[j * wide + i];
                sum += e * e;
            }
            if (sum < nearest) nearest = sum, best = j;
        }
        for (int64_t i = 0; i < wide; i++) z[i] = (float)book[best * wide + i];
    }
}

static hg_status encode_ends(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                             int64_t from, int64_t to, float *z)
{
    const int64_t d = data->features, k = m->net.code_size;
    hg_dataset *ends = NULL, *codes = NULL;
    float *x;
    hg_status status;
    HGI_GOTO(
        hgi_dataset_new(ctx, data->name, "rows", 2, data->rank, data->shape, &x, &ends));
    HGI_GOTO(hg_dataset_read(ctx, data, from, 1, x));
    HGI_GOTO(hg_dataset_read(ctx, data, to, 1, x + d));
    HGI_GOTO(hgi_dataset_check(ctx, ends));
    if (data->labels != NULL) {
        const float two[2] = {data->labels[from], data->labels[to]};
        HGI_GOTO(hgi_dataset_label(ctx, ends,
                                   &(hgi_labels){data->name, two, 2, data->label_names}));
    }
    HGI_GOTO(hg_encode_dataset(ctx, m, ends, &codes));
    for (int64_t i = 0; i < 2; i++) hgi_dataset_row(codes, i, z + i * k);
done:
    hg_dataset_free(&ends);
    hg_dataset_free(&codes);
    return status;
}

/* Of a conditional model: each half of the way is of its end's class. */
static hg_status label_way(hg_ctx *ctx, const hg_dataset *data, int64_t from, int64_t to,
                           hg_dataset *way)
{
    size_t bytes = (size_t)way->rows * sizeof *way->labels;
    if (data->labels == NULL) return HG_OK;
    way->labels = hgi_alloc(&ctx->mem, bytes);
    if (way->labels == NULL) return hgi_fail_mem(ctx, bytes, "labels");
    way->labelled = way->rows;
    way->label_names = hgi_names_share(data->label_names);
    for (int64_t i = 0; i < way->rows; i++)
        way->labels[i] = data->labels[2 * i < way->rows ? from : to];
    return HG_OK;
}

static hg_status check_way(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                           int64_t from, int64_t to, int64_t steps, const char *path)
{
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    if (data->features != m->net.inputs)
        return hgi_feed_wrong(ctx, m, data, m->net.inputs);
    int64_t wrong = from < 0 || from >= data->rows ? from : to;
    if (wrong < 0 || wrong >= data->rows)
        return hgi_fail(ctx, HG_ERANGE, "%s: there is no row %lld: it has %lld",
                        data->name, (long long)wrong + 1, (long long)data->rows);
    if (steps < 2)
        return hgi_fail(ctx, HG_ERANGE, "%lld steps, expected at least 2: the two ends",
                        (long long)steps);
    if (path != NULL && strcmp(path, "linear") != 0 && strcmp(path, "spherical") != 0)
        return hgi_fail(ctx, HG_EUNKNOWN, "path '%s', expected linear or spherical",
                        path);
    return HG_OK;
}

hg_status hg_interpolate(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                         int64_t from, int64_t to, int64_t steps, const char *path,
                         hg_dataset **rows, hg_dataset **codes)
{
    hg_status status;
    hg_dataset *way = NULL;
    float *z, *ends = NULL;
    double na, nb, arc;
    *rows = NULL;
    if (codes != NULL) *codes = NULL;
    HGI_TRY(check_way(ctx, m, data, from, to, steps, path));
    const int64_t d = m->net.code_size;
    ends = hgi_calloc(&ctx->mem, 2 * (size_t)d, sizeof *ends);
    if (ends == NULL) return hgi_fail_mem(ctx, 2 * (size_t)d * sizeof *ends, "two codes");
    HGI_GOTO(encode_ends(ctx, m, data, from, to, ends));
    HGI_GOTO(hgi_codes_new(ctx, m, data->name, steps, &z, &way));
    arc = angle(d, ends, ends + d, &na, &nb);
    if (path == NULL || strcmp(path, "linear") == 0) arc = 0;
    const hgi_layer *code = &m->net.layer[m->net.code];
    for (int64_t i = 0; i < steps; i++, z += d) {
        if (strcmp(code->kind->name, "binary") == 0)
            between_bits(d, ends, ends + d, i, steps, z);
        else
            between(d, ends, ends + d, (double)i / (double)(steps - 1), arc, na, nb, z);
        if (code->indices > 0) to_entries(m, code, z);
    }
    HGI_GOTO(hgi_dataset_check(ctx, way));
    HGI_GOTO(label_way(ctx, data, from, to, way));
    HGI_GOTO(hg_decode_dataset(ctx, m, way, rows));
    const hgi_labels labels = hgi_dataset_labels(way);
    if (labels.count > 0) HGI_GOTO(hgi_dataset_label(ctx, *rows, &labels));
    if (codes != NULL) *codes = way, way = NULL;
done:
    hgi_free(&ctx->mem, ends);
    hg_dataset_free(&way);
    if (status != HG_OK) hg_dataset_free(rows);
    return status;
}
