// SPDX-License-Identifier: MIT
/* Losses of tables, see table.h.  Row sums are kept in double.
 *
 *     number    w (y - t)^2                                w: 1 / the best constant's loss
 *     yes, no   w (max(y,0) - y t + log(1 + exp(-|y|)))    y: logit
 *     words     w (log sum exp(y) - y[word])               y: logits
 *
 * Plain C: a row of a table is short beside the net's products.                        */
#include "model/table.h"

#include <math.h>

/* Of one value by a loss that has no groups. */
static double plain_value(const hgi_net *net, double y, double t, double *slope)
{
    double e = y - t, size = fabs(e), delta = (double)net->huber_delta;
    switch (net->loss->kind) {
    case HGI_LOSS_MAE: *slope = (double)((e > 0) - (e < 0)); return size;
    case HGI_LOSS_HUBER:
        *slope = fmin(fmax(e, -delta), delta);
        return size > delta ? delta * (size - delta / 2) : size * size / 2;
    case HGI_LOSS_MSE:
    case HGI_LOSS_BCE_LOGITS:
    case HGI_LOSS_COUNT: break;
    }
    *slope = 2 * e;
    return e * e;
}

static double largest(int64_t n, const hgi_real *y)
{
    double top = (double)y[0];
    for (int64_t k = 1; k < n; k++) top = fmax(top, (double)y[k]);
    return top;
}

/* -log softmax(y) at the word; the gradient is softmax(y) - t. */
static double words_loss(int64_t n, double weight, const hgi_real *y, const hgi_real *t,
                         hgi_real scale, hgi_real *g)
{
    double top = largest(n, y), sum = 0, at = 0;
    for (int64_t k = 0; k < n; k++) {
        sum += exp((double)y[k] - top);
        if (t[k] > 0) at = (double)y[k] - top;
    }
    double loss = weight * (log(sum) - at);
    for (int64_t k = 0; g != NULL && k < n; k++)
        g[k] = (hgi_real)((double)scale * weight *
                          (exp((double)y[k] - top) / sum - (double)t[k]));
    /* fmax() hides a NaN, which must stop a step. */
    for (int64_t k = 0; k < n; k++) loss += (double)y[k] * 0;
    return loss;
}

static double yes_loss(double weight, double y, double t, hgi_real scale, hgi_real *g)
{
    double e = exp(-fabs(y)), p = y < 0 ? e / (1 + e) : 1 / (1 + e);
    if (g != NULL) *g = (hgi_real)((double)scale * weight * (p - t));
    return weight * ((y < 0 ? 0 : y) - y * t + log1p(e));
}

/* One column of one row; its target is there. */
static double column_loss(const hgi_net *net, const hgi_schema_column *c,
                          const hgi_real *y, const hgi_real *t, hgi_real scale,
                          hgi_real *g)
{
    bool grouped = net->loss->grouped;
    if (grouped && c->kind == HGI_CATEGORY)
        return words_loss(c->count, c->weight, y, t, scale, g);
    if (grouped && c->kind == HGI_BOOLEAN)
        return yes_loss(c->weight, (double)*y, (double)*t, scale, g);
    double weight = grouped ? c->weight : 1, sum = 0, slope;
    for (int64_t k = 0; k < c->count; k++) {
        sum += weight * plain_value(net, (double)y[k], (double)t[k], &slope);
        if (g != NULL) g[k] = (hgi_real)((double)scale * weight * slope);
    }
    return sum;
}

void hgi_table_loss(const hgi_net *net, hgi_real scale, int64_t R, const hgi_real *y,
                    const hgi_real *t, int64_t ldt, hgi_real *g, double *row_loss)
{
    const hg_schema *s = net->schema;
    for (int64_t r = 0; r < R; r++) {
        const hgi_real *yr = y + r * net->outputs, *tr = t + r * ldt;
        hgi_real *gr = g != NULL ? g + r * net->outputs : NULL;
        double sum = 0;
        for (int64_t i = 0; i < s->columns; i++) {
            const hgi_schema_column *c = &s->column[i];
            const int64_t at = c->first;
            if (!isnan(tr[at])) {
                sum += column_loss(net, c, yr + at, tr + at, scale,
                                   gr != NULL ? gr + at : NULL);
                continue;
            }
            for (int64_t k = 0; gr != NULL && k < c->count; k++) gr[at + k] = 0;
        }
        row_loss[r] = sum;
    }
}

void hgi_table_columns(const hgi_net *net, const hgi_real *y, const hgi_real *t,
                       double *column)
{
    const hg_schema *s = net->schema;
    for (int64_t i = 0; i < s->columns; i++) {
        const hgi_schema_column *c = &s->column[i];
        const int64_t at = c->first;
        column[i] =
            isnan(t[at]) ? (double)NAN : column_loss(net, c, y + at, t + at, 1, NULL);
    }
}

void hgi_table_predict(const hgi_net *net, int64_t n, hgi_real *y)
{
    const hg_schema *s = net->schema;
    for (int64_t r = 0; r < n; r++, y += net->outputs)
        for (int64_t i = 0; i < s->columns; i++) {
            const hgi_schema_column *c = &s->column[i];
            hgi_real *p = y + c->first;
            if (c->kind == HGI_BOOLEAN) *p = (hgi_real)(1 / (1 + exp(-(double)*p)));
            if (c->kind != HGI_CATEGORY) continue;
            double top = largest(c->count, p), sum = 0;
            for (int64_t k = 0; k < c->count; k++) sum += exp((double)p[k] - top);
            for (int64_t k = 0; k < c->count; k++)
                p[k] = (hgi_real)(exp((double)p[k] - top) / sum);
        }
}

static double column_error(const hgi_net *net, const hgi_schema_column *c,
                           const hgi_real *t, const hgi_real *y)
{
    const double least = 1e-30; /* a word as improbable as floats can say */
    double sum = 0;
    if (net->loss->grouped && c->kind == HGI_BOOLEAN)
        return sqrt(-log(fmax(*t > 0 ? (double)*y : 1 - (double)*y, least)));
    for (int64_t k = 0; k < c->count; k++) {
        double e = (double)t[k] - (double)y[k];
        if (net->loss->grouped && c->kind == HGI_CATEGORY) {
            if (t[k] > 0) return sqrt(-log(fmax((double)y[k], least)));
            continue;
        }
        if (c->count == 1) return e;
        sum += e * e;
    }
    return sqrt(sum);
}

void hgi_table_errors(const hgi_net *net, int64_t n, const hgi_real *t, const hgi_real *y,
                      hgi_real *r)
{
    const hg_schema *s = net->schema;
    for (int64_t i = 0; i < n; i++, t += net->inputs, y += net->inputs)
        for (int64_t k = 0; k < s->columns; k++, r++) {
            const hgi_schema_column *c = &s->column[k];
            *r = (hgi_real)NAN;
            if (isnan(t[c->first])) continue;
            double e = column_error(net, c, t + c->first, y + c->first);
            /* Rounding can make a probability of a hair over 1. */
            *r = isfinite(e)                    ? (hgi_real)e
                 : isnan(e) && y[c->first] >= 1 ? 0
                                                : (hgi_real)HUGE_VAL;
        }
}
