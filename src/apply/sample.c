// SPDX-License-Identifier: MIT
/* New rows: codes drawn from the prior or from the model's mixture, decoded.
 *
 * Row i of the samples is a function of the seed and i: as many as one likes, in any
 * order, on any number of threads. */
#include "apply/apply.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a draw is for, as the sub-stream of HGI_USE_SAMPLE; 3 and 4 belong to the fit, 5 to
 * a picture. */
enum { NORMAL = 0, COMPONENT = 1, OUTPUT = 2, CHOICE = 6 };
enum { BLOCK = 64 };

typedef struct drawing {
    hg_ctx *ctx;
    const hg_model *m;
    hg_sample_options o;
    bool mixture;
    double *e; /* [d] standard normal numbers of a row */
} drawing;

/* ---- codes -------------------------------------------------------------------------- */

/* [d] of one row, by Box and Muller: two uniform numbers make two normal ones. */
static void draw_normal(uint64_t seed, int64_t row, int64_t d, double *e)
{
    hgi_rng rng = {seed, HGI_USE_SAMPLE + 256 * NORMAL, 0};
    for (int64_t c = 0; c < d; c += BLOCK) {
        uint32_t words[2 * BLOCK];
        hgi_philox_fill(&rng, (uint64_t)row, (uint32_t)(c / 2), 2 * BLOCK, words);
        for (int64_t i = 0; i < hgi_min(BLOCK, d - c); i += 2) {
            const uint32_t *w = words + 2 * i;
            /* 53 bits each; the first in (0, 1]. */
            double u = 1 - (double)(((uint64_t)w[1] << 32 | w[0]) >> 11) * 0x1p-53;
            double angle =
                2 * acos(-1) * ((double)(((uint64_t)w[3] << 32 | w[2]) >> 11) * 0x1p-53);
            double radius = sqrt(-2 * log(u));
            e[c + i] = radius * cos(angle);
            if (c + i + 1 < d) e[c + i + 1] = radius * sin(angle);
        }
    }
}

static int64_t pick_component(const hgi_mixture *x, uint64_t seed, int64_t row)
{
    uint32_t w[4];
    hgi_rng rng = {seed, HGI_USE_SAMPLE + 256 * COMPONENT, 0};
    hgi_philox(&rng, (uint64_t)row, 0, w);
    double u = (double)(((uint64_t)w[1] << 32 | w[0]) >> 11) * 0x1p-53;
    int64_t last = 0;
    for (int64_t k = 0; k < x->components; k++) {
        if (x->weight[k] <= 0) continue; /* never, not even by rounding */
        last = k;
        u -= x->weight[k];
        if (u < 0) break;
    }
    return last;
}

/* mean + temperature L e, within what the codes fitted on had. */
static void from_mixture(const drawing *g, int64_t row, float *z)
{
    const hgi_mixture *x = &g->m->mixture;
    const int64_t d = x->d, k = pick_component(x, g->o.seed, row);
    const double *mean = x->mean + k * d;
    const double *l = x->factor + k * d * (x->full ? d : 1);
    for (int64_t i = 0; i < d; i++) {
        double v = x->full ? 0 : l[i] * g->e[i];
        for (int64_t j = 0; x->full && j <= i; j++) v += l[i * d + j] * g->e[j];
        v = mean[i] + g->o.temperature * v;
        z[i] = (float)fmin(fmax(v, x->range[i]), x->range[d + i]);
    }
}

/* Value v of V with probability p[v] ^ (1 / temperature), but for a factor; of the largest
 * it is 1, so that small temperatures leave something. */
static int64_t pick_value(const double *p, int64_t V, double temperature, uint32_t word)
{
    double most = 0, sum = 0, u = (double)hgi_unit(word);
    int64_t last = 0;
    for (int64_t v = 0; v < V; v++) most = fmax(most, p[v]);
    for (int64_t v = 0; v < V; v++) sum += pow(p[v] / most, 1 / temperature);
    u *= sum;
    for (int64_t v = 0; v < V; v++) {
        double part = pow(p[v] / most, 1 / temperature);
        if (!(part > 0)) continue;
        last = v;
        u -= part;
        if (u < 0) break;
    }
    return last;
}

/* Bits, or the vectors of entries: each place for itself, by the component's table. */
static void from_choices(const drawing *g, int64_t row, float *z)
{
    const hgi_mixture *x = &g->m->mixture;
    const hgi_layer *code = &g->m->net.layer[g->m->net.code];
    const int64_t P = x->places, V = x->values, wide = g->m->net.code_size / P;
    const double *table = x->table + pick_component(x, g->o.seed, row) * P * V;
    hgi_rng rng = {g->o.seed, HGI_USE_SAMPLE + 256 * CHOICE, 0};
    for (int64_t p = 0; p < P; p++, z += wide) {
        uint32_t w[4];
        hgi_philox(&rng, (uint64_t)row, (uint32_t)p, w);
        int64_t v = pick_value(table + p * V, V, g->o.temperature, w[0]);
        if (code->indices == 0) {
            *z = (float)v;
            continue;
        }
        const hgi_real *entry = g->m->state + code->tensor[0].offset + v * wide;
        for (int64_t i = 0; i < wide; i++) z[i] = (float)entry[i];
    }
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* A code of the k largest values has no others: a normal distribution knows nothing of
 * that.  Of equal values at the edge the first are kept. */
static void keep_largest(int64_t d, int64_t k, float *z, double *sorted)
{
    for (int64_t i = 0; i < d; i++) sorted[i] = (double)z[i];
    qsort(sorted, (size_t)d, sizeof *sorted, by_size);
    const double edge = sorted[k - 1];
    int64_t equal = k;
    for (int64_t i = 0; i < k; i++) equal -= sorted[i] > edge;
    for (int64_t i = 0; i < d; i++) {
        bool keep = (double)z[i] > edge || ((double)z[i] >= edge && equal-- > 0);
        if (!keep) z[i] = 0;
    }
}

/* A code that the model never gives is not decoded.  A normal
 * distribution has values everywhere, a code of this kind none from 0 to its threshold,
 * and few that are not 0. */
static void make_possible(const drawing *g, const hgi_layer *code, int64_t d, float *z)
{
    for (int64_t i = 0; code->kind->threshold != NULL && i < d; i++)
        if (z[i] <= (float)code->kind->threshold(code, g->m->theta, g->m->state, i))
            z[i] = 0;
    if (code->listed_apply > 0 && code->listed_apply < d)
        keep_largest(d, code->listed_apply, z, g->e);
}

static void draw_codes(drawing *g, int64_t n, float *z)
{
    const hgi_layer *code = &g->m->net.layer[g->m->net.code];
    const int64_t d = g->m->net.code_size;
    /* The nearer of the two values that a binary code has. */
    const bool bits = strcmp(code->kind->name, "binary") == 0;
    for (int64_t r = 0; r < n; r++, z += d) {
        if (g->mixture && g->m->mixture.values > 0) {
            from_choices(g, r, z);
            continue;
        }
        draw_normal(g->o.seed, r, d, g->e);
        if (g->mixture)
            from_mixture(g, r, z);
        else
            for (int64_t i = 0; i < d; i++) z[i] = (float)(g->o.temperature * g->e[i]);
        make_possible(g, code, d, z);
        for (int64_t i = 0; bits && i < d; i++) z[i] = z[i] > 0.5f ? 1 : 0;
    }
}

/* ---- rows --------------------------------------------------------------------------- */

/* Each value becomes 1 with the probability that it is, else 0, in units of the data. */
static void draw_outputs(const drawing *g, int64_t n, float *y)
{
    const hgi_scaler *s = &g->m->scaler;
    const int64_t d = g->m->net.inputs;
    hgi_rng rng = {g->o.seed, HGI_USE_SAMPLE + 256 * OUTPUT, 0};
    for (int64_t r = 0; r < n; r++)
        for (int64_t c = 0; c < d; c += BLOCK) {
            uint32_t words[BLOCK];
            hgi_philox_fill(&rng, (uint64_t)r, (uint32_t)(c / 4), BLOCK, words);
            for (int64_t i = c; i < hgi_min(c + BLOCK, d); i++) {
                float *v = y + r * d + i;
                double p = hgi_scale_value(s, i, (double)*v);
                double one = (double)hgi_unit(words[i - c]) < p ? 1 : 0;
                *v = (float)hgi_unscale_value(s, i, one);
            }
        }
}

static hg_status choose_source(drawing *g)
{
    const hg_model *m = g->m;
    const char *from = g->o.from;
    const hgi_layer *code = &m->net.layer[m->net.code];
    bool prior = strcmp(code->kind->name, "variational") == 0;
    if (from == NULL) from = prior ? "prior" : "mixture";
    g->mixture = strcmp(from, "mixture") == 0;
    if (!g->mixture && strcmp(from, "prior") != 0)
        return hgi_fail(g->ctx, HG_EUNKNOWN, "from '%s', expected prior or mixture",
                        from);
    if (!g->mixture && (code->indices > 0 || strcmp(code->kind->name, "binary") == 0))
        return hgi_fail(g->ctx, HG_EINVAL,
                        "from prior: a code of kind %s has nothing of a normal "
                        "distribution, its codes are drawn from a mixture",
                        code->kind->name);
    if (g->mixture && m->mixture.components == 0)
        return hgi_fail(
            g->ctx, HG_EINVAL,
            "the model has no mixture to draw codes from: fit one to the codes "
            "of rows first");
    return HG_OK;
}

static hg_status check(drawing *g, int64_t n, const hg_sample_options *options)
{
    hg_ctx *ctx = g->ctx;
    g->o = (hg_sample_options){.size = sizeof g->o};
    if (g->m == NULL) return hgi_fail(ctx, HG_EINVAL, "a model is needed");
    if (options != NULL && options->size != sizeof *options)
        return hgi_fail(ctx, HG_EINVAL, "hg_sample: options->size is not set");
    if (options != NULL) g->o = *options;
    if (g->o.temperature <= 0 && g->o.temperature >= 0) g->o.temperature = 1;
    if (n < 1)
        return hgi_fail(ctx, HG_ERANGE, "%lld samples, expected at least 1",
                        (long long)n);
    if (!(g->o.temperature > 0 && g->o.temperature <= 1e6))
        return hgi_fail(ctx, HG_ERANGE, "temperature %g, expected above 0, up to 1e6",
                        g->o.temperature);
    if (g->o.draw != 0 && strcmp(g->m->net.loss->name, "bce") != 0)
        return hgi_fail(ctx, HG_EINVAL,
                        "draw: outputs are probabilities under the loss bce alone, not "
                        "under %s",
                        g->m->net.loss->name);
    if (g->o.labelled != 0 && g->m->spec.classes.count == 0)
        return hgi_fail(ctx, HG_EINVAL, "label: the model is not conditional on classes");
    return choose_source(g);
}

/* One class for all, or of a conditional model each in its turn. */
static hg_status label_samples(const drawing *g, hg_dataset *codes)
{
    const hgi_classes *known = &g->m->spec.classes;
    size_t bytes = (size_t)codes->rows * sizeof *codes->labels;
    if (known->count == 0) return HG_OK;
    codes->labels = hgi_alloc(&g->ctx->mem, bytes);
    if (codes->labels == NULL) return hgi_fail_mem(g->ctx, bytes, "labels");
    codes->labelled = codes->rows;
    codes->label_names = hgi_names_share(known->names);
    for (int64_t i = 0; i < codes->rows; i++)
        codes->labels[i] =
            (float)(g->o.labelled != 0 ? g->o.label : known->label[i % known->count]);
    return HG_OK;
}

hg_status hgi_codes_new(hg_ctx *ctx, const hg_model *m, const char *name, int64_t n,
                        float **z, hg_dataset **out)
{
    const hgi_shape *s = &m->net.layer[m->net.code].out;
    return hgi_dataset_new(ctx, name, "codes", n, s->rank, s->dim, z, out);
}

hg_status hg_sample(hg_ctx *ctx, const hg_model *m, int64_t n,
                    const hg_sample_options *options, hg_dataset **rows,
                    hg_dataset **codes)
{
    hg_status status;
    hg_dataset *drawn = NULL;
    float *z, *y;
    drawing g = {.ctx = ctx, .m = m};
    *rows = NULL;
    if (codes != NULL) *codes = NULL;
    HGI_TRY(check(&g, n, options));
    HGI_GOTO(hgi_codes_new(ctx, m, "samples", n, &z, &drawn));
    g.e = hgi_calloc(&ctx->mem, (size_t)m->net.code_size, sizeof *g.e);
    if (g.e == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)m->net.code_size * sizeof *g.e, "a code"));
    draw_codes(&g, n, z);
    HGI_GOTO(hgi_dataset_check(ctx, drawn));
    HGI_GOTO(label_samples(&g, drawn));
    HGI_GOTO(hg_decode_dataset(ctx, m, drawn, rows));
    const hgi_labels labels = hgi_dataset_labels(drawn);
    if (labels.count > 0) HGI_GOTO(hgi_dataset_label(ctx, *rows, &labels));
    y = (*rows)->owned;
    if (g.o.draw != 0) draw_outputs(&g, n, y);
    if (g.o.draw != 0) HGI_GOTO(hgi_dataset_check(ctx, *rows));
    if (codes != NULL) *codes = drawn, drawn = NULL;
done:
    hgi_free(&ctx->mem, g.e);
    hg_dataset_free(&drawn);
    if (status != HG_OK) hg_dataset_free(rows);
    return status;
}
