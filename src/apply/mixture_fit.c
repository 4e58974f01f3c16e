// SPDX-License-Identifier: MIT
/* Which mixture fits the codes of these rows: covariance and components by BIC.
 *
 * BIC falls and then rises with the number of components, so a coarse scale is walked until
 * it has risen twice, and the gaps beside the best are halved while that can matter.  Codes
 * of bits and of codebook entries have independent choices instead of covariances. */
#include "base/rng.h"
#include "model/model.h"
#include "train/choices.h"
#include "train/em.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST = 64, ROWS = 10000, WIDEST_FULL = 256 };

static const int64_t scale[] = {1,   2,   3,   4,    6,    8,    12,   16,
                                24,  32,  48,  64,   96,   128,  192,  256,
                                384, 512, 768, 1024, 1536, 2048, 3072, 4096};

typedef struct search {
    hg_ctx *ctx;
    hgi_em em;
    hgi_choices choices; /* instead, where ctx is set */
    hgi_mixture best;
    int64_t most;
    /* For who watches: the fit under way, what all fits may come to, what is done. */
    const hg_mixture_options *o;
    int64_t k;
    double work, done;
    bool stop;
} search;

/* The work of a fit grows with its components. */
static bool on_round(void *arg, double share)
{
    search *s = arg;
    char what[80];
    if (s->o->on_progress == NULL) return false;
    const double done = (s->done + share * (double)s->k) / fmax(s->work, 1);
    snprintf(what, sizeof what, "mixture: %lld components%s", (long long)s->k,
             s->choices.ctx != NULL ? ""
             : s->em.full           ? ", full"
                                    : ", diagonal");
    s->stop = s->stop || s->o->on_progress(s->o->user, what, fmin(done, 1)) != 0;
    return s->stop;
}

/* One fit; it is kept when it is better than all before, of whichever covariance. */
static hg_status try_fit(search *s, int64_t k, double *bic)
{
    const bool choices = s->choices.ctx != NULL;
    s->k = k;
    if (on_round(s, 0)) return hgi_fail(s->ctx, HG_ECANCELED, "stopped");
    double mean = choices ? hgi_choices_fit(&s->choices, k) : hgi_em_fit(&s->em, k);
    *bic = choices ? hgi_choices_bic(&s->choices, mean) : hgi_em_bic(&s->em, mean);
    if (s->stop) return hgi_fail(s->ctx, HG_ECANCELED, "stopped");
    s->done += (double)k;
    if (s->best.components > 0 && *bic >= s->best.fit[2]) return HG_OK;
    hgi_mixture_free(&s->ctx->mem, &s->best);
    return choices ? hgi_choices_take(&s->choices, mean, &s->best)
                   : hgi_em_take(&s->em, mean, &s->best);
}

/* Rows enough for each component's covariance: twice as many as it has lines. */
static int64_t most_for(const search *s)
{
    const hgi_em *e = &s->em;
    if (s->choices.ctx != NULL) return hgi_max(1, s->choices.n / 4);
    return hgi_max(1, e->n / (2 * (e->full ? e->d + 1 : 2)));
}

/* Three numbers of components that were tried, the best in the middle; 0: none there. */
typedef struct bracket {
    int64_t left, at, right;
    double lowest; /* BIC at `at` */
} bracket;

/* Halve the wider gap beside the best while it is over an eighth of it. */
static hg_status refine(search *s, bracket *b)
{
    for (;;) {
        double bic;
        int64_t below = b->left > 0 ? b->at - b->left : 0;
        int64_t above = b->right > 0 ? b->right - b->at : 0;
        int64_t gap = hgi_max(below, above);
        if (gap < 2 || gap <= b->at / 8) return HG_OK;
        int64_t k = below > above ? b->at - below / 2 : b->at + above / 2;
        HGI_TRY(try_fit(s, k, &bic));
        bool better = bic < b->lowest;
        /* The better of the two is the middle, the other the end on its side. */
        int64_t end = better ? b->at : k;
        if (better) b->at = k, b->lowest = bic;
        *(end < b->at ? &b->left : &b->right) = end;
    }
}

static hg_status walk(search *s)
{
    const int64_t limit = hgi_min(s->most, most_for(s));
    bracket b = {0, 0, 0, (double)INFINITY};
    int64_t before = 0;
    int worse = 0;
    s->done = s->work = 0;
    for (int i = 0; i < HGI_COUNT(scale) && scale[i] <= limit; i++)
        s->work += (double)scale[i];
    for (int i = 0; i < HGI_COUNT(scale) && scale[i] <= limit && worse < 2; i++) {
        double bic;
        HGI_TRY(try_fit(s, scale[i], &bic));
        if (bic < b.lowest) {
            b = (bracket){before, scale[i], 0, bic};
            worse = 0;
        } else if (++worse == 1) {
            b.right = scale[i];
        }
        before = scale[i];
    }
    return refine(s, &b);
}

/* The covariances asked for, full first: a diagonal one must be better to win. */
static hg_status choose(search *s, const hg_mixture_options *o, bool full, bool diagonal)
{
    for (int pass = 0; pass < 2; pass++) {
        double bic;
        if (!(pass == 0 ? full : diagonal)) continue;
        s->em.full = pass == 0;
        s->work = (double)o->components;
        s->done = 0;
        HGI_TRY(o->components > 0 ? try_fit(s, o->components, &bic) : walk(s));
    }
    return HG_OK;
}

/* ---- rows and options --------------------------------------------------------------- */

static hg_status check(hg_ctx *ctx, const hg_model *m, const hg_dataset *data,
                       const hg_mixture_options *options, hg_mixture_options *o)
{
    *o = (hg_mixture_options){.size = sizeof *o};
    if (m == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and data are needed");
    if (options != NULL && options->size != sizeof *options)
        return hgi_fail(ctx, HG_EINVAL, "hg_mixture_fit: options->size is not set");
    if (options != NULL) *o = *options;
    if (o->most == 0) o->most = MOST;
    if (o->rows == 0) o->rows = ROWS;
    o->rows = hgi_min(o->rows, data->rows);
    const char *word = o->covariance;
    if (word != NULL && strcmp(word, "full") != 0 && strcmp(word, "diagonal") != 0)
        return hgi_fail(ctx, HG_EUNKNOWN, "covariance '%s', expected full or diagonal",
                        word);
    if (o->components < 0 || o->components > HGI_MIXTURE_MOST || o->most < 1 ||
        o->most > HGI_MIXTURE_MOST || o->rows < 1)
        return hgi_fail(
            ctx, HG_ERANGE,
            "%lld components of at most %lld, fitted on %lld rows: expected up "
            "to %d components and at least 1 row",
            (long long)o->components, (long long)o->most, (long long)o->rows,
            HGI_MIXTURE_MOST);
    if (o->components > o->rows)
        return hgi_fail(ctx, HG_ERANGE, "%lld components for %lld rows",
                        (long long)o->components, (long long)o->rows);
    return HG_OK;
}

/* Codes of `rows` rows, chosen at random where there are more, in the order of the data. */
static hg_status choose_rows(hg_ctx *ctx, const hg_dataset *codes, int64_t rows,
                             uint64_t seed, float *z)
{
    const int64_t n = codes->rows, d = codes->features;
    int64_t *order = hgi_calloc(&ctx->mem, (size_t)n, sizeof *order);
    if (order == NULL)
        return hgi_fail_mem(ctx, (size_t)n * sizeof *order, "a choice of rows");
    hgi_rng rng = {seed, HGI_USE_SAMPLE + 256 * 4, 0};
    hgi_permutation(&rng, n, order);
    /* A permutation has each number once: these are `rows` rows, and all when there are no
     * more. */
    for (int64_t at = 0, r = 0; r < n; r++) {
        if (order[r] >= rows) continue;
        hgi_dataset_row(codes, r, z + d * at++);
    }
    hgi_free(&ctx->mem, order);
    return HG_OK;
}

static bool same_vector(const hgi_real *a, const float *b, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if ((float)a[i] < b[i] || (float)a[i] > b[i]) return false;
    return true;
}

/* What a code's places hold: bits, or numbers of the nearest, so its own, entries. */
static void read_choices(const hg_model *m, const float *z, int64_t n, int32_t *x)
{
    const hgi_layer *code = &m->net.layer[m->net.code];
    const hgi_real *book = m->state + (code->indices > 0 ? code->tensor[0].offset : 0);
    const int64_t P = code->indices, wide = P > 0 ? m->net.code_size / P : 1;
    for (int64_t i = 0; P == 0 && i < n * m->net.code_size; i++) x[i] = z[i] > 0.5f;
    for (int64_t i = 0; i < n * P; i++, z += wide) {
        /* An entry's values are the code's to the bit; of equal ones the first. */
        int32_t j = 0;
        while (j < code->entries - 1 && !same_vector(book + j * wide, z, wide)) j++;
        x[i] = j;
    }
}

static hg_status fit_choices(search *s, const hg_model *m, const float *z,
                             const hg_mixture_options *o)
{
    hg_ctx *ctx = s->ctx;
    hg_status status;
    int64_t places, values;
    hgi_mixture_choices(&m->net.layer[m->net.code], &places, &values);
    if (o->covariance != NULL)
        return hgi_fail(ctx, HG_EINVAL,
                        "covariance: codes of bits or of codebook entries have none");
    const int64_t count = o->rows * places;
    int32_t *x = hgi_calloc(&ctx->mem, (size_t)count, sizeof *x);
    if (x == NULL) return hgi_fail_mem(ctx, (size_t)count * sizeof *x, "codes to fit");
    read_choices(m, z, o->rows, x);
    int64_t room =
        o->components > 0 ? o->components : hgi_min(o->most, hgi_max(1, o->rows / 4));
    double bic;
    s->work = (double)o->components;
    HGI_GOTO(
        hgi_choices_new(ctx, x, o->rows, places, values, room, o->seed, &s->choices));
    status = o->components > 0 ? try_fit(s, o->components, &bic) : walk(s);
done:
    hgi_choices_free(&s->choices);
    hgi_free(&ctx->mem, x);
    return status;
}

/* Normal distributions, of the covariance that is the better. */
static hg_status fit_normal(search *s, const float *z, int64_t d,
                            const hg_mixture_options *o)
{
    bool either = o->covariance == NULL;
    bool full = either ? d <= WIDEST_FULL && o->rows > 2 * (d + 1)
                       : strcmp(o->covariance, "full") == 0;
    /* What the walk never reaches takes no memory. */
    int64_t room =
        o->components > 0 ? o->components : hgi_min(o->most, hgi_max(1, o->rows / 4));
    HGI_TRY(hgi_em_new(s->ctx, z, o->rows, d, room, full, o->seed, &s->em));
    s->em.on_round = on_round;
    s->em.arg = s;
    return choose(s, o, full, either || !full);
}

hg_status hg_mixture_fit(hg_ctx *ctx, hg_model *m, const hg_dataset *data,
                         const hg_mixture_options *options)
{
    hg_status status;
    hg_mixture_options o;
    search s;
    hg_dataset *codes = NULL;
    float *z = NULL;
    int64_t places, values;
    memset(&s, 0, sizeof s);
    HGI_TRY(check(ctx, m, data, options, &o));
    HGI_GOTO(hg_encode_dataset(ctx, m, data, &codes));
    const int64_t d = codes->features;
    z = hgi_calloc(&ctx->mem, (size_t)(o.rows * d), sizeof *z);
    if (z == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, (size_t)(o.rows * d) * sizeof *z, "codes to fit"));
    HGI_GOTO(choose_rows(ctx, codes, o.rows, o.seed, z));
    s.ctx = ctx;
    s.most = o.most;
    s.o = &o;
    hgi_mixture_choices(&m->net.layer[m->net.code], &places, &values);
    HGI_GOTO(values > 0 ? fit_choices(&s, m, z, &o) : fit_normal(&s, z, d, &o));
    hgi_mixture_free(&m->mem, &m->mixture);
    m->mixture = s.best;
    s.best = (hgi_mixture){0};
done:
    hgi_mixture_free(&ctx->mem, &s.best);
    hgi_em_free(&s.em);
    hgi_free(&ctx->mem, z);
    hg_dataset_free(&codes);
    return status;
}

hg_status hg_mixture_get_info(hg_ctx *ctx, const hg_model *m, hg_mixture_info *info)
{
    if (m == NULL || info == NULL || info->size != sizeof *info)
        return hgi_fail(ctx, HG_EINVAL,
                        "hg_mixture_get_info: model, or info->size, is not set");
    const hgi_mixture *x = &m->mixture;
    if (x->components == 0)
        return hgi_fail(ctx, HG_EINVAL, "the model has no mixture: fit one to its codes");
    *info = (hg_mixture_info){
        .size = sizeof *info,
        .components = x->components,
        .covariance = x->values > 0 ? "none"
                      : x->full     ? "full"
                                    : "diagonal",
        .rows = (int64_t)x->fit[0],
        .log_likelihood = x->fit[1],
        .bic = x->fit[2],
    };
    return HG_OK;
}
