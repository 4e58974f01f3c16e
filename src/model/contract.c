// SPDX-License-Identifier: MIT
/* The contractive penalty of dense encoders: contract.h has the formulas.
 *
 * A row of p->contract holds, for each layer that takes part, at l->contract.at: where the
 * encoder is one layer act'(a)^2 [h]; else u [h], t [h], g [h], which becomes gu, and for
 * the first layer v [d].                                                               */
#include "model/contract.h"
#include "model/window.h"

#include <string.h>
#include <tgmath.h>

enum { PART_U, PART_T, PART_G, PART_V, PART_SQUARE = 0 };

static hgi_real *part(const hgi_layer *l, const hgi_pass *p, int which, int64_t r)
{
    return p->contract + r * p->contract_row + l->contract.at + which * l->d_out;
}

/* t of the layer before, or v.                                                         */
static hgi_real *source(const hgi_layer *l, const hgi_pass *p, int64_t r)
{
    return l->contract.first ? part(l, p, PART_V, r) : part(l - 1, p, PART_T, r);
}

/* What the activation's derivative is made from: its output, or for GELU its input.    */
static const hgi_real *base(const hgi_layer *l, const hgi_pass *p, int64_t r)
{
    const hgi_slot *s = &p->slot[l->index];
    return (l->saved > 0 ? s->saved : s->y) + r * l->d_out;
}

/* act''(a), from the same.                                                             */
static hgi_real curve(hgi_act act, hgi_real alpha, hgi_real y)
{
    const hgi_real selu =
        (hgi_real)(1.0507009873554804934193349852946 * 1.6732632423543772848170429916717);
    switch (act) {
    case HGI_ACT_SIGMOID: return y * (1 - y) * (1 - 2 * y);
    case HGI_ACT_TANH: return -2 * y * (1 - y) * (1 + y);
    case HGI_ACT_SOFTPLUS: return -expm1(-y) * exp(-y);
    case HGI_ACT_ELU: return y > 0 ? 0 : y + alpha;
    case HGI_ACT_SELU: return y > 0 ? 0 : y + selu;
    case HGI_ACT_GELU:
        return (hgi_real)0.39894228040143267794 * exp((hgi_real)-0.5 * y * y) *
               (2 - y * y);
    case HGI_ACT_LINEAR:
    case HGI_ACT_RELU:
    case HGI_ACT_LEAKY:
    case HGI_ACT_COUNT: break;
    }
    return 0;
}

/* x *= act'(a) for rows [r0, r1) of a part.                                            */
static void times_slope(const hgi_layer *l, const hgi_pass *p, int which, int64_t r0,
                        int64_t r1)
{
    p->k->act_backward(l->act, l->alpha, r1 - r0, l->d_out, base(l, p, r0), l->d_out,
                       part(l, p, which, r0), p->contract_row);
}

/* ---- planning ----------------------------------------------------------------------- */

static double weight_of(const hgi_line *line)
{
    for (int i = 0; line->decl[i].name != NULL; i++)
        if (strcmp(line->decl[i].name, "contractive") == 0) return line->value[i];
    return 0;
}

hg_status hgi_contract_plan(hg_ctx *ctx, hgi_net *net)
{
    double weight = weight_of(&net->layer[net->code].line);
    char where[HGI_WHERE_MAX];
    if (!(weight > 0)) return HG_OK;
    bool alone = net->code == 1;
    for (int64_t i = 0; i < net->code; i++) {
        hgi_layer *l = &net->layer[i];
        if (strcmp(l->kind->name, "dense") != 0)
            return hgi_fail(ctx, HG_EINVAL,
                            "code: contractive needs an encoder of dense layers alone, "
                            "found %s in %s",
                            l->kind->name, hgi_layer_where(l, where));
        l->contract.weight = weight;
        l->contract.alone = alone;
        l->contract.first = i == 0;
        l->contract.last = i + 1 == net->code;
        l->contract.at = net->contract_reals;
        net->contract_reals += alone ? l->d_out : 3 * l->d_out + (i == 0 ? l->d_in : 0);
    }
    return HG_OK;
}

/* ---- several layers ------------------------------------------------------------------ */

/* A direction of signs: keyed by seed, epoch and row.                                  */
static void draw(const hgi_layer *l, const hgi_pass *p, int64_t r)
{
    hgi_rng rng = {p->seed, HGI_USE_CONTRACT, p->epoch};
    hgi_real *v = part(l, p, PART_V, r);
    uint32_t w[4] = {0};
    for (int64_t i = 0; i < l->d_in; i++) {
        if (i % 128 == 0)
            hgi_philox(&rng, (uint64_t)hgi_row_number(p, r), (uint32_t)(i / 128), w);
        v[i] = w[i % 128 / 32] >> i % 32 & 1 ? 1 : -1;
    }
}

void hgi_contract_forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    bool wanted = p->training || p->sample; /* the objective is measured */
    if (!(l->contract.weight > 0) || l->contract.alone || !wanted) return;
    size_t bytes = (size_t)l->d_out * sizeof(hgi_real);
    for (int64_t r = r0; l->contract.first && r < r1; r++) draw(l, p, r);
    hgi_gemm g = {
        .M = r1 - r0,
        .N = l->d_out,
        .K = l->d_in,
        .A = source(l, p, r0),
        .a_row = p->contract_row,
        .a_col = 1,
        .B = p->slot[l->index].packed,
        .b_row = HGI_PACKED,
        .C = part(l, p, PART_U, r0),
        .c_row = p->contract_row,
    };
    p->k->gemm(&g);
    for (int64_t r = r0; r < r1; r++)
        memcpy(part(l, p, PART_T, r), part(l, p, PART_U, r), bytes);
    times_slope(l, p, PART_T, r0, r1);
}

/* lambda ||t||^2, of the last layer.                                                   */
static void chain_penalty(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    if (!l->contract.last || p->penalty == NULL) return;
    for (int64_t r = r0; r < r1; r++)
        p->penalty[r] +=
            l->contract.weight * p->k->sum_squares(l->d_out, part(l, p, PART_T, r));
}

static void chain_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    const hgi_slot *s = &p->slot[l->index];
    hgi_real scale = (hgi_real)(2 * l->contract.weight / (double)p->n);
    chain_penalty(l, p, r0, r1);
    for (int64_t r = r0; r < r1; r++) {
        const hgi_real *u = part(l, p, PART_U, r), *t = part(l, p, PART_T, r),
                       *y = base(l, p, r);
        hgi_real *g = part(l, p, PART_G, r), *gz = s->gy + r * l->d_out;
        for (int64_t j = 0; j < l->d_out; j++) {
            if (l->contract.last) g[j] = scale * t[j];
            gz[j] += curve(l->act, l->alpha, y[j]) * u[j] * g[j];
        }
    }
    times_slope(l, p, PART_G, r0, r1);
    if (l->contract.first) return;
    hgi_gemm g = {
        .M = r1 - r0,
        .N = l->d_in,
        .K = l->d_out,
        .A = part(l, p, PART_G, r0),
        .a_row = p->contract_row,
        .a_col = 1,
        .B = s->back != NULL ? s->back : p->theta + l->tensor[0].offset,
        .b_row = s->back != NULL ? HGI_PACKED : l->d_in,
        .C = part(l - 1, p, PART_G, r0),
        .c_row = p->contract_row,
    };
    p->k->gemm(&g);
}

static void chain_gradient(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t R,
                           int64_t c, int64_t C, hgi_grad out)
{
    hgi_gemm g = {
        .M = R,
        .N = C,
        .K = p->n,
        .A = part(l, p, PART_G, 0) + r,
        .a_row = 1,
        .a_col = p->contract_row,
        .B = source(l, p, 0) + c,
        .b_row = p->contract_row,
        .init = out.g,
        .init_row = out.ld,
        .C = out.g,
        .c_row = out.ld,
    };
    p->k->gemm(&g);
}

/* ---- one layer ----------------------------------------------------------------------- */

/* act'(a)^2 and the penalties; with `gradient`, what they add to gz.                   */
static void alone(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                  bool gradient)
{
    const hgi_slot *s = &p->slot[l->index];
    double weight = l->contract.weight;
    hgi_real scale = (hgi_real)(2 * weight / (double)p->n);
    for (int64_t r = r0; r < r1; r++)
        for (int64_t j = 0; j < l->d_out; j++) part(l, p, PART_SQUARE, r)[j] = 1;
    times_slope(l, p, PART_SQUARE, r0, r1);
    for (int64_t j = 0; j < l->d_out; j++) {
        double norm =
            p->k->sum_squares(l->d_in, p->theta + l->tensor[0].offset + j * l->d_in);
        for (int64_t r = r0; r < r1; r++) {
            hgi_real *slope = part(l, p, PART_SQUARE, r) + j;
            if (gradient)
                s->gy[r * l->d_out + j] += scale * (hgi_real)norm * *slope *
                                           curve(l->act, l->alpha, base(l, p, r)[j]);
            *slope *= *slope;
            if (p->penalty != NULL) p->penalty[r] += weight * norm * (double)*slope;
        }
    }
}

static void alone_gradient(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t R,
                           int64_t c, int64_t C, hgi_grad out)
{
    hgi_real sum[HGI_BAND_ROWS];
    hgi_real scale = (hgi_real)(2 * l->contract.weight / (double)p->n);
    assert(R <= HGI_BAND_ROWS);
    p->k->column_sum(0, p->n, R, part(l, p, PART_SQUARE, 0) + r, p->contract_row, sum);
    for (int64_t i = 0; i < R; i++) {
        const hgi_real *W = p->theta + l->tensor[0].offset + (r + i) * l->d_in + c;
        for (int64_t j = 0; j < C; j++) out.g[i * out.ld + j] += scale * sum[i] * W[j];
    }
}

/* ---- what a dense layer calls ------------------------------------------------------ */

void hgi_contract_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    if (!(l->contract.weight > 0)) return;
    if (l->contract.alone)
        alone(l, p, r0, r1, true);
    else
        chain_backward(l, p, r0, r1);
}

void hgi_contract_gradient(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t R,
                           int64_t c, int64_t C, hgi_grad out)
{
    if (!(l->contract.weight > 0)) return;
    if (l->contract.alone)
        alone_gradient(l, p, r, R, c, C, out);
    else
        chain_gradient(l, p, r, R, c, C, out);
}

void hgi_contract_penalty(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    if (!(l->contract.weight > 0) || !p->sample) return;
    if (l->contract.alone)
        alone(l, p, r0, r1, false);
    else
        chain_penalty(l, p, r0, r1);
}
