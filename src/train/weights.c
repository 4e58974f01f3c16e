// SPDX-License-Identifier: MIT
/* Max-norm and orthogonality: weights.h has the formulas.  Each item writes rows of its own
 * and sums in one order, so that the bits do not depend on the threads.                */
#include "train/weights.h"

#include <math.h>
#include <string.h>

enum { BAND = 32, UNITS = 64 };

bool hgi_weights_wants_gradient(const hg_config *cfg)
{
    return hgi_config_given(cfg, "orthogonal") && hgi_config_real(cfg, "orthogonal") > 0;
}

/* ---- planning ----------------------------------------------------------------------- */

/* A dense weight is [units, inputs]; conv's [.., inputs, units]; convt's, whose last axis
 * is its input's, [.., units, inputs].                                                 */
static hgi_weight view_of(const hgi_layer *l, const hgi_tensor *t)
{
    int64_t last = t->dim[t->rank - 1], before = t->dim[t->rank - 2];
    hgi_weight w = {.tensor = t, .rows = t->count / last, .columns = last};
    if (t->rank == 2) {
        w.units = before;
        w.unit = last;
        w.inner = w.incoming = last;
        w.inner_step = 1;
    } else if (strcmp(l->kind->name, "convt") == 0) {
        w.units = before;
        w.unit = w.inner = last;
        w.incoming = t->count / before;
        w.inner_step = 1;
        w.outer_step = before * last;
    } else {
        w.units = last;
        w.unit = 1;
        w.inner = w.incoming = w.rows;
        w.inner_step = last;
    }
    return w;
}

static int64_t smaller(const hgi_weight *w) { return hgi_min(w->rows, w->columns); }
static int64_t turned_reals(const hgi_weights *s, const hgi_weight *w)
{
    return w->rows < w->columns ? s->k->packed_size(w->columns, w->rows) : 0;
}

static void list_weights(const hgi_net *net, hgi_weights *out)
{
    for (int64_t i = 0; i < net->count; i++)
        for (int k = 0; k < net->layer[i].tensors; k++) {
            const hgi_tensor *t = &net->layer[i].tensor[k];
            if (t->role != HGI_WEIGHT || t->rank < 2) continue;
            if (out->weight != NULL) out->weight[out->count] = view_of(&net->layer[i], t);
            out->count++;
        }
}

static int64_t aligned(int64_t reals) { return hgi_ceil_div(reals, 16) * 16; }

static hg_status make_grams(hg_ctx *ctx, hgi_weights *w)
{
    int64_t reals = 0;
    for (int64_t i = 0; i < w->count; i++) {
        int64_t s = smaller(&w->weight[i]);
        reals += aligned(s * s) + aligned(turned_reals(w, &w->weight[i]));
    }
    size_t bytes = (size_t)hgi_max(reals, 1) * sizeof *w->block;
    w->block = hgi_alloc(&ctx->mem, bytes);
    if (w->block == NULL)
        return hgi_fail_mem(ctx, bytes, "orthogonal: products of weights");
    hgi_real *at = w->block;
    for (int64_t i = 0; i < w->count; i++) {
        hgi_weight *one = &w->weight[i];
        int64_t s = smaller(one), turned = turned_reals(w, one);
        one->gram = at;
        at += aligned(s * s);
        one->turned = turned > 0 ? at : NULL;
        at += aligned(turned);
    }
    return HG_OK;
}

hg_status hgi_weights_new(hg_ctx *ctx, const hg_config *cfg, const hgi_net *net,
                          hgi_weights *out)
{
    *out = (hgi_weights){.k = ctx->kernels};
    out->max_norm =
        hgi_config_given(cfg, "max-norm") ? hgi_config_real(cfg, "max-norm") : 0;
    out->orthogonal =
        hgi_weights_wants_gradient(cfg) ? hgi_config_real(cfg, "orthogonal") : 0;
    if (!(out->max_norm > 0) && !(out->orthogonal > 0)) return HG_OK;
    list_weights(net, out);
    size_t count = (size_t)hgi_max(out->count, 1);
    out->weight = hgi_calloc(&ctx->mem, count, sizeof *out->weight);
    if (out->weight == NULL)
        return hgi_fail_mem(ctx, count * sizeof *out->weight, "a list of weights");
    out->count = 0;
    list_weights(net, out);
    return out->orthogonal > 0 ? make_grams(ctx, out) : HG_OK;
}

void hgi_weights_free(const hgi_mem *mem, hgi_weights *w)
{
    hgi_free(mem, w->weight);
    hgi_free(mem, w->block);
    *w = (hgi_weights){0};
}

/* ---- orthogonality ------------------------------------------------------------------- */

typedef int64_t items_fn(const hgi_weight *w);

static int64_t turn_items(const hgi_weight *w) { return w->turned != NULL ? 1 : 0; }
static int64_t gram_items(const hgi_weight *w)
{
    return w->gram != NULL ? hgi_ceil_div(smaller(w), BAND) : 0;
}
static int64_t orthogonal_items(const hgi_weight *w)
{
    return w->gram != NULL ? hgi_ceil_div(w->rows, BAND) : 0;
}
static int64_t norm_items(const hgi_weight *w) { return hgi_ceil_div(w->units, UNITS); }

static int64_t count_items(const hgi_weights *w, items_fn *items)
{
    int64_t n = 0;
    for (int64_t i = 0; i < w->count; i++) n += items(&w->weight[i]);
    return n;
}

/* The weight that an item belongs to; *item becomes its number there.                  */
static const hgi_weight *weight_of(const hgi_weights *w, items_fn *items, int64_t *item)
{
    const hgi_weight *one = w->weight;
    for (; *item >= items(one); one++) *item -= items(one);
    return one;
}

int64_t hgi_turn_items(const hgi_weights *w) { return count_items(w, turn_items); }
int64_t hgi_gram_items(const hgi_weights *w) { return count_items(w, gram_items); }
int64_t hgi_orthogonal_items(const hgi_weights *w)
{
    return count_items(w, orthogonal_items);
}
int64_t hgi_max_norm_items(const hgi_weights *w)
{
    return w->max_norm > 0 ? count_items(w, norm_items) : 0;
}

void hgi_turn_item(void *arg, int64_t item, int worker)
{
    (void)worker;
    const hgi_weights *s = arg;
    const hgi_weight *w = weight_of(s, turn_items, &item);
    s->k->pack(w->columns, w->rows, s->theta + w->tensor->offset, 1, w->columns,
               w->turned);
}

/* Rows item*BAND .. of M^T M, or of M M^T.                                             */
void hgi_gram_item(void *arg, int64_t item, int worker)
{
    (void)worker;
    const hgi_weights *s = arg;
    const hgi_weight *w = weight_of(s, gram_items, &item);
    const hgi_real *M = s->theta + w->tensor->offset;
    int64_t n = smaller(w), r0 = item * BAND, r1 = hgi_min(r0 + BAND, n);
    bool by_rows = w->turned != NULL;
    hgi_gemm g = {
        .M = r1 - r0,
        .N = n,
        .K = by_rows ? w->columns : w->rows,
        .A = by_rows ? M + r0 * w->columns : M + r0,
        .a_row = by_rows ? w->columns : 1,
        .a_col = by_rows ? 1 : w->columns,
        .B = by_rows ? w->turned : M,
        .b_row = by_rows ? HGI_PACKED : w->columns,
        .C = w->gram + r0 * n,
        .c_row = n,
    };
    s->k->gemm(&g);
    hgi_real scale = (hgi_real)(4 * s->orthogonal);
    for (int64_t r = r0; r < r1; r++) {
        w->gram[r * n + r] -= 1;
        for (int64_t c = 0; c < n; c++) w->gram[r * n + c] *= scale;
    }
}

/* Rows item*BAND .. of the gradient.                                                   */
void hgi_orthogonal_item(void *arg, int64_t item, int worker)
{
    (void)worker;
    const hgi_weights *s = arg;
    const hgi_weight *w = weight_of(s, orthogonal_items, &item);
    const hgi_real *M = s->theta + w->tensor->offset;
    int64_t n = smaller(w), c = w->columns, r0 = item * BAND,
            r1 = hgi_min(r0 + BAND, w->rows);
    bool by_rows = w->turned != NULL;
    hgi_real *out = s->grad + w->tensor->offset + r0 * c;
    hgi_gemm g = {
        .M = r1 - r0,
        .N = c,
        .K = n,
        .A = by_rows ? w->gram + r0 * n : M + r0 * c,
        .a_row = by_rows ? n : c,
        .a_col = 1,
        .B = by_rows ? M : w->gram,
        .b_row = c,
        .init = out,
        .init_row = c,
        .C = out,
        .c_row = c,
    };
    s->k->gemm(&g);
}

/* ---- max-norm ------------------------------------------------------------------------ */

static void hold_unit(const hgi_weight *w, hgi_real *at, double most)
{
    double square = 0;
    for (int64_t o = 0; o * w->inner < w->incoming; o++)
        for (int64_t i = 0; i < w->inner; i++) {
            double x = (double)at[o * w->outer_step + i * w->inner_step];
            square += x * x;
        }
    if (!(square > most * most)) return; /* nor where it is not a number */
    hgi_real factor = (hgi_real)(most / sqrt(square));
    for (int64_t o = 0; o * w->inner < w->incoming; o++)
        for (int64_t i = 0; i < w->inner; i++)
            at[o * w->outer_step + i * w->inner_step] *= factor;
}

void hgi_max_norm_item(void *arg, int64_t item, int worker)
{
    (void)worker;
    const hgi_weights *s = arg;
    const hgi_weight *w = weight_of(s, norm_items, &item);
    int64_t u1 = hgi_min((item + 1) * UNITS, w->units);
    for (int64_t u = item * UNITS; u < u1; u++)
        hold_unit(w, s->theta + w->tensor->offset + u * w->unit, s->max_norm);
}
